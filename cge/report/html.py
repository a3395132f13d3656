"""Pages that stand alone: one HTML file with its style, figures and scripts inside, nothing fetched."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from cge.errors import ModelError
from cge.report.style import in_words

STYLE = (
    "body{font:16px/1.55 system-ui,-apple-system,'Segoe UI',sans-serif;color:#222;background:#fff;max-width:62rem;"
    "margin:2rem auto;padding:0 1rem}h1{line-height:1.2}h2{margin-top:2.2rem;border-bottom:1px solid #ddd;padding-bottom:.2rem}"
    "img{max-width:100%;height:auto}.wide{overflow-x:auto}table{border-collapse:collapse;margin:1rem 0;font-size:.92rem}"
    "td,th{padding:.25rem .65rem;border-bottom:1px solid #ddd;text-align:right;vertical-align:top}"
    "td:first-child,th:first-child,.text{text-align:left}code,pre{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em}"
    "pre{background:#f4f4f4;padding:.7rem;overflow-x:auto}nav a{margin-right:1rem}.eq{margin:1.1rem 0}"
    "figure{margin:1rem 0;overflow-x:auto}@page{size:A4;margin:15mm}@media print{nav,.modebar{display:none!important}"
    "body{max-width:none;margin:0;font-size:10.5pt}h2{break-after:avoid}table{font-size:8pt}td,th{padding:.15rem .4rem}"
    ".many{font-size:6.5pt}.many td,.many th{padding:.1rem .2rem}"
    "figure,img,tr{break-inside:avoid}figure,.wide{overflow:visible}figure>div{zoom:.75}}"
    "a{color:#0b57a4}.note{color:#444}th[scope=row]{font-weight:500}"
)


def math_style() -> str:
    """The font of equations, inside the page: browsers stretch brackets only with one that has a MATH table."""
    font = base64.b64encode((Path(__file__).parent / "fonts" / "stix-two-math.woff2").read_bytes()).decode()
    return (
        "<style>@font-face{font-family:'STIX Two Math';font-display:swap;"
        f"src:url(data:font/woff2;base64,{font}) format('woff2')}}"
        "math{font-family:'STIX Two Math',math}</style>"
    )


def mathml(latex: str, display: str = "inline") -> str:
    """An equation as MathML, which browsers draw by themselves.

    Raises
    ------
    ModelError
        ``latex2mathml`` is not installed.
    """
    try:
        from latex2mathml.converter import convert
    except ImportError as error:
        raise ModelError("printing equations needs the extra 'report' (pip install 'open-cge[report]')") from error
    return str(convert(latex, display=display)).replace("<mover>", '<mover accent="true">')  # a bar lies close to its letter


def page(title: str, parts: Iterable[str], nav: Iterable[tuple[str, str]] = (), head: str = "") -> str:
    """A whole page; ``head`` stands in its head."""
    links = "".join(f'<a href="{html.escape(to)}">{html.escape(text)}</a>' for text, to in nav)
    menu = f'<nav aria-label="Pages">{links}</nav>' if links else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="description" content="{html.escape(title)}, by open-cge"><link rel="icon" href="data:,">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style>{head}</head><body>{menu}<main><h1>{html.escape(title)}</h1>"
        + "".join(parts)
        + "</main></body></html>\n"
    )


def heading(text: str, name: str = "") -> str:
    """A section; ``name`` is what links lead to."""
    at = f' id="{html.escape(name)}"' if name else ""
    return f"<h2{at}>{html.escape(text)}</h2>"


def diagram(svg: str) -> str:
    """A drawing that scrolls by itself where it is wide."""
    return f'<div class="wide" tabindex="0">{svg}</div>'


def paragraph(text: str, kind: str = "") -> str:
    """Text, escaped."""
    return f'<p class="{kind}">{html.escape(text)}</p>' if kind else f"<p>{html.escape(text)}</p>"


def bullets(items: Iterable[str]) -> str:
    """A list, escaped."""
    return "<ul>" + "".join(f"<li>{html.escape(x)}</li>" for x in items) + "</ul>"


def table(frame: pd.DataFrame, digits: int = 3, currency: str | None = None) -> str:
    """A table that scrolls by itself where it is wide; ``currency`` is that of columns of money, which need it."""
    if frame.index.nlevels > 1:
        frame = frame.reset_index(list(range(1, frame.index.nlevels)))
    kinds = ["", *(' class="text"' if in_words(frame.iloc[:, k]) else "" for k in range(frame.shape[1]))]
    heads = [str(frame.index.name or ""), *(words(str(c), currency) for c in frame.columns)]
    head = ""
    if any(heads):
        head = "".join(f'<th scope="col"{k}>{html.escape(h)}</th>' for k, h in zip(kinds, heads, strict=True))
        head = f"<thead><tr>{head}</tr></thead>"
    rows = []
    for label, *cells in frame.itertuples(name=None):
        shown = (f"{v:,.{digits}f}" if isinstance(v, float) else html.escape(str(v)) for v in cells)
        inside = "".join(f"<td{k}>{v}</td>" for k, v in zip(kinds[1:], shown, strict=True))
        rows.append(f'<tr><th scope="row">{html.escape(str(label))}</th>{inside}</tr>')
    many = ' class="many"' if frame.shape[1] > 9 else ""  # smaller in print
    return f'<div class="wide" tabindex="0"><table{many}>{head}<tbody>{"".join(rows)}</tbody></table></div>'


def words(name: str, currency: str | None = None) -> str:
    """A column's name in words: ``real_gdp_percent`` is "real gdp, %", ``ev_musd`` is EV in the benchmark's currency.

    Raises
    ------
    ModelError
        A column of money without a currency, which would be printed as another benchmark's.
    """
    if name.endswith("_musd") and currency is None:
        raise ModelError(f"column {name!r} is an amount of money; give the benchmark's currency")
    for ending, unit in (("_percent", ", %"), ("_musd", f", million {currency}")):
        if name == "ev_musd":
            return f"EV, million {currency}"
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " ").replace("gdp", "GDP") + unit
    return name


def picture(figure: Any, text: str) -> str:
    """A matplotlib figure inside the page, with its description."""
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=130)
    data = base64.b64encode(held.getvalue()).decode()
    return f'<figure><img alt="{html.escape(text)}" src="data:image/png;base64,{data}"></figure>'
