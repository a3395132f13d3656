"""Rules of origin: the firm's choice against closed forms, the pairs, the limits, and USMCA's signs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration import Benchmark, DataError, aggregate, load_benchmark
from calibration.elasticities import to_dataset
from calibration.split_sector import split_vehicles
from cge import Closure, Model, ModelError, Scenario, ShockError, solve
from cge.mechanisms.origin import PAIRS, Coverage, RulesOfOrigin, compliance_penalty, type_shares
from cge.mechanisms.origin.compliance import Firm, comply, fee_form
from cge.mechanisms.origin.study import OriginRules, RulesStudy
from cge.model.complementarity import solve_by_products
from cge.results.updated_data import updated_benchmark, updated_sam
from policies import rcep
from policies.automotive_rules import RULES
from policies.usmca_results import against_nafta, usmca_curves, usmca_study
from tests.worlds import elasticity_table, random_benchmark

AREA = ("R0", "R1", "R2")


def firm(outside: float, sigma: float = 2.0) -> Firm:
    """A firm whose whole cost is material."""
    return Firm(0.0, 0.0, 0.0, np.array([outside, 1 - outside, 0.0]), np.zeros((2, 2)), True, sigma)


@pytest.fixture(scope="module")
def tiny():
    return random_benchmark(4, 3, seed=11, zeros=0.0)


@pytest.fixture(scope="module")
def tiny_study(tiny) -> RulesStudy:
    coverage = Coverage(area=AREA, sector="g0", material="g1", metals="g2", high_wage=("R0", "R1"), types=4)
    return RulesStudy(tiny, coverage, dict.fromkeys(AREA, 0.3))


@pytest.fixture(scope="module")
def america_study() -> RulesStudy:
    """The three members and the rest of the world, five sectors."""
    parts = split_vehicles(load_benchmark())
    regions = {r: r if r in ("USA", "CAN", "MEX") else "ROW" for r in parts.regions}
    kept, services = ("veh", "prt", "met"), ("utl", "cns", "trd", "bus", "pub")
    sectors = {i: i if i in kept else "srv" if i in services else "gds" for i in parts.commodities}
    sam = aggregate(parts.sam, regions, sectors)
    table = elasticity_table(sam.commodities, esubm=5.0, esubd=2.5, esubva=1.0, esubt=0.0, esubc=0.0)
    small = Benchmark(sam, to_dataset(table, sam.commodities, sam.regions), "america")
    return RulesStudy(small, Coverage(area=("USA", "CAN", "MEX"), types=4), {"USA": 0.025, "CAN": 0.061, "MEX": 0.2})


@pytest.fixture(scope="module")
def study() -> RulesStudy:
    return usmca_study()


# -- one firm -------------------------------------------------------------------------------------------


def test_penalty_has_its_closed_form() -> None:
    assert compliance_penalty(2.0, 0.625, 0.75) == pytest.approx(1.01858, abs=1e-5)
    assert compliance_penalty(1.0, 0.625, 0.75) == pytest.approx(1.03883, abs=1e-5)
    found = comply(firm(0.375), {"rvc": 0.75})
    assert found is not None
    assert 1 + found[1].premium == pytest.approx(1.01858, abs=1e-5)
    near_one = comply(firm(0.375, 1.0005), {"rvc": 0.75})
    assert near_one is not None
    assert 1 + near_one[1].premium == pytest.approx(1.03883, abs=5e-5)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 0.8), st.floats(0.2, 0.95), st.floats(1.2, 6.0))
def test_feebate_and_fee_that_stays_in_the_firm_are_one_choice(outside: float, rho: float, sigma: float) -> None:
    held = Firm(0.2, 0.1, 0.02, 0.6 * np.array([outside, 1 - outside, 0]), np.array([[0.05, 0.03], [0.01, 0.01]]), True, sigma)
    found = comply(held, {"rvc": rho})
    fee, premium = fee_form(held, rho)
    if found is None:
        assert premium > 0.5 or not np.isfinite(premium)
        return
    (mu, *_), chosen = found
    assert chosen.premium == pytest.approx(premium, abs=1e-8)
    assert (1 + mu * rho) / (1 - mu * (1 - rho)) - 1 == pytest.approx(fee, rel=1e-5, abs=1e-7)
    assert min(chosen.gaps[0], mu) == pytest.approx(0, abs=1e-8)
    # fees and rebates of a unit sum to zero, so cost at feebate prices is true cost
    inside = chosen.material[1:].sum() + chosen.metals[:, 1].sum()
    inside_spent = held.value_added + held.other - held.other_outside + inside
    outside_spent = held.other_outside + chosen.material[0] + chosen.metals[:, 0].sum()
    assert mu * rho * outside_spent - mu * (1 - rho) * inside_spent == pytest.approx(0, abs=1e-8)


def test_two_rules_bind_together_and_impossible_ones_are_told() -> None:
    held = Firm(0.3, 0.2, 0.0, np.array([0.2, 0.1, 0.2]), np.zeros((2, 2)), False, 2.0)
    found = comply(held, {"rvc": 0.9, "lvc": 0.2})
    assert found is not None
    assert (found[0][:2] > 0).all()
    assert found[1].gaps[:2] == pytest.approx(0, abs=1e-8)
    assert comply(held, {"lvc": 0.9}) is None  # half of cost is not material: 0.9 cannot be met at any sensible cost
    assert comply(held, {"rvc": 0.5})[1].premium == pytest.approx(0, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.02, 0.9), st.floats(0.0, 0.4), st.integers(1, 16))
def test_types_keep_the_mean_and_stay_shares(mean: float, dispersion: float, types: int) -> None:
    shares = type_shares(mean, dispersion, types)
    assert shares.mean() == pytest.approx(mean, abs=1e-9)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (np.diff(shares) >= -1e-12).all()


# -- the equilibrium on a small world with every tax and margin ---------------------------------------------


def test_without_rules_the_model_is_the_ordinary_one_exactly(tiny, tiny_study) -> None:
    plain = Model(tiny).solve()
    for rules in (None, OriginRules("zero", rvc=0.0)):
        if rules is None:
            found = tiny_study.solve(None).solution
        else:
            sure = RulesStudy(tiny, tiny_study.coverage, utilisation0=1.0)
            found = sure.solve(rules).solution
        for name in ("qo", "pds", "y", "qms", "pms"):
            assert abs(found.arrays[name] - plain.arrays[name]).max() < 1e-10, name
    assert tiny_study.solve(None).solution.checks()["ok"].all()


def test_a_prohibitive_rule_is_the_ordinary_duty_exactly(tiny, tiny_study) -> None:
    found = tiny_study.solve(OriginRules("prohibitive", rvc=0.99999))
    assert sum(found.unused.values()) == 4 * len(tiny_study.makers)  # no type can meet it
    assert found.utilisation().max() == 0.0
    from cge import InstrumentChange, Policy

    changes = tuple(
        InstrumentChange(instrument="tms", where={"i": "g0", "s": a, "d": b}, rate_to=0.3) for a, b in tiny_study.pairs
    )
    plain = Model(tiny).solve(Policy(name="mfn", instruments=changes))
    for name in ("qo", "pds", "y", "qms"):
        assert abs(found.solution.arrays[name] - plain.arrays[name]).max() < 1e-9, name


@pytest.mark.parametrize(
    ("world", "rules"),
    [
        ("tiny_study", OriginRules("content", rvc=0.9955)),
        ("tiny_study", OriginRules("metals", rvc=0.9, steel=0.95, alu=0.97)),
        ("tiny_study", OriginRules("all", rvc=0.9955, lvc=0.5, steel=0.95, alu=0.95, paper=0.01)),
        ("america_study", OriginRules("content", rvc=0.8)),
        ("america_study", OriginRules("labour", rvc=0.7, lvc=0.2)),
        ("america_study", OriginRules("all", rvc=0.85, lvc=0.15, steel=0.9, alu=0.9, paper=0.005)),
    ],
)
def test_every_identity_and_pair_holds_under_rules(request, world, rules) -> None:
    found = request.getfixturevalue(world).solve(rules)
    assert found.solution.checks()["ok"].all(), found.solution.checks()
    assert found.solution.homogeneity() < 1e-9
    assert found.complementarity_gap() <= 1e-8
    use = found.utilisation()
    assert ((use >= 0) & (use <= 1)).all()
    table = found.by_type()
    assert {f"{kind}_{p}" for kind in ("mu", "gap") for p in PAIRS} <= set(table.columns)
    assert found.constrained_share() > 0
    # what complying firms pay more is what their inputs cost more: the premium is fees and rebates free
    s = found.solution
    added = sum(
        s[d] * s[p] * s[v] for d, p, v in (("dout", "pout", "vpur"), ("dhigh", "phigh", "vpur"), ("dlow", "plow", "vpur"),
        ("dmout", "pmout", "vmet"), ("dmin", "pmin", "vmet"))
    )  # fmt: skip
    paid = (s["zcomp"] * s["prem"]).sum("k") * s["vship"] / s["tov"]
    assert abs(added - paid).max() < 1e-8 * float(abs(paid).max())


@pytest.mark.parametrize("rules", [None, OriginRules("content", rvc=0.8), OriginRules("all", rvc=0.85, steel=0.9, paper=0.005)])
def test_tables_show_what_compliance_moves(america_study, rules) -> None:
    solution = america_study.solve(rules).solution
    sam = updated_sam(solution)
    assert sam.largest_gap() < 1e-9
    assert sam.gdp() == pytest.approx(solution["gdp"].values, rel=1e-9)
    exported = sam["vfob"].sum((0, 2)) + sam["vst"].sum(0)
    assert exported == pytest.approx(solution["vexp"].values, rel=1e-9)
    table = solution.icio()
    sold = table.z.sum(1) + table.y.reshape(len(table.y), -1).sum(1)
    assert sold == pytest.approx(table.output.values.ravel(), rel=1e-9)
    assert table.value_added.sum() == pytest.approx(table.y.sum(), rel=1e-9)  # of the world
    again = Model(updated_benchmark(solution)).solve()  # the tables are a benchmark: its preferences are what firms paid
    assert again.values_of("gdp") == pytest.approx(solution["gdp"].values, rel=1e-9)


def test_parts_that_serve_compliance_are_bought_by_the_covered_sector(america_study) -> None:
    solution = america_study.solve(OriginRules("content", rvc=0.8)).solution
    extra = solution["extra"].sel(i="prt", d="MEX")
    assert float(extra.sel(s="USA")) > 0 > float(extra.sel(s="ROW"))  # from the area, instead of from outside
    table = solution.icio()
    n, r = len(table.sectors), len(table.regions)
    prt, veh, usa, mex = (*(table.sectors.index(x) for x in ("prt", "veh")), *(table.regions.index(x) for x in ("USA", "MEX")))
    sold = table.z.reshape(r, n, r, n)[usa, prt, mex, veh]
    v = solution.values_of
    i, s, d = (america_study.benchmark.commodities.index("prt"), usa, mex)
    ordinary = v("vmfb")[i, veh, d] * v("qfm")[i, veh, d] / (v("vmu")[i, 0, d] * v("qms")[i, 0, d])
    drawn = v("sxu")[i, 0, s, d] * v("qms")[i, 0, d] * (v("pms")[i, 0, d] / v("pmds")[i, s, d]) ** v("esubm")[i, d]
    wanted = v("vxsb")[i, s, d] * v("pds")[i, s] * (ordinary * drawn + v("extra")[i, s, d])
    assert sold == pytest.approx(wanted, rel=1e-9)


def test_headers_at_benchmark_prices_add_up_under_rules(america_study) -> None:
    solution = america_study.solve(OriginRules("content", rvc=0.8)).solution
    by_use, landed, bought = (solution.value(n, "base") for n in ("vmub", "vmsb", "vmfb"))
    assert np.allclose(by_use.sum("u").values, landed.values, rtol=1e-9)
    old = solution.model.data["vmfb"] * solution.values_of("qfm")
    a = america_study.benchmark.commodities.index("veh")
    added = (solution["vcif"] * solution["tms_0"] * solution["extra"]).sum(("i", "s"))
    assert (bought.values - old)[:, a].sum(0) == pytest.approx(added.values, rel=1e-9)


def test_a_sector_that_is_its_own_material_pays_duty_on_what_compliance_ships(tiny) -> None:
    """Parts of the covered sector itself are shipments of it: they choose their regime, and someone receives all they cost."""
    coverage = Coverage(area=AREA, sector="g0", material="g0", metals="g2", high_wage=("R0",), types=2)
    found = RulesStudy(tiny, coverage, dict.fromkeys(AREA, 0.3)).solve(OriginRules("content", rvc=0.99))
    assert found.constrained_share() > 0
    assert found.solution.walras < 1e-12
    assert updated_sam(found.solution).largest_gap() < 1e-9
    assert found.solution.icio().value_added.sum() > 0


def test_tightening_a_slack_rule_changes_nothing(tiny_study) -> None:
    low, high = (tiny_study.solve(OriginRules(f"r{x}", rvc=x)) for x in (0.05, 0.10))
    assert low.constrained_share() == 0
    for name in ("qo", "pds", "y"):
        assert abs(low.solution.arrays[name] - high.solution.arrays[name]).max() < 1e-10


def test_utilisation_rises_with_the_margin(america_study) -> None:
    rules = OriginRules("content", rvc=0.8)
    rates = (0.01, 0.02, 0.03, 0.05)
    use = [america_study.solve(rules, duties={"USA": rate}).utilisation()["MEX", "USA"] for rate in rates]
    assert np.all(np.diff(use) > 0)


def test_ipopt_with_bounds_and_products_finds_the_same_point(america_study) -> None:
    for rules in (OriginRules("content", rvc=0.8), OriginRules("both", rvc=0.85, lvc=0.15)):
        fast = america_study.solve(rules).solution
        assert (fast["mu_rvc"] > 1e-3).any()
        exogenous, guess, _ = america_study.exogenous(rules)
        for start in (guess, None):
            arrays = solve_by_products(america_study.model, exogenous, {f"mu_{p}": f"gap_{p}" for p in PAIRS}, guess=start)
            for name, values in arrays.items():
                assert abs(values - fast.arrays[name]).max() < 1e-7, name


def test_bad_rules_are_named(tiny) -> None:
    for bad in (1.0, -0.1, 1.2):
        with pytest.raises(ShockError, match="a share in"):
            OriginRules("bad", rvc=bad)
    with pytest.raises(ModelError, match="cumulation member 'R9' is not in the benchmark"):
        Model(
            tiny,
            mechanisms=(RulesOfOrigin(Coverage(area=("R0", "R9"), sector="g0", material="g1", metals="g2", high_wage=())),),
        )
    with pytest.raises(ModelError, match="sector 'veh' is not in the benchmark"):
        Model(tiny, mechanisms=(RulesOfOrigin(Coverage(area=("R0", "R1"), high_wage=())),))
    with pytest.raises(ShockError, match="'R3', which is no member"):
        RulesStudy(tiny, Coverage(area=AREA, sector="g0", material="g1", metals="g2", high_wage=()), {"R3": 0.1})
    with pytest.raises(ShockError, match="unknown rules 'usmca'; did you mean 'usmca-cars'"):
        against_nafta("usmca")
    with pytest.raises(ModelError, match="specific factors"):
        Model(tiny, Closure.standard(specific=["cap:nowhere"]))


# -- vehicles split from their sector ------------------------------------------------------------------------


def test_split_keeps_every_identity_and_the_totals() -> None:
    world = load_benchmark()
    parts = split_vehicles(world)
    assert parts.sam.check(1e-9).empty
    old = world.commodities.index("mot")
    both = [parts.commodities.index(x) for x in ("veh", "prt")]
    for header in ("vxsb", "vmsb"):
        assert parts.sam[header][both].sum(0) == pytest.approx(world.sam[header][old])
    assert parts.sam["evfb"][:, both].sum(1) == pytest.approx(world.sam["evfb"][:, old])
    assert parts.sam["vdfb"][both[0]].sum() == 0  # nobody uses a vehicle as an input
    assert parts.sam["vdpb"][both[1]].sum() == 0  # no household buys parts
    with pytest.raises(DataError, match="in use"):
        split_vehicles(world, names=("veh", "agr"))
    with pytest.raises(DataError, match="did you mean 'mot'"):
        split_vehicles(world, sector="mott")


def test_capital_tied_in_one_activity_keeps_its_supply_there(tiny) -> None:
    factor = tiny.sam.factors[1]
    model = Model(tiny, Closure.standard(specific=[f"{factor}:g0"]))
    base = model.solve()
    assert base.checks()["ok"].all()
    from policies import tariff_change

    after = model.solve(tariff_change(times=0.0))
    a = tiny.commodities.index("g0")
    assert after.values_of("qfe")[1, a] == pytest.approx(1.0)
    assert abs(after.values_of("qfe")[1, 1] - 1).max() > 1e-4
    assert after.checks()["ok"].all()


# -- USMCA ------------------------------------------------------------------------------------------------------


def test_usmca_has_the_signs_of_the_literature(study) -> None:
    """USITC 2023: parts output up, vehicle output slightly down, less use of the preference, imports from outside up."""
    found = against_nafta("content", study=study).summary()
    assert found["complementarity_gap"] < 1e-8
    assert found["walras"] < 1e-9
    assert all(found["parts"]["output"][m] > 0 for m in ("USA", "CAN", "MEX"))
    assert all(found["vehicles"]["output"][m] < 0 for m in ("CAN", "MEX"))
    assert sum(found["utilisation"]["content"].values()) < sum(found["utilisation"]["nafta"].values())
    assert found["trade"]["veh"]["from_outside_percent"] > 0 > found["trade"]["veh"]["within_percent"]
    assert found["regional_content"]["content"] > found["regional_content"]["nafta"]
    assert found["cost_penalty"]["content"] > 0


def test_usmca_runs_on_the_old_world_by_its_transport_equipment() -> None:
    found = against_nafta("content", "world-2011").summary()
    assert found["complementarity_gap"] < 1e-8
    assert found["utilisation"]["content"]["MEX-USA"] <= found["utilisation"]["nafta"]["MEX-USA"]
    assert "trn" in found["choices"]["split"]


def test_withdrawal_and_the_poison_pill_end_preferences(study) -> None:
    out = against_nafta("withdrawal", study=study)
    assert out.after.utilisation().max() == 0.0
    assert out.regions().loc[["USA", "CAN"], "welfare_percent"].max() < 0
    pill = against_nafta("poison-pill", study=study)
    use = pill.after.utilisation()
    assert use["MEX", "USA"] == 0.0
    assert use["CAN", "USA"] > 0.9
    assert pill.regions().loc["CHN", "welfare_percent"] > 0


def test_content_rises_peaks_and_falls_along_the_threshold(study) -> None:
    curves = usmca_curves(study=study, thresholds=(0.5, 0.75, 0.85, 0.90, 0.95))
    cars, trucks = curves["cars"], curves["trucks"]
    content = cars["regional_content"]
    assert content[0.75] > content[0.5] + 0.003
    assert content[0.90] > content[0.75]
    assert content[0.95] < content.max()
    assert (cars["utilisation"].diff().dropna() <= 1e-9).all()
    assert trucks["regional_content"].max() > content.max() + 0.02  # a higher duty carries more content
    assert (trucks["utilisation"] >= cars["utilisation"]).all()
    assert cars["complementarity_gap"].max() < 1e-8


def test_more_types_converge(study) -> None:
    rules = OriginRules("content", rvc=0.75)
    content, penalty = {}, {}
    for types in (2, 8, 32):
        found = (study if types == 8 else usmca_study(types=types)).solve(rules)
        content[types], penalty[types] = found.regional_content(), found.cost_penalty()
    for series in (content, penalty):
        assert abs(series[8] - series[32]) < abs(series[2] - series[32])
    assert abs(content[8] - content[32]) < 2.5e-3


def test_usmca_prints_the_promised_json(command, tmp_path) -> None:
    code, out, _ = command("run", "usmca", "--rules", "nafta", "--json")
    held = json.loads(out)
    assert code == 0
    wanted = {
        "utilisation",
        "constrained_share",
        "cost_penalty",
        "regional_content",
        "complementarity_gap",
        "vehicles",
        "parts",
    }
    assert wanted <= set(held)
    assert held["vehicles"]["output"]["USA"] == 0.0  # NAFTA against NAFTA
    assert RULES["usmca-cars"].thresholds()["lvc"] == pytest.approx(0.25)
    code, _, err = command("run", "rcep", "--rules", "nafta")
    assert code == 2
    assert "--rules does not apply: it belongs to usmca" in err


def test_rcep_with_rules_costs_what_cumulation_saves() -> None:
    world = load_benchmark()
    plain, full, own = (
        solve(Scenario(world).under(policy))
        for policy in (rcep(), rcep(cumulation="full", rvc=0.6), rcep(cumulation="bilateral", rvc=0.6))
    )
    for found in (full, own):
        assert found.after.checks()["ok"].all()
    japan = [float(e.after["qo"].sel(i="mot", r="JPN")) for e in (plain, full)]
    assert japan[0] > japan[1] > 1
    content = [float(e.after["contentfree"].sel(r="VNM").mean()) for e in (full, own)]
    assert content[0] > content[1]  # other members' inputs originate only under full cumulation
