"""A generic change of import tariffs by origin, destination and commodity."""

from __future__ import annotations

import math
from collections.abc import Iterable

from calibration.labels import as_labels
from cge.catalogue import Question
from cge.errors import ShockError
from cge.policy.policy import InstrumentChange, Policy

__all__ = ["QUESTION", "free_trade", "tariff_change"]


def tariff_change(
    *,
    sources: str | Iterable[str] | None = None,
    destinations: str | Iterable[str] | None = None,
    commodities: str | Iterable[str] | None = None,
    points: float | None = None,
    to: float | None = None,
    times: float | None = None,
    name: str = "tariff-change",
    title: str = "Change of import tariffs",
) -> Policy:
    """Change tariffs on the chosen flows (all where a dim is not named).

    Parameters
    ----------
    sources, destinations, commodities : str or iterable of str, optional
        Labels of the benchmark; a text is one label.
    points : float, optional
        Percentage points to add, e.g. 25.
    to : float, optional
        New rate in per cent, e.g. 60; negative for a subsidy.
    times : float, optional
        Factor on the rate, e.g. 0.5 to halve, 0 to remove.
    name, title : str
        For tables and figures.

    Raises
    ------
    ShockError
        Not exactly one of ``points``, ``to`` and ``times``, or one that is not finite.
    DataError
        A label that is no text.

    Examples
    --------
    >>> tariff_change(sources=["CHN"], destinations=["USA"], points=25).instruments[0].rate_add
    0.25
    """
    given = {k: v for k, v in (("points", points), ("to", to), ("times", times)) if v is not None}
    if len(given) != 1 or not all(isinstance(v, (int, float)) and math.isfinite(v) for v in given.values()):
        held = ", ".join(f"{k}={v!r}" for k, v in given.items()) or "none"
        raise ShockError(f"{name}: give one finite number as points, to (both in per cent) or times, not {held}")
    named = {"s": ("sources", sources), "d": ("destinations", destinations), "i": ("commodities", commodities)}
    where: dict[str, str | tuple[str, ...]] = {}
    for dim, (what, labels) in named.items():
        if labels is not None:
            where[dim] = as_labels(labels, what)
            if not where[dim]:
                raise ShockError(f"{name}: {what} names no label; leave it out to mean all")
    if to is not None and to <= -100:
        raise ShockError(f"{name}: a rate of {to:g} % makes the power of the tariff zero or negative")
    change = InstrumentChange(
        instrument="tms",
        where=where,
        among=True,
        rate_add=None if points is None else points / 100,
        rate_to=None if to is None else to / 100,
        rate_times=times,
    )
    return Policy(name=name, title=title, instruments=(change,))


def free_trade() -> Policy:
    """Every import duty removed."""
    return tariff_change(times=0.0, name="free-trade", title="Removal of every import duty")


QUESTION = Question.of("free-trade", free_trade, "Removal of every import duty")
