"""USMCA's automotive rules against NAFTA's: the model they are asked on, the industry under them, curves over the threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from calibration import Benchmark, load_benchmark
from calibration.split_sector import PARTS, VEHICLES, split_vehicles
from cge import Closure
from cge.mechanisms.origin import Coverage
from cge.mechanisms.origin.results import RulesSolution
from cge.mechanisms.origin.study import OriginRules, RulesStudy
from policies.automotive_rules import (
    DUTIES,
    MEMBERS,
    METALS,
    MOTOR,
    RULES,
    UTILISATION,
    accession,
    check_choices,
    checked_duty,
    lapse,
    lapsed_pairs,
)

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
    check_choices(duty, assembly)
    data = benchmark if isinstance(benchmark, Benchmark) else load_benchmark(benchmark)
    if VEHICLES not in data.commodities:
        data = split_vehicles(data, sector or _first(data, MOTOR))
    tied = ("nat", f"cap:{VEHICLES}") if assembly == "fixed" else None
    metals = _first(data, METALS)
    held = Coverage(area=MEMBERS, sector=VEHICLES, material=PARTS, **{"metals": metals, **coverage})
    return RulesStudy(
        data, held, DUTIES[duty], reference=DUTIES["cars"], utilisation0=UTILISATION, closure=Closure.standard(specific=tied)
    )


def _first(benchmark: Benchmark, labels: tuple[str, ...]) -> str:
    """The first of the labels that the benchmark has (the first of all where it has none, which then names the fault)."""
    return next((x for x in labels if x in benchmark.commodities), labels[0])


def against_nafta(
    rules: str = "usmca-cars",
    benchmark: str | Path | Benchmark = "world",
    *,
    duty: str | None = None,
    assembly: Literal["fixed", "relocation"] = "fixed",
    study: RulesStudy | None = None,
    **coverage: Any,
) -> Usmca:
    """Solve one scenario against NAFTA's rules, with what it shows of the industry.

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
    duty = checked_duty(rules, duty)
    study = study or usmca_study(benchmark, duty, assembly, **coverage)
    free = study.solve(None)
    base = study.solve(RULES["nafta"])
    if rules == "withdrawal":
        pairs = lapsed_pairs(rules)
        ending = lapse(study.benchmark, pairs)
        after = study.solve(RULES["nafta"], policy=ending if ending.instruments else None, lapsed=pairs)
    elif rules == "poison-pill":
        pairs = lapsed_pairs(rules)
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
