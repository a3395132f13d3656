"""Commands that solve one equilibrium: run, docs, gvc."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cge import progress
from cge.catalogue import Question, find_policy, shared_options, terms
from cge.cli.outputs import check_outputs, check_place, refuse_overwriting
from cge.cli.question_options import own_options
from cge.cli.shared import (
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
    command,
    given,
    print_json,
    refuse_options,
    report,
    say,
    show,
)
from cge.equations.closure import Closure
from cge.errors import ModelError
from cge.report import findings
from cge.results.run import Run
from cge.results.static_run import StaticRun
from cge.run import solve
from cge.scenario import Scenario


def run(
    context: typer.Context,
    policy: Annotated[
        list[str], typer.Argument(help="Policies (see: cge list) or .yaml files, added up; or a sum as '0.5*rcep + us-china'.")
    ],
    benchmark: BenchmarkOption = "world",
    model: Annotated[str, typer.Option("--model", help="'core', 'gtap' (standard model v7) or 'trade'.")] = "core",
    years: Annotated[str | None, typer.Option("--years", help="FIRST:LAST: year by year beside a baseline.")] = None,
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
    excel: Annotated[Path | None, typer.Option("--excel", help="Every table as a sheet of this .xlsx file.")] = None,
    ranges: Annotated[bool, typer.Option("--ranges", help="Welfare under every study of elasticities, both ways.")] = False,
    more_figures: Annotated[bool, typer.Option("--figures", help="With --out: every figure, not welfare alone.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Solve a policy and show who gains and loses."""
    asked = terms(" + ".join(policy))
    options = own_options(context, asked)
    chosen = shared_options(asked, options)  # refused before anything is opened
    alone = asked[0].what if len(asked) == 1 and asked[0].share == 1.0 and isinstance(asked[0].what, Question) else None
    study = next((t.what for t in asked if isinstance(t.what, Question) and t.what.run and t.what.policy is None), None)
    inputs = {**{"policy " + p: p for p in policy}, "benchmark": benchmark}
    own = alone.writes if alone is not None and not years else ()
    check_outputs("dynamics" if years else "run", inputs, out, report_file, pdf, own)
    if excel is not None:
        refuse_overwriting(inputs, [excel])
        check_place("--excel", excel.parent)
    if more_figures and out is None:
        raise ModelError("--figures needs --out FOLDER")
    if study is not None:
        if len(asked) > 1 or asked[0].share != 1.0:
            raise ModelError(f"{study.name} is {study.why}; run it by itself, as cge run {study.name}")
        closed = (
            "model",
            "years",
            "investment",
            "labour",
            "capital",
            "sourcing",
            "demand",
            "production",
            "elasticities",
            "method",
        )
        names = [n for n in closed if n not in study.takes]
        refuse_options(context, f"{study.name} is {study.why}", *names, "ranges", "more_figures")
        assert study.run is not None
        _tell(study.run(Scenario(benchmark), chosen[0]), out, report_file, pdf, excel, as_json)
        return
    scenario = _scenario(
        context, benchmark, model, investment, labour, capital, sourcing, demand, production, elasticities, method
    )
    data = scenario.data()
    if ranges and (years or not data.studies):
        lacking = (
            "one equilibrium, not years" if years else f"studies of elasticities, and benchmark {data.name!r} carries none"
        )
        raise ModelError(f"--ranges needs {lacking}" + ("" if years else " (see: cge info)"))
    found = find_policy(" + ".join(policy), data, **options)
    if found.origin:
        refuse_options(context, "a policy with an origin clause is solved by its own method", "method")
    result: Run
    if alone is not None and alone.run is not None and not years:
        result = alone.run(scenario, chosen[0])
    else:
        result = solve(scenario.under(found), years)
    if isinstance(result, StaticRun) and ranges:
        if out is not None:  # first of all: what comes later may fail, and the solution is not lost
            result.save(out, more_figures=more_figures)
        with progress.Progress("elasticities") as bar:
            result = result.with_ranges(bar.update)
    _tell(result, out, report_file, pdf, excel, as_json, more_figures)


def _scenario(
    context: typer.Context,
    benchmark: str,
    model: str,
    investment: str,
    labour: str,
    capital: str,
    sourcing: str,
    demand: str,
    production: str,
    elasticities: str,
    method: str,
) -> Scenario:
    """The scenario of a command's options, without its policy."""
    if capital not in ("mobile", "specific", "steady"):
        raise ModelError(f"unknown capital rule {capital!r}; choose 'mobile', 'specific' or 'steady'")
    if method not in ("auto", "ipopt"):
        raise ModelError(f"unknown method {method!r}; choose 'auto' or 'ipopt'")
    if model != "core":
        only = "the model core has it" if model == "gtap" else "the model core has them"
        refuse_options(
            context, f"{model} has its own; {only}", *(("investment", "labour", "capital") if model == "gtap" else ())
        )
    closure = Closure.standard(
        investment=investment,  # type: ignore[arg-type]
        labour=labour,  # type: ignore[arg-type]
        capital="steady" if capital == "steady" else "fixed",
        specific=("nat", "cap") if capital == "specific" else None,
    )
    return Scenario(
        benchmark,
        model=model,
        closure=closure,
        sourcing=sourcing,
        demand=demand,
        production=production,
        elasticities=elasticities,
        method=method,
    )


def _tell(
    result: Run,
    out: Path | None,
    report_file: Path | None,
    pdf: Path | None,
    excel: Path | None,
    as_json: bool,
    more_figures: bool = False,
) -> None:
    """Files first, then the page, then the terminal."""
    if out is not None:  # first of all: what comes later may fail, and the solution is not lost
        result.save(out, more_figures=more_figures)
    if excel is not None:
        result.to_excel(excel)
    if report_file is not None or pdf is not None:
        report(report_file, pdf, lambda path, live: result.report(path, command(), interactive=live))
    if as_json:
        print_json(result.summary())
        return
    for table in result.shown:
        show(table.frame, table.title, table.decimals)
    for line in result.sentences():
        say(line)
    if more_figures:
        for figure in result.figures:
            say(f"{figure.name}.png: {figure.text}", indent="  ")
    if out is not None:
        say(f"Results in {out}")


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
    from cge.models import open_benchmark
    from cge.report import model_docs

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


def gvc(
    context: typer.Context,
    policy: Annotated[list[str], typer.Argument(help="Policies (see: cge list) or .yaml files, added up.")],
    benchmark: BenchmarkOption = "world",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for netCDF, CSV and figures.")] = None,
    report_file: ReportOption = None,
    pdf: PdfOption = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Value chains before and after a policy."""
    from cge.report import gvc_report

    inputs = {**{"policy " + p: p for p in policy}, "benchmark": benchmark}
    check_outputs("gvc", inputs, out, report_file, pdf)
    asked = terms(" + ".join(policy))
    options = own_options(context, asked)
    shared_options(asked, options)  # refused before anything is opened
    scenario = Scenario(benchmark)
    result = solve(scenario.under(find_policy(" + ".join(policy), scenario.data(), **options)))
    assert isinstance(result, StaticRun)
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
