"""World Input-Output Database, 2013 release (Timmer et al., Review of International Economics 23, 2015).

41 regions by 35 industries, basic prices, million USD. Two layouts are read: the RData file of the
public repository bquast/wiod (through the library ``rdata``, which executes nothing), and the
official spreadsheet ``wiotYY_row_aprYY.xlsx`` or the same sheet saved as csv.

Value added is output less intermediate inputs: it holds taxes less subsidies on products and
international transport margins, which the release reports apart but a value table cannot place.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.errors import DataError

FINAL = ("c37", "c38", "c39", "c41", "c42")
"""Final-use columns: households, non-profit institutions, government, fixed investment, inventories."""

INDUSTRIES = {
    "c1": "Agriculture, hunting, forestry and fishing",
    "c2": "Mining and quarrying",
    "c3": "Food, beverages and tobacco",
    "c4": "Textiles and textile products",
    "c5": "Leather and footwear",
    "c6": "Wood and products of wood",
    "c7": "Pulp, paper, printing and publishing",
    "c8": "Coke, refined petroleum and nuclear fuel",
    "c9": "Chemicals and chemical products",
    "c10": "Rubber and plastics",
    "c11": "Other non-metallic mineral",
    "c12": "Basic metals and fabricated metal",
    "c13": "Machinery, n.e.c.",
    "c14": "Electrical and optical equipment",
    "c15": "Transport equipment",
    "c16": "Manufacturing n.e.c.; recycling",
    "c17": "Electricity, gas and water supply",
    "c18": "Construction",
    "c19": "Sale and repair of motor vehicles; fuel",
    "c20": "Wholesale trade",
    "c21": "Retail trade",
    "c22": "Hotels and restaurants",
    "c23": "Inland transport",
    "c24": "Water transport",
    "c25": "Air transport",
    "c26": "Other transport services; travel agencies",
    "c27": "Post and telecommunications",
    "c28": "Financial intermediation",
    "c29": "Real estate",
    "c30": "Renting of machinery and other business services",
    "c31": "Public administration and defence",
    "c32": "Education",
    "c33": "Health and social work",
    "c34": "Other community, social and personal services",
    "c35": "Private households with employed persons",
}


@dataclass(frozen=True)
class Wiot:
    """A raw world input-output table.

    Attributes
    ----------
    regions, industries : list of str
    inter : ndarray, dims (s, i, d, a)
        Intermediate use, million USD.
    final : ndarray, dims (s, i, d, k)
        Final use by category :data:`FINAL`, million USD.
    output : ndarray, dims (s, i)
        Gross output, million USD.
    year : int
    path : str
        The file it came from, for messages.
    """

    regions: list[str]
    industries: list[str]
    inter: np.ndarray
    final: np.ndarray
    output: np.ndarray
    year: int
    path: str

    def __post_init__(self) -> None:
        r, n = len(self.regions), len(self.industries)
        for name, shape in (("inter", (r, n, r, n)), ("final", (r, n, r, len(FINAL))), ("output", (r, n))):
            values = getattr(self, name)
            if values.shape != shape:
                raise DataError(f"{self.path}: {name} has shape {values.shape}, expected {shape}; is the table truncated?")
            bad = np.argwhere(~np.isfinite(values))
            if len(bad):
                s, i = bad[0][:2]
                raise DataError(
                    f"{self.path}: {name} is not finite in row {self.regions[s]} {self.industries[i]}; repair that cell"
                )


def read_wiod(path: str | Path) -> Wiot:
    """Read a WIOD 2013-release table from ``.RData``, ``.xlsx`` or ``.csv``.

    Parameters
    ----------
    path : path
        The file, or a folder holding exactly one ``wiot_*.RData``.

    Raises
    ------
    DataError
        The file is missing, of another layout, truncated, or holds a value that is not a number.
    """
    path = Path(path)
    if path.is_dir():
        found = sorted(path.glob("wiot*.RData")) or sorted(path.glob("wiot*.xlsx"))
        if len(found) != 1:
            raise DataError(f"{path} holds {len(found)} WIOD tables; name the file")
        path = found[0]
    if not path.is_file():
        raise DataError(f"WIOD table {path} not found; download the 2013 release (wiod.org) or give its path")
    suffix = path.suffix.lower()
    if suffix == ".rdata":
        return _read_rdata(path)
    if suffix in (".xlsx", ".csv"):
        return _read_sheet(path)
    raise DataError(f"{path}: a WIOD table is .RData, .xlsx or .csv, not {suffix!r}; convert it")


def _read_rdata(path: Path) -> Wiot:
    try:
        import rdata
    except ImportError as error:
        raise DataError(f"{path}: reading RData needs the extra 'data' (pip install 'open-cge[data]')") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rdata warns of the absent encoding attribute of old R files
            held = rdata.read_rda(path)
    except Exception as error:
        raise DataError(f"{path} is not a readable RData file ({error}); download it again") from error
    table = next(iter(held.values()))
    if not isinstance(table, dict) or not {"inter", "final", "output", "countries", "industries"} <= set(table):
        raise DataError(f"{path} lacks the lists 'inter', 'final', 'output', 'countries', 'industries' of a WIOD table")
    regions = [str(x) for x in table["countries"]]
    industries = [str(x) for x in table["industries"]]
    r, n = len(regions), len(industries)
    inter, final = (np.asarray(table[k], dtype=float) for k in ("inter", "final"))
    output = np.asarray(table["output"], dtype=float)
    if inter.size != (r * n) ** 2 or final.size != r * n * r * len(FINAL) or output.size != r * n:
        raise DataError(f"{path}: {r} x {n} labels do not fit tables of {inter.shape} and {final.shape}; truncated?")
    return Wiot(
        regions,
        industries,
        inter.reshape(r, n, r, n),
        final.reshape(r, n, r, len(FINAL)),
        output.reshape(r, n),
        int(np.asarray(table["year"]).ravel()[0]),
        str(path),
    )


def _read_sheet(path: Path) -> Wiot:
    """The official sheet: four header rows (code, name, country, c-number), four label columns.

    Rows and columns are found by their labels (country code beside ``c1 .. c35``, ``c37 .. c42``),
    so that sheets with or without the title rows are read alike.
    """
    try:
        raw = (
            pd.read_excel(path, header=None)
            if path.suffix.lower() == ".xlsx"
            else pd.read_csv(path, header=None, low_memory=False)
        )
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error
    text = raw.astype(str).apply(lambda column: column.str.strip())
    is_code = text.apply(lambda column: column.str.fullmatch(r"c\d+"))
    # the last of the header rows and label columns holds the c-codes
    row_of_codes = int(np.flatnonzero(is_code.sum(axis=1) == is_code.sum(axis=1).max())[-1])
    column_of_codes = int(np.flatnonzero(is_code.sum(axis=0) == is_code.sum(axis=0).max())[-1])
    if not is_code.iloc[row_of_codes].any() or not is_code.iloc[:, column_of_codes].any():
        raise DataError(f"{path} has no row and column of codes c1, c2, ...: not the WIOD 2013 layout")
    countries_row, countries_column = row_of_codes - 1, column_of_codes - 1
    columns = [
        (k, text.iat[countries_row, k], text.iat[row_of_codes, k])
        for k in range(column_of_codes + 1, raw.shape[1])
        if is_code.iat[row_of_codes, k]
    ]
    rows = [
        (k, text.iat[k, countries_column], text.iat[k, column_of_codes])
        for k in range(row_of_codes + 1, raw.shape[0])
        if is_code.iat[k, column_of_codes] and int(text.iat[k, column_of_codes][1:]) <= 35
    ]
    rows = [row for row in rows if row[1] not in ("TOT", "nan", "")]
    regions = list(dict.fromkeys(country for _, country, _ in rows))
    industries = list(dict.fromkeys(code for _, _, code in rows))
    r, n = len(regions), len(industries)
    if [(c, k) for _, c, k in rows] != [(c, k) for c in regions for k in industries]:
        raise DataError(f"{path}: rows are not {r} regions x {n} industries in order; a row is missing or doubled")
    inter_at = {(c, k): at for at, c, k in columns}
    total = [at for at, c, k in columns if k == "c60"] or [raw.shape[1] - 1]
    try:
        values = raw.iloc[[k for k, _, _ in rows]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
        inter = values[:, [inter_at[c, k] for c in regions for k in industries]]
        final = values[:, [inter_at[c, k] for c in regions for k in FINAL]]
    except KeyError as error:
        raise DataError(f"{path} lacks the column {error.args[0]}; is the table truncated?") from error
    match = next((x for x in path.stem.replace("_", " ").split() if x[-2:].isdigit()), "wiot11")
    return Wiot(
        regions,
        industries,
        inter.reshape(r, n, r, n),
        final.reshape(r, n, r, len(FINAL)),
        values[:, total[-1]].reshape(r, n),
        int(match[-4:]) if match[-4:].isdigit() else 2000 + int(match[-2:]) - (100 if int(match[-2:]) > 50 else 0),
        str(path),
    )
