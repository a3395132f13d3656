"""A generic change of import tariffs by origin, destination and commodity."""

from __future__ import annotations

from collections.abc import Iterable

from policies.policy import InstrumentChange, Policy


def tariff_change(
    *,
    sources: Iterable[str] | None = None,
    destinations: Iterable[str] | None = None,
    commodities: Iterable[str] | None = None,
    points: float | None = None,
    to: float | None = None,
    times: float | None = None,
    name: str = "tariff-change",
    title: str = "Change of import tariffs",
) -> Policy:
    """Change tariffs on the chosen flows (all where a dim is not named).

    Parameters
    ----------
    sources, destinations, commodities : iterable of str, optional
        Labels of the benchmark.
    points : float, optional
        Percentage points to add, e.g. 25.
    to : float, optional
        New rate in per cent.
    times : float, optional
        Factor on the rate, e.g. 0.5 to halve, 0 to remove.
    name, title : str
        For tables and figures.

    Examples
    --------
    >>> tariff_change(sources=["CHN"], destinations=["USA"], points=25).instruments[0].rate_add
    0.25
    """
    where: dict[str, str | tuple[str, ...]] = {
        d: tuple(labels) for d, labels in (("s", sources), ("d", destinations), ("i", commodities)) if labels is not None
    }
    change = InstrumentChange(
        instrument="tms",
        where=where,
        among=True,
        rate_add=None if points is None else points / 100,
        rate_to=None if to is None else to / 100,
        rate_times=times,
    )
    return Policy(name=name, title=title, instruments=(change,))


if __name__ == "__main__":
    from policies.cli import run_script

    run_script("tariff-change")
