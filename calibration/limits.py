"""How far data are repaired without asking: every automatic repair, what is measured, and the most that is allowed.

A repair within its limit is done and listed (``Sam.adjustments`` and the report of a build); past it the build stops and
names the worst cell. Limits stand well above what published tables need (the last column) and well below what another
unit, another sign or a truncated file does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.errors import DataError


@dataclass(frozen=True)
class Repair:
    """One automatic repair.

    Attributes
    ----------
    what : str
        What is done.
    measure : str
        What the limit bounds.
    most : float
        The limit, a fraction.
    needed : str
        The largest that a published table needs, measured.
    where : str
        The module that does it.
    """

    what: str
    measure: str
    most: float
    needed: str
    where: str

    def check(self, sizes: np.ndarray, name: Callable[[tuple[int, ...]], str], cause: str) -> None:
        """Raise where a size is past the limit.

        Parameters
        ----------
        sizes : ndarray
            What :attr:`measure` says, by cell; NaN nowhere.
        name : callable
            The name of a cell, of its index.
        cause : str
            Likely cause and remedy.

        Raises
        ------
        DataError
            Past the limit, naming the worst cell.
        """
        if sizes.size and float(sizes.max()) > self.most:
            worst = np.unravel_index(int(np.argmax(sizes)), sizes.shape)
            index = tuple(int(k) for k in worst)
            raise DataError(
                f"{name(index)}: {self.measure} is {_percent(sizes[index])}, more than the {_percent(self.most)} "
                f"that is put right without asking ({self.what}); {cause}"
            )


def _percent(share: float) -> str:
    return f"{100 * share:,.3g} %" if share < 10 else f"{share:,.4g} times"


SMALL = 1e-6
"""A row whose uses miss its output by less than this share of the world's output is put right whatever its size: tables in
whole millions round the rows of small industries by a half and more (WIOD 2011: at most 6e-7)."""

DISCREPANCY = Repair(
    "uses of a row scaled to its output, or output set to their sum",
    "difference of uses from output, of the larger",
    0.10,
    f"WIOD 2011: every row misses by less than {SMALL:g} of world output, and such rows are put right whatever their size",
    "calibration.from_mrio",
)
NEGATIVES = Repair(
    "negative uses set to zero",
    "sum of negative uses over all uses of a region",
    0.05,
    "WIOD 2011: 3.3 % (Lithuania)",
    "calibration.from_mrio",
)
INVENTORIES = Repair(
    "changes in inventories dropped (only where asked for)",
    "sum of absolute changes in inventories over all uses of a region",
    0.25,
    "WIOD 2011: 6.0 %",
    "calibration.from_mrio",
)
CUBE_ROUNDING = Repair(
    "uses of a commodity scaled to the cube's absorption",
    "difference from absorption",
    1e-8,
    "balancing stops at 1e-11",
    "calibration.from_cube",
)
NATIONAL_BOUND = Repair(
    "national value added held between 25 % and 80 % of output",
    "change of value added, of what gross domestic product gives",
    0.25,
    "world of 2018: none is held",
    "calibration.estimate",
)
DONOR_NEGATIVES = Repair(
    "negative final uses of a donor table set to zero",
    "their sum over final use",
    0.01,
    "WIOD 2011: 0.12 %",
    "calibration.estimate",
)
SINGLE_PRECISION = Repair(
    "a GTAP data base in single precision balanced exactly",
    "imbalance of an identity, of its larger side or a millionth of world GDP",
    1e-4,
    "GTAP v7 sample: 4e-5",
    "calibration.gtap, calibration.rebalance",
)
PUBLISHED_SHARES = Repair(
    "negative input shares, own sales or final uses of Caliendo and Parro's data set to zero",
    "their sum over the sum of all",
    0.05,
    "final uses: 3.3 %",
    "calibration.caliendo_parro_sam",
)
BALANCING = Repair(
    "RAS, GRAS and cross-entropy move a prior to its totals",
    "half the sum of absolute changes over the prior, both at one level",
    0.75,
    "world of 2018: 25 % at most",
    "calibration.balance",
)

REPAIRS = (
    DISCREPANCY,
    NEGATIVES,
    INVENTORIES,
    CUBE_ROUNDING,
    NATIONAL_BOUND,
    DONOR_NEGATIVES,
    SINGLE_PRECISION,
    PUBLISHED_SHARES,
    BALANCING,
)


def table() -> pd.DataFrame:
    """The limits as the documentation prints them."""
    rows = {
        repair.what: {
            "limit": _percent(repair.most),
            "of": repair.measure,
            "published tables need": repair.needed,
        }
        for repair in REPAIRS
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("repair")
