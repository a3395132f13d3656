"""The data of a study in quantitative trade, as a folder of csv files that anyone can make.

- ``flows.csv``: ``sector, source, destination, value``, own sales too; million USD, without duties
- ``inputs.csv``: ``region, input, sector, share``; share of the sector's cost
- ``consumption.csv``: ``region, sector, share``; share of consumption, sums to 1 by region
- ``elasticities.csv``: ``sector, theta``; trade elasticity, positive
- ``about.csv`` (optional): ``key, value``; ``year``, ``source``, ``rebalance`` (``yes``), others
- ``published.csv`` (optional): ``region`` and columns named as the study's results; per cent

Cells left out of flows, inputs and consumption are zero; every sector has an elasticity. Labels of sectors and regions are
those of ``elasticities.csv`` and of the sources in ``flows.csv``, in their order there. Files may be parted by comma,
semicolon or tab; columns stand in any order, in any case, and by the usual other names (:data:`SYNONYMS`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import DataError, require_labels, require_unique
from calibration.parse import reading

COLUMNS = {
    "flows": ("sector", "source", "destination", "value"),
    "inputs": ("region", "input", "sector", "share"),
    "consumption": ("region", "sector", "share"),
    "elasticities": ("sector", "theta"),
    "about": ("key", "value"),
}
OPTIONAL = ("about",)
NEEDED = ", ".join(f"{name}.csv" for name in COLUMNS if name not in OPTIONAL)

SYNONYMS = {
    "sector": ("good", "industry", "commodity", "activity", "i"),
    "source": ("origin", "exporter", "from", "s"),
    "destination": ("importer", "to", "d"),
    "value": ("flow", "trade", "amount"),
    "region": ("country", "iso3", "iso", "r"),
    "input": ("input_sector", "supplier"),
    "share": ("value", "coefficient"),
    "theta": ("elasticity", "trade_elasticity", "epsilon", "eps"),
    "key": ("name", "item"),
}
"""Other names of a column, taken where the file has not the first."""


@dataclass(frozen=True)
class TradeStudy:
    """Data of a study.

    Attributes
    ----------
    flows : DataArray, dims (i, s, d)
    input_shares : DataArray, dims (i, a, r)
    final_shares : DataArray, dims (i, r)
    theta : DataArray, dims (i,)
    about : dict of str
    published : DataFrame or None
        Index region.
    """

    flows: xr.DataArray
    input_shares: xr.DataArray
    final_shares: xr.DataArray
    theta: xr.DataArray
    about: dict[str, str]
    published: pd.DataFrame | None


def read_trade_study(folder: str | Path) -> TradeStudy:
    """Read the folder.

    Raises
    ------
    DataError
        A file or column is missing, a cell comes twice or is not a finite number, or a label is unknown.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; give the one that holds {NEEDED}")
    tables = {name: _table(folder, name) for name in COLUMNS}
    sectors = list(dict.fromkeys(tables["elasticities"]["sector"]))
    regions = list(dict.fromkeys(tables["flows"]["source"]))
    where = {n: folder / f"{n}.csv" for n in COLUMNS}
    flows = _array(where["flows"], tables["flows"], {"sector": sectors, "source": regions, "destination": regions}, "isd")
    inputs = _array(where["inputs"], tables["inputs"], {"input": sectors, "sector": sectors, "region": regions}, "iar")
    consumed = _array(where["consumption"], tables["consumption"], {"sector": sectors, "region": regions}, "ir")
    theta = _array(where["elasticities"], tables["elasticities"], {"sector": sectors}, "i")
    about = {k.lower(): v for k, v in zip(tables["about"]["key"], tables["about"]["value"], strict=True)}
    theta.attrs["source"] = about.get("elasticities", f"theta of {where['elasticities'].name}")
    return TradeStudy(flows, inputs, consumed, theta, about, _published(folder / "published.csv", regions))


def _table(folder: Path, name: str) -> pd.DataFrame:
    path = folder / f"{name}.csv"
    if not path.is_file():
        if name in OPTIONAL:
            return pd.DataFrame(columns=list(COLUMNS[name]), dtype=str)
        there = ", ".join(sorted(p.name for p in folder.iterdir())[:8]) or "nothing"
        raise DataError(f"{path} not found; the folder needs {NEEDED} and holds {there}")
    frame = _named(path, _csv(path), COLUMNS[name])
    keys = list(COLUMNS[name][:-1])
    twice = frame.duplicated(keys)
    if twice.any():
        at = int(np.flatnonzero(twice)[0])
        raise DataError(f"{path} line {at + 2}: {' '.join(frame.loc[at, keys])} comes twice; keep one")
    return frame


def _csv(path: Path) -> pd.DataFrame:
    """All cells as text without blanks around it."""
    with reading(path, "table of text and numbers"):
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        separator = max(",;\t", key=header.count)
        frame = pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False, skip_blank_lines=False
        )
    return frame.rename(columns=lambda c: str(c).strip().lower()).apply(lambda column: column.str.strip())


def _named(path: Path, frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """The columns that are needed, under their names here."""
    names: dict[str, str] = {}
    for column in columns:
        known = [c for c in (column, *SYNONYMS.get(column, ())) if c in frame.columns and c not in names.values()]
        if known:
            names[column] = known[0]
    lacking = [c for c in columns if c not in names]
    if lacking:
        has = ", ".join(map(str, frame.columns))
        raise DataError(f"{path} lacks column {', '.join(lacking)}; it needs {', '.join(columns)} and has {has}")
    double = [n for n in names.values() if list(frame.columns).count(n) > 1]
    if double:
        raise DataError(f"{path} has the column {double[0]} twice; keep one")
    return pd.DataFrame({column: frame[name] for column, name in names.items()})


def _array(path: Path, frame: pd.DataFrame, sets: dict[str, list[str]], dims: str) -> xr.DataArray:
    """The last column as an array over ``sets``; cells left out are zero."""
    column = next(c for n, c in ((n, COLUMNS[n][-1]) for n in COLUMNS) if path.stem == n)
    numbers = pd.to_numeric(frame[column], errors="coerce")
    bad = ~np.isfinite(numbers.to_numpy(dtype=float))
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise DataError(f"{path} line {at + 2}: {column} {frame[column].iloc[at]!r} is not a finite number")
    places = []
    for name, labels in sets.items():
        require_labels(list(dict.fromkeys(frame[name])), labels, f"{name} of {path}")
        places.append(frame[name].map({x: k for k, x in enumerate(labels)}).to_numpy())
    values = np.zeros([len(labels) for labels in sets.values()])
    values[tuple(places)] = numbers.to_numpy()
    return xr.DataArray(values, dims=tuple(dims), coords=dict(zip(dims, sets.values(), strict=True)))


def _published(path: Path, regions: list[str]) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    frame = _csv(path)
    region = next((c for c in ("region", *SYNONYMS["region"]) if c in frame.columns), None)
    if region is None:
        raise DataError(f"{path} lacks column region")
    require_unique(frame[region], f"region of {path}")
    table = frame.set_index(region).rename_axis("region")
    require_labels(list(table.index), regions, f"region of {path}")
    numbers = table.apply(pd.to_numeric, errors="coerce")
    if (numbers.isna() & (table != "")).to_numpy().any():
        row, column = np.argwhere((numbers.isna() & (table != "")).to_numpy())[0]
        raise DataError(f"{path} line {row + 2}: {table.columns[column]} {table.iat[row, column]!r} is not a number")
    return numbers
