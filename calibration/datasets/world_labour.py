"""Labour of the world of 2018: skills from occupations, and unemployment rates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.datasets.world_people import accounts_of
from calibration.errors import DataError, require_year
from calibration.geography import economy
from calibration.parse import doubled, numbers_of, reading
from calibration.readers.population import read_population
from calibration.skills import PREMIUM, read_occupations, skilled_persons, wage_share, with_skill_shares

UNEMPLOYMENT = {
    "long_name": "unemployment rate",
    "units": "fraction of the labour force",
    "source": "World Bank, World Development Indicators, SL.UEM.TOTL.ZS (ILO modelled estimate)",
}
OWN, MEMBERS, OTHERS = 1, 2, 4
"""Codes of the satellite ``unemployment_status``."""
UNEMPLOYMENT_STATUS = {
    "long_name": "status of the unemployment rate",
    "units": f"code: {OWN} own figure, {MEMBERS} mean of members that have one, {OTHERS} mean of its part of the world",
    "source": "World Bank, World Development Indicators, SL.UEM.TOTL.ZS (ILO modelled estimate)",
}
SKILL_STATUS = {
    "long_name": "status of the split of labour by skill",
    "units": "code: 1 shares of persons observed, 4 from income per head",
    "source": "ILOSTAT, EMP_TEMP_SEX_OC2_NB",
}


def read_unemployment(folder: str | Path, year: int) -> pd.Series:
    """Unemployment rates of a year as fractions of the labour force, by economy that has one (WDI, ILO modelled).

    Raises
    ------
    DataError
        The file, a column or the year is missing, an economy stands twice, or a rate is no percentage.
    """
    require_year(year, "the year of unemployment")
    path = Path(folder) / "wdi_macro_2011_2025.csv"
    if not path.is_file():
        raise DataError(f"unemployment: {path} not found")
    with reading(path, "table of macro series (iso3, year, unemployment_pct)"):
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    if lacking := [c for c in ("iso3", "year", "unemployment_pct") if c not in table]:
        raise DataError(f"{path} lacks the columns {', '.join(lacking)}")
    table["unemployment_pct"] = numbers_of(table, ["unemployment_pct"], path, ["iso3", "year"])
    rates = table[table["year"] == year].set_index("iso3")["unemployment_pct"].dropna()
    if rates.empty:
        raise DataError(f"{path} holds no year {year}")
    if (twice := doubled([str(x) for x in rates.index])) is not None:
        raise DataError(f"{path} gives {twice} in {year} twice; keep one row")
    bad = ~((rates > 0) & (rates < 100))
    if bad.any():
        economy_ = str(rates.index[int(np.argmax(bad.to_numpy()))])
        raise DataError(f"{path}: unemployment_pct of {economy_} in {year} is {rates[economy_]:g}, no percentage above 0")
    return rates / 100


def unemployment_of(known: pd.Series, regions: list[str], persons: pd.Series) -> pd.DataFrame:
    """Unemployment rate of every region, and where it is from.

    ``ROW`` has the mean, weighted with people of working age, of the economies that are none of the regions; an economy without
    a figure (Chinese Taipei) the plain mean of the regions in its part of the world (:func:`calibration.geography.economy`).

    Parameters
    ----------
    known : Series
        From :func:`read_unemployment`.
    regions : list of str
        ISO codes and ``ROW``.
    persons : Series
        People of working age by economy, million.

    Returns
    -------
    DataFrame
        Index region; ``rate``, and ``status``: 1 own, 2 of members, 4 of other economies.

    Raises
    ------
    DataError
        A region with neither a figure nor a neighbour or member with one.
    """
    weighted = pd.DataFrame({"rate": known, "people": persons}).dropna()
    single = [r for r in regions if r != "ROW"]
    rows: dict[str, tuple[float, int]] = {}
    for region in regions:
        if region == "ROW":
            inside, status = weighted.drop(index=[r for r in single if r in weighted.index]), MEMBERS
        elif region in known.index:
            rows[region] = float(known[region]), OWN
            continue
        else:
            near = [r for r in single if r in weighted.index and economy(r).region == economy(region).region]
            inside, status = weighted.loc[near].assign(people=1.0), OTHERS
        if inside.empty:
            raise DataError(f"no unemployment rate of {region}, and none of an economy that could stand for it; add a row")
        rows[region] = float(np.average(inside["rate"], weights=inside["people"])), status
    return pd.DataFrame.from_dict(rows, orient="index", columns=["rate", "status"])


def labour(full: Benchmark, data: Path) -> Benchmark:
    """The full world with skills by occupation, and unemployment rates beside the SAM."""
    year = int(str(full.sam.data.attrs["year"]))
    accounts = accounts_of(data, full.regions, year)
    persons = skilled_persons(read_occupations(data / "ilo_occupations"), accounts["gdp"] / accounts["pop"])
    sam = with_skill_shares(full.sam, wage_share(persons["share"].to_numpy()))
    sam.data.attrs["skill_split"] = (
        f"skilled are ISCO groups 1-3: ILO shares of persons ({int((persons['status'] == 1).sum())} economies), others by "
        f"income per head; wage {PREMIUM:g} times that of others (calibration/skills.py)"
    )
    beside = full.satellites if full.satellites is not None else xr.Dataset()
    working = read_population(data / "un_wpp")[1][year]
    jobless = unemployment_of(read_unemployment(data / "wdi_macro", year), full.regions, working)
    new = beside.assign(
        unemployment=xr.DataArray(jobless["rate"].to_numpy(), dims="r", coords={"r": full.regions}, attrs=UNEMPLOYMENT),
        unemployment_status=xr.DataArray(
            jobless["status"].to_numpy(np.int8), dims="r", coords={"r": full.regions}, attrs=UNEMPLOYMENT_STATUS
        ),
        skill_status=xr.DataArray(
            persons["status"].to_numpy(np.int8), dims="r", coords={"r": full.regions}, attrs=SKILL_STATUS
        ),
    )
    return replace(full, sam=sam, satellites=new)


def grouped_labour(full: Benchmark, columns: np.ndarray) -> dict[str, xr.DataArray]:
    """Unemployment of groups (mean with population) and the least certain status of it and of skills.

    Parameters
    ----------
    full : Benchmark
    columns : ndarray, dims (group, r)
        1 where an economy belongs to a group.
    """
    assert full.satellites is not None
    rates, weight = full.satellites["unemployment"], full.sam["pop"]
    mean = columns @ (weight * rates.values) / (columns @ weight)
    grouped = {"unemployment": xr.DataArray(mean, dims="r", attrs=rates.attrs)}
    for name in ("unemployment_status", "skill_status"):
        codes = full.satellites[name]
        grouped[name] = xr.DataArray(np.max(columns * codes.values, axis=1).astype(np.int8), dims="r", attrs=codes.attrs)
    return grouped
