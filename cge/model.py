"""A model: blocks assembled on a benchmark under a closure, compiled once, solved for any shock."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pyomo.environ as pyo
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.errors import nearest
from cge.blocks import CORE
from cge.calibrated import Calibrated
from cge.closure import Closure
from cge.declare import SET_OF_DIM, Block, Rule, Symbol
from cge.errors import ClosureError, ModelError, SolveError
from cge.ipopt import Verdict, certify, run_ipopt
from cge.krylov import Newton, PathOptions, follow_path
from cge.progress import Progress
from cge.shock import Shock, targets
from cge.solution import Solution
from cge.squareness import check_square
from cge.system import System
from cge.templates import Values

Start = Literal["fast", "benchmark"]
Method = Literal["auto", "ipopt"]

CERTIFIED = {0: "Optimal Solution Found"}
RESIDUAL_LIMIT = 1e-9


class _Inline:
    """A definition inside Pyomo rules: indexing it writes its expression out."""

    def __init__(self, rule: Rule, block: Any) -> None:
        self._rule, self._block, self._open = rule, block, False

    def __getitem__(self, index: Any) -> Any:
        if self._open:
            raise ModelError(f"definition {self._rule.name} refers to itself in a circle; make one of the circle a variable")
        self._open = True
        try:
            return self._rule.function(self._block, *(index if isinstance(index, tuple) else (index,)))
        finally:
            self._open = False


class Model:
    """A multi-region CGE model.

    Parameters
    ----------
    benchmark : Benchmark
        What to calibrate to.
    closure : Closure, optional
        What is exogenous; default the standard closure.
    sourcing : {"use", "agent", "pooled"}
        Which uses share one bundle of import origins: intermediate, consumption and investment apart
        (default), every agent apart, or all together as in the standard GTAP model.
    blocks : sequence of Block classes, optional
        The composition; default :data:`cge.blocks.CORE`.
    options : PathOptions, optional
        Limits of the fast start.

    Raises
    ------
    ModelError, ClosureError
        The benchmark cannot carry the model, or the closure does not leave it square.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        closure: Closure | None = None,
        *,
        sourcing: str = "use",
        blocks: Sequence[type[Block]] = CORE,
        options: PathOptions | None = None,
    ) -> None:
        started = time.perf_counter()
        self.benchmark, self.closure = benchmark, closure or Closure()
        tied = self.closure.specific
        factors = benchmark.sam.factors
        self.specific = tuple(tied) if tied is not None else tuple(f for f in ("nat",) if f in factors)
        multi_product = any(block.multi_product for block in blocks)
        self.data = Calibrated(benchmark, sourcing, self.specific, multi_product)
        self.blocks = [block() for block in blocks]
        self.sets = {**self.data.sets, **{name: labels for b in self.blocks for name, labels in b.sets.items()}}
        self.symbols: dict[str, Symbol] = {}
        self.rules: dict[str, Rule] = {}
        for block in self.blocks:
            for name, symbol in block.symbols.items():
                if name in self.symbols or name in self.rules:
                    raise ModelError(f"symbol {name!r} is declared in two blocks ({symbol.block}); rename one")
                self.symbols[name] = symbol
            self.rules.update(block.rules)
        self.equations = {n: r for n, r in self.rules.items() if r.is_equation}
        self.definitions = {n: r for n, r in self.rules.items() if not r.is_equation}
        self.benchmark_values = self._calibrate()
        self.values = Values({n: a.copy() for n, a in self.benchmark_values.items()})
        self.pyomo = self._pyomo_block()
        self.free, self.active = self._apply_closure()
        self.system = System(self.symbols, self.equations, self.sets, self.pyomo, self.values, self.free, self.active)
        check_square(self.system, self.closure.name)
        self.options = options or PathOptions()
        self.newton = Newton(self.system, self.options)
        self._definition_kernels: dict[str, Any] = {}
        self._benchmark_residual: np.ndarray | None = None
        self.seconds_to_build = time.perf_counter() - started

    # -- construction ------------------------------------------------------------------------------
    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a symbol or rule."""
        dims = self.symbols[name].dims if name in self.symbols else self.rules[name].dims
        return tuple(len(self.sets[SET_OF_DIM[d]]) for d in dims)

    def labels(self, dim: str) -> list[str]:
        """Labels along a dim letter."""
        return self.sets[SET_OF_DIM[dim]]

    def label(self, name: str, flat: int) -> str:
        """The labels of one element, as ``trn CHN -> USA`` style text."""
        dims = self.symbols[name].dims
        index = np.unravel_index(flat, self.shape(name)) if dims else ()
        return " ".join(self.labels(d)[k] for d, k in zip(dims, index, strict=True))

    def _calibrate(self) -> dict[str, np.ndarray]:
        given: dict[str, np.ndarray] = {}
        for block in self.blocks:
            given.update({k: np.asarray(v, dtype=float) for k, v in block.calibrate(self.data).items()})
        out = {}
        for name, symbol in self.symbols.items():
            shape = self.shape(name)
            if name in given:
                value = np.array(given.pop(name), dtype=float)
            elif symbol.kind == "variable":
                value = np.full(shape, 0.0 if symbol.signed else 1.0)
            else:
                raise ModelError(f"block {symbol.block} does not calibrate {symbol.kind} {name!r}")
            if value.shape != shape or not np.isfinite(value).all():
                raise ModelError(f"block {symbol.block} gives {name!r} another shape than {shape} or a non-finite value")
            out[name] = value
        if given:
            raise ModelError(f"calibrated names without a declaration: {', '.join(given)}")
        return out

    def _pyomo_block(self) -> Any:
        """Pyomo components, lazily indexed: nothing is expanded until a member is asked for."""
        block = pyo.ConcreteModel()
        for name, labels in self.sets.items():
            setattr(block, name, pyo.Set(initialize=labels, ordered=True))
        position = {name: {label: k for k, label in enumerate(labels)} for name, labels in self.sets.items()}

        def reader(name: str, dims: tuple[str, ...]) -> Any:
            maps = [position[SET_OF_DIM[d]] for d in dims]

            def value(_: Any, *index: str) -> float:
                at = tuple(m[k] for m, k in zip(maps, index, strict=True))
                return float(self.values[name][at])

            return value

        for name, symbol in self.symbols.items():
            index_sets = [getattr(block, SET_OF_DIM[d]) for d in symbol.dims]
            if symbol.kind == "parameter":
                component = pyo.Param(*index_sets, mutable=True, default=reader(name, symbol.dims), within=pyo.Reals)
            elif symbol.dims:
                component = pyo.Var(*index_sets, initialize=reader(name, symbol.dims), dense=False)
            else:
                component = pyo.Var(initialize=float(self.values[name]))
            setattr(block, name, component)
        for name, rule in self.definitions.items():
            object.__setattr__(block, name, _Inline(rule, block))
        return block

    def _apply_closure(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        exists = {n: np.ones(self.shape(n), bool) for n, s in self.symbols.items() if s.kind == "variable"}
        for block in self.blocks:
            for name, mask in block.masks(self.data).items():
                exists[name] = np.asarray(mask, bool)
        active = {}
        for name, rule in self.equations.items():
            assert rule.defines is not None
            if self.shape(name) != exists[rule.defines].shape:
                raise ModelError(f"equation {name} and the variable {rule.defines} it defines differ in shape")
            active[name] = exists[rule.defines]
        free = {n: mask.copy() for n, mask in exists.items()}
        free.update({n: np.zeros(self.shape(n), bool) for n, s in self.symbols.items() if s.kind == "instrument"})
        for swap in self.closure.swaps:
            for name in (swap.fixed, swap.free):
                if name not in free:
                    raise ClosureError(f"closure {self.closure.name!r}: unknown variable {name!r}{nearest(name, free)}")
            fixed, freed = self._chosen(swap.fixed, swap.where), self._chosen(swap.free, swap.where)
            if (freed & free[swap.free]).any():
                raise ClosureError(f"closure {self.closure.name!r}: {swap.free} is endogenous already where the swap frees it")
            leaving = fixed & free[swap.fixed]
            free[swap.fixed] &= ~fixed
            if leaving.shape == freed.shape:
                freed &= leaving  # an absent element has nothing to trade
            free[swap.free] |= freed
        return free, active

    def _chosen(self, name: str, where: Sequence[tuple[str, tuple[str, ...]]]) -> np.ndarray:
        mask = np.ones(self.shape(name), bool)
        dims = self.symbols[name].dims
        twins = {"i": "a", "a": "i", "r": "d", "d": "r"}  # an activity and its commodity, a region and a destination
        for named, wanted in where:
            dim = named if named in dims else twins.get(named, named)
            if dim not in dims:
                raise ClosureError(f"closure {self.closure.name!r}: {name} has dims {dims}, not {dim!r}")
            labels = self.labels(dim)
            for label in wanted:
                if label not in labels:
                    raise ClosureError(
                        f"closure {self.closure.name!r}: {label!r} is not in dim {dim!r}{nearest(label, labels)}"
                    )
            shape = [1] * len(dims)
            shape[dims.index(dim)] = len(labels)
            mask &= np.array([label in wanted for label in labels]).reshape(shape)
        return mask

    def is_exogenous(self, name: str) -> bool:
        """Whether some element of a variable or instrument is exogenous."""
        return not bool(self.free[name].all())

    # -- evaluation --------------------------------------------------------------------------------
    def touches(self, name: str, direction: np.ndarray) -> bool:
        """Whether moving an exogenous array in ``direction`` moves any equation at the benchmark."""
        x = self.system.pack(self.benchmark_values)
        held = self.values[name]
        if self._benchmark_residual is None:
            self._benchmark_residual = self.system.residual(x)
        try:
            self.values.set(name, held + direction)
            if abs(self.system.residual(x) - self._benchmark_residual).max() > 1e-12:
                return True
        finally:
            self.values.set(name, held)
        # not above rounding: ask the derivative, which has no such floor
        return bool((self.push(name, direction, x) != 0).any())

    def push(self, name: str, direction: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Directional derivative of all residuals with respect to an exogenous array, by complex step."""
        held = self.values[name]
        try:
            self.values.set(name, held + 1e-30j * direction)
            return np.asarray(self.system.residual(x.astype(complex)).imag / 1e-30)
        finally:
            self.values.set(name, held)

    def expression(self, rule: str, *index: str) -> Any:
        """One member of an equation or definition as an ordinary Pyomo expression, to inspect or evaluate."""
        if rule not in self.rules:
            raise ModelError(f"no equation or definition {rule!r}{nearest(rule, self.rules)}")
        return self.rules[rule].function(self.pyomo, *index)

    def attrs(self) -> dict[str, str]:
        """The model's choices, for the attributes of results."""
        return {
            "benchmark": self.benchmark.name,
            "currency": self.benchmark.currency,
            "sourcing": f"{self.data.sourcing}: " + "; ".join(f"{k} = {'+'.join(v)}" for k, v in self.data.classes.items()),
            "specific_factors": ", ".join(self.specific) or "none",
            "numeraire": "pfactwld, world factor price index",
            **self.closure.describe(),
        }

    # -- solving -----------------------------------------------------------------------------------
    def solve(
        self,
        policy: Shock | None = None,
        *,
        start: Start | Solution = "fast",
        method: Method = "auto",
        parameters: Mapping[str, xr.DataArray | np.ndarray] | None = None,
        exogenous: Mapping[str, np.ndarray] | None = None,
        guess: Mapping[str, np.ndarray] | None = None,
        progress: bool | None = None,
    ) -> Solution:
        """Find the equilibrium under a policy.

        Parameters
        ----------
        policy : Shock, optional
            None replicates the benchmark.
        start : {"fast", "benchmark"} or Solution
            ``"fast"``: from the benchmark, in shares of the shock where the whole does not contract.
            ``"benchmark"``: from the benchmark, the whole shock at once or not at all. A Solution: from it, with
            shares.
        method : {"auto", "ipopt"}
            ``"ipopt"`` leaves all iterations to Ipopt.
        parameters : mapping, optional
            Live parameters (elasticities) to use instead of the benchmark's, full arrays.
        exogenous : mapping, optional
            Further exogenous arrays at their final values, full arrays (after the policy).
        guess : mapping, optional
            Variables (full arrays) at values nearer to the solution than those of ``start``.
        progress : bool, optional
            Show a progress bar; default on a terminal only.

        Raises
        ------
        ShockError
            The policy cannot act.
        SolveError
            No equilibrium found; the error says how far the path went.
        """
        started = time.perf_counter()
        goal = targets(self, policy) if policy is not None else {}
        for name, value in (exogenous or {}).items():
            goal[name] = self._checked(name, value)
        tuned = {name: self._checked(name, value) for name, value in (parameters or {}).items()}
        for name in tuned:
            if self.symbols[name].kind != "parameter" or self.symbols[name].structural:
                raise ModelError(f"{name} is not a live parameter; recalibrate the benchmark to change it")
        origin = dict(self.benchmark_values)
        if isinstance(start, Solution):
            if start.model is not self:
                raise ModelError("the starting solution is of another model; solve from the benchmark")
            origin = start.arrays
        exogenous_names = [n for n, s in self.symbols.items() if s.kind != "parameter"]
        for name in self.symbols:
            wanted = origin[name] if name in exogenous_names else tuned.get(name, self.benchmark_values[name])
            if self.values[name] is not wanted:
                self.values.set(name, wanted)
        first = {n: origin[n] for n in exogenous_names if not self.free[n].all()}
        last = {n: goal.get(n, self.benchmark_values[n]) for n in first}
        moving = [n for n in first if ((first[n] != last[n]) & ~self.free[n]).any()]

        def set_share(share: float) -> None:
            for n in moving:
                self.values.set(n, last[n] if share == 1.0 else between(first[n], last[n], share, self.symbols[n].signed))

        log: list[dict[str, Any]] = []
        x = self.system.pack(origin)
        first_guess = self.system.pack({**origin, **guess}) if guess else None
        name = policy.name if policy is not None else "benchmark"
        counts = (self.newton.newton_steps, self.newton.gmres_iterations, self.newton.factorisations)
        try:
            if tuned or self.newton.scale is None:
                self._prepare(self.system.pack(origin))
            with Progress(name, progress) as bar:
                solver = self._ipopt_point if method == "ipopt" else self.newton.solve
                tangents = None if method == "ipopt" else self.newton
                options = self.options
                if start == "benchmark":
                    options = replace(options, smallest_share=1.0, longest_step=np.inf, damped_limit=options.newton_limit)
                self.newton.options = options
                x = follow_path(self.system, x, set_share, solver, options, log, bar.update, newton=tangents, first=first_guess)
            judged = time.perf_counter()
            verdict = certify(self.newton, x)
            judged = time.perf_counter() - judged
        except SolveError as error:
            self.newton.options = self.options
            if error.last is not None:
                error.last = Solution(self, f"{name} (share {error.share:.4f})", self._arrays(error.last), log, None, {})
            self._restore()
            raise
        self.newton.options = self.options
        solver_log = {
            "path": log,
            "method": method,
            "certificate_seconds": judged,
            "newton_steps": self.newton.newton_steps - counts[0],
            "gmres_iterations": self.newton.gmres_iterations - counts[1],
            "factorisations": self.newton.factorisations - counts[2],
            "preconditioner_mb": self.newton.preconditioner.megabytes if self.newton.preconditioner else 0.0,
        }
        residual = float(abs(self.newton.residual(verdict.x)).max())
        if verdict.status not in CERTIFIED or not residual <= RESIDUAL_LIMIT:
            self._restore()
            raise SolveError(
                f"Ipopt does not certify the point: {verdict.message}; largest residual {residual:.1e}",
                worst=self.worst(verdict.x),
                log=log,
            )
        seconds = time.perf_counter() - started
        info = {**solver_log, "iterations": verdict.iterations, "status": CERTIFIED[verdict.status], "max_residual": residual}
        solution = Solution(self, name, self._arrays(verdict.x), log, verdict, {**info, "seconds": seconds})
        self._restore()
        return solution

    def _checked(self, name: str, value: Any) -> np.ndarray:
        if name not in self.symbols:
            raise ModelError(f"unknown symbol {name!r}{nearest(name, self.symbols)}")
        array = np.asarray(value, dtype=float)
        if array.shape != self.shape(name):
            raise ModelError(f"{name} has shape {array.shape}, expected {self.shape(name)} for dims {self.symbols[name].dims}")
        bad = ~np.isfinite(array)
        if not self.symbols[name].signed:
            bad |= array <= 0
        if bad.any():
            at = self.label(name, int(np.flatnonzero(bad)[0]))
            raise ModelError(f"{name} of {at} is {array[bad].flat[0]}; it must be finite and positive")
        return array

    def changed_parameters(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The live parameters among ``arrays`` that differ from the benchmark's."""
        live = [n for n, s in self.symbols.items() if s.kind == "parameter" and not s.structural]
        return {n: arrays[n] for n in live if (arrays[n] != self.benchmark_values[n]).any()}

    def _prepare(self, x: np.ndarray) -> None:
        self.newton.scale = None
        self.newton.prepare(x)

    def _restore(self) -> None:
        for name, value in self.benchmark_values.items():
            if self.values[name] is not value:
                self.values.set(name, value)

    def _ipopt_point(self, x: np.ndarray, final: bool) -> np.ndarray | None:
        self.newton.prepare(x)
        verdict: Verdict = run_ipopt(self.newton, x)
        return verdict.x if verdict.status in CERTIFIED else None

    def _arrays(self, x: np.ndarray) -> dict[str, np.ndarray]:
        return {**self.values.arrays, **{n: np.array(a) for n, a in self.system.unpack(x).items()}}

    def worst(self, x: np.ndarray, count: int = 5) -> list[str]:
        """The equations and cells with the largest scaled residuals."""
        r = abs(self.newton.residual(x))
        return [f"{self.system.name_of_row(int(k))}: {r[k]:.1e}" for k in np.argsort(r)[::-1][:count]]


def between(first: np.ndarray, last: np.ndarray, share: float, signed: bool) -> np.ndarray:
    """A point on the way from ``first`` to ``last``: geometric for powers and indices, linear for signed values."""
    if signed:
        return np.asarray(first + share * (last - first))
    return np.asarray(first * (last / first) ** share)
