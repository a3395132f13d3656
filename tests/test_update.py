"""The data base after a shock."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration import Benchmark
from cge import InstrumentChange, Model, ModelError, Policy, SolveError
from cge.blocks import CORE, Income, Production
from cge.equations.declare import definition, equation, instrument
from cge.mechanisms.foreign_income import ForeignIncome
from cge.mechanisms.growth import Growth
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.mechanisms.loans import Loans
from cge.model.workspace import residual_at
from cge.results.updated_data import updated_benchmark, updated_sam
from policies import rcep
from tests.worlds import random_benchmark


@pytest.mark.parametrize("sourcing", ["use", "pooled", "agent"])
def test_updated_data_balance_and_replicate_the_solution(sourcing: str) -> None:
    model = Model(random_benchmark(3, 3, seed=21), sourcing=sourcing)
    change = InstrumentChange(instrument="tms", among=True, rate_add=0.08)
    after = model.solve(Policy(name="t", instruments=(change,)))
    sam = updated_sam(after)
    assert sam.check(tolerance=1e-9).empty
    again = Model(updated_benchmark(after), sourcing=sourcing)
    assert residual_at(again, again.benchmark_values) < 1e-10
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


# -- what a year of a path and a block of one's own add --------------------------------------------


def loan_year(investment: str, capital: str):
    """The last year of a path with a loan, a grant and public works, and the model it was solved on."""
    from cge.dynamics import Baseline, Dynamics, Flows

    benchmark = random_benchmark(3, 3, seed=21)
    rate = pd.DataFrame(
        {c: [0.01, 0.015, 0.005] for c in ("gdp", "population", "skl", "unskl", "nat")}, index=benchmark.regions
    )
    size = float(benchmark.sam.gdp().min())

    class Loan:
        name = "loan"

        def flows(self, year, model, state):
            return Flows(
                loans={"R0": 0.01 * size, "R1": -0.01 * size},
                works={"R2": 0.005 * size},
                grants={"R1": 0.002 * size, "R2": -0.002 * size},
            )

    dynamics = Dynamics(Model(benchmark), Baseline.between(2018, 2020, rate), investment, capital)
    return dynamics, dynamics.run(Loan(), progress=False).policy.last


@pytest.mark.parametrize("investment", ["saving", "returns"])
@pytest.mark.parametrize("capital", ["mobile", "vintage"])
def test_a_year_with_loans_is_a_balanced_base_year(investment: str, capital: str) -> None:
    dynamics, last = loan_year(investment, capital)
    abroad = last.arrays["finc"]
    assert abs(abroad).max() > 0
    sam = updated_sam(last)
    assert sam.check(1e-9).empty
    assert np.allclose(sam.gdp(), last["gdp"], rtol=1e-10)
    # saving is what is left of domestic income, and the gap to investment is the trade deficit, as in any base year
    assert np.allclose(sam["save"], last.values_of("saving") - abroad, rtol=1e-12)
    deficit = sam.expenditure()["inv"] - sam["save"] - sam["vdep"]
    assert np.allclose(deficit, -last["tbal"], rtol=1e-8, atol=1e-9 * sam.gdp().sum())
    assert sam.adjustments["rule"].str.contains("income from abroad").sum() == (abroad != 0).sum()
    # capital that grew wears more
    assert np.allclose(sam["vdep"], last["vdep"] * last["qe"].sel(f="cap") * last["pinv"], rtol=1e-12)
    there = updated_benchmark(last)
    assert np.allclose(there.satellites["finc"], abroad, rtol=1e-12)
    returns = InvestmentByReturns(dynamics.stock * last["qe"].sel(f="cap").values, 0.05)
    for mechanisms in ((), (ForeignIncome(), Growth(), Loans()), (Growth(), returns)):
        again = Model(there, dynamics.policy_model.closure, mechanisms=mechanisms)
        assert residual_at(again, again.benchmark_values) < 1e-10


class CarbonProduction(Production):
    """Production that pays a price on its output, as a carbon price does."""

    ctax = instrument("r", "price of carbon", "share of cost", signed=True)

    unitcost = definition("a r", "cost of a unit and its carbon")(
        lambda m, a, r: Production.rules["unitcost"].function(m, a, r) + m.ctax[r] * m.pfactwld
    )

    def calibrate(self, data):
        return {**super().calibrate(data), "ctax": np.zeros(data["vdep"].size)}


class CarbonIncome(Income):
    """Income with carbon revenue."""

    tax = definition("r", "taxes with carbon revenue", "million USD")(
        lambda m, r: (
            Income.rules["tax"].function(m, r)
            + sum(m.vob[i, r] / m.to[i, r] * m.qo[i, r] * m.ctax[r] * m.pfactwld for i in m.comm)
        )
    )


class Transfer(Income):
    """Income with a transfer between regions."""

    gift = instrument("r", "transfer received", "million USD", signed=True)

    e_y = equation("r", "income with a transfer", defines="y")(
        lambda m, r: m.y_0[r] * m.y[r] == m.facty[r] + m.tax[r] + m.gift[r] * m.pfactwld - m.depr[r]
    )

    def calibrate(self, data):
        return {**super().calibrate(data), "gift": np.zeros(data["vdep"].size)}


class Misbooked(Income):
    """A transfer booked as a tax, which no buyer pays."""

    gift = instrument("r", "transfer received", "million USD", signed=True)

    tax = definition("r", "taxes and a transfer", "million USD")(
        lambda m, r: Income.rules["tax"].function(m, r) + m.gift[r] * m.pfactwld
    )

    def calibrate(self, data):
        return {**super().calibrate(data), "gift": np.zeros(data["vdep"].size)}


def test_a_transfer_booked_as_a_tax_fails_a_check_of_the_solution() -> None:
    model = Model(random_benchmark(3, 3, seed=21), blocks=tuple({Income: Misbooked}.get(b, b) for b in CORE))
    given = xr.DataArray([1.0, -1.0, 0.0], dims="r", coords={"r": model.labels("r")})
    with pytest.raises(SolveError, match="the check 'GDP expenditure = income' fails"):
        model.solve(exogenous={"gift": given})


@pytest.mark.parametrize(
    ("own", "symbol", "size"),
    [
        ({Production: CarbonProduction, Income: CarbonIncome}, "ctax", [0.01, 0, 0]),
        ({Income: Transfer}, "gift", [1.0, -1.0, 0.0]),
    ],
)
def test_flows_that_a_view_does_not_know_are_refused_by_identity_cell_and_size(own: dict, symbol: str, size: list) -> None:
    model = Model(random_benchmark(3, 3, seed=21, esubt=0.0), blocks=tuple(own.get(b, b) for b in CORE))
    updated_sam(model.solve())  # without the flow there is nothing to miss
    given = xr.DataArray(np.asarray(size, dtype=float), dims="r", coords={"r": model.labels("r")})
    after = model.solve(exogenous={symbol: given})
    with pytest.raises(ModelError, match=r"updated SAM of solution .* fails '.*' at .* by .* million USD .*adds flows"):
        updated_sam(after)
    with pytest.raises(ModelError, match="adds flows"):
        updated_benchmark(after)
    with pytest.raises(ModelError, match="adds flows"):
        after.value("vfob")
    if symbol == "ctax":  # it is no tax on products
        with pytest.raises(ModelError, match=r"value added and its parts differ for g\d of R0 by .* million USD"):
            after.icio()
    else:
        assert after.icio().value_added.min() > 0  # a transfer is in no row and no column of the table


def test_committed_purchases_stay_committed_in_the_updated_data() -> None:
    benchmark = random_benchmark(3, 3, seed=4)
    table = benchmark.elasticities.copy(deep=True)
    table["incelas"] = table["incelas"] * 0 + np.array([0.5, 1.0, 1.2])[:, None]
    table["frisch"] = table["frisch"] * 0 - 2.5
    model = Model(Benchmark(benchmark.sam, table, "ston"))
    dearer = Policy(name="t", instruments=(InstrumentChange(instrument="tpd", where={"r": ("R0",)}, factor=1.1),))
    after = model.solve(dearer)
    there = Model(updated_benchmark(after))
    old = xr.DataArray(model.benchmark_values["tpd"], dims=("i", "r"), coords={d: model.labels(d) for d in "ir"})
    back = updated_sam(there.solve(exogenous={"tpd": old}))
    assert np.allclose(back["vdpp"], benchmark.sam["vdpp"], rtol=1e-7)
    assert np.allclose(back["vxsb"], benchmark.sam["vxsb"], rtol=1e-7, atol=1e-9)


def test_emissions_follow_the_output_of_their_activity() -> None:
    benchmark = random_benchmark(3, 3, seed=4)
    co2 = xr.DataArray(np.ones((3, 3)), dims=("a", "r"), coords={"a": benchmark.commodities, "r": benchmark.regions})
    model = Model(Benchmark(benchmark.sam, benchmark.elasticities, "co2", xr.Dataset({"co2": co2})))
    after = model.solve(Policy(name="t", instruments=(InstrumentChange(instrument="to", factor=1.05),)))
    found = updated_benchmark(after).satellites["co2"]
    assert np.allclose(found, after["qo"], rtol=1e-12)
    saving = model.solve(Policy(name="t", instruments=(InstrumentChange(instrument="ao", factor=1.05),)))
    assert np.allclose(updated_benchmark(saving).satellites["co2"], saving["qo"].values / 1.05, rtol=1e-12)
    assert float(abs(found - 1).max()) > 1e-4
