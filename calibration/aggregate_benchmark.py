"""Coarser benchmarks: the SAM summed over groups, elasticities averaged with what they act on.

Weights follow GTAP's aggregation (GTAPAgg): ``esubm`` by imports, ``esubd`` by all purchases of the commodity, value-added and
input elasticities by the activity's cost, income elasticities by private consumption.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from calibration.aggregate import aggregate, aggregate_weighted, read_mapping
from calibration.benchmark import Benchmark
from calibration.errors import DataError
from calibration.sam import Sam


def aggregate_benchmark(
    benchmark: Benchmark,
    regions: str | Path | Mapping[str, str] | None = None,
    sectors: str | Path | Mapping[str, str] | None = None,
    name: str = "",
) -> Benchmark:
    """Sum a benchmark over groups of regions and of sectors.

    Parameters
    ----------
    benchmark : Benchmark
        With the core model's elasticities.
    regions, sectors : path or mapping, optional
        Old label -> new label; CSV path or dict. None keeps that dimension.
    name : str
        Default the old name with the new size.

    Returns
    -------
    Benchmark
        Which economies a grouped region holds is told by ``groups``; ``co2`` and the elasticities by study are kept, the
        status of cells is not.

    Raises
    ------
    DataError
        A mapping leaves out a label, names an unknown one, or the benchmark has parameters this cannot average.
    """
    sam = benchmark.sam
    region_map = read_mapping(regions) if regions is not None else {x: x for x in sam.regions}
    sector_map = read_mapping(sectors) if sectors is not None else {x: x for x in sam.commodities}
    new = aggregate(sam, region_map, sector_map)
    imports = sam["vmsb"].sum(1)
    bought = sam["vdfb"].sum(1) + sam["vdpb"] + sam["vdgb"] + sam["vdib"] + imports
    private = sam["vdpp"] + sam["vmpp"]
    cost = sam["makb"].sum(0)
    weights = {
        "esubm": imports,
        "esubd": bought,
        "esubva": sam["evfb"].sum(0),
        "esubt": cost,
        "esubc": cost,
        "incelas": private,
        "frisch": private.sum(0),
    }
    unknown = [str(v) for v in benchmark.elasticities.data_vars if v not in weights]
    if unknown:
        listed = ", ".join(unknown)
        raise DataError(
            f"benchmark {benchmark.name!r} has parameters this cannot average: {listed}; aggregate before adding them"
        )
    held = xr.Dataset(attrs=dict(benchmark.elasticities.attrs))
    for symbol, weight in weights.items():
        held[symbol] = _mean(benchmark.elasticities[symbol], weight, region_map, sector_map, new)
    lines = str(held.attrs.get("elasticity_sources", "")).splitlines()
    held.attrs["elasticity_sources"] = "\n".join(f"{line} (averaged over {sector_map[line.split(':')[0]]})" for line in lines)
    new.data.attrs |= {
        "members": json.dumps(_members(benchmark, region_map)),
        "aggregated_from": f"{benchmark.name}, {len(sam.regions)} regions x {len(sam.commodities)} sectors",
    }
    label = name or f"{benchmark.name}-{len(new.regions)}x{len(new.commodities)}"
    return Benchmark(new, held, label, _satellites(benchmark, region_map, sector_map, new, imports.sum(1)))


def _mean(
    values: xr.DataArray, weight: np.ndarray, regions: Mapping[str, str], sectors: Mapping[str, str], new: Sam
) -> xr.DataArray:
    """Weighted mean over both dims; the weights are summed on the way."""
    weights = values.copy(data=weight)
    for dim in values.dims:
        mapping, labels = (regions, new.regions) if dim == "r" else (sectors, new.commodities)
        values = aggregate_weighted(values, weights, mapping, str(dim), labels)
        weights = _sum(weights, mapping, str(dim), labels)
    return values


def _sum(values: xr.DataArray, mapping: Mapping[str, str], dim: str, labels: list[str]) -> xr.DataArray:
    """Sums over groups along one dim."""
    groups = xr.DataArray([mapping[str(x)] for x in values[dim].values], dims=dim, name=dim)
    return values.groupby(groups).sum().sel({dim: labels})


def _members(benchmark: Benchmark, regions: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Economies of each new group with their share of its GDP."""
    gdp = dict(zip(benchmark.regions, benchmark.sam.gdp(), strict=True))
    out: dict[str, dict[str, float]] = {}
    for old, new in regions.items():
        inside = benchmark.groups.get(old, {old: 1.0})
        for economy, share in inside.items():
            out.setdefault(new, {})[economy] = float(share * gdp[old])
    totals = {new: sum(held.values()) for new, held in out.items()}
    return {n: {e: v / totals[n] for e, v in held.items()} for n, held in out.items() if list(held) != [n]}


def _satellites(
    benchmark: Benchmark, regions: Mapping[str, str], sectors: Mapping[str, str], new: Sam, imports: np.ndarray
) -> xr.Dataset | None:
    held = benchmark.satellites
    if held is None:
        return None
    out = xr.Dataset()
    if "co2" in held:
        emitted = _sum(_sum(held["co2"], regions, "r", new.regions), sectors, "a", new.commodities)
        out["co2"] = emitted.transpose("a", "r").assign_attrs(held["co2"].attrs)
    if "mfn" in held:
        weights = held["mfn"].copy(data=benchmark.sam["vcif"].sum(1))
        by_sector = aggregate_weighted(held["mfn"], weights, sectors, "i", new.commodities)
        grouped = aggregate_weighted(by_sector, _sum(weights, sectors, "i", new.commodities), regions, "r", new.regions)
        out["mfn"] = grouped.transpose("i", "r").assign_attrs(held["mfn"].attrs)
    for symbol in ("esubm_by_study", "esubd_by_study"):
        if symbol in held:
            weights = xr.DataArray(imports, dims="i", coords={"i": held["i"].values})
            out[symbol] = aggregate_weighted(held[symbol], weights, sectors, "i", new.commodities).transpose("study", "i")
    return out
