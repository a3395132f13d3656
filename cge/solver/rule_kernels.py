"""Kernels of single rules: definitions at a solution, equations that move with what a gradient asks for."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from cge.equations.declare import SET_OF_DIM
from cge.solver.pyomo_templates import PYOMO_LOCK
from cge.solver.tape import Tape
from cge.solver.templates import Kernel, Values

if TYPE_CHECKING:
    from cge.model import Model


def rule_kernel(model: Model, rule_name: str, varying: Collection[str], key: str = "") -> Kernel:
    """A rule compiled to move with the symbols ``varying``, folded at the benchmark; compiled once a model.

    Parameters
    ----------
    model : Model
    rule_name : str
        An equation or definition.
    varying : collection of str
        All other symbols are folded.
    key : str, optional
        A short name of what varies, where that is long.

    Returns
    -------
    Kernel
        The caller's own.
    """

    def compiled() -> Kernel:
        rule = model.rules[rule_name]
        shapes = {n: a.shape for n, a in model.benchmark_values.items()}
        with PYOMO_LOCK:
            sets = [getattr(model.pyomo, SET_OF_DIM[d]) for d in rule.dims]
            tape = Tape(rule.function, model.pyomo, sets, shapes, varying, rule.is_equation and rule.logs)
        kernel = Kernel(tape)
        kernel.fold(Values(model.benchmark_values))
        return kernel

    return model.memo.get(f"kernel of {rule_name}|{key or ' '.join(varying)}", compiled).copy()


__all__ = ["rule_kernel"]
