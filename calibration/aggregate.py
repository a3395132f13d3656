"""Aggregation of regions and sectors by mapping tables, conserving every total."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import DataError, nearest, require_type, require_unique
from calibration.sam import SCHEMA, Sam, make_dataset
from calibration.user_table import read_user_table


def read_mapping(source: str | Path | Mapping[str, str]) -> dict[str, str]:
    """A many-to-one mapping from a CSV file with two columns (old label, new label), or from a dict.

    Parameters
    ----------
    source : path or mapping

    Raises
    ------
    DataError
        The file is missing, has not two columns, holds an empty label, or maps a label twice (the line is named).
    """
    if isinstance(source, Mapping):
        require_unique(source, "mapping, old labels")
        blank = [str(old) for old, new in source.items() if not str(new).strip()]
        if blank:
            raise DataError(f"mapping: {blank[0]!r} is mapped to a blank; name the group it goes to")
        odd = [x for pair in source.items() for x in pair if not isinstance(x, str)]
        if odd:
            raise DataError(f"mapping: {odd[0]!r} is no label; write old and new labels as text")
        return {str(k): str(v) for k, v in source.items()}
    require_type(source, (str, Path), "a mapping", "the path of a CSV file, or old labels with new ones as a dict")
    table = read_user_table(source, "mapping table", "give a CSV with columns 'from,to'")
    if len(table.columns) != 2:
        raise DataError(f"{table.path}: a mapping has two columns 'from,to', found {list(table.columns)}")
    for row, (old, new) in enumerate(table.rows):
        if not old or not new:
            raise DataError(f"{table.at(row)}: {'old' if not old else 'new'} label is empty; write 'from,to'")
    if "" in table.columns or table.columns[0] == table.columns[1]:
        raise DataError(f"{table.path}: the first line is the header, as 'from,to'; found {list(table.columns)}")
    table.require_once((table.columns[0],), "label {key!r} is mapped twice")
    return {row[0]: row[1] for row in table.rows}


def check_mapping(mapping: Mapping[str, str], labels: list[str], what: str) -> list[str]:
    """The new labels in order of first appearance; raises where a label is unmapped or unknown."""
    missing = [x for x in labels if x not in mapping]
    if missing:
        raise DataError(f"the {what} mapping leaves out {', '.join(missing)}; add a line for each")
    unknown = [x for x in mapping if x not in labels]
    if unknown:
        raise DataError(f"the {what} mapping names unknown {', '.join(unknown)}{nearest(unknown[0], labels)}")
    return list(dict.fromkeys(mapping[x] for x in labels))


def collapse(array: np.ndarray, axis: int, groups: np.ndarray, size: int) -> np.ndarray:
    """Sum ``array`` along ``axis`` into ``size`` groups; ``groups[k]`` is the group of old element k."""
    moved = np.moveaxis(array, axis, 0)
    out = np.zeros((size, *moved.shape[1:]))
    np.add.at(out, groups, moved)
    return np.moveaxis(out, 0, axis)


def aggregate(
    sam: Sam,
    regions: str | Path | Mapping[str, str] | None = None,
    sectors: str | Path | Mapping[str, str] | None = None,
    order: tuple[list[str] | None, list[str] | None] = (None, None),
) -> Sam:
    """Sum a SAM over groups of regions and of sectors (commodities and activities alike).

    Trade among regions of one group becomes trade of the group with itself, as in GTAP
    aggregations; it keeps its duties and margins.

    Parameters
    ----------
    sam : Sam
        The table to aggregate.
    regions, sectors : path or mapping, optional
        Old label -> new label; CSV path or dict. None keeps that dimension.
    order : pair of lists, optional
        Wanted order of the new regions and sectors; default order of first appearance.

    Returns
    -------
    Sam
        Every total conserved to rounding.

    Raises
    ------
    DataError
        A mapping leaves out a label, names an unknown one or maps one twice, or ``order`` does not list the new labels.
    """
    require_type(sam, Sam, "aggregate", "a Sam (of a benchmark: aggregate_benchmark)")
    acts = [str(x) for x in sam.data["a"].values]
    margins = [str(x) for x in sam.data["m"].values]
    region_map = read_mapping(regions) if regions is not None else {x: x for x in sam.regions}
    sector_map = read_mapping(sectors) if sectors is not None else {x: x for x in [*sam.commodities, *acts]}
    found_regions = check_mapping(region_map, sam.regions, "region")
    check_mapping(sector_map, list(dict.fromkeys([*sam.commodities, *acts])), "sector")
    new_regions = _ordered(order[0], found_regions, "regions")
    new_sectors = _ordered(order[1], list(dict.fromkeys(sector_map[x] for x in sam.commodities)), "sectors")
    new_acts = new_sectors if acts == sam.commodities else list(dict.fromkeys(sector_map[x] for x in acts))
    new_margins = list(dict.fromkeys(sector_map[x] for x in margins))
    targets = {"r": new_regions, "s": new_regions, "d": new_regions, "i": new_sectors, "a": new_acts, "m": new_margins}
    olds = {"r": sam.regions, "s": sam.regions, "d": sam.regions, "i": sam.commodities, "a": acts, "m": margins}
    maps = {**dict.fromkeys("rsd", region_map), **dict.fromkeys("iam", sector_map)}
    groups = {d: np.array([targets[d].index(maps[d][x]) for x in olds[d]], dtype=int) for d in targets}
    arrays = {}
    for name, header in SCHEMA.items():
        values = sam[name]
        for axis, dim in enumerate(header.dims):
            if dim in targets:
                values = collapse(values, axis, groups[dim], len(targets[dim]))
        arrays[name] = values
    sets = {"i": new_sectors, "a": new_acts, "f": sam.factors, "r": new_regions, "m": new_margins}
    data = make_dataset(arrays, sets, sam.data.attrs)
    data.attrs["zero_headers"] = sam.data.attrs.get("zero_headers", "")
    return Sam(data, sam.adjustments)


def _ordered(wanted: list[str] | None, found: list[str], what: str) -> list[str]:
    """The new labels in the wanted order, which must list each once."""
    if wanted is None:
        return found
    require_unique(wanted, f"order of the new {what}")
    if sorted(wanted) != sorted(found):
        raise DataError(f"order of the new {what} lists {', '.join(wanted)}; the mapping makes {', '.join(found)}")
    return list(wanted)


def aggregate_weighted(
    values: xr.DataArray, weights: xr.DataArray, mapping: Mapping[str, str], dim: str, labels: list[str]
) -> xr.DataArray:
    """Weighted mean of ``values`` over groups along ``dim`` (simple mean where all weights of a group are zero)."""
    weights = weights.where(weights > 0, 0.0)
    keys = [mapping[str(x)] for x in values[dim].values]
    out = []
    for label in labels:
        pick = [k for k, key in enumerate(keys) if key == label]
        v, w = values.isel({dim: pick}), weights.isel({dim: pick})
        total = w.sum(dim)
        out.append(((v * w).sum(dim) / total.where(total > 0)).fillna(v.mean(dim)))
    return xr.concat(out, dim=pd.Index(labels, name=dim)).transpose(*values.dims)
