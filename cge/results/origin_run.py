"""The run of a policy with rules of origin: what every run shows, and what firms of the covered sectors do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cge.mechanisms.origin.results import RulesSolution
from cge.results.static_run import StaticRun
from cge.table import Table


@dataclass(frozen=True, repr=False)
class OriginRun(StaticRun):
    """One equilibrium against another, under rules of origin.

    Attributes
    ----------
    before, now : mapping of str to RulesSolution
        Each covered sector under the rules before the policy (none: preferences are automatic) and under the policy's.
    """

    before: Mapping[str, RulesSolution] = field(default_factory=dict)
    now: Mapping[str, RulesSolution] = field(default_factory=dict)

    @property
    def own_tables(self) -> list[Table]:
        """Use of the preference, the industry and its firm types, for each covered sector."""
        tables = super().own_tables
        for sector, now in self.now.items():
            used = pd.DataFrame({"before": self.before[sector].utilisation(), "after": now.utilisation()}).mul(100)
            used.index = pd.Index([f"{a} to {b}" for a, b in used.index], name="pair")
            first, last = self.before[sector].industry(), now.industry()
            change = (100 * (last / first - 1)).rename_axis(["sector", "region"])
            change = change.loc[:, ["output", "employment", "price"]]
            tables += [
                Table(f"use_{sector}", f"use of the preference on {sector}, per cent of shipments", used, 1),
                Table(f"industry_{sector}", f"change of {sector} and its material, per cent", change),
                Table(f"types_{sector}", f"firm types of {sector}: content, premium, use", now.by_type(), 4),
            ]
        return tables

    @property
    def shown(self) -> list[Table]:
        """The table by region and use of the preference."""
        return [t for t in super().shown if not t.name.startswith(("types_", "industry_"))]

    def summary(self) -> dict[str, Any]:
        """The keys of every run, and of each covered sector use, content, cost and complementarity."""
        told = super().summary()
        told["complementarity_gap"] = max(x.complementarity_gap() for x in (*self.before.values(), *self.now.values()))
        told["rules_of_origin"] = {
            sector: {
                when: {
                    "utilisation": {f"{a}-{b}": round(float(v), 6) for (a, b), v in under.utilisation().items()},
                    "regional_content": under.regional_content(),
                    "constrained_share": under.constrained_share(),
                    "cost_penalty": under.cost_penalty(),
                }
                for when, under in (("before", self.before[sector]), ("after", now))
            }
            | {"unused_types": dict(now.unused)}
            for sector, now in self.now.items()
        }
        return told

    def sentences(self) -> list[str]:
        """Members together, notes, what complying costs, how it was solved."""
        lines = super().sentences()
        told = [
            f"{sector}: complying costs {_percent(now.cost_penalty())} ({_percent(self.before[sector].cost_penalty())} "
            f"before), a rule binds for {100 * now.constrained_share():.0f} % of firm types"
            for sector, now in self.now.items()
        ]
        return [*lines[:-1], *told, lines[-1]]


def _percent(share: float) -> str:
    """A share in per cent; what rounds to nothing has no sign."""
    return f"{round(100 * share, 2) + 0.0:.2f} %"
