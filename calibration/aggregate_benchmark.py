"""Coarser benchmarks: the SAM summed over groups, elasticities averaged with what they act on.

Weights follow GTAP's aggregation (:mod:`calibration.parameter_weights`).
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
from calibration.income_elasticities import grouped_demand
from calibration.parameter_weights import parameter_weights, weights_of
from calibration.readers.har_kept import KEPT
from calibration.sam import Sam

MODEL_SETS = {"COMM", "ACTS", "ENDW", "REG", "MARG"}
BY_FACTOR = ("mobility",)
"""Parameters of a factor alone, which no grouping touches."""
NOTE = "means over the members, weights as GTAP's aggregation programs (calibration.parameter_weights)"


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
        With the core model's elasticities, or the standard GTAP model's.
    regions, sectors : path or mapping, optional
        Old label -> new label; CSV path or dict. None keeps that dimension.
    name : str
        Default the old name with the new size.

    Returns
    -------
    Benchmark
        Which economies a grouped region holds is told by ``groups``; ``co2``, energy and electricity, sea-borne pairs,
        unemployment, the elasticities by study and headers of a GTAP folder that are not by region or sector are kept, the
        status of cells is not.

    Raises
    ------
    DataError
        A mapping leaves out a label, names an unknown one, or the benchmark has parameters this cannot average.
    """
    sam = benchmark.sam
    acts = [str(x) for x in sam.data["a"].values]
    region_map = read_mapping(regions) if regions is not None else {x: x for x in sam.regions}
    sector_map = read_mapping(sectors) if sectors is not None else {x: x for x in dict.fromkeys([*sam.commodities, *acts])}
    new = aggregate(sam, region_map, sector_map)
    weights = parameter_weights(sam)
    held, gtap = benchmark.elasticities, "subpar" in benchmark.elasticities
    unknown = [str(v) for v in held.data_vars if v not in weights and v not in BY_FACTOR]
    if unknown:
        listed = ", ".join(unknown)
        raise DataError(
            f"benchmark {benchmark.name!r} has parameters this cannot average: {listed}; aggregate before adding them"
        )
    means = xr.Dataset(attrs={**held.attrs, "elasticity_note": NOTE})
    for symbol in (str(v) for v in held.data_vars):
        if symbol in BY_FACTOR:
            means[symbol] = held[symbol]
            continue
        weight = weights_of(held[symbol], symbol, weights[symbol], gtap)
        means[symbol] = _mean(held[symbol], weight, region_map, sector_map, new).assign_attrs(held[symbol].attrs)
    held = means
    lines = str(held.attrs.get("elasticity_sources", "")).splitlines()
    held.attrs["elasticity_sources"] = "\n".join(f"{line} (averaged over {sector_map[line.split(':')[0]]})" for line in lines)
    new.data.attrs |= {
        "members": json.dumps(_members(benchmark, region_map)),
        "aggregated_from": f"{benchmark.name}, {len(sam.regions)} regions x {len(sam.commodities)} sectors",
    }
    left_out = _by_cell(benchmark.satellites)
    if left_out:
        said = f"headers by region or sector that grouping leaves out: {', '.join(left_out)}"
        new.data.attrs["remarks"] = "; ".join(filter(None, [str(new.data.attrs.get("remarks", "")), said]))
    label = name or f"{benchmark.name}-{len(new.regions)}x{len(new.commodities)}"
    world_imports = sam["vmsb"].sum((1, 2))
    grouped = Benchmark(new, held, label, _satellites(benchmark, region_map, sector_map, new, world_imports))
    return grouped if gtap else grouped_demand(benchmark, region_map, sector_map, grouped)


def _mean(
    values: xr.DataArray, weights: xr.DataArray, regions: Mapping[str, str], sectors: Mapping[str, str], new: Sam
) -> xr.DataArray:
    """Weighted mean over the dims that are grouped; the weights are summed on the way."""
    for dim in values.dims:
        if dim == "f":
            continue
        mapping, labels = (regions if dim == "r" else sectors), [str(x) for x in new.data[dim].values]
        values = aggregate_weighted(values, weights, mapping, str(dim), labels)
        weights = _sum(weights, mapping, str(dim), labels)
    return values


def _sum(values: xr.DataArray, mapping: Mapping[str, str], dim: str, labels: list[str]) -> xr.DataArray:
    """Sums over groups along one dim; dims in the same order."""
    groups = xr.DataArray([mapping[str(x)] for x in values[dim].values], dims=dim, name=dim)
    return values.groupby(groups).sum().sel({dim: labels}).transpose(*values.dims)


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
    for name in ("energy", "energy_households", "co2_fuel", "co2_households", "electricity"):
        if name in held:
            whole = held[name]
            for dim, mapping, labels in (("a", sectors, new.commodities), ("r", regions, new.regions)):
                whole = _sum(whole, mapping, dim, labels) if dim in whole.dims else whole
            out[name] = whole.transpose(*held[name].dims).assign_attrs(held[name].attrs)
    for name in ("foreign_assets", "foreign_liabilities", "foreign_income"):
        if name in held:
            out[name] = _sum(held[name], regions, "r", new.regions).assign_attrs(held[name].attrs)
    if "mfn" in held:
        weights = held["mfn"].copy(data=benchmark.sam["vcif"].sum(1))
        by_sector = aggregate_weighted(held["mfn"], weights, sectors, "i", new.commodities)
        grouped = aggregate_weighted(by_sector, _sum(weights, sectors, "i", new.commodities), regions, "r", new.regions)
        out["mfn"] = grouped.transpose("i", "r").assign_attrs(held["mfn"].attrs)
    if "duty_collected" in held:
        weights = held["duty_collected"].copy(data=(benchmark.sam["vmsb"] - benchmark.sam["vcif"]).sum(1))
        by_sector = aggregate_weighted(held["duty_collected"], weights, sectors, "i", new.commodities)
        grouped = aggregate_weighted(by_sector, _sum(weights, sectors, "i", new.commodities), regions, "r", new.regions)
        out["duty_collected"] = grouped.transpose("i", "r").assign_attrs(held["duty_collected"].attrs)
    if "sea_borne" in held:
        weights = held["sea_borne"].copy(data=benchmark.sam["vtwr"].sum((0, 1)))
        by_source = aggregate_weighted(held["sea_borne"], weights, regions, "s", new.regions)
        by_pair = aggregate_weighted(by_source, _sum(weights, regions, "s", new.regions), regions, "d", new.regions)
        out["sea_borne"] = by_pair.transpose("s", "d").assign_attrs(held["sea_borne"].attrs)
    if "unemployment" in held:  # means over the members that have a rate
        rates = held["unemployment"]
        people = rates.copy(data=benchmark.sam["pop"]).where(rates.notnull(), 0.0)
        grouped = _sum(rates.fillna(0.0) * people, regions, "r", new.regions) / _sum(people, regions, "r", new.regions)
        out["unemployment"] = grouped.assign_attrs(rates.attrs)
    for symbol in ("esubm_by_study", "esubd_by_study"):
        if symbol in held:
            weights = xr.DataArray(imports, dims="i", coords={"i": held["i"].values})
            out[symbol] = aggregate_weighted(held[symbol], weights, sectors, "i", new.commodities).transpose("study", "i")
    dropped = _by_cell(held)
    for name in (str(v) for v in held.data_vars):
        if name.startswith(KEPT) and name.removeprefix(KEPT) not in dropped:
            out[name] = held[name]
    return out if out.data_vars else None


def _by_cell(satellites: xr.Dataset | None) -> list[str]:
    """Headers of a GTAP folder that are by region, commodity, ...: what grouping does to them is not known here."""
    names = [str(v) for v in satellites.data_vars] if satellites is not None else []
    return [
        name.removeprefix(KEPT)
        for name in names
        if satellites is not None
        and name.startswith(KEPT)
        and set(str(satellites[name].attrs.get("sets", "")).split()) & MODEL_SETS
    ]
