"""OECD Inter-Country Input-Output tables, editions of 2021 and later, as downloaded (csv, or zip of csv).

Rows and columns are labelled ``CCC_INDUSTRY``; final use ``CCC_HFCE``, ``CCC_NPISH``, ``CCC_GGFC``, ``CCC_GFCF``,
``CCC_INVNT`` and direct purchases abroad (``DPABR``, in earlier editions ``DIRP`` or ``P33``), which are net and
count as private consumption; below, taxes less subsidies (``TLS``, in 2021 one row a country ``CCC_TAXSUB``), value added
(``VA``, ``VALU``) and output (``OUT``, ``OUTPUT``). The extended edition splits China (CN1, CN2) and Mexico
(MX1, MX2): their parts are added to ``CHN`` and ``MEX``. Cite "OECD, Inter-Country Input-Output Database".
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from calibration.aggregate import collapse
from calibration.errors import DataError
from calibration.isic import isic4_detail
from calibration.mrio import Mrio, Reader
from calibration.parse import reading, year_of
from calibration.readers.labelled_csv import read_matrix

AGENTS = {
    **dict.fromkeys(("HFCE", "NPISH", "DPABR", "DIRP", "P33", "CONS_ABR", "CONS_NONRES"), "prv"),
    "GGFC": "gov",
    "GFCF": "inv",
    "INVNT": "stocks",
}
PARTS = {"CN1": "CHN", "CN2": "CHN", "MX1": "MEX", "MX2": "MEX"}
TAXES = re.compile(r"^(TLS|[A-Z0-9]{3}_TAXSUB)$")
VALUE_ADDED = ("VA", "VALU")
OUTPUT = ("OUT", "OUTPUT", "TOTAL")


def read_oecd_icio(path: str | Path, year: int | None = None) -> Mrio:
    """Read one year of the OECD ICIO.

    Parameters
    ----------
    path : path
        csv file, or zip archive (``year`` chooses the member).
    year : int, optional
        Default: the year in the file's name; another than that is refused.

    Raises
    ------
    DataError
        Another edition or publisher, a truncated file, a cell that is not a number.
    """
    name, rows, columns, values = read_matrix(path, year)
    value_added = [k for k, x in enumerate(rows) if x in VALUE_ADDED]
    out = [k for k, x in enumerate(rows) if x in OUTPUT]
    if not any(c.endswith("_HFCE") for c in columns):
        raise DataError(f"{path}: {name} has no columns CCC_HFCE; not an OECD ICIO table of the editions of 2021 and later")
    if not value_added or not out:
        raise DataError(f"{path}: {name} ends at row {rows[-1]!r} before value added and output; is the download complete?")
    inner = [k for k, x in enumerate(rows) if "_" in x and not TAXES.match(x)]
    pairs = [tuple(rows[k].split("_", 1)) for k in inner]
    regions = list(dict.fromkeys(r for r, _ in pairs))
    industries = list(dict.fromkeys(i for _, i in pairs))
    r, n = len(regions), len(industries)
    if pairs != [(c, i) for c in regions for i in industries]:
        full = {(c, i) for c in regions for i in industries}
        lost = sorted("_".join(x) for x in full - set(pairs))
        raise DataError(f"{path}: {name} is not {r} economies x {n} industries; missing rows: {', '.join(lost[:5]) or 'order'}")
    at = {c: k for k, c in enumerate(columns)}
    known = {*industries, *AGENTS}
    owners = {*regions, *(PARTS.get(c, c) for c in regions)}
    odd = [c for c in columns if c not in OUTPUT and (c.partition("_")[0] not in owners or c.partition("_")[2] not in known)]
    if odd:
        raise DataError(f"{path}: {name} has columns of an unknown kind: {', '.join(odd[:5])}; is this another edition?")
    odd = [x for x in rows if "_" not in x and x not in (*VALUE_ADDED, *OUTPUT) and not TAXES.match(x)]
    if odd:
        raise DataError(f"{path}: {name} has rows of an unknown kind: {', '.join(odd[:5])}; is this another edition?")
    finals = tuple(f for f in AGENTS if f"{regions[0]}_{f}" in at)
    parents = list(dict.fromkeys(PARTS.get(c, c) for c in regions))
    holders = [c for c in parents if f"{c}_{finals[0]}" in at]
    if set(holders) != set(parents):
        raise DataError(f"{path}: {name} lacks final use of {', '.join(sorted(set(parents) - set(holders)))}; truncated?")
    try:
        use = values[np.ix_(inner, [at[f"{c}_{i}"] for c in regions for i in industries])]
        final = values[np.ix_(inner, [at[f"{c}_{f}"] for c in parents for f in finals])]
        output = values[out[0], [at[f"{c}_{i}"] for c in regions for i in industries]]
        tax_rows = [k for k, x in enumerate(rows) if TAXES.match(x)]
        user_columns = [at[f"{c}_{i}"] for c in regions for i in industries]
        taxes_use = values[np.ix_(tax_rows, user_columns)].sum(0).reshape(r, n) if tax_rows else None
        taxes_final = (
            values[np.ix_(tax_rows, [at[f"{c}_{f}"] for c in parents for f in finals])].sum(0).reshape(len(parents), -1)
            if tax_rows
            else None
        )
    except KeyError as error:
        raise DataError(f"{path}: {name} lacks the column {error.args[0]}; is the table truncated?") from error
    group = np.array([parents.index(PARTS.get(c, c)) for c in regions])
    size = len(parents)
    use = collapse(collapse(use.reshape(r, n, r, n), 0, group, size), 2, group, size)
    final = collapse(final.reshape(r, n, size, len(finals)), 0, group, size)
    taxes = None
    if taxes_use is not None and taxes_final is not None:
        taxes = np.concatenate([collapse(taxes_use, 0, group, size), taxes_final], axis=1)
    with reading(path, "OECD ICIO table"):
        details = {i: isic4_detail(i) for i in industries}
    return Mrio(
        parents,
        industries,
        use,
        final,
        collapse(output.reshape(r, n), 0, group, size),
        year_of(name, year, path),
        str(path),
        finals=finals,
        agents={f: AGENTS[f] for f in finals},
        taxes=taxes,
        details=details,
        source=f"OECD, Inter-Country Input-Output Database ({Path(name).name})",
        licence="OECD: reuse with attribution",
    )


READER = Reader("oecd-icio", read_oecd_icio)
