"""Shocks in GTAP's words: units are stated, each component is shocked once, and what is exogenous can be shocked."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.gtap import standard_gtap
from cge import Closure, ShockError
from cge.gtap import GtapShock, gtap_model, solve_gtap
from cge.model.shock import remarks, targets
from tests.worlds import random_benchmark


@pytest.fixture(scope="module")
def benchmark():
    return standard_gtap(random_benchmark(3, 3, seed=1))


@pytest.fixture(scope="module")
def model(benchmark):
    return gtap_model(benchmark)


def value(model, text: str, symbol: str, *labels: str) -> float:
    dims = model.symbols[symbol].dims
    place = tuple(model.labels(d).index(x) for d, x in zip(dims, labels, strict=True))
    return float(targets(model, GtapShock(text))[symbol][place])


@pytest.fixture(scope="module")
def cell(model) -> tuple[str, ...]:
    """A route with a flow."""
    return tuple(model.label("tms", int(np.flatnonzero(model.data["vcif"])[0])).split())


def test_a_rate_is_a_fraction_or_carries_its_per_cent_sign(model, cell) -> None:
    where = ",".join(cell)
    for text in ("rate 25%", "rate 0.25", "rate 25 %", "rate 2.5e1%", "rate +.25"):
        assert value(model, f"tms[{where}]={text}", "tms", *cell) == 1.25
    base = model.benchmark_values["tms"][tuple(model.labels(d).index(x) for d, x in zip("isd", cell, strict=True))]
    assert value(model, f"tms[{where}]=+25%", "tms", *cell) == base * 1.25  # of the power, as in GEMPACK
    assert value(model, f"tms[{where}]=rate 1000%", "tms", *cell) == 11.0
    assert value(model, f"tms[{where}]=rate 5", "tms", *cell) == 6.0


@pytest.mark.parametrize("number", ["25", "7.5", "-25"])
def test_a_bare_rate_that_looks_like_per_cent_is_refused(model, cell, number: str) -> None:
    with pytest.raises(ShockError, match=rf"per cent; write rate {number}% for {number} per cent"):
        targets(model, GtapShock(f"tms[{','.join(cell)}]=rate {number}"))


@pytest.mark.parametrize(
    "text",
    [
        "tms[g0,*,*]=+10%; tms[g0,*,*]=-10%",
        "tms[*,*,R1]=rate 0; tms[*,R0,*]=rate 0",
        "tm=+10%; tms[{}]=rate 0.2",
        "tm[*,R1]=+1%; tm[g0,*]=+1%",
        "tms[{}]=rate 0.2; tms=@{}",
        "atm=+5%; atf=+1%",
    ],
)
def test_a_component_is_shocked_once_by_whatever_name(model, cell, tmp_path, text: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text("i,s,d,percent\n" + ",".join(cell) + ",10\n")
    text = text.replace("@{}", f"@{table}").replace("{}", ",".join(cell))
    with pytest.raises(ShockError, match=r"(tms|atmfsd) of .* is shocked twice, by '.*' and by '.*' ?.* as in GEMPACK"):
        model.solve(GtapShock(text))


def test_shocks_of_different_components_do_not_depend_on_order(model) -> None:
    parts = ["tms[g0,*,*]=rate 0", "tms[g1,*,R0]=+10%", "txs[g0,R0,*]=+2%", "ao[*,R1]=+1%"]
    forward, backward = (targets(model, GtapShock("; ".join(p))) for p in (parts, parts[::-1]))
    assert set(forward) == {"tms", "txs", "ao"}
    assert all(np.array_equal(forward[n], backward[n]) for n in forward)


def test_a_flow_that_does_not_exist_is_said(model, tmp_path) -> None:
    for text in ("tms[*,R0,R0]=+10%", "tms[*,R0,R0]=+10%; tms[*,R0,R1]=+10%", "tm=+1%; tfe[*,*,R9]=+1%"):
        with pytest.raises(ShockError, match=r"'tms\[\*,R0,R0\]=\+10%' names no flow of benchmark|'R9' is not in dim r"):
            model.solve(GtapShock(text))
    flow = model.data["vcif"] > 0
    there, nowhere = (model.label("tms", int(np.flatnonzero(k)[0])).replace(" ", ",") for k in (flow, ~flow))
    table = tmp_path / "t.csv"
    table.write_text(f"i,s,d,percent\n{there},10\n{nowhere},10\n")
    assert any("1 of 2 cells hold no flow, first" in line for line in remarks(model, GtapShock(f"tms=@{table}")))


def test_a_power_below_one_is_taken_as_in_gempack_and_told(model, cell) -> None:
    shock = GtapShock(f"tms[{','.join(cell)}]=-60%")
    assert targets(model, shock)["tms"].min() < 1
    assert any("tms becomes a subsidy in 1 cells" in line and " ".join(cell) in line for line in remarks(model, shock))
    assert remarks(model, GtapShock("tms[g0,*,*]=rate 0")) == []


def test_what_a_swap_makes_exogenous_can_be_shocked(benchmark) -> None:
    names = [f"g{k}" for k in range(3)]
    closure = Closure(specific=()).swap("qo", "to", i="g0", a="g0", r="R1").swap("tbalry", "dpsave", r=("R0", "R1"))
    model = gtap_model(benchmark, closure)
    after = model.solve(GtapShock("qo[g0,R1]=+2%; tbalry[R0]=+0.001"))
    assert float(after["qo"].isel({after["qo"].dims[0]: names.index("g0")}).sel(r="R1")) == pytest.approx(1.02, abs=1e-12)
    moved = after["tbalry"] - model.solve()["tbalry"]
    assert moved.sel(r=["R0", "R1"]).values == pytest.approx([0.001, 0.0], abs=1e-12)
    with pytest.raises(ShockError, match="qo of g1 R1 is endogenous under closure"):
        model.solve(GtapShock("qo[g1,R1]=+2%"))
    with pytest.raises(ShockError, match="to of g0 R1 is endogenous under closure"):
        model.solve(GtapShock("to=+2%"))
    with pytest.raises(ShockError, match=r"tbalry is a level that may be zero or negative .* give the amount to add"):
        model.solve(GtapShock("tbalry[R0]=+1%"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("qo=+1%", "qo is endogenous; swap it"),
        ("esubm=+1%", "esubm is a parameter"),
        ("tmz=+1%", "unknown instrument 'tmz'; did you mean 'tm"),
        ("tm=1.2.3%", "cannot read the shock 'tm=1.2.3%'; write for example"),
        ("tm=+%", "cannot read the shock"),
        ("tm=+1,5%", "cannot read the shock"),
        ("tm=+0%", "changes nothing"),
        ("ao[*,R0]=+1e-30%", "changes nothing"),
        ("tm=-100%", "would be 0; a power or index must be positive"),
        ("pop=rate 0.2", "pop is not a tax"),
        ("tm[]=+1%", "gives 1 labels"),
    ],
)
def test_wrong_words_end_in_one_line(model, text: str, message: str) -> None:
    with pytest.raises(ShockError, match=message) as told:
        solve_gtap(model, GtapShock(text))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "is empty"),
        ("i,s,d,percent\n", "has a header but no shock"),
        ("i,s,percent\ng0,R0,1\n", "needs columns i, s, d and one of percent, rate, rate_percent; it has i, s, percent"),
        ("i,s,d,percent,rate\ng0,R0,R1,1,1\n", "needs columns i, s, d and one of"),
        ("i,s,d,percent,why\ng0,R0,R1,1,x\n", "line 1: unknown column 'why'"),
        ("i,s,d,percent,percent\ng0,R0,R1,1,1\n", "column 'percent' is given twice"),
        ("i,s,d,percent\ng0,R0,R1,10\n\ng0,R0,R1,20\n", "line 4: g0 R0 R1 is shocked twice, first on line 2"),
        ("i,s,d,percent\ng0,R0,R1,abc\n", "line 2: percent is 'abc', not a number"),
        ("i,s,d,percent\ng0,R0,R1,\n", "line 2: percent is '', not a number"),
        ("i,s,d,percent\ng0,R0,R1,nan\n", "line 2: percent is 'nan', not a number"),
        ('i,s,d,percent\ng0,R0,R1,"1,000"\n', "thousands no comma"),
        ("i,s,d,percent\ng0,R0,R1,10,11\n", "line 2: 5 fields, where the header has 4"),
        ("i,s,d,percent\ng0,R0,R1,10\ng0,R0\n", "line 3: 2 fields"),
        ("i,s,d,percent\ng0,R0,RX,10\n", "line 2: 'RX' is not in dim d; did you mean 'R"),
        ('i,s,d,percent\n"g0,R0,R1,10\n', "is not CSV"),
        ("i,s,d,rate\ng0,R0,R1,25\n", "line 2: a rate of 25 is 2,500 per cent"),
    ],
)
def test_a_wrong_table_is_named_with_its_line(model, tmp_path, table: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(table)
    with pytest.raises(ShockError, match=message):
        model.solve(GtapShock(f"tms=@{tmp_path / 't.csv'}"))


def test_tables_of_rates_in_per_cent_and_of_uniform_symbols(model, tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\ufeffi, d, rate_percent, note\ng0, R0, 25, from the schedule\n", encoding="utf-8")
    tabled = targets(model, GtapShock(f"tm=@{path}"))
    spelt = targets(model, GtapShock("tm[g0,R0]=rate 25%"))
    assert np.array_equal(tabled["tms"], spelt["tms"])
    path.write_bytes(b"i,s,d,percent\ng0,R0,caf\xe9,1\n")
    with pytest.raises(ShockError, match="is not UTF-8 text"):
        model.solve(GtapShock(f"tms=@{path}"))
