"""Is the model square? If not, which equations or variables are too many."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import maximum_bipartite_matching

from cge.errors import ClosureError
from cge.system import System


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


def _some(names: list[str], total: int) -> str:
    return ", ".join(names) + (f" and {total - len(names)} more" if total > len(names) else "")
