"""Answers that follow from a model alone, worked out when they are first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Memo:
    """Keeps answers by key; several threads may ask, and one of them works an answer out.

    An answer is a function of the model and of its key, so that nothing depends on whether it is there already.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}  # one a key: whoever asks for another answer does not wait
        self._answers: dict[str, Any] = {}

    def get(self, key: str, work_out: Callable[[], Answer]) -> Answer:
        """The answer of a key; where working it out raises, nothing is kept."""
        if key not in self._answers:
            with self._guard:
                lock = self._locks.setdefault(key, threading.RLock())
            with lock:
                if key not in self._answers:
                    self._answers[key] = work_out()
        answer: Answer = self._answers[key]
        return answer


__all__ = ["Memo"]
