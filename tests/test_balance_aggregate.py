"""Balancing and aggregation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration import DataError, aggregate, aggregate_benchmark, gras, load_benchmark, ras, read_mapping
from calibration.gtap import standard_gtap
from calibration.sam import SCHEMA
from cge import Model


def test_ras_of_two_by_two_keeps_the_cross_product_ratio() -> None:
    # the closed form: RAS preserves odds ratios, so the new first cell solves a quadratic
    prior = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = ras(prior, np.array([5.0, 7.0]), np.array([6.0, 6.0])).matrix
    odds = prior[0, 0] * prior[1, 1] / (prior[0, 1] * prior[1, 0])
    assert found[0, 0] * found[1, 1] / (found[0, 1] * found[1, 0]) == pytest.approx(odds, rel=1e-8)
    # x (x + 1) = odds (5 - x)(6 - x) from the margins: the positive root below 5
    roots = np.roots([1 - odds, 1 + 11 * odds, -30 * odds])
    assert found[0, 0] == pytest.approx(min(x for x in roots if 0 < x < 5), rel=1e-8)
    assert np.allclose(found.sum(1), [5, 7])
    assert np.allclose(found.sum(0), [6, 6])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_gras_meets_targets_and_keeps_every_sign(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prior = rng.lognormal(0, 1, (5, 6))
    prior[rng.uniform(size=prior.shape) < 0.2] *= -0.1
    true = np.where(prior > 0, prior * rng.uniform(0.7, 1.4, prior.shape), prior * rng.uniform(0.7, 1.4, prior.shape))
    out = gras(prior, true.sum(1), true.sum(0))
    assert abs(out.matrix.sum(1) - true.sum(1)).max() < 1e-9 * abs(true.sum(1)).max()
    assert abs(out.matrix.sum(0) - true.sum(0)).max() < 1e-9 * abs(true.sum(1)).max()
    assert (np.sign(out.matrix) == np.sign(prior)).all()
    assert len(out.changes) == 20


def test_balanced_matrix_is_returned_unchanged() -> None:
    prior = np.array([[1.0, -0.5], [2.0, 3.0]])
    assert np.allclose(gras(prior, prior.sum(1), prior.sum(0)).matrix, prior, rtol=1e-9)


def test_infeasible_targets_name_the_account() -> None:
    with pytest.raises(DataError, match="row account 'mining'"):
        ras(
            np.array([[0.0, 0.0], [1.0, 1.0]]),
            np.array([1.0, 1.0]),
            np.array([1.0, 1.0]),
            labels=(["mining", "food"], ["a", "b"]),
        )
    with pytest.raises(DataError, match="row targets sum to"):
        ras(np.ones((2, 2)), np.array([1.0, 1.0]), np.array([1.0, 2.0]))
    with pytest.raises(DataError, match="use gras"):
        ras(-np.ones((2, 2)), np.ones(2), np.ones(2))
    with pytest.raises(DataError, match="infeasible"):
        ras(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([3.0, 1.0]), np.array([1.0, 3.0]), limit=200)


def test_aggregation_conserves_every_total(world) -> None:
    regions = {r: "ASIA" if r in ("CHN", "JPN", "KOR") else "REST" for r in world.regions}
    sectors = {s: "goods" if s not in ("trd", "bus", "svc", "utc") else "services" for s in world.commodities}
    small = aggregate(world.sam, regions, sectors)
    for header in SCHEMA:
        assert small[header].sum() == pytest.approx(world.sam[header].sum(), rel=1e-12, abs=1e-9)
    assert small.check().empty
    inner = world.sam.data["vxsb"].sel(s=["CHN", "JPN", "KOR"], d=["CHN", "JPN", "KOR"]).sum()
    assert float(small.data["vxsb"].sel(s="ASIA", d="ASIA").sum()) == pytest.approx(float(inner), rel=1e-12)


def test_mappings_must_be_complete_and_known(world, tmp_path) -> None:
    regions = {r: "X" for r in world.regions if r != "KOR"}
    with pytest.raises(DataError, match="leaves out KOR"):
        aggregate(world.sam, regions)
    with pytest.raises(DataError, match="unknown KORR; did you mean 'KOR'"):
        aggregate(world.sam, {**{r: "X" for r in world.regions}, "KORR": "X"})
    path = tmp_path / "map.csv"
    path.write_text("from,to\nUSA,NA\nUSA,EU\n")
    with pytest.raises(DataError, match="'USA' is mapped twice"):
        read_mapping(path)
    with pytest.raises(DataError, match="not found"):
        read_mapping(tmp_path / "none.csv")


def test_a_coarser_benchmark_keeps_totals_and_averages_elasticities() -> None:
    world = load_benchmark()
    regions = {r: r if r in ("USA", "CHN") else "REST" for r in world.regions}
    sectors = {c: "srv" if c in ("utl", "cns", "trd", "bus", "pub") else "gds" for c in world.commodities}
    small = aggregate_benchmark(world, regions, sectors)
    assert small.regions == ["USA", "REST", "CHN"]
    assert small.sam.gdp().sum() == pytest.approx(world.sam.gdp().sum())
    paid = world.sam  # imports weigh at what their users pay, taxes in
    imports = paid["vmfp"].sum(1) + paid["vmpp"] + paid["vmgp"] + paid["vmip"]
    goods = [k for k, c in enumerate(world.commodities) if sectors[c] == "gds"]
    usa = world.regions.index("USA")
    mean = (world.elasticities["esubm"].values[goods, usa] * imports[goods, usa]).sum() / imports[goods, usa].sum()
    assert float(small.elasticities["esubm"].sel(i="gds", r="USA")) == pytest.approx(mean)
    assert float(small.satellites["co2"].sum()) == pytest.approx(float(world.satellites["co2"].sum()))
    # who is inside: policies shock groups by their members
    assert sum(small.groups["REST"].values()) == pytest.approx(1.0)
    rest = small.participation(["JPN"])["REST"]
    gdp = dict(zip(world.regions, world.sam.gdp(), strict=True))
    assert rest == pytest.approx(gdp["JPN"] / sum(v for r, v in gdp.items() if r not in ("USA", "CHN")), rel=1e-3)
    base = Model(small).solve()
    assert abs(base.arrays["pds"] - 1).max() < 1e-9


def test_aggregation_keeps_the_identity_mapping() -> None:
    world = load_benchmark("world-2011")
    same = aggregate_benchmark(world)
    for symbol in world.elasticities.data_vars:
        assert same.elasticities[symbol].values == pytest.approx(world.elasticities[symbol].values)


def test_aggregation_of_foreign_parameters_is_refused() -> None:
    world = standard_gtap(load_benchmark("world-2011"))
    foreign = world.elasticities.assign(mood=world.elasticities["esubg"])
    with pytest.raises(DataError, match="cannot average: mood"):
        aggregate_benchmark(replace(world, elasticities=foreign))
