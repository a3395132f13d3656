"""Capital stocks and depreciation of the shipped worlds: plausible, net of which capital still earns, and consistent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration import load_benchmark
from calibration.capital import MOST_OF_EARNINGS, of_regions, read_capital, with_capital
from calibration.errors import DataError
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
def test_stocks_are_the_penn_world_tables_in_dollars(shared) -> None:
    table = read_capital(shared / "pwt_10_01", 2018)
    sam = load_benchmark().sam
    usa = sam.regions.index("USA")
    assert sam["vkb"][usa] == pytest.approx(table.loc["USA", "stock"], rel=1e-6)
    assert sam["vdep"][usa] == pytest.approx(table.loc["USA", "stock"] * table.loc["USA", "rate"], rel=1e-6)
    assert table.loc["USA", "stock"] / sam.gdp()[usa] == pytest.approx(3.4, abs=0.1)


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


def test_a_region_without_a_figure_takes_the_others_ratio_and_groups_are_sums() -> None:
    table = pd.DataFrame({"stock": [300.0, 100.0, 60.0], "rate": [0.04, 0.08, 0.05]}, index=["AAA", "BBB", "CCC"])
    gdp = pd.Series({"AAA": 100.0, "XXX": 10.0, "ROW": 80.0})
    found = of_regions(table, ["AAA", "XXX", "ROW"], {"ROW": ["BBB", "CCC"]}, gdp)
    assert found.loc["ROW", "stock"] == 160.0
    assert found.loc["ROW", "rate"] == pytest.approx((8 + 3) / 160)
    assert found.loc["XXX", "stock"] == pytest.approx(460 / 180 * 10)
    assert list(found["source"]) == ["own", "mean of the others", "members"]


def test_tables_that_do_not_fit_are_refused(tmp_path) -> None:
    world = random_benchmark(3, 2, seed=1).sam
    some = pd.DataFrame({"stock": 1.0, "rate": 0.05, "source": "own"}, index=world.regions)
    with pytest.raises(DataError, match="has depreciation or capital stocks already"):
        with_capital(world, some)
    with pytest.raises(DataError, match="of other regions than the SAM's"):
        with_capital(symmetric_benchmark(0.1).sam, some.rename(index={world.regions[0]: "elsewhere"}))
    file = tmp_path / "pwt_2010_2019.csv"
    file.write_text("iso3,year,delta,cn\nUSA,2018,0.04,1\n")
    with pytest.raises(DataError, match="lacks the columns pl_n"):
        read_capital(tmp_path, 2018)
    file.write_text("iso3,year,delta,cn,pl_n\nUSA,2018,4.5,1,1\n")
    with pytest.raises(DataError, match=r"USA has a stock of 1 and a rate of depreciation of 4.5"):
        read_capital(tmp_path, 2018)
    with pytest.raises(DataError, match="has no year 2011; it has 2018 to 2018"):
        read_capital(tmp_path, 2011)
