"""Published elasticities of substitution between value added and intermediates, by group of sectors.

GTAP's data have none (``ESUBT`` and ``ESUBC`` are 0, Leontief), and so have the shipped worlds. Okagawa and Ban (2008)
estimate nested CES functions from a panel of OECD countries; their elasticities are taken as Marcucci and Zhang (2019) quote
them for eight groups of sectors, for the nest of output from ``Q``, a composite that is made with labour, energy and capital,
and ``B``, read here as the other inputs (``calibration/datasets/production_elasticities.csv`` has the full reference; the
original was not at hand). Two differences are to be known: energy is thus with value added there and among the intermediates
here, and the quotation names no extraction of fuels and ores, which therefore keeps the benchmark's own elasticity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import resources

import pandas as pd
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.classification import GOODS
from calibration.errors import DataError, nearest, require_labels

SHIPPED = "production_elasticities.csv"
STUDIES = ("okagawa-ban",)
"""Published sources of ``esubt`` to choose from."""
SOURCES = {"okagawa-ban": "Okagawa and Ban (2008), quoted in Marcucci and Zhang (2019), Table 1"}
NOT_HELD = "not held"
"""Group of sectors that no published value is for."""
_GTAP = {
    "agriculture": "pdr wht gro v_f osd c_b pfb ocr ctl oap rmk wol frs fsh",
    "chemicals and fuels": "p_c chm bph crp gdt",
    "machinery": "ele eeq ome",
    "electricity": "ely",
    "construction": "cns",
    "transport": "otp wtp atp",
    "other industries": "cmt omt vol mil pcr sgr ofd b_t tex wap lea lum ppp rpp nmm i_s nfm fmp mvh otn omf",
    "other sectors": "wtr trd afs whs cmn ofi ins isr rsa obs ros osg edu hht dwe",
    NOT_HELD: "coa oil gas omn oxt",
}
"""Sectors of the GTAP data base, versions 6 to 11; version 6's chemicals, rubber and plastics with their larger part."""
_WIOD = {
    "agriculture": "c1",
    "chemicals and fuels": "c8 c9",
    "machinery": "c13 c14",
    "electricity": "c17",
    "construction": "c18",
    "transport": "c23 c24 c25 c26",
    "other industries": "c3 c4 c5 c6 c7 c10 c11 c12 c15 c16",
    "other sectors": "c19 c20 c21 c22 c27 c28 c29 c30 c31 c32 c33 c34 c35",
    NOT_HELD: "c2",
}
_OECD = {
    "agriculture": "A01 A02 A03",
    "chemicals and fuels": "C19 C20 C21",
    "machinery": "C26 C27 C28",
    "other industries": " ".join(s for s in GOODS if s[0] == "C" and s not in ("C19", "C20", "C21", "C26", "C27", "C28")),
    NOT_HELD: "B05 B06 B07 B08 B09",
}
_SHIPPED_WORLDS = {
    "agriculture": "agr",
    "chemicals and fuels": "pet pha",
    "machinery": "elc mac",
    "electricity": "utl",
    "other industries": "foo wpp rub met fab mot otr trn",
    "other sectors": "bus pub svc",
    NOT_HELD: "ene min utc",
}
"""Labels of the shipped worlds that are not GTAP's too. Trade, hotels, transport and post (``trd``) go with their larger
part, as utilities do; utilities and construction together (``utc``) have no such part: 0.1 and 1.264."""
_SAMPLE = {"agriculture": ("crops", "animals"), "other industries": ("processed food", "manuf"), "other sectors": ("svces",)}
GROUP_OF_SECTOR: dict[str, str] = {
    **{s: group for table in (_GTAP, _WIOD, _OECD, _SHIPPED_WORLDS) for group, labels in table.items() for s in labels.split()},
    **{s: group for group, labels in _SAMPLE.items() for s in labels},
    "extract": NOT_HELD,
}
"""Group of every sector of the GTAP data base, WIOD, the OECD cube and the shipped worlds."""


def published(study: str) -> pd.Series:
    """``esubt`` of a study by group of sectors.

    Raises
    ------
    DataError
        Unknown study.
    """
    require_labels([study], STUDIES, "source of production elasticities")
    with (resources.files("calibration") / "datasets" / SHIPPED).open(encoding="utf-8") as file:
        table = pd.read_csv(file, comment="#")
    return table[table["study"] == study].set_index("group")["esubt"]


def with_published(benchmark: Benchmark, study: str, groups: Mapping[str, str] | None = None) -> Benchmark:
    """The benchmark with a study's elasticities between value added and intermediates.

    Parameters
    ----------
    benchmark : Benchmark
    study : str
        One of :data:`STUDIES`.
    groups : mapping, optional
        Group of the study (or :data:`NOT_HELD`) by activity, before :data:`GROUP_OF_SECTOR`; for sectors of your own.

    Returns
    -------
    Benchmark
        ``esubt`` set in every region alike; activities without a published value keep theirs. The attribute ``production``
        tells each activity's value and which have none.

    Raises
    ------
    DataError
        Unknown study, group or activity; an activity of which it is not known what it makes.
    """
    values, given = published(study), dict(groups or {})
    activities = [str(a) for a in benchmark.elasticities["esubt"]["a"].values]
    require_labels(given, activities, "activity")
    require_labels(given.values(), [*values.index, NOT_HELD], f"group of {study}")
    known = {**GROUP_OF_SECTOR, **given}
    odd = [a for a in activities if a not in known]
    if odd:
        raise DataError(
            f"production {study!r}: it is not known what activity {odd[0]!r} of benchmark {benchmark.name!r} makes"
            f"{nearest(odd[0], known)}; give groups={{{odd[0]!r}: {values.index[0]!r}, ...}}, a table with columns i and "
            "esubt, or choose before the sectors are grouped"
        )
    held = benchmark.elasticities["esubt"]
    new = held.copy(deep=True)
    for activity in activities:
        if known[activity] != NOT_HELD:
            new.loc[{"a": activity}] = float(values[known[activity]])
    return _with(benchmark, {"esubt": new}, SOURCES[study], [a for a in activities if known[a] == NOT_HELD])


def with_table(benchmark: Benchmark, table: pd.DataFrame, source: str) -> Benchmark:
    """The benchmark with ``esubt``, ``esubc`` or both from a table by activity, in every region alike.

    Parameters
    ----------
    benchmark : Benchmark
    table : DataFrame
        Index activity; columns ``esubt``, ``esubc``, and ``source`` if you like. Every activity has a row.
    source : str
        What the attribute ``production`` says.

    Raises
    ------
    DataError
        A missing or unknown activity or column, or a number that is not finite or below 0.
    """
    odd = [str(c) for c in table.columns if c not in ("esubt", "esubc", "source")]
    if odd:
        raise DataError(f"{source}: column {odd[0]!r} is none of production's; known: esubt, esubc, source")
    symbols = [c for c in ("esubt", "esubc") if c in table]
    if not symbols:
        raise DataError(f"{source}: no column esubt or esubc; give one of them")
    activities = [str(a) for a in benchmark.elasticities["esubt"]["a"].values]
    require_labels(table.index, activities, f"{source}: activity")
    missing = [a for a in activities if a not in table.index]
    if missing or not table.index.is_unique:
        repeated = "" if missing else str(table.index[table.index.duplicated()][0])
        raise DataError(f"{source}: activity {missing[0]!r} has no row" if missing else f"{source}: {repeated!r} has two rows")
    changed = {}
    for symbol in symbols:
        held = benchmark.elasticities[symbol]
        column = xr.DataArray(table.loc[activities, symbol].to_numpy(dtype=float), dims="a", coords={"a": activities})
        changed[symbol] = held.copy(data=column.broadcast_like(held).transpose(*held.dims).values)
    return _with(benchmark, changed, source, [])


def leontief(benchmark: Benchmark) -> Benchmark:
    """The benchmark without substitution between value added and intermediates or among these."""
    zero = {symbol: xr.zeros_like(benchmark.elasticities[symbol]) for symbol in ("esubt", "esubc")}
    return _with(benchmark, zero, "Leontief, by choice", [])


def told(elasticities: xr.Dataset) -> str:
    """Which production the elasticities make, in words, where no attribute says it."""
    used = [s for s in ("esubt", "esubc") if s in elasticities and bool((elasticities[s] != 0).any())]
    if not used:
        return "Leontief in value added and intermediates: esubt = esubc = 0, as in GTAP's data"
    return f"CES with the benchmark's {' and '.join(used)}"


def _with(benchmark: Benchmark, changed: Mapping[str, xr.DataArray], source: str, kept: list[str]) -> Benchmark:
    new = benchmark.elasticities.assign(changed)
    activities = [str(a) for a in new["esubt"]["a"].values]
    said = [source]
    for symbol in changed:
        if bool((new[symbol] != 0).any()):
            said.append(f"{symbol} " + ", ".join(f"{a} {_span(new[symbol].sel(a=a))}" for a in activities if a not in kept))
    if kept:
        own = ", ".join(f"{a} {_span(new['esubt'].sel(a=a))}" for a in kept)
        said.append(f"no published value, the benchmark's own: {own}")
    new.attrs["production"] = "; ".join(said)
    lines = str(new.attrs.get("elasticity_sources", "")).splitlines()
    new.attrs["elasticity_sources"] = "\n".join(
        line if line.split(": ")[0] in kept else line.replace("intermediates Leontief", f"intermediates: {source}")
        for line in lines
    )
    if not lines:
        del new.attrs["elasticity_sources"]
    return replace(benchmark, elasticities=new)


def _span(values: xr.DataArray) -> str:
    least, most = float(values.min()), float(values.max())
    return f"{least:g}" if least == most else f"{least:g} to {most:g}"
