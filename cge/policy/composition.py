"""How changes of one instrument compose: in order, each acting on the value that the one before reached.

Every change of a policy draws a cell towards a value or shifts it. Towards ``p`` by a multiplier ``k`` means
``v -> p + k (v - p)``:

- ``rate_to``: towards ``1 + rate_to``, multiplier 0
- ``rate_times``: towards 1 (the power of no tax), multiplier ``rate_times``
- ``factor``: towards 0, multiplier ``factor``
- ``rate_add`` shifts the power by ``rate_add``, ``add`` the level by ``add``

A change made in part, with weight ``w`` (``scale`` times the share of a grouped region's GDP in members), goes that share
of the way: multiplier ``1 - w + w k``, shift ``w`` times. The order of two changes of a cell is without effect exactly
where both shift it or both draw it towards the same value; elsewhere the two orders differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Protocol

import numpy as np

from calibration.benchmark import Benchmark
from cge.blocks import CORE
from cge.equations.calibrated import Calibrated
from cge.equations.declare import SET_OF_DIM, Symbol
from cge.model.shock import subsidised

ALL_ORDERS = 5
"""Steps on one cell of which every order is tried."""


class Start(Protocol):
    """What changes start from: the benchmark's values of instruments, with labels. A model is one."""

    @property
    def benchmark(self) -> Benchmark:
        """The data."""
        ...

    @property
    def symbols(self) -> Mapping[str, Symbol]:
        """Declarations by name."""
        ...

    @property
    def benchmark_values(self) -> Mapping[str, np.ndarray]:
        """Full arrays by name."""
        ...

    def labels(self, dim: str) -> list[str]:
        """Labels along a dim letter."""
        ...

    def label(self, name: str, flat: int) -> str:
        """The labels of one element."""
        ...


class CoreStart:
    """The core model's instruments in a benchmark, without its equations: enough to compose changes before a model is built."""

    def __init__(self, benchmark: Benchmark, names: Sequence[str]) -> None:
        data = Calibrated(benchmark, specific=())
        self.benchmark, self._sets = benchmark, data.sets
        self.symbols: dict[str, Symbol] = {}
        self.benchmark_values: dict[str, np.ndarray] = {}
        for block in CORE:
            wanted = {n: s for n, s in block.symbols.items() if s.kind == "instrument" and n in names}
            if wanted:
                values = block().calibrate(data)
                self.symbols |= wanted
                self.benchmark_values |= {n: np.asarray(values[n], dtype=float) for n in wanted}

    def labels(self, dim: str) -> list[str]:
        """Labels along a dim letter."""
        return self._sets[SET_OF_DIM[dim]]

    def label(self, name: str, flat: int) -> str:
        """The labels of one element."""
        place = np.unravel_index(flat, self.benchmark_values[name].shape)
        return " ".join(self.labels(d)[k] for d, k in zip(self.symbols[name].dims, place, strict=True))


@dataclass(frozen=True)
class Step:
    """One change on the cells it names.

    Attributes
    ----------
    weights : tuple of ndarray
        Share of the change that each label takes, one vector a dim of the instrument.
    apart : tuple of two int, optional
        Axes of source and destination: a region's trade with itself is left out.
    scale : float
        Share of the change that is made.
    towards : float or None
        The value that cells are drawn towards; None shifts them.
    amount : float
        Multiplier of the distance from ``towards``, or the shift.
    subsidy : bool
        A power may fall below 1.
    """

    weights: tuple[np.ndarray, ...]
    apart: tuple[int, int] | None
    scale: float
    towards: float | None
    amount: float
    subsidy: bool = False

    def box(self) -> tuple[np.ndarray, ...]:
        """Index of the cells it names, as a box."""
        return np.ix_(*[np.flatnonzero(w) for w in self.weights])

    def weight(self) -> np.ndarray:
        """Weight of each cell of the box."""
        kept = [w[w != 0] for w in self.weights]
        total = np.ones(tuple(w.size for w in kept))
        for axis, w in enumerate(kept):
            total = total * w.reshape([-1 if k == axis else 1 for k in range(len(kept))])
        if self.apart is not None:
            places = [
                np.flatnonzero(self.weights[axis]).reshape([-1 if k == axis else 1 for k in range(len(kept))])
                for axis in self.apart
            ]
            total = total * (places[0] != places[1])
        return np.asarray(self.scale * total)

    def weight_of(self, cell: tuple[int, ...]) -> float:
        """Weight of one cell."""
        if self.apart is not None and cell[self.apart[0]] == cell[self.apart[1]]:
            return 0.0
        return self.scale * float(np.prod([w[k] for w, k in zip(self.weights, cell, strict=True)]))

    def moved(self, value: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """The values after the change; cells of weight 0 and changes without effect leave them bit by bit."""
        if self.towards is None:
            return np.asarray(value + weight * self.amount)
        kept = self.multiplier(weight)
        return np.asarray(np.where(kept == 1.0, value, self.towards + (value - self.towards) * kept))

    def multiplier(self, weight: np.ndarray) -> np.ndarray:
        """Of the distance from ``towards``."""
        return np.asarray((1.0 - weight) + weight * self.amount)

    def acts(self, weight: np.ndarray) -> np.ndarray:
        """Where it does something, whatever the value."""
        return np.asarray(weight * self.amount != 0 if self.towards is None else self.multiplier(weight) != 1.0)


@dataclass
class Composed:
    """One instrument after all changes.

    Attributes
    ----------
    base, value : ndarray
        At the benchmark, and reached.
    times : ndarray of int
        How many changes act on each cell.
    ordered : ndarray of bool
        Where their order matters.
    subsidised : ndarray of bool
        Powers that fell below 1 where the benchmark's is not and no change asks for it.
    steps : list of Step
    idle : list of int
        Steps (numbers in the policy) that left every value where it was.
    """

    base: np.ndarray
    value: np.ndarray
    times: np.ndarray
    ordered: np.ndarray
    subsidised: np.ndarray
    steps: list[Step] = field(default_factory=list)
    idle: list[int] = field(default_factory=list)

    def acting(self, cell: tuple[int, ...]) -> list[Step]:
        """The steps that act on a cell."""
        return [s for s in self.steps if s.acts(np.array(s.weight_of(cell))).item()]

    def reached(self, cell: tuple[int, ...], steps: Sequence[Step]) -> float:
        """The value of a cell after some steps in their order."""
        value = np.array(self.base[cell])
        for step in steps:
            value = step.moved(value, np.array(step.weight_of(cell)))
        return float(value)

    def other_order(self, cell: tuple[int, ...]) -> float:
        """The value of a cell whose order matters, in the order of its steps that moves it farthest from theirs.

        Every order of up to five steps; of more, the reverse and each step moved to the first or to the last place.
        """
        steps = self.acting(cell)
        if len(steps) <= ALL_ORDERS:
            orders = [list(order) for order in permutations(steps)]
        else:
            others = [(step, [s for s in steps if s is not step]) for step in steps]
            orders = [steps[::-1], *([step, *rest] for step, rest in others), *([*rest, step] for step, rest in others)]
        given = self.reached(cell, steps)
        return max((self.reached(cell, order) for order in orders), key=lambda end: abs(end - given))


def compose(base: np.ndarray, steps: Sequence[tuple[int, Step]]) -> Composed:
    """Apply steps (with their numbers in the policy) in order."""
    value, times = base.copy(), np.zeros(base.shape, int)
    shifted, drawn = np.zeros(base.shape, bool), np.zeros(base.shape, bool)
    lowest, highest = np.full(base.shape, np.inf), np.full(base.shape, -np.inf)
    asked = np.zeros(base.shape, bool)
    idle = []
    for number, step in steps:
        box, weight = step.box(), step.weight()
        acts = step.acts(weight)
        after = step.moved(value[box], weight)
        if not (after != value[box]).any():
            idle.append(number)
        value[box] = after
        times[box] += acts
        if step.subsidy:
            asked[box] |= acts
        if step.towards is None:
            shifted[box] |= acts
        else:
            drawn[box] |= acts
            lowest[box] = np.where(acts, np.minimum(lowest[box], step.towards), lowest[box])
            highest[box] = np.where(acts, np.maximum(highest[box], step.towards), highest[box])
    ordered = (shifted & drawn) | (drawn & (highest > lowest))
    return Composed(base, value, times, ordered, subsidised(value, base) & ~asked, [s for _, s in steps], idle)
