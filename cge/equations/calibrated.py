"""What blocks calibrate from: the SAM as arrays, shares, tax powers, and the model's options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from calibration.sam import USES
from cge.errors import ModelError

__all__ = ["BALANCE_TOLERANCE", "SOURCING", "Calibrated", "ratio"]

SOURCING: dict[str, dict[str, tuple[str, ...]]] = {
    "use": {"int": ("int",), "con": ("prv", "gov"), "inv": ("inv",)},
    "agent": {u: (u,) for u in USES},
    "pooled": {"all": USES},
}
"""Sourcing classes: which uses share one bundle of import origins. ``pooled`` is GTAP's convention."""


BALANCE_TOLERANCE = 1e-5
"""Largest relative imbalance of a SAM that a model accepts: that of single-precision GTAP data."""


@dataclass(frozen=True)
class Calibrated:
    """A benchmark with the choices that shape the model.

    Attributes
    ----------
    benchmark : Benchmark
    sourcing : str
        Key of :data:`SOURCING`.
    specific : sequence of str
        Factors that cannot move across activities; ``"cap:mot"`` ties capital in that activity alone.
    multi_product : bool
        The blocks state a make matrix, so it need not be diagonal.
    """

    benchmark: Benchmark
    sourcing: str = "use"
    specific: Sequence[str] = ("nat",)
    multi_product: bool = False

    def __post_init__(self) -> None:
        if self.sourcing not in SOURCING:
            raise ModelError(f"unknown sourcing {self.sourcing!r}; choose among {', '.join(SOURCING)}")
        sam = self.benchmark.sam
        acts = [str(x) for x in sam.data["a"].values]
        unknown = [f for f in self.specific if f.split(":")[0] not in sam.factors or f.partition(":")[2] not in ("", *acts)]
        if unknown:
            raise ModelError(f"specific factors {unknown} are not factors of the benchmark ({', '.join(sam.factors)})")
        violated = sam.check(BALANCE_TOLERANCE)
        if len(violated):
            first = violated.iloc[0]
            raise ModelError(
                f"the SAM of benchmark {self.benchmark.name!r} is out of balance in {len(violated)} cells, first "
                f"{first['identity']!r} at {first['cell']!r}: {first['left']:.6g} against {first['right']:.6g}; "
                "balance it (calibration.gras) or repair the source"
            )
        makb = sam["makb"]
        diagonal = (
            sam.commodities == [str(x) for x in sam.data["a"].values] and not (makb[~np.eye(len(makb), dtype=bool)]).any()
        )
        if not self.multi_product and not diagonal:
            raise ModelError(
                "these blocks need each commodity made by the activity of its own name alone (a diagonal make matrix); "
                "the GTAP model (cge.gtap.gtap_model) takes any make matrix"
            )
        income = sam.income()
        if (income <= 0).any():
            poor = [r for r, y in zip(sam.regions, income, strict=True) if y <= 0]
            raise ModelError(f"region {', '.join(poor)} has no income in the benchmark; aggregate it with a neighbour")

    def __getitem__(self, header: str) -> np.ndarray:
        return self.benchmark.sam[header]

    def elasticity(self, symbol: str) -> np.ndarray:
        """A behavioural parameter, dims as in :data:`calibration.elasticities.SYMBOLS`."""
        if symbol not in self.benchmark.elasticities:
            raise ModelError(
                f"benchmark {self.benchmark.name!r} has no parameter {symbol!r}, which this model needs; "
                "add it to the benchmark's elasticities"
            )
        return np.ascontiguousarray(self.benchmark.elasticities[symbol].values, dtype=float)

    @property
    def sets(self) -> dict[str, list[str]]:
        """Labels of the model's sets."""
        sam = self.benchmark.sam
        return {
            "comm": sam.commodities,
            "acts": [str(x) for x in sam.data["a"].values],
            "endw": sam.factors,
            "reg": sam.regions,
            "marg": [str(x) for x in sam.data["m"].values],
            "uses": list(self.classes),
        }

    @property
    def classes(self) -> Mapping[str, tuple[str, ...]]:
        """Sourcing class -> the uses in it."""
        return SOURCING[self.sourcing]

    def membership(self, use: str) -> np.ndarray:
        """1 for the sourcing class that a use belongs to; dims: (u,)."""
        return np.array([float(use in uses) for uses in self.classes.values()])

    def imports_by_class(self) -> np.ndarray:
        """Imports at basic prices by sourcing class; dims: (i, u, s, d)."""
        vmub = self["vmub"]
        return np.stack([vmub[:, [USES.index(k) for k in uses]].sum(1) for uses in self.classes.values()], axis=1)

    def power(self, gross: str, net: str) -> np.ndarray:
        """Power of the tax between two headers (1 where there is no flow)."""
        return ratio(self[gross], self[net], empty=1.0)

    def tied(self) -> np.ndarray:
        """Where a factor cannot move across activities; dims: (f, a)."""
        sets = self.sets
        out = np.zeros((len(sets["endw"]), len(sets["acts"])), dtype=bool)
        for entry in self.specific:
            factor, _, activity = entry.partition(":")
            columns = slice(None) if not activity else sets["acts"].index(activity)
            out[sets["endw"].index(factor), columns] = True
        return out

    def output(self) -> np.ndarray:
        """Output at basic prices; dims: (i, r)."""
        return np.asarray(self["makb"].sum(1))
