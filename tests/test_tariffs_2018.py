"""Tariffs of 2018: lines to goods, agreements by three numbers, the World Bank's means met, other data bases read."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.tariff_yardsticks import WTO_IMPORTERS, imports_of_goods, stage_errors, teti, wto_mfn
from calibration import DataError
from calibration.classification import GOODS
from calibration.geography import ECONOMIES
from calibration.hs import FOLDER, hs_sector, line_weights
from calibration.mfn import Lines, Structure, to_codes
from calibration.preferences import (
    FARM,
    _agreement,
    agreements,
    economies_of,
    in_force,
    remaining,
    rest_members,
    with_use,
)
from calibration.readers.tariff_data import in_fractions, read_tariff_data
from calibration.tariffs_2018 import Tariffs, most_by_revenue, read_targets, set_level, tariffs_2018, with_other_rates

# -- lines to goods ----------------------------------------------------------------------------------


def test_known_products_find_their_good() -> None:
    expected = {
        "870323": "C29",  # cars
        "300490": "C21",  # medicines
        "294110": "C21",  # penicillin, in chapter 29
        "290511": "C20",  # methanol
        "270900": "B06",
        "271019": "C19",
        "260111": "B07",
        "890190": "C301",
        "880240": "C302T309",
        "854231": "C26",
        "100630": "C10T12",  # milled rice is food
        "080810": "A01",
        "030232": "A03",
        "620342": "C13T15",
    }
    assert {code: hs_sector(code)[1] for code in expected} == expected
    assert hs_sector("8703.23.00") == hs_sector("870323")  # longer codes and points are read
    assert hs_sector("271600") is None  # electricity is no good here
    for wrong in ("cars", "10121", ""):  # 010121 without its zero would be a cereal
        with pytest.raises(DataError, match="not a code of the Harmonised System"):
            hs_sector(wrong)


def test_half_the_weight_of_a_sector_is_equal_and_half_is_trade() -> None:
    codes = pd.DataFrame({"hs6": ["870321", "870322"], "gtap": ["MVH", "MVH"]})
    weight = line_weights(codes, pd.Series({"870321": 3.0, "870322": 1.0}))
    assert weight / weight.sum() == pytest.approx([0.625, 0.375])
    alone = line_weights(codes, pd.Series(dtype=float))
    assert alone / alone.sum() == pytest.approx([0.5, 0.5])


def test_a_specific_duty_takes_its_headings_dutiable_mean_and_is_flagged() -> None:
    lines = pd.DataFrame(
        {
            "hs6": ["040210", "040221", "040229", "870323", "040291"],
            "rate": [0.2, 0.0, np.nan, 0.1, 3.5],
            "specific": [False, False, True, False, False],
        }
    )
    table = to_codes(lines, pd.Series(dtype=float)).table.set_index("hs6")
    assert table.loc["040229", "rate"] == pytest.approx(0.2)  # the free line of the heading does not count
    assert table.loc["040229", "specific"] == 1.0
    assert table.loc["870323", "specific"] == 0.0
    assert table.loc["040291", "rate"] == pytest.approx(0.2)  # nothing enters at an over-quota rate of 350 %
    assert table.loc["040291", "specific"] == 1.0


# -- level -------------------------------------------------------------------------------------------


def _structure(rates: dict[str, float], spread: float = 1.0) -> Structure:
    series = pd.Series(rates).reindex(list(GOODS)).fillna(0.0)
    return Structure(series, pd.Series(spread, list(GOODS)), pd.Series(4, list(GOODS)))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.3, 3.0))
def test_the_wanted_mean_is_met_exactly_and_free_goods_stay_free(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    rates = dict(zip(GOODS, rng.uniform(0.0, 0.3, len(GOODS)) * (rng.uniform(size=len(GOODS)) > 0.3), strict=True))
    rates["C26"], rates["C29"] = 0.0, 0.1
    structure = _structure(rates)
    paying = pd.Series(rng.lognormal(0, 1, len(GOODS)), list(GOODS))
    imports = float(paying.sum() * 1.2)
    target = factor * float((structure.rates * paying).sum()) / imports
    found, _ = set_level(structure, paying, imports, target, "XXX")
    assert float((found * paying).sum()) / imports == pytest.approx(target, rel=1e-9)
    assert found["C26"] == 0.0
    moved = np.sign(found - structure.rates)[structure.rates > 0]
    assert len(set(moved)) == 1  # all rates move the same way


def test_a_rate_that_law_fixes_moves_less() -> None:
    structure = _structure({"C28": 0.1, "C29": 0.1})
    structure.spread["C28"] = 0.25
    paying = pd.Series(1.0, list(GOODS))
    found, _ = set_level(structure, paying, 27.0, 0.004, "XXX")
    assert abs(found["C28"] - 0.1) < abs(found["C29"] - 0.1)


def test_specific_duties_can_only_be_too_low() -> None:
    series = pd.Series({"A01": 0.05, "C29": 0.1}).reindex(list(GOODS)).fillna(0.0)
    spread = pd.Series(0.01, list(GOODS))
    rise = pd.Series({"A01": 2.0}).reindex(list(GOODS)).fillna(0.0)
    structure = Structure(series, spread, pd.Series(2, list(GOODS)), common=0.0, rise=rise)
    paying = pd.Series(1.0, list(GOODS))
    up, _ = set_level(structure, paying, 27.0, 0.3 / 27, "XXX")
    down, _ = set_level(structure, paying, 27.0, 0.1 / 27, "XXX")
    assert up["A01"] > 2.5 * series["A01"]
    assert up["C29"] == pytest.approx(0.1, rel=0.05)
    assert down["A01"] / series["A01"] == pytest.approx(down["C29"] / series["C29"])


def test_a_mean_out_of_reach_is_named() -> None:
    free = _structure({})
    paying = pd.Series(1.0, list(GOODS))
    with pytest.raises(DataError, match=r"HKG: a mean tariff of 5.00 % is out of reach"):
        set_level(free, paying, 27.0, 0.05, "HKG")
    assert set_level(free, paying, 27.0, 0.0, "HKG")[0].max() == 0.0


def test_uniform_lines_do_not_move_and_mixed_lines_do() -> None:
    table = pd.DataFrame(
        {
            "hs6": ["870323", "870899", "300490", "300490"],
            "good": ["C29", "C29", "C25", "C25"],
            "rate": [0.25, 0.05, 0.1, 0.1],
            "weight": [1.0, 1.0, 1.0, 1.0],
            "specific": [0.0, 0.0, 0.0, 0.0],
        }
    )
    lines = Lines(table)
    assert lines.mean()["C29"] == pytest.approx(0.15)
    assert lines.spread()["C25"] == 0.0
    structure = Structure(lines.mean(), lines.spread(), pd.Series(1, list(GOODS)), common=0.0, rise=lines.rise())
    paying = pd.Series(1.0, list(GOODS))
    found, _ = set_level(structure, paying, 27.0, 0.2 / 27, "XXX")
    assert found["C25"] == pytest.approx(0.1)
    assert found["C29"] == pytest.approx(0.1)


def test_farm_rates_above_the_mean_bear_what_revenue_does_not_show() -> None:
    structure = _structure({"A01": 0.6, "C28": 0.05, "C29": 0.08})
    paying = pd.Series(1.0, list(GOODS))
    found, _ = set_level(structure.with_quotas(), paying, 27.0, 0.4 / 27, "XXX")
    plain, _ = set_level(structure, paying, 27.0, 0.4 / 27, "XXX")
    assert float((found * paying).sum()) == pytest.approx(0.4)
    assert found["A01"] < plain["A01"]
    assert found["C29"] > plain["C29"]
    assert (found <= structure.rates + 1e-15).all()


def test_revenue_bounds_a_mean_only_where_it_is_of_duties_alone_and_of_the_year(tmp_path) -> None:
    rows = "KOR,0.44,2018\nEGY,0.9,2015\nKAZ,3.1,2018\nFRA,0.4,2018\nARE,0.002,2018\nTWN,,\n"
    (tmp_path / "wdi_2018_nearest.csv").write_text("iso3,tax_intl_trade_pct_gdp,tax_intl_trade_year\n" + rows)
    economies = ["KOR", "EGY", "KAZ", "FRA", "ARE", "TWN", "XYZ"]
    most = most_by_revenue(tmp_path, pd.Series(1000.0, economies), pd.Series(250.0, economies))
    assert most["KOR"] == pytest.approx(1.5 * 0.0044 * 4)
    assert most.drop("KOR").isna().all()
    with pytest.raises(DataError, match=r"wdi_2018_nearest\.csv"):
        most_by_revenue(tmp_path / "nowhere", pd.Series(dtype=float), pd.Series(dtype=float))


def test_the_mean_of_the_rest_of_the_world_does_not_depend_on_the_order_of_rows(tmp_path) -> None:
    rows = ["KEN,2017,10,5", "KEN,2019,20,5", "UGA,2018,8,3", "QAT,2016,4,9"]
    (tmp_path / "wdi_2018_nearest.csv").write_text("iso3,tariff_wm_all,tariff_wm_all_year\nUSA,1.6,2018\n")
    found = []
    for order in (rows, rows[::-1], [rows[1], rows[3], rows[0], rows[2]]):
        (tmp_path / "wdi_2011_2020.csv").write_text("iso3,year,tariff_wm_all,imports_const2015usd\n" + "\n".join(order) + "\n")
        found.append(float(read_targets(tmp_path, ["USA", "ROW"]).loc["ROW", "target"]))
    assert found == pytest.approx([(10 * 5 + 8 * 3 + 4 * 9) / 17 / 100] * 3)  # of two years as near, the earlier


# -- agreements --------------------------------------------------------------------------------------


def test_agreements_have_three_stated_numbers_and_known_members() -> None:
    assert len({x.name for x in agreements()}) == len(agreements()) > 80
    for x in agreements():
        assert set(x.a) | set(x.b) <= {*ECONOMIES, *rest_members().index}, x.name
        assert x.entry <= 2018, x.name
        assert x.basis, x.name
    rates = {x.use for x in agreements() if x.kind != "union"}
    assert len(rates) > 5  # not one constant


def test_a_customs_union_removes_all_and_an_agreement_its_product_of_three() -> None:
    goods = ["A01", "C29"]
    left = remaining(goods, ["DEU", "FRA", "CHN", "KOR", "USA"])
    assert (left[:, 0, 1] == 0.0).all()  # Germany to France
    pact = next(x for x in agreements() if x.name == "China-Korea")
    expected = 1 - pact.covered * pact.phase(2018) * pact.use
    assert left[1, 3, 2] == pytest.approx(expected)  # cars of Korea in China
    assert pact.phase(2018) == pytest.approx(4 / 18)
    korea = next(x for x in agreements() if x.name == "Korea-United States")
    assert left[0, 3, 4] == pytest.approx(1 - korea.covered_farm * korea.phase(2018) * korea.use)
    assert (left[:, 4, 2] == 1.0).all()  # no agreement: United States in China


def test_one_way_preferences_lower_one_side() -> None:
    left = remaining(["C13T15"], ["DEU", "BGD"])
    assert left[0, 1, 0] < 0.2
    assert left[0, 0, 1] == 1.0


def test_agreements_of_later_years_do_not_count_in_2018() -> None:
    assert (remaining(["C29"], ["DEU", "JPN"]) == 1.0).all()  # EU-Japan: 2019
    assert all(x.entry <= 2010 for x in in_force(2010))
    early, late = (remaining(["C29"], ["AUS", "CHN"], year=y)[0, 0, 1] for y in (2016, 2018))
    assert late < early < 1.0


def _left(good: str, exporter: str, importer: str, year: int = 2018) -> float:
    return float(remaining([good], [exporter, importer], year=year)[0, 0, 1])


def test_a_year_counts_an_agreement_in_force_for_half_of_it_until_it_ends() -> None:
    pacific = next(x for x in agreements() if x.name == "Trans-Pacific Partnership (CPTPP)")
    assert (pacific.entry, pacific.month) == (2018, 12)  # 30 December 2018
    assert _left("C29", "JPN", "CAN") == 1.0
    assert _left("C29", "JPN", "CAN", 2019) < 0.5
    assert _left("C29", "VNM", "CAN", 2019) < 0.7  # 14 January 2019
    assert _left("C29", "RUS", "UKR", 2015) < 0.5
    assert _left("C29", "RUS", "UKR") == _left("C29", "UKR", "RUS") == 1.0  # suspended from 2016
    assert _left("C29", "KAZ", "UKR") < 0.5  # not with Kazakhstan
    assert _left("C29", "JOR", "TUR") < 0.5 < _left("C29", "JOR", "TUR", 2019)  # ended in November 2018


def test_cuts_of_the_first_day_count_at_once() -> None:
    canada = next(x for x in agreements() if x.name == "EU-Canada")  # provisionally from 21 September 2017: 98 % of lines
    assert canada.phase(2017) == 0.0
    assert canada.phase(2018) == pytest.approx(0.97 + 0.03 * 2 / 8)
    ukraine = {x.name: x for x in agreements() if x.name.startswith("EU-Ukraine")}
    into_the_union, into_ukraine = (ukraine[f"EU-Ukraine, into {x}"].phase(2018) for x in ("the EU", "Ukraine"))
    assert into_the_union > 0.95 > into_ukraine > 0.5
    assert _left("C29", "CHN", "CHE") < _left("C29", "CHE", "CHN")  # Switzerland opened industry on the first day


def test_an_agreement_on_some_goods_leaves_the_others() -> None:
    alone = [x for x in agreements() if x.name.startswith("Mercosur-Mexico cars")]
    left = remaining(["C29", "C28"], ["BRA", "MEX"], agreed=alone)
    assert left[0, 0, 1] < 0.3
    assert (left[1] == 1.0).all()
    assert _left("C29", "MEX", "ARG") < 0.3


def test_preferences_of_the_eurasian_union_are_a_quarter_of_the_duty_on_a_list() -> None:
    for exporter in ("CHN", "IND", "BRA", "THA", "IDN", "MYS", "TUR"):
        assert 0.75 <= _left("A01", exporter, "RUS") < 1.0
        assert 0.95 < _left("C29", exporter, "KAZ") < 1.0
    assert _left("C29", "USA", "RUS") == 1.0
    assert _left("A01", "RUS", "CHN") == 1.0  # one way


def test_pairs_with_an_agreement_that_was_missing_have_it() -> None:
    pairs = "SGP-TWN BRA-MEX CRI-PER CHE-PHL ARE-CHE CAN-JOR ISL-SGP HKG-CHL THA-PER BRA-EGY ARG-ISR TUR-SGP COL-CRI VNM-CHL"
    for pair in pairs.split():
        one, other = pair.split("-")
        assert min(_left("C29", one, other), _left("C29", other, one)) < 1.0, pair


def test_bad_rows_of_agreements_are_named() -> None:
    row = dict(
        name="X", kind="free", a="AUS", b="NZL", date="2018-13", years=1, covered=1, covered_farm=1, use=1, basis="law",
        at_once=0, last="", goods="",
    )  # fmt: skip
    with pytest.raises(DataError, match="'X' has date '2018-13'; write year and month"):
        _agreement(row, "agreements.csv")
    with pytest.raises(DataError, match=r"unknown good of agreements\.csv: 'X' 'C299'; did you mean 'C29'"):
        _agreement({**row, "date": "2018-01", "goods": "C299"}, "agreements.csv")
    with pytest.raises(DataError, match="has a share outside 0 to 1"):
        _agreement({**row, "date": "2018-01", "at_once": 97}, "agreements.csv")


def test_use_of_preferences_can_be_varied() -> None:
    goods, pair = ["C29"], ["KOR", "USA"]
    half, full = (remaining(goods, pair, agreed=with_use(u))[0, 0, 1] for u in (0.5, 1.0))
    assert half - full == pytest.approx(0.5 * (1 - full))
    with pytest.raises(DataError, match="must be a share"):
        with_use(80.0)
    with pytest.raises(DataError, match="did you mean 'ASEAN'"):
        economies_of("ASEAM")


# -- other data bases --------------------------------------------------------------------------------

REGIONS = ["USA", "CAN", "DEU", "FRA", "JPN"]


def test_wits_rows_are_read_with_union_and_world_rates(tmp_path) -> None:
    path = tmp_path / "wits.csv"
    path.write_text(
        "Reporter_ISO_N,Year,ProductCode,Partner,DutyType,SimpleAverage\n"
        "840,2018,870323,000,AHS,2.5\n840,2018,870323,CAN,AHS,0\n840,2017,870323,000,AHS,9\n918,2018,870323,000,AHS,10\n"
    )
    rates, missing = read_tariff_data("wits", path, REGIONS)
    cars = rates.sel(i="C29")
    assert float(cars.sel(s="JPN", d="USA")) == pytest.approx(0.025)
    assert float(cars.sel(s="CAN", d="USA")) == 0.0
    assert float(cars.sel(s="JPN", d="FRA")) == pytest.approx(0.10)
    assert np.isnan(cars.sel(s="USA", d="JPN"))
    assert any("CAN, JPN" in line for line in missing)


def test_an_economys_own_row_counts_before_its_unions_in_any_order(tmp_path) -> None:
    rows = ["C29,EUN,USA,0.04", "C29,DEU,USA,0.01", "C29,WLD,USA,0.025"]
    for order in (rows, rows[::-1]):
        path = tmp_path / "own.csv"
        path.write_text("i,s,d,rate\n" + "\n".join(order) + "\n")
        cars = read_tariff_data("csv", path, REGIONS)[0].sel(i="C29", d="USA")
        assert cars.sel(s=["DEU", "FRA", "JPN"]).values == pytest.approx([0.01, 0.04, 0.025])


def test_teti_rates_are_read_from_the_cube_file(tmp_path) -> None:
    path = tmp_path / "ICIO2018.mat"
    with h5py.File(path, "w") as file:
        data = file.create_group("data")

        def words(name: str, labels: list[str]) -> None:
            cells = [file.create_dataset(f"{name}{k}", data=np.array([ord(c) for c in x])) for k, x in enumerate(labels)]
            data.create_dataset(name, data=np.array([c.ref for c in cells], dtype=h5py.ref_dtype).reshape(1, -1))

        words("countries", REGIONS)
        words("sectors", [*GOODS, "Services"])
        rates = np.zeros((len(GOODS) + 1, 5, 5))
        rates[GOODS.index("C29"), 0, 4] = 0.03  # importer first: the USA on cars of Japan
        data.create_dataset("tjik_3D", data=rates)
    found, missing = read_tariff_data("teti", path, REGIONS)
    assert float(found.sel(i="C29", s="JPN", d="USA")) == pytest.approx(0.03)
    assert missing == []


def test_macmap_and_csv_tables_are_read_by_hs6_and_by_good(tmp_path) -> None:
    macmap = tmp_path / "macmap.csv"
    macmap.write_text("reporter;partner;hs6;ave\nUSA;JPN;870323;0.025\nUSA;JPN;870899;0.015\n")
    rates, _ = read_tariff_data("macmap", macmap, REGIONS)
    assert 0.015 < float(rates.sel(i="C29", s="JPN", d="USA")) < 0.025
    own = tmp_path / "own.csv"
    own.write_text("i,s,d,percent\nC29,JPN,USA,2.5\n")
    rates, _ = read_tariff_data("csv", own, REGIONS)
    assert float(rates.sel(i="C29", s="JPN", d="USA")) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("csv", "i,s,d,rate\nC29,JPN,USA,25\n", "per cent\\? say unit='percent'"),
        ("wits", "reporter,partner,product,simpleaverage\nUSA,JPN,870323,0.025\n", "fractions\\? say unit='fraction'"),
        ("csv", "i,s,d,rate\nC29,JPN,USA,x\n", "row 1: rate 'x' is not a number"),
        ("csv", "i,s,d,rate\nC29,JPN,USA,-0.1\n", "must be a number not below zero"),
        ("csv", "i,s,d,rate\nC29,JPN,USA,0.1\nC29,JPN,USA,0.2\n", "USA has two rates of C29 from JPN"),
        ("csv", "i,s,d,rate\n10121,JPN,USA,0.1\n", "product '10121': give HS codes of six or more digits"),
        ("csv", "i,s,d,rate\n870323,JPN,USA,0.1\nC29,CAN,USA,0\n", "product 'C29': give HS codes"),
        ("wits", "d,s,hs6,rate\nUSA,JPN,870323,2.5\nUSA,JPN,870323,9\n", "USA has two rates of 870323 from JPN"),
        ("csv", "i,s,rate\nC29,JPN,0.1\n", "no column of the importer"),
        ("wits", "reporter,year,partner,product,rate\nUSA,2001,JPN,870323,5\n", "holds no year 2018; it has 2001"),
        ("csv", "i,s,d,rate\nC29,Japan,United States,0.1\n", "no importer of the file is an economy"),
        ("tetti", "", "did you mean 'teti'"),
    ],
)
def test_bad_tariff_files_are_refused_with_the_remedy(tmp_path, kind: str, text: str, message: str) -> None:
    path = tmp_path / "tariffs.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_tariff_data(kind, path, REGIONS)


def test_a_unit_the_user_is_sure_of_is_kept_but_for_impossible_rates() -> None:
    assert in_fractions(np.array([6.0]), "fraction", True, "file") == pytest.approx([6.0])
    with pytest.raises(DataError, match="more than any duty"):
        in_fractions(np.array([45.0]), "fraction", True, "file")


def _made(applied: np.ndarray) -> Tariffs:
    labels = {"i": list(GOODS), "s": ["USA", "CAN"], "d": ["USA", "CAN"]}
    rates = xr.DataArray(applied, dims=("i", "s", "d"), coords=labels)
    mfn = xr.DataArray(applied.max(1), dims=("i", "d"), coords={"i": list(GOODS), "d": ["USA", "CAN"]})
    return Tariffs(rates, mfn, xr.ones_like(mfn, dtype=np.int8), pd.DataFrame())


def test_another_data_base_replaces_what_it_tells_and_the_rest_is_counted() -> None:
    made = _made(np.full((len(GOODS), 2, 2), 0.05))
    theirs = made.applied.copy(data=np.full((len(GOODS), 2, 2), np.nan))
    theirs.attrs["source"] = "teti: file"
    theirs.loc[{"d": "USA"}] = 0.02
    found, kept = with_other_rates(made, theirs)
    assert (found.applied.sel(d="USA") == 0.02).all()
    assert (found.applied.sel(d="CAN") == 0.05).all()
    assert kept["kept"].to_dict() == {"CAN": 2 * len(GOODS)}
    assert (found.mfn.sel(d="USA") == 0.02).all()
    assert str(found.applied.attrs["source"]).startswith("teti: file; cells it lacks")


# -- with the raw tables -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(shared):
    from calibration.readers import read_trade_cube

    cube = read_trade_cube(shared / "oecd_icio_gross")
    return cube, tariffs_2018(shared, cube)


@pytest.mark.shared
def test_each_importers_mean_meets_the_world_banks(shared, made) -> None:
    cube, tariffs = made
    flows, rates = imports_of_goods(cube), tariffs.applied.values
    targets = read_targets(shared / "wdi_2018", cube.regions)
    union = [k for k, r in enumerate(cube.regions) if r in economies_of("EU28")]
    outside = [k for k in range(len(cube.regions)) if k not in union]
    for k, region in enumerate(cube.regions):
        if k in union:
            continue
        mean = (flows[:, :, k] * rates[:, :, k]).sum() / flows[:, :, k].sum()
        assert mean == pytest.approx(targets.loc[region, "target"], abs=1e-5), region
    part = np.ix_(range(len(GOODS)), outside, union)
    assert (flows[part] * rates[part]).sum() / flows[part].sum() == pytest.approx(0.0183, abs=1e-5)
    assert targets.loc["THA", "year"] == 2015  # the nearest year is said
    assert targets.loc["TWN", "source"] == "neighbours"
    assert (rates >= 0).all()
    assert np.isfinite(rates).all()


@pytest.mark.shared
def test_duties_that_customs_do_not_collect_are_told_by_importer(shared, made) -> None:
    cube, tariffs = made
    flows = imports_of_goods(cube)
    rates, paid = tariffs.applied.values, tariffs.paid().values
    assert (paid <= rates + 1e-12).all()
    gdp = pd.read_csv(shared / "national_accounts" / "gdp_current_usd.csv").query("Year == 2018")
    gdp = gdp.set_index("Country Code")["Value"] / 1e6
    taxes = pd.read_csv(shared / "wdi_2018" / "wdi_2018_nearest.csv").set_index("iso3")["tax_intl_trade_pct_gdp"] / 100
    lowered = {r for k, r in enumerate(cube.regions) if (paid[:, :, k] < rates[:, :, k] - 1e-9).any()}
    assert {"KOR", "NOR", "CHE", "ISL", "MYS", "THA"} <= lowered
    assert not lowered & {"USA", "CHN", "JPN", "DEU", "IND", "RUS", "AUS", "CIV", "ROW"}
    for region in lowered:
        k = cube.regions.index(region)
        assert (flows[:, :, k] * paid[:, :, k]).sum() == pytest.approx(1.5 * taxes[region] * gdp[region], rel=1e-6), region
    korea = tariffs.collected.sel(d="KOR")
    assert float(korea.sel(i="A01")) < 0.2  # over-quota rates of grain
    assert float(korea.sel(i="C29")) > 0.6


@pytest.mark.shared
def test_a_users_rates_are_in_the_report_with_their_own_means_in_the_unit_he_says(shared, made, tmp_path) -> None:
    from calibration.datasets.world_tariffs import chosen_tariffs

    cube, _ = made
    path = tmp_path / "macmap.csv"
    goods = "\n".join(f"USA,WLD,{g},4" for g in GOODS)
    path.write_text(f"importer,exporter,product,ave\n{goods}\n")
    with pytest.raises(DataError, match="--tariff-unit percent"):
        chosen_tariffs(shared, cube, f"macmap:{path}")
    found, _ = chosen_tariffs(shared, cube, f"macmap:{path}", unit="percent")
    flows = imports_of_goods(cube)[:, :, cube.regions.index("USA")]
    mean = 100 * (flows * found.applied.sel(d="USA").values).sum() / flows.sum()
    row = found.record.loc["USA"]
    assert row["mean"] == pytest.approx(mean)
    assert 2.0 < mean < 4.0  # four per cent, less what agreements take off
    assert row["source"] == "macmap"
    assert row["target"] == pytest.approx(1.59)
    assert row["before"] == pytest.approx(1.59)
    assert found.collected is None


@pytest.mark.shared
def test_legal_facts_hold(made) -> None:
    _, tariffs = made
    mfn = tariffs.mfn
    assert float(mfn.sel(i="C21", d=["USA", "DEU", "JPN", "CAN", "CHE", "NOR"]).max()) == 0.0
    assert float(mfn.sel(i="B06", d=["CHN", "DEU", "USA"]).max()) < 0.002
    assert float(mfn.sel(d="HKG").max()) == 0.0
    assert float(tariffs.applied.sel(s="FRA", d="DEU").max()) == 0.0
    assert float(mfn.sel(i="C29", d="JPN")) == 0.0
    assert float(abs(mfn.sel(d="GBR") - mfn.sel(d="DEU")).max()) == 0.0  # a member in 2018


@pytest.mark.shared
def test_mfn_rates_are_nearer_to_the_wtos_than_rates_of_2005(shared, made) -> None:
    from calibration.mfn import rates_of_2005
    from calibration.readers import read_caliendo_parro

    _, tariffs = made
    truth, source = wto_mfn(shared), read_caliendo_parro(shared / "caliendo_parro_2015")
    industry = [g for g in truth.index if g not in FARM]
    error, before = {}, {}
    for code in WTO_IMPORTERS:
        ours = 100 * tariffs.mfn.sel(d=code).to_pandas()
        error[code] = float((ours - truth[code]).loc[industry].abs().mean())
        before[code] = float((100 * rates_of_2005(source, code) - truth[code]).loc[industry].abs().mean())
    assert error["DEU"] < 0.6
    assert error["CHN"] < 1.3
    assert error["JPN"] < 0.4
    assert error["USA"] < 0.8
    assert error["IND"] < 4.0
    assert np.mean(list(error.values())) < 0.8 * np.mean(list(before.values()))


@pytest.mark.shared
def test_importers_means_follow_a_restricted_data_base(shared, made) -> None:
    cube, tariffs = made
    flows, theirs = imports_of_goods(cube)[:, :80, :80], teti(shared)[: len(GOODS), :80, :80]
    keep = [k for k, g in enumerate(GOODS) if g != "C10T12"]  # food is distorted there
    ours = tariffs.applied.values[:, :80, :80]
    a, b = ((flows[keep] * x[keep]).sum((0, 1)) / flows[keep].sum((0, 1)) for x in (ours, theirs))
    assert abs(a - b).mean() < 0.008
    assert np.corrcoef(a, b)[0, 1] > 0.9


@pytest.mark.shared
def test_importers_means_by_stage_of_processing_follow_the_world_banks(shared, made) -> None:
    cube, tariffs = made
    error = stage_errors(shared, cube, tariffs.applied.values)
    assert error.loc["intermediate", "gap"] < 0.9
    assert error.loc["capital", "gap"] < 0.7
    assert error.loc["raw materials", "gap"] < 2.7  # rates of 2005: 3.6
    assert error.loc["consumer", "gap"] < 2.6  # rates of 2005: 3.5
    assert (error["correlation"] > 0.65).all()


@pytest.mark.shared
def test_shipped_tables_are_what_the_scripts_build(shared) -> None:
    from calibration.datasets.tariffs_2018.crosswalk import good_of
    from calibration.datasets.tariffs_2018.japan import margins
    from policies.data.rcep_schedule import build
    from policies.rcep_schedule import schedules

    raw = pd.read_csv(shared / "section_301" / "hs6_gtap_crosswalk.csv", dtype=str)
    for code, gtap in zip(raw["hs6_code"], raw["gtap_code"].str.upper(), strict=True):
        pair = good_of(code, gtap)
        assert (hs_sector(code) or (pair[0], "none")) == pair, code
    shipped = pd.read_csv(FOLDER / "japan_margins.csv", comment="#", index_col=["exporter", "kind"])
    pd.testing.assert_frame_equal(shipped, margins(shared), atol=6e-4, check_names=False)
    again = build(shared).set_index(["importer", "partner", "sector"]).sort_index()
    pd.testing.assert_frame_equal(schedules(), again, atol=2e-3)


@pytest.mark.shared
def test_duty_revenue_follows_taxes_on_international_trade(shared) -> None:
    from calibration import load_benchmark
    from calibration.datasets.world_2018 import build
    from calibration.datasets.world_tariffs import duty_table
    from calibration.tariffs_2018 import OTHER_TRADE_TAXES

    built = build(shared)
    table = duty_table(built.full, built.accounts["gdp"], built.tariffs.record, shared / "wdi_2018")
    alone = ~table.index.isin([*economies_of("EU28"), *OTHER_TRADE_TAXES])
    known = table[alone & (table["trade_taxes"] > 0.05)]
    assert len(known) > 30
    assert known["duties"].corr(known["trade_taxes"]) > 0.75
    assert 1.0 < (known["duties"] / known["trade_taxes"]).median() < 1.5  # exemptions: revenue is below what rates give
    exporters = table.loc[["KAZ", "RUS", "BLR"]]
    assert (exporters["trade_taxes"] > 3 * exporters["duties"]).all()
    assert load_benchmark("world").sam.taxes()["tms"].sum() <= built.full.sam.taxes()["tms"].sum() * (1 + 1e-9)


def test_signs_under_other_tariffs_are_recorded_by_country() -> None:
    stored = json.loads((Path(__file__).parents[1] / "docs" / "_static" / "tariffs_2018.json").read_text())["policies"]
    for policy, sets in stored.items():
        ours = pd.Series(sets["here"])
        assert len(ours) == 35
        for name in ("Teti's rates", "WTO's rates of five importers", "WITS means by stage", "98 % of trade claims"):
            theirs = pd.Series(sets[name])
            large = (ours * theirs < 0) & (np.maximum(abs(ours), abs(theirs)) > 0.02)
            # the last is no yardstick: there, of the effects that are not nil here
            count = (large & (abs(ours) > 0.02)).sum() if name.startswith("98") else large.sum()
            assert count <= 3, (policy, name)
            assert np.corrcoef(ours.rank(), theirs.rank())[0, 1] > 0.5, (policy, name)
    for sets in stored["rcep"].values():
        assert min(sets[r] for r in ("JPN", "KOR", "NZL", "AUS")) > 0 > max(sets[r] for r in ("TWN", "USA", "VNM"))


def test_a_rate_of_all_exporters_leaves_unions_and_preferences_in_place(tmp_path) -> None:
    goods, regions = ["A01", "C29"], ["DEU", "FRA", "KOR", "USA", "CHN"]
    dims = {"i": goods, "s": regions, "d": regions}
    mfn = xr.DataArray(np.full((2, 5), 0.08), dims=("i", "d"), coords={"i": goods, "d": regions})
    applied = xr.DataArray(np.full((2, 5, 5), 0.08), dims=("i", "s", "d"), coords=dims)
    applied.loc[{"s": ["DEU", "FRA"], "d": ["DEU", "FRA"]}] = 0.0
    applied.loc[{"s": "KOR", "d": ["DEU", "FRA"]}] = 0.02  # a preference in force: a quarter of the rate
    made = Tariffs(applied, mfn, xr.zeros_like(mfn), pd.DataFrame())
    path = tmp_path / "wits.csv"
    path.write_text("reporter,partner,product,simpleaverage\nEUN,WLD,870323,4\nEUN,USA,870323,3\n")
    rates, _ = read_tariff_data("wits", path, regions)
    found = with_other_rates(made, rates.sel(i=goods))[0].applied.sel(i="C29")
    assert float(found.sel(s="CHN", d="DEU")) == pytest.approx(0.04)
    assert float(found.sel(s="KOR", d="DEU")) == pytest.approx(0.01)
    assert float(found.sel(s="USA", d="FRA")) == pytest.approx(0.03)  # a rate of its own is taken as it is
    assert float(found.sel(s="FRA", d="DEU")) == 0.0


def test_importers_that_a_benchmark_does_not_show_are_named(tmp_path) -> None:
    path = tmp_path / "wits.csv"
    path.write_text("reporter,partner,product,simpleaverage\nUSA,JPN,870323,2.5\nUK,JPN,870323,9\n")
    _, missing = read_tariff_data("wits", path, REGIONS)
    assert any("importers that the benchmark does not show apart are left out: UK" in line for line in missing)
