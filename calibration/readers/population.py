"""Population and people of working age by economy and year: United Nations, World Population Prospects (CC BY 3.0 IGO).

The revision of 2019 gives both from 2010 on in steps of five years (middle of the year, medium variant from 2025), that of 2024
population a year from 2024 (31 December). Between five-year marks growth is even. Behind 2024 population grows as in the later
revision, whose end of 2024 stands for the middle of that year, and the share of working age stays that of 2019.

The UN lists France's overseas departments apart, where national accounts count them in France: they are added to it. Kosovo is
in Serbia, as in the revision of 2019, which leaves out territories of fewer than 90,000 people (1.3 million in all; only the
later revision has them). Cyprus is the whole island, of which the accounts hold the part under its government.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.errors import DataError, require_year
from calibration.parse import doubled, numbers_of, reading

OLDER, NEWER = "wpp2019_working_age_2010_2050.csv", "wpp2024_population_2024_2050.csv"
FIRST, JOINED, LAST = 2010, 2024, 2050
"""First year; the year from which the later revision says how population grows; last year."""
INSIDE: Mapping[str, str] = {**dict.fromkeys(("GLP", "GUF", "MTQ", "MYT", "REU"), "FRA"), "XKX": "SRB"}
"""Territories that stand with another economy: in its national accounts, or in the revision of 2019."""
REST = "ROW"


def read_population(folder: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Population, and people aged 15-64, of every economy from 2010 to 2050.

    Parameters
    ----------
    folder : path
        Holds ``wpp2019_working_age_2010_2050.csv`` and ``wpp2024_population_2024_2050.csv``.

    Returns
    -------
    tuple of DataFrame
        Index iso3, columns years, million people.

    Raises
    ------
    DataError
        A file or a column is missing, an economy and year stands twice, is missing in one revision, or a number is none above
        0.
    """
    total, working = (_of_revision(Path(folder) / OLDER, column) for column in ("population_mn", "pop_15_64_mn"))
    later = _of_revision(Path(folder) / NEWER, "population_mn")
    lacking = sorted(set(total.index) - set(later.index))
    if lacking:
        raise DataError(f"{Path(folder) / NEWER} lacks {', '.join(lacking[:5])}, which {OLDER} has; give every economy in both")
    if not {JOINED, LAST} <= set(later.columns):
        raise DataError(f"{Path(folder) / NEWER} has no year {JOINED} or no {LAST}")
    years = np.arange(FIRST, LAST + 1)
    total, working = (_every_year(table, years, Path(folder) / OLDER) for table in (total, working))
    share = working / total
    for year in range(JOINED + 1, LAST + 1):
        total[year] = total[JOINED] * (later[year] / later[JOINED]).loc[total.index]
    return total, share * total


def population_of(total: pd.DataFrame, regions: list[str], year: int) -> pd.Series:
    """Population of regions in a year, million people; ``ROW`` is every economy that is none of the others.

    Parameters
    ----------
    total : DataFrame
        From :func:`read_population`.
    regions : list of str
        ISO codes and ``ROW``.
    year : int

    Raises
    ------
    DataError
        An economy or the year is not in the table.
    """
    require_year(year, "the year of population")
    if year not in total.columns:
        raise DataError(f"population: no year {year}; it has {total.columns[0]} to {total.columns[-1]}")
    single = [r for r in regions if r != REST]
    absent = [r for r in single if r not in total.index]
    if absent:
        raise DataError(f"population: no figure of {', '.join(absent)} in the World Population Prospects; map it into a group")
    people = total.loc[single, year].copy()
    if REST in regions:
        people[REST] = float(total[year].drop(index=single).sum())
    return people.loc[regions]


def _of_revision(path: Path, column: str) -> pd.DataFrame:
    """One column of a revision, economies by years, territories in the economy whose accounts hold them."""
    with reading(path, "table of the World Population Prospects"):
        table = pd.read_csv(path, keep_default_na=False)
    lacking = [c for c in ("iso3", "year", column) if c not in table]
    if lacking:
        raise DataError(f"{path} lacks the column {', '.join(lacking)}")
    cells = [f"{iso} in {year}" for iso, year in zip(table["iso3"], table["year"], strict=True)]
    if (twice := doubled(cells)) is not None:
        raise DataError(f"{path} gives {twice} twice; keep one row")
    numbers = numbers_of(table, [column], path, ["iso3", "year"])[column]
    odd = np.flatnonzero(~(np.isfinite(numbers) & (numbers > 0)))
    if odd.size:
        given = float(numbers.iloc[odd[0]])
        raise DataError(f"{path}: {column} of {cells[odd[0]]} is {given:g}; millions above 0 are needed")
    whole = table.assign(iso3=table["iso3"].replace(dict(INSIDE)), people=numbers).groupby(["iso3", "year"])["people"].sum()
    by_year = whole.unstack("year")
    if by_year.isna().to_numpy().any():
        r, c = np.argwhere(by_year.isna().to_numpy())[0]
        raise DataError(f"{path} lacks {by_year.index[r]} in {by_year.columns[c]}, which others have; add the row")
    return by_year


def _every_year(table: pd.DataFrame, years: np.ndarray, path: Path) -> pd.DataFrame:
    """Even growth between the marks of a table."""
    marks = table.columns.to_numpy(dtype=float)
    if marks[0] > years[0] or marks[-1] < years[-1]:
        raise DataError(f"{path} has the years {marks[0]:.0f} to {marks[-1]:.0f}; {years[0]} to {years[-1]} are needed")
    logs = np.log(table)
    return pd.DataFrame({e: np.exp(np.interp(years, marks, row)) for e, row in logs.iterrows()}, index=years).T
