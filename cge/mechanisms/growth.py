"""Growth of a region: a productivity that moves all its value added, and real GDP that a baseline can hold to a path.

At productivity 1 the model is what it was. A path of years frees ``tfp`` to meet real GDP ``rgdp`` in its baseline and holds
it in policy runs (:mod:`cge.dynamics`); endowments and population grow by the core's own instruments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from cge.equations.calibrated import Calibrated
from cge.equations.declare import Mechanism, definition, equation, instrument, replaces, variable


class Growth(Mechanism):
    """Productivity of a region, and its real GDP as a variable."""

    needs: ClassVar[Mapping[str, str]] = {
        "avaall": "productivity of a region is that of its value added (the block Production)",
        "qgdp": "real GDP is what a path holds (the block Accounts)",
    }
    shows: ClassVar[tuple[str, ...]] = ("tfp",)

    tfp = instrument("r", "productivity of value added", "index, benchmark = 1")
    rgdp = variable("r", "real GDP, Fisher index")

    @replaces
    @definition("a r", "productivity of value added: the activity's and the region's")
    def avaall(m: Any, a: Any, r: Any) -> Any:
        return m.ava[a, r] * m.tfp[r]

    @equation("r", "real GDP", defines="rgdp")
    def e_rgdp(m: Any, r: Any) -> Any:
        return m.rgdp[r] == m.qgdp[r]

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        return {"tfp": np.ones(len(data.sets["reg"]))}
