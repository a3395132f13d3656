"""Electronics split into semiconductors and equipment: what is kept, what the rule says, and a control of exports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration import Benchmark, DataError, load_benchmark
from calibration.chips import CHIPS, COMPONENTS, EQUIPMENT, EXPORTS, OWN_USE, US_SHARE, WORLD_SALES, split_chips
from calibration.datasets.world_chips import measured
from calibration.sam import SCHEMA
from cge import Model
from tests.worlds import random_benchmark


@pytest.fixture(scope="module")
def whole() -> Benchmark:
    return load_benchmark("world")


@pytest.fixture(scope="module")
def split(whole: Benchmark) -> Benchmark:
    return split_chips(whole)


def test_the_halves_add_up_to_electronics(whole: Benchmark, split: Benchmark) -> None:
    assert split.sam.check(1e-9).empty
    m = whole.commodities.index("elc")
    for header, shape in SCHEMA.items():
        before, after = whole.sam[header], split.sam[header]
        for axis, dim in enumerate(shape.dims):
            if dim in ("i", "a"):
                after = np.add.reduceat(after, [k if k <= m else k + 1 for k in range(len(whole.commodities))], axis=axis)
        assert after == pytest.approx(before, rel=1e-9, abs=1e-6), header
    assert split.sam.gdp() == pytest.approx(whole.sam.gdp())
    assert split.satellites is not None
    assert whole.satellites is not None
    assert float(split.satellites["co2"].sum()) == pytest.approx(float(whole.satellites["co2"].sum()))
    assert split.studies == whole.studies


def test_emissions_and_energy_of_the_halves_are_those_of_the_whole(whole: Benchmark, split: Benchmark) -> None:
    before, after = whole.satellites, split.satellites
    assert before is not None
    assert after is not None
    for name in ("co2", "co2_fuel", "energy"):
        assert float(after[name].sum()) == pytest.approx(float(before[name].sum()), rel=1e-12)
        assert after[name].dims == before[name].dims


def test_chips_are_inputs_and_the_world_buys_what_was_sold(whole: Benchmark, split: Benchmark) -> None:
    g, k = split.sam, split.commodities.index(CHIPS)
    use = (g["vdfb"] + g["vmfb"])[k]
    assert use.sum() == pytest.approx(WORLD_SALES)
    assert not any(g[f"v{o}{agent}b"][k].any() for o in "dm" for agent in "pgi")
    usa = split.regions.index("USA")
    m = whole.commodities.index("elc")
    bought = (whole.sam["vdfb"] + whole.sam["vmfb"])[m]
    assert use[:, usa].sum() / bought[:, usa].sum() == pytest.approx(US_SHARE)
    chn = split.regions.index("CHN")
    by_makers = use[[k - 1, k]][:, chn].sum() / bought[m, chn]
    by_cars = use[split.commodities.index("mot"), chn] / bought[whole.commodities.index("mot"), chn]
    assert by_makers / by_cars == pytest.approx(COMPONENTS[0] / COMPONENTS[1])
    inputs = (g["vdfp"] + g["vmfp"])[:, k]
    assert inputs[k, chn] / inputs[:, chn].sum() == pytest.approx(OWN_USE)


def test_trade_in_chips_runs_from_those_who_sell_them(split: Benchmark) -> None:
    trade = split.sam.data["vxsb"].sel(i=CHIPS)
    sold = trade.sum("d").to_pandas()
    listed = [r for r in EXPORTS if r not in ("HKG", "SGP")]
    assert np.corrcoef(sold[listed], [EXPORTS[r] for r in listed])[0, 1] > 0.85
    both = split.sam.data["vxsb"].sel(i=[EQUIPMENT, CHIPS]).sum("d")
    share = (both.sel(i=CHIPS) / both.sum("i")).to_pandas()
    assert min(share[["KOR", "TWN", "MYS"]]) > 2 * share["CHN"]
    g, k = split.sam, split.commodities.index(CHIPS)
    abroad = g["vmfb"][k].sum(0) / (g["vdfb"] + g["vmfb"])[k].sum(0)
    # components in China's table 0.43, chips in BEA's 0.52
    assert abroad[split.regions.index("CHN")] == pytest.approx(0.43, abs=0.15)
    assert abroad[split.regions.index("USA")] == pytest.approx(0.52, abs=0.2)


@pytest.mark.shared
def test_the_shares_are_those_of_the_tables(shared: Path) -> None:
    told = measured(shared)
    assert pytest.approx((told["components of electronics industries"], told["components of others"]), abs=5e-4) == COMPONENTS
    assert pytest.approx(told["chips in US inputs"], abs=5e-4) == US_SHARE
    assert pytest.approx(told["chips of chip makers"], abs=5e-4) == OWN_USE
    assert told["imported components, China"] == pytest.approx(0.434, abs=1e-3)
    assert told["imported chips, US"] == pytest.approx(0.525, abs=1e-3)


def test_a_control_of_chip_exports_hurts_target_and_sellers_less_than_one_of_all_electronics(
    whole: Benchmark, split: Benchmark
) -> None:
    exporters = ["USA", "JPN", "KOR", "TWN", "EU"]

    def welfare(benchmark: Benchmark, goods: str | list[str]) -> dict[str, float]:
        model = Model(benchmark)
        base = model.solve(progress=False)
        ams = base["ams"].copy()
        ams.loc[{"i": goods, "s": exporters, "d": "CHN"}] = 0.9
        return dict(model.solve(exogenous={"ams": ams}, progress=False).compare(base).table()["welfare_percent"])

    chips, both = welfare(split, CHIPS), welfare(split, [EQUIPMENT, CHIPS])
    assert set(sorted(chips, key=lambda r: chips[r])[:3]) == {"CHN", "TWN", "KOR"}
    assert both["CHN"] < chips["CHN"] < 0
    assert both["CHN"] == pytest.approx(welfare(whole, "elc")["CHN"], rel=0.15)


def test_replicates_after_saving(split: Benchmark, tmp_path: Path) -> None:
    split.save(tmp_path / "chips.nc")
    again = load_benchmark(tmp_path / "chips.nc")
    assert Model(again).solve(progress=False).max_residual < 1e-11
    assert "estimated" in str(again.attrs["chips"])
    assert int(again.status("vxsb").sel(i=CHIPS, s="KOR", d="CHN")) == 4


def test_what_cannot_be_split_is_refused(whole: Benchmark) -> None:
    with pytest.raises(DataError, match="unknown sector 'electronic'"):
        split_chips(whole, "electronic")
    with pytest.raises(DataError, match="'mot' is in use"):
        split_chips(whole, names=("eqp", "mot"))
    with pytest.raises(DataError, match="do not fit into electronics bought as inputs"):
        split_chips(whole, world_sales=5e6)
    with pytest.raises(DataError, match="world_sales is -1"):
        split_chips(whole, world_sales=-1)
    with pytest.raises(DataError, match="'trd' is a margin service"):
        split_chips(whole, "trd")
    euro = whole.sam.data.copy()
    euro.attrs = {**euro.attrs, "currency": "EUR"}
    with pytest.raises(DataError, match="is in EUR; pass world_sales"):
        split_chips(replace(whole, sam=type(whole.sam)(euro, whole.sam.adjustments)))


@pytest.mark.parametrize(("seed", "zeros"), [(1, 0.0), (4, 0.0), (0, 0.2), (5, 0.2), (9, 0.2)])
def test_taxed_worlds_with_other_names_and_zeros_balance_too(seed: int, zeros: float) -> None:
    world = random_benchmark(3, 4, seed, zeros)
    bought = (world.sam["vdfb"] + world.sam["vmfb"])[1].sum()
    split = split_chips(world, "g1", world_sales=0.1 * bought)
    assert split.sam.check(1e-9).empty
    assert Model(split).solve(progress=False).walras < 1e-9


def test_the_command_writes_the_split(command, tmp_path: Path) -> None:
    code, out, _ = command("data", "chips", "--out", str(tmp_path / "chips.nc"), "--json")
    assert code == 0
    assert '"KOR"' in out
    assert CHIPS in load_benchmark(tmp_path / "chips.nc").commodities
    code, _, error = command("data", "chips", "--out", str(tmp_path / "chips.txt"))
    assert code != 0
    assert "must end in .nc" in error
