"""Files, figures and the HTML report of a dynamic run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from calibration import Benchmark
from calibration.currency import currency_of
from cge.dynamics import Difference
from cge.figure import Figure, made
from cge.report import findings, html
from cge.report.draw.files import write_figures
from cge.report.report_parts import Figures, provenance, repeat, write_page

SHOWN, DEBTORS = 6, 4
"""Lines of regions that gain most, and of debtors."""
NO_DEBT = 1e-6
"""Billions below which nobody owes anything."""


def write(found: Difference, folder: str | Path) -> Path:
    """``dynamics.nc`` (differences along year), ``path.nc`` (the policy path, to resume), CSV, JSON and every figure."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    data = found.dataset()
    data.to_netcdf(folder / "dynamics.nc", engine="h5netcdf")
    found.policy.save(folder / "path.nc")
    data["welfare_percent"].to_pandas().to_csv(folder / "welfare.csv")
    data["real_gdp_percent"].to_pandas().to_csv(folder / "real_gdp.csv")
    (folder / "summary.json").write_text(json.dumps(found.summary(), indent=1) + "\n", encoding="utf-8")
    write_figures(made(figures_of(found)), folder, f"{found.policy.name}, {found.policy.benchmark}")
    return folder


def figures_of(found: Difference) -> Mapping[str, Callable[[], Figure | None]]:
    """The figures of a path by name, each made when it is asked for."""
    return {"paths": lambda: paths(found), "map": lambda: last_year(found)}


def paths(found: Difference) -> Figure:
    """Real income of those who gain and lose most, the world, and the debt of the largest debtors."""
    data = found.dataset()
    welfare = data["welfare_percent"].transpose("year", "r").to_pandas()
    order = welfare.iloc[-1].sort_values()
    chosen = list(dict.fromkeys([*order.index[-SHOWN:][::-1], *order.index[:2]]))
    world = found.summary()["world_welfare_percent"]
    income = Figure(
        name="income",
        kind="lines",
        title="Real income",
        unit="% of baseline",
        frame=welfare[chosen].assign(world=world).rename_axis("year"),
        strong=("world",),
        digits=3,
    )
    debt = data["debt_musd"].transpose("year", "r").to_pandas() / 1e3
    owing = [r for r in debt.iloc[-1].abs().sort_values(ascending=False).index[:DEBTORS] if debt[r].abs().max() > NO_DEBT]
    panels = [income]
    if owing:
        unit = f"bn {currency_of(data.attrs)} (negative: claims)"
        lines = debt[owing].rename_axis("year")
        panels.append(Figure(name="debt", kind="lines", title="Debt outstanding", unit=unit, frame=lines, digits=1))
    return Figure(name="paths", kind="panels", title="The path beside the baseline", panels=tuple(panels))


def last_year(found: Difference) -> Figure:
    """Real income in the last year on the tile map."""
    year = found.policy.years[-1]
    change = found.dataset()["welfare_percent"].sel(year=year).to_series()
    return Figure(name="map", kind="tiles", title=f"Real income in {year}", unit="% of baseline", frame=change)


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
    world = summary["world_welfare_percent"]
    words = [
        f"World real income in {years[-1]} is {world[-1]:+.3f} % of the baseline ({years[0]}: {world[0]:+.3f} %).",
        f"{order.index[-1]} gains most by {years[-1]}, {order.iloc[-1]:+.3f} %; "
        f"{order.index[0]} {findings.last(order.iloc[0])}, {order.iloc[0]:+.3f} %.",
    ]
    if float(debt.abs().to_numpy().max()) > NO_DEBT:
        owed = debt.where(debt > 0, 0.0).sum(axis=1)
        end = f"{owed.iloc[-1]:,.0f} bn in {years[-1]}"
        words.append(f"Debt outstanding is largest in {owed.idxmax()}, {owed.max():,.0f} bn {benchmark.currency}; {end}.")
    drawn = [draw.show(figure) for figure in made(figures_of(found))]
    parts = [html.bullets(words), *drawn]
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
