"""Nations that own capital abroad: income on foreign positions, and GNP beside GDP.

The regional household has, besides what its region makes, the net income on what it owns abroad less what it owes. With
positions (:func:`calibration.foreign_capital.with_positions`) the SAM, which has no account for such income, stays as it is,
and what the household saves is more by what it receives: consumption is observed, so saving is what national income leaves.
Foreign saving is minus the current account, the trade balance and that income. A benchmark without positions has no income
from abroad, and the model is what it was.

On GTAP v7 the weight of saving in the regional household's utility is that of what it saves out of national income; the sum of
the weights (``DPARSUM``) stays.

Positions stand in the numeraire at returns that are stated, so ``finc`` is an instrument: a policy or a path moves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import xarray as xr

from calibration.foreign_capital import foreign_income
from cge.equations.calibrated import Calibrated
from cge.equations.declare import Mechanism, adds, definition, instrument
from cge.errors import ModelError

if TYPE_CHECKING:
    from cge.model.path import PathPoint
    from cge.model.solution import Solution

GTAP_WEIGHTS = ("dpar_p", "dpar_g", "dpar_s")


class ForeignIncome(Mechanism):
    """The household has what foreign positions pay."""

    needs: ClassVar[Mapping[str, str]] = {
        "transfers": "income from abroad is a term of the regional household's income",
        "saving": "income from abroad is saved, since consumption is observed; use blocks in which the household saves",
    }
    shows: ClassVar[tuple[str, ...]] = ("finc", "gnp")
    parts: ClassVar[Mapping[str, str]] = {"abroad": "income from abroad, relative to the world price of exports"}
    listed_as: ClassVar[str] = "income from abroad has no account in a SAM: saving is what is left of domestic income"

    finc = instrument("r", "income on foreign assets and transfers, in the numeraire", "million USD", signed=True)

    @adds("transfers")
    @definition("r", "income from abroad", "million USD")
    def abroad(m: Any, r: Any) -> Any:
        return m.finc[r] * m.pfactwld

    @definition("r", "gross national product: GDP and net income from abroad", "million USD")
    def gnp(m: Any, r: Any) -> Any:
        return m.gdp[r] + m.finc[r] * m.pfactwld

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        return {"finc": foreign_income(data.benchmark)}

    def adjust(self, data: Calibrated, values: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """National income in place of domestic: all that is more is saved."""
        received, domestic = foreign_income(data.benchmark), values["y_0"]
        national = domestic + received
        if (national <= 0).any():
            poor = ", ".join(r for r, y in zip(data.sets["reg"], national, strict=True) if y <= 0)
            raise ModelError(f"{poor} would pay abroad all its income; check the foreign positions of {data.benchmark.name!r}")
        changed = {"y_0": national}
        if "dpar_s" in values:
            return changed | self._gtap_weights(values, received)
        if "save_0" not in values:
            raise ModelError(
                "ForeignIncome cannot stand on these blocks: income from abroad is saved, since consumption is observed, and "
                "here nobody saves; move the deficit fsav, which is a transfer"
            )
        changed["save_0"] = values["save_0"] + received
        if "fsav" in values:
            changed["fsav"] = values["fsav"] - received
        for share in ("shprv", "shgov", "shsave"):
            if share in values:  # of private and government consumption and saving in income
                changed[share] = (values[share] * domestic + (received if share == "shsave" else 0.0)) / national
        return changed

    @staticmethod
    def _gtap_weights(values: Mapping[str, np.ndarray], received: np.ndarray) -> dict[str, np.ndarray]:
        """Weights of utility that spend national income as observed: GTAP's share of a use is its weight times ``uelas``
        (over ``uepriv`` for private consumption), and their sum scales utility alone."""
        private, public, saved = (values[name] for name in GTAP_WEIGHTS)
        uelas = 1.0 / (private / values["uepriv"] + public + saved)
        weights = [private, public, saved + received / (uelas * values["y_0"])]
        scale = (private + public + saved) / sum(weights)
        return {name: weight * scale for name, weight in zip(GTAP_WEIGHTS, weights, strict=True)}

    def entries(self, solution: Solution) -> Mapping[str, np.ndarray]:
        """Saving in the SAM is what domestic income leaves."""
        return {"save": -solution.values_of("abroad")}

    def real_income(self, point: PathPoint, world: float) -> Mapping[str, np.ndarray]:
        received = point.value("abroad")
        return {"abroad": point.slope("abroad") - received * (point.log_slope("pop") + world)}

    def satellites(self, solution: Solution) -> Mapping[str, xr.DataArray]:
        """What came from abroad; where the data have positions, a model of the updated data pays what this one did."""
        received = solution["abroad"]
        if not (received != 0).any():
            return {}
        left = {"finc": received.assign_attrs(solution["finc"].attrs)}
        beside = solution.model.benchmark.satellites
        if beside is not None and "foreign_income" in beside:
            left["foreign_income"] = received.assign_attrs(beside["foreign_income"].attrs)
        return left
