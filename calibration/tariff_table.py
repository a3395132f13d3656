"""A user's table of bilateral tariffs: which unit it is in is said by the table or by the user, never guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from calibration.errors import DataError
from calibration.user_table import UserTable, read_user_table

Unit = Literal["fraction", "percent"]
UNITS: tuple[Unit, ...] = ("fraction", "percent")
HIGHEST = 30.0
"""No rate above this is read in any unit: 3,000 %, twice the highest out-of-quota duties in force."""
PLAUSIBLE = 2.0
"""A rate above this (200 %) is not taken for a fraction unless the user says so."""
TYPICAL = 1.0
"""Nor is a table, or the rates of one sector, exporter or importer, half of which are above this (100 %)."""


def read_tariffs(path: str | Path, sectors: list[str], regions: list[str], unit: Unit | None = None) -> xr.DataArray:
    """Ad valorem rates from a csv with the columns ``i, s, d`` and ``rate`` or ``percent``; cells not listed are free.

    Parameters
    ----------
    path : path
        Each row one cell: sector, exporter, importer, and its rate.
    sectors, regions : list of str
        The lawful labels.
    unit : {"fraction", "percent"}, optional
        Unit of the column ``rate`` (0.25 or 25). None takes fractions, and refuses a table that looks like per cent. A
        column ``percent`` says its unit itself.

    Returns
    -------
    xarray.DataArray
        Dims (i, s, d), fractions of the value at the border; ``attrs["source"]`` tells file, unit, and how many cells have
        a rate.

    Raises
    ------
    DataError
        A column is missing or unknown, a label is unknown (nearest suggested), a cell is given twice, a rate is no number
        above -100 % or not plausible in its unit, or a region's trade with itself has one. File and line are named.
    """
    if unit is not None and unit not in UNITS:
        raise DataError(f"unit of tariffs {unit!r} is unknown; choose {' or '.join(map(repr, UNITS))}")
    table = read_user_table(path, "tariff table", "give a csv with the columns i,s,d,rate, or 'none'")
    table.require(("i", "s", "d"))
    table.allow(("i", "s", "d", "rate", "percent"))
    named = [name for name in ("rate", "percent") if name in table.columns]
    if len(named) != 1:
        fault = "has the columns rate and percent; keep one" if named else "lacks the column rate"
        raise DataError(f"{table.path} {fault}: a tariff table has i,s,d and 'rate' (fractions, 0.25) or 'percent' (25)")
    if named == ["percent"] and unit == "fraction":
        raise DataError(f"{table.path} has the column 'percent', and fractions were asked for; rename it, or leave that out")
    for name, known, what in (("i", sectors, "sector"), ("s", regions, "region"), ("d", regions, "region")):
        table.require_labels(name, known, what)
    table.require_once(("i", "s", "d"), "this cell has a rate already")
    numbers = np.array(table.numbers(named[0]))
    in_percent = named == ["percent"] or unit == "percent"
    if not in_percent and unit is None:
        _refuse_percent(table, numbers)
    rates = numbers / 100 if in_percent else numbers
    bounds = (
        (rates <= -1, "must be a fraction above -1, or above -100 per cent"),
        (rates > HIGHEST, f"is above {HIGHEST:.0%}, more than any duty"),
    )
    for bad, why in bounds:
        if bad.any():
            row = int(np.argmax(bad))
            shown = f"{numbers[row]:g} ({'per cent' if in_percent else 'a fraction'})"
            raise DataError(f"{table.at(row)}: the rate {shown} {why}; check the number and its unit")
    values = np.zeros((len(sectors), len(regions), len(regions)))
    place = {label: k for k, label in enumerate(regions)}
    for row, (i, s, d) in enumerate(zip(table.column("i"), table.column("s"), table.column("d"), strict=True)):
        if s == d and rates[row] != 0:
            raise DataError(f"{table.at(row)}: {s} pays no duty on its trade with itself; remove the row, or give it 0")
        values[sectors.index(i), place[s], place[d]] = rates[row]
    source = f"{table.path.name} ({_coverage(rates, len(sectors) * len(regions) * (len(regions) - 1))})"
    return xr.DataArray(
        values,
        dims=("i", "s", "d"),
        coords={"i": sectors, "s": regions, "d": regions},
        attrs={"source": source, "units": "fraction of the value at the border"},
    )


def _refuse_percent(table: UserTable, numbers: np.ndarray) -> None:
    remedy = (
        "if these are per cent, name the column 'percent' or say --tariff-unit percent; if they are fractions, say "
        "--tariff-unit fraction"
    )
    positive = numbers[numbers > 0]
    median = float(np.median(positive)) if positive.size else 0.0
    far = int(np.argmax(numbers)) if numbers.size else 0
    shown = f"{numbers[far]:g} of {' '.join(_cell(table, far))} would be {numbers[far]:.0%} as a fraction"
    if numbers[far] > 5 * TYPICAL or (numbers[far] > PLAUSIBLE and median <= TYPICAL):
        raise DataError(f"{table.at(far)}: the rate {shown}; {remedy}")
    if median > TYPICAL:
        raise DataError(f"{table.path}: half the positive rates are above {median:g}, or {median:.0%} as fractions; {remedy}")
    # one sector or economy whose rates came from another source, in another unit
    cells = np.array([_cell(table, row) for row in range(len(numbers))])
    for column, what in enumerate(("sector", "exporter", "importer")):
        for label in dict.fromkeys(cells[:, column]):
            part = numbers[(cells[:, column] == label) & (numbers > 0)]
            if part.size > 1 and float(np.median(part)) > TYPICAL:
                high = float(np.median(part))
                raise DataError(
                    f"{table.path}: half the positive rates of the {what} {label} are above {high:g}, or {high:.0%} as "
                    f"fractions, unlike the rest; {remedy}"
                )


def _cell(table: UserTable, row: int) -> list[str]:
    """Sector, exporter and importer of a row."""
    return [table.rows[row][table.columns.index(k)] for k in ("i", "s", "d")]


def _coverage(rates: np.ndarray, cells: int) -> str:
    """How many cells have a rate, and from where to where they go; the rest are free."""
    given = rates[rates != 0]
    if not given.size:
        return f"every rate is 0, all {cells} bilateral cells are free"
    free = cells - given.size
    rest = "none is free" if free <= 0 else f"the other {free} of {cells} bilateral cells are free"
    return f"{given.size} rates from {100 * given.min():g} % to {100 * given.max():g} %; {rest}"
