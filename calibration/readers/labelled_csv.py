"""Large csv matrices with one header row and one column of row labels, read in pieces (OECD ICIO, FIGARO)."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from calibration.errors import DataError, require_year
from calibration.parse import check_archive, doubled, reading, require_file, year_of, years_in

ROWS_AT_ONCE = 200


@contextmanager
def open_csv(path: str | Path, year: int | None = None) -> Iterator[tuple[str, IO[Any]]]:
    """A csv file, or the one member of a zip archive whose name holds the year."""
    if year is not None:
        require_year(year, "the year asked for")
    path = require_file(path, "table", "give the path of the csv or zip file as downloaded")
    _require_text(path)
    if path.suffix.lower() != ".zip":
        year_of(path.name, year, path)
        with path.open("rb") as file:
            yield path.name, file
        return
    check_archive(path, "zip archive of csv tables")
    with zipfile.ZipFile(path) as archive:
        tables = sorted(n for n in archive.namelist() if n.lower().endswith(".csv"))
        # a name may hold the year of the edition too: the year of the table is the last
        names = [n for n in tables if year is None or (years_in(n) or [year])[-1] == year]
        if len(names) != 1:
            listed = ", ".join(tables[:12]) or "none"
            raise DataError(f"{path} holds {len(names)} csv files for year {year}; name one of its years: {listed}")
        with archive.open(names[0]) as file:
            yield names[0], file


BINARY = {
    b"\x89HDF": "HDF5 or MATLAB file (.mat, .nc)",
    b"MATLAB": "MATLAB file",
    b"\xd0\xcf\x11\xe0": "workbook of Excel (.xls)",
    b"CDF": "netCDF file",
    b"\x1f\x8b": "gzip archive",
    b"7z\xbc\xaf": "7z archive",
    b"Rar!": "rar archive",
    b"%PDF": "PDF document",
}
"""First bytes of files that are no table of text, and what they are."""


def _require_text(path: Path) -> None:
    """Raise where a file is of a binary kind that no csv reader takes."""
    with path.open("rb") as file:
        first = file.read(8)
    kind = next((words for start, words in BINARY.items() if first.startswith(start)), None)
    if kind is None and first.startswith(b"PK") and path.suffix.lower() in (".xlsx", ".xlsm", ".ods"):
        kind = "workbook"
    if kind is None:
        return
    remedy = "give the csv, or zip of csv, as its publisher offers it for download"
    if path.suffix.lower() == ".mat":
        remedy += "; a trade cube (.mat with data/Xjik_3D) has no uses; calibration.datasets.world_2018 builds from it"
    raise DataError(f"{path} is a {kind}, not a csv table; {remedy}")


def read_matrix(path: str | Path, year: int | None = None) -> tuple[str, list[str], list[str], np.ndarray]:
    """Name of the file, row labels, column labels and values; a few rows are held as text at a time.

    Raises
    ------
    DataError
        The file is not UTF-8, a row has another length, a label comes twice, or a cell is not a number.
    """
    with reading(path, "csv matrix with labelled rows and columns"), open_csv(path, year) as (name, file):
        labels: list[str] = []
        blocks: list[np.ndarray] = []
        # the header by itself: pandas would rename a column that comes twice, and shift labels where a row is longer
        columns = _header(file.readline().decode("utf-8-sig"), f"{path}: {name}")
        for piece in pd.read_csv(file, header=None, chunksize=ROWS_AT_ONCE, low_memory=False, encoding="utf-8"):
            if piece.shape[1] != len(columns) + 1:
                raise DataError(
                    f"{path}: {name} has {piece.shape[1]} cells in row {piece.iat[0, 0]!r}, {len(columns) + 1} in its header"
                )
            words = [str(x).strip() for x in piece.iloc[:, 0]]
            labels += words
            blocks.append(_numbers(piece.iloc[:, 1:], words, columns, f"{path}: {name}"))
    if not labels:
        raise DataError(f"{path}: {name} holds no rows")
    for what, found in (("column", columns), ("row", labels)):
        twice = doubled(found)
        if twice is not None:
            raise DataError(f"{path}: {name} gives the {what} {twice!r} twice; keep one")
    return name, labels, columns, np.concatenate(blocks)


def _header(line: str, where: str) -> list[str]:
    words = [x.strip() for x in next(csv.reader([line]), [])][1:]
    if not words:
        raise DataError(f"{where} has no header of column labels; is it a csv matrix?")
    if "" in words:
        raise DataError(f"{where}, column {words.index('') + 2} has no label in the first line; repair the header")
    return words


def _numbers(cells: pd.DataFrame, rows: list[str], columns: list[str], where: str) -> np.ndarray:
    """Cells as numbers, empty ones as NaN; text is refused by row and column."""
    try:
        return np.asarray(cells.to_numpy(dtype=float, na_value=np.nan))
    except (TypeError, ValueError):
        numbers = cells.apply(pd.to_numeric, errors="coerce")
        row, column = np.argwhere((numbers.isna() & cells.notna()).to_numpy())[0]
        text = cells.iat[row, column]
        cell = f"row {rows[row]}, column {columns[column]}"
        raise DataError(f"{where}, {cell} is not a number ({text!r}); repair that cell") from None
