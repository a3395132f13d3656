"""One self-contained HTML file for a run: what changed in words, figures and tables, how far to trust it, how to repeat it.

Figures are interactive where plotly is installed (the extra ``report``), pictures otherwise.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from calibration.elasticities import study_and_nest
from cge.report import figures, findings, gvc_report, html
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


def body(
    experiment: StaticRun, command: str, draw: Figures, ranges: pd.DataFrame | None = None, *, chains: bool = False
) -> list[str]:
    """The parts of the report of a policy.

    Parameters
    ----------
    experiment : StaticRun
    command : str
        What repeats the run.
    draw : Figures
    ranges : DataFrame, optional
        Welfare by study of elasticities.
    chains : bool
        Add value chains before and after.
    """
    policy, after = experiment.policy, experiment.after
    summary = experiment.summary()
    welfare = findings.welfare(experiment)["welfare"]
    parts = [html.paragraph(policy.description)] if policy.description else []
    words = sentences(experiment)
    if ranges is not None:
        words.append(range_sentence(ranges, experiment))
    parts += [html.bullets(words)]
    parts += [
        draw.show(
            lambda w: w.bars(welfare, "Welfare by region", "% of income", ranges),
            lambda: figures.welfare(experiment, ranges),
            f"Bars of welfare by region, from {welfare.index[0]} to {welfare.index[-1]}",
        ),
        draw.show(
            lambda w: w.tile_map(welfare, "Welfare on the map", "% of income"),
            lambda: figures.world(experiment),
            "Tiles of the world's economies with the change of welfare",
        ),
        html.heading("By region"),
        html.table(by_region(experiment), currency=after.model.benchmark.currency),
    ]
    shares = findings.contributions(experiment)
    if shares is not None:
        region = findings.told_region(experiment, shares)
        parts += [
            html.heading("Which part of the policy does it"),
            html.paragraph("Per cent of income; the parts act together and add up exactly (Harrison, Horridge, Pearson 2000)."),
            draw.show(
                lambda w: w.waterfall(shares.loc[region], f"Welfare in {region}", "% of income"),
                lambda: figures.welfare_parts(shares, region),
                f"Waterfall of the welfare change of {region} by part of the policy",
            ),
            html.table(shares.loc[findings.moved_most(experiment)]),
        ]
    trade = findings.trade_change(experiment.comparison)
    output, prices = findings.output_change(experiment), findings.price_change(experiment)
    parts += [
        html.heading("Trade"),
        draw.show(
            lambda w: w.heat(trade, "Change of trade among the largest traders", "%, volume", 0),
            lambda: figures.trade(experiment),
            "Exporters by importers, change of trade in per cent",
        ),
        html.heading("Output"),
        draw.show(
            lambda w: w.heat(output, "Change of output", "%"),
            lambda: figures.output(experiment),
            "Commodities by regions, change of output in per cent",
        ),
        html.heading("Prices"),
        draw.show(
            lambda w: w.heat(prices, "Change of prices, numeraire: world factor prices", "%", 2),
            lambda: figures.prices(experiment),
            "Price indices and factor prices by region, change in per cent",
        ),
    ]
    for table in experiment.own_tables:
        parts += [html.heading(table.title[0].upper() + table.title[1:]), html.table(table.frame, table.decimals)]
    if chains:
        parts += gvc_report.sections(experiment, gvc_report.compare(experiment), draw)
    parts += [html.heading("What the policy changes")]
    rows = [
        {
            "instrument": c.instrument,
            "where": "; ".join(f"{k}: {v}" for k, v in c.where.items()) or "everywhere",
            "note": c.note,
        }
        for c in policy.instruments[:60]
    ]
    parts += [html.table(pd.DataFrame(rows).set_index("instrument"))] if rows else []
    parts += [html.bullets(f"Rules of origin: {clause.in_words()}" for clause in policy.origin)] if policy.origin else []
    if len(policy.instruments) > len(rows):
        parts += [html.paragraph(f"and {len(policy.instruments) - len(rows)} more changes of the same kind", "note")]
    if summary["notes"]:
        parts += [html.heading("What a reader must know"), html.bullets(summary["notes"])]
    return [*parts, *trust(after, command, summary["sources"])]


def write(
    experiment: StaticRun,
    path: str | Path,
    command: str,
    ranges: pd.DataFrame | None = None,
    *,
    chains: bool = True,
    interactive: bool | None = None,
) -> Path:
    """Write the report of a policy run as one HTML file; see :func:`body`."""
    draw = Figures(interactive)
    parts = body(experiment, command, draw, ranges, chains=chains)
    return write_page(f"{findings.title_of(experiment)}: results", parts, path)
