"""Conditional convergence: how fast output per person of working age grows, and where that leads.

The rule is the growth regression of Barro (1991, "Economic Growth in a Cross Section of Countries", Quarterly Journal of
Economics 106(2)) and Mankiw, Romer and Weil (1992, QJE 107(2)) in its plainest form. Per year,

    growth = constant + gap (ln y of the leader - ln y) + skills (ln h - ln h of the leader) + investment ln(I / GDP) + e

with y output per person of working age and h human capital. What an economy grew beyond the rule (e) is carried on, and
fades: the part that is left after a year is the ``persistence``, measured between the halves of the sample (growth beyond
the fundamentals persists little: Easterly, Kremer, Pritchett and Summers 1993, Journal of Monetary Economics 32(3)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.errors import DataError

LEADER = "USA"
"""The economy that the others converge to."""
CONDITIONS = ("skills", "investment")
TERMS = ("constant", "gap", *CONDITIONS)


@dataclass(frozen=True)
class Rule:
    """An estimated rule.

    Attributes
    ----------
    coefficients : Series
        Of :data:`TERMS`, per year.
    errors : Series
        Their standard errors.
    persistence : float
        Share of what an economy grew beyond the rule that is left after a year.
    residuals : Series
        That excess by economy of the sample, over all its years, per year.
    years : pair of int
        First and last year of the sample; the excess fades from their middle on.
    r2 : float
        Share of the variance of growth that is explained.
    """

    coefficients: pd.Series
    errors: pd.Series
    persistence: float
    residuals: pd.Series
    years: tuple[int, int]
    r2: float

    def excess(self, levels: pd.DataFrame, conditions: pd.DataFrame) -> pd.Series:
        """What each economy grew beyond the rule in the years of the sample, in the sample or not; per year.

        Parameters
        ----------
        levels : DataFrame
            Index economy, the columns :attr:`years`: log output per person of working age.
        conditions : DataFrame
            As in :func:`estimate_rule`.
        """
        first, last = self.years
        fitted = _regressors(levels[first], conditions.reindex(levels.index)) @ self.coefficients
        return ((levels[last] - levels[first]) / (last - first) - fitted).dropna()

    def describe(self) -> str:
        """The rule in one line, with standard errors."""
        terms = (f"{t} {self.coefficients[t]:.4f} ({self.errors[t]:.4f})" for t in TERMS)
        return (
            f"{', '.join(terms)}; R2 {self.r2:.2f}, {len(self.residuals)} economies; persistence {self.persistence:.2f} a year"
        )


def _regressors(level: pd.Series, conditions: pd.DataFrame) -> pd.DataFrame:
    """The right-hand side, dims (economy, term)."""
    return pd.DataFrame(
        {
            "constant": 1.0,
            "gap": level[LEADER] - level,
            "skills": conditions["skills"] - conditions.loc[LEADER, "skills"],
            "investment": conditions["investment"],
        }
    )


def _least_squares(growth: pd.Series, terms: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Coefficients, standard errors and residuals."""
    matrix, values = terms.to_numpy(dtype=float), growth.to_numpy(dtype=float)
    solved = np.linalg.lstsq(matrix, values, rcond=None)[0]
    residuals = values - matrix @ solved
    variance = (residuals**2).sum() / (len(values) - matrix.shape[1]) * np.linalg.inv(matrix.T @ matrix).diagonal()
    columns = list(terms.columns)
    return pd.Series(solved, columns), pd.Series(np.sqrt(variance), columns), pd.Series(residuals, growth.index)


def estimate_rule(levels: pd.DataFrame, conditions: pd.DataFrame) -> Rule:
    """The rule by ordinary least squares over economies, each counting once.

    Parameters
    ----------
    levels : DataFrame
        Index economy; three columns, the first, a middle and the last year (ints): log output per person of working age.
    conditions : DataFrame
        Index economy; ``skills`` (log human capital) and ``investment`` (log share of investment in GDP), for each period
        the same.

    Raises
    ------
    DataError
        The leader is missing, fewer than 20 economies are complete, or the years are not three in order.
    """
    years = [int(y) for y in levels.columns]
    if len(years) != 3 or years != sorted(set(years)):
        raise DataError(f"the rule of convergence needs a first, a middle and a last year in order, got {years}")
    whole = levels.join(conditions[list(CONDITIONS)]).dropna()
    if LEADER not in whole.index or len(whole) < 20:
        raise DataError(f"the rule of convergence needs {LEADER} and 20 complete economies, got {len(whole)}")
    levels, conditions = whole[levels.columns], whole[list(CONDITIONS)]
    first, middle, last = levels.columns

    def fit(start: int, end: int) -> tuple[pd.Series, pd.Series, pd.Series, pd.Series]:
        growth = (levels[end] - levels[start]) / (int(end) - int(start))
        return growth, *_least_squares(growth, _regressors(levels[start], conditions))

    growth, coefficients, errors, residuals = fit(first, last)
    early, late = fit(first, middle)[3], fit(middle, last)[3]
    left = float((early * late).sum() / (early**2).sum())
    if not 0 < left < 1:
        raise DataError(f"growth beyond the rule does not fade in this sample: {left:.2f} of it is left after half of it")
    return Rule(
        coefficients,
        errors,
        left ** (2 / (years[2] - years[0])),
        residuals,
        (years[0], years[2]),
        1 - float(residuals.var() / growth.var()),
    )


def project(rule: Rule, known: pd.DataFrame, conditions: pd.DataFrame, excess: pd.Series, last: int) -> pd.DataFrame:
    """Log output per person of working age, the known years followed by those of the rule.

    Parameters
    ----------
    rule : Rule
    known : DataFrame
        Index economy, columns years that follow one another; NaN behind an economy's last known year. The first column is
        full.
    conditions : DataFrame
        As in :func:`estimate_rule`; they stay what they are.
    excess : Series
        What economies grew beyond the rule (:meth:`Rule.excess`); nothing where it does not say.
    last : int
        Last year.

    Returns
    -------
    DataFrame
        Index economy (those with all conditions), columns years.

    Raises
    ------
    DataError
        The leader is missing or its first known year is.
    """
    conditions = conditions[list(CONDITIONS)].dropna()
    rows = [e for e in known.index if e in conditions.index and np.isfinite(known.loc[e].iloc[0])]
    if LEADER not in rows:
        raise DataError(f"a path of convergence needs {LEADER} in its first year, with its conditions")
    known, conditions = known.loc[rows], conditions.loc[rows]
    beyond, middle = excess.reindex(rows).fillna(0.0), sum(rule.years) / 2
    years = [int(y) for y in known.columns]
    path = {years[0]: known[years[0]]}
    for year in range(years[0] + 1, last + 1):
        before = path[year - 1]
        growth = _regressors(before, conditions) @ rule.coefficients
        ruled = before + growth + beyond * rule.persistence ** max(year - 0.5 - middle, 0.0)
        path[year] = known[year].fillna(ruled) if year in years else ruled
    return pd.DataFrame(path)
