"""The progress bar appears for long work where it is wanted, and nowhere else."""

from __future__ import annotations

import time

from cge import progress
from cge.progress import Progress, Pulse


def test_bar_waits_a_second_and_closes(capsys) -> None:
    with Progress("work", wanted=True) as bar:
        bar.update(0.1)
        assert bar._bar is None  # too early
        bar.started -= 2.0
        bar.update(0.5)
        assert bar._bar is not None
    assert bar._bar.finished or not bar._bar.live.is_started
    assert capsys.readouterr().out == ""  # standard output stays clean


def test_pipes_get_nothing(capsys) -> None:
    with Progress("work", wanted=None) as bar:
        bar.started -= 2.0
        bar.update(0.5)
        assert bar._bar is None
    held = capsys.readouterr()
    assert held.out == held.err == ""


def test_a_pulse_shows_after_a_while_and_gives_way_to_a_bar(monkeypatch) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.05)
    with Pulse("long work", wanted=True) as pulse:
        time.sleep(0.4)
        shown = pulse._bar is not None
        with Progress("counted", wanted=True) as bar:
            time.sleep(0.1)
            bar.update(0.5)
            assert pulse._bar is None
        time.sleep(0.4)
        again = pulse._bar is not None
    assert (shown, again) == (True, True)
    assert pulse._bar is None


def test_a_pulse_is_silent_in_pipes_and_for_short_work(monkeypatch, capfd) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.05)
    with Pulse("long work"):
        time.sleep(0.3)
    monkeypatch.setattr(progress, "DELAY", 5.0)
    with Pulse("short work", wanted=True):
        pass
    assert capfd.readouterr().err == ""
