"""What stops a command from outside the model, said in one line.

Errors of data, model and solve speak for themselves. A missing right, a full disk, a closed pipe, too little memory and
an interrupt are told from here. Anything else is a fault of this library and keeps its traceback.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable
from typing import Any

from calibration import DataError
from cge.errors import ModelError, SolveError

REFUSED = 2
INTERRUPTED = 130
CLOSED = 141


class Stopped(Exception):
    """An interrupt or a closed pipe, which the command-line library would otherwise swallow in its own way."""

    def __init__(self, line: str, code: int) -> None:
        super().__init__(line)
        self.code = code


STOPS: tuple[type[BaseException], ...] = (
    DataError, ModelError, SolveError, Stopped, OSError, UnicodeError, MemoryError, RecursionError, KeyboardInterrupt
)  # fmt: skip
"""What :func:`explain` can tell."""


def explain(error: BaseException) -> tuple[str, int]:
    """One line and the exit code: 2, or 130 for an interrupt and 141 for a closed pipe, as shells have it."""
    line = " ".join(str(error).split())
    if isinstance(error, Stopped):
        return line, error.code
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", INTERRUPTED
    if isinstance(error, (DataError, ModelError, SolveError)):
        return line, REFUSED
    if isinstance(error, BrokenPipeError):
        return "the output was closed before all was printed", CLOSED
    if isinstance(error, OSError):
        files = " and ".join(str(x) for x in (error.filename, error.filename2) if x is not None)
        reason = error.strerror or line or type(error).__name__
        return f"{files}: {reason}" if files else reason, REFUSED
    if isinstance(error, MemoryError):
        detail = f" ({line})" if line else ""
        return f"out of memory{detail}; take a smaller benchmark or a larger machine", REFUSED
    if isinstance(error, RecursionError):
        return "an input is nested too deep to be read", REFUSED
    return f"text that cannot be read or written: {line}", REFUSED


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The command, with what it printed written out before it ends, and interrupts and closed pipes told alike."""

    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        try:
            done = function(*args, **kwargs)
            sys.stdout.flush()
            return done
        except KeyboardInterrupt:
            raise Stopped(*explain(KeyboardInterrupt())) from None
        except BrokenPipeError as error:
            # what is left in the buffer would fail again when Python ends (Python documentation, note on SIGPIPE)
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise Stopped(*explain(error)) from None

    return inner
