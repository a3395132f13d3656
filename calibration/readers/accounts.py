"""National accounts: GDP of the World Development Indicators and aggregates of the Penn World Table.

World Bank, World Development Indicators, NY.GDP.MKTP.CD (CC BY 4.0); Penn World Table 10.01
(Feenstra, Inklaar, Timmer, "The Next Generation of the Penn World Table", American Economic Review 105(10), 2015, CC BY 4.0).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from calibration.errors import DataError, require_year
from calibration.parse import doubled, numbers_of, reading

COLUMNS = ("pop", "rgdpe", "labsh", "v_c", "v_i", "v_g", "v_gdp")


def read_accounts(folder: str | Path, regions: list[str], year: int) -> pd.DataFrame:
    """Accounts of each region in one year; ``ROW`` is the world less the others.

    Parameters
    ----------
    folder : path
        Holds ``gdp_current_usd.csv`` and ``pwt_2011_2018.csv``.
    regions : list of str
        ISO codes and ``ROW``.
    year : int

    Returns
    -------
    pandas.DataFrame
        Index region; ``gdp`` (million USD, current prices; the Penn table where the World Bank has none),
        ``pop`` (millions), ``per_head`` (thousand international dollars), ``labsh`` (NaN where absent), and
        ``prv, inv, gov``, shares of final use.

    Raises
    ------
    DataError
        A file, year or economy is missing.
    """
    require_year(year, "the year asked for")
    folder = Path(folder)
    files = {name: folder / name for name in ("gdp_current_usd.csv", "pwt_2011_2018.csv")}
    for path in files.values():
        if not path.is_file():
            raise DataError(f"national accounts: {path} not found")
    with reading(files["gdp_current_usd.csv"], "table of GDP (Country Code, Year, Value)"):
        gdp = pd.read_csv(files["gdp_current_usd.csv"])
        gdp["Value"] = numbers_of(gdp, ["Value"], files["gdp_current_usd.csv"], ["Country Code", "Year"])
        gdp = gdp[gdp["Year"] == year].set_index("Country Code")["Value"] / 1e6
    with reading(files["pwt_2011_2018.csv"], "extract of the Penn World Table"):
        penn = pd.read_csv(files["pwt_2011_2018.csv"])
    missing = [c for c in ("isocode", "year", *COLUMNS) if c not in penn]
    if missing:
        raise DataError(f"{files['pwt_2011_2018.csv']} lacks the columns {', '.join(missing)}")
    penn[list(COLUMNS)] = numbers_of(penn, COLUMNS, files["pwt_2011_2018.csv"], ["isocode", "year"])
    penn = penn[penn["year"] == year].set_index("isocode")
    for path, labels in zip(files.values(), (gdp.index, penn.index), strict=True):
        if (twice := doubled(list(labels))) is not None:
            raise DataError(f"{path} gives {twice} in {year} twice; keep one row")
    if penn.empty or gdp.empty:
        raise DataError(f"national accounts in {folder} hold no year {year}")
    single = [r for r in regions if r != "ROW"]
    absent = [r for r in single if r not in penn.index]
    if absent:
        raise DataError(f"national accounts lack {', '.join(absent)} in {year}; map them into ROW")
    table = penn.loc[single, list(COLUMNS)].copy()
    table["gdp"] = gdp.reindex(single).fillna(table["v_gdp"])
    if "ROW" in regions:
        rest = penn.drop(index=single)[list(COLUMNS)]
        row = rest.sum()
        row["labsh"] = float("nan")
        if "WLD" not in gdp.index:
            raise DataError(f"{files['gdp_current_usd.csv']} lacks the world (WLD) in {year}, of which ROW is the remainder")
        row["gdp"] = float(gdp["WLD"]) - float(table["gdp"].sum())
        table.loc["ROW"] = row
    for column in ("gdp", "pop", "rgdpe", "v_c", "v_i", "v_g"):
        if not (table[column] > 0).all():
            region = str(table.index[int(np.argmax(~(table[column] > 0)))])
            value = table.loc[region, column]
            raise DataError(f"national accounts in {folder}: {column} of {region} in {year} is {value}; must be above 0")
    final = table[["v_c", "v_i", "v_g"]].sum(axis=1)
    out = pd.DataFrame(
        {
            "gdp": table["gdp"],
            "pop": table["pop"],
            "per_head": table["rgdpe"] / table["pop"] / 1e3,
            "labsh": table["labsh"],
            "prv": table["v_c"] / final,
            "gov": table["v_g"] / final,
            "inv": table["v_i"] / final,
        }
    )
    return out.loc[regions]


def gdp_of_rest(folder: str | Path, regions: list[str], year: int) -> pd.Series:
    """GDP of the economies that ``ROW`` stands for (those with accounts), million USD, largest first.

    Parameters
    ----------
    folder : path
        Of the national accounts.
    regions : list of str
        Economies shown apart, by ISO code (``ROU``, not WIOD's ``ROM``).
    year : int

    Raises
    ------
    DataError
        A table is missing or cannot be read, or the year is no whole number.
    """
    require_year(year, "the year of GDP")
    folder = Path(folder)
    with reading(folder / "gdp_current_usd.csv", "table of GDP (Country Code, Year, Value)"):
        gdp = pd.read_csv(folder / "gdp_current_usd.csv")
        gdp = gdp[gdp["Year"] == year].set_index("Country Code")["Value"] / 1e6
    # the Penn table lists countries only, where the indicators hold groups of countries too
    with reading(folder / "pwt_2011_2018.csv", "extract of the Penn World Table"):
        countries = pd.read_csv(folder / "pwt_2011_2018.csv", usecols=["isocode"])["isocode"].unique()
    extra = [c for c in ("AFG", "SOM", "LBY", "PNG", "TLS", "ERI", "SSD", "CUB") if c in gdp.index]
    inside = gdp[[c for c in dict.fromkeys([*countries, *extra]) if c in gdp.index and c not in regions]].dropna()
    return inside.sort_values(ascending=False, kind="stable")


def rest_of_world(folder: str | Path, regions: list[str], year: int) -> dict[str, float]:
    """Economies that ``ROW`` stands for with their share of its GDP, largest first.

    Parameters
    ----------
    folder, regions, year
        As for :func:`gdp_of_rest`, which also says what it raises.
    """
    gdp = gdp_of_rest(folder, regions, year)
    return {str(k): float(v) for k, v in (gdp / gdp.sum()).items()}
