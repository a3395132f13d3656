"""Short cards of objects for people: at most fifteen lines of text, a small table in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

LINES = 15
"""Most lines of a card."""


class Carded:
    """An object that shows itself as a card: what it is, and ``name  value`` lines."""

    def _card(self) -> tuple[str, Mapping[str, object]]:
        """Title and rows."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return text_card(*self._card())

    def _repr_html_(self) -> str:
        return html_card(*self._card())


def text_card(title: str, rows: Mapping[str, object]) -> str:
    """A title and ``name  value`` lines.

    Parameters
    ----------
    title : str
    rows : mapping
        What is beyond :data:`LINES` is left out, and said.
    """
    width = max((len(k) for k in rows), default=0)
    lines = [f"  {k:<{width}}  {_short(v)}" for k, v in rows.items()]
    if len(lines) > LINES - 1:
        lines = [*lines[: LINES - 2], f"  and {len(lines) - LINES + 2} more"]
    return "\n".join([title, *lines])


def html_card(title: str, rows: Mapping[str, object]) -> str:
    """The same as a table for notebooks.

    Parameters
    ----------
    title : str
    rows : mapping
    """
    left = "style='text-align:left'"
    cells = "".join(f"<tr><td {left}>{escape(k)}</td><td {left}>{escape(_short(v))}</td></tr>" for k, v in rows.items())
    return f"<table><caption {left}><b>{escape(title)}</b></caption>{cells}</table>"


def _short(value: object, width: int = 100) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= width else text[: width - 3] + "..."
