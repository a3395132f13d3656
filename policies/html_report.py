"""One self-contained HTML file for a run: what changed in words, figures and tables, how far to trust it, how to repeat it.

Figures are interactive where plotly is installed (the extra ``report``), pictures otherwise.
"""

from __future__ import annotations

import html as escape
import importlib.metadata as metadata
import importlib.util
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from calibration import Benchmark
from cge import Solution
from cge.dynamics import Difference
from policies import dynamics_report, figures, findings, gvc_report, html, usmca_report
from policies.experiment import Experiment
from policies.usmca import MEMBERS, RULES, Usmca

PACKAGES = ("open-cge", "pyomo", "cyipopt-wheels", "numpy", "scipy", "pandas", "xarray")
PROVENANCE = ("title", "year", "source", "licence", "observed", "estimated", "validation", "rules", "note")


class Figures:
    """Draws for the page: interactive, or as pictures without plotly.

    Parameters
    ----------
    interactive : bool or None
        None: where plotly is installed.
    """

    def __init__(self, interactive: bool | None = None) -> None:
        installed = importlib.util.find_spec("plotly") is not None
        self.interactive = installed if interactive is None else interactive
        self.drawn = 0

    def show(self, screen: Callable[[Any], Any], print_: Callable[[], Any], text: str) -> str:
        """One figure: ``screen`` takes the module :mod:`policies.interactive`; ``text`` describes what is to be seen."""
        self.drawn += 1
        if not self.interactive:
            return html.picture(print_(), text)
        from policies import interactive

        return interactive.embed(screen(interactive), text, f"figure-{self.drawn}")

    def script(self) -> str:
        """What the page's head must hold."""
        if not (self.interactive and self.drawn):
            return ""
        from policies import interactive

        return interactive.script()


def sentences(experiment: Experiment) -> list[str]:
    """The result in words, each made from the numbers."""
    table = experiment.comparison.table()
    summary = experiment.summary()
    order = table["welfare_percent"].sort_values()
    benchmark = experiment.base.model.benchmark
    best, worst = str(order.index[-1]), str(order.index[0])
    loses = order.iloc[0] < 0
    last = "loses most" if loses else "gains least"
    gain, loss = (f"{table.loc[r, 'ev_musd']:+,.0f} million USD" for r in (best, worst))
    world = summary["world_ev_musd"]
    out = [
        f"{findings.name_of(benchmark, 'region', best)} gains most, {order.iloc[-1]:+.3f} % of income ({gain} a year); "
        f"{findings.name_of(benchmark, 'region', worst)} {last}, {order.iloc[0]:+.3f} % ({loss}).",
        f"{int((order > 0).sum())} of {len(order)} regions gain. World equivalent variation is {world:+,.0f} million USD.",
    ]
    if summary["bloc_welfare_percent"] is not None and summary["intra_trade_percent"] is not None:
        out.append(
            f"Members together: {summary['bloc_welfare_percent']:+.3f} % of income; trade among them changes by "
            f"{summary['intra_trade_percent']:+.1f} % in volume."
        )
    output = experiment.comparison.percent("qo").to_pandas().replace([np.inf, -np.inf], np.nan)
    top = output.stack().sort_values()
    (up, up_in), (down, down_in) = (
        (findings.name_of(benchmark, "sector", str(i)), findings.name_of(benchmark, "region", str(r)))
        for i, r in (top.index[-1], top.index[0])
    )
    low, high = f"{top.iloc[0]:+.1f} %", f"{top.iloc[-1]:+.1f} %"
    out.append(f"Output changes between {low} in {down} of {down_in} and {high} in {up} of {up_in}.")
    return out


def by_region(experiment: Experiment) -> pd.DataFrame:
    """The comparison's table with EV in whole million."""
    table = experiment.comparison.table()
    table["ev_musd"] = [f"{v:,.0f}" for v in table["ev_musd"]]
    return table


def range_sentence(ranges: pd.DataFrame, experiment: Experiment) -> str:
    """Whose gain or loss does not depend on the study of elasticities."""
    sure = [r for r in ranges.index if (ranges.loc[r] > 0).all() or (ranges.loc[r] < 0).all()]
    wide = (ranges.max(axis=1) - ranges.min(axis=1)).sort_values().index[-1]
    return (
        f"Over the elasticities of {ranges.shape[1]} studies ({', '.join(ranges.columns)}) the sign of the welfare effect is "
        f"the same in {len(sure)} of {len(ranges)} regions; the widest range is {wide}'s, {ranges.loc[wide].min():+.3f} to "
        f"{ranges.loc[wide].max():+.3f} %."
    )


def body(
    experiment: Experiment, command: str, draw: Figures, ranges: pd.DataFrame | None = None, *, chains: bool = False
) -> list[str]:
    """The parts of the report of a policy.

    Parameters
    ----------
    experiment : Experiment
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
        html.table(by_region(experiment)),
    ]
    shares = findings.contributions(experiment)
    if shares is not None:
        region = str(shares["total"].abs().idxmax())
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
    trade, output, prices = (f(experiment) for f in (findings.trade_change, findings.output_change, findings.price_change))
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
    if chains:
        parts += _chains(experiment, draw)
    parts += [html.heading("What the policy changes")]
    rows = [
        {
            "instrument": c.instrument,
            "where": "; ".join(f"{k}: {v}" for k, v in c.where.items()) or "everywhere",
            "note": c.note,
        }
        for c in policy.instruments[:60]
    ]
    parts += [html.table(pd.DataFrame(rows).set_index("instrument"))]
    if len(policy.instruments) > len(rows):
        parts += [html.paragraph(f"and {len(policy.instruments) - len(rows)} more changes of the same kind", "note")]
    if summary["notes"]:
        parts += [html.heading("What a reader must know"), html.bullets(summary["notes"])]
    return [*parts, *_trust(after, command, summary["sources"])]


def _chains(experiment: Experiment, draw: Figures) -> list[str]:
    held = gvc_report.compare(experiment)
    blocs = [held.blocs().sel(state=s).to_pandas() for s in ("before", "after")]
    change = 100 * held.table()["gvc_share", "change"]
    title = findings.title_of(experiment)
    return [
        html.heading("Value chains"),
        draw.show(
            lambda w: w.sankey(*blocs, "Value added of blocs (left) in the final goods of others (right), bn USD before"),
            lambda: gvc_report.sankey_figure(held, title),
            "Flows of value added between blocs",
        ),
        draw.show(
            lambda w: w.tile_map(change, "GVC share of exports, change", "percentage points", 3),
            lambda: gvc_report.tile_figure(held, title),
            "Tiles of the world's economies with the change of the GVC share of exports",
        ),
        html.table(gvc_report.short_table(held)),
        html.paragraph(gvc_report.LEGEND, "note"),
    ]


def _checks(solution: Solution) -> pd.DataFrame:
    checks = solution.checks().set_index("check")
    checks["value"] = [f"{v:.1e}" for v in checks["value"]]
    checks["limit"] = [f"{v:.0e}" for v in checks["limit"]]
    return checks


def _provenance(benchmark: Benchmark, choices: Mapping[str, object]) -> pd.DataFrame:
    held = {k: str(benchmark.attrs[k]) for k in PROVENANCE if k in benchmark.attrs}
    return pd.DataFrame({"": held | {k: str(v) for k, v in choices.items()}})


def _trust(solution: Solution, command: str, sources: Sequence[str]) -> list[str]:
    parts = [html.heading("Checks"), html.table(_checks(solution))]
    parts += [html.heading("Data and model"), html.table(_provenance(solution.model.benchmark, solution.model.attrs()))]
    if sources:
        parts += [html.heading("Sources of the policy"), html.bullets(sources)]
    return [*parts, *_repeat(command)]


def _repeat(command: str) -> list[str]:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES if _installed(name))
    return [
        html.heading("To repeat it"),
        f'<pre tabindex="0">{escape.escape(command)}</pre>',
        html.paragraph(f"{versions}; Python {platform.python_version()}", "note"),
    ]


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def write(
    experiment: Experiment,
    path: str | Path,
    command: str,
    ranges: pd.DataFrame | None = None,
    *,
    chains: bool = True,
    interactive: bool | None = None,
) -> Path:
    """Write the report of a policy run as one HTML file; see :func:`body`."""
    draw = Figures(interactive)
    chains = chains and experiment.policy.origin is None
    return _write(
        f"{findings.title_of(experiment)}: results", body(experiment, command, draw, ranges, chains=chains), draw, path
    )


def _write(title: str, parts: list[str], draw: Figures, path: str | Path) -> Path:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html.page(title, parts, script=draw.script()), encoding="utf-8")
    return path


def write_usmca(
    result: Usmca,
    path: str | Path,
    command: str,
    curves: Mapping[str, pd.DataFrame] | None = None,
    *,
    interactive: bool | None = None,
) -> Path:
    """The report of a USMCA scenario, with the Laffer curves where they were computed."""
    draw = Figures(interactive)
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
    parts += [html.heading("By region"), html.table(result.regions())]
    parts += [html.heading("Firm types"), html.table(result.after.by_type())]
    title = f"USMCA's rules of origin ({result.scenario}), duty of {result.duty}: results"
    parts += _trust(result.after.solution, command, [])
    return _write(title, parts, draw, path)


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
        return [html.picture(usmca_report.laffer_figure(curves), f"Regional content, utilisation and employment {text}")]

    def one(column: str, title: str) -> str:
        return draw.show(lambda w: w.curves(curves, column, title, marks), lambda: None, f"{title} {text}")

    return [one("regional_content", "Regional content of shipments"), one("utilisation", "Use of the preference")]


def write_dynamics(
    found: Difference, benchmark: Benchmark, path: str | Path, command: str, *, interactive: bool | None = None
) -> Path:
    """The report of a dynamic run: paths of real income, GDP and debt as difference from the baseline."""
    draw = Figures(interactive)
    data, summary = found.dataset(), found.summary()
    years = list(found.policy.years)
    welfare = data["welfare_percent"].transpose("year", "r").to_pandas()
    gdp = data["real_gdp_percent"].transpose("year", "r").to_pandas()
    debt = data["debt_musd"].transpose("year", "r").to_pandas() / 1e3
    order = welfare.iloc[-1].sort_values()
    chosen = list(dict.fromkeys([*order.index[-5:][::-1], *order.index[:2]]))
    world = summary["world_welfare_percent"]
    words = [
        f"World real income in {years[-1]} is {world[-1]:+.3f} % of the baseline ({years[0]}: {world[0]:+.3f} %).",
        f"{order.index[-1]} gains most by {years[-1]}, {order.iloc[-1]:+.3f} %; "
        f"{order.index[0]} {'loses most' if order.iloc[0] < 0 else 'gains least'}, {order.iloc[0]:+.3f} %.",
    ]
    if float(debt.abs().to_numpy().max()) > 1e-6:
        owed = debt.where(debt > 0, 0.0).sum(axis=1)
        end = f"{owed.iloc[-1]:,.0f} bn in {years[-1]}"
        words.append(f"Debt outstanding is largest in {owed.idxmax()}, {owed.max():,.0f} bn USD; {end}.")
    shown = welfare[chosen].assign(world=world)
    parts = [
        html.bullets(words),
        draw.show(
            lambda w: w.lines(shown, "Real income", "% of baseline", "year"),
            lambda: dynamics_report.paths_figure(found),
            "Real income by year for the regions that gain and lose most, and the world",
        ),
        draw.show(
            lambda w: w.tile_map(order, f"Real income in {years[-1]}", "% of baseline"),
            lambda: figures.tile_map(order, f"Real income in {years[-1]}, % of baseline"),
            "Tiles of the world's economies with the change of real income in the last year",
        ),
    ]
    if float(debt.abs().to_numpy().max()) > 1e-6:
        debtors = debt[debt.iloc[-1].abs().sort_values(ascending=False).index[:6]]
        if draw.interactive:
            parts.append(
                draw.show(
                    lambda w: w.lines(debtors, "Debt outstanding (negative: claims)", "bn USD", "year"),
                    lambda: None,
                    "Debt of the largest debtors and claims of the lender by year",
                )
            )
    steps = [y for y in years if y in (years[0], years[-1]) or y % 5 == 0]
    parts += [
        html.heading("Real income, per cent of baseline"),
        html.table(welfare.loc[steps].T),
        html.heading("Real GDP, per cent of baseline"),
        html.table(gdp.loc[steps].T),
        html.heading("Checks"),
        html.table(
            pd.DataFrame(
                {
                    "value": {
                        "largest residual over all years": f"{summary['max_residual']:.1e}",
                        "stock-flow identities, largest gap": f"{summary['identity_gap']:.1e}",
                    }
                }
            )
        ),
        html.heading("Data and model"),
        html.table(_provenance(benchmark, {"years": f"{years[0]} to {years[-1]}"})),
        *_repeat(command),
    ]
    return _write(f"{found.policy.name}: path beside the baseline", parts, draw, path)
