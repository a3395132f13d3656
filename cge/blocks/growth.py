"""Blocks of an economy that moves in time: productivity by region, capital, foreign positions, public works.

They add to the core blocks what a year of a recursive path needs and reduce to them exactly where the
additions are at their benchmark values (productivity 1, flows 0, capital 1, no foreign positions):

- ``tfp``: productivity of value added of a region; a baseline frees it to meet a path of real GDP ``rgdp``.
- ``finc``: income on foreign assets and transfers (:mod:`cge.blocks.foreign`); ``floan``: net new loans; ``ginv``: public works
  paid by the region's own household. All in the numeraire, summing to zero over the world where they pass between regions.

Investment follows saving (``fsav`` exogenous), or expected rates of return: a region's rate falls as its capital
grows, ``rore = rorc (ke / kb)^(-rorflex)``, and ``fsav`` moves until all are equal (GTAP's RORDELTA = 1; Hertel 1997,
Corong et al. 2017, section 3.5). What capital earns is the mean over activities, weighted with payments: the one price of
mobile capital, and the mean of the prices ``pes`` where old capital is tied to its activity. Public works are investment
but earn nothing, so that they neither lower the expected rate nor crowd private capital out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from calibration.labels import is_capital
from cge.blocks import CORE, Accounts, Income, Investment, Production, Welfare
from cge.blocks.foreign import NationalAccounts, NationalIncome, NationalSaving, NationalWelfare
from cge.calibrated import Calibrated, ratio
from cge.ces import ces_price_of_two
from cge.declare import Block, composition, definition, equation, instrument, parameter, variable
from cge.errors import ModelError

RORFLEX = 10.0
"""Flexibility of expected rates of return (GTAP's default RORFLEX)."""


def capital_label(factors: list[str]) -> str:
    """The factor that is capital, by its label.

    Raises
    ------
    ModelError
        None or several.
    """
    found = [f for f in factors if is_capital(f)]
    if len(found) != 1:
        raise ModelError(
            f"the dynamic model needs one factor named cap or capital, found {found or 'none'} among {', '.join(factors)}"
        )
    return found[0]


@composition
def growth_blocks(
    capital: str,
    stock: np.ndarray,
    depreciation: float | np.ndarray,
    investment: Literal["saving", "returns"] = "saving",
    rorflex: float = RORFLEX,
) -> tuple[type[Block], ...]:
    """The core blocks with growth.

    Parameters
    ----------
    capital : str
        Label of the capital factor.
    stock : ndarray, dims (r,)
        Capital at the start of the base year, million USD.
    depreciation : float or ndarray, dims (r,)
        Rate per year.
    investment : {"saving", "returns"}
    rorflex : float
    """

    class GrowthProduction(Production):
        """Production with a productivity of value added by region."""

        tfp = instrument("r", "productivity of value added", "index, benchmark = 1")

        @definition("a r", "quantity of value added")
        def qva(m, a, r):
            bundle = m.ps[a, r] * m.ao[a, r] - m.costadd[a, r]
            better = m.ava[a, r] * m.tfp[r]
            return m.qo[a, r] / m.ao[a, r] / better * (bundle * better / m.pva[a, r]) ** m.esubt[a, r]

        @definition("a r", "cost of a unit of effective output")
        def unitcost(m, a, r):
            value_added = m.pva[a, r] / (m.ava[a, r] * m.tfp[r])
            return ces_price_of_two(m.sva[a, r], value_added, m.pint[a, r] / m.aint[a, r], m.esubt[a, r]) + m.costadd[a, r]

        def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
            return {**super().calibrate(data), "tfp": np.ones(data["vdep"].size)}

    class GrowthInvestment(NationalSaving):
        """Investment with loans and public works."""

        floan = instrument("r", "net new foreign loans, in the numeraire", "million USD", signed=True)
        ginv = instrument("r", "public works paid by the region's household, in the numeraire", "million USD", signed=True)

        @definition("r", "net regional saving", "million USD")
        def saving(m, r):
            return m.save_0[r] * m.dpsave[r] * m.y[r] + m.ginv[r] * m.pfactwld

        @definition("r", "finance of investment: saving, depreciation, foreign saving and loans", "million USD")
        def finance(m, r):
            return m.saving[r] + m.depr[r] + (m.fsav[r] + m.floan[r]) * m.pfactwld

        def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
            zero = np.zeros(data["vdep"].size)
            return {**super().calibrate(data), "floan": zero, "ginv": zero.copy()}

    class InvestmentByReturns(GrowthInvestment):
        """Foreign saving moves until expected rates of return are equal."""

        sfsav = variable("r", "foreign saving", "share of benchmark investment", signed=True)
        rorg = variable("", "expected rate of return of the world", owner="world")

        gross = parameter("r", "gross rate of return of the benchmark")
        worn = parameter("r", "rate of depreciation")
        world_0 = parameter("", "benchmark investment of the world", "million USD")
        newshare = parameter("r", "benchmark investment over capital")
        flex = parameter("", "flexibility of expected rates of return", structural=False)

        gpub = instrument("r", "public works, however paid, in the numeraire", "million USD", signed=True)

        @definition("r", "foreign saving in the numeraire", "million USD")
        def fsav(m, r):
            return m.inv_0[r] * m.sfsav[r]

        @definition("r", "net rate of return on capital")
        def rorc(m, r):
            return (m.gross[r] * m.rkinv[r] - m.worn[r]) / (m.gross[r] - m.worn[r])

        @definition("r", "private investment")
        def qprivate(m, r):
            return m.qinv[r] - m.gpub[r] * m.pfactwld / (m.inv_0[r] * m.pinv[r])

        @definition("r", "capital at the end of the year over its beginning")
        def kratio(m, r):
            return (1.0 - m.worn[r] + m.newshare[r] * m.qprivate[r] / m.qe[capital, r]) / (1.0 - m.worn[r] + m.newshare[r])

        @equation("r", "expected rates of return are equal", defines="sfsav", source="Corong et al. 2017, E_qinv")
        def e_fsav(m, r):
            return m.rorc[r] * m.kratio[r] ** (-m.flex) == m.rorg

        @equation("", "foreign saving of the world is zero", defines="rorg", owner="world", logs=False)
        def e_rorg(m):
            return sum(m.fsav[r] / m.world_0 for r in m.reg) == 0.0

        def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
            at = data.sets["endw"].index(capital)
            paid = data["evfb"][at]
            rate = ratio(paid.sum(0), stock)
            worn = np.broadcast_to(np.asarray(depreciation, float), rate.shape).copy()
            if (rate <= worn).any():
                poor = [r for r, x, w in zip(data.sets["reg"], rate, worn, strict=True) if x <= w]
                raise ModelError(
                    f"capital of {', '.join(poor)} earns less than it wears; lower the depreciation"
                )
            held = dict(super().calibrate(data))
            invested = held["inv_0"]
            foreign = held.pop("fsav")
            return {
                **held,
                "sfsav": ratio(foreign, invested),
                "world_0": np.array(invested.sum()),
                "gross": rate,
                "worn": worn,
                "newshare": ratio(invested, stock),
                "flex": np.array(rorflex),
                "gpub": np.zeros_like(stock),
            }

    class GrowthAccounts(NationalAccounts):
        """Real GDP as a variable, so that a baseline can hold it to a path."""

        rgdp = variable("r", "real GDP, Fisher index")

        @equation("r", "real GDP", defines="rgdp")
        def e_rgdp(m, r):
            return m.rgdp[r] == m.qgdp[r]

    if investment not in ("saving", "returns"):
        raise ModelError(f"unknown investment rule {investment!r}; choose 'saving' or 'returns'")
    swap: dict[type[Block], type[Block]] = {
        Production: GrowthProduction,
        Income: NationalIncome,
        Investment: InvestmentByReturns if investment == "returns" else GrowthInvestment,
        Accounts: GrowthAccounts,
        Welfare: NationalWelfare,
    }
    return tuple(swap.get(block, block) for block in CORE)
