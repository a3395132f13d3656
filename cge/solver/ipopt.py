"""Ipopt through cyipopt: the judge of every solution, and the whole solver where asked.

A square system is stated as a feasibility problem with the objective 1/2 ||x - x_start||^2, whose
identity Hessian keeps the KKT matrix free of a zero block; the solution does not depend on it. MUMPS
runs without its own scaling and pivoting, which the normalised equations do not need. Started at a
solution with zero multipliers Ipopt certifies it at iteration 0 without factorising anything.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import cyipopt
import numpy as np

from cge.solver.newton import Newton

TUNED: dict[str, Any] = {
    "nlp_scaling_method": "none",
    "dual_inf_tol": 1e8,
    "constr_mult_init_max": 0.0,
    "mumps_permuting_scaling": 0,
    "mumps_scaling": 0,
    "mumps_pivtol": 0.0,
    "mumps_pivot_order": 2,
}
"""Options that differ from Ipopt's defaults, measured in ``benchmarks/``."""


IPOPT_LOCK = threading.RLock()
"""Held while Ipopt runs, one thread at a time: MUMPS, with which it factorises, keeps its state in Fortran modules, and both
write to the one standard output."""


@dataclass(frozen=True)
class Verdict:
    """Ipopt's answer: its status code and message, iterations, and the point."""

    status: int
    message: str
    iterations: int
    x: np.ndarray


class _Problem:
    """Callbacks of cyipopt for the scaled residuals of a system, each over what it is allowed to be."""

    def __init__(self, newton: Newton, start: np.ndarray, idle: int, exact: np.ndarray | float) -> None:
        self.newton, self.start = newton, np.append(start, np.zeros(idle))
        system = newton.system
        assert newton.scale is not None
        self.exact = exact
        self.row_scale = (newton.scale * exact)[system.row_index]
        self.iterations, self.rounds = 0, 0
        self.patience: int | None = None

    def objective(self, x: np.ndarray) -> float:
        return 0.5 * float(((x - self.start) ** 2).sum())

    def gradient(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(x - self.start)

    def constraints(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            r = self.newton.residual(x[: self.newton.system.n]) * self.exact
        if not np.isfinite(r).all():
            raise cyipopt.CyIpoptEvaluationError
        return r

    def jacobianstructure(self) -> tuple[np.ndarray, np.ndarray]:
        return self.newton.system.row_index, self.newton.system.column_index

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            data = self.newton.evaluator.jacobian_data(x[: self.newton.system.n]) * self.row_scale
        if not np.isfinite(data).all():
            raise cyipopt.CyIpoptEvaluationError
        return np.asarray(data)

    def hessianstructure(self) -> tuple[np.ndarray, np.ndarray]:
        k = np.arange(self.start.size)
        return k, k

    def hessian(self, x: np.ndarray, multipliers: np.ndarray, factor: float) -> np.ndarray:
        return np.full(x.size, factor)

    def intermediate(self, _mode: int, iteration: int, *_: Any) -> bool:
        self.iterations = iteration
        self.rounds += 1
        return self.patience is None or self.rounds < self.patience


def certify(newton: Newton, x: np.ndarray) -> Verdict:
    """Ipopt's verdict on a solution found elsewhere, at iteration 0.

    One idle variable (objective half its square) makes the problem non-square: on a square one Ipopt
    factorises the KKT matrix after success, only to report multipliers that nobody asked for, which
    takes most of the time of a large model. The constraints judged are the same. Where rounding leaves more
    of a row than the tolerance (:meth:`cge.solver.newton.Newton.allowance`), the row is divided by that multiple, so
    that Ipopt asks what :meth:`cge.solver.newton.Newton.solves` asks.
    """
    tolerance = newton.options.tolerance
    exact: np.ndarray | float = 1.0
    if not (abs(newton.residual(x)) <= tolerance).all():
        exact = tolerance / newton.allowance(x)
    return run_ipopt(newton, x, idle=1, exact=exact)


def run_ipopt(
    newton: Newton,
    x: np.ndarray,
    *,
    tuned: bool = True,
    max_iter: int = 100,
    idle: int = 0,
    exact: np.ndarray | float = 1.0,
    lower: np.ndarray | None = None,
    patience: int | None = None,
    **options: Any,
) -> Verdict:
    """Solve the system from ``x``.

    Parameters
    ----------
    newton : Newton
        Supplies residual, Jacobian and row scale (``prepare`` must have run).
    idle : int
        Variables that enter no constraint, see :func:`certify`.
    exact : ndarray or float
        Factor of each row beside its scale, see :func:`certify`.
    tuned : bool
        Use :data:`TUNED`; False leaves Ipopt's defaults (for benchmarks).
    lower : ndarray, optional
        Lower bounds of the unknowns (complementarity); default none.
    patience : int, optional
        Stop after this many iterations, those of the restoration phase counted too.
    options
        Further Ipopt options.
    """
    n, rows = newton.system.n, newton.system.rows
    problem = _Problem(newton, x, idle, exact)
    problem.patience = patience
    tolerance = newton.options.tolerance
    settings = {"print_level": 0, "sb": "yes", "tol": tolerance, "constr_viol_tol": tolerance, "max_iter": max_iter}
    with IPOPT_LOCK:
        nlp = cyipopt.Problem(
            n=n + idle,
            m=rows,
            problem_obj=problem,
            lb=np.append(np.full(n, -1e20) if lower is None else lower, np.full(idle, -1e20)),
            ub=np.full(n + idle, 1e20),
            cl=np.zeros(rows),
            cu=np.zeros(rows),
        )
        for name, value in {**settings, **(TUNED if tuned else {}), **options}.items():
            nlp.add_option(name, value)
        solution, info = nlp.solve(problem.start.copy())
    message = info["status_msg"]
    text = message.decode() if isinstance(message, bytes) else str(message)
    return Verdict(int(info["status"]), text.split("(")[0].strip(), problem.iterations, np.asarray(solution)[:n])
