"""Income of the regional household, tax revenue by instrument, and the numeraire.

All factor income and all taxes accrue to the regional household (Hertel 1997), net of depreciation.
The numeraire is the world factor price index ``pfactwld`` with benchmark factor payments as weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.equations.calibrated import Calibrated
from cge.equations.declare import Block, definition, equation, instrument, parameter, variable


class Income(Block):
    """Regional income and the numeraire."""

    y = variable("r", "net regional income")

    pfactwld = instrument("", "numeraire: world factor price index", "index, benchmark = 1", owner="world")

    y_0 = parameter("r", "benchmark net regional income", "million USD")
    evfp = parameter("f a r", "benchmark factor payments, purchasers' prices", "million USD")
    wfe = parameter("f a r", "weight of a factor in the world factor price index")
    vcif = parameter("i s d", "benchmark imports, cif", "million USD")

    @definition("r", "factor payments including factor and income taxes", "million USD")
    def facty(m, r):
        return sum(m.evfp[f, a, r] * (m.pfe[f, a, r] * m.qfe[f, a, r]) for f in m.endw for a in m.acts)

    @definition("r", "revenue of the output tax", "million USD")
    def rto(m, r):
        return sum(m.vob[i, r] * (1.0 - 1.0 / m.to[i, r]) * (m.pds[i, r] * m.qo[i, r]) for i in m.comm)

    @definition("r", "revenue of taxes on intermediates", "million USD", open_sum=True)
    def rtf(m, r):
        return sum(
            m.vdfb[i, a, r] * (m.tfd[i, a, r] - 1.0) * (m.pds[i, r] * m.qfd[i, a, r])
            + m.vmfb[i, a, r] * (m.tfm[i, a, r] - 1.0) * (m.pmf[i, r] * m.qfm[i, a, r])
            for i in m.comm
            for a in m.acts
        )

    @definition("r", "revenue of taxes on final purchases", "million USD")
    def rtu(m, r):
        return sum(
            m.vdpb[i, r] * (m.tpd[i, r] - 1.0) * (m.pds[i, r] * m.qpd[i, r])
            + m.vmpb[i, r] * (m.tpm[i, r] - 1.0) * (m.pmp[i, r] * m.qpm[i, r])
            + m.vdgb[i, r] * (m.tgd[i, r] - 1.0) * (m.pds[i, r] * m.qgd[i, r])
            + m.vmgb[i, r] * (m.tgm[i, r] - 1.0) * (m.pmg[i, r] * m.qgm[i, r])
            + m.vdib[i, r] * (m.tid[i, r] - 1.0) * (m.pds[i, r] * m.qid[i, r])
            + m.vmib[i, r] * (m.tim[i, r] - 1.0) * (m.pmi[i, r] * m.qim[i, r])
            for i in m.comm
        )

    @definition("r", "revenue of export taxes", "million USD")
    def rtx(m, r):
        return sum(m.vxsb[i, r, d] * (m.txs[i, r, d] - 1.0) * (m.pds[i, r] * m.qxs[i, r, d]) for i in m.comm for d in m.reg)

    @definition("r", "tariff revenue", "million USD", open_sum=True)
    def rtm(m, r):
        return sum(m.vcif[i, s, r] * (m.tms[i, s, r] - 1.0) * (m.pcif[i, s, r] * m.qxs[i, s, r]) for i in m.comm for s in m.reg)

    @definition("r", "taxes on commodities", "million USD", open_sum=True)
    def tax(m, r):
        return m.rto[r] + m.rtf[r] + m.rtu[r] + m.rtx[r] + m.rtm[r]

    @definition("r", "income beside factors and taxes, as from abroad", "million USD", open_sum=True)
    def transfers(m, r):
        return 0.0

    @equation("r", "income: factors, taxes and transfers less depreciation", defines="y", source="Corong et al. 2017, E_y")
    def e_y(m, r):
        return m.y_0[r] * m.y[r] == m.facty[r] + m.tax[r] + m.transfers[r] - m.depr[r]

    @equation(
        "", "numeraire: world factor price index", defines="walraslack", owner="world", source="Corong et al. 2017, pfactwld"
    )
    def e_pfactwld(m):
        paid = sum(m.wfe[f, a, r] * (m.pe[f, r] * m.pes[f, a, r]) for f in m.endw for a in m.acts for r in m.reg)
        return m.pfactwld == paid

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        paid = data["evfb"]
        return {
            "pfactwld": np.ones(()),
            "y_0": data.benchmark.sam.income(),
            "evfp": data["evfp"],
            "wfe": paid / paid.sum(),
            "vcif": data["vcif"],
        }
