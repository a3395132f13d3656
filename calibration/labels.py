"""Labels as users give them: one text is one label, never its letters."""

from __future__ import annotations

from collections.abc import Iterable

from calibration.errors import DataError


def as_labels(given: str | Iterable[str], what: str = "labels") -> tuple[str, ...]:
    """Labels from one label or several.

    Parameters
    ----------
    given : str or iterable of str
        A text is one label.
    what : str
        What they name, for the error.

    Raises
    ------
    DataError
        Something that is neither a text nor an iterable of texts.

    Examples
    --------
    >>> as_labels("CHN"), as_labels(["CHN", "USA"])
    (('CHN',), ('CHN', 'USA'))
    """
    if isinstance(given, str):
        return (given,)
    labels: tuple[object, ...] = tuple(given) if isinstance(given, Iterable) else (given,)
    for label in labels:
        if not isinstance(label, str):
            raise DataError(f"{what}: {label!r} is no label; give one text or several")
    return tuple(str(label) for label in labels)  # numpy's texts become plain ones


def is_capital(factor: str) -> bool:
    """Whether a factor is capital, by its label (``cap``, ``capital``, ``cap_foreign``)."""
    return factor.lower().startswith("cap")


def is_labour(factor: str) -> bool:
    """Whether a factor is labour, by its label (``skl``, ``unskl``, ``lab...``, ``... labor``)."""
    name = factor.lower()
    return name in ("skl", "unskl") or "lab" in name or "worker" in name
