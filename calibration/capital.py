r"""Capital stocks and depreciation of a SAM from the Penn World Table.

The table gives a capital stock at the end of each year at current purchasing power (``cn``) and in constant national prices
(``rnna``), its price level over the United States (``pl_n``) and a rate of depreciation (``delta``). The stock at the beginning
of the year, GTAP's VKB, in the year's dollars and the year's depreciation are

.. math::

    \mathrm{VKB}_{rt} = \mathrm{cn}_{rt}\,\mathrm{pl}^n_{rt}\,\frac{\mathrm{rnna}_{r,t-1}}{\mathrm{rnna}_{rt}}, \qquad
    \mathrm{VDEP}_{rt} = \delta_{rt} \mathrm{VKB}_{rt}

(Feenstra, Inklaar and Timmer, "The Next Generation of the Penn World Table", American Economic Review 105(10), 2015). Saving is
net of depreciation, as in GTAP: what income net of depreciation leaves after consumption.

Capital must earn more than it wears, or its net return is negative: depreciation is at most :data:`MOST_OF_EARNINGS` of what
the SAM pays capital, and the stock is lowered with it at an unchanged rate. That, where each region's figures come from, and
depreciation above gross investment (which is kept) stand in the adjustments.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.errors import DataError, require_year
from calibration.geography import ALIASES
from calibration.labels import is_capital
from calibration.parse import doubled, numbers_of, reading
from calibration.sam import Sam

FILE = "pwt_2010_2019.csv"
MOST_OF_EARNINGS = 0.75
"""Depreciation is at most this share of what capital is paid: a judgement of this library, without a source."""
COLUMNS = ("iso3", "year", "delta", "cn", "rnna", "pl_n")


def read_capital(folder: str | Path, year: int) -> pd.DataFrame:
    """Capital stocks at the beginning of a year and rates of depreciation.

    Parameters
    ----------
    folder : path
        Holds ``pwt_2010_2019.csv``.
    year : int

    Returns
    -------
    pandas.DataFrame
        Index iso3; columns ``stock`` (million current USD) and ``rate`` (a year); economies without a figure left out.

    Raises
    ------
    DataError
        The file is absent or lacks a column, the year or the one before, or has an economy twice or a figure out of range.
    """
    require_year(year, "the year of capital stocks")
    path = Path(folder) / FILE
    with reading(path, "extract of the Penn World Table"):
        table = pd.read_csv(path)
    missing = [c for c in COLUMNS if c not in table]
    if missing:
        raise DataError(f"{path} lacks the columns {', '.join(missing)}")
    table[list(COLUMNS[2:])] = numbers_of(table, COLUMNS[2:], path, ["iso3", "year"])
    wanted = table[table["year"].isin((year - 1, year))]
    if (twice := doubled([f"{iso} in {y}" for iso, y in zip(wanted["iso3"], wanted["year"], strict=True)])) is not None:
        raise DataError(f"{path} gives {twice} twice; keep one row")
    of_year, before = (wanted[wanted["year"] == y].set_index("iso3") for y in (year, year - 1))
    if of_year.empty or before.empty:
        lacking = year if of_year.empty else year - 1
        raise DataError(
            f"{path} has no year {lacking}; it has {table['year'].min()} to {table['year'].max()}, and the stock at the "
            f"beginning of {year} needs the year before too"
        )
    growth = of_year["rnna"] / before["rnna"].reindex(of_year.index)
    found = pd.DataFrame({"stock": of_year["cn"] * of_year["pl_n"] / growth, "rate": of_year["delta"]}).dropna()
    lawful = (found["stock"] > 0) & np.isfinite(found["stock"]) & (found["rate"] > 0) & (found["rate"] <= 0.3)
    odd = found[~lawful]
    if len(odd):
        row = odd.iloc[0]
        raise DataError(f"{path}: {odd.index[0]} has a stock of {row['stock']:g} and a rate of depreciation of {row['rate']:g}")
    return found


def of_regions(
    capital: pd.DataFrame, regions: list[str], gdp: pd.Series, members: Mapping[str, pd.Series] | None = None
) -> pd.DataFrame:
    """Stocks and rates by region of a SAM.

    A group's stock is its members' with a figure, over their GDP, times the group's GDP in the SAM. A region with no figure
    takes the ratio of stock to GDP, and the rate, of all others together.

    Parameters
    ----------
    capital : DataFrame
        From :func:`read_capital`.
    regions : list of str
        Codes of the SAM; those of input-output tables are known (``ROM`` is ``ROU``).
    gdp : Series
        GDP by region of the SAM, million USD.
    members : mapping of Series, optional
        By region that stands for several economies, as the rest of the world: their GDP, million USD.

    Returns
    -------
    pandas.DataFrame
        Index region; columns ``stock``, ``rate``, ``source`` (``own``, ``members`` or ``others``) and ``covered``, the share of
        the region's GDP in the SAM that has a figure: the stock of members is divided by it.

    Raises
    ------
    DataError
        No region has a figure.
    """
    rows: dict[str, tuple[float, float, str, float]] = {}
    for region in regions:
        code = ALIASES.get(region, region)
        if members and region in members:
            inside = members[region]
            held = capital.loc[[c for c in inside.index if c in capital.index]]
            if held.empty:
                continue
            total, output = float(held["stock"].sum()), float(inside[held.index].sum())
            rate = float((held["stock"] * held["rate"]).sum()) / total
            rows[region] = (total / output * float(gdp[region]), rate, "members", output / float(gdp[region]))
        elif code in capital.index:
            rows[region] = (float(capital.loc[code, "stock"]), float(capital.loc[code, "rate"]), "own", 1.0)
    known = list(rows)
    if not known:
        raise DataError(f"no capital stock for any of {', '.join(regions[:5])}")
    total = sum(rows[r][0] for r in known)
    ratio = total / float(gdp[known].sum())
    mean = sum(rows[r][0] * rows[r][1] for r in known) / total
    for region in regions:
        rows.setdefault(region, (ratio * float(gdp[region]), mean, "others", 0.0))
    columns = ["stock", "rate", "source", "covered"]
    return pd.DataFrame.from_dict({r: rows[r] for r in regions}, orient="index", columns=columns)


def with_capital(sam: Sam, capital: pd.DataFrame) -> Sam:
    """The SAM with ``vkb``, ``vdep`` and saving net of depreciation; what was limited or borrowed is in ``adjustments``.

    Parameters
    ----------
    sam : Sam
        Without depreciation.
    capital : DataFrame
        From :func:`of_regions`.

    Raises
    ------
    DataError
        The SAM has depreciation already, no factor that is capital, or other regions.
    """
    if sam["vdep"].any() or sam["vkb"].any():
        raise DataError("the SAM has depreciation or capital stocks already")
    if list(capital.index) != sam.regions:
        raise DataError("capital stocks are of other regions than the SAM's")
    chosen = [k for k, f in enumerate(sam.factors) if is_capital(f)]
    if not chosen:
        raise DataError(f"no factor of the SAM is capital ({', '.join(sam.factors)})")
    earned = sam["evos"][chosen].sum((0, 1))
    wear = (capital["stock"] * capital["rate"]).to_numpy()
    allowed = np.minimum(wear, MOST_OF_EARNINGS * earned)
    stock = capital["stock"].to_numpy() * allowed / wear
    data = sam.data.copy()
    data["vdep"], data["vkb"] = data["vdep"].copy(data=allowed), data["vkb"].copy(data=stock)
    data["save"] = data["save"].copy(data=sam["save"] - allowed)
    zero = str(data.attrs.get("zero_headers", "")).split()
    data.attrs["zero_headers"] = " ".join(h for h in zero if h not in ("vdep", "vkb"))
    rows: list[dict[str, object]] = []
    invested = sam.expenditure()["inv"]
    for k, region in enumerate(sam.regions):
        given = capital.iloc[k]
        if given["source"] == "members":
            share, scaled = float(given["covered"]), float(given["stock"])
            rule = f"capital stock of members with a figure, {100 * share:.1f} % of its GDP, scaled to all of it (million USD)"
            rows.append({"rule": rule, "cell": region, "before": scaled * share, "after": scaled})
        if given["source"] == "others":
            rule = "capital stock over GDP and rate of depreciation as in the other regions"
            rows.append({"rule": rule, "cell": region, "before": 0.0, "after": float(given["stock"])})
        if allowed[k] < wear[k]:
            rule = f"depreciation at most {MOST_OF_EARNINGS:g} of what capital is paid"
            rows.append({"rule": rule, "cell": region, "before": wear[k], "after": allowed[k]})
            rule = "capital stock lowered with its depreciation, at an unchanged rate"
            rows.append({"rule": rule, "cell": region, "before": float(given["stock"]), "after": stock[k]})
        if allowed[k] > invested[k]:
            rule = "gross investment below depreciation, as the sources have them (investment, depreciation)"
            rows.append({"rule": rule, "cell": region, "before": float(invested[k]), "after": allowed[k]})
    return Sam(data, pd.concat([sam.adjustments, pd.DataFrame(rows)], ignore_index=True) if rows else sam.adjustments)
