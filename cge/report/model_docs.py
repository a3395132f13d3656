"""The documentation of a user's own model: what a ministry or bank attaches to its study.

Static pages: data and choices with replication checks, sets, every equation printed from its rule, parameters
with their sources, and the results of named policies. Needs the extra ``report`` (latex2mathml) for the equations.
"""

from __future__ import annotations

import html as escape
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import xarray as xr

from calibration import Benchmark
from calibration.currency import in_currency
from calibration.elasticities import SYMBOLS
from cge.catalogue import question
from cge.equations.closure import Closure
from cge.equations.declare import SET_OF_DIM
from cge.errors import ModelError
from cge.gtap import solve_gtap
from cge.model import Model
from cge.model.shock import require_change, require_shock
from cge.models import MODELS, build, check_name
from cge.policy.policy import Policy
from cge.report import findings, gtap_report, html, html_report, report_parts
from cge.report.diagrams import goods_flow, model_map
from cge.report.latex import SET_NAMES, complementarity, listing, symbol_latex
from cge.report.report_parts import Figures
from cge.results.static_run import StaticRun
from cge.run import on, solve
from cge.scenario import Scenario

VALUES = "parameters.nc"
"""Every instrument and parameter at its benchmark value."""
USMCA = "usmca"
"""The question whose model ``rules`` is."""
PAGES = (("Model", "index.html"), ("Equations", "equations.html"), ("Parameters", "parameters.html"))


def write(
    benchmark: Benchmark,
    folder: str | Path,
    policies: Policy | str | Sequence[Policy | str] = (),
    model: str = "core",
    closure: Closure | None = None,
    sourcing: str = "use",
    growth: str | Path | None = None,
    report: Callable[[float], None] | None = None,
    command: str = "",
) -> Path:
    """Document one of the library's models on a benchmark; see :func:`document`.

    Parameters
    ----------
    benchmark : Benchmark
    folder, policies, report, command
        As for :func:`document`.
    model : str
        Key of :data:`cge.models.MODELS`.
    closure, sourcing, growth
        As for :func:`cge.models.build`.

    Raises
    ------
    ModelError
        Unknown model, a choice or a policy it cannot show, or ``latex2mathml`` is not installed.
    """
    check_name(model)
    policies = _several(policies)
    named = benchmark.name.removesuffix("-gtap") if model == "gtap" else benchmark.name
    shown = [word for p in policies for word in ("--policy", p if isinstance(p, str) else p.name)]
    command = command or shlex.join(["cge", "docs", "--out", str(folder), "--model", model, "--benchmark", named, *shown])
    built = build(model, benchmark, closure, sourcing, growth)
    return document(built, folder, policies, title=MODELS[model], report=report, command=command)


def document(
    model: Model,
    folder: str | Path,
    policies: Policy | str | Sequence[Policy | str] = (),
    *,
    title: str = "Model",
    report: Callable[[float], None] | None = None,
    command: str = "",
) -> Path:
    """Write the pages of any model, the library's or one of your own blocks.

    Parameters
    ----------
    model : Model
    folder : path
    policies : sequence of Policy or str
        One page of results each, on this model: policies, or names of scenarios where it has USMCA's
        rules of origin; none where it is a year of a dynamic model.
    title : str
    report : callable, optional
        Told the share done.
    command : str
        What repeats the pages, if a command does.

    Returns
    -------
    Path
        The folder: ``index.html``, ``equations.html``, ``parameters.html``, ``parameters.nc``, one page a policy.

    Raises
    ------
    ModelError
        A policy the model cannot show, or ``latex2mathml`` is not installed.
    """
    policies = _several(policies)
    results = [_named(p, model) for p in policies]
    for policy in policies:
        if isinstance(policy, Policy) and not policy.origin:
            require_change(model, policy)  # refused before anything is written
    nav = [*PAGES, *results]
    tell = report or (lambda share: None)
    pages = (
        ("model", "index.html", [*_overview(model), *report_parts.repeat(command)]),
        ("equations", "equations.html", _equations(model)),
        ("parameters", "parameters.html", _parameters(model)),
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, file, parts in pages:
        style = html.math_style() if file == "equations.html" else ""
        text = html.page(f"{title}, {model.benchmark.name}: {name}", parts, nav, style)
        (folder / file).write_text(text, encoding="utf-8")
    held = values(model)
    packed = {str(v): {"zlib": True, "complevel": 4} for v in held.data_vars if held[v].size > 1000}
    held.to_netcdf(folder / VALUES, engine="h5netcdf", encoding=packed)
    for k, (policy, (name, file)) in enumerate(zip(policies, results, strict=True)):
        tell((1 + k) / (1 + len(policies)))
        draw = Figures()
        (folder / file).write_text(html.page(name, _result(policy, model, command, draw), nav), encoding="utf-8")
    tell(1.0)
    return folder


def _several(policies: Policy | str | Sequence[Policy | str]) -> tuple[Policy | str, ...]:
    """One policy or scenario, or several; anything else is refused."""
    listed = (policies,) if isinstance(policies, (Policy, str)) else tuple(policies)
    for policy in listed:
        if not isinstance(policy, (Policy, str)):
            require_shock(policy, where="a page of results")
            raise ModelError(f"a page of results takes a Policy or a scenario's name, not {type(policy).__name__}")
    return listed


def _kind(model: Model) -> str:
    """Which of the library's models it is, by what only that one has; else ``core``."""
    if any(type(block).__name__ == "RulesOfOrigin" for block in model.blocks):
        return "rules"
    return "gtap" if "bank" in model.symbols else "growth" if "tfp" in model.symbols else "core"


def _named(policy: Policy | str, model: Model) -> tuple[str, str]:
    """Title and file of a page of results."""
    kind = _kind(model)
    if kind == "growth":
        raise ModelError(
            "a dynamic model has paths, not one result: document it without --policy, and see cge dynamics --report"
        )
    known = question(USMCA).scenarios
    if isinstance(policy, str):
        if kind != "rules" or policy not in known:
            raise ModelError(f"{policy!r} is no scenario of rules of origin; choose {', '.join(known)}, with --model rules")
        return f"USMCA: {policy}", f"policy-{policy}.html"
    if kind == "rules":
        raise ModelError(f"--model rules shows scenarios of rules of origin, not {policy.name!r}; choose {', '.join(known)}")
    if kind == "gtap" and policy.origin:
        raise ModelError(f"policy {policy.name!r} has an origin clause, which pages of the GTAP standard model do not show")
    return policy.title or policy.name, f"policy-{policy.name}.html"


def _result(policy: Policy | str, model: Model, command: str, draw: Figures) -> list[str]:
    """Results of a policy on the model that is documented."""
    if isinstance(policy, str):
        asked = question(USMCA)
        assert asked.run is not None
        return asked.run(Scenario(model.benchmark), asked.chosen({"rules": policy})).body(command, draw)
    if _kind(model) == "gtap":
        return gtap_report.body(solve_gtap(model, policy), policy, command, draw, sources=policy.sources)
    scenario = Scenario(model.benchmark, closure=model.closure, sourcing=model.data.sourcing, policy=policy)
    run = solve(scenario) if policy.origin else on(model, scenario)  # a clause brings its own blocks
    assert isinstance(run, StaticRun)
    return html_report.body(run, command, draw, chains=True)


def _overview(model: Model) -> list[str]:
    benchmark = model.benchmark
    attrs = {k: str(v) for k, v in benchmark.attrs.items() if k not in ("members", "elasticity_sources") and str(v)}
    base = model.solve()
    sets = pd.DataFrame({"members": {SET_NAMES[k]: ", ".join(v) for k, v in model.sets.items()}})
    regions = pd.Index(benchmark.regions, name="region")
    gdp = pd.DataFrame({f"GDP, bn {benchmark.currency}": benchmark.sam.gdp() / 1e3}, index=regions)
    counts = (
        f"{model.system.n:,} unknowns in {len(model.equations)} families of equations; {len(model.definitions)} definitions."
    )
    adjusted = benchmark.sam.adjustments["rule"].value_counts().rename("cells").to_frame()
    return [
        html.paragraph(counts),
        *_diagrams(model),
        html.heading("Choices"),
        html.table(pd.DataFrame({"": model.attrs()})),
        html.heading("Data"),
        html.table(pd.DataFrame({"": attrs})),
        *([html.heading("Adjustments"), html.table(adjusted, 0)] if len(adjusted) else []),
        html.heading("Replication and checks"),
        report_parts.checks(base),
        html.heading("Sets"),
        html.table(sets),
        html.heading("Gross domestic product"),
        html.table(gdp, 1),
    ]


def _diagrams(model: Model) -> list[str]:
    parts = [
        html.heading("Map"),
        html.paragraph(
            "Boxes are blocks and lead to their equations; a line is wider the more symbols two blocks exchange, and its "
            "tooltip names them. Broken lines lead to blocks that only measure."
        ),
        html.diagram(model_map(model, link=lambda block: f"equations.html#block-{block}")),
    ]
    try:
        flow = goods_flow(model)
    except ModelError:  # a model of other prices: nothing is drawn that its rules do not say
        return parts
    return [*parts, html.heading("A good's way from producer to user"), html.diagram(flow)]


def _equations(model: Model) -> list[str]:
    held = listing(model)
    parts = [
        html.paragraph(
            "Printed from the rules that are solved. A bar marks a benchmark value; CES prices show their power form."
        )
    ]
    for name, sentence, entries in held.blocks:
        parts += [html.heading(name, f"block-{name}"), html.paragraph(sentence)]
        for entry in entries:
            rule = entry.rule
            over = ", ".join(f"{d} {what}" for d, what in entry.over) or "one for the world"
            kind = f"determines {rule.defines}" if rule.is_equation else "definition"
            links = ", ".join(f'<a href="#symbol-{x}"><code>{x}</code></a>' for x in sorted(entry.printed.symbols))
            source = f" Source: {rule.source}." if rule.source else ""
            text = escape.escape(f"{rule.long_name} ({over}; {kind}).{entry.where}{source}")
            pair = html.mathml(complementarity(rule), "block") if rule.complements else ""
            parts.append(
                f'<div class="eq" id="{rule.name}"><code>{rule.name}</code> {text}'
                f'<div class="wide" tabindex="0">{html.mathml(entry.printed.latex, "block")}{pair}</div>{links}</div>'
            )
    rows = []
    for row in held.symbols.sort_index().itertuples():
        where = ", ".join(f'<a href="#{x}">{x}</a>' for x in row.rules)
        cells = "".join(f'<td class="text">{escape.escape(x)}</td>' for x in (row.what, row.dims, row.unit, row.kind))
        name = f"<td><code>{row.Index}</code> {html.mathml(symbol_latex(row.Index))}</td>"
        rows.append(f'<tr id="symbol-{row.Index}">{name}{cells}<td class="text">{where}</td></tr>')
    heads = "".join(f'<th class="text">{x}</th>' for x in ("symbol", "what", "dims", "unit", "kind", "in"))
    table = f'<div class="wide" tabindex="0"><table><tr>{heads}</tr>{"".join(rows)}</table></div>'
    return [*parts, html.heading("Symbols"), table]


def _parameters(model: Model) -> list[str]:
    data = model.benchmark.elasticities
    parts = [
        html.paragraph(
            "Elasticities are chosen, with their sources below; rates, shares and levels are calibrated, so that the model "
            "gives back the benchmark."
        ),
        f'<p>Every value by its labels is in <a href="{VALUES}"><code>{VALUES}</code></a> (netCDF).</p>',
    ]
    same: dict[str, dict[str, pd.Series]] = {}
    varied = []
    meaning = {}
    for name in map(str, data.data_vars):
        array = data[name]
        meaning[name] = str(array.attrs.get("long_name", SYMBOLS.get(name, "")))
        over = str(array.dims[0]) if array.dims else ""
        if array.ndim == 2 and bool((array == array.isel({array.dims[1]: 0})).all()):
            array = array.isel({array.dims[1]: 0}, drop=True)
        if array.ndim == 2:
            varied += [html.heading(f"{name}: {meaning[name]}"), html.table(array.to_pandas(), 2)]
        elif array.ndim == 1:
            same.setdefault(over, {})[name] = array.to_series()
        else:
            same.setdefault(over, {})[name] = pd.Series({"world": float(array)})
    for over, columns in same.items():
        what = SET_NAMES[SET_OF_DIM[over]] if over else "the world"
        parts += [html.heading(f"Elasticities of {what}"), html.table(pd.DataFrame(columns).rename_axis(over), 2)]
        parts += [html.bullets(f"{n}: {meaning[n]}" for n in columns)]
    parts += varied
    parts += [html.heading("Sources of the elasticities"), html.bullets(findings.elasticity_sources(model.benchmark))]
    for kind, title in (("instrument", "Instruments at the benchmark"), ("parameter", "Calibrated parameters")):
        rows = {n: _extent(model, n) for n, s in sorted(model.symbols.items()) if s.kind == kind}
        parts += [html.heading(title), html.table(pd.DataFrame(rows).T.rename_axis(kind))]
    return parts


def _extent(model: Model, name: str) -> dict[str, str]:
    """A symbol and the range of its benchmark values."""
    symbol, held = model.symbols[name], model.benchmark_values[name]
    return {
        "what": symbol.long_name,
        "dims": " ".join(symbol.dims),
        "unit": in_currency(symbol.unit, model.benchmark.currency),
        "cells": f"{held.size:,}",
        "smallest": f"{held.min():.4g}",
        "mean": f"{held.mean():.4g}",
        "largest": f"{held.max():.4g}",
    }


def values(model: Model) -> xr.Dataset:
    """Every instrument and parameter at its benchmark value, with names and units; dims as the symbols have."""
    out = xr.Dataset(attrs=model.attrs())
    for name, symbol in model.symbols.items():
        if symbol.kind != "variable":
            labels = {d: model.labels(d) for d in symbol.dims}
            unit = in_currency(symbol.unit, model.benchmark.currency)
            attrs = {"long_name": symbol.long_name, "units": unit, "kind": symbol.kind}
            out[name] = xr.DataArray(model.benchmark_values[name], dims=symbol.dims, coords=labels, attrs=attrs)
    return out
