"""Multi-region computable general equilibrium models: equations in Pyomo, kernels in numpy, Ipopt as judge."""

from cge.branches import Equilibria, probe_equilibria
from cge.closure import Closure
from cge.errors import ClosureError, ModelError, ShockError, SolveError
from cge.model import Model
from cge.solution import Comparison, Solution

__all__ = [
    "Closure",
    "ClosureError",
    "Comparison",
    "Equilibria",
    "Model",
    "ModelError",
    "ShockError",
    "Solution",
    "SolveError",
    "probe_equilibria",
]
