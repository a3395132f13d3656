"""How a block declares its symbols and equations.

A block is a class whose attributes are symbols (:func:`variable`, :func:`instrument`,
:func:`parameter`) and whose decorated methods are Pyomo rules: an :func:`equation` of the model or a
:func:`definition`, a quantity that is computed from others and may be used inside equations as if it
were a variable (it is written out where it is used, so it adds no unknown). Some definitions are open sums, to which a
:class:`Mechanism` adds terms (:mod:`cge.equations.compose`).

Dims are letters: ``i`` commodity, ``a`` activity, ``f`` factor, ``r s d`` region, ``m`` margin,
``u`` sourcing class, ``k`` firm type; as Pyomo sets they are ``m.comm``, ``m.acts``, ``m.endw``, ``m.reg``, ``m.marg``,
``m.uses``, ``m.types`` (the last only where a block brings it in ``sets``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any, ClassVar, Literal, ParamSpec, Self

import numpy as np
import pandas as pd
import xarray as xr

from cge.equations.fingerprint import fingerprint
from cge.errors import ModelError
from cge.figure import Figure
from cge.table import Table

SET_OF_DIM = {"i": "comm", "a": "acts", "f": "endw", "r": "reg", "s": "reg", "d": "reg", "m": "marg", "u": "uses", "k": "types"}

Kind = Literal["variable", "instrument", "parameter"]


@dataclass
class Symbol:
    """One array of the model.

    Attributes
    ----------
    kind : str
        ``variable`` (endogenous unless a closure fixes it), ``instrument`` (exogenous unless a closure
        frees it; what policies move) or ``parameter`` (calibrated; never endogenous).
    dims : tuple of str
    long_name, unit : str
    owner : str or None
        The dim whose region owns each element; None for a world variable.
    signed : bool
        May change sign: solved in levels, not in logs.
    structural : bool
        Parameter whose zeros are zeros of the model (shares, benchmark flows).
    """

    kind: Kind
    dims: tuple[str, ...]
    long_name: str
    unit: str = "index, benchmark = 1"
    owner: str | None = None
    signed: bool = False
    structural: bool = False
    name: str = ""
    block: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.block = name, owner.__name__


def _owner(dims: tuple[str, ...], owner: str | None) -> str | None:
    if owner is not None:
        return None if owner == "world" else owner
    regional = [d for d in dims if d in ("r", "d", "s")]
    return regional[-1] if regional else None


def variable(
    dims: str, long_name: str, unit: str = "index, benchmark = 1", *, owner: str | None = None, signed: bool = False
) -> Any:
    """Declare a variable over ``dims`` (letters parted by blanks); owned by its last region dim unless said."""
    d = tuple(dims.split())
    return Symbol("variable", d, long_name, unit, _owner(d, owner), signed)


def instrument(
    dims: str, long_name: str, unit: str = "power, 1 + ad valorem rate", *, owner: str | None = None, signed: bool = False
) -> Any:
    """Declare an exogenous variable that policies move."""
    d = tuple(dims.split())
    return Symbol("instrument", d, long_name, unit, _owner(d, owner), signed)


def parameter(dims: str, long_name: str, unit: str = "1", *, structural: bool = True) -> Any:
    """Declare a calibrated parameter; ``structural=False`` for elasticities and other live values."""
    return Symbol("parameter", tuple(dims.split()), long_name, unit, None, True, structural)


@dataclass
class Rule:
    """An equation or definition: dims, sentence, the Pyomo rule, and what it determines.

    ``complements`` names the slack that the defined multiplier is complementary to.
    """

    dims: tuple[str, ...]
    long_name: str
    function: Callable[..., Any]
    defines: str | None = None
    owner: str | None = None
    unit: str = ""
    source: str = ""
    name: str = ""
    block: str = ""
    is_equation: bool = field(default=True)
    logs: bool = True
    complements: str = ""
    open_sum: bool = False  # other blocks may add terms to this definition
    adds: str = ""  # the open sum that this definition is a term of
    replaces: bool = False  # takes the place of what another block declares under its name
    extended: Rule | None = None  # the rule as its block states it, where terms were added

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.block = name, owner.__name__


def equation(
    dims: str,
    long_name: str,
    *,
    defines: str,
    owner: str | None = None,
    source: str = "",
    logs: bool = True,
    complements: str = "",
) -> Callable[[Callable[..., Any]], Any]:
    """Declare an equation over ``dims``; ``defines`` names the variable it determines.

    The pairing gives the equation the mask and the owner of that variable, so that each region's
    equations and variables stay equal in number. Both sides of an equation are positive unless
    ``logs=False``; such equations are solved as the difference of the logs of their sides, in which
    CES systems are nearly linear and a residual is a relative error. ``complements`` names the slack that is
    complementary to ``defines`` (both at least zero, one of them zero).
    """
    d = tuple(dims.split())

    def wrap(function: Callable[..., Any]) -> Any:
        return Rule(d, long_name, function, defines, _owner(d, owner), source=source, logs=logs, complements=complements)

    return wrap


def definition(
    dims: str, long_name: str, unit: str = "index, benchmark = 1", *, open_sum: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """Declare a derived quantity over ``dims``; an open sum takes terms from mechanisms (:func:`adds`)."""
    d = tuple(dims.split())

    def wrap(function: Callable[..., Any]) -> Any:
        return Rule(d, long_name, function, unit=unit, is_equation=False, open_sum=open_sum)

    return wrap


def adds(target: str) -> Callable[[Any], Any]:
    """Declare that a definition is a term of an open sum of another block, over the same dims; written above it."""

    def wrap(rule: Any) -> Any:
        if not isinstance(rule, Rule) or rule.is_equation:
            raise ModelError(f"@adds({target!r}) stands above a @definition")
        return dataclasses.replace(rule, adds=target)

    return wrap


def replaces(rule: Any) -> Any:
    """Declare that a rule takes the place of the rule or symbol of its name in another block; written above it."""
    if not isinstance(rule, Rule):
        raise ModelError("@replaces stands above an @equation or a @definition")
    return dataclasses.replace(rule, replaces=True)


class Block:
    """A group of symbols and equations; subclasses calibrate their parameters in :meth:`calibrate`."""

    multi_product: ClassVar[bool] = False  # states a make matrix
    sets: Mapping[str, list[str]] = {}  # sets the block brings besides the benchmark's
    without: ClassVar[dict[str, str]] = {}  # results of other compositions that this one has not: name -> why, and what instead
    symbols: dict[str, Symbol]
    rules: dict[str, Rule]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        held: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            held.update(vars(base))  # a subclass replaces what it redefines and drops what it sets to None
        cls.symbols = {k: v for k, v in held.items() if isinstance(v, Symbol)}
        cls.rules = {k: v for k, v in held.items() if isinstance(v, Rule)}

    def calibrate(self, data: Any) -> Mapping[str, np.ndarray]:
        """Values of the block's parameters and benchmark values of its instruments.

        ``data`` is a :class:`cge.equations.calibrated.Calibrated`. A variable is 1 at the benchmark unless given
        here (signed variables 0).
        """
        return {}

    def masks(self, data: Any) -> Mapping[str, np.ndarray]:
        """Which elements of the block's variables exist; absent ones stay at their benchmark value."""
        return {}


class Mechanism(Block):
    """A block that is put on a composition: an instance with options.

    It adds terms to open sums (:func:`adds`), brings symbols and equations of its own, and may replace a rule
    (:func:`replaces`). Its rules may be methods (``def ccost(self, m, a, r)``), so that they can use its options.
    Options are attributes that compare, hash and pickle by their content, arrays and tables too.
    """

    needs: ClassVar[Mapping[str, str]] = {}  # a name that another block must declare -> why, and what fits instead
    shows: ClassVar[tuple[str, ...]] = ()  # variables, instruments and definitions that a path of years keeps of each year
    parts: ClassVar[Mapping[str, str]] = {}  # parts of GTAP's EV that it brings -> what they hold, of a tax "allocative ..."
    listed_as: ClassVar[str] = ""  # the rule under which the updated SAM lists its entries as adjustments; empty: not listed
    softens: ClassVar[Mapping[str, tuple[float, ...]]] = {}  # an instrument that smooths its kinks -> values to come down along
    together: ClassVar[str] = ""  # what to write instead of two of its kind; empty: two may stand

    def options(self) -> Mapping[str, Any]:
        """What it was made with, by name: what a scenario's text and hash tell of it."""
        return dict(vars(self))

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """The mechanism of these options.

        Raises
        ------
        TypeError
            An option that it does not take.
        """
        return cls(**options)

    def adjust(self, data: Any, values: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Benchmark values of other blocks' symbols as this mechanism reads the data, made from those in place.

        ``values`` are those of all blocks, already adjusted by the mechanisms before this one; what is returned takes their
        place, so that two mechanisms that add to one benchmark value both count. A symbol that a mechanism replaces is among
        them with the value it would have, and who replaces a symbol is asked last: it sees what all others made of it.
        """
        return {}

    def entries(self, solution: Any) -> Mapping[str, np.ndarray]:
        """What it adds to headers of the SAM at a solution, in full arrays, million USD."""
        return {}

    def satellites(self, solution: Any) -> Mapping[str, xr.DataArray]:
        """What it leaves beside the SAM of the updated benchmark; takes the place of what stands there under the name."""
        return {}

    def sourced(self, solution: Any) -> np.ndarray | None:
        """What activities import for it by origin, beside their ordinary demand; product, over benchmark shipments.

        Dims (i, a, s, d); None where nothing. The quantity shipped has it already; the SAM and the inter-country table take
        from here who buys it.
        """
        return None

    def traded(self, point: Any) -> Mapping[str, np.ndarray]:
        """What is paid across borders beside the price of a good at a point of a path, dims (r,), million USD.

        ``sold`` and ``bought`` with ``sold_moved`` and ``bought_moved``, values times rates of change of their prices.
        """
        return {}

    def real_income(self, point: Any, world: float) -> Mapping[str, np.ndarray]:
        """By how much real income per head grows by it at a point of a path (:mod:`cge.gtap.welfare`), by part, million USD.

        ``point`` is a :class:`cge.model.path.PathPoint`, ``world`` the growth of the price of world exports, in which what
        passes between regions is counted.
        """
        return {}

    def tables(self, before: Any, after: Any) -> Sequence[Table]:
        """What it adds to the tables of a run: by default what it :attr:`shows` by region, before and after."""
        columns: dict[str, pd.Series] = {}
        for name in self.shows:
            old, new = before[name], after[name]
            if new.dims == ("r",):
                label = f"{new.attrs['long_name']}, {new.attrs['units']}"
                columns |= {f"{label}, before": old.to_series(), f"{label}, after": new.to_series()}
        name = type(self).__name__
        return [Table(name.lower(), self.describe(), pd.DataFrame(columns).rename_axis("region"))] if columns else []

    def figures(self, before: Any, after: Any) -> Sequence[Figure]:
        """What it adds to the figures of a run, beside those that every run has: data, cheap to make."""
        return ()

    def describe(self) -> str:
        """Name and options, for the attributes of results; an array or table by its size and a hash of its content."""
        options = ", ".join(f"{k}={_shortly(v)}" for k, v in vars(self).items())
        return f"{type(self).__name__}({options})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.describe() == getattr(other, "describe", str)()

    def __hash__(self) -> int:
        return hash(self.describe())


def as_mechanisms(given: Any) -> tuple[Mechanism, ...]:
    """Mechanisms as a user gives them.

    Raises
    ------
    ModelError
        One that stands alone, a class instead of an instance, or something else.
    """
    if isinstance(given, (Mechanism, type, str)) or not isinstance(given, Iterable):
        raise ModelError(f"mechanisms are a sequence of instances, as mechanisms=(Carbon(),), not {given!r}")
    several = tuple(given)
    wrong = [x for x in several if not isinstance(x, Mechanism)]
    if wrong:
        raise ModelError(f"mechanisms are instances of cge.equations.declare.Mechanism, as Carbon(), not {wrong[0]!r}")
    return several


def _shortly(value: Any) -> str:
    if isinstance(value, np.ndarray) and not value.ndim:
        return repr(value.item())
    if isinstance(value, (np.ndarray, xr.DataArray, xr.Dataset, pd.DataFrame)):
        size = value.nbytes // 8 if isinstance(value, xr.Dataset) else value.size
        return f"<{size} numbers, #{fingerprint(value)}>"
    return repr(value)


P = ParamSpec("P")


class Composition(tuple[type[Block], ...]):
    """Blocks made by a function, which know how they were made: a model of them is pickled by that recipe."""

    recipe: Callable[[], Composition]

    def __reduce__(self) -> tuple[Any, ...]:
        return self.recipe, ()


def composition(make: Callable[P, tuple[type[Block], ...]]) -> Callable[P, Composition]:
    """A function that makes blocks inside itself (which no other process could import) returns a :class:`Composition`."""

    @wraps(make)
    def build(*args: P.args, **kwargs: P.kwargs) -> Composition:
        blocks = Composition(make(*args, **kwargs))
        blocks.recipe = partial(build, *args, **kwargs)
        return blocks

    return build
