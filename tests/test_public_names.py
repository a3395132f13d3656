"""The names that the packages hand out: there, explained, in the reference, and refusing what they cannot take."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

import cge
import policies
from calibration import (
    Benchmark,
    DataError,
    Sam,
    aggregate,
    aggregate_benchmark,
    gras,
    load_benchmark,
    ras,
    read_mapping,
    readers,
)
from calibration.build import build_benchmark
from calibration.tariff_table import read_tariffs
from cge import Closure, Model, ModelError, SolveError, probe_equilibria
from cge.dynamics import Baseline, Dynamics, PathOfYears
from cge.gtap import gtap_model
from tests.worlds import growth_table, random_benchmark

PACKAGES = (
    "calibration", "calibration.readers", "cge", "cge.blocks", "cge.dynamics", "cge.gtap", "cge.gvc", "policies",
)  # fmt: skip
NAMES = [(package, name) for package in PACKAGES for name in importlib.import_module(package).__all__]
LIBRARY_ERRORS = (DataError, ModelError, SolveError)


@pytest.mark.parametrize("package", PACKAGES)
def test_declared_names_are_sorted_unique_and_there(package: str) -> None:
    module = importlib.import_module(package)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name), name
        assert not name.startswith("_")
    handed_out: dict[str, object] = {}
    exec(f"from {package} import *", handed_out)
    assert set(module.__all__) <= set(handed_out)


def described(thing: object) -> bool:
    return inspect.isfunction(thing) or inspect.isclass(thing)


@pytest.mark.parametrize(("package", "name"), NAMES, ids=".".join)
def test_a_public_name_is_explained(package: str, name: str) -> None:
    thing = getattr(importlib.import_module(package), name)
    if not described(thing):
        return
    text = inspect.getdoc(thing) or ""
    assert text, "a docstring"
    assert text.splitlines()[0].rstrip().endswith((".", ":"))  # a sentence first
    if inspect.isfunction(thing) and not package.startswith("cge.gtap"):
        parameters = list(inspect.signature(thing).parameters)
        assert not parameters or "Parameters\n----------" in text
        for parameter in parameters:
            assert parameter in text, parameter


@pytest.mark.parametrize(("package", "name"), NAMES, ids=".".join)
def test_a_public_name_stands_in_the_reference(package: str, name: str) -> None:
    thing = getattr(importlib.import_module(package), name)
    if not described(thing):
        return
    docs = str(Path(__file__).resolve().parents[1] / "docs")
    sys.path.insert(0, docs)
    try:
        documented = importlib.import_module("generated_pages").modules()
    finally:
        sys.path.remove(docs)
    assert thing.__module__ in documented
    assert getattr(importlib.import_module(thing.__module__), thing.__name__) is thing  # under its own name


def test_every_named_policy_is_handed_out() -> None:
    made = {name.replace("-", "_") for name in cge.questions()}
    assert made <= set(policies.__all__)


ONE = random_benchmark(2, 2, seed=1)
SQUARE = [[1.0, 2.0], [3.0, 4.0]]
REFUSED = {
    "load_benchmark, unknown name": lambda: load_benchmark("wrld"),
    "load_benchmark, unknown study": lambda: load_benchmark("world", "nobody 2030"),
    "aggregate, unknown region": lambda: aggregate(ONE.sam, {"R0": "A", "R1": "A", "R9": "A"}),
    "aggregate, region left out": lambda: aggregate(ONE.sam, {"R0": "A"}),
    "aggregate_benchmark, no such file": lambda: aggregate_benchmark(ONE, "nowhere.csv"),
    "read_mapping, no such file": lambda: read_mapping("nowhere.csv"),
    "gras, totals that do not meet": lambda: gras(SQUARE, [1.0, 2.0], [9.0, 9.0]),
    "ras, negative cell": lambda: ras([[-1.0, 2.0], [3.0, 4.0]], [1.0, 2.0], [1.0, 2.0]),
    **{
        f"readers.{n}, no such file": (lambda n=n: getattr(readers, n)("nowhere.csv"))
        for n in ("read_adb", "read_figaro", "read_oecd_icio", "read_wiod", "read_wiod_2016", "read_caliendo_parro")
    },
    "Closure.standard, unknown rule": lambda: Closure.standard(investment="odd"),  # type: ignore[arg-type]
    "Model, unknown sourcing": lambda: Model(ONE, sourcing="odd"),
    "Model, unknown swap": lambda: Model(ONE, Closure().swap("qinvv", "dpsave")),
    "Model.solve, unknown exogenous": lambda: Model(ONE).solve(exogenous={"tmz": 1.0}),
    "Model.expression, unknown rule": lambda: Model(ONE).expression("e_nothing"),
    "Solution, unknown name": lambda: Model(ONE).solve()["nothing"],
    "Baseline, backwards": lambda: Baseline.between(2020, 2018, growth_table(ONE)),
    "Baseline, no table": lambda: Baseline.between(2018, 2020, {"gdp": 0.02}),  # type: ignore[arg-type]
    "Baseline, column missing": lambda: Baseline.between(2018, 2020, growth_table(ONE).drop(columns="gdp")),
    "Baseline, rate that is none": lambda: Baseline.between(2018, 2020, growth_table(ONE, gdp=float("nan"))),
    "Dynamics, a name": lambda: Dynamics("world", Baseline.between(2018, 2020, growth_table(ONE))),  # type: ignore[arg-type]
    "Dynamics, unknown rule": lambda: Dynamics(ONE, Baseline.between(2018, 2020, growth_table(ONE)), "odd"),  # type: ignore[arg-type]
    "Dynamics, a table": lambda: Dynamics(ONE, growth_table(ONE)),  # type: ignore[arg-type]
    "PathOfYears.load, no such file": lambda: PathOfYears.load("nowhere.nc"),
    "find_policy, unknown name": lambda: cge.find_policy("rcepp"),
    "us_china, unknown stage": lambda: policies.us_china("2030-01"),
    "belt_and_road, unknown case": lambda: policies.belt_and_road("middle"),  # type: ignore[arg-type]
    "usmca, unknown rules": lambda: policies.usmca("nobody"),
    "BeltAndRoadProgramme, unknown finance": lambda: policies.BeltAndRoadProgramme(finance="luck"),  # type: ignore[arg-type]
    "run, unknown benchmark": lambda: cge.solve(cge.Scenario("wrld").under(policies.rcep())),
    "load_benchmark, a number": lambda: load_benchmark(5),  # type: ignore[arg-type]
    "build_benchmark, no path": lambda: build_benchmark("figaro", None),  # type: ignore[arg-type]
    "read_mapping, a list": lambda: read_mapping(["A"]),  # type: ignore[arg-type]
    "aggregate, a benchmark": lambda: aggregate(ONE, {}),  # type: ignore[arg-type]
    "aggregate, numbers for labels": lambda: aggregate(ONE.sam, {"R0": 1, "R1": 1}),  # type: ignore[dict-item]
    "ras, text": lambda: ras("abc", [1.0], [1.0]),  # type: ignore[arg-type]
    "Model, a name": lambda: Model("world"),  # type: ignore[arg-type]
    "Model, a closure's name": lambda: Model(ONE, "fixed"),  # type: ignore[arg-type]
    "Model, blocks that are none": lambda: Model(ONE, blocks=[5]),  # type: ignore[list-item]
    "Model.solve, a policy's name": lambda: Model(ONE).solve("rcep"),  # type: ignore[arg-type]
    "Model.solve, a list of names": lambda: Model(ONE).solve(exogenous=["fsav"]),  # type: ignore[arg-type]
    "Model.solve, a text for arrays": lambda: Model(ONE).solve(parameters="esubm"),  # type: ignore[arg-type]
    "Model.solve, a number to guess": lambda: Model(ONE).solve(guess=5),  # type: ignore[arg-type]
    "Solution.compare, a name": lambda: Model(ONE).solve().compare("base"),  # type: ignore[arg-type]
    "Solution.save, no path": lambda: Model(ONE).solve().save(None),  # type: ignore[arg-type]
    "gtap_model, a name": lambda: gtap_model("world"),  # type: ignore[arg-type]
    "probe_equilibria, a number": lambda: probe_equilibria(5),  # type: ignore[arg-type]
    "rcep, a text for a share": lambda: policies.rcep(ntm_cut="x"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_name_cannot_take_is_refused_in_one_line(what: str) -> None:
    with pytest.raises(LIBRARY_ERRORS) as caught:
        REFUSED[what]()
    text = str(caught.value)
    assert text
    assert "\n" not in text


def same(one: object, other: object) -> bool:
    """Whether two results are the same: refused or aligned is what the table promises, so anything else fails."""
    assert one == other
    return True


def shuffled_world() -> Benchmark:
    """The small world with its regions in another order."""
    data, behaviour = ONE.sam.data, ONE.elasticities
    order = {d: [1, 0] for d in "rsd"}
    return Benchmark(Sam(data.isel(order)), behaviour.isel({d: k for d, k in order.items() if d in behaviour.dims}), ONE.name)


def welfare(world: Benchmark, policy: object = None, **given: object) -> list[float]:
    """Equivalent variation by region, in the order of names."""
    after = Model(world).solve(policy or policies.tariff_change(points=10), **given)  # type: ignore[arg-type]
    return [round(float(after["ev"].sel(r=r)), 6) for r in sorted(world.regions)]


def table(folder: Path, text: str) -> Path:
    path = folder / "t.csv"
    path.write_text(text)
    return path


def rates(folder: Path, *rows: str) -> list[float]:
    path = table(folder, "\n".join(("i,s,d,rate", *rows)) + "\n")
    return [float(x) for x in read_tariffs(path, ["g0", "g1"], ["R0", "R1"]).values.ravel()]


def esubm(turned: bool = False) -> xr.DataArray:
    held = Model(ONE).solve()["esubm"]
    held = held * xr.DataArray([1.0, 1.3], dims="i", coords={"i": held["i"]})
    return held.isel(i=[1, 0]) if turned else held


GROWTH = growth_table(ONE)
PROMISES = {
    "load_benchmark": (
        lambda f: load_benchmark(["world"]),
        lambda f: load_benchmark("wrld"),
        lambda f: same(welfare(ONE), welfare(shuffled_world())),
    ),
    "aggregate": (
        lambda f: aggregate(ONE.sam, 5),
        lambda f: aggregate(ONE.sam, {"R0": "A", "R1": "A", "R9": "A"}),
        lambda f: same(*(float(aggregate(ONE.sam, m).gdp().sum()) for m in ({"R0": "A", "R1": "A"}, {"R1": "A", "R0": "A"}))),
    ),
    "readers": (
        lambda f: build_benchmark("figaro", 5),
        lambda f: build_benchmark("figarro", "x.csv"),
        lambda f: readers.read_figaro(table(f, "1,2\n3,4\n")),  # no labels
    ),
    "tables": (
        lambda f: rates(f, "g0,R0,R1,many"),
        lambda f: rates(f, "g0,R0,R9,0.1"),
        lambda f: same(rates(f, "g0,R0,R1,0.1", "g1,R1,R0,0.2"), rates(f, "g1,R1,R0,0.2", "g0,R0,R1,0.1")),
    ),
    "Model": (
        lambda f: Model("world"),
        lambda f: Model(ONE, Closure().swap("qinvv", "dpsave")),
        lambda f: same(*(welfare_of_closure(x) for x in (("R0", "R1"), ("R1", "R0")))),
    ),
    "Model.solve": (
        lambda f: Model(ONE).solve(parameters={"esubm": [1.0, 2.0]}),
        lambda f: Model(ONE).solve(parameters={"esubmm": 1.0}),
        lambda f: same(*(welfare(ONE, parameters={"esubm": esubm(turned)}) for turned in (False, True))),
    ),
    "Policy": (
        lambda f: policies.rcep() + 5,
        lambda f: Model(ONE).solve(policies.tariff_change(sources="R9", points=1)),
        lambda f: same(*(welfare(ONE, policies.tariff_change(sources=s, points=5)) for s in (["R0", "R1"], ["R1", "R0"]))),
    ),
    "Solution": (
        lambda f: Model(ONE).solve().compare("base"),
        lambda f: Model(ONE).solve()["qoo"],
        lambda f: Model(ONE).solve().compare(Model(random_benchmark(3, 2, seed=1)).solve()),
    ),
    "Baseline": (
        lambda f: Dynamics(ONE, 5),
        lambda f: Dynamics(ONE, Baseline.between(2018, 2019, GROWTH), "odd"),
        lambda f: same(path_of(GROWTH), path_of(GROWTH.iloc[::-1])),
    ),
}  # fmt: skip


def path_of(growth: pd.DataFrame) -> list[float]:
    dynamics = Dynamics(ONE, Baseline.between(2018, 2019, growth))
    return [round(x, 9) for x in dynamics.run(policies.tariff_change(points=5)).summary()["world_welfare_percent"]]


def welfare_of_closure(regions: tuple[str, ...]) -> list[float]:
    solved = Model(ONE, Closure().swap("qinv", "dpsave", r=regions)).solve(policies.tariff_change(points=10))
    return [float(x) for x in solved["ev"].values]


@pytest.mark.parametrize("row", PROMISES)
def test_the_table_of_what_is_refused_is_kept(row: str, tmp_path: Path) -> None:
    wrong_type, unknown, permuted = PROMISES[row]
    for call in (wrong_type, unknown):
        with pytest.raises(LIBRARY_ERRORS) as caught:
            call(tmp_path)
        assert "\n" not in str(caught.value)
    try:
        assert permuted(tmp_path) is True
    except LIBRARY_ERRORS as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_the_table_of_what_is_refused_has_a_test_a_row() -> None:
    text = (Path(__file__).resolve().parents[1] / "docs" / "solver.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in text.split("## What is refused")[1].split("\n## ")[0].splitlines()[4:]
            if line.startswith("| ")]  # fmt: skip
    firsts = [re.split(r"[`,: ]+", row.strip("`"))[0] for row in rows if row != "where"]
    # Model.solve stands as "`Model.solve`: ..."; options of cge are in tests/test_units.py and tests/test_bad_files.py
    assert firsts == [*PROMISES, "options"]
