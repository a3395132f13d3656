"""Energy of the world of 2018: joules, CO2 by fuel with households, electricity mix; from the raw tables to satellites."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.datasets.world_carbon import carbon
from calibration.energy import CARRIERS, EnergyUse, count_energy, electricity_mix, set_to_published
from calibration.errors import DataError, require_year
from calibration.parse import reading, require_file

ACCOUNTS_YEAR = 2014
"""Year of the environmental accounts: in 2016 jet fuel doubles and coal falls by a sixth, a break of the source."""
TOTALS = {
    "coal": "coal_consumption_ej",
    "oil": "oil_consumption_ej",
    "gas": "gas_consumption_ej",
    "electricity": "elec_total_twh",
}
"""National total whose change stands for the change of a fuel's use (oil with bunkers and feedstock, electricity as made)."""


def read_energy_accounts(folder: Path, year: int = ACCOUNTS_YEAR) -> pd.DataFrame:
    """Energy use of the JRC's accounts: index (economy, industry), columns the carriers, terajoules.

    Raises
    ------
    DataError
        No such file, a column missing, or no such year.
    """
    require_year(year, "the year of energy accounts")
    path = require_file(folder / "energy_use_2011_2014_2016.csv", "table of the JRC's energy accounts")
    with reading(path, "table of the JRC's energy accounts"):
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
        table = table[(table["year"] == year) & (table["sector"] != "TOTII")].set_index(["iso3", "sector"])
        values = table[list(CARRIERS)].fillna(0.0)
    if values.empty:
        raise DataError(f"{path} holds no year {year}; it has 2011, 2014 and 2016")
    return values


def read_energy_totals(folder: Path, regions: list[str], year: int) -> pd.DataFrame:
    """National totals of the EIA: index the regions (``ROW``: all other countries), columns of the file.

    Raises
    ------
    DataError
        No such file, a region or the year missing.
    """
    require_year(year, "the year of energy totals")
    path = require_file(folder / "eia_energy_2011_2023.csv", "table of the EIA's totals")
    with reading(path, "table of the EIA's totals"):
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
        table = table[table["year"] == year].set_index("iso3").drop(columns=["year", "in_project"])
    single = [r for r in regions if r != "ROW"]
    lacking = [r for r in single if r not in table.index]
    if lacking:
        raise DataError(f"{path} lacks {', '.join(lacking)} in {year}")
    totals = table.loc[single]
    if "ROW" in regions:
        totals = pd.concat([totals, table.drop(index=single).sum().rename("ROW").to_frame().T])
    return totals.loc[regions]


def world_energy(
    data: Path, year: int, output: xr.DataArray, consumption: pd.Series
) -> tuple[dict[str, xr.DataArray], list[dict[str, object]], EnergyUse]:
    """Satellites of the world, CO2 among them, the lines of the adjustments, and what they were made from.

    Parameters
    ----------
    data : path
        Folder with the raw tables (``jrc_namea``, ``eia_energy``, ``emissions_2018``).
    year : int
    output : DataArray, dims (a, r)
        Million USD.
    consumption : Series
        Private consumption by region, million USD.
    """
    regions = [str(r) for r in output["r"].values]
    first, last = (read_energy_totals(data / "eia_energy", regions, y) for y in (ACCOUNTS_YEAR, year))
    before, after = (
        pd.DataFrame({fuel: table[column].fillna(0.0) for fuel, column in TOTALS.items()}) for table in (first, last)
    )
    counted = count_energy(read_energy_accounts(data / "jrc_namea"), before, after, output, consumption)
    burnt = counted.carbon_of_activities()
    published = xr.DataArray(
        carbon(data / "emissions_2018", regions, output.values, burnt),
        dims=("a", "r"),
        coords={"a": output["a"].values, "r": regions},
        attrs={
            "long_name": "CO2 from production",
            "units": "million tonnes",
            "source": "OECD, CO2 emissions embodied in trade, 2018 (2021 edition); emissions of households absent",
        },
    )
    use = set_to_published(counted, published)
    log: list[dict[str, object]] = [
        {
            "rule": "CO2 by fuel set to the published total by activity, million tonnes (before: fuel times factor)",
            "cell": str(region),
            "before": float(row["counted"]),
            "after": float(row["published"]),
        }
        for region, row in use.report.iterrows()
    ]
    log += [
        {
            "rule": f"fuel kept at the accounts' level of {ACCOUNTS_YEAR}: change of the national total unknown or too large",
            "cell": f"{region} {row['kept']}",
            "before": 0.0,
            "after": 0.0,
        }
        for region, row in use.report.iterrows()
        if row["kept"]
    ]
    status = xr.DataArray(use.report["energy_status"].to_numpy(dtype=np.int8), dims="r", coords={"r": regions})
    mix = electricity_mix(last, regions)
    return {"co2": published, **use.satellites(), "electricity": mix, "energy_status": status}, log, use


def summed(satellites: xr.Dataset, activities: xr.DataArray, regions: xr.DataArray) -> dict[str, xr.DataArray]:
    """The energy satellites of groups: sums, of the status the least certain.

    Parameters
    ----------
    activities, regions : DataArray, dims (new, a) and (new, r)
        1 where a label belongs to a group.
    """
    summed_: dict[str, xr.DataArray] = {}
    for name in ("co2", "energy", "energy_households", "co2_fuel", "co2_households", "electricity"):
        array = satellites[name]
        for dim, take in (("a", activities), ("r", regions)):
            if dim in array.dims:
                array = xr.dot(array, take, dim=dim).rename({"new": dim})
        summed_[name] = array.assign_attrs(satellites[name].attrs)
    least = (regions * satellites["energy_status"]).max("r").rename({"new": "r"}).astype(np.int8)
    return {**summed_, "energy_status": least}
