"""Results of the GTAP standard model as files: netCDF, HAR for ViewHAR users, CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from calibration.readers.har import SET_OF_DIM, HarArray, write_gtap_har, write_har
from cge import path
from cge.gtap import GtapResult, GtapShock, contributions
from cge.shock import Shock
from cge.update import updated_sam

HAR_NAMES = {
    "pfactwld": "PFWD", "pcgdswld": "PCGW", "pfactor": "PFAC", "uepriv": "UEPR", "uelas": "UELA", "ppriv": "PPRI",
    "psave": "PSAV", "globalcgds": "GCGD",
}  # fmt: skip
"""HAR headers hold four characters; longer names are shortened so."""


def summary(result: GtapResult) -> dict[str, Any]:
    """What ``cge shock --json`` prints."""
    info = result.after.info
    table = result.table()
    return {
        "shock": result.after.name,
        **result.after.model.attrs(),
        "status": info["status"],
        "iterations": int(info["newton_steps"] + info["iterations"]),
        "max_residual": info["max_residual"],
        "walras": result.after.walras,
        "seconds": round(info["seconds"], 4),
        "regions": {str(r): {str(k): float(v) for k, v in row.items()} for r, row in table.iterrows()},
    }


def welfare_parts(result: GtapResult, shock: Shock) -> pd.DataFrame:
    """Contributions to EV by region, million USD, GTAP's names."""
    held = contributions(result, shock)
    names = ["CNTalleff", "CNTendw", "CNTtech", "CNTtot", "CNTcgds", "CNTpop", "EV"]
    return held[names].to_dataframe()[names].rename_axis("region")


def shock_parts(result: GtapResult, text: str) -> pd.DataFrame:
    """Sub-totals of real GDP (quantity at benchmark prices) for each shock of a list parted by ``;``."""
    groups = {part.strip(): GtapShock(part) for part in text.split(";") if part.strip()}
    found = path.subtotals(result.base, groups, ["gdplas"])["gdplas"]
    return found.transpose("r", "group").to_pandas().rename_axis("region")


def write(result: GtapResult, folder: str | Path) -> Path:
    """Files of a shock: ``changes.nc`` (GTAP names, dims ``f m i a s d r``), ``changes.har``, ``updated.har``
    (the data base after it) and ``regions.csv``."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    changes = result.changes()
    changes.to_netcdf(folder / "changes.nc", engine="h5netcdf")
    result.table().to_csv(folder / "regions.csv")
    model = result.after.model
    elements = {SET_OF_DIM[d]: tuple(model.labels(d)) for d in ("i", "a", "f", "r", "m")}
    arrays: dict[str, HarArray] = {}
    for name in changes.data_vars:
        array = changes[name]
        sets = tuple(SET_OF_DIM[str(d)] for d in array.dims)
        short = HAR_NAMES.get(str(name), str(name).upper()[:4])
        text = f"{name}: {array.attrs.get('long_name', 'percentage change')}"
        arrays[short] = HarArray(np.nan_to_num(array.values), text, sets, elements, str(name))
    write_har(folder / "changes.har", arrays)
    write_gtap_har(folder / "updated.har", updated_sam(result.after))
    return folder
