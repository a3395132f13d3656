"""Is what a block states an equation, of symbols that exist, that holds at the benchmark?

Asked when a model is built, so that a slip in a rule is met where it was made and not as a solve that fails or,
worse, succeeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from calibration.errors import nearest
from cge.equations.declare import SET_OF_DIM, Rule
from cge.errors import ModelError
from cge.solver.tape import Tape

if TYPE_CHECKING:
    from cge.model import Model
    from cge.solver.evaluator import Evaluator

BENCHMARK_LIMIT = 1e-7
"""Largest scaled residual of an equation at the benchmark, beside what the data's own imbalance explains."""

DATA_MULTIPLE = 100.0
"""How much larger than the SAM's largest relative imbalance a residual may be: a cell enters sums of smaller cells."""


def compile_rule(
    rule: Rule, block: Any, shapes: Mapping[str, tuple[int, ...]], varying: Iterable[str], known: Iterable[str]
) -> Tape:
    """The tape of a rule.

    Parameters
    ----------
    rule : Rule
    block : pyomo Block
        Holds sets, symbols and definitions.
    shapes : mapping of symbol name to shape
    varying : iterable of str
        Symbols that are unknowns.
    known : iterable of str
        Every name a rule may use.

    Raises
    ------
    ModelError
        The rule is no equation, names a symbol that does not exist, or cannot be compiled.
    """
    what = f"{'equation' if rule.is_equation else 'definition'} {rule.name!r} of block {rule.block}"
    sets = [getattr(block, SET_OF_DIM[d]) for d in rule.dims]
    try:
        tape = Tape(rule.function, block, sets, shapes, varying, rule.is_equation and rule.logs)
    except AttributeError as error:
        name = getattr(error, "name", None)
        if name is None or getattr(error, "obj", block) is not block:
            raise ModelError(f"{what} cannot be read: {error}") from error
        raise ModelError(f"{what} uses {name!r}, which no block declares{nearest(name, known)}") from error
    except (TypeError, KeyError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{what} cannot be read: {' '.join(str(error).split())}") from error
    if rule.is_equation and not tape.is_equation:
        raise ModelError(f"{what} states no equation: its rule returns {tape.returned}; return left == right")
    if not rule.is_equation and tape.is_equation:
        raise ModelError(f"{what} returns an equation; return the quantity alone, or declare it with @equation")
    return tape


def check_definitions(model: Model) -> None:
    """Compile the definitions that no equation uses, where a block is not the library's.

    Definitions inside equations are compiled with these; the library's own compositions are tested.
    """
    if all(type(block).__module__.startswith("cge.") for block in model.blocks):
        return
    shapes = {n: a.shape for n, a in model.benchmark_values.items()}
    known = [*model.symbols, *model.rules, *model.sets]
    for rule in model.definitions.values():
        compile_rule(rule, model.pyomo, shapes, shapes, known)


def check_benchmark(model: Model, evaluator: Evaluator) -> None:
    """Raise where an equation does not hold at the benchmark, at which the evaluator stands.

    Raises
    ------
    ModelError
        Names block, equation, cell and residual.
    """
    system, x = model.system, model.benchmark_point
    residual = abs(evaluator.residual(x))
    limit = BENCHMARK_LIMIT + DATA_MULTIPLE * imbalance(model)
    if (residual <= limit).all():
        return
    scaled = residual / _row_scale(evaluator, x)
    wrong = np.flatnonzero(~(scaled <= limit))
    if not wrong.size:
        return
    k = int(wrong[np.argmax(np.where(np.isfinite(scaled[wrong]), scaled[wrong], np.inf))])
    family = next(f for f in reversed(system.families) if f.offset <= k)
    more = f" (and {wrong.size - 1} more)" if wrong.size > 1 else ""
    raise ModelError(
        f"equation {system.name_of_row(k)} of block {family.rule.block} does not hold at the benchmark: its residual is "
        f"{scaled[k]:.2g}{more}; calibrate its parameters so that both sides are equal there"
    )


def _row_scale(evaluator: Evaluator, x: np.ndarray) -> np.ndarray:
    """Largest derivative of each row with respect to the working unknowns; 1 where there is none."""
    largest = abs(evaluator.log_jacobian(x)).max(axis=1).toarray().ravel()
    return np.where((largest > 0) & np.isfinite(largest), largest, 1.0)


def imbalance(model: Model) -> float:
    """The SAM's largest imbalance relative to the larger side (or a millionth of world GDP for tiny cells)."""
    sam = model.data.benchmark.sam
    floor = 1e-6 * float(sam.gdp().sum())
    worst = 0.0
    for _, left, right in sam.identities().values():
        size = np.maximum(np.maximum(abs(left), abs(right)), floor)
        worst = max(worst, float((abs(left - right) / size).max(initial=0.0)))
    return worst
