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
from calibration.parse import check_archive, doubled, reading, require_file, year_of, years_in

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
    path = require_file(path, "table")
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        check_archive(path, "workbook")
        with reading(path, "workbook"):
            return pd.read_excel(path, header=None)
    if suffix == ".csv":
        with reading(path, "csv sheet"):
            return pd.read_csv(path, header=None, low_memory=False)
    raise DataError(f"{path}: expected .xlsx or .csv, not {suffix!r}; convert it (.xlsb and .xls: save as .xlsx)")


def read_sheet(path: str | Path, layout: Layout, year: int | None = None) -> Mrio:
    """Read one sheet by its labels.

    Raises
    ------
    DataError
        Missing file, another layout or edition, a missing row or column, or a cell that is not a number.
    """
    path = Path(path)
    raw = read_frame(path)
    with reading(path, f"{layout.name} sheet"):
        return _table(path, raw, layout, year)


def _table(path: Path, raw: pd.DataFrame, layout: Layout, year: int | None) -> Mrio:
    # an empty cell is no label: as text it would be "nan", a country of three letters
    text = raw.astype(object).where(raw.notna(), "").astype(str).apply(lambda column: column.str.strip())
    is_code = text.apply(lambda column: column.str.fullmatch(_CODE)).astype(bool)
    # the last of the header rows and label columns holds the codes
    by_row, by_column = is_code.sum(axis=1), is_code.sum(axis=0)
    if raw.empty or not by_row.max() or not by_column.max():
        raise DataError(f"{path} has no row and column of codes c1, c2, ...: not the {layout.name} layout")
    row_of_codes = int(np.flatnonzero(by_row == by_row.max())[-1])
    column_of_codes = int(np.flatnonzero(by_column == by_column.max())[-1])
    countries_row, countries_column = row_of_codes - 1, column_of_codes - 1
    if countries_row < 0 or countries_column < 0:
        raise DataError(f"{path} has codes but no countries before them: not the {layout.name} layout")
    heads = [k for k in range(column_of_codes + 1, raw.shape[1]) if is_code.iat[row_of_codes, k]]
    keys = [(text.iat[countries_row, k], text.iat[row_of_codes, k]) for k in heads]
    if (twice := doubled([" ".join(key) for key in keys])) is not None:
        raise DataError(f"{path}: the column {twice} comes twice; keep one")
    columns = dict(zip(keys, heads, strict=True))
    found_finals = {code for _, code in columns}
    if not set(layout.finals) <= found_finals:
        missing = sorted(set(layout.finals) - found_finals)
        raise DataError(
            f"{path} lacks the column {missing[0]} of final use: another edition than {layout.name}, or is the table truncated?"
        )
    rows = _rows(path, text, layout, row_of_codes, column_of_codes)
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
    lost = [f"{c} {k}" for c, k in columns if c not in regions and k in users and c.upper() != "TOT"]
    if lost:
        raise DataError(f"{path} has columns of economies without rows: {', '.join(lost[:5])}; is the table truncated?")
    # a column of an industry that no row has: its row lost its code, and its purchases would go unseen
    unsold = [f"{c} {k}" for c, k in columns if c in regions and k not in users and _industry(k, layout)]
    if unsold:
        raise DataError(f"{path} has columns of industries without rows: {', '.join(unsold[:5])}; has a row lost its code?")
    values = raw.iloc[at].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    cube = values[:, wanted].reshape(r, n, r, n + len(finals))
    total = _total(path, text, columns, layout, row_of_codes)
    names = codes
    if layout.labels == "names":
        names = [text.iat[row_of_codes - 3, columns[regions[0], k]] for k in codes]
    return Mrio(
        regions,
        names,
        cube[..., :n],
        cube[..., n:],
        values[:, total].reshape(r, n),
        year_of(path.name, year, path, _years(path)),
        str(path),
        finals=finals,
        agents=dict(layout.finals),
        taxes=_taxes(path, raw, text, column_of_codes, wanted, layout, (r, n + len(finals))),
    )


def _industry(code: str, layout: Layout) -> bool:
    """Whether a code (of a row ``r7`` or ``c7``) is an industry's; totals and taxes have larger numbers."""
    return bool(re.fullmatch(r"[cr]\d+", code)) and int(code[1:]) <= layout.industries


def _rows(path: Path, text: pd.DataFrame, layout: Layout, above: int, codes: int) -> list[tuple[int, str, str]]:
    """Row, country and industry of each row of the table; totals and rows of taxes are not among them."""
    rows = []
    for k in range(above + 1, text.shape[0]):
        code, country = text.iat[k, codes], text.iat[k, codes - 1]
        if not _industry(code, layout) or country.upper() == "TOT":
            continue
        number = int(code[1:])
        if not re.fullmatch(r"[A-Za-z]{3}", country):
            shown = f"{country!r} is no country of three letters" if country else "the country is empty"
            raise DataError(f"{path} row {k + 1}: {shown} in the row of industry {code}; write it as in the column heads")
        rows.append((k, country, f"c{number}"))
    if not rows:
        raise DataError(f"{path} holds no row of an industry under its codes: not the {layout.name} layout, or truncated")
    return rows


def _total(path: Path, text: pd.DataFrame, columns: Mapping[tuple[str, str], int], layout: Layout, row: int) -> int:
    """The column of gross output: by its code, or the last where its head says so."""
    coded = [k for (_, code), k in columns.items() if code == layout.total]
    if coded:
        return coded[-1]
    last = int(text.shape[1]) - 1
    head = " ".join(text.iloc[: row + 1, last]).lower()
    if not re.search(r"\b(total|output|go|tot)\b", head):
        raise DataError(f"{path} lacks the column {layout.total} of gross output: another edition, or is the table truncated?")
    return last


def _taxes(
    path: Path,
    raw: pd.DataFrame,
    text: pd.DataFrame,
    column: int,
    wanted: list[int],
    layout: Layout,
    shape: tuple[int, int],
) -> np.ndarray | None:
    labels = text.iloc[:, : column + 1]
    hits = labels.isin(layout.taxes).any(axis=1).to_numpy()
    if not hits.any():
        return None
    row = int(np.flatnonzero(hits)[0])
    numbers = raw.iloc[row].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)[wanted]
    if not np.isfinite(numbers).all():
        place = wanted[int(np.argmax(~np.isfinite(numbers)))]
        raise DataError(
            f"{path} row {row + 1}, column {place + 1}: taxes less subsidies on products are {text.iat[row, place]!r}, no "
            "number; repair that cell (0 where there are none)"
        )
    return np.asarray(numbers.reshape(shape))


def _years(path: Path) -> list[int]:
    """Years in a file name: ``wiot11_...``, ``WIOT2014_...``, ``ADB-MRIO-2018``."""
    two = re.findall(r"wiot(\d{2})(?!\d)", path.stem.lower())
    return years_in(path.name) or [(2000 if int(x) <= 50 else 1900) + int(x) for x in two]
