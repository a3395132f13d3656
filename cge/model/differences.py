"""In which exogenous values two solutions differ, and which of the differences a policy made.

A change between two solutions is the policy's only where nothing else moved. What else moved (foreign saving that one
of them fixed at zero, other elasticities) is listed, so that it is not taken for an effect of the policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cge.model.solution import Solution


@dataclass(frozen=True)
class Difference:
    """One symbol in which two solutions differ.

    Attributes
    ----------
    symbol : str
    cells : int
        Elements that differ.
    example : str
        Labels of the element that differs most.
    before, after : float
        Its values.
    of_policy : bool
        The policy of one of the solutions set it.
    """

    symbol: str
    cells: int
    example: str
    before: float
    after: float
    of_policy: bool

    def text(self) -> str:
        """The difference as a sentence."""
        where = f" of {self.example}" if self.example else ""
        more = f", and {self.cells - 1} more" if self.cells > 1 else ""
        return f"Beside the policy {self.symbol}{where} differs: {self.before:.6g} before, {self.after:.6g} after{more}."


def exogenous_differences(base: Solution, after: Solution) -> list[Difference]:
    """Differences of exogenous values and live parameters; those of a policy apart from the others."""
    model = after.model
    out: list[Difference] = []
    for name, symbol in model.symbols.items():
        if symbol.kind == "parameter" and symbol.structural:
            continue
        a, b = base.arrays[name], after.arrays[name]
        differs = a != b
        if symbol.kind != "parameter":
            differs = differs & ~model.free[name] & ~base.model.free[name]
        if not differs.any():
            continue
        told = np.zeros(differs.shape, bool)
        for solution in (base, after):
            if name in solution.policy_values:
                start = model.benchmark_values[name]
                told |= (solution.policy_values[name] == solution.arrays[name]) & (solution.policy_values[name] != start)
        for mask, of_policy in ((differs & told, True), (differs & ~told, False)):
            if mask.any():
                at = int(np.argmax(np.where(mask, abs(b - a), -1.0)))
                values = (float(a.ravel()[at]), float(b.ravel()[at]))
                out.append(Difference(name, int(mask.sum()), model.label(name, at), *values, of_policy))
    return out
