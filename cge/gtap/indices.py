"""The standard model's Divisia indices: what they weigh, and their integrals along the path of a shock.

Each index moves by a mean of rates of change whose weights are current values, so that its level depends on the
path (Corong et al. 2017, sections 3.7 and 3.9; the equation of each in brackets).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cge.model.path import Path, PathPoint, refuse
from cge.model.solution import Solution
from cge.solver.quadrature import Integral, integrate

Array = np.ndarray

GOAL = 1e-7
"""Estimated error of the logs of the indices at which the path is fine enough: a hundred-thousandth of a per cent."""
REGIONAL = {
    "ppriv": "price of private consumption (E_ppriv)",
    "psave": "price of saving: that of the shares bought in world investment (E_psave)",
    "pfactor": "price of primary factors, basic (E_pfactor)",
    "psw": "price received for exports, fob, margin services included (E_psw)",
    "pdw": "price paid for imports, cif (E_pdw)",
    "pgdp": "price of GDP (E_pgdp)",
    "p": "price of what regional income buys: private and government consumption, saving (E_p)",
}
"""Indices by region."""
WORLD = {
    "pfactwld": "world price of primary factors: the numeraire (E_pfactwld)",
    "pcgdswld": "world price of net investment (E_pcgdswld)",
    "pxwwld": "world price of exports, fob, margin services included (E_pxwwld)",
    "rorg": "world rate of return, net investment as weights (E_globalcgds)",
}
"""Indices of the world."""


@dataclass(frozen=True)
class Divisia:
    """The indices along a path, as logs in the numeraire the model is solved in."""

    integral: Integral
    regions: int

    def named(self, values: Array) -> dict[str, Array]:
        """Values stacked as by :func:`rates`, by name of the index."""
        regional = values[: len(REGIONAL) * self.regions].reshape(len(REGIONAL), self.regions)
        world = values[len(REGIONAL) * self.regions :]
        return {n: regional[k] for k, n in enumerate(REGIONAL)} | {n: world[k] for k, n in enumerate(WORLD)}

    def until(self, place: float) -> dict[str, Array]:
        """Logs of the indices at a place of the walk along the path."""
        return self.named(self.integral.value if place == 1.0 else self.integral.until(place))

    @property
    def error(self) -> dict[str, Array]:
        """Estimated errors of the logs at the end of the path."""
        return self.named(self.integral.error)


def along(path: Path, after: Solution, goal: float = GOAL) -> Divisia:
    """Integrate the indices along a path.

    Raises
    ------
    SolveError
        The path has no solution somewhere, or an index is not known to :data:`cge.model.path.LIMIT`; its ``last`` is
        ``after``, the finished solution.
    """
    found = integrate(lambda place: rates(path.point(place)), 1.0, goal)
    regions = after.model.labels("r")
    labels = [f"{name} of {r}" for name in REGIONAL for r in regions] + list(WORLD)
    refuse("price indices", labels, found.error, 1.0, after)
    return Divisia(found, len(regions))


def saving_price(p: PathPoint) -> tuple[Array, Array]:
    """Net investment by region, and the rate of change of the price of saving (E_psave)."""
    net = p.value("pinv") * (p.value("inv_0") * p.value("qinv") - p.value("vdep") * p.value("kb"))
    pinv = p.log_slope("pinv")
    return net, np.asarray(pinv + ((net - p.value("saving")) * pinv).sum() / net.sum())


def exports_price(p: PathPoint) -> tuple[Array, Array]:
    """Exports by region, margin services included, and value times rate of change of their prices; dims (r,) each."""
    fob = p.value("vfob") * p.value("pfob") * p.value("qxs")
    margin = p.value("vst") * p.value("pdm") * p.value("qst")
    moved = weighted(fob, p.log_slope("pfob"), (0, 2)) + weighted(margin, p.log_slope("pdm"), (0,))
    beside = beside_goods(p)
    return fob.sum((0, 2)) + margin.sum(0) + beside.get("sold", 0.0), moved + beside.get("sold_moved", 0.0)


def beside_goods(p: PathPoint) -> dict[str, Array]:
    """What mechanisms add to trade beside the price of goods (:meth:`cge.equations.declare.Mechanism.traded`)."""
    total: dict[str, Array] = {}
    for mechanism in p.solution.model.mechanisms:
        for name, values in mechanism.traded(p).items():
            total[name] = total.get(name, 0.0) + values
    return total


def weighted(values: Array, rates_of_change: Array, axes: tuple[int, ...]) -> Array:
    """Sum of values times rates of change; cells without a value count for nothing."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(values != 0, values * rates_of_change, 0.0).sum(axes))


def rates(p: PathPoint) -> Array:
    """Rates of change of the indices, stacked: :data:`REGIONAL` by region, then :data:`WORLD`."""
    v, d = p.value, p.log_slope

    def moved(values: Array, name: str, axes: tuple[int, ...]) -> tuple[Array, Array]:
        return weighted(values, d(name), axes), values.sum(axes)

    def mean(part: tuple[Array, Array]) -> Array:
        """An index of nothing does not move."""
        return np.asarray(np.divide(part[0], part[1], out=np.zeros_like(part[0]), where=part[1] != 0))

    priv = moved(v("vpp") * v("ppa") * v("qpa"), "ppa", (0,))
    gov = moved(v("vgp") * v("pga") * v("qga"), "pga", (0,))
    inv = (v("inv_0") * v("pinv") * v("qinv") * d("pinv"), v("inv_0") * v("pinv") * v("qinv"))
    exports, exported = exports_price(p)
    cif = moved(v("vcif") * v("pcif") * v("qxs"), "pcif", (0, 1))
    beside = beside_goods(p)
    cif = (cif[0] + beside.get("bought_moved", 0.0), cif[1] + beside.get("bought", 0.0))
    factor = moved(v("wfe") * v("peb") * v("qfe"), "peb", (0, 1))
    net, psave = saving_price(p)
    gdp = priv[1] + gov[1] + inv[1] + exports - cif[1]
    regional = {
        "ppriv": mean(priv),
        "psave": psave,
        "pfactor": mean(factor),
        "psw": mean((exported, exports)),
        "pdw": mean(cif),
        "pgdp": (priv[0] + gov[0] + inv[0] + exported - cif[0]) / gdp,
        "p": (priv[0] + gov[0] + v("saving") * psave) / (v("y_0") * v("y")),
    }
    world = {
        "pfactwld": factor[0].sum() / factor[1].sum(),
        "pcgdswld": (net * d("pinv")).sum() / net.sum(),
        "pxwwld": float(mean((exported.sum(), exports.sum()))),
        "rorg": (net * d("rore")).sum() / net.sum(),
    }
    return np.concatenate([*(regional[n] for n in REGIONAL), [world[n] for n in WORLD]])


__all__ = [
    "GOAL",
    "REGIONAL",
    "WORLD",
    "Divisia",
    "along",
    "beside_goods",
    "exports_price",
    "rates",
    "saving_price",
    "weighted",
]
