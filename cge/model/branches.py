"""Several equilibria: is a solution the benchmark's own, where does its path end, and what else is there.

A general equilibrium model may have more equilibria than one (Kehoe, "The comparative statics properties of tax
models", Canadian Journal of Economics 18, 1985). A comparison with the benchmark means something for the one that
the benchmark moves to as the shock is raised from nothing. That is the *connected* equilibrium: continuation finds
it. A solver started at the whole shock may land on another.

The path may end before the whole shock. At a *fold* two equilibria meet and beyond it neither exists; the response
to a little more of the shock grows without bound, as one over the square root of what is left. At a *boundary* some
quantity runs out, investment that fixed foreign saving no longer pays for, say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse.linalg as sla

from cge.errors import ModelError, SolveError
from cge.model.request import share_setter
from cge.model.shock import Shock, targets
from cge.model.solution import Solution
from cge.model.workspace import Workspace
from cge.solver.ipopt import run_ipopt
from cge.solver.newton import Newton, follow_path

if TYPE_CHECKING:
    from cge.model import Model

Array = np.ndarray

SAME_POINT = 1e-5
"""Two points whose logs (levels where the sign is free) differ by less are one equilibrium."""

FOLD_RATIO = 10.0
"""The path ends in a fold where its response is this many times that at the start."""


PROBE_ITERATIONS = 30
"""Iterations of Ipopt from one random start; those that arrive take about ten."""

BOUNDARY_NEAR = 0.01
"""A quantity runs out at the end of a path where it is zero within this share of the shock."""


def distance(newton: Newton, x: Array, y: Array) -> Array:
    """Difference of two points by unknown, in the working unknowns."""
    logs = newton.system.in_logs
    with np.errstate(all="ignore"):
        return np.where(logs, abs(np.log(np.where(logs, x / y, 1.0))), abs(x - y))


def farthest(newton: Newton, x: Array, y: Array, count: int = 3) -> list[str]:
    """The unknowns in which two points differ most, with both values."""
    apart = np.nan_to_num(distance(newton, x, y), nan=np.inf)
    names = newton.system.name_of_unknown
    return [f"{names(int(k))} = {x[k]:.4g} against {y[k]:.4g}" for k in np.argsort(-apart, kind="stable")[:count]]


def connect(work: Workspace, solution: Solution, x: Array, goal: Mapping[str, Array]) -> dict[str, Any]:
    """Follow the path from the benchmark to see whether it arrives at a point found otherwise.

    Parameters
    ----------
    work : Workspace
        At the exogenous values of the solution; left there.
    solution : Solution
        What the error hands on.
    x : ndarray
        Its unknowns.
    goal : mapping
        Exogenous arrays at the solution.

    Returns
    -------
    dict
        ``connected`` True and ``connection``, for the solution's ``info``.

    Raises
    ------
    SolveError
        The path ends before, or arrives at another equilibrium.
    """
    model, newton = work.model, work.newton
    first, start = model.benchmark_values, model.benchmark_point
    set_share = share_setter(work, first, goal)
    log: list[dict[str, Any]] = []

    def ending(point: Array, share: float) -> tuple[str, list[str]]:
        return end_of_path(newton, start, point, set_share, share)

    found = f"{solution.name}: an equilibrium was found that is not connected to the benchmark by a path"
    remedy = "take it with branch='any', or a smaller shock"
    try:
        newton.options = model.path_options
        reached = follow_path(start, set_share, newton.solve, newton.options, log, newton=newton, ending=ending)
    except SolveError as error:
        cause = str(error).split(" Try a smaller")[0]
        raise SolveError(f"{found}: {cause} {remedy}", worst=error.worst, log=log, share=error.share, last=solution) from error
    finally:
        newton.options = model.options
        set_share(1.0)
    if distance(newton, reached, x).max() > SAME_POINT:
        apart = farthest(newton, x, reached)
        raise SolveError(f"{found}: {', '.join(apart)} on the path; {remedy}", worst=apart, log=log, share=1.0, last=solution)
    return {"connected": True, "connection": f"the path of the shock arrives there in {len(log)} points"}


def end_of_path(
    newton: Newton, first: Array, last: Array, set_share: Callable[[float], None], share: float
) -> tuple[str, list[str]]:
    """Why a path ended: a sentence, and the unknowns that run out, the fastest first.

    Parameters
    ----------
    newton : Newton
    first, last : ndarray
        Solutions at share 0 and at ``share``.
    set_share : callable
        Moves the exogenous values to a share of the shock; left at ``share``.
    share : float
    """
    system = newton.system
    levels = np.where(system.in_logs, last, 1.0)
    try:
        begin = _response(newton, first, set_share, 0.0)
        end = _response(newton, last, set_share, share)
    except SolveError:
        return "no equilibrium near beyond it", []
    finally:
        set_share(share)
    growth = float(abs(end * levels).max() / max(abs(begin * np.where(system.in_logs, first, 1.0)).max(), 1e-300))
    falling = [int(k) for k in np.argsort(end) if system.in_logs[k] and end[k] < 0]
    # what runs out together is named by its aggregate: investment before the imports that it buys
    together = [k for k in falling if end[k] < 0.5 * end[falling[0]]]
    falling = [*sorted(together, key=lambda k: system.name_of_unknown(k).count(",")), *falling[len(together) :]][:5]
    runs_out = [f"{system.name_of_unknown(k)} = {last[k]:.4g}" for k in falling]
    if growth >= FOLD_RATIO:
        fastest = int(np.argmax(abs(end * levels)))
        return (
            "a fold, where two equilibria meet and beyond which neither exists; the response to a little more of the shock "
            f"is {growth:.0f} times that at its start, most in {system.name_of_unknown(fastest)}"
        ), runs_out
    zero = share - 1.0 / end[falling[0]] if falling else np.inf
    if zero - share < BOUNDARY_NEAR:
        return f"{system.name_of_unknown(falling[0])} runs out: at this rate it is zero at share {zero:.4f}", runs_out
    return "no equilibrium near beyond it", []


def _response(newton: Newton, x: Array, set_share: Callable[[float], None], share: float) -> Array:
    """Derivative of the working unknowns by the share of the shock."""
    step = 1e-6 if share < 0.5 else -1e-6
    set_share(share)
    here = newton.residual(x)
    set_share(share + step)
    pushed = (newton.residual(x) - here) / step
    set_share(share)
    newton.refresh(x)  # near a fold the benchmark's factors say nothing
    found, _ = newton.linear_solve(newton.matrix(x), -pushed, 1e-8)
    if not np.isfinite(found).all():
        raise SolveError("the tangent of the path is not finite")
    return found


@dataclass(frozen=True)
class Equilibria:
    """What a probe found.

    Attributes
    ----------
    solutions : list of Solution
        Distinct equilibria; ``info["connected"]`` says which one the benchmark moves to.
    hits : list of int
        Starts that led to each.
    starts : int
        Starts tried.
    """

    solutions: list[Solution]
    hits: list[int]
    starts: int

    def table(self) -> pd.DataFrame:
        """One row an equilibrium: hits, whether connected, index, income by region (benchmark 1).

        The index is the sign of the Jacobian's determinant, 1 where it is the benchmark's. An equilibrium of index -1 is
        not on the smooth path from the benchmark.
        """
        rows = []
        for solution, hits in zip(self.solutions, self.hits, strict=True):
            income = dict(zip([f"y {r}" for r in solution.model.labels("r")], solution.values_of("y"), strict=True))
            connected, sign = solution.info["connected"], solution.info["index"]
            rows.append({"hits": hits, "connected": connected, "index": sign, **income})
        return pd.DataFrame(rows).rename_axis("equilibrium")


def probe_equilibria(
    model: Model,
    policy: Shock | None = None,
    *,
    starts: int = 50,
    seed: int = 0,
    spread: Sequence[float] = (0.3, 1.0, 2.0),
) -> Equilibria:
    """Look for equilibria from many random starts.

    Each start multiplies every price and quantity of the benchmark by a lognormal factor and is solved by Newton, then by
    Ipopt. What is found are equilibria; that there is no other cannot be shown in this way.

    Parameters
    ----------
    model : Model
        A small one: each start is a solve of its own.
    policy : Shock, optional
        None probes the benchmark.
    starts : int
        Random starts, at least 1.
    seed : int
        Of the random numbers.
    spread : sequence of float
        Standard deviations of the log factors, taken in turn.

    Returns
    -------
    Equilibria
        The connected equilibrium first, where the path reaches it.

    Raises
    ------
    ModelError
        ``starts`` below 1 or a spread that is not positive.
    ShockError
        The policy cannot act.
    """
    if not hasattr(model, "at_benchmark"):
        raise ModelError(f"probe_equilibria takes a Model, not {type(model).__name__}")
    if starts < 1 or not spread or min(spread) <= 0:
        raise ModelError("a probe needs starts of at least 1 and spreads above 0")
    rng = np.random.default_rng(seed)
    points: list[Array] = []
    hits: list[int] = []
    try:
        points.append(model.system.pack(model.solve(policy, progress=False).arrays))
        hits.append(0)
    except SolveError:
        pass
    connected = len(points)
    work, base = Workspace(model), model.benchmark_point
    work.begin()
    own = determinant_sign(work.newton, base)
    work.bring(targets(model, policy) if policy is not None else {})
    newton = work.newton
    for k in range(starts):
        factor = np.exp(rng.normal(0.0, spread[k % len(spread)], base.size))
        point = _from(newton, np.where(model.system.in_logs, base * factor, base))
        if point is None:
            continue
        same = [j for j, known in enumerate(points) if distance(newton, point, known).max() < SAME_POINT]
        if same:
            hits[same[0]] += 1
        else:
            points.append(point)
            hits.append(1)
    signs = [own * determinant_sign(newton, x) for x in points]
    arrays = [work.evaluator.arrays(x) for x in points]
    residuals = [float(abs(newton.residual(x)).max()) for x in points]
    return Equilibria(_solutions(model, policy, arrays, signs, residuals, connected), hits, starts)


def _solutions(
    model: Model,
    policy: Shock | None,
    arrays: Sequence[dict[str, Array]],
    signs: Sequence[int],
    residuals: Sequence[float],
    connected: int,
) -> list[Solution]:
    name = policy.name if policy is not None else "benchmark"
    out = []
    for k, held in enumerate(arrays):
        info: dict[str, Any] = {
            "connected": k < connected,
            "connection": "path of the shock from the benchmark" if k < connected else "found from a random start",
            "index": signs[k],
            "max_residual": residuals[k],
            "residual_limit": model.options.tolerance,
        }
        out.append(Solution(model, f"{name} (equilibrium {k + 1})", held, [], None, info))
    return out


def _from(newton: Newton, start: Array) -> Array | None:
    """A solution from any start, by Newton with as many damped steps as it takes, then by Ipopt."""
    found = _patient(newton, start)
    if found is None:
        with np.errstate(all="ignore"):
            verdict = run_ipopt(newton, start, patience=PROBE_ITERATIONS)
        found = verdict.x
    lawful = found is not None and bool((found[newton.system.in_logs] > 0).all()) and newton.solves(found)
    return found if lawful else None


def _patient(newton: Newton, start: Array) -> Array | None:
    options = newton.options
    newton.options = replace(options, contraction=np.inf, longest_step=np.inf, damped_limit=20, newton_limit=20)
    try:
        newton.refresh(start)
        return newton.solve(start)
    except SolveError:
        return None
    finally:
        newton.options = options


def determinant_sign(newton: Newton, x: Array) -> int:
    """Sign of the determinant of the Jacobian in the working unknowns; for small models (one whole factorisation).

    Regular equilibria on one smooth path share it; it changes at a fold.
    """
    factors = sla.splu(newton.matrix(x).tocsc())
    diagonal = np.concatenate([factors.U.diagonal(), factors.L.diagonal()])
    swaps = _parity(factors.perm_r) * _parity(factors.perm_c)
    return int(np.prod(np.sign(diagonal)) * swaps)


def _parity(order: Array) -> int:
    """1 for an even permutation, -1 for an odd one."""
    seen = np.zeros(order.size, bool)
    sign = 1
    for k in range(order.size):
        length = 0
        while not seen[k]:
            seen[k] = True
            k = int(order[k])
            length += 1
        if length and length % 2 == 0:
            sign = -sign
    return sign
