"""Economics of the core model: replication, Walras, homogeneity, symmetry, textbook signs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cge import Closure, InstrumentChange, Model, ModelError, Policy
from cge.model.workspace import Workspace, residual_at
from policies import rcep, tariff_change
from tests.worlds import random_benchmark, symmetric_benchmark


def shock(instrument: str, **change: object) -> Policy:
    return Policy(name=f"test {instrument}", instruments=(InstrumentChange(instrument=instrument, **change),))


def test_benchmark_is_replicated(world_model, world_base) -> None:
    assert residual_at(world_model, world_model.benchmark_values) <= 1e-12
    assert all(world_base.checks()["ok"])
    assert abs(world_base["qgdp"] - 1).max() < 1e-12
    assert abs(world_base["ev"]).max() < 1e-6


def test_perturbed_start_returns_to_the_benchmark(world_model, world_base) -> None:
    rng = np.random.default_rng(0)
    x, newton = world_model.benchmark_point, Workspace(world_model).newton
    newton.options = world_model.options.any_leap()
    newton.prepare(x)
    found = newton.solve(x * np.exp(rng.normal(0, 0.003, x.size)))
    assert found is not None
    assert abs(found - x).max() < 1e-9


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 4), st.integers(2, 4), st.integers(0, 10_000))
def test_random_worlds_replicate_and_keep_every_identity_under_a_shock(regions: int, goods: int, seed: int) -> None:
    model = Model(random_benchmark(regions, goods, seed))
    assert residual_at(model, model.benchmark_values) <= 1e-12
    after = model.solve(shock("ams", factor=1.01, among=True))
    assert after.checks()["ok"].all(), after.checks()


def test_every_identity_holds_after_rcep_and_prices_are_homogeneous(world_model, world_base) -> None:
    after = world_model.solve(rcep())
    assert after.checks()["ok"].all(), after.checks()
    assert after.walras <= 1e-8
    assert after.homogeneity() <= 1e-9


def test_rcep_raises_welfare_of_the_bloc_and_its_trade(world_model, world_base) -> None:
    after = world_model.solve(rcep())
    change = after.compare(world_base)
    members = rcep().present(world_model.benchmark)
    table = change.table()
    assert set(members) == {"AUS", "CHN", "JPN", "KOR", "IDN"}
    assert table.loc[members, "ev_musd"].sum() > 0
    assert table.loc["TWN", "welfare_percent"] < 0  # a close outsider loses preference margins
    assert change.trade_among(members) > 10
    # World Bank WPS 9939: +0.21 % for the bloc from tariffs alone, in 2035 and with other data
    bloc = 100 * float((after["ev"].sel(r=members)).sum() / world_base["y_0"].sel(r=members).sum())
    assert 0.1 < bloc < 0.4


def test_ev_has_the_sign_of_the_change_of_utility(world_model, world_base) -> None:
    after = world_model.solve(tariff_change(sources=["CHN"], destinations=["USA"], points=25))
    assert (np.sign(after["ev"]) == np.sign(after["u"] - 1)).all()
    assert float(after["ev"].sel(r="CHN")) < 0


def test_a_zero_policy_changes_nothing(world_model, world_base) -> None:
    after = world_model.solve(0.0 * rcep())
    for name in ("qo", "pds", "pms", "y"):
        assert np.array_equal(after.arrays[name], world_base.arrays[name])


def test_symmetric_world_gives_symmetric_results() -> None:
    model = Model(symmetric_benchmark())
    after = model.solve(tariff_change(times=0.0))
    for name in ("qo", "pds", "pva", "pe"):
        values = after.arrays[name]
        assert abs(values[:, 0] - values[:, 1]).max() < 1e-10
    assert abs(after["tot"] - 1).max() < 1e-10


def test_free_trade_among_identical_regions_helps_both_and_a_tariff_war_hurts_both() -> None:
    model = Model(symmetric_benchmark(tariff=0.2))
    freer, war = model.solve(tariff_change(times=0.0)), model.solve(tariff_change(times=2.0))
    assert (freer["ev"] > 0).all()
    assert (war["ev"] < 0).all()
    assert (freer["qexp"] > 1).all()


def test_small_unilateral_tariff_gains_terms_of_trade_at_the_others_cost() -> None:
    model = Model(symmetric_benchmark(tariff=0.0))
    after = model.solve(tariff_change(destinations=["R0"], points=2.0))
    assert float(after["tot"].sel(r="R0")) > 1 > float(after["tot"].sel(r="R1"))
    assert float(after["ev"].sel(r="R0")) > 0 > float(after["ev"].sel(r="R1"))
    assert float(after["ev"].sum()) < 0


def test_lerner_symmetry_of_import_and_export_taxes() -> None:
    # a uniform import tax and a uniform export tax at one rate are the same policy (Lerner 1936); foreign
    # saving is zero in the symmetric world, so no nominal transfer breaks it
    model = Model(symmetric_benchmark(tariff=0.0))
    imports = model.solve(shock("tms", where={"d": ("R0",)}, among=True, factor=1.1))
    exports = model.solve(shock("txs", where={"s": ("R0",)}, among=True, factor=1.1))
    assert np.allclose(imports["qo"], exports["qo"], atol=1e-10)
    assert np.allclose(imports["u"], exports["u"], atol=1e-10)
    assert not np.allclose(imports["u"], 1.0, atol=1e-5)


def test_rybczynski_more_of_a_factor_raises_the_good_that_uses_it_most() -> None:
    model = Model(symmetric_benchmark(tariff=0.0))
    after = model.solve(shock("qe", where={"f": ("cap",), "r": ("R0",)}, factor=1.1))
    growth = after["qo"].sel(r="R0").values
    capital_share = model.data["evfb"][1, :, 0] / model.data["evfb"][:, :, 0].sum(0)
    assert growth[capital_share.argmax()] > growth[capital_share.argmin()]


def test_uniform_productivity_rise_raises_output_by_its_rate() -> None:
    # all regions identical, all inputs better everywhere: quantities rise, relative prices stay
    model = Model(symmetric_benchmark(tariff=0.0))
    after = model.solve(shock("qe", factor=1.05))
    assert np.allclose(after["qo"], 1.05, atol=1e-10)
    assert np.allclose(after["pds"], 1.0, atol=1e-10)


def test_numeraire_moves_prices_alone(small_model) -> None:
    base = small_model.solve()
    raised = small_model.solve(shock("pfactwld", factor=1.1))
    assert np.allclose(raised["qo"], base["qo"], rtol=1e-10)
    assert np.allclose(raised["pds"], 1.1 * base["pds"], rtol=1e-10)


def test_sourcing_pooled_and_by_use_agree_where_origins_are_shared_alike() -> None:
    benchmark = symmetric_benchmark()
    policy = tariff_change(destinations=["R0"], times=0.0)
    welfare = [Model(benchmark, sourcing=k).solve(policy)["ev"].values for k in ("use", "pooled", "agent")]
    assert np.allclose(welfare[0], welfare[1], rtol=1e-8)
    assert np.allclose(welfare[0], welfare[2], rtol=1e-8)


def test_stone_geary_spends_the_budget_and_follows_engel(small) -> None:
    import copy

    benchmark = copy.deepcopy(small)
    benchmark.elasticities["frisch"][:] = -2.0
    benchmark.elasticities["incelas"].loc[{"i": "g0"}] = 0.4
    model = Model(benchmark)
    after = model.solve(shock("qe", factor=1.2))
    spent = (after["vpp"] * after["ppa"] * after["qpa"]).sum("i")
    assert np.allclose(spent, after["yp"], rtol=1e-10)
    assert (after["qpa"].sel(i="g0") < after["qpa"].drop_sel(i="g0").mean("i")).all()
    benchmark.elasticities["frisch"][:] = -1.0
    with pytest.raises(ModelError, match="negative committed part"):
        Model(benchmark)


def test_margins_are_paid_for_by_shippers(small_model) -> None:
    after = small_model.solve(shock("ams", factor=1.1, among=True))
    paid = (after["vtwr"] * after["qxs"]).sum(("i", "s", "d")) * after["pt"]
    earned = (after["vst"] * after["pdm"] * after["qst"]).sum("r")
    assert np.allclose(paid, earned, rtol=1e-10)
    assert float(after["qtm"].item()) > 1.01


def test_live_elasticities_need_no_rebuild(small_model) -> None:
    policy = tariff_change(points=10.0)
    low = small_model.solve(policy)
    high = small_model.solve(policy, parameters={"esubm": 2 * low["esubm"]})
    again = small_model.solve(policy)
    assert np.allclose(low.arrays["qo"], again.arrays["qo"], rtol=1e-10)
    assert float(abs(high["qxs"] - 1).mean()) > float(abs(low["qxs"] - 1).mean())
    with pytest.raises(ModelError, match="not a live parameter"):
        small_model.solve(parameters={"sms": low["sms"]})
    with pytest.raises(ModelError, match="must be finite and positive"):
        small_model.solve(parameters={"esubm": np.nan * low["esubm"]})


@pytest.mark.shared
def test_full_wiod_replicates_and_solves_rcep(shared) -> None:
    from calibration.datasets.world_2011 import full_benchmark

    model = Model(full_benchmark(shared))
    base, after = model.solve(), model.solve(rcep())
    assert base.max_residual <= 1e-12
    assert after.checks()["ok"].all()


@pytest.mark.shared
def test_gtap_sample_with_all_its_taxes_and_margins_replicates(shared) -> None:
    import pandas as pd

    from calibration import Benchmark
    from calibration.elasticities import to_dataset
    from calibration.readers import read_gtap_sample

    sam, parameters = read_gtap_sample(shared / "gtap_v7_sample")
    table = pd.DataFrame(
        {"esubm": parameters["esbm"][:, 0], "esubd": parameters["esbd"][:, 0], "esubva": parameters["esbv"][:, 0]},
        index=sam.commodities,
    )
    benchmark = Benchmark(sam, to_dataset(table, sam.commodities, sam.regions), "sample")
    model = Model(benchmark, Closure(specific=("land", "other")))
    base = model.solve()  # single-precision flows: the solution departs by that much
    assert abs(base["qo"] - 1).max() < 1e-5
    checks = model.solve(tariff_change(times=0.0)).checks()
    assert (checks["value"] < 1e-6).all(), checks
