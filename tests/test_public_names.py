"""The names that the packages hand out: there, explained, in the reference, and refusing what they cannot take."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path

import pytest

import policies
from calibration import DataError, aggregate, aggregate_benchmark, gras, load_benchmark, ras, read_mapping, readers
from calibration.build import build_benchmark
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
    made = {name.replace("-", "_") for name in policies.POLICIES} - {"free_trade"}
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
    **{f"readers.{n}, no such file": (lambda n=n: getattr(readers, n)("nowhere.csv")) for n in (
        "read_adb", "read_figaro", "read_oecd_icio", "read_wiod", "read_wiod_2016", "read_caliendo_parro")},
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
    "find_policy, unknown name": lambda: policies.find_policy("rcepp"),
    "us_china, unknown stage": lambda: policies.us_china("2030-01"),
    "belt_and_road, unknown case": lambda: policies.belt_and_road("middle"),  # type: ignore[arg-type]
    "usmca, unknown rules": lambda: policies.usmca("nobody"),
    "BeltAndRoadProgramme, unknown finance": lambda: policies.BeltAndRoadProgramme(finance="luck"),  # type: ignore[arg-type]
    "run, unknown benchmark": lambda: policies.run(policies.rcep(), "wrld"),
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
