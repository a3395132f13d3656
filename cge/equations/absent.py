"""Names that a solution has not, with the reason: what another composition gives under them, or the nearest name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calibration.errors import nearest
from cge.errors import ModelError

if TYPE_CHECKING:
    from cge.model import Model


def absent(model: Model, name: str) -> ModelError:
    """The error for a name that a model neither declares nor defines."""
    why = reason(model, name)
    if why:
        return ModelError(f"this model has no {name!r}: {why}")
    return ModelError(f"solution holds no {name!r}{nearest(str(name), [*model.symbols, *model.definitions])}")


def reason(model: Model, name: str) -> str:
    """Why a composition lacks a result that others have; empty where it is not lacking or no block says."""
    if name in model.symbols or name in model.definitions:
        return ""
    return next((block.without[name] for block in model.blocks if name in block.without), "")
