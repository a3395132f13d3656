"""Objects show themselves as cards of at most fifteen lines."""

from __future__ import annotations

import pytest

from calibration.cards import LINES, text_card
from cge import Model, Scenario, solve
from policies import rcep, tariff_change
from tests.worlds import random_benchmark

BENCHMARK = random_benchmark(3, 3, seed=7)
RUN = solve(Scenario(BENCHMARK).under(tariff_change(points=5, destinations="R0")))


@pytest.mark.parametrize(
    ("thing", "tells"),
    [
        (BENCHMARK, "3 regions, 3 commodities"),
        (BENCHMARK.sam, "largest gap"),
        (Model(BENCHMARK), "unknowns in"),
        (RUN.scenario, "the core model"),
        (RUN.after, "residual"),
        (RUN, "gains most"),
        (RUN.comparison, "welfare_percent"),
        (rcep(), "RCEP tariff cuts"),
    ],
    ids=lambda x: x if isinstance(x, str) else type(x).__name__,
)
def test_a_card_is_short_and_tells_what_matters(thing: object, tells: str) -> None:
    text = repr(thing)
    assert len(text.splitlines()) <= LINES
    assert max(map(len, text.splitlines())) < 125
    assert tells in text
    page = thing._repr_html_()  # type: ignore[attr-defined]
    assert page.startswith("<table>")
    assert "<script" not in page


def test_what_is_left_out_of_a_card_is_said_and_labels_are_escaped() -> None:
    lines = text_card("many", {f"k{i}": i for i in range(40)}).splitlines()
    assert len(lines) == LINES
    assert lines[-1] == f"  and {40 - LINES + 2} more"


def test_names_of_a_solution_complete_in_a_notebook() -> None:
    names = RUN.after._ipython_key_completions_()
    assert {"qo", "pds", "qgdp", "tms"} <= set(names)
    assert all(RUN.after[n] is not None for n in ("qo", "qgdp"))
