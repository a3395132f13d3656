"""The second way to solve a model with complementarity: bounds and products in Ipopt's own problem.

The fast start states ``0 <= gap, 0 <= mu, gap mu = 0`` by a smoothed Fischer-Burmeister function whose
parameter ends at 1e-10. Here Ipopt gets what it was made for: bounds on both and the product as an
equation relaxed by a small number that falls step by step (Scholtes, SIAM J. Optim. 11(4), 2001).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from cge.errors import SolveError
from cge.model import Model
from cge.model.door import aligned
from cge.model.workspace import Workspace
from cge.solver.ipopt import run_ipopt

RELAXATIONS = (1e-3, 1e-5, 1e-7, 1e-9, 1e-11)


def solve_by_products(
    model: Model,
    exogenous: Mapping[str, xr.DataArray | float],
    pairs: Mapping[str, str],
    guess: Mapping[str, xr.DataArray | float] | None = None,
    limit: int = 300,
) -> dict[str, np.ndarray]:
    """Arrays of the variables at the solution, found by Ipopt alone.

    Parameters
    ----------
    model : Model
        Its complementarity equations become products where ``smooth`` is zero or below.
    exogenous : mapping
        Instruments at their final values, aligned by label; ``smooth`` is set here (minus the relaxation).
    pairs : mapping
        Multiplier -> slack, names of variables held at zero or above.
    guess : mapping, optional
        Variables to start from instead of the benchmark's.

    Raises
    ------
    SolveError
        Ipopt does not find a solution.
    """
    system = model.system
    lower = np.full(system.n, -1e20)
    for name in (*pairs, *pairs.values()):
        lower[system.offset[name] : system.offset[name] + system.index[name].size] = 0.0
    guessed = {name: aligned(model, name, value) for name, value in (guess or {}).items()}
    x = system.pack({**model.benchmark_values, **guessed})
    x = np.maximum(x, np.where(lower == 0.0, 1e-4, -np.inf))
    work = Workspace(model, {name: aligned(model, name, value) for name, value in exogenous.items()})
    for relaxation in RELAXATIONS:
        work.values.set("smooth", np.array(-relaxation))
        work.prepare(x)
        verdict = run_ipopt(work.newton, x, max_iter=limit, lower=lower, mu_init=1e-4, bound_relax_factor=0.0)
        if verdict.status not in (0, 1):
            raise SolveError(f"Ipopt with bounds and products stops at relaxation {relaxation:g}: {verdict.message}")
        x = verdict.x
    return {n: np.array(a) for n, a in work.evaluator.unpack(x).items()}
