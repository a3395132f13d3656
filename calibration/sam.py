"""The multi-region social accounting matrix (SAM) under GTAP v7 header names.

Every value flow of a world economy in one base year, in million USD: who buys what, at basic
prices (``...b``) and at purchasers' prices (``...p``), what crosses borders, what governments
take on the way, and what factors earn. Header names and their meaning follow Corong, Hertel,
McDougall, Tsigas and van der Mensbrugghe, "The Standard GTAP Model, Version 7", Journal of
Global Economic Analysis 2(1), 2017, section 2. The one header that GTAP's standard data base
lacks is ``vmub``, imports by use class, which GTAP-MRIO style sources have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from calibration.arrays import ratio
from calibration.cards import Carded
from calibration.currency import currency_of
from calibration.errors import DataError, require_unique

USES = ("int", "prv", "gov", "inv")
"""Use classes of an import: intermediate, private consumption, government, investment."""

DIM_NAMES = {
    "i": "commodity",
    "a": "activity",
    "f": "factor (endowment)",
    "s": "source region",
    "d": "destination region",
    "r": "region",
    "m": "margin commodity",
    "u": "use class",
}


@dataclass(frozen=True)
class Header:
    """One array of the SAM: its dims, what it holds, and whether negative cells are lawful."""

    dims: tuple[str, ...]
    long_name: str
    signed: bool = False


def _purchases(agent: str, name: str, *dims: str) -> dict[str, Header]:
    return {
        f"v{origin}{agent}{price}": Header(
            ("i", *dims, "r"), f"{kind} purchases by {name}, {'basic' if price == 'b' else 'purchasers'} prices"
        )
        for origin, kind in (("d", "domestic"), ("m", "imported"))
        for price in ("b", "p")
    }


SCHEMA: dict[str, Header] = {
    **_purchases("f", "activities", "a"),
    **_purchases("p", "private households"),
    **_purchases("g", "government"),
    **_purchases("i", "investors"),
    "vxsb": Header(("i", "s", "d"), "exports at basic prices of the source"),
    "vfob": Header(("i", "s", "d"), "exports at fob prices (export tax included)"),
    "vcif": Header(("i", "s", "d"), "imports at cif prices (margins included)"),
    "vmsb": Header(("i", "s", "d"), "imports at basic prices of the destination (duty included)"),
    "vmub": Header(("i", "u", "s", "d"), "imports by use class at basic prices of the destination"),
    "vst": Header(("m", "r"), "sales of margin services to the international transport pool"),
    "vtwr": Header(("m", "i", "s", "d"), "margin services used to ship a commodity"),
    "evfb": Header(("f", "a", "r"), "factor payments at basic prices"),
    "evfp": Header(("f", "a", "r"), "factor payments at purchasers' prices (factor-use tax included)"),
    "evos": Header(("f", "a", "r"), "factor income after income tax"),
    "makb": Header(("i", "a", "r"), "make matrix at basic prices (output tax included)"),
    "maks": Header(("i", "a", "r"), "make matrix at supply prices"),
    "save": Header(("r",), "net regional saving", signed=True),
    "vdep": Header(("r",), "depreciation"),
    "vkb": Header(("r",), "capital stock at the beginning of the year"),
    "pop": Header(("r",), "population"),
}


@dataclass(frozen=True, repr=False)
class Sam(Carded):
    """A checked multi-region SAM.

    Parameters
    ----------
    data : xarray.Dataset
        Every header of :data:`SCHEMA` with exactly its dims; coordinates ``i a f s d r m u``;
        millions of ``attrs["currency"]``, USD where absent (``pop``: millions of people).
    adjustments : pandas.DataFrame
        What the reader or balancer changed: columns ``rule, cell, before, after``.

    Raises
    ------
    DataError
        A header is missing or has other dims, a value is not finite, or a flow is negative.
    """

    data: xr.Dataset
    adjustments: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["rule", "cell", "before", "after"]))

    def __post_init__(self) -> None:
        for name, header in SCHEMA.items():
            if name not in self.data:
                raise DataError(f"SAM lacks header {name!r} ({header.long_name}); supply it, zero if the source has none")
            array = self.data[name]
            if tuple(array.dims) != header.dims:
                raise DataError(f"SAM header {name!r} has dims {array.dims}, expected {header.dims}; transpose it")
            bad = ~np.isfinite(array.values)
            if bad.any():
                raise DataError(f"SAM header {name!r} is not finite at {cell(array, bad)}; fill that cell in the source")
            if not header.signed:
                below = array.values < 0
                if below.any():
                    raise DataError(
                        f"SAM header {name!r} is negative at {cell(array, below)}; choose a rule for negative entries"
                    )
        for dim in ("i", "a", "f", "r", "m"):
            require_unique(self.data[dim].values, f"{self._where}dim {dim} ({DIM_NAMES[dim]})")
        regions = list(self.data["r"].values)
        for dim in ("s", "d"):
            if list(self.data[dim].values) != regions:
                raise DataError(f"SAM dim {dim!r} does not list the regions of dim 'r' in the same order")
        if tuple(self.data["u"].values) != USES:
            raise DataError(f"SAM dim 'u' must be {USES}")

    def _card(self) -> tuple[str, dict[str, object]]:
        currency = self.data.attrs.get("currency", "USD")
        rows: dict[str, object] = {
            "title": self.data.attrs.get("title", ""),
            "size": f"{len(self.regions)} regions, {len(self.commodities)} commodities, {len(self.factors)} factors",
            "world GDP": f"{self.gdp().sum() / 1e6:,.2f} trillion {currency}",
            "largest gap": f"{self.largest_gap():.1e} of an account",
            "adjustments": f"{len(self.adjustments):,} cells",
        }
        return "Sam", {k: v for k, v in rows.items() if v}

    @property
    def _where(self) -> str:
        """Which table, for messages."""
        title = str(self.data.attrs.get("title", ""))
        return f"SAM {title!r}, " if title else "SAM, "

    @property
    def regions(self) -> list[str]:
        """Region labels."""
        return [str(x) for x in self.data["r"].values]

    @property
    def commodities(self) -> list[str]:
        """Commodity labels."""
        return [str(x) for x in self.data["i"].values]

    @property
    def factors(self) -> list[str]:
        """Factor labels."""
        return [str(x) for x in self.data["f"].values]

    def __getitem__(self, header: str) -> np.ndarray:
        """The values of one header, dims as in :data:`SCHEMA`."""
        # one memory layout whatever was given, so that sums have the same bits everywhere
        return np.ascontiguousarray(self.data[header].values, dtype=float)

    def taxes(self) -> pd.DataFrame:
        """Tax revenue by region and instrument, million USD; dims: (r, tax)."""
        g = self
        streams = {
            "to": (g["makb"] - g["maks"]).sum((0, 1)),
            "tfe": (g["evfp"] - g["evfb"]).sum((0, 1)),
            "tinc": (g["evfb"] - g["evos"]).sum((0, 1)),
            "txs": (g["vfob"] - g["vxsb"]).sum((0, 2)),
            "tms": (g["vmsb"] - g["vcif"]).sum((0, 1)),
        }
        for agent in "fpgi":
            for origin in "dm":
                gap = g[f"v{origin}{agent}p"] - g[f"v{origin}{agent}b"]
                streams[f"t{agent}{origin}"] = gap.sum(tuple(range(gap.ndim - 1)))
        return pd.DataFrame(streams, index=pd.Index(self.regions, name="r"))

    def income(self) -> np.ndarray:
        """Net regional income: after-tax factor income plus every tax, less depreciation; dims: (r,)."""
        return np.asarray(self["evos"].sum((0, 1)) + self.taxes().sum(axis=1).to_numpy() - self["vdep"])

    def expenditure(self) -> dict[str, np.ndarray]:
        """Private, government and investment spending at purchasers' prices; each dims: (r,)."""
        return {name: (self[f"vd{k}p"] + self[f"vm{k}p"]).sum(0) for name, k in (("prv", "p"), ("gov", "g"), ("inv", "i"))}

    def gdp(self) -> np.ndarray:
        """Gross domestic product from expenditure, million USD; dims: (r,)."""
        spent = self.expenditure()
        net = self["vfob"].sum((0, 2)) + self["vst"].sum(0) - self["vcif"].sum((0, 1))
        return np.asarray(spent["prv"] + spent["gov"] + spent["inv"] + net)

    def check(self, tolerance: float = 1e-8) -> pd.DataFrame:
        """Every violated accounting identity with its cell.

        Parameters
        ----------
        tolerance : float
            Allowed gap relative to the larger side (to a millionth of world GDP for tiny cells, a hundredth for the world).

        Returns
        -------
        pandas.DataFrame
            Columns ``identity, cell, left, right, gap``; empty where the SAM is in balance.
        """
        rows: list[dict[str, Any]] = []
        for name, (dims, left, right) in self.identities().items():
            gap = left - right
            size = np.maximum(np.maximum(abs(left), abs(right)), self._smallest(dims))
            for index in np.argwhere(abs(gap) > tolerance * size):
                labels = [str(self.data[d].values[k]) for d, k in zip(dims, index, strict=True)]
                at = tuple(index)
                rows.append({"identity": name, "cell": " ".join(labels), "left": left[at], "right": right[at], "gap": gap[at]})
        frame = pd.DataFrame(rows, columns=["identity", "cell", "left", "right", "gap"])
        return frame.reindex(frame["gap"].abs().sort_values(ascending=False, kind="stable").index).reset_index(drop=True)

    def largest_gap(self) -> float:
        """Largest gap of an identity relative to its larger side, as :meth:`check` measures it."""
        gaps = (
            abs(left - right) / np.maximum(np.maximum(abs(left), abs(right)), self._smallest(dims))
            for dims, left, right in self.identities().values()
        )
        return max(float(np.max(gap, initial=0.0)) for gap in gaps)

    def _smallest(self, dims: tuple[str, ...]) -> float:
        """What a tiny cell's gap is measured in: a millionth of world GDP; a hundredth for what the whole world adds up.

        Where nobody invests, as in tables of one final demand, both sides of the world's identity are rounding.
        """
        return (1e-6 if dims else 1e-2) * float(self.gdp().sum())

    def identities(self) -> dict[str, tuple[tuple[str, ...], np.ndarray, np.ndarray]]:
        """Both sides of each accounting identity: name -> (dims, left, right)."""
        g = self
        domestic = g["vdfb"].sum(1) + g["vdpb"] + g["vdgb"] + g["vdib"] + g["vxsb"].sum(2)
        for k, label in enumerate(self.data["m"].values):
            domestic[self.commodities.index(str(label))] += g["vst"][k]
        imported = g["vmfb"].sum(1) + g["vmpb"] + g["vmgb"] + g["vmib"]
        costs = (g["vdfp"] + g["vmfp"]).sum(0) + g["evfp"].sum(0)
        spent = self.expenditure()
        by_use = np.stack([g["vmfb"].sum(1), g["vmpb"], g["vmgb"], g["vmib"]], axis=1)
        return {
            "output of a commodity = its uses": (("i", "r"), g["makb"].sum(1), domestic),
            "imports of a commodity = its uses": (("i", "r"), g["vmsb"].sum(1), imported),
            "revenue of an activity = its costs": (("a", "r"), g["maks"].sum(0), costs),
            "cif = fob + margins": (("i", "s", "d"), g["vcif"], g["vfob"] + g["vtwr"].sum(0)),
            "margins sold = margins used": (("m",), g["vst"].sum(1), g["vtwr"].sum((1, 2, 3))),
            "income = spending + saving": (("r",), self.income(), spent["prv"] + spent["gov"] + g["save"]),
            # negative saving stands beside investment, so that each side has the size of what it adds up
            "world saving = world investment": (
                (),
                np.asarray(spent["inv"].sum() + np.maximum(-g["save"], 0).sum()),
                np.asarray((np.maximum(g["save"], 0) + g["vdep"]).sum()),
            ),
            "imports by use = imports": (("i", "s", "d"), g["vmub"].sum(1), g["vmsb"]),
            "imports by use and source = purchases": (("i", "u", "d"), g["vmub"].sum(2), by_use),
        }

    def square(self) -> xr.DataArray:
        """The labelled square matrix: row receives from column, row sums equal column sums.

        Accounts of each region: activities ``act``, domestic commodities ``dom``, imports ``imp``,
        factors ``fac``, ``tax``, regional household ``hhd``, ``prv``, ``gov``, ``inv``; and for the
        world: transport margins ``mrg`` and the capital account ``cap``.

        Returns
        -------
        xarray.DataArray
            Dims ``(row, column)``, labels such as ``"CHN.dom.c14"``, million USD.
        """
        g, n, f = self, len(self.commodities), len(self.factors)
        acts = [str(x) for x in self.data["a"].values]
        labels: list[str] = []
        start: dict[tuple[str, int], int] = {}
        for r, region in enumerate(self.regions):
            for kind, names in (
                ("act", acts),
                ("dom", self.commodities),
                ("imp", self.commodities),
                ("fac", self.factors),
            ):
                start[kind, r] = len(labels)
                labels += [f"{region}.{kind}.{x}" for x in names]
            for kind in ("tax", "hhd", "prv", "gov", "inv"):
                start[kind, r] = len(labels)
                labels.append(f"{region}.{kind}")
        margin, capital = len(labels), len(labels) + 1
        labels += ["WORLD.mrg", "WORLD.cap"]
        t = np.zeros((len(labels), len(labels)))
        spent, tax = self.expenditure(), self.taxes().to_numpy().sum(1)
        on_margin = [self.commodities.index(str(x)) for x in self.data["m"].values]
        for r in range(len(self.regions)):
            act = slice(start["act", r], start["act", r] + len(acts))
            dom = slice(start["dom", r], start["dom", r] + n)
            imp = slice(start["imp", r], start["imp", r] + n)
            fac = slice(start["fac", r], start["fac", r] + f)
            tx, hh, inv = start["tax", r], start["hhd", r], start["inv", r]
            t[act, dom] = g["maks"][:, :, r].T
            t[tx, dom] = (g["makb"] - g["maks"])[:, :, r].sum(1)
            t[dom, act], t[imp, act] = g["vdfb"][:, :, r], g["vmfb"][:, :, r]
            t[tx, act] = (g["vdfp"] - g["vdfb"] + g["vmfp"] - g["vmfb"])[:, :, r].sum(0) + (g["evfp"] - g["evfb"])[:, :, r].sum(
                0
            )
            t[fac, act] = g["evfb"][:, :, r]
            t[tx, fac] = (g["evfb"] - g["evos"])[:, :, r].sum(1)
            t[hh, fac] = g["evos"][:, :, r].sum(1)
            t[hh, tx] = tax[r]
            for agent, k in (("prv", "p"), ("gov", "g"), ("inv", "i")):
                column = start[agent, r]
                t[dom, column], t[imp, column] = g[f"vd{k}b"][:, r], g[f"vm{k}b"][:, r]
                t[tx, column] = sum((g[f"v{o}{k}p"] - g[f"v{o}{k}b"])[:, r].sum() for o in "dm")
                if agent != "inv":
                    t[column, hh] = spent[agent][r]
            t[inv, hh] = g["save"][r] + g["vdep"][r]
            t[inv, capital] = spent["inv"][r] - g["save"][r] - g["vdep"][r]
            t[tx, imp] += (g["vmsb"] - g["vcif"])[:, :, r].sum(1)
            t[margin, imp] += g["vtwr"][:, :, :, r].sum((0, 2))
            for s in range(len(self.regions)):
                source = np.arange(start["dom", s], start["dom", s] + n)
                t[source, np.arange(imp.start, imp.stop)] += g["vxsb"][:, s, r]
                t[start["tax", s], imp] += (g["vfob"] - g["vxsb"])[:, s, r]
            for at, i in enumerate(on_margin):
                t[start["dom", r] + i, margin] = g["vst"][at, r]
        unit = f"million {currency_of(self.data.attrs)}"
        return xr.DataArray(t, dims=("row", "column"), coords={"row": labels, "column": labels}, attrs={"units": unit})


def cell(array: xr.DataArray, where: np.ndarray) -> str:
    """The labels of the first True cell of ``where``, as ``i 'c15', r 'CHN'``, and how many more there are."""
    hits = np.argwhere(where)
    names = ", ".join(f"{d} {str(array[d].values[k])!r}" for d, k in zip(array.dims, hits[0], strict=True))
    return names + (f" (and {len(hits) - 1} more cells)" if len(hits) > 1 else "")


def split_by_use(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """``vmub`` of a source without use classes: each pair in proportion to imports by use; dims (i, u, s, d)."""
    imports = np.stack([arrays["vmfb"].sum(1), arrays["vmpb"], arrays["vmgb"], arrays["vmib"]], axis=1)
    shares = ratio(imports, imports.sum(1, keepdims=True))
    return np.asarray(shares[:, :, None, :] * arrays["vmsb"][:, None])


def make_dataset(
    arrays: Mapping[str, np.ndarray], sets: Mapping[str, list[str]], attrs: Mapping[str, Any] | None = None
) -> xr.Dataset:
    """A dataset with the SAM's dims and header attributes; headers not in ``arrays`` become zero and are listed.

    Parameters
    ----------
    arrays : mapping of header to ndarray
        Values with the dims of :data:`SCHEMA`.
    sets : mapping of dim to labels
        Labels of ``i a f r m``.
    attrs : mapping, optional
        Provenance of the dataset; ``zero_headers`` is added to it.
    """
    for dim in ("i", "a", "f", "r", "m"):
        require_unique(sets[dim], f"dim {dim} ({DIM_NAMES[dim]})")
    coords = {**sets, "s": sets["r"], "d": sets["r"], "u": list(USES)}
    variables: dict[str, Any] = {}
    absent = [name for name in SCHEMA if name not in arrays]
    for name, header in SCHEMA.items():
        shape = tuple(len(coords[d]) for d in header.dims)
        values = np.zeros(shape) if name in absent else np.asarray(arrays[name], dtype=float)
        if values.shape != shape:
            raise DataError(f"header {name!r} has shape {values.shape}, expected {shape} for dims {header.dims}")
        unit = "million persons" if name == "pop" else f"million {currency_of(attrs or {})}"
        variables[name] = (header.dims, values, {"long_name": header.long_name, "units": unit})
    used = {d for header in SCHEMA.values() for d in header.dims}
    return xr.Dataset(
        variables,
        coords={d: np.asarray(coords[d], dtype=str) for d in DIM_NAMES if d in used},
        attrs={**(attrs or {}), "zero_headers": " ".join(absent)},
    )
