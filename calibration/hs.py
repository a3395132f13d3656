"""Harmonised System codes on the detailed goods of :mod:`calibration.classification`.

The crosswalk is a short list of prefixes, the longest that fits a code decides: ``2936`` (vitamins) is a pharmaceutical
although the rest of chapter 29 is chemistry. A code of another edition of the Harmonised System thus finds its
neighbours' sector instead of none. Codes to GTAP sectors: crosswalk of the Budget Lab at Yale; GTAP sectors to goods:
ISIC Rev. 4 (:mod:`calibration.datasets.tariffs_2018.build` writes the file and says what it changed).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.errors import DataError

LENGTHS = (2, 4, 6, 8, 9, 10)
"""Digits of codes in use (Japan's statistical codes have nine)."""
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
        The code is not of digits, or of a number of digits that no code has (``10121``: the zero in front was lost).

    Examples
    --------
    >>> hs_sector("870323")
    ('MVH', 'C29')
    >>> hs_sector("293629")
    ('BPH', 'C21')
    """
    digits = str(code).replace(".", "").strip()
    if not digits.isdigit() or len(digits) not in LENGTHS:
        raise DataError(
            f"tariff code {code!r} is not a code of the Harmonised System: 2, 4, 6, 8 to 10 digits; was the zero in front lost?"
        )
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


def line_weights(codes: pd.DataFrame, flows: pd.Series) -> np.ndarray:
    """Weights of HS6 codes (columns ``hs6, gtap``) as in :mod:`calibration.mfn`.

    Parameters
    ----------
    flows : Series
        Trade by HS6; codes not in it count as zero.
    """
    reference = pd.read_csv(FOLDER / "reference_imports.csv", comment="#").set_index("gtap")["imports"]
    traded = codes["hs6"].map(flows).fillna(0.0)
    by_sector = traded.groupby(codes["gtap"]).transform("sum")
    lines = codes.groupby("gtap")["hs6"].transform("size")
    share = np.where(by_sector > 0, 0.5 * (1.0 / lines + traded / by_sector.where(by_sector > 0, 1.0)), 1.0 / lines)
    return np.asarray(codes["gtap"].map(reference).fillna(reference.min()) * share)
