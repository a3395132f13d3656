"""The command ``cge``: data, models, policies and paths. Every command takes ``--json``, which prints only JSON."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from calibration import DataError, available, load_benchmark
from cge import Closure, Model, ModelError, SolveError, progress
from policies import experiment, findings, report
from policies.registry import POLICIES, find_policy
from policies.style import in_words

app = typer.Typer(
    help="Open multi-region CGE models: trade policy and value chains.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ATTRIBUTES = (
    "title",
    "year",
    "source",
    "licence",
    "observed",
    "estimated",
    "validation",
    "rules",
    "factor_split",
    "note",
    "zero_headers",
)


class _Voice:
    """Whether the command speaks; set by ``--quiet``."""

    quiet = False


def _hush(value: bool) -> bool:
    _Voice.quiet = value
    progress.silence(value)
    return value


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", callback=_hush, help="Print nothing but errors; for runs that write files.")
]
ReportOption = Annotated[Path | None, typer.Option("--report", help="One self-contained HTML file of the run.")]
PdfOption = Annotated[Path | None, typer.Option("--pdf", help="The report as PDF, printed by Chromium, Chrome or Edge.")]
WIDTH = 80
"""Columns of a table in a pipe or file."""
BenchmarkArgument = Annotated[str, typer.Argument(help="Embedded name or path of a benchmark file.")]
BenchmarkOption = Annotated[str, typer.Option("--benchmark", help="Embedded name or path of a benchmark file.")]


def _print_json(held: Any) -> None:
    typer.echo(json.dumps(held, indent=1, default=str))


def _command() -> str:
    return shlex.join(["cge", *sys.argv[1:]])


def _check_files(report_file: Path | None, pdf: Path | None) -> None:
    """Refuse before a solve what would fail after it."""
    from policies.pdf import find_browser, no_browser

    if report_file is not None and report_file.is_dir():
        raise ModelError(f"--report {report_file} is a folder; name a file, as {report_file / 'report.html'}")
    if pdf is not None and find_browser() is None:
        raise no_browser()


def _report(report_file: Path | None, pdf: Path | None, write: Callable[[Path], Any]) -> None:
    """Write the HTML report, and print it where a PDF is asked."""
    from policies.pdf import print_pdf

    if report_file is not None:
        write(report_file)
    if pdf is not None:
        with tempfile.TemporaryDirectory() as folder:
            page = report_file or Path(folder) / "report.html"
            if report_file is None:
                write(page)
            print_pdf(page, pdf)


def _say(text: str) -> None:
    if not _Voice.quiet:
        typer.echo(text)


def _console() -> Console:
    # rich itself honours NO_COLOR; in a notebook a command prints text all the same
    return Console(width=None if sys.stdout.isatty() else WIDTH, force_jupyter=False)


def _show(table: pd.DataFrame, title: str, digits: int = 3) -> None:
    if _Voice.quiet:
        return
    shown = Table(
        title=title,
        title_justify="left",
        header_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, int(len(table.columns) < 8), 0, 0),
        pad_edge=False,
    )
    for k, column in enumerate([table.index.name or "", *table.columns]):
        shown.add_column(
            str(column),
            justify="left" if k == 0 or in_words(table.iloc[:, k - 1]) else "right",
            overflow="fold",
            no_wrap=".." in str(table.iat[0, k - 1]) or k == 0,
        )
    for label, row in table.iterrows():
        cells = [f"{v:.{digits}f}" if isinstance(v, float) else str(v) for v in row]
        shown.add_row(str(label), *cells)
    _console().print(shown)


@app.command("list")
def list_(quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Policies and embedded benchmarks."""
    policies = {k: find_policy(k).title for k in POLICIES} | {"usmca": "USMCA's automotive rules of origin against NAFTA's"}
    held = {"policies": policies, "benchmarks": available()}
    if as_json:
        _print_json(held)
        return
    _show(pd.DataFrame({"title": held["policies"]}).rename_axis("policy"), "Policies")
    _say("Benchmarks: " + ", ".join(available()))


@app.command()
def info(benchmark: BenchmarkArgument = "world", quiet: Quiet = False, as_json: AsJson = False) -> None:
    """What a benchmark holds: year, source, regions, commodities, adjustments, elasticities."""
    data = load_benchmark(benchmark)
    adjustments = data.sam.adjustments
    held: dict[str, Any] = {
        "name": data.name,
        **{k: data.attrs[k] for k in ATTRIBUTES if k in data.attrs},
        "regions": data.regions,
        "commodities": data.commodities,
        "factors": data.sam.factors,
        "gdp_tn_usd": round(float(data.sam.gdp().sum()) / 1e6, 3),
        "adjustments": {str(k): int(v) for k, v in adjustments["rule"].value_counts().items()},
        "elasticity_studies": data.studies,
        "elasticity_sources": str(data.attrs.get("elasticity_sources", "")).splitlines(),
    }
    if as_json:
        _print_json({k: v.item() if hasattr(v, "item") else v for k, v in held.items()})
        return
    for key, value in held.items():
        if isinstance(value, list):
            lines = key == "elasticity_sources"
            value = ("\n  " if lines else "") + ("\n  " if lines else ", ").join(map(str, value))
        _say(f"{key}: {value}")


@app.command()
def check(benchmark: BenchmarkArgument = "world", quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Every balance and replication check of a benchmark, as a table."""
    data = load_benchmark(benchmark)
    violated = data.sam.check()
    rows = [
        {"check": f"balance: {name}", "value": float((violated["identity"] == name).sum()), "limit": 0.0}
        for name in data.sam.identities()
    ]
    model = Model(data)
    base = model.solve()
    found = base.checks()
    rows += [{"check": str(r.check), "value": float(str(r.value)), "limit": float(str(r.limit))} for r in found.itertuples()]
    residual = float(abs(model.newton.residual(model.system.pack(model.benchmark_values))).max())
    rows.append({"check": "benchmark replication residual", "value": residual, "limit": 1e-12})
    drift = max(float(abs(base.arrays[n] - model.benchmark_values[n]).max()) for n in model.system.unknown)
    rows.append({"check": "solution departs from the benchmark by", "value": drift, "limit": 1e-9})
    rows.append({"check": "homogeneity (numeraire x 1.1)", "value": base.homogeneity(), "limit": 1e-9})
    table = pd.DataFrame(rows).set_index("check")
    table["ok"] = table["value"] <= table["limit"]
    if as_json:
        _print_json({"benchmark": data.name, "ok": bool(table["ok"].all()), "checks": table.reset_index().to_dict("records")})
    else:
        shown = table.astype({"ok": object})
        shown["value"] = [f"{v:.1e}" for v in table["value"]]
        shown["limit"] = [f"{v:.0e}" for v in table["limit"]]
        _show(shown, f"Checks of benchmark {data.name}")
    if not table["ok"].all():
        raise typer.Exit(1)


@app.command()
def run(
    policy: Annotated[str, typer.Argument(help="Name of a policy (see: cge list) or a .yaml file.")],
    benchmark: BenchmarkOption = "world",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for netCDF, CSV, PNG and JSON results.")] = None,
    investment: Annotated[str, typer.Option(help="Closure: 'saving' (investment follows) or 'fixed'.")] = "saving",
    labour: Annotated[str, typer.Option(help="Closure: 'full employment' or 'fixed real wage'.")] = "full employment",
    capital: Annotated[str, typer.Option(help="'mobile', or 'specific' to its activity.")] = "mobile",
    sourcing: Annotated[str, typer.Option(help="Import bundles: by 'use', by 'agent', or 'pooled' (GTAP).")] = "use",
    elasticities: Annotated[str, typer.Option(help="A study the benchmark carries (see: cge info), instead of its own.")] = "",
    method: Annotated[str, typer.Option(help="'auto' (fast start, Ipopt judges) or 'ipopt' alone.")] = "auto",
    report_file: ReportOption = None,
    pdf: PdfOption = None,
    ranges: Annotated[bool, typer.Option("--ranges", help="Welfare under every study of elasticities as well.")] = False,
    more_figures: Annotated[bool, typer.Option("--figures", help="With --out: map, trade, output, prices, parts.")] = False,
    rules: Annotated[str, typer.Option("--rules", help="usmca: none, nafta, usmca-cars, usmca-trucks, withdrawal, ...")] = "",
    assembly: Annotated[str, typer.Option(help="usmca: capital of assembly 'fixed' or with 'relocation'.")] = "fixed",
    curve: Annotated[bool, typer.Option("--curve", help="usmca: outcomes along the content threshold.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Solve a policy and show who gains and loses."""
    _check_files(report_file, pdf)
    if more_figures and out is None:
        raise ModelError("--figures needs --out FOLDER")
    if policy == "usmca":
        if ranges or more_figures:
            raise ModelError("--ranges and --figures do not apply to usmca; its own figure comes with --curve")
        _run_usmca(rules or "usmca-cars", benchmark, assembly, curve, out, report_file, pdf, as_json)
        return
    if rules or curve:
        raise ModelError("--rules and --curve belong to the policy usmca")
    if capital not in ("mobile", "specific"):
        raise ModelError(f"unknown capital rule {capital!r}; choose 'mobile' or 'specific'")
    if method not in ("auto", "ipopt"):
        raise ModelError(f"unknown method {method!r}; choose 'auto' or 'ipopt'")
    specific = ("nat", "cap") if capital == "specific" else None
    closure = Closure.standard(investment=investment, labour=labour, specific=specific)  # type: ignore[arg-type]
    data = load_benchmark(benchmark, elasticities or None)
    result = experiment.run(find_policy(policy), data, closure, sourcing=sourcing, method=method)
    spread = None
    if ranges:
        with progress.Progress("elasticities") as bar:
            spread = findings.welfare_range(result.policy, data, closure, sourcing=sourcing, report=bar.update)
    if out is not None:
        report.write(result, out, spread, more_figures=more_figures)
    if report_file is not None or pdf is not None:
        from policies import html_report

        _report(report_file, pdf, lambda path: html_report.write(result, path, _command(), spread))
    summary = result.summary()
    if spread is not None:
        summary["welfare_range"] = {str(r): dict(row) for r, row in spread.to_dict("index").items()}
    if as_json:
        _print_json(summary)
        return
    table = result.comparison.table()
    names = {"ev_musd": "EV, m USD"}
    table.columns = pd.Index([names.get(c, c.removesuffix("_percent").replace("_", " ") + " %") for c in table.columns])
    table["EV, m USD"] = [f"{v:,.0f}" for v in table["EV, m USD"]]
    if spread is not None:
        table.insert(1, "range", [f"{a:+.2f}..{b:+.2f}" for a, b in zip(spread.min(axis=1), spread.max(axis=1), strict=True)])
    _show(table, f"{summary['title'] or summary['policy']} on benchmark {summary['benchmark']}")
    if summary["intra_trade_percent"] is not None and len(result.members) < len(table):
        _say(
            f"Members {', '.join(result.members)}: welfare {summary['bloc_welfare_percent']:+.3f} %, "
            f"trade among them {summary['intra_trade_percent']:+.1f} % (volume)"
        )
    for note in summary["notes"]:
        _say(f"Note: {note}")
    seconds = summary["seconds"]
    _say(
        f"{summary['status']}: residual {summary['max_residual']:.0e}, Walras {summary['walras']:.0e} of world GDP; "
        f"build {seconds['build']:.2f} s, solve {seconds['solve']:.2f} s" + (f"; results in {out}" if out else "")
    )


@app.command()
def docs(
    out: Annotated[Path, typer.Option("--out", help="Folder of the pages.")],
    model: Annotated[
        str, typer.Option("--model", help="'core', 'gtap', 'rules' (of origin: USMCA's) or 'growth' (a year of cge dynamics).")
    ] = "core",
    benchmark: BenchmarkOption = "world",
    policy: Annotated[
        list[str] | None, typer.Option("--policy", help="A policy (with rules: a scenario) to show on the model; repeat.")
    ] = None,
    investment: Annotated[str, typer.Option(help="Closure: 'saving' (investment follows) or 'fixed'.")] = "saving",
    labour: Annotated[str, typer.Option(help="Closure: 'full employment' or 'fixed real wage'.")] = "full employment",
    sourcing: Annotated[str, typer.Option(help="Import bundles: by 'use', by 'agent', or 'pooled' (GTAP).")] = "use",
    elasticities: Annotated[str, typer.Option(help="A study the benchmark carries (see: cge info), instead of its own.")] = "",
    growth: Annotated[Path | None, typer.Option("--growth", help="With growth: CSV of rates, as for cge dynamics.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Document a model: data, choices, checks, every equation, parameters, results of policies."""
    from policies import model_docs
    from policies.models import open_benchmark

    data = open_benchmark(model, benchmark, elasticities)
    closure = None
    if (investment, labour) != ("saving", "full employment"):
        if model in ("gtap", "rules"):
            raise ModelError(f"--investment and --labour belong to the models core and growth, not to {model!r}")
        closure = Closure.standard(investment=investment, labour=labour)  # type: ignore[arg-type]
    shown = [p if model == "rules" else find_policy(p) for p in policy or []]
    with progress.Progress("documentation") as bar:
        model_docs.write(data, out, shown, model, closure, sourcing, growth, bar.update)
    if as_json:
        _print_json({"model": model, "benchmark": data.name, "files": sorted(str(p) for p in out.iterdir())})
        return
    _say(f"Pages in {out}: open {out / 'index.html'}")


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
    curves = usmca_curves(benchmark, assembly=assembly) if curve else None  # type: ignore[arg-type]
    if out is not None:
        usmca_report.write(result, out, curves)
    if report_file is not None or pdf is not None:
        _report(report_file, pdf, lambda path: usmca_report.write_html(result, path, _command(), curves))
    summary = result.summary()
    if as_json:
        _print_json(summary | ({"curves": usmca_report.curves_json(curves)} if curves else {}))
        return
    rows = {
        f"{sector}, {what} %": {m: summary[sector][what][m] for m in MEMBERS}
        for sector in ("vehicles", "parts")
        for what in ("output", "employment", "price")
    }
    for what in ("welfare", "real_gdp", "real_wage"):
        rows[f"{what.replace('_', ' ')} %"] = {m: summary["regions"][m][f"{what}_percent"] for m in MEMBERS}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("change from NAFTA's rules")
    _show(table, f"USMCA, rules {rules}, duty of {result.duty}, assembly {assembly}")
    use = pd.DataFrame(summary["utilisation"]).mul(100).rename_axis("use of the preference, %")
    _show(use, "Utilisation by pair", 1)
    for key in ("regional_content", "constrained_share", "cost_penalty"):
        shown = ", ".join(f"{k} {100 * v:.2f} %" for k, v in summary[key].items())
        _say(f"{key.replace('_', ' ')}: {shown}")
    trade = summary["trade"]
    _say(
        "trade (volume): "
        + "; ".join(
            f"{name} within {trade[key]['within_percent']:+.1f} %, from outside {trade[key]['from_outside_percent']:+.1f} %"
            for name, key in (("vehicles", "veh"), ("parts", "prt"))
        )
    )
    if summary["unused_types"]:
        _say(f"firm types that cannot meet the rules: {summary['unused_types']}")
    for duty, held in (curves or {}).items():
        shown = held[["regional_content", "utilisation", "cost_penalty"]].mul(100)
        shown.index = pd.Index([f"{100 * x:.0f}" for x in shown.index], name="threshold, %")
        _show(shown, f"Along the content threshold, duty of {duty}, per cent", 2)
    _say(
        f"{summary['status']}: residual {summary['max_residual']:.0e}, complementarity {summary['complementarity_gap']:.0e}"
        + (f"; results in {out}" if out else "")
    )


@app.command()
def gvc(
    policy: Annotated[str, typer.Argument(help="Name of a policy (see: cge list) or a .yaml file.")],
    benchmark: BenchmarkOption = "world",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for netCDF, CSV and figures.")] = None,
    report_file: ReportOption = None,
    pdf: PdfOption = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Value chains before and after a policy: participation, length, regionalisation, exposure."""
    from policies import gvc_report

    _check_files(report_file, pdf)
    result = experiment.run(find_policy(policy), benchmark)
    chains = gvc_report.compare(result)
    if out is not None:
        gvc_report.write(result, chains, out)
    if report_file is not None or pdf is not None:
        _report(report_file, pdf, lambda path: gvc_report.write_html(result, chains, path, _command()))
    if as_json:
        _print_json(gvc_report.summary(result, chains))
        return
    table = gvc_report.short_table(chains)
    _show(table, f"Value chains before (per cent) and change (points): {result.policy.title or result.policy.name}")
    _say(gvc_report.LEGEND)
    _show(gvc_report.sector_change(result, chains), "Change of backward participation by sector, percentage points")
    if out is not None:
        _say(f"Figures and tables in {out}")


@app.command()
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
    """Shock the GTAP standard model and report changes in GTAP's terms."""
    from calibration.gtap import open_gtap
    from cge.gtap import GtapShock, gtap_model, solve_gtap
    from policies import gtap_report

    if model != "gtap":
        raise ModelError(f"unknown model {model!r}; this command runs 'gtap' (other models: cge run)")
    _check_files(report_file, pdf)
    policy = find_policy(text) if text in POLICIES or Path(text).suffix in (".yaml", ".yml") else None
    if policy is not None and (subtotals or policy.origin is not None):
        raise ModelError("--subtotals takes shocks parted by ';', not a policy, and GTAP's model has no rules of origin")
    asked = policy or GtapShock(text)
    result = solve_gtap(gtap_model(open_gtap(benchmark)), asked)
    parts = gtap_report.welfare_parts(result, asked) if decompose else None
    groups = gtap_report.shock_parts(result, text) if subtotals else None
    if out is not None:
        gtap_report.write(result, out)
    if report_file is not None or pdf is not None:
        title, sources = (policy.title, policy.sources) if policy is not None else ("", ())
        _report(
            report_file,
            pdf,
            lambda path: gtap_report.write_html(
                result, asked, path, _command(), title=title, subtotals=groups, sources=sources
            ),
        )
    if as_json:
        extra = {"contributions_to_ev": parts, "subtotals": groups}
        _print_json(
            gtap_report.summary(result) | {k: json.loads(v.to_json(orient="index")) for k, v in extra.items() if v is not None}
        )
        return
    table = result.table()
    table.index.name = "region"
    table.columns = pd.Index(["EV, m USD", *[f"{c} %" for c in table.columns[1:]]])
    table["EV, m USD"] = [f"{v:,.1f}" for v in table["EV, m USD"]]
    _show(table, f"GTAP standard model, {text}")
    if parts is not None:
        _show(parts, "Contributions to EV, million USD", 1)
    if groups is not None:
        _show(groups, "Contributions of each shock to real GDP, per cent", 4)
    info = result.after.info
    _say(
        f"{info['status']}: residual {info['max_residual']:.0e}, Walras {result.after.walras:.0e} of world GDP"
        + (f"; results in {out}" if out else "")
    )


@app.command()
def dynamics(
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

    _check_files(report_file, pdf)
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
        _report(report_file, pdf, lambda path: dynamics_report.write_html(found, data, path, _command()))
    summary = found.summary()
    if as_json:
        _print_json(summary)
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
    _show(table, f"{found.policy.name}: per cent of baseline, benchmark {data.name}")
    world = summary["world_welfare_percent"]
    _say(f"World real income, % of baseline: {first} {world[0]:+.3f}, {last} {world[-1]:+.3f}")
    _say(
        f"{len(found.policy.years)} years: residual {summary['max_residual']:.0e}, identities {summary['identity_gap']:.0e}; "
        f"baseline {summary['seconds']['baseline']:.1f} s, policy {summary['seconds']['policy']:.1f} s"
        + (f"; results in {out}" if out else "")
    )


@app.command()
def replicate(
    study: Annotated[str, typer.Argument(help="'caliendo-parro-2015'.")],
    data: Annotated[str | None, typer.Option("--data", help="Folder of the study's data.")] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run a published study again on its own data and print ours beside the published numbers."""
    from policies.replicate import STUDIES

    if study not in STUDIES:
        raise ModelError(f"unknown study {study!r}; known: {', '.join(STUDIES)}")
    found = STUDIES[study](data)
    if as_json:
        _print_json(found.summary())
        return
    shown = found.table.astype(object).where(found.table.notna(), "")
    shown.columns = pd.Index([c.replace("_", " ") for c in shown.columns])
    _show(shown, "NAFTA's tariff changes 1993-2005, per cent (Caliendo and Parro 2015)")
    _say(f"residual {found.residual:.0e}; seconds {found.seconds}")


data = typer.Typer(help="Build benchmarks from downloaded official tables.", no_args_is_help=True)
app.add_typer(data, name="data")


@data.command("build")
def data_build(
    path: Annotated[Path, typer.Argument(help="The file or folder as downloaded.")],
    source: Annotated[
        str, typer.Option("--source", help="wiod2013, wiod2016, oecd-icio, adb-mrio, eora26, exiobase, figaro or gtap-har.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The benchmark file to write (.nc); the report goes beside it.")],
    year: Annotated[int | None, typer.Option("--year", help="Year to take from an archive.")] = None,
    regions: Annotated[Path | None, typer.Option("--regions", help="CSV with two columns: old label, new label.")] = None,
    sectors: Annotated[Path | None, typer.Option("--sectors", help="CSV with two columns: old label, new label.")] = None,
    tariffs: Annotated[str, typer.Option("--tariffs", help="CSV with i,s,d,rate in the new labels, or 'none'.")] = "none",
    elasticities: Annotated[str, typer.Option("--elasticities", help="A study (see: cge info) or a CSV table.")] = "gtap",
    inventories: Annotated[str, typer.Option(help="'investment' adds them to it, 'drop' leaves them out.")] = "investment",
    negatives: Annotated[str, typer.Option(help="Negative uses: 'zero' or 'error'.")] = "zero",
    discrepancy: Annotated[str, typer.Option(help="Uses that miss output: 'scale', 'output' or 'error'.")] = "scale",
    product_taxes: Annotated[str, typer.Option(help="Taxes on products: in 'value added' or on each 'use'.")] = "value added",
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """From an official input-output table to a checked benchmark with a report of everything adjusted."""
    from calibration.build import build_benchmark

    lawful = {
        "inventories": (inventories, ("investment", "drop")),
        "negatives": (negatives, ("zero", "error")),
        "discrepancy": (discrepancy, ("scale", "output", "error")),
        "product-taxes": (product_taxes, ("value added", "use")),
    }
    for option, (given, choices) in lawful.items():
        if given not in choices:
            raise DataError(f"--{option} {given!r} is not one of {', '.join(choices)}")
    built = build_benchmark(
        source,
        path,
        year=year,
        regions=regions,
        sectors=sectors,
        tariffs=tariffs,
        elasticities=elasticities,
        inventories=inventories,  # type: ignore[arg-type]
        negatives=negatives,  # type: ignore[arg-type]
        discrepancy=discrepancy,  # type: ignore[arg-type]
        product_taxes=product_taxes,  # type: ignore[arg-type]
        name=out.stem,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    built.benchmark.save(out)
    built.write_report(out.with_suffix(".html"))
    if as_json:
        _print_json(built.report)
        return
    report_ = built.report
    _say(f"{report_['title']}: {len(report_['regions'])} regions x {len(report_['sectors'])} sectors")
    _say(f"World GDP {report_['world_gdp'] / 1e6:,.2f} tn; duties {100 * report_['duties_over_imports']:.2f} % of imports")
    for rule, row in report_["adjustments"].items():
        _say(f"  {rule}: {row['cells']} cells, {row['before']:,.0f} -> {row['after']:,.0f}")
    _say(f"Every identity holds to 1e-9. Written: {out}, {out.with_suffix('.html')}, {out.with_suffix('.json')}")


def run_script(policy: str) -> None:
    """``python -m policies.NAME`` is ``cge run NAME``."""
    sys.argv[1:1] = ["run", policy] if policy in POLICIES else ["run"]
    main()


def main() -> None:
    """Entry point: errors of data, model or solve are one line on standard error and exit code 2."""
    _hush(False)
    try:
        app()
    except (DataError, ModelError, SolveError) as error:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
        for line in getattr(error, "worst", []):
            typer.echo(f"  {line}", err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
