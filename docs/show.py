"""What the executed pages share: tables, and numbers for the text."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from IPython import get_ipython
from IPython.display import HTML
from myst_nb import glue

from cge import Scenario, solve
from cge.report import html

sys.path.append(str(Path(__file__).resolve().parents[1]))  # benchmarks/ stands beside the installed packages
warnings.simplefilter("ignore")  # of third-party libraries; the tests turn warnings of ours into errors
get_ipython().run_line_magic("matplotlib", "inline")
get_ipython().run_line_magic("config", "InlineBackend.figure_formats = ['png']")
get_ipython().run_line_magic("config", "InlineBackend.print_figure_kwargs = {'dpi': 160, 'bbox_inches': None}")


def table(frame: pd.DataFrame, digits: int = 3) -> HTML:
    """A table with its index named in the heading."""
    return HTML(html.table(frame, digits, "USD"))


def numbers(**named: Any) -> None:
    """Hand numbers to the text, where the role ``glue:text`` prints them."""
    for name, value in named.items():
        glue(name, value.item() if hasattr(value, "item") else value, display=False)


def both_bounds(run: Any, regions: tuple[str, ...]) -> HTML:
    """Welfare with the capital that is there, and in a steady state, where it adjusts until its return is back."""
    from cge import Closure

    steady = solve(Scenario(run.base.model.benchmark, closure=Closure.standard(capital="steady")).under(run.policy))
    index = steady.base.model.labels("r")
    capital = pd.Series(100 * (steady.after["qe"].sel(f="cap").values - 1), index=index)
    columns = {
        "welfare %, capital as it is": run.comparison.table()["welfare_percent"],
        "welfare %, steady state": steady.comparison.table()["welfare_percent"],
        "capital there, %": capital,
    }
    return table(pd.DataFrame(columns).loc[list(regions)].rename_axis("region"))


def terminal(*words: str) -> None:
    """What a command prints."""
    from cge.cli import main

    kept, sys.argv = sys.argv, ["cge", *words]
    try:
        main()
    except SystemExit as stopped:
        if stopped.code:
            raise
    finally:
        sys.argv = kept
