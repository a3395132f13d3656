"""A price of carbon on what production emits, with its revenue to the regional household.

Emissions go with the bundle of inputs of an activity (fuel is burnt as an input, so productivity ``ao`` saves it); the price
enters the cost of a unit, beside the bundle, and the revenue the region's taxes. Households' own emissions are not in the
satellites and pay nothing. The price stands in the numeraire.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from calibration.arrays import ratio
from cge.equations.calibrated import Calibrated
from cge.equations.declare import Mechanism, adds, definition, instrument, parameter
from cge.errors import ModelError
from cge.figure import Figure

if TYPE_CHECKING:
    from cge.model.path import PathPoint
    from cge.model.solution import Solution


class Carbon(Mechanism):
    """Production pays for its carbon; the region has the revenue.

    Parameters
    ----------
    gas : str
        Name of the satellite that holds emissions by activity and region, million tonnes; dims (a, r).
    """

    parts: ClassVar[Mapping[str, str]] = {"co2": "allocative efficiency, price of carbon"}
    shows: ClassVar[tuple[str, ...]] = ("ctax", "emitted", "rco2")

    ctax = instrument("r", "price of carbon, in the numeraire", "USD a tonne", signed=True)
    cint = parameter("a r", "emissions over benchmark cost", "tonnes a USD")
    emitted_0 = parameter("a r", "benchmark emissions", "million tonnes")

    def __init__(self, gas: str = "co2") -> None:
        self.gas = gas

    @definition("a r", "emissions", "million tonnes")
    def emitted(m: Any, a: Any, r: Any) -> Any:
        return m.emitted_0[a, r] * m.qo[a, r] / m.ao[a, r]

    @adds("costadd")
    @definition("a r", "carbon in the cost of a unit of effective output")
    def ccost(m: Any, a: Any, r: Any) -> Any:
        return m.cint[a, r] * m.ctax[r] * m.pfactwld

    @adds("tax")
    @definition("r", "revenue of the price of carbon", "million USD")
    def rco2(m: Any, r: Any) -> Any:
        return sum(m.emitted[a, r] * m.ctax[r] * m.pfactwld for a in m.acts)

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        satellites = data.benchmark.satellites
        if satellites is None or self.gas not in satellites:
            known = ", ".join(map(str, satellites)) if satellites is not None else "none"
            raise ModelError(
                f"a price of carbon needs the satellite {self.gas!r} (emissions by activity and region) in benchmark "
                f"{data.benchmark.name!r}; it has {known}"
            )
        emissions = np.asarray(satellites[self.gas].transpose("a", "r").values)
        return {
            "ctax": np.zeros(emissions.shape[1]),
            "emitted_0": emissions,
            "cint": ratio(emissions, data["maks"].sum(0)),
        }

    def figures(self, before: Solution, after: Solution) -> list[Figure]:
        """Emissions of production by region."""
        was, now = (state["emitted"].sum("a").to_series() for state in (before, after))
        change = 100 * (now[was > 0] / was[was > 0] - 1)
        if change.empty:
            return []
        return [Figure(name="emissions", kind="bars", title="Emissions of production", unit="%", frame=change.sort_values())]

    def real_income(self, point: PathPoint, world: float) -> Mapping[str, np.ndarray]:
        """The price times the growth of what is emitted per head, as of any tax."""
        price = point.value("ctax") * point.value("pfactwld")
        return {"co2": price * point.slope("emitted").sum(0) - point.value("rco2") * point.log_slope("pop")}

    def entries(self, solution: Solution) -> Mapping[str, np.ndarray]:
        """Supply prices in the SAM leave the carbon out: it stands with the output tax, between supply and basic price."""
        value = solution.values_of
        paid = value("emitted") * value("ctax") * value("pfactwld")
        made = solution.model.data["maks"]
        return {"maks": -ratio(made, made.sum(0)) * paid}
