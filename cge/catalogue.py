"""What there is to ask and to build with, found where it lies: questions in ``policies/``, mechanisms in ``cge/mechanisms/``.

A question is one file that holds a :class:`Question`; nothing else has to know of it. Another package brings its own
through the entry points ``open_cge.questions`` and ``open_cge.mechanisms``.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from calibration.benchmark import Benchmark
from calibration.errors import nearest
from calibration.finding import objects
from cge.errors import ModelError, ShockError
from cge.policy.policy import Policy
from cge.replication import Study
from cge.results.run import Run
from cge.scenario import Scenario


class Options(BaseModel):
    """Options of a question; its fields become options of the command, with their descriptions as help."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Question:
    """A policy question.

    Attributes
    ----------
    name : str
        As on the command line: ``us-china``.
    title : str
    policy : callable, optional
        Makes the policy from options and the benchmark.
    options : type of Options
    run : callable, optional
        Where the question is not a policy on any scenario but a study of its own: runs it on a scenario.
    takes : tuple of str
        With ``run``: the fields of a scenario that it uses beside the benchmark.
    why : str
        With ``run``: what it is, told where an option does not apply.
    in_time : callable, optional
        Makes the programme that a path walks from the first year and how it is paid (``finance``); by default a policy acts in
        full from the first year.
    model : callable, optional
        With ``run``: the model that it is asked on, for documents.
    scenarios : tuple of str
        With ``run``: names of scenarios that documents may show.
    writes : tuple of str
        With ``run``: names of files that its runs write beside those of every run, as patterns.
    """

    name: str
    title: str
    policy: Callable[[Any, Benchmark], Policy] | None = None
    options: type[Options] = field(default_factory=lambda: Options)
    run: Callable[[Scenario, Any], Run] | None = None
    takes: tuple[str, ...] = ()
    why: str = ""
    in_time: Callable[..., Any] | None = None
    model: Callable[[Benchmark], Any] | None = None
    scenarios: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, name: str, make: Callable[..., Policy], title: str, *, on_data: tuple[str, ...] = (), in_time: Any = None
    ) -> Question:
        """The question whose policy a function makes: its parameters are the options, its docstring is their help.

        Parameters
        ----------
        name : str
        make : callable
            Typed parameters with defaults, and a numpydoc section Parameters.
        title : str
        on_data : tuple of str
            Options that are read on the scenario's benchmark, which ``make`` then gets as ``benchmark``.
        """
        options = options_of(make, name)

        def policy(chosen: Options, benchmark: Benchmark | None) -> Policy:
            given = {n: getattr(chosen, n) for n in chosen.model_fields_set}
            read = {"benchmark": benchmark} if any(given.get(n) is not None for n in on_data) else {}
            return make(**given, **read)

        return cls(name, title, policy, options, in_time=in_time)

    def chosen(self, given: Mapping[str, Any]) -> Options:
        """The options, checked.

        Raises
        ------
        ShockError
            An unknown option, or a value that is not lawful.
        """
        try:
            return self.options(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]) if first["loc"] else self.name
            if first["type"] == "extra_forbidden":
                known = self.options.model_fields
                has = f"its options: {', '.join(known)}" if known else "it has none"
                raise ShockError(f"{self.name} has no option {name!r}{nearest(name, known)}; {has}") from error
            raise ShockError(f"{self.name}, option {name}: {first['msg'].removeprefix('Value error, ')}") from error


def options_of(make: Callable[..., Any], name: str, but: tuple[str, ...] = ("benchmark",)) -> type[Options]:
    """A pydantic model of a function's parameters, described by the first sentences of its docstring's section Parameters."""
    signature, types = inspect.signature(make), get_type_hints(make)
    told = _described(make.__doc__ or "")
    fields: dict[str, Any] = {
        parameter.name: (types[parameter.name], Field(parameter.default, description=told.get(parameter.name, "")))
        for parameter in signature.parameters.values()
        if parameter.name not in but and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    return create_model(f"{name.title().replace('-', '')}Options", __base__=Options, **fields)


def _described(docstring: str) -> dict[str, str]:
    """First sentence of each parameter of a numpydoc section."""
    section = re.search(r"Parameters\n-+\n(.*?)(?:\n\n\w+\n-+\n|\Z)", inspect.cleandoc(docstring), re.DOTALL)
    told: dict[str, str] = {}
    entry = re.compile(r"^(\S[^:\n]*) : [^\n]*\n((?:    [^\n]*\n?)*)", re.MULTILINE)
    for names, text in entry.findall((section[1] if section else "") + "\n"):
        words = re.sub(r":\w+:`~?([^`]*)`", r"\1", " ".join(text.split())).replace("``", "")
        sentence = re.split(r"(?<=[a-z)])\. ", words + " ")[0].strip().rstrip(".")
        told |= {name.strip(): sentence for name in names.split(",")}
    return told


@dataclass(frozen=True)
class Term:
    """One term of what is asked: a share of a question or of a policy file."""

    share: float
    what: Question | Path


@cache
def questions() -> Mapping[str, Question]:
    """Every question by name, in the order of their names."""
    held: dict[str, Question] = {}
    for source, found in objects("policies", "open_cge.questions", Question):
        if found.name in held and held[found.name] is not found:
            raise ModelError(f"two questions are named {found.name!r}; one is in {source}")
        held[found.name] = found
    return {name: held[name] for name in sorted(held)}


def question(name: str) -> Question:
    """A question by its name.

    Raises
    ------
    ShockError
        None of that name.
    """
    known = questions()
    if name not in known:
        raise ShockError(f"no policy named {name!r}{nearest(name, known)} known: {', '.join(known)}, or a .yaml file")
    return known[name]


@cache
def studies() -> Mapping[str, Study]:
    """Every published study that can be run again, by name."""
    return {study.name: study for _, study in sorted(objects("policies", "open_cge.studies", Study), key=lambda x: x[1].name)}


@cache
def functions() -> Mapping[str, Callable[..., Any]]:
    """What files with a question hand out (their ``__all__``), by name: what ``from policies import`` gives."""
    held: dict[str, Callable[..., Any]] = {}
    for source, _ in objects("policies", "open_cge.questions", Question):
        module = importlib.import_module(source.partition(":")[0])
        held |= {n: getattr(module, n) for n in getattr(module, "__all__", ()) if n != "QUESTION"}
    return held


_TERM = re.compile(r"^\s*(?:(?P<share>[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*\*)?\s*(?P<name>\S.*?)\s*$")


def terms(text: str | Path) -> list[Term]:
    """What an expression asks for: ``rcep``, ``0.5*rcep + us-china``, ``rcep + mine.yaml``.

    Raises
    ------
    ShockError
        Not understood, or an unknown name.
    """
    if isinstance(text, Path):
        return [Term(1.0, text)]
    if not isinstance(text, str):
        raise ShockError(f"a policy is found by its name or file, not by {type(text).__name__}")
    if _is_file(text):  # whatever signs its name has
        return [Term(1.0, Path(text))]
    found = []
    for part in text.split("+"):
        matched = _TERM.match(part)
        if matched is None:
            raise ShockError(f"policy {text!r} is not understood; write names, as 0.5*rcep + us-china")
        name = matched["name"]
        try:
            share = float(matched["share"] or 1.0)
        except ValueError:
            raise ShockError(f"policy {text!r}: {matched['share']!r} is no number") from None
        found.append(Term(share, Path(name) if _is_file(name) else question(name)))
    return found


def _is_file(name: str) -> bool:
    return Path(name).suffix in (".yaml", ".yml")


def find_policy(text: str | Path, benchmark: Benchmark | None = None, **options: Any) -> Policy:
    """A policy by name, from a YAML file, or a sum of them.

    Parameters
    ----------
    text : str or path
        As for :func:`terms`.
    benchmark : Benchmark, optional
        What options that depend on data (a year of a schedule) are read on; the default world otherwise.
    options
        Of the questions; each goes to those that have it.

    Raises
    ------
    ShockError
        No policy of that name and no such file, or an option that none of them has.
    """
    asked = terms(text)
    given = shared_options(asked, options)
    found: Policy | None = None
    for term, chosen in zip(asked, given, strict=True):
        if isinstance(term.what, Path):
            one = Policy.from_yaml(term.what)
        elif term.what.policy is None:
            raise ShockError(f"{term.what.name} is {term.what.why}; run it by itself, as cge run {term.what.name}")
        else:
            one = term.what.policy(chosen, benchmark)  # type: ignore[arg-type]
        one = one if term.share == 1.0 else term.share * one
        found = one if found is None else found + one
    assert found is not None
    return found


def shared_options(asked: list[Term], given: Mapping[str, Any]) -> list[Options]:
    """The options of each term, of those given the ones that it has.

    Raises
    ------
    ShockError
        An option that no term has, or a value that is not lawful.
    """
    known = {n for t in asked if isinstance(t.what, Question) for n in t.what.options.model_fields}
    names = " + ".join(str(t.what) if isinstance(t.what, Path) else t.what.name for t in asked)
    for name in given:
        if name not in known:
            has = [q.name for q in questions().values() if name in q.options.model_fields]
            belongs = f"it belongs to {', '.join(has)}" if has else "no policy has it"
            hint = "" if has else nearest(name, known).removesuffix("?")
            raise ShockError(f"{names} has no option {name!r}{hint}; {belongs}; leave it out")
    return [
        t.what.chosen({k: v for k, v in given.items() if k in t.what.options.model_fields})
        if isinstance(t.what, Question)
        else Options()
        for t in asked
    ]
