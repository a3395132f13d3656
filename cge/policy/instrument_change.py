"""One change of one instrument: which cells, what kind, how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, field_validator, model_validator

from cge.equations.declare import Symbol
from cge.errors import ShockError
from cge.policy.stated import Stated

if TYPE_CHECKING:
    from calibration.benchmark import Benchmark

MEMBERS = "@members"
"""In ``where``: the policy's members that are regions of the benchmark."""


class InstrumentChange(Stated):
    """One change of one instrument, made on the value that earlier changes of the policy reached.

    Exactly one of ``rate_to`` (the ad valorem rate becomes this, whatever it was), ``rate_times`` (the rate is
    multiplied), ``rate_add`` (percentage points over 100 are added), ``factor`` (the power or index is multiplied) and
    ``add`` (an amount is added to a signed instrument). Rates are fractions: 0.25 is 25 per cent.

    Attributes
    ----------
    instrument : str
        GTAP symbol such as ``tms``.
    where : dict
        Dim letter -> labels, or ``"@members"``; dims not named mean all labels.
    among : bool
        Leave out a region's trade with itself.
    scale : float
        Share of the way to go, from the value reached so far to the one the change would give: half of ``rate_to: 0.6``
        on a duty of 10 per cent is 35 per cent.
    partial : bool
        A grouped region takes part with the share of its GDP that lies in members (``Benchmark.groups``);
        by default only regions whose economies are all members do.
    optional : bool
        Leave the change out, and say so, where the benchmark lacks a label it names or holds no flow for it.
    subsidy : bool
        The change may bring the power of a tax below 1, where the benchmark has no subsidy. A negative ``rate_to`` asks
        for one outright; any other change that would make one is refused without this.
    note : str
        What the number is and where it comes from.
    """

    instrument: str
    where: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    among: bool = False
    rate_to: float | None = None
    rate_times: float | None = None
    rate_add: float | None = None
    factor: float | None = None
    add: float | None = None
    scale: float = 1.0
    partial: bool = False
    optional: bool = False
    subsidy: bool = False
    note: str = ""

    @field_validator("rate_to", "rate_times", "rate_add", "factor", "add", "scale", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        if isinstance(value, (bool, np.bool_)):
            raise ValueError(f"a number is needed, not {str(value).lower()}")
        if isinstance(value, str) and value.strip().endswith("%"):
            raise ValueError(f"{value!r} is no number; rates are fractions, 25 % is 0.25")
        return value

    @field_validator("where", mode="before")
    @classmethod
    def _named_cells(cls, where: object) -> object:
        if not isinstance(where, Mapping):
            raise ValueError(f"cells are named by dim, as where={{'r': 'USA'}} or {{'s': 'CHN', 'd': 'USA'}}, not {where!r}")
        for dim, labels in where.items():
            if not isinstance(dim, str):
                raise ValueError(f"a dim is a letter such as 'r', not {dim!r}")
            words = [labels] if isinstance(labels, str) else labels
            if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
                raise ValueError(f"dim {dim} takes a label or a list of labels (texts), not {labels!r}")
        return dict(where)

    @field_validator("where")
    @classmethod
    def _labels(cls, where: dict[str, str | tuple[str, ...]]) -> dict[str, str | tuple[str, ...]]:
        for dim, labels in where.items():
            if not labels:
                raise ValueError(f"dim {dim} names no label; leave the dim out to mean all")
        return where

    def applies(self, benchmark: Benchmark) -> bool:
        """Whether the benchmark has every label that the change names."""
        sam = benchmark.sam
        known = {**dict.fromkeys("rsd", sam.regions), **{d: [str(x) for x in sam.data[d].values] for d in "iafm"}}
        return self.on(benchmark.divisions).fits(lambda dim: known.get(dim, []))

    def on(self, divisions: Mapping[str, tuple[str, ...]]) -> InstrumentChange:
        """The change on data in which sectors are divided: who names the old one means all of its parts."""
        where: dict[str, str | tuple[str, ...]] = {}
        for dim, given in self.where.items():
            words = (given,) if isinstance(given, str) else given
            parts = tuple(part for word in words for part in divisions.get(word, (word,)))
            where[dim] = given if parts == tuple(words) else parts
        return self if where == dict(self.where) else self.model_copy(update={"where": where})

    def fits(self, labels: Callable[[str], list[str]]) -> bool:
        """Whether every label that the change names is among the labels of its dim."""
        named = {d: (v,) if isinstance(v, str) else v for d, v in self.where.items()}
        return all(x[:1] in "@?" or x in labels(d) for d, words in named.items() for x in words)

    @model_validator(mode="after")
    def _one_change(self) -> InstrumentChange:
        given = [k for k in ("rate_to", "rate_times", "rate_add", "factor", "add") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError(f"{self.instrument}: give exactly one of rate_to, rate_times, rate_add, factor, add (got {given})")
        value = getattr(self, given[0])
        for what, number in ((given[0], value), ("scale", self.scale)):
            if not np.isfinite(number):
                raise ValueError(f"{self.instrument}: {what} is {number}; it must be finite")
        if given[0] == "rate_to" and value <= -1:
            raise ValueError(f"{self.instrument}: rate_to {value} makes the power of the tax negative or zero")
        if given[0] == "factor" and value <= 0:
            raise ValueError(f"{self.instrument}: factor {value} must be positive")
        return self

    def effect(self, symbol: Symbol, who: str) -> tuple[float | None, float]:
        """What it draws values of an instrument towards and with which multiplier, or (None) by how much it shifts them.

        Raises
        ------
        ShockError
            The instrument does not take this kind of change.
        """
        name = self.instrument
        if self.add is not None:
            if not symbol.signed:
                raise ShockError(f"{who}: 'add' is for signed instruments; give {name} a rate or factor")
            return None, self.add
        if symbol.signed:
            raise ShockError(f"{who}: {name} is in levels; change it with 'add'")
        if self.factor is not None:
            return 0.0, self.factor
        if not symbol.unit.startswith("power"):
            raise ShockError(f"{who}: {name} is an index, not a tax; change it with 'factor'")
        if self.rate_to is not None:
            return 1.0 + self.rate_to, 0.0
        if self.rate_times is not None:
            return 1.0, self.rate_times
        assert self.rate_add is not None
        return None, self.rate_add

    def in_words(self) -> str:
        """The cells it names."""
        named = [f"{d} is {v if isinstance(v, str) else ', '.join(v)}" for d, v in self.where.items()]
        return " and ".join([*named, *(["source and destination differ"] if self.among else [])]) or "it applies"
