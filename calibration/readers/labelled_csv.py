"""Large csv matrices with one header row and one column of row labels, read in pieces (OECD ICIO, FIGARO)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from calibration.errors import DataError

ROWS_AT_ONCE = 200


@contextmanager
def open_csv(path: str | Path, year: int | None = None) -> Iterator[tuple[str, IO[Any]]]:
    """A csv file, or the one member of a zip archive whose name holds the year."""
    path = Path(path)
    if not path.is_file():
        raise DataError(f"table {path} not found; give the path of the csv or zip file as downloaded")
    if path.suffix.lower() != ".zip":
        with path.open("rb") as file:
            yield path.name, file
        return
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is not a zip archive; is the download complete?") from error
    with archive:
        names = [n for n in archive.namelist() if n.lower().endswith(".csv") and (year is None or str(year) in Path(n).name)]
        if len(names) != 1:
            listed = ", ".join(sorted(n for n in archive.namelist() if n.lower().endswith(".csv"))[:12])
            raise DataError(f"{path} holds {len(names)} csv files for year {year}; name one of its years: {listed}")
        with archive.open(names[0]) as file:
            yield names[0], file


def read_matrix(path: str | Path, year: int | None = None) -> tuple[str, list[str], list[str], np.ndarray]:
    """Name of the file, row labels, column labels and values; a few rows are held as text at a time.

    Raises
    ------
    DataError
        The file is not UTF-8, a row has another length, or a cell is not a number.
    """
    with open_csv(path, year) as (name, file):
        try:
            pieces = pd.read_csv(file, index_col=0, chunksize=ROWS_AT_ONCE, low_memory=False, encoding="utf-8-sig")
            labels: list[str] = []
            blocks: list[np.ndarray] = []
            columns: list[str] = []
            for piece in pieces:
                columns = [str(c).strip() for c in piece.columns]
                labels += [str(x).strip() for x in piece.index]
                try:
                    blocks.append(piece.to_numpy(dtype=float, na_value=np.nan))
                except (TypeError, ValueError):
                    numbers = piece.apply(pd.to_numeric, errors="coerce")
                    bad = numbers.isna() & piece.notna()
                    row = str(piece.index[int(np.argmax(bad.any(axis=1)))])
                    column = str(piece.columns[int(np.argmax(bad.loc[piece.index == row].any(axis=0)))])
                    raise DataError(f"{path}: {name}, row {row}, column {column} is not a number; repair that cell") from None
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: {name} is not UTF-8 text ({error}); save it again as UTF-8") from error
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise DataError(f"{path}: {name} cannot be read as a table: {error}") from error
    if not blocks:
        raise DataError(f"{path}: {name} holds no rows")
    return name, labels, columns, np.concatenate(blocks)
