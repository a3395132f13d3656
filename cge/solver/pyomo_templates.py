"""Pyomo's templates of rules, for one thread and with every slip in a rule said.

To make a template Pyomo replaces ``sum`` and the iteration of sets, in the whole process, while the rule runs. A ``sum`` in
another thread meanwhile takes away indices of the rule (a KeyError, or a sum of one term), a sum over labels written
out does the same in older versions, and an index that a rule compares with a label is never equal to it, so that one branch
holds everywhere without a word. Here other threads keep the plain ``sum`` and plain sets, sums over labels are
written out, and a comparison with a label is an error.
"""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable, Iterator
from types import GeneratorType
from typing import Any

from pyomo.core.base.set import _FiniteSetMixin
from pyomo.core.expr import template_expr
from pyomo.core.expr.template_expr import IndexTemplate, TemplateSumExpression

PYOMO_LOCK = threading.RLock()
"""Held while Pyomo makes a template or lists a set, one thread at a time."""

_sum = builtins.sum
_items_of_set = _FiniteSetMixin.__iter__


class _Index(IndexTemplate):  # type: ignore[misc]
    """An index of a rule; it stands for all labels at once, so that it equals none of them."""

    __slots__ = ()

    def __eq__(self, other: object) -> Any:
        if self is other:
            return True
        what = f"the label {other!r}" if isinstance(other, str) else "another index"
        raise TypeError(
            f"the rule compares an index over {self._set.name} with {what}; a rule is stated once for all labels: multiply by "
            "a parameter that differs between them"
        )

    def __ne__(self, other: object) -> Any:
        return not self == other

    def __hash__(self) -> int:
        raise TypeError(
            f"the rule looks an index over {self._set.name} up among labels; use a parameter that differs between them"
        )


class _Context(template_expr._template_iter_context):  # type: ignore[misc]
    """The indices that a rule makes, seen by the thread that runs it alone."""

    def __init__(self) -> None:
        super().__init__()
        self.owner = threading.get_ident()

    def get_iter(self, _set: Any) -> Iterator[Any]:
        if threading.get_ident() != self.owner:
            return iter(_items_of_set(_set))
        return self._indices(_set)

    def _indices(self, over: Any) -> Iterator[Any]:
        group = self.next_group()
        dimen = over.dimen if isinstance(over.dimen, int) else 1  # an empty set does not know its own
        index = tuple(_Index(over, k, self.next_id(), group) for k in range(dimen))
        self.cache.append(index)
        yield index[0] if len(index) == 1 else index

    def sum_template(self, terms: Any, /, start: Any = 0) -> Any:
        if threading.get_ident() != self.owner or not isinstance(terms, (GeneratorType, map)):
            return _sum(terms, start)
        known = len(self.cache)
        try:
            first = next(terms, None)
        except Exception:
            del self.cache[known:]  # what is said is the slip, not the sum that it left open
            raise
        made = len(self.cache) - known
        if first is None:
            return start
        if not made:  # over labels written out, not over a set
            return _sum(terms, start + first)
        total = TemplateSumExpression((first,), self.npop_cache(made))
        if next(terms, None) is not None:
            raise TypeError("a sum runs over a set and over labels written out in one; nest one sum in the other")
        return total if isinstance(start, int) and start == 0 else start + total


def template_of(block: Any, rule: Callable[..., Any], index_set: Any) -> tuple[Any, Any]:
    """The expression of a rule and the indices it was called with (Pyomo's ``templatize_rule``)."""
    with PYOMO_LOCK:
        theirs = template_expr._template_iter_context
        template_expr._template_iter_context = _Context
        try:
            expression, indices = template_expr.templatize_rule(block, rule, index_set)
        finally:
            template_expr._template_iter_context = theirs
        return expression, indices


def one_member(member: Any) -> tuple[Any, tuple[Any, ...]]:
    """The component of a member that a rule names by labels alone, and those labels."""
    component = member.parent_component()
    if not component.is_indexed():
        return component, ()
    index = member.index()
    return component, index if isinstance(index, tuple) else (index,)
