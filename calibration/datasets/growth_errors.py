"""How well the rule of convergence tells growth that it has not seen, beside the rule without its two last terms.

Run: ``python -m calibration.datasets.growth_errors --data DATA`` (as for :mod:`calibration.datasets.growth_rates`). Three
tests on the economies of this library, growth of output per person of working age:

- ``hidden economies, 2010-2019``: each economy in turn is left out of the estimate and told from what is known of it in 2010;
- ``2015-2019`` and ``2019-2024``: estimated on the years from 2010 to the first of them and told from there, with what each
  economy grew beyond the rule until then, fading as in the projection. The second holds the pandemic.

The Penn extract begins in 2010, so that no rule can be estimated up to 2009 and judged on the years after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.convergence import PAST, TERMS, least_squares, regressors
from calibration.datasets.growth_rates import constant_gdp, convergence_rule, penn_table, per_person
from calibration.geography import ECONOMIES
from calibration.readers.population import read_population
from calibration.script import arguments_of, parser_of, script

RULES: Mapping[str, tuple[str, ...]] = {
    "mean": ("constant",),
    "without people and past": tuple(t for t in TERMS if t not in ("people", "past")),
    "without past": tuple(t for t in TERMS if t != "past"),
    "the rule": TERMS,
}
LATER = ((2010, 2015, 2019), (2010, 2019, 2024))


class Unseen:
    """Data of the tests."""

    def __init__(self, data: Path) -> None:
        working = read_population(data / "un_wpp")[1]
        self.people, self.penn = np.log(working), penn_table(data)
        self.levels = per_person(data, working)
        observed = np.log(constant_gdp(data)).reindex(self.levels.index) - self.people.reindex(self.levels.index)
        last = int(self.levels.columns[-1])
        for year in range(last + 1, 2025):
            self.levels[year] = self.levels[last] + observed[year] - observed[last]
        self.weight = constant_gdp(data)[last]
        self.persistence = convergence_rule(data)[0].persistence

    def sample(self, first: int, last: int) -> tuple[pd.Series, pd.DataFrame]:
        """Growth of a span and its terms, conditions as known in its first year; complete economies of this library."""
        investment = np.log(self.penn["csh_i"][[y for y in self.penn["csh_i"] if y <= first]].mean(axis=1))
        conditions = pd.DataFrame({"skills": np.log(self.penn["hc"][min(first, 2019)]), "investment": investment})
        terms = regressors(self.levels, (first, last), conditions.reindex(self.levels.index), self.people)
        growth = (self.levels[last] - self.levels[first]) / (last - first)
        whole = terms.dropna().index.intersection(growth.dropna().index).intersection(list(ECONOMIES))
        return growth[whole], terms.loc[whole]

    def hidden(self, rule: Sequence[str]) -> pd.Series:
        """Errors of economies left out of the estimate, 2010 to 2019."""
        growth, terms = self.sample(2010, 2019)
        terms = terms[list(rule)]
        told = {e: terms.loc[e] @ least_squares(growth.drop(e), terms.drop(index=e))[0] for e in growth.index}
        return growth - pd.Series(told)

    def later(self, rule: Sequence[str], start: int, seen: int, last: int) -> pd.Series:
        """Errors of the years ``seen`` to ``last``, estimated on ``start`` to ``seen``."""
        growth, terms = self.sample(start, seen)
        coefficients, _, beyond = least_squares(growth, terms[list(rule)])
        after, known = self.sample(seen, last)
        fading = np.mean([self.persistence ** (y - 0.5 - (start + seen) / 2) for y in range(seen + 1, last + 1)])
        return after - known[list(rule)] @ coefficients - fading * beyond.reindex(after.index).fillna(0.0)


def errors(data: Path) -> pd.DataFrame:
    """Mean absolute errors (also weighted with GDP) and root mean squares by test and rule, points of growth a year."""
    unseen, rows = Unseen(data), {}
    for name, rule in RULES.items():
        tests = {"hidden economies, 2010-2019": unseen.hidden(rule)}
        tests |= {f"{seen}-{last}": unseen.later(rule, start, seen, last) for start, seen, last in LATER}
        for test, missed in tests.items():
            away = 100 * missed.abs()
            weighted = float(np.average(away, weights=unseen.weight[away.index]))
            rows[test, name] = [float(away.mean()), weighted, float(np.sqrt((away**2).mean())), len(away)]
    columns = ["mean error", "weighted with GDP", "root mean square", "economies"]
    index = pd.MultiIndex.from_tuples(list(rows), names=["test", "rule"])
    return pd.DataFrame(list(rows.values()), index, columns)


@script
def main() -> None:
    """Command line."""
    found = errors(arguments_of(parser_of(__doc__)).data)
    print(f"{PAST} years of past growth")
    print(found.round(2).to_string())


if __name__ == "__main__":
    main()
