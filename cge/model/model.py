"""A model: blocks assembled on a benchmark under a closure, compiled once, solved for any shock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.cards import Carded
from calibration.errors import nearest
from calibration.production_elasticities import told as told_production
from cge.blocks import CORE
from cge.equations.calibrated import Calibrated
from cge.equations.closure import Closure
from cge.equations.compose import compose, replaced_symbols, sets_of
from cge.equations.connectivity import check_connected
from cge.equations.declare import SET_OF_DIM, Block, Composition, Mechanism, as_mechanisms
from cge.equations.endogenous import apply_closure
from cge.equations.known_mechanisms import with_those_of_closure
from cge.equations.squareness import check_determined, check_square
from cge.errors import ModelError, SolveError
from cge.model.branches import connect, end_of_path
from cge.model.checks import enforce
from cge.model.nominal import fixed_nominal, nominal_remark
from cge.model.request import Branch, Method, Request, Start, read_request, share_setter
from cge.model.shock import Shock
from cge.model.solution import Solution
from cge.progress import Progress
from cge.solver.ipopt import Verdict, certify, run_ipopt
from cge.solver.memory import guarded
from cge.solver.newton import Newton, PathOptions, Preconditioner, follow_path
from cge.solver.pyomo_block import pyomo_block
from cge.solver.pyomo_templates import PYOMO_LOCK
from cge.solver.statements import check_benchmark, check_definitions
from cge.solver.system import System
from cge.solver.templates import Values

Method_ = TypeVar("Method_", bound=Callable[..., Any])


def one_caller(method: Method_) -> Method_:
    """A method of a model that writes into the model's values: one thread at a time."""

    @wraps(method)
    def alone(self: Model, *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            return method(self, *args, **kwargs)

    return cast(Method_, alone)


CERTIFIED = {0: "Optimal Solution Found"}
WORK = ("newton_steps", "gmres_iterations", "factorisations")
"""Counters of :class:`cge.solver.newton.Newton` of which a solution's ``info`` holds its share."""


def unused_parameters(benchmark: Benchmark, symbols: Collection[str]) -> list[str]:
    """GTAP's parameters that the data hold and a composition other than GTAP's does not use, as one remark."""
    held = benchmark.elasticities.data_vars
    if "subpar" not in held or "subpar" in symbols:
        return []
    gtap = ("subpar", "incpar", "esubg", "esubi", "esubq", "etraq", "etrae", "mobility", "rorflex")
    names = [n for n in gtap if n in held and n not in symbols]
    return [
        f"GTAP's parameters {', '.join(names)} of this benchmark are not used: this model has its own demand and factor "
        "mobility; cge shock (cge.gtap) solves GTAP's"
    ]


def unworn_capital(model: Model) -> list[str]:
    """A remark where capital adjusts and the data charge no wear."""
    adjusts = any(s.fixed == "rkinv" and s.free == "qe" for s in model.closure.swaps)
    if not adjusts or model.data["vdep"].any():
        return []
    return ["capital adjusts, and the benchmark holds no depreciation (vdep): capital that is added is charged no wear"]


class Model(Carded):
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
    demand : {"benchmark", "stone-geary", "cobb-douglas"}
        Private demand: the linear expenditure system where the benchmark carries income elasticities, else Cobb-Douglas
        (default); the linear expenditure system, required; or Cobb-Douglas. :meth:`attrs` tells which.
    production : {"benchmark", "leontief", "okagawa-ban"} or path of a table
        Substitution between value added and intermediates, see :meth:`calibration.Benchmark.with_production`; default what
        the benchmark carries (the shipped worlds: none, as GTAP). :meth:`attrs` tells which.
    blocks : sequence of Block classes, optional
        The composition; default :data:`cge.blocks.CORE`.
    mechanisms : sequence of Mechanism, optional
        Put on it, in this order (:mod:`cge.mechanisms`); a closure that holds a variable of one brings it.
    options : PathOptions, optional
        Limits of the fast start.

    Raises
    ------
    DataError, ModelError, ClosureError
        Unknown private demand or production, or one the benchmark does not carry; the benchmark cannot carry the model; the
        closure does not leave it square.
    """

    @guarded("building the model")
    def __init__(
        self,
        benchmark: Benchmark,
        closure: Closure | None = None,
        *,
        sourcing: str = "use",
        demand: str = "benchmark",
        production: str = "benchmark",
        blocks: Sequence[type[Block]] = CORE,
        mechanisms: Sequence[Mechanism] = (),
        options: PathOptions | None = None,
    ) -> None:
        if not isinstance(benchmark, Benchmark):
            hint = f"; write load_benchmark({benchmark!r})" if isinstance(benchmark, str) else ""
            raise ModelError(f"Model takes a Benchmark, not {type(benchmark).__name__}{hint}")
        if closure is not None and not isinstance(closure, Closure):
            raise ModelError(f"closure is a Closure, as Closure.standard(investment='fixed'), not {type(closure).__name__}")
        odd = [b for b in blocks if not (isinstance(b, type) and issubclass(b, Block))]
        if odd:
            raise ModelError(f"blocks are classes derived from cge.equations.declare.Block, not {odd[0]!r}")
        mechanisms = as_mechanisms(mechanisms)
        with PYOMO_LOCK:
            self._assemble(
                benchmark.with_demand(demand).with_production(production), closure, sourcing, blocks, mechanisms, options
            )

    def _assemble(
        self,
        benchmark: Benchmark,
        closure: Closure | None,
        sourcing: str,
        blocks: Sequence[type[Block]],
        mechanisms: tuple[Mechanism, ...],
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
        self.mechanisms = with_those_of_closure(self.closure, blocks, mechanisms)
        self.blocks: list[Block] = [*(block() for block in blocks), *self.mechanisms]
        self.sets = sets_of(self.data.sets, self.blocks)
        self.symbols, self.rules = compose(self.blocks)
        self.equations = {n: r for n, r in self.rules.items() if r.is_equation}
        self.definitions = {n: r for n, r in self.rules.items() if not r.is_equation}
        self.kinked = any(r.complements for r in self.equations.values())  # the path turns where a slack meets its multiplier
        self.benchmark_values = self._calibrate()
        self.values = Values({n: a.copy() for n, a in self.benchmark_values.items()})
        self.pyomo = pyomo_block(self)
        # what a reader of results must know about how the model was put together
        self.remarks: list[str] = unused_parameters(benchmark, self.symbols)
        self.free, self.active = apply_closure(self)
        self.remarks += unworn_capital(self)
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
        self.data_gaps: dict[str, float] | None = None  # what the benchmark misses of each identity, see cge.model.checks
        self.seconds_to_build = time.perf_counter() - started

    def _card(self) -> tuple[str, dict[str, object]]:
        parts = ", ".join(type(b).__name__ for b in self.blocks if b not in self.mechanisms)
        rows: dict[str, object] = {
            "benchmark": self.benchmark.name,
            "size": f"{self.system.n:,} unknowns in {len(self.equations)} families of equations",
            "blocks": parts,
            "closure": self.closure.describe()["swaps"],
            "sourcing": self.data.sourcing,
            **self._private_demand(),
        }
        if self.mechanisms:
            rows["mechanisms"] = "; ".join(x.describe() for x in self.mechanisms)
        return "Model", rows

    def __reduce__(self) -> tuple[Any, ...]:
        local = [b.__name__ for b in self.composition if "<locals>" in b.__qualname__]
        if local and not isinstance(self.composition, Composition):
            raise ModelError(
                f"a model with the block {local[0]}, made inside a function, cannot be sent to another process; define the "
                "block at the top of a module, or decorate the function with cge.equations.declare.composition"
            )
        return _rebuilt, (self.benchmark, self.closure, self.data.sourcing, self.composition, self.mechanisms, self.options)

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
        if self.mechanisms != other.mechanisms:
            return f"the mechanisms ({', '.join(x.describe() for x in (*self.mechanisms, *other.mechanisms))})"
        if self.closure.swaps != other.closure.swaps or self.specific != other.specific:
            return f"the closure ({self.closure.name!r} against {other.closure.name!r})"
        return ""

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a symbol or rule."""
        dims = self.symbols[name].dims if name in self.symbols else self.rules[name].dims
        return tuple(len(self.sets[SET_OF_DIM[d]]) for d in dims)

    def at_benchmark(self) -> Solution:
        """The benchmark's own values as a solution, without a solve."""
        return Solution(self, "benchmark", self.benchmark_values, [], None, {})

    def fixed_nominal(self) -> tuple[str, ...]:
        """Nominal variables that swaps of the closure fix; see :mod:`cge.model.nominal`."""
        return fixed_nominal(self)

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
        replaced: dict[str, np.ndarray] = {}  # values of symbols in whose place a mechanism puts a rule
        for block in self.blocks:
            for name, value in block.calibrate(self.data).items():
                taken = name in self.rules and name in block.symbols
                (replaced if taken else given)[name] = np.asarray(value, dtype=float)
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
        return self._adjusted(out, replaced)

    def _adjusted(self, values: dict[str, np.ndarray], replaced: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Benchmark values as the mechanisms read the data; who replaces a symbol comes after who adjusts it."""
        for mechanism in sorted(self.mechanisms, key=lambda x: bool(replaced_symbols(x, self.blocks))):
            for name, value in mechanism.adjust(self.data, {**values, **replaced}).items():
                place = replaced if name in replaced else values
                if name not in place or np.shape(value) != place[name].shape or not np.isfinite(value).all():
                    what = "which is unknown, of another shape or not finite"
                    raise ModelError(f"mechanism {mechanism.describe()} adjusts {name!r}, {what}")
                place[name] = np.array(value, dtype=float, order="C")
        return values

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

    def _private_demand(self) -> dict[str, str]:
        """The form of private demand and where it comes from, for the attributes."""
        told = str(self.benchmark.elasticities.attrs.get("demand", ""))
        if "committed" not in self.symbols:
            return {"demand": "CDE (subpar, incpar)"} if "subpar" in self.symbols else {}
        if self.benchmark_values["committed"].any():
            return {"demand": told or "Stone-Geary with the benchmark's incelas and frisch"}
        chosen = told.startswith("Cobb-Douglas")
        return {"demand": told if chosen else "Cobb-Douglas: the benchmark carries no income elasticities"}

    def _production(self) -> dict[str, str]:
        """Substitution between value added and intermediates and where it comes from, for the attributes."""
        if "esubt" not in self.symbols:
            return {}
        held = self.benchmark.elasticities
        return {"production": str(held.attrs.get("production", "")) or told_production(held)}

    def attrs(self) -> dict[str, str]:
        """The model's choices, for the attributes of results."""
        remarks = [*self.remarks, *nominal_remark(self)]
        return {
            "benchmark": self.benchmark.name,
            "currency": self.benchmark.currency,
            "sourcing": f"{self.data.sourcing}: " + "; ".join(f"{k} = {'+'.join(v)}" for k, v in self.data.classes.items()),
            "specific_factors": ", ".join(self.specific) or "none",
            **self._private_demand(),
            **self._production(),
            "numeraire": "pfactwld, world factor price index",
            **self.closure.describe(),
            **({"mechanisms": "; ".join(x.describe() for x in self.mechanisms)} if self.mechanisms else {}),
            **({"remarks": "; ".join(remarks)} if remarks else {}),
        }

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
            Live parameters (elasticities) to use instead of the benchmark's, aligned by label (:mod:`cge.model.door`).
        exogenous : mapping, optional
            Further exogenous values, final, aligned by label; a number stands for every element. An element that the policy
            moves too must have the policy's value here.
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
            The policy cannot act, or moves an element that ``exogenous`` sets to another value.
        ModelError
            An array does not match the model's labels, an exogenous value is given for what is endogenous, or an option
            is unknown.
        SolveError
            No equilibrium found; the error says how far the path went, whether it ends in a fold and what runs out. Or the
            one found fails a check (:mod:`cge.model.checks`), or is not connected to the benchmark.
        """
        started = time.perf_counter()
        request = read_request(self, policy, start, method, parameters, exogenous, guess, branch)
        before = {work: getattr(self.newton, work) for work in WORK}
        log: list[dict[str, Any]] = []
        try:  # evidence is taken at the point: the model goes back to its benchmark afterwards
            verdict, judged = self._travel(request, log, progress)
            with guarded("checking the solution"):
                info = {
                    "path": log,
                    "method": method,
                    "certificate_seconds": judged,
                    **{work: getattr(self.newton, work) - done for work, done in before.items()},
                    "preconditioner_mb": self.newton.preconditioner.megabytes if self.newton.preconditioner else 0.0,
                    "iterations": verdict.iterations,
                    "status": CERTIFIED.get(verdict.status, verdict.message),
                    **self._judged(verdict, log),
                    "seconds": time.perf_counter() - started,
                }
                solution = Solution(self, request.name, self._arrays(verdict.x), log, verdict, info, request.asked)
                enforce(solution)
                solution.info |= self._connection(request, solution, verdict.x)
        except BaseException:
            self.newton.scale = None  # factors of the point where the path ended serve no other solve
            raise
        finally:
            self.newton.options = self.options
            self._restore()
        return solution

    @property
    def path_options(self) -> PathOptions:
        """Limits of the leaps that join an equilibrium to the benchmark's; over kinks no leap proves that, and any is taken."""
        return self.options.any_leap() if self.kinked else self.options

    def _travel(self, request: Request, log: list[dict[str, Any]], progress: bool | None) -> tuple[Verdict, float]:
        """Follow the path of a request to its end and ask Ipopt: its verdict, and the seconds that took."""
        for name, symbol in self.symbols.items():
            live = request.parameters.get(name, self.benchmark_values[name])
            wanted = live if symbol.kind == "parameter" else request.origin[name]
            if self.values[name] is not wanted:
                self.values.set(name, wanted)
        begin = self.system.pack(request.origin)
        set_share = share_setter(self, request.first, request.last)

        def ending(x: np.ndarray, share: float) -> tuple[str, list[str]]:
            return end_of_path(self.newton, begin, x, set_share, share)

        by_ipopt = request.method == "ipopt"
        try:
            self._ready(begin, request.retuned, request.from_benchmark)
            with Progress(request.name, progress) as bar, guarded("solving"):
                options = self.path_options if request.branch == "connected" else self.options.any_leap()
                if request.start == "benchmark":
                    options = options.one_leap()
                self.newton.options = options
                x = follow_path(
                    begin,
                    set_share,
                    self._ipopt_point if by_ipopt else self.newton.solve,
                    options,
                    log,
                    bar.update,
                    newton=None if by_ipopt else self.newton,
                    first=request.guess,
                    ending=ending,
                )
                asked = time.perf_counter()
                verdict = certify(self.newton, x)
                return verdict, time.perf_counter() - asked
        except SolveError as error:
            if error.last is not None:
                reached = f"{request.name} (share {error.share:.4f})"
                error.last = Solution(self, reached, self._arrays(error.last), log, None, {})
            raise
        finally:
            self.newton.options = self.options

    def _connection(self, request: Request, solution: Solution, x: np.ndarray) -> dict[str, Any]:
        """Whether a solution is the one that the benchmark moves to; the path is followed where nothing shows it yet."""
        if request.branch == "any":
            return {"connected": None, "connection": "not asked for"}
        leaps = [entry for entry in solution.info["path"] if entry["solved"]]
        followed = request.method == "auto" and request.start != "benchmark" and not any(e["guessed"] for e in leaps)
        if followed and all(s.info.get("connected") is True for s in request.begun):
            how = "over kinks of complementarity: likely, not proved" if self.kinked else "each contracting"
            return {"connected": True, "connection": f"path of the shock in {len(leaps)} leaps, {how}"}
        return connect(self, solution, x, request.last)

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

    @property
    def live_parameters(self) -> list[str]:
        """Parameters that a solve may change without recalibrating."""
        return [n for n, s in self.symbols.items() if s.kind == "parameter" and not s.structural]

    def changed_parameters(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The live parameters among ``arrays`` that differ from the benchmark's."""
        return {n: arrays[n] for n in self.live_parameters if (arrays[n] != self.benchmark_values[n]).any()}

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
        return [f"{self.system.name_of_row(int(k))}: {r[k]:.1e}" for k in np.argsort(-r, kind="stable")[:count]]


def _rebuilt(
    benchmark: Benchmark,
    closure: Closure,
    sourcing: str,
    blocks: Sequence[type[Block]],
    mechanisms: Sequence[Mechanism],
    options: PathOptions,
) -> Model:
    """A model read from a pickle."""
    return Model(benchmark, closure, sourcing=sourcing, blocks=blocks, mechanisms=mechanisms, options=options)
