"""Readers of published tables, and the default benchmark rebuilt from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration import DataError
from calibration.factors import sample_shares
from calibration.from_mrio import mrio_sam
from calibration.mrio import Mrio
from calibration.readers import read_caliendo_parro, read_gtap_sample, read_wiod
from calibration.tariffs import caliendo_parro_tariffs


def official_sheet(folder: Path, suffix: str = ".csv", spoil: str = "") -> Path:
    """A two-region, three-industry sheet in the official WIOD 2013 layout (titles, four header rows, totals)."""
    regions, codes, final = ["USA", "CHN"], ["c1", "c2", "c3"], ["c37", "c38", "c39", "c41", "c42"]
    rng = np.random.default_rng(1)
    z, f = rng.integers(1, 50, (6, 6)).astype(float), rng.integers(1, 50, (6, 10)).astype(float)
    f[0, 4] = -3.0
    columns = [(r, c) for r in regions for c in codes] + [(r, c) for r in regions for c in final]
    rows: list[list[object]] = [["Intercountry Input-Output Table"], ["(in millions of US$)"]]
    isic = {"c1": "AtB", "c2": "C", "c3": "15t16", "c37": "F1", "c38": "F2", "c39": "F3", "c41": "F5", "c42": "F6"}
    rows += [["", "", "", "", *[isic[c] for _, c in columns], ""]]
    rows += [["", "", "", "", *[f"name {c}" for _, c in columns], "Total output"]]
    rows += [["", "", "", "", *[r for r, _ in columns], "TOT"], ["", "", "", "", *[c for _, c in columns], "c60"]]
    values = np.concatenate([z, f], axis=1)
    for k, (r, c) in enumerate(columns[:6]):
        rows.append([isic[c], f"name {c}", r, c, *values[k], values[k].sum()])
    rows.append(["", "Total intermediate consumption", "TOT", "r60", *values.sum(0), values.sum()])
    if spoil == "text":
        rows[7][5] = "n.a."
    if spoil == "row":
        del rows[8]
    if spoil == "codes":  # one industry of every region loses its code
        for k in (8, 11):
            rows[k][3] = ""
    if spoil == "column":
        rows = [row[:-4] for row in rows]
    width = max(map(len, rows))
    table = pd.DataFrame([[*row, *[""] * (width - len(row))] for row in rows])
    path = folder / f"wiot11_row_apr12{suffix}"
    if suffix == ".csv":
        table.to_csv(path, header=False, index=False)
    else:
        table.to_excel(path, header=False, index=False)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_official_wiod_sheet_is_read(tmp_path, suffix: str) -> None:
    table = read_wiod(official_sheet(tmp_path, suffix))
    assert (table.regions, table.industries, table.year) == (["USA", "CHN"], ["c1", "c2", "c3"], 2011)
    assert table.inter.shape == (2, 3, 2, 3)
    assert table.final[0, 0, 0, 4] == -3.0
    assert np.allclose(table.inter.sum((2, 3)) + table.final.sum((2, 3)), table.output)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("text", "not finite in row USA c2"),
        ("row", "a row is missing"),
        ("column", "lacks the column"),
        ("codes", "columns of industries without rows: USA c3, CHN c3"),
    ],
)
def test_spoilt_sheets_are_refused_by_name(tmp_path, spoil: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_wiod(official_sheet(tmp_path, spoil=spoil))


def test_files_that_are_not_wiod_are_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="not found"):
        read_wiod(tmp_path / "none.RData")
    (tmp_path / "a.RData").write_bytes(b"garbage")
    with pytest.raises(DataError, match="not a readable RData"):
        read_wiod(tmp_path / "a.RData")
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="not the WIOD 2013 layout"):
        read_wiod(tmp_path / "b.csv")
    (tmp_path / "c.ods").write_text("")
    with pytest.raises(DataError, match="convert it"):
        read_wiod(tmp_path / "c.ods")


def _shares() -> pd.DataFrame:
    kinds = ["agriculture", "extraction", "food"]
    index = pd.MultiIndex.from_product([["americas", "asis"], kinds])
    return pd.DataFrame([[0.2, 0.4, 0.3, 0.1]] * 6, index=index, columns=["skl", "unskl", "cap", "nat"])


def tiny_table(**change: float) -> Mrio:
    rng = np.random.default_rng(3)
    inter, final = rng.uniform(1, 5, (2, 3, 2, 3)), rng.uniform(5, 20, (2, 3, 2, 5))
    final[0, 1, 1, 4] = -2.0
    final[0, 1, 1, 3] = change.get("investment", 1.0)
    output = inter.sum((2, 3)) + final.sum((2, 3))
    output[1, 2] += change.get("gap", 0.0)
    return Mrio(
        ["USA", "CHN"],
        ["c1", "c2", "c3"],
        inter,
        final,
        output,
        2011,
        "tiny",
        details={"c1": "A01", "c2": "B06", "c3": "C10T12"},
    )


def test_every_adjustment_is_listed_with_its_size() -> None:
    sam = mrio_sam(tiny_table(gap=4.0), _shares())
    assert sam.check().empty
    rules = sam.adjustments.set_index("rule")
    assert rules.loc["negative use set to zero", "before"] == pytest.approx(-1.0)
    assert "USA c2 -> CHN inv" in rules.loc["negative use set to zero", "cell"]
    scaled = sam.adjustments[sam.adjustments["rule"] == "uses scaled to output"]
    assert {"CHN c3", "USA c2"} == set(scaled["cell"])
    gap = scaled.set_index("cell").loc["CHN c3"]
    assert gap["after"] - gap["before"] == pytest.approx(4.0)


def test_output_in_another_currency_is_told_by_its_constant_factor() -> None:
    table = tiny_table(investment=3.0)
    with pytest.raises(DataError, match=r"output is 1\.05 times the sum of uses in every one of 6 rows"):
        mrio_sam(replace(table, output=1.05 * table.output), _shares())
    assert mrio_sam(replace(table, output=1.0001 * table.output), _shares()).check().empty  # rounding, put right


def test_a_spoilt_sample_of_gtap_is_one_line(tmp_path) -> None:
    path = tmp_path / "example.jld2"
    path.write_bytes(b"no HDF5 at all")
    with pytest.raises(DataError, match=r"example\.jld2 is not a readable GTAP v7 sample"):
        read_gtap_sample(path)


def test_rules_can_be_switched() -> None:
    with pytest.raises(DataError, match="negative use -1 at USA c2 -> CHN inv"):
        mrio_sam(tiny_table(), _shares(), negatives="error")
    with pytest.raises(DataError, match="uses of CHN c3"):
        mrio_sam(tiny_table(gap=4.0, investment=3.0), _shares(), discrepancy="error")
    kept = mrio_sam(tiny_table(gap=4.0), _shares(), discrepancy="output")
    assert kept.check().empty
    dropped = mrio_sam(tiny_table(), _shares(), inventories="drop")
    assert "inventories dropped" in set(dropped.adjustments["rule"])


def test_duties_become_revenue_and_leave_output_alone() -> None:
    import xarray as xr

    labels = {"i": ["c1", "c2", "c3"], "s": ["USA", "CHN"], "d": ["USA", "CHN"]}
    tariff = xr.DataArray(np.full((3, 2, 2), 0.1), dims=("i", "s", "d"), coords=labels)
    free, taxed = mrio_sam(tiny_table(), _shares()), mrio_sam(tiny_table(), _shares(), tariff)
    assert taxed.check().empty
    assert np.allclose(taxed["makb"], free["makb"])
    assert np.allclose(taxed["vmsb"], 1.1 * free["vmsb"])
    assert taxed.taxes()["tms"].sum() == pytest.approx(0.1 * free["vcif"].sum())


def test_an_economy_without_a_tax_figure_has_no_tax_and_is_named() -> None:
    import xarray as xr

    labels = {"i": ["c1", "c2", "c3"], "s": ["USA", "CHN"], "d": ["USA", "CHN"]}
    tariff = xr.DataArray(np.full((3, 2, 2), 0.1), dims=("i", "s", "d"), coords=labels)
    table = tiny_table()
    taxes = 0.1 * np.concatenate([table.inter.sum((0, 1)), abs(table.final.sum((0, 1)))], axis=1)
    taxes[1] = 0.0
    sam = mrio_sam(replace(table, taxes=taxes), _shares(), tariff, product_taxes="use")
    assert sam.check().empty
    streams = sam.taxes().drop(columns="tms")
    assert streams.loc["CHN"].abs().max() < 1e-12  # not a subsidy of the size of its duties
    assert streams.loc["USA", "tpd"] > 0
    said = sam.adjustments[sam.adjustments["rule"].str.startswith("taxes on products: none")]
    assert list(said["cell"]) == ["CHN"]


@pytest.mark.shared
def test_shipped_world_is_what_the_script_builds(shared, world) -> None:
    from calibration.datasets import world_2011

    rebuilt = world_2011.world(world_2011.full_benchmark(shared))
    for name in world.sam.data.data_vars:
        assert np.allclose(rebuilt.sam.data[name], world.sam.data[name], rtol=1e-12), name
    assert np.allclose(rebuilt.elasticities["esubm"], world.elasticities["esubm"])


@pytest.mark.shared
def test_full_wiod_is_read_and_its_totals_known(shared) -> None:
    table = read_wiod(shared / "wiod_2013")
    assert table.inter.shape == (41, 35, 41, 35)
    own = np.eye(41, dtype=bool)[:, None, :, None]
    exports = np.where(own, 0, table.inter).sum() + np.where(own, 0, table.final).sum()
    assert exports == pytest.approx(18.34e6, rel=1e-3)  # world exports, published
    fall = 1 - (table.inter.sum((2, 3)) + table.final.sum((2, 3))).sum(1) / table.output.sum(1)
    assert 0 < fall.max() < 0.036  # truncation to whole million USD, worst in a small country


@pytest.mark.shared
def test_gras_balances_the_whole_world_table_with_its_negative_inventories(shared) -> None:
    from calibration import gras

    table = read_wiod(shared / "wiod_2013")
    prior = np.concatenate([table.inter.reshape(1435, -1), table.final.reshape(1435, -1)], axis=1)
    rng = np.random.default_rng(0)
    true = prior * rng.uniform(0.9, 1.1, prior.shape)
    found = gras(prior, true.sum(1), true.sum(0), labels=([f"r{k}" for k in range(1435)], [f"c{k}" for k in range(1640)]))
    assert found.gap <= 1e-10
    assert abs(found.matrix.sum(0) - true.sum(0)).max() <= 1e-10 * true.sum(0).max()
    assert (np.sign(found.matrix) == np.sign(prior)).all()


@pytest.mark.shared
def test_tariffs_are_the_published_rates_in_the_right_direction(shared) -> None:
    published = read_caliendo_parro(shared / "caliendo_parro_2015")
    rates = caliendo_parro_tariffs(published, ["USA", "MEX", "KOR", "DEU", "POL", "RoW"], ["c1", "c4", "c12", "c20"])
    raw = published.data["tariff2005"]
    assert float(rates.sel(i="c4", s="KOR", d="USA")) == pytest.approx(float(raw.sel(t="Textile", s="KOR", d="USA")) / 100)
    assert float(rates.sel(i="c1", s="USA", d="KOR")) > 0.2  # Korean agriculture is protected, American is not
    assert float(rates.sel(i="c1", s="KOR", d="USA")) < 0.1
    assert float(rates.sel(i="c4", s="MEX", d="USA")) < 0.001  # NAFTA
    assert float(rates.sel(i="c4", s="DEU", d="POL")) == 0.0  # European Union
    assert float(rates.sel(i="c20").max()) == 0.0  # services
    metals = sorted(float(raw.sel(t=t, s="KOR", d="MEX")) / 100 for t in ("Basic metals", "Metal products"))
    assert metals[0] <= float(rates.sel(i="c12", s="KOR", d="MEX")) <= metals[1]


@pytest.mark.shared
def test_caliendo_parro_tables_have_the_published_totals(shared, tmp_path) -> None:
    data = read_caliendo_parro(shared / "caliendo_parro_2015").data
    assert float(abs(data["input_share"].sum("i") - 1).median()) < 1e-3
    assert float(data["theta"].sel(t="Petroleum")) == pytest.approx(64.85)
    with pytest.raises(DataError, match=r"IO\.txt not found"):
        read_caliendo_parro(tmp_path)


@pytest.mark.shared
def test_sample_is_read_with_axes_in_gtap_order(shared) -> None:
    sam, parameters = read_gtap_sample(shared / "gtap_v7_sample")
    assert sam.regions[1] == "asis"
    assert sam["vdep"] / sam["vkb"] == pytest.approx(0.04, rel=1e-4)
    assert sam["vst"].sum() == pytest.approx(566673.28, rel=1e-6)
    assert sam.check(tolerance=1e-4).empty
    assert parameters["esbd"].shape == (6, 7)
    shares = sample_shares(shared / "gtap_v7_sample")
    assert np.allclose(shares.sum(axis=1), 1.0)
    assert shares.loc[("asis", "services"), "nat"] == 0.0


def test_elasticity_tables_are_checked(small) -> None:
    from calibration.elasticities import to_dataset
    from tests.worlds import elasticity_table

    table = elasticity_table(small.commodities)
    with pytest.raises(DataError, match="lacks commodities g2"):
        to_dataset(table.drop("g2"), small.commodities, small.regions)
    with pytest.raises(DataError, match="unknown column 'esubmm'; did you mean 'esubm'"):
        to_dataset(table.rename(columns={"esubd": "esubmm"}), small.commodities, small.regions)
    table.loc["g1", "esubm"] = -2.0
    with pytest.raises(DataError, match=r"esubm of g1 R0 is -2\.0"):
        to_dataset(table, small.commodities, small.regions)
    whole = to_dataset(elasticity_table(small.commodities), small.commodities, small.regions)
    assert (whole["frisch"] == -1.0).all()  # Cobb-Douglas unless given
