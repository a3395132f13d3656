"""What all HTML reports share: figures for screen or print, checks, provenance, how to repeat a run."""

from __future__ import annotations

import html as escape
import importlib.metadata as metadata
import importlib.util
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from calibration import Benchmark
from cge.figure import Figure
from cge.model import Model
from cge.model.solution import Solution
from cge.report import html
from cge.report.draw import draw

PACKAGES = ("open-cge", "pyomo", "cyipopt-wheels", "numpy", "scipy", "pandas", "xarray")
PROVENANCE = (
    *("title", "year", "currency", "conversion", "tariffs", "source", "licence", "observed", "estimated", "validation"),
    *("rules", "note"),
)


class Figures:
    """Draws for the page: interactive, or as pictures without plotly.

    Parameters
    ----------
    interactive : bool or None
        None: where plotly is installed.
    """

    def __init__(self, interactive: bool | None = None) -> None:
        installed = importlib.util.find_spec("plotly") is not None
        self.interactive = installed if interactive is None else interactive
        self.drawn = 0

    def show(self, figure: Figure) -> str:
        """One figure, with its words for those who cannot see it."""
        self.drawn += 1
        if not self.interactive:
            return html.picture(draw(figure), figure.text)
        from cge.report.draw import screen

        # the script stands before the first figure, not in the head: the words are there while it is read
        script = screen.script() if self.drawn == 1 else ""
        return script + screen.embed(draw(figure, interactive=True), figure.text, f"figure-{self.drawn}")


def checks(solution: Solution) -> str:
    """Table of a solution's checks."""
    frame = solution.checks().set_index("check")
    frame["value"] = [f"{v:.1e}" for v in frame["value"]]
    frame["limit"] = [f"{v:.0e}" for v in frame["limit"]]
    return html.table(frame)


def provenance(benchmark: Benchmark, choices: Mapping[str, object]) -> str:
    """Table of where the data are from and what was chosen."""
    held = {k: str(benchmark.attrs[k]) for k in PROVENANCE if k in benchmark.attrs}
    rows = held | {k: str(v) for k, v in choices.items()}
    return html.table(pd.DataFrame({"": {k.replace("_", " "): v for k, v in rows.items()}}))


def repeat(command: str) -> list[str]:
    """The command and the versions that repeat a run."""
    versions = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))
    return [
        html.heading("To repeat it"),
        *([f'<pre tabindex="0">{escape.escape(command)}</pre>'] if command else []),
        html.paragraph(f"{versions}; Python {platform.python_version()}", "note"),
    ]


def trust(solution: Solution, command: str, sources: Sequence[str]) -> list[str]:
    """The end of a report: checks, data and model, sources, how to repeat it."""
    model: Model = solution.model
    parts = [html.heading("Checks"), checks(solution)]
    parts += [html.heading("Data and model"), provenance(model.benchmark, model.attrs())]
    if sources:
        parts += [html.heading("Sources of the policy"), html.bullets(sources)]
    return [*parts, *repeat(command)]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def write_page(title: str, parts: Sequence[str], path: str | Path) -> Path:
    """Write a report as one file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html.page(title, parts), encoding="utf-8")
    return path
