"""The Pyomo side of a model: components that its rules index, nothing expanded until a member is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyomo.environ as pyo

from cge.equations.declare import SET_OF_DIM, Rule
from cge.errors import ModelError

if TYPE_CHECKING:
    from cge.model import Model


class _Inline:
    """A definition inside Pyomo rules: indexing it writes its expression out."""

    def __init__(self, rule: Rule, block: Any) -> None:
        self._rule, self._block, self._open = rule, block, False

    def __getitem__(self, index: Any) -> Any:
        if self._open:
            raise ModelError(f"definition {self._rule.name} refers to itself in a circle; make one of the circle a variable")
        self._open = True
        try:
            return self._rule.function(self._block, *(index if isinstance(index, tuple) else (index,)))
        finally:
            self._open = False


def pyomo_block(model: Model, values: Mapping[str, np.ndarray] | None = None) -> Any:
    """Pyomo components at values (default the benchmark's), lazily indexed: nothing is expanded until a member is asked for."""
    arrays = model.benchmark_values if values is None else values
    block = pyo.ConcreteModel()
    for name, labels in model.sets.items():
        setattr(block, name, pyo.Set(initialize=labels, ordered=True))
    position = {name: {label: k for k, label in enumerate(labels)} for name, labels in model.sets.items()}

    def reader(name: str, dims: tuple[str, ...]) -> Any:
        maps = [position[SET_OF_DIM[d]] for d in dims]

        def value(_: Any, *index: str) -> float:
            at = tuple(m[k] for m, k in zip(maps, index, strict=True))
            return float(arrays[name][at])

        return value

    for name, symbol in model.symbols.items():
        index_sets = [getattr(block, SET_OF_DIM[d]) for d in symbol.dims]
        if symbol.kind == "parameter":
            component = pyo.Param(*index_sets, mutable=True, default=reader(name, symbol.dims), within=pyo.Reals)
        elif symbol.dims:
            component = pyo.Var(*index_sets, initialize=reader(name, symbol.dims), dense=False)
        else:
            component = pyo.Var(initialize=float(arrays[name]))
        setattr(block, name, component)
    for name, rule in model.definitions.items():
        object.__setattr__(block, name, _Inline(rule, block))
    return block
