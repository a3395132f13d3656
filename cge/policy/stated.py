"""The base of what users state in Python or in a file: a fault is one line, whichever door it comes through."""

from __future__ import annotations

from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from calibration.errors import nearest
from cge.errors import ShockError

LONGEST_SHOWN = 60
"""Characters of a faulty value that a message repeats."""


class Stated(BaseModel):
    """A frozen record whose fields are checked; what is not lawful raises :class:`cge.ShockError` in one line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __init__(self, *unnamed: object, **fields: Any) -> None:
        if unnamed:
            known = type(self).model_fields
            raise ShockError(
                f"{type(self).__name__} takes its fields by name, as {next(iter(known))}=..., not {_shown(unnamed[0])} alone; "
                f"fields: {', '.join(known)}"
            )
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise ShockError(f"{type(self).__name__}: {explain(error, type(self))}") from error

    # so that a fault inside a list of records keeps its place in the list
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """The record of a mapping.

        Raises
        ------
        ShockError
            A field is unknown, missing or not lawful.
        """
        return cls.read(obj, cls.__name__, **options)

    @classmethod
    def read(cls, content: Any, source: str, **options: Any) -> Self:
        """The record of what ``source`` (a file) holds; raises as :meth:`model_validate`, naming the source."""
        try:
            return super().model_validate(content, **options)
        except ValidationError as error:
            raise ShockError(f"{source}: {explain(error, cls)}") from error

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """The record of a JSON text; raises as :meth:`model_validate`."""
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise ShockError(f"{cls.__name__}: {explain(error, cls)}") from error

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self).model_fields:
            kind = type(self).__name__
            raise ShockError(f"{name} of {kind} is not written over; take a copy with model_copy(update={{{name!r}: ...}})")
        super().__setattr__(name, value)

    def model_copy(self, *, update: Any = None, deep: bool = False) -> Self:
        """The record with some fields changed, which are checked as those of a new one."""
        if not update:
            return super().model_copy(deep=deep)
        return type(self)(**{**{name: getattr(self, name) for name in type(self).model_fields}, **update})


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first fault of a validation error in one line: where, what, and the nearest lawful field.

    Parameters
    ----------
    error : ValidationError
    model : type
        The record that was read.
    """
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")  # a misspelt key explains a missing one
    where = ".".join(str(key) for key in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _record_at(model, first["loc"][:-1]).model_fields
        return f"unknown key {where!r}{nearest(str(first['loc'][-1]), known)} known: {', '.join(known)}"
    told = " ".join(first["msg"].removeprefix("Value error, ").split())
    given = "" if first["type"] in ("value_error", "missing") else f", not {_shown(first['input'])}"
    return f"{where}: {told}{given}" if where else f"{told}{given}"


def _record_at(model: type[BaseModel], place: tuple[int | str, ...]) -> type[BaseModel]:
    """The record that a place in nested records leads to."""
    for key in place:
        field = model.model_fields.get(str(key))
        model = next(iter(_records_in(field.annotation)), model) if field is not None else model
    return model


def _records_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [record for part in get_args(annotation) for record in _records_in(part)]


def _shown(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
