"""The equations in the documentation are the equations that are solved."""

from __future__ import annotations

import re

import numpy as np
import pyomo.environ as pyo
import pytest

from calibration.gtap import standard_gtap
from cge import Model, ModelError
from cge.equations.declare import SET_OF_DIM
from cge.gtap import GTAP, gtap_model
from cge.mechanisms.foreign_income import ForeignIncome
from cge.mechanisms.growth import Growth
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.mechanisms.loans import Loans
from cge.mechanisms.origin import Coverage, RulesOfOrigin
from cge.report import html
from cge.report.latex import LETTERS, Printer, equations_page, symbol_latex
from cge.solver.pyomo_block import pyomo_block
from cge.solver.tape import Tape
from tests.read_latex import LatexReader
from tests.worlds import random_benchmark


def models() -> dict[str, Model]:
    tiny = random_benchmark(3, 3, seed=7)
    coverage = Coverage(area=("R0", "R1"), sector="g0", material="g1", metals="g2", high_wage=("R0",), types=2)
    return {
        "core": Model(tiny),
        "rules": Model(tiny, mechanisms=(RulesOfOrigin(coverage),)),
        "gtap": gtap_model(standard_gtap(tiny)),
        "national": Model(tiny, mechanisms=(ForeignIncome(),)),
        "growth": Model(tiny, mechanisms=(ForeignIncome(), Growth(), Loans())),
        "returns": Model(tiny, mechanisms=(InvestmentByReturns(1e2, 0.01),)),
    }


def lawful(letter: str, dim: str) -> bool:
    """An index letter of the dim's set; an activity's commodity goes by either letter."""
    sets = {"comm", "acts"} if SET_OF_DIM[dim] in ("comm", "acts") else {SET_OF_DIM[dim]}
    return letter.startswith(r"\mathrm") or any(letter.strip("'") in LETTERS[s] for s in sets)


@pytest.fixture(scope="module")
def all_models() -> dict[str, Model]:
    return models()


@pytest.mark.parametrize("name", ["core", "rules", "growth", "returns", "gtap", "national"])
def test_printed_equations_refer_to_what_is_compiled(all_models, name: str) -> None:
    model = all_models[name]
    printer = Printer(model)
    inside = {n: printer.rule(n).symbols for n in model.definitions}

    def expanded(symbols: frozenset[str]) -> set[str]:
        out: set[str] = set()
        for s in symbols:
            out |= expanded(inside[s]) if s in inside else {s}
        return out

    shapes = {n: a.shape for n, a in model.benchmark_values.items()}
    for equation, rule in model.equations.items():
        printed = printer.rule(equation)
        index_sets = [getattr(model.pyomo, SET_OF_DIM[d]) for d in rule.dims]
        tape = Tape(rule.function, model.pyomo, index_sets, shapes, shapes, rule.logs)
        assert expanded(printed.symbols) == set(tape.names), equation
        assert {SET_OF_DIM[d] for d in rule.dims} <= printed.sets


@pytest.mark.parametrize("name", ["core", "rules", "growth", "returns", "gtap"])
def test_every_index_letter_belongs_to_the_set_of_its_dim(all_models, name: str) -> None:
    model = all_models[name]
    printer = Printer(model)
    dims = {n: s.dims for n, s in model.symbols.items()} | {n: r.dims for n, r in model.definitions.items()}
    for rule in model.rules:
        text = printer.rule(rule).latex
        for symbol in printer.rule(rule).symbols:
            if not dims[symbol]:
                assert symbol_latex(symbol) in text or r"\sigma" in text
                continue
            found = re.findall(re.escape(symbol_latex(symbol)) + r"_\{((?:[^{}]|\{[^{}]*\})*)\}", text)
            same = [n for n in dims if symbol_latex(n) == symbol_latex(symbol)]
            if not found:  # the Cobb-Douglas case of a CES price is not shown
                continue
            for letters in found:
                parts = letters.split(",")
                fits = [n for n in same if len(dims[n]) == len(parts) and all(map(lawful, parts, dims[n]))]
                assert fits, (rule, symbol, letters)


@pytest.mark.parametrize("name", ["core", "rules", "growth", "gtap"])
def test_printed_equations_have_the_value_of_the_solved_ones(name: str) -> None:
    """The LaTeX of each rule, read back and evaluated at a random point, equals Pyomo's own value of the rule."""
    model = models()[name]
    rng = np.random.default_rng(3)
    values = {}
    for symbol in model.symbols:
        low, high = (0.1, 0.5) if model.symbols[symbol].kind == "parameter" else (0.8, 1.2)
        values[symbol] = np.asarray(rng.uniform(low, high, model.shape(symbol)))
    block = pyomo_block(model, values)
    dims = {n: s.dims for n, s in model.symbols.items()} | {n: r.dims for n, r in model.definitions.items()}

    def value(symbol: str, labels: tuple[str, ...]) -> float:
        if symbol in model.definitions:
            return float(pyo.value(model.rules[symbol].function(block, *labels)))
        at = tuple(model.sets[SET_OF_DIM[d]].index(x) for d, x in zip(dims[symbol], labels, strict=True))
        return float(values[symbol][at])

    reader = LatexReader(model.sets, dims, value)
    printer = Printer(model)
    for name_, rule in model.rules.items():
        latex = printer.rule(name_).latex
        left, right = latex.split(" = ")
        for _ in range(3):
            labels = tuple(str(rng.choice(model.sets[SET_OF_DIM[d]])) for d in rule.dims)
            at = dict(zip(rule.dims, labels, strict=True))
            expression = rule.function(block, *labels)
            solved = expression.args if rule.is_equation else (None, expression)
            for shown, held in zip((left, right), solved, strict=True):
                if held is not None:
                    assert reader.number(shown, at) == pytest.approx(pyo.value(held), rel=1e-9, abs=1e-12), (name_, shown)


def test_a_known_equation_reads_as_in_the_literature(all_models) -> None:
    printer = Printer(all_models["core"])
    assert printer.rule("e_pms").latex == (
        r"p^{ms}_{i,u,d} = {\left(\sum_{r} s^{ms}_{i,u,r,d}\, {\left(\frac{p^{mds}_{i,r,d}}{a^{ms}_{i,r,d}}\right)}"
        r"^{1 - \sigma^{m}_{i,d}}\right)}^{\frac{1}{1 - \sigma^{m}_{i,d}}}"
    )
    with pytest.raises(ModelError, match="no equation or definition"):
        printer.rule("e_nothing")


def test_pages_link_each_symbol_both_ways(all_models) -> None:
    page = equations_page(all_models["core"], "Core")
    assert "(core-e_pms)=" in page
    assert 'href="#core-symbol-pmds"' in page
    assert 'id="core-symbol-pmds"' in page
    assert "[e_pms](#core-e_pms)" in page
    assert GTAP  # the standard model prints from the same code


def test_every_printed_rule_becomes_mathml(all_models) -> None:
    pytest.importorskip("latex2mathml")
    for model in all_models.values():
        printer = Printer(model)
        for rule in model.rules:
            shown = html.mathml(printer.rule(rule).latex)
            assert shown.startswith("<math")
            assert "merror" not in shown
