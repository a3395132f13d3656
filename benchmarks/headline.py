"""The headline table of policies: ``python -m benchmarks.headline`` writes docs/_static/headline.json.

Five policies on the shipped world, on the world without one step of its build, and with one alone; with the capital that is
there and in a steady state. The world before these steps is the one that :data:`BEFORE` holds in the repository's history; its
results are kept in docs/_static/headline_before.json with where they are from, and measured again where the history is at hand.
Needs the raw tables of ``../shared/data`` and the history (its world has the tariffs that the others are measured against).
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from benchmarks.split import SHARED
from calibration import load_benchmark
from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from calibration.classification import GOODS
from calibration.datasets.world_2018 import AGGREGATES, GROUPED, STEPS, build, world
from calibration.datasets.world_taxes import STATED, TaxRules
from calibration.split_sector import VEHICLES
from cge import Closure, Scenario, find_policy, solve
from cge.mechanisms.origin.study import RulesStudy
from cge.report import findings
from policies import us_china
from policies.automotive_rules import MEMBERS
from policies.usmca_results import against_nafta, usmca_study

POLICIES = ("belt-and-road", "free-trade", "rcep", "us-china")
"""Policies with published figures by country that stand beside them; USMCA is a study of its own (:func:`one_usmca`)."""

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "_static" / "headline.json"
OUT_BEFORE = ROOT / "docs" / "_static" / "headline_before.json"
BEFORE = "2946649"
"""Last commit whose world has tariffs of 2005, no taxes but duties, no freight, no depreciation, Cobb-Douglas demand."""
WORLD_FILE = "calibration/datasets/world.nc"
CHANGES = {
    "tariffs": "tariffs of 2018",
    "taxes": "taxes on products",
    "freight": "international freight",
    "capital": "depreciation and net saving",
    "demand": "income elasticities of demand",
}
"""Steps that an option of the build can leave out; labour by occupation and energy cannot be."""
Capital = Literal["fixed", "steady"]
CAPITALS: tuple[Capital, ...] = ("fixed", "steady")
Table = dict[str, Any]


def cases() -> dict[str, frozenset[str]]:
    """Worlds by name -> the steps they have."""
    every = frozenset(CHANGES)
    return {
        "now": every,
        **{f"without {key}": every - {key} for key in CHANGES},
        "none": frozenset(),
        **{f"{key} alone": frozenset({key}) for key in CHANGES},
    }


def world_before(folder: Path) -> Benchmark:
    """The world of :data:`BEFORE`, from the repository's history."""
    file = folder / "before.nc"
    shown = subprocess.run(["git", "show", f"{BEFORE}:{WORLD_FILE}"], cwd=ROOT, capture_output=True, check=False)
    if shown.returncode:
        raise SystemExit(f"benchmarks.headline: the history lacks {BEFORE}:{WORLD_FILE}; fetch the whole repository")
    file.write_bytes(shown.stdout)
    return load_benchmark(file)


def rates_before(before: Benchmark, economies: list[str]) -> pd.Series:
    """The duties of an older world by good and economy, each economy and good with its group's rate; index (i, s, d)."""
    rates = ratio(before.sam["vmsb"], before.sam["vcif"], 1.0) - 1.0
    sector_of = {old: new for new, (_, olds) in AGGREGATES.items() for old in olds}
    goods = [before.commodities.index(sector_of[g]) for g in GOODS]
    groups = [before.regions.index(GROUPED.get(r, r)) for r in economies]
    values = np.maximum(rates[np.ix_(goods, groups, groups)], 0.0)  # rounding of a rate of zero
    values[:, np.arange(len(groups)), np.arange(len(groups))] = 0.0
    index = pd.MultiIndex.from_product([GOODS, economies, economies], names=["i", "s", "d"])
    return pd.Series(values.ravel(), index=index, name="rate")


def world_with(steps: frozenset[str], old_rates: Path, folder: Path = SHARED) -> Benchmark:
    """The world of 2018 built with these steps alone."""
    rates = "" if "tariffs" in steps else f"csv:{old_rates}"
    taxes = STATED if "taxes" in steps else TaxRules("none")
    made = world(build(folder, rates, taxes=taxes, without=[s for s in STEPS if s not in steps]).full)
    return made if "demand" in steps else made.with_demand("cobb-douglas")


def one_policy(name: str, benchmark: Benchmark, capital: Capital) -> Table:
    """Welfare (per cent of income) and equivalent variation (million USD) by region; members' mean and the world's EV."""
    run = solve(Scenario(benchmark, closure=Closure.standard(capital=capital)).under(find_policy(name)))
    table, summary = run.comparison.table(), run.summary()
    return {
        "welfare": _rounded(table["welfare_percent"], 4),
        "ev": _rounded(table["ev_musd"], 0),
        "gdp": _rounded(table["real_gdp_percent"], 4),
        "members": summary["bloc_welfare_percent"] and round(summary["bloc_welfare_percent"], 4),
        "world": round(float(table["ev_musd"].sum() / 1e3), 2),
    }


def one_usmca(benchmark: Benchmark, capital: Capital) -> Table:
    """The same of USMCA's rules of cars against NAFTA's, assembly of vehicles tied to its capital."""
    plain = usmca_study(benchmark)
    closure = Closure.standard(specific=("nat", f"cap:{VEHICLES}"), capital=capital)
    study = RulesStudy(plain.benchmark, plain.coverage, plain.duties, plain.reference, plain.utilisation0, closure)
    table = against_nafta(study=study).regions()
    income = table["ev_musd"] / table["welfare_percent"] * 100
    bloc = 100 * table["ev_musd"][list(MEMBERS)].sum() / income[list(MEMBERS)].sum()
    return {
        "welfare": _rounded(table["welfare_percent"], 4),
        "ev": _rounded(table["ev_musd"], 0),
        "gdp": _rounded(table["real_gdp_percent"], 4),
        "members": round(float(bloc), 4),
        "world": round(float(table["ev_musd"].sum() / 1e3), 2),
    }


def all_policies(benchmark: Benchmark, with_usmca: tuple[Capital, ...] = ()) -> dict[str, dict[str, Table]]:
    """Results by treatment of capital and policy; USMCA, which takes most of the time, for the treatments named."""
    found: dict[str, dict[str, Table]] = {}
    for capital in CAPITALS:
        found[capital] = {name: one_policy(name, benchmark, capital) for name in POLICIES}
        if capital in with_usmca:
            found[capital]["usmca"] = one_usmca(benchmark, capital)
    return found


def ranges(benchmark: Benchmark) -> dict[str, dict[str, dict[str, float]]]:
    """Welfare by policy, elasticity study (two nests, then one) and region, capital fixed."""
    return {
        name: {
            str(study): _rounded(column, 4)
            for study, column in findings.welfare_range(Scenario(benchmark).under(find_policy(name))).items()
        }
        for name in POLICIES
    }


def times_and_sizes(benchmark: Benchmark) -> dict[str, Any]:
    """Unknowns, seconds and iterations of RCEP on the shipped world by treatment of capital; megabytes of the files."""
    runs = {
        capital: solve(Scenario(benchmark, closure=Closure.standard(capital=capital)).under(find_policy("rcep")))
        for capital in CAPITALS
    }
    shipped = (ROOT / "calibration" / "datasets").rglob("*")
    return {
        "unknowns": {k: run.base.model.system.n for k, run in runs.items()},
        "seconds to build": {k: round(run.seconds["build"], 2) for k, run in runs.items()},
        "seconds to solve twice": {k: round(run.seconds["solve"], 2) for k, run in runs.items()},
        "largest residual": {k: float(run.summary()["max_residual"]) for k, run in runs.items()},
        "world.nc, MB": round((ROOT / WORLD_FILE).stat().st_size / 1e6, 2),
        "all shipped data, MB": round(sum(p.stat().st_size for p in shipped if p.suffix in (".nc", ".csv")) / 1e6, 2),
    }


def _rounded(column: pd.Series, digits: int) -> dict[str, float]:
    return {str(r): round(float(v), digits) for r, v in column.items()}


def _write(path: Path, held: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {path.name}", flush=True)


def measure_before(before: Benchmark) -> Table:
    """Results of the world before, with where it is from."""
    return {
        "provenance": {
            "commit": BEFORE,
            "file": WORLD_FILE,
            "title": str(before.sam.data.attrs.get("title", "")),
            "what": "data of that commit, equations of the library that wrote this file (benchmarks/headline.py)",
        },
        "results": all_policies(before, CAPITALS),
    }


def measure(old_rates: Path, folder: Path = SHARED) -> Table:
    """Results on the shipped world and each variant of its build, ranges, times and sizes."""
    shipped, results, seconds = load_benchmark(), {}, {}
    for name, steps in cases().items():
        started = time.perf_counter()
        made = shipped if name == "now" else world_with(steps, old_rates, folder)
        seconds[name] = round(time.perf_counter() - started, 1)
        usmca_under: tuple[Capital, ...] = CAPITALS if name == "now" else ("fixed",) if name.startswith("without") else ()
        results[name] = all_policies(made, usmca_under)
        print(name, flush=True)
    early = solve(Scenario(shipped).under(us_china("2018-09"))).comparison.table()["welfare_percent"]
    return {
        "results": results,
        "us-china, September 2018": _rounded(early, 4),
        "ranges": ranges(shipped),
        "run": {**times_and_sizes(shipped), "seconds to build each world": seconds},
    }


def main() -> None:
    """Write both files."""
    with tempfile.TemporaryDirectory() as place:
        before = world_before(Path(place))
        _write(OUT_BEFORE, measure_before(before))
        economies = build(SHARED).full.regions
        old_rates = Path(place) / "rates.csv"
        rates_before(before, economies).to_csv(old_rates)
        _write(OUT, measure(old_rates))


if __name__ == "__main__":
    main()
