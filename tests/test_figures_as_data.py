"""A figure is stated once as data: both drawers show its title, its unit and its numbers, and files carry them."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from cge import ModelError, Scenario, solve
from cge.dynamics import Baseline, Dynamics
from cge.figure import KINDS, Figure
from cge.mechanisms.carbon import Carbon
from cge.report import dynamics_report, gvc_report
from cge.report.draw import draw, pictures
from cge.report.draw.files import write_figures
from cge.report.report_parts import Figures
from cge.report.style import apart
from cge.results.path_run import PathRun
from policies import tariff_change
from tests.mechanism_pairs import PLAIN
from tests.worlds import random_benchmark, random_gtap

CHANGE = pd.Series({"CHN": -0.5, "JPN": 0.25, "USA": 1.5}).rename_axis("region")
FLOWS = pd.DataFrame([[9.0, 2.0, 3.0], [4.0, 9.0, 0.0], [1.0, 6.0, 9.0]], index=list("abc"), columns=list("abc"))
TABLE = pd.DataFrame([[1.5, np.nan], [-2.25, 0.75]], index=["x", "y"], columns=["u", "v"])
PATHS = pd.DataFrame({"USA": [0.0, 0.5, 1.0], "CHN": [0.0, -0.5, -0.75]}, index=pd.Index([2018, 2019, 2020], name="year"))
WHOLE = pd.DataFrame({"home": [80.0, 60.0], "abroad": [20.0, 40.0]}, index=["x", "y"])
SHIFTED = pd.DataFrame({"home": [79.0, 62.0], "abroad": [21.0, 38.0]}, index=["x", "y"])
RANGES = pd.DataFrame({"low": CHANGE - 0.25, "high": CHANGE + 0.5})
PARTS = pd.Series({"a": 1.0, "b": -3.0, "total": -2.0})


def one(kind: str) -> Figure:
    """A figure of each kind."""
    named = {"name": kind, "kind": kind, "title": f"Title of {kind}", "unit": "% of income"}
    if kind == "panels":
        return Figure(name=kind, kind=kind, title=f"Title of {kind}", panels=(one("bars"), one("lines")))
    frames: dict[str, dict[str, object]] = {
        "bars": {"frame": CHANGE, "ranges": RANGES, "strong": ("JPN",)},
        "heat": {"frame": TABLE},
        "waterfall": {"frame": PARTS},
        "tiles": {"frame": CHANGE.replace(0.25, np.nan)},
        "lines": {"frame": PATHS, "marks": {"start": 2018.5}, "strong": ("USA",)},
        "sankey": {"frame": FLOWS, "after": 1.5 * FLOWS},
        "shares": {"frame": WHOLE, "after": SHIFTED},
    }
    return Figure(**named, **frames[kind])  # type: ignore[arg-type]


def texts_of(picture) -> str:
    """Everything that is written on a picture."""
    written = [text.get_text() for text in picture.findobj(lambda artist: hasattr(artist, "get_text"))]
    return "\n".join(map(str, written))


def numbers_of_print(kind: str, axes) -> list[float]:
    """Numbers read back from what matplotlib drew."""
    if kind in ("bars", "waterfall"):
        widths = [bar.get_width() for bar in axes[0].patches]
        return widths if kind == "bars" else widths[:-1]
    if kind == "heat":
        return list(np.ma.filled(axes[0].images[0].get_array(), np.nan).ravel())
    if kind == "tiles":
        return [float(t.get_text()) for t in axes[0].texts if re.fullmatch(r"[+-][\d.]+", t.get_text())]
    if kind == "lines":
        return [y for line in axes[0].lines[:2] for y in line.get_ydata()]
    if kind == "sankey":
        points = [band.get_path().vertices[:, 1] for band in axes[0].patches]
        return [float(y[7] - y[0]) for y in points] + list(axes[1].images[0].get_array().filled(np.nan).ravel())
    moved = [x for line in axes[1].lines if line.get_marker() != "None" for x in line.get_xdata()]
    return [bar.get_width() for bar in axes[0].patches] + moved


def numbers_of_screen(kind: str, traces) -> list[float]:
    """Numbers read back from what plotly holds."""
    if kind == "bars":
        return [x for trace in traces for x in trace.x]
    if kind == "waterfall":
        return list(traces[0].x[:-1])
    if kind == "heat":
        return list(np.asarray(traces[0].z, dtype=float).ravel())
    if kind == "tiles":
        return [c for trace in traces if not isinstance(trace.marker.color, str) for c in trace.marker.color]
    if kind == "lines":
        return [y for trace in traces for y in trace.y]
    if kind == "sankey":
        told = [float(re.search(r"change ([+-][\d.]+)", text)[1]) for text in traces[0].link.customdata]
        return [*traces[0].link.value, *told]
    return [x for kind_ in ("bar", "scatter") for trace in traces if trace.type == kind_ for x in trace.x]


def stated(figure: Figure) -> list[float]:
    """Numbers that the figure says."""
    if figure.kind == "sankey":
        foreign = FLOWS.to_numpy()[~np.eye(3, dtype=bool)]
        return [x for x in foreign if x > 0]
    if figure.kind == "shares":
        return [*figure.frame.to_numpy().T.ravel(), *(figure.after - figure.frame).to_numpy().T.ravel()]
    values = figure.frame.to_numpy().T.ravel() if figure.kind == "lines" else figure.frame.to_numpy().ravel()
    kept = values[:-1] if figure.kind == "waterfall" else values[np.isfinite(values)] if figure.kind == "tiles" else values
    return list(kept)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"panels"}))
def test_both_drawers_show_the_title_the_unit_and_the_numbers(kind: str) -> None:
    pytest.importorskip("plotly")
    figure = one(kind)
    picture, live = draw(figure, context="Run"), draw(figure, interactive=True, context="Run")
    for written in (texts_of(picture), live.layout.title.text):
        assert figure.heading in written
        assert "Run" in written
    wanted = stated(figure)
    printed, on_screen = numbers_of_print(kind, picture.axes), numbers_of_screen(kind, live.data)
    if kind == "sankey":  # every flow grows by half
        assert printed[len(wanted) :] == pytest.approx(np.where(FLOWS > 0, 50.0, np.nan).ravel(), nan_ok=True)
        assert on_screen[len(wanted) :] == pytest.approx([50.0] * len(wanted))
        printed, on_screen = printed[: len(wanted)], on_screen[: len(wanted)]
    assert sorted(printed) == pytest.approx(sorted(wanted), nan_ok=True)
    assert sorted(on_screen) == pytest.approx(sorted(wanted), nan_ok=True)


def test_panels_hold_figures_with_their_own_titles_and_numbers() -> None:
    pytest.importorskip("plotly")
    figure = one("panels")
    picture, live = draw(figure), draw(figure, interactive=True)
    titles = [note.text for note in live.layout.annotations]
    for k, panel in enumerate(figure.panels):
        assert picture.axes[k].get_title(loc="left") == panel.heading
        assert panel.heading in titles
        assert sorted(numbers_of_print(panel.kind, [picture.axes[k]])) == pytest.approx(sorted(stated(panel)))
    assert figure.title in texts_of(picture)
    assert figure.title in live.layout.title.text


def test_every_kind_has_a_drawer_for_print_and_for_the_screen() -> None:
    screen = pytest.importorskip("cge.report.draw.screen")
    assert set(pictures.DRAWERS) == set(screen.DRAWERS) == set(KINDS) - {"panels"}


def test_ranges_losses_and_members_are_marked() -> None:
    picture = draw(one("bars"))
    axis = picture.axes[0]
    assert [bar.get_hatch() is not None for bar in axis.patches] == list(CHANGE < 0)
    low, high = zip(*((s[0][0], s[1][0]) for s in axis.collections[0].get_segments()), strict=True)
    assert low == pytest.approx(list(RANGES["low"]))
    assert high == pytest.approx(list(RANGES["high"]))
    assert [t.get_fontweight() == "bold" for t in axis.get_yticklabels()] == [False, True, False]


def test_words_are_made_of_the_numbers() -> None:
    assert one("bars").text == "Bars: Title of bars, % of income: largest USA +1.50, smallest CHN -0.50."
    assert "total -2.00" in one("waterfall").text
    assert "from 2018 to 2020; at the end largest USA +1.00, smallest CHN -0.75" in one("lines").text
    assert "largest c to b, 6, which changes by +50.00 %" in one("sankey").text
    assert "most changed: home in y, +2.00 percentage points" in one("shares").text
    assert one("bars").text in one("panels").text
    assert Figure(name="f", kind="bars", title="t", unit="%", frame=CHANGE, text="as given").text == "as given"


BAD: dict[str, tuple[dict[str, object], str]] = {
    "misspelt kind": ({"kind": "bar"}, "unknown kind 'bar'; did you mean 'bars'"),
    "no unit": ({"unit": " "}, "has no unit"),
    "no title": ({"title": ""}, "has no title"),
    "two columns": ({"frame": FLOWS}, "bars show one column, and its frame has 3"),
    "no number": ({"frame": CHANGE.replace(0.25, np.nan)}, "nan at 'JPN'"),
    "infinite cell": ({"kind": "heat", "frame": TABLE.replace(1.5, np.inf)}, "inf at 'x', 'u'"),
    "text": ({"frame": CHANGE.astype(str).replace("1.5", "much")}, "holds what is no number"),
    "empty": ({"frame": pd.DataFrame()}, "its frame is empty"),
    "doubled label": ({"frame": pd.concat([CHANGE, CHANGE])}, "label 'CHN' stands twice"),
    "no total": ({"kind": "waterfall", "frame": PARTS.drop("total")}, "last label of a waterfall is 'total'"),
    "wrong total": ({"kind": "waterfall", "frame": PARTS.replace(-2.0, -1.9)}, "parts sum to -2, its total is -1.9"),
    "years that fall": ({"kind": "lines", "frame": PATHS[::-1]}, "rising number in the index"),
    "no after": ({"kind": "sankey", "frame": FLOWS}, "give after"),
    "other labels after": ({"kind": "sankey", "frame": FLOWS, "after": FLOWS.T[::-1]}, "different labels"),
    "negative flow": ({"kind": "sankey", "frame": -FLOWS, "after": FLOWS}, "one is negative before"),
    "no flow": ({"kind": "sankey", "frame": FLOWS * np.eye(3), "after": FLOWS}, "nothing flows from one to another"),
    "no whole": ({"kind": "shares", "frame": WHOLE, "after": WHOLE * 0.9}, "shares of 'x' sum to 90 after"),
    "option of another kind": ({"kind": "heat", "frame": FLOWS, "marks": {"m": 1.0}}, "marks belongs to lines, not to heat"),
    "ranges of others": ({"ranges": RANGES.drop("USA")}, "its ranges lack USA"),
    "strong stranger": ({"strong": ("JAP",)}, "no label 'JAP' to stand out; did you mean 'JPN'"),
    "panel of maps": ({"kind": "panels", "unit": "", "frame": pd.DataFrame(), "panels": (one("tiles"),)}, "tiles is neither"),
    "name with blanks": ({"name": "two words"}, "a figure's name is its file"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_drawn_is_refused_in_one_line(case: str) -> None:
    given, message = BAD[case]
    plain: dict[str, object] = {"name": "f", "kind": "bars", "title": "t", "unit": "%", "frame": CHANGE}
    with pytest.raises(ModelError, match=re.escape(message)) as error:
        Figure(**{**plain, **given})  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def run():
    data = random_benchmark(3, 3, seed=7)
    policy = tariff_change(destinations="R0", times=0.5, name="half")
    return solve(Scenario(data).under(policy))


def test_a_run_shows_one_list_and_each_by_name(run) -> None:
    made = {figure.name: figure for figure in run.figures}
    assert set(made) == set(run.figures_by_name()) - {"parts"}  # one instrument of one region: nothing to part
    bars = made["welfare"].panels[0].series
    assert bars.to_dict() == pytest.approx(run.table()["welfare_percent"].to_dict())
    assert made["map"].series.to_dict() == pytest.approx(bars.to_dict())
    picture = run.figure("welfare")
    assert "Welfare, % of income" in texts_of(picture)
    with pytest.raises(ModelError, match="no figure 'wellfare'; did you mean 'welfare'"):
        run.figure("wellfare")
    with pytest.raises(ModelError, match="nothing to show in figure 'parts'; others: welfare, map, trade"):
        run.figure("parts")


def test_screen_and_print_of_a_run_show_the_same_numbers(run) -> None:
    pytest.importorskip("plotly")
    for figure in run.figures:
        if figure.kind == "panels":
            continue
        printed = numbers_of_print(figure.kind, draw(figure).axes)
        on_screen = numbers_of_screen(figure.kind, draw(figure, interactive=True).data)
        limit = 0.5 * 10.0**-figure.digits if figure.kind == "tiles" else 1e-12  # print shows digits
        shown = [x for x in on_screen if figure.kind != "tiles" or abs(x) >= limit]
        assert sorted(printed) == pytest.approx(sorted(shown), abs=limit, nan_ok=True)


def test_files_and_pages_render_the_list_of_the_run(run, tmp_path) -> None:
    run.save(tmp_path / "all", more_figures=True)
    told = json.loads((tmp_path / "all" / "figures.json").read_text())
    names = [figure["name"] for figure in told["figures"]]
    assert names == [figure.name for figure in run.figures]
    assert {p.stem for p in (tmp_path / "all").glob("*.png")} == set(names)
    output = next(figure for figure in told["figures"] if figure["name"] == "output")
    frame = pd.DataFrame(output["frame"]["values"], output["frame"]["index"], output["frame"]["labels"])
    assert frame.to_numpy(dtype=float) == pytest.approx(run.figure_data("output").frame.to_numpy(), nan_ok=True)
    run.save(tmp_path / "few")
    assert [p.name for p in (tmp_path / "few").glob("*.png")] == ["welfare.png"]
    page = "".join(run.body("cge run half", Figures(interactive=False)))
    for figure in run.figures:
        assert f'alt="{figure.text}"' in page.replace("&#x27;", "'"), figure.name


def test_the_benchmark_itself_has_figures_and_a_page() -> None:
    run = solve(Scenario(random_benchmark(3, 3, seed=7)))
    for figure in run.figures:
        numbers = figure.frame.to_numpy()
        assert (abs(numbers[np.isfinite(numbers)]) < 1e-6).all(), figure.name
    assert "What the policy changes" not in "".join(run.body("", Figures(interactive=False)))


def test_a_mechanism_adds_its_figures_to_every_list() -> None:
    data = PLAIN  # with emissions
    policy = tariff_change(destinations=data.regions[0], times=0.5, name="half")
    run = solve(Scenario(data).with_(Carbon()).under(policy))
    figure = run.figure_data("emissions")
    before, after = (state["emitted"].sum("a").to_series() for state in (run.base, run.after))
    assert figure.series.to_dict() == pytest.approx((100 * (after / before - 1)).to_dict())
    assert "Emissions" in "".join(run.body("", Figures(interactive=False)))


def test_a_path_shows_income_and_debt_by_year(small, tmp_path) -> None:
    growth = pd.DataFrame({n: 0.02 for n in ("gdp", "population", "skl", "unskl", "nat")}, index=small.regions)
    dynamics = Dynamics(small, Baseline.between(2018, 2020, growth.rename_axis("region")))
    found = dynamics.run(tariff_change(destinations="R0", times=0.5, name="half"))
    paths = dynamics_report.paths(found)
    income = paths.panels[0]
    assert income.unit == "% of baseline"
    data = found.dataset()["welfare_percent"]
    for region in small.regions:
        assert list(income.frame[region]) == pytest.approx(list(data.sel(r=region).values))
    assert list(income.frame.index) == [2018, 2019, 2020]
    run = PathRun(Scenario(small), found)
    assert [figure.name for figure in run.figures] == ["paths", "map"]
    run.save(tmp_path)
    assert {"paths.png", "map.png", "figures.json"} <= {p.name for p in tmp_path.iterdir()}
    assert dynamics_report.last_year(found).series.to_dict() == pytest.approx(data.sel(year=2020).to_series().to_dict())


def test_contents_of_exports_fill_the_whole(run, tmp_path) -> None:
    figures = gvc_report.figures_of(gvc_report.compare(run))
    contents = next(figure for figure in figures if figure.kind == "shares")
    assert contents.frame.sum(axis=1).to_numpy() == pytest.approx(100.0)
    assert contents.change.sum(axis=1).to_numpy() == pytest.approx(0.0, abs=1e-9)
    written = {p.name for p in write_figures(figures, tmp_path, prefix="gvc_")}
    assert written == {"gvc_kww.png", "gvc_tiles.png"}  # three regions of no bloc


def test_labels_at_line_ends_do_not_overlap() -> None:
    ends = pd.Series({"a": 0.99, "b": 0.98, "c": 0.97, "d": -1.0})
    heights = apart(ends, -1.0, 1.0, 0.1)
    order = sorted(heights.values())
    assert np.diff(order).min() >= 0.1 - 1e-12
    assert max(order) <= 1.0
    assert heights["d"] == -1.0


def test_the_same_answer_on_the_standard_model() -> None:
    data = random_gtap()
    run = solve(Scenario(data, model="gtap").under(tariff_change(destinations="R0", times=0.5)))
    welfare = run.figure_data("welfare").panels[0].series
    assert welfare.to_dict() == pytest.approx(run.table()["welfare_percent"].to_dict())
