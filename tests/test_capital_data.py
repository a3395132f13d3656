"""Capital stocks and depreciation of the shipped worlds: plausible, net of which capital still earns, and consistent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration import load_benchmark
from calibration.capital import MOST_OF_EARNINGS, of_regions, read_capital, with_capital
from calibration.errors import DataError
from calibration.readers import gdp_of_rest
from tests.worlds import random_benchmark, symmetric_benchmark


@pytest.mark.parametrize("name", ["world", "world-2011"])
def test_shipped_worlds_hold_capital_that_wears_and_earns(name: str) -> None:
    sam = load_benchmark(name).sam
    assert sam.check().empty
    assert 0.12 < sam["vdep"].sum() / sam.gdp().sum() < 0.17  # consumption of fixed capital, of world GDP
    assert 3.0 < sam["vkb"].sum() / sam.gdp().sum() < 4.0
    rates = sam["vdep"] / sam["vkb"]
    assert rates.min() > 0.02
    assert rates.max() < 0.08
    earned = sam["evos"][sam.factors.index("cap")].sum(0)
    assert (earned - sam["vdep"] >= (1 - MOST_OF_EARNINGS - 1e-9) * earned).all()  # a positive net return everywhere
    spent = sam.expenditure()
    foreign = spent["inv"] - sam["save"] - sam["vdep"]
    assert abs(foreign.sum()) < 1e-8 * spent["inv"].sum()  # what some save abroad others borrow


@pytest.mark.shared
def test_stocks_are_the_penn_world_tables_at_the_beginning_of_the_year(shared) -> None:
    sam = load_benchmark().sam
    usa = sam.regions.index("USA")
    file = pd.read_csv(shared / "pwt_10_01" / "pwt_2010_2019.csv").set_index(["iso3", "year"])
    now, before = file.loc[("USA", 2018)], file.loc[("USA", 2017)]
    stock = now["cn"] * now["pl_n"] * before["rnna"] / now["rnna"]
    assert sam["vkb"][usa] == pytest.approx(stock, rel=1e-6)
    assert sam["vdep"][usa] == pytest.approx(stock * now["delta"], rel=1e-6)
    assert stock / sam.gdp()[usa] == pytest.approx(3.4, abs=0.1)
    table = read_capital(shared / "pwt_10_01", 2018)
    assert table.loc["USA", "stock"] == pytest.approx(stock)
    # the rest of the world has its members' ratio, and no economy that stands apart is in it
    older = read_capital(shared / "pwt_10_01", 2011)
    rest = gdp_of_rest(shared / "national_accounts", ["ROU", "USA"], 2011)
    assert not {"ROU", "USA"} & set(rest.index)
    whole = 1.1 * float(rest.sum())
    row = of_regions(older, ["USA", "ROW"], pd.Series({"USA": 1.0, "ROW": whole}), {"ROW": rest}).loc["ROW"]
    held = rest.index.intersection(older.index)
    assert row["stock"] == pytest.approx(whole * older.loc[held, "stock"].sum() / rest[held].sum())
    assert row["covered"] == pytest.approx(rest[held].sum() / whole)  # of the region's GDP, not of its members'


def test_saving_falls_by_what_wears_and_gdp_stays() -> None:
    plain = symmetric_benchmark(0.1).sam
    stock = pd.DataFrame({"stock": 2.0 * plain.gdp(), "rate": 0.05, "source": "own"}, index=plain.regions)
    worn = with_capital(plain, stock)
    assert worn["vdep"] == pytest.approx(0.1 * plain.gdp())
    assert worn["save"] == pytest.approx(plain["save"] - worn["vdep"])
    assert worn.gdp() == pytest.approx(plain.gdp())
    assert worn.check().empty


def test_depreciation_above_earnings_is_limited_and_recorded() -> None:
    plain = symmetric_benchmark(0.1).sam
    stock = pd.DataFrame({"stock": 50.0 * plain.gdp(), "rate": 0.05, "source": "own"}, index=plain.regions)
    worn = with_capital(plain, stock)
    earned = plain["evos"][plain.factors.index("cap")].sum(0)
    assert worn["vdep"] == pytest.approx(MOST_OF_EARNINGS * earned)
    assert worn["vdep"] / worn["vkb"] == pytest.approx(np.full(len(plain.regions), 0.05))
    named = worn.adjustments[worn.adjustments["rule"].str.startswith("depreciation at most")]
    assert list(named["cell"]) == plain.regions


def test_a_region_without_a_figure_takes_the_others_ratio_and_groups_their_members() -> None:
    table = pd.DataFrame({"stock": [300.0, 100.0, 60.0], "rate": [0.04, 0.08, 0.05]}, index=["AAA", "BBB", "CCC"])
    gdp = pd.Series({"AAA": 100.0, "XXX": 10.0, "ROW": 80.0})
    # DDD has no figure: it takes the ratio of BBB and CCC; the group is larger in the SAM than in the accounts
    members = {"ROW": pd.Series({"BBB": 25.0, "CCC": 15.0, "DDD": 10.0})}
    found = of_regions(table, ["AAA", "XXX", "ROW"], gdp, members)
    assert found.loc["ROW", "stock"] == pytest.approx(160 / 40 * 80)
    assert found.loc["ROW", "rate"] == pytest.approx((8 + 3) / 160)
    assert found.loc["ROW", "covered"] == pytest.approx(40 / 80)  # of its GDP in the SAM: the stock 160 over it is that of all
    assert found.loc["XXX", "stock"] == pytest.approx((300 + 320) / 180 * 10)
    assert list(found["source"]) == ["own", "others", "members"]


def test_codes_of_tables_are_known() -> None:
    table = pd.DataFrame({"stock": [300.0, 100.0], "rate": [0.04, 0.08]}, index=["USA", "ROU"])
    found = of_regions(table, ["USA", "ROM"], pd.Series({"USA": 100.0, "ROM": 10.0}))
    assert found.loc["ROM"].tolist() == [100.0, 0.08, "own", 1.0]


def test_what_is_not_a_regions_own_figure_is_recorded() -> None:
    plain = symmetric_benchmark(0.1).sam
    first, second = plain.regions[:2]
    stock = pd.DataFrame({"stock": 2.0 * plain.gdp(), "rate": 0.05, "source": "own", "covered": 1.0}, index=plain.regions)
    stock.loc[first, ["source", "covered"]] = ["members", 0.8]
    stock.loc[second, ["stock", "source"]] = [8.0 * plain.gdp()[1], "others"]
    log = with_capital(plain, stock).adjustments.set_index("cell")
    assert "members with a figure, 80.0 % of its GDP, scaled to all of it" in log.loc[first, "rule"]
    assert log.loc[first, "before"] == pytest.approx(0.8 * log.loc[first, "after"])
    rules = set(log.loc[[second], "rule"].str.split(" ").str[:3].str.join(" "))
    assert rules == {"capital stock over", "depreciation at most", "capital stock lowered", "gross investment below"}


def test_tables_that_do_not_fit_are_refused(tmp_path) -> None:
    world = random_benchmark(3, 2, seed=1).sam
    some = pd.DataFrame({"stock": 1.0, "rate": 0.05, "source": "own"}, index=world.regions)
    with pytest.raises(DataError, match="has depreciation or capital stocks already"):
        with_capital(world, some)
    with pytest.raises(DataError, match="of other regions than the SAM's"):
        with_capital(symmetric_benchmark(0.1).sam, some.rename(index={world.regions[0]: "elsewhere"}))
    file = tmp_path / "pwt_2010_2019.csv"
    file.write_text("iso3,year,delta,cn\nUSA,2018,0.04,1\n")
    with pytest.raises(DataError, match="lacks the columns rnna, pl_n"):
        read_capital(tmp_path, 2018)
    file.write_text("iso3,year,delta,cn,rnna,pl_n\nUSA,2017,0.05,1,1,1\nUSA,2018,4.5,1,1,1\n")
    with pytest.raises(DataError, match=r"USA has a stock of 1 and a rate of depreciation of 4.5"):
        read_capital(tmp_path, 2018)
    with pytest.raises(DataError, match="has no year 2011; it has 2017 to 2018"):
        read_capital(tmp_path, 2011)
    with pytest.raises(DataError, match=r"has no year 2016; .* the stock at the beginning of 2017 needs the year before too"):
        read_capital(tmp_path, 2017)
    file.write_text("iso3,year,delta,cn,rnna,pl_n\nUSA,2017,0.05,1,1,1\nUSA,2018,0.05,1,1,1\nUSA,2018,0.05,2,1,1\n")
    with pytest.raises(DataError, match="gives USA in 2018 twice"):
        read_capital(tmp_path, 2018)


def test_text_among_figures_is_named_by_its_cell(tmp_path) -> None:
    lines = ["iso3,year,delta,cn,rnna,pl_n", "USA,2017,0.04,1,1,1", "USA,2018,0.04,n.a.,1,1"]
    (tmp_path / "pwt_2010_2019.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r"cn of USA in 2018 is 'n\.a\.', not a number"):
        read_capital(tmp_path, 2018)
