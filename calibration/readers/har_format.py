"""The format of GEMPACK header-array (HAR) files, read and written here, since the library for them is GPL.

A HAR file is a sequence of Fortran records, each between two 4-byte lengths. A header is a record of its
4-character name; a record of kind (``RE`` real with sets, ``RL`` or ``2R`` real, ``2I`` integer, ``1C`` text),
storage (``FULL`` or ``SPSE`` sparse), description and dims; then data records that count down to 1.
Arrays are column-major, single precision. A header of no cells has dims with a zero, and one data record, an empty
one or none, as the writing program pleases. Every size that a file states is compared with what the file can hold
before any memory is asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from calibration.errors import DataError

LABEL = 12
CELLS_PER_BYTE = 1000
"""Cells a sparse header may hold for each byte of its file: a header of zeros is small, yet not without bounds."""


@dataclass(frozen=True)
class HarArray:
    """One header: values, description, and the set names and elements of its dims where the file has them."""

    values: np.ndarray
    description: str = ""
    sets: tuple[str, ...] = ()
    elements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    coefficient: str = ""


class _Records:
    """The Fortran records of a file."""

    def __init__(self, path: Path) -> None:
        self.path, self.data, self.at = path, path.read_bytes(), 0

    def __bool__(self) -> bool:
        return self.at < len(self.data)

    @property
    def left(self) -> int:
        """Bytes not yet read."""
        return len(self.data) - self.at

    def peek(self) -> int:
        """Length of the next record, -1 at the end."""
        return int(struct.unpack_from("<i", self.data, self.at)[0]) if self.left >= 4 else -1

    def next(self, header: str = "") -> bytes:
        where = f"{self.path}, header {header!r}" if header else f"{self.path}, byte {self.at}"
        if self.left < 4:
            raise DataError(f"{where}: the file is cut short; copy it again")
        length = self.peek()
        end = self.at + 4 + length
        if length < 0 or end + 4 > len(self.data) or struct.unpack_from("<i", self.data, end)[0] != length:
            raise DataError(f"{where}: record lengths do not match; the file is cut short or is not a HAR file")
        record = self.data[self.at + 4 : end]
        self.at = end + 4
        return record


def read_har(path: str | Path) -> dict[str, HarArray]:
    """All headers of a HAR file by upper-case name.

    Raises
    ------
    DataError
        The file is missing, cut short or damaged, states a size that it cannot hold, has one header twice, or holds a
        kind of header that is not known; file and header are named.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"HAR file {path} not found")
    records = _Records(path)
    headers: dict[str, HarArray] = {}
    while records:
        name = records.next()
        if len(name) != 4:
            raise DataError(f"{path}: expected a header name of 4 characters, found {len(name)} bytes; not a HAR file")
        key = name.decode("ascii", "replace").strip().upper()
        if key in headers:
            raise DataError(f"{path}: header {key!r} stands twice; keep one of them")
        try:
            headers[key] = _header(records, key)
        except DataError:
            raise
        except (struct.error, ValueError, IndexError, OverflowError, MemoryError, TypeError) as error:
            raise DataError(f"{path}, header {key!r}: the file is damaged ({error}); copy it again") from error
    return headers


def _header(records: _Records, key: str) -> HarArray:
    head = records.next(key)
    kind, storage = head[4:6].decode("latin-1"), head[6:10].decode("latin-1")
    text = head[10:80].decode("latin-1").strip()
    (rank,) = struct.unpack_from("<i", head, 80)
    if not 0 <= rank <= 7 or len(head) < 84 + 4 * rank:
        raise DataError(f"{records.path}, header {key!r}: {rank} dims stated where a header has at most 7; the file is damaged")
    dims = struct.unpack_from(f"<{rank}i", head, 84)
    if min(dims, default=0) < 0:
        raise DataError(f"{records.path}, header {key!r}: a dim of {min(dims)} elements; the file is damaged")
    if kind == "1C":
        return HarArray(_text(records, key, dims), text)
    if kind in ("RE", "RL"):
        coefficient, names, elements = _sets(records, key, dims) if kind == "RE" else ("", (), {})
        values = _sparse(records, key, dims) if storage == "SPSE" else _full(records, key, dims)
        if kind == "RL":
            return HarArray(_squeeze(values), text)
        return HarArray(values.reshape(dims[: len(names)], order="F"), text, names, elements, coefficient)
    if kind in ("2R", "2I"):
        return HarArray(_two(records, key, dims, "<f4" if kind == "2R" else "<i4"), text)
    raise DataError(f"{records.path}, header {key!r}: kind {kind!r} is not supported")


def _claim(records: _Records, key: str, dims: tuple[int, ...], bytes_a_cell: float) -> int:
    """The number of cells a header states; raises where the file cannot hold them."""
    cells = 1
    for d in dims:
        cells *= d
    room = records.left if bytes_a_cell >= 1 else len(records.data)
    if cells * bytes_a_cell > room:
        raise DataError(
            f"{records.path}, header {key!r} states {cells:,} values ({' x '.join(str(d) for d in dims)}), more than its "
            f"{len(records.data):,} bytes can hold; the file is damaged or cut short, copy it again"
        )
    return cells


def _skip_empty(records: _Records, key: str) -> None:
    """Pass over what stands in the place of no data: programs write none, one or an empty record."""
    while records and records.peek() != 4:
        records.next(key)


def _squeeze(values: np.ndarray) -> np.ndarray:
    while values.ndim > 1 and values.shape[-1] == 1:
        values = values[..., 0]
    return values


def _complete(records: _Records, key: str, filled: int, cells: int) -> None:
    if filled != cells:
        raise DataError(f"{records.path}, header {key!r}: {filled:,} of {cells:,} values are in the file; it is damaged")


def _text(records: _Records, key: str, dims: tuple[int, ...]) -> np.ndarray:
    total, width = dims
    _claim(records, key, (total, max(width, 1)), 1)
    if total == 0:
        _skip_empty(records, key)
        return np.array([], dtype=str)
    lines: list[str] = []
    while len(lines) < total:
        record = records.next(key)
        (count,) = struct.unpack_from("<i", record, 12)
        if not 0 <= count <= total - len(lines) or len(record) < 16 + count * width:
            raise DataError(f"{records.path}, header {key!r}: a record of {count} lines of text does not fit; it is damaged")
        lines += [record[16 + k * width : 16 + (k + 1) * width].decode("latin-1").strip() for k in range(count)]
    return np.array(lines)


def _sets(records: _Records, key: str, dims: tuple[int, ...]) -> tuple[str, tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Coefficient, set of each dim, and the elements of the sets that the header lists."""
    record = records.next(key)
    _, _, count = struct.unpack_from("<3i", record, 4)
    if not 0 <= count <= len(dims):
        raise DataError(f"{records.path}, header {key!r}: {count} sets for {len(dims)} dims; the file is damaged")
    coefficient = record[16:28].decode("latin-1").strip()
    names = tuple(record[32 + k * LABEL : 32 + (k + 1) * LABEL].decode("latin-1").strip() for k in range(count))
    status = record[32 + count * LABEL : 32 + count * LABEL + count].decode("latin-1")
    elements: dict[str, tuple[str, ...]] = {}
    for name, known, size in zip(names, status, dims, strict=False):
        if known != "k" or name in elements:
            continue
        labels: list[str] = []
        if size == 0:
            if records.peek() == 16:
                records.next(key)
            elements[name] = ()
            continue
        while len(labels) < size:
            part = records.next(key)
            _, total, here = struct.unpack_from("<3i", part, 4)
            if total != size or not 0 < here <= size - len(labels) or len(part) < 16 + here * LABEL:
                raise DataError(f"{records.path}, header {key!r}: set {name} lists {total} elements, the dim has {size}")
            labels += [part[16 + k * LABEL : 16 + (k + 1) * LABEL].decode("latin-1").strip() for k in range(here)]
        elements[name] = tuple(labels)
    return coefficient, names, elements


def _full(records: _Records, key: str, dims: tuple[int, ...]) -> np.ndarray:
    cells = _claim(records, key, dims, 4)
    if cells == 0:
        _skip_empty(records, key)
        return np.zeros(dims, order="F")
    (left,) = struct.unpack_from("<i", records.next(key), 4)
    values = np.zeros(dims, order="F")
    filled = 0
    while left > 1:
        bounds = struct.unpack_from("<14i", records.next(key), 8)
        record = records.next(key)
        (left,) = struct.unpack_from("<i", record, 4)
        box = [(bounds[2 * k] - 1, bounds[2 * k + 1]) for k in range(len(dims))]
        if any(not 0 <= a < b <= d for (a, b), d in zip(box, dims, strict=True)):
            raise DataError(f"{records.path}, header {key!r}: a block of data lies outside the array; the file is damaged")
        block = tuple(slice(a, b) for a, b in box)
        values[block] = np.frombuffer(record, "<f4", offset=8).reshape([b - a for a, b in box], order="F")
        filled += values[block].size
    _complete(records, key, filled, cells)
    return values


def _sparse(records: _Records, key: str, dims: tuple[int, ...]) -> np.ndarray:
    cells = _claim(records, key, dims, 1 / CELLS_PER_BYTE)
    if cells == 0:
        _skip_empty(records, key)
        return np.zeros(dims, order="F")
    (nonzero,) = struct.unpack_from("<i", records.next(key), 4)
    values = np.zeros(cells)
    left, filled = 2, 0
    while left > 1:
        record = records.next(key)
        left, _, count = struct.unpack_from("<3i", record, 4)
        if not 0 <= count <= (len(record) - 16) // 8:
            raise DataError(f"{records.path}, header {key!r}: a record of {count} cells does not fit; the file is damaged")
        index = np.frombuffer(record, "<i4", count, 16) - 1
        if count and (index.min() < 0 or index.max() >= cells):
            raise DataError(f"{records.path}, header {key!r}: a cell lies outside the array; the file is damaged")
        values[index] = np.frombuffer(record, "<f4", count, 16 + 4 * count)
        filled += count
    _complete(records, key, filled, nonzero)
    return values.reshape(dims, order="F")


def _two(records: _Records, key: str, dims: tuple[int, ...], dtype: str) -> np.ndarray:
    cells = _claim(records, key, dims, 4)
    if cells == 0:
        _skip_empty(records, key)
        return np.zeros(dims, order="F")
    values = np.zeros(dims, dtype=float, order="F")
    left, filled = 2, 0
    while left > 1:
        record = records.next(key)
        left, _, _, r0, r1, c0, c1 = struct.unpack_from("<7i", record, 4)
        if not (1 <= r0 <= r1 <= dims[0] and 1 <= c0 <= c1 <= dims[1]):
            raise DataError(f"{records.path}, header {key!r}: a block of data lies outside the array; the file is damaged")
        block = np.frombuffer(record, dtype, offset=32).reshape((r1 - r0 + 1, c1 - c0 + 1), order="F")
        values[r0 - 1 : r1, c0 - 1 : c1] = block
        filled += block.size
    _complete(records, key, filled, cells)
    return _squeeze(values)
