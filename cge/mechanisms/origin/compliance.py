"""One firm type under rules of origin at given prices: least-cost compliance, its multipliers and its cost.

The partial-equilibrium counterpart of :mod:`cge.mechanisms.origin`, in plain numpy. It starts the
equilibrium near its active set, says whether a rule can be met at all, and states the firm's problem a
second way for tests: :func:`fee_form` is the fee on outside inputs that stays in the firm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

RULES = ("rvc", "lvc", "steel", "alu")
LARGEST_PREMIUM = 0.5
"""A rule that raises cost by more than this share counts as one that cannot be met: nobody would use it."""


@dataclass(frozen=True)
class Firm:
    """A unit of the covered sector, shares of its free cost, prices 1 unless given.

    Attributes
    ----------
    value_added, other, other_outside : float
        Value added; other inputs; those of them from outside the area.
    material : ndarray, shape (3,)
        Cost of material from outside, from members above the wage floor, from other members.
    metals : ndarray, shape (2, 2)
        Cost of steel and aluminium (rows) from outside and from the area (columns).
    high_wage : bool
        The firm's own plants meet the wage floor.
    sigma : float
        Substitution among suppliers.
    """

    value_added: float
    other: float
    other_outside: float
    material: np.ndarray
    metals: np.ndarray
    high_wage: bool
    sigma: float

    def choose(self, multipliers: np.ndarray, thresholds: np.ndarray) -> Chosen:
        """What the firm buys at feebate prices, and the slack of each rule at market prices."""
        mu, nu, eta_s, eta_a = multipliers
        rho, lam, steel, alu = thresholds
        every = 1.0 - mu * (1.0 - rho) + nu * lam
        outside = every + mu
        fee = np.array([outside, every - nu, every])
        metal_fee = np.array(
            [[outside + eta_s * steel, every - eta_s * (1 - steel)], [outside + eta_a * alu, every - eta_a * (1 - alu)]]
        )
        if (fee <= 0).any() or (metal_fee <= 0).any():
            return Chosen(np.full(4, np.nan), np.nan, fee, self.material, self.metals)
        material = self._shift(self.material, fee)
        metals = np.stack([self._shift(row, f) for row, f in zip(self.metals, metal_fee, strict=True)])
        cost = self.value_added + self.other + material.sum() + metals.sum()
        from_outside = self.other_outside + material[0] + metals[:, 0].sum()
        labour = self.high_wage * self.value_added + material[1]
        share = np.divide(metals[:, 0], metals.sum(1), out=np.zeros(2), where=metals.sum(1) > 0)
        gaps = np.array([1 - from_outside / cost - rho, labour / cost - lam, 1 - steel - share[0], 1 - alu - share[1]])
        free = self.value_added + self.other + self.material.sum() + self.metals.sum()
        return Chosen(gaps, float(cost - free), fee, material, metals)

    def _shift(self, spent: np.ndarray, fee: np.ndarray) -> np.ndarray:
        """Spending at market prices (all 1) on suppliers whose shadow prices are ``fee``."""
        total = spent.sum()
        if total <= 0:
            return np.asarray(spent * 0.0)
        b = spent / total
        price = (b * fee ** (1 - self.sigma)).sum() ** (1 / (1 - self.sigma))
        return np.asarray(total * b * (price / fee) ** self.sigma)


@dataclass(frozen=True)
class Chosen:
    """Slacks (content, labour, steel, aluminium), premium over free cost, feebate factors, spending at market prices."""

    gaps: np.ndarray
    premium: float
    fees: np.ndarray
    material: np.ndarray
    metals: np.ndarray


def comply(firm: Firm, thresholds: Mapping[str, float]) -> tuple[np.ndarray, Chosen] | None:
    """Multipliers of the rules and the firm's choice; None where the rules cannot be met (or only at absurd cost).

    Thresholds tighten from what the free firm meets to the rule, in steps where need be, each solved by a
    semismooth Newton method on the Fischer-Burmeister function.
    """
    goal = np.array([thresholds.get(name, -1.0) for name in RULES])
    start = firm.choose(np.zeros(4), np.full(4, -1.0)).gaps - 1.0  # what the free firm reaches
    reached = np.where(goal < 0, goal, np.minimum(start, goal))
    multipliers = np.zeros(4)
    for pieces in (1, 5, 25):  # the whole rule at once where that works
        multipliers = np.zeros(4)
        for share in np.arange(1, pieces + 1) / pieces:
            found = _solve(firm, reached + share * (goal - reached), multipliers)
            if found is None:
                break
            multipliers = found
        else:
            break
    else:
        return None
    chosen = firm.choose(multipliers, goal)
    return (multipliers, chosen) if chosen.premium <= LARGEST_PREMIUM else None


def _solve(firm: Firm, thresholds: np.ndarray, multipliers: np.ndarray, smooth: float = 1e-9) -> np.ndarray | None:
    def residual(x: np.ndarray) -> np.ndarray:
        gaps = firm.choose(x, thresholds).gaps
        return np.asarray(gaps + x - np.sqrt(gaps**2 + x**2 + smooth**2))

    x: np.ndarray = multipliers
    r = residual(x)
    for _ in range(60):
        if not np.isfinite(r).all():
            return None
        if abs(r).max() < 1e-12:
            return np.asarray(np.maximum(x, 0.0))
        jacobian = np.empty((4, 4))
        for k in range(4):
            h = 1e-7
            jacobian[:, k] = (residual(x + h * np.eye(4)[k]) - r) / h
        try:
            step = np.linalg.solve(jacobian, -r)
        except np.linalg.LinAlgError:
            return None
        for cut in 0.5 ** np.arange(12):
            trial = residual(x + cut * step)
            if np.isfinite(trial).all() and np.linalg.norm(trial) < np.linalg.norm(r):
                x, r = np.asarray(x + cut * step), trial
                break
        else:
            return np.asarray(np.maximum(x, 0.0)) if abs(r).max() < 1e-8 else None
    return np.asarray(np.maximum(x, 0.0)) if abs(r).max() < 1e-8 else None


def fee_form(firm: Firm, rho: float) -> tuple[float, float]:
    """The content rule stated with one fee ``m`` on outside inputs that stays in the firm: (m, premium).

    Bisection on ``m``: complying firms pay ``p (1 + m)`` to themselves for outside material and metals, and
    the true cost leaves the fee out.
    """

    def at(m: float) -> Chosen:
        fee = np.array([1 + m, 1.0, 1.0])
        material = firm._shift(firm.material, fee)
        metals = np.stack([firm._shift(row, np.array([1 + m, 1.0])) for row in firm.metals])
        cost = firm.value_added + firm.other + material.sum() + metals.sum()
        outside = firm.other_outside + material[0] + metals[:, 0].sum()
        free = firm.value_added + firm.other + firm.material.sum() + firm.metals.sum()
        return Chosen(np.array([1 - outside / cost - rho, 0, 0, 0]), float(cost - free), fee, material, metals)

    if at(0.0).gaps[0] >= 0:
        return 0.0, 0.0
    low, high = 0.0, 1.0
    while at(high).gaps[0] < 0:
        high *= 2
        if high > 1e6:
            return float("inf"), float("inf")
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle).gaps[0] < 0 else (low, middle)
    return high, at(high).premium
