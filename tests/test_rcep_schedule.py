"""RCEP phased in: schedules by line for Japan and Australia, the declared rule for the others."""

from __future__ import annotations

import json

import numpy as np
import pytest

from calibration import load_benchmark
from cge import Scenario, ShockError, find_policy, solve
from cge.policy.policy import Policy
from policies.rcep_schedule import cuts, rcep_changes, rcep_rates, schedules, share_left
from policies.rcep_tariffs import RCEP_MEMBERS, rcep


@pytest.fixture(scope="module")
def world_2018():
    return load_benchmark("world")


def test_shares_of_a_duty_add_up() -> None:
    table = schedules()
    assert abs(table[["free", "steps11", "steps16", "stays"]].sum(axis=1) - 1).max() < 2e-3
    assert (table[["free", "steps11", "steps16", "stays"]] >= 0).all().all()


def test_duties_fall_year_by_year_to_what_stays() -> None:
    for importer, exporter in (("JPN", "CHN"), ("JPN", "VNM"), ("KOR", "JPN"), ("CHN", "JPN"), ("THA", "CHN")):
        path = [share_left(importer, exporter, "tex", y) for y in range(2021, 2045)]
        assert path[0] == 1.0
        assert np.all(np.diff(path) <= 1e-12)
        assert path[-1] < 0.45
    stays = schedules().loc[("JPN", "CHN", "tex"), "stays"]
    assert share_left("JPN", "CHN", "tex", 2044) == pytest.approx(stays)


def test_eleven_equal_cuts_end_with_the_eleventh() -> None:
    row = schedules().loc[("JPN", "CHN", "rub")]
    assert cuts("JPN", 2026) == 6  # the schedule of fiscal 2026 holds the sixth cut
    expected = row["stays"] + row["steps11"] * 5 / 11 + row["steps16"] * 10 / 16
    assert share_left("JPN", "CHN", "rub", 2026) == pytest.approx(expected)
    assert share_left("JPN", "CHN", "rub", 2031) == pytest.approx(row["stays"] + row["steps16"] * 5 / 16)


def test_australia_opens_at_once_but_for_its_list() -> None:
    assert share_left("AUS", "CHN", "tex", 2022) == 0.0
    assert 0.0 < share_left("AUS", "CHN", "chm", 2040) < 0.15


def test_old_partners_are_treated_as_japan_treats_asean_and_new_ones_as_it_treats_china() -> None:
    assert share_left("THA", "CHN", "chm", 2025) == pytest.approx(share_left("JPN", "THA", "chm", 2025) * 1.0, abs=0.05)
    assert share_left("KOR", "JPN", "chm", 2025) > share_left("KOR", "VNM", "chm", 2025)


def test_rates_only_fall_and_only_among_members(world_2018) -> None:
    sam = world_2018.sam
    old = np.where(sam["vcif"] > 0, sam["vmsb"] / np.maximum(sam["vcif"], 1e-300) - 1, 0.0)
    new = rcep_rates(world_2018, RCEP_MEMBERS, 2035).values
    assert (new <= old + 1e-12).all()
    moved = {world_2018.regions[k] for k in np.unique(np.argwhere(new < old - 1e-9)[:, 1:])}
    assert moved <= {*RCEP_MEMBERS, "XSE"}
    early = rcep_rates(world_2018, RCEP_MEMBERS, 2023).values
    assert (new <= early + 1e-12).all()
    assert rcep_rates(world_2018, RCEP_MEMBERS, 2021).values == pytest.approx(old, abs=1e-12)


def test_changes_make_a_policy(world_2018) -> None:
    changes = rcep_changes(world_2018, RCEP_MEMBERS, 2035)
    assert changes
    assert Policy(name="rcep-2035", members=RCEP_MEMBERS, instruments=changes).instruments == changes
    assert all(c.rate_to is not None and c.rate_to >= 0 for c in changes)
    assert "in 2035" in changes[0].note


def test_bad_choices_are_named(world_2018) -> None:
    with pytest.raises(ShockError, match="share between 0 and 1"):
        rcep_rates(world_2018, RCEP_MEMBERS, 2035, use=70)
    with pytest.raises(ShockError, match="whole number"):
        rcep_rates(world_2018, RCEP_MEMBERS, 2035.5)
    with pytest.raises(ShockError, match="sectors of the default world"):
        rcep_rates(load_benchmark("world-2011"), RCEP_MEMBERS, 2035)


def test_a_year_phases_the_policy_in(world_2018) -> None:
    phased = rcep(year=2035)
    assert phased.name == "rcep-2035"
    assert phased.instruments == rcep_changes(world_2018, RCEP_MEMBERS, 2035)
    assert rcep(year=2035, benchmark=world_2018, use=0.7).instruments == phased.instruments
    assert find_policy("rcep", world_2018, year=2035) == phased
    more = rcep(year=2035, use=1.0, ntm_cut=0.02)
    assert more.instruments[-1].instrument == "ams"
    assert sum(c.rate_to for c in more.instruments[:-1]) < sum(c.rate_to for c in phased.instruments)


def test_a_year_survives_its_file(tmp_path) -> None:
    phased = rcep(year=2030)
    phased.to_yaml(tmp_path / "rcep-2030.yaml")
    assert find_policy(str(tmp_path / "rcep-2030.yaml")) == phased


def test_later_years_cut_more(world_2018) -> None:
    bloc = [solve(Scenario(world_2018).under(rcep(year=y))).summary()["intra_trade_percent"] for y in (2022, 2030, 2042)]
    assert 0 < bloc[0] < bloc[1] < bloc[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"year": 2021}, "in force from 2022"),
        ({"year": "2035"}, "whole number such as 2035"),
        ({"year": True}, "whole number such as 2035"),
        ({"year": 2035, "tariff_cut": 0.5}, "tariff_cut and year=2035 exclude each other"),
        ({"year": 2035, "tariffs": False}, "tariffs=False and year=2035 exclude each other"),
        ({"year": 2035, "cumulation": "full"}, "cumulation and year=2035 exclude each other"),
        ({"year": 2035, "use": 70}, "share between 0 and 1"),
        ({"use": 0.5}, "use belongs to a year"),
        ({"benchmark": load_benchmark("world-2011")}, "benchmark belongs to a year"),
        ({"year": 2035, "benchmark": load_benchmark("world-2011")}, "sectors of the default world"),
    ],
)
def test_options_that_contradict_a_year_are_named(options, message: str) -> None:
    with pytest.raises(ShockError, match=message):
        rcep(**options)


def test_a_year_for_a_policy_without_a_schedule_is_refused(command) -> None:
    with pytest.raises(ShockError, match="us-china has no option 'year'; it belongs to rcep"):
        find_policy("us-china", year=2035)
    with pytest.raises(ShockError, match=r"rcep\.yaml has no option 'year'"):
        find_policy("rcep.yaml", year=2035)
    code, _, err = command("run", "free-trade", "--year", "2035")
    assert code == 2
    assert "--year does not apply: it belongs to rcep" in err
    code, out, _ = command("run", "rcep", "--year", "2035", "--json")
    assert code == 0
    assert json.loads(out)["policy"] == "rcep-2035"


def test_the_agreement_of_2035_is_worth_less_than_removing_every_duty(world_2018) -> None:
    partial, full = (solve(Scenario(world_2018).under(policy)).summary() for policy in (rcep(year=2035), rcep()))
    assert 0.0 < partial["bloc_welfare_percent"] < full["bloc_welfare_percent"]
    assert 0.0 < partial["intra_trade_percent"] < full["intra_trade_percent"]
    # the first agreement between Japan and Korea, and between Japan and China: both gain
    assert min(partial["regions"][r]["welfare_percent"] for r in ("JPN", "KOR")) > 0.05
