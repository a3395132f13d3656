"""Welfare: the regional household's equivalent variation (Hertel 1997; Hertel, Huff and Tsigas).

Utility is Cobb-Douglas over private consumption, government consumption and real saving with
benchmark income shares; private consumption enters in money-metric form: the expenditure that buys
its Stone-Geary utility at benchmark prices. EV is benchmark income times the rise of utility.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pyomo.environ import exp, log

from cge.equations.calibrated import Calibrated, ratio
from cge.equations.declare import Block, definition, parameter


class Welfare(Block):
    """Utility and equivalent variation; no equation depends on them."""

    shprv = parameter("r", "private share of benchmark income", structural=False)
    shgov = parameter("r", "government share of benchmark income", structural=False)
    shsave = parameter("r", "saving share of benchmark income", structural=False)
    yp_0 = parameter("r", "benchmark private expenditure", "million USD")

    @definition("r", "private utility: money metric at benchmark prices")
    def up(m, r):
        free = sum(m.vpp[i, r] * (1.0 - m.committed[i, r]) for i in m.comm)
        bound = sum(m.vpp[i, r] * m.committed[i, r] for i in m.comm)
        deflator = exp(sum(m.vpp[i, r] * (1.0 - m.committed[i, r]) * log(m.ppa[i, r]) for i in m.comm) / free)
        return (m.pop[r] * bound + free * m.ysup[r] / deflator) / m.yp_0[r]

    @definition("r", "government consumption")
    def ug(m, r):
        return m.dpgov[r] * m.y[r] / exp(sum(m.sga[i, r] * log(m.pga[i, r]) for i in m.comm))

    @definition("r", "real net saving")
    def qsave(m, r):
        return m.dpsave[r] * m.y[r] / m.pinv[r]

    @definition("r", "utility of the regional household")
    def u(m, r):
        return m.up[r] ** m.shprv[r] * m.ug[r] ** m.shgov[r] * m.qsave[r] ** m.shsave[r]

    @definition("r", "equivalent variation", "million USD")
    def ev(m, r):
        return m.y_0[r] * (m.u[r] - 1.0)

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        income = data.benchmark.sam.income()
        spent = data.benchmark.sam.expenditure()
        return {
            "shprv": ratio(spent["prv"], income),
            "shgov": ratio(spent["gov"], income),
            "shsave": ratio(data["save"], income),
            "yp_0": spent["prv"],
        }
