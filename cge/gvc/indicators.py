"""Indicators of one inter-country table, gathered from the files of this folder; nothing is computed twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from calibration.labels import as_labels
from calibration.sectors import BLOCS, blocs_of, manufactures_of, services_of
from cge.gvc import decomposition, position, resilience
from cge.gvc.compare import GvcComparison
from cge.gvc.icio import Icio
from cge.gvc.identities import quotient


class Indicators:
    """Every indicator of a table.

    Parameters
    ----------
    icio : Icio
    """

    def __init__(self, icio: Icio) -> None:
        self.icio = icio

    @property
    def remarks(self) -> list[str]:
        """Industries and regions of the table that are out of the ordinary; see :attr:`cge.gvc.icio.Icio.remarks`."""
        return self.icio.remarks

    # -- exports and their content ------------------------------------------------------------------
    def gross_exports(self) -> xr.DataArray:
        """Gross exports, dims (r, i)."""
        return self.icio.labelled(self.icio.exports, "gross exports", self.icio.units)

    def value_added_exports(self) -> xr.DataArray:
        """Value added of r absorbed in d, dims (r, d); see :func:`cge.gvc.decomposition.value_added_trade`."""
        return decomposition.value_added_trade(self.icio)

    def vertical_specialisation(self) -> xr.Dataset:
        """Import content of exports; see :func:`cge.gvc.decomposition.vertical_specialisation`."""
        return decomposition.vertical_specialisation(self.icio)

    def kww(self) -> xr.DataArray:
        """Koopman-Wang-Wei nine terms, dims (r, term)."""
        return decomposition.kww(self.icio)

    def borin_mancini(self, perspective: str = "exporter") -> xr.Dataset:
        """Borin-Mancini terms by exporter; ``perspective`` ``"exporter"`` or ``"world"``."""
        return decomposition.borin_mancini(self.icio, perspective)

    def borin_mancini_bilateral(self, approach: str = "source") -> xr.Dataset:
        """Borin-Mancini terms by exporter and importer, ``"source"`` or ``"sink"``; dims (r, d)."""
        return decomposition.borin_mancini_bilateral(self.icio, approach)

    # -- production ---------------------------------------------------------------------------------
    def participation(self, direction: str = "forward") -> xr.Dataset:
        """Wang-Wei-Yu-Zhu participation, dims (r, i); see :func:`cge.gvc.position.participation`."""
        return position.participation(self.icio, direction)

    def production_length(self, direction: str = "forward") -> xr.Dataset:
        """Wang-Wei-Yu-Zhu production length, dims (r, i)."""
        return position.production_length(self.icio, direction)

    def upstreamness(self, level: str = "cell") -> xr.DataArray:
        """Antras-Chor upstreamness by cell (r, i) or ``level="country"`` (r)."""
        return position.upstreamness(self.icio, level)

    def downstreamness(self, level: str = "cell") -> xr.DataArray:
        """Antras-Chor downstreamness by cell (r, i) or ``level="country"`` (r)."""
        return position.downstreamness(self.icio, level)

    def gvc_income(self, sectors: str | Sequence[str] | None = None, intensity: xr.DataArray | None = None) -> xr.DataArray:
        """Income (or jobs) in the world's production of final manufactures; dims (r, i)."""
        chosen = as_labels(sectors, "sectors") if sectors is not None else manufactures_of(self.icio.sectors)
        return position.gvc_income(self.icio, chosen, intensity)

    def embodied(self, intensity: xr.DataArray) -> xr.DataArray:
        """A factor or emission of r embodied in the final demand of d; ``intensity`` totals by (r, i)."""
        return position.embodied(self.icio, intensity)

    def services_content(self, services: str | Sequence[str] | None = None) -> xr.Dataset:
        """Services in the value of manufactures, by origin at home or abroad; dims (r, i)."""
        chosen = as_labels(services, "services") if services is not None else services_of(self.icio.sectors)
        return position.services_content(self.icio, chosen)

    # -- regions and risk ---------------------------------------------------------------------------
    def bloc_matrix(self, blocs: Mapping[str, str | Sequence[str]] | None = None) -> xr.DataArray:
        """Value added of each bloc in the final output of each bloc; dims (origin, destination)."""
        return resilience.bloc_matrix(self.icio, blocs_of(self.icio.regions, blocs or BLOCS))

    def regionalisation(self, blocs: Mapping[str, str | Sequence[str]] | None = None) -> xr.DataArray:
        """Share of the own bloc in the foreign value added of final output; dims (r)."""
        return resilience.regionalisation(self.icio, blocs_of(self.icio.regions, blocs or BLOCS))

    def supplier_concentration(self) -> xr.Dataset:
        """Herfindahl index of the origins of each imported input; dims (i, d)."""
        return resilience.supplier_concentration(self.icio)

    def exposure(self) -> xr.Dataset:
        """Face-value and look-through exposure to each country; dims (s, d)."""
        return resilience.exposure(self.icio)

    def output_at_risk(self, supplier: str, sectors: str | Sequence[str] | None = None) -> xr.DataArray:
        """Output lost if a supplier's exports of inputs fail; dims (r, i), share of output."""
        return resilience.output_at_risk(self.icio, supplier, sectors)

    def compare(self, after: Indicators) -> GvcComparison:
        """This table as before, another of the same regions and sectors as after."""
        return GvcComparison(self, after)

    # -- summary ------------------------------------------------------------------------------------
    def summary(self) -> pd.DataFrame:
        """One row a region: what a policy paper shows first.

        A share of nothing is NaN (of exports where a region exports nothing); an amount of nothing is 0. :attr:`remarks`
        names the regions and industries concerned.
        """
        t = self.icio
        exports = t.sum_regions(t.exports)
        bm = self.borin_mancini()
        forward, backward = self.participation("forward"), self.participation("backward")
        length = self.production_length("forward")
        va, fin = t.labelled(t.value_added, "", ""), t.labelled(t.final.sum(1), "", "")
        table = {
            "exports": exports,
            "vax_ratio": quotient(bm["vax"].values, exports),
            "gvc_share": 1 - quotient(bm["davax"].values, exports),
            "foreign_content": quotient(bm["fc"].values, exports),
            "forward": quotient(((forward["gvc_simple"] + forward["gvc_complex"]) * va).sum("i").values, va.sum("i").values),
            "backward": quotient(
                ((backward["gvc_simple"] + backward["gvc_complex"]) * fin).sum("i").values, fin.sum("i").values
            ),
            "length": quotient((length["total"] * va).sum("i").values, va.sum("i").values),
            "upstreamness": self.upstreamness("country").values,
            "regionalisation": self.regionalisation().values,
            "top_exposure": self.exposure()["look_through"].max("s").values,
        }
        frame = pd.DataFrame(table, index=pd.Index(t.regions, name="region"))
        return frame.replace([np.inf, -np.inf], np.nan)
