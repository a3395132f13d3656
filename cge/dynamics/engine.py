"""Recursive dynamics: a baseline that meets a path of GDP, and policies as differences from it.

Every year is one equilibrium of the core blocks with the mechanisms :class:`~cge.mechanisms.foreign_income.ForeignIncome`,
:class:`~cge.mechanisms.growth.Growth`, :class:`~cge.mechanisms.loans.Loans`, where investment follows returns
:class:`~cge.mechanisms.investment_by_returns.InvestmentByReturns`, and others that ride along; it begins at the year before.
Between years

    K' = (1 - depreciation) K + I - public works
    A' = A - (foreign saving + loans),      world sums of A, of foreign saving and of loans are zero
    D' = D + loans - repayment

Labour by skill, population and natural resources grow as the baseline says; productivity of each region is
found in the baseline so that its real GDP meets the path, and held in policy runs. Foreign positions are
counted from zero in the base year: what the benchmark's positions earn is inside its income. A policy run pays
interest on what its positions differ from the baseline's. Old capital may be tied to its activity; new
capital then goes where it earns more.

Instruments that move by themselves (endowments, population, productivity, foreign saving) are held in a policy run at
the baseline's value of the year, on which the policy's change acts. So are the variables that a closure makes exogenous:
the baseline runs under the standard closure, and a closure that fixes real investment or the real wage fixes it at
the baseline's.

Depreciation and initial capital are ``vdep / vkb`` and ``vkb`` of the SAM where the source has them, else 0.05 a year and what
investment keeps on the baseline's first growth rate: ``K = I / (growth of GDP + depreciation)``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.errors import nearest
from calibration.foreign_capital import foreign_income, net_positions
from cge.dynamics.path_of_years import SAID, Difference, DynamicsError, PathOfYears, State, differences, listed
from cge.dynamics.programme import (
    Baseline,
    Flows,
    Programme,
    Steady,
    as_programme,
    growth_column,
    refuse_origin,
    require_year,
)
from cge.dynamics.run_record import content_of, made_of
from cge.dynamics.stock_flow import StockFlow, capital_label
from cge.dynamics.year_models import EVERY_PATH, choices, depreciation_of, first_stock, riding_along, year_models
from cge.equations.declare import Mechanism, as_mechanisms
from cge.errors import ClosureError, ModelError, ShockError, SolveError
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.model import Model
from cge.model.door import aligned
from cge.model.shock import Levels, Shock, as_changes, require_change, targets
from cge.model.solution import Solution
from cge.progress import Progress

__all__ = [
    "Baseline",
    "Difference",
    "Dynamics",
    "DynamicsError",
    "Flows",
    "PathOfYears",
    "Programme",
    "State",
    "Steady",
    "growth_accounting",
]

Array = np.ndarray
Values = dict[str, Array]


class Dynamics:
    """A recursive dynamic model.

    Parameters
    ----------
    model : Model or Benchmark
        Benchmark, closure, sourcing and mechanisms are taken from it; its blocks must be the core's.
    baseline : Baseline
    investment : {"saving", "returns"}
        Investment follows saving (foreign saving grows with GDP), or expected rates of return are equal.
    capital : {"mobile", "vintage"}
        Capital moves freely, or old capital stays in its activity and new capital follows its price.
    mechanisms : sequence of Mechanism, optional
        Put on the model of every year (:mod:`cge.mechanisms`), beside those of ``model``; the baseline holds their instruments
        at the benchmark's values, and policies and programmes move them. What each has to show is in the path's dataset.

    Raises
    ------
    ModelError
        The growth table lacks a region, the benchmark has no capital factor, an unknown rule, a model of other blocks, a
        mechanism that cannot stand in a path, or a closure that frees the capital which a path accumulates.
    """

    def __init__(
        self,
        model: Model | Benchmark,
        baseline: Baseline,
        investment: Literal["saving", "returns"] = "saving",
        capital: Literal["mobile", "vintage"] = "mobile",
        mechanisms: Sequence[Mechanism] = (),
    ) -> None:
        benchmark, closure, sourcing, riding = choices(model)
        self.mechanisms = riding_along((*riding, *as_mechanisms(mechanisms)))
        if not isinstance(baseline, Baseline):
            raise ModelError(f"baseline is a Baseline (Baseline.between makes one), not a {type(baseline).__name__}")
        missing = [r for r in benchmark.regions if r not in baseline.growth.index.get_level_values(0)]
        if missing:
            raise ModelError(f"the growth table lacks {', '.join(missing)}; add a row for each region")
        for what, choice, known in (
            ("investment", investment, ("saving", "returns")),
            ("capital", capital, ("mobile", "vintage")),
        ):
            if choice not in known:
                raise ModelError(f"unknown {what} rule {choice!r}; choose {known[0]!r} or {known[1]!r}")
        self.benchmark, self.baseline, self.investment, self.vintage = benchmark, baseline, investment, capital == "vintage"
        self.capital = capital_label(benchmark.sam.factors)
        self.position = benchmark.sam.factors.index(self.capital)
        self.depreciation = depreciation_of(benchmark, baseline)
        self.stock = first_stock(benchmark, baseline, self.depreciation)
        self.stocks = StockFlow(benchmark, self.stock, self.depreciation, self.position, self.vintage)
        by_returns = (InvestmentByReturns(self.stock, self.depreciation),) if investment == "returns" else ()
        tied = self.capital if self.vintage else ""
        self.policy_model, self.baseline_model = year_models(
            benchmark, closure, sourcing, (*EVERY_PATH, *by_returns, *self.mechanisms), tied
        )
        if self.policy_model.free["qe"][self.position].any():
            raise ClosureError(f"closure {closure.name!r} frees the endowment of {self.capital}, which a path accumulates")
        self._baseline: PathOfYears | None = None

    # -- one year ----------------------------------------------------------------------------------
    def first_state(self) -> State:
        """Stocks at the start of the base year."""
        return self.stocks.first()

    def _grown_by(self, column: str, year: int) -> Array:
        """Level of a driver of the growth table, the first year's 1; dims (r,)."""
        return self.baseline.level(column, year, self.benchmark.regions)

    def _drivers(self, year: int, state: State) -> Values:
        """Exogenous arrays of a year that no policy moves."""
        benchmark_values, grown_by = self.policy_model.benchmark_values, self._grown_by
        qe = benchmark_values["qe"].copy()
        for k, factor in enumerate(self.benchmark.sam.factors):
            qe[k] = state.capital if k == self.position else grown_by(growth_column(factor), year)
        population = benchmark_values["pop"] * grown_by("population", year)
        drivers = {"qe": qe, "pop": population}
        if "lforce" in benchmark_values:  # the labour force grows as labour does: unemployment of the baseline stays
            drivers["lforce"] = qe.copy()
        if self.investment == "saving":
            drivers["fsav"] = self._foreign_saving(year)
        if self.vintage:
            qea = benchmark_values["qea"].copy()
            qea[self.position] = state.tied
            drivers["qea"] = qea
        return drivers

    def _foreign_saving(self, year: int) -> Array:
        """Foreign saving of the baseline: it grows with each region's GDP, the larger of the world's surpluses and
        deficits scaled down to the smaller, so that no imbalance grows over GDP."""
        grown = self.policy_model.benchmark_values["fsav"] * self._grown_by("gdp", year)
        inflow, outflow = grown[grown > 0].sum(), -grown[grown < 0].sum()
        if inflow <= 0 or outflow <= 0:
            return np.zeros_like(grown)
        both = min(inflow, outflow)
        return np.asarray(np.where(grown > 0, grown * both / inflow, grown * both / outflow))

    def _from_abroad(self, flows: Flows, state: State, base: State) -> Values:
        """Instruments of loans, grants, parks, works and interest, in the numeraire."""
        vector = self.stocks.amounts
        loans, repayment, grants, parks = (
            vector(flows.loans, "loans"),
            vector(flows.repayment, "repayment"),
            vector(flows.grants, "grants"),
            vector(flows.parks, "parks"),
        )
        self.stocks.park_activities(flows.park_sectors if flows.parks else ())
        public = vector(flows.public, "public works", balanced=False)
        placed = {
            "floan": loans - repayment + grants + parks,
            "ginv": vector(flows.works, "works", balanced=False),
            "finc": self._foreign_income(state, base),
        }
        return placed | ({"gpub": public} if self.investment == "returns" else {})

    def _foreign_income(self, state: State, base: State) -> Array:
        """Income on foreign positions, in the numeraire; dims (r,).

        Positions of the benchmark pay their stated returns, what is added to them the path's interest. Where the benchmark has
        none, only what is beyond the baseline's pays: the rest is inside the benchmark's income.
        """
        owned = net_positions(self.benchmark)
        if owned is None:
            return np.asarray(self.baseline.interest * (state.assets - base.assets))
        return np.asarray(foreign_income(self.benchmark) + self.baseline.interest * (state.assets - owned))

    def _with_policy(self, flows: Flows, drivers: Values) -> Values:
        """The year's exogenous arrays: what a policy changes acts on the driver's value, not on the benchmark's."""
        model, policy = self.policy_model, flows.policy
        if policy is not None:
            refuse_origin(policy)
            moved = targets(model, policy, {**model.benchmark_values, **drivers})
            twice = [name for name in flows.exogenous if name in moved]
            if twice:
                raise ShockError(f"policy {policy.name!r} moves {twice[0]}, which the programme sets as well; leave one out")
            drivers = {**drivers, **moved}
        given = {name: self._full(name, value) for name, value in flows.exogenous.items()}
        if "qe" in given and not np.array_equal(given["qe"][self.position], drivers["qe"][self.position]):
            raise ModelError(f"a programme sets the endowment of {self.capital}, which the path accumulates; leave it as it is")
        return {**drivers, **given}

    def _full(self, name: str, value: xr.DataArray | float) -> Array:
        """An array of a programme in the order of the model's labels."""
        model = self.policy_model
        if name not in model.symbols or model.symbols[name].kind == "parameter":
            known = [n for n, s in model.symbols.items() if s.kind != "parameter"]
            raise ShockError(f"a programme sets {name!r}, which is no instrument{nearest(name, known)}")
        return aligned(model, name, value)

    def _record(self, solution: Solution, state: State, gaps: Mapping[str, float]) -> xr.Dataset:
        names = ("u", "qgdp", "gdp", "qinv", "qexp", "qimp", "vexp", "vimp", "realwage", "y", "tot", "gnp")
        told = self.policy_model.attrs()
        data = xr.Dataset({n: solution[n] for n in names}, attrs={name: told[name] for name in SAID if name in told})
        data["income"] = solution["y_0"] * solution["y"]
        data["output"] = solution["qo"]
        for name in ("capital", "assets", "debt", "public"):
            data[name] = ("r", getattr(state, name))
        for mechanism in solution.model.mechanisms:
            data.update({n: solution[n] for n in mechanism.shows})
        data["max_residual"] = solution.max_residual
        data["walras"] = solution.walras
        data["identity_gap"] = max(gaps.values())
        return data

    # -- paths -------------------------------------------------------------------------------------
    def made_of(self, policy: Shock | Programme | None) -> dict[str, str]:
        """What a path under a policy is made of: choices in words, content as hashes that begin with ``#``.

        Two runs with one ``made_of`` give one path. The policy's hash is empty where the policy does not say what it holds.
        """
        rules = (self.investment, self.vintage, self.mechanisms)
        return made_of(self.policy_model, self.baseline, *rules, as_programme(policy))

    def run_baseline(self, progress: bool | None = None) -> PathOfYears:
        """The baseline path (once; kept)."""
        if self._baseline is None:
            path = PathOfYears("baseline", self.benchmark.name, states=[self.first_state()])
            self._baseline = self._walk(path, self.baseline_model, self._baseline_year, progress, self.baseline.years, None)
        return self._baseline

    def _baseline_year(self, year: int, state: State) -> tuple[Flows, Values]:
        grown = {"rgdp": self._grown_by("gdp", year), "finc": self._foreign_income(state, state)}
        return Flows(), {**self._drivers(year, state), **grown}

    def run(
        self,
        policy: Shock | Programme | None,
        *,
        progress: bool | None = None,
        resume: PathOfYears | None = None,
        until: int | None = None,
        checkpoint: str | Path | None = None,
    ) -> Difference:
        """The path under a policy, beside the baseline.

        Parameters
        ----------
        policy : Shock or Programme
            A policy acts in full from the first year; a programme has its own calendar. None: nothing changes.
        resume : PathOfYears, optional
            Years already done (from :meth:`PathOfYears.load` or an interrupted run), of these data, this baseline, these
            options and this policy.
        until : int, optional
            Stop after this year.
        checkpoint : path, optional
            File that keeps the years done, written after each year, for :meth:`PathOfYears.load`.

        Raises
        ------
        ModelError
            No policy, a policy that these years cannot follow (rules of origin) or that changes nothing in them, a year
            outside the baseline's, or a path to resume that was made of something else.
        DynamicsError
            A year did not solve: the error holds the years done.
        """
        programme = as_programme(policy)
        years = self.baseline.years
        if until is not None:
            require_year(until, "until")
        if until is not None and until not in years:
            raise ModelError(f"until is {until}, which is none of the years {years[0]} to {years[-1]}")
        if isinstance(programme, Steady):
            refuse_origin(programme.policy)
            require_change(self.policy_model, programme.policy)
            if programme.since > years[-1]:
                raise ModelError(f"{programme.name}: it begins in {programme.since}, after the last year {years[-1]}")
        name = "no policy" if programme is None else programme.name
        path = PathOfYears(name, self.benchmark.name, states=[self.first_state()], made_of=self.made_of(programme))
        if resume is not None:
            path = self._resumed(resume, path, programme)
        base = self.run_baseline(progress)
        acts = programme is None or resume is not None or until is not None

        def year_of(year: int, state: State) -> tuple[Flows, Values]:
            nonlocal acts
            k = year - years[0]
            flows = programme.flows(year, self.policy_model, state) if programme is not None else Flows()
            acts = acts or flows.acts
            self._check_lender(self.stocks.amounts(flows.loans, "loans"), base.data[k])
            drivers = {
                **self._drivers(year, state),
                **base.kept[k],
                "tfp": np.asarray(base.data[k]["tfp"].values),
                **self._from_abroad(flows, state, base.states[k]),
            }
            return flows, self._with_policy(flows, drivers)

        todo = [y for y in years if y not in path.years and (until is None or y <= until)]
        found = self._walk(path, self.policy_model, year_of, progress, todo, checkpoint)
        if not acts:
            raise ModelError(f"{name}: nothing changes in the years {years[0]} to {years[-1]}; name years in which it acts")
        return Difference(found, base)

    def _check_lender(self, loans: Array, year: xr.Dataset) -> None:
        saving = self.policy_model.benchmark_values["save_0"] * year["y"].values
        for r in np.flatnonzero(-loans > np.maximum(saving, 0.0)):
            lender = f"{self.benchmark.regions[r]} would lend {-loans[r]:,.0f} million {self.benchmark.currency} in a year"
            raise ModelError(f"{lender}, more than its saving of {saving[r]:,.0f}")

    def _walk(
        self,
        path: PathOfYears,
        model: Model,
        year_of: Callable[[int, State], tuple[Flows, Values]],
        progress: bool | None,
        todo: Sequence[int],
        checkpoint: str | Path | None,
    ) -> PathOfYears:
        started, before = time.perf_counter(), path.seconds
        start = path.last
        fixed = [swap.fixed for swap in self.policy_model.closure.swaps]
        with Progress(path.name, progress) as bar:
            for year in todo:
                state, shock = path.states[-1], None
                try:
                    flows, exogenous = year_of(year, state)
                    shock = flows.policy
                    # the year before is only where the path begins: a year says anew what it moves
                    given = _where_exogenous(model, exogenous)
                    near, moved = _near(model, start, flows), _as_reached(model, shock, given)
                    solution = model.solve(moved, exogenous=given, guess=near, progress=False)
                    after, gaps = self.stocks.next_state(state, solution, flows, year)
                except (SolveError, ModelError) as error:
                    under = shock.name if shock is not None else path.name
                    failed = f"{path.name}: year {year} is not solved under {under!r}: {error}"
                    worst = getattr(error, "worst", None)
                    raise DynamicsError(f"{failed}. Years done are kept: {path.years}", path, year, worst) from error
                path.data.append(self._record(solution, state, gaps))
                path.years.append(year)
                path.states.append(after)
                path.kept.append({n: solution.arrays[n] for n in fixed})
                path.last = start = solution
                path.seconds = before + time.perf_counter() - started
                if checkpoint is not None:
                    path.save(checkpoint)
                bar.update(len(path.years) / len(self.baseline.years))
        return path

    def _resumed(self, resume: PathOfYears, fresh: PathOfYears, programme: Programme | None) -> PathOfYears:
        """The years done, where they are this run's."""
        if not isinstance(resume, PathOfYears):
            raise ModelError(f"resume takes a path of years (PathOfYears.load reads one), not a {type(resume).__name__}")
        content, reason = content_of(programme, self.policy_model)
        if not content:
            raise ModelError(f"a path of {fresh.name!r} cannot be resumed: {reason}")
        other = differences(resume.made_of, fresh.made_of)
        if other:
            raise ModelError(
                f"the path to resume ({resume.name}, {resume.benchmark}) differs from this run in {listed(other)}; resume it "
                "with what it was made of, or run from the first year"
            )
        if resume.years != list(self.baseline.years[: len(resume.years)]):
            years = self.baseline.years
            raise ModelError(f"the path to resume has the years {resume.years}, this run {years[0]} to {years[-1]}")
        wanted = {n: values.shape for n, values in vars(self.first_state()).items()}
        if len(resume.states) != len(resume.years) + 1 or any(
            getattr(s, n).shape != shape for s in resume.states for n, shape in wanted.items()
        ):
            raise ModelError("the path to resume has stocks of another size than this benchmark's; run from the first year")
        return replace(
            fresh,
            years=list(resume.years),
            data=list(resume.data),
            states=[s.copy() for s in resume.states],
            seconds=resume.seconds,
        )


def _near(model: Model, start: Solution | None, flows: Flows) -> Solution | dict[str, xr.DataArray | float] | None:
    """Where a year's solve begins: at the year before, and what the programme knows beside it."""
    if not flows.guess:
        return start
    before = {n: start[n] for n in model.system.index} if start is not None else {}
    return {**before, **flows.guess}


@dataclass(frozen=True)
class _Reached:
    """A policy at the values that it reaches in one year, from those that the baseline has there."""

    name: str
    values: Mapping[str, xr.DataArray]

    def levels(self, model: Model, origin: Levels | None = None) -> Mapping[str, xr.DataArray]:
        """Final values by instrument."""
        return self.values

    def changes(self, model: Model) -> Mapping[str, xr.DataArray]:
        """Factors on the benchmark (amounts for signed symbols)."""
        return as_changes(model, self.levels(model))


def _as_reached(model: Model, policy: Shock | None, given: Mapping[str, xr.DataArray]) -> Shock | None:
    """The policy at its values of the year: relative to the benchmark's, which a solve takes it from, they are others."""
    if policy is None:
        return None
    moved = [n for n in targets(model, policy) if n in given]
    return _Reached(policy.name, {n: given[n] for n in moved}) if moved else policy


def _where_exogenous(model: Model, values: Mapping[str, Array]) -> dict[str, xr.DataArray]:
    """Labelled values of a year; what the closure leaves endogenous stays at its benchmark value."""
    return {n: model.labelled(n, np.where(model.free[n], model.benchmark_values[n], v)) for n, v in values.items()}


def growth_accounting(path: PathOfYears, dynamics: Dynamics) -> pd.DataFrame:
    """Average yearly growth of real GDP, capital, productivity and investment by region, per cent.

    Parameters
    ----------
    path : PathOfYears
        A baseline, or a path under a policy; one year has grown by nothing.
    dynamics : Dynamics
        What the path is of; a path of another benchmark is refused.

    Raises
    ------
    ModelError
        The path is of another benchmark.
    """
    if path.benchmark != dynamics.benchmark.name:
        raise ModelError(f"the path is of benchmark {path.benchmark!r}, the dynamics of {dynamics.benchmark.name!r}")
    first, last = path.data[0], path.data[-1]
    n = max(len(path.years) - 1, 1)
    rows = {}
    for name in ("qgdp", "capital", "tfp", "qinv"):
        rows[name] = 100 * ((last[name] / first[name]) ** (1 / n) - 1).to_pandas()
    return pd.DataFrame(rows)
