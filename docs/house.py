"""The house in one picture: floors and packages as the import contract states them, sizes and arrows as the files have them.

Nothing is drawn that the code does not say: floors are ``[tool.importlinter]`` of ``pyproject.toml``, an arrow up is a call of
:func:`cge.upward.provided`, a sentence is the first of a docstring.
"""

from __future__ import annotations

import ast
import html
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from calibration.upward import ABOVE as ABOVE_DATA
from cge.upward import ABOVE

ROOT = Path(__file__).resolve().parents[1]
_INK = "var(--color-foreground-primary,#222)"
_MUTED = "var(--color-foreground-secondary,#555)"
_SOFT = "var(--color-background-secondary,#f4f6f8)"
_LINE = "var(--color-brand-content,#1b6ca8)"
_UP = "var(--color-foreground-muted,#8a5a00)"
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif"
WIDTH, HEIGHT, GAP, LEFT, RIGHT = 640, 52, 8, 16, 90


@dataclass(frozen=True)
class Part:
    """A package, or a module that stands by itself."""

    name: str
    files: int
    lines: int
    sentence: str


@cache
def floors() -> tuple[tuple[str, ...], ...]:
    """The floors of ``cge`` from the top, as the contract lists them; what shares one does not import the other."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c.get("containers") == ["cge"])
    return tuple(tuple(name.strip() for name in floor.split("|")) for floor in layers)


@cache
def part(name: str) -> Part:
    """What a dotted name holds."""
    path = ROOT.joinpath(*name.split("."))
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    told = ast.get_docstring(ast.parse((path / "__init__.py" if path.is_dir() else files[0]).read_text(encoding="utf-8")))
    sentence = " ".join((told or "").split("\n\n")[0].split())
    sentence = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"\1", sentence).replace("``", "")
    return Part(name, len(files), sum(len(f.read_text(encoding="utf-8").splitlines()) for f in files), sentence.rstrip("."))


def beside() -> list[Part]:
    """Modules of ``cge`` that stand on no floor: every floor may use them."""
    on_floors = {name for floor in floors() for name in floor}
    modules = sorted(p.stem for p in (ROOT / "cge").glob("*.py") if p.stem != "__init__")
    return [part(f"cge.{name}") for name in modules if name not in on_floors]


def upward_calls() -> list[tuple[str, str, str]]:
    """Every call up: module that calls, what it asks for, and ``module:function`` that answers."""
    offered = {**ABOVE, **ABOVE_DATA}
    calls = []
    for package in ("calibration", "cge"):
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for what in re.findall(r'\bprovided\(\s*"([^"]+)"', path.read_text(encoding="utf-8")):
                calls.append((module, what, offered[what]))
    return sorted(set(calls))


def _floor_of(module: str) -> str:
    names = module.split(".")
    return names[1] if names[0] == "cge" and len(names) > 1 else names[0]


def picture() -> str:
    """The floors as SVG; a broken arrow at the side is what a floor asks of one above it, its tooltip says what."""
    rows = [("policies",), *(tuple(f"cge.{n}" for n in floor) for floor in floors()), ("calibration",)]
    middle = {name.split(".")[-1]: GAP + k * (HEIGHT + GAP) + HEIGHT / 2 for k, row in enumerate(rows) for name in row}
    height = GAP + len(rows) * (HEIGHT + GAP) + 22
    shapes = []
    for k, row in enumerate(rows):
        wide = (WIDTH - GAP * (len(row) - 1)) / len(row)
        for j, name in enumerate(row):
            shapes.append(_box(part(name), LEFT + j * (wide + GAP), GAP + k * (HEIGHT + GAP), wide))
    asked = Counter((_floor_of(module), _floor_of(answer.partition(":")[0])) for module, _, answer in upward_calls())
    told = {pair: [w for m, w, a in upward_calls() if (_floor_of(m), _floor_of(a.partition(":")[0])) == pair] for pair in asked}
    lanes = sorted((pair for pair in asked if middle[pair[0]] > middle[pair[1]]), key=lambda p: middle[p[0]] - middle[p[1]])
    for k, (low, high) in enumerate(lanes):
        side, lane = LEFT + WIDTH, LEFT + WIDTH + 14 + 11 * k
        shift = 4 * (k - len(lanes) / 2)
        start, end = middle[low] + shift, middle[high] + shift
        shapes.append(
            f'<path d="M{side} {start:.0f} H{lane} V{end:.0f} H{side + 7}" fill="none" stroke="{_UP}" stroke-width="1.3" '
            f'stroke-dasharray="5 3" marker-end="url(#up)"><title>'
            f"{low} asks {high} for: {html.escape('; '.join(told[low, high]))}</title></path>"
        )
    shapes.append(
        f'<text x="{LEFT}" y="{height - 6}" font-size="12" fill="{_MUTED}">'
        "Imports run down; broken arrows are the listed calls up.</text>"
    )
    marker = (
        f'<defs><marker id="up" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 L8 4 L0 8 Z" fill="{_UP}"/></marker></defs>'
    )
    size = LEFT + WIDTH + RIGHT
    label = "Floors of the library, from policies at the top to calibration at the bottom"
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {size} {height}" width="{size}" height="{height}" '
        f'style="{_FONT};max-width:none">{marker}{"".join(shapes)}</svg>'
    )


def _box(drawn: Part, x: float, y: float, wide: float) -> str:
    size = (f"{drawn.files} files, " if drawn.files > 1 else "") + f"{drawn.lines:,} lines"
    said = _that_fits(drawn.sentence, int((wide - 20) / 6.7))
    name = drawn.name.removeprefix("cge.")
    heavy = 1 if name != drawn.name else 2  # the other two packages
    return (
        f"<g><title>{html.escape(drawn.sentence)}</title>"
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{wide:.0f}" height="{HEIGHT}" rx="7" '
        f'fill="{_SOFT}" stroke="{_LINE}" stroke-width="{heavy}"/>'
        f'<text x="{x + 10:.0f}" y="{y + 21:.0f}" font-size="14" font-weight="600" fill="{_INK}">{name}</text>'
        f'<text x="{x + wide - 10:.0f}" y="{y + 21:.0f}" text-anchor="end" font-size="12" fill="{_MUTED}">{size}</text>'
        f'<text x="{x + 10:.0f}" y="{y + 40:.0f}" font-size="12" fill="{_MUTED}">{html.escape(said)}</text></g>'
    )


def _that_fits(sentence: str, letters: int) -> str:
    """The sentence, or as much of it, up to a mark of punctuation, as has room."""
    if len(sentence) <= letters:
        return sentence
    marks = [found.start() for found in re.finditer(r"[,;:.](?= )", sentence) if found.start() <= letters]
    return sentence[: marks[-1]] if marks else sentence[:letters].rsplit(" ", 1)[0] + " …"


def beside_table() -> list[str]:
    """Modules on no floor."""
    return ["| module | what it holds |", "|---|---|", *(f"| {{mod}}`{r.name}` | {r.sentence} |" for r in beside())]


def upward_table() -> list[str]:
    """The listed calls up."""
    rows = [f"| {{mod}}`{module}` | {what} | {{mod}}`{answer.partition(':')[0]}` |" for module, what, answer in upward_calls()]
    return ["| who asks | for | who answers |", "|---|---|---|", *rows]
