"""Time and memory of one size: ``python -m benchmarks.scale REGIONS SECTORS [--cut 0.5] --json``.

All tariffs fall by the share ``cut``; ``--rcep`` solves RCEP instead (real regions only). Memory is the peak
of the whole process, the making of the data included.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from benchmarks.split import split_benchmark
from cge import Model
from cge.results.static_run import peak_memory_mb
from policies import rcep, tariff_change


def measure(regions: int, sectors: int, cut: float, sourcing: str, use_rcep: bool, method: str = "auto") -> dict[str, Any]:
    """One build and one solve, from a benchmark in memory."""
    benchmark = split_benchmark(regions, sectors)
    data_memory = peak_memory_mb()
    policy = rcep() if use_rcep else tariff_change(times=1.0 - cut)
    start = time.perf_counter()
    model = Model(benchmark, sourcing=sourcing)
    built = time.perf_counter()
    solution = model.solve(policy, method=method)  # type: ignore[arg-type]
    done = time.perf_counter()
    info = solution.info
    return {
        "regions": regions,
        "sectors": sectors,
        "sourcing": sourcing,
        "policy": policy.name,
        "method": method,
        "variables": model.system.n,
        "nonzeros": model.system.nnz,
        "build": round(built - start, 3),
        "solve": round(done - built - info["certificate_seconds"], 3),
        "certificate": round(info["certificate_seconds"], 3),
        "total": round(done - start, 3),
        "path_solves": len(solution.log),
        "newton_steps": info["newton_steps"],
        "gmres_iterations": info["gmres_iterations"],
        "factorisations": info["factorisations"],
        "peak_memory_mb": peak_memory_mb(),
        "data_memory_mb": data_memory,
        "max_residual": info["max_residual"],
        "walras": solution.walras,
        "status": info["status"],
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("regions", type=int)
    parser.add_argument("sectors", type=int)
    parser.add_argument("--cut", type=float, default=0.5, help="share by which every tariff falls")
    parser.add_argument("--sourcing", default="pooled", help="pooled (GTAP), use or agent")
    parser.add_argument("--rcep", action="store_true", help="solve RCEP instead of a general cut")
    parser.add_argument("--method", default="auto", help="auto or ipopt")
    parser.add_argument("--json", action="store_true", help="print JSON only")
    args = parser.parse_args()
    found = measure(args.regions, args.sectors, args.cut, args.sourcing, args.rcep, args.method)
    print(json.dumps(found, indent=None if args.json else 1))


if __name__ == "__main__":
    main()
