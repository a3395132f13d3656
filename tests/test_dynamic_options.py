"""Every pair of options of a path: what a policy does has the same sign and order of size under each."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from calibration import Benchmark
from cge import Closure, ClosureError, InstrumentChange, Model, ModelError, Policy, ShockError
from cge.blocks import CORE
from cge.dynamics import Baseline, Dynamics, Flows, Steady
from cge.equations.declare import Block
from policies import BeltAndRoadProgramme, rcep, tariff_change
from tests.worlds import five_regions, growth_table, without_capital

PAIRS = list(itertools.product(("saving", "returns"), ("mobile", "vintage")))
LAST = 2020


@pytest.fixture(scope="module")
def world() -> Benchmark:
    return five_regions()


@pytest.fixture(scope="module")
def paths(world):
    made: dict[tuple[str, str], Dynamics] = {}

    def path(investment: str, capital: str) -> Dynamics:
        if (investment, capital) not in made:
            table = growth_table(world, population=0.01, skl=0.012, unskl=0.008, nat=0.01)
            table["gdp"] = np.linspace(0.01, 0.06, len(table))
            made[investment, capital] = Dynamics(world, Baseline.between(2018, LAST, table), investment, capital)
        return made[investment, capital]

    return path


def change(instrument: str, name: str = "", **how: object) -> Policy:
    return Policy(name=name or instrument, instruments=(InstrumentChange(instrument=instrument, **how),))


@pytest.mark.parametrize(("investment", "capital"), PAIRS)
def test_steady_growth_keeps_relative_prices_and_no_policy_is_the_baseline(world, investment, capital) -> None:
    world = without_capital(world)  # capital then starts on the path of steady growth
    steady = growth_table(world, **dict.fromkeys(("gdp", "population", "skl", "unskl", "nat"), 0.03))
    path = Dynamics(world, Baseline.between(2018, 2021, steady), investment, capital)
    base = path.run_baseline()
    for name in ("pds", "pva", "pe", "pes", "pms", "pinv", "tfp", "ppriv"):
        assert abs(base.last.arrays[name] - 1).max() < 1e-8, name
    unchanged = path.run(None).dataset()
    for name in ("welfare_percent", "real_gdp_percent", "investment_percent", "foreign_assets_musd"):
        assert abs(unchanged[name]).max() < 1e-5, name


@pytest.mark.parametrize("region", ["PAK", "EU"])
def test_productivity_draws_foreign_capital_alike_whether_capital_moves_or_stays(paths, region: str) -> None:
    """A mean of what capital earns, weighted with payments, moves as its one price does where capital is mobile."""
    drawn = {}
    for capital in ("mobile", "vintage"):
        found = paths("returns", capital).run(change("tfp", where={"r": region}, factor=1.05))
        data = found.dataset().sel(r=region)
        assert (data["real_gdp_percent"] > 4.5).all()
        assert (data["investment_percent"] > 1).all()
        drawn[capital] = -data["foreign_assets_musd"].values[1:]
    assert (drawn["mobile"] > 0).all()
    assert drawn["vintage"] == pytest.approx(drawn["mobile"], rel=0.25)


@pytest.mark.parametrize(("investment", "capital"), PAIRS)
def test_a_productive_region_gains_and_its_gain_grows_with_its_capital(paths, investment, capital) -> None:
    found = paths(investment, capital).run(change("tfp", where={"r": "CHN"}, factor=1.05)).dataset().sel(r="CHN")
    gdp, welfare = found["real_gdp_percent"].values, found["welfare_percent"].values
    assert (gdp > 4.5).all()  # productivity itself, and what it adds to output at given factors
    assert (np.diff(gdp) > 0).all()  # more income is invested
    assert (welfare > 0).all()


@pytest.mark.parametrize(("investment", "capital"), PAIRS)
def test_lower_duties_raise_trade_of_every_region(paths, investment, capital) -> None:
    found = paths(investment, capital).run(tariff_change(times=0.0)).dataset()
    assert (found["trade_percent"] > 0).all()


@pytest.mark.parametrize(("investment", "capital"), PAIRS)
def test_a_change_acts_on_what_the_year_has(paths, investment, capital) -> None:
    """Endowments move by themselves; a policy on them is not lost, and its size is a share of the year's."""
    path = paths(investment, capital)
    found = path.run(change("qe", where={"f": "unskl", "r": "PAK"}, factor=1.1))
    grown = 1.008 ** (LAST - 2018)
    position = path.benchmark.sam.factors.index("unskl"), path.benchmark.regions.index("PAK")
    assert found.policy.last.arrays["qe"][position] == pytest.approx(1.1 * grown, rel=1e-12)
    assert (found.dataset()["real_gdp_percent"].sel(r="PAK") > 0.5).all()


@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_foreign_saving_of_a_policy_adds_to_the_baselines(paths, capital) -> None:
    amount = 1e3
    lent = Policy(
        name="lent",
        instruments=tuple(
            InstrumentChange(instrument="fsav", where={"r": r}, add=a) for r, a in (("PAK", amount), ("CHN", -amount))
        ),
    )
    found = paths("saving", capital).run(lent).dataset()
    assert found["foreign_assets_musd"].sel(r="PAK").values == pytest.approx([0, -amount, -2 * amount], abs=1e-3)
    assert (found["investment_percent"].sel(r="PAK") > 0).all()


@pytest.mark.parametrize(("investment", "capital"), PAIRS)
def test_the_numeraire_moves_no_quantity_and_no_stock(paths, investment, capital) -> None:
    found = paths(investment, capital).run(change("pfactwld", factor=1.1))
    data = found.dataset()
    for name in ("welfare_percent", "real_gdp_percent", "investment_percent"):
        assert abs(data[name]).max() < 1e-6, name
    assert abs(data["foreign_assets_musd"]).max() < 1e-2  # million USD
    assert found.policy.last.arrays["pds"] == pytest.approx(1.1 * found.baseline.last.arrays["pds"], rel=1e-8)


class Works:
    """Public works of five billion in Pakistan in one year, paid as ``finance`` says; of no use."""

    def __init__(self, finance: str, amount: float = 5e3) -> None:
        self.name, self.finance, self.amount = finance, finance, amount

    def flows(self, year: int, model, state) -> Flows:
        if year > 2018:
            return Flows()
        here, there = {"PAK": self.amount}, {"PAK": self.amount, "CHN": -self.amount}
        return {
            "loans": Flows(public=here, loans=there),
            "grants": Flows(public=here, grants=there),
            "taxes": Flows(public=here, works=here),
        }[self.finance]


@pytest.mark.parametrize(("investment", "capital"), PAIRS)
@pytest.mark.parametrize("finance", ["loans", "grants", "taxes"])
def test_public_works_raise_investment_whoever_pays(paths, investment, capital, finance) -> None:
    """Works are investment beside what saving or returns bring; they are no private capital and leave it where it was."""
    path = paths(investment, capital)
    found = path.run(Works(finance))
    data = found.dataset().sel(r="PAK")
    invested = float(path.benchmark.sam.expenditure()["inv"][path.benchmark.regions.index("PAK")])
    assert float(data["investment_percent"][0]) == pytest.approx(100 * 5e3 / invested, rel=0.25)
    assert float(data["debt_musd"][1]) == (pytest.approx(5e3) if finance == "loans" else 0.0)
    private = found.policy.dataset()["capital"] / found.baseline.dataset()["capital"] - 1
    works = 5e3 / path.stock[path.benchmark.regions.index("PAK")]
    assert abs(float(private.sel(r="PAK")[1])) < 0.2 * works  # next year's private capital, works apart
    assert found.policy.identity_gap < 1e-9


@pytest.mark.parametrize(("investment", "capital"), PAIRS)
def test_a_grant_is_better_than_a_loan_and_a_loan_dearer_later(paths, investment, capital) -> None:
    last = {
        f: float(paths(investment, capital).run(Works(f)).dataset()["welfare_percent"].sel(r="PAK")[-1])
        for f in ("grants", "loans")
    }
    assert last["grants"] > last["loans"]


CLOSURES = {
    "saving, full employment": {},
    "investment fixed": {"investment": "fixed"},
    "real wage fixed": {"labour": "fixed real wage"},
    "both fixed": {"investment": "fixed", "labour": "fixed real wage"},
}


@pytest.mark.parametrize("investment", ["saving", "returns"])
@pytest.mark.parametrize("words", CLOSURES)
def test_what_a_closure_fixes_is_held_at_the_baselines_path(world, words: str, investment: str) -> None:
    table = growth_table(world, gdp=0.04, population=0.01, skl=0.01, unskl=0.01)
    if investment == "returns" and "investment" in CLOSURES[words]:
        pytest.skip("returns say what is invested; see the next test")
    path = Dynamics(Model(world, Closure.standard(**CLOSURES[words])), Baseline.between(2018, 2019, table), investment)
    still = path.run(None).dataset()
    assert abs(still["welfare_percent"]).max() < 1e-6
    found = path.run(tariff_change(times=0.0))
    after, base = found.policy.last, found.baseline.last
    assert float(abs(base["qgdp"] - 1.04).max()) < 1e-9
    if "investment" in CLOSURES[words]:
        assert after.arrays["qinv"] == pytest.approx(base.arrays["qinv"], rel=1e-12)
        assert (base["qinv"] > 1.01).all()  # the baseline's investment has grown
    labour = [world.sam.factors.index(f) for f in ("skl", "unskl")]
    if "labour" in CLOSURES[words]:
        assert after.arrays["rw"][labour] == pytest.approx(base.arrays["rw"][labour], rel=1e-12)
        assert (base.arrays["rw"][labour] > 1.01).all()  # productivity has raised wages
        assert base.arrays["qe"][labour] == pytest.approx(1.01)
        assert abs(after.arrays["qe"][labour] / base.arrays["qe"][labour] - 1).max() > 1e-4
    else:
        assert after.arrays["qe"][labour] == pytest.approx(1.01)


class Spare(Block):
    """A block of one's own."""


def test_choices_that_cannot_go_together_are_refused(world) -> None:
    baseline = Baseline.between(2018, 2019, growth_table(world))
    with pytest.raises(ModelError, match="core blocks; this model has others"):
        Dynamics(Model(world, blocks=(*CORE, Spare)), baseline)
    with pytest.raises(ModelError, match="write investment='returns'"):
        Dynamics(Dynamics(world, baseline, "returns").policy_model, baseline)
    with pytest.raises(ClosureError, match="frees the endowment of cap, which a path accumulates"):
        Dynamics(Model(world, Closure().swap("rw", "qe")), baseline)
    with pytest.raises(ModelError, match="not a str"):
        Dynamics("world", baseline)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="unknown capital rule 'vintages'"):
        Dynamics(world, baseline, capital="vintages")  # type: ignore[arg-type]


def test_policies_that_years_cannot_follow_are_refused(paths) -> None:
    path = paths("saving", "mobile")
    for wrong in ("rcep", rcep, Policy):
        with pytest.raises(ModelError, match="a path of years takes a policy"):
            path.run(wrong)  # type: ignore[arg-type]
    with pytest.raises(ShockError, match="rules of origin"):
        path.run(rcep(cumulation="full"))
    with pytest.raises(ModelError, match="begins in 2030, after the last year"):
        path.run(Steady(tariff_change(times=0.0), since=2030))
    with pytest.raises(ModelError, match="nothing changes in the years"):
        path.run(BeltAndRoadProgramme(start=2040))
    with pytest.raises(ModelError, match="none of the years"):
        path.run(tariff_change(times=0.0), until=2050)


class Says:
    """One year's flows, whatever the year."""

    name = "says"

    def __init__(self, **flows: object) -> None:
        self.given = flows

    def flows(self, year: int, model, state) -> Flows:
        return Flows(**self.given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("flows", "words"),
    [
        ({"loans": {"PAC": 1.0, "CHN": -1.0}}, "'PAC', which is no region of the benchmark; did you mean 'PAK'"),
        ({"loans": {"PAK": float("nan"), "CHN": -1.0}}, "loans of PAK are nan"),
        ({"parks": {"PAK": 1e3, "CHN": -1e3}, "park_sectors": ("gdz",)}, "park sector 'gdz'.*did you mean 'gds'"),
        ({"exogenous": {"taop": np.ones(5)}}, "sets 'taop', which is no instrument"),
        ({"exogenous": {"tfp": np.ones(4)}}, "tfp is given as a plain array"),
        ({"exogenous": {"tfp": np.ones(5)}, "policy": change("tfp", factor=1.1)}, "moves tfp, which the programme"),
        ({"policy": rcep(cumulation="full")}, "rules of origin"),
    ],
)
def test_flows_that_are_not_lawful_are_named(paths, flows: dict[str, object], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        paths("saving", "vintage").run(Says(**flows))


def test_arrays_of_a_programme_are_aligned_by_label(paths) -> None:
    path = paths("saving", "mobile")
    model, base = path.policy_model, path.run_baseline()
    tfp = model.solve()["tfp"].copy()
    tfp.loc[{"r": "PAK"}] = 1.05
    straight, turned = (path.run(Says(exogenous={"tfp": a})).dataset() for a in (tfp, tfp.isel(r=slice(None, None, -1))))
    assert base.years == [2018, 2019, 2020]
    assert abs(straight["welfare_percent"] - turned["welfare_percent"]).max() < 1e-9


def test_finance_belongs_to_belt_and_road(command) -> None:
    code, out, err = command("dynamics", "rcep", "--finance", "grants")
    assert (code, out) == (2, "")
    assert "--finance belongs to belt-and-road" in err
    code, out, err = command("dynamics", "belt-and-road", "--years", "2018:2018")
    assert (code, out) == (2, "")
    assert "nothing changes in the years 2018 to 2018" in err
