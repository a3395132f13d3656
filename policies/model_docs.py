"""The documentation of a user's own model: what a ministry or bank attaches to its study.

Static pages: data and choices with replication checks, sets, every equation printed from its rule, parameters
with their sources, and the results of named policies. Needs the extra ``docs`` (latex2mathml) for the equations.
"""

from __future__ import annotations

import html as escape
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from calibration import Benchmark
from calibration.elasticities import SYMBOLS
from cge import Closure, Model, ModelError
from cge.declare import SET_OF_DIM
from cge.latex import SET_NAMES, Printer, complementarity, condition, symbol_latex
from policies import experiment, html, html_report
from policies.policy import Policy

PAGES = (("Model", "index.html"), ("Equations", "equations.html"), ("Parameters", "parameters.html"))


def write(
    benchmark: Benchmark,
    folder: str | Path,
    policies: Sequence[Policy] = (),
    model: str = "core",
    closure: Closure | None = None,
    sourcing: str = "use",
) -> Path:
    """Write the pages.

    Parameters
    ----------
    benchmark : Benchmark
    folder : path
    policies : sequence of Policy
        One page of results each.
    model : {"core", "gtap"}
        ``gtap`` needs a benchmark with GTAP's parameters (:func:`calibration.gtap.load_gtap`).
    closure : Closure, optional
    sourcing : str

    Raises
    ------
    ModelError
        Unknown model, or ``latex2mathml`` is not installed.
    """
    if model not in ("core", "gtap"):
        raise ModelError(f"unknown model {model!r}; choose 'core' or 'gtap'")
    if model == "gtap":
        from cge.gtap import gtap_model

        built = gtap_model(benchmark)
    else:
        built = Model(benchmark, closure, sourcing=sourcing)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    results = [(p.title or p.name, f"policy-{p.name}.html") for p in policies]
    nav = [*PAGES, *results]
    for name, parts in (
        ("index.html", _overview(built)),
        ("equations.html", _equations(built)),
        ("parameters.html", _parameters(built)),
    ):
        title = f"{benchmark.name}: " + next(t for t, f in PAGES if f == name).lower()
        style = html.math_style() if name == "equations.html" else ""
        (folder / name).write_text(html.page(title, parts, nav, style), encoding="utf-8")
    for policy, (title, name) in zip(policies, results, strict=True):
        found = experiment.run(policy, benchmark, closure, sourcing=sourcing)
        command = f"cge run {policy.name} --benchmark {benchmark.name}"
        draw = html_report.Figures()
        parts = html_report.body(found, command, draw, chains=policy.origin is None)
        (folder / name).write_text(html.page(title, parts, nav, draw.script()), encoding="utf-8")
    return folder


def _overview(model: Model) -> list[str]:
    benchmark = model.benchmark
    attrs = {k: str(v) for k, v in benchmark.attrs.items() if k not in ("members", "elasticity_sources") and str(v)}
    base = model.solve()
    checks = base.checks().set_index("check")
    checks["value"], checks["limit"] = [f"{v:.1e}" for v in checks["value"]], [f"{v:.0e}" for v in checks["limit"]]
    sets = pd.DataFrame({"members": {SET_NAMES[k]: ", ".join(v) for k, v in model.sets.items()}})
    gdp = pd.DataFrame({"GDP, bn USD": benchmark.sam.gdp() / 1e3}, index=pd.Index(benchmark.regions, name="region"))
    counts = (
        f"{model.system.n:,} unknowns in {len(model.equations)} families of equations; {len(model.definitions)} definitions."
    )
    adjusted = benchmark.sam.adjustments["rule"].value_counts().rename("cells").to_frame()
    return [
        html.paragraph(counts),
        html.heading("Choices"),
        html.table(pd.DataFrame({"": model.attrs()})),
        html.heading("Data"),
        html.table(pd.DataFrame({"": attrs})),
        *([html.heading("Adjustments"), html.table(adjusted, 0)] if len(adjusted) else []),
        html.heading("Replication and checks"),
        html.table(checks),
        html.heading("Sets"),
        html.table(sets),
        html.heading("Gross domestic product"),
        html.table(gdp, 1),
    ]


def _equations(model: Model) -> list[str]:
    try:
        from latex2mathml.converter import convert
    except ImportError as error:
        raise ModelError("printing equations needs the extra 'docs' (pip install 'open-cge[docs]')") from error
    printer = Printer(model)
    used = printer.appearances()
    parts = [
        html.paragraph(
            "Printed from the rules that are solved. A bar marks a benchmark value; CES prices show their power form."
        )
    ]
    for block in model.blocks:
        rules = [r for r in block.rules.values() if model.rules.get(r.name) is r]
        if not rules:
            continue
        parts.append(html.heading(type(block).__name__))
        parts.append(html.paragraph((type(block).__doc__ or "").strip().split("\n")[0]))
        for rule in rules:
            over = ", ".join(f"{d} {SET_NAMES[SET_OF_DIM[d]]}" for d in rule.dims) or "one for the world"
            kind = f"determines {rule.defines}" if rule.is_equation else "definition"
            printed = printer.rule(rule.name)
            links = ", ".join(f'<a href="#symbol-{x}"><code>{x}</code></a>' for x in sorted(printed.symbols))
            text = escape.escape(f"{rule.long_name} ({over}; {kind}).{condition(model, rule.name)} {rule.source}")
            pair = convert(complementarity(rule), display="block") if rule.complements else ""
            parts.append(
                f'<div class="eq" id="{rule.name}"><code>{rule.name}</code> {text}'
                f'<div class="wide" tabindex="0">{convert(printed.latex, display="block")}{pair}</div>{links}</div>'
            )
    parts.append(html.heading("Symbols"))
    rows = []
    everything: list[tuple[str, str, tuple[str, ...], str, str]] = [
        (n, s.long_name, s.dims, s.unit, s.kind) for n, s in model.symbols.items()
    ]
    everything += [(n, r.long_name, r.dims, r.unit, "definition") for n, r in model.definitions.items()]
    for name, text, dims, unit, kind in sorted(everything):
        where = ", ".join(f'<a href="#{x}">{x}</a>' for x in used.get(name, []))
        cells = "".join(f"<td>{escape.escape(x)}</td>" for x in (text, " ".join(dims), unit, kind))
        rows.append(
            f'<tr id="symbol-{name}"><td><code>{name}</code> {convert(symbol_latex(name))}</td>{cells}<td>{where}</td></tr>'
        )
    head = "<tr><th>symbol</th><th>what</th><th>dims</th><th>unit</th><th>kind</th><th>in</th></tr>"
    parts.append(f'<div class="wide" tabindex="0"><table>{head}{"".join(rows)}</table></div>')
    return parts


def _parameters(model: Model) -> list[str]:
    data = model.benchmark.elasticities
    parts = []
    for symbol in data.data_vars:
        array = data[symbol]
        text = str(array.attrs.get("long_name", SYMBOLS.get(str(symbol), "")))
        if array.ndim == 2:
            frame = array.to_pandas()
            same = bool((frame.nunique(axis=1) == 1).all())
            frame = frame.iloc[:, :1].set_axis(["all regions"], axis=1) if same else frame
        else:
            frame = array.to_series().to_frame("value")
        parts += [html.heading(f"{symbol}: {text}"), html.table(frame, 2)]
    sources = str(model.benchmark.attrs.get("elasticity_sources", "")).splitlines()
    return [*parts, html.heading("Sources"), html.bullets(sources)]
