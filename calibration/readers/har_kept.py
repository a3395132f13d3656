"""Headers of a GTAP data base that the standard model does not use, carried along to the data base after a shock.

They are tax revenue by instrument (``TFRV``, ``XTRV``, ...), the version (``DVER``, ``DREL``), energy volumes and what else
a file holds. A data base after a shock has them unchanged, and says so in each description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from calibration.readers.har_format import HarArray

KEPT = "har_"
"""Prefix of these headers among the satellites of a benchmark."""
UNCHANGED = "unchanged: "


def kept_dataset(headers: Mapping[str, HarArray], labels: Mapping[str, Sequence[str]]) -> xr.Dataset:
    """The headers as variables ``har_NAME``; the sets of each in its attribute ``sets``.

    Regions, commodities and so on are in the order of ``labels`` where the header stores them; other sets are dims of
    their own. A header without cells has nothing to keep.
    """
    kept = xr.Dataset()
    for key, array in headers.items():
        values = np.asarray(array.values)
        if not values.size:
            continue
        sets = array.sets or tuple(f"D{k + 1}" for k in range(values.ndim))
        coords = {}
        for axis, name in enumerate(sets):
            stored = array.elements.get(name)
            known = {x.lower(): k for k, x in enumerate(stored)} if stored is not None else {}
            wanted = [x.lower() for x in labels.get(name, ())]
            if stored is not None and sorted(known) == sorted(wanted):
                values = np.take(values, [known[x] for x in wanted], axis=axis)
                stored = tuple(labels[name])
            if stored is not None:
                coords[f"{KEPT}{key}_{axis}"] = np.asarray(stored, dtype=str)
        dims = tuple(f"{KEPT}{key}_{axis}" for axis in range(values.ndim))
        text = array.description.removeprefix(UNCHANGED)
        attrs = {"long_name": text, "sets": " ".join(array.sets), "coefficient": array.coefficient}
        kept[f"{KEPT}{key}"] = xr.DataArray(values, dims=dims, coords=coords, attrs=attrs)
    return kept


def kept_arrays(kept: xr.Dataset | None, elements: Mapping[str, tuple[str, ...]]) -> dict[str, HarArray]:
    """Header arrays of :func:`kept_dataset`, descriptions marked ``unchanged``; ``elements`` of the sets beside them."""
    arrays: dict[str, HarArray] = {}
    taken = dict(elements)
    for variable in kept.data_vars if kept is not None else ():
        name = str(variable)
        if kept is None or not name.startswith(KEPT):
            continue
        array, key = kept[name], name.removeprefix(KEPT)
        description = f"{UNCHANGED}{array.attrs.get('long_name', '')}"
        if array.dtype.kind in "OUS":
            arrays[key] = HarArray(array.values.astype(str), description)
            continue
        given = str(array.attrs.get("sets", "")).split()
        sets, own = [], {}
        for axis, dim in enumerate(array.dims):
            label = given[axis] if given else f"{key[:3]}{axis + 1}"
            names = tuple(str(x) for x in array[dim].values) if dim in array.coords else ()
            names = names or tuple(f"e{k + 1}" for k in range(array.sizes[dim]))
            if taken.setdefault(label, names) != names:
                label = f"{key}{axis + 1}"  # the set's name stands for other elements in this file
            sets.append(label)
            own[label] = names
        arrays[key] = HarArray(array.values, description, tuple(sets), own, str(array.attrs.get("coefficient", "")))
    return arrays
