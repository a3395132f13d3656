"""Parts of real income that rules of origin move: duties as firms pay them, the premium, and what compliance costs.

In a regime of product ``x`` at price ``c`` and duty power ``t``, an importer's duty less what dearer shipments take is ::

    d[(t - 1) c x] - (x / paper) d(paper c t) = (t - 1) c dx - x dc - x c t dlog(paper)

allocative efficiency, terms of trade, technology; the choice of a regime leaves the expected minimum as it is (envelope). The
premium ``prem`` on ``n`` complying units pays for extra inputs ``e`` at prices ``p``: ``n prem = sum p e``, so that ::

    n dprem + [prem dn - sum p de] - sum e dp = 0

terms of trade of the exporter, technology (compliance takes more or less input a unit), and what the inputs' prices take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cge.mechanisms.origin.industry import Industry

if TYPE_CHECKING:
    from cge.model.path import PathPoint

Array = np.ndarray
Take = Callable[[str], Array]


def real_income(point: PathPoint, industry: Industry, name: Callable[[str], str]) -> dict[str, Array]:
    """Parts of real income of one covered sector at a point of a path (:meth:`cge.equations.declare.Mechanism.real_income`)."""

    def value(plain: str) -> Array:
        return np.asarray(np.nan_to_num(point.value(name(plain))))

    def slope(plain: str) -> Array:
        return np.asarray(np.nan_to_num(point.slope(name(plain))))

    regime = _regime(value, slope, industry)
    compliance = _compliance(value, slope, industry)
    shared = [key for key in regime if key in compliance]
    return {**regime, **compliance, **{key: regime[key] + compliance[key] for key in shared}}


def _regime(v: Take, d: Take, industry: Industry) -> dict[str, Array]:
    i, ships = industry.commodity, industry.ships
    pop = d("pop") / v("pop")
    cif, tms = v("vcif")[i] * ships, v("tms")[i]
    pcif, sbas, prem = v("pcif")[i], v("sbas"), v("prem")[:, :, None]
    price = pcif + sbas * prem  # (k, s, d)
    complying = v("dship") * v("paper") * v("qpref")
    d_complying = d("dship") * v("paper") * v("qpref") + v("dship") * (d("paper") * v("qpref") + v("paper") * d("qpref"))
    d_ordinary = d("dship") * v("qmfn").sum(0) + v("dship") * d("qmfn").sum(0)
    duties = (tms - 1) * (price * d_complying).sum(0) + (v("tmfn") - 1) * pcif * d_ordinary
    plain = (tms - 1) * pcif * d("qxs")[i]  # what the tariff of the core counts
    more = v("duty") * ships - cif * (tms - 1) * pcif * v("qxs")[i]
    paperwork = (complying * price).sum(0) * tms * d("paper") / v("paper")
    chosen = v("util") * _log(d("apref"), v("apref")) + (1 - v("util")) * _log(d("bmfn"), v("bmfn"))
    shifted = v("tms_0")[i] * v("dship") * (v("wtype")[:, :, None] * (d("ptype") - v("ptype") * chosen)).sum(0)
    iceberg = (v("tms_0")[i] * v("pship") * v("dship") - pcif * v("qxs")[i] * tms) * d("ams")[i] / v("ams")[i]
    units = cif * sbas * complying  # on which the premium is paid, (k, s, d)
    d_units = cif * sbas * d_complying
    premium, moved = units * prem, units * d("prem")[:, :, None]
    return {
        "tms": (cif * (duties - plain)).sum(0) - more.sum(0) * pop,
        "tech": (cif * (iceberg - paperwork - shifted)).sum(0) + (prem * d_units).sum((0, 2)),
        "sold": premium.sum((0, 2)),
        "sold_moved": moved.sum((0, 2)),
        "bought": premium.sum((0, 1)),
        "bought_moved": moved.sum((0, 1)),
    }


def _compliance(v: Take, d: Take, industry: Industry) -> dict[str, Array]:
    a = industry.activity
    landed = v("vcif") * v("tms_0") * v("pmds") / v("ams")
    power = v("tfm")[:, a][:, None]
    taxed = landed * (power - 1)
    at_home = v("vdfp")[:, a] * v("pfd")[:, a]
    saved = at_home * v("qfdcomp")[:, a] * (d("aint")[a] / v("aint")[a] + d("afa")[:, a] / v("afa")[:, a])  # not of compliance
    pop = d("pop") / v("pop")
    return {
        "tfm": (taxed * d("extra")).sum((0, 1)) - (taxed * v("extra")).sum((0, 1)) * pop,
        "tech": -(at_home * d("qfdcomp")[:, a]).sum(0) - (landed * power * d("extra")).sum((0, 1)) - saved.sum(0),
    }


def _log(change: Array, level: Array) -> Any:
    return np.divide(change, level, out=np.zeros_like(change), where=level != 0)
