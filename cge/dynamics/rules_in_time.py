"""Rules of origin along a path of years."""

from __future__ import annotations

from dataclasses import dataclass

from cge.dynamics.path_of_years import State
from cge.dynamics.programme import Flows, require_year
from cge.mechanisms.origin.clauses import instruments_of, studies_of
from cge.model import Model
from cge.policy.policy import Policy


@dataclass(frozen=True)
class RulesInTime:
    """A policy with rules of origin that acts in full from one year on (default: the first).

    The path's model states the rules (:class:`cge.mechanisms.origin.RulesOfOrigin` among its mechanisms).

    Attributes
    ----------
    policy : Policy
    before : bool
        The rules in force before the policy instead, without its other changes: what it is compared with.
    since : int
    """

    policy: Policy
    before: bool = False
    since: int = 0

    def __post_init__(self) -> None:
        require_year(self.since, f"the first year of {self.policy.name!r}")

    @property
    def name(self) -> str:
        """The policy's name, or that of the rules before it."""
        return f"before {self.policy.name}" if self.before else self.policy.name

    def flows(self, year: int, model: Model, state: State) -> Flows:
        """The rules as instruments, with the policy's other changes; the rules before it until it acts."""
        acts = year >= self.since and not self.before
        if not acts and all(clause.against is None for clause in self.policy.origin):
            return Flows()
        exogenous, guess, _ = instruments_of(self.policy, studies_of(self.policy, model), before=not acts)
        others = self.policy.without_origin()
        moves = acts and any((c.value != c.base).any() for c in others.composed(model).values())
        return Flows(policy=others if moves else None, exogenous=dict(exogenous), guess=dict(guess))
