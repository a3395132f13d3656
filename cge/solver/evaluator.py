"""The equations of a system at values that move: residuals, derivatives, rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse as sp

from cge.solver.rounding import rounding_floor
from cge.solver.system import System
from cge.solver.templates import Kernel, Values

KEEP_SWEEPS_BELOW = 20_000_000
"""Nonzeros up to which a residual keeps its forward sweep for the Jacobian at the same point (memory)."""

COMPLEX_STEP = 1e-30
"""Far below rounding: a derivative by complex step has no truncation."""


class Evaluator:
    """A system at current values of all symbols.

    Parameters
    ----------
    system : System
        Shared by all its evaluators.
    values : Values
        Moved by whoever has the evaluator, and by nobody else.
    kernels : sequence of Kernel, optional
        One for each family; default new ones.
    """

    def __init__(self, system: System, values: Values, kernels: Sequence[Kernel] | None = None) -> None:
        self.system, self.values = system, values
        self.kernels = tuple(kernels or (Kernel(f.tape) for f in system.families))

    def copy(self) -> Evaluator:
        """An evaluator that starts at the same values and moves apart from this one; arrays are shared until they move."""
        return Evaluator(self.system, self.values.copy(), [k.copy() for k in self.kernels])

    # -- unknowns ----------------------------------------------------------------------------------
    def pack(self, arrays: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
        """The vector of unknowns from full arrays (default: the current values)."""
        return self.system.pack(self.values.arrays if arrays is None else arrays)

    def unpack(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Full arrays of the variables with unknown elements, the others at their current value."""
        return self.system.unpack(x, self.values.arrays)

    def arrays(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Full arrays of all symbols at a point."""
        return {**self.values.arrays, **{n: np.array(a) for n, a in self.unpack(x).items()}}

    def fixed_arrays(self) -> dict[str, np.ndarray]:
        """The arrays that are not unknown throughout: what the equations depend on beside the unknowns."""
        whole = self.system.unknown_throughout
        return {n: a for n, a in self.values.arrays.items() if n not in whole}

    # -- residual and Jacobian ---------------------------------------------------------------------
    def residual(self, x: np.ndarray) -> np.ndarray:
        """Log of left over right side of every equation; left less right where the equation is not in logs."""
        arrays = self.unpack(x)
        with np.errstate(all="ignore"):  # absent members may be 0 / 0; unlawful points are seen as not finite
            token = x if self.system.nnz < KEEP_SWEEPS_BELOW and x.dtype == float else None
            return self._evaluate(arrays, token)

    def _evaluate(self, arrays: Mapping[str, np.ndarray], token: object) -> np.ndarray:
        pairs = zip(self.system.families, self.kernels, strict=True)
        return np.concatenate([k.evaluate(self.values, arrays, token).ravel()[f.active] for f, k in pairs])

    def rounding_floor(self, x: np.ndarray) -> np.ndarray:
        """What rounding alone may leave of each residual at ``x``, see :mod:`cge.solver.rounding`."""
        arrays = self.unpack(x)
        pairs = zip(self.system.families, self.kernels, strict=True)
        return np.concatenate([rounding_floor(k, self.values, arrays).ravel()[f.active] for f, k in pairs])

    def jacobian_data(self, x: np.ndarray) -> np.ndarray:
        """Derivatives in the order of ``row_index, column_index``; exact."""
        arrays = self.unpack(x)
        data = np.zeros(self.system.nnz)
        for kernel, plans in zip(self.kernels, self.system.plans, strict=True):
            with np.errstate(all="ignore"):
                blocks = dict(kernel.adjoint(self.values, arrays, token=x))
            for leaf, plan in plans:
                g = blocks.get(leaf)
                if g is None:  # folded to zero at the current parameters
                    continue
                flat = np.broadcast_to(g, plan.shape).reshape(-1)
                data[plan.slot] += flat if plan.pick is None else flat[plan.pick]
        return data

    def jacobian(self, x: np.ndarray) -> sp.csr_matrix:
        """The Jacobian as a CSR matrix, shape (rows, n)."""
        system = self.system
        return sp.csr_matrix((self.jacobian_data(x), system.column_index, system.indptr), shape=(system.rows, system.n))

    def log_jacobian(self, x: np.ndarray) -> sp.csr_matrix:
        """The same with respect to the working unknowns: logs, or levels where the sign is free."""
        matrix = self.jacobian(x)
        matrix.data *= np.where(self.system.in_logs, x, 1.0)[matrix.indices]
        return matrix

    def pull(self, weights: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The transposed Jacobian times row weights, without forming it."""
        arrays = self.unpack(x)
        bars = {n: np.zeros(self.values[n].shape) for n in self.system.unknown}
        for family, kernel in zip(self.system.families, self.kernels, strict=True):
            kernel.pull_into(bars, family.seed(weights), self.values, arrays)
        return self.system.pack(bars)

    def push(self, name: str, direction: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Directional derivative of all residuals with respect to an exogenous array, by complex step."""
        aside = self.copy()
        aside.values.set(name, self.values[name] + COMPLEX_STEP * 1j * direction)
        return np.asarray(aside.residual(x.astype(complex)).imag / COMPLEX_STEP)


__all__ = ["Evaluator"]
