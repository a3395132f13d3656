"""Every mechanism by name: those of ``cge/mechanisms/`` and what other packages bring (entry point ``open_cge.mechanisms``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from calibration.errors import nearest
from calibration.finding import objects
from cge.equations.closure import Closure
from cge.equations.declare import Block, Mechanism
from cge.errors import ModelError


@cache
def mechanisms() -> Mapping[str, type[Mechanism]]:
    """Every class of mechanism by name."""
    held = {}
    for _, found in objects("cge.mechanisms", "open_cge.mechanisms", type):
        if issubclass(found, Mechanism) and found is not Mechanism and not found.__name__.startswith("_"):
            held[found.__name__] = found
    return held


def mechanism_named(name: str, options: Mapping[str, Any]) -> Mechanism:
    """A mechanism with options.

    Raises
    ------
    ModelError
        Unknown, or an option that it does not take.
    """
    known = mechanisms()
    if name not in known:
        raise ModelError(f"unknown mechanism {name!r}{nearest(name, known)} known: {', '.join(known)}")
    try:
        return known[name].from_options(options)
    except TypeError as error:
        raise ModelError(f"mechanism {name}: {error}") from error


def with_those_of_closure(
    closure: Closure, blocks: Sequence[type[Block]], given: tuple[Mechanism, ...]
) -> tuple[Mechanism, ...]:
    """The mechanisms, with those whose variables the closure holds and nobody declares, each as it is by default."""
    declared = {n for block in blocks for n in block.symbols} | {n for block in given for n in block.symbols}
    brought: dict[str, Mechanism] = {}
    for name in (n for swap in closure.swaps for n in (swap.fixed, swap.free)):
        for kind in mechanisms().values():
            if name not in declared and name in kind.symbols and kind.__name__ not in brought:
                try:
                    brought[kind.__name__] = kind()
                except ModelError:  # it cannot stand without options; who misses its variable says so
                    continue
    return (*given, *brought.values())
