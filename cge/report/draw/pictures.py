"""Figures for print (matplotlib): one function a kind, each drawing on the axes it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cge.figure import Figure
from cge.report.draw.flows import sankey, shares
from cge.report.style import DASHES, DIVERGING, GAIN, INK, LINES, LOSS, RULE, TOTAL, apart, limit_of, new_figure, shown
from cge.report.tiles import places


def picture(figure: Figure, context: str = "") -> Any:
    """A figure as a ``matplotlib.figure.Figure``; ``context`` stands above its title."""
    from matplotlib.figure import Figure as Canvas

    canvas: Canvas
    if figure.kind == "panels":
        canvas = _panels(figure)
        above = f"{context}. {figure.title}" if context else figure.title
    else:
        kind = DRAWERS[figure.kind]
        canvas, axes = new_figure(1, len(kind.widths), kind.size(figure), width_ratios=kind.widths, squeeze=False)
        kind.draw(list(axes[0]), figure)
        above = context
        if len(kind.widths) == 1:
            axes[0][0].set_title(figure.heading, loc="left", fontweight="bold", fontsize=10)
        else:
            above = f"{context}. {figure.heading}" if context else figure.heading
    if above:
        canvas.suptitle(above, x=0.01, ha="left", fontsize=11)
    if figure.note:
        canvas.supxlabel(figure.note, x=0.01, ha="left", fontsize=8, color=TOTAL)
    return canvas


def _panels(figure: Figure) -> Any:
    count = len(figure.panels)
    height = max(DRAWERS[p.kind].size(p)[1] for p in figure.panels)
    widths = [1.3 if p.kind == "bars" and k == 0 else 1.0 for k, p in enumerate(figure.panels)]
    wide = 7.5 if count == 1 else 11.0 if count == 2 else 3.7 * count
    canvas, axes = new_figure(1, count, (wide, height), width_ratios=widths, squeeze=False)
    for axis, panel in zip(axes[0], figure.panels, strict=True):
        DRAWERS[panel.kind].draw([axis], panel)
        axis.set_title(panel.heading, loc="left", fontweight="bold", fontsize=9)
    return canvas


def _bars(axes: list[Any], figure: Figure) -> None:
    """Horizontal bars with their values, first label at the bottom; losses are hatched so that grey print tells them apart."""
    axis, values = axes[0], figure.series.to_numpy()
    rows = np.arange(len(values))
    _hatch(axis.barh(rows, values, color=[GAIN if v >= 0 else LOSS for v in values], height=0.72), values)
    low, high = np.minimum(values, 0.0), np.maximum(values, 0.0)
    if figure.ranges is not None:
        least, most = figure.ranges.min(axis=1).to_numpy(), figure.ranges.max(axis=1).to_numpy()
        axis.hlines(rows, least, most, color=INK, linewidth=1.1)
        axis.plot(least, rows, "|", most, rows, "|", color=INK, markersize=5)
        low, high = np.minimum(low, least), np.maximum(high, most)
    axis.set_yticks(rows, [str(label) for label in figure.frame.index])
    for label in axis.get_yticklabels():
        if label.get_text() in figure.strong:
            label.set_fontweight("bold")
    axis.axvline(0, color=INK, linewidth=0.8)
    span = max(float(high.max() - low.min()), 1e-9)
    for row, value, left, right in zip(rows, values, low, high, strict=True):
        place, side = (right + 0.015 * span, "left") if value >= 0 else (left - 0.015 * span, "right")
        axis.text(place, row, shown(value, figure.digits), ha=side, va="center", fontsize=8)
    axis.set_xlim(float(low.min()) - 0.24 * span, float(high.max()) + 0.24 * span)
    axis.set_ylim(-0.6, len(values) - 0.4)
    axis.tick_params(axis="y", length=0)


def _hatch(drawn: Any, values: np.ndarray) -> None:
    for bar, value in zip(drawn, values, strict=True):
        if value < 0:
            bar.set_hatch("////")
            bar.set_edgecolor("white")


def _heat(axes: list[Any], figure: Figure) -> None:
    """A table as coloured cells with their numbers; the scale is symmetric, so a sign is told by its number too."""
    axis, frame = axes[0], figure.frame
    values = frame.to_numpy()
    limit = limit_of(values, 98)
    image = axis.imshow(values, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
    slanted = len(frame.columns) > 6 or max(len(str(c)) for c in frame.columns) > 8
    axis.set_xticks(range(values.shape[1]), list(map(str, frame.columns)), rotation=60 if slanted else 0)
    axis.set_yticks(range(values.shape[0]), list(map(str, frame.index)))
    axis.set_xlabel(str(frame.columns.name or ""))
    axis.set_ylabel(str(frame.index.name or ""))
    _bare(axis)
    for i, j in np.ndindex(*values.shape):
        if np.isfinite(values[i, j]) and abs(values[i, j]) >= 0.5 * 10.0**-figure.digits:
            ink = "white" if abs(values[i, j]) > 0.62 * limit else INK
            axis.text(j, i, f"{values[i, j]:.{figure.digits}f}", ha="center", va="center", fontsize=6.5, color=ink)
    bar = axis.figure.colorbar(image, ax=axis, shrink=0.8, label=figure.unit)
    bar.outline.set_visible(False)


def _bare(axis: Any) -> None:
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _waterfall(axes: list[Any], figure: Figure) -> None:
    """Parts that add up to the total, one step after another."""
    axis, values = axes[0], figure.series.to_numpy()
    start = np.append(np.concatenate([[0.0], np.cumsum(values[:-2])]), 0.0)
    rows = np.arange(len(values))[::-1]
    colours = [*(GAIN if v >= 0 else LOSS for v in values[:-1]), TOTAL]
    drawn = axis.barh(rows, values, left=start, color=colours, height=0.62)
    _hatch(drawn[:-1], values[:-1])
    for k in range(len(values) - 1):
        end = start[k] + values[k]
        axis.plot([end, end], [rows[k] - 1.31, rows[k] + 0.31], color=INK, linewidth=0.6)
    reach = np.concatenate([start, start + values])
    span = float(np.ptp(np.append(reach, 0.0))) or 1.0
    for row, left, value in zip(rows, start, values, strict=True):
        place = max(left, left + value) + 0.015 * span
        axis.text(place, row, shown(value, figure.digits), va="center", fontsize=8)
    axis.set_xlim(min(reach.min(), 0) - 0.04 * span, max(reach.max(), 0) + 0.16 * span)
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.set_yticks(rows, list(map(str, figure.frame.index)))
    axis.tick_params(axis="y", length=0)


def _tiles(axes: list[Any], figure: Figure) -> None:
    """The world as tiles, one number an economy."""
    import matplotlib
    from matplotlib.patches import Rectangle

    axis, change = axes[0], figure.series
    limit = limit_of(change.to_numpy())
    shade = matplotlib.colormaps[DIVERGING]
    grid = places(map(str, change.index))
    for (region, (x, y)), value in zip(grid.items(), change.to_numpy(), strict=True):
        lacks = not np.isfinite(value)
        colour = "#f2f2f2" if lacks else shade(0.5 + 0.5 * value / limit)
        axis.add_patch(Rectangle((x, y), 0.94, 0.94, facecolor=colour, edgecolor=RULE, linewidth=0.5))
        ink = "white" if not lacks and abs(value) > 0.6 * limit else INK
        axis.text(x + 0.47, y + 0.4, region, ha="center", va="center", color=ink, fontweight="bold", fontsize=9)
        number = "no value" if lacks else shown(value, figure.digits)
        axis.text(x + 0.47, y + 0.7, number, ha="center", va="center", color=ink, fontsize=6.5 if lacks else 8)
    axis.set_xlim(-0.2, max(16, *(x + 1 for x, _ in grid.values())) + 0.2)
    axis.set_ylim(max(y for _, y in grid.values()) + 1.1, -0.2)
    axis.set_aspect("equal")
    axis.axis("off")


def _lines(axes: list[Any], figure: Figure) -> None:
    """One line a column, named at its end; dashes tell lines apart in grey."""
    axis, frame = axes[0], figure.frame
    styles = list(DASHES)
    few = len(frame) <= 40
    thin = [str(name) for name in frame.columns if str(name) not in figure.strong]
    colours = {}
    for name in map(str, frame.columns):
        strong = name in figure.strong
        k = 0 if strong else thin.index(name)
        colours[name] = INK if strong else LINES[k % len(LINES)]
        style = "-" if strong else styles[(k + k // len(LINES)) % len(styles)]
        width = 2.4 if strong else 1.4
        mark = "o" if few and len(frame) < 2 else ""
        axis.plot(frame.index, frame[name], style, color=colours[name], linewidth=width, marker=mark, markersize=3, label=name)
    axis.axhline(0, color=INK, linewidth=0.6, zorder=0) if (frame.to_numpy() <= 0).any() else None
    axis.margins(x=0.0)
    if len(frame) == 1:
        axis.set_xlim(frame.index[0] - 0.5, frame.index[0] + 0.5)
    if figure.marks:  # their names stand above the lines
        low, high = axis.get_ylim()
        axis.set_ylim(low, high + 0.14 * (high - low))
    ends = pd.Series(frame.iloc[-1].to_numpy(), index=list(map(str, frame.columns)))
    _name_ends(axis, figure, ends, colours)
    for name, place in figure.marks.items():
        axis.axvline(place, color=RULE, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
        axis.annotate(
            name,
            (place, 1.0),
            xycoords=("data", "axes fraction"),
            fontsize=7,
            ha="right",
            va="top",
            rotation=90,
            xytext=(-2, 0),
            textcoords="offset points",
        )
    if not figure.marks:
        axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set_xlabel("" if str(frame.index.name) == "year" else str(frame.index.name or ""))


def _name_ends(axis: Any, figure: Figure, ends: pd.Series, colours: dict[str, str]) -> None:
    """Names beside the ends of lines; where they would overlap they are moved apart, and thin lines lead to them."""
    low, high = axis.get_ylim()
    point = (high - low) / max(axis.get_window_extent().height * 72 / axis.figure.dpi, 1.0)  # before the layout is made
    least = 9.5 * point
    heights = apart(ends, low + least / 2, high - least / 2, least)
    moved = any(abs(heights[name] - ends[name]) > 3 * point for name in heights)
    for name, height in heights.items():
        lead = {"arrowstyle": "-", "color": colours[name], "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0, "relpos": (0, 0.5)}
        axis.annotate(
            name,
            (figure.frame.index[-1], ends[name]),
            fontsize=8,
            color=colours[name],
            fontweight="bold" if name in figure.strong else "normal",
            xytext=(16 if moved else 4, (height - ends[name]) / point),
            textcoords="offset points",
            arrowprops=lead if moved else None,
            va="center",
            annotation_clip=False,
        )


@dataclass(frozen=True)
class Drawer:
    """How a kind is drawn: on how many axes (their widths), and how large."""

    draw: Callable[[list[Any], Figure], None]
    size: Callable[[Figure], tuple[float, float]]
    widths: tuple[float, ...] = (1.0,)


def _size_of_heat(figure: Figure) -> tuple[float, float]:
    longest = max(len(str(label)) for label in figure.frame.index)
    rows, columns = figure.frame.shape
    return max(6.0, 1.7 + 0.08 * longest + 0.48 * columns), 1.7 + 0.30 * rows


DRAWERS: dict[str, Drawer] = {
    "bars": Drawer(_bars, lambda f: (7.5, 0.17 * len(f.frame) + 1.3)),
    "heat": Drawer(_heat, _size_of_heat),
    "waterfall": Drawer(_waterfall, lambda f: (7.5, 0.34 * len(f.frame) + 1.2)),
    "tiles": Drawer(_tiles, lambda f: (9.0, 5.0)),
    "lines": Drawer(_lines, lambda f: (6.5, 4.2)),
    "sankey": Drawer(sankey, lambda f: (11.0, 5.4), (1.5, 1.0)),
    "shares": Drawer(shares, lambda f: (11.0, 0.22 * len(f.frame) + 2.0), (1.5, 1.0)),
}
"""A drawer for each kind of :data:`cge.figure.KINDS` but panels, which hold the others."""
