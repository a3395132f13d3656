"""Files, figures and the HTML report of a USMCA scenario: tables, the firm types, the Laffer curves of the content rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from cge.figure import Figure, made
from cge.report import html
from cge.report.report_parts import Figures, trust, write_page
from policies.automotive_rules import MEMBERS, RULES, SOURCES
from policies.usmca_results import Usmca

SECTORS = ("vehicles", "parts")
DUTIES = {"cars": "cars: US duty 2.5 %", "trucks": "trucks: light trucks, US duty 25 %"}


def write(result: Usmca, folder: str | Path, curves: Mapping[str, pd.DataFrame] | None = None) -> Path:
    """CSV tables of firm types and trade, and of the curves, in a folder that is there."""
    folder = Path(folder)
    result.after.by_type().to_csv(folder / "types.csv")
    result.after.trade().to_csv(folder / "trade.csv")
    for duty, table in (curves or {}).items():
        table.to_csv(folder / f"curve_{duty}.csv")
    return folder


def curves_json(curves: Mapping[str, pd.DataFrame]) -> dict[str, list[dict[str, Any]]]:
    """The curves as lists of rows."""
    return {duty: json.loads(table.reset_index().to_json(orient="records")) for duty, table in curves.items()}


def figures_of(result: Usmca, curves: Mapping[str, pd.DataFrame] | None = None) -> Mapping[str, Callable[[], Figure | None]]:
    """The figures of a scenario by name: changes in each sector of the members; with curves, outcomes along the threshold."""
    makers: dict[str, Callable[[], Figure | None]] = {name: partial(_member_changes, result, name) for name in SECTORS}
    return makers | ({"laffer": partial(laffer, curves)} if curves else {})


def _member_changes(result: Usmca, name: str) -> Figure:
    """Output, employment and price of one sector by member."""
    told = pd.DataFrame(result.summary()[name])  # members and the rest in rows
    frame = told.loc[list(MEMBERS)].T.astype(float)
    title = f"Change of {name} from NAFTA's rules"
    return Figure(name=name, kind="heat", title=title, unit="%", frame=frame.rename_axis(index="change of", columns="member"))


def laffer(curves: Mapping[str, pd.DataFrame]) -> Figure:
    """Regional content, use of the preference and employment against the content threshold, at each duty."""
    along = "regional value content asked, %"
    marks = {n: 100 * r.rvc for n, r in (("NAFTA", RULES["nafta"]), ("USMCA", RULES["content"])) if r and r.rvc}

    def panel(name: str, title: str, unit: str, lines: Mapping[str, pd.Series]) -> Figure:
        frame = pd.DataFrame({label: line.to_numpy() for label, line in lines.items()})
        frame.index = pd.Index([100 * place for place in next(iter(lines.values())).index], name=along)
        return Figure(name=name, kind="lines", title=title, unit=unit, frame=frame, marks=marks)

    content = {duty: 100 * table["regional_content"] for duty, table in curves.items()}
    used = {duty: 100 * table["utilisation"] for duty, table in curves.items()}
    work = {f"{duty}, {m}": table[f"employment_veh_{m}"] for duty, table in curves.items() for m in MEMBERS}
    return Figure(
        name="laffer",
        kind="panels",
        title="Along the content threshold",
        note="; ".join(DUTIES[duty] for duty in curves),
        panels=(
            panel("content", "Regional content", "% of shipments", content),
            panel("use", "Use of the preference", "% of shipments", used),
            panel("employment", "Employment in assembly", "% of no rules", work),
        ),
    )


def title_of(result: Usmca) -> str:
    """The scenario in words."""
    return f"USMCA, rules {result.scenario}, duty of {result.duty}, assembly {result.assembly}"


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
    vehicles = pd.DataFrame(summary["vehicles"]).T
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
    drawn = {figure.name: draw.show(figure) for figure in made(figures_of(result, curves))}
    parts = [html.bullets(words), *(drawn[name] for name in SECTORS)]
    parts += [html.heading("Use of the preference, per cent of shipments"), html.table(use, 1)]
    if "laffer" in drawn:
        parts += [html.heading("Along the content threshold"), drawn["laffer"]]
    parts += [html.heading("By region"), html.table(result.regions(), currency=result.study.benchmark.currency)]
    parts += [html.heading("Firm types"), html.table(result.after.by_type())]
    return [*parts, *trust(result.after.solution, command, SOURCES)]
