"""The built site and its example reports, opened from disk in a real browser with the network off.

Needs `make docs` before it; `make test` runs it last.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from cge.report.pdf import find_browser, flags

SITE = Path(__file__).resolve().parents[1] / "docs" / "_build" / "html"
PAGES = sorted(str(p.relative_to(SITE)) for p in SITE.rglob("*.html") if "_static" not in p.parts)
WIDTHS = {"desk": 1280, "phone": 400}

pytestmark = [pytest.mark.site, pytest.mark.browser]


class Anchors(HTMLParser):
    """Targets and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.ids |= {held[k] or "" for k in ("id", "name") if held.get(k)}
        for key in ("href", "src"):
            if held.get(key):
                self.links.append(held[key] or "")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as held:
        chromium = held.chromium.launch(executable_path=find_browser(), args=flags())
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Opens a page without a network and collects what goes wrong."""
    contexts = []

    def go(page: str, width: int = 1280, dark: bool = False, query: str = "") -> tuple[Any, list[str]]:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            offline=True,
            reduced_motion="reduce",
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        tab = context.new_page()
        wrong: list[str] = []
        tab.on("console", lambda m: wrong.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
        tab.on("pageerror", lambda e: wrong.append(f"script: {e}"))
        tab.on("requestfailed", lambda r: wrong.append(f"not loaded: {r.url}"))
        tab.on("request", lambda r: wrong.append(f"asked the network: {r.url}") if r.url.startswith("http") else None)
        tab.goto((SITE / page).as_uri() + query)
        tab.wait_for_load_state("load")
        return tab, wrong

    yield go
    for context in contexts:
        context.close()


def test_the_site_is_whole() -> None:
    assert len(PAGES) > 30
    for name in ("index", "start", "model", "peers", "generated/glossary", "generated/equations_gtap", "examples/us-china"):
        assert f"{name}.html" in PAGES


RULES = (
    "color-contrast image-alt link-name button-name label html-has-lang document-title duplicate-id-aria aria-allowed-attr "
    "aria-valid-attr aria-required-attr list scrollable-region-focusable"
).split()


def violations(tab: Any, rules: list[str]) -> list[str]:
    """What axe finds serious, at most three places a rule."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    apart = {"exclude": [["math"]]}  # ten thousand nodes of the text's own colour
    options = {"runOnly": {"type": "rule", "values": rules}, "resultTypes": ["violations"]}
    found = axe.Axe().run(tab, context=apart, options=options)
    return [
        f"{v['id']}: {n['target']} {n['html'][:120]}"
        for v in found.response["violations"]
        for n in v["nodes"][:3]
        if v["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_page_opens_whole_fits_and_is_accessible(visit: Any, page: str, width: str) -> None:
    tab, wrong = visit(page, WIDTHS[width])
    assert wrong == []
    held = tab.evaluate(
        """() => ({
            wide: document.documentElement.scrollWidth - window.innerWidth,
            blank: [...document.images].filter(i => i.offsetParent !== null && !(i.complete && i.naturalWidth > 0
                && i.getBoundingClientRect().width > 0)).map(i => i.src.slice(0, 80)),
            nameless: [...document.images].filter(i => !i.alt).map(i => i.src.slice(0, 80)),
            flat: [...document.querySelectorAll('math')].filter(m => m.offsetParent !== null
                && m.getBoundingClientRect().height < 4).length,
            raw: [...document.querySelectorAll('article p')].filter(
                p => /\\$[^$]*\\\\[a-z]+[^$]*\\$/.test(p.textContent)).length,
            empty: [...document.querySelectorAll('.js-plotly-plot')].filter(p => !p.querySelector('.main-svg')).length,
            title: document.title,
        })"""
    )
    assert held["wide"] <= 1, "the page is wider than the window"
    assert held["blank"] == []
    assert held["nameless"] == []
    assert held["flat"] == 0, "maths without height"
    assert held["raw"] == 0, "maths left as text"
    assert held["empty"] == 0, "a figure was not drawn"
    assert held["title"]
    if width == "desk":
        big = page.startswith(
            "generated/api_"
        )  # contrast of ten thousand nodes takes a minute; the style is the same elsewhere
        assert violations(tab, [r for r in RULES if not (big and r == "color-contrast")]) == []


@pytest.mark.parametrize("page", ["index.html", "start.html", "model.html", "data.html"])
def test_dark_pages_have_contrast(visit: Any, page: str) -> None:
    tab, _ = visit(page, dark=True)
    ground = tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 60
    assert violations(tab, ["color-contrast"]) == []


def test_links_inside_resolve() -> None:
    read: dict[Path, Anchors] = {}
    for page in PAGES:
        held = read[(SITE / page).resolve()] = Anchors()
        held.feed((SITE / page).read_text(encoding="utf-8"))
    broken = []
    for path, held in read.items():
        for link in held.links:
            if re.match(r"[a-z]+:|//", link):
                continue
            parts = urlsplit(link)
            to, target = (path.parent / unquote(parts.path)).resolve() if parts.path else path, unquote(parts.fragment)
            if not to.exists() or (target and to in read and target not in read[to].ids):
                broken.append(f"{path.name}: {link}")
    assert broken == []


def public_names() -> Iterator[str]:
    """Every public function and class of the library, by the module that holds it."""
    for package in ("calibration", "cge", "policies"):
        root = importlib.import_module(package)
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            if any(part.startswith("_") for part in found.name.split(".")):
                continue
            for name, held in vars(importlib.import_module(found.name)).items():
                ours = getattr(held, "__module__", "") == found.name and not name.startswith("_")
                if ours and (inspect.isfunction(held) or inspect.isclass(held)):
                    yield f"{found.name}.{name}"


def test_every_public_name_is_in_the_reference() -> None:
    ids: set[str] = set()
    for package in ("calibration", "cge", "policies"):
        page = Anchors()
        page.feed((SITE / "generated" / f"api_{package}.html").read_text(encoding="utf-8"))
        ids |= page.ids
    names = list(public_names())
    assert len(names) > 300
    assert [n for n in names if n not in ids] == []


def test_every_figure_of_a_page_is_a_picture() -> None:
    for page in PAGES:
        assert "Figure size" not in (SITE / page).read_text(encoding="utf-8"), page


def test_nothing_is_fetched_from_elsewhere() -> None:
    for page in PAGES:
        text = (SITE / page).read_text(encoding="utf-8")
        assert not re.search(r'<(img|script|link|iframe)[^>]*(src|href)="(https?:)?//', text), page


FOUND = {"armington": "model", "cumulation": "rules_of_origin", "subtotals": "gtap"}


@pytest.mark.parametrize("asked", FOUND)
def test_search_works_from_disk(visit: Any, asked: str) -> None:
    tab, wrong = visit("search.html", query=f"?q={asked}")
    tab.wait_for_selector("#search-results li a", timeout=15000)
    found = tab.eval_on_selector_all("#search-results li a", "all => all.map(a => a.getAttribute('href'))")
    assert any(FOUND[asked] in link for link in found), found
    assert wrong == []


def test_keyboard_reaches_content_and_menu(visit: Any) -> None:
    tab, _ = visit("index.html")
    tab.keyboard.press("Tab")
    first = tab.evaluate("() => document.activeElement.textContent.trim()")
    assert first == "Skip to content"
    reached = set()
    for _ in range(40):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("() => document.activeElement.getAttribute('href') || document.activeElement.name || ''"))
    assert {"start.html", "policies.html", "q"} <= reached


def test_values_appear_under_the_pointer(visit: Any) -> None:
    tab, wrong = visit("examples/us-china.html")
    bar = tab.locator("#figure-1 .bars .point path").first
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.wait_for_selector("#figure-1 .hoverlayer .hovertext", timeout=10000)
    assert "% of income" in tab.locator("#figure-1 .hoverlayer .hovertext").first.text_content()
    assert wrong == []


def test_symbols_lead_to_equations_and_back(visit: Any) -> None:
    tab, _ = visit("generated/equations_core.html")
    anchor = "equations-of-the-core-model"
    equation = tab.locator(f"a[href='#{anchor}-symbol-pms']").first
    equation.click()
    assert tab.url.endswith(f"#{anchor}-symbol-pms")
    row = tab.locator(f"tr:has(#{anchor}-symbol-pms)")
    backs = row.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert len(backs) >= 2
    for back in backs:
        assert tab.locator(f"[id='{back.lstrip('#')}']").count() == 1, back
