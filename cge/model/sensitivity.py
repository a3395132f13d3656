"""Gradients and tangents of a solution, exact to rounding.

An equilibrium F(x, p) = 0 moves with exogenous values p by dx = -F_x^{-1} F_p dp. For one outcome o(x, p)
and all elements of many p the adjoint form needs one transposed solve,

    F_x' lambda = o_x,      do/dp = o_p - F_p' lambda,

and reverse sweeps of the equations that hold p. The transposed solve uses the same block preconditioner
as the solution itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from calibration.errors import nearest
from cge.errors import ModelError, SolveError
from cge.model.workspace import Workspace
from cge.solver.newton import Newton
from cge.solver.rule_kernels import rule_kernel

if TYPE_CHECKING:
    from cge.model import Model
    from cge.model.solution import Solution

LINEAR_TOLERANCE = 1e-11
"""Residual of a linear system, relative to its right-hand side, at which the iterations stop."""
CORRECTION_TOLERANCE = 1e-5
"""The same of the correction: what the two leave together is rounding."""
EXACT = 1e-14
"""Largest scaled residual of a point that no further step of Newton can be asked to better."""


def at(solution: Solution) -> tuple[Workspace, np.ndarray]:
    """A workspace at a solution, with the factors that led there, and the vector of unknowns."""
    work = Workspace(solution.model, solution.arrays)
    work.begin(solution.factors)
    return work, solution.model.system.pack(solution.arrays)


def _solve(newton: Newton, x: np.ndarray, rhs: np.ndarray, transposed: bool) -> np.ndarray:
    """The solution of the linear system at a point, exact to rounding.

    An iterative solver leaves a share of its tolerance in every tangent, all of one sign along a path; what it leaves is
    solved for once more (iterative refinement).
    """
    matrix = newton.matrix(x)
    size = float(abs(rhs).max(initial=0.0))
    if size == 0.0:
        return np.zeros_like(rhs)
    found, left = _refined(newton, matrix, rhs, transposed)
    if not left <= 1e-7 * size:  # the benchmark's factors are too far from this point
        newton.refresh(x)
        found, left = _refined(newton, matrix, rhs, transposed)
        if not left <= 1e-7 * size:
            raise SolveError(f"the linear system of a gradient did not converge (gap {left / size:.1e})")
    return found


def _refined(newton: Newton, matrix: Any, rhs: np.ndarray, transposed: bool) -> tuple[np.ndarray, float]:
    """A solution of the system with one correction, and the largest gap that is left."""
    operator = matrix.T if transposed else matrix
    found, _ = newton.linear_solve(matrix, rhs, LINEAR_TOLERANCE, transposed)
    gap = operator @ found - rhs
    left = float(abs(gap).max())
    if not 0.0 < left < np.inf:
        return found, left
    correction, _ = newton.linear_solve(matrix, gap, CORRECTION_TOLERANCE, transposed)
    corrected = found - correction
    after = float(abs(operator @ corrected - rhs).max())
    return (corrected, after) if after < left else (found, left)


def polished(solution: Solution) -> Solution:
    """The solution after one more step of Newton, where that lowers its largest residual: exact to rounding.

    A solve stops at its tolerance. What is integrated along a path and must meet a difference of its ends is held to less.
    """
    work, x = at(solution)
    newton = work.newton
    residual = newton.residual(x)
    largest = float(abs(residual).max(initial=0.0))
    if largest <= EXACT:
        return solution
    moved = newton.move(x, _solve(newton, x, residual, transposed=False))
    after = float(abs(newton.residual(moved)).max(initial=0.0))
    if not after < largest:
        return solution
    arrays = work.evaluator.arrays(moved)
    return replace(solution, arrays=arrays, info={**solution.info, "max_residual": after}, factors=work.keep())


def gradient(solution: Solution, outcome: str, parameters: Sequence[str], where: Mapping[str, str]) -> xr.Dataset:
    """d outcome / d every element of the named exogenous symbols.

    Parameters
    ----------
    outcome : str
        A definition or variable; ``where`` picks one element by dim and label.
    parameters : sequence of str
        Instruments (or live parameters), exogenous at this solution.

    Returns
    -------
    xarray.Dataset
        One array a parameter, with its dims.

    Raises
    ------
    ModelError
        Unknown names, an element that is not one, or an endogenous parameter.
    """
    model = solution.model
    for name in parameters:
        if name not in model.symbols:
            raise ModelError(f"unknown symbol {name!r}{nearest(name, model.symbols)}")
        if name in model.system.unknown:
            raise ModelError(f"{name} is endogenous at this closure; it has no gradient to give")
    seed = _one_hot(model, outcome, where)
    varying = [*model.system.unknown, *parameters]
    work, x = at(solution)
    system, newton = model.system, work.newton
    bars = {n: np.zeros(model.shape(n)) for n in varying}
    if outcome in model.symbols:
        bars[outcome] = bars.get(outcome, np.zeros(seed.shape)) + seed
    else:
        rule_kernel(model, outcome, varying).pull_into(bars, seed, work.values, solution.arrays)
    logs = np.where(system.in_logs, x, 1.0)
    assert newton.scale is not None
    adjoint = _solve(newton, x, system.pack(bars) * logs, transposed=True) * newton.scale
    moved = {n: np.zeros(model.shape(n)) for n in parameters}
    for family in system.families:
        if not set(family.tape.names) & set(parameters):
            continue
        kernel = rule_kernel(model, family.rule.name, varying)
        with np.errstate(all="ignore"):
            kernel.pull_into(moved, family.seed(adjoint), work.values, solution.arrays)
    out = xr.Dataset()
    for n in parameters:
        symbol = model.symbols[n]
        coords = {d: model.labels(d) for d in symbol.dims}
        values = np.nan_to_num(bars[n] - moved[n], nan=0.0)  # absent members of a family carry 0 / 0
        out[n] = xr.DataArray(values, dims=symbol.dims, coords=coords)
        out[n].attrs["long_name"] = f"d {outcome} {dict(where)} / d {n}"
    return out


def tangent(solution: Solution, direction: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Derivatives of all variables along a direction of exogenous arrays (full arrays by name)."""
    work, x = at(solution)
    system, newton = solution.model.system, work.newton
    pushed = sum(work.evaluator.push(name, np.asarray(d, float), x) for name, d in direction.items())
    assert newton.scale is not None
    step = -_solve(newton, x, np.asarray(pushed) * newton.scale, transposed=False)
    along = np.where(system.in_logs, x * step, step)
    return system.unpack(along, {n: np.zeros(solution.model.shape(n)) for n in system.unknown})


def _one_hot(model: Model, outcome: str, where: Mapping[str, str]) -> np.ndarray:
    if outcome not in model.symbols and outcome not in model.definitions:
        known = [*model.symbols, *model.definitions]
        raise ModelError(f"unknown outcome {outcome!r}{nearest(outcome, known)}")
    dims = model.symbols[outcome].dims if outcome in model.symbols else model.definitions[outcome].dims
    if set(where) != set(dims):
        raise ModelError(f"outcome {outcome} needs one label for each of its dims {dims}, got {dict(where)}")
    index = []
    for d in dims:
        if where[d] not in model.labels(d):
            raise ModelError(f"{where[d]!r} is not in dim {d}{nearest(where[d], model.labels(d))}")
        index.append(model.labels(d).index(where[d]))
    seed = np.zeros(model.shape(outcome))
    seed[tuple(index)] = 1.0
    return seed
