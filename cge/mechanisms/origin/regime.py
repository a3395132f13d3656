"""The choice of regime: a shipment enters under the preference if it complies, else at the most-favoured-nation duty.

Idiosyncratic costs of complying make the choice a logit, which is a CES over the two modes (Anderson, de Palma, Thisse 1992),
so that the price a buyer faces is the expected minimum. Types set weights, not products: the price of a shipment is the mean
over types. Paperwork is an iceberg cost: a share ``paper`` of each complying shipment is used up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cge.equations.declare import adds, definition, equation, instrument, parameter, variable
from cge.mechanisms.origin.industry import CoveredBlock, Industry


class Regime(CoveredBlock):
    """Shipments within the area: under the preference or at the ordinary duty."""

    dship = variable("s d", "demand for shipments of the covered sector")
    pship = variable("s d", "price of a shipment, mean over types and regimes")
    qship = variable("s d", "product used per shipment delivered")
    zcomp = variable("k r", "output that complies", "share of benchmark shipments within the area", signed=True)
    tmfn = instrument("s d", "power of the most-favoured-nation duty on the covered sector")
    paper = instrument("s d", "paperwork: share of a complying shipment used up, plus one")
    use0 = instrument(
        "k s d", "utilisation at the reference margin (1: no document is asked, 0: none is granted)", "share", signed=True
    )
    aref = instrument("s d", "reference price under the preference", "index")
    bref = instrument("s d", "reference price at the most-favoured-nation duty", "index")
    kappa = parameter("", "scale of the choice of regime", structural=False)
    incov = parameter("i s d", "1 for shipments of the covered sector within the area")
    vprod = parameter("s d", "benchmark shipments at basic prices", "million USD")
    sbas = parameter("s d", "cost of a shipment over its cif value")
    vship = parameter("r", "benchmark shipments within the area", "million USD")
    tov = parameter("r", "benchmark power of the output tax on the covered sector", structural=False)

    @definition("k s d", "delivered price under the preference")
    def apref(self, m: Any, k: Any, s: Any, d: Any) -> Any:
        return (
            m.paper[s, d]
            * (m.pcif[self.sector, s, d] + m.sbas[s, d] * m.prem[k, s])
            * (m.tms[self.sector, s, d] / m.tms_0[self.sector, s, d])
        )

    @definition("s d", "delivered price at the most-favoured-nation duty")
    def bmfn(self, m: Any, s: Any, d: Any) -> Any:
        return m.pcif[self.sector, s, d] * (m.tmfn[s, d] / m.tms_0[self.sector, s, d])

    @definition("k s d", "price of a shipment, expected minimum of the two regimes")
    def ptype(m: Any, k: Any, s: Any, d: Any) -> Any:
        preferred = m.use0[k, s, d] * (m.apref[k, s, d] / m.aref[s, d]) ** (-m.kappa)
        ordinary = (1.0 - m.use0[k, s, d]) * (m.bmfn[s, d] / m.bref[s, d]) ** (-m.kappa)
        mean = m.use0[k, s, d] * m.aref[s, d] + (1.0 - m.use0[k, s, d]) * m.bref[s, d]
        return mean * (preferred + ordinary) ** (-1.0 / m.kappa)

    @definition("k s d", "utilisation: share of shipments (by value) under the preference", "share")
    def util(m: Any, k: Any, s: Any, d: Any) -> Any:
        mean = m.use0[k, s, d] * m.aref[s, d] + (1.0 - m.use0[k, s, d]) * m.bref[s, d]
        return m.use0[k, s, d] * (m.ptype[k, s, d] / mean / (m.apref[k, s, d] / m.aref[s, d])) ** m.kappa

    @definition("k s d", "shipments under the preference")
    def qpref(m: Any, k: Any, s: Any, d: Any) -> Any:
        return m.wtype[k, s] * m.util[k, s, d] * m.ptype[k, s, d] / m.apref[k, s, d]

    @definition("k s d", "shipments at the most-favoured-nation duty")
    def qmfn(m: Any, k: Any, s: Any, d: Any) -> Any:
        return m.wtype[k, s] * (1.0 - m.util[k, s, d]) * m.ptype[k, s, d] / m.bmfn[s, d]

    @equation("s d", "demand for shipments", defines="dship")
    def e_dship(self, m: Any, s: Any, d: Any) -> Any:
        drawn = sum(
            m.sxu[self.sector, u, s, d] * (m.qms[self.sector, u, d] * m.pms[self.sector, u, d] ** m.esubm[self.sector, d])
            for u in m.uses
        )
        return (
            m.dship[s, d]
            == m.ams[self.sector, s, d] ** (m.esubm[self.sector, d] - 1.0) * m.pship[s, d] ** (-m.esubm[self.sector, d]) * drawn
            + m.qxsadd[self.sector, s, d]
        )

    @equation("s d", "price of a shipment", defines="pship")
    def e_pship(m: Any, s: Any, d: Any) -> Any:
        return m.pship[s, d] == sum(m.wtype[k, s] * m.ptype[k, s, d] for k in m.types)

    @equation("s d", "product used per shipment", defines="qship")
    def e_qship(m: Any, s: Any, d: Any) -> Any:
        return m.qship[s, d] == sum(m.paper[s, d] * m.qpref[k, s, d] + m.qmfn[k, s, d] for k in m.types)

    @equation("k r", "output that complies", defines="zcomp", logs=False)
    def e_zcomp(m: Any, k: Any, r: Any) -> Any:
        return m.zcomp[k, r] * m.vship[r] == sum(
            m.vprod[r, d] * m.dship[r, d] * m.paper[r, d] * m.qpref[k, r, d] for d in m.reg
        )

    @definition("s d", "premium on complying shipments", "million USD")
    def vprem(m: Any, s: Any, d: Any) -> Any:
        return m.vprod[s, d] * m.dship[s, d] * m.paper[s, d] / m.tov[s] * sum(m.qpref[k, s, d] * m.prem[k, s] for k in m.types)

    @definition("s d", "duty on shipments within the area", "million USD")
    def duty(self, m: Any, s: Any, d: Any) -> Any:
        pref = sum(
            m.qpref[k, s, d] * m.paper[s, d] * (m.pcif[self.sector, s, d] + m.sbas[s, d] * m.prem[k, s]) for k in m.types
        )
        full = sum(m.qmfn[k, s, d] for k in m.types) * m.pcif[self.sector, s, d]
        paid = (m.tms[self.sector, s, d] - 1.0) * pref + (m.tmfn[s, d] - 1.0) * full
        return m.vcif[self.sector, s, d] * m.incov[self.sector, s, d] * m.dship[s, d] * paid

    @adds("pmds")
    @definition("i s d", "regime: price of a shipment over the price at the preferential duty")
    def pmdsreg(m: Any, i: Any, s: Any, d: Any) -> Any:
        return m.incov[i, s, d] * (m.pship[s, d] - m.pcif[i, s, d] * (m.tms[i, s, d] / m.tms_0[i, s, d]))

    @adds("qxs")
    @definition("i s d", "regime: product used up beyond what is delivered")
    def qxsreg(m: Any, i: Any, s: Any, d: Any) -> Any:
        return m.incov[i, s, d] * (m.dship[s, d] * (m.qship[s, d] - 1.0))

    @adds("rtm")
    @definition("r", "regime: duty as firms choose to pay it, over the preferential duty", "million USD")
    def rtmreg(self, m: Any, r: Any) -> Any:
        V = self.sector
        return sum(
            m.duty[s, r] - m.incov[V, s, r] * m.vcif[V, s, r] * (m.tms[V, s, r] - 1.0) * (m.pcif[V, s, r] * m.qxs[V, s, r])
            for s in m.reg
        )

    @adds("vexp")
    @definition("r", "premium on complying shipments, exported", "million USD")
    def vexpprem(self, m: Any, r: Any) -> Any:
        return sum(m.incov[self.sector, r, d] * m.vprem[r, d] for d in m.reg)

    @adds("vimp")
    @definition("r", "premium on complying shipments, imported", "million USD")
    def vimpprem(self, m: Any, r: Any) -> Any:
        return sum(m.incov[self.sector, s, r] * m.vprem[s, r] for s in m.reg)

    def calibrate_from(self, industry: Industry) -> Mapping[str, np.ndarray]:
        regions = len(industry.makes)
        one = np.ones((regions, regions))
        return {
            **industry.shipments(),
            "kappa": np.array(industry.coverage.kappa),
            "paper": one,
            "aref": one.copy(),
            "bref": one.copy(),
            "use0": np.ones((*industry.by_type, regions)),
        }
