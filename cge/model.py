"""A model: blocks assembled on a benchmark under a closure, compiled once, solved for any shock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Literal, TypeVar, cast

import numpy as np
import pyomo.environ as pyo
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.errors import nearest
from cge.blocks import CORE
from cge.branches import connect, end_of_path
from cge.calibrated import Calibrated
from cge.checks import enforce
from cge.closure import Closure, Swap
from cge.connectivity import check_connected
from cge.declare import SET_OF_DIM, Block, Composition, Rule, Symbol
from cge.door import aligned
from cge.errors import ClosureError, ModelError, SolveError
from cge.ipopt import Verdict, certify, run_ipopt
from cge.krylov import Newton, PathOptions, Preconditioner, follow_path
from cge.memory import guarded
from cge.progress import Progress
from cge.shock import Shock, require_shock, targets
from cge.solution import Solution
from cge.squareness import check_determined, check_square
from cge.statements import check_benchmark, check_definitions
from cge.system import System
from cge.templates import PYOMO_LOCK, Values

Start = Literal["fast", "benchmark"]
STARTS: tuple[str, ...] = ("fast", "benchmark")
Method = Literal["auto", "ipopt"]
METHODS: tuple[str, ...] = ("auto", "ipopt")
Branch = Literal["connected", "any"]

Method_ = TypeVar("Method_", bound=Callable[..., Any])


def one_caller(method: Method_) -> Method_:
    """A method of a model that writes into the model's values: one thread at a time."""

    @wraps(method)
    def alone(self: Model, *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            return method(self, *args, **kwargs)

    return cast(Method_, alone)


CERTIFIED = {0: "Optimal Solution Found"}


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

    Several threads may share a model: what writes into its values runs one caller at a time. A model is pickled by what
    it was built from, and built again where it is read.

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

    @guarded("building the model")
    def __init__(
        self,
        benchmark: Benchmark,
        closure: Closure | None = None,
        *,
        sourcing: str = "use",
        blocks: Sequence[type[Block]] = CORE,
        options: PathOptions | None = None,
    ) -> None:
        with PYOMO_LOCK:
            self._assemble(benchmark, closure, sourcing, blocks, options)

    def _assemble(
        self,
        benchmark: Benchmark,
        closure: Closure | None,
        sourcing: str,
        blocks: Sequence[type[Block]],
        options: PathOptions | None,
    ) -> None:
        started = time.perf_counter()
        self.lock = threading.RLock()
        self.composition = blocks
        self.benchmark, self.closure = benchmark, closure or Closure()
        tied = self.closure.specific
        factors = benchmark.sam.factors
        self.specific = tuple(tied) if tied is not None else tuple(f for f in ("nat",) if f in factors)
        multi_product = any(block.multi_product for block in blocks)
        self.data = Calibrated(benchmark, sourcing, self.specific, multi_product)
        check_connected(self.data)
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
        self.remarks: list[str] = []  # what a reader of results must know about how the model was put together
        self.free, self.active = self._apply_closure()
        names = [*self.symbols, *self.rules, *self.sets]
        self.system = System(self.symbols, self.equations, self.sets, self.pyomo, self.values, self.free, self.active, names)
        check_square(self.system, self.closure.name)
        self.options = options or PathOptions()
        self.newton = Newton(self.system, self.options)
        check_definitions(self)
        check_benchmark(self)
        if self.closure.swaps:
            check_determined(self.system, self.system.pack(self.benchmark_values), self.closure.name)
        self._definition_kernels: dict[str, Any] = {}
        self._benchmark_residual: np.ndarray | None = None
        self._retuned = False  # whether the row scale is that of other live parameters
        self._at_benchmark: tuple[np.ndarray, Preconditioner] | None = None  # row scale and factors of the benchmark
        self.data_gaps: dict[str, float] | None = None  # what the benchmark misses of each identity, see cge.checks
        self.seconds_to_build = time.perf_counter() - started

    def __reduce__(self) -> tuple[Any, ...]:
        local = [b.__name__ for b in self.composition if "<locals>" in b.__qualname__]
        if local and not isinstance(self.composition, Composition):
            raise ModelError(
                f"a model with the block {local[0]}, made inside a function, cannot be sent to another process; define the "
                "block at the top of a module, or decorate the function with cge.declare.composition"
            )
        return _rebuilt, (self.benchmark, self.closure, self.data.sourcing, self.composition, self.options)

    def difference(self, other: Model) -> str:
        """In what another model differs from this one as a statement of equilibrium, in words; empty where in nothing."""
        if other is self:
            return ""
        for name, labels in self.sets.items():
            if other.sets.get(name) != labels:
                return f"the labels of {name} ({len(labels)} against {len(other.sets.get(name, []))})"
        if list(self.rules) != list(other.rules) or list(self.symbols) != list(other.symbols):
            odd = sorted(set(self.rules) ^ set(other.rules) | set(self.symbols) ^ set(other.symbols))
            return f"the blocks ({', '.join(odd[:4]) or 'their order'})"
        for name, values in self.benchmark_values.items():
            if not np.array_equal(values, other.benchmark_values[name]):
                return f"the benchmark value of {name}"
        if self.closure.swaps != other.closure.swaps or self.specific != other.specific:
            return f"the closure ({self.closure.name!r} against {other.closure.name!r})"
        return ""

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
                value = np.array(given.pop(name), dtype=float, order="C")
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
            self._apply_swap(swap, free, exists)
        return free, active

    def _apply_swap(self, swap: Swap, free: dict[str, np.ndarray], exists: Mapping[str, np.ndarray]) -> None:
        """One swap on the masks of what is endogenous; refused where it changes nothing, noted where only in part."""
        closure = f"closure {self.closure.name!r}"
        for name in (swap.fixed, swap.free):
            if name not in free:
                raise ClosureError(f"{closure}: unknown variable {name!r}{nearest(name, free)}")
        apart = swap.free_where is not None  # elements of the two sides differ
        fixed = self._chosen(swap.fixed, swap.where)
        freed = self._chosen(swap.free, swap.where if swap.free_where is None else swap.free_where)
        if (freed & free[swap.free]).any():
            raise ClosureError(f"{closure}: {swap.free} is endogenous already where the swap frees it")
        leaving = fixed & free[swap.fixed]
        if apart and leaving.any() and leaving.sum() != freed.sum():
            raise ClosureError(
                f"{closure}: the swap fixes {int(leaving.sum())} elements of {swap.fixed} and frees "
                f"{int(freed.sum())} of {swap.free}; name as many of each (elements without a flow do not count)"
            )
        if not apart and leaving.shape == freed.shape:
            freed &= leaving  # an absent element has nothing to trade
        if not leaving.any() or not freed.any():
            there = exists.get(swap.fixed, np.ones_like(fixed))
            why = (
                f"{swap.fixed} is exogenous already there"
                if (fixed & there).any()
                else f"{swap.fixed} does not exist there (no such flow, or a factor that does not move)"
            )
            raise ClosureError(f"{closure}: the swap of {swap.fixed} and {swap.free} touches nothing: {why}; drop it")
        idle = np.flatnonzero(fixed & ~leaving)
        if idle.size:
            cells = ", ".join(self.label(swap.fixed, int(k)) for k in idle[:5]) + (" and more" if idle.size > 5 else "")
            self.remarks.append(
                f"the swap of {swap.fixed} and {swap.free} leaves {idle.size} of {int(fixed.sum())} elements as they are "
                f"(they do not exist or are exogenous already): {cells}"
            )
        free[swap.fixed] &= ~fixed
        free[swap.free] |= freed

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

    def labelled(self, name: str, values: np.ndarray) -> xr.DataArray:
        """Labels on an array of a symbol that is in the model's own order, as :meth:`solve` takes it.

        Raises
        ------
        ModelError
            Unknown symbol, or another shape than it has.
        """
        if name not in self.symbols:
            raise ModelError(f"unknown symbol {name!r}{nearest(name, self.symbols)}")
        symbol, array = self.symbols[name], np.asarray(values, dtype=float)
        if array.shape != self.shape(name):
            raise ModelError(f"{name} has shape {array.shape}, expected {self.shape(name)} for dims {symbol.dims}")
        coords = {d: self.labels(d) for d in symbol.dims}
        return xr.DataArray(array, dims=symbol.dims, coords=coords, name=name, attrs={"units": symbol.unit})

    # -- evaluation --------------------------------------------------------------------------------
    @one_caller
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

    @one_caller
    def residual_at(self, arrays: Mapping[str, np.ndarray]) -> float:
        """Largest scaled residual at full arrays of all symbols; infinite where an equation has no value there."""
        try:
            for name in self.symbols:
                self.values.set(name, arrays[name])
            unknowns = self.system.pack(arrays)
            self.newton.prepare(unknowns)
            residual = abs(self.newton.residual(unknowns)).max(initial=0.0)
            return float(residual) if np.isfinite(residual) else float("inf")
        finally:
            self._restore()

    @one_caller
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
        with PYOMO_LOCK:
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
            **({"remarks": "; ".join(self.remarks)} if self.remarks else {}),
        }

    # -- solving -----------------------------------------------------------------------------------
    @one_caller
    def solve(
        self,
        policy: Shock | None = None,
        *,
        start: Start | Solution = "fast",
        method: Method = "auto",
        parameters: Mapping[str, xr.DataArray | float] | None = None,
        exogenous: Mapping[str, xr.DataArray | float] | None = None,
        guess: Mapping[str, xr.DataArray | float] | Solution | None = None,
        progress: bool | None = None,
        branch: Branch = "connected",
    ) -> Solution:
        """Find the equilibrium under a policy.

        Parameters
        ----------
        policy : Shock, optional
            None replicates the benchmark (or the starting solution).
        start : {"fast", "benchmark"} or Solution
            ``"fast"``: from the benchmark, in shares of the shock where the whole does not contract.
            ``"benchmark"``: from the benchmark, the whole shock at once or not at all. A Solution: the policy acts on it;
            its exogenous values and its parameters stay unless they are given here.
        method : {"auto", "ipopt"}
            ``"ipopt"`` leaves all iterations to Ipopt.
        parameters : mapping, optional
            Live parameters (elasticities) to use instead of the benchmark's, aligned by label (:mod:`cge.door`).
        exogenous : mapping, optional
            Further exogenous values, final (after the policy), aligned by label; a number stands for every element.
        guess : mapping or Solution, optional
            Variables at values nearer to the solution than those of ``start``, aligned by label; or a neighbouring
            solution to begin the path at. The answer does not depend on it.
        progress : bool, optional
            Show a progress bar; default on a terminal only.
        branch : {"connected", "any"}
            Where the model has several equilibria: the one that the benchmark moves to as the shock is raised, or any that
            is found. ``info["connected"]`` says which; after ``method="ipopt"``, a ``guess`` that is taken up or a start
            that is not itself connected, the path is followed to find out. With ``"any"`` it is not, and a solution that
            did not come along the path says None.

        Raises
        ------
        ShockError
            The policy cannot act.
        ModelError
            An array does not match the model's labels, an exogenous value is given for what is endogenous, or an option
            is unknown.
        SolveError
            No equilibrium found; the error says how far the path went, whether it ends in a fold and what runs out. Or the
            one found fails a check (:mod:`cge.checks`), or is not connected to the benchmark.
        """
        if branch not in ("connected", "any"):
            raise ModelError(f"unknown branch {branch!r}; choose 'connected' or 'any'")
        started = time.perf_counter()
        self._check_request(policy, start, method, guess)
        kept = start.arrays if isinstance(start, Solution) else self.benchmark_values
        origin = guess.arrays if isinstance(guess, Solution) else kept
        asked = targets(self, policy, kept) if policy is not None else {}
        goal = {**asked, **{name: self._exogenous(name, value, kept) for name, value in (exogenous or {}).items()}}
        live = [n for n, s in self.symbols.items() if s.kind == "parameter" and not s.structural]
        tuned = {n: kept[n] for n in live} | {n: self._live(n, value) for n, value in (parameters or {}).items()}
        exogenous_names = [n for n, s in self.symbols.items() if s.kind != "parameter"]
        for name in self.symbols:
            wanted = origin[name] if name in exogenous_names else tuned.get(name, self.benchmark_values[name])
            if self.values[name] is not wanted:
                self.values.set(name, wanted)
        first = {n: origin[n] for n in exogenous_names if not self.free[n].all()}
        last = {n: goal.get(n, kept[n]) for n in first}
        moving = [n for n in first if ((first[n] != last[n]) & ~self.free[n]).any()]

        def set_share(share: float) -> None:
            for n in moving:
                self.values.set(n, last[n] if share == 1.0 else between(first[n], last[n], share, self.symbols[n].signed))

        def ending(x: np.ndarray, share: float) -> tuple[str, list[str]]:
            return end_of_path(self.newton, self.system.pack(origin), x, set_share, share)

        log: list[dict[str, Any]] = []
        x = self.system.pack(origin)
        first_guess = self._first_guess(origin, guess)
        retuned = any(not np.array_equal(tuned[n], self.benchmark_values[n]) for n in live)
        name = policy.name if policy is not None else "benchmark"
        counts = (self.newton.newton_steps, self.newton.gmres_iterations, self.newton.factorisations)
        try:
            self._ready(x, retuned, origin is self.benchmark_values)
            with Progress(name, progress) as bar, guarded("solving"):
                solver = self._ipopt_point if method == "ipopt" else self.newton.solve
                tangents = None if method == "ipopt" else self.newton
                options = self.options
                if start == "benchmark":
                    options = replace(options, smallest_share=1.0, longest_step=np.inf, damped_limit=options.newton_limit)
                self.newton.options = options
                x = follow_path(
                    self.system, x, set_share, solver, options, log, bar.update,
                    newton=tangents, first=first_guess, ending=ending,
                )  # fmt: skip
                judged = time.perf_counter()
                verdict = certify(self.newton, x)
                judged = time.perf_counter() - judged
        except SolveError as error:
            self.newton.options = self.options
            self.newton.scale = None  # factors of the point where the path ended serve no other solve
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
        try:  # evidence is taken at the point: the model goes back to its benchmark afterwards
            with guarded("checking the solution"):
                residual = self._judged(verdict, log)
                seconds = time.perf_counter() - started
                info = {**solver_log, "iterations": verdict.iterations, "status": CERTIFIED[verdict.status], **residual}
                solution = Solution(self, name, self._arrays(verdict.x), log, verdict, {**info, "seconds": seconds}, asked)
                enforce(solution)
                followed = method == "auto" and (first_guess is None or len(log) > 1)
                begun = [s for s in (start, guess) if isinstance(s, Solution)]
                sure = all(s.info.get("connected") is True for s in begun)
                if branch == "any" and not (followed and sure):
                    solution.info |= {"connected": None, "connection": "not asked for"}
                elif followed and sure:
                    rough = sum(not entry["contracts"] for entry in log if entry["solved"])
                    how = f"path of the shock in {len(log)} points" + (f", {rough} by steps that do not halve" if rough else "")
                    solution.info |= {"connected": True, "connection": how}
                else:
                    solution.info |= connect(self, solution, verdict.x, last)
        except SolveError:
            self.newton.scale = None
            raise
        finally:
            self._restore()
        return solution

    def _judged(self, verdict: Verdict, log: list[dict[str, Any]]) -> dict[str, float]:
        """The largest residual over its limit, as ``max_residual`` and ``residual_limit``; raises where not certified."""
        residual = abs(self.newton.residual(verdict.x))
        allowed = np.full(residual.size, self.newton.options.tolerance)
        if not (residual <= allowed).all():
            allowed = self.newton.allowance(verdict.x)
        if verdict.status not in CERTIFIED or not (residual <= allowed).all():
            raise SolveError(
                f"Ipopt does not certify the point: {verdict.message}; largest residual {residual.max():.1e} in "
                f"{self.system.name_of_row(int(np.argmax(residual)))}",
                worst=self.worst(verdict.x),
                log=log,
            )
        k = int(np.argmax(residual / allowed))
        return {"max_residual": float(residual[k]), "residual_limit": float(allowed[k])}

    def _check_request(self, policy: Any, start: Any, method: Any, guess: Any) -> None:
        if policy is not None:
            require_shock(policy)
        if method not in METHODS:
            raise ModelError(f"unknown method {method!r}{nearest(str(method), METHODS)}; choose among {', '.join(METHODS)}")
        if not isinstance(start, Solution) and start not in STARTS:
            hint = nearest(str(start), STARTS)
            raise ModelError(f"unknown start {start!r}{hint}; choose among {', '.join(STARTS)}, or give a solution")
        for solution, what in ((start, "starting"), (guess, "guessed")):
            differs = self.difference(solution.model) if isinstance(solution, Solution) else ""
            if differs:
                raise ModelError(f"the {what} solution is of another model: it differs in {differs}; solve from the benchmark")

    def _exogenous(self, name: str, value: Any, kept: Mapping[str, np.ndarray]) -> np.ndarray:
        """A user's exogenous values in the model's order, refused where the closure leaves an element endogenous."""
        array = self._checked(name, value)
        if self.symbols[name].kind == "parameter":
            raise ModelError(f"{name} is a parameter; give it in parameters=")
        free = self.free[name]
        given = free & (array != kept[name])
        if given.any():
            at = self.label(name, int(np.flatnonzero(given)[0]))
            remedy = "leave it out" if free.all() else f"leave those {int(free.sum())} elements as they are"
            raise ModelError(
                f"{name} of {at} is endogenous under closure {self.closure.name!r}, so it cannot be given; {remedy}, or swap it"
            )
        return array

    def _live(self, name: str, value: Any) -> np.ndarray:
        array = self._checked(name, value)
        if self.symbols[name].kind != "parameter" or self.symbols[name].structural:
            raise ModelError(f"{name} is not a live parameter; recalibrate the benchmark to change it")
        return array

    def _first_guess(
        self, origin: Mapping[str, np.ndarray], guess: Mapping[str, xr.DataArray | float] | Solution | None
    ) -> np.ndarray | None:
        if guess is None or isinstance(guess, Solution):
            return None
        arrays = {name: self._checked(name, value) for name, value in guess.items()}
        for name in arrays:
            if not self.free[name].any() if name in self.free else True:
                raise ModelError(f"{name} is exogenous, so there is nothing to guess; give it in exogenous=")
        return self.system.pack({**origin, **arrays})

    def _ready(self, x: np.ndarray, retuned: bool, from_benchmark: bool) -> None:
        """Row scale and factors to begin with: the benchmark's, so that a solve does not depend on what was solved before.

        A solve that begins at another solution goes on with the factors that led there.
        """
        if from_benchmark and not retuned:
            if self._at_benchmark is None:
                self._prepare(x)
                assert self.newton.scale is not None
                assert self.newton.preconditioner is not None
                self._at_benchmark = (self.newton.scale, self.newton.preconditioner)
            self.newton.scale, self.newton.preconditioner = self._at_benchmark
        elif retuned or self._retuned or self.newton.scale is None:
            self._prepare(x)
        self._retuned = retuned

    def _checked(self, name: str, value: Any) -> np.ndarray:
        array = aligned(self, name, value)
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


def _rebuilt(
    benchmark: Benchmark, closure: Closure, sourcing: str, blocks: Sequence[type[Block]], options: PathOptions
) -> Model:
    """A model read from a pickle."""
    return Model(benchmark, closure, sourcing=sourcing, blocks=blocks, options=options)


def between(first: np.ndarray, last: np.ndarray, share: float, signed: bool) -> np.ndarray:
    """A point on the way from ``first`` to ``last``: geometric for powers and indices, linear for signed values."""
    if signed:
        return np.asarray(first + share * (last - first))
    return np.asarray(first * (last / first) ** share)
