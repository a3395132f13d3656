"""The preconditioner of a world economy: each region's own block, bordered by what belongs to the world.

A world economy is nearly block diagonal by region: within a region everything depends on everything,
between regions there is trade. The preconditioner factorises the diagonal blocks (one sparse LU of the
block-diagonal matrix), with world variables and equations as a border eliminated by its Schur
complement. It is built once for a closure and reused over Newton steps and policies; it is rebuilt at
the current point when GMRES needs many iterations. Where a closure leaves a region's block singular by itself
(a price level that only the rest of the world fixes) the whole system is factorised as one block.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla

from cge.equations.squareness import WORLD
from cge.solver import memory
from cge.solver.system import System

Array = np.ndarray

SINGULAR = 1e12
"""Factors that magnify numbers of order one beyond this are of a matrix that is singular but for rounding."""


KEPT = 1
"""Preconditioners of a model kept beside the benchmark's, for they are large; others are made again where asked for."""


class Preconditioner:
    """Block LU by region with the world border.

    Parameters
    ----------
    jacobian : csr_matrix
        Scaled Jacobian at some point.
    system : System
        Gives the owners.
    restart : int
        Vectors that GMRES will keep, for the estimate of memory.

    Raises
    ------
    SolveError
        The memory that the factors need is not there (:mod:`cge.solver.memory`).
    RuntimeError
        The whole system is singular.
    """

    def __init__(self, jacobian: sp.csr_matrix, system: System, restart: int = 0) -> None:
        row_owner, column_owner = system.owner_of_row, system.owner_of_unknown
        whole = np.zeros_like(row_owner), np.zeros_like(column_owner)
        # one region alone: its block without the numeraire, which only the border holds, is singular
        alone = np.unique(column_owner[column_owner != WORLD]).size < 2
        if alone or not self._factorises(jacobian, system, row_owner, column_owner, restart):
            self._factorise(jacobian, system, *whole, restart)
            if not self.magnifies() <= SINGULAR:
                raise RuntimeError("Factor is singular but for rounding")
        # 8 bytes a value and 4 an index; asking SuperLU for L and U would copy them
        self.megabytes = float(12 * self.lu.nnz / 1e6)

    def _factorises(self, jacobian: sp.csr_matrix, system: System, rows: Array, columns: Array, restart: int) -> bool:
        """Factorise by region; False where a region's block is singular by itself though the world's system need not be.

        A region whose exports are all fixed in quantity, with the taxes on them free, has no price level of its own: it has
        one through what others pay for its imports only.
        """
        try:
            self._factorise(jacobian, system, rows, columns, restart)
            return self.magnifies() <= SINGULAR
        except (RuntimeError, np.linalg.LinAlgError):  # SuperLU: "Factor is exactly singular"
            return False

    def magnifies(self) -> float:
        """By how much the blocks and the border magnify a vector of random numbers: beyond 1 / rounding where singular."""
        probe = np.random.default_rng(0).standard_normal(self.inner_rows.size + self.border_rows.size)
        with np.errstate(all="ignore"):
            largest = abs(self.lu.solve(probe[: self.inner_rows.size])).max(initial=0.0)
            if self.border_rows.size:
                largest = max(largest, abs(np.linalg.solve(self.schur, probe[self.inner_rows.size :])).max())
        return float(np.nan_to_num(largest, nan=np.inf))

    def _factorise(self, jacobian: sp.csr_matrix, system: System, row_owner: Array, column_owner: Array, restart: int) -> None:
        self.inner_rows = np.flatnonzero(row_owner != WORLD)
        self.inner_cols = np.flatnonzero(column_owner != WORLD)
        self.border_rows = np.flatnonzero(row_owner == WORLD)
        self.border_cols = np.flatnonzero(column_owner == WORLD)
        same = row_owner[system.row_index] == column_owner[system.column_index]
        same &= row_owner[system.row_index] != WORLD
        row_of = np.full(system.rows, -1)
        row_of[self.inner_rows] = np.arange(self.inner_rows.size)
        col_of = np.full(system.n, -1)
        col_of[self.inner_cols] = np.arange(self.inner_cols.size)
        k = self.inner_rows.size
        blocks = sp.csc_matrix(
            (jacobian.data[same], (row_of[system.row_index[same]], col_of[system.column_index[same]])), shape=(k, k)
        )
        memory.require(blocks, column_owner[self.inner_cols], system.nnz, system.n, restart)
        self.lu = sla.splu(blocks, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.1)
        self.right = jacobian[self.inner_rows][:, self.border_cols].toarray()
        self.lower = jacobian[self.border_rows][:, self.inner_cols]
        corner = jacobian[self.border_rows][:, self.border_cols].toarray()
        self.solved_right = self.lu.solve(self.right) if self.border_cols.size else self.right
        self.schur = corner - self.lower @ self.solved_right

    def solve(self, v: Array) -> Array:
        """Approximate solution of J z = v."""
        out = np.empty_like(v)
        inner = self.lu.solve(v[self.inner_rows])
        if self.border_cols.size:
            world = np.linalg.solve(self.schur, v[self.border_rows] - self.lower @ inner)
            inner -= self.solved_right @ world
            out[self.border_cols] = world
        out[self.inner_cols] = inner
        return out

    def solve_transposed(self, v: Array) -> Array:
        """Approximate solution of J' z = v."""
        out = np.empty_like(v)
        top = v[self.inner_cols].copy()
        if self.border_cols.size:
            world = np.linalg.solve(self.schur.T, v[self.border_cols] - self.solved_right.T @ top)
            top -= self.lower.T @ world
            out[self.border_rows] = world
        out[self.inner_rows] = self.lu.solve(top, trans="T")
        return out


@dataclass(frozen=True, eq=False)
class Factors:
    """The row scale and the point of a preconditioner: enough to make it again, to the bit.

    A solution knows the factors that led to it, so that a solve that begins there does not depend on what else was solved.
    The preconditioner itself is large and no part of a solution.

    Attributes
    ----------
    scale : ndarray
        Of the rows.
    fixed : mapping of name to array
        Exogenous arrays at the point.
    x : ndarray
        Unknowns there.
    """

    scale: Array
    fixed: Mapping[str, Array]
    x: Array


class Kept:
    """The preconditioners made last, by their factors."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[Factors, Preconditioner] = OrderedDict()

    def get(self, factors: Factors) -> Preconditioner | None:
        """The preconditioner of these factors where it is still kept."""
        with self._lock:
            return self._made.get(factors)

    def keep(self, factors: Factors, preconditioner: Preconditioner) -> None:
        """Keep one more, and drop the oldest of too many."""
        with self._lock:
            self._made[factors] = preconditioner
            self._made.move_to_end(factors)
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
