"""USMCA's automotive rules of origin against NAFTA's, with compliance chosen by firms.

The agreement (in force from July 2020) raised the regional value content of light vehicles from 62.5 % to 75 %, asks
that 40 % of a passenger vehicle (45 % of a truck) be made in plants that pay 16 USD an hour or more, and
that 70 % of a producer's steel and of its aluminium be bought in North America. The alternative to
complying is the ordinary duty: in the United States 2.5 % on cars and 25 % on light trucks.

The benchmark's motor vehicle sector is split into vehicles (final use) and parts (intermediate use). The wage
test is met by plants of the United States and Canada, not of Mexico: average hourly earnings in Mexican
vehicle assembly and parts are a fraction of 16 USD (USITC 2023). Research and assembly credits of the labour rule (up to
15 points, agreement, appendix to annex 4-B, article 7) are taken in full by default.

What it cannot say: content is followed one stage up (parts bought in the area count in full, as under
the agreement's definition of originating material), phase-in and alternative staging regimes of single
producers, tracing of core parts, and how long investment takes. Shares of outside parts come from an estimated
table; their dispersion over firms is stated, not observed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from itertools import permutations
from pathlib import Path
from typing import Any, Literal, cast

from calibration import Benchmark, load_benchmark
from calibration.errors import nearest
from calibration.split_sector import PARTS, VEHICLES
from cge.errors import ShockError
from cge.mechanisms.origin.clauses import prepared
from cge.mechanisms.origin.study import OriginRules
from cge.policy.origin_clause import OriginClause, Thresholds
from cge.policy.policy import InstrumentChange, Policy

MEMBERS = ("USA", "CAN", "MEX")
DUTIES = {
    "cars": {"USA": 0.025, "CAN": 0.061, "MEX": 0.20},
    "trucks": {"USA": 0.25, "CAN": 0.061, "MEX": 0.20},
}
"""Most-favoured-nation rates: USA 2.5 % (cars), 25 % (light trucks), CAN 6.1 %, MEX 20 % (national tariff schedules)."""

MOTOR = ("mot", "C29", "trn", "c15")
"""Sectors that hold vehicles and parts, in data of the library's readers; the first that is there is divided."""
METALS = ("met", "C24A", "c12")
HIGH_WAGE = ("USA", "CAN")
"""Members whose plants meet the wage floor."""

UTILISATION = 0.995
"""Share of vehicles from Canada and Mexico that entered the United States under the preference in 2019: duties were paid on
0.5 % then and on 8.2 % in 2023 (USTR, report to Congress on USMCA automotive goods, July 2024)."""

SOURCES = (
    "USMCA, chapter 4, appendix to annex 4-B (regional value content, labour value content, steel and aluminium)",
    "USTR, Report to Congress on the operation of the USMCA with respect to trade in automotive goods, July 2022 and July 2024",
    "USITC, USMCA Automotive Rules of Origin: Economic Impact and Operation, June 2023",
    "Head, Mayer and Melitz, The Laffer Curve for Rules of Origin, 2024 (firms that comply or pay the duty)",
)

CREDIT = 0.15
RULES: dict[str, OriginRules | None] = {
    "none": None,
    "nafta": OriginRules("nafta", rvc=0.625),
    "usmca-cars": OriginRules("usmca-cars", rvc=0.75, lvc=0.40, lvc_credit=CREDIT, steel=0.70, alu=0.70),
    "usmca-trucks": OriginRules("usmca-trucks", rvc=0.75, lvc=0.45, lvc_credit=CREDIT, steel=0.70, alu=0.70),
    "content": OriginRules("content", rvc=0.75),
    "labour": OriginRules("labour", rvc=0.625, lvc=0.40, lvc_credit=CREDIT),
    "steel": OriginRules("steel", rvc=0.625, steel=0.70),
    "aluminium": OriginRules("aluminium", rvc=0.625, alu=0.70),
}
"""Sets of rules by name; ``content``, ``labour``, ``steel``, ``aluminium`` add one of USMCA's rules to NAFTA's."""


def usmca(
    rules: str = "usmca-cars",
    duty: str | None = None,
    assembly: Literal["fixed", "relocation"] = "fixed",
    benchmark: str | Path | Benchmark = "world",
) -> Policy:
    """USMCA's automotive rules of origin in the place of NAFTA's, as a policy that adds up with others.

    Motor vehicles are divided into vehicles and parts where the data do not show them; rules of origin are put on the model.

    Parameters
    ----------
    rules : str
        Key of :data:`RULES`, ``"withdrawal"`` (preferences of all goods among the members end) or
        ``"poison-pill"`` (Mexico signs with China: their duties go, its preferences with the others lapse).
    duty : {"cars", "trucks"}, optional
        Which duty is the alternative in the United States; trucks for ``usmca-trucks``, else cars.
    assembly : {"fixed", "relocation"}
        Capital of vehicle assembly stays in it, or moves among activities.
    benchmark : str, path or Benchmark
        What preferences lapse on (``withdrawal``, ``poison-pill``): the ordinary rates are those on outsiders there.

    Raises
    ------
    ShockError
        Unknown rules, duty or assembly.
    """
    duty = checked_duty(rules, duty)
    check_choices(duty, assembly)
    stated = {"withdrawal": RULES["nafta"], "poison-pill": RULES["usmca-cars"]}.get(rules, RULES.get(rules))
    pairs = lapsed_pairs(rules)
    clause = OriginClause(
        sector=VEHICLES,
        material=PARTS,
        metals=METALS,
        area=MEMBERS,
        high_wage=HIGH_WAGE,
        **(_thresholds(stated) if stated is not None else {"automatic": True}),
        against=Thresholds(**_thresholds(cast(OriginRules, RULES["nafta"]))),
        duties=DUTIES[duty],
        reference=DUTIES["cars"],
        utilisation=UTILISATION,
        lapsed=tuple(pairs),
        divides=MOTOR,
        tied=(f"cap:{VEHICLES}",) if assembly == "fixed" else (),
    )
    policy = Policy(
        name="usmca" if rules == "usmca-cars" else f"usmca-{rules.removeprefix('usmca-')}",
        title=f"USMCA, rules {rules}, duty of {duty}, assembly {assembly}",
        description="Firms of the members comply with the rules of vehicles or pay the ordinary duty; before, NAFTA's rules.",
        sources=SOURCES,
        members=MEMBERS,
        instruments=(),
        origin=(clause,),
    )
    if not pairs:
        return policy
    data = prepared(benchmark if isinstance(benchmark, Benchmark) else load_benchmark(benchmark), policy)
    ending = lapse(data, pairs)
    others = ending + accession("MEX", "CHN") if rules == "poison-pill" else ending
    return policy.model_copy(update={"instruments": others.instruments, "sources": (*policy.sources, *others.sources)})


def checked_duty(rules: str, duty: str | None) -> str:
    """The duty of a scenario of rules, which is known."""
    known = (*RULES, "withdrawal", "poison-pill")
    if rules not in known:
        raise ShockError(f"unknown rules {rules!r}{nearest(rules, known)}; known: {', '.join(known)}")
    return duty or ("trucks" if rules == "usmca-trucks" else "cars")


def check_choices(duty: str, assembly: str) -> None:
    """Raise where the duty or the rule of assembly is unknown."""
    if duty not in DUTIES:
        raise ShockError(f"unknown duty {duty!r}{nearest(duty, DUTIES)}; choose 'cars' or 'trucks'")
    if assembly not in ("fixed", "relocation"):
        raise ShockError(f"unknown assembly {assembly!r}; choose 'fixed' or 'relocation'")


def _thresholds(rules: OriginRules) -> dict[str, Any]:
    return {f.name: getattr(rules, f.name) for f in fields(rules) if f.name != "name"}


def lapsed_pairs(rules: str) -> list[tuple[str, str]]:
    """Pairs whose preferences a scenario ends."""
    pairs = list(permutations(MEMBERS, 2))
    return {"withdrawal": pairs, "poison-pill": [p for p in pairs if "MEX" in p]}.get(rules, [])


def outside_rates(benchmark: Benchmark, member: str) -> dict[str, float]:
    """Duty of a member on each good from outside the area, weighted with those imports: its ordinary rate."""
    sam = benchmark.sam
    d = benchmark.regions.index(member)
    outside = [k for k, r in enumerate(benchmark.regions) if r not in MEMBERS]
    cif, landed = sam["vcif"][:, outside, d].sum(1), sam["vmsb"][:, outside, d].sum(1)
    return {i: float(landed[k] / cif[k] - 1) if cif[k] > 0 else 0.0 for k, i in enumerate(benchmark.commodities)}


def lapse(benchmark: Benchmark, pairs: list[tuple[str, str]]) -> Policy:
    """Preferences end on the pairs: each good pays the importer's ordinary rate (vehicles pay it by the block)."""
    changes = []
    rates: dict[str, Mapping[str, float]] = {m: outside_rates(benchmark, m) for m in MEMBERS}
    sam = benchmark.sam
    for origin, destination in pairs:
        s, d = benchmark.regions.index(origin), benchmark.regions.index(destination)
        for i, good in enumerate(benchmark.commodities):
            rate = rates[destination][good]
            if good == VEHICLES or sam["vxsb"][i, s, d] <= 0 or rate <= 0:
                continue
            where: dict[str, str | tuple[str, ...]] = {"i": good, "s": origin, "d": destination}
            changes.append(InstrumentChange(instrument="tms", where=where, rate_to=rate, note="preference lapses"))
    return Policy(
        name="lapse",
        title="Preferences lapse",
        members=MEMBERS,
        instruments=tuple(changes),
        sources=("Ordinary rates: each member's duty on outsiders in the benchmark",),
    )


def accession(member: str, partner: str) -> Policy:
    """A member and an outsider free their trade (the case of article 32.10)."""
    both = tuple(
        InstrumentChange(instrument="tms", where={"s": s, "d": d}, rate_times=0.0, note="free trade agreement")
        for s, d in ((member, partner), (partner, member))
    )
    return Policy(
        name=f"{member}-{partner}", title=f"{member} signs with {partner}", members=(member, partner), instruments=both
    )
