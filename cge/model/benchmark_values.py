"""The values of a model's symbols at its benchmark: what the blocks calibrate, as the mechanisms adjust it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from cge.equations.calibrated import Calibrated
from cge.equations.compose import replaced_symbols
from cge.equations.declare import Block, Mechanism, Rule, Symbol
from cge.errors import ModelError

Array = np.ndarray


def benchmark_values(
    data: Calibrated,
    blocks: Sequence[Block],
    mechanisms: Sequence[Mechanism],
    symbols: Mapping[str, Symbol],
    rules: Mapping[str, Rule],
    shape: Callable[[str], tuple[int, ...]],
) -> dict[str, Array]:
    """An array for every symbol.

    Raises
    ------
    ModelError
        A block does not calibrate what it declares, gives another shape or a value that is not finite, or gives a name that
        nobody declares.
    """
    given: dict[str, Array] = {}
    replaced: dict[str, Array] = {}  # values of symbols in whose place a mechanism puts a rule
    for block in blocks:
        for name, value in block.calibrate(data).items():
            taken = name in rules and name in block.symbols
            (replaced if taken else given)[name] = np.asarray(value, dtype=float)
    values = {}
    for name, symbol in symbols.items():
        if name in given:
            value = np.array(given.pop(name), dtype=float, order="C")
        elif symbol.kind == "variable":
            value = np.full(shape(name), 0.0 if symbol.signed else 1.0)
        else:
            raise ModelError(f"block {symbol.block} does not calibrate {symbol.kind} {name!r}")
        if value.shape != shape(name) or not np.isfinite(value).all():
            raise ModelError(f"block {symbol.block} gives {name!r} another shape than {shape(name)} or a non-finite value")
        values[name] = value
    if given:
        raise ModelError(f"calibrated names without a declaration: {', '.join(given)}")
    return _adjusted(data, blocks, mechanisms, values, replaced)


def _adjusted(
    data: Calibrated,
    blocks: Sequence[Block],
    mechanisms: Sequence[Mechanism],
    values: dict[str, Array],
    replaced: dict[str, Array],
) -> dict[str, Array]:
    """Values as the mechanisms read the data; who replaces a symbol comes after who adjusts it."""
    for mechanism in sorted(mechanisms, key=lambda x: bool(replaced_symbols(x, blocks))):
        for name, value in mechanism.adjust(data, {**values, **replaced}).items():
            place = replaced if name in replaced else values
            if name not in place or np.shape(value) != place[name].shape or not np.isfinite(value).all():
                what = "which is unknown, of another shape or not finite"
                raise ModelError(f"mechanism {mechanism.describe()} adjusts {name!r}, {what}")
            place[name] = np.array(value, dtype=float, order="C")
    return values


__all__ = ["benchmark_values"]
