"""What figures a static run shows: each stated once as data, its numbers from :mod:`cge.report.findings`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from cge.errors import ModelError
from cge.figure import Figure
from cge.report import findings
from cge.results.static_run import StaticRun

LARGEST = 24
"""Regions of the figure of welfare: those that move most."""
SECTORS = 16
"""Commodities of a panel of output: those that move most."""


def of_run(run: StaticRun) -> Mapping[str, Callable[[], Figure | None]]:
    """The figures of a run by name, each made when it is asked for; None where the run has nothing to show in it.

    Those of its mechanisms (:meth:`cge.equations.declare.Mechanism.figures`) follow its own.

    Raises
    ------
    ModelError
        Two figures of one name.
    """
    own = {"welfare": welfare, "map": world, "parts": parts, "trade": trade, "output": output, "prices": prices}
    made: dict[str, Callable[[], Figure | None]] = {name: partial(state, run) for name, state in own.items()}
    for mechanism in run.base.model.mechanisms:
        for figure in mechanism.figures(run.base, run.after):
            if figure.name in made:
                raise ModelError(f"mechanism {type(mechanism).__name__} brings a figure {figure.name!r}, a name that is taken")
            made[figure.name] = partial(_same, figure)
    return made


def _same(figure: Figure) -> Figure:
    return figure


def welfare(run: StaticRun) -> Figure:
    """Welfare by region, with the range over studies of elasticities, and output in the regions that gain and lose most."""
    change = findings.welfare(run)["welfare"]
    told = change[change.abs().sort_values().index[-LARGEST:]].sort_values()
    few = "" if len(told) == len(change) else f"{len(told)} of {len(change)} regions, those that move most"
    lines = "" if run.ranges is None else "line: range over studies of elasticities"
    bars = Figure(
        name="welfare",
        kind="bars",
        title="Welfare",
        unit="% of income",
        frame=told.rename_axis("region"),
        ranges=None if run.ranges is None else run.ranges.loc[told.index],
        strong=tuple(r for r in run.members if r in told.index),
    )
    ends = dict.fromkeys((str(told.index[-1]), str(told.index[0])))
    panels = (bars, *(panel for region in ends if (panel := _output_of(run, region)) is not None))
    note = "; ".join(x for x in (few, lines) if x)
    return Figure(name="welfare", kind="panels", title="Who gains and who loses", note=note, panels=panels)


def _output_of(run: StaticRun, region: str) -> Figure | None:
    column = findings.by_commodity(run.comparison.percent("qo"))[region].dropna()
    if column.empty:
        return None
    column = column[column.abs().sort_values().index[-SECTORS:]].sort_values()
    return Figure(name=f"output-{region}", kind="bars", title=f"Output in {region}", unit="%", frame=column)


def world(run: StaticRun) -> Figure:
    """Welfare on the tile map."""
    change = findings.welfare(run)["welfare"]
    return Figure(name="map", kind="tiles", title="Welfare on the map", unit="% of income", frame=change)


def parts(run: StaticRun) -> Figure | None:
    """What each part of the policy gives the member whose welfare moves most; None where it has one part."""
    shares = run.contributions
    return None if shares is None else parts_of(shares, findings.told_region(run, shares))


def parts_of(shares: pd.DataFrame, region: str) -> Figure:
    """One region's welfare by part of the policy (:func:`cge.report.findings.contributions`)."""
    title = f"Welfare in {region}: what each part of the policy gives"
    return Figure(name="parts", kind="waterfall", title=title, unit="% of income", frame=shares.loc[region], digits=3)


def trade(run: StaticRun) -> Figure | None:
    """Change of bilateral trade among the largest traders; None where nobody trades with another."""
    change = findings.trade_change(run.comparison)
    return trade_of(change, 0) if np.isfinite(change.to_numpy()).any() else None


def trade_of(change: pd.DataFrame, digits: int) -> Figure:
    """Change of bilateral trade, exporters in rows (:func:`cge.report.findings.trade_change`)."""
    unit = "% of volume at benchmark prices"
    title = "Change of trade among the largest traders"
    return Figure(name="trade", kind="heat", title=title, unit=unit, frame=change, digits=digits)


def output(run: StaticRun) -> Figure:
    """Change of output by commodity, in the regions that move most."""
    return output_of(findings.output_change(run))


def output_of(change: pd.DataFrame) -> Figure:
    """Change of output, commodities in rows."""
    return Figure(name="output", kind="heat", title="Change of output", unit="%", frame=change, digits=1)


def prices(run: StaticRun) -> Figure:
    """Change of consumer, investment and factor prices against the numeraire."""
    title = "Change of prices against world factor prices"
    return Figure(name="prices", kind="heat", title=title, unit="%", frame=findings.price_change(run))
