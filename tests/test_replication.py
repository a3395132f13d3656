"""Published results and textbook closed forms."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import xarray as xr

from calibration import Benchmark, DataError
from calibration.from_flows import benchmark_from_flows
from cge import InstrumentChange, Model, Policy
from cge.blocks.deficits import TRADE_MODEL
from tests.worlds import elasticity_table


@pytest.fixture(scope="module")
def nafta(shared):
    from policies.replicate import caliendo_parro_2015

    return caliendo_parro_2015(shared / "caliendo_parro_2015")


@pytest.mark.shared
def test_caliendo_parro_real_wages(nafta) -> None:
    # Caliendo and Parro, REStud 82(1), 2015, Table 2
    for country, published in {"USA": 0.11, "CAN": 0.32, "MEX": 1.72}.items():
        assert nafta.table.loc[country, "real_wage"] == pytest.approx(published, abs=0.01)
    assert nafta.residual < 1e-10
    assert nafta.walras < 1e-10
    assert len(nafta.table) == 31


@pytest.mark.shared
def test_caliendo_parro_welfare_in_the_papers_first_order_form(nafta) -> None:
    for country, published in {"USA": 0.08, "CAN": -0.06, "MEX": 1.31}.items():
        assert nafta.table.loc[country, "welfare_first_order"] == pytest.approx(published, abs=0.01)
    # the exact change of Mexico's real income is far smaller: lost revenue is not a first-order matter
    assert nafta.table.loc["MEX", "real_income"] < 0.1


@pytest.mark.shared
def test_replicate_command(shared, capsys, monkeypatch) -> None:
    from cge.cli import main

    folder = str(shared / "caliendo_parro_2015")
    monkeypatch.setattr(sys, "argv", ["cge", "replicate", "caliendo-parro-2015", "--data", folder, "--json"])
    with pytest.raises(SystemExit):
        main()
    held = json.loads(capsys.readouterr().out)
    assert held["countries"]["MEX"]["real_wage"] == pytest.approx(1.72, abs=0.01)


def test_missing_replication_data_say_where_to_give_them(tmp_path) -> None:
    from policies.replicate import caliendo_parro_2015

    with pytest.raises(DataError, match=r"IO\.txt not found"):
        caliendo_parro_2015(tmp_path)


def armington_world(materials: float, theta: float = 4.0, size: tuple[float, float] = (100.0, 40.0)) -> Benchmark:
    """Two countries, one good, labour; a share of cost may be materials (the good itself, Cobb-Douglas)."""
    value_added = np.array(size)  # no duties, balanced trade of 12
    flow = np.full((1, 2, 2), 12.0)
    flow[0, [0, 1], [0, 1]] = value_added / (1 - materials) - 12.0
    names = {"i": ["g"], "a": ["g"], "r": ["A", "B"], "s": ["A", "B"], "d": ["A", "B"]}

    def labelled(values: np.ndarray, *dims: str) -> xr.DataArray:
        return xr.DataArray(values, dims=dims, coords={d: names[d] for d in dims})

    inputs = labelled(np.full((1, 1, 2), materials), "i", "a", "r")
    return benchmark_from_flows(labelled(flow, "i", "s", "d"), inputs, labelled(np.array([theta]), "i")).benchmark


@pytest.mark.parametrize("materials", [0.0, 0.5])
def test_gains_from_trade_are_the_domestic_share_to_the_power_of_minus_one_over_theta(materials: float) -> None:
    # Arkolakis, Costinot, Rodriguez-Clare 2012; with materials the exponent is divided by the labour share
    theta = 4.0
    model = Model(armington_world(materials, theta), sourcing="pooled", blocks=TRADE_MODEL)
    base = model.solve()
    dearer = Policy(name="cost", instruments=(InstrumentChange(instrument="ams", among=True, factor=1 / 1.4),))
    after = model.solve(dearer)
    spent = [s["vob"] * s["pds"] * s["qo"] for s in (base, after)]
    home = [(s["vdfb"] * s["pds"] * s["qfd"]).sum("a") + s["vdpb"] * s["pds"] * s["qpd"] for s in (base, after)]
    share = [h / x for h, x in zip(home, spent, strict=True)]
    predicted = (share[1] / share[0]) ** (-1 / (theta * (1 - materials)))
    real = after["rw"].isel(f=0) / base["rw"].isel(f=0)
    assert np.allclose(real.values, predicted.isel(i=0).values, rtol=1e-10)
    assert (real < 0.999).all()


def test_stolper_samuelson_protection_raises_the_real_reward_of_the_factor_used_intensively() -> None:
    # two countries, two goods of opposite factor intensity, near-homogeneous goods: protect the labour good
    from tests.worlds import symmetric_benchmark

    benchmark = symmetric_benchmark(tariff=0.0)
    table = elasticity_table(benchmark.commodities, esubm=30.0, esubd=30.0, esubva=1.0, esubt=0.0, esubc=0.0)
    model = Model(benchmark.with_elasticities(table))
    labour = model.data["evfb"][0, :, 0] / model.data["evfb"][:, :, 0].sum(0)
    good = benchmark.commodities[int(labour.argmax())]
    change = InstrumentChange(instrument="tms", where={"i": (good,), "d": ("R0",)}, among=True, factor=1.1)
    after = model.solve(Policy(name="protect", instruments=(change,)))
    real = after["rw"].sel(r="R0")
    assert float(real.sel(f="lab")) > 1
    assert float(real.sel(f="cap")) < float(real.sel(f="lab"))


@pytest.mark.parametrize("theta", [4.0, 20.0])
def test_optimal_tariff_of_a_small_country_is_the_inverse_trade_elasticity(theta: float) -> None:
    # Gros 1987, Alvarez and Lucas 2007: 1 / theta for differentiated goods, zero as they become homogeneous
    benchmark = armington_world(0.0, theta, size=(1e6, 40.0))  # B is small
    model = Model(benchmark, sourcing="pooled", blocks=TRADE_MODEL)

    def slope(rate: float) -> float:
        change = InstrumentChange(instrument="tms", where={"s": ("A",), "d": ("B",)}, rate_to=rate)
        there = model.solve(Policy(name="tariff", instruments=(change,)))
        gradient = [
            there.gradient(k, "tms", r="B")["tms"].sel(s="A", d="B").item() / there[k].sel(r="B").item() for k in ("y", "ppriv")
        ]
        return gradient[0] - gradient[1]

    at = 1 / theta
    assert slope(0.9 * at) > 0 > slope(1.1 * at)
    assert abs(slope(at)) < 0.01 * abs(slope(0.0))
