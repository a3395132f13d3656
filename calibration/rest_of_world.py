r"""Trade of the economies inside the rest of the world with those shown apart: an estimate, for preferences alone.

The cube shows one rest of the world (``ROW``). Its members have agreements of their own, and what these remove counts by the
share of ROW's trade that is the member's. That share is not observed. It is stated as

.. math:: w_{imp} = \frac{X_m f_{im} / d_{mp}}{\sum_k X_k f_{ik} / d_{kp}},

for good i, member m and partner p: X the member's exports (imports, where ROW buys) of the Penn World Table 10.01 at current
prices, :math:`f_{im}` the share of fuels in its exports for fuels, one less it for other goods (1 for imports), d the distance
between main cities. Trade falls with distance with an elasticity near one (mean of 1,467 estimates 0.9: Disdier and Head, "The
puzzling persistence of the distance effect on bilateral trade", Review of Economics and Statistics 90(1), 2008). Members
without accounts in the Penn table take their GDP times the others' mean ratio of trade to GDP. The rule's error is measured on
groups of economies whose trade is observed (``tests/test_rest_of_world.py``, docs/data.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.distances import distances_from
from calibration.errors import DataError, require_year
from calibration.parse import reading
from calibration.preferences import rest_members
from calibration.readers.accounts import gdp_of_rest

FUELS = ("B05", "B06", "C19")
"""Coal, oil and gas, refined petroleum."""
NEAREST = 200.0
"""Kilometres: no two economies count as nearer."""


@dataclass(frozen=True)
class MemberTrade:
    """Members of the rest of the world with what weighs their agreements.

    Attributes
    ----------
    members : tuple of str
        ISO codes.
    sold, bought : Series
        Exports and imports of all partners, million USD; index members.
    fuels : Series
        Share of fuels in exports.
    places : DataFrame
        Columns ``latitude, longitude``, degrees.
    """

    members: tuple[str, ...]
    sold: pd.Series
    bought: pd.Series
    fuels: pd.Series
    places: pd.DataFrame

    def exports(self, goods: Sequence[str], partners: Sequence[str]) -> np.ndarray:
        """Members' shares in what ROW sells; dims (i, member, partner), summing to one over members."""
        fuel = np.isin(list(goods), FUELS)[:, None]
        made = self.sold.to_numpy() * np.where(fuel, self.fuels.to_numpy(), 1.0 - self.fuels.to_numpy())
        return self._shares(made, partners)

    def imports(self, goods: Sequence[str], partners: Sequence[str]) -> np.ndarray:
        """Members' shares in what ROW buys; dims (i, member, partner), summing to one over members."""
        return self._shares(np.repeat(self.bought.to_numpy()[None, :], len(goods), axis=0), partners)

    def _shares(self, mass: np.ndarray, partners: Sequence[str]) -> np.ndarray:
        between = np.maximum(distances_from(self.places.to_numpy(dtype=float), list(partners)), NEAREST)
        weight = mass[:, :, None] / between[None, :, :]
        return np.asarray(weight / weight.sum(1, keepdims=True))


def member_trade(folder: str | Path, regions: list[str], year: int) -> MemberTrade:
    """Trade of the members of the rest of the world.

    Parameters
    ----------
    folder : path
        Of the national accounts (``gdp_current_usd.csv``, ``pwt_2011_2018.csv``).
    regions : list of str
        Economies shown apart, and ``ROW``.
    year : int

    Raises
    ------
    DataError
        A table is missing, or a member has no row in ``rest_members.csv``.
    """
    require_year(year, "the year of trade")
    gdp = gdp_of_rest(folder, regions, year)
    path = Path(folder) / "pwt_2011_2018.csv"
    with reading(path, "extract of the Penn World Table"):
        penn = pd.read_csv(path)
        penn = penn[penn["year"] == year].set_index("isocode")[["v_x", "v_m"]].abs()
    facts = rest_members()
    unknown = [str(x) for x in gdp.index if x not in facts.index]
    if unknown:
        raise DataError(f"rest_members.csv has no row of {', '.join(unknown)}; add its main city and share of fuels")
    trade = penn.reindex(gdp.index)
    seen = trade.notna().all(axis=1)
    for column in trade:
        trade[column] = trade[column].fillna(gdp * trade.loc[seen, column].sum() / gdp[seen].sum())
    facts = facts.loc[gdp.index]
    return MemberTrade(
        tuple(str(x) for x in gdp.index), trade["v_x"], trade["v_m"], facts["fuels"], facts[["latitude", "longitude"]]
    )
