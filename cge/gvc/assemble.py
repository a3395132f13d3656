"""The inter-country table of a SAM and of a solution, from flows by commodity, use and origin.

International transport margins are bought by the importer from the suppliers of the world pool in their shares (Peters,
Andrew and Lennox, Economic Systems Research 23, 2011). Where activities make several commodities (a make matrix), rows and
columns are activities: each commodity's sales are its makers', in the shares in which they make it (fixed product sales
structure, model D of the Eurostat Manual of Supply, Use and Input-Output Tables, 2008, chapter 11).

Two things are checked: what rows sell is what the SAM or the model makes, and value added is what is measured apart as
factor payments, output tax and taxes on products. A block of a user's own that adds a cost (a carbon price) fails the
second, and an error says so: it is not booked as a tax on products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from calibration.arrays import ratio
from calibration.currency import currency_of
from calibration.sam import SCHEMA, Sam
from cge.equations.calibrated import BALANCE_TOLERANCE
from cge.errors import ModelError
from cge.gvc.icio import Icio

if TYPE_CHECKING:
    from cge.model.solution import Solution

Array = np.ndarray
AGENTS = {"prv": "p", "gov": "g", "inv": "i"}
NOTE = "margins bought from the pool's suppliers"
PRODUCT_TAXES = "taxes on products"


@dataclass(frozen=True)
class Flows:
    """Flows at basic prices of the origin, and what activities pay; users are activities, then :data:`AGENTS`.

    Attributes
    ----------
    domestic : ndarray, dims (i, user, r)
    imported : ndarray, dims (i, user, s, d)
    margins : ndarray, dims (m, r, user, d)
        Services that supplier r sells for the imports of user in d.
    made : ndarray, dims (i, a, r)
        The make matrix at basic prices.
    components : mapping of name to ndarray, dims (a, r)
        Parts of value added measured apart; empty at benchmark prices, where value added is what is left.
    units : str
        Millions of the currency, as ``million USD``.
    """

    commodities: list[str]
    activities: list[str]
    regions: list[str]
    margin_rows: list[int]
    domestic: Array
    imported: Array
    margins: Array
    made: Array
    components: Mapping[str, Array]
    units: str

    def table(self, what: str, tolerance: float, reason: str) -> Icio:
        """Stack the flows into one table and check it.

        Raises
        ------
        ModelError
            Sales of a row, or value added of a column, miss what is made or paid by more than ``tolerance``.
        """
        r, users = len(self.regions), self.domestic.shape[1]
        whole = np.moveaxis(self.imported, (2, 0, 3, 1), (0, 1, 2, 3)).copy()  # (s, i, d, user)
        k = np.arange(r)
        whole[k, :, k] += np.moveaxis(self.domestic, 2, 0)
        for m, row in enumerate(self.margin_rows):
            whole[:, row] += np.swapaxes(self.margins[m], 1, 2)
        self._require(whole.sum((2, 3)).T, self.made.sum(1), self.commodities, f"{what}: sales and output", tolerance, reason)
        if not self.diagonal:
            supply = self.made.sum(1, keepdims=True)
            shares = np.divide(self.made, supply, out=np.zeros_like(self.made), where=supply > 0)
            whole = np.einsum("sidu,ias->sadu", whole, shares, optimize=True)
        n = len(self.activities)
        z = np.ascontiguousarray(whole[..., :n]).reshape(r * n, r * n)
        y = np.ascontiguousarray(whole[..., n:users]).reshape(r * n, r, users - n)
        parts = {name: np.ascontiguousarray(values.T).ravel() for name, values in self.components.items()}
        stocks = np.zeros(r * n)
        table = Icio(list(self.regions), list(self.activities), z, y, list(AGENTS), stocks, parts, [NOTE], self.units)
        if parts:
            paid, left = (x.reshape(r, n).T for x in (np.sum(list(parts.values()), axis=0), table.value_added))
            size = table.x.reshape(r, n).T
            self._require(paid, left, self.activities, f"{what}: value added and its parts", tolerance, reason, size)
        return table

    @property
    def diagonal(self) -> bool:
        """Each activity makes the commodity of its own name alone."""
        off = self.made[np.eye(*self.made.shape[:2]) == 0]
        return self.commodities == self.activities and not off.any()

    def _require(
        self,
        found: Array,
        wanted: Array,
        labels: list[str],
        what: str,
        tolerance: float,
        reason: str,
        size: Array | None = None,
    ) -> None:
        gap = abs(found - wanted)
        scale = np.maximum(abs(wanted) if size is None else size, 1e-6 * abs(self.made).sum())
        bad = ~(gap <= tolerance * scale)
        if bad.any():
            k, r = np.unravel_index(int(np.argmax(np.where(bad, gap / scale, 0.0))), gap.shape)
            raise ModelError(
                f"{what} differ for {labels[k]} of {self.regions[r]} by {found[k, r] - wanted[k, r]:,.4g} {self.units} "
                f"({int(bad.sum())} cells differ): {reason}"
            )


def of_sam(sam: Sam) -> Icio:
    """The table inside a SAM.

    Raises
    ------
    ModelError
        The SAM is out of balance.
    """
    g = {h: sam[h] for h in SCHEMA}
    origin, margin = ratio(g["vxsb"], g["vmsb"]), ratio(g["vtwr"], g["vmsb"])
    by_source = ratio(g["vmub"], g["vmub"].sum(2)[:, :, None])
    pool = ratio(g["vst"], g["vst"].sum(1, keepdims=True))
    bought = np.concatenate([g["vmfb"], *(g[f"vm{k}b"][:, None] for k in AGENTS.values())], axis=1)
    activities = [str(x) for x in sam.data["a"].values]
    use_of = np.r_[np.zeros(len(activities), int), 1, 2, 3]
    landed = bought[:, :, None, :] * by_source[:, use_of]  # (i, user, s, d)
    imported, margins = landed * origin[:, None], np.einsum("iusd,misd,mr->mrud", landed, margin, pool)
    flows = Flows(
        sam.commodities,
        activities,
        sam.regions,
        [sam.commodities.index(str(k)) for k in sam.data["m"].values],
        np.concatenate([g["vdfb"], *(g[f"vd{k}b"][:, None] for k in AGENTS.values())], axis=1),
        imported,
        margins,
        g["makb"],
        {
            "factors": g["evfp"].sum(0),
            "output tax": (g["makb"] - g["maks"]).sum(0),
            PRODUCT_TAXES: (g["vdfp"] - g["vdfb"]).sum(0) + _paid_over_basic(g["vmfp"], imported, margins, len(activities)),
        },
        f"million {currency_of(sam.data.attrs)}",
    )
    return flows.table("the table inside the SAM", BALANCE_TOLERANCE, "the SAM is out of balance; see Sam.check")


def of_solution(solution: Solution, prices: Literal["current", "base"] = "current") -> Icio:
    """The table of a solution at its own prices, or its quantities at benchmark prices.

    Cells sum to the model's flows: over users to ``vxsb * pds * qxs``, over rows and users to output
    ``vob * pds * qo``; each user class keeps its own origins.

    Raises
    ------
    ModelError
        Unknown prices, or a block of the model adds flows that the table does not know.
    """
    from cge.results.updated_data import TOLERANCE, added_by_mechanisms, landed_beside_demand, made, reason

    if prices not in ("current", "base"):
        raise ModelError(f"unknown prices {prices!r}; choose 'current' or 'base'")
    model, v = solution.model, solution.values_of
    pds = v("pds") if prices == "current" else np.ones_like(v("pds"))
    domestic = [v("vdfb") * v("qfd")] + [(v(f"vd{k}b") * v(f"q{k}d"))[:, None] for k in AGENTS.values()]
    shipped = _shipments(solution)
    imported = shipped * pds[:, None, :, None]
    if prices == "current" and (over := added_by_mechanisms(solution).get("vxsb")) is not None:
        imported = imported + ratio(shipped, shipped.sum(1, keepdims=True)) * over[:, None]  # sold above the basic price
    goods = model.sets["comm"]
    rows = [goods.index(k) for k in model.sets["marg"]]
    margins = _margins(solution, shipped, pds[rows] if prices == "current" else np.ones((len(rows), pds.shape[1])))
    components: dict[str, Array] = {}
    if prices == "current":
        basic, supply = made(solution)
        paid = (v("vmfb") * v("pmf")[:, None] * v("qfm") + landed_beside_demand(solution).sum(2)) * v("tfm")
        at_home = (v("vdfb") * pds[:, None] * v("qfd") * (v("tfd") - 1.0)).sum(0)
        components = {
            "factors": (v("evfp") * v("qfe") * v("pfe")).sum(0),
            "output tax": (basic - supply).sum(0),
            PRODUCT_TAXES: at_home + _paid_over_basic(paid, imported, margins, len(model.sets["acts"])),
        }
    flows = Flows(
        goods,
        model.sets["acts"],
        model.sets["reg"],
        rows,
        np.concatenate(domestic, axis=1) * pds[:, None],
        imported,
        margins,
        _made_as_sold(solution, prices),
        components,
        f"million {model.benchmark.currency}",
    )
    tolerance = max(TOLERANCE, 10 * model.benchmark.sam.largest_gap())
    return flows.table(f"the inter-country table of solution {solution.name!r}", tolerance, reason(solution))


def _made_as_sold(solution: Solution, prices: Literal["current", "base"]) -> Array:
    """The make matrix whose rows sum to the supply of each commodity, also where makers are imperfect substitutes."""
    from cge.results.updated_data import made

    basic = made(solution, prices)[0]
    if prices == "current" or "qca" not in solution.model.symbols:
        return basic
    supply = solution.values_of("vob") * solution.values_of("qc")
    return np.asarray(basic * ratio(supply, basic.sum(1))[:, None])


def _shipments(solution: Solution) -> Array:
    """Imports by user and origin, quantities at basic benchmark prices of the origin; dims (i, user, s, d)."""
    from cge.results.updated_data import sourced_by_mechanisms

    model, v = solution.model, solution.values_of
    classes = list(model.data.classes.values())
    class_of = [next(k for k, uses in enumerate(classes) if use in uses) for use in ("int", *AGENTS)]
    bought = np.concatenate([v("vmfb") * v("qfm")] + [(v(f"vm{k}b") * v(f"q{k}m"))[:, None] for k in AGENTS.values()], axis=1)
    u = np.r_[np.full(len(model.sets["acts"]), class_of[0]), class_of[1:]]
    portion = ratio(bought, (v("vmu") * v("qms"))[:, u])  # of the class's imports, (i, user, d)
    sigma = v("esubm")
    drawn = v("qms") * v("pms") ** sigma[:, None]
    landing = v("ams") ** (sigma[:, None] - 1) * v("pmds") ** -sigma[:, None]
    of_class = v("sxu") * landing[:, None] * drawn[:, :, None, :] * v("vxsb")[:, None]  # (i, class, s, d)
    ordinary = np.asarray(portion[:, :, None, :] * of_class[:, u])
    sourced = sourced_by_mechanisms(solution)
    if sourced is None:
        return ordinary
    ordinary[:, : sourced.shape[1]] += sourced * v("vxsb")[:, None]
    return np.asarray(ordinary * ratio(v("vxsb") * v("qxs"), ordinary.sum(1))[:, None])  # product used on the way counts too


def _margins(solution: Solution, shipped: Array, price: Array) -> Array:
    """Margin services of each supplier in the imports of each user; dims (m, r, user, d)."""
    v = solution.values_of
    per_unit = ratio(v("vtwr"), np.broadcast_to(v("vxsb"), v("vtwr").shape)) / v("atmfsd")
    supplied = v("vst") * v("qst")
    pool = ratio(supplied, supplied.sum(1, keepdims=True))
    used = (v("vtwr") * v("qxs") / v("atmfsd")).sum((1, 2, 3))
    stretch = np.divide(supplied.sum(1), used, out=np.ones_like(used), where=used > 0)  # pool composite to its parts
    return np.asarray(np.einsum("iusd,misd,mr->mrud", shipped, per_unit, pool * stretch[:, None] * price))


def _paid_over_basic(paid: Array, imported: Array, margins: Array, activities: int) -> Array:
    """Taxes on imported inputs: what activities pay less what origins and carriers receive; dims (a, r)."""
    received = imported[:, :activities].sum((0, 2)) + margins[:, :, :activities].sum((0, 1))
    return np.asarray(paid.sum(0) - received)
