"""Running a scenario: one way in, :func:`solve`, and one kind of result out, a :class:`cge.results.run.Run`."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from calibration.benchmark import Benchmark
from calibration.from_flows import one_final_demand
from calibration.growth import read_growth
from cge.blocks.deficits import TRADE_MODEL
from cge.dynamics import Baseline, Difference, Dynamics
from cge.dynamics.rules_in_time import RulesInTime
from cge.equations.known_mechanisms import mechanism_named
from cge.errors import ModelError, ShockError
from cge.mechanisms.origin import RulesOfOrigin
from cge.mechanisms.origin.clauses import coverage_of, prepared, solve_under_rules
from cge.model import Model
from cge.model.shock import require_change
from cge.policy.policy import Policy
from cge.results.origin_run import OriginRun
from cge.results.path_run import PathRun
from cge.results.run import Run
from cge.results.static_run import StaticRun
from cge.scenario import Scenario

KEPT_MODELS = 3
"""Compiled models kept for scenarios that share them."""


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
    rules = isinstance(scenario.policy, Policy) and bool(scenario.policy.origin)
    if rules and scenario.method != "auto":
        raise ShockError(
            f"policy {scenario.policy.name!r} has an origin clause, which is solved with method 'auto', not {scenario.method!r}"  # type: ignore[union-attr]
        )
    whole, added = with_needed(scenario)
    if rules:
        return replace(_under_rules(whole, added), scenario=scenario)
    started = time.perf_counter()
    model, opened = model_of(whole)
    built = time.perf_counter() - started - opened
    run = replace_seconds(on(model, whole, progress=progress), calibrate=opened, build=built)
    return replace(run, added=added)


def with_needed(scenario: Scenario) -> tuple[Scenario, tuple[str, ...]]:
    """The scenario with what its policy needs and it has not, and a sentence on each.

    Mechanisms that the policy names; where it has rules of origin, the mechanism that states them, motor vehicles divided, and
    factors that stay in their sector.
    """
    there = {type(x).__name__ for x in scenario.mechanisms}
    lacking = tuple(n for n in getattr(scenario.policy, "mechanisms", ()) if n not in there)
    whole = scenario.with_(*(mechanism_named(n, {}) for n in lacking))
    added = [f"Mechanism {name} is put on the model: the policy needs it." for name in lacking]
    policy = scenario.policy
    if not isinstance(policy, Policy) or not policy.origin:
        return whole, tuple(added)
    data = scenario.data()
    shown = prepared(data, policy)
    if shown is not data:
        whole = whole.with_(benchmark=shown, elasticities="", demand="benchmark", production="benchmark")
        added.append(f"Sectors are divided: {shown.sam.data.attrs['split']}.")
    coverages = tuple(coverage_of(clause, policy, shown) for clause in policy.origin)
    stated = next((x for x in whole.mechanisms if isinstance(x, RulesOfOrigin)), None)
    if stated is None:
        whole = whole.with_(RulesOfOrigin(*coverages))
    elif any(coverage not in stated.coverages for coverage in coverages):
        raise ModelError(
            f"the scenario's RulesOfOrigin covers {', '.join(c.sector for c in stated.coverages)} otherwise than policy "
            f"{policy.name!r} does; leave the mechanism out, it is put on the model with the policy"
        )
    tied = tuple(f for clause in policy.origin for f in clause.tied)
    if tied and whole.model == "core":
        given = whole.closure.specific
        kept = tuple(f for f in ("nat",) if f in shown.sam.factors) if given is None else given
        free = tuple(f for f in tied if f not in kept and f.partition(":")[0] not in kept)
        if free:
            whole = whole.with_(closure=replace(whole.closure, specific=(*kept, *free)))
            added.append(f"{', '.join(free)} cannot move to other sectors: the policy says so.")
    elif tied:
        added.append(f"{', '.join(tied)} would stay in their sectors by the policy; model {whole.model!r} lets them move.")
    return whole, tuple(added)


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

        closure = replace(scenario.closure, specific=()) if scenario.closure.swaps else None  # GTAP's factors are its data's
        model = gtap_model(data, closure, mechanisms=scenario.mechanisms)
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


def _under_rules(scenario: Scenario, added: tuple[str, ...]) -> OriginRun:
    """A policy with rules of origin, on a model that states them; firms that do not comply pay the ordinary duty."""
    policy = scenario.policy
    assert isinstance(policy, Policy)
    started = time.perf_counter()
    model, opened = model_of(scenario)
    built = time.perf_counter() - started - opened
    found = solve_under_rules(model, policy)
    seconds = {"calibrate": opened, "build": built, "solve": time.perf_counter() - started - opened - built}
    return OriginRun(scenario, found.base, found.after, seconds, added=added, before=found.before, now=found.now)


def _path(
    scenario: Scenario,
    years: str | tuple[int, int],
    growth: str | Path | None,
    investment: Literal["saving", "returns"],
    capital: Literal["mobile", "vintage"],
    progress: bool | None,
) -> PathRun:
    whole, added = with_needed(scenario)
    if scenario.model != "core":
        raise ModelError(f"a path of years is walked on the model 'core', not on {scenario.model!r}")
    if scenario.method != "auto":
        raise ModelError(f"a path of years is solved with method 'auto', not {scenario.method!r}")
    first, last = years_of(years)
    data = whole.data()
    require_first_year(data, first, last)
    baseline = Baseline.between(first, last, read_growth(data, growth))
    # what a closure holds must stand on the model that is closed; the others ride along
    held = {n for swap in whole.closure.swaps for n in (swap.fixed, swap.free)}
    standing = tuple(x for x in whole.mechanisms if held & {*x.symbols})
    riding = tuple(x for x in whole.mechanisms if x not in standing)
    plain = Model(data, whole.closure, sourcing=whole.sourcing, mechanisms=standing)
    dynamics = Dynamics(plain, baseline, investment=investment, capital=capital, mechanisms=riding)
    policy = whole.policy
    if not isinstance(policy, Policy) or not policy.origin:
        return PathRun(scenario, dynamics.run(policy, progress=progress), added)
    after = dynamics.run(RulesInTime(policy), progress=progress)
    if all(clause.against is None for clause in policy.origin):
        return PathRun(scenario, after, added)
    before = dynamics.run(RulesInTime(policy, before=True), progress=progress)
    return PathRun(scenario, Difference(after.policy, before.policy), added)


def require_first_year(data: Benchmark, first: int, last: int) -> None:
    """A path begins in the year of its data: in another year its figures would bear the wrong date.

    Raises
    ------
    ModelError
    """
    year = str(data.attrs.get("year", ""))
    if year.isdigit() and int(year) != first:
        raise ModelError(
            f"benchmark {data.name!r} is of {year}, and a path begins in the year of its data: give --years {year}:{last}"
        )


def years_of(given: str | tuple[int, int]) -> tuple[int, int]:
    """First and last year of ``"2018:2035"`` or a pair.

    Raises
    ------
    ModelError
        Neither, or the last before the first.
    """
    try:
        parts = given.split(":") if isinstance(given, str) else list(given)
        first, last = (int(str(x)) for x in parts)
    except (TypeError, ValueError):
        raise ModelError(f"years {given!r} are not FIRST:LAST, as 2018:2035") from None
    if last < first:
        raise ModelError(f"years run backwards: {given!r}; the first comes first, as 2018:2035")
    return first, last
