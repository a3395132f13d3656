"""All benchmarks in one run: ``make bench``. Writes docs/_static/benchmarks.json, which the docs print.

Each case is a process of its own (peak memory is per process); times are medians of ``--repeat`` runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.split import SHARED

OUT = Path(__file__).resolve().parents[1] / "docs" / "_static" / "benchmarks.json"
ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def call(*words: str) -> dict[str, Any]:
    """Run a benchmark module in its own process on one thread; its JSON and the whole process's seconds."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, check=True, env={**os.environ, **ONE_CORE}
    )
    return {**json.loads(done.stdout), "process_seconds": round(time.perf_counter() - started, 2)}


def median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Numbers by their median over runs, the rest from the first."""
    out = dict(runs[0])
    for key, value in runs[0].items():
        if isinstance(value, float) and key != "max_residual":
            out[key] = round(statistics.median(r[key] for r in runs), 4)
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    args = parser.parse_args()
    scale = "benchmarks.scale"
    cases: dict[str, tuple[str, ...]] = {
        "41 x 35, RCEP": (scale, "41", "35", "--rcep", "--json"),
        "41 x 35, RCEP, sourcing by use": (scale, "41", "35", "--rcep", "--sourcing", "use", "--json"),
        "20 x 35, tariffs -50 %": (scale, "20", "35", "--json"),
        "41 x 35, tariffs -50 %": (scale, "41", "35", "--json"),
        "77 x 45, tariffs -50 %": (scale, "77", "45", "--json"),
        "141 x 65, tariffs -50 %": (scale, "141", "65", "--json"),
    }
    result: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores (one thread used), Python {platform.python_version()}",
        "data": "WIOD 2011 split" if SHARED.is_dir() else "embedded world split",
        "ours": {},
        "peers": {},
    }
    for title, words in cases.items():
        result["ours"][title] = median([call(*words) for _ in range(args.repeat)])
        print(title, result["ours"][title], flush=True)
    result["warm"] = median([call("benchmarks.warm") for _ in range(args.repeat)])
    print("warm", result["warm"], flush=True)
    result["gtap"] = median([call("benchmarks.gtap") for _ in range(args.repeat)])
    print("gtap", result["gtap"], flush=True)
    sizes = [result["ours"][f"{s}, tariffs -50 %"] for s in ("20 x 35", "41 x 35", "141 x 65")]
    logs = np.log([[s["variables"], s["total"]] for s in sizes])
    result["exponent"] = round(float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0]), 3)
    sparse = np.log([[s["nonzeros"], s["total"]] for s in sizes])
    result["exponent_nonzeros"] = round(float(np.polyfit(sparse[:, 0], sparse[:, 1], 1)[0]), 3)
    peers: dict[str, tuple[str, ...]] = {
        "Ipopt tuned alone, 41 x 35, tariffs -50 %": ("benchmarks.peers", "ipopt-tuned", "41", "35"),
        "Ipopt tuned alone, 41 x 35, RCEP": (scale, "41", "35", "--rcep", "--method", "ipopt", "--json"),
        "expanded Pyomo to NL, 10 x 10": ("benchmarks.peers", "expanded-nl", "10", "10"),
    }
    if not args.quick:
        peers |= {
            "Ipopt default alone, 41 x 35, tariffs -50 % (cut off after 240 s)": (
                "benchmarks.peers",
                "ipopt-default",
                "41",
                "35",
            ),
            "Newton with scipy's sparse LU, 41 x 35, tariffs -50 %": ("benchmarks.peers", "sparse-lu", "41", "35"),
            "expanded Pyomo to NL, 20 x 20": ("benchmarks.peers", "expanded-nl", "20", "20"),
        }
    for title, words in peers.items():
        result["peers"][title] = call(*words)
        print(title, result["peers"][title], flush=True)
    if SHARED.is_dir():
        from benchmarks.caliendo_parro import nafta

        result["peers"]["Caliendo-Parro fixed point in numpy, 31 x 40, NAFTA"] = nafta(SHARED / "caliendo_parro_2015")
    tuned = result["peers"]["Ipopt tuned alone, 41 x 35, tariffs -50 %"]["seconds"]
    ours = result["ours"]["41 x 35, tariffs -50 %"]
    result["ratio_to_tuned_ipopt"] = round(tuned / (ours["solve"] + ours["certificate"]), 1)
    alone, rcep = result["peers"]["Ipopt tuned alone, 41 x 35, RCEP"], result["ours"]["41 x 35, RCEP"]
    alone["seconds"] = alone["solve"]
    result["ratio_to_tuned_ipopt_rcep"] = round(alone["solve"] / (rcep["solve"] + rcep["certificate"]), 1)
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {OUT.name}: {result['ratio_to_tuned_ipopt']} times tuned Ipopt, exponent {result['exponent']}")


if __name__ == "__main__":
    main()
