"""USMCA's automotive rules of origin as a question: what they change against NAFTA's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import xarray as xr
from pydantic import Field

from calibration.benchmark import Benchmark
from cge import progress
from cge.catalogue import Options, Question
from cge.figure import Figure
from cge.model import Model
from cge.report import html
from cge.run import Run
from cge.scenario import Scenario
from cge.table import Table
from policies import usmca_report
from policies.automotive_rules import MEMBERS, RULES, Usmca, usmca, usmca_curves, usmca_study

__all__ = ["QUESTION", "UsmcaRun", "usmca"]


class UsmcaOptions(Options):
    """What may be chosen."""

    rules: str = Field(
        "usmca-cars",
        description="none, nafta, usmca-cars, usmca-trucks, content, labour, steel, aluminium, withdrawal, poison-pill",
    )
    assembly: Literal["fixed", "relocation"] = Field("fixed", description="capital of assembly 'fixed', or with 'relocation'")
    curve: bool = Field(False, description="outcomes along the content threshold too")


@dataclass(frozen=True, repr=False)
class UsmcaRun(Run):
    """A scenario of rules against NAFTA's.

    Attributes
    ----------
    scenario : Scenario
    result : Usmca
    curves : mapping of str to DataFrame
        Outcomes along the content threshold by duty, where asked for.
    """

    scenario: Scenario
    result: Usmca
    curves: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Rules, duty and assembly."""
        return f"USMCA, rules {self.result.scenario}, duty of {self.result.duty}, assembly {self.result.assembly}"

    def table(self) -> pd.DataFrame:
        """Changes from NAFTA's rules by region."""
        return self.result.regions()

    def summary(self) -> dict[str, Any]:
        """Everything the command line prints as JSON."""
        return self.result.summary() | ({"curves": usmca_report.curves_json(self.curves)} if self.curves else {})

    def values(self, name: str) -> xr.Dataset:
        """A variable, instrument or definition under NAFTA's rules (``before``) and the scenario's (``after``)."""
        return xr.Dataset({"before": self.result.base.solution[name], "after": self.result.after.solution[name]})

    @property
    def tables(self) -> list[Table]:
        """The members' industry, use of the preference, every region, firm types, trade, curves."""
        told = self.result.summary()
        rows = {
            f"{sector}: {what}, %": {m: told[sector][what][m] for m in MEMBERS}
            for sector in ("vehicles", "parts")
            for what in ("output", "employment", "price")
        }
        for what in ("welfare", "real_gdp", "real_wage"):
            rows[html.words(f"{what}_percent")] = {m: told["regions"][m][f"{what}_percent"] for m in MEMBERS}
        members = pd.DataFrame.from_dict(rows, orient="index").rename_axis("change from NAFTA's rules")
        used = pd.DataFrame(told["utilisation"]).mul(100).rename_axis("use of the preference, %")
        shown = [Table("members", self.title, members), Table("use", "Utilisation by pair", used, 1)]
        for duty, curve in self.curves.items():
            part = curve[["regional_content", "utilisation", "cost_penalty"]].mul(100)
            part.index = pd.Index([f"{100 * x:.0f}" for x in part.index], name="threshold, %")
            shown.append(Table(f"curve_{duty}", f"Along the content threshold, duty of {duty}, per cent", part, 2))
        return shown

    def figures_by_name(self) -> Mapping[str, Callable[[], Figure | None]]:
        """Changes in each sector of the members; with curves, outcomes along the content threshold."""
        return usmca_report.figures_of(self.result, self.curves or None)

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
        lines.append(
            f"{told['status']}: residual {told['max_residual']:.0e}, complementarity {told['complementarity_gap']:.0e}"
        )
        return lines

    def save(self, folder: str | Path, *, more_figures: bool = False) -> Path:
        """JSON, CSV tables, the solution, figures."""
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


def run_usmca(scenario: Scenario, options: UsmcaOptions) -> UsmcaRun:
    """Solve rules against NAFTA's.

    Parameters
    ----------
    scenario : Scenario
        Its benchmark counts.
    options : UsmcaOptions
    """
    curves: Mapping[str, pd.DataFrame] = {}
    result = usmca(options.rules, scenario.benchmark, assembly=options.assembly)
    if options.curve:
        with progress.Progress("content thresholds") as bar:
            curves = usmca_curves(scenario.benchmark, assembly=options.assembly, report=bar.update)
    return UsmcaRun(scenario, result, curves)


QUESTION = Question(
    "usmca",
    "USMCA's automotive rules of origin against NAFTA's",
    options=UsmcaOptions,
    run=run_usmca,
    model=model,
    scenarios=tuple(RULES),
    why="a study of rules of origin with its own closure and figures (--curve)",
)
