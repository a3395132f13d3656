"""Small worlds for tests: random balanced SAMs with every tax and margin, and symmetric ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from calibration import Benchmark, Sam, aggregate, load_benchmark
from calibration.elasticities import to_dataset
from calibration.gtap import standard_gtap
from calibration.sam import make_dataset


def elasticity_table(commodities: list[str], rng: np.random.Generator | None = None, **fixed: float) -> pd.DataFrame:
    """Random (or fixed) elasticities."""
    rng = rng or np.random.default_rng(0)
    n = len(commodities)
    columns = {
        "esubm": rng.uniform(2, 6, n),
        "esubd": rng.uniform(1.2, 3, n),
        "esubva": rng.uniform(0.3, 1.5, n),
        "esubt": rng.choice([0.0, 0.5], n),
        "esubc": rng.choice([0.0, 0.3], n),
    }
    columns.update({k: np.full(n, v) for k, v in fixed.items()})
    return pd.DataFrame({**columns, "source": "test"}, index=commodities)


def random_sam(
    regions: int = 3, goods: int = 3, seed: int = 0, zeros: float = 0.2, taxes: float = 0.2, investment: float = 0.5
) -> Sam:
    """A balanced SAM with zeros, all taxes (of either sign), margins and trade imbalances.

    Investment has ``investment`` times a region's trade added; without it a shock soon exhausts it under fixed foreign saving.
    """
    rng = np.random.default_rng(seed)
    r, n, f = regions, goods, 2
    names = [f"R{k}" for k in range(r)]
    comm = [f"g{k}" for k in range(n)]

    def power(*shape: int) -> np.ndarray:
        return 1 + taxes * rng.uniform(-0.5, 1, shape)

    size = rng.lognormal(0, 0.8, r)
    vxsb = rng.lognormal(0, 1, (n, r, r)) * size[None, :, None] * size[None, None, :]
    flows = vxsb.copy()
    vxsb[rng.uniform(size=vxsb.shape) < zeros] = 0.0
    for k in range(r - 1):  # one world: neighbours trade in some good
        if not vxsb[:, k, k + 1].any():
            vxsb[0, k, k + 1] = flows[0, k, k + 1]
    vxsb[:, np.arange(r), np.arange(r)] = 0.0
    vfob = vxsb * power(n, r, r)
    vtwr = (0.05 * rng.uniform(0, 1, (1, n, r, r)) * vfob[None]) * (taxes > 0)
    vcif = vfob + vtwr.sum(0)
    vmsb = vcif * power(n, r, r)
    split = rng.dirichlet(np.ones(4), (n, r, r)).transpose(0, 3, 1, 2)
    vmub = split * vmsb[:, None]
    landed = vmub.sum(2)  # (i, u, d)
    vmfb = landed[:, 0][:, None, :] * rng.dirichlet(np.ones(n), (n, r)).transpose(0, 2, 1)
    vdfb = rng.lognormal(0, 0.5, (n, n, r)) * size
    vdfb[rng.uniform(size=vdfb.shape) < zeros] = 0.0
    arrays: dict[str, np.ndarray] = {
        "vxsb": vxsb, "vfob": vfob, "vcif": vcif, "vmsb": vmsb, "vmub": vmub, "vtwr": vtwr, "vmfb": vmfb, "vdfb": vdfb,
        "vmpb": landed[:, 1], "vmgb": landed[:, 2], "vmib": landed[:, 3],
    }  # fmt: skip
    arrays["vdfp"], arrays["vmfp"] = vdfb * power(n, n, r), vmfb * power(n, n, r)
    cost = (arrays["vdfp"] + arrays["vmfp"]).sum(0)
    arrays["vdpb"] = 1.5 * cost + rng.lognormal(0, 0.3, (n, r)) * size
    arrays["vdgb"] = rng.lognormal(-0.5, 0.4, (n, r)) * size
    arrays["vdib"] = rng.lognormal(-0.5, 0.4, (n, r)) * size + investment * (vxsb.sum(2) + vmsb.sum(1))
    for k in "pgi":
        arrays[f"vd{k}p"], arrays[f"vm{k}p"] = arrays[f"vd{k}b"] * power(n, r), arrays[f"vm{k}b"] * power(n, r)
    arrays["vst"] = vtwr.sum((1, 2, 3))[:, None] * rng.dirichlet(np.ones(r), 1)
    output = vdfb.sum(1) + arrays["vdpb"] + arrays["vdgb"] + arrays["vdib"] + vxsb.sum(2)
    output[-1] += arrays["vst"][0]
    to = 1 + 0.5 * (power(n, r) - 1)
    diagonal = np.arange(n)
    arrays["makb"], arrays["maks"] = np.zeros((n, n, r)), np.zeros((n, n, r))
    arrays["makb"][diagonal, diagonal], arrays["maks"][diagonal, diagonal] = output, output / to
    value_added = output / to - cost
    assert (value_added > 0).all()
    arrays["evfp"] = value_added * rng.dirichlet(np.ones(f) * 3, (n, r)).transpose(2, 0, 1)
    arrays["evfb"] = arrays["evfp"] / power(f, n, r)
    arrays["evos"] = arrays["evfb"] / (1 + taxes * rng.uniform(0, 1, (f, n, r)))
    arrays["vdep"] = 0.05 * value_added.sum(0)
    arrays["save"], arrays["pop"] = np.zeros(r), size
    sets = {"i": comm, "a": comm, "f": ["lab", "cap"], "r": names, "m": [comm[-1]]}
    draft = Sam(make_dataset(arrays, sets))
    spent = draft.expenditure()
    arrays["save"] = draft.income() - spent["prv"] - spent["gov"]
    return Sam(make_dataset(arrays, sets, {"title": f"random world {seed}"}))


def random_benchmark(
    regions: int = 3,
    goods: int = 3,
    seed: int = 0,
    zeros: float = 0.2,
    taxes: float = 0.2,
    investment: float = 0.5,
    **fixed: float,
) -> Benchmark:
    """A benchmark on :func:`random_sam`."""
    sam = random_sam(regions, goods, seed, zeros, taxes, investment)
    table = elasticity_table(sam.commodities, np.random.default_rng(seed + 1), **fixed)
    return Benchmark(sam, to_dataset(table, sam.commodities, sam.regions), f"random-{seed}")


def symmetric_benchmark(tariff: float = 0.1, regions: int = 2, goods: int = 2) -> Benchmark:
    """Identical regions that trade every good with each other, no tax but a common tariff."""
    r, n = regions, goods
    names = [f"R{k}" for k in range(r)]
    comm = [f"g{k}" for k in range(n)]
    one = np.ones((n, r))
    vxsb = np.repeat((10.0 * (1 - np.eye(r)))[None], n, axis=0)
    vmsb = vxsb * (1 + tariff)
    landed = vmsb.sum(1)
    vmub = np.zeros((n, 4, r, r))
    vmub[:, 0], vmub[:, 1] = 0.4 * vmsb, 0.6 * vmsb
    vmfb = np.repeat((0.4 * landed / n)[:, None, :], n, axis=1)
    vdfb = np.full((n, n, r), 8.0)
    arrays = {"vxsb": vxsb, "vfob": vxsb, "vcif": vxsb, "vmsb": vmsb, "vmub": vmub}
    arrays.update({f"vmf{p}": vmfb for p in "bp"} | {f"vdf{p}": vdfb for p in "bp"})
    for p in "bp":
        arrays[f"vmp{p}"] = 0.6 * landed
        arrays[f"vdp{p}"], arrays[f"vdg{p}"], arrays[f"vdi{p}"] = 40 * one, 10 * one, 12 * one
    output = vdfb.sum(1) + 62 * one + vxsb.sum(2)
    k = np.arange(n)
    for h in ("makb", "maks"):
        arrays[h] = np.zeros((n, n, r))
        arrays[h][k, k] = output
    value_added = output - vdfb.sum(0) - vmfb.sum(0)
    share = np.linspace(0.3, 0.7, n)
    for h in ("evfp", "evfb", "evos"):
        arrays[h] = np.stack([value_added * share[:, None], value_added * (1 - share)[:, None]])
    arrays["save"] = np.zeros(r)
    sets = {"i": comm, "a": comm, "f": ["lab", "cap"], "r": names, "m": [comm[-1]]}
    draft = Sam(make_dataset(arrays, sets))
    spent = draft.expenditure()
    arrays["save"] = draft.income() - spent["prv"] - spent["gov"]
    sam = Sam(make_dataset(arrays, sets, {"title": "symmetric world"}))
    table = elasticity_table(comm, esubm=4.0, esubd=2.0, esubva=0.8, esubt=0.0, esubc=0.0)
    return Benchmark(sam, to_dataset(table, comm, names), "symmetric")


def bounded_gtap(regions: int = 4, goods: int = 5, seed: int = 0) -> Benchmark:
    """A benchmark of the standard model whose CDE parameters stand at GTAP's bounds.

    Substitution is 1e-6 or 0.999999; in every third region it is 1e-6 for all goods, where a sum of z says nearly
    nothing; one good a region has an expansion parameter of 1e-6.
    """
    rng = np.random.default_rng(seed)
    held = standard_gtap(random_benchmark(regions, goods, seed))
    parameters = held.elasticities.copy(deep=True)
    substitution = rng.choice([1e-6, 0.999999], size=(goods, regions))
    substitution[:, ::3] = 1e-6
    expansion = rng.uniform(0.1, 1.5, (goods, regions))
    expansion[rng.integers(0, goods, regions), np.arange(regions)] = 1e-6
    parameters["subpar"] = parameters["subpar"].copy(data=substitution)
    parameters["incpar"] = parameters["incpar"].copy(data=expansion)
    return replace(held, elasticities=parameters, name=f"bounded-{seed}")


def random_gtap(regions: int = 3, goods: int = 3, seed: int = 7) -> Benchmark:
    """A random benchmark with the standard model's parameters."""
    return standard_gtap(random_benchmark(regions, goods, seed))


def five_regions() -> Benchmark:
    """The world of 2018 in five regions and four sectors (trade and transport apart)."""
    world = load_benchmark()
    regions = {r: r if r in ("CHN", "PAK", "USA", "EU") else "ROW" for r in world.regions}
    sectors = {
        i: {"agr": "agr", "trd": "trd", "utl": "srv", "cns": "srv", "bus": "srv", "pub": "srv"}.get(i, "gds")
        for i in world.commodities
    }
    sam = aggregate(world.sam, regions, sectors)
    sam.data.attrs["members"] = "{}"
    table = elasticity_table(sam.commodities, esubm=5.0, esubd=2.5, esubva=1.0, esubt=0.0, esubc=0.0)
    return Benchmark(sam, to_dataset(table, sam.commodities, sam.regions), "five")


def growth_table(benchmark: Benchmark, **rates: float) -> pd.DataFrame:
    """Growth of 2 % a year, or at the named rates."""
    columns = {c: rates.get(c, 0.02) for c in ("gdp", "population", "skl", "unskl", "nat")}
    return pd.DataFrame(columns, index=benchmark.regions)


def without_capital(benchmark: Benchmark) -> Benchmark:
    """The world as if its source held no capital stock and no depreciation: saving is gross."""
    data = benchmark.sam.data.copy()
    data["save"] = data["save"] + data["vdep"]
    for header in ("vdep", "vkb"):
        data[header] = xr.zeros_like(data[header])
    return replace(benchmark, sam=Sam(data, benchmark.sam.adjustments))
