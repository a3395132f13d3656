"""A GTAP data base in HAR files: ``basedata.har``, ``default.prm`` and ``sets.har``, aligned by their labels.

Every array is put into one order of regions, commodities, activities, endowments and margins by the labels that are
stored with it, not by position. An array without labels (kinds ``2R``, ``RL``) is taken in the order of the sets,
and that is said. Headers that the model does not use are kept, and listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from calibration.errors import DataError, nearest, require_unique
from calibration.readers.har_format import HarArray, read_har
from calibration.readers.har_kept import kept_arrays, kept_dataset
from calibration.readers.har_write import TABLE, header_names, short_labels, write_har
from calibration.sam import SCHEMA, Sam, make_dataset, split_by_use

__all__ = [
    "PARAMETERS",
    "SET_OF_DIM",
    "GtapFolder",
    "HarArray",
    "header_names",
    "read_gtap_folder",
    "read_gtap_har",
    "read_har",
    "short_labels",
    "write_gtap_har",
    "write_har",
]

SET_OF_DIM = {"i": "COMM", "a": "ACTS", "f": "ENDW", "r": "REG", "s": "REG", "d": "REG", "m": "MARG"}
PARAMETERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ESBM", "ESBD", "SUBP", "INCP", "ESBQ"), ("COMM", "REG")),
    **dict.fromkeys(("ESBV", "ESBT", "ESBC", "ETRQ"), ("ACTS", "REG")),
    **dict.fromkeys(("ESBG", "RFLX", "ESBI"), ("REG",)),
    "ESBS": ("MARG",),
    "ETRE": ("ENDW", "REG"),
    "EFLG": ("ENDW", "ENDT"),
    "RDLT": (),
}
"""Headers of the parameter file and their sets."""
OPTIONAL = ("ESBS", "ESBI", "RDLT")
"""Parameters with a value in the standard model where the file has none; what is assumed is said."""
MOBILITY = ("mobile", "sluggish", "fixed")
IDENTITY = ("DREL", "DVER", "XXCD", "XXCP", "XXCR", "XXHS")
"""Headers that say which data base it is; no number of the model."""
VERSION_6 = tuple("VXMD VXWD VIWS VIMS VDFM VDFA VIFM VIFA VDPM VDPA VIPM VIPA VDGM VDGA VIGM VIGA VFM EVFA EVOA".split())
"""Headers of the layout of GTAP version 6, which version 7 renamed."""


@dataclass(frozen=True)
class GtapFolder:
    """What a folder holds.

    Attributes
    ----------
    sam : Sam
    parameters : dict of ndarray
        Lower-case headers of :data:`PARAMETERS` that the file has, and ``dpsm`` where the data have it.
    kept : xarray.Dataset
        Headers of ``basedata.har`` that the model does not use, to be written again with updated data.
    """

    sam: Sam
    parameters: dict[str, np.ndarray]
    kept: xr.Dataset


@dataclass
class _Sets:
    """Labels of each set, and which sets are listed in two orders (an array without labels is then ambiguous)."""

    labels: dict[str, list[str]]
    ambiguous: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def read_gtap_har(folder: str | Path) -> tuple[Sam, dict[str, np.ndarray]]:
    """Flows and parameters of :func:`read_gtap_folder`."""
    read = read_gtap_folder(folder)
    return read.sam, read.parameters


def read_gtap_folder(folder: str | Path) -> GtapFolder:
    """Read a GTAP data base: ``basedata.har`` and ``default.prm`` (and ``sets.har``, where labels are missing).

    Returns
    -------
    GtapFolder
        Flows as in the file, single precision. Imports have no use classes in GTAP data: each pair is split
        in proportion to imports by use. ``remarks`` in the attributes of the SAM says what was taken by position, what is
        not used and what was missing.

    Raises
    ------
    DataError
        A file or header is missing, the layout is that of version 6, a label stands twice, or the labels of an array are
        not those of its set; file, header and element are named.
    """
    folder = Path(folder)
    files = {p.name.lower(): p for p in folder.iterdir()} if folder.is_dir() else {}
    base = next((files[n] for n in ("basedata.har", "baserate.har") if n in files), None)
    parameter_file = next((files[n] for n in ("default.prm", "par.har", "default.har") if n in files), None)
    if base is None or parameter_file is None:
        others = sorted(files)
        shown = ", ".join(others[:6]) + (f" and {len(others) - 6} more" if len(others) > 6 else "")
        raise DataError(f"{folder} must hold basedata.har and default.prm; found {shown or 'nothing'}")
    data, stored = read_har(base), read_har(parameter_file)
    _refuse_version_6(base, data, parameter_file, stored)
    sets = _sets(base, data, read_har(files["sets.har"]) if "sets.har" in files else {})
    arrays: dict[str, np.ndarray] = {}
    for name, header in SCHEMA.items():
        key = name.upper()
        if name == "vmub" or (name == "pop" and key not in data):
            continue
        if key not in data:
            raise DataError(f"{base} lacks header {key!r} ({header.long_name}){nearest(key, data)}")
        arrays[name] = _aligned(base, key, data[key], tuple(SET_OF_DIM[d] for d in header.dims), sets)
    if "pop" not in arrays:
        sets.remarks.append(f"{base.name} has no header POP: population is an index, 1 in every region")
    arrays["vmub"] = split_by_use(arrays)
    parameters = _parameters(parameter_file, stored, sets)
    if "DPSM" in data:
        parameters["dpsm"] = _aligned(base, "DPSM", data["DPSM"], ("REG",), sets)
    used = {*(n.upper() for n in SCHEMA), "DPSM", *sets.labels}
    unused = {key: array for key, array in data.items() if key not in used and not array.description.startswith(TABLE)}
    for file, headers in ((base, [k for k in unused if k not in IDENTITY]), (parameter_file, _unused(stored))):
        if headers:
            sets.remarks.append(f"headers of {file.name} that the standard model does not use: {', '.join(headers)}")
    attrs = {
        "title": f"GTAP data base {folder.resolve().name}",
        "source": "GTAP Data Base (user's licence)",
        "licence": "the user's",
        **({"remarks": "; ".join(sets.remarks)} if sets.remarks else {}),
    }
    labels = sets.labels
    model_sets = {"i": labels["COMM"], "a": labels["ACTS"], "f": labels["ENDW"], "r": labels["REG"], "m": labels["MARG"]}
    return GtapFolder(Sam(make_dataset(arrays, model_sets, attrs)), parameters, kept_dataset(unused, labels))


def _unused(stored: Mapping[str, HarArray]) -> list[str]:
    return [key for key in stored if key not in PARAMETERS and key not in IDENTITY]


def _refuse_version_6(base: Path, data: Mapping[str, HarArray], prm: Path, stored: Mapping[str, HarArray]) -> None:
    old = [key for key in VERSION_6 if key in data]
    remedy = (
        "this library reads version 7 (VXSB, VMSB, ...): aggregate the data base again in the version 7 layout "
        "(GTAPAgg and FlexAgg write it), or convert the folder with the converter of the version 7 model's package"
    )
    if old and "VXSB" not in data:
        raise DataError(f"{base} has the layout of GTAP version 6 ({', '.join(old[:4])}, ...); {remedy}")
    if "SLUG" in stored and "EFLG" not in stored:
        raise DataError(f"{prm} has the layout of GTAP version 6 (SLUG in the place of EFLG); {remedy}")


def _parameters(path: Path, stored: Mapping[str, HarArray], sets: _Sets) -> dict[str, np.ndarray]:
    """The parameters in the order of the sets, lower-case headers."""
    for name in PARAMETERS:
        if name not in stored and name not in OPTIONAL:
            raise DataError(f"{path} lacks header {name!r}{nearest(name, stored)}")
    found = {}
    for name, wanted in PARAMETERS.items():
        if name not in stored:
            continue
        array = stored[name]
        if name == "RDLT":
            if array.values.size != 1 or array.values.dtype.kind not in "fi":
                raise DataError(f"{path}, header 'RDLT' has {array.values.size} values; RORDELTA is one number, 0 or 1")
            found["rdlt"] = np.asarray(array.values, dtype=float).reshape(1)
        elif name == "EFLG":
            found["eflg"] = _flags(path, array, sets)
        elif name == "ETRE":
            found["etre"] = _transformation(path, array, stored["EFLG"], sets)
        else:
            found[name.lower()] = _aligned(path, name, array, wanted, sets)
    return found


def _flags(path: Path, array: HarArray, sets: _Sets) -> np.ndarray:
    """Mobility of each factor, columns mobile, sluggish, fixed, whatever their order in the file."""
    types = array.elements.get(array.sets[1]) if len(array.sets) == 2 else None
    order = list(range(3))
    if types is not None:
        initials = [_mobility(x) for x in types]
        if sorted(initials) != ["f", "m", "s"]:
            raise DataError(f"{path}, header 'EFLG': its second set is {', '.join(types)}, not {', '.join(MOBILITY)}")
        order = [initials.index(x[0]) for x in MOBILITY]
    named = {"ENDT": [str(x) for x in types] if types is not None else list(MOBILITY)}
    inner = _Sets({**sets.labels, **named}, sets.ambiguous, sets.remarks)
    return _aligned(path, "EFLG", array, ("ENDW", "ENDT"), inner)[:, order]


def _mobility(label: str) -> str:
    """``m``, ``s`` or ``f``; GEMPACK users write ``mobile`` or ``ENDWM``."""
    word = label.lower()
    for prefix in ("endw", "end"):
        word = word.removeprefix(prefix) if word != prefix else word
    return word[:1]


def _transformation(path: Path, array: HarArray, flags: HarArray, sets: _Sets) -> np.ndarray:
    """``ETRE`` over all factors; a file may list the sluggish ones alone."""
    listed = array.elements.get(array.sets[0]) if len(array.sets) == 2 else None
    factors = sets.labels["ENDW"]
    if listed is None or len(listed) == len(factors):
        return _aligned(path, "ETRE", array, ("ENDW", "REG"), sets)
    known = {x.lower(): k for k, x in enumerate(factors)}
    rows = [known.get(x.lower(), -1) for x in listed]
    sluggish = np.flatnonzero(_flags(path, flags, _Sets(sets.labels, sets.ambiguous))[:, 1])
    if -1 in rows or not set(sluggish) <= set(rows):
        raise DataError(f"{path}, header 'ETRE' lists {', '.join(listed)}; the factors are {', '.join(factors)}")
    some = _Sets({**sets.labels, "ENDW": [factors[k] for k in rows]}, sets.ambiguous, sets.remarks)
    values = np.zeros((len(factors), len(sets.labels["REG"])))
    values[rows] = _aligned(path, "ETRE", array, ("ENDW", "REG"), some)
    return values


def _aligned(path: Path, key: str, array: HarArray, wanted: tuple[str, ...], sets: _Sets) -> np.ndarray:
    """The values in the order of the sets, by the labels stored with them.

    Raises
    ------
    DataError
        The array has another number of dims or elements, its labels are not those of the set, or it has no labels where
        the files list the set in two orders.
    """
    where = f"{path}, header {key!r}"
    shape = tuple(len(sets.labels[s]) for s in wanted)
    if array.values.dtype.kind not in "fi":
        raise DataError(f"{where} holds text where numbers belong; store it as a real array")
    values = np.asarray(array.values, dtype=float)
    if not np.isfinite(values).all():
        raise DataError(f"{where} holds a value that is not finite; repair it in the source")
    if not array.sets:
        if _without_ones(values.shape) != _without_ones(shape):
            raise DataError(f"{where}: shape {values.shape} does not fit its sets {' x '.join(wanted)}, {shape}")
        values = values.reshape(shape)
    elif len(array.sets) != len(wanted):
        given = " x ".join(array.sets)
        raise DataError(f"{where} is over {given} ({values.shape}); GTAP version 7 has it over {' x '.join(wanted)}, {shape}")
    by_position = []
    for axis, name in enumerate(wanted):
        labels = sets.labels[name]
        stored = array.elements.get(array.sets[axis]) if array.sets else None
        if stored is None:
            if values.shape[axis] != len(labels):
                raise DataError(f"{where}: {values.shape[axis]} elements along {name}, which has {len(labels)}")
            if name in sets.ambiguous:
                raise DataError(f"{where} has no labels, and {sets.ambiguous[name]}: its order is not known; store its sets")
            by_position.append(name)
            continue
        require_unique(stored, f"{where}, set {array.sets[axis]}", fold=True)
        position = {x.lower(): k for k, x in enumerate(stored)}
        odd = [x for x in stored if x.lower() not in {y.lower() for y in labels}]
        missing = [x for x in labels if x.lower() not in position]
        if odd or missing:
            hint = f"lists {odd[0]!r}, which is not in {name}{nearest(odd[0], labels)}" if odd else f"lacks {missing[0]!r}"
            raise DataError(f"{where}, set {array.sets[axis]} {hint} ({name}: {', '.join(labels)})")
        values = np.take(values, [position[x.lower()] for x in labels], axis=axis)
    if by_position and max(shape, default=0) > 1:
        sets.remarks.append(f"header {key} of {path.name} has no labels: taken in the order of the sets")
    return values


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without its trailing dims of one element, which kinds without sets do not tell from none."""
    while shape and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _sets(path: Path, data: Mapping[str, HarArray], listed: Mapping[str, HarArray]) -> _Sets:
    """Elements of COMM, ACTS, ENDW, REG, MARG: from the flows' own labels, else from the sets file."""
    sets = _Sets({})
    carriers = {"COMM": ("VXSB", 0), "REG": ("VXSB", 1), "ENDW": ("EVFB", 0), "ACTS": ("EVFB", 1), "MARG": ("VST", 0)}
    for name, first in carriers.items():
        if first[0] not in data:
            raise DataError(f"{path} lacks header {first[0]!r}{nearest(first[0], data)}")
        others = [(h.upper(), k) for h, s in SCHEMA.items() for k, d in enumerate(s.dims) if SET_OF_DIM.get(d) == name]
        places = [first, *others]
        stored = [_elements(data[h], k) for h, k in places if h in data]
        labels = next((x for x in stored if x is not None), None)
        from_file = [str(x) for x in listed[name].values] if name in listed else None
        if labels is None:
            if from_file is None:
                raise DataError(f"{path}, header {first[0]!r} has no elements of set {name} and there is no sets.har")
            labels = from_file
        require_unique(labels, f"{path}, header {first[0]!r}, set {name}", fold=True)
        if from_file is not None:
            require_unique(from_file, f"{path.parent / 'sets.har'}, set {name}", fold=True)
            ours, theirs = [x.lower() for x in labels], [x.lower() for x in from_file]
            if sorted(ours) != sorted(theirs):
                odd = next((x for x in [*labels, *from_file] if (x.lower() in ours) != (x.lower() in theirs)), "")
                raise DataError(f"set {name} of {path} and of sets.har differ, first at {odd!r}")
            if ours != theirs:
                sets.ambiguous[name] = f"set {name} has another order in sets.har than in {path.name}"
        sets.labels[name] = labels
    goods, makers = sets.labels["COMM"], sets.labels["ACTS"]
    if goods != makers and sorted(goods) == sorted(makers):  # one order, so that activity and commodity meet
        sets.labels["ACTS"] = list(goods)
        sets.ambiguous.setdefault("ACTS", f"set ACTS has another order than COMM in {path.name}")
    outside = [x for x in sets.labels["MARG"] if x.lower() not in {y.lower() for y in sets.labels["COMM"]}]
    if outside:
        raise DataError(f"{path}: margin {outside[0]!r} is no commodity{nearest(outside[0], sets.labels['COMM'])}")
    exact = {x.lower(): x for x in sets.labels["COMM"]}
    sets.labels["MARG"] = [exact[x.lower()] for x in sets.labels["MARG"]]
    return sets


def _elements(array: HarArray, dim: int) -> list[str] | None:
    if dim >= len(array.sets) or array.sets[dim] not in array.elements:
        return None
    return list(array.elements[array.sets[dim]])


def write_gtap_har(path: str | Path, sam: Sam, kept: xr.Dataset | None = None, **changed: np.ndarray) -> None:
    """Write the flows of a SAM as ``basedata.har`` has them (not ``vmub``, which GTAP data lack).

    Parameters
    ----------
    path : path
    sam : Sam
        Where population is not known (no ``POP`` in the source) none is written.
    kept : xarray.Dataset, optional
        Headers of the source that the model does not use (:attr:`GtapFolder.kept`); written as they are, and their
        descriptions say so.
    **changed : ndarray
        Further headers over regions, as ``dpsm``.
    """
    labels = {d: tuple(str(x) for x in sam.data[d].values) for d in ("i", "a", "f", "r", "m")}
    elements = {SET_OF_DIM[d]: names for d, names in labels.items()}
    arrays = {
        name.upper(): HarArray(sam[name], header.long_name, tuple(SET_OF_DIM[d] for d in header.dims), elements)
        for name, header in SCHEMA.items()
        if name != "vmub" and (name != "pop" or "pop" not in str(sam.data.attrs.get("zero_headers", "")).split())
    }
    for name, values in changed.items():
        arrays[name.upper()] = HarArray(values, name, ("REG",), elements)
    for key, array in kept_arrays(kept, elements).items():
        arrays.setdefault(key, array)
    write_har(path, arrays)
