"""Which cells of an exogenous array the model's equations read: where a shock meets a flow.

A cell without a flow (no trade on the route, a factor an activity does not use) stands in the array all the same; to
move it moves nothing. Found from the equations themselves, so it holds for every block: a cell is read where the
derivative of some equation with respect to it is not zero at the benchmark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cge.model.workspace import touches
from cge.solver.rule_kernels import rule_kernel
from cge.solver.templates import Values

if TYPE_CHECKING:
    from cge.model import Model


def reached_cells(model: Model, name: str) -> np.ndarray:
    """True where an equation reads a cell of an exogenous symbol; dims of the symbol.

    Found once a model and symbol. Cells that no derivative settles (an absent member of a family is 0 / 0) are moved
    together and count as read where that moves an equation.
    """
    return model.memo.get(f"cells that are read of {name}", lambda: _reached(model, name))


def _reached(model: Model, name: str) -> np.ndarray:
    shape = model.shape(name)
    moved, unsettled = np.zeros(shape, bool), np.zeros(shape, bool)
    weights = np.random.default_rng(0).uniform(0.5, 1.5, model.system.rows)  # no two rows cancel
    here, values = {name: model.benchmark_values[name]}, Values(model.benchmark_values)
    for family in model.system.families:
        if name not in family.tape.names:
            continue
        slopes = {name: np.zeros(shape)}
        with np.errstate(all="ignore"):
            rule_kernel(model, family.rule.name, [name]).pull_into(slopes, family.seed(weights), values, here)
        unsettled |= ~np.isfinite(slopes[name])
        moved |= np.isfinite(slopes[name]) & (slopes[name] != 0)
    unsettled &= ~moved
    if unsettled.any() and touches(model, name, np.where(unsettled, 0.1, 0.0)):
        moved |= unsettled
    return moved
