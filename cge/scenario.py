"""A scenario: what is asked of which economy, as a value that can be kept, sent, hashed and read.

It holds the name or file of a benchmark (or the benchmark itself) and every choice that shapes the model and its shock:
nothing that is computed. ``Scenario("world").with_(Carbon()).under(policy)`` makes new scenarios, :func:`cge.run.solve` runs
one, and as YAML it goes to another machine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from calibration.benchmark import Benchmark, load_benchmark
from calibration.cards import Carded
from calibration.errors import DataError, nearest, require_type
from calibration.gtap import open_gtap
from calibration.yaml_file import parse_yaml, read_yaml
from cge.equations.closure import Closure, Swap
from cge.equations.declare import Mechanism
from cge.equations.fingerprint import fingerprint
from cge.errors import ModelError
from cge.model.shock import Shock, require_shock
from cge.policy.policy import Policy

Composition = Literal["core", "gtap", "trade"]
COMPOSITIONS: dict[str, str] = {
    "core": "the core model: regional households, sourcing by use",
    "gtap": "the standard GTAP model, version 7, on data with its parameters",
    "trade": "the quantitative trade model: one final demand, deficits as transfers",
}
"""Compositions of blocks that a scenario may name, and what they are."""


@dataclass(frozen=True, repr=False)
class Scenario(Carded):
    """An economy, the model of it, and what happens to it.

    Attributes
    ----------
    benchmark : str, path or Benchmark
        Name of an embedded benchmark, a file, a folder of GTAP files, or the benchmark itself.
    model : {"core", "gtap", "trade"}
        The composition of blocks.
    mechanisms : tuple of Mechanism
        Put on it, in this order.
    closure : Closure
    policy : Shock, optional
        None: the benchmark.
    sourcing, demand : str
        As in :class:`cge.Model`.
    production : str
        Substitution between value added and intermediates (:meth:`calibration.Benchmark.with_production`).
    elasticities : str
        A study that the benchmark carries, instead of its own.
    method : {"auto", "ipopt"}
        As in :meth:`cge.Model.solve`.

    Raises
    ------
    ModelError
        A field of another kind, an unknown composition, or an option that the composition does not have.
    """

    benchmark: str | Path | Benchmark = "world"
    model: str = "core"
    mechanisms: tuple[Mechanism, ...] = ()
    closure: Closure = field(default_factory=Closure)
    policy: Shock | None = None
    sourcing: str = "use"
    demand: str = "benchmark"
    production: str = "benchmark"
    elasticities: str = ""
    method: str = "auto"

    def __post_init__(self) -> None:
        require_type(self.benchmark, (str, Path, Benchmark), "Scenario", "a benchmark's name, its file or the benchmark")
        if self.model not in COMPOSITIONS:
            raise ModelError(
                f"unknown model {self.model!r}{nearest(self.model, COMPOSITIONS)} known: {', '.join(COMPOSITIONS)}"
            )
        given = self.mechanisms if isinstance(self.mechanisms, (tuple, list)) else (self.mechanisms,)
        wrong = [x for x in given if not isinstance(x, Mechanism)]
        if wrong:
            what = (
                f"the class {wrong[0].__name__}: write {wrong[0].__name__}()" if isinstance(wrong[0], type) else repr(wrong[0])
            )
            raise ModelError(f"mechanisms are instances of cge.equations.declare.Mechanism, as Carbon(), not {what}")
        object.__setattr__(self, "mechanisms", tuple(given))
        require_type(self.closure, Closure, "Scenario", "a Closure, as Closure.standard(investment='fixed')")
        if self.policy is not None:
            require_shock(self.policy, where="a scenario")
        if self.method not in ("auto", "ipopt"):
            raise ModelError(f"unknown method {self.method!r}; choose 'auto' or 'ipopt'")
        self._refuse_options()

    def _refuse_options(self) -> None:
        """Options that the composition would ignore."""
        if self.model == "core":
            return
        for name, usual in (("sourcing", "use"), ("demand", "benchmark")):
            if getattr(self, name) != usual:
                raise ModelError(f"{name} belongs to the model core; {self.model!r} has its own")
        if self.model == "gtap" and self.closure.specific:
            raise ModelError(
                f"specific factors ({', '.join(self.closure.specific)}) belong to the model core; in 'gtap' the data say which "
                "factors are sluggish (etrae)"
            )
        if self.model == "gtap" and self.elasticities:
            raise ModelError("elasticities do not apply to 'gtap', whose parameters come with its data")

    # -- making others -----------------------------------------------------------------------------
    def under(self, policy: Shock) -> Scenario:
        """The scenario with a policy; policies add up, the one that is there first.

        Raises
        ------
        ShockError
            No policy, or two that do not add up.
        """
        require_shock(policy, where="Scenario.under")
        joint = policy if self.policy is None else cast(Any, self.policy) + policy
        return replace(self, policy=joint)

    def with_(self, *mechanisms: Mechanism, **choices: Any) -> Scenario:
        """The scenario with further mechanisms, and fields of other values.

        Raises
        ------
        ModelError
            An unknown field.
        """
        known = [f.name for f in fields(self) if f.name != "mechanisms"]
        for name in choices:
            if name not in known:
                raise ModelError(f"a scenario has no {name!r}{nearest(name, known)} known: {', '.join(known)}")
        return replace(self, mechanisms=(*self.mechanisms, *mechanisms), **choices)

    def without_policy(self) -> Scenario:
        """What the policy is measured against."""
        return replace(self, policy=None)

    # -- what it stands for ------------------------------------------------------------------------
    def data(self) -> Benchmark:
        """The benchmark, opened, with the elasticities and private demand that are asked for."""
        if isinstance(self.benchmark, Benchmark):
            whole = self.benchmark.with_elasticities(self.elasticities) if self.elasticities else self.benchmark
        elif self.model == "gtap":
            whole = open_gtap(self.benchmark)
        else:
            whole = load_benchmark(self.benchmark, self.elasticities or None)
        whole = whole if self.model == "gtap" else whole.with_demand(self.demand)
        return whole.with_production(self.production)

    def key(self) -> str:
        """A hash of everything that shapes the model: scenarios of one key, whatever their policies, share a compiled model."""
        choices = [self.model, self.sourcing, self.demand, self.production, self.elasticities, fingerprint(self.closure)]
        return fingerprint([_source(self.benchmark), choices, [_recipe(x) for x in self.mechanisms]])

    def __hash__(self) -> int:
        shock = getattr(self.policy, "name", None)
        return hash((self.key(), shock))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scenario):
            return NotImplemented
        return (self.key(), self.policy, self.method) == (other.key(), other.policy, other.method)

    # -- text --------------------------------------------------------------------------------------
    def to_yaml(self, path: str | Path | None = None) -> str:
        """The scenario as YAML that people read and edit, also written to ``path`` if given; the usual choices are left out.

        Raises
        ------
        ModelError
            The benchmark is an object, or the policy is no :class:`cge.Policy`: neither has a text.
        """
        if isinstance(self.benchmark, Benchmark):
            raise ModelError(f"benchmark {self.benchmark.name!r} is an object; save it to a file and name that in the scenario")
        if self.policy is not None and not isinstance(self.policy, Policy):
            raise ModelError(
                f"policy {self.policy.name!r} is a {type(self.policy).__name__}; only a cge.Policy is written as text"
            )
        usual = Scenario()
        content: dict[str, Any] = {"benchmark": str(self.benchmark)}
        for name in ("model", "sourcing", "demand", "production", "elasticities", "method"):
            if getattr(self, name) != getattr(usual, name):
                content[name] = getattr(self, name)
        if self.mechanisms:
            content["mechanisms"] = [{type(x).__name__: _plain(x)} for x in self.mechanisms]
        if self.closure != usual.closure:
            content["closure"] = _closure_text(self.closure)
        if self.policy is not None:
            content["policy"] = self.policy.model_dump(mode="json", exclude_defaults=True)
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    @classmethod
    def from_yaml(cls, source: str | Path) -> Scenario:
        """A scenario from a file, or from the text that :meth:`to_yaml` gives.

        Raises
        ------
        ModelError
            Not a scenario: an unknown key, mechanism or option, or a value that is not lawful.
        """
        from cge.equations.known_mechanisms import mechanism_named

        where, content = _read(source)
        known = [f.name for f in fields(cls)]
        for name in content:
            if name not in known:
                raise ModelError(f"{where}: unknown key {name!r}{nearest(str(name), known)} known: {', '.join(known)}")
        made = dict(content)
        if "mechanisms" in made:
            named = [x if isinstance(x, Mapping) else {x: {}} for x in made["mechanisms"]]
            made["mechanisms"] = tuple(mechanism_named(str(n), options or {}) for x in named for n, options in x.items())
        if "closure" in made:
            made["closure"] = _closure(made["closure"], where)
        if "policy" in made:
            made["policy"] = Policy.from_content(made["policy"], where)
        try:
            return cls(**made)
        except ModelError as error:
            raise ModelError(f"{where}: {error}") from error

    # -- shown -------------------------------------------------------------------------------------
    def _card(self) -> tuple[str, dict[str, object]]:
        name = self.benchmark.name if isinstance(self.benchmark, Benchmark) else str(self.benchmark)
        rows: dict[str, object] = {
            "benchmark": name,
            "model": COMPOSITIONS[self.model].split(":")[0],
            "closure": self.closure.describe()["swaps"],
        }
        if self.mechanisms:
            rows["mechanisms"] = ", ".join(x.describe() for x in self.mechanisms)
        title = getattr(self.policy, "title", "") or getattr(self.policy, "name", "")
        rows["policy"] = title or "none: the benchmark"
        for option in ("sourcing", "demand", "production", "elasticities"):
            if getattr(self, option) != getattr(_USUAL, option):
                rows[option] = getattr(self, option)
        return "Scenario", rows


_USUAL = Scenario()


def _source(benchmark: str | Path | Benchmark) -> list[Any]:
    """What a benchmark is by content, or by the state of its file."""
    if isinstance(benchmark, Benchmark):
        beside = benchmark.satellites
        return [
            "object",
            benchmark.name,
            benchmark.sam.data,
            benchmark.elasticities,
            beside.copy() if beside is not None else None,
        ]
    path = Path(benchmark)
    if path.exists():
        state = os.stat(path)
        return ["file", str(path.resolve()), state.st_mtime_ns, state.st_size]
    return ["name", str(benchmark)]


def _recipe(mechanism: Mechanism) -> list[Any]:
    return [type(mechanism).__module__, type(mechanism).__qualname__, fingerprint(dict(mechanism.options()))]


def _plain(mechanism: Mechanism) -> dict[str, Any]:
    options = dict(mechanism.options())
    for name, value in options.items():
        if not isinstance(value, (str, int, float, bool, type(None), list, tuple, dict)):
            raise ModelError(
                f"option {name} of mechanism {type(mechanism).__name__} is a {type(value).__name__}, which has no text"
            )
    return {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}


def _closure_text(closure: Closure) -> dict[str, Any]:
    def where(chosen: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, list[str]]:
        return {dim: list(labels) for dim, labels in chosen}

    swaps = []
    for swap in closure.swaps:
        row: dict[str, Any] = {"fixed": swap.fixed, "free": swap.free}
        if swap.where:
            row["where"] = where(swap.where)
        if swap.free_where is not None:
            row["free_where"] = where(swap.free_where)
        swaps.append(row)
    text: dict[str, Any] = {"name": closure.name}
    if closure.specific is not None:
        text["specific"] = list(closure.specific)
    return text | ({"swaps": swaps} if swaps else {})


def _closure(content: object, where: str) -> Closure:
    if not isinstance(content, Mapping) or set(content) - {"name", "specific", "swaps"}:
        raise ModelError(f"{where}: closure is a mapping with keys name, specific, swaps")

    def elements(given: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple((str(d), (v,) if isinstance(v, str) else tuple(map(str, v))) for d, v in given.items())

    swaps = []
    for row in content.get("swaps", []):
        if (
            not isinstance(row, Mapping)
            or not {"fixed", "free"} <= set(row)
            or set(row) - {"fixed", "free", "where", "free_where"}
        ):
            raise ModelError(
                f"{where}: a swap has keys fixed, free and, for some elements only, where and free_where; got {row}"
            )
        other = elements(row["free_where"]) if "free_where" in row else None
        swaps.append(Swap(str(row["fixed"]), str(row["free"]), elements(row.get("where", {})), other))
    specific = content.get("specific")
    return Closure(str(content.get("name", "standard")), None if specific is None else tuple(specific), tuple(swaps))


def _read(source: str | Path) -> tuple[str, dict[str, Any]]:
    """Where a scenario is from, and its content."""
    text = isinstance(source, str) and "\n" in source
    where = "scenario" if text else str(source)
    try:
        content = parse_yaml(str(source), where) if text else read_yaml(source)
    except DataError as error:
        raise ModelError(str(error)) from error
    if not isinstance(content, dict):
        raise ModelError(f"{where}: a scenario is a mapping with keys benchmark, policy, mechanisms, ...")
    return where, content
