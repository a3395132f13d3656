"""The door for arrays: aligned by label or refused; start and guess; what two solutions differ in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration import Benchmark, DataError, Sam
from cge import Closure, InstrumentChange, Model, ModelError, Policy, ShockError
from policies import tariff_change
from tests.worlds import random_benchmark


@pytest.fixture(scope="module")
def world3() -> Model:
    return Model(random_benchmark(3, 3, seed=4))


def shuffled(array: xr.DataArray, seed: int = 0) -> xr.DataArray:
    """The same array with dims and labels in another order."""
    rng = np.random.default_rng(seed)
    mixed = array.isel({d: rng.permutation(array.sizes[d]) for d in array.dims})
    return mixed.transpose(*rng.permutation(list(array.dims)))


DUTY = tariff_change(points=10.0)


@pytest.mark.parametrize("where", ["parameters", "exogenous", "guess"])
def test_order_of_dims_and_labels_does_not_change_the_answer(world3: Model, where: str) -> None:
    base = world3.solve()
    name = {"parameters": "esubm", "exogenous": "tms", "guess": "qo"}[where]
    rng = np.random.default_rng(1)
    array = base[name] * (1 + 0.2 * xr.DataArray(rng.uniform(size=base[name].shape), dims=base[name].dims))
    policy = DUTY if where != "exogenous" else None
    plain = world3.solve(policy, **{where: {name: array}})
    for seed in range(4):
        mixed = world3.solve(policy, **{where: {name: shuffled(array, seed)}})
        assert np.array_equal(plain.arrays["qo"], mixed.arrays["qo"])
        assert np.array_equal(plain.arrays[name], mixed.arrays[name])


def test_a_series_with_named_levels_is_aligned_too(world3: Model) -> None:
    base = world3.solve()
    raised = base["qe"] * xr.DataArray([1.0, 1.1, 1.2], dims="r", coords={"r": world3.labels("r")})
    series = raised.to_series().sample(frac=1.0, random_state=0)
    assert np.array_equal(
        world3.solve(exogenous={"qe": series}).arrays["y"], world3.solve(exogenous={"qe": raised}).arrays["y"]
    )


def test_a_number_stands_for_every_element(world3: Model) -> None:
    zero = xr.zeros_like(world3.solve()["fsav"])
    by_number, by_array = (world3.solve(exogenous={"fsav": v}) for v in (0.0, zero))
    assert np.array_equal(by_number.arrays["qo"], by_array.arrays["qo"])


def test_arrays_that_do_not_match_the_labels_are_refused(world3: Model) -> None:
    tms = world3.solve()["tms"]
    lacking = tms.isel(s=slice(0, 2))
    twice = xr.concat([tms, tms.isel(s=[0])], dim="s")
    foreign = tms.assign_coords(s=["R0", "R1", "XX"])
    bad = {
        "plain array": tms.values,
        "plain array, whose": tms.values.tolist(),
        "must be given for every label; along s it lacks 'R2'": lacking,
        "holds 'R0' twice along s": twice,
        "'XX' is not in dim s": foreign,
        "has dims i s d, the array given has i s r": tms.rename(d="r"),
        "has dims i s d, the array given has i s$": tms.isel(d=0, drop=True),
        "no labels along d": tms.drop_vars("d"),
        "index without names": pd.Series([1.0, 2.0]),
        "given as str": "0.1",
        "must be finite and positive": tms - 5.0,
    }
    for message, value in bad.items():
        with pytest.raises(ModelError, match=message):
            world3.solve(exogenous={"tms": value})


def test_names_that_are_not_what_they_are_given_as_are_refused(world3: Model) -> None:
    base = world3.solve()
    for arguments, message in (
        ({"exogenous": {"tmss": 1.1}}, "unknown symbol 'tmss'; did you mean 'tms'"),
        ({"exogenous": {"qo": 1.1 * base["qo"]}}, "qo of .* is endogenous under closure"),
        ({"exogenous": {"esubm": 2.0}}, "esubm is a parameter"),
        ({"parameters": {"tms": 1.1}}, "tms is not a live parameter"),
        ({"guess": {"tms": 1.1}}, "tms is exogenous"),
        ({"exogenous": {"qo": base["qo"]}}, "qo of .* is endogenous under closure"),
        ({"parameters": {"esubm": -1.0}}, "esubm of g0 R0 is -1; an elasticity of substitution may not be negative"),
        ({"parameters": {"esubm": True}}, "esubm is given as true or false"),
        ({"parameters": [2.0]}, "parameters is list; give a mapping of names"),
        ({"exogenous": "fsav"}, "exogenous is str; give a mapping of names"),
        ({"guess": "fast"}, "guess is str; give a mapping of names"),
        ({"method": "ipoptt"}, "unknown method 'ipoptt'; did you mean 'ipopt'"),
        ({"start": "foo"}, "unknown start 'foo'"),
        ({"start": None}, "unknown start None"),
        ({"policy": "rcep"}, "takes a policy, not its name 'rcep'"),
        ({"policy": tariff_change}, "takes a policy, not the function tariff_change: call it"),
    ):
        with pytest.raises(ModelError, match=message):
            world3.solve(**arguments)


def test_a_policy_acts_on_the_solution_that_it_starts_from(world3: Model) -> None:
    balanced = world3.solve(exogenous={"fsav": 0.0})
    after = world3.solve(DUTY, start=balanced)
    assert np.array_equal(after.arrays["fsav"], np.zeros(3))
    once = world3.solve(DUTY, exogenous={"fsav": 0.0})
    assert np.allclose(after.arrays["qo"], once.arrays["qo"], rtol=1e-9)
    assert after.compare(balanced).remarks() == []


def test_two_policies_one_on_the_other_are_their_sum(world3: Model) -> None:
    first, second = tariff_change(points=5.0), tariff_change(points=7.0, destinations=["R1"])
    stepwise = world3.solve(second, start=world3.solve(first))
    assert np.allclose(stepwise.arrays["tms"], world3.solve(first + second).arrays["tms"], rtol=1e-13)


def test_elasticities_of_the_start_stay(world3: Model) -> None:
    base = world3.solve()
    soft = world3.solve(parameters={"esubm": 0.7 * base["esubm"]})
    after = world3.solve(DUTY, start=soft)
    assert np.array_equal(after.arrays["esubm"], soft.arrays["esubm"])
    direct = world3.solve(DUTY, parameters={"esubm": 0.7 * base["esubm"]})
    assert np.allclose(after.arrays["qo"], direct.arrays["qo"], rtol=1e-9)


def test_a_guess_does_not_change_the_answer(world3: Model) -> None:
    other = world3.solve(tariff_change(points=20.0), exogenous={"fsav": 0.0})
    plain = world3.solve(DUTY)
    for guess in (other, {"qo": other["qo"], "pds": other["pds"]}):
        near = world3.solve(DUTY, guess=guess)
        assert np.allclose(near.arrays["qo"], plain.arrays["qo"], rtol=1e-9)
        assert np.array_equal(near.arrays["fsav"], plain.arrays["fsav"])


def test_a_comparison_lists_what_differs_beside_the_policy(world3: Model) -> None:
    base, after = world3.solve(), world3.solve(DUTY, exogenous={"fsav": 0.0})
    comparison = after.compare(base)
    by_policy = {d.symbol for d in comparison.exogenous() if d.of_policy}
    assert by_policy == {"tms"}
    assert any("fsav" in line for line in comparison.remarks())
    assert comparison.table().attrs["remarks"] == comparison.remarks()
    assert world3.solve(DUTY).compare(base).remarks() == []
    soft = world3.solve(DUTY, parameters={"esubm": 2.0 * base["esubm"]})
    assert any("esubm" in line for line in soft.compare(base).remarks())


def test_solutions_of_two_models_are_not_compared(world3: Model) -> None:
    after = world3.solve(DUTY)
    smaller = Model(random_benchmark(2, 3, seed=4)).solve()
    other_data = Model(random_benchmark(3, 3, seed=5)).solve()
    other_goods = Model(random_benchmark(3, 4, seed=4)).solve()
    for base in (smaller, other_data, other_goods):
        with pytest.raises(ModelError, match="two models that differ in"):
            after.compare(base)
        with pytest.raises(ModelError, match="starting solution is of another model"):
            world3.solve(DUTY, start=base)


def test_a_closure_is_no_other_model_and_is_remarked(world3: Model) -> None:
    fixed = Model(world3.benchmark, Closure.standard(investment="fixed")).solve(DUTY)
    remarks = fixed.compare(world3.solve()).remarks()
    assert any("closure" in line for line in remarks)


def test_a_model_built_again_from_the_same_parts_takes_the_solution(world3: Model) -> None:
    again = Model(replace(world3.benchmark))
    base = world3.solve()
    assert again.solve(DUTY, start=base).compare(base).remarks() == []


def test_labels_on_an_array_of_another_shape_are_refused(world3: Model) -> None:
    with pytest.raises(ModelError, match="expected"):
        world3.labelled("tms", np.ones((2, 2, 2)))
    with pytest.raises(ModelError, match="did you mean 'tms'"):
        world3.labelled("tmss", np.ones(3))


def test_elasticities_of_other_labels_are_refused(world3: Model) -> None:
    plain = world3.benchmark
    for wrong, message in (
        (plain.elasticities.assign_coords(r=["R0", "R1", "XX"]), "different labels along dim 'r', first 'XX'"),
        (plain.elasticities.assign_coords(r=["R0", "R1", "R1"]), "'R1' stands twice"),
        (plain.elasticities.assign_coords(a=["g0", "g1", "gx"]), "different labels along dim 'a'"),
        (plain.elasticities.drop_vars("r"), "no labels along dim 'r'"),
    ):
        with pytest.raises(DataError, match=message):
            replace(plain, elasticities=wrong)


def test_a_permuted_benchmark_gives_the_same_economy() -> None:
    # the same data with regions and goods in another order are the same world
    plain: Benchmark = random_benchmark(3, 3, seed=4)
    policy = Policy(name="duty", instruments=(InstrumentChange(instrument="tms", where={"s": "R0", "d": "R2"}, rate_add=0.2),))
    first = Model(plain).solve(policy)
    order = ["R2", "R0", "R1"]
    moved = replace(plain, sam=Sam(plain.sam.data.sel(r=order, s=order, d=order)))  # the elasticities keep their order
    assert list(moved.elasticities["r"].values) == order
    second = Model(moved).solve(policy)
    ev = second["ev"].sel(r=first.model.labels("r"))
    assert np.allclose(first["ev"], ev, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parameters": ["esubm"]}, "parameters is list; give a mapping of names"),
        ({"exogenous": "tms"}, "exogenous is str; give a mapping of names"),
        ({"guess": "benchmark"}, "guess is str; give a mapping of names"),
        ({"parameters": {"esubm": -3.0}}, "esubm of g0 R0 is -3; an elasticity of substitution may not be negative"),
    ],
)
def test_what_cannot_be_an_argument_of_a_solve_is_refused(options: dict, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Model(random_benchmark(2, 2)).solve(**options)


# -- a policy and exogenous values on the same element ---------------------------------------------------------


def test_a_policy_and_exogenous_values_do_not_set_one_element_to_two_values(world3) -> None:
    duty = world3.solve(DUTY)
    moved = duty["tms"].values != world3.benchmark_values["tms"]
    assert moved.any()
    for other in (1.07, world3.labelled("tms", world3.benchmark_values["tms"]), 1.01 * duty["tms"]):
        with pytest.raises(ShockError, match=r"brings tms of .* to .* and exogenous= sets it to .* takes one value") as told:
            world3.solve(DUTY, exogenous={"tms": other})
        assert "\n" not in str(told.value)
    # the policy's own value there is no conflict, nor are other elements and other instruments
    same = world3.solve(DUTY, exogenous={"tms": duty["tms"]})
    assert np.array_equal(same.arrays["qms"], duty.arrays["qms"])
    beside = np.where(moved, duty.arrays["tms"], 1.02 * duty.arrays["tms"])
    assert np.array_equal(world3.solve(DUTY, exogenous={"tms": world3.labelled("tms", beside)}).arrays["tms"], beside)
    assert float(world3.solve(DUTY, exogenous={"fsav": 0.0}).arrays["fsav"].sum()) == 0.0
