"""An experiment: benchmark, model and policy, solved and timed."""

from __future__ import annotations

import importlib
import sys
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from calibration import Benchmark, load_benchmark
from cge import Closure, Comparison, Model, Solution
from cge.errors import ShockError
from cge.shock import require_change, require_shock
from policies.policy import Policy


@dataclass(frozen=True)
class Experiment:
    """What a run of a policy gave.

    Attributes
    ----------
    policy : Policy
    base, after : Solution
    seconds : dict
        ``calibrate`` (opening the benchmark), ``build`` (assembling and compiling), ``solve`` (both solutions).
    """

    policy: Policy
    base: Solution
    after: Solution
    seconds: dict[str, float]

    @property
    def comparison(self) -> Comparison:
        """After against before."""
        return self.after.compare(self.base)

    @property
    def members(self) -> list[str]:
        """Regions whose economies are all members of the policy."""
        return self.policy.present(self.base.model.benchmark)

    def summary(self) -> dict[str, Any]:
        """Everything the command line prints as JSON."""
        comparison, members = self.comparison, self.members
        table = comparison.table()
        regions: dict[str, dict[str, float]] = {
            str(r): {k: float(v) for k, v in row.items()} for r, row in table.to_dict("index").items()
        }
        flows = comparison.bilateral()[["before", "after"]].sum("i")
        for r in members:
            others = [m for m in members if m != r]
            both_ways = flows.sel(s=r, d=others).sum() + flows.sel(s=others, d=r).sum()
            if float(both_ways["before"]) > 0:
                regions[r]["intra_trade_percent"] = 100 * float(both_ways["after"] / both_ways["before"] - 1)
        info = self.after.info
        return {
            "policy": self.policy.name,
            "title": self.policy.title,
            "benchmark": self.base.model.benchmark.name,
            **self.base.model.attrs(),
            "status": info["status"],
            "iterations": int(info["newton_steps"] + info["iterations"]),
            "max_residual": max(self.base.max_residual, self.after.max_residual),
            "walras": max(self.base.walras, self.after.walras),
            "seconds": {k: round(v, 4) for k, v in self.seconds.items()},
            "peak_memory_mb": peak_memory_mb(),
            "members": members,
            "intra_trade_percent": comparison.trade_among(members) if len(members) > 1 else None,
            "bloc_welfare_percent": self._bloc(members),
            "ev_unit": f"million {self.base.model.benchmark.currency}",
            "world_ev_musd": float(table["ev_musd"].sum()),
            "regions": regions,
            "notes": [*self.policy.remarks(self.base.model), *self.base.model.remarks],
            "sources": list(self.policy.sources),
        }

    def _bloc(self, members: list[str]) -> float | None:
        if not members:
            return None
        ev = self.comparison.table().loc[members, "ev_musd"].sum()
        return float(100 * ev / float(self.base["y_0"].sel(r=members).sum()))


def peak_memory_mb() -> float | None:
    """Largest resident memory of this process so far, in MB; None where the system does not tell (Windows)."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:
        return None
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return round(peak / 1024 / 1024 if sys.platform == "darwin" else peak / 1024, 1)


def run(
    policy: Policy,
    benchmark: str | Path | Benchmark = "world",
    closure: Closure | None = None,
    *,
    sourcing: str = "use",
    method: Any = "auto",
) -> Experiment:
    """Solve a policy against its benchmark.

    Parameters
    ----------
    policy : Policy
    benchmark : str, path or Benchmark
        Name of an embedded benchmark, a file, or the benchmark itself.
    closure : Closure, optional
    sourcing, method : str
        Passed to :class:`cge.Model` and :meth:`cge.Model.solve`.

    Raises
    ------
    ShockError
        No policy (a name, a function, a list), one that cannot act or changes nothing, or a ``method`` for a policy with an
        origin clause, which is solved by a path of its own.
    """
    _require_policy(policy, "experiment.run")
    if policy.origin is not None and method != "auto":
        raise ShockError(f"policy {policy.name!r} has an origin clause, which is solved with method 'auto', not {method!r}")
    started = time.perf_counter()
    data = benchmark if isinstance(benchmark, Benchmark) else load_benchmark(benchmark)
    opened = time.perf_counter() - started
    if policy.origin is None:
        found = on(Model(data, closure, sourcing=sourcing), policy, method=method)
    else:
        found = _with_origin(policy, data, closure, sourcing)
    return replace(found, seconds={"calibrate": opened, **found.seconds})


def on(model: Model, policy: Policy, *, method: Any = "auto") -> Experiment:
    """Solve a policy on a model that is built, whatever its blocks.

    Parameters
    ----------
    model : Model
    policy : Policy
        Without an origin clause, which needs the blocks of rules of origin.
    method : str
        Passed to :meth:`cge.Model.solve`.

    Raises
    ------
    ShockError
        No policy, or one that cannot act on this model (an origin clause needs blocks of its own; see :func:`run`).
    """
    _require_policy(policy, "experiment.on")
    require_change(model, policy)  # refused before the benchmark is solved
    started = time.perf_counter()
    base, after = model.solve(), model.solve(policy, method=method)
    return Experiment(policy, base, after, {"build": model.seconds_to_build, "solve": time.perf_counter() - started})


def _require_policy(given: object, where: str) -> None:
    require_shock(given, where=where)
    if not isinstance(given, Policy):
        raise ShockError(
            f"{where} takes a policies.Policy, not {type(given).__name__}: solve other shocks with Model.solve, or "
            "cge.gtap.solve_gtap for shocks in GTAP's words"
        )


def _with_origin(policy: Policy, data: Benchmark, closure: Closure | None, sourcing: str) -> Experiment:
    from policies.rules_of_origin import OriginRules, study_of

    assert policy.origin is not None
    clock = [time.perf_counter()]
    study = study_of(policy, data, closure, sourcing)
    clock.append(time.perf_counter())
    base = study.model.solve()
    preferences = policy.without_origin()  # the study states the rules
    moved = any((found.value != found.base).any() for found in preferences.composed(study.model).values())
    rules = OriginRules(policy.name, rvc=policy.origin.rvc)
    after = study.solve(rules, policy=preferences if moved else None).solution
    clock.append(time.perf_counter())
    return Experiment(policy, base, after, dict(zip(("build", "solve"), (b - a for a, b in pairwise(clock)), strict=True)))
