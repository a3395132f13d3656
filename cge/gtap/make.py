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
from cge.equations.calibrated import Calibrated, ratio
from cge.equations.ces import ces_price
from cge.equations.declare import definition, equation, instrument, parameter, variable
from cge.gtap.blocks import GtapIncome


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
        return m.po[a, r] * m.ao[a, r] == m.unitcost[a, r]

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

    e_qo = equation("i r", "supply of a commodity equals its demand", defines="qc", source="E_qds")(
        Markets.rules["e_qo"].function
    )

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        return {**super().masks(data), "qo": data["makb"].sum(0) > 0, "qc": data.output() > 0}


class MakeIncome(GtapIncome):
    """Output tax by commodity and activity."""

    @definition("r", "revenue of the output tax", "million USD")
    def rto(m, r):
        return sum(
            m.makb[i, a, r] * (1.0 - 1.0 / m.to[i, a, r]) * (m.pca[i, a, r] * m.qca[i, a, r]) for i in m.comm for a in m.acts
        )
