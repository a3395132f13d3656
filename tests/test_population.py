"""People of the worlds and their baselines: United Nations, two revisions joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration import DataError, load_benchmark
from calibration.datasets.world_labour import unemployment_of
from calibration.geography import ECONOMIES
from calibration.readers.population import NEWER, OLDER, population_of, read_population


def revisions(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three economies and an overseas department: 10 million each, growing by 2 % a year, then by 1 %."""
    names = ["FRA", "REU", "USA", "KEN"]
    older = pd.DataFrame(
        [(e, y, 10 * 1.02 ** (y - 2010), 6 * 1.02 ** (y - 2010)) for e in names for y in range(2010, 2051, 5)],
        columns=["iso3", "year", "population_mn", "pop_15_64_mn"],
    )
    newer = pd.DataFrame(
        [(e, y, 20 * 1.01 ** (y - 2024)) for e in [*names, "TUV"] for y in range(2024, 2051)],
        columns=["iso3", "year", "population_mn"],
    )
    older.to_csv(folder / OLDER, index=False)
    newer.to_csv(folder / NEWER, index=False)
    return older, newer


def test_people_grow_evenly_between_marks_and_as_the_later_revision_says_after_2024(tmp_path: Path) -> None:
    revisions(tmp_path)
    total, working = read_population(tmp_path)
    growth = total.loc["USA"].pct_change()
    assert total.loc["USA", 2010] == pytest.approx(10)
    assert growth.loc[2011:2024].to_numpy() == pytest.approx(0.02)
    assert growth.loc[2025:2050].to_numpy() == pytest.approx(0.01)
    assert (working / total).to_numpy() == pytest.approx(0.6)


def test_overseas_departments_are_in_france_and_the_rest_is_everyone_else(tmp_path: Path) -> None:
    revisions(tmp_path)
    total, _ = read_population(tmp_path)
    people = population_of(total, ["FRA", "USA", "ROW"], 2010)
    assert people.to_dict() == pytest.approx({"FRA": 20, "USA": 10, "ROW": 10})
    with pytest.raises(DataError, match="no figure of XYZ"):
        population_of(total, ["XYZ"], 2010)
    with pytest.raises(DataError, match="no year 2009; it has 2010 to 2050"):
        population_of(total, ["USA"], 2009)


@pytest.mark.parametrize(
    ("file", "spoil", "words"),
    [
        (OLDER, lambda t: t.drop(columns="pop_15_64_mn"), "lacks the column pop_15_64_mn"),
        (OLDER, lambda t: t.assign(population_mn="many"), "population_mn of FRA in 2010 is 'many', not a number"),
        (OLDER, lambda t: pd.concat([t, t.iloc[:1]]), "gives FRA in 2010 twice"),
        (OLDER, lambda t: t[t["year"] < 2050], "has the years 2010 to 2045; 2010 to 2050 are needed"),
        (OLDER, lambda t: t[(t["iso3"] != "USA") | (t["year"] != 2020)], "lacks USA in 2020, which others have"),
        (NEWER, lambda t: t[t["iso3"] != "USA"], "lacks USA, which"),
        (NEWER, lambda t: t[t["year"] > 2024], "has no year 2024"),
        (NEWER, lambda t: t.assign(population_mn=-1.0), "population_mn of FRA in 2024 is -1;"),
    ],
)
def test_tables_that_are_not_those_of_people_are_named(tmp_path: Path, file: str, spoil, words: str) -> None:
    tables = dict(zip((OLDER, NEWER), revisions(tmp_path), strict=True))
    spoil(tables[file]).to_csv(tmp_path / file, index=False)
    with pytest.raises(DataError, match=words):
        read_population(tmp_path)


def test_the_worlds_people_are_all_there() -> None:
    world = load_benchmark()
    people = dict(zip(world.regions, world.sam["pop"], strict=True))
    assert sum(people.values()) == pytest.approx(7623, abs=10)  # UN 2019, mid-2018: 7,631 with small territories
    assert people["ROW"] == pytest.approx(1262, abs=2)
    assert people["EGY"] == pytest.approx(98.3, abs=0.2)


@pytest.mark.shared
def test_the_shipped_people_are_the_united_nations(shared: Path) -> None:
    total, _ = read_population(shared / "un_wpp")
    world = load_benchmark()
    people = dict(zip(world.regions, world.sam["pop"], strict=True))
    single = [r for r in world.regions if r in ECONOMIES and r != "ROW"]
    assert [people[r] for r in single] == pytest.approx(total.loc[single, 2018].to_numpy(), rel=1e-6)
    # the older reader's economies of France: with its departments, as its national accounts
    assert total.loc["FRA", 2018] == pytest.approx(67.1, abs=0.2)


def test_a_rate_of_unemployment_is_an_economys_own_its_members_or_its_neighbours() -> None:
    known = pd.Series({"JPN": 0.02, "KOR": 0.04, "KEN": 0.03, "SDN": 0.12, "USA": 0.04})
    people = pd.Series({"JPN": 3.0, "KOR": 1.0, "KEN": 2.0, "SDN": 1.0, "USA": 9.0, "TWN": 1.0})
    found = unemployment_of(known, ["JPN", "KOR", "TWN", "USA", "ROW"], people)
    assert found["rate"].to_dict() == pytest.approx({"JPN": 0.02, "KOR": 0.04, "TWN": 0.03, "USA": 0.04, "ROW": 0.06})
    assert found["status"].tolist() == [1, 1, 4, 1, 2]
    with pytest.raises(DataError, match="no unemployment rate of BRA"):
        unemployment_of(known, ["JPN", "BRA"], people)
    assert np.isfinite(found["rate"]).all()
