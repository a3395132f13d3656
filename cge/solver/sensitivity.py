"""Gradients and tangents of a solution, exact to rounding.

An equilibrium F(x, p) = 0 moves with exogenous values p by dx = -F_x^{-1} F_p dp. For one outcome o(x, p)
and all elements of many p the adjoint form needs one transposed solve,

    F_x' lambda = o_x,      do/dp = o_p - F_p' lambda,

and reverse sweeps of the equations that hold p. The transposed solve uses the same block preconditioner
as the solution itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from calibration.errors import nearest
from cge.equations.declare import SET_OF_DIM
from cge.errors import ModelError, SolveError
from cge.solver.templates import Kernel

if TYPE_CHECKING:
    from cge.model import Model
    from cge.model.solution import Solution

LINEAR_TOLERANCE = 1e-11
"""Residual of a linear system, relative to its right-hand side, at which the iterations stop."""
CORRECTION_TOLERANCE = 1e-5
"""The same of the correction: what the two leave together is rounding."""
EXACT = 1e-14
"""Largest scaled residual of a point that no further step of Newton can be asked to better."""


@contextmanager
def at(solution: Solution) -> Iterator[tuple[Model, np.ndarray]]:
    """The solution's model with its exogenous values set, and the vector of unknowns; one caller at a time."""
    model = solution.model
    with model.lock:
        try:
            for name in model.symbols:
                if model.values[name] is not solution.arrays[name]:
                    model.values.set(name, solution.arrays[name])
            x = model.system.pack(solution.arrays)
            model.newton.prepare(x)
            yield model, x
        finally:
            model._restore()


def _solve(model: Model, x: np.ndarray, rhs: np.ndarray, transposed: bool) -> np.ndarray:
    """The solution of the linear system at a point, exact to rounding.

    An iterative solver leaves a share of its tolerance in every tangent, all of one sign along a path; what it leaves is
    solved for once more (iterative refinement).
    """
    matrix = model.newton.matrix(x)
    size = float(abs(rhs).max(initial=0.0))
    if size == 0.0:
        return np.zeros_like(rhs)
    found, left = _refined(model, matrix, rhs, transposed)
    if not left <= 1e-7 * size:  # the benchmark's factors are too far from this point
        model.newton.refresh(x)
        found, left = _refined(model, matrix, rhs, transposed)
        if not left <= 1e-7 * size:
            raise SolveError(f"the linear system of a gradient did not converge (gap {left / size:.1e})")
    return found


def _refined(model: Model, matrix: Any, rhs: np.ndarray, transposed: bool) -> tuple[np.ndarray, float]:
    """A solution of the system with one correction, and the largest gap that is left."""
    operator = matrix.T if transposed else matrix
    found, _ = model.newton.linear_solve(matrix, rhs, LINEAR_TOLERANCE, transposed)
    gap = operator @ found - rhs
    left = float(abs(gap).max())
    if not 0.0 < left < np.inf:
        return found, left
    correction, _ = model.newton.linear_solve(matrix, gap, CORRECTION_TOLERANCE, transposed)
    corrected = found - correction
    after = float(abs(operator @ corrected - rhs).max())
    return (corrected, after) if after < left else (found, left)


def polished(solution: Solution) -> Solution:
    """The solution after one more step of Newton, where that lowers its largest residual: exact to rounding.

    A solve stops at its tolerance. What is integrated along a path and must meet a difference of its ends is held to less.
    """
    with at(solution) as (model, x):
        residual = model.newton.residual(x)
        largest = float(abs(residual).max(initial=0.0))
        if largest <= EXACT:
            return solution
        moved = model.newton.move(x, _solve(model, x, residual, transposed=False))
        after = float(abs(model.newton.residual(moved)).max(initial=0.0))
        if not after < largest:
            return solution
        arrays = model._arrays(moved)
    return replace(solution, arrays=arrays, info={**solution.info, "max_residual": after})


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
    with at(solution) as (_, x):
        bars = {n: np.zeros(model.shape(n)) for n in varying}
        if outcome in model.symbols:
            bars[outcome] = bars.get(outcome, np.zeros(seed.shape)) + seed
        else:
            kernel = rule_kernel(model, outcome, varying)
            kernel.pull_into(bars, seed, model.values, solution.arrays)
        system = model.system
        rhs = np.concatenate([bars[n].ravel()[system.index[n]] for n in system.unknown])
        logs = np.where(system.in_logs, x, 1.0)
        assert model.newton.scale is not None
        adjoint = _solve(model, x, rhs * logs, transposed=True) * model.newton.scale
        moved = {n: np.zeros(model.shape(n)) for n in parameters}
        for family in system.families:
            if not set(family.kernel.names) & set(parameters):
                continue
            kernel = rule_kernel(model, family.rule.name, varying)
            with np.errstate(all="ignore"):
                kernel.pull_into(moved, family.seed(adjoint), model.values, solution.arrays)
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
    with at(solution) as (model, x):
        pushed = sum(model.push(name, np.asarray(d, float), x) for name, d in direction.items())
        assert model.newton.scale is not None
        step = -_solve(model, x, np.asarray(pushed) * model.newton.scale, transposed=False)
        full = np.where(model.system.in_logs, x * step, step)
        out = {n: np.zeros(model.shape(n)) for n in model.system.unknown}
        for n in model.system.unknown:
            part = full[model.system.offset[n] : model.system.offset[n] + model.system.index[n].size]
            out[n].ravel()[model.system.index[n]] = part
    return out


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


def rule_kernel(model: Model, rule_name: str, varying: Sequence[str]) -> Kernel:
    """A rule compiled to move with the symbols ``varying``; once a model."""
    key = f"{rule_name}|{' '.join(varying)}"
    if key not in model._definition_kernels:
        rule = model.rules[rule_name]
        sets = [getattr(model.pyomo, SET_OF_DIM[d]) for d in rule.dims]
        shapes = {n: model.shape(n) for n in model.symbols}
        logs = rule.is_equation and rule.logs
        model._definition_kernels[key] = Kernel(rule.function, model.pyomo, sets, shapes, varying, logs)
    return model._definition_kernels[key]  # type: ignore[no-any-return]
