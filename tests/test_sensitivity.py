"""Gradients by adjoint and tangents against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from cge import Model, ModelError
from policies import rcep
from tests.worlds import random_benchmark


def solved_with(model: Model, name: str, index: tuple[int, ...], value: float, solution) -> object:
    arrays = {n: solution.arrays[n] for n, s in model.symbols.items() if s.kind == "instrument"}
    arrays[name] = arrays[name].copy()
    arrays[name][index] = value
    return model.solve(exogenous={n: model.labelled(n, values) for n, values in arrays.items()})


def test_gradients_equal_central_differences(world_model) -> None:
    solution = world_model.solve(rcep())
    outcomes = ("u", "ev", "y", "qgdp")
    gradients = {outcome: solution.gradient(outcome, ["tms", "qe", "ams"], r="KOR") for outcome in outcomes}
    rng = np.random.default_rng(0)
    for name, count in (("tms", 3), ("qe", 2), ("ams", 2)):
        largest = np.argsort(abs(gradients["u"][name].values).ravel())[::-1][: 2 * count]
        for flat in rng.choice(largest, count, replace=False):
            index = np.unravel_index(flat, gradients["u"][name].shape)
            at, h = solution.arrays[name][index], 1e-4
            near = {k: solved_with(world_model, name, index, at + k * h, solution) for k in (-2, -1, 1, 2)}
            for outcome in outcomes:
                f = {k: float(s[outcome].sel(r="KOR")) for k, s in near.items()}  # type: ignore[index]
                numeric = (8 * (f[1] - f[-1]) - (f[2] - f[-2])) / (12 * h)
                values = gradients[outcome][name].values
                assert values[index] == pytest.approx(numeric, rel=1e-6, abs=1e-6 * abs(values).max()), (outcome, name, index)


def test_tangent_and_gradient_are_transposes_of_each_other() -> None:
    model = Model(random_benchmark(3, 3, seed=4))
    base = model.solve()
    rng = np.random.default_rng(2)
    direction = rng.normal(size=model.shape("tms"))
    moved = base.tangent({"tms": model.labelled("tms", direction)})["y"].values
    for k, region in enumerate(model.labels("r")):
        pulled = float((base.gradient("y", "tms", r=region)["tms"].values * direction).sum())
        assert moved[k] == pytest.approx(pulled, rel=1e-8, abs=1e-12)


def test_own_tariff_raises_welfare_of_a_large_region_at_free_trade_and_hurts_the_other() -> None:
    from tests.worlds import symmetric_benchmark

    base = Model(symmetric_benchmark(tariff=0.0)).solve()
    gradient = base.gradient("u", "tms", r="R0")["tms"].sum("i")
    assert float(gradient.sel(s="R1", d="R0")) > 0  # terms of trade
    assert float(gradient.sel(s="R0", d="R1")) < 0


def test_wrong_requests_are_named(world_base) -> None:
    with pytest.raises(ModelError, match="unknown symbol 'tmss'; did you mean 'tms'"):
        world_base.gradient("u", "tmss", r="USA")
    with pytest.raises(ModelError, match="needs one label for each of its dims"):
        world_base.gradient("u", "tms")
    with pytest.raises(ModelError, match="is endogenous"):
        world_base.gradient("u", "pds", r="USA")
    with pytest.raises(ModelError, match="'USAA' is not in dim r; did you mean 'USA'"):
        world_base.gradient("u", "tms", r="USAA")
