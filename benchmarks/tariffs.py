"""Errors of the world's tariffs, before and after: ``python -m benchmarks.tariffs`` writes docs/_static/tariffs_2018.json.

Needs the raw tables of ``../shared/data``; the yardsticks may not be shipped, their distance from ours may.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.hidden_members import hidden_members
from benchmarks.split import SHARED
from benchmarks.tariff_yardsticks import (
    STAGES,
    WTO_IMPORTERS,
    imports_of_goods,
    stage_errors,
    teti,
    wits,
    wto_errors,
    wto_mfn,
)
from calibration.benchmark import Benchmark
from calibration.classification import GOODS, SECTOR_NAMES
from calibration.datasets.world_2018 import build, world
from calibration.mfn import rates_of_2005
from calibration.preferences import FARM, GROUPS, with_use
from calibration.readers import read_caliendo_parro, read_trade_cube
from calibration.readers.oecd_cube import TradeCube
from calibration.tariffs_2018 import Tariffs, tariffs_2018
from cge import Scenario, find_policy, solve

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
        "rest of the world, share of duties paid": _paid_by_rest(cube, made),
        "rest of the world, hidden groups": {
            f"{group}, {side}": {str(k): float(v) for k, v in row.items()}
            for (group, side), row in hidden_members(folder, cube).iterrows()
        },
    }


def _paid_by_rest(cube: TradeCube, made: Tariffs) -> dict[str, float]:
    """Duties that ROW faces and levies, per cent of those at most-favoured-nation rates."""
    flows, rates, row = imports_of_goods(cube), made.applied.values, cube.regions.index("ROW")
    whole = flows * made.mfn.values[:, None, :]
    paid = flows * rates
    return {
        "faced": float(100 * paid[:, row].sum() / whole[:, row].sum()),
        "levied": float(100 * paid[:, :, row].sum() / whole[:, :, row].sum()),
    }


def with_wto_rates(folder: Path, made: Tariffs) -> xr.DataArray:
    """Applied rates with the WTO's most-favoured-nation rates of five importers in the place of ours, agreements kept."""
    truth = wto_mfn(folder) / 100
    regions = [str(x) for x in made.applied["s"].values]
    assert made.left is not None
    left, applied = made.left, made.applied.copy(deep=True)
    for code in WTO_IMPORTERS:
        importers = [r for r in regions if r in GROUPS["EU28"]] if code == "DEU" else [code]
        rates = xr.DataArray(truth[code].to_numpy(), dims="i", coords={"i": list(truth.index)})
        for d in importers:
            where = {"i": list(truth.index), "d": d}
            theirs = (rates * left.sel(where)).transpose("i", "s")
            applied.loc[where] = xr.where(theirs["s"] == d, 0.0, theirs).transpose("i", "s")
    return applied


def with_wits_means(folder: Path, made: Tariffs, cube: TradeCube) -> xr.DataArray:
    """Applied rates scaled by importer and stage of processing to the means of WITS, where both are above zero."""
    table, flows = wits(folder), imports_of_goods(cube)
    applied = made.applied.copy(deep=True)
    goods, regions = ([str(x) for x in applied[d].values] for d in ("i", "d"))
    for column, words in STAGES.values():
        rows = [goods.index(g) for g in words.split()]
        for d, region in enumerate(regions):
            part, rates = flows[rows][:, :, d], applied.values[rows][:, :, d]
            ours = float((part * rates).sum() / part.sum())
            theirs = float(table[column].get(region, np.nan)) / 100
            if region not in GROUPS["EU28"] and theirs > 0 and ours > 0:  # the Union's members trade among themselves
                applied.values[np.ix_(rows, range(len(regions)), [d])] *= theirs / ours
    return applied


def _world_with(folder: Path, applied: xr.DataArray) -> Benchmark:
    """The world of 2018 with these rates, read as a user's own table."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "rates.csv"
        applied.to_series().rename("rate").to_csv(file)
        return world(build(folder, f"csv:{file}").full)


def policies_under(folder: Path = SHARED) -> dict[str, dict[str, dict[str, float]]]:
    """Welfare by region, per cent, of RCEP and of free trade under seven sets of tariffs of 2018."""
    cube = read_trade_cube(folder / "oecd_icio_gross")
    made = tariffs_2018(folder, cube)
    cases = {
        "here": world(build(folder).full),
        "duties collected": world(build(folder, collected=True).full),
        "half of trade claims": world(build(folder, agreed=with_use(0.5)).full),
        "98 % of trade claims": world(build(folder, agreed=with_use(0.98)).full),
        "Teti's rates": world(build(folder, f"teti:{folder / 'oecd_icio_gross' / 'ICIO2018.mat'}").full),
        "WTO's rates of five importers": _world_with(folder, with_wto_rates(folder, made)),
        "WITS means by stage": _world_with(folder, with_wits_means(folder, made, cube)),
    }
    found: dict[str, dict[str, dict[str, float]]] = {"rcep": {"first edition": FIRST_EDITION_RCEP}, "free-trade": {}}
    for name, benchmark in cases.items():
        for policy in found:
            result = solve(Scenario(benchmark).under(find_policy(policy)))
            welfare = result.comparison.table()["welfare_percent"]
            found[policy][name] = {str(r): round(float(v), 4) for r, v in welfare.items()}
    return found


if __name__ == "__main__":
    OUT.write_text(json.dumps({**measure(), "policies": policies_under()}, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {OUT.name}")
