"""From a downloaded official table to a checked benchmark, with a report of everything adjusted.

Order: read, sum to the wanted regions and sectors, apply the rules of :mod:`calibration.from_mrio`, add
tariffs and elasticities, check every identity.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from calibration.aggregate import read_mapping
from calibration.aggregate_benchmark import aggregate_benchmark
from calibration.benchmark import Benchmark
from calibration.classification import KIND
from calibration.elasticities import STUDIES, read_table, study_and_nest, study_table, to_dataset
from calibration.errors import DataError, nearest, require_type
from calibration.factors import sample_shares
from calibration.finding import objects
from calibration.from_mrio import mrio_sam
from calibration.geography import known
from calibration.limits import REPAIRS
from calibration.mrio import Mrio, Reader
from calibration.tariff_table import read_tariffs

READERS: dict[str, Callable[[Path, int | None], Mrio]] = {
    reader.name: reader.read for _, reader in objects("calibration.readers", "open_cge.readers", Reader)
}
"""Readers by the name of their source: those of ``calibration/readers/``, and what other packages bring (entry points
``open_cge.readers``)."""
SOURCES = (*READERS, "gtap-har")


@dataclass(frozen=True)
class Built:
    """A benchmark and the report of its making.

    Attributes
    ----------
    benchmark : Benchmark
    report : dict
        ``source``, ``rules``, ``adjustments`` (by rule: cells, sum before, sum after), ``largest`` (the twenty largest
        changes), ``violations`` (identities beyond 1e-9: none, or the build fails) and ``gdp`` by region.
    """

    benchmark: Benchmark
    report: dict[str, Any]

    def write_report(self, path: str | Path) -> None:
        """The report as ``path`` (HTML) and beside it as JSON."""
        path = Path(path)
        path.with_suffix(".json").write_text(json.dumps(self.report, indent=1, default=str), encoding="utf-8")
        path.with_suffix(".html").write_text(_html(self.report), encoding="utf-8")


def build_benchmark(
    source: str,
    path: str | Path,
    *,
    year: int | None = None,
    regions: str | Path | Mapping[str, str] | None = None,
    sectors: str | Path | Mapping[str, str] | None = None,
    tariffs: str | Path | None = None,
    tariff_unit: Literal["fraction", "percent"] | None = None,
    rate: float | None = None,
    currency: str | None = None,
    elasticities: str | Path = "gtap",
    inventories: Literal["investment", "drop"] = "investment",
    negatives: Literal["zero", "error"] = "zero",
    discrepancy: Literal["scale", "output", "error"] = "scale",
    product_taxes: Literal["value added", "use"] = "value added",
    name: str | None = None,
) -> Built:
    """Build a benchmark from an official file.

    Parameters
    ----------
    source : str
        One of :data:`SOURCES`.
    path : path
        The file (or folder) as downloaded.
    year : int, optional
        Which year of an archive.
    regions, sectors : path or mapping, optional
        Old label -> new label.
    tariffs : path, optional
        csv of :func:`calibration.tariff_table.read_tariffs` in the new labels; None means free trade.
    tariff_unit : {"fraction", "percent"}, optional
        Unit of a column ``rate``; None takes fractions where that is plausible.
    rate, currency : float and str, optional
        Convert the table: units of ``currency`` for one of the table's own. Both or none.
    elasticities : str or path
        A study of :data:`calibration.elasticities.STUDIES` (``fontagne/one``: in one nest), or a csv table
        (:func:`calibration.elasticities.read_table`).
    inventories, negatives, discrepancy, product_taxes
        Rules of :func:`calibration.from_mrio.mrio_sam`.
    name : str, optional
        Name of the benchmark; default the source and year.

    Raises
    ------
    DataError
        Unknown source, bad files, or a SAM that does not balance.
    """
    require_type(path, (str, Path), "build_benchmark", "the path of the file or folder as downloaded")
    if source not in SOURCES:
        raise DataError(f"unknown source {source!r}{nearest(source, SOURCES)}; known: {', '.join(SOURCES)}")
    if (rate is None) != (currency is None):
        raise DataError("a table is converted with a rate and the code of the new currency together; give both or none")
    given = tariffs is not None and str(tariffs) != "none"
    if tariff_unit is not None and not given:
        raise DataError("a unit of tariffs is given without a tariff table")
    if source == "gtap-har":
        defaults = {"year": year, "tariffs": tariffs if given else None, "rate": rate}
        chosen = [f"{k} {v!r}" for k, v in defaults.items() if v is not None]
        rules = {
            "elasticities": (elasticities, "gtap"),
            "inventories": (inventories, "investment"),
            "negatives": (negatives, "zero"),
            "discrepancy": (discrepancy, "scale"),
            "product_taxes": (product_taxes, "value added"),
        }
        chosen += [f"{k} {v!r}" for k, (v, usual) in rules.items() if v != usual]
        if chosen:
            raise DataError(f"{', '.join(chosen)}: GTAP's data hold all this themselves; leave it out with source 'gtap-har'")
        return _from_gtap(path, regions, sectors, name)
    raw = READERS[source](Path(path), year)
    if rate is not None and currency is not None:
        raw = raw.converted(rate, currency)
    region_map = _mapping(regions, raw.regions)
    sector_map = _mapping(sectors, raw.industries)
    table = raw.aggregated(region_map, sector_map)
    areas = raw.areas(region_map)
    labels = ["ROW" if r == "RoW" else r for r in table.regions]
    rates = None
    if tariffs is not None and given:
        rates = read_tariffs(tariffs, table.industries, labels, tariff_unit).assign_coords(s=table.regions, d=table.regions)
    sam = mrio_sam(
        table,
        sample_shares(),
        rates,
        inventories=inventories,
        negatives=negatives,
        discrepancy=discrepancy,
        product_taxes=product_taxes,
        areas={("ROW" if r == "RoW" else r): a for r, a in areas.items()},
    )
    strange = [r for r in raw.regions if not known(r)]
    if strange:
        sam.data.attrs["factor_split"] += f"; {', '.join(strange)}, which no list of economies names, as the rest of the world"
    behaviour = _elasticities(elasticities, raw, sector_map)
    benchmark = Benchmark(sam, to_dataset(behaviour, sam.commodities, sam.regions), name or f"{source}-{table.year}")
    return Built(benchmark, _report(benchmark, source, str(path)))


def _mapping(given: str | Path | Mapping[str, str] | None, labels: list[str]) -> dict[str, str]:
    return read_mapping(given) if given is not None else {x: x for x in labels}


def _elasticities(choice: str | Path, raw: Mrio, sector_map: Mapping[str, str]) -> pd.DataFrame:
    """The table by new sector: a study's, weighted with imports over the old industries, or a file's."""
    if study_and_nest(str(choice))[0] not in STUDIES:
        if not Path(choice).is_file():
            raise DataError(f"no elasticity study and no file named {str(choice)!r}{nearest(str(choice), STUDIES)}")
        return read_table(choice)
    details = [raw.details[x] for x in raw.industries]
    kinds = {**KIND, "cns": "construction", "trd": "trade"}
    table = study_table(str(choice), list(dict.fromkeys(details)), kinds)
    r = len(raw.regions)
    sold = raw.inter.sum(3) + raw.final.sum(3)  # (s, i, d)
    imports = np.maximum(sold.sum((0, 2)) - sold[np.arange(r), :, np.arange(r)].sum(0), 1e-9)
    rows = {}
    for new in dict.fromkeys(sector_map[x] for x in raw.industries):
        members = [k for k, x in enumerate(raw.industries) if sector_map[x] == new]
        part = table.loc[[details[k] for k in members]]
        means = {
            c: float(np.average(part[c], weights=imports[members])) for c in ("esubm", "esubd", "esubva", "esubt", "esubc")
        }
        rows[new] = {**means, "source": part["source"].iloc[int(np.argmax(imports[members]))]}
    return pd.DataFrame.from_dict(rows, orient="index")


def _from_gtap(
    path: str | Path,
    regions: str | Path | Mapping[str, str] | None,
    sectors: str | Path | Mapping[str, str] | None,
    name: str | None,
) -> Built:
    from calibration.gtap import load_gtap

    full = load_gtap(path)
    if regions is None and sectors is None:
        named = replace(full, name=name or full.name)
        return Built(named, _report(named, "gtap-har", str(path)))
    benchmark = aggregate_benchmark(full, regions, sectors, name or f"{full.name}-aggregated")
    return Built(benchmark, _report(benchmark, "gtap-har", str(path)))


def _report(benchmark: Benchmark, source: str, path: str) -> dict[str, Any]:
    sam = benchmark.sam
    violated = sam.check(1e-9)
    if not violated.empty:
        worst = violated.iloc[0]
        raise DataError(f"{path}: the SAM does not balance: {worst['identity']} at {worst['cell']} is off by {worst['gap']:g}")
    log = sam.adjustments
    change = (log["after"] - log["before"]).abs() if len(log) else pd.Series(dtype=float)
    largest = log.loc[change.sort_values(ascending=False, kind="stable").index[:20]]
    by_rule = (
        log.groupby("rule").agg(cells=("cell", "size"), before=("before", "sum"), after=("after", "sum")) if len(log) else log
    )
    gdp = dict(zip(benchmark.regions, (float(x) for x in sam.gdp()), strict=True))
    return {
        "benchmark": benchmark.name,
        "source": source,
        "path": path,
        **{k: str(benchmark.attrs.get(k, "")) for k in ("title", "year", "licence", "rules", "factor_split", "note")},
        "currency": benchmark.currency,
        "conversion": str(benchmark.attrs.get("conversion", "")),
        "tariffs": str(benchmark.attrs.get("tariffs", "")),
        "limits": {repair.what: repair.most for repair in REPAIRS},
        "provenance": str(benchmark.attrs.get("source", "")),
        "regions": benchmark.regions,
        "sectors": benchmark.commodities,
        "adjustments": json.loads(by_rule.to_json(orient="index")) if len(log) else {},
        "largest": json.loads(largest.to_json(orient="records")) if len(log) else [],
        "violations": [],
        "identities": list(sam.identities()),
        "gdp": gdp,
        "world_gdp": float(sum(gdp.values())),
        "duties_over_imports": float((sam["vmsb"] - sam["vcif"]).sum() / sam["vcif"].sum()),
        "elasticities": str(benchmark.attrs.get("elasticity_sources", "")).splitlines(),
    }


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:right}"
    "td:first-child,th:first-child{text-align:left}h2{margin-top:2rem}"
)


def _html(report: Mapping[str, Any]) -> str:
    def table(rows: pd.DataFrame) -> str:
        return str(rows.to_html(border=0, float_format=lambda x: f"{x:,.1f}"))

    unit = html.escape(f"million {report['currency']}")
    parts = [f"<h1>Balance report: {html.escape(str(report['benchmark']))}</h1>"]
    for key in ("title", "provenance", "currency", "conversion", "tariffs", "licence", "rules", "factor_split", "note", "path"):
        if report[key]:
            parts.append(f"<p><b>{key.replace('_', ' ')}</b>: {html.escape(str(report[key]))}</p>")
    parts.append("<h2>Adjustments by rule</h2>")
    parts.append(table(pd.DataFrame(report["adjustments"]).T) if report["adjustments"] else "<p>None.</p>")
    if report["largest"]:
        parts += [f"<h2>Largest adjustments, {unit}</h2>", table(pd.DataFrame(report["largest"]).set_index("cell"))]
    parts.append(
        "<h2>Checks</h2><ul>" + "".join(f"<li>{html.escape(x)}: holds to 1e-9</li>" for x in report["identities"]) + "</ul>"
    )
    parts += [f"<h2>Gross domestic product, {unit}</h2>", table(pd.DataFrame({"gdp": report["gdp"]}))]
    parts.append("<h2>Elasticities</h2><ul>" + "".join(f"<li>{html.escape(x)}</li>" for x in report["elasticities"]) + "</ul>")
    title = html.escape(str(report["benchmark"]))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><body>{''.join(parts)}</body></html>"
    )
