"""One self-contained HTML file for a run: what changed in words, figures and tables, how far to trust it, how to repeat it.

Figures are interactive where plotly is installed (the extra ``report``), pictures otherwise.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from calibration.elasticities import study_and_nest
from cge.report import findings, gvc_report, html
from cge.report.report_parts import Figures, trust, write_page
from cge.results.static_run import StaticRun


def sentences(experiment: StaticRun) -> list[str]:
    """The result in words, each made from the numbers."""
    table = experiment.comparison.table()
    summary = experiment.summary()
    order = table["welfare_percent"].sort_values()
    benchmark = experiment.base.model.benchmark
    best, worst = str(order.index[-1]), str(order.index[0])
    gain, loss = (f"{table.loc[r, 'ev_musd']:+,.0f} million {benchmark.currency}" for r in (best, worst))
    world = summary["world_ev_musd"]
    out = [
        f"{findings.name_of(benchmark, 'region', best)} gains most, {order.iloc[-1]:+.3f} % of income ({gain} a year); "
        f"{findings.name_of(benchmark, 'region', worst)} {findings.last(order.iloc[0])}, {order.iloc[0]:+.3f} % ({loss}).",
        f"{int((order > 0).sum())} of {len(order)} regions gain. World equivalent variation is {world:+,.0f} million "
        f"{benchmark.currency}.",
    ]
    if summary["bloc_welfare_percent"] is not None and summary["intra_trade_percent"] is not None:
        out.append(
            f"Members together: {summary['bloc_welfare_percent']:+.3f} % of income; trade among them changes by "
            f"{summary['intra_trade_percent']:+.1f} % in volume."
        )
    top = findings.by_commodity(experiment.comparison.percent("qo")).stack().sort_values()
    (up, up_in), (down, down_in) = (
        (findings.name_of(benchmark, "sector", str(i)), findings.name_of(benchmark, "region", str(r)))
        for i, r in (top.index[-1], top.index[0])
    )
    low, high = f"{top.iloc[0]:+.1f} %", f"{top.iloc[-1]:+.1f} %"
    out.append(f"Output changes between {low} in {down} of {down_in} and {high} in {up} of {up_in}.")
    return out


def by_region(experiment: StaticRun) -> pd.DataFrame:
    """The comparison's table with EV in whole million."""
    table = experiment.comparison.table()
    table["ev_musd"] = [f"{v:,.0f}" for v in table["ev_musd"]]
    return table


def range_sentence(ranges: pd.DataFrame, experiment: StaticRun) -> str:
    """Whose gain or loss does not depend on the study of elasticities."""
    sure = [r for r in ranges.index if (ranges.loc[r] > 0).all() or (ranges.loc[r] < 0).all()]
    studies = list(dict.fromkeys(study_and_nest(str(name))[0] for name in ranges.columns))
    nests = ", each in two nests and in one," if ranges.shape[1] > len(studies) else ""
    wide = (ranges.max(axis=1) - ranges.min(axis=1)).sort_values().index[-1]
    return (
        f"Over the elasticities of {len(studies)} studies ({', '.join(studies)}){nests} the sign of the welfare effect is "
        f"the same in {len(sure)} of {len(ranges)} regions; the widest range is {wide}'s, {ranges.loc[wide].min():+.3f} to "
        f"{ranges.loc[wide].max():+.3f} %."
    )


def body(experiment: StaticRun, command: str, draw: Figures, *, chains: bool = False) -> list[str]:
    """The parts of the report of a policy: every figure of the run, each under what it belongs to.

    Parameters
    ----------
    experiment : StaticRun
    command : str
        What repeats the run.
    draw : Figures
    chains : bool
        Add value chains before and after.
    """
    policy, after = experiment.policy, experiment.after
    summary = experiment.summary()
    description, changes = getattr(policy, "description", ""), getattr(policy, "instruments", ())
    parts = [html.paragraph(description)] if description else []
    words = sentences(experiment)
    if experiment.ranges is not None:
        words.append(range_sentence(experiment.ranges, experiment))
    parts += [html.bullets(words)]
    drawn = {figure.name: draw.show(figure) for figure in experiment.figures}
    shares = experiment.contributions
    parts += [drawn.pop("welfare"), drawn.pop("map")]
    parts += [html.heading("By region"), html.table(by_region(experiment), currency=after.model.benchmark.currency)]
    if shares is not None:
        parts += [
            html.heading("Which part of the policy does it"),
            html.paragraph("Per cent of income; the parts act together and add up exactly (Harrison, Horridge, Pearson 2000)."),
            drawn.pop("parts"),
            html.table(shares.loc[findings.moved_most(experiment)]),
        ]
    for name, picture in drawn.items():
        parts += [html.heading(name.replace("_", " ").capitalize()), picture]
    for table in experiment.own_tables:
        parts += [html.heading(table.title[0].upper() + table.title[1:]), html.table(table.frame, table.decimals)]
    if chains:
        parts += gvc_report.sections(gvc_report.compare(experiment), draw)
    rows = [
        {
            "instrument": c.instrument,
            "where": "; ".join(f"{k}: {v}" for k, v in c.where.items()) or "everywhere",
            "note": c.note,
        }
        for c in changes[:60]
    ]
    if rows:
        parts += [html.heading("What the policy changes"), html.table(pd.DataFrame(rows).set_index("instrument"))]
    clauses = getattr(policy, "origin", ())
    if clauses:
        parts += [html.heading("Rules of origin"), html.bullets(clause.in_words() for clause in clauses)]
    if len(changes) > len(rows):
        parts += [html.paragraph(f"and {len(changes) - len(rows)} more changes of the same kind", "note")]
    if summary["notes"]:
        parts += [html.heading("What a reader must know"), html.bullets(summary["notes"])]
    return [*parts, *trust(after, command, summary["sources"])]


def write(
    experiment: StaticRun,
    path: str | Path,
    command: str,
    *,
    chains: bool = True,
    interactive: bool | None = None,
) -> Path:
    """Write the report of a policy run as one HTML file; see :func:`body`."""
    draw = Figures(interactive)
    parts = body(experiment, command, draw, chains=chains)
    return write_page(f"{findings.title_of(experiment)}: results", parts, path)
