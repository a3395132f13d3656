"""What a compiled 41 x 35 model does next: a second policy, and gradients with respect to all tariffs."""

from __future__ import annotations

import json
import statistics
import time

from benchmarks.split import split_benchmark
from cge import Model
from policies import rcep, tariff_change


def main() -> None:
    """Print medians of several as JSON."""
    benchmark = split_benchmark(41, 35)
    found = {}
    for sourcing in ("pooled", "use"):
        model = Model(benchmark, sourcing=sourcing)
        solution = model.solve(rcep())
        second, gradient = [], []
        for points in (20.0, 25.0, 30.0):
            start = time.perf_counter()
            model.solve(tariff_change(sources=["CHN"], destinations=["USA"], points=points))
            second.append(time.perf_counter() - start)
        for region in ("USA", "CHN", "DEU"):
            start = time.perf_counter()
            solution.gradient("u", "tms", r=region)
            gradient.append(time.perf_counter() - start)
        found[f"second_policy_{sourcing}"] = statistics.median(second)
        found[f"gradient_{sourcing}"] = statistics.median(gradient)
        found[f"preconditioner_mb_{sourcing}"] = solution.info["preconditioner_mb"]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
