"""Growth of population, labour by skill and GDP: the table behind a baseline.

One row a region, yearly rates as fractions; a user's CSV replaces the shipped one
(``calibration/datasets/growth.csv``, made by ``calibration/datasets/growth_rates.py``).
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.benchmark import Benchmark
from calibration.errors import DataError, nearest
from calibration.user_table import read_user_table

COLUMNS = ("gdp", "population", "skl", "unskl", "nat")
MOST = 0.25
"""Largest yearly rate, either way."""


def read_growth(benchmark: Benchmark, source: str | Path | None = None) -> pd.DataFrame:
    """Yearly growth rates of a benchmark's regions.

    Parameters
    ----------
    benchmark : Benchmark
    source : path, optional
        CSV with the columns ``region, gdp, population, skl, unskl, nat`` (fractions a year; ``skl``, ``unskl``, ``nat``
        default to ``population``). None takes the shipped table, rows of the benchmark's name.

    Returns
    -------
    pandas.DataFrame
        Index region, columns :data:`COLUMNS`; ``attrs["source"]``.

    Raises
    ------
    DataError
        A region is missing, a column is missing or unknown, a region is unknown or
        given twice, or a rate is not a fraction between -0.25 and 0.25 (a yearly rate beyond is per cent, not a fraction).
    """
    if source is None:
        with (resources.files("calibration") / "datasets" / "growth.csv").open(encoding="utf-8") as file:
            table = pd.read_csv(file, comment="#", index_col="region", keep_default_na=False)
        base = benchmark.name.split("+")[0]
        known = sorted(set(table["benchmark"]))
        table = table[table["benchmark"] == base].drop(columns="benchmark")
        name = "calibration/datasets/growth.csv"
        if table.empty:
            raise DataError(
                f"no growth rates are shipped for benchmark {benchmark.name!r} (only {', '.join(known)}); pass a CSV"
            )
    else:
        table, name = _user_table(source, benchmark.regions), str(source)
    missing = [r for r in benchmark.regions if r not in table.index]
    if missing:
        raise DataError(f"{name} lacks {', '.join(missing)}; add a row for each region")
    for column in ("skl", "unskl", "nat"):
        if column not in table:
            table[column] = table["population"]
    out = table.loc[benchmark.regions, list(COLUMNS)].apply(pd.to_numeric, errors="coerce")
    bad = ~(abs(out.to_numpy(dtype=float)) < MOST)
    if bad.any():
        r, c = np.argwhere(bad)[0]
        raise DataError(
            f"{name}: growth {COLUMNS[c]} of {benchmark.regions[r]} is {out.iat[r, c]:g}, not a fraction between -{MOST:g} "
            f"and {MOST:g}; are the rates in per cent? divide them by 100"
        )
    out.attrs["source"] = name
    return out


def _user_table(source: str | Path, regions: list[str]) -> pd.DataFrame:
    table = read_user_table(source, "growth table", "give a csv with the columns region, gdp, population")
    key, *columns = table.columns
    for column in columns:
        if column not in COLUMNS:
            hint = nearest(column, COLUMNS)
            raise DataError(f"{table.path}: unknown column {column!r}{hint}; known: {', '.join(COLUMNS)}")
    table.require(("gdp", "population"))
    table.require_once((key,))
    table.require_labels(key, regions, "region of the benchmark")
    held = {column: table.numbers(column) for column in columns}
    return pd.DataFrame(held, index=pd.Index(table.column(key), name="region"))
