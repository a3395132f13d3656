"""What the replication page prints is what a run gives.

Numbers are held to what is claimed of them, not to the bits of one machine: published figures to their printed digits,
gaps that are rounding (an adding-up of 1e5 terms in another order moves them) to the bound that the pages state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from benchmarks.replication import BOUNDS, OUT, TOLERANCES, measure


def numbers(held: object, where: str = "") -> Iterator[tuple[str, object]]:
    """Every number of the file by its path; how long a run took is no result."""
    if isinstance(held, dict):
        for key, value in held.items():
            if key != "seconds":
                yield from numbers(value, f"{where}/{key}")
    else:
        yield where, held


def named(where: str, known: dict[str, float]) -> list[float]:
    """The tolerances whose words the path holds."""
    return [value for words, value in known.items() if words in where]


def test_every_number_of_the_page_has_a_claim() -> None:
    for where, value in numbers(json.loads(OUT.read_text(encoding="utf-8"))):
        claims = [*named(where, BOUNDS), *named(where, TOLERANCES)]
        assert len(claims) == (1 if isinstance(value, float) else 0), where
        if named(where, BOUNDS):
            assert 0 <= value <= claims[0], where


@pytest.mark.shared
def test_shipped_replication_is_what_a_run_gives(shared) -> None:
    held, found = dict(numbers(json.loads(OUT.read_text(encoding="utf-8")))), dict(numbers(measure(shared)))
    assert list(held) == list(found)
    for where, value in held.items():
        if isinstance(value, str):
            continue  # where the largest of gaps at rounding lies is the machine's
        if not isinstance(value, float):
            assert found[where] == value, where
        elif bound := named(where, BOUNDS):
            assert 0 <= found[where] <= bound[0], where
        else:
            (tolerance,) = named(where, TOLERANCES)
            assert found[where] == pytest.approx(value, rel=0, abs=tolerance), where
