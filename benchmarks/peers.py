"""Peers measured in the same run on the same equations.

- Ipopt alone, default options and tuned, on the same kernels, from the benchmark;
- Newton with scipy's sparse LU of the whole Jacobian;
- the ordinary Pyomo model, every member expanded, written as an NL file (time to build and write only).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import scipy.sparse.linalg as sla

from benchmarks.split import split_benchmark
from cge import Model
from cge.equations.declare import SET_OF_DIM
from cge.model.shock import targets
from cge.model.workspace import Workspace
from cge.solver.ipopt import run_ipopt
from cge.solver.newton import Newton
from cge.solver.pyomo_block import pyomo_block
from policies import tariff_change


def ipopt_alone(model: Model, times: float, tuned: bool, limit: float) -> dict[str, Any]:
    """One Ipopt run from the benchmark with the whole shock; cut off after ``limit`` seconds of processor time."""
    newton, x = _shocked(model, times)
    start = time.perf_counter()
    verdict = run_ipopt(newton, x, tuned=tuned, max_iter=200, max_cpu_time=limit)
    seconds = time.perf_counter() - start
    residual = float(abs(newton.residual(verdict.x)).max())
    return {
        "seconds": round(seconds, 2),
        "iterations": verdict.iterations,
        "status": verdict.status,
        "residual": residual,
        "finished": verdict.status == 0,
    }


def sparse_lu(model: Model, times: float) -> dict[str, Any]:
    """Newton in logs with a sparse LU of the whole Jacobian at each step."""
    newton, x = _shocked(model, times)
    start = time.perf_counter()
    steps = 0
    r = newton.residual(x)
    while abs(r).max() > 1e-11 and steps < 20:
        step = sla.spsolve(newton.matrix(x).tocsc(), r)
        x = newton.move(x, step)
        r = newton.residual(x)
        steps += 1
    return {"seconds": round(time.perf_counter() - start, 2), "steps": steps, "residual": float(abs(r).max())}


def _shocked(model: Model, times: float) -> tuple[Newton, np.ndarray]:
    work = Workspace(model)
    work.begin()
    work.bring(targets(model, tariff_change(times=times)))
    return work.newton, model.benchmark_point


def expanded_nl(regions: int, sectors: int) -> dict[str, Any]:
    """Expand every member of every equation as a Pyomo user would, and write the NL file."""
    model = Model(split_benchmark(regions, sectors), sourcing="pooled")
    start = time.perf_counter()
    block = pyomo_block(model)
    for name, rule in model.equations.items():
        active = model.active[name]
        if not active.any():
            continue
        sets = [getattr(block, SET_OF_DIM[d]) for d in rule.dims]
        setattr(block, name, pyo.Constraint(*sets, rule=_member(rule.function, active, model, rule.dims)))
    for name, symbol in model.symbols.items():
        if symbol.kind != "parameter":
            component = getattr(block, name)
            free = model.free[name]
            for index in component:
                at = tuple(model.labels(d).index(k) for d, k in zip(symbol.dims, _tuple(index), strict=True))
                if not free[at]:
                    component[index].fix()
    block.objective = pyo.Objective(expr=0.0)
    built = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.nl"
        block.write(str(path))
        size = path.stat().st_size
    done = time.perf_counter()
    return {
        "regions": regions,
        "sectors": sectors,
        "variables": model.system.n,
        "expand": round(built - start, 2),
        "write": round(done - built, 2),
        "nl_mb": round(size / 1e6, 1),
        "ours_build": round(model.seconds_to_build, 3),
    }


def _tuple(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (() if index is None else (index,))


def _member(rule: Callable[..., Any], active: np.ndarray, model: Model, dims: tuple[str, ...]) -> Callable[..., Any]:
    labels = [{k: p for p, k in enumerate(model.labels(d))} for d in dims]

    def expand(block: Any, *given: str) -> Any:
        index = tuple(k for k in given if k is not None)  # a scalar equation is called with None
        at = tuple(where[k] for where, k in zip(labels, index, strict=True))
        return rule(block, *index) if active[at] else pyo.Constraint.Skip

    return expand


def main() -> None:
    """Command line: one peer in one process, printed as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=["ipopt-default", "ipopt-tuned", "sparse-lu", "expanded-nl"])
    parser.add_argument("regions", type=int)
    parser.add_argument("sectors", type=int)
    parser.add_argument("--times", type=float, default=0.5)
    parser.add_argument("--limit", type=float, default=240.0)
    args = parser.parse_args()
    if args.peer == "expanded-nl":
        found = expanded_nl(args.regions, args.sectors)
    else:
        model = Model(split_benchmark(args.regions, args.sectors), sourcing="pooled")
        if args.peer == "sparse-lu":
            found = sparse_lu(model, args.times)
        else:
            found = ipopt_alone(model, args.times, args.peer == "ipopt-tuned", args.limit)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
