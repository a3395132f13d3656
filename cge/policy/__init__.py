"""Policies: named, sourced, composable changes of instruments, kept in readable files."""

from cge.policy.instrument_change import MEMBERS, InstrumentChange
from cge.policy.policy import OriginClause, Policy

__all__ = ["MEMBERS", "InstrumentChange", "OriginClause", "Policy"]
