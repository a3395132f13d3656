"""Short cards of objects for people: at most fifteen lines of text, or a small table in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

LINES = 15
"""Most lines of a card."""


def text_card(title: str, rows: Mapping[str, object]) -> str:
    """A title and ``name  value`` lines."""
    width = max((len(k) for k in rows), default=0)
    lines = [f"  {k:<{width}}  {_short(v)}" for k, v in list(rows.items())[: LINES - 1]]
    return "\n".join([title, *lines])


def html_card(title: str, rows: Mapping[str, object]) -> str:
    """The same as a table for notebooks."""
    cells = "".join(
        f'<tr><td style="text-align:left">{escape(k)}</td><td style="text-align:left">{escape(_short(v))}</td></tr>'
        for k, v in list(rows.items())[: LINES - 1]
    )
    return f"<table><caption style='text-align:left'><b>{escape(title)}</b></caption>{cells}</table>"


def _short(value: object, width: int = 100) -> str:
    text = str(value).replace("\n", " ")
    return text if len(text) <= width else text[: width - 3] + "..."
