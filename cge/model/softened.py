"""Kinks of complementarity that stop a solve: softened first, then sharpened again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cge.errors import SolveError

if TYPE_CHECKING:
    import xarray as xr

    from cge.model import Model
    from cge.model.solution import Solution


def solve_softened(
    model: Model, exogenous: Mapping[str, xr.DataArray | float], again: Callable[..., Solution], **first: Any
) -> Solution:
    """Solve; where a kink stops it, solve with the kinks softened and bring the softening down to nothing.

    Near the edge of what rules can be met, pairs of slack and multiplier are stiff: a mechanism names the instrument that
    smooths its pairs and the values to come down along (:attr:`cge.equations.declare.Mechanism.softens`).

    Parameters
    ----------
    model : Model
    exogenous : mapping
        Further exogenous values of the solve.
    again : callable
        ``again(exogenous=..., **how)`` solves once; ``how`` is ``first``, and of a softened solve a ``guess``.
    first : options
        How the first solve begins, as ``guess=`` or ``start=``.

    Raises
    ------
    SolveError
        No equilibrium found, softened or not.
    """
    try:
        return again(exogenous=exogenous, **first)
    except SolveError:
        steps = {name: values for mechanism in model.mechanisms for name, values in mechanism.softens.items()}
        if not steps:
            raise
    solution = None
    for k in range(max(map(len, steps.values()))):
        soft = {name: values[min(k, len(values) - 1)] for name, values in steps.items()}
        how = first if solution is None else {**first, "guess": solution}
        solution = again(exogenous={**exogenous, **soft}, **how)
    assert solution is not None
    return solution
