"""Drawers: :class:`cge.figure.Figure` as a picture for print (matplotlib) or for the screen (plotly)."""

from __future__ import annotations

from typing import Any

from cge.errors import ModelError
from cge.figure import Figure


def draw(figure: Figure, *, interactive: bool = False, context: str = "") -> Any:
    """A figure drawn.

    Parameters
    ----------
    figure : Figure
    interactive : bool
        A ``plotly.graph_objects.Figure`` with its numbers under the pointer, instead of a ``matplotlib.figure.Figure``.
    context : str
        What run it is of, above its title, where it stands by itself.

    Raises
    ------
    ModelError
        ``interactive`` without plotly (the extra ``report``).
    """
    if not interactive:
        from cge.report.draw.pictures import picture

        return picture(figure, context)
    try:
        from cge.report.draw.screen import screen
    except ImportError as error:
        raise ModelError(f"interactive figures need the extra 'report' (pip install 'open-cge[report]'): {error}") from None
    return screen(figure, context)
