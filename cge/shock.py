"""Shocks: what a policy asks of a model, checked cell by cell before any solve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import xarray as xr

from calibration.errors import nearest
from cge.errors import ShockError

if TYPE_CHECKING:
    from cge.model import Model


@runtime_checkable
class Shock(Protocol):
    """Anything that says how instruments of a model change.

    ``changes`` returns, by instrument, an array over some of its dims with the factor to multiply the
    benchmark value with (for signed instruments such as ``fsav``: the amount to add).
    """

    @property
    def name(self) -> str:
        """Short name for logs and messages."""
        ...

    def changes(self, model: Model) -> Mapping[str, xr.DataArray]:
        """Factors (or amounts) by instrument."""
        ...


def targets(model: Model, shock: Shock, origin: Mapping[str, np.ndarray] | None = None) -> dict[str, np.ndarray]:
    """The instruments' values after the shock, full arrays.

    Parameters
    ----------
    model : Model
    shock : Shock
    origin : mapping, optional
        Values that the shock acts on; default the benchmark's.

    Raises
    ------
    ShockError
        Unknown instrument or label, a value that is not finite, a power that is not positive, or an
        instrument whose change touches no cell of the benchmark.
    """
    out: dict[str, np.ndarray] = {}
    for name, change in shock.changes(model).items():
        known = [s for s, symbol in model.symbols.items() if symbol.kind != "parameter"]
        if name not in known:
            raise ShockError(f"policy {shock.name!r}: unknown instrument {name!r}{nearest(name, known)}")
        symbol = model.symbols[name]
        if symbol.kind == "variable" and not model.is_exogenous(name):
            raise ShockError(f"policy {shock.name!r}: {name} is endogenous; swap it with an instrument in the closure")
        factor = _full(model, shock.name, name, change)
        base = (origin or model.benchmark_values)[name]
        value = base + factor if symbol.signed else base * factor
        bad = ~np.isfinite(value) | ((value <= 0) if not symbol.signed else False)
        if bad.any():
            at = model.label(name, int(np.flatnonzero(bad)[0]))
            raise ShockError(
                f"policy {shock.name!r}: {name} of {at} would be {value[bad].flat[0]:.4g}; "
                "a power or index must be positive and finite"
            )
        freed = (value != base) & model.free[name]
        if freed.any():
            at = model.label(name, int(np.flatnonzero(freed)[0]))
            raise ShockError(f"policy {shock.name!r}: {name} of {at} is endogenous under closure {model.closure.name!r}")
        if (value != base).any():
            if not model.touches(name, value - base):
                raise ShockError(
                    f"policy {shock.name!r}: instrument {name} touches no cell of benchmark {model.benchmark.name!r} "
                    "(no flow where it applies); drop it or name other members"
                )
            out[name] = value
    return out


def _full(model: Model, policy: str, name: str, change: xr.DataArray) -> np.ndarray:
    """The change spread over all dims of the instrument; cells it does not name keep 1 (or 0)."""
    symbol = model.symbols[name]
    extra = [str(d) for d in change.dims if d not in symbol.dims]
    if extra:
        raise ShockError(f"policy {policy!r}: {name} has dims {symbol.dims}, the change has {extra}")
    labels = {d: model.labels(d) for d in symbol.dims}
    for d in change.dims:
        for label in change[d].values:
            if str(label) not in labels[str(d)]:
                raise ShockError(
                    f"policy {policy!r}: {str(label)!r} is not in dim {d} of benchmark "
                    f"{model.benchmark.name!r}{nearest(str(label), labels[str(d)])}"
                )
    neutral = 0.0 if symbol.signed else 1.0
    spread = change.reindex({d: labels[str(d)] for d in change.dims}, fill_value=neutral)
    shape = tuple(len(labels[d]) for d in symbol.dims)
    missing = [d for d in symbol.dims if d not in spread.dims]
    spread = spread.expand_dims({d: labels[d] for d in missing}).transpose(*symbol.dims)
    return np.array(np.broadcast_to(spread.values, shape), dtype=float)
