"""Goods markets: output of each commodity, and imports of each sourcing class, equal their uses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.equations.calibrated import Calibrated
from cge.equations.declare import Block, definition, equation, parameter, variable


class Markets(Block):
    """Market clearing of domestic and imported commodities."""

    qo = variable("i r", "output")
    qms = variable("i u d", "imports of a sourcing class")

    vdfb = parameter("i a r", "benchmark domestic intermediates, basic prices", "million USD")
    vmfb = parameter("i a r", "benchmark imported intermediates, basic prices", "million USD")
    vdpb = parameter("i r", "benchmark domestic private purchases, basic prices", "million USD")
    vmpb = parameter("i r", "benchmark imported private purchases, basic prices", "million USD")
    vdgb = parameter("i r", "benchmark domestic government purchases, basic prices", "million USD")
    vmgb = parameter("i r", "benchmark imported government purchases, basic prices", "million USD")
    vdib = parameter("i r", "benchmark domestic investment purchases, basic prices", "million USD")
    vmib = parameter("i r", "benchmark imported investment purchases, basic prices", "million USD")
    vxsb = parameter("i s d", "benchmark exports, basic prices", "million USD")
    vmu = parameter("i u d", "benchmark imports of a sourcing class, basic prices", "million USD")
    vob = parameter("i r", "benchmark output, basic prices", "million USD")

    @definition("i r", "supply of a commodity: the output of its activity")
    def qc(m, i, r):
        return m.qo[i, r]

    @equation("i r", "output equals domestic and foreign demand", defines="qo", source="Corong et al. 2017, E_qds")
    def e_qo(m, i, r):
        firms = sum(m.vdfb[i, a, r] * m.qfd[i, a, r] for a in m.acts)
        final = m.vdpb[i, r] * m.qpd[i, r] + m.vdgb[i, r] * m.qgd[i, r] + m.vdib[i, r] * m.qid[i, r]
        exports = sum(m.vxsb[i, r, d] * m.qxs[i, r, d] for d in m.reg)
        freight = sum(m.ismar[k, i] * (m.vst[k, r] * m.qst[k, r]) for k in m.marg)
        return m.vob[i, r] * m.qc[i, r] == firms + final + exports + freight

    @equation("i u d", "imports of a class equal the demand of its users", defines="qms", source="Corong et al. 2017, E_qms")
    def e_qms(m, i, u, d):
        firms = m.infirm[u] * sum(m.vmfb[i, a, d] * m.qfm[i, a, d] for a in m.acts)
        private = m.inprv[u] * (m.vmpb[i, d] * m.qpm[i, d])
        public = m.ingov[u] * (m.vmgb[i, d] * m.qgm[i, d])
        investors = m.ininv[u] * (m.vmib[i, d] * m.qim[i, d])
        return m.vmu[i, u, d] * m.qms[i, u, d] == firms + private + public + investors

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        headers = ("vdfb", "vmfb", "vdpb", "vmpb", "vdgb", "vmgb", "vdib", "vmib", "vxsb")
        return {**{h: data[h] for h in headers}, "vmu": data.imports_by_class().sum(2), "vob": data.output()}

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        return {"qo": data.output() > 0, "qms": data.imports_by_class().sum(2) > 0}
