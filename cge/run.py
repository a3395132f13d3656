"""Running a scenario: one way in, :func:`solve`, and one kind of result out, a :class:`Run`."""

from __future__ import annotations

import importlib
import json
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import xarray as xr

from calibration.cards import Carded
from calibration.from_flows import one_final_demand
from cge.deficits import TRADE_MODEL
from cge.errors import ModelError, ShockError
from cge.mechanisms.wage_curve import WageCurve, unemployment_table
from cge.model import Model
from cge.policy.policy import Policy
from cge.scenario import Scenario
from cge.shock import remarks, require_change
from cge.solution import Comparison, Solution
from cge.table import Table

if TYPE_CHECKING:
    from cge.path_of_years import Difference

KEPT_MODELS = 3
"""Compiled models kept for scenarios that share them."""


class Run(Carded, ABC):
    """What a scenario gave, whatever model answered it.

    Attributes
    ----------
    scenario : Scenario
    """

    scenario: Scenario

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """One row a region: what changed."""

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """Everything the command line prints as JSON; every run has ``policy``, ``benchmark``, ``status``, ``max_residual``,
        ``walras``, ``seconds`` and ``regions``."""

    @property
    @abstractmethod
    def tables(self) -> list[Table]:
        """What it shows, the table by region first."""

    @property
    def shown(self) -> list[Table]:
        """The tables that a terminal shows, their headings in words."""
        return self.tables

    @abstractmethod
    def values(self, name: str) -> xr.Dataset:
        """A variable, instrument or definition ``before`` and ``after`` with labels."""

    @property
    def notes(self) -> list[str]:
        """What a reader must know."""
        return list(self.summary().get("notes", []))

    @property
    def title(self) -> str:
        """The policy's title, or its name."""
        policy = self.scenario.policy
        return str(getattr(policy, "title", "") or getattr(policy, "name", "") or "the benchmark")

    def compare(self, other: Run) -> pd.DataFrame:
        """The table of this run less that of another, regions and columns that both have.

        Raises
        ------
        ModelError
            The runs share no region or no column.
        """
        mine, theirs = self.table(), other.table()
        rows, columns = mine.index.intersection(theirs.index), mine.columns.intersection(theirs.columns)
        if not len(rows) or not len(columns):
            raise ModelError(f"runs {self.title!r} and {other.title!r} share no region or no column")
        if len(rows) < max(len(mine), len(theirs)):
            apart = sorted({*mine.index, *theirs.index} - {*rows})
            raise ModelError(f"runs {self.title!r} and {other.title!r} differ in regions ({', '.join(map(str, apart[:5]))})")
        return mine.loc[rows, columns] - theirs.loc[rows, columns]

    def sentences(self) -> list[str]:
        """How it was solved, and what the tables do not show, a line each."""
        told = self.summary()
        return [f"{told['status']}: residual {told['max_residual']:.0e}, Walras {told['walras']:.0e} of world GDP"]

    @abstractmethod
    def body(self, command: str, draw: Any) -> list[str]:
        """The parts of its page; ``draw`` is a :class:`cge.report.report_parts.Figures`."""

    @abstractmethod
    def report(self, path: str | Path, command: str = "", *, interactive: bool | None = None) -> Path:
        """One self-contained HTML file; ``command`` repeats the run, figures are interactive where plotly is installed."""

    def save(self, folder: str | Path, *, more_figures: bool = False) -> Path:
        """Every table as CSV, ``summary.json`` and ``scenario.yaml`` (where the scenario has a text)."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for table in self.tables:
            table.frame.to_csv(folder / f"{table.name}.csv")
        (folder / "summary.json").write_text(json.dumps(self.summary(), indent=1) + "\n", encoding="utf-8")
        try:
            self.scenario.to_yaml(folder / "scenario.yaml")
        except ModelError as error:
            (folder / "scenario.yaml").write_text(f"# {error}\n", encoding="utf-8")
        return folder

    def to_excel(self, path: str | Path) -> Path:
        """Every table as a sheet of a workbook, titles above them, and the summary's figures on the last.

        Raises
        ------
        ModelError
            The extra ``data`` (openpyxl) is not installed.
        """
        try:
            importlib.import_module("openpyxl")
        except ImportError:
            raise ModelError('Excel files need openpyxl: pip install "open-cge[data]"') from None
        path = Path(path)
        with pd.ExcelWriter(path, engine="openpyxl") as book:
            for table in self.tables:
                sheet = table.name[:31]
                table.frame.to_excel(book, sheet_name=sheet, startrow=2)
                book.sheets[sheet].cell(1, 1, f"{self.title}: {table.title}")
            plain = {k: str(v) for k, v in self.summary().items() if not isinstance(v, (dict, list))}
            pd.Series(plain, name="value").rename_axis("what").to_excel(book, sheet_name="run")
        return path

    def _repr_html_(self) -> str:
        return super()._repr_html_() + str(self.table().to_html(float_format="%.3f"))

    def _card(self) -> tuple[str, dict[str, object]]:
        told = self.summary()
        rows: dict[str, object] = {k: told[k] for k in ("policy", "benchmark", "status", "max_residual", "walras") if k in told}
        column = self.table().iloc[:, 0]
        rows["gains most"] = f"{column.idxmax()} {column.max():+.3f} ({column.name})"
        rows["loses most" if column.min() < 0 else "gains least"] = f"{column.idxmin()} {column.min():+.3f}"
        return f"{type(self).__name__}: {self.title}", rows


@dataclass(frozen=True, repr=False)
class StaticRun(Run):
    """One equilibrium against another.

    Attributes
    ----------
    scenario : Scenario
    base, after : Solution
    seconds : dict
        ``calibrate`` (opening the benchmark), ``build`` (assembling and compiling), ``solve`` (both solutions).
    ranges : DataFrame, optional
        Welfare by region and study of elasticities (:meth:`with_ranges`).
    added : tuple of str
        Mechanisms that the policy needed and the scenario had not.
    """

    scenario: Scenario
    base: Solution
    after: Solution
    seconds: dict[str, float]
    ranges: pd.DataFrame | None = None
    added: tuple[str, ...] = ()

    @property
    def policy(self) -> Any:
        """The shock that was solved."""
        return self.scenario.policy

    @property
    def comparison(self) -> Comparison:
        """After against before."""
        return self.after.compare(self.base)

    @property
    def members(self) -> list[str]:
        """Regions whose economies are all members of the policy."""
        return self.policy.present(self.base.model.benchmark) if isinstance(self.policy, Policy) else []

    def table(self) -> pd.DataFrame:
        """Welfare, EV, real GDP, real wage, trade and terms of trade by region (:meth:`cge.solution.Comparison.table`)."""
        return self.comparison.table()

    @property
    def tables(self) -> list[Table]:
        """By region; bilateral trade; output."""
        comparison, currency = self.comparison, self.base.model.benchmark.currency
        flows = comparison.bilateral().sum("i").to_dataframe()[["before", "after"]]
        return [
            Table("regions", f"change, per cent; EV in million {currency}", comparison.table()),
            Table("bilateral", f"exports at benchmark prices, million {currency}", flows, 1),
            Table("output", "change of output, per cent", comparison.percent("qo").to_pandas()),
            *self._unemployment(),
        ]

    def _unemployment(self) -> list[Table]:
        """Unemployment on a wage curve; no table under other rules of labour."""
        frame = unemployment_table(self.base, self.after)
        title = "unemployment, per cent of the labour force, and change of employment, per cent"
        return [] if frame.empty else [Table("unemployment", title, frame)]

    @property
    def shown(self) -> list[Table]:
        """The table by region, with the range over studies of elasticities where it was asked for."""
        from cge.report import html

        data = self.base.model.benchmark
        table = self.table()
        table["ev_musd"] = [f"{v:,.0f}" for v in table["ev_musd"]]
        table.columns = pd.Index([html.words(str(c), data.currency) for c in table.columns])
        if self.ranges is not None:
            low, high = self.ranges.min(axis=1), self.ranges.max(axis=1)
            table.insert(1, "range", [f"{a:+.2f}..{b:+.2f}" for a, b in zip(low, high, strict=True)])
        return [Table("regions", f"{self.title} on benchmark {data.name}", table), *self._unemployment()]

    def values(self, name: str) -> xr.Dataset:
        """A variable, instrument or definition ``before`` and ``after``."""
        return xr.Dataset({"before": self.base[name], "after": self.after[name]})

    def summary(self) -> dict[str, Any]:
        """Everything the command line prints as JSON."""
        comparison, members = self.comparison, self.members
        table = comparison.table()
        regions: dict[str, dict[str, float]] = {
            str(r): {k: float(v) for k, v in row.items()} for r, row in table.to_dict("index").items()
        }
        flows = comparison.bilateral()[["before", "after"]].sum("i")
        for r in members:
            others = [m for m in members if m != r]
            both_ways = flows.sel(s=r, d=others).sum() + flows.sel(s=others, d=r).sum()
            if float(both_ways["before"]) > 0:
                regions[r]["intra_trade_percent"] = 100 * float(both_ways["after"] / both_ways["before"] - 1)
        info, model = self.after.info, self.base.model
        return {
            "policy": getattr(self.policy, "name", "benchmark"),
            "title": getattr(self.policy, "title", ""),
            "benchmark": model.benchmark.name,
            **model.attrs(),
            "status": info["status"],
            "iterations": int(info["newton_steps"] + info["iterations"]),
            "max_residual": max(self.base.max_residual, self.after.max_residual),
            "walras": max(self.base.walras, self.after.walras),
            "seconds": {k: round(v, 4) for k, v in self.seconds.items()},
            "peak_memory_mb": peak_memory_mb(),
            "members": members,
            "intra_trade_percent": comparison.trade_among(members) if len(members) > 1 else None,
            "bloc_welfare_percent": self._bloc(members),
            "ev_unit": f"million {model.benchmark.currency}",
            "world_ev_musd": float(table["ev_musd"].sum()),
            "regions": regions,
            "notes": [
                *(f"Mechanism {name} is put on the model: the policy needs it." for name in self.added),
                *self._remarks(),
                *model.remarks,
            ],
            "sources": list(getattr(self.policy, "sources", ())),
        } | (
            {t.name: {str(r): dict(row) for r, row in t.frame.to_dict("index").items()} for t in self._unemployment()}
        ) | (
            {} if self.ranges is None else {"welfare_range": {str(r): dict(v) for r, v in self.ranges.to_dict("index").items()}}
        )

    def _remarks(self) -> list[str]:
        if self.policy is None:
            return []
        return (
            self.policy.remarks(self.base.model) if isinstance(self.policy, Policy) else remarks(self.base.model, self.policy)
        )

    def with_ranges(self, report: Callable[[float], None] | None = None) -> StaticRun:
        """The run with welfare under every study of elasticities that the benchmark carries, in two nests and in one."""
        from cge.report import findings

        return replace(self, ranges=findings.welfare_range(self.scenario, report=report))

    def sentences(self) -> list[str]:
        """Members together, notes, how it was solved."""
        told = self.summary()
        lines = []
        if told["intra_trade_percent"] is not None and len(self.members) < len(told["regions"]):
            lines.append(
                f"Members {', '.join(self.members)}: welfare {told['bloc_welfare_percent']:+.3f} %, "
                f"trade among them {told['intra_trade_percent']:+.1f} % (volume)"
            )
        lines += [f"Note: {note}" for note in told["notes"]]
        seconds = told["seconds"]
        lines.append(
            f"{told['status']}: residual {told['max_residual']:.0e}, Walras {told['walras']:.0e} of world GDP; "
            f"build {seconds['build']:.2f} s, solve {seconds['solve']:.2f} s"
        )
        return lines

    def save(self, folder: str | Path, *, more_figures: bool = False) -> Path:
        """Solution, tables, figures, summary, policy and scenario; see :func:`cge.report.files.write`."""
        from cge.report import files

        return files.write(self, Path(folder), self.ranges, more_figures=more_figures)

    def report(self, path: str | Path, command: str = "", *, interactive: bool | None = None) -> Path:
        """One self-contained HTML file; see :mod:`cge.report.html_report`."""
        from cge.report import html_report

        return html_report.write(self, path, command, self.ranges, interactive=interactive)

    def body(self, command: str, draw: Any) -> list[str]:
        """The parts of its page."""
        from cge.report import html_report

        return html_report.body(self, command, draw, self.ranges)

    def _bloc(self, members: list[str]) -> float | None:
        if not members:
            return None
        ev = self.table().loc[members, "ev_musd"].sum()
        return float(100 * ev / float(self.base["y_0"].sel(r=members).sum()))


@dataclass(frozen=True, repr=False)
class PathRun(Run):
    """A policy year by year beside its baseline.

    Attributes
    ----------
    scenario : Scenario
    difference : Difference
    """

    scenario: Scenario
    difference: Difference

    def table(self) -> pd.DataFrame:
        """The last year against the baseline, by region, per cent; stocks in million."""
        last = self.difference.dataset().isel(year=-1, drop=True)
        return pd.DataFrame({str(n): last[n].to_series() for n in last.data_vars}).rename_axis("region")

    @property
    def tables(self) -> list[Table]:
        """The last year by region; welfare and real GDP by year."""
        data, year = self.difference.dataset(), self.difference.policy.years[-1]
        by_year = {n: data[f"{n}_percent"].transpose("r", "year").to_pandas() for n in ("welfare", "real_gdp")}
        words = {"welfare": "real income", "real_gdp": "real GDP"}
        return [
            Table("regions", f"{year} against the baseline, per cent", self.table()),
            *(Table(n, f"{words[n]}, per cent of the baseline", frame) for n, frame in by_year.items()),
        ]

    @property
    def shown(self) -> list[Table]:
        """Real income and real GDP by region in the first, the middle and the last year."""
        data, years = self.difference.dataset(), self.difference.policy.years
        told = list(dict.fromkeys((years[0], years[(len(years) - 1) // 2], years[-1])))
        frame = pd.DataFrame(
            {
                f"{v.split('_percent')[0].replace('_', ' ')} {y}": data[v].sel(year=y).to_series()
                for v in ("welfare_percent", "real_gdp_percent")
                for y in told
            }
        ).rename_axis("region")
        what = f"{self.difference.policy.name}: per cent of baseline, benchmark {self.difference.policy.benchmark}"
        return [Table("regions", what, frame)]

    def values(self, name: str) -> xr.Dataset:
        """A recorded series along the baseline (``before``) and the policy path (``after``)."""
        before, after = self.difference.baseline.dataset(), self.difference.policy.dataset()
        if name not in after:
            raise ModelError(f"a path records {', '.join(map(str, after.data_vars))}; not {name!r}")
        return xr.Dataset({"before": before[name], "after": after[name]})

    def report(self, path: str | Path, command: str = "", *, interactive: bool | None = None) -> Path:
        """One self-contained HTML file; see :mod:`cge.report.dynamics_report`."""
        from cge.report import dynamics_report

        data, sources = self.scenario.data(), tuple(getattr(self.scenario.policy, "sources", ()))
        return dynamics_report.write_html(self.difference, data, path, command, sources=sources, interactive=interactive)

    def body(self, command: str, draw: Any) -> list[str]:
        """The parts of its page."""
        from cge.report import dynamics_report

        return dynamics_report.body(self.difference, self.scenario.data(), command, draw)

    def save(self, folder: str | Path, *, more_figures: bool = False) -> Path:
        """The path, its differences, tables and figure; see :func:`cge.report.dynamics_report.write`."""
        from cge.report import dynamics_report

        return dynamics_report.write(self.difference, folder)

    def sentences(self) -> list[str]:
        """The world's real income, and how the years were solved."""
        told = self.difference.summary()
        years, world = told["years"], told["world_welfare_percent"]
        return [
            f"World real income, % of baseline: {years[0]} {world[0]:+.3f}, {years[-1]} {world[-1]:+.3f}",
            f"{len(years)} years: residual {told['max_residual']:.0e}, identities {told['identity_gap']:.0e}; baseline "
            f"{told['seconds']['baseline']:.1f} s, policy {told['seconds']['policy']:.1f} s",
        ]

    def summary(self) -> dict[str, Any]:
        """The keys of every run, of the last year, and the path's own."""
        told = self.difference.summary()
        regions = {str(r): {str(k): float(v) for k, v in row.items()} for r, row in self.table().to_dict("index").items()}
        return {
            **told,
            "title": self.title,
            "status": "every year solved and certified",
            "walras": told["identity_gap"],
            "regions": regions,
            "notes": [],
        }


def solve(
    scenario: Scenario,
    years: str | tuple[int, int] | None = None,
    *,
    growth: str | Path | None = None,
    investment: Literal["saving", "returns"] = "saving",
    capital: Literal["mobile", "vintage"] = "mobile",
    progress: bool | None = None,
) -> Run:
    """Solve a scenario against its benchmark, in one equilibrium or year by year.

    Parameters
    ----------
    scenario : Scenario
    years : str or pair of int, optional
        ``"2018:2035"`` or ``(2018, 2035)``: the scenario in time.
    growth : str or path, optional
        With years: rates of growth (:func:`calibration.growth.read_growth`).
    investment, capital : str
        With years: as in :class:`cge.dynamics.Dynamics`.
    progress : bool, optional
        Show a progress bar; default on a terminal only.

    Raises
    ------
    ModelError
        No scenario, or options of a path without years.
    ShockError
        A policy that cannot act or changes nothing.
    SolveError
        No equilibrium found, or none that a path of the shock leads to.
    """
    if not isinstance(scenario, Scenario):
        hint = f": write solve(Scenario({scenario!r}))" if isinstance(scenario, str) else ""
        raise ModelError(f"solve takes a Scenario, not {type(scenario).__name__}{hint}")
    if years is not None:
        return _path(scenario, years, growth, investment, capital, progress)
    if growth is not None or (investment, capital) != ("saving", "mobile"):
        raise ModelError("growth, investment and capital belong to a path; give years='2018:2035'")
    origin = getattr(scenario.policy, "origin", None)
    if origin is not None:
        return _with_origin(scenario)
    whole, added = with_needed(scenario)
    started = time.perf_counter()
    model, opened = model_of(whole)
    built = time.perf_counter() - started - opened
    run = replace_seconds(on(model, whole, progress=progress), calibrate=opened, build=built)
    return replace(run, added=added)


def with_needed(scenario: Scenario) -> tuple[Scenario, tuple[str, ...]]:
    """The scenario with the mechanisms that its policy needs and it has not, and which they are."""
    from cge.catalogue import mechanism_named

    there = {type(x).__name__ for x in scenario.mechanisms}
    lacking = tuple(n for n in getattr(scenario.policy, "mechanisms", ()) if n not in there)
    return scenario.with_(*(mechanism_named(n, {}) for n in lacking)), lacking


def replace_seconds(run: StaticRun, **seconds: float) -> StaticRun:
    """The run with other or further times."""
    return replace(run, seconds={**seconds, **{k: v for k, v in run.seconds.items() if k not in seconds}})


def on(model: Model, scenario: Scenario, *, progress: bool | None = None) -> StaticRun:
    """Solve a scenario's policy on a model that is built, whatever its blocks.

    Parameters
    ----------
    model : Model
    scenario : Scenario
        Its policy and method count; the model stands for the rest.
    progress : bool, optional

    Raises
    ------
    ShockError
        The policy cannot act on this model, or changes nothing.
    """
    policy = scenario.policy
    if policy is not None:
        require_change(model, policy)  # refused before the benchmark is solved
    started = time.perf_counter()
    base = model.solve(progress=progress)
    after = base if policy is None else model.solve(policy, method=scenario.method, progress=progress)  # type: ignore[arg-type]
    return StaticRun(scenario, base, after, {"build": model.seconds_to_build, "solve": time.perf_counter() - started})


_models: OrderedDict[str, Model] = OrderedDict()
_guard = threading.Lock()


def model_of(scenario: Scenario) -> tuple[Model, float]:
    """The compiled model of a scenario, kept for scenarios that share it, and the seconds that opening its data took."""
    key = scenario.key()
    with _guard:
        if key in _models:
            _models.move_to_end(key)
            return _models[key], 0.0
    started = time.perf_counter()
    data = scenario.data()
    opened = time.perf_counter() - started
    if scenario.model == "gtap":
        from cge.gtap import gtap_model

        model = gtap_model(data, scenario.closure if scenario.closure.swaps else None, mechanisms=scenario.mechanisms)
    elif scenario.model == "trade":
        one = one_final_demand(data)
        options: dict[str, Any] = {"sourcing": "pooled", "demand": "cobb-douglas", "blocks": TRADE_MODEL}
        model = Model(one, scenario.closure, mechanisms=scenario.mechanisms, **options)
    else:
        model = Model(data, scenario.closure, sourcing=scenario.sourcing, mechanisms=scenario.mechanisms)
    with _guard:
        model = _models.setdefault(key, model)
        while len(_models) > KEPT_MODELS:
            _models.popitem(last=False)
    return model, opened


def _with_origin(scenario: Scenario) -> StaticRun:
    """A policy with an origin clause: rules of origin are put on the core model, the ordinary duty is the alternative."""
    from policies.rules_of_origin import OriginRules, study_of

    policy = scenario.policy
    assert isinstance(policy, Policy)
    assert policy.origin is not None
    if scenario.method != "auto":
        raise ShockError(
            f"policy {policy.name!r} has an origin clause, which is solved with method 'auto', not {scenario.method!r}"
        )
    if scenario.model != "core":
        raise ModelError(f"policy {policy.name!r} has an origin clause, which the model 'core' states; drop it, or take 'core'")
    clock = [time.perf_counter()]
    data = scenario.data()
    clock.append(time.perf_counter())
    study = study_of(policy, data, scenario.closure, scenario.sourcing)
    clock.append(time.perf_counter())
    base = study.model.solve()
    preferences = policy.without_origin()  # the study states the rules
    moved = any((composed.value != composed.base).any() for composed in preferences.composed(study.model).values())
    rules = OriginRules(policy.name, rvc=policy.origin.rvc)
    after = study.solve(rules, policy=preferences if moved else None).solution
    clock.append(time.perf_counter())
    names = ("calibrate", "build", "solve")
    return StaticRun(scenario, base, after, dict(zip(names, (b - a for a, b in pairwise(clock)), strict=True)))


def _path(
    scenario: Scenario,
    years: str | tuple[int, int],
    growth: str | Path | None,
    investment: Literal["saving", "returns"],
    capital: Literal["mobile", "vintage"],
    progress: bool | None,
) -> PathRun:
    from calibration.growth import read_growth
    from cge.dynamics import Baseline, Dynamics

    scenario, _ = with_needed(scenario)
    if scenario.model != "core":
        raise ModelError(f"a path of years is walked on the model 'core', not on {scenario.model!r}")
    first, last = years_of(years)
    data = scenario.data()
    baseline = Baseline.between(first, last, read_growth(data, growth))
    curve = tuple(x for x in scenario.mechanisms if isinstance(x, WageCurve))  # else the closure would bring its own
    riding = tuple(x for x in scenario.mechanisms if x not in curve)
    plain = Model(data, scenario.closure, sourcing=scenario.sourcing, mechanisms=curve)
    dynamics = Dynamics(plain, baseline, investment=investment, capital=capital, mechanisms=riding)
    return PathRun(scenario, dynamics.run(scenario.policy, progress=progress))


def years_of(given: str | tuple[int, int]) -> tuple[int, int]:
    """First and last year of ``"2018:2035"`` or a pair.

    Raises
    ------
    ModelError
        Neither, or the last before the first.
    """
    parts = given.split(":") if isinstance(given, str) else list(given)
    try:
        first, last = (int(str(x)) for x in parts)
    except ValueError:
        raise ModelError(f"years {given!r} are not FIRST:LAST, as 2018:2035") from None
    if last < first:
        raise ModelError(f"years {given!r}: the last is before the first")
    return first, last


def peak_memory_mb() -> float | None:
    """Largest resident memory of this process so far, in MB; None where the system does not tell (Windows)."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:
        return None
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return round(peak / 1024 / 1024 if sys.platform == "darwin" else peak / 1024, 1)


__all__ = ["PathRun", "Run", "StaticRun", "model_of", "on", "peak_memory_mb", "solve", "years_of"]
