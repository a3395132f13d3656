"""A price of carbon: one file of a mechanism and one of a policy, on every model and in time."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import load_benchmark
from cge import Model, Scenario, ShockError, solve
from policies import carbon_price


@pytest.fixture(scope="module")
def run():
    return solve(Scenario("world").under(carbon_price(50.0, "EU")))


def test_a_price_cuts_emissions_where_it_is_paid_and_leaks_elsewhere(run) -> None:
    change = run.values("emitted")
    total = (change["after"] - change["before"]).sum("a")
    assert float(total.sel(r="EU")) < -0.01 * float(change["before"].sel(r="EU").sum())
    assert (total.drop_sel(r="EU") > 0).sum() > 25  # leakage


def test_revenue_is_the_price_times_what_is_emitted(run) -> None:
    revenue = float(run.after["rco2"].sel(r="EU"))
    emitted = float(run.after["emitted"].sel(r="EU").sum())
    assert revenue == pytest.approx(50.0 * emitted * float(run.after["pfactwld"]), rel=1e-12)
    assert float(run.after["rco2"].drop_sel(r="EU").sum()) == 0.0


def test_the_mechanism_that_the_policy_needs_is_added_and_said(run, command) -> None:
    assert "Mechanism Carbon is put on the model: the policy needs it." in run.notes
    code, out, err = command("run", "carbon-price", "--price", "20", "--regions", "EU,GBR")
    assert code == 0, err
    assert "Mechanism Carbon is put on the model" in out
    with pytest.raises(ShockError, match=r"this model has no ctax, which mechanism Carbon brings"):
        Model(load_benchmark()).solve(carbon_price())


def test_it_runs_in_time_and_on_gtap() -> None:
    path = solve(Scenario("world").under(carbon_price(30.0)), years="2018:2019")
    assert path.notes == ["Mechanism Carbon is put on the model: the policy needs it."]
    assert path.table()["welfare_percent"].notna().all()
    gtap = solve(Scenario("world", model="gtap").under(carbon_price(30.0)))
    assert set(gtap.table()) >= {"welfare_percent", "ev_musd"}
    core = solve(Scenario("world").under(carbon_price(30.0)))
    cut = [r.values("emitted").sum(("a", "r")) for r in (gtap, core)]
    falls = [float(x["after"] / x["before"] - 1) for x in cut]
    assert all(-0.3 < f < -0.005 for f in falls)
    assert np.sign(gtap.table()["welfare_percent"]["EU"]) == np.sign(core.table()["welfare_percent"]["EU"])


@pytest.mark.parametrize("price", [0, float("nan"), "50", True])
def test_a_price_that_is_none_is_refused(price: object) -> None:
    with pytest.raises(ShockError, match=r"price is .*; a number of USD a tonne other than 0 is needed"):
        carbon_price(price)  # type: ignore[arg-type]
