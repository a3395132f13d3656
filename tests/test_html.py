"""Reports and model documentation: pages that stand alone and say what the numbers say."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from calibration import load_benchmark
from calibration.gtap import open_gtap
from cge import Scenario, find_policy, solve
from cge.gtap import gtap_model, solve_gtap
from cge.models import build
from cge.report import html, html_report, model_docs
from policies import rcep, us_china

VOID = ("meta", "img", "br", "link", "hr", "input")


class Page(HTMLParser):
    """Collects links, targets, images and tags left open."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.sources: list[str] = []
        self.alt_missing = 0
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs) -> None:
        held = dict(attrs)
        if held.get("id"):
            assert held["id"] not in self.ids, f"id {held['id']} twice"
            self.ids.add(held["id"])
        if tag == "a":
            self.links.append(held["href"])
        if tag in ("img", "script") or held.get("rel") == "stylesheet":
            self.sources.append(held.get("src") or held.get("href") or "")
        if tag == "img" and not held.get("alt"):
            self.alt_missing += 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(text: str) -> Page:
    page = Page()
    page.feed(text)
    assert not page.open
    return page


@pytest.fixture(scope="module")
def run():
    return solve(Scenario(load_benchmark()).under(us_china()))


@pytest.mark.parametrize("interactive", [True, False])
def test_report_is_one_file_with_nothing_to_fetch(run, tmp_path, interactive: bool) -> None:
    if interactive:
        pytest.importorskip("plotly")
    path = html_report.write(run, tmp_path / "r.html", "cge run us-china --report 'a<b.html'", interactive=interactive)
    text = path.read_text()
    page = read(text)
    assert all(s.startswith("data:image/png;base64,") or not s for s in page.sources)  # an inline script has no address
    figures = (
        text.count("<figure aria-label=") + text.count('<figure tabindex="0" aria-label=') if interactive else len(page.sources)
    )
    assert figures == 9
    assert ("<script" in text) == interactive
    assert page.alt_missing == 0
    assert not re.search(r'<(img|script|link)[^>]*(src|href)="https?:', text)
    for part in ("By region", "Trade", "Value chains", "Checks", "Data and model", "To repeat it", "pyomo"):
        assert part in text
    assert "cge run us-china --report &#x27;a&lt;b.html&#x27;" in text


def test_sentences_are_the_numbers(run) -> None:
    table = run.comparison.table()
    words = html_report.sentences(run)
    best = table["welfare_percent"].idxmax()
    assert f"({best}) gains most, {table['welfare_percent'].max():+.3f} %" in words[0]
    assert f"({table['welfare_percent'].idxmin()}) loses most" in words[0]
    assert f"{int((table['welfare_percent'] > 0).sum())} of 35 regions gain" in words[1]


def test_model_documentation_links_resolve(tmp_path) -> None:
    pytest.importorskip("latex2mathml")
    folder = model_docs.write(load_benchmark(), tmp_path / "docs", [rcep()])
    pages = {p.name: read(p.read_text()) for p in folder.glob("*.html")}
    assert set(pages) == {"index.html", "equations.html", "parameters.html", "policy-rcep.html"}
    for page in pages.values():
        for link in page.links:
            name, _, target = link.partition("#")
            if name:
                assert name in pages or (folder / name).is_file(), link
            if target:
                assert target in (pages[name] if name else page).ids, link
    text = (folder / "equations.html").read_text()
    assert text.count("<math") > 150
    assert "unit cost of value added" in text
    index = (folder / "index.html").read_text()
    assert "World Input-Output Database" in index
    assert "largest residual" in index
    assert "cge docs --out" in index


@pytest.mark.parametrize("name", ["gtap", "rules", "growth"])
def test_every_model_is_documented_with_results_of_its_own(tmp_path, command, name: str) -> None:
    pytest.importorskip("latex2mathml")
    shown = {
        "gtap": ["--policy", "free-trade", "--benchmark", "world-2011"],
        "rules": ["--policy", "content"],
        "growth": [],
    }[name]
    code, out, _ = command("docs", "--model", name, *shown, "--out", str(tmp_path / name), "--json")
    assert code == 0
    files = {Path(f).name for f in json.loads(out)["files"]}
    assert {"index.html", "equations.html", "parameters.html", "parameters.nc"} <= files
    for file in files - {"parameters.nc"}:
        page = read((tmp_path / name / file).read_text())
        for link in page.links:
            to, _, target = link.partition("#")
            assert to in files or not to, link
            if target and to in ("", file):
                assert target in page.ids, link
    assert "Map of the model" in (tmp_path / name / "index.html").read_text()
    if name == "gtap":  # the policy's results are those of GTAP's model, not of the core's
        text = (tmp_path / name / "policy-free-trade.html").read_text()
        found = solve_gtap(gtap_model(open_gtap("world-2011")), find_policy("free-trade")).table()
        assert f"{found.loc['MEX', 'ev']:,.1f}" in text
        assert "CNTalleff" in text
    if name == "rules":
        assert "Firm types" in (tmp_path / name / "policy-content.html").read_text()


def test_documented_values_are_the_benchmarks(tmp_path) -> None:
    model = build("core", load_benchmark("world-2011"))
    held = model_docs.values(model)
    assert set(held) == {n for n, s in model.symbols.items() if s.kind != "variable"}
    rate = held["tms_0"].sel(i="agr", s="USA", d="JPN")
    sam = model.benchmark.sam.data.sel(i="agr", s="USA", d="JPN")
    assert float(rate) == pytest.approx(float(sam["vmsb"] / sam["vcif"]))


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--model", "odd"), "unknown model 'odd'"),
        (("--model", "growth", "--policy", "rcep"), "paths, not one result"),
        (("--model", "rules", "--policy", "rcep"), "no scenario of rules of origin"),
        (("--model", "gtap", "--labour", "fixed real wage"), "belong to the models core and growth"),
        (("--model", "gtap", "--elasticities", "fontagne"), "parameters come with its data"),
        (("--model", "gtap", "--sourcing", "agent"), "sourcing belongs to the models core and growth"),
        (("--growth", "rates.csv"), "rates of growth belong to the model growth"),
        (("--benchmark", "world-2011", "--policy", "us-china"), "'elc' is not in dim i"),
    ],
)
def test_what_a_document_cannot_show_is_refused_before_it_is_written(tmp_path, command, words, fault: str) -> None:
    code, _, err = command("docs", "--out", str(tmp_path / "d"), *words)
    assert code == 2
    assert fault in " ".join(err.split())
    assert not (tmp_path / "d").exists()


def test_gtap_and_value_chains_have_reports(tmp_path, command) -> None:
    path = tmp_path / "s.html"
    code, out, _ = command(
        "shock", "tm=+10%; ao=+1%", "--benchmark", "world-2011", "--subtotals", "--report", str(path), "--json"
    )
    assert code == 0
    text = path.read_text()
    read(text)
    summary = json.loads(out)
    best = max(summary["regions"], key=lambda r: summary["regions"][r]["ev"])
    assert f"({best}) gains most" in text or f">{best} gains most" in text
    for part in ("What each shock gives", "terms of trade (CNTtot)", "Checks", "cge shock"):
        assert part in text
    code, _, _ = command("gvc", "rcep", "--benchmark", "world-2011", "--report", str(tmp_path / "g.html"), "--quiet")
    assert code == 0
    text = (tmp_path / "g.html").read_text()
    read(text)
    for part in ("value-chain share of exports rises most", "What exports are made of", "Checks", "cge gvc rcep"):
        assert part in text


def test_shock_takes_a_policy_by_name(command) -> None:
    code, out, _ = command("shock", "free-trade", "--benchmark", "world-2011", "--json")
    assert code == 0
    assert json.loads(out)["shock"] == "free-trade"
    code, _, err = command("shock", "rcep", "--subtotals")
    assert (code, "parted by ';'" in err) == (2, True)


def test_text_reads_from_the_left_and_numbers_from_the_right() -> None:
    frame = pd.DataFrame(
        {"what": ["a share", "25 points"], "value": ["1.5e-3", "+0.2..+0.4"], "n": [1.0, 2.0]}, index=["x", "<y>"]
    )
    shown = html.table(frame)
    assert shown.count('<td class="text">') == 2
    assert "&lt;y&gt;" in shown


def test_commands_write_them(command, tmp_path) -> None:
    code, _, _ = command("run", "rcep", "--report", str(tmp_path / "r.html"), "--json")
    assert code == 0
    assert "RCEP tariff cuts: results" in (tmp_path / "r.html").read_text()
    code, out, _ = command("run", "usmca", "--report", str(tmp_path / "u.html"), "--quiet")
    assert (code, out) == (0, "")
    text = (tmp_path / "u.html").read_text()
    assert "Firm types" in text
    assert "Output of vehicles changes by" in text
    code, out, _ = command("docs", "--out", str(tmp_path / "d"), "--benchmark", "world-2011")
    assert code == 0
    assert "index.html" in out
    code, _, err = command("docs", "--out", str(tmp_path / "e"), "--model", "odd")
    assert code == 2
    assert "unknown model 'odd'" in err
