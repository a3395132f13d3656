"""Every mechanism by name: those of ``cge/mechanisms/`` and what other packages bring (entry point ``open_cge.mechanisms``)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from calibration.errors import nearest
from cge.equations.declare import Mechanism
from cge.errors import ModelError
from cge.finding import objects


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
