"""The operations of a tape on numbers and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cge.solver.tape import Node

Array = Any  # numpy array or Python float; complex where a derivative is taken by complex step


def apply(node: Node, args: Sequence[int], v: list[Array], sizes: Sequence[int]) -> Array:
    """The value of an operation on the values of its arguments, over axes of given sizes."""
    op = node.op
    a = v[args[0]]
    if op == "sum":
        axes = tuple(k for k in node.data if np.ndim(a) and a.shape[k] != 1)
        count = float(np.prod([sizes[k] for k in node.data if k not in axes])) if len(axes) < len(node.data) else 1.0
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
            return power(a, b)
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


def power(a: Array, b: Array) -> Array:
    """``a ** b``, without a power where there is none to take."""
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


def slope(a: Array, b: Array, value: Array) -> Array:
    """Derivative of ``a ** b`` by ``a``; squares stay finite at zero."""
    if np.ndim(b) == 0 and b in (1.0, 2.0):
        return b if b == 1.0 else 2.0 * a
    return b * value / a


def uniform(value: Array) -> Array:
    """A numpy scalar where all elements are equal, so that later steps need no array."""
    if np.ndim(value) == 0:
        return np.asarray(value)[()]
    if value.size == 0:
        return value
    first, last = value[(0,) * value.ndim], value[(-1,) * value.ndim]
    return first if first == last and bool((value == first).all()) else value
