"""Files, the figure and the HTML report of a dynamic run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from calibration import Benchmark
from calibration.currency import currency_of
from cge.dynamics import Difference
from cge.report import figures, findings, html
from cge.report.report_parts import Figures, provenance, repeat, write_page
from cge.report.style import GAIN, INK, LOSS, new_figure, save

SHOWN = 6


def write(found: Difference, folder: str | Path) -> Path:
    """``dynamics.nc`` (differences along year), ``path.nc`` (the policy path, to resume), CSV, JSON and ``paths.png``."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    data = found.dataset()
    data.to_netcdf(folder / "dynamics.nc", engine="h5netcdf")
    found.policy.save(folder / "path.nc")
    data["welfare_percent"].to_pandas().to_csv(folder / "welfare.csv")
    data["real_gdp_percent"].to_pandas().to_csv(folder / "real_gdp.csv")
    (folder / "summary.json").write_text(json.dumps(found.summary(), indent=1) + "\n", encoding="utf-8")
    save(paths_figure(found), folder / "paths.png")
    return folder


def paths_figure(found: Difference) -> Any:
    """Real income of those who gain and lose most, the world, and the debt of the largest debtors."""
    data = found.dataset()
    years = data["year"].values
    welfare = data["welfare_percent"].transpose("year", "r").to_pandas()
    order = welfare.iloc[-1].sort_values()
    chosen = list(dict.fromkeys([*order.index[-SHOWN:][::-1], *order.index[:2]]))
    debt = data["debt_musd"].transpose("year", "r").to_pandas() / 1e3
    debtors = [r for r in debt.iloc[-1].abs().sort_values(ascending=False).index[:4] if abs(debt[r]).max() > 1e-6]
    figure, axes = new_figure(1, 2 if debtors else 1, (11 if debtors else 6.5, 4.2))
    left = axes[0] if debtors else axes
    styles = ["-", "--", "-.", ":"]
    for k, region in enumerate(chosen):
        colour = GAIN if order[region] >= 0 else LOSS
        left.plot(years, welfare[region], styles[k % 4], color=colour, linewidth=1.4)
    world = found.summary()["world_welfare_percent"]
    left.plot(years, world, color=INK, linewidth=2.4)
    _labels(left, years[-1], {**{r: float(order[r]) for r in chosen}, "world": world[-1]})
    left.axhline(0, color=INK, linewidth=0.6)
    left.set_title("Real income, % of baseline", loc="left", fontweight="bold")
    if debtors:
        for k, region in enumerate(debtors):
            axes[1].plot(years, debt[region], styles[k % 4], color=GAIN if debt[region].iloc[-1] < 0 else LOSS, linewidth=1.4)
        _labels(axes[1], years[-1], {r: float(debt[r].iloc[-1]) for r in debtors})
        axes[1].axhline(0, color=INK, linewidth=0.6)
        axes[1].set_title(f"Debt outstanding, bn {currency_of(data.attrs)} (negative: claims)", loc="left", fontweight="bold")
    for axis in np.atleast_1d(axes):
        axis.xaxis.get_major_locator().set_params(integer=True)
    figure.suptitle(f"{found.policy.name}, {found.policy.benchmark}", x=0.01, ha="left", fontsize=12)
    return figure


def _labels(axis: Any, x: float, ends: dict[str, float]) -> None:
    """Names at the line ends, moved apart where they would overlap."""
    low, high = axis.get_ylim()
    least = 0.045 * (high - low)
    at = -np.inf
    for name, y in sorted(ends.items(), key=lambda item: item[1]):
        at = max(y, at + least)
        axis.annotate(name, (x, at), fontsize=8, xytext=(4, 0), textcoords="offset points", va="center", annotation_clip=False)


def write_html(
    found: Difference,
    benchmark: Benchmark,
    path: str | Path,
    command: str,
    *,
    sources: Sequence[str] = (),
    interactive: bool | None = None,
) -> Path:
    """The report of a dynamic run: paths of real income, GDP and debt as difference from the baseline."""
    parts = body(found, benchmark, command, Figures(interactive), sources)
    return write_page(f"{found.policy.name}: path beside the baseline", parts, path)


def body(found: Difference, benchmark: Benchmark, command: str, draw: Figures, sources: Sequence[str] = ()) -> list[str]:
    """The parts of the report of a dynamic run."""
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
        f"{order.index[0]} {findings.last(order.iloc[0])}, {order.iloc[0]:+.3f} %.",
    ]
    if float(debt.abs().to_numpy().max()) > 1e-6:
        owed = debt.where(debt > 0, 0.0).sum(axis=1)
        end = f"{owed.iloc[-1]:,.0f} bn in {years[-1]}"
        words.append(f"Debt outstanding is largest in {owed.idxmax()}, {owed.max():,.0f} bn {benchmark.currency}; {end}.")
    shown = welfare[chosen].assign(world=world)
    parts = [
        html.bullets(words),
        draw.show(
            lambda w: w.lines(shown, "Real income", "% of baseline", "year"),
            lambda: paths_figure(found),
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
                    lambda w: w.lines(debtors, "Debt outstanding (negative: claims)", f"bn {benchmark.currency}", "year"),
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
        provenance(benchmark, {"years": f"{years[0]} to {years[-1]}"}),
        *([html.heading("Sources of the policy"), html.bullets(sources)] if sources else []),
        *repeat(command),
    ]
    return parts
