"""The data base after a shock."""

from __future__ import annotations

import numpy as np
import pytest

from cge import Model
from cge.update import updated_benchmark, updated_sam
from policies import InstrumentChange, Policy, rcep
from tests.worlds import random_benchmark


@pytest.mark.parametrize("sourcing", ["use", "pooled", "agent"])
def test_updated_data_balance_and_replicate_the_solution(sourcing: str) -> None:
    model = Model(random_benchmark(3, 3, seed=21), sourcing=sourcing)
    change = InstrumentChange(instrument="tms", among=True, rate_add=0.08)
    after = model.solve(Policy(name="t", instruments=(change,)))
    sam = updated_sam(after)
    assert sam.check(tolerance=1e-9).empty
    again = Model(updated_benchmark(after), sourcing=sourcing)
    start = again.system.pack(again.benchmark_values)
    again.newton.prepare(start)
    assert abs(again.newton.residual(start)).max() < 1e-10
    assert np.allclose(sam.gdp(), after.values_of("gdp"), rtol=1e-10)


def test_undoing_a_policy_on_updated_data_returns_to_the_old_data(world, world_model) -> None:
    cut = rcep()
    after = world_model.solve(cut)
    there = Model(updated_benchmark(after))
    back = {n: there.benchmark_values[n].copy() for n in ("tms",)}
    old = world_model.benchmark_values["tms"]
    back["tms"] = np.where(world.sam["vcif"] > 0, old, back["tms"])
    returned = updated_sam(there.solve(exogenous={n: there.labelled(n, values) for n, values in back.items()}))
    assert np.allclose(returned["vxsb"], world.sam["vxsb"], rtol=1e-6, atol=1e-3)
    assert np.allclose(returned["evfb"], world.sam["evfb"], rtol=1e-7, atol=1e-3)


@pytest.mark.shared
def test_altertax_meets_the_rates_and_keeps_shares(shared) -> None:
    from calibration.gtap import load_gtap
    from cge.gtap import GtapShock, gtap_model
    from cge.gtap.altertax import altertax

    old = load_gtap(shared / "gtap_v7_sample")
    new = altertax(old, GtapShock("tms[manuf,asis,americas]=rate 0.15"))
    assert new.sam.check(tolerance=1e-9).empty
    i, s, d = old.commodities.index("manuf"), old.regions.index("asis"), old.regions.index("americas")
    assert new.sam["vmsb"][i, s, d] / new.sam["vcif"][i, s, d] == pytest.approx(1.15, rel=1e-12)
    shares = [b.sam["vdpp"] / b.sam["vdpp"].sum(0) for b in (old, new)]
    assert abs(shares[0] - shares[1]).max() < 2e-3
    base = gtap_model(new).solve()
    assert base.max_residual < 1e-10
    assert np.allclose(base["qo"], 1.0, atol=1e-9)
