"""Substitution between value added and intermediates: published values, tables, Leontief, and what they do."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration import Benchmark, DataError, aggregate_benchmark, load_benchmark
from calibration.benchmark import PRODUCTIONS
from calibration.gtap import load_gtap, standard_gtap
from calibration.production_elasticities import GROUP_OF_SECTOR, NOT_HELD, STUDIES, published
from cge import Model, Solution
from cge.dynamics import Baseline, Dynamics, PathOfYears
from cge.gtap import gtap_model
from cge.results.updated_data import updated_benchmark
from policies import tariff_change
from tests.test_model import shock
from tests.worlds import five_regions, growth_table, random_benchmark, symmetric_benchmark

OF_THE_SMALL_WORLD = {"g0": "agriculture", "g1": "construction", "g2": NOT_HELD}
WORLDS = ("world", "world-2011")


@pytest.fixture(scope="module")
def three() -> Benchmark:
    """Three regions and goods, Leontief in value added and intermediates."""
    return random_benchmark(3, 3, seed=4, esubt=0.0, esubc=0.0)


@pytest.fixture(scope="module")
def four_sectors() -> Benchmark:
    """The world of 2018 in four regions and the sectors agr, foo, mac and trd."""
    world = load_benchmark()
    sectors = {
        i: i if i in ("agr", "foo") else "trd" if i in ("utl", "cns", "trd", "bus", "pub") else "mac" for i in world.commodities
    }
    regions = {r: r if r in ("CHN", "USA", "JPN") else "ROW" for r in world.regions}
    return aggregate_benchmark(world, regions, sectors, "four sectors")


def made(solution: Solution) -> xr.DataArray:
    """Output by activity; dims (a, r)."""
    return solution["qo"].rename(i="a") if "i" in solution["qo"].dims else solution["qo"]


def esubt(benchmark: Benchmark) -> pd.DataFrame:
    return benchmark.elasticities["esubt"].transpose("a", "r").to_pandas()


def test_the_table_holds_what_the_publication_prints() -> None:
    values = published("okagawa-ban")
    assert dict(values) == {
        "agriculture": 0.392, "chemicals and fuels": 0.848, "machinery": 0.518, "electricity": 0.1,
        "construction": 1.264, "transport": 0.352, "other industries": 0.568, "other sectors": 0.492,
    }  # fmt: skip
    assert set(GROUP_OF_SECTOR.values()) == {*values.index, NOT_HELD}
    assert set(PRODUCTIONS) == {"benchmark", "leontief", *STUDIES}


@pytest.mark.parametrize("name", WORLDS)
def test_shipped_worlds_are_leontief_unless_asked_and_extraction_has_no_published_value(name: str) -> None:
    world = load_benchmark(name)
    assert not world.elasticities["esubt"].any()
    assert not world.elasticities["esubc"].any()
    asked = world.with_production("okagawa-ban")
    values = published("okagawa-ban")
    for activity, row in esubt(asked).iterrows():
        group = GROUP_OF_SECTOR[str(activity)]
        assert set(row) == {0.0 if group == NOT_HELD else values[group]}
    kept = [a for a, row in esubt(asked).iterrows() if not row.any()]
    assert kept == {"world": ["ene", "min"], "world-2011": ["min", "utc"]}[name]
    told = str(asked.attrs["production"])
    assert told.startswith("Okagawa and Ban (2008), quoted in Marcucci and Zhang (2019), Table 1; esubt agr 0.392, foo 0.568")
    assert told.endswith(f"no published value, the benchmark's own: {kept[0]} 0, {kept[1]} 0")
    lines = dict(line.split(": ", 1) for line in str(asked.attrs["elasticity_sources"]).splitlines())
    assert {a for a, line in lines.items() if "intermediates Leontief" in line} == set(kept)
    assert lines["agr"].endswith("intermediates: Okagawa and Ban (2008), quoted in Marcucci and Zhang (2019), Table 1")
    others = [v for v in world.elasticities.data_vars if v != "esubt"]
    assert asked.elasticities[others].identical(world.elasticities[others].assign_attrs(asked.elasticities.attrs))


def test_sectors_of_every_source_the_library_reads_have_a_group() -> None:
    from calibration.classification import GROUP_OF_WIOD, SECTORS

    assert {*SECTORS, *GROUP_OF_WIOD} <= set(GROUP_OF_SECTOR)
    same = {"A01": "c1", "C20": "c9", "C28": "c13", "cns": "c18", "C10T12": "c3", "B06": "c2", "bus": "c28", "C24A": "c12"}
    assert all(GROUP_OF_SECTOR[a] == GROUP_OF_SECTOR[b] for a, b in same.items())


@pytest.mark.parametrize("composition", ["core", "gtap"])
def test_inputs_and_cost_shares_respond_with_the_elasticity_exactly(three, composition: str) -> None:
    chosen = three.with_production("okagawa-ban", OF_THE_SMALL_WORLD)
    model = Model(chosen) if composition == "core" else gtap_model(standard_gtap(chosen))
    after = model.solve(tariff_change(points=15.0))
    dearer = (after["pint"] / after["pva"]).transpose("a", "r").values
    sigma = np.array([[0.392], [1.264], [0.0]])
    assert abs(dearer - 1).max() > 1e-3
    assert (after["qva"] / after["qint"]).transpose("a", "r").values == pytest.approx(dearer**sigma, rel=1e-10)
    odds = (after["pva"] * after["qva"] / (after["pint"] * after["qint"])).transpose("a", "r").values
    assert odds == pytest.approx(dearer ** (sigma - 1), rel=1e-10)  # of value added against intermediates in cost
    assert (after["qva"] / made(after)).sel(a="g2").values == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize("composition", ["core", "gtap"])
def test_replication_and_walras_hold(three, composition: str) -> None:
    chosen = three.with_production("okagawa-ban", OF_THE_SMALL_WORLD)
    model = Model(chosen) if composition == "core" else gtap_model(standard_gtap(chosen))
    base = model.solve()
    assert all(base.checks()["ok"])
    assert base["qo"].values == pytest.approx(1.0, abs=1e-12)
    after = model.solve(tariff_change(points=15.0))
    assert all(after.checks()["ok"])


def test_data_updated_by_a_shock_are_an_equilibrium_of_the_same_production(three) -> None:
    after = Model(three.with_production("okagawa-ban", OF_THE_SMALL_WORLD)).solve(tariff_change(points=15.0))
    there = Model(updated_benchmark(after))
    assert there.solve()["qo"].values == pytest.approx(1.0, abs=1e-10)
    assert there.attrs()["production"] == after.model.attrs()["production"]


def test_a_dearer_numeraire_moves_no_quantity(three) -> None:
    model = Model(three.with_production("okagawa-ban", OF_THE_SMALL_WORLD))
    assert model.solve(exogenous={"pfactwld": 1.25})["qva"].values == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("instrument", ["ava", "aint"])
@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_an_undistorted_economy_can_only_gain_from_substitution(instrument: str, factor: float) -> None:
    """With the same inputs a CES of a higher elasticity makes at least as much, and equal as much at the benchmark."""
    free = symmetric_benchmark(tariff=0.0)
    policy = shock(instrument, where={"a": ["g0"]}, factor=factor)
    groups = {"g0": "other industries", "g1": "other sectors"}
    rigid, loose = (Model(b).solve(policy)["ev"].values for b in (free, free.with_production("okagawa-ban", groups)))
    assert (loose > rigid).all()
    assert np.sign(loose) == pytest.approx(np.sign(rigid))


def test_dearer_imported_inputs_are_replaced_by_value_added(four_sectors) -> None:
    policy = tariff_change(destinations=["JPN"], points=20.0)
    rigid, loose = (Model(four_sectors, production=p).solve(policy) for p in ("benchmark", "okagawa-ban"))
    assert (rigid["qva"] / made(rigid)).values == pytest.approx(1.0, abs=1e-10)
    dearer = loose["pint"] / loose["pva"]
    sheltered = ["foo", "mac", "trd"]  # in farming the land that the tariff protects becomes dearer still
    assert (dearer.sel(r="JPN", a=sheltered) > 1.02).all()
    assert (loose["qva"] / made(loose)).sel(r="JPN", a=sheltered).min() > 1.0
    assert (loose["qint"] / made(loose)).sel(r="JPN", a=sheltered).max() < 1.0
    assert float(dearer.sel(r="JPN", a="agr")) < 1.0 < float((loose["qint"] / made(loose)).sel(r="JPN", a="agr"))


def test_choice_before_grouping_is_averaged_with_cost(four_sectors) -> None:
    world = load_benchmark()
    sectors = {i: "goods" if i in ("agr", "ene", "foo") else "rest" for i in world.commodities}
    regions = dict.fromkeys(world.regions, "ROW") | {"CHN": "CHN"}
    grouped = aggregate_benchmark(world.with_production("okagawa-ban"), regions, sectors)
    cost = (world.sam.data["vdfp"] + world.sam.data["vmfp"]).sum("i") + world.sam.data["evfp"].sum("f")
    of_china = cost.sel(r="CHN", a=["agr", "foo", "ene"]).values
    wanted = float(of_china @ np.array([0.392, 0.568, 0.0]) / of_china.sum())
    assert esubt(grouped).loc["goods", "CHN"] == pytest.approx(wanted, rel=1e-12)
    assert str(grouped.attrs["production"]).startswith("Okagawa and Ban")
    assert abs(Model(grouped).solve()["qo"] - 1).max() < 1e-12
    assert set(esubt(four_sectors.with_production("okagawa-ban")).loc["mac"]) == {0.518}


@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_years_begin_at_the_benchmark_and_say_which_production_they_have(capital: str, tmp_path) -> None:
    five = five_regions()
    chosen = five.with_production("okagawa-ban", {"gds": "other industries", "srv": "other sectors"})
    years = Baseline.between(2018, 2019, growth_table(five))
    found = Dynamics(chosen, years, capital=capital).run(tariff_change(points=5.0))
    assert found.baseline.dataset()["qgdp"].sel(year=2018).values == pytest.approx(1.0, abs=1e-10)
    assert found.summary()["identity_gap"] < 1e-10
    assert found.summary()["production"] == chosen.attrs["production"]
    found.policy.save(tmp_path / "path.nc")
    assert PathOfYears.load(tmp_path / "path.nc").dataset().attrs["production"] == chosen.attrs["production"]


def test_values_that_differ_by_region_are_kept_where_none_is_published(three) -> None:
    own = three.elasticities["esubt"].copy(deep=True)
    own.loc[{"a": "g2"}] = [0.1, 0.2, 0.3]
    held = replace(three, elasticities=three.elasticities.assign(esubt=own))
    chosen = held.with_production("okagawa-ban", OF_THE_SMALL_WORLD)
    assert list(esubt(chosen).loc["g2"]) == [0.1, 0.2, 0.3]
    assert str(chosen.attrs["production"]).endswith("the benchmark's own: g2 0.1 to 0.3")
    assert Model(chosen).solve()["qo"].values == pytest.approx(1.0, abs=1e-12)


@pytest.mark.shared
def test_sectors_of_the_gtap_sample_are_known(shared) -> None:
    chosen = load_gtap(shared / "gtap_v7_sample").with_production("okagawa-ban")
    assert esubt(chosen).iloc[:, 0].to_dict() == pytest.approx(
        {"crops": 0.392, "animals": 0.392, "extract": 0.0, "processed food": 0.568, "manuf": 0.568, "svces": 0.492}
    )
    assert all(gtap_model(chosen).solve().checks()["ok"])


def test_the_model_says_which_production_it_solves(three, tmp_path) -> None:
    plain = "Leontief in value added and intermediates: esubt = esubc = 0, as in GTAP's data"
    assert Model(three).attrs()["production"] == plain
    assert gtap_model(standard_gtap(three)).attrs()["production"] == plain
    assert Model(random_benchmark(3, 3, seed=4, esubt=0.5)).attrs()["production"] == "CES with the benchmark's esubt and esubc"
    chosen = three.with_production("okagawa-ban", OF_THE_SMALL_WORLD)
    assert Model(chosen).solve().model.attrs()["production"] == chosen.attrs["production"]
    assert chosen.with_production("benchmark") is chosen
    assert Model(chosen, production="leontief").attrs()["production"] == "Leontief, by choice"
    assert not chosen.with_production("leontief").elasticities["esubt"].any()
    chosen.save(tmp_path / "chosen.nc")
    again = load_benchmark(tmp_path / "chosen.nc")
    assert again.attrs["production"] == chosen.attrs["production"]
    assert esubt(again).equals(esubt(chosen))


def test_a_table_of_your_own_gives_both_elasticities(three, tmp_path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("i,esubt,esubc\ng1,0.3,0.1\ng0,0.5,0.1\ng2,1,0.1\n")
    chosen = three.with_production(path)
    assert list(esubt(chosen)["R0"]) == [0.5, 0.3, 1.0]
    assert (chosen.elasticities["esubc"] == 0.1).all()
    assert chosen.attrs["production"] == "mine.csv; esubt g0 0.5, g1 0.3, g2 1; esubc g0 0.1, g1 0.1, g2 0.1"
    assert esubt(three.with_production(pd.DataFrame({"esubt": 0.2}, index=["g0", "g1", "g2"]))).eq(0.2).all(None)
    after = Model(chosen).solve(tariff_change(points=15.0))
    relative = (after["pfa"].sel(i="g0") / after["pfa"].sel(i="g1")).values
    used = (after["qfa"].sel(i="g1") / after["qfa"].sel(i="g0")).values
    bought = (three.sam.data["vdfp"] + three.sam.data["vmfp"]).sel(i=["g0", "g1"]).transpose("i", "a", "r").values > 0
    assert used[bought.all(0)] == pytest.approx(relative[bought.all(0)] ** 0.1, rel=1e-9)


def test_what_is_not_known_is_refused_with_its_remedy(three, tmp_path) -> None:
    with pytest.raises(
        DataError, match=r"no production and no file named 'okagava'; did you mean 'okagawa-ban'\?; known: bench"
    ):
        three.with_production("okagava")
    with pytest.raises(DataError, match=r"not known what activity 'g0' of benchmark 'random-4' makes.*give groups="):
        three.with_production("okagawa-ban")
    with pytest.raises(DataError, match=r"unknown group of okagawa-ban 'machines'; did you mean 'machinery'"):
        three.with_production("okagawa-ban", {**OF_THE_SMALL_WORLD, "g1": "machines"})
    with pytest.raises(DataError, match="unknown activity 'g9'"):
        three.with_production("okagawa-ban", {**OF_THE_SMALL_WORLD, "g9": "machinery"})
    for text, told in (
        ("i,esubt\ng0,0.5\ng1,0.5\n", r"mine\.csv: activity 'g2' has no row"),
        ("i,esubt\ng0,0.5\ng1,0.5\ng2,-1\n", r"elasticity esubt of g2 R0 is -1\.0: must be >= 0"),
        ("i,esubt\ng0,0.5\ng1,x\ng2,1\n", r"line 3: column esubt 'x' is not a number"),
        ("i,esubm\ng0,5\ng1,5\ng2,5\n", r"mine\.csv: column 'esubm' is none of production's; known: esubt, esubc"),
        ("i,esubt\ng0,0.5\ng1,0.5\ng2,1\ng7,1\n", r"mine\.csv: activity 'g7'"),
    ):
        (tmp_path / "mine.csv").write_text(text)
        with pytest.raises(DataError, match=told):
            three.with_production(tmp_path / "mine.csv")


def test_the_command_line_takes_it_and_says_it(four_sectors, command, tmp_path) -> None:
    four_sectors.save(tmp_path / "four.nc")
    tariff_change(destinations=["JPN"], points=20.0).to_yaml(tmp_path / "p.yaml")
    given = ("run", str(tmp_path / "p.yaml"), "--benchmark", str(tmp_path / "four.nc"), "--json", "--production")
    rigid, loose = (json.loads(command(*given, production)[1]) for production in ("benchmark", "okagawa-ban"))
    assert rigid["production"].startswith("Leontief in value added and intermediates")
    assert loose["production"].startswith("Okagawa and Ban (2008)")
    assert abs(loose["regions"]["JPN"]["welfare_percent"] - rigid["regions"]["JPN"]["welfare_percent"]) > 1e-6
    code, _, told = command(*given, "leontieff")
    assert code != 0
    assert "did you mean 'leontief'" in " ".join(told.split())
