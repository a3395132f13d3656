r"""Capital stocks and depreciation of a SAM from the Penn World Table.

The table gives a capital stock at current purchasing power (``cn``) with its price level over the United States (``pl_n``), so
:math:`K_r = \mathrm{cn}_r\,\mathrm{pl}^n_r` is in current dollars, and a rate of depreciation (``delta``), so
:math:`\mathrm{VDEP}_r = \delta_r K_r` (Feenstra, Inklaar and Timmer, American Economic Review 105(10), 2015). The stock is that
of the year; the SAM takes it as the one at work. Saving is net of depreciation, as in GTAP: what income net of depreciation
leaves after consumption.

Capital must earn more than it wears, or its net return is negative: depreciation is at most :data:`MOST_OF_EARNINGS` of what
the SAM pays capital, and the stock is lowered with it at an unchanged rate. Where that binds it stands in the adjustments.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.errors import DataError
from calibration.labels import is_capital
from calibration.parse import reading
from calibration.sam import Sam

FILE = "pwt_2010_2019.csv"
MOST_OF_EARNINGS = 0.75
"""Depreciation is at most this share of what capital is paid."""
COLUMNS = ("iso3", "year", "delta", "cn", "pl_n")


def read_capital(folder: str | Path, year: int) -> pd.DataFrame:
    """Capital stocks and rates of depreciation.

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
        The file is absent or lacks a column or the year.
    """
    path = Path(folder) / FILE
    with reading(path, "extract of the Penn World Table"):
        table = pd.read_csv(path)
    missing = [c for c in COLUMNS if c not in table]
    if missing:
        raise DataError(f"{path} lacks the columns {', '.join(missing)}")
    of_year = table[table["year"] == year].set_index("iso3")
    if of_year.empty:
        raise DataError(f"{path} has no year {year}; it has {table['year'].min()} to {table['year'].max()}")
    found = pd.DataFrame({"stock": of_year["cn"] * of_year["pl_n"], "rate": of_year["delta"]}).dropna()
    odd = found[(found["stock"] <= 0) | (found["rate"] <= 0) | (found["rate"] > 0.3)]
    if len(odd):
        row = odd.iloc[0]
        raise DataError(f"{path}: {odd.index[0]} has a stock of {row['stock']:g} and a rate of depreciation of {row['rate']:g}")
    return found


def of_regions(capital: pd.DataFrame, regions: list[str], members: Mapping[str, list[str]], gdp: pd.Series) -> pd.DataFrame:
    """Stocks and rates by region of a SAM.

    Parameters
    ----------
    capital : DataFrame
        From :func:`read_capital`.
    regions : list of str
    members : mapping
        Economies of a region that holds several, as the rest of the world.
    gdp : Series
        GDP by region, million USD; a region with no figure takes the ratio of stock to GDP of all others.

    Returns
    -------
    pandas.DataFrame
        Index region; columns ``stock``, ``rate`` and ``source`` (``own``, ``members`` or ``mean of the others``).
    """
    rows = {}
    for region in regions:
        inside = [c for c in members.get(region, [region]) if c in capital.index]
        if inside:
            held = capital.loc[inside]
            stock = float(held["stock"].sum())
            rate = float((held["stock"] * held["rate"]).sum() / stock)
            rows[region] = (stock, rate, "members" if region in members else "own")
    known = list(rows)
    if not known:
        raise DataError(f"no capital stock for any of {', '.join(regions[:5])}")
    total = sum(rows[r][0] for r in known)
    ratio = total / float(gdp[known].sum())
    mean = sum(rows[r][0] * rows[r][1] for r in known) / total
    for region in regions:
        if region not in rows:
            rows[region] = (ratio * float(gdp[region]), mean, "mean of the others")
    return pd.DataFrame.from_dict({r: rows[r] for r in regions}, orient="index", columns=["stock", "rate", "source"])


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
    log = [
        {"rule": f"depreciation at most {MOST_OF_EARNINGS:g} of what capital is paid", "cell": r, "before": was, "after": now}
        for r, was, now in zip(sam.regions, wear, allowed, strict=True)
        if now < was
    ]
    log += [
        {"rule": "capital stock over GDP as in the mean of the others", "cell": r, "before": 0.0, "after": float(k)}
        for r, k, source in zip(sam.regions, stock, capital["source"], strict=True)
        if source == "mean of the others"
    ]
    return Sam(data, pd.concat([sam.adjustments, pd.DataFrame(log)], ignore_index=True) if log else sam.adjustments)
