"""Private demand: Stone-Geary (linear expenditure system), of which Cobb-Douglas is the default case.

Quantities bought are a committed part that grows with population and a part that the supernumerary
income buys in fixed value shares (Stone 1954). With income elasticity eta_i and Frisch parameter w the
committed share of benchmark demand is 1 + eta_i / w, which is 0 for eta = 1, w = -1 (Cobb-Douglas).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.equations.calibrated import Calibrated, ratio
from cge.equations.ces import ces_price_of_two
from cge.equations.declare import Block, definition, equation, instrument, parameter, variable
from cge.errors import ModelError


class Households(Block):
    """Demand of private households for composites of domestic and imported."""

    ysup = variable("r", "supernumerary expenditure")
    ppriv = variable("r", "consumer price index")

    tpd = instrument("i r", "power of the tax on private purchases of domestic goods")
    tpm = instrument("i r", "power of the tax on private purchases of imports")
    pop = instrument("r", "population", "index, benchmark = 1")

    tpd_0 = parameter("i r", "benchmark power of the tax on domestic goods", structural=False)
    tpm_0 = parameter("i r", "benchmark power of the tax on imports", structural=False)
    vpp = parameter("i r", "benchmark private purchases at purchasers' prices", "million USD")
    spa = parameter("i r", "share of a commodity in private spending")
    spd = parameter("i r", "domestic share of private purchases")
    committed = parameter("i r", "committed share of benchmark demand", structural=False)
    inprv = parameter("u", "1 for the sourcing class of private demand")

    @definition("i r", "consumer price of the domestic good")
    def ppd(m, i, r):
        return m.pds[i, r] * (m.tpd[i, r] / m.tpd_0[i, r])

    @definition("i r", "basic price of imports for private use")
    def pmp(m, i, r):
        return sum(m.inprv[u] * m.pms[i, u, r] for u in m.uses)

    @definition("i r", "consumer price of the imported good")
    def ppm(m, i, r):
        return m.pmp[i, r] * (m.tpm[i, r] / m.tpm_0[i, r])

    @definition("i r", "consumer price of the composite")
    def ppa(m, i, r):
        return ces_price_of_two(m.spd[i, r], m.ppd[i, r], m.ppm[i, r], m.esubd[i, r])

    @definition("i r", "private demand for the composite")
    def qpa(m, i, r):
        return m.committed[i, r] * m.pop[r] + (1.0 - m.committed[i, r]) * m.ysup[r] / m.ppa[i, r]

    @definition("i r", "private demand for the domestic good")
    def qpd(m, i, r):
        return m.qpa[i, r] * (m.ppa[i, r] / m.ppd[i, r]) ** m.esubd[i, r]

    @definition("i r", "private demand for the imported good")
    def qpm(m, i, r):
        return m.qpa[i, r] * (m.ppa[i, r] / m.ppm[i, r]) ** m.esubd[i, r]

    @definition("r", "private expenditure", "million USD")
    def yp(m, r):
        return m.y_0[r] * m.y[r] - m.yg[r] - m.saving[r]

    @equation("r", "supernumerary expenditure: what is left after committed purchases", defines="ysup", source="Stone 1954")
    def e_ysup(m, r):
        free = sum(m.vpp[i, r] * (1.0 - m.committed[i, r]) for i in m.comm)
        bound = sum(m.vpp[i, r] * m.committed[i, r] * m.ppa[i, r] for i in m.comm)
        return free * m.ysup[r] == m.yp[r] - m.pop[r] * bound

    @equation("r", "consumer price index with benchmark value shares", defines="ppriv")
    def e_ppriv(m, r):
        from pyomo.environ import exp, log

        return m.ppriv[r] == exp(sum(m.spa[i, r] * log(m.ppa[i, r]) for i in m.comm))

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        domestic, imported = data["vdpp"], data["vmpp"]
        bought = domestic + imported
        share = ratio(bought, bought.sum(0))
        powers = {"tpd": data.power("vdpp", "vdpb"), "tpm": data.power("vmpp", "vmpb")}
        eta = data.elasticity("incelas")
        eta = eta / np.where((share * eta).sum(0) > 0, (share * eta).sum(0), 1.0)  # Engel aggregation
        committed = 1.0 + eta / data.elasticity("frisch")
        committed[abs(committed) < 1e-12] = 0.0  # Cobb-Douglas exactly, whatever the rounding of the shares
        if ((committed < 0) & (bought > 0)).any():
            i, r = np.argwhere((committed < 0) & (bought > 0))[0]
            labels = data.sets
            raise ModelError(
                f"Stone-Geary demand for {labels['comm'][i]} in {labels['reg'][r]} has a negative committed part: "
                "income elasticity above minus the Frisch parameter; lower incelas or the Frisch parameter"
            )
        return {
            **powers,
            **{f"{k}_0": v.copy() for k, v in powers.items()},
            "pop": np.ones(bought.shape[1]),
            "vpp": bought,
            "spa": share,
            "spd": ratio(domestic, bought, empty=1.0),
            "committed": committed,
            "inprv": data.membership("prv"),
        }
