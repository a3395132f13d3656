"""Government: a fixed share of regional income, spent in fixed value shares (Cobb-Douglas)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.equations.calibrated import Calibrated, ratio
from cge.equations.ces import ces_price_of_two
from cge.equations.declare import Block, definition, instrument, parameter


class Government(Block):
    """Public purchases."""

    tgd = instrument("i r", "power of the tax on government purchases of domestic goods")
    tgm = instrument("i r", "power of the tax on government purchases of imports")
    dpgov = instrument("r", "shift of the government's share of income", "index, benchmark = 1")

    tgd_0 = parameter("i r", "benchmark power of the tax on domestic goods", structural=False)
    tgm_0 = parameter("i r", "benchmark power of the tax on imports", structural=False)
    vgp = parameter("i r", "benchmark government purchases at purchasers' prices", "million USD")
    sga = parameter("i r", "share of a commodity in government spending")
    sgd = parameter("i r", "domestic share of government purchases")
    yg_0 = parameter("r", "benchmark government expenditure", "million USD")
    ingov = parameter("u", "1 for the sourcing class of government demand")

    @definition("r", "government expenditure", "million USD")
    def yg(m, r):
        return m.yg_0[r] * m.dpgov[r] * m.y[r]

    @definition("i r", "government price of the domestic good")
    def pgd(m, i, r):
        return m.pds[i, r] * (m.tgd[i, r] / m.tgd_0[i, r])

    @definition("i r", "basic price of imports for government use")
    def pmg(m, i, r):
        return sum(m.ingov[u] * m.pms[i, u, r] for u in m.uses)

    @definition("i r", "government price of the imported good")
    def pgm(m, i, r):
        return m.pmg[i, r] * (m.tgm[i, r] / m.tgm_0[i, r])

    @definition("i r", "government price of the composite")
    def pga(m, i, r):
        return ces_price_of_two(m.sgd[i, r], m.pgd[i, r], m.pgm[i, r], m.esubd[i, r])

    @definition("i r", "government demand for the composite")
    def qga(m, i, r):
        return m.dpgov[r] * m.y[r] / m.pga[i, r]

    @definition("i r", "government demand for the domestic good")
    def qgd(m, i, r):
        return m.qga[i, r] * (m.pga[i, r] / m.pgd[i, r]) ** m.esubd[i, r]

    @definition("i r", "government demand for the imported good")
    def qgm(m, i, r):
        return m.qga[i, r] * (m.pga[i, r] / m.pgm[i, r]) ** m.esubd[i, r]

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        domestic, imported = data["vdgp"], data["vmgp"]
        bought = domestic + imported
        powers = {"tgd": data.power("vdgp", "vdgb"), "tgm": data.power("vmgp", "vmgb")}
        return {
            **powers,
            **{f"{k}_0": v.copy() for k, v in powers.items()},
            "dpgov": np.ones(bought.shape[1]),
            "vgp": bought,
            "sga": ratio(bought, bought.sum(0)),
            "sgd": ratio(domestic, bought, empty=1.0),
            "yg_0": bought.sum(0),
            "ingov": data.membership("gov"),
        }
