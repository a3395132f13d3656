"""A model: blocks assembled on a benchmark under a closure, compiled once, solved for any shock."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.cards import Carded
from calibration.errors import nearest
from cge.blocks import CORE
from cge.equations.calibrated import Calibrated
from cge.equations.closure import Closure
from cge.equations.compose import compose, sets_of
from cge.equations.connectivity import check_connected
from cge.equations.declare import SET_OF_DIM, Block, Composition, Mechanism, as_mechanisms
from cge.equations.endogenous import apply_closure
from cge.equations.known_mechanisms import with_those_of_closure
from cge.equations.squareness import check_determined, check_square
from cge.errors import ModelError
from cge.model.benchmark_values import benchmark_values
from cge.model.equilibrium import Search
from cge.model.frozen import freeze
from cge.model.model_notes import attributes, private_demand, unused_parameters, unworn_capital
from cge.model.nominal import fixed_nominal
from cge.model.request import Branch, Method, Start, read_request
from cge.model.shock import Shock
from cge.model.softened import Given, solve_softened
from cge.model.solution import Solution
from cge.solver.evaluator import Evaluator
from cge.solver.memo import Memo
from cge.solver.memory import guarded
from cge.solver.newton import PathOptions
from cge.solver.preconditioner import Kept
from cge.solver.pyomo_block import pyomo_block
from cge.solver.pyomo_templates import PYOMO_LOCK
from cge.solver.statements import check_benchmark, check_definitions
from cge.solver.system import System
from cge.solver.templates import Values


class Model(Carded):
    """A multi-region CGE model.

    A model is what is compiled and the benchmark's values, and never changes once it is built: what a solve moves is in a
    workspace of its own (:mod:`cge.model.workspace`), so that threads share a model and each gets the bits that it gets alone.
    A model is pickled by what it was built from, and built again where it is read.

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
        self.composition = blocks
        self.benchmark, self.closure = benchmark, closure or Closure()
        tied = self.closure.specific
        factors = benchmark.sam.factors
        self.specific = tuple(tied) if tied is not None else tuple(f for f in ("nat",) if f in factors)
        multi_product = any(block.multi_product for block in blocks)
        self.data = Calibrated(benchmark, sourcing, self.specific, multi_product)
        check_connected(self.data)
        self.mechanisms = with_those_of_closure(self.closure, blocks, mechanisms)
        self.blocks: tuple[Block, ...] = (*(block() for block in blocks), *self.mechanisms)
        self.sets = MappingProxyType(sets_of(self.data.sets, self.blocks))
        symbols, rules = compose(self.blocks)
        self.symbols, self.rules = MappingProxyType(symbols), MappingProxyType(rules)
        self.equations = MappingProxyType({n: r for n, r in rules.items() if r.is_equation})
        self.definitions = MappingProxyType({n: r for n, r in rules.items() if not r.is_equation})
        self.kinked = any(r.complements for r in self.equations.values())  # the path turns where a slack meets its multiplier
        values = benchmark_values(self.data, self.blocks, mechanisms, symbols, rules, self.shape)
        self.benchmark_values = MappingProxyType(values)
        self.pyomo = pyomo_block(self)
        self.options = options or PathOptions()
        self.memo, self.kept = Memo(), Kept()
        free, active, partly = apply_closure(self)
        self.free, self.active = MappingProxyType(free), MappingProxyType(active)
        self.remarks = (*unused_parameters(benchmark, self.symbols), *partly, *unworn_capital(self))
        self._compile()
        self.seconds_to_build = time.perf_counter() - started
        self._built = True

    def _compile(self) -> None:
        """The equations as a square system that holds at the benchmark."""
        names = [*self.symbols, *self.rules, *self.sets]
        values = Values(self.benchmark_values)
        self.system = System(self.symbols, self.equations, self.sets, self.pyomo, values, self.free, self.active, names)
        check_square(self.system, self.closure.name)
        self.benchmark_point = self.system.pack(self.benchmark_values)
        freeze(self.benchmark_values, self.free, self.active, self.benchmark_point, self.system)
        first = Evaluator(self.system, values)
        check_definitions(self)
        check_benchmark(self, first)
        if self.closure.swaps:
            check_determined(first, self.benchmark_point, self.closure.name)
        self.at_benchmark = first.copy()
        """The equations at the benchmark, folded: workspaces are copies of it."""

    def __setattr__(self, name: str, value: object) -> None:
        if "_built" in self.__dict__:
            raise ModelError(f"a model does not change once it is built: {name} cannot be set; build another with Model(...)")
        super().__setattr__(name, value)

    def _card(self) -> tuple[str, dict[str, object]]:
        parts = ", ".join(type(b).__name__ for b in self.blocks if b not in self.mechanisms)
        rows: dict[str, object] = {
            "benchmark": self.benchmark.name,
            "size": f"{self.system.n:,} unknowns in {len(self.equations)} families of equations",
            "blocks": parts,
            "closure": self.closure.describe()["swaps"],
            "sourcing": self.data.sourcing,
            **private_demand(self),
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

    def benchmark_solution(self) -> Solution:
        """The benchmark's own values as a solution, without a solve."""
        return Solution(self, "benchmark", dict(self.benchmark_values), [], None, {})

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

    def expression(self, rule: str, *index: str) -> Any:
        """One member of an equation or definition as an ordinary Pyomo expression, to inspect or evaluate."""
        if rule not in self.rules:
            raise ModelError(f"no equation or definition {rule!r}{nearest(rule, self.rules)}")
        with PYOMO_LOCK:
            return self.rules[rule].function(self.pyomo, *index)

    def attrs(self) -> dict[str, str]:
        """The model's choices, for the attributes of results."""
        return attributes(self)

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

        def once(given: Given | None, near: Given | Solution | None) -> Solution:
            started = time.perf_counter()
            request = read_request(self, policy, start, method, parameters, given, near, branch)
            return Search(self, request).run(progress, started)

        return solve_softened(self, once, exogenous, guess)

    @property
    def path_options(self) -> PathOptions:
        """Limits of the leaps that join an equilibrium to the benchmark's; over kinks no leap proves that, and any is taken."""
        return self.options.any_leap() if self.kinked else self.options

    @property
    def live_parameters(self) -> list[str]:
        """Parameters that a solve may change without recalibrating."""
        return [n for n, s in self.symbols.items() if s.kind == "parameter" and not s.structural]

    def changed_parameters(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The live parameters among ``arrays`` that differ from the benchmark's."""
        return {n: arrays[n] for n in self.live_parameters if (arrays[n] != self.benchmark_values[n]).any()}


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
