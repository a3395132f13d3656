"""Is the benchmark one world? Regions without trade between them share no price level.

All prices of a set of regions that neither buys from nor sells to the rest can be multiplied by one number: their
markets depend on relative prices alone, and Walras' law holds within the set, so that one equation too few
speaks of its level while the numeraire fixes the world's. Foreign saving does not help: without trade the
set's foreign saving sums to zero, whatever its denomination moves between members, and a global bank that
equalises rates of return compares ratios of prices. The Jacobian then has one zero singular value for each set
but one, and every price level is an equilibrium.

Links are shipments of goods in either direction, and transport: those who sell a margin service with those
whose imports use it. A link below :data:`THINNEST` of a region's GDP cannot carry its price level through the
rounding of its accounts and counts as none.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from cge.equations.calibrated import Calibrated
from cge.errors import ModelError

THINNEST = 1e-9
"""Smallest trade between two regions that links their price levels, share of the smaller GDP."""


def blocs(data: Calibrated) -> list[list[str]]:
    """Sets of regions that trade with each other, directly or through others; the largest first."""
    shipped = data["vxsb"].sum(0)
    used = data["vtwr"].sum(1)  # dims (m, s, d)
    size = data.benchmark.sam.gdp()
    linked = shipped + shipped.T
    for service, sellers in enumerate(data["vst"]):
        total = sellers.sum()
        if total > 0:
            bought = used[service].sum(0)
            linked = linked + np.outer(sellers, bought) / total + np.outer(bought, sellers) / total
    thick = linked > THINNEST * np.minimum(size[:, None], size[None, :])
    _, bloc = connected_components(sp.csr_matrix(thick), directed=False)
    regions = data.sets["reg"]
    groups = [[r for r, b in zip(regions, bloc, strict=True) if b == k] for k in range(int(bloc.max()) + 1)]
    return sorted(groups, key=len, reverse=True)


def check_connected(data: Calibrated) -> None:
    """Raise where the regions are not one world.

    Raises
    ------
    ModelError
        Names the blocs and the ways out.
    """
    found = blocs(data)
    if len(found) == 1:
        return
    apart = "; ".join(_named(group) for group in found[1:])
    raise ModelError(
        f"the regions of benchmark {data.benchmark.name!r} fall into {len(found)} blocs without trade between them: "
        f"{_named(found[0])} apart from {apart}. One numeraire leaves the price level of {len(found) - 1} of them "
        "undetermined; aggregate them with a region they belong to, add a flow of goods, or solve each bloc alone"
    )


def _named(group: list[str]) -> str:
    return ", ".join(group[:8]) + (f" and {len(group) - 8} more" if len(group) > 8 else "")
