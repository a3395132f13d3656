"""The GTAP standard model, version 7, as a composition of this library's blocks."""

from calibration.benchmark import Benchmark
from cge.blocks import Markets, Production
from cge.closure import Closure
from cge.gtap.blocks import (
    CdeHouseholds,
    GlobalBank,
    GtapAccounts,
    GtapFactors,
    GtapGovernment,
    GtapIncome,
    GtapMargins,
    GtapTrade,
    RegionalHousehold,
)
from cge.gtap.results import GtapResult, solve_gtap
from cge.gtap.shocks import GtapShock
from cge.gtap.welfare import decompose
from cge.model import Model

GTAP = (
    Production,
    GtapFactors,
    GtapTrade,
    GtapMargins,
    CdeHouseholds,
    GtapGovernment,
    GlobalBank,
    Markets,
    GtapIncome,
    RegionalHousehold,
    GtapAccounts,
)


def gtap_model(benchmark: Benchmark, closure: Closure | None = None) -> Model:
    """The standard model on a GTAP benchmark: pooled sourcing of imports, as the official model has.

    Raises
    ------
    ModelError
        The benchmark lacks a parameter of the standard model.
    """
    return Model(benchmark, closure or Closure(specific=()), sourcing="pooled", blocks=GTAP)


__all__ = ["GTAP", "GtapResult", "GtapShock", "decompose", "gtap_model", "solve_gtap"]
