"""A policy: named, sourced changes of a model's instruments, composable and kept in a readable file.

Policies add up with ``+`` (changes of one instrument are multiplied, never overwritten) and scale with
``*`` (half a policy makes half of each change of a power or index). They are read from and written to
YAML that people edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from calibration.errors import nearest
from cge.errors import ShockError

if TYPE_CHECKING:
    from calibration.benchmark import Benchmark
    from cge.model import Model

MEMBERS = "@members"
"""In ``where``: the policy's members that are regions of the benchmark."""


class InstrumentChange(BaseModel):
    """One change of one instrument.

    Exactly one of ``rate_to`` (the ad valorem rate becomes this), ``rate_times`` (the rate is multiplied),
    ``rate_add`` (percentage points over 100 are added), ``factor`` (the power, index or level is
    multiplied) and ``add`` (an amount is added to a signed instrument).

    Attributes
    ----------
    instrument : str
        GTAP symbol such as ``tms``.
    where : dict
        Dim letter -> labels, or ``"@members"``; dims not named mean all labels.
    among : bool
        Leave out a region's trade with itself.
    scale : float
        Share of the change to make.
    partial : bool
        A grouped region takes part with the share of its GDP that lies in members (``Benchmark.groups``);
        by default only regions whose economies are all members do.
    optional : bool
        Leave the change out, and say so, where the benchmark lacks a label it names.
    note : str
        What the number is and where it comes from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    instrument: str
    where: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    among: bool = False
    rate_to: float | None = None
    rate_times: float | None = None
    rate_add: float | None = None
    factor: float | None = None
    add: float | None = None
    scale: float = 1.0
    partial: bool = False
    optional: bool = False
    note: str = ""

    def applies(self, benchmark: Benchmark) -> bool:
        """Whether the benchmark has every label that the change names."""
        known = {**dict.fromkeys("rsd", benchmark.regions), **dict.fromkeys("ia", benchmark.commodities)}
        named = {d: (v,) if isinstance(v, str) else v for d, v in self.where.items()}
        return all(x in known.get(d, [x]) or x[:1] in "@?" for d, labels in named.items() for x in labels)

    @model_validator(mode="after")
    def _one_change(self) -> InstrumentChange:
        given = [k for k in ("rate_to", "rate_times", "rate_add", "factor", "add") if getattr(self, k) is not None]
        if len(given) != 1:
            raise ValueError(f"{self.instrument}: give exactly one of rate_to, rate_times, rate_add, factor, add (got {given})")
        value = getattr(self, given[0])
        if not np.isfinite(value):
            raise ValueError(f"{self.instrument}: {given[0]} is {value}; it must be finite")
        if given[0] == "rate_to" and value <= -1:
            raise ValueError(f"{self.instrument}: rate_to {value} makes the power of the tax negative or zero")
        if given[0] == "factor" and value <= 0:
            raise ValueError(f"{self.instrument}: factor {value} must be positive")
        return self


class OriginClause(BaseModel):
    """Rules of origin that a policy's preferences on one sector carry (:mod:`policies.rules_of_origin`).

    Attributes
    ----------
    sector : str
        Covered sector; its material is its own product.
    rvc : float
        Regional value content, in [0, 1).
    cumulation : {"full", "bilateral"}
        Inputs of every member originate, or those of the exporting member alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sector: str
    rvc: float = Field(ge=0, lt=1)
    cumulation: Literal["full", "bilateral"] = "full"


class Policy(BaseModel):
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
    origin : OriginClause, optional
        Rules of origin that firms must meet to use the preference on one sector.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str = ""
    description: str = ""
    sources: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    instruments: tuple[InstrumentChange, ...]
    notes: tuple[str, ...] = ()
    origin: OriginClause | None = None

    def __add__(self, other: Policy) -> Policy:
        return Policy(
            name=f"{self.name}+{other.name}",
            title=" and ".join(t for t in (self.title, other.title) if t),
            description=" ".join(t for t in (self.description, other.description) if t),
            sources=tuple(dict.fromkeys((*self.sources, *other.sources))),
            members=tuple(dict.fromkeys((*self.members, *other.members))),
            instruments=(*self._settled().instruments, *other._settled().instruments),
            notes=tuple(dict.fromkeys((*self.notes, *other.notes))),
            origin=self.origin or other.origin,
        )

    def __mul__(self, share: float) -> Policy:
        if not np.isfinite(share):
            raise ShockError(f"policy {self.name!r}: cannot scale by {share}")
        scaled = tuple(c.model_copy(update={"scale": c.scale * share}) for c in self.instruments)
        return self.model_copy(update={"name": f"{share:g}*{self.name}", "instruments": scaled})

    __rmul__ = __mul__

    def _settled(self) -> Policy:
        """The same policy with ``@members`` written out, so that it keeps its meaning in a sum."""
        named = f"?{'|'.join(self.members)}"
        fixed = tuple(
            c.model_copy(update={"where": {d: named if v == MEMBERS else v for d, v in c.where.items()}})
            for c in self.instruments
        )
        return self.model_copy(update={"instruments": fixed})

    def present(self, benchmark: Benchmark) -> list[str]:
        """Regions of the benchmark whose economies are all members."""
        return [r for r, share in benchmark.participation(self.members).items() if share == 1.0]

    def absent(self, benchmark: Benchmark) -> list[str]:
        """Members inside a region that other economies share: shocked in part (``partial``) or not at all."""
        whole = self.present(benchmark)
        shown = {*whole, *(e for g, held in benchmark.groups.items() if g in whole for e in held)}
        return [m for m in self.members if m not in shown]

    def changes(self, model: Model) -> dict[str, xr.DataArray]:
        """Factors (or amounts) by instrument; see :class:`cge.shock.Shock`."""
        joined: dict[str, np.ndarray] = {}
        for change in self.instruments:
            if change.optional and not change.applies(model.benchmark):
                continue
            name, value = change.instrument, self._values(model, change)
            if name in joined:
                value = joined[name] + value if model.symbols[name].signed else joined[name] * value
            joined[name] = value
        dims = {name: model.symbols[name].dims for name in joined}
        return {n: xr.DataArray(v, dims=dims[n], coords={d: model.labels(d) for d in dims[n]}) for n, v in joined.items()}

    def _values(self, model: Model, change: InstrumentChange) -> np.ndarray:
        """Factor (or amount) of every element of the instrument, 1 (or 0) where the change does not apply."""
        name = change.instrument
        exogenous = [s for s, symbol in model.symbols.items() if symbol.kind != "parameter"]
        if name not in exogenous:
            raise ShockError(f"policy {self.name!r}: unknown instrument {name!r}{nearest(name, exogenous)}")
        symbol = model.symbols[name]
        base = model.benchmark_values[name]
        chosen = np.ones(base.shape)
        for d, wanted in change.where.items():
            if d not in symbol.dims:
                raise ShockError(f"policy {self.name!r}: {name} has dims {' '.join(symbol.dims)}, not {d!r}")
            labels = model.labels(d)
            share = self._shares(wanted, labels, d, model.benchmark, change.partial)
            chosen = chosen * _along([share.get(x, 0.0) for x in labels], symbol.dims, d)
        if change.among:
            if not {"s", "d"} <= set(symbol.dims):
                raise ShockError(f"policy {self.name!r}: 'among' needs an instrument over s and d, {name} has {symbol.dims}")
            regions = np.arange(len(model.labels("s")))
            chosen = chosen * (_along(regions, symbol.dims, "s") != _along(regions, symbol.dims, "d"))
        if change.add is not None:
            if not symbol.signed:
                raise ShockError(f"policy {self.name!r}: 'add' is for signed instruments; give {name} a rate or factor")
            return np.asarray(chosen * (change.scale * change.add))
        if symbol.signed:
            raise ShockError(f"policy {self.name!r}: {name} is in levels; change it with 'add'")
        if change.factor is None and not symbol.unit.startswith("power"):
            raise ShockError(f"policy {self.name!r}: {name} is an index, not a tax; change it with 'factor'")
        if change.factor is not None:
            new = base * change.factor
        elif change.rate_to is not None:
            new = np.full_like(base, 1.0 + change.rate_to)
        elif change.rate_times is not None:
            new = 1.0 + (base - 1.0) * change.rate_times
        else:
            new = base + float(change.rate_add or 0.0)
        return np.asarray(1.0 + change.scale * chosen * (new / base - 1.0))

    def _shares(
        self, wanted: str | tuple[str, ...], known: list[str], dim: str, benchmark: Benchmark, partial: bool
    ) -> dict[str, float]:
        """Weight of each label that the change touches."""
        optional = wanted == MEMBERS or (isinstance(wanted, str) and wanted.startswith("?"))
        if optional:
            members = self.members if wanted == MEMBERS else tuple(str(wanted)[1:].split("|"))
            found = {r: w for r, w in benchmark.participation(members).items() if partial or w == 1.0}
            if not found:
                listed = ", ".join(members)
                raise ShockError(f"policy {self.name!r}: none of its members ({listed}) is a region of {benchmark.name!r}")
            return found
        labels = [wanted] if isinstance(wanted, str) else list(wanted)
        for label in labels:
            if label not in known:
                raise ShockError(
                    f"policy {self.name!r}: {label!r} is not in dim {dim} of {benchmark.name!r}{nearest(label, known)}"
                )
        return dict.fromkeys(labels, 1.0)

    def remarks(self, benchmark: Benchmark) -> list[str]:
        """The notes, which members the benchmark cannot shock by themselves, and which changes it leaves out."""
        left_out = [c.note or c.instrument for c in self.instruments if c.optional and not c.applies(benchmark)]
        skipped = [f"Left out, for this benchmark lacks a label: {'; '.join(dict.fromkeys(left_out))}."] if left_out else []
        return [*self._member_remarks(benchmark), *skipped]

    def _member_remarks(self, benchmark: Benchmark) -> list[str]:
        absent = self.absent(benchmark)
        if not absent:
            return list(self.notes)
        if any(change.partial for change in self.instruments):
            share = {r: w for r, w in benchmark.participation(self.members).items() if w < 1.0}
            taken = ", ".join(f"{r} {100 * w:.0f} %" for r, w in share.items())
            inside = (
                [f"Inside a grouped region, shocked by their share in its GDP ({taken}): {', '.join(absent)}."] if share else []
            )
            rest = [m for m in absent if not any(m in held for held in benchmark.groups.values())]
            outside = [f"Not in this benchmark, so not shocked: {', '.join(rest)}."] if rest else []
            return [*self.notes, *inside, *outside]
        return [*self.notes, f"Inside an aggregate of this benchmark, so not shocked: {', '.join(absent)}."]

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
        path = Path(path)
        if not path.is_file():
            raise ShockError(f"policy file {path} not found")
        try:
            held = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise ShockError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
        if not isinstance(held, dict):
            raise ShockError(f"{path}: a policy file is a mapping with keys name, instruments, ...")
        try:
            return cls.model_validate(held)
        except ValidationError as error:
            raise ShockError(f"{path}: {explain(error)}") from error


def explain(error: ValidationError) -> str:
    """The first fault of a validation error in one line: where, what, and the nearest lawful key."""
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")  # a misspelt key explains a missing one
    where = ".".join(str(k) for k in first["loc"])
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        known = InstrumentChange.model_fields if "instruments" in first["loc"] else Policy.model_fields
        return f"unknown key {where!r}{nearest(key, known)} known: {', '.join(known)}"
    return f"{where or 'policy'}: {first['msg'].removeprefix('Value error, ')}"


def _along(values: Sequence[float] | np.ndarray, dims: Sequence[str], dim: str) -> np.ndarray:
    """Values along one of ``dims``, to be spread over the others."""
    return np.asarray(values).reshape([-1 if d == dim else 1 for d in dims])
