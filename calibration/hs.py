"""Harmonised System codes on the detailed goods of :mod:`calibration.classification`.

The crosswalk is a short list of prefixes, the longest that fits a code decides: ``2936`` (vitamins) is a pharmaceutical
although the rest of chapter 29 is chemistry. A code of another edition of the Harmonised System thus finds its
neighbours' sector instead of none. Codes to GTAP sectors: crosswalk of the Budget Lab at Yale; GTAP sectors to goods:
ISIC Rev. 4 (:mod:`calibration.datasets.tariffs_2018.crosswalk` writes the file and says what it changed).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from calibration.errors import DataError

FOLDER = Path(__file__).parent / "datasets" / "tariffs_2018"


@cache
def _rules() -> dict[str, tuple[str, str]]:
    table = pd.read_csv(FOLDER / "hs_goods.csv", comment="#", dtype=str)
    return {row.prefix: (row.gtap, row.good) for row in table.itertuples()}


def hs_sector(code: str) -> tuple[str, str] | None:
    """GTAP sector and detailed good of a code of two to ten digits; None where the code names no good (electricity, gold coin).

    Raises
    ------
    DataError
        The code is not made of at least two digits.

    Examples
    --------
    >>> hs_sector("870323")
    ('MVH', 'C29')
    >>> hs_sector("293629")
    ('BPH', 'C21')
    """
    digits = str(code).replace(".", "").strip()
    if len(digits) < 2 or not digits.isdigit():
        raise DataError(f"tariff code {code!r} is not a code of the Harmonised System (two to ten digits, zeros in front kept)")
    rules = _rules()
    for size in range(min(len(digits), 6), 1, -1):
        if digits[:size] in rules:
            gtap, good = rules[digits[:size]]
            return None if good == "none" else (gtap, good)
    return None


def sectors_of(codes: pd.Series) -> pd.DataFrame:
    """Columns ``gtap, good`` for each code (missing where it names no good), index of ``codes``."""
    found = {code: hs_sector(code) for code in codes.unique()}
    pairs = [found[code] or (None, None) for code in codes]
    return pd.DataFrame(pairs, columns=["gtap", "good"], index=codes.index)
