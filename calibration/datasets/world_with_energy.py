"""Build ``world-energy``: the world of 2018 with coal, oil, gas and electricity apart.

Run: ``python -m calibration.datasets.world_with_energy --data DATA --out FILE``, where DATA is as for
:mod:`calibration.datasets.world_2018`, with ``pink_sheet`` for prices; or ``--full FILE`` with the 81 x 32 benchmark that
``world_2018 --full`` wrote.

Coal (ISIC 05) is observed in the trade cube. Estimated, and stated here (:mod:`calibration.split_energy` does the rest):

- *oil and gas* (ISIC 06): regions make oil and gas in the values of what they extract, joules (EIA) times a price of oil for
  the world and one of gas by part of the world (World Bank, Pink Sheet, 2018). Refineries are thought to buy oil but for 2 %,
  all others gas but for 2 %, the sector itself and investors as the region makes: from each origin as far as what it makes
  allows.
- *electricity* (of ISIC 35 to 39): 60 to 80 % of utilities, as generation (EIA) times a tariff of 0.12 USD a kWh says between
  these bounds, in every use alike; the rest is gas distribution, water and waste. 98 % of the fuels that utilities buy go to
  electricity, as far as at least a quarter of its costs are others.

Both parts have the technology of the old sector otherwise. Joules and CO2 of utilities go to electricity, those of oil and gas
by output. What falls short: Saudi Arabia and others that burn their gas at home ship 20 billion USD of it here, for the
estimated tables know little of it; electricity has one share in every use of a region.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.arrays import ratio
from calibration.benchmark import Benchmark, load_benchmark
from calibration.datasets.world_2018 import AGGREGATES, YEAR, build, world
from calibration.datasets.world_energy import read_energy_totals
from calibration.geography import economy
from calibration.parse import reading, require_file
from calibration.script import arguments_of, parser_of, script
from calibration.split_energy import Costs, split_energy_sector

OIL, GAS, ELECTRICITY, WATER = "oil", "gas", "ely", "wtr"
GIGAJOULES_A_BARREL = 5.8 * 1.055056
GIGAJOULES_A_MMBTU = 1.055056
TARIFF = 0.12
"""USD a kWh that electricity is thought to cost its users, for its share in utilities."""
ELECTRICITY_BOUNDS = (0.6, 0.8)
STRAY = 0.02
"""Share of gas in what refineries are thought to buy of oil and gas, and of oil in what others buy."""
GAS_PRICES = {
    "north america": "Natural gas, US ($/mmbtu)",
    "east asia": "Liquefied natural gas, Japan ($/mmbtu)",
    "south-east asia": "Liquefied natural gas, Japan ($/mmbtu)",
    "south asia": "Liquefied natural gas, Japan ($/mmbtu)",
    "oceania": "Liquefied natural gas, Japan ($/mmbtu)",
}
"""Price of gas by part of the world (:mod:`calibration.geography`); Europe's elsewhere."""
EUROPE = "Natural gas, Europe ($/mmbtu)"
GTAP_ESUBD = {OIL: 5.2, GAS: 17.2}
"""Substitution of home and foreign oil and gas in GTAP, of which ISIC 06's is the mean (0.8 and 0.2)."""
SECTORS: dict[str, tuple[str, tuple[str, ...]]] = {
    new: entry
    for old, whole in AGGREGATES.items()
    for new, entry in {
        "ene": {"coa": ("coal", ("B05",)), OIL: ("crude oil", (OIL,)), GAS: ("natural gas", (GAS,))},
        "utl": {
            ELECTRICITY: ("electricity", (ELECTRICITY,)),
            WATER: ("gas distribution, water, waste", (WATER,)),
        },
    }.get(old, {old: whole}).items()
}


def prices(folder: Path, year: int) -> pd.Series:
    """Prices of a year, USD a gigajoule: ``oil`` and gas by the names of the source."""
    path = require_file(folder / "commodity_prices_2010_2024.csv", "table of commodity prices")
    with reading(path, "table of commodity prices"):
        row = pd.read_csv(path).set_index("year").loc[year]
        gas = {column: float(row[column]) / GIGAJOULES_A_MMBTU for column in {*GAS_PRICES.values(), EUROPE}}
        return pd.Series({OIL: float(row["Crude oil, average ($/bbl)"]) / GIGAJOULES_A_BARREL, **gas})


def oil_share(data: Path, regions: list[str]) -> pd.Series:
    """Share of oil in the value of the oil and gas that a region extracts; one half where it extracts none."""
    table = read_energy_totals(data / "eia_energy", regions, YEAR)
    price = prices(data / "pink_sheet", YEAR)
    oil = table["oil_production_ej"].fillna(0.0) * price[OIL]
    of_gas = [price[GAS_PRICES.get(economy(r).region, EUROPE)] for r in regions]
    both = oil + table["gas_production_ej"].fillna(0.0) * of_gas
    return (oil / both.where(both > 0)).fillna(0.5)


def electricity_share(data: Path, regions: list[str], output: np.ndarray) -> pd.Series:
    """Share of electricity in the output of utilities (million USD)."""
    generated = read_energy_totals(data / "eia_energy", regions, YEAR)["elec_total_twh"].fillna(0.0)
    return pd.Series(np.clip(ratio(generated.to_numpy() * TARIFF * 1e3, output, 0.7), *ELECTRICITY_BOUNDS), regions)


def full_with_energy(full: Benchmark, data: Path) -> Benchmark:
    """The full benchmark with ISIC 06 and utilities split."""
    sam, regions = full.sam, full.regions
    users = [*sam.commodities, "prv", "gov", "inv"]
    oil = oil_share(data, regions).to_numpy()
    wanted = np.full((len(users), len(regions)), STRAY)
    wanted[users.index("C19")] = 1 - STRAY
    wanted[[users.index("B06"), users.index("inv")]] = oil
    sam = split_energy_sector(sam, "B06", (OIL, GAS), wanted, oil)
    k = sam.commodities.index("utl")
    electricity = electricity_share(data, regions, sam["makb"][k, k]).to_numpy()
    wanted = np.tile(electricity, (len(sam.commodities) + 3, 1))
    fuels = Costs(("B05", OIL, GAS, "C19"), 0.98)
    sam = split_energy_sector(sam, "utl", (ELECTRICITY, WATER), wanted, electricity, fuels)
    return _beside(full, replace(full, sam=sam, elasticities=_behaviour(full, sam.commodities), satellites=None))


def _parent(label: str) -> str:
    return {OIL: "B06", GAS: "B06", ELECTRICITY: "utl", WATER: "utl"}.get(label, label)


def _behaviour(full: Benchmark, labels: list[str]) -> xr.Dataset:
    """Elasticities of the old sectors; oil and gas have GTAP's own."""
    parents = [_parent(c) for c in labels]
    old = full.elasticities
    table = old.sel(i=parents, a=parents).assign_coords(i=labels, a=labels)
    sources = dict(line.split(": ", 1) for line in str(old.attrs["elasticity_sources"]).splitlines())
    for label, value in GTAP_ESUBD.items():
        table["esubd"].loc[{"i": label}] = value
        table["esubm"].loc[{"i": label}] = 2 * value
    table.attrs["elasticity_sources"] = "\n".join(f"{c}: {sources[_parent(c)]}" for c in labels)
    return table


def _beside(full: Benchmark, split: Benchmark) -> Benchmark:
    """Satellites of the new sectors: those of the old, joules and CO2 divided between the parts."""
    assert full.satellites is not None
    labels = split.commodities
    parents = [_parent(c) for c in labels]
    new = full.satellites.sel(i=parents, a=parents).assign_coords(i=labels, a=labels)
    made = split.sam.data["makb"].sum("i")
    whole = made.sel(a=OIL) + made.sel(a=GAS)
    of_oil = (made.sel(a=OIL, drop=True) / whole.where(whole > 0)).fillna(0.5)
    for name in ("co2", "energy", "co2_fuel"):
        share = xr.ones_like(new["co2"])
        share.loc[{"a": OIL}], share.loc[{"a": GAS}] = of_oil, 1 - of_oil
        share.loc[{"a": WATER}] = 0.0
        new[name] = (new[name] * share).transpose(*new[name].dims).assign_attrs(new[name].attrs)
    status = new["trade_status"].copy()
    status.loc[{"i": [OIL, GAS]}] = 2
    return replace(split, satellites=new.assign(trade_status=status))


def world_with_energy(full: Benchmark, data: Path) -> Benchmark:
    """The default's regions, its sectors with coal, oil, gas, electricity and other utilities; 35 x 27.

    Parameters
    ----------
    full : Benchmark
        The 81 x 32 benchmark of :func:`calibration.datasets.world_2018.build`.
    data : path
        Folder with the raw tables ``eia_energy`` and ``pink_sheet``.
    """
    grouped = world(full_with_energy(full, data), SECTORS)
    return replace(grouped, name="world+energy")


@script
def main() -> None:
    """Command line of the build."""
    parser = parser_of(__doc__)
    parser.add_argument("--full", type=Path, help="the full benchmark, where it is built already")
    parser.add_argument("--out", type=Path, default=Path("world-energy.nc"), help="file to write")
    args = arguments_of(parser)
    full = load_benchmark(args.full) if args.full else build(args.data).full
    world_with_energy(full, args.data).save(args.out)


if __name__ == "__main__":
    main()
