"""The GTAP standard model, version 7, as a composition of this library's blocks."""

from collections.abc import Iterable, Sequence

import numpy as np

from calibration.benchmark import Benchmark
from cge.blocks import Markets, Production, Trade
from cge.equations.closure import Closure
from cge.equations.declare import Block, Mechanism
from cge.errors import ClosureError, ModelError
from cge.gtap.between import result_of
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
from cge.gtap.swaps import gtap_closure, with_fixed_definitions
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


def gtap_blocks(benchmark: Benchmark, *, make_matrix: bool = False) -> tuple[type[Block], ...]:
    """The composition for a benchmark: the make matrix is left out where each activity makes one commodity of its own."""
    makb = benchmark.sam["makb"]
    activities = [str(x) for x in benchmark.sam.data["a"].values]
    single = activities == benchmark.commodities and not makb[~np.eye(len(makb), dtype=bool)].any()
    return GTAP if single and not make_matrix else GTAP_MAKE


def gtap_model(
    benchmark: Benchmark,
    closure: Closure | None = None,
    *,
    make_matrix: bool = False,
    swaps: str | Iterable[str] = (),
    mechanisms: Sequence[Mechanism] = (),
) -> Model:
    """The standard model on a GTAP benchmark: pooled sourcing of imports, as the official model has.

    Parameters
    ----------
    benchmark : Benchmark
        With the standard model's parameters (:func:`calibration.gtap.open_gtap`).
    closure : Closure, optional
        Default GTAP's standard closure.
    make_matrix : bool
        With a make matrix even where each activity makes one commodity of its own.
    swaps : str or iterable of str
        Swaps in GEMPACK's words, ``"dpsave(USA,EU_28) = del_tbalry(USA,EU_28)"``, in the place of ``closure``.
    mechanisms : sequence of Mechanism, optional
        Put on the composition (:mod:`cge.mechanisms`).

    Raises
    ------
    ModelError
        The benchmark lacks a parameter of the standard model.
    ClosureError
        A swap is not understood or leaves the model not square, or both a closure and swaps are given.
    """
    if not isinstance(benchmark, Benchmark):
        raise ModelError(
            "gtap_model takes a Benchmark with GTAP's parameters, as calibration.gtap.open_gtap(...), not "
            f"{type(benchmark).__name__}"
        )
    if not isinstance(swaps, (str, Iterable)):
        raise ClosureError(f"swaps are words, as 'dpsave(USA) = del_tbalry(USA)', not {type(swaps).__name__}")
    blocks = gtap_blocks(benchmark, make_matrix=make_matrix)
    if closure is not None and swaps:
        raise ClosureError("give a closure or swaps in words, not both; closure.swap adds one to a closure")
    chosen = closure or gtap_closure(benchmark, blocks, swaps)
    fixed = with_fixed_definitions(benchmark, blocks, chosen)
    return Model(benchmark, chosen, sourcing="pooled", blocks=fixed, mechanisms=mechanisms)


__all__ = [
    "GTAP",
    "GTAP_MAKE",
    "GtapResult",
    "GtapShock",
    "contributions",
    "decompose",
    "gtap_blocks",
    "gtap_model",
    "gtap_subtotals",
    "result_of",
    "solve_gtap",
]
