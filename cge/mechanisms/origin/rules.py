"""The rules: regional value content, labour value content, steel and aluminium; each a pair of multiplier and slack.

A multiplier acts as a feebate: input ``j`` costs the firm ``p_j (1 + sum_r mu_r a_rj)``. Multiplier and slack are
complementary, by the smoothed function of Fischer and Burmeister (1992).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pyomo.environ import Expr_if, sqrt

from cge.equations.declare import definition, equation, instrument, variable
from cge.mechanisms.origin.industry import CoveredBlock, Industry

NO_RULE = -1.0
"""Threshold of a rule that is not in force: below anything, so its slack is positive and its multiplier zero."""

SMOOTHING_END = 1e-10
"""Parameter of the smoothed Fischer-Burmeister function at a solution."""


class ContentRules(CoveredBlock):
    """Feebates of the rules, and their slacks and multipliers, by type."""

    mu_rvc = variable("k r", "multiplier of the regional value content", "1", signed=True)
    mu_lvc = variable("k r", "multiplier of the labour value content", "1", signed=True)
    mu_steel = variable("k r", "multiplier of the steel purchase rule", "1", signed=True)
    mu_alu = variable("k r", "multiplier of the aluminium purchase rule", "1", signed=True)
    gap_rvc = variable("k r", "regional content above its threshold", "share of cost", signed=True)
    gap_lvc = variable("k r", "labour content above its threshold", "share of cost", signed=True)
    gap_steel = variable("k r", "outside steel below its limit", "share of steel", signed=True)
    gap_alu = variable("k r", "outside aluminium below its limit", "share of aluminium", signed=True)
    rvc = instrument("k r", "regional value content required (rho)", "share of cost", signed=True)
    lvc = instrument("k r", "labour value content required", "share of cost", signed=True)
    steel = instrument("k r", "share of steel to be bought in the area", "share", signed=True)
    alu = instrument("k r", "share of aluminium to be bought in the area", "share", signed=True)
    smooth = instrument("", "smoothing of the complementarity (negative: relaxed products)", "1", owner="world", signed=True)

    @definition("k r", "every input: rebate of the content rule, fee of the labour rule", "factor")
    def fall(m: Any, k: Any, r: Any) -> Any:
        return 1.0 - m.mu_rvc[k, r] * (1.0 - m.rvc[k, r]) + m.mu_lvc[k, r] * m.lvc[k, r]

    @definition("k r", "inputs from outside", "factor")
    def fout(m: Any, k: Any, r: Any) -> Any:
        return m.fall[k, r] + m.mu_rvc[k, r]

    @definition("k r", "material of members above the wage floor", "factor")
    def fhigh(m: Any, k: Any, r: Any) -> Any:
        return m.fall[k, r] - m.mu_lvc[k, r]

    @definition("k r", "value added", "factor")
    def fva(m: Any, k: Any, r: Any) -> Any:
        return m.fall[k, r] - m.mu_lvc[k, r] * m.ishigh[r]

    @definition("k r", "steel from outside", "factor")
    def fsout(m: Any, k: Any, r: Any) -> Any:
        return m.fout[k, r] + m.mu_steel[k, r] * m.steel[k, r]

    @definition("k r", "steel from the area", "factor")
    def fsin(m: Any, k: Any, r: Any) -> Any:
        return m.fall[k, r] - m.mu_steel[k, r] * (1.0 - m.steel[k, r])

    @definition("k r", "aluminium from outside", "factor")
    def faout(m: Any, k: Any, r: Any) -> Any:
        return m.fout[k, r] + m.mu_alu[k, r] * m.alu[k, r]

    @definition("k r", "aluminium from the area", "factor")
    def fain(m: Any, k: Any, r: Any) -> Any:
        return m.fall[k, r] - m.mu_alu[k, r] * (1.0 - m.alu[k, r])

    @equation("k r", "slack of the content rule", defines="gap_rvc", logs=False)
    def e_gap_rvc(m: Any, k: Any, r: Any) -> Any:
        return m.gap_rvc[k, r] == m.content[k, r] - m.rvc[k, r]

    @equation("k r", "slack of the labour rule", defines="gap_lvc", logs=False)
    def e_gap_lvc(m: Any, k: Any, r: Any) -> Any:
        return m.gap_lvc[k, r] == m.vlabour[k, r] / m.ccomp[k, r] - m.lvc[k, r]

    @equation("k r", "slack of the steel rule", defines="gap_steel", logs=False)
    def e_gap_steel(m: Any, k: Any, r: Any) -> Any:
        outside = metal_share(m, r, m.psteel[k, r], m.fsout[k, r], m.fsin[k, r])
        return m.gap_steel[k, r] == 1.0 - m.steel[k, r] - outside

    @equation("k r", "slack of the aluminium rule", defines="gap_alu", logs=False)
    def e_gap_alu(m: Any, k: Any, r: Any) -> Any:
        outside = metal_share(m, r, m.palu[k, r], m.faout[k, r], m.fain[k, r])
        return m.gap_alu[k, r] == 1.0 - m.alu[k, r] - outside

    @equation("k r", "content rule binds or its multiplier is zero", defines="mu_rvc", logs=False, complements="gap_rvc")
    def e_mu_rvc(m: Any, k: Any, r: Any) -> Any:
        return complementary(m, m.gap_rvc[k, r], m.mu_rvc[k, r])

    @equation("k r", "labour rule binds or its multiplier is zero", defines="mu_lvc", logs=False, complements="gap_lvc")
    def e_mu_lvc(m: Any, k: Any, r: Any) -> Any:
        return complementary(m, m.gap_lvc[k, r], m.mu_lvc[k, r])

    @equation("k r", "steel rule binds or its multiplier is zero", defines="mu_steel", logs=False, complements="gap_steel")
    def e_mu_steel(m: Any, k: Any, r: Any) -> Any:
        return complementary(m, m.gap_steel[k, r], m.mu_steel[k, r])

    @equation("k r", "aluminium rule binds or its multiplier is zero", defines="mu_alu", logs=False, complements="gap_alu")
    def e_mu_alu(m: Any, k: Any, r: Any) -> Any:
        return complementary(m, m.gap_alu[k, r], m.mu_alu[k, r])

    def calibrate_from(self, industry: Industry) -> Mapping[str, np.ndarray]:
        off = np.full(industry.by_type, NO_RULE)
        content = industry.content()
        return {
            **{name: off.copy() for name in ("rvc", "lvc", "steel", "alu")},
            **{f"gap_{name}": np.broadcast_to(free - NO_RULE, industry.by_type) for name, free in content.items()},
            "smooth": np.array(SMOOTHING_END),
        }


def metal_share(m: Any, r: Any, price: Any, fee: Any, rebate: Any) -> Any:
    """Outside share, at market prices, of a metal that costs ``price`` with feebates ``fee`` and ``rebate``."""
    outside = m.bmout[r] * m.pmout[r] * (price / (fee * m.pmout[r])) ** m.esubp[r]
    inside = (1.0 - m.bmout[r]) * m.pmin[r] * (price / (rebate * m.pmin[r])) ** m.esubp[r]
    return outside / (outside + inside)


def complementary(m: Any, slack: Any, multiplier: Any) -> Any:
    """Smoothed Fischer-Burmeister (1992); where ``smooth`` is negative the product, relaxed by its size."""
    smoothed = slack + multiplier - sqrt(slack**2 + multiplier**2 + m.smooth**2)
    return Expr_if(m.smooth <= 0.0, slack * multiplier + m.smooth, smoothed) == 0.0
