"""CO2 of the world of 2018 by sector: the OECD's industries split over the benchmark's sectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from calibration.classification import SECTORS
from calibration.readers import read_emissions

EMISSION_SECTORS = {
    "D01T02": ("A01", "A02"),
    "D03": ("A03",),
    "D05T06": ("B05", "B06"),
    "D07T08": ("B07", "B08"),
    "D09": ("B09",),
    "D10T12": ("C10T12",),
    "D13T15": ("C13T15",),
    "D16": ("C16",),
    "D17T18": ("C17_18",),
    "D19": ("C19",),
    "D20": ("C20",),
    "D21": ("C21",),
    "D22": ("C22",),
    "D23": ("C23",),
    "D24": ("C24A", "C24B"),
    "D25": ("C25",),
    "D26": ("C26",),
    "D27": ("C27",),
    "D28": ("C28",),
    "D29": ("C29",),
    "D30": ("C301", "C302T309"),
    "D31T33": ("C31T33",),
    "D35": ("utl",),
    "D36T39": ("utl",),
    "D41T43": ("cns",),
    **dict.fromkeys(("D45T47", "D49", "D50", "D51", "D52", "D53", "D55T56", "D61"), ("trd",)),
    **dict.fromkeys(("D58T60", "D62T63", "D64T66", "D68", "D69T75", "D77T82"), ("bus",)),
    **dict.fromkeys(("D84", "D85", "D86T88", "D90T93", "D94T96", "D97T98"), ("pub",)),
}


def carbon(path: Path, regions: list[str], output: np.ndarray, burnt: np.ndarray | None = None) -> np.ndarray:
    """CO2 by sector and region, million tonnes; dims (i, r).

    An industry that holds several sectors is split with their output. Economies inside the source's rest of the world share
    its emissions by industry with the CO2 of the fuels that they burn, with output where none of them burns any.

    Parameters
    ----------
    output : ndarray, dims (i, r)
    burnt : ndarray, dims (i, r), optional
        Fuel times factor (:mod:`calibration.energy`); None: output throughout.
    """
    source = read_emissions(path)
    known = [str(x) for x in source["r"].values]
    inside = [k for k, r in enumerate(regions) if r not in known or r == "ROW"]
    emitted = np.zeros_like(output)
    for industry in map(str, source["industry"].values):
        rows = [SECTORS.index(s) for s in EMISSION_SECTORS[industry]]
        for region in known:
            columns = inside if region == "ROW" else [regions.index(region)]
            base = output[np.ix_(rows, columns)]
            if region == "ROW" and burnt is not None and burnt[np.ix_(rows, columns)].sum() > 0:
                base = burnt[np.ix_(rows, columns)]
            base = base if base.sum() > 0 else np.ones_like(base)
            emitted[np.ix_(rows, columns)] += float(source.sel(r=region, industry=industry)) * base / base.sum()
    return emitted
