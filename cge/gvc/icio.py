"""The inter-country input-output table (ICIO) of a data set or of a solution.

Rows are origin country-sectors, columns using country-sectors and final demand by destination; flows are
at basic prices of the origin. What a column pays beyond its inputs is value added in the wide sense:
factor payments, output tax, taxes less subsidies on products, kept apart in ``components``.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy.linalg as la
import xarray as xr

from calibration.mrio import Mrio
from calibration.sam import Sam
from cge.errors import ModelError
from cge.gvc.identities import solve
from cge.upward import provided

if TYPE_CHECKING:
    from cge.gvc.indicators import Indicators
    from cge.model.solution import Solution

Array = np.ndarray


@dataclass(frozen=True)
class Icio:
    """A checked inter-country table.

    Attributes
    ----------
    regions, sectors : list of str
        Labels; country-sectors are region-major.
    z : ndarray, shape (RN, RN)
        Intermediate flows.
    y : ndarray, shape (RN, R, K)
        Final demand by destination and category.
    categories : list of str
        Labels of the final categories.
    inventories : ndarray, shape (RN,)
        Net change of inventories included in ``y``, for indicators that treat it apart (zero if unknown).
    components : dict of ndarray, shape (RN,)
        Parts of value added in the wide sense; they sum to :attr:`value_added`.
    notes : list of str
        What was done about zeros and negative cells.
    discrepancy : ndarray, shape (RN,), optional
        Published output less the sum of uses. It is output that no country is seen to absorb: left out of
        absorption (value-added exports, ``davax``), and in the decompositions that must add up to
        exports or output taken as sold at home.
    """

    regions: list[str]
    sectors: list[str]
    z: Array
    y: Array
    categories: list[str]
    inventories: Array
    components: Mapping[str, Array] = field(default_factory=dict)
    notes: Sequence[str] = ()
    units: str = "million USD"
    discrepancy: Array | None = None

    def __post_init__(self) -> None:
        size, r = len(self.regions) * len(self.sectors), len(self.regions)
        for what, labels in (("region", self.regions), ("sector", self.sectors)):
            twice = sorted({x for x in labels if labels.count(x) > 1})
            if twice:
                raise ModelError(f"{what} {', '.join(twice)} comes twice in the table; labels must be unique")
        if self.z.ndim != 2 or self.z.shape[0] != self.z.shape[1]:
            raise ModelError(f"intermediate flows must be a square matrix, got shape {self.z.shape}")
        if self.z.shape != (size, size):
            raise ModelError(f"{r} regions x {len(self.sectors)} sectors need {size} rows, the table has {self.z.shape[0]}")
        if self.y.shape != (size, r, len(self.categories)):
            raise ModelError(f"final demand has shape {self.y.shape}, expected {(size, r, len(self.categories))}")
        for what, column in (("inventories", self.inventories), ("the discrepancy", self.discrepancy)):
            if column is not None and np.shape(column) != (size,):
                raise ModelError(f"{what} of the table must have {size} rows, got shape {np.shape(column)}")
        for name, values in (("intermediate", self.z), ("final", self.y)):
            bad = np.argwhere(~np.isfinite(values))
            if len(bad):
                raise ModelError(f"{name} flow of {self.label(bad[0][0])} is not finite; repair that cell")
        bad = np.argwhere(self.z < 0)
        if len(bad):
            cell = f"{self.label(bad[0][0])} -> {self.label(bad[0][1])}"
            raise ModelError(
                f"intermediate flow {cell} is negative ({self.z[tuple(bad[0])]:g}); set it to zero and balance the table"
            )
        low = np.argwhere(self.x < -1e-9 * max(float(abs(self.x).max()), 1.0))
        if len(low):
            raise ModelError(f"output of {self.label(low[0][0])} is negative ({self.x[low[0][0]]:g})")

    # -- construction ------------------------------------------------------------------------------
    @classmethod
    def from_arrays(
        cls,
        z: Array,
        y: Array,
        *,
        regions: str | Sequence[str],
        sectors: str | Sequence[str],
        inventories: Array | None = None,
        output: Array | None = None,
        units: str = "million USD",
    ) -> Icio:
        """A table from raw arrays: ``z`` (RN x RN), ``y`` (RN x R or RN x R x K), rows region-major.

        ``inventories`` (RN,) is the net change of stocks inside ``y``; ``output`` (RN,) published output
        where it differs from the sum of uses.
        """
        z, y = np.asarray(z, dtype=float), np.asarray(y, dtype=float)
        if y.ndim == 2:
            y = y[:, :, None]
        if y.ndim != 3:
            raise ModelError(f"final demand must have dims (RN, R) or (RN, R, K), got shape {y.shape}")
        if output is not None and np.size(output) != len(z):
            raise ModelError(f"output must have a value for each of the {len(z)} rows, got {np.size(output)}")
        held = np.zeros(len(z)) if inventories is None else np.asarray(inventories, dtype=float)
        gap = None if output is None else np.asarray(output, dtype=float).reshape(-1) - z.sum(1) - y.sum((1, 2))
        names = ["final"] if y.shape[2] == 1 else [f"final{k + 1}" for k in range(y.shape[2])]
        r, n = ([str(x) for x in ((labels,) if isinstance(labels, str) else labels)] for labels in (regions, sectors))
        return cls(r, n, z, y, names, held, units=units, discrepancy=gap)

    @classmethod
    def from_mrio(cls, table: Mrio) -> Icio:
        """A raw published table, inventories part of final demand.

        Where a row's uses miss the published output (WIOD is truncated to whole million USD) the rest
        is kept as a discrepancy, so that output and value added are the published ones.
        """
        r, n = len(table.regions), len(table.industries)
        z = table.inter.reshape(r * n, r * n)
        y = table.final.reshape(r * n, r, len(table.finals))
        regions = ["ROW" if x == "RoW" else x for x in table.regions]
        gap = table.output.reshape(-1) - z.sum(1) - y.sum((1, 2))
        notes = [
            "value added is output less intermediates: taxes and margins are in it",
            f"discrepancy of rows against published output: {gap.sum():.0f} {table.units}, largest {abs(gap).max():.0f}",
        ]
        stocks = table.of_agent("stocks").reshape(r * n, r).sum(1)
        return cls(regions, table.industries, z, y, list(table.finals), stocks, notes=notes, units=table.units, discrepancy=gap)

    @classmethod
    def from_sam(cls, sam: Sam) -> Icio:
        """The table inside a SAM (benchmark values); see :func:`cge.gvc.assemble.of_sam`."""
        table: Icio = provided("inter-country table of a SAM")(sam)
        return table

    @classmethod
    def from_solution(cls, solution: Solution, prices: Literal["current", "base"] = "current") -> Icio:
        """The table of a solution at its own or at benchmark prices; see :func:`cge.gvc.assemble.of_solution`."""
        table: Icio = provided("inter-country table of a solution")(solution, prices)
        return table

    # -- views -------------------------------------------------------------------------------------
    @property
    def size(self) -> tuple[int, int]:
        """Numbers of regions and sectors."""
        return len(self.regions), len(self.sectors)

    def label(self, k: int) -> str:
        """Country and sector of a row."""
        r, i = divmod(int(k), len(self.sectors))
        return f"{self.regions[r]} {self.sectors[i]}"

    @cached_property
    def x(self) -> Array:
        """Output, shape (RN,): what the rows sum to, and their discrepancy."""
        used = self.z.sum(1) + self.y.sum((1, 2))
        return np.asarray(used if self.discrepancy is None else used + self.discrepancy)

    @cached_property
    def idle(self) -> Array:
        """Industries that buy inputs and make nothing, shape (RN,), bool: no input coefficients can hold what they buy."""
        return np.asarray((self.x <= 0) & (self.z.sum(0) > 0))

    @cached_property
    def sells_without_output(self) -> Array:
        """Industries whose sales come out of stocks alone, shape (RN,), bool: no value added of the year is in them."""
        bought = self.z.sum(1) + np.maximum(self.y, 0.0).sum((1, 2))
        return np.asarray((self.x <= 1e-12 * bought) & (bought > 0))

    @cached_property
    def inter(self) -> Array:
        """Intermediate flows into industries that make something, shape (RN, RN)."""
        return np.asarray(self.z * ~self.idle[None, :]) if self.idle.any() else self.z

    @cached_property
    def value_added(self) -> Array:
        """Output less intermediates, shape (RN,); 0 for an industry without output."""
        return np.asarray(self.x - self.inter.sum(0))

    @cached_property
    def final(self) -> Array:
        """Final demand by destination, shape (RN, R); what an industry without output buys is final use in its region."""
        demanded, n = self.y.sum(2), self.size[1]
        for k in np.flatnonzero(self.idle):
            demanded[:, k // n] += self.z[:, k]
        return np.asarray(demanded)

    @cached_property
    def remarks(self) -> list[str]:
        """What a reader of the indicators should know of the table: industries and regions out of the ordinary."""
        trading = self.sum_regions(self.exports) > 0
        negative = self.value_added < -1e-9 * max(float(abs(self.x).max()), 1e-300)
        without = (self.x <= 0) & ~self.idle
        kinds = (
            (self.idle, "buy inputs and make nothing; what they buy counts as final use in their region"),
            (without, "make nothing and buy nothing; shares and lengths are NaN there, their distances 1"),
            (self.sells_without_output, "sell out of stocks and make nothing"),
            (negative, "have negative value added (inputs cost more than output); shares may leave 0 to 1"),
        )
        lines = [f"{_some([self.label(int(k)) for k in np.flatnonzero(who)])} {what}" for who, what in kinds if who.any()]
        closed = [r for r, exports in zip(self.regions, trading, strict=True) if not exports]
        return [*lines, *([f"{_some(closed)} export nothing; shares of exports are NaN there"] if closed else [])]

    @cached_property
    def final_balanced(self) -> Array:
        """Final demand with each row's discrepancy sold at home, so that rows add up to output; (RN, R)."""
        if self.discrepancy is None:
            return self.final
        r, n = self.size
        balanced = self.final.copy()
        balanced[np.arange(r * n), np.repeat(np.arange(r), n)] += self.discrepancy
        return balanced

    @cached_property
    def a(self) -> Array:
        """Input coefficients, shape (RN, RN); columns of sectors without output are zero."""
        return np.asarray(self.z * self._per(self.x)[None, :])

    @cached_property
    def v(self) -> Array:
        """Value-added coefficients, shape (RN,)."""
        return np.asarray(self.value_added * self._per(self.x))

    @staticmethod
    def _per(x: Array) -> Array:
        return np.asarray(np.divide(1.0, x, out=np.zeros_like(x), where=x > 0))

    @cached_property
    def _lu(self) -> Any:
        size = self.z.shape[0]
        matrix = -self.a
        matrix[np.arange(size), np.arange(size)] += 1.0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", la.LinAlgWarning)  # named below, with the sector
            factors = la.lu_factor(matrix, overwrite_a=True, check_finite=False)
        if not abs(np.diag(factors[0])).min() > 1e-12:
            k = int(abs(np.diag(factors[0])).argmin())
            raise ModelError(f"the Leontief matrix is singular near {self.label(k)}: a sector buys all it sells from itself")
        return factors

    def leontief(self, rhs: Array, transposed: bool = False) -> Array:
        """(I - A)^{-1} rhs, or with the transpose, by the one LU factorisation of the table."""
        return np.asarray(la.lu_solve(self._lu, rhs, trans=int(transposed), check_finite=False))

    @cached_property
    def leontief_inverse(self) -> xr.DataArray:
        """The whole Leontief inverse, dims (row, column): for inspection of small tables."""
        labels = [f"{r}.{i}" for r in self.regions for i in self.sectors]
        whole = self.leontief(np.eye(self.z.shape[0]))
        return xr.DataArray(whole, dims=("row", "column"), coords={"row": labels, "column": labels})

    def value_added_origins(self) -> xr.DataArray:
        """v_k B_kl E_l: value added of each country-sector in the exports of each, dims (row, column)."""
        whole: xr.DataArray = self.leontief_inverse * self.v[:, None] * self.exports[None, :]
        whole.attrs = {"long_name": "value-added origins of exports", "units": self.units, "formula": "v B E"}
        return whole

    @cached_property
    def domestic_inverses(self) -> Array:
        """(I - A_ss)^{-1} of each region, shape (R, N, N)."""
        n = self.size[1]
        return np.stack([solve(self, np.eye(n) - block, np.eye(n), "the domestic inverse") for block in self.domestic_blocks])

    @cached_property
    def domestic_blocks(self) -> Array:
        """A_ss of each region, shape (R, N, N)."""
        r, n = self.size
        blocks = self.a.reshape(r, n, r, n)
        return np.stack([blocks[s, :, s] for s in range(r)])

    @cached_property
    def without_reimports(self) -> Array:
        """``B_ss^-1 L_s`` of each region, shape (R, N, N): it turns column s of B into the inverse of a world in which s
        exports no intermediates (Borin and Mancini 2019)."""
        r, n = self.size
        out = np.empty((r, n, n))
        for s in range(r):
            unit = np.zeros((r * n, n))
            unit[s * n : (s + 1) * n] = np.eye(n)
            own = self.leontief(unit)[s * n : (s + 1) * n]
            out[s] = solve(self, own, self.domestic_inverses[s], "the inverse without reimports")
        return out

    def apply_domestic(self, vector: Array, transposed: bool = False) -> Array:
        """Block-diagonal product L vector (or L' vector), vector of shape (RN,) or (RN, K)."""
        r, n = self.size
        parts = vector.reshape(r, n, -1)
        matrix = np.swapaxes(self.domestic_inverses, 1, 2) if transposed else self.domestic_inverses
        return np.asarray((matrix @ parts).reshape(vector.shape))

    @cached_property
    def foreign_a(self) -> Array:
        """A^F, input coefficients with the blocks of home inputs exactly zero, shape (RN, RN)."""
        r, n = self.size
        foreign = self.a.copy()
        blocks = foreign.reshape(r, n, r, n)
        for s in range(r):
            blocks[s, :, s] = 0.0
        return foreign

    def apply_foreign(self, vector: Array, transposed: bool = False) -> Array:
        """A^F vector (or its transpose): foreign input coefficients only."""
        return np.asarray((self.foreign_a.T if transposed else self.foreign_a) @ vector)

    @cached_property
    def bilateral_exports(self) -> Array:
        """Gross exports of each country-sector to each other country, shape (RN, R); own sales zero."""
        r, n = self.size
        flows = self.inter.reshape(r * n, r, n).sum(2) + self.final
        own = np.repeat(np.arange(r), n)
        flows[np.arange(r * n), own] = 0.0
        return np.asarray(flows)

    @cached_property
    def exports(self) -> Array:
        """Gross exports of each country-sector, shape (RN,)."""
        return np.asarray(self.bilateral_exports.sum(1))

    @cached_property
    def content(self) -> Array:
        """Value added of each country in a unit of each country-sector's output (V B), shape (R, RN)."""
        r, n = self.size
        masked = np.zeros((r * n, r))
        masked[np.arange(r * n), np.repeat(np.arange(r), n)] = self.v
        return np.asarray(self.leontief(masked, transposed=True).T)

    @property
    def output(self) -> xr.DataArray:
        """Gross output, dims (r, i)."""
        return self.labelled(self.x, "gross output", self.units)

    def labelled(self, values: Array, name: str, units: str, formula: str = "") -> xr.DataArray:
        """A (RN,) vector as a DataArray over (r, i)."""
        attrs = {"long_name": name, "units": units, **({"formula": formula} if formula else {})}
        return xr.DataArray(
            values.reshape(self.size), dims=("r", "i"), coords={"r": self.regions, "i": self.sectors}, attrs=attrs
        )

    def by_region(self, values: Array, name: str, units: str, formula: str = "") -> xr.DataArray:
        """A (R,) vector as a DataArray over r."""
        attrs = {"long_name": name, "units": units, **({"formula": formula} if formula else {})}
        return xr.DataArray(np.asarray(values), dims=("r",), coords={"r": self.regions}, attrs=attrs)

    def sum_regions(self, values: Array) -> Array:
        """Sum a (RN, ...) array over sectors: (R, ...)."""
        r, n = self.size
        return np.asarray(values.reshape(r, n, *values.shape[1:]).sum(1))

    def to_dataset(self) -> xr.Dataset:
        """The table itself, dims ``s i`` (origin) and ``d a`` (use), ``k`` (final category)."""
        r, n = self.size
        coords = {"s": self.regions, "i": self.sectors, "d": self.regions, "a": self.sectors, "k": self.categories}
        data = xr.Dataset(
            {
                "intermediate": (("s", "i", "d", "a"), self.z.reshape(r, n, r, n)),
                "final": (("s", "i", "d", "k"), self.y.reshape(r, n, r, -1)),
                "value_added": (("d", "a"), self.value_added.reshape(r, n)),
                **{name.replace(" ", "_"): (("d", "a"), part.reshape(r, n)) for name, part in self.components.items()},
            },
            coords=coords,
            attrs={"units": self.units, "notes": "; ".join(self.notes), "remarks": "; ".join(self.remarks)},
        )
        return data

    def indicators(self) -> Indicators:
        """All indicators of the table, computed when asked for."""
        indicators: Indicators = provided("indicators of a table")(self)
        return indicators

    def __getattr__(self, name: str) -> Any:
        """Indicators are methods of the table too: ``icio.kww()``."""
        if name.startswith("_") or name not in INDICATORS:
            raise AttributeError(f"Icio has no attribute {name!r}")
        return getattr(self.indicators(), name)


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


INDICATORS = frozenset(
    "kww borin_mancini borin_mancini_bilateral value_added_exports vertical_specialisation participation production_length "
    "upstreamness downstreamness gvc_income regionalisation bloc_matrix supplier_concentration exposure output_at_risk "
    "services_content embodied gross_exports summary".split()
)
