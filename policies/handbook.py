"""Costinot and Rodriguez-Clare, "Trade Theory with Numbers", Handbook of International Economics 4 (2014), chapter 4.

Gains from trade, the loss of real income on a return to autarky, from home shares of spending alone (their sections 2, 3):
with trade elasticities theta, consumption shares alpha, input shares Gamma and home shares lambda of spending

    one sector           1 - lambda^(1/5)
    sectors              1 - prod_s lambda_s^(alpha_s / theta_s)
    sectors and inputs   1 - exp( sum_s alpha_s [ (I - Gamma')^-1 ln(lambda) / theta ]_s )

and two counterfactuals that the library's trade model solves: iceberg costs on all trade up by 40 %, whose real wages the
last formula gives exactly from the change of home shares (the check of the solver), and duties of 40 % on all trade. Trade
deficits are removed first. The chapter's year is 2008; data of another year are not its numbers, and the table says which.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import DataError
from calibration.from_flows import benchmark_from_flows
from calibration.readers.trade_study import TradeStudy, read_trade_study
from cge import Model, Solution
from cge.blocks.deficits import TRADE_MODEL
from cge.replication import Replication, Study

ONE_SECTOR_THETA = 5.0
COST = 1.4
YEAR = "2008"


def gains(home: np.ndarray, alpha: np.ndarray, materials: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Log of the real wage over its value in autarky, by region, from home shares (i, r): ``sum alpha (I - Gamma')^-1 ...``.

    A sector that is consumed or used and not made at home makes the gain infinite: autarky cannot do without it.
    """
    with np.errstate(divide="ignore"):
        logs = -np.log(home) / theta[:, None]
    n = len(theta)
    weights = [np.linalg.solve(np.eye(n) - materials[:, :, r], alpha[:, r]) for r in range(home.shape[1])]
    return np.array([np.where(w > 0, w * logs[:, r], 0.0).sum() for r, w in enumerate(weights)])


def closed_forms(study: TradeStudy) -> pd.DataFrame:
    """Gains from trade by the chapter's three formulas, per cent of real income, from the flows as they are."""
    flow, alpha = study.flows.values, study.final_shares.values
    theta = study.theta.values
    k = np.arange(flow.shape[1])
    spent = flow.sum(1)
    home = np.divide(flow[:, k, k], spent, out=np.ones_like(spent), where=spent > 0)
    whole = flow[:, k, k].sum(0) / spent.sum(0)
    none = np.zeros_like(study.input_shares.values)
    table = {
        "gains_one_sector": 1 - whole ** (1 / ONE_SECTOR_THETA),
        "gains_sectors": -np.expm1(-gains(home, alpha, none, theta)),
        "gains_inputs": -np.expm1(-gains(home, alpha, study.input_shares.values, theta)),
    }
    return 100 * pd.DataFrame(table, index=pd.Index([str(r) for r in study.flows["s"].values], name="country"))


def unmade(study: TradeStudy) -> list[str]:
    """A line for each region that uses a good it does not make: its gains are 100 per cent whatever the elasticity."""
    flow = study.flows
    lines = []
    for k, region in enumerate(map(str, flow["s"].values)):
        bought = flow.values[:, :, k].sum(1) > 0
        goods = [str(i) for i in flow["i"].values[bought & (flow.values[:, k, k] <= 0)]]
        if goods:
            lines.append(
                f"{region} uses {', '.join(goods)} and makes none for itself: the formulas by sector give gains of 100 %"
            )
    return lines


def home_shares(solution: Solution) -> np.ndarray:
    """Share of home goods in spending at purchasers' prices; dims (i, r)."""
    v = solution.values_of
    home = v("pds") * ((v("vdfb") * v("qfd")).sum(1) + v("vdpb") * v("qpd"))
    abroad = (v("vmfb") * v("qfm")).sum(1) * v("pmf") + v("vmpb") * v("pmp") * v("qpm")
    total = home + abroad
    return np.asarray(np.divide(home, total, out=np.ones_like(total), where=total > 0))


def costinot_rodriguez_clare_2014(folder: str | Path | None = None) -> Replication:
    """The chapter's exercises on a folder of data (:mod:`calibration.readers.trade_study`); per cent by country.

    Raises
    ------
    DataError
        No folder is given, or its data do not hold together.
    """
    if folder is None:
        raise DataError(
            "give the folder of the study's data with --data; benchmarks/handbook_data.py makes one from a table of WIOD 2013"
        )
    clock = [time.perf_counter()]
    study = read_trade_study(folder)
    rebalance = study.about.get("rebalance", "no").lower()
    if rebalance not in ("yes", "no"):
        raise DataError(f"{Path(folder) / 'about.csv'}: rebalance is {rebalance!r}; say yes or no")
    try:
        built = benchmark_from_flows(
            study.flows,
            study.input_shares,
            study.theta,
            study.final_shares,
            name="costinot-rodriguez-clare",
            attrs=study.about,
            rebalance=rebalance == "yes",
        )
    except DataError as error:
        asked = "a line 'rebalance,yes' in about.csv"
        raise DataError(f"{folder}: {str(error).replace('rebalance=True', asked)}") from error
    clock.append(time.perf_counter())
    model = Model(built.benchmark, sourcing="pooled", demand="cobb-douglas", blocks=TRADE_MODEL)
    clock.append(time.perf_counter())
    values = model.benchmark_values
    without = {"fsav": np.zeros_like(values["fsav"]), "qe": values["qe"] * built.labour.values[None, :]}
    traded = model.data["vcif"] > 0

    def given(arrays: Mapping[str, np.ndarray]) -> dict[str, xr.DataArray | float]:
        return {name: model.labelled(name, values) for name, values in arrays.items()}

    base = model.solve(exogenous=given(without))
    iceberg = {**without, "ams": np.where(traded, 1 / COST, values["ams"])}
    duties = {**without, "tms": np.where(traded, COST * values["tms"], values["tms"])}
    dearer = model.solve(exogenous=given(iceberg), start=base)
    taxed = model.solve(exogenous=given(duties), start=base)
    clock.append(time.perf_counter())
    alpha = model.data["vdpb"] + model.data["vmpb"]
    table = closed_forms(study)
    wage = np.log(dearer.values_of("rw")[0] / base.values_of("rw")[0])
    shares = [home_shares(s) for s in (base, dearer)]
    change = np.divide(shares[0], shares[1], out=np.full_like(shares[0], np.nan), where=shares[1] > 0)
    formula = -gains(change, alpha / alpha.sum(0), study.input_shares.values, study.theta.values)
    table["costs_up_40"] = 100 * np.expm1(wage)
    table["costs_up_40_formula"] = 100 * np.expm1(formula)  # NaN where a good is used and not made at home
    table["tariffs_40"] = 100 * (taxed.values_of("u") / base.values_of("u") - 1)
    if study.published is not None:
        table = table.join(study.published.add_prefix("published_"))
    year = study.about.get("year", "unknown year")
    notes = [f"data of {year}: {study.about.get('source', 'source not told')}"]
    if year != YEAR:
        notes.append(f"the chapter's year is {YEAR}: these are its exercises on other data, not its numbers")
    notes += unmade(study)
    if study.published is None:
        notes.append("the folder holds no published.csv, so no published number stands beside")
    return Replication(
        "costinot-rodriguez-clare-2014",
        f"Gains from trade and costs of trade, per cent of real income, {year} (Costinot and Rodriguez-Clare 2014)",
        table,
        max(s.max_residual for s in (base, dearer, taxed)),
        max(s.walras for s in (base, dearer, taxed)),
        {k: round(b - a, 3) for k, a, b in zip(("calibrate", "build", "solve"), clock, clock[1:], strict=False)},
        notes,
        {"closed_form_gap": float(np.nanmax(abs(wage - formula)))},
    )


STUDY = Study("costinot-rodriguez-clare-2014", costinot_rodriguez_clare_2014)
