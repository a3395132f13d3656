"""What value-chain indicators must add up to, checked in every result.

A decomposition of exports adds up to exports, of value added to value added, of final goods to final goods, exactly:
they are identities of x = A x + y and 1' = v' B. They fail where a table has sales without output (drawn from stocks):
nobody's value added of the year is in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cge.errors import ModelError

if TYPE_CHECKING:
    from cge.gvc.icio import Icio

TOLERANCE = 1e-8
"""Largest gap of an identity, of the amount (or of a millionth of the largest amount for tiny ones)."""


def require_sum(t: Icio, what: str, parts: np.ndarray, whole: np.ndarray, labels: Sequence[str]) -> None:
    """Raise where ``parts`` do not add up to ``whole``; both one value a label, in the units of the table.

    Raises
    ------
    ModelError
        Names the identity, the worst label, the gap and, where there are any, the rows that sell without output.
    """
    gap = np.asarray(parts, dtype=float) - whole
    size = np.maximum(abs(np.asarray(whole, dtype=float)), 1e-6 * max(float(abs(whole).max(initial=0.0)), 1e-300))
    bad = ~(abs(gap) <= TOLERANCE * size)
    if not bad.any():
        return
    worst = int(np.argmax(np.where(bad, np.nan_to_num(abs(gap) / size, nan=np.inf), -1.0)))
    sellers = [t.label(int(k)) for k in np.flatnonzero(t.sells_without_output)]
    reason = (
        f"; {', '.join(sellers[:3])}{' ...' if len(sellers) > 3 else ''} sells more than it makes (out of stocks): give its "
        "output, or set those sales to zero and balance the table"
        if sellers
        else "; the table's coefficients are too close to singular for it"
    )
    raise ModelError(
        f"{what} do not add up for {labels[worst]}: {np.asarray(parts)[worst]:.9g} against {np.asarray(whole)[worst]:.9g} "
        f"{t.units}, a gap of {gap[worst]:.3g}{reason}"
    )


def quotient(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """``top / bottom``, NaN where there is nothing to take a share of."""
    full = np.broadcast_to(np.asarray(bottom, dtype=float), np.shape(top))
    return np.asarray(np.divide(top, full, out=np.full(np.shape(top), np.nan), where=full != 0))


def solve(t: Icio, matrix: np.ndarray, right: np.ndarray, what: str) -> np.ndarray:
    """A linear system of the table's size.

    Raises
    ------
    ModelError
        It is singular.
    """
    try:
        found = np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        found = np.full(right.shape, np.nan)
    if not np.isfinite(found).all():
        raise ModelError(
            f"{what} of this table is not defined: its matrix is singular (a sector buys all it sells from itself)"
        )
    return np.asarray(found)
