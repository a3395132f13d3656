"""Sphinx configuration."""

import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generated_pages

logging.getLogger("traitlets").setLevel(logging.WARNING)  # which names every notebook it runs

project = "open-cge"
author = "The open-cge developers"
copyright = "2026, the open-cge developers"
extensions = ["myst_nb", "sphinx_design", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "open-cge"
html_static_path = ["_static", "../cge/report/fonts"]
html_css_files = ["pages.css"]
html_favicon = "_static/favicon.svg"
myst_html_meta = {
    "description": "Open multi-region CGE models in Python: trade policy and value chains, every equation to see and change"
}
html_extra_path = ["generated/extra"]  # reports and documents as the commands write them
(Path(__file__).parent / "generated" / "extra").mkdir(parents=True, exist_ok=True)
html_show_search_summary = False  # a page opened from disk may not read its neighbours
html_copy_source = False
html_show_sourcelink = False
fragments = ("performance", "map_*", "flow", "exchanges", "house*")  # that pages include
exclude_patterns = ["_build", "generated/extra", *(f"generated/{n}.md" for n in fragments)]
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
suppress_warnings = ["ref.python"]  # words such as "path" in a parameter's type are no references

# every number comes from a run: pages are notebooks, executed here and kept until their code or the library changes
nb_execution_mode = "cache"
nb_execution_cache_path = str(Path(__file__).parent / "_build" / "executed" / generated_pages.fingerprint())
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
nb_code_prompt_show, nb_code_prompt_hide = "Show the table", "Hide the table"


def _mathml(self: object, node: object, display: str) -> None:
    """Maths as MathML, which browsers render by themselves: nothing is fetched, no script runs."""
    from docutils import nodes

    from cge.report import html

    shown = html.mathml(node.astext(), display)  # type: ignore[attr-defined]
    if display == "block":
        shown = f'<div class="math notranslate nohighlight" tabindex="0">{shown}</div>'  # scrolls where it is wide
    else:
        shown = f'<span class="math notranslate nohighlight">{shown}</span>'
    self.body.append(shown)  # type: ignore[attr-defined]
    raise nodes.SkipNode


def _scroll_by_keyboard(app: object, page: str, template: str, context: dict[str, object], doctree: object) -> None:
    """Code, tables and figures that scroll by themselves can be reached and scrolled by keyboard."""
    body = context.get("body")
    if isinstance(body, str):
        body = body.replace("<pre><span></span>", '<pre tabindex="0"><span></span>')
        table = '<div class="output text_html"><div'
        body = body.replace(f"{table}>", f'{table} tabindex="0">')
        body = body.replace('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')
        picture = '<div class="cell_output docutils container">\n<img'
        context["body"] = body.replace(picture, picture.replace("<div", '<div tabindex="0"', 1))


def _level_of_captions(app: object, page: str, template: str, context: dict[str, object], doctree: object) -> None:
    """Captions of the menu are headings, and a heading has a level."""
    tree = context.get("furo_navigation_tree")
    if isinstance(tree, str):
        context["furo_navigation_tree"] = tree.replace(
            'class="caption" role="heading"', 'class="caption" role="heading" aria-level="2"'
        )


def setup(app: object) -> dict[str, bool]:
    """Sphinx hooks."""
    app.connect("builder-inited", lambda _: generated_pages.write(Path(__file__).parent / "generated"))  # type: ignore[attr-defined]
    app.connect("html-page-context", _scroll_by_keyboard)  # type: ignore[attr-defined]
    app.connect("html-page-context", _level_of_captions, 900)  # type: ignore[attr-defined]
    app.add_html_math_renderer(  # type: ignore[attr-defined]
        "mathml",
        inline_renderers=(lambda self, node: _mathml(self, node, "inline"), None),
        block_renderers=(lambda self, node: _mathml(self, node, "block"), None),
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}


html_domain_indices = False  # the reference lists the modules; an index of them does not fit a phone
