"""GTAP data bases in HAR files for tests: a small world, written in any order of labels, and raw header arrays."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from calibration import Benchmark
from calibration.gtap import HEADERS, standard_gtap
from calibration.readers.har import PARAMETERS, SET_OF_DIM, HarArray, write_har
from calibration.sam import SCHEMA
from tests.worlds import random_benchmark


def small_gtap(seed: int = 3, regions: int = 3, goods: int = 3) -> Benchmark:
    """A random world with parameters that differ in every cell, so that a wrong order shows."""
    world = standard_gtap(random_benchmark(regions, goods, seed=seed))
    rng = np.random.default_rng(seed)
    new = world.elasticities.copy(deep=True)
    low, high = {"etrae": (-1.5, -0.5), "etraq": (-4, -2), "subpar": (0.3, 0.7), "esubq": (0, 0)}, (0.5, 1.5)
    for symbol in (*HEADERS,):
        if symbol != "dparsum":
            new[symbol].values[:] = rng.uniform(*low.get(symbol, high), new[symbol].shape)
    new["mobility"].values[:] = [0.0, 1.0]
    return Benchmark(world.sam, new, "small")


def arrays_of(benchmark: Benchmark, order: Mapping[str, list[int]] | None = None) -> tuple[dict, dict]:
    """Headers of basedata.har and default.prm; ``order`` permutes sets by name (as REG)."""
    sam, order = benchmark.sam, order or {}
    labels = {s: [str(x) for x in sam.data[d].values] for d, s in SET_OF_DIM.items() if d in "iafrm"}
    elements = {s: tuple(names[k] for k in order.get(s, range(len(names)))) for s, names in labels.items()}
    elements["ENDT"] = ("mobile", "sluggish", "fixed")

    def header(values: np.ndarray, sets: tuple[str, ...], text: str = "") -> HarArray:
        for axis, name in enumerate(sets):
            values = np.take(values, order.get(name, range(values.shape[axis])), axis=axis)
        return HarArray(values, text, sets, elements)

    base = {
        n.upper(): header(sam[n], tuple(SET_OF_DIM[d] for d in h.dims), h.long_name) for n, h in SCHEMA.items() if n != "vmub"
    }
    symbols = {h.upper(): s for s, (h, _, _) in HEADERS.items()}
    prm = {h: header(benchmark.elasticities[symbols[h]].values, sets) for h, sets in PARAMETERS.items() if h in symbols}
    kind = benchmark.elasticities["mobility"].values
    prm["EFLG"] = header(np.array([[float(k == c) for c in range(3)] for k in kind]), ("ENDW", "ENDT"))
    prm["RDLT"] = HarArray(np.array(float(benchmark.elasticities.attrs["rordelta"])))
    return base, prm


def write_folder(folder: Path, base: Mapping[str, HarArray], prm: Mapping[str, HarArray]) -> Path:
    """The two files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_har(folder / "basedata.har", base)
    write_har(folder / "default.prm", prm)
    return folder


def record(body: bytes) -> bytes:
    """One Fortran record."""
    return struct.pack("<i", len(body)) + body + struct.pack("<i", len(body))


def head(name: str, kind: str, dims: tuple[int, ...], storage: str = "FULL") -> bytes:
    """The two records that begin a header."""
    text = f"    {kind}{storage}".encode() + b" " * 70
    return record(name.ljust(4).encode()) + record(text + struct.pack(f"<{len(dims) + 1}i", len(dims), *dims))


def sets_record(sets: tuple[str, ...], status: str) -> bytes:
    """The record that names the sets of an ``RE`` header."""
    count = len(sets)
    names = b"".join(s.ljust(12).encode() for s in sets)
    body = b"    " + struct.pack("<3i", status.count("k"), 1, count) + b"COEF".ljust(12) + struct.pack("<i", 1)
    return record(body + names + status.encode() + struct.pack(f"<{count + 1}i", *[0] * (count + 1)))


def full(values: np.ndarray, dims: tuple[int, ...]) -> bytes:
    """Data records of a full array of up to seven dims."""
    bounds = [x for d in dims for x in (1, d)]
    return (
        record(b"    " + struct.pack("<2i", 3, 7) + struct.pack("<7i", *dims))
        + record(b"    " + struct.pack("<i", 2) + struct.pack("<14i", *bounds))
        + record(b"    " + struct.pack("<i", 1) + np.asarray(values, "<f4").tobytes(order="F"))
    )
