"""Pyomo rules, called once with index templates, compiled to vectorised numpy kernels.

A rule such as ``m.pms[i, d] == sum(m.share[i, s, d] * m.p[i, s] for s in m.reg)`` is evaluated once
with Pyomo's ``IndexTemplate`` objects in place of ``i`` and ``d`` (``templatize_rule``). The resulting
expression is turned into a tape of array operations over named axes: the axes of the equation's own
indices, then one axis for each set summed over. A forward sweep gives all residuals of the family; one
reverse sweep gives its exact Jacobian, each leaf occurrence yielding a block of triplets.

What depends on parameters and exogenous variables alone is folded: computed once and kept until one of
them changes. Factors that fold to zero and branches not taken cost nothing.
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

Array = Any  # numpy array or Python float; complex where a derivative is taken by complex step


class Values:
    """Current arrays of all symbols, with a version each so that kernels know what to fold again."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays: dict[str, np.ndarray] = dict(arrays)
        self.version: dict[str, int] = dict.fromkeys(self.arrays, 0)
        self._clock = 0

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def set(self, name: str, value: np.ndarray) -> None:
        """Replace the array of ``name``; kernels fold again what depends on it."""
        self._clock += 1
        self.arrays[name] = value
        self.version[name] = self._clock


@dataclass
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


class Kernel:
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
    varying : set of str
        Symbols that change with the unknowns; all others are folded.
    logs : bool
        Compile a relation as the difference of the logs of its sides instead of their difference.
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
        self.shapes, self.varying = shapes, set(varying)
        self.nodes: list[Node] = []
        self._seen: dict[Any, int] = {}
        self.sizes: list[int] = []
        self._axis_sets: list[Any] = []
        expression, indices = templatize(function, block, index_sets)
        scope = {id(t): self._new_axis(s) for t, s in zip(indices, index_sets, strict=True)}
        self.rank = len(indices)
        self.is_equation = isinstance(expression, rel.EqualityExpression)
        self.returned = _described(expression)
        if self.is_equation:
            left, right = (self._compile(e, scope) for e in expression.args)
            self.root = self._emit("-", (self._log(left), self._log(right)) if logs else (left, right))
        elif expression is None or isinstance(expression, bool):
            self.root = self._emit("const", data=np.nan)
        else:
            self.root = self._compile(expression, scope)
        self.shape = tuple(self.sizes[: self.rank])
        self.size = int(np.prod(self.shape, dtype=int))
        self._ndim = len(self.sizes)
        self._own = frozenset(range(self.rank))
        self._folded: list[Array] = [None] * len(self.nodes)
        self._stamp: list[int] = [-1] * len(self.nodes)
        self._alias: list[int] = list(range(len(self.nodes)))
        self._order: list[int] = []
        self._state: tuple[int, ...] | None = None
        self.names = sorted(self.nodes[self.root].leaves)
        self._kept: tuple[Any, tuple[int, ...] | None, list[Array]] | None = None

    # -- compilation -------------------------------------------------------------------------------
    def _new_axis(self, pyomo_set: Any) -> int:
        self.sizes.append(len(pyomo_set))
        self._axis_sets.append(pyomo_set)
        return len(self.sizes) - 1

    def _sum_axis(self, pyomo_set: Any, scope: Mapping[int, int]) -> int:
        """An axis for a sum: one over the same set that no enclosing index uses, so that twin sums are one node."""
        busy = set(scope.values())
        for axis, known in enumerate(self._axis_sets):
            if known is pyomo_set and axis not in busy:
                return axis
        return self._new_axis(pyomo_set)

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

    # -- evaluation --------------------------------------------------------------------------------
    def _leaf(self, leaf: Leaf, array: np.ndarray) -> Array:
        fixed = tuple(a[0] if isinstance(a, tuple) else slice(None) for a in leaf.axes)
        view = array[fixed]
        free = leaf.free_axes
        if not free:
            return view[()] if view.ndim == 0 else view
        shape = [1] * self._ndim
        for a in free:
            shape[a] = self.sizes[a]
        return view.transpose(np.argsort(free)).reshape(shape)

    def _apply(self, node: Node, v: list[Array]) -> Array:
        op, args = node.op, node.args
        a = v[args[0]]
        if op == "sum":
            axes = tuple(k for k in node.data if np.ndim(a) and a.shape[k] != 1)
            count = float(np.prod([self.sizes[k] for k in node.data if k not in axes])) if len(axes) < len(node.data) else 1.0
            total = a.sum(axis=axes, keepdims=True) if axes else a
            return total * count if count != 1.0 else total
        if len(args) == 2:
            b = v[args[1]]
            if op == "+":
                return a + b
            if op == "-":
                return a - b
            if op == "*":
                return a * b
            if op == "/":
                return a / b
            if op == "^":
                return _power(a, b)
            if op == "<=":
                return np.real(a) <= np.real(b)
        if op == "neg":
            return -a
        if op == "exp":
            return np.exp(a)
        if op == "log":
            return np.log(a)
        if op == "expm1":
            return np.expm1(a)
        if op == "log1p":
            return np.log1p(a)
        if op == "abs":
            return np.abs(a)
        if op == "sqrt":
            return np.sqrt(a)
        if op == "where":
            return np.where(a, v[args[1]], v[args[2]])
        raise TypeError(f"operation {op!r} is not supported in a template")

    def _fold(self, values: Values) -> None:
        """Recompute what changed among the nodes without unknowns; find which nodes are still needed."""
        state = tuple(values.version[n] for n in self.names if n not in self.varying)
        if state == self._state:
            return
        for k, node in enumerate(self.nodes):
            if not node.fixed:
                continue
            stamp = max((values.version[n] for n in node.leaves), default=0)
            if stamp == self._stamp[k] and self._folded[k] is not None:
                continue
            if node.op == "const":
                held: Array = node.data
            elif node.op == "leaf":
                held = self._leaf(node.data, values[node.data.name])
            else:
                with np.errstate(all="ignore"):
                    held = self._apply(node, self._folded)
            self._folded[k], self._stamp[k] = _uniform(held), stamp
        for k, node in enumerate(self.nodes):
            self._alias[k] = k
            if node.fixed:
                continue
            if node.op == "where" and self.nodes[node.args[0]].fixed and np.ndim(self._folded[node.args[0]]) == 0:
                self._alias[k] = self._alias[node.args[1 if self._folded[node.args[0]] else 2]]
            elif node.op == "*" and any(self._is_zero(a) for a in node.args):
                self._alias[k] = next(self._alias[a] for a in node.args if self._is_zero(a))
            elif node.op == "*" and any(self._is_one(a) for a in node.args):
                self._alias[k] = self._alias[node.args[1 if self._is_one(node.args[0]) else 0]]
            elif (node.op == "/" and self._is_one(node.args[1])) or (node.op in ("sum", "neg") and self._is_zero(node.args[0])):
                self._alias[k] = self._alias[node.args[0]]
            elif node.op == "+" and any(self._is_zero(a) for a in node.args):
                self._alias[k] = self._alias[node.args[1 if self._is_zero(node.args[0]) else 0]]
        needed: set[int] = set()
        stack = [self._alias[self.root]]
        while stack:
            k = stack.pop()
            if k in needed or self.nodes[k].fixed:
                continue
            needed.add(k)
            stack += [self._alias[a] for a in self.nodes[k].args]
        self._order = sorted(needed)
        self._state = state

    def forget(self) -> None:
        """Drop everything folded: the next evaluation reads its values afresh."""
        self._state = None
        self._stamp = [-1] * len(self.nodes)
        self._folded = [None] * len(self.nodes)

    def _is(self, k: int, number: float) -> bool:
        k = self._alias[k]
        held = self._folded[k] if self.nodes[k].fixed else None
        return held is not None and np.ndim(held) == 0 and bool(held == number)

    def _is_zero(self, k: int) -> bool:
        return self._is(k, 0.0)

    def _is_one(self, k: int) -> bool:
        return self._is(k, 1.0)

    def _forward(self, values: Values, varying: Mapping[str, np.ndarray], token: Any = None) -> list[Array]:
        self._fold(values)
        if token is not None and self._kept is not None:
            kept, self._kept = self._kept, None
            if kept[0] is token and kept[1] == self._state:
                return kept[2]
        v: list[Array] = list(self._folded)
        with np.errstate(all="ignore"):  # what has no value is NaN or infinite; whoever asked judges the numbers
            for k in self._order:
                node = self.nodes[k]
                if node.op == "leaf":
                    v[k] = self._leaf(node.data, varying[node.data.name])
                else:
                    v[k] = self._apply(_Redirected(node, self._alias), v)  # type: ignore[arg-type]
        return v

    def evaluate(self, values: Values, varying: Mapping[str, np.ndarray], token: Any = None) -> np.ndarray:
        """All members of the family; shape of the equation's own indices.

        With a ``token`` the sweep is kept for one :meth:`adjoint` that brings the same object.
        """
        sweep = self._forward(values, varying)
        if token is not None:
            self._kept = (token, self._state, sweep)
        v = sweep[self._alias[self.root]]
        if np.ndim(v) == 0:
            return np.full(self.shape, v)
        own = v.reshape(v.shape[: self.rank]) if v.ndim > self.rank else v
        return np.broadcast_to(own, self.shape)

    def adjoint(
        self, values: Values, varying: Mapping[str, np.ndarray], seed: np.ndarray | None = None, token: Any = None
    ) -> list[tuple[Leaf, Array]]:
        """One reverse sweep.

        Parameters
        ----------
        seed : ndarray, optional
            Row weights. Without it the result is the Jacobian, one block for each leaf occurrence over
            the axes of the rows and of the leaf; with it, the weighted sum over rows for each leaf.

        Returns
        -------
        list of (Leaf, array)
            Arrays have one axis for each of the kernel's axes (length 1 where they do not vary).
        """
        v = self._forward(values, varying, token)
        keep = self._own if seed is None else frozenset()
        bar: dict[int, Array] = {}
        root = self._alias[self.root]
        if self.nodes[root].fixed:
            return []
        start: Array = np.float64(1.0)
        if seed is not None:
            start = seed.reshape(*self.shape, *([1] * (self._ndim - self.rank)))
            start = self._reduce(start, self.nodes[root].axes)
        bar[root] = start
        out: list[tuple[Leaf, Array]] = []
        for k in reversed(self._order):
            if k not in bar:
                continue
            g, node = bar.pop(k), self.nodes[k]
            if node.op == "leaf":
                out.append((node.data, g))
                continue
            args = [self._alias[a] for a in node.args]
            with np.errstate(all="ignore"):
                for position, share in self._pull(node, args, v, v[k], g):
                    arg = args[position]
                    if self.nodes[arg].fixed:
                        continue
                    share = self._reduce(share, self.nodes[arg].axes | keep)
                    bar[arg] = share if arg not in bar else bar[arg] + share
        return out

    def pull_into(
        self, bars: Mapping[str, np.ndarray], seed: np.ndarray, values: Values, varying: Mapping[str, np.ndarray]
    ) -> None:
        """Add the seed-weighted derivatives with respect to each symbol of ``bars`` to its array."""
        for leaf, g in self.adjoint(values, varying, seed):
            if leaf.name not in bars:
                continue
            free = leaf.free_axes
            shape = [1] * self._ndim
            for a in free:
                shape[a] = self.sizes[a]
            dense = np.broadcast_to(g, shape) if np.ndim(g) else np.full(shape, g)
            block = dense.reshape([self.sizes[a] for a in sorted(free)]).transpose(np.argsort(np.argsort(free)))
            target = bars[leaf.name]
            fixed = tuple(a[0] if isinstance(a, tuple) else slice(None) for a in leaf.axes)
            target[fixed] += block

    def _reduce(self, g: Array, keep: frozenset[int]) -> Array:
        if np.ndim(g) == 0:
            return g
        axes = tuple(k for k in range(self._ndim) if g.shape[k] != 1 and k not in keep)
        return g.sum(axis=axes, keepdims=True) if axes else g

    def _pull(self, node: Node, args: list[int], v: list[Array], value: Array, g: Array) -> list[tuple[int, Array]]:
        """Adjoint contributions of a node to its varying arguments."""
        op = node.op
        varies = [not self.nodes[a].fixed for a in args]
        if op == "+":
            return [(k, self._spread(g, args[k], value)) for k in (0, 1) if varies[k]]
        if op == "-":
            return [(k, self._spread(g if k == 0 else -g, args[k], value)) for k in (0, 1) if varies[k]]
        if op == "*":
            return [(k, g * v[args[1 - k]]) for k in (0, 1) if varies[k]]
        if op == "/":
            b = v[args[1]]
            shares = [(0, g / b)] if varies[0] else []
            return shares + ([(1, -g * value / b)] if varies[1] else [])
        if op == "^":
            a, b = v[args[0]], v[args[1]]
            shares = []
            if varies[0]:
                shares.append((0, g * _slope(a, b, value)))
            if varies[1]:
                shares.append((1, g * value * np.log(a)))
            return shares
        if op == "sum":
            return [(0, self._times_missing(g, node.data, v[args[0]]))]
        if op == "neg":
            return [(0, -g)]
        if op == "exp":
            return [(0, g * value)]
        if op == "log":
            return [(0, g / v[args[0]])]
        if op == "expm1":
            return [(0, g * (value + 1.0))]
        if op == "log1p":
            return [(0, g / (1.0 + v[args[0]]))]
        if op == "sqrt":
            return [(0, g / (2 * value))]
        if op == "where":
            taken = v[args[0]]
            branch = {1: np.where(taken, g, 0.0), 2: np.where(taken, 0.0, g)}
            return [(k, self._spread(branch[k], args[k], value)) for k in (1, 2) if varies[k]]
        raise TypeError(f"operation {op!r} has no derivative")

    def _spread(self, g: Array, arg: int, value: Array) -> Array:
        """Count how often an argument enters along summed axes that it and ``g`` lack but the node's value has."""
        missing = [
            k
            for k in range(self._ndim)
            if np.ndim(value)
            and value.shape[k] != 1
            and k not in self.nodes[arg].axes
            and k not in self._own
            and (np.ndim(g) == 0 or g.shape[k] == 1)
        ]
        return g * float(np.prod([self.sizes[k] for k in missing])) if missing else g

    def _times_missing(self, g: Array, axes: Sequence[int], child: Array) -> Array:
        missing = [k for k in axes if np.ndim(child) == 0 or child.shape[k] == 1]
        return g * float(np.prod([self.sizes[k] for k in missing])) if missing else g


class _Redirected:
    """A node seen through aliases of pruned arguments."""

    __slots__ = ("args", "data", "op")

    def __init__(self, node: Node, alias: list[int]) -> None:
        self.op, self.data = node.op, node.data
        self.args = tuple(alias[a] for a in node.args)


def _power(a: Array, b: Array) -> Array:
    if np.ndim(b) == 0:
        if b == 1.0:
            return a
        if b == 0.0:
            return np.ones_like(a) if np.ndim(a) else 1.0
        if b == -1.0:
            return 1.0 / a
        if b == 2.0:
            return a * a
    return a**b


def _slope(a: Array, b: Array, value: Array) -> Array:
    """Derivative of ``a ** b`` by ``a``; squares stay finite at zero."""
    if np.ndim(b) == 0 and b in (1.0, 2.0):
        return b if b == 1.0 else 2.0 * a
    return b * value / a


def _uniform(value: Array) -> Array:
    """A numpy scalar where all elements are equal, so that later steps need no array."""
    if np.ndim(value) == 0:
        return np.asarray(value)[()]
    if value.size == 0:
        return value
    first, last = value[(0,) * value.ndim], value[(-1,) * value.ndim]
    return first if first == last and bool((value == first).all()) else value


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
