"""Oil from gas, electricity from other utilities: a sector in two parts, and the world built so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration import load_benchmark
from calibration.errors import DataError
from calibration.sam import Sam
from calibration.split_energy import Costs, split_energy_sector
from cge import Model
from tests.worlds import random_benchmark

PARTS = ("x", "y")


@pytest.fixture(scope="module")
def whole() -> Sam:
    return random_benchmark(4, 3, seed=11).sam


def shares(sam: Sam, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """What users are thought to buy of the first part, and what regions make."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1, 0.9, (len(sam.commodities) + 3, len(sam.regions))), rng.uniform(0.2, 0.8, len(sam.regions))


def split(sam: Sam, costs: Costs | None = None, k: int = 1) -> Sam:
    wanted, made = shares(sam)
    return split_energy_sector(sam, sam.commodities[k], PARTS, wanted, made, costs)


def test_the_parts_add_up_to_the_sector_in_every_cell(whole) -> None:
    parts = split(whole)
    assert len(parts.check()) == 0
    assert parts.gdp() == pytest.approx(whole.gdp(), rel=1e-12)
    label = whole.commodities[1]
    for header in ("vxsb", "vmsb", "vmub", "vdpb", "vmip"):
        both = parts.data[header].sel(i="x", drop=True) + parts.data[header].sel(i="y", drop=True)
        assert both.values == pytest.approx(whole.data[header].sel(i=label).values, rel=1e-12)
    both = parts.data["evfb"].sel(a="x", drop=True) + parts.data["evfb"].sel(a="y", drop=True)
    assert both.values == pytest.approx(whole.data["evfb"].sel(a=label).values, rel=1e-12)
    used = parts.data["vdfb"].sel(i=list(PARTS), a=list(PARTS)).sum(("i", "a"))
    assert used.values == pytest.approx(whole.data["vdfb"].sel(i=label, a=label).values, rel=1e-12)


def test_each_region_makes_the_parts_in_the_stated_shares(whole) -> None:
    parts, (_, made) = split(whole), shares(whole)
    output = parts.data["makb"].sum("i")
    assert (output.sel(a="x") / (output.sel(a="x") + output.sel(a="y"))).values == pytest.approx(made, abs=1e-9)


def test_from_one_origin_users_keep_their_relative_odds(whole) -> None:
    parts, (wanted, _) = split(whole), shares(whole)
    for r, region in enumerate(whole.regions):
        bought = [parts.data[f"vd{agent}b"].sel(r=region) for agent in "pgi"]
        odds = np.array([float(agent.sel(i="x") / agent.sel(i="y")) for agent in bought])
        first = wanted[-3:, r] / (1 - wanted[-3:, r])
        assert odds / odds[0] == pytest.approx(first / first[0], rel=1e-9)


def test_duties_and_taxes_keep_their_rates(whole) -> None:
    parts, label = split(whole), whole.commodities[1]
    before = (whole.data["vmsb"] / whole.data["vcif"]).sel(i=label).values
    for part in PARTS:
        after = (parts.data["vmsb"] / parts.data["vcif"]).sel(i=part).values
        there = parts.data["vcif"].sel(i=part).values > 0
        assert after[there] == pytest.approx(before[there], rel=1e-12)


def test_named_inputs_go_to_one_part_as_far_as_its_other_costs_allow(whole) -> None:
    fuel = whole.commodities[0]
    parts = split(whole, Costs((fuel,), 0.9, 0.1))
    assert len(parts.check()) == 0
    used = parts.data["vdfp"].sel(i=fuel) + parts.data["vmfp"].sel(i=fuel)
    taken = (used.sel(a="x") / (used.sel(a="x") + used.sel(a="y"))).values
    output = parts.data["maks"].sum("i")
    for r, share in enumerate(taken):
        full = abs(share - 0.9) < 1e-9
        other = 1 - float((used / output).sel(a="x").values[r])
        assert (
            full
            or other == pytest.approx(0.1, abs=1e-9)
            or 1 - float((used / output).sel(a="y").values[r]) == (pytest.approx(0.1, abs=1e-9))
        )


def test_bad_splits_are_named(whole) -> None:
    wanted, made = shares(whole)
    with pytest.raises(DataError, match="unknown sector 'coal'"):
        split_energy_sector(whole, "coal", PARTS, wanted, made)
    with pytest.raises(DataError, match="label 'g0' is in use"):
        split_energy_sector(whole, "g1", ("g0", "y"), wanted, made)
    with pytest.raises(DataError, match="made: shares of x must lie between 0 and 1"):
        split_energy_sector(whole, "g1", PARTS, wanted, made + 1)


@pytest.fixture(scope="module")
def world_energy(shared: Path):
    from calibration.datasets.world_2018 import build
    from calibration.datasets.world_with_energy import world_with_energy

    return world_with_energy(build(shared).full, shared)


@pytest.mark.shared
def test_world_energy_is_the_world_with_energy_apart(world_energy) -> None:
    world = load_benchmark()
    assert len(world_energy.commodities) == len(world.commodities) + 3
    assert world_energy.regions == world.regions
    assert world_energy.sam.largest_gap() < 1e-9
    assert world_energy.sam.gdp() == pytest.approx(world.sam.gdp(), rel=1e-9)
    for old, new in (("ene", ["coa", "oil", "gas"]), ("utl", ["ely", "wtr"])):
        for header in ("vmsb", "vdpb"):
            assert world_energy.sam.data[header].sel(i=new).sum("i").values == pytest.approx(
                world.sam.data[header].sel(i=old).values, rel=1e-9, abs=1e-6
            )
        for name in ("co2", "energy", "co2_fuel"):
            both = world_energy.satellites[name].sel(a=new).sum("a")
            assert both.values == pytest.approx(world.satellites[name].sel(a=old).values, rel=1e-9, abs=1e-9)


@pytest.mark.shared
def test_oil_and_gas_flow_as_they_do(world_energy) -> None:
    data = world_energy.sam.data
    bought = (data["vdfb"] + data["vmfb"]).sel(a="pet").sum("r")
    assert float(bought.sel(i="oil") / (bought.sel(i="oil") + bought.sel(i="gas"))) > 0.9  # refineries run on oil
    into_japan = data["vcif"].sel(d="JPN")
    assert float(into_japan.sel(i="gas", s="AUS")) > 3 * float(into_japan.sel(i="oil", s="AUS"))
    assert float(into_japan.sel(i="oil", s="SAU")) > 5 * float(into_japan.sel(i="gas", s="SAU"))
    made = data["makb"].sum("i")
    assert 0.6 < float(made.sel(a="ely").sum() / made.sel(a=["ely", "wtr"]).sum()) < 0.8
    burnt = world_energy.satellites["co2_fuel"].sel(a="ely").sum()
    assert float(burnt / world_energy.satellites["co2"].sum()) > 0.35  # power is the largest emitter


@pytest.mark.shared
def test_world_energy_replicates_and_grows(world_energy) -> None:
    from calibration.growth import read_growth

    assert Model(world_energy).solve().max_residual < 1e-9
    assert read_growth(world_energy).equals(read_growth(load_benchmark()))
