"""Results of the GTAP standard model as files (netCDF, HAR for ViewHAR users, CSV) and as an HTML report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from calibration.currency import in_currency
from cge.figure import Figure
from cge.gtap import GtapResult, GtapShock, contributions, gtap_subtotals
from cge.model.shock import Shock
from cge.report import figures, findings, html
from cge.report.gtap_files import write_changes_har, write_updated_har
from cge.report.report_parts import Figures, trust, write_page

COLUMNS = {
    "ev": "EV, million USD",
    "u": "utility u, %",
    "qgdp": "real GDP qgdp, %",
    "tot": "terms of trade tot, %",
    "y": "income y, %",
    "qinv": "investment qinv, %",
    "pgdp": "GDP price pgdp, %",
}
"""Headings of :meth:`cge.gtap.GtapResult.table`."""
PARTS = {
    "CNTalleff": "allocative efficiency",
    "CNTendw": "endowments",
    "CNTtech": "technology",
    "CNTpop": "population",
    "CNTtot": "terms of trade",
    "CNTcgds": "investment-saving",
    "CNTdpar": "preferences",
}
"""Parts of EV under GTAP's names (:mod:`cge.gtap.welfare`)."""


def summary(result: GtapResult) -> dict[str, Any]:
    """What ``cge shock --json`` prints; ``error`` as :attr:`cge.gtap.GtapResult.error`."""
    info = result.after.info
    table = result.table()
    return {
        "shock": result.after.name,
        **result.after.model.attrs(),
        "status": info["status"],
        "iterations": int(info["newton_steps"] + info["iterations"]),
        "max_residual": info["max_residual"],
        "walras": result.after.walras,
        "seconds": round(info["seconds"], 4),
        "error": result.error,
        "ev_unit": f"million {result.after.model.benchmark.currency}",
        "regions": {str(r): {str(k): float(v) for k, v in row.items()} for r, row in table.iterrows()},
    }


def welfare_parts(result: GtapResult, shock: Shock) -> pd.DataFrame:
    """Contributions to EV by region, million USD, GTAP's names."""
    held = contributions(result, shock)
    names = [*PARTS, "EV"]
    return held[names].to_dataframe()[names].rename_axis("region")


def figures_of(result: GtapResult, parts: pd.DataFrame) -> list[Figure]:
    """The figures of a shock: EV and where that of the region that moves most comes from, trade, output.

    Parameters
    ----------
    result : GtapResult
    parts : DataFrame
        The result of :func:`welfare_parts`.
    """
    ev = result.table()["ev"].sort_values()
    money = f"million {result.after.model.benchmark.currency}"
    digits = 0 if ev.abs().max() >= 100 else 2
    told = parts.loc[str(ev.abs().idxmax())].rename(PARTS).rename({"EV": "total"})
    told = told[(told.abs() > 1e-9 * told.abs().max()) | (told.index == "total")]
    title = f"Equivalent variation of {told.name}: where it comes from"
    made = [
        Figure(name="ev", kind="bars", title="Equivalent variation", unit=money, frame=ev, digits=digits),
        *(
            [Figure(name="parts", kind="waterfall", title=title, unit=money, frame=told, digits=1)]
            if len(told) > 1  # nothing moves at the benchmark
            else []
        ),
    ]
    trade = findings.trade_change(result.after.compare(result.base))
    if np.isfinite(trade.to_numpy()).any():
        made.append(figures.trade_of(trade, 1))
    largest = list(result.table()["ev"].abs().sort_values().index[-findings.LARGEST :][::-1])
    made.append(figures.output_of(findings.by_commodity(result.changes()["qc"])[largest]))
    return made


def shock_parts(result: GtapResult, text: str) -> pd.DataFrame:
    """Sub-totals of real GDP, GTAP's ``qgdp``, for each shock of a list parted by ``;``."""
    groups = {part.strip(): GtapShock(part) for part in text.split(";") if part.strip()}
    found = gtap_subtotals(result, groups, "qgdp")["qgdp"]
    return found.transpose("r", "group").to_pandas().rename_axis("region")


def write(result: GtapResult, folder: str | Path) -> Path:
    """Files of a shock: ``changes.nc`` (GTAP names, dims ``f m i a s d r``), ``changes.har``, ``updated.har``
    (the data base after it) and ``regions.csv``."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    changes = result.changes()
    changes.to_netcdf(folder / "changes.nc", engine="h5netcdf")
    result.table().to_csv(folder / "regions.csv")
    model = result.after.model
    write_changes_har(folder / "changes.har", changes, {d: model.labels(d) for d in ("i", "a", "f", "r", "m")})
    write_updated_har(folder / "updated.har", result)
    return folder


def body(
    result: GtapResult,
    shock: Shock,
    command: str,
    draw: Figures,
    *,
    parts: pd.DataFrame | None = None,
    subtotals: pd.DataFrame | None = None,
    sources: Sequence[str] = (),
) -> list[str]:
    """The parts of the report of a shock: words, EV and where it comes from, trade, output, checks.

    Parameters
    ----------
    result : GtapResult
    shock : Shock
        What was solved.
    command : str
        What repeats the run.
    draw : Figures
    parts : DataFrame, optional
        The result of :func:`welfare_parts`, where it is at hand.
    subtotals : DataFrame, optional
        Contributions of each shock (:func:`shock_parts`).
    sources : sequence of str
        Of the policy.
    """
    table = result.table()
    currency = result.after.model.benchmark.currency
    money = f"million {currency}"
    columns = {k: in_currency(v, currency) for k, v in COLUMNS.items()}
    parts = welfare_parts(result, shock) if parts is None else parts
    shown = [f"{v:,.1f}" for v in table["ev"]]
    drawn = {figure.name: draw.show(figure) for figure in figures_of(result, parts)}
    out = [
        html.bullets(_sentences(result, table, parts)),
        drawn["ev"],
        html.heading("By region"),
        html.table(table.assign(ev=shown).rename(columns=columns).rename_axis("region")),
        html.heading("Where the welfare comes from"),
        html.paragraph(f"Million {currency}; an identity of the model, integrated along the path (Huff and Hertel 2000)."),
        html.paragraph(f"Estimated error of what depends on the path: EV {result.error['ev']:.0e} {money}."),
        *([drawn["parts"]] if "parts" in drawn else []),
        html.table(parts.rename(columns={k: f"{v} ({k})" for k, v in PARTS.items()}), 1),
    ]
    if subtotals is not None:
        out += [html.heading("What each shock gives, real GDP in per cent"), html.table(subtotals, 4)]
    for name in ("trade", "output"):
        if name in drawn:
            out += [html.heading(name.capitalize()), drawn[name]]
    return [*out, *trust(result.after, command, sources)]


def _sentences(result: GtapResult, table: pd.DataFrame, parts: pd.DataFrame) -> list[str]:
    benchmark = result.after.model.benchmark
    order = table["ev"].sort_values()
    best, worst = str(order.index[-1]), str(order.index[0])
    name = {r: findings.name_of(benchmark, "region", r) for r in (best, worst)}
    world = parts.sum()
    return [
        f"{name[best]} gains most, {order.iloc[-1]:+,.1f} million {benchmark.currency} of equivalent variation "
        f"({table.loc[best, 'u']:+.3f} % of utility); {name[worst]} "
        f"{findings.last(order.iloc[0])}, {order.iloc[0]:+,.1f} million {benchmark.currency} "
        f"({table.loc[worst, 'u']:+.3f} %).",
        f"{int((order > 0).sum())} of {len(order)} regions gain. World equivalent variation is {order.sum():+,.1f} million "
        f"{benchmark.currency}, of which allocative efficiency {world['CNTalleff']:+,.1f} and technology and endowments "
        f"{world['CNTtech'] + world['CNTendw']:+,.1f}.",
    ]


def write_html(
    result: GtapResult,
    shock: Shock,
    path: str | Path,
    command: str,
    *,
    title: str = "",
    parts: pd.DataFrame | None = None,
    subtotals: pd.DataFrame | None = None,
    sources: Sequence[str] = (),
    interactive: bool | None = None,
) -> Path:
    """Write the report of a shock as one HTML file; see :func:`body`."""
    draw = Figures(interactive)
    title = f"{title or result.after.name}, GTAP standard model: results"
    return write_page(title, body(result, shock, command, draw, parts=parts, subtotals=subtotals, sources=sources), path)
