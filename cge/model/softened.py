"""Kinks of complementarity that stop a solve: softened first, then sharpened again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cge.errors import SolveError

if TYPE_CHECKING:
    import xarray as xr

    from cge.model import Model
    from cge.model.solution import Solution

Given = Mapping[str, "xr.DataArray | float"]


def solve_softened(
    model: Model,
    once: Callable[[Given | None, Given | Solution | None], Solution],
    exogenous: Given | None,
    guess: Given | Solution | None,
) -> Solution:
    """Solve; where a kink stops it, solve with the kinks softened and bring the softening down to nothing.

    Near the edge of what rules can be met, pairs of slack and multiplier are stiff: a mechanism names the instrument that
    smooths its pairs and the values to come down along (:attr:`cge.equations.declare.Mechanism.softens`), of which the last is
    the instrument's own.

    Parameters
    ----------
    model : Model
    once : callable
        ``once(exogenous, guess)`` solves.
    exogenous, guess
        As of :meth:`cge.model.Model.solve`.

    Raises
    ------
    SolveError
        No equilibrium found, softened or not: what the first solve says.
    """
    try:
        return once(exogenous, guess)
    except SolveError as stopped:
        steps = {name: values for mechanism in model.mechanisms for name, values in mechanism.softens.items()}
        if not steps or set(steps) & set(exogenous or {}):
            raise
        near = guess
        try:
            for k in range(max(map(len, steps.values()))):
                soft = {name: values[min(k, len(values) - 1)] for name, values in steps.items()}
                near = found = once({**(exogenous or {}), **soft}, near)
        except SolveError:
            raise stopped from None
        return found
