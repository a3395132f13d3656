"""Policies with rules of origin: the data they are asked on, the mechanism they need, and their equilibria."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import xarray as xr

from calibration.benchmark import Benchmark
from calibration.split_sector import split_vehicles
from cge.errors import ShockError
from cge.mechanisms.origin.coverage import Coverage
from cge.mechanisms.origin.results import RulesSolution
from cge.mechanisms.origin.study import OriginRules, RulesStudy
from cge.model import Model
from cge.model.solution import Solution
from cge.policy.origin_clause import OriginClause, Thresholds
from cge.policy.policy import Policy

FIRMS = ("types", "dispersion", "substitution", "kappa", "steel_share")
"""Fields of a clause that describe firms; what it leaves out the mechanism has its own values for."""


@dataclass(frozen=True)
class UnderRules:
    """A policy with rules of origin, solved.

    Attributes
    ----------
    free : Solution
        The benchmark: preferences are automatic.
    base, after : Solution
        Under the rules in force before the policy (``free`` where there were none); under the policy.
    before, now : dict of str to RulesSolution
        The covered sectors in them.
    """

    free: Solution
    base: Solution
    after: Solution
    before: Mapping[str, RulesSolution]
    now: Mapping[str, RulesSolution]


def prepared(benchmark: Benchmark, policy: Policy) -> Benchmark:
    """The benchmark with motor vehicles divided where a clause is about vehicles and the data do not show them."""
    for clause in policy.origin:
        if clause.sector in benchmark.commodities or not clause.divides:
            continue
        whole = next((x for x in clause.divides if x in benchmark.commodities), clause.divides[0])
        benchmark = split_vehicles(benchmark, whole, (clause.sector, clause.material or f"{clause.sector}_parts"))
    return benchmark


def coverage_of(clause: OriginClause, policy: Policy, benchmark: Benchmark) -> Coverage:
    """What a clause covers on a benchmark."""
    metals = next((x for x in clause.metals if x in benchmark.commodities), benchmark.commodities[-1])
    firms = {name: getattr(clause, name) for name in FIRMS if getattr(clause, name) is not None}
    return Coverage(
        area=clause.area or tuple(policy.present(benchmark)),
        sector=clause.sector,
        material=clause.material or clause.sector,
        metals=metals,
        high_wage=clause.high_wage,
        cumulation=clause.cumulation,
        **firms,
    )


def studies_of(policy: Policy, model: Model) -> dict[str, RulesStudy]:
    """One study for each covered sector of a policy, all on one model that states their rules."""
    return {
        clause.sector: RulesStudy(
            model.benchmark,
            coverage_of(clause, policy, model.benchmark),
            clause.duties,
            reference=clause.reference or None,
            utilisation0=clause.utilisation,
            model=model,
        )
        for clause in policy.origin
    }


def rules_named(name: str, thresholds: Thresholds) -> OriginRules:
    """What a policy asks as a set of rules."""
    return OriginRules(name, **{f.name: getattr(thresholds, f.name) for f in fields(OriginRules) if f.name != "name"})


def rules_before(clause: OriginClause) -> OriginRules | None:
    """The rules in force before the policy; None where preferences were automatic."""
    return None if clause.against is None else rules_named("before", clause.against)


def rules_now(clause: OriginClause, name: str) -> OriginRules | None:
    """The rules of the policy; None where preferences are automatic."""
    return None if clause.automatic else rules_named(name, clause)


def instruments_of(
    policy: Policy, studies: Mapping[str, RulesStudy], *, before: bool = False
) -> tuple[dict[str, xr.DataArray], dict[str, xr.DataArray], dict[str, dict[str, int]]]:
    """Instruments of all covered sectors at their values, a guess, and the firm types that cannot comply by sector."""
    exogenous: dict[str, xr.DataArray] = {}
    guess: dict[str, xr.DataArray] = {}
    unused: dict[str, dict[str, int]] = {}
    for clause in policy.origin:
        rules = rules_before(clause) if before else rules_now(clause, policy.name)
        asked, near, cannot = studies[clause.sector].exogenous(rules, lapsed=() if before else clause.lapsed)
        exogenous, guess, unused[clause.sector] = {**exogenous, **asked}, {**guess, **near}, cannot
    return exogenous, guess, unused


def solve_under_rules(model: Model, policy: Policy) -> UnderRules:
    """Equilibria of a policy with rules of origin, on a model that states them.

    Parameters
    ----------
    model : Model
        With :class:`cge.mechanisms.origin.RulesOfOrigin` of the policy's coverages (:func:`coverage_of`), on data in which the
        covered sectors stand (:func:`prepared`).
    policy : Policy

    Raises
    ------
    ShockError
        The policy has no rules of origin.
    """
    if not policy.origin:
        raise ShockError(f"policy {policy.name!r} has no origin clause")
    studies = studies_of(policy, model)
    others = policy.without_origin()
    moves = any((composed.value != composed.base).any() for composed in others.composed(model).values())
    free = model.solve()

    def under(shock: Policy | None, before: bool) -> tuple[Solution, dict[str, RulesSolution]]:
        exogenous, guess, unused = instruments_of(policy, studies, before=before)
        solution = model.solve(shock, exogenous=exogenous, guess=guess)
        solution.name = f"before {policy.name}" if before else policy.name
        rules = {c.sector: rules_before(c) if before else rules_now(c, policy.name) for c in policy.origin}
        return solution, {s: RulesSolution(solution, rules[s], studies[s], unused[s]) for s in studies}

    base, before = under(None, True) if any(c.against is not None for c in policy.origin) else (free, {})
    before = before or {s: RulesSolution(free, None, study, {}) for s, study in studies.items()}
    after, now = under(others if moves else None, False)
    return UnderRules(free, base, after, before, now)
