"""What a solve moves: current values, what they fold to, row scale, preconditioner and counters.

A model is never changed. Whoever moves anything makes a workspace of it, which starts at the benchmark and shares
arrays and folded values with the model until they move. Workspaces of one model do not see each other, so that each
gives the bits that it gives alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from cge.solver.newton import Newton
from cge.solver.preconditioner import Factors, Preconditioner

if TYPE_CHECKING:
    from cge.model import Model

Array = np.ndarray

NO_HIGHER_THAN_ROUNDING = 1e-12
"""A residual that moves by less may have moved by rounding."""


class Workspace:
    """A model's equations at values of one's own.

    Parameters
    ----------
    model : Model
    arrays : mapping of name to array, optional
        Where to start instead of the benchmark's values.

    Attributes
    ----------
    evaluator : Evaluator
        Residuals and derivatives at the current values.
    newton : Newton
        On that evaluator, with its counters.
    """

    def __init__(self, model: Model, arrays: Mapping[str, Array] | None = None) -> None:
        self.model = model
        self.evaluator = model.at_benchmark.copy()
        self.values = self.evaluator.values
        self.newton = Newton(self.evaluator, model.options)
        if arrays is not None:
            self.bring(arrays)

    def bring(self, arrays: Mapping[str, Array]) -> None:
        """Bring symbols to arrays; those that are there already stay folded."""
        for name, array in arrays.items():
            if self.values[name] is not array:
                self.values.set(name, array)

    def begin(self, factors: Factors | None = None) -> None:
        """Row scale and preconditioner to begin with: the benchmark's, or those that led to a solution.

        Neither depends on what was solved before. What is no longer kept is made again.
        """
        if factors is None:
            self.newton.adopt(*self.model.memo.get("factors of the benchmark", self._of_benchmark))
            return
        preconditioner = self.model.kept.get(factors)
        if preconditioner is None:
            other = Workspace(self.model, factors.fixed)
            other.newton.scale = factors.scale
            other.newton.refresh(factors.x)
            self.newton.factorisations += 1
            preconditioner = other.newton.preconditioner
            assert preconditioner is not None
            self.model.kept.keep(factors, preconditioner)
        self.newton.adopt(factors.scale, preconditioner, factors)

    def _of_benchmark(self) -> tuple[Array, Preconditioner]:
        newton = Workspace(self.model).newton
        newton.prepare(self.model.benchmark_point)
        self.newton.factorisations += 1
        assert newton.scale is not None
        assert newton.preconditioner is not None
        return newton.scale, newton.preconditioner

    def prepare(self, x: Array) -> None:
        """Row scale and preconditioner of a point, at the current values."""
        self.newton.scale = None
        self.newton.prepare(x)

    def keep(self) -> Factors | None:
        """What a solution at this point remembers of its row scale and preconditioner; None where they are the benchmark's."""
        factors, preconditioner = self.newton.factors, self.newton.preconditioner
        if factors is not None and preconditioner is not None:
            self.model.kept.keep(factors, preconditioner)
        return factors

    def worst(self, x: Array, count: int = 5) -> list[str]:
        """The equations and cells with the largest scaled residuals."""
        residual = abs(self.newton.residual(x))
        name = self.model.system.name_of_row
        return [f"{name(int(k))}: {residual[k]:.1e}" for k in np.argsort(-residual, kind="stable")[:count]]


def residual_at(model: Model, arrays: Mapping[str, Array]) -> float:
    """Largest scaled residual at full arrays of all symbols; infinite where an equation has no value there."""
    work = Workspace(model, {n: arrays[n] for n in model.symbols})
    x = model.system.pack(arrays)
    work.newton.rescale(x)
    residual = float(abs(work.newton.residual(x)).max(initial=0.0))
    return residual if np.isfinite(residual) else float("inf")


def touches(model: Model, name: str, direction: Array) -> bool:
    """Whether moving an exogenous array in ``direction`` moves any equation at the benchmark."""
    x = model.benchmark_point
    still = model.memo.get("residual of the benchmark", lambda: model.at_benchmark.copy().residual(x))
    moved = model.at_benchmark.copy()
    moved.values.set(name, model.benchmark_values[name] + direction)
    if abs(moved.residual(x) - still).max() > NO_HIGHER_THAN_ROUNDING:
        return True
    # not above rounding: ask the derivative, which has no such floor
    return bool((model.at_benchmark.push(name, direction, x) != 0).any())


__all__ = ["Workspace", "residual_at", "touches"]
