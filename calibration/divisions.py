"""Sectors of a source that a benchmark shows divided: who names the old one means all of its parts, and what stands beside
the SAM is parted with their output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from calibration.arrays import ratio

DIVIDED = "divided"
"""Attribute of a SAM that keeps the divisions."""


def with_division(attrs: Mapping[str, object], sector: str, parts: Sequence[str]) -> dict[str, object]:
    """Attributes of a SAM in which ``sector`` is divided into ``parts``; a part that is divided again is followed."""
    known = divisions(attrs)
    followed = {
        old: tuple(new for part in held for new in (parts if part == sector else (part,))) for old, held in known.items()
    }
    return {**attrs, DIVIDED: json.dumps({**followed, sector: list(parts)})}


def divisions(attrs: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """The parts of each sector that was divided, by its old label."""
    return {str(old): tuple(parts) for old, parts in json.loads(str(attrs.get(DIVIDED, "{}"))).items()}


ESTIMATED = 4
"""Code of ``trade_status`` of a sector that a stated rule made."""


def divided_satellites(
    satellites: xr.Dataset | None, place: int, labels: Sequence[str], output: np.ndarray
) -> xr.Dataset | None:
    """What stands beside the SAM, for data in which the sector at ``place`` is divided into two.

    What the whole sector emits or burns is parted with output; elasticities and codes by commodity both halves have alike.

    Parameters
    ----------
    satellites : Dataset or None
        Of the undivided benchmark.
    place : int
        Position of the sector among the old labels; its halves stand there and one further.
    labels : sequence of str
        The new labels.
    output : ndarray
        Of the two halves, dims (2, r).
    """
    if satellites is None:
        return None
    old = [k if k <= place else k - 1 for k in range(len(labels))]
    new = satellites.isel({d: old for d in ("i", "a") if d in satellites.dims})
    new = new.assign_coords({d: list(labels) for d in ("i", "a") if d in satellites.dims})
    part = np.ones((len(labels), output.shape[1]))
    part[[place, place + 1]] = ratio(output, output.sum(0), 0.5)
    for name, values in satellites.items():
        if {"a", "r"} <= set(values.dims):
            shares = xr.DataArray(part, dims=("a", "r"), coords={"a": list(labels), "r": satellites["r"].values})
            new[name] = (new[name] * shares).transpose(*values.dims).assign_attrs(values.attrs)
    if "trade_status" in new:
        code = new["trade_status"].values.copy()
        code[[place, place + 1]] = ESTIMATED
        new["trade_status"] = new["trade_status"].copy(data=code)
    return new
