"""The GTAP standard model, version 7, as a composition of this library's blocks."""

import numpy as np

from calibration.benchmark import Benchmark
from cge.blocks import Markets, Production, Trade
from cge.closure import Closure
from cge.gtap.blocks import (
    CdeHouseholds,
    GlobalBank,
    GtapAccounts,
    GtapFactors,
    GtapGovernment,
    GtapIncome,
    GtapMargins,
    RegionalHousehold,
)
from cge.gtap.make import MakeIncome, MakeMarkets, MakeProduction
from cge.gtap.results import GtapResult, solve_gtap
from cge.gtap.shocks import GtapShock
from cge.gtap.subtotals import gtap_subtotals
from cge.gtap.welfare import contributions, decompose
from cge.model import Model

GTAP = (
    Production,
    GtapFactors,
    Trade,
    GtapMargins,
    CdeHouseholds,
    GtapGovernment,
    GlobalBank,
    Markets,
    GtapIncome,
    RegionalHousehold,
    GtapAccounts,
)

_MAKE = {Production: MakeProduction, Markets: MakeMarkets, GtapIncome: MakeIncome}
GTAP_MAKE = tuple(_MAKE.get(block, block) for block in GTAP)
"""The composition with a make matrix."""


def gtap_model(benchmark: Benchmark, closure: Closure | None = None, *, make_matrix: bool = False) -> Model:
    """The standard model on a GTAP benchmark: pooled sourcing of imports, as the official model has.

    Where each activity makes one commodity of its own, the make matrix is left out unless ``make_matrix``.

    Raises
    ------
    ModelError
        The benchmark lacks a parameter of the standard model.
    """
    makb = benchmark.sam["makb"]
    activities = [str(x) for x in benchmark.sam.data["a"].values]
    single = activities == benchmark.commodities and not makb[~np.eye(len(makb), dtype=bool)].any()
    blocks = GTAP if single and not make_matrix else GTAP_MAKE
    return Model(benchmark, closure or Closure(specific=()), sourcing="pooled", blocks=blocks)


__all__ = [
    "GTAP",
    "GTAP_MAKE",
    "GtapResult",
    "GtapShock",
    "contributions",
    "decompose",
    "gtap_model",
    "gtap_subtotals",
    "solve_gtap",
]
