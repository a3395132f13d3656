"""The data base after a shock: a balanced SAM at the solution's prices and quantities.

Calibrated to it, a model replicates the solution as its new benchmark. GEMPACK users know it as the
updated data of a simulation.

A SAM has no account for income on foreign assets: income of its household is what the region makes. Where a solution has
such income (a year of a path with loans), the SAM's saving is what is left of domestic income, so foreign saving (investment
less saving and depreciation) is the trade deficit, as in any base year. The move is listed in ``adjustments``, and the flows
themselves stand in the satellites of :func:`updated_benchmark`.

What a mechanism adds it says itself (:meth:`cge.equations.declare.Mechanism.entries`, ``sourced``). What a block of a user's
own adds without saying so, these tables do not know. They then fail an identity, and an error says which: nothing out of
balance is handed out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.errors import nearest
from calibration.sam import SCHEMA, USES, Sam, make_dataset
from cge.errors import ModelError
from cge.model.solution import Solution

Array = np.ndarray
Prices = Literal["current", "base"]

TOLERANCE = 1e-8
"""Largest relative gap of an identity; ten times the benchmark's own gap where that is more (single-precision data)."""

QUANTITY = {
    **{f"vd{k}{p}": f"q{k}d" for k in "fpgi" for p in "bp"},
    **{f"vm{k}{p}": f"q{k}m" for k in "fpgi" for p in "bp"},
    **dict.fromkeys(("vxsb", "vfob", "vcif", "vmsb"), "qxs"),
    **dict.fromkeys(("evfb", "evfp", "evos"), "qfe"),
    "vst": "qst",
    "pop": "pop",
}
"""The quantity that moves a header at benchmark prices; the others are worked out in :func:`header_value`."""


def updated_sam(solution: Solution) -> Sam:
    """Every header of the SAM at the solution, million USD in the numeraire.

    Raises
    ------
    ModelError
        An identity of the SAM fails (a block adds flows that it cannot show), or the world's saving is not invested.
    """
    v, model = solution.values_of, solution.model
    pds, pmf, pmp, pmg, pmi = v("pds"), v("pmf"), v("pmp"), v("pmg"), v("pmi")
    g: dict[str, Array] = {
        "vdfb": v("vdfb") * pds[:, None] * v("qfd"),
        "vmfb": v("vmfb") * pmf[:, None] * v("qfm"),
        "vdpb": v("vdpb") * pds * v("qpd"),
        "vmpb": v("vmpb") * pmp * v("qpm"),
        "vdgb": v("vdgb") * pds * v("qgd"),
        "vmgb": v("vmgb") * pmg * v("qgm"),
        "vdib": v("vdib") * pds * v("qid"),
        "vmib": v("vmib") * pmi * v("qim"),
    }
    beside = landed_beside_demand(solution)
    g["vmfb"] = g["vmfb"] + beside.sum(2)
    for letter in "fpgi":
        for origin in "dm":
            g[f"v{origin}{letter}p"] = g[f"v{origin}{letter}b"] * v(f"t{letter}{origin}")
    g["vxsb"] = v("vxsb") * pds[:, :, None] * v("qxs")
    g["vfob"] = g["vxsb"] * v("txs")
    g["vcif"] = v("vcif") * v("pcif") * v("qxs")
    g["vmsb"] = g["vcif"] * v("tms")
    g["vst"] = v("vst") * v("pdm") * v("qst")
    g["vtwr"] = v("vtwr") * (v("qxs")[None] / v("atmfsd")) * v("pt")[:, None, None, None]
    g["evfp"] = v("evfp") * v("pfe") * v("qfe")
    g["evfb"] = g["evfp"] / v("tfe")
    g["evos"] = g["evfb"] / (v("tinc") if "tinc" in model.symbols else model.data.power("evfb", "evos"))
    g["makb"], g["maks"] = made(solution)
    g["vdep"] = v("depr")
    g["vkb"] = model.data["vkb"] * v("pinv") * capital_in_place(solution)
    g["save"] = v("saving")
    for header, added in added_by_mechanisms(solution).items():
        if header not in ("makb", "maks"):  # in what is made already
            g[header] = g[header] + added
    g["vmub"] = _imports_by_use(solution, g["vmsb"] - beside.sum(1), _imports_used(solution))
    g["vmub"][:, USES.index("int")] += beside.sum(1)
    if "pop" not in str(model.benchmark.sam.data.attrs.get("zero_headers", "")).split():
        g["pop"] = model.data["pop"] * v("pop")
    sets = {d: model.labels(d) for d in ("i", "a", "f", "r", "m")}
    old = model.benchmark.sam
    attrs = {**old.data.attrs, "title": f"{old.data.attrs.get('title', model.benchmark.name)}, updated by {solution.name}"}
    sam = Sam(make_dataset(g, sets, attrs), _with_entries(old.adjustments, solution, g))
    require_balance(solution, sam, "updated SAM")
    return sam


def added_by_mechanisms(solution: Solution) -> dict[str, Array]:
    """What mechanisms add to headers of the SAM at a solution, million USD."""
    total: dict[str, Array] = {}
    for mechanism in solution.model.mechanisms:
        for header, added in mechanism.entries(solution).items():
            if header not in SCHEMA:
                raise ModelError(f"mechanism {mechanism.describe()} adds to {header!r}, no header{nearest(header, SCHEMA)}")
            total[header] = total.get(header, 0.0) + added
    return total


def sourced_by_mechanisms(solution: Solution) -> Array | None:
    """What activities import beside their ordinary demand; product, over benchmark shipments, dims (i, a, s, d)."""
    parts = [x for x in (mechanism.sourced(solution) for mechanism in solution.model.mechanisms) if x is not None]
    return np.asarray(sum(parts)) if parts else None


def landed_beside_demand(solution: Solution, prices: Prices = "current") -> Array:
    """The same at the price that the user pays before tax, million USD; dims (i, a, s, d)."""
    v, model = solution.values_of, solution.model
    sourced = sourced_by_mechanisms(solution)
    if sourced is None:
        return np.zeros((1, 1, 1, 1))
    price = v("pmds") if prices == "current" else v("ams")  # at benchmark prices an effective unit counts one
    return np.asarray((model.data["vmsb"] * price)[:, None] * sourced)


def made(solution: Solution, prices: Prices = "current") -> tuple[Array, Array]:
    """The make matrix at basic and at supply prices; dims (i, a, r)."""
    v = solution.values_of
    if "qca" in solution.model.symbols:
        basic = v("makb") * v("qca") * (v("pca") if prices == "current" else 1.0)
        supply = basic / v("to" if prices == "current" else "to_0")
    else:
        output = v("vob") * v("qo") * (v("pds") if prices == "current" else 1.0)
        k = np.arange(len(output))
        basic, supply = (np.zeros((k.size, k.size, output.shape[1])) for _ in range(2))
        basic[k, k] = output
        supply[k, k] = output / v("to" if prices == "current" else "to_0")
    if prices == "current":
        added = added_by_mechanisms(solution)
        return basic + added.get("makb", 0.0), supply + added.get("maks", 0.0)
    return basic, supply


def capital_in_place(solution: Solution) -> Array:
    """Capital at the start of the year over the benchmark's, dims (r,)."""
    if "kb" in solution.model.definitions:
        return np.asarray(solution.values_of("kb"))
    return np.ones(len(solution.model.labels("r")))


def _with_entries(adjustments: pd.DataFrame, solution: Solution, values: dict[str, Array]) -> pd.DataFrame:
    """The SAM's adjustments with the entries of mechanisms that list theirs."""
    rows = []
    for mechanism in solution.model.mechanisms:
        for header, added in mechanism.entries(solution).items() if mechanism.listed_as else ():
            labels = [solution.model.labels(d) for d in SCHEMA[header].dims]
            for place in np.argwhere(added != 0):
                cell = " ".join([header, *(names[k] for names, k in zip(labels, place, strict=True))])
                after = float(values[header][tuple(place)])
                before = after - float(added[tuple(place)])
                rows.append({"rule": mechanism.listed_as, "cell": cell, "before": before, "after": after})
    return pd.concat([adjustments, pd.DataFrame(rows)], ignore_index=True) if rows else adjustments


def require_balance(solution: Solution, sam: Sam, what: str) -> None:
    """Raise where a view of a solution fails an identity of the SAM, or its GDP is not the model's.

    Raises
    ------
    ModelError
        Names the identity, its worst cell and the gap.
    """
    tolerance = max(TOLERANCE, 10 * solution.model.benchmark.sam.largest_gap())
    broken = sam.check(tolerance)
    if len(broken):
        first = broken.iloc[0]
        raise ModelError(
            f"the {what} of solution {solution.name!r} fails {first['identity']!r} at {first['cell'] or 'the world'} by "
            f"{first['gap']:,.4g} million {solution.model.benchmark.currency} ({len(broken)} cells fail): {reason(solution)}"
        )
    if "gdp" in solution.model.definitions:
        ours, model = sam.gdp(), solution.values_of("gdp")
        gap = abs(ours - model)
        worst = int(gap.argmax())
        if not gap[worst] <= tolerance * abs(model).sum():
            region = solution.model.labels("r")[worst]
            raise ModelError(
                f"GDP of {region} in the {what} of solution {solution.name!r} is {ours[worst]:,.6g}, "
                f"the model's {model[worst]:,.6g} million {solution.model.benchmark.currency}: {reason(solution)}"
            )


def reason(solution: Solution) -> str:
    """Why a view of a solution may miss an identity."""
    model = solution.model
    if abs(float(solution.arrays["walraslack"])) > 1e-9:
        return "saving and investment of the world differ (Walras' law); exogenous foreign saving must sum to zero"
    own = [type(b).__name__ for b in model.blocks if not type(b).__module__.startswith("cge.")]
    who = f"block {', '.join(own)} adds" if own else "a block adds"
    return f"{who} flows that this table does not know; take them from the solution itself"


def _imports_used(solution: Solution) -> dict[str, Array]:
    """Imports of each use at current basic prices; dims (i, d)."""
    v = solution.values_of
    return {
        "int": (v("vmfb") * v("qfm")).sum(1) * v("pmf"),
        "prv": v("vmpb") * v("pmp") * v("qpm"),
        "gov": v("vmgb") * v("pmg") * v("qgm"),
        "inv": v("vmib") * v("pmi") * v("qim"),
    }


def _imports_by_use(solution: Solution, landed: Array, used: dict[str, Array]) -> Array:
    """Bilateral imports ``landed`` of each use: the origins of its sourcing class, its own share of the class."""
    v, data = solution.values_of, solution.model.data
    classes = list(data.classes.values())
    drawn = v("sxu") * (v("qms") * v("pms") ** v("esubm")[:, None])[:, :, None, :]
    total = drawn.sum(1, keepdims=True)
    by_class = np.divide(drawn, total, out=np.zeros_like(drawn), where=total > 0) * landed[:, None]
    by_use = []
    for use in USES:
        at = next(k for k, uses in enumerate(classes) if use in uses)
        of_class = sum(used[u] for u in classes[at])
        share = np.divide(used[use], of_class, out=np.zeros_like(used[use]), where=of_class > 0)
        by_use.append(by_class[:, at] * share[:, None])
    return np.stack(by_use, axis=1)


def header_value(solution: Solution, name: str, prices: Prices = "current") -> xr.DataArray:
    """A header of the SAM at a solution: at its own prices, or its quantities at benchmark prices.

    Parameters
    ----------
    solution : Solution
    name : str
        Header of :data:`calibration.sam.SCHEMA`.
    prices : {"current", "base"}
        ``"current"``: the header of :func:`updated_sam`; ``"base"``: benchmark value times the change of its quantity.

    Raises
    ------
    ModelError
        Unknown header or prices, a header without a quantity (``save``), or :func:`updated_sam` cannot show the solution.
    """
    if name not in SCHEMA:
        raise ModelError(f"{name!r} is no header of the SAM{nearest(name, SCHEMA)}; it has {', '.join(SCHEMA)}")
    if prices not in ("current", "base"):
        raise ModelError(f"unknown prices {prices!r}; choose 'current' or 'base'")
    text = SCHEMA[name].long_name
    if prices == "current":
        array = updated_sam(solution).data[name]
        return array.assign_attrs(long_name=f"{text}, at the solution's prices", policy=solution.name)
    if name == "save":
        raise ModelError("saving is a value without a quantity of its own; take it at current prices")
    v, old = solution.values_of, solution.model.data[name]
    if name in QUANTITY:
        values = old * v(QUANTITY[name])
        if name in ("vmfb", "vmfp"):
            tax = v("tfm_0") if name == "vmfp" else 1.0
            values = values + landed_beside_demand(solution, "base").sum(2) * tax
    elif name == "vtwr":
        values = old * v("qxs")[None] / v("atmfsd")
    elif name in ("makb", "maks"):
        values = made(solution, "base")[name == "maks"]
    elif name == "vdep":
        values = v("depr") / v("pinv")
    elif name == "vkb":
        values = old * capital_in_place(solution)
    else:  # vmub: all uses pay one price for a good of one origin
        sourced = sourced_by_mechanisms(solution)
        beside = 0.0 if sourced is None else solution.model.data["vmsb"] * sourced.sum(1)
        values = _imports_by_use(solution, solution.model.data["vmsb"] * v("qxs") - beside, _imports_used(solution))
        values[:, USES.index("int")] += beside
    array = solution.model.benchmark.sam.data[name]
    return array.copy(data=values).assign_attrs(long_name=f"{text}, at benchmark prices", policy=solution.name)


def updated_benchmark(solution: Solution) -> Benchmark:
    """The updated SAM with the same behaviour: elasticities, and Stone-Geary purchases that stay committed.

    ``co2``, ``energy`` and ``co2_fuel`` of the satellites grow with the inputs of their activity (output over its
    productivity ``ao``), those of households with what they buy in all; the mix of electricity stays. Mechanisms leave theirs:
    ``finc``, ``floan`` and ``ginv`` (r), million USD, are the foreign income, loans and public works of the solution where it
    has such.

    Raises
    ------
    ModelError
        As :func:`updated_sam`.
    """
    old = solution.model.benchmark
    return replace(
        old,
        sam=updated_sam(solution),
        elasticities=_behaviour(solution),
        satellites=_satellites(solution),
        name=f"{old.name} after {solution.name}",
    )


def _behaviour(solution: Solution) -> xr.Dataset:
    """Elasticities at the solution: live ones that it used, and the Stone-Geary parameters of its committed purchases."""
    v, model = solution.values_of, solution.model
    behaviour = model.benchmark.elasticities
    changed = model.changed_parameters(solution.arrays)
    used = {n: (behaviour[n].dims, changed[n]) for n in changed if n in behaviour}
    if "dparsum" in behaviour and "dpar_p" in model.symbols:
        behaviour = behaviour.assign(dparsum=behaviour["dparsum"].copy(data=distribution_sum(solution)))
    if used:
        behaviour = behaviour.assign({n: behaviour[n].copy(data=values) for n, (_, values) in used.items()})
    if "committed" not in model.symbols or not v("committed").any():
        return behaviour
    free = v("vpp") * (1.0 - v("committed"))
    spent = v("vpp") * v("ppa") * v("qpa")
    supernumerary = free.sum(0) * v("ysup")
    share = np.divide(spent, spent.sum(0), out=np.zeros_like(spent), where=spent > 0)
    marginal = free / free.sum(0)
    eta = np.divide(marginal, share, out=np.ones_like(share), where=share > 0)
    return behaviour.assign(
        incelas=behaviour["incelas"].copy(data=eta), frisch=behaviour["frisch"].copy(data=-spent.sum(0) / supernumerary)
    )


def _satellites(solution: Solution) -> xr.Dataset | None:
    model, beside = solution.model, solution.model.benchmark.satellites
    if beside is not None and "co2" in beside:
        grown = solution["qo"]
        grown = grown.rename({d: "a" for d in grown.dims if d == "i"}).assign_coords(a=model.labels("a"))
        grown = grown / solution["ao"]  # a productivity of all inputs saves fuel as well
        named = {n: (beside[n] * grown).transpose(*beside[n].dims) for n in ("co2", "energy", "co2_fuel") if n in beside}
        beside = beside.assign({n: x.assign_attrs(beside[n].attrs) for n, x in named.items()})
    if beside is not None and "energy_households" in beside and "qpa" in model.definitions and "vpp" in model.symbols:
        spent = solution["vpp"].sum("i")
        bought = (solution["vpp"] * solution["qpa"]).sum("i") / spent.where(spent != 0, 1.0)
        burnt = {n: (beside[n] * bought).transpose(*beside[n].dims) for n in ("energy_households", "co2_households")}
        beside = beside.assign({n: x.assign_attrs(beside[n].attrs) for n, x in burnt.items()})
    for mechanism in model.mechanisms:
        left = mechanism.satellites(solution)
        if left:
            beside = (beside if beside is not None else xr.Dataset()).assign(left)
    return beside


def distribution_sum(solution: Solution) -> np.ndarray:
    """GTAP's ``DPARSUM`` after a solution: the sum of the distribution parameters of regional utility; dims (r,)."""
    v = solution.values_of
    parts = (v(f"dpar_{use}") * v(shift) for use, shift in (("p", "dppriv"), ("g", "dpgov"), ("s", "dpsave")))
    return np.asarray(sum(parts))
