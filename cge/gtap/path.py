"""Indices that integrate along the path of a shock.

GTAP's price indices (``ppriv psave psw pdw pgdp pfactor pfactwld pcgdswld``) are Divisia indices: their
rate of change is a share-weighted mean with shares that move, so their value depends on the path. GEMPACK
follows the path on which exogenous levels move linearly; so do we, integrating d ln P / d share with
Gauss-Legendre nodes at which the equilibrium and its tangent are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

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


def integrate(
    base: Solution, shock: Shock, nodes: int, integrands: Mapping[str, Callable[[PathPoint], Array]]
) -> dict[str, Array]:
    """Integrals over the path from ``base`` to the shock, by name of integrand.

    Parameters
    ----------
    base : Solution
        The start, at benchmark values of the shock's instruments.
    shock : Shock
    nodes : int
        Gauss-Legendre nodes; 6 leave errors below rounding of published tables for ordinary shocks.
    integrands : mapping of name to function of a :class:`PathPoint`
    """
    model = base.model
    goal = targets(model, shock)
    places, weights = np.polynomial.legendre.leggauss(nodes)
    direction = {n: goal[n] - base.arrays[n] for n in goal}
    totals: dict[str, Array] = {}
    near = base
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        here = {n: base.arrays[n] + place * d for n, d in direction.items()}
        near = model.solve(exogenous=here, start=near, progress=False)
        slopes = {**near.tangent(direction), **direction}
        point = PathPoint(float(place), float(weight), near, slopes)
        for name, function in integrands.items():
            part = weight * function(point)
            totals[name] = part if name not in totals else totals[name] + part
    return totals
