"""Mechanisms ride along a path of years: policies move their instruments, and what they have to show is in the path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from calibration import Benchmark
from cge import InstrumentChange, Model, ModelError, Policy
from cge.dynamics import Baseline, Dynamics, Flows, PathOfYears
from cge.equations.declare import Mechanism, adds, definition
from cge.mechanisms.carbon import Carbon
from cge.mechanisms.foreign_income import ForeignIncome
from cge.mechanisms.growth import Growth
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.results.updated_data import updated_benchmark, updated_sam
from tests.mechanism_pairs import with_debts, with_emissions
from tests.worlds import five_regions, growth_table

PRICE = Policy(name="price", instruments=(InstrumentChange(instrument="ctax", where={"r": "CHN"}, add=20.0),))
RULES = [{}, {"investment": "returns"}, {"capital": "vintage"}]


@pytest.fixture(scope="module")
def world() -> Benchmark:
    return with_emissions(five_regions())


@pytest.fixture(scope="module")
def baseline(world: Benchmark) -> Baseline:
    return Baseline.between(2018, 2020, growth_table(world, gdp=0.03, population=0.01, skl=0.015, unskl=0.01, nat=0.0))


@pytest.mark.parametrize("rules", RULES)
def test_a_price_of_carbon_is_paid_on_what_is_burnt_in_every_year(world, baseline, rules: dict[str, str]) -> None:
    found = Dynamics(world, baseline, mechanisms=(Carbon(),), **rules).run(PRICE)
    after, before = found.policy.dataset(), found.baseline.dataset()
    assert float(abs(before["ctax"]).max()) == 0.0
    assert np.all(after["ctax"].sel(r="CHN") == 20.0)
    burnt, without = (data["emitted"].sel(r="CHN").sum("a") for data in (after, before))
    assert float((burnt / without).isel(year=-1)) < 1.0  # in the first, capital that leaves may make room for exports that burn
    assert ((burnt / without).diff("year") < 0).all()
    assert after["rco2"].sel(r="CHN").values == pytest.approx(20.0 * burnt.values, rel=1e-12)
    assert found.policy.identity_gap < 1e-9
    grown = before["emitted"].sum("a")
    assert (grown.sel(year=2020) > grown.sel(year=2018)).all()  # output grows, and the bundle of inputs with it


@pytest.mark.parametrize("rules", RULES)
def test_a_mechanism_at_rest_leaves_a_path_as_it_is(world, baseline, rules: dict[str, str]) -> None:
    duty = Policy(name="duty", instruments=(InstrumentChange(instrument="tms", where={"d": "CHN"}, factor=1.05),))
    bare, riding = (Dynamics(world, baseline, mechanisms=m, **rules).run(duty).dataset() for m in ((), (Carbon(),)))
    for name in bare.data_vars:
        assert np.allclose(riding[name], bare[name], rtol=1e-8, atol=1e-8 * float(abs(bare[name]).max())), name


def test_a_year_with_a_price_of_carbon_is_a_base_year_that_balances(world, baseline) -> None:
    last = Dynamics(with_debts(world), baseline, "returns", mechanisms=(Carbon(),)).run(PRICE).policy.last
    assert last is not None
    sam = updated_sam(last)
    assert sam.largest_gap() < 1e-9
    at = world.regions.index("CHN")
    paid = (sam["makb"] - sam["maks"]).sum((0, 1))[at]
    assert paid == pytest.approx(float((last["rto"] + last["rco2"]).sel(r="CHN")), rel=1e-9)
    assert sam["save"] == pytest.approx(last.values_of("saving") - last.values_of("finc"), rel=1e-12)
    there = updated_benchmark(last)
    again = Model(there, last.model.closure, mechanisms=(ForeignIncome(), Carbon())).solve()
    for name in ("gdp", "gnp", "saving"):
        assert again.values_of(name) == pytest.approx(last.values_of(name), rel=1e-9), name


def test_mechanisms_of_the_model_ride_along(world, baseline) -> None:
    model = Model(world, mechanisms=(ForeignIncome(), Carbon()))  # every path has foreign income
    of_model = Dynamics(model, baseline)
    assert of_model.mechanisms == (Carbon(),)
    given = Dynamics(world, baseline, mechanisms=(Carbon(),))
    assert of_model.made_of(PRICE) == given.made_of(PRICE)


@dataclass(frozen=True)
class Rising:
    """A price of carbon that rises by ten a year."""

    name: str = "rising"

    def flows(self, year: int, model, state) -> Flows:
        step = 10.0 * (year - 2017)
        change = InstrumentChange(instrument="ctax", where={"r": "CHN"}, add=step)
        return Flows(policy=Policy(name=f"{step} a tonne", instruments=(change,)))


def test_a_programme_moves_the_instrument_of_a_mechanism_year_by_year(world, baseline) -> None:
    path = Dynamics(world, baseline, mechanisms=(Carbon(),)).run(Rising()).policy.dataset()
    assert path["ctax"].sel(r="CHN").values.tolist() == [10.0, 20.0, 30.0]


class Levy(Mechanism):
    """A mechanism of a user: a share of the tariff revenue, paid to the household a second time and taken back."""

    def __init__(self, share: float) -> None:
        self.share = share

    @adds("transfers")
    @definition("r", "nothing", "million USD")
    def nothing(self, m, r):
        return self.share * (m.rtm[r] - m.rtm[r])


def test_a_path_is_resumed_with_its_mechanisms_alone(world, baseline, tmp_path) -> None:
    duty = Policy(name="duty", instruments=(InstrumentChange(instrument="tms", where={"d": "CHN"}, factor=1.05),))
    made = Dynamics(world, baseline, mechanisms=(Carbon(), Levy(0.5)))
    whole = made.run(duty)
    made.run(duty, until=2018).policy.save(tmp_path / "path.nc")
    saved = PathOfYears.load(tmp_path / "path.nc")
    rest = made.run(duty, resume=saved)
    assert rest.policy.dataset()["emitted"].values == pytest.approx(whole.policy.dataset()["emitted"].values, rel=1e-8)
    others = {
        r"the mechanisms \(Carbon\(gas='co2'\); Levy\(share=0.5\) there, none here\)": (),
        r"the mechanisms \(.*share=0.5\) there, .*share=0.25\) here\)": (Carbon(), Levy(0.25)),
    }
    for words, mechanisms in others.items():
        with pytest.raises(ModelError, match=words):
            Dynamics(world, baseline, mechanisms=mechanisms).run(duty, resume=saved)
    saved.made_of["the mechanisms' code"] = "#another"
    with pytest.raises(ModelError, match="differs from this run in the mechanisms' code;"):
        made.run(duty, resume=saved)


class Learning(Growth):
    """A growth of one's own, which cannot stand beside the path's."""


@pytest.mark.parametrize(
    ("mechanisms", "message"),
    [
        ((InvestmentByReturns(),), "write investment='returns' and leave the mechanism out"),
        ((Learning(),), "Growth and Learning both replace 'avaall'"),
        (Carbon(), "mechanisms are a sequence of instances"),
        ((Carbon,), "mechanisms are instances"),
        ((Carbon("methane"),), "needs the satellite 'methane'"),
    ],
)
def test_what_cannot_ride_along_is_refused_by_name(world, baseline, mechanisms, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Dynamics(world, baseline, mechanisms=mechanisms)


def test_a_policy_that_needs_a_mechanism_which_is_not_there_is_refused(world, baseline) -> None:
    with pytest.raises(Exception, match="has no ctax, which mechanism Carbon brings"):
        Dynamics(world, baseline).run(PRICE)
