"""Trade: imports by origin, with sourcing kept apart by use class (two-level Armington 1969).

Each region buys, for each sourcing class (intermediate, consumption, investment at the default), a CES
composite of origins (``esubm``). The price on the way: basic price of the source, export tax (fob),
transport margins (cif), duty (basic price of the destination), and an iceberg (non-tariff) cost: of each
unit that leaves, ``ams`` effective units arrive. Corong et al. 2017, section 3.4; sourcing by use as in
GTAP-MRIO (Carrico, Corong, van der Mensbrugghe 2020).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.equations.calibrated import Calibrated, ratio
from cge.equations.ces import ces_price
from cge.equations.declare import Block, definition, equation, instrument, parameter, variable


class Trade(Block):
    """Prices along the way and demand by origin."""

    pms = variable("i u d", "import composite of a sourcing class, basic price")

    txs = instrument("i s d", "power of the export tax (fob over basic price)", owner="s")
    tms = instrument("i s d", "power of the import tariff")
    ams = instrument("i s d", "effective units arriving of each shipped (inverse iceberg cost)", "index, benchmark = 1")

    esubm = parameter("i d", "substitution among origins", structural=False)
    txs_0 = parameter("i s d", "benchmark power of the export tax", structural=False)
    tms_0 = parameter("i s d", "benchmark power of the tariff", structural=False)
    sms = parameter("i u s d", "share of an origin in the imports of a class")
    sxu = parameter("i u s d", "share of a class in a bilateral flow")
    sfob = parameter("i s d", "fob share of the cif value")

    @definition("i s d", "fob price")
    def pfob(m, i, s, d):
        return m.pds[i, s] * (m.txs[i, s, d] / m.txs_0[i, s, d])

    @definition("i s d", "cif price")
    def pcif(m, i, s, d):
        freight = sum(m.smar[k, i, s, d] * (m.pt[k] / m.atmfsd[k, i, s, d]) for k in m.marg)
        return m.sfob[i, s, d] * m.pfob[i, s, d] + freight

    @definition("i s d", "price of imports by origin, duty paid", open_sum=True)
    def pmds(m, i, s, d):
        return m.pcif[i, s, d] * (m.tms[i, s, d] / m.tms_0[i, s, d])

    @definition("i s d", "units shipped beside the ordinary demand, over benchmark sales", open_sum=True)
    def qxsadd(m, i, s, d):
        return 0.0

    @definition("i s d", "quantity shipped from s to d", open_sum=True)
    def qxs(m, i, s, d):
        drawn = sum(m.sxu[i, u, s, d] * (m.qms[i, u, d] * m.pms[i, u, d] ** m.esubm[i, d]) for u in m.uses)
        return m.ams[i, s, d] ** (m.esubm[i, d] - 1.0) * m.pmds[i, s, d] ** (-m.esubm[i, d]) * drawn + m.qxsadd[i, s, d]

    @equation("i u d", "price of the import composite", defines="pms", source="Corong et al. 2017, E_pms")
    def e_pms(m, i, u, d):
        return m.pms[i, u, d] == ces_price(
            m.reg, lambda s: m.sms[i, u, s, d], lambda s: m.pmds[i, s, d] / m.ams[i, s, d], m.esubm[i, d]
        )

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        flows = data.imports_by_class()
        powers = {"txs": data.power("vfob", "vxsb"), "tms": data.power("vmsb", "vcif")}
        return {
            **powers,
            **{f"{k}_0": v.copy() for k, v in powers.items()},
            "ams": np.ones_like(powers["tms"]),
            "sms": ratio(flows, flows.sum(2, keepdims=True), empty=1.0 / flows.shape[2]),
            "sxu": ratio(flows, flows.sum(1, keepdims=True)),
            "sfob": ratio(data["vfob"], data["vcif"], empty=1.0),
            "esubm": data.elasticity("esubm"),
        }

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        return {"pms": data.imports_by_class().sum(2) > 0}
