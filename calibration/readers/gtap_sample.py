"""The public GTAP v7-format sample aggregation (HDF5 written by Julia's JLD2, read with h5py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from calibration.errors import DataError
from calibration.parse import reading
from calibration.sam import SCHEMA, Sam, make_dataset, split_by_use


def read_gtap_sample(path: str | Path) -> tuple[Sam, dict[str, np.ndarray]]:
    """Read ``example.jld2`` of the Julia package GlobalTradeAnalysisProjectModelV7.

    Parameters
    ----------
    path : path
        The file, or the folder that holds it.

    Returns
    -------
    sam : Sam
        Flows as in the file (single precision, hence imbalances near 1e-6); imports have no use
        classes in the source, so ``vmub`` splits each pair in proportion to imports by use.
    parameters : dict of ndarray
        ``esbc esbd esbg esbm esbq esbs esbt esbv etre etrq incp subp rflx rdlt eflg`` as stored,
        axes in GTAP's order.

    Raises
    ------
    DataError
        The file is missing or is not such a file.
    """
    import h5py

    path = Path(path)
    path = path / "example.jld2" if path.is_dir() else path
    if not path.is_file():
        raise DataError(f"{path} not found; give the sample's example.jld2")
    with reading(path, "GTAP v7 sample (JLD2)"), h5py.File(path, "r") as file:
        if "single_stored_object" not in file:
            raise DataError(f"{path} is not a JLD2 file of one stored object")
        root = file["single_stored_object"][()]
        parts = {name: _dictionary(file, file[root[name]][()]) for name in ("hData", "hParameters", "hSets")}
    with reading(path, "GTAP v7 sample (JLD2)"):
        sets = {k: [str(x) for x in v] for k, v in parts["hSets"].items()}
        arrays = {k: np.asarray(v, dtype=float) for k, v in parts["hData"].items()}
        arrays["vmub"] = split_by_use(arrays)
        labels = {"i": sets["comm"], "a": sets["acts"], "f": sets["endw"], "r": sets["reg"], "m": sets["marg"]}
    attrs = {
        "title": "GTAP v7 sample aggregation, 7 regions x 6 sectors, 2017",
        "source": "public sample of the MIT-licensed Julia package GlobalTradeAnalysisProjectModelV7 (mivanic)",
        "year": 2017,
        "licence": "MIT (sample file)",
    }
    keep = {k: v for k, v in arrays.items() if k in SCHEMA}
    with reading(path, "GTAP v7 sample (JLD2)"):
        return Sam(make_dataset(keep, labels, attrs)), {k: np.asarray(v) for k, v in parts["hParameters"].items()}


def _dictionary(file: Any, stored: Any) -> dict[str, Any]:
    """A Julia Dict: its key-value vector, arrays with axes turned from Julia's column-major order."""
    out: dict[str, Any] = {}
    for reference in file[stored["kvvec"]][()]:
        key, value = file[reference][()]
        held = file[value][()]
        if getattr(held, "dtype", None) is not None and held.dtype.names and "array" in held.dtype.names:
            held = np.asarray(file[held["array"]][()]).T
        elif isinstance(held, np.ndarray) and held.dtype == object:
            held = [x.decode() if isinstance(x, bytes) else x for x in held]
        out[key.decode() if isinstance(key, bytes) else str(key)] = held
    return out
