"""The GTAP result of a solution that :meth:`cge.model.Model.solve` found, by whatever set its exogenous values."""

from __future__ import annotations

import numpy as np

from cge.errors import ModelError
from cge.gtap import indices
from cge.gtap.results import GtapResult, require_standard
from cge.model.path import Path
from cge.model.sensitivity import polished
from cge.model.solution import Solution
from cge.solver.quadrature import GOAL


def result_of(solution: Solution) -> GtapResult:
    """GTAP's percentage changes, utility and EV of a solution, from the benchmark along the straight path to it.

    The benchmark's own solution gives zeros.

    Raises
    ------
    ModelError
        The model is not the standard model, the solution used other elasticities than the benchmark's, or it is an
        equilibrium that no path from the benchmark is known to reach: its indices are integrals along that path.
    SolveError
        As :func:`cge.gtap.solve_gtap`.
    """
    model = solution.model
    require_standard(model)
    if model.changed_parameters(solution.arrays):
        raise ModelError(
            "the solution used other elasticities than its benchmark; build a model with these and solve the shock"
        )
    if solution.info.get("connected", True) is not True:
        raise ModelError(
            f"solution {solution.name!r} is not known to be connected to the benchmark, and GTAP's indices, utility and EV are "
            "integrals along the path from there; solve it with branch='connected'"
        )
    direction = {}
    for name, symbol in model.symbols.items():
        change = np.where(model.free.get(name, True), 0.0, solution.arrays[name] - model.benchmark_values[name])
        if symbol.kind != "parameter" and change.any():
            direction[name] = change
    after = polished(solution)
    path = Path(model.solve(progress=False), direction, after)
    return GtapResult(path.base, after, path, indices.along(path, after, GOAL))
