"""Arrays that nobody writes into."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.solver.system import System


def freeze(*things: object) -> None:
    """Make arrays read only: arrays themselves, those in mappings and sequences, and those of a system.

    Writing into one raises ``ValueError: assignment destination is read-only``.
    """
    for thing in things:
        if isinstance(thing, np.ndarray):
            thing.setflags(write=False)
        elif isinstance(thing, Mapping):
            freeze(*thing.values())
        elif isinstance(thing, (list, tuple)):
            freeze(*thing)
        elif type(thing).__module__ == System.__module__:
            freeze(*vars(thing).values())


__all__ = ["freeze"]
