"""International transport margins: a world pool of margin services (Corong et al. 2017, section 3.5).

Regions supply the pool with a Cobb-Douglas share each (``esubs`` = 1 at the default); each shipment uses
margin services in fixed proportion to its quantity.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.equations.calibrated import Calibrated, ratio
from cge.equations.ces import ces_price
from cge.equations.declare import Block, definition, equation, instrument, parameter, variable


class Margins(Block):
    """Price and quantity of the world's transport services."""

    pt = variable("m", "price of a margin service", owner="world")
    qtm = variable("m", "world use of a margin service", owner="world")

    atmfsd = instrument("m i s d", "productivity of a margin service on a route", "index, benchmark = 1")

    esubs = parameter("m", "substitution among suppliers of a margin service", structural=False)
    smar = parameter("m i s d", "share of a margin service in the cif value")
    svst = parameter("m r", "share of a region in the supply of a margin service")
    vst = parameter("m r", "benchmark sales of margin services", "million USD")
    vtwr = parameter("m i s d", "benchmark margin services used", "million USD")
    ismar = parameter("m i", "1 where the commodity is the margin service")

    @definition("m r", "basic price of a margin commodity in its region of supply")
    def pdm(m, k, r):
        return sum(m.ismar[k, i] * m.pds[i, r] for i in m.comm)

    @definition("m r", "margin services supplied by a region")
    def qst(m, k, r):
        return m.qtm[k] * (m.pt[k] / m.pdm[k, r]) ** m.esubs[k]

    @equation("m", "price of a margin service", defines="pt", owner="world", source="Corong et al. 2017, E_pt")
    def e_pt(m, k):
        return m.pt[k] == ces_price(m.reg, lambda r: m.svst[k, r], lambda r: m.pdm[k, r], m.esubs[k])

    @equation("m", "margin services used on all shipments", defines="qtm", owner="world", source="Corong et al. 2017, E_qtm")
    def e_qtm(m, k):
        supplied = m.qtm[k] * sum(m.vst[k, r] for r in m.reg)
        return supplied == sum(
            m.vtwr[k, i, s, d] * (m.qxs[i, s, d] / m.atmfsd[k, i, s, d]) for i in m.comm for s in m.reg for d in m.reg
        )

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        vst, vtwr = data["vst"], data["vtwr"]
        labels = data.sets
        return {
            "esubs": np.ones(len(labels["marg"])),
            "smar": ratio(vtwr, data["vcif"][None]),
            "svst": ratio(vst, vst.sum(1, keepdims=True), empty=1.0 / vst.shape[1]),
            "vst": vst,
            "vtwr": vtwr,
            "atmfsd": np.ones_like(vtwr),
            "ismar": (np.array(labels["marg"])[:, None] == np.array(labels["comm"])[None]).astype(float),
        }

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        sold = data["vst"].sum(1) > 0
        return {"pt": sold, "qtm": sold}
