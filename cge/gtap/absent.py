"""Cells of results that the benchmark has no flow for: they have no change, and are NaN."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from cge.equations.calibrated import Calibrated

Array = np.ndarray

FLOWS = {
    "vxsb": "qxs pfob pcif pmds ptrans",
    "evos": "qfe pfe peb pes qes",
    "vdfb": "qfd pfd",
    "vmfb": "qfm pfm",
    "vdpb": "qpd ppd",
    "vmpb": "qpm ppm",
    "vdgb": "qgd pgd",
    "vmgb": "qgm pgm",
    "vdib": "qid pid",
    "vmib": "qim pim",
    "makb": "qca pca ps",
    "vst": "qst",
}
"""Header of the data -> variables that live on its cells."""


def flows(data: Calibrated) -> Mapping[str, Array]:
    """The benchmark flow behind each variable, dims as the variable's."""
    factors, made = data["evfp"], data["makb"]
    bought = data["vdfb"] + data["vmfb"]
    composites = {
        "qfa pfa": bought,
        "qpa ppa": data["vdpb"] + data["vmpb"],
        "qga pga": data["vdgb"] + data["vmgb"],
        "qia pia": data["vdib"] + data["vmib"],
        "qds": data["vdfb"].sum(1) + data["vdpb"] + data["vdgb"] + data["vdib"],
        "qva pva": factors.sum(0),
        "qint pint": bought.sum(0),
        "qo po": made.sum(0),
        "qc pds": made.sum(1),
        "qms pms": data["vmsb"].sum(1),
        "qe pe": data["evos"].sum(1),
        "qtm pt": data["vst"].sum(1),
        "qgov pgov ug yg": (data["vdgb"] + data["vmgb"]).sum(0),
    }
    out = {name: flow for names, flow in composites.items() for name in names.split()}
    return out | {name: data[header] for header, names in FLOWS.items() for name in names.split()}


def without_absent(changes: xr.Dataset, data: Calibrated) -> xr.Dataset:
    """The changes with NaN where the benchmark has no flow."""
    for name, flow in flows(data).items():
        changes[name] = changes[name].where(xr.DataArray(flow != 0, dims=changes[name].dims))
    return changes
