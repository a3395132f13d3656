"""Economies that move in time: steady growth, identities, loans, resuming, and the Belt and Road."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from calibration import Benchmark, DataError, load_benchmark
from calibration.growth import read_growth
from cge import Model, ModelError, Scenario, solve
from cge.dynamics import Baseline, Dynamics, DynamicsError, Flows, PathOfYears
from policies import BeltAndRoadProgramme, belt_and_road, tariff_change
from policies.belt_and_road_initiative import CORRIDOR_ECONOMIES
from tests.worlds import elasticity_table, five_regions, growth_table, without_capital


@pytest.fixture(scope="module")
def small_world() -> Benchmark:
    return five_regions()


@pytest.fixture(scope="module")
def uneven(small_world) -> pd.DataFrame:
    table = growth_table(small_world, population=0.01, skl=0.012, unskl=0.008, nat=0.01)
    table["gdp"] = np.linspace(0.01, 0.06, len(table))
    return table


@pytest.fixture(scope="module")
def moving(small_world, uneven) -> Dynamics:
    return Dynamics(small_world, Baseline.between(2018, 2023, uneven))


class Loans:
    """A loan of China to Pakistan in one year, at the path's interest, repaid in another."""

    name = "loan"

    def __init__(self, amount: float, given: int, repaid: int | None = None, public: bool = False) -> None:
        self.amount, self.given, self.repaid, self.public = amount, given, repaid, public

    def flows(self, year: int, model, state) -> Flows:
        flows = Flows()
        if year == self.given:
            flows.loans = {"PAK": self.amount, "CHN": -self.amount}
            flows.public = {"PAK": self.amount} if self.public else {}
        if year == self.repaid:
            flows.repayment = {"PAK": self.amount, "CHN": -self.amount}
        return flows


@pytest.mark.parametrize("options", [{}, {"investment": "returns"}, {"capital": "vintage"}])
def test_steady_growth_leaves_every_relative_price_at_one(small_world, options) -> None:
    small_world = without_capital(small_world)  # capital then starts on the path of steady growth
    steady = growth_table(small_world, **dict.fromkeys(("gdp", "population", "skl", "unskl", "nat"), 0.03))
    model = Dynamics(small_world, Baseline.between(2018, 2028, steady), **options)
    path = model.run_baseline()
    last = path.last
    assert last is not None
    for name in ("pds", "pva", "pe", "pes", "pms", "pinv", "tfp", "ppriv"):
        assert abs(last.arrays[name] - 1).max() < 1e-9, name
    assert last.arrays["qo"] == pytest.approx(1.03**10, rel=1e-9)
    assert path.states[-1].capital == pytest.approx(1.03**11, rel=1e-9)
    assert path.identity_gap < 1e-9


@pytest.mark.parametrize("options", [{}, {"investment": "returns"}])
def test_the_baseline_meets_the_path_of_gdp(small_world, uneven, options) -> None:
    path = Dynamics(small_world, Baseline.between(2018, 2023, uneven), **options).run_baseline()
    data = path.dataset()
    for k, year in enumerate(path.years):
        assert data["qgdp"].sel(year=year).values == pytest.approx((1 + uneven["gdp"].to_numpy()) ** k, rel=1e-8)
    assert path.identity_gap < 1e-9
    assert path.max_residual < 1e-9
    # K' = (1 - depreciation) K + I
    states = path.states
    invested = data["qinv"].sel(year=2020).values * small_world.sam.expenditure()["inv"]
    model = Dynamics(small_world, Baseline.between(2018, 2019, uneven), **options)
    kept = 1 - small_world.sam["vdep"] / small_world.sam["vkb"]  # each region's own wear
    assert states[3].capital == pytest.approx(kept * states[2].capital + invested / model.stock, rel=1e-9)


def test_zero_years_are_the_static_model(small_world, uneven) -> None:
    policy = tariff_change(times=0.0)
    found = Dynamics(small_world, Baseline.between(2018, 2018, uneven)).run(policy)
    static = Model(small_world)
    after, before = static.solve(policy), static.solve()
    expected = 100 * (after["u"] / before["u"] - 1)
    assert found.dataset()["welfare_percent"].sel(year=2018).values == pytest.approx(expected.values, abs=1e-9)


def test_no_policy_is_the_baseline(moving) -> None:
    data = moving.run(None).dataset()
    for name in ("welfare_percent", "real_gdp_percent", "investment_percent", "debt_musd", "foreign_assets_musd"):
        assert abs(data[name]).max() < 1e-6, name


def test_capital_gathers_what_a_policy_saves(moving) -> None:
    data = moving.run(tariff_change(times=0.0)).dataset()
    gain = data["welfare_percent"].sum("r")
    assert gain[-1] > gain[0]  # the static gain is invested


def test_a_loan_moves_stocks_as_booked(moving) -> None:
    found = moving.run(Loans(5e3, 2019, 2021))
    debt = found.dataset()["debt_musd"]
    assert debt.sel(r="PAK").values == pytest.approx([0, 0, 5e3, 5e3, 0, 0], abs=1e-6)
    assert debt.sel(r="CHN").values == pytest.approx([0, 0, -5e3, -5e3, 0, 0], abs=1e-6)
    assert abs(debt.sum("r")).max() < 1e-6
    assert abs(found.dataset()["foreign_assets_musd"].sum("r")).max() < 1e-4
    assert found.policy.identity_gap < 1e-9
    assert found.dataset()["investment_percent"].sel(r="PAK", year=2019) > 1


def test_a_loan_at_the_market_rate_spent_on_nothing_costs_its_interest_and_a_transfer(small_world, uneven) -> None:
    """The present value of the host's income, interest apart, hardly changes.

    What remains is the transfer problem (Keynes, Ohlin 1929): spending the loan raises the price of the host's goods,
    paying it back lowers them. It is a fifth of the loan at most where origins are poor substitutes (elasticity 5) and
    less than a tenth where they are good ones (20); it would vanish with one world price. Works of no use add nothing.
    """
    left = {}
    for elasticity in (5.0, 20.0):
        table = elasticity_table(
            small_world.commodities, esubm=elasticity, esubd=elasticity / 2, esubva=1.0, esubt=0.0, esubc=0.0
        )
        world = small_world.with_elasticities(table)
        found = Dynamics(world, Baseline.between(2018, 2027, uneven, interest=0.04)).run(Loans(5e3, 2018, 2027, public=True))
        income = found.policy.dataset()["income"] - found.baseline.dataset()["income"]
        discount = 1.04 ** -np.arange(10)
        interest = 0.04 * 5e3 * discount[1:].sum()
        left[elasticity] = abs((income.sel(r="PAK").values * discount).sum() + interest) / 5e3
    assert left[20.0] < left[5.0] / 2
    assert left[5.0] < 0.2
    assert left[20.0] < 0.1


def test_a_grant_leaves_no_debt_and_taxes_leave_no_foreign_claim(small_world, uneven) -> None:
    model = Dynamics(small_world, Baseline.between(2018, 2022, uneven))
    programmes = {
        f: BeltAndRoadProgramme(finance=f, cost=1e4, build_years=2, corridor_costs=False)
        for f in ("loans", "grants", "taxes", "none")
    }
    runs = {f: model.run(p).dataset().sel(r="PAK") for f, p in programmes.items()}
    assert abs(runs["grants"]["debt_musd"]).max() == 0
    assert abs(runs["taxes"]["debt_musd"]).max() == 0
    assert runs["loans"]["debt_musd"].max() > 100
    last = {f: float(r["welfare_percent"][-1]) for f, r in runs.items()}
    assert last["grants"] > last["loans"]
    assert float(runs["none"]["welfare_percent"][2]) > float(runs["taxes"]["welfare_percent"][2])


def test_resuming_gives_the_same_numbers(moving, tmp_path) -> None:
    policy = tariff_change(times=0.5)
    whole = moving.run(policy).dataset()
    half = moving.run(policy, until=2020)
    half.policy.save(tmp_path / "half.nc")
    loaded = PathOfYears.load(tmp_path / "half.nc")
    assert loaded.years == [2018, 2019, 2020]
    rest = moving.run(policy, resume=loaded).dataset()
    for name in ("welfare_percent", "real_gdp_percent", "foreign_assets_musd"):
        assert np.allclose(rest[name], whole[name], atol=1e-7, rtol=1e-9), name
    whole.to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(ModelError, match="not a saved path"):
        PathOfYears.load(tmp_path / "other.nc")


def test_years_done_survive_a_failure(moving) -> None:
    class Breaks:
        name = "breaks"

        def flows(self, year: int, model, state) -> Flows:
            return Flows(policy=tariff_change(times=0.0) if year < 2021 else tariff_change(sources=["NOWHERE"], times=0.0))

    with pytest.raises(
        DynamicsError, match=r"year 2021 is not solved.*NOWHERE.*Years done are kept: \[2018, 2019, 2020\]"
    ) as caught:
        moving.run(Breaks())
    assert caught.value.path is not None
    assert caught.value.path.years == [2018, 2019, 2020]
    assert len(caught.value.path.dataset()["year"]) == 3


def test_bad_paths_are_named(small_world, uneven, tmp_path) -> None:
    with pytest.raises(ModelError, match="years run backwards: 2020:2018"):
        Baseline.between(2020, 2018, uneven)
    with pytest.raises(ModelError, match="the first year is '2018'; write a whole number such as 2018"):
        Baseline.between("2018", 2020, uneven)
    with pytest.raises(ModelError, match="growth table lacks PAK"):
        Dynamics(small_world, Baseline.between(2018, 2019, uneven.drop(index="PAK")))
    with pytest.raises(ModelError, match="would be negative: GDP falls"):
        Dynamics(without_capital(small_world), Baseline.between(2018, 2019, uneven.assign(gdp=-0.06)))
    model = Dynamics(small_world, Baseline.between(2018, 2019, uneven))
    with pytest.raises(ModelError, match="more than its saving"):
        model.run(Loans(1e9, 2018))

    class Unpaid:
        name = "unpaid"

        def flows(self, year: int, model, state) -> Flows:
            return Flows(public={"PAK": 4e5})

    with pytest.raises(DynamicsError, match="public works of PAK exceed its investment"):
        model.run(Unpaid())

    class Leaks:
        name = "leaks"

        def flows(self, year: int, model, state) -> Flows:
            return Flows(loans={"PAK": 10.0})

    with pytest.raises(ModelError, match="must sum to zero"):
        model.run(Leaks())
    table = tmp_path / "g.csv"
    for text, message in (
        ("region,gdp\nCHN,0.05\n", "lacks the column population"),
        ("region,gdp,population\nCHN,0.05,0.0\n", "lacks ROW|lacks USA"),
        ("region,gdp,populaton\nCHN,0.05,0.0\n", "did you mean 'population'"),
    ):
        table.write_text(text)
        with pytest.raises(DataError, match=message):
            read_growth(small_world, table)


def test_park_capital_goes_to_its_sectors_and_pays_its_owner(small_world, uneven) -> None:
    class Park:
        name = "park"

        def flows(self, year: int, model, state) -> Flows:
            return Flows(parks={"PAK": 3e3, "CHN": -3e3}, park_sectors=("gds",)) if year == 2018 else Flows()

    model = Dynamics(small_world, Baseline.between(2018, 2020, uneven), capital="vintage")
    found = model.run(Park())
    assets = found.dataset()["foreign_assets_musd"]
    assert float(assets.sel(r="CHN", year=2019)) == pytest.approx(3e3, rel=1e-3)
    base, after = found.baseline.states[1].tied, found.policy.states[1].tied
    pakistan = small_world.regions.index("PAK")
    at = [small_world.commodities.index(x) for x in ("gds", "agr")]
    assert after[at[0], pakistan] > base[at[0], pakistan]
    assert after[at[1], pakistan] < base[at[1], pakistan]
    assert found.policy.identity_gap < 1e-9


# -- Belt and Road on the default world --------------------------------------------------------------------


def test_belt_and_road_static_is_beside_the_published_results() -> None:
    world = load_benchmark()
    found = solve(Scenario(world).under(belt_and_road("upper")))
    share = world.participation(CORRIDOR_ECONOMIES)
    assert 0.1 < share["EU"] < 0.2  # the corridor economies among the 27
    assert 0.5 < share["ROW"] < 0.6
    ev = (found.after["ev"] - found.base["ev"]).to_series()
    inside = sum(ev[r] * w for r, w in share.items())
    assert 0.7 < inside / ev.sum() < 0.9  # Maliszewska and van der Mensbrugghe: 82 % of the gain in the area
    assert 0.2 < 100 * ev.sum() / float(found.base["y_0"].sum()) < 0.7
    lower = solve(Scenario(world).under(belt_and_road("lower")))
    assert lower.comparison.trade_among(lower.members) == pytest.approx(4.4, abs=0.3)  # Baniya, Rocha, Ruta: up to +4.1 %
    assert any("by their share in its GDP" in note for note in found.summary()["notes"])


def test_belt_and_road_in_time_prints_the_promised_json(command, tmp_path) -> None:
    code, out, _ = command("dynamics", "belt-and-road", "--years", "2018:2020", "--json", "--out", str(tmp_path / "d"))
    held = json.loads(out)
    assert code == 0
    assert {"years", "welfare_percent", "real_gdp_percent", "debt_musd", "max_residual", "identity_gap", "seconds"} <= set(held)
    assert held["years"] == [2018, 2019, 2020]
    assert held["identity_gap"] < 1e-9
    assert held["debt_musd"]["PAK"][-1] > 0 > held["debt_musd"]["CHN"][-1]
    assert {"dynamics.nc", "path.nc", "paths.png", "welfare.csv", "summary.json"} <= {
        p.name for p in (tmp_path / "d").iterdir()
    }
    code, _, err = command("dynamics", "rcep", "--years", "2020:2018")
    assert code == 2
    assert "backwards" in err
    code, _, err = command("dynamics", "rcep", "--years", "2015:2020")
    assert (code, "a path begins in the year of its data: give --years 2018:2020" in err) == (2, True)


def test_a_benchmark_without_a_corridor_says_what_is_left_out() -> None:
    old = load_benchmark("world-2011")
    found = solve(Scenario(old).under(belt_and_road("lower")))
    notes = " ".join(found.summary()["notes"])
    assert "Left out, for this benchmark lacks a label" in notes
    assert "China-Pakistan" in notes
    assert found.comparison.table().loc["CHN", "welfare_percent"] > 0


def test_time_saved_becomes_a_cost_by_sector() -> None:
    world = load_benchmark()
    model = Model(world)
    change = belt_and_road("upper", by="time").changes(model)["ams"]
    gain = change.sel(s="CHN", d="THA")
    assert float(gain.sel(i="elc")) > float(gain.sel(i="min")) > 1
    assert float(change.sel(i="trd", s="CHN", d="THA")) == 1
    # 25 days x 11.9 % x 2.1 % a day on a corridor
    assert float(gain.sel(i="elc")) == pytest.approx(1 / (1 - 25 * 0.119 * 0.021), rel=1e-9)
