"""National accounts of a solution: GDP from three sides, trade, price and quantity indices.

Real quantities are Fisher indices (geometric mean of Laspeyres and Paasche), so that price times
quantity gives the change of value exactly.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pyomo.environ import sqrt

from calibration.labels import is_labour
from cge.equations.calibrated import Calibrated
from cge.equations.declare import Block, definition, parameter


class Accounts(Block):
    """Indicators; no equation of the model depends on them."""

    vdpp = parameter("i r", "benchmark domestic private purchases, purchasers' prices", "million USD")
    vmpp = parameter("i r", "benchmark imported private purchases, purchasers' prices", "million USD")
    vdgp = parameter("i r", "benchmark domestic government purchases, purchasers' prices", "million USD")
    vmgp = parameter("i r", "benchmark imported government purchases, purchasers' prices", "million USD")
    vdip = parameter("i r", "benchmark domestic investment purchases, purchasers' prices", "million USD")
    vmip = parameter("i r", "benchmark imported investment purchases, purchasers' prices", "million USD")
    vdfp = parameter("i a r", "benchmark domestic intermediates, purchasers' prices", "million USD")
    vmfp = parameter("i a r", "benchmark imported intermediates, purchasers' prices", "million USD")
    vfob = parameter("i s d", "benchmark exports, fob", "million USD")
    gdp_0 = parameter("r", "benchmark GDP", "million USD")
    exp_0 = parameter("r", "benchmark exports with margin services, fob", "million USD")
    imp_0 = parameter("r", "benchmark imports, cif", "million USD")
    wlab = parameter("f a r", "share in the wage bill of a region")

    # -- trade ------------------------------------------------------------------------------------
    @definition("r", "exports with margin services, fob", "million USD", open_sum=True)
    def vexp(m, r):
        goods = sum(m.vfob[i, r, d] * (m.pfob[i, r, d] * m.qxs[i, r, d]) for i in m.comm for d in m.reg)
        return goods + sum(m.vst[k, r] * (m.pdm[k, r] * m.qst[k, r]) for k in m.marg)

    @definition("r", "imports, cif", "million USD", open_sum=True)
    def vimp(m, r):
        return sum(m.vcif[i, s, r] * (m.pcif[i, s, r] * m.qxs[i, s, r]) for i in m.comm for s in m.reg)

    @definition("r", "trade balance", "million USD")
    def tbal(m, r):
        return m.vexp[r] - m.vimp[r]

    @definition("r", "exports at benchmark prices", "million USD")
    def xlas(m, r):
        goods = sum(m.vfob[i, r, d] * m.qxs[i, r, d] for i in m.comm for d in m.reg)
        return goods + sum(m.vst[k, r] * m.qst[k, r] for k in m.marg)

    @definition("r", "benchmark exports at current prices", "million USD")
    def xpri(m, r):
        goods = sum(m.vfob[i, r, d] * m.pfob[i, r, d] for i in m.comm for d in m.reg)
        return goods + sum(m.vst[k, r] * m.pdm[k, r] for k in m.marg)

    @definition("r", "imports at benchmark prices", "million USD")
    def mlas(m, r):
        return sum(m.vcif[i, s, r] * m.qxs[i, s, r] for i in m.comm for s in m.reg)

    @definition("r", "benchmark imports at current prices", "million USD")
    def mpri(m, r):
        return sum(m.vcif[i, s, r] * m.pcif[i, s, r] for i in m.comm for s in m.reg)

    @definition("r", "export volume, Fisher index")
    def qexp(m, r):
        return sqrt(m.xlas[r] / m.exp_0[r] * (m.vexp[r] / m.xpri[r]))

    @definition("r", "import volume, Fisher index")
    def qimp(m, r):
        return sqrt(m.mlas[r] / m.imp_0[r] * (m.vimp[r] / m.mpri[r]))

    @definition("r", "terms of trade: export over import price, Fisher indices")
    def tot(m, r):
        return m.vexp[r] / m.exp_0[r] / m.qexp[r] / (m.vimp[r] / m.imp_0[r] / m.qimp[r])

    # -- GDP --------------------------------------------------------------------------------------
    @definition("r", "GDP from expenditure", "million USD")
    def gdp(m, r):
        spent = sum(
            m.vdpp[i, r] * (m.ppd[i, r] * m.qpd[i, r])
            + m.vmpp[i, r] * (m.ppm[i, r] * m.qpm[i, r])
            + m.vdgp[i, r] * (m.pgd[i, r] * m.qgd[i, r])
            + m.vmgp[i, r] * (m.pgm[i, r] * m.qgm[i, r])
            + m.vdip[i, r] * (m.pid[i, r] * m.qid[i, r])
            + m.vmip[i, r] * (m.pim[i, r] * m.qim[i, r])
            for i in m.comm
        )
        return spent + m.tbal[r]

    @definition("r", "GDP from income", "million USD")
    def gdpinc(m, r):
        return m.facty[r] + m.tax[r]

    @definition("r", "GDP from value added and taxes on products", "million USD", open_sum=True)
    def gdpva(m, r):
        output = sum(m.vob[i, r] * (m.pds[i, r] * m.qc[i, r]) for i in m.comm)
        inputs = sum(
            m.vdfp[i, a, r] * (m.pfd[i, a, r] * m.qfd[i, a, r]) + m.vmfp[i, a, r] * (m.pfm[i, a, r] * m.qfm[i, a, r])
            for i in m.comm
            for a in m.acts
        )
        return output - inputs + m.rtf[r] + m.rtu[r] + m.rtx[r] + m.rtm[r]

    @definition("r", "GDP at benchmark prices", "million USD")
    def gdplas(m, r):
        bought = sum(
            m.vdpp[i, r] * m.qpd[i, r]
            + m.vmpp[i, r] * m.qpm[i, r]
            + m.vdgp[i, r] * m.qgd[i, r]
            + m.vmgp[i, r] * m.qgm[i, r]
            + m.vdip[i, r] * m.qid[i, r]
            + m.vmip[i, r] * m.qim[i, r]
            for i in m.comm
        )
        return bought + m.xlas[r] - m.mlas[r]

    @definition("r", "benchmark GDP at current prices", "million USD")
    def gdppri(m, r):
        priced = sum(
            m.vdpp[i, r] * m.ppd[i, r]
            + m.vmpp[i, r] * m.ppm[i, r]
            + m.vdgp[i, r] * m.pgd[i, r]
            + m.vmgp[i, r] * m.pgm[i, r]
            + m.vdip[i, r] * m.pid[i, r]
            + m.vmip[i, r] * m.pim[i, r]
            for i in m.comm
        )
        return priced + m.xpri[r] - m.mpri[r]

    @definition("r", "real GDP, Fisher index")
    def qgdp(m, r):
        return sqrt(m.gdplas[r] / m.gdp_0[r] * (m.gdp[r] / m.gdppri[r]))

    # -- labour -----------------------------------------------------------------------------------
    @definition("r", "average wage over consumer prices, benchmark wage bill as weights")
    def realwage(m, r):
        wage = sum(m.wlab[f, a, r] * (m.pe[f, r] * m.pes[f, a, r]) for f in m.endw for a in m.acts)
        return wage / m.ppriv[r]

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        headers = ("vdpp", "vmpp", "vdgp", "vmgp", "vdip", "vmip", "vdfp", "vmfp", "vfob")
        labour = np.array([float(is_labour(f)) for f in data.benchmark.sam.factors])
        bill = labour[:, None, None] * data["evfb"]
        total = bill.sum((0, 1))
        return {
            **{h: data[h] for h in headers},
            "gdp_0": data.benchmark.sam.gdp(),
            "exp_0": data["vfob"].sum((0, 2)) + data["vst"].sum(0),
            "imp_0": data["vcif"].sum((0, 1)),
            "wlab": bill / np.where(total > 0, total, 1.0),
        }
