"""The GTAP result of a solution that :meth:`cge.model.Model.solve` found, by whatever set its exogenous values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import xarray as xr

from cge.errors import ModelError
from cge.gtap.results import GtapResult, solve_gtap
from cge.model import Model
from cge.solution import Solution


@dataclass(frozen=True)
class Reached:
    """The shock that leads from the benchmark to a solution: every exogenous value in which it differs."""

    solution: Solution

    void = True  # a solution at the benchmark has changed nothing, and that is its result

    @property
    def name(self) -> str:
        """The policy's name."""
        return self.solution.name

    def changes(self, model: Model) -> Mapping[str, xr.DataArray]:
        """Factors (or amounts) by instrument."""
        numeraire = self.solution["pfactwld"] / float(model.benchmark_values["pfactwld"])
        moved = {"pfactwld": numeraire}
        for name, symbol in model.symbols.items():
            if symbol.kind == "parameter" or model.free[name].all():
                continue
            before, after = model.benchmark_values[name], self.solution.arrays[name]
            change = after - before if symbol.signed else after / before
            change = change * ~model.free[name] + (0.0 if symbol.signed else 1.0) * model.free[name]
            if ((after != before) & ~model.free[name]).any():
                moved[name] = xr.DataArray(change, dims=symbol.dims, coords={d: model.labels(d) for d in symbol.dims})
        return moved


def result_of(solution: Solution) -> GtapResult:
    """GTAP's percentage changes, utility and EV of a solution, from the benchmark along the straight path to it.

    Raises
    ------
    ModelError
        The model is not the standard model, or the solution used other elasticities than the benchmark's.
    """
    model = solution.model
    if model.changed_parameters(solution.arrays):
        raise ModelError(
            "the solution used other elasticities than its benchmark; build a model with these and solve the shock"
        )
    return solve_gtap(model, Reached(solution))
