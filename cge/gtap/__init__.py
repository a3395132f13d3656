"""The GTAP standard model, version 7, as a composition of this library's blocks."""

from cge.blocks import Markets, Production, Trade
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

__all__ = ["GTAP"]
