"""Benchmarks from flows and shares, and the study that reads them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration import DataError
from calibration.from_flows import benchmark_from_flows
from calibration.readers.trade_study import read_trade_study
from cge import Model
from cge.blocks.deficits import TRADE_MODEL
from cge.catalogue import studies
from policies.handbook import costinot_rodriguez_clare_2014

GOODS, REGIONS = ["g", "h"], ["A", "B", "C"]


def labelled(values: np.ndarray, dims: str) -> xr.DataArray:
    names = {"i": GOODS, "a": GOODS, "r": REGIONS, "s": REGIONS, "d": REGIONS}
    return xr.DataArray(np.asarray(values, dtype=float), dims=tuple(dims), coords={d: names[d] for d in dims})


def parts(seed: int = 0) -> dict[str, xr.DataArray]:
    rng = np.random.default_rng(seed)
    flow = rng.uniform(1, 5, (2, 3, 3))
    flow[:, range(3), range(3)] = rng.uniform(60, 100, (2, 3))
    inputs = rng.uniform(0.05, 0.2, (2, 2, 3))
    return {
        "flows": labelled(flow, "isd"),
        "input_shares": labelled(inputs, "iar"),
        "elasticities": labelled(np.array([4.0, 6.0]), "i"),
    }


def test_flows_that_balance_are_kept_cell_by_cell() -> None:
    given = parts()
    found = benchmark_from_flows(**given)
    sam, flow = found.benchmark.sam, given["flows"].values
    assert sam.check(1e-10).empty
    assert np.allclose(found.labour, 1.0, rtol=1e-12)
    assert np.allclose(sam["makb"].sum(1), flow.sum(2), rtol=1e-12)
    off = ~np.eye(3, dtype=bool)
    assert np.allclose(sam["vxsb"][:, off], flow[:, off], rtol=1e-12)
    base = Model(found.benchmark, sourcing="pooled", blocks=TRADE_MODEL).solve()
    assert np.allclose(base["qo"], 1.0, rtol=1e-12)


def test_duties_are_paid_on_top_of_flows_and_are_income() -> None:
    tariffs = labelled(np.full((2, 3, 3), 0.1) * (1 - np.eye(3)), "isd")
    sam = benchmark_from_flows(**parts(), tariffs=tariffs).benchmark.sam
    assert np.allclose(sam["vmsb"], 1.1 * sam["vcif"], rtol=1e-12)
    assert np.allclose(sam.taxes()["tms"], 0.1 * sam["vcif"].sum((0, 1)), rtol=1e-12)


def test_order_of_labels_and_of_dims_does_not_matter() -> None:
    given = parts()
    turned = {
        "flows": given["flows"].isel(i=[1, 0], d=[2, 0, 1]).transpose("d", "i", "s"),
        "input_shares": given["input_shares"].isel(a=[1, 0], r=[1, 2, 0]).transpose("r", "a", "i"),
        "elasticities": given["elasticities"],
    }
    one, other = (benchmark_from_flows(**p).benchmark.sam for p in (given, turned))
    for header in ("makb", "vxsb", "vdfb", "evfb"):
        assert np.allclose(one.data[header], other.data[header].sel(one.data[header].coords), rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flows": parts()["flows"].drop_sel(d="B")}, "flows: dim d lacks B"),
        ({"flows": parts()["flows"].where(parts()["flows"] < 60, -1.0)}, "flows at i 'g', s 'A', d 'A'.*: -1; values must be"),
        ({"input_shares": parts()["input_shares"] * 9}, "input shares of g in A sum to"),
        ({"elasticities": parts()["elasticities"] - 4}, "trade elasticity of g is 0; it must be positive"),
        (
            {"input_shares": parts()["input_shares"].assign_coords(r=["A", "B", "D"])},
            "unknown label along r of input shares 'D'",
        ),
        ({"input_shares": parts()["input_shares"].rename(r="s")}, "input shares have dims"),
        ({"final_shares": labelled(np.full((2, 3), 0.4), "ir")}, "final shares of A sum to 0.8; they must sum to 1"),
        ({"final_shares": labelled(np.array([[0.9] * 3, [0.1] * 3]), "ir")}, "do not agree: spending of .* rebalance=True"),
        ({"final_shares": labelled(np.array([[0.9] * 3, [0.1] * 3]), "ir")}, r"most on [gh] \([\d.]+ in the flows, [\d.]+ by"),
        ({"tariffs": labelled(np.full((2, 3, 3), 0.1), "isd")}, "A puts a tariff of 0.1 on its own g"),
        ({"flows": parts()["flows"].values}, "flows must be a DataArray"),
    ],
)
def test_bad_parts_are_named(change: dict[str, xr.DataArray], message: str) -> None:
    with pytest.raises(DataError, match=message):
        benchmark_from_flows(**{**parts(), **change})


def test_rebalancing_keeps_the_shares_and_tells_what_labour_must_be() -> None:
    shares = labelled(np.array([[0.7] * 3, [0.3] * 3]), "ir")
    found = benchmark_from_flows(**parts(), final_shares=shares, rebalance=True)
    sam = found.benchmark.sam
    assert sam.check(1e-10).empty
    bought = sam["vdpp"] + sam["vmpp"]
    assert np.allclose(bought / bought.sum(0), shares, rtol=1e-12)
    assert abs(found.labour - 1).max() > 1e-3


# -- the Handbook's exercises ----------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    given = parts(3)
    flow, inputs = given["flows"], given["input_shares"]
    left = flow.values.sum(1) - np.einsum("iar,ar->ir", inputs.values, flow.values.sum(2))
    consumption = labelled(left / left.sum(0), "ir")

    def save(array: xr.DataArray, name: str, columns: dict[str, str], value: str) -> None:
        frame = array.rename(value).to_dataframe().reset_index().rename(columns=columns)
        frame[[*columns.values(), value]].to_csv(tmp_path / f"{name}.csv", index=False)

    save(flow, "flows", {"i": "sector", "s": "source", "d": "destination"}, "value")
    save(inputs, "inputs", {"r": "region", "i": "input", "a": "sector"}, "share")
    save(consumption, "consumption", {"r": "region", "i": "sector"}, "share")
    save(given["elasticities"], "elasticities", {"i": "sector"}, "theta")
    pd.DataFrame({"key": ["year", "source"], "value": ["2008", "made up"]}).to_csv(tmp_path / "about.csv", index=False)
    return tmp_path


def test_solver_meets_the_closed_form_of_gains_from_trade(folder: Path) -> None:
    # Costinot and Rodriguez-Clare 2014, equation (28): real wages from home shares and the Leontief inverse of input shares
    found = costinot_rodriguez_clare_2014(folder)
    assert np.allclose(found.table["costs_up_40"], found.table["costs_up_40_formula"], atol=1e-9)
    assert (found.table["costs_up_40"] < found.table["tariffs_40"]).all()  # duties at least are income
    assert (found.table["gains_inputs"] > found.table["gains_sectors"]).all()
    assert found.residual < 1e-10
    json.dumps(found.summary(), allow_nan=False)


def test_one_good_without_inputs_gains_its_home_share_to_minus_one_over_theta(folder: Path) -> None:
    study = read_trade_study(folder)
    from policies.handbook import gains

    home = np.array([[0.8, 0.5, 1.0]])
    found = gains(home, np.ones((1, 3)), np.zeros((1, 1, 3)), np.array([5.0]))
    assert np.allclose(np.exp(-found), home[0] ** 0.2, rtol=1e-14)
    assert list(study.flows["s"].values) == REGIONS


def test_published_numbers_stand_beside_and_another_year_is_said(folder: Path) -> None:
    pd.DataFrame({"region": ["A"], "gains_sectors": [1.5]}).to_csv(folder / "published.csv", index=False)
    pd.DataFrame({"key": ["year", "source"], "value": ["2011", "made up"]}).to_csv(folder / "about.csv", index=False)
    found = costinot_rodriguez_clare_2014(folder)
    assert found.table.loc["A", "published_gains_sectors"] == 1.5
    assert any("the chapter's year is 2008" in note for note in found.notes)


def test_the_usual_layouts_of_a_folder_give_the_same_study(folder: Path) -> None:
    plain = costinot_rodriguez_clare_2014(folder).table
    names = {"source": "Exporter", "destination": "IMPORTER", "value": "trade"}
    flows = pd.read_csv(folder / "flows.csv").rename(columns=names)
    flows.iloc[:, ::-1].to_csv(folder / "flows.csv", index=False, sep=";")
    theta = pd.read_csv(folder / "elasticities.csv").rename(columns={"theta": "Elasticity"}).assign(source="made up")
    theta.to_csv(folder / "elasticities.csv", index=False, sep="\t")
    inputs = (folder / "inputs.csv").read_text().replace(",g,", ", g ,").replace("region,", "country,")
    (folder / "inputs.csv").write_text("\ufeff" + inputs, encoding="utf-8")
    (folder / "about.csv").unlink()
    other = costinot_rodriguez_clare_2014(folder)
    assert np.allclose(other.table, plain, rtol=1e-12)
    assert "data of unknown year" in other.notes[0]


def test_shares_that_do_not_agree_are_refused_with_the_line_that_asks_for_rebalancing(folder: Path) -> None:
    (folder / "consumption.csv").write_text("region,sector,share\n" + "".join(f"{r},{i},0.5\n" for r in REGIONS for i in GOODS))
    with pytest.raises(DataError, match=r"most on [gh] .*'rebalance,yes' in about\.csv"):
        costinot_rodriguez_clare_2014(folder)
    with (folder / "about.csv").open("a") as file:
        file.write("rebalance,Yes\n")
    assert costinot_rodriguez_clare_2014(folder).figures["closed_form_gap"] < 1e-9


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("about", "year,2008", "rebalance,maybe", "rebalance is 'maybe'; say yes or no"),
        ("flows", "sector,source", "sectr,source", "lacks column sector"),
        ("flows", "g,A,A,", "g,A,A,x", "line 2: value .* is not a finite number"),
        ("inputs", "A,g,g,", "Z,g,g,", "unknown region of .*inputs.csv 'Z'"),
        ("elasticities", "h,", "g,", "line 3: g comes twice; keep one"),
    ],
)
def test_bad_folders_name_file_and_line(folder: Path, file: str, old: str, new: str, message: str) -> None:
    path = folder / f"{file}.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=message) as caught:
        costinot_rodriguez_clare_2014(folder)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"flows\.csv not found; the folder needs flows\.csv, inputs\.csv"):
        costinot_rodriguez_clare_2014(tmp_path)
    with pytest.raises(DataError, match="give the folder of the study's data with --data"):
        costinot_rodriguez_clare_2014(None)
    assert set(studies()) == {"caliendo-parro-2015", "costinot-rodriguez-clare-2014"}


@pytest.mark.shared
def test_wiod_gives_the_chapters_sample_and_gains_rise_with_openness(shared: Path, tmp_path: Path) -> None:
    from benchmarks.handbook_data import main
    from policies.handbook import closed_forms

    main(shared / "wiod_2013", shared / "caliendo_parro_2015", tmp_path)
    study = read_trade_study(tmp_path)
    assert study.flows.shape == (31, 34, 34)
    table = closed_forms(study)
    flow = study.flows.values
    k = np.arange(34)
    openness = 1 - flow[:, k, k].sum(0) / flow.sum((0, 1))
    order = pd.Series(openness, index=table.index)
    assert table["gains_one_sector"].rank().equals(order.rank())
    assert table.loc["USA", "gains_one_sector"] == pytest.approx(1.81, abs=0.01)  # 2011; home share 0.912 to the 1/5
    assert (table["gains_inputs"] >= table["gains_sectors"]).all()
