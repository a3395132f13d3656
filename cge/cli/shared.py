"""What all commands share: their options, and how they speak."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cge import progress
from cge.errors import ModelError
from cge.report.pdf import print_pdf
from cge.report.style import in_words


class Voice:
    """Whether the command speaks; set by ``--quiet``."""

    quiet = False


def hush(value: bool) -> bool:
    """Speak no more but of errors."""
    Voice.quiet = value
    progress.silence(value)
    return value


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", callback=hush, help="Print nothing but errors; for runs that write files.")
]
ReportOption = Annotated[Path | None, typer.Option("--report", help="One self-contained HTML file of the run.")]
PdfOption = Annotated[Path | None, typer.Option("--pdf", help="The report as PDF, printed by Chromium, Chrome or Edge.")]
WIDTH = 80
"""Columns of a table in a pipe or file."""
BenchmarkArgument = Annotated[str, typer.Argument(help="Embedded name or path of a benchmark file.")]
BenchmarkOption = Annotated[str, typer.Option("--benchmark", help="Embedded name or path of a benchmark file.")]
YearOption = Annotated[int | None, typer.Option("--year", help="rcep: duties as phased in by this year, e.g. 2035.")]
InvestmentOption = Annotated[str, typer.Option("--investment", help="Closure: 'saving' (investment follows) or 'fixed'.")]
LabourOption = Annotated[str, typer.Option("--labour", help="Closure: 'full employment', 'fixed real wage', 'wage curve'.")]
SourcingOption = Annotated[str, typer.Option("--sourcing", help="Import bundles: by 'use', by 'agent', or 'pooled' (GTAP).")]
DemandOption = Annotated[
    str, typer.Option("--demand", help="Private demand: of the 'benchmark', 'stone-geary' required, or 'cobb-douglas'.")
]
ProductionOption = Annotated[
    str,
    typer.Option(
        "--production", help="Value added for intermediates: of the 'benchmark', 'leontief', 'okagawa-ban', or CSV: i, esubt."
    ),
]
ElasticitiesOption = Annotated[
    str, typer.Option("--elasticities", help="A study the benchmark carries (see: cge info); fontagne/one: in one nest.")
]


def hide_pulse() -> None:
    """Nothing moves on the terminal from the first line that is printed."""
    if progress.Pulse.current is not None:
        progress.Pulse.current.hide()


def print_json(held: Any) -> None:
    """Print JSON, and nothing else."""
    hide_pulse()
    typer.echo(json.dumps(held, indent=1, default=str))


def command() -> str:
    """The command as it was given, to repeat it."""
    return shlex.join(["cge", *sys.argv[1:]])


def given(context: typer.Context, *names: str) -> list[str]:
    """Which of a command's options the user gave, at their default or not, as they are written (``--assembly``)."""
    found = []
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = next(p for p in context.command.params if p.name == name)
            found.append(max(option.opts, key=len))
    return found


def refuse_options(context: typer.Context, why: str, *names: str) -> None:
    """Raise where an option is given that does not apply.

    Raises
    ------
    ModelError
        Naming the options, and ``why``.
    """
    if found := given(context, *names):
        does = "does" if len(found) == 1 else "do"
        raise ModelError(f"{' and '.join(found)} {does} not apply: {why}; leave {'it' if len(found) == 1 else 'them'} out")


def report(report_file: Path | None, pdf: Path | None, write: Callable[[Path, bool | None], Any]) -> None:
    """Write the HTML report, and print one with figures for print where a PDF is asked.

    Parameters
    ----------
    report_file, pdf : path, optional
    write : callable
        Takes the file, and whether figures are interactive (None: where plotly is installed).
    """
    if report_file is not None:
        write(report_file, None)
    if pdf is not None:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "report.html"
            write(page, False)
            print_pdf(page, pdf)


def say(text: str, indent: str = "") -> None:
    """Print a line, folded to the width of tables (``indent`` before what follows the fold); several lines stay as they are."""
    if not Voice.quiet:
        hide_pulse()
        fold = textwrap.TextWrapper(WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        typer.echo(text if "\n" in text else fold.fill(text))


class _Console(Console):
    """A console that leaves a closed pipe to :mod:`cge.cli.stops`."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console() -> Console:
    """Where tables go: the terminal, or a pipe of a fixed width."""
    # rich itself honours NO_COLOR; in a notebook a command prints text all the same
    return _Console(width=None if sys.stdout.isatty() else WIDTH, force_jupyter=False)


def show(table: pd.DataFrame, title: str, digits: int = 3) -> None:
    """Print a table."""
    if Voice.quiet:
        return
    hide_pulse()
    shown = Table(
        header_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, int(len(table.columns) < 8), 0, 0),
        pad_edge=False,
    )
    for k, column in enumerate([table.index.name or "", *table.columns]):
        shown.add_column(
            escape(str(column)),
            justify="left" if k == 0 or in_words(table.iloc[:, k - 1]) else "right",
            overflow="fold",
            no_wrap=".." in str(table.iat[0, k - 1]) or k == 0,
        )
    for label, row in table.iterrows():
        cells = [f"{v:.{digits}f}" if isinstance(v, float) else str(v) for v in row]
        shown.add_row(*(escape(cell) for cell in (str(label), *cells)))  # tms[manuf,*,*] is a label, not a style
    held = console()
    held.print(title, style="italic", highlight=False, markup=False)
    held.print(shown)
