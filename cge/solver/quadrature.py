"""Integrals over [0, 1] that refine themselves until their own error estimate is small.

A panel is first taken with 7 Lobatto-Kronrod nodes (of which the ends are shared with its neighbours), which hold
rules of 2, 3 and 4 nodes that tell how good the rule is; where that is not enough it takes the 13 nodes that hold the 7,
and then it is halved. Nodes: Gander and Gautschi, "Adaptive quadrature - revisited", BIT 40,
2000. Every rule is the interpolatory one, so integrals up to a point inside a panel are those of the same
polynomial.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

Array = np.ndarray

GOAL = 1e-9
"""Estimated error, relative to the scale given, at which refining stops."""
MOST_POINTS = 400
"""Points after which refining stops, whatever the estimate."""
NARROWEST = 1e-3
"""Width below which a panel is not halved: an integrand that is rough there is rough by its own rounding."""

_HALF = (1.0, 0.942882415695480, np.sqrt(2 / 3), 0.641853342345781, 1 / np.sqrt(5), 0.236383199662150)
NODES = np.array([*(-x for x in _HALF), 0.0, *_HALF[::-1]])
"""The 13 nodes on [-1, 1]; every second one makes the rule of 7, every fourth the rule of 4, every sixth Simpson's."""
STEP = {2: 12, 3: 6, 4: 4, 7: 2, 13: 1}


def _weights(nodes: Array) -> Array:
    """Weights on [0, 1] of the interpolatory rule."""
    moments = np.zeros(len(nodes))
    moments[0] = 1.0
    return np.asarray(np.linalg.solve(legendre.legvander(nodes, len(nodes) - 1).T, moments))


WEIGHTS = {order: _weights(NODES[::step]) for order, step in STEP.items()}
"""Weights by number of nodes; exact for polynomials of degree 1, 3, 5, 9 and 19."""


@dataclass(frozen=True)
class Panel:
    """A stretch of [0, 1] with the integrand at its 7 or 13 nodes; dims of ``values``: (node, component)."""

    left: float
    right: float
    values: Array

    @property
    def width(self) -> float:
        """Length of the stretch."""
        return self.right - self.left

    @property
    def integral(self) -> Array:
        """The integral over the panel."""
        return np.asarray(self.width * (WEIGHTS[len(self.values)] @ self.values))

    def error(self, scale: Array) -> Array:
        """Estimated error of the integral.

        The rule holds three coarser ones, of rising degree. How much better the last of them is than the others
        says how fast the rules converge; this rule is better than the last by more than the square of that (its
        degree is higher by twice as much or more), which is taken with a margin of ten. Where they hardly
        converge, the error of the last coarser rule stands. One of the two others may be good by chance, and
        so may the last, but not in all components: none converges faster than they do together.
        """
        orders, power = (((2, 3, 4), 1 / 2), ((3, 4, 7), 2 / 3))[len(self.values) == 13]
        first, second, last = (abs(self._rule(order) - self.integral) for order in orders)

        def ratio(error: Array, before: Array) -> Array:
            return np.asarray(np.divide(error, before, out=np.ones_like(error), where=before > error))

        own = np.minimum(ratio(last, second), ratio(last, first) ** power)
        together = ratio((last / scale).max(keepdims=True), (second / scale).max(keepdims=True))
        return np.asarray(last * np.minimum(1.0, 10.0 * np.maximum(own, together) ** 2))

    def _rule(self, order: int) -> Array:
        """The integral by a coarser rule."""
        step = (len(self.values) - 1) // (order - 1)
        return np.asarray(self.width * (WEIGHTS[order] @ self.values[::step]))

    def until(self, place: float) -> Array:
        """The integral from the left end to ``place``."""
        nodes = NODES[:: STEP[len(self.values)]]
        coefficients = np.linalg.solve(legendre.legvander(nodes, len(nodes) - 1), self.values)
        local = 2.0 * (place - self.left) / self.width - 1.0
        return np.asarray(self.width / 2 * legendre.legval(local, legendre.legint(coefficients, lbnd=-1)))


@dataclass(frozen=True)
class Integral:
    """An integral over [0, 1].

    Attributes
    ----------
    panels : tuple of Panel
    error : ndarray
        Estimated error by component, in the unit of the integral.
    """

    panels: tuple[Panel, ...]
    error: Array

    @property
    def value(self) -> Array:
        """The whole integral, by component."""
        return np.asarray(sum(p.integral for p in self.panels))

    def until(self, place: float) -> Array:
        """The integral from 0 to ``place``."""
        done = np.zeros_like(self.panels[0].integral)
        for panel in self.panels:
            if place <= panel.right:
                return np.asarray(done + panel.until(place))
            done = done + panel.integral
        return done


def integrate(
    integrand: Callable[[float], Array],
    scale: Array | float = 1.0,
    goal: float = GOAL,
    most_points: int = MOST_POINTS,
) -> Integral:
    """Integrate a vector-valued function over [0, 1].

    Parameters
    ----------
    integrand : callable
        Takes a place in [0, 1], returns a one-dimensional array; called once for each.
    scale : array or float
        What errors are relative to, by component (positive).
    goal : float
        Refining stops where the estimated error of every component is below ``goal`` times ``scale``, or the worst
        panel is narrower than :data:`NARROWEST`, or ``most_points`` are taken. The caller judges ``error``.
    """
    known: dict[float, Array] = {}

    def values_at(place: float) -> Array:
        if place not in known:
            known[place] = np.asarray(integrand(place), dtype=float)
        return known[place]

    def panel(left: float, right: float, order: int) -> Panel:
        inner = (left + (right - left) * (x + 1) / 2 for x in NODES[:: STEP[order]][1:-1])
        return Panel(left, right, np.stack([values_at(place) for place in (left, *inner, right)]))

    panels = [panel(0.0, 1.0, 7)]
    size = np.broadcast_to(np.asarray(scale, dtype=float), panels[0].integral.shape)
    while True:
        errors = np.stack([p.error(size) for p in panels])
        total = errors.sum(0)
        worst = int((errors / size).max(1).argmax())
        split = panels[worst]
        if not (total > goal * size).any() or len(known) + 10 > most_points or split.width < NARROWEST:
            return Integral(tuple(panels), total)
        if len(split.values) == 7:
            panels[worst] = panel(split.left, split.right, 13)
        else:
            middle = (split.left + split.right) / 2
            panels[worst : worst + 1] = [panel(split.left, middle, 7), panel(middle, split.right, 7)]
