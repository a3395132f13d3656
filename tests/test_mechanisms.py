"""Mechanisms add to what stands: on every composition they replicate, balance and show in the derived tables."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from calibration import Benchmark
from calibration.gtap import standard_gtap
from cge import Closure, Model, ModelError
from cge.blocks.growth import growth_blocks
from cge.declare import Mechanism, adds, definition, parameter, replaces
from cge.gtap import GTAP
from cge.latex import equations_page
from cge.mechanisms.carbon import Carbon
from cge.mechanisms.origin import Coverage, RulesOfOrigin
from cge.update import updated_benchmark, updated_sam
from policies import InstrumentChange, Policy
from tests.worlds import random_benchmark


def with_emissions(world: Benchmark) -> Benchmark:
    cost = world.sam.data["maks"].sum("i")
    tonnes = cost * np.random.default_rng(1).uniform(0.1, 2.0, cost.shape) / 1000  # a tonne or two a thousand USD
    return replace(world, satellites=xr.Dataset({"co2": tonnes.transpose("a", "r")}))


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


def on(name: str, *mechanisms: Mechanism) -> Model:
    if name == "gtap":
        return Model(GTAP_WORLD, Closure(specific=()), sourcing="pooled", blocks=GTAP, mechanisms=mechanisms)
    blocks = {
        "core": {},
        "growth": {"blocks": growth_blocks("cap", np.full(3, 1e3), 0.01)},
        "growth by returns": {"blocks": growth_blocks("cap", np.full(3, 1e2), 0.01, "returns")},
        "rules of origin": {},
    }[name]
    rules = (RulesOfOrigin(COVERAGE),) if name == "rules of origin" else ()
    return Model(WORLD, mechanisms=(*mechanisms, *rules), **blocks)


@pytest.mark.parametrize("name", ["core", "growth", "growth by returns", "rules of origin", "gtap"])
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
        ((Carbon(), Carbon()), "symbol 'ctax' is declared in two blocks"),
    ],
)
def test_what_cannot_be_put_together_is_refused_by_name(mechanisms, message: str) -> None:
    with pytest.raises(ModelError, match=message.replace("(", r"\(")):
        Model(WORLD, mechanisms=mechanisms)


def test_a_replacement_that_is_meant_stands() -> None:
    after = Model(WORLD, mechanisms=(FirstWage(),)).solve(PRICE.model_copy(update={"instruments": PRICE.instruments[1:]}))
    assert np.array_equal(after.values_of("realwage"), after.values_of("ppriv"))
