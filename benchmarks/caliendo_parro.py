"""The fixed-point iteration of Caliendo and Parro (2015) in numpy, as a peer: NAFTA's tariff changes 1993-2005.

Exact hat algebra on their data: unit costs and prices given wages, trade shares, expenditures by a linear
solve, then wages by the excess of income over spending, as in the paper's appendix. Deficits are kept.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from calibration.readers import read_caliendo_parro

MEMBERS = ("USA", "CAN", "MEX")


def nafta(folder: str | Path, tolerance: float = 1e-7, limit: int = 5000, step: float = 0.3) -> dict[str, object]:
    """Solve and time the experiment.

    Returns
    -------
    dict
        ``seconds, iterations, gap`` and ``real_wage`` (per cent by country).
    """
    data = read_caliendo_parro(folder).data
    started = time.perf_counter()
    countries = [str(x) for x in data["r"].values]
    n, tradable, j = len(countries), 20, 40
    beta = data["value_added_share"].values.T  # (n, j)
    gamma = data["input_share"].values * (1 - beta)[:, None, :]  # (n, input k, sector j)
    output = data["output"].values.T
    imports = np.zeros((j, n, n))  # (sector, importer, exporter)
    imports[:tradable] = data["trade"].values * 1000.0
    tau, tau_new = np.zeros((j, n, n)), np.zeros((j, n, n))
    tau[:tradable] = data["tariff1993"].values / 100
    tau_new[:] = tau
    member = [countries.index(c) for c in MEMBERS]
    pair = np.ix_(range(tradable), member, member)
    tau_new[pair] = (data["tariff2005"].values / 100)[pair]
    k = np.arange(n)
    imports[:, k, k] = 0.0
    exports = imports.sum(1).T  # (n, j)
    imports[:, k, k] = np.maximum(output - exports, 0.0).T
    spending = (imports * (1 + tau)).sum(2).T  # (n, j)
    share = imports * (1 + tau) / np.maximum(spending.T, 1e-12)[:, :, None]
    made = imports.sum(1).T
    value_added = (beta * made).sum(1)
    revenue = (imports * tau).sum((0, 2))
    deficit = imports.sum((0, 2)) - imports.sum((0, 1))
    income = value_added + revenue + deficit
    final = np.maximum(spending - np.einsum("nkj,nj->nk", gamma, made), 0.0)
    alpha = final / final.sum(1, keepdims=True)
    theta = np.r_[data["theta"].values, np.full(j - tradable, 8.22)][None, :]
    kappa = (1 + tau_new) / (1 + tau)
    wage, price = np.ones(n), np.ones((n, j))
    gap, iterations = np.inf, 0
    while gap > tolerance and iterations < limit:
        iterations += 1
        for _ in range(200):
            cost = wage[:, None] ** beta * np.exp(np.einsum("nkj,nk->nj", gamma, np.log(price)))
            landed = (kappa * cost.T[:, None, :]) ** -theta.T[:, :, None]
            new = (share * landed).sum(2).T ** (-1 / theta)
            moved = abs(np.log(new / price)).max()
            price = new
            if moved < 1e-10:
                break
        trade = share * landed / (price.T**-theta.T)[:, :, None]
        net = trade / (1 + tau_new)  # spending of n on i net of duties
        # X = gamma' Y + alpha (w VA + R + D), Y_i = sum_n net X_n, R_n = sum tau net X_n
        duty = (net * tau_new).sum(2)  # (j, n): revenue per unit of spending
        system = np.eye(n * j)
        block = np.einsum("ikj,jni->iknj", gamma, net)
        system -= block.reshape(n * j, n, j).reshape(n * j, n * j)
        home = np.zeros((n, j, n, j))
        home[k, :, k, :] = alpha[:, :, None] * duty.T[:, None, :]
        system -= home.reshape(n * j, n * j)
        right = (alpha * (wage * value_added + deficit)[:, None]).ravel()
        x = np.linalg.solve(system, right).reshape(n, j)
        sold = np.einsum("jni,nj->ij", net, x)
        bill = (beta * sold).sum(1)
        excess = bill / (wage * value_added) - 1
        gap = float(abs(excess).max())
        wage = wage * (1 + step * excess)
        wage = wage * value_added.sum() / (wage * value_added).sum()
    index = np.exp((alpha * np.log(price)).sum(1))
    real = 100 * (wage / index - 1)
    return {
        "seconds": time.perf_counter() - started,
        "iterations": iterations,
        "gap": gap,
        "income": float(income.sum()),
        "real_wage": {c: round(float(real[countries.index(c)]), 3) for c in MEMBERS},
    }
