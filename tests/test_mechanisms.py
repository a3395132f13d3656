"""Mechanisms add to what stands: on every composition they replicate, balance and show in the derived tables."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace

import numpy as np
import pytest

from calibration.from_flows import one_final_demand
from calibration.gtap import standard_gtap
from cge import Closure, InstrumentChange, Model, ModelError, Policy
from cge.blocks.deficits import TRADE_MODEL
from cge.equations.declare import Mechanism, adds, definition, parameter, replaces
from cge.gtap import GTAP
from cge.mechanisms.carbon import Carbon
from cge.mechanisms.foreign_income import ForeignIncome
from cge.mechanisms.growth import Growth
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.mechanisms.loans import Loans
from cge.mechanisms.origin import Coverage, RulesOfOrigin
from cge.report.latex import equations_page
from cge.results.updated_data import updated_benchmark, updated_sam
from tests.mechanism_pairs import with_emissions
from tests.worlds import five_regions, random_benchmark

WORLD = with_emissions(random_benchmark(3, 3, seed=7))
GTAP_WORLD = replace(standard_gtap(random_benchmark(3, 3, seed=7)), satellites=WORLD.satellites)
COVERAGE = Coverage(area=("R0", "R1"), sector="g0", material="g1", metals="g2", high_wage=("R0",), types=2)
PRICE = Policy(
    name="carbon",
    instruments=(
        InstrumentChange(instrument="ctax", where={"r": "R0"}, add=40.0),
        InstrumentChange(instrument="ao", where={"r": "R0"}, factor=1.03),
    ),
)


TARIFF = Policy(name="duty", instruments=(InstrumentChange(instrument="tms", where={"d": "CHN"}, factor=1.05),))


def on(name: str, *mechanisms: Mechanism) -> Model:
    if name == "gtap":
        return Model(GTAP_WORLD, Closure(specific=()), sourcing="pooled", blocks=GTAP, mechanisms=mechanisms)
    rules = (RulesOfOrigin(COVERAGE),) if name == "rules of origin" else ()
    return Model(WORLD, mechanisms=(*mechanisms, *rules))


@pytest.mark.parametrize("name", ["core", "rules of origin", "gtap"])
def test_a_price_of_carbon_stands_on_every_composition(name: str) -> None:
    model = on(name, Carbon())
    assert np.allclose(model.solve().arrays["y"], 1.0, atol=1e-10)  # nothing changes where the price is zero
    after = model.solve(PRICE)
    assert after.checks()["ok"].all()
    assert after.homogeneity() < 1e-9
    emitted = after["emitted"].sel(r="R0")
    assert float(emitted.sum()) < float(model.benchmark_values["emitted_0"][:, 0].sum())
    revenue = float(after["rco2"].sel(r="R0"))
    assert revenue == pytest.approx(40 * float(emitted.sum()), rel=1e-12)  # it is paid on what is burnt
    sam = updated_sam(after)
    assert sam.largest_gap() < 1e-9
    paid = (sam["makb"] - sam["maks"]).sum((0, 1))
    assert paid[0] == pytest.approx(float(after["rto"].sel(r="R0")) + float(after["rco2"].sel(r="R0")), rel=1e-9)
    table = after.icio()
    assert table.value_added.sum() == pytest.approx(table.y.sum(), rel=1e-9)  # world value added is world final demand


@pytest.mark.parametrize("name", ["core", "gtap"])
def test_a_price_of_carbon_is_the_output_tax_that_costs_as_much(name: str) -> None:
    price = Policy(name="price", instruments=(InstrumentChange(instrument="ctax", where={"r": "R0"}, add=40.0),))
    priced = on(name, Carbon()).solve(price)
    made = priced.values_of("vob") * priced.values_of("pds") * priced.values_of("qo")
    carbon = priced.values_of("emitted") * priced.values_of("ctax")
    plain = on(name)
    to = made / (made / priced.values_of("to") - carbon)
    taxed = plain.solve(exogenous={"to": plain.labelled("to", to)})
    for symbol in ("y", "pds", "qo"):
        assert np.allclose(taxed.values_of(symbol), priced.values_of(symbol), rtol=1e-9)


def test_the_tables_after_a_price_of_carbon_are_a_benchmark() -> None:
    after = on("core", Carbon()).solve(PRICE)
    again = Model(updated_benchmark(after)).solve()
    assert np.allclose(again.values_of("gdp"), after.values_of("gdp"), rtol=1e-9)


def test_a_model_with_a_mechanism_travels_and_says_what_it_has() -> None:
    model = on("core", Carbon())
    there = pickle.loads(pickle.dumps(model))
    assert np.array_equal(there.solve(PRICE).arrays["y"], model.solve(PRICE).arrays["y"])
    assert there.difference(model) == ""
    assert model.attrs()["mechanisms"] == "Carbon(gas='co2')"
    page = equations_page(model, "With carbon")
    unit = page.split("**`costadd`**")[1].split("**`")[0]
    assert "ccost" in unit  # the term stands in the open sum it is added to
    assert "## Carbon" in page
    assert "## Production" in page


class Mandate(Mechanism):
    """A mechanism with an option that its rule uses."""

    extra = parameter("r", "nothing", "million USD")

    def __init__(self, share: float) -> None:
        self.share = share

    @adds("tax")
    @definition("r", "a part of the tariff revenue, twice", "million USD")
    def twice(self, m, r):
        return self.share * m.rtm[r] + m.extra[r]

    def calibrate(self, data):
        return {"extra": -self.share * (data["vmsb"] - data["vcif"]).sum((0, 1))}


def test_a_rule_may_use_the_options_of_its_mechanism() -> None:
    model = Model(WORLD, mechanisms=(Mandate(0.5),))
    assert np.allclose(model.solve().values_of("twice"), 0.0, atol=1e-9)
    other = Model(WORLD, mechanisms=(Mandate(0.25),))
    assert "extra" in model.difference(other)


class FirstWage(Mechanism):
    """One of two that replace a definition."""

    @replaces
    @definition("r", "average wage")
    def realwage(m, r):
        return m.ppriv[r]


class SecondWage(FirstWage):
    """The other."""


class Learning(Mechanism):
    """A third that replaces the productivity of value added, as growth does."""

    @replaces
    @definition("a r", "productivity that grows with output")
    def avaall(m, a, r):
        return m.ava[a, r] * m.qo[a, r] ** 0.05


class Unmarked(Mechanism):
    """Redefines what another block has without saying so."""

    @definition("r", "average wage")
    def realwage(m, r):
        return m.ppriv[r]


class Nowhere(Mechanism):
    """A term of a sum that is not open."""

    @adds("taxx")
    @definition("r", "a term", "million USD")
    def term(m, r):
        return m.rtm[r]


class Wide(Mechanism):
    """A term with other dims than its sum."""

    @adds("tax")
    @definition("i r", "a term", "million USD")
    def term(m, i, r):
        return m.pds[i, r]


@pytest.mark.parametrize(
    ("mechanisms", "message"),
    [
        ((FirstWage(), SecondWage()), "FirstWage and SecondWage both replace 'realwage'"),
        ((Unmarked(),), "'realwage' of block Unmarked is declared in another block; rename it, or write @replaces"),
        ((Nowhere(),), "adds to 'taxx', which no block defines; did you mean 'tax'"),
        ((Wide(),), "adds to 'tax', which has dims r, not i r"),
        ((Carbon("co2e"),), "needs the satellite 'co2e'"),
        ((Carbon,), "mechanisms are instances"),
        ((Growth(), Learning()), "Growth and Learning both replace 'avaall'; they cannot stand together"),
        ((Learning(), Carbon(), Growth()), "Learning and Growth both replace 'avaall'"),
        (Carbon(), "mechanisms are a sequence of instances, as mechanisms=(Carbon(),)"),
        ((InvestmentByReturns([1.0, 2.0]),), "stock of InvestmentByReturns has 2 numbers, and the benchmark 3 regions"),
        ((InvestmentByReturns(),), "has no capital stock (vkb) of R0, R1, R2; give InvestmentByReturns its stock"),
        ((InvestmentByReturns(1e2, 0.99),), "capital of R0, R1, R2 earns less than it wears"),
        ((Carbon(), Carbon()), "symbol 'ctax' is declared in two blocks"),
    ],
)
def test_what_cannot_be_put_together_is_refused_by_name(mechanisms, message: str) -> None:
    with pytest.raises(ModelError, match=re.escape(message)):
        Model(WORLD, mechanisms=mechanisms)


def test_a_replacement_that_is_meant_stands() -> None:
    after = Model(WORLD, mechanisms=(FirstWage(),)).solve(PRICE.model_copy(update={"instruments": PRICE.instruments[1:]}))
    assert np.array_equal(after.values_of("realwage"), after.values_of("ppriv"))


def test_options_that_are_arrays_compare_hash_and_travel_by_their_content() -> None:
    stock = np.array([1e2, 2e2, 3e2])
    one, same, other = (InvestmentByReturns(s, 0.01) for s in (stock, list(stock), stock + 1e-9))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != InvestmentByReturns(stock, 0.01, rorflex=5.0)
    assert pickle.loads(pickle.dumps(one)) == one
    assert len(one.describe()) < 120
    assert one.describe().startswith("InvestmentByReturns(stock=<3 numbers, #")
    stock[0] = 5.0  # what the caller does with its array later is none of the mechanism's business
    assert one == same
    with pytest.raises(ValueError, match="read-only"):
        one.stock[0] = 5.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stock": [1.0, -1.0, 1.0]}, "stock of InvestmentByReturns holds [1.0, -1.0, 1.0]; numbers above 0"),
        ({"depreciation": 5.0}, "depreciation of InvestmentByReturns holds [5.0]; numbers from 0 to below 1"),
        ({"stock": "much"}, "stock of InvestmentByReturns is 'much'; numbers are needed"),
        ({"rorflex": [1.0, 2.0]}, "rorflex is one number above 0"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options, message: str) -> None:
    with pytest.raises(ModelError, match=re.escape(message)):
        InvestmentByReturns(**options)


@pytest.mark.parametrize("mechanism", [ForeignIncome(), Loans(), InvestmentByReturns(1e2, 0.01)])
def test_the_trade_model_in_which_nobody_invests_refuses_what_is_saved_or_invested(mechanism: Mechanism) -> None:
    world = one_final_demand(random_benchmark(3, 3, seed=7))
    with pytest.raises(ModelError, match=f"{type(mechanism).__name__} cannot stand on these blocks"):
        Model(world, sourcing="pooled", blocks=TRADE_MODEL, mechanisms=(mechanism,))


def test_capital_stocks_of_the_data_are_those_of_investment_by_returns() -> None:
    world = five_regions()
    sam = world.sam
    given = InvestmentByReturns(sam["vkb"], sam["vdep"] / sam["vkb"])
    plain, stated = (Model(world, mechanisms=(x,)).solve(TARIFF) for x in (InvestmentByReturns(), given))
    assert np.array_equal(plain.values_of("fsav"), stated.values_of("fsav"))
    assert abs(plain.values_of("fsav").sum()) < 1e-9 * plain.values_of("gdp").sum()
    rates = plain.values_of("rorc") * plain.values_of("kratio") ** -10.0
    assert rates == pytest.approx(float(plain["rorg"]), rel=1e-9)
