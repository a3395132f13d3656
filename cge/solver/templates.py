"""The evaluation of compiled rules: values by a forward sweep, exact derivatives by a reverse one.

A forward sweep over a :class:`cge.solver.tape.Tape` gives all residuals of a family; one reverse sweep gives its exact
Jacobian, each leaf occurrence yielding a block of triplets.

What depends on parameters and exogenous variables alone is folded: computed once and kept until one of
them changes. Factors that fold to zero and branches not taken cost nothing. What is folded is never written
over: a kernel whose values change makes itself another, so that copies of a kernel share it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cge.solver.operations import apply, slope, uniform
from cge.solver.tape import Leaf, Node, Tape

Array = Any  # numpy array or Python float; complex where a derivative is taken by complex step


class Values:
    """Current arrays of all symbols, with a version each so that kernels know what to fold again.

    Arrays are replaced and never written into, so that copies share them.
    """

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

    def copy(self) -> Values:
        """Values that start as these and move apart from them."""
        other = object.__new__(Values)
        other.arrays, other.version, other._clock = dict(self.arrays), dict(self.version), self._clock
        return other


@dataclass(frozen=True)
class Folded:
    """What a tape comes to at given parameters and exogenous values; never written into.

    Attributes
    ----------
    state : tuple of int or None
        Versions of the symbols it was folded at; None: not yet.
    arrays, stamp : list
        By node: its value where it is fixed, and the version that it was folded at.
    alias : list of int
        By node: the node whose value it has, where factors of one, terms of zero and branches not taken fall away.
    order : list of int
        Nodes that a sweep computes.
    """

    state: tuple[int, ...] | None
    arrays: list[Array]
    stamp: list[int]
    alias: list[int]
    order: list[int]

    @classmethod
    def nothing(cls, size: int) -> Folded:
        """Of a tape of so many nodes, before anything is folded."""
        return cls(None, [None] * size, [-1] * size, list(range(size)), [])


class Kernel:
    """Evaluates one compiled rule at values that move.

    Parameters
    ----------
    tape : Tape
        Shared with every other kernel of the rule.
    folded : Folded, optional
        What it comes to at the first values; default nothing is folded yet.
    """

    __slots__ = ("_kept", "_ndim", "folded", "tape")

    def __init__(self, tape: Tape, folded: Folded | None = None) -> None:
        self.tape = tape
        self.folded = folded or Folded.nothing(len(tape.nodes))
        self._ndim = len(tape.sizes)
        self._kept: tuple[Any, Folded, list[Array]] | None = None

    def copy(self) -> Kernel:
        """A kernel that moves apart from this one."""
        return Kernel(self.tape, self.folded)

    def leaf(self, leaf: Leaf, array: np.ndarray) -> Array:
        """An occurrence of a symbol as an array over the axes of the tape."""
        fixed = tuple(a[0] if isinstance(a, tuple) else slice(None) for a in leaf.axes)
        view = array[fixed]
        free = leaf.free_axes
        if not free:
            return view[()] if view.ndim == 0 else view
        shape = [1] * self._ndim
        for a in free:
            shape[a] = self.tape.sizes[a]
        return view.transpose(np.argsort(free)).reshape(shape)

    def fold(self, values: Values) -> Folded:
        """What the rule comes to at these values: what changed among the nodes without unknowns is computed again."""
        state = tuple(values.version[n] for n in self.tape.fixed_names)
        if state != self.folded.state:
            self.folded = self._folded_at(values, state)
        return self.folded

    def _folded_at(self, values: Values, state: tuple[int, ...]) -> Folded:
        nodes, arrays, stamps = self.tape.nodes, list(self.folded.arrays), list(self.folded.stamp)
        for k, node in enumerate(nodes):
            if not node.fixed:
                continue
            stamp = max((values.version[n] for n in node.leaves), default=0)
            if stamp == stamps[k] and arrays[k] is not None:
                continue
            if node.op == "const":
                value: Array = node.data
            elif node.op == "leaf":
                value = self.leaf(node.data, values[node.data.name])
            else:
                with np.errstate(all="ignore"):
                    value = apply(node, node.args, arrays, self.tape.sizes)
            arrays[k], stamps[k] = uniform(value), stamp
        alias = _aliases(nodes, arrays)
        return Folded(state, arrays, stamps, alias, _needed(nodes, alias, self.tape.root))

    def sweep(self, values: Values, varying: Mapping[str, np.ndarray], token: Any = None) -> list[Array]:
        """The value of every node that counts; one kept for the same ``token`` is handed out once."""
        folded = self.fold(values)
        if token is not None and self._kept is not None:
            kept, self._kept = self._kept, None
            if kept[0] is token and kept[1] is folded:
                return kept[2]
        nodes, sizes, alias = self.tape.nodes, self.tape.sizes, folded.alias
        v: list[Array] = list(folded.arrays)
        with np.errstate(all="ignore"):  # what has no value is NaN or infinite; whoever asked judges the numbers
            for k in folded.order:
                node = nodes[k]
                if node.op == "leaf":
                    v[k] = self.leaf(node.data, varying[node.data.name])
                else:
                    v[k] = apply(node, [alias[a] for a in node.args], v, sizes)
        return v

    def evaluate(self, values: Values, varying: Mapping[str, np.ndarray], token: Any = None) -> np.ndarray:
        """All members of the family; shape of the equation's own indices.

        With a ``token`` the sweep is kept for one :meth:`adjoint` that brings the same object.
        """
        sweep = self.sweep(values, varying)
        tape = self.tape
        if token is not None:
            self._kept = (token, self.folded, sweep)
        v = sweep[self.folded.alias[tape.root]]
        if np.ndim(v) == 0:
            return np.full(tape.shape, v)
        own = v.reshape(v.shape[: tape.rank]) if v.ndim > tape.rank else v
        return np.broadcast_to(own, tape.shape)

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
        v = self.sweep(values, varying, token)
        tape, folded = self.tape, self.folded
        nodes, alias = tape.nodes, folded.alias
        keep = tape.own if seed is None else frozenset()
        bar: dict[int, Array] = {}
        root = alias[tape.root]
        if nodes[root].fixed:
            return []
        start: Array = np.float64(1.0)
        if seed is not None:
            start = seed.reshape(*tape.shape, *([1] * (self._ndim - tape.rank)))
            start = self._reduce(start, nodes[root].axes)
        bar[root] = start
        blocks: list[tuple[Leaf, Array]] = []
        for k in reversed(folded.order):
            if k not in bar:
                continue
            g, node = bar.pop(k), nodes[k]
            if node.op == "leaf":
                blocks.append((node.data, g))
                continue
            args = [alias[a] for a in node.args]
            with np.errstate(all="ignore"):
                for position, share in self._pull(node, args, v, v[k], g):
                    arg = args[position]
                    if nodes[arg].fixed:
                        continue
                    share = self._reduce(share, nodes[arg].axes | keep)
                    bar[arg] = share if arg not in bar else bar[arg] + share
        return blocks

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
                shape[a] = self.tape.sizes[a]
            dense = np.broadcast_to(g, shape) if np.ndim(g) else np.full(shape, g)
            block = dense.reshape([self.tape.sizes[a] for a in sorted(free)]).transpose(np.argsort(np.argsort(free)))
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
        varies = [not self.tape.nodes[a].fixed for a in args]
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
                shares.append((0, g * slope(a, b, value)))
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
            and k not in self.tape.nodes[arg].axes
            and k not in self.tape.own
            and (np.ndim(g) == 0 or g.shape[k] == 1)
        ]
        return g * float(np.prod([self.tape.sizes[k] for k in missing])) if missing else g

    def _times_missing(self, g: Array, axes: Sequence[int], child: Array) -> Array:
        missing = [k for k in axes if np.ndim(child) == 0 or child.shape[k] == 1]
        return g * float(np.prod([self.tape.sizes[k] for k in missing])) if missing else g


def _aliases(nodes: Sequence[Node], arrays: Sequence[Array]) -> list[int]:
    """By node, the node whose value it has at what is folded."""
    alias = list(range(len(nodes)))

    def is_number(k: int, number: float) -> bool:
        k = alias[k]
        value = arrays[k] if nodes[k].fixed else None
        return value is not None and np.ndim(value) == 0 and bool(value == number)

    for k, node in enumerate(nodes):
        if node.fixed:
            continue
        op, args = node.op, node.args
        if op == "where" and nodes[args[0]].fixed and np.ndim(arrays[args[0]]) == 0:
            alias[k] = alias[args[1 if arrays[args[0]] else 2]]
        elif op == "*" and any(is_number(a, 0.0) for a in args):
            alias[k] = next(alias[a] for a in args if is_number(a, 0.0))
        elif op == "*" and any(is_number(a, 1.0) for a in args):
            alias[k] = alias[args[1 if is_number(args[0], 1.0) else 0]]
        elif (op == "/" and is_number(args[1], 1.0)) or (op in ("sum", "neg") and is_number(args[0], 0.0)):
            alias[k] = alias[args[0]]
        elif op == "+" and any(is_number(a, 0.0) for a in args):
            alias[k] = alias[args[1 if is_number(args[0], 0.0) else 0]]
    return alias


def _needed(nodes: Sequence[Node], alias: Sequence[int], root: int) -> list[int]:
    """The nodes that a sweep computes, in their order."""
    needed: set[int] = set()
    stack = [alias[root]]
    while stack:
        k = stack.pop()
        if k in needed or nodes[k].fixed:
            continue
        needed.add(k)
        stack += [alias[a] for a in nodes[k].args]
    return sorted(needed)
