"""Scenarios are values that travel; one way to run them gives one kind of result."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration import load_benchmark
from cge import Closure, ModelError, Scenario, ShockError, find_policy, questions, solve
from cge.mechanisms.carbon import Carbon
from cge.results.path_run import PathRun
from cge.results.static_run import StaticRun
from cge.run import KEPT_MODELS, model_of
from policies import rcep, tariff_change
from tests.worlds import growth_table, random_benchmark

TARIFF = tariff_change(points=10, sources="CHN", destinations="USA")
RICH = (
    Scenario("world-2011")
    .with_(Carbon(), closure=Closure.standard(labour="fixed real wage", specific=("nat", "cap")), demand="cobb-douglas")
    .under(TARIFF)
)


@pytest.fixture(scope="module")
def run() -> StaticRun:
    return solve(Scenario("world-2011").under(TARIFF))


def test_a_scenario_survives_yaml_and_pickle_and_keeps_its_hash(tmp_path) -> None:
    RICH.to_yaml(tmp_path / "s.yaml")
    read, copied = Scenario.from_yaml(tmp_path / "s.yaml"), pickle.loads(pickle.dumps(RICH))
    for again in (read, Scenario.from_yaml(RICH.to_yaml()), copied):
        assert again == RICH
        assert hash(again) == hash(RICH)
        assert again.key() == RICH.key()
    assert len(pickle.dumps(RICH)) < 100_000
    assert Scenario("world-2011").to_yaml() == "benchmark: world-2011\n"  # the usual choices are left out


def test_what_differs_makes_another_scenario() -> None:
    base = Scenario("world-2011")
    others = (
        Scenario("world"),
        base.with_(Carbon()),
        base.with_(sourcing="agent"),
        base.with_(demand="cobb-douglas"),
        base.with_(closure=Closure.standard(investment="fixed")),
    )
    assert len({base.key(), *(s.key() for s in others)}) == 1 + len(others)
    assert base.under(TARIFF).key() == base.key()  # a policy shares the compiled model
    assert base.under(TARIFF) != base


def test_a_scenario_of_an_object_knows_its_content() -> None:
    one, same, other = random_benchmark(2, 2, seed=1), random_benchmark(2, 2, seed=1), random_benchmark(2, 2, seed=2)
    assert Scenario(one) == Scenario(same)
    assert Scenario(one) != Scenario(other)
    with pytest.raises(ModelError, match=r"is an object; save it to a file"):
        Scenario(one).to_yaml()


def test_another_process_finds_the_same_bits(run, tmp_path) -> None:
    run.scenario.to_yaml(tmp_path / "s.yaml")
    code = (
        "import sys, numpy as np; from cge import Scenario, solve; "
        "after = solve(Scenario.from_yaml(sys.argv[1])).after; np.savez(sys.argv[2], **after.arrays)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "s.yaml"), str(tmp_path / "a.npz")], check=True)
    with np.load(tmp_path / "a.npz") as other:
        assert all(np.array_equal(other[n], a) for n, a in run.after.arrays.items())


def test_threads_solve_scenarios_of_one_model_with_the_bits_of_one() -> None:
    base = Scenario("world-2011")
    policies = [base.under(tariff_change(points=p, destinations=d)) for p in (5, 10) for d in ("USA", "CHN", "EU", "JPN")]
    alone = [solve(s).after.arrays["qo"] for s in policies]
    together: dict[int, np.ndarray] = {}

    def work(numbers: range) -> None:
        for k in numbers:
            together[k] = solve(policies[k]).after.arrays["qo"]

    threads = [threading.Thread(target=work, args=(range(k, 8, 2),)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(alone[k], together[k]) for k in range(8))


def test_models_are_shared_and_few_are_kept() -> None:
    worlds = [Scenario(random_benchmark(2, 2, seed=s)) for s in range(KEPT_MODELS + 1)]
    first, _ = model_of(worlds[0])
    assert model_of(worlds[0])[0] is first
    for world in worlds[1:]:
        model_of(world)
    assert model_of(worlds[0])[0] is not first


def test_policies_of_a_scenario_add_up() -> None:
    one, two = tariff_change(points=5, destinations="USA"), tariff_change(points=3, destinations="CHN")
    both = solve(Scenario("world-2011").under(one).under(two))
    joint = solve(Scenario("world-2011").under(one + two))
    assert np.array_equal(both.table().to_numpy(), joint.table().to_numpy())


def test_a_run_shows_itself_in_every_form(run, tmp_path) -> None:
    told = run.summary()
    for key in ("policy", "benchmark", "status", "max_residual", "walras", "seconds", "regions"):
        assert key in told
    assert list(run.table().columns[:3]) == ["welfare_percent", "ev_musd", "real_gdp_percent"]
    before_after = run.values("qo")
    assert float(abs(before_after["before"] - 1).max()) < 1e-9
    assert set(before_after.dims) == {"i", "r"} or set(before_after.dims) == {"a", "r"}
    card = repr(run)
    assert card.startswith("StaticRun")
    assert len(card.splitlines()) <= 15
    assert "<table" in run._repr_html_()
    run.save(tmp_path / "out")
    saved = pd.read_csv(tmp_path / "out" / "regions.csv", index_col=0)
    assert np.allclose(saved["welfare_percent"], run.table()["welfare_percent"], rtol=1e-12)
    pytest.importorskip("openpyxl")
    book = pd.read_excel(run.to_excel(tmp_path / "r.xlsx"), sheet_name=None, header=2, index_col=0)
    assert {"regions", "bilateral", "output"} <= set(book)
    assert np.allclose(book["regions"]["ev_musd"], run.table()["ev_musd"], rtol=1e-12)


def test_runs_compare_by_region(run) -> None:
    more = solve(Scenario("world-2011").under(2 * TARIFF))
    apart = more.compare(run)
    assert (apart["ev_musd"] == more.table()["ev_musd"] - run.table()["ev_musd"]).all()
    with pytest.raises(ModelError, match=r"differ in regions|share no region"):
        run.compare(solve(Scenario(random_benchmark(2, 2, seed=1)).under(tariff_change(points=1))))


def test_one_scenario_in_time() -> None:
    data = random_benchmark(3, 3, seed=7)
    rates = growth_table(data, gdp=0.02, population=0.01, skl=0.01, unskl=0.01, nat=0.0)
    file = Path("rates.csv")
    policy = tariff_change(points=5, destinations="R0")
    try:
        rates.rename_axis("region").to_csv(file)
        path = solve(Scenario(data).under(policy), years="2018:2020", growth=file)
    finally:
        file.unlink(missing_ok=True)
    assert isinstance(path, PathRun)
    told = path.summary()
    assert told["years"] == [2018, 2019, 2020]
    assert set(told["regions"]["R0"]) >= {"welfare_percent", "real_gdp_percent"}
    first = solve(Scenario(data).under(policy)).table()["welfare_percent"]
    by_year = path.values("u")
    now = 100 * (by_year["after"] / by_year["before"] - 1).sel(year=2018).to_series()
    assert np.allclose(now, first, atol=1e-6)  # the first year is the static answer


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Scenario("world").with_(modle="gtap"), r"no 'modle'; did you mean 'model'"),
        (lambda: Scenario("world", model="gtpa"), r"unknown model 'gtpa'; did you mean 'gtap'"),
        (lambda: Scenario("world").with_(Carbon), r"not the class Carbon: write Carbon\(\)"),
        (lambda: Scenario("world", model="gtap", sourcing="agent"), "sourcing belongs to the model core"),
        (lambda: Scenario("world").under("rcep"), r"cge\.find_policy\('rcep'\)"),
        (lambda: Scenario("world").under(rcep), r"call it, as rcep\(\)"),
        (lambda: solve("world"), r"write solve\(Scenario\('world'\)\)"),
        (lambda: solve(Scenario("world"), growth="past"), "belong to a path"),
        (lambda: solve(Scenario("world"), years="2018"), "are not FIRST:LAST"),
        (lambda: Scenario.from_yaml("benchmark: world\npolcy: {}\n"), r"unknown key 'polcy'; did you mean 'policy'"),
        (lambda: Scenario.from_yaml("benchmark: world\nmechanisms: [Carbn]\n"), r"unknown mechanism 'Carbn'; did you mean"),
        (lambda: Scenario.from_yaml("benchmark: world\nmechanisms: [{Carbon: {gass: co2}}]\n"), "mechanism Carbon: .*gass"),
        (lambda: Scenario.from_yaml("benchmark: world\nclosure: {swaps: [{fixed: qinv}]}\n"), "a swap has keys fixed, free"),
        (lambda: Scenario.from_yaml("a: 1\na: 2\n"), "key 'a' is given twice"),
    ],
)  # fmt: skip
def test_what_is_no_scenario_is_told_in_one_line(make, message: str) -> None:
    with pytest.raises((ModelError, ShockError), match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_questions_are_found_by_folder_and_summed_by_name() -> None:
    assert {"rcep", "us-china", "belt-and-road", "free-trade", "usmca"} <= set(questions())
    half = find_policy("0.5*rcep + free-trade")
    world = load_benchmark()
    by_hand = 0.5 * rcep() + find_policy("free-trade")
    assert half == by_hand
    assert find_policy("rcep", world, year=2035).name == "rcep-2035"
    assert [c.sector for c in find_policy("rcep + usmca", rules="labour").origin] == ["veh"]
    for text, message in (
        ("rcpe", "did you mean 'rcep'"),
        ("0.5*usmca", "has rules of origin, of which there is no share of 0.5"),
        ("x*rcep", "no policy named"),
    ):
        with pytest.raises(ShockError, match=message):
            find_policy(text)
    with pytest.raises(ShockError, match="rcep has no option 'stage'; it belongs to us-china"):
        find_policy("rcep", stage="2019-06")


def test_the_command_runs_sums_and_gives_each_policy_its_options(command) -> None:
    code, out, err = command("run", "0.5*rcep + us-china", "--stage", "2019-06", "--json")
    assert code == 0, err
    assert '"policy": "0.5*rcep+us-china"' in out
    assert "2019-06" in out
    code, _, err = command("run", "rcep", "us-china", "--case", "lower")
    assert code == 2
    assert "--case does not apply: it belongs to belt-and-road" in err
    code, out, _ = command("run", "rcep", "--help")
    assert code == 0
    assert "--year" in out
    assert "--stage" not in out


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: solve(Scenario("world", method="ipopt").under(TARIFF), years="2018:2019"), "solved with method 'auto'"),
        (
            lambda: Scenario("world", model="gtap", closure=Closure.standard(specific=("nat", "cap"))),
            "belong to the model core",
        ),
        (lambda: solve(Scenario("world").under(TARIFF), years=2018), "are not FIRST:LAST"),
    ],
)
def test_an_option_that_a_scenario_would_ignore_is_refused(ask, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        ask()


def test_a_path_begins_in_the_year_of_its_data() -> None:
    with pytest.raises(ModelError, match="is of 2018, and a path begins in the year of its data: give --years 2018:2030"):
        solve(Scenario("world").under(TARIFF), years="2020:2030")
