"""The tariff war as policy data."""

from __future__ import annotations

import pytest

from cge import Scenario, ShockError, solve
from policies.us_china_tariffs import duties, us_china


def test_the_war_hurts_both_and_diverts_trade_to_others() -> None:
    found = solve(Scenario().under(us_china()))
    table = found.comparison.table()
    assert table.loc[["USA", "CHN"], "welfare_percent"].max() < 0
    assert table.loc[["MEX", "VNM"], "welfare_percent"].min() > 0
    flows = found.comparison.bilateral().sum("i")
    assert float(flows["after"].sel(s="CHN", d="USA") / flows["before"].sel(s="CHN", d="USA")) < 0.8
    assert float(flows["after"].sel(s="VNM", d="USA") / flows["before"].sel(s="VNM", d="USA")) > 1.03


def test_retaliation_costs_the_united_states() -> None:
    alone = solve(Scenario().under(us_china(retaliation=False))).comparison.table()
    answered = solve(Scenario().under(us_china())).comparison.table()
    assert answered.loc["USA", "welfare_percent"] < alone.loc["USA", "welfare_percent"]


def test_duties_rise_and_then_ease_as_the_lists_did() -> None:
    table = duties()["us_on_china"].groupby(level=["benchmark", "stage"]).mean()["world"]
    assert table["2018-09"] < table["2019-06"] < table["2020-02"] < table["2019-09"]
    with pytest.raises(ShockError, match="unknown stage '2020-03'; did you mean '2020-02'"):
        us_china("2020-03")


def test_the_old_sectors_have_their_own_duties() -> None:
    assert solve(Scenario("world-2011").under(us_china("2019-06", sectors="world-2011"))).after.max_residual < 1e-9


@pytest.mark.shared
def test_shipped_duties_are_what_the_script_builds(shared) -> None:
    import pandas as pd

    from policies.data.us_china_duties import build

    pd.testing.assert_frame_equal(build(shared).set_index(["benchmark", "stage", "sector"]).sort_index(), duties())
    # unweighted means by WIOD sector were computed apart from the same lines: textiles (with leather) 2020-02
    assert duties().loc[("world-2011", "2020-02", "tex"), "us_on_china"] == pytest.approx(0.162, abs=0.01)
