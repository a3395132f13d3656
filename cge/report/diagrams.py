"""Diagrams of a model as SVG, drawn from its rules: which block gives what to which, and a good's way to its users.

Nothing is drawn that a rule does not say: an arrow between blocks is a symbol one determines and the other refers
to, a step of the way is a price rule that holds the price before it and its wedge.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

import pandas as pd

from cge.errors import ModelError
from cge.model import Model
from cge.report.latex import Printer

_INK, _SOFT, _LINE = (
    "var(--color-foreground-primary,#222)",
    "var(--color-background-secondary,#f4f6f8)",
    "var(--color-brand-content,#1b6ca8)",
)
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif"

_PLACES = {
    "Factors": (0, 0),
    "GtapFactors": (0, 0),
    "Capital": (0, 3),
    "Production": (1, 0),
    "Markets": (2, 0),
    "Trade": (3, 0),
    "Margins": (3, 1),
    "Investment": (2, 1),
    "Households": (1, 1),
    "Government": (1, 2),
    "Income": (0, 1),
    "Accounts": (2, 2),
    "Welfare": (0, 2),
    "RegionalHousehold": (0, 2),
    "GlobalBank": (2, 1),
    "RulesOfOrigin": (3, 2),
}
"""Column and row of each block; a block that extends another takes its place, any other the next free one below."""
COLUMNS = 4


def exchanges(model: Model) -> pd.DataFrame:
    """What blocks give each other.

    Returns
    -------
    pandas.DataFrame
        Columns ``giver, taker, symbol``: a variable or definition of ``giver`` that a rule of ``taker`` refers to.
    """
    printer = Printer(model)
    names = {type(block).__name__ for block in model.blocks}
    at: dict[str, str] = {}
    for block in model.blocks:
        for symbol in block.symbols.values():
            if symbol.kind == "variable":
                at[symbol.name] = type(block).__name__
        at.update({n: type(block).__name__ for n in block.rules if n in model.definitions})
    rows = set()
    for block in model.blocks:
        taker = type(block).__name__
        for name in block.rules:
            if name not in model.rules:
                continue
            for used in printer.rule(name).symbols:
                giver = at.get(used)
                if giver in names and giver != taker:
                    rows.add((giver, taker, used))
    return pd.DataFrame(sorted(rows), columns=["giver", "taker", "symbol"])


def _places(model: Model) -> dict[str, tuple[int, int]]:
    out: dict[str, tuple[int, int]] = {}
    spare = (
        place for row in count(3) for place in ((column, row) for column in range(COLUMNS)) if place not in _PLACES.values()
    )
    for block in model.blocks:
        family = [base.__name__ for base in type(block).__mro__]
        place = next((_PLACES[n] for n in family if n in _PLACES and _PLACES[n] not in out.values()), None)
        out[type(block).__name__] = place or next(spare)
    return out


def model_map(model: Model, link: Callable[[str], str] | None = None) -> str:
    """Blocks as boxes; a line's width grows with the number of symbols that pass, its tooltip names them.

    Lines to blocks that only measure (accounts, welfare) are dashed.

    Parameters
    ----------
    model : Model
    link : callable, optional
        Block name -> address its box leads to.
    """
    held = exchanges(model)
    places = _places(model)
    width, height, wide, high = 194, 50, 232, 122
    columns, rows = (1 + max(p[k] for p in places.values()) for k in (0, 1))
    centre = {n: (wide * x + width / 2 + 16, high * y + height / 2 + 16) for n, (x, y) in places.items()}
    size = (wide * columns - (wide - width) + 32, high * rows - (high - height) + 44)
    parts = []
    passed: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in held.itertuples():
        first, second = sorted((str(row.giver), str(row.taker)))
        passed.setdefault((first, second), []).append((str(row.giver), str(row.symbol)))
    for (first, second), given in passed.items():
        (x1, y1), (x2, y2) = centre[first], centre[second]
        texts = []
        for giver, taker in ((first, second), (second, first)):
            names = [s for g, s in given if g == giver]
            if names:
                texts.append(f"{giver} gives {taker}: {', '.join(names)}")
        bend = 0.0
        if (abs(x1 - x2) > wide + 1 and y1 == y2) or (abs(y1 - y2) > high + 1 and x1 == x2):
            bend = 34.0  # a straight line would run behind the box between them
        mx, my = (x1 + x2) / 2 + (bend if x1 == x2 else 0), (y1 + y2) / 2 + (bend if y1 == y2 else 0)
        stroke = 1.0 + 0.45 * len(given)
        measures = {g for g, _ in given} in ({first}, {second}) and not _takes_part(held, first, second)
        dash = ' stroke-dasharray="5 4"' if measures else ""
        parts.append(
            f'<path d="M{x1:.0f} {y1:.0f} Q{2 * mx - (x1 + x2) / 2:.0f} {2 * my - (y1 + y2) / 2:.0f} {x2:.0f} {y2:.0f}" '
            f'fill="none" stroke="{_LINE}" stroke-width="{stroke:.1f}" stroke-opacity="0.38"{dash}>'
            f"<title>{html.escape('; '.join(texts))}</title></path>"
        )
    for name, (x, y) in centre.items():
        counts = (
            sum(n in model.equations for n in _rules(model, name)),
            sum(n in model.definitions for n in _rules(model, name)),
        )
        box = (
            f'<rect x="{x - width / 2:.0f}" y="{y - height / 2:.0f}" width="{width}" height="{height}" rx="7" '
            f'fill="{_SOFT}" stroke="{_LINE}"/>'
            f'<text x="{x:.0f}" y="{y - 3:.0f}" text-anchor="middle" font-size="14" font-weight="600" fill="{_INK}">'
            f"{name}</text>"
            f'<text x="{x:.0f}" y="{y + 15:.0f}" text-anchor="middle" font-size="11" fill="{_INK}">'
            f"{_count(counts[0], 'equation')}, {_count(counts[1], 'definition')}</text>"
        )
        parts.append(f'<a href="{html.escape(link(name))}" style="text-decoration:none">{box}</a>' if link else box)
    label = f"Map of the model: {len(places)} blocks and what they exchange"
    return _svg(size, label, parts)


def _takes_part(held: pd.DataFrame, *blocks: str) -> bool:
    """Whether each block gives something to another; what gives nothing only measures."""
    return all((held["giver"] == b).any() for b in blocks)


def _count(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def exchange_table(model: Model) -> pd.DataFrame:
    """The same as a square table: rows give, columns take; each cell lists the symbols."""
    held = exchanges(model)
    names = [type(block).__name__ for block in model.blocks]
    joined = held.groupby(["giver", "taker"])["symbol"].agg(", ".join)
    return joined.unstack("taker").reindex(index=names, columns=names).fillna("")


def _rules(model: Model, block: str) -> list[str]:
    found = next(b for b in model.blocks if type(b).__name__ == block)
    return [n for n, r in found.rules.items() if model.rules.get(n) is r]


@dataclass(frozen=True)
class Step:
    """One price step: ``after`` is made of ``before`` and the wedge."""

    before: str
    wedge: str
    after: str
    what: str


WAY = (
    Step("ps", "to", "pds", "output tax"),
    Step("pds", "txs", "pfob", "export tax"),
    Step("pfob", "pt", "pcif", "transport margin"),
    Step("pcif", "tms", "pmds", "import tariff"),
    Step("pmds", "ams", "pms", "origins combined (esubm), iceberg cost"),
    Step("pds", "tfd", "pfd", "tax, firms"),
    Step("pds", "tpd", "ppd", "tax, households"),
    Step("pds", "tgd", "pgd", "tax, government"),
    Step("pds", "tid", "pid", "tax, investors"),
    Step("pmf", "tfm", "pfm", "tax, firms"),
    Step("pmp", "tpm", "ppm", "tax, households"),
    Step("pmg", "tgm", "pgm", "tax, government"),
    Step("pmi", "tim", "pim", "tax, investors"),
)
"""A good's way from its producer to its users, in prices."""

_JOINED = {"pfa": ("pfd", "pfm", "firms"), "ppa": ("ppd", "ppm", "households"), "pga": ("pgd", "pgm", "government")}
_JOINED["pia"] = ("pid", "pim", "investors")


def check_way(model: Model) -> None:
    """Raise unless a rule of the model says each step of :data:`WAY`.

    Raises
    ------
    ModelError
        A step is not in the model.
    """
    printer = Printer(model)
    said = [printer.rule(n).symbols | {n} | {str(model.rules[n].defines)} for n in model.rules]
    steps = [(s.before, s.wedge, s.after) for s in WAY] + [(d, m, a) for a, (d, m, _) in _JOINED.items()]
    for step in steps:
        if not any(set(step) <= symbols for symbols in said):
            raise ModelError(f"no rule of the model holds the step {' + '.join(step[:2])} -> {step[2]}")


def goods_flow(model: Model, text: Mapping[str, str] | None = None) -> str:
    """A good's way from its producer to the users at home and abroad, with each price and tax.

    Raises
    ------
    ModelError
        The model's rules do not say what the diagram would show.
    """
    check_way(model)
    meaning = {n: s.long_name for n, s in model.symbols.items()} | {n: r.long_name for n, r in model.definitions.items()}
    meaning |= dict(text or {})
    chain = ["ps", "pds", "pfob", "pcif", "pmds", "pms"]
    where = {"ps": "producer in s", "pds": "market of s", "pfob": "border of s", "pcif": "border of d", "pmds": "market of d"}
    where["pms"] = "import bundle of d"
    wedge = {s.after: s for s in WAY}
    width, gap, top = 130, 44, 36
    parts = [_ARROW]
    x0: dict[str, float] = {}
    for k, name in enumerate(chain):
        x0[name] = 12.0 + k * (width + gap)
        parts.append(_box(x0[name], top, width, name, where[name], meaning[name]))
        if k:
            x = x0[name] - gap
            parts.append(_arrow(x, top + 24, x + gap - 2, top + 24, wedge[name].what, wedge[name].wedge))
    home_x, far_x = x0["pds"], x0["pms"]
    first, apart = 146, 70
    last = first + (len(_JOINED) - 1) * apart + 24
    for trunk, start in ((home_x - 18, home_x), (far_x + width + 18, far_x + width)):
        parts.append(
            f'<path d="M{start:.0f} {top + 38} L{trunk:.0f} {top + 38} L{trunk:.0f} {last}" fill="none" '
            f'stroke="{_LINE}" stroke-width="1.6"/>'
        )
    for k, (after, (home, abroad, who)) in enumerate(_JOINED.items()):
        y = first + k * apart
        joint = (home_x + far_x) / 2
        parts.append(_box(home_x, y, width, home, f"home, {who}", meaning[home]))
        parts.append(_box(far_x, y, width, abroad, f"imports, {who}", meaning[abroad]))
        parts.append(_box(joint, y, width, after, who, meaning[after]))
        parts.append(_arrow(home_x - 18, y + 24, home_x - 2, y + 24, wedge[home].what, ""))
        parts.append(_arrow(far_x + width + 18, y + 24, far_x + width + 2, y + 24, wedge[abroad].what, ""))
        parts.append(_text(home_x - 24, y + 28, wedge[home].wedge, anchor="end"))
        parts.append(_text(far_x + width + 24, y + 28, wedge[abroad].wedge))
        parts.append(_arrow(home_x + width, y + 24, joint - 2, y + 24, "substitution of home and imported", "esubd"))
        parts.append(_arrow(far_x, y + 24, joint + width + 2, y + 24, "", ""))
    size = (far_x + width + 60, last + 36)
    return _svg(size, "A good's way from producer to user: prices and taxes", parts)


_ARROW = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    f'<path d="M0 0 L8 4 L0 8 z" fill="{_LINE}"/></marker></defs>'
)


def _box(x: float, y: float, width: float, name: str, where: str, meaning: str) -> str:
    return (
        f"<g><title>{html.escape(f'{name}: {meaning}')}</title>"
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width}" height="48" rx="6" fill="{_SOFT}" stroke="{_LINE}"/>'
        f'<text x="{x + width / 2:.0f}" y="{y + 20:.0f}" text-anchor="middle" font-size="14" font-weight="600" fill="{_INK}">'
        f"{name}</text>"
        f'<text x="{x + width / 2:.0f}" y="{y + 37:.0f}" text-anchor="middle" font-size="11" fill="{_INK}">{where}</text></g>'
    )


def _arrow(x1: float, y1: float, x2: float, y2: float, what: str, wedge: str) -> str:
    title = f"<title>{html.escape(what)}</title>" if what else ""
    shown = _text((x1 + x2) / 2, y1 - 8, wedge, anchor="middle")
    return (
        f'<g>{title}<path d="M{x1:.0f} {y1:.0f} L{x2:.0f} {y2:.0f}" stroke="{_LINE}" stroke-width="1.6" '
        f'marker-end="url(#head)"/>{shown}</g>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    if not text:
        return ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="12" fill="{_INK}">{html.escape(text)}</text>'


def _svg(size: tuple[float, float], label: str, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" role="img" '
        f'aria-label="{html.escape(label)}" style="width:100%;min-width:42rem;height:auto;{_FONT}">{"".join(parts)}</svg>'
    )
