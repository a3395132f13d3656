"""The models that the years of a path are solved with, and their capital at the start."""

from __future__ import annotations

import numpy as np

from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from cge.blocks import CORE
from cge.dynamics.programme import DEPRECIATION, Baseline
from cge.equations.closure import Closure
from cge.equations.declare import Mechanism
from cge.errors import ModelError
from cge.mechanisms.foreign_income import ForeignIncome
from cge.mechanisms.growth import Growth
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.mechanisms.loans import Loans
from cge.model import Model

Array = np.ndarray

EVERY_PATH: tuple[Mechanism, ...] = (ForeignIncome(), Growth(), Loans())
"""Mechanisms of every path."""


def choices(model: Model | Benchmark) -> tuple[Benchmark, Closure, str, tuple[Mechanism, ...]]:
    """Benchmark, closure, sourcing and mechanisms of what a path is to be built on."""
    if isinstance(model, Benchmark):
        return model, Closure(), "use", ()
    if not isinstance(model, Model):
        raise ModelError(f"a path needs a Model or a Benchmark (load_benchmark opens one), not a {type(model).__name__}")
    if list(model.composition) != list(CORE):
        other = [block.__name__ for block in model.composition if block not in CORE]
        raise ModelError(
            f"a path is built on the core blocks; this model has others ({', '.join(other) or 'fewer'}), which would be lost"
        )
    return model.benchmark, model.closure, model.data.sourcing, model.mechanisms


def riding_along(mechanisms: tuple[Mechanism, ...]) -> tuple[Mechanism, ...]:
    """What rides along: mechanisms beside those that every path has.

    Raises
    ------
    ModelError
        A rule of investment, which the path's own option chooses.
    """
    if any(type(x) is InvestmentByReturns for x in mechanisms):
        raise ModelError(
            "InvestmentByReturns is the rule of investment of a path, which has its capital and depreciation: write "
            "investment='returns' and leave the mechanism out"
        )
    return tuple(x for x in mechanisms if type(x) not in {type(own) for own in EVERY_PATH})  # these have no options


def depreciation_of(benchmark: Benchmark, baseline: Baseline) -> Array:
    """Rate of depreciation a year: the baseline's, the SAM's, or :data:`cge.dynamics.programme.DEPRECIATION`; dims (r,)."""
    worn, stock = benchmark.sam["vdep"], benchmark.sam["vkb"]
    if baseline.depreciation is not None:
        return np.full(stock.shape, baseline.depreciation)
    return np.asarray(np.where((worn > 0) & (stock > 0), ratio(worn, stock), DEPRECIATION))


def first_stock(benchmark: Benchmark, baseline: Baseline, depreciation: Array) -> Array:
    """Capital at the start of the base year: the SAM's, or what investment keeps on the first growth rate; dims (r,).

    Returns
    -------
    ndarray
        Million USD.

    Raises
    ------
    ModelError
        GDP falls faster than capital wears, and the SAM has no stock.
    """
    sam = benchmark.sam
    rate = baseline.first_rate("gdp", sam.regions) + depreciation
    known = sam["vkb"]
    if (rate <= 0).any() and not (known > 0).all():
        poor = [r for r, x in zip(benchmark.regions, rate, strict=True) if x <= 0]
        raise ModelError(f"capital of {', '.join(poor)} would be negative: GDP falls faster than capital wears")
    return np.asarray(np.where(known > 0, known, sam.expenditure()["inv"] / rate))


def year_models(
    benchmark: Benchmark, closure: Closure, sourcing: str, mechanisms: tuple[Mechanism, ...], tied: str = ""
) -> tuple[Model, Model]:
    """Models of a policy's years and of the baseline's, which holds real GDP and frees productivity.

    Parameters
    ----------
    benchmark : Benchmark
    closure : Closure
        Of the policy's years.
    sourcing : str
    mechanisms : tuple of Mechanism
        All of them.
    tied : str
        A factor whose old stock stays in its activity; empty: none.
    """
    if tied:
        natural = tuple(f for f in ("nat",) if f in benchmark.sam.factors)
        specific = natural if closure.specific is None else closure.specific
        closure = Closure(closure.name, (*specific, tied), closure.swaps)
    standard = Closure(Closure().name, closure.specific).swap("rgdp", "tfp")
    policy, baseline = (Model(benchmark, c, sourcing=sourcing, mechanisms=mechanisms) for c in (closure, standard))
    return policy, baseline
