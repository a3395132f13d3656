"""Applied bilateral tariffs of 2005 from Caliendo and Parro (2015), mapped to WIOD's regions and industries.

Rates of several Caliendo-Parro sectors or countries that fall into one cell are weighted with the
trade of the same file (1993); a pair without any trade takes the simple mean. Members of the European
Union of 2011 pay nothing among themselves; members absent from the file take Germany's rates on third
countries; Russia, Taiwan and the remaining world take the file's rest of the world together with its
small countries. Services are free.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
import xarray as xr

from calibration.classification import GROUP_OF, GROUP_OF_WIOD
from calibration.errors import DataError, require_labels
from calibration.geography import economy
from calibration.readers.caliendo_parro import COUNTRIES, TRADABLE, CaliendoParro
from calibration.readers.oecd_cube import SERVICES

WIOD_GOODS = {
    "c1": ["Agriculture"],
    "c2": ["Mining"],
    "c3": ["Food"],
    "c4": ["Textile"],
    "c5": ["Textile"],
    "c6": ["Wood"],
    "c7": ["Paper"],
    "c8": ["Petroleum"],
    "c9": ["Chemicals"],
    "c10": ["Plastic"],
    "c11": ["Minerals"],
    "c12": ["Basic metals", "Metal products"],
    "c13": ["Machinery n.e.c."],
    "c14": ["Office", "Electrical", "Communication", "Medical"],
    "c15": ["Auto", "Other transport"],
    "c16": ["Other"],
}
EU27_2011 = (
    "AUT BEL BGR CYP CZE DEU DNK ESP EST FIN FRA GBR GRC HUN IRL ITA LTU LUX LVA MLT NLD POL PRT ROM SVK SVN SWE"
).split()
_REST = ["ARG", "CHL", "NOR", "NZL", "ZAF", "ROW"]


def stand_ins(region: str) -> list[str]:
    """The Caliendo-Parro countries whose rates a WIOD region takes.

    Raises
    ------
    DataError
        The region is no known economy.
    """
    if region in COUNTRIES and region != "ROW":
        return [region]
    economy(region)  # a label that names no economy has no duties to stand in for
    if region in EU27_2011:
        return ["DEU"]
    return _REST if region in ("RoW", "ROW") else ["ROW"]


def caliendo_parro_tariffs(
    source: CaliendoParro,
    regions: list[str],
    industries: list[str],
    goods_of: Mapping[str, list[str]] = WIOD_GOODS,
    stand_in: Callable[[str], list[str]] = stand_ins,
    union: Collection[str] = EU27_2011,
) -> xr.DataArray:
    """Ad valorem rates on imports, dims (i, s, d), as fractions of the cif value.

    Parameters
    ----------
    source : CaliendoParro
        The replication data, from :func:`calibration.readers.read_caliendo_parro`.
    regions, industries : list of str
        Labels of the wanted rates; defaults of the rest are for WIOD (``RoW`` for the rest of the world).
    goods_of : mapping
        Industry -> sectors of the file; industries not in it (services) are free.
    stand_in : callable
        Region -> countries of the file whose rates it takes.
    union : collection of str
        Members of a customs union without duties among them.

    Raises
    ------
    DataError
        An industry or region that no classification knows.
    """
    if isinstance(union, str):
        raise DataError(f"union is a collection of members, not the text {union!r}; write [{union!r}]")
    require_labels(industries, [*GROUP_OF, *GROUP_OF_WIOD, *goods_of, SERVICES], "industry of the tariff mapping")
    rate = source.data["tariff2005"].values / 100.0  # (t, d, s)
    trade = source.data["trade"].values
    out = np.zeros((len(industries), len(regions), len(regions)))
    country = {r: [COUNTRIES.index(c) for c in stand_in(r)] for r in regions}
    for k, code in enumerate(industries):
        if code not in goods_of:
            continue
        goods = [TRADABLE.index(x) for x in goods_of[code]]
        for d, importer in enumerate(regions):
            for s, exporter in enumerate(regions):
                if importer == exporter or (importer in union and exporter in union):
                    continue
                pick = np.ix_(goods, country[importer], country[exporter])
                apart = np.array([[a != b for b in country[exporter]] for a in country[importer]])
                # a country's trade with itself is not in the file: it must not weigh in as a zero rate
                apart = np.broadcast_to(apart, rate[pick].shape)
                weights = np.where(apart, trade[pick], 0.0)
                if weights.sum() > 0:
                    out[k, s, d] = float((rate[pick] * weights).sum() / weights.sum())
                elif apart.any():
                    out[k, s, d] = float(rate[pick][apart].mean())
                else:  # both ends take the file's rest of the world: its duty on the mean of all origins
                    everyone = [x for x in range(len(COUNTRIES)) if x not in country[importer]]
                    out[k, s, d] = float(np.mean(rate[np.ix_(goods, country[importer], everyone)]))
    return xr.DataArray(
        out,
        dims=("i", "s", "d"),
        coords={"i": industries, "s": regions, "d": regions},
        attrs={
            "long_name": "applied ad valorem tariff",
            "units": "fraction of cif value",
            "source": "Caliendo and Parro (REStud 2015), tariffs of 2005; mapping in calibration/tariffs.py",
        },
    )
