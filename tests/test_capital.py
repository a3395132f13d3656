"""Capital wears where it is used, and adjusts until it earns what it did."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import Benchmark
from calibration.gtap import standard_gtap
from cge import Closure, ClosureError, InstrumentChange, Model, Policy
from cge.gtap import GtapShock, gtap_model, solve_gtap
from cge.results.updated_data import updated_benchmark
from tests.worlds import random_benchmark, symmetric_benchmark


def change(instrument: str, **how: object) -> Policy:
    return Policy(name=f"test {instrument}", instruments=(InstrumentChange(instrument=instrument, **how),))


def more_capital(factor: float, label: str = "cap") -> Policy:
    return change("qe", where={"f": (label,)}, factor=factor)


@pytest.fixture(scope="module")
def worn() -> Benchmark:
    return standard_gtap(random_benchmark(3, 3, seed=7))


def test_new_capital_is_worth_what_it_earns_less_what_wears() -> None:
    """Where nothing is distorted a little capital raises the world's welfare by its earnings net of wear."""
    world = standard_gtap(symmetric_benchmark(0.0))
    assert world.sam["vdep"].min() > 0
    after = Model(world).solve(more_capital(1 + 1e-5))
    capital = world.sam.factors.index("cap")
    earned = world.sam["evos"][capital].sum(0)
    assert after.values_of("ev") == pytest.approx(1e-5 * (earned - world.sam["vdep"]), rel=1e-3)


@pytest.mark.parametrize("tariff", [0.0, 0.1])
def test_the_core_values_capital_as_gtap_does(tariff: float) -> None:
    """Regions alike, so that neither terms of trade nor where the world invests move."""
    world, more = standard_gtap(symmetric_benchmark(tariff, regions=3)), more_capital(1.1)
    core = Model(world, demand="cobb-douglas").solve(more).values_of("ev").sum()
    gtap = solve_gtap(gtap_model(world), GtapShock("qe[cap,*]=+10%")).ev().sum()
    wear = 0.1 * float(world.sam["vdep"].sum())
    assert core == pytest.approx(gtap, abs=0.2 * wear)  # were new capital charged no wear the core would be off by all of it


def test_depreciation_goes_with_capital_in_use(worn: Benchmark) -> None:
    after = Model(worn).solve(more_capital(1.1))
    assert after.values_of("depr") == pytest.approx(1.1 * worn.sam["vdep"] * after.values_of("pinv"), rel=1e-10)
    assert after.checks()["ok"].all()
    assert after.homogeneity() < 1e-9
    again = Model(updated_benchmark(after))  # the updated data hold the new stock and its wear
    assert again.data["vdep"] == pytest.approx(after.values_of("depr"), rel=1e-10)
    assert again.data["vkb"] == pytest.approx(1.1 * worn.sam["vkb"] * after.values_of("pinv"), rel=1e-10)


@pytest.mark.parametrize("options", [{}, {"specific": "cap"}, {"investment": "fixed"}])
def test_in_a_steady_state_capital_earns_what_it_did(worn: Benchmark, options: dict[str, object]) -> None:
    model = Model(worn, Closure.standard(capital="steady", **options))
    after = model.solve(change("ao", where={"r": ("R0",)}, factor=1.02))
    assert after.values_of("rental") == pytest.approx(after.values_of("pinv"), rel=1e-9)
    capital = after["qe"].sel(f="cap")
    assert float(capital.sel(r="R0")) > 1.01  # a more productive economy has more of it
    assert after.checks()["ok"].all()
    fixed = Model(worn, Closure.standard(**options)).solve(change("ao", where={"r": ("R0",)}, factor=1.02))
    assert float(after["ev"].sel(r="R0")) > float(fixed["ev"].sel(r="R0"))


def test_if_every_factor_is_in_elastic_supply_nothing_says_how_large_an_economy_is(worn: Benchmark) -> None:
    closure = Closure.standard(capital="steady", labour="fixed real wage", labour_factors="lab")
    with pytest.raises(ClosureError, match="does not determine"):
        Model(worn, closure)


def test_nothing_moves_in_a_steady_state_without_a_shock(worn: Benchmark) -> None:
    after = Model(worn, Closure.standard(capital="steady")).solve()
    assert np.allclose(after.values_of("qe"), 1.0, atol=1e-10)


def test_a_steady_state_says_where_no_wear_is_charged() -> None:
    plain = symmetric_benchmark(0.1)
    assert not plain.sam["vdep"].any()
    model = Model(plain, Closure.standard(capital="steady"))
    assert any("no depreciation" in text for text in model.remarks)


def test_another_word_and_another_factor_are_refused(worn: Benchmark) -> None:
    with pytest.raises(ClosureError, match="unknown capital rule 'long'; choose 'fixed' or 'steady'"):
        Closure.standard(capital="long")  # type: ignore[arg-type]
    with pytest.raises(ClosureError, match="'capita' is not in dim 'f'; did you mean 'cap'"):
        Model(worn, Closure.standard(capital="steady", capital_factor="capita"))
