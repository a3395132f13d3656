"""Balancing at scale: inter-country matrices of 41 x 35 and 81 x 35 with three final uses, seconds and memory.

Run: ``python -m benchmarks.balance``. Prior: random positive flows; targets: the totals of another random
table, so that every account moves. One exact run and one with reliabilities on the final uses.
"""

from __future__ import annotations

import time

import numpy as np

from calibration.balance import cross_entropy, ras
from cge.results.static_run import peak_memory_mb


def case(regions: int, sectors: int) -> dict[str, float]:
    """One size: sweeps, seconds and gap of the exact and the soft balancing."""
    rng = np.random.default_rng(1)
    rows, columns = regions * sectors, regions * (sectors + 3)
    prior = rng.lognormal(0.0, 2.0, (rows, columns))
    truth = prior * rng.lognormal(0.0, 0.3, (rows, columns))
    r, c = truth.sum(1), truth.sum(0)
    start = time.perf_counter()
    exact = ras(prior, r, c, tolerance=1e-9)
    middle = time.perf_counter()
    errors = np.where(np.arange(columns) < regions * sectors, 0.0, 0.05)
    soft = cross_entropy(prior, r, c, column_errors=errors, tolerance=1e-9)
    return {
        "regions": regions,
        "sectors": sectors,
        "cells": rows * columns,
        "exact_seconds": round(middle - start, 2),
        "exact_sweeps": exact.iterations,
        "exact_gap": exact.gap,
        "soft_seconds": round(time.perf_counter() - middle, 2),
        "soft_sweeps": soft.iterations,
        "soft_gap": soft.gap,
        "peak_memory_mb": peak_memory_mb(),
    }


if __name__ == "__main__":
    for size in ((41, 35), (81, 35)):
        print(case(*size))
