"""Value chains before and after a policy: summary, JSON and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cge.figure import Figure
from cge.gvc import GvcComparison
from cge.report import html
from cge.report.draw.files import write_figures
from cge.report.findings import name_of, title_of
from cge.report.report_parts import Figures, trust, write_page
from cge.results.static_run import StaticRun

COLUMNS = {
    "gvc_share": "GVC share",
    "foreign_content": "foreign",
    "forward": "forward",
    "backward": "backward",
    "length": "length",
    "regionalisation": "regional",
    "top_exposure": "exposure",
}
LEGEND = (
    "GVC share: exports crossing more than one border, of exports; foreign: foreign content of exports; forward, backward: "
    "value-chain share of value added, of final goods; length: production stages; regional: own bloc's share of foreign value "
    "added; exposure: inputs through all tiers from the largest foreign supplier, of output."
)
KWW_GROUPS = {
    "absorbed abroad": ["T1", "T2", "T3"],
    "returns home": ["T4", "T5"],
    "foreign value added": ["T7", "T8"],
    "double counted": ["T6", "T9"],
}


BARS = 24
"""Largest exporters in the figure of what exports are made of."""


def compare(experiment: StaticRun) -> GvcComparison:
    """Value chains of the experiment's two solutions."""
    return experiment.base.gvc().compare(experiment.after.gvc())


def summary(experiment: StaticRun, chains: GvcComparison) -> dict[str, Any]:
    """Everything ``cge gvc --json`` prints."""
    table = chains.table()
    sector = chains.by_sector()
    blocs = chains.blocs()

    def nested(array: xr.DataArray) -> dict[str, dict[str, float | None]]:
        frame = array.to_pandas()
        return {str(r): {str(c): _number(v) for c, v in row.items()} for r, row in frame.iterrows()}

    money = f"million {experiment.base.model.benchmark.currency}"
    return {
        "policy": experiment.policy.name,
        "benchmark": experiment.base.model.benchmark.name,
        "status": experiment.after.info["status"],
        "regions": {
            str(r): {name: {s: _number(table.loc[r, (name, s)]) for s in ("before", "after", "change")} for name in COLUMNS}
            for r in table.index
        },
        "sectors": {name: {s: nested(sector[name].sel(state=s)) for s in ("before", "after")} for name in sector},
        "kww": {s: nested(chains.kww().sel(state=s)) for s in ("before", "after")},
        "blocs_musd": {s: nested(blocs.sel(state=s)) for s in ("before", "after")},
        "remarks": chains.remarks,
        "units": {"length": "stages", "blocs_musd": f"{money}, current prices in the numeraire", "kww": money},
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def short_table(chains: GvcComparison) -> pd.DataFrame:
    """Before and change of each headline indicator, per cent or percentage points; length in stages."""
    table = chains.table()
    out = pd.DataFrame(index=table.index)
    for name, title in COLUMNS.items():
        scale = 1.0 if name == "length" else 100.0
        out[title] = [
            f"{scale * b:.2f} {scale * c:+.3f}" for b, c in zip(table[name, "before"], table[name, "change"], strict=True)
        ]
    return out


def write(experiment: StaticRun, chains: GvcComparison, folder: str | Path) -> Path:
    """CSV, netCDF and every figure in ``folder``."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table = chains.table()
    table.columns = pd.Index([f"{a} {b}" for a, b in table.columns])
    table.to_csv(folder / "gvc_regions.csv")
    data = chains.by_sector().assign(kww=chains.kww(), blocs=chains.blocs())
    data.to_netcdf(folder / "gvc.nc", engine="h5netcdf")
    write_figures(figures_of(chains), folder, title_of(experiment), prefix="gvc_")
    return folder


def figures_of(chains: GvcComparison) -> list[Figure]:
    """The figures of value chains: flows between blocs (where there are some), what exports are made
    of, the map of the GVC share."""
    made = (blocs(chains), tiles(chains), contents(chains))
    return [figure for figure in made if figure is not None]


def blocs(chains: GvcComparison) -> Figure | None:
    """Value added from bloc to bloc, and its change in per cent; None where there is one bloc."""
    flows = chains.blocs()
    units = chains.before.icio.units
    scale, unit = (1e3, "bn " + units.removeprefix("million ")) if units.startswith("million ") else (1.0, units)
    before, after = (flows.sel(state=s).to_pandas() / scale for s in ("before", "after"))
    if len(before) < 2:
        return None
    title = "Value added of blocs (left) in the final goods of others (right)"
    return Figure(name="blocs", kind="sankey", title=title, unit=unit, frame=before, after=after)


def contents(chains: GvcComparison) -> Figure:
    """What gross exports consist of, and the change in percentage points."""
    terms = chains.kww()
    grouped = {name: terms.sel(term=group).sum("term") for name, group in KWW_GROUPS.items()}
    states = []
    for state in ("before", "after"):
        frame = pd.DataFrame({name: array.sel(state=state).to_series() for name, array in grouped.items()})
        states.append(100 * frame.div(frame.sum(axis=1).replace(0.0, np.nan), axis=0))
    size = terms.sel(state="before").sum("term").to_series()
    trading = [r for r in size.index if not any(frame.loc[r].isna().any() for frame in states)]
    order = states[0].loc[trading, "absorbed abroad"].sort_values().index
    kept = [r for r in order if r in size.nlargest(BARS).index]
    few = f"the {len(kept)} largest exporters of {len(trading)}" if len(kept) < len(trading) else ""
    none = f"without exports: {', '.join(r for r in size.index if r not in trading)}" if len(trading) < len(size) else ""
    return Figure(
        name="kww",
        kind="shares",
        title="What gross exports are made of (Koopman, Wang, Wei)",
        unit="% of gross exports",
        frame=states[0].loc[kept],
        after=states[1].loc[kept],
        note="; ".join(x for x in (few, none) if x),
    )


def tiles(chains: GvcComparison) -> Figure:
    """The world as tiles: change of the GVC share of exports."""
    change = (100 * chains.table()["gvc_share", "change"]).rename("change")
    title = "GVC share of exports, change"
    return Figure(name="tiles", kind="tiles", title=title, unit="percentage points", frame=change, digits=3)


def sections(chains: GvcComparison, draw: Figures) -> list[str]:
    """The value chains of a report: flows between blocs, the map, what exports are made of, the table."""
    drawn = {figure.name: draw.show(figure) for figure in figures_of(chains)}
    return [
        html.heading("Value chains"),
        *([drawn["blocs"]] if "blocs" in drawn else []),
        drawn["tiles"],
        html.table(short_table(chains)),
        html.paragraph(LEGEND, "note"),
        html.heading("What exports are made of"),
        drawn["kww"],
    ]


def write_html(
    experiment: StaticRun, chains: GvcComparison, path: str | Path, command: str, *, interactive: bool | None = None
) -> Path:
    """Write the report of value chains before and after a policy as one HTML file."""
    draw = Figures(interactive)
    title = title_of(experiment)
    parts = [html.bullets(sentences(experiment, chains)), *sections(chains, draw)]
    if chains.remarks:
        parts += [html.heading("What is out of the ordinary"), html.bullets(chains.remarks)]
    parts += [
        html.heading("Sectors"),
        html.paragraph("Change of backward participation, percentage points.", "note"),
        html.table(sector_change(experiment, chains)),
        *trust(experiment.after, command, experiment.policy.sources),
    ]
    return write_page(f"{title}: value chains", parts, path)


def sector_change(experiment: StaticRun, chains: GvcComparison) -> pd.DataFrame:
    """Change of backward participation by sector in the members (or the first regions), percentage points."""
    sector = chains.by_sector()["backward"]
    change = 100 * (sector.sel(state="after") - sector.sel(state="before"))
    shown = experiment.members or list(chains.table().index[:5])
    return change.sel(r=shown).transpose("i", "r").to_pandas().rename_axis("sector")


def sentences(experiment: StaticRun, chains: GvcComparison) -> list[str]:
    """What changes in the chains, in words made from the numbers."""
    table, benchmark = chains.table(), experiment.base.model.benchmark

    def ends(name: str) -> str:
        moved = (100 * table[name, "change"]).dropna().sort_values()
        if moved.empty:
            return "is not defined: no region exports."
        up, down = str(moved.index[-1]), str(moved.index[0])
        before = [100 * float(table.loc[r, (name, "before")]) for r in (up, down)]
        return (
            f"rises most in {name_of(benchmark, 'region', up)}, {moved.iloc[-1]:+.2f} points from {before[0]:.1f} %, and "
            f"{'falls' if moved.iloc[0] < 0 else 'rises'} {'most' if moved.iloc[0] < 0 else 'least'} in "
            f"{name_of(benchmark, 'region', down)}, {moved.iloc[0]:+.2f} points from {before[1]:.1f} %."
        )

    return [
        f"The value-chain share of exports {ends('gvc_share')}",
        f"The foreign content of exports {ends('foreign_content')}",
        f"Exposure to the largest foreign supplier {ends('top_exposure')}",
    ]
