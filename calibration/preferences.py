r"""Agreements in force and what they take off a duty: covered, phased in, used.

For exporter s and importer d the share of the most-favoured-nation duty that is gone is

.. math:: \text{removed} = \text{covered} \cdot \text{phase} \cdot \text{use},

stated numbers by agreement (``datasets/tariffs_2018/agreements.csv``, with the basis of each): the share of the duty
that the schedule removes in the end (farm goods apart), how much of the phase-in had passed in the year (a share of the cuts
on the first day, the rest in equal yearly steps), and the share of the trade that claims the preference. A customs union
removes all. Of several agreements the best counts. A year counts an agreement that is in force for at least half of it, and
none that has ended or is suspended. For imports into Japan the covered share is measured from its schedule, line by line.

The rest of the world has no agreement of its own: what its members' remove is weighed with their estimated trade
(:mod:`calibration.rest_of_world`). Source of members and dates: WTO, Regional Trade Agreements data base; laws of the schemes.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from calibration.classification import GOODS
from calibration.errors import DataError, nearest, require_labels, require_year
from calibration.geography import ECONOMIES, EU27
from calibration.hs import FOLDER

if TYPE_CHECKING:
    from calibration.rest_of_world import MemberTrade

FARM = ("A01", "A02", "A03", "C10T12")
"""Goods of ``covered_farm``: farm goods, forestry, fish, food."""
MID_YEAR = 6
"""Last month whose agreements count in the year of their entry."""

GROUPS: dict[str, tuple[str, ...]] = {
    "EU28": (*EU27, "GBR"),
    "ASEAN": ("BRN", "IDN", "KHM", "LAO", "MMR", "MYS", "PHL", "SGP", "THA", "VNM"),
    # United Nations, Committee for Development Policy, 2018
    "LDC": tuple(
        (
            "AGO BGD COD KHM LAO MMR SEN STP AFG BDI BEN BFA BTN CAF COM DJI ERI ETH GIN GMB GNB HTI LBR LSO MDG MLI MOZ MRT "
            "MWI NER NPL RWA SDN SLE SOM SSD TCD TGO TLS TZA UGA YEM ZMB"
        ).split()
    ),
    "PHARMA": (*EU27, "GBR", "USA", "JPN", "CAN", "CHE", "NOR"),
    "ITA2": tuple("AUS CAN CHE COL CRI HKG ISL ISR KOR MYS NOR NZL PHL SGP THA TWN".split()),
    "AIRCRAFT": tuple("CAN CHE EGY NOR TWN".split()),
    "GAFTA": tuple("ARE BHR DZA EGY IRQ JOR KWT LBN LBY MAR OMN PSE QAT SAU SDN SYR TUN YEM".split()),
    "ECOWAS": tuple("BEN BFA CIV CPV GHA GIN GMB GNB LBR MLI NER NGA SEN SLE TGO".split()),
    "CARIFORUM": tuple("ATG BHS BLZ BRB DMA DOM GRD GUY JAM KNA LCA SUR TTO VCT".split()),
    # beneficiaries in 2018: USTR's reports to Congress; Canada's from 2015; notices of the Ministry of Finance of Japan
    "AGOA": tuple(
        (
            "AGO CIV CMR NGA SEN STP ZAF BEN BFA BWA CAF COG COM CPV DJI ETH GAB GHA GIN GMB GNB KEN LBR LSO MDG MLI MOZ MRT "
            "MUS MWI NAM NER RWA SLE SWZ TCD TGO TZA UGA ZMB"
        ).split()
    ),
    "US_GSP": tuple(
        (
            "BRA COD EGY IDN IND JOR KAZ KHM MMR PAK PHL THA TUN TUR UKR ZAF AFG ALB ARM AZE BIH BOL BTN DZA ECU FJI GEO IRQ "
            "KGZ LBN LKA MDA MDV MKD MNE MNG NPL PNG PRY SRB SUR TLS UZB YEM"
        ).split()
    ),
    "CANADA_GSP": tuple("CIV CMR EGY MAR NGA PAK PHL UKR VNM ARM BOL COG GEO GHA GTM GUY HND KEN LKA MNG NIC PRY SLV".split()),
    "JAPAN_GSP": tuple(
        (
            "BRA IDN IND PHL THA VNM TUR UKR COL PAK EGY MAR TUN ZAF NGA CMR CIV ALB ARM AZE BIH BLZ BOL BWA COG CPV CUB DMA "
            "DOM DZA ECU FJI GAB GEO GHA GTM GUY HND IRN IRQ JAM KEN KGZ LBN LKA MDA MDV MKD MNE MNG MUS NAM NIC PAN PNG PRY "
            "SLV SRB SUR SWZ SYR TJK TKM UZB ZWE"
        ).split()
    ),
    "SWISS_GSP": tuple(
        (
            "ARG BRA IDN IND MYS NGA PAK PHL THA VNM CIV CMR KAZ ZAF ARM AZE BOL BWA COG CPV CUB DOM DZA ECU FJI GAB GHA IRN "
            "IRQ JAM KEN KGZ LKA MDA MDV MNG MUS NAM NIC PRY SUR SWZ SYR TJK TKM UZB ZWE"
        ).split()
    ),
    # list of users of the common system of preferences of the Eurasian Economic Union, as it stood in 2018
    "EAEU_GSP": tuple(
        (
            "ARE ARG BRA BRN CHL CHN CIV CMR COL CRI EGY HKG IDN IND JOR KOR MAR MEX MYS NGA PAK PER PHL SAU SGP THA TUN TUR "
            "VNM ZAF ALB BHR BIH BHS BLZ BOL BRB BWA COG CPV CUB DMA DOM DZA ECU FJI GAB GHA GRD GTM GUY HND IRN IRQ JAM KEN "
            "KNA KWT LBN LBY LCA LKA MDV MKD MNE MNG MUS NAM NIC OMN PAN PNG PRY QAT SLV SRB SUR SWZ SYC SYR TTO URY VCT ZWE"
        ).split()
    ),
}
"""Groups of economies that tables of agreements and of law may name."""


@cache
def rest_members() -> pd.DataFrame:
    """Economies of the rest of the world: index ``economy``, columns ``name, latitude, longitude, fuels``."""
    table = pd.read_csv(FOLDER / "rest_members.csv", comment="#", keep_default_na=False, dtype={"fuels": float})
    return table.set_index("economy")


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
    known = {*GROUPS, *ECONOMIES, *rest_members().index}
    for word in words.split():
        if word not in known:
            raise DataError(f"unknown economy or group {word!r}{nearest(word, known)}")
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
    month : int
        In which it came into force.
    at_once : float
        Share of the cuts made on the first day.
    last : int, optional
        Last year that counts it, where it has ended or is suspended.
    goods : tuple of str
        All that it covers; empty: every good.
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
    month: int = 1
    at_once: float = 0.0
    last: int | None = None
    goods: tuple[str, ...] = ()

    def counts(self, year: int) -> bool:
        """Whether it is in force for at least half of a year, and has not ended.

        Raises
        ------
        DataError
            The year is no whole number.
        """
        require_year(year, "the year of agreements in force")
        begun = year > self.entry or (year == self.entry and self.month <= MID_YEAR)
        return begun and (self.last is None or year <= self.last)

    def phase(self, year: int) -> float:
        """Share of the cuts in force in a year: ``at_once``, the rest linear over ``years``; 0 where it does not count.

        Raises
        ------
        DataError
            The year is no whole number.
        """
        require_year(year, "the year of a phase-in")
        if not self.counts(year):
            return 0.0
        steps = float(np.clip((year - self.entry + 1) / self.years, 0.0, 1.0))
        return self.at_once + (1.0 - self.at_once) * steps

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
        if self.goods and good not in self.goods:
            return 0.0
        if self.kind == "union":
            return 1.0 if self.counts(year) else 0.0
        share = covered if covered is not None else self.covered_farm if good in FARM else self.covered
        return share * self.phase(year) * self.use


@cache
def agreements() -> tuple[Agreement, ...]:
    """All agreements in force by the end of 2018.

    Raises
    ------
    DataError
        An unknown economy or kind, or a share outside [0, 1].
    """
    return _read("agreements.csv")


@cache
def later_agreements() -> tuple[Agreement, ...]:
    """Agreements that came into force after 2018, as far as they are known here; errors as :func:`agreements`."""
    return _read("agreements_later.csv")


def _read(file: str) -> tuple[Agreement, ...]:
    text = ("a", "b", "date", "last", "goods")
    table = pd.read_csv(FOLDER / file, comment="#", dtype=dict.fromkeys(text, str)).fillna(dict.fromkeys(text, ""))
    return tuple(_agreement(row, file) for row in table.to_dict("records"))


def _agreement(row: dict[Hashable, object], file: str) -> Agreement:
    name = f"{file}: {row['name']!r}"
    if row["kind"] not in ("union", "free", "oneway"):
        raise DataError(f"{name} has kind {row['kind']!r}; known: union, free, oneway")
    shares = {key: float(str(row[key])) for key in ("covered", "covered_farm", "use", "at_once")}
    years = int(str(row["years"]))
    if not all(0.0 <= x <= 1.0 for x in shares.values()) or years < 1:
        raise DataError(f"{name} has a share outside 0 to 1, or a phase-in below one year")
    date = str(row["date"])
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", date):
        raise DataError(f"{name} has date {date!r}; write year and month, as 2017-09")
    goods = tuple(str(row["goods"]).split())
    require_labels(goods, GOODS, f"good of {name}")
    a, b = economies_of(str(row["a"])), economies_of(str(row["b"]))
    if row["kind"] == "oneway" and not b:
        raise DataError(f"{name} is oneway and names nobody in b")
    return Agreement(
        str(row["name"]),
        str(row["kind"]),
        a,
        b,
        entry=int(date[:4]),
        years=years,
        covered=shares["covered"],
        covered_farm=shares["covered_farm"],
        use=shares["use"],
        basis=str(row["basis"]),
        month=int(date[5:]),
        at_once=shares["at_once"],
        last=int(str(row["last"])) if row["last"] else None,
        goods=goods,
    )


def in_force(year: int) -> tuple[Agreement, ...]:
    """Agreements in force in a year.

    Raises
    ------
    DataError
        The year is no whole number.
    """
    require_year(year, "the year of agreements in force")
    return tuple(x for x in (*agreements(), *later_agreements()) if x.counts(year))


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
    goods: Sequence[str],
    regions: Sequence[str],
    year: int = 2018,
    agreed: Sequence[Agreement] | None = None,
    rest: MemberTrade | None = None,
) -> np.ndarray:
    """Share of the most-favoured-nation duty still paid; dims (i, s, d), 1 without an agreement.

    Parameters
    ----------
    goods, regions : sequence of str
        Labels of the wanted cells.
    year : int
        Year whose phase-in counts.
    agreed : sequence of Agreement, optional
        Default: the tables'.
    rest : MemberTrade, optional
        Trade of the members of ``ROW`` (:func:`calibration.rest_of_world.member_trade`), which weighs their agreements; without
        it ``ROW`` has no preference.

    Raises
    ------
    DataError
        The year is no whole number.
    """
    require_year(year, "the year of preferences")
    chosen = in_force(year) if agreed is None else [x for x in agreed if x.counts(year)]
    if rest is None or "ROW" not in regions:
        return pairs_left(goods, regions, year, chosen)
    every = [*regions, *rest.members]
    pairs = pairs_left(goods, every, year, chosen)
    known, row, n = [r for r in regions if r != "ROW"], list(regions).index("ROW"), len(regions)
    places = [list(regions).index(r) for r in known]
    left = pairs[:, :n, :n]
    left[:, row, places] = (rest.exports(goods, known) * pairs[:, n:][:, :, places]).sum(1)
    left[:, places, row] = (rest.imports(goods, known) * pairs[:, :, n:].swapaxes(1, 2)[:, :, places]).sum(1)
    return left


def pairs_left(goods: Sequence[str], regions: Sequence[str], year: int, chosen: Sequence[Agreement]) -> np.ndarray:
    """Share still paid between economies shown apart; dims (i, s, d)."""
    left = np.ones((len(goods), len(regions), len(regions)))
    place = {r: k for k, r in enumerate(regions)}
    measured = _measured()
    for agreement in chosen:
        members = [r for r in dict.fromkeys((*agreement.a, *agreement.b)) if r in place]
        gone = np.array([agreement.removed(good, year) for good in goods])
        for importer, exporter in product(members, members):
            if not agreement.lowers(exporter, importer):
                continue
            share = gone
            if importer == "JPN" and (key := _measured_key(exporter, agreement.kind)) in measured.index:
                row = measured.loc[key]
                share = np.array([agreement.removed(good, year, row.get(good)) for good in goods])
            cell = (slice(None), place[exporter], place[importer])
            left[cell] = np.minimum(left[cell], 1.0 - share)
    return left


def _measured_key(exporter: str, kind: str) -> tuple[str, str]:
    """Row of ``japan_margins.csv``: the exporter's own agreement, or the scheme of preferences that it is in."""
    if kind != "oneway":
        return exporter, kind
    return next((name for name in ("LDC", "JAPAN_GSP") if exporter in GROUPS[name]), exporter), kind
