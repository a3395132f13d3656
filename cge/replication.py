"""What a replication of a published study gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Study:
    """A published study that can be run again, found by :func:`cge.catalogue.studies`.

    Attributes
    ----------
    name : str
        Authors and year, as on the command line.
    run : callable
        Takes the folder of the study's data, or None.
    """

    name: str
    run: Callable[[str | Path | None], Replication]


@dataclass(frozen=True)
class Replication:
    """A replication: the table, and how it was solved.

    Attributes
    ----------
    study, title : str
        Name of the study, and what stands above the table.
    table : DataFrame
        Index country; columns that begin with ``published`` are the study's own numbers.
    residual, walras : float
        Largest residual, and largest excess saving of the world.
    seconds : dict
    notes : sequence of str
        What a reader must know.
    figures : dict
        Further numbers of the run.
    """

    study: str
    title: str
    table: pd.DataFrame
    residual: float
    walras: float
    seconds: dict[str, float]
    notes: Sequence[str] = ()
    figures: dict[str, Any] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        own = [c for c in self.table.columns if not str(c).startswith("published")]
        rows = self.table[own].to_dict("index")
        return {
            "study": self.study,
            "countries": {
                str(c): {str(k): float(v) if math.isfinite(v) else None for k, v in row.items()} for c, row in rows.items()
            },
            **{str(c): self.table[c].dropna().to_dict() for c in self.table.columns if c not in own},
            **self.figures,
            "max_residual": self.residual,
            "walras": self.walras,
            "seconds": self.seconds,
            "notes": list(self.notes),
        }
