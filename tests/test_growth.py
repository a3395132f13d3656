"""Growth behind a baseline: convergence, pathways, people, and the years of a growth table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration import load_benchmark
from calibration.convergence import LEADER, PAST, estimate_rule, project
from calibration.datasets.growth_errors import errors
from calibration.errors import DataError
from calibration.growth import COLUMNS, gdp_shares, growth_file, level, read_growth
from calibration.readers import read_accounts, read_ssp, read_trade_cube, read_wiod
from cge import ModelError
from cge.dynamics import Baseline, Dynamics, Steady
from policies import BeltAndRoadProgramme, rcep
from tests.worlds import five_regions, growth_table

BETA, SKILLS, INVESTMENT, CONSTANT, PEOPLE, AGAIN = 0.02, 0.05, 0.025, 0.055, -0.5, 0.3
YEARS = (2010, 2015, 2019)


def convergers(n: int = 60, noise: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Levels, conditions and people of economies that follow the rule; growth beyond it halves in four and a half years."""
    rng = np.random.default_rng(5)
    names = [LEADER, *(f"E{k}" for k in range(n - 1))]
    conditions = pd.DataFrame(
        {"skills": rng.uniform(0.3, 1.3, n), "investment": np.log(rng.uniform(0.12, 0.4, n))}, index=names
    )
    first = pd.Series(np.r_[11.5, rng.uniform(8.0, 11.5, n - 1)], names)
    beyond, before, more = (pd.Series(rng.normal(0, s, n), names) for s in (noise, 0.015, 0.01))

    def pace(start: pd.Series, past: pd.Series, extra: pd.Series) -> pd.Series:
        terms = BETA * (start[LEADER] - start) + SKILLS * (conditions["skills"] - conditions.loc[LEADER, "skills"])
        return CONSTANT + terms + INVESTMENT * conditions["investment"] + PEOPLE * more + AGAIN * past + extra

    middle = first + 5 * pace(first, before, beyond)
    levels = {2010 - PAST: first - PAST * before, 2015 - PAST: first - (PAST - 5) * before, 2010: first, 2015: middle}
    past = (middle - levels[2015 - PAST]) / PAST
    levels[2019] = middle + 4 * pace(middle, past, beyond / 2)
    people = pd.DataFrame({year: more * (year - 2010) for year in range(2010, 2061)})
    return pd.DataFrame(levels), conditions, people


def following(start: pd.Series, past: float = 0.0) -> pd.DataFrame:
    """Known years up to 2020, of even growth."""
    return pd.DataFrame({year: start - past * (2020 - year) for year in range(2020 - PAST, 2021)})


def constant_people(names: list[str], growth: float = 0.0) -> pd.DataFrame:
    return pd.DataFrame({year: growth * (year - 2020) for year in range(2000, 2061)}, index=names)


def test_the_rule_of_convergence_is_found_where_it_holds() -> None:
    levels, conditions, people = convergers(400, 0.01)
    rule = estimate_rule(levels, conditions, people, YEARS)
    # the gap falls by a tenth at the middle mark, so that nine years are 0.956 of what the first five say
    assert rule.coefficients["gap"] == pytest.approx(BETA * (5 + 4 * (1 - 5 * BETA)) / 9, abs=3 * rule.errors["gap"])
    assert rule.coefficients["skills"] == pytest.approx(SKILLS, rel=0.1)
    assert rule.coefficients["investment"] == pytest.approx(INVESTMENT, rel=0.15)
    assert rule.coefficients["people"] == pytest.approx(PEOPLE, rel=0.15)
    assert 0 < rule.coefficients["past"] < 1.2 * AGAIN
    assert rule.persistence ** (9 / 2) == pytest.approx(0.5, abs=0.1)


def test_like_economies_close_their_gaps_at_the_rate_of_the_rule() -> None:
    """Without growth of the past to carry on, the gap falls by its coefficient in the first year."""
    rule = estimate_rule(*convergers(400, 0.01), YEARS)
    names = [LEADER, "poor", "poorer"]
    conditions = pd.DataFrame({"skills": 1.0, "investment": np.log(0.25)}, index=names)
    start, people = following(pd.Series([11.0, 10.0, 9.0], names)), constant_people(names)
    path = project(rule, start, conditions, people, pd.Series(dtype=float), 2050)
    gap = path.loc[LEADER] - path
    assert gap.loc["poor", 2021] == pytest.approx(1 - rule.coefficients["gap"])
    assert gap.loc["poorer", 2050] == pytest.approx(2 * gap.loc["poor", 2050])
    assert 0 < gap.loc["poor", 2050] < (1 - rule.coefficients["gap"]) ** 30  # who closed its gap goes on for a while
    ahead = project(rule, start, conditions, people, pd.Series({"poor": 0.01}), 2050)
    growth = (ahead - path).loc["poor"].diff()
    assert growth[2021] == pytest.approx(0.01 * rule.persistence ** (2020.5 - 2014.5))


def test_past_growth_comes_again_in_part_and_less_people_of_working_age_in_more_output_of_each() -> None:
    rule = estimate_rule(*convergers(400, 0.01), YEARS)
    names = [LEADER, "alike", "fast", "ageing"]
    conditions = pd.DataFrame({"skills": 1.0, "investment": np.log(0.25)}, index=names)
    start = following(pd.Series(11.0, names))
    start.loc["fast"] = following(pd.Series({"fast": 11.0}), 0.03).loc["fast"]
    people = constant_people(names)
    people.loc["ageing"] = constant_people(["ageing"], -0.01).loc["ageing"]
    growth = project(rule, start, conditions, people, pd.Series(dtype=float), 2050).diff(axis=1)
    more = growth.sub(growth.loc["alike"])
    assert more.loc["fast", 2021] == pytest.approx(0.03 * rule.coefficients["past"])
    assert abs(more.loc["fast", 2050]) < 0.2 * more.loc["fast", 2021]  # the fifteen years have moved on
    assert more.loc["ageing", 2021] == pytest.approx(-0.01 * rule.coefficients["people"])


def test_known_years_stay_and_incomplete_economies_are_left_out() -> None:
    data = convergers(400, 0.01)
    rule = estimate_rule(*data, YEARS)
    names = [LEADER, "a", "b"]
    known = (
        following(pd.Series([11.0, 10.0, 9.0], names)).assign(**{"2021": [11.1, np.nan, 9.3]}).rename(columns={"2021": 2021})
    )
    conditions = pd.DataFrame({"skills": [1.0, 0.8, np.nan], "investment": -1.4}, index=known.index)
    people, nothing = constant_people(names), pd.Series(dtype=float)
    path = project(rule, known, conditions, people, nothing, 2023)
    assert list(path.index) == [LEADER, "a"]
    assert path.loc[LEADER, 2021] == 11.1
    assert path.loc["a", 2021] > 10.0
    with pytest.raises(DataError, match="needs USA"):
        project(rule, known.drop(index=LEADER), conditions, people, nothing, 2023)
    with pytest.raises(DataError, match="more than 15 years"):
        project(rule, known[[2019, 2020, 2021]], conditions, people, nothing, 2023)
    few = convergers(10)
    with pytest.raises(DataError, match="20 complete economies"):
        estimate_rule(*few, YEARS)
    with pytest.raises(DataError, match="needs output in 1995, which the table lacks"):
        estimate_rule(data[0].drop(columns=1995), *data[1:], YEARS)
    with pytest.raises(DataError, match="in order"):
        estimate_rule(*data, (2015, 2010, 2019))


@pytest.mark.shared
def test_the_rule_tells_economies_and_years_that_it_has_not_seen_better_than_its_first_terms(shared: Path) -> None:
    table = errors(shared)
    for test in ("hidden economies, 2010-2019", "2019-2024"):
        before, now = table.loc[test].loc["without people and past"], table.loc[test].loc["the rule"]
        assert now["mean error"] < before["mean error"] - 0.1
        assert now["root mean square"] < before["root mean square"] - 0.05


def test_levels_follow_the_rates_of_each_period() -> None:
    index = pd.MultiIndex.from_product([["A", "B"], [2020, 2025]], names=["region", "until"])
    rates = pd.DataFrame({"gdp": [0.1, 0.0, 0.02, 0.03]}, index=index)
    assert level(rates, "gdp", 2018, 2018).tolist() == [1.0, 1.0]
    assert level(rates, "gdp", 2018, 2022).tolist() == pytest.approx([1.1**2, 1.02**2 * 1.03**2])
    assert level(rates, "gdp", 2021, 2023).tolist() == pytest.approx([1.0, 1.03**2])
    with pytest.raises(DataError, match="ends in 2025, before 2026"):
        level(rates, "gdp", 2018, 2026)


@pytest.mark.parametrize("name", ["world", "world-2011"])
def test_the_default_slows_where_the_past_was_a_catching_up(name: str) -> None:
    benchmark = load_benchmark(name)
    first = int(str(benchmark.attrs["year"]))
    default, past = read_growth(benchmark), read_growth(benchmark, "past")
    china = default.loc["CHN"]
    assert china.loc[:2040, "gdp"].is_monotonic_decreasing
    assert 0.02 < china.loc[2035, "gdp"] < 0.04 < past.loc["CHN", "gdp"]
    assert (default.loc["CHN"].loc[2030:, ["population", "skl"]] < 0).all(axis=None)  # fewer people, fewer still who work
    share = {k: gdp_shares(benchmark, rates, first, 2035) for k, rates in {"default": default, "past": past}.items()}
    assert share["default"].sum() == pytest.approx(100)
    assert share["default"]["CHN"] < share["past"]["CHN"] - 5


def test_a_path_meets_gdp_and_people_of_each_period() -> None:
    world = five_regions()
    periods = {2020: growth_table(world, gdp=0.04), 2022: growth_table(world, gdp=0.01, population=-0.01)}
    rates = pd.concat(periods, names=["until", "region"]).swaplevel().sort_index()
    path = Dynamics(world, Baseline.between(2018, 2022, rates)).run_baseline()
    grown = path.dataset()["qgdp"].sel(r="CHN").values
    assert grown / grown[0] == pytest.approx([1, 1.04, 1.04**2, 1.04**2 * 1.01, 1.04**2 * 1.01**2], abs=1e-8)
    with pytest.raises(ModelError, match="the growth table ends in 2022, before 2023"):
        Baseline.between(2018, 2023, rates)


def test_a_constant_rate_is_the_same_in_periods() -> None:
    world = five_regions()
    constant = growth_table(world, gdp=0.03)
    periods = pd.concat({2019: constant, 2030: constant}, names=["until", "region"]).swaplevel()
    one, other = (Baseline.between(2018, 2025, table) for table in (constant, periods))
    assert other.level("gdp", 2025, world.regions) == pytest.approx(one.level("gdp", 2025, world.regions), rel=1e-14)
    assert other.first_rate("gdp", world.regions).tolist() == one.first_rate("gdp", world.regions).tolist()


@pytest.mark.parametrize("year", ["2018", 2018.5, True, None])
def test_a_year_that_is_no_whole_number_is_one_clear_line(year) -> None:
    table = growth_table(five_regions())
    for made in (
        lambda: Baseline.between(year, 2020, table),
        lambda: Baseline.between(2018, year, table),
        lambda: Baseline((year,), table),
        lambda: Steady(rcep(), year),
        lambda: BeltAndRoadProgramme(start=year),
        lambda: BeltAndRoadProgramme(build_years=year),
    ):
        with pytest.raises(ModelError, match="write a whole number such as"):
            made()
    with pytest.raises(DataError, match="write a whole number such as 2018"):
        level(table, "gdp", 2018, year)


@pytest.mark.shared
def test_a_reader_is_not_told_that_2011_is_not_2011(shared: Path) -> None:
    for read in (
        lambda: read_wiod(shared / "wiod_2013", "2011"),
        lambda: read_trade_cube(shared / "oecd_icio_gross", "2018"),
        lambda: read_accounts(shared / "national_accounts", ["USA"], "2018"),
    ):
        with pytest.raises(DataError, match=r"the year asked for is '20.*write a whole number"):
            read()


def test_a_user_table_may_give_periods(tmp_path: Path) -> None:
    world = five_regions()
    path = tmp_path / "growth.csv"
    rows = [f"{r},{y},0.0{k},0.01" for r in world.regions for k, y in enumerate((2030, 2020), start=1)]
    path.write_text("region,until,gdp,population\n" + "\n".join(rows))
    rates = read_growth(world, path)
    assert list(rates.columns) == list(COLUMNS)
    assert level(rates, "gdp", 2018, 2021)["CHN"] == pytest.approx(1.02**2 * 1.01)
    path.write_text("region,until,gdp,population\n" + "\n".join(rows[:-1]))
    with pytest.raises(DataError, match="has no row until 2020, which other regions have"):
        read_growth(world, path)
    path.write_text("region,until,gdp,population\n" + "\n".join([*rows, rows[0]]))
    with pytest.raises(DataError, match="has a row already"):
        read_growth(world, path)


def pathways(folder: Path, wide: bool = False) -> Path:
    """A user's file of pathways: two scenarios, three countries, one of them incomplete."""
    path = folder / "ssp.csv"
    rows = ["Model,Scenario,Region,Variable,Unit,2020,2030" if wide else "scenario,iso3,year,population_mn,gdp_ppp_bn"]
    for scenario, rate in (("SSP1", 0.03), ("SSP2", 0.02)):
        for economy, start in (("CHN", 100.0), ("USA", 50.0), ("PAK", 10.0), ("DEU", 8.0), ("FRA", 2.0), ("XXX", 1.0)):
            later = start * (1 + rate) ** 10 if economy != "XXX" else ""
            if wide:
                rows.append(f"m,{scenario},{economy},GDP|PPP,bn,{start},{later}")
                rows.append(f"m,{scenario},{economy},Population,mn,{start / 10},{start / 10}")
            else:
                rows.append(f"{scenario},{economy},2020,{start / 10},{start}")
                rows.append(f"{scenario},{economy},2030,{start / 10},{later}")
    path.write_text("\n".join(rows))
    return path


@pytest.mark.parametrize("wide", [False, True])
def test_pathways_give_rates_by_region_and_say_who_is_left_out(tmp_path: Path, wide: bool) -> None:
    path = pathways(tmp_path, wide)
    assert read_ssp(path, "SSP1").incomplete == ("XXX",)
    world = five_regions()
    with pytest.raises(DataError, match="'ROW' of 'five' holds no economy"):
        read_growth(world, f"ssp2:{path}")
    text = path.read_text()
    more = "".join(
        f"\nm,{s},NOR,{v},x,1,1" if wide else f"\n{s},NOR,{v},1,1"
        for s in ("SSP1", "SSP2")
        for v in (("GDP|PPP", "Population") if wide else (2020, 2030))
    )
    path.write_text(text + more)
    rates = read_growth(world, f"SSP1:{path}")
    assert rates.loc[("EU", 2030), "gdp"] == pytest.approx(0.03)
    assert rates.loc[("ROW", 2030), "gdp"] == pytest.approx(0.0)
    assert "XXX" in rates.attrs["note"]
    assert "2020" in rates.attrs["note"]


def test_bad_pathways_are_named(tmp_path: Path) -> None:
    world, path = five_regions(), pathways(tmp_path)
    for choice, message in (
        ("ssp2", "not shipped .* ssp2:FILE"),
        (f"ssp6:{path}", "unknown scenario 'ssp6'"),
        (f"ssp3:{path}", "no scenario 'SSP3'.*it has SSP1, SSP2"),
        ("ssp2:nowhere.csv", "nowhere.csv"),
        ("pats", "'past'"),
    ):
        with pytest.raises(DataError, match=message):
            read_growth(world, choice)
    whole = path.read_text()
    for code in ("World", "WLD"):
        path.write_text(whole + f"\nSSP2,{code},2020,1,1")
        with pytest.raises(DataError, match=f"{code!r} is no ISO code of a country"):
            read_ssp(path, "SSP2")
    path.write_text(whole.replace("SSP2,USA,2030,5.0,", "SSP2,USA,2030,5.0,-"))
    with pytest.raises(DataError, match="gdp of SSP2 USA 2030 is '-"):
        read_ssp(path, "SSP2")
    assert growth_file("past") is None
    assert growth_file(f"ssp2:{path}") == path
    assert growth_file("mine.csv") == Path("mine.csv")


@pytest.mark.shared
def test_shipped_growth_is_what_the_script_builds(shared: Path) -> None:
    from calibration.datasets.growth_rates import build

    made = build(shared)
    for name in ("world", "world-2011"):
        benchmark = load_benchmark(name)
        for choice, file in ((None, "growth.csv"), ("past", "growth_past.csv")):
            shipped = read_growth(benchmark, choice)
            rows = made[file][made[file]["benchmark"] == name].set_index(list(shipped.index.names))
            assert shipped.to_numpy() == pytest.approx(rows.loc[shipped.index, list(COLUMNS)].to_numpy(), abs=6e-6)


@pytest.mark.shared
def test_shares_of_world_gdp_are_nearer_to_the_middle_pathway_than_the_past_carried_on(shared: Path) -> None:
    from calibration.datasets.growth_rates import convergence_rule, shares_beside_ssp

    shares = shares_beside_ssp(shared, load_benchmark("world"))
    ssp, default, past = (shares[f"2035 {name}"] for name in ("SSP2", "default", "past"))
    assert float((default - ssp).abs().sum()) < 0.4 * float((past - ssp).abs().sum())
    assert (default - ssp).abs().max() < 1.5  # percentage points
    rule, _ = convergence_rule(shared)
    assert 0.01 < rule.coefficients["gap"] < 0.03  # the two per cent of the literature (Barro 1991)
    # investment of before tells nothing: what it told over the sample itself was growth that raises investment
    firm = ["gap", "past"]
    assert (rule.coefficients[firm] > 2 * rule.errors[firm]).all()
    assert -1 < rule.coefficients["people"] < 0
