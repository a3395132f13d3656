"""International freight of the world of 2018: rates by good and route, applied to the SAM. See :mod:`calibration.freight`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from calibration.distances import sea_borne
from calibration.freight import (
    GROUP_SECTORS,
    ROUTES,
    RouteFit,
    fit_routes,
    hidden_importers,
    rates_by_good,
    routes,
    with_freight,
)
from calibration.geography import economy
from calibration.readers import TradeCube, rest_of_world
from calibration.readers.gtap_sample import read_gtap_sample
from calibration.sam import Sam

SERVICE = "trd"


@dataclass(frozen=True)
class Freight:
    """What the build knows of freight: rates (i, s, d), the fit, errors on hidden importers, sea-borne pairs (s, d)."""

    rates: xr.DataArray
    fit: RouteFit
    validation: pd.DataFrame
    sea: xr.DataArray

    @property
    def attrs(self) -> dict[str, str]:
        """Provenance for the benchmark."""
        shown = ", ".join(f"{name} {factor:.2f}" for name, factor in zip(ROUTES, self.fit.factors, strict=True))
        error = self.validation.loc["all"]
        return {
            "freight": (
                "estimated: mean margins by group of goods of the public GTAP v7 sample (2017), goods by published rates on US "
                f"imports (Adler and Hufbauer 2009), routes {shown}; error on hidden importers {100 * error['error']:.0f} % of "
                f"margins ({100 * error['error_of_means']:.0f} % with means by good); exports fob are the source's, imports "
                "cif are estimated; freight is taken out of users' purchases of trade and transport services"
            )
        }


def sample_margins(data: Path, cube: TradeCube) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Margins and fob trade of the GTAP sample (group, s, d); shares of routes between its areas in the cube (route, s, d)."""
    sample, _ = read_gtap_sample(data / "gtap_v7_sample")
    groups = list(GROUP_SECTORS)
    take = np.array([[float(i in GROUP_SECTORS[g]) for i in sample.commodities] for g in groups])
    margins = np.einsum("gi,isd->gsd", take, sample["vtwr"].sum(0))
    fob = np.einsum("gi,isd->gsd", take, sample["vfob"])
    regions = list(cube.regions)
    trade = _trade(cube).sum("i").values
    classes = routes(regions, rest_of_world(data / "national_accounts", regions, cube.year)).values
    area = np.array([[float(economy(r).area == a) for r in regions] for a in sample.regions])
    shares = np.einsum("as,ksd,bd->kab", area, classes * trade, area) / (area @ trade @ area.T)
    return margins, fob, shares, groups


def freight(data: Path, cube: TradeCube, sectors: list[str]) -> Freight:
    """Freight rates for the economies of the cube and ``sectors`` (goods and services; services have none)."""
    margins, fob, shares, groups = sample_margins(data, cube)
    fit = fit_routes(margins, fob, shares)
    regions = list(cube.regions)
    classes = routes(regions, rest_of_world(data / "national_accounts", regions, cube.year))
    weight = (classes * xr.DataArray(fit.factors, dims="route")).sum("route")
    means = dict(zip(groups, margins.sum((1, 2)) / fob.sum((1, 2)), strict=True))
    relative = weight / fit.factors[-1]
    by_good = rates_by_good(means, _trade(cube), relative).reindex(sectors, fill_value=0.0)
    rates = (xr.DataArray(by_good.to_numpy(), dims="i", coords={"i": sectors}) * relative).transpose("i", "s", "d")
    return Freight(rates, fit, hidden_importers(margins, fob, shares, groups), sea_borne(regions))


def add_freight(sam: Sam, found: Freight) -> Sam:
    """The SAM with freight, and its provenance in the attributes."""
    new = with_freight(sam, found.rates, SERVICE)
    new.data.attrs |= found.attrs
    return new


def sea_share(full: Benchmark, columns: np.ndarray) -> xr.DataArray:
    """Share of the freight between grouped regions that crosses the sea; dims (s, d). ``columns`` (region, economy)."""
    assert full.satellites is not None
    sea = full.satellites["sea_borne"]
    paid = full.sam["vtwr"].sum((0, 1))
    crossing = columns @ (paid * sea.values) @ columns.T
    simple = columns @ sea.values @ columns.T / (columns.sum(1)[:, None] * columns.sum(1))
    whole = columns @ paid @ columns.T
    return xr.DataArray(np.where(whole > 0, ratio(crossing, whole), simple), dims=("s", "d"), attrs=sea.attrs)


def _trade(cube: TradeCube) -> xr.DataArray:
    """Trade in goods between different economies; dims (i, s, d)."""
    goods = cube.flows.isel(i=slice(0, -1)).transpose("i", "s", "d")
    abroad = 1.0 - np.eye(len(cube.regions))
    return goods * abroad
