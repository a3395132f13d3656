"""The one kind of result: a run of a scenario."""

from __future__ import annotations

import importlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from calibration.cards import Carded
from calibration.errors import nearest
from cge.errors import ModelError
from cge.figure import Figure, made
from cge.scenario import Scenario
from cge.table import Table
from cge.upward import provided


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
    def figures_by_name(self) -> Mapping[str, Callable[[], Figure | None]]:
        """The figures it shows, each made when it is asked for; None where there is nothing to show in it."""

    @property
    def figures(self) -> list[Figure]:
        """Everything that files and pages draw, as data; some take longer than the solve (a policy's parts), see
        :meth:`figure_data` for one."""
        return made(self.figures_by_name())

    def figure_data(self, name: str) -> Figure:
        """One of :attr:`figures`, the others are not made.

        Raises
        ------
        ModelError
            No figure of this name, or this run has nothing to show in it.
        """
        known = self.figures_by_name()
        if name not in known:
            raise ModelError(f"run {self.title!r} has no figure {name!r}{nearest(name, known)} known: {', '.join(known)}")
        figure = known[name]()
        if figure is None:
            others = ", ".join(n for n in known if n != name)
            raise ModelError(f"run {self.title!r} has nothing to show in figure {name!r}; others: {others}")
        return figure

    def figure(self, name: str, *, interactive: bool = False) -> Any:
        """One figure drawn.

        Parameters
        ----------
        name : str
            Of one of :attr:`figures`.
        interactive : bool
            A ``plotly.graph_objects.Figure`` (the extra ``report``) instead of a ``matplotlib.figure.Figure``.

        Raises
        ------
        ModelError
            As :meth:`figure_data`, or plotly is not installed.
        """
        return provided("a figure drawn")(self.figure_data(name), interactive=interactive, context=self.title)

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
        """Every table as CSV, every figure as PNG and in ``figures.json``, ``summary.json`` and ``scenario.yaml`` (where the
        scenario has a text)."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for table in self.tables:
            table.frame.to_csv(folder / f"{table.name}.csv")
        (folder / "summary.json").write_text(json.dumps(self.summary(), indent=1) + "\n", encoding="utf-8")
        provided("figures in a folder")(self.figures, folder, self.title)
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
