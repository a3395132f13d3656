"""National stocks of foreign capital: what they pay, to whom, and how they move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibration import Benchmark, DataError, load_benchmark
from calibration.aggregate_benchmark import aggregate_benchmark
from calibration.foreign_capital import (
    COLUMNS,
    RETURNS,
    foreign_income,
    national_product,
    net_positions,
    positions_by_region,
    read_positions,
    with_positions,
)
from cge import InstrumentChange, Model, Policy
from cge.dynamics import Baseline, Dynamics, PathOfYears
from cge.mechanisms.foreign_income import ForeignIncome
from cge.results.updated_data import updated_benchmark
from policies import tariff_change
from tests.worlds import five_regions, growth_table, random_benchmark, without_capital


def owned(benchmark: Benchmark, debt: np.ndarray) -> pd.DataFrame:
    """Positions in debt alone; what is owned less what is owed is ``debt``."""
    table = pd.DataFrame(0.0, index=benchmark.regions, columns=list(COLUMNS))
    table["debt_assets"], table["debt_liabilities"] = np.maximum(debt, 0), np.maximum(-debt, 0)
    return table


def of_gdp(benchmark: Benchmark) -> np.ndarray:
    """The first region owns a half of its GDP abroad; the others owe it in proportion to theirs."""
    gdp = benchmark.sam.gdp()
    return np.concatenate([[gdp[0] / 2], -gdp[0] / 2 * gdp[1:] / gdp[1:].sum()])


@pytest.fixture(scope="module")
def lending() -> Benchmark:
    plain = random_benchmark(3, 3, seed=7)
    return with_positions(plain, owned(plain, of_gdp(plain)))


@pytest.fixture(scope="module")
def moving() -> Benchmark:
    plain = five_regions()
    return with_positions(plain, owned(plain, of_gdp(plain)))


def change(instrument: str, **how: object) -> Policy:
    return Policy(name=f"test {instrument}", instruments=(InstrumentChange(instrument=instrument, **how),))


def test_the_benchmark_is_an_equilibrium_in_which_positions_pay(lending: Benchmark) -> None:
    after = Model(lending, mechanisms=(ForeignIncome(),)).solve()
    assert after.arrays["y"] == pytest.approx(1.0, abs=1e-10)
    assert after.checks()["ok"].all()
    assert after.values_of("gnp") - after.values_of("gdp") == pytest.approx(foreign_income(lending), rel=1e-10)
    # the current account is what foreign saving finances
    current = after.values_of("tbal") + foreign_income(lending)
    assert current == pytest.approx(-after.values_of("fsav"), abs=1e-9 * abs(current).max())


def test_without_positions_a_nation_has_what_its_region_makes() -> None:
    plain, shock = random_benchmark(3, 3, seed=7), change("tms", factor=1.05, where={"d": ("R0",)})
    core, national = Model(plain).solve(shock), Model(plain, mechanisms=(ForeignIncome(),)).solve(shock)
    assert national.values_of("ev") == pytest.approx(core.values_of("ev"), rel=1e-9, abs=1e-9)
    assert national.values_of("gnp") == pytest.approx(national.values_of("gdp"), rel=1e-12)


def test_a_gift_of_income_is_worth_itself_to_the_world(lending: Benchmark) -> None:
    """What one receives another pays: without distortions nothing is lost, but that who saves abroad values it at home prices.

    At first order the world's EV is foreign saving times the change of the price of the investment that it buys.
    """
    plain = random_benchmark(3, 3, seed=7, taxes=0.0)
    world = with_positions(plain, owned(plain, of_gdp(plain)))
    gift = 1e-5 * foreign_income(world)
    model = Model(world, mechanisms=(ForeignIncome(),))
    given = foreign_income(world) + gift
    after = model.solve(exogenous={"finc": model.labelled("finc", given)})
    ev = after.values_of("ev")
    assert ev[0] > 0
    elsewhere = float((after.values_of("fsav") * (after.values_of("pinv") - 1)).sum())
    assert ev.sum() == pytest.approx(elsewhere, abs=1e-4 * abs(gift).max())
    assert after.values_of("gnp") - after.values_of("gdp") == pytest.approx(given * after.values_of("pfactwld"), rel=1e-9)


def test_only_relative_prices_matter_where_positions_pay(lending: Benchmark) -> None:
    after = Model(lending, mechanisms=(ForeignIncome(),)).solve(change("tms", factor=1.05, where={"d": ("R0",)}))
    assert after.checks()["ok"].all()
    assert after.homogeneity() < 1e-9
    assert after.values_of("gdp") == pytest.approx(after.values_of("gdpinc"), rel=1e-9)


def test_the_data_after_a_shock_pay_what_the_model_did(lending: Benchmark) -> None:
    model = Model(lending, mechanisms=(ForeignIncome(),))
    after = model.solve(exogenous={"finc": model.labelled("finc", 1.5 * foreign_income(lending))})
    new = updated_benchmark(after)
    assert new.sam.check(1e-7).empty
    again = Model(new, mechanisms=(ForeignIncome(),)).solve()
    assert again.arrays["y"] == pytest.approx(1.0, abs=1e-8)
    assert again.values_of("gnp") == pytest.approx(after.values_of("gnp"), rel=1e-8)


@pytest.mark.parametrize("options", [{}, {"investment": "returns"}, {"capital": "vintage"}])
def test_the_baseline_pays_on_its_first_positions_and_on_what_is_added(moving: Benchmark, options: dict[str, str]) -> None:
    growth = growth_table(moving, **dict.fromkeys(("gdp", "population", "skl", "unskl", "nat"), 0.02))
    base = Baseline.between(2018, 2021, growth, interest=0.05)
    path = Dynamics(moving, base, **options).run_baseline()
    first = net_positions(moving)
    assert path.states[0].assets == pytest.approx(first, rel=1e-12)
    data = path.dataset()
    for state, year in zip(path.states, path.years, strict=False):
        income = foreign_income(moving) + 0.05 * (state.assets - first)
        paid = (data["gnp"] - data["gdp"]).sel(year=year).values
        assert paid == pytest.approx(income, rel=1e-8, abs=1e-8 * abs(first).max())
    assert abs(path.states[-1].assets - path.states[0].assets).max() > 0
    assert path.identity_gap < 1e-9
    assert path.data[0]["u"].values == pytest.approx(1.0, abs=1e-9)  # the first year is the benchmark


def test_positions_that_grow_with_the_world_leave_every_price_alone() -> None:
    """Foreign saving that makes positions grow as everything does: a steady path with income from abroad."""
    plain, rate, grown = without_capital(five_regions()), 0.05, 0.02  # stocks as a steady path has them
    spent = plain.sam.expenditure()["inv"]
    inflow = spent - plain.sam["save"] - plain.sam["vdep"]  # minus the trade balance
    debt = inflow / (rate - grown)  # A with inflow - rate A = - grown A
    returns = dict.fromkeys(RETURNS, rate)
    world = with_positions(plain, owned(plain, debt - debt.mean()), returns)
    growth = growth_table(world, **dict.fromkeys(("gdp", "population", "skl", "unskl", "nat"), grown))
    path = Dynamics(world, Baseline.between(2018, 2023, growth, interest=rate)).run_baseline()
    assert path.states[-1].assets == pytest.approx((1 + grown) ** 6 * net_positions(world), rel=1e-7)
    assert path.last is not None
    for name in ("pds", "pe", "pinv", "tfp", "ppriv"):
        assert abs(path.last.arrays[name] - 1).max() < 1e-8, name


def test_a_policy_moves_income_from_abroad_by_what_it_adds(moving: Benchmark) -> None:
    growth = growth_table(moving, **dict.fromkeys(("gdp", "population", "skl", "unskl", "nat"), 0.02))
    model = Dynamics(moving, Baseline.between(2018, 2021, growth), investment="returns")
    found = model.run(tariff_change(times=0.5))
    moved = found.policy.dataset()["assets"] - found.baseline.dataset()["assets"]
    assert float(abs(moved.sel(year=2021)).max()) > 0
    for path in (found.policy, found.baseline):
        data = path.dataset().sel(year=2021)
        expected = foreign_income(moving) + 0.04 * (data["assets"].values - net_positions(moving))
        # income stands in the numeraire, whose price is 1
        assert (data["gnp"] - data["gdp"]).values == pytest.approx(expected, rel=1e-7, abs=1e-7 * abs(expected).max())


def test_a_path_is_not_resumed_on_other_positions(moving: Benchmark, tmp_path) -> None:
    growth = growth_table(moving, **dict.fromkeys(("gdp", "population", "skl", "unskl", "nat"), 0.02))
    base, policy = Baseline.between(2018, 2020, growth), tariff_change(times=0.5)
    found = Dynamics(moving, base).run(policy, until=2019)
    found.policy.save(tmp_path / "path.nc")
    with pytest.raises(Exception, match="the foreign positions"):
        Dynamics(five_regions(), base).run(policy, resume=PathOfYears.load(tmp_path / "path.nc"))


def test_groups_own_what_their_members_do(moving: Benchmark) -> None:
    regions = moving.regions
    grouped = aggregate_benchmark(moving, {r: ("AB" if r in regions[:2] else r) for r in regions}, name="grouped")
    assert foreign_income(grouped).sum() == pytest.approx(0.0, abs=1e-6)
    place = grouped.regions.index("AB")
    assert foreign_income(grouped)[place] == pytest.approx(foreign_income(moving)[:2].sum(), rel=1e-12)


def test_positions_are_kept_in_a_file(lending: Benchmark, tmp_path) -> None:
    lending.save(tmp_path / "world.nc")
    again = load_benchmark(tmp_path / "world.nc")
    pd.testing.assert_frame_equal(national_product(again), national_product(lending))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda t: t.drop(columns="fdi_assets"), "lack the column fdi_assets"),
        (lambda t: t.drop(index="R1"), "lack R1"),
        (lambda t: t.rename(index={"R1": "R9"}), "lack R1"),
        (lambda t: t.assign(debt_assets=-1.0), "at least 0 is needed"),
        (lambda t: t.assign(equity_assets=float("nan")), "equity_assets of R0"),
        (lambda t: t.assign(debt_assets=2 * t["debt_assets"]), "debt assets and liabilities of the world differ"),
        (lambda t: 1e3 * t, "in million USD"),
        (lambda t: 1e-3 * t, "too few for million USD"),
        (lambda t: 1e6 * t, "too many for million USD"),
    ],
)
def test_tables_that_cannot_be_meant_are_refused(lending: Benchmark, spoil, words: str) -> None:
    with pytest.raises(DataError, match=words):
        with_positions(lending, spoil(owned(lending, of_gdp(lending))))


@pytest.mark.parametrize(
    ("unit", "rows", "words"),
    [
        (1e-3, ["USA", "JPN"], "USA .and of 1 more. are .* too few for million USD .* multiply them"),
        (1e-3, ["JPN"], "assets and liabilities of JPN are 3, 0.003 times its GDP of 1,000"),
        (1e6, ["USA"], "too many for million USD .* divide them"),
    ],
)
def test_a_file_or_a_row_in_another_unit_is_refused(tmp_path, unit: float, rows: list[str], words: str) -> None:
    path, columns = tmp_path / "ewn.csv", [f"{c}_musd" for c in COLUMNS]
    table = pd.DataFrame({"iso3": ["USA", "JPN"], "year": 2017, "fx_reserves_musd": 0.0, "gdp_musd": [2000.0, 1000.0]})
    table[columns] = 500.0
    table.to_csv(path, index=False)
    assert read_positions(path, 2017).attrs["gdp"] == {"USA": 2000.0, "JPN": 1000.0}
    table.loc[table["iso3"].isin(rows), columns] *= unit
    table.to_csv(path, index=False)
    with pytest.raises(DataError, match=words):
        read_positions(path, 2017)


def test_a_table_in_another_unit_than_the_benchmark_is_refused(lending: Benchmark) -> None:
    """Positions and GDP of the table in thousands of millions fit one another: only the benchmark tells."""
    table = 1e-3 * owned(lending, of_gdp(lending)) + 1e-9
    table.attrs["gdp"] = dict(zip(lending.regions, 1e-3 * lending.sam.gdp(), strict=True))
    with pytest.raises(DataError, match=r"GDP of R0 is .* not one unit"):
        positions_by_region(table, lending)


def test_returns_in_per_cent_and_other_classes_are_refused(lending: Benchmark) -> None:
    table = owned(lending, of_gdp(lending))
    with pytest.raises(DataError, match="is it in per cent"):
        with_positions(lending, table, {"fdi": 6.0, "equity": 4.0, "debt": 2.0})
    with pytest.raises(DataError, match="no return on debt"):
        with_positions(lending, table, {"fdi": 0.06, "equity": 0.04})
    with pytest.raises(DataError, match="unknown class of positions 'debts'; did you mean 'debt'"):
        with_positions(lending, table, {**RETURNS, "debts": 0.02})
    with pytest.raises(DataError, match="no foreign positions"):
        national_product(replace(lending, satellites=None))


def test_a_table_without_its_year_or_columns_is_refused(tmp_path) -> None:
    path = tmp_path / "ewn.csv"
    header = ["iso3", "year", *(f"{c}_musd" for c in COLUMNS), "fx_reserves_musd"]
    row = ["USA", 2017, *([1.0] * len(COLUMNS)), 0.5]
    pd.DataFrame([row], columns=header).to_csv(path, index=False)
    assert read_positions(path, 2017).loc["USA", "debt_assets"] == 1.5  # reserves are claims
    with pytest.raises(DataError, match="has no year 2018; it has 2017 to 2017"):
        read_positions(path, 2018)
    pd.DataFrame([row], columns=header).drop(columns="debt_assets_musd").to_csv(path, index=False)
    with pytest.raises(DataError, match="lacks the column debt_assets_musd"):
        read_positions(path, 2017)
    pd.DataFrame([[*row[:2], "many", *row[3:]]], columns=header).to_csv(path, index=False)
    with pytest.raises(DataError, match="fdi_assets_musd of USA in 2017 is 'many'"):
        read_positions(path, 2017)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "year"), [("world", 2017), ("world-2011", 2010)])
def test_nations_of_the_shipped_worlds_own_what_is_published(shared, name: str, year: int) -> None:
    plain, table = load_benchmark(name), read_positions(shared / "external_wealth", year)
    by_region = positions_by_region(table, plain)
    world = with_positions(plain, by_region)
    product = national_product(world)
    assert abs(product["foreign_income"].sum()) < 1e-6 * product["gdp"].sum()
    assert abs(product["net_position"].sum()) < 1e-6 * product["gdp"].sum()
    for kind in RETURNS:  # the fuller record of each class is kept whole
        fuller = max(table[f"{kind}_{side}"].sum() for side in ("assets", "liabilities"))
        assert by_region[f"{kind}_assets"].sum() == pytest.approx(fuller, rel=1e-9)
        assert by_region[f"{kind}_liabilities"].sum() == pytest.approx(fuller, rel=1e-9)
    factors = by_region.attrs["factors"]
    assert 1.05 < factors["equity_assets"] < 1.15  # part of what is owned is hidden
    assert all(1.0 <= factor < 1.03 for side, factor in factors.items() if side != "equity_assets")
    assert product.loc["JPN", "percent"] > 1  # the largest creditor
    assert product.loc["AUS", "percent"] < -1
    assert product.loc["AUS", "net_position"] < 0 < product.loc["JPN", "net_position"]
    assert product.loc["USA", "net_position"] < 0
