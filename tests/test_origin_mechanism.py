"""Rules of origin as a mechanism: on GTAP's model, with a price of carbon, of several sectors, in every table."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from calibration import Benchmark
from calibration.gtap import standard_gtap
from calibration.sam import make_dataset
from cge import Model, ModelError, ShockError, Solution
from cge.equations.declare import Mechanism
from cge.gtap import GtapShock, gtap_model
from cge.gtap.welfare import real_income
from cge.mechanisms.carbon import Carbon
from cge.mechanisms.origin import Coverage, RulesOfOrigin
from cge.mechanisms.origin.study import OriginRules, RulesStudy
from cge.model.path import Path
from cge.report.latex import equations_page
from cge.results.updated_data import updated_benchmark, updated_sam
from tests.worlds import random_benchmark

AREA = ("R0", "R1", "R2")
FIRST = Coverage(area=AREA, sector="g0", material="g1", metals="g2", high_wage=("R0",), types=2)
SECOND = Coverage(area=("R0", "R1"), sector="g1", material="g0", metals="g2", high_wage=("R0",), types=2)
BINDING = OriginRules("first", rvc=0.99, paper=0.01)
BINDING_SECOND = OriginRules("second", rvc=0.985)


def with_emissions(world: Benchmark) -> Benchmark:
    cost = world.sam.data["maks"].sum("i")
    return replace(world, satellites=xr.Dataset({"co2": (cost / 1000).transpose("a", "r")}))


WORLD = with_emissions(random_benchmark(4, 3, seed=11, zeros=0.0))
GTAP_WORLD = replace(standard_gtap(random_benchmark(4, 3, seed=11, zeros=0.0)), satellites=WORLD.satellites)


def on(composition: str, *mechanisms: Mechanism) -> Model:
    return gtap_model(GTAP_WORLD, mechanisms=mechanisms) if composition == "gtap" else Model(WORLD, mechanisms=mechanisms)


def study(model: Model, coverage: Coverage) -> RulesStudy:
    return RulesStudy(model.benchmark, coverage, dict.fromkeys(coverage.area, 0.3), model=model)


def require_identities(solution: Solution) -> None:
    """Checks of the solution and of its tables, each in its own unit."""
    assert solution.checks()["ok"].all(), solution.checks()
    assert solution.homogeneity() < 1e-9
    sam = updated_sam(solution)
    assert sam.largest_gap() < 1e-9
    assert sam.gdp() == pytest.approx(solution["gdp"].values, rel=1e-9)
    table = solution.icio()
    assert table.value_added.sum() == pytest.approx(table.y.sum(), rel=1e-9)
    again = Model(updated_benchmark(solution)).solve()
    assert again.values_of("gdp") == pytest.approx(solution["gdp"].values, rel=1e-9)


@pytest.fixture(scope="module")
def gtap_bases() -> Callable[[tuple[Mechanism, ...]], Solution]:
    """Solutions of GTAP's model under binding rules, with a price of carbon where it has one; each solved once."""
    known: dict[tuple[Mechanism, ...], Solution] = {}

    def base(mechanisms: tuple[Mechanism, ...]) -> Solution:
        if mechanisms not in known:
            model = on("gtap", *mechanisms)
            of_model = study(model, FIRST)
            known[mechanisms] = of_model.solve(BINDING).solution
            if "ctax" in model.symbols:
                price = model.labelled("ctax", np.array([40.0, 0.0, 0.0, 5.0]))
                exogenous, _, _ = of_model.exogenous(BINDING)
                near = known[mechanisms]
                known[mechanisms] = model.solve(exogenous={**exogenous, "ctax": price}, guess=near)
        return known[mechanisms]

    return base


@pytest.mark.parametrize("mechanisms", [(RulesOfOrigin(FIRST),), (Carbon(), RulesOfOrigin(FIRST))])
@pytest.mark.parametrize("composition", ["core", "gtap"])
def test_binding_rules_keep_every_identity_on_every_composition(composition: str, mechanisms: tuple[Mechanism, ...]) -> None:
    model = on(composition, *mechanisms)
    assert np.allclose(model.solve().arrays["y"], 1.0, atol=1e-10)
    of_model = study(model, FIRST)
    found = of_model.solve(BINDING)
    if "ctax" in model.symbols:
        price = model.labelled("ctax", np.array([40.0, 0.0, 0.0, 0.0]))
        exogenous, _, _ = of_model.exogenous(BINDING)
        found = replace(found, solution=model.solve(exogenous={**exogenous, "ctax": price}, guess=found.solution))
        assert float(found.solution["rco2"].sel(r="R0")) > 0
    assert found.constrained_share() > 0
    assert found.complementarity_gap() < 1e-8
    require_identities(found.solution)


def test_the_order_of_mechanisms_does_not_matter() -> None:
    one, other = (study(on("core", *x), FIRST).solve(BINDING).solution for x in
                  ((Carbon(), RulesOfOrigin(FIRST)), (RulesOfOrigin(FIRST), Carbon())))  # fmt: skip
    assert other.arrays["qo"] == pytest.approx(one.arrays["qo"], rel=1e-10)


@pytest.mark.parametrize("composition", ["core", "gtap"])
def test_two_covered_sectors_of_which_each_supplies_the_other(composition: str) -> None:
    model = on(composition, RulesOfOrigin(FIRST, SECOND))
    assert np.allclose(model.solve().arrays["y"], 1.0, atol=1e-10)
    both = study(model, FIRST).solve(BINDING, beside={study(model, SECOND): BINDING_SECOND}).solution
    assert both.arrays["mu_rvc"].max() > 1e-3
    assert both.arrays["mu_rvc_g1"].max() > 1e-3
    require_identities(both)


def test_rules_on_one_of_two_covered_sectors_are_those_of_that_sector_alone() -> None:
    both, alone = on("core", RulesOfOrigin(FIRST, SECOND)), on("core", RulesOfOrigin(SECOND))
    of_both, of_one = (study(m, SECOND).solve(BINDING_SECOND) for m in (both, alone))
    assert of_both.solution.arrays["qo"] == pytest.approx(of_one.solution.arrays["qo"], rel=1e-10)
    assert of_both.solution.arrays["mu_rvc_g1"] == pytest.approx(of_one.solution.arrays["mu_rvc"], rel=1e-8, abs=1e-10)
    assert of_both.utilisation().to_dict() == pytest.approx(of_one.utilisation().to_dict(), rel=1e-8)
    assert of_both.regional_content() == pytest.approx(of_one.regional_content(), rel=1e-8)


def test_a_model_of_two_covered_sectors_travels_and_prints() -> None:
    model = on("core", RulesOfOrigin(FIRST, SECOND))
    there = pickle.loads(pickle.dumps(model))
    assert there.difference(model) == ""
    page = equations_page(there, "Two covered sectors")
    assert "**`e_mu_rvc_g1`** content rule binds or its multiplier is zero (g1)" in page
    assert "**`e_mu_rvc`** content rule binds or its multiplier is zero (g0)" in page


def test_a_price_of_carbon_counts_in_the_cost_that_content_is_a_share_of() -> None:
    model = on("core", Carbon(), RulesOfOrigin(FIRST))
    after = model.solve(exogenous={"ctax": model.labelled("ctax", np.array([40.0, 0, 0, 0]))})
    paid = after.values_of("costadd")[0, 0] / after.values_of("ao")[0, 0]
    assert paid > 0
    assert after.values_of("cbeside")[0] == pytest.approx(paid)
    unit = after.values_of("pds")[0, 0] * after.values_of("to_0")[0, 0] / after.values_of("to")[0, 0]  # supply price is cost
    cost = (after.values_of("ccomp") * after.arrays["wtype"]).sum(0)[0]
    assert cost == pytest.approx(unit, rel=1e-3)  # the types' material differs a little from the representative firm's


@pytest.mark.parametrize("mechanisms", [(Carbon(), RulesOfOrigin(FIRST)), (RulesOfOrigin(FIRST, SECOND),)])
@pytest.mark.parametrize(
    "shock", ["tms=+2%", "ao[g1,*]=+1%; ams[*,*,R1]=+1%", "pop[R0]=+1%", "afa[*,g0,*]=+1%", "paper[R1,*]=+1%"]
)
def test_parts_of_real_income_add_up_under_binding_rules(gtap_bases, mechanisms: tuple[Mechanism, ...], shock: str) -> None:
    """Each part is measured apart: what duties, premia, compliance and carbon leave unexplained would raise."""
    parts = real_income(Path.along(gtap_bases(mechanisms), GtapShock(shock)).point(0.0))
    assert {"tms", "tfm", "tech", "tot"} <= set(parts)
    assert all(np.isfinite(values).all() for values in parts.values())


def test_tighter_rules_and_changed_preferences_are_parts_of_real_income_too(gtap_bases) -> None:
    base = gtap_bases((RulesOfOrigin(FIRST),))
    in_force = base.arrays["rvc"] > 0
    used = base.arrays["use0"] > 0
    direction = {"rvc": -1e-4 * in_force, "tmfn": np.full((4, 4), 0.01), "use0": -0.01 * used}
    parts = real_income(Path(base, direction).point(0.0))
    assert (parts["tech"][:3] != 0).all()  # what complying takes, and shipments that lose the preference


def mixed_make() -> Benchmark:
    """GTAP data in which the activity of the covered sector makes another commodity too."""
    sam = GTAP_WORLD.sam
    data = {h: sam[h].copy() for h in map(str, sam.data.data_vars)}
    moved = 0.05 * data["makb"][1, 1]
    for header in ("makb", "maks"):
        for own, other in ((0, 1), (1, 0)):  # each makes as much of the other's commodity as it makes less of its own
            data[header][own, own] -= moved
            data[header][other, own] += moved
    sets = {d: [str(x) for x in sam.data[d].values] for d in ("i", "a", "f", "r", "m")}
    return replace(GTAP_WORLD, sam=type(sam)(make_dataset(data, sets, dict(sam.data.attrs)), sam.adjustments))


CASES: list[tuple[Callable[[], object], str]] = [
    (lambda: on("core", RulesOfOrigin(FIRST), RulesOfOrigin(SECOND)), "RulesOfOrigin stands twice among the mechanisms; one"),
    (lambda: RulesOfOrigin(FIRST, FIRST), "cover g0, g0: each sector once"),
    (lambda: RulesOfOrigin(FIRST, replace(SECOND, types=3)), "one number of firm types, not g0 2, g1 3"),
    (lambda: RulesOfOrigin(), "needs a Coverage"),
    (lambda: RulesOfOrigin("veh"), "takes a Coverage for each covered sector, not 'veh'"),  # type: ignore[arg-type]
    (lambda: RulesOfOrigin(FIRST).name("rvc", "g2"), "cover g0, not 'g2'"),
    (lambda: gtap_model(mixed_make(), mechanisms=(RulesOfOrigin(FIRST),)), "the make matrix of this benchmark mixes it"),
]


@pytest.mark.parametrize(("make", "message"), CASES)
def test_what_cannot_be_covered_is_refused_in_one_line(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ModelError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


def test_a_study_of_a_model_without_its_rules_is_refused() -> None:
    model = on("core", RulesOfOrigin(FIRST))
    with pytest.raises(ShockError, match="states no rules of origin on 'g1' with this coverage"):
        study(model, SECOND)
    other = study(on("core", RulesOfOrigin(SECOND)), SECOND)
    with pytest.raises(ShockError, match="the rules on 'g1' are of another model"):
        study(model, FIRST).solve(BINDING, beside={other: BINDING_SECOND})
