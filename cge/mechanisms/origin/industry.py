"""The covered industry at the benchmark: who supplies it, in which class, and what a unit of it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from calibration.sam import USES
from cge.equations.calibrated import Calibrated, ratio
from cge.equations.declare import Block
from cge.mechanisms.origin.coverage import Coverage, covered, type_shares

Array = np.ndarray
Values = dict[str, Array]


class CoveredBlock(Block):
    """A part of the mechanism: rules about one covered sector, calibrated from its industry."""

    sector: str
    material: str
    metals: str

    def calibrate_from(self, industry: Industry) -> Mapping[str, Array]:
        """Values of the part's parameters and benchmark values of its instruments and signed variables."""
        return {}


@dataclass(frozen=True)
class Purchases:
    """What the covered sector buys of one commodity.

    Attributes
    ----------
    by_supplier : ndarray, dims (s, r)
        Million USD, landed.
    classes : mapping of name to bool ndarray, dims (s, r)
        ``out`` outside the area, ``in`` in it, of which ``high`` above the wage floor and ``low`` the others.
    """

    by_supplier: Array
    classes: Mapping[str, Array]

    def of(self, name: str) -> Array:
        """Purchases from a class; dims (s, r)."""
        return np.asarray(self.by_supplier * self.classes[name])

    def share(self, name: str) -> Array:
        """Share of a supplier in its class; dims (s, r)."""
        return np.asarray(ratio(self.of(name), self.of(name).sum(0), empty=1.0 / len(self.by_supplier)))


class Industry:
    """The covered sector of a benchmark, of which the parts of the mechanism take their values.

    Parameters
    ----------
    coverage : Coverage
    data : Calibrated

    Raises
    ------
    ModelError
        A label is unknown, a number not lawful, or the make matrix mixes the sector with others.
    """

    def __init__(self, coverage: Coverage, data: Calibrated) -> None:
        self.coverage, self.data = coverage, data
        self.makes, self.ships = covered(coverage, data)
        goods, activities = data.sets["comm"], data.sets["acts"]
        self.commodity, self.activity = goods.index(coverage.sector), activities.index(coverage.sector)
        self.material, self.metals = goods.index(coverage.material), goods.index(coverage.metals)
        self.by_type = (coverage.types, len(self.makes))

    @cached_property
    def material_bought(self) -> Purchases:
        """Purchases of the material."""
        return self._bought(self.material)

    @cached_property
    def metals_bought(self) -> Purchases:
        """Purchases of metals."""
        return self._bought(self.metals)

    def _bought(self, i: int) -> Purchases:
        data, regions = self.data, self.data.sets["reg"]
        flows = data["vmub"][i, USES.index("int")]
        bought = ratio(flows, flows.sum(0)) * data["vmfp"][i, self.activity]
        size = len(regions)
        home = np.arange(size)
        bought[home, home] += data["vdfp"][i, self.activity]
        high = np.array([r in self.coverage.high_wage for r in regions])[:, None]
        member = np.array([r in self.coverage.area for r in regions])
        full = self.coverage.cumulation == "full"
        inside = np.eye(size, dtype=bool) | (np.broadcast_to(member[:, None], (size, size)) if full else False)
        return Purchases(bought, {"out": ~inside, "high": inside & high, "low": inside & ~high, "in": inside})

    @cached_property
    def inputs(self) -> Array:
        """Purchases of inputs, million USD; dims (i, r)."""
        return np.asarray(self.data["vdfp"][:, self.activity] + self.data["vmfp"][:, self.activity])

    @cached_property
    def output_tax(self) -> Array:
        """Benchmark power of the output tax; dims (r,)."""
        return np.asarray(ratio(self.data["makb"].sum(0)[self.activity], self.data["maks"].sum(0)[self.activity], empty=1.0))

    @cached_property
    def _cost(self) -> Values:
        i, p, metal = self.inputs, self.material, self.metals
        cost = self.data["maks"].sum(0)[self.activity]
        others = i.copy()
        others[[p, metal]] = 0.0
        return {
            "smat": ratio(i[p], cost),
            "smet": ratio(i[metal] if metal != p else 0 * cost, cost),
            "svadd": ratio(self.data["evfp"][:, self.activity].sum(0), cost),
            "scost": ratio(others, cost),
        }

    def cost_shares(self) -> Values:
        """Shares in the cost of a unit and of outsiders in other inputs, and substitution among suppliers."""
        data, coverage, regions = self.data, self.coverage, self.data.sets["reg"]
        flows = data["vmub"][:, USES.index("int")]  # (i, s, d)
        outside = self.material_bought.classes["out"][None]
        esubd = data.elasticity("esubd")[self.material]
        sigma = esubd if coverage.substitution is None else np.full(len(regions), coverage.substitution)
        return {
            **self._cost,
            "soth": ratio(flows, flows.sum(1, keepdims=True)) * outside * _goods(data)[:, None, None],
            "simp": ratio(data["vmfp"][:, self.activity], self.inputs),
            "esubp": np.where(abs(sigma - 1) < 1e-3, 1.001, sigma),
            "ishome": np.eye(len(regions)),
            "ishigh": np.array([float(r in coverage.high_wage and r in coverage.area) for r in regions]),
            "stfree": np.array(coverage.steel_share),
        }

    @cached_property
    def _types(self) -> Values:
        material, metals = self.material_bought, self.metals_bought
        types, n = self.by_type
        outside = ratio(material.of("out").sum(0), material.by_supplier.sum(0))
        high_share = ratio(material.of("high").sum(0), material.of("in").sum(0))
        means = [float(outside[r]) if self.makes[r] else 0.0 for r in range(n)]
        bout = np.stack([type_shares(mean, self.coverage.dispersion, types) for mean in means], axis=1)
        bhigh = (1 - bout) * high_share
        return {
            "wtype": np.full((types, n), 1.0 / types),
            "bout": bout,
            "bhigh": bhigh,
            "blow": 1 - bout - bhigh,
            "bmout": ratio(metals.of("out").sum(0), metals.by_supplier.sum(0)),
        }

    def supplier_shares(self) -> Values:
        """Shares of classes in the purchases of types, and of suppliers in their classes."""
        material, metals = self.material_bought, self.metals_bought
        shares = {"sout": "out", "shigh": "high", "slow": "low"}
        return {
            **self._types,
            **{name: material.share(key) for name, key in shares.items()},
            "smout": metals.share("out"),
            "smin": metals.share("in"),
        }

    def unit(self) -> Values:
        """Benchmark values of the parts of a unit that may be zero."""
        shares = self.cost_shares()
        bought_outside = (shares["scost"] * shares["simp"] * shares["soth"].sum(1)).sum(0)
        return {"cva": shares["svadd"], "coth": shares["scost"].sum(0), "cout": bought_outside}

    def content(self) -> Values:
        """What each rule measures, at the benchmark, by type."""
        cost, types, unit = self.cost_shares(), self._types, self.unit()
        outside = unit["cout"] + cost["smat"] * types["bout"] + cost["smet"] * types["bmout"]
        labour = cost["ishigh"] * cost["svadd"] + cost["smat"] * types["bhigh"]
        return {"rvc": 1 - outside, "lvc": labour, "steel": 1 - types["bmout"], "alu": 1 - types["bmout"]}

    def shipments(self) -> Values:
        """Shipments within the area."""
        data, v = self.data, self.commodity
        vprod = np.where(self.ships, data["vxsb"][v], 0.0)
        incov = np.zeros((len(data.sets["comm"]), *self.ships.shape))
        incov[v] = self.ships
        sent = vprod.sum(1)
        return {
            "incov": incov,
            "vprod": vprod,
            "sbas": ratio(data["vxsb"][v], data["vcif"][v] * self.output_tax[:, None]),
            "tov": self.output_tax,
            "vship": np.where(sent > 0, sent, 1.0),
            "tmfn": data.power("vmsb", "vcif")[v],
            "zcomp": self._types["wtype"] * (sent > 0),
        }

    def purchases(self) -> Values:
        """Benchmark purchases of material and metals, million USD; dims (r,)."""
        bought = {"vpur": self.inputs[self.material], "vmet": self.inputs[self.metals]}
        return {name: np.where(value > 0, value, 1.0) for name, value in bought.items()}

    def foreign_suppliers(self) -> Values:
        """Share of each foreign supplier in its class over its benchmark sales; dims (i, s, d)."""
        data = self.data
        shape = data["vmsb"].shape
        tax = data.power("vmfp", "vmfb")[:, self.activity]
        abroad = ~np.eye(shape[1], dtype=bool)
        values = {name: np.zeros(shape) for name in ("kout", "khigh", "klow", "kmout", "kmin")}
        for i, bought, names in (
            (self.material, self.material_bought, {"kout": "out", "khigh": "high", "klow": "low"}),
            (self.metals, self.metals_bought, {"kmout": "out", "kmin": "in"}),
        ):
            for name, key in names.items():
                share = ratio(bought.of(key), bought.of(key).sum(0)) * abroad * self.makes[None, :]
                values[name][i] = ratio(share * bought.by_supplier.sum(0), data["vmsb"][i] * tax[i])
        return values

    def domestic_suppliers(self) -> Values:
        """Share of the domestic supplier in its class over its benchmark sales to the covered sector; dims (i, a, r)."""
        data, a = self.data, self.activity
        home = np.arange(len(self.makes))
        values = {name: np.zeros(data["vdfp"].shape) for name in ("kdhigh", "kdlow", "kdmin")}
        for i, bought, names in (
            (self.material, self.material_bought, {"kdhigh": "high", "kdlow": "low"}),
            (self.metals, self.metals_bought, {"kdmin": "in"}),
        ):
            for name, key in names.items():
                share = ratio(bought.of(key), bought.of(key).sum(0))[home, home] * self.makes
                values[name][i, a] = ratio(share * bought.by_supplier.sum(0), data["vdfp"][i, a])
        return values


def _goods(data: Calibrated) -> Array:
    from calibration.sectors import SERVICES

    services = {*SERVICES, "utl", "cns", "utc", "c17", "c18"}
    return np.array([x not in services for x in data.sets["comm"]])
