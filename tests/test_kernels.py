"""Compiled kernels against Pyomo's own evaluation, and derivatives against the complex step."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from pyomo.environ import value

from cge import Closure, Model
from cge.equations.declare import SET_OF_DIM
from cge.model.workspace import Workspace
from cge.solver.evaluator import Evaluator
from cge.solver.pyomo_block import pyomo_block
from cge.solver.rule_kernels import rule_kernel
from cge.solver.tape import Tape
from cge.solver.templates import Values
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
def moved(model: Model) -> tuple[Evaluator, np.ndarray]:
    """The equations at a point away from the benchmark, with the instruments moved too."""
    rng = np.random.default_rng(5)
    equations = Workspace(model).evaluator
    for name, symbol in model.symbols.items():
        if symbol.kind == "instrument":
            benchmark = model.benchmark_values[name]
            equations.values.set(name, benchmark + 0.1 * rng.uniform(0, 1, benchmark.shape))
    x = rng.uniform(0.8, 1.2, model.system.n)
    for name, array in equations.unpack(x).items():
        equations.values.set(name, np.array(array))
    return equations, x


Moved = tuple[Evaluator, np.ndarray]


def test_every_equation_equals_pyomos_value(model: Model, moved: Moved) -> None:
    equations, _ = moved
    arrays = equations.values.arrays
    block = pyomo_block(model, arrays)
    for family, kernel in zip(model.system.families, equations.kernels, strict=True):
        rule = family.rule
        ours = kernel.evaluate(equations.values, arrays)
        for index in np.ndindex(*ours.shape):
            labels = [model.sets[SET_OF_DIM[d]][k] for d, k in zip(rule.dims, index, strict=True)]
            left, right = rule.function(block, *labels).args
            sides = value(left), value(right)
            wanted = np.log(sides[0] / sides[1]) if rule.logs else sides[0] - sides[1]
            assert ours[index] == pytest.approx(wanted, rel=1e-10, abs=1e-10), (rule.name, labels)


def test_every_definition_equals_pyomos_value(model: Model, moved: Moved) -> None:
    values = moved[0].values
    block = pyomo_block(model, values.arrays)
    for name, rule in model.definitions.items():
        ours = rule_kernel(model, name, values.arrays).evaluate(Values(values.arrays), values.arrays)
        members = list(itertools.product(*(model.sets[SET_OF_DIM[d]] for d in rule.dims)))
        for index, labels in list(zip(np.ndindex(*ours.shape), members, strict=True))[:: max(1, len(members) // 12)]:
            theirs = value(rule.function(block, *labels))
            assert ours[index] == pytest.approx(theirs, rel=1e-10, abs=1e-12), (name, labels)


def test_jacobian_equals_the_complex_step(moved: Moved) -> None:
    equations, point = moved
    matrix = equations.jacobian(point).toarray()
    step = np.empty_like(matrix)
    for k in range(point.size):
        beside = point.astype(complex)
        beside[k] += 1e-30j
        step[:, k] = equations.residual(beside).imag / 1e-30
    scale = abs(step).max(axis=1, keepdims=True)
    assert (abs(matrix - step) / scale).max() < 1e-12


@pytest.mark.parametrize("rates", ["no tax at all", "subsidies"])
def test_no_derivative_falls_outside_the_fixed_pattern(model: Model, moved: Moved, rates: str) -> None:
    """The pattern is found once; where taxes vanish or turn to subsidies no derivative appears that it leaves out."""
    equations, point = moved[0].copy(), moved[1]
    for name, symbol in model.symbols.items():
        if symbol.kind == "instrument" and symbol.unit.startswith("power"):
            array = equations.values[name]
            equations.values.set(name, np.full_like(array, 1.0) if rates == "no tax at all" else 0.9 * array)
    fixed = equations.jacobian(point)
    outside = np.ones(fixed.shape, bool)
    outside[model.system.row_index, model.system.column_index] = False
    for k in range(0, point.size, 3):
        beside = point.astype(complex)
        beside[k] += 1e-30j
        step = equations.residual(beside).imag / 1e-30
        assert not step[outside[:, k]].any(), model.system.name_of_unknown(k)
        assert abs(fixed[:, [k]].toarray().ravel() - step).max() <= 1e-11 * max(abs(step).max(), 1.0)


def test_one_member_expands_to_an_ordinary_pyomo_expression(small_model: Model) -> None:
    text = str(small_model.expression("e_pms", "g0", "int", "R1"))
    assert "pms[g0,int,R1]" in text
    assert "esubm" in text


def test_vector_jacobian_products_equal_the_jacobian(model: Model, moved: Moved) -> None:
    equations, point = moved
    rng = np.random.default_rng(1)
    weights = rng.normal(size=model.system.rows)
    wanted = equations.jacobian(point).T @ weights
    assert np.allclose(equations.pull(weights, point), wanted, rtol=1e-10, atol=1e-10 * abs(wanted).max())


def test_rules_outside_the_language_are_refused() -> None:
    import pyomo.environ as pyo

    block = pyo.ConcreteModel()
    block.reg = pyo.Set(initialize=["A", "B"])
    block.x = pyo.Var(block.reg, block.reg)
    with pytest.raises(TypeError, match="takes one index twice"):
        Tape(lambda m, r: m.x[r, r], block, [block.reg], {"x": (2, 2)}, ["x"])
    with pytest.raises(TypeError, match="not supported"):
        Tape(lambda m, r: pyo.sin(m.x[r, "A"]), block, [block.reg], {"x": (2, 2)}, ["x"])


@pytest.mark.parametrize("high", [2.0, 12.0, 33.0, 60.0])
def test_the_jacobian_holds_every_derivative_whatever_the_elasticities(high: float) -> None:
    """A share that is 1 in floating point at a far point must not take an entry out of the pattern."""
    world = random_benchmark(3, 3, seed=5)
    behaviour = world.elasticities.copy(deep=True)
    behaviour["esubd"][:] = high
    behaviour["esubm"][:] = high
    model = Model(replace(world, elasticities=behaviour))
    equations = Workspace(model).evaluator
    rng = np.random.default_rng(0)
    for spread in (0.0, 0.05):
        x = model.benchmark_point * np.exp(rng.normal(0, spread, model.system.n))
        along = rng.normal(size=x.size)
        exact = equations.residual(x + 1e-30j * along).imag / 1e-30
        assert np.allclose(equations.jacobian(x) @ along, exact, rtol=1e-9, atol=1e-9 * high)
