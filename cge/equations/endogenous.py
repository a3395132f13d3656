"""What is endogenous: the flows that exist, and the swaps of the closure on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from calibration.errors import nearest
from cge.equations.closure import Swap
from cge.errors import ClosureError, ModelError

if TYPE_CHECKING:
    from cge.model import Model


def apply_closure(model: Model) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], list[str]]:
    """Where each variable and instrument is endogenous and each equation active (boolean arrays by name), and remarks.

    Raises
    ------
    ModelError
        An equation has another shape than the variable it defines.
    ClosureError
        A swap names what is not there, frees what is free, or touches nothing.
    """
    exists = {n: np.ones(model.shape(n), bool) for n, s in model.symbols.items() if s.kind == "variable"}
    for block in model.blocks:
        for name, mask in block.masks(model.data).items():
            exists[name] = np.asarray(mask, bool)
    active = {}
    for name, rule in model.equations.items():
        assert rule.defines is not None
        if model.shape(name) != exists[rule.defines].shape:
            raise ModelError(f"equation {name} and the variable {rule.defines} it defines differ in shape")
        active[name] = exists[rule.defines]
    free = {n: mask.copy() for n, mask in exists.items()}
    free.update({n: np.zeros(model.shape(n), bool) for n, s in model.symbols.items() if s.kind == "instrument"})
    remarks: list[str] = []
    for swap in model.closure.swaps:
        remarks += _apply_swap(model, swap, free, exists)
    return free, active, remarks


def _apply_swap(model: Model, swap: Swap, free: dict[str, np.ndarray], exists: Mapping[str, np.ndarray]) -> list[str]:
    """One swap on the masks of what is endogenous; refused where it changes nothing, a remark where only in part."""
    closure = f"closure {model.closure.name!r}"
    for name in (swap.fixed, swap.free):
        if name not in free:
            raise ClosureError(f"{closure}: unknown variable {name!r}{nearest(name, free)}")
    apart = swap.free_where is not None  # elements of the two sides differ
    fixed = _chosen(model, swap.fixed, swap.where)
    freed = _chosen(model, swap.free, swap.where if swap.free_where is None else swap.free_where)
    if (freed & free[swap.free]).any():
        raise ClosureError(f"{closure}: {swap.free} is endogenous already where the swap frees it")
    leaving = fixed & free[swap.fixed]
    if apart and leaving.any() and leaving.sum() != freed.sum():
        raise ClosureError(
            f"{closure}: the swap fixes {int(leaving.sum())} elements of {swap.fixed} and frees "
            f"{int(freed.sum())} of {swap.free}; name as many of each (elements without a flow do not count)"
        )
    if not apart and leaving.shape == freed.shape:
        freed &= leaving  # an absent element has nothing to trade
    if not leaving.any() or not freed.any():
        there = exists.get(swap.fixed, np.ones_like(fixed))
        why = (
            f"{swap.fixed} is exogenous already there"
            if (fixed & there).any()
            else f"{swap.fixed} does not exist there (no such flow, or a factor that does not move)"
        )
        raise ClosureError(f"{closure}: the swap of {swap.fixed} and {swap.free} touches nothing: {why}; drop it")
    free[swap.fixed] &= ~fixed
    free[swap.free] |= freed
    idle = np.flatnonzero(fixed & ~leaving)
    if not idle.size:
        return []
    cells = ", ".join(model.label(swap.fixed, int(k)) for k in idle[:5]) + (" and more" if idle.size > 5 else "")
    return [
        f"the swap of {swap.fixed} and {swap.free} leaves {idle.size} of {int(fixed.sum())} elements as they are "
        f"(they do not exist or are exogenous already): {cells}"
    ]


def _chosen(model: Model, name: str, where: Sequence[tuple[str, tuple[str, ...]]]) -> np.ndarray:
    mask = np.ones(model.shape(name), bool)
    dims = model.symbols[name].dims
    twins = {"i": "a", "a": "i", "r": "d", "d": "r"}  # an activity and its commodity, a region and a destination
    for named, wanted in where:
        dim = named if named in dims else twins.get(named, named)
        if dim not in dims:
            raise ClosureError(f"closure {model.closure.name!r}: {name} has dims {dims}, not {dim!r}")
        labels = model.labels(dim)
        for label in wanted:
            if label not in labels:
                raise ClosureError(f"closure {model.closure.name!r}: {label!r} is not in dim {dim!r}{nearest(label, labels)}")
        shape = [1] * len(dims)
        shape[dims.index(dim)] = len(labels)
        mask &= np.array([label in wanted for label in labels]).reshape(shape)
    return mask
