"""Published results run again on the same data, by the same kernels and solver as every other model.

``caliendo-parro-2015``: real-wage effects of NAFTA's tariff changes 1993-2005 (Table 2 of the paper). Trade
deficits are removed first and labour set to the data's value added; then only the tariffs among the three
members change.

``costinot-rodriguez-clare-2014``: gains from trade and costs of trade (:mod:`policies.handbook`).
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.caliendo_parro_sam import caliendo_parro_benchmark
from calibration.errors import DataError
from calibration.readers import read_caliendo_parro
from cge import Model, Solution
from cge.blocks.deficits import TRADE_MODEL
from cge.replication import Replication, Study

MEMBERS = ("USA", "CAN", "MEX")
PUBLISHED_REAL_WAGE = {"USA": 0.11, "CAN": 0.32, "MEX": 1.72}
PUBLISHED_WELFARE = {"USA": 0.08, "CAN": -0.06, "MEX": 1.31}


def find_data(given: str | Path | None) -> Path:
    """The folder of the replication data: the one given, or ``caliendo_parro_2015`` beside the repository."""
    if given is not None:
        return Path(given)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "caliendo_parro_2015"
    if not beside.is_dir():
        raise DataError("the data of Caliendo and Parro (2015) are not beside the repository; give their folder with --data")
    return beside


def first_order_welfare(base: Solution, after: Solution) -> np.ndarray:
    """The paper's welfare formula (its equation (16)), per cent by country.

    Terms of trade, sum of exports times d ln c_n less imports times d ln c_i, and volume of trade, tariff revenue
    times (d ln M - d ln c), over income; shares at the base, finite proportional changes for the
    differentials. For large changes it is far from the exact change of real income, which the table gives too.
    """
    income = base.values_of("yp")
    value = [s.values_of("vxsb") * s.values_of("pds")[:, :, None] * s.values_of("qxs") for s in (base, after)]
    rate = base.values_of("tms") - 1.0
    dc = after.values_of("pds") / base.values_of("pds") - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        dm = np.where(value[0] > 0, value[1] / value[0] - 1, 0.0)
    k = np.arange(value[0].shape[1])
    for flow in value:
        flow[:, k, k] = 0.0
    exports, imports = (value[0] * dc[:, :, None]).sum((0, 2)), (value[0] * dc[:, :, None]).sum((0, 1))
    volume = (rate * value[0] * (dm - dc[:, :, None])).sum((0, 1))
    return np.asarray(100 * (exports - imports + volume) / income)


def caliendo_parro_2015(folder: str | Path | None = None) -> Replication:
    """NAFTA 1993-2005; per cent changes for all 31 countries."""
    started = time.perf_counter()
    held = caliendo_parro_benchmark(read_caliendo_parro(find_data(folder)))
    calibrated = time.perf_counter()
    model = Model(held.benchmark, sourcing="pooled", demand="cobb-douglas", blocks=TRADE_MODEL)
    built = time.perf_counter()
    regions = model.labels("r")
    without: dict[str, xr.DataArray | float] = {
        "fsav": 0.0,
        "qe": model.labelled("qe", model.benchmark_values["qe"] * held.labour[None, :]),
    }
    base = model.solve(exogenous=without)
    tariff = 1.0 + held.tariff_1993
    inside = np.ix_(range(tariff.shape[0]), *[[regions.index(c) for c in MEMBERS]] * 2)
    tariff[inside] = 1.0 + held.tariff_2005[inside]
    tariff = np.where(model.data["vcif"] > 0, tariff, 1.0)
    after = model.solve(exogenous={"tms": model.labelled("tms", tariff)}, start=base)
    done = time.perf_counter()
    wage = after["rw"].isel(f=0) / base["rw"].isel(f=0)
    income = (after["yp"] / after["ppriv"]) / (base["yp"] / base["ppriv"])
    table = pd.DataFrame({"real_wage": 100 * (wage.to_series() - 1), "real_income": 100 * (income.to_series() - 1)})
    table["welfare_first_order"] = first_order_welfare(base, after)
    table["published_real_wage"] = pd.Series(PUBLISHED_REAL_WAGE)
    table["published_welfare"] = pd.Series(PUBLISHED_WELFARE)
    table.index.name = "country"
    seconds = {
        "calibrate": round(calibrated - started, 3),
        "build": round(built - calibrated, 3),
        "solve": round(done - built, 3),
    }
    walras = max(base.walras, after.walras)
    return Replication(
        "caliendo-parro-2015",
        "NAFTA's tariff changes 1993-2005, per cent (Caliendo and Parro 2015)",
        table,
        max(base.max_residual, after.max_residual),
        walras,
        seconds,
    )


STUDY = Study("caliendo-parro-2015", caliendo_parro_2015)
