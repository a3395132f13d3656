"""Multi-region computable general equilibrium models: equations in Pyomo, kernels in numpy, Ipopt as judge."""

import os
import sys


def _interrupted(kind: type[BaseException], error: BaseException, trace: object) -> None:
    """One line for an interrupt while the command is still being loaded; every other error as ever."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("error: interrupted\n")
    else:
        sys.__excepthook__(kind, error, trace)  # type: ignore[arg-type]


if os.path.basename(sys.argv[0] if sys.argv else "") in ("cge", "cge.exe"):
    sys.excepthook = _interrupted

from cge import mechanisms
from cge.catalogue import Question, find_policy, questions
from cge.dynamics import Baseline, Dynamics, DynamicsError
from cge.equations.closure import Closure
from cge.equations.declare import Block, Mechanism
from cge.errors import ClosureError, ModelError, ShockError, SolveError
from cge.figure import Figure
from cge.model import Model
from cge.model.branches import Equilibria, probe_equilibria
from cge.model.solution import Comparison, Solution
from cge.policy import InstrumentChange, OriginClause, Policy
from cge.results.run import Run
from cge.run import solve
from cge.scenario import Scenario
from cge.table import Table

__all__ = [
    "Baseline",
    "Block",
    "Closure",
    "ClosureError",
    "Comparison",
    "Dynamics",
    "DynamicsError",
    "Equilibria",
    "Figure",
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
    "Table",
    "find_policy",
    "mechanisms",
    "probe_equilibria",
    "questions",
    "solve",
]
