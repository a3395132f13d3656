"""The GTAP standard model: reference results, first-order equations, closed properties, files."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from benchmarks.replication import EXPERIMENTS
from calibration import DataError
from calibration.gtap import gtap_benchmark, load_gtap
from calibration.readers.har import HarArray, read_gtap_har, read_har, write_har
from cge import Closure, ModelError, ShockError
from cge.gtap import GtapShock, decompose, gtap_model, solve_gtap
from cge.model.path import subtotals


@pytest.fixture(scope="module")
def sample(shared):
    from calibration.readers import read_gtap_sample

    return read_gtap_sample(shared / "gtap_v7_sample")


@pytest.fixture(scope="module")
def model(sample):
    return gtap_model(gtap_benchmark(*sample))


@pytest.mark.shared
def test_rebalancing_moves_flows_by_rounding_alone(sample) -> None:
    balanced = gtap_benchmark(*sample).sam
    assert balanced.check(tolerance=1e-12).empty
    assert balanced.adjustments["after"].max() < 2e-5  # single precision of the source


@pytest.mark.shared
def test_benchmark_replicates_exactly(model) -> None:
    base = model.solve()
    assert base.max_residual < 1e-12
    assert base.walras < 1e-12
    assert base.checks()["ok"].all()


@pytest.mark.shared
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_reference_results(name: str, shared, sample) -> None:
    # an independent implementation that agrees with GEMPACK solutions of the official model to 1.3e-5 points
    reference = json.loads((shared / "gtap_v7_sample" / "reference.json").read_text())["experiments"][name]
    sam, parameters = sample
    benchmark = gtap_benchmark(sam, {**parameters, "rdlt": np.array([reference["rordelta"]])})
    result = solve_gtap(gtap_model(benchmark), GtapShock(EXPERIMENTS[name]))
    changes, compared = result.changes(), 0
    for variable, published in reference["results"].items():
        if variable == "EV":
            wanted = np.array(published, dtype=float)
            assert np.allclose(changes["ev"], wanted, rtol=0, atol=max(0.01, 1e-5 * abs(wanted).max()))
        if variable not in changes or published is None:  # the reference leaves out what its closure fixes
            continue
        found = changes[variable].values
        if variable == "pe":  # a fixed factor has no common price there
            published, found = published[:4], found[:4]
        wanted = np.array(published, dtype=float)
        gap = np.nanmax(abs(wanted.reshape(found.shape) - found))
        assert gap < 2e-5, (variable, gap)
        compared += 1
    assert compared >= 40


@pytest.mark.shared
def test_homogeneity_symmetry_of_value_and_walras(model) -> None:
    after = model.solve(GtapShock("tms[manuf,asis,eu]=+25%; ao[svces,mena]=+3%"))
    assert after.checks()["ok"].all()
    assert after.homogeneity() < 1e-9


@pytest.mark.shared
@pytest.mark.parametrize("seed", [0, 1])
def test_equations_hold_in_percentage_change_form_to_first_order(model, seed: int) -> None:
    # the linearised equations of Corong et al. 2017 at the benchmark, for a random small shock
    base = model.solve()
    rng = np.random.default_rng(seed)
    direction = {n: rng.normal(size=model.shape(n)) for n in ("tms", "txs", "ao", "tpd", "tfe", "qe", "to")}
    from cge.model.path import PathPoint
    from cge.model.sensitivity import tangent

    point = PathPoint(0.0, base, {**tangent(base, direction), **direction})
    d, v = point.log_slope, point.value
    esubd = v("esubd")
    # E_pms: pms = sum MSHRS pmds;  E_qxs: qxs = qms - esubm (pmds - pms)
    pms, qms = d("pms")[:, 0], d("qms")[:, 0]
    assert np.allclose(pms, (v("sms")[:, 0] * d("pmds")).sum(1), atol=1e-9)
    flow = model.data["vxsb"] > 0
    gap = d("qxs") - (qms[:, None] - v("esubm")[:, None] * (d("pmds") - pms[:, None]))
    assert abs(gap[flow]).max() < 1e-8
    # E_qpd: qpd = qpa - esubd (ppd - ppa)
    assert np.allclose(d("qpd"), d("qpa") - esubd * (d("ppd") - d("ppa")), atol=1e-9)
    # E_up: yp - pop = ppriv + uepriv up
    share = v("vpp") * v("ppa") * v("qpa") / v("yp")
    assert np.allclose(d("yp"), (share * d("ppa")).sum(0) + v("uepriv") * d("up"), atol=1e-9)
    # E_qo, zero profit: ps + ao = share-weighted input prices
    cost = v("sva") * d("pva") + (1 - v("sva")) * d("pint")
    assert np.allclose(d("ps") + d("ao"), cost, atol=1e-9)
    # rore = rorc - rorflex (ke - kb), equal everywhere
    rore = d("rorc") - v("rorflex") * (d("ke") - d("kb"))
    assert np.allclose(rore, rore[0], atol=1e-8)


@pytest.mark.shared
@pytest.mark.parametrize(
    "text",
    [
        "tm=+10%",
        "ao[manuf,*]=+2%; qe[*,eu]=+1%",
        "tms[manuf,*,*]=rate 0; afe[capital,*,asis]=+3%; ams=+1%",
        "pop=+2%",
        "atm=+5%; aintall[manuf,eu]=+2%; afall[svces,*,*]=+1%; avaall=+1%",
    ],
)
def test_welfare_parts_add_up_to_ev(model, text: str) -> None:
    shock = GtapShock(text)
    result = solve_gtap(model, shock)
    parts, ev = decompose(result, shock), result.ev()
    assert abs(parts.sum("part").values - ev).max() < 1e-8 * abs(ev).max()  # a one-step sum leaves 1 to 3 %
    if text == "tm=+10%":
        assert float(abs(parts.sel(part=["endw", "tech", "pop"])).max()) < 1e-9 * abs(ev).max()
        assert float(parts.sel(part="tms").sum()) < 0  # more protection, less efficiency
        assert abs(float(parts.sel(part="tot").sum())) < 0.02 * abs(ev).sum()  # what one gains another loses


@pytest.mark.shared
@pytest.mark.parametrize(
    ("fixed", "free", "where"),
    [
        ("qo", "to", {"i": "manuf", "r": "eu"}),
        ("tbalry", "dpsave", {"r": ("oceania", "asis", "americas", "eu", "other europe", "mena")}),  # the last follows
        ("qinv", "cgdslack", {"r": ("eu", "asis")}),
        ("rw", "qe", {"f": "unskilled labor"}),
    ],
)
def test_closure_swaps_of_the_standard_model(sample, fixed: str, free: str, where: dict) -> None:
    model = gtap_model(gtap_benchmark(*sample), Closure(specific=()).swap(fixed, free, **where))
    after = model.solve(GtapShock("tms[manuf,*,*]=rate 0"))
    assert after.checks()["ok"].all()
    held = ~model.free[fixed] & np.isfinite(after.arrays[fixed])
    assert held.any()
    assert abs(after.arrays[fixed] - model.benchmark_values[fixed])[held].max() < 1e-12
    assert abs(after.arrays[free] - model.benchmark_values[free]).max() > 1e-5


@pytest.mark.shared
def test_subtotals_add_up_to_the_change_of_every_variable(model) -> None:
    base = model.solve()
    groups = {
        "tariffs": GtapShock("tms[manuf,*,*]=rate 0"),
        "farm": GtapShock("ao[crops,*]=+5%"),
        "people": GtapShock("qe[capital,eu]=+2%"),
    }
    found = subtotals(base, groups, ["qo", "y", "qxs", "tot", "pds"])
    joint = model.solve(GtapShock("; ".join(g.text for g in groups.values())))
    for name in found:
        change = 100 * (joint[name] / base[name].where(base[name] != 0) - 1)
        assert np.nanmax(abs(found[name].sel(group="total") - change)) < 1e-7, name
        parts = found[name].drop_sel(group="total").sum("group", skipna=False)
        assert np.nanmax(abs(parts - found[name].sel(group="total"))) < 1e-10
    assert float(found["pds"].sel(group="farm", i="crops").max()) < 0
    with pytest.raises(ShockError, match="moves elements of tms that another group moves too"):
        subtotals(base, {"a": GtapShock("tm=+1%"), "b": GtapShock("tms[manuf,*,*]=+1%")}, ["qo"])


@pytest.mark.shared
def test_income_shares_move_with_the_elasticity_of_private_cost(model) -> None:
    after = model.solve(GtapShock("ao=+5%"))
    spent = after["yp"] + after["yg"] + after["saving"]
    assert np.allclose(spent, after["y_0"] * after["y"], rtol=1e-12)
    ratio = (after["yp"] / spent) / (after["yp_0"] / after["y_0"])
    assert float(abs(ratio - 1).max()) > 1e-5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tmz=+10%", "unknown instrument 'tmz'"),
        ("tms[manuf,asis]=+10%", "gives 2 labels"),
        ("tms[manuff,*,*]=+10%", "'manuff' is not in dim i; did you mean 'manuf'"),
        ("tm=10", "give a percentage"),
        ("tm+10%", "cannot read the shock"),
        ("ao=rate 0.1", "is not a tax"),
        (" ; ", "the shock is empty"),
    ],
)
@pytest.mark.shared
def test_wrong_shocks_are_named(model, text: str, message: str) -> None:
    with pytest.raises(ShockError, match=message):
        model.solve(GtapShock(text))


@pytest.mark.shared
def test_shocks_from_a_table(model, tmp_path) -> None:
    path = tmp_path / "cuts.csv"
    path.write_text("i,s,d,rate\nmanuf,asis,eu,0.0\ncrops,eu,mena,0.02\n")
    tabled = model.solve(GtapShock(f"tms=@{path}"))
    spelt = model.solve(GtapShock("tms[manuf,asis,eu]=rate 0; tms[crops,eu,mena]=rate 0.02"))
    assert np.allclose(tabled["qo"], spelt["qo"], rtol=1e-12)
    path.write_text("i,s,d,rate\nmanufx,asis,eu,0.0\n")
    with pytest.raises(ShockError, match="line 2: 'manufx' is not in dim i; did you mean 'manuf'"):
        model.solve(GtapShock(f"tms=@{path}"))
    path.write_text("i,s,rate\nmanuf,asis,0.0\n")
    with pytest.raises(ShockError, match="needs columns i, s, d and one of percent, rate"):
        model.solve(GtapShock(f"tms=@{path}"))


@pytest.mark.shared
def test_core_benchmarks_lack_what_the_standard_model_needs(world, model, world_model) -> None:
    with pytest.raises(ModelError, match="has no parameter 'mobility'"):
        gtap_model(world)
    with pytest.raises(ModelError, match="not the GTAP standard model"):
        solve_gtap(world_model, GtapShock("tm=+1%"))


def test_har_round_trip_with_sets_and_many_records(tmp_path) -> None:
    rng = np.random.default_rng(0)
    elements = {"COMM": tuple(f"c{k}" for k in range(20)), "REG": tuple(f"r{k}" for k in range(40))}
    big = rng.normal(size=(20, 40, 40)).astype("f4")
    write_har(tmp_path / "x.har", {"BIG": HarArray(big, "many cells", ("COMM", "REG", "REG"), elements)})
    found = read_har(tmp_path / "x.har")["BIG"]
    assert np.array_equal(found.values, big)
    assert found.sets == ("COMM", "REG", "REG")
    assert found.elements["REG"] == elements["REG"]
    assert found.description == "many cells"


def test_spoilt_har_files_are_named(tmp_path) -> None:
    write_har(tmp_path / "x.har", {"AB": HarArray(np.ones(3), "", ("REG",), {"REG": ("a", "b", "c")})})
    whole = (tmp_path / "x.har").read_bytes()
    (tmp_path / "cut.har").write_bytes(whole[:-9])
    with pytest.raises(DataError, match="header 'AB': record lengths do not match"):
        read_har(tmp_path / "cut.har")
    (tmp_path / "text.har").write_text("this is not a header array file at all")
    with pytest.raises(DataError, match="not a HAR file"):
        read_har(tmp_path / "text.har")
    with pytest.raises(DataError, match="not found"):
        read_har(tmp_path / "none.har")
    with pytest.raises(DataError, match="must hold basedata"):
        read_gtap_har(tmp_path)


def har_folder(folder, sam, parameters):
    """The sample as a GTAP data base in HAR files."""
    from calibration.readers.har import SET_OF_DIM
    from calibration.sam import SCHEMA

    elements = {SET_OF_DIM[d]: tuple(str(x) for x in sam.data[d].values) for d in ("i", "a", "f", "r", "m")}
    elements["MOB"] = ("mobile", "sluggish", "fixed")
    elements["ONE"] = ("one",)
    base = {
        n.upper(): HarArray(sam[n], h.long_name, tuple(SET_OF_DIM[d] for d in h.dims), elements)
        for n, h in SCHEMA.items()
        if n != "vmub"
    }
    dims = {
        "ESBM": ("COMM", "REG"), "ESBD": ("COMM", "REG"), "ESBV": ("ACTS", "REG"), "ESBT": ("ACTS", "REG"),
        "ESBC": ("ACTS", "REG"), "ESBG": ("REG",), "ESBS": ("MARG",), "SUBP": ("COMM", "REG"), "INCP": ("COMM", "REG"),
        "ETRE": ("ENDW", "REG"), "ETRQ": ("ACTS", "REG"), "ESBQ": ("COMM", "REG"),
        "RFLX": ("REG",), "EFLG": ("ENDW", "MOB"), "RDLT": ("ONE",),
    }  # fmt: skip
    held = {
        n: HarArray(np.asarray(parameters[n.lower()], float).reshape([len(elements[s]) for s in sets]), "", sets, elements)
        for n, sets in dims.items()
    }
    write_har(folder / "basedata.har", base)
    write_har(folder / "default.prm", held)
    return base


@pytest.mark.shared
def test_har_data_base_gives_the_same_model_as_the_sample(sample, tmp_path) -> None:
    sam, parameters = sample
    base = har_folder(tmp_path, sam, parameters)
    benchmark = load_gtap(tmp_path)
    assert benchmark.regions[5] == "mena"
    assert benchmark.regions[6] == "sub-saharan "[:12].strip()  # HAR labels hold twelve characters
    shock = GtapShock("tms[manuf,*,*]=rate 0")
    ours, theirs = (gtap_model(b).solve(shock)["qo"] for b in (benchmark, gtap_benchmark(sam, parameters)))
    assert np.allclose(ours.values, theirs.values, atol=1e-6)
    del base["EVOS"]
    write_har(tmp_path / "basedata.har", base)
    with pytest.raises(DataError, match="lacks header 'EVOS'"):
        load_gtap(tmp_path)


@pytest.mark.shared
def test_parameters_are_checked(sample) -> None:
    sam, parameters = sample
    with pytest.raises(DataError, match="lacks header 'subp'"):
        gtap_benchmark(sam, {k: v for k, v in parameters.items() if k != "subp"})
    with pytest.raises(DataError, match="'esbm' holds a negative elasticity"):
        gtap_benchmark(sam, {**parameters, "esbm": -parameters["esbm"]})
    with pytest.raises(DataError, match="'esbv' has shape"):
        gtap_benchmark(sam, {**parameters, "esbv": parameters["esbv"][:3]})


@pytest.mark.shared
def test_shock_command_writes_changes(shared, tmp_path, capsys, monkeypatch) -> None:
    import sys

    from cge.cli import main

    folder = str(shared / "gtap_v7_sample")
    monkeypatch.setattr(sys, "argv", ["cge", "shock", "tm=+10%", "--benchmark", folder, "--out", str(tmp_path), "--json"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    held = json.loads(capsys.readouterr().out)
    assert held["status"] == "Optimal Solution Found"
    assert held["regions"]["eu"]["ev"] < 0
    with xr.open_dataset(tmp_path / "changes.nc", engine="h5netcdf") as changes:
        assert {"qo", "pds", "qxs", "tot", "psave", "ev", "qfe"} <= set(changes.data_vars)
        assert changes["qxs"].dims == ("i", "s", "d")
        wanted = (
            "qo qca qc qfd qfm qfa qfe qpd qpm qpa qgd qgm qga qid qim qia qds qms qxs qst qtm qinv qe qes pds pms pmds pfob "
            "pcif ptrans pfe peb pes pe po ps pca pva pint ppa pga pia psave pinv pgov ppriv y yp yg u up ug qsave ke rore "
            "rorc rorg tot qgdp pgdp vgdp pfactor pfactwld psw pdw del_tbalry ev"
        ).split()
        assert set(wanted) <= set(changes.data_vars)
    assert read_har(tmp_path / "changes.har")["QXS"].values.shape == (6, 7, 7)
    updated, before = read_har(tmp_path / "updated.har"), load_gtap(folder).sam
    assert set(updated) >= {"VXSB", "MAKB", "EVOS", "SAVE"}
    assert not np.allclose(updated["VXSB"].values, before["vxsb"], rtol=1e-3)
    words = [
        "cge",
        "shock",
        "tms[manuf,*,*]=rate 0; ao[crops,*]=+2%",
        "--benchmark",
        folder,
        "--decompose",
        "--subtotals",
        "--json",
    ]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit):
        main()
    held = json.loads(capsys.readouterr().out)
    parts = held["contributions_to_ev"]["eu"]
    assert sum(v for k, v in parts.items() if k.startswith("CNT")) == pytest.approx(parts["EV"], rel=1e-6)
    assert set(held["subtotals"]["eu"]) == {"tms[manuf,*,*]=rate 0", "ao[crops,*]=+2%", "total"}
