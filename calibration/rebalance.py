"""Exact balance of a nearly balanced SAM, such as single-precision GTAP data.

Kept: purchases at basic prices, every tax power, margin shares of cif values, source shares of imports,
depreciation, capital stock and population. Recomputed from them: imports (to the sum of their uses),
cif, fob and basic export values, margins and their supply, output (to the sum of its uses), factor
payments (to output less inputs) and saving (to income less spending). Each adjustment is listed with
its largest relative size.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibration.arrays import ratio
from calibration.sam import SCHEMA, Sam


def rebalance(sam: Sam) -> Sam:
    """The SAM in exact balance; ``adjustments`` gets one line a header that moved."""
    g = {h: sam[h] for h in SCHEMA}
    new = dict(g)
    uses = np.stack([g["vmfb"].sum(1), g["vmpb"], g["vmgb"], g["vmib"]], axis=1)  # (i, u, d)
    by_source = ratio(g["vmub"], g["vmub"].sum(2, keepdims=True))
    new["vmub"] = by_source * uses[:, :, None]
    new["vmsb"] = new["vmub"].sum(1)
    new["vcif"] = new["vmsb"] / ratio(g["vmsb"], g["vcif"], 1.0)
    new["vtwr"] = ratio(g["vtwr"], g["vcif"][None]) * new["vcif"][None]
    new["vfob"] = new["vcif"] - new["vtwr"].sum(0)
    new["vxsb"] = new["vfob"] / ratio(g["vfob"], g["vxsb"], 1.0)
    supply = g["vst"].sum(1, keepdims=True)
    new["vst"] = ratio(g["vst"], supply) * new["vtwr"].sum((1, 2, 3))[:, None]
    output = g["vdfb"].sum(1) + g["vdpb"] + g["vdgb"] + g["vdib"] + new["vxsb"].sum(2)
    for k, label in enumerate(sam.data["m"].values):
        output[sam.commodities.index(str(label))] += new["vst"][k]
    new["makb"] = ratio(g["makb"], g["makb"].sum(1, keepdims=True)) * output[:, None]
    new["maks"] = new["makb"] / ratio(g["makb"], g["maks"], 1.0)
    value_added = new["maks"].sum(0) - (g["vdfp"] + g["vmfp"]).sum(0)
    new["evfp"] = ratio(g["evfp"], g["evfp"].sum(0)) * value_added
    new["evfb"] = new["evfp"] / ratio(g["evfp"], g["evfb"], 1.0)
    new["evos"] = new["evfb"] / ratio(g["evfb"], g["evos"], 1.0)
    data = sam.data.copy()
    log = []
    for name in SCHEMA:
        data[name] = data[name].copy(data=new[name])
        gap = abs(new[name] - g[name])
        if gap.max(initial=0.0) > 0 and name != "save":
            log.append({"rule": "rebalanced", "cell": name, "before": 0.0, "after": float(ratio(gap, abs(g[name])).max())})
    draft = Sam(data)
    spent = draft.expenditure()
    data["save"] = data["save"].copy(data=draft.income() - spent["prv"] - spent["gov"])
    listed = pd.DataFrame(log, columns=sam.adjustments.columns)
    kept = [frame for frame in (sam.adjustments, listed) if len(frame)]
    return Sam(data, pd.concat(kept, ignore_index=True) if kept else sam.adjustments)
