"""Closures: which variables are exogenous.

The standard closure keeps every instrument (taxes, productivity, endowments, population, foreign saving,
saving and government shares, the numeraire) exogenous and every variable endogenous. A swap makes a
variable exogenous and frees an instrument in its place, for all or for named elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from calibration.labels import as_labels
from cge.errors import ClosureError

LABOUR_HOLDS = {"full employment": "", "fixed real wage": "rw", "wage curve": "wcurve"}
"""Rule of labour -> what is exogenous in the place of employment."""


@dataclass(frozen=True)
class Swap:
    """``fixed`` becomes exogenous where ``free`` becomes endogenous.

    ``where`` restricts dims to labels, of both; ``free_where`` names other elements of ``free``, as many.
    """

    fixed: str
    free: str
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    free_where: tuple[tuple[str, tuple[str, ...]], ...] | None = None

    def describe(self) -> str:
        """What is exogenous and what endogenous, with the elements."""
        freed = self.where if self.free_where is None else self.free_where
        return f"{self.fixed}{_listed(self.where)} exogenous, {self.free}{_listed(freed)} endogenous"


def _listed(where: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    return f"({'; '.join(', '.join(names) for _, names in where)})" if where else ""


@dataclass(frozen=True)
class Closure:
    """What is exogenous.

    Attributes
    ----------
    name : str
    specific : tuple of str or None
        Factors tied to their activity (a text is one factor); None takes natural resources (``nat``) where the benchmark has
        them.
    swaps : tuple of Swap
    """

    name: str = "standard"
    specific: tuple[str, ...] | None = None
    swaps: tuple[Swap, ...] = ()

    def __post_init__(self) -> None:
        if self.specific is not None:
            object.__setattr__(self, "specific", as_labels(self.specific, "specific factors"))

    @classmethod
    def standard(
        cls,
        *,
        investment: Literal["saving", "fixed"] = "saving",
        labour: Literal["full employment", "fixed real wage", "wage curve"] = "full employment",
        labour_factors: str | Iterable[str] = ("skl", "unskl"),
        capital: Literal["fixed", "steady"] = "fixed",
        capital_factor: str = "cap",
        specific: str | Iterable[str] | None = None,
    ) -> Closure:
        """The usual choices in words.

        Parameters
        ----------
        investment : {"saving", "fixed"}
            Saving-driven investment, or real investment fixed and the saving share adjusting.
        labour : {"full employment", "fixed real wage", "wage curve"}
            With a fixed real wage employment of ``labour_factors`` adjusts. On a wage curve it does too, and the real wage
            rises as unemployment falls (:mod:`cge.mechanisms.wage_curve`; the benchmark must know unemployment).
        capital : {"fixed", "steady"}
            The capital that is there, or a steady state: ``capital_factor`` adjusts until what a unit of it earns over the
            price of investment goods is back at the benchmark's (Harrison, Rutherford and Tarr 1997). Its wear is charged to
            income; the consumption forgone while it was built is not, so that gains are an upper bound.
        capital_factor : str
            Label of the factor that is capital.
        specific : str or iterable of str, optional
            Factors that cannot move across activities (e.g. ``("nat", "cap")`` for the short run).
        """
        closure = cls(specific=None if specific is None else as_labels(specific, "specific factors"))
        if investment == "fixed":
            closure = closure.swap("qinv", "dpsave")
        elif investment != "saving":
            raise ClosureError(f"unknown investment rule {investment!r}; choose 'saving' or 'fixed'")
        if labour not in LABOUR_HOLDS:
            raise ClosureError(f"unknown labour rule {labour!r}; choose {', '.join(map(repr, LABOUR_HOLDS))}")
        if held := LABOUR_HOLDS[labour]:
            closure = closure.swap(held, "qe", f=as_labels(labour_factors, "labour factors"))
        if capital == "steady":
            closure = closure.with_swap(Swap("rkinv", "qe", (), (("f", (capital_factor,)),)))
        elif capital != "fixed":
            raise ClosureError(f"unknown capital rule {capital!r}; choose 'fixed' or 'steady'")
        return closure

    def swap(self, fixed: str, free: str, **where: str | Iterable[str]) -> Closure:
        """The closure with one more swap; ``where`` names elements by dim, as ``r="USA"``."""
        chosen = tuple((d, as_labels(v, f"labels of dim {d}")) for d, v in where.items())
        return self.with_swap(Swap(fixed, free, chosen))

    def with_swap(self, swap: Swap) -> Closure:
        """The closure with one more swap."""
        return replace(self, name=f"{self.name} {swap.fixed}<->{swap.free}", swaps=(*self.swaps, swap))

    def describe(self) -> Mapping[str, str]:
        """The choices as text, for attributes and docs."""
        swaps = "; ".join(s.describe() for s in self.swaps)
        return {"closure": self.name, "swaps": swaps or "none"}
