"""Figures for the screen (plotly): the same tables as :mod:`cge.report.figures`, with values under the pointer.

Each function gives a ``plotly.graph_objects.Figure``; needs the extra ``report``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from cge.report.style import DASHES, GAIN, INK, LOSS
from cge.report.tiles import places

_FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"
_GREY = "#666666"


def _finish(figure: go.Figure, title: str, height: int, least: int = 0, **layout: Any) -> go.Figure:
    """House style; on a narrow screen a figure that needs ``least`` pixels scrolls instead of shrinking."""
    figure.update_layout(
        template="simple_white",
        title={"text": title, "x": 0, "xanchor": "left", "font": {"size": 15}},
        font={"family": _FONT, "size": 13, "color": INK},
        height=height,
        meta={"least": least},
        margin={"l": 10, "r": 20, "t": 46, "b": 10},
        paper_bgcolor="white",
        plot_bgcolor="white",
        **layout,
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    return figure


def bars(values: pd.Series, title: str, unit: str, ranges: pd.DataFrame | None = None) -> go.Figure:
    """Horizontal bars, lowest at the bottom; with ``ranges`` (rows by study) a line from the lowest to the highest."""
    held = values.dropna().sort_values()
    figure = go.Figure()
    for part, colour, shape in ((held[held < 0], LOSS, "/"), (held[held >= 0], GAIN, "")):
        error, extra, hover = None, None, f"%{{y}}: %{{x:+.3f}} {unit}"
        if ranges is not None:
            low, high = ranges.loc[part.index].min(axis=1), ranges.loc[part.index].max(axis=1)
            error = {"type": "data", "symmetric": False, "color": INK, "thickness": 1.2}
            error |= {"array": (high - part).clip(lower=0), "arrayminus": (part - low).clip(lower=0)}
            extra = np.column_stack([low, high])
            hover += "<br>range over studies %{customdata[0]:+.3f} to %{customdata[1]:+.3f}"
        figure.add_trace(
            go.Bar(
                x=part.to_numpy(),
                y=[str(x) for x in part.index],
                orientation="h",
                error_x=error,
                customdata=extra,
                hovertemplate=hover + "<extra></extra>",
                marker={"color": colour, "pattern": {"shape": shape, "solidity": 0.25}},
                showlegend=False,
            )
        )
    figure.update_yaxes(tickfont={"size": 11}, dtick=1)
    figure.update_xaxes(title=unit, zeroline=True, zerolinecolor=INK)
    return _finish(figure, title, 110 + 17 * len(held), barmode="overlay")


def heat(frame: pd.DataFrame, title: str, unit: str, digits: int = 1) -> go.Figure:
    """A table as coloured cells with their numbers, scale symmetric about zero."""
    values = frame.to_numpy(dtype=float)
    limit = float(np.nanpercentile(np.abs(values), 98)) or 1.0
    text = np.where(np.isfinite(values) & (np.abs(values) >= 0.5 * 10.0**-digits), np.round(values, digits), np.nan)
    shown = [[f"{v:.{digits}f}" if np.isfinite(v) else "" for v in row] for row in text]
    rows, columns = (str(axis.name or "") for axis in (frame.index, frame.columns))
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=[str(c) for c in frame.columns],
            y=[str(r) for r in frame.index],
            text=shown,
            texttemplate="%{text}",
            textfont={"size": 10},
            zmin=-limit,
            zmax=limit,
            colorscale="RdBu",
            colorbar={"title": {"text": unit, "side": "right"}, "thickness": 12},
            hovertemplate=f"{rows} %{{y}}, {columns} %{{x}}: %{{z:+.2f}} %<extra></extra>",
            xgap=1,
            ygap=1,
        )
    )
    figure.update_yaxes(autorange="reversed", title=rows, dtick=1, tickfont={"size": 11})
    figure.update_xaxes(title=columns, tickangle=-60, dtick=1, tickfont={"size": 11})
    return _finish(figure, title, 170 + 24 * len(values), least=130 + 34 * values.shape[1])


def waterfall(parts: pd.Series, title: str, unit: str, digits: int = 3) -> go.Figure:
    """Parts that add up to ``total``, the last element."""
    values = parts.to_numpy(dtype=float)
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            measure=[*["relative"] * (len(values) - 1), "total"],
            y=[str(x) for x in parts.index],
            x=values,
            text=[f"{v:+,.{digits}f}" for v in values],
            textposition="outside",
            cliponaxis=False,
            increasing={"marker": {"color": GAIN}},
            decreasing={"marker": {"color": LOSS}},
            totals={"marker": {"color": _GREY}},
            connector={"line": {"color": INK, "width": 0.6}},
            hovertemplate="%{y}: %{text} " + unit + "<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed")
    reached = np.append(np.cumsum(values[:-1]), 0.0)
    room = 0.14 * float(np.ptp(reached))  # for the numbers beside the bars
    figure.update_xaxes(title=unit, zeroline=True, zerolinecolor=INK, range=[reached.min() - room, reached.max() + room])
    return _finish(figure, title, 130 + 26 * len(values), least=620, showlegend=False)


def tile_map(change: pd.Series, title: str, unit: str, digits: int = 2) -> go.Figure:
    """The world as tiles, one number an economy."""
    grid = places(change.index)
    limit = max(float(change.abs().max()), 1e-9)
    figure = go.Figure()
    for dark in (False, True):  # dark tiles bear white text
        names = [n for n in grid if (abs(change[n]) > 0.6 * limit) == dark]
        figure.add_trace(
            go.Scatter(
                x=[grid[n][0] for n in names],
                y=[grid[n][1] for n in names],
                mode="markers+text",
                text=[f"<b>{n}</b><br>{change[n]:+.{digits}f}" for n in names],
                textfont={"size": 11, "color": "white" if dark else INK},
                customdata=[f"{n}: {change[n]:+.4f} {unit}" for n in names],
                hovertemplate="%{customdata}<extra></extra>",
                showlegend=False,
                marker={
                    "symbol": "square",
                    "size": 46,
                    "color": [float(change[n]) for n in names],
                    "coloraxis": "coloraxis",
                    "line": {"color": "#999999", "width": 0.5},
                },
            )
        )
    bar = {"title": {"text": unit, "side": "right"}, "thickness": 12}
    figure.update_layout(coloraxis={"colorscale": "RdBu", "cmin": -limit, "cmax": limit, "colorbar": bar})
    figure.update_xaxes(visible=False, range=[-0.7, max(x for x, _ in grid.values()) + 0.7])
    figure.update_yaxes(visible=False, range=[max(y for _, y in grid.values()) + 0.7, -0.7])
    return _finish(figure, title, 520, least=860)


def sankey(before: pd.DataFrame, after: pd.DataFrame, title: str, currency: str) -> go.Figure:
    """Value added of blocs (left) in the final goods of other blocs (right), with its change under the pointer."""
    names = list(map(str, before.index))
    source, target, value, text, colour = [], [], [], [], []
    shades = ["rgba(27,108,168,.45)", "rgba(200,85,61,.45)", "rgba(120,120,120,.45)", "rgba(74,150,110,.45)"]
    for o, row in enumerate(names):
        for d, column in enumerate(names):
            first, last = float(before.iloc[o, d]), float(after.iloc[o, d])
            if first <= 0 or o == d:
                continue
            source.append(o)
            target.append(len(names) + d)
            value.append(first / 1e3)
            text.append(f"{row} in {column}: {first / 1e3:,.0f} bn {currency}, change {100 * (last / first - 1):+.3f} %")
            colour.append(shades[o % len(shades)])
    figure = go.Figure(
        go.Sankey(
            node={"label": names * 2, "color": _GREY, "pad": 22, "thickness": 16, "hovertemplate": "%{label}<extra></extra>"},
            link={
                "source": source,
                "target": target,
                "value": value,
                "color": colour,
                "customdata": text,
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    return _finish(figure, title, 430, least=640)


def lines(frame: pd.DataFrame, title: str, unit: str, across: str) -> go.Figure:
    """One line a column against the index; the dash tells lines apart in grey."""
    figure = go.Figure()
    dashes = list(DASHES.values())
    for k, name in enumerate(frame.columns):
        figure.add_trace(
            go.Scatter(
                x=list(frame.index),
                y=frame[name].to_numpy(),
                name=str(name),
                mode="lines+markers",
                line={"dash": dashes[k % len(dashes)], "width": 2},
                marker={"size": 5, "symbol": k % 8},
                hovertemplate=f"{name}, %{{x}}: %{{y:+.3f}} {unit}<extra></extra>",
            )
        )
    figure.update_xaxes(title=across)
    figure.update_yaxes(title=unit, zeroline=True, zerolinecolor="#bbbbbb")
    return _finish(figure, title, 420, colorway=[GAIN, LOSS, _GREY, "#4a966e", "#8a6bb1", "#b8860b", INK])


def curves(held: Mapping[str, pd.DataFrame], column: str, title: str, marks: Mapping[str, float]) -> go.Figure:
    """Outcomes along a threshold (per cent), a line a case, with marked thresholds."""
    frame = pd.DataFrame({name: 100 * table[column] for name, table in held.items()})
    frame.index = pd.Index([100 * x for x in frame.index])
    figure = lines(frame, title, "per cent", "regional value content asked, per cent")
    for name, place in marks.items():
        figure.add_vline(
            x=place, line={"color": INK, "width": 1, "dash": "dash"}, annotation={"text": name, "font": {"size": 11}}
        )
    return figure


def script() -> str:
    """The plotly library, to stand once in a page."""
    from plotly.offline import get_plotlyjs

    return f"<script>{get_plotlyjs()}</script>"


def embed(figure: go.Figure, text: str, name: str) -> str:
    """A figure as part of a page; ``text`` says what it shows to those who cannot see it."""
    import html

    shown = figure.to_html(
        full_html=False, include_plotlyjs=False, div_id=name, config={"displaylogo": False, "responsive": True}
    )
    least = int(figure.layout.meta["least"])
    return (
        f'<figure tabindex="0" aria-label="{html.escape(text)}"><div style="min-width:{least}px">{shown}</div></figure>'
        if least
        else f'<figure aria-label="{html.escape(text)}">{shown}</figure>'
    )
