"""Energy beside the money values: joules, CO2 by fuel with households, the mix of electricity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration import load_benchmark
from calibration.aggregate_benchmark import aggregate_benchmark
from calibration.classification import SECTORS
from calibration.energy import CARRIERS, FUELS, HOUSEHOLDS, count_energy, electricity_mix, set_to_published
from calibration.errors import DataError
from cge import Model, find_policy
from cge.results.updated_data import updated_benchmark

REGIONS = ["AAA", "BBB", "CCC", "ROW"]


def accounts(**cells: float) -> pd.DataFrame:
    """Economies AAA and BBB and the rest: coal in power, diesel and gas elsewhere and at home; terajoules."""
    rows = {}
    for economy, size in (("AAA", 1.0), ("BBB", 2.0), ("ROW", 4.0)):
        for industry, carriers in (
            ("D", {"COAL_COKE_CRUDE": 100e3}),
            ("C24", {"COAL_COKE_CRUDE": 50e3, "ELECTR_HEATPROD": 20e3}),
            ("H49", {"DIESEL": 80e3}),
            (HOUSEHOLDS, {"GASOLINE": 60e3, "NATGAS": 40e3, "ELECTR_HEATPROD": 30e3}),
        ):
            rows[economy, industry] = {carrier: size * carriers.get(carrier, 0.0) for carrier in CARRIERS}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["iso3", "sector"])
    for name, value in cells.items():
        table.loc[("AAA", "D"), name] = value
    return table


def totals(**changes: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """National totals before and after, exajoules or TWh; ``AAA_coal=2`` doubles one."""
    before = pd.DataFrame({fuel: [0.15, 0.3, 0.45, 0.6] for fuel in FUELS}, index=REGIONS)
    after = before.copy()
    for name, factor in changes.items():
        economy, fuel = name.split("_")
        after.loc[economy, fuel] *= factor
    return before, after


@pytest.fixture
def output() -> xr.DataArray:
    values = np.ones((len(SECTORS), len(REGIONS)))
    values[SECTORS.index("C24A")] = 3.0
    return xr.DataArray(values, dims=("a", "r"), coords={"a": list(SECTORS), "r": REGIONS})


def consumption() -> pd.Series:
    return pd.Series([1.0, 2.0, 1.0, 3.0], REGIONS)


def test_fuel_grows_with_the_national_total_and_others_have_the_usual_ratio_to_theirs(output) -> None:
    before, after = totals(AAA_coal=2.0, CCC_coal=0.5)
    counted = count_energy(accounts(), before, after, output, consumption())
    coal = counted.joules.sel(fuel="coal")
    assert float(coal.sel(user="utl", r="AAA")) == pytest.approx(200)  # petajoules
    assert float(coal.sel(user="utl", r="BBB")) == pytest.approx(200)
    # steel has three quarters of the metals' output, and of their coal
    assert float(coal.sel(user="C24A", r="BBB")) == pytest.approx(75)
    # in AAA and BBB the accounts hold 1000 PJ for each exajoule of the national total, so too elsewhere
    assert float(coal.sel(r="CCC").sum()) == pytest.approx(1000 * after.loc["CCC", "coal"])
    assert float(coal.sel(r="ROW").sum()) == pytest.approx(1000 * after.loc["ROW", "coal"])
    assert not any(counted.kept)


def test_carbon_is_fuel_times_factor_and_households_burn_too(output) -> None:
    counted = count_energy(accounts(), *totals(), output, consumption())
    assert float(counted.carbon.sel(fuel="coal", user="utl", r="AAA")) == pytest.approx(100 * 94.6e-3)
    home = counted.carbon.sel(user=HOUSEHOLDS, r="AAA")
    assert float(home.sum()) == pytest.approx(60 * 69.3e-3 + 40 * 56.1e-3)
    assert float(counted.carbon.sel(fuel="electricity").sum()) == 0  # burnt where it is made


def test_carbon_by_fuel_sums_to_what_is_published_and_joules_stay(output) -> None:
    counted = count_energy(accounts(), *totals(), output, consumption())
    published = xr.full_like(output, 2.0)
    use = set_to_published(counted, published)
    assert use.co2.sum("fuel").values == pytest.approx(published.transpose("a", "r").values)
    assert use.energy.sum() == pytest.approx(float(counted.joules.drop_sel(user=HOUSEHOLDS).sum()))
    # power burns coal alone; a sector that burns nothing in the accounts has its economy's fuels
    assert float(use.co2.sel(fuel="coal", a="utl", r="AAA")) == pytest.approx(2.0)
    shares = counted.of_activities(counted.carbon).sel(r="AAA").sum("a")
    assert float(use.co2.sel(fuel="oil", a="C26", r="AAA")) == pytest.approx(2 * float(shares.sel(fuel="oil") / shares.sum()))
    report = use.report.loc["AAA"]
    assert report["filled"] == pytest.approx(2.0 * (len(SECTORS) - 4))
    assert report["ratio"] == pytest.approx(report["counted"] / (2 * len(SECTORS)))
    assert use.report["energy_status"].tolist() == [3, 3, 4, 4]


def test_a_jump_of_a_national_total_is_not_followed_and_said(output) -> None:
    counted = count_energy(accounts(), *totals(AAA_coal=50.0), output, consumption())
    assert float(counted.joules.sel(fuel="coal", user="utl", r="AAA")) == pytest.approx(100)
    assert counted.kept == ["coal", "", "", ""]


def test_bad_accounts_are_named(output) -> None:
    with pytest.raises(DataError, match="lack the carrier NATGAS"):
        count_energy(accounts().drop(columns="NATGAS"), *totals(), output, consumption())
    other = accounts().rename(index={"BBB": "ZZZ"})
    with pytest.raises(DataError, match="ZZZ, which the benchmark does not"):
        count_energy(other, *totals(), output, consumption())
    odd = accounts().rename(index={"H49": "X99Z"})
    with pytest.raises(DataError, match="'X99Z' is not ISIC"):
        count_energy(odd, *totals(), output, consumption())


def test_a_mix_counts_every_kind_of_plant_once() -> None:
    kinds = "nuclear coal gas oil other_gases hydro geothermal solar wind biomass_waste tide pumped".split()
    table = pd.DataFrame({f"elec_{kind}_twh": [k + 1.0, np.nan] for k, kind in enumerate(kinds)}, index=["AAA", "ROW"])
    mix = electricity_mix(table, ["AAA", "ROW"])
    assert float(mix.sel(r="AAA").sum()) == sum(range(1, 12))  # pumped storage is a use
    assert float(mix.sel(r="AAA", plant="other")) == 5 + 7 + 10 + 11
    assert float(mix.sel(r="ROW").sum()) == 0


def test_shipped_carbon_by_fuel_is_the_shipped_carbon() -> None:
    satellites = load_benchmark().satellites
    assert satellites is not None
    assert satellites["co2_fuel"].sum("fuel").values == pytest.approx(satellites["co2"].values, rel=1e-9, abs=1e-9)
    assert float(satellites["co2"].sum()) == pytest.approx(28944.5, abs=1)  # OECD 2018, households absent
    assert 4000 < float(satellites["co2_households"].sum()) < 5000
    assert float(satellites["electricity"].sum()) == pytest.approx(26112, rel=0.005)  # EIA's world, TWh
    france_and_others = satellites["electricity"].sel(r="EU") / satellites["electricity"].sel(r="EU").sum()
    assert float(france_and_others.sel(plant="nuclear")) == pytest.approx(0.25, abs=0.02)


def test_groups_hold_the_energy_of_their_members() -> None:
    world = load_benchmark()
    assert world.satellites is not None
    grouped = aggregate_benchmark(world, {r: "USA" if r == "USA" else "ROW" for r in world.regions}).satellites
    assert grouped is not None
    for name in ("energy", "energy_households", "co2_fuel", "co2_households", "electricity"):
        assert float(grouped[name].sum()) == pytest.approx(float(world.satellites[name].sum()))
        assert grouped[name].sel(r="USA").values == pytest.approx(world.satellites[name].sel(r="USA").values)


def test_after_a_policy_fuel_follows_output_and_what_households_buy() -> None:
    world = load_benchmark()
    few = aggregate_benchmark(
        world,
        {r: r if r in ("USA", "CHN") else "ROW" for r in world.regions},
        {i: i if i in ("ene", "pet", "utl") else "rst" for i in world.commodities},
    )
    solution = Model(few).solve(find_policy("free-trade"))
    after = updated_benchmark(solution).satellites
    assert few.satellites is not None
    assert after is not None
    grown = solution["qo"].rename({d: "a" for d in solution["qo"].dims if d == "i"})
    assert (after["energy"] / few.satellites["energy"]).sel(fuel="oil", a="utl", r="CHN") == pytest.approx(
        float(grown.sel(a="utl", r="CHN"))
    )
    assert after["co2_fuel"].sum("fuel").values == pytest.approx(after["co2"].values)
    bought = solution["vpp"] * solution["qpa"]
    assert (after["energy_households"] / few.satellites["energy_households"]).sel(fuel="oil", r="USA") == pytest.approx(
        float(bought.sel(r="USA").sum() / solution["vpp"].sel(r="USA").sum())
    )


@pytest.mark.shared
def test_counted_carbon_meets_the_oecds_where_an_economy_has_accounts(shared: Path) -> None:
    from calibration.datasets.world_energy import read_energy_accounts, read_energy_totals

    world = load_benchmark()
    assert world.satellites is not None
    status = world.satellites["energy_status"].to_series()
    assert (status.loc[["USA", "CHN", "JPN", "IND"]] == 3).all()
    assert (status.loc[["VNM", "THA", "SAU", "ROW"]] == 4).all()
    table = world.sam.adjustments
    rows = table[table["rule"].str.startswith("CO2 by fuel set")].set_index("cell")
    ratio = rows["before"] / rows["after"]
    weight = rows["after"] / rows["after"].sum()
    assert float((abs(ratio - 1) * weight).sum()) < 0.11
    assert ratio[["USA", "JPN", "DEU", "KOR", "RUS", "IND"]].between(0.9, 1.1).all()
    accounts_ = read_energy_accounts(shared / "jrc_namea")
    assert accounts_.to_numpy().sum() / 1e6 == pytest.approx(560, rel=0.05)  # EJ, without renewables and nuclear heat
    with pytest.raises(DataError, match="holds no year 2018"):
        read_energy_accounts(shared / "jrc_namea", 2018)
    with pytest.raises(DataError, match="lacks XYZ in 2018"):
        read_energy_totals(shared / "eia_energy", ["USA", "XYZ"], 2018)
