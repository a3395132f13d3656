"""Errors of the data layer: each names the file or cell and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from numbers import Integral


class DataError(ValueError):
    """Bad input data: the message names the file or cell, what is wrong, and the remedy."""


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint ``"; did you mean 'X'?"`` for a misspelt label, empty where nothing is near."""
    labels = [str(k) for k in known]
    folded = {label.lower(): label for label in labels}
    hit = difflib.get_close_matches(str(word).lower(), folded, n=1, cutoff=0.5)
    return f"; did you mean {folded[hit[0]]!r}?" if hit else ""


def require_labels(wanted: str | Iterable[str], known: Iterable[str], what: str) -> None:
    """Raise :class:`DataError` for the first of ``wanted`` (a text is one label) that ``known`` lacks, with the nearest."""
    labels = [str(k) for k in known]
    for word in (wanted,) if isinstance(wanted, str) else wanted:
        if str(word) not in labels:
            raise DataError(f"unknown {what} {str(word)!r}{nearest(word, labels)} known: {', '.join(labels)}")


def require_unique(labels: Iterable[object], what: str, *, fold: bool = False) -> None:
    """Raise :class:`DataError` where a label stands twice, or is blank.

    Parameters
    ----------
    labels : iterable
    what : str
        What the labels are and where they stand, for the message.
    fold : bool
        Labels that differ by case alone count as one, as in GEMPACK.
    """
    seen: dict[str, str] = {}
    for label in (str(x) for x in labels):
        if not label.strip():
            raise DataError(f"{what}: a label is blank; give every element a name")
        key = label.lower() if fold else label
        if key in seen:
            same = f"{label!r} stands twice" if seen[key] == label else f"{seen[key]!r} and {label!r} differ by case alone"
            raise DataError(f"{what}: {same}; each element needs a name of its own")
        seen[key] = label


def require_type(value: object, kinds: type | tuple[type, ...], who: str, wanted: str) -> None:
    """Raise where an argument is of another type than the words ``wanted`` say.

    Raises
    ------
    DataError
        As said, naming the type that was given.
    """
    if not isinstance(value, kinds):
        raise DataError(f"{who} takes {wanted}, not {type(value).__name__}")


def require_year(year: object, what: str, example: str = "2018") -> None:
    """Raise where a year (or a number of years) is not a whole number: a text, a fraction, a truth value.

    Raises
    ------
    DataError
    """
    if isinstance(year, bool) or not isinstance(year, Integral):
        raise DataError(f"{what} is {year!r}; write a whole number such as {example}")
