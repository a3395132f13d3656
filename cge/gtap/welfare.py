"""Where EV comes from: allocative efficiency by tax, endowments, technology, terms of trade, saving, population, preferences.

Huff and Hertel, "Decomposing Welfare Changes in the GTAP Model", GTAP Technical Paper 5, 2000; McDougall, "A New
Regional Household Demand System for GTAP", GTAP Technical Paper 20, 2003; as the standard model, version 7, has it.
Lower case are percentage changes, upper case levels in million USD. EV moves by ::

    EV = 0.01 INCOMEEV yev,    yev = pop + UTILELASEV [u - au - sum over uses of DPAR log(UTILEV) dp]     (E_EV, E_yev)
    u  = au + sum over uses of DPAR log(UTIL) dp + (y - pop - p) / UTILELAS                               (E_u)

With EVSCALFACT = (UTILELASEV / UTILELAS) (INCOMEEV / INCOME) that is the sum of ::

    CNTpop   0.01 INCOMEEV pop
    CNTdpar -0.01 UTILELASEV INCOMEEV [sum over uses of DPAR log(UTILEV / UTIL) dp]
    and      0.01 EVSCALFACT INCOME (y - p - pop), of which
      CNTalleff  sum over taxes of revenue x (q - pop), q the quantity that is taxed
      CNTendw    sum of EVOS (qes - pop) - VDEP (kb - pop)
      CNTtech    sum of VOS ao + VA ava + EVFP afe + intermediates (afa, aint) + VMSB ams + VTMFSD atmfsd
      CNTtot     sum of VFOB (pfob - pxwwld) and VST (pds - pxwwld) sold,
                 less VFOB (pfob - pxwwld) and VTMD (pt - pxwwld) bought
      CNTcgds    NETINV (pinv - pxwwld) - SAVE (psave - pxwwld)

since INCOME is the sum of taxes and EVOS less VDEP, and TBAL = SAVE - NETINV, so that what the numeraire of the terms
of trade takes from one part it gives to the other. Mechanisms bring parts of their own (a tax, income
from abroad). The identity of real income is checked at every point of the path; what no part explains raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from cge.errors import ShockError, SolveError
from cge.gtap.indices import beside_goods, exports_price, saving_price, weighted
from cge.gtap.names import WELFARE
from cge.model.path import Path, PathPoint, refuse
from cge.model.shock import Shock
from cge.solver.quadrature import Integral, integrate

if TYPE_CHECKING:
    from cge.gtap.results import GtapResult
    from cge.model import Model

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
    "pop": "population",
    "dpar": "preferences",
}
"""Parts and what they hold; mechanisms bring theirs (:func:`parts_of`)."""
NAMES = {"endw": "CNTendw", "tech": "CNTtech", "tot": "CNTtot", "is": "CNTcgds", "pop": "CNTpop", "dpar": "CNTdpar"}
"""GTAP's names of the parts beside allocative efficiency (``CNTalleff``)."""

SHIFTERS = {"p": "dppriv", "g": "dpgov", "s": "dpsave"}
"""Use -> the instrument that shifts its distribution parameter."""

REAL_INCOME_LIMIT = 1e-8
"""Largest rate of change of a region's real income that may stay unexplained at a point of the path."""
GOALS = (1e-7, 1e-9, 1e-11)
"""Estimated errors (of parts, relative to :func:`size`; of logs of indices) to go down to until the sum meets EV."""
SUM_LIMIT = 1e-9
"""Largest gap between the sum of the parts and EV, relative to :func:`size`."""
SMALLEST = 0.01
"""Share of income below which EV is not the measure of its own errors."""


def parts_of(model: Model) -> dict[str, str]:
    """The parts of EV in a model and what they hold: the standard model's, and those of its mechanisms."""
    return {**PARTS, **{part: text for mechanism in model.mechanisms for part, text in mechanism.parts.items()}}


def size(result: GtapResult) -> Array:
    """What gaps of a region's EV are measured in: its size and a hundredth of income, million USD; dims (r,)."""
    return np.asarray(abs(result.ev()) + SMALLEST * result.base.values_of("y_0"))


def decompose(result: GtapResult, shock: Shock | None = None) -> xr.DataArray:
    """Contributions to EV, million USD; dims (part, r), parts as in :data:`PARTS`.

    Parameters
    ----------
    result : GtapResult
        Its path is used, with further points where the parts need them; its indices are refined to meet them.
    shock : Shock, optional
        What was solved; if given it must be that of the result.

    Returns
    -------
    xarray.DataArray
        ``error`` among the attributes is the largest estimated error, million USD.

    Raises
    ------
    ShockError
        The result is of another shock.
    SolveError
        At a point of the path real income moves by what no part explains, or the sum of the parts misses EV by more
        than :data:`SUM_LIMIT`. ``last`` is the finished solution.
    """
    if shock is not None:
        _same_shock(result, shock)
    names, regions = list(parts_of(result.after.model)), result.after.model.labels("r")
    if result.parts is None:
        result.parts = _integrated(result)
    return xr.DataArray(
        result.parts.value.reshape(len(names), -1),
        dims=("part", "r"),
        coords={"part": names, "r": regions},
        attrs={
            "units": _money(result),
            "long_name": "contributions to equivalent variation",
            "error": float(result.parts.error.max()),
        },
    )


def _integrated(result: GtapResult) -> Integral:
    """The parts along the path, on points as many as their sum needs to meet EV."""
    parts, regions, gap = parts_of(result.after.model), result.after.model.labels("r"), np.array([np.inf])
    for goal in GOALS:
        result.refine(goal)
        scale = size(result)
        everything = np.tile(scale, len(parts))
        found = integrate(lambda place: parts_at(result, place).ravel(), everything, goal)
        gap = abs(found.value.reshape(len(parts), -1).sum(0) - result.ev()) / scale
        if (gap <= SUM_LIMIT).all():
            labels = [f"{text} in {r}" for text in parts.values() for r in regions]
            refuse("parts of EV", labels, found.error, everything, result.after)
            return found
    wrong = [f"{r} ({g:.1e})" for r, g in zip(regions, gap, strict=True) if not g <= SUM_LIMIT]
    raise SolveError(
        f"the parts of EV miss it in {', '.join(wrong)} of EV and a hundredth of income, above the limit of {SUM_LIMIT:.0e}; "
        "cut the shock into smaller ones",
        last=result.after,
    )


def _money(result: GtapResult) -> str:
    return f"million {result.after.model.benchmark.currency}"


def contributions(result: GtapResult, shock: Shock | None = None) -> xr.Dataset:
    """The decomposition under GTAP's names: ``CNTalleff`` (r) and by tax (tax, r), the others of :data:`NAMES` (r).

    They add up to ``EV`` (r); million USD. A part that a mechanism brings, and that is no tax, is ``CNT`` and its name.

    Raises
    ------
    ShockError, SolveError
        As :func:`decompose`.
    """
    parts, held = decompose(result, shock), parts_of(result.after.model)
    taxes = [part for part, text in held.items() if text.startswith("allocative")]
    others = {f"CNT{part}": part for part in held if part not in PARTS and part not in taxes}
    by_tax = parts.sel(part=taxes).rename(part="tax")
    out = xr.Dataset({"CNTalleff": by_tax.sum("tax"), "CNTalleff_tax": by_tax})
    for part, name in [*NAMES.items(), *((part, name) for name, part in others.items())]:
        out[name] = parts.sel(part=part, drop=True)
    meanings = WELFARE | {name: f"contribution to EV of {held[part]}" for name, part in others.items()}
    for name, meaning in meanings.items():
        out[name].attrs = {"units": _money(result), "long_name": meaning, "error": parts.attrs["error"]}
    out["EV"] = ("r", result.ev())
    return out.assign_attrs(units=_money(result), source="Huff and Hertel 2000; integrated along the path")


def _same_shock(result: GtapResult, shock: Shock) -> None:
    asked, solved = Path.along(result.base, shock).direction, result.path.direction
    if set(asked) != set(solved) or any(not np.array_equal(asked[n], solved[n]) for n in asked):
        raise ShockError(f"the result is of shock {result.after.name!r}, not of {shock.name!r}; decompose each with its own")


def parts_at(result: GtapResult, place: float) -> Array:
    """Rates of change of the parts of EV at a place of the walk along the path, million USD; dims (part, r).

    Raises
    ------
    SolveError
        Real income moves by what no part explains.
    """
    point = result.path.point(place)
    v, d = point.value, point.log_slope
    log_psave = result.divisia.until(place)["psave"]
    utilities = result.log_utilities(point.solution, log_psave)
    pop = v("pop") / result.base.values_of("pop")
    income, elasticity, at_old_prices = result.expenditure(
        result.log_utility(point.solution, log_psave), pop, result.preferences(point.solution)
    )
    at_old_prices = np.where(utilities != 0, at_old_prices, 0.0)
    parts = real_income(point)
    scale = elasticity / v("uelas") * (income / (v("y_0") * v("y")))  # EVSCALFACT
    order = list(parts_of(point.solution.model))
    out = np.zeros((len(order), len(pop)))
    for k, part in enumerate(order):
        if part in parts:
            out[k] = scale * parts[part]
    moved = np.stack([v(f"dpar_{use}") * point.slope(shifter) for use, shifter in SHIFTERS.items()])
    out[order.index("pop")] = income * d("pop")
    out[order.index("dpar")] = -elasticity * income * ((at_old_prices - utilities) * moved).sum(0)
    return out


def real_income(point: PathPoint) -> dict[str, Array]:
    """Parts of INCOME (y - p - pop) at a point of the path, by region, without EVSCALFACT.

    Raises
    ------
    SolveError
        They do not add up to it: something moved that no part explains.
    """
    v, d = point.value, point.log_slope
    pop = d("pop")
    parts = _taxes(point, pop)
    earned = v("evos") * v("pes") * v("qfe")
    fixed = earned * v("fix")[:, None, None]
    moving = earned.sum(1) * (v("mob") + v("slug"))[:, None]
    endowments = weighted(moving, d("qe"), (0,)) + weighted(fixed, d("qesf"), (0, 1)) - earned.sum((0, 1)) * pop
    parts["endw"] = endowments - v("vdep") * v("pinv") * v("kb") * (d("kb") - pop)
    freight = v("vtwr") * (v("qxs")[None] / v("atmfsd")) * v("pt")[:, None, None, None]
    parts["tech"] = _technology(point, freight)
    exports, exported = exports_price(point)
    world = exported.sum() / exports.sum() if exports.any() else 0.0  # pxwwld
    bought = v("vcif") * v("sfob") * v("pfob") * v("qxs")
    imports = weighted(bought, d("pfob"), (0, 1)) + weighted(freight, d("pt")[:, None, None, None], (0, 1, 2))
    beside = beside_goods(point)
    imports = imports + beside.get("bought_moved", 0.0)
    spent_abroad = bought.sum((0, 1)) + freight.sum((0, 1, 2)) + beside.get("bought", 0.0)
    parts["tot"] = exported - imports - world * (exports - spent_abroad)
    invested, psave = saving_price(point)
    parts["is"] = invested * (d("pinv") - world) - v("saving") * (psave - world)
    for mechanism in point.solution.model.mechanisms:
        for part, growth in mechanism.real_income(point, world).items():
            parts[part] = parts[part] + growth if part in parts else growth
    income = v("y_0") * v("y")
    private = weighted(v("vpp") * v("ppa") * v("qpa"), d("ppa"), (0,))
    public = weighted(v("vgp") * v("pga") * v("qga"), d("pga"), (0,))
    real = income * (d("y") - pop) - private - public - v("saving") * psave
    gap = abs(sum(parts.values()) - real) / income
    if not (gap <= REAL_INCOME_LIMIT).all():
        worst = int(np.nan_to_num(gap, nan=np.inf).argmax())
        raise SolveError(
            f"welfare: at share {point.share:.3f} of the shock real income of {point.solution.model.labels('r')[worst]} moves "
            f"by {gap[worst]:.1e} of income that no part explains",
            last=point.solution,
        )
    return parts


def _taxes(point: PathPoint, pop: Array) -> dict[str, Array]:
    """Revenue of each tax times the growth of its base per head."""
    v, d = point.value, point.log_slope

    def taxed(base: Array, quantity: str, axes: tuple[int, ...], rate: Array) -> Array:
        revenue = base * rate
        return np.asarray(weighted(revenue, d(quantity), axes) - revenue.sum(axes) * pop)

    pds, pmf, pmp, pmg, pmi = v("pds"), v("pmf"), v("pmp"), v("pmg"), v("pmi")
    if "qca" in point.solution.arrays:  # a make matrix
        output = taxed(v("makb") * v("pca") * v("qca"), "qca", (0, 1), 1 - 1 / v("to"))
    else:
        output = taxed(v("vob") * pds * v("qo"), "qo", (0,), 1 - 1 / v("to"))
    factors = v("evos") * v("pes") * v("qfe")
    shipped = v("vxsb") * pds[:, :, None] * v("qxs")
    landed = v("vcif") * v("pcif") * v("qxs")
    return {
        "to": output,
        "tfe": taxed(factors * v("tinc"), "qfe", (0, 1), v("tfe") - 1),
        "tinc": taxed(factors, "qfe", (0, 1), v("tinc") - 1),
        "tfd": taxed(v("vdfb") * pds[:, None] * v("qfd"), "qfd", (0, 1), v("tfd") - 1),
        "tfm": taxed(v("vmfb") * pmf[:, None] * v("qfm"), "qfm", (0, 1), v("tfm") - 1),
        "tpd": taxed(v("vdpb") * pds * v("qpd"), "qpd", (0,), v("tpd") - 1),
        "tpm": taxed(v("vmpb") * pmp * v("qpm"), "qpm", (0,), v("tpm") - 1),
        "tgd": taxed(v("vdgb") * pds * v("qgd"), "qgd", (0,), v("tgd") - 1),
        "tgm": taxed(v("vmgb") * pmg * v("qgm"), "qgm", (0,), v("tgm") - 1),
        "tid": taxed(v("vdib") * pds * v("qid"), "qid", (0,), v("tid") - 1),
        "tim": taxed(v("vmib") * pmi * v("qim"), "qim", (0,), v("tim") - 1),
        "txs": taxed(shipped, "qxs", (0, 2), v("txs") - 1),
        "tms": taxed(landed, "qxs", (0, 1), v("tms") - 1),
    }


def _technology(point: PathPoint, freight: Array) -> Array:
    """What productivity saves: each flow times the growth of the productivity that acts on it."""
    v, d = point.value, point.log_slope
    if "qca" in point.solution.arrays:
        cost = (v("makb") * v("pca") * v("qca") / v("to")).sum(0)
    else:
        cost = v("vob") * v("pds") * v("qo") / v("to")
    factors = v("evfp") * v("pfe") * v("qfe")
    inputs = v("vdfp") * v("pfd") * v("qfd") + v("vmfp") * v("pfm") * v("qfm")
    landed = v("vcif") * v("pcif") * v("qxs") * v("tms")
    return np.asarray(
        weighted(cost, d("ao"), (0,))
        + weighted(factors.sum(0), d("avaall"), (0,))
        + weighted(factors, d("afe"), (0, 1))
        + weighted(inputs.sum(0), d("aint"), (0,))
        + weighted(inputs, d("afa"), (0, 1))
        + weighted(landed, d("ams"), (0, 1))
        + weighted(freight, d("atmfsd"), (0, 1, 2))
    )
