"""Fast start: Newton-GMRES in logs, preconditioned by each region's own block (:mod:`cge.solver.preconditioner`), along
a path of the shock.

Newton takes the whole shock at once where its steps contract; where not, a share of it (continuation). A leap is taken
only where every step is at most a quarter of the one before and the first moves no logarithm by more than 1: both hold
for every smaller share of the leap too, so that the equilibria between join its ends (Kantorovich; P. Deuflhard, Newton
Methods for Nonlinear Problems, Springer 2004, ch. 2 and 5), and a quantity that runs out on the way, which lies just one
tangent step of length 1 away in logs, is not passed over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla

from cge.errors import SolveError
from cge.solver import memory
from cge.solver.evaluator import Evaluator
from cge.solver.preconditioner import Factors, Preconditioner
from cge.solver.system import System

Array = np.ndarray

ARRIVED = 1e-6
"""Steps below this length say nothing of contraction: the linear solves behind them are not exact."""

AIM = 0.8
"""The next leap is chosen to use this part of what is allowed."""

ROUNDING_LIMIT = 1e-9
"""Largest scaled residual that rounding may excuse: an equation known less exactly is not solved."""


def forcing(size: float) -> float:
    """Tolerance of a linear solve: tight enough for quadratic convergence, and for a step's length to mean what it says.

    What GMRES leaves is small before the preconditioner and may be large in an unknown that little depends on (a saving rate
    where a region hardly saves): from looser solves a second step would be long without any curvature.
    """
    return float(np.clip(0.1 * size, 1e-8, 1e-5))


@dataclass(frozen=True)
class PathOptions:
    """Limits of the fast start.

    Attributes
    ----------
    tolerance : float
        Largest scaled residual at a solution, where rounding does not leave more (:meth:`Newton.allowance`). Newton
        and Ipopt are asked the same.
    waypoint_tolerance : float
        The same at points on the way.
    smallest_share : float
        The path ends where a smaller share of the shock would be needed.
    newton_limit, gmres_limit : int
        Steps at one point of the path; iterations in one linear solve.
    contraction : float
        Largest ratio of a Newton step to the one before; where it is more, a share of the shock is taken. Infinite: any
        solution is taken, whether a path leads to it or not.
    longest_step : float
        Where the first Newton step moves some logarithm by more than this, a share of the shock is taken.
    damped_limit : int
        Steps that may be shortened at one point; more and a smaller share of the shock is tried.
    refresh_after : int
        GMRES iterations that lead to a new factorisation.
    solves_limit : int
        Points tried on the path.
    """

    tolerance: float = 1e-11
    waypoint_tolerance: float = 1e-6
    smallest_share: float = 1e-5
    newton_limit: int = 15
    contraction: float = 0.25
    longest_step: float = 1.0
    damped_limit: int = 3
    gmres_limit: int = 120
    refresh_after: int = 70
    solves_limit: int = 200

    def any_leap(self) -> PathOptions:
        """Limits where any equilibrium will do: leaps that a path need not join."""
        return replace(self, contraction=np.inf, longest_step=2.5)

    def one_leap(self) -> PathOptions:
        """The whole shock at once, with as many shortened steps as it takes."""
        whole = self.any_leap()
        return replace(whole, longest_step=np.inf, smallest_share=1.0, damped_limit=self.newton_limit)


@dataclass
class Newton:
    """Newton-GMRES on the equations at current values, with the row scale and the preconditioner that it goes on with."""

    evaluator: Evaluator
    options: PathOptions = field(default_factory=PathOptions)
    preconditioner: Preconditioner | None = None
    scale: Array | None = None
    factors: Factors | None = None  # the point at which the preconditioner was made; None: the benchmark
    gmres_iterations: int = 0
    newton_steps: int = 0
    factorisations: int = 0
    length: float = 0.0  # of the first step in the last solve
    ratio: float = 0.0  # in the last solve, the largest ratio of a step to the one before

    @property
    def system(self) -> System:
        """What the equations are."""
        return self.evaluator.system

    def adopt(self, scale: Array, preconditioner: Preconditioner, factors: Factors | None = None) -> None:
        """Go on with a row scale and a preconditioner made elsewhere."""
        self.scale, self.preconditioner, self.factors = scale, preconditioner, factors

    def prepare(self, x: Array) -> None:
        """Row scale and preconditioner at ``x``, where there are none yet."""
        if self.scale is None:
            self._factorise(self.rescale(x), x)

    def rescale(self, x: Array) -> sp.csr_matrix:
        """Scale each row by its largest derivative at ``x``; the scaled matrix."""
        matrix = self.evaluator.log_jacobian(x)
        largest = abs(matrix).max(axis=1).toarray().ravel()
        if (largest == 0).any() or not np.isfinite(largest).all():
            k = int(np.flatnonzero((largest == 0) | ~np.isfinite(largest))[0])
            raise SolveError(f"equation {self.system.name_of_row(k)} involves no unknown or is not finite at the benchmark")
        self.scale = 1.0 / largest
        matrix.data *= np.repeat(self.scale, np.diff(matrix.indptr))
        return matrix

    def refresh(self, x: Array) -> None:
        """Factorise the regional blocks at ``x``."""
        self._factorise(self.matrix(x), x)

    def _factorise(self, matrix: sp.csr_matrix, x: Array) -> None:
        try:
            with memory.guarded("factorising the regional blocks"):
                self.preconditioner = Preconditioner(matrix, self.system, self.options.gmres_limit)
        except SolveError:
            raise
        except RuntimeError as error:  # SuperLU: "Factor is exactly singular"
            raise SolveError(
                f"the model is singular at this point ({error}); is a swap of the closure without effect on its variable?"
            ) from error
        assert self.scale is not None
        self.factors = Factors(self.scale, self.evaluator.fixed_arrays(), x.copy())
        self.factorisations += 1

    def residual(self, x: Array) -> Array:
        """Scaled residual."""
        assert self.scale is not None
        return np.asarray(self.evaluator.residual(x) * self.scale)

    def allowance(self, x: Array) -> Array:
        """What each scaled residual may be at a solution: the tolerance, or the rounding floor of its row if higher."""
        assert self.scale is not None
        floor = np.nan_to_num(self.evaluator.rounding_floor(x) * self.scale, nan=0.0, posinf=0.0)
        return np.asarray(np.maximum(self.options.tolerance, np.minimum(floor, ROUNDING_LIMIT)))

    def solves(self, x: Array, residual: Array | None = None) -> bool:
        """Whether ``x`` is a solution: the one question asked of every point, whoever found it."""
        r = abs(self.residual(x) if residual is None else residual)
        if not np.isfinite(r).all():
            return False
        return bool((r <= self.options.tolerance).all() or (r <= self.allowance(x)).all())

    def matrix(self, x: Array) -> sp.csr_matrix:
        """Scaled Jacobian with respect to the working unknowns (logs, or levels where the sign is free)."""
        assert self.scale is not None
        matrix = self.evaluator.log_jacobian(x)
        matrix.data *= np.repeat(self.scale, np.diff(matrix.indptr))
        return matrix

    def move(self, x: Array, step: Array) -> Array:
        """``x`` moved by ``-step`` in the working unknowns."""
        logs = self.system.in_logs
        return np.where(logs, x * np.exp(-np.where(logs, step, 0.0)), x - step)

    def linear_solve(self, matrix: sp.csr_matrix, rhs: Array, tolerance: float, transposed: bool = False) -> tuple[Array, int]:
        """GMRES with the block preconditioner; returns the solution and the iterations used."""
        assert self.preconditioner is not None
        n = rhs.size
        count = 0

        def tick(_: Any) -> None:
            nonlocal count
            count += 1

        apply = self.preconditioner.solve_transposed if transposed else self.preconditioner.solve
        operator = matrix.T if transposed else matrix
        inverse = sla.LinearOperator((n, n), matvec=apply, dtype=float)
        restart = min(self.options.gmres_limit, n)
        solution, _ = sla.gmres(
            operator,
            rhs,
            rtol=tolerance,
            atol=0.0,
            restart=restart,
            maxiter=1,
            M=inverse,
            callback=tick,
            callback_type="pr_norm",
        )
        self.gmres_iterations += count
        return solution, count

    def solve(self, x: Array, final: bool = True) -> Array | None:
        """Newton from ``x``; None where it does not contract. A point that is only on the way need not be exact."""
        self.prepare(x)
        tolerance = self.options.tolerance if final else self.options.waypoint_tolerance
        damped, before = 0, np.inf
        self.length, self.ratio = 0.0, 0.0
        with np.errstate(all="ignore"):
            r = self.residual(x)
            for k in range(self.options.newton_limit):
                size = float(abs(r).max(initial=0.0))
                # near a singular point a small residual says little: a point on the way has its contraction seen first
                if size <= tolerance and (final or k >= 2 or size == 0.0):
                    return x
                matrix = self.matrix(x)
                if not np.isfinite(size) or not np.isfinite(matrix.data).all():
                    return None
                step = self._newton_step(matrix, r, x, forcing(size))
                length = float(abs(step).max(initial=0.0))
                if not np.isfinite(length):
                    return None
                if k == 0:
                    self.length = length
                    if length > self.options.longest_step:
                        return None
                elif length > ARRIVED:
                    self.ratio = max(self.ratio, length / before)
                if self.ratio > self.options.contraction:
                    return None
                if np.isfinite(self.options.contraction) and length > ARRIVED:
                    moved = self.move(x, step)  # the next step, not the residual, says whether this one leads there
                    trial: tuple[Array, Array, float] | None = moved, self.residual(moved), 1.0
                else:
                    trial = self._accept(x, r, step, min(1.0, 1.0 / length) if length > 0 else 1.0)
                if trial is None:  # no step lowers the residual: rounding noise, or a failure
                    return x if self._done(x, r, final) else None
                damped += trial[2] < 1.0
                if damped > self.options.damped_limit:
                    return None
                x, r, before = *trial[:2], length
            return x if self._done(x, r, final) else None

    def _done(self, x: Array, r: Array, final: bool) -> bool:
        return self.solves(x, r) if final else float(abs(r).max(initial=0.0)) <= self.options.waypoint_tolerance

    def _newton_step(self, matrix: sp.csr_matrix, r: Array, x: Array, tolerance: float) -> Array:
        step, used = self.linear_solve(matrix, r, tolerance)
        self.newton_steps += 1
        if used >= self.options.refresh_after:
            self.refresh(x)
            if used >= self.options.gmres_limit:
                step, _ = self.linear_solve(matrix, r, tolerance)
        return step

    def _accept(self, x: Array, r: Array, step: Array, share: float) -> tuple[Array, Array, float] | None:
        """The first of a few shares of the step that lowers the residual norm, with its residual."""
        norm = float(np.linalg.norm(r))
        for cut in (1.0, 0.5, 0.25):
            trial = self.move(x, cut * share * step)
            residual = self.residual(trial)
            if np.isfinite(residual).all() and float(np.linalg.norm(residual)) < (1 - 0.1 * cut * share) * norm:
                return trial, residual, cut * share
        return None


def next_leap(options: PathOptions, newton: Newton | None, solved: bool) -> float:
    """The next share of the shock to try, over the last one tried.

    The first Newton step and the ratio of the second to it both go with the length of the leap.
    """
    unsure = 2.0 if solved else 0.5
    if newton is None or not newton.length:
        return unsure
    room = min(options.longest_step / newton.length, options.contraction / max(newton.ratio, 1e-3))
    if not np.isfinite(room):
        return unsure
    return float(np.clip(AIM * room, *((0.7, 8.0) if solved else (1e-3, 0.7))))


def follow_path(
    x: Array,
    set_share: Callable[[float], None],
    solve: Callable[[Array, bool], Array | None],
    options: PathOptions,
    log: list[dict[str, Any]],
    report: Callable[[float], None] | None = None,
    newton: Newton | None = None,
    first: Array | None = None,
    ending: Callable[[Array, float], tuple[str, list[str]]] | None = None,
) -> Array:
    """Carry a solution from share 0 to share 1 of a shock, in as few pieces as contract.

    Parameters
    ----------
    x : ndarray
        Solution at share 0.
    set_share : callable
        Moves the exogenous values to a share of the shock.
    solve : callable
        Solves from a guess, exactly where its second argument is true; None where it fails.
    log : list
        Gets one entry a point tried.
    report : callable, optional
        Called with the share reached (progress).
    first : ndarray, optional
        Guess of the whole shock's solution, tried before anything else.
    ending : callable, optional
        Says why the path ends at a solution and share, and what runs out.
    newton : Newton, optional
        Its steps say how long the next leap may be.

    Raises
    ------
    SolveError
        No equilibrium near: ``share`` is what was reached and ``worst`` the unknowns that ran away.
    """
    done, share = 0.0, 1.0
    for _ in range(options.solves_limit):
        share = min(share, 1.0 - done)
        target = 1.0 if done + share > 1 - 1e-12 else done + share
        set_share(target)
        guess, guessed, first = (x if first is None else first), first is not None, None
        start = time.perf_counter()
        found = solve(guess, target == 1.0)
        seconds = time.perf_counter() - start
        log.append({"share": target, "solved": found is not None, "guessed": guessed, "seconds": seconds})
        if found is None and guessed:  # a guess that does not lead there says nothing of the path
            continue
        leap = next_leap(options, newton, found is not None)
        if found is None:
            share *= leap
            if share < options.smallest_share:
                break
            continue
        x, done, share = found, target, share * leap
        if report:
            report(done)
        if done == 1.0:
            return x
    set_share(done)
    why, names = ending(x, done) if ending is not None else ("no equilibrium near beyond it", [])
    what = f" What runs out: {', '.join(names)}." if names else ""
    raise SolveError(
        f"the path of the shock ends at share {done:.4f}: {why}.{what} Try a smaller shock, check that it leaves every region "
        "an income and what its investment needs, or take an equilibrium that no path leads to with branch='any'",
        worst=names,
        log=log,
        share=done,
        last=x,
    )
