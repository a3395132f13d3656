"""Writing GEMPACK header-array files: labels of twelve characters, header names of four, none of them lost.

Labels are cut to twelve characters; two that would be one by that are told apart by a number, and every label that the
file does not hold in full stands in a text header ``L`` + three letters of its set (``LREG``: ``north_afri_2 = ...``).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from calibration.errors import DataError
from calibration.readers.har_format import LABEL, HarArray

CHUNK = 6000  # cells in one data record
TABLE = "labels of set"
"""Begins the description of a table of full labels."""
LINES = 200  # lines of text in one record


def short_labels(labels: Sequence[str], length: int = LABEL, mark: str = "_") -> list[str]:
    """Labels of at most ``length`` characters, all different (case aside): what is too long is cut, a clash numbered.

    GEMPACK takes letters, digits and ``_`` in a name.

    Examples
    --------
    >>> short_labels(["north-africa-east", "north-africa-west", "usa"])
    ['north-africa', 'north-afri_2', 'usa']
    """
    given = {str(x).lower() for x in labels if len(str(x)) <= length}
    if len({str(x) for x in labels}) != len(labels):
        raise DataError(f"labels stand twice in {', '.join(str(x) for x in labels)}; a set has each element once")
    taken: set[str] = set()
    short: list[str] = []
    for label in (str(x) for x in labels):
        name, number = label[:length].strip(), 1
        while name.lower() in taken or (len(label) > length and name.lower() in given):
            number += 1
            end = f"{mark}{number}"
            name = label[: length - len(end)].strip() + end
        taken.add(name.lower())
        short.append(name)
    return short


def header_names(names: Iterable[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Header names of four characters for variables, all different; those in ``given`` as they are.

    Examples
    --------
    >>> header_names(["qxs", "del_tbal", "del_tbalry"])
    {'qxs': 'QXS', 'del_tbal': 'DEL_', 'del_tbalry': 'DEL2'}
    """
    names = list(names)
    fixed = {n: given[n] for n in names if given and n in given}
    rest = [n.upper() for n in names if n not in fixed]
    short = short_labels([*fixed.values(), *rest], 4, "")
    chosen = dict(zip([*fixed, *(n for n in names if n not in fixed)], short, strict=True))
    return {n: chosen[n] for n in names}


def write_har(path: str | Path, arrays: Mapping[str, HarArray]) -> None:
    """Write arrays of numbers with their sets (kind ``RE``) and lists of text (``1C``), readable by ViewHAR and GEMPACK.

    Raises
    ------
    DataError
        A name is longer than 4 characters or the same as another but for case, a dim has no set or one of another size, or
        one set has other elements in another header.
    """
    file = _Writer()
    shortened: dict[str, dict[str, str]] = {}
    seen: dict[str, tuple[str, ...]] = {}
    upper = [name.upper() for name in arrays]
    for name, array in arrays.items():
        if not 1 <= len(name) <= 4:
            raise DataError(f"HAR header {name!r} must have 1 to 4 characters")
        if upper.count(name.upper()) > 1:
            raise DataError(f"HAR header {name!r} would be written twice; give the two other names")
        values = np.asarray(array.values)
        if values.dtype.kind in "US":
            file.text(name, array.description, [str(x) for x in values.ravel()])
            continue
        if len(array.sets) != values.ndim and (array.sets or values.size != 1):
            raise DataError(f"HAR header {name!r}: {len(array.sets)} sets for {values.ndim} dims; name the set of each")
        for dim, label in enumerate(array.sets):
            elements = tuple(str(x) for x in array.elements.get(label, ()))
            if len(elements) != values.shape[dim]:
                raise DataError(f"HAR header {name!r}: set {label} has {len(elements)} elements, dim {values.shape[dim]}")
            if seen.setdefault(label, elements) != elements:
                raise DataError(f"HAR header {name!r}: set {label} has other elements than in the headers before it")
        short = {s: short_labels(array.elements[s]) for s in dict.fromkeys(array.sets)}
        for s, cut in short.items():
            table = {c: str(x) for c, x in zip(cut, array.elements[s], strict=True) if c != str(x)}
            shortened.setdefault(s, {}).update(table)
        file.real(name, array, short)
    tables = {s: table for s, table in shortened.items() if table}
    for s, header in header_names([f"L{s}" for s in tables], None).items():
        if header in upper:
            raise DataError(f"HAR header {header!r} is kept for the full labels of set {s[1:]}; give yours another name")
        lines = [f"{cut} = {label}" for cut, label in tables[s[1:]].items()]
        file.text(header, f"{TABLE} {s[1:]} that are longer than {LABEL} characters", lines)
    Path(path).write_bytes(bytes(file.data))


class _Writer:
    """Records of a HAR file in the making."""

    def __init__(self) -> None:
        self.data = bytearray()

    def put(self, record: bytes) -> None:
        self.data.extend(struct.pack("<i", len(record)) + record + struct.pack("<i", len(record)))

    def head(self, name: str, kind: bytes, description: str, dims: Sequence[int]) -> None:
        self.put(name.upper().ljust(4).encode("ascii", "replace"))
        text = description[:70].ljust(70).encode("latin-1", "replace")
        self.put(b"    " + kind + b"FULL" + text + struct.pack(f"<{len(dims) + 1}i", len(dims), *dims))

    def text(self, name: str, description: str, lines: list[str]) -> None:
        width = max([LABEL, *(len(x) for x in lines)])
        self.head(name, b"1C", description, (len(lines), width))
        parts = [lines[k : k + LINES] for k in range(0, len(lines), LINES)] or [[]]
        for k, part in enumerate(parts):
            packed = b"".join(x.ljust(width).encode("latin-1", "replace") for x in part)
            self.put(b"    " + struct.pack("<3i", len(parts) - k, len(lines), len(part)) + packed)

    def real(self, name: str, array: HarArray, short: Mapping[str, list[str]]) -> None:
        values = np.asarray(array.values, dtype="<f4")
        dims = (*values.shape, *[1] * (7 - values.ndim))
        self.head(name, b"RE", array.description, dims)
        count = len(array.sets)
        self.put(
            b"    "
            + struct.pack("<3i", len(short), 1, count)
            + (array.coefficient or name)[:LABEL].ljust(LABEL).encode("latin-1", "replace")
            + struct.pack("<i", 1)
            + b"".join(s[:LABEL].ljust(LABEL).encode("latin-1", "replace") for s in array.sets)
            + b"k" * count
            + struct.pack(f"<{count + 1}i", *[0] * (count + 1))
        )
        for labels in short.values():
            packed = b"".join(x.ljust(LABEL).encode("latin-1", "replace") for x in labels)
            self.put(b"    " + struct.pack("<3i", 1, len(labels), len(labels)) + packed)
        slabs = _slabs(dims)
        self.put(b"    " + struct.pack("<2i", 2 * len(slabs) + 1, 7) + struct.pack("<7i", *dims))
        whole = values.reshape(dims)
        for k, bounds in enumerate(slabs):
            left = 2 * (len(slabs) - k)
            flat = [x for a, b in bounds for x in (a + 1, b)]
            self.put(b"    " + struct.pack("<i", left) + struct.pack("<14i", *flat))
            block = whole[tuple(slice(a, b) for a, b in bounds)]
            self.put(b"    " + struct.pack("<i", left - 1) + block.tobytes(order="F"))


def _slabs(dims: Sequence[int]) -> list[list[tuple[int, int]]]:
    """Boxes of at most CHUNK cells: whole leading dims, one index of the trailing ones where needed; none of an empty array."""
    if 0 in dims:
        return []
    size, split = 1, len(dims)
    for k, d in enumerate(dims):
        if size * d > CHUNK:
            split = k
            break
        size *= d
    boxes = []
    for index in np.ndindex(*dims[split:][::-1]) if split < len(dims) else [()]:
        tail = index[::-1]
        boxes.append([(0, d) for d in dims[:split]] + [(t, t + 1) for t in tail])
    return boxes
