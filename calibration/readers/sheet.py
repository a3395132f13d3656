"""Spreadsheets of the WIOD family (WIOD 2013 and 2016, ADB MRIO): four header rows, four label columns.

The last header row and the last label column hold codes (``c1``, ``r1``, ``F1``), the one before them the
country; rows and columns are found by these labels, so that sheets with or without title rows read alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from calibration.errors import DataError
from calibration.mrio import Mrio

_CODE = r"[crF]\d+"


@dataclass(frozen=True)
class Layout:
    """What an edition of the sheet looks like.

    Attributes
    ----------
    name : str
    industries : int
        How many there are in the official table; codes above it are totals.
    finals : mapping
        Final-use code -> agent.
    total : str
        Code of the column of gross output.
    taxes : tuple of str
        Codes or names of the row of taxes less subsidies on products.
    labels : {"codes", "names"}
        Industries are labelled by the ``c`` code or by the first header row (ISIC codes).
    """

    name: str
    industries: int
    finals: Mapping[str, str]
    total: str
    taxes: tuple[str, ...]
    labels: Literal["codes", "names"]


def read_frame(path: Path) -> pd.DataFrame:
    """The first sheet of a workbook, or a csv file, without a header row."""
    if not path.is_file():
        raise DataError(f"table {path} not found; give its path")
    suffix = path.suffix.lower()
    try:
        if suffix == ".xlsx":
            return pd.read_excel(path, header=None)
        if suffix == ".csv":
            return pd.read_csv(path, header=None, low_memory=False)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error}); save it again as 'CSV UTF-8'") from error
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error
    raise DataError(f"{path}: expected .xlsx or .csv, not {suffix!r}; convert it (.xlsb and .xls: save as .xlsx)")


def read_sheet(path: str | Path, layout: Layout) -> Mrio:
    """Read one sheet by its labels.

    Raises
    ------
    DataError
        Missing file, another layout or edition, a missing row or column, or a cell that is not a number.
    """
    path = Path(path)
    raw = read_frame(path)
    text = raw.astype(str).apply(lambda column: column.str.strip())
    is_code = text.apply(lambda column: column.str.fullmatch(_CODE))
    # the last of the header rows and label columns holds the codes
    by_row, by_column = is_code.sum(axis=1), is_code.sum(axis=0)
    row_of_codes = int(np.flatnonzero(by_row == by_row.max())[-1])
    column_of_codes = int(np.flatnonzero(by_column == by_column.max())[-1])
    if not by_row.max() or not by_column.max():
        raise DataError(f"{path} has no row and column of codes c1, c2, ...: not the {layout.name} layout")
    countries_row, countries_column = row_of_codes - 1, column_of_codes - 1
    heads = range(column_of_codes + 1, raw.shape[1])
    columns = {(text.iat[countries_row, k], text.iat[row_of_codes, k]): k for k in heads if is_code.iat[row_of_codes, k]}
    found_finals = {code for _, code in columns}
    if not set(layout.finals) <= found_finals:
        missing = sorted(set(layout.finals) - found_finals)
        raise DataError(
            f"{path} lacks the column {missing[0]} of final use: another edition than {layout.name}, or is the table truncated?"
        )
    rows = []
    for k in range(row_of_codes + 1, raw.shape[0]):
        code, country = text.iat[k, column_of_codes], text.iat[k, countries_column]
        if is_code.iat[k, column_of_codes] and re.fullmatch(r"[A-Za-z]{3}", country) and country != "TOT":
            number = int(code[1:])
            if number <= layout.industries:
                rows.append((k, country, f"c{number}"))
    regions = list(dict.fromkeys(country for _, country, _ in rows))
    codes = list(dict.fromkeys(code for _, _, code in rows))
    r, n = len(regions), len(codes)
    if [(c, k) for _, c, k in rows] != [(c, k) for c in regions for k in codes]:
        raise DataError(f"{path}: rows are not {r} regions x {n} industries in order; a row is missing or doubled")
    finals = tuple(layout.finals)
    users = [*codes, *finals]
    at = [row for row, _, _ in rows]
    try:
        wanted = [columns[c, k] for c in regions for k in users]
    except KeyError as error:
        raise DataError(f"{path} lacks the column {error.args[0]}; is the table truncated?") from error
    values = raw.iloc[at].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    cube = values[:, wanted].reshape(r, n, r, n + len(finals))
    total = [k for (_, code), k in columns.items() if code == layout.total] or [raw.shape[1] - 1]
    names = codes
    if layout.labels == "names":
        names = [text.iat[row_of_codes - 3, columns[regions[0], k]] for k in codes]
    return Mrio(
        regions,
        names,
        cube[..., :n],
        cube[..., n:],
        values[:, total[-1]].reshape(r, n),
        _year(path),
        str(path),
        finals=finals,
        agents=dict(layout.finals),
        taxes=_taxes(raw, text, column_of_codes, wanted, layout, (r, n + len(finals))),
    )


def _taxes(
    raw: pd.DataFrame, text: pd.DataFrame, column: int, wanted: list[int], layout: Layout, shape: tuple[int, int]
) -> np.ndarray | None:
    labels = text.iloc[:, : column + 1]
    hits = labels.isin(layout.taxes).any(axis=1).to_numpy()
    if not hits.any():
        return None
    row = raw.iloc[int(np.flatnonzero(hits)[0])].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    return np.asarray(np.nan_to_num(row[wanted]).reshape(shape))


def _year(path: Path) -> int:
    """The year in a file name: ``wiot11_...``, ``WIOT2014_...``, ``ADB-MRIO-2018``."""
    four = re.findall(r"(?<!\d)(19[89]\d|20[0-4]\d)(?!\d)", path.stem)
    if four:
        return int(four[-1])
    two = re.findall(r"wiot(\d{2})(?!\d)", path.stem.lower())
    return (2000 if int(two[0]) <= 50 else 1900) + int(two[0]) if two else 0
