"""Commands on GTAP's model and on published studies: shock, replicate."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import pandas as pd
import typer

from calibration import DataError
from calibration.errors import nearest
from cge.catalogue import find_policy, questions, studies
from cge.cli.outputs import check_outputs, shock_files
from cge.cli.shared import (
    AsJson,
    PdfOption,
    Quiet,
    ReportOption,
    command,
    print_json,
    report,
    say,
    show,
)
from cge.errors import ModelError, SolveError
from cge.model.shock import remarks

if TYPE_CHECKING:
    from calibration import Benchmark
    from cge.equations.closure import Closure
    from cge.gtap import GtapResult

T = TypeVar("T")


def shock(
    text: Annotated[
        str,
        typer.Argument(
            help="GTAP shocks, as 'tm=+10%' or 'tms[manuf,CHN,USA]=rate 0.25; ao[svces,*]=+1%', or a policy (see: cge list)."
        ),
    ],
    benchmark: Annotated[
        str, typer.Option("--benchmark", help="Folder with basedata.har and default.prm, or any benchmark.")
    ] = "world",
    model: Annotated[str, typer.Option("--model", help="The model; 'gtap' is the standard model v7.")] = "gtap",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for changes.nc, changes.har and regions.csv.")] = None,
    decompose: Annotated[
        bool, typer.Option("--decompose", help="Where EV comes from (Huff and Hertel); with --out also welfare_parts.csv.")
    ] = False,
    subtotals: Annotated[bool, typer.Option("--subtotals", help="Contribution of each shock of the list.")] = False,
    swap: Annotated[
        list[str] | None,
        typer.Option("--swap", help="In GEMPACK's words, 'dpsave(USA,EU_28)=del_tbalry(USA,EU_28)'; repeat for more."),
    ] = None,
    rordelta: Annotated[
        str | None, typer.Option("--rordelta", help="Investment: 1 equal changes of expected returns, 0 fixed shares.")
    ] = None,
    report_file: ReportOption = None,
    pdf: PdfOption = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Shock the GTAP standard model, in GTAP's terms."""
    from cge.gtap import GtapShock, gtap_model, solve_gtap
    from cge.report import gtap_report

    if model != "gtap":
        raise ModelError(f"unknown model {model!r}; this command runs 'gtap' (other models: cge run)")
    check_outputs("shock", {"policy": text, "benchmark": benchmark, **shock_files(text)}, out, report_file, pdf)
    policy = find_policy(text) if text in questions() or Path(text).suffix in (".yaml", ".yml") else None
    if policy is not None and subtotals:
        raise ModelError("--subtotals takes shocks parted by ';', not a policy")
    asked = policy or GtapShock(text)
    data = _open(benchmark, rordelta)
    result = solve_gtap(gtap_model(data, swaps=swap or ()), asked)
    notes = [*remarks(result.base.model, asked), *_notes(data, result.after.model.closure), *result.remarks()]
    if out is not None:  # first of all: what comes later may fail, and the solution is not lost
        gtap_report.write(result, out)
    optional = Optional()
    told = report_file is not None or pdf is not None
    parts = optional.run("--decompose", lambda: gtap_report.welfare_parts(result, asked)) if decompose or told else None
    if parts is not None and decompose and out is not None:
        table_of_parts = parts
        optional.run("welfare_parts.csv", lambda: table_of_parts.to_csv(out / "welfare_parts.csv"))
    groups = optional.run("--subtotals", lambda: gtap_report.shock_parts(result, text)) if subtotals else None
    if told and not optional.failed:
        title, sources = (policy.title, policy.sources) if policy is not None else ("", ())

        def write(path: Path, live: bool | None) -> None:
            gtap_report.write_html(
                result, asked, path, command(), title=title, parts=parts, subtotals=groups, sources=sources, interactive=live
            )

        optional.run("--report or --pdf", lambda: report(report_file, pdf, write))
    if as_json:
        extra = {"contributions_to_ev": parts if decompose else None, "subtotals": groups}
        tables = {k: json.loads(v.to_json(orient="index")) for k, v in extra.items() if v is not None}
        print_json(
            gtap_report.summary(result)
            | {"rordelta": data.elasticities.attrs["rordelta"], "notes": notes}
            | tables
            | ({"failed": optional.failed} if optional.failed else {})
        )
    else:
        _show(result, text, parts if decompose else None, groups, notes, out)
    optional.stop(out)


class Optional:
    """Parts of a command that follow a finished solution: one that fails is named at the end and takes nothing with it."""

    def __init__(self) -> None:
        self.failed: dict[str, str] = {}

    def run(self, name: str, part: Callable[[], T]) -> T | None:
        """The part's result, None where it fails."""
        try:
            return part()
        except (DataError, ModelError, SolveError, OSError, ArithmeticError) as error:
            self.failed[name] = " ".join(str(error).split())
            return None

    def stop(self, out: Path | None) -> None:
        """Raise what failed, so that the command's exit code tells."""
        if self.failed:
            listed = "; ".join(f"{name}: {error}" for name, error in self.failed.items())
            where = f"the solution is in {out}" if out is not None else "the solution itself stands"
            raise SolveError(f"{where}, but a part that was asked for failed: {listed}")


def _open(benchmark: str, rordelta: str | None) -> Benchmark:
    """The benchmark with GTAP's parameters, and RORDELTA as asked."""
    from calibration import gtap

    data = gtap.open_gtap(benchmark)
    if rordelta is None:
        return data
    elasticities = data.elasticities.assign_attrs(rordelta=gtap.rordelta(rordelta))
    return replace(data, elasticities=elasticities)


def _notes(data: Benchmark, closure: Closure) -> list[str]:
    """What a reader of the results must know: what was assumed, what the data lack, what is exogenous."""
    notes = [f"closure: {swap.describe()}" for swap in closure.swaps]
    assumed = str(data.elasticities.attrs.get("defaults", ""))
    if assumed:
        notes.append(f"set by convention, since the data hold nothing: {assumed}")
    remarks = str(data.sam.data.attrs.get("remarks", ""))
    return [*notes, *([remarks] if remarks else [])]


def _show(
    result: GtapResult,
    text: str,
    parts: pd.DataFrame | None,
    groups: pd.DataFrame | None,
    notes: list[str],
    out: Path | None,
) -> None:
    """The tables on the terminal."""
    table = result.table()
    table.index.name = "region"
    currency = result.after.model.benchmark.currency
    ev = f"EV, m {currency}"
    table.columns = pd.Index([ev, *[f"{c} %" for c in table.columns[1:]]])
    table[ev] = [f"{v:,.1f}" for v in table[ev]]
    show(table, f"GTAP standard model, {text}")
    if parts is not None:
        show(parts, f"Contributions to EV, million {currency}", 1)
    if groups is not None:
        show(groups, "Contributions of each shock to real GDP, per cent", 4)
    for note in notes:
        say(f"Note: {note}", indent="  ")
    info = result.after.info
    say(
        f"{info['status']}: residual {info['max_residual']:.0e}, Walras {result.after.walras:.0e} of world GDP"
        + (f"; results in {out}" if out else "")
    )


def replicate(
    study: Annotated[str, typer.Argument(help="Authors and year, as caliendo-parro-2015.")],
    data: Annotated[str | None, typer.Option("--data", help="Folder of the study's data.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """A published study run again, beside its numbers."""
    known = studies()
    if study not in known:
        raise ModelError(f"unknown study {study!r}{nearest(study, known)} known: {', '.join(known)}")
    found = known[study].run(data)
    if as_json:
        print_json(found.summary())
        return
    shown = found.table.astype(object).where(found.table.notna(), "")
    shown.columns = pd.Index([c.replace("_", " ") for c in shown.columns])
    show(shown, found.title)
    for note in found.notes:
        say(f"note: {note}")
    say(f"residual {found.residual:.0e}; seconds {found.seconds}")
