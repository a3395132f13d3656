"""International freight: how margins enter a table, what the estimate is worth, and what a freight policy does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from calibration import Benchmark, DataError, Sam, aggregate_benchmark, load_benchmark
from calibration.datasets.world_freight import sample_margins
from calibration.distances import MODES, borders, distances, sea_borne
from calibration.elasticities import to_dataset
from calibration.freight import fit_routes, hidden_importers, rates_by_good, read_rates, routes, with_freight
from calibration.geography import ECONOMIES
from calibration.readers import read_trade_cube
from calibration.sam import SCHEMA, make_dataset
from cge import Model
from tests.worlds import elasticity_table, random_sam, symmetric_benchmark

RATE = 0.001


def _rates(sam: Sam, goods: list[str], rate: float = RATE) -> xr.DataArray:
    """One rate on the named goods, none on others."""
    coords = {"i": sam.commodities, "s": sam.regions, "d": sam.regions}
    rates = xr.DataArray(np.zeros([len(x) for x in coords.values()]), dims=("i", "s", "d"), coords=coords)
    rates.loc[{"i": goods}] = rate
    return rates


@pytest.fixture(scope="module")
def default() -> Benchmark:
    return load_benchmark("world")


# how margins enter


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_freight_moves_between_purchases_and_leaves_costs_output_and_gdp(seed: int) -> None:
    before = random_sam(4, 4, seed, taxes=0.0)
    after = with_freight(before, _rates(before, ["g0", "g1"], 0.01), "g3")
    assert after.check(1e-9).empty
    assert after["vfob"][:3] == pytest.approx(before["vfob"][:3])  # exports are observed at fob
    assert after["vcif"][0] == pytest.approx(1.01 * before["vfob"][0])
    assert after["makb"] == pytest.approx(before["makb"])
    assert after["evfp"].sum(0) == pytest.approx(before["evfp"].sum(0))
    assert after.gdp() == pytest.approx(before.gdp())
    for agent, spent in after.expenditure().items():
        assert spent == pytest.approx(before.expenditure()[agent])
    freight = 0.01 * before["vfob"][:2].sum()
    assert after["vst"].sum() == pytest.approx(freight)
    assert before["vxsb"][3].sum() - after["vxsb"][3].sum() == pytest.approx(freight)
    table = to_dataset(elasticity_table(after.commodities), after.commodities, after.regions)
    assert Model(Benchmark(after, table, "with freight")).solve(progress=False).walras < 1e-9


def test_duties_are_levied_on_freight_too_and_nothing_else_changes_gdp() -> None:
    before = load_benchmark("world-2011").sam
    goods = before.commodities[:14]
    after = with_freight(before, _rates(before, goods), "trd")
    assert after.check(1e-8).empty
    here = before["vcif"] > 0
    assert after["vmsb"][here] / after["vcif"][here] == pytest.approx(before["vmsb"][here] / before["vcif"][here])
    rate = np.divide(before["vmsb"], before["vcif"], out=np.ones_like(before["vcif"]), where=here) - 1
    freight = RATE * before["vfob"]
    freight[14:] = 0.0
    duty = rate * freight
    by_class = np.divide(before["vmub"], before["vmsb"][:, None], out=np.zeros_like(before["vmub"]), where=here[:, None])
    on_inputs, on_final = (by_class[:, 0] * duty).sum((0, 1)), (by_class[:, 1:].sum(1) * duty).sum((0, 1))
    value_added = after["evfp"].sum((0, 1)) - before["evfp"].sum((0, 1))
    assert value_added == pytest.approx(-on_inputs, abs=1e-3)
    assert after.gdp() - before.gdp() == pytest.approx(on_final, abs=1e-3)


def test_what_cannot_be_freight_is_refused() -> None:
    sam = random_sam(3, 3, 1, taxes=0.0)
    good = _rates(sam, ["g0"], 0.01)
    with pytest.raises(DataError, match=r"g0, R0 -> R1 is -0\.1; a fraction"):
        with_freight(sam, good.where(~((good["i"] == "g0") & (good["s"] == "R0") & (good["d"] == "R1")), -0.1), "g2")
    with pytest.raises(DataError, match="0 for 'g0', which carries"):
        with_freight(sam, good, "g0")
    with pytest.raises(DataError, match="give R2 along d not once"):
        with_freight(sam, good.sel(d=["R0", "R1"]), "g2")
    with pytest.raises(DataError, match="freight on imports of R"):
        with_freight(sam, _rates(sam, ["g0", "g1"], 1.0), "g2")
    with pytest.raises(DataError, match="has transport margins already"):
        with_freight(random_sam(3, 3, 1), good, "g2")
    taxed = symmetric_benchmark().sam
    with pytest.raises(DataError, match="taxed at the border"):
        with_freight(taxed, _rates(taxed, ["g0"], 0.01), "g1")


def test_the_order_of_labels_does_not_matter() -> None:
    sam = random_sam(3, 3, 2, taxes=0.0)
    rates = _rates(sam, ["g0"], 0.01)
    turned = rates.transpose("d", "i", "s").isel(d=[2, 0, 1], i=[1, 2, 0])
    assert np.array_equal(with_freight(sam, turned, "g2")["vcif"], with_freight(sam, rates, "g2")["vcif"])


# geography


def test_distances_are_those_of_the_globe() -> None:
    km = distances(["JPN", "KOR", "NZL", "ESP", "ROW"])
    assert float(km.sel(s="JPN", d="KOR")) == pytest.approx(850, rel=0.15)
    assert float(km.sel(s="NZL", d="ESP")) > 19000  # nearly antipodes
    assert km.values == pytest.approx(km.values.T)
    with pytest.raises(DataError, match="no main city of JPM; did you mean 'JPN'"):
        distances(["JPM"])


def test_land_routes_are_told_from_the_sea() -> None:
    sea = sea_borne(["DEU", "FRA", "GBR", "USA", "MEX", "CHN", "RUS", "JPN", "KAZ"])
    by_land = {("DEU", "FRA"), ("USA", "MEX"), ("CHN", "RUS"), ("CHN", "KAZ"), ("RUS", "KAZ"), ("DEU", "RUS"), ("FRA", "RUS")}
    for one in sea["s"].values:
        for other in sea["d"].values:
            assert sea.sel(s=one, d=other) == (0 if one == other or {(one, other), (other, one)} & by_land else 1)
    hilly = sea_borne(["CHN", "IND", "PAK", "VNM", "BRA", "PER", "ARG", "FIN", "DEU", "SWE"])
    overseas = {("CHN", "IND"), ("CHN", "PAK"), ("BRA", "PER"), ("FIN", "DEU")}  # Himalaya, Karakoram, Amazon, Baltic
    joined = {("CHN", "VNM"), ("IND", "PAK"), ("ARG", "BRA"), ("FIN", "SWE"), ("DEU", "SWE")}
    for pairs, flag in ((overseas, 1), (joined, 0)):
        for one, other in pairs:
            assert hilly.sel(s=one, d=other) == hilly.sel(s=other, d=one) == flag, (one, other)
    kinds = routes(["CHN", "JPN", "USA"])
    assert (kinds.sum("route") == 1).all()
    assert kinds.sel(s="CHN", d="JPN", route="short sea") == 1
    assert kinds.sel(s="CHN", d="USA", route="long sea") == 1


def test_every_listed_border_joins_two_known_economies_once() -> None:
    listed = borders()
    assert {economy for pair in listed for economy in pair} <= set(ECONOMIES)
    assert set(listed.values()) == set(MODES)


# the estimate


def test_the_fit_finds_the_rule_that_made_the_margins() -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(3), (5, 5)).transpose(2, 0, 1)
    fob = rng.lognormal(0, 1, (4, 5, 5))
    levels, factors = np.array([0.09, 0.05, 0.04, 0.02]), np.array([1.0, 1.9, 1.5])
    margins = fob * levels[:, None, None] * np.einsum("k,ksd->sd", factors, shares)
    fit = fit_routes(margins, fob, shares)
    assert fit.levels == pytest.approx(levels)
    assert fit.factors == pytest.approx(factors)
    assert hidden_importers(margins, fob, shares, list("abcd"))["error"].max() < 1e-8


@pytest.mark.shared
def test_margins_of_hidden_importers_are_met_within_a_fifth(shared: Path) -> None:
    cube = read_trade_cube(shared / "oecd_icio_gross", 2018)
    errors = hidden_importers(*sample_margins(shared, cube))
    assert errors.loc["all", "error"] < 0.17 < 0.25 < errors.loc["all", "error_of_means"]
    assert errors.loc["manufactures", "error"] < 0.12
    assert errors.loc["food", "error"] < 0.10
    assert errors.loc[["agriculture", "extraction"], "error"].max() < 0.40
    assert abs(errors["estimated"] / errors["true"] - 1).max() < 0.08


def test_goods_meet_their_groups_mean_and_keep_published_rates() -> None:
    table = read_rates()
    coords = {"i": list(table.index), "s": ["A", "B"], "d": ["A", "B"]}
    trade = xr.DataArray(np.ones((len(table), 2, 2)) * (1 - np.eye(2)), dims=("i", "s", "d"), coords=coords)
    weight = xr.DataArray(np.full((2, 2), 0.8), dims=("s", "d"), coords={"s": ["A", "B"], "d": ["A", "B"]})
    means = {"agriculture": 0.09, "extraction": 0.057, "food": 0.047, "manufactures": 0.045}
    rates = rates_by_good(means, trade, weight)
    for group, goods in table.groupby("group").groups.items():
        assert 0.8 * rates[list(goods)].mean() == pytest.approx(means[str(group)])
    assert rates["C23"] == pytest.approx(0.0944 / 1.25)
    assert rates["B05"] / rates["B06"] == pytest.approx(45.5 / 4.1 / (7.16 / 2.46))
    with pytest.raises(DataError, match="rates of manufactures exceed the group's mean"):
        rates_by_good(means | {"manufactures": 0.01}, trade, weight)


# the shipped world


def test_the_default_world_ships_at_plausible_cost(default: Benchmark) -> None:
    g, goods = default.sam, slice(0, 19)
    freight, fob = g["vtwr"][0], g["vfob"]
    assert 0.033 < freight.sum() / fob[goods].sum() < 0.040  # GTAP sample, goods: 0.035
    rate = xr.DataArray(freight[goods].sum((1, 2)) / fob[goods].sum((1, 2)), dims="i", coords={"i": default.commodities[goods]})
    assert rate.sel(i=["agr", "nmm", "wpp", "pet"]).min() > 2 * rate.sel(i=["elc", "mac", "pha"]).max()
    usa = default.regions.index("USA")
    assert freight[:, :, usa].sum() / fob[goods, :, usa].sum() == pytest.approx(0.032, abs=0.004)  # Adler, Hufbauer 2009: 3.2 %
    assert g["vst"].sum() == pytest.approx(freight.sum())
    assert not freight[19:].any()
    assert "error on hidden importers 16 %" in str(default.attrs["freight"])


def test_estimated_freight_is_flagged_and_routes_by_sea_too(default: Benchmark) -> None:
    assert int(default.status("vtwr").sel(i="elc", s="CHN", d="USA").item()) == 4
    assert int(default.status("vcif").sel(i="elc", s="CHN", d="USA")) == 4
    assert int(default.status("vcif").sel(i="bus", s="CHN", d="USA")) == 2
    assert int(default.status("vfob").sel(i="elc", s="CHN", d="USA")) == 1
    assert default.satellites is not None
    sea = default.satellites["sea_borne"]
    assert float(sea.sel(s="CHN", d="USA")) == 1
    assert float(sea.sel(s="CAN", d="USA")) == 0
    assert 0 < float(sea.sel(s="EU", d="EU")) < 0.2  # islands


def test_grouping_keeps_freight_and_the_share_that_crosses_the_sea(default: Benchmark) -> None:
    america = {"USA", "CAN", "MEX"}
    grouped = aggregate_benchmark(
        default, {r: "NAM" if r in america else "ROW" if r != "CHN" else "CHN" for r in default.regions}
    )
    assert grouped.sam["vtwr"].sum() == pytest.approx(default.sam["vtwr"].sum())
    assert grouped.satellites is not None
    sea = grouped.satellites["sea_borne"]
    assert float(sea.sel(s="NAM", d="NAM")) == 0
    assert float(sea.sel(s="CHN", d="NAM")) == 1
    assert 0 < float(sea.sel(s="CHN", d="ROW")) < 1


def test_taxes_on_purchases_keep_their_rates() -> None:
    plain = random_sam(3, 4, 5, taxes=0.0)
    taxed = {h: plain[h].copy() for h in SCHEMA}
    for agent, rate in (("f", 1.05), ("p", 1.2), ("g", 0.9), ("i", 1.1)):
        for origin in "dm":
            taxed[f"v{origin}{agent}p"] *= rate
    left = taxed["maks"].sum(0) - (taxed["vdfp"] + taxed["vmfp"]).sum(0)
    for h in ("evfb", "evfp", "evos"):
        taxed[h] *= left / taxed[h].sum(0)
    sets = {d: [str(x) for x in plain.data[d].values] for d in ("i", "a", "f", "r", "m")}
    draft = Sam(make_dataset(taxed, sets))
    spent = draft.expenditure()
    taxed["save"] = draft.income() - spent["prv"] - spent["gov"]
    before = Sam(make_dataset(taxed, sets))
    assert before.check(1e-9).empty
    after = with_freight(before, _rates(before, ["g0", "g1"], 0.01), "g3")
    assert after.check(1e-9).empty
    for agent, rate in (("f", 1.05), ("p", 1.2), ("g", 0.9), ("i", 1.1)):
        for origin in "dm":
            assert after[f"v{origin}{agent}p"] == pytest.approx(rate * after[f"v{origin}{agent}b"])
    # freight that does not fit into one user's purchases falls on others, who may pay other taxes
    assert after.gdp() == pytest.approx(before.gdp(), rel=1e-4)


def test_cif_values_survive_saving_without_being_stored(default: Benchmark, tmp_path: Path) -> None:
    default.save(tmp_path / "b.nc")
    again = load_benchmark(tmp_path / "b.nc")
    assert np.array_equal(again.sam["vcif"], default.sam["vcif"])
    assert again.sam.data["vcif"].attrs == default.sam.data["vcif"].attrs
    assert "vcif" not in xr.open_dataset(tmp_path / "b.nc", engine="h5netcdf")


# the instrument


def test_dearer_sea_freight_costs_the_world_what_it_takes(default: Benchmark) -> None:
    """A tenth less is carried by a unit of service on sea routes: the loss is the extra cost, most of it on bulky goods."""
    assert default.satellites is not None
    sea = default.satellites["sea_borne"]
    model = Model(default)
    base = model.solve(progress=False)
    productivity = (base["atmfsd"] * 0 + 1) - 0.1 * sea
    after = model.solve(exogenous={"atmfsd": productivity}, progress=False)
    extra = float((default.sam.data["vtwr"] * (1 / productivity - 1)).sum())
    lost = float(after.compare(base).table()["ev_musd"].sum())
    assert lost == pytest.approx(-extra, rel=0.2)  # what it takes, and taxes on what is bought less
    price = after["pcif"] / base["pcif"]
    assert price.sel(i="agr", s="USA", d="CHN") > price.sel(i="elc", s="USA", d="CHN") > 1
    assert abs(price.sel(i="agr", s="CAN", d="USA") - 1) < 0.1 * abs(price.sel(i="agr", s="USA", d="CHN") - 1)
