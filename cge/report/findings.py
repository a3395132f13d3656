"""What figures and reports show: tidy tables of a run, each number taken from the solutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from calibration import Benchmark
from calibration.elasticities import ONE_NEST
from calibration.labels import as_labels
from cge.errors import ShockError
from cge.model.path import subtotals
from cge.model.shock import targets
from cge.model.solution import Comparison
from cge.policy.policy import InstrumentChange, Policy
from cge.results.static_run import StaticRun
from cge.run import solve
from cge.scenario import Scenario

LARGEST = 14


def title_of(experiment: StaticRun) -> str:
    """The policy's title, or its name."""
    return experiment.title


def name_of(benchmark: Benchmark, kind: Literal["sector", "region"], label: str) -> str:
    """A label with its name where the benchmark tells it: ``electronics (elc)``."""
    held = dict(x.strip().split(" ", 1) for x in str(benchmark.attrs.get(f"{kind}_names", "")).split(";") if " " in x.strip())
    return f"{held[label]} ({label})" if label in held else label


def elasticity_sources(benchmark: Benchmark) -> list[str]:
    """Where the elasticities are from, each source with its sectors: ``agr, foo: GTAP ...``."""
    held: dict[str, list[str]] = {}
    for line in str(benchmark.attrs.get("elasticity_sources", "")).splitlines():
        sector, _, source = line.partition(": ")
        held.setdefault(source, []).append(sector)
    return [f"{', '.join(sectors)}: {source}" if source else ", ".join(sectors) for source, sectors in held.items()]


def welfare(experiment: StaticRun) -> pd.DataFrame:
    """Welfare by region: columns ``welfare`` (per cent of income) and ``ev`` (million), lowest first."""
    table = experiment.comparison.table()[["welfare_percent", "ev_musd"]]
    return table.set_axis(["welfare", "ev"], axis=1).sort_values("welfare")


def welfare_range(
    scenario: Scenario,
    *,
    studies: str | Sequence[str] | None = None,
    one_nest: bool = True,
    report: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """Welfare under the elasticities of each study the benchmark carries, in two nests and in one.

    Parameters
    ----------
    scenario : Scenario
    studies : str or sequence of str, optional
        Default all of :attr:`calibration.Benchmark.studies`.
    one_nest : bool
        Each study in one nest of all origins too (``fontagne/one``, see :func:`calibration.elasticities.study_table`); not for
        studies that are named.
    report : callable, optional
        Told the share done.

    Returns
    -------
    pandas.DataFrame
        Regions by study, per cent of income; the rule of two first, then one nest.
    """
    data = scenario.data()
    names = list(as_labels(studies, "studies") if studies is not None else data.studies)
    if studies is None and one_nest:
        names += [name + ONE_NEST for name in data.studies]
    out = {}
    for k, name in enumerate(names):
        run = solve(
            scenario.with_(benchmark=data.with_elasticities(name), elasticities="", demand="benchmark", production="benchmark")
        )
        out[name] = run.table()["welfare_percent"]
        if report is not None:
            report((k + 1) / len(names))
    return pd.DataFrame(out)


def trade_change(comparison: Comparison, largest: int = LARGEST) -> pd.DataFrame:
    """Change of bilateral trade among the largest traders, per cent of its value at benchmark prices; exporters in rows."""
    flows = comparison.bilateral()[["before", "after"]].sum("i")
    total = (flows["before"].sum("d").rename(s="r") + flows["before"].sum("s").rename(d="r")).to_series().sort_values()
    keep = list(total.index[-largest:][::-1])
    before, after = (flows[v].sel(s=keep, d=keep).values for v in ("before", "after"))
    change = np.where(before > 0, 100 * (after / np.where(before > 0, before, 1.0) - 1), np.nan)
    np.fill_diagonal(change, np.nan)
    return pd.DataFrame(change, index=pd.Index(keep, name="exporter"), columns=pd.Index(keep, name="importer"))


def moved_most(experiment: StaticRun, largest: int = LARGEST) -> list[str]:
    """Regions whose welfare moves most, and members, in the benchmark's order."""
    table = experiment.comparison.table()["welfare_percent"].abs().sort_values()
    chosen = {str(r) for r in table.index[-largest:]}
    chosen |= set(experiment.members[: max(0, 2 * largest - len(chosen))])
    return [r for r in map(str, experiment.base.model.labels("r")) if r in chosen]


def output_change(experiment: StaticRun) -> pd.DataFrame:
    """Change of output, per cent; commodities in rows, the regions that move most in columns."""
    return by_commodity(experiment.comparison.percent("qo"))[moved_most(experiment)]


def by_commodity(change: xr.DataArray) -> pd.DataFrame:
    """A change by commodity and region as a table; cells without a benchmark are NaN."""
    frame = change.to_pandas().replace([np.inf, -np.inf], np.nan)
    return frame.rename_axis("commodity").rename_axis("region", axis=1)


def last(change: float) -> str:
    """What the one at the end of the order does."""
    return "loses most" if change < 0 else "gains least"


def price_change(experiment: StaticRun) -> pd.DataFrame:
    """Change of consumer, investment and factor prices, per cent against the numeraire; regions in columns."""
    comparison, model = experiment.comparison, experiment.base.model
    rows: dict[str, pd.Series] = {}
    names = {"ppriv": "private consumption", "pinv": "investment", "gdppri": "GDP"}
    for symbol, text in names.items():
        exists = model.free[symbol].any() if symbol in model.free else symbol in model.definitions
        if exists:  # nobody invests in the trade model
            rows[text] = comparison.percent(symbol).to_series()
    mobile = comparison.percent("pe")
    for factor in mobile["f"].values:
        line = mobile.sel(f=factor, drop=True).to_series()
        if bool((line.abs() > 0).any()):
            rows[f"factor: {factor}"] = line
    frame = pd.DataFrame(rows).T[moved_most(experiment)]
    return frame.rename_axis("price").rename_axis("region", axis=1)


def policy_parts(policy: Policy, benchmark: Benchmark) -> dict[str, Policy]:
    """A policy in parts that can be told apart: by instrument, or by region that acts where one instrument does it all."""

    def part(name: str, held: list[InstrumentChange]) -> Policy:
        return policy.model_copy(update={"name": name, "title": name, "instruments": tuple(held), "origin": ()})

    changes = [c for c in policy.instruments if c.applies(benchmark)]
    kinds = list(dict.fromkeys(c.instrument for c in changes))
    if len(kinds) > 1:
        return {k: part(k, [c for c in changes if c.instrument == k]) for k in kinds}
    out: dict[str, list[InstrumentChange]] = {}
    for change in changes:
        dim = "d" if change.instrument in ("tms", "ams") else "r" if "r" in change.where else ""
        given = change.where.get(dim, tuple(benchmark.regions) if dim == "d" else None) if dim else None
        if given is None or change.partial or (isinstance(given, str) and given.startswith("?")):
            return {kinds[0]: part(kinds[0], changes)}
        actors = policy.present(benchmark) if given == "@members" else [given] if isinstance(given, str) else list(given)
        for actor in actors:
            # one actor of several may have no flow where the others have
            moved = change.model_copy(update={"where": {**change.where, dim: (actor,)}, "optional": True})
            out.setdefault(str(actor), []).append(moved)
    return {k: part(k, v) for k, v in out.items()}


def contributions(experiment: StaticRun, most: int = 7) -> pd.DataFrame | None:
    """What each part of the policy gives each region's welfare, per cent of income; parts in columns, with ``total``.

    Exact along the path on which the exogenous levels move linearly (:func:`cge.model.path.subtotals`). The
    smallest parts are joined as ``others``. None where the policy has one part or an origin clause, or is no policy.
    """
    if not isinstance(experiment.policy, Policy) or experiment.policy.origin:
        return None
    parts = {k: p for k, p in policy_parts(experiment.policy, experiment.base.model.benchmark).items() if _moves(experiment, p)}
    if len(parts) < 2:
        return None
    found = subtotals(experiment.base, parts, ["u"])["u"].transpose("r", "group").to_pandas()
    size = found[list(parts)].abs().sum().sort_values(ascending=False)
    kept, rest = list(size.index[:most]), list(size.index[most:])
    out = found[kept].copy()
    if rest:
        out["others"] = found[rest].sum(axis=1)
    out["total"] = found["total"]
    return out.rename_axis("region")


def told_region(experiment: StaticRun, parts: pd.DataFrame) -> str:
    """The region whose parts a figure tells: the member that moves most, or whoever does where there are no members."""
    held = [r for r in experiment.members if r in parts.index] or list(parts.index)
    return str(parts.loc[held, "total"].abs().idxmax())


def _moves(experiment: StaticRun, part: Policy) -> bool:
    try:
        return bool(targets(experiment.base.model, part))
    except ShockError:  # where it applies there is no flow
        return False
