"""The data of Caliendo and Parro (2015) as a benchmark of 31 regions and 40 sectors, 1993.

As in the paper: domestic sales are output less exports (zero where exports exceed output), expenditure
shares come from trade flows with duties, materials are combined with the data's input shares, and final
expenditure shares are what expenditure leaves after materials (zero where that is negative). The shares do
not balance exactly with the data's value added, so expenditure X solves, at the data's income I,

    X = alpha I + Gamma Y,   Y_i = sum_n pi_ni X_n / (1 + tau_ni),

which gives a SAM in balance whose labour differs from the data's value added; ``labour`` is the ratio by
which endowments must change to restore it, which the replication does together with removing deficits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.benchmark import Benchmark
from calibration.elasticities import to_dataset
from calibration.limits import PUBLISHED_SHARES
from calibration.readers.caliendo_parro import COUNTRIES, SECTORS, TRADABLE, CaliendoParro
from calibration.sam import USES, Sam, make_dataset


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
    flow = np.zeros((j, n, n))  # (i, importer, exporter), million USD
    flow[:t] = data["trade"].values / 1000.0
    flow[:, k, k] = 0.0
    tau93, tau05 = np.zeros((j, n, n)), np.zeros((j, n, n))
    tau93[:t], tau05[:t] = data["tariff1993"].values / 100, data["tariff2005"].values / 100
    tau93[:, k, k] = tau05[:, k, k] = 0.0
    output = data["output"].values / 1e6
    exports = flow.sum(1)  # (i, exporter)
    flow[:, k, k] = _above_zero(output - exports, "own sales")
    made = flow.sum(1)
    paid = flow * (1 + tau93)
    spending = paid.sum(2)
    share = paid / spending[:, :, None]  # pi[i, importer, exporter]
    labour_data = (beta * made).sum(0)
    revenue = (flow * tau93).sum((0, 2))
    deficit = flow.sum((0, 2)) - flow.sum((0, 1))
    income = labour_data + revenue + deficit
    materials = gamma * (1 - beta)[None]  # input k per unit of output of sector j
    final = _above_zero(spending - np.einsum("kjr,jr->kr", materials, made), "final uses")
    alpha = final / final.sum(0)
    net = share / (1 + tau93)
    system = np.eye(j * n) - np.einsum("kjs,jds->ksjd", materials, net).reshape(j * n, j * n)
    x = np.linalg.solve(system, (alpha * income).ravel()).reshape(j, n)  # expenditure (i, importer)
    value = net * x[:, :, None]  # (i, importer, exporter), without duty
    y = value.sum(1)  # output (i, r)
    trade = np.swapaxes(value, 1, 2).copy()  # (i, s, d)
    own = trade[:, k, k].copy()
    trade[:, k, k] = 0.0
    rate = np.swapaxes(tau93, 1, 2)
    use = materials * y[None]  # (input, sector, r), purchasers' values
    bought = alpha * income
    at_home = share[:, k, k]  # domestic share of expenditure (i, r)
    landed = trade * (1 + rate)
    arrays: dict[str, np.ndarray] = {
        "vxsb": trade,
        "vfob": trade,
        "vcif": trade,
        "vmsb": landed,
    }
    for price in "bp":
        arrays[f"vdf{price}"], arrays[f"vmf{price}"] = use * at_home[:, None], use * (1 - at_home)[:, None]
        arrays[f"vdp{price}"], arrays[f"vmp{price}"] = bought * at_home, bought * (1 - at_home)
    imports = landed.sum(1)
    users = np.zeros((j, len(USES), n))
    users[:, 0], users[:, 1] = arrays["vmfb"].sum(1), arrays["vmpb"]
    portion = np.divide(users, imports[:, None], out=np.zeros_like(users), where=imports[:, None] > 0)
    arrays["vmub"] = portion[:, :, None, :] * landed[:, None]
    diagonal = np.zeros((j, j, n))
    diagonal[np.arange(j), np.arange(j)] = y
    arrays["makb"] = arrays["maks"] = diagonal
    wages = (beta * y)[None]
    arrays["evfb"] = arrays["evfp"] = arrays["evos"] = wages
    arrays["save"] = wages.sum((0, 1)) + (landed - trade).sum((0, 1)) - bought.sum(0)
    assert np.allclose(own, at_home * x)
    sets = {"i": SECTORS, "a": SECTORS, "f": ["lab"], "r": COUNTRIES, "m": [SECTORS[-1]]}
    attrs = {
        "title": "Caliendo and Parro (2015), 31 countries x 40 sectors, 1993",
        "year": 1993,
        "source": "Caliendo and Parro, REStud 82(1), 2015, replication data",
        "licence": "none stated; figures cited",
    }
    theta = np.r_[data["theta"].values, np.full(j - t, 8.22)]
    table = pd.DataFrame({"esubm": 1 + theta, "esubd": 1 + theta}, index=SECTORS)
    for symbol in ("esubva", "esubt", "esubc"):
        table[symbol] = 1.0
    table["source"] = "theta of the replication data; flat nest of origins; Cobb-Douglas technology and demand"
    benchmark = Benchmark(Sam(make_dataset(arrays, sets, attrs)), to_dataset(table, SECTORS, COUNTRIES), "caliendo-parro-1993")
    return CaliendoParroBenchmark(
        benchmark, labour_data / wages.sum((0, 1)), np.swapaxes(tau93, 1, 2), np.swapaxes(tau05, 1, 2)
    )
