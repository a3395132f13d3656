"""Shocks: what a policy asks of a model, checked cell by cell before any solve.

Everything that moves a model passes :func:`targets`, the one door: whatever a shock is (a policy, text in GTAP's words,
a user's own object), there it becomes final values of exogenous arrays, or an error that names the cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import xarray as xr

from calibration.errors import nearest
from cge.errors import ShockError
from cge.model.reach import reached_cells
from cge.model.workspace import touches as moves_an_equation

if TYPE_CHECKING:
    from cge.model import Model

Levels = Mapping[str, np.ndarray]
"""Full arrays of a model's exogenous symbols by name."""

ROUNDING = 4
"""Units in the last place within which a value is the benchmark's (ten points up and ten down come back to it)."""


@runtime_checkable
class Shock(Protocol):
    """Anything that says how instruments of a model change.

    ``changes`` returns, by instrument, an array over some of its dims with the factor to multiply the
    benchmark value with (for signed instruments such as ``fsav``: the amount to add). A shock that knows the
    final values has :class:`ExactShock`'s ``levels`` as well, which are used then.
    """

    @property
    def name(self) -> str:
        """Short name for logs and messages."""
        ...

    def changes(self, model: Model) -> Mapping[str, xr.DataArray]:
        """Factors (or amounts) by instrument."""
        ...


@runtime_checkable
class ExactShock(Protocol):
    """A shock that states final values, so that no digit is lost in a factor."""

    @property
    def name(self) -> str:
        """Short name for logs and messages."""
        ...

    def levels(self, model: Model, origin: Levels | None = None) -> Mapping[str, xr.DataArray]:
        """Final values by instrument, over some of its dims, where it acts on the levels of ``origin`` (default the
        benchmark's); cells not named keep those."""
        ...


def require_shock(given: object, *, where: str = "a solve") -> None:
    """Refuse what is no shock, with the way to one.

    Raises
    ------
    ShockError
        A name, a function, a list, or any other object without ``name`` and ``changes`` (or ``levels``).
    """
    kind = type(given).__name__
    if isinstance(given, str):
        raise ShockError(
            f"{where} takes a policy, not its name {given!r}: write cge.find_policy({given!r}), "
            "or cge.gtap.GtapShock(text) for a shock in GTAP's words"
        )
    if isinstance(given, type) or not isinstance(given, (Shock, ExactShock)):
        if isinstance(given, (list, tuple, set)):
            raise ShockError(f"{where} takes one policy, not a {kind}: add policies with +, as rcep() + us_china()")
        if callable(given):
            name = getattr(given, "__name__", kind)
            raise ShockError(f"{where} takes a policy, not the function {name}: call it, as {name}()")
        raise ShockError(f"{where} takes a policy (an object with 'name' and 'changes'), not {kind}")


def exogenous_names(model: Model) -> list[str]:
    """What may be shocked: the instruments, and the variables that a swap of the closure made exogenous."""
    swapped = {swap.fixed for swap in model.closure.swaps}
    return [n for n, s in model.symbols.items() if s.kind == "instrument" or (s.kind == "variable" and n in swapped)]


def require_exogenous(model: Model, name: object, who: str) -> str:
    """The name, if it may be shocked.

    Raises
    ------
    ShockError
        Unknown (with the nearest name), endogenous, or a parameter.
    """
    known = exogenous_names(model)
    if name in known:
        return str(name)
    symbol = model.symbols.get(str(name))
    if symbol is not None and symbol.kind == "variable":
        raise ShockError(f"{who}: {name} is endogenous; swap it with an instrument in the closure")
    if symbol is not None:
        raise ShockError(f"{who}: {name} is a parameter, not an instrument; give it in Model.solve(parameters=...)")
    if str(name) in model.definitions:
        raise ShockError(f"{who}: {name} is computed from others and cannot be set")
    from cge.equations.known_mechanisms import mechanisms

    bring = [kind for kind, found in mechanisms().items() if str(name) in found.symbols]
    if bring:
        how = f"Model(..., mechanisms=({bring[0]}(),))"
        raise ShockError(f"{who}: this model has no {name}, which mechanism {bring[0]} brings: {how}")
    raise ShockError(f"{who}: unknown instrument {str(name)!r}{nearest(str(name), known)}")


def targets(model: Model, shock: Shock | ExactShock, origin: Levels | None = None) -> dict[str, np.ndarray]:
    """The instruments' values after the shock, full arrays.

    Parameters
    ----------
    model : Model
    shock : Shock
    origin : mapping, optional
        Levels that the shock acts on; default the benchmark's.

    Raises
    ------
    ShockError
        No shock; an unknown instrument or label, a value that is not finite, a power that is not positive, an
        endogenous cell, an instrument whose change touches no cell of the benchmark, or a shock without any change.

    Notes
    -----
    Values that stay as they are are left out. A shock that leaves all of them solves as the benchmark, as it must where
    a sweep over rates passes through the benchmark's own; where one policy is run and reported, :func:`require_change`
    refuses it.
    """
    require_shock(shock)
    who = f"policy {shock.name!r}"
    start = model.benchmark_values if origin is None else origin
    levels = _levels(model, shock, who, start)
    if not levels:
        raise ShockError(f"{who} changes nothing: it has no change that applies to benchmark {model.benchmark.name!r}")
    moved: dict[str, np.ndarray] = {}
    for name, value in levels.items():
        base = start[name]
        signed = model.symbols[name].signed
        bad = ~np.isfinite(value) | ((value <= 0) if not signed else False)
        if bad.any():
            cell = model.label(name, int(np.flatnonzero(bad)[0]))
            lawful = "a level must be finite" if signed else "a power or index must be positive and finite"
            raise ShockError(f"{who}: {name} of {cell} would be {value[bad].flat[0]:.4g}; {lawful}")
        with np.errstate(invalid="ignore"):
            value = np.where(abs(value - base) <= ROUNDING * np.spacing(abs(base)), base, value)
        different = value != base
        freed = different & model.free[name]
        if freed.any():
            cell = model.label(name, int(np.flatnonzero(freed)[0]))
            raise ShockError(f"{who}: {name} of {cell} is endogenous under closure {model.closure.name!r}")
        if not different.any():
            continue
        if not touches(model, name, different, value - base):
            raise ShockError(
                f"{who}: instrument {name} touches no cell of benchmark {model.benchmark.name!r} "
                "(there is no flow where it changes); drop it or name other members"
            )
        moved[name] = value
    return moved


def require_change(model: Model, shock: Shock | ExactShock) -> None:
    """Refuse a shock that leaves every value at the benchmark, before it is run and its zeros are read as results.

    Raises
    ------
    ShockError
        As :func:`targets`, and where nothing changes; but for a shock that is ``void`` outright (``0 * policy``).
    """
    if not targets(model, shock) and not getattr(shock, "void", False):
        raise ShockError(
            f"policy {shock.name!r} changes nothing: every value it sets is that of benchmark {model.benchmark.name!r} "
            "already; for the benchmark itself solve without a policy"
        )


def touches(model: Model, name: str, cells: np.ndarray, direction: np.ndarray | None = None) -> bool:
    """Whether some equation reads one of the cells of an exogenous array.

    Parameters
    ----------
    name : str
        An exogenous symbol.
    cells : ndarray of bool
        Of the symbol's shape.
    direction : ndarray, optional
        A finite move to try where no derivative shows that a cell is read.
    """
    if (cells & reached_cells(model, name)).any():
        return True
    return moves_an_equation(model, name, 0.1 * cells if direction is None else direction)


def as_changes(model: Model, levels: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """Factors on benchmark values (amounts for signed symbols) that give the levels."""
    found = {}
    for name, level in levels.items():
        base = model.labelled(name, model.benchmark_values[name])
        found[name] = level - base if model.symbols[name].signed else level / base
    return found


def remarks(model: Model, shock: Shock | ExactShock) -> list[str]:
    """What a reader of the shock's results must know: the shock's own remarks, and subsidies that it brings."""
    own = getattr(shock, "remarks", None)
    told = [str(line) for line in own(model)] if own is not None else []
    return [*told, *new_subsidies(model, targets(model, shock))] if not getattr(shock, "origin", None) else told


def new_subsidies(model: Model, values: Mapping[str, np.ndarray]) -> list[str]:
    """One sentence for each tax whose power falls below 1 where the benchmark's does not."""
    told = []
    for name, value in values.items():
        below = subsidised(value, model.benchmark_values[name]) & reached_cells(model, name)
        if model.symbols[name].unit.startswith("power") and below.any():
            lowest = int(np.argmin(np.where(below, value, np.inf)))
            cell, power = model.label(name, lowest), value.flat[lowest]
            told.append(
                f"{name} becomes a subsidy in {int(below.sum()):,} cells, at most of {100 * (1 - power):.4g} % ({cell}), "
                "which the benchmark does not have."
            )
    return told


def subsidised(value: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Where the power of a tax is below 1 and the benchmark's is not, beyond rounding."""
    return np.asarray((value < 1 - 1e-12) & (base >= 1 - 1e-12))


def _levels(model: Model, shock: Shock | ExactShock, who: str, start: Levels) -> dict[str, np.ndarray]:
    """Final values of each instrument of a shock that acts on the levels ``start``, full arrays."""
    exact = isinstance(shock, ExactShock)
    given: Any = shock.levels(model, start) if isinstance(shock, ExactShock) else shock.changes(model)
    if not isinstance(given, Mapping):
        raise ShockError(f"{who}: its changes are {type(given).__name__}, not a mapping of instrument to DataArray")
    found = {}
    for name, array in given.items():
        require_exogenous(model, name, who)
        if not isinstance(array, xr.DataArray):
            raise ShockError(f"{who}: the change of {name} is {type(array).__name__}, not a DataArray with labels")
        values, named = _full(model, who, name, array)
        base = start[name]
        if exact:
            found[name] = np.where(named, values, base)
        else:
            found[name] = np.where(named, base + values if model.symbols[name].signed else base * values, base)
    return found


def _full(model: Model, who: str, name: str, array: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """An array aligned by label and spread over all dims of a symbol, and the cells that it names."""
    dims = model.symbols[name].dims
    extra = [str(d) for d in array.dims if d not in dims]
    if extra:
        raise ShockError(f"{who}: {name} has dims {dims}, the change has {extra}")
    if array.dtype.kind not in "fiub":
        raise ShockError(f"{who}: the change of {name} holds {array.dtype}, not numbers")
    labels = {str(d): model.labels(str(d)) for d in dims}
    for d in map(str, array.dims):
        if d not in array.coords:
            raise ShockError(f"{who}: the change of {name} has no labels along dim {d}; give it coords")
        given = [str(x) for x in array[d].values]
        for label in given:
            if label not in labels[d]:
                raise ShockError(
                    f"{who}: {label!r} is not in dim {d} of benchmark {model.benchmark.name!r}{nearest(label, labels[d])}"
                )
            if given.count(label) > 1:
                raise ShockError(f"{who}: the change of {name} gives {label!r} twice along dim {d}")
    shape = tuple(len(labels[d]) for d in dims)
    place = {d: np.array([labels[d].index(str(x)) for x in array[d].values], dtype=int) for d in map(str, array.dims)}
    index = np.ix_(*[place.get(d, np.arange(len(labels[d]))) for d in dims])
    ordered = array.transpose(*[d for d in dims if d in array.dims]).values.astype(float)
    spread = ordered.reshape([array.sizes[d] if d in array.dims else 1 for d in dims])
    values, named = np.zeros(shape), np.zeros(shape, bool)
    values[index], named[index] = spread, True
    return values, named
