"""The command that solves years: dynamics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from calibration import load_benchmark
from cge import ModelError
from policies.cli.outputs import check_outputs
from policies.cli.shared import (
    AsJson,
    BenchmarkOption,
    PdfOption,
    Quiet,
    ReportOption,
    command,
    print_json,
    refuse_options,
    report,
    say,
    show,
)
from policies.registry import find_policy


def dynamics(
    context: typer.Context,
    policy: Annotated[
        str, typer.Argument(help="Name of a policy (see: cge list) or a .yaml file; belt-and-road is built in time.")
    ],
    years: Annotated[str, typer.Option("--years", help="First and last year, as 2018:2035.")] = "2018:2035",
    benchmark: BenchmarkOption = "world",
    growth: Annotated[Path | None, typer.Option("--growth", help="CSV: region, gdp, population[, skl, unskl, nat].")] = None,
    investment: Annotated[
        str, typer.Option(help="'saving' finances it, or expected 'returns' are equal (RORDELTA).")
    ] = "saving",
    capital: Annotated[str, typer.Option(help="'mobile', or 'vintage': old capital stays in its activity.")] = "mobile",
    finance: Annotated[str, typer.Option(help="belt-and-road: works paid by 'loans', 'grants', 'taxes' or 'none'.")] = "loans",
    report_file: ReportOption = None,
    pdf: PdfOption = None,
    resume: Annotated[Path | None, typer.Option("--resume", help="path.nc of an interrupted run.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for netCDF, CSV and the figure.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Solve a policy year by year, beside a baseline."""
    from calibration.growth import read_growth
    from cge.dynamics import Baseline, Dynamics, DynamicsError, PathOfYears
    from policies import dynamics_report
    from policies.belt_and_road import BeltAndRoadProgramme

    inputs = {"policy": policy, "benchmark": benchmark, "growth table": growth}
    check_outputs("dynamics", inputs, out, report_file, pdf)  # a resumed path may be written over: it goes on
    if policy != "belt-and-road":
        refuse_options(context, "only belt-and-road has works to pay", "finance")
    try:
        first, last = (int(y) for y in years.split(":"))
    except ValueError as error:
        raise ModelError(f"--years {years!r} is not of the form first:last") from error
    if investment not in ("saving", "returns"):
        raise ModelError(f"unknown investment rule {investment!r}; choose 'saving' or 'returns'")
    data = load_benchmark(benchmark)
    baseline = Baseline.between(first, last, read_growth(data, growth))
    programme: Any = (
        BeltAndRoadProgramme(finance=finance, start=first + 1)  # type: ignore[arg-type]
        if policy == "belt-and-road"
        else find_policy(policy)
    )
    sources = find_policy(policy).sources
    model = Dynamics(data, baseline, investment=investment, capital=capital)  # type: ignore[arg-type]
    done = PathOfYears.load(resume) if resume is not None else None
    try:
        found = model.run(programme, resume=done)
    except DynamicsError as error:
        if out is not None and error.path is not None and error.path.data:
            out.mkdir(parents=True, exist_ok=True)
            error.path.save(out / "path.nc")
        raise
    if out is not None:
        dynamics_report.write(found, out)
    if report_file is not None or pdf is not None:
        report(
            report_file,
            pdf,
            lambda path, live: dynamics_report.write_html(found, data, path, command(), sources=sources, interactive=live),
        )
    summary = found.summary()
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
    world = summary["world_welfare_percent"]
    say(f"World real income, % of baseline: {first} {world[0]:+.3f}, {last} {world[-1]:+.3f}")
    say(
        f"{len(found.policy.years)} years: residual {summary['max_residual']:.0e}, identities {summary['identity_gap']:.0e}; "
        f"baseline {summary['seconds']['baseline']:.1f} s, policy {summary['seconds']['policy']:.1f} s"
        + (f"; results in {out}" if out else "")
    )
