"""Solutions in files: every symbol in one netCDF file, and the model that it belongs to described in its attributes.

What is read back is asked the same questions as a fresh solution: are these labels, this closure and this sourcing the
model's, and do the values solve its equations?
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calibration.errors import DataError
from calibration.parse import load_netcdf, reading
from cge.errors import ModelError
from cge.model.door import aligned
from cge.model.workspace import residual_at

if TYPE_CHECKING:
    from cge.model import Model
    from cge.model.solution import Solution

FORMAT = "open-cge solution 1"
POLICY = "policy_"
"""Prefix of what the policy set, beside the value that the symbol has."""
RESIDUAL_LIMIT = 1e-9
"""Largest residual at which values from a file count as a solution."""


@dataclass(frozen=True)
class Content:
    """What a file holds of a solution; see :class:`cge.model.solution.Solution`."""

    name: str
    arrays: dict[str, np.ndarray]
    log: list[dict[str, Any]]
    info: dict[str, Any]
    policy_values: dict[str, np.ndarray]


def _blocks(model: Model) -> str:
    return " ".join(type(b).__name__ for b in model.blocks)  # the mechanisms' options are among the model's attributes


def _structural(model: Model) -> list[str]:
    return [n for n, s in model.symbols.items() if s.kind == "parameter" and s.structural]


def write(solution: Solution, path: str | Path) -> None:
    """Write a solution; structural parameters are the benchmark's and stay out."""
    model = solution.model
    left_out = set(_structural(model))
    data = solution.to_dataset([*(n for n in model.symbols if n not in left_out), *model.definitions])
    for name, values in solution.policy_values.items():
        data[POLICY + name] = model.labelled(name, values)
    told = {"log": solution.log, "info": {k: v for k, v in solution.info.items() if k != "path"}}
    data.attrs |= {"format": FORMAT, "blocks": _blocks(model), "record": json.dumps(told, default=str)}
    big = [str(v) for v in data.data_vars if data[v].size > 1000]
    data.to_netcdf(path, engine="h5netcdf", encoding={v: {"zlib": True, "complevel": 1} for v in big})


def read(path: str | Path, model: Model) -> Content:
    """Read a solution of ``model``, and check that it is one.

    Raises
    ------
    ModelError
        See :meth:`cge.model.solution.Solution.load`.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"saved solution {path} not found")
    try:
        with reading(path, "saved solution"):
            data = load_netcdf(path, "saved solution")
    except DataError as error:
        raise ModelError(f"{path} is not a netCDF file that can be read ({error})") from error
    if data.attrs.get("format") != FORMAT:
        raise ModelError(f"{path} is not a saved solution of this library; write one with Solution.save")
    expected = {**model.attrs(), "blocks": _blocks(model)}
    for key, value in expected.items():
        if data.attrs.get(key) != value:
            raise ModelError(
                f"{path} was solved with another model: its {key.replace('_', ' ')} is {data.attrs.get(key)!r}, here {value!r}"
            )
    arrays = {n: model.benchmark_values[n] for n in _structural(model)}
    for name in (n for n in model.symbols if n not in arrays):
        if name not in data:
            raise ModelError(f"{path} lacks {name}")
        arrays[name] = aligned(model, name, data[name])
    told = json.loads(data.attrs["record"])
    moved = [str(v) for v in data.data_vars if str(v).startswith(POLICY) and str(v).removeprefix(POLICY) in model.symbols]
    policy_values = {v.removeprefix(POLICY): aligned(model, v.removeprefix(POLICY), data[v]) for v in moved}
    residual = residual_at(model, arrays)
    if not residual <= RESIDUAL_LIMIT:
        raise ModelError(
            f"{path} does not solve this model (largest residual {residual:.1e}): the benchmark {model.benchmark.name!r} or "
            "the parameters are not those that it was solved with, or the file was changed"
        )
    return Content(str(data.attrs["policy"]), arrays, told["log"], told["info"], policy_values)
