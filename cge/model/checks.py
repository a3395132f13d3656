"""Identities that hold at any equilibrium, whatever the composition; a solution that misses one is not handed out.

Each identity is evaluated from prices, quantities and benchmark flows, not from the equations that were
solved: the world's accounts close because every market clears and every budget is spent (Walras' law), GDP
is the same from expenditure, income and value added, and what one region exports another imports.

Limits are shares of world GDP. The data may miss an identity themselves (GTAP's flows are single precision);
a solution is allowed ten times what its benchmark misses, and never less than the limit in :data:`LIMITS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cge.errors import SolveError
from cge.solver.rule_kernels import rule_kernel

if TYPE_CHECKING:
    from cge.model import Model
    from cge.model.solution import Solution
    from cge.model.workspace import Workspace

Array = np.ndarray
Value = Callable[[str], Array]

RESIDUAL = "largest residual"
WALRAS = "Walras' law, of world GDP"
INCOME = "GDP expenditure = income"
VALUE_ADDED = "GDP expenditure = value added"
TRADE = "world trade balances"
COMPLEMENTARY = "complementarity"
POSITIVE = "smallest price or quantity, sign reversed"
LIMITS = {
    WALRAS: 1e-8,
    INCOME: 1e-9,
    VALUE_ADDED: 1e-9,
    TRADE: 1e-9,
}
"""Largest gap of each identity, share of world GDP."""

DATA_MULTIPLE = 10.0
"""How many times the benchmark's own gap a solution may have."""

_NEEDS = {
    WALRAS: ("excess",),
    INCOME: ("gdp", "gdpinc"),
    VALUE_ADDED: ("gdp", "gdpva"),
    TRADE: ("tbal",),
}


def gaps(model: Model, value: Value) -> dict[str, float]:
    """Gap of each identity that the composition states, as a share of world GDP.

    Parameters
    ----------
    model : Model
    value : callable
        Gives the array of a symbol or definition at the point.
    """
    held = {n: value(n) for n in ("gdp", "gdpinc", "gdpva", "tbal", "excess") if n in model.definitions}
    if "gdp" in held:
        world = float(held["gdp"].sum())
    else:
        world = float((value("facty") + value("tax")).sum())
    found: dict[str, float] = {}
    if "excess" in held:
        found[WALRAS] = float(abs(held["excess"]))
    if {"gdp", "gdpinc"} <= set(held):
        found[INCOME] = float(abs(held["gdp"] - held["gdpinc"]).max())
    if {"gdp", "gdpva"} <= set(held):
        found[VALUE_ADDED] = float(abs(held["gdp"] - held["gdpva"]).max())
    if "tbal" in held:
        found[TRADE] = float(abs(held["tbal"].sum()))
    return {check: gap / world for check, gap in found.items()}


def absent(model: Model) -> dict[str, str]:
    """Checks that a composition cannot answer, and why."""
    out = {}
    for check, needs in _NEEDS.items():
        missing = [n for n in needs if n not in model.definitions]
        if missing:
            out[check] = f"the composition defines no {', '.join(missing)}"
    return out


def limits(model: Model) -> dict[str, float]:
    """Limit of each identity: :data:`LIMITS`, or a multiple of what the benchmark itself misses."""
    still = model.benchmark_solution()
    missed = model.memo.get("gaps of the data", lambda: gaps(model, still.values_of))
    return {check: LIMITS[check] + DATA_MULTIPLE * gap for check, gap in missed.items()}


def table(solution: Solution, value: Value | None = None) -> pd.DataFrame:
    """Every check: columns ``check, value, limit, ok``; ``attrs["absent"]`` says which are not there and why.

    Parameters
    ----------
    solution : Solution
    value : callable, optional
        As in :func:`gaps`; default the solution's own.
    """
    model = solution.model
    allowed = limits(model)
    rows = [(check, gap, allowed[check]) for check, gap in gaps(model, value or solution.values_of).items()]
    missing = absent(model)
    if "max_residual" in solution.info:
        rows.insert(0, (RESIDUAL, solution.max_residual, float(solution.info["residual_limit"])))
    else:
        missing[RESIDUAL] = "the solution holds no certificate"
    positive = [n for n, s in model.symbols.items() if s.kind == "variable" and not s.signed]
    rows += [(COMPLEMENTARY, *pair)] if (pair := _complementarity(solution)) else []
    smallest = min(float(solution.arrays[n].min(initial=np.inf)) for n in positive)
    rows.append((POSITIVE, -smallest, -np.finfo(float).tiny))
    frame = pd.DataFrame(rows, columns=["check", "value", "limit"])
    frame["ok"] = frame["value"] <= frame["limit"]
    frame.attrs["absent"] = missing
    return frame


def _complementarity(solution: Solution) -> tuple[float, float] | None:
    """Largest gap of the pairs of multiplier and slack (the smaller of both, or a negative one), and its limit.

    None where the composition states no pair. While pairs are smoothed, ten times the smoothing is allowed.
    """
    model = solution.model
    pairs = [(rule.defines, rule.complements, model.active[n]) for n, rule in model.equations.items() if rule.complements]
    if not pairs:
        return None
    smooth = abs(float(solution.arrays["smooth"])) if "smooth" in solution.arrays else 0.0
    gap = 0.0
    for multiplier, slack, active in pairs:
        smaller = np.minimum(solution.arrays[str(multiplier)], solution.arrays[slack])[active]
        gap = max(gap, float(abs(smaller).max(initial=0.0)))
    return gap, 1e-8 + 10.0 * smooth


def enforce(solution: Solution, work: Workspace) -> None:
    """Raise :class:`SolveError` for the first check that fails.

    The workspace is the one where the solution was found, at its exogenous values, so that what depends on these alone is
    folded.
    """
    frame = table(solution, lambda name: _folded(work, name, solution.arrays))
    failed = frame[~frame["ok"]]
    if failed.empty:
        return
    first = failed.iloc[0]
    others = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    raise SolveError(
        f"{solution.name}: the check {first['check']!r} fails{others}: {first['value']:.2e} against a limit of "
        f"{first['limit']:.0e}; {_reason(solution, str(first['check']))}",
        worst=[f"{row['check']}: {row['value']:.1e}" for _, row in failed.iterrows()],
        log=solution.log,
        share=1.0,
        last=solution,
    )


def _folded(work: Workspace, name: str, arrays: Mapping[str, Array]) -> Array:
    """A definition at the workspace's exogenous values."""
    model = work.model
    if name in model.symbols:
        return arrays[name]
    kernel = rule_kernel(model, name, model.system.unknown, "unknowns")
    with np.errstate(all="ignore"):
        return np.array(kernel.evaluate(work.values, arrays))


def _reason(solution: Solution, check: str) -> str:
    """What usually stands behind a failed check."""
    model = solution.model
    if check != WALRAS:
        return "the equations are solved, so the accounts do not fit together: does a block add a payment on one side only?"
    nominal = [n for n, s in model.symbols.items() if s.kind == "instrument" and s.dims == ("r",) and s.unit == "million USD"]
    moved = {n: float(solution.arrays[n].sum() - model.benchmark_values[n].sum()) for n in nominal}
    loose = {n: total for n, total in moved.items() if abs(total) > 1e-9 * max(float(abs(solution.arrays[n]).max()), 1.0)}
    if loose:
        name, total = max(loose.items(), key=lambda item: abs(item[1]))
        return (
            f"the changes of {name} sum to {total:,.6g} million {model.benchmark.currency} over the world, where one region "
            f"receives what another gives: name the lender too (add {-total:,.6g} to {name} of other regions)"
        )
    return "some region spends what it does not have: does a block add a payment that nobody makes?"
