"""The few arrows that point up: what a class offers and a module that builds on it does.

A benchmark opens GTAP's files and a solution shows its value chains, yet the modules that do so build on those classes.
Such a method asks :func:`provided`; every one of them is listed in a table beside the class (:data:`ABOVE`, and
``cge.upward.ABOVE``), so that imports run in one direction and the list of exceptions can be read, and is read by a test.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

ABOVE: Mapping[str, str] = {
    "benchmark from GTAP's files": "calibration.gtap:load_gtap",
    "are these GTAP's files": "calibration.gtap:is_gtap_source",
    "benchmark with a table of production": "calibration.production_elasticities:with_table",
    "benchmark with published production": "calibration.production_elasticities:with_published",
    "benchmark without substitution in production": "calibration.production_elasticities:leontief",
}
"""What is offered, and the function that does it."""


def provided(what: str, above: Mapping[str, str] = ABOVE) -> Callable[..., Any]:
    """The function behind an offer, imported when it is asked for.

    Parameters
    ----------
    what : str
        Key of the table.
    above : mapping of str to str
        ``module:function`` by what it does.
    """
    module, _, name = above[what].partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
