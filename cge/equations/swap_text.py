"""Swaps in GEMPACK's words: ``swap dpsave(USA,EU_28) = del_tbalry(USA,EU_28)``.

Either order is taken, as GEMPACK does: of the two one is exogenous so far and one endogenous, and they change places. In
parentheses stand elements, ``*`` or the name of a set for all, dim by dim; several elements of a dim follow one another.
Letter case does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from calibration.errors import nearest
from cge.equations.closure import Swap
from cge.equations.declare import Rule, Symbol
from cge.errors import ClosureError

SETS = {"i": "COMM", "a": "ACTS", "f": "ENDW", "r": "REG", "s": "REG", "d": "REG", "m": "MARG"}
"""GTAP's name of the set of each dim."""
_TWINS = {"COMM": "i", "ACTS": "a"}
"""Sets that may stand for one another where their elements are the same: each commodity has an activity of its own."""
_FAMILY = {"i": "a", "r": "d"}
"""Dims that list the same labels on the two sides: a commodity and its activity, a region and a destination."""
_SIDE = re.compile(r"^\s*(\w+)\s*(?:\((.*)\))?\s*$", re.DOTALL)


Where = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Side:
    """One side of a swap: the model's name, the name that was written, and labels by dim (dims not named take all)."""

    name: str
    given: str
    labels: Mapping[str, tuple[str, ...]]


def read_swaps(
    texts: str | Iterable[str],
    symbols: Mapping[str, Symbol | Rule],
    labels: Mapping[str, Sequence[str]],
    aliases: Mapping[str, str] | None = None,
) -> list[Swap]:
    """Swaps of a list of statements, each text one or several parted by ``;``.

    Parameters
    ----------
    texts : str or iterable of str
    symbols : mapping
        Symbols of the model, and definitions (which are endogenous), by name.
    labels : mapping
        Labels by dim letter.
    aliases : mapping, optional
        Names of another model -> names of ``symbols``; lower case.

    Raises
    ------
    ClosureError
        A statement is not a swap, names something unknown (nearest suggested) or an element that is in no dim, or does
        not pair one exogenous and one endogenous name.
    """
    statements = [texts] if isinstance(texts, str) else list(texts)
    parts = [part for text in statements for part in text.split(";") if part.strip()]
    return [_swap(part.strip(), symbols, labels, aliases or {}) for part in parts]


def _swap(
    text: str, symbols: Mapping[str, Symbol | Rule], labels: Mapping[str, Sequence[str]], aliases: Mapping[str, str]
) -> Swap:
    body = re.sub(r"![^!\n]*(!|\n|$)", " ", text)  # GEMPACK's comments
    body = re.sub(r"^\s*swap\s+", "", body, flags=re.IGNORECASE)
    words = body.split("=")
    if len(words) != 2:
        raise ClosureError(f"cannot read the swap {text!r}; write for example dpsave(USA) = del_tbalry(USA)")
    first, second = (_side(word, text, symbols, labels, aliases) for word in words)
    kinds = {side.name: _exogenous(symbols[side.name]) for side in (first, second)}
    if kinds[first.name] == kinds[second.name]:
        what = "exogenous" if kinds[first.name] else "endogenous"
        raise ClosureError(f"swap {text!r}: {first.given} and {second.given} are both {what}; a swap takes one of each")
    fixed, free = (second, first) if kinds[first.name] else (first, second)
    where, free_where = _where(fixed, free, symbols)
    return Swap(fixed.name, free.name, where, free_where)


def _exogenous(symbol: Symbol | Rule) -> bool:
    return isinstance(symbol, Symbol) and symbol.kind == "instrument"


def _side(
    word: str, text: str, symbols: Mapping[str, Symbol | Rule], labels: Mapping[str, Sequence[str]], aliases: Mapping[str, str]
) -> Side:
    match = _SIDE.match(word)
    if match is None:
        raise ClosureError(f"swap {text!r}: cannot read {word.strip()!r}; write for example del_tbalry(USA,EU_28)")
    given, inside = match.group(1), match.group(2)
    folded = {n.lower(): n for n, s in symbols.items() if not (isinstance(s, Symbol) and s.kind == "parameter")}
    name = folded.get(aliases.get(given.lower(), given.lower()))
    if name is None:
        known = [*(a for a, n in aliases.items() if n in symbols), *folded.values()]
        raise ClosureError(f"swap {text!r}: unknown variable {given!r}{nearest(given, known)}")
    dims = tuple(d for d in symbols[name].dims if len(labels[d]) > 1 or d != "u")  # one bundle of origins is no dim
    elements = [x.strip().strip("\"'").strip() for x in inside.split(",")] if inside is not None and inside.strip() else []
    return Side(name, given, _by_dim(text, given, dims, elements, labels))


def _by_dim(
    text: str, given: str, dims: tuple[str, ...], elements: list[str], labels: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Elements dim by dim: the one way to part the list so that each part lies in its dim."""
    if not elements:
        return {}
    if len(elements) < len(dims) or not dims:
        raise ClosureError(f"swap {text!r}: {given} has dims {' '.join(dims) or '(none)'}, {len(elements)} elements are given")
    ways = []
    for cuts in combinations(range(1, len(elements)), len(dims) - 1):
        bounds = [0, *cuts, len(elements)]
        parts = [elements[a:b] for a, b in pairwise(bounds)]
        named = [_elements(part, d, labels) for part, d in zip(parts, dims, strict=True)]
        if all(x is not None for x in named):
            ways.append({d: x for d, x in zip(dims, named, strict=True) if x})
    if len(ways) == 1:
        return ways[0]
    if len(ways) > 1:
        raise ClosureError(f"swap {text!r}: the elements of {given} can be read in {len(ways)} ways; give a swap an element")
    every = {x.lower() for d in dims for x in (*labels[d], SETS.get(d, ""), "*", *(_TWINS if d in "ia" else ()))}
    odd = next((x for x in elements if x.lower() not in every), None)
    if odd is not None:
        known = list(dict.fromkeys(x for d in dims for x in labels[d]))
        raise ClosureError(f"swap {text!r}: {odd!r} is in no dim of {given} ({' '.join(dims)}){nearest(odd, known)}")
    sets = " ".join(SETS.get(d, d) for d in dims)
    raise ClosureError(f"swap {text!r}: the elements of {given} do not follow its dims, {sets}")


def _elements(part: list[str], dim: str, every: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """The labels that a part names, empty for all, None where it does not fit the dim."""
    labels = every[dim]
    if len(part) == 1:
        word = part[0].upper()
        twin = _TWINS.get(word) if dim in "ia" else None
        if word in ("*", SETS.get(dim, "*")) or (twin is not None and list(every.get(twin, ())) == list(labels)):
            return ()
    found = []
    for word in part:
        same = [x for x in labels if x == word] or [x for x in labels if x.lower() == word.lower()]
        if len(same) != 1 or same[0] in found:
            return None
        found.append(same[0])
    return tuple(found)


def _where(fixed: Side, free: Side, symbols: Mapping[str, Symbol | Rule]) -> tuple[Where, Where | None]:
    """Labels by dim: of both sides where they name the same elements, else of each."""
    twins = {**_FAMILY, **{b: a for a, b in _FAMILY.items()}}
    shared = dict(fixed.labels)
    for dim, names in free.labels.items():
        key = dim if dim in shared else twins.get(dim, dim)
        if set(shared.setdefault(key if key in shared else dim, names)) != set(names):
            break
    else:
        if all({d, twins.get(d, d)} & set(symbols[side.name].dims) for d in shared for side in (fixed, free)):
            return tuple(shared.items()), None
    return tuple(fixed.labels.items()), tuple(free.labels.items())
