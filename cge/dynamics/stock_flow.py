"""From the flows of a year to the stocks of the next, and the identities between them.

Capital is counted in units of the base year's stock; foreign assets, debt, public works and parks in million USD of the
numeraire, so that a change of the numeraire alone moves none of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.benchmark import Benchmark
from calibration.errors import nearest
from calibration.foreign_capital import net_positions
from calibration.labels import as_labels, is_capital
from cge.dynamics.path_of_years import State
from cge.dynamics.programme import Flows
from cge.errors import ModelError
from cge.model.solution import Solution

Array = np.ndarray

IDENTITY_LIMIT = 1e-8
"""Largest relative gap of an identity between stocks and flows; a year beyond it is refused."""


def capital_label(factors: Sequence[str]) -> str:
    """The factor that is capital, by its label.

    Raises
    ------
    ModelError
        None or several.
    """
    named = [f for f in factors if is_capital(f)]
    if len(named) != 1:
        raise ModelError(
            f"the dynamic model needs one factor named cap or capital, found {named or 'none'} among {', '.join(factors)}"
        )
    return named[0]


@dataclass(frozen=True)
class StockFlow:
    """What carries stocks from year to year.

    Attributes
    ----------
    benchmark : Benchmark
    stock : ndarray, dims (r,)
        Capital at the start of the base year, million USD.
    depreciation : ndarray, dims (r,)
        Rate a year.
    position : int
        Place of capital among the factors.
    vintage : bool
        Old capital stays in its activity.
    """

    benchmark: Benchmark
    stock: Array
    depreciation: Array
    position: int
    vintage: bool

    def first(self) -> State:
        """Stocks at the start of the base year."""
        zero, owned = np.zeros(len(self.benchmark.regions)), net_positions(self.benchmark)
        activities = len(self.benchmark.commodities)
        return State(np.ones_like(zero), zero if owned is None else owned, zero, zero, zero, np.ones((activities, zero.size)))

    def amounts(self, given: Mapping[str, float], what: str, balanced: bool = True) -> Array:
        """Amounts by region as an array over all regions.

        Raises
        ------
        ModelError
            An unknown region, an amount that is not finite, or a world sum that is not zero where it must be.
        """
        regions = self.benchmark.regions
        spread = np.zeros(len(regions))
        for region, amount in given.items():
            if region not in regions:
                raise ModelError(f"{what} name {region!r}, which is no region of the benchmark{nearest(region, regions)}")
            if not np.isfinite(amount):
                raise ModelError(f"{what} of {region} are {amount}; an amount in million {self.benchmark.currency} is needed")
            spread[regions.index(region)] += amount
        if balanced and abs(spread.sum()) > 1e-9 * max(abs(spread).max(initial=0.0), 1.0):
            total = f"{spread.sum():g} million {self.benchmark.currency}"
            raise ModelError(f"{what} must sum to zero over the world; they sum to {total}")
        return spread

    def next_state(self, state: State, solution: Solution, flows: Flows, year: int) -> tuple[State, dict[str, float]]:
        """Stocks of the next year, and the gaps of the identities.

        Raises
        ------
        ModelError
            Public works or parks exceed investment, a stock would be negative, or an identity does not hold.
        """
        values, price = solution.arrays, float(solution.arrays["pfactwld"])
        loans, repayment, grants, parks = (
            self.amounts(given, what)
            for given, what in (
                (flows.loans, "loans"),
                (flows.repayment, "repayment"),
                (flows.grants, "grants"),
                (flows.parks, "parks"),
            )
        )
        foreign = solution.values_of("fsav")
        public = self.amounts(flows.public, "public works", balanced=False)
        invested = values["inv_0"] * values["qinv"]  # quantity, million USD at benchmark prices
        private = invested - public * price / values["pinv"]
        if (private < 0).any():
            region = self.benchmark.regions[int(np.argmin(private))]
            raise ModelError(f"{year}: public works of {region} exceed its investment; spread them over more years")
        added = private / self.stock
        capital = (1 - self.depreciation) * state.capital + added
        if not (capital > 0).all():
            region = self.benchmark.regions[int(np.argmin(capital))]
            raise ModelError(f"{year}: the capital stock of {region} would be negative")
        assets = state.assets - (foreign + loans - repayment + parks)  # a grant leaves no claim
        tied = self._placed(state, solution, flows, added, parks, year) if self.vintage else state.tied
        after = State(capital, assets, state.debt + loans - repayment, state.public + public, state.parks + parks, tied)
        gaps = self._gaps(state, after, solution, foreign + loans - repayment + grants + parks)
        worst = max(gaps, key=lambda name: gaps[name] if np.isfinite(gaps[name]) else np.inf)
        if not gaps[worst] <= IDENTITY_LIMIT:
            raise ModelError(f"{year}: the identity {worst!r} misses by {gaps[worst]:.1e}, above {IDENTITY_LIMIT:.0e}")
        return after, gaps

    def _placed(self, state: State, solution: Solution, flows: Flows, added: Array, parks: Array, year: int) -> Array:
        """Capital by activity over the region's, benchmark = 1; dims (a, r).

        New capital goes to activities in proportion to the old, more where its price is above the mean; park capital goes
        where it is meant to.
        """
        value = self.benchmark.sam["evfb"][self.position]
        weight = value * state.tied
        priced = weight * solution.arrays["pes"][self.position]
        share = priced / priced.sum(0)
        old = weight / weight.sum(0) * state.capital * (1 - self.depreciation)
        price, pinv = float(solution.arrays["pfactwld"]), solution.arrays["pinv"]
        meant = np.maximum(parks, 0.0) * price / pinv / self.stock
        if (meant > added).any():
            region = self.benchmark.regions[int(np.argmax(meant - added))]
            raise ModelError(f"{year}: park capital of {region} exceeds its investment; spread it over more years")
        chosen = weight * self.park_activities(flows.park_sectors)[:, None]
        homeless = (meant > 0) & (chosen.sum(0) == 0) & bool(flows.park_sectors)
        if homeless.any():
            region = self.benchmark.regions[int(np.flatnonzero(homeless)[0])]
            sectors = ", ".join(flows.park_sectors)
            raise ModelError(f"{year}: {region} has no capital in the park sectors {sectors}; name others")
        named = np.divide(chosen, chosen.sum(0), out=share.copy(), where=chosen.sum(0) > 0)
        stock = old + share * (added - meant) + named * meant
        benchmark_share = np.where(value > 0, value / value.sum(0), 1.0)
        return np.asarray(np.where(value > 0, stock / stock.sum(0) / benchmark_share, 1.0))

    def park_activities(self, named: str | Sequence[str]) -> Array:
        """Which activities park capital goes to; a text is one.

        Raises
        ------
        ModelError
            A sector that the benchmark lacks.
        """
        known, sectors = self.benchmark.commodities, as_labels(named, "park sectors")
        for sector in sectors:
            if sector not in known:
                raise ModelError(f"park sector {sector!r} is no sector of the benchmark{nearest(sector, known)}")
        return np.array([name in sectors for name in known])

    def _gaps(self, state: State, after: State, solution: Solution, net: Array) -> dict[str, float]:
        """Relative gaps of the identities; ``net`` is what comes from abroad in the numeraire, dims (r,)."""
        values, price = solution.arrays, float(solution.arrays["pfactwld"])
        saving = solution.values_of("saving") + solution.values_of("depr")
        world = float((values["pinv"] * values["inv_0"] * values["qinv"]).sum())
        balance = solution.values_of("tbal") + (values["finc"] + net) * price
        return {
            "world saving = world investment": abs(float(saving.sum()) - world) / world,
            "foreign saving sums to zero": abs(float(net.sum())) * price / world,
            "foreign assets sum to zero": abs(float(after.assets.sum())) * price / world,
            "loans sum to zero": abs(float(after.debt.sum())) * price / world,
            "capital at work = capital at the start of the year": float(
                abs(values["qe"][self.position] / state.capital - 1).max()
            ),
            "foreign income sums to zero": abs(float(values["finc"].sum())) * price / world,
            "trade balance = saving - investment": float(abs(balance).max()) / world,
            "Walras' law": solution.walras,
        }
