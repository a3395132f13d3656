"""Blocks and mechanisms put together: one namespace, open sums with their terms, replacements that are meant.

A mechanism adds to what stands; two mechanisms then combine because sums do. Where one truly replaces a rule it says so,
and two that replace the same one are refused by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from calibration.errors import nearest
from cge.equations.declare import Block, Mechanism, Rule, Symbol
from cge.errors import ModelError


def compose(blocks: Sequence[Block]) -> tuple[dict[str, Symbol], dict[str, Rule]]:
    """Symbols and rules of blocks together, in the order of the blocks.

    Raises
    ------
    ModelError
        A mechanism needs what no block declares, a name is declared twice, two blocks replace one rule, a term has no open
        sum to go to, or its dims are others.
    """
    _check_needs(blocks)
    _refuse_twice(blocks)
    replaced = _replaced(blocks)
    symbols: dict[str, Symbol] = {}
    rules: dict[str, Rule] = {}
    for block in blocks:
        for name, symbol in block.symbols.items():
            if name in replaced:
                continue
            if name in symbols or name in rules:
                raise ModelError(f"symbol {name!r} is declared in two blocks ({symbol.block}); rename one")
            symbols[name] = symbol
        for name, rule in block.rules.items():
            if name in replaced and not rule.replaces:
                continue
            if name in rules or name in symbols:
                raise ModelError(
                    f"{name!r} of block {rule.block} is declared in another block; rename it, or write @replaces above it"
                )
            rules[name] = bound(rule, block)
    return symbols, _with_terms(rules)


def _check_needs(blocks: Sequence[Block]) -> None:
    for block in blocks:
        needs = block.needs if isinstance(block, Mechanism) else {}
        declared = {name for other in blocks if other is not block for name in (*other.symbols, *other.rules)}
        for name, reason in needs.items():
            if name not in declared:
                raise ModelError(f"{type(block).__name__} cannot stand on these blocks, which have no {name!r}: {reason}")


def replaced_symbols(mechanism: Mechanism, blocks: Sequence[Block]) -> list[str]:
    """Symbols of other blocks in whose place a mechanism puts a rule."""
    return [n for n, rule in mechanism.rules.items() if rule.replaces and any(n in block.symbols for block in blocks)]


def _refuse_twice(blocks: Sequence[Block]) -> None:
    """Two mechanisms of a kind that says what to write instead."""
    kinds = [type(b) for b in blocks if isinstance(b, Mechanism)]
    for kind in kinds:
        if kind.together and kinds.count(kind) > 1:
            raise ModelError(f"{kind.__name__} stands twice among the mechanisms; {kind.together}")


def sets_of(own: Mapping[str, list[str]], blocks: Sequence[Block]) -> dict[str, list[str]]:
    """The benchmark's sets and those that blocks bring.

    Raises
    ------
    ModelError
        Two blocks bring a set of one name with different labels.
    """
    sets = dict(own)
    for block in blocks:
        for name, labels in block.sets.items():
            if name in sets and sets[name] != list(labels):
                raise ModelError(
                    f"block {type(block).__name__} brings the set {name!r} with other labels than stand; name it apart"
                )
            sets[name] = list(labels)
    return sets


def bound(rule: Rule, block: Block) -> Rule:
    """The rule with its block as first argument, where it is written as a method."""
    first = next(iter(inspect.signature(rule.function).parameters), "")
    return replace_function(rule, partial(rule.function, block)) if first == "self" else rule


def replace_function(rule: Rule, function: Callable[..., Any]) -> Rule:
    """The rule with another function, which remembers the rule as it was declared."""
    return replace(rule, function=function, extended=rule.extended or rule)


def _replaced(blocks: Sequence[Block]) -> dict[str, str]:
    """Names that a block replaces, and which."""
    by: dict[str, str] = {}
    declared = {n for b in blocks for n in b.symbols} | {n for b in blocks for n, r in b.rules.items() if not r.replaces}
    for block in blocks:
        for name, rule in block.rules.items():
            if not rule.replaces:
                continue
            if name in by:
                raise ModelError(f"{by[name]} and {type(block).__name__} both replace {name!r}; they cannot stand together")
            if name not in declared:
                raise ModelError(f"{type(block).__name__} replaces {name!r}, which no block declares{nearest(name, declared)}")
            by[name] = type(block).__name__
    return by


def _with_terms(rules: dict[str, Rule]) -> dict[str, Rule]:
    terms: dict[str, list[str]] = {}
    for rule in rules.values():
        if rule.adds:
            _check_term(rule, rules)
            terms.setdefault(rule.adds, []).append(rule.name)
    return {n: replace_function(r, partial(_sum, r.function, tuple(terms[n]))) if n in terms else r for n, r in rules.items()}


def _sum(own: Callable[..., Any], terms: tuple[str, ...], m: Any, *index: Any) -> Any:
    where = index if len(index) > 1 else index[0]
    total = own(m, *index)
    for name in terms:
        total = total + getattr(m, name)[where]
    return total


def _check_term(rule: Rule, rules: dict[str, Rule]) -> None:
    open_sums = [n for n, r in rules.items() if r.open_sum]
    what = f"{rule.name!r} of block {rule.block} adds to {rule.adds!r}"
    target = rules.get(rule.adds)
    if target is None:
        raise ModelError(f"{what}, which no block defines{nearest(rule.adds, open_sums)}; open sums: {', '.join(open_sums)}")
    if not target.open_sum:
        raise ModelError(f"{what}, which takes no terms; open sums: {', '.join(open_sums)}")
    if target.dims != rule.dims:
        raise ModelError(f"{what}, which has dims {' '.join(target.dims)}, not {' '.join(rule.dims)}")
