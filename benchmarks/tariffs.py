"""Errors of the world's tariffs, before and after: ``python -m benchmarks.tariffs`` writes docs/_static/tariffs_2018.json.

Needs the raw tables of ``../shared/data``; the yardsticks may not be shipped, their distance from ours may.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.split import SHARED
from benchmarks.tariff_yardsticks import WTO_IMPORTERS, imports_of_goods, stage_errors, teti, wto_errors
from calibration.classification import GOODS, SECTOR_NAMES
from calibration.datasets.world_2018 import build, world
from calibration.mfn import rates_of_2005
from calibration.preferences import FARM, with_use
from calibration.readers import read_caliendo_parro, read_trade_cube
from calibration.tariffs_2018 import tariffs_2018
from policies import experiment
from policies.registry import find_policy

OUT = Path(__file__).resolve().parents[1] / "docs" / "_static" / "tariffs_2018.json"
FIRST_EDITION = {
    "teti": {"mean absolute difference": 1.189, "correlation": 0.724},
    "stages": {"raw materials": 3.61, "intermediate": 1.49, "capital": 1.21, "consumer": 3.54},
}
"""The same measures of the first edition's tariffs (rates of 2005, stand-ins, one constant for agreements), now replaced."""
FIRST_EDITION_RCEP = dict(
    USA=-0.013,
    CAN=-0.011,
    MEX=-0.007,
    CHN=-0.016,
    HKG=-0.023,
    TWN=-0.259,
    JPN=0.236,
    KOR=0.122,
    AUS=0.135,
    NZL=0.181,
    IDN=-0.031,
    VNM=-0.14,
    THA=0.002,
    MYS=0.014,
    SGP=-0.028,
    PHL=-0.089,
    XSE=-0.037,
    IND=-0.022,
    PAK=-0.025,
    BGD=-0.049,
    EU=-0.022,
    GBR=-0.012,
    CHE=-0.005,
    XEU=-0.008,
    RUS=-0.018,
    KAZ=-0.001,
    TUR=-0.015,
    SAU=0.0,
    EGY=-0.003,
    XME=-0.008,
    ZAF=-0.026,
    XAF=-0.004,
    BRA=-0.016,
    XLA=-0.017,
    ROW=-0.017,
)
"""Welfare effect of RCEP, per cent, on the first edition."""


def measure(folder: Path = SHARED) -> dict[str, Any]:
    """Gaps to the WTO's most-favoured-nation rates, to Teti's importers' means, and to WITS by stage, per cent points."""
    cube = read_trade_cube(folder / "oecd_icio_gross")
    made, source = tariffs_2018(folder, cube), read_caliendo_parro(folder / "caliendo_parro_2015")
    before = pd.DataFrame({code: rates_of_2005(source, code) for code in WTO_IMPORTERS})
    after = wto_errors(folder, made.mfn.to_pandas())
    old = wto_errors(folder, before)
    industry = [g for g in after.index if g not in FARM]
    flows, theirs = imports_of_goods(cube), teti(folder)[: len(GOODS)]
    keep = np.ix_([k for k, g in enumerate(GOODS) if g != "C10T12"], range(80), range(80))
    ours_mean, their_mean = (
        (flows[keep] * x[keep]).sum((0, 1)) / flows[keep].sum((0, 1)) for x in (made.applied.values, theirs)
    )
    gap = 100 * abs(ours_mean - their_mean)
    return {
        "wto, industry, by importer": {
            code: {
                "rates of 2005": float(old.loc[industry, code].abs().mean()),
                "now": float(after.loc[industry, code].abs().mean()),
            }
            for code in WTO_IMPORTERS
        },
        "wto, by good": {
            SECTOR_NAMES[g]: {"rates of 2005": float(old.loc[g].abs().mean()), "now": float(after.loc[g].abs().mean())}
            for g in after.index
        },
        "teti, importers' means": {
            "first edition": FIRST_EDITION["teti"],
            "now": {
                "mean absolute difference": float(gap.mean()),
                "correlation": float(np.corrcoef(ours_mean, their_mean)[0, 1]),
            },
        },
        "wits, by stage": {
            stage: {
                "first edition": FIRST_EDITION["stages"][stage],
                "now": float(row["gap"]),
                "correlation": float(row["correlation"]),
            }
            for stage, row in stage_errors(folder, cube, made.applied.values).iterrows()
        },
    }


def policies_under(folder: Path = SHARED) -> dict[str, dict[str, dict[str, float]]]:
    """Welfare by region, per cent, of RCEP and of free trade under four sets of tariffs of 2018."""
    cases = {
        "here": build(folder),
        "half of trade claims": build(folder, agreed=with_use(0.5)),
        "98 % of trade claims": build(folder, agreed=with_use(0.98)),
        "Teti's rates": build(folder, f"teti:{folder / 'oecd_icio_gross' / 'ICIO2018.mat'}"),
    }
    found: dict[str, dict[str, dict[str, float]]] = {"rcep": {"first edition": FIRST_EDITION_RCEP}, "free-trade": {}}
    for name, built in cases.items():
        benchmark = world(built.full)
        for policy in found:
            result = experiment.run(find_policy(policy), benchmark)
            welfare = result.comparison.table()["welfare_percent"]
            found[policy][name] = {str(r): round(float(v), 4) for r, v in welfare.items()}
    return found


if __name__ == "__main__":
    OUT.write_text(json.dumps({**measure(), "policies": policies_under()}, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {OUT.name}")
