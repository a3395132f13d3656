"""A figure that a run shows: stated once as data with title, unit and words, drawn for print, screen, pages and files alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from calibration.errors import nearest
from cge.errors import ModelError

KINDS: dict[str, str] = {
    "bars": "one number a label, as horizontal bars; the frame has one column",
    "heat": "a table as coloured cells with their numbers; a cell without a value is NaN",
    "waterfall": "parts that add up to the last label, 'total'; one column",
    "tiles": "the world as tiles, one number an economy; one column, NaN where there is no value",
    "lines": "one line a column against a rising number in the index",
    "sankey": "flows from the index to the columns, before and after",
    "shares": "what a whole of 100 per cent is made of, before and after; a column a component",
    "panels": "bars or lines side by side, each with its own title and unit",
}
"""What the drawers know (:mod:`cge.report.draw`), and what the frame of each holds."""
_OPTIONS: dict[str, tuple[str, ...]] = {
    "after": ("sankey", "shares"),
    "ranges": ("bars",),
    "strong": ("bars", "lines"),
    "marks": ("lines",),
    "panels": ("panels",),
}
_MAY_LACK = ("heat", "tiles")
_ONE_COLUMN = ("bars", "waterfall", "tiles")
GAP = 1e-3
"""What the parts of a waterfall may miss its total by, over the sum of their sizes: parts are integrated along a path."""


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure as data.

    Attributes
    ----------
    name : str
        Its file, short and without blanks.
    kind : str
        One of :data:`KINDS`.
    title : str
        What is shown, without the unit.
    unit : str
        Of every number in it (``"% of income"``); empty for panels, which have their own.
    frame : DataFrame or Series
        Labels in its index and columns, named by what they are; a series is one column. Empty for panels.
    text : str
        What it shows to those who cannot see it; made of the numbers where it is not given.
    digits : int
        Shown after the point.
    note : str
        Small print.
    after : DataFrame, optional
        Of ``sankey`` and ``shares``: the same labels after the change.
    ranges : DataFrame, optional
        Of ``bars``: labels by study; a line is drawn from the lowest to the highest.
    strong : tuple of str
        Labels of ``bars`` or ``lines`` that stand out.
    marks : mapping of str to float
        Of ``lines``: places along the index that are marked.
    panels : tuple of Figure
        Of ``panels``.

    Raises
    ------
    ModelError
        An unknown kind, no title or unit, a frame that does not fit the kind, a number that is not finite, an option that
        belongs to another kind.
    """

    name: str
    kind: str
    title: str
    unit: str = ""
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    text: str = ""
    digits: int = 2
    note: str = ""
    after: pd.DataFrame | None = None
    ranges: pd.DataFrame | None = None
    strong: tuple[str, ...] = ()
    marks: Mapping[str, float] = field(default_factory=dict)
    panels: tuple[Figure, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", self.name):
            raise ModelError(f"a figure's name is its file: letters, digits, _ and -, not {self.name!r}")
        if self.kind not in KINDS:
            raise self._error(f"unknown kind {self.kind!r}{nearest(self.kind, KINDS)} known: {', '.join(KINDS)}")
        for what, kinds in _OPTIONS.items():
            given = getattr(self, what)
            if self.kind not in kinds and given is not None and len(given):
                raise self._error(f"{what} belongs to {' and '.join(kinds)}, not to {self.kind}")
        if not self.title.strip():
            raise self._error("it has no title")
        if self.kind == "panels":
            self._check_panels()
        else:
            object.__setattr__(self, "frame", self._numbers(self.frame, "frame"))
            self._check_frame()
        object.__setattr__(self, "text", self.text or words_of(self))

    def _error(self, why: str) -> ModelError:
        return ModelError(f"figure {self.name!r}: {why}")

    def _check_panels(self) -> None:
        if not self.panels:
            raise self._error("panels hold at least one figure")
        if len(self.frame) or self.unit:
            raise self._error("the numbers and units of panels stand in each of them")
        wrong = [p.name for p in self.panels if p.kind not in ("bars", "lines")]
        if wrong:
            raise self._error(f"panels are bars or lines; {', '.join(wrong)} is neither")

    def _numbers(self, given: Any, what: str) -> pd.DataFrame:
        """The frame as numbers, refused where a label stands twice or a cell is no number."""
        frame = given.to_frame() if isinstance(given, pd.Series) else given
        if frame.empty:
            raise self._error(f"its {what} is empty")
        for axis in (frame.index, frame.columns):
            if axis.has_duplicates:
                raise self._error(f"label {axis[axis.duplicated()][0]!r} stands twice in its {what}")
        try:
            frame = frame.astype(float)
        except (TypeError, ValueError) as error:
            raise self._error(f"its {what} holds what is no number ({error})") from None
        values = frame.to_numpy()
        bad = np.isinf(values) if self.kind in _MAY_LACK else ~np.isfinite(values)
        if bad.any():
            i, j = np.argwhere(bad)[0]
            raise self._error(f"{values[i, j]} at {frame.index[i]!r}, {frame.columns[j]!r} of its {what} cannot be drawn")
        return frame

    def _check_frame(self) -> None:
        if not self.unit.strip():
            raise self._error("it has no unit; write 'index, 1 at the benchmark' where the numbers are plain ratios")
        frame = self.frame
        if self.kind in _ONE_COLUMN and frame.shape[1] != 1:
            raise self._error(f"{self.kind} show one column, and its frame has {frame.shape[1]}")
        if self.kind == "waterfall":
            self._check_total()
        if self.kind == "lines" and not (
            pd.api.types.is_numeric_dtype(frame.index) and (np.diff(frame.index.to_numpy(dtype=float)) > 0).all()
        ):
            raise self._error("lines run along a rising number in the index, as years")
        if self.kind in ("sankey", "shares"):
            self._check_pair()
        if self.ranges is not None:
            lacking = [str(x) for x in frame.index if x not in self.ranges.index]
            if lacking:
                raise self._error(f"its ranges lack {', '.join(lacking[:5])}")
            object.__setattr__(self, "ranges", self._numbers(self.ranges.loc[frame.index], "ranges"))
        labels = [str(x) for x in (frame.columns if self.kind == "lines" else frame.index)]
        for label in self.strong:
            if label not in labels:
                raise self._error(f"no label {label!r} to stand out{nearest(label, labels)}")

    def _check_total(self) -> None:
        values = self.frame.iloc[:, 0]
        if str(values.index[-1]) != "total" or len(values) < 2:
            raise self._error("the last label of a waterfall is 'total', after its parts")
        gap = abs(values.iloc[:-1].sum() - values.iloc[-1])
        if gap > GAP * values.iloc[:-1].abs().sum():
            raise self._error(f"its parts sum to {values.iloc[:-1].sum():.6g}, its total is {values.iloc[-1]:.6g}")

    def _check_pair(self) -> None:
        if self.after is None:
            raise self._error(f"{self.kind} show before and after; give after")
        after = self._numbers(self.after, "frame after")
        if not (after.index.equals(self.frame.index) and after.columns.equals(self.frame.columns)):
            raise self._error("before and after have different labels")
        object.__setattr__(self, "after", after)
        for state, frame in (("before", self.frame), ("after", after)):
            if (frame.to_numpy() < 0).any():
                raise self._error(f"{self.kind} are of amounts, and one is negative {state}")
            between = frame.to_numpy()[np.not_equal.outer(frame.index.astype(str), frame.columns.astype(str))]
            if self.kind == "sankey" and state == "before" and not (between > 0).any():
                raise self._error("nothing flows from one to another")
            if self.kind == "shares" and (frame.sum(axis=1) - 100).abs().max() > 1e-6:
                row = (frame.sum(axis=1) - 100).abs().idxmax()
                raise self._error(f"shares of {row!r} sum to {frame.loc[row].sum():.6g} {state}, not to 100")

    @property
    def heading(self) -> str:
        """Title and unit, as they stand above it."""
        return f"{self.title}, {self.unit}" if self.unit else self.title

    @property
    def series(self) -> pd.Series:
        """The one column of bars, waterfalls and tiles."""
        return self.frame.iloc[:, 0]

    @property
    def change_unit(self) -> str:
        """Unit of :attr:`change`."""
        return "percentage points" if self.kind == "shares" else "%"

    @property
    def change(self) -> pd.DataFrame:
        """From before to after: of ``shares`` the difference, of ``sankey`` in per cent (NaN where nothing was before)."""
        if self.after is None:
            raise self._error(f"{self.kind} have no after")
        if self.kind == "shares":
            return self.after - self.frame
        return 100 * (self.after / self.frame.where(self.frame > 0) - 1)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, for JSON; a cell without a value is None."""
        plain: dict[str, Any] = {n: getattr(self, n) for n in ("name", "kind", "title", "unit", "text", "digits", "note")}
        if self.kind == "panels":
            return plain | {"panels": [p.to_dict() for p in self.panels]}
        plain["frame"] = _plain(self.frame)
        for name in ("after", "ranges"):
            frame = getattr(self, name)
            if frame is not None:
                plain[name] = _plain(frame)
        if self.strong:
            plain["strong"] = list(self.strong)
        if self.marks:
            plain["marks"] = {k: float(v) for k, v in self.marks.items()}
        return plain

    def __repr__(self) -> str:
        return f"Figure {self.name} ({self.kind}): {self.heading}"


def made(figures: Mapping[str, Callable[[], Figure | None]]) -> list[Figure]:
    """Figures that are made when they are asked for, without those that have nothing to show."""
    return [figure for make in figures.values() if (figure := make()) is not None]


def _plain(frame: pd.DataFrame) -> dict[str, Any]:
    rows = [[float(v) if np.isfinite(v) else None for v in row] for row in frame.to_numpy()]
    along = [x.item() if hasattr(x, "item") else x for x in frame.index]
    return {
        "rows": str(frame.index.name or ""),
        "columns": str(frame.columns.name or ""),
        "index": along,
        "labels": list(map(str, frame.columns)),
        "values": rows,
    }


def words_of(figure: Figure) -> str:
    """What a figure shows, made of its numbers: what it is of, its largest and smallest values."""
    if figure.kind == "panels":
        return f"{figure.title}. " + " ".join(p.text for p in figure.panels)
    number = f"{{:+,.{figure.digits}f}}".format
    frame = figure.frame
    if figure.kind == "waterfall":
        parts, total = figure.series.iloc[:-1], figure.series.iloc[-1]
        told = ", ".join(f"{k} {number(v)}" for k, v in parts.items())
        return f"Waterfall of {figure.heading}: {told}; total {number(total)}."
    if figure.kind == "lines":
        first, final, end = frame.index[0], frame.index[-1], frame.iloc[-1]
        along = f"by {frame.index.name or 'step'} from {first:g} to {final:g}"
        return f"Lines of {figure.heading}, {along}; at the end {_ends(end, number)}."
    if figure.kind == "shares":
        told = ", ".join(f"{k} {frame[k].min():.0f} to {frame[k].max():.0f}" for k in frame.columns)
        moved = figure.change.stack().dropna()
        row, component = moved.abs().idxmax()
        by = f"{number(moved[row, component])} {figure.change_unit}"
        return f"Shares: {figure.heading}: {told}; most changed: {component} in {row}, {by}."
    cells = frame.stack().dropna()
    if figure.kind == "sankey":
        foreign = cells[[o != d for o, d in cells.index]]
        flow = foreign if len(foreign) else cells
        (origin, to), moved = flow.idxmax(), figure.change
        by = f"{moved.loc[origin, to]:+.2f} {figure.change_unit}"
        return f"Flows: {figure.heading}: largest {origin} to {to}, {flow.max():,.0f}, which changes by {by}."
    what = {"bars": "Bars", "heat": "Table of coloured cells", "tiles": "Tiles of the world's economies"}[figure.kind]
    if figure.kind == "heat":
        cells.index = pd.Index([f"{row}, {column}" for row, column in cells.index])
        axes = f" ({frame.index.name or 'rows'} by {frame.columns.name or 'columns'})"
    else:
        cells, axes = figure.series.dropna(), ""
    return f"{what}: {figure.heading}{axes}: {_ends(cells, number)}."


def _ends(values: pd.Series, number: Any) -> str:
    if values.empty:
        return "no value"
    if len(values) == 1:
        return f"{values.index[0]} {number(values.iloc[0])}"
    low, high = values.idxmin(), values.idxmax()
    return f"largest {high} {number(values[high])}, smallest {low} {number(values[low])}"
