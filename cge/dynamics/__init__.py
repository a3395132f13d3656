"""Recursive dynamics: a baseline that meets a path of GDP, and policies as differences from it."""

from cge.dynamics.engine import Dynamics
from cge.dynamics.path_of_years import Difference, DynamicsError, PathOfYears, State
from cge.dynamics.programme import Baseline, Flows, Programme, Steady

__all__ = [
    "Baseline",
    "Difference",
    "Dynamics",
    "DynamicsError",
    "Flows",
    "PathOfYears",
    "Programme",
    "State",
    "Steady",
]
