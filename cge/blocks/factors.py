"""Factor markets: mobile across activities, or specific to one; fixed supply.

A factor's basic price is ``pe * pes``: a mobile factor has one price ``pe`` a region (``pes`` stays at
1), a specific factor one price ``pes`` an activity (``pe`` stays at 1); a factor tied in one activity and mobile
among the others has both. Corong et al. 2017, section 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.equations.calibrated import Calibrated, ratio
from cge.equations.declare import Block, definition, equation, instrument, parameter, variable


class Factors(Block):
    """Factor market clearing and real factor prices."""

    pe = variable("f r", "basic price of a mobile factor")
    pes = variable("f a r", "basic price of a factor specific to an activity")
    rw = variable("f r", "real price of a mobile factor (deflated by consumer prices)")

    qe = instrument("f r", "endowment of a factor", "index, benchmark = 1")
    qea = instrument("f a r", "endowment of a factor tied to an activity, over the region's", "index, benchmark = 1")
    tfe = instrument("f a r", "power of the tax on factor use")

    tfe_0 = parameter("f a r", "benchmark power of the factor tax", structural=False)
    sev = parameter("f a r", "share of an activity in the mobile employment of a factor")

    @definition("f a r", "price of a factor to the activity, tax included")
    def pfe(m, f, a, r):
        return m.pe[f, r] * m.pes[f, a, r] * (m.tfe[f, a, r] / m.tfe_0[f, a, r])

    @equation("f r", "market of a mobile factor", defines="pe", source="Corong et al. 2017, E_pe1")
    def e_pe(m, f, r):
        return m.qe[f, r] == sum(m.sev[f, a, r] * m.qfe[f, a, r] for a in m.acts)

    @equation("f a r", "market of a specific factor", defines="pes", source="Corong et al. 2017, E_qfe2")
    def e_pes(m, f, a, r):
        return m.qe[f, r] * m.qea[f, a, r] == m.qfe[f, a, r]

    @equation("f r", "real price of a mobile factor", defines="rw")
    def e_rw(m, f, r):
        return m.rw[f, r] * m.ppriv[r] == m.pe[f, r]

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        paid = data["evfb"]
        # a factor that moves nowhere has no market of its own; its shares are never used but stay defined
        somewhere = ~data.tied() | data.tied().all(1, keepdims=True)
        mobile = paid * somewhere[:, :, None]
        tax = data.power("evfp", "evfb")
        return {
            "sev": ratio(mobile, mobile.sum(1, keepdims=True)),
            "qea": np.ones_like(paid),
            "qe": np.ones((paid.shape[0], paid.shape[2])),
            "tfe": tax,
            "tfe_0": tax.copy(),
        }

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        paid = data["evfb"] > 0
        tied = data.tied()[:, :, None]
        mobile = (paid & ~tied).any(1)
        return {"pe": mobile, "rw": mobile, "pes": paid & tied}
