"""Figures show the numbers of the run, and every policy can be told in parts that add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from calibration import load_benchmark
from cge import Scenario, solve
from cge.figure import Figure
from cge.report import figures, findings
from cge.report.draw import draw
from cge.report.tiles import places
from policies import belt_and_road, rcep, tariff_change, us_china


@pytest.fixture(scope="module")
def run():
    return solve(Scenario(load_benchmark()).under(rcep()))


@pytest.fixture(scope="module")
def parts(run):
    found = findings.contributions(run)
    assert found is not None
    return found


def test_parts_of_a_policy_add_up_to_its_welfare(run, parts) -> None:
    inside = [c for c in parts.columns if c != "total"]
    assert np.allclose(parts[inside].sum(axis=1), parts["total"], atol=1e-12)
    assert np.allclose(parts["total"], findings.welfare(run)["welfare"][parts.index], atol=2e-4)  # three nodes of the path
    # who lowers duties on goods of both: China's cuts help Japan, its own cuts cost it terms of trade
    assert parts.loc["JPN", "CHN"] > 0 > parts.loc["CHN", "CHN"]


def test_parts_are_by_instrument_or_by_actor() -> None:
    world = load_benchmark()
    assert list(findings.policy_parts(us_china(), world)) == ["USA", "CHN"]
    assert set(findings.policy_parts(rcep(ntm_cut=0.02), world)) == {"tms", "ams"}
    assert len(findings.policy_parts(belt_and_road(), world)) == len({c.instrument for c in belt_and_road().instruments})
    everyone = findings.policy_parts(tariff_change(times=0.0, name="free-trade"), world)
    assert list(everyone) == world.regions


def test_parts_of_a_policy_are_the_policy(run) -> None:
    model = run.base.model
    whole = rcep().changes(model)["tms"]
    joint = 1.0
    for part in findings.policy_parts(rcep(), model.benchmark).values():
        joint = joint * part.changes(model)["tms"]
    assert float(abs(joint - whole).max()) < 1e-12


def test_range_holds_the_benchmarks_own_elasticities(run) -> None:
    told: list[float] = []
    found = findings.welfare_range(Scenario().under(rcep()), studies=["gtap", "fontagne"], report=told.append)
    assert np.allclose(found["gtap"], run.comparison.table()["welfare_percent"], atol=1e-7)
    assert told == [0.5, 1.0]
    assert (found.max(axis=1) >= found["gtap"]).all()


def test_heat_maps_hold_the_comparison(run) -> None:
    trade = findings.trade_change(run.comparison)
    flows = run.comparison.bilateral().sum("i")
    pair = flows.sel(s="JPN", d="CHN")
    assert trade.loc["JPN", "CHN"] == pytest.approx(100 * float(pair["after"] / pair["before"] - 1))
    assert np.isnan(np.diag(trade)).all()
    output = findings.output_change(run)
    assert output.loc["mot", "JPN"] == pytest.approx(float(run.comparison.percent("qo").sel(i="mot", r="JPN")))
    assert set(run.members) <= set(output.columns)


def test_every_region_has_a_tile_of_its_own() -> None:
    for name in ("world", "world-2011"):
        grid = places(load_benchmark(name).regions)
        assert len(set(grid.values())) == len(grid)
    assert places(["EU", "AAA", "BBB"])["AAA"] != places(["EU", "AAA", "BBB"])["BBB"]


def test_waterfall_ends_where_the_parts_sum() -> None:
    parts = pd.Series({"a": 1.0, "b": -3.0, "total": -2.0})
    bars = draw(Figure(name="f", kind="waterfall", title="t", unit="%", frame=parts)).axes[0].patches
    assert [b.get_x() for b in bars] == [0.0, 1.0, 0.0]
    assert [b.get_width() for b in bars] == [1.0, -3.0, -2.0]


def test_bars_are_labelled_and_losses_hatched(run) -> None:
    welfare = findings.welfare(run)["welfare"]
    ranged = replace(run, ranges=pd.DataFrame({"a": welfare - 0.1, "b": 0.5}))
    axis = ranged.figure("welfare").axes[0]
    labels = {t.get_text() for t in axis.texts}
    assert f"{welfare['JPN']:+.2f}" in labels
    for bar in axis.patches:
        assert (bar.get_hatch() is not None) == (bar.get_width() < 0)
    assert "%" in axis.get_title(loc="left")
    note = ranged.figure_data("welfare").note
    assert note == "24 of 35 regions, those that move most; line: range over studies of elasticities"


def test_figures_of_a_run_hold_its_findings(run, parts) -> None:
    welfare = findings.welfare(run)["welfare"]
    assert run.figure_data("map").series.to_dict() == pytest.approx(welfare.to_dict())
    trade = findings.trade_change(run.comparison).to_numpy()
    assert np.nanmax(abs(run.figure_data("trade").frame.to_numpy() - trade)) == 0
    assert run.figure_data("prices").frame.equals(findings.price_change(run))
    told = figures.parts_of(parts, findings.told_region(run, parts))
    assert told.series["total"] == pytest.approx(parts.loc[findings.told_region(run, parts), "total"])
