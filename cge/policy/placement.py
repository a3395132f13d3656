"""Where a policy's changes fall in a benchmark: which cells of which instruments, with what weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np

from calibration.errors import nearest
from cge.equations.declare import Symbol
from cge.errors import ShockError
from cge.model.reach import reached_cells
from cge.model.shock import Levels, exogenous_names, require_exogenous, touches
from cge.policy.composition import Composed, CoreStart, Start, Step, compose
from cge.policy.instrument_change import MEMBERS, InstrumentChange

if TYPE_CHECKING:
    from cge.model import Model


class Placement:
    """The changes of a policy on one benchmark.

    Parameters
    ----------
    name : str
        The policy's, for errors.
    members : sequence of str
        What ``"@members"`` stands for.
    changes : sequence of InstrumentChange
    start : Model or CoreStart
        Only a model knows whether a flow exists: with it a change that names none is refused, or left out where it is
        ``optional``.

    Attributes
    ----------
    steps : list of (InstrumentChange, Step or None)
        Each change on the benchmark's cells; None where it is left out.

    Raises
    ------
    ShockError
        An unknown instrument or label, a kind of change that the instrument does not take, or a change that names no flow.
    """

    def __init__(self, name: str, members: Sequence[str], changes: Sequence[InstrumentChange], start: Start) -> None:
        self.who, self.members, self.start = f"policy {name!r}", tuple(members), start
        self.model = as_model(start)
        self._taking_part: dict[tuple[str, ...], dict[str, float]] = {}
        self._exogenous = set(exogenous_names(self.model)) if self.model is not None else set(start.symbols)
        self.steps: list[tuple[InstrumentChange, Step | None]] = [
            (c, self._placed(c.on(start.benchmark.divisions))) for c in changes
        ]

    def composed(self, origin: Levels | None = None) -> dict[str, Composed]:
        """Every instrument that is moved, after all changes in order; from ``origin``, or from the benchmark."""
        levels = self.start.benchmark_values if origin is None else origin
        taken: dict[str, list[tuple[int, Step]]] = {}
        for number, (change, step) in enumerate(self.steps):
            if step is not None:
                taken.setdefault(change.instrument, []).append((number, step))
        return {name: compose(levels[name], steps) for name, steps in taken.items()}

    @cached_property
    def _benchmark_name(self) -> str:
        return self.start.benchmark.name

    def _placed(self, change: InstrumentChange) -> Step | None:
        name = change.instrument
        if name not in self._exogenous and self.model is not None:
            require_exogenous(self.model, name, self.who)
        symbol = self.start.symbols[name]
        unknown = [d for d in change.where if d not in symbol.dims]
        if unknown:
            raise ShockError(f"{self.who}: {name} has dims {' '.join(symbol.dims)}, not {unknown[0]!r}")
        if change.optional and not change.fits(self.start.labels):
            return None
        step = self._step(change, symbol)
        if self.model is None or _meets_flow(self.model, name, step):
            return step
        if change.optional:
            return None
        raise ShockError(
            f"{self.who}: {name} touches no cell of benchmark {self._benchmark_name!r} where {change.in_words()} "
            "(no flow where it applies); drop it or name other labels"
        )

    def _step(self, change: InstrumentChange, symbol: Symbol) -> Step:
        weights = []
        for d in symbol.dims:
            labels = self.start.labels(d)
            if d in change.where:
                share = self._shares(change.where[d], labels, d, change.partial)
                weights.append(np.array([share.get(x, 0.0) for x in labels]))
            else:
                weights.append(np.ones(len(labels)))
        if change.among and not {"s", "d"} <= set(symbol.dims):
            raise ShockError(f"{self.who}: 'among' needs an instrument over s and d, {change.instrument} has {symbol.dims}")
        apart = (symbol.dims.index("s"), symbol.dims.index("d")) if change.among else None
        towards, amount = change.effect(symbol, self.who)
        asked = change.subsidy or (change.rate_to is not None and change.rate_to < 0)
        return Step(tuple(weights), apart, change.scale, towards, amount, asked)

    def _shares(self, wanted: str | tuple[str, ...], known: list[str], dim: str, partial: bool) -> dict[str, float]:
        """Weight of each label that a change names."""
        if wanted == MEMBERS or (isinstance(wanted, str) and wanted.startswith("?")):
            members = self.members if wanted == MEMBERS else tuple(str(wanted)[1:].split("|"))
            if dim not in ("r", "s", "d"):
                raise ShockError(f"{self.who}: {MEMBERS} are regions; dim {dim} takes labels of its own")
            if members not in self._taking_part:
                self._taking_part[members] = self.start.benchmark.participation(members)
            found = {r: w for r, w in self._taking_part[members].items() if partial or w == 1.0}
            if not found:
                listed = ", ".join(members)
                raise ShockError(f"{self.who}: none of its members ({listed}) is a region of {self._benchmark_name!r}")
            return found
        labels = [wanted] if isinstance(wanted, str) else list(wanted)
        for label in labels:
            if label not in known:
                hint = nearest(label, known)
                raise ShockError(f"{self.who}: {label!r} is not in dim {dim} of {self._benchmark_name!r}{hint}")
        return dict.fromkeys(labels, 1.0)


def as_model(start: Start) -> Model | None:
    """The model, where changes start from one."""
    return None if isinstance(start, CoreStart) else cast("Model", start)


def _meets_flow(model: Model, name: str, step: Step) -> bool:
    """Whether some cell that a change names is read by an equation."""
    box, named = step.box(), replace(step, scale=1.0).weight() != 0
    if (reached_cells(model, name)[box] & named).any():
        return True
    cells = np.zeros(model.shape(name), dtype=bool)
    cells[box] = named
    return bool(cells.any()) and touches(model, name, cells)
