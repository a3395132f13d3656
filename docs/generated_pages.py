"""Pages made from the library itself when the site is built: performance, the house, equations, maps, glossary, API, examples.

``python docs/generated_pages.py`` writes them without building the site.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
from functools import lru_cache
from pathlib import Path

import house

from calibration import load_benchmark
from calibration.sam import SCHEMA
from cge import Model, Scenario, solve
from cge.gtap import solve_gtap
from cge.models import MODELS, build, open_benchmark
from cge.report import gtap_report, html_report, model_docs
from cge.report.diagrams import exchange_table, goods_flow, model_map
from cge.report.latex import equations_page, symbol_latex
from cge.results.static_run import StaticRun
from policies import rcep, us_china

HERE = Path(__file__).parent
PACKAGES = ("calibration", "cge", "policies")


def write(folder: Path) -> None:
    """Every page; a file whose text has not changed keeps its time, so that what stands on it is not built again."""
    folder.mkdir(exist_ok=True)
    performance_page(folder)
    house_pages(folder)
    equation_pages(folder)
    map_pages(folder)
    glossary_page(folder)
    api_pages(folder)
    example_pages(folder / "extra" / "examples")


def fingerprint() -> str:
    """Short hash of what pages are made with, code and data: what was executed with other ones is executed again."""
    held = hashlib.sha256()
    roots = [*(HERE.parent / package for package in PACKAGES), HERE.parent / "benchmarks", HERE / "_static"]
    paths = [p for root in roots for p in sorted(root.rglob("*"))] + sorted(HERE.glob("*.py"))
    for path in paths:
        if path.suffix in (".py", ".nc", ".csv", ".json", ".woff2"):
            held.update(path.read_bytes())
    return held.hexdigest()[:16]


def example_pages(folder: Path) -> None:
    """A report and a model's documentation, as the commands write them; made again when the library has changed."""
    mark = folder.parent.with_name("examples-made-with")
    if mark.is_file() and mark.read_text() == fingerprint():
        return
    folder.mkdir(parents=True, exist_ok=True)
    world = load_benchmark()
    war = us_china()
    command = "cge run us-china --ranges --report us-china.html"
    run = solve(Scenario(world).under(war))
    assert isinstance(run, StaticRun)
    html_report.write(run.with_ranges(), folder / "us-china.html", command)
    model = models()["gtap"][1]
    shock = "cge shock us-china --report gtap.html"
    gtap_report.write_html(solve_gtap(model, war), war, folder / "gtap.html", shock, title=war.title, sources=war.sources)
    model_docs.write(world, folder / "model", [rcep()], command="cge docs --policy rcep --out model")
    mark.write_text(fingerprint())


def _write(path: Path, lines: list[str]) -> None:
    text = "\n".join(lines).rstrip() + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


TITLES = {
    "core": "Equations of the core model",
    "gtap": "Equations of the GTAP standard model",
    "rules": "Equations with rules of origin",
    "growth": "Equations of a dynamic year",
    "trade": "Equations of the trade model",
}


@lru_cache
def models() -> dict[str, tuple[str, Model]]:
    """The documented models: name -> (title, model), on the default world."""
    return {name: (TITLES[name], build(name, open_benchmark(name, "world"))) for name in MODELS}


def equation_pages(folder: Path) -> None:
    """Equation pages, printed from the rules that are solved."""
    intro = (
        "Printed from the same Pyomo rules that are compiled and solved. A bar marks a benchmark value; prices and quantities "
        "are 1 at the benchmark. CES prices show their power form; at an elasticity of one the solver takes the "
        "Cobb-Douglas form."
    )
    for name, (title, model) in models().items():
        _write(folder / f"equations_{name}.md", equations_page(model, title, intro).split("\n"))


def map_pages(folder: Path) -> None:
    """Diagrams as fragments that the model page includes, and the table of what blocks exchange."""
    for name, (_, model) in models().items():
        svg = model_map(model, link=lambda block, n=name: f"generated/equations_{n}.html#{block.lower()}")
        _fragment(folder / f"map_{name}.md", svg)
    core = models()["core"][1]
    _fragment(folder / "flow.md", goods_flow(core))
    table = exchange_table(core)
    lines = ["| gives | takes | what |", "|---|---|---|"]
    for giver, row in table.iterrows():
        lines += [
            f"| {giver} | {taker} | " + ", ".join(f"`{x}`" for x in cell.split(", ")) + " |"
            for taker, cell in row.items()
            if cell
        ]
    _write(folder / "exchanges.md", lines)


def _fragment(path: Path, svg: str) -> None:
    _write(path, ["```{raw} html", f'<div class="diagram" tabindex="0">{svg}</div>', "```"])


def house_pages(folder: Path) -> None:
    """The picture of the house, and what stands beside its floors and points up."""
    _fragment(folder / "house.md", house.picture())
    _write(folder / "house_beside.md", house.beside_table())
    _write(folder / "house_upward.md", house.upward_table())


def glossary_page(folder: Path) -> None:
    """Every name of the data and of the models, with what it means and where it appears."""
    lines = [
        "# Glossary of names",
        "",
        "Headers of the data and symbols of the models, as GTAP names them where it has a name (Corong, Hertel, McDougall, "
        "Tsigas, van der Mensbrugghe 2017). Made from the schema and the rules.",
        "",
        "## Headers of the SAM",
        "",
        "| header | dims | what |",
        "|---|---|---|",
    ]
    lines += [f"| `{n}` | {' '.join(h.dims)} | {h.long_name} |" for n, h in SCHEMA.items()]
    lines += ["", "## Dims", "", "| letter | set |", "|---|---|"]
    lines += [f"| `{d}` | {text} |" for d, text in DIMS.items()]
    lines += [
        "",
        "## Symbols of the models",
        "",
        "| symbol | name | what | dims | unit | kind | models |",
        "|---|---|---|---|---|---|---|",
    ]
    rows: dict[tuple[str, str, str, str, str], list[str]] = {}
    for name, (title, model) in models().items():
        anchor = title.lower().replace(" ", "-")
        for symbol, held in (*model.symbols.items(), *model.definitions.items()):
            kind = getattr(held, "kind", "definition")
            key = (symbol, held.long_name, " ".join(held.dims), held.unit, kind)
            rows.setdefault(key, []).append(f'<a href="equations_{name}.html#{anchor}-symbol-{symbol}">{name}</a>')
    for (symbol, *cells), where in sorted(rows.items()):
        lines.append(f"| ${symbol_latex(symbol)}$ | `{symbol}` | {' | '.join(cells)} | {', '.join(where)} |")
    _write(folder / "glossary.md", lines)


DIMS = {
    "i": "commodities",
    "a": "activities",
    "f": "primary factors",
    "r": "regions",
    "s": "source regions",
    "d": "destination regions",
    "m": "margin (transport) commodities",
    "u": "sourcing classes of imports",
    "k": "firm types (rules of origin)",
}


def modules() -> list[str]:
    """Every public module of the library."""
    out = []
    for package in PACKAGES:
        root = importlib.import_module(package)
        out.append(package)
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not any(part.startswith("_") for part in found.name.split(".")):
                out.append(found.name)
    return out


def api_pages(folder: Path) -> None:
    """One page a package: every module, its public names with their docstrings."""
    titles = {"calibration": "calibration: data", "cge": "cge: model and solver", "policies": "policies: questions"}
    for package in PACKAGES:
        lines = [f"# {titles[package]}", ""]
        for name in modules():
            if name.split(".")[0] != package or name == package:
                continue
            lines += [
                f"## {name}",
                "",
                "```{eval-rst}",
                f".. automodule:: {name}",
                "   :members:",
                "   :ignore-module-all:",
                "```",
                "",
            ]
        _write(folder / f"api_{package}.md", lines)


def performance_page(folder: Path) -> None:
    """Tables of the performance page from the benchmark file."""
    held = json.loads((HERE / "_static" / "benchmarks.json").read_text(encoding="utf-8"))
    titles = {
        "variables": "variables",
        "build": "build",
        "solve": "solve",
        "certificate": "certificate",
        "total": "total, s",
        "peak_memory_mb": "memory, MB",
        "max_residual": "residual",
    }
    lines = [f"Machine: {held['machine']}. Data: {held['data']}.", "", "| case | " + " | ".join(titles.values()) + " |"]
    lines.append("|---|" + "---:|" * len(titles))
    for title, row in held["ours"].items():
        shown = {
            c: f"{row[c]:,}" if c == "variables" else f"{row[c]:.0e}" if c == "max_residual" else f"{row[c]:,.2f}"
            for c in titles
        }
        shown["peak_memory_mb"] = f"{row['peak_memory_mb']:,.0f}"
        lines.append(f"| {title} | " + " | ".join(shown.values()) + " |")
    warm = held["warm"]
    lines += ["", "On a compiled 41 x 35 model (seconds):", "", "| | pooled | by use |", "|---|---:|---:|"]
    for name in ("second_policy", "gradient"):
        lines.append(f"| {name.replace('_', ' ')} | {warm[name + '_pooled']:.2f} | {warm[name + '_use']:.2f} |")
    gtap = held["gtap"]
    seconds = [f"{gtap[k]:.2f} s" for k in ("build", "levels_solve", "with_divisia_indices_and_ev")]
    lines += [
        "",
        f"GTAP standard model, 41 regions x 20 sectors, `tm` +10 %: {gtap['variables']:,} variables, build {seconds[0]}, "
        f"levels {seconds[1]}, with Divisia indices and EV {seconds[2]} "
        "(GEMPACK, Gragg 8-16-32: 417 CPU seconds, on another machine).",
        "",
        f"Ratio to tuned Ipopt alone, 41 x 35: **{held['ratio_to_tuned_ipopt']}** (tariffs -50 %), "
        f"**{held['ratio_to_tuned_ipopt_rcep']}** (RCEP). Growth of total time from 20 x 35 to "
        f"141 x 65: variables to the power **{held['exponent']}**, nonzeros to the power **{held['exponent_nonzeros']}**.",
        "",
        "| peer | seconds | note |",
        "|---|---:|---|",
    ]
    for title, row in held["peers"].items():
        seconds = row.get("seconds", row.get("expand", 0.0) + row.get("write", 0.0))
        note = "; ".join(
            f"{k} {row[k]:.0e}" if k == "residual" else f"{k} {row[k]}"
            for k in ("iterations", "steps", "finished", "residual", "variables", "nl_mb")
            if k in row
        )
        lines.append(f"| {title} | {seconds:.1f} | {note} |")
    _write(folder / "performance.md", lines)


if __name__ == "__main__":
    write(HERE / "generated")
