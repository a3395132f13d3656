"""Which cells of GTAP's variables exist: those of a flow in the benchmark.

A price or quantity of something that nobody buys, makes or ships in the benchmark has no meaning; results hold NaN there.
The rule follows GTAP's names: ``q`` or ``p``, then the agent (``f p g i``), then the origin (``a d m``) name the purchases
``v`` + origin + agent; variables of activities, commodities, factors and routes go with output, income and trade.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import xarray as xr

from calibration.sam import Sam

if TYPE_CHECKING:
    from cge.model import Model

PURCHASE = re.compile(r"^[pq]([fpgi])([adm])$")
ALWAYS = frozenset(
    "y pop kb ke uepriv uelas u ev vgdp qgdp pgdp tot pfactor pfactwld pcgdswld psw pdw rorc rore rorg globalcgds qsave psave "
    "del_tbal del_tbalry".split()
)
"""Variables of a region as a whole, or of the world; a region has income, saving and trade or the model is refused."""


def flows(sam: Sam) -> dict[str, xr.DataArray]:
    """The benchmark flow that each GTAP variable belongs to, by name; dims as the variable's."""
    g = sam.data
    bought = {
        (agent, origin): g[f"v{origin}{agent}b"] if origin != "a" else g[f"vd{agent}b"] + g[f"vm{agent}b"]
        for agent in "fpgi"
        for origin in "adm"
    }
    named = {f"{kind}{agent}{origin}": flow for (agent, origin), flow in bought.items() for kind in "pq"}
    spent = {agent: bought[agent, "a"].sum("i") for agent in "pgi"}
    made, factors = g["makb"], g["evos"]
    domestic = sum((bought[k, "d"] for k in "pgi"), bought["f", "d"].sum("a"))
    groups = {
        "qfe pfe peb pes qes": factors,
        "qe pe": factors.sum("a"),
        "qo po": made.sum("i"),
        "qva pva": g["evfp"].sum("f"),
        "qint pint": (g["vdfp"] + g["vmfp"]).sum("i"),
        "qca pca ps": made,
        "qc pds": made.sum("a"),
        "qds": domestic,
        "qms pms": g["vmsb"].sum("s").rename(d="r"),
        "qxs pfob pcif pmds": g["vxsb"],
        "ptrans": g["vtwr"].sum("m"),
        "qst": g["vst"],
        "qtm pt": g["vst"].sum("r"),
        "qinv pinv": spent["i"],
        "qgov pgov ug yg": spent["g"],
        "up ppriv yp": spent["p"],
    }
    return named | {name: flow for names, flow in groups.items() for name in names.split()}


def without_absent(results: xr.Dataset, model: Model) -> xr.Dataset:
    """The results with NaN in cells that the benchmark has no flow for."""
    known = flows(model.benchmark.sam)
    for name in (str(v) for v in results.data_vars):
        if name in known:
            results[name] = results[name].where(known[name] > 0)
    return results
