"""A static model without investment: the trade deficit is a transfer to households.

The closure of Caliendo and Parro (2015) and of quantitative trade models: income is wages, tariff revenue
and the deficit, all spent on consumption. The deficit ``fsav`` is fixed in the numeraire.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.blocks import Factors, Government, Households, Income, Margins, Markets, Production, Trade
from cge.blocks.investment import Investment
from cge.calibrated import Calibrated
from cge.declare import definition


class Deficits(Investment):
    """Households receive the deficit; nobody invests."""

    e_qinv = None
    dpsave = None
    save_0 = None
    finance = None

    @definition("r", "net regional saving: minus the deficit", "million USD")
    def saving(m, r):
        return -m.fsav[r] * m.pfactwld - m.y_0[r] * m.walraslack

    @definition("", "excess of the world's income and deficits over its spending: zero by Walras' law", "million USD")
    def excess(m):
        income = sum(m.y_0[r] * m.y[r] - m.yg[r] + m.fsav[r] * m.pfactwld for r in m.reg)
        return income - sum(m.vpp[i, r] * (m.ppa[i, r] * m.qpa[i, r]) for i in m.comm for r in m.reg)

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        held = dict(super().calibrate(data))
        for name in ("dpsave", "save_0"):
            held.pop(name)
        return held


TRADE_MODEL = (Production, Factors, Trade, Margins, Households, Government, Deficits, Markets, Income)
"""Blocks of a quantitative trade model: no accounts of investment and no regional utility."""
