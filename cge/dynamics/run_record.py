"""The record of what a path of years was made of, so that no other run takes it for its own."""

from __future__ import annotations

import importlib.metadata as metadata
from collections.abc import Sequence
from typing import Any

from calibration.benchmark import Benchmark
from calibration.foreign_capital import net_positions
from cge.dynamics.programme import COLUMNS, Baseline, Programme, Steady
from cge.equations.declare import Mechanism
from cge.equations.fingerprint import code_of, fingerprint
from cge.errors import ModelError
from cge.model import Model


def made_of(
    model: Model,
    baseline: Baseline,
    investment: str,
    vintage: bool,
    mechanisms: Sequence[Mechanism],
    programme: Programme | None,
) -> dict[str, str]:
    """What goes into a path: choices in words, content as hashes that begin with ``#``.

    Parameters
    ----------
    model : Model
        Of the policy run.
    baseline : Baseline
        Its last year does not count: a path may be carried on.
    investment : str
    vintage : bool
    mechanisms : sequence of Mechanism
        Put on the path's own.
    programme : Programme or None
        Its hash is empty where it does not say what it holds.
    """
    benchmark, closure = model.benchmark, model.closure
    content, _ = content_of(programme, model)
    return {
        "version of open-cge": _version(),
        "the benchmark": benchmark.name,
        "the benchmark's flows": "#" + fingerprint([benchmark.sam.data, benchmark.groups]),
        "the elasticities": "#" + fingerprint(benchmark.elasticities),
        "the foreign positions": _positions(benchmark),
        "the growth table": "#" + fingerprint(baseline.growth.loc[benchmark.regions, list(COLUMNS)]),
        "the first year": str(baseline.years[0]),
        "depreciation": "of the benchmark" if baseline.depreciation is None else repr(float(baseline.depreciation)),
        "interest": repr(float(baseline.interest)),
        "sourcing": model.data.sourcing,
        "the closure": f"{closure.describe()['swaps']}; tied {', '.join(model.specific) or 'none'}",
        "the investment rule": investment,
        "the capital rule": "vintage" if vintage else "mobile",
        "the mechanisms": "; ".join(x.describe() for x in mechanisms) or "none",
        "the mechanisms' code": _code(mechanisms),
        "the policy": "no policy" if programme is None else programme.name,
        "the policy's content": content,
    }


def _positions(benchmark: Benchmark) -> str:
    if net_positions(benchmark) is None:
        return "none"
    assert benchmark.satellites is not None
    return "#" + fingerprint(benchmark.satellites[["foreign_assets", "foreign_liabilities", "foreign_income"]])


def _code(mechanisms: Sequence[Mechanism]) -> str:
    """The hash of the code of mechanisms that are not the library's, whose version is in the record; empty: not known."""
    own = [type(x) for x in mechanisms if not type(x).__module__.startswith("cge.")]
    try:
        return "#" + fingerprint([code_of(kind) for kind in own]) if own else "the library's"
    except ModelError:
        return ""


def content_of(programme: Programme | None, model: Model) -> tuple[str, str]:
    """The hash of a policy's content, and where there is none, why."""
    held: Any = programme
    if isinstance(programme, Steady):  # what a shock does to the model is all that counts
        held = [programme.since, dict(programme.policy.changes(model))]
    try:
        return "#" + fingerprint(held), ""
    except ModelError as error:
        return "", str(error)


def _version() -> str:
    try:
        return metadata.version("open-cge")
    except metadata.PackageNotFoundError:
        return "not installed"
