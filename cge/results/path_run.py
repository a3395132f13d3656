"""The run of a policy year by year beside its baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from cge.dynamics.path_of_years import Difference
from cge.errors import ModelError
from cge.figure import Figure
from cge.results.run import Run
from cge.scenario import Scenario
from cge.table import Table
from cge.upward import provided


@dataclass(frozen=True, repr=False)
class PathRun(Run):
    """A policy year by year beside its baseline.

    Attributes
    ----------
    scenario : Scenario
    difference : Difference
    added : tuple of str
        What the policy needed and the scenario had not, a sentence each.
    """

    scenario: Scenario
    difference: Difference
    added: tuple[str, ...] = ()

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

    def figures_by_name(self) -> Mapping[str, Callable[[], Figure | None]]:
        """Paths of real income and debt, and the map of the last year."""
        figures: Mapping[str, Callable[[], Figure | None]] = provided("figures of a path")(self.difference)
        return figures

    def values(self, name: str) -> xr.Dataset:
        """A recorded series along the baseline (``before``) and the policy path (``after``)."""
        before, after = self.difference.baseline.dataset(), self.difference.policy.dataset()
        if name not in after:
            raise ModelError(f"a path records {', '.join(map(str, after.data_vars))}; not {name!r}")
        return xr.Dataset({"before": before[name], "after": after[name]})

    def report(self, path: str | Path, command: str = "", *, interactive: bool | None = None) -> Path:
        """One self-contained HTML file; see :mod:`cge.report.dynamics_report`."""
        data, sources = self.scenario.data(), tuple(getattr(self.scenario.policy, "sources", ()))
        write = provided("page of a path")
        written: Path = write(self.difference, data, path, command, sources=sources, interactive=interactive)
        return written

    def body(self, command: str, draw: Any) -> list[str]:
        """The parts of its page."""
        parts: list[str] = provided("parts of the page of a path")(self.difference, self.scenario.data(), command, draw)
        return parts

    def save(self, folder: str | Path, *, more_figures: bool = False) -> Path:
        """The path, its differences, tables and figure; see :func:`cge.report.dynamics_report.write`."""
        written: Path = provided("files of a path")(self.difference, folder)
        return written

    def sentences(self) -> list[str]:
        """The world's real income, and how the years were solved."""
        told = self.difference.summary()
        years, world = told["years"], told["world_welfare_percent"]
        return [
            *(f"Note: {note}" for note in self.added),
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
            "notes": list(self.added),
        }
