"""Capital in use: what of it wears, and what a unit of it earns over what a unit costs.

Depreciation goes with the capital in use, as in GTAP (VDEP moves with ``kb``): more capital is not income without the wear of
it. ``rkinv`` is what a unit of capital earns over the price of investment goods; a steady state holds it fixed and lets
capital adjust (Harrison, Rutherford and Tarr, "Quantifying the Uruguay Round", Economic Journal 107, 1997), since capital is
built until it earns what it did.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from calibration.labels import is_capital
from cge.equations.calibrated import Calibrated, ratio
from cge.equations.declare import Block, definition, equation, parameter, variable


class Capital(Block):
    """Capital in use and its return."""

    rkinv = variable("r", "what a unit of capital earns over the price of investment goods")

    wkb = parameter("f a r", "share in what capital earns")

    @definition("r", "capital in use")
    def kb(m, r):
        more = sum(m.wkb[f, a, r] * (m.qe[f, r] * m.qea[f, a, r] - 1.0) for f in m.endw for a in m.acts)
        return 1.0 + more

    @definition("r", "what a unit of capital earns, weighted with payments")
    def rental(m, r):
        return sum(m.wkb[f, a, r] * (m.pe[f, r] * m.pes[f, a, r]) * m.qfe[f, a, r] for f in m.endw for a in m.acts) / m.kb[r]

    @equation("r", "return on capital", defines="rkinv")
    def e_rkinv(m, r):
        return m.rkinv[r] * m.pinv[r] == m.rental[r]

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        capital = np.array([float(is_capital(f)) for f in data.sets["endw"]])
        paid = capital[:, None, None] * data["evfb"]
        return {"wkb": ratio(paid, paid.sum((0, 1)))}

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        capital = np.array([is_capital(f) for f in data.sets["endw"]])
        earns = data["evfb"][capital].sum((0, 1)) > 0
        return {"rkinv": earns & ((data["vdip"] + data["vmip"]).sum(0) > 0)}
