"""Errors of the model layer: each says what is wrong, where, and what to try."""

from __future__ import annotations

from typing import Any


class ModelError(ValueError):
    """The model, its closure or a shock is not well stated."""


class ClosureError(ModelError):
    """The model is not square under a closure, or a swap is not lawful."""


class ShockError(ModelError):
    """A shock names an unknown instrument or cell, is not finite, or touches nothing."""


class SolveError(RuntimeError):
    """No equilibrium was found.

    Attributes
    ----------
    worst : list of str
        The equations and cells with the largest residuals.
    log : list of dict
        What each stage did until the failure.
    share : float
        Share of the shock reached on the path.
    last : object or None
        The last solution on the path, where there is one.
    """

    def __init__(
        self,
        message: str,
        *,
        worst: list[str] | None = None,
        log: list[dict[str, Any]] | None = None,
        share: float = 0.0,
        last: Any = None,
    ) -> None:
        super().__init__(message)
        self.worst, self.log, self.share, self.last = worst or [], log or [], share, last
