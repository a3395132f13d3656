"""Commands on GTAP's model and on published studies: shock, replicate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from cge import ModelError
from policies.cli.outputs import check_outputs, shock_files
from policies.cli.shared import (
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
from policies.registry import POLICIES, find_policy


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
    decompose: Annotated[bool, typer.Option("--decompose", help="Where EV comes from (Huff and Hertel).")] = False,
    subtotals: Annotated[bool, typer.Option("--subtotals", help="Contribution of each shock of the list.")] = False,
    report_file: ReportOption = None,
    pdf: PdfOption = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Shock the GTAP standard model, in GTAP's terms."""
    from calibration.gtap import open_gtap
    from cge.gtap import GtapShock, gtap_model, solve_gtap
    from policies import gtap_report

    if model != "gtap":
        raise ModelError(f"unknown model {model!r}; this command runs 'gtap' (other models: cge run)")
    check_outputs("shock", {"policy": text, "benchmark": benchmark, **shock_files(text)}, out, report_file, pdf)
    policy = find_policy(text) if text in POLICIES or Path(text).suffix in (".yaml", ".yml") else None
    if policy is not None and (subtotals or policy.origin is not None):
        raise ModelError("--subtotals takes shocks parted by ';', not a policy, and GTAP's model has no rules of origin")
    asked = policy or GtapShock(text)
    result = solve_gtap(gtap_model(open_gtap(benchmark)), asked)
    told = report_file is not None or pdf is not None
    parts = gtap_report.welfare_parts(result, asked) if decompose or told else None
    groups = gtap_report.shock_parts(result, text) if subtotals else None
    if out is not None:
        gtap_report.write(result, out)
    if told:
        title, sources = (policy.title, policy.sources) if policy is not None else ("", ())
        report(
            report_file,
            pdf,
            lambda path, live: gtap_report.write_html(
                result, asked, path, command(), title=title, parts=parts, subtotals=groups, sources=sources, interactive=live
            ),
        )
    if as_json:
        extra = {"contributions_to_ev": parts if decompose else None, "subtotals": groups}
        print_json(
            gtap_report.summary(result) | {k: json.loads(v.to_json(orient="index")) for k, v in extra.items() if v is not None}
        )
        return
    table = result.table()
    table.index.name = "region"
    currency = result.after.model.benchmark.currency
    ev = f"EV, m {currency}"
    table.columns = pd.Index([ev, *[f"{c} %" for c in table.columns[1:]]])
    table[ev] = [f"{v:,.1f}" for v in table[ev]]
    show(table, f"GTAP standard model, {text}")
    if decompose and parts is not None:
        show(parts, f"Contributions to EV, million {currency}", 1)
    if groups is not None:
        show(groups, "Contributions of each shock to real GDP, per cent", 4)
    info = result.after.info
    say(
        f"{info['status']}: residual {info['max_residual']:.0e}, Walras {result.after.walras:.0e} of world GDP"
        + (f"; results in {out}" if out else "")
    )


def replicate(
    study: Annotated[str, typer.Argument(help="'caliendo-parro-2015'.")],
    data: Annotated[str | None, typer.Option("--data", help="Folder of the study's data.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """A published study run again, beside its numbers."""
    from policies.replicate import STUDIES

    if study not in STUDIES:
        raise ModelError(f"unknown study {study!r}; known: {', '.join(STUDIES)}")
    found = STUDIES[study](data)
    if as_json:
        print_json(found.summary())
        return
    shown = found.table.astype(object).where(found.table.notna(), "")
    shown.columns = pd.Index([c.replace("_", " ") for c in shown.columns])
    show(shown, "NAFTA's tariff changes 1993-2005, per cent (Caliendo and Parro 2015)")
    say(f"residual {found.residual:.0e}; seconds {found.seconds}")
