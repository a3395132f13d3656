"""Which of the values that a closure fixes are nominal: prices and amounts of money, measured in the numeraire.

Only relative prices count: where a closure fixes real things and ratios, more money raises every price and moves no
quantity. A swap that fixes a price or an amount fixes it in units of the numeraire, and what that means depends on the
numeraire that was chosen: on another basket it drifts. Found from the equations, so for every block and closure: money
alone moves quantities where a nominal value stays, and does not where that value is raised with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cge.model.sensitivity import tangent

if TYPE_CHECKING:
    from cge.model import Model

Array = np.ndarray

NUMERAIRE = "pfactwld"
REAL = ("qo", "qms", "qinv")
"""Quantities of which a uniform rise of prices leaves the benchmark's values."""
NEUTRAL = 1e-8
"""Elasticity of a quantity with respect to the numeraire below which money is neutral."""


def fixed_nominal(model: Model) -> tuple[str, ...]:
    """Names of the nominal variables that swaps of the closure fix; once a model.

    Raises
    ------
    SolveError
        The benchmark has no tangent.
    """
    return model.memo.get("nominal values that swaps fix", lambda: _found(model))


def _found(model: Model) -> tuple[str, ...]:
    fixed = list(dict.fromkeys(swap.fixed for swap in model.closure.swaps))
    numeraire = model.symbols.get(NUMERAIRE)
    if not fixed or numeraire is None or model.free[NUMERAIRE].any():
        return ()
    still = model.benchmark_solution()
    real = [n for n in REAL if n in model.system.index]
    if not real:
        return ()

    def moved(name: str) -> Array:
        """Elasticities of quantities with respect to the exogenous elements of a symbol together."""
        slopes = tangent(still, {name: np.where(model.free[name], 0.0, still.arrays[name])})
        return np.concatenate([(slopes[n] / still.arrays[n]).ravel() for n in real])

    by_money = moved(NUMERAIRE)
    if float(abs(by_money).max(initial=0.0)) < NEUTRAL:
        return ()
    by_fixed = np.stack([moved(name) for name in fixed], axis=1)
    # degrees of homogeneity: what each fixed value must rise by, so that money moves no quantity
    degrees = np.linalg.lstsq(by_fixed, -by_money, rcond=None)[0]
    return tuple(name for name, degree in zip(fixed, degrees, strict=True) if abs(degree) > 0.5)


def nominal_remark(model: Model) -> list[str]:
    """One sentence where the closure fixes nominal values."""
    names = fixed_nominal(model)
    if not names:
        return []
    return [
        f"{', '.join(names)}: a swap fixes a nominal value, in units of the numeraire {NUMERAIRE} (factor prices at the "
        "benchmark's weights): a change of the numeraire is not neutral, and measured in another price index the value moves"
    ]


__all__ = ["NUMERAIRE", "fixed_nominal", "nominal_remark"]
