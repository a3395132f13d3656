"""Commands on data: list, info, check, data build, data chips."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from calibration import DataError, available, load_benchmark
from cge.catalogue import questions
from cge.cli.outputs import check_place, refuse_overwriting
from cge.cli.shared import (
    AsJson,
    BenchmarkArgument,
    Quiet,
    print_json,
    refuse_options,
    say,
    show,
)
from cge.model import Model
from cge.model.workspace import residual_at
from cge.report import findings

ATTRIBUTES = (
    "title",
    "year",
    "conversion",
    "tariffs",
    "source",
    "licence",
    "observed",
    "estimated",
    "validation",
    "rules",
    "factor_split",
    "freight",
    "chips",
    "note",
    "remarks",
    "defaults",
    "zero_headers",
)


def list_(quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Policies and embedded benchmarks."""
    policies = {name: asked.title for name, asked in questions().items()}
    held = {"policies": policies, "benchmarks": available()}
    if as_json:
        print_json(held)
        return
    show(pd.DataFrame({"title": held["policies"]}).rename_axis("policy"), "Policies")
    say("Benchmarks: " + ", ".join(available()))


def info(benchmark: BenchmarkArgument = "world", quiet: Quiet = False, as_json: AsJson = False) -> None:
    """What a benchmark holds and where it is from."""
    data = load_benchmark(benchmark)
    adjustments = data.sam.adjustments
    held: dict[str, Any] = {
        "name": data.name,
        **{k: data.attrs[k] for k in ATTRIBUTES if k in data.attrs},
        "regions": data.regions,
        "commodities": data.commodities,
        "factors": data.sam.factors,
        "currency": data.currency,
        "gdp_trillion": round(float(data.sam.gdp().sum()) / 1e6, 3),
        **({"gdp_tn_usd": round(float(data.sam.gdp().sum()) / 1e6, 3)} if as_json and data.currency == "USD" else {}),
        "adjustments": {str(k): int(v) for k, v in adjustments["rule"].value_counts().items()},
        "elasticity_studies": data.studies,
        "elasticity_sources": str(data.attrs.get("elasticity_sources", "")).splitlines(),
    }
    if as_json:
        print_json({k: v.item() if hasattr(v, "item") else v for k, v in held.items()})
        return
    held["adjustments"] = [f"{rule}: {cells}" for rule, cells in held["adjustments"].items()]
    held["elasticity_sources"] = "; ".join(findings.elasticity_sources(data))
    for key, value in held.items():
        say(f"{key.replace('_', ' ')}: {', '.join(map(str, value)) if isinstance(value, list) else value}", "  ")


def check(benchmark: BenchmarkArgument = "world", quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Balance and replication checks of a benchmark."""
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
    residual = residual_at(model, model.benchmark_values)
    rows.append({"check": "benchmark replication residual", "value": residual, "limit": 1e-12})
    drift = max(float(abs(base.arrays[n] - model.benchmark_values[n]).max()) for n in model.system.unknown)
    rows.append({"check": "solution departs from the benchmark by", "value": drift, "limit": 1e-9})
    rows.append({"check": "homogeneity (numeraire x 1.1)", "value": base.homogeneity(), "limit": 1e-9})
    table = pd.DataFrame(rows).set_index("check")
    table["ok"] = table["value"] <= table["limit"]
    if as_json:
        print_json({"benchmark": data.name, "ok": bool(table["ok"].all()), "checks": table.reset_index().to_dict("records")})
    else:
        shown = table.astype({"ok": object})
        shown["value"] = [f"{v:.1e}" for v in table["value"]]
        shown["limit"] = [f"{v:.0e}" for v in table["limit"]]
        show(shown, f"Checks of benchmark {data.name}")
    if not table["ok"].all():
        raise typer.Exit(1)


def data_build(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="The file or folder as downloaded.")],
    source: Annotated[
        str, typer.Option("--source", help="wiod2013, wiod2016, oecd-icio, adb-mrio, eora26, exiobase, figaro or gtap-har.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The benchmark file to write (.nc); the report goes beside it.")],
    year: Annotated[int | None, typer.Option("--year", help="Year to take from an archive.")] = None,
    regions: Annotated[Path | None, typer.Option("--regions", help="CSV with two columns: old label, new label.")] = None,
    sectors: Annotated[Path | None, typer.Option("--sectors", help="CSV with two columns: old label, new label.")] = None,
    tariffs: Annotated[str, typer.Option("--tariffs", help="CSV: i,s,d and rate or percent, new labels; or 'none'.")] = "none",
    tariff_unit: Annotated[
        str | None, typer.Option("--tariff-unit", help="Unit of the column rate: 'fraction' (0.25) or 'percent' (25).")
    ] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="Convert: units of --currency for one of the table's.")] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="Currency to convert to, with --rate.")] = None,
    elasticities: Annotated[str, typer.Option("--elasticities", help="A study (see: cge info) or a CSV table.")] = "gtap",
    inventories: Annotated[str, typer.Option(help="'investment' adds them to it, 'drop' leaves them out.")] = "investment",
    negatives: Annotated[str, typer.Option(help="Negative uses: 'zero' or 'error'.")] = "zero",
    discrepancy: Annotated[str, typer.Option(help="Uses that miss output: 'scale', 'output' or 'error'.")] = "scale",
    product_taxes: Annotated[str, typer.Option(help="Taxes on products: in 'value added' or on each 'use'.")] = "value added",
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make a checked benchmark of an official table."""
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
    if tariff_unit not in (None, "fraction", "percent"):
        raise DataError(f"--tariff-unit {tariff_unit!r} is not one of fraction, percent")
    if out.suffix != ".nc":
        raise DataError(f"--out {out} must end in .nc: a netCDF file, with its report as .html and .json beside it")
    if source == "gtap-har":
        why = "GTAP's data hold it themselves"
        names = ("year", "tariffs", "tariff_unit", "rate", "currency", "elasticities", "inventories", "negatives")
        refuse_options(context, why, *names, "discrepancy", "product_taxes")
    check_place("--out", out.parent)
    if out.is_dir():
        raise DataError(f"--out {out} is a folder; name a file")
    files = [out, out.with_suffix(".html"), out.with_suffix(".json")]
    inputs: dict[str, str | Path | None] = {"table": path, "region map": regions, "sector map": sectors}
    inputs |= {"tariff table": tariffs, "elasticity table": elasticities}
    if path.is_dir():
        inside = [file for file in files if file.is_file() and file.resolve().is_relative_to(path.resolve())]
        inputs |= {f"file {file.name} of the table": file for file in inside}
    refuse_overwriting(inputs, files)
    built = build_benchmark(
        source,
        path,
        year=year,
        regions=regions,
        sectors=sectors,
        tariffs=tariffs,
        tariff_unit=tariff_unit,  # type: ignore[arg-type]
        rate=rate,
        currency=currency,
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
        print_json(built.report)
        return
    report_ = built.report
    say(f"{report_['title']}: {len(report_['regions'])} regions x {len(report_['sectors'])} sectors")
    duties = f"duties {100 * report_['duties_over_imports']:.2f} % of imports"
    say(f"World GDP {report_['world_gdp'] / 1e6:,.2f} tn {report_['currency']}; {duties}")
    if report_["conversion"]:
        say(f"Converted {report_['conversion']}")
    if report_["tariffs"]:
        say(f"Tariffs: {report_['tariffs']}")
    for rule, row in report_["adjustments"].items():
        say(f"  {rule}: {row['cells']} cells, {row['before']:,.0f} -> {row['after']:,.0f}")
    if report_["adjustments"]:
        say("Each of these repairs is within its limit (docs: How calibration works).")
    say(f"Every identity holds to 1e-9. Written: {out}, {out.with_suffix('.html')}, {out.with_suffix('.json')}")


def data_chips(
    out: Annotated[Path, typer.Option("--out", help="The benchmark file to write (.nc).")],
    benchmark: BenchmarkArgument = "world",
    sector: Annotated[str, typer.Option("--sector", help="The commodity that holds electronics.")] = "elc",
    world_sales: Annotated[
        float | None, typer.Option("--world-sales", help="World sales of chips, millions of the benchmark's currency.")
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Split electronics into equipment (eqp) and semiconductors (chp), by a stated rule."""
    from calibration.chips import CHIPS, WORLD_SALES, split_chips

    if out.suffix != ".nc":
        raise DataError(f"--out {out} must end in .nc: a netCDF file")
    check_place("--out", out.parent)
    refuse_overwriting({"benchmark": benchmark}, [out])
    found = split_chips(load_benchmark(benchmark), sector, world_sales=WORLD_SALES if world_sales is None else world_sales)
    out.parent.mkdir(parents=True, exist_ok=True)
    found.save(out)
    trade = found.sam.data["vxsb"].sel(i=CHIPS)
    made = found.sam.data["makb"].sel(i=CHIPS).sum("a")
    table = pd.DataFrame(
        {"output": made.to_pandas(), "exports": trade.sum("d").to_pandas(), "imports": trade.sum("s").to_pandas()}
    )
    largest = table.sort_values("output", ascending=False).head(12) / 1e3
    if as_json:
        print_json(
            {"benchmark": found.name, "chips": found.attrs["chips"], "billion": table.div(1e3).round(3).to_dict("index")}
        )
        return
    show(largest.rename_axis("region"), f"Semiconductors, estimated, billion {found.currency}", 1)
    say(f"Written: {out}. {found.attrs['chips']}")
