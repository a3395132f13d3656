"""Preferences of the rest of the world: its members' agreements, weighed with stated shares of its trade."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration import DataError
from calibration.preferences import agreements, economies_of, pairs_left, remaining, rest_members
from calibration.rest_of_world import MemberTrade, member_trade

REGIONS = ["DEU", "USA", "SAU", "CHN", "ROW"]


def _trade(sold: dict[str, float], fuels: dict[str, float] | None = None) -> MemberTrade:
    members = tuple(sold)
    facts = rest_members().loc[list(members)]
    mass = pd.Series(sold)
    share = facts["fuels"] if fuels is None else pd.Series(fuels)
    return MemberTrade(members, mass, mass, share, facts[["latitude", "longitude"]])


def test_shares_of_members_sum_to_one_and_fall_with_distance() -> None:
    trade = _trade({"SRB": 1.0, "LKA": 1.0}, {"SRB": 0.0, "LKA": 0.0})
    shares = trade.exports(["C29"], ["DEU", "IND"])
    assert shares.sum(1) == pytest.approx(np.ones((1, 2)))
    assert shares[0, 0, 0] > 0.75  # Serbia sells to Germany
    assert shares[0, 1, 1] > 0.75  # Sri Lanka to India


def test_fuels_come_from_those_who_sell_fuels_and_imports_from_all() -> None:
    trade = _trade({"KWT": 1.0, "SRB": 1.0}, {"KWT": 0.9, "SRB": 0.0})
    fuel, cars = trade.exports(["B06", "C29"], ["CHN"])[:, :, 0]
    assert fuel[1] == 0.0
    assert cars[1] > 0.8
    bought = trade.imports(["B06", "C29"], ["CHN"])
    assert bought[0] == pytest.approx(bought[1])


def test_the_rest_of_the_world_has_the_preferences_of_its_members_in_their_shares() -> None:
    goods = ["C13T15", "C29"]
    alone = remaining(goods, REGIONS, rest=_trade({"SRB": 1.0}))
    pairs = pairs_left(goods, ["DEU", "SRB"], 2018, [x for x in agreements() if x.counts(2018)])
    assert alone[:, 4, 0] == pytest.approx(pairs[:, 1, 0])  # into Germany
    assert alone[:, 0, 4] == pytest.approx(pairs[:, 0, 1])  # and back
    assert (alone[:, 4, 0] < 0.5).all()
    mixed = remaining(goods, REGIONS, rest=_trade({"SRB": 1.0, "IRN": 1.0}))
    assert (alone[:, 4, 0] < mixed[:, 4, 0]).all()  # Iran has none
    assert (mixed[:, 4, 0] < 1.0).all()
    assert (remaining(goods, REGIONS)[:, 4] == 1.0).all()  # without weights: no preference


def test_unions_and_schemes_of_members_are_in_force() -> None:
    pairs = pairs_left(["C29", "C13T15"], ["SAU", "KWT", "ZAF", "BWA", "USA", "ETH", "OMN", "EGY"], 2018, list(agreements()))
    assert (pairs[:, 0, 1] == 0.0).all()  # Gulf Cooperation Council
    assert (pairs[:, 3, 2] == 0.0).all()  # Southern African Customs Union
    assert pairs[1, 5, 4] < 0.3  # Ethiopia's clothing in the United States: AGOA
    assert pairs[1, 4, 5] == 1.0  # one way
    assert pairs[0, 6, 4] < 0.3  # United States-Oman


def test_each_member_has_a_place_and_a_share_of_fuels() -> None:
    facts = rest_members()
    assert facts["fuels"].between(0, 1).all()
    assert facts["latitude"].abs().max() <= 90
    assert facts.index.is_unique
    with pytest.raises(DataError, match="unknown economy or group 'KWTT'; did you mean 'KWT'"):
        economies_of("KWTT")


def test_a_member_without_facts_is_named(tmp_path) -> None:
    (tmp_path / "gdp_current_usd.csv").write_text("Country Code,Year,Value\nKWT,2018,1e9\nXYZ,2018,1e9\n")
    (tmp_path / "pwt_2011_2018.csv").write_text("isocode,year,v_x,v_m\nKWT,2018,10,-5\nXYZ,2018,10,-5\n")
    with pytest.raises(DataError, match=r"rest_members.csv has no row of XYZ; add its main city"):
        member_trade(tmp_path, ["USA", "ROW"], 2018)


def test_members_without_accounts_trade_in_proportion_to_their_product(tmp_path) -> None:
    (tmp_path / "gdp_current_usd.csv").write_text("Country Code,Year,Value\nKWT,2018,4e9\nSOM,2018,1e9\n")
    (tmp_path / "pwt_2011_2018.csv").write_text("isocode,year,v_x,v_m\nKWT,2018,2000,-1000\n")
    trade = member_trade(tmp_path, ["USA", "ROW"], 2018)
    assert trade.sold.to_dict() == pytest.approx({"KWT": 2000.0, "SOM": 500.0})
    assert trade.bought.to_dict() == pytest.approx({"KWT": 1000.0, "SOM": 250.0})


@pytest.mark.shared
def test_the_rule_finds_most_of_the_preferences_of_groups_whose_trade_is_known(shared) -> None:
    from benchmarks.hidden_members import hidden_members
    from calibration.readers import read_trade_cube

    found = hidden_members(shared, read_trade_cube(shared / "oecd_icio_gross"))
    large = found[found["without"] > 0.05]
    assert len(large) >= 10
    assert (large["error"] < 0.5 * large["without"]).all()  # nearer to the truth by half than no preference at all
    assert (found["rule"] < found["observed"] + 0.03).all()  # trade follows agreements: the rule finds too few, not too many


@pytest.mark.shared
def test_the_rest_of_the_world_pays_less_than_most_favoured_nations(shared) -> None:
    from benchmarks.tariff_yardsticks import imports_of_goods
    from calibration.readers import read_trade_cube
    from calibration.tariffs_2018 import tariffs_2018

    cube = read_trade_cube(shared / "oecd_icio_gross")
    made = tariffs_2018(shared, cube)
    flows, row = imports_of_goods(cube), cube.regions.index("ROW")
    mfn = np.broadcast_to(made.mfn.values[:, None, :], flows.shape)
    rates = made.applied.values
    sides = (np.s_[:, row], np.s_[:, :, row])
    faced, levied = ((flows[cell] * rates[cell]).sum() / (flows[cell] * mfn[cell]).sum() for cell in sides)
    assert 0.5 < faced < 0.9
    assert 0.7 < levied < 0.95
