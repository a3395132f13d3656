"""Tables of shocks: one CSV row a cell, columns named by the symbol's dims and one column that says the unit.

``percent``
    change of the power or index in per cent;
``rate``, ``rate_percent``
    the new ad valorem rate, as a fraction or in per cent;
``add``
    an amount, for levels that may have either sign.

A column ``note`` is for the reader of the file. Nothing is guessed: a cell given twice, a row with too many or too few
fields, an unknown column or a number that is none is refused with its line.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

from calibration.errors import nearest
from cge.errors import ShockError

TAX_KINDS = ("percent", "rate", "rate_percent")
IGNORED = ("note",)


@dataclass(frozen=True)
class ShockRow:
    """One row: its line in the file, its labels in the order of the dims, and its number."""

    line: int
    labels: tuple[str, ...]
    number: float


def read_shock_table(path: Path, dims: tuple[str, ...], *, signed: bool = False) -> tuple[str, list[ShockRow]]:
    """The kind of change and the rows of a table of shocks.

    Parameters
    ----------
    path : Path
    dims : tuple of str
        Columns that name the cell.
    signed : bool
        The symbol is a level of either sign: its column is ``add``.

    Raises
    ------
    ShockError
        The file is missing or no table of this form, with the line.
    """
    lines = _fields(path)
    line, header = lines[0]
    kinds = ("add",) if signed else TAX_KINDS
    known = (*dims, *kinds, *IGNORED)
    given = [k for k in kinds if k in header]
    if len(given) != 1 or any(d not in header for d in dims):
        needed = f"columns {', '.join(dims)} and one of {', '.join(kinds)}"
        raise ShockError(f"{path} needs {needed}; it has {', '.join(header) or 'none'}")
    for column in header:
        if column not in known:
            hint = f"{nearest(column, known)}; known: {', '.join(known)}"
            raise ShockError(f"{path} line {line}: unknown column {column!r}{hint}")
        if header.count(column) > 1:
            raise ShockError(f"{path} line {line}: column {column!r} is given twice")
    if len(lines) == 1:
        raise ShockError(f"{path} has a header but no shock")
    rows: list[ShockRow] = []
    seen: dict[tuple[str, ...], int] = {}
    for line, fields in lines[1:]:
        if len(fields) != len(header):
            raise ShockError(f"{path} line {line}: {len(fields)} fields, where the header has {len(header)}")
        row = dict(zip(header, fields, strict=True))
        labels = tuple(row[d] for d in dims)
        if labels in seen:
            raise ShockError(f"{path} line {line}: {' '.join(labels)} is shocked twice, first on line {seen[labels]}; keep one")
        seen[labels] = line
        rows.append(ShockRow(line, labels, _number(path, line, given[0], row[given[0]])))
    return given[0], rows


def _fields(path: Path) -> list[tuple[int, list[str]]]:
    """Lines that hold something, as fields without blanks around them; the first is the header."""
    if not path.is_file():
        raise ShockError(f"table of shocks {path} not found")
    try:
        text = path.read_text(encoding="utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines = [(reader.line_num, [f.strip() for f in fields]) for fields in reader if any(f.strip() for f in fields)]
    except UnicodeDecodeError as error:
        raise ShockError(f"{path} is not UTF-8 text (byte {error.start}); save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise ShockError(f"{path} is not CSV: {error}") from error
    except OSError as error:
        raise ShockError(f"{path} cannot be read: {error.strerror or error}") from error
    if not lines:
        raise ShockError(f"table of shocks {path} is empty")
    return lines


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in text:
        hint = "; decimals take a point, thousands no comma" if "," in text else ""
        raise ShockError(f"{path} line {line}: {column} is {text!r}, not a number{hint}")
    return number
