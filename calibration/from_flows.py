"""A benchmark from what a paper on quantitative trade gives: bilateral flows, input shares, final shares, elasticities.

Goods are distinguished by origin alone (one flat nest of home and foreign origins), technology and demand are Cobb-Douglas,
labour is the one factor, and final demand is consumption: the data of :data:`cge.blocks.deficits.TRADE_MODEL`. Spending X of a
region on a good is on materials and consumption,

    X = Gamma Y + alpha I,    Y_s = sum_d pi_sd X_d / (1 + tau_sd),    I = wages + duties + deficit,

with pi the shares of origins in spending (Caliendo and Parro 2015, section 3). Flows, input shares and final shares of a
published table seldom agree; then X is solved from these equations at the data's income, which is asked for by
``rebalance=True`` and reported as ``labour``: what the data's wages are over those of the benchmark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from calibration.elasticities import to_dataset
from calibration.errors import DataError, require_labels
from calibration.sam import USES, Sam, cell, make_dataset

__all__ = ["FlowsBenchmark", "benchmark_from_flows", "one_final_demand"]

Array = np.ndarray
BALANCED = 1e-6
"""Largest gap between spending of the flows and of the shares that counts as agreement, of the region's spending."""


@dataclass(frozen=True)
class FlowsBenchmark:
    """A benchmark from flows.

    Attributes
    ----------
    benchmark : Benchmark
    labour : DataArray, dims (r,)
        Wages of the flows over those of the benchmark: 1 where flows and shares agree.
    """

    benchmark: Benchmark
    labour: xr.DataArray


def benchmark_from_flows(
    flows: xr.DataArray,
    input_shares: xr.DataArray,
    elasticities: xr.DataArray | pd.DataFrame,
    final_shares: xr.DataArray | None = None,
    *,
    tariffs: xr.DataArray | None = None,
    name: str = "flows",
    attrs: Mapping[str, Any] | None = None,
    rebalance: bool = False,
) -> FlowsBenchmark:
    """Build a benchmark from bilateral flows.

    Parameters
    ----------
    flows : DataArray, dims (i, s, d)
        Sales of good ``i`` made in ``s`` to ``d``, own sales on the diagonal, without duties; million USD.
    input_shares : DataArray, dims (i, a, r)
        Share of input ``i`` in the cost of activity ``a``; ``a`` has the labels of ``i``; the rest of cost is wages.
    elasticities : DataArray, dims (i,), or DataFrame
        Trade elasticity theta of each good (substitution is 1 + theta in one flat nest), or a whole table as
        :func:`calibration.elasticities.to_dataset` takes it.
    final_shares : DataArray, dims (i, r), optional
        Shares of consumption; what is left of spending after materials by default.
    tariffs : DataArray, dims (i, s, d), optional
        Ad valorem rates, fractions of the flow.
    name : str
    attrs : mapping, optional
        Provenance.
    rebalance : bool
        Solve spending from the shares where flows and shares do not agree.

    Raises
    ------
    DataError
        Labels that do not match, a value that is not finite or has a sign or sum it cannot have, materials that exceed
        spending, or flows and shares that do not agree and ``rebalance`` is not asked for.

    Examples
    --------
    >>> flows = xr.DataArray([[[90.0, 10.0], [10.0, 30.0]]], dims=("i", "s", "d"),
    ...     coords={"i": ["g"], "s": ["A", "B"], "d": ["A", "B"]})
    >>> none = xr.DataArray(np.zeros((1, 1, 2)), dims=("i", "a", "r"), coords={"i": ["g"], "a": ["g"], "r": ["A", "B"]})
    >>> theta = xr.DataArray([4.0], dims="i", coords={"i": ["g"]})
    >>> benchmark_from_flows(flows, none, theta).benchmark.sam.gdp()
    array([100.,  40.])
    """
    _require_dims(flows, "flows", ("i", "s", "d"))
    goods, regions = [str(x) for x in flows["i"].values], [str(x) for x in flows["s"].values]
    sets = {"i": goods, "a": goods, "r": regions, "s": regions, "d": regions}
    flow = _aligned(flows, "flows", ("i", "s", "d"), sets)
    rate = np.zeros_like(flow) if tariffs is None else _aligned(tariffs, "tariffs", ("i", "s", "d"), sets, signed=True)
    materials = _aligned(input_shares, "input shares", ("i", "a", "r"), sets)
    _check(flow, rate, materials, sets)
    made = flow.sum(2)
    paid = flow * (1 + rate)
    spending = paid.sum(1)  # (i, d)
    wages = ((1 - materials.sum(0)) * made).sum(0)
    income = wages + (flow * rate).sum((0, 1)) + flow.sum((0, 1)) - flow.sum((0, 2))
    left = spending - np.einsum("iar,ar->ir", materials, made)
    share = _final_shares(final_shares, left, spending, sets)
    origin = ratio(paid, spending[:, None, :])  # pi (i, s, d)
    net = origin / (1 + rate)
    x = _spending(materials, net, share * income)
    gap = abs(x - spending).sum(0) / spending.sum(0)
    if not rebalance and gap.max() > BALANCED:
        worst = int(gap.argmax())
        good = int(abs(x - spending)[:, worst].argmax())
        raise DataError(
            f"{name}: flows, input shares and final shares do not agree: spending of {regions[worst]} differs by "
            f"{gap[worst]:.2%}, most on {goods[good]} ({spending[good, worst]:,.6g} in the flows, {x[good, worst]:,.6g} by the "
            "shares); repair them, or give rebalance=True to solve spending from the shares"
        )
    arrays = _arrays(materials, net * x[:, None, :], rate, share * income, origin)
    sam = Sam(make_dataset(arrays, {**{k: sets[k] for k in "iar"}, "f": ["lab"], "m": [goods[-1]]}, attrs))
    table = elasticities
    if isinstance(table, xr.DataArray):
        theta = _aligned(table, "trade elasticities", ("i",), sets)
        if (theta <= 0).any():
            raise DataError(
                f"{name}: the trade elasticity of {goods[int(theta.argmin())]} is {theta.min():g}; it must be positive"
            )
        table = pd.DataFrame({"esubm": 1 + theta, "esubd": 1 + theta}, index=goods).assign(esubva=1.0, esubt=1.0, esubc=1.0)
        table["source"] = str(elasticities.attrs.get("source", "trade elasticities given; Cobb-Douglas elsewhere"))
    benchmark = Benchmark(sam, to_dataset(table, goods, regions), name)
    ratio_of_wages = xr.DataArray(wages / sam["evfb"].sum((0, 1)), dims="r", coords={"r": regions})
    return FlowsBenchmark(benchmark, ratio_of_wages)


def _aligned(
    array: xr.DataArray, what: str, dims: tuple[str, ...], sets: Mapping[str, list[str]], signed: bool = False
) -> Array:
    """Values in the order of the sets; every label of a set once."""
    _require_dims(array, what, dims)
    for d in dims:
        labels = [str(k) for k in array[d].values]
        require_labels(labels, sets[d], f"label along {d} of {what}")
        if sorted(labels) != sorted(sets[d]):
            lacking = [k for k in sets[d] if k not in labels]
            raise DataError(
                f"{what}: dim {d} lacks {', '.join(lacking)}" if lacking else f"{what}: a label of dim {d} comes twice"
            )
    named = array.assign_coords({d: [str(k) for k in array[d].values] for d in dims})
    placed = named.transpose(*dims).sel({d: sets[d] for d in dims})
    bad = ~np.isfinite(placed.values) | ((placed.values < 0) if not signed else False)
    if bad.any():
        raise DataError(f"{what} at {cell(placed, bad)}: {placed.values[bad][0]:g}; values must be finite and not negative")
    return np.asarray(placed.values, dtype=float)


def _require_dims(array: xr.DataArray, what: str, dims: tuple[str, ...]) -> None:
    if not isinstance(array, xr.DataArray):
        raise DataError(f"{what} must be a DataArray with dims {dims}, got {type(array).__name__}")
    if sorted(map(str, array.dims)) != sorted(dims):
        raise DataError(f"{what} have dims {array.dims}, expected {dims}")
    unlabelled = [d for d in dims if d not in array.coords]
    if unlabelled:
        raise DataError(f"{what} have no labels along {', '.join(unlabelled)}; give them as coordinates")


def _check(flow: Array, rate: Array, materials: Array, sets: Mapping[str, list[str]]) -> None:
    goods, regions = sets["i"], sets["r"]
    k = np.arange(len(regions))
    if rate[:, k, k].any():
        i, r = np.argwhere(rate[:, k, k] != 0)[0]
        own = rate[i, r, r]
        raise DataError(f"{regions[r]} puts a tariff of {own:g} on its own {goods[i]}; own sales bear none, set it to 0")
    if (rate <= -1).any():
        i, s, d = np.argwhere(rate <= -1)[0]
        raise DataError(
            f"the tariff on {goods[i]} from {regions[s]} in {regions[d]} is {rate[i, s, d]:g}; a power must be positive"
        )
    cost = materials.sum(0)
    if (cost > 1 + 1e-9).any():
        a, r = np.argwhere(cost > 1 + 1e-9)[0]
        raise DataError(f"input shares of {goods[a]} in {regions[r]} sum to {cost[a, r]:.6g} of its cost; at most 1")
    spending = (flow * (1 + rate)).sum(1)
    if (spending <= 0).any():
        i, d = np.argwhere(spending <= 0)[0]
        used = materials[i, :, d].sum() > 0
        if used:
            raise DataError(f"{regions[d]} uses {goods[i]} as an input but no flow brings it there")
    idle = [r for k, r in enumerate(regions) if flow[:, k].sum() <= 0]
    if idle:
        raise DataError(f"{', '.join(idle)} makes nothing; drop it or aggregate it with a neighbour")


def _final_shares(given: xr.DataArray | None, left: Array, spending: Array, sets: Mapping[str, list[str]]) -> Array:
    """Shares of consumption (i, r), which sum to one."""
    if given is None:
        if (left < -BALANCED * spending.sum(0)).any():
            i, r = np.argwhere(left < -BALANCED * spending.sum(0))[0]
            raise DataError(
                f"materials of {sets['i'][i]} used in {sets['r'][r]} exceed what is spent on it by {-left[i, r]:,.4g}, "
                "in the unit of the flows; repair the input shares, or give final_shares with rebalance=True"
            )
        kept = np.maximum(left, 0.0)
        return np.asarray(kept / kept.sum(0))
    share = _aligned(given, "final shares", ("i", "r"), sets)
    total = share.sum(0)
    if (abs(total - 1) > BALANCED).any():
        r = int(abs(total - 1).argmax())
        raise DataError(f"final shares of {sets['r'][r]} sum to {total[r]:.6g}; they must sum to 1")
    return np.asarray(share / total)


def _spending(materials: Array, net: Array, consumption: Array) -> Array:
    """Spending X (i, r) of X = consumption + materials Y, Y_s = sum_d net_sd X_d."""
    n, r = consumption.shape
    system = np.eye(n * r) - np.einsum("iar,ard->iard", materials, net).transpose(0, 2, 1, 3).reshape(n * r, n * r)
    return np.asarray(np.linalg.solve(system, consumption.ravel()).reshape(n, r))


def _arrays(materials: Array, sold: Array, rate: Array, bought: Array, origin: Array) -> dict[str, Array]:
    """Headers of the SAM from sales (i, s, d), input shares, consumption (i, r) and shares of origins in spending."""
    n, r = bought.shape
    k = np.arange(r)
    output = sold.sum(2)
    at_home = origin[:, k, k]
    trade = sold.copy()
    trade[:, k, k] = 0.0
    landed = trade * (1 + rate)
    use = materials * output[None]
    arrays: dict[str, Array] = {"vxsb": trade, "vfob": trade, "vcif": trade, "vmsb": landed}
    for price in "bp":
        arrays[f"vdf{price}"], arrays[f"vmf{price}"] = use * at_home[:, None], use * (1 - at_home)[:, None]
        arrays[f"vdp{price}"], arrays[f"vmp{price}"] = bought * at_home, bought * (1 - at_home)
    users = np.zeros((n, len(USES), r))
    users[:, 0], users[:, 1] = arrays["vmfb"].sum(1), arrays["vmpb"]
    arrays["vmub"] = ratio(users, landed.sum(1)[:, None])[:, :, None, :] * landed[:, None]
    arrays["makb"] = arrays["maks"] = np.zeros((n, n, r))
    arrays["makb"][np.arange(n), np.arange(n)] = output
    wages = ((1 - materials.sum(0)) * output)[None]
    arrays["evfb"] = arrays["evfp"] = arrays["evos"] = wages
    arrays["save"] = wages.sum((0, 1)) + (landed - trade).sum((0, 1)) - bought.sum(0)
    return arrays


def one_final_demand(benchmark: Benchmark) -> Benchmark:
    """The benchmark with government and investment folded into consumption, which the trade model needs.

    Income is gross (no depreciation), and ``save`` is minus the trade deficit.
    """
    old = benchmark.sam
    g = {str(h): old[str(h)].copy() for h in old.data.data_vars}
    for origin in "dm":
        for price in "bp":
            for agent in "gi":
                g[f"v{origin}p{price}"] += g[f"v{origin}{agent}{price}"]
                g[f"v{origin}{agent}{price}"][:] = 0.0
    consumed = g["vmub"][:, 1:].sum(1)
    g["vmub"][:, 1:] = 0.0
    g["vmub"][:, 1] = consumed
    g["vdep"][:] = 0.0
    g["save"][:] = 0.0
    sets = {d: [str(x) for x in old.data[d].values] for d in ("i", "a", "f", "r", "m")}
    draft = Sam(make_dataset(g, sets))
    g["save"] = draft.income() - draft.expenditure()["prv"]
    title = f"{old.data.attrs.get('title', benchmark.name)}, one final demand"
    sam = Sam(make_dataset(g, sets, {**old.data.attrs, "title": title}), old.adjustments)
    return replace(benchmark, sam=sam, name=f"{benchmark.name}, one final demand")
