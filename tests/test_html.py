"""Reports and model documentation: pages that stand alone and say what the numbers say."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from calibration import load_benchmark
from policies import experiment, html_report, model_docs, rcep, us_china


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
        if tag not in ("meta", "img", "br", "link"):
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


def test_report_is_one_file_with_nothing_to_fetch(run, tmp_path) -> None:
    path = html_report.write(run, tmp_path / "r.html", "cge run us-china --report r.html")
    text = path.read_text()
    page = read(text)
    assert all(s.startswith("data:image/png;base64,") for s in page.sources)
    assert len(page.sources) == 2
    assert page.alt_missing == 0
    assert "<script" not in text
    assert not re.search(r'(src|href)="https?:', text)
    for part in ("By region", "Trade", "Checks", "Data and model", "To repeat it", "cge run us-china --report r.html", "pyomo"):
        assert part in text


def test_sentences_are_the_numbers(run) -> None:
    table = run.comparison.table()
    words = html_report.sentences(run)
    best = table["welfare_percent"].idxmax()
    assert words[0].startswith(f"{best} gains most, {table['welfare_percent'].max():+.3f} %")
    assert f"{table['welfare_percent'].idxmin()} loses most" in words[0]
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
    code, out, _ = command("docs", "--out", str(tmp_path / "d"), "--benchmark", "world-2011")
    assert code == 0
    assert "index.html" in out
    code, _, err = command("docs", "--out", str(tmp_path / "e"), "--model", "odd")
    assert code == 2
    assert "unknown model 'odd'" in err
