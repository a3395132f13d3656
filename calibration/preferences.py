r"""Agreements in force and what they take off a duty: covered, phased in, used.

For exporter s and importer d the share of the most-favoured-nation duty that is gone is

.. math:: \text{removed} = \text{covered} \cdot \text{phase} \cdot \text{use},

three stated numbers by agreement (``datasets/tariffs_2018/agreements.csv``, with the basis of each): the share of the duty
that the schedule removes in the end (farm goods apart), how much of the phase-in had passed in the year, and the share
of the trade that claims the preference. A customs union removes all. Of several agreements the best counts.
For imports into Japan the covered share is measured from its schedule, line by line.
Source of members and dates: WTO, Regional Trade Agreements data base.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from numbers import Real

import numpy as np
import pandas as pd

from calibration.errors import DataError, nearest, require_year
from calibration.geography import ECONOMIES, EU27
from calibration.hs import FOLDER

FARM = ("A01", "A02", "A03", "C10T12")
"""Goods of ``covered_farm``: farm goods, forestry, fish, food."""

GROUPS: dict[str, tuple[str, ...]] = {
    "EU28": (*EU27, "GBR"),
    "ASEAN": ("BRN", "IDN", "KHM", "LAO", "MMR", "MYS", "PHL", "SGP", "THA", "VNM"),
    "LDC": ("AGO", "BGD", "COD", "KHM", "LAO", "MMR", "SEN", "STP"),
    "PHARMA": (*EU27, "GBR", "USA", "JPN", "CAN", "CHE", "NOR"),
    "ITA2": tuple("AUS CAN CHE COL CRI HKG ISL ISR KOR MYS NOR NZL PHL SGP THA TWN".split()),
    "AIRCRAFT": tuple("CAN CHE EGY NOR TWN".split()),
}
"""Groups of economies that tables of agreements and of law may name."""


def require_share(value: object, what: str) -> None:
    """Raise where a number is not a share between 0 and 1.

    Raises
    ------
    DataError
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not 0.0 <= float(value) <= 1.0:
        raise DataError(f"{what} {value!r} must be a share between 0 and 1")


def economies_of(words: str) -> tuple[str, ...]:
    """Codes of a list of economies and groups.

    Raises
    ------
    DataError
        An unknown word, with the nearest known.

    Examples
    --------
    >>> economies_of("AUS NZL")
    ('AUS', 'NZL')
    """
    found: list[str] = []
    for word in words.split():
        if word not in GROUPS and word not in ECONOMIES:
            raise DataError(f"unknown economy or group {word!r}{nearest(word, [*GROUPS, *ECONOMIES])}")
        found += GROUPS.get(word, (word,))
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Agreement:
    """Partners ``a`` among themselves (``b`` empty) or with ``b``; ``oneway``: only ``a`` lowers duties on ``b``.

    Attributes
    ----------
    entry, years : int
        First year in force, length of the phase-in.
    covered, covered_farm, use : float
        Shares in [0, 1] as in the module's text.
    basis : str
        Where the numbers come from.
    """

    name: str
    kind: str
    a: tuple[str, ...]
    b: tuple[str, ...]
    entry: int
    years: int
    covered: float
    covered_farm: float
    use: float
    basis: str

    def phase(self, year: int) -> float:
        """Share of the cuts in force in a year: linear over ``years`` from ``entry``.

        Raises
        ------
        DataError
            The year is no whole number.
        """
        require_year(year, "the year of a phase-in")
        return float(np.clip((year - self.entry + 1) / self.years, 0.0, 1.0))

    def lowers(self, exporter: str, importer: str) -> bool:
        """Whether the importer lowers duties on the exporter."""
        if exporter == importer:
            return False
        into_a = importer in self.a and exporter in (self.b or self.a)
        into_b = importer in self.b and exporter in self.a and self.kind != "oneway"
        return into_a or into_b

    def removed(self, good: str, year: int, covered: float | None = None) -> float:
        """Share of the duty on a good that is gone; ``covered`` replaces the agreement's own.

        Raises
        ------
        DataError
            The year is no whole number, or ``covered`` no share.
        """
        require_year(year, "the year of a preference")
        if covered is not None:
            require_share(covered, "the covered share")
        if self.kind == "union":
            return 1.0 if year >= self.entry else 0.0
        share = covered if covered is not None else self.covered_farm if good in FARM else self.covered
        return share * self.phase(year) * self.use


@cache
def agreements() -> tuple[Agreement, ...]:
    """All agreements of the table.

    Raises
    ------
    DataError
        An unknown economy or kind, or a share outside [0, 1].
    """
    table = pd.read_csv(FOLDER / "agreements.csv", comment="#", dtype={"a": str, "b": str}, keep_default_na=False)
    out = []
    for row in table.itertuples():
        if row.kind not in ("union", "free", "oneway"):
            raise DataError(f"agreements.csv: {row.name!r} has kind {row.kind!r}; known: union, free, oneway")
        shares = (row.covered, row.covered_farm, row.use)
        if not all(0.0 <= float(x) <= 1.0 for x in shares) or int(row.years) < 1:
            raise DataError(f"agreements.csv: {row.name!r} has a share outside 0 to 1, or a phase-in below one year")
        a, b = economies_of(row.a), economies_of(row.b)
        if row.kind == "oneway" and not b:
            raise DataError(f"agreements.csv: {row.name!r} is oneway and names nobody in b")
        covered, farm, use = map(float, shares)
        out.append(
            Agreement(row.name, row.kind, a, b, int(row.entry), int(row.years), covered, farm, use, basis=str(row.basis))
        )
    return tuple(out)


def in_force(year: int) -> tuple[Agreement, ...]:
    """Agreements in force in a year.

    Raises
    ------
    DataError
        The year is no whole number.
    """
    require_year(year, "the year of agreements in force")
    return tuple(x for x in agreements() if x.entry <= year)


def with_use(use: float) -> tuple[Agreement, ...]:
    """All agreements with one rate of use (customs unions apart): the sensitivity of results to it.

    Raises
    ------
    DataError
        The rate is not a share.
    """
    require_share(use, "use of preferences")
    return tuple(x if x.kind == "union" else replace(x, use=use) for x in agreements())


@cache
def _measured() -> pd.DataFrame:
    path = FOLDER / "japan_margins.csv"
    return pd.read_csv(path, comment="#", index_col=["exporter", "kind"])


def remaining(
    goods: Sequence[str], regions: Sequence[str], year: int = 2018, agreed: Sequence[Agreement] | None = None
) -> np.ndarray:
    """Share of the most-favoured-nation duty still paid; dims (i, s, d), 1 without an agreement.

    Parameters
    ----------
    goods, regions : sequence of str
        Labels of the wanted cells.
    year : int
        Year whose phase-in counts.
    agreed : sequence of Agreement, optional
        Default: the table's.

    Raises
    ------
    DataError
        The year is no whole number.
    """
    require_year(year, "the year of preferences")
    left = np.ones((len(goods), len(regions), len(regions)))
    place = {r: k for k, r in enumerate(regions)}
    chosen = [x for x in (agreements() if agreed is None else agreed) if x.entry <= year]
    measured = _measured()
    for agreement in chosen:
        members = [r for r in dict.fromkeys((*agreement.a, *agreement.b)) if r in place]
        gone = np.array([agreement.removed(good, year) for good in goods])
        for importer, exporter in product(members, members):
            if not agreement.lowers(exporter, importer):
                continue
            share = gone
            if importer == "JPN" and (exporter, agreement.kind) in measured.index:
                row = measured.loc[(exporter, agreement.kind)]
                share = np.array([agreement.removed(good, year, row.get(good)) for good in goods])
            cell = (slice(None), place[exporter], place[importer])
            left[cell] = np.minimum(left[cell], 1.0 - share)
    return left
