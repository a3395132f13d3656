"""A policy: named, sourced changes of a model's instruments, composable and kept in a readable file.

A policy is an ordered list of changes. Changes of one instrument act in that order, each on the value that the one before
reached: ten points on all imports and then a rate of 60 per cent on China's give 60 per cent there, and a duty removed
twice is zero. Policies add up with ``+`` (the changes of the first, then those of the second; :meth:`Policy.remarks` tells
where they meet, and where their order matters) and scale with ``*`` (each change goes that share of the way from the value
it meets to the value it would give). They are read from and written to YAML that people edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
import yaml
from pydantic import field_validator

from calibration.cards import Carded
from calibration.errors import DataError
from calibration.yaml_file import read_yaml
from cge.errors import ShockError
from cge.model.shock import Levels, as_changes
from cge.policy.composition import Composed, Start
from cge.policy.instrument_change import MEMBERS, InstrumentChange
from cge.policy.origin_clause import OriginClause
from cge.policy.placement import Placement
from cge.policy.stated import Stated
from cge.upward import provided

if TYPE_CHECKING:
    from calibration.benchmark import Benchmark
    from cge.model import Model

__all__ = ["MEMBERS", "InstrumentChange", "OriginClause", "Policy"]


class Policy(Carded, Stated):
    """A named set of instrument changes.

    Attributes
    ----------
    name, title, description : str
    sources : tuple of str
        Where its facts and figures come from.
    members : tuple of str
        Economies that take part (ISO codes), whether or not the benchmark shows them apart.
    instruments : tuple of InstrumentChange
    notes : tuple of str
        What a reader of results must know.
    origin : tuple of OriginClause
        Rules of origin that firms must meet to use the preference, one clause a sector; a single clause is taken too.
    mechanisms : tuple of str
        Mechanisms that its instruments belong to, by class name; :func:`cge.solve` puts them on the model, and says so.
    """

    name: str
    title: str = ""
    description: str = ""
    sources: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    instruments: tuple[InstrumentChange, ...]
    notes: tuple[str, ...] = ()
    origin: tuple[OriginClause, ...] = ()
    mechanisms: tuple[str, ...] = ()

    @field_validator("origin", mode="before")
    @classmethod
    def _clauses(cls, given: Any) -> Any:
        return () if given is None else (given,) if isinstance(given, (OriginClause, Mapping)) else given

    @field_validator("origin")
    @classmethod
    def _one_a_sector(cls, clauses: tuple[OriginClause, ...]) -> tuple[OriginClause, ...]:
        sectors = [c.sector for c in clauses]
        twice = [s for s in sectors if sectors.count(s) > 1]
        if twice:
            raise ValueError(f"two clauses are about {twice[0]!r}; one sector has one")
        return clauses

    def _card(self) -> tuple[str, dict[str, object]]:
        rows: dict[str, object] = {"title": self.title, "members": ", ".join(self.members)}
        for k, change in enumerate(self.instruments[:6]):
            rows[f"change {k + 1}"] = f"{change.instrument}: {change.note or change.in_words()}"
        if len(self.instruments) > 6:
            rows["and"] = f"{len(self.instruments) - 6} more changes"
        if self.origin:
            rows["origin"] = "rules of origin on " + "; ".join(c.in_words() for c in self.origin)
        rows["sources"] = "; ".join(self.sources)
        return f"Policy {self.name}", {k: v for k, v in rows.items() if v}

    def __add__(self, other: Policy) -> Policy:
        if not isinstance(other, Policy):
            raise ShockError(f"policy {self.name!r} + {_named(other)}: only policies add up{_remedy(other)}")
        mine = {c.sector: c for c in self.origin}
        for clause in other.origin:
            if mine.get(clause.sector, clause) != clause:
                raise ShockError(
                    f"policies {self.name!r} and {other.name!r} have different origin clauses on {clause.sector!r} "
                    f"({mine[clause.sector].in_words()}; {clause.in_words()}); a sector has one, so take it from one of them "
                    "with without_origin()"
                )
        members = tuple(dict.fromkeys((*self.members, *other.members)))
        return Policy(
            name=f"{self.name}+{other.name}",
            title=" and ".join(t for t in (self.title, other.title) if t),
            description=" ".join(t for t in (self.description, other.description) if t),
            sources=tuple(dict.fromkeys((*self.sources, *other.sources))),
            members=members,
            instruments=(*self._settled().instruments, *other._settled().instruments),
            notes=tuple(dict.fromkeys((*self.notes, *other.notes))),
            origin=(*self._clauses_among(members), *(c for c in other._clauses_among(members) if c.sector not in mine)),
            mechanisms=tuple(dict.fromkeys((*self.mechanisms, *other.mechanisms))),
        )

    def __radd__(self, other: object) -> Policy:
        if isinstance(other, int) and other == 0:  # sum([a, b]) begins with 0
            return self
        raise ShockError(f"{_named(other)} + policy {self.name!r}: only policies add up{_remedy(other)}")

    def __mul__(self, share: float) -> Policy:
        number = isinstance(share, (int, float, np.integer, np.floating)) and not isinstance(share, bool)
        if not number or not np.isfinite(share):
            raise ShockError(f"policy {self.name!r}: cannot scale by {share!r}; a finite number is needed")
        if self.origin and share not in (0, 1):
            raise ShockError(
                f"policy {self.name!r} has rules of origin, of which there is no share of {share:g}: scale its other changes, "
                "as 0.5 * policy.without_origin()"
            )
        scaled = tuple(c.model_copy(update={"scale": c.scale * float(share)}) for c in self.instruments)
        kept = self.origin if share else ()
        return self.model_copy(update={"name": f"{share:g}*{self.name}", "instruments": scaled, "origin": kept})

    __rmul__ = __mul__

    @property
    def void(self) -> bool:
        """Whether it is a policy scaled to nothing (``0 * policy``), which solves as the benchmark."""
        return bool(self.instruments) and all(c.scale == 0 for c in self.instruments)

    def without_origin(self) -> Policy:
        """The same changes without the origin clause: preferences are automatic."""
        return self.model_copy(update={"origin": ()})

    def _settled(self) -> Policy:
        """The same policy with ``@members`` written out, so that it keeps its meaning in a sum."""
        named = f"?{'|'.join(self.members)}"
        fixed = tuple(
            c.model_copy(update={"where": {d: named if v == MEMBERS else v for d, v in c.where.items()}})
            for c in self.instruments
        )
        return self.model_copy(update={"instruments": fixed})

    def _clauses_among(self, members: tuple[str, ...]) -> tuple[OriginClause, ...]:
        """Its clauses in a sum of these members: about its own members still."""
        if members == self.members:
            return self.origin
        return tuple(c if c.area else c.model_copy(update={"area": self.members}) for c in self.origin)

    def present(self, benchmark: Benchmark) -> list[str]:
        """Regions of the benchmark whose economies are all members."""
        return [r for r, share in benchmark.participation(self.members).items() if share == 1.0]

    def absent(self, benchmark: Benchmark) -> list[str]:
        """Members inside a region that other economies share: shocked in part (``partial``) or not at all."""
        whole = self.present(benchmark)
        shown = {*whole, *(e for g, held in benchmark.groups.items() if g in whole for e in held)}
        return [m for m in self.members if m not in shown]

    def levels(self, model: Model, origin: Levels | None = None) -> dict[str, xr.DataArray]:
        """Final values by instrument; see :class:`cge.model.shock.ExactShock`.

        Parameters
        ----------
        model : Model
        origin : mapping, optional
            Levels that the first change acts on, full arrays; default the benchmark's.

        Raises
        ------
        ShockError
            An unknown instrument or label, a change that names no flow, a subsidy that no change asks for, or an origin
            clause, which needs a model of its own.
        """
        if self.origin:
            raise ShockError(
                f"policy {self.name!r} has an origin clause (rules of origin on {self.origin[0].sector!r}), which this model "
                "does not state; solve it with cge.solve or cge run, or drop the clause with without_origin()"
            )
        values = {}
        for name, composed in self.composed(model, origin).items():
            if model.symbols[name].unit.startswith("power"):
                self._refuse_subsidies(model, name, composed)
            values[name] = model.labelled(name, composed.value)
        return values

    def changes(self, model: Model) -> dict[str, xr.DataArray]:
        """Factors on the benchmark (amounts for signed instruments) by instrument; see :class:`cge.model.shock.Shock`."""
        return as_changes(model, self.levels(model))

    def composed(self, start: Start, origin: Levels | None = None) -> dict[str, Composed]:
        """Every instrument that the policy moves, after all changes in order; see :class:`cge.policy.placement.Placement`."""
        return Placement(self.name, self.members, self.instruments, start).composed(origin)

    def _refuse_subsidies(self, model: Model, name: str, composed: Composed) -> None:
        made = composed.subsidised & (composed.value > 0)  # a power of zero or less is refused whatever is asked
        if made.any():
            cell = int(np.flatnonzero(made)[0])
            before, after = (100 * (a.flat[cell] - 1) for a in (composed.base, composed.value))
            raise ShockError(
                f"policy {self.name!r}: the rate of {name} of {model.label(name, cell)} would go from {before:.4g} % to "
                f"{after:.4g} %, a subsidy that the benchmark does not have; if it is meant, set subsidy: true on the change"
            )

    def remarks(self, start: Benchmark | Model) -> list[str]:
        """What a reader of results must know; see :func:`cge.policy.remarks.remarks`.

        Parameters
        ----------
        start : Model or Benchmark
            With a benchmark alone, flows that do not exist are not looked for, nor instruments outside the core model.
        """
        remarks: list[str] = provided("remarks on a policy")(self, start)
        return remarks

    # -- files -------------------------------------------------------------------------------------
    def to_yaml(self, path: str | Path | None = None) -> str:
        """The policy as YAML text, also written to ``path`` if given."""
        held: Mapping[str, Any] = self.model_dump(mode="json", exclude_defaults=True)
        text = yaml.safe_dump(dict(held), sort_keys=False, allow_unicode=True)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    @classmethod
    def from_yaml(cls, path: str | Path) -> Policy:
        """Read a policy file.

        Raises
        ------
        ShockError
            The file is missing, is not YAML, or has an unknown key or a value that is not lawful.
        """
        try:
            content = read_yaml(path)
        except DataError as error:
            raise ShockError(f"policy {error}") from error
        policy = cls.from_content(content, str(path))
        if policy.void:
            raise ShockError(f"{path}: every change has scale 0, so the policy changes nothing")
        return policy

    @classmethod
    def from_content(cls, content: object, where: str) -> Policy:
        """A policy from what a file holds; ``where`` it is from is named in errors.

        Raises
        ------
        ShockError
            No mapping, an unknown key, or a value that is not lawful.
        """
        if not isinstance(content, dict):
            raise ShockError(f"{where}: a policy file is a mapping with keys name, instruments, ...")
        return cls.read(content, where)


def _named(other: object) -> str:
    return repr(other) if isinstance(other, (str, int, float)) else f"an object of type {type(other).__name__}"


def _remedy(other: object) -> str:
    if isinstance(other, str):
        return f"; write cge.find_policy({other!r}) for a policy's name"
    return f"; call the function, as {getattr(other, '__name__', 'policy')}()" if callable(other) else ""
