"""One style for all figures: quiet, readable in grey, labelled with units."""

from __future__ import annotations

from typing import Any

INK, GAIN, LOSS = "#222222", "#1b6ca8", "#c8553d"


def new_figure(rows: int, columns: int, size: tuple[float, float], **grid: Any) -> tuple[Any, Any]:
    """A figure in the house style, without a window."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "text.color": INK})
    return plt.subplots(rows, columns, figsize=size, layout="constrained", **grid)
