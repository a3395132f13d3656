"""The command ``cge``: data, models, policies and paths. Every command takes ``--json``, which prints only JSON."""

from __future__ import annotations

import importlib.metadata as metadata
import os
import sys
import textwrap
from typing import Annotated

import typer

from cge import progress
from cge.cli.benchmarks import check, data_build, data_chips, info, list_
from cge.cli.gtap import replicate, shock
from cge.cli.once import OnceEach
from cge.cli.paths import dynamics
from cge.cli.question_options import QuestionCommand
from cge.cli.shared import command, hush
from cge.cli.static import docs, gvc, run
from cge.cli.stops import STOPS, explain, guarded

app = typer.Typer(
    help="Open multi-region CGE models for trade policy and value chains.\n\nBegin with: cge run rcep",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"open-cge {metadata.version('open-cge')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")] = False,
) -> None:
    pass


app.command("list", cls=OnceEach)(guarded(list_))
for _function in (info, check, shock, dynamics, replicate, docs):
    app.command(cls=OnceEach)(guarded(_function))
app.command(cls=QuestionCommand)(guarded(run))
app.command(cls=QuestionCommand)(guarded(gvc))
data = typer.Typer(help="Build benchmarks from downloaded official tables, or split one.", no_args_is_help=True)
data.command("build", cls=OnceEach)(guarded(data_build))
data.command("chips", cls=OnceEach)(guarded(data_chips))
app.add_typer(data, name="data")


def main() -> None:
    """Entry point: whatever stops a command is one line on standard error and an exit code (:mod:`cge.cli.stops`)."""
    for stream in ("stdout", "stderr"):  # closed by the caller: a run that writes files still runs
        if getattr(sys, stream) is None:
            setattr(sys, stream, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (open as long as the command)
    hush(False)
    try:
        with progress.Pulse(textwrap.shorten(command(), 60)):
            app()
    except STOPS as error:
        line, code = explain(error)
        typer.echo(f"error: {line}", err=True)
        for worst in getattr(error, "worst", []):
            typer.echo(f"  {worst}", err=True)
        raise SystemExit(code) from None
