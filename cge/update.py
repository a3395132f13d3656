"""The data base after a shock: a balanced SAM at the solution's prices and quantities.

Calibrated to it, a model replicates the solution as its new benchmark. GEMPACK users know it as the
updated data of a simulation.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.benchmark import Benchmark
from calibration.sam import USES, Sam, make_dataset
from cge.solution import Solution, _refuse_rules


def updated_sam(solution: Solution) -> Sam:
    """Every header of the SAM at the solution, million USD in the numeraire.

    Raises
    ------
    ModelError
        Firms comply with binding rules of origin (:meth:`cge.solution.Solution.icio`).
    """
    _refuse_rules(solution, "its SAM")
    v, model = solution.values_of, solution.model
    gtap = "tinc" in model.symbols
    pds, pmf, pmp, pmg, pmi = v("pds"), v("pmf"), v("pmp"), v("pmg"), v("pmi")
    g: dict[str, np.ndarray] = {
        "vdfb": v("vdfb") * pds[:, None] * v("qfd"),
        "vmfb": v("vmfb") * pmf[:, None] * v("qfm"),
        "vdpb": v("vdpb") * pds * v("qpd"),
        "vmpb": v("vmpb") * pmp * v("qpm"),
        "vdgb": v("vdgb") * pds * v("qgd"),
        "vmgb": v("vmgb") * pmg * v("qgm"),
        "vdib": v("vdib") * pds * v("qid"),
        "vmib": v("vmib") * pmi * v("qim"),
    }
    for letter in "fpgi":
        for origin in "dm":
            g[f"v{origin}{letter}p"] = g[f"v{origin}{letter}b"] * v(f"t{letter}{origin}")
    g["vxsb"] = v("vxsb") * pds[:, :, None] * v("qxs")
    g["vfob"] = g["vxsb"] * v("txs")
    g["vcif"] = v("vcif") * v("pcif") * v("qxs")
    g["vmsb"] = g["vcif"] * v("tms")
    g["vst"] = v("vst") * v("pdm") * v("qst")
    g["vtwr"] = v("vtwr") * (v("qxs")[None] / v("atmfsd")) * v("pt")[:, None, None, None]
    g["vmub"] = _imports_by_use(solution, g)
    g["evfp"] = v("evfp") * v("pfe") * v("qfe")
    g["evfb"] = g["evfp"] / v("tfe")
    income_tax = model.data.power("evfb", "evos") if not gtap else v("tinc")
    g["evos"] = g["evfb"] / income_tax
    if "qca" in model.symbols:
        g["makb"] = v("makb") * v("pca") * v("qca")
        g["maks"] = g["makb"] / v("to")
    else:
        output = v("vob") * pds * v("qo")
        k = np.arange(len(output))
        for header, value in (("makb", output), ("maks", output / v("to"))):
            g[header] = np.zeros((k.size, k.size, output.shape[1]))
            g[header][k, k] = value
    kb = v("kb") if gtap else 1.0
    g["vdep"] = v("vdep") * v("pinv") * kb
    g["vkb"] = model.data["vkb"] * v("pinv") * kb
    g["save"] = v("saving")
    if "pop" not in str(model.benchmark.sam.data.attrs.get("zero_headers", "")).split():
        g["pop"] = model.data["pop"] * v("pop")
    sets = {d: model.labels(d) for d in ("i", "a", "f", "r", "m")}
    old = model.benchmark.sam.data.attrs
    attrs = {**old, "title": f"{old.get('title', model.benchmark.name)}, updated by {solution.name}"}
    return Sam(make_dataset(g, sets, attrs), model.benchmark.sam.adjustments)


def _imports_by_use(solution: Solution, g: dict[str, np.ndarray]) -> np.ndarray:
    """Bilateral imports of each use: the origins of its sourcing class, its own share of the class."""
    v, data = solution.values_of, solution.model.data
    classes = list(data.classes.values())
    drawn = v("sxu") * (v("qms") * v("pms") ** v("esubm")[:, None])[:, :, None, :]
    total = drawn.sum(1, keepdims=True)
    by_class = np.divide(drawn, total, out=np.zeros_like(drawn), where=total > 0) * g["vmsb"][:, None]
    used = {"int": g["vmfb"].sum(1), "prv": g["vmpb"], "gov": g["vmgb"], "inv": g["vmib"]}
    out = []
    for use in USES:
        at = next(k for k, uses in enumerate(classes) if use in uses)
        of_class = sum(used[u] for u in classes[at])
        share = np.divide(used[use], of_class, out=np.zeros_like(used[use]), where=of_class > 0)
        out.append(by_class[:, at] * share[:, None])
    return np.stack(out, axis=1)


def updated_benchmark(solution: Solution) -> Benchmark:
    """The updated SAM with the same elasticities; GTAP's sum of distribution parameters follows their shifts."""
    held = solution.model.benchmark
    elasticities = held.elasticities
    if "dpar_p" in solution.model.symbols:
        elasticities = elasticities.copy()
        elasticities["dparsum"] = elasticities["dparsum"].copy(data=distribution_sum(solution))
    return replace(held, sam=updated_sam(solution), elasticities=elasticities, name=f"{held.name} after {solution.name}")


def distribution_sum(solution: Solution) -> np.ndarray:
    """GTAP's ``DPARSUM`` after a solution: the sum of the distribution parameters of regional utility; dims (r,)."""
    v = solution.values_of
    parts = (v(f"dpar_{use}") * v(shift) for use, shift in (("p", "dppriv"), ("g", "dpgov"), ("s", "dpsave")))
    return np.asarray(sum(parts))
