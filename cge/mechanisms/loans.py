"""Loans between regions and public works: finance of investment beside saving and foreign saving.

Both stand in the numeraire and are zero at the benchmark. Loans sum to zero over the world; works are paid by the region's own
household, which consumes less by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import xarray as xr

from cge.equations.calibrated import Calibrated
from cge.equations.declare import Mechanism, adds, definition, instrument

if TYPE_CHECKING:
    from cge.model.solution import Solution

FLOWS = ("floan", "ginv")


class Loans(Mechanism):
    """Investment is financed by loans and by public works too."""

    needs: ClassVar[Mapping[str, str]] = {
        "finance": "loans and public works finance a region's investment. GTAP's global bank places the world's saving by "
        "returns, whoever saved it, and in the trade model nobody invests; use the core blocks",
    }
    shows: ClassVar[tuple[str, ...]] = FLOWS

    floan = instrument("r", "net new foreign loans, in the numeraire", "million USD", signed=True)
    ginv = instrument("r", "public works paid by the region's household, in the numeraire", "million USD", signed=True)

    @adds("finance")
    @definition("r", "net new foreign loans", "million USD")
    def lent(m: Any, r: Any) -> Any:
        return m.floan[r] * m.pfactwld

    @adds("saving")
    @definition("r", "public works paid by the region's household", "million USD")
    def works(m: Any, r: Any) -> Any:
        return m.ginv[r] * m.pfactwld

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        return {flow: np.zeros(len(data.sets["reg"])) for flow in FLOWS}

    def satellites(self, solution: Solution) -> Mapping[str, xr.DataArray]:
        """Loans and works of the solution, million USD; none where there are none."""
        price = float(solution.arrays["pfactwld"])
        flows = {name: (solution[name] * price).assign_attrs(solution[name].attrs) for name in FLOWS}
        return flows if any(bool((flow != 0).any()) for flow in flows.values()) else {}
