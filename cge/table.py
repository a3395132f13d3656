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

    def rows(self) -> dict[str, dict[str, object]]:
        """Its rows by label, for JSON; what is not a finite number is None."""
        plain = self.frame.astype(object).where(self.frame.notna(), None)
        return {
            " ".join(map(str, k if isinstance(k, tuple) else (k,))): {str(c): _plain(v) for c, v in row.items()}
            for k, row in plain.T.to_dict().items()
        }


def _plain(value: object) -> object:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
