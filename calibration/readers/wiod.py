"""World Input-Output Database, 2013 release (Timmer et al., Review of International Economics 23, 2015).

41 regions by 35 industries, basic prices, million USD. Two layouts are read: the RData file of the
public repository bquast/wiod (through the library ``rdata``, which executes nothing), and the
official spreadsheet ``wiotYY_row_aprYY.xlsx`` or the same sheet saved as csv.

Value added is output less intermediate inputs: it holds taxes less subsidies on products and
international transport margins, which the release reports apart but a value table cannot place.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from calibration.classification import GROUPS
from calibration.errors import DataError, require_labels
from calibration.isic import isic4_detail
from calibration.mrio import FINAL, Mrio, Reader
from calibration.parse import reading, year_of
from calibration.readers.sheet import Layout, read_sheet

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


DETAILS = {industry: detail[0] for _, (industries, detail) in GROUPS.items() for industry in industries} | {
    "c2": "B06",
    "c12": "C24A",
    "c15": "C29",
}
"""Sector of the detailed list whose kind and elasticities an industry takes: the largest of its group."""

SOURCE = "World Input-Output Database, {} release (Timmer, Dietzenbacher, Los, Stehrer, de Vries, 2015)"
LICENCE = "CC BY 4.0 (World Input-Output Database)"


def read_wiod(path: str | Path, year: int | None = None) -> Mrio:
    """Read a WIOD 2013-release table from ``.RData``, ``.xlsx`` or ``.csv``.

    Parameters
    ----------
    path : path
        The file, or a folder holding exactly one ``wiot_*.RData``.
    year : int, optional
        The year that the file must be of.

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
        return _read_rdata(path, year)
    if suffix in (".xlsx", ".csv"):
        table = read_sheet(path, WIOD_2013, year)
        return replace(table, details={c: DETAILS[c] for c in table.industries}, source=SOURCE.format(2013), licence=LICENCE)
    raise DataError(f"{path}: a WIOD table is .RData, .xlsx or .csv, not {suffix!r}; convert it")


def _read_rdata(path: Path, year: int | None) -> Mrio:
    try:
        import rdata
    except ImportError as error:
        raise DataError(f"{path}: reading RData needs the extra 'data' (pip install 'open-cge[data]')") from error
    with reading(path, "RData file"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdata warns of the absent encoding attribute of old R files
        table = next(iter(rdata.read_rda(path).values()))
    with reading(path, "WIOD table"):
        return _of_lists(table, path, year)


def _of_lists(table: object, path: Path, year: int | None) -> Mrio:
    if not isinstance(table, dict) or not {"inter", "final", "output", "countries", "industries"} <= set(table):
        raise DataError(f"{path} lacks the lists 'inter', 'final', 'output', 'countries', 'industries' of a WIOD table")
    regions = [str(x) for x in table["countries"]]
    industries = [str(x) for x in table["industries"]]
    require_labels(industries, DETAILS, "WIOD industry")
    r, n = len(regions), len(industries)
    inter, final = (np.asarray(table[k], dtype=float) for k in ("inter", "final"))
    output = np.asarray(table["output"], dtype=float)
    if inter.size != (r * n) ** 2 or final.size != r * n * r * len(FINAL) or output.size != r * n:
        raise DataError(f"{path}: {r} x {n} labels do not fit tables of {inter.shape} and {final.shape}; truncated?")
    return Mrio(
        regions,
        industries,
        inter.reshape(r, n, r, n),
        final.reshape(r, n, r, len(FINAL)),
        output.reshape(r, n),
        year_of(path.name, year, path, [int(np.asarray(table["year"]).ravel()[0])]),
        str(path),
        details={c: DETAILS[c] for c in industries},
        source=SOURCE.format(2013),
        licence=LICENCE,
    )


WIOD_2013 = Layout(
    name="WIOD 2013",
    industries=35,
    finals={"c37": "prv", "c38": "prv", "c39": "gov", "c41": "inv", "c42": "stocks"},
    total="c60",
    taxes=("r99",),
    labels="codes",
)
WIOD_2016 = Layout(
    name="WIOD 2016",
    industries=56,
    finals={"c57": "prv", "c58": "prv", "c59": "gov", "c60": "inv", "c61": "stocks"},
    total="c62",
    taxes=("TXSP", "r66"),
    labels="names",
)


def read_wiod_2016(path: str | Path, year: int | None = None) -> Mrio:
    """Read a WIOD 2016-release table (``WIOTyyyy_Nov16_ROW``), saved as ``.xlsx`` or ``.csv``: 44 regions, 56 industries.

    Parameters
    ----------
    path : path
    year : int, optional
        The year that the file must be of.

    Raises
    ------
    DataError
        The file is missing, of another edition, truncated, or holds a value that is not a number.
    """
    table = read_sheet(path, WIOD_2016, year)
    with reading(path, "WIOD 2016 table"):
        details = {code: isic4_detail(code) for code in table.industries}
    return replace(table, details=details, source=SOURCE.format(2016), licence=LICENCE)


WIOD2013 = Reader("wiod2013", read_wiod)
WIOD2016 = Reader("wiod2016", read_wiod_2016)
