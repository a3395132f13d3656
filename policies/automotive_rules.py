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

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from calibration import Benchmark, load_benchmark
from calibration.errors import nearest
from calibration.split_sector import PARTS, VEHICLES, split_vehicles
from cge import Closure
from cge.errors import ShockError
from cge.mechanisms.origin import Coverage
from cge.mechanisms.origin.results import RulesSolution
from cge.mechanisms.origin.study import OriginRules, RulesStudy
from cge.policy.policy import InstrumentChange, Policy

MEMBERS = ("USA", "CAN", "MEX")
DUTIES = {
    "cars": {"USA": 0.025, "CAN": 0.061, "MEX": 0.20},
    "trucks": {"USA": 0.25, "CAN": 0.061, "MEX": 0.20},
}
"""Most-favoured-nation rates: USA 2.5 % (cars), 25 % (light trucks), CAN 6.1 %, MEX 20 % (national tariff schedules)."""

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

THRESHOLDS = tuple(float(x) for x in np.round(np.linspace(0.40, 0.95, 12), 3))


@dataclass(frozen=True)
class Usmca:
    """A scenario solved against NAFTA's rules.

    Attributes
    ----------
    study : RulesStudy
    free, base, after : RulesSolution
        Preferences without rules; NAFTA's rules; the scenario.
    scenario : str
    duty : str
    assembly : str
    """

    study: RulesStudy
    free: RulesSolution
    base: RulesSolution
    after: RulesSolution
    scenario: str
    duty: str
    assembly: str

    def regions(self) -> pd.DataFrame:
        """Changes from NAFTA's rules by region: welfare, GDP, wages, and output, price, employment of vehicles and parts."""
        table = self.after.solution.compare(self.base.solution).table()
        before, now = self.base.industry(), self.after.industry()
        for sector in (VEHICLES, PARTS):
            for what in ("output", "employment", "price"):
                ratio = now.loc[sector, what] / before.loc[sector, what]
                table[f"{what}_{sector}_percent"] = 100 * (ratio.reindex(table.index) - 1)
        return table

    def rule_costs(self) -> pd.Series:
        """Mean premium of each of USMCA's rules alone (over NAFTA's), per cent of cost, at benchmark prices."""
        from cge.mechanisms.origin.compliance import comply

        out = {}
        for name in ("content", "labour", "steel", "aluminium", self.scenario):
            rules = RULES.get(name)
            if rules is None:
                continue
            costs = []
            for r in self.study.rows:
                for k in range(self.study.coverage.types):
                    found = comply(self.study.firm(k, int(r)), rules.thresholds())
                    costs.append(found[1].premium if found else np.nan)
            out[name] = 100 * float(np.nanmean(costs))
        return pd.Series(out, name="premium_percent")

    def summary(self) -> dict[str, Any]:
        """Everything the command line prints as JSON."""
        after, base = self.after, self.base
        info = after.solution.info
        regions = self.regions()

        def pairs(held: RulesSolution) -> dict[str, float]:
            return {f"{a}-{b}": round(v, 6) for (a, b), v in held.utilisation().items()}

        def industry(sector: str, what: str) -> dict[str, float]:
            return {m: float(regions.loc[m, f"{what}_{sector}_percent"]) for m in MEMBERS}

        trade = {}
        members = list(MEMBERS)
        for sector in (VEHICLES, PARTS):
            a, b = base.trade().loc[sector], after.trade().loc[sector]
            others = [r for r in a.columns if r not in members]
            trade[sector] = {
                "within_percent": 100
                * float(b.loc[members, members].to_numpy().sum() / a.loc[members, members].to_numpy().sum() - 1),
                "from_outside_percent": 100
                * float(b.loc[others, members].to_numpy().sum() / a.loc[others, members].to_numpy().sum() - 1),
            }
        return {
            "policy": "usmca",
            "rules": self.scenario,
            "against": "nafta",
            "duty": self.duty,
            "assembly": self.assembly,
            "benchmark": self.study.benchmark.name,
            "ev_unit": f"million {self.study.benchmark.currency}",
            "trade_unit": f"million {self.study.benchmark.currency} at benchmark prices",
            "status": info["status"],
            "max_residual": max(after.solution.max_residual, base.solution.max_residual),
            "walras": max(after.solution.walras, base.solution.walras),
            "complementarity_gap": max(after.complementarity_gap(), base.complementarity_gap()),
            "utilisation": {"nafta": pairs(base), self.scenario: pairs(after)},
            "constrained_share": {"nafta": base.constrained_share(), self.scenario: after.constrained_share()},
            "cost_penalty": {"nafta": base.cost_penalty(), self.scenario: after.cost_penalty()},
            "regional_content": {
                "none": self.free.regional_content(),
                "nafta": base.regional_content(),
                self.scenario: after.regional_content(),
            },
            "unused_types": dict(after.unused),
            "vehicles": {what: industry(VEHICLES, what) for what in ("output", "employment", "price")},
            "parts": {what: industry(PARTS, what) for what in ("output", "employment", "price")},
            "trade": trade,
            "rule_costs_percent": {k: float(v) for k, v in self.rule_costs().items()},
            "regions": {str(r): {k: float(v) for k, v in row.items()} for r, row in regions.to_dict("index").items()},
            "members": members,
            "choices": {
                "types": self.study.coverage.types,
                "dispersion": self.study.coverage.dispersion,
                "kappa": self.study.coverage.kappa,
                "utilisation0": self.study.utilisation0,
                "substitution": float(self.study.model.benchmark_values["esubp"][0]),
                "split": str(self.study.benchmark.attrs.get("split", "")),
            },
        }


def usmca_study(
    benchmark: str | Path | Benchmark = "world",
    duty: str = "cars",
    assembly: Literal["fixed", "relocation"] = "fixed",
    sector: str | None = None,
    **coverage: Any,
) -> RulesStudy:
    """The model of USMCA's automotive rules.

    Parameters
    ----------
    benchmark : str, path or Benchmark
        With a sector of motor vehicles and parts (split here), or with ``veh`` and ``prt`` already.
    duty : {"cars", "trucks"}
        Which duty is the alternative in the United States.
    assembly : {"fixed", "relocation"}
        Capital of vehicle assembly stays in it, or moves among activities.
    sector : str, optional
        The sector to split; default motor vehicles, else transport equipment, whose ships and aircraft then count as vehicles.
    coverage
        Fields of :class:`cge.mechanisms.origin.Coverage` to change (types, dispersion, substitution, kappa).

    Raises
    ------
    ShockError
        Unknown duty or assembly.
    """
    if duty not in DUTIES:
        raise ShockError(f"unknown duty {duty!r}{nearest(duty, DUTIES)}; choose 'cars' or 'trucks'")
    if assembly not in ("fixed", "relocation"):
        raise ShockError(f"unknown assembly {assembly!r}; choose 'fixed' or 'relocation'")
    data = benchmark if isinstance(benchmark, Benchmark) else load_benchmark(benchmark)
    if VEHICLES not in data.commodities:
        data = split_vehicles(data, sector or _first(data, ("mot", "C29", "trn", "c15")))
    tied = ("nat", f"cap:{VEHICLES}") if assembly == "fixed" else None
    metals = _first(data, ("met", "C24A", "c12"))
    held = Coverage(area=MEMBERS, sector=VEHICLES, material=PARTS, **{"metals": metals, **coverage})
    return RulesStudy(
        data, held, DUTIES[duty], reference=DUTIES["cars"], utilisation0=UTILISATION, closure=Closure.standard(specific=tied)
    )


def _first(benchmark: Benchmark, labels: tuple[str, ...]) -> str:
    """The first of the labels that the benchmark has (the first of all where it has none, which then names the fault)."""
    return next((x for x in labels if x in benchmark.commodities), labels[0])


def usmca(
    rules: str = "usmca-cars",
    benchmark: str | Path | Benchmark = "world",
    *,
    duty: str | None = None,
    assembly: Literal["fixed", "relocation"] = "fixed",
    study: RulesStudy | None = None,
    **coverage: Any,
) -> Usmca:
    """Solve one scenario against NAFTA's rules.

    Parameters
    ----------
    rules : str
        Key of :data:`RULES`, ``"withdrawal"`` (preferences of all goods among the members end) or
        ``"poison-pill"`` (Mexico signs with China: their duties go, its preferences with the others lapse).
    benchmark, assembly, coverage
        As in :func:`usmca_study`.
    duty : {"cars", "trucks"}, optional
        Default trucks for ``usmca-trucks``, else cars.
    study : RulesStudy, optional
        A prepared study, instead of the options that make one.

    Raises
    ------
    ShockError
        Unknown rules.
    """
    known = (*RULES, "withdrawal", "poison-pill")
    if rules not in known:
        raise ShockError(f"unknown rules {rules!r}{nearest(rules, known)}; known: {', '.join(known)}")
    duty = duty or ("trucks" if rules == "usmca-trucks" else "cars")
    study = study or usmca_study(benchmark, duty, assembly, **coverage)
    free = study.solve(None)
    base = study.solve(RULES["nafta"])
    if rules == "withdrawal":
        pairs = list(permutations(MEMBERS, 2))
        ending = lapse(study.benchmark, pairs)
        after = study.solve(RULES["nafta"], policy=ending if ending.instruments else None, lapsed=pairs)
    elif rules == "poison-pill":
        pairs = [p for p in permutations(MEMBERS, 2) if "MEX" in p]
        policy = lapse(study.benchmark, pairs) + accession("MEX", "CHN")
        after = study.solve(RULES["usmca-cars"], policy=policy, lapsed=pairs)
    elif rules == "nafta":
        after = base
    else:
        after = free if RULES[rules] is None else study.solve(RULES[rules])
    return Usmca(study, free, base, after, rules, duty, assembly)


def usmca_curves(
    benchmark: str | Path | Benchmark = "world",
    thresholds: tuple[float, ...] = THRESHOLDS,
    assembly: Literal["fixed", "relocation"] = "fixed",
    study: RulesStudy | None = None,
    report: Callable[[float], None] | None = None,
    **coverage: Any,
) -> dict[str, pd.DataFrame]:
    """Outcomes along the content threshold at the duty of cars and of trucks (content rule alone).

    ``report`` is told the share done.
    """
    study = study or usmca_study(benchmark, "cars", assembly, **coverage)
    alone = OriginRules("content", rvc=thresholds[0])
    tell = report or (lambda share: None)
    out: dict[str, pd.DataFrame] = {}
    for duty, rates in DUTIES.items():
        done = len(out)
        out[duty] = study.curve(thresholds, alone, rates, lambda share, k=done: tell((k + share) / len(DUTIES)))  # type: ignore[misc]
    return out


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
