"""Firms of the covered sector: what a unit costs, from which class of suppliers, free and complying.

Inputs outside the rules' reach are in fixed proportions. A complying firm buys at feebate prices (:mod:`.rules`); where every
pair is complementary the fees and rebates of a unit sum to zero, so its cost at feebate prices is its true cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cge.equations.ces import ces_price
from cge.equations.declare import definition, equation, parameter, variable
from cge.mechanisms.origin.industry import CoveredBlock, Industry


class Firms(CoveredBlock):
    """Prices of supplier classes, the cost of a unit, and what complying firms buy."""

    pout = variable("r", "price of material from outside the area")
    phigh = variable("r", "price of material from members above the wage floor")
    plow = variable("r", "price of material from other members")
    pmout = variable("r", "price of metals from outside the area")
    pmin = variable("r", "price of metals from the area")
    cva = variable("r", "value added in a unit", "share of benchmark cost", signed=True)
    cmat = variable("r", "quantity of material in a unit")
    cmet = variable("r", "quantity of metals in a unit")
    coth = variable("r", "other inputs in a unit", "share of benchmark cost", signed=True)
    cout = variable("r", "other inputs from outside the area in a unit", "share of benchmark cost", signed=True)
    pfree = variable("k r", "price of material to a type that is free to choose")
    pcomp = variable("k r", "price of material to a complying type, feebates included")
    prem = variable("k r", "cost of complying over free cost", "share of benchmark cost", signed=True)
    esubp = parameter("r", "substitution among suppliers of material and of metals", structural=False)
    wtype = parameter("k r", "weight of a type")
    bout = parameter("k r", "outside share of a type's material")
    bhigh = parameter("k r", "share of members above the wage floor in a type's material")
    blow = parameter("k r", "share of other members in a type's material")
    sout = parameter("s r", "share of an outsider in outside material")
    shigh = parameter("s r", "share of a member in material of members above the wage floor")
    slow = parameter("s r", "share of a member in material of other members")
    smout = parameter("s r", "share of an outsider in outside metals")
    smin = parameter("s r", "share of a member in metals of the area")
    bmout = parameter("r", "outside share of metals")
    smat = parameter("r", "share of material in benchmark cost")
    smet = parameter("r", "share of metals in benchmark cost")
    svadd = parameter("r", "share of value added in benchmark cost")
    scost = parameter("i r", "share of an input in benchmark cost, material and metals left out")
    soth = parameter("i s r", "share of an outsider in imports of other inputs")
    simp = parameter("i r", "imported share of other inputs")
    ishome = parameter("s r", "1 for a region's own suppliers")
    ishigh = parameter("r", "1 for members above the wage floor")
    stfree = parameter("", "share of steel in metals")

    @definition("s r", "price of material from a supplier to the covered sector")
    def psup(self, m: Any, s: Any, r: Any) -> Any:
        return supplier(m, self.sector, self.material, s, r)

    @definition("s r", "price of metals from a supplier to the covered sector")
    def psupm(self, m: Any, s: Any, r: Any) -> Any:
        return supplier(m, self.sector, self.metals, s, r)

    @equation("r", "price of material from outside", defines="pout")
    def e_pout(m: Any, r: Any) -> Any:
        return m.pout[r] == ces_price(m.reg, lambda s: m.sout[s, r], lambda s: m.psup[s, r], m.esubp[r])

    @equation("r", "price of material from members above the wage floor", defines="phigh")
    def e_phigh(m: Any, r: Any) -> Any:
        return m.phigh[r] == ces_price(m.reg, lambda s: m.shigh[s, r], lambda s: m.psup[s, r], m.esubp[r])

    @equation("r", "price of material from other members", defines="plow")
    def e_plow(m: Any, r: Any) -> Any:
        return m.plow[r] == ces_price(m.reg, lambda s: m.slow[s, r], lambda s: m.psup[s, r], m.esubp[r])

    @equation("r", "price of metals from outside", defines="pmout")
    def e_pmout(m: Any, r: Any) -> Any:
        return m.pmout[r] == ces_price(m.reg, lambda s: m.smout[s, r], lambda s: m.psupm[s, r], m.esubp[r])

    @equation("r", "price of metals from the area", defines="pmin")
    def e_pmin(m: Any, r: Any) -> Any:
        return m.pmin[r] == ces_price(m.reg, lambda s: m.smin[s, r], lambda s: m.psupm[s, r], m.esubp[r])

    @equation("r", "value added in a unit", defines="cva", logs=False)
    def e_cva(self, m: Any, r: Any) -> Any:
        return m.cva[r] == m.svadd[r] * m.pva[self.sector, r] * m.qva[self.sector, r] / m.qo[self.sector, r]

    @equation("r", "material in a unit", defines="cmat")
    def e_cmat(self, m: Any, r: Any) -> Any:
        return m.cmat[r] * m.qo[self.sector, r] == m.qfa[self.material, self.sector, r]

    @equation("r", "metals in a unit", defines="cmet")
    def e_cmet(self, m: Any, r: Any) -> Any:
        return m.cmet[r] * m.qo[self.sector, r] == m.qfa[self.metals, self.sector, r]

    @equation("r", "other inputs in a unit", defines="coth", logs=False)
    def e_coth(self, m: Any, r: Any) -> Any:
        bought = sum(m.scost[i, r] * m.pfa[i, self.sector, r] * m.qfa[i, self.sector, r] for i in m.comm)
        return m.coth[r] * m.qo[self.sector, r] == bought

    @definition("i r", "share of outsiders in imports of an input")
    def fromout(m: Any, i: Any, r: Any) -> Any:
        power = m.esubm[i, r] - 1.0
        return sum(m.soth[i, s, r] * (m.pmf[i, r] * m.ams[i, s, r] / m.pmds[i, s, r]) ** power for s in m.reg)

    @equation("r", "other inputs from outside in a unit", defines="cout", logs=False)
    def e_cout(self, m: Any, r: Any) -> Any:
        bought = sum(
            m.scost[i, r] * m.simp[i, r] * m.pfm[i, self.sector, r] * m.qfm[i, self.sector, r] * m.fromout[i, r] for i in m.comm
        )
        return m.cout[r] * m.qo[self.sector, r] == bought

    @equation("k r", "price of material to a free type", defines="pfree")
    def e_pfree(m: Any, k: Any, r: Any) -> Any:
        return m.pfree[k, r] == three(m, k, r, m.pout[r], m.phigh[r], m.plow[r])

    @equation("k r", "price of material to a complying type", defines="pcomp")
    def e_pcomp(m: Any, k: Any, r: Any) -> Any:
        return m.pcomp[k, r] == three(m, k, r, m.fout[k, r] * m.pout[r], m.fhigh[k, r] * m.phigh[r], m.fall[k, r] * m.plow[r])

    @definition("k r", "material from outside in a unit of material, complying")
    def xout(m: Any, k: Any, r: Any) -> Any:
        return m.bout[k, r] * (m.pcomp[k, r] / (m.fout[k, r] * m.pout[r])) ** m.esubp[r]

    @definition("k r", "material from members above the wage floor, complying")
    def xhigh(m: Any, k: Any, r: Any) -> Any:
        return m.bhigh[k, r] * (m.pcomp[k, r] / (m.fhigh[k, r] * m.phigh[r])) ** m.esubp[r]

    @definition("k r", "material from other members, complying")
    def xlow(m: Any, k: Any, r: Any) -> Any:
        return m.blow[k, r] * (m.pcomp[k, r] / (m.fall[k, r] * m.plow[r])) ** m.esubp[r]

    @definition("r", "price of metals, free")
    def pmetfree(m: Any, r: Any) -> Any:
        return pair(m, r, m.pmout[r], m.pmin[r])

    @definition("k r", "price of steel to a complying type")
    def psteel(m: Any, k: Any, r: Any) -> Any:
        return pair(m, r, m.fsout[k, r] * m.pmout[r], m.fsin[k, r] * m.pmin[r])

    @definition("k r", "price of aluminium to a complying type")
    def palu(m: Any, k: Any, r: Any) -> Any:
        return pair(m, r, m.faout[k, r] * m.pmout[r], m.fain[k, r] * m.pmin[r])

    @definition("k r", "value of outside metals in a unit of metals, complying")
    def vmetout(m: Any, k: Any, r: Any) -> Any:
        steel = (m.psteel[k, r] / (m.fsout[k, r] * m.pmout[r])) ** m.esubp[r]
        alu = (m.palu[k, r] / (m.faout[k, r] * m.pmout[r])) ** m.esubp[r]
        return m.bmout[r] * m.pmout[r] * (m.stfree * steel + (1.0 - m.stfree) * alu)

    @definition("k r", "value of metals of the area in a unit of metals, complying")
    def vmetin(m: Any, k: Any, r: Any) -> Any:
        steel = (m.psteel[k, r] / (m.fsin[k, r] * m.pmin[r])) ** m.esubp[r]
        alu = (m.palu[k, r] / (m.fain[k, r] * m.pmin[r])) ** m.esubp[r]
        return (1.0 - m.bmout[r]) * m.pmin[r] * (m.stfree * steel + (1.0 - m.stfree) * alu)

    @definition("k r", "value of material in a unit, complying")
    def vmat(m: Any, k: Any, r: Any) -> Any:
        return m.pout[r] * m.xout[k, r] + m.phigh[r] * m.xhigh[k, r] + m.plow[r] * m.xlow[k, r]

    @definition("r", "cost beside inputs in a unit, as of carbon", "share of benchmark cost")
    def cbeside(self, m: Any, r: Any) -> Any:
        return m.costadd[self.sector, r] / m.ao[self.sector, r]

    @definition("k r", "cost of a complying unit at market prices", "share of benchmark cost")
    def ccomp(m: Any, k: Any, r: Any) -> Any:
        metals = m.smet[r] * m.cmet[r] * (m.vmetout[k, r] + m.vmetin[k, r])
        return m.cva[r] + m.coth[r] + m.cbeside[r] + m.smat[r] * m.cmat[r] * m.vmat[k, r] + metals

    @definition("k r", "inputs from outside in a complying unit", "share of benchmark cost")
    def vnm(m: Any, k: Any, r: Any) -> Any:
        metals = m.smet[r] * m.cmet[r] * m.vmetout[k, r]
        return m.cout[r] + m.smat[r] * m.cmat[r] * m.pout[r] * m.xout[k, r] + metals

    @definition("k r", "labour content above the wage floor in a complying unit", "share of benchmark cost")
    def vlabour(m: Any, k: Any, r: Any) -> Any:
        return m.ishigh[r] * m.cva[r] + m.smat[r] * m.cmat[r] * m.phigh[r] * m.xhigh[k, r]

    @definition("k r", "regional value content of a complying unit", "share of cost")
    def content(m: Any, k: Any, r: Any) -> Any:
        return 1.0 - m.vnm[k, r] / m.ccomp[k, r]

    @definition("k r", "regional value content of a free unit", "share of cost")
    def contentfree(m: Any, k: Any, r: Any) -> Any:
        material = m.smat[r] * m.cmat[r]
        metals = m.smet[r] * m.cmet[r]
        outside = m.bout[k, r] * m.pout[r] * (m.pfree[k, r] / m.pout[r]) ** m.esubp[r]
        metout = m.bmout[r] * m.pmout[r] * (m.pmetfree[r] / m.pmout[r]) ** m.esubp[r]
        cost = m.cva[r] + m.coth[r] + m.cbeside[r] + material * m.pfree[k, r] + metals * m.pmetfree[r]
        return 1.0 - (m.cout[r] + material * outside + metals * metout) / cost

    @equation("k r", "cost of complying", defines="prem", logs=False)
    def e_prem(m: Any, k: Any, r: Any) -> Any:
        free = m.smat[r] * m.cmat[r] * m.pfree[k, r] + m.smet[r] * m.cmet[r] * m.pmetfree[r]
        return m.prem[k, r] == m.ccomp[k, r] - m.cva[r] - m.coth[r] - m.cbeside[r] - free

    def calibrate_from(self, industry: Industry) -> Mapping[str, np.ndarray]:
        return {**industry.cost_shares(), **industry.supplier_shares(), **industry.unit()}


def supplier(m: Any, sector: str, i: str, s: Any, r: Any) -> Any:
    """Price of commodity ``i`` from ``s`` to the covered ``sector`` of ``r``: at home the domestic price."""
    abroad = m.pmds[i, s, r] / m.ams[i, s, r] * (m.tfm[i, sector, r] / m.tfm_0[i, sector, r])
    return m.ishome[s, r] * m.pfd[i, sector, r] + (1.0 - m.ishome[s, r]) * abroad


def three(m: Any, k: Any, r: Any, outside: Any, high: Any, low: Any) -> Any:
    """CES price of material over classes of suppliers at these prices, with a type's shares."""
    rho = 1.0 - m.esubp[r]
    return (m.bout[k, r] * outside**rho + m.bhigh[k, r] * high**rho + m.blow[k, r] * low**rho) ** (1.0 / rho)


def pair(m: Any, r: Any, outside: Any, inside: Any) -> Any:
    """CES price of metals at these prices of the two classes."""
    rho = 1.0 - m.esubp[r]
    return (m.bmout[r] * outside**rho + (1.0 - m.bmout[r]) * inside**rho) ** (1.0 / rho)
