"""Regional blocs, concentration of suppliers, exposure to single countries, and output at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from calibration.errors import require_labels
from calibration.labels import as_labels
from cge.gvc.icio import Icio
from cge.gvc.identities import require_sum, solve


def _final_content(t: Icio) -> np.ndarray:
    """Value added of origin t in the final goods that s produces, (R, R)."""
    r, n = t.size
    values = (t.content * t.final.sum(1)[None]).reshape(r, r, n).sum(2)
    require_sum(t, "origins of the value of final goods", values.sum(0), t.sum_regions(t.final.sum(1)), t.regions)
    return np.asarray(values)


def bloc_matrix(t: Icio, blocs: Mapping[str, str | Sequence[str]]) -> xr.DataArray:
    """Value added of each bloc in the final output of each bloc; dims (origin, destination)."""
    named = {name: as_labels(members, f"bloc {name!r}") for name, members in blocs.items()}
    member = np.array([[float(x in members) for x in t.regions] for members in named.values()])
    values = member @ _final_content(t) @ member.T
    attrs = {"long_name": "value added in final output", "units": t.units, "formula": "sum over blocs of v B f"}
    labels = list(blocs)
    return xr.DataArray(values, dims=("origin", "destination"), coords={"origin": labels, "destination": labels}, attrs=attrs)


def regionalisation(t: Icio, blocs: Mapping[str, str | Sequence[str]]) -> xr.DataArray:
    """Share of partners of the own bloc in the foreign value added of a country's final output; dims (r).

    After Los, Timmer and de Vries, "How Global Are Global Value Chains?", Journal of Regional Science 55, 2015.
    """
    content = _final_content(t)
    np.fill_diagonal(content, 0.0)
    bloc_of = {x: name for name, members in blocs.items() for x in as_labels(members, f"bloc {name!r}")}
    same = np.array([[a != b and bloc_of[a] == bloc_of[b] for b in t.regions] for a in t.regions])
    foreign = content.sum(0)
    share = np.divide((content * same).sum(0), foreign, out=np.full(foreign.shape, np.nan), where=foreign > 0)
    return t.by_region(share, "own bloc's share of foreign value added", "1", "Los, Timmer, de Vries 2015")


def supplier_concentration(t: Icio) -> xr.Dataset:
    """Herfindahl index over origins of each input used in d: of imports alone, and with home supply; dims (i, d)."""
    r, n = t.size
    flows = t.inter.reshape(r, n, r, n).sum(3)  # (s, i, d)
    foreign = flows * (1 - np.eye(r))[:, None, :]
    out = xr.Dataset()
    for name, values in (("imports", foreign), ("all", flows)):
        total = values.sum(0)
        share = np.divide(values, total[None], out=np.zeros_like(values), where=total[None] > 0)
        index = np.where(total > 0, (share**2).sum(0), np.nan)
        attrs = {"long_name": f"Herfindahl index of suppliers, {name}", "units": "1", "formula": "sum_s share_s^2"}
        out[name] = xr.DataArray(index, dims=("i", "d"), coords={"i": t.sectors, "d": t.regions}, attrs=attrs)
    return out


def exposure(t: Icio) -> xr.Dataset:
    """Inputs from s per unit of output of d: bought directly, and through all tiers; dims (s, d).

    ``face_value``: direct purchases over gross output; ``look_through``: gross output of s that a unit of
    output of d sets off through all tiers (own first round taken off). Baldwin and Freeman, "Risks and
    Global Supply Chains", Annual Review of Economics 14, 2022; Baldwin, Freeman and Theodorakopoulos 2023.
    """
    r, n = t.size
    output = t.sum_regions(t.x)
    direct = t.inter.reshape(r, n, r, n).sum((1, 3))
    by_origin = np.zeros((r * n, r))
    by_origin[np.arange(r * n), np.repeat(np.arange(r), n)] = 1.0
    multiplier = t.leontief(by_origin, transposed=True).T  # gross output of s per unit of final output of (d, a)
    multiplier = multiplier - by_origin.T
    through = (multiplier * t.x[None]).reshape(r, r, n).sum(2)
    per = np.divide(1.0, output, out=np.zeros_like(output), where=output > 0)
    coords = {"s": t.regions, "d": t.regions}
    out = xr.Dataset()
    for name, values, text in (
        ("face_value", direct, "direct inputs over output"),
        ("look_through", through, "inputs through all tiers over output"),
    ):
        shares = values * per[None]
        np.fill_diagonal(shares, 0.0)
        attrs = {"long_name": text, "units": "1", "formula": "Baldwin, Freeman 2022"}
        out[name] = xr.DataArray(shares, dims=("s", "d"), coords=coords, attrs=attrs)
    return out


def output_at_risk(t: Icio, supplier: str, sectors: str | Sequence[str] | None = None) -> xr.DataArray:
    """Share of each output that would not be made without the supplier's inputs; dims (r, i).

    Hypothetical extraction of the supplier's exports of intermediates: 1 - [(I - A^*)^{-1} f]_k / x_k with
    f unchanged (Dietzenbacher, van Burken and Kondo, Economic Systems Research 31, 2019). A measure of dependence, not a
    forecast: nothing is substituted.
    """
    require_labels([supplier], t.regions, "region")
    if sectors is not None:
        sectors = as_labels(sectors, "sectors")
        require_labels(sectors, t.sectors, "sector")
    r, n = t.size
    s = t.regions.index(supplier)
    rows = np.array([s * n + k for k, name in enumerate(t.sectors) if sectors is None or name in sectors])
    cut = t.a.copy()
    away = np.ones(r * n, bool)
    away[s * n : (s + 1) * n] = False
    cut[np.ix_(rows, np.flatnonzero(away))] = 0.0
    left = solve(t, np.eye(r * n) - cut, t.final.sum(1), "output at risk")
    lost = np.divide(t.x - left, t.x, out=np.zeros_like(t.x), where=t.x > 0)
    return t.labelled(lost, f"output at risk without inputs from {supplier}", "share of output", "hypothetical extraction")
