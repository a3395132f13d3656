"""Benchmarks of any size, split from a real table: seeded, balanced, skewed and with zeros as real data are.

The largest regions and commodities are split in turn until the wanted numbers are reached. Commodity pieces
take random shares of each flow (some zero), and each piece's cost column is the parent's in proportion to
its output, so every account stays in balance exactly. Region pieces take random shares of the parent's
exports and of its sales at home; what a piece sells at home beyond its own demand it ships to its
siblings (RAS with home bias), so that the pieces trade with each other as countries do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from calibration import Benchmark, Sam, aggregate
from calibration.elasticities import to_dataset
from calibration.sam import make_dataset

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def real_benchmark() -> Benchmark:
    """The 41 x 35 WIOD benchmark where the raw tables are at hand, else the embedded world."""
    if SHARED.is_dir():
        from calibration.datasets.world_2011 import full_benchmark

        return full_benchmark(SHARED)
    from calibration import load_benchmark

    return load_benchmark("world-2011")


def split_benchmark(regions: int, sectors: int, seed: int = 0, zeros: float = 0.3) -> Benchmark:
    """A benchmark with the wanted numbers of regions and sectors.

    Parameters
    ----------
    regions, sectors : int
        Fewer than the real table's are reached by merging the smallest.
    seed : int
    zeros : float
        Share of a parent's flows that a piece does not have.
    """
    rng = np.random.default_rng(seed)
    source = real_benchmark()
    sam = _merge(source.sam, regions, sectors)
    esub = {k: _mean_by_commodity(source, k) for k in ("esubm", "esubd", "esubva")}
    pieces_i = _counts(sam["makb"].sum((1, 2)), sectors)
    parents = [c for c, k in zip(sam.commodities, pieces_i, strict=True) for _ in range(k)]
    if sectors > len(sam.commodities):
        sam = _split_sectors(sam, pieces_i, rng, zeros)
    if regions > len(sam.regions):
        sam = _split_regions(sam, _counts(sam.gdp(), regions), rng, zeros)
    fallback = {k: float(np.mean(list(v.values()))) for k, v in esub.items()}
    table = pd.DataFrame(
        {k: [v.get(parent, fallback[k]) for parent in parents] for k, v in esub.items()}, index=sam.commodities
    )
    table["esubm"] = np.minimum(table["esubm"], 25.0)  # petroleum's 65.9 would measure one outlier, not size
    table["esubd"] = table["esubm"] / 2
    return Benchmark(sam, to_dataset(table, sam.commodities, sam.regions), f"split-{regions}x{sectors}-{seed}")


def _mean_by_commodity(source: Benchmark, symbol: str) -> dict[str, float]:
    return dict(zip(source.commodities, source.elasticities[symbol].values.mean(axis=1), strict=True))


def _merge(sam: Sam, regions: int, sectors: int) -> Sam:
    """Merge the smallest regions (sectors) into one where fewer are wanted."""

    def keep(labels: list[str], size: np.ndarray, count: int, rest: str) -> dict[str, str]:
        big = [labels[k] for k in np.argsort(-size, kind="stable")[: count - 1]]
        return {x: x if x in big or count >= len(labels) else rest for x in labels}

    r = keep(sam.regions, sam.gdp(), regions, "REST")
    i = keep(sam.commodities, sam["makb"].sum((1, 2)), sectors, "rest")
    return aggregate(sam, r, i) if set(r.values()) | set(i.values()) != set(sam.regions) | set(sam.commodities) else sam


def _counts(size: np.ndarray, wanted: int) -> np.ndarray:
    """How many pieces each element gets: the largest average piece is split until the number is reached."""
    counts = np.ones(size.size, dtype=int)
    while counts.sum() < wanted:
        counts[np.argmax(size / counts)] += 1
    return counts


def _shares(parents: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator, zeros: float) -> np.ndarray:
    """Random shares over the pieces (axis 0) of each parent, summing to one, some zero, skewed."""
    raw = rng.lognormal(0.0, 1.0, (parents.size, *[1] * len(shape))) * rng.lognormal(0.0, 0.6, (parents.size, *shape))
    raw[rng.uniform(size=raw.shape) < zeros] = 0.0
    first = np.r_[True, parents[1:] != parents[:-1]]
    raw[first] = np.maximum(raw[first], 0.05)  # no flow of a parent is lost
    total = np.zeros((parents.max() + 1, *shape))
    np.add.at(total, parents, raw)
    return raw / total[parents]


def _split_sectors(sam: Sam, counts: np.ndarray, rng: np.random.Generator, zeros: float) -> Sam:
    p = np.repeat(np.arange(counts.size), counts)
    r = len(sam.regions)
    g = {h: sam[h] for h in sam.data.data_vars}
    at_home = _shares(p, (r,), rng, 0.0)
    abroad = _shares(p, (r, r), rng, zeros)
    home = g["vdfb"].sum(1) + g["vdpb"] + g["vdgb"] + g["vdib"]
    output = at_home * home[p] + (abroad * g["vxsb"][p]).sum(2)
    parent_output = (home + g["vxsb"].sum(2))[p]
    column = np.divide(output, parent_output, out=np.zeros_like(output), where=parent_output > 0)  # (piece, r)
    landed = abroad[:, None] * g["vmub"][p]  # (piece, u, s, d)
    total = g["vmub"].sum(2)[p]
    arrival = np.divide(landed.sum(2), total, out=np.zeros_like(total), where=total > 0)  # share of a class's imports
    a: dict[str, np.ndarray] = {"vmub": landed}
    for h in ("vxsb", "vfob", "vcif", "vmsb"):
        a[h] = abroad * g[h][p]
    a["vdfb"] = (at_home[:, None] * g["vdfb"][p])[:, p] * column[None]
    a["vmfb"] = (arrival[:, 0][:, None] * g["vmfb"][p])[:, p] * column[None]
    for k, letter in enumerate("pgi", start=1):
        a[f"vd{letter}b"] = at_home * g[f"vd{letter}b"][p]
        a[f"vm{letter}b"] = arrival[:, k] * g[f"vm{letter}b"][p]
    a["evfb"] = g["evfb"][:, p] * column
    names = [f"{c}_{k}" if counts[i] > 1 else c for i, c in enumerate(sam.commodities) for k in range(counts[i])]
    return _finish(a, output, sam, names, sam.regions)


def _split_regions(sam: Sam, counts: np.ndarray, rng: np.random.Generator, zeros: float) -> Sam:
    p = np.repeat(np.arange(counts.size), counts)
    n = len(sam.commodities)
    g = {h: sam[h] for h in sam.data.data_vars}
    weight = np.moveaxis(_shares(p, (1,), rng, 0.0), 0, -1)[0]  # (piece,): shares of final demand
    sales = np.moveaxis(_shares(p, (n,), rng, 0.0), 0, 1)  # (i, piece): shares of sales at home
    exports = np.moveaxis(_shares(p, (n, counts.size), rng, zeros), 0, 1)  # (i, piece, d)
    home = g["vdfb"].sum(1) + g["vdpb"] + g["vdgb"] + g["vdib"]
    parent_output = (home + g["vxsb"].sum(2))[:, p]
    earned = g["evfb"].sum(0)[:, p]
    for _ in range(20):  # a piece spends what it earns, and makes what it buys
        mixed = 0.5 * sales + 0.5 * weight
        output = mixed * home[:, p] + (exports * g["vxsb"][:, p]).sum(2)
        column = np.divide(output, parent_output, out=np.zeros_like(output), where=parent_output > 0)  # (a, piece)
        weight = (column * earned).sum(0) / earned.sum(0)
    wanted = {"f": g["vdfb"][:, :, p] * column[None]}
    bought = {"f": g["vmfb"][:, :, p] * column[None]}
    for letter in "pgi":
        wanted[letter], bought[letter] = g[f"vd{letter}b"][:, p] * weight, g[f"vm{letter}b"][:, p] * weight
    demand = wanted["f"].sum(1) + wanted["p"] + wanted["g"] + wanted["i"]  # (i, piece)
    flow = _sibling_trade(mixed * home[:, p], demand, p)  # (i, seller, buyer) within parents
    share = np.divide(flow, demand[:, None], out=np.zeros_like(flow), where=demand[:, None] > 0)
    own = np.einsum("ikk->ik", share).copy()
    np.einsum("ikk->ik", share)[:] = 0.0
    use = np.stack([wanted["f"].sum(1), wanted["p"], wanted["g"], wanted["i"]], axis=1)  # (i, u, q)
    foreign = np.stack([bought["f"].sum(1), bought["p"], bought["g"], bought["i"]], axis=1)
    total = g["vmub"].sum(2)[:, :, p]
    part = np.divide(foreign, total, out=np.zeros_like(foreign), where=total > 0)  # share of the parent's imports
    a: dict[str, np.ndarray] = {}
    parents_flow = exports[:, None, :, p] * g["vmub"][:, :, p][:, :, :, p] * part[:, :, None, :]
    a["vmub"] = parents_flow + share[:, None] * use[:, :, None, :]
    duty = np.divide(g["vcif"], g["vmsb"], out=np.ones_like(g["vcif"]), where=g["vmsb"] > 0)[:, p][:, :, p]
    for h in ("vxsb", "vfob", "vcif"):
        a[h] = parents_flow.sum(1) * duty + (share[:, None] * use[:, :, None, :]).sum(1)
    a["vmsb"] = a["vmub"].sum(1)
    a["vdfb"] = wanted["f"] * own[:, None, :]
    a["vmfb"] = bought["f"] + wanted["f"] * (1 - own[:, None, :])
    for letter in "pgi":
        a[f"vd{letter}b"] = wanted[letter] * own
        a[f"vm{letter}b"] = bought[letter] + wanted[letter] * (1 - own)
    a["evfb"] = g["evfb"][:, :, p] * column
    names = [f"{c}_{k}" if counts[i] > 1 else c for i, c in enumerate(sam.regions) for k in range(counts[i])]
    return _finish(a, output, sam, sam.commodities, names)


def _sibling_trade(supply: np.ndarray, demand: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """Flows among the pieces of each parent to given supplies and demands, home-biased (RAS); dims (i, s, d)."""
    same = parents[:, None] == parents[None, :]
    prior = np.where(np.eye(parents.size, dtype=bool), 20.0, 1.0) * same
    flow = prior[None] * supply[:, :, None] * demand[:, None, :]
    for _ in range(500):
        flow *= np.divide(supply, flow.sum(2), out=np.zeros_like(supply), where=flow.sum(2) > 0)[:, :, None]
        columns = flow.sum(1)
        flow *= np.divide(demand, columns, out=np.zeros_like(demand), where=columns > 0)[:, None, :]
        if abs(flow.sum(2) - supply).max() < 1e-12 * supply.max():
            break
    return flow


def _finish(a: dict[str, np.ndarray], output: np.ndarray, sam: Sam, goods: list[str], regions: list[str]) -> Sam:
    """Fill what follows from the flows; value added takes up the rounding, saving closes income."""
    for letter in "fpgi":
        for origin in "dm":
            a[f"v{origin}{letter}p"] = a[f"v{origin}{letter}b"]
    k = np.arange(len(goods))
    sold = a["vdfb"].sum(1) + a["vdpb"] + a["vdgb"] + a["vdib"] + a["vxsb"].sum(2)
    for h in ("makb", "maks"):
        a[h] = np.zeros((k.size, k.size, len(regions)))
        a[h][k, k] = sold
    value_added = sold - a["vdfb"].sum(0) - a["vmfb"].sum(0)
    paid = a["evfb"].sum(0)
    a["evfb"] = a["evfb"] * np.divide(value_added, paid, out=np.ones_like(paid), where=paid > 0)
    a["evfp"] = a["evos"] = a["evfb"]
    spent = sum(a[f"v{o}{letter}p"].sum(0) for o in "dm" for letter in "pg")
    a["save"] = value_added.sum(0) + (a["vmsb"] - a["vcif"]).sum((0, 1)) - spent
    sets = {"i": goods, "a": goods, "f": sam.factors, "r": regions, "m": [goods[-1]]}
    return Sam(make_dataset(a, sets, {"title": "split from " + str(sam.data.attrs.get("title"))}))
