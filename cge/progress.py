"""A progress bar for work over a second, on a terminal only."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any


class _Wanted:
    silent = False


def silence(value: bool = True) -> None:
    """Show no bars from now on (``cge --quiet``)."""
    _Wanted.silent = value


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
        self.wanted = (sys.stderr.isatty() and not _Wanted.silent) if wanted is None else wanted
        self.started = time.perf_counter()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        return self

    def update(self, share: float) -> None:
        """Report the share reached."""
        if not self.wanted:
            return
        if self._bar is None and time.perf_counter() - self.started > 1.0:
            from rich.console import Console
            from rich.progress import Progress as RichProgress

            self._bar = RichProgress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self.title, total=1.0)
        if self._bar is not None:
            self._bar.update(self._task, completed=share)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
