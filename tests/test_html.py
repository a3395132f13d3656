"""Reports and model documentation: pages that stand alone and say what the numbers say."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from calibration import load_benchmark
from policies import experiment, html_report, model_docs, rcep, us_china

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
        if tag in ("img", "script", "link"):
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
    return experiment.run(us_china(), load_benchmark())


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
    assert figures == 8
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
    pages = {p.name: read(p.read_text()) for p in folder.iterdir()}
    assert set(pages) == {"index.html", "equations.html", "parameters.html", "policy-rcep.html"}
    for page in pages.values():
        for link in page.links:
            name, _, target = link.partition("#")
            if name:
                assert name in pages, link
            if target:
                assert target in page.ids, link
    text = (folder / "equations.html").read_text()
    assert text.count("<math") > 150
    assert "unit cost of value added" in text
    index = (folder / "index.html").read_text()
    assert "World Input-Output Database" in index
    assert "largest residual" in index


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
