"""The sign of work appears on standard error for long work where it is wanted, and nowhere else.

Time is told to the code, not waited for: a clock that the test moves, and timers that it lets run out.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cge import progress
from cge.progress import DELAY, Progress, Pulse


class Clock:
    """A clock that stands until it is moved; timers run out as it passes them."""

    def __init__(self) -> None:
        self.now, self.timers = 0.0, []

    def perf_counter(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds
        for timer in [t for t in self.timers if t.due <= self.now]:
            self.timers.remove(timer)
            timer.function()

    def timer(self, delay: float, function: Callable[[], None]) -> Timer:
        return Timer(self, delay, function)


class Timer:
    """A timer of a :class:`Clock`."""

    daemon = False

    def __init__(self, clock: Clock, delay: float, function: Callable[[], None]) -> None:
        self.clock, self.due, self.function = clock, clock.now + delay, function

    def start(self) -> None:
        self.clock.timers.append(self)

    def cancel(self) -> None:
        if self in self.clock.timers:
            self.clock.timers.remove(self)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress.time, "perf_counter", clock.perf_counter)
    monkeypatch.setattr(progress.threading, "Timer", clock.timer)
    monkeypatch.setenv("FORCE_COLOR", "1")  # the bar is drawn as on a terminal
    monkeypatch.setenv("COLUMNS", "80")
    return clock


@pytest.fixture
def shown(capfd) -> Callable[[], str]:
    """What has been drawn since the last look; standard output stays clean throughout."""

    def look() -> str:
        held = capfd.readouterr()
        assert held.out == ""
        return held.err

    return look


def test_a_bar_is_drawn_once_work_is_long(clock, shown) -> None:
    with Progress("the work", wanted=True) as bar:
        clock.forward(0.9 * DELAY)
        bar.update(0.1)
        assert shown() == ""
        clock.forward(0.2 * DELAY)
        bar.update(0.5)
    assert "the work" in shown()


def test_short_work_draws_nothing(clock, shown) -> None:
    with Progress("the work", wanted=True) as bar:
        for share in (0.2, 0.6, 1.0):
            bar.update(share)
    with Pulse("other work", wanted=True):
        clock.forward(0.9 * DELAY)
    clock.forward(10 * DELAY)  # a timer that outlives its work says nothing
    assert shown() == ""


@pytest.mark.parametrize("wanted", [False, None], ids=["unwanted", "in a pipe"])
def test_nothing_is_drawn_where_it_is_not_wanted(clock, shown, wanted: bool | None) -> None:
    with Progress("the work", wanted) as bar:
        clock.forward(5 * DELAY)
        bar.update(0.5)
    with Pulse("other work", wanted):
        clock.forward(5 * DELAY)
    assert shown() == ""


def test_a_silenced_terminal_stays_silent(clock, shown, monkeypatch) -> None:
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    try:
        progress.silence()
        with Pulse("the work"):
            clock.forward(5 * DELAY)
        assert shown() == ""
    finally:
        progress.silence(False)


def test_a_pulse_gives_way_to_a_bar_and_comes_back(clock, shown) -> None:
    with Pulse("long work", wanted=True):
        assert shown() == ""
        clock.forward(1.1 * DELAY)
        assert "long work" in shown()
        with Progress("counted", wanted=True) as bar:
            clock.forward(1.1 * DELAY)
            bar.update(0.5)
            assert "counted" in shown()
            clock.forward(5 * DELAY)
        assert "long work" not in shown()
        clock.forward(1.1 * DELAY)
        assert "long work" in shown()
    shown()
    clock.forward(10 * DELAY)
    assert shown() == ""


def test_a_bar_is_taken_away_when_work_fails(clock, shown) -> None:
    def fail() -> None:
        with Progress("the work", wanted=True) as bar:
            clock.forward(2 * DELAY)
            bar.update(0.5)
            raise RuntimeError("no equilibrium")

    with pytest.raises(RuntimeError, match="no equilibrium"):
        fail()
    assert shown().rstrip("\n").endswith("\x1b[2K")  # the line is erased
