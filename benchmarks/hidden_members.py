"""The rule that weighs the agreements of the rest of the world, tried on groups of economies whose trade is observed.

Each group is treated as a rest of the world: who of its members trades with whom is estimated by
:mod:`calibration.rest_of_world` and compared with the trade cube. Needs the raw tables of ``../shared/data``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from calibration.classification import GOODS
from calibration.datasets.world_2018 import GROUPED
from calibration.distances import main_places
from calibration.preferences import in_force, pairs_left
from calibration.readers.oecd_cube import TradeCube
from calibration.rest_of_world import FUELS, MemberTrade

HIDDEN = ("XSE", "XEU", "XLA", "XME", "XAF", "all")
"""Groups of the default world that play the rest of the world in turn, and all of them at once."""


def hidden_members(shared: Path, cube: TradeCube) -> pd.DataFrame:
    """Share of duties removed in trade with a hidden group, observed and by the rule.

    Returns
    -------
    DataFrame
        Index (group, side: sold, bought); ``observed``, ``rule``: mean share removed, weighted with the group's trade in goods;
        ``error``: mean absolute difference over partners and goods, weighted alike; ``without``: the same error where the group
        has no preference.
    """
    penn = pd.read_csv(shared / "national_accounts" / "pwt_2011_2018.csv")
    penn = penn[penn["year"] == cube.year].set_index("isocode")[["v_x", "v_m"]].abs()
    goods, regions = list(GOODS), cube.regions
    flows = cube.flows.sel(i=goods).transpose("i", "s", "d").values
    left = pairs_left(goods, regions, cube.year, in_force(cube.year))
    rows = {}
    for group in HIDDEN:
        chosen = HIDDEN if group == "all" else (group,)
        members = [r for r in regions if GROUPED.get(r) in chosen]
        partners = [r for r in regions if r != "ROW" and r not in members]
        inside, outside = [regions.index(r) for r in members], [regions.index(r) for r in partners]
        made = flows[:, inside].sum(2) - flows[:, inside, inside]
        fuel = made[np.isin(goods, FUELS)].sum(0) / made.sum(0)
        trade = MemberTrade(
            tuple(members), penn.loc[members, "v_x"], penn.loc[members, "v_m"], pd.Series(fuel, members), main_places(members)
        )
        for side, weights in (("sold", trade.exports(goods, partners)), ("bought", trade.imports(goods, partners))):
            cell = np.ix_(range(len(goods)), inside, outside) if side == "sold" else np.ix_(range(len(goods)), outside, inside)
            flow, removed = flows[cell], 1.0 - left[cell]
            if side == "bought":
                flow, removed = flow.swapaxes(1, 2), removed.swapaxes(1, 2)
            whole = flow.sum(1)
            observed = (flow * removed).sum(1) / np.where(whole > 0, whole, 1.0)
            rule = (weights * removed).sum(1)
            rows[group, side] = {
                "observed": (whole * observed).sum() / whole.sum(),
                "rule": (whole * rule).sum() / whole.sum(),
                "error": (whole * abs(rule - observed)).sum() / whole.sum(),
                "without": (whole * observed).sum() / whole.sum(),
            }
    return pd.DataFrame(rows).T.rename_axis(["group", "side"])
