"""What compliance adds to and takes from the demand for each supplier of material and metals.

It is added to the ordinary demand, so that without a binding rule the model is the ordinary one exactly. The premium on
complying shipments pays for it: neither counts in value added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cge.equations.declare import adds, definition, equation, parameter, variable
from cge.mechanisms.origin.industry import CoveredBlock, Industry


class ComplianceDemand(CoveredBlock):
    """Domestic and foreign suppliers of material and metals serve compliance too."""

    dout = variable("r", "material from outside the area", "share of benchmark purchases", signed=True)
    dhigh = variable("r", "material from members above the wage floor", "share of benchmark purchases", signed=True)
    dlow = variable("r", "material from other members", "share of benchmark purchases", signed=True)
    dmout = variable("r", "metals from outside the area", "share of benchmark purchases", signed=True)
    dmin = variable("r", "metals from the area", "share of benchmark purchases", signed=True)
    vpur = parameter("r", "benchmark purchases of material", "million USD")
    vmet = parameter("r", "benchmark purchases of metals", "million USD")

    @equation("r", "change of material from outside", defines="dout", logs=False)
    def e_dout(m: Any, r: Any) -> Any:
        return m.dout[r] * m.vpur[r] == sum(
            m.zcomp[k, r] * (m.xout[k, r] - m.bout[k, r] * (m.pfree[k, r] / m.pout[r]) ** m.esubp[r]) for k in m.types
        ) * (m.vship[r] * m.smat[r] * m.cmat[r] / m.tov[r])

    @equation("r", "change of material from members above the wage floor", defines="dhigh", logs=False)
    def e_dhigh(m: Any, r: Any) -> Any:
        return m.dhigh[r] * m.vpur[r] == sum(
            m.zcomp[k, r] * (m.xhigh[k, r] - m.bhigh[k, r] * (m.pfree[k, r] / m.phigh[r]) ** m.esubp[r]) for k in m.types
        ) * (m.vship[r] * m.smat[r] * m.cmat[r] / m.tov[r])

    @equation("r", "change of material from other members", defines="dlow", logs=False)
    def e_dlow(m: Any, r: Any) -> Any:
        return m.dlow[r] * m.vpur[r] == sum(
            m.zcomp[k, r] * (m.xlow[k, r] - m.blow[k, r] * (m.pfree[k, r] / m.plow[r]) ** m.esubp[r]) for k in m.types
        ) * (m.vship[r] * m.smat[r] * m.cmat[r] / m.tov[r])

    @equation("r", "change of metals from outside", defines="dmout", logs=False)
    def e_dmout(m: Any, r: Any) -> Any:
        free = m.bmout[r] * (m.pmetfree[r] / m.pmout[r]) ** m.esubp[r]
        return m.dmout[r] * m.vmet[r] == sum(m.zcomp[k, r] * (m.vmetout[k, r] / m.pmout[r] - free) for k in m.types) * (
            m.vship[r] * m.smet[r] * m.cmet[r] / m.tov[r]
        )

    @equation("r", "change of metals from the area", defines="dmin", logs=False)
    def e_dmin(m: Any, r: Any) -> Any:
        free = (1.0 - m.bmout[r]) * (m.pmetfree[r] / m.pmin[r]) ** m.esubp[r]
        return m.dmin[r] * m.vmet[r] == sum(m.zcomp[k, r] * (m.vmetin[k, r] / m.pmin[r] - free) for k in m.types) * (
            m.vship[r] * m.smet[r] * m.cmet[r] / m.tov[r]
        )

    kout = parameter("i s d", "outside supplier of material: share over its benchmark sales")
    khigh = parameter("i s d", "supplier above the wage floor: share over its benchmark sales")
    klow = parameter("i s d", "other supplier of the area: share over its benchmark sales")
    kmout = parameter("i s d", "outside supplier of metals: share over its benchmark sales")
    kmin = parameter("i s d", "supplier of metals of the area: share over its benchmark sales")
    kdhigh = parameter("i a r", "domestic supplier above the wage floor: share over benchmark sales")
    kdlow = parameter("i a r", "other domestic supplier: share over benchmark sales")
    kdmin = parameter("i a r", "domestic supplier of metals: share over benchmark sales")

    @definition("i s d", "effective units that compliance adds, over benchmark sales")
    def extra(self, m: Any, i: Any, s: Any, d: Any) -> Any:
        paid = m.pmds[i, s, d] / m.ams[i, s, d] * (m.tfm[i, self.sector, d] / m.tfm_0[i, self.sector, d])
        return (
            m.kout[i, s, d] * (m.dout[d] * (m.pout[d] / paid) ** m.esubp[d])
            + m.khigh[i, s, d] * (m.dhigh[d] * (m.phigh[d] / paid) ** m.esubp[d])
            + m.klow[i, s, d] * (m.dlow[d] * (m.plow[d] / paid) ** m.esubp[d])
            + m.kmout[i, s, d] * (m.dmout[d] * (m.pmout[d] / paid) ** m.esubp[d])
            + m.kmin[i, s, d] * (m.dmin[d] * (m.pmin[d] / paid) ** m.esubp[d])
        )

    @adds("qxsadd")
    @definition("i s d", "units shipped for compliance, over benchmark sales")
    def qxscomp(m: Any, i: Any, s: Any, d: Any) -> Any:
        return m.extra[i, s, d] / m.ams[i, s, d]

    @adds("qfd")
    @definition("i a r", "what compliance adds to the demand for domestic inputs, over benchmark sales")
    def qfdcomp(m: Any, i: Any, a: Any, r: Any) -> Any:
        return (
            m.kdhigh[i, a, r] * (m.dhigh[r] * (m.phigh[r] / m.pfd[i, a, r]) ** m.esubp[r])
            + m.kdlow[i, a, r] * (m.dlow[r] * (m.plow[r] / m.pfd[i, a, r]) ** m.esubp[r])
            + m.kdmin[i, a, r] * (m.dmin[r] * (m.pmin[r] / m.pfd[i, a, r]) ** m.esubp[r])
        )

    @adds("rtf")
    @definition("r", "tax on foreign inputs that compliance adds", "million USD")
    def rtfcomp(self, m: Any, r: Any) -> Any:
        return sum(
            m.vcif[i, s, r]
            * m.tms_0[i, s, r]
            * (m.tfm[i, self.sector, r] - 1.0)
            * (m.extra[i, s, r] * m.pmds[i, s, r] / m.ams[i, s, r])
            for i in m.comm
            for s in m.reg
        )

    @adds("gdpva")
    @definition("r", "domestic inputs of compliance, which the premium pays for", "million USD")
    def gdpcomp(m: Any, r: Any) -> Any:
        return sum(m.vdfp[i, a, r] * (m.pfd[i, a, r] * m.qfdcomp[i, a, r]) for i in m.comm for a in m.acts)

    def calibrate_from(self, industry: Industry) -> Mapping[str, np.ndarray]:
        return {**industry.purchases(), **industry.foreign_suppliers(), **industry.domestic_suppliers()}
