"""Whatever is wrong with a file is one line that names it; nothing is guessed, rescaled or dropped on the way."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration import DataError, limits, load_benchmark, read_mapping
from calibration.balance import ras
from calibration.build import READERS, build_benchmark
from calibration.elasticities import read_table, to_dataset
from calibration.factors import sample_shares
from calibration.from_mrio import mrio_sam
from calibration.growth import read_growth
from calibration.isic import isic4_detail
from calibration.parse import check_archive, reading
from calibration.readers import read_exiobase3, read_figaro, read_wiod
from calibration.readers.exiobase_sectors import exiobase_detail
from tests.test_data_build import figaro_csv, icio_csv, sheet
from tests.test_readers import official_sheet, tiny_table


def tables(folder: Path) -> dict[str, Path]:
    """A small good file of every text source."""
    wiod_2016, adb = folder / "WIOT2014_Nov16_ROW.csv", folder / "ADB-MRIO-2018.csv"
    sheet(wiod_2016, ["A01", "C29"], ["c57", "c58", "c59", "c60", "c61"], "c62", [], "WIOT")
    sheet(adb, ["c1", "c2"], ["F1", "F2", "F3", "F4", "F5"], "r69", [], "ADB")
    figaro = folder / "matrix_eu-ic-io_ind-by-ind_24ed_2022.csv"
    figaro_csv(figaro)
    return {
        "oecd-icio": icio_csv(folder, ["CHN", "JPN", "USA"]),
        "wiod2013": official_sheet(folder),
        "wiod2016": wiod_2016,
        "adb-mrio": adb,
        "figaro": figaro,
    }


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "another encoding": lambda data: data.decode().encode("utf-16"),
    "noise": lambda data: bytes(range(256)) * 20,
    "semicolons": lambda data: data.replace(b",", b";"),
    "a column lost": lambda data: b"\n".join(b",".join(row.split(b",")[:-3]) for row in data.split(b"\n")),
    "a column twice": lambda data: b"\n".join(row + b"," + b",".join(row.split(b",")[6:7]) for row in data.split(b"\n")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_is_refused_by_name(tmp_path: Path, damage: str) -> None:
    for source, path in tables(tmp_path).items():
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
        with pytest.raises(DataError, match=path.name):
            READERS[source](path, None)


@pytest.mark.parametrize("source", READERS)
def test_every_reader_refuses_a_missing_file_a_folder_and_noise(tmp_path: Path, source: str) -> None:
    noise = tmp_path / "noise_2018.zip"
    noise.write_bytes(bytes(range(256)) * 20)
    for path in (tmp_path / "none.csv", tmp_path, noise):
        with pytest.raises(DataError, match=str(path)):
            READERS[source](path, 2018)


def test_a_file_of_another_year_than_asked_for_is_refused(tmp_path: Path) -> None:
    for source, path in tables(tmp_path).items():
        with pytest.raises(DataError, match="is of the year"):
            READERS[source](path, 1999)
        assert READERS[source](path, None).year in (2011, 2014, 2018, 2022)


def test_an_error_inside_a_parse_names_file_and_cause() -> None:
    with pytest.raises(DataError, match=r"x.csv is not a readable sheet \(KeyError") as caught, reading("x.csv", "sheet"):
        raise KeyError("c9")
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(KeyboardInterrupt), reading("x.csv", "sheet"):
        raise KeyboardInterrupt


def test_archives_that_leave_their_folder_or_claim_too_much_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../evil.csv", "1")
    with pytest.raises(DataError, match="outside its folder"):
        check_archive(path, "archive")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros_2018.csv", "w") as member:
        for _ in range(25):
            member.write(bytes(10_000_000))
    with pytest.raises(DataError, match=r"claims 0.2 GB unpacked"):
        READERS["oecd-icio"](path, 2018)


def test_a_damaged_benchmark_is_refused_by_name(small, tmp_path: Path) -> None:
    path = tmp_path / "b.nc"
    small.save(path)
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    for cut in (0, 10, len(data) // 2, len(data) - 5):
        path.write_bytes(data[:cut])
        with pytest.raises(DataError, match=r"b.nc"):
            load_benchmark(path)
    for _ in range(5):
        spoilt = bytearray(data)
        for place in rng.integers(0, len(data), 200):
            spoilt[place] ^= 0xFF
        path.write_bytes(bytes(spoilt))
        with pytest.raises(DataError, match=r"b.nc"):
            load_benchmark(path)


# -- labels ------------------------------------------------------------------------------------------------------


def test_rows_of_taxes_may_leave_the_country_empty_and_rows_of_industries_may_not(tmp_path: Path) -> None:
    path = official_sheet(tmp_path)
    lines = path.read_text().splitlines()
    width = lines[6].count(",")
    taxed = [*lines, ",taxes,,r99" + ",0.5" * (width - 3)]
    path.write_text("\n".join(taxed))
    assert read_wiod(path).regions == ["USA", "CHN"]
    path.write_text("\n".join(lines).replace("AtB,name c1,CHN,c1", "AtB,name c1,,c1"))
    with pytest.raises(DataError, match="row 10: the country is empty in the row of industry c1"):
        read_wiod(path)
    taxed[-1] = ",taxes,,r99" + ",n.a." * (width - 3)
    path.write_text("\n".join(taxed))
    with pytest.raises(DataError, match=r"taxes less subsidies on products are 'n.a.'"):
        read_wiod(path)


def test_a_region_under_two_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "matrix_eu-ic-io_ind-by-ind_24ed_2022.csv"
    figaro_csv(path)
    path.write_text(path.read_text().replace("AT_", "GR_"))
    with pytest.raises(DataError, match="'GRC' stands twice"):
        read_figaro(path)


def test_products_are_not_industries(tmp_path: Path) -> None:
    path = tmp_path / "matrix_eu-ic-io_prod-by-prod_24ed_2022.csv"
    figaro_csv(path)
    text = path.read_text()
    for code in ("A01", "C10T12", "C29", "G45"):
        text = text.replace(f"_{code}", f"_CPA_{code}")
    path.write_text(text)
    with pytest.raises(DataError, match="products by products"):
        read_figaro(path)


@pytest.mark.parametrize("code", "CPA_C10T12 C10T14MIN C15T16FOD 34 C B-E A45 TOTAL Coal C1 10T05".split())
def test_a_code_of_another_form_falls_into_no_sector(code: str) -> None:
    with pytest.raises(DataError, match="industry code"):
        isic4_detail(code)


def test_every_exiobase_name_falls_into_the_sector_of_its_official_code() -> None:
    path = Path(load_benchmark.__code__.co_filename).parent / "datasets" / "exiobase_sectors.csv"
    listed = pd.read_csv(path, comment="#")
    assert len(listed) == 363
    waste = listed[listed["code"].str[1:3] == "90"]["name"]
    assert {exiobase_detail(x) for x in waste} == {"utl"}  # landfill of food is no food
    coal = listed[listed["code"].str[1:4] == "10."]["name"]
    assert {exiobase_detail(x) for x in coal} == {"B05"}  # coal is no public service
    for name, detail in (("Processing vegetable oils and fats", "C10T12"), ("Pigs", "A01"), ("Naphtha", "C19")):
        assert exiobase_detail(name) == detail
    with pytest.raises(DataError, match="no industry or product 'Fortune telling'"):
        exiobase_detail("Fortune telling")


# -- EXIOBASE without Z ------------------------------------------------------------------------------------------


def exiobase(folder: Path, kinds: tuple[str, ...], unit: str = "M.EUR") -> tuple[np.ndarray, np.ndarray]:
    """Text tables as the official archives have them."""
    folder.mkdir(parents=True)
    regions, sectors = ["AT", "WA"], ["Cultivation of wheat", "Education (80)"]
    finals = ["Final consumption expenditure by households", "Gross fixed capital formation", "Changes in inventories"]
    rng = np.random.default_rng(2)
    use, final = rng.uniform(1, 5, (4, 4)), rng.uniform(5, 9, (4, 6))
    output = use.sum(1) + final.sum(1)
    index = pd.MultiIndex.from_product([regions, sectors], names=["region", "sector"])
    wide = pd.MultiIndex.from_product([regions, finals], names=["region", "category"])
    frames = {
        "Z": pd.DataFrame(use, index=index, columns=index),
        "A": pd.DataFrame(use / output, index=index, columns=index),
        "Y": pd.DataFrame(final, index=index, columns=wide),
        "x": pd.DataFrame({"indout": output}, index=index),
        "unit": pd.DataFrame({"unit": unit}, index=index),
    }
    for kind in (*kinds, "Y", "unit"):
        frames[kind].to_csv(folder / f"{kind}.txt", sep="\t")
    return use, output


@pytest.mark.parametrize("kinds", [("Z",), ("A",), ("A", "x"), ("Z", "A", "x")], ids="-".join)
def test_use_and_output_of_exiobase_are_the_same_from_any_of_its_tables(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    use, output = exiobase(tmp_path / "IOT_2011_ixi", kinds)
    table = read_exiobase3(tmp_path / "IOT_2011_ixi")
    assert table.inter.reshape(4, 4) == pytest.approx(use)
    assert table.output.ravel() == pytest.approx(output)
    assert (table.year, table.units) == (2011, "million EUR")


def test_exiobase_in_tonnes_or_without_coefficients_is_refused(tmp_path: Path) -> None:
    exiobase(tmp_path / "hybrid_2011", ("A",), "tonnes")
    with pytest.raises(DataError, match=r"unit.txt gives tonnes"):
        read_exiobase3(tmp_path / "hybrid_2011")
    exiobase(tmp_path / "IOT_2011_ixi", ())
    with pytest.raises(DataError, match=r"neither Z.txt"):
        read_exiobase3(tmp_path / "IOT_2011_ixi")


def test_no_pickle_is_opened(tmp_path: Path) -> None:
    exiobase(tmp_path / "IOT_2011_ixi", ("A",))
    (tmp_path / "IOT_2011_ixi" / "Z.pkl").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(DataError, match="only text tables are read"):
        read_exiobase3(tmp_path / "IOT_2011_ixi")


# -- repairs within limits ---------------------------------------------------------------------------------------


def test_output_in_another_unit_is_refused_with_its_row_and_ratio(tmp_path: Path) -> None:
    path = icio_csv(tmp_path, ["CHN", "JPN", "USA"])
    table = pd.read_csv(path, index_col=0)
    table.loc["OUT"] /= 200
    table.to_csv(path)
    ratio = r"output is 0\.005 times the sum of uses in every one of 15 rows: output and uses are in different units"
    with pytest.raises(DataError, match=ratio):
        build_benchmark("oecd-icio", path)


@pytest.mark.parametrize("discrepancy", ["scale", "output"])
def test_one_row_far_from_its_output_is_refused_and_a_near_one_repaired(discrepancy) -> None:
    assert mrio_sam(tiny_table(gap=4.0), sample_shares(), discrepancy=discrepancy).check().empty
    with pytest.raises(DataError, match="row CHN c3: uses sum to"):
        mrio_sam(tiny_table(gap=60.0), sample_shares(), discrepancy=discrepancy)


def test_a_block_of_turned_sign_is_not_set_to_zero() -> None:
    table = tiny_table()
    table.inter[:, :, 0, :] *= -1
    table.output[:] = table.inter.sum((2, 3)) + table.final.sum((2, 3))
    with pytest.raises(DataError, match="purchases of USA: sum of negative uses"):
        mrio_sam(table, sample_shares())


def test_totals_in_another_order_are_not_balanced_to() -> None:
    prior = np.diag([100.0, 1.0, 1.0]) + 1e-3
    rows = prior.sum(1)
    assert ras(prior, rows, prior.sum(0)).gap < 1e-9
    with pytest.raises(DataError, match=r"balancing moved 9[0-9]% of the prior"):
        ras(prior, rows[[1, 0, 2]], prior.sum(0)[[1, 2, 0]])


def test_every_limit_is_told() -> None:
    shown = limits.table()
    assert len(shown) == len(limits.REPAIRS) >= 9
    assert (shown["published tables need"].str.len() > 3).all()


# -- tables that users write ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("from,to\n", "holds a header and no rows"),
        ("from,to\nUSA\n", "line 2 has 1 cells, the header 2"),
        ("from;to\nUSA;US\n", "a mapping has two columns"),
        ("from,to\nUSA,\n", "line 2: new label is empty"),
        ("from,to\n# comment\nUSA,a\nUSA,b\n", "line 4: label 'USA' is mapped twice"),
        ("USA,USA\nCHN,CHN\n", "the header gives the column 'USA' twice"),
        ('from,to\n"USA,a\n', "is not a readable mapping table"),
    ],
)
def test_mapping_tables_are_read_strictly(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "map.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_mapping(path)


def test_a_mapping_may_hold_comments_and_the_label_na(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("# regions\nfrom,to\nNA,XX # Namibia\nUSA , US\n")
    assert read_mapping(path) == {"NA": "XX", "USA": "US"}


def test_elasticity_and_growth_tables_name_line_and_cell(small, tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    rows = "".join(f"g{k},4,2,1,0,0\n" for k in range(3))
    for text, message in (
        ("i,esubm,esubd,esubva,esubt,esubc\ng0,x,2,1,0,0\n", "line 2: column esubm 'x' is not a number"),
        (f"i,esubm,esubd,esubva,esubt,esubc\n{rows}g1,9,2,1,0,0\n", "line 5: 'g1' has a row already \\(line 3\\)"),
        ("i,esubm,esubm\ng0,1,2\n", "the column 'esubm' twice"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            read_table(path)
    path.write_text(f"i,esubm,esubd,esubva,esubt,esubc\n{rows}g9,4,2,1,0,0\n")
    with pytest.raises(DataError, match="unknown commodity of the elasticity table 'g9'"):
        to_dataset(read_table(path), small.commodities, small.regions)
    growth = "".join(f"R{k},0.02,0.01\n" for k in range(3))
    for text, message in (
        (f"region,gdp,population\n{growth}R7,0.02,0.01\n", "line 5: 'R7' is no region of the benchmark"),
        (f"region,gdp,population\n{growth}R1,0.02,0.01\n", "line 5: 'R1' has a row already"),
        ("region,gdp,population\nR0,2.5,0.4\nR1,0.3,0.4\nR2,0.3,0.4\n", "are the rates in per cent"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            read_growth(small, path)
