"""Matrix balancing: RAS and GRAS to given row and column totals.

RAS (Bacharach 1970) scales rows and columns of a non-negative matrix in turn; GRAS (Junius and
Oosterhaven 2003, with the correction of Lenzen, Wood and Gallego 2007) does the same for a matrix
with negative cells, keeping every sign: positive cells are multiplied by r_i s_j, negative cells
divided by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.errors import DataError


@dataclass(frozen=True)
class Balanced:
    """A balanced matrix with its report.

    Attributes
    ----------
    matrix : numpy.ndarray
        The result, same shape and signs as the prior.
    iterations : int
        Row-and-column sweeps used.
    gap : float
        Largest deviation of a row or column sum from its target, relative to the largest target.
    changes : pandas.DataFrame
        The cells that changed most: ``row, column, before, after``.
    """

    matrix: np.ndarray
    iterations: int
    gap: float
    changes: pd.DataFrame


def gras(
    prior: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    *,
    labels: tuple[list[str], list[str]] | None = None,
    tolerance: float = 1e-10,
    limit: int = 5000,
) -> Balanced:
    """Balance ``prior`` to row sums ``rows`` and column sums ``columns``, keeping signs.

    Parameters
    ----------
    prior : ndarray, shape (n, k)
        Starting matrix; may hold negative cells.
    rows, columns : ndarray, shapes (n,), (k,)
        Target sums; their totals must agree.
    labels : pair of lists, optional
        Account names for messages and the report.
    tolerance : float
        Largest allowed gap relative to the largest target.
    limit : int
        Largest number of sweeps.

    Raises
    ------
    DataError
        Totals disagree, an account has a target its cells cannot meet, or no convergence.
    """
    prior, rows, columns = (np.asarray(x, dtype=float) for x in (prior, rows, columns))
    if prior.shape != (rows.size, columns.size):
        raise DataError(f"prior has shape {prior.shape}, the targets {(rows.size, columns.size)}")
    names = labels or ([f"row {k}" for k in range(rows.size)], [f"column {k}" for k in range(columns.size)])
    scale = max(float(abs(rows).max(initial=0)), float(abs(columns).max(initial=0)), 1e-300)
    if abs(rows.sum() - columns.sum()) > tolerance * scale * max(rows.size, columns.size):
        raise DataError(f"row targets sum to {rows.sum():.10g}, column targets to {columns.sum():.10g}; make them agree")
    positive, negative = np.where(prior > 0, prior, 0.0), np.where(prior < 0, -prior, 0.0)
    for what, axis, target in (("row", 1, rows), ("column", 0, columns)):
        p, n = positive.sum(axis), negative.sum(axis)
        bad = ((p == 0) & (target > 0)) | ((n == 0) & (target < 0)) | ((p + n == 0) & (target != 0))
        if bad.any():
            k = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"{what} account {names[1 - axis][k]!r} has target {target[k]:g} but no cell of that sign; "
                "give the prior a cell there or set the target to zero"
            )
    s = np.ones(columns.size)
    r = np.ones(rows.size)
    sweep, gap = 0, np.inf
    while gap > tolerance and sweep < limit:
        sweep += 1
        r = _multiplier(positive @ s, negative @ (1 / s), rows)
        s = _multiplier(positive.T @ r, negative.T @ (1 / r), columns)
        gap = float(abs(r * (positive @ s) - (negative @ (1 / s)) / r - rows).max() / scale)
    if gap > tolerance:
        raise DataError(
            f"balancing stopped after {limit} sweeps at a gap of {gap:.1e}; "
            f"worst row {names[0][int(np.argmax(abs(r * (positive @ s) - (negative @ (1 / s)) / r - rows)))]!r}: "
            "zeros of the prior may make the targets infeasible"
        )
    matrix = r[:, None] * positive * s - negative / (r[:, None] * s)
    return Balanced(matrix, sweep, gap, _largest_changes(prior, matrix, names))


def ras(
    prior: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    *,
    labels: tuple[list[str], list[str]] | None = None,
    tolerance: float = 1e-10,
    limit: int = 5000,
) -> Balanced:
    """:func:`gras` for a prior without negative cells, refused otherwise."""
    if (np.asarray(prior) < 0).any():
        raise DataError("RAS needs a prior without negative cells; use gras, which keeps signs")
    return gras(prior, rows, columns, labels=labels, tolerance=tolerance, limit=limit)


def _multiplier(p: np.ndarray, n: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The positive root r of p r - n / r = target (1 where the account is empty)."""
    root = np.ones_like(p)
    has = p > 0
    # the numerically stable one of the two forms of the root, by the sign of the target
    disc = np.sqrt(target**2 + 4 * p * n)
    up = has & (target >= 0)
    root[up] = (target[up] + disc[up]) / (2 * p[up])
    down = has & (target < 0)
    root[down] = 2 * n[down] / (disc[down] - target[down])
    only = ~has & (n > 0)
    root[only] = -n[only] / target[only]
    return root


def _largest_changes(
    before: np.ndarray, after: np.ndarray, names: tuple[list[str], list[str]], count: int = 20
) -> pd.DataFrame:
    change = abs(after - before).ravel()
    top = np.argsort(change)[::-1][: min(count, change.size)]
    i, j = np.unravel_index(top, before.shape)
    return pd.DataFrame(
        {
            "row": [names[0][k] for k in i],
            "column": [names[1][k] for k in j],
            "before": before[i, j],
            "after": after[i, j],
        }
    )
