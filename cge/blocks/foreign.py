"""Nations that own capital abroad: income on foreign positions, and GNP beside GDP.

The regional household has, besides what its region makes, the net income on what it owns abroad less what it owes. A
benchmark without positions has none and the blocks are the core's. With them
(:func:`calibration.foreign_capital.with_positions`) the SAM, which has no account for such income, stays as it is, and what
the household saves is more by what it receives: consumption is observed, so saving is what national income leaves. Foreign
saving is minus the current account, the trade balance and that income.

``NATIONAL`` composes a static model; :mod:`cge.blocks.growth` builds a year of a path on the same blocks. Positions stand in
the numeraire at returns that are stated, so ``finc`` is an instrument: a policy or a path moves it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from calibration.foreign_capital import foreign_income
from cge.blocks import CORE, Accounts, Income, Investment, Welfare
from cge.calibrated import Calibrated, ratio
from cge.declare import Block, definition, equation, instrument


class NationalIncome(Income):
    """Income with what foreign assets pay."""

    finc = instrument("r", "income on foreign assets and transfers, in the numeraire", "million USD", signed=True)

    @equation("r", "income: factor payments, taxes and foreign income less depreciation", defines="y")
    def e_y(m, r):
        return m.y_0[r] * m.y[r] == m.facty[r] + m.tax[r] + m.finc[r] * m.pfactwld - m.depr[r]

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        core, abroad = super().calibrate(data), foreign_income(data.benchmark)
        return {**core, "finc": abroad, "y_0": core["y_0"] + abroad}


class NationalSaving(Investment):
    """Investment financed out of national income."""

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        core, abroad = super().calibrate(data), foreign_income(data.benchmark)
        return {**core, "save_0": core["save_0"] + abroad, "fsav": core["fsav"] - abroad}


class NationalAccounts(Accounts):
    """National accounts with the national product."""

    @definition("r", "gross national product: GDP and net income from abroad", "million USD")
    def gnp(m, r):
        return m.gdp[r] + m.finc[r] * m.pfactwld


class NationalWelfare(Welfare):
    """Welfare of a household that has national income."""

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        core, abroad = super().calibrate(data), foreign_income(data.benchmark)
        income, spent = data.benchmark.sam.income() + abroad, data.benchmark.sam.expenditure()
        return {
            **core,
            "shprv": ratio(spent["prv"], income),
            "shgov": ratio(spent["gov"], income),
            "shsave": ratio(data["save"] + abroad, income),
        }


IN_PLACE_OF: Mapping[type[Block], type[Block]] = {
    Income: NationalIncome,
    Investment: NationalSaving,
    Accounts: NationalAccounts,
    Welfare: NationalWelfare,
}

NATIONAL = tuple(IN_PLACE_OF.get(block, block) for block in CORE)
"""The core blocks with income on foreign positions."""
