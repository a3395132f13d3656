"""USMCA's automotive rules of origin as a question: what they change against NAFTA's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from calibration.benchmark import Benchmark
from calibration.split_sector import VEHICLES
from cge import progress
from cge.catalogue import Question, options_of
from cge.errors import ShockError
from cge.figure import Figure
from cge.mechanisms.origin.results import RulesSolution
from cge.model import Model
from cge.policy.policy import Policy
from cge.report import html
from cge.results.origin_run import OriginRun
from cge.run import solve
from cge.scenario import Scenario
from cge.table import Table
from policies import usmca_report
from policies.automotive_rules import MEMBERS, RULES, checked_duty, usmca
from policies.usmca_results import Usmca, usmca_curves, usmca_study

__all__ = ["QUESTION", "UsmcaRun", "usmca"]


class UsmcaOptions(options_of(usmca, "usmca")):  # type: ignore[misc]
    """What may be chosen: what :func:`policies.automotive_rules.usmca` takes, and curves."""

    curve: bool = Field(False, description="outcomes along the content threshold too")


@dataclass(frozen=True, repr=False)
class UsmcaRun(OriginRun):
    """A scenario of rules against NAFTA's, with the industry of the members.

    Attributes
    ----------
    rules, duty, assembly : str
        What was asked.
    curves : mapping of str to DataFrame
        Outcomes along the content threshold by duty, where asked for.
    """

    rules: str = "usmca-cars"
    duty: str = "cars"
    assembly: str = "fixed"
    curves: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def result(self) -> Usmca:
        """The members' industry before and after."""
        before, now = self.before[VEHICLES], self.now[VEHICLES]
        free = RulesSolution(before.study.model.solve(), None, before.study)
        return Usmca(before.study, free, before, now, self.rules, self.duty, self.assembly)

    def table(self) -> pd.DataFrame:
        """Changes from NAFTA's rules by region."""
        return self.result.regions()

    def summary(self) -> dict[str, Any]:
        """The keys of every run, and the industry's."""
        curves = {"curves": usmca_report.curves_json(self.curves)} if self.curves else {}
        return super().summary() | self.result.summary() | curves

    @property
    def tables(self) -> list[Table]:
        """Every region, the members' industry, use of the preference, firm types, trade, curves."""
        return [*super().tables, *self.shown]

    @property
    def shown(self) -> list[Table]:
        """The members' industry, use of the preference, curves."""
        told = self.result.summary()
        rows = {
            f"{sector}: {what}, %": {m: told[sector][what][m] for m in MEMBERS}
            for sector in ("vehicles", "parts")
            for what in ("output", "employment", "price")
        }
        for column in ("welfare_percent", "real_gdp_percent", "real_wage_percent"):
            if column in told["regions"][MEMBERS[0]]:  # on GTAP's model welfare is left out where rules bind
                rows[html.words(column)] = {m: told["regions"][m][column] for m in MEMBERS}
        members = pd.DataFrame.from_dict(rows, orient="index").rename_axis("change from NAFTA's rules")
        used = pd.DataFrame(told["utilisation"]).mul(100).rename_axis("use of the preference, %")
        shown = [Table("members", self.title, members), Table("use", "Utilisation by pair", used, 1)]
        for duty, curve in self.curves.items():
            part = curve[["regional_content", "utilisation", "cost_penalty"]].mul(100)
            part.index = pd.Index([f"{100 * x:.0f}" for x in part.index], name="threshold, %")
            shown.append(Table(f"curve_{duty}", f"Along the content threshold, duty of {duty}, per cent", part, 2))
        return shown

    def figures_by_name(self) -> Mapping[str, Callable[[], Figure | None]]:
        """What every run shows; changes in each sector of the members; with curves, outcomes along the content threshold."""
        return {**super().figures_by_name(), **usmca_report.figures_of(self.result, self.curves or None)}

    @property
    def main_figures(self) -> tuple[str, ...]:
        """Welfare, vehicles and parts, curves."""
        return (*super().main_figures, *usmca_report.figures_of(self.result, self.curves or None))

    def sentences(self) -> list[str]:
        """What the tables do not show, a line each."""
        told = self.result.summary()
        lines = [
            f"{key.replace('_', ' ')}: " + ", ".join(f"{k} {100 * v:.2f} %" for k, v in told[key].items())
            for key in ("regional_content", "constrained_share", "cost_penalty")
        ]
        trade = told["trade"]
        parts = (
            f"{name} within {trade[key]['within_percent']:+.1f} %, from outside {trade[key]['from_outside_percent']:+.1f} %"
            for name, key in (("vehicles", "veh"), ("parts", "prt"))
        )
        lines.append("trade (volume): " + "; ".join(parts))
        if told["unused_types"]:
            lines.append(f"firm types that cannot meet the rules: {told['unused_types']}")
        lines += [f"Note: {note}" for note in self.notes]
        lines.append(
            f"{told['status']}: residual {told['max_residual']:.0e}, complementarity {told['complementarity_gap']:.0e}"
        )
        return lines

    def save(self, folder: str | Path, *, more_figures: bool = False) -> Path:
        """What every run saves, and tables of firm types, trade and curves."""
        folder = super().save(folder, more_figures=more_figures)
        return usmca_report.write(self.result, folder, self.curves or None)

    def body(self, command: str, draw: Any) -> list[str]:
        """The parts of its page."""
        return usmca_report.body(self.result, command, draw, self.curves or None)

    def report(self, path: str | Path, command: str = "", *, interactive: bool | None = None) -> Path:
        """One self-contained HTML file."""
        return usmca_report.write_html(self.result, path, command, self.curves or None, interactive=interactive)


def model(benchmark: Benchmark) -> Model:
    """The model on which rules are asked."""
    return usmca_study(benchmark).model


def policy_of(options: Any, benchmark: Benchmark | None) -> Policy:
    """The policy of the question's options.

    Raises
    ------
    ShockError
        A curve, which is no policy.
    """
    given = {n: getattr(options, n) for n in options.model_fields_set}
    if given.pop("curve", False):
        raise ShockError("curve draws outcomes of usmca alone, in one equilibrium: leave it out of a sum or of years")
    return usmca(**given) if benchmark is None else usmca(**given, benchmark=benchmark)


def run_usmca(scenario: Scenario, options: Any) -> UsmcaRun:
    """Solve rules against NAFTA's.

    Parameters
    ----------
    scenario : Scenario
    options : UsmcaOptions
    """
    asked = options.model_copy(update={"curve": False})
    run = solve(scenario.under(policy_of(asked, scenario.data())))
    assert isinstance(run, OriginRun)
    curves: Mapping[str, pd.DataFrame] = {}
    if options.curve:
        with progress.Progress("content thresholds") as bar:
            curves = usmca_curves(study=run.now[VEHICLES].study, report=bar.update)
    kept = {f.name: getattr(run, f.name) for f in fields(OriginRun)}
    duty = checked_duty(options.rules, options.duty)
    return UsmcaRun(**kept, rules=options.rules, duty=duty, assembly=options.assembly, curves=curves)


QUESTION = Question(
    "usmca",
    "USMCA's automotive rules of origin against NAFTA's",
    policy=policy_of,
    options=UsmcaOptions,
    run=run_usmca,
    model=model,
    scenarios=tuple(RULES),
    writes=("types.csv", "trade.csv", "curve*.csv", "laffer.png"),
)
