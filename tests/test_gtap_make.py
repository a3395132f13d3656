"""The make matrix of the GTAP model, and data as real aggregations have them."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import Benchmark, DataError, Sam
from calibration.gtap import gtap_benchmark
from calibration.rebalance import rebalance
from calibration.sam import SCHEMA, make_dataset
from cge.gtap import GtapShock, decompose, gtap_model, solve_gtap
from cge.results.updated_data import updated_sam

SHOCK = "tms[manuf,*,*]=rate 0; ao=+1%"


@pytest.fixture(scope="module")
def sample(shared):
    from calibration.readers import read_gtap_sample

    return read_gtap_sample(shared / "gtap_v7_sample")


def regroup(sam: Sam, parameters: dict, weights: np.ndarray, activities: list[str]) -> Benchmark:
    """Activities recombined: ``weights[new, old]`` is the share of an old activity in a new one."""
    arrays = {}
    for name, header in SCHEMA.items():
        values = sam[name]
        if "a" in header.dims:
            axis = header.dims.index("a")
            values = np.moveaxis(np.tensordot(weights, np.moveaxis(values, axis, 0), axes=1), 0, axis)
        arrays[name] = values
    sets = {d: [str(x) for x in sam.data[d].values] for d in ("i", "f", "r", "m")} | {"a": activities}
    mean = weights / weights.sum(1, keepdims=True)
    new = dict(parameters)
    for name in ("esbv", "esbt", "esbc", "etrq"):
        new[name] = mean @ np.asarray(parameters[name])
    return gtap_benchmark(Sam(make_dataset(arrays, sets)), new)


@pytest.mark.shared
def test_diagonal_make_matrix_gives_the_ordinary_model(sample) -> None:
    benchmark, shock = gtap_benchmark(*sample), GtapShock(SHOCK)
    plain, made = (solve_gtap(gtap_model(benchmark, make_matrix=k), shock) for k in (False, True))
    assert np.allclose(plain.ev(), made.ev(), atol=1e-5)
    for name in ("qo", "qc", "pds", "qxs", "po"):
        assert np.nanmax(abs(plain.changes()[name].values - made.changes()[name].values)) < 1e-9


@pytest.mark.shared
def test_an_activity_in_two_identical_halves_changes_nothing(sample) -> None:
    sam, parameters = sample
    acts = [str(x) for x in sam.data["a"].values]
    k = acts.index("manuf")
    weights = np.insert(np.eye(6), k, 0.0, axis=0)
    weights[k, k] = weights[k + 1, k] = 0.5
    names = [*acts[:k], "manuf 1", "manuf 2", *acts[k + 1 :]]
    # perfect substitutes would leave the two shares open: an elasticity of two between them
    split = regroup(sam, {**parameters, "esbq": np.full((6, 7), 0.5)}, weights, names)
    shock = GtapShock("tms[manuf,*,*]=rate 0")
    whole, halves = solve_gtap(gtap_model(gtap_benchmark(sam, parameters)), shock), solve_gtap(gtap_model(split), shock)
    assert np.allclose(whole.ev(), halves.ev(), atol=1e-4)
    for name in ("qc", "pds", "qxs", "qpa"):
        assert np.nanmax(abs(whole.changes()[name].values - halves.changes()[name].values)) < 1e-8
    both = halves.changes()["qo"].sel(a=["manuf 1", "manuf 2"]).values
    assert np.allclose(both[0], both[1], atol=1e-9)


@pytest.mark.shared
def test_an_activity_of_two_commodities_shifts_towards_the_dearer(sample) -> None:
    sam, parameters = sample
    weights = np.delete(np.eye(6), 1, axis=0)
    weights[0, 1] = 1.0  # crops and animals become one farm
    benchmark = regroup(sam, parameters, weights, ["farm", "extract", "processed food", "manuf", "svces"])
    model, shock = gtap_model(benchmark), GtapShock("tms[crops,*,*]=+15%")
    base = model.solve()
    assert base.max_residual < 1e-12
    result = solve_gtap(model, shock)
    assert result.after.checks()["ok"].all()
    assert result.after.homogeneity() < 1e-9
    parts = decompose(result, shock)
    assert abs(parts.sum("part").values - result.ev()).max() < 1e-8 * abs(result.ev()).max()
    supply, price = (result.after[n].sel(a="farm", i=["crops", "animals"]) for n in ("qca", "pca"))
    assert np.array_equal(supply[0] > supply[1], price[0] > price[1])
    assert updated_sam(result.after).check(tolerance=1e-9).empty


@pytest.mark.shared
def test_zero_flows_subsidies_and_negative_saving_are_solved_not_refused(sample) -> None:
    sam, parameters = sample
    data = sam.data.copy(deep=True)
    gone = {"i": "crops", "s": "mena", "d": "eu"}
    for name in ("vxsb", "vfob", "vcif", "vmsb"):
        data[name].loc[gone] = 0.0
    data["vmub"].loc[gone] = 0.0
    data["vtwr"].loc[gone] = 0.0
    for name in ("vmsb", "vmub"):  # imports of one good from anywhere subsidised below cif
        data[name].loc[{"i": "processed food", "d": "oceania"}] *= 0.6
    for name in ("vmfb", "vmfp", "vmpb", "vmpp", "vmgb", "vmgp", "vmib", "vmip"):
        cells = {"i": "processed food", "r": "oceania"}
        data[name].loc[cells] *= 0.6
    poor = {"r": "sub-saharan africa"}
    data["vdep"].loc[poor] += 1.1 * float(data["save"].loc[poor])  # more depreciation: net saving below zero
    data["vdgp"].loc[{"i": "svces", "r": "mena"}] *= 0.8
    with pytest.raises(DataError, match="more than single precision explains"):
        gtap_benchmark(Sam(data), parameters)
    benchmark = gtap_benchmark(rebalance(Sam(data)), parameters)
    assert benchmark.sam["save"].min() < 0
    result = solve_gtap(gtap_model(benchmark), GtapShock("tm=+10%"))
    assert result.after.checks()["ok"].all()
    assert np.isfinite(result.ev()).all()
    assert np.isnan(result.changes()["qxs"].sel(gone).item())
