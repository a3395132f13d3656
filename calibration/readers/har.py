"""GEMPACK header-array (HAR) files: read and written here, since the library for them is GPL.

A HAR file is a sequence of Fortran records, each between two 4-byte lengths. A header is a record of its
4-character name; a record of kind (``RE`` real with sets, ``RL`` or ``2R`` real, ``2I`` integer, ``1C`` text),
storage (``FULL`` or ``SPSE`` sparse), description and dims; then data records that count down to 1.
Arrays are column-major, single precision.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from calibration.errors import DataError, nearest
from calibration.sam import SCHEMA, Sam, make_dataset, split_by_use

LABEL = 12
CHUNK = 6000  # cells in one data record


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

    def next(self, header: str = "") -> bytes:
        where = f"{self.path}, header {header!r}" if header else f"{self.path}, byte {self.at}"
        if self.at + 4 > len(self.data):
            raise DataError(f"{where}: the file is cut short; copy it again")
        (length,) = struct.unpack_from("<i", self.data, self.at)
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
        The file is missing, cut short, or holds a kind of header that is not known.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"HAR file {path} not found")
    records = _Records(path)
    out: dict[str, HarArray] = {}
    while records:
        name = records.next()
        if len(name) != 4:
            raise DataError(f"{path}: expected a header name of 4 characters, found {len(name)} bytes; not a HAR file")
        key = name.decode("ascii", "replace").strip().upper()
        out[key] = _header(records, key)
    return out


def _header(records: _Records, key: str) -> HarArray:
    head = records.next(key)
    kind, storage = head[4:6].decode(), head[6:10].decode()
    text = head[10:80].decode("latin-1").strip()
    (rank,) = struct.unpack_from("<i", head, 80)
    dims = struct.unpack_from(f"<{rank}i", head, 84)
    if kind == "1C":
        return HarArray(_text(records, key, dims), text)
    if kind == "RE":
        coefficient, names, elements = _sets(records, key)
        shape = dims[: len(names)] if names else ()
        values = _sparse(records, key, dims) if storage == "SPSE" else _full(records, key, dims)
        return HarArray(values.reshape(shape, order="F"), text, names, elements, coefficient)
    if kind == "RL":
        return HarArray(_squeeze(_full(records, key, dims).reshape(dims, order="F")), text)
    if kind in ("2R", "2I"):
        return HarArray(_two(records, key, dims, "<f4" if kind == "2R" else "<i4"), text)
    raise DataError(f"{records.path}, header {key!r}: kind {kind!r} is not supported")


def _squeeze(values: np.ndarray) -> np.ndarray:
    while values.ndim > 1 and values.shape[-1] == 1:
        values = values[..., 0]
    return values


def _text(records: _Records, key: str, dims: tuple[int, ...]) -> np.ndarray:
    total, width = dims
    found: list[str] = []
    while len(found) < total:
        record = records.next(key)
        (count,) = struct.unpack_from("<i", record, 12)
        found += [record[16 + k * width : 16 + (k + 1) * width].decode("latin-1").strip() for k in range(count)]
    return np.array(found)


def _sets(records: _Records, key: str) -> tuple[str, tuple[str, ...], dict[str, tuple[str, ...]]]:
    record = records.next(key)
    _, _, count = struct.unpack_from("<3i", record, 4)
    coefficient = record[16:28].decode("latin-1").strip()
    names = tuple(record[32 + k * LABEL : 32 + (k + 1) * LABEL].decode("latin-1").strip() for k in range(count))
    status = record[32 + count * LABEL : 32 + count * LABEL + count].decode("latin-1")
    elements: dict[str, tuple[str, ...]] = {}
    for name, known in zip(names, status, strict=True):
        if known != "k" or name in elements:
            continue
        found: list[str] = []
        total = 1
        while len(found) < total:
            part = records.next(key)
            _, total, here = struct.unpack_from("<3i", part, 4)
            found += [part[16 + k * LABEL : 16 + (k + 1) * LABEL].decode("latin-1").strip() for k in range(here)]
        elements[name] = tuple(found)
    return coefficient, names, elements


def _full(records: _Records, key: str, dims: tuple[int, ...]) -> np.ndarray:
    records.next(key)  # the dims once more
    values = np.zeros(dims, order="F")
    left = 2
    while left > 1:
        extent = records.next(key)
        bounds = struct.unpack_from("<14i", extent, 8)
        record = records.next(key)
        (left,) = struct.unpack_from("<i", record, 4)
        block = tuple(slice(bounds[2 * k] - 1, bounds[2 * k + 1]) for k in range(len(dims)))
        shape = tuple(s.stop - s.start for s in block)
        values[block] = np.frombuffer(record, "<f4", offset=8).reshape(shape, order="F")
    return values


def _sparse(records: _Records, key: str, dims: tuple[int, ...]) -> np.ndarray:
    records.next(key)
    values = np.zeros(int(np.prod(dims)))
    left = 2
    while left > 1:
        record = records.next(key)
        left, _, count = struct.unpack_from("<3i", record, 4)
        index = np.frombuffer(record, "<i4", count, 16) - 1
        values[index] = np.frombuffer(record, "<f4", count, 16 + 4 * count)
    return values.reshape(dims, order="F")


def _two(records: _Records, key: str, dims: tuple[int, ...], dtype: str) -> np.ndarray:
    values = np.zeros(dims, dtype=float, order="F")
    left = 2
    while left > 1:
        record = records.next(key)
        left, _, _, r0, r1, c0, c1 = struct.unpack_from("<7i", record, 4)
        block = np.frombuffer(record, dtype, offset=32).reshape((r1 - r0 + 1, c1 - c0 + 1), order="F")
        values[r0 - 1 : r1, c0 - 1 : c1] = block
    return _squeeze(values)


def write_har(path: str | Path, arrays: Mapping[str, HarArray]) -> None:
    """Write real arrays with their sets (kind ``RE``), readable by ViewHAR and GEMPACK programs.

    Raises
    ------
    DataError
        A name is longer than 4 characters or a set's size differs from its dim.
    """
    out = bytearray()

    def put(record: bytes) -> None:
        out.extend(struct.pack("<i", len(record)) + record + struct.pack("<i", len(record)))

    for name, array in arrays.items():
        if len(name) > 4:
            raise DataError(f"HAR header {name!r} is longer than 4 characters")
        values = np.asarray(array.values, dtype="<f4")
        for dim, label in enumerate(array.sets):
            if len(array.elements[label]) != values.shape[dim]:
                raise DataError(
                    f"HAR header {name!r}: set {label} has {len(array.elements[label])} elements, dim {values.shape[dim]}"
                )
        dims = (*values.shape, *[1] * (7 - values.ndim))
        put(name.ljust(4).encode())
        put(b"    REFULL" + array.description[:70].ljust(70).encode("latin-1", "replace") + struct.pack("<8i", 7, *dims))
        unique = list(dict.fromkeys(array.sets))
        count = len(array.sets)
        put(
            b"    "
            + struct.pack("<3i", len(unique), 1, count)
            + (array.coefficient or name)[:LABEL].ljust(LABEL).encode()
            + struct.pack("<i", 1)
            + b"".join(s[:LABEL].ljust(LABEL).encode() for s in array.sets)
            + b"k" * count
            + struct.pack(f"<{count + 1}i", *[0] * (count + 1))
        )
        for label in unique:
            names = array.elements[label]
            packed = b"".join(x[:LABEL].ljust(LABEL).encode("latin-1", "replace") for x in names)
            put(b"    " + struct.pack("<3i", 1, len(names), len(names)) + packed)
        slabs = _slabs(dims)
        put(b"    " + struct.pack("<2i", 2 * len(slabs) + 1, 7) + struct.pack("<7i", *dims))
        whole = values.reshape(dims)
        for k, bounds in enumerate(slabs):
            left = 2 * (len(slabs) - k)
            flat = [x for a, b in bounds for x in (a + 1, b)]
            put(b"    " + struct.pack("<i", left) + struct.pack("<14i", *flat))
            block = whole[tuple(slice(a, b) for a, b in bounds)]
            put(b"    " + struct.pack("<i", left - 1) + block.tobytes(order="F"))
    Path(path).write_bytes(bytes(out))


def _slabs(dims: tuple[int, ...]) -> list[list[tuple[int, int]]]:
    """Boxes of at most CHUNK cells: whole leading dims, one index of the trailing ones where needed."""
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


PARAMETERS = "ESBM ESBD ESBV ESBT ESBC ESBG ESBS SUBP INCP ETRE ETRQ ESBQ RFLX EFLG RDLT".split()
SET_OF_DIM = {"i": "COMM", "a": "ACTS", "f": "ENDW", "r": "REG", "s": "REG", "d": "REG", "m": "MARG"}


def read_gtap_har(folder: str | Path) -> tuple[Sam, dict[str, np.ndarray]]:
    """Read a GTAP data base: ``basedata.har`` and ``default.prm`` (and ``sets.har``, where labels are missing).

    Returns
    -------
    sam : Sam
        Flows as in the file, single precision. Imports have no use classes in GTAP data: each pair is split
        in proportion to imports by use.
    parameters : dict
        Lower-case headers for :func:`calibration.gtap.gtap_benchmark`.

    Raises
    ------
    DataError
        A file or header is missing, or sets do not match the data; header and element are named.
    """
    folder = Path(folder)
    files = {p.name.lower(): p for p in folder.iterdir()} if folder.is_dir() else {}
    base = next((files[n] for n in ("basedata.har", "baserate.har") if n in files), None)
    parameter_file = next((files[n] for n in ("default.prm", "par.har", "default.har") if n in files), None)
    if base is None or parameter_file is None:
        raise DataError(f"{folder} must hold basedata.har and default.prm; found {', '.join(files) or 'nothing'}")
    data, parameters = read_har(base), read_har(parameter_file)
    sets = read_har(files["sets.har"]) if "sets.har" in files else {}
    labels = _labels(base, data, sets)
    arrays: dict[str, np.ndarray] = {}
    for name, header in SCHEMA.items():
        if name == "vmub":
            continue
        if name.upper() not in data:
            raise DataError(f"{base} lacks header {name.upper()!r} ({header.long_name}){nearest(name.upper(), data)}")
        values = np.asarray(data[name.upper()].values, dtype=float)
        shape = tuple(len(labels[SET_OF_DIM[d]]) for d in header.dims)
        if values.size != int(np.prod(shape)):
            raise DataError(f"{base}, header {name.upper()!r}: shape {values.shape} does not fit the sets, {shape}")
        arrays[name] = values.reshape(shape)
    arrays["vmub"] = split_by_use(arrays)
    for name in PARAMETERS:
        if name not in parameters and name not in ("ESBS", "RDLT"):
            raise DataError(f"{parameter_file} lacks header {name!r}{nearest(name, parameters)}")
    found = {name.lower(): np.asarray(parameters[name].values, dtype=float) for name in PARAMETERS if name in parameters}
    found.setdefault("esbs", np.ones(len(labels["MARG"])))  # the standard model's Cobb-Douglas supply of margins
    found["esbs"] = found["esbs"].reshape(len(labels["MARG"]))
    attrs = {"title": f"GTAP data base {folder.name}", "source": "GTAP Data Base (user's licence)", "licence": "the user's"}
    model_sets = {"i": labels["COMM"], "a": labels["ACTS"], "f": labels["ENDW"], "r": labels["REG"], "m": labels["MARG"]}
    return Sam(make_dataset(arrays, model_sets, attrs)), found


def write_gtap_har(path: str | Path, sam: Sam) -> None:
    """Write the flows of a SAM as ``basedata.har`` has them (not ``vmub``, which GTAP data lack)."""
    labels = {d: tuple(str(x) for x in sam.data[d].values) for d in ("i", "a", "f", "r", "m")}
    elements = {SET_OF_DIM[d]: names for d, names in labels.items()}
    arrays = {
        name.upper(): HarArray(sam[name], header.long_name, tuple(SET_OF_DIM[d] for d in header.dims), elements)
        for name, header in SCHEMA.items()
        if name != "vmub"
    }
    write_har(path, arrays)


def _labels(path: Path, data: Mapping[str, HarArray], sets: Mapping[str, HarArray]) -> dict[str, list[str]]:
    """Elements of COMM, ACTS, ENDW, REG, MARG from the data's own dims, else from the sets file."""
    carriers = {"COMM": ("VXSB", 0), "REG": ("VXSB", 1), "ENDW": ("EVFB", 0), "ACTS": ("EVFB", 1), "MARG": ("VST", 0)}
    out: dict[str, list[str]] = {}
    for name, (header, dim) in carriers.items():
        if header not in data:
            raise DataError(f"{path} lacks header {header!r}{nearest(header, data)}")
        array = data[header]
        label = array.sets[dim] if dim < len(array.sets) else ""
        if label in array.elements:
            out[name] = [x for x in array.elements[label]]
        elif name in sets:
            out[name] = [str(x) for x in sets[name].values]
        else:
            raise DataError(f"{path}, header {header!r} has no elements of set {name} and there is no sets.har")
        if name in sets and [x.lower() for x in out[name]] != [str(x).lower() for x in sets[name].values]:
            odd = next((x for x in out[name] if x.lower() not in {str(y).lower() for y in sets[name].values}), "order")
            raise DataError(f"set {name} of {path} and of sets.har differ, first at {odd!r}")
    return out
