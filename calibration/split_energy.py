"""Split a sector by what its origins make and its users buy: crude oil from gas, electricity from other utilities.

Each purchase and each shipment of the old commodity is divided so that

- every flow of the source is kept (who buys how much from where),
- each region makes the parts in stated shares,
- and among the divisions that do both, the one nearest to what users are thought to buy is taken: iterative proportional
  fitting (Deming and Stephan 1940, Annals of Mathematical Statistics 11(4)), the criterion of least information.

What a user buys of each part follows: from an origin that makes gas alone it buys gas. Taxes, duties and margins keep their
rates, as each cell keeps its share in every valuation. Inputs go to the parts by :class:`Costs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.arrays import ratio
from calibration.divisions import with_division
from calibration.errors import DataError, require_labels
from calibration.sam import SCHEMA, Sam, make_dataset

Array = np.ndarray
LEAST_SHARE = 0.005
"""Least share of a part in what anyone buys or makes: nothing is ruled out by a zero."""
STEPS, CLOSE = 500, 1e-12


@dataclass(frozen=True)
class Costs:
    """How inputs of the old activity go to its two parts.

    Attributes
    ----------
    first : tuple of str
        Commodities that go to the first part (the others are divided as far as outputs leave room).
    share : float
        Share of these that the first part takes.
    least_other : float
        Least share of other costs in the output of each part; the first part takes less of ``first`` where they fall below.
    """

    first: tuple[str, ...] = ()
    share: float = 1.0
    least_other: float = 0.25


def split_energy_sector(
    sam: Sam, sector: str, names: tuple[str, str], wanted: Array, made: Array, costs: Costs | None = None
) -> Sam:
    """The SAM with ``sector`` in two parts.

    Parameters
    ----------
    sam : Sam
        Its make matrix is diagonal.
    sector : str
    names : pair of str
        Labels of the parts, in the place of the old one.
    wanted : ndarray, dims (user, r)
        Share of the first part in what each user is thought to buy of the old commodity, where fitting starts: activities,
        then private households, government and investors. Only odds relative to other users' matter.
    made : ndarray, dims (r,)
        Share of the first part in what each region makes; met to rounding.
    costs : Costs, optional
        None: both parts have the old sector's costs.

    Raises
    ------
    DataError
        Unknown sector, a label in use, a margin, shares outside 0 to 1, several products in one activity, or parts whose
        costs cannot be divided so.
    """
    require_labels([sector], sam.commodities, "sector")
    for name in names:
        if name in sam.commodities:
            raise DataError(f"sector label {name!r} is in use; pass other names")
    for what, shares in (("wanted", wanted), ("made", made)):
        if not ((shares >= 0) & (shares <= 1)).all():
            raise DataError(f"{what}: shares of {names[0]} must lie between 0 and 1")
    margins = [str(x) for x in sam.data["m"].values]
    if sector in margins:
        raise DataError(f"{sector!r} serves as a margin and cannot be split")
    values = {h: sam[h] for h in SCHEMA}
    k = sam.commodities.index(sector)
    others = [c for c in range(len(sam.commodities)) if c != k]
    if values["makb"][k, others].any() or values["makb"][others, k].any():
        raise DataError(f"{sector!r} has several products or makers; split the table before its make matrix is filled")
    home, shipped, bought, by_use = _divide(values, k, wanted, made)
    split = {h: _rows(values[h], header.dims, k) for h, header in SCHEMA.items()}
    for price in "bp":
        for n, agent in enumerate("pgi"):
            for shares, origin in ((home, "d"), (bought, "m")):
                _share(split[f"v{origin}{agent}{price}"], k, shares[:, len(sam.data["a"]) + n])
        for shares, origin in ((home, "d"), (bought, "m")):
            _share(split[f"v{origin}f{price}"], k, shares[:, : len(sam.data["a"])])
    for flow in ("vxsb", "vfob", "vcif", "vmsb"):
        _share(split[flow], k, shipped)
    _share(split["vmub"], k, by_use)
    for part in (0, 1):
        split["vtwr"][:, k + part] = values["vtwr"][:, k] * shipped[part]
    sold = split["vdfb"].sum(1) + split["vdpb"] + split["vdgb"] + split["vdib"] + split["vxsb"].sum(2)
    output = sold[[k, k + 1]]  # (2, r)
    of_named, of_other = _cost_shares(split, sam.commodities, k, output / output.sum(0).clip(1e-300), costs or Costs())
    for h, header in SCHEMA.items():
        if "a" in header.dims and h not in ("makb", "maks"):
            fuels = _rows_of((costs or Costs()).first, sam.commodities, k) if header.dims[0] == "i" else []
            split[h] = _columns(split[h], header.dims, k, of_named, of_other, fuels)
    power = ratio(values["makb"][k, k], values["maks"][k, k], 1.0)
    for h in ("makb", "maks"):
        split[h] = _make(values[h], k, output if h == "makb" else output / power)
    labels = [*sam.commodities[:k], *names, *sam.commodities[k + 1 :]]
    note = f"{sector} in {names[0]} and {names[1]} (calibration/split_energy.py)"
    told = "; ".join(filter(None, [str(sam.data.attrs.get("split", "")), note]))
    attrs = {**with_division(sam.data.attrs, sector, names), "split": told}
    sets = {"i": labels, "a": labels, "f": sam.factors, "r": sam.regions, "m": margins}
    return Sam(make_dataset(split, sets, attrs), sam.adjustments)


def _divide(values: dict[str, Array], k: int, wanted: Array, made: Array) -> tuple[Array, Array, Array, Array]:
    """Share of both parts in domestic purchases (2, user, r), shipments (2, s, d), imported purchases (2, user, r) and
    imports by use class (2, u, s, d)."""
    activities, regions = values["vdfb"].shape[1], values["save"].size
    users = activities + 3
    at_home, imported = (
        np.concatenate([values[f"v{o}fb"][k], *(values[f"v{o}{agent}b"][k][None] for agent in "pgi")]) for o in "dm"
    )  # (user, r)
    class_of = np.array([0] * activities + [1, 2, 3])
    origins = values["vmub"][k]  # (u, s, d)
    among = ratio(origins, origins.sum(1, keepdims=True))  # share of each origin in a class's imports
    shipped = np.moveaxis(among[class_of], 0, 2) * imported.T[None]  # (s, d, user)
    goal = np.clip(made, LEAST_SHARE, 1 - LEAST_SHARE)
    start = np.clip(wanted, LEAST_SHARE, 1 - LEAST_SHARE)
    # what an origin sells: to each user at home, and to each user of each destination; dims (cell, s)
    exported = shipped * ratio(values["vxsb"][k], values["vmsb"][k])[:, :, None]  # at the origin's prices, as output is
    cells = np.concatenate([at_home, exported.reshape(regions, -1).T])
    abroad = np.broadcast_to(start.T.reshape(-1, 1), (regions * users, regions))
    first = _fit(np.concatenate([start, abroad]), goal, cells)
    home = np.stack([first[:users], 1 - first[:users]])
    sent = first[users:].T.reshape(regions, regions, users)  # (s, d, user)
    share = np.stack([sent, 1 - sent])
    flows = share * shipped
    bought = np.moveaxis(ratio(flows.sum(1), shipped.sum(0), 0.5), 1, 2)  # (2, user, d)
    by_class = np.stack([ratio(flows[..., class_of == u].sum(-1), shipped[..., class_of == u].sum(-1), 0.5) for u in range(4)])
    return home, ratio(flows.sum(-1), shipped.sum(-1), 0.5), bought, np.moveaxis(by_class, 0, 1)


def _fit(first: Array, goal: Array, flow: Array) -> Array:
    """Share of the first part in each cell, whose sums over cells meet the goals; dims (cell, s), goal (s,).

    With each flow kept, proportional fitting multiplies the odds of all cells of an origin by one factor.
    """
    total = flow.sum(0)
    odds = first / (1 - first)
    factor = np.ones(flow.shape[1])
    for _ in range(STEPS):
        share = odds * factor / (1 + odds * factor)
        got = ratio((share * flow).sum(0), total, 0.5)
        step = np.where(total > 0, (goal / (1 - goal)) / (got / (1 - got)), 1.0)
        if abs(np.log(step)).max(initial=0.0) < CLOSE:
            return np.asarray(share)
        factor = factor * step
    raise DataError("the parts of a sector cannot be fitted to what is made of them; check the shares")


def _rows(values: Array, dims: Sequence[str], k: int) -> Array:
    """The array with row ``k`` of its commodity dim doubled."""
    return np.insert(values, k + 1, np.take(values, k, dims.index("i")), dims.index("i")) if "i" in dims else values.copy()


def _share(values: Array, k: int, shares: Array) -> None:
    """Rows ``k`` and ``k + 1`` times the share of each part."""
    for part in (0, 1):
        values[k + part] = values[k + part] * shares[part]


def _cost_shares(split: dict[str, Array], commodities: list[str], k: int, made: Array, costs: Costs) -> tuple[Array, Array]:
    """Share of both parts in the inputs named ``first`` and in all others; dims (2, r) each.

    ``made`` is the share of both parts in output, which is their share in all costs together.
    """
    inputs = split["vdfp"][:, k] + split["vmfp"][:, k]  # (i, r)
    rows = _rows_of(costs.first, commodities, k)
    named = inputs[rows].sum(0)
    whole = inputs.sum(0) + split["evfp"][:, k].sum(0)
    room = np.maximum((1 - costs.least_other) * made[0] * whole, 0.0)
    taken = np.minimum(costs.share * named, room)
    # the second part needs other costs too: what does not fit goes back to the first
    taken = np.maximum(taken, named - np.maximum((1 - costs.least_other) * made[1] * whole, 0.0))
    left = whole - named
    of_named = np.where(named > 0, ratio(taken, named), made[0])
    of_other = ratio(made[0] * whole - of_named * named, left, 0.5)
    if not ((of_other >= -1e-12) & (of_other <= 1 + 1e-12)).all():
        raise DataError(f"costs of {commodities[k]!r} cannot be divided so; pass a smaller least_other")
    of_other = np.clip(of_other, 0.0, 1.0)
    return np.stack([of_named, 1 - of_named]), np.stack([of_other, 1 - of_other])


def _rows_of(first: tuple[str, ...], commodities: list[str], k: int) -> list[int]:
    """Rows of the named commodities after row ``k`` is doubled."""
    places = [commodities.index(c) for c in first if c in commodities]
    return [p if p <= k else p + 1 for p in places]


def _columns(values: Array, dims: Sequence[str], k: int, of_named: Array, of_other: Array, named: list[int]) -> Array:
    """The array with column ``k`` of its activity dim divided between the parts; ``named`` rows by their own shares."""
    axis = dims.index("a")
    column = np.take(values, k, axis)
    halves = [column * of_other[part] for part in (0, 1)]
    for row in named:
        for part in (0, 1):
            halves[part][row] = column[row] * of_named[part]
    moved = np.moveaxis(values, axis, 0)
    return np.moveaxis(np.concatenate([moved[:k], halves[0][None], halves[1][None], moved[k + 1 :]]), 0, axis)


def _make(values: Array, k: int, output: Array) -> Array:
    """The make matrix with the old cell as two on the diagonal; ``output`` dims (2, r)."""
    size = values.shape[0] + 1
    made = np.zeros((size, size, values.shape[2]))
    old = [n for n in range(size) if n not in (k, k + 1)]
    source = [n for n in range(size - 1) if n != k]
    made[np.ix_(old, old)] = values[np.ix_(source, source)]
    for part in (0, 1):
        made[k + part, k + part] = output[part]
    return made
