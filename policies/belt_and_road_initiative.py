"""Belt and Road: lower trade costs along corridors, the works that bring them, and who pays.

The economies are those along the corridors (World Bank, Belt and Road Economics, 2019), whether or not they
signed: China and some seventy others. Corridor shocks are the changes of trade costs of de Soyres, Mulabdic,
Murray, Rocha and Ruta (IFDP 1274, 2020): down 1.1 (lower) to 2.2 % (upper estimate) on average in the world, 1.5 to
2.8 % among corridor economies, up to 10.2 % on single corridors; shipment times fall by 1.2 to 2.5, 1.7 to 3.2 and
up to 11.9 %. Times turn into ad valorem equivalents with the value of a day in transit by sector (Hummels and
Schaur, AER 103(7), 2013: 0.6 to 2.1 % a day) and 25 days of shipment.

The programme in time: transport projects cost 144 to 304 billion USD (World Bank), spread over the years of
building among hosts by GDP, paid by Chinese loans with interest and repayment, by grants, by host taxes, or
not counted; finished works lower corridor costs in step and raise the productivity of trade and transport in the
host with an elasticity of 0.08 to public capital (Calderon, Moral-Benito, Serven, Journal of Applied
Econometrics 30(2), 2015: 0.07 to 0.10), which starts at 0.3 of the capital stock.

What it cannot say: which project serves which pair; members inside a grouped region take part by their share in its GDP;
debt distress; environmental and social cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from calibration import Benchmark
from calibration.errors import nearest
from calibration.labels import as_labels
from cge.catalogue import Question
from cge.dynamics import Flows, State
from cge.dynamics.programme import require_year
from cge.errors import ShockError
from cge.model import Model
from cge.policy.policy import MEMBERS, InstrumentChange, Policy

__all__ = ["QUESTION", "BeltAndRoadProgramme", "belt_and_road"]

CORRIDOR_ECONOMIES = tuple(
    (
        "CHN HKG MAC TWN MNG BRN IDN KHM LAO MMR MYS PHL SGP THA TLS VNM "
        "ALB ARM AZE BLR BIH BGR HRV CZE EST GEO GRC HUN KAZ KGZ LVA LTU MKD MDA MNE "
        "POL ROU RUS SRB SVK SVN TJK TUR TKM UKR UZB "
        "BHR DJI EGY IRN IRQ ISR JOR KWT LBN OMN PSE QAT SAU SYR ARE YEM AFG BGD BTN IND MDV NPL PAK LKA ETH KEN TZA"
    ).split()
)
CASES: dict[str, dict[str, float]] = {
    "lower": {"world": 0.011, "members": 0.015, "corridor": 0.055, "cost": 144e3},
    "upper": {"world": 0.022, "members": 0.028, "corridor": 0.102, "cost": 304e3},
}
"""Fall of trade costs with one corridor economy, between two, on a corridor; cost of all transport projects, million USD."""
TIMES: dict[str, dict[str, float]] = {
    "lower": {"world": 0.012, "members": 0.017, "corridor": 0.06},
    "upper": {"world": 0.025, "members": 0.032, "corridor": 0.119},
}
DAYS = 25.0
"""Days a shipment takes, to turn a fall of times into days."""
VALUE_OF_A_DAY = {
    "agr": 0.012, "ene": 0.006, "min": 0.006, "foo": 0.010, "tex": 0.010, "wpp": 0.008, "pet": 0.006, "chm": 0.009,
    "pha": 0.012, "rub": 0.010, "nmm": 0.007, "met": 0.007, "fab": 0.010, "elc": 0.021, "ele": 0.016, "mac": 0.016,
    "mot": 0.018, "otr": 0.012, "omf": 0.012,
}  # fmt: skip
"""Ad valorem value of a day by sector: the range of Hummels and Schaur, electronics at the top, bulk at the bottom."""
CORRIDORS: dict[str, tuple[tuple[str, str], ...]] = {
    "New Eurasian Land Bridge": (("CHN", "KAZ"), ("KAZ", "RUS")),
    "China-Central Asia-West Asia": (("CHN", "TUR"), ("KAZ", "TUR")),
    "China-Pakistan": (("CHN", "PAK"),),
    "China-Indochina": (("CHN", "XSE"), ("CHN", "VNM"), ("CHN", "THA")),
}
"""Pairs of regions on which a corridor runs (both ways)."""


def belt_and_road(
    case: Literal["lower", "upper"] = "upper",
    *,
    by: Literal["cost", "time"] = "cost",
    corridors: bool = True,
    facilitation: float = 0.0,
    tariff_cut: float = 0.0,
    productivity: float = 0.0,
) -> Policy:
    """The static policy: every project done, nobody paying.

    Parameters
    ----------
    case : {"lower", "upper"}
        Estimate of the fall of trade costs.
    by : {"cost", "time"}
        Trade costs as estimated, or shipment times turned into ad valorem equivalents by sector.
    corridors : bool
        Larger falls on the pairs of :data:`CORRIDORS`.
    facilitation : float
        Further fall of trade costs among members by faster borders.
    tariff_cut : float
        Share of duties among members removed.
    productivity : float
        Rise of productivity of trade and transport in members.

    Raises
    ------
    ShockError
        Unknown case, or a share outside [0, 1).

    Examples
    --------
    >>> belt_and_road("lower").name
    'belt-and-road'
    """
    if case not in CASES:
        raise ShockError(f"belt-and-road: unknown case {case!r}{nearest(case, CASES)}; choose 'lower' or 'upper'")
    if by not in ("cost", "time"):
        raise ShockError(f"belt-and-road: unknown measure {by!r}; choose 'cost' or 'time'")
    for what, share in (("facilitation", facilitation), ("productivity", productivity)):
        if not 0 <= share < 1:
            raise ShockError(f"belt-and-road: {what} is {share}; a share in [0, 1) is needed")
    if not 0 <= tariff_cut <= 1:
        raise ShockError(f"belt-and-road: tariff_cut is {tariff_cut}; a share in [0, 1] is needed")
    changes: list[InstrumentChange] = []
    if by == "cost":
        changes += _trade_costs(CASES[case], corridors, {}, "trade costs")
    else:
        for sector, value in VALUE_OF_A_DAY.items():
            cut = {k: TIMES[case][k] * DAYS * value for k in ("world", "members", "corridor")}
            changes += _trade_costs(cut, corridors, {"i": sector}, f"times of {sector}")
    both: dict[str, str | tuple[str, ...]] = {"s": MEMBERS, "d": MEMBERS}
    if facilitation:
        changes.append(
            InstrumentChange(
                instrument="ams", where=both, among=True, factor=1 / (1 - facilitation), partial=True, note="faster borders"
            )
        )
    if tariff_cut:
        changes.append(
            InstrumentChange(
                instrument="tms", where=both, among=True, rate_times=1 - tariff_cut, partial=True, note="duties among members"
            )
        )
    if productivity:
        changes.append(
            InstrumentChange(
                instrument="ao",
                where={"a": "trd", "r": MEMBERS},
                factor=1 + productivity,
                partial=True,
                note="trade and transport",
            )
        )
    return Policy(
        name="belt-and-road",
        title=f"Belt and Road, {case} estimate",
        description="Lower trade costs among the economies along the Belt and Road corridors and with the rest of the world.",
        sources=(
            "Trade costs and times: de Soyres, Mulabdic, Murray, Rocha, Ruta, IFDP 1274 (2020)",
            "Economies: World Bank, Belt and Road Economics (2019)",
            "Value of a day: Hummels and Schaur, American Economic Review 103(7), 2013",
        ),
        members=CORRIDOR_ECONOMIES,
        instruments=tuple(changes),
        notes=("All projects done at once and not paid for here; see cge dynamics belt-and-road for building and financing.",),
    )


def _trade_costs(
    cut: Mapping[str, float], corridors: bool, where: Mapping[str, str | tuple[str, ...]], note: str
) -> list[InstrumentChange]:
    """Effective units arriving rise: with one member, between members, on corridors."""
    outside, within = 1 / (1 - cut["world"]), 1 / (1 - cut["members"])

    def change(at: Mapping[str, str | tuple[str, ...]], factor: float, text: str, partial: bool = True) -> InstrumentChange:
        held = {**where, **at}
        return InstrumentChange(
            instrument="ams",
            where=held,
            among=True,
            factor=factor,
            partial=partial,
            optional=not partial or "i" in where,  # a benchmark may lack a corridor's end, or a sector
            note=f"{note}: {text}",
        )

    changes = [
        change({"s": MEMBERS}, outside, "exports of members"),
        change({"d": MEMBERS}, outside, "imports of members"),
        change({"s": MEMBERS, "d": MEMBERS}, within / outside**2, "between members"),
    ]
    if corridors:
        more = (1 - cut["members"]) / (1 - cut["corridor"])
        for name, pairs in CORRIDORS.items():
            for a, b in pairs:
                changes += [change({"s": s, "d": d}, more, name, partial=False) for s, d in ((a, b), (b, a))]
    return changes


@dataclass(frozen=True)
class BeltAndRoadProgramme:
    """Building, financing and using the corridors, year by year.

    Attributes
    ----------
    case : {"lower", "upper"}
    start, build_years : int
        Works run from ``start`` for so many years; corridor costs fall as works are finished.
    finance : {"loans", "grants", "taxes", "none"}
        Chinese loans at the path's interest with repayment over ``repay_years`` after the building; Chinese grants;
        the hosts' own households; or works that cost nothing (to see the gain alone).
    cost : float or None
        All works, million USD; None takes the case's.
    elasticity : float
        Of productivity in trade and transport to public capital.
    public_share : float
        Public capital over the capital stock at the start.
    corridor_costs : bool
        The falls of trade costs; False leaves works and productivity alone.
    lender : str
    parks : mapping of region to million USD a year
        Chinese capital placed in industrial parks while building goes on.
    park_sectors : tuple of str
    repay_years : int
    """

    case: Literal["lower", "upper"] = "upper"
    start: int = 2019
    build_years: int = 8
    finance: Literal["loans", "grants", "taxes", "none"] = "loans"
    cost: float | None = None
    elasticity: float = 0.08
    public_share: float = 0.3
    corridor_costs: bool = True
    lender: str = "CHN"
    parks: Mapping[str, float] | None = None
    park_sectors: tuple[str, ...] = ("tex", "elc", "ele", "mac")
    repay_years: int = 20

    def __post_init__(self) -> None:
        object.__setattr__(self, "park_sectors", as_labels(self.park_sectors, "park sectors"))
        if self.case not in CASES:
            raise ShockError(f"belt-and-road: unknown case {self.case!r}{nearest(self.case, CASES)}; choose 'lower' or 'upper'")
        if self.finance not in ("loans", "grants", "taxes", "none"):
            raise ShockError(f"belt-and-road: unknown finance {self.finance!r}; choose loans, grants, taxes or none")
        for name in ("start", "build_years", "repay_years"):
            require_year(getattr(self, name), f"belt-and-road: {name}", "12" if name != "start" else "2019")
        if self.build_years < 1 or self.repay_years < 1 or (self.cost is not None and self.cost < 0) or self.elasticity < 0:
            raise ShockError("belt-and-road: build_years and repay_years are 1 or more, cost and elasticity not negative")

    @property
    def name(self) -> str:
        """Short name."""
        return f"belt-and-road ({self.finance})"

    def hosts(self, benchmark: Benchmark) -> dict[str, float]:
        """Share of the works by host: GDP of corridor economies in each region, the lender apart."""
        share = benchmark.participation(CORRIDOR_ECONOMIES)
        gdp = dict(zip(benchmark.regions, benchmark.sam.gdp(), strict=True))
        weight = {r: w * gdp[r] for r, w in share.items() if r not in (self.lender, "HKG", "TWN")}
        total = sum(weight.values())
        return {r: float(x / total) for r, x in weight.items()}

    def flows(self, year: int, model: Model, state: State) -> Flows:
        """Works, finance and corridors of a year."""
        benchmark = model.benchmark
        if self.lender not in benchmark.regions:
            raise ShockError(f"belt-and-road: lender {self.lender!r} is no region of {benchmark.name!r}")
        total = CASES[self.case]["cost"] if self.cost is None else self.cost
        done = min(max((year - self.start) / self.build_years, 0.0), 1.0)
        policy = done * belt_and_road(self.case) if self.corridor_costs and done > 0 else None
        flows = Flows(policy=policy)
        hosts = self.hosts(benchmark)
        building = self.start <= year < self.start + self.build_years
        works = {r: w * total / self.build_years for r, w in hosts.items()} if building else {}
        paid = sum(works.values())
        if building:
            flows.public = works if self.finance != "none" else {}
            if self.finance == "loans":
                flows.loans = {**works, self.lender: -paid}
            elif self.finance == "grants":
                flows.grants = {**works, self.lender: -paid}
            elif self.finance == "taxes":
                flows.works = works
        elif (
            self.finance == "loans" and self.start + self.build_years <= year < self.start + self.build_years + self.repay_years
        ):
            each = {r: w * total / self.repay_years for r, w in hosts.items()}
            flows.repayment = {**each, self.lender: -sum(each.values())}
        if building and self.parks:
            flows.parks = {**self.parks, self.lender: -sum(self.parks.values())}
            flows.park_sectors = self.park_sectors
        # finished works raise public capital, whoever paid
        finished = np.array([hosts.get(r, 0.0) for r in benchmark.regions]) * total * done
        private = model.benchmark_values["inv_0"] / 0.10  # capital of the order of ten years of investment
        boost = (1 + finished / (self.public_share * private)) ** self.elasticity
        if self.elasticity and done > 0:
            trade = "trd"
            if trade not in benchmark.commodities:
                raise ShockError(
                    f"benchmark {benchmark.name!r} has no sector 'trd' (trade and transport), whose productivity finished "
                    "works raise; name such a sector trd, or set elasticity=0"
                )
            ao = model.benchmark_values["ao"].copy()
            ao[benchmark.commodities.index(trade)] *= boost
            flows.exogenous = {"ao": model.labelled("ao", ao)}
        return flows


PARTS = {
    "corridors": {"elasticity": 0.0, "finance": "none"},
    "works and productivity": {"corridor_costs": False},
}
"""Programmes that leave out a part, to see what each brings."""


def built_year_by_year(first: int, finance: str | None = None) -> BeltAndRoadProgramme:
    """The programme of a path that begins in ``first``: works from the year after."""
    return BeltAndRoadProgramme(finance=finance or "loans", start=first + 1)  # type: ignore[arg-type]


QUESTION = Question.of("belt-and-road", belt_and_road, "Belt and Road transport", in_time=built_year_by_year)
