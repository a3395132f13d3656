"""Changes of one instrument compose in order, each on the rate that the one before reached; where order matters is said."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cge import Closure, InstrumentChange, Model, OriginClause, Policy, Scenario, ShockError, find_policy, solve
from cge.model.shock import require_change, targets
from cge.policy.composition import Step, compose
from cge.run import on
from policies import rcep, tariff_change, us_china
from tests.worlds import random_benchmark, symmetric_benchmark

FREE_TRADE = tariff_change(times=0.0, name="free-trade")


def policy(*changes: dict, name: str = "test", **more: object) -> Policy:
    return Policy(name=name, instruments=tuple(InstrumentChange(**{"instrument": "tms", **c}) for c in changes), **more)


def rate(model: Model, shock: Policy, i: str, s: str, d: str) -> float:
    place = tuple(model.labels(dim).index(label) for dim, label in zip("isd", (i, s, d), strict=True))
    return float(targets(model, shock)["tms"][place] - 1)


@pytest.fixture(scope="module")
def taxed() -> Model:
    """Two goods and regions, one duty of ten per cent on every flow."""
    return Model(symmetric_benchmark(tariff=0.1))


# -- order -----------------------------------------------------------------------------------------
def test_ten_points_on_all_and_sixty_per_cent_on_one_give_sixty_there(taxed) -> None:
    asked = policy({"rate_add": 0.10, "among": True}, {"rate_to": 0.60, "where": {"s": "R0", "d": "R1"}})
    assert rate(taxed, asked, "g0", "R0", "R1") == pytest.approx(0.60, abs=1e-15)
    assert rate(taxed, asked, "g0", "R1", "R0") == pytest.approx(0.20, abs=1e-15)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        (({"rate_times": 0.5}, {"rate_times": 0.5}), 0.025),
        (({"rate_add": 0.1}, {"rate_times": 0.25}), 0.05),
        (({"rate_times": 0.5}, {"rate_add": 0.1}), 0.15),
        (({"factor": 1.1}, {"rate_add": 0.1}), 0.31),
        (({"rate_to": 0.5}, {"rate_times": 0.0}), 0.0),
        (({"rate_times": 0.0}, {"factor": 1.2}), 0.2),
        (({"rate_add": 0.1}, {"rate_to": 0.6, "scale": 0.5}), 0.4),  # half the way from 20 to 60 per cent
        (({"rate_to": 0.3}, {"rate_times": 0.0, "scale": 0.5}), 0.15),
        (({"rate_add": 0.2, "scale": 0.25},), 0.15),
    ],
)
def test_each_change_acts_on_the_rate_reached_so_far(taxed, changes, wanted: float) -> None:
    assert rate(taxed, policy(*changes), "g0", "R0", "R1") == pytest.approx(wanted, abs=1e-15)


def test_a_duty_removed_twice_is_zero_and_makes_no_subsidy(world_model) -> None:
    base = world_model.benchmark_values["tms"]
    for twice in (rcep() + rcep(), rcep() + FREE_TRADE, FREE_TRADE + rcep(), FREE_TRADE + FREE_TRADE):
        found = targets(world_model, twice)["tms"]
        assert ((found >= 1) | (found == base)).all()
    once, twice = (targets(world_model, p)["tms"] for p in (rcep(), rcep() + rcep()))
    assert np.array_equal(once, twice)
    assert np.array_equal(targets(world_model, rcep() + FREE_TRADE)["tms"], targets(world_model, FREE_TRADE)["tms"])


def test_a_rate_stated_is_the_rate_whatever_came_before(world_model) -> None:
    stated = tariff_change(to=60, sources="CHN", destinations="USA")
    after = targets(world_model, rcep() + tariff_change(points=10) + stated)["tms"]
    s, d = (world_model.labels("s").index(r) for r in ("CHN", "USA"))
    assert np.array_equal(after[:, s, d], np.full(len(after), 1.6))


# -- sums ------------------------------------------------------------------------------------------
KINDS = st.sampled_from(["rate_times", "rate_add", "factor"])
SHARES = st.floats(0.1, 2.0)


@given(kind=KINDS, amounts=st.lists(SHARES, min_size=2, max_size=5), scales=st.lists(SHARES, min_size=5, max_size=5))
@settings(max_examples=60, deadline=None)
def test_sums_that_commute_are_the_same_in_either_order(taxed, kind: str, amounts: list[float], scales: list[float]) -> None:
    parts = [
        policy({kind: a, "scale": w, "subsidy": True, "where": {"d": "R1"} if k % 2 else {}}, name=f"p{k}")
        for k, (a, w) in enumerate(zip(amounts, scales, strict=False))
    ]
    forward, backward = sum(parts), sum(parts[::-1])
    composed = forward.composed(taxed)["tms"]
    assert not composed.ordered.any()
    assert np.allclose(composed.value, backward.composed(taxed)["tms"].value, rtol=2e-15, atol=0)


STEPS = st.lists(
    st.tuples(st.sampled_from([None, 0.0, 1.0, 1.25]), st.floats(-0.5, 1.5), st.floats(0.0, 1.0)), min_size=2, max_size=4
)


@given(held=STEPS, base=st.floats(0.7, 2.0))
@example(held=[(None, 1.0, 1.5e-120), (0.0, 0.0, 0.5), (None, 1.0, 1.0), (0.0, 0.0, 0.5)], base=1.0)  # the reverse is the same
@settings(max_examples=300, deadline=None)
def test_order_matters_exactly_where_some_other_order_gives_another_value(held, base: float) -> None:
    from itertools import permutations

    steps = [Step((np.ones(1),), None, weight, towards, amount) for towards, amount, weight in held]
    start = np.array([base])
    found = compose(start, list(enumerate(steps)))
    ends = [compose(start, list(enumerate(p))).value.item() for p in permutations(steps)]
    if not found.ordered.item():
        assert max(ends) - min(ends) < 1e-14
    elif max(ends) - min(ends) > 1e-9:  # and the remark's other value is one of them
        other = found.other_order((0,))
        assert min(abs(other - e) for e in ends) < 1e-12
        assert abs(other - found.value.item()) > 0


def test_a_sum_whose_order_matters_says_so_with_both_values(taxed) -> None:
    war, deal = tariff_change(points=20, name="war"), tariff_change(times=0.0, name="deal")
    for joint, given_, other in ((war + deal, "0 %", "20 %"), (deal + war, "20 %", "0 %")):
        for start in (taxed, taxed.benchmark):
            told = " ".join(joint.remarks(start))
            assert "Their order matters in 4 cells of tms" in told
            assert f": {given_} as given, {other} in another order)" in told
    told = " ".join((war + war).remarks(taxed))
    assert "Several changes act on 4 cells of tms" in told
    assert "2 changes, from 10 % to 50 %" in told
    assert "order matters" not in told


def test_an_ordinary_policy_has_nothing_to_remark(world_model) -> None:
    for asked in (rcep(), us_china("2019-06", sectors="world-2011")):
        told = [line for line in asked.remarks(world_model) if line not in asked.notes]
        assert not any("Several" in line or "order" in line for line in told)


def test_remarks_reach_the_results(world) -> None:
    notes = solve(Scenario(world).under(rcep() + us_china("2019-06", sectors="world-2011"))).summary()["notes"]
    assert not any("order matters" in n for n in notes)  # they touch no flow in common
    notes = solve(Scenario(world).under(tariff_change(points=5, destinations="USA") + FREE_TRADE)).summary()["notes"]
    assert any("order matters" in n for n in notes)


# -- digits ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("factor", [1e-12, 1e-24, 1e-300, 1 + 1e-12, 3.0])
def test_a_factor_keeps_its_digits(taxed, factor: float) -> None:
    asked = policy({"instrument": "ao", "where": {"a": "g0", "r": "R0"}, "factor": factor})
    assert targets(taxed, asked)["ao"][0, 0] == factor
    assert targets(taxed, 0.5 * asked)["ao"][0, 0] == pytest.approx(0.5 + 0.5 * factor, rel=1e-15)


def test_a_small_rate_keeps_the_digits_a_power_has(taxed) -> None:
    asked = policy({"rate_add": 1e-12, "where": {"s": "R0", "d": "R1"}})
    assert targets(taxed, asked)["tms"][0, 0, 1] == taxed.benchmark_values["tms"][0, 0, 1] + 1e-12
    free = Model(symmetric_benchmark(tariff=0.0))
    assert targets(free, asked)["tms"][0, 0, 1] == 1 + 1e-12


# -- subsidies -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "change", [{"rate_add": -0.2}, {"factor": 0.8}, {"rate_times": -1.0}, {"rate_times": 0.0, "scale": 2.0}]
)
def test_a_new_subsidy_is_refused_unless_asked_for(taxed, change: dict) -> None:
    with pytest.raises(ShockError, match=r"tms of g0 R0 R1 would go from 10 % to -.* a subsidy .*set subsidy: true"):
        taxed.solve(policy({**change, "among": True}))
    asked = policy({**change, "among": True, "subsidy": True})
    assert targets(taxed, asked)["tms"][0, 0, 1] < 1
    assert any("tms becomes a subsidy in 4 cells" in line for line in asked.remarks(taxed))


def test_a_negative_rate_stated_and_a_subsidy_of_the_benchmark_are_lawful(taxed) -> None:
    assert rate(taxed, policy({"rate_to": -0.05, "among": True}), "g0", "R0", "R1") == pytest.approx(-0.05)
    there = Model(random_benchmark(3, 3, seed=7))  # its random taxes have either sign
    base = there.benchmark_values["txs"]
    low = int(np.argmin(base))
    assert base.flat[low] < 0.99
    named = dict(zip("isd", there.label("txs", low).split(), strict=True))
    deeper = policy({"instrument": "txs", "where": named, "factor": 0.9})
    assert targets(there, deeper)["txs"].flat[low] == base.flat[low] * 0.9


# -- nothing changes, no flow ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "change", [{"factor": 1.0}, {"rate_times": 1.0}, {"rate_to": 0.1, "among": True}, {"rate_add": 0.0}, {"rate_add": 1e-17}]
)
def test_a_policy_that_leaves_every_value_is_refused_where_it_would_be_reported(taxed, change: dict) -> None:
    for run in (lambda p: on(taxed, Scenario(policy=p)), lambda p: solve(Scenario(taxed.benchmark).under(p))):
        with pytest.raises(ShockError, match="changes nothing: every value it sets is that of benchmark 'symmetric' already"):
            run(policy(change))
    assert any("1 changes leave every value as it was" in line for line in policy(change).remarks(taxed))


def test_a_sweep_over_rates_passes_through_the_benchmarks_own(taxed) -> None:
    base = taxed.solve()
    for rate_ in (0.05, 0.10, 0.15):
        after = taxed.solve(tariff_change(to=100 * rate_))
        assert np.array_equal(after["qms"], base["qms"]) == (rate_ == 0.10)


def test_ten_points_up_and_down_change_nothing(taxed) -> None:
    with pytest.raises(ShockError, match="changes nothing"):
        require_change(taxed, tariff_change(points=10) + tariff_change(points=-10))


def test_an_empty_policy_is_refused_and_no_share_of_one_is_the_benchmark(taxed) -> None:
    with pytest.raises(ShockError, match="changes nothing"):
        taxed.solve(Policy(name="empty", instruments=()))
    assert np.array_equal(taxed.solve(0 * FREE_TRADE)["qo"], taxed.solve()["qo"])  # where a sweep over shares begins
    assert any("leave every value as it was" in line for line in (0 * FREE_TRADE).remarks(taxed))


def test_a_flow_that_does_not_exist_is_refused_by_name(taxed) -> None:
    own = {"rate_add": 0.1, "where": {"s": "R0", "d": "R0"}}
    with pytest.raises(ShockError, match="tms touches no cell of benchmark 'symmetric' where s is R0 and d is R0"):
        taxed.solve(policy({"rate_add": 0.1, "where": {"s": "R0", "d": "R1"}}, own))  # the other change has flows
    left = policy({"rate_add": 0.1, "where": {"s": "R0", "d": "R1"}}, {**own, "optional": True, "note": "at home"})
    assert "Left out, for this benchmark lacks a label or flow: at home." in left.remarks(taxed)
    some = policy({"rate_add": 0.1, "where": {"s": ("R0", "R1"), "d": "R1"}})
    assert any("1 of 2 selections of tms hold no flow" in line and "(R1 R1)" in line for line in some.remarks(taxed))


def test_flows_are_found_from_the_equations_of_any_block() -> None:
    from cge.model.reach import reached_cells

    model = Model(random_benchmark(3, 3, seed=7, zeros=0.3), Closure(specific=("cap",)))
    assert np.array_equal(reached_cells(model, "tms"), model.data["vcif"] > 0)
    assert np.array_equal(reached_cells(model, "tfd"), model.data["vdfb"] > 0)
    assert np.array_equal(reached_cells(model, "qea")[1], model.data["evfb"][1] > 0)
    assert not reached_cells(model, "qea")[0].any()  # a mobile factor is tied nowhere
    assert reached_cells(model, "fsav").all()


# -- what is no policy -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("thing", "message"),
    [
        ("rcep", "takes a policy, not its name 'rcep': write cge.find_policy"),
        (rcep, r"takes a policy, not the function rcep: call it, as rcep\(\)"),
        (Policy, "takes a policy, not the function Policy"),
        ([rcep(), rcep()], r"takes one policy, not a list: add policies with \+"),
        (5, "takes a policy .* not int"),
        ({"tms": 1.1}, "takes a policy .* not dict"),
    ],
    ids=lambda v: str(v)[:12],
)
def test_what_is_no_policy_is_refused_with_the_way_to_one(taxed, thing: object, message: str) -> None:
    with pytest.raises(ShockError, match=message):
        taxed.solve(thing)
    with pytest.raises(ShockError, match=message):
        solve(Scenario(taxed.benchmark).under(thing))
    with pytest.raises(ShockError, match=message):
        on(taxed, Scenario(policy=thing))
    with pytest.raises(ShockError, match="only policies add up"):
        rcep() + thing
    with pytest.raises(ShockError, match="only policies add up"):
        thing + rcep()


def test_sum_adds_policies_and_shares_are_numbers() -> None:
    assert [c.rate_times for c in sum([rcep(), FREE_TRADE]).instruments] == [0.0, 0.0]
    for share in ("half", None, True, np.nan, [0.5]):
        with pytest.raises(ShockError, match="cannot scale by"):
            rcep() * share
    assert (np.float64(0.5) * rcep()).instruments[0].scale == 0.5
    with pytest.raises(ShockError, match="by its name or file, not by function"):
        find_policy(rcep)


# -- origin clauses --------------------------------------------------------------------------------
def test_two_origin_clauses_do_not_become_one() -> None:
    a, b = rcep(cumulation="full"), rcep(cumulation="bilateral")
    assert (a + a).origin == a.origin
    assert (FREE_TRADE + a).origin == a.origin
    with pytest.raises(ShockError, match="different origin clauses"):
        a + b
    assert (a + b.without_origin()).origin == a.origin


def test_a_model_without_rules_refuses_an_origin_clause(taxed) -> None:
    asked = policy({"rate_times": 0.0, "where": {"s": "@members", "d": "@members"}, "among": True}, members=("R0", "R1"))
    asked = asked.model_copy(update={"origin": rcep(cumulation="full", origin_sector="g0").origin})
    for ask in (taxed.solve, lambda p: on(taxed, Scenario(policy=p)), lambda p: targets(taxed, p)):
        with pytest.raises(ShockError, match=r"has an origin clause .* which this model does not state"):
            ask(asked)
    with pytest.raises(ShockError, match="is solved with method 'auto', not 'ipopt'"):
        solve(Scenario(taxed.benchmark, method="ipopt").under(asked))
    assert taxed.solve(asked.without_origin()).max_residual < 1e-9


def test_years_refuse_what_cannot_act_before_the_baseline_is_solved(monkeypatch) -> None:
    import pandas as pd

    from cge.dynamics import Baseline, Dynamics

    benchmark = random_benchmark(3, 3, seed=7)
    growth = pd.DataFrame(dict.fromkeys(("gdp", "population", "skl", "unskl", "nat"), 0.01), index=benchmark.regions)
    model = Dynamics(benchmark, Baseline((2018, 2019), growth))
    monkeypatch.setattr(model, "run_baseline", lambda *_: pytest.fail("the baseline was solved first"))
    clause = rcep(cumulation="full", origin_sector="g0").origin
    for asked, message in (
        (tariff_change(times=0.0).model_copy(update={"origin": clause}), "has rules of origin"),
        (tariff_change(times=1.0), "changes nothing"),
        (tariff_change(points=5, sources="R9"), "'R9' is not in dim s"),
        ("rcep", "a path of years takes a policy, not its name 'rcep'"),
        (rcep, "a path of years takes a policy, not the function rcep"),
    ):
        with pytest.raises(ShockError, match=message):
            model.run(asked)


@pytest.mark.parametrize("words", [("shock",), ("dynamics", "--years", "2018:2019", "--growth", "g.csv")])
def test_commands_without_rules_of_origin_refuse_the_clause(command, tmp_path, monkeypatch, words: tuple[str, ...]) -> None:
    from calibration.gtap import standard_gtap

    monkeypatch.chdir(tmp_path)
    benchmark = standard_gtap(random_benchmark(3, 3, seed=7))
    benchmark.save("b.nc")
    rows = "".join(f"{r},0.01,0.01\n" for r in benchmark.regions)
    (tmp_path / "g.csv").write_text("region,gdp,population\n" + rows)
    (tmp_path / "p.yaml").write_text(
        "name: deal\nmembers: [R0, R1]\norigin: {sector: g0, rvc: 0.4}\n"
        "instruments:\n- {instrument: tms, rate_times: 0, where: {s: '@members', d: '@members'}, among: true}\n"
    )
    code, out, err = command(words[0], "p.yaml", "--benchmark", "b.nc", *words[1:])
    assert (code, out) == (2, "")
    assert err.startswith(("error: policy 'deal' has an origin clause", "error: policy 'deal' has rules of origin"))
    assert "Traceback" not in err


def test_notes_of_a_shock_are_printed(command, tmp_path, monkeypatch) -> None:
    from calibration.gtap import standard_gtap

    monkeypatch.chdir(tmp_path)
    benchmark = standard_gtap(symmetric_benchmark(tariff=0.1))
    benchmark.save("b.nc")
    code, out, _ = command("shock", "tms[g0,R0,R1]=-40%", "--benchmark", "b.nc")
    assert code == 0
    assert "Note: tms becomes a subsidy in 1 cells" in out


# -- one line at every door of what is stated ------------------------------------------------------------------

CHANGE: dict[str, object] = {"instrument": "tms", "rate_to": 0.1}
FAULTS: dict[str, tuple[Callable[[], object], str]] = {
    "where is a text": (
        lambda: InstrumentChange(**CHANGE, where="R0"),
        r"InstrumentChange: where: cells are named by dim, as where=",
    ),
    "a label is a number": (
        lambda: InstrumentChange(**CHANGE, where={"r": 5}),
        r"where: dim r takes a label or a list of labels",
    ),
    "a misspelt field": (
        lambda: InstrumentChange(instrument="tms", rat_to=0.1),
        r"unknown key 'rat_to'; did you mean 'rate_to'\?",
    ),
    "a field without its name": (lambda: InstrumentChange("tms"), r"InstrumentChange takes its fields by name, as instrument="),
    "no change": (lambda: InstrumentChange(instrument="tms"), r"tms: give exactly one of rate_to"),
    "a rate in words": (
        lambda: InstrumentChange(instrument="tms", rate_to="ten"),
        r"rate_to: Input should be a valid number.*'ten'",
    ),
    "no instruments": (lambda: Policy(name="x"), r"Policy: instruments: Field required"),
    "a change in a list": (
        lambda: Policy(name="x", instruments=[{**CHANGE, "wher": {}}]),
        r"'instruments.0.wher'; did you mean 'where'",
    ),
    "where in a list": (
        lambda: Policy(name="x", instruments=[{**CHANGE, "where": "R0"}]),
        r"Policy: instruments.0.where: cells are",
    ),
    "a share above one": (
        lambda: OriginClause(sector="g0", rvc=2.0),
        r"OriginClause: rvc: Input should be less than 1, not 2.0",
    ),
    "a clause in a policy": (
        lambda: Policy(name="x", instruments=[], origin={"sektor": "g0"}),
        r"'origin.0.sektor'; did you mean 'sector'",
    ),
    "no mapping": (lambda: Policy.model_validate(5), r"Policy: Input should be a valid dictionary"),
    "no JSON": (lambda: Policy.model_validate_json("{"), r"Policy: Invalid JSON"),
    "a copy with a second change": (
        lambda: InstrumentChange(**CHANGE).model_copy(update={"factor": 2.0}),
        r"InstrumentChange: tms: give exactly one of .* \(got \['rate_to', 'factor'\]\)",
    ),
    "a copy with a misspelt field": (
        lambda: InstrumentChange(**CHANGE).model_copy(update={"scal": 2.0}),
        r"did you mean 'scale'",
    ),
    "writing over": (
        lambda: setattr(InstrumentChange(**CHANGE), "scale", 2.0),
        r"scale of InstrumentChange is not written over",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_statement_is_refused_in_one_line_at_every_door(fault: str) -> None:
    call, message = FAULTS[fault]
    with pytest.raises(ShockError, match=message) as told:
        call()
    assert "\n" not in str(told.value)
    assert "pydantic" not in str(told.value)


def test_statements_are_copied_and_sent_as_they_are() -> None:
    policy = Policy(name="x", instruments=[InstrumentChange(**CHANGE, where={"s": ["CHN", "JPN"], "d": "USA"})])
    assert pickle.loads(pickle.dumps(policy)) == policy == copy.deepcopy(policy)
    assert policy.instruments[0].where["s"] == ("CHN", "JPN")
    assert (0.5 * policy).instruments[0].scale == 0.5
