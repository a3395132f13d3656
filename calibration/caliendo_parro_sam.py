"""The data of Caliendo and Parro (2015) as a benchmark of 31 regions and 40 sectors, 1993.

As in the paper: domestic sales are output less exports (zero where exports exceed output), expenditure
shares come from trade flows with duties, materials are combined with the data's input shares, and final
expenditure shares are what expenditure leaves after materials (zero where that is negative). The shares do
not balance exactly with the data's value added: see :mod:`calibration.from_flows`. ``labour`` is the ratio by
which endowments must change to restore it, which the replication does together with removing deficits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.from_flows import benchmark_from_flows
from calibration.limits import PUBLISHED_SHARES
from calibration.readers.caliendo_parro import COUNTRIES, SECTORS, TRADABLE, CaliendoParro


@dataclass(frozen=True)
class CaliendoParroBenchmark:
    """The benchmark and what the experiment needs.

    Attributes
    ----------
    benchmark : Benchmark
    labour : ndarray, shape (R,)
        Endowment that the data's value added stands for, relative to the benchmark's.
    tariff_1993, tariff_2005 : ndarray, dims (i, s, d)
        Ad valorem rates, fractions.
    """

    benchmark: Benchmark
    labour: np.ndarray
    tariff_1993: np.ndarray
    tariff_2005: np.ndarray


def _above_zero(values: np.ndarray, what: str) -> np.ndarray:
    """The values with what is below zero set to zero, within the stated limit."""
    below = -float(np.minimum(values, 0.0).sum()) / float(abs(values).sum())
    PUBLISHED_SHARES.check(np.array([below]), lambda _: f"Caliendo-Parro {what}", "are the files of one edition?")
    return np.asarray(np.maximum(values, 0.0))


def caliendo_parro_benchmark(source: CaliendoParro) -> CaliendoParroBenchmark:
    """Build the benchmark; million USD."""
    data = source.data
    n, j, t = len(COUNTRIES), len(SECTORS), len(TRADABLE)
    k = np.arange(n)
    beta = data["value_added_share"].values.copy()  # (i, r)
    gamma = _above_zero(np.moveaxis(data["input_share"].values, 0, 2), "input shares")  # (input, sector, r); 1 in 1000 below
    spent = gamma.sum(0)
    beta[spent == 0] = 1.0  # a sector without recorded materials makes its output from labour alone
    gamma = np.divide(gamma, spent, out=np.zeros_like(gamma), where=spent > 0)
    flow = np.zeros((j, n, n))  # (i, source, destination), million USD
    flow[:t] = np.swapaxes(data["trade"].values, 1, 2) / 1000.0
    flow[:, k, k] = 0.0
    tau93, tau05 = np.zeros((j, n, n)), np.zeros((j, n, n))
    tau93[:t], tau05[:t] = (np.swapaxes(data[f"tariff{year}"].values, 1, 2) / 100 for year in (1993, 2005))
    tau93[:, k, k] = tau05[:, k, k] = 0.0
    output = data["output"].values / 1e6
    flow[:, k, k] = _above_zero(output - flow.sum(2), "own sales")
    materials = gamma * (1 - beta)[None]  # input k per unit of output of sector j
    spending = (flow * (1 + tau93)).sum(1)
    final = _above_zero(spending - np.einsum("kjr,jr->kr", materials, flow.sum(2)), "final uses")
    theta = np.r_[data["theta"].values, np.full(j - t, 8.22)]
    names = {"i": SECTORS, "a": SECTORS, "r": COUNTRIES, "s": COUNTRIES, "d": COUNTRIES}

    def labelled(values: np.ndarray, *dims: str) -> xr.DataArray:
        return xr.DataArray(values, dims=dims, coords={d: names[d] for d in dims})

    elasticities = labelled(theta, "i")
    elasticities.attrs["source"] = "theta of the replication data; flat nest of origins; Cobb-Douglas technology and demand"
    built = benchmark_from_flows(
        labelled(flow, "i", "s", "d"),
        labelled(materials, "i", "a", "r"),
        elasticities,
        labelled(final / final.sum(0), "i", "r"),
        tariffs=labelled(tau93, "i", "s", "d"),
        name="caliendo-parro-1993",
        attrs={
            "title": "Caliendo and Parro (2015), 31 countries x 40 sectors, 1993",
            "year": 1993,
            "source": "Caliendo and Parro, REStud 82(1), 2015, replication data",
            "licence": "none stated; figures cited",
        },
        rebalance=True,
    )
    return CaliendoParroBenchmark(built.benchmark, built.labour.values, tau93, tau05)
