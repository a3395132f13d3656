"""Commands that solve one equilibrium: run, docs, gvc."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from calibration import load_benchmark
from cge import Closure, ModelError, progress
from policies import experiment, findings, html
from policies import report as files
from policies.cli.outputs import check_outputs
from policies.cli.shared import (
    AsJson,
    BenchmarkOption,
    DemandOption,
    ElasticitiesOption,
    InvestmentOption,
    LabourOption,
    PdfOption,
    ProductionOption,
    Quiet,
    ReportOption,
    SourcingOption,
    YearOption,
    command,
    given,
    print_json,
    refuse_options,
    report,
    say,
    show,
)
from policies.registry import find_policy


def run(
    context: typer.Context,
    policy: Annotated[str, typer.Argument(help="Name of a policy (see: cge list) or a .yaml file.")],
    benchmark: BenchmarkOption = "world",
    year: YearOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for netCDF, CSV, PNG and JSON results.")] = None,
    investment: InvestmentOption = "saving",
    labour: LabourOption = "full employment",
    capital: Annotated[
        str, typer.Option(help="'mobile', 'specific' to its activity, or 'steady': it adjusts until its return is back.")
    ] = "mobile",
    sourcing: SourcingOption = "use",
    demand: DemandOption = "benchmark",
    production: ProductionOption = "benchmark",
    elasticities: ElasticitiesOption = "",
    method: Annotated[str, typer.Option(help="'auto' (fast start, Ipopt judges) or 'ipopt' alone.")] = "auto",
    report_file: ReportOption = None,
    pdf: PdfOption = None,
    ranges: Annotated[bool, typer.Option("--ranges", help="Welfare under every study of elasticities, both ways.")] = False,
    more_figures: Annotated[bool, typer.Option("--figures", help="With --out: map, trade, output, prices, parts.")] = False,
    rules: Annotated[str, typer.Option("--rules", help="usmca: none, nafta, usmca-cars, usmca-trucks, withdrawal, ...")] = "",
    assembly: Annotated[str, typer.Option(help="usmca: capital of assembly 'fixed' or with 'relocation'.")] = "fixed",
    curve: Annotated[bool, typer.Option("--curve", help="usmca: outcomes along the content threshold.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Solve a policy and show who gains and loses."""
    check_outputs("usmca" if policy == "usmca" else "run", {"policy": policy, "benchmark": benchmark}, out, report_file, pdf)
    if more_figures and out is None:
        raise ModelError("--figures needs --out FOLDER")
    if policy == "usmca":
        why = "usmca is a study of rules of origin with its own closure and figures (--curve)"
        closed = ("investment", "labour", "capital", "sourcing", "demand", "production", "elasticities", "method")
        refuse_options(context, why, "year", "ranges", "more_figures", *closed)
        _run_usmca(rules or "usmca-cars", benchmark, assembly, curve, out, report_file, pdf, as_json)
        return
    refuse_options(context, "it belongs to the policy usmca", "rules", "assembly", "curve")
    if capital not in ("mobile", "specific", "steady"):
        raise ModelError(f"unknown capital rule {capital!r}; choose 'mobile', 'specific' or 'steady'")
    if method not in ("auto", "ipopt"):
        raise ModelError(f"unknown method {method!r}; choose 'auto' or 'ipopt'")
    specific = ("nat", "cap") if capital == "specific" else None
    closure = Closure.standard(
        investment=investment,  # type: ignore[arg-type]
        labour=labour,  # type: ignore[arg-type]
        capital="steady" if capital == "steady" else "fixed",
        specific=specific,
    )
    data = load_benchmark(benchmark, elasticities or None).with_demand(demand).with_production(production)
    if ranges and not data.studies:
        raise ModelError(f"--ranges needs studies of elasticities, and benchmark {data.name!r} carries none (see: cge info)")
    asked = find_policy(policy, year, data)
    if asked.origin is not None:
        refuse_options(context, "a policy with an origin clause is solved by its own method", "method")
    result = experiment.run(asked, data, closure, sourcing=sourcing, method=method)
    if out is not None:  # first of all: what comes later may fail, and the solution is not lost
        files.write(result, out, None, more_figures=more_figures)
    spread = None
    if ranges:
        with progress.Progress("elasticities") as bar:
            spread = findings.welfare_range(result.policy, data, closure, sourcing=sourcing, report=bar.update)
        if out is not None:
            files.write(result, out, spread, more_figures=more_figures)
    if report_file is not None or pdf is not None:
        from policies import html_report

        report(report_file, pdf, lambda path, live: html_report.write(result, path, command(), spread, interactive=live))
    summary = result.summary()
    if spread is not None:
        summary["welfare_range"] = {str(r): dict(row) for r, row in spread.to_dict("index").items()}
    if as_json:
        print_json(summary)
        return
    table = result.comparison.table()
    table["ev_musd"] = [f"{v:,.0f}" for v in table["ev_musd"]]
    table.columns = pd.Index([html.words(str(c), data.currency) for c in table.columns])
    if spread is not None:
        table.insert(1, "range", [f"{a:+.2f}..{b:+.2f}" for a, b in zip(spread.min(axis=1), spread.max(axis=1), strict=True)])
    show(table, f"{summary['title'] or summary['policy']} on benchmark {summary['benchmark']}")
    if summary["intra_trade_percent"] is not None and len(result.members) < len(table):
        say(
            f"Members {', '.join(result.members)}: welfare {summary['bloc_welfare_percent']:+.3f} %, "
            f"trade among them {summary['intra_trade_percent']:+.1f} % (volume)"
        )
    for note in summary["notes"]:
        say(f"Note: {note}")
    seconds = summary["seconds"]
    say(
        f"{summary['status']}: residual {summary['max_residual']:.0e}, Walras {summary['walras']:.0e} of world GDP; "
        f"build {seconds['build']:.2f} s, solve {seconds['solve']:.2f} s" + (f"; results in {out}" if out else "")
    )


def docs(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="Folder of the pages.")],
    model: Annotated[
        str,
        typer.Option("--model", help="'core', 'gtap', 'rules' (of origin: USMCA's), 'growth' (a dynamic year) or 'trade'."),
    ] = "core",
    benchmark: BenchmarkOption = "world",
    policy: Annotated[
        list[str] | None, typer.Option("--policy", help="A policy (with rules: a scenario) to show on the model; repeat.")
    ] = None,
    investment: InvestmentOption = "saving",
    labour: LabourOption = "full employment",
    sourcing: SourcingOption = "use",
    elasticities: ElasticitiesOption = "",
    growth: Annotated[str | None, typer.Option("--growth", help="With growth: its rates, as for cge dynamics.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Document a model: data, equations, values, results."""
    from calibration.growth import growth_file
    from policies import model_docs
    from policies.models import open_benchmark

    inputs = {"benchmark": benchmark, "growth table": growth_file(growth), **{"policy " + p: p for p in policy or []}}
    check_outputs("docs", inputs, out)
    if model in ("gtap", "rules"):
        if given(context, "investment", "labour"):
            raise ModelError(f"--investment and --labour belong to the models core and growth, not to {model!r}")
        if given(context, "sourcing"):
            raise ModelError(f"sourcing belongs to the models core and growth; {model!r} has its own")
    data = open_benchmark(model, benchmark, elasticities)
    closure = None
    if (investment, labour) != ("saving", "full employment"):
        closure = Closure.standard(investment=investment, labour=labour)  # type: ignore[arg-type]
    shown = [p if model == "rules" else find_policy(p) for p in policy or []]
    with progress.Progress("documentation") as bar:
        model_docs.write(data, out, shown, model, closure, sourcing, growth, bar.update, command())
    if as_json:
        print_json({"model": model, "benchmark": data.name, "files": sorted(str(p) for p in out.iterdir())})
        return
    say(f"Pages in {out}: open {out / 'index.html'}")


def _run_usmca(
    rules: str,
    benchmark: str,
    assembly: str,
    curve: bool,
    out: Path | None,
    report_file: Path | None,
    pdf: Path | None,
    as_json: bool,
) -> None:
    from policies import usmca_report
    from policies.usmca import MEMBERS, usmca, usmca_curves

    result = usmca(rules, benchmark, assembly=assembly)  # type: ignore[arg-type]
    curves = None
    if curve:
        with progress.Progress("content thresholds") as bar:
            curves = usmca_curves(benchmark, assembly=assembly, report=bar.update)  # type: ignore[arg-type]
    if out is not None:
        usmca_report.write(result, out, curves)
    if report_file is not None or pdf is not None:
        report(report_file, pdf, lambda path, live: usmca_report.write_html(result, path, command(), curves, interactive=live))
    summary = result.summary()
    if as_json:
        print_json(summary | ({"curves": usmca_report.curves_json(curves)} if curves else {}))
        return
    rows = {
        f"{sector}: {what}, %": {m: summary[sector][what][m] for m in MEMBERS}
        for sector in ("vehicles", "parts")
        for what in ("output", "employment", "price")
    }
    for what in ("welfare", "real_gdp", "real_wage"):
        rows[html.words(f"{what}_percent")] = {m: summary["regions"][m][f"{what}_percent"] for m in MEMBERS}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("change from NAFTA's rules")
    show(table, f"USMCA, rules {rules}, duty of {result.duty}, assembly {assembly}")
    use = pd.DataFrame(summary["utilisation"]).mul(100).rename_axis("use of the preference, %")
    show(use, "Utilisation by pair", 1)
    for key in ("regional_content", "constrained_share", "cost_penalty"):
        shown = ", ".join(f"{k} {100 * v:.2f} %" for k, v in summary[key].items())
        say(f"{key.replace('_', ' ')}: {shown}")
    trade = summary["trade"]
    say(
        "trade (volume): "
        + "; ".join(
            f"{name} within {trade[key]['within_percent']:+.1f} %, from outside {trade[key]['from_outside_percent']:+.1f} %"
            for name, key in (("vehicles", "veh"), ("parts", "prt"))
        )
    )
    if summary["unused_types"]:
        say(f"firm types that cannot meet the rules: {summary['unused_types']}")
    for duty, held in (curves or {}).items():
        shown = held[["regional_content", "utilisation", "cost_penalty"]].mul(100)
        shown.index = pd.Index([f"{100 * x:.0f}" for x in shown.index], name="threshold, %")
        show(shown, f"Along the content threshold, duty of {duty}, per cent", 2)
    say(
        f"{summary['status']}: residual {summary['max_residual']:.0e}, complementarity {summary['complementarity_gap']:.0e}"
        + (f"; results in {out}" if out else "")
    )


def gvc(
    policy: Annotated[str, typer.Argument(help="Name of a policy (see: cge list) or a .yaml file.")],
    benchmark: BenchmarkOption = "world",
    year: YearOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for netCDF, CSV and figures.")] = None,
    report_file: ReportOption = None,
    pdf: PdfOption = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Value chains before and after a policy."""
    from policies import gvc_report

    check_outputs("gvc", {"policy": policy, "benchmark": benchmark}, out, report_file, pdf)
    data = load_benchmark(benchmark)
    result = experiment.run(find_policy(policy, year, data), data)
    chains = gvc_report.compare(result)
    if out is not None:
        gvc_report.write(result, chains, out)
    if report_file is not None or pdf is not None:
        report(report_file, pdf, lambda path, live: gvc_report.write_html(result, chains, path, command(), interactive=live))
    if as_json:
        print_json(gvc_report.summary(result, chains))
        return
    table = gvc_report.short_table(chains)
    show(table, f"Value chains before (per cent) and change (points): {findings.title_of(result)}")
    say(gvc_report.LEGEND)
    show(gvc_report.sector_change(result, chains), "Change of backward participation by sector, percentage points")
    for remark in chains.remarks:
        say(f"note: {remark}")
    if out is not None:
        say(f"Figures and tables in {out}")
