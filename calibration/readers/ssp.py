"""Shared Socioeconomic Pathways: population and GDP by country, SSP1 to SSP5.

International Institute for Applied Systems Analysis, SSP Scenario Explorer (KC et al. 2024 for population; OECD ENV-Growth,
Dellink, Chateau, Lanzi and Magne 2017, Global Environmental Change 42, for GDP). The terms of the publisher's site ask users
to register and do not clearly allow passing the tables on: nothing of them is shipped, this reads the user's own file.

Two layouts are known:

- a long table: ``scenario, iso3, year, population_mn`` and one column of GDP at purchasing power parity whose name begins
  with ``gdp_ppp``;
- the publisher's wide table: ``Model, Scenario, Region, Variable, Unit`` and a column a year, regions as ISO codes, variables
  ``Population`` and ``GDP|PPP``.

GDP is at the purchasing power of some base year: use growth rates or ratios only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.errors import DataError, nearest
from calibration.parse import reading, require_file

SCENARIOS = ("SSP1", "SSP2", "SSP3", "SSP4", "SSP5")
LONG = ("scenario", "iso3", "year", "population_mn")
WIDE = ("Model", "Scenario", "Region", "Variable", "Unit")
CODE = re.compile("[A-Z]{3}")
NO_COUNTRY = ("WLD", "EUU", "OED", "ROW")
"""Codes of groups that tables of countries hold besides."""
VARIABLES = {"Population": "population", "GDP|PPP": "gdp"}


@dataclass(frozen=True)
class Pathway:
    """One scenario.

    Attributes
    ----------
    gdp, population : DataFrame
        Index ISO code, columns years (ints); GDP at the file's purchasing power (ratios only), population in millions.
    incomplete : tuple of str
        Countries of the file left out, for they lack GDP or population in some year.
    """

    gdp: pd.DataFrame
    population: pd.DataFrame
    incomplete: tuple[str, ...] = ()


def read_ssp(path: str | Path, scenario: str) -> Pathway:
    """One scenario of a user's file.

    Parameters
    ----------
    path : path
        CSV in one of the layouts of this module.
    scenario : str
        One of :data:`SCENARIOS`.

    Raises
    ------
    DataError
        Unknown layout or scenario, a region that is no country's ISO code, a country's cell twice, one that is no number
        above zero, or fewer than two years.
    """
    require_file(path, "table of pathways (csv)")
    with reading(path, "table of pathways (csv)"):
        table = pd.read_csv(path, keep_default_na=False)
    if all(c in table for c in WIDE):
        long = _from_wide(table, path)
    else:
        lacking = [c for c in LONG if c not in table]
        gdp = [str(c) for c in table if str(c).startswith("gdp_ppp")]
        if lacking or len(gdp) != 1:
            wanted = ", ".join(lacking) if lacking else "one column that begins with gdp_ppp"
            raise DataError(f"{path} lacks {wanted}: neither a long table ({', '.join(LONG)}, gdp_ppp...) nor the publisher's")
        long = table[[*LONG, gdp[0]]].set_axis(["scenario", "economy", "year", "population", "gdp"], axis=1)
    known = sorted(set(long["scenario"].astype(str)))
    chosen = long[long["scenario"] == scenario]
    if chosen.empty:
        raise DataError(f"{path} holds no scenario {scenario!r}{nearest(scenario, known)}; it has {', '.join(known)}")
    odd = [e for e in dict.fromkeys(map(str, chosen["economy"])) if not CODE.fullmatch(e) or e in NO_COUNTRY]
    if odd:
        raise DataError(
            f"{path}: {odd[0]!r} is no ISO code of a country (nor are {len(odd) - 1} others); convert names to codes, and "
            "leave out the world and groups of countries, which would count twice"
        )
    twice = chosen[chosen.duplicated(["economy", "year"])]
    if len(twice):
        row = twice.iloc[0]
        raise DataError(f"{path}: {scenario} {row['economy']} {row['year']} is given twice; keep one row (one model)")
    tables = {}
    for name in ("gdp", "population"):
        values = chosen.pivot(index="economy", columns="year", values=name)
        text = values.map(lambda cell: str(cell).strip())
        numbers = values.apply(pd.to_numeric, errors="coerce")
        unlawful = ~(numbers.to_numpy(dtype=float) > 0) & ~text.isin(["", "nan"]).to_numpy()
        if unlawful.any():
            r, c = np.argwhere(unlawful)[0]
            cell = f"{scenario} {values.index[r]} {values.columns[c]}"
            raise DataError(f"{path}: {name} of {cell} is {text.iat[r, c]!r}; it must be a number above zero, or empty")
        tables[name] = numbers.set_axis([int(y) for y in values.columns], axis=1)
    if len(tables["gdp"].columns) < 2:
        raise DataError(f"{path} holds one year of {scenario}; growth needs two")
    whole = tables["gdp"].notna().all(axis=1) & tables["population"].notna().all(axis=1)
    gdp, population = (tables[name][whole] for name in ("gdp", "population"))
    return Pathway(gdp, population, tuple(map(str, whole.index[~whole])))


def _from_wide(table: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """The publisher's table as a long one."""
    for variable in VARIABLES:
        if variable not in set(table["Variable"]):
            raise DataError(f"{path} lacks the variable {variable!r}; export Population and GDP|PPP together")
    years = [c for c in table if str(c).isdigit()]
    rows = table[table["Variable"].isin(list(VARIABLES))]
    long = rows.melt(["Scenario", "Region", "Variable"], years, "year", "value")
    twice = long[long.duplicated(["Scenario", "Region", "Variable", "year"])]
    if len(twice):
        row = twice.iloc[0]
        raise DataError(
            f"{path}: {row['Variable']} of {row['Region']} in {row['Scenario']} {row['year']} is given twice; keep one model"
        )
    wide = long.pivot(index=["Scenario", "Region", "year"], columns="Variable", values="value").reset_index()
    wide = wide.rename(columns={"Scenario": "scenario", "Region": "economy", **VARIABLES}).rename_axis(columns=None)
    return wide.assign(year=wide["year"].astype(int))
