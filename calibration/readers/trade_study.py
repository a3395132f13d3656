"""The data of a study in quantitative trade, as a folder of csv files that anyone can make.

| file | columns | unit |
|---|---|---|
| ``flows.csv`` | ``sector, source, destination, value``; own sales too | million USD, without duties |
| ``inputs.csv`` | ``region, input, sector, share`` | share of the sector's cost |
| ``consumption.csv`` | ``region, sector, share`` | share of consumption; sums to 1 by region |
| ``elasticities.csv`` | ``sector, theta`` | trade elasticity, positive |
| ``about.csv`` | ``key, value``: ``year``, ``source``, others | |
| ``published.csv`` (optional) | ``region`` and columns named as the study's results | per cent |

Cells left out of flows, inputs and consumption are zero; every sector has an elasticity. Labels of sectors and regions are
those of ``elasticities.csv`` and of the sources in ``flows.csv``, in their order there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import DataError, require_labels

COLUMNS = {
    "flows": ("sector", "source", "destination", "value"),
    "inputs": ("region", "input", "sector", "share"),
    "consumption": ("region", "sector", "share"),
    "elasticities": ("sector", "theta"),
    "about": ("key", "value"),
}


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
    tables = {name: _table(folder, name) for name in COLUMNS}
    sectors = list(dict.fromkeys(tables["elasticities"]["sector"]))
    regions = list(dict.fromkeys(tables["flows"]["source"]))
    where = {n: folder / f"{n}.csv" for n in COLUMNS}
    flows = _array(where["flows"], tables["flows"], {"sector": sectors, "source": regions, "destination": regions}, "isd")
    inputs = _array(where["inputs"], tables["inputs"], {"input": sectors, "sector": sectors, "region": regions}, "iar")
    consumed = _array(where["consumption"], tables["consumption"], {"sector": sectors, "region": regions}, "ir")
    theta = _array(where["elasticities"], tables["elasticities"], {"sector": sectors}, "i")
    about = dict(zip(tables["about"]["key"], tables["about"]["value"].astype(str), strict=True))
    theta.attrs["source"] = about.get("elasticities", f"theta of {where['elasticities'].name}")
    return TradeStudy(flows, inputs, consumed, theta, about, _published(folder / "published.csv", regions))


def _table(folder: Path, name: str) -> pd.DataFrame:
    path = folder / f"{name}.csv"
    if not path.is_file():
        raise DataError(f"{path} not found; the folder needs {', '.join(f'{n}.csv' for n in COLUMNS)}")
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error
    lacking = [c for c in COLUMNS[name] if c not in frame.columns]
    if lacking:
        raise DataError(f"{path} lacks column {', '.join(lacking)}; it needs {', '.join(COLUMNS[name])}")
    keys = list(COLUMNS[name][:-1])
    twice = frame.duplicated(keys)
    if twice.any():
        at = int(np.flatnonzero(twice)[0])
        raise DataError(f"{path} line {at + 2}: {' '.join(frame.loc[at, keys])} comes twice; keep one")
    return frame


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
    frame = pd.read_csv(path)
    if "region" not in frame.columns:
        raise DataError(f"{path} lacks column region")
    table = frame.set_index("region")
    require_labels([str(r) for r in table.index], regions, f"region of {path}")
    numbers = table.apply(pd.to_numeric, errors="coerce")
    if (numbers.isna() & table.notna()).to_numpy().any():
        raise DataError(f"{path} holds a cell that is not a number")
    return numbers
