"""Pyomo rules, called once with index templates, compiled to a tape of array operations.

A rule such as ``m.pms[i, d] == sum(m.share[i, s, d] * m.p[i, s] for s in m.reg)`` is evaluated once
with Pyomo's ``IndexTemplate`` objects in place of ``i`` and ``d`` (``templatize_rule``). The resulting
expression is turned into a tape of array operations over named axes: the axes of the equation's own
indices, then one axis for each set summed over. A tape is compiled once and never changes; what evaluates
it is a :class:`cge.solver.templates.Kernel`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.core.expr import numeric_expr as ne
from pyomo.core.expr import relational_expr as rel
from pyomo.core.expr.template_expr import GetItemExpression, IndexTemplate, TemplateSumExpression

from cge.solver.pyomo_templates import one_member, template_of


@dataclass(frozen=True)
class Node:
    """One operation of a tape: arguments are positions of earlier nodes."""

    op: str
    args: tuple[int, ...] = ()
    data: Any = None
    axes: frozenset[int] = frozenset()
    fixed: bool = True
    leaves: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Leaf:
    """A symbol's occurrence: which axis (or fixed position) each of its dims takes."""

    name: str
    axes: tuple[int | tuple[int], ...]  # an axis number, or a fixed position in a 1-tuple

    @property
    def free_axes(self) -> tuple[int, ...]:
        """The axes it moves along."""
        return tuple(a for a in self.axes if isinstance(a, int))


class Tape:
    """The compiled form of one rule.

    Parameters
    ----------
    function : callable
        ``function(block, *indices)`` returning a Pyomo expression or relation.
    block : pyomo Block
        Holds the sets and the lazily indexed components.
    index_sets : sequence of pyomo sets
        One for each index of the rule.
    shapes : mapping of symbol name to shape
    varying : iterable of str
        Symbols that change with the unknowns; all others are folded.
    logs : bool
        Compile a relation as the difference of the logs of its sides instead of their difference.

    Attributes
    ----------
    nodes : tuple of Node
    sizes : tuple of int
        Length of each axis, those of the rule's own indices first.
    rank : int
        How many are its own.
    root : int
        The node that is the rule's value.
    shape : tuple of int
        Of the rule's own indices.
    names : tuple of str
        Symbols in it.
    is_equation : bool
    returned : str
        What the rule returned, in words.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        block: Any,
        index_sets: Sequence[Any],
        shapes: Mapping[str, tuple[int, ...]],
        varying: Iterable[str],
        logs: bool = False,
    ) -> None:
        compiler = _Compiler(frozenset(varying))
        expression, indices = templatize(function, block, index_sets)
        scope = {id(t): compiler.new_axis(s) for t, s in zip(indices, index_sets, strict=True)}
        self.rank = len(indices)
        self.is_equation = isinstance(expression, rel.EqualityExpression)
        self.returned = _described(expression)
        self.root = compiler.root(expression, scope, logs)
        self.varying = compiler.varying
        self.nodes, self.sizes = tuple(compiler.nodes), tuple(compiler.sizes)
        self.shapes = {n: shapes[n] for n in self.nodes[self.root].leaves if n in shapes}
        self.shape = self.sizes[: self.rank]
        self.size = int(np.prod(self.shape, dtype=int))
        self.own = frozenset(range(self.rank))
        self.names = tuple(sorted(self.nodes[self.root].leaves))
        self.fixed_names = tuple(n for n in self.names if n not in self.varying)


class _Compiler:
    """Turns the template of a rule into nodes, each kind of operation on the same arguments once."""

    def __init__(self, varying: frozenset[str]) -> None:
        self.varying = varying
        self.nodes: list[Node] = []
        self.sizes: list[int] = []
        self._seen: dict[Any, int] = {}
        self._axis_sets: list[Any] = []

    def root(self, expression: Any, scope: dict[int, int], logs: bool) -> int:
        """The node of the whole rule: of an equation, its left side less its right."""
        if isinstance(expression, rel.EqualityExpression):
            left, right = (self._compile(e, scope) for e in expression.args)
            return self._emit("-", (self._log(left), self._log(right)) if logs else (left, right))
        if expression is None or isinstance(expression, bool):
            return self._emit("const", data=np.nan)
        return self._compile(expression, scope)

    def new_axis(self, pyomo_set: Any) -> int:
        """An axis that runs over a set."""
        self.sizes.append(len(pyomo_set))
        self._axis_sets.append(pyomo_set)
        return len(self.sizes) - 1

    def _sum_axis(self, pyomo_set: Any, scope: Mapping[int, int]) -> int:
        """An axis for a sum: one over the same set that no enclosing index uses, so that twin sums are one node."""
        busy = set(scope.values())
        for axis, known in enumerate(self._axis_sets):
            if known is pyomo_set and axis not in busy:
                return axis
        return self.new_axis(pyomo_set)

    def _emit(self, op: str, args: tuple[int, ...] = (), data: Any = None, drop: frozenset[int] = frozenset()) -> int:
        key = (op, args, data)
        if key in self._seen:
            return self._seen[key]
        axes = frozenset().union(*(self.nodes[a].axes for a in args)) - drop
        leaves = frozenset().union(*(self.nodes[a].leaves for a in args))
        fixed = all(self.nodes[a].fixed for a in args)
        if op == "leaf":
            axes, leaves, fixed = frozenset(data.free_axes), frozenset([data.name]), data.name not in self.varying
        self.nodes.append(Node(op, args, data, axes, fixed, leaves))
        self._seen[key] = len(self.nodes) - 1
        return self._seen[key]

    def _compile(self, e: Any, scope: dict[int, int]) -> int:
        if isinstance(e, (int, float, np.number)):
            return self._emit("const", data=float(e))
        if isinstance(e, GetItemExpression):
            component, *index = e.args
            sets = list(component.index_set().subsets())
            _indices_fit(component.name, sets, [self._set_of(label, scope) for label in index])
            axes: list[int | tuple[int]] = []
            for k, label in enumerate(index):
                if isinstance(label, IndexTemplate):
                    axes.append(_axis_of(label, scope))
                else:
                    axes.append((sets[k].ord(label) - 1,))
            free = [a for a in axes if isinstance(a, int)]
            if len(set(free)) != len(free):
                raise TypeError(f"symbol {component.name} takes one index twice; rewrite the rule")
            return self._emit("leaf", data=Leaf(component.name, tuple(axes)))
        if isinstance(e, TemplateSumExpression):
            inner = dict(scope)
            summed = []
            for group in e.template_iters():
                for template in group:
                    axis = self._sum_axis(template._set, inner)
                    inner[id(template)] = axis
                    summed.append(axis)
            return self._sum(self._compile(e._local_args_[0], inner), summed)
        if isinstance(e, (ne.SumExpression, ne.LinearExpression)):
            return self._add([self._compile(a, scope) for a in e.args])
        binary = {
            ne.ProductExpression: "*",
            ne.DivisionExpression: "/",
            ne.PowExpression: "^",
        }
        for kind, op in binary.items():
            if isinstance(e, kind):
                a, b = (self._compile(x, scope) for x in e.args)
                return self._emit(op, (a, b))
        if isinstance(e, ne.NegationExpression):
            return self._emit("neg", (self._compile(e.args[0], scope),))
        if isinstance(e, ne.AbsExpression):
            return self._emit("abs", (self._compile(e.args[0], scope),))
        if isinstance(e, ne.UnaryFunctionExpression):
            if e.getname() not in ("exp", "log", "sqrt"):
                raise TypeError(f"function {e.getname()!r} is not supported in a template; use exp, log, sqrt")
            argument = self._compile(e.args[0], scope)
            return self._log_of(argument) if e.getname() == "log" else self._emit(e.getname(), (argument,))
        if isinstance(e, ne.Expr_ifExpression):
            return self._emit("where", tuple(self._compile(x, scope) for x in e.args))
        if isinstance(e, rel.InequalityExpression):
            return self._emit("<=", tuple(self._compile(x, scope) for x in e.args))
        if getattr(e, "is_indexed", None) is not None and not e.is_indexed():  # a scalar component
            component, labels = one_member(e)
            own = component.index_set().subsets() if labels else ()
            places = tuple((s.ord(label) - 1,) for s, label in zip(own, labels, strict=True))
            return self._emit("leaf", data=Leaf(component.name, places))
        raise TypeError(f"expression {type(e).__name__} is not supported in a template: {e}")

    def _set_of(self, label: Any, scope: Mapping[int, int]) -> Any:
        """The set an index runs over; None for a fixed label."""
        return self._axis_sets[_axis_of(label, scope)] if isinstance(label, IndexTemplate) else None

    def _log(self, k: int) -> int:
        """The log of a node, taken inside products, powers and exponentials where it costs nothing."""
        node = self.nodes[k]
        if node.op == "exp":
            return node.args[0]
        if node.op in ("*", "/"):
            return self._emit("+" if node.op == "*" else "-", (self._log(node.args[0]), self._log(node.args[1])))
        if node.op == "^":
            return self._emit("*", (node.args[1], self._log(node.args[0])))
        if node.op == "where":
            return self._emit("where", (node.args[0], self._log(node.args[1]), self._log(node.args[2])))
        return self._log_of(k)

    def _add(self, terms: list[int]) -> int:
        """A sum of terms; ``exp(x) - 1`` is taken at once, which keeps its digits where x is small."""
        minus_one = next((k for k in terms if self.nodes[k].op == "const" and self.nodes[k].data == -1.0), None)
        power = next((k for k in terms if self.nodes[k].op == "exp"), None)
        if minus_one is not None and power is not None:
            terms = [k for k in terms if k not in (minus_one, power)]
            terms.insert(0, self._emit("expm1", self.nodes[power].args))
        total = terms[0]
        for term in terms[1:]:
            total = self._emit("+", (total, term))
        return total

    def _log_of(self, k: int) -> int:
        """``log`` of a node; ``log(1 + x)`` is taken at once, which keeps its digits where x is small."""
        node = self.nodes[k]
        if node.op == "+":
            for one, rest in (node.args, node.args[::-1]):
                if self.nodes[one].op == "const" and self.nodes[one].data == 1.0:
                    return self._emit("log1p", (rest,))
        return self._emit("log", (k,))

    def _sum(self, child: int, summed: Sequence[int]) -> int:
        """Sum over axes; axes the summand lacks multiply by their size, factors outside the sum stay outside."""
        node = self.nodes[child]
        absent = [a for a in summed if a not in node.axes]
        present = frozenset(a for a in summed if a in node.axes)
        out = child if not present else self._emit("sum", (child,), tuple(sorted(present)), drop=present)
        if absent:
            out = self._emit("*", (out, self._emit("const", data=float(np.prod([self.sizes[a] for a in absent])))))
        return out


def _described(expression: Any) -> str:
    """What a rule returned, in words."""
    if expression is None:
        return "nothing"
    if isinstance(expression, bool):
        return f"{expression} (a comparison of things that are no quantities, such as a symbol without its indices)"
    if isinstance(expression, rel.InequalityExpression):
        return "an inequality"
    if isinstance(expression, (int, float, np.number)):
        return f"the number {float(expression):g}"
    return "a quantity without =="


def _indices_fit(component: str, sets: Sequence[Any], given: Sequence[Any]) -> None:
    """Refuse too few indices, and one of another set; an activity and the commodity of its name stand for each other."""
    if len(sets) != len(given):
        raise TypeError(f"symbol {component} takes indices of {', '.join(s.name for s in sets)}; {len(given)} are given")
    for wanted, runs in zip(sets, given, strict=True):
        if runs is not None and runs is not wanted and {runs.name, wanted.name} != {"comm", "acts"}:
            raise TypeError(f"symbol {component} is indexed by {wanted.name} where the rule gives an index of {runs.name}")


def _axis_of(label: IndexTemplate, scope: Mapping[int, int]) -> int:
    if id(label) not in scope:
        raise TypeError(f"an index over {label._set.name} is used outside the sum that runs over it")
    return scope[id(label)]


def templatize(function: Callable[..., Any], block: Any, index_sets: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
    """The Pyomo template of a rule: its expression and the index templates it was called with."""
    if not index_sets:
        expression, _ = template_of(block, lambda b, _: function(b), None)
        return expression, ()
    product = index_sets[0]
    for other in index_sets[1:]:
        product = product * other

    def called(b: Any, index: Any) -> Any:
        return function(b, *(index if isinstance(index, tuple) else (index,)))

    expression, indices = template_of(block, called, product)
    if isinstance(expression, tuple):
        expression = expression[0] == expression[1]
    return expression, tuple(indices)
