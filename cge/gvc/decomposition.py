"""What exports are made of: value-added exports, vertical specialisation, and full decompositions.

Notation: A input coefficients, B = (I - A)^{-1}, L_s = (I - A_ss)^{-1}, V value-added coefficients,
Y_sr final goods of s used in r, E_sr gross exports, E_s their sum over r.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cge.errors import ModelError
from cge.gvc.icio import Icio
from cge.gvc.identities import quotient, require_sum

TERMS = {
    "T1": "domestic value added in direct exports of final goods",
    "T2": "domestic value added in intermediates absorbed by the direct importer",
    "T3": "domestic value added in intermediates re-exported to third countries",
    "T4": "domestic value added that returns in final imports",
    "T5": "domestic value added that returns in intermediate imports",
    "T6": "double-counted intermediates produced at home",
    "T7": "foreign value added in exports of final goods",
    "T8": "foreign value added in exports of intermediates",
    "T9": "double-counted intermediates produced abroad",
}
BM = {
    "dc": "domestic content",
    "dva": "domestic value added",
    "ddc": "domestic double counting",
    "fc": "foreign content",
    "fva": "foreign value added",
    "fdc": "foreign double counting",
    "vax": "value added absorbed abroad",
    "ref": "value added returned and absorbed at home",
    "davax": "value added absorbed by the direct importer",
}


def _blocks(t: Icio) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Content (R, R, N), balanced final demand (R, N, R) and total exports (R, N)."""
    r, n = t.size
    return t.content.reshape(r, r, n), t.final_balanced.reshape(r, n, r), t.exports.reshape(r, n)


def value_added_trade(t: Icio) -> xr.DataArray:
    """V_s sum_j B_sj Y_jd: value added of r absorbed in d; off the diagonal, value-added exports.

    Johnson and Noguera, "Accounting for Intermediates", Journal of International Economics 86, 2012.
    """
    values = t.content @ t.final
    made = t.sum_regions(t.value_added)
    require_sum(t, "destinations of value added", (t.content @ t.final_balanced).sum(1), made, t.regions)
    attrs = {"long_name": "value added by absorbing region", "units": t.units, "formula": "V_s B Y_d (Johnson, Noguera 2012)"}
    return xr.DataArray(values, dims=("r", "d"), coords={"r": t.regions, "d": t.regions}, attrs=attrs)


def vertical_specialisation(t: Icio) -> xr.Dataset:
    """Import content of exports: foreign value added by origin, and by the importer's own table.

    ``vs`` = sum_{t != s} V_t B_ts E_s (Koopman, Wang and Wei's generalisation); ``vs_hiy`` = u A^M_s L_s E_s
    (Hummels, Ishii and Yi, Journal of International Economics 54, 2001).
    """
    content, _, exports = _blocks(t)
    r, n = t.size
    total = np.einsum("tsn,sn->ts", content, exports)
    vs = total.sum(0) - np.diag(total)
    produced = t.apply_domestic(exports.reshape(r * n))
    hiy = t.sum_regions(t.apply_foreign(np.ones(r * n), transposed=True) * produced)
    gross = exports.sum(1)
    require_sum(t, "origins of the value of exports", total.sum(0), gross, t.regions)
    out = xr.Dataset()
    for name, values, text in (("vs", vs, "sum_t V_t B_ts E_s"), ("vs_hiy", hiy, "u A^M L_s E_s (Hummels, Ishii, Yi 2001)")):
        out[name] = t.by_region(values, "import content of exports", t.units, text)
        out[f"{name}_share"] = t.by_region(quotient(values, gross), "import content of exports, share", "1", text)
    return out


def kww(t: Icio) -> xr.DataArray:
    """The nine terms of gross exports, which they sum to (checked); dims (r, term); zeros where nothing is exported.

    Koopman, Wang and Wei, "Tracing Value-Added and Double Counting in Gross Exports", American Economic
    Review 104(2), 2014, equation (36).
    """
    content, final, exports = _blocks(t)
    r, n = t.size
    own = np.arange(r)
    home = np.stack([final[s, :, s] for s in range(r)])  # Y_ss
    l_home = t.apply_domestic(home.reshape(-1)).reshape(r, n)  # L_s Y_ss
    l_exports = t.apply_domestic(exports.reshape(-1)).reshape(r, n)  # L_s E_s
    a = t.a.reshape(r, n, r, n)
    # of region s: A_rs (L_s Y_ss), A_rs (L_s E_s) for every supplier r, and A_sr (L_r Y_rr), A_sr (L_r E_r)
    use_home = np.einsum("rnsm,sm->rns", a, l_home, optimize=True)
    use_exports = np.einsum("rnsm,sm->rns", a, l_exports, optimize=True)
    final_abroad = final.copy()
    final_abroad[own, :, own] = 0.0
    terms = np.zeros((r, 9))
    for s in range(r):
        others = own != s
        v, foreign = content[s], content[others][:, s].sum(0)  # V_s B_s., sum_t V_t B_ts
        sent = final_abroad[s].sum(1)
        terms[s, 0] = v[s] @ sent
        terms[s, 1] = (v[others] * home[others]).sum()
        to_third = final_abroad[others].sum(2) - final[others][:, :, s]
        terms[s, 2] = (v[others] * to_third).sum()
        terms[s, 3] = (v[others] * final[others][:, :, s]).sum()
        terms[s, 4] = (v[others] * use_home[others][:, :, s]).sum()
        terms[s, 5] = (v[others] * use_exports[others][:, :, s]).sum()
        terms[s, 6] = foreign @ sent
        terms[s, 7] = foreign @ use_home[s][:, others].sum(1)
        terms[s, 8] = foreign @ use_exports[s][:, others].sum(1)
    require_sum(t, "the nine terms of exports", terms.sum(1), exports.sum(1), t.regions)
    attrs = {
        "long_name": "Koopman-Wang-Wei terms of gross exports",
        "units": t.units,
        "terms": "; ".join(f"{k} {v}" for k, v in TERMS.items()),
    }
    return xr.DataArray(terms, dims=("r", "term"), coords={"r": t.regions, "term": list(TERMS)}, attrs=attrs)


def borin_mancini(t: Icio, perspective: str = "exporter") -> xr.Dataset:
    """Terms of each country's exports, dims (r).

    Borin and Mancini, "Measuring What Matters in Value-Added Trade", World Bank WPS 8804 (2019). With B^s
    the inverse of a world in which s exports no intermediates, dva = V_s L_s E_s, dc = V_s B_ss E_s,
    fva = sum_t V_t B^s_ts E_s, fc = sum_t V_t B_ts E_s; vax is absorbed abroad, ref = dva - vax,
    davax = V_s L_s sum_r (Y_sr + A_sr L_r Y_rr).

    Parameters
    ----------
    perspective : {"exporter", "world"}
        From the exporter a foreign item counts once a country that re-exports it; from the world an item
        counts only when its origin first exports it, so that all foreign content is double counting.
    """
    if perspective not in ("exporter", "world"):
        raise ModelError(f"unknown perspective {perspective!r}; choose 'exporter', 'world', or borin_mancini_bilateral")
    bilateral = borin_mancini_bilateral(t, "source")
    out = bilateral.sum("d")
    out["vax"] = t.by_region(_off_diagonal(value_added_trade(t).values), "", t.units)
    out["ref"] = out["dva"] - out["vax"]
    if perspective == "world":
        out["fdc"], out["fva"] = out["fc"].copy(), xr.zeros_like(out["fva"])
    for name, text in BM.items():
        out[name].attrs = {"long_name": text, "units": t.units, "formula": f"Borin, Mancini 2019 ({perspective} perspective)"}
    return out[list(BM)]


def _off_diagonal(matrix: np.ndarray) -> np.ndarray:
    return np.asarray(matrix.sum(1) - np.diag(matrix))


def borin_mancini_bilateral(t: Icio, approach: str = "source") -> xr.Dataset:
    """Terms of bilateral exports, dims (r, d); they sum over d to the exporter's.

    With the ``source`` approach an item is value added the first time it leaves its country, with ``sink``
    the last time: the part of E_sr that s exports again is taken off, E_sr - A_sr B^s_rs E_s, and
    valued at V_s B_ss (foreign: V_t B_ts). ``davax`` is the same in both.
    """
    if approach not in ("source", "sink"):
        raise ModelError(f"unknown approach {approach!r}; choose 'source' or 'sink'")
    content, _, exports = _blocks(t)
    r, n = t.size
    size = r * n
    final = t.final.reshape(r, n, r)  # absorption, without a discrepancy
    flows = t.bilateral_exports.reshape(r, n, r)
    v = t.v.reshape(r, n)
    names = ("dc", "dva", "ddc", "fc", "fva", "fdc", "davax")
    held = {k: np.zeros((r, r)) for k in names}
    a = t.a.reshape(r, n, r, n)
    home = np.stack([final[s, :, s] for s in range(r)])
    l_home = t.apply_domestic(home.reshape(-1)).reshape(r, n)
    for s in range(r):
        local = t.domestic_inverses[s]
        m_inverse = t.without_reimports[s]  # B^s_ts = B_ts B_ss^{-1} L_s
        others = np.arange(r) != s
        domestic, foreign = content[s, s], content[others][:, s].sum(0)
        local_value = v[s] @ local
        if approach == "source":
            dva = local_value @ flows[s]
            fva = foreign @ (m_inverse @ flows[s])
        else:
            unit = np.zeros(size)
            unit[s * n : (s + 1) * n] = m_inverse @ exports[s]
            reached = t.leontief(unit).reshape(r, n)  # B^s_rs E_s
            back = np.einsum("nrm,rm->nr", a[s], reached, optimize=True)  # A_sr B^s_rs E_s
            back[:, s] = 0.0
            kept = flows[s] - back
            dva, fva = domestic @ kept, foreign @ kept
        direct = final[s] + np.einsum("nrm,rm->nr", a[s], l_home, optimize=True)
        direct[:, s] = 0.0
        held["dc"][s], held["fc"][s] = domestic @ flows[s], foreign @ flows[s]
        held["dva"][s], held["fva"][s] = dva, fva
        held["davax"][s] = local_value @ direct
    require_sum(
        t,
        "domestic and foreign content of exports",
        (held["dc"] + held["fc"]).ravel(),
        flows.sum(1).ravel(),
        [f"{a} -> {b}" for a in t.regions for b in t.regions],
    )
    held["ddc"], held["fdc"] = held["dc"] - held["dva"], held["fc"] - held["fva"]
    coords = {"r": t.regions, "d": t.regions}
    attrs = {"units": t.units, "formula": f"Borin, Mancini 2019 (bilateral, {approach}-based)"}
    return xr.Dataset({k: (("r", "d"), held[k], {"long_name": BM[k], **attrs}) for k in names}, coords=coords)
