"""A table that a run shows: stated once as data, rendered by the terminal, JSON, CSV, Excel and pages alike."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Table:
    """A labelled table.

    Attributes
    ----------
    name : str
        Its file or sheet, short and without blanks.
    title : str
        What stands above it, with its unit where all columns share one.
    frame : DataFrame
        Labels in its index and columns.
    decimals : int
        Shown after the point.
    """

    name: str
    title: str
    frame: pd.DataFrame
    decimals: int = 3
