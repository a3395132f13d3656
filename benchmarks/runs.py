"""Results of many runs in full digits, to hold a change of the library's structure to: what ran before runs the same after.

``python -m benchmarks.runs write FILE`` writes them as JSON; ``python -m benchmarks.runs compare FILE`` runs again and lists
what differs by more than 1e-9 relative. One run of every policy, closure, model, path, replication and of the value chains.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.split import SHARED
from calibration import Benchmark, load_benchmark
from calibration.foreign_capital import COLUMNS as POSITIONS
from calibration.foreign_capital import with_positions
from calibration.gtap import standard_gtap
from cge import Closure, Model, Scenario, Solution, find_policy, solve
from cge.dynamics import Baseline, Dynamics
from cge.gtap import GtapShock, contributions, gtap_model, solve_gtap
from cge.gtap.subtotals import gtap_subtotals
from cge.mechanisms.carbon import Carbon
from cge.mechanisms.foreign_income import ForeignIncome
from cge.model.path import subtotals
from cge.results.updated_data import updated_sam
from policies import rcep, us_china
from policies.belt_and_road_initiative import BeltAndRoadProgramme
from policies.replicate import caliendo_parro_2015
from policies.usmca_results import against_nafta
from tests.worlds import five_regions, growth_table, random_benchmark

Numbers = Mapping[str, Any]
LIMIT = 1e-9
"""Largest relative difference, of the largest number of its kind in the run."""
ARRAYS = ("qo", "pds", "qms", "qxs", "qva", "y", "u", "qgdp", "gdp", "ev", "qinv")


def numbers_of(solution: Solution) -> Numbers:
    """Whole arrays of a solution where it has them."""
    names = [n for n in ARRAYS if n in solution.model.symbols or n in solution.model.definitions]
    return {n: solution.values_of(n) for n in names}


def static(policy: str, benchmark: str = "world", demand: str = "benchmark", sourcing: str = "use", **closure: Any) -> Numbers:
    """A named policy on a shipped world."""
    data = load_benchmark(benchmark).with_demand(demand)
    run = solve(Scenario(data, closure=Closure.standard(**closure), sourcing=sourcing).under(find_policy(policy)))
    return {**numbers_of(run.after), "table": run.comparison.table()}


def path(policy: Any, **options: str) -> Numbers:
    """Four years of five regions."""
    data = five_regions()
    rates = growth_table(data, gdp=0.03, population=0.01, skl=0.015, unskl=0.01, nat=0.0)
    base = Baseline.between(2018, 2021, rates)
    found = Dynamics(data, base, **options).run(policy)
    years = found.dataset()
    return {str(n): years[n] for n in years.data_vars}


def gtap(text: str, **options: Any) -> Numbers:
    """The standard model of GTAP with its indices and parts of EV."""
    shock = GtapShock(text)
    result = solve_gtap(gtap_model(standard_gtap(five_regions()), **options), shock)
    changes = result.changes()
    parts = contributions(result, shock)
    return {n: changes[n] for n in ("qo", "qxs", "ppriv", "pgdp")} | {k: parts[k] for k in ("EV", "CNTtot", "CNTalleff")}


def owning() -> Benchmark:
    """Five regions of which the first owns what the others owe."""
    data = five_regions()
    table = pd.DataFrame(0.0, index=data.regions, columns=list(POSITIONS))
    debt = np.array([4.0, -1.0, -1.5, -0.5, -1.0]) * 1e7
    table["debt_assets"], table["debt_liabilities"] = np.maximum(debt, 0), np.maximum(-debt, 0)
    return with_positions(data, table)


def chains() -> Numbers:
    """Value chains after RCEP, the updated data and the inter-country table."""
    run = solve(Scenario().under(rcep()))
    chain = run.base.gvc().compare(run.after.gvc())
    sam = updated_sam(run.after)
    return {"chains": chain.table(), **{h: sam[h] for h in ("vdfp", "vmsb", "vxsb", "evos", "save")}}


RUNS: dict[str, Callable[[], Numbers]] = {
    "rcep": lambda: static("rcep"),
    "rcep, steady capital": lambda: static("rcep", capital="steady"),
    "rcep, investment fixed": lambda: static("rcep", investment="fixed"),
    "rcep, real wage fixed": lambda: static("rcep", labour="fixed real wage"),
    "rcep, capital specific": lambda: static("rcep", specific=("nat", "cap")),
    "rcep, Cobb-Douglas": lambda: static("rcep", demand="cobb-douglas"),
    "rcep, sourcing by agent": lambda: static("rcep", sourcing="agent"),
    "rcep, sourcing pooled": lambda: static("rcep", sourcing="pooled"),
    "rcep, world of 2011": lambda: static("rcep", "world-2011"),
    "us-china": lambda: static("us-china"),
    "free trade, world of 2011": lambda: static("free-trade", "world-2011"),
    "belt-and-road": lambda: static("belt-and-road"),
    "free-trade": lambda: static("free-trade"),
    "rcep and us-china": lambda: numbers_of(solve(Scenario().under(rcep() + us_china())).after),
    "rcep by 2035": lambda: numbers_of(solve(Scenario().under(rcep(year=2035))).after),
    "rcep with rules of origin": lambda: numbers_of(solve(Scenario().under(rcep(cumulation="full"))).after),
    "usmca": lambda: numbers_of(against_nafta("usmca-cars").after.solution),
    "usmca, withdrawal": lambda: numbers_of(against_nafta("withdrawal").after.solution),
    "gtap": lambda: gtap("tms=+2%"),
    "gtap, trade balances held": lambda: gtap("tms=+2%", swaps="dpsave(USA,EU)=del_tbalry(USA,EU)"),
    "path, saving": lambda: path(rcep_of_five()),
    "path, returns": lambda: path(rcep_of_five(), investment="returns"),
    "path, vintage": lambda: path(rcep_of_five(), capital="vintage"),
    "path, belt and road": lambda: path(BeltAndRoadProgramme(finance="loans", start=2019)),
    "Caliendo and Parro 2015": lambda: {"table": caliendo_parro_2015(SHARED / "caliendo_parro_2015").table},
    "value chains": chains,
    "price of carbon": lambda: carbon(),
    "foreign positions": lambda: numbers_of(Model(owning(), mechanisms=(ForeignIncome(),)).solve(us_china_of_five())),
    "gradients": lambda: gradients(),
    "sub-totals": lambda: split(),
}


def rcep_of_five() -> Any:
    """China and the rest of the world free their trade."""
    from policies import tariff_change

    return tariff_change(times=0.0, sources=("CHN", "ROW"), name="five", title="five")


def us_china_of_five() -> Any:
    """Duties of China and the United States on each other."""
    from policies import tariff_change

    return tariff_change(times=2.0, sources="CHN", destinations="USA", name="war", title="war")


def carbon() -> Numbers:
    """A price of carbon on the shipped world, as the mechanism's instrument."""
    model = Model(load_benchmark(), mechanisms=(Carbon(),))
    return numbers_of(model.solve(exogenous={"ctax": 20.0}))


def gradients() -> Numbers:
    """Welfare against every tariff of a small world."""
    model = Model(random_benchmark(4, 3, seed=5))
    base = model.solve()
    return {r: base.gradient("u", "tms", r=r)["tms"] for r in model.labels("r")}


def split() -> Numbers:
    """Sub-totals of two groups of shocks in the core model and in GTAP's."""
    data = random_benchmark(3, 3, seed=7)
    groups = {"tariffs": GtapShock("tms[g0,*,*]=+2%"), "output": GtapShock("ao[g1,*]=+0.4%")}
    core = subtotals(Model(data).solve(), groups, ["qo", "y"])
    both = solve_gtap(gtap_model(standard_gtap(data)), GtapShock("tms[g0,*,*]=+2%; ao[g1,*]=+0.4%"))
    held = gtap_subtotals(both, groups, ["ppriv"])
    return {"core": core["qo"], "income": core["y"], "gtap": held["ppriv"]}


def flat(run: Numbers) -> dict[str, list[float]]:
    """Every number of a run, by name."""
    return {n: [float(x) for x in np.asarray(values, dtype=float).ravel()] for n, values in run.items()}


def all_runs(report: Callable[[str], None] = print) -> dict[str, dict[str, list[float]]]:
    """Every run in turn."""
    results = {}
    for name, run in RUNS.items():
        started = time.perf_counter()
        results[name] = flat(run())
        report(f"{name}: {time.perf_counter() - started:.1f} s")
    return results


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What is missing, new or differs by more than :data:`LIMIT`."""
    lines = [f"{name} is no longer run" for name in before if name not in after]
    for name, run in after.items():
        for key, values in run.items():
            old = before.get(name, {}).get(key)
            if old is None or len(old) != len(values):
                lines.append(f"{name}: {key} has no counterpart")
                continue
            was, now = np.array(old, dtype=float), np.array(values)
            size = max(np.nanmax(abs(was), initial=0.0), 1e-300)
            apart = abs(now - was) / size
            if not (np.isnan(was) == np.isnan(now)).all() or np.nanmax(apart, initial=0.0) > LIMIT:
                lines.append(f"{name}: {key} differs by {np.nanmax(apart, initial=0.0):.1e} of its largest number")
    return lines


def main() -> None:
    """Write or compare."""
    if len(sys.argv) != 3 or sys.argv[1] not in ("write", "compare"):
        raise SystemExit("usage: python -m benchmarks.runs write|compare FILE")
    file = Path(sys.argv[2])
    results = all_runs()
    if sys.argv[1] == "write":
        file.write_text(json.dumps(results) + "\n", encoding="utf-8")
        print(f"{len(results)} runs in {file}")
        return
    lines = differences(json.loads(file.read_text(encoding="utf-8")), results)
    print("\n".join(lines) or f"{len(results)} runs are what they were, to {LIMIT:.0e}")
    raise SystemExit(1 if lines else 0)


if __name__ == "__main__":
    main()
