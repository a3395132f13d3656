"""A benchmark: one SAM, its elasticities and its provenance; what a model is calibrated to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.cards import Carded
from calibration.currency import currency_of
from calibration.divisions import divisions
from calibration.elasticities import check_elasticities, read_table, study_and_nest, to_dataset
from calibration.errors import DataError, nearest, require_labels, require_type, require_unique
from calibration.labels import as_labels
from calibration.parse import load_netcdf, reading
from calibration.sam import SCHEMA, Sam
from calibration.upward import provided

DEFAULT = "world"
FORMAT = "open-cge benchmark 1"
SATELLITE = "satellite_"
BEHAVIOUR = ("elasticity_sources", "elasticity_note", "rordelta", "defaults", "demand", "production")
"""Attributes that belong to the elasticities."""
STATUS = {
    0: "zero in the source",
    1: "observed",
    2: "total observed, split estimated",
    3: "estimated from the economy's own earlier table",
    4: "estimated from other economies",
}
"""Codes of :meth:`Benchmark.status`."""
DEMANDS = ("benchmark", "stone-geary", "cobb-douglas")
"""Choices of :meth:`Benchmark.with_demand`."""
PRODUCTIONS = ("benchmark", "leontief", "okagawa-ban")
"""Choices of :meth:`Benchmark.with_production` beside a table."""
TRADE_HEADERS = ("vxsb", "vfob", "vcif", "vmsb", "makb", "maks")
"""Headers whose cells are known by commodity; those of use are known by the using region."""
FREIGHT_STATUS = 4
"""Transport margins, and what holds them, are estimated wherever a benchmark tells observed cells from estimated ones."""


@dataclass(frozen=True, repr=False)
class Benchmark(Carded):
    """A SAM with elasticities.

    Attributes
    ----------
    sam : Sam
        Value flows, million USD.
    elasticities : xarray.Dataset
        Symbols and dims of :data:`calibration.elasticities.SYMBOLS`.
    name : str
    satellites : xarray.Dataset, optional
        Data beside the SAM: ``co2`` (a, r), million tonnes, and by fuel ``co2_fuel`` (fuel, a, r), ``co2_households`` (fuel,
        r); ``energy`` (fuel, a, r) and ``energy_households`` (fuel, r), petajoules; ``electricity`` (plant, r), TWh;
        ``energy_status`` (r); ``esubm_by_study`` and ``esubd_by_study`` (study, i);
        ``trade_status`` (i) and ``use_status`` (r), codes of :data:`STATUS`, read cell by cell with :meth:`status`; ``mfn``
        (i, r), most-favoured-nation tariffs as fractions, and ``tariff_status`` (i, r), codes of
        :data:`calibration.mfn.STATUS`; ``duty_collected`` (i, r), share of the duties that customs collect, estimated;
        ``tax_status`` (r), where tax revenue comes from, and ``tax_coverage`` (r), whose taxes it holds (their attributes tell
        the codes); ``sea_borne`` (s, d), share of the freight of a pair that crosses the sea; ``unemployment`` (r), fraction of
        the labour force, ``unemployment_status`` and ``skill_status`` (r).
    """

    sam: Sam
    elasticities: xr.Dataset
    name: str = "unnamed"
    satellites: xr.Dataset | None = None

    def __post_init__(self) -> None:
        for dim in self.elasticities.dims:
            if dim in self.elasticities.coords:
                require_unique(self.elasticities[dim].values, f"elasticities of benchmark {self.name!r}, dim {dim}")
        check_elasticities(self.elasticities)
        flows = self.sam.data
        labels = {str(d): [str(x) for x in flows[d].values] for d in ("i", "a", "f", "r", "s", "d", "m") if d in flows.coords}
        object.__setattr__(self, "elasticities", in_order(self.elasticities, labels, "elasticities"))
        if self.satellites is not None:
            object.__setattr__(self, "satellites", in_order(self.satellites, labels, "satellites"))

    def _card(self) -> tuple[str, dict[str, object]]:
        beside = list(map(str, self.satellites)) if self.satellites is not None else []
        _, rows = self.sam._card()
        return f"Benchmark {self.name}", {
            **rows,
            "regions": ", ".join(self.regions),
            "commodities": ", ".join(self.commodities),
            "factors": ", ".join(self.sam.factors),
            "elasticities": ", ".join(map(str, self.elasticities)),
            **({"studies": ", ".join(self.studies)} if self.studies else {}),
            **({"satellites": ", ".join(beside)} if beside else {}),
            "licence": self.attrs.get("licence", ""),
        }

    @property
    def regions(self) -> list[str]:
        """Region labels."""
        return self.sam.regions

    @property
    def commodities(self) -> list[str]:
        """Commodity labels."""
        return self.sam.commodities

    @property
    def currency(self) -> str:
        """Currency code of every value, ``USD`` where the source does not say; labels take it from here."""
        return currency_of(self.sam.data.attrs)

    @property
    def attrs(self) -> dict[str, object]:
        """Provenance: source, year, licence, rules, elasticity sources."""
        return {**self.sam.data.attrs, **self.elasticities.attrs}

    def with_elasticities(self, table: pd.DataFrame | str) -> Benchmark:
        """The same SAM with other elasticities.

        Parameters
        ----------
        table : DataFrame or str
            A table (see :func:`calibration.elasticities.to_dataset`; private demand stays the benchmark's where the table has
            neither ``incelas`` nor ``frisch``), or the name of a study the benchmark carries (``studies``): the trade
            elasticities are then that study's, those of value added and demand stay. ``"fontagne/one"`` takes them in one
            nest (:func:`calibration.elasticities.study_table`).

        Raises
        ------
        DataError
            The benchmark carries no such study.
        """
        if not isinstance(table, str):
            given = to_dataset(table, self.commodities, self.regions)
            if not {"incelas", "frisch"} & set(table.columns):
                given = given.assign({k: self.elasticities[k] for k in ("incelas", "frisch")})
                given.attrs |= {k: self.elasticities.attrs[k] for k in ("demand",) if k in self.elasticities.attrs}
            return replace(self, elasticities=given)
        study, one_nest = study_and_nest(table)
        if study not in self.studies:
            hint = f"{nearest(study, self.studies)}; it carries {', '.join(self.studies) or 'none'}"
            raise DataError(f"benchmark {self.name!r} carries no elasticities of {table!r}{hint}")
        assert self.satellites is not None
        new = self.elasticities.copy(deep=True)
        esubm, esubd = (self.satellites[f"{symbol}_by_study"] for symbol in ("esubm", "esubd"))
        # what no study has estimated, services, is the same in each and keeps its two nests
        studied = (esubd.max("study") > esubd.min("study") * (1 + 1e-9)).values & one_nest
        new["esubm"].values[:] = esubm.sel(study=study).values[:, None]
        new["esubd"].values[:] = np.where(studied, esubm.sel(study=study).values, esubd.sel(study=study).values)[:, None]
        nests = "; one nest: esubd = esubm"
        lines = [
            f"{c}: {study} (trade elasticities), as listed in docs/data.md{nests if s else ''}"
            for c, s in zip(self.commodities, studied, strict=True)
        ]
        new.attrs["elasticity_sources"] = "\n".join(lines)
        return replace(self, elasticities=new)

    def with_demand(self, demand: str) -> Benchmark:
        """The same benchmark with another private demand.

        Parameters
        ----------
        demand : {"benchmark", "stone-geary", "cobb-douglas"}
            What the benchmark carries; the same, required not to be Cobb-Douglas; or Cobb-Douglas.

        Raises
        ------
        DataError
            Another word, or Stone-Geary where the benchmark carries no income elasticities.
        """
        require_labels([demand], DEMANDS, "private demand")
        held = self.elasticities
        plain = bool((held["incelas"] == 1.0).all() and (held["frisch"] == -1.0).all())
        if demand == "stone-geary" and plain:
            raise DataError(
                f"benchmark {self.name!r} carries no income elasticities (incelas, frisch), so private demand is Cobb-Douglas; "
                "give them in an elasticity table, or calibrate them (calibration.income_elasticities)"
            )
        if demand != "cobb-douglas" or plain:
            return self
        new = held.assign(incelas=xr.ones_like(held["incelas"]), frisch=-xr.ones_like(held["frisch"]))
        new.attrs["demand"] = "Cobb-Douglas, by choice"
        return replace(self, elasticities=new)

    def with_production(self, production: str | Path | pd.DataFrame, groups: Mapping[str, str] | None = None) -> Benchmark:
        """The same benchmark with other substitution between value added and intermediates.

        Parameters
        ----------
        production : {"benchmark", "leontief", "okagawa-ban"}, path or DataFrame
            What the benchmark carries; none (``esubt`` and ``esubc`` 0); published values
            (:mod:`calibration.production_elasticities`); or a table by activity with columns ``esubt``, ``esubc`` or both.
        groups : mapping, optional
            With published values: the group of sectors of an activity whose label the library does not know.

        Raises
        ------
        DataError
            Another word, an activity of which it is not known what it makes, or a table that is not one.
        """
        changed: Benchmark
        if isinstance(production, pd.DataFrame):
            changed = provided("benchmark with a table of production")(self, production, "a table of production")
            return changed
        if str(production) not in PRODUCTIONS and Path(production).is_file():
            table = read_table(production)
            changed = provided("benchmark with a table of production")(self, table, Path(production).name)
            return changed
        if production not in PRODUCTIONS:
            hint = f"{nearest(str(production), PRODUCTIONS)}; known: {', '.join(PRODUCTIONS)}"
            raise DataError(f"no production and no file named {str(production)!r}{hint}")
        if production == "benchmark":
            return self
        if production == "leontief":
            changed = provided("benchmark without substitution in production")(self)
        else:
            changed = provided("benchmark with published production")(self, str(production), groups)
        return changed

    @property
    def groups(self) -> dict[str, dict[str, float]]:
        """Economies inside each grouped region with their share of its GDP, where the benchmark tells them."""
        held: dict[str, dict[str, float]] = json.loads(str(self.sam.data.attrs.get("members", "{}")))
        return held

    @property
    def divisions(self) -> dict[str, tuple[str, ...]]:
        """The parts of each sector of the source that this benchmark shows divided."""
        return divisions(self.sam.data.attrs)

    def participation(self, economies: str | Iterable[str]) -> dict[str, float]:
        """Share of each region's GDP that lies in the named economies; regions without any are left out.

        A region of that name counts 1, a grouped region (``groups``) by the weight of its named economies.

        Examples
        --------
        >>> load_benchmark("world").participation(["CHN", "LAO", "KHM", "MMR", "BRN"])
        {'CHN': 1.0, 'XSE': 1.0}
        """
        named = set(as_labels(economies, "economies"))
        inside = {g: sum(w for e, w in held.items() if e in named) for g, held in self.groups.items()}
        whole = {g for g, held in self.groups.items() if set(held) <= named}
        found = {r: 1.0 if r in named or r in whole else inside.get(r, 0.0) for r in self.regions}
        return {r: share for r, share in found.items() if share > 0}

    def status(self, header: str) -> xr.DataArray:
        """Which cells of a SAM header are observed and which estimated, codes of :data:`STATUS`; dims of the header.

        Raises
        ------
        DataError
            The benchmark does not tell observed cells from estimated ones, or the header is unknown.
        """
        require_labels([header], SCHEMA, "SAM header")
        if self.satellites is None or "use_status" not in self.satellites:
            raise DataError(f"benchmark {self.name!r} does not tell observed cells from estimated ones")
        array = self.sam.data[header]
        if header == "pop":
            code: xr.DataArray = xr.ones_like(array)
        elif header in ("vst", "vtwr"):
            code = xr.full_like(array, FREIGHT_STATUS)
        elif header in TRADE_HEADERS:
            code = self.satellites["trade_status"]
            if header in ("vcif", "vmsb"):
                shipped = self.sam.data["vtwr"].sum("m") > 0
                code = code.broadcast_like(array).where(~shipped, FREIGHT_STATUS)
        else:
            code = self.satellites["use_status"]
            code = code.rename({"r": str(array.dims[-1])}) if array.dims[-1] != "r" else code
        values = np.where(array.values == 0, 0, code.broadcast_like(array).transpose(*array.dims).values).astype(np.int8)
        attrs = {"flag_values": list(STATUS), "flag_meanings": "; ".join(STATUS.values())}
        return xr.DataArray(values, coords=array.coords, dims=array.dims, attrs=attrs)

    @property
    def studies(self) -> list[str]:
        """Names of the elasticity studies the benchmark carries."""
        if self.satellites is None or "study" not in self.satellites.coords:
            return []
        return [str(x) for x in self.satellites["study"].values]

    def save(self, path: str | Path) -> None:
        """Write one compressed netCDF file (float64); read back by :func:`load_benchmark`.

        A header that equals an earlier one cell by cell (no tax or margin between the two) is stored once, and
        named in the attribute ``same_as``; ``vcif`` is left out where it is ``vfob`` and ``vtwr`` to the last bit.
        """
        flows, same = _without_repeats(self.sam.data)
        merged = flows.merge(self.elasticities)
        merged.attrs = {**self.attrs, "format": FORMAT, "name": self.name, "same_as": json.dumps(same)}
        merged["adjustments"] = xr.DataArray(self.sam.adjustments.to_csv(index=False))
        if self.satellites is not None:
            renamed = self.satellites.rename({v: SATELLITE + str(v) for v in self.satellites.data_vars})
            merged = merged.merge(renamed, combine_attrs="override")
        # small arrays are stored plain: compression would cost more time to open than it saves space
        numeric = [v for v in merged.data_vars if merged[v].dtype.kind in "fi" and merged[v].size > 2000]
        merged.to_netcdf(
            path, engine="h5netcdf", encoding={v: {"zlib": True, "complevel": 9, "shuffle": True} for v in numeric}
        )


def in_order(data: xr.Dataset, labels: Mapping[str, list[str]], what: str) -> xr.Dataset:
    """Arrays beside a SAM in its order of labels, the dims of each in the order of ``labels`` and others first.

    Raises
    ------
    DataError
        A dim has no labels, or others than the SAM.
    """
    for dim in (str(d) for d in data.dims if d in labels):
        if dim not in data.coords:
            raise DataError(f"the {what} have no labels along dim {dim!r}; add them, so that they can be aligned with the SAM")
        given = [str(x) for x in data[dim].values]
        if given == labels[dim]:
            continue
        odd = [x for x in given if x not in labels[dim] or given.count(x) > 1] or [x for x in labels[dim] if x not in given]
        if odd:
            raise DataError(
                f"{what} and SAM list different labels along dim {dim!r}, first {odd[0]!r}{nearest(odd[0], labels[dim])}; "
                "give each label of the SAM once"
            )
        data = data.assign_coords({dim: given}).sel({dim: labels[dim]})
    position = {dim: k for k, dim in enumerate(labels)}
    for name, array in data.data_vars.items():
        wanted = sorted(array.dims, key=lambda d: position.get(str(d), -1))
        if list(array.dims) != wanted:
            data = data.assign({name: array.transpose(*wanted)})
    return data


def _without_repeats(data: xr.Dataset) -> tuple[xr.Dataset, dict[str, str]]:
    kept: list[str] = []
    same: dict[str, str] = {}
    for name in SCHEMA:
        for other in kept:
            if data[other].dims == data[name].dims and np.array_equal(data[other].values, data[name].values):
                same[name] = other
                break
        else:
            kept.append(name)
    # cif values that are fob values and margins to the last bit are added up on opening
    if "vcif" in kept and np.array_equal(data["vcif"].values, _landed(data).values):
        kept.remove("vcif")
    return data[kept], same


def _landed(data: xr.Dataset) -> xr.DataArray:
    """Imports at cif prices: exports at fob prices and margins; dims (i, s, d)."""
    return data["vfob"] + data["vtwr"].sum("m")


def available() -> list[str]:
    """Names of the embedded benchmarks."""
    folder = resources.files("calibration") / "datasets"
    return sorted(item.name[:-3] for item in folder.iterdir() if item.name.endswith(".nc"))


def load_benchmark(name: str | Path = DEFAULT, elasticities: str | pd.DataFrame | None = None) -> Benchmark:
    """Open an embedded benchmark by name, any benchmark file by path, or a folder of GTAP's HAR files.

    Parameters
    ----------
    name : str or path
        ``"world"`` (2018), ``"world-2011"``, a netCDF file, or a folder with ``basedata.har`` and ``default.prm``
        (:func:`calibration.gtap.load_gtap`).
    elasticities : str or DataFrame, optional
        Another source than the file's own, see :meth:`Benchmark.with_elasticities`.

    Raises
    ------
    DataError
        Unknown name, missing file, or a file that is not a benchmark.
    """
    names = available()
    require_type(name, (str, Path), "load_benchmark", "the name of a benchmark or the path of a file or folder")
    if str(name) not in names and provided("are these GTAP's files")(name):
        read: Benchmark = provided("benchmark from GTAP's files")(name)
        return read if elasticities is None else read.with_elasticities(elasticities)
    path = Path(str(resources.files("calibration") / "datasets" / f"{name}.nc")) if str(name) in names else Path(name)
    if not path.is_file():
        raise DataError(
            f"no benchmark named {str(name)!r} and no such file or folder{nearest(str(name), names)}; "
            f"embedded: {', '.join(names)}"
        )
    with reading(path, "netCDF benchmark", verdict="is not a"):
        found = _from_dataset(load_netcdf(path, "benchmark"), path)
    return found if elasticities is None else found.with_elasticities(elasticities)


def _from_dataset(data: xr.Dataset, path: Path) -> Benchmark:
    """The benchmark that :meth:`Benchmark.save` wrote."""
    if data.attrs.get("format") != FORMAT:
        raise DataError(f"{path} lacks the attribute format={FORMAT!r}: not a benchmark of this library")
    for repeated, first in json.loads(data.attrs.pop("same_as", "{}")).items():
        data[repeated] = data[first].assign_attrs(long_name=SCHEMA[repeated].long_name)
    if "vcif" not in data:
        data["vcif"] = _landed(data).assign_attrs(data["vfob"].attrs, long_name=SCHEMA["vcif"].long_name)
    adjustments = pd.read_csv(StringIO(str(data["adjustments"].item())))
    flows = data[list(SCHEMA)]
    flows.attrs = {k: v for k, v in data.attrs.items() if k not in ("format", *BEHAVIOUR)}
    beside = [str(v) for v in data.data_vars if str(v).startswith(SATELLITE)]
    behaviour = data.drop_vars([*SCHEMA, "adjustments", *beside])
    dims = {d for name in behaviour.data_vars for d in behaviour[name].dims}
    behaviour = behaviour.drop_vars([c for c in behaviour.coords if c not in dims])
    behaviour.attrs = {k: data.attrs[k] for k in BEHAVIOUR if k in data.attrs}
    satellites = data[beside].rename({v: v.removeprefix(SATELLITE) for v in beside}) if beside else None
    if satellites is not None:
        satellites.attrs = {}
    flows = flows.drop_vars([c for c in flows.coords if c not in {d for h in SCHEMA.values() for d in h.dims}])
    return Benchmark(
        Sam(flows, adjustments),
        behaviour,
        str(data.attrs.get("name", path.stem)),
        satellites,
    )
