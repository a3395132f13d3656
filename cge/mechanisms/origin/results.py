"""What a solution under rules of origin shows: use of the preference, firm types, content, the industry and its trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from calibration.labels import is_labour
from cge.mechanisms.origin import PAIRS
from cge.model.solution import Solution

if TYPE_CHECKING:
    from cge.mechanisms.origin.study import OriginRules, RulesStudy


@dataclass(frozen=True)
class RulesSolution:
    """A solution under rules with its indicators.

    Attributes
    ----------
    solution : Solution
    rules : OriginRules or None
    study : RulesStudy
    unused : dict
        Member -> types that cannot meet the rules.
    """

    solution: Solution
    rules: OriginRules | None
    study: RulesStudy
    unused: Mapping[str, int] = field(default_factory=dict)

    def _pairs(self) -> list[tuple[str, str]]:
        return self.study.pairs

    def utilisation(self) -> pd.Series:
        """Share of shipments (value) under the preference; index (origin, destination)."""
        s = _Sector(self)
        value = s["wtype"].rename(r="s") * s["ptype"]
        share = (s["util"] * value).sum("k") / value.sum("k")
        return pd.Series({(a, b): float(share.sel(s=a, d=b)) for a, b in self._pairs()}, name="utilisation")

    def by_type(self) -> pd.DataFrame:
        """One row a member and type: outside share, content free and complying, premium, multipliers, slacks, utilisation."""
        s = _Sector(self)
        rows = []
        for member in self.study.coverage.area:
            if member not in self.study.makers:
                continue
            partners = [b for a, b in self._pairs() if a == member]
            for k in map(str, s["bout"]["k"].values):
                row: dict[str, object] = {"origin": member, "type": k}
                names = ("bout", "contentfree", "content", "prem", *(f"mu_{p}" for p in PAIRS), *(f"gap_{p}" for p in PAIRS))
                row.update({name: float(s[name].sel(k=k, r=member)) for name in names})
                row.update({f"util_{b}": float(s["util"].sel(k=k, s=member, d=b)) for b in partners})
                rows.append(row)
        return pd.DataFrame(rows).set_index(["origin", "type"])

    def complementarity_gap(self) -> float:
        """Largest of min(slack, multiplier) and of negative parts over all pairs."""
        s = _Sector(self)
        worst = 0.0
        for name in PAIRS:
            gap, mu = (s.array(f"{kind}_{name}")[:, self.study.rows] for kind in ("gap", "mu"))
            worst = max(
                worst, float(np.minimum(abs(gap), abs(mu)).max(initial=0.0)), float(-np.minimum(gap, 0).min(initial=0.0))
            )
            worst = max(worst, float(-np.minimum(mu, 0).min(initial=0.0)))
        return worst

    def constrained_share(self, tolerance: float = 1e-6) -> float:
        """Share of complying firm types (weights) with a binding rule, mean over members."""
        s = _Sector(self)
        bound = np.zeros(s.array("mu_rvc").shape, dtype=bool)
        for name in PAIRS:
            bound |= s.array(f"mu_{name}") > tolerance
        return float((bound * s.array("wtype"))[:, self.study.rows].sum(0).mean())

    def cost_penalty(self) -> float:
        """Premium of complying shipments over free cost, weighted with them."""
        s, rows = _Sector(self), self.study.rows
        weight = s.array("zcomp")[:, rows] * s.array("vship")[rows]
        total = float(weight.sum())
        return float((weight * s.array("prem")[:, rows]).sum() / total) if total > 0 else 0.0

    def regional_content(self) -> float:
        """Content of shipments within the area, complying and not, weighted with their value."""
        s = _Sector(self)
        weight = s["vprod"] * s["dship"] * s["wtype"].rename(r="s")
        content, free = s["content"].rename(r="s"), s["contentfree"].rename(r="s")
        reached = s["util"] * content + (1 - s["util"]) * free
        traded = weight > 0  # elsewhere nothing is shipped and content may be undefined
        return float((weight * reached).where(traded).sum() / weight.where(traded).sum())

    def industry(self) -> pd.DataFrame:
        """Output, price and employment of the covered sector and its material, indices; index (sector, region)."""
        s, study = _Sector(self), self.study
        bill = study.benchmark.sam["evfb"]
        labour = [k for k, f in enumerate(study.benchmark.sam.factors) if is_labour(f)]
        rows = {}
        for sector in dict.fromkeys((study.coverage.sector, study.coverage.material)):
            a = study.benchmark.commodities.index(sector)
            for region in study.benchmark.regions:
                r = study.benchmark.regions.index(region)
                weight = bill[labour, a, r]
                work = float((weight * s.values_of("qfe")[labour, a, r]).sum() / weight.sum()) if weight.sum() > 0 else 1.0
                rows[sector, region] = {
                    "output": float(s["qo"].sel(i=sector, r=region)),
                    "price": float(s["pds"].sel(i=sector, r=region)),
                    "employment": work,
                }
        return pd.DataFrame.from_dict(rows, orient="index")

    def trade(self) -> pd.DataFrame:
        """Shipments of the covered sector and its material at benchmark prices; rows by origin, columns by destination.

        In millions of the benchmark's currency (``attrs["units"]``).
        """
        s, study = _Sector(self), self.study
        quantity = s.values_of("qxs")
        rows = []
        for sector in dict.fromkeys((study.coverage.sector, study.coverage.material)):
            i = study.benchmark.commodities.index(sector)
            value = study.benchmark.sam["vxsb"][i] * quantity[i]
            table = pd.DataFrame(value, index=study.benchmark.regions, columns=study.benchmark.regions)
            rows.append(table.rename_axis("origin").reset_index().assign(sector=sector).set_index(["sector", "origin"]))
        table = pd.concat(rows)
        table.attrs["units"] = f"million {study.benchmark.currency}"
        return table


class _Sector:
    """A solution as one covered sector sees it: by the plain names of its symbols."""

    def __init__(self, result: RulesSolution) -> None:
        self._solution, self._name = result.solution, result.study.name

    def __getitem__(self, plain: str) -> xr.DataArray:
        return self._solution[self._name(plain)]

    def array(self, plain: str) -> np.ndarray:
        return self._solution.arrays[self._name(plain)]

    def values_of(self, plain: str) -> np.ndarray:
        return self._solution.values_of(self._name(plain))
