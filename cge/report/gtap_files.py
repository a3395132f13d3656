"""Results of the GTAP standard model as HAR files, for ViewHAR and GEMPACK users."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from calibration.readers.har import SET_OF_DIM, HarArray, header_names, write_gtap_har, write_har
from cge.gtap import GtapResult
from cge.results.updated_data import distribution_sum, updated_sam

SHORT = {
    "pfactwld": "PFWD", "pcgdswld": "PCGW", "pfactor": "PFAC", "uepriv": "UEPR", "uelas": "UELA", "ppriv": "PPRI",
    "psave": "PSAV", "globalcgds": "GCGD", "del_tbal": "DTBA", "del_tbalry": "DTBR", "ptrans": "PTRN",
}  # fmt: skip
"""HAR headers hold four characters; longer names are shortened so, others cut, and a clash is numbered."""
NAMES = "VARS"
"""Header with the table of names: which variable each header holds."""


def write_changes_har(path: Path, changes: xr.Dataset, labels: dict[str, list[str]]) -> None:
    """Every variable of ``changes`` under a header of its own, and the table of names.

    Parameters
    ----------
    path : path
    changes : xarray.Dataset
        Dims ``i a f r s d m``; cells without a flow are written as 0.
    labels : dict
        Labels of ``i a f r m``.
    """
    elements = {SET_OF_DIM[d]: tuple(names) for d, names in labels.items()}
    headers = header_names([str(v) for v in changes.data_vars], SHORT)
    arrays = {NAMES: HarArray(np.array([f"{h} = {name}" for name, h in headers.items()]), "header = variable")}
    for name, header in headers.items():
        array = changes[name]
        sets = tuple(SET_OF_DIM[str(d)] for d in array.dims)
        text = f"{name}: {array.attrs.get('long_name', 'percentage change')}"
        arrays[header] = HarArray(np.nan_to_num(array.values), text, sets, elements, name)
    write_har(path, arrays)


def write_updated_har(path: Path, result: GtapResult) -> None:
    """The data base after the shock: flows, ``DPSM``, and the headers that the model does not use, marked unchanged."""
    kept = result.after.model.benchmark.satellites
    write_gtap_har(path, updated_sam(result.after), kept, dpsm=distribution_sum(result.after))
