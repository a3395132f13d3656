"""Energy beside the money values: joules and CO2 by fuel, by activity and household, and how electricity is made.

Who burns what comes from environmental accounts (Corsatea et al. 2019, "World Input-Output Database Environmental Accounts",
Joint Research Centre), how much it changed since, and how much economies without such accounts burn, from national totals by
fuel (U.S. Energy Information Administration). CO2 is fuel times the default factors of IPCC 2006 (Guidelines, volume 2, table
1.4), and per activity set to the total that is published by industry. Fuel burnt only: feedstock, nuclear heat, biomass and
waste are not in it. Every rule that fills a gap is named in :class:`EnergyUse`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from calibration.arrays import ratio
from calibration.errors import DataError
from calibration.isic import isic4_detail

FUELS = ("coal", "oil", "gas", "electricity")
"""Carriers of the satellites; oil is its products, coal holds coke and the gases made of it, electricity holds heat."""
CARRIERS: dict[str, tuple[str, float]] = {
    "COAL_COKE_CRUDE": ("coal", 94.6),
    "OTHGAS": ("coal", 44.4),
    "DIESEL": ("oil", 74.1),
    "FUEL_OIL": ("oil", 77.4),
    "GASOLINE": ("oil", 69.3),
    "JETFUEL": ("oil", 71.5),
    "OTHPETRO": ("oil", 73.3),
    "NATGAS": ("gas", 56.1),
    "ELECTR_HEATPROD": ("electricity", 0.0),
}
"""Carrier of the accounts -> (fuel, tonnes of CO2 a terajoule)."""
PLANTS: dict[str, tuple[str, ...]] = {
    "coal": ("coal",),
    "gas": ("gas",),
    "oil": ("oil",),
    "nuclear": ("nuclear",),
    "hydro": ("hydro",),
    "wind": ("wind",),
    "solar": ("solar",),
    "other": ("other_gases", "geothermal", "biomass_waste", "tide"),
}
"""Kind of plant -> columns of the source; pumped storage is a use of electricity and left out."""
HOUSEHOLDS = "CONS_h"
SEVERAL: dict[str, tuple[str, ...]] = {
    "B": ("B05", "B06", "B07", "B08", "B09"),
    "C24": ("C24A", "C24B"),
    "C30": ("C301", "C302T309"),
}
"""Industries that hold several detailed sectors; any other is in one (:func:`calibration.isic.isic4_detail`)."""
MOST_GROWTH = 4.0
"""Largest change of a national total, either way, that scales the use of a fuel; beyond it the accounts' level stays."""
FACTOR_OF_TWO = 2.0


@dataclass(frozen=True)
class EnergyUse:
    """Joules and CO2 of a year.

    Attributes
    ----------
    energy : DataArray, dims (fuel, a, r)
        Petajoules burnt or used.
    energy_households : DataArray, dims (fuel, r)
        The same of households, cars included.
    co2 : DataArray, dims (fuel, a, r)
        Million tonnes; over fuels the published total of each activity.
    co2_households : DataArray, dims (fuel, r)
        Million tonnes, fuel times factor: no published total holds households.
    report : DataFrame
        Index region. ``energy_status`` 3: from the economy's own accounts of an earlier year, 4: from the rest of the
        world's; ``counted`` CO2 as fuel times factor and ``published``, ``ratio`` of the two; ``moved`` share of published
        CO2 in activities that the setting moves by more than a factor of two; ``filled`` CO2 (million tonnes) of
        activities that burn nothing in the accounts, by the economy's mean fuels; ``kept`` fuels whose change of the
        national total was beyond :data:`MOST_GROWTH` or unknown, so that the level of the accounts stays.
    """

    energy: xr.DataArray
    energy_households: xr.DataArray
    co2: xr.DataArray
    co2_households: xr.DataArray
    report: pd.DataFrame

    def satellites(self) -> dict[str, xr.DataArray]:
        """The arrays by the name they have in :attr:`calibration.benchmark.Benchmark.satellites`."""
        return {
            "energy": self.energy,
            "energy_households": self.energy_households,
            "co2_fuel": self.co2,
            "co2_households": self.co2_households,
        }


@dataclass(frozen=True)
class Counted:
    """Joules and fuel times factor, before CO2 is set to a published total; dims (fuel, user, r), users with households.

    Attributes
    ----------
    joules : DataArray
        Petajoules.
    carbon : DataArray
        Million tonnes.
    own : ndarray of bool, dims (r,)
        Economies with accounts of their own.
    kept : list of str
        As in :attr:`EnergyUse.report`.
    """

    joules: xr.DataArray
    carbon: xr.DataArray
    own: np.ndarray
    kept: list[str]

    def of_activities(self, array: xr.DataArray) -> xr.DataArray:
        """Without households; dims (fuel, a, r)."""
        return array.drop_sel(user=HOUSEHOLDS).rename(user="a")

    def carbon_of_activities(self) -> np.ndarray:
        """CO2 of all fuels, million tonnes; dims (a, r)."""
        return np.asarray(self.of_activities(self.carbon).sum("fuel").values)


def count_energy(
    accounts: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame, output: xr.DataArray, consumption: pd.Series
) -> Counted:
    """Use of fuels in the year of ``after``, and the CO2 that they hold.

    Parameters
    ----------
    accounts : DataFrame
        Index (economy, industry), columns the carriers of :data:`CARRIERS`, terajoules, of an earlier year; industries of
        ISIC Rev. 4 and :data:`HOUSEHOLDS`; economy ``ROW`` is all the others together.
    before, after : DataFrame
        Index economy (those of ``output``), columns :data:`FUELS`: national totals in the year of the accounts, and in the
        year wanted.
    output : DataArray, dims (a, r)
        Million USD, sectors and economies.
    consumption : Series
        Private consumption by economy, million USD.

    Raises
    ------
    DataError
        An industry that is not of ISIC Rev. 4, an economy that the benchmark lacks, or a carrier missing.
    """
    used = _by_sector(accounts, output, consumption)  # (carrier, user, r), terajoules
    regions = [str(r) for r in output["r"].values]
    known = set(accounts.index.get_level_values(0)) - {"ROW"}
    own = np.array([r in known for r in regions])
    factors = xr.DataArray([CARRIERS[c][1] for c in CARRIERS], dims="carrier", coords={"carrier": list(CARRIERS)})
    fuel_of = [CARRIERS[c][0] for c in CARRIERS]
    scale, kept = _growth(used, before, after, own)
    used = used * scale.sel(fuel=xr.DataArray(fuel_of, dims="carrier")).drop_vars("fuel")
    return Counted(_by_fuel(used, fuel_of) / 1e3, _by_fuel(used * factors, fuel_of) / 1e6, own, kept)


def set_to_published(counted: Counted, published: xr.DataArray) -> EnergyUse:
    """CO2 by fuel that sums to what is published by activity; an activity that burns nothing has its economy's mean fuels.

    Parameters
    ----------
    published : DataArray, dims (a, r)
        CO2 by activity, million tonnes.
    """
    burnt = counted.of_activities(counted.carbon)
    total = burnt.sum("fuel")
    mix = (burnt.sum("a") / burnt.sum(("a", "fuel"))).broadcast_like(burnt)
    shares = (burnt / total.where(total > 0, 1.0)).where(total > 0, mix)
    co2 = (shares * published).transpose("fuel", "a", "r")
    known = published.transpose("a", "r").values
    moved = (known > FACTOR_OF_TWO * total.values) | (known < total.values / FACTOR_OF_TWO)
    report = pd.DataFrame(
        {
            "energy_status": np.where(counted.own, 3, 4),
            "counted": total.sum("a").values,
            "published": known.sum(0),
            "ratio": ratio(total.sum("a").values, known.sum(0), 1.0),
            "moved": ratio((known * moved).sum(0), known.sum(0)),
            "filled": (known * (total.values <= 0)).sum(0),
            "kept": counted.kept,
        },
        index=pd.Index([str(r) for r in published["r"].values], name="region"),
    )
    said = "environmental accounts (JRC) x growth of national totals (EIA); calibration/energy.py"

    def named(array: xr.DataArray, long_name: str, units: str) -> xr.DataArray:
        return array.assign_attrs(long_name=long_name, units=units, source=said)

    return EnergyUse(
        named(counted.of_activities(counted.joules), "energy use of activities", "petajoules"),
        named(counted.joules.sel(user=HOUSEHOLDS, drop=True), "energy use of households", "petajoules"),
        named(co2, "CO2 from production by fuel, the published total by activity", "million tonnes"),
        named(counted.carbon.sel(user=HOUSEHOLDS, drop=True), "CO2 of households by fuel", "million tonnes"),
        report,
    )


def _by_sector(accounts: pd.DataFrame, output: xr.DataArray, consumption: pd.Series) -> xr.DataArray:
    """Terajoules of the accounts' year by carrier, user (sectors and households) and economy.

    An industry that holds several sectors is split with their output. Economies without accounts share those of the rest of
    the world: by industry with output, of households with private consumption.
    """
    lacking = [c for c in CARRIERS if c not in accounts]
    if lacking:
        raise DataError(f"the energy accounts lack the carrier {lacking[0]}; they need {', '.join(CARRIERS)}")
    sectors = [str(a) for a in output["a"].values]
    regions = [str(r) for r in output["r"].values]
    known = list(dict.fromkeys(accounts.index.get_level_values(0)))
    others = [r for r in regions if r not in known or r == "ROW"]
    users = [*sectors, HOUSEHOLDS]
    used = np.zeros((len(CARRIERS), len(users), len(regions)))
    for (economy, industry), row in accounts[list(CARRIERS)].iterrows():
        if economy != "ROW" and economy not in regions:
            raise DataError(f"the energy accounts hold {economy}, which the benchmark does not; add it to ROW's")
        columns = [regions.index(r) for r in (others if economy == "ROW" else [economy])]
        if industry == HOUSEHOLDS:
            rows = [len(sectors)]
            base = consumption.reindex([regions[k] for k in columns]).to_numpy(dtype=float)[None]
        else:
            rows = [sectors.index(s) for s in SEVERAL.get(industry) or (isic4_detail(industry),)]
            base = output.values[np.ix_(rows, columns)]
        base = base if base.sum() > 0 else np.ones_like(base)
        used[np.ix_(range(len(CARRIERS)), rows, columns)] += row.to_numpy(dtype=float)[:, None, None] * base / base.sum()
    return xr.DataArray(used, dims=("carrier", "user", "r"), coords={"carrier": list(CARRIERS), "user": users, "r": regions})


def _growth(used: xr.DataArray, before: pd.DataFrame, after: pd.DataFrame, own: np.ndarray) -> tuple[xr.DataArray, list[str]]:
    """What scales each fuel of each economy, dims (fuel, r), and the fuels that are kept by economy.

    Own accounts grow with the national total. An economy without accounts has its national total times the median, over
    economies that have them, of accounts over national total; of the rest of the world's accounts it takes only who uses what
    (their coal is 2.4 times the national totals, which no economy with accounts of its own comes near).
    """
    regions = [str(r) for r in used["r"].values]
    fuel_of = [CARRIERS[c][0] for c in CARRIERS]
    joules = _by_fuel(used, fuel_of).sum("user")
    scale = xr.DataArray(np.ones((len(FUELS), len(regions))), dims=("fuel", "r"), coords={"fuel": list(FUELS), "r": regions})
    kept: list[list[str]] = [[] for _ in regions]
    for k, fuel in enumerate(FUELS):
        first = before.loc[regions, fuel].to_numpy(dtype=float)
        last = after.loc[regions, fuel].to_numpy(dtype=float)
        grown = ratio(last, first, np.nan)
        level = joules.sel(fuel=fuel).values
        yardstick = own & (first > 0)
        usual = np.median(level[yardstick] / first[yardstick])
        shared = ratio(usual * last, level, np.nan)
        factor = np.where(own, grown, shared)
        # of an economy that shares others' accounts the level is no yardstick, only whether there is one
        odd = ~np.isfinite(factor) | (own & ((factor > MOST_GROWTH) | (factor < 1 / MOST_GROWTH)))
        for r in np.flatnonzero(odd & (level > 0)):
            kept[r].append(fuel)
        scale.values[k] = np.where(odd, 1.0, factor)
    return scale, [" ".join(fuels) for fuels in kept]


def _by_fuel(used: xr.DataArray, fuel_of: list[str]) -> xr.DataArray:
    """Carriers summed to fuels, in the order of :data:`FUELS`."""
    groups = xr.DataArray(fuel_of, dims="carrier", name="fuel")
    return used.groupby(groups).sum().sel(fuel=list(FUELS)).transpose("fuel", ...)


def electricity_mix(table: pd.DataFrame, regions: list[str]) -> xr.DataArray:
    """Net generation by kind of plant, dims (plant, r), TWh.

    Parameters
    ----------
    table : DataFrame
        Index economy (with ``ROW``), columns ``elec_<kind>_twh`` of :data:`PLANTS`; an empty cell is no generation.
    regions : list of str
    """
    values = [sum(table.loc[regions, f"elec_{kind}_twh"].fillna(0.0) for kind in kinds) for kinds in PLANTS.values()]
    return xr.DataArray(
        np.array([np.asarray(v, dtype=float) for v in values]),
        dims=("plant", "r"),
        coords={"plant": list(PLANTS), "r": regions},
        attrs={"long_name": "net generation of electricity", "units": "TWh", "source": "EIA, International energy statistics"},
    )
