"""The command ``cge``: data, models, policies and paths. Every command takes ``--json``, which prints only JSON."""

from __future__ import annotations

import importlib.metadata as metadata
import os
import sys
import textwrap
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from cge import ModelError, progress
from policies.cli.benchmarks import check, data_build, data_chips, info, list_
from policies.cli.gtap import replicate, shock
from policies.cli.paths import dynamics
from policies.cli.shared import command, hush
from policies.cli.static import docs, gvc, run
from policies.cli.stops import STOPS, explain, guarded
from policies.registry import POLICIES

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


class OnceEach(TyperCommand):
    """A command that takes each option once, but for those that are lists: of two values none is silently the last."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, refused where an option stands twice."""
        try:
            order = self.make_parser(ctx).parse_args(args=list(args))[2]
        except Exception:  # told better by the parse itself
            order = []
        for param in self.params:
            many = getattr(param, "multiple", False) or getattr(param, "count", False) or getattr(param, "is_flag", False)
            if getattr(param, "param_type_name", "") == "option" and not many and order.count(param) > 1:
                raise ModelError(f"{max(param.opts, key=len)} is given twice; keep one")
        return super().parse_args(ctx, args)


app.command("list", cls=OnceEach)(guarded(list_))
for _function in (info, check, run, gvc, shock, dynamics, replicate, docs):
    app.command(cls=OnceEach)(guarded(_function))
data = typer.Typer(help="Build benchmarks from downloaded official tables, or split one.", no_args_is_help=True)
data.command("build", cls=OnceEach)(guarded(data_build))
data.command("chips", cls=OnceEach)(guarded(data_chips))
app.add_typer(data, name="data")


def run_script(policy: str) -> None:
    """``python -m policies.NAME`` is ``cge run NAME``."""
    sys.argv[1:1] = ["run", policy] if policy in POLICIES else ["run"]
    main()


def main() -> None:
    """Entry point: whatever stops a command is one line on standard error and an exit code (:mod:`policies.cli.stops`)."""
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
