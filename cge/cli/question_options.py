"""Options of questions as options of a command: what the policies that are named take, with their help and their errors."""

from __future__ import annotations

import inspect
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from cge.catalogue import Question, Term, questions, terms
from cge.cli.once import OnceEach
from cge.errors import ModelError, ShockError

KEPT = "question_options"
"""Where a context keeps the options of questions that were given."""


class QuestionCommand(OnceEach):
    """A command whose first arguments name policies: their options are added to its own before the line is parsed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse with the options of the questions that the line names (of all questions where it names none)."""
        own = list(self.params)
        added = [p for p in self._options_of(args) if not {*p.opts} & {o for q in own for o in (*q.opts, *q.secondary_opts)}]
        self.params = [*own, *added]
        try:
            rest = super().parse_args(ctx, args)
        finally:
            self.params = own
        names = [p.name for p in added if p.name is not None]
        values = {name: ctx.params.pop(name, None) for name in names}
        # an option that was not given leaves the question its own default
        given = {n: v for n, v in values.items() if _on_line(ctx, n)}
        ctx.meta[KEPT] = {**ctx.meta.get(KEPT, {}), **given}
        return rest

    def _options_of(self, args: list[str]) -> list[Any]:
        named = [q for word in args if not word.startswith("-") for q in _named(word)]
        asked = named or list(questions().values())
        fields: dict[str, tuple[FieldInfo, list[str]]] = {}
        for one in asked if named else questions().values():
            for name, info in one.options.model_fields.items():
                fields.setdefault(name, (info, []))[1].append(one.name)
        if named:  # options of other questions are parsed too, to say whose they are
            for other in questions().values():
                for name, info in other.options.model_fields.items():
                    fields.setdefault(name, (info, [other.name]))
        mine = {n for q in asked for n in q.options.model_fields}
        return _options([_parameter(name, info, whose, name not in mine) for name, (info, whose) in fields.items()])


def own_options(context: typer.Context, asked: list[Term]) -> dict[str, Any]:
    """The options of questions that were given, for what is asked.

    Raises
    ------
    ModelError
        One that no question asked for has.
    """
    given = dict(context.meta.get(KEPT, {}))
    known = {n for t in asked if isinstance(t.what, Question) for n in t.what.options.model_fields}
    for name in given:
        if name not in known:
            whose = ", ".join(q.name for q in questions().values() if name in q.options.model_fields)
            raise ModelError(f"--{name.replace('_', '-')} does not apply: it belongs to {whose}; leave it out")
    return given


def _named(word: str) -> list[Question]:
    try:
        return [t.what for t in terms(word) if isinstance(t.what, Question)]
    except ShockError:
        return []


def _on_line(ctx: Any, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _options(parameters: list[inspect.Parameter]) -> list[Any]:
    """What typer makes of parameters: options of its own kind, whatever its version."""

    def options(**given: Any) -> None:
        """Never called."""

    options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    options.__annotations__ = {p.name: p.annotation for p in parameters}
    app = typer.Typer(add_completion=False)
    app.command()(options)
    return [p for p in typer.main.get_command(app).params if p.name != "help"]


def _parameter(name: str, info: FieldInfo, whose: list[str], hidden: bool) -> inspect.Parameter:
    flag = "--" + name.replace("_", "-")
    kind, choices = _kind(info.annotation)
    usual = "" if info.default is None or kind is bool else f" [{info.default}]"
    listed = f" ({', '.join(choices)})" if choices else ""
    told = f"{', '.join(whose)}: {info.description or name}{listed}{usual}."
    if kind is bool:
        declared = f"{flag}/--no-{flag[2:]}" if info.default is True else flag
        option = typer.Option(declared, help=told, hidden=hidden, show_default=False)
        annotation, default = Annotated[bool, option], info.default
    else:
        option = typer.Option(flag, help=told, hidden=hidden, show_default=False)
        annotation, default = Annotated[kind | None, option], None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _kind(annotation: Any) -> tuple[type, list[str]]:
    """The plain type of an annotation, and its choices if it lists them."""
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [x for x in get_args(annotation) if x is not type(None)]
        return _kind(inner[0])
    if get_origin(annotation) is Literal:
        return str, [str(x) for x in get_args(annotation)]
    return (annotation, []) if annotation in (bool, int, float, str) else (str, [])
