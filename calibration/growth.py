"""Growth of population, labour by skill and GDP: the table behind a baseline.

Yearly rates as fractions, one row a region, or one for each region and period (``until`` its last year):

- default: ``calibration/datasets/growth.csv``, GDP observed to 2024 and conditional convergence from there
  (:mod:`calibration.convergence`), population and working age of the United Nations;
- ``past``: ``growth_past.csv``, what GDP and population grew by in 2011-2019, carried on;
- ``ssp2:FILE`` (``ssp1`` to ``ssp5``): a Shared Socioeconomic Pathway from the user's file (:mod:`calibration.readers.ssp`);
- a user's CSV.

Both shipped tables are made by ``calibration/datasets/growth_rates.py``.
"""

from __future__ import annotations

from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.benchmark import Benchmark
from calibration.errors import DataError, nearest, require_year
from calibration.geography import EU27
from calibration.readers.ssp import SCENARIOS, read_ssp
from calibration.user_table import read_user_table

COLUMNS = ("gdp", "population", "skl", "unskl", "nat")
MOST = 0.25
"""Largest yearly rate, either way."""
SHIPPED = {"": "growth.csv", "past": "growth_past.csv"}
"""Tables in ``calibration/datasets``, by the word that chooses them."""


def read_growth(benchmark: Benchmark, source: str | Path | None = None) -> pd.DataFrame:
    """Yearly growth rates of a benchmark's regions.

    Parameters
    ----------
    benchmark : Benchmark
    source : str or path, optional
        None: the default table; ``"past"``; ``"ssp1:FILE"`` to ``"ssp5:FILE"``; or a CSV with the columns ``region, gdp,
        population[, skl, unskl, nat][, until]`` (fractions a year; ``skl``, ``unskl``, ``nat`` default to
        ``population``; with ``until``, a row for each period, which ends with that year).

    Returns
    -------
    pandas.DataFrame
        Index region, or region and until; columns :data:`COLUMNS`; ``attrs["source"]``.

    Raises
    ------
    DataError
        A region is missing, a column is missing or unknown, a region (and period) is unknown or given twice, a rate is not
        a fraction between -0.25 and 0.25 (a yearly rate beyond is per cent, not a fraction), or no table is shipped for the
        benchmark.
    """
    word = "" if source is None else str(source)
    scenario, file = _scenario(word)
    if word in SHIPPED:
        table, name = _shipped(benchmark, SHIPPED[word])
    elif scenario:
        table, name = ssp_rates(benchmark, file, scenario), f"{file}, {scenario}"
    else:
        table, name = _user_table(word, benchmark.regions), word
    given = set(table.index.get_level_values("region"))
    missing = [r for r in benchmark.regions if r not in given]
    if missing:
        raise DataError(f"{name} lacks {', '.join(missing)}; add a row for each region")
    for column in ("skl", "unskl", "nat"):
        if column not in table:
            table[column] = table["population"]
    rates = pd.concat([table.loc[[region]] for region in benchmark.regions])
    _check_periods(rates, name)
    rates = rates[list(COLUMNS)].apply(pd.to_numeric, errors="coerce")
    bad = ~(abs(rates.to_numpy(dtype=float)) < MOST)
    if bad.any():
        r, c = np.argwhere(bad)[0]
        region = " until ".join(map(str, np.atleast_1d(np.array(rates.index[r], dtype=object))))
        raise DataError(
            f"{name}: growth {COLUMNS[c]} of {region} is {rates.iat[r, c]:g}, not a fraction between -{MOST:g} "
            f"and {MOST:g}; are the rates in per cent? divide them by 100"
        )
    rates.attrs = {"source": name, **({"note": table.attrs["note"]} if "note" in table.attrs else {})}
    return rates


def _check_periods(rates: pd.DataFrame, name: str) -> None:
    """Raise where a region lacks a period that another has."""
    if rates.index.nlevels == 1:
        return
    ends = sorted(set(rates.index.get_level_values("until")))
    for region, rows in rates.groupby(level="region", sort=False):
        lacking = [end for end in ends if end not in rows.index.get_level_values("until")]
        if lacking:
            raise DataError(f"{name}: {region} has no row until {lacking[0]}, which other regions have; add it")


def growth_file(source: str | Path | None) -> Path | None:
    """The user's file that a choice of growth names, None where it names none."""
    word = "" if source is None else str(source)
    if word in SHIPPED:
        return None
    return Path(_scenario(word)[1] or word)


def _scenario(word: str) -> tuple[str, str]:
    """Scenario and file of ``ssp2:FILE``, empty where the word is no such choice.

    Raises
    ------
    DataError
        A scenario without a file, or none of the five.
    """
    head, _, file = word.partition(":")
    name = head.upper()
    if not name.startswith("SSP") or (not file and Path(word).suffix):
        return "", ""
    if name not in SCENARIOS:
        raise DataError(
            f"--growth {word!r}: unknown scenario {head!r}{nearest(name, SCENARIOS)}; known: {', '.join(SCENARIOS)}"
        )
    if not file:
        raise DataError(f"--growth {word!r}: the pathways are not shipped (their terms); give your file as {head.lower()}:FILE")
    return name, file


def _shipped(benchmark: Benchmark, file_name: str) -> tuple[pd.DataFrame, str]:
    """The rows of a shipped table for a benchmark, and its name."""
    with (resources.files("calibration") / "datasets" / file_name).open(encoding="utf-8") as file:
        table = pd.read_csv(file, comment="#", keep_default_na=False)
    base = benchmark.name.split("+")[0]
    known = list(dict.fromkeys(table["benchmark"]))
    table = table[table["benchmark"] == base].drop(columns="benchmark")
    if table.empty:
        raise DataError(f"no growth rates are shipped for benchmark {benchmark.name!r} (only {', '.join(known)}); pass a CSV")
    return table.set_index(["region", "until"] if "until" in table else "region"), f"calibration/datasets/{file_name}"


def _user_table(source: str, regions: list[str]) -> pd.DataFrame:
    table = read_user_table(
        source, "growth table", "give a csv with the columns region, gdp, population, or 'past', or 'ssp2:FILE'"
    )
    key, *columns = table.columns
    for column in columns:
        if column not in (*COLUMNS, "until"):
            hint = nearest(column, COLUMNS)
            raise DataError(f"{table.path}: unknown column {column!r}{hint}; known: {', '.join((*COLUMNS, 'until'))}")
    table.require(("gdp", "population"))
    table.require_once((key, "until") if "until" in columns else (key,))
    table.require_labels(key, regions, "region of the benchmark")
    rates = pd.DataFrame({column: table.numbers(column) for column in columns})
    index: list[pd.Series] = [pd.Series(table.column(key), name="region")]
    if "until" in columns:
        odd = np.flatnonzero(rates["until"] % 1 != 0)
        if odd.size:
            raise DataError(f"{table.at(int(odd[0]))}: until {rates['until'].iat[odd[0]]:g} is no year")
        index.append(rates.pop("until").astype(int))
    return rates.set_index(index).sort_index(level="until", sort_remaining=False) if len(index) > 1 else rates.set_index(index)


def members(benchmark: Benchmark, economies: list[str]) -> dict[str, list[str]]:
    """Which of the listed economies each region holds.

    A region is an economy of that name, a group that the benchmark tells (``groups``), the European Union under the name
    ``EU``, or the rest of the world under the name ``ROW``: every economy that no other region holds, told or not.

    Raises
    ------
    DataError
        A region is none of these, or holds no listed economy.
    """
    held: dict[str, list[str]] = {}
    for region in benchmark.regions:
        inside = benchmark.groups.get(region, {})
        if region == "ROW":
            continue
        if inside:
            held[region] = [e for e in economies if e in inside]
        elif region == "EU":
            held[region] = [e for e in economies if e in EU27 and e not in benchmark.regions]
        else:
            held[region] = [e for e in economies if e == region]
    if "ROW" in benchmark.regions:
        taken = {e for inside in held.values() for e in inside}
        held["ROW"] = [e for e in economies if e not in taken]
    for region, inside_ in held.items():
        if not inside_:
            raise DataError(
                f"region {region!r} of {benchmark.name!r} holds no economy of the table{nearest(region, economies)}; give a "
                "csv of growth rates by region"
            )
    return held


def period_rates(index: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Mean yearly rates between the given years of levels or indices; dims of the result (region, until)."""
    rates = {last: (index[last] / index[first]) ** (1 / (last - first)) - 1 for first, last in pairwise(years)}
    return pd.DataFrame(rates).rename_axis(index="region", columns="until")


def ssp_rates(benchmark: Benchmark, path: str | Path, scenario: str) -> pd.DataFrame:
    """Rates of a pathway for a benchmark's regions; labour and natural resources grow with population.

    Only ratios of the file are used. Of a group, economies count with their share of its GDP where the benchmark tells it
    (those it does not name then count nothing), else with the file's GDP; people with their number. Years before the
    file's first have its first rates. ``attrs["note"]`` names what is estimated so.
    """
    pathway = read_ssp(path, scenario)
    economies = sorted(set(pathway.gdp.index) & set(pathway.population.index))
    years = [int(y) for y in pathway.gdp.columns]
    grown, people = {}, {}
    for region, inside in members(benchmark, economies).items():
        shares = benchmark.groups.get(region)
        gdp = pathway.gdp.loc[inside]
        weights = gdp[years[0]] if shares is None else pd.Series(shares).reindex(inside)
        grown[region] = (gdp.div(gdp[years[0]], axis=0)).mul(weights, axis=0).sum()
        people[region] = pathway.population.loc[inside].sum()
    rates = pd.DataFrame(
        {
            "gdp": period_rates(pd.DataFrame(grown).T, years).stack(),
            "population": period_rates(pd.DataFrame(people).T, years).stack(),
        }
    )
    rates.attrs["note"] = f"labour grows with population; years before {years[0]} have the rates of {years[0]}-{years[1]}" + (
        f"; left out, incomplete in the file: {', '.join(pathway.incomplete)}" if pathway.incomplete else ""
    )
    return rates


def level(rates: pd.DataFrame, column: str, first: int, year: int) -> pd.Series:
    """How often the first year's level a quantity has in a year, by region (in the table's order).

    Parameters
    ----------
    rates : DataFrame
        As :func:`read_growth` gives it: a constant rate a region, or rates by period. Years before a table's first period
        have its first rates.
    column : str
    first, year : int

    Raises
    ------
    DataError
        The table ends before the year, or a year is no whole number.
    """
    require_year(first, "the first year")
    require_year(year, "the year")
    if rates.index.nlevels == 1:
        return pd.Series((1 + rates[column]) ** (year - first))
    by_period = rates[column].unstack("until")[sorted(set(rates.index.get_level_values("until")))]
    by_period = by_period.loc[list(dict.fromkeys(rates.index.get_level_values(0)))]
    ends = [int(y) for y in by_period.columns]
    if year > ends[-1]:
        raise DataError(f"the growth table ends in {ends[-1]}, before {year}; add a period or end earlier")
    grown, before = pd.Series(1.0, by_period.index), first
    for end in ends:
        steps = max(min(end, year) - before, 0)
        if steps:
            grown, before = grown * (1 + by_period[end]) ** steps, before + steps
    return grown


def gdp_shares(benchmark: Benchmark, rates: pd.DataFrame, first: int, year: int) -> pd.Series:
    """Share of each region in the world's GDP of a year at the prices of the first, per cent."""
    gdp = pd.Series(benchmark.sam.gdp(), benchmark.regions) * level(rates, "gdp", first, year).loc[benchmark.regions]
    return 100 * gdp / gdp.sum()
