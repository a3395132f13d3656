"""The progress bar appears for long work where it is wanted, and nowhere else."""

from __future__ import annotations

from cge.progress import Progress


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
