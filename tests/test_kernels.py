"""Compiled kernels against Pyomo's own evaluation, and derivatives against the complex step."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from pyomo.environ import value

from cge import Closure, Model
from cge.equations.declare import SET_OF_DIM
from cge.solver.pyomo_block import pyomo_block
from tests.worlds import random_benchmark


@pytest.fixture(scope="module", params=["ces", "unit elasticities", "Stone-Geary"])
def model(request) -> Model:
    fixed = {"ces": {}, "unit elasticities": {"esubm": 1.0, "esubd": 1.0, "esubva": 1.0, "esubt": 1.0, "esubc": 1.0}}
    benchmark = random_benchmark(2, 2, seed=3, **fixed.get(request.param, {}))
    if request.param == "Stone-Geary":
        benchmark.elasticities["frisch"][:] = -2.0
        benchmark.elasticities["incelas"].loc[{"i": "g0"}] = 0.6
    return Model(benchmark, Closure(specific=("cap",)), sourcing="agent")


@pytest.fixture(scope="module")
def point(model: Model) -> np.ndarray:
    """A point away from the benchmark, with the instruments moved too."""
    rng = np.random.default_rng(5)
    for name, symbol in model.symbols.items():
        if symbol.kind == "instrument":
            held = model.benchmark_values[name]
            model.values.set(name, held + 0.1 * rng.uniform(0, 1, held.shape))
    x = rng.uniform(0.8, 1.2, model.system.n)
    for name, array in model.system.unpack(x).items():
        model.values.set(name, np.array(array))
    return x


def test_every_equation_equals_pyomos_value(model: Model, point: np.ndarray) -> None:
    block = pyomo_block(model)  # fresh components read the current values
    for family in model.system.families:
        rule = family.rule
        ours = family.kernel.evaluate(model.values, model.values.arrays)
        for index in np.ndindex(*ours.shape):
            labels = [model.sets[SET_OF_DIM[d]][k] for d, k in zip(rule.dims, index, strict=True)]
            left, right = rule.function(block, *labels).args
            sides = value(left), value(right)
            wanted = np.log(sides[0] / sides[1]) if rule.logs else sides[0] - sides[1]
            assert ours[index] == pytest.approx(wanted, rel=1e-10, abs=1e-10), (rule.name, labels)


def test_every_definition_equals_pyomos_value(model: Model, point: np.ndarray) -> None:
    from cge.solver.templates import Kernel

    block = pyomo_block(model)
    shapes = {n: a.shape for n, a in model.values.arrays.items()}
    for name, rule in model.definitions.items():
        sets = [getattr(model.pyomo, SET_OF_DIM[d]) for d in rule.dims]
        ours = Kernel(rule.function, model.pyomo, sets, shapes, shapes).evaluate(model.values, model.values.arrays)
        members = list(itertools.product(*(model.sets[SET_OF_DIM[d]] for d in rule.dims)))
        for index, labels in list(zip(np.ndindex(*ours.shape), members, strict=True))[:: max(1, len(members) // 12)]:
            theirs = value(rule.function(block, *labels))
            assert ours[index] == pytest.approx(theirs, rel=1e-10, abs=1e-12), (name, labels)


def test_jacobian_equals_the_complex_step(model: Model, point: np.ndarray) -> None:
    matrix = model.system.jacobian(point).toarray()
    step = np.empty_like(matrix)
    for k in range(point.size):
        moved = point.astype(complex)
        moved[k] += 1e-30j
        step[:, k] = model.system.residual(moved).imag / 1e-30
    scale = abs(step).max(axis=1, keepdims=True)
    assert (abs(matrix - step) / scale).max() < 1e-12


@pytest.mark.parametrize("rates", ["no tax at all", "subsidies"])
def test_no_derivative_falls_outside_the_fixed_pattern(model: Model, point: np.ndarray, rates: str) -> None:
    """The pattern is found once; where taxes vanish or turn to subsidies no derivative appears that it leaves out."""
    kept = {n: model.values[n] for n, s in model.symbols.items() if s.kind == "instrument" and s.unit.startswith("power")}
    try:
        for name, array in kept.items():
            model.values.set(name, np.full_like(array, 1.0) if rates == "no tax at all" else 0.9 * array)
        fixed = model.system.jacobian(point)
        outside = np.ones(fixed.shape, bool)
        outside[model.system.row_index, model.system.column_index] = False
        for k in range(0, point.size, 3):
            moved = point.astype(complex)
            moved[k] += 1e-30j
            step = model.system.residual(moved).imag / 1e-30
            assert not step[outside[:, k]].any(), model.system.name_of_unknown(k)
            assert abs(fixed[:, [k]].toarray().ravel() - step).max() <= 1e-11 * max(abs(step).max(), 1.0)
    finally:
        for name, array in kept.items():
            model.values.set(name, array)


def test_one_member_expands_to_an_ordinary_pyomo_expression(small_model: Model) -> None:
    text = str(small_model.expression("e_pms", "g0", "int", "R1"))
    assert "pms[g0,int,R1]" in text
    assert "esubm" in text


def test_vector_jacobian_products_equal_the_jacobian(model: Model, point: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    weights = rng.normal(size=model.system.rows)
    wanted = model.system.jacobian(point).T @ weights
    assert np.allclose(model.system.pull(weights, point), wanted, rtol=1e-10, atol=1e-10 * abs(wanted).max())


def test_rules_outside_the_language_are_refused() -> None:
    import pyomo.environ as pyo

    from cge.solver.templates import Kernel

    block = pyo.ConcreteModel()
    block.reg = pyo.Set(initialize=["A", "B"])
    block.x = pyo.Var(block.reg, block.reg)
    with pytest.raises(TypeError, match="takes one index twice"):
        Kernel(lambda m, r: m.x[r, r], block, [block.reg], {"x": (2, 2)}, ["x"])
    with pytest.raises(TypeError, match="not supported"):
        Kernel(lambda m, r: pyo.sin(m.x[r, "A"]), block, [block.reg], {"x": (2, 2)}, ["x"])


@pytest.mark.parametrize("high", [2.0, 12.0, 33.0, 60.0])
def test_the_jacobian_holds_every_derivative_whatever_the_elasticities(high: float) -> None:
    """A share that is 1 in floating point at a far point must not take an entry out of the pattern."""
    world = random_benchmark(3, 3, seed=5)
    behaviour = world.elasticities.copy(deep=True)
    behaviour["esubd"][:] = high
    behaviour["esubm"][:] = high
    model = Model(replace(world, elasticities=behaviour))
    rng = np.random.default_rng(0)
    for spread in (0.0, 0.05):
        x = model.system.pack(model.benchmark_values) * np.exp(rng.normal(0, spread, model.system.n))
        along = rng.normal(size=x.size)
        exact = model.system.residual(x + 1e-30j * along).imag / 1e-30
        assert np.allclose(model.system.jacobian(x) @ along, exact, rtol=1e-9, atol=1e-9 * high)
