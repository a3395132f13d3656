"""Code on the documentation pages runs."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import inspect
import json
import re
import shlex
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import cge
from cge import questions

DOCS = Path(__file__).resolve().parents[1] / "docs"


RUNNABLE = ["migration.md", *sorted(f"developers/{p.name}" for p in (DOCS / "developers").glob("*.md"))]
ROOT_TEXTS = [DOCS.parent / name for name in ("README.md", "CONTRIBUTING.md")]
TEXTS = sorted([*DOCS.glob("*.md"), *(DOCS / "developers").glob("*.md"), *ROOT_TEXTS])


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("page", [p for p in RUNNABLE if python_blocks(DOCS / p)])
def test_every_python_block_of_a_page_runs(page: str, capsys) -> None:
    module = types.ModuleType("page")  # classes of a page are of a module, as those of a file are
    sys.modules["page"] = module
    try:
        for block in python_blocks(DOCS / page):
            exec(compile(block, page, "exec"), module.__dict__)
    finally:
        del sys.modules["page"]


def test_the_developer_pages_have_worked_examples() -> None:
    with_blocks = {p for p in RUNNABLE if len(python_blocks(DOCS / p)) >= 2}
    assert {f"developers/{n}.md" for n in ("style", "add_a_mechanism", "add_a_policy", "add_a_reader")} <= with_blocks


def commands(text: str) -> list[list[str]]:
    """Command lines of a page: in blocks of the shell and inside backticks."""
    blocks = [block.replace("\\\n", " ") for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)]
    lines = [line.split("#")[0] for block in blocks for line in block.splitlines() if line.startswith("cge ")]
    inline = re.findall(r"`(cge [a-z][^`]*)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [shlex.split(" ".join(line.split()))[1:] for line in [*lines, *inline]]


@pytest.mark.parametrize("page", TEXTS, ids=lambda p: p.name)
def test_commands_on_the_pages_exist_with_their_options(page: Path) -> None:
    from typer.main import get_command

    from cge.cli import app
    from cge.cli.question_options import QuestionCommand

    for words in commands(page.read_text(encoding="utf-8")):
        command: Any = get_command(app)
        rest = list(words)
        while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
            assert rest[0] in command.commands, (page.name, words)
            command = command.commands[rest.pop(0)]
        params = list(command.params)
        if isinstance(command, QuestionCommand):
            if "chip-duty" in rest:  # the question that a page tells how to write
                continue
            params += command._options_of([w for w in rest if w in questions()])
        known = {o for p in params for o in (*p.opts, *p.secondary_opts)} | {"--help", "--install-completion"}
        for word in rest:
            if word.startswith("-"):
                assert word.partition("=")[0] in known, (page.name, words, word)


def named_objects(text: str) -> set[str]:
    """Dotted names of the three packages in backticks, roles among them."""
    return set(re.findall(r"(?:`~?|<)((?:calibration|cge|policies)(?:\.\w+)+)(?=[`(>])", text))


def there(name: str) -> bool:
    """Whether a dotted name is a module or something in one."""
    package, *parts = name.split(".")
    thing: Any = importlib.import_module(package)
    for part in parts:
        if not hasattr(thing, part) and inspect.ismodule(thing):
            try:
                importlib.import_module(f"{thing.__name__}.{part}")
            except ImportError:
                return False
        if not hasattr(thing, part):
            return part in getattr(thing, "__dataclass_fields__", {})
        thing = getattr(thing, part)
    return True


@pytest.mark.parametrize("page", TEXTS, ids=lambda p: p.name)
def test_modules_and_files_that_pages_name_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name in sorted(named_objects(text)) if not there(name)] == []
    for name in re.findall(r"\{mod\}`~?([\w.]+)`", text):
        assert importlib.util.find_spec(name) is not None, (page.name, name)
    for name in re.findall(r"\{(?:func|class)\}`(?:[\w.]+ <|~)?([\w.]+)>?`", text):
        module, _, own = name.rpartition(".")
        assert getattr(importlib.import_module(module), own).__module__ == module, (
            page.name,
            name,
        )  # where the reference has it
    for name in re.findall(r"python -m ([\w.]+)", text):
        assert importlib.util.find_spec(name) is not None, (page.name, name)
    root = DOCS.parent
    files = re.findall(r"`((?:calibration|cge|policies|tests|docs|benchmarks)/[\w./]*)`", text)
    examples = {"cge/mechanisms/water.py", "policies/chip_duty.py"}  # files that a reader is told to write
    assert [f for f in files if not (root / f).exists() and f not in examples and "_build" not in f] == []
    imports = re.compile(r"^from ((?:calibration|cge|policies)[\w.]*) import ([\w, ]+)$", re.MULTILINE)
    for code in re.findall(r"```(?:python|\{code-cell\})[^\n]*\n(.*?)```", text, flags=re.DOTALL):
        for module, names in imports.findall(code):
            for name in re.split(r",\s*", re.sub(r" as \w+", "", names.strip())):
                assert there(f"{module}.{name}"), (page.name, module, name)


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as MyST and GitHub make them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#{1,3} (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_between_pages_lead_somewhere() -> None:
    for page in TEXTS:
        for target, anchor in re.findall(r"\]\(([\w./-]*\.md)?(?:#([\w-]+))?\)", page.read_text(encoding="utf-8")):
            if "generated/" in target:
                continue
            there_page = page.parent / target if target else page
            assert there_page.is_file(), (page.name, target)
            assert not anchor or anchor in anchors(there_page), (page.name, target, anchor)


def test_the_page_of_names_lists_what_cge_hands_out() -> None:
    rows = re.findall(r"^\| \{\w+\}`(\w+) <([\w.]+)>`", (DOCS / "names.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(cge.__all__)
    for name, place in rows:
        module, _, own = place.rpartition(".")
        assert getattr(importlib.import_module(module), own) is getattr(cge, name), name


# -- the picture of the house ------------------------------------------------------------------------
@pytest.fixture(scope="module")
def house() -> Any:
    spec = importlib.util.spec_from_file_location("house", DOCS / "house.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["house"] = module
    spec.loader.exec_module(module)
    return module


def test_every_part_of_cge_stands_on_a_floor_or_beside_all(house) -> None:
    on_floors = [name for floor in house.floors() for name in floor]
    assert len(set(on_floors)) == len(on_floors)
    packages = {p.parent.name for p in (DOCS.parent / "cge").glob("*/__init__.py")}
    assert packages <= set(on_floors)
    drawn = house.picture()
    assert all(f">{name}</text>" in drawn for name in on_floors)
    assert {p.name for p in house.beside()} == {f"cge.{p.stem}" for p in (DOCS.parent / "cge").glob("*.py")} - {
        "cge.__init__",
        *(f"cge.{name}" for name in on_floors),
    }


def test_calls_up_are_those_of_the_tables_and_all_are_asked_for(house) -> None:
    asked = {what for _, what, _ in house.upward_calls()}
    assert asked == {*house.ABOVE, *house.ABOVE_DATA}
    for _, _, answer in house.upward_calls():
        module, _, name = answer.partition(":")
        assert there(f"{module}.{name}"), answer


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
