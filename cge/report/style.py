"""One style for all figures: quiet, readable in grey, labelled with units."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

INK, GAIN, LOSS = "#222222", "#1b6ca8", "#c8553d"
DASHES = {"-": "solid", "--": "dash", "-.": "dashdot", ":": "dot"}
"""Line styles of matplotlib and their names in plotly."""


def in_words(column: pd.Series) -> bool:
    """Whether a column is text to be read, as against numbers, ranges and signs of any form."""
    return all(isinstance(v, str) for v in column) and any(re.search("[^\\W\\d_]{2}", v) for v in column)


def new_figure(rows: int, columns: int, size: tuple[float, float], **grid: Any) -> tuple[Any, Any]:
    """A figure in the house style; no window, whatever backend the user has."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "text.color": INK})
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, **grid)


def save(figure: Any, path: str | Path, dpi: int = 150) -> Path:
    """Write a figure to a file."""
    figure.savefig(path, dpi=dpi)
    return Path(path)
