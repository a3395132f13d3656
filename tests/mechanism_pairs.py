"""The library's mechanisms, each as the tests of pairs put it on a world: a new mechanism joins :data:`MECHANISMS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import xarray as xr

from calibration import Benchmark
from calibration.foreign_capital import COLUMNS, with_positions
from calibration.gtap import standard_gtap
from cge import Closure, InstrumentChange, Model
from cge.equations.declare import Mechanism
from cge.gtap import GTAP
from cge.mechanisms.carbon import Carbon
from cge.mechanisms.foreign_income import ForeignIncome
from cge.mechanisms.growth import Growth
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.mechanisms.loans import Loans
from cge.mechanisms.origin import Coverage, RulesOfOrigin
from cge.mechanisms.wage_curve import WageCurve
from tests.worlds import random_benchmark


@dataclass(frozen=True)
class Case:
    """A mechanism, what moves its instruments, and the compositions that cannot carry it with words of the refusal."""

    make: Callable[[Benchmark], Mechanism]
    moves: tuple[InstrumentChange, ...]
    refused: Mapping[str, str] = field(default_factory=dict)


def change(instrument: str, region: str, **how: float) -> InstrumentChange:
    return InstrumentChange(instrument=instrument, where={"r": region}, **how)


COVERAGE = Coverage(area=("R0", "R1"), sector="g0", material="g1", metals="g2", high_wage=("R0",), types=2)

MECHANISMS: dict[str, Case] = {
    "foreign income": Case(lambda b: ForeignIncome(), (change("finc", "R0", add=0.2), change("finc", "R1", add=-0.2))),
    "growth": Case(lambda b: Growth(), (change("tfp", "R0", factor=1.02),)),
    "loans": Case(
        lambda b: Loans(),
        (change("floan", "R1", add=0.1), change("floan", "R2", add=-0.1), change("ginv", "R0", add=0.05)),
        {"gtap": "GTAP's global bank places the world's saving by returns"},
    ),
    "investment by returns": Case(
        lambda b: InvestmentByReturns(b.sam.expenditure()["inv"] / 0.08, 0.05),
        (change("gpub", "R0", add=0.05),),
        {"gtap": "GTAP's global bank does so already"},
    ),
    "carbon": Case(lambda b: Carbon(), (change("ctax", "R0", add=20.0),)),
    "rules of origin": Case(
        lambda b: RulesOfOrigin(COVERAGE),
        (
            InstrumentChange(instrument="paper", factor=1.01),
            InstrumentChange(instrument="rvc", where={"r": "R0"}, add=1.9905),
        ),
    ),
    "wage curve": Case(lambda b: WageCurve(unemployment=0.05), (change("lforce", "R0", factor=1.02),)),
}


def with_emissions(world: Benchmark) -> Benchmark:
    """A tonne or two of CO2 a thousand USD of cost, million tonnes."""
    cost = world.sam.data["maks"].sum("i")
    tonnes = cost * np.random.default_rng(1).uniform(0.1, 2.0, cost.shape) / 1000
    beside = world.satellites if world.satellites is not None else xr.Dataset()
    return replace(world, satellites=beside.assign(co2=tonnes.transpose("a", "r")))


def with_debts(world: Benchmark) -> Benchmark:
    """The first region owns a tenth of its GDP abroad; the others owe it in proportion to theirs."""
    gdp = world.sam.gdp()
    debt = np.concatenate([[gdp[0] / 10], -gdp[0] / 10 * gdp[1:] / gdp[1:].sum()])
    table = pd.DataFrame(0.0, index=world.regions, columns=list(COLUMNS))
    table["debt_assets"], table["debt_liabilities"] = np.maximum(debt, 0), np.maximum(-debt, 0)
    return with_positions(world, table)


PLAIN = with_debts(with_emissions(random_benchmark(3, 3, seed=7)))
WORLDS = {"core": PLAIN, "gtap": replace(standard_gtap(random_benchmark(3, 3, seed=7)), satellites=PLAIN.satellites)}
"""Composition -> what it is built on."""


def put_on(composition: str, benchmark: Benchmark, *names: str) -> Model:
    """A model with mechanisms by name."""
    mechanisms = tuple(MECHANISMS[name].make(benchmark) for name in names)
    if composition == "gtap":
        return Model(benchmark, Closure(specific=()), sourcing="pooled", blocks=GTAP, mechanisms=mechanisms)
    return Model(benchmark, mechanisms=mechanisms)
