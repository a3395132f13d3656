"""The path of a shock, and integrals along it: Divisia indices, sub-totals, welfare contributions.

GTAP's price indices (``ppriv psave psw pdw pgdp pfactor pfactwld pcgdswld``) are Divisia indices: their
rate of change is a share-weighted mean with shares that move, so their value depends on the path. GEMPACK
follows the path on which exogenous levels move linearly; so do we, and integrate d ln P with rules that refine
themselves (:mod:`cge.solver.quadrature`) over points at which the equilibrium and its tangent are exact. The path is
walked so that the logarithm of the level that changes most moves evenly: an integral does not depend on how fast
its path is walked, but a power of ten is smooth in logs and not in levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from calibration.labels import as_labels
from cge.errors import ShockError, SolveError
from cge.model.sensitivity import polished, tangent
from cge.model.shock import Shock, targets
from cge.model.solution import Solution
from cge.solver.quadrature import GOAL, Integral, integrate

Array = np.ndarray

LONGEST = 1e3
"""Largest ratio of levels that the walk along a path evens out."""
LIMIT = 1e-6
"""Estimated error of an integral, relative to what it is measured in, above which it is refused."""


@dataclass(frozen=True)
class PathPoint:
    """A point of the path: the share of the shock, the equilibrium, the derivatives of arrays as the path is walked."""

    share: float
    solution: Solution
    slopes: Mapping[str, Array]
    _values: dict[str, Array] = field(default_factory=dict, repr=False)
    _slopes: dict[str, Array] = field(default_factory=dict, repr=False)

    def value(self, name: str) -> Array:
        """A symbol or definition at the point."""
        if name not in self._values:
            self._values[name] = np.asarray(self.solution.values_of(name))
        return self._values[name]

    def slope(self, name: str) -> Array:
        """Its derivative along the path, by complex step through the definition."""
        if name in self.solution.arrays:
            return np.asarray(self.slopes.get(name, np.zeros_like(self.solution.arrays[name])))
        if name not in self._slopes:
            step = 1e-30
            arrays = {n: a + 1j * step * self.slopes[n] if n in self.slopes else a for n, a in self.solution.arrays.items()}
            moved = Solution(self.solution.model, "", arrays, [], None, {})
            self._slopes[name] = np.asarray(moved.values_of(name).imag / step)
        return self._slopes[name]

    def log_slope(self, name: str) -> Array:
        """Its logarithmic derivative along the path."""
        with np.errstate(divide="ignore", invalid="ignore"):  # what does not exist has no rate of change
            return np.asarray(self.slope(name) / self.value(name))


class Path:
    """The path from a solution along which exogenous levels move linearly; points are solved when asked for, once.

    Parameters
    ----------
    base : Solution
        The start.
    direction : mapping of name to array
        Change of exogenous arrays from start to end, full arrays.
    after : Solution, optional
        The end, where it is known.
    """

    def __init__(self, base: Solution, direction: Mapping[str, Array], after: Solution | None = None) -> None:
        self.base, self.direction = base, dict(direction)
        self._ratio = self._largest_ratio()
        self._solutions = {0.0: base} | ({1.0: after} if after is not None else {})
        self._points: dict[float, PathPoint] = {}

    @classmethod
    def along(cls, base: Solution, shock: Shock, after: Solution | None = None) -> Path:
        """The path of a shock from a solution with the benchmark's values of the instruments it moves."""
        goal = targets(base.model, shock, base.arrays)
        return cls(base, {n: value - base.arrays[n] for n, value in goal.items()}, after)

    def solution(self, share: float) -> Solution:
        """The equilibrium at a share of the shock.

        Raises
        ------
        SolveError
            There is none to be found, although the end of the path has one.
        """
        if share not in self._solutions:
            near = self._solutions[min(self._solutions, key=lambda known: abs(known - share))]
            try:
                # what the start has beside the benchmark, its elasticities too, stays through the path
                there = near.model.solve(exogenous=self._levels(share, near), start=near, progress=False)
                self._solutions[share] = polished(there)
            except SolveError as error:
                raise SolveError(
                    f"on the path, at share {share:.4f} of the shock: {error}",
                    worst=error.worst,
                    log=error.log,
                    share=share,
                    last=self._solutions.get(1.0, error.last),
                ) from error
        return self._solutions[share]

    def _levels(self, share: float, near: Solution) -> dict[str, xr.DataArray | float]:
        """Exogenous levels at a share of the shock; elements that the closure frees are left as the neighbour has them."""
        model = near.model
        levels = {n: self.base.arrays[n] + share * change for n, change in self.direction.items()}
        return {n: model.labelled(n, np.where(model.free[n], near.arrays[n], level)) for n, level in levels.items()}

    def _largest_ratio(self) -> float:
        """New level over old of what changes most."""
        logs = [0.0]
        for name, change in self.direction.items():
            level = self.base.arrays[name]
            moving = (change != 0) & (level * (level + change) > 0)  # of the same sign
            logs += list(np.log((level + change)[moving] / level[moving]))
        return float(np.exp(np.clip(max(logs, key=abs), -np.log(LONGEST), np.log(LONGEST))))

    def share(self, place: float) -> float:
        """The share of the shock at a place of the walk, both from 0 to 1."""
        change = self._ratio - 1.0
        return place if place in (0.0, 1.0) or abs(change) < 1e-3 else (self._ratio**place - 1.0) / change

    def speed(self, place: float) -> float:
        """Its derivative with respect to the place."""
        change = self._ratio - 1.0
        return 1.0 if abs(change) < 1e-3 else float(np.log(self._ratio)) * self._ratio**place / change

    def point(self, place: float) -> PathPoint:
        """The equilibrium at a place of the walk with its derivatives along it."""
        if place not in self._points:
            self._points[place] = self.toward(self.direction, place)
        return self._points[place]

    def toward(self, direction: Mapping[str, Array], place: float) -> PathPoint:
        """The equilibrium at a place with its derivatives along another direction, walked at the same speed."""
        here = self.solution(self.share(place))
        moved = {name: self.speed(place) * change for name, change in direction.items()}
        slopes = tangent(here, moved)
        for name, change in moved.items():  # of an array that is free in part, both parts move
            slopes[name] = slopes[name] + change if name in slopes else change
        return PathPoint(self.share(place), here, slopes)


def refuse(what: str, labels: Sequence[str], error: Array, scale: Array | float, last: Solution | None = None) -> None:
    """Raise where an integral's estimated error is above :data:`LIMIT` of its scale.

    Raises
    ------
    SolveError
        It names the worst component; ``last`` goes with it.
    """
    relative = np.nan_to_num(error / scale, nan=np.inf)
    if (relative > LIMIT).any():
        worst = int(relative.argmax())
        raise SolveError(
            f"{what} along the path of the shock: {labels[worst]} is known to {relative[worst]:.1e} only, above the limit "
            f"of {LIMIT:.0e}; cut the shock into smaller ones",
            last=last,
        )


def subtotals(base: Solution, groups: Mapping[str, Shock], names: str | Sequence[str], goal: float = 10 * GOAL) -> xr.Dataset:
    """Contributions of groups of shocks to the change of each variable, which they sum to.

    All groups act together along one path; at each point the tangent of each group's shocks alone is taken
    (Harrison, Horridge and Pearson, "Decomposing Simulation Results with Respect to Exogenous Shocks",
    Computational Economics 15, 2000).

    Parameters
    ----------
    base : Solution
    groups : mapping of name to Shock
        They must not move the same elements.
    names : str or sequence of str
        Variables and definitions of the model to decompose, under its own definitions and numeraire
        (GTAP's indices: :func:`cge.gtap.subtotals.gtap_subtotals`).
    goal : float
        Estimated error, relative to the benchmark value, at which the path is fine enough.

    Returns
    -------
    xarray.Dataset
        Per cent of the benchmark value, dims (group, ...), with the group ``total``; ``error`` among the attributes of
        each variable is the largest estimated error, in the same unit.

    Raises
    ------
    ShockError
        Two groups move one element, or there are no groups.
    SolveError
        The path has no solution somewhere, or a sum is not known to :data:`LIMIT`.
    """
    names = as_labels(names, "names")
    directions, joint = directions_of(base, groups)
    path = Path(base, joint)
    before = [base[n] for n in names]

    def contributions(place: float) -> Array:
        slopes = [path.toward(directions[g], place) for g in groups]
        return np.concatenate([point.slope(n).ravel() for point in slopes for n in names])

    sizes = [np.where(b.values == 0, max(abs(b.values).max(initial=0.0), 1e-300), abs(b.values)).ravel() for b in before]
    scale = np.tile(np.concatenate(sizes), len(groups))
    found = integrate(contributions, scale, goal)
    labels = [f"{n} ({g})" for g in groups for n, b in zip(names, before, strict=True) for _ in range(b.size)]
    refuse("sub-totals", labels, found.error, scale)
    out = xr.Dataset()
    cuts = np.cumsum([b.size for b in before])[:-1]
    parts = [np.split(values, cuts) for values in found.value.reshape(len(groups), -1)]
    errors = np.split(found.error.reshape(len(groups), -1).max(0) / np.concatenate(sizes), cuts)
    index = pd.Index([*groups, "total"], name="group")
    for k, (n, was) in enumerate(zip(names, before, strict=True)):
        by_group = [p[k].reshape(was.shape) for p in parts]
        stacked = xr.concat([was.copy(data=p) for p in [*by_group, sum(by_group)]], dim=index)
        out[n] = 100 * stacked / was.where(was != 0)
        out[n].attrs = {
            "long_name": f"contributions to {was.attrs['long_name']}",
            "units": "per cent of the benchmark",
            "error": 100 * float(errors[k].max(initial=0.0)),
        }
    return out


def directions_of(base: Solution, groups: Mapping[str, Shock]) -> tuple[dict[str, dict[str, Array]], dict[str, Array]]:
    """Changes of exogenous arrays of each group, and of all together.

    Raises
    ------
    ShockError
        Two groups move one element, or there are no groups.
    """
    if not groups:
        raise ShockError("sub-totals need at least one group of shocks")
    goals = {g: targets(base.model, shock, base.arrays) for g, shock in groups.items()}
    each = {g: {n: t - base.arrays[n] for n, t in goal.items()} for g, goal in goals.items()}
    joint: dict[str, Array] = {}
    for g, moved in each.items():
        for n, change in moved.items():
            if n in joint and ((joint[n] != 0) & (change != 0)).any():
                raise ShockError(f"group {g!r} moves elements of {n} that another group moves too; put them in one group")
            joint[n] = joint.get(n, 0.0) + change
    return each, joint


__all__ = ["LIMIT", "Integral", "Path", "PathPoint", "directions_of", "integrate", "refuse", "subtotals"]
