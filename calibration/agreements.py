"""Tariffs of 2018 from open sources: the Caliendo-Parro rates of 2005 with the agreements in force by 2018.

No published bilateral data base of applied rates may be shipped freely, so the benchmark takes the
rates of 2005 (Caliendo and Parro 2015), stand-ins for importers the file lacks, and lowers the duty
between partners of an agreement in force by the end of 2018 (WTO, Regional Trade Agreements data base):
a customs union removes it, a free trade agreement removes :data:`FREE_SHARE` of it, one in force only
since 2014 half of that (its cuts were being phased in). What this cannot
show: unilateral cuts of most-favoured-nation rates after 2005, tariff lines an agreement leaves out,
unused preferences. A user with a licence for better rates passes them to the build.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from calibration.geography import EU27, economy
from calibration.mfn import GOODS_2005
from calibration.readers.caliendo_parro import COUNTRIES, CaliendoParro
from calibration.tariffs import caliendo_parro_tariffs

ASEAN = ("BRN", "IDN", "KHM", "LAO", "MMR", "MYS", "PHL", "SGP", "THA", "VNM")
LEAST_DEVELOPED = ("AGO", "BGD", "COD", "KHM", "LAO", "MMR", "SEN", "STP")
EU28 = (*EU27, "GBR")
EFTA = ("CHE", "ISL", "NOR")
GULF = ("ARE", "SAU")
ARAB = ("ARE", "EGY", "JOR", "MAR", "SAU", "TUN")

FREE_SHARE = {"A01": 0.6, "A02": 0.6, "A03": 0.6, "C10T12": 0.6}
"""Share of the duty that a free trade agreement removes; other goods: 0.8. Stated, not estimated: farm goods are often left
out, and about a fifth of eligible trade does not use its preference."""
FREE_SHARE_OTHER = 0.8
RECENT = 0.5
"""Share of a recent agreement's cuts in force in 2018."""


@dataclass(frozen=True)
class Agreement:
    """Partners ``a`` among themselves (``b`` empty) or with ``b``; ``one_way``: only ``a`` lowers duties on ``b``.

    ``recent`` marks an agreement in force since 2014 or later.
    """

    name: str
    a: tuple[str, ...]
    b: tuple[str, ...] = ()
    union: bool = False
    one_way: bool = False
    recent: bool = False


def _pairs(importer: str, partners: str, recent: bool = False) -> list[Agreement]:
    return [Agreement(f"{importer}-{p}", (importer,), (p,), recent=recent) for p in partners.split()]


AGREEMENTS: tuple[Agreement, ...] = (
    Agreement("European Union", EU28, union=True),
    Agreement("EU-Turkiye customs union", EU28, ("TUR",)),
    Agreement("European Economic Area and EU-Switzerland", EU28, EFTA),
    Agreement("EFTA", EFTA),
    Agreement("NAFTA", ("CAN", "MEX", "USA")),
    Agreement("ASEAN", ASEAN),
    Agreement("ASEAN-China", ASEAN, ("CHN",)),
    Agreement("ASEAN-Korea", ASEAN, ("KOR",)),
    Agreement("ASEAN-Japan", ASEAN, ("JPN",)),
    Agreement("ASEAN-India", ASEAN, ("IND",)),
    Agreement("ASEAN-Australia-New Zealand", ASEAN, ("AUS", "NZL")),
    Agreement("Australia-New Zealand closer economic relations", ("AUS", "NZL")),
    Agreement("Eurasian Economic Union", ("BLR", "KAZ", "RUS"), union=True),
    Agreement("Eurasian Economic Union-Viet Nam", ("BLR", "KAZ", "RUS"), ("VNM",), recent=True),
    Agreement("Mercosur", ("ARG", "BRA")),
    Agreement("Mercosur-Andean partners", ("ARG", "BRA"), ("CHL", "COL", "PER")),
    Agreement("Pacific Alliance", ("CHL", "COL", "MEX", "PER")),
    Agreement("Gulf Cooperation Council", GULF, union=True),
    Agreement("Greater Arab Free Trade Area", ARAB),
    *_pairs("CHN", "NZL CHL PER PAK CRI HKG"),
    *_pairs("CHN", "AUS KOR CHE ISL", recent=True),
    *_pairs("KOR", "USA IND CHL PER TUR CHE NOR ISL"),
    *_pairs("KOR", "AUS CAN NZL COL", recent=True),
    *_pairs("JPN", "MEX CHL CHE IND PER"),
    *_pairs("JPN", "AUS", recent=True),
    *_pairs("USA", "AUS CHL SGP COL PER CRI MAR ISR JOR"),
    *_pairs("CAN", "CHL PER COL CRI ISR CHE NOR ISL"),
    *_pairs("MEX", "CRI ISR CHE NOR ISL"),
    *_pairs("TUR", "CHE NOR ISL EGY MAR TUN ISR CHL"),
    *_pairs("AUS", "CHL"),
    *[Agreement(f"EU-{p}", EU28, (p,)) for p in "CHL PER COL CRI ZAF MAR TUN EGY ISR JOR KOR MEX".split()],
    *[Agreement(f"EU-{p}", EU28, (p,), recent=True) for p in ("CAN", "UKR")],
    Agreement(
        "Duty-free access for least developed countries",
        (*EU28, *EFTA, "AUS", "CAN", "JPN", "NZL"),
        LEAST_DEVELOPED,
        union=True,
        one_way=True,
    ),
)

FREE_PORTS = ("HKG", "SGP")
"""Importers without duties."""
UNIFORM = dict.fromkeys(GULF, 0.05)
"""Importers with one rate on all goods: the common external tariff of the Gulf Cooperation Council."""
STAND_INS = {
    **dict.fromkeys(EU27, "DEU"),
    **dict.fromkeys(("BRN", "KHM", "LAO", "MMR", "MYS", "PHL", "THA", "VNM"), "IDN"),
    **dict.fromkeys(("BGD", "PAK"), "IND"),
    **dict.fromkeys(("CHE", "ISL"), "NOR"),
}
"""Importers that the file lacks, and the one whose rates they take; others take its rest of the world."""


def _stand_in(region: str) -> list[str]:
    if region in STAND_INS:
        return [STAND_INS[region]]
    economy(region)  # a label that names no economy has no duties to stand in for
    return [region] if region in COUNTRIES else ["ROW"]


def tariffs_2018(source: CaliendoParro, regions: list[str], sectors: list[str]) -> xr.DataArray:
    """Ad valorem rates of 2018 as this module builds them; dims (i, s, d), fractions of the cif value.

    Parameters
    ----------
    source : CaliendoParro
        The replication data with the rates of 2005.
    regions, sectors : list of str
        ISO codes and the sectors of the OECD cube; sectors not in :data:`GOODS_2005` are free.
    """
    rates = caliendo_parro_tariffs(source, regions, sectors, GOODS_2005, _stand_in, EU28)
    values = rates.values.copy()
    goods = np.array([x in GOODS_2005 for x in sectors])
    for importer, rate in UNIFORM.items():
        if importer in regions:
            values[goods, :, regions.index(importer)] = rate
    removed = np.array([FREE_SHARE.get(x, FREE_SHARE_OTHER) for x in sectors])
    factor = np.ones((len(sectors), len(regions), len(regions)))
    for agreement in AGREEMENTS:
        left = np.zeros(len(sectors)) if agreement.union else 1.0 - removed * (RECENT if agreement.recent else 1.0)
        for s, d in _directions(agreement, regions):
            factor[:, s, d] = np.minimum(factor[:, s, d], left)
    values *= factor
    for port in FREE_PORTS:
        if port in regions:
            values[:, :, regions.index(port)] = 0.0
    values[:, np.arange(len(regions)), np.arange(len(regions))] = 0.0
    rates.values[:] = values
    rates.attrs["source"] = (
        "Caliendo and Parro (REStud 2015), tariffs of 2005, stand-ins for importers the file lacks, and agreements in force "
        "by 2018 (WTO RTA data base); calibration/agreements.py"
    )
    return rates


def _directions(agreement: Agreement, regions: list[str]) -> list[tuple[int, int]]:
    """Pairs (exporter, importer) on which the agreement lowers duties."""
    a = [regions.index(x) for x in agreement.a if x in regions]
    b = [regions.index(x) for x in (agreement.b or agreement.a) if x in regions]
    into_a = [(s, d) for d in a for s in b if s != d]
    return into_a if agreement.one_way else into_a + [(d, s) for s, d in into_a]
