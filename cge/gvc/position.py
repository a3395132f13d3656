"""Where a country-sector stands in value chains: participation, length, upstreamness, income, services."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from calibration.errors import require_labels
from calibration.labels import as_labels
from cge.errors import ModelError
from cge.gvc.icio import Icio
from cge.gvc.identities import quotient, require_sum, solve


def _home_and_abroad(t: Icio) -> tuple[np.ndarray, np.ndarray]:
    """Final goods sold at home and abroad, each (RN,)."""
    r, n = t.size
    home = t.final_balanced[np.arange(r * n), np.repeat(np.arange(r), n)]
    return home, t.final_balanced.sum(1) - home


def participation(t: Icio, direction: str = "forward") -> xr.Dataset:
    """Shares of value added (forward) or of final goods (backward) by the borders crossed; dims (r, i).

    ``domestic``: no border; ``traditional``: exports of final goods; ``gvc_simple``: one border for
    production; ``gvc_complex``: two and more. They sum to one (checked); NaN where there is
    nothing to share out. Wang, Wei, Yu and Zhu, "Measures of Participation in Global Value Chains and Global
    Business Cycles", NBER 23222, 2017: with L the domestic inverse and A^F foreign coefficients, v L Y^D, v L Y^F,
    v L A^F L Y^D, v L A^F (B Y - L Y^D).
    """
    home, abroad = _home_and_abroad(t)
    if direction == "forward":
        local = t.apply_domestic(home)
        simple = t.apply_domestic(t.apply_foreign(local))
        complex_ = t.apply_domestic(t.apply_foreign(t.x - local))
        parts = [t.v * local, t.v * t.apply_domestic(abroad), t.v * simple, t.v * complex_]
        whole = t.value_added
    elif direction == "backward":
        local = t.apply_domestic(t.v, transposed=True)
        foreign = t.apply_foreign(local, transposed=True)
        simple = t.apply_domestic(foreign, transposed=True)
        through = t.leontief(foreign, transposed=True)
        final = home + abroad
        parts = [local * home, local * abroad, simple * home, through * final - simple * home]
        whole = final
    else:
        raise ModelError(f"unknown direction {direction!r}; choose 'forward' or 'backward'")
    names = ("domestic", "traditional", "gvc_simple", "gvc_complex")
    cells = [t.label(k) for k in range(len(t.x))]
    what = "value added" if direction == "forward" else "final goods"
    require_sum(t, f"kinds of {what}", sum(parts, np.zeros_like(whole)), whole, cells)
    formula = f"Wang, Wei, Yu, Zhu 2017 ({direction})"
    return xr.Dataset({k: t.labelled(quotient(p, whole), k, "1", formula) for k, p in zip(names, parts, strict=True)})


def production_length(t: Icio, direction: str = "forward") -> xr.Dataset:
    """Average number of production stages, in all and by the kind of chain; dims (r, i).

    Wang, Wei, Yu and Zhu, "Characterizing Global Value Chains: Production Length and Upstreamness", NBER
    23261, 2017: output induced over value added, v L L Y^D / v L Y^D (domestic), the same with Y^F
    (traditional), v (B B - L L) Y / v (B - L) Y (gvc), v B B Y / v B Y (total); backward by columns.
    """
    home, abroad = _home_and_abroad(t)
    final = home + abroad
    # B - L = L A^F B, so that chains that no border crosses are exactly zero and not a difference of rounding
    if direction == "forward":
        one = [t.apply_domestic(y) for y in (home, abroad)]
        two = [t.apply_domestic(y) for y in one]
        all_one, all_two = t.x, t.leontief(t.x)
        chain_one = t.apply_domestic(t.apply_foreign(t.x))
        chain_two = t.apply_domestic(t.apply_foreign(all_two)) + t.apply_domestic(chain_one)
    elif direction == "backward":
        local = t.apply_domestic(t.v, transposed=True)
        twice = t.apply_domestic(local, transposed=True)
        world = t.leontief(t.v, transposed=True)
        crossed = t.leontief(t.apply_foreign(local, transposed=True), transposed=True)
        again = t.leontief(t.apply_foreign(twice, transposed=True), transposed=True)
        one, two = [local * home, local * abroad], [twice * home, twice * abroad]
        all_one, all_two = world * final, t.leontief(world, transposed=True) * final
        chain_one = crossed * final
        chain_two = (t.leontief(crossed, transposed=True) + again) * final
    else:
        raise ModelError(f"unknown direction {direction!r}; choose 'forward' or 'backward'")
    parts = {
        "domestic": quotient(two[0], one[0]),
        "traditional": quotient(two[1], one[1]),
        "gvc": quotient(chain_two, chain_one),
        "total": quotient(all_two, all_one),
    }
    formula = f"Wang, Wei, Yu, Zhu 2017 ({direction})"
    return xr.Dataset({k: t.labelled(p, f"production length, {k}", "stages", formula) for k, p in parts.items()})


def _levels(t: Icio, level: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flows, output, and what is spread over the uses of a row: net inventories and a row's discrepancy."""
    spread = t.inventories if t.discrepancy is None else t.inventories + t.discrepancy
    if level == "cell":
        return t.inter, t.x, spread
    if level == "country":
        r, n = t.size
        return t.inter.reshape(r, n, r, n).sum((1, 3)), t.sum_regions(t.x), t.sum_regions(spread)
    raise ModelError(f"unknown level {level!r}; choose 'cell' or 'country'")


def _named(t: Icio, values: np.ndarray, level: str, name: str, formula: str) -> xr.DataArray:
    return t.labelled(values, name, "stages", formula) if level == "cell" else t.by_region(values, name, "stages", formula)


def upstreamness(t: Icio, level: str = "cell") -> xr.DataArray:
    """Average distance from final use: U = (I - D)^{-1} 1, D_ij = z_ij / (x_i - n_i); dims (r, i) or (r).

    Net inventories n (and a row's discrepancy) are spread over uses in proportion, which scales row i by
    x_i / (x_i - n_i). An industry without output (or that only fills stocks) stands at 1. At country
    level each country is one industry. Antras and Chor, "On the Measurement of Upstreamness and
    Downstreamness in Global Value Chains", NBER 24185, 2018; Antras, Chor, Fally and Hillberry 2012.
    """
    z, x, stocks = _levels(t, level)
    per = np.divide(1.0, x - stocks, out=np.zeros_like(x), where=(x - stocks) > 0)
    matrix = np.eye(len(x)) - z * per[:, None]
    found = solve(t, matrix, np.ones(len(x)), "upstreamness")
    return _named(t, found, level, "upstreamness", "(I - D)^-1 1, D = z / (x - n) (Antras, Chor 2018)")


def downstreamness(t: Icio, level: str = "cell") -> xr.DataArray:
    """Average distance from primary factors: 1'(I - A)^{-1} with A_ij = z_ij / x_j; dims (r, i) or (r).

    Rows are scaled for net inventories as in :func:`upstreamness`. Antras and Chor 2018.
    """
    z, x, stocks = _levels(t, level)
    spread = np.divide(x, x - stocks, out=np.ones_like(x), where=(x - stocks) > 0)
    per = np.divide(1.0, x, out=np.zeros_like(x), where=x > 0)
    matrix = np.eye(len(x)) - z * spread[:, None] * per[None, :]
    found = solve(t, matrix.T, np.ones(len(x)), "downstreamness")
    return _named(t, found, level, "downstreamness", "1'(I - A)^-1 (Antras, Chor 2018)")


def gvc_income(t: Icio, sectors: str | Sequence[str], intensity: xr.DataArray | None = None) -> xr.DataArray:
    """Value added of each country-sector in the world's final output of ``sectors``; dims (r, i).

    Timmer, Erumban, Los, Stehrer and de Vries, "Slicing Up Global Value Chains", Journal of Economic
    Perspectives 28(2), 2014. With ``intensity`` (jobs or another total by (r, i)) the same for jobs.
    """
    sectors = as_labels(sectors, "sectors")
    require_labels(sectors, t.sectors, "sector")
    chosen = np.tile(np.isin(t.sectors, list(sectors)), t.size[0])
    wanted = t.final.sum(1) * chosen
    produced = t.leontief(wanted)
    if intensity is None:
        require_sum(t, "incomes in final output", np.array([t.v @ produced]), np.array([wanted.sum()]), ["the world"])
    per = t.v if intensity is None else _intensity(t, intensity)
    units = t.units if intensity is None else str(intensity.attrs.get("units", "1"))
    return t.labelled(per * produced, "GVC income" if intensity is None else "GVC jobs", units, "v B f (Timmer et al. 2014)")


def _intensity(t: Icio, totals: xr.DataArray) -> np.ndarray:
    for dim, labels, what in (("r", t.regions, "region"), ("i", t.sectors, "sector")):
        if dim not in totals.coords:
            raise ModelError(f"the intensity must have dims (r, i) with labels, got {totals.dims}")
        given = [str(x) for x in totals[dim].values]
        require_labels(labels, given, f"{what} of the intensity")
        require_labels(given, labels, f"{what} of the table")
        if len(set(given)) < len(given):
            raise ModelError(f"a {what} comes twice in the intensity")
    values = np.asarray(totals.sel(r=t.regions, i=t.sectors).transpose("r", "i").values, dtype=float).ravel()
    lost = ~np.isfinite(values) | ((values != 0) & (t.x <= 0))
    if lost.any():
        k = int(np.flatnonzero(lost)[0])
        raise ModelError(
            f"the intensity of {t.label(k)} is {values[k]:g}"
            + (" and it makes nothing: move it to an industry that does" if np.isfinite(values[k]) else "; fill that cell")
        )
    return np.asarray(np.divide(values, t.x, out=np.zeros_like(t.x), where=t.x > 0))


def embodied(t: Icio, totals: xr.DataArray) -> xr.DataArray:
    """A factor, emission or other total of origin r embodied in the final demand of d: e B Y; dims (r, d)."""
    per = _intensity(t, totals)
    values = t.sum_regions(per[:, None] * t.leontief(t.final))
    whole = t.sum_regions(per[:, None] * t.leontief(t.final_balanced)).sum(1)
    require_sum(t, "totals embodied in final demand", whole, t.sum_regions(per * t.x), t.regions)
    attrs = {"long_name": "embodied in final demand", "units": str(totals.attrs.get("units", "1")), "formula": "e B Y"}
    return xr.DataArray(values, dims=("r", "d"), coords={"r": t.regions, "d": t.regions}, attrs=attrs)


def services_content(t: Icio, services: str | Sequence[str]) -> xr.Dataset:
    """Value added of services, at home and abroad, in a unit of each output; dims (r, i).

    Servicification of manufactures, after Miroudot and Cadestin, OECD Trade Policy Paper 197, 2017.
    """
    services = as_labels(services, "services")
    require_labels(services, t.sectors, "service sector")
    r, n = t.size
    chosen = np.tile(np.isin(t.sectors, list(services)), r)
    masked = np.zeros((r * n, r))
    masked[np.arange(r * n), np.repeat(np.arange(r), n)] = t.v * chosen
    content = t.leontief(masked, transposed=True).T.reshape(r, r, n)
    home = np.stack([content[s, s] for s in range(r)])
    abroad = content.sum(0) - home
    formula = "v_services B (Miroudot, Cadestin 2017)"
    return xr.Dataset(
        {
            "domestic": t.labelled(home.ravel(), "domestic services content", "share of output", formula),
            "foreign": t.labelled(abroad.ravel(), "foreign services content", "share of output", formula),
        }
    )
