"""Equations as LaTeX, printed from the same Pyomo rules that are compiled.

A rule is called once with index templates, as :mod:`cge.solver.templates` does, on a block where definitions stand
as symbols of their own, so that a page shows ``qfa`` and not what it is made of. The printer records which
symbols and sets it met; a test compares them with the compiled template, so that text and solver cannot
drift apart. CES prices print their power form; at an elasticity of one the solver takes the Cobb-Douglas form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo
from pyomo.core.expr import numeric_expr as ne
from pyomo.core.expr import relational_expr as rel
from pyomo.core.expr.template_expr import GetItemExpression, IndexTemplate, TemplateSumExpression

from calibration.currency import in_currency
from cge.equations.ces import NEAR_COBB_DOUGLAS
from cge.equations.declare import SET_OF_DIM, Rule
from cge.errors import ModelError
from cge.model import Model
from cge.solver.pyomo_templates import PYOMO_LOCK
from cge.solver.tape import templatize

LETTERS = {
    "comm": ("i", "j", "h"),
    "acts": ("a", "b", "e"),
    "endw": ("f", "g"),
    "reg": ("r", "s", "d", "q"),
    "marg": ("m", "n"),
    "uses": ("u", "v"),
    "types": ("k", "l"),
}
"""Index letters of each set, in the order they are taken."""

SET_NAMES = {
    "comm": "commodities",
    "acts": "activities",
    "endw": "factors",
    "reg": "regions",
    "marg": "margin commodities",
    "uses": "sourcing classes",
    "types": "firm types",
}
GREEK = ("kappa", "theta", "alpha", "beta", "rho", "delta", "lambda", "mu", "sigma")
PLAIN = frozenset(
    "saving save pop tax facty tot prem content contentfree pfactwld walraslack committed frisch incelas "
    "infirm inprv ingov ininv makes gross worn stock smooth excess finance netinv".split()
)
"""Names that are words or abbreviations: printed upright, not as a letter with a superscript."""
_BASES = "pqstvyuwradgxzbckmelfn"


@dataclass(frozen=True)
class Printed:
    """One rule in LaTeX with what it refers to.

    Attributes
    ----------
    latex : str
    symbols : frozenset of str
        Variables, instruments, parameters and definitions.
    sets : frozenset of str
        Sets of its own indices and of its sums.
    """

    latex: str
    symbols: frozenset[str]
    sets: frozenset[str]


def symbol_latex(name: str) -> str:
    """A symbol without its indices.

    Examples
    --------
    >>> symbol_latex("qfa"), symbol_latex("tms_0"), symbol_latex("esubm"), symbol_latex("mu_rvc")
    ('q^{fa}', '\\\\bar{t}^{ms}', '\\\\sigma^{m}', '\\\\mu^{rvc}')
    """
    bar = name.endswith("_0") and len(name) > 2
    core = name[:-2] if bar else name

    def dress(base: str, rest: str) -> str:
        base = rf"\bar{{{base}}}" if bar else base
        return base + (rf"^{{{rest}}}" if rest else "")

    if core.startswith("esub"):
        return dress(r"\sigma", core[4:])
    for greek in GREEK:
        if core == greek or core.startswith(greek + "_"):
            return dress("\\" + greek, core[len(greek) + 1 :].replace("_", " "))
    if len(core) == 1:
        return dress(core, "")
    if core not in PLAIN and core[0] in _BASES and core.isalnum() and len(core) <= 6:
        return dress(core[0], core[1:])
    base, _, rest = core.partition("_")
    return dress(rf"\mathrm{{{base}}}", rest.replace("_", " "))


class Printer:
    """Prints the equations and definitions of one model.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._printed: dict[str, Printed] = {}
        self.block = pyo.ConcreteModel()
        with PYOMO_LOCK:
            for name, labels in model.sets.items():
                setattr(self.block, name, pyo.Set(initialize=list(labels), ordered=True))
        dims = {n: s.dims for n, s in model.symbols.items()} | {n: r.dims for n, r in model.definitions.items()}
        for name, letters in dims.items():
            sets = [getattr(self.block, SET_OF_DIM[d]) for d in letters]
            # nothing is expanded: members come into being only where a rule asks for one
            setattr(self.block, name, pyo.Var(*sets, dense=False) if sets else pyo.Var())

    def rule(self, name: str) -> Printed:
        """An equation (both sides) or a definition (``symbol = expression``).

        Raises
        ------
        ModelError
            The model has no rule of that name.
        """
        if name not in self.model.rules:
            raise ModelError(f"no equation or definition {name!r}")
        if name not in self._printed:
            self._printed[name] = self._print(name)
        return self._printed[name]

    def _print(self, name: str) -> Printed:
        rule = self.model.rules[name]
        sets = [getattr(self.block, SET_OF_DIM[d]) for d in rule.dims]
        expression, templates = templatize(rule.function, self.block, sets)
        walk = _Walk(self.block)
        for dim, template in zip(rule.dims, templates, strict=True):
            walk.letters[id(template)] = dim
            walk.taken.append(dim)
            walk.sets.add(SET_OF_DIM[dim])
        if isinstance(expression, rel.EqualityExpression):
            left, right = (walk.text(e) for e in expression.args)
            latex = f"{left} = {right}"
        else:
            own = symbol_latex(name) + (rf"_{{{','.join(rule.dims)}}}" if rule.dims else "")
            latex = f"{own} = {walk.text(expression)}"
        return Printed(latex, frozenset(walk.symbols), frozenset(walk.sets))

    def appearances(self) -> dict[str, list[str]]:
        """Symbol or definition -> the rules it is in."""
        out: dict[str, list[str]] = {}
        for name in self.model.rules:
            for symbol in self.rule(name).symbols:
                out.setdefault(symbol, []).append(name)
        return out


_SUM, _PRODUCT, _POWER, _ATOM = range(4)


class _Walk:
    """One pass over an expression."""

    def __init__(self, block: Any) -> None:
        self.block = block
        self.letters: dict[int, str] = {}
        self.taken: list[str] = []
        self.symbols: set[str] = set()
        self.sets: set[str] = set()

    def text(self, e: Any, within: int = _SUM) -> str:
        """LaTeX of ``e``, in parentheses where it binds looser than its surroundings."""
        shown, binds = self._parts(e)
        return rf"\left({shown}\right)" if binds < within else shown

    def _parts(self, e: Any) -> tuple[str, int]:
        if isinstance(e, (int, float, np.number)):
            return (f"{float(e):g}", _ATOM if e >= 0 else _SUM)
        if isinstance(e, GetItemExpression):
            component, *index = e.args
            return self._leaf(component, index), _ATOM
        if isinstance(e, TemplateSumExpression):
            return self._sum(e)
        if isinstance(e, (ne.SumExpression, ne.LinearExpression)):
            return self._terms(e.args), _SUM
        if isinstance(e, ne.DivisionExpression):
            above, below = (self._times(factors) for factors in _fraction(e))
            return rf"\frac{{{above}}}{{{below}}}", _ATOM
        if isinstance(e, ne.ProductExpression):
            return self._product(e)
        if isinstance(e, ne.PowExpression):
            base, power = e.args
            shown = self.text(base, _ATOM)
            if "^" in shown and not shown.startswith(r"\left("):
                shown = rf"\left({shown}\right)"
            return rf"{{{shown}}}^{{{self.text(power)}}}", _POWER
        if isinstance(e, ne.NegationExpression):
            return f"-{self.text(e.args[0], _PRODUCT)}", _SUM
        if isinstance(e, ne.AbsExpression):
            return rf"\left|{self.text(e.args[0])}\right|", _ATOM
        if isinstance(e, ne.UnaryFunctionExpression):
            name = e.getname()
            inner = self.text(e.args[0])
            return (rf"\sqrt{{{inner}}}", _ATOM) if name == "sqrt" else (rf"\{name}\left({inner}\right)", _ATOM)
        if isinstance(e, ne.Expr_ifExpression):
            return self._choice(e)
        if isinstance(e, rel.InequalityExpression):
            return rf"{self.text(e.args[0])} \le {self.text(e.args[1])}", _SUM
        if getattr(e, "is_indexed", None) is not None and not e.is_indexed():
            self.symbols.add(e.name)
            return symbol_latex(e.name), _ATOM
        raise ModelError(f"expression {type(e).__name__} cannot be printed: {e}")

    def _leaf(self, component: Any, index: Sequence[Any]) -> str:
        self.symbols.add(component.name)
        shown = [self.letters[id(k)] if isinstance(k, IndexTemplate) else rf"\mathrm{{{k}}}" for k in index]
        return f"{symbol_latex(component.name)}_{{{','.join(shown)}}}"

    def _sum(self, e: TemplateSumExpression) -> tuple[str, int]:
        names = []
        for group in e.template_iters():
            for template in group:
                key = template._set.name
                self.sets.add(key)
                free = [x for x in LETTERS[key] if x not in self.taken]
                letter = free[0] if free else LETTERS[key][0] + "'"
                self.letters[id(template)] = letter
                self.taken.append(letter)
                names.append(letter)
        inner = self.text(e._local_args_[0], _PRODUCT)
        for letter in names:
            self.taken.remove(letter)
        return rf"\sum_{{{','.join(names)}}} {inner}", _PRODUCT

    def _terms(self, terms: Sequence[Any]) -> str:
        shown = ""
        for k, term in enumerate(terms):
            text = self.text(term)
            if k and text.startswith("-"):
                shown += f" - {text[1:]}"
            else:
                shown += (" + " if k else "") + text
        return shown

    def _product(self, e: Any) -> tuple[str, int]:
        a, b = e.args
        if isinstance(a, (int, float)) and a == -1:
            return f"-{self.text(b, _PRODUCT)}", _SUM
        return self._times((a, b)), _PRODUCT

    def _times(self, factors: Sequence[Any]) -> str:
        if len(factors) == 1:
            return self.text(factors[0])
        *before, last = (self.text(x, _PRODUCT) for x in factors)
        # a sum to the left would swallow what follows
        held = [rf"\left({x}\right)" if x.startswith(r"\sum") else x for x in before]
        return r"\, ".join([*held, last])

    def _choice(self, e: Any) -> tuple[str, int]:
        condition, first, second = e.args
        limit = condition.args[1] if isinstance(condition, rel.InequalityExpression) else None
        if isinstance(limit, (int, float)) and 0 < limit <= NEAR_COBB_DOUGLAS:  # a CES price near one
            self._note(condition)
            self._note(first)
            return self._parts(second)
        cases = rf"{self.text(first)} & {self.text(condition)} \\ {self.text(second)} & \text{{otherwise}}"
        return rf"\begin{{cases}} {cases} \end{{cases}}", _ATOM

    def _note(self, e: Any) -> None:
        """Record what an expression that is not shown refers to."""
        self.text(e)


def _fraction(e: Any) -> tuple[list[Any], list[Any]]:
    """Factors above and below one line: ``(a / b) / c`` is a over b c, ``a / (b / c)`` is a c over b."""
    if isinstance(e, ne.DivisionExpression):
        (above, below), (under, over) = (_fraction(x) for x in e.args)
        above, below = above + over, below + under
        return [x for x in above if not _is_one(x)] or [1.0], below
    if isinstance(e, ne.ProductExpression) and not any(isinstance(x, (int, float)) for x in e.args):
        (above, below), (over, under) = (_fraction(x) for x in e.args)
        return above + over, below + under
    return [e], []


def _is_one(e: Any) -> bool:
    return isinstance(e, (int, float)) and e == 1


@dataclass(frozen=True)
class Entry:
    """A rule as a page shows it.

    Attributes
    ----------
    rule : Rule
    printed : Printed
    where : str
        Where it exists, if not everywhere (:func:`condition`).
    """

    rule: Rule
    printed: Printed
    where: str

    @property
    def over(self) -> list[tuple[str, str]]:
        """Index letter and set of each of its dims."""
        return [(d, SET_NAMES[SET_OF_DIM[d]]) for d in self.rule.dims]


@dataclass(frozen=True)
class Listing:
    """Everything the pages of a model show: its rules by block, and its symbols with the rules they are in.

    Attributes
    ----------
    blocks : list of (name, sentence, entries)
    symbols : DataFrame
        Index symbol; columns ``what, dims, unit, kind, rules``; variables, instruments, parameters and definitions.
    """

    blocks: list[tuple[str, str, list[Entry]]]
    symbols: pd.DataFrame


def listing(model: Model) -> Listing:
    """List a model's rules and symbols.

    Parameters
    ----------
    model : Model
    """
    printer = Printer(model)
    used = printer.appearances()
    blocks = []
    for block in model.blocks:
        stated = [(r, model.rules.get(r.name)) for r in block.rules.values()]
        rules = [used for own, used in stated if used is not None and own in (used, used.extended)]
        if rules:
            sentence = (type(block).__doc__ or "").strip().split("\n")[0]
            entries = [Entry(r, printer.rule(r.name), condition(model, r.name)) for r in rules]
            blocks.append((type(block).__name__, sentence, entries))
    money = model.benchmark.currency
    rows = {n: (s.long_name, s.dims, in_currency(s.unit, money), str(s.kind)) for n, s in sorted(model.symbols.items())}
    rows |= {n: (r.long_name, r.dims, in_currency(r.unit, money), "definition") for n, r in sorted(model.definitions.items())}
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["what", "dims", "unit", "kind"])
    frame["dims"] = [" ".join(d) for d in frame["dims"]]
    frame["rules"] = [used.get(n, []) for n in frame.index]
    return Listing(blocks, frame.rename_axis("symbol"))


def equations_page(model: Model, title: str, intro: str = "") -> str:
    """A MyST page: every block's equations and definitions, each with its sentence, dims, what it determines and source.

    Symbols link to their row in the symbol table, and each row to the rules the symbol is in.

    Parameters
    ----------
    model : Model
    title, intro : str
    """
    held = listing(model)
    lines = [f"# {title}", "", intro, ""]
    anchor = title.lower().replace(" ", "-").replace(",", "")
    for name, sentence, entries in held.blocks:
        lines += [f"## {name}", "", sentence, ""]
        for entry in entries:
            rule = entry.rule
            over = ", ".join(f"${d}$ {what}" for d, what in entry.over) or "one for the world"
            kind = f"determines {_link(anchor, str(rule.defines))}" if rule.is_equation else "definition"
            source = f" Source: {rule.source}." if rule.source else ""
            links = ", ".join(_link(anchor, x) for x in sorted(entry.printed.symbols))
            lines += [
                f"({anchor}-{rule.name})=",
                f"**`{rule.name}`** {rule.long_name} ({over}; {kind}).{entry.where}{source}",
                "",
                "$$",
                entry.printed.latex,
                "$$",
                "",
                *([f"${complementarity(rule)}$", ""] if rule.complements else []),
                f"Symbols: {links}." if links else "",
                "",
            ]
    lines += ["## Symbols", "", "| symbol | name | what | dims | unit | kind | in |", "|---|---|---|---|---|---|---|"]
    for row in held.symbols.itertuples():
        where = ", ".join(f"[{x}](#{anchor}-{x})" for x in row.rules)
        kind = f"[definition](#{anchor}-{row.Index})" if row.kind == "definition" else row.kind
        named = f'<span id="{anchor}-symbol-{row.Index}"></span>`{row.Index}`'
        lines.append(f"| ${symbol_latex(row.Index)}$ | {named} | {row.what} | {row.dims} | {row.unit} | {kind} | {where} |")
    return "\n".join(lines) + "\n"


def condition(model: Model, equation: str) -> str:
    """Where an equation exists, if not everywhere: in how many of the benchmark's cells."""
    if equation not in model.equations or model.active[equation].all():
        return ""
    mask = model.active[equation]
    return f" Where the benchmark has a flow: {int(mask.sum()):,} of {mask.size:,} cells."


def complementarity(rule: Rule) -> str:
    """The pair of a complementarity rule, LaTeX."""
    index = f"_{{{','.join(rule.dims)}}}" if rule.dims else ""
    slack, multiplier = symbol_latex(rule.complements), symbol_latex(str(rule.defines))
    return rf"0 \le {slack}{index} \perp {multiplier}{index} \ge 0"


def _link(anchor: str, name: str) -> str:
    return f'<a href="#{anchor}-symbol-{name}"><code>{name}</code></a>'
