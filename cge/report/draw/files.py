"""Figures as files: a picture each, and all of them as data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from cge.figure import Figure
from cge.report.draw.pictures import picture
from cge.report.style import save

DATA = "figures.json"
"""File with the figures as data: titles, units, words and numbers."""


def write_figures(figures: Iterable[Figure], folder: str | Path, context: str = "", prefix: str = "") -> list[Path]:
    """Each figure as ``NAME.png``, and ``figures.json`` with what they are drawn from.

    Parameters
    ----------
    figures : iterable of Figure
    folder : path
    context : str
        What run they are of, above each.
    prefix : str
        Before the name of every file.

    Returns
    -------
    list of Path
        The pictures; no file at all is written where there is no figure.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = list(figures)
    paths = [save(picture(figure, context), folder / f"{prefix}{figure.name}.png") for figure in drawn]
    if drawn:
        told = {"run": context, "figures": [figure.to_dict() for figure in drawn]}
        (folder / f"{prefix}{DATA}").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return paths
