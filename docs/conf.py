"""Sphinx configuration."""

project = "open-cge"
author = "The open-cge developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath", "colon_fence"]
html_theme = "furo"
html_static_path = ["_static"]
exclude_patterns = ["_build", "generated/performance.md"]
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False


def _performance_page(app: object) -> None:
    """Tables of the performance page from the benchmark file."""
    import json
    from pathlib import Path

    here = Path(__file__).parent
    held = json.loads((here / "_static" / "benchmarks.json").read_text(encoding="utf-8"))
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
            f"{k} {row[k]}" for k in ("iterations", "steps", "finished", "residual", "variables", "nl_mb") if k in row
        )
        lines.append(f"| {title} | {seconds:.1f} | {note} |")
    folder = here / "generated"
    folder.mkdir(exist_ok=True)
    (folder / "performance.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _equation_pages(app: object) -> None:
    """Equation pages, printed from the rules that are solved."""
    from pathlib import Path

    import numpy as np

    from calibration import load_benchmark
    from calibration.split_sector import split_vehicles
    from cge import Model
    from cge.blocks.growth import growth_blocks
    from cge.blocks.rules_of_origin import Coverage, rules_blocks
    from cge.latex import equations_page

    world = load_benchmark("world-2011")
    america = split_vehicles(world, "trn")
    intro = (
        "Printed from the same Pyomo rules that are compiled and solved. A bar marks a benchmark value; prices and quantities "
        "are 1 at the benchmark. CES prices show their power form; at an elasticity of one the solver takes the "
        "Cobb-Douglas form."
    )
    stock = 10 * world.sam.expenditure()["inv"]
    models = {
        "core": ("Equations of the core model", Model(world)),
        "rules": (
            "Equations with rules of origin",
            Model(america, blocks=rules_blocks(Coverage(area=("USA", "CAN", "MEX")))),
        ),
        "growth": (
            "Equations of a dynamic year",
            Model(world, blocks=growth_blocks("cap", np.asarray(stock), 0.05, "returns")),
        ),
    }
    folder = Path(__file__).parent / "generated"
    folder.mkdir(exist_ok=True)
    for name, (title, model) in models.items():
        (folder / f"equations_{name}.md").write_text(equations_page(model, title, intro), encoding="utf-8")


def _mathml(self: object, node: object, display: str) -> None:
    """Maths as MathML, which browsers render by themselves: nothing is fetched, no script runs."""
    from docutils import nodes
    from latex2mathml.converter import convert

    shown = convert(node.astext(), display=display)  # type: ignore[attr-defined]
    tag = "div" if display == "block" else "span"
    self.body.append(f'<{tag} class="math notranslate nohighlight">{shown}</{tag}>')  # type: ignore[attr-defined]
    raise nodes.SkipNode


def setup(app: object) -> None:
    """Sphinx hooks."""
    app.connect("builder-inited", _performance_page)  # type: ignore[attr-defined]
    app.connect("builder-inited", _equation_pages)  # type: ignore[attr-defined]
    app.add_html_math_renderer(  # type: ignore[attr-defined]
        "mathml",
        inline_renderers=(lambda self, node: _mathml(self, node, "inline"), None),
        block_renderers=(lambda self, node: _mathml(self, node, "block"), None),
    )
