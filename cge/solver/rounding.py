"""How exactly an equation can be evaluated at a point: the rounding floor of its residual.

A point is stored in double precision and every operation rounds. To first order the residual that is
computed differs from the true one by at most ::

    u ( sum_j |dr/dx_j| |x_j|  +  sum over operations |dr/dv| |v| ),       u = 2^-53,

the second sum over the intermediate results v (Higham, "Accuracy and Stability of Numerical Algorithms",
2002, section 3.1). One forward sweep of the compiled rule carries both: each operation passes its arguments'
bounds on and adds its own. Parameters are taken as given: what they round to is the model that is solved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cge.solver.tape import Node
from cge.solver.templates import Kernel, Values

UNIT_ROUNDOFF = 2.0**-53
FUNCTION_ROUNDOFF = 2.0 * UNIT_ROUNDOFF
"""Of ``exp, log`` and powers, which libraries round within one unit in the last place."""


def rounding_floor(kernel: Kernel, values: Values, varying: Mapping[str, np.ndarray]) -> np.ndarray:
    """Bound on the rounding error of each member of a compiled rule; shape of the rule's own indices.

    Parameters
    ----------
    kernel : Kernel
    values : Values
        Parameters and exogenous values.
    varying : mapping of str to ndarray
        The unknowns' full arrays.
    """
    with np.errstate(all="ignore"):  # members that are not equations may be 0 / 0
        results = kernel.sweep(values, varying)
        tape, folded = kernel.tape, kernel.folded
        bound: list[Any] = [0.0] * len(results)
        for k in folded.order:
            node = tape.nodes[k]
            args = [folded.alias[a] for a in node.args]
            bound[k] = _bound(node, results[k], [results[a] for a in args], [bound[a] for a in args], tape.sizes)
        floor = np.asarray(bound[folded.alias[tape.root]])
    if floor.ndim > tape.rank:
        floor = floor.reshape(floor.shape[: tape.rank])
    return np.broadcast_to(floor, tape.shape)


def _bound(node: Node, value: Any, arguments: list[Any], bounds: list[Any], sizes: Sequence[int]) -> Any:
    """Error bound of one operation from those of its arguments."""
    op, own = node.op, UNIT_ROUNDOFF * abs(value)
    if op == "leaf":
        return own
    if op == "where":
        return np.where(arguments[0], bounds[1], bounds[2])
    first = bounds[0]
    if op in ("neg", "abs"):
        return first
    if op == "sum":
        terms = abs(arguments[0])
        axes = tuple(k for k in node.data if np.ndim(terms) and terms.shape[k] != 1)
        repeats = float(np.prod([sizes[k] for k in node.data if k not in axes]))
        if not axes:
            return first * repeats + own
        count = float(np.prod([terms.shape[k] for k in axes]))
        passed = np.broadcast_to(first, np.shape(terms)).sum(axis=axes, keepdims=True)
        pairwise = UNIT_ROUNDOFF * np.log2(count + 1.0) * terms.sum(axis=axes, keepdims=True)
        return (passed + pairwise) * repeats
    if op in ("+", "-"):
        return first + bounds[1] + own
    if op == "*":
        return abs(arguments[1]) * first + abs(arguments[0]) * bounds[1] + own
    if op == "/":
        return (first + abs(value) * bounds[1]) / abs(arguments[1]) + own
    function = FUNCTION_ROUNDOFF * abs(value)
    if op == "^":
        base, power = arguments
        passed = abs(power / base) * first
        if np.any(bounds[1]):
            passed = passed + abs(np.log(base)) * bounds[1]
        return abs(value) * passed + function
    slopes = {
        "exp": lambda x: value,
        "expm1": lambda x: value + 1.0,
        "log": lambda x: 1.0 / x,
        "log1p": lambda x: 1.0 / (1.0 + x),
        "sqrt": lambda x: 0.5 / value,
    }
    return abs(slopes[op](arguments[0])) * first + function
