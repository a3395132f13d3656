"""What one call of :meth:`cge.model.Model.solve` asks, checked and in the model's own order before anything is moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from calibration.errors import nearest
from cge.errors import ModelError, ShockError
from cge.model.door import aligned
from cge.model.shock import ROUNDING, Shock, require_shock, targets
from cge.model.solution import Solution
from cge.solver.preconditioner import Factors

if TYPE_CHECKING:
    from cge.model import Model
    from cge.model.workspace import Workspace

Start = Literal["fast", "benchmark"]
STARTS: tuple[str, ...] = ("fast", "benchmark")
Method = Literal["auto", "ipopt"]
METHODS: tuple[str, ...] = ("auto", "ipopt")
Branch = Literal["connected", "any"]
BRANCHES: tuple[str, ...] = ("connected", "any")


@dataclass(frozen=True)
class Request:
    """A solve, in full arrays.

    Attributes
    ----------
    name : str
        Of the policy.
    origin : mapping of name to array
        Where the path begins: the benchmark, the starting solution or the guessed one.
    parameters : mapping of name to array
        All live parameters.
    asked : mapping of name to array
        Levels the policy asks for.
    first, last : mapping of name to array
        Exogenous arrays at the two ends of the path.
    guess : ndarray or None
        Unknowns to try first.
    start, method, branch : str or Solution
        As given.
    begun : tuple of Solution
        The solutions among ``start`` and ``guess``.
    factors : Factors or None
        Row scale and preconditioner of the solution that the path begins at; None: the benchmark's.
    retuned : bool
        Some live parameter differs from the benchmark's.
    """

    name: str
    origin: Mapping[str, np.ndarray]
    parameters: Mapping[str, np.ndarray]
    asked: dict[str, np.ndarray]
    first: dict[str, np.ndarray]
    last: dict[str, np.ndarray]
    guess: np.ndarray | None
    start: Start | Solution
    method: Method
    branch: Branch
    begun: tuple[Solution, ...]
    factors: Factors | None
    retuned: bool


def read_request(
    model: Model,
    policy: Shock | None,
    start: Start | Solution,
    method: Method,
    parameters: Mapping[str, xr.DataArray | float] | None,
    exogenous: Mapping[str, xr.DataArray | float] | None,
    guess: Mapping[str, xr.DataArray | float] | Solution | None,
    branch: Branch,
) -> Request:
    """The arguments of a solve, refused where they do not fit the model; it raises what :meth:`Model.solve` says."""
    _check_options(model, policy, start, method, guess, branch)
    for what, arrays in (("parameters", parameters), ("exogenous", exogenous), ("guess", guess)):
        if not isinstance(arrays, Mapping | None) and not (what == "guess" and isinstance(arrays, Solution)):
            raise ModelError(f"{what} is {type(arrays).__name__}; give a mapping of names to labelled arrays")
    kept = start.arrays if isinstance(start, Solution) else model.benchmark_values
    origin = guess.arrays if isinstance(guess, Solution) else kept
    asked = targets(model, policy, kept) if policy is not None else {}
    given = {name: _exogenous(model, name, value, kept) for name, value in (exogenous or {}).items()}
    if policy is not None:
        _refuse_both(model, policy.name, asked, given, kept)
    goal = {**asked, **given}
    live = model.live_parameters
    tuned = {n: kept[n] for n in live} | {n: _live(model, n, value) for n, value in (parameters or {}).items()}
    first = {n: origin[n] for n, s in model.symbols.items() if s.kind != "parameter" and not model.free[n].all()}
    return Request(
        name=policy.name if policy is not None else "benchmark",
        origin=origin,
        parameters=tuned,
        asked=asked,
        first=first,
        last={n: goal.get(n, kept[n]) for n in first},
        guess=_first_guess(model, origin, guess),
        start=start,
        method=method,
        branch=branch,
        begun=tuple(s for s in (start, guess) if isinstance(s, Solution)),
        factors=next((s.factors for s in (guess, start) if isinstance(s, Solution)), None),
        retuned=any(not np.array_equal(tuned[n], model.benchmark_values[n]) for n in live),
    )


def share_setter(work: Workspace, first: Mapping[str, np.ndarray], last: Mapping[str, np.ndarray]) -> Callable[[float], None]:
    """A function that moves a workspace's exogenous values to a share of the way between two points.

    Powers and indices move geometrically, signed values linearly; at share 1 they are ``last`` to the bit.
    """
    model = work.model
    moving = [n for n in last if ((first[n] != last[n]) & ~model.free[n]).any()]

    def set_share(share: float) -> None:
        for n in moving:
            there = last[n] if share == 1.0 else _between(first[n], last[n], share, model.symbols[n].signed)
            work.values.set(n, there)

    return set_share


def _check_options(model: Model, policy: Any, start: Any, method: Any, guess: Any, branch: Any) -> None:
    if branch not in BRANCHES:
        raise ModelError(f"unknown branch {branch!r}; choose 'connected' or 'any'")
    if policy is not None:
        require_shock(policy)
    if method not in METHODS:
        raise ModelError(f"unknown method {method!r}{nearest(str(method), METHODS)}; choose among {', '.join(METHODS)}")
    if not isinstance(start, Solution) and start not in STARTS:
        hint = nearest(str(start), STARTS)
        raise ModelError(f"unknown start {start!r}{hint}; choose among {', '.join(STARTS)}, or give a solution")
    for solution, what in ((start, "starting"), (guess, "guessed")):
        differs = model.difference(solution.model) if isinstance(solution, Solution) else ""
        if differs:
            raise ModelError(f"the {what} solution is of another model: it differs in {differs}; solve from the benchmark")


def _refuse_both(
    model: Model, policy: str, asked: Mapping[str, np.ndarray], given: Mapping[str, np.ndarray], kept: Mapping[str, np.ndarray]
) -> None:
    """Raise where a policy moves an element to one value and ``exogenous=`` sets it to another."""
    for name in (n for n in given if n in asked):
        moved = (asked[name] != kept[name]) & (abs(given[name] - asked[name]) > ROUNDING * np.spacing(abs(asked[name])))
        if moved.any():
            k = int(np.flatnonzero(moved)[0])
            more = f" ({int(moved.sum())} elements in all)" if moved.sum() > 1 else ""
            raise ShockError(
                f"policy {policy!r} brings {name} of {model.label(name, k)} to {asked[name].flat[k]:.6g} and exogenous= sets "
                f"it to {given[name].flat[k]:.6g}{more}: an element takes one value; give the policy's value there, or drop one"
            )


def _exogenous(model: Model, name: str, value: Any, kept: Mapping[str, np.ndarray]) -> np.ndarray:
    """A user's exogenous values in the model's order, refused where the closure leaves an element endogenous."""
    array = _checked(model, name, value)
    if model.symbols[name].kind == "parameter":
        raise ModelError(f"{name} is a parameter; give it in parameters=")
    free = model.free[name]
    given = free & ((array != kept[name]) | free.all())
    if given.any():
        at = model.label(name, int(np.flatnonzero(given)[0]))
        remedy = "leave it out" if free.all() else f"leave those {int(free.sum())} elements as they are"
        raise ModelError(
            f"{name} of {at} is endogenous under closure {model.closure.name!r}, so it cannot be given; {remedy}, or swap it"
        )
    return array


def _live(model: Model, name: str, value: Any) -> np.ndarray:
    array = _checked(model, name, value)
    if model.symbols[name].kind != "parameter" or model.symbols[name].structural:
        raise ModelError(f"{name} is not a live parameter; recalibrate the benchmark to change it")
    if name.startswith("esub") and (array < 0).any():
        at = model.label(name, int(np.flatnonzero(array < 0)[0]))
        raise ModelError(f"{name} of {at} is {array[array < 0][0]:g}; an elasticity of substitution may not be negative")
    return array


def _first_guess(
    model: Model, origin: Mapping[str, np.ndarray], guess: Mapping[str, xr.DataArray | float] | Solution | None
) -> np.ndarray | None:
    if guess is None or isinstance(guess, Solution):
        return None
    arrays = {name: _checked(model, name, value) for name, value in guess.items()}
    for name in arrays:
        if not model.free[name].any() if name in model.free else True:
            raise ModelError(f"{name} is exogenous, so there is nothing to guess; give it in exogenous=")
    return model.system.pack({**origin, **arrays})


def _checked(model: Model, name: str, value: Any) -> np.ndarray:
    array = aligned(model, name, value)
    bad = ~np.isfinite(array)
    if not model.symbols[name].signed:
        bad |= array <= 0
    if bad.any():
        at = model.label(name, int(np.flatnonzero(bad)[0]))
        raise ModelError(f"{name} of {at} is {array[bad].flat[0]}; it must be finite and positive")
    return array


def _between(first: np.ndarray, last: np.ndarray, share: float, signed: bool) -> np.ndarray:
    """A point on the way from ``first`` to ``last``: geometric for powers and indices, linear for signed values."""
    if signed:
        return np.asarray(first + share * (last - first))
    return np.asarray(first * (last / first) ** share)
