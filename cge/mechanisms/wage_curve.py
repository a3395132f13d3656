r"""The wage curve: real wages are higher where unemployment is lower, and employment follows.

Blanchflower and Oswald (The Wage Curve, MIT Press 1994; "An Introduction to the Wage Curve", Journal of Economic Perspectives
9(3), 1995) find in some twenty countries that wages fall by one per cent where unemployment is a tenth higher, an elasticity of
-0.1 (Nijkamp and Poot, "The Last Word on the Wage Curve?", Journal of Economic Surveys 19(3), 2005: -0.07 after correcting
for what journals publish). For each kind of labour, with the wage over consumer prices ``rw`` and the unemployment rate ``u``,

.. math:: \mathrm{wcurve} = \mathrm{rw} \, (u / u_0)^{\varepsilon}, \qquad
          u = 1 - (1 - u_0) \, \mathrm{qe} / \mathrm{lforce} .

The curve lies where ``wcurve`` says. The closure ``Closure.standard(labour="wage curve")`` holds it and frees employment
``qe``: a dearer real wage is then paid along the curve, with less unemployment. At elasticity 0 real wages are fixed; as it
grows, employment is. Under another closure the curve only tells where it would have to lie.

The benchmark knows one rate a region: it stands for every kind of labour of the region. Nobody values the leisure of those who
had no work, so the real income of a policy that employs them is all that they earn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from calibration.errors import nearest
from calibration.labels import is_labour
from cge.equations.calibrated import Calibrated
from cge.equations.declare import Mechanism, equation, instrument, parameter, variable
from cge.errors import ModelError
from cge.table import Table

if TYPE_CHECKING:
    from cge.model.solution import Solution

ELASTICITY = 0.1
"""By how much the log of the real wage falls as the log of unemployment rises (Blanchflower and Oswald 1994)."""
HELD = "wcurve"
"""What a closure holds that lets employment move along the curve."""
MOST = 0.6
"""Highest unemployment rate of a benchmark; above, the rate is given in per cent or wrong."""


class WageCurve(Mechanism):
    """Unemployment by region and kind of labour, and the curve that ties the real wage to it.

    Parameters
    ----------
    elasticity : float
        Of the real wage with respect to unemployment, without its sign; at least 0.
    unemployment : float or mapping of region to rate, optional
        Fractions of the labour force; default the satellite ``unemployment`` of the benchmark. A mapping takes the place of
        the benchmark's rate in the regions that it names.

    Raises
    ------
    ModelError
        An elasticity below 0 or none, or a rate that is no fraction; when a model is built: a region without a rate.
    """

    needs: ClassVar[Mapping[str, str]] = {
        "rw": "the curve is one of real wages (the block Factors)",
        "qe": "employment moves along the curve (the block Factors)",
    }
    shows: ClassVar[tuple[str, ...]] = ("unemp",)
    together: ClassVar[str] = "one WageCurve, with rates by region: WageCurve(unemployment={'USA': 0.04})"

    unemp = variable("f r", "unemployment rate", "fraction of the labour force")
    wcurve = variable("f r", "real wage over that of the wage curve through the benchmark")
    lforce = instrument("f r", "labour force", "index, benchmark = 1")

    unemp_0 = parameter("f r", "benchmark unemployment rate", "fraction of the labour force")
    wcurveel = parameter("", "elasticity of the real wage with respect to unemployment, without sign", structural=False)

    def __init__(self, elasticity: float = ELASTICITY, unemployment: float | Mapping[str, float] | None = None) -> None:
        if isinstance(elasticity, bool) or not isinstance(elasticity, (int, float)) or not 0 <= elasticity < np.inf:
            raise ModelError(
                f"the elasticity of the wage curve is {elasticity!r}; a number of at least 0, without the minus sign"
            )
        given = unemployment if isinstance(unemployment, Mapping) else {"": unemployment}
        for region, rate in given.items():
            if rate is not None:
                _check_rate(rate, f" of {region}" if region else "", "WageCurve")
        self.elasticity = float(elasticity)
        self.unemployment = dict(unemployment) if isinstance(unemployment, Mapping) else unemployment

    def tables(self, before: Solution, after: Solution) -> Sequence[Table]:
        """Unemployment and employment by region."""
        frame = unemployment_table(before, after)
        title = "unemployment, per cent of the labour force, and change of employment, per cent"
        return [] if frame.empty else [Table("unemployment", title, frame)]

    @equation("f r", "unemployment: who of the labour force is not employed", defines="unemp")
    def e_unemp(m: Any, f: Any, r: Any) -> Any:
        return m.unemp[f, r] + (1.0 - m.unemp_0[f, r]) * m.qe[f, r] / m.lforce[f, r] == 1.0

    @equation("f r", "wage curve", defines="wcurve", source="Blanchflower and Oswald 1994")
    def e_wcurve(m: Any, f: Any, r: Any) -> Any:
        return m.wcurve[f, r] == m.rw[f, r] * (m.unemp[f, r] / m.unemp_0[f, r]) ** m.wcurveel

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        factors, regions = data.sets["endw"], data.sets["reg"]
        if not any(is_labour(f) for f in factors):
            raise ModelError(f"a wage curve needs labour, and the factors of {data.benchmark.name!r} are {', '.join(factors)}")
        rates = np.broadcast_to(self._rates(data), (len(factors), len(regions))).copy()
        return {
            "unemp": rates,
            "unemp_0": rates.copy(),
            "wcurveel": np.array(self.elasticity),
            "lforce": np.ones_like(rates),
        }

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        """Labour that moves between activities: it has one wage a region."""
        labour = np.array([is_labour(f) for f in data.sets["endw"]])
        moves = ((data["evfb"] > 0) & ~data.tied()[:, :, None]).any(1) & labour[:, None]
        return {"unemp": moves, "wcurve": moves}

    def _rates(self, data: Calibrated) -> np.ndarray:
        """Unemployment rates of the benchmark, or the given ones; dims (r,)."""
        regions, name = list(data.sets["reg"]), data.benchmark.name
        beside, given = data.benchmark.satellites, self.unemployment
        rates = np.full(len(regions), np.nan)
        if beside is not None and "unemployment" in beside:
            rates = np.array(beside["unemployment"].sel(r=regions).values, dtype=float)
        if isinstance(given, dict):
            for region, rate in given.items():
                if region not in regions:
                    raise ModelError(f"WageCurve has a rate of {region!r}, which is no region{nearest(region, regions)}")
                rates[regions.index(region)] = rate
        elif given is not None:
            rates[:] = given
        lacking = [r for r, rate in zip(regions, rates, strict=True) if np.isnan(rate)]
        if lacking:
            example = f"WageCurve(unemployment={{{lacking[0]!r}: 0.05}})"
            raise ModelError(
                f"benchmark {name!r} has no unemployment rate of {', '.join(lacking)}, which a wage curve needs; give "
                f"{'one' if len(lacking) == 1 else 'them'}, as {example}, or take another rule of labour"
            )
        for region, rate in zip(regions, rates, strict=True):
            _check_rate(rate, f" of {region}", f"benchmark {name!r}")
        return rates


def _check_rate(rate: object, whose: str, where: str) -> None:
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < float(rate) <= MOST:
        raise ModelError(
            f"{where}: the unemployment rate{whose} is {rate}; a fraction of the labour force above 0 and up to {MOST:g} is "
            "needed (0.05 for 5 per cent)"
        )


def unemployment_table(base: Solution, after: Solution) -> pd.DataFrame:
    """Unemployment before and after and the change of employment by region and kind of labour, per cent; empty without a curve.

    Returns
    -------
    DataFrame
        Index region; ``before`` and by kind of labour ``after, f`` (per cent of the labour force) and ``employment, f``
        (change, per cent). Only kinds of labour that move between activities have a rate.
    """
    if "unemp" not in base.model.symbols:
        return pd.DataFrame()
    exists = base.model.active["e_unemp"]
    factors = [f for k, f in enumerate(base.model.sets["endw"]) if exists[k].any()]
    columns = {"before": 100 * base["unemp"].sel(f=factors[0]).to_series()} if factors else {}
    for factor in factors:
        columns[f"after, {factor}"] = 100 * after["unemp"].sel(f=factor).to_series()
        columns[f"employment, {factor}"] = 100 * (after["qe"] / base["qe"] - 1).sel(f=factor).to_series()
    return pd.DataFrame(columns)
