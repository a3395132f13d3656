"""GTAP's data as GTAP means them: labels decide, parameters stay, nothing is lost on the way back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration import Benchmark, DataError, Sam, aggregate, aggregate_benchmark, load_benchmark, read_mapping
from calibration.build import build_benchmark
from calibration.gtap import HEADERS, load_gtap, open_gtap, rordelta, standard_gtap
from calibration.mrio import Mrio
from calibration.readers.har import HarArray, read_har
from calibration.sam import SCHEMA, make_dataset
from cge import ModelError
from cge.gtap import GtapShock, gtap_model, solve_gtap
from cge.gtap.absent import flows
from cge.results.updated_data import distribution_sum, updated_benchmark
from tests.gtap_folders import arrays_of, full, head, small_gtap, write_folder
from tests.worlds import random_benchmark, random_sam

CASES = Path(__file__).resolve().parents[2] / "shared" / "cases"
SHOCK = GtapShock("tms[g0,*,*]=+2%; ao[g1,*]=+0.4%")  # small: integrals along its path take few points


@pytest.fixture(scope="module")
def small() -> Benchmark:
    return small_gtap()


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory) -> Path:
    return write_folder(tmp_path_factory.mktemp("gtap") / "small", *arrays_of(small))


def welfare(benchmark: Benchmark, shock: GtapShock = SHOCK) -> np.ndarray:
    """EV by region, million USD."""
    return solve_gtap(gtap_model(benchmark), shock).ev()


# -- labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["flows", "parameters", "one flow"])
def test_the_order_of_labels_in_a_file_changes_nothing(small, folder, tmp_path, which: str) -> None:
    turned = {"REG": [2, 0, 1], "COMM": [1, 2, 0], "ACTS": [2, 1, 0], "ENDW": [1, 0], "ENDT": [2, 0, 1]}
    base, prm = arrays_of(small)
    other_base, other_prm = arrays_of(small, turned)
    if which == "one flow":
        from calibration.readers.har import write_har

        one = write_folder(tmp_path, {k: v for k, v in base.items() if k != "VDFB"}, prm)
        whole = read_har(one / "basedata.har") | {"VDFB": other_base["VDFB"]}
        with pytest.raises(DataError, match="set COMM has other elements"):  # our writer keeps one order a file
            write_har(one / "basedata.har", whole)
        part = tmp_path / "part.har"
        write_har(part, {"VDFB": other_base["VDFB"]})
        with (one / "basedata.har").open("ab") as file:  # GEMPACK's files may hold both
            file.write(part.read_bytes())
    else:
        write_folder(tmp_path, other_base if which == "flows" else base, other_prm if which == "parameters" else prm)
    read, straight = load_gtap(tmp_path), load_gtap(folder)
    regions, sectors = straight.regions, straight.commodities
    for header in SCHEMA:
        theirs = read.sam.data[header].sel({d: straight.sam.data[d] for d in SCHEMA[header].dims})
        # saving is what balancing leaves: sums in another order
        assert np.allclose(theirs.values, straight.sam[header], rtol=1e-12, atol=0), header
    for symbol in HEADERS:
        given = read.elasticities[symbol]
        assert np.array_equal(
            given.sel({d: straight.elasticities[d] for d in given.dims}).values, straight.elasticities[symbol].values
        ), symbol
    assert (set(read.regions), set(read.commodities)) == (set(regions), set(sectors))


@pytest.mark.shared
def test_activities_in_another_order_than_commodities_are_still_one_each(small, tmp_path) -> None:
    base, prm = arrays_of(small, {"ACTS": [2, 0, 1]})
    read = load_gtap(write_folder(tmp_path, base, prm))
    assert [str(x) for x in read.sam.data["a"].values] == read.commodities
    assert np.allclose(read.sam["makb"], small.sam["makb"], rtol=1e-5, atol=1e-6)  # single precision, balanced again
    assert gtap_model(read).composition == gtap_model(small).composition  # without the make matrix
    # an array without labels may follow either order
    bare = prm.pop("ESBV").values
    write_folder(tmp_path, base, prm)
    dims = (*bare.shape, 1, 1, 1, 1, 1)
    with (tmp_path / "default.prm").open("ab") as file:
        file.write(head("ESBV", "RL", dims) + full(bare, dims))
    with pytest.raises(DataError, match="set ACTS has another order than COMM"):
        load_gtap(tmp_path)
    with pytest.raises(DataError, match="'ESBV': 0 sets for 2 dims"):  # our writer leaves no such array
        write_folder(tmp_path, base, prm | {"ESBV": HarArray(bare)})


def test_parameters_with_regions_in_another_order_give_the_same_welfare() -> None:
    shock = GtapShock("tm=+10%")
    assert np.allclose(
        welfare(load_gtap(CASES / "04_har_labels_in_another_order"), shock), [31187.7, -205434.3, -92773.0], atol=0.1
    )


@pytest.mark.parametrize("key", ["ESBM", "VXSB", "RFLX", "ETRE"])
def test_labels_that_are_not_the_sets_are_refused_by_name(small, tmp_path, key: str) -> None:
    base, prm = arrays_of(small)
    files = {**base, **prm}
    array = files[key]
    odd = {**array.elements, "REG": ("R0", "Mars", "R2")}
    in_base = key in base
    changed = {key: replace(array, elements=odd)}
    if in_base:  # another set name in the one header, as two files may have it
        names = tuple("ZONE" if s == "REG" else s for s in array.sets)
        changed = {"VFOB": replace(array, sets=names, elements={**array.elements, "ZONE": ("R0", "Mars", "R2")})}
        base |= changed
    else:
        prm = {key: changed[key]} | {k: replace(v, elements=odd) for k, v in prm.items() if k != key}
    write_folder(tmp_path, base, prm)
    with pytest.raises(DataError, match=r"(basedata.har|default.prm), header .*lists 'Mars', which is not in REG"):
        load_gtap(tmp_path)


def test_arrays_without_labels_are_taken_in_the_order_of_the_sets_and_that_is_said(small, folder, tmp_path) -> None:
    base, prm = arrays_of(small)
    bare = prm.pop("ESBM").values
    write_folder(tmp_path, base, prm)
    dims = (*bare.shape, 1, 1, 1, 1, 1)
    with (tmp_path / "default.prm").open("ab") as file:
        file.write(head("ESBM", "RL", dims) + full(bare, dims))
    read = load_gtap(tmp_path)
    assert np.array_equal(read.elasticities["esubm"], load_gtap(folder).elasticities["esubm"])
    assert "header ESBM of default.prm has no labels" in read.attrs["remarks"]
    # sets.har lists another order: nobody can tell which is meant
    from calibration.readers.har import write_har

    write_har(tmp_path / "sets.har", {"REG": HarArray(np.array(["R2", "R1", "R0"]))})
    with pytest.raises(DataError, match=r"header 'ESBM' has no labels, and set REG has another order in sets.har"):
        load_gtap(tmp_path)
    write_har(tmp_path / "sets.har", {"REG": HarArray(np.array(["R2", "R1", "R9"]))})
    with pytest.raises(DataError, match=r"set REG of .* and of sets.har differ, first at 'R0'"):
        load_gtap(tmp_path)


def test_a_label_that_stands_twice_is_refused_at_every_door(small, tmp_path) -> None:
    base, prm = arrays_of(small)
    twice = {**base["VXSB"].elements, "REG": ("East", "R1", "east")}
    for name, array in base.items():
        base[name] = replace(array, elements=twice)
    from calibration.readers import har_write

    spelt = har_write.short_labels
    har_write.short_labels = lambda labels, *_: list(labels)  # a file of another program
    try:
        write_folder(tmp_path, base, prm)
    finally:
        har_write.short_labels = spelt
    with pytest.raises(DataError, match=r"basedata.har, header 'VXSB', set REG: 'East' and 'east' differ by case alone"):
        load_gtap(tmp_path)
    sam = random_sam(3, 3)
    sets = {d: [str(x) for x in sam.data[d].values] for d in "iafrm"}
    with pytest.raises(DataError, match=r"dim r \(region\): 'R0' stands twice"):
        make_dataset({h: sam[h] for h in SCHEMA}, {**sets, "r": ["R0", "R1", "R0"]})
    with pytest.raises(DataError, match=r"SAM 'random world 0', dim i \(commodity\): 'g0' stands twice"):
        Sam(sam.data.assign_coords(i=["g0", "g1", "g0"]))
    world = random_benchmark(3, 3)
    with pytest.raises(DataError, match="elasticities of benchmark 'random-0', dim a: 'g0' stands twice"):
        Benchmark(world.sam, world.elasticities.assign_coords(a=["g0", "g0", "g2"]), "random-0")
    with pytest.raises(DataError, match=r"table.csv: regions: 'A' stands twice"):
        Mrio(["A", "A"], ["x"], np.zeros((2, 1, 2, 1)), np.zeros((2, 1, 2, 5)), np.zeros((2, 1)), 2018, "table.csv")
    (tmp_path / "map.csv").write_text("from,to\nR0,X\nR1,\n")
    with pytest.raises(DataError, match="new label is empty"):
        read_mapping(tmp_path / "map.csv")
    with pytest.raises(DataError, match="order of the new regions: 'X' stands twice"):
        aggregate(sam, {"R0": "X", "R1": "X", "R2": "Y"}, order=(["X", "X", "Y"], None))


def test_elasticities_in_another_order_are_aligned_by_label() -> None:
    world = random_benchmark(3, 3)
    turned = Benchmark(world.sam, world.elasticities.isel(i=[2, 0, 1], a=[1, 0, 2], r=[2, 1, 0]), "turned")
    for symbol in world.elasticities.data_vars:
        assert np.array_equal(turned.elasticities[symbol], world.elasticities[symbol])


# -- layouts and headers --------------------------------------------------------------------------


@pytest.mark.shared
def test_version_6_is_named_with_its_remedy() -> None:
    with pytest.raises(DataError, match=r"layout of GTAP version 6 \(VXMD, .*convert the folder"):
        load_gtap(CASES / "09_gtap_version_6_layout")


def test_updated_data_without_population_run(small, folder, tmp_path) -> None:
    base, prm = arrays_of(small)
    del base["POP"]
    read = load_gtap(write_folder(tmp_path, base, prm))
    assert "no header POP" in read.attrs["remarks"]
    assert np.array_equal(welfare(read), welfare(load_gtap(folder)))
    with_people = GtapShock("pop[R0]=+1%")  # an index: what the level was does not matter
    assert np.allclose(welfare(read, with_people), welfare(load_gtap(folder), with_people), rtol=1e-12)


def test_investors_substitute_as_esbi_says(small) -> None:
    def investment(elasticity: float) -> tuple[np.ndarray, np.ndarray]:
        new = small.elasticities.copy(deep=True)
        new["esubi"].values[:] = elasticity
        result = solve_gtap(gtap_model(replace(small, elasticities=new)), SHOCK).changes()
        relative = np.log(1 + result["qia"] / 100) - np.log(1 + result["qinv"] / 100)
        price = np.log(1 + result["pia"] / 100) - np.log(1 + result["pinv"] / 100)
        return relative.values, price.values

    for elasticity in (0.0, 1.0, 2.5):
        relative, price = investment(elasticity)
        assert abs(price).max() > 1e-3
        assert abs(relative + elasticity * price).max() < 1e-10  # E_qia: qia - qinv = -ESUBI (pia - pinv)


def test_the_sum_of_distribution_parameters_scales_utility_alone(small) -> None:
    new = small.elasticities.copy(deep=True)
    new["dparsum"].values[:] = [1.0, 1.25, 0.8]
    plain, scaled = (solve_gtap(gtap_model(b), SHOCK) for b in (small, replace(small, elasticities=new)))
    assert np.allclose(scaled.ev(), plain.ev(), rtol=1e-9)
    assert np.allclose(scaled.after["qo"], plain.after["qo"], rtol=1e-11)
    assert np.allclose(np.log(scaled.utility()), np.log(plain.utility()) * new["dparsum"].values, rtol=1e-8)
    model = scaled.after.model
    shifted = model.solve(exogenous={"dpgov": model.labelled("dpgov", np.array([1.1, 1.0, 1.0]))})
    grown = distribution_sum(shifted)
    assert grown[1:] == pytest.approx([1.25, 0.8])
    assert grown[0] == pytest.approx(1 + 0.1 * float(shifted["dpar_g"][0]))
    assert updated_benchmark(shifted).elasticities["dparsum"].values == pytest.approx(grown)


def test_a_world_without_margins_has_an_empty_set(small, tmp_path) -> None:
    from cge.report.gtap_report import write

    sam = random_sam(3, 3, seed=3, taxes=0.0)  # no taxes, no margins
    table = {d: [str(x) for x in sam.data[d].values] for d in "iafr"} | {"m": []}
    flows_ = {h: sam[h] for h in SCHEMA} | {"vst": np.zeros((0, 3)), "vtwr": np.zeros((0, 3, 3, 3))}
    elasticities = small.elasticities.drop_vars("esubs").drop_vars("m").assign(esubs=("m", np.zeros(0))).assign_coords(m=[])
    bare = standard_gtap(Benchmark(Sam(make_dataset(flows_, table)), elasticities.assign_coords(m=np.array([], str)), "bare"))
    read = load_gtap(write_folder(tmp_path / "in", *arrays_of(bare)))
    assert read.sam["vst"].shape == (0, 3)
    result = solve_gtap(gtap_model(read), SHOCK)
    assert result.after.checks()["ok"].all()
    write(result, tmp_path / "out")
    assert read_har(tmp_path / "out" / "updated.har")["VTWR"].values.shape == (0, 3, 3, 3)


def test_a_model_without_capital_is_refused_by_name(small) -> None:
    sam = Sam(small.sam.data.assign_coords(f=["lab", "land"]))
    renamed = Benchmark(sam, small.elasticities.assign_coords(f=["lab", "land"]), "landed")
    with pytest.raises(ModelError, match=r"no factor that is capital \(lab, land\)"):
        gtap_model(renamed)


def test_headers_that_the_model_does_not_use_come_back_unchanged(small, tmp_path) -> None:
    from cge.report.gtap_report import write

    base, prm = arrays_of(small)
    elements = base["VXSB"].elements
    base["DVER"] = HarArray(np.array(7.0), "format of GTAP data")
    base["DREL"] = HarArray(np.array(["release 10"]), "release")
    base["TFRV"] = HarArray(np.arange(27.0).reshape(3, 3, 3), "ordinary import duty", ("COMM", "REG", "REG"), elements)
    base["DPSM"] = HarArray(np.array([1.0, 1.0, 0.9]), "sum of distribution parameters", ("REG",), elements)
    prm["ESDC"] = replace(prm["ESBD"])
    read = load_gtap(write_folder(tmp_path / "in", base, prm))
    assert read.elasticities["dparsum"].values == pytest.approx([1.0, 1.0, 0.9])
    assert "basedata.har that the standard model does not use: TFRV" in read.attrs["remarks"]
    assert "default.prm that the standard model does not use: ESDC" in read.attrs["remarks"]
    read.save(tmp_path / "b.nc")
    result = solve_gtap(gtap_model(load_benchmark(tmp_path / "b.nc")), SHOCK)
    write(result, tmp_path / "out")
    updated = read_har(tmp_path / "out" / "updated.har")
    for key in ("DVER", "DREL", "TFRV"):
        assert np.array_equal(updated[key].values, base[key].values), key
        assert updated[key].description == f"unchanged: {base[key].description}"
    assert updated["TFRV"].sets == ("COMM", "REG", "REG")
    assert updated["DPSM"].values == pytest.approx([1.0, 1.0, 0.9])
    # and the folder of updated data is a GTAP folder
    (tmp_path / "out" / "basedata.har").write_bytes((tmp_path / "out" / "updated.har").read_bytes())
    (tmp_path / "out" / "default.prm").write_bytes((tmp_path / "in" / "default.prm").read_bytes())
    again = load_gtap(tmp_path / "out")
    assert np.allclose(again.sam["vxsb"], updated["VXSB"].values, rtol=1e-5)
    assert gtap_model(again).solve().max_residual < 1e-10
    changes = read_har(tmp_path / "out" / "changes.har")
    named = dict(line.split(" = ") for line in changes["VARS"].values)
    assert set(named.values()) == set(result.changes().data_vars)
    assert {"del_tbal", "del_tbalry"} <= {a.coefficient for a in changes.values()}


# -- parameters -----------------------------------------------------------------------------------


def test_a_saved_benchmark_gives_the_same_as_its_folder(folder, tmp_path) -> None:
    build_benchmark("gtap-har", folder).benchmark.save(tmp_path / "b.nc")
    saved, straight = open_gtap(tmp_path / "b.nc"), open_gtap(folder)
    for symbol in straight.elasticities.data_vars:
        assert np.array_equal(saved.elasticities[symbol], straight.elasticities[symbol]), symbol
    assert np.allclose(welfare(saved), welfare(straight), rtol=1e-9)


@pytest.mark.parametrize("symbol", [*(s for s in HEADERS if s != "dparsum"), "mobility"])
def test_what_the_data_hold_stays_and_only_the_rest_is_set(small, symbol: str) -> None:
    core = random_benchmark(3, 3, seed=3)
    held = core.elasticities.assign({symbol: small.elasticities[symbol]})
    filled = standard_gtap(Benchmark(core.sam, held, "part"))
    assert np.array_equal(filled.elasticities[symbol], small.elasticities[symbol])
    said = str(filled.elasticities.attrs["defaults"])
    assert f"{symbol} " not in said.replace("(", " ")
    assert ("rorflex 10" in said) == (symbol != "rorflex")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("SUBP", 0.0, "header 'subp' holds a zero for a commodity that is consumed"),
        ("EVFB", 1e12, "headers EVFP and EVFB are .* no tax lies between the two"),
        ("VDEP", np.nan, "header 'VDEP' holds a value that is not finite"),
        ("VMSB", "text", "header 'VMSB' holds text where numbers belong"),
    ],
)
def test_numbers_that_cannot_be_are_named(small, tmp_path, key: str, value: float | str, message: str) -> None:
    base, prm = arrays_of(small)
    files = base if key in base else prm
    values = files[key].values
    files[key] = HarArray(np.array(["a"])) if value == "text" else replace(files[key], values=np.full(values.shape, value))
    with pytest.raises(DataError, match=message):
        load_gtap(write_folder(tmp_path, base, prm))


def test_depreciation_of_the_data_stays_where_the_stock_is_missing() -> None:
    core = random_benchmark(3, 3, seed=3)
    filled = standard_gtap(core)
    assert np.array_equal(filled.sam["vdep"], core.sam["vdep"])
    assert np.allclose(filled.sam["save"], core.sam["save"])
    assert np.allclose(filled.sam["vkb"], core.sam["vdep"] / 0.04)
    assert "capital stock: depreciation / 0.04" in filled.elasticities.attrs["defaults"]


def test_a_benchmark_file_with_a_part_missing_is_named(small, tmp_path) -> None:
    import xarray as xr

    small.save(tmp_path / "b.nc")
    with xr.open_dataset(tmp_path / "b.nc", engine="h5netcdf") as opened:
        whole = opened.load()
    for name in ("vxsb", "adjustments", "esubm"):
        whole.drop_vars(name).to_netcdf(tmp_path / "part.nc", engine="h5netcdf")
        with pytest.raises(DataError, match=rf"part.nc.*{name}"):
            load_benchmark(tmp_path / "part.nc")


def test_rordelta_of_the_data_stays(small, tmp_path) -> None:
    base, prm = arrays_of(small)
    prm["RDLT"] = HarArray(np.array(0.0))
    read = load_gtap(write_folder(tmp_path, base, prm))
    read.save(tmp_path / "b.nc")
    assert float(gtap_model(open_gtap(tmp_path / "b.nc")).benchmark_values["rordelta"]) == 0.0
    for wrong in (2, "x", 0.5):
        with pytest.raises(DataError, match="RORDELTA is"):
            rordelta(wrong)


def test_a_file_of_sluggish_factors_alone_is_read(small, folder, tmp_path) -> None:
    base, prm = arrays_of(small)
    values = prm["ETRE"].values[1:]  # cap, the sluggish one
    prm["ETRE"] = HarArray(values, "", ("ENDS", "REG"), {**prm["ETRE"].elements, "ENDS": ("cap",)})
    read = load_gtap(write_folder(tmp_path, base, prm))
    assert np.allclose(welfare(read), welfare(load_gtap(folder)), rtol=1e-12)
    prm["ETRE"] = HarArray(values, "", ("ENDS", "REG"), {**prm["ETRE"].elements, "ENDS": ("lab",)})
    with pytest.raises(DataError, match="header 'ETRE' lists lab"):
        load_gtap(write_folder(tmp_path, base, prm))


# -- aggregation ----------------------------------------------------------------------------------

REGIONS = {"R0": "A", "R1": "A", "R2": "B"}
SECTORS = {"g0": "x", "g1": "x", "g2": "g2"}


def mean(values: np.ndarray, weights: np.ndarray) -> float:
    return float((values * weights).sum() / weights.sum())


def test_parameters_are_averaged_with_gtapaggs_weights(small) -> None:
    g, e = small.sam, small.elasticities
    new = aggregate_benchmark(small, REGIONS, SECTORS).elasticities
    private = g["vdpp"] + g["vmpp"]
    inputs = (g["vdfp"] + g["vmfp"]).sum(0)
    imports = g["vmfp"].sum(1) + g["vmpp"] + g["vmgp"] + g["vmip"]
    bought = imports + g["vdfp"].sum(1) + g["vdpp"] + g["vdgp"] + g["vdip"]
    by_sector = {
        "subpar": private, "incpar": private, "esubm": imports, "esubd": bought, "esubva": g["evfp"].sum(0),
        "esubc": inputs, "esubt": inputs + g["evfp"].sum(0), "etraq": g["maks"].sum(0), "esubq": g["makb"].sum(1),
    }  # fmt: skip
    for symbol, weights in by_sector.items():
        wanted = mean(e[symbol].values[:2, :2], weights[:2, :2])
        assert float(new[symbol].values[0, 0]) == pytest.approx(wanted, rel=1e-12), symbol
        assert float(new[symbol].values[1, 1]) == pytest.approx(float(e[symbol].values[2, 2]), rel=1e-12), symbol
    by_region = {
        "esubg": (g["vdgp"] + g["vmgp"]).sum(0), "esubi": (g["vdip"] + g["vmip"]).sum(0), "rorflex": g["vkb"],
    }  # fmt: skip
    for symbol, weights in by_region.items():
        assert float(new[symbol].values[0]) == pytest.approx(mean(e[symbol].values[:2], weights[:2])), symbol
    income = g["evos"].sum(1)
    assert float(new["etrae"].values[1, 0]) == pytest.approx(mean(e["etrae"].values[1, :2], income[1, :2]))
    assert np.array_equal(new["mobility"], e["mobility"])
    assert new.attrs["rordelta"] == e.attrs["rordelta"]


def test_parameters_of_the_world_stay_one_value_over_regions(small) -> None:
    even = small.elasticities.copy(deep=True)
    for symbol in ("esubm", "esubd", "esubva", "esubc"):
        even[symbol].values[:] = np.array([[2.0], [5.0], [3.0]])
    new = aggregate_benchmark(replace(small, elasticities=even), REGIONS, SECTORS).elasticities
    g = small.sam
    imports = (g["vmfp"].sum(1) + g["vmpp"] + g["vmgp"] + g["vmip"]).sum(1)
    assert new["esubm"].values[0] == pytest.approx(np.full(2, mean(np.array([2.0, 5.0]), imports[:2])))
    for symbol in ("esubm", "esubd", "esubva", "esubc"):
        assert np.ptp(new[symbol].values, axis=1) == pytest.approx(0.0), symbol


def test_the_builder_and_the_aggregator_agree(folder) -> None:
    built = build_benchmark("gtap-har", folder, regions=REGIONS, sectors=SECTORS, name="x").benchmark
    other = aggregate_benchmark(load_gtap(folder), REGIONS, SECTORS, "x")
    assert built.elasticities.equals(other.elasticities)
    assert built.elasticities.attrs == other.elasticities.attrs
    assert gtap_model(built).solve().max_residual < 1e-10


# -- results --------------------------------------------------------------------------------------


def test_no_variable_has_a_number_where_the_benchmark_has_no_flow() -> None:
    world = standard_gtap(random_benchmark(3, 3, seed=5, zeros=0.4))
    model = gtap_model(world)
    changes = solve_gtap(model, GtapShock("tm=+5%")).changes()
    known = flows(model.data)
    empty = 0
    for name, flow in known.items():
        assert np.isnan(changes[name].values[flow == 0]).all(), name
        assert np.isfinite(changes[name].values[flow > 0]).all(), name
        empty += int((flow == 0).sum())
    assert empty > 20
    spread = [str(v) for v in changes.data_vars if len(changes[v].dims) > 1 and v not in known]
    assert not spread  # every variable by cell has its flow


# -- folders as benchmarks ------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("info",),
        ("run", "free-trade", "--benchmark"),
        ("gvc", "free-trade", "--benchmark"),
        ("shock", "tm=+1%", "--benchmark"),
        ("dynamics", "free-trade", "--years", "2018:2019", "--growth", "growth.csv", "--benchmark"),
    ],
    ids=lambda words: words[0],
)
def test_a_folder_is_a_benchmark_for_every_command(command, words, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("growth.csv").write_text("region,gdp,population\nUSA,0.02,0.01\nROW,0.03,0.01\nCHN,0.05,0.0\n")
    code, shown, error = command(*words, str(CASES / "mini_v7"))
    assert (code, error) == (0, "")
    assert shown


def test_a_folder_and_its_file_open_the_same(folder) -> None:
    assert load_benchmark(folder).sam.data.equals(load_benchmark(folder / "basedata.har").sam.data)
    with pytest.raises(DataError, match=r"must hold basedata.har and default.prm; found small"):
        load_benchmark(folder.parent)
