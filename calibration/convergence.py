"""Conditional convergence: how fast output per person of working age grows, and where that leads.

The rule is the growth regression of Barro (1991, "Economic Growth in a Cross Section of Countries", Quarterly Journal of
Economics 106(2)) and Mankiw, Romer and Weil (1992, QJE 107(2)) in its plainest form. Per year,

    growth = constant + gap (ln y of the leader - ln y) + skills (ln h - ln h of the leader) + investment ln(I / GDP)
             + people (growth of the people of working age) + past (growth of the 15 years before) + e

with y output per person of working age and h human capital; conditions are those of before the growth that they are to tell.
Where fewer come into working age each has more capital, and more of those who could work do, so that ``people`` is below 0,
as in Mankiw, Romer and Weil. Economies differ in more than these conditions: what an economy grew in the 15 years before stands
for the rest, shrunk to the share (``past``) that came again in the sample (growth persists in part: Easterly, Kremer, Pritchett
and Summers 1993, Journal of Monetary Economics 32(3); Pritchett and Summers 2014, NBER 20573). In a projection the 15 years
move on, so that this fades as an economy's growth nears the rule's. What it grew beyond all that (e) fades faster: the part
that is left after a year is the ``persistence``, measured between the halves of the sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.errors import DataError

LEADER = "USA"
"""The economy that the others converge to."""
CONDITIONS = ("skills", "investment")
TERMS = ("constant", "gap", *CONDITIONS, "people", "past")
PAST = 15
"""Years whose growth tells the next, the longest that the data have before the sample."""


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

    def excess(self, levels: pd.DataFrame, conditions: pd.DataFrame, people: pd.DataFrame) -> pd.Series:
        """What each economy grew beyond the rule in the years of the sample, in the sample or not; per year.

        Parameters
        ----------
        levels : DataFrame
            Index economy, the columns :attr:`years` and :data:`PAST` years before the first: log output per person of working
            age.
        conditions, people : DataFrame
            As in :func:`estimate_rule`.
        """
        first, last = self.years
        fitted = regressors(levels, (first, last), conditions.reindex(levels.index), people) @ self.coefficients
        return ((levels[last] - levels[first]) / (last - first) - fitted).dropna()

    def describe(self) -> str:
        """The rule in one line, with standard errors."""
        terms = (f"{t} {self.coefficients[t]:.4f} ({self.errors[t]:.4f})" for t in TERMS)
        return (
            f"{', '.join(terms)}; R2 {self.r2:.2f}, {len(self.residuals)} economies; persistence {self.persistence:.2f} a year"
        )


def regressors(levels: pd.DataFrame, span: tuple[int, int], conditions: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """The right-hand side of growth over a span of years, output as known in its first; dims (economy, term)."""
    first, last = span
    return pd.DataFrame(
        {
            "constant": 1.0,
            "gap": levels.loc[LEADER, first] - levels[first],
            "skills": conditions["skills"] - conditions.loc[LEADER, "skills"],
            "investment": conditions["investment"],
            "people": (people[last] - people[first]).reindex(levels.index) / (last - first),
            "past": (levels[first] - levels[first - PAST]) / PAST,
        }
    )[list(TERMS)]


def least_squares(growth: pd.Series, terms: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Coefficients, standard errors and residuals."""
    matrix, values = terms.to_numpy(dtype=float), growth.to_numpy(dtype=float)
    solved = np.linalg.lstsq(matrix, values, rcond=None)[0]
    residuals = values - matrix @ solved
    variance = (residuals**2).sum() / (len(values) - matrix.shape[1]) * np.linalg.inv(matrix.T @ matrix).diagonal()
    columns = list(terms.columns)
    return pd.Series(solved, columns), pd.Series(np.sqrt(variance), columns), pd.Series(residuals, growth.index)


def estimate_rule(levels: pd.DataFrame, conditions: pd.DataFrame, people: pd.DataFrame, years: tuple[int, int, int]) -> Rule:
    """The rule by ordinary least squares over economies, each counting once.

    Parameters
    ----------
    levels : DataFrame
        Index economy; columns years, of which the first and the middle one of ``years`` and each :data:`PAST` years before, and
        the last: log output per person of working age.
    conditions : DataFrame
        Index economy; ``skills`` (log human capital) and ``investment`` (log share of investment in GDP), for each period
        the same.
    people : DataFrame
        Index economy, columns the three years: log number of people of working age.
    years : tuple of int
        First, middle and last year of the sample.

    Raises
    ------
    DataError
        The years are not three in order, the table lacks one of them or one before, the leader is missing, or fewer than 20
        economies are complete.
    """
    first, middle, last = years
    if not first < middle < last:
        raise DataError(f"the rule of convergence needs a first, a middle and a last year in order, got {list(years)}")
    needed = [first - PAST, middle - PAST, *years]
    absent = [y for y in needed if y not in levels.columns]
    if absent:
        raise DataError(f"the rule of convergence needs output in {', '.join(map(str, absent))}, which the table lacks")
    if absent := [y for y in years if y not in people.columns]:
        raise DataError(f"the rule of convergence needs people of working age in {', '.join(map(str, absent))}")
    counted = people.index[people[list(years)].notna().all(axis=1)]
    whole = levels.loc[levels.index.intersection(counted), needed].join(conditions[list(CONDITIONS)]).dropna()
    if LEADER not in whole.index or len(whole) < 20:
        raise DataError(f"the rule of convergence needs {LEADER} and 20 complete economies, got {len(whole)}")
    levels, conditions = whole[needed], whole[list(CONDITIONS)]

    def fit(start: int, end: int) -> tuple[pd.Series, pd.Series, pd.Series, pd.Series]:
        growth = (levels[end] - levels[start]) / (end - start)
        return growth, *least_squares(growth, regressors(levels, (start, end), conditions, people))

    growth, coefficients, errors, residuals = fit(first, last)
    early, late = fit(first, middle)[3], fit(middle, last)[3]
    left = float((early * late).sum() / (early**2).sum())
    if not 0 < left < 1:
        raise DataError(f"growth beyond the rule does not fade in this sample: {left:.2f} of it is left after half of it")
    r2 = 1 - float(residuals.var() / growth.var())
    return Rule(coefficients, errors, left ** (2 / (last - first)), residuals, (first, last), r2)


def project(
    rule: Rule, known: pd.DataFrame, conditions: pd.DataFrame, people: pd.DataFrame, excess: pd.Series, last: int
) -> pd.DataFrame:
    """Log output per person of working age, the known years followed by those of the rule.

    Parameters
    ----------
    rule : Rule
    known : DataFrame
        Index economy, columns years that follow one another, more than :data:`PAST`; NaN behind an economy's last known year.
        The first ones are full.
    conditions : DataFrame
        As in :func:`estimate_rule`; they stay what they are.
    people : DataFrame
        Index economy, columns years up to ``last``: log number of people of working age.
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
        The leader is missing or its first known years are, or there are too few years.
    """
    conditions = conditions[list(CONDITIONS)].dropna()
    years = [int(y) for y in known.columns]
    if len(years) <= PAST or years != list(range(years[0], years[-1] + 1)):
        raise DataError(
            f"a path of convergence needs more than {PAST} years that follow one another, got {years[0]}-{years[-1]}"
        )
    begun = known[years[: PAST + 1]].notna().all(axis=1)
    rows = [e for e in known.index if e in conditions.index and e in people.index and begun[e]]
    if LEADER not in rows:
        raise DataError(f"a path of convergence needs {LEADER} in its first years, with its conditions")
    path, conditions = known.loc[rows].copy(), conditions.loc[rows]
    beyond, middle = excess.reindex(rows).fillna(0.0), sum(rule.years) / 2
    for year in range(years[0] + PAST + 1, last + 1):
        growth = regressors(path, (year - 1, year), conditions, people) @ rule.coefficients
        ruled = path[year - 1] + growth + beyond * rule.persistence ** max(year - 0.5 - middle, 0.0)
        path[year] = path[year].fillna(ruled) if year in path.columns else ruled
    return path
