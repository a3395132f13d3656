r"""Evaluates the LaTeX that :mod:`cge.report.latex` prints, so that a page can be held to the equation that is solved.

Reads what the printer writes and nothing more: sums, products by ``\,``, fractions, powers of braced bases, cases,
``\exp``, ``\log``, ``\sqrt``, absolute values and indexed symbols.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import product

from cge.equations.declare import SET_OF_DIM
from cge.report.latex import LETTERS, symbol_latex

SET_OF_LETTER = {letter: name for name, letters in LETTERS.items() for letter in letters}


class LatexReader:
    """Reads the equations of one model.

    Parameters
    ----------
    sets : mapping
        Set name -> labels.
    dims : mapping
        Symbol -> dims.
    value : callable
        Symbol and labels -> number.
    """

    def __init__(
        self,
        sets: Mapping[str, Sequence[str]],
        dims: Mapping[str, Sequence[str]],
        value: Callable[[str, tuple[str, ...]], float],
    ) -> None:
        self.sets, self.dims, self.value = sets, dims, value
        self.names: dict[str, list[str]] = {}
        for name in dims:
            self.names.setdefault(symbol_latex(name), []).append(name)
        self.shown = sorted(self.names, key=len, reverse=True)

    def number(self, text: str, at: Mapping[str, str]) -> float:
        """The value of an expression; ``at`` gives the label each free letter stands for."""
        reading = _Reading(self, text, dict(at))
        out = reading.sum()
        assert reading.done(), f"left unread: {reading.rest()!r} of {text!r}"
        return out


class _Reading:
    def __init__(self, reader: LatexReader, text: str, at: dict[str, str]) -> None:
        self.reader, self.text, self.at, self.place = reader, text, at, 0

    # -- text ---------------------------------------------------------------------------------------
    def rest(self) -> str:
        return self.text[self.place :]

    def done(self) -> bool:
        return not self.rest().strip()

    def takes(self, *words: str) -> bool:
        """Move past the first of ``words`` that comes next, spaces apart."""
        while self.rest().startswith(" "):
            self.place += 1
        for word in words:
            if self.rest().startswith(word):
                self.place += len(word)
                return True
        return False

    def must(self, word: str) -> None:
        assert self.takes(word), f"{word!r} expected at {self.rest()!r}"

    def braced(self) -> str:
        """What stands between the next pair of braces."""
        self.must("{")
        depth, start = 1, self.place
        while depth:
            depth += {"{": 1, "}": -1}.get(self.text[self.place], 0)
            self.place += 1
        return self.text[start : self.place - 1]

    # -- grammar ------------------------------------------------------------------------------------
    def sum(self) -> float:
        out = -self.term() if self.takes("-") else self.term()
        while True:
            if self.takes("+"):
                out += self.term()
            elif self.takes("-"):
                out -= self.term()
            else:
                return out

    def term(self) -> float:
        if self.takes(r"\sum_"):
            letters = self.braced().split(",")
            start, out = self.place, 0.0
            held = dict(self.at)
            for labels in product(*(self.reader.sets[SET_OF_LETTER[x]] for x in letters)):
                self.place = start
                self.at = held | dict(zip(letters, labels, strict=True))
                out += self.term()
            self.at = held
            return out
        out = self.factor()
        while self.takes(r"\,"):
            out *= self.term() if self.rest().lstrip().startswith(r"\sum") else self.factor()
        return out

    def inside(self, text: str) -> float:
        return self.reader.number(text, self.at)

    def factor(self) -> float:
        if self.takes(r"\frac"):
            above = self.inside(self.braced())
            return above / self.inside(self.braced())
        if self.takes(r"\sqrt"):
            return math.sqrt(self.inside(self.braced()))
        if self.takes(r"\left("):
            return self.until(r"\right)")
        if self.takes(r"\left|"):
            return abs(self.until(r"\right|"))
        if self.takes(r"\exp\left("):
            return math.exp(self.until(r"\right)"))
        if self.takes(r"\log\left("):
            return math.log(self.until(r"\right)"))
        if self.takes(r"\begin{cases}"):
            return self.cases()
        if self.rest().lstrip().startswith("{"):
            base = self.inside(self.braced())
            self.must("^")
            return float(base ** self.inside(self.braced()))
        number = re.match(r"\s*(\d+(\.\d+)?(e[+-]?\d+)?)", self.rest())
        if number:
            self.place += number.end()
            return float(number.group(1))
        return self.symbol()

    def until(self, end: str) -> float:
        out = self.sum()
        self.must(end)
        return out

    def cases(self) -> float:
        first = self.sum()
        self.must("&")
        left = self.sum()
        self.must(r"\le")
        holds = left <= self.sum()
        self.must(r"\\")
        second = self.sum()
        self.must(r"& \text{otherwise}")
        self.must(r"\end{cases}")
        return first if holds else second

    def symbol(self) -> float:
        self.takes()
        rest = self.rest()
        shown = next((x for x in self.reader.shown if rest.startswith(x)), None)
        assert shown is not None, f"no symbol at {rest!r}"
        self.place += len(shown)
        letters = self.braced().split(",") if self.takes("_") else []
        labels = tuple(x[len(r"\mathrm{") : -1] if x.startswith(r"\mathrm") else self.at[x] for x in letters)
        fits = [n for n in self.reader.names[shown] if len(self.reader.dims[n]) == len(labels) and self.lawful(n, labels)]
        assert len(fits) == 1, f"{shown} stands for {fits or 'nothing'} at {letters}"
        return self.reader.value(fits[0], labels)

    def lawful(self, name: str, labels: tuple[str, ...]) -> bool:
        return all(x in self.reader.sets[SET_OF_DIM[d]] for x, d in zip(labels, self.reader.dims[name], strict=True))
