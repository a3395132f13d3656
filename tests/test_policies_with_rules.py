"""Policies that carry rules of origin: added up, on other models, with other mechanisms, in years, as text."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from calibration import load_benchmark
from calibration.divisions import divisions, with_division
from calibration.growth import COLUMNS
from calibration.split_sector import split_vehicles
from cge import InstrumentChange, ModelError, OriginClause, Policy, Scenario, ShockError, solve
from cge.dynamics import Baseline, Dynamics
from cge.dynamics.rules_in_time import RulesInTime
from cge.mechanisms.carbon import Carbon
from cge.mechanisms.origin import RulesOfOrigin
from cge.policy.composition import CoreStart
from cge.policy.origin_clause import Thresholds
from cge.policy.placement import Placement
from cge.results.origin_run import OriginRun
from cge.results.updated_data import updated_sam
from policies import rcep, usmca
from policies.usmca_results import against_nafta
from tests.test_origin_mechanism import FIRST, GTAP_WORLD, SECOND, WORLD
from tests.worlds import growth_table

MEMBERS = ("R0", "R1", "R2")
CLAUSE = OriginClause(
    sector="g0", material="g1", metals=("g2",), high_wage=("R0",), types=2, rvc=0.99, paper=0.01,
    duties=dict.fromkeys(MEMBERS, 0.3),
)  # fmt: skip
OTHER = OriginClause(
    sector="g1", material="g0", metals=("g2",), area=("R0", "R1"), high_wage=("R0",), types=2, rvc=0.985,
    duties=dict.fromkeys(("R0", "R1"), 0.3),
)  # fmt: skip
FREE = InstrumentChange(instrument="tms", where={"s": "@members", "d": "@members"}, among=True, rate_times=0.0)
DEAL = Policy(name="deal", members=MEMBERS, instruments=(FREE,), origin=(CLAUSE,))
DUTY = Policy(name="duty", instruments=(InstrumentChange(instrument="tms", where={"d": "R3"}, factor=1.05),))


@pytest.fixture(scope="module")
def deal() -> OriginRun:
    run = solve(Scenario(WORLD).under(DEAL))
    assert isinstance(run, OriginRun)
    return run


def test_rules_cost_what_free_trade_without_them_does_not(deal) -> None:
    free = solve(Scenario(WORLD).under(DEAL.without_origin()))
    assert deal.now["g0"].constrained_share() > 0
    assert deal.now["g0"].cost_penalty() > 0
    assert deal.summary()["complementarity_gap"] < 1e-8
    assert deal.table()["imports_percent"]["R1"] != pytest.approx(free.table()["imports_percent"]["R1"], abs=1e-3)
    assert {"use_g0", "industry_g0", "types_g0"} <= {t.name for t in deal.tables}
    used = deal.summary()["rules_of_origin"]["g0"]
    assert max(used["after"]["utilisation"].values()) < max(used["before"]["utilisation"].values()) == 1.0
    assert updated_sam(deal.after).largest_gap() < 1e-9


def test_rules_of_two_policies_act_together() -> None:
    second = Policy(name="second", members=("R0", "R1"), instruments=(), origin=(replace_area(OTHER, ()),))
    joint = DEAL + second
    assert [c.sector for c in joint.origin] == ["g0", "g1"]
    assert joint.origin[1].area == ("R0", "R1")  # about its own members still
    run = solve(Scenario(WORLD).under(joint))
    assert isinstance(run, OriginRun)
    assert run.now["g0"].constrained_share() > 0
    assert run.now["g1"].constrained_share() > 0
    whole = solve(Scenario(WORLD).under(Policy(name="both", members=MEMBERS, instruments=(FREE,), origin=(CLAUSE, OTHER))))
    assert run.after.values_of("qo") == pytest.approx(whole.after.values_of("qo"), rel=1e-10)


def replace_area(clause: OriginClause, area: tuple[str, ...]) -> OriginClause:
    return clause.model_copy(update={"area": area})


def test_carbon_counts_in_a_scenario_with_rules(deal) -> None:
    taxed = Policy(name="price", instruments=(InstrumentChange(instrument="ctax", where={"r": "R0"}, add=40.0),))
    run = solve(Scenario(WORLD, mechanisms=(Carbon(),)).under(DEAL + taxed))
    assert float(run.after["rco2"].sel(r="R0")) > 0
    assert run.now["g0"].constrained_share() > 0
    assert float(run.after["qo"].sel(r="R0", i="g0")) < float(deal.after["qo"].sel(r="R0", i="g0"))


def test_rules_on_the_model_of_gtap_show_all_but_welfare() -> None:
    run = solve(Scenario(GTAP_WORLD, model="gtap").under(DEAL))
    assert isinstance(run, OriginRun)
    assert run.now["g0"].constrained_share() > 0
    assert "real_gdp_percent" in run.table()
    assert "welfare_percent" not in run.table()
    assert any("Welfare and EV are left out" in note and "kinks" in note for note in run.notes)
    with pytest.raises(ModelError, match="no page of"):
        run.report("page.html")


def test_rules_bind_in_every_year(deal) -> None:
    table = growth_table(WORLD, **dict.fromkeys(COLUMNS, 0.0))
    model = Dynamics(WORLD, Baseline.between(2018, 2019, table), mechanisms=(RulesOfOrigin(FIRST),))
    found = model.run(RulesInTime(DEAL))
    assert found.policy.identity_gap < 1e-9
    first = found.dataset()["welfare_percent"].sel(year=2018)
    assert first.values == pytest.approx(deal.table()["welfare_percent"].to_numpy(), abs=1e-6)
    later = RulesInTime(DEAL, since=2019)
    waits = model.run(later).dataset()["welfare_percent"]
    assert float(abs(waits.sel(year=2018)).max()) < 1e-9
    assert float(abs(waits.sel(year=2019)).max()) > 1e-3


def test_rules_in_force_before_are_what_a_policy_is_compared_with(deal) -> None:
    same = CLAUSE.model_copy(update={"against": Thresholds(rvc=CLAUSE.rvc, paper=CLAUSE.paper)})
    unmoved = solve(Scenario(WORLD).under(Policy(name="same", members=MEMBERS, instruments=(), origin=(same,))))
    assert float(abs(unmoved.table()["welfare_percent"]).max()) < 1e-8
    ended = same.model_copy(update={"rvc": None, "paper": 0.0, "automatic": True})
    freed = solve(Scenario(WORLD).under(Policy(name="end", members=MEMBERS, instruments=(), origin=(ended,))))
    alone = solve(Scenario(WORLD).under(Policy(name="rules", members=MEMBERS, instruments=(), origin=(CLAUSE,))))
    there, back = alone.after.values_of("u"), freed.base.values_of("u")
    assert back == pytest.approx(there, rel=1e-9)
    assert freed.after.values_of("u") == pytest.approx(np.ones(4), rel=1e-9)


def test_a_scenario_with_rules_travels() -> None:
    clauses = RulesOfOrigin(FIRST, SECOND)
    scenario = Scenario("world", mechanisms=(clauses,)).under(usmca("labour") + rcep())
    back = Scenario.from_yaml(scenario.to_yaml())
    assert back == scenario
    assert back.mechanisms[0].coverages == clauses.coverages
    assert back.key() == scenario.key() == pickle.loads(pickle.dumps(scenario)).key()
    assert len(pickle.dumps(scenario)) < 100_000


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: 0.5 * DEAL, "of which there is no share of 0.5"),
        (lambda: DEAL + DEAL.model_copy(update={"origin": (CLAUSE.model_copy(update={"rvc": 0.5}),)}), "different origin"),
        (lambda: OriginClause(sector="g0"), "state a rule"),
        (lambda: OriginClause(sector="g0", rvc=0.4, automatic=True), "automatic or guarded by rvc, not both"),
        (lambda: Policy(name="p", instruments=(), origin=(CLAUSE, CLAUSE)), "two clauses are about 'g0'"),
        (lambda: usmca("usmca-carz"), "did you mean 'usmca-cars'"),
    ],
)
def test_a_faulty_clause_is_one_line(make, message: str) -> None:
    with pytest.raises(ShockError, match=message) as told:
        make()
    assert "\n" not in str(told.value)


def test_a_scenarios_own_rules_must_be_those_of_its_policy() -> None:
    with pytest.raises(ModelError, match="covers g1 otherwise than policy 'deal' does"):
        solve(Scenario(WORLD, mechanisms=(RulesOfOrigin(SECOND),)).under(DEAL))


# -- USMCA -------------------------------------------------------------------------------------------
def test_usmca_as_a_policy_is_the_study_of_it() -> None:
    run = solve(Scenario("world").under(usmca("labour")))
    study = against_nafta("labour").regions()
    assert run.table()["welfare_percent"].to_numpy() == pytest.approx(study["welfare_percent"].to_numpy(), abs=1e-9)
    assert any("Sectors are divided: mot" in note for note in run.notes)
    assert any("cap:veh cannot move" in note for note in run.notes)


def test_usmca_shows_itself_on_the_model_of_gtap_without_welfare(command) -> None:
    code, out, err = command("run", "usmca", "--model", "gtap")
    assert code == 0, err
    assert "MEX-USA" in out
    assert "real GDP, %" in out
    assert "welfare, %" not in out
    assert "Note: Welfare and EV are left out" in out


def test_a_change_on_a_divided_sector_is_one_on_its_parts() -> None:
    world = load_benchmark("world")
    split = split_vehicles(world, "mot")
    assert split.divisions == {"mot": ("veh", "prt")}
    assert split.satellites is not None
    co2, whole = split.satellites["co2"], world.satellites["co2"]
    assert co2.sel(a=["veh", "prt"]).sum("a").values == pytest.approx(whole.sel(a="mot").values, rel=1e-12)
    change = InstrumentChange(instrument="tms", where={"i": "mot", "d": "USA"}, rate_add=0.1)
    start = CoreStart(split, ["tms"])
    moved = Placement("p", (), (change,), start).composed()["tms"]
    touched = (moved.value != moved.base).any((1, 2))
    assert [i for i, hit in zip(split.commodities, touched, strict=True) if hit] == ["veh", "prt"]


def test_a_part_that_is_divided_again_is_followed() -> None:
    attrs = with_division(with_division({}, "mot", ("veh", "prt")), "prt", ("bat", "gear"))
    assert divisions(attrs) == {"mot": ("veh", "bat", "gear"), "prt": ("bat", "gear")}
    assert divisions({}) == {}
