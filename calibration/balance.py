"""Matrix balancing: RAS and GRAS to given row and column totals.

RAS (Bacharach 1970) scales rows and columns of a non-negative matrix in turn; GRAS (Junius and
Oosterhaven 2003, with the correction of Lenzen, Wood and Gallego 2007) does the same for a matrix
with negative cells, keeping every sign: positive cells are multiplied by r_i s_j, negative cells
divided by it. Where sources conflict, :func:`cross_entropy` weighs each total with its stated error, as
SUT-RAS and KRAS do (Temurshoev and Timmer 2011; Lenzen, Gallego and Wood 2009): a total with error zero
is met exactly, one without bound is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.errors import DataError
from calibration.limits import BALANCING


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


def _numbers(given: object, what: str) -> np.ndarray:
    try:
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} is no array of numbers ({' '.join(str(error).split())[:100]})") from error


def gras(
    prior: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    *,
    labels: tuple[list[str], list[str]] | None = None,
    tolerance: float = 1e-10,
    limit: int = 5000,
    most_moved: float = BALANCING.most,
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
    most_moved : float
        Largest share of the prior that may move (half the sum of absolute changes, both matrices at one level);
        1 allows everything.

    Raises
    ------
    DataError
        Totals disagree, an account has a target its cells cannot meet, no convergence, or more moved than allowed.
    """
    prior, rows, columns = (_numbers(x, what) for x, what in ((prior, "prior"), (rows, "rows"), (columns, "columns")))
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
    _check_moved(prior, matrix, names, most_moved)
    return Balanced(matrix, sweep, gap, _largest_changes(prior, matrix, names))


def ras(
    prior: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    *,
    labels: tuple[list[str], list[str]] | None = None,
    tolerance: float = 1e-10,
    limit: int = 5000,
    most_moved: float = BALANCING.most,
) -> Balanced:
    """:func:`gras` for a prior without negative cells, refused otherwise.

    Parameters
    ----------
    prior, rows, columns, labels, tolerance, limit, most_moved
        As of :func:`gras`.
    """
    if (_numbers(prior, "prior") < 0).any():
        raise DataError("RAS needs a prior without negative cells; use gras, which keeps signs")
    return gras(prior, rows, columns, labels=labels, tolerance=tolerance, limit=limit, most_moved=most_moved)


def cross_entropy(
    prior: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    *,
    row_errors: np.ndarray | None = None,
    column_errors: np.ndarray | None = None,
    labels: tuple[list[str], list[str]] | None = None,
    tolerance: float = 1e-10,
    limit: int = 5000,
    most_moved: float = BALANCING.most,
) -> Balanced:
    """The matrix nearest to ``prior`` in cross-entropy whose sums meet totals of stated reliability.

    Minimises ``sum x ln(x/x0) - x + x0`` plus, for each total ``t`` with relative standard error ``e > 0``,
    ``(sum - t)^2 / (2 t e^2)``. A total with ``e = 0`` is a constraint. The first-order condition of an
    account is ``ln r = (1 - sum/t)/e^2`` with ``x_ij = r_i x0_ij s_j``, solved account by account in
    turn; with all errors zero this is RAS.

    Parameters
    ----------
    prior : ndarray, shape (n, k)
        Non-negative.
    rows, columns : ndarray, shapes (n,), (k,)
        Totals, non-negative; they need not agree where an error is positive.
    row_errors, column_errors : ndarray, optional
        Relative standard errors; default zero.
    most_moved : float
        As in :func:`gras`.

    Raises
    ------
    DataError
        A negative prior, totals that disagree with every error zero, an account that cannot be met, no convergence, or
        more moved than allowed.
    """
    prior, rows, columns = (np.asarray(x, dtype=float) for x in (prior, rows, columns))
    if (prior < 0).any() or (rows < 0).any() or (columns < 0).any():
        raise DataError("cross-entropy needs a prior and totals without negative values; use gras, which keeps signs")
    e_row = np.zeros(rows.size) if row_errors is None else np.asarray(row_errors, dtype=float)
    e_column = np.zeros(columns.size) if column_errors is None else np.asarray(column_errors, dtype=float)
    if not (e_row.any() or e_column.any()):
        return ras(prior, rows, columns, labels=labels, tolerance=tolerance, limit=limit, most_moved=most_moved)
    names = labels or ([f"row {k}" for k in range(rows.size)], [f"column {k}" for k in range(columns.size)])
    for what, axis, target in (("row", 1, rows), ("column", 0, columns)):
        bad = (prior.sum(axis) == 0) & (target > 0)
        if bad.any():
            k = int(np.flatnonzero(bad)[0])
            raise DataError(f"{what} account {names[1 - axis][k]!r} has total {target[k]:g} but no cell in the prior")
    scale = max(float(rows.max(initial=0)), float(columns.max(initial=0)), 1e-300)
    r, s = np.ones(rows.size), np.ones(columns.size)
    weight = float((columns * e_column**2).sum())
    sweep, gap = 0, np.inf
    while gap > tolerance and sweep < limit:
        sweep += 1
        r = _soft_multiplier(prior @ s, rows, e_row)
        s = _soft_multiplier(prior.T @ r, columns, e_column)
        # the matrix does not change when r grows and s falls alike, but the penalties do: exact line search
        level = np.exp((_pull(rows, e_row, r) - _pull(columns, e_column, s)) / ((rows * e_row**2).sum() + weight))
        r, s = r * level, s / level
        wanted = _soft_multiplier(prior @ s, rows, e_row)
        gap = float((abs(wanted - r) * (prior @ s)).max() / scale)
    if gap > tolerance:
        raise DataError(
            f"balancing stopped after {limit} sweeps at a gap of {gap:.1e}; exact totals may be infeasible together"
        )
    matrix = r[:, None] * prior * s
    _check_moved(prior, matrix, names, most_moved)
    return Balanced(matrix, sweep, gap, _largest_changes(prior, matrix, names))


def _pull(target: np.ndarray, error: np.ndarray, multiplier: np.ndarray) -> float:
    """Sum of the totals as their penalties want them: ``target (1 - e^2 ln multiplier)``."""
    logs = np.log(np.where(multiplier > 0, multiplier, 1.0))
    return float((target * (1 - error**2 * logs)).sum())


def _soft_multiplier(p: np.ndarray, target: np.ndarray, error: np.ndarray) -> np.ndarray:
    """r with ``r p = target`` where the error is zero, else the root of ``target e^2 ln r = target - r p``."""
    hard: np.ndarray = np.divide(target, p, out=np.ones_like(p), where=p > 0)
    soft = (error > 0) & (p > 0) & (target > 0)
    if not soft.any():
        return hard
    x, e2 = np.log(hard[soft]), error[soft] ** 2
    start = x.copy()
    for _ in range(50):  # convex and increasing in ln r: Newton from the exact multiplier's side is monotone
        value = e2 * x + np.exp(x - start) - 1.0
        step = value / (e2 + np.exp(x - start))
        x = x - step
        if abs(step).max() < 1e-14:
            break
    out = hard.copy()
    out[soft] = np.exp(x)
    return out


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


def _check_moved(prior: np.ndarray, matrix: np.ndarray, names: tuple[list[str], list[str]], most: float) -> None:
    """Raise where balancing made another table of the prior: totals in another unit or order than its accounts."""
    before, after = float(abs(prior).sum()), float(abs(matrix).sum())
    if before == 0 or after == 0:
        return
    change = abs(matrix / after - prior / before)
    moved = float(change.sum()) / 2
    if moved > most:
        i, j = np.unravel_index(int(np.argmax(change)), change.shape)
        raise DataError(
            f"balancing moved {moved:.0%} of the prior, more than {most:.0%}; most at {names[0][i]} x {names[1][j]} "
            f"({prior[i, j]:g} -> {matrix[i, j]:g}); are the totals in the order of the accounts? (most_moved allows more)"
        )


def _largest_changes(
    before: np.ndarray, after: np.ndarray, names: tuple[list[str], list[str]], count: int = 20
) -> pd.DataFrame:
    change = abs(after - before).ravel()
    count = min(count, change.size)
    top = np.argpartition(change, change.size - count)[change.size - count :]
    top = top[np.argsort(-change[top], kind="stable")]
    i, j = np.unravel_index(top, before.shape)
    return pd.DataFrame(
        {
            "row": [names[0][k] for k in i],
            "column": [names[1][k] for k in j],
            "before": before[i, j],
            "after": after[i, j],
        }
    )
