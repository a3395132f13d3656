"""One self-contained HTML file for a policy run: what changed in words and tables, how far to trust it, how to repeat it."""

from __future__ import annotations

import importlib.metadata as metadata
import platform
from pathlib import Path

import numpy as np
import pandas as pd

from policies import html
from policies.experiment import Experiment
from policies.report import welfare_figure_of
from policies.style import new_figure

PACKAGES = ("open-cge", "pyomo", "cyipopt-wheels", "numpy", "scipy", "pandas", "xarray")


def sentences(experiment: Experiment) -> list[str]:
    """The result in words, each made from the numbers."""
    table = experiment.comparison.table()
    summary = experiment.summary()
    order = table["welfare_percent"].sort_values()
    best, worst = str(order.index[-1]), str(order.index[0])
    loses = order.iloc[0] < 0
    last = "loses most" if loses else "gains least"
    gain, loss = (f"{table.loc[r, 'ev_musd']:+,.0f} million USD" for r in (best, worst))
    world = summary["world_ev_musd"]
    out = [
        f"{best} gains most, {order.iloc[-1]:+.3f} % of income ({gain} a year); "
        f"{worst} {last}, {order.iloc[0]:+.3f} % ({loss}).",
        f"{int((order > 0).sum())} of {len(order)} regions gain. World equivalent variation is {world:+,.0f} million USD.",
    ]
    if summary["bloc_welfare_percent"] is not None and summary["intra_trade_percent"] is not None:
        out.append(
            f"Members together: {summary['bloc_welfare_percent']:+.3f} % of income; trade among them changes by "
            f"{summary['intra_trade_percent']:+.1f} % in volume."
        )
    output = experiment.comparison.percent("qo").to_pandas().replace([np.inf, -np.inf], np.nan)
    top = output.stack().sort_values()
    (up, up_in), (down, down_in) = top.index[-1], top.index[0]
    out.append(
        f"Output changes most in {up} of {up_in} ({top.iloc[-1]:+.1f} %) and {down} of {down_in} ({top.iloc[0]:+.1f} %)."
    )
    return out


def trade_figure(experiment: Experiment, largest: int = 14) -> object:
    """Change of bilateral trade, per cent, among the largest traders."""
    flows = experiment.comparison.bilateral()[["before", "after"]].sum("i")
    total = (flows["before"].sum("d").rename(s="r") + flows["before"].sum("s").rename(d="r")).to_series().sort_values()
    keep = list(total.index[-largest:][::-1])
    before, after = (flows[v].sel(s=keep, d=keep).values for v in ("before", "after"))
    change = np.where(before > 0, 100 * (after / np.where(before > 0, before, 1.0) - 1), np.nan)
    np.fill_diagonal(change, np.nan)
    limit = float(np.nanpercentile(abs(change), 98)) or 1.0
    figure, axis = new_figure(1, 1, (7.5, 6.2))
    image = axis.imshow(change, cmap="RdBu", vmin=-limit, vmax=limit)
    axis.set_xticks(range(len(keep)), keep, rotation=60)
    axis.set_yticks(range(len(keep)), keep)
    axis.set_xlabel("importer")
    axis.set_ylabel("exporter")
    for i in range(len(keep)):
        for j in range(len(keep)):
            if np.isfinite(change[i, j]) and abs(change[i, j]) >= 0.05 * limit:
                axis.text(j, i, f"{change[i, j]:.0f}", ha="center", va="center", fontsize=6.5)
    figure.colorbar(image, ax=axis, shrink=0.8, label="change of trade, per cent (value at current prices)")
    return figure


def body(experiment: Experiment, command: str) -> list[str]:
    """The parts of the report."""
    policy, after = experiment.policy, experiment.after
    summary = experiment.summary()
    attrs = after.model.benchmark.attrs
    table = experiment.comparison.table()
    parts = [html.paragraph(policy.description)] if policy.description else []
    parts += [html.bullets(sentences(experiment))]
    parts += [
        html.picture(welfare_figure_of(experiment), "Welfare by region, and output in the regions that gain and lose most")
    ]
    parts += [html.heading("By region"), html.table(table)]
    parts += [html.heading("Trade"), html.picture(trade_figure(experiment), "Change of trade between regions, per cent")]
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
    checks = after.checks().set_index("check")
    checks["value"] = [f"{v:.1e}" for v in checks["value"]]
    checks["limit"] = [f"{v:.0e}" for v in checks["limit"]]
    parts += [html.heading("Checks"), html.table(checks)]
    keep = ("title", "year", "source", "licence", "observed", "estimated", "validation", "rules", "note")
    provenance = pd.DataFrame({"": {k: str(attrs[k]) for k in keep if k in attrs} | after.model.attrs()})
    parts += [html.heading("Data and model"), html.table(provenance)]
    if summary["sources"]:
        parts += [html.heading("Sources of the policy"), html.bullets(summary["sources"])]
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES if _installed(name))
    parts += [
        html.heading("To repeat it"),
        f"<pre>{command}</pre>",
        html.paragraph(f"{versions}; Python {platform.python_version()}", "note"),
    ]
    return parts


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def write(experiment: Experiment, path: str | Path, command: str) -> Path:
    """Write the report as one HTML file."""
    title = experiment.policy.title or experiment.policy.name
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html.page(f"{title}: results", body(experiment, command)), encoding="utf-8")
    return path
