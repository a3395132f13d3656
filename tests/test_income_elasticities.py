"""Private demand that is not homothetic: Engel, Stone-Geary welfare, grouping, growth, and Cobb-Douglas by choice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

from calibration import Benchmark, DataError, aggregate_benchmark, load_benchmark
from calibration.factors import KINDS
from calibration.income_elasticities import (
    cde_income_elasticities,
    cde_own_price_elasticities,
    fitted_lines,
    nearest_frisch,
    sample_elasticities,
    with_income_elasticities,
)
from cge import Closure, Model
from cge.dynamics import Baseline, Dynamics
from cge.results.updated_data import updated_benchmark
from policies import tariff_change
from tests.test_model import shock
from tests.worlds import growth_table, random_benchmark, without_capital

KIND_OF = {"g0": "agriculture", "g1": "manufactures", "g2": "services"}
WORLDS = ("world", "world-2011")


def engel_sum(benchmark: Benchmark) -> np.ndarray:
    spent = benchmark.sam["vdpp"] + benchmark.sam["vmpp"]
    return (spent * benchmark.elasticities["incelas"].values).sum(0) / spent.sum(0)


def committed(benchmark: Benchmark) -> np.ndarray:
    """Committed purchases, million USD; dims (i, r)."""
    spent = benchmark.sam["vdpp"] + benchmark.sam["vmpp"]
    held = benchmark.elasticities
    return spent * (1 + (held["incelas"] / held["frisch"]).values)


@pytest.fixture(scope="module")
def necessities() -> Benchmark:
    """Three regions, poor to rich, whose good g0 is a necessity."""
    return with_income_elasticities(random_benchmark(3, 3, seed=4), {"R0": 2e3, "R1": 1e4, "R2": 3e4}, KIND_OF)


@pytest.fixture(scope="module")
def model(necessities) -> Model:
    return Model(necessities)


@pytest.fixture(scope="module")
def five() -> Benchmark:
    world = load_benchmark()
    goods = {"agr": "agr", "foo": "foo", "trd": "trd", **dict.fromkeys(("utl", "cns", "bus", "pub"), "srv")}
    regions = {r: r if r in ("CHN", "IND", "USA", "EU") else "ROW" for r in world.regions}
    return aggregate_benchmark(world, regions, {i: goods.get(i, "gds") for i in world.commodities}, "five")


def cde_demand(price: np.ndarray, income: float, subpar: np.ndarray, incpar: np.ndarray, share: np.ndarray) -> np.ndarray:
    """CDE demand solved from its expenditure function; benchmark prices, income and utility 1."""

    def z(up: float) -> np.ndarray:
        return np.asarray((up**incpar * price / income) ** subpar)

    up = brentq(lambda u: (share * (z(u) - 1) / subpar).sum(), 0.5, 2.0, xtol=1e-15)
    return np.asarray(share * z(up) / (share * z(up)).sum() * income / price)


def test_cde_elasticities_are_the_derivatives_of_cde_demand() -> None:
    subpar, incpar, share = np.array([0.3, 0.6, 0.9]), np.array([0.4, 1.0, 1.3]), np.array([0.2, 0.3, 0.5])
    h, ones = 1e-5, np.ones(3)
    up, down = (np.log(cde_demand(ones, np.exp(k * h), subpar, incpar, share)) for k in (1, -1))
    columns = tuple(x[:, None] for x in (subpar, incpar, share))
    assert cde_income_elasticities(*columns)[:, 0] == pytest.approx((up - down) / (2 * h), rel=1e-7)
    for i in range(3):
        up, down = (np.log(cde_demand(np.exp(k * h * (np.arange(3) == i)), 1.0, subpar, incpar, share)[i]) for k in (1, -1))
        assert cde_own_price_elasticities(*columns)[i, 0] == pytest.approx((up - down) / (2 * h), rel=1e-7)


def test_the_frisch_parameter_of_a_linear_expenditure_system_is_found_from_its_own_prices() -> None:
    share, eta = np.array([[0.3], [0.7]]), np.array([[0.5], [0.85 / 0.7]])
    own_price = -1 + (1 - share * eta) * (1 - eta / 2.4)
    assert nearest_frisch(eta, own_price, share) == pytest.approx([-2.4], rel=1e-12)


@pytest.mark.shared
def test_the_shipped_table_is_what_the_sample_gives(shared) -> None:
    pd.testing.assert_frame_equal(sample_elasticities(), sample_elasticities(shared / "gtap_v7_sample"), atol=1e-5, rtol=1e-5)


def test_lines_miss_the_sample_by_little_and_farm_goods_become_less_elastic_with_income() -> None:
    lines = fitted_lines()
    assert lines.misfit.max() < 0.06
    poor, rich = lines.elasticities(np.array([2e3, 3e4]), list(KINDS)).T
    eta = pd.DataFrame({"poor": poor, "rich": rich}, index=list(KINDS))
    assert eta.loc["agriculture", "rich"] < 0.5 * eta.loc["agriculture", "poor"]
    assert eta.loc["services", "poor"] > eta.loc["services", "rich"] > 1.0
    assert (eta.loc["food"] < 0.85).all()
    # Lluch, Powell and Williams (1977) have an exponent of -0.36
    assert lines.frisch_slope == pytest.approx(-0.36, abs=0.05)
    assert lines.elasticities(np.array([200.0]), list(KINDS)) == pytest.approx(
        lines.elasticities(np.array([lines.poorest]), list(KINDS))
    )


@pytest.mark.parametrize("name", WORLDS)
def test_shipped_worlds_hold_engel_aggregation_and_commit_no_more_than_is_bought(name: str) -> None:
    world = load_benchmark(name)
    assert engel_sum(world) == pytest.approx(1.0, abs=1e-12)
    bought = world.sam["vdpp"] + world.sam["vmpp"]
    assert (committed(world) >= -1e-9 * bought).all()
    assert (committed(world) <= bought).all()
    eta = world.elasticities["incelas"]
    assert (eta.sel(i="foo") < 0.9).all()
    assert float(eta.sel(i="agr", r="IND")) > 2 * float(eta.sel(i="agr", r="USA"))
    assert float(world.elasticities["frisch"].sel(r="IND")) < -2.5 < -1.3 < float(world.elasticities["frisch"].sel(r="USA"))


def test_committed_purchases_of_a_group_are_the_sum_of_its_members(five) -> None:
    world = load_benchmark()
    assert committed(five).sum() == pytest.approx(committed(world).sum(), rel=1e-12)
    inside = [world.regions.index("IND")]
    services = [world.commodities.index(i) for i in ("utl", "cns", "bus", "pub")]
    group = committed(five)[five.commodities.index("srv"), five.regions.index("IND")]
    assert group == pytest.approx(committed(world)[np.ix_(services, inside)].sum(), rel=1e-12)
    assert engel_sum(five) == pytest.approx(1.0, abs=1e-12)
    assert "GTAP v7 sample" in str(five.elasticities.attrs["demand"])


def test_the_demand_of_the_model_has_the_income_elasticities_of_the_data(model, necessities) -> None:
    held = model.benchmark_values
    free = held["vpp"] * (1 - held["committed"])
    # one per cent more spending at given prices buys free.sum() / spending per cent more of the supernumerary bundle
    per_cent = held["vpp"].sum(0) / free.sum(0) * (1 - held["committed"])
    assert per_cent == pytest.approx(necessities.elasticities["incelas"].values, rel=1e-12)


def test_growth_of_people_and_means_alike_changes_no_price_and_no_share(five) -> None:
    five = without_capital(five)  # capital then starts on the path of steady growth
    steady = growth_table(five, **dict.fromkeys(("gdp", "population", "skl", "unskl", "nat"), 0.03))
    last = Dynamics(five, Baseline.between(2018, 2023, steady)).run_baseline().last
    assert last is not None
    assert abs(last.arrays["pds"] - 1).max() < 1e-9
    assert last["qpa"].values == pytest.approx(1.03**5, rel=1e-9)
    assert last["u"].values == pytest.approx(1.03**5, rel=1e-9)


def test_richer_households_spend_a_smaller_share_on_necessities(model) -> None:
    richer = shock("qe", factor=1.4)
    share = {}
    for name, made in (("stone-geary", model), ("cobb-douglas", Model(model.benchmark, demand="cobb-douglas"))):
        after = made.solve(richer)
        spent = after["vpp"] * after["ppa"] * after["qpa"]
        share[name] = (spent / spent.sum("i")).sel(i="g0") / made.labelled("spa", made.benchmark_values["spa"]).sel(i="g0")
    assert (share["stone-geary"] < 0.98).all()
    assert share["cobb-douglas"].values == pytest.approx(1.0, rel=1e-9)


def test_a_dearer_numeraire_raises_every_price_and_no_quantity(model) -> None:
    after = model.solve(shock("pfactwld", factor=1.2))
    assert after["ppa"].values == pytest.approx(1.2, rel=1e-9)
    assert after["qpa"].values == pytest.approx(1.0, rel=1e-9)
    assert abs(after["ev"]).max() < 1e-6


def test_ev_is_the_least_spending_at_benchmark_prices_that_buys_the_new_utility(model) -> None:
    after = model.solve(tariff_change(points=20.0))
    held = model.benchmark_values
    bound = held["vpp"] * held["committed"]
    marginal = held["vpp"] * (1 - held["committed"]) / (held["vpp"] * (1 - held["committed"])).sum(0)
    bought = held["vpp"] * after["qpa"].values
    utility = (marginal * np.log(bought - bound)).sum(0)
    # at prices of 1 supernumerary spending S buys sum_i marginal ln(marginal S) of Stone-Geary utility
    least = bound.sum(0) + np.exp(utility - (marginal * np.log(marginal)).sum(0))
    assert after["up"].values * held["yp_0"] == pytest.approx(least, rel=1e-12)
    # private, public and saving utility make up all of EV
    income = held["y_0"]
    nests = held["shprv"] * np.log(least / held["yp_0"]) + held["shgov"] * np.log(after["ug"].values)
    nests = nests + held["shsave"] * np.log(after["qsave"].values)
    assert after["ev"].values == pytest.approx(income * np.expm1(nests), rel=1e-10)


def test_walras_updated_data_and_value_chains_hold(model) -> None:
    after = model.solve(tariff_change(points=10.0))
    assert all(after.checks()["ok"])
    there = Model(updated_benchmark(after))
    assert there.solve()["qpa"].values == pytest.approx(1.0, rel=1e-10)
    assert after.icio().value_added.min() > 0  # a table that does not balance is refused
    assert np.allclose(
        there.benchmark_values["vpp"] * there.benchmark_values["committed"],
        after["vpp"] * model.benchmark_values["committed"] * after["ppa"],
        rtol=1e-9,
    )


def test_gradient_of_utility_meets_differences(model) -> None:
    base = model.solve()
    slope = base.gradient("u", "qe", r="R0")["qe"].values
    h = 1e-4
    for k in np.ndindex(*slope.shape):
        moved = []
        for sign in (1, -1):
            values = model.benchmark_values["qe"].copy()
            values[k] += sign * h
            moved.append(float(model.solve(exogenous={"qe": model.labelled("qe", values)})["u"].sel(r="R0")))
        assert slope[k] == pytest.approx((moved[0] - moved[1]) / (2 * h), rel=1e-5, abs=1e-7)


def test_food_shares_fall_over_years_of_growth(five) -> None:
    five = without_capital(five)  # capital then grows with people and means
    rates = growth_table(five, gdp=0.04, population=0.01, skl=0.01, unskl=0.01, nat=0.01)
    path = Dynamics(five, Baseline.between(2018, 2024, rates)).run_baseline()
    last = path.last
    assert last is not None
    spent = last["vpp"] * last["ppa"] * last["qpa"]
    food = (spent / spent.sum("i")).sel(i=["agr", "foo"]).sum("i")
    start = (last["vpp"] / last["vpp"].sum("i")).sel(i=["agr", "foo"]).sum("i")
    assert (food < start).all()
    assert float((food / start).sel(r="IND")) < 0.97


def test_cobb_douglas_is_a_choice_and_the_model_says_which(necessities, model) -> None:
    plain = random_benchmark(3, 3, seed=4)
    policy = tariff_change(points=10.0)
    chosen = Model(necessities, demand="cobb-douglas")
    assert chosen.solve(policy)["ev"].values == pytest.approx(Model(plain).solve(policy)["ev"].values, rel=1e-12)
    assert chosen.attrs()["demand"] == "Cobb-Douglas, by choice"
    assert "GTAP v7 sample" in model.attrs()["demand"]
    assert Model(plain).attrs()["demand"] == "Cobb-Douglas: the benchmark carries no income elasticities"
    assert Model(necessities, demand="stone-geary").attrs()["demand"] == model.attrs()["demand"]
    with pytest.raises(DataError, match="carries no income elasticities"):
        Model(plain, demand="stone-geary")
    with pytest.raises(DataError, match=r"cobb-douglass.*did you mean 'cobb-douglas'"):
        Model(plain, demand="cobb-douglass")


def test_a_table_of_trade_elasticities_leaves_demand_as_it_is(necessities) -> None:
    table = pd.DataFrame({"esubm": 4.0, "esubd": 2.0, "esubva": 1.0}, index=necessities.commodities)
    new = necessities.with_elasticities(table)
    assert new.elasticities["incelas"].equals(necessities.elasticities["incelas"])
    assert "GTAP v7 sample" in Model(new).attrs()["demand"]
    homothetic = necessities.with_elasticities(table.assign(incelas=1.0, frisch=-1.0))
    assert (homothetic.elasticities["frisch"] == -1.0).all()


def test_what_is_missing_is_named() -> None:
    plain = random_benchmark(3, 3, seed=4)
    with pytest.raises(DataError, match="no GDP per head of R2"):
        with_income_elasticities(plain, {"R0": 1e3, "R1": 1e4}, KIND_OF)
    with pytest.raises(DataError, match="commodity 'g1' has kind 'toys'"):
        with_income_elasticities(plain, dict.fromkeys(("R0", "R1", "R2"), 1e4), {**KIND_OF, "g1": "toys"})


def test_income_elasticities_are_kept_in_files(necessities, tmp_path) -> None:
    replace(necessities, name="kept").save(tmp_path / "kept.nc")
    again = load_benchmark(tmp_path / "kept.nc")
    assert again.elasticities["incelas"].equals(necessities.elasticities["incelas"])
    assert again.elasticities.attrs["demand"] == necessities.elasticities.attrs["demand"]
    closure = Closure.standard(investment="fixed")
    assert Model(again, closure).solve().max_residual < 1e-10
