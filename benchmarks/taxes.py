"""What taxes on goods and services do to policies: ``python -m benchmarks.taxes`` writes docs/_static/taxes_2018.json.

The world of 2018 is built with duties alone, with taxes on products, with taxes on factors as well, and with other stated
numbers; nothing else differs.
Needs the raw tables of ``../shared/data``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.split import SHARED
from calibration.benchmark import Benchmark
from calibration.datasets.world_2018 import build, world
from calibration.datasets.world_taxes import TaxRules
from calibration.gtap import standard_gtap
from calibration.taxes import RELATIVE
from cge import Scenario, find_policy, solve
from cge.gtap import contributions, gtap_model, solve_gtap

OUT = Path(__file__).resolve().parents[1] / "docs" / "_static" / "taxes_2018.json"
CASES = {
    "duties alone": TaxRules("none"),
    "with taxes on products": TaxRules(),
    "and on factors": TaxRules("all"),
    "half of taxes on consumption": TaxRules(final_share=0.5),
    "all taxes on consumption": TaxRules(final_share=1.0),
    "one rate on all goods": TaxRules(relative=dict.fromkeys(RELATIVE, 1.0)),
}
DECOMPOSED = ("duties alone", "with taxes on products")
POLICIES = ("rcep", "us-china", "free-trade")
PARTS = ("CNTalleff", "CNTendw", "CNTtech", "CNTpop", "CNTtot", "CNTcgds", "CNTdpar")


def parts_of_ev(benchmark: Benchmark, policy: str) -> tuple[dict[str, float], float]:
    """EV of the standard GTAP model, its allocative parts by tax, and the other parts, world, million USD; and the largest gap.

    The gap is that of a region's parts to its EV, over the largest EV.
    """
    change = find_policy(policy)
    result = solve_gtap(gtap_model(standard_gtap(benchmark)), change)
    found = contributions(result, change)
    gap = abs(sum(found[k].values for k in PARTS) - found["EV"].values).max() / abs(found["EV"].values).max()
    by_tax = found["CNTalleff_tax"].sum("r")
    parts = {f"allocative, {tax}": float(by_tax.sel(tax=tax)) for tax in map(str, by_tax["tax"].values)}
    rest = {"all others": float(sum(found[k].sum() for k in PARTS[1:]))}
    return {k: v for k, v in {**parts, **rest, "EV": float(found["EV"].sum())}.items() if abs(v) > 1}, float(gap)


def measure(folder: Path = SHARED) -> dict[str, Any]:
    """Welfare by policy, case and region (core model, per cent); parts of EV by policy and case (GTAP model, million USD)."""
    worlds = {name: world(build(folder, taxes=rules).full) for name, rules in CASES.items()}
    welfare: dict[str, dict[str, dict[str, float]]] = {p: {} for p in POLICIES}
    total: dict[str, dict[str, float]] = {name: {} for name in CASES}
    parts, gaps = {}, []
    for name, benchmark in worlds.items():
        for policy in POLICIES:
            result = solve(Scenario(benchmark).under(find_policy(policy)))
            table, summary = result.comparison.table(), result.summary()
            total[name][f"{policy}, world EV, bn USD"] = round(float(table["ev_musd"].sum()) / 1e3, 2)
            if policy == "rcep":
                total[name]["rcep, members' welfare, %"] = round(float(summary["bloc_welfare_percent"]), 4)
            welfare[policy][name] = {str(r): round(float(v), 4) for r, v in table["welfare_percent"].items()}
            if name in DECOMPOSED:
                parts[f"{policy}, {name}"], gap = parts_of_ev(benchmark, policy)
                gaps.append(gap)
    keys = list(dict.fromkeys(k for held in parts.values() for k in held))
    by_part = {k: {case: round(held.get(k, 0.0)) for case, held in parts.items()} for k in keys}
    return {"welfare": welfare, "total": total, "parts of EV": by_part, "largest gap of parts": float(np.max(gaps))}


if __name__ == "__main__":
    OUT.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
    print(f"wrote {OUT.name}")
