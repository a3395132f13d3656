"""Every pair of options of the static model: what a policy does has its sign under each.

Investment x labour x capital x sourcing, twenty-four models of one small world; a claim that holds of one holds of all,
and where an option changes the answer it does so in the direction that it says.
"""

from __future__ import annotations

import itertools
import json

import pytest

from calibration import Benchmark
from cge import Closure, InstrumentChange, Model, Policy, Solution
from policies import tariff_change
from tests.worlds import five_regions

INVESTMENT = ("saving", "fixed")
LABOUR = ("full employment", "fixed real wage")
SPECIFIC = {"mobile": ("nat",), "specific": ("nat", "cap")}
SOURCING = ("use", "agent", "pooled")
OPTIONS = list(itertools.product(INVESTMENT, LABOUR, SPECIFIC, SOURCING))


@pytest.fixture(scope="module")
def world() -> Benchmark:
    return five_regions()


@pytest.fixture(scope="module")
def models(world):
    made: dict[tuple[str, ...], Model] = {}

    def model(*options: str) -> Model:
        if options not in made:
            investment, labour, capital, sourcing = options
            closure = Closure.standard(investment=investment, labour=labour, specific=SPECIFIC[capital])  # type: ignore[arg-type]
            made[options] = Model(world, closure, sourcing=sourcing)
        return made[options]

    return model


def change(instrument: str, **how: object) -> Policy:
    return Policy(name=instrument, instruments=(InstrumentChange(instrument=instrument, **how),))


def percent(after: Solution, name: str, region: str) -> float:
    return 100 * (float(after[name].sel(r=region)) - 1)


@pytest.mark.parametrize("options", OPTIONS, ids="-".join)
def test_every_option_replicates_the_benchmark_and_keeps_what_it_fixes(models, options) -> None:
    investment, labour, capital, _ = options
    model = models(*options)
    base, after = model.solve(), model.solve(tariff_change(times=0.0))
    assert abs(base["qo"] - 1).max() < 1e-9
    assert after.checks()["ok"].all(), after.checks()
    workers = ["skl", "unskl"]
    assert (abs(after["qinv"] - 1).max() < 1e-12) == (investment == "fixed")
    assert (abs(after["rw"].sel(f=workers) - 1).max() < 1e-12) == (labour == "fixed real wage")
    assert (abs(after["qe"] - 1).max() < 1e-12) == (labour == "full employment")
    assert (abs(after["qfe"].sel(f="cap") - 1).max() < 1e-9) == (capital == "specific")


@pytest.mark.parametrize("options", OPTIONS, ids="-".join)
def test_productivity_raises_its_regions_gdp_wage_or_employment(models, options) -> None:
    """5 % more from the same factors is at least 5 % of value added; employment adds to it where the wage is fixed."""
    _, labour, _, _ = options
    after = models(*options).solve(change("ava", where={"r": "CHN"}, factor=1.05))
    gdp, wage = percent(after, "qgdp", "CHN"), percent(after, "realwage", "CHN")
    employed = 100 * (float(after["qe"].sel(f="unskl", r="CHN")) - 1)
    assert gdp > 4.0
    assert percent(after, "u", "CHN") > 2.0
    if labour == "fixed real wage":
        assert employed > 2.0
        assert abs(wage) < 1e-9
    else:
        assert wage > 2.0
        assert employed == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("options", OPTIONS, ids="-".join)
def test_a_duty_lowers_the_imports_it_falls_on_and_its_removal_raises_all(models, options) -> None:
    model = models(*options)
    dearer = model.solve(change("tms", where={"s": "CHN", "d": "USA", "i": "gds"}, rate_add=0.1))
    flow = dearer["qxs"].sel(i="gds", d="USA")
    assert float(flow.sel(s="CHN")) < 0.8
    assert (flow.drop_sel(s=["CHN", "USA"]) > 1).all()  # other origins take its place
    assert float(dearer["tot"].sel(r="CHN")) < 1 < float(dearer["tot"].sel(r="USA"))
    assert float(dearer["rtm"].sel(r="USA")) > float(model.solve()["rtm"].sel(r="USA"))
    freer = model.solve(tariff_change(times=0.0))
    assert (freer["qimp"] > 1).all()
    assert (freer["qexp"] > 1).all()
    assert abs(freer["rtm"].drop_sel(r="ROW")).max() < 1e-6  # million USD; a group's trade within itself keeps its duties


@pytest.mark.parametrize(("investment", "sourcing"), itertools.product(INVESTMENT, SOURCING))
def test_tied_capital_damps_and_free_employment_amplifies(models, investment: str, sourcing: str) -> None:
    """Le Chatelier: with fewer margins open, quantities move less and prices more."""
    free_trade = tariff_change(times=0.0)
    solved = {
        (labour, capital): models(investment, labour, capital, sourcing).solve(free_trade)
        for labour, capital in itertools.product(LABOUR, SPECIFIC)
    }
    for labour in LABOUR:
        spread = {c: float(abs(solved[labour, c]["qo"] - solved[labour, c]["qo"].mean("i")).mean()) for c in SPECIFIC}
        assert spread["specific"] < spread["mobile"]
    for capital in SPECIFIC:
        gdp = {labour: solved[labour, capital]["qgdp"] for labour in LABOUR}
        more = solved["fixed real wage", capital]["qe"].sel(f="unskl") > 1
        assert ((gdp["fixed real wage"] > gdp["full employment"]) == more).all()


@pytest.mark.parametrize(("labour", "capital"), itertools.product(LABOUR, SPECIFIC))
def test_foreign_saving_is_invested_or_saves_saving(models, labour: str, capital: str) -> None:
    """What comes from abroad is invested where investment follows saving, and spares domestic saving where it is fixed."""
    lent = Policy(
        name="lent",
        instruments=tuple(InstrumentChange(instrument="fsav", where={"r": r}, add=a) for r, a in (("PAK", 2e3), ("USA", -2e3))),
    )
    follows, fixed = (models(i, labour, capital, "use").solve(lent) for i in INVESTMENT)
    assert percent(follows, "qinv", "PAK") > 1
    assert percent(fixed, "qinv", "PAK") == pytest.approx(0, abs=1e-9)
    assert float(fixed["dpsave"].sel(r="PAK")) < 1
    for after in (follows, fixed):
        assert float(after["tbal"].sel(r="PAK")) < float(after.model.solve()["tbal"].sel(r="PAK"))
        assert percent(after, "tot", "PAK") > 0  # what is spent at home raises the price of home's goods


@pytest.mark.parametrize("options", OPTIONS[::5], ids="-".join)
def test_only_relative_prices_matter_under_every_option(models, options) -> None:
    base = models(*options).solve()
    raised = models(*options).solve(change("pfactwld", factor=1.1))
    for name in ("qo", "qinv", "u", "qe"):
        assert abs(raised[name] - base[name]).max() < 1e-8, name
    assert raised["pds"].values == pytest.approx(1.1, rel=1e-9)


COMMANDS = list(itertools.product(INVESTMENT, LABOUR, ("mobile", "specific")))


@pytest.mark.parametrize(("investment", "labour", "capital"), COMMANDS)
def test_the_command_solves_every_pair_of_options(command, world, tmp_path, investment, labour, capital) -> None:
    world.save(tmp_path / "five.nc")
    words = ("--investment", investment, "--labour", labour, "--capital", capital, "--benchmark", str(tmp_path / "five.nc"))
    code, out, err = command("run", "free-trade", *words, "--json")
    assert (code, err) == (0, "")
    held = json.loads(out)
    assert all(row["imports_percent"] > 0 for row in held["regions"].values())
    assert ("qinv" in held["swaps"]) == (investment == "fixed")
    assert ("rw" in held["swaps"]) == (labour == "fixed real wage")
    assert ("cap" in held["specific_factors"]) == (capital == "specific")
    if labour == "fixed real wage":
        assert all(abs(row["real_wage_percent"]) < 1e-6 for row in held["regions"].values())
