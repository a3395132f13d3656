"""Recursive dynamics: a baseline that meets a path of GDP, and policies as differences from it.

Every year is one equilibrium of the model of :mod:`cge.blocks.growth`, begun at the year before. Between years

    K' = (1 - depreciation) K + I - public works
    A' = A - (foreign saving + loans),      world sums of A, of foreign saving and of loans are zero
    D' = D + loans - repayment

Labour by skill, population and natural resources grow as the baseline says; productivity of each region is
found in the baseline so that its real GDP meets the path, and held in policy runs. Foreign positions are
counted from zero in the base year: what the benchmark's positions earn is inside its income. A policy run pays
interest on what its positions differ from the baseline's. Old capital may be tied to its activity; new
capital then goes where it earns more.

Initial capital is ``vkb`` of the SAM where the source has it, else what investment keeps on the baseline's
first growth rate: ``K = I / (growth of GDP + depreciation)``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.parse import load_netcdf, reading
from cge.blocks.growth import capital_label, growth_blocks
from cge.closure import Closure
from cge.errors import ModelError, SolveError
from cge.model import Model
from cge.progress import Progress
from cge.shock import Shock
from cge.solution import Solution

Array = np.ndarray


class DynamicsError(SolveError):
    """A year without a solution; ``path`` holds the years done."""

    def __init__(self, message: str, path: PathOfYears | None = None, year: int = 0) -> None:
        super().__init__(message)
        self.path, self.year = path, year


@dataclass(frozen=True)
class Baseline:
    """Growth of the regions over the years.

    Attributes
    ----------
    years : tuple of int
        The base year first.
    growth : DataFrame
        Index region; ``gdp, population, skl, unskl, nat``, fractions a year.
    depreciation : float
        Of capital, a year.
    interest : float
        Real rate on foreign positions and loans.
    """

    years: tuple[int, ...]
    growth: pd.DataFrame
    depreciation: float = 0.05
    interest: float = 0.04

    def __post_init__(self) -> None:
        if len(self.years) == 0 or list(self.years) != list(range(self.years[0], self.years[0] + len(self.years))):
            raise ModelError(f"years must follow one another upward, got {self.years[:3]}...; write them as first:last")
        if not 0 <= self.depreciation < 1 or not -0.5 < self.interest < 1:
            raise ModelError(f"depreciation {self.depreciation} and interest {self.interest} must be rates a year")

    @classmethod
    def between(cls, first: int, last: int, growth: pd.DataFrame, **rates: float) -> Baseline:
        """The years ``first`` to ``last``.

        Raises
        ------
        ModelError
            Years run backwards.
        """
        if last < first:
            raise ModelError(f"years run backwards: {first}:{last}")
        return cls(tuple(range(first, last + 1)), growth, **rates)


@dataclass
class Flows:
    """What a programme adds in one year; each dims (r,), million USD in the numeraire, zero where left out.

    Attributes
    ----------
    policy : Shock or None
        Instruments of the year.
    exogenous : mapping
        Further instruments at their values (full arrays), by name.
    loans : mapping of region to amount
        Net new foreign loans received (negative: given); must sum to zero. Only these bear interest and count as debt.
    repayment : mapping
        Debt repaid (negative: received); must sum to zero.
    grants : mapping
        Foreign grants that finance investment; must sum to zero.
    works : mapping
        Public works paid by the region's own household.
    public : mapping
        All public works of the year, however paid: they are investment but not private capital.
    parks : mapping
        Foreign capital placed in the region (negative: placed abroad by its owner), whose rental goes back to the owner.
    park_sectors : tuple of str
        Sectors that park capital goes to; felt where capital is ``vintage``.
    """

    policy: Shock | None = None
    exogenous: Mapping[str, Array] = field(default_factory=dict)
    loans: Mapping[str, float] = field(default_factory=dict)
    repayment: Mapping[str, float] = field(default_factory=dict)
    grants: Mapping[str, float] = field(default_factory=dict)
    works: Mapping[str, float] = field(default_factory=dict)
    public: Mapping[str, float] = field(default_factory=dict)
    parks: Mapping[str, float] = field(default_factory=dict)
    park_sectors: tuple[str, ...] = ()


@dataclass
class State:
    """Stocks at the start of a year; each dims (r,) or, ``tied``, (a, r). Capital 1 is the base year's."""

    capital: Array
    assets: Array
    debt: Array
    public: Array
    parks: Array
    tied: Array

    def copy(self) -> State:
        """The same numbers in arrays of their own."""
        return State(**{k: np.array(v) for k, v in vars(self).items()})


@runtime_checkable
class Programme(Protocol):
    """A policy with a calendar."""

    @property
    def name(self) -> str:
        """Short name."""
        ...

    def flows(self, year: int, model: Model, state: State) -> Flows:
        """What it does in a year."""
        ...


@dataclass(frozen=True)
class Steady:
    """A policy that acts in full from one year on (default: the first)."""

    policy: Shock
    since: int = 0

    @property
    def name(self) -> str:
        """The policy's name."""
        return self.policy.name

    def flows(self, year: int, model: Model, state: State) -> Flows:
        """The policy itself."""
        return Flows(policy=self.policy if year >= self.since else None)


@dataclass
class PathOfYears:
    """Years of one run.

    Attributes
    ----------
    name : str
    years : list of int
        Done.
    data : list of Dataset
        One a year.
    states : list of State
        At the start of each year done, and of the next.
    last : Solution or None
    """

    name: str
    benchmark: str
    years: list[int] = field(default_factory=list)
    data: list[xr.Dataset] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    last: Solution | None = None
    seconds: float = 0.0

    def dataset(self) -> xr.Dataset:
        """All years along ``year``."""
        out = xr.concat(self.data, dim=pd.Index(self.years, name="year"))
        currency = self.data[0].attrs.get("currency", "USD") if self.data else "USD"
        out.attrs = {"path": self.name, "benchmark": self.benchmark, "currency": currency}
        return out

    @property
    def max_residual(self) -> float:
        """Largest residual of any year."""
        return max((float(d["max_residual"]) for d in self.data), default=0.0)

    @property
    def identity_gap(self) -> float:
        """Largest relative gap of the stock-flow identities of any year."""
        return max((float(d["identity_gap"]) for d in self.data), default=0.0)

    def save(self, path: str | Path) -> None:
        """Results and states as one netCDF file; :meth:`load` resumes from it."""
        data = self.dataset()
        for name in vars(self.states[0]):
            values = np.stack([getattr(s, name) for s in self.states])
            dims = ("step", "r") if values.ndim == 2 else ("step", "a", "r")
            data[f"state_{name}"] = (dims, values)
        data.to_netcdf(path, engine="h5netcdf")

    @classmethod
    def load(cls, path: str | Path) -> PathOfYears:
        """A saved path, to resume.

        Raises
        ------
        ModelError
            No such file, or not a saved path.
        """
        if not Path(path).is_file():
            raise ModelError(f"path file {path} not found")
        with reading(path, "saved path of years"):
            data = load_netcdf(path, "saved path")
        names = [str(v) for v in data.data_vars if str(v).startswith("state_")]
        if not names:
            raise ModelError(f"{path} holds no states: not a saved path")
        steps = data.sizes["step"]
        states = [State(**{n.removeprefix("state_"): data[n].values[k] for n in names}) for k in range(steps)]
        rest = data.drop_vars(names)
        found = cls(str(data.attrs["path"]), str(data.attrs["benchmark"]), [int(y) for y in data["year"].values])
        found.data = [rest.sel(year=y).drop_vars("year") for y in found.years]
        found.states = states
        return found


@dataclass(frozen=True)
class Difference:
    """A policy path beside its baseline.

    Attributes
    ----------
    policy, baseline : PathOfYears
    """

    policy: PathOfYears
    baseline: PathOfYears

    def dataset(self) -> xr.Dataset:
        """Per cent differences by region and year, and stocks that the policy adds, million USD."""
        a, b = self.policy.dataset(), self.baseline.dataset().sel(year=self.policy.years)
        ratio = {
            "welfare_percent": "u",
            "real_gdp_percent": "qgdp",
            "investment_percent": "qinv",
            "exports_percent": "qexp",
            "real_wage_percent": "realwage",
        }
        out = xr.Dataset({name: 100 * (a[v] / b[v] - 1) for name, v in ratio.items()})
        out["trade_percent"] = 100 * ((a["vexp"] + a["vimp"]) / (b["vexp"] + b["vimp"]) - 1)
        out["debt_musd"] = a["debt"]
        out["foreign_assets_musd"] = a["assets"] - b["assets"]
        out["real_income_musd"] = (a["u"] / b["u"] - 1) * b["income"]
        out.attrs = {**a.attrs, "beside": self.baseline.name}
        return out

    def summary(self) -> dict[str, Any]:
        """What the command line prints as JSON."""
        data = self.dataset()

        def by_region(name: str) -> dict[str, list[float]]:
            return {str(r): [round(float(x), 6) for x in data[name].sel(r=r).values] for r in data["r"].values}

        world = data["real_income_musd"].sum("r") / self.baseline.dataset()["income"].sum("r")
        return {
            "policy": self.policy.name,
            "benchmark": self.policy.benchmark,
            "money_unit": f"million {data.attrs['currency']}",
            "years": self.policy.years,
            **{
                n: by_region(n)
                for n in ("welfare_percent", "real_gdp_percent", "investment_percent", "trade_percent", "debt_musd")
            },
            "world_welfare_percent": [round(100 * float(x), 6) for x in world.values],
            "max_residual": max(self.policy.max_residual, self.baseline.max_residual),
            "identity_gap": max(self.policy.identity_gap, self.baseline.identity_gap),
            "seconds": {"baseline": round(self.baseline.seconds, 2), "policy": round(self.policy.seconds, 2)},
        }


class Dynamics:
    """A recursive dynamic model.

    Parameters
    ----------
    model : Model or Benchmark
        Benchmark, closure and sourcing are taken from it.
    baseline : Baseline
    investment : {"saving", "returns"}
        Investment follows saving (foreign saving grows with GDP), or expected rates of return are equal.
    capital : {"mobile", "vintage"}
        Capital moves freely, or old capital stays in its activity and new capital follows its price.

    Raises
    ------
    ModelError
        The growth table lacks a region, or the benchmark has no capital factor.
    """

    def __init__(
        self,
        model: Model | Benchmark,
        baseline: Baseline,
        investment: Literal["saving", "returns"] = "saving",
        capital: Literal["mobile", "vintage"] = "mobile",
    ) -> None:
        benchmark = model if isinstance(model, Benchmark) else model.benchmark
        closure = Closure() if isinstance(model, Benchmark) else model.closure
        sourcing = "use" if isinstance(model, Benchmark) else model.data.sourcing
        missing = [r for r in benchmark.regions if r not in baseline.growth.index]
        if missing:
            raise ModelError(f"the growth table lacks {', '.join(missing)}; add a row for each region")
        if capital not in ("mobile", "vintage"):
            raise ModelError(f"unknown capital rule {capital!r}; choose 'mobile' or 'vintage'")
        self.benchmark, self.baseline, self.investment, self.vintage = benchmark, baseline, investment, capital == "vintage"
        self.capital = capital_label(benchmark.sam.factors)
        self.at = benchmark.sam.factors.index(self.capital)
        self.growth = baseline.growth.loc[benchmark.regions]
        invested = benchmark.sam.expenditure()["inv"]
        rate = self.growth["gdp"].to_numpy() + baseline.depreciation
        vkb = benchmark.sam["vkb"]
        if (rate <= 0).any() and not (vkb > 0).all():
            poor = [r for r, x in zip(benchmark.regions, rate, strict=True) if x <= 0]
            raise ModelError(f"capital of {', '.join(poor)} would be negative: GDP falls faster than capital wears")
        self.stock = np.where(vkb > 0, vkb, invested / rate)
        blocks = growth_blocks(self.capital, self.stock, baseline.depreciation, investment)
        if self.vintage:
            specific = (
                closure.specific if closure.specific is not None else tuple(f for f in ("nat",) if f in benchmark.sam.factors)
            )
            closure = Closure(closure.name, (*specific, self.capital), closure.swaps)
        self.policy_model = Model(benchmark, closure, sourcing=sourcing, blocks=blocks)
        self.baseline_model = Model(benchmark, closure.swap("rgdp", "tfp"), sourcing=sourcing, blocks=blocks)
        self._baseline: PathOfYears | None = None

    # -- one year ----------------------------------------------------------------------------------
    def first_state(self) -> State:
        """Stocks at the start of the base year."""
        zero = np.zeros(len(self.benchmark.regions))
        acts = len(self.benchmark.commodities)
        return State(np.ones_like(zero), zero, zero, zero, zero, np.ones((acts, zero.size)))

    def _drivers(self, year: int, state: State) -> dict[str, Array]:
        """Exogenous arrays of a year that no policy moves."""
        t = year - self.baseline.years[0]
        values = self.policy_model.benchmark_values
        qe, pop = values["qe"].copy(), values["pop"] * (1 + self.growth["population"].to_numpy()) ** t
        for k, factor in enumerate(self.benchmark.sam.factors):
            if k == self.at:
                qe[k] = state.capital
            else:
                column = (
                    factor if factor in ("skl", "unskl", "nat") else ("population" if "land" not in factor.lower() else "nat")
                )
                qe[k] = (1 + self.growth[column].to_numpy()) ** t
        out = {"qe": qe, "pop": pop}
        if self.investment == "saving":
            out["fsav"] = self._foreign_saving(t)
        if self.vintage:
            qea = values["qea"].copy()
            qea[self.at] = state.tied
            out["qea"] = qea
        return out

    def _foreign_saving(self, t: int) -> Array:
        """Foreign saving of the baseline: it grows with each region's GDP, the larger of the world's surpluses and
        deficits scaled down to the smaller, so that no imbalance grows over GDP."""
        grown = self.policy_model.benchmark_values["fsav"] * (1 + self.growth["gdp"].to_numpy()) ** t
        inflow, outflow = grown[grown > 0].sum(), -grown[grown < 0].sum()
        if inflow <= 0 or outflow <= 0:
            return np.zeros_like(grown)
        both = min(inflow, outflow)
        return np.asarray(np.where(grown > 0, grown * both / inflow, grown * both / outflow))

    def _vector(self, amounts: Mapping[str, float], what: str, balanced: bool = True) -> Array:
        out = np.zeros(len(self.benchmark.regions))
        for region, amount in amounts.items():
            if region not in self.benchmark.regions:
                raise ModelError(f"{what} name {region!r}, which is no region of the benchmark")
            out[self.benchmark.regions.index(region)] += amount
        if balanced and abs(out.sum()) > 1e-9 * max(abs(out).max(initial=0.0), 1.0):
            raise ModelError(f"{what} must sum to zero over the world; they sum to {out.sum():g} million USD")
        return out

    def _advance(self, state: State, solution: Solution, flows: Flows, year: int) -> tuple[State, dict[str, float]]:
        """Stocks of the next year, and the gaps of the identities."""
        a = solution.arrays
        price = float(a["pfactwld"])
        loans, repayment, grants = (
            self._vector(m, w) * price
            for m, w in ((flows.loans, "loans"), (flows.repayment, "repayment"), (flows.grants, "grants"))
        )
        parks = self._vector(flows.parks, "parks")
        fsav = solution.values_of("fsav") * price
        public = self._vector(flows.public, "public works", balanced=False)
        invested = a["inv_0"] * a["qinv"]  # quantity, million USD at benchmark prices
        private = invested - public * price / a["pinv"]
        if (private < 0).any():
            r = int(np.argmin(private))
            raise ModelError(
                f"{year}: public works of {self.benchmark.regions[r]} exceed its investment; spread them over more years"
            )
        added = private / self.stock
        capital = (1 - self.baseline.depreciation) * state.capital + added
        if not (capital > 0).all():
            poor = self.benchmark.regions[int(np.argmin(capital))]
            raise ModelError(f"{year}: the capital stock of {poor} would be negative")
        net = fsav + loans - repayment + grants + parks * price
        assets = state.assets - (fsav + loans - repayment + parks * price)  # a grant leaves no claim
        debt = state.debt + loans - repayment
        tied = state.tied
        if self.vintage:
            # new capital goes to activities in proportion to the old, more where its price is above the mean
            value = self.benchmark.sam["evfb"][self.at]
            price_a = a["pes"][self.at]
            weight = value * state.tied
            mean = (weight * price_a).sum(0) / weight.sum(0)
            share = weight * price_a / mean
            share = share / share.sum(0)
            old = weight / weight.sum(0) * state.capital * (1 - self.baseline.depreciation)
            placed = np.clip(parks * price / a["pinv"] / self.stock, 0.0, added)  # park capital goes where it is meant to
            chosen = np.array([i in flows.park_sectors for i in self.benchmark.commodities])[:, None] & (value > 0)
            named = np.divide(weight * chosen, (weight * chosen).sum(0), out=share.copy(), where=(weight * chosen).sum(0) > 0)
            stock = old + share * (added - placed) + named * placed
            tied = np.where(value > 0, stock / stock.sum(0) / np.where(value > 0, value / value.sum(0), 1.0), 1.0)
        after = State(capital, assets, debt, state.public + public, state.parks + parks, tied)
        saving = solution.values_of("saving") + a["vdep"] * a["qe"][self.at] * a["pinv"]
        world = float((a["pinv"] * invested).sum())
        gaps = {
            "world saving = world investment": abs(float(saving.sum()) - world) / world,
            "foreign saving sums to zero": abs(float(net.sum())) / world,
            "foreign assets sum to zero": abs(float(assets.sum())) / world,
            "loans sum to zero": abs(float(debt.sum())) / world,
            "capital": float(
                abs(capital * self.stock - (1 - self.baseline.depreciation) * state.capital * self.stock - private).max()
                / self.stock.max()
            ),
            "foreign income sums to zero": abs(float(a["finc"].sum())) / world,
            "trade balance = saving - investment": float(abs(solution.values_of("tbal") + a["finc"] * price + net).max())
            / world,
        }
        return after, gaps

    def _record(self, solution: Solution, state: State, gaps: Mapping[str, float]) -> xr.Dataset:
        names = ("u", "qgdp", "gdp", "qinv", "qexp", "qimp", "vexp", "vimp", "realwage", "y", "tot")
        data = xr.Dataset({n: solution[n] for n in names}, attrs={"currency": self.benchmark.currency})
        data["income"] = solution["y_0"] * solution["y"]
        data["output"] = solution["qo"]
        for name in ("capital", "assets", "debt", "public"):
            data[name] = ("r", getattr(state, name))
        data["tfp"] = solution["tfp"]
        data["max_residual"] = solution.max_residual
        data["walras"] = solution.walras
        data["identity_gap"] = max(gaps.values())
        return data

    # -- paths -------------------------------------------------------------------------------------
    def run_baseline(self, progress: bool | None = None) -> PathOfYears:
        """The baseline path (once; kept)."""
        if self._baseline is None:
            self._baseline = self._walk("baseline", self.baseline_model, self._baseline_year, None, progress, None)
        return self._baseline

    def _baseline_year(self, year: int, state: State) -> tuple[Flows, dict[str, Array]]:
        t = year - self.baseline.years[0]
        held = {"rgdp": (1 + self.growth["gdp"].to_numpy()) ** t}
        return Flows(), held

    def run(
        self,
        policy: Shock | Programme | None,
        *,
        progress: bool | None = None,
        resume: PathOfYears | None = None,
        until: int | None = None,
    ) -> Difference:
        """The path under a policy, beside the baseline.

        Parameters
        ----------
        policy : Shock or Programme
            A policy acts in full from the first year; a programme has its own calendar.
        resume : PathOfYears, optional
            Years already done (from :meth:`PathOfYears.load` or an interrupted run).
        until : int, optional
            Stop after this year.

        Raises
        ------
        DynamicsError
            A year did not solve: the error holds the years done.
        """
        base = self.run_baseline(progress)
        programme = policy if isinstance(policy, Programme) else Steady(policy) if policy is not None else None
        rate = self.baseline.interest

        def year_of(year: int, state: State) -> tuple[Flows, dict[str, Array]]:
            k = year - self.baseline.years[0]
            flows = programme.flows(year, self.policy_model, state) if programme is not None else Flows()
            loans, repayment, grants = (
                self._vector(m, w)
                for m, w in ((flows.loans, "loans"), (flows.repayment, "repayment"), (flows.grants, "grants"))
            )
            parks = self._vector(flows.parks, "parks")
            held: dict[str, Array] = {"tfp": np.asarray(base.data[k]["tfp"].values)}
            held["floan"] = loans - repayment + grants + parks
            held["ginv"] = self._vector(flows.works, "works", balanced=False)
            # interest on positions beyond the baseline's
            held["finc"] = rate * (state.assets - base.states[k].assets)
            self._check_lender(loans, base.data[k])
            held.update(flows.exogenous)
            return flows, held

        name = programme.name if programme is not None else "no policy"
        found = self._walk(name, self.policy_model, year_of, resume, progress, until)
        return Difference(found, base)

    def _check_lender(self, loans: Array, year: xr.Dataset) -> None:
        saving = self.policy_model.benchmark_values["save_0"] * year["y"].values
        for r in np.flatnonzero(-loans > np.maximum(saving, 0.0)):
            lender = f"{self.benchmark.regions[r]} would lend {-loans[r]:,.0f} million USD in a year"
            raise ModelError(f"{lender}, more than its saving of {saving[r]:,.0f}")

    def _walk(
        self,
        name: str,
        model: Model,
        year_of: Callable[[int, State], tuple[Flows, dict[str, Array]]],
        resume: PathOfYears | None,
        progress: bool | None,
        until: int | None,
    ) -> PathOfYears:
        started = time.perf_counter()
        path = PathOfYears(name, self.benchmark.name, states=[self.first_state()])
        if resume is not None:
            path = self._resumed(resume, name, model)
        start: Solution | None = path.last
        todo: Sequence[int] = [y for y in self.baseline.years if y not in path.years and (until is None or y <= until)]
        with Progress(name, progress) as bar:
            for year in todo:
                state = path.states[-1]
                flows, held = year_of(year, state)
                exogenous = {**self._drivers(year, state), **held}
                try:
                    solution = model.solve(flows.policy, exogenous=exogenous, start=start or "fast", progress=False)
                    after, gaps = self._advance(state, solution, flows, year)
                except (SolveError, ModelError) as error:
                    shock = flows.policy.name if flows.policy is not None else name
                    message = f"{name}: year {year} is not solved under {shock!r}: {error}. Years done are kept: {path.years}"
                    raise DynamicsError(message, path, year) from error
                path.data.append(self._record(solution, state, gaps))
                path.years.append(year)
                path.states.append(after)
                path.last = start = solution
                bar.update(len(path.years) / len(self.baseline.years))
        path.seconds += time.perf_counter() - started
        return path

    def _resumed(self, resume: PathOfYears, name: str, model: Model) -> PathOfYears:
        if resume.benchmark != self.benchmark.name or resume.years != list(self.baseline.years[: len(resume.years)]):
            raise ModelError(f"the saved path ({resume.benchmark}, {resume.years[:1]}...) is of another benchmark or calendar")
        path = PathOfYears(
            name, self.benchmark.name, list(resume.years), list(resume.data), [s.copy() for s in resume.states], resume.last
        )
        return path


def growth_accounting(path: PathOfYears, dynamics: Dynamics) -> pd.DataFrame:
    """Average yearly growth of real GDP, capital and productivity by region, per cent."""
    first, last = path.data[0], path.data[-1]
    n = max(len(path.years) - 1, 1)
    rows = {}
    for name in ("qgdp", "capital", "tfp", "qinv"):
        rows[name] = 100 * ((last[name] / first[name]) ** (1 / n) - 1).to_pandas()
    return pd.DataFrame(rows)
