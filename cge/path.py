"""Integrals along the path of a shock: Divisia indices, sub-totals, welfare contributions.

GTAP's price indices (``ppriv psave psw pdw pgdp pfactor pfactwld pcgdswld``) are Divisia indices: their
rate of change is a share-weighted mean with shares that move, so their value depends on the path. GEMPACK
follows the path on which exogenous levels move linearly; so do we, integrating d ln P / d share with
Gauss-Legendre nodes at which the equilibrium and its tangent are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from calibration.labels import as_labels
from cge.errors import ShockError
from cge.shock import Shock, targets
from cge.solution import Solution

Array = np.ndarray


@dataclass(frozen=True)
class PathPoint:
    """One node of the path: its weight, the equilibrium, and the derivatives of all arrays along the path."""

    share: float
    weight: float
    solution: Solution
    slopes: Mapping[str, Array]

    def value(self, name: str) -> Array:
        """A symbol or definition at the node."""
        return np.asarray(self.solution.values_of(name))

    def slope(self, name: str) -> Array:
        """Its derivative along the path, by complex step through the definition."""
        if name in self.solution.arrays:
            return np.asarray(self.slopes.get(name, np.zeros_like(self.solution.arrays[name])))
        step = 1e-30
        arrays = {n: a + 1j * step * self.slopes[n] if n in self.slopes else a for n, a in self.solution.arrays.items()}
        moved = Solution(self.solution.model, "", arrays, [], None, {})
        return np.asarray(moved.values_of(name).imag / step)

    def log_slope(self, name: str) -> Array:
        """Its logarithmic derivative along the path."""
        return np.asarray(self.slope(name) / self.value(name))


def points(base: Solution, shock: Shock, nodes: int) -> Iterator[PathPoint]:
    """Gauss-Legendre nodes of the path from ``base`` to the shock, each solved from the one before.

    Parameters
    ----------
    base : Solution
        The start, at benchmark values of the shock's instruments.
    shock : Shock
    nodes : int
        6 leave errors below the rounding of published tables for ordinary shocks.
    """
    goal = targets(base.model, shock)
    direction = {n: goal[n] - base.arrays[n] for n in goal}
    for share, weight, near in _solved(base, direction, nodes):
        yield PathPoint(share, weight, near, {**near.tangent(direction), **direction})


def _solved(base: Solution, direction: Mapping[str, Array], nodes: int) -> Iterator[tuple[float, float, Solution]]:
    places, weights = np.polynomial.legendre.leggauss(nodes)
    near = base
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        here = {n: base.arrays[n] + place * d for n, d in direction.items()}
        near = base.model.solve(exogenous=here, start=near, progress=False)
        yield float(place), float(weight), near


def integrate(base: Solution, shock: Shock, nodes: int, integrand: Callable[[PathPoint], Array]) -> Array:
    """The integral over the path of a function of its points."""
    return np.asarray(sum(p.weight * integrand(p) for p in points(base, shock, nodes)))


def running_integral(nodes: int) -> Array:
    """Matrix that turns values at the nodes into integrals from 0 to each node, exact for polynomials."""
    places, _ = np.polynomial.legendre.leggauss(nodes)
    basis = np.polynomial.legendre.legvander(places, nodes - 1)
    whole = np.empty((nodes, nodes))
    for k in range(nodes):
        grown = np.polynomial.legendre.legint(np.eye(nodes)[k], lbnd=-1)
        whole[:, k] = np.polynomial.legendre.legval(places, grown) / 2
    return np.asarray(whole @ np.linalg.inv(basis))


def subtotals(base: Solution, groups: Mapping[str, Shock], names: str | Sequence[str], nodes: int = 6) -> xr.Dataset:
    """Contributions of groups of shocks to the change of each variable, which they sum to exactly.

    All groups act together along one path; at each node the tangent of each group's shocks alone is taken
    (Harrison, Horridge and Pearson, "Decomposing Simulation Results with Respect to Exogenous Shocks",
    Computational Economics 15, 2000).

    Parameters
    ----------
    base : Solution
    groups : mapping of name to Shock
        They must not move the same elements.
    names : sequence of str
        Variables and definitions to decompose.

    Returns
    -------
    xarray.Dataset
        Per cent of the benchmark value, dims (group, ...), with the group ``total``.

    Raises
    ------
    ShockError
        Two groups move one element.
    """
    names = as_labels(names, "names")
    model = base.model
    directions = {g: {n: t - base.arrays[n] for n, t in targets(model, shock).items()} for g, shock in groups.items()}
    joint: dict[str, Array] = {}
    for g, moved in directions.items():
        for n, d in moved.items():
            if n in joint and ((joint[n] != 0) & (d != 0)).any():
                raise ShockError(f"group {g!r} moves elements of {n} that another group moves too; put them in one group")
            joint[n] = joint.get(n, 0.0) + d
    totals = {g: {n: 0.0 * base.values_of(n) for n in names} for g in groups}
    for share, weight, near in _solved(base, joint, nodes):
        for g, moved in directions.items():
            here = PathPoint(share, weight, near, {**near.tangent(moved), **moved})
            for n in names:
                totals[g][n] = totals[g][n] + weight * here.slope(n)
    out = xr.Dataset()
    labels = [*groups, "total"]
    for n in names:
        before = base[n]
        parts = [totals[g][n] for g in groups]
        stacked = xr.concat([before.copy(data=p) for p in [*parts, sum(parts)]], dim=pd.Index(labels, name="group"))
        out[n] = 100 * stacked / before.where(before != 0)
        out[n].attrs = {"long_name": f"contributions to {before.attrs['long_name']}", "units": "per cent of the benchmark"}
    return out
