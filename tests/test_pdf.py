"""A report as PDF needs a browser, and says so where there is none."""

from __future__ import annotations

import pytest

from cge import ModelError
from cge.report import html, pdf


def test_without_a_browser_the_remedy_is_named(monkeypatch, command, tmp_path) -> None:
    monkeypatch.setenv("CGE_BROWSER", "no-such-browser")
    assert pdf.find_browser() is None
    with pytest.raises(ModelError, match="CGE_BROWSER"):
        pdf.print_pdf(tmp_path / "a.html", tmp_path / "a.pdf")
    code, out, err = command("run", "rcep", "--pdf", str(tmp_path / "a.pdf"))
    assert (code, out) == (2, "")
    assert "needs Chromium, Chrome or Edge" in err


def test_a_browser_that_fails_is_named(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("CGE_BROWSER", "false")
    with pytest.raises(ModelError, match="could not print"):
        pdf.print_pdf(tmp_path / "a.html", tmp_path / "a.pdf")


@pytest.mark.browser
def test_a_page_is_printed(tmp_path) -> None:
    page = tmp_path / "a.html"
    page.write_text(html.page("A title", [html.paragraph("words")]))
    made = pdf.print_pdf(page, tmp_path / "deep" / "a.pdf")
    assert made.read_bytes().startswith(b"%PDF")


def test_what_is_printed_has_figures_for_print(monkeypatch, command, tmp_path) -> None:
    seen: dict[str, str] = {}

    def keep(page, out) -> None:
        seen["text"] = page.read_text(encoding="utf-8")

    monkeypatch.setattr("cge.cli.shared.print_pdf", keep)
    monkeypatch.setattr("cge.cli.outputs.find_browser", lambda: "a browser")
    code, _, _ = command("run", "rcep", "--benchmark", "world-2011", "--pdf", str(tmp_path / "a.pdf"), "--quiet")
    assert code == 0
    assert seen["text"].count("data:image/png;base64,") == 9
    assert "<script" not in seen["text"]
