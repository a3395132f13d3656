"""Short hashes of content: what went into a run, so that results made of other things are not taken for it.

A hash covers values and labels, never names of files or objects' addresses. What cannot be read as content (a function,
an object that does not say what it holds) has no hash.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cge.errors import ModelError

LENGTH = 16
"""Hexadecimal digits kept."""


def fingerprint(value: Any) -> str:
    """The hash of a value.

    Parameters
    ----------
    value : object
        None, numbers, text, arrays, labelled arrays and tables, mappings (in any order), sequences, dataclasses, pydantic
        models, and objects with a method ``fingerprint()`` that gives text. Of a dataclass its own code counts as well.

    Raises
    ------
    ModelError
        The value holds something that is no content.
    """
    digest = hashlib.sha256()
    for part in _parts(value):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()[:LENGTH]


def _parts(value: Any) -> list[bytes]:
    """The value as a list of bytes, each kind under its own mark."""
    if isinstance(value, np.generic):
        return _parts(value.item())
    if value is None or isinstance(value, (bool, str, bytes, PurePath)):
        return [type(value).__name__.encode(), str(value).encode()]
    if isinstance(value, (int, float)):
        return [b"number", repr(float(value)).encode()]  # 10 and 10.0 are one amount
    if isinstance(value, np.ndarray):
        return _array_parts(value)
    if isinstance(value, xr.DataArray):
        labels = [part for dim in value.dims for part in (str(dim).encode(), *_labels(value, str(dim)))]
        return [b"labelled", *labels, *_array_parts(value.values)]
    if isinstance(value, xr.Dataset):
        return [b"dataset", *_mapping_parts({str(name): value[name] for name in value.data_vars})]
    if isinstance(value, pd.DataFrame):
        return [b"table", *_parts([str(x) for x in value.index]), *_mapping_parts({str(c): value[c].to_numpy() for c in value})]
    if callable(getattr(value, "fingerprint", None)):
        return [_name(value), str(value.fingerprint()).encode()]
    if isinstance(value, Mapping):
        return [b"mapping", *_mapping_parts(value)]
    if isinstance(value, (list, tuple)):
        return [b"sequence", *(part for item in value for part in (*_parts(item), b","))]
    if isinstance(value, (set, frozenset)):
        return [b"set", *sorted(fingerprint(item).encode() for item in value)]
    if callable(getattr(value, "model_dump_json", None)):
        return [_name(value), value.model_dump_json().encode()]
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in fields(value)}
        return [_name(value), code_of(type(value)), *_mapping_parts(held)]
    raise ModelError(
        f"a {type(value).__name__} does not say what it holds; make it a dataclass of plain values or give it a method "
        "fingerprint() that returns text"
    )


def _array_parts(values: np.ndarray) -> list[bytes]:
    if values.dtype.kind in "fiub":
        plain = np.ascontiguousarray(values, dtype="<f8")
        return [b"array", repr(plain.shape).encode(), plain.tobytes()]
    return [b"array", repr(values.shape).encode(), *(part for item in values.ravel() for part in _parts(item))]


def _labels(value: xr.DataArray, dim: str) -> list[bytes]:
    return [str(label).encode() for label in value[dim].values] if dim in value.coords else []


def _mapping_parts(held: Mapping[Any, Any]) -> list[bytes]:
    ordered = sorted(held, key=lambda key: (type(key).__name__, str(key)))
    return [part for key in ordered for part in (*_parts(key), b"=", *_parts(held[key]), b";")]


def _name(value: Any) -> bytes:
    return f"{type(value).__module__}.{type(value).__qualname__}".encode()


def code_of(kind: type) -> bytes:
    """The source of a class: two with one set of fields may do different things.

    Raises
    ------
    ModelError
        The source is in no file.
    """
    try:
        return inspect.getsource(kind).encode()
    except (OSError, TypeError) as error:
        raise ModelError(
            f"the code of {kind.__name__} is in no file, so that its content is not known; give it a method "
            "fingerprint() that returns text"
        ) from error
