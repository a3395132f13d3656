"""Where EV comes from: allocative efficiency by tax, endowments, technology, terms of trade, saving.

Huff and Hertel, "Decomposing Welfare Changes in the GTAP Model", GTAP Technical Paper 5, 2000; McDougall 2001.
Real income changes, at current values, by ::

    sum over taxes (revenue x d ln base quantity)           allocative efficiency
  + factor income x d ln endowment - depreciation x d ln kb   endowments
  + output cost x d ln ao + ... + imports x d ln ams           technology
  + exports x d ln p_fob - imports x d ln p_cif               terms of trade
  + net investment x d ln pinv - saving x d ln psave          investment-saving

which is an identity of the model (checked at every node). Times the factor that turns real income at current
prices into expenditure at benchmark prices, and integrated along the path, the parts add up to EV.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cge.errors import SolveError
from cge.gtap.results import GtapResult, saving_price
from cge.path import PathPoint, points, running_integral
from cge.shock import Shock

Array = np.ndarray

PARTS = {
    "to": "allocative efficiency, output tax",
    "tfe": "allocative efficiency, factor-use tax",
    "tinc": "allocative efficiency, income tax",
    "tfd": "allocative efficiency, tax on domestic intermediates",
    "tfm": "allocative efficiency, tax on imported intermediates",
    "tpd": "allocative efficiency, tax on private domestic purchases",
    "tpm": "allocative efficiency, tax on private imports",
    "tgd": "allocative efficiency, tax on government domestic purchases",
    "tgm": "allocative efficiency, tax on government imports",
    "tid": "allocative efficiency, tax on investors' domestic purchases",
    "tim": "allocative efficiency, tax on investors' imports",
    "txs": "allocative efficiency, export tax",
    "tms": "allocative efficiency, import tariff",
    "endw": "endowments net of depreciation",
    "tech": "technology",
    "tot": "terms of trade",
    "is": "investment-saving",
    "pop": "population and per-head utility",
}
"""Parts and what they hold; GTAP's ``CNTalleff``, ``CNTendw``, ``CNTtech``, ``CNTtot``, ``CNTcgds``, ``CNTpop``."""


def decompose(result: GtapResult, shock: Shock, nodes: int = 8) -> xr.DataArray:
    """Contributions to EV, million USD; dims (part, r).

    Raises
    ------
    SolveError
        The identity of real income fails at a node (an error of the model, not of the user).
    """
    held = [(p.weight, *_parts(p)) for p in points(result.base, shock, nodes)]
    running = running_integral(nodes)
    growth = np.array([g for _, _, g, _ in held])  # d ln u / d share at the nodes
    log_u = running @ growth
    total: Array = np.zeros(0)
    for k, (weight, parts, _, current) in enumerate(held):
        expenditure, elasticity = result.expenditure(log_u[k], current["pop"])
        factor = expenditure * elasticity / (current["y"] * current["uelas"])
        piece = weight * factor * parts
        # more people need more expenditure, and spread income thinner; both are one where utility is homothetic
        piece[-1] += weight * expenditure * current["grown"] * (1 - elasticity / current["uelas"])
        total = piece if not total.size else total + piece
    out = xr.DataArray(
        total,
        dims=("part", "r"),
        coords={"part": list(PARTS), "r": result.after.model.labels("r")},
        attrs={"units": _money(result), "long_name": "contributions to equivalent variation"},
    )
    return out


def contributions(result: GtapResult, shock: Shock, nodes: int = 8) -> xr.Dataset:
    """The decomposition under GTAP's names: ``CNTalleff`` (r) and by tax (tax, r), ``CNTendw CNTtech CNTtot CNTcgds CNTpop``.

    They add up to ``EV`` (r); million USD.
    """
    parts = decompose(result, shock, nodes)
    taxes = [str(p) for p in parts["part"].values if PARTS[str(p)].startswith("allocative")]
    by_tax = parts.sel(part=taxes).rename(part="tax")
    out = xr.Dataset({"CNTalleff": by_tax.sum("tax"), "CNTalleff_tax": by_tax})
    for name, part in (("CNTendw", "endw"), ("CNTtech", "tech"), ("CNTtot", "tot"), ("CNTcgds", "is"), ("CNTpop", "pop")):
        out[name] = parts.sel(part=part, drop=True)
    out["EV"] = ("r", result.ev())
    return out.assign_attrs(units=_money(result), source="Huff and Hertel 2000; integrated along the path")


def _money(result: GtapResult) -> str:
    return f"million {result.after.model.benchmark.currency}"


def _parts(p: PathPoint) -> tuple[Array, Array, dict[str, Array]]:
    """Parts of the change of real income, growth of utility per head, and current income, elasticity, population."""
    v, d = p.value, p.log_slope

    def weighted(value: Array, name: str, axes: tuple[int, ...]) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(value != 0, value * d(name), 0.0).sum(axes))

    pds, pmf, pmp, pmg, pmi = v("pds"), v("pmf"), v("pmp"), v("pmg"), v("pmi")
    if "qca" in p.solution.arrays:  # a make matrix
        made_by = v("makb") * v("pca") * v("qca")
        cost = (made_by / v("to")).sum(0)
        taxed = weighted(made_by * (1 - 1 / v("to")), "qca", (0, 1))
    else:
        made = v("vob") * pds * v("qo")
        cost = made / v("to")
        taxed = weighted(made * (1 - 1 / v("to")), "qo", (0,))
    factors = v("evos") * v("pes") * v("qfe")
    basic = factors * v("tinc")
    shipped = v("vxsb") * pds[:, :, None] * v("qxs")
    landed = v("vcif") * v("pcif") * v("qxs")
    fob = shipped * v("txs")
    parts = {
        "to": taxed,
        "tfe": weighted(basic * (v("tfe") - 1), "qfe", (0, 1)),
        "tinc": weighted(factors * (v("tinc") - 1), "qfe", (0, 1)),
        "tfd": weighted(v("vdfb") * pds[:, None] * v("qfd") * (v("tfd") - 1), "qfd", (0, 1)),
        "tfm": weighted(v("vmfb") * pmf[:, None] * v("qfm") * (v("tfm") - 1), "qfm", (0, 1)),
        "tpd": weighted(v("vdpb") * pds * v("qpd") * (v("tpd") - 1), "qpd", (0,)),
        "tpm": weighted(v("vmpb") * pmp * v("qpm") * (v("tpm") - 1), "qpm", (0,)),
        "tgd": weighted(v("vdgb") * pds * v("qgd") * (v("tgd") - 1), "qgd", (0,)),
        "tgm": weighted(v("vmgb") * pmg * v("qgm") * (v("tgm") - 1), "qgm", (0,)),
        "tid": weighted(v("vdib") * pds * v("qid") * (v("tid") - 1), "qid", (0,)),
        "tim": weighted(v("vmib") * pmi * v("qim") * (v("tim") - 1), "qim", (0,)),
        "txs": weighted(shipped * (v("txs") - 1), "qxs", (0, 2)),
        "tms": weighted(landed * (v("tms") - 1), "qxs", (0, 1)),
    }
    by_factor = factors.sum(1)
    fixed = factors * v("fix")[:, None, None]
    endowment = weighted(by_factor * (v("mob") + v("slug"))[:, None], "qe", (0,)) + weighted(fixed, "qesf", (0, 1))
    worn = v("vdep") * v("pinv") * v("kb")
    parts["endw"] = endowment - worn * d("kb")
    factor_cost = v("evfp") * v("pfe") * v("qfe")
    inputs = v("vdfp") * v("pfd") * v("qfd") + v("vmfp") * v("pfm") * v("qfm")
    freight = v("vtwr") * (v("qxs")[None] / v("atmfsd")) * v("pt")[:, None, None, None]
    saved = weighted(freight, "atmfsd", (0, 1, 2))
    parts["tech"] = (
        weighted(cost, "ao", (0,))
        + weighted(factor_cost.sum(0), "ava", (0,))
        + weighted(factor_cost, "afe", (0, 1))
        + weighted(landed * v("tms"), "ams", (0, 1))
        + weighted(inputs, "afa", (0, 1))
        + weighted(inputs.sum(0), "aint", (0,))
        + saved
    )
    margin = weighted(v("vst") * v("pdm") * v("qst"), "pdm", (0,))
    # cheaper freight by technology is not a gain of terms of trade
    parts["tot"] = weighted(fob, "pfob", (0, 2)) + margin - weighted(landed, "pcif", (0, 1)) - saved
    invested, psave = saving_price(p)
    parts["is"] = invested * d("pinv") - v("saving") * psave
    income = v("y_0") * v("y")
    priv = weighted(v("vpp") * v("ppa") * v("qpa"), "ppa", (0,))
    gov = weighted(v("vgp") * v("pga") * v("qga"), "pga", (0,))
    real = income * d("y") - priv - gov - v("saving") * psave
    gap = abs(sum(parts.values()) - real).max() / income.max()
    if gap > 1e-8:
        raise SolveError(f"the parts of real income miss it by {gap:.1e} of income")
    grown, uelas = d("pop"), v("uelas")
    growth = (real / income - grown) / uelas  # of utility per head
    parts["pop"] = np.zeros_like(real)  # filled in where the elasticity at benchmark prices is known
    stacked = np.stack([parts[k] for k in PARTS])
    return stacked, growth, {"y": income, "uelas": uelas, "pop": v("pop"), "grown": grown}
