"""Distances between economies, and which pairs trade by sea.

Distance is the mean great-circle distance over the pairs of main cities of two economies
(``calibration/datasets/main_cities.csv``), an economy's distance from itself the mean over its own cities. The rest of the
world (``ROW``) is the economies of that table which are not shown apart, weighted by gross domestic product. Sea routes are
longer than great circles, by a factor that a constant absorbs.

A pair is sea-borne unless a land route joins it. Inside mainland Europe and North America road, rail and pipeline join all.
Other pairs with a common border are listed with their mode and its reason (``calibration/datasets/land_borders.csv``): by land
where a road or railway open all year joins their centres of production, by sea where the Himalaya, the Amazon, a desert or a
sea lies between them, border or no border. Finland's only land routes are to its neighbours. Part of the trade of a sea-borne
pair flies, and part of that of a land pair goes by ship; the flag says how most of it goes, as stated: no open table has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import DataError, nearest

EARTH_RADIUS = 6371.0
"""Kilometres."""
ROW = "ROW"

CONTINENT = frozenset(
    (
        "AUT BEL BGR BLR CHE CZE DEU DNK ESP EST FRA GRC HRV HUN ITA LTU LUX LVA NLD NOR POL PRT ROU RUS SVK SVN SWE TUR UKR"
    ).split()
)
"""Mainland Europe: joined by road and rail, bridges to Denmark's islands and to Sweden among them."""
BLOCKS = (CONTINENT, frozenset({"USA", "CAN", "MEX"}))
"""Economies joined by land routes."""
MODES = ("land", "sea")


@cache
def borders() -> Mapping[frozenset[str], str]:
    """Mode of each listed pair of neighbours outside the blocks, one of :data:`MODES`.

    Raises
    ------
    DataError
        A row with an unknown mode, one economy twice, a pair given twice or inside a block.
    """
    path = resources.files("calibration") / "datasets" / "land_borders.csv"
    with path.open(encoding="utf-8") as file:
        table = pd.read_csv(file, comment="#", keep_default_na=False)
    listed: dict[frozenset[str], str] = {}
    for one, other, mode in zip(table["one"], table["other"], table["mode"], strict=True):
        pair = frozenset((str(one), str(other)))
        if mode not in MODES:
            raise DataError(f"land_borders.csv: mode {mode!r} of {one}-{other}; choose {' or '.join(MODES)}")
        if len(pair) != 2 or pair in listed or any(pair <= block for block in BLOCKS):
            raise DataError(f"land_borders.csv: {one}-{other} is one economy, listed twice, or inside a block of land routes")
        listed[pair] = str(mode)
    return listed


def _cities() -> pd.DataFrame:
    path = resources.files("calibration") / "datasets" / "main_cities.csv"
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#")


def distances(regions: list[str], rest: Mapping[str, float] | None = None) -> xr.DataArray:
    """Mean great-circle distance between main cities, kilometres; dims (s, d).

    Parameters
    ----------
    regions : list of str
        Economies of :data:`calibration.geography.ECONOMIES`.
    rest : mapping of economy to share, optional
        What ``ROW`` holds (:func:`calibration.readers.rest_of_world`); equal weights by default. Economies without a city in
        the table are left out of its mean.

    Raises
    ------
    DataError
        An economy has no city in the table.

    Examples
    --------
    >>> round(float(distances(["CHN", "USA"]).sel(s="CHN", d="USA")), -3)
    12000.0
    """
    cities = _cities()
    shown = set(regions) - {ROW}
    unknown = sorted(shown - set(cities["economy"]))
    if unknown:
        near = nearest(unknown[0], list(cities["economy"]))
        raise DataError(f"no main city of {', '.join(unknown)}{near}; add it to calibration/datasets/main_cities.csv")
    weight = np.zeros((len(regions), len(cities)))
    for k, region in enumerate(regions):
        if region == ROW:
            inside = ~cities["economy"].isin(shown) if rest is None else cities["economy"].isin(set(rest) - shown)
            share = inside.astype(float) if rest is None else cities["economy"].map(rest).where(inside, 0.0).fillna(0.0)
        else:
            share = (cities["economy"] == region).astype(float)
        if share.sum() <= 0:
            raise DataError(f"no main city of the economies in {region}; add one to calibration/datasets/main_cities.csv")
        weight[k] = share / share.sum()
    degrees = cities[["latitude", "longitude"]].to_numpy(dtype=float)
    between = weight @ _great_circle(*np.radians(degrees).T) @ weight.T
    return xr.DataArray(
        between, dims=("s", "d"), coords={"s": regions, "d": regions}, attrs={"units": "km", "long_name": "distance"}
    )


def main_places(economies: list[str]) -> pd.DataFrame:
    """The first main city of each economy: columns ``latitude, longitude``, degrees.

    Raises
    ------
    DataError
        An economy has no city in the table.
    """
    first = _cities().drop_duplicates("economy").set_index("economy")[["latitude", "longitude"]]
    unknown = [r for r in economies if r not in first.index]
    if unknown:
        raise DataError(f"no main city of {', '.join(unknown)}; add it to calibration/datasets/main_cities.csv")
    return first.loc[economies]


def distances_from(points: np.ndarray, regions: list[str]) -> np.ndarray:
    """Mean great-circle distance from points to the main cities of economies, kilometres; dims (point, region).

    Parameters
    ----------
    points : ndarray, dims (point, 2)
        Latitude and longitude, degrees.
    regions : list of str
        Economies with a city in the table.

    Raises
    ------
    DataError
        An economy has no city in the table.
    """
    cities = _cities()
    unknown = sorted(set(regions) - set(cities["economy"]))
    if unknown:
        raise DataError(f"no main city of {', '.join(unknown)}; add it to calibration/datasets/main_cities.csv")
    member = (cities["economy"].to_numpy() == np.array(regions)[:, None]).astype(float)
    both = np.vstack([points, cities[["latitude", "longitude"]].to_numpy(dtype=float)])
    between = _great_circle(*np.radians(both).T)[: len(points), len(points) :]
    return np.asarray(between @ (member / member.sum(1, keepdims=True)).T)


def _great_circle(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Kilometres between every two points (haversine)."""
    north, east = latitude[:, None] - latitude, longitude[:, None] - longitude
    half = np.sin(north / 2) ** 2 + np.cos(latitude[:, None]) * np.cos(latitude) * np.sin(east / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def sea_borne(regions: list[str]) -> xr.DataArray:
    """1 where no land route joins two economies, 0 where one does (and at home); dims (s, d).

    The rest of the world is taken as overseas from all.
    """
    by_land = np.eye(len(regions), dtype=bool)
    for k, one in enumerate(regions):
        for j, other in enumerate(regions):
            together = any(one in block and other in block for block in BLOCKS)
            by_land[k, j] |= together or borders().get(frozenset({one, other})) == "land"
    return xr.DataArray(
        (~by_land).astype(float),
        dims=("s", "d"),
        coords={"s": regions, "d": regions},
        attrs={"units": "1", "long_name": "share of the freight of a pair that crosses the sea"},
    )
