"""The command that solves years: dynamics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from calibration import Benchmark, load_benchmark
from cge.catalogue import Question, find_policy, questions, terms
from cge.cli.outputs import check_outputs
from cge.cli.shared import (
    AsJson,
    BenchmarkOption,
    DemandOption,
    PdfOption,
    ProductionOption,
    Quiet,
    ReportOption,
    command,
    print_json,
    report,
    say,
    show,
)
from cge.dynamics.path_of_years import Difference
from cge.errors import ModelError
from cge.policy.policy import Policy
from cge.run import require_first_year, years_of


def _programme(text: str, static: Policy, finance: str | None, first: int) -> Any:
    """What runs in time: a question that is built year by year, every other policy acts in full from the first year."""
    asked = terms(text)
    only = asked[0].what if len(asked) == 1 and asked[0].share == 1.0 else None
    if isinstance(only, Question) and only.in_time is not None:
        return only.in_time(first, finance)
    if finance is not None:
        built = ", ".join(q.name for q in questions().values() if q.in_time is not None)
        raise ModelError(f"--finance does not apply: --finance belongs to {built}, built year by year; {text} pays for nothing")
    return static


def _with_positions(data: Benchmark, source: Path, first: int) -> Benchmark:
    """The benchmark with positions at the end of the year before the path's first: what the year begins with."""
    from calibration.foreign_capital import positions_by_region, read_positions, with_positions

    by_region = positions_by_region(read_positions(source, first - 1), data)
    return with_positions(data, by_region, source=f"{source.name}, end of {first - 1}")


def _national(found: Difference, shown: list[int]) -> pd.DataFrame:
    """Net income from abroad, per cent of GDP, in years of the policy path."""
    path = found.policy.dataset()
    share = 100 * (path["gnp"] / path["gdp"] - 1)
    table = pd.DataFrame({f"income from abroad {y}": share.sel(year=y).to_series() for y in dict.fromkeys(shown)})
    table.index.name = "region"
    return table


def dynamics(
    context: typer.Context,
    policy: Annotated[
        str, typer.Argument(help="Name of a policy (see: cge list) or a .yaml file; belt-and-road is built in time.")
    ],
    years: Annotated[str, typer.Option("--years", help="First and last year, as 2018:2035.")] = "2018:2035",
    benchmark: BenchmarkOption = "world",
    growth: Annotated[
        str | None,
        typer.Option("--growth", help="'past', 'ssp2:FILE' (1 to 5), or CSV: region, gdp, population[, skl, unskl, nat]."),
    ] = None,
    investment: Annotated[
        str, typer.Option(help="'saving' finances it, or expected 'returns' are equal (RORDELTA).")
    ] = "saving",
    capital: Annotated[str, typer.Option(help="'mobile', or 'vintage': old capital stays in its activity.")] = "mobile",
    demand: DemandOption = "benchmark",
    production: ProductionOption = "benchmark",
    finance: Annotated[
        str | None, typer.Option(help="belt-and-road: works paid by 'loans' (default), 'grants', 'taxes' or 'none'.")
    ] = None,
    report_file: ReportOption = None,
    pdf: PdfOption = None,
    positions: Annotated[
        Path | None,
        typer.Option("--positions", help="CSV of the External Wealth of Nations: foreign positions pay, GNP beside GDP."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="path.nc of an interrupted run of the same data, options and policy.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for netCDF, CSV and the figure.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Solve a policy year by year, beside a baseline."""
    from calibration.growth import growth_file, read_growth
    from cge.dynamics import Baseline, Dynamics, PathOfYears
    from cge.report import dynamics_report

    inputs = {"policy": policy, "benchmark": benchmark, "growth table": growth_file(growth), "table of positions": positions}
    check_outputs("dynamics", inputs, out, report_file, pdf)  # a resumed path may be written over: it goes on
    first, last = years_of(years)
    static = find_policy(policy)
    programme = _programme(policy, static, finance, first)
    done = PathOfYears.load(resume) if resume is not None else None
    data = load_benchmark(benchmark).with_demand(demand).with_production(production)
    rates = read_growth(data, growth)
    baseline = Baseline.between(first, last, rates)
    require_first_year(data, first, last)
    if positions is not None:
        data = _with_positions(data, positions, first)
    model = Dynamics(data, baseline, investment=investment, capital=capital)  # type: ignore[arg-type]
    checkpoint = None if out is None else out / "path.nc"  # years done outlive whatever ends the run
    found = model.run(programme, resume=done, checkpoint=checkpoint)
    sources = static.sources
    if out is not None:
        dynamics_report.write(found, out)
    if report_file is not None or pdf is not None:
        report(
            report_file,
            pdf,
            lambda path, live: dynamics_report.write_html(found, data, path, command(), sources=sources, interactive=live),
        )
    summary = found.summary()
    if "note" in rates.attrs:
        say(f"Growth from {rates.attrs['source']}: {rates.attrs['note']}")
    if as_json:
        print_json(summary)
        return
    data_ = found.dataset()
    shown = [y for y in (first, (first + last) // 2, last) if y in found.policy.years]
    table = pd.DataFrame(
        {
            f"{v.split('_percent')[0].replace('_', ' ')} {y}": data_[v].sel(year=y).to_series()
            for v in ("welfare_percent", "real_gdp_percent")
            for y in dict.fromkeys(shown)
        }
    )
    table.index.name = "region"
    show(table, f"{found.policy.name}: per cent of baseline, benchmark {data.name}")
    if positions is not None:
        show(_national(found, shown), "GNP less GDP, per cent of GDP")
    world = summary["world_welfare_percent"]
    say(f"World real income, % of baseline: {first} {world[0]:+.3f}, {last} {world[-1]:+.3f}")
    say(
        f"{len(found.policy.years)} years: residual {summary['max_residual']:.0e}, identities {summary['identity_gap']:.0e}; "
        f"baseline {summary['seconds']['baseline']:.1f} s, policy {summary['seconds']['policy']:.1f} s"
        + (f"; results in {out}" if out else "")
    )
