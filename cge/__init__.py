"""Multi-region computable general equilibrium models: equations in Pyomo, kernels in numpy, Ipopt as judge."""

from cge.branches import Equilibria, probe_equilibria
from cge.catalogue import Question, find_policy, questions
from cge.closure import Closure
from cge.declare import Block, Mechanism
from cge.errors import ClosureError, ModelError, ShockError, SolveError
from cge.model import Model
from cge.policy import InstrumentChange, OriginClause, Policy
from cge.run import Run, solve
from cge.scenario import Scenario
from cge.solution import Comparison, Solution

__all__ = [
    "Block",
    "Closure",
    "ClosureError",
    "Comparison",
    "Equilibria",
    "InstrumentChange",
    "Mechanism",
    "Model",
    "ModelError",
    "OriginClause",
    "Policy",
    "Question",
    "Run",
    "Scenario",
    "ShockError",
    "Solution",
    "SolveError",
    "find_policy",
    "probe_equilibria",
    "questions",
    "solve",
]
