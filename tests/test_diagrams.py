"""Diagrams say what the rules say."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from cge import ModelError
from cge.blocks import CORE, Production
from cge.equations.declare import definition
from cge.model import Model
from cge.report.diagrams import WAY, check_way, exchange_table, exchanges, goods_flow, model_map

SVG = "{http://www.w3.org/2000/svg}"


def test_exchanges_are_the_references_of_the_rules(small_model) -> None:
    held = exchanges(small_model)
    rows = set(held.itertuples(index=False, name=None))
    assert ("Trade", "Production", "pms") in rows
    assert ("Markets", "Production", "qo") in rows
    assert not ((held["giver"] == "Welfare") | (held["giver"] == "Accounts")).any()  # they only measure
    assert set(held["symbol"]) <= set(small_model.definitions) | {
        n for n, s in small_model.symbols.items() if s.kind == "variable"
    }
    table = exchange_table(small_model)
    assert "pms" in table.loc["Trade", "Production"].split(", ")


def test_map_has_a_box_a_block_and_a_line_a_pair(small_model) -> None:
    root = ET.fromstring(model_map(small_model, link=lambda name: f"#{name}"))
    assert len(root.findall(f".//{SVG}rect")) == len(small_model.blocks)
    held = exchanges(small_model)
    pairs = {frozenset(p) for p in zip(held["giver"], held["taker"], strict=True)}
    assert len(root.findall(f"{SVG}path")) == len(pairs)
    assert {a.get("href") for a in root.iter(f"{SVG}a")} == {f"#{type(b).__name__}" for b in small_model.blocks}
    assert root.get("aria-label")


def test_way_of_a_good_is_in_the_rules(small_model) -> None:
    check_way(small_model)
    root = ET.fromstring(goods_flow(small_model))
    places = {t.text: float(t.get("x")) for t in root.iter(f"{SVG}text")}
    for step in WAY:  # every price of the way, and every tax, margin or iceberg cost on it
        assert {step.after, step.wedge} <= set(places), step
    abroad = [places[name] for name in ("ps", "pds", "pfob", "pcif", "pmds", "pms")]
    assert abroad == sorted(abroad)  # from the producer to the importer's market
    for before, wedge, after in (("pds", "txs", "pfob"), ("pcif", "tms", "pmds")):
        assert places[before] < places[wedge] < places[after]


def test_a_model_that_skips_a_step_is_refused(small) -> None:
    class NoTax(Production):
        @definition("i a r", "price of a domestic intermediate")
        def pfd(m, i, a, r):
            return m.pds[i, r]

    model = Model(small, blocks=tuple(NoTax if b is Production else b for b in CORE))
    with pytest.raises(ModelError, match=r"no rule of the model holds the step pds \+ tfd -> pfd"):
        goods_flow(model)
