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

COLUMNS = ("gdp", "population", "skl", "unskl", "nat")


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
        A region is missing, a column is missing or unknown, or a rate is not a fraction above -0.5 and below 0.5.
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
        path = Path(source)
        if not path.is_file():
            raise DataError(f"growth table {path} not found")
        table = pd.read_csv(path, comment="#", index_col=0, keep_default_na=False)
        name = str(path)
    for column in table.columns:
        if column not in COLUMNS:
            raise DataError(f"{name}: unknown column {column!r}{nearest(str(column), COLUMNS)}; known: {', '.join(COLUMNS)}")
    for column in ("gdp", "population"):
        if column not in table:
            raise DataError(f"{name} lacks the column {column}")
    missing = [r for r in benchmark.regions if r not in table.index]
    if missing:
        raise DataError(f"{name} lacks {', '.join(missing)}; add a row for each region")
    for column in ("skl", "unskl", "nat"):
        if column not in table:
            table[column] = table["population"]
    out = table.loc[benchmark.regions, list(COLUMNS)].apply(pd.to_numeric, errors="coerce")
    bad = ~np.isfinite(out.to_numpy(dtype=float)) | (out.to_numpy(dtype=float) <= -0.5) | (out.to_numpy(dtype=float) >= 0.5)
    if bad.any():
        r, c = np.argwhere(bad)[0]
        raise DataError(f"{name}: growth {COLUMNS[c]} of {benchmark.regions[r]} is not a fraction between -0.5 and 0.5")
    out.attrs["source"] = name
    return out
