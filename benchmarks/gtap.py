"""Time of the GTAP standard model at 41 regions x 20 sectors: ``python -m benchmarks.gtap``.

The flows are WIOD's, the parameters of the standard model are of GTAP's usual size (drawn, seeded). GEMPACK's
standard solution of this size (Gragg 8-16-32) takes 417 CPU seconds.
"""

from __future__ import annotations

import json
import time

import numpy as np

from benchmarks.split import split_benchmark
from calibration.gtap import gtap_benchmark
from calibration.sam import Sam
from cge.gtap import GtapShock, gtap_model, solve_gtap
from cge.results.static_run import peak_memory_mb


def benchmark(regions: int = 41, sectors: int = 20, seed: int = 0):  # type: ignore[no-untyped-def]
    """A GTAP benchmark of any size on split WIOD flows."""
    source = split_benchmark(regions, sectors)
    sam = source.sam
    data = sam.data.copy()
    invested = sam.expenditure()["inv"]
    data["vdep"] = data["vdep"].copy(data=0.6 * invested)
    data["save"] = data["save"].copy(data=sam["save"] - 0.6 * invested)
    data["vkb"] = data["vkb"].copy(data=15.0 * invested)
    rng = np.random.default_rng(seed)
    i, f, r, m = len(sam.commodities), len(sam.factors), len(sam.regions), len(data["m"])
    parameters = {
        "esbm": source.elasticities["esubm"].values,
        "esbd": source.elasticities["esubd"].values,
        "esbv": source.elasticities["esubva"].values,
        "esbt": np.zeros((i, r)),
        "esbc": np.zeros((i, r)),
        "esbg": np.ones(r),
        "esbs": np.ones(m),
        "subp": rng.uniform(0.2, 0.9, (i, r)),
        "incp": rng.uniform(0.2, 1.4, (i, r)),
        "etre": -np.ones((f, r)),
        "etrq": -5.0 * np.ones((i, r)),
        "esbq": np.zeros((i, r)),
        "rflx": 10.0 * np.ones(r),
        "eflg": np.array([[1.0, 0, 0] if x != "nat" else [0, 1.0, 0] for x in sam.factors]),
        "rdlt": np.ones(1),
    }
    return gtap_benchmark(Sam(data), parameters, f"gtap-{regions}x{sectors}")


def main() -> None:
    """Print times as JSON."""
    held = benchmark()
    start = time.perf_counter()
    model = gtap_model(held)
    built = time.perf_counter()
    model.solve(GtapShock("tm=+10%"))
    once = time.perf_counter()
    result = solve_gtap(model, GtapShock("tm=+10%"))
    result.changes()
    done = time.perf_counter()
    print(
        json.dumps(
            {
                "variables": model.system.n,
                "build": round(built - start, 2),
                "levels_solve": round(once - built, 2),
                "with_divisia_indices_and_ev": round(done - once, 2),
                "max_residual": result.after.max_residual,
                "peak_memory_mb": peak_memory_mb(),
            }
        )
    )


if __name__ == "__main__":
    main()
