"""Shocks in GTAP's words: ``tm=+10%``, ``tms[manuf,CHN,USA]=-50%``, ``aoall[ele,CHN]=+2%``.

A percentage changes the power of a tax or a quantity index, as in GEMPACK's shock statements; ``rate 0.1``
after the equals sign sets the ad valorem rate; several shocks are parted by ``;``. A table of shocks is given
as ``tms=@cuts.csv``: columns named by the instrument's dims, and ``percent`` (of the power) or ``rate`` (the new
ad valorem rate).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import nearest
from cge.errors import ShockError
from cge.model import Model

ALIASES = {
    "tm": ("tms", ("i", "d")),
    "tx": ("txs", ("i", "s")),
    "aoall": ("ao", ("a", "r")),
    "afeall": ("afe", ("f", "a", "r")),
    "atm": ("atmfsd", ("m",)),
    "atf": ("atmfsd", ("i",)),
    "ats": ("atmfsd", ("s",)),
    "atd": ("atmfsd", ("d",)),
    "avaall": ("ava", ("a", "r")),
    "aintall": ("aint", ("a", "r")),
    "afall": ("afa", ("i", "a", "r")),
}
"""GTAP instruments that are uniform over a dim of the stored one: name -> (instrument, dims it is indexed by)."""

_PATTERN = re.compile(r"^\s*(\w+)\s*(?:\[([^\]]*)\])?\s*=\s*(rate\s+)?([+-]?[\d.eE+-]+)\s*(%?)\s*$")


@dataclass(frozen=True)
class GtapShock:
    """One or several shocks as text; a :class:`cge.shock.Shock`."""

    text: str

    @property
    def name(self) -> str:
        """The text itself."""
        return self.text

    def changes(self, model: Model) -> Mapping[str, xr.DataArray]:
        """Factors by instrument.

        Raises
        ------
        ShockError
            The text is not understood, or names an unknown instrument or element.
        """
        out: dict[str, xr.DataArray] = {}
        for part in self.text.split(";"):
            if not part.strip():
                continue
            name, factor = _one(model, part)
            out[name] = factor if name not in out else out[name] * factor
        if not out:
            raise ShockError("the shock is empty; write for example tm=+10%")
        return out


def _table(model: Model, name: str, path: Path) -> tuple[str, xr.DataArray]:
    """Shocks of one instrument from a CSV table."""
    if name not in model.symbols or model.symbols[name].kind != "instrument":
        raise ShockError(f"unknown instrument {name!r}{nearest(name, model.symbols)}")
    if not path.is_file():
        raise ShockError(f"table of shocks {path} not found")
    dims = model.symbols[name].dims
    table = pd.read_csv(path)
    kinds = [k for k in ("percent", "rate") if k in table.columns]
    missing = [d for d in dims if d not in table.columns]
    if missing or len(kinds) != 1:
        raise ShockError(f"{path} needs columns {', '.join(dims)} and one of percent, rate; it has {', '.join(table.columns)}")
    base = model.benchmark_values[name]
    factor = np.ones(base.shape)
    for line, row in enumerate(table.to_dict("records"), start=2):
        index = []
        for d in dims:
            if str(row[d]) not in model.labels(d):
                raise ShockError(f"{path} line {line}: {row[d]!r} is not in dim {d}{nearest(str(row[d]), model.labels(d))}")
            index.append(model.labels(d).index(str(row[d])))
        at, value = tuple(index), float(row[kinds[0]])
        factor[at] = (1 + value) / base[at] if kinds[0] == "rate" else 1 + value / 100
    return name, xr.DataArray(factor, dims=dims, coords={d: model.labels(d) for d in dims})


def _one(model: Model, text: str) -> tuple[str, xr.DataArray]:
    tabled = re.match(r"^\s*(\w+)\s*=\s*@(.+?)\s*$", text)
    if tabled:
        return _table(model, tabled.group(1).lower(), Path(tabled.group(2)))
    match = _PATTERN.match(text)
    if match is None:
        raise ShockError(f"cannot read the shock {text.strip()!r}; write for example tm=+10% or tms[manuf,CHN,USA]=rate 0.25")
    given, index, rate, number, percent = match.groups()
    instrument, dims = ALIASES.get(given.lower(), (given.lower(), None))
    known = [n for n, s in model.symbols.items() if s.kind == "instrument"]
    if instrument not in known:
        raise ShockError(f"unknown instrument {given!r}{nearest(given, [*known, *ALIASES])}")
    symbol = model.symbols[instrument]
    dims = dims or symbol.dims
    value = float(number)
    labels = [w.strip() for w in index.split(",")] if index is not None else ["*"] * len(dims)
    if len(labels) != len(dims):
        raise ShockError(f"{given} has dims {' '.join(dims)}; {text.strip()!r} gives {len(labels)} labels (* means all)")
    coords = {d: model.labels(d) for d in symbol.dims}
    base = xr.DataArray(model.benchmark_values[instrument], dims=symbol.dims, coords=coords)
    chosen = xr.ones_like(base, dtype=bool)
    for d, label in zip(dims, labels, strict=True):
        if label == "*":
            continue
        match_ = [x for x in coords[d] if x.lower() == label.lower()]
        if not match_:
            raise ShockError(f"{label!r} is not in dim {d}{nearest(label, coords[d])}")
        chosen &= xr.DataArray([x == match_[0] for x in coords[d]], dims=d, coords={d: coords[d]})
    if rate:
        if not symbol.unit.startswith("power"):
            raise ShockError(f"{given} is not a tax; change it by a percentage")
        new: xr.DataArray | float = 1.0 + value
    elif percent:
        new = base * (1.0 + value / 100.0)
    else:
        raise ShockError(f"{text.strip()!r}: give a percentage (tm=+10%) or a rate (tms=rate 0.1)")
    return instrument, (new / base).where(chosen, 1.0)
