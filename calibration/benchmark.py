"""A benchmark: one SAM, its elasticities and its provenance; what a model is calibrated to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import pandas as pd
import xarray as xr

from calibration.elasticities import check_elasticities, to_dataset
from calibration.errors import DataError, nearest
from calibration.sam import SCHEMA, Sam

DEFAULT = "world"
FORMAT = "open-cge benchmark 1"


@dataclass(frozen=True)
class Benchmark:
    """A SAM with elasticities.

    Attributes
    ----------
    sam : Sam
        Value flows, million USD.
    elasticities : xarray.Dataset
        Symbols and dims of :data:`calibration.elasticities.SYMBOLS`.
    name : str
    """

    sam: Sam
    elasticities: xr.Dataset
    name: str = "unnamed"

    def __post_init__(self) -> None:
        check_elasticities(self.elasticities)
        for dim, labels in (("i", self.sam.commodities), ("r", self.sam.regions)):
            if [str(x) for x in self.elasticities[dim].values] != labels:
                raise DataError(f"elasticities and SAM list different labels along dim {dim!r}; give the same order")

    @property
    def regions(self) -> list[str]:
        """Region labels."""
        return self.sam.regions

    @property
    def commodities(self) -> list[str]:
        """Commodity labels."""
        return self.sam.commodities

    @property
    def attrs(self) -> dict[str, object]:
        """Provenance: source, year, licence, rules, elasticity sources."""
        return {**self.sam.data.attrs, **self.elasticities.attrs}

    def with_elasticities(self, table: pd.DataFrame) -> Benchmark:
        """The same SAM with another elasticity table (see :func:`calibration.elasticities.to_dataset`)."""
        return replace(self, elasticities=to_dataset(table, self.commodities, self.regions))

    def save(self, path: str | Path) -> None:
        """Write one compressed netCDF file (float64); read back by :func:`load_benchmark`."""
        merged = self.sam.data.merge(self.elasticities)
        merged.attrs = {**self.attrs, "format": FORMAT, "name": self.name}
        merged["adjustments"] = xr.DataArray(self.sam.adjustments.to_csv(index=False))
        numeric = [v for v in merged.data_vars if merged[v].dtype.kind == "f"]
        merged.to_netcdf(
            path, engine="h5netcdf", encoding={v: {"zlib": True, "complevel": 9, "shuffle": True} for v in numeric}
        )


def available() -> list[str]:
    """Names of the embedded benchmarks."""
    folder = resources.files("calibration") / "datasets"
    return sorted(item.name[:-3] for item in folder.iterdir() if item.name.endswith(".nc"))


def load_benchmark(name: str | Path = DEFAULT) -> Benchmark:
    """Open an embedded benchmark by name, or any benchmark file by path.

    Raises
    ------
    DataError
        Unknown name, missing file, or a file that is not a benchmark.
    """
    names = available()
    path = Path(str(resources.files("calibration") / "datasets" / f"{name}.nc")) if str(name) in names else Path(name)
    if not path.is_file():
        raise DataError(
            f"no benchmark named {str(name)!r} and no such file{nearest(str(name), names)}; embedded: {', '.join(names)}"
        )
    try:
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            data = opened.load()
    except Exception as error:
        raise DataError(f"{path} is not a netCDF benchmark ({error}); build one with Benchmark.save") from error
    if data.attrs.get("format") != FORMAT:
        raise DataError(f"{path} lacks the attribute format={FORMAT!r}: not a benchmark of this library")
    from io import StringIO

    adjustments = pd.read_csv(StringIO(str(data["adjustments"].item())))
    flows = data[list(SCHEMA)]
    flows.attrs = {k: v for k, v in data.attrs.items() if k not in ("format", "elasticity_sources", "rordelta")}
    behaviour = data.drop_vars([*SCHEMA, "adjustments"])
    dims = {d for name in behaviour.data_vars for d in behaviour[name].dims}
    behaviour = behaviour.drop_vars([c for c in behaviour.coords if c not in dims])
    behaviour.attrs = {k: data.attrs[k] for k in ("elasticity_sources", "rordelta") if k in data.attrs}
    return Benchmark(Sam(flows, adjustments), behaviour, str(data.attrs.get("name", path.stem)))
