"""Value chains before and after a policy: summary, JSON and figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cge.gvc import GvcComparison
from cge.report import html
from cge.report.figures import tile_map
from cge.report.findings import name_of, title_of
from cge.report.report_parts import Figures, trust, write_page
from cge.report.style import INK, new_figure, save
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
    """CSV, netCDF and three figures in ``folder``."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table = chains.table()
    table.columns = pd.Index([f"{a} {b}" for a, b in table.columns])
    table.to_csv(folder / "gvc_regions.csv")
    data = chains.by_sector().assign(kww=chains.kww(), blocs=chains.blocs())
    data.to_netcdf(folder / "gvc.nc", engine="h5netcdf")
    title = title_of(experiment)
    drawn = {
        "blocs": sankey_figure(chains, title, experiment.base.model.benchmark.currency),
        "kww": kww_figure(chains, title),
        "tiles": tile_figure(chains, title),
    }
    for name, figure in drawn.items():
        save(figure, folder / f"gvc_{name}.png")
    return folder


def sankey_figure(chains: GvcComparison, title: str, currency: str) -> Any:
    """Value added from bloc to bloc before, and its change in per cent."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Curve

    flows = chains.blocs()
    before, after = (flows.sel(state=s).to_pandas() for s in ("before", "after"))
    foreign = before.to_numpy().copy()
    np.fill_diagonal(foreign, 0.0)
    names = list(before.index)
    shades = ["#1b6ca8", "#7a9e3b", "#c8553d", "#8c8c8c", "#b08bbb", "#d3a625"]
    figure, axes = new_figure(1, 2, (11, 5.4), width_ratios=[1.5, 1])
    axis = axes[0]
    gap, total = 0.04 * foreign.sum(), foreign.sum()
    starts = [np.r_[0, np.cumsum(foreign.sum(k) + gap)[:-1]] for k in (1, 0)]
    used = [starts[0].copy(), starts[1].copy()]
    for o in range(len(names)):
        for d in range(len(names)):
            width = foreign[o, d]
            if width <= 0:
                continue
            y0, y1 = used[0][o], used[1][d]
            points = [
                (0, y0), (0.5, y0), (0.5, y1), (1, y1),
                (1, y1 + width), (0.5, y1 + width), (0.5, y0 + width), (0, y0 + width), (0, y0),
            ]  # fmt: skip
            codes = [Curve.MOVETO, *[Curve.CURVE4] * 3, Curve.LINETO, *[Curve.CURVE4] * 3, Curve.CLOSEPOLY]
            axis.add_patch(
                PathPatch(Curve(points, codes), facecolor=shades[o % len(shades)], alpha=0.55, edgecolor="white", lw=0.5)
            )
            used[0][o] += width
            used[1][d] += width
    for side, x, align in ((0, -0.02, "right"), (1, 1.02, "left")):
        size = foreign.sum(1 - side)
        for k, name in enumerate(names):
            axis.text(x, starts[side][k] + size[k] / 2, f"{name}\n{size[k] / 1e3:,.0f} bn", ha=align, va="center", fontsize=9)
    axis.set_xlim(-0.32, 1.32)
    axis.set_ylim(total + gap * (len(names) - 1), 0)
    axis.axis("off")
    told = f"Value added of (left) in the final goods of (right), {currency}"
    axis.set_title(told, loc="left", fontweight="bold", fontsize=10)
    change = 100 * (after / before - 1)
    grid = axes[1]
    limit = max(float(np.abs(change.to_numpy()).max()), 1e-6)
    grid.imshow(change.to_numpy(), cmap="RdBu", vmin=-limit, vmax=limit)
    for o in range(len(names)):
        for d in range(len(names)):
            value = change.iloc[o, d]
            grid.text(d, o, f"{value:+.2f}", ha="center", va="center", color="white" if abs(value) > 0.6 * limit else INK)
    grid.set_xticks(range(len(names)), [n.replace(" ", "\n") for n in names])
    grid.set_yticks(range(len(names)), names)
    grid.tick_params(length=0)
    grid.set_title("Change, % (same rows and columns)", loc="left", fontweight="bold", fontsize=10)
    for spine in grid.spines.values():
        spine.set_visible(False)
    figure.suptitle(f"{title}: value added between blocs", x=0.01, ha="left", fontsize=12)
    return figure


def kww_figure(chains: GvcComparison, title: str) -> Any:
    """What gross exports consist of before, and the change in percentage points."""
    terms = chains.kww()
    total = terms.sum("term")
    share = 100 * terms / total.where(total > 0)  # a region without exports has no bar
    order = share.sel(state="before", term=["T1", "T2", "T3"]).sum("term").to_series().sort_values().index
    if len(order) > 24:
        size = terms.sel(state="before").sum("term").to_series()
        order = [r for r in order if r in size.nlargest(24).index]
    share = share.sel(r=list(order))
    hatches, shades = ["", "////", "", "...."], ["#1b6ca8", "#8fb8d8", "#c8553d", "#9a9a9a"]
    figure, axes = new_figure(1, 2, (11, 0.22 * len(order) + 2.0), width_ratios=[1.5, 1])
    places = np.arange(len(order))
    left = np.zeros(len(order))
    marks = ["o", "s", "^", "D"]
    for k, (name, group) in enumerate(KWW_GROUPS.items()):
        values = share.sel(state="before", term=group).sum("term").values
        axes[0].barh(places, values, left=left, color=shades[k], hatch=hatches[k], edgecolor="white", height=0.78, label=name)
        left += values
        change = share.sel(state="after", term=group).sum("term").values - values
        axes[1].plot(
            change, places, marks[k], color=shades[k], markeredgecolor=INK, markeredgewidth=0.4, markersize=5.5, label=name
        )
    for axis in axes:
        axis.set_yticks(places, list(order))
        axis.tick_params(axis="y", length=0)
        axis.set_ylim(-0.6, len(order) - 0.4)
    axes[0].set_xlim(0, 100)
    axes[1].axvline(0, color=INK, linewidth=0.8)
    axes[1].grid(axis="y", color="#dddddd", linewidth=0.6)
    axes[1].set_axisbelow(True)
    axes[0].set_title("Before, % of gross exports", loc="left", fontweight="bold", fontsize=10)
    axes[1].set_title("Change, percentage points", loc="left", fontweight="bold", fontsize=10)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=4, frameon=False, fontsize=9)
    figure.suptitle(f"{title}: what gross exports are made of (Koopman, Wang, Wei)", x=0.01, ha="left", fontsize=12)
    return figure


def tile_figure(chains: GvcComparison, title: str) -> Any:
    """The world as tiles: change of the GVC share of exports."""
    change = 100 * chains.table()["gvc_share", "change"]
    return tile_map(change, f"{title}: change of the GVC share of exports, percentage points")


def sections(experiment: StaticRun, held: GvcComparison, draw: Figures) -> list[str]:
    """The value chains of a report: flows between blocs, the map, the table."""
    blocs = [held.blocs().sel(state=s).to_pandas() for s in ("before", "after")]
    change = 100 * held.table()["gvc_share", "change"]
    title = title_of(experiment)
    currency = experiment.base.model.benchmark.currency
    return [
        html.heading("Value chains"),
        draw.show(
            lambda w: w.sankey(*blocs, "Value added of blocs (left) in the final goods of others (right)", currency),
            lambda: sankey_figure(held, title, currency),
            "Flows of value added between blocs",
        ),
        draw.show(
            lambda w: w.tile_map(change, "GVC share of exports, change", "percentage points", 3),
            lambda: tile_figure(held, title),
            "Tiles of the world's economies with the change of the GVC share of exports",
        ),
        html.table(short_table(held)),
        html.paragraph(LEGEND, "note"),
    ]


def write_html(
    experiment: StaticRun, chains: GvcComparison, path: str | Path, command: str, *, interactive: bool | None = None
) -> Path:
    """Write the report of value chains before and after a policy as one HTML file."""
    draw = Figures(interactive)
    title = title_of(experiment)
    parts = [html.bullets(sentences(experiment, chains)), *sections(experiment, chains, draw)]
    if chains.remarks:
        parts += [html.heading("What is out of the ordinary"), html.bullets(chains.remarks)]
    parts += [
        html.heading("What exports are made of"),
        html.picture(kww_figure(chains, title), "Gross exports of each region by what they are made of, and the change"),
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
