"""Signs of work over a second, on a terminal only: a bar where the share done is known, a pulse where it is not."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Any, ClassVar

DELAY = 1.0
"""Seconds before anything is shown."""


class _Wanted:
    silent = False


def silence(value: bool = True) -> None:
    """Show nothing from now on (``cge --quiet``)."""
    _Wanted.silent = value


def _terminal() -> bool:
    return sys.stderr.isatty() and not _Wanted.silent


class Progress:
    """Shows the share of a path that is done once a second has passed; silent in pipes.

    Parameters
    ----------
    title : str
    wanted : bool or None
        None: when standard error is a terminal.
    """

    def __init__(self, title: str, wanted: bool | None = None) -> None:
        self.title = title
        self.wanted = _terminal() if wanted is None else wanted
        self.started = time.perf_counter()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        return self

    def update(self, share: float) -> None:
        """Report the share reached."""
        if not self.wanted:
            return
        if self._bar is None and time.perf_counter() - self.started > DELAY:
            from rich.console import Console
            from rich.markup import escape
            from rich.progress import Progress as RichProgress

            if Pulse.current is not None:
                Pulse.current.hide()
            self._bar = RichProgress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(escape(self.title), total=1.0)
        if self._bar is not None:
            self._bar.update(self._task, completed=share)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
            if Pulse.current is not None:
                Pulse.current.show_later()


class Pulse:
    """Shows that work goes on, and for how long, once a second has passed; gives way to a :class:`Progress`.

    Parameters
    ----------
    title : str
    wanted : bool or None
        None: when standard error is a terminal.
    """

    current: ClassVar[Pulse | None] = None

    def __init__(self, title: str, wanted: bool | None = None) -> None:
        self.title, self.wanted = title, wanted
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._bar: Any = None

    def __enter__(self) -> Pulse:
        Pulse.current = self
        self.show_later()
        return self

    def show_later(self) -> None:
        """Show it after a second, if it is not ended before."""
        self._timer = threading.Timer(DELAY, self._show)
        self._timer.daemon = True
        try:
            self._timer.start()
        except RuntimeError:  # no room for a thread under a limit of memory: the work goes on without a bar
            self._timer = None

    def _show(self) -> None:
        with self._lock:
            if self._timer is None or self._bar is not None or not (_terminal() if self.wanted is None else self.wanted):
                return
            from rich.console import Console
            from rich.markup import escape
            from rich.progress import Progress as RichProgress
            from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            self._bar = RichProgress(*columns, console=Console(stderr=True), transient=True)
            self._bar.add_task(escape(self.title), total=None)
            self._bar.start()

    def hide(self) -> None:
        """Take it away, for something else to be shown."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.hide()
        Pulse.current = None
