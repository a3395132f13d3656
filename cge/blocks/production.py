"""Production: nested CES of value added and intermediates, with taxes on inputs and output.

Output combines value added and a composite of intermediates (``esubt``; Leontief at the default 0);
intermediates combine commodities (``esubc``, default 0), each an agent-level composite of domestic and
imported (``esubd``); value added combines primary factors (``esubva``). Corong et al. 2017, section
3.2, in levels and calibrated share form.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.equations.calibrated import Calibrated, ratio
from cge.equations.ces import ces_price, ces_price_of_two
from cge.equations.declare import Block, definition, equation, instrument, parameter, variable


class Production(Block):
    """Zero profit, value added, intermediate demand."""

    pva = variable("a r", "price of value added")
    pint = variable("a r", "price of the intermediate composite")
    pds = variable("i r", "basic price of the domestically produced commodity")

    to = instrument("a r", "power of the output tax (basic over supply price)")
    tfd = instrument("i a r", "power of the tax on domestic intermediates")
    tfm = instrument("i a r", "power of the tax on imported intermediates")
    ao = instrument("a r", "productivity of all inputs", "index, benchmark = 1")
    afe = instrument("f a r", "productivity of a factor", "index, benchmark = 1")
    ava = instrument("a r", "productivity of value added", "index, benchmark = 1")
    aint = instrument("a r", "productivity of the intermediate composite", "index, benchmark = 1")
    afa = instrument("i a r", "productivity of an intermediate", "index, benchmark = 1")

    esubva = parameter("a r", "substitution among factors", structural=False)
    esubt = parameter("a r", "substitution between value added and intermediates", structural=False)
    esubc = parameter("a r", "substitution among intermediates", structural=False)
    esubd = parameter("i r", "substitution between domestic and imported", structural=False)
    to_0 = parameter("a r", "benchmark power of the output tax", structural=False)
    tfd_0 = parameter("i a r", "benchmark power of the tax on domestic inputs", structural=False)
    tfm_0 = parameter("i a r", "benchmark power of the tax on imported inputs", structural=False)
    sva = parameter("a r", "share of value added in cost")
    sfe = parameter("f a r", "share of a factor in value added")
    sfa = parameter("i a r", "share of a commodity in intermediate cost")
    sfd = parameter("i a r", "domestic share of an intermediate")
    infirm = parameter("u", "1 for the sourcing class of intermediates")

    @definition("a r", "supply price received by the activity")
    def ps(m, a, r):
        return m.pds[a, r] * (m.to_0[a, r] / m.to[a, r])

    @definition("i r", "basic price of imports for intermediate use")
    def pmf(m, i, r):
        return sum(m.infirm[u] * m.pms[i, u, r] for u in m.uses)

    @definition("i a r", "price of a domestic intermediate, tax included")
    def pfd(m, i, a, r):
        return m.pds[i, r] * (m.tfd[i, a, r] / m.tfd_0[i, a, r])

    @definition("i a r", "price of an imported intermediate, tax included")
    def pfm(m, i, a, r):
        return m.pmf[i, r] * (m.tfm[i, a, r] / m.tfm_0[i, a, r])

    @definition("i a r", "price of an intermediate, domestic-import composite")
    def pfa(m, i, a, r):
        return ces_price_of_two(m.sfd[i, a, r], m.pfd[i, a, r], m.pfm[i, a, r], m.esubd[i, r])

    @definition("a r", "cost beside the bundle of inputs, of a unit of effective output", open_sum=True)
    def costadd(m, a, r):
        return 0.0

    @definition("a r", "productivity of value added, of every source")
    def avaall(m, a, r):
        return m.ava[a, r]

    @definition("a r", "quantity of value added")
    def qva(m, a, r):
        bundle = m.ps[a, r] * m.ao[a, r] - m.costadd[a, r]
        return m.qo[a, r] / m.ao[a, r] / m.avaall[a, r] * (bundle * m.avaall[a, r] / m.pva[a, r]) ** m.esubt[a, r]

    @definition("a r", "quantity of the intermediate composite")
    def qint(m, a, r):
        bundle = m.ps[a, r] * m.ao[a, r] - m.costadd[a, r]
        return m.qo[a, r] / m.ao[a, r] / m.aint[a, r] * (bundle * m.aint[a, r] / m.pint[a, r]) ** m.esubt[a, r]

    @definition("f a r", "demand for a factor")
    def qfe(m, f, a, r):
        relative = m.pva[a, r] * m.afe[f, a, r] / m.pfe[f, a, r]
        return m.qva[a, r] / m.afe[f, a, r] * relative ** m.esubva[a, r]

    @definition("i a r", "intermediate demand for a commodity")
    def qfa(m, i, a, r):
        relative = m.pint[a, r] * m.afa[i, a, r] / m.pfa[i, a, r]
        return m.qint[a, r] / m.afa[i, a, r] * relative ** m.esubc[a, r]

    @definition("i a r", "intermediate demand for the domestic commodity", open_sum=True)
    def qfd(m, i, a, r):
        return m.qfa[i, a, r] * m.pfa[i, a, r] ** m.esubd[i, r] * m.pfd[i, a, r] ** (-m.esubd[i, r])

    @definition("i a r", "intermediate demand for the imported commodity")
    def qfm(m, i, a, r):
        return m.qfa[i, a, r] * m.pfa[i, a, r] ** m.esubd[i, r] * m.pfm[i, a, r] ** (-m.esubd[i, r])

    @definition("a r", "cost of a unit of effective output")
    def unitcost(m, a, r):
        bundle = ces_price_of_two(m.sva[a, r], m.pva[a, r] / m.avaall[a, r], m.pint[a, r] / m.aint[a, r], m.esubt[a, r])
        return bundle + m.costadd[a, r]

    @equation("a r", "unit cost of value added", defines="pva", source="Corong et al. 2017, E_pva")
    def e_pva(m, a, r):
        return m.pva[a, r] == ces_price(
            m.endw, lambda f: m.sfe[f, a, r], lambda f: m.pfe[f, a, r] / m.afe[f, a, r], m.esubva[a, r]
        )

    @equation("a r", "unit cost of the intermediate composite", defines="pint", source="Corong et al. 2017, E_pint")
    def e_pint(m, a, r):
        return m.pint[a, r] == ces_price(
            m.comm, lambda i: m.sfa[i, a, r], lambda i: m.pfa[i, a, r] / m.afa[i, a, r], m.esubc[a, r]
        )

    @equation("a r", "zero profit: supply price equals unit cost", defines="pds", source="Corong et al. 2017, E_qo")
    def e_pds(m, a, r):
        return m.ps[a, r] * m.ao[a, r] == m.unitcost[a, r]

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        factors, domestic, imported = data["evfp"], data["vdfp"], data["vmfp"]
        inputs = domestic + imported
        value_added, intermediates = factors.sum(0), inputs.sum(0)
        one = np.ones_like(value_added)
        powers = {
            "to": ratio(data["makb"].sum(0), data["maks"].sum(0), empty=1.0),
            "tfd": data.power("vdfp", "vdfb"),
            "tfm": data.power("vmfp", "vmfb"),
        }
        return {
            **powers,
            **{f"{k}_0": v.copy() for k, v in powers.items()},
            "ao": one,
            "ava": one,
            "aint": one,
            "afa": np.ones_like(inputs),
            "afe": np.ones_like(factors),
            "sva": ratio(value_added, value_added + intermediates, empty=1.0),
            "sfe": ratio(factors, value_added, empty=1.0 / len(factors)),
            "sfa": ratio(inputs, intermediates, empty=1.0 / len(inputs)),
            "sfd": ratio(domestic, inputs, empty=1.0),
            "infirm": data.membership("int"),
            **{k: data.elasticity(k) for k in ("esubva", "esubt", "esubc", "esubd")},
        }

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        made = data["makb"].sum(0) > 0
        used = (data["vdfp"] + data["vmfp"]).sum(0) > 0
        return {"pva": made & (data["evfp"].sum(0) > 0), "pint": made & used, "pds": data.output() > 0}
