"""What moves along a path of years: the baseline's rates of growth, and programmes with a calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import DataError
from calibration.errors import require_year as whole_year
from calibration.growth import level
from cge.dynamics.path_of_years import State
from cge.errors import ModelError, ShockError
from cge.model import Model
from cge.model.shock import Shock, require_shock

Array = np.ndarray

COLUMNS = ("gdp", "population", "skl", "unskl", "nat")
"""Rates of growth that a baseline needs of each region."""
SKILLED = ("off_mgr_pros", "tech_aspros")
UNSKILLED = ("clerks", "service_shop", "ag_othlowsk")
"""GTAP's occupations (Weingarden and Tsigas 2010), which its five labour factors are named for."""


def growth_column(factor: str) -> str:
    """The column of the growth table that a factor grows with, by its label (GTAP's names or this library's)."""
    name = factor.lower()
    if name.startswith("nat") or "land" in name:
        return "nat"
    if name.startswith("unsk") or name in UNSKILLED:
        return "unskl"
    if name.startswith("sk") or name in SKILLED:
        return "skl"
    return "population"


def require_year(year: object, what: str, example: str = "2018") -> None:
    """Raise where a year of a path, or a number of years, is not a whole number.

    Raises
    ------
    ModelError
    """
    try:
        whole_year(year, what, example)
    except DataError as error:
        raise ModelError(str(error)) from error


DEPRECIATION = 0.05
"""Rate of depreciation a year of capital where neither the user nor the benchmark has one."""


@dataclass(frozen=True)
class Baseline:
    """Growth of the regions over the years.

    Attributes
    ----------
    years : tuple of int
        The base year first.
    growth : DataFrame
        Index region, or region and the last year of a period (:func:`calibration.growth.read_growth`); ``gdp, population,
        skl, unskl, nat``, fractions a year. Factors that are neither labour by skill nor natural resources grow with
        population (:func:`growth_column`).
    depreciation : float, optional
        Of capital, a year. Not given, it is each region's own in the benchmark, ``vdep`` over ``vkb``, and
        :data:`DEPRECIATION` where the benchmark has none.
    interest : float
        Real rate on foreign positions and loans.

    Raises
    ------
    ModelError
        Years that are no whole numbers or do not follow one another, a rate that is none, a region given twice, a column
        missing, or a growth table that ends before the years.
    """

    years: tuple[int, ...]
    growth: pd.DataFrame
    depreciation: float | None = None
    interest: float = 0.04

    def __post_init__(self) -> None:
        for year in self.years:
            require_year(year, "a year of the baseline")
        if len(self.years) == 0 or list(self.years) != list(range(self.years[0], self.years[0] + len(self.years))):
            raise ModelError(f"years must follow one another upward, got {self.years[:3]}...; write them as first:last")
        if not 0 <= (self.depreciation or 0.0) < 1 or not -0.5 < self.interest < 1:
            raise ModelError(f"depreciation {self.depreciation} and interest {self.interest} must be rates a year")
        self._check_growth()

    def _check_growth(self) -> None:
        if not isinstance(self.growth, pd.DataFrame):
            raise ModelError(f"growth is a table (read_growth gives one), not a {type(self.growth).__name__}")
        lacking = [c for c in COLUMNS if c not in self.growth]
        if lacking:
            raise ModelError(f"the growth table lacks the column {', '.join(lacking)}; its columns are {', '.join(COLUMNS)}")
        twice = self.growth.index[self.growth.index.duplicated()]
        if len(twice):
            raise ModelError(f"the growth table has {twice[0]} twice; keep one row a region")
        rates = self.growth[list(COLUMNS)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
        unlawful = ~np.isfinite(rates) | (rates <= -1)
        if unlawful.any():
            r, c = np.argwhere(unlawful)[0]
            given = self.growth[COLUMNS[c]].iloc[r]
            raise ModelError(f"growth {COLUMNS[c]} of {self.growth.index[r]} is {given}; a fraction a year above -1 is needed")
        if len(self.growth):
            self.level("gdp", self.years[-1], list(dict.fromkeys(self.growth.index.get_level_values(0))))

    def level(self, column: str, year: int, regions: Sequence[str]) -> Array:
        """How often the first year's level a driver has in a year; dims (r,), in the order of ``regions``.

        Raises
        ------
        ModelError
            The growth table ends before the year.
        """
        try:
            return np.asarray(level(self.growth, column, self.years[0], year).loc[list(regions)], dtype=float)
        except DataError as error:
            raise ModelError(str(error)) from error

    def first_rate(self, column: str, regions: Sequence[str]) -> Array:
        """Growth of a driver in the year after the first; dims (r,)."""
        growth = self.growth[column]
        if self.growth.index.nlevels > 1:
            ends = self.growth.index.get_level_values(1)
            growth = growth.xs(min([y for y in ends if y > self.years[0]], default=max(ends)), level=1)
        return np.asarray(growth.loc[list(regions)], dtype=float)

    @classmethod
    def between(cls, first: int, last: int, growth: pd.DataFrame, **rates: float) -> Baseline:
        """The years ``first`` to ``last``.

        Raises
        ------
        ModelError
            A year that is no whole number, or years that run backwards.
        """
        require_year(first, "the first year")
        require_year(last, "the last year")
        if last < first:
            raise ModelError(f"years run backwards: {first}:{last}")
        return cls(tuple(range(first, last + 1)), growth, **rates)


@dataclass
class Flows:
    """What a programme adds in one year; each dims (r,), million USD in the numeraire, zero where left out.

    Attributes
    ----------
    policy : Shock or None
        Instruments of the year. Its changes act on the baseline's value of the year where an instrument moves by itself
        (endowments, population, productivity, foreign saving).
    exogenous : mapping
        Further instruments at their values, aligned by label, by name; none that the policy moves as well.
    loans : mapping of region to amount
        Net new foreign loans received (negative: given); must sum to zero. Only these bear interest and count as debt.
    repayment : mapping
        Debt repaid (negative: received); must sum to zero.
    grants : mapping
        Foreign grants that finance investment; must sum to zero.
    works : mapping
        Public works paid by the region's own household.
    public : mapping
        All public works of the year, however paid: they are investment but not private capital.
    parks : mapping
        Foreign capital placed in the region (negative: placed abroad by its owner), whose rental goes back to the owner.
    park_sectors : tuple of str
        Sectors that park capital goes to; felt where capital is ``vintage``, which is the place it stays in.
    guess : mapping
        Variables at values near the year's solution, aligned by label; the answer does not depend on them.
    """

    policy: Shock | None = None
    exogenous: Mapping[str, xr.DataArray | float] = field(default_factory=dict)
    loans: Mapping[str, float] = field(default_factory=dict)
    repayment: Mapping[str, float] = field(default_factory=dict)
    grants: Mapping[str, float] = field(default_factory=dict)
    works: Mapping[str, float] = field(default_factory=dict)
    public: Mapping[str, float] = field(default_factory=dict)
    parks: Mapping[str, float] = field(default_factory=dict)
    park_sectors: tuple[str, ...] = ()
    guess: Mapping[str, xr.DataArray | float] = field(default_factory=dict)

    @property
    def acts(self) -> bool:
        """Whether anything is done at all."""
        amounts: tuple[Any, ...] = (self.loans, self.repayment, self.grants, self.works, self.public, self.parks)
        return self.policy is not None or bool(self.exogenous) or any(any(held.values()) for held in amounts)


@runtime_checkable
class Programme(Protocol):
    """A policy with a calendar.

    A path saved under a programme is resumed only where the programme says what it holds: a dataclass of plain values does,
    any other needs a method ``fingerprint()`` that returns text (:func:`cge.equations.fingerprint.fingerprint`).
    """

    @property
    def name(self) -> str:
        """Short name."""
        ...

    def flows(self, year: int, model: Model, state: State) -> Flows:
        """What it does in a year."""
        ...


@dataclass(frozen=True)
class Steady:
    """A policy that acts in full from one year on (default: the first).

    Attributes
    ----------
    policy : Shock
    since : int
    """

    policy: Shock
    since: int = 0

    def __post_init__(self) -> None:
        require_year(self.since, f"the first year of {self.policy.name!r}")

    @property
    def name(self) -> str:
        """The policy's name."""
        return self.policy.name

    def flows(self, year: int, model: Model, state: State) -> Flows:
        """The policy itself."""
        return Flows(policy=self.policy if year >= self.since else None)


def as_programme(policy: Shock | Programme | None) -> Programme | None:
    """A policy as a programme; one without a calendar acts in full from the first year.

    Raises
    ------
    ModelError
        Neither a shock nor a programme: a name, a class, a function.
    """
    if policy is None or (isinstance(policy, Programme) and not isinstance(policy, type)):
        return policy
    require_shock(policy, where="a path of years")
    return Steady(cast(Shock, policy))


def refuse_origin(policy: Shock) -> None:
    """Raise where a policy has rules of origin, which stand on the model and move as a programme.

    Raises
    ------
    ShockError
    """
    if getattr(policy, "origin", None):
        raise ShockError(
            f"policy {policy.name!r} has rules of origin (its clause 'origin'): solve it with cge.solve(scenario, years=...), "
            "which puts them on the model, or leave the clause out"
        )
