"""Eora26 (Lenzen, Kanemoto, Moran, Geschke, 2012 and 2013), read by the library ``pymrio`` (extra ``mrio``).

189 countries x 26 sectors, thousand USD, free for academic use. Not shipped here; a benchmark built from it inherits
its terms. pymrio reads text tables of known names only; it unpacks nothing to disk.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.errors import DataError, require_labels
from calibration.mrio import FINAL_WORDS, Mrio, Reader
from calibration.parse import check_archive, reading, year_of

EORA_DETAILS = {
    "Agriculture": "A01",
    "Fishing": "A03",
    "Mining and Quarrying": "B06",
    "Food & Beverages": "C10T12",
    "Textiles and Wearing Apparel": "C13T15",
    "Wood and Paper": "C17_18",
    "Petroleum, Chemical and Non-Metallic Mineral Products": "C20",
    "Metal Products": "C24A",
    "Electrical and Machinery": "C28",
    "Transport Equipment": "C29",
    "Other Manufacturing": "C31T33",
    "Recycling": "C31T33",
    "Electricity, Gas and Water": "utl",
    "Construction": "cns",
    "Maintenance and Repair": "trd",
    "Wholesale Trade": "trd",
    "Retail Trade": "trd",
    "Hotels and Restraurants": "trd",
    "Hotels and Restaurants": "trd",
    "Transport": "trd",
    "Post and Telecommunications": "trd",
    "Finacial Intermediation and Business Activities": "bus",
    "Financial Intermediation and Business Activities": "bus",
    "Public Administration": "pub",
    "Education, Health and Other Services": "pub",
    "Private Households": "pub",
    "Others": "pub",
    "Re-export & Re-import": "trd",
}


def read_eora26(path: str | Path, year: int | None = None) -> Mrio:
    """Read Eora26 at basic prices from its zip file or folder; the statistical discrepancies of ``ROW`` are left out.

    Parameters
    ----------
    path : path
        ``Eora26_YYYY_bp.zip``, or a folder with the text tables or archives of several years.
    year : int, optional
        Needed for a folder; must be the archive's own where its name tells one.

    Raises
    ------
    DataError
        Missing or unreadable files, another year, purchasers' prices, or another edition.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"Eora26 archive {path} not found")
    if path.is_file():
        check_archive(path, "Eora26 archive")
        if not re.search(r"(?<!\d)(19|20)\d\d(?!\d)", path.name) or "bp" not in path.name:
            raise DataError(f"{path}: an Eora26 archive at basic prices is named Eora26_YYYY_bp.zip; keep its name")
        wanted = year_of(path.name, year, path)
    elif year is None:
        raise DataError(f"{path} is a folder; say which year of Eora26 to take (--year)")
    else:
        wanted = year
    try:
        import pymrio
    except ImportError as error:
        raise DataError("reading Eora needs the extra 'mrio' (pip install 'open-cge[mrio]')") from error
    with reading(path, "Eora26 archive (by pymrio)"):
        system = pymrio.parse_eora26(path, year=wanted, price="bp")
        use, final = system.Z, system.Y
        regions = [str(x) for x in dict.fromkeys(use.index.get_level_values(0))]
        industries = [str(x) for x in dict.fromkeys(use.index.get_level_values(1))]
        categories = [str(x) for x in dict.fromkeys(final.columns.get_level_values(1))]
        r, n, k = len(regions), len(industries), len(categories)
        if use.shape != (r * n, r * n) or final.shape != (r * n, r * k):
            fit = f"{r} regions x {n} sectors x {k} categories"
            raise DataError(f"{path}: tables of {use.shape} and {final.shape} do not fit {fit}")
        rows = pd.MultiIndex.from_product([regions, industries])
        use = _by_label(use, rows, rows)
        final = _by_label(final, rows, pd.MultiIndex.from_product([regions, categories]))
        agents: dict[str, str] = {}
        for category in categories:
            agent = next((a for word, a in FINAL_WORDS if word in category.lower()), None)
            if agent is None:
                raise DataError(f"{path}: final-use category {category!r} is unknown; is this another edition?")
            agents[category] = agent
        require_labels(industries, EORA_DETAILS, "sector of Eora26")
        inter = use.to_numpy(dtype=float).reshape(r, n, r, n) * 1e-3
        bought = final.to_numpy(dtype=float).reshape(r, n, r, k) * 1e-3
    return Mrio(
        regions,
        industries,
        inter,
        bought,
        np.asarray(inter.sum((2, 3)) + bought.sum((2, 3))),
        wanted,
        str(path),
        finals=tuple(categories),
        agents=agents,
        details={x: EORA_DETAILS[x] for x in industries},
        source=f"Eora26 ({path.name}; Lenzen, Kanemoto, Moran, Geschke 2012, 2013), basic prices; output is the sum of uses",
        licence="Eora: free for academic use; commercial use needs a licence",
        units="million USD",
    )


def _by_label(table: pd.DataFrame, rows: pd.MultiIndex, columns: pd.MultiIndex) -> pd.DataFrame:
    """The table with every region's rows and columns together, whatever their order in the file."""
    named = table.set_axis(pd.MultiIndex.from_arrays([table.index.get_level_values(k).astype(str) for k in (0, 1)]), axis=0)
    named = named.set_axis(pd.MultiIndex.from_arrays([table.columns.get_level_values(k).astype(str) for k in (0, 1)]), axis=1)
    return named.loc[rows, columns]


READER = Reader("eora26", read_eora26)
