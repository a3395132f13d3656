"""Rounding: equations keep their digits at the bounds of their parameters, and a point is judged by what rounding leaves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, getcontext

import numpy as np
import pyomo.environ as pyo
import pytest

from cge import Model, SolveError
from cge.equations.ces import COBB_DOUGLAS_BAND, NEAR_COBB_DOUGLAS, ces_price_of_two
from cge.gtap import GtapShock, decompose, gtap_model, solve_gtap
from cge.model import equilibrium
from cge.model.workspace import Workspace
from cge.solver.ipopt import certify
from cge.solver.tape import Tape
from cge.solver.templates import Kernel, Values
from policies import tariff_change
from tests.worlds import bounded_gtap, random_benchmark, random_gtap

SHOCKS = ("tms=rate 0", "tm=+10%", "tx=-2%", "ao=+1%", "ams=+1%", "pop[R2]=+2%", "qe[cap,R1]=+3%", "tms[g1,R0,R1]=-10%")


@pytest.fixture(scope="module")
def bounded() -> Model:
    return gtap_model(bounded_gtap(4, 5))


def test_ordinary_shocks_solve_where_cde_parameters_stand_at_their_bounds(bounded: Model) -> None:
    for text in SHOCKS:
        solution = bounded.solve(GtapShock(text))
        assert solution.max_residual <= bounded.options.tolerance, text
        assert solution.checks()["ok"].all(), text


def test_free_trade_solves_in_a_world_of_20_regions_and_41_sectors_at_the_bounds() -> None:
    solution = gtap_model(bounded_gtap(20, 41)).solve(GtapShock("tms=rate 0"))
    assert solution.max_residual <= 1e-11
    assert solution.checks()["ok"].all()


def test_both_solvers_find_the_same_equilibrium_at_the_bounds(bounded: Model) -> None:
    shock = GtapShock("tms=rate 0")
    fast, alone = bounded.solve(shock), bounded.solve(shock, method="ipopt")
    for name in ("qo", "up", "y", "pds"):
        assert np.allclose(fast.arrays[name], alone.arrays[name], rtol=1e-9), name


def test_cde_demand_at_the_lower_bound_is_cobb_douglas(bounded: Model) -> None:
    # as substitution goes to zero budget shares stay, whatever prices do
    after = bounded.solve(GtapShock("tm=+10%"))
    lower = [r for k, r in enumerate(bounded.labels("r")) if k % 3 == 0]
    spent = after["vpp"] * after["ppa"] * after["qpa"]
    share = (spent / spent.sum("i")).sel(r=lower)
    assert np.allclose(share, after["spa"].sel(r=lower), atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_equivalent_variation_at_the_bounds_is_the_sum_of_its_parts(seed: int) -> None:
    # the parts are integrated along the path and know nothing of the expenditure function behind EV
    model = gtap_model(bounded_gtap(4, 5, seed))
    shock = GtapShock("tms=rate 0")
    result = solve_gtap(model, shock)
    world = float(result.base["gdp"].sum())
    assert abs(decompose(result, shock).sum("part").values - result.ev()).max() < 1e-8 * world


def test_substitution_beside_unity_gives_the_cobb_douglas_answer_and_certifies() -> None:
    policy = tariff_change(times=0.0)
    at_one = Model(random_benchmark(3, 3, 7, esubva=1.0, esubd=1.0)).solve(policy)
    for gap in (2 * COBB_DOUGLAS_BAND, 1e-4, 0.9 * NEAR_COBB_DOUGLAS, 1.1 * NEAR_COBB_DOUGLAS):
        beside = Model(random_benchmark(3, 3, 7, esubva=1.0 + gap, esubd=1.0 + gap)).solve(policy)
        assert beside.max_residual <= 1e-11
        assert np.allclose(beside.arrays["qo"], at_one.arrays["qo"], atol=gap)


def test_ces_price_near_unity_equals_fifty_digits() -> None:
    getcontext().prec = 50
    block = pyo.ConcreteModel()
    block.reg = pyo.Set(initialize=["A"])
    block.p, block.q, block.s = (pyo.Var(block.reg) for _ in range(3))
    shapes = {n: (1,) for n in "pqs"}
    tape = Tape(lambda m, r: ces_price_of_two(0.3, m.p[r], m.q[r], m.s[r]), block, [block.reg], shapes, ["p", "q"])
    kernel = Kernel(tape)
    arrays = {"p": np.array([1.3]), "q": np.array([0.8]), "s": np.array([1.0])}
    values = Values(arrays)
    for rho in (2e-6, -3e-5, 1e-3, 9e-3):
        values.set("s", np.array([1.0 - rho]))
        share, first, second, sigma = (Decimal.from_float(v) for v in (0.3, 1.3, 0.8, 1.0 - rho))
        power = 1 - sigma
        exact = (share * first**power + (1 - share) * second**power) ** (1 / power)
        found = float(kernel.evaluate(values, arrays)[0])
        assert abs(found / float(exact) - 1) < 1e-15, rho


def test_the_rounding_floor_bounds_what_rounding_does(bounded: Model) -> None:
    # two points that differ by half a unit in the last place have residuals that differ by rounding and its response alone
    x, equations = bounded.system.pack(bounded.solve(GtapShock("tm=+10%")).arrays), Workspace(bounded).evaluator
    floor = equations.rounding_floor(x)
    rng = np.random.default_rng(0)
    here = equations.residual(x)
    for _ in range(20):
        moved = equations.residual(x * (1 + 2.0**-53 * rng.choice([-1.0, 0.0, 1.0], x.size)))
        assert (abs(moved - here) <= 2 * floor).all()
    assert (floor < 1e-9).all()


def test_newton_and_ipopt_answer_the_same_question(bounded: Model) -> None:
    # a tolerance below what rounding leaves: both take the point that cannot be bettered and refuse one that can
    x, newton = bounded.benchmark_point, Workspace(bounded).newton
    newton.prepare(x)
    newton.options = replace(bounded.options, tolerance=1e-17)
    assert newton.solves(x)
    assert certify(newton, x).status == 0
    moved = x * np.exp(1e-10 * np.random.default_rng(1).normal(size=x.size))
    assert not newton.solves(moved)
    with_ipopt = certify(newton, moved)
    assert not (with_ipopt.status == 0 and np.array_equal(with_ipopt.x, moved))


def test_a_point_that_is_not_certified_shows_the_residuals_of_that_point(small_model: Model, monkeypatch) -> None:
    # the worst equations are those of the point, not of the benchmark's exogenous values at it
    def spoiled(newton, x):
        verdict = certify(newton, x)
        moved = x.copy()
        moved[newton.system.offset["y"]] *= 1.01
        return replace(verdict, x=moved, status=-1, message="stopped")

    monkeypatch.setattr(equilibrium, "certify", spoiled)
    with pytest.raises(SolveError, match="does not certify the point: stopped") as caught:
        small_model.solve(tariff_change(points=10.0))
    worst = float(caught.value.worst[0].split(": ")[1])
    assert 1e-4 < worst < 1e-1
    assert any(text.startswith(("e_y[R0]", "e_ysup[R0]", "e_qinv[R0]")) for text in caught.value.worst)


def test_private_expenditure_of_the_data_holds_at_any_substitution() -> None:
    # calibrated shares: a live substitution parameter moves responses, not the benchmark
    model = gtap_model(random_gtap(3, 3))
    halved = model.solve(parameters={"subpar": model.labelled("subpar", 0.5 * model.benchmark_values["subpar"])})
    assert np.allclose(halved.arrays["qo"], 1.0, atol=1e-10)
