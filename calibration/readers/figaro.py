"""FIGARO inter-country input-output tables of Eurostat, industry by industry, as the official csv matrix.

``matrix_eu-ic-io_ind-by-ind_..._YYYY.csv``: first column ``rowLabels`` (``AT_A01``), final use ``AT_P3_S13``
(government), ``AT_P3_S14`` (households), ``AT_P3_S15`` (non-profit), ``AT_P51G`` (fixed investment), ``AT_P5M``
(inventories and valuables); below, rows ``W2_D21X31`` (taxes less subsidies on products), ``W2_OP_RES``,
``W2_OP_NRES``, ``W2_D1``, ``W2_D29X39`` and ``W2_B2A3G``. Million euro. Eurostat: reuse with attribution (CC BY 4.0).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from calibration.errors import DataError
from calibration.geography import iso3
from calibration.isic import isic4_detail
from calibration.mrio import Mrio, Reader
from calibration.parse import reading, year_of
from calibration.readers.labelled_csv import read_matrix

AGENTS = {"P3_S14": "prv", "P3_S15": "prv", "P3_S13": "gov", "P51G": "inv", "P5M": "stocks"}
VALUE_ADDED = ("W2_D1", "W2_D29X39", "W2_B2A3G")
COSTS = ("W2_D21X31", "W2_OP_RES", "W2_OP_NRES", *VALUE_ADDED)
"""Rows below the table: with it they add up to output in every column."""


def read_figaro(path: str | Path, year: int | None = None) -> Mrio:
    """Read one year of FIGARO.

    Parameters
    ----------
    path : path
        csv file, or zip archive (``year`` chooses the member).
    year : int, optional
        Default: the year in the file's name; another than that is refused.

    Raises
    ------
    DataError
        Another layout (products by products), another year, a truncated file, a cell that is not a number.
    """
    name, rows, columns, values = read_matrix(path, year)
    if any(x.partition("_")[2].startswith("CPA_") for x in rows):
        raise DataError(
            f"{path}: {name} is FIGARO's table of products by products (rows CC_CPA_...); take the one of industries by "
            "industries, matrix_eu-ic-io_ind-by-ind_..."
        )
    if not any(c.endswith("_P3_S14") for c in columns):
        raise DataError(f"{path}: {name} has no columns CC_P3_S14; not a FIGARO matrix of industries by industries")
    missing = [x for x in ("W2_D21X31", *VALUE_ADDED) if x not in rows]
    if missing:
        raise DataError(f"{path}: {name} ends at row {rows[-1]!r} and lacks {missing[0]}; is the download complete?")
    inner = [k for k, x in enumerate(rows) if not x.startswith("W2_")]
    odd_rows = [x for x in rows if "_" not in x or (x.startswith("W2_") and x not in COSTS)]
    if odd_rows:
        raise DataError(f"{path}: {name} has rows of an unknown kind: {', '.join(odd_rows[:5])}; is this another edition?")
    pairs = [tuple(rows[k].split("_", 1)) for k in inner]
    regions = list(dict.fromkeys(r for r, _ in pairs))
    industries = list(dict.fromkeys(i for _, i in pairs))
    r, n = len(regions), len(industries)
    if pairs != [(c, i) for c in regions for i in industries]:
        lost = sorted("_".join(x) for x in {(c, i) for c in regions for i in industries} - set(pairs))
        raise DataError(f"{path}: {name} is not {r} economies x {n} industries; missing rows: {', '.join(lost[:5]) or 'order'}")
    at = {c: k for k, c in enumerate(columns)}
    finals = tuple(AGENTS)
    known = {*industries, *finals}
    odd = [c for c in columns if c.partition("_")[0] not in regions or c.partition("_")[2] not in known]
    if odd:
        raise DataError(f"{path}: {name} has columns of an unknown kind: {', '.join(odd[:5])}; is this another edition?")
    try:
        wanted = [at[f"{c}_{x}"] for c in regions for x in (*industries, *finals)]
    except KeyError as error:
        raise DataError(f"{path}: {name} lacks the column {error.args[0]}; is the table truncated?") from error
    cube = values[np.ix_(inner, wanted)].reshape(r, n, r, n + len(finals))
    taxes = values[rows.index("W2_D21X31"), wanted].reshape(r, -1)
    output = values[:, wanted].sum(0).reshape(r, n + len(finals))[:, :n]  # costs add up to output in every column
    with reading(path, "FIGARO matrix"):
        details = {i: isic4_detail(i) for i in industries}
    return Mrio(
        [iso3(c) for c in regions],
        industries,
        cube[..., :n],
        cube[..., n:],
        output,
        year_of(name, year, path),
        str(path),
        finals=finals,
        agents=dict(AGENTS),
        taxes=taxes,
        details=details,
        source=f"Eurostat, FIGARO inter-country input-output tables ({Path(name).name})",
        licence="CC BY 4.0 (Eurostat)",
        units="million EUR",
    )


READER = Reader("figaro", read_figaro)
