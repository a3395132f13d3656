"""Shared fixtures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from calibration import Benchmark, load_benchmark
from cge import Model, Solution
from cge.cli import main
from cge.report.pdf import find_browser
from tests.worlds import random_benchmark

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SITE = Path(__file__).resolve().parents[1] / "docs" / "_build" / "html" / "index.html"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = {}
    if not SHARED.is_dir():
        missing["shared"] = "needs the raw tables of ../shared/data, which this machine lacks"
    if not SITE.is_file():
        missing["site"] = "needs the built site (make docs)"
    if find_browser() is None:
        missing["browser"] = "needs Chromium or Chrome, which this machine lacks"
    for item in items:
        for marker, reason in missing.items():
            if marker in item.keywords:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def shared() -> Path:
    return SHARED


@pytest.fixture(scope="session")
def world() -> Benchmark:
    return load_benchmark("world-2011")


@pytest.fixture(scope="session")
def world_model(world: Benchmark) -> Model:
    return Model(world)


@pytest.fixture(scope="session")
def world_base(world_model: Model) -> Solution:
    return world_model.solve()


@pytest.fixture(scope="session")
def small() -> Benchmark:
    return random_benchmark(3, 3, seed=7)


@pytest.fixture(scope="session")
def small_model(small: Benchmark) -> Model:
    return Model(small)


def cge(*words: str, capsys=None, monkeypatch=None) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["cge", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    held = capsys.readouterr()
    return int(stopped.value.code or 0), held.out, held.err


@pytest.fixture
def command(capsys, monkeypatch):
    return lambda *words: cge(*words, capsys=capsys, monkeypatch=monkeypatch)
