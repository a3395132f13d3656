"""Value chains before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from cge.errors import ModelError

if TYPE_CHECKING:
    from cge.gvc.indicators import Indicators


@dataclass
class GvcComparison:
    """Indicators of two tables of the same regions and sectors.

    Attributes
    ----------
    before, after : Indicators

    Raises
    ------
    ModelError
        The tables have other regions, sectors (or another order of them) or units.
    """

    before: Indicators
    after: Indicators

    def __post_init__(self) -> None:
        old, new = self.before.icio, self.after.icio
        for what in ("regions", "sectors", "units"):
            if getattr(old, what) != getattr(new, what):
                raise ModelError(f"the tables differ in {what}: they cannot be compared; aggregate one to the other")

    @property
    def remarks(self) -> list[str]:
        """What is out of the ordinary in either table."""
        return list(dict.fromkeys([*self.before.remarks, *self.after.remarks]))

    def table(self) -> pd.DataFrame:
        """Summary by region before, after and the difference; columns (indicator, before | after | change)."""
        old, new = self.before.summary(), self.after.summary()
        return pd.concat({"before": old, "after": new, "change": new - old}, axis=1).swaplevel(axis=1)[list(old.columns)]

    def by_sector(self) -> xr.Dataset:
        """Forward and backward participation and length by region and sector, dims (state, r, i)."""
        out = xr.Dataset()
        for direction in ("forward", "backward"):
            pair = [s.participation(direction) for s in (self.before, self.after)]
            joined = [p["gvc_simple"] + p["gvc_complex"] for p in pair]
            out[direction] = xr.concat(joined, dim=pd.Index(["before", "after"], name="state"))
        lengths = [s.production_length("forward")["total"] for s in (self.before, self.after)]
        out["length"] = xr.concat(lengths, dim=pd.Index(["before", "after"], name="state"))
        return out

    def kww(self) -> xr.DataArray:
        """Nine terms before and after, dims (state, r, term)."""
        return xr.concat([self.before.kww(), self.after.kww()], dim=pd.Index(["before", "after"], name="state"))

    def blocs(self) -> xr.DataArray:
        """Value added between blocs before and after, dims (state, origin, destination)."""
        return xr.concat([self.before.bloc_matrix(), self.after.bloc_matrix()], dim=pd.Index(["before", "after"], name="state"))
