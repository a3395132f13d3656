"""Small CSV tables that users write (maps, tariffs, elasticities, growth): read alike, and strictly.

A table has one header row; what follows a ``#`` at the start of a line or behind a blank is a comment. Every cell is
kept as the text it is, with the line it stands on, so that a message names file, line and cell. Nothing is guessed: a
label is the text between two commas, ``NA`` is a label, an empty cell is not a number, and a row of another length than
the header is refused.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from calibration.errors import DataError, nearest
from calibration.parse import doubled, reading, require_file


@dataclass(frozen=True)
class UserTable:
    """Cells as text.

    Attributes
    ----------
    path : Path
    columns : tuple of str
        The header.
    rows : tuple of tuple of str
    lines : tuple of int
        Line of the file on which each row begins.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def at(self, row: int) -> str:
        """File and line of a row, for messages."""
        return f"{self.path} line {self.lines[row]}"

    def column(self, name: str) -> list[str]:
        """The cells of a column."""
        k = self.columns.index(name)
        return [row[k] for row in self.rows]

    def numbers(self, name: str) -> list[float]:
        """The cells of a column as finite numbers.

        Raises
        ------
        DataError
            A cell is empty, text, or not finite; the line is named.
        """
        values = []
        for row, text in enumerate(self.column(name)):
            try:
                value = float(text)
            except ValueError:
                value = math.nan
            if not math.isfinite(value) or "_" in text:
                kind = "is empty" if not text else f"{text!r} is not a number"
                raise DataError(f"{self.at(row)}: column {name} {kind}; write a plain number such as 0.125")
            values.append(value)
        return values

    def require(self, wanted: Iterable[str]) -> None:
        """Raise where a column is missing."""
        for name in wanted:
            if name not in self.columns:
                hint = nearest(name, self.columns)
                raise DataError(f"{self.path} lacks the column {name}{hint}; it has {', '.join(map(repr, self.columns))}")

    def allow(self, known: Collection[str]) -> None:
        """Raise where a column is not one of ``known``."""
        for name in self.columns:
            if name not in known:
                raise DataError(f"{self.path}: unknown column {name!r}{nearest(name, known)}; known: {', '.join(known)}")

    def require_labels(self, name: str, known: Collection[str], what: str) -> None:
        """Raise where a cell of a column is no label of ``known``; the line and the nearest label are named."""
        for row, label in enumerate(self.column(name)):
            if label not in known:
                raise DataError(f"{self.at(row)}: {label!r} is no {what}{nearest(label, known)}")

    def require_once(self, names: tuple[str, ...], said: str = "{key!r} has a row already") -> None:
        """Raise where two rows have the same key; ``said`` is the complaint, of ``key``."""
        seen: dict[tuple[str, ...], int] = {}
        picks = [self.columns.index(name) for name in names]
        for row, cells in enumerate(self.rows):
            key = tuple(cells[k] for k in picks)
            if key in seen:
                first = self.lines[seen[key]]
                raise DataError(f"{self.at(row)}: {said.format(key=' '.join(key))} (line {first}); keep one")
            seen[key] = row


def read_user_table(path: str | Path, what: str, remedy: str = "give a csv file") -> UserTable:
    """Read one table.

    Parameters
    ----------
    path : path
        UTF-8 text, comma separated.
    what : str
        What the table is, for messages.
    remedy : str
        What to give instead, where the file is missing.

    Raises
    ------
    DataError
        Missing, not UTF-8, empty, a header that repeats a column, or a row of another length than the header.
    """
    path = require_file(path, what, remedy)
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    with reading(path, what), path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True, skipinitialspace=True)
        before = 0
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if any("\x00" in cell for cell in cells):
                raise DataError(f"{path} line {line} holds a zero byte; it is not a {what}; save it as CSV UTF-8")
            rows.append(_without_comment(cells))
            lines.append(line)
    if not rows:
        raise DataError(f"{path} is empty; it should be a {what}")
    header, body = rows[0], rows[1:]
    twice = doubled([name for name in header if name])
    if twice is not None:
        raise DataError(f"{path}: the header gives the column {twice!r} twice; keep one")
    if not body:
        raise DataError(f"{path} holds a header and no rows; it should be a {what}")
    for row, line in zip(body, lines[1:], strict=True):
        if len(row) != len(header):
            hint = ""
            if len(header) == 1 and ";" in header[0]:
                hint = "; columns are parted by commas, not semicolons"
            raise DataError(f"{path} line {line} has {len(row)} cells, the header {len(header)}{hint}; repair that line")
    return UserTable(path, header, tuple(body), tuple(lines[1:]))


def _without_comment(cells: list[str]) -> tuple[str, ...]:
    """Cells without blanks around them, up to a comment."""
    kept: list[str] = []
    for cell in cells:
        text, mark, _ = cell.partition(" #")
        kept.append(text.strip())
        if mark:
            break
    return tuple(kept)
