"""Rules of origin as a policy states them: which preferences they guard, what they ask, what firms do who do not comply."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from cge.policy.stated import Stated

RULES = ("rvc", "lvc", "steel", "alu")


class Thresholds(Stated):
    """What rules of origin ask of a shipment; a rule that is left out is not in force.

    Attributes
    ----------
    rvc : float, optional
        Regional value content, share of net cost, in [0, 1).
    lvc : float, optional
        Labour value content: share of cost made in plants above the wage floor.
    lvc_credit : float
        Credits of the labour rule that need no such plant (research, assembly), taken off the threshold.
    steel, alu : float, optional
        Share of steel and of aluminium bought in the area.
    paper : float
        Paperwork, share of a complying shipment.
    """

    rvc: float | None = Field(default=None, ge=0, lt=1)
    lvc: float | None = Field(default=None, ge=0, lt=1)
    lvc_credit: float = Field(default=0.0, ge=0, lt=1)
    steel: float | None = Field(default=None, ge=0, lt=1)
    alu: float | None = Field(default=None, ge=0, lt=1)
    paper: float = Field(default=0.0, ge=0, lt=1)


class OriginClause(Thresholds):
    """Rules of origin that a policy's preferences on one sector carry (:mod:`cge.mechanisms.origin`).

    Attributes
    ----------
    sector : str
        Covered sector.
    material : str
        The sector that its material comes from; empty: its own product.
    metals : tuple of str
        Commodity of the steel and aluminium rules, the first that the benchmark has (else its last commodity).
    area : tuple of str
        Members whose inputs originate; empty: the policy's members.
    high_wage : tuple of str
        Members whose plants meet the wage floor.
    cumulation : {"full", "bilateral"}
        Inputs of every member originate, or those of the exporting member alone.
    automatic : bool
        No rule is in force: every shipment has the preference.
    against : Thresholds, optional
        Rules in force before the policy, which it is compared with; none: preferences were automatic.
    duties : mapping of str to float
        Member -> rate (fraction) that a shipment pays which does not comply; others pay the benchmark's rate before the policy.
    reference : mapping
        Rates at which ``utilisation`` is seen; empty: ``duties``.
    utilisation : float
        Share of shipments that use the preference where compliance costs nothing.
    lapsed : tuple of pairs
        (origin, destination) whose preference is suspended: the ordinary duty applies.
    types, dispersion, substitution, kappa, steel_share : optional
        As in :class:`cge.mechanisms.origin.Coverage`.
    divides : tuple of str
        Sectors of motor vehicles, of which the first that the data have is divided into vehicles and parts where they do not
        show the covered sector (:mod:`calibration.split_sector`).
    tied : tuple of str
        Factors of a sector, as ``cap:veh``, that stay in it.
    """

    sector: str
    material: str = ""
    metals: tuple[str, ...] = ("met", "C24A", "c12")
    area: tuple[str, ...] = ()
    high_wage: tuple[str, ...] = ()
    cumulation: Literal["full", "bilateral"] = "full"
    automatic: bool = False
    against: Thresholds | None = None
    duties: dict[str, float] = Field(default_factory=dict)
    reference: dict[str, float] = Field(default_factory=dict)
    utilisation: float = Field(default=0.97, gt=0, le=1)
    lapsed: tuple[tuple[str, str], ...] = ()
    types: int | None = Field(default=None, ge=1)
    dispersion: float | None = Field(default=None, ge=0)
    substitution: float | None = None
    kappa: float | None = Field(default=None, gt=0)
    steel_share: float | None = Field(default=None, ge=0, le=1)
    divides: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> OriginClause:
        stated = [name for name in RULES if getattr(self, name) is not None]
        if self.automatic and stated:
            raise ValueError(f"{self.sector}: preferences are automatic or guarded by {stated[0]}, not both")
        if not self.automatic and not stated and not self.paper:
            raise ValueError(f"{self.sector}: state a rule ({', '.join(RULES)}), or automatic: true")
        return self

    def in_words(self) -> str:
        """The rules in a few words."""
        asked = [f"{name} {getattr(self, name):.1%}" for name in RULES if getattr(self, name) is not None]
        return f"{self.sector}: {'automatic preferences' if self.automatic else ', '.join(asked) or 'paperwork'}"
