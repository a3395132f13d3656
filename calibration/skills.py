"""Labour split into skilled and unskilled by occupation and wages, economy by economy.

Skilled are GTAP's: managers, professionals and technicians (ISCO major groups 1 to 3; Walmsley and Carrico, "Disaggregating
Labor Payments", GTAP Data Base Documentation 2016). With their share h of persons and their wage p over that of others,
their share of the wage bill is

    theta = h p / (h p + 1 - h).

Persons are the ILO's. Where it has none, log odds of h follow a line in the log of GDP per head through the economies that
have data. The relative wage p is one for the world (:data:`PREMIUM`): the median of those with which the shares of persons,
weighted with wage bills, give the skilled share of the public GTAP sample in each of its seven parts of the world (1.26 to
3.17). The sample keeps saying in which activities skills are; one multiplier an economy on skilled against unskilled labour in
all of them meets theta.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.arrays import ratio
from calibration.errors import DataError
from calibration.parse import doubled, numbers_of, reading
from calibration.sam import Sam

PREMIUM = 1.75
"""Wage of the skilled over that of the others."""
COLUMNS = ("iso3", "share_high_isco1_3")
HEADERS = ("evfb", "evfp", "evos")


def read_occupations(folder: str | Path) -> pd.Series:
    """Share of persons in ISCO groups 1 to 3 by economy, latest year of 2014 to 2019 (ILOSTAT).

    Raises
    ------
    DataError
        The file or a column is missing, an economy is given twice, or a share is no fraction.
    """
    path = Path(folder) / "occupation_shares.csv"
    if not path.is_file():
        raise DataError(f"occupations: {path} not found")
    with reading(path, "table of occupations"):
        table = pd.read_csv(path)
    if missing := [c for c in COLUMNS if c not in table]:
        raise DataError(f"{path} lacks the columns {', '.join(missing)}")
    if (twice := doubled([str(x) for x in table["iso3"]])) is not None:
        raise DataError(f"{path} gives {twice} twice; keep one row")
    share = numbers_of(table, COLUMNS[1:], path, ["iso3"]).set_axis(table["iso3"])["share_high_isco1_3"]
    odd = ~((share > 0) & (share < 1))
    if odd.any():
        first = str(share.index[int(np.argmax(odd.to_numpy()))])
        raise DataError(f"{path}: share_high_isco1_3 of {first} is {share[first]}, not a fraction between 0 and 1")
    return share


def skilled_persons(known: pd.Series, per_head: pd.Series) -> pd.DataFrame:
    """Share of skilled persons in each region of ``per_head``, from ``known`` or the line in income.

    Returns
    -------
    pandas.DataFrame
        Index as ``per_head``; ``share``, and ``status``, 1 observed or 4 estimated (:data:`calibration.benchmark.STATUS`).

    Raises
    ------
    DataError
        Fewer than three economies have data.
    """
    observed = known.reindex(per_head.index)
    seen = observed.notna()
    if seen.sum() < 3:
        raise DataError(f"occupations: a line in income needs three economies with data, found {int(seen.sum())}")
    income = np.log(per_head.astype(float))
    odds = np.log(observed[seen] / (1 - observed[seen]))
    slope, level = np.polyfit(income[seen], odds, 1)
    fitted = 1 / (1 + np.exp(-(level + slope * income)))
    return pd.DataFrame({"share": observed.fillna(fitted), "status": np.where(seen, 1, 4)}, index=per_head.index)


def wage_share(persons: np.ndarray, premium: float = PREMIUM) -> np.ndarray:
    """Share of the skilled in the wage bill from their share of persons."""
    if not premium > 0:
        raise DataError(f"the relative wage of the skilled is {premium}; it must be above 0")
    return np.asarray(persons * premium / (persons * premium + 1 - persons))


def match_skill_share(skilled: np.ndarray, unskilled: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Skilled pay by activity with labour's total of each activity kept; dims (a, r).

    One multiplier a region on the odds of skilled pay in every activity, found by bisection on its logarithm.

    Parameters
    ----------
    skilled, unskilled : ndarray, dims (a, r)
    share : ndarray, dims (r,)
        Wanted share of the skilled in a region's wage bill.
    """
    total = skilled + unskilled
    low, high = np.full(share.size, -12.0), np.full(share.size, 12.0)
    for _ in range(70):
        middle = (low + high) / 2
        moved = skilled * np.exp(middle)
        got = (total * ratio(moved, moved + unskilled)).sum(0) / total.sum(0)
        low, high = np.where(got < share, middle, low), np.where(got < share, high, middle)
    moved = skilled * np.exp((low + high) / 2)
    return np.asarray(total * ratio(moved, moved + unskilled))


def with_skill_shares(sam: Sam, share: Sequence[float] | np.ndarray, names: tuple[str, str] = ("skl", "unskl")) -> Sam:
    """The SAM with another skilled share of the wage bill by region; labour by activity and every total stay.

    Parameters
    ----------
    sam : Sam
    share : sequence of float
        In the order of the SAM's regions.
    names : tuple of str
        Labels of skilled and unskilled labour.

    Raises
    ------
    DataError
        The SAM has no such factors, a share is no fraction, or the two are taxed at different rates somewhere (then the revenue
        would change).
    """
    missing = [n for n in names if n not in sam.factors]
    if missing:
        raise DataError(f"the SAM has no factor {missing[0]!r}; its factors are {', '.join(sam.factors)}")
    wanted = np.asarray(share, dtype=float)
    if wanted.shape != (len(sam.regions),) or not ((wanted > 0) & (wanted < 1)).all():
        raise DataError("skilled shares of the wage bill must be one fraction between 0 and 1 a region")
    s, u = (sam.factors.index(n) for n in names)
    data, before = sam.data.copy(deep=True), sam["evfb"]
    paid = sam["evfb"]
    for header in HEADERS:
        power = ratio(sam[header], paid, empty=1.0)
        both = (paid[s] > 0) & (paid[u] > 0)
        if (abs(power[s] - power[u]) > 1e-9)[both].any():
            a, r = np.argwhere((abs(power[s] - power[u]) > 1e-9) & both)[0]
            activity = str(sam.data["a"].values[a])
            raise DataError(
                f"{names[0]} and {names[1]} pay different taxes in {activity} of {sam.regions[r]} ({header}); split labour "
                "before taxes"
            )
    new = match_skill_share(paid[s], paid[u], wanted)
    for header in HEADERS:
        values = sam[header].copy()
        total = values[s] + values[u]
        values[s] = total * ratio(new, paid[s] + paid[u])
        values[u] = total - values[s]
        data[header] = data[header].copy(data=values)
    was = before[s].sum(0) / (before[s] + before[u]).sum(0)
    log = pd.DataFrame(
        {
            "rule": "skilled share of the wage bill from occupations and wages",
            "cell": sam.regions,
            "before": was,
            "after": wanted,
        }
    )
    return Sam(data, pd.concat([sam.adjustments, log], ignore_index=True))
