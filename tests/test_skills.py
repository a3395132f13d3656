"""Labour by skill from occupations and wages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration import DataError, aggregate_benchmark, load_benchmark
from calibration.datasets.world_labour import read_unemployment
from calibration.skills import PREMIUM, read_occupations, skilled_persons, wage_share, with_skill_shares
from tests.worlds import random_sam


def skilled_share(sam) -> np.ndarray:
    paid = sam["evfb"][:2].sum(1)
    return paid[0] / paid.sum(0)


def test_equal_wages_make_wage_shares_shares_of_persons_and_a_premium_raises_them() -> None:
    persons = np.array([0.1, 0.4])
    assert wage_share(persons, 1.0) == pytest.approx(persons)
    assert wage_share(persons, 3.0) == pytest.approx([0.25, 2 / 3])
    with pytest.raises(DataError, match="relative wage"):
        wage_share(persons, 0.0)


def test_missing_occupations_follow_income_and_say_so() -> None:
    income = pd.Series({"A": 1e3, "B": 4e3, "C": 16e3, "D": 8e3})
    known = pd.Series(1 / (1 + np.exp(6 - 0.5 * np.log(income[["A", "B", "C"]]))))
    found = skilled_persons(known, income)
    assert found["share"]["D"] == pytest.approx(1 / (1 + np.exp(6 - 0.5 * np.log(8e3))), rel=1e-9)
    assert list(found["status"]) == [1, 1, 1, 4]
    with pytest.raises(DataError, match="three economies"):
        skilled_persons(known[["A", "B"]], income)


def test_labour_of_an_activity_and_the_balance_stay_when_skills_move() -> None:
    world = load_benchmark().sam
    new = with_skill_shares(world, np.linspace(0.2, 0.7, len(world.regions)))
    assert skilled_share(new) == pytest.approx(np.linspace(0.2, 0.7, len(world.regions)), abs=1e-12)
    assert new["evfb"][:2].sum(0) == pytest.approx(world["evfb"][:2].sum(0), rel=1e-12)
    assert np.array_equal(new["evfb"][2:], world["evfb"][2:])
    assert len(new.check()) == len(world.check())
    assert len(new.adjustments) == len(world.adjustments) + len(world.regions)


def test_labour_taxed_unequally_or_absent_is_refused() -> None:
    taxed = random_sam(3, 3, seed=4)
    with pytest.raises(DataError, match=r"lab and cap pay different taxes in g\d of R\d"):
        with_skill_shares(taxed, [0.3, 0.3, 0.3], ("lab", "cap"))
    with pytest.raises(DataError, match="no factor 'skl'"):
        with_skill_shares(taxed, [0.3, 0.3, 0.3])
    with pytest.raises(DataError, match="one fraction between 0 and 1 a region"):
        with_skill_shares(load_benchmark().sam, [0.3])


def test_bad_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not found"):
        read_occupations(tmp_path)
    (tmp_path / "occupation_shares.csv").write_text("iso3,share_high_isco1_3\nUSA,38\n")
    with pytest.raises(DataError, match="share_high_isco1_3 of USA is 38"):
        read_occupations(tmp_path)
    (tmp_path / "wdi_macro_2011_2025.csv").write_text("iso3,year,unemployment_pct\nUSA,2018,390\n")
    with pytest.raises(DataError, match="unemployment_pct of USA in 2018 is 390, no percentage"):
        read_unemployment(tmp_path, 2018)


def test_the_shipped_world_carries_skills_by_economy_and_unemployment() -> None:
    world = load_benchmark()
    share = dict(zip(world.regions, skilled_share(world.sam), strict=True))
    assert share["BGD"] < 0.2 < share["MEX"] < 0.4 < share["USA"] < 0.7
    rates = world.satellites["unemployment"]
    assert float(rates.sel(r="USA")) == pytest.approx(0.039, abs=5e-4)
    assert float(rates.sel(r="JPN")) < float(rates.sel(r="TWN")) < float(rates.sel(r="CHN"))  # of its part of the world
    pair = {r: "pair" if r in ("USA", "CAN", "TWN") else r for r in world.regions}
    grouped = aggregate_benchmark(world, pair).satellites["unemployment"].sel(r="pair")
    assert float(rates.sel(r="USA")) < float(grouped) < float(rates.sel(r="CAN"))


@pytest.mark.shared
def test_the_share_of_the_united_states_is_its_occupations(shared) -> None:
    persons = read_occupations(shared / "ilo_occupations")["USA"]
    world = load_benchmark()
    share = dict(zip(world.regions, skilled_share(world.sam), strict=True))
    assert share["USA"] == pytest.approx(float(wage_share(np.array(persons), PREMIUM)), abs=1e-9)
