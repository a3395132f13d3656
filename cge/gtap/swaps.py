"""Closures of the standard GTAP model: swaps under GTAP's names, and definitions that a swap makes exogenous.

A definition (``qfd``, ``qgdp``, ``yp``) is written out where it is used and is no unknown. Where a swap fixes it, it becomes a
variable with the same right-hand side as its equation, for that model alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from calibration.benchmark import Benchmark
from cge.equations.calibrated import Calibrated
from cge.equations.closure import Closure
from cge.equations.declare import Block, Rule, Symbol, equation, variable
from cge.equations.swap_text import read_swaps
from cge.errors import ClosureError
from cge.gtap.absent import flows
from cge.gtap.names import NAMES
from cge.model import Model

Blocks = Sequence[type[Block]]


def gtap_closure(benchmark: Benchmark, blocks: Blocks, swaps: str | Iterable[str] = ()) -> Closure:
    """The standard closure with swaps in GEMPACK's words (:func:`cge.equations.swap_text.read_swaps`).

    Raises
    ------
    ClosureError
        A swap is not understood; the statement, the name and the nearest one are named.
    """
    symbols: dict[str, Symbol | Rule] = {}
    for block in blocks:
        symbols |= {n: r for n, r in block.rules.items() if not r.is_equation}
        symbols |= block.symbols
    sam = benchmark.sam
    labels = {d: [str(x) for x in sam.data[d].values] for d in "iafrsdm"} | {"u": ["all"]}
    rule = "" if str(benchmark.elasticities.attrs.get("rordelta", 1)) == "1" else ", rordelta 0"
    closure = Closure(name=f"standard{rule}", specific=())
    for swap in read_swaps(swaps, symbols, labels, NAMES):
        closure = closure.with_swap(swap)
    return closure


def with_fixed_definitions(benchmark: Benchmark, blocks: Blocks, closure: Closure) -> Blocks:
    """The blocks in which every definition that the closure fixes is a variable with its equation."""
    fixed = {swap.fixed for swap in closure.swaps}
    wanted = {b: [n for n, r in b.rules.items() if not r.is_equation and n in fixed] for b in blocks}
    levels = [n for b, names in wanted.items() for n in names if not b.rules[n].unit.startswith("index")]
    values: dict[str, np.ndarray] = {}
    if levels:  # an amount of money has no benchmark of one: ask the model without swaps
        base = Model(benchmark, Closure(specific=()), sourcing="pooled", blocks=blocks).solve()
        values = {n: np.array(base.values_of(n)) for n in levels}
        for name in (n for n in levels if not (values[n] > 0).all()):
            raise ClosureError(
                f"{name} ({base.model.rules[name].unit}) is zero or negative somewhere, so it cannot be fixed as an amount; "
                "fix the trade balance as del_tbalry, a ratio"
            )
    return tuple(_promoted(b, names, values) if names else b for b, names in wanted.items())


def _promoted(block: type[Block], names: Sequence[str], values: Mapping[str, np.ndarray]) -> type[Block]:
    """A block in which definitions are variables, each with the equation ``e_fixed_NAME``."""

    def calibrate(self: Any, data: Calibrated) -> Mapping[str, Any]:
        return {**block.calibrate(self, data), **{n: v for n, v in values.items() if n in names}}

    def masks(self: Any, data: Calibrated) -> Mapping[str, np.ndarray]:
        known = flows(data)
        known = {**known, "ps": known["po"]}  # the model's ps is the unit revenue po of an activity
        return {**block.masks(self, data), **{n: known[n] > 0 for n in names if n in known}}

    members: dict[str, Any] = {"calibrate": calibrate, "masks": masks, "__module__": block.__module__, "__doc__": block.__doc__}
    for name in names:
        rule = block.rules[name]
        dims = " ".join(rule.dims)
        members[name] = variable(dims, rule.long_name, rule.unit, owner=rule.owner)
        stated = equation(dims, rule.long_name, defines=name, owner=rule.owner, source=rule.source)
        members[f"e_fixed_{name}"] = stated(_equal(name, rule.function))
    return type(block.__name__, (block,), members)


def _equal(name: str, right: Callable[..., Any]) -> Callable[..., Any]:
    """The rule ``name == right-hand side``."""

    def rule(m: Any, *index: Any) -> Any:
        return getattr(m, name)[index if len(index) > 1 else index[0]] == right(m, *index)

    return rule
