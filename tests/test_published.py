"""What the replication page prints is what a run gives."""

from __future__ import annotations

import json

import pytest

from benchmarks.replication import OUT, measure


def close(held: object, found: object, where: str = "") -> None:
    if isinstance(held, dict):
        assert isinstance(found, dict)
        assert list(held) == list(found), where
        for key in held:
            if key != "seconds":
                close(held[key], found[key], f"{where}/{key}")
    elif isinstance(held, float):
        assert found == pytest.approx(held, rel=1e-6, abs=1e-8), where
    else:
        assert held == found, where


@pytest.mark.shared
def test_shipped_replication_is_what_a_run_gives(shared) -> None:
    # gaps near rounding differ between machines by rounding: 1e-8 points is far below what the page prints
    close(json.loads(OUT.read_text(encoding="utf-8")), measure(shared))
