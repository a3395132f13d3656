"""Figures for print (matplotlib) of a policy run, in one style: units on every axis, readable in grey."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cge.report import findings
from cge.report.style import GAIN, INK, LOSS, new_figure, save
from cge.report.tiles import places
from cge.results.static_run import StaticRun


def welfare(experiment: StaticRun, ranges: pd.DataFrame | None = None, largest: int = 24) -> Any:
    """Bars of welfare by region and of output by commodity in the regions that gain and lose most.

    Parameters
    ----------
    experiment : StaticRun
    ranges : DataFrame, optional
        Regions by study (:func:`cge.report.findings.welfare_range`); drawn as a line from the lowest to the highest.
    largest : int
        Show at most this many regions, those that move most.
    """
    table = findings.welfare(experiment)
    if len(table) > largest:
        table = table.loc[table["welfare"].abs().sort_values().index[-largest:]].sort_values("welfare")
    output = experiment.comparison.percent("qo").to_pandas()
    ends = [str(table.index[-1]), str(table.index[0])]
    figure, axes = new_figure(1, 3, (11, 5.2), width_ratios=[1.3, 1, 1])
    bars(axes[0], table.index, table["welfare"].to_numpy(), experiment.members, ranges)
    kind = "" if ranges is None else " (line: elasticities)"
    axes[0].set_title(f"Welfare, % of income{kind}", loc="left", fontweight="bold")
    for axis, region in zip(axes[1:], ends, strict=True):
        column = output[region].sort_values()
        column = column[np.isfinite(column)]
        column = column.loc[column.abs().sort_values().index[-16:]].sort_values()
        bars(axis, column.index, column.to_numpy())
        axis.set_title(f"Output in {region}, %", loc="left", fontweight="bold")
    name = experiment.base.model.benchmark.name
    figure.suptitle(f"{findings.title_of(experiment)}: change from the {name} benchmark", x=0.01, ha="left", fontsize=12)
    return figure


def bars(
    axis: Any,
    labels: Any,
    values: np.ndarray,
    strong: list[str] | None = None,
    ranges: pd.DataFrame | None = None,
    digits: int = 2,
) -> None:
    """Horizontal bars with their values; losses are hatched so that grey print tells them apart."""
    where = np.arange(len(values))
    drawn = axis.barh(where, values, color=[GAIN if v >= 0 else LOSS for v in values], height=0.72)
    for bar, value in zip(drawn, values, strict=True):
        if value < 0:
            bar.set_hatch("////")
            bar.set_edgecolor("white")
    low, high = np.minimum(values, 0.0), np.maximum(values, 0.0)
    if ranges is not None:
        held = ranges.loc[list(labels)]
        least, most = held.min(axis=1).to_numpy(), held.max(axis=1).to_numpy()
        axis.hlines(where, least, most, color=INK, linewidth=1.1)
        axis.plot(least, where, "|", most, where, "|", color=INK, markersize=5)
        low, high = np.minimum(low, least), np.maximum(high, most)
    axis.set_yticks(where, [str(x) for x in labels])
    for text in axis.get_yticklabels():
        if text.get_text() in (strong or []):
            text.set_fontweight("bold")
    axis.axvline(0, color=INK, linewidth=0.8)
    span = max(float(high.max(initial=0) - low.min(initial=0)), 1e-9)
    for y, value, left, right in zip(where, values, low, high, strict=True):
        x, side = (right + 0.015 * span, "left") if value >= 0 else (left - 0.015 * span, "right")
        axis.text(x, y, f"{value:+,.{digits}f}", ha=side, va="center", fontsize=8)
    axis.set_xlim(float(low.min(initial=0)) - 0.24 * span, float(high.max(initial=0)) + 0.24 * span)
    axis.margins(y=0.01)
    axis.tick_params(axis="y", length=0)


def one_bar(values: pd.Series, title: str) -> Any:
    """Horizontal bars of one measure, lowest at the bottom."""
    figure, axis = new_figure(1, 1, (7.5, 0.2 * len(values) + 1.2))
    bars(axis, values.index, values.to_numpy(), digits=0 if values.abs().max() >= 100 else 2)
    axis.set_title(title, loc="left", fontweight="bold")
    return figure


def heat(frame: pd.DataFrame, title: str, unit: str, digits: int = 1) -> Any:
    """A table as coloured cells with their numbers; the scale is symmetric, so a sign is told by its number too."""
    values = frame.to_numpy(dtype=float)
    limit = float(np.nanpercentile(np.abs(values), 98)) or 1.0
    figure, axis = new_figure(1, 1, (max(6.0, 2.2 + 0.48 * values.shape[1]), 1.5 + 0.30 * values.shape[0]))
    image = axis.imshow(values, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
    axis.set_xticks(range(values.shape[1]), list(map(str, frame.columns)), rotation=60)
    axis.set_yticks(range(values.shape[0]), list(map(str, frame.index)))
    axis.set_xlabel(str(frame.columns.name or ""))
    axis.set_ylabel(str(frame.index.name or ""))
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    for i, j in np.ndindex(*values.shape):
        if np.isfinite(values[i, j]) and abs(values[i, j]) >= 0.5 * 10.0**-digits:
            ink = "white" if abs(values[i, j]) > 0.62 * limit else INK
            axis.text(j, i, f"{values[i, j]:.{digits}f}", ha="center", va="center", fontsize=6.5, color=ink)
    figure.colorbar(image, ax=axis, shrink=0.8, label=unit)
    axis.set_title(title, loc="left", fontweight="bold", fontsize=10)
    return figure


def trade(experiment: StaticRun) -> Any:
    """Change of bilateral trade among the largest traders."""
    return heat(findings.trade_change(experiment.comparison), "Change of trade", "per cent, volume at benchmark prices", 0)


def output(experiment: StaticRun) -> Any:
    """Change of output by commodity and region."""
    return heat(findings.output_change(experiment), "Change of output", "per cent")


def prices(experiment: StaticRun) -> Any:
    """Change of consumer, investment and factor prices."""
    return heat(findings.price_change(experiment), "Change of prices", "per cent, numeraire: world factor prices", 2)


def waterfall(parts: pd.Series, title: str, unit: str, digits: int = 3) -> Any:
    """Parts that add up to a total, one step after another; ``parts`` ends with ``total``."""
    names, values = list(map(str, parts.index)), parts.to_numpy(dtype=float)
    start = np.append(np.concatenate([[0.0], np.cumsum(values[:-2])]), 0.0)
    figure, axis = new_figure(1, 1, (7.5, 0.34 * len(values) + 1.2))
    where = np.arange(len(values))[::-1]
    colours = [*(GAIN if v >= 0 else LOSS for v in values[:-1]), "#666666"]
    drawn = axis.barh(where, values, left=start, color=colours, height=0.62)
    for bar, value in zip(drawn[:-1], values[:-1], strict=True):
        if value < 0:
            bar.set_hatch("////")
            bar.set_edgecolor("white")
    for k in range(len(values) - 1):
        end = start[k] + values[k]
        axis.plot([end, end], [where[k] - 1.31, where[k] + 0.31], color=INK, linewidth=0.6)
    reach = np.concatenate([start, start + values])
    span = float(np.ptp(np.append(reach, 0.0))) or 1.0
    for y, left, value in zip(where, start, values, strict=True):
        axis.text(max(left, left + value) + 0.015 * span, y, f"{value:+,.{digits}f}", va="center", fontsize=8)
    axis.set_xlim(min(reach.min(), 0) - 0.04 * span, max(reach.max(), 0) + 0.16 * span)
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.set_yticks(where, names)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(unit)
    axis.set_title(title, loc="left", fontweight="bold", fontsize=10)
    return figure


def welfare_parts(parts: pd.DataFrame, region: str) -> Any:
    """Waterfall of one region's welfare by part of the policy."""
    return waterfall(parts.loc[region], f"Welfare in {region}: what each part of the policy gives", "per cent of income")


def tile_map(change: pd.Series, title: str, digits: int = 2) -> Any:
    """The world as tiles, one number an economy."""
    import matplotlib

    limit = max(float(change.abs().max()), 1e-9)
    shade = matplotlib.colormaps["RdBu"]
    figure, axis = new_figure(1, 1, (9, 5))
    grid = places(change.index)
    for region, (x, y) in grid.items():
        value = float(change[region])
        colour = shade(0.5 + 0.5 * value / limit)
        axis.add_patch(matplotlib.patches.Rectangle((x, y), 0.94, 0.94, facecolor=colour, edgecolor="#999999", linewidth=0.5))
        ink = "white" if abs(value) > 0.6 * limit else INK
        axis.text(x + 0.47, y + 0.4, region, ha="center", va="center", color=ink, fontweight="bold", fontsize=9)
        axis.text(x + 0.47, y + 0.7, f"{value:+.{digits}f}", ha="center", va="center", color=ink, fontsize=8)
    axis.set_xlim(-0.2, max(16, *(x + 1 for x, _ in grid.values())) + 0.2)
    axis.set_ylim(max(y for _, y in grid.values()) + 1.1, -0.2)
    axis.set_aspect("equal")
    axis.axis("off")
    axis.set_title(title, loc="left", fontsize=12)
    return figure


def world(experiment: StaticRun) -> Any:
    """Welfare on the tile map."""
    return tile_map(findings.welfare(experiment)["welfare"], f"{findings.title_of(experiment)}: welfare, % of income")


FIGURES: dict[str, Callable[[StaticRun], Any]] = {
    "map": world,
    "trade": trade,
    "output": output,
    "prices": prices,
}
"""Figures that need nothing but the run."""


def write_all(experiment: StaticRun, folder: str | Path) -> list[Path]:
    """Every figure of a run as PNG."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = {name: draw(experiment) for name, draw in FIGURES.items()}
    parts = findings.contributions(experiment)
    if parts is not None:
        made["parts"] = welfare_parts(parts, findings.told_region(experiment, parts))
    return [save(figure, folder / f"{name}.png") for name, figure in made.items()]
