"""Files, figures and the HTML report of a USMCA scenario: tables, the firm types, the Laffer curves of the content rule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cge.report import figures, html
from cge.report.report_parts import Figures, trust, write_page
from cge.report.style import GAIN, INK, LOSS, new_figure, save
from policies.automotive_rules import MEMBERS, RULES, SOURCES
from policies.usmca_results import Usmca

LINES = {"USA": "-", "CAN": "--", "MEX": ":"}


def write(
    result: Usmca,
    folder: str | Path,
    curves: Mapping[str, pd.DataFrame] | None = None,
    summary: Mapping[str, Any] | None = None,
) -> Path:
    """JSON summary (default the result's), CSV tables and the solution as netCDF; with curves their CSV and ``laffer.png``."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    summary = summary or result.summary() | ({"curves": curves_json(curves)} if curves else {})
    (folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    result.regions().to_csv(folder / "regions.csv")
    result.after.by_type().to_csv(folder / "types.csv")
    result.after.trade().to_csv(folder / "trade.csv")
    result.after.solution.save(folder / "solution.nc")
    if curves:
        for duty, table in curves.items():
            table.to_csv(folder / f"curve_{duty}.csv")
        save(laffer_figure(curves), folder / "laffer.png")
    return folder


def curves_json(curves: Mapping[str, pd.DataFrame]) -> dict[str, list[dict[str, Any]]]:
    """The curves as lists of rows."""
    return {duty: json.loads(table.reset_index().to_json(orient="records")) for duty, table in curves.items()}


def laffer_figure(curves: Mapping[str, pd.DataFrame]) -> Any:
    """Regional content, utilisation and employment against the content threshold, at both duties."""
    figure, axes = new_figure(1, 3, (11.5, 4.0))
    colours = {"cars": GAIN, "trucks": LOSS}
    names = {"cars": "cars, US duty 2.5 %", "trucks": "light trucks, US duty 25 %"}
    for duty, table in curves.items():
        style = {"color": colours[duty], "marker": "o" if duty == "cars" else "s", "markersize": 3.5}
        axes[0].plot(table.index * 100, 100 * table["regional_content"], label=names[duty], **style)
        axes[1].plot(table.index * 100, 100 * table["utilisation"], **style)
        for member in MEMBERS:
            line = table[f"employment_veh_{member}"]
            axes[2].plot(table.index * 100, line, LINES[member], color=colours[duty], linewidth=1.3)
            axes[2].annotate(
                member, (table.index[-1] * 100, line.iloc[-1]), fontsize=7, color=INK, xytext=(3, 0), textcoords="offset points"
            )
    titles = (
        "Regional content of shipments, %",
        "Use of the preference, % of shipments",
        "Employment in assembly, % of no rules",
    )
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title, loc="left", fontweight="bold", fontsize=9.5)
        axis.set_xlabel("regional value content asked, %")
        for name in ("nafta", "content"):
            rules = RULES[name]
            assert rules is not None
            assert rules.rvc is not None
            axis.axvline(100 * rules.rvc, color=INK, linewidth=0.7, linestyle=(0, (4, 3)))
    for x, text in ((62.5, "NAFTA"), (75.0, "USMCA")):
        axes[0].annotate(
            text,
            (x, axes[0].get_ylim()[1]),
            fontsize=7,
            ha="right",
            va="top",
            rotation=90,
            xytext=(-2, 0),
            textcoords="offset points",
        )
    axes[0].legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0.0, 0.75))
    return figure


def title_of(result: Usmca) -> str:
    """The scenario in words."""
    return f"USMCA's rules of origin ({result.scenario}), duty of {result.duty}"


def write_html(
    result: Usmca,
    path: str | Path,
    command: str,
    curves: Mapping[str, pd.DataFrame] | None = None,
    *,
    interactive: bool | None = None,
) -> Path:
    """The report of a scenario, with the Laffer curves where they were computed."""
    draw = Figures(interactive)
    return write_page(f"{title_of(result)}: results", body(result, command, draw, curves), path)


def body(result: Usmca, command: str, draw: Figures, curves: Mapping[str, pd.DataFrame] | None = None) -> list[str]:
    """The parts of the report of a scenario."""
    summary = result.summary()
    made = {name: pd.DataFrame(summary[name]).T for name in ("vehicles", "parts")}
    vehicles = made["vehicles"]
    best = {k: vehicles.loc[k, list(MEMBERS)].astype(float) for k in ("output", "employment")}
    use = pd.DataFrame(summary["utilisation"]).mul(100)
    content = {k: 100 * float(v) for k, v in summary["regional_content"].items()}
    words = [
        "Output of vehicles changes by "
        + ", ".join(f"{v:+.2f} % in {m}" for m, v in best["output"].items())
        + "; employment in assembly by "
        + ", ".join(f"{v:+.2f} % in {m}" for m, v in best["employment"].items())
        + ".",
        "Regional content of shipments: " + ", ".join(f"{k.replace('_', ' ')} {v:.2f} %" for k, v in content.items()) + ".",
        f"Every complementarity pair is satisfied to {summary['complementarity_gap']:.0e}.",
    ]
    parts = [html.bullets(words)]
    long = pd.concat({k: v.loc[:, list(MEMBERS)].astype(float) for k, v in made.items()}, names=["sector", "change, %"])
    for name in ("vehicles", "parts"):
        parts.append(_member_changes(draw, long.loc[name], name))
    parts += [html.heading("Use of the preference, per cent of shipments"), html.table(use, 1)]
    if curves:
        marks = {n: 100 * r.rvc for n, r in (("NAFTA", RULES["nafta"]), ("USMCA", RULES["content"])) if r and r.rvc}
        parts += [html.heading("Along the content threshold"), *_curves(draw, curves, marks)]
    parts += [html.heading("By region"), html.table(result.regions(), currency=result.study.benchmark.currency)]
    parts += [html.heading("Firm types"), html.table(result.after.by_type())]
    return [*parts, *trust(result.after.solution, command, SOURCES)]


def _member_changes(draw: Figures, frame: pd.DataFrame, name: str) -> str:
    title = f"Change of {name} from NAFTA's rules"
    return draw.show(
        lambda w: w.heat(frame, title, "%", 2),
        lambda: figures.heat(frame, title, "per cent", 2),
        f"Output, employment and price of {name} by member",
    )


def _curves(draw: Figures, curves: Mapping[str, pd.DataFrame], marks: Mapping[str, float]) -> list[str]:
    text = "against the content threshold, cars and trucks"
    if not draw.interactive:
        return [html.picture(laffer_figure(curves), f"Regional content, utilisation and employment {text}")]

    def one(column: str, title: str) -> str:
        return draw.show(lambda w: w.curves(curves, column, title, marks), lambda: None, f"{title} {text}")

    return [one("regional_content", "Regional content of shipments"), one("utilisation", "Use of the preference")]
