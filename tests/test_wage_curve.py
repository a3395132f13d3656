"""The wage curve: employment follows the real wage, between fixed real wages and full employment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from calibration import Benchmark, load_benchmark
from cge import Closure, InstrumentChange, Model, ModelError, Policy, Scenario, solve
from cge.dynamics import Baseline, Dynamics
from cge.errors import ClosureError
from cge.mechanisms.wage_curve import WageCurve
from policies import tariff_change
from tests.worlds import five_regions, growth_table, random_benchmark, symmetric_benchmark

RATES = (0.04, 0.08, 0.12)
CURVE = Closure.standard(labour="wage curve", labour_factors="lab")
FREE_TRADE = tariff_change(times=0.0)


def with_unemployment(world: Benchmark, rates: tuple[float, ...] = RATES) -> Benchmark:
    known = xr.DataArray(np.array(rates), dims="r", coords={"r": world.regions})
    return replace(world, satellites=xr.Dataset({"unemployment": known}))


WORLD = with_unemployment(random_benchmark(3, 3, seed=7))


@pytest.fixture(scope="module")
def curve() -> Model:
    return Model(WORLD, CURVE)


def test_the_closure_brings_the_curve_and_the_benchmark_replicates(curve: Model) -> None:
    base = curve.solve()
    assert [type(x) for x in curve.mechanisms] == [WageCurve]
    assert base.max_residual < 1e-12
    np.testing.assert_allclose(base["unemp"].sel(f="lab"), RATES, rtol=1e-12)
    np.testing.assert_allclose(base["qe"], 1.0, rtol=1e-12)


def test_real_wage_and_unemployment_lie_on_the_published_curve(curve: Model) -> None:
    """Blanchflower and Oswald: unemployment a tenth higher, real wage one per cent lower."""
    after = curve.solve(FREE_TRADE)
    wage, rate = after["rw"].sel(f="lab").values, after["unemp"].sel(f="lab").values
    assert abs(wage - 1).max() > 1e-3
    np.testing.assert_allclose(np.log(wage), -0.1 * np.log(rate / RATES), atol=1e-10)
    employed = after["qe"].sel(f="lab").values * (1 - np.array(RATES))
    np.testing.assert_allclose(employed + rate, 1.0, atol=1e-10)
    assert abs(after.walras) < 1e-10


def test_employment_rises_where_the_real_wage_does(curve: Model) -> None:
    after = curve.solve(FREE_TRADE)
    wage, employed = after["rw"].sel(f="lab").values - 1, after["qe"].sel(f="lab").values - 1
    assert (np.sign(wage) == np.sign(employed)).all()


def test_a_tariff_cut_employs_people_in_a_symmetric_world() -> None:
    world = with_unemployment(symmetric_benchmark(0.1), (0.05, 0.05))
    labour = [f for f in world.sam.factors if f != "cap"]
    after = Model(world, Closure.standard(labour="wage curve", labour_factors=labour)).solve(FREE_TRADE)
    assert (after["rw"].sel(f=labour) > 1).all()
    assert (after["unemp"].sel(f=labour) < 0.05).all()


def test_at_elasticity_zero_real_wages_are_fixed() -> None:
    curve = Model(WORLD, CURVE, mechanisms=(WageCurve(0),)).solve(FREE_TRADE)
    fixed = Model(WORLD, Closure.standard(labour="fixed real wage", labour_factors="lab")).solve(FREE_TRADE)
    for name in ("qe", "qo", "u", "pds"):
        np.testing.assert_allclose(curve[name].values, fixed[name].values, atol=1e-9)


def test_at_a_huge_elasticity_employment_is_full() -> None:
    curve = Model(WORLD, CURVE, mechanisms=(WageCurve(1e5),)).solve(FREE_TRADE)
    full = Model(WORLD).solve(FREE_TRADE)
    for name in ("qe", "qo", "u", "pds"):
        np.testing.assert_allclose(curve[name].values, full[name].values, atol=1e-6)


def test_a_steeper_curve_moves_employment_less() -> None:
    moved = [
        abs(Model(WORLD, CURVE, mechanisms=(WageCurve(steep),)).solve(FREE_TRADE)["qe"] - 1).sel(f="lab").values
        for steep in (0.05, 0.1, 0.2)
    ]
    assert (moved[0] > moved[1]).all()
    assert (moved[1] > moved[2]).all()


def test_twice_the_numeraire_moves_no_quantity(curve: Model) -> None:
    doubled = curve.solve(Policy(name="money", instruments=(InstrumentChange(instrument="pfactwld", factor=2.0),)))
    base = curve.solve()
    for name in ("qe", "unemp", "rw", "qo"):
        np.testing.assert_allclose(doubled[name].values, base[name].values, rtol=1e-9)


def test_more_people_looking_for_work_lower_the_wage_and_raise_both_employment_and_unemployment(curve: Model) -> None:
    more = InstrumentChange(instrument="lforce", where={"r": "R0", "f": "lab"}, factor=1.02)
    after = curve.solve(Policy(name="immigration", instruments=(more,)))
    at_home = {"f": "lab", "r": "R0"}
    assert 1 < float(after["qe"].sel(at_home)) < 1.02
    assert float(after["unemp"].sel(at_home)) > RATES[0]
    assert float(after["rw"].sel(at_home)) < 1


def test_the_baseline_of_a_path_keeps_unemployment_and_a_policy_moves_it() -> None:
    world = with_unemployment(five_regions(), (0.05, 0.04, 0.04, 0.06, 0.07))
    dynamics = Dynamics(
        Model(world, Closure.standard(labour="wage curve")), Baseline.between(2018, 2020, growth_table(world, skl=0.01))
    )
    path = dynamics.run(tariff_change(times=0.5))
    known = world.satellites["unemployment"].values if world.satellites is not None else 0.0
    for year in path.baseline.data:
        np.testing.assert_allclose(year["unemp"].sel(f="skl"), known, rtol=1e-9)
    for year in path.policy.data:
        assert abs(year["unemp"].sel(f="skl") - known).max() > 1e-5
        assert float(year["walras"]) < 1e-9


def test_the_shipped_world_knows_unemployment_of_every_region() -> None:
    world = load_benchmark()
    assert world.satellites is not None
    rates, status = world.satellites["unemployment"], world.satellites["unemployment_status"]
    assert rates.notnull().all()
    assert ((rates > 0.005) & (rates < 0.3)).all()
    assert set(status.values.tolist()) <= {1, 2, 4}
    assert status.sel(r="TWN") == 4
    run = solve(
        Scenario(closure=Closure.standard(labour="wage curve")).under(
            tariff_change(sources=["CHN"], destinations=["USA"], points=10)
        )
    )
    shown = {t.name: t.frame for t in run.shown}["unemployment"]
    assert shown.loc["USA", "after, unskl"] > shown.loc["USA", "before"] > 3
    assert run.summary()["tables"]["unemployment"]["USA"]["employment, skl"] < 0
    after = run.after  # type: ignore[attr-defined]
    skills = ["skl", "unskl"]
    assert ((after["rw"].sel(f=skills) > 1) == (after["qe"].sel(f=skills) > 1)).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: WageCurve(-0.1), "without the minus sign"),
        (lambda: WageCurve(unemployment=5.0), "0.05 for 5 per cent"),
        (lambda: WageCurve(unemployment={"R0": 0.0}), "unemployment rate of R0 is 0.0"),
        (lambda: Model(WORLD, CURVE, mechanisms=(WageCurve(unemployment={"R9": 0.1}),)), "'R9', which is no region"),
        (lambda: Model(random_benchmark(3, 3, seed=7), CURVE), "has no unemployment rate of R0, R1, R2"),
        (lambda: Model(with_unemployment(WORLD, (0.04, np.nan, 0.1)), CURVE), "has no unemployment rate of R1"),
        (lambda: Model(with_unemployment(WORLD, (4.0, 5.0, 6.0)), CURVE), "unemployment rate of R0 is 4.0"),
        (lambda: Model(WORLD, CURVE, mechanisms=(WageCurve(), WageCurve(0.2))), "WageCurve stands twice"),
    ],
)
def test_what_is_no_curve_is_refused(make: object, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        make()  # type: ignore[operator]


def test_an_unknown_rule_of_labour_names_the_known_ones() -> None:
    with pytest.raises(ClosureError, match="'full employment', 'fixed real wage', 'wage curve'"):
        Closure.standard(labour="wagecurve")  # type: ignore[arg-type]
