"""The one door for arrays from outside: aligned by label, or refused.

A model's own arrays are plain numpy in the model's order of labels. An array that a user gives carries its own
order, so it is never taken by position: a :class:`xarray.DataArray` (or a pandas Series with named index levels) is
brought into the model's order by its dims and labels, and what does not match is refused. A bare number stands for
every element.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import nearest
from cge.errors import ModelError

if TYPE_CHECKING:
    from cge.model import Model


def aligned(model: Model, name: str, value: Any) -> np.ndarray:
    """A user's array for the symbol ``name`` in the model's order of dims and labels.

    Parameters
    ----------
    model : Model
    name : str
        A symbol of the model.
    value : DataArray, Series or number
        Dims are those of the symbol in any order; each holds every label of the model once, in any order.

    Raises
    ------
    ModelError
        Unknown symbol; an array without labels; other dims or labels than the symbol has; a label twice.
    """
    if name not in model.symbols:
        raise ModelError(f"unknown symbol {name!r}{nearest(name, model.symbols)}")
    dims = model.symbols[name].dims
    if isinstance(value, pd.Series):
        value = _from_series(name, dims, value)
    if isinstance(value, (bool, np.bool_)) or getattr(getattr(value, "dtype", None), "kind", "") == "b":
        raise ModelError(f"{name} is given as true or false; it takes numbers")
    if isinstance(value, Real) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return np.full(model.shape(name), float(value))
    if isinstance(value, np.ndarray | list | tuple):
        raise ModelError(
            f"{name} is given as a plain array, whose order of labels nobody can check; give an xarray.DataArray with dims "
            f"{' '.join(dims)} (solution[{name!r}] is one; Model.labelled puts labels on an array in the model's own order)"
        )
    if not isinstance(value, xr.DataArray):
        raise ModelError(f"{name} is given as {type(value).__name__}; give an xarray.DataArray with dims {' '.join(dims)}")
    if set(map(str, value.dims)) != set(dims):
        raise ModelError(f"{name} has dims {' '.join(dims)}, the array given has {' '.join(map(str, value.dims)) or 'none'}")
    for d in dims:
        _check_labels(model, name, d, value)
    ordered = value.transpose(*dims).reindex({d: model.labels(d) for d in dims})
    try:
        return np.array(ordered.values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{name} holds values that are not numbers ({error})") from error


def require_mapping(values: Any, option: str) -> None:
    """Raise where an option that takes values by name is given something else.

    Raises
    ------
    ModelError
    """
    if values is not None and not isinstance(values, Mapping):
        shown = repr(values) if isinstance(values, (str, int, float)) else f"an object of type {type(values).__name__}"
        raise ModelError(f"{option} takes values by name, as {option}={{'name': value}}, not {shown}")


def _check_labels(model: Model, name: str, dim: str, value: xr.DataArray) -> None:
    if dim not in value.coords:
        raise ModelError(f"the array given for {name} has no labels along {dim}; add them (coords={{{dim!r}: [...]}})")
    known, given = model.labels(dim), [str(x) for x in value[dim].values]
    twice = sorted({x for x in given if given.count(x) > 1}) if len(set(given)) < len(given) else []
    if twice:
        raise ModelError(f"the array given for {name} holds {twice[0]!r} twice along {dim}")
    unknown = [x for x in given if x not in known]
    if unknown:
        raise ModelError(f"{name}: {unknown[0]!r} is not in dim {dim} of this model{nearest(unknown[0], known)}")
    missing = [x for x in known if x not in given]
    if missing:
        raise ModelError(
            f"{name} must be given for every label; along {dim} it lacks {missing[0]!r}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
        )


def _from_series(name: str, dims: tuple[str, ...], value: pd.Series) -> xr.DataArray:
    if None in value.index.names:
        raise ModelError(f"the series given for {name} has an index without names; name its levels {', '.join(dims)}")
    if value.index.has_duplicates:
        raise ModelError(f"the series given for {name} holds {value.index[value.index.duplicated()][0]!r} twice")
    return xr.DataArray.from_series(value)
