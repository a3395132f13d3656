"""One style for all figures: quiet, readable in grey and by the colour-blind, labelled with units."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

INK, GAIN, LOSS, TOTAL, RULE = "#222222", "#1b6ca8", "#c8553d", "#666666", "#999999"
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#b58900")
"""Colours of lines, told apart by the colour-blind (after Okabe and Ito); their dashes differ too."""
DASHES = {"-": "solid", "--": "dash", "-.": "dashdot", ":": "dot"}
"""Line styles of matplotlib and their names in plotly."""
BANDS = ("#1b6ca8", "#e0a030", "#009e73", "#8c8c8c", "#cc79a7", "#56b4e9")
"""Colours of flows by origin."""
SHARES = ("#1b6ca8", "#8fb8d8", "#c8553d", "#9a9a9a", "#e0a030", "#009e73")
"""Colours of the components of a whole; every second is hatched."""
DIVERGING = "RdBu"
"""Scale of heat maps and tiles, symmetric about zero; its ends differ in brightness from its middle."""


def in_words(column: pd.Series) -> bool:
    """Whether a column is text to be read, as against numbers, ranges and signs of any form."""
    return all(isinstance(v, str) for v in column) and any(re.search("[^\\W\\d_]{2}", v) for v in column)


def limit_of(values: np.ndarray, share: float = 100.0) -> float:
    """Where the scale of colours ends: the size below which ``share`` per cent of the numbers lie, at least a speck."""
    sizes = np.abs(values[np.isfinite(values)])
    return max(float(np.percentile(sizes, share)), 1e-9) if sizes.size else 1.0


def shown(value: float, digits: int) -> str:
    """A change with its sign; one that rounds to nothing has none."""
    text = f"{value:+,.{digits}f}"
    return text[1:] if not text.strip("+-0.,") else text


def apart(ends: pd.Series, low: float, high: float, least: float) -> dict[str, float]:
    """Heights of labels beside line ends: each as near to its end as the labels beside it leave room.

    Parameters
    ----------
    ends : Series
        Where each line ends.
    low, high : float
        The axis, within which labels stay where they fit.
    least : float
        Distance of two labels.
    """
    order = ends.sort_values()
    groups: list[tuple[float, int]] = []  # middle and number of labels that stand close together
    for end in order:
        middle, count = float(end), 1
        while groups and middle - groups[-1][0] < least * (count + groups[-1][1]) / 2:
            other, more = groups.pop()
            middle, count = (middle * count + other * more) / (count + more), count + more
        half = least * (count - 1) / 2
        groups.append((max(min(middle, high - half), low + half), count))
    heights = [middle + least * (k - (count - 1) / 2) for middle, count in groups for k in range(count)]
    for k in range(1, len(heights)):  # a group that was moved into the axis may have met another
        heights[k] = max(heights[k], heights[k - 1] + least)
    for k in range(len(heights) - 1, -1, -1):
        heights[k] = min(heights[k], (high if k == len(heights) - 1 else heights[k + 1] - least))
    return dict(zip(map(str, order.index), heights, strict=True))


def new_figure(rows: int, columns: int, size: tuple[float, float], **grid: Any) -> tuple[Any, Any]:
    """A figure in the house style; no window, whatever backend the user has."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(
        {
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.6,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "hatch.linewidth": 0.8,
            "text.color": INK,
        }
    )
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, **grid)


def save(figure: Any, path: str | Path, dpi: int = 150) -> Path:
    """Write a figure to a file."""
    figure.savefig(path, dpi=dpi)
    return Path(path)
