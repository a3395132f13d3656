"""RCEP's cuts year by year: Japan and Australia from their schedules by line, other members by a rule fitted to Japan's.

A schedule takes a share of a sector's duty at once, shares in 11 and 16 equal yearly steps, and leaves a share
(``policies/data/rcep_schedule.csv``, made by the script beside it). Japan's cuts fall on 1 January 2022 and then every 1
April, so that
2022 holds two; others' on 1 January.

**Members without a schedule here** are declared to treat partners as Japan does: a partner with whom an agreement was in
force by 2018 as Japan treats ASEAN, Australia and New Zealand; a new partner (China, Japan and Korea among each other) as
Japan treats China and Korea on average. Sectors in which Japan has no duty take the mean of Japan's manufactures. What this
leaves out: China and Korea keep most vehicles out for Japan, and ASEAN members have own lists.

**Rate.** A trader may go on using an older agreement, and some trade claims no preference:

.. math:: t = \\min\\left(t^{2018},\\; u \\, m \\, \\lambda_y + (1 - u)\\, m\\right),

:math:`\\lambda_y` the share of the duty left in year y, m the most-favoured-nation rate (or the rate paid, where an exporter's
goods of the sector pay more than the sector's mean), u the use of the preference.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
import pandas as pd
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.errors import DataError, require_year
from calibration.preferences import in_force, require_share
from cge.errors import ShockError
from cge.policy.policy import InstrumentChange

FIRST_YEAR = 2022
STEPS = {"free": 1, "steps11": 11, "steps16": 16}
USE = 0.7
"""Share of eligible trade that claims RCEP's preference: stated, near that of ASEAN's agreements with Australia or Korea."""
BIG_THREE = ("CHN", "JPN", "KOR")
OCEANIA_ASEAN = "ASEAN-AUS-NZL"


def check_year(year: object) -> None:
    """Raise where a year of the schedule is not a whole number.

    Raises
    ------
    ShockError
    """
    try:
        require_year(year, "rcep: the year", "2035")
    except DataError as error:
        raise ShockError(str(error)) from error


@cache
def schedules() -> pd.DataFrame:
    """Shares of a sector's duty by speed; index (importer, partner, sector), columns ``mfn, free, steps11, steps16, stays``."""
    with (resources.files("policies") / "data" / "rcep_schedule.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#").set_index(["importer", "partner", "sector"]).sort_index()


def cuts(importer: str, year: int) -> int:
    """Number of yearly cuts made by a year (none before 2022).

    Raises
    ------
    ShockError
        The year is no whole number.
    """
    check_year(year)
    if year < FIRST_YEAR:
        return 0
    return year - FIRST_YEAR + (2 if importer == "JPN" else 1)


def share_left(importer: str, exporter: str, sector: str, year: int) -> float:
    """Share of the most-favoured-nation duty that RCEP leaves in a year.

    Parameters
    ----------
    importer, exporter : str
        ISO codes of members.
    sector : str
        Sector of the default world.
    year : int
        From 2022; earlier years leave all.

    Examples
    --------
    >>> share_left("JPN", "CHN", "tex", 2021)
    1.0
    >>> share_left("AUS", "CHN", "tex", 2022)
    0.0
    """
    speed = _speed(importer, exporter, sector)
    made = cuts(importer, year)
    left = float(speed["stays"])
    for name, steps in STEPS.items():
        left += float(speed[name]) * (max(0.0, 1.0 - made / steps))
    return min(1.0, left)


@cache
def _speed(importer: str, exporter: str, sector: str) -> pd.Series:
    table = schedules()
    if importer == "AUS":
        return _row(table.loc[("AUS", "all")], sector)
    if importer == "JPN":
        return _row(table.loc[("JPN", exporter if exporter in BIG_THREE else OCEANIA_ASEAN)], sector)
    known = any(a.lowers(exporter, importer) and a.kind == "free" and a.covered > 0.5 for a in in_force(2018))
    if known:
        return _row(table.loc[("JPN", OCEANIA_ASEAN)], sector)
    return 0.5 * (_row(table.loc[("JPN", "CHN")], sector) + _row(table.loc[("JPN", "KOR")], sector))


def _row(rows: pd.DataFrame, sector: str) -> pd.Series:
    kinds = [*STEPS, "stays"]
    if sector in rows.index:
        return rows.loc[sector, kinds]
    manufactures = rows.index.difference(["agr", "ene", "min", "foo", "pet"])
    return rows.loc[manufactures, kinds].mean()


def rcep_rates(benchmark: Benchmark, members: tuple[str, ...], year: int, use: float = USE) -> xr.DataArray:
    """Duties among members in a year, as fractions; other cells keep the benchmark's.

    Parameters
    ----------
    benchmark : Benchmark
        With the sectors of the default world. Its satellite ``mfn`` (dims (i, r)) holds most-favoured-nation rates; without
        one the highest rate of the importer on a commodity stands for it.
    members : tuple of str
        ISO codes; a region that groups members alone takes part.
    year : int
        Calendar year.
    use : float
        Share of trade that claims the preference.

    Returns
    -------
    DataArray, dims (i, s, d)

    Raises
    ------
    ShockError
        ``use`` is not a share, the year is no whole number, or the benchmark has other sectors.
    """
    try:
        require_share(use, "rcep: use of the preference")
    except DataError as error:
        raise ShockError(str(error)) from error
    check_year(year)
    sectors = sorted(set(schedules().index.get_level_values("sector")))
    unknown = [x for x in sectors if x not in benchmark.commodities]
    if unknown:
        raise ShockError(
            f"rcep: schedules by line have the sectors of the default world; {benchmark.name} lacks {unknown[0]!r}: "
            "use load_benchmark(), or the policy without a year"
        )
    vcif, vmsb = benchmark.sam["vcif"], benchmark.sam["vmsb"]
    rate = np.where(vcif > 0, vmsb / np.where(vcif > 0, vcif, 1.0) - 1.0, 0.0)
    mfn = _mfn(benchmark, rate)
    present = [r for r, share in benchmark.participation(list(members)).items() if share == 1.0]
    place = {r: k for k, r in enumerate(benchmark.regions)}
    economies = {r: sorted(benchmark.groups.get(r, {r: 1.0})) for r in present}
    for d in present:
        for s in present:
            if s == d:
                continue
            for i, sector in enumerate(benchmark.commodities):
                m = mfn[i, place[d]]
                if m <= 0:
                    continue
                pairs = [(a, b) for a in economies[d] for b in economies[s]]
                left = float(np.mean([share_left(a, b, sector, int(year)) for a, b in pairs]))
                cell = (i, place[s], place[d])
                # the mean over a sector's goods may lie above the sector's mean for an exporter of its dutiable goods
                rate[cell] = min(rate[cell], max(m, rate[cell]) * (use * left + 1.0 - use))
    coords = {"i": benchmark.commodities, "s": benchmark.regions, "d": benchmark.regions}
    return xr.DataArray(rate, dims=("i", "s", "d"), coords=coords, attrs={"units": "fraction of cif value"})


def _mfn(benchmark: Benchmark, rate: np.ndarray) -> np.ndarray:
    satellites = benchmark.satellites
    if satellites is not None and "mfn" in satellites:
        return np.asarray(satellites["mfn"].transpose("i", "r").values, dtype=float)
    return np.asarray(rate.max(axis=1))


def rcep_changes(benchmark: Benchmark, members: tuple[str, ...], year: int, use: float = USE) -> tuple[InstrumentChange, ...]:
    """RCEP in a year as changes of ``tms``, one for each duty that falls; for :func:`policies.rcep_tariffs.rcep`."""
    new = rcep_rates(benchmark, members, year, use)
    vcif, vmsb = benchmark.sam["vcif"], benchmark.sam["vmsb"]
    old = np.where(vcif > 0, vmsb / np.where(vcif > 0, vcif, 1.0) - 1.0, 0.0)
    found = []
    for i, s, d in np.argwhere(new.values < old - 1e-12):
        sector, exporter, importer = benchmark.commodities[i], benchmark.regions[s], benchmark.regions[d]
        note = f"{sector}, {exporter} -> {importer}: {100 * old[i, s, d]:.2f} % to {100 * float(new[i, s, d]):.2f} % in {year}"
        where: dict[str, str | tuple[str, ...]] = {"i": sector, "s": exporter, "d": importer}
        found.append(InstrumentChange(instrument="tms", where=where, rate_to=float(new[i, s, d]), note=note))
    return tuple(found)
