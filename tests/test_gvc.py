"""Value-chain indicators: published numbers, adding-up, invariances, and the table of a solution."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.replication import LEATHER_KWW
from cge import InstrumentChange, Model, ModelError, Policy
from cge.gvc import Icio
from policies import rcep
from tests.worlds import random_benchmark


def random_table(seed: int, regions: int = 3, sectors: int = 3) -> Icio:
    rng = np.random.default_rng(seed)
    size = regions * sectors
    z = rng.lognormal(0, 1, (size, size))
    z[rng.uniform(size=z.shape) < 0.2] = 0.0
    y = rng.lognormal(1.5, 1, (size, regions))
    y *= max(1.0, 1.3 * z.sum(0).max() / max(z.sum(1).min(), 0.1) / 3)
    y[np.arange(size), np.repeat(np.arange(regions), sectors)] += 1.5 * np.maximum(z.sum(0) - z.sum(1), 0)
    return Icio.from_arrays(z, y, regions=[f"R{k}" for k in range(regions)], sectors=[f"s{k}" for k in range(sectors)])


@pytest.fixture(scope="module")
def leather(shared) -> Icio:
    table = pd.read_csv(shared / "leather" / "leather.csv")
    regions, sectors = (list(dict.fromkeys(table[c])) for c in ("country", "industry"))
    return Icio.from_arrays(
        table.iloc[:, 2:11].to_numpy(float), table.iloc[:, 11:14].to_numpy(float), regions=regions, sectors=sectors
    )


@pytest.mark.shared
def test_leather_value_added_origins(leather) -> None:
    # decompr (Quast and Kummritz 2015), leontief decomposition of exports
    origins = leather.value_added_origins().values
    assert origins[0, 0] == pytest.approx(28.52278, abs=5e-6)
    assert origins[-1, -1] == pytest.approx(34.74382, abs=5e-6)


@pytest.mark.shared
def test_leather_koopman_wang_wei_terms(leather) -> None:
    terms = leather.kww()
    for country, values in LEATHER_KWW.items():
        assert np.allclose(terms.sel(r=country), values, atol=5.1e-5)
    assert np.allclose(terms.sum("term"), [64.3, 113.6, 147.6])


@pytest.mark.shared
def test_leather_borin_mancini_terms(leather) -> None:
    published = {
        "Argentina": [53.6900, 52.8176, 0.8724, 10.6100, 10.4348, 0.1752, 46.7321, 6.0855, 34.7988],
        "Turkey": [92.4618, 89.8248, 2.6369, 21.1382, 20.5556, 0.5826, 77.3414, 12.4834, 65.5036],
        "Germany": [111.2906, 106.8424, 4.4482, 36.3094, 35.0649, 1.2445, 96.7191, 10.1233, 89.3169],
    }
    found = leather.borin_mancini()
    assert list(found) == "dc dva ddc fc fva fdc vax ref davax".split()
    for country, values in published.items():
        assert np.allclose([float(found[k].sel(r=country)) for k in found], values, atol=5.1e-5)


@pytest.fixture(scope="module")
def wiod(shared) -> Icio:
    from calibration.readers import read_wiod

    return Icio.from_mrio(read_wiod(shared / "wiod_2013"))


@pytest.mark.shared
def test_wiod_2011_aggregates(wiod) -> None:
    exports = wiod.exports.sum()
    assert exports == pytest.approx(18.340e6, rel=5e-5)
    vax = wiod.value_added_exports().values
    assert (vax.sum() - np.trace(vax)) / exports == pytest.approx(0.7245, abs=6e-5)
    vs = wiod.vertical_specialisation()
    assert float(vs["vs"].sum()) / exports == pytest.approx(0.2471, abs=6e-5)
    assert 1 - float(wiod.borin_mancini()["davax"].sum()) / exports == pytest.approx(0.4441, abs=6e-5)
    for country, share in {"USA": 0.149, "CHN": 0.218, "DEU": 0.272, "KOR": 0.402, "MEX": 0.300}.items():
        assert float(vs["vs_share"].sel(r=country)) == pytest.approx(share, abs=6e-4)
    germany = wiod.regions.index("DEU")
    own = wiod.content[germany, germany * 35 + wiod.sectors.index("c15")]
    assert 1 - own == pytest.approx(0.344, abs=6e-4)


@pytest.mark.shared
def test_wiod_adds_up(wiod) -> None:
    exports = wiod.sum_regions(wiod.exports)
    assert abs(wiod.kww().sum("term").values - exports).max() < 1e-9 * exports.max()
    bm = wiod.borin_mancini()
    assert abs((bm["dc"] + bm["fc"]).values - exports).max() < 1e-9 * exports.max()
    for direction in ("forward", "backward"):
        shares = wiod.participation(direction)
        total = sum(shares[k] for k in shares)
        assert float(abs(total - 1).max()) < 1e-9
    up = wiod.upstreamness("country").to_series()
    assert up.idxmax() == "CHN"  # the country furthest from final use in 2011 (Antras and Chor 2018)
    assert 1 < up.min() < up.max() < 3


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_every_decomposition_adds_up_on_random_tables(seed: int) -> None:
    t = random_table(seed)
    exports = t.sum_regions(t.exports)
    assert np.allclose(t.kww().sum("term"), exports, rtol=1e-9)
    bm, kww = t.borin_mancini(), t.kww()
    assert np.allclose(bm["dc"] + bm["fc"], exports, rtol=1e-9)
    assert np.allclose(bm["dva"], kww.sel(term=["T1", "T2", "T3", "T4", "T5"]).sum("term"), rtol=1e-9)
    assert np.allclose(bm["vax"], kww.sel(term=["T1", "T2", "T3"]).sum("term"), rtol=1e-8)
    source, sink = t.borin_mancini_bilateral("source").sum("d"), t.borin_mancini_bilateral("sink").sum("d")
    for name in ("dva", "fva", "dc", "fc"):
        assert np.allclose(source[name], sink[name], rtol=1e-9), name
    assert np.allclose(t.value_added_exports().sum("d"), t.sum_regions(t.value_added), rtol=1e-9)
    assert np.allclose(t.content.sum(0), 1.0, rtol=1e-9)
    for direction in ("forward", "backward"):
        shares = t.participation(direction)
        assert np.allclose(sum(shares[k] for k in shares), 1.0, rtol=1e-9)
    gdp = t.sum_regions(t.value_added).sum()
    assert float(t.gvc_income(sectors=t.sectors).sum()) == pytest.approx(gdp, rel=1e-9)
    assert float(t.bloc_matrix({"A": ["R0"]}).sum()) == pytest.approx(gdp, rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_indicators_do_not_depend_on_units_or_on_splitting_a_sector_in_identical_halves(seed: int) -> None:
    t = random_table(seed)
    scaled = Icio.from_arrays(7 * t.z, 7 * t.final, regions=t.regions, sectors=t.sectors)
    assert np.allclose(scaled.kww(), 7 * t.kww(), rtol=1e-10)
    assert np.allclose(scaled.upstreamness(), t.upstreamness(), rtol=1e-10)
    r, n = t.size
    halves = np.repeat(np.arange(r * n), [2 if k % n == 0 else 1 for k in range(r * n)])
    weight = np.array([0.5 if k % n == 0 else 1.0 for k in halves])
    z = t.z[np.ix_(halves, halves)] * weight[:, None] * weight[None, :]
    y = t.final[halves] * weight[:, None]
    split = Icio.from_arrays(z, y, regions=t.regions, sectors=["s0a", "s0b", *t.sectors[1:]])
    assert np.allclose(split.kww(), t.kww(), rtol=1e-9)
    assert np.allclose(split.borin_mancini().to_array(), t.borin_mancini().to_array(), rtol=1e-8, atol=1e-10)
    assert np.allclose(split.upstreamness().sel(i="s0a"), t.upstreamness().sel(i="s0"), rtol=1e-10)
    assert np.allclose(split.production_length()["gvc"].sel(i="s0b"), t.production_length()["gvc"].sel(i="s0"), rtol=1e-8)


def test_autarky_has_no_value_chains_and_length_one_without_intermediates() -> None:
    z = np.zeros((4, 4))
    z[:2, :2] = z[2:, 2:] = [[1.0, 2.0], [1.0, 1.0]]
    y = np.zeros((4, 2))
    y[:2, 0] = y[2:, 1] = 10.0
    closed = Icio.from_arrays(z, y, regions=["A", "B"], sectors=["g", "h"])
    assert float(closed.participation()["domestic"].min()) == pytest.approx(1.0)
    assert float(closed.exposure()["look_through"].max()) == 0.0
    assert float(abs(closed.output_at_risk("A").sel(r="B")).max()) == pytest.approx(0.0, abs=1e-14)
    bare = Icio.from_arrays(0 * z, y, regions=["A", "B"], sectors=["g", "h"])
    assert np.allclose(bare.upstreamness(), 1.0)
    assert np.allclose(bare.production_length()["total"], 1.0)


def test_two_country_chain_by_hand() -> None:
    # A makes parts worth 10 from labour alone and sells them to B, which adds 20 and exports half to A
    z = np.array([[0.0, 10.0], [0.0, 0.0]])
    y = np.array([[0.0, 0.0], [15.0, 15.0]])
    t = Icio.from_arrays(z, y, regions=["A", "B"], sectors=["x"])
    terms = t.kww()
    assert terms.sel(r="A", term="T2").item() == pytest.approx(5.0)  # absorbed by the direct importer
    assert terms.sel(r="A", term="T4").item() == pytest.approx(5.0)  # comes home in final goods
    assert terms.sel(r="B", term="T1").item() == pytest.approx(10.0)
    assert terms.sel(r="B", term="T7").item() == pytest.approx(5.0)
    assert t.upstreamness().values.ravel().tolist() == pytest.approx([2.0, 1.0])
    assert t.downstreamness().values.ravel().tolist() == pytest.approx([1.0, 4 / 3])
    assert t.exposure()["face_value"].sel(s="A", d="B").item() == pytest.approx(1 / 3)
    assert t.output_at_risk("A").sel(r="A").item() == pytest.approx(1.0)
    assert float(t.supplier_concentration()["imports"].sel(i="x", d="B")) == 1.0
    assert float(t.regionalisation({"both": ["A", "B"]}).sel(r="B")) == 1.0
    jobs = xr.DataArray([[2.0], [6.0]], dims=("r", "i"), coords={"r": ["A", "B"], "i": ["x"]}, attrs={"units": "jobs"})
    assert t.embodied(jobs).sel(r="A").values.tolist() == pytest.approx([1.0, 1.0])
    assert float(t.gvc_income(intensity=jobs).sum()) == pytest.approx(8.0)
    assert float(t.services_content(["x"])["foreign"].sel(r="B", i="x")) == pytest.approx(1 / 3)


@pytest.mark.parametrize("sourcing", ["use", "pooled", "agent"])
def test_table_of_a_solution_is_the_model_cell_by_cell(sourcing: str) -> None:
    model = Model(random_benchmark(3, 3, seed=11), sourcing=sourcing)
    change = InstrumentChange(instrument="tms", among=True, rate_add=0.1)
    for solution in (model.solve(), model.solve(Policy(name="t", instruments=(change,)))):
        for prices in ("current", "base"):
            t = solution.icio(prices)
            price = solution["pds"] if prices == "current" else xr.ones_like(solution["pds"])
            made = (solution["vob"] * price * solution["qo"]).transpose("r", "i")
            assert np.allclose(t.output, made, rtol=1e-9)
            flows = (solution["vxsb"] * solution["qxs"] * price.rename(r="s")).transpose("s", "i", "d").values
            r, n = t.size
            margin_row = n - 1
            ours = t.bilateral_exports.reshape(r, n, r)
            keep = [k for k in range(n) if k != margin_row]
            own = np.eye(r, dtype=bool)[:, None, :]
            assert np.allclose(np.where(own, 0, ours)[:, keep], np.where(own, 0, flows)[:, keep], rtol=1e-9, atol=1e-12)
            domestic = (solution["vdfb"] * solution["qfd"]).values * price.values[:, None]
            block = np.stack([t.z.reshape(r, n, r, n)[k, :, k] for k in range(r)], axis=2)
            assert np.allclose(block[keep], domestic[keep], rtol=1e-9)
        current = solution.icio()
        parts = sum(current.components.values())
        assert np.allclose(parts, current.value_added, rtol=1e-9)


def test_benchmark_table_is_the_sams_own() -> None:
    benchmark = random_benchmark(3, 3, seed=12)
    ours, data = Model(benchmark, sourcing="agent").solve().icio(), Icio.from_sam(benchmark.sam)
    assert np.allclose(ours.z, data.z, rtol=1e-10)
    assert np.allclose(ours.y, data.y, rtol=1e-10)


def test_zero_policy_leaves_value_chains_alone_and_rcep_binds_its_members(world_model, world_base) -> None:
    still = world_base.gvc().compare(world_model.solve(0.0 * rcep()).gvc()).table()
    assert (still.xs("change", axis=1, level=1).abs().max() < 1e-12).all()
    after = world_model.solve(rcep())
    change = world_base.gvc().compare(after.gvc())
    blocs = change.blocs().sel(origin="East Asia", destination="East Asia")
    assert float(blocs.sel(state="after")) > 1.005 * float(blocs.sel(state="before"))  # more of it made for each other
    table = change.table()
    korea, america = table.loc["KOR"], table.loc["USA"]
    assert korea["gvc_share", "change"] > 10 * abs(america["gvc_share", "change"])  # a member of chains, and an outsider
    assert korea["regionalisation", "change"] > 0.01  # its trade turns to the region
    assert korea["exports", "change"] > 0 > america["exports", "change"]
    assert set(change.by_sector()) == {"forward", "backward", "length"}
    # value added sums to GDP at basic prices on both sides
    for state in (world_base, after):
        va = state.icio().value_added.sum()
        taxes = float((state["rtu"]).sum() + state["rtm"].sum())
        assert va == pytest.approx(float(state["gdp"].sum()) - taxes + duties_on_inputs(state), rel=1e-9)


def duties_on_inputs(state) -> float:
    """Import duties that activities pay: inside the wide value added of the table, not in final spending."""
    rate = state["tms"] - 1
    paid = state["vcif"] * state["pcif"] * state["qxs"] * rate
    t = state.icio()
    r, n = t.size
    used = t.z.reshape(r, n, r, n).sum(3)
    total = used + t.final.reshape(r, n, r)
    share = np.divide(used, total, out=np.zeros_like(used), where=total > 0)  # (s, i, d)
    return float((paid.transpose("s", "i", "d").values * share).sum())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"z": np.zeros((3, 2))}, "must be a square matrix"),
        ({"z": -np.ones((4, 4))}, "intermediate flow A g -> A g is negative"),
        ({"z": np.full((4, 4), np.nan)}, "intermediate flow of A g is not finite"),
        ({"y": np.ones((4, 3))}, "final demand has shape"),
        ({"regions": ["A"]}, "need 2 rows"),
        ({"y": np.full((4, 2), -10.0)}, "output of A g is negative"),
    ],
)
def test_bad_tables_are_named(change: dict, message: str) -> None:
    given_ = {"z": np.ones((4, 4)), "y": np.ones((4, 2)), "regions": ["A", "B"], "sectors": ["g", "h"], **change}
    with pytest.raises(ModelError, match=message):
        Icio.from_arrays(given_["z"], given_["y"], regions=given_["regions"], sectors=given_["sectors"])


def test_singular_leontief_and_empty_sectors() -> None:
    t = Icio.from_arrays(np.diag([1.0, 0.0]), np.array([[0.0], [1.0]]), regions=["A"], sectors=["g", "h"])
    with pytest.raises(ModelError, match="Leontief matrix is singular near A g"):
        t.leontief(np.ones(2))
    empty = Icio.from_arrays(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[2.0], [0.0]]), regions=["A"], sectors=["g", "h"])
    assert empty.upstreamness().sel(i="h").item() == 1.0
    assert np.isnan(empty.participation()["domestic"].sel(i="h").item())


def test_unknown_options_are_refused(world_base) -> None:
    t = world_base.icio()
    with pytest.raises(ModelError, match="unknown perspective"):
        t.borin_mancini("both")
    with pytest.raises(ModelError, match="unknown direction"):
        t.participation("sideways")
    with pytest.raises(ValueError, match="unknown region 'CHNA'; did you mean 'CHN'"):
        t.output_at_risk("CHNA")
    with pytest.raises(ModelError, match="unknown level"):
        t.upstreamness("continent")
    with pytest.raises(AttributeError):
        t.nonsense  # noqa: B018


# -- industries and regions out of the ordinary ----------------------------------------------------


def odd_table(seed: int, kind: str, regions: int = 3, sectors: int = 3) -> Icio:
    """A random table in which one thing is out of the ordinary."""
    plain = random_table(seed, regions, sectors)
    z, y = plain.z.copy(), plain.final.copy()
    n = sectors
    k = (seed % regions) * n  # the first industry of one region
    if kind == "empty":
        z[k], z[:, k], y[k] = 0.0, 0.0, 0.0
    elif kind == "buys and sells nothing":
        z[:, k] += 0.01
        z[k], y[k] = 0.0, 0.0
    elif kind == "closed region":
        own = np.zeros(regions * n, bool)
        own[k : k + n] = True
        z[np.ix_(own, ~own)] = 0.0
        y[np.ix_(own, np.arange(regions) != seed % regions)] = 0.0
        y[own, seed % regions] += 5 * z.sum(0)[own] + 1.0
    elif kind == "negative value added":
        z[k, k] = 0.0
        z[:, k] += 0.01
        z[k, k] = 0.0
        z[:, k] *= 1.2 * (z[k].sum() + y[k].sum()) / max(z[:, k].sum(), 1e-9)
    elif kind == "no own sales":
        for s in range(regions):
            block = slice(s * n, (s + 1) * n)
            y[block, s] = 0.0
            z[block, block] = 0.0
        y += 1.5 * np.maximum(z.sum(0) - z.sum(1), 0)[:, None] * (y > 0)
    elif kind == "no trade at all":
        for s in range(regions):
            block = slice(s * n, (s + 1) * n)
            z[block, : s * n] = z[block, (s + 1) * n :] = 0.0
            y[block, :s] = y[block, s + 1 :] = 0.0
    return Icio.from_arrays(z, y, regions=plain.regions, sectors=plain.sectors)


ODD = ("empty", "buys and sells nothing", "closed region", "negative value added", "no own sales", "no trade at all")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(ODD), st.sampled_from([(3, 3), (2, 1), (1, 3), (1, 1), (4, 2)]))
def test_what_adds_up_in_theory_adds_up_on_every_table(seed: int, kind: str, size: tuple[int, int]) -> None:
    if kind == "no own sales" and size[0] == 1:
        return
    if kind in ("empty", "buys and sells nothing") and size == (1, 1):
        return
    t = odd_table(seed, kind, *size)
    exports = t.sum_regions(t.exports)
    close = {"rtol": 1e-7, "atol": 1e-8 * max(float(abs(t.x).max()), 1.0)}
    assert np.allclose(t.kww().sum("term"), exports, **close)
    bm = t.borin_mancini()
    assert np.allclose(bm["dc"] + bm["fc"], exports, **close)
    assert np.allclose(bm["vax"] + bm["ref"], bm["dva"], **close)
    assert np.allclose(t.value_added_exports().sum("d"), t.sum_regions(t.value_added), **close)
    assert t.final.sum() == pytest.approx(t.value_added.sum(), rel=1e-9)
    for direction, whole in (("forward", t.value_added), ("backward", t.final.sum(1))):
        shares = t.participation(direction)
        total = sum(shares[k] for k in shares).values.ravel()
        assert np.allclose(total[whole != 0], 1.0, rtol=1e-7)
        assert np.isnan(total[whole == 0]).all()
    for length in t.production_length().data_vars.values():
        assert (length.values[np.isfinite(length.values)] > 0.9).all() or kind == "negative value added"
    summary = t.indicators().summary()
    closed = exports == 0
    for column in ("vax_ratio", "gvc_share", "foreign_content"):
        assert np.isnan(summary[column][closed]).all()
        assert np.isfinite(summary[column][~closed]).all()
    assert np.isfinite(t.exposure()["look_through"]).all()
    assert np.isfinite(t.upstreamness()).all()
    assert np.isfinite(t.output_at_risk(t.regions[0])).all()
    assert np.isfinite(t.indicators().compare(t.indicators()).table()["exports"]).all().all()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("buys and sells nothing", "R1 s0 buy inputs and make nothing"),
        ("empty", "R1 s0 make nothing and buy nothing"),
        ("closed region", "R1 export nothing; shares of exports are NaN there"),
        ("negative value added", "R1 s0 have negative value added"),
    ],
)
def test_what_is_out_of_the_ordinary_is_noted(kind: str, said: str) -> None:
    t = odd_table(1, kind)
    assert any(line.startswith(said) for line in t.remarks), t.remarks
    assert said in t.to_dataset().attrs["remarks"]
    assert t.indicators().compare(random_table(1).indicators()).remarks == t.remarks
    assert random_table(1).remarks == []


def test_purchases_of_an_industry_that_makes_nothing_are_final_use_of_its_region() -> None:
    t = odd_table(1, "buys and sells nothing")
    k = t.regions.index("R1") * 3
    assert t.value_added[k] == 0.0
    moved = np.zeros_like(t.final)
    moved[:, 1] = t.z[:, k]
    assert np.allclose(t.final - t.y.sum(2), moved, rtol=1e-14)
    told = Icio.from_arrays(t.inter, t.final, regions=t.regions, sectors=t.sectors)
    assert np.allclose(told.kww(), t.kww(), rtol=1e-12)
    assert np.allclose(told.upstreamness(), t.upstreamness(), rtol=1e-12)


def test_a_closed_region_has_no_chains_that_cross_borders() -> None:
    t = odd_table(1, "no trade at all")
    assert np.isnan(t.production_length()["gvc"]).all()  # not a quotient of rounding errors
    assert np.isnan(t.production_length("backward")["gvc"]).all()
    assert float(abs(t.kww()).max()) == 0.0


def test_sales_without_output_are_refused_by_name() -> None:
    plain = random_table(2)
    z, y = plain.z.copy(), plain.final.copy()
    y[4] = 0.0
    y[4, 1] = -z[4].sum()  # all it sells comes out of stocks
    t = Icio.from_arrays(z, y, regions=plain.regions, sectors=plain.sectors)
    assert any("sell out of stocks" in line for line in t.remarks)
    for ask in (t.kww, t.borin_mancini, lambda: t.participation("backward"), t.vertical_specialisation):
        with pytest.raises(ModelError, match=r"do not add up for .* R1 s1 sells more than it makes"):
            ask()


def test_a_wrong_term_is_found(monkeypatch) -> None:
    t = random_table(5)
    monkeypatch.setattr(Icio, "apply_domestic", lambda self, vector, transposed=False: 1.01 * vector)
    with pytest.raises(ModelError, match=r"the nine terms of exports do not add up for R\d: .* a gap of"):
        t.kww()


def test_tables_and_totals_that_do_not_match_are_refused() -> None:
    t = random_table(1)
    other = Icio.from_arrays(t.z, t.final, regions=["R0", "R2", "R1"], sectors=t.sectors)
    with pytest.raises(ModelError, match="the tables differ in regions"):
        t.indicators().compare(other.indicators())
    with pytest.raises(ModelError, match="region R0 comes twice"):
        Icio.from_arrays(t.z, t.final, regions=["R0", "R0", "R1"], sectors=t.sectors)
    with pytest.raises(ModelError, match="inventories of the table must have 9 rows"):
        Icio.from_arrays(t.z, t.final, regions=t.regions, sectors=t.sectors, inventories=np.zeros(3))
    with pytest.raises(ModelError, match="output must have a value for each of the 9 rows"):
        Icio.from_arrays(t.z, t.final, regions=t.regions, sectors=t.sectors, output=np.zeros(3))
    jobs = xr.DataArray(np.ones((3, 3)), dims=("r", "i"), coords={"r": t.regions, "i": t.sectors}, attrs={"units": "jobs"})
    assert np.allclose(t.embodied(jobs.isel(r=[2, 0, 1])), t.embodied(jobs), rtol=1e-14)
    assert float(t.embodied(jobs).sum()) == pytest.approx(9.0)
    with pytest.raises(ValueError, match="unknown region of the table 'XX'"):
        t.embodied(xr.concat([jobs, jobs.isel(r=[0]).assign_coords(r=["XX"])], "r"))
    idle = odd_table(1, "empty")
    with pytest.raises(ModelError, match="R1 s0 is 1 and it makes nothing"):
        idle.embodied(jobs)
    with pytest.raises(ValueError, match="unknown member of bloc 'A' 'R9'"):
        t.bloc_matrix({"A": ["R0", "R9"]})
    with pytest.raises(ValueError, match="R0 is in two blocs"):
        t.bloc_matrix({"A": ["R0"], "B": ["R0", "R1"]})
