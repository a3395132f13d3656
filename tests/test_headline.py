"""The headline table is what the shipped world gives, and every distance from a published figure is explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.headline import BEFORE, CHANGES, OUT, OUT_BEFORE, POLICIES, cases, one_policy
from benchmarks.headline_published import PUBLISHED, TIAN, beside_published, far_apart
from calibration import load_benchmark
from calibration.datasets.world_2018 import build
from calibration.errors import DataError
from cge.catalogue import questions

POINTS = 0.002
"""Points of welfare by which a stored figure may differ from a fresh one."""


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    held: dict[str, Any] = json.loads(OUT.read_text(encoding="utf-8"))
    return held


@pytest.mark.parametrize(
    ("policy", "capital"), [("rcep", "fixed"), ("rcep", "steady"), ("us-china", "fixed"), ("free-trade", "fixed")]
)
def test_stored_rows_are_what_the_shipped_world_gives_now(stored, policy: str, capital: str) -> None:
    fresh = one_policy(policy, load_benchmark(), capital)  # type: ignore[arg-type]
    held = stored["results"]["now"][capital][policy]
    assert set(held["welfare"]) == set(fresh["welfare"])
    for r, welfare in fresh["welfare"].items():
        assert held["welfare"][r] == pytest.approx(welfare, abs=POINTS), (r, "make headline")
    assert held["world"] == pytest.approx(fresh["world"], abs=0.1)  # billion USD


def test_demand_by_choice_is_the_stored_world_without_income_elasticities(stored) -> None:
    fresh = one_policy("rcep", load_benchmark().with_demand("cobb-douglas"), "fixed")
    held = stored["results"]["without demand"]["fixed"]["rcep"]["welfare"]
    assert all(held[r] == pytest.approx(v, abs=POINTS) for r, v in fresh["welfare"].items())


def test_world_before_is_told_and_reproduced_when_every_change_is_left_out(stored) -> None:
    before = json.loads(OUT_BEFORE.read_text(encoding="utf-8"))
    assert before["provenance"]["commit"] == BEFORE
    for capital, policies in stored["results"]["none"].items():
        for policy, found in policies.items():
            old = before["results"][capital][policy]["welfare"]
            # labour by occupation cannot be left out; it tells most where capital adjusts
            near = {r: pytest.approx(v, abs=0.003 + 1e-3 * abs(v)) for r, v in found["welfare"].items()}
            assert old == near, (capital, policy)


def test_every_change_is_left_out_once_and_stands_alone_once(stored) -> None:
    assert set(stored["results"]) == set(cases())
    assert {f"without {k}" for k in CHANGES} | {f"{k} alone" for k in CHANGES} | {"now", "none"} == set(cases())
    for by_capital in stored["results"].values():
        assert all(set(POLICIES) <= set(found) for found in by_capital.values())


def test_capital_that_adjusts_adds_to_gains_of_world_income(stored) -> None:
    now = stored["results"]["now"]
    for policy in ("rcep", "belt-and-road", "free-trade"):
        assert now["steady"][policy]["world"] > now["fixed"][policy]["world"] > 0


def test_each_distance_from_a_published_figure_above_a_factor_of_two_has_its_reason(stored) -> None:
    gdp = float(load_benchmark().sam.gdp().sum()) / 1e3
    table = beside_published(stored, gdp)
    assert {row.policy for row in PUBLISHED} == {*POLICIES, "usmca"} <= set(questions())
    for _, row in table.iterrows():
        if far_apart(row["here, capital fixed"], row["published"]):
            assert len(row["why the distance"].split()) > 8, (row["study"], row["economy"])


def test_signs_and_factors_tell_what_is_far() -> None:
    assert not far_apart(0.25, 0.3)
    assert far_apart(0.1, 0.3)
    assert far_apart(-0.3, 0.3)
    assert far_apart(0.0, 0.3)


def test_published_gain_of_viet_nam_exceeds_all_duties_between_it_and_members() -> None:
    world = load_benchmark()
    duty = (world.sam.data["vmsb"] - world.sam.data["vcif"]).sum("i")
    members = "CHN JPN KOR AUS NZL IDN THA MYS SGP PHL XSE".split()
    both = float(duty.sel(s=members, d="VNM").sum() + duty.sel(s="VNM", d=members).sum())
    gdp = dict(zip(world.regions, world.sam.gdp(), strict=True))["VNM"]
    published = next(row.value for row in PUBLISHED if row.study == TIAN and row.economy == "VNM")
    assert 100 * both / gdp < published / 4


def test_an_unknown_step_of_the_build_is_refused_before_anything_is_read() -> None:
    with pytest.raises(DataError, match=r"unknown steps of the build 'frieght'.*freight.*known: freight, capital"):
        build(Path("nowhere"), without=["frieght"])
