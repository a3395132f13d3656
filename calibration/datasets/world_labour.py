"""Labour of the world of 2018: skills from occupations, and unemployment rates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from calibration.errors import DataError, require_year
from calibration.parse import reading
from calibration.readers import read_accounts
from calibration.skills import PREMIUM, read_occupations, skilled_persons, wage_share, with_skill_shares

UNEMPLOYMENT = {
    "long_name": "unemployment rate",
    "units": "fraction of the labour force",
    "source": "World Bank, World Development Indicators, SL.UEM.TOTL.ZS (ILO modelled estimate); NaN where it has none",
}
SKILL_STATUS = {
    "long_name": "status of the split of labour by skill",
    "units": "code: 1 shares of persons observed, 4 from income per head",
    "source": "ILOSTAT, EMP_TEMP_SEX_OC2_NB",
}


def read_unemployment(folder: str | Path, regions: list[str], year: int) -> np.ndarray:
    """Unemployment rates as fractions of the labour force; NaN where the source has none; dims (r,).

    Raises
    ------
    DataError
        The file or the year is missing, or a rate is no percentage.
    """
    require_year(year, "the year of unemployment")
    path = Path(folder) / "wdi_macro_2011_2025.csv"
    if not path.is_file():
        raise DataError(f"unemployment: {path} not found")
    with reading(path, "table of macro series (iso3, year, unemployment_pct)"):
        table = pd.read_csv(path)
        rates = table[table["year"] == year].set_index("iso3")["unemployment_pct"].astype(float)
    if rates.empty:
        raise DataError(f"{path} holds no year {year}")
    bad = ~rates.isna() & ~rates.between(0, 100)
    if bad.any():
        raise DataError(f"{path}: unemployment_pct of {rates.index[int(np.argmax(bad.to_numpy()))]} is no percentage")
    return np.asarray(rates.reindex(regions).to_numpy() / 100)


def labour(full: Benchmark, data: Path) -> Benchmark:
    """The full world with skills by occupation, and unemployment rates beside the SAM."""
    year = int(str(full.sam.data.attrs["year"]))
    accounts = read_accounts(data / "national_accounts", full.regions, year)
    persons = skilled_persons(read_occupations(data / "ilo_occupations"), accounts["gdp"] / accounts["pop"])
    sam = with_skill_shares(full.sam, wage_share(persons["share"].to_numpy()))
    sam.data.attrs["skill_split"] = (
        f"skilled are ISCO groups 1-3: ILO shares of persons ({int((persons['status'] == 1).sum())} economies), others by "
        f"income per head; wage {PREMIUM:g} times that of others (calibration/skills.py)"
    )
    beside = full.satellites if full.satellites is not None else xr.Dataset()
    rates = read_unemployment(data / "wdi_macro", full.regions, year)
    new = beside.assign(
        unemployment=xr.DataArray(rates, dims="r", coords={"r": full.regions}, attrs=UNEMPLOYMENT),
        skill_status=xr.DataArray(
            persons["status"].to_numpy(np.int8), dims="r", coords={"r": full.regions}, attrs=SKILL_STATUS
        ),
    )
    return replace(full, sam=sam, satellites=new)


def grouped_labour(full: Benchmark, columns: np.ndarray) -> dict[str, xr.DataArray]:
    """Unemployment (mean with population over members that have a rate) and the least certain skill status of groups.

    Parameters
    ----------
    full : Benchmark
    columns : ndarray, dims (group, r)
        1 where an economy belongs to a group.
    """
    assert full.satellites is not None
    rates = full.satellites["unemployment"]
    weight = full.sam["pop"] * np.isfinite(rates.values)
    mean = ratio(columns @ (weight * np.nan_to_num(rates.values)), columns @ weight, empty=float("nan"))
    status = np.max(columns * full.satellites["skill_status"].values, axis=1).astype(np.int8)
    return {
        "unemployment": xr.DataArray(mean, dims="r", attrs=rates.attrs),
        "skill_status": xr.DataArray(status, dims="r", attrs=full.satellites["skill_status"].attrs),
    }
