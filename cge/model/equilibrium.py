"""The search for the equilibrium that a request asks for, in a workspace of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from cge.errors import SolveError
from cge.model.branches import connect, end_of_path
from cge.model.checks import enforce
from cge.model.request import Request, share_setter
from cge.model.solution import Solution
from cge.model.workspace import Workspace
from cge.progress import Progress
from cge.solver.ipopt import Verdict, certify, run_ipopt
from cge.solver.memory import guarded
from cge.solver.newton import PathOptions, follow_path

if TYPE_CHECKING:
    from cge.model import Model

Array = np.ndarray

CERTIFIED = {0: "Optimal Solution Found"}
WORK = ("newton_steps", "gmres_iterations", "factorisations")
"""Counters of :class:`cge.solver.newton.Newton` that a solution's ``info`` holds."""


class Search:
    """One solve.

    Parameters
    ----------
    model : Model
        Read and never changed.
    request : Request
        What is asked.
    """

    def __init__(self, model: Model, request: Request) -> None:
        self.model, self.request = model, request
        self.work = Workspace(model)
        self.newton = self.work.newton
        self.log: list[dict[str, Any]] = []

    def run(self, progress: bool | None, started: float) -> Solution:
        """The equilibrium, with its evidence; what it raises :meth:`cge.model.Model.solve` says."""
        verdict, judged = self._travel(progress)
        with guarded("checking the solution"):
            newton = self.newton
            info = {
                "path": self.log,
                "method": self.request.method,
                "certificate_seconds": judged,
                **{counter: getattr(newton, counter) for counter in WORK},
                "preconditioner_mb": newton.preconditioner.megabytes if newton.preconditioner else 0.0,
                "iterations": verdict.iterations,
                "status": CERTIFIED.get(verdict.status, verdict.message),
                **self._judged(verdict),
                "seconds": time.perf_counter() - started,
            }
            arrays = self.work.evaluator.arrays(verdict.x)
            solution = Solution(self.model, self.request.name, arrays, self.log, verdict, info, self.request.asked)
            enforce(solution, self.work)
            solution.info |= self._connection(solution, verdict.x)
            solution.factors = self.work.keep()
        return solution

    def _travel(self, progress: bool | None) -> tuple[Verdict, float]:
        """Follow the path of the request to its end and ask Ipopt: its verdict, and the seconds that took."""
        model, request, newton = self.model, self.request, self.newton
        parameters = {n for n, symbol in model.symbols.items() if symbol.kind == "parameter"}
        live = {n: request.parameters.get(n, model.benchmark_values[n]) for n in parameters}
        self.work.bring({n: live[n] if n in parameters else request.origin[n] for n in model.symbols})
        begin = model.system.pack(request.origin)
        set_share = share_setter(self.work, request.first, request.last)

        def ending(x: Array, share: float) -> tuple[str, list[str]]:
            return end_of_path(newton, begin, x, set_share, share)

        by_ipopt = request.method == "ipopt"
        try:
            self._ready(begin)
            with Progress(request.name, progress) as bar, guarded("solving"):
                newton.options = self._path_options()
                x = follow_path(
                    begin,
                    set_share,
                    self._ipopt_point if by_ipopt else newton.solve,
                    newton.options,
                    self.log,
                    bar.update,
                    newton=None if by_ipopt else newton,
                    first=request.guess,
                    ending=ending,
                )
                asked = time.perf_counter()
                verdict = certify(newton, x)
                return verdict, time.perf_counter() - asked
        except SolveError as error:
            if error.last is not None:
                reached = f"{request.name} (share {error.share:.4f})"
                error.last = Solution(model, reached, self.work.evaluator.arrays(error.last), self.log, None, {})
            raise
        finally:
            newton.options = model.options

    def _path_options(self) -> PathOptions:
        """How long the leaps of the path may be."""
        model, request = self.model, self.request
        options = model.path_options if request.branch == "connected" else model.options.any_leap()
        return options.one_leap() if request.start == "benchmark" else options

    def _ready(self, x: Array) -> None:
        """Row scale and preconditioner to begin with: the benchmark's, or those that led to the solution it begins at.

        Other elasticities have their own, made where the path begins.
        """
        if self.request.retuned:
            self.work.prepare(x)
        else:
            self.work.begin(self.request.factors)

    def _ipopt_point(self, x: Array, final: bool) -> Array | None:
        verdict: Verdict = run_ipopt(self.newton, x)
        return verdict.x if verdict.status in CERTIFIED else None

    def _connection(self, solution: Solution, x: Array) -> dict[str, Any]:
        """Whether a solution is the one that the benchmark moves to; the path is followed where nothing shows it yet."""
        request, kinked = self.request, self.model.kinked
        if request.branch == "any":
            return {"connected": None, "connection": "not asked for"}
        leaps = [entry for entry in solution.info["path"] if entry["solved"]]
        followed = request.method == "auto" and request.start != "benchmark" and not any(e["guessed"] for e in leaps)
        if followed and all(s.info.get("connected") is True for s in request.begun):
            how = "over kinks of complementarity: likely, not proved" if kinked else "each contracting"
            return {"connected": True, "connection": f"path of the shock in {len(leaps)} leaps, {how}"}
        return connect(self.work, solution, x, request.last)

    def _judged(self, verdict: Verdict) -> dict[str, float]:
        """The largest residual over its limit, as ``max_residual`` and ``residual_limit``; raises where not certified."""
        newton = self.newton
        residual = abs(newton.residual(verdict.x))
        allowed = np.full(residual.size, newton.options.tolerance)
        if not (residual <= allowed).all():
            allowed = newton.allowance(verdict.x)
        if verdict.status not in CERTIFIED or not (residual <= allowed).all():
            raise SolveError(
                f"Ipopt does not certify the point: {verdict.message}; largest residual {residual.max():.1e} in "
                f"{self.model.system.name_of_row(int(np.argmax(residual)))}",
                worst=self.work.worst(verdict.x),
                log=self.log,
            )
        k = int(np.argmax(residual / allowed))
        return {"max_residual": float(residual[k]), "residual_limit": float(allowed[k])}


__all__ = ["CERTIFIED", "Search"]
