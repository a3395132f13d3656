"""Official layouts written small, read back cell by cell, and built into checked benchmarks."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration import DataError, load_benchmark
from calibration.build import build_benchmark, read_tariffs
from calibration.isic import isic4_detail
from calibration.mrio import Mrio
from calibration.readers import (
    read_adb,
    read_eora26,
    read_exiobase3,
    read_figaro,
    read_oecd_icio,
    read_wiod_2016,
)
from cge import Model


def flows(regions: int, industries: int, finals: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Use (rn x rn), final use (rn x rk) and taxes (r(n+k)); final use large enough that value added is positive."""
    rng = np.random.default_rng(seed)
    size = regions * industries
    z = rng.uniform(1, 9, (size, size)).round(1)
    f = rng.uniform(size * 4, size * 8, (size, regions * finals)).round(1)
    return z, f, rng.uniform(0.5, 2, size + regions * finals).round(2)


# -- OECD ICIO ------------------------------------------------------------------------------------------

ICIO_SECTORS = ["A01_02", "B05_06", "C10T12", "C29", "G"]
ICIO_FINALS = ["HFCE", "NPISH", "GGFC", "GFCF", "INVNT", "DPABR"]


def icio_csv(folder: Path, regions: list[str], name: str = "2018_SML.csv", spoil: str = "") -> Path:
    """Rows CCC_SECTOR, TLS, VA, OUT; columns CCC_SECTOR, CCC_FINAL, OUT; parts of China without final use of their own."""
    parents = [r for r in regions if r not in ("CN1", "CN2")]
    n = len(ICIO_SECTORS)
    z, f, tax = flows(len(regions), n, 0)[0], flows(len(regions), n, len(ICIO_FINALS))[1], None
    f = f[:, : len(parents) * len(ICIO_FINALS)]
    f[0, 4] = -7.0  # a fall of inventories
    columns = [f"{r}_{s}" for r in regions for s in ICIO_SECTORS] + [f"{r}_{x}" for r in parents for x in ICIO_FINALS]
    rows = columns[: len(regions) * n]
    body = np.hstack([z, f])
    output = body.sum(1)
    tax = 0.01 * body.sum(0)
    value_added = np.concatenate([output - z.sum(0) - tax[: len(rows)], np.zeros(f.shape[1])])
    table = pd.DataFrame(body, index=rows, columns=columns)
    table["OUT"] = output
    table.loc["TLS"] = [*tax, np.nan]
    table.loc["VA"] = [*value_added, np.nan]
    table.loc["OUT"] = [*(z.sum(0) + tax[: len(rows)] + value_added[: len(rows)]), *(f.sum(0)), np.nan]
    table.index.name = "V1"
    if spoil == "row":
        table = table.drop(index=rows[2])
    if spoil == "end":
        table = table.iloc[: len(rows) - 3]
    if spoil == "edition":
        table.columns = [c.replace("HFCE", "HC") for c in table.columns]
    if spoil == "column":
        table.columns = [c.replace("GFCF", "GCF") for c in table.columns]
    text = table.to_csv()
    if spoil == "text":
        text = text.replace(f"\n{rows[3]},", f"\n{rows[3]},n.a.").replace("n.a.", "n.a. ", 1)
    path = folder / name
    path.write_text(text, encoding="utf-16" if spoil == "encoding" else "utf-8")
    return path


def test_oecd_icio_is_read_from_csv_and_zip_alike(tmp_path) -> None:
    path = icio_csv(tmp_path, ["CHN", "JPN", "USA"])
    table = read_oecd_icio(path)
    assert (table.regions, table.industries, table.year) == (["CHN", "JPN", "USA"], ICIO_SECTORS, 2018)
    assert table.finals == ("HFCE", "NPISH", "DPABR", "GGFC", "GFCF", "INVNT")
    raw = pd.read_csv(path, index_col=0)
    assert table.inter[1, 3, 2, 0] == raw.loc["JPN_C29", "USA_A01_02"]
    assert table.of_agent("stocks")[0, 0, 0] == -7.0
    assert table.taxes is not None
    assert table.taxes[2, 1] == pytest.approx(raw.loc["TLS", "USA_B05_06"])
    assert table.details == {"A01_02": "A01", "B05_06": "B06", "C10T12": "C10T12", "C29": "C29", "G": "trd"}
    archive = tmp_path / "ICIO.zip"
    with zipfile.ZipFile(archive, "w") as held:
        held.write(path, "2018_SML.csv")
        held.write(path, "2019_SML.csv")
    assert np.array_equal(read_oecd_icio(archive, 2018).inter, table.inter)
    with pytest.raises(DataError, match="holds 2 csv files for year None"):
        read_oecd_icio(archive)


def test_parts_of_china_are_added_up(tmp_path) -> None:
    path = icio_csv(tmp_path, ["CHN", "JPN", "CN1", "CN2"])
    raw = pd.read_csv(path, index_col=0)
    table = read_oecd_icio(path)
    assert table.regions == ["CHN", "JPN"]
    parts = ["CHN_C29", "CN1_C29", "CN2_C29"]
    assert table.inter[0, 3, 1, 0] == pytest.approx(raw.loc[parts, "JPN_A01_02"].sum())
    assert table.inter[0, 3, 0, 3] == pytest.approx(raw.loc[parts, parts].to_numpy().sum())
    assert table.output[0, 3] == pytest.approx(raw.loc["OUT", parts].sum())


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("row", "missing rows: CHN_C10T12"),
        ("end", "before value added and output; is the download complete"),
        ("edition", "not an OECD ICIO table of the editions of 2021"),
        ("column", "columns of an unknown kind: CHN_GCF"),
        ("text", "row CHN_C29, column CHN_A01_02 is not a number"),
        ("encoding", "not UTF-8"),
    ],
)
def test_spoilt_icio_files_are_refused_by_name(tmp_path, spoil: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_oecd_icio(icio_csv(tmp_path, ["CHN", "JPN", "USA"], spoil=spoil))


# -- WIOD 2016 and ADB MRIO ---------------------------------------------------------------------------------


def sheet(
    path: Path, codes: list[str], finals: list[str], total: str, extra: list[list[object]], prefix: str
) -> tuple[np.ndarray, np.ndarray]:
    """Titles, four header rows (industry code, name, country, c-code), four label columns, then the tail rows."""
    regions = ["AUS", "PRC"] if prefix == "ADB" else ["AUS", "CHN"]
    n, k = len(codes), len(finals)
    z, f, _ = flows(2, n, k)
    columns = [(r, x) for r in regions for x in range(n)] + [(r, x) for r in regions for x in range(k)]
    names = [codes[x] if at < 2 * n else finals[x] for at, (_, x) in enumerate(columns)]
    c_codes = [f"c{x + 1}" if at < 2 * n else finals[x] for at, (_, x) in enumerate(columns)]
    rows: list[list[object]] = [["Table title"], ["(million USD)"]]
    rows += [["", "", "", "", *names, "GO"], ["", "", "", "", *[f"name {x}" for x in names], "Total"]]
    rows += [["", "", "", "", *[r for r, _ in columns], "TOT"], ["", "", "", "", *c_codes, total]]
    values = np.hstack([z, f])
    for at in range(2 * n):
        region, x = columns[at]
        row_code = f"r{x + 1}" if prefix == "WIOT" else f"c{x + 1}"
        rows.append([codes[x], f"name {codes[x]}", region, row_code, *values[at], values[at].sum()])
    for label in extra:
        rows.append([*label, *np.full(values.shape[1], 0.5), 0.0])
    width = max(map(len, rows))
    frame = pd.DataFrame([[*row, *[""] * (width - len(row))] for row in rows])
    if path.suffix == ".xlsx":
        frame.to_excel(path, header=False, index=False)
    else:
        frame.to_csv(path, header=False, index=False)
    return z, f


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_wiod_2016_sheet_is_read(tmp_path, suffix: str) -> None:
    path = tmp_path / f"WIOT2014_Nov16_ROW{suffix}"
    extra = [
        ["II_fob", "total", "TOT", "r65"],
        ["TXSP", "taxes less subsidies on products", "TOT", "r66"],
        ["VA", "value added", "TOT", "r70"],
    ]
    z, f = sheet(path, ["A01", "C10-C12", "C29", "G45"], ["c57", "c58", "c59", "c60", "c61"], "c62", extra, "WIOT")
    table = read_wiod_2016(path)
    assert (table.industries, table.year) == (["A01", "C10-C12", "C29", "G45"], 2014)
    assert np.allclose(table.inter.reshape(8, 8), z)
    assert table.final[1, 2, 0, 4] == f[6, 4]
    assert table.taxes is not None
    assert (table.taxes == 0.5).all()
    assert table.details["C10-C12"] == "C10T12"


def test_adb_mrio_sheet_is_read(tmp_path) -> None:
    path = tmp_path / "ADB-MRIO-2018.xlsx"
    z, _ = sheet(
        path,
        ["c1", "c2", "c15"],
        ["F1", "F2", "F3", "F4", "F5"],
        "r69",
        [["", "Taxes less subsidies on products", "TOT", "r99"]],
        "ADB",
    )
    table = read_adb(path)
    assert (table.regions, table.year) == (["AUS", "PRC"], 2018)
    assert np.allclose(table.inter.reshape(6, 6), z)
    assert table.taxes is not None


def test_a_sheet_of_another_edition_is_named(tmp_path) -> None:
    path = tmp_path / "wiot11.xlsx"
    sheet(path, ["A01", "C29"], ["c37", "c38", "c39", "c41", "c42"], "c60", [], "WIOT")
    with pytest.raises(DataError, match="another edition than WIOD 2016"):
        read_wiod_2016(path)


# -- FIGARO ------------------------------------------------------------------------------------------------


def figaro_csv(path: Path, spoil: str = "") -> pd.DataFrame:
    regions, sectors = ["AT", "EL", "FIGW1"], ["A01", "C10T12", "C29", "G45"]
    finals = ["P3_S13", "P3_S14", "P3_S15", "P51G", "P5M"]
    z, f, _ = flows(3, 4, 5)
    columns = [f"{r}_{s}" for r in regions for s in sectors] + [f"{r}_{x}" for r in regions for x in finals]
    table = pd.DataFrame(np.hstack([z, f]), index=columns[:12], columns=columns)
    output = table.sum(axis=1).to_numpy()
    taxes = np.full(len(columns), 1.5)
    table.loc["W2_D21X31"] = taxes
    table.loc["W2_OP_RES"] = 0.0
    table.loc["W2_OP_NRES"] = 0.0
    rest = np.concatenate([output - z.sum(0) - 1.5, np.zeros(15)])
    for row, share in (("W2_D1", 0.6), ("W2_D29X39", 0.05), ("W2_B2A3G", 0.35)):
        table.loc[row] = share * rest
    if spoil == "end":
        table = table.drop(index="W2_B2A3G")
    if spoil == "edition":
        table.columns = [c.replace("P3_S14", "P31") for c in table.columns]
    table.index.name = "rowLabels"
    table.to_csv(path)
    return table


def test_figaro_matrix_is_read(tmp_path) -> None:
    path = tmp_path / "matrix_eu-ic-io_ind-by-ind_24ed_2022.csv"
    raw = figaro_csv(path)
    table = read_figaro(path)
    assert (table.regions, table.year, table.units) == (["AUT", "GRC", "FIGW1"], 2022, "million EUR")
    assert table.inter[1, 2, 0, 1] == pytest.approx(raw.loc["EL_C29", "AT_C10T12"])
    assert np.allclose(table.output.ravel(), raw.iloc[:12].sum(axis=1))
    assert np.allclose(table.taxes, 1.5)
    figaro_csv(path, "end")
    with pytest.raises(DataError, match="lacks W2_B2A3G; is the download complete"):
        read_figaro(path)
    figaro_csv(path, "edition")
    with pytest.raises(DataError, match="not a FIGARO matrix"):
        read_figaro(path)


# -- pymrio: EXIOBASE 3 and Eora26 ----------------------------------------------------------------------------


def test_exiobase_archive_is_read(tmp_path) -> None:
    pymrio = pytest.importorskip("pymrio")
    regions, sectors = (
        ["AT", "WA"],
        ["Cultivation of wheat", "Manufacture of motor vehicles, trailers and semi-trailers (34)", "Construction (45)"],
    )
    finals = [
        "Final consumption expenditure by households",
        "Final consumption expenditure by non-profit organisations serving households (NPISH)",
        "Final consumption expenditure by government",
        "Gross fixed capital formation",
        "Changes in inventories",
        "Changes in valuables",
        "Exports: Total (fob)",
    ]
    z, f, _ = flows(2, 3, 7)
    index = pd.MultiIndex.from_product([regions, sectors], names=["region", "sector"])
    wide = pd.MultiIndex.from_product([regions, finals], names=["region", "category"])
    system = pymrio.IOSystem(
        Z=pd.DataFrame(z, index=index, columns=index),
        Y=pd.DataFrame(f, index=index, columns=wide),
        unit=pd.DataFrame({"unit": "M.EUR"}, index=index),
    )
    folder = tmp_path / "IOT_2018_ixi"
    system.save_all(folder)
    table = read_exiobase3(folder)
    assert (table.regions, table.year) == (["AUT", "WA"], 2018)
    assert np.allclose(table.inter.reshape(6, 6), z)
    assert list(table.details.values()) == ["A01", "C29", "cns"]
    assert np.allclose(table.output.ravel(), z.sum(1) + f.sum(1))
    with pytest.raises(DataError, match=r"EXIOBASE archive .* not found"):
        read_exiobase3(tmp_path / "none.zip")
    # every label keeps its numbers, whatever the order of rows and columns: by sector, and one table unlike the other
    by_sector, turned = index.sortlevel(1)[0], wide[::-1]
    for name, frame in {
        "Z": system.Z.loc[index[::-1], by_sector],
        "Y": system.Y.loc[by_sector, turned],
    }.items():
        frame.to_csv(folder / f"{name}.txt", sep="\t")
    other = read_exiobase3(folder)
    at = {"s": [other.regions.index(x) for x in table.regions], "i": [other.industries.index(x) for x in table.industries]}
    k = [other.finals.index(x) for x in table.finals]
    assert np.array_equal(other.inter[np.ix_(at["s"], at["i"], at["s"], at["i"])], table.inter)
    assert np.array_equal(other.final[np.ix_(at["s"], at["i"], at["s"], k)], table.final)
    system.Y.drop(index=[index[4]]).to_csv(folder / "Y.txt", sep="\t")
    with pytest.raises(DataError, match=r"does not fit 2 regions x 3 sectors x 7 categories: WA Manufacture of motor"):
        read_exiobase3(folder)


def test_eora26_folder_is_read(tmp_path) -> None:
    pytest.importorskip("pymrio")
    countries, sectors = [("Australia", "AUS"), ("Japan", "JPN")], ["Agriculture", "Transport Equipment", "Construction"]
    finals = [
        "Household final consumption P.3h",
        "Non-profit institutions serving households P.3n",
        "Government final consumption P.3g",
        "Gross fixed capital formation P.51",
        "Changes in inventories P.52",
        "Acquisitions less disposals of valuables P.53",
    ]
    z, f, _ = flows(2, 3, 6)
    # the last row and column are the rest of the world's statistical discrepancy
    z = np.pad(1000 * z, ((0, 1), (0, 1)), constant_values=7.0)
    f = np.pad(1000 * f, ((0, 1), (0, 6)), constant_values=3.0)
    labels = [[a, b, "Industries", s] for a, b in countries for s in sectors] + [
        ["Rest of World", "ROW", "Industries", "TOTAL"]
    ]
    wide = [[a, b, "Final demand", s] for a, b in [*countries, ("Rest of World", "ROW")] for s in finals]
    tables = {
        "Eora26_2015_bp_T.txt": z,
        "Eora26_2015_bp_FD.txt": f,
        "Eora26_2015_bp_VA.txt": np.ones((1, 7)),
        "Eora26_2015_bp_Q.txt": np.ones((1, 7)),
        "Eora26_2015_bp_QY.txt": np.ones((1, 18)),
        "labels_T.txt": labels,
        "labels_FD.txt": wide,
        "labels_VA.txt": [["Primary Inputs", "Compensation of employees D.1"]],
        "labels_Q.txt": [["Energy", "Natural Gas (TJ)"]],
    }
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(tmp_path / name, sep="\t", header=False, index=False)
    table = read_eora26(tmp_path, 2015)
    assert (table.regions, table.industries, table.units) == (["AUS", "JPN"], sectors, "million USD")
    assert np.allclose(table.inter.reshape(6, 6), z[:6, :6] / 1000)  # thousand to million
    assert table.details["Transport Equipment"] == "C29"


# -- building ----------------------------------------------------------------------------------------------


def csv(path: Path, rows: dict[str, str]) -> Path:
    path.write_text("from,to\n" + "".join(f"{a},{b}\n" for a, b in rows.items()))
    return path


def test_a_downloaded_table_becomes_a_checked_benchmark_with_its_report(command, tmp_path) -> None:
    raw = icio_csv(tmp_path, ["CHN", "JPN", "USA", "ROW"])
    regions = csv(tmp_path / "r.csv", {"CHN": "ASIA", "JPN": "ASIA", "USA": "USA", "ROW": "ROW"})
    sectors = csv(tmp_path / "s.csv", {"A01_02": "agr", "B05_06": "ene", "C10T12": "man", "C29": "man", "G": "srv"})
    tariffs = tmp_path / "t.csv"
    tariffs.write_text("# made up\ni,s,d,rate\nman,ASIA,USA,0.1\nagr,USA,ASIA,0.2\n")
    out = tmp_path / "my.nc"
    code, text, _ = command(
        "data", "build", str(raw), "--source", "oecd-icio", "--regions", str(regions), "--sectors", str(sectors),
        "--tariffs", str(tariffs), "--elasticities", "fontagne", "--product-taxes", "use", "--out", str(out), "--json",
    )  # fmt: skip
    assert code == 0
    report = json.loads(text)
    assert report["violations"] == []
    built = load_benchmark(out)
    assert built.regions == ["ASIA", "USA", "ROW"]
    assert built.sam.check(1e-9).empty
    duty = built.sam["vmsb"] / np.where(built.sam["vcif"] > 0, built.sam["vcif"], 1.0)
    assert duty[2, 0, 1] == pytest.approx(1.1)
    assert (built.sam["vdfp"] > built.sam["vdfb"]).any()
    # the source's own row of taxes is met: duties and product taxes together
    table = read_oecd_icio(raw)
    taxes = built.sam.taxes()
    bought = taxes[[c for c in taxes if c[0] == "t" and c[-1] in "dm"] + ["tms"]].sum(axis=1)
    assert float(bought["USA"]) == pytest.approx(table.taxes[2].sum())
    assert Model(built).solve().checks()["ok"].all()
    page = out.with_suffix(".html").read_text()
    assert "Balance report" in page
    assert "http" not in page
    assert json.loads(out.with_suffix(".json").read_text()) == report


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ({"CHN": "ASIA", "JPN": "ASIA"}, "region mapping leaves out USA"),
        ({"CHN": "ASIA", "JPM": "ASIA", "USA": "USA", "JPN": "X"}, "unknown JPM; did you mean 'JPN'"),
    ],
)
def test_mappings_that_lose_or_invent_a_region_are_refused(tmp_path, regions, message: str) -> None:
    raw = icio_csv(tmp_path, ["CHN", "JPN", "USA"])
    with pytest.raises(DataError, match=message):
        build_benchmark("oecd-icio", raw, regions=regions)


def test_bad_build_options_are_named(tmp_path) -> None:
    raw = icio_csv(tmp_path, ["CHN", "JPN", "USA"])
    with pytest.raises(DataError, match="unknown source 'oecd'; did you mean 'oecd-icio'"):
        build_benchmark("oecd", raw)
    with pytest.raises(DataError, match="no elasticity study and no file named 'fontagn'; did you mean 'fontagne'"):
        build_benchmark("oecd-icio", raw, elasticities="fontagn")
    bad = tmp_path / "t.csv"
    for text, message in (
        ("i,s,d,rate\nC29,CHN,UAS,0.1\n", "line 2: 'UAS' is no region; did you mean 'USA'"),
        ("i,s,d,rate\nC29,CHN,USA,0.1\nC29,CHN,USA,0.2\n", "line 3: this cell has a rate already"),
        ("i,s,d,rate\nC29,CHN,USA,-2\n", "must be a fraction above -1"),
        ("i,s,d\nC29,CHN,USA\n", "lacks the column rate"),
    ):
        bad.write_text(text)
        with pytest.raises(DataError, match=message):
            read_tariffs(bad, ["C29"], ["CHN", "USA"])


def test_negative_value_added_is_refused_with_its_row() -> None:
    from calibration.factors import sample_shares
    from calibration.from_mrio import mrio_sam

    inter, final = np.ones((2, 2, 2, 2)), np.full((2, 2, 2, 5), 2.0)
    inter[:, :, 1, 0] = 40.0
    final[1, 0] = 0.0
    table = Mrio(
        ["USA", "CHN"],
        ["c1", "c2"],
        inter,
        final,
        inter.sum((2, 3)) + final.sum((2, 3)),
        2018,
        "t",
        details={"c1": "A01", "c2": "C29"},
    )
    with pytest.raises(DataError, match="value added of CHN c1 is -"):
        mrio_sam(table, sample_shares())
    with pytest.raises(DataError, match="has no row of taxes"):
        mrio_sam(table, sample_shares(), product_taxes="use")


def test_isic_codes_of_all_publishers_meet() -> None:
    assert {isic4_detail(x) for x in ("D10T12", "C10T12", "C10-C12", "10T12")} == {"C10T12"}
    assert [isic4_detail(x) for x in ("D84", "K", "H49", "J61", "D62T63")] == ["pub", "bus", "trd", "trd", "bus"]
    with pytest.raises(DataError, match=r"not ISIC Rev\. 4"):
        isic4_detail("??")


@pytest.mark.shared
def test_gtap_sample_builds_and_aggregates(shared) -> None:
    built = build_benchmark(
        "gtap-har", shared / "gtap_v7_sample", regions={r: ("eu" if r == "eu" else "rest") for r in _sample_regions(shared)}
    )
    assert set(built.benchmark.regions) == {"eu", "rest"}
    whole = build_benchmark("gtap-har", shared / "gtap_v7_sample").benchmark.sam
    small = built.benchmark.sam
    assert small.gdp().sum() == pytest.approx(whole.gdp().sum(), rel=1e-6)  # aggregating neither makes nor loses income
    europe = (sam.gdp()[sam.regions.index("eu")] for sam in (small, whole))
    assert next(europe) == pytest.approx(next(europe), rel=1e-6)
    assert built.report["world_gdp"] == pytest.approx(small.gdp().sum(), rel=1e-9)
    base = Model(built.benchmark).solve()
    assert base.checks()["ok"].all()
    assert abs(base["qo"] - 1).max() < 1e-6


def _sample_regions(shared: Path) -> list[str]:
    from calibration.gtap import load_gtap

    return load_gtap(shared / "gtap_v7_sample").regions
