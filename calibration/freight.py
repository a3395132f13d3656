"""International freight: what shipping a good costs, and how it enters a table that has only trade at the factory gate.

The OECD's trade is at basic prices of the exporter; what carriers and insurers charge on the way is in the source as sales of
trade and transport services to the economy that imports the good. Two steps bring it where GTAP's accounts have it:

1. The **rate**, freight over the fob value, is a mean by good times a factor by route,

       rate[i, s, d] = level[i] * factor[route of s, d],    routes: by land, short sea, long sea,

   fitted on the public GTAP v7 sample of 2017 (7 areas, 4 groups of goods), the one open table with true margins:
   :func:`fit_routes`. Goods inside a group differ as published rates on US imports do (``freight_rates.csv``); goods without a
   published rate share the one that meets the group's mean. :func:`hidden_importers` measures the error: each area of the
   sample is hidden in turn and its margins estimated from the others'.
2. :func:`with_freight` keeps **exports at fob prices as observed** and raises imports to cif. Each user's purchases of trade
   and transport services fall by the freight on what it imports, so that its cost, value added and GDP stay (what exceeds
   nine tenths of its purchases is taken from other users of the economy, and value added makes up the difference). Imports
   of the service fall by as much, in proportion over the exporters who sold it, and these sell it to the world's pool
   instead. Duties are levied on the cif value at the same rates; those on freight come out of value added (inputs) or raise
   final spending.

Margins are shares of trade in all modes: the flag of sea-borne pairs (:mod:`calibration.distances`) says which routes cross
the sea, not what flies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import numpy as np
import pandas as pd
import xarray as xr

from calibration.arrays import ratio
from calibration.distances import distances, sea_borne
from calibration.errors import DataError, require_labels
from calibration.sam import SCHEMA, Sam, make_dataset

ROUTES = ("land", "short sea", "long sea")
"""Classes of routes: joined by land, and sea routes below and above :data:`LONG_SEA`."""
LONG_SEA = 6000.0
"""Kilometres; of 3,000 to 9,000 the bound with the smallest error on hidden importers of the GTAP sample."""
MOST = 0.9
"""Largest share of a user's purchases of the service, and of an economy's imports of it, that may turn out to be freight."""
GROUP_SECTORS = {
    "agriculture": ("crops", "animals"),
    "extraction": ("extract",),
    "food": ("processed food",),
    "manufactures": ("manuf",),
}
"""Groups of ``freight_rates.csv`` -> sectors of the GTAP sample."""


def routes(regions: list[str], rest: Mapping[str, float] | None = None) -> xr.DataArray:
    """1 for the class of each pair's route, 0 elsewhere; dims (route, s, d). ``rest`` as in :func:`distances`."""
    sea = sea_borne(regions)
    far = distances(regions, rest) >= LONG_SEA
    classes = np.stack([1.0 - sea, sea.where(~far, 0.0), sea.where(far, 0.0)])
    coords = {"route": list(ROUTES), "s": regions, "d": regions}
    return xr.DataArray(classes, dims=("route", "s", "d"), coords=coords, attrs={"units": "1", "long_name": "class of route"})


@dataclass(frozen=True)
class RouteFit:
    """Fitted margins: ``levels`` by group of goods, fraction of the fob value by land; ``factors`` by route, 1 by land."""

    levels: np.ndarray
    factors: np.ndarray

    def rates(self, shares: np.ndarray) -> np.ndarray:
        """Fractions of the fob value of trade with these shares of routes; dims (group, s, d)."""
        return np.asarray(self.levels[:, None, None] * np.einsum("k,ksd->sd", self.factors, shares))


def fit_routes(margins: np.ndarray, fob: np.ndarray, shares: np.ndarray, known: np.ndarray | None = None) -> RouteFit:
    """Levels by group and factors by route, by alternating least squares weighted with trade.

    Parameters
    ----------
    margins, fob : ndarray, dims (group, s, d)
        Freight and trade, million USD.
    shares : ndarray, dims (route, s, d)
        Share of each class of route in the trade of a pair; the first is the reference.
    known : ndarray of bool, dims (s, d), optional
        Pairs to learn from.
    """
    seen = np.ones(fob.shape[1:], dtype=bool) if known is None else known
    freight, trade, extra = margins[:, seen], fob[:, seen], shares[1:][:, seen].T
    more = np.full(extra.shape[1], 0.5)
    for _ in range(500):
        shape = 1.0 + extra @ more
        levels = freight.sum(1) / (trade @ shape)
        base = levels @ trade
        weight = np.sqrt(base)
        new = np.linalg.lstsq(extra * weight[:, None], (ratio(freight.sum(0), base, 1.0) - 1.0) * weight, rcond=None)[0]
        if abs(new - more).max() < 1e-12:
            break
        more = new
    return RouteFit(levels, np.concatenate([[1.0], 1.0 + more]))


def hidden_importers(margins: np.ndarray, fob: np.ndarray, shares: np.ndarray, groups: list[str]) -> pd.DataFrame:
    """Errors of the rule where the truth is known: each importer (and its own exports) hidden in turn.

    Returns
    -------
    pandas.DataFrame
        Index group and ``all``; ``true`` and ``estimated`` margin over fob value, ``error`` the sum of absolute errors by pair
        over the sum of margins, ``error_of_means`` the same where every pair has its group's mean.
    """
    size = fob.shape[1]
    found, means = np.zeros_like(fob), np.zeros_like(fob)
    for d in range(size):
        known = np.ones((size, size), dtype=bool)
        known[:, d] = known[d, :] = False
        found[:, :, d] = fit_routes(margins, fob, shares, known).rates(shares)[:, :, d] * fob[:, :, d]
        mean = (margins * known).sum((1, 2)) / (fob * known).sum((1, 2))
        means[:, :, d] = mean[:, None] * fob[:, :, d]
    rows = {}
    for name, take in [*((g, [k]) for k, g in enumerate(groups)), ("all", list(range(len(groups))))]:
        true = margins[take].sum()
        rows[name] = {
            "true": true / fob[take].sum(),
            "estimated": found[take].sum() / fob[take].sum(),
            "error": abs(found - margins)[take].sum() / true,
            "error_of_means": abs(means - margins)[take].sum() / true,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("group")


def read_rates() -> pd.DataFrame:
    """The committed table by good: group, published rate of 2003 in per cent (NaN: none), change of price to 2018."""
    path = resources.files("calibration") / "datasets" / "freight_rates.csv"
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#", index_col="good")


def rates_by_good(means: Mapping[str, float], trade: xr.DataArray, weight: xr.DataArray) -> pd.Series:
    """Freight over fob value of each good on a long sea route, fractions; goods without freight are absent.

    Where every good of a group has a published rate they are scaled to the group's mean; where some have none, the published
    rates stand and the others share the rate that meets the mean.

    Parameters
    ----------
    means : mapping
        Group -> freight over fob value.
    trade : DataArray, dims (i, s, d)
        Exports without own sales.
    weight : DataArray, dims (s, d)
        Factor of each pair's route over that of a long sea route.

    Raises
    ------
    DataError
        The published rates of a group leave nothing for its other goods.
    """
    table = read_rates()
    require_labels(list(table.index), [str(x) for x in trade["i"].values], "good of freight_rates.csv")
    # published rates are those of long sea routes
    published = table["rate_2003"] / 100 / table["price_change"]
    total = trade.sel(i=list(table.index)).sum(("s", "d")).to_series()
    weighted = (trade.sel(i=list(table.index)) * weight).sum(("s", "d")).to_series()
    rates: dict[str, float] = {}
    for group, goods in table.groupby("group").groups.items():
        members = list(goods)
        wanted = means[str(group)] * total[members].sum()
        known = [g for g in members if np.isfinite(published[g])]
        unknown = [g for g in members if g not in known]
        carried = float((published[known] * weighted[known]).sum())
        if unknown:
            if wanted <= carried:
                mean = means[str(group)]
                raise DataError(f"freight_rates.csv: rates of {group} exceed the group's mean margin of {mean:.3f}")
            rates |= {g: float(published[g]) for g in known}
            rates |= dict.fromkeys(unknown, (wanted - carried) / weighted[unknown].sum())
        else:
            rates |= {g: float(published[g]) * wanted / carried for g in known}
    return pd.Series(rates).loc[list(table.index)].rename("rate")


def with_freight(sam: Sam, rates: xr.DataArray, service: str = "trd") -> Sam:
    """The SAM with imports at cif prices, its freight taken out of the users' purchases of a service.

    Parameters
    ----------
    sam : Sam
        Exports at fob prices and no margins yet.
    rates : DataArray, dims (i, s, d)
        Freight over the fob value, fractions, with the labels of the SAM; zero for the service itself.
    service : str
        The commodity that carries; no tax may lie on its trade.

    Returns
    -------
    Sam
        In balance where ``sam`` is; what moved is in ``adjustments`` by region and by commodity.

    Raises
    ------
    DataError
        The SAM has margins, the service is unknown or taxed at the border, a rate is negative, not finite, or on the service,
        or freight exceeds :data:`MOST` of what a user buys, or an economy imports, of the service.
    """
    g, rate = {h: sam[h].copy() for h in SCHEMA}, _checked(sam, rates, service)
    k = sam.commodities.index(service)
    freight = rate * g["vfob"]
    power = ratio(g["vmsb"], g["vcif"], 1.0)
    landed = (g["vcif"] + freight) * power
    by_class = ratio(g["vmub"], g["vmsb"][:, None])  # share of a class in each pair's imports
    paid = np.einsum("iusd,isd->iud", by_class, freight)  # freight by good and class
    dearer = ratio(landed, g["vmsb"], 1.0)[:, None] * g["vmub"]
    growth = ratio(dearer.sum(2), g["vmub"].sum(2), 1.0)  # of a class's imports, (i, u, d)
    carried = _by_user(g, ratio(paid, g["vmub"].sum(2)))
    for u, agent in enumerate("fpgi"):
        up = growth[:, u, None, :] if agent == "f" else growth[:, u]
        bought, taxed = f"vm{agent}b", f"vm{agent}p"
        tax = ratio(g[taxed], g[bought], 1.0)
        g[bought] = g[bought] * up
        g[taxed] = g[bought] * tax
    g["vcif"], g["vmsb"], g["vmub"] = g["vcif"] + freight, landed, dearer
    elsewhere = _take_from_service(g, sam, k, carried)
    m = np.zeros((1, *freight.shape))
    m[0] = freight
    before = g["evfp"].sum(0)
    after = g["maks"].sum(0) - (g["vdfp"] + g["vmfp"]).sum(0)
    if (bad := (after <= 0) & (before > 0)).any():
        a, r = np.argwhere(bad)[0]
        raise DataError(f"duties on freight exceed the value added of {sam.data['a'].values[a]} in {sam.regions[r]}")
    for h in ("evfb", "evfp", "evos"):
        g[h] = g[h] * ratio(after, before, 1.0)
    sets = {d: [str(x) for x in sam.data[d].values] for d in ("i", "a", "f", "r")} | {"m": [service]}
    arrays = g | {"vtwr": m, "vst": g.pop("supplied")[None]}
    draft = Sam(make_dataset(arrays | {"save": np.zeros(len(sam.regions))}, sets))
    spent = draft.expenditure()
    arrays["save"] = draft.income() - spent["prv"] - spent["gov"]
    data = make_dataset(arrays, sets, sam.data.attrs)
    absent = str(sam.data.attrs.get("zero_headers", "")).split()
    data.attrs["zero_headers"] = " ".join(h for h in absent if h not in ("vst", "vtwr"))
    return Sam(data, pd.concat([sam.adjustments, _record(sam, freight, elsewhere, before, after)], ignore_index=True))


def _checked(sam: Sam, rates: xr.DataArray, service: str) -> np.ndarray:
    """The rates in the order of the SAM."""
    require_labels([service], sam.commodities, "service that carries")
    if sam["vtwr"].any() or sam["vst"].any():
        raise DataError(f"{sam.data.attrs.get('title', 'the SAM')} has transport margins already; give one without")
    if set(map(str, rates.dims)) != {"i", "s", "d"} or any(d not in rates.coords for d in "isd"):
        raise DataError(f"freight rates have dims {rates.dims}; give labelled dims i, s, d")
    wanted = {"i": sam.commodities, "s": sam.regions, "d": sam.regions}
    for dim, labels in wanted.items():
        given = [str(x) for x in rates[dim].values]
        require_labels(given, labels, f"label along {dim} of the freight rates")
        if sorted(given) != sorted(labels):
            lacking = [x for x in labels if x not in given]
            raise DataError(f"freight rates give {', '.join(lacking) or 'a label'} along {dim} not once; give each once")
    named = rates.assign_coords({d: [str(x) for x in rates[d].values] for d in "isd"})
    values = named.sel(wanted).transpose("i", "s", "d").values.astype(float)
    bad = ~np.isfinite(values) | (values < 0) | (values > 1)
    bad[sam.commodities.index(service)] |= values[sam.commodities.index(service)] != 0
    if bad.any():
        i, s, d = np.argwhere(bad)[0]
        raise DataError(
            f"freight rate of {sam.commodities[i]}, {sam.regions[s]} -> {sam.regions[d]} is {values[i, s, d]:g}; "
            f"a fraction of the fob value between 0 and 1, and 0 for {service!r}, which carries"
        )
    k = sam.commodities.index(service)
    for upper, lower in (("vmsb", "vcif"), ("vfob", "vxsb")):
        if not np.allclose(sam[upper][k], sam[lower][k], rtol=1e-12):
            raise DataError(f"trade in {service!r} is taxed at the border ({upper} is not {lower}); freight cannot be cut out")
    return np.asarray(values)


def _by_user(g: Mapping[str, np.ndarray], per_unit: np.ndarray) -> dict[str, np.ndarray]:
    """Freight on the imports of each user, ``f`` (a, d) and ``p g i`` (d,), from freight per unit of a class (i, u, d)."""
    final = {agent: (per_unit[:, u] * g[f"vm{agent}b"]).sum(0) for u, agent in enumerate("pgi", start=1)}
    return {"f": (per_unit[:, 0, None, :] * g["vmfb"]).sum(0), **final}


def _take_from_service(g: dict[str, np.ndarray], sam: Sam, k: int, carried: Mapping[str, np.ndarray]) -> np.ndarray:
    """Lower users' purchases of service ``k`` by their freight and imports of it by all; ``supplied`` goes to the pool.

    Home sales of the service stay in total: each user's two purchases shrink alike, then imports give way to home sales in
    proportion until the home total is back. Returns freight that did not fit into its own user's purchases; dims (r,).
    """
    name, regions = sam.commodities[k], sam.regions
    held = {a: (g[f"vd{a}b"][k].copy(), g[f"vm{a}b"][k].copy()) for a in "fpgi"}
    beyond = [np.maximum(carried[a] - MOST * (home + abroad), 0.0) for a, (home, abroad) in held.items()]
    elsewhere = np.asarray(sum(x.reshape(-1, len(regions)).sum(0) for x in beyond))
    taken = _fitted({a: home + abroad for a, (home, abroad) in held.items()}, carried, regions, name)
    shrink = {a: 1.0 - ratio(taken[a], home + abroad) for a, (home, abroad) in held.items()}
    total = sum(home.reshape(-1, len(regions)).sum(0) for home, _ in held.values())
    left_home = sum((home * shrink[a]).reshape(-1, len(regions)).sum(0) for a, (home, _) in held.items())
    left_abroad = sum((abroad * shrink[a]).reshape(-1, len(regions)).sum(0) for a, (_, abroad) in held.items())
    moved = ratio(total - left_home, left_abroad)  # share of what is still imported that home sales take over
    imports = sum(abroad.reshape(-1, len(regions)).sum(0) for _, abroad in held.values())
    freight = sum(carried[a].reshape(-1, len(regions)).sum(0) for a in "fpgi")
    if (over := freight > MOST * imports).any():
        d = int(over.argmax())
        raise DataError(f"freight on imports of {regions[d]}, {freight[d]:,.0f}, exceeds {MOST:.0%} of its imports of {name!r}")
    for agent, (home, abroad) in held.items():
        new = (home * shrink[agent] + abroad * shrink[agent] * moved, abroad * shrink[agent] * (1 - moved))
        # who bought none at home pays the tax of his imports there
        on_imports = ratio(g[f"vm{agent}p"][k], abroad, 1.0)
        at_home = np.where(home > 0, ratio(g[f"vd{agent}p"][k], home), on_imports)
        for origin, power, now in (("d", at_home, new[0]), ("m", on_imports, new[1])):
            g[f"v{origin}{agent}p"][k] = now * power
            g[f"v{origin}{agent}b"][k] = now
    by_class = np.stack([g["vmfb"][k].sum(0), *(g[f"vm{a}b"][k] for a in "pgi")])  # (u, d)
    kept = 1.0 - ratio(freight, imports)
    sold = g["vxsb"][k].copy()
    g["supplied"] = (sold * (1.0 - kept)).sum(1)
    for h in ("vxsb", "vfob", "vcif", "vmsb"):
        g[h][k] = g[h][k] * kept
    # each class keeps its origins; where the classes had different ones the pairs are met by proportional fitting
    g["vmub"][k] = _meet(g["vmub"][k], by_class, g["vmsb"][k])
    return elsewhere


def _fitted(
    bought: Mapping[str, np.ndarray], carried: Mapping[str, np.ndarray], regions: list[str], service: str
) -> dict[str, np.ndarray]:
    """What each user gives up of the service: its freight up to :data:`MOST`; the rest falls on others of its economy."""
    size = len(regions)
    given = {a: np.minimum(carried[a], MOST * bought[a]) for a in bought}
    short = sum((carried[a] - given[a]).reshape(-1, size).sum(0) for a in bought)
    room = {a: MOST * bought[a] - given[a] for a in bought}
    all_room = sum(x.reshape(-1, size).sum(0) for x in room.values())
    if (over := short > all_room).any():
        d = int(over.argmax())
        excess = short[d] - all_room[d]
        raise DataError(
            f"freight on imports of {regions[d]} exceeds {MOST:.0%} of its purchases of {service!r} by {excess:,.0f}; "
            "lower the rates"
        )
    return {a: given[a] + room[a] * ratio(short, all_room) for a in bought}


def _meet(start: np.ndarray, by_class: np.ndarray, by_pair: np.ndarray) -> np.ndarray:
    """Imports (u, s, d) near ``start`` with the given sums over sources (u, d) and over classes (s, d)."""
    table = start
    for _ in range(1000):
        table = table * ratio(by_class, table.sum(1))[:, None, :]
        gap = ratio(by_pair, table.sum(0), 1.0)
        table = table * gap[None]
        if abs(gap - 1).max() < 1e-14:
            break
    return np.asarray(table)


def _record(sam: Sam, freight: np.ndarray, elsewhere: np.ndarray, before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    """What moved: freight by importer and by good, and value added."""
    moved = "freight moved from purchases of services to cif imports (million)"
    rows = [
        {"rule": moved, "cell": cell, "before": 0.0, "after": float(value)}
        for cell, value in [
            *zip(sam.regions, freight.sum((0, 1)), strict=True),
            *zip(sam.commodities, freight.sum((1, 2)), strict=True),
        ]
    ]
    rule = "freight beyond nine tenths of its user's purchases of services, taken from other users (million)"
    over = zip(sam.regions, elsewhere, strict=True)
    rows += [{"rule": rule, "cell": r, "before": 0.0, "after": float(x)} for r, x in over if x > 0]
    rows += [
        {"rule": "value added lowered by duties on freight of inputs", "cell": r, "before": float(b), "after": float(a)}
        for r, b, a in zip(sam.regions, before.sum(0), after.sum(0), strict=True)
    ]
    return pd.DataFrame(rows)
