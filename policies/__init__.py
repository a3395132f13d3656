"""Policies: sourced, composable shocks, and the command line that runs them."""

import os
import sys
import warnings


def _interrupted(kind: type[BaseException], error: BaseException, trace: object) -> None:
    """One line for an interrupt while the command is still being loaded; every other error as ever."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("error: interrupted\n")
    else:
        sys.__excepthook__(kind, error, trace)  # type: ignore[arg-type]


if os.path.basename(sys.argv[0] if sys.argv else "") in ("cge", "cge.exe"):
    sys.excepthook = _interrupted

# `python -m policies.rcep` runs a module that this package has imported; that is intended
warnings.filterwarnings("ignore", message="'policies\\.", category=RuntimeWarning, module="runpy")

from policies import rules_of_origin
from policies.belt_and_road import BeltAndRoadProgramme, belt_and_road
from policies.experiment import Experiment, run
from policies.policy import InstrumentChange, Policy
from policies.rcep import rcep
from policies.registry import POLICIES, find_policy
from policies.tariff_change import tariff_change
from policies.us_china import us_china
from policies.usmca import usmca

__all__ = [
    "POLICIES",
    "BeltAndRoadProgramme",
    "Experiment",
    "InstrumentChange",
    "Policy",
    "belt_and_road",
    "find_policy",
    "rcep",
    "rules_of_origin",
    "run",
    "tariff_change",
    "us_china",
    "usmca",
]
