"""Code on the documentation pages runs."""

from __future__ import annotations

import doctest
import importlib
import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("page", ["migration.md", "extending.md"])
def test_every_python_block_of_a_page_runs(page: str, capsys) -> None:
    held: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        exec(compile(block, page, "exec"), held)


def test_commands_on_the_pages_exist() -> None:
    from typer.main import get_command

    from cge.cli import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    for path in [*DOCS.glob("*.md"), DOCS.parent / "README.md"]:
        for word in re.findall(r"(?:^|`)cge ([a-z]+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            assert word in known, (path.name, word)


def test_speed_in_the_readme_is_what_the_benchmarks_measured() -> None:
    held = json.loads((DOCS / "_static" / "benchmarks.json").read_text(encoding="utf-8"))
    full, rcep = held["ours"]["141 x 65, tariffs -50 %"], held["ours"]["41 x 35, RCEP"]
    text = " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    assert f"41 x 35 world solves RCEP in {rcep['total']:.1f} s" in text
    assert f"{full['total']:.0f} s within {full['peak_memory_mb'] / 1000:.1f} GB" in text
    assert f"{held['ratio_to_tuned_ipopt_rcep']:.0f} times as long for RCEP" in text
    assert f"{held['ratio_to_tuned_ipopt']:.0f} times for the halved tariffs" in text


def with_examples() -> list[str]:
    root = DOCS.parent
    found = [p for package in ("calibration", "cge", "policies") for p in sorted((root / package).rglob("*.py"))]
    return [".".join(p.relative_to(root).with_suffix("").parts) for p in found if ">>> " in p.read_text(encoding="utf-8")]


@pytest.mark.parametrize("module", with_examples())
def test_examples_in_docstrings_run(module: str) -> None:
    done = doctest.testmod(importlib.import_module(module))
    assert done.attempted > 0
    assert done.failed == 0
