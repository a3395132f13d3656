"""Is the model square and determined? If not, which equations or variables are too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from scipy.sparse.csgraph import maximum_bipartite_matching

from cge.errors import ClosureError

if TYPE_CHECKING:
    from cge.solver.evaluator import Evaluator
    from cge.solver.system import System

WORLD = -1
"""Owner of a world variable or equation."""
LARGEST_CHECKED = 5_000
"""Unknowns up to which a closure with swaps is tested for directions that it leaves open (one factorisation)."""
OPEN = 1e-11
"""A direction that moves every scaled equation by less is open."""


def check_square(system: System, closure: str) -> None:
    """Raise :class:`ClosureError` unless equations and unknowns match one to one.

    Counts alone do not show a closure that over-determines one market and leaves another open, so a
    maximum matching of the sparsity pattern is asked for; what it leaves over is named.
    """
    pattern = sp.csr_matrix(
        (np.ones(system.nnz, dtype=np.int8), system.column_index, system.indptr), shape=(system.rows, system.n)
    )
    column_of = maximum_bipartite_matching(pattern, perm_type="column")
    lone_rows = np.flatnonzero(column_of < 0)
    used = np.zeros(system.n, bool)
    used[column_of[column_of >= 0]] = True
    lone_columns = np.flatnonzero(~used)
    if not lone_rows.size and not lone_columns.size:
        return
    parts = [f"closure {closure!r} leaves {system.rows} equations for {system.n} unknowns"]
    if lone_rows.size:
        parts.append("equations too many: " + _some([system.name_of_row(int(k)) for k in lone_rows[:5]], lone_rows.size))
    if lone_columns.size:
        parts.append(
            "variables too many: " + _some([system.name_of_unknown(int(k)) for k in lone_columns[:5]], lone_columns.size)
        )
    raise ClosureError("; ".join(parts) + "; swap one of them")


def check_determined(evaluator: Evaluator, x: np.ndarray, closure: str) -> None:
    """Raise :class:`ClosureError` where equations match unknowns one to one, but do not hold them at ``x``.

    What a swap fixes may follow from what is fixed already: the trade balances of all regions sum to zero, whatever is
    freed for the last of them.
    """
    system = evaluator.system
    if system.n > LARGEST_CHECKED:
        return
    matrix = evaluator.jacobian(x) @ sp.diags(np.where(system.in_logs, x, 1.0))
    largest = abs(matrix).max(axis=1).toarray().ravel()
    if not np.isfinite(matrix.data).all() or (largest == 0).any():
        return  # Newton names the equation
    scaled = sp.csc_matrix(sp.diags(1.0 / largest) @ matrix)
    lu = sla.splu(scaled + 1e-15 * sp.eye(system.n, format="csc"))
    direction = np.random.default_rng(0).standard_normal(system.n)
    for _ in range(3):  # inverse iteration
        direction = lu.solve(direction)
        if not np.isfinite(direction).all():
            return
        direction /= np.linalg.norm(direction)
    if np.linalg.norm(scaled @ direction) > OPEN:
        return
    moved = np.argsort(-abs(direction), kind="stable")
    moved = moved[abs(direction[moved]) > 0.1 * abs(direction[moved[0]])]
    raise ClosureError(
        f"closure {closure!r} does not determine {_some([system.name_of_unknown(int(k)) for k in moved[:5]], moved.size)}: "
        "what its swaps fix is not independent of the rest (trade balances of all regions sum to zero, only relative prices "
        "count); leave one element of a swap out"
    )


def regional_blocks(system: System) -> tuple[np.ndarray, np.ndarray]:
    """Owners of rows and of unknowns such that each region has as many of both, and can match them.

    A swap may fix what one region owns and free what another does: the imports of one and the export tax of the
    other. What is freed then goes to the region whose equation it can serve; what serves no equation of a region that
    has one too many goes to the world, with that equation (first those that define what was fixed).
    """
    rows, unknowns = system.owner_of_row, system.owner_of_unknown
    own = (rows[system.row_index] == unknowns[system.column_index]) & (rows[system.row_index] != WORLD)
    matched = (_match(system, own) >= 0).sum()
    if rows.size != unknowns.size or matched == (unknowns != WORLD).sum() == (rows != WORLD).sum():
        return rows, unknowns
    freed = np.zeros(system.n, bool)
    for name in (n for n in system.unknown if system.symbols[n].kind == "instrument"):
        freed[system.offset[name] : system.offset[name] + system.index[name].size] = True
    rows, unknowns = rows.copy(), unknowns.copy()
    # freed elements may serve equations of any region, all others those of their own
    served_row = _match(system, own | (freed[system.column_index] & (rows[system.row_index] != WORLD)))
    unknowns[freed] = np.where(served_row >= 0, rows[served_row], WORLD)[freed]
    first = np.argsort(~system.defines_fixed(), kind="stable")
    for region in np.unique(rows[rows != WORLD]):
        excess = int((rows == region).sum() - (unknowns == region).sum())
        if excess > 0:
            rows[first[rows[first] == region][:excess]] = WORLD
        elif excess < 0:
            unknowns[np.flatnonzero(freed & (unknowns == region))[:-excess]] = WORLD
    return rows, unknowns


def _match(system: System, keep: np.ndarray) -> np.ndarray:
    """The row that each unknown is matched to, -1 for none, with only the cells ``keep`` of the Jacobian."""
    cells = (np.ones(int(keep.sum()), dtype=np.int8), (system.row_index[keep], system.column_index[keep]))
    pattern = sp.csr_matrix(cells, shape=(system.rows, system.n))
    return np.asarray(maximum_bipartite_matching(pattern, perm_type="row"))


def _some(names: list[str], total: int) -> str:
    return ", ".join(names) + (f" and {total - len(names)} more" if total > len(names) else "")
