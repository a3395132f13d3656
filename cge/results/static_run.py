"""The run of one equilibrium against another."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from cge.errors import ModelError
from cge.figure import Figure
from cge.model.shock import remarks
from cge.model.solution import Comparison, Solution
from cge.policy.policy import Policy
from cge.results.run import Run
from cge.scenario import Scenario
from cge.table import Table
from cge.upward import provided


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
        What the policy needed and the scenario had not, a sentence each.
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
        """Welfare, EV, real GDP, real wage, trade, terms of trade by region (:meth:`cge.model.solution.Comparison.table`)."""
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
            *self.own_tables,
        ]

    @property
    def own_tables(self) -> list[Table]:
        """What the mechanisms on the model show (:meth:`cge.equations.declare.Mechanism.tables`)."""
        return [t for x in self.after.model.mechanisms for t in x.tables(self.base, self.after)]

    @property
    def shown(self) -> list[Table]:
        """The table by region, with the range over studies of elasticities where it was asked for."""
        words = provided("words for a heading")
        data = self.base.model.benchmark
        table = self.table()
        if "ev_musd" in table:
            table["ev_musd"] = [f"{v:,.0f}" for v in table["ev_musd"]]
        table.columns = pd.Index([words(str(c), data.currency) for c in table.columns])
        if self.ranges is not None:
            low, high = self.ranges.min(axis=1), self.ranges.max(axis=1)
            table.insert(1, "range", [f"{a:+.2f}..{b:+.2f}" for a, b in zip(low, high, strict=True)])
        return [Table("regions", f"{self.title} on benchmark {data.name}", table), *self.own_tables]

    @cached_property
    def contributions(self) -> pd.DataFrame | None:
        """Welfare by part of the policy (:func:`cge.report.findings.contributions`), which takes longer than the solve."""
        parts: pd.DataFrame | None = provided("welfare by part of a policy")(self)
        return parts

    def figures_by_name(self) -> Mapping[str, Callable[[], Figure | None]]:
        """Welfare with output, the map, parts of the policy, trade, output, prices, and what mechanisms bring."""
        figures: Mapping[str, Callable[[], Figure | None]] = provided("figures of a static run")(self)
        return figures

    @property
    def main_figures(self) -> tuple[str, ...]:
        """Names of the figures that are saved where not all are asked for."""
        return ("welfare",)

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
            "world_ev_musd": float(table["ev_musd"].sum()) if "ev_musd" in table else None,
            "regions": regions,
            "notes": [
                *self.added,
                *(f"Welfare and EV are left out: {why}." for why in {*table.attrs["absent"].values()} if "kinks" in why),
                *self._remarks(),
                *model.remarks,
            ],
            "sources": list(getattr(self.policy, "sources", ())),
            "tables": {t.name: t.rows() for t in self.own_tables},
        } | (
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
        return replace(self, ranges=provided("welfare under each study of elasticities")(self.scenario, report=report))

    def sentences(self) -> list[str]:
        """Members together, notes, how it was solved."""
        told = self.summary()
        lines = []
        if told["intra_trade_percent"] is not None and len(self.members) < len(told["regions"]):
            together = told["bloc_welfare_percent"]
            welfare = "" if together is None else f"welfare {together:+.3f} %, "
            lines.append(
                f"Members {', '.join(self.members)}: {welfare}trade among them {told['intra_trade_percent']:+.1f} % (volume)"
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
        written: Path = provided("files of a static run")(self, Path(folder), more_figures=more_figures)
        return written

    def report(self, path: str | Path, command: str = "", *, interactive: bool | None = None) -> Path:
        """One self-contained HTML file; see :mod:`cge.report.html_report`."""
        if "welfare_percent" not in self.table():
            raise ModelError(f"no page of {self.title!r}: {self.table().attrs['absent']['u']}; its tables can be saved (--out)")
        written: Path = provided("page of a static run")(self, path, command, interactive=interactive)
        return written

    def body(self, command: str, draw: Any) -> list[str]:
        """The parts of its page."""
        parts: list[str] = provided("parts of the page of a static run")(self, command, draw)
        return parts

    def _bloc(self, members: list[str]) -> float | None:
        if not members or "ev_musd" not in self.table():
            return None
        ev = self.table().loc[members, "ev_musd"].sum()
        return float(100 * ev / float(self.base["y_0"].sel(r=members).sum()))


def peak_memory_mb() -> float | None:
    """Largest resident memory of this process so far, in MB; None where the system does not tell (Windows)."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:
        return None
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return round(peak / 1024 / 1024 if sys.platform == "darwin" else peak / 1024, 1)
