"""The inter-country input-output table (ICIO) of a data set or of a solution.

Rows are origin country-sectors, columns using country-sectors and final demand by destination; flows are
at basic prices of the origin. What a column pays beyond its inputs is value added in the wide sense:
factor payments, output tax, taxes less subsidies on products, kept apart in ``components``. International
transport margins are bought by the importer from the suppliers of the world pool in their shares (Peters,
Andrew and Lennox, Economic Systems Research 23, 2011).
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

from calibration.currency import currency_of
from calibration.mrio import Mrio
from calibration.sam import SCHEMA, Sam
from cge.errors import ModelError

if TYPE_CHECKING:
    from cge.gvc.indicators import Indicators
    from cge.solution import Solution

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
        if self.z.ndim != 2 or self.z.shape[0] != self.z.shape[1]:
            raise ModelError(f"intermediate flows must be a square matrix, got shape {self.z.shape}")
        if self.z.shape != (size, size):
            raise ModelError(f"{r} regions x {len(self.sectors)} sectors need {size} rows, the table has {self.z.shape[0]}")
        if self.y.shape != (size, r, len(self.categories)):
            raise ModelError(f"final demand has shape {self.y.shape}, expected {(size, r, len(self.categories))}")
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
        regions: Sequence[str],
        sectors: Sequence[str],
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
        held = np.zeros(len(z)) if inventories is None else np.asarray(inventories, dtype=float)
        gap = None if output is None else np.asarray(output, dtype=float).reshape(-1) - z.sum(1) - y.sum((1, 2))
        names = ["final"] if y.shape[2] == 1 else [f"final{k + 1}" for k in range(y.shape[2])]
        return cls(list(map(str, regions)), list(map(str, sectors)), z, y, names, held, units=units, discrepancy=gap)

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
        """The table inside a SAM (benchmark values)."""
        g = {h: sam[h] for h in SCHEMA}
        total = g["vmsb"]
        origin = np.divide(g["vxsb"], total, out=np.zeros_like(total), where=total > 0)
        margin = np.divide(g["vtwr"], total, out=np.zeros_like(g["vtwr"]), where=total > 0)
        use = g["vmub"].sum(2)
        by_source = np.divide(g["vmub"], use[:, :, None], out=np.zeros_like(g["vmub"]), where=use[:, :, None] > 0)
        pool = np.divide(g["vst"], g["vst"].sum(1, keepdims=True), out=np.zeros_like(g["vst"]), where=g["vst"].sum() > 0)
        agents = {"prv": "p", "gov": "g", "inv": "i"}
        domestic = np.concatenate([g["vdfb"], *(g[f"vd{k}b"][:, None] for k in agents.values())], axis=1)
        bought = np.concatenate([g["vmfb"], *(g[f"vm{k}b"][:, None] for k in agents.values())], axis=1)
        n_act = g["vdfb"].shape[1]
        use_of = np.r_[np.zeros(n_act, int), 1, 2, 3]
        landed = bought[:, :, None, :] * by_source[:, use_of]  # (i, user, s, d)
        return _assemble(
            sam.commodities,
            sam.regions,
            list(agents),
            domestic,
            landed * origin[:, None],
            np.einsum("iusd,misd,mr->mrud", landed, margin, pool),
            [sam.commodities.index(str(k)) for k in sam.data["m"].values],
            {"factors": g["evfp"].sum(0), "output tax": g["makb"].sum(0) - g["maks"].sum(0)},
            f"million {currency_of(sam.data.attrs)}",
        )

    @classmethod
    def from_solution(cls, solution: Solution, prices: Literal["current", "base"] = "current") -> Icio:
        """The table of a solution at its own prices, or its quantities at benchmark prices.

        Cells sum to the model's flows: over users to ``vxsb * pds * qxs``, over rows and users to output
        ``vob * pds * qo``; each user class keeps its own origins.
        """
        if prices not in ("current", "base"):
            raise ModelError(f"unknown prices {prices!r}; choose 'current' or 'base'")
        model, v = solution.model, solution.values_of
        classes = list(model.data.classes.values())
        class_of = [next(k for k, uses in enumerate(classes) if use in uses) for use in ("int", "prv", "gov", "inv")]
        pds = v("pds") if prices == "current" else np.ones_like(v("pds"))
        agents = {"prv": "p", "gov": "g", "inv": "i"}
        domestic = [v("vdfb") * v("qfd")] + [(v(f"vd{k}b") * v(f"q{k}d"))[:, None] for k in agents.values()]
        imported = [v("vmfb") * v("qfm")] + [(v(f"vm{k}b") * v(f"q{k}m"))[:, None] for k in agents.values()]
        bought = np.concatenate(imported, axis=1)
        n_act = domestic[0].shape[1]
        u = np.r_[np.full(n_act, class_of[0]), class_of[1:]]
        total = (v("vmu") * v("qms"))[:, u]
        portion = np.divide(bought, total, out=np.zeros_like(bought), where=total > 0)  # of the class's imports, (i, user, d)
        sigma = v("esubm")
        drawn = v("qms") * v("pms") ** sigma[:, None]
        landing = v("ams") ** (sigma[:, None] - 1) * v("pmds") ** -sigma[:, None]
        shipped = v("sxu") * landing[:, None] * drawn[:, :, None, :] * v("vxsb")[:, None]  # (i, class, s, d)
        flow = portion[:, :, None, :] * shipped[:, u]
        per_unit = np.divide(v("vtwr"), v("vxsb"), out=np.zeros_like(v("vtwr")), where=v("vxsb") > 0)
        ratio = per_unit / v("atmfsd")
        supplied = v("vst") * v("qst")
        pool = np.divide(supplied, supplied.sum(1, keepdims=True), out=np.zeros_like(supplied), where=supplied.sum() > 0)
        used = (v("vtwr") * v("qxs") / v("atmfsd")).sum((1, 2, 3))
        stretch = np.divide(supplied.sum(1), used, out=np.ones_like(used), where=used > 0)  # pool composite to its parts
        marg = [model.sets["comm"].index(k) for k in model.sets["marg"]]
        pool_price = pds[marg] if prices == "current" else np.ones_like(pool)
        margins = np.einsum("iusd,misd,mr->mrud", flow, ratio, pool * stretch[:, None] * pool_price)
        factors = (v("evfp") * v("qfe") * v("pfe")).sum(0)
        output_tax = v("vob") * pds * v("qo") * (1 - 1 / v("to"))
        return _assemble(
            model.sets["comm"],
            model.sets["reg"],
            list(agents),
            np.concatenate(domestic, axis=1) * pds[:, None],
            flow * pds[:, None, :, None],
            margins,
            marg,
            {"factors": factors, "output tax": output_tax} if prices == "current" else {},
            f"million {model.benchmark.currency}",
        )

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
    def value_added(self) -> Array:
        """Output less intermediates, shape (RN,)."""
        return np.asarray(self.x - self.z.sum(0))

    @cached_property
    def final(self) -> Array:
        """Final demand by destination, shape (RN, R)."""
        return np.asarray(self.y.sum(2))

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
        return np.linalg.inv(np.eye(self.size[1])[None] - self.domestic_blocks)

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
            out[s] = np.linalg.solve(own, self.domestic_inverses[s])
        return out

    def apply_domestic(self, vector: Array, transposed: bool = False) -> Array:
        """Block-diagonal product L vector (or L' vector), vector of shape (RN,) or (RN, K)."""
        r, n = self.size
        parts = vector.reshape(r, n, -1)
        matrix = np.swapaxes(self.domestic_inverses, 1, 2) if transposed else self.domestic_inverses
        return np.asarray((matrix @ parts).reshape(vector.shape))

    def apply_foreign(self, vector: Array, transposed: bool = False) -> Array:
        """A^F vector (or its transpose): foreign input coefficients only."""
        r, n = self.size
        whole = (self.a.T if transposed else self.a) @ vector
        parts = vector.reshape(r, n, -1)
        matrix = np.swapaxes(self.domestic_blocks, 1, 2) if transposed else self.domestic_blocks
        return np.asarray(whole - (matrix @ parts).reshape(vector.shape))

    @cached_property
    def bilateral_exports(self) -> Array:
        """Gross exports of each country-sector to each other country, shape (RN, R); own sales zero."""
        r, n = self.size
        flows = self.z.reshape(r * n, r, n).sum(2) + self.final
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
            attrs={"units": self.units, "notes": "; ".join(self.notes)},
        )
        return data

    def indicators(self) -> Indicators:
        """All indicators of the table, computed when asked for."""
        from cge.gvc.indicators import Indicators

        return Indicators(self)

    def __getattr__(self, name: str) -> Any:
        """Indicators are methods of the table too: ``icio.kww()``."""
        if name.startswith("_") or name not in INDICATORS:
            raise AttributeError(f"Icio has no attribute {name!r}")
        return getattr(self.indicators(), name)


INDICATORS = frozenset(
    "kww borin_mancini borin_mancini_bilateral value_added_exports vertical_specialisation participation production_length "
    "upstreamness downstreamness gvc_income regionalisation bloc_matrix supplier_concentration exposure output_at_risk "
    "services_content embodied gross_exports summary".split()
)


def _assemble(
    goods: list[str],
    regions: list[str],
    finals: list[str],
    domestic: Array,
    flow: Array,
    margins: Array,
    margin_rows: list[int],
    components: Mapping[str, Array],
    units: str,
) -> Icio:
    """Stack domestic (i, user, r), imported (i, user, s, d) and margin (m, r, user, d) flows into one table."""
    r, n = len(regions), len(goods)
    users = domestic.shape[1]
    whole = np.moveaxis(flow, (2, 0, 3, 1), (0, 1, 2, 3)).copy()  # (s, i, d, user)
    k = np.arange(r)
    whole[k, :, k] += np.moveaxis(domestic, 2, 0)
    for m, row in enumerate(margin_rows):
        whole[:, row] += np.swapaxes(margins[m], 1, 2)
    z = np.ascontiguousarray(whole[..., :n]).reshape(r * n, r * n)
    y = np.ascontiguousarray(whole[..., n:users]).reshape(r * n, r, users - n)
    parts = {name: np.ascontiguousarray(values.T).ravel() for name, values in components.items()}
    notes = ["margins bought from the pool's suppliers"]
    table = Icio(list(regions), list(goods), z, y, finals, np.zeros(r * n), notes=notes, units=units)
    if parts:
        parts["taxes on products"] = table.value_added - sum(parts.values())
    return Icio(table.regions, table.sectors, z, y, finals, table.inventories, parts, table.notes, units)
