"""The make matrix: activities of several commodities, commodities of several activities.

An activity spreads its output over commodities along a CET frontier (``etraq`` < 0); a commodity gathers what
activities supply with the inverse elasticity ``esubq`` (0: perfect substitutes). Corong et al. 2017, section
3.2. With one activity a commodity and one commodity an activity it is the ordinary model.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.blocks.markets import Markets
from cge.blocks.production import Production
from cge.calibrated import Calibrated, ratio
from cge.ces import ces_price, ces_price_of_two
from cge.declare import definition, equation, instrument, parameter, variable
from cge.gtap.blocks import GtapAccounts, GtapIncome


class MakeProduction(Production):
    """Production with a make matrix."""

    multi_product = True

    e_pds = None

    po = variable("a r", "unit revenue of an activity, after output tax")
    pca = variable("i a r", "basic price of a commodity from an activity")
    qca = variable("i a r", "supply of a commodity by an activity")

    to = instrument("i a r", "power of the output tax (basic over supply price)")

    to_0 = parameter("i a r", "benchmark power of the output tax", structural=False)
    etraq = parameter("a r", "transformation among commodities", structural=False)
    esubq = parameter("i r", "inverse of the substitution among activities", structural=False)
    smk = parameter("i a r", "share of a commodity in the revenue of an activity")
    sco = parameter("i a r", "share of an activity in the supply of a commodity")
    makb = parameter("i a r", "benchmark make matrix, basic prices", "million USD")

    @definition("i a r", "supply price of a commodity from an activity, after output tax")
    def psca(m, i, a, r):
        return m.pca[i, a, r] * (m.to_0[i, a, r] / m.to[i, a, r])

    @definition("a r", "supply price received by the activity")
    def ps(m, a, r):
        return m.po[a, r]

    @equation("a r", "zero profit: unit revenue equals unit cost", defines="po", source="E_qo")
    def e_po(m, a, r):
        cost = ces_price_of_two(m.sva[a, r], m.pva[a, r] / m.ava[a, r], m.pint[a, r] / m.aint[a, r], m.esubt[a, r])
        return m.po[a, r] * m.ao[a, r] == cost

    @equation("a r", "unit revenue of the CET bundle of commodities", defines="qo", source="E_po")
    def e_qoa(m, a, r):
        return m.po[a, r] == ces_price(m.comm, lambda i: m.smk[i, a, r], lambda i: m.psca[i, a, r], m.etraq[a, r])

    @equation("i a r", "supply of a commodity by an activity", defines="qca", source="E_qca")
    def e_qca(m, i, a, r):
        return m.qca[i, a, r] == m.qo[a, r] * (m.psca[i, a, r] / m.po[a, r]) ** (-m.etraq[a, r])

    @equation("i a r", "price of a commodity from an activity", defines="pca", source="E_pca")
    def e_pca(m, i, a, r):
        return m.pca[i, a, r] == m.pds[i, r] * (m.qc[i, r] / m.qca[i, a, r]) ** m.esubq[i, r]

    @equation("i r", "supply of a commodity gathered from activities", defines="pds", source="E_pds")
    def e_pdsq(m, i, r):
        return m.qc[i, r] == ces_price(m.acts, lambda a: m.sco[i, a, r], lambda a: m.qca[i, a, r], m.esubq[i, r])

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        makb, maks = data["makb"], data["maks"]
        tax = ratio(makb, maks, empty=1.0)
        return {
            **super().calibrate(data),
            "to": tax,
            "to_0": tax.copy(),
            "etraq": data.elasticity("etraq"),
            "esubq": data.elasticity("esubq"),
            "smk": ratio(maks, maks.sum(0), empty=1.0 / len(maks)),
            "sco": ratio(makb, makb.sum(1, keepdims=True), empty=1.0 / makb.shape[1]),
            "makb": makb,
        }

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        cells = data["makb"] > 0
        return {**super().masks(data), "po": np.asarray(cells.any(0)), "pca": cells, "qca": cells}


class MakeMarkets(Markets):
    """Markets of commodities; activities have their own output."""

    qo = variable("a r", "output of an activity")
    qc = variable("i r", "supply of a commodity")

    @equation("i r", "supply of a commodity equals domestic and foreign demand", defines="qc", source="E_qds")
    def e_qo(m, i, r):
        firms = sum(m.vdfb[i, a, r] * m.qfd[i, a, r] for a in m.acts)
        final = m.vdpb[i, r] * m.qpd[i, r] + m.vdgb[i, r] * m.qgd[i, r] + m.vdib[i, r] * m.qid[i, r]
        exports = sum(m.vxsb[i, r, d] * m.qxs[i, r, d] for d in m.reg)
        freight = sum(m.ismar[k, i] * (m.vst[k, r] * m.qst[k, r]) for k in m.marg)
        return m.vob[i, r] * m.qc[i, r] == firms + final + exports + freight

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        return {**super().masks(data), "qo": data["makb"].sum(0) > 0, "qc": data.output() > 0}


class MakeIncome(GtapIncome):
    """Output tax by commodity and activity."""

    @definition("r", "revenue of the output tax", "million USD")
    def rto(m, r):
        return sum(
            m.makb[i, a, r] * (1.0 - 1.0 / m.to[i, a, r]) * (m.pca[i, a, r] * m.qca[i, a, r]) for i in m.comm for a in m.acts
        )


class MakeAccounts(GtapAccounts):
    """Output valued by commodity."""

    @definition("r", "GDP from value added and taxes on products", "million USD")
    def gdpva(m, r):
        output = sum(m.vob[i, r] * (m.pds[i, r] * m.qc[i, r]) for i in m.comm)
        inputs = sum(
            m.vdfp[i, a, r] * (m.pfd[i, a, r] * m.qfd[i, a, r]) + m.vmfp[i, a, r] * (m.pfm[i, a, r] * m.qfm[i, a, r])
            for i in m.comm
            for a in m.acts
        )
        return output - inputs + m.rtf[r] + m.rtu[r] + m.rtx[r] + m.rtm[r]
