"""Shocks in GTAP's words: ``tm=+10%``, ``tms[manuf,CHN,USA]=-50%``, ``aoall[ele,CHN]=+2%``.

What may be shocked is everything exogenous: instruments, and variables that a swap made so. Units are explicit:

``+10%``
    a change in per cent: of the power of a tax, of a quantity or productivity index, as in GEMPACK's shock statements;
``rate 25%``, ``rate 0.25``
    the ad valorem rate of a tax becomes 25 per cent (a bare rate above 5 is refused: ``rate 25`` would be 2,500 %);
``+1000``
    an amount, in the symbol's unit, added to a level that may have either sign (``fsav``, ``del_tbalry``).

Names are those of swaps too (:data:`cge.gtap.names.NAMES`): after ``dpsave(USA) = del_tbalry(USA)`` the shock
``del_tbalry[USA]=+0.1`` improves the balance by a tenth of a per cent of world income.

Several shocks are parted by ``;``. As in GEMPACK each component is shocked once: two shocks that meet are refused, whether
they name the symbol itself, a uniform one (``tm`` is ``tms`` from every source) or a table. A table of shocks is given
as ``tms=@cuts.csv`` (:mod:`cge.gtap.shock_table`). A shock to a power is taken as it stands, so ``tms=-20%`` may make an
import subsidy, as in GEMPACK; :func:`cge.model.shock.remarks` tells where.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from calibration.errors import nearest
from cge.errors import ShockError
from cge.gtap.names import NAMES
from cge.gtap.shock_table import read_shock_table
from cge.model import Model
from cge.model.reach import reached_cells
from cge.model.shock import Levels, as_changes, exogenous_names, require_exogenous, touches

ALIASES = {
    "tm": ("tms", ("i", "d")),
    "tx": ("txs", ("i", "s")),
    "aoall": ("ao", ("a", "r")),
    "afeall": ("afe", ("f", "a", "r")),
    "atm": ("atmfsd", ("m",)),
    "atf": ("atmfsd", ("i",)),
    "ats": ("atmfsd", ("s",)),
    "atd": ("atmfsd", ("d",)),
    "avaall": ("ava", ("a", "r")),
    "aintall": ("aint", ("a", "r")),
    "afall": ("afa", ("i", "a", "r")),
}
"""GTAP instruments that are uniform over a dim of the stored one: name -> (instrument, dims it is indexed by)."""

LARGEST_BARE_RATE = 5.0
"""A rate above this without a per cent sign (500 %) is taken for per cent that lacks its sign, and refused."""

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_STATEMENT = re.compile(rf"^\s*(\w+)\s*(?:\[([^\]]*)\])?\s*=\s*(rate\s+)?({_NUMBER})\s*(%?)\s*$", re.ASCII)
_TABLE = re.compile(r"^\s*(\w+)\s*=\s*@(.+?)\s*$")
_EXAMPLE = "write for example tm=+10% or tms[manuf,CHN,USA]=rate 25%"


@dataclass(frozen=True)
class _Statement:
    """One shock: the symbol, the cells it names, and their final values (full arrays)."""

    text: str
    symbol: str
    cells: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class GtapShock:
    """One or several shocks as text; a :class:`cge.model.shock.ExactShock`.

    Attributes
    ----------
    text : str
        Statements parted by ``;``, as the module describes.
    """

    text: str

    @property
    def name(self) -> str:
        """The text itself."""
        return self.text

    def levels(self, model: Model, origin: Levels | None = None) -> Mapping[str, xr.DataArray]:
        """Final values by symbol; dims as the model's.

        Parameters
        ----------
        model : Model
        origin : mapping, optional
            Levels that percentages and amounts act on, full arrays; default the benchmark's.

        Raises
        ------
        ShockError
            The text is not understood, names an unknown symbol or element or a flow that does not exist, or shocks a
            component twice.
        """
        reached: dict[str, np.ndarray] = {}
        shocked: dict[str, list[_Statement]] = {}
        start = model.benchmark_values if origin is None else origin
        for statement in self._statements(model, start):
            symbol, cells = statement.symbol, statement.cells
            for earlier in shocked.get(symbol, []):
                twice = cells & earlier.cells
                if twice.any():
                    cell = model.label(symbol, int(np.flatnonzero(twice)[0]))
                    raise ShockError(
                        f"{symbol} of {cell} is shocked twice, by {earlier.text!r} and by {statement.text!r}: each component "
                        "takes one shock, as in GEMPACK; leave the cell out of one of them"
                    )
            if not touches(model, symbol, cells):
                raise ShockError(
                    f"{statement.text!r} names no flow of benchmark {model.benchmark.name!r}: {symbol} is read in none of "
                    "its cells; drop it or name other elements"
                )
            shocked.setdefault(symbol, []).append(statement)
            reached[symbol] = np.where(cells, statement.values, reached.get(symbol, start[symbol]))
        return {symbol: model.labelled(symbol, values) for symbol, values in reached.items()}

    def changes(self, model: Model) -> Mapping[str, xr.DataArray]:
        """Factors on the benchmark (amounts for signed symbols) by symbol; see :class:`cge.model.shock.Shock`."""
        return as_changes(model, self.levels(model))

    def remarks(self, model: Model) -> list[str]:
        """Cells of tables that hold no flow, so that their shock moves nothing."""
        told = []
        for statement in self._statements(model, model.benchmark_values):
            if _TABLE.match(statement.text) is None:
                continue
            empty = statement.cells & ~reached_cells(model, statement.symbol)
            if empty.any():
                first = model.label(statement.symbol, int(np.flatnonzero(empty)[0]))
                told.append(
                    f"{statement.text}: {int(empty.sum())} of {int(statement.cells.sum())} cells hold no flow, first {first}."
                )
        return told

    def _statements(self, model: Model, start: Levels) -> list[_Statement]:
        if not isinstance(self.text, str):
            raise ShockError(f"GtapShock takes a text such as 'tm=+10%', not {type(self.text).__name__}")
        parts = [part.strip() for part in self.text.split(";") if part.strip()]
        if not parts:
            raise ShockError("the shock is empty; write for example tm=+10%")
        return [_statement(model, part, start) for part in parts]


def _statement(model: Model, text: str, start: Levels) -> _Statement:
    """Read one shock."""
    tabled = _TABLE.match(text)
    if tabled:
        symbol, dims = _symbol(model, tabled.group(1))
        return _tabled(model, text, symbol, dims, Path(tabled.group(2)), start)
    match = _STATEMENT.match(text)
    if match is None:
        raise ShockError(f"cannot read the shock {text!r}; {_EXAMPLE}")
    given, index, rate, number, percent = match.groups()
    symbol, dims = _symbol(model, given)
    words = [w.strip() for w in index.split(",")] if index is not None else ["*"] * len(dims)
    if index is not None and not index.strip() and not dims:
        words = []
    if len(words) != len(dims):
        raise ShockError(f"{given} has dims {' '.join(dims)}; {text!r} gives {len(words)} labels (* means all)")
    cells = np.ones(model.shape(symbol), dtype=bool)
    for d, word in zip(dims, words, strict=True):
        if word != "*":
            cells &= _along(model, symbol, d, _find(word, model.labels(d), d))
    amount = float(number)
    if rate:
        values = np.full(cells.shape, 1.0 + _rate(model, symbol, given, amount, bool(percent), repr(text)))
    else:
        values = _moved(model, symbol, amount, bool(percent), text, start[symbol])
    return _Statement(text, symbol, cells, values)


def _symbol(model: Model, given: str) -> tuple[str, tuple[str, ...]]:
    """The stored symbol of a name, and the dims that the name is indexed by."""
    exogenous = exogenous_names(model)
    folded = {**{g: n for g, n in NAMES.items() if n in exogenous}, **{n.lower(): n for n in exogenous}}
    other = NAMES.get(given.lower(), given)  # a GTAP name of what is endogenous here is named as such
    symbol, dims = ALIASES.get(given.lower(), (folded.get(given.lower(), other), None))
    if symbol not in model.symbols and symbol not in model.definitions:
        raise ShockError(f"unknown instrument {given!r}{nearest(given, [*folded, *ALIASES])}")
    require_exogenous(model, symbol, f"shock of {given}")
    return symbol, dims or model.symbols[symbol].dims


def _find(word: str, labels: list[str], dim: str) -> int:
    """Position of a label, its case aside where that leaves one label."""
    if word in labels:
        return labels.index(word)
    same = [k for k, label in enumerate(labels) if label.lower() == word.lower()]
    if len(same) > 1:
        raise ShockError(f"{word!r} may be {' or '.join(labels[k] for k in same)} in dim {dim}; write it in its own case")
    if not same:
        raise ShockError(f"{word!r} is not in dim {dim}{nearest(word, labels)}")
    return same[0]


def _along(model: Model, symbol: str, dim: str, place: int) -> np.ndarray:
    """True where a symbol's cells lie at a place of one dim."""
    dims = model.symbols[symbol].dims
    line = np.arange(len(model.labels(dim))) == place
    return np.asarray(line.reshape([-1 if d == dim else 1 for d in dims]))


def _rate(model: Model, symbol: str, given: str, number: float, percent: bool, where: str) -> float:
    """A new ad valorem rate as a fraction."""
    if not model.symbols[symbol].unit.startswith("power"):
        raise ShockError(f"{given} is not a tax; change it by a percentage")
    if not percent and abs(number) > LARGEST_BARE_RATE:
        raise ShockError(
            f"{where}: a rate of {number:g} is {100 * number:,.10g} per cent; write rate {number:g}% for {number:g} per cent "
            f"(or rate {100 * number:.10g}%, if that is meant)"
        )
    return number / 100 if percent else number


def _moved(model: Model, symbol: str, number: float, percent: bool, where: str, base: np.ndarray) -> np.ndarray:
    """A level changed by a percentage, or by an amount where it may have either sign."""
    if model.symbols[symbol].signed:
        if percent:
            raise ShockError(
                f"{where!r}: {symbol} is a level that may be zero or negative ({model.symbols[symbol].unit}); "
                f"give the amount to add, as {symbol}=+1"
            )
        return np.asarray(base + number)
    if not percent:
        tax = " or a rate (tms=rate 10%)" if model.symbols[symbol].unit.startswith("power") else ""
        raise ShockError(f"{where!r}: give a percentage (tm=+10%){tax}")
    return np.asarray(base * (1.0 + number / 100.0))


def _tabled(model: Model, text: str, symbol: str, dims: tuple[str, ...], path: Path, start: Levels) -> _Statement:
    """Shocks of one symbol from a table; one row a cell (or a group of cells, for a uniform symbol)."""
    cells, values = np.zeros(model.shape(symbol), dtype=bool), np.array(start[symbol])
    kind, rows = read_shock_table(path, dims, signed=model.symbols[symbol].signed)
    for row in rows:
        chosen = np.ones(cells.shape, dtype=bool)
        for d, label in zip(dims, row.labels, strict=True):
            if label not in model.labels(d):
                raise ShockError(f"{path} line {row.line}: {label!r} is not in dim {d}{nearest(label, model.labels(d))}")
            chosen &= _along(model, symbol, d, model.labels(d).index(label))
        where = f"{path} line {row.line}"
        if kind in ("rate", "rate_percent"):
            new = np.full(cells.shape, 1.0 + _rate(model, symbol, symbol, row.number, kind == "rate_percent", where))
        else:
            new = _moved(model, symbol, row.number, kind == "percent", where, start[symbol])
        cells |= chosen
        values[chosen] = new[chosen]
    return _Statement(text, symbol, cells, values)
