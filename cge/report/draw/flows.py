"""Figures for print of two states: flows between groups, and what a whole is made of, before with the change beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cge.figure import Figure
from cge.report.style import BANDS, DIVERGING, INK, SHARES, limit_of, shown

HATCHES = ("", "////", "", "....", "", "\\\\\\\\")
MARKERS = ("o", "s", "^", "D", "v", "P")


def sankey(axes: list[Any], figure: Figure) -> None:
    """Bands from origin to destination before the change (a group's own flow left out), and the change of every flow."""
    _bands(axes[0], figure)
    change = figure.change.to_numpy()
    limit = limit_of(change)
    axes[1].imshow(change, cmap=DIVERGING, vmin=-limit, vmax=limit)
    for o, d in np.ndindex(*change.shape):
        if np.isfinite(change[o, d]):
            ink = "white" if abs(change[o, d]) > 0.6 * limit else INK
            axes[1].text(d, o, shown(change[o, d], figure.digits), ha="center", va="center", color=ink)
    rows, columns = (list(map(str, axis)) for axis in (figure.frame.index, figure.frame.columns))
    axes[1].set_xticks(range(len(columns)), [name.replace(" ", "\n") for name in columns])
    axes[1].set_yticks(range(len(rows)), rows)
    axes[1].tick_params(length=0)
    axes[1].set_title(f"Change, {figure.change_unit} (same rows and columns)", loc="left", fontweight="bold", fontsize=9)
    for spine in axes[1].spines.values():
        spine.set_visible(False)


def foreign(figure: Figure) -> np.ndarray:
    """The flows that are drawn: those between different groups."""
    own = np.equal.outer(figure.frame.index.astype(str), figure.frame.columns.astype(str))
    return np.where(own, 0.0, figure.frame.to_numpy())


def _bands(axis: Any, figure: Figure) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Curve

    flows = foreign(figure)
    gap = 0.04 * flows.sum()
    starts = [np.r_[0, np.cumsum(flows.sum(k) + gap)[:-1]] for k in (1, 0)]
    used = [starts[0].copy(), starts[1].copy()]
    for o, d in np.argwhere(flows > 0):
        width, y0, y1 = flows[o, d], used[0][o], used[1][d]
        points = [
            (0, y0), (0.5, y0), (0.5, y1), (1, y1),
            (1, y1 + width), (0.5, y1 + width), (0.5, y0 + width), (0, y0 + width), (0, y0),
        ]  # fmt: skip
        codes = [Curve.MOVETO, *[Curve.CURVE4] * 3, Curve.LINETO, *[Curve.CURVE4] * 3, Curve.CLOSEPOLY]
        colour = BANDS[o % len(BANDS)]
        axis.add_patch(PathPatch(Curve(points, codes), facecolor=colour, alpha=0.55, edgecolor="white", lw=0.5))
        used[0][o] += width
        used[1][d] += width
    names = (figure.frame.index, figure.frame.columns)
    for side, place, align in ((0, -0.02, "right"), (1, 1.02, "left")):
        size = flows.sum(1 - side)
        for k, name in enumerate(names[side]):
            text = f"{name}\n{size[k]:,.0f}"
            axis.text(place, starts[side][k] + size[k] / 2, text, ha=align, va="center", fontsize=9)
    axis.set_xlim(-0.32, 1.32)
    axis.set_ylim(max(flows.sum() + gap * (len(labels) - 1) for labels in names), 0)
    axis.axis("off")
    axis.set_title("Before", loc="left", fontweight="bold", fontsize=9)


def shares(axes: list[Any], figure: Figure) -> None:
    """Bars of components that fill 100 per cent before, and how each changes in percentage points."""
    from matplotlib.transforms import ScaledTranslation

    frame, change = figure.frame, figure.change
    rows = np.arange(len(frame))
    left = np.zeros(len(frame))
    for k, name in enumerate(frame.columns):
        colour, values = SHARES[k % len(SHARES)], frame[name].to_numpy()
        hatch = HATCHES[k % len(HATCHES)]
        axes[0].barh(rows, values, left=left, color=colour, hatch=hatch, edgecolor="white", height=0.78, label=str(name))
        left += values
        marker = MARKERS[k % len(MARKERS)]
        edge = {"markeredgecolor": INK, "markeredgewidth": 0.4}
        axes[1].plot(change[name], rows, marker, color=colour, markersize=5.5, label=str(name), **edge)
    for axis in axes:
        axis.set_yticks(rows, list(map(str, frame.index)))
        axis.tick_params(axis="y", length=0)
        axis.set_ylim(-0.6, len(frame) - 0.4)
    axes[0].set_xlim(0, 100)
    axes[1].axvline(0, color=INK, linewidth=0.8)
    axes[1].grid(axis="y", color="#dddddd", linewidth=0.6)
    axes[1].set_axisbelow(True)
    axes[0].set_title("Before", loc="left", fontweight="bold", fontsize=9)
    axes[1].set_title(f"Change, {figure.change_unit}", loc="left", fontweight="bold", fontsize=9)
    handles, labels = axes[0].get_legend_handles_labels()
    below = axes[0].transAxes + ScaledTranslation(0, -22 / 72, axes[0].figure.dpi_scale_trans)  # under the numbers of the axis
    look = {"ncols": 4, "frameon": False, "fontsize": 8, "borderaxespad": 0, "columnspacing": 1.0, "handlelength": 1.5}
    axes[0].legend(handles, labels, loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=below, **look)
