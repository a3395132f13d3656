"""Asian Development Bank multi-regional input-output tables (ADB MRIO): 62 or 72 economies, 35 industries of WIOD 2013.

One workbook a year in the WIOD layout, final use in columns ``F1`` to ``F5``. Free for use with attribution
(Asian Development Bank, Multiregional Input-Output Tables).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from calibration.mrio import Mrio, Reader
from calibration.readers.sheet import Layout, read_sheet
from calibration.readers.wiod import DETAILS

ADB_MRIO = Layout(
    name="ADB MRIO",
    industries=35,
    finals={"F1": "prv", "F2": "prv", "F3": "gov", "F4": "inv", "F5": "stocks"},
    total="r69",
    taxes=("r99", "Taxes less subsidies on products"),
    labels="codes",
)


def read_adb(path: str | Path, year: int | None = None) -> Mrio:
    """Read an ADB MRIO workbook (``.xlsx``) or the same sheet as csv.

    Parameters
    ----------
    path : path
    year : int, optional
        The year that the file must be of.

    Raises
    ------
    DataError
        The file is missing, of another layout, truncated, or holds a value that is not a number.
    """
    table = read_sheet(path, ADB_MRIO, year)
    return replace(
        table,
        details={c: DETAILS[c] for c in table.industries},
        source=f"Asian Development Bank, Multiregional Input-Output Tables, {table.year}",
        licence="Asian Development Bank: use with attribution",
    )


READER = Reader("adb-mrio", read_adb)
