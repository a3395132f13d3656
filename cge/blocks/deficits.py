"""A static model without investment: the trade deficit is a transfer to households.

The closure of Caliendo and Parro (2015) and of quantitative trade models: income is wages, tariff revenue
and the deficit, all spent on consumption. The deficit ``fsav`` is fixed in the numeraire. Welfare is real consumption:
there is no saving to value, and the deficit is part of what is spent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from cge.blocks import Accounts, Factors, Government, Households, Income, Margins, Markets, Production, Trade, Welfare
from cge.blocks.investment import Investment
from cge.equations.calibrated import Calibrated
from cge.equations.declare import definition
from cge.errors import ModelError


class Deficits(Investment):
    """Households receive the deficit; nobody invests."""

    e_qinv = None
    dpsave = None
    save_0 = None
    finance = None

    @definition("r", "depreciation: none", "million USD")
    def depr(m, r):
        return 0.0 * m.pinv[r]

    @definition("r", "net regional saving: minus the deficit", "million USD")
    def saving(m, r):
        return -m.fsav[r] * m.pfactwld - m.y_0[r] * m.walraslack

    @definition("", "excess of the world's income and deficits over its spending: zero by Walras' law", "million USD")
    def excess(m):
        income = sum(m.y_0[r] * m.y[r] - m.yg[r] + m.fsav[r] * m.pfactwld for r in m.reg)
        return income - sum(m.vpp[i, r] * (m.ppa[i, r] * m.qpa[i, r]) for i in m.comm for r in m.reg)

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        spent, worn = data.benchmark.sam.expenditure()["inv"], data["vdep"]
        regions = data.sets["reg"]
        for amount, what in ((spent, "invests"), (worn, "has depreciation")):
            if (amount > 0).any():
                r = int(amount.argmax())
                money = f"{amount[r]:,.4g} million {data.benchmark.currency}"
                raise ModelError(
                    f"{regions[r]} {what} in benchmark {data.benchmark.name!r} ({money}), and the trade "
                    "model (TRADE_MODEL) knows no investment: use the core blocks, or fold investment into consumption "
                    "(calibration.from_flows.one_final_demand)"
                )
        held = dict(super().calibrate(data))
        for name in ("dpsave", "save_0"):
            held.pop(name)
        return held

    def refuse_no_investment(self, data: Calibrated) -> None:
        """Nobody invests here, which is what this block is for."""


class RealConsumption(Welfare):
    """Utility is real consumption, private and public, in money metric at benchmark prices; EV its change."""

    shprv = None
    shgov = None
    shsave = None
    qsave = None
    without: ClassVar[dict[str, str]] = {
        "qsave": "nobody saves in the trade model; what is not earned is the deficit fsav",
        "dpsave": "nobody saves in the trade model; move the deficit fsav",
    }

    @definition("r", "real consumption, private and public: money metric at benchmark prices")
    def u(m, r):
        return (m.yp_0[r] * m.up[r] + m.yg_0[r] * m.ug[r]) / (m.yp_0[r] + m.yg_0[r])

    @definition("r", "equivalent variation: change of real consumption", "million USD")
    def ev(m, r):
        return m.yp_0[r] * (m.up[r] - 1.0) + m.yg_0[r] * (m.ug[r] - 1.0)

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        return {"yp_0": data.benchmark.sam.expenditure()["prv"]}


TRADE_MODEL = (
    Production,
    Factors,
    Trade,
    Margins,
    Households,
    Government,
    Deficits,
    Markets,
    Income,
    Accounts,
    RealConsumption,
)
"""Blocks of a quantitative trade model: no investment; welfare is real consumption."""
