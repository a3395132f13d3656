"""Figures for the screen (plotly): one function a kind, each adding to a column of a canvas; values under the pointer.

Needs the extra ``report``.
"""

from __future__ import annotations

import html
from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cge.figure import Figure
from cge.report.draw.flows import foreign
from cge.report.style import BANDS, DASHES, DIVERGING, GAIN, INK, LINES, LOSS, RULE, SHARES, TOTAL, apart, limit_of, shown
from cge.report.tiles import places

WIDE = 840
"""Pixels of all axes together on a narrow screen."""
_FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"


def screen(figure: Figure, context: str = "") -> go.Figure:
    """A figure as a ``plotly.graph_objects.Figure``; ``context`` stands before its title.

    On a narrow screen a figure that needs more pixels (``layout.meta["least"]``) scrolls instead of shrinking.
    """
    shown_figures = figure.panels or (figure,)
    if figure.kind == "panels":
        canvas = make_subplots(
            1, len(figure.panels), subplot_titles=[html.escape(p.heading) for p in figure.panels], horizontal_spacing=0.11
        )
    elif figure.kind == "shares":
        canvas = make_subplots(
            1, 2, subplot_titles=["Before", f"Change, {figure.change_unit}"], column_widths=[0.6, 0.4], shared_yaxes=True
        )
    else:
        canvas = make_subplots(1, 1, specs=[[{"type": "domain" if figure.kind == "sankey" else "xy"}]])
    for k, title_of_panel in enumerate(canvas.layout.annotations, start=1):
        axis = canvas.layout[f"xaxis{k if k > 1 else ''}"]
        title_of_panel.update(font={"size": 13 if len(figure.panels) < 3 else 12}, x=axis.domain[0], xanchor="left")
    heights, widths = [], []
    for column, one in enumerate(shown_figures, start=1):
        height, least = DRAWERS[one.kind](canvas, one, column)
        heights.append(height)
        widths.append(least)
    several = figure.kind in ("panels", "shares")  # with a title each
    small = f"<br><sup>{html.escape(figure.note)}</sup>" if figure.note else ""
    title = html.escape(f"{context}. {figure.heading}" if context else figure.heading)
    canvas.update_layout(
        template="simple_white",
        title={
            "text": title + small,
            "x": 0,
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "font": {"size": 15},
            "pad": {"t": 12},
        },
        font={"family": _FONT, "size": 13, "color": INK},
        height=max(heights),
        meta={"least": sum(widths) if len(widths) == 1 else max(860, 300 * len(widths))},
        margin={"l": 10, "r": 20, "t": 46 + (20 if small else 0) + (24 if several else 0), "b": 10},
        paper_bgcolor="white",
        plot_bgcolor="white",
    )
    canvas.update_xaxes(automargin=True, title={"font": {"size": 12}})
    canvas.update_yaxes(automargin=True, title={"font": {"size": 12}})
    return canvas


def _bars(canvas: go.Figure, figure: Figure, column: int) -> tuple[int, int]:
    """Horizontal bars, first label at the bottom."""
    values, labels = figure.series, [str(label) for label in figure.frame.index]
    for sign, colour, shape in ((-1, LOSS, "/"), (1, GAIN, "")):
        chosen = (values < 0).to_numpy() if sign < 0 else (values >= 0).to_numpy()
        part = values[chosen]
        error, extra, hover = None, None, f"%{{y}}: %{{x:+.{figure.digits + 1}f}} {html.escape(figure.unit)}"
        if figure.ranges is not None:
            low, high = figure.ranges[chosen].min(axis=1), figure.ranges[chosen].max(axis=1)
            error = {"type": "data", "symmetric": False, "color": INK, "thickness": 1.2, "width": 3}
            error |= {"array": (high - part).clip(lower=0), "arrayminus": (part - low).clip(lower=0)}
            extra = np.column_stack([low, high])
            hover += "<br>range over studies %{customdata[0]:+.3f} to %{customdata[1]:+.3f}"
        bars = go.Bar(
            x=part.to_numpy(),
            y=[label for label, take in zip(labels, chosen, strict=True) if take],
            orientation="h",
            error_x=error,
            customdata=extra,
            hovertemplate=hover + "<extra></extra>",
            marker={"color": colour, "pattern": {"shape": shape, "solidity": 0.25}},
            showlegend=False,
        )
        canvas.add_trace(bars, row=1, col=column)
    ticks = [f"<b>{html.escape(x)}</b>" if x in figure.strong else html.escape(x) for x in labels]
    order = {"categoryorder": "array", "categoryarray": labels}  # two traces would stand one above the other
    canvas.update_yaxes(tickfont={"size": 11}, tickvals=labels, ticktext=ticks, ticks="", **order, row=1, col=column)
    canvas.update_xaxes(zeroline=True, zerolinecolor=INK, row=1, col=column)
    canvas.update_layout(barmode="overlay")
    return 110 + 17 * len(values), 0


def _heat(canvas: go.Figure, figure: Figure, column: int) -> tuple[int, int]:
    """A table as coloured cells with their numbers, scale symmetric about zero."""
    frame, digits = figure.frame, figure.digits
    values = frame.to_numpy()
    limit = limit_of(values, 98)
    large = np.isfinite(values) & (np.abs(values) >= 0.5 * 10.0**-digits)
    text = [
        [f"{v:.{digits}f}" if told else "" for v, told in zip(row, seen, strict=True)]
        for row, seen in zip(values, large, strict=True)
    ]
    rows, columns = (str(axis.name or "") for axis in (frame.index, frame.columns))
    heat = go.Heatmap(
        z=values,
        x=[str(c) for c in frame.columns],
        y=[str(r) for r in frame.index],
        text=text,
        texttemplate="%{text}",
        textfont={"size": 10},
        zmin=-limit,
        zmax=limit,
        colorscale=DIVERGING,
        colorbar={"title": {"text": figure.unit, "side": "right"}, "thickness": 12, "outlinewidth": 0},
        hovertemplate=f"{rows} %{{y}}, {columns} %{{x}}: %{{z:+.{digits + 1}f}} {html.escape(figure.unit)}<extra></extra>",
        xgap=1,
        ygap=1,
    )
    canvas.add_trace(heat, row=1, col=column)
    slanted = len(frame.columns) > 6
    canvas.update_yaxes(autorange="reversed", title=rows, dtick=1, tickfont={"size": 11}, row=1, col=column)
    canvas.update_xaxes(title=columns, tickangle=-60 if slanted else 0, dtick=1, tickfont={"size": 11}, row=1, col=column)
    return 170 + 24 * len(values), 130 + 34 * values.shape[1]


def _waterfall(canvas: go.Figure, figure: Figure, column: int) -> tuple[int, int]:
    """Parts that add up to ``total``, the last label."""
    values = figure.series.to_numpy()
    steps = go.Waterfall(
        orientation="h",
        measure=[*["relative"] * (len(values) - 1), "total"],
        y=[str(label) for label in figure.frame.index],
        x=values,
        text=[shown(v, figure.digits) for v in values],
        textposition="outside",
        cliponaxis=False,
        increasing={"marker": {"color": GAIN}},
        decreasing={"marker": {"color": LOSS}},
        totals={"marker": {"color": TOTAL}},
        connector={"line": {"color": INK, "width": 0.6}},
        hovertemplate="%{y}: %{text} " + html.escape(figure.unit) + "<extra></extra>",
        showlegend=False,
    )
    canvas.add_trace(steps, row=1, col=column)
    canvas.update_yaxes(autorange="reversed", ticks="", row=1, col=column)
    reached = np.append(np.cumsum(values[:-1]), [0.0, values[-1]])
    room = 0.14 * float(np.ptp(reached))  # for the numbers beside the bars
    span = [reached.min() - room, reached.max() + room]
    canvas.update_xaxes(zeroline=True, zerolinecolor=INK, range=span, row=1, col=column)
    return 130 + 26 * len(values), 620


def _tiles(canvas: go.Figure, figure: Figure, column: int) -> tuple[int, int]:
    """The world as tiles, one number an economy; an economy without a value is grey."""
    change = figure.series.set_axis(list(map(str, figure.frame.index)))
    grid = places(change.index)
    limit = limit_of(change.to_numpy())
    lacking = [n for n in grid if not np.isfinite(change[n])]
    dark = [n for n in grid if n not in lacking and abs(change[n]) > 0.6 * limit]  # dark tiles bear white text
    light = [n for n in grid if n not in lacking and n not in dark]
    for names, ink in ((light, INK), (dark, "white"), (lacking, INK)):
        if not names:
            continue
        grey = names is lacking
        numbers = ["no value" if grey else shown(change[n], figure.digits) for n in names]
        told = ["no value" if grey else f"{change[n]:+,.{figure.digits + 2}f} {figure.unit}" for n in names]
        colours = {"color": "#f2f2f2"} if grey else {"color": [float(change[n]) for n in names], "coloraxis": "coloraxis"}
        tiles = go.Scatter(
            x=[grid[n][0] for n in names],
            y=[grid[n][1] for n in names],
            mode="markers+text",
            text=[f"<b>{n}</b><br>{number}" for n, number in zip(names, numbers, strict=True)],
            textfont={"size": 11, "color": ink},
            customdata=[f"{n}: {number}" for n, number in zip(names, told, strict=True)],
            hovertemplate="%{customdata}<extra></extra>",
            showlegend=False,
            marker={"symbol": "square", "size": 46, "line": {"color": RULE, "width": 0.5}, **colours},
        )
        canvas.add_trace(tiles, row=1, col=column)
    bar = {"title": {"text": figure.unit, "side": "right"}, "thickness": 12, "outlinewidth": 0}
    canvas.update_layout(coloraxis={"colorscale": DIVERGING, "cmin": -limit, "cmax": limit, "colorbar": bar})
    canvas.update_xaxes(visible=False, range=[-0.7, max(x for x, _ in grid.values()) + 0.7], row=1, col=column)
    canvas.update_yaxes(visible=False, range=[max(y for _, y in grid.values()) + 0.7, -0.7], row=1, col=column)
    return 520, 860


def _lines(canvas: go.Figure, figure: Figure, column: int) -> tuple[int, int]:
    """One line a column, named at its end; dashes tell lines apart in grey."""
    frame, height = figure.frame, 420
    dashes = list(DASHES.values())
    thin = [str(name) for name in frame.columns if str(name) not in figure.strong]
    colours: dict[str, str] = {}
    for name in map(str, frame.columns):
        strong = name in figure.strong
        k = 0 if strong else thin.index(name)
        colours[name] = INK if strong else LINES[k % len(LINES)]
        dash = "solid" if strong else dashes[(k + k // len(LINES)) % len(dashes)]
        hover = f"{html.escape(name)}, %{{x}}: %{{y:+.{figure.digits + 1}f}} {html.escape(figure.unit)}"
        line = go.Scatter(
            x=list(frame.index),
            y=frame[name].to_numpy(),
            name=name,
            mode="lines+markers",
            line={"dash": dash, "width": 3 if strong else 2, "color": colours[name]},
            marker={"size": 4},
            hovertemplate=hover + "<extra></extra>",
            showlegend=False,
        )
        canvas.add_trace(line, row=1, col=column)
    values = frame.to_numpy()
    span = float(np.ptp(values)) or max(abs(float(values.max())), 1.0)
    low, high = float(values.min()) - 0.05 * span, float(values.max()) + 0.05 * span
    if figure.marks:  # their names stand above the lines
        high += 0.16 * span
    least = 15 / (height - 100) * (high - low)
    ends = pd.Series(values[-1], index=list(map(str, frame.columns)))
    along = frame.index.to_numpy(dtype=float)
    reach = max(float(np.ptp(along)), 1.0)
    for name, place in apart(ends, low + least / 2, high - least / 2, least).items():
        text = f"<b>{html.escape(name)}</b>" if name in figure.strong else html.escape(name)
        font = {"size": 11, "color": colours[name]}
        canvas.add_annotation(
            x=along[-1], y=place, text=text, showarrow=False, xanchor="left", xshift=6, font=font, row=1, col=column
        )
    for name, mark in figure.marks.items():
        canvas.add_vline(
            x=mark,
            line={"color": INK, "width": 1, "dash": "dash"},
            annotation={"text": html.escape(name), "font": {"size": 11}, "textangle": -90},
            annotation_position="top left",
            row=1,
            col=column,
        )
    start, stop = canvas.layout[f"xaxis{column if column > 1 else ''}"].domain or (0, 1)
    share = (14 + 6.5 * max(map(len, ends.index))) / ((stop - start) * WIDE)  # of the axis, for the names
    right = along[-1] + reach * share / (1 - min(share, 0.6))
    title = "" if str(frame.index.name) == "year" else str(frame.index.name or "")
    canvas.update_xaxes(title=title, range=[along[0] - 0.02 * reach, right], row=1, col=column)
    canvas.update_yaxes(range=[low, high], zeroline=True, zerolinecolor="#bbbbbb", row=1, col=column)
    return height, 0


def _shade(colour: str, alpha: float = 0.5) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def _sankey(canvas: go.Figure, figure: Figure, column: int) -> tuple[int, int]:
    """Flows from origin (left) to destination (right) before, with their change under the pointer."""
    rows, columns = (list(map(str, axis)) for axis in (figure.frame.index, figure.frame.columns))
    flows, change = foreign(figure), figure.change.to_numpy()
    drawn = [(int(o), int(d)) for o, d in np.argwhere(flows > 0)]
    unit = html.escape(figure.unit)
    moved = f"{{:+.{figure.digits + 1}f}} {figure.change_unit}".format
    told = [f"{rows[o]} to {columns[d]}: {flows[o, d]:,.0f} {unit}, change {moved(change[o, d])}" for o, d in drawn]
    links = {
        "source": [o for o, _ in drawn],
        "target": [len(rows) + d for _, d in drawn],
        "value": [float(flows[pair]) for pair in drawn],
        "color": [_shade(BANDS[o % len(BANDS)]) for o, _ in drawn],
        "customdata": told,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    nodes = {"label": rows + columns, "color": TOTAL, "pad": 22, "thickness": 16, "hovertemplate": "%{label}<extra></extra>"}
    canvas.add_trace(go.Sankey(node=nodes, link=links), row=1, col=column)
    return 430, 640


def _shares(canvas: go.Figure, figure: Figure, column: int) -> tuple[int, int]:
    """Bars of components that fill 100 per cent before, and how each changes in percentage points."""
    frame, change = figure.frame, figure.change
    labels, patterns = list(map(str, frame.index)), ("", "/", "", ".", "", "\\")
    markers = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
    for k, name in enumerate(map(str, frame.columns)):
        colour = SHARES[k % len(SHARES)]
        look = {"color": colour, "pattern": {"shape": patterns[k % len(patterns)], "solidity": 0.2}}
        hover = f"%{{y}}, {html.escape(name)}: %{{x:.{figure.digits}f}} {html.escape(figure.unit)}<extra></extra>"
        whole = go.Bar(x=frame[name], y=labels, orientation="h", name=name, marker=look, hovertemplate=hover)
        canvas.add_trace(whole, row=1, col=1)
        dot = {"color": colour, "size": 8, "symbol": markers[k % len(markers)], "line": {"color": INK, "width": 0.5}}
        hover = f"%{{y}}, {html.escape(name)}: %{{x:+.{figure.digits + 1}f}} {figure.change_unit}<extra></extra>"
        moved = go.Scatter(
            x=change[name], y=labels, mode="markers", name=name, marker=dot, hovertemplate=hover, showlegend=False
        )
        canvas.add_trace(moved, row=1, col=2)
    canvas.update_yaxes(dtick=1, tickfont={"size": 11}, ticks="", range=[-0.6, len(frame) - 0.4])
    canvas.update_xaxes(range=[0, 100], row=1, col=1)
    canvas.update_xaxes(zeroline=True, zerolinecolor=INK, row=1, col=2)
    legend = {"orientation": "h", "y": -0.06, "yanchor": "top", "x": 0, "traceorder": "normal"}
    canvas.update_layout(barmode="stack", legend=legend)
    return 180 + 19 * len(frame), 760


DRAWERS: dict[str, Callable[[go.Figure, Figure, int], tuple[int, int]]] = {
    "bars": _bars,
    "heat": _heat,
    "waterfall": _waterfall,
    "tiles": _tiles,
    "lines": _lines,
    "sankey": _sankey,
    "shares": _shares,
}
"""A drawer for each kind but panels; it returns the height in pixels, and the width below which a page scrolls (0: none)."""


def script() -> str:
    """The plotly library, to stand once in a page."""
    from plotly.offline import get_plotlyjs

    return f"<script>{get_plotlyjs()}</script>"


def embed(figure: go.Figure, text: str, name: str) -> str:
    """A figure as part of a page; ``text`` says what it shows to those who cannot see it."""
    inside = figure.to_html(
        full_html=False, include_plotlyjs=False, div_id=name, config={"displaylogo": False, "responsive": True}
    )
    least = int(figure.layout.meta["least"])
    return (
        f'<figure tabindex="0" aria-label="{html.escape(text)}"><div style="min-width:{least}px">{inside}</div></figure>'
        if least
        else f'<figure aria-label="{html.escape(text)}">{inside}</figure>'
    )
