"""A raw multi-regional input-output table, whatever its publisher.

Basic prices, million USD (or another unit, stated), industry by industry. Readers fill it from official
files and change nothing; :mod:`calibration.from_mrio` turns it into a balanced SAM by stated rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from calibration.aggregate import check_mapping, collapse
from calibration.currency import check_currency, currency_of_units
from calibration.errors import DataError, require_unique

FINAL = ("c37", "c38", "c39", "c41", "c42")
"""Final-use columns of WIOD 2013: households, non-profit institutions, government, fixed investment, inventories."""

WIOD_AGENTS = {"c37": "prv", "c38": "prv", "c39": "gov", "c41": "inv", "c42": "stocks"}

FINAL_WORDS = (
    ("household", "prv"),
    ("non-profit", "prv"),
    ("government", "gov"),
    ("fixed capital", "inv"),
    ("inventor", "stocks"),
    ("valuables", "stocks"),
)
"""Word in a category of final demand, as national accounts name it -> who demands."""


@dataclass(frozen=True)
class Mrio:
    """A raw table.

    Attributes
    ----------
    regions, industries : list of str
    inter : ndarray, dims (s, i, d, a)
        Intermediate use.
    final : ndarray, dims (s, i, d, k)
        Final use by category of ``finals``.
    output : ndarray, dims (s, i)
        Published gross output.
    year : int
    path : str
        The file it came from, for messages.
    finals : tuple of str
        Labels along ``k``.
    agents : mapping
        Final category -> ``prv``, ``gov``, ``inv`` or ``stocks`` (changes in inventories).
    taxes : ndarray, dims (d, user), optional
        Taxes less subsidies on products by user: industries, then ``finals``; None where the source has none.
    details : mapping
        Industry -> sector of :data:`calibration.classification.SECTORS`, which decides its factor shares and elasticities.
    source, licence : str
    units : str
        ``million`` and a currency code; every output of a benchmark built from the table names it.
    conversion : str
        How the values came into these units, where they were converted.
    """

    regions: list[str]
    industries: list[str]
    inter: np.ndarray
    final: np.ndarray
    output: np.ndarray
    year: int
    path: str
    finals: tuple[str, ...] = FINAL
    agents: Mapping[str, str] = field(default_factory=lambda: dict(WIOD_AGENTS))
    taxes: np.ndarray | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    licence: str = ""
    units: str = "million USD"
    conversion: str = ""

    def __post_init__(self) -> None:
        for what, labels in (("regions", self.regions), ("industries", self.industries), ("final uses", self.finals)):
            require_unique(labels, f"{self.path}: {what}")
        r, n, k = len(self.regions), len(self.industries), len(self.finals)
        shapes = {"inter": (r, n, r, n), "final": (r, n, r, k), "output": (r, n)}
        if self.taxes is not None:
            shapes["taxes"] = (r, n + k)
        for name, shape in shapes.items():
            values = getattr(self, name)
            if values.shape != shape:
                raise DataError(f"{self.path}: {name} has shape {values.shape}, expected {shape}; is the table truncated?")
            if not np.isfinite(values).all():
                at = np.argwhere(~np.isfinite(values))[0]
                where = self.regions[at[0]] + (f" {self.industries[at[1]]}" if name != "taxes" else "")
                raise DataError(f"{self.path}: {name} is not finite in row {where}; repair that cell")
        currency_of_units(self.units, self.path)
        odd = [x for x in self.finals if self.agents.get(x) not in ("prv", "gov", "inv", "stocks")]
        if odd:
            raise DataError(
                f"{self.path}: final-use categories {', '.join(odd)} belong to no agent; name prv, gov, inv or stocks"
            )

    @property
    def currency(self) -> str:
        """Currency code of the values."""
        return currency_of_units(self.units, self.path)

    def converted(self, rate: float, currency: str) -> Mrio:
        """The table in another currency.

        Parameters
        ----------
        rate : float
            Units of ``currency`` for one unit of the table's own, as 1.181 for USD of a table in EUR.
        currency : str
            Code of the new currency.

        Raises
        ------
        DataError
            A rate that is not finite and positive, a code that is none, or the table's own currency.
        """
        check_currency(currency)
        if currency == self.currency:
            raise DataError(f"{self.path} is in {currency} already; leave out the rate")
        if not (np.isfinite(rate) and rate > 0):
            raise DataError(f"rate {rate} of exchange must be a positive number: {currency} for one {self.currency}")
        return replace(
            self,
            inter=self.inter * rate,
            final=self.final * rate,
            output=self.output * rate,
            taxes=None if self.taxes is None else self.taxes * rate,
            units=f"million {currency}",
            conversion=f"from {self.currency} at 1 {self.currency} = {rate:g} {currency}, as given",
        )

    def of_agent(self, agent: str) -> np.ndarray:
        """Final use of one agent; dims (s, i, d)."""
        return np.asarray(self.final[..., [k for k, x in enumerate(self.finals) if self.agents[x] == agent]].sum(-1))

    def aggregated(self, regions: Mapping[str, str] | None = None, industries: Mapping[str, str] | None = None) -> Mrio:
        """Summed over groups of regions and industries; labels in order of first appearance.

        A group takes the detail (kind and elasticities) of its largest member.

        Raises
        ------
        DataError
            A mapping leaves out a label, or names an unknown one (nearest suggested).
        """
        region_map = dict(regions) if regions else {x: x for x in self.regions}
        industry_map = dict(industries) if industries else {x: x for x in self.industries}
        try:
            new_r = check_mapping(region_map, self.regions, "region")
            new_i = check_mapping(industry_map, self.industries, "sector")
        except DataError as error:
            raise DataError(f"{self.path}: {error}") from error
        r = np.array([new_r.index(region_map[x]) for x in self.regions])
        i = np.array([new_i.index(industry_map[x]) for x in self.industries])
        n = len(self.industries)

        def rows(array: np.ndarray) -> np.ndarray:
            return collapse(collapse(array, 0, r, len(new_r)), 1, i, len(new_i))

        inter = collapse(collapse(rows(self.inter), 2, r, len(new_r)), 3, i, len(new_i))
        taxes = None
        if self.taxes is not None:
            by_region = collapse(self.taxes, 0, r, len(new_r))
            taxes = np.concatenate([collapse(by_region[:, :n], 1, i, len(new_i)), by_region[:, n:]], axis=1)
        size = self.output.sum(0)
        details = {}
        for k, label in enumerate(new_i):
            members = np.flatnonzero(i == k)
            largest = self.industries[members[np.argmax(size[members])]]
            if largest in self.details:
                details[label] = self.details[largest]
        return replace(
            self,
            regions=new_r,
            industries=new_i,
            inter=inter,
            final=collapse(rows(self.final), 2, r, len(new_r)),
            output=rows(self.output),
            taxes=taxes,
            details=details,
        )

    def areas(self, region_map: Mapping[str, str] | None = None) -> dict[str, str]:
        """Area of the GTAP sample for each region (of a mapping: for each new region, its largest member's)."""
        from calibration.geography import ALIASES, ECONOMIES

        size = self.output.sum(1)
        best: dict[str, tuple[float, str]] = {}
        for k, old in enumerate(self.regions):
            new = region_map[old] if region_map else old
            known = ECONOMIES.get(old) or ECONOMIES.get(ALIASES.get(old, "")) or ECONOMIES["ROW"]
            if size[k] > best.get(new, (-1.0, ""))[0]:
                best[new] = (float(size[k]), known.area)
        return {new: area for new, (_, area) in best.items()}


@dataclass(frozen=True)
class Reader:
    """A source of tables that ``cge data build --source`` knows: one instance in its module, found there.

    Attributes
    ----------
    name : str
        As on the command line: ``adb-mrio``.
    read : callable
        Path and year (None: the file's own) to a table.
    """

    name: str
    read: Callable[[Path, int | None], Mrio]
