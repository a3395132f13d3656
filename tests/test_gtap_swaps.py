"""Closures in GEMPACK's words, on the model and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from calibration import Benchmark
from calibration.build import build_benchmark
from calibration.gtap import standard_gtap
from calibration.readers.har import read_har
from cge import ClosureError, Model, ShockError, SolveError
from cge.gtap import GtapShock, gtap_model, solve_gtap
from cge.report import gtap_report
from tests.gtap_folders import arrays_of, small_gtap, write_folder
from tests.test_data_build import figaro_csv

SHOCK = GtapShock("tms[g0,R1,*]=+2%")


@pytest.fixture(scope="module")
def small() -> Benchmark:
    return small_gtap()


@pytest.fixture(scope="module")
def figaro_world(tmp_path_factory) -> Benchmark:
    path = tmp_path_factory.mktemp("figaro") / "matrix_eu-ic-io_ind-by-ind_24ed_2022.csv"
    figaro_csv(path)
    return standard_gtap(build_benchmark("figaro", path).benchmark)


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory) -> Path:
    return write_folder(tmp_path_factory.mktemp("gtap") / "small", *arrays_of(small))


def test_two_regions_keep_their_trade_balance_and_their_saving_adjusts(small) -> None:
    model = gtap_model(small, swaps="swap dpsave(R0,R2) = del_tbalry(R0,R2);")
    after, free = model.solve(SHOCK), gtap_model(small).solve(SHOCK)
    moved = after["tbalry"] - model.benchmark_values["tbalry"]
    assert float(abs(moved.sel(r=["R0", "R2"])).max()) < 1e-12
    assert float(abs(free["tbalry"] - model.benchmark_values["tbalry"]).sel(r=["R0", "R2"]).max()) > 1e-5
    assert float(abs(after["dpsave"].sel(r=["R0", "R2"]) - 1).min()) > 1e-6
    assert float(after["dpsave"].sel(r="R1")) == 1.0
    assert after.checks()["ok"].all()
    assert model.attrs()["swaps"] == "tbalry(R0, R2) exogenous, dpsave(R0, R2) endogenous"


@pytest.mark.parametrize(
    "words",
    [
        "del_tbalry(R0)=dpsave(R0)",
        "SWAP DPSAVE( \"r0\" ) = DEL_TBALRY( 'R0' )",
        "dpsave(R0)=del_tbalry(R0)",
    ],
)
def test_either_order_and_any_case_mean_the_same(small, words: str) -> None:
    (swap,) = gtap_model(small, swaps=words).closure.swaps
    assert (swap.fixed, swap.free, swap.where) == ("tbalry", "dpsave", (("r", ("R0",)),))


@pytest.mark.parametrize(
    ("words", "fixed", "where"),
    [
        ("qfd(g0,g1,R1) = tfd(g0,g1,R1)", "qfd", {"i": "g0", "a": "g1", "r": "R1"}),  # a definition becomes a variable
        ("qgov(REG) = dpgov(REG)", "qgov", {}),
        ("yp(R0) = dppriv(R0)", "yp", {"r": "R0"}),  # an amount of money
        ("qgdp(R0) = ao(g1,R0)", "qgdp", {"r": "R0"}),  # one element for one element of another shape
        ("qinv(R2)=cgdslack(R2)", "qinv", {"r": "R2"}),
        ("qe(lab,R0,R1) = pefactreal(lab,R0,R1)", "rw", {"f": "lab", "r": ["R0", "R1"]}),
        ("qxs(g0,R1,R0) = tms(g0,R1,R0)", "qxs", {"i": "g0", "s": "R1", "d": "R0"}),
    ],
)
def test_what_a_swap_fixes_stays_and_what_it_frees_moves(small, words: str, fixed: str, where: dict) -> None:
    model = gtap_model(small, swaps=words)
    after = model.solve(GtapShock("tms[g0,R2,*]=+5%"))
    base = xr.DataArray(model.benchmark_values[fixed], dims=after[fixed].dims, coords=after[fixed].coords)
    assert float(abs(after[fixed] / base - 1).sel(where).max()) < 1e-12
    freed = model.closure.swaps[0].free
    assert abs(after.arrays[freed] - model.benchmark_values[freed]).max() > 1e-7
    assert after.checks()["ok"].all()


def test_a_definition_as_a_variable_changes_no_answer(small) -> None:
    plain = gtap_model(small).solve(SHOCK)
    # the freed tax returns to its benchmark where the quantity is set to what it was
    model = gtap_model(small, swaps="qfd(g0,g1,R1) = tfd(g0,g1,R1)")
    wanted = model.benchmark_values["qfd"].copy()
    wanted[0, 1, 1] = plain.arrays["qfd"][0, 1, 1] if "qfd" in plain.arrays else float(plain["qfd"][0, 1, 1])
    again = model.solve(SHOCK, exogenous={"qfd": model.labelled("qfd", wanted)})
    assert float(again["tfd"][0, 1, 1]) == pytest.approx(float(plain["tfd"][0, 1, 1]), rel=1e-9)
    assert np.allclose(again["qo"], plain["qo"], rtol=1e-9)


def test_a_variable_that_a_swap_made_exogenous_is_shocked(small) -> None:
    model = gtap_model(small, swaps="dpsave(R0)=del_tbalry(R0)")
    goal = model.benchmark_values["tbalry"].copy()
    goal[0] += 0.002
    after = model.solve(exogenous={"tbalry": model.labelled("tbalry", goal)})
    assert float(after["tbalry"][0]) == pytest.approx(goal[0], abs=1e-10)
    saved = after.values_of("saving")[0] - model.solve().values_of("saving")[0]
    assert saved > 0  # a better balance is saved for


def test_quotas_of_one_region_are_met_by_the_export_taxes_of_others(small) -> None:
    # what is fixed is the importer's, what is freed the exporters': the regional blocks trade an element
    model = gtap_model(small, swaps="qxs(g0,*,R0) = txs(g0,*,R0)")
    result = solve_gtap(model, GtapShock("tms[g0,R2,*]=+1%; qxs[g0,R1,R0]=-1%"))
    moved = result.changes()["qxs"].sel(i="g0", d="R0")
    assert float(moved.sel(s="R1")) == pytest.approx(-1, abs=1e-9)
    assert float(moved.sel(s="R2")) == pytest.approx(0, abs=1e-9)
    # the duty that gives the same quantity gives the same quantities everywhere: only the rent moves
    duty = gtap_model(small, swaps="qxs(g0,R1,R0) = tms(g0,R1,R0)").solve(GtapShock("qxs[g0,R1,R0]=-1%"))
    assert float(duty["qxs"].sel(i="g0", s="R1", d="R0")) == pytest.approx(0.99, abs=1e-11)


@pytest.mark.parametrize("duties", ["tms=+2%", "tms=+50%"])
def test_the_quantities_of_all_trade_are_met_by_the_export_taxes_of_all(figaro_world, duties: str) -> None:
    # no region then has a price level of its own, only the world: the system is determined, its regional blocks are not
    model = gtap_model(figaro_world, swaps="qxs = txs")
    after = model.solve(GtapShock(duties))
    assert np.array_equal(after.arrays["qxs"], model.benchmark_values["qxs"])
    assert after.checks()["ok"].all()
    assert after.homogeneity() < 1e-9
    flows = figaro_world.sam["vxsb"] > 0
    given = gtap_model(figaro_world).solve(GtapShock(duties), exogenous={"txs": after["txs"]})
    assert np.allclose(given["qxs"].values[flows], 1.0, rtol=0, atol=1e-9)  # the same equilibrium the other way round


def test_the_saving_of_one_region_may_hold_the_balance_of_another(small) -> None:
    own = gtap_model(small, swaps="dpsave(R0,R1) = del_tbalry(R0,R1)").solve(SHOCK)
    other = gtap_model(small, swaps="dpsave(R0,R1) = del_tbalry(R1,R2)").solve(SHOCK)  # the third balance follows
    assert np.allclose(own["dpsave"], other["dpsave"], rtol=1e-9, atol=0)
    alone = gtap_model(small, swaps="dpsave(R0) = del_tbalry(R2)")
    assert float(alone.solve(SHOCK)["tbalry"][2]) == pytest.approx(alone.benchmark_values["tbalry"][2], abs=1e-12)


def test_what_a_swap_frees_is_among_the_results(small, folder, command, tmp_path) -> None:
    swaps = ["dpsave(R0)=del_tbalry(R0)", "qxs(g0,R1,R0) = txs(g0,R1,R0)"]
    words = ["shock", SHOCK.text, "--benchmark", str(folder), "--out", str(tmp_path)]
    code, _, _ = command(*words, "--swap", swaps[0], "--swap", swaps[1])
    assert code == 0
    after = gtap_model(small, swaps=swaps).solve(SHOCK)
    with xr.open_dataset(tmp_path / "changes.nc", engine="h5netcdf") as changes:
        for name in ("dpsave", "txs"):
            assert np.allclose(changes[name], 100 * (after[name] / after.model.benchmark_values[name] - 1), atol=1e-5)
            assert changes[name].attrs["long_name"]
    told = read_har(tmp_path / "changes.har")
    assert {"DPSA", "TXS"} <= {name.upper() for name in told}


@pytest.mark.parametrize("words", ["dpsave(*)=del_tbalry(*)", "dpsave=del_tbalry", "pfactwld=walraslack"])
def test_what_a_swap_fixes_twice_is_refused_at_build(small, words: str) -> None:
    with pytest.raises(ClosureError, match=r"does not determine .*trade balances of all regions sum to zero"):
        gtap_model(small, swaps=words)


@pytest.mark.parametrize("name", ["del_tbalry", "DEL_TBALRY", "tbalry"])
def test_what_a_swap_fixes_is_shocked_under_its_name(small, name: str) -> None:
    model = gtap_model(small, swaps="dpsave(R0)=del_tbalry(R0) ! the balance of R0 is a target")
    moved = solve_gtap(model, GtapShock(f"{name}[R0]=+0.002; tm=+1%")).changes(contributions=False)["del_tbalry"]
    assert float(moved.sel(r="R0")) == pytest.approx(0.002, abs=1e-12)
    with pytest.raises(ShockError, match="give the amount to add"):
        model.solve(GtapShock(f"{name}[R0]=+2%"))
    with pytest.raises(ShockError, match=f"{name}: tbalry is endogenous; swap it"):
        gtap_model(small).solve(GtapShock(f"{name}[R0]=+0.002"))


def test_unit_revenue_is_fixed_under_its_name_and_activities_are_a_set(small) -> None:
    model = gtap_model(small, swaps="po(ACTS,R1) = aoall(ACTS,R1)")
    after = solve_gtap(model, GtapShock("po[g1,R1]=+1%")).changes(contributions=False)
    # the numeraire of results is the Divisia index; that of the model, in which po is fixed, has fixed weights
    assert np.allclose(after["po"].sel(r="R1"), [0, 1, 0], atol=2e-6)
    # with more of a factor in the world the two part, and that is said
    grown = solve_gtap(gtap_model(small, swaps="po(g1,R1) = aoall(g1,R1)"), GtapShock("qe[lab,*]=+3%;qe[cap,R0]=-3%"))
    (told,) = grown.remarks()
    moved = float(grown.changes(contributions=False)["po"].sel(a="g1", r="R1"))
    assert abs(moved) > 1e-6
    assert f"{moved:+.2g} per cent" in told
    assert solve_gtap(gtap_model(small), GtapShock("qe[lab,*]=+3%")).remarks() == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("dpsave(R0)", r"cannot read the swap 'dpsave\(R0\)'"),
        ("dpsav(R0)=del_tbalry(R0)", "unknown variable 'dpsav'; did you mean 'dpsave'"),
        ("dpsave(R9)=del_tbalry(R9)", r"'R9' is in no dim of dpsave \(r\)"),
        ("dpsave=tms", "dpsave and tms are both exogenous"),
        ("qo=pds", "qo and pds are both endogenous"),
        ("dpsave(R0)=del_tbalry(R0,R1)", "fixes 2 elements of tbalry and frees 1 of dpsave"),
        ("qfd(g0,R1)=tfd(g0,R1)", "has dims i a r, 2 elements are given"),
        ("tbal(R0)=dpsave(R0)", "fix the trade balance as del_tbalry"),
        ("esubm(g0,R0)=tms(g0,R0)", "unknown variable 'esubm'"),
    ],
)
def test_a_swap_that_cannot_be_is_named(small, words: str, message: str) -> None:
    with pytest.raises(ClosureError, match=message):
        gtap_model(small, swaps=words)


def test_the_command_swaps_and_writes_its_closure(folder, command, tmp_path) -> None:
    words = ["shock", SHOCK.text, "--benchmark", str(folder), "--out", str(tmp_path), "--json"]
    swaps = ["--swap", "dpsave(R0)=del_tbalry(R0)", "--swap", "swap qinv(R1) = cgdslack(R1)", "--rordelta", "0"]
    code, shown, _ = command(*words, *swaps, "--decompose")
    assert code == 0
    told = json.loads(shown)
    assert told["closure"].startswith("standard, rordelta 0")
    assert told["rordelta"] == 0
    assert "closure: tbalry(R0) exogenous, dpsave(R0) endogenous" in told["notes"]
    with xr.open_dataset(tmp_path / "changes.nc", engine="h5netcdf") as changes:
        assert "qinv(R1) exogenous, cgdslack(R1) endogenous" in changes.attrs["swaps"]
        assert float(abs(changes["qinv"].sel(r="R1"))) < 1e-9
        assert float(abs(changes["del_tbalry"].sel(r="R0"))) < 1e-12
    assert (tmp_path / "welfare_parts.csv").is_file()
    code, _, error = command("shock", SHOCK.text, "--benchmark", str(folder), "--rordelta", "2")
    assert code == 2
    assert "RORDELTA is '2'" in error


def test_investment_follows_rordelta(small, folder, command) -> None:
    _, shown, _ = command("shock", SHOCK.text, "--benchmark", str(folder), "--rordelta", "0", "--json")
    fixed = [row["qinv"] for row in json.loads(shown)["regions"].values()]
    _, shown, _ = command("shock", SHOCK.text, "--benchmark", str(folder), "--rordelta", "1", "--json")
    free = [row["qinv"] for row in json.loads(shown)["regions"].values()]
    # rordelta 0: net investment of all regions moves in one proportion
    model = gtap_model(small)
    net = 1 - model.benchmark_values["vdep"] / model.benchmark_values["inv_0"]
    moved = np.array(fixed) / net
    assert np.ptp(moved) < 1e-6 * abs(moved).max()
    assert np.ptp(np.array(free) / net) > 1e-3


def test_a_failed_part_leaves_the_solution_and_names_itself(folder, command, tmp_path, monkeypatch) -> None:
    def fails(*_):
        raise SolveError("the parts of real income miss it by 1e-3 of income")

    monkeypatch.setattr(gtap_report, "welfare_parts", fails)
    words = ("shock", SHOCK.text, "--benchmark", str(folder), "--out", str(tmp_path), "--decompose", "--subtotals")
    code, shown, error = command(*words, "--json")
    assert code == 2
    assert "--decompose: the parts of real income miss it" in error
    assert str(tmp_path) in error
    told = json.loads(shown)
    assert set(told["regions"]) == {"R0", "R1", "R2"}
    assert list(told["failed"]) == ["--decompose"]
    assert "subtotals" in told  # the part that did not fail is there
    assert {p.name for p in tmp_path.iterdir()} >= {"changes.nc", "changes.har", "updated.har", "regions.csv"}


def test_a_definition_as_a_variable_leaves_the_model_square(small) -> None:
    model = gtap_model(small, swaps="qgov(REG) = dpgov(REG)")
    assert isinstance(model, Model)
    assert model.system.rows == model.system.n


@pytest.mark.parametrize(
    ("swaps", "names"),
    [
        ("pfe(lab,g0,R0)=tfe(lab,g0,R0)", "pfe"),
        ("yp(R0)=dppriv(R0)", "yp"),  # an amount
        ("y(R0)=dpsave(R0)", "y"),
        (["qgov(REG)=dpgov(REG)", "po(g0,R0)=to(g0,R0)", "yp(R1)=dppriv(R1)"], "ps, yp"),
        ("qgov(REG)=dpgov(REG)", ""),
        ("dpsave(R0)=del_tbalry(R0)", ""),  # a ratio
        ("qe(lab,R0,R1)=pefactreal(lab,R0,R1)", ""),  # a real wage
    ],
)
def test_a_closure_that_fixes_money_says_so_and_no_other_does(small, swaps: str | list[str], names: str) -> None:
    model = gtap_model(small, swaps=swaps)
    remarks = model.attrs().get("remarks", "")
    assert ("fixes a nominal value" in remarks) == bool(names)
    if names:
        assert f"{names}: a swap fixes a nominal value, in units of the numeraire pfactwld" in remarks
        assert "fixes a nominal value" in model.solve().to_dataset(["qo"]).attrs["remarks"]
    # with the nominal values raised too, the same economy at higher prices
    assert model.solve().homogeneity() < 1e-9


def test_results_say_by_how_much_fixed_money_moves_in_gtaps_numeraire(small) -> None:
    grown = solve_gtap(gtap_model(small, swaps="yp(R0)=dppriv(R0)"), GtapShock("qe[lab,*]=+3%;qe[cap,R0]=-3%"))
    changes = grown.changes(contributions=False)
    assert abs(grown.scale - 1) > 1e-8
    assert f"{100 * (grown.scale - 1):+.2g} per cent" in changes.attrs["numeraires"]
    real = solve_gtap(gtap_model(small, swaps="qgov(R0)=dpgov(R0)"), GtapShock("qe[lab,*]=+3%;qe[cap,R0]=-3%"))
    assert "numeraires" not in real.changes(contributions=False).attrs
