"""Rules of origin for any agreement: which firms comply, what it costs, what it changes.

A study prepares one model with the mechanism of :mod:`cge.mechanisms.origin` and solves it under rules,
duties and other policies. Rules that no type of a member can meet leave its preference unused. The
benchmark is read as the area without rules (preferences are automatic); every scenario, the rules in force
at the benchmark too, is solved against it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from calibration import Benchmark
from calibration.errors import nearest
from cge.equations.closure import Closure
from cge.errors import ShockError
from cge.mechanisms.origin import PAIRS, Coverage, RulesOfOrigin
from cge.mechanisms.origin.compliance import Firm, comply
from cge.mechanisms.origin.results import RulesSolution
from cge.model import Model
from cge.model.solution import Solution
from cge.policy.policy import Policy


@dataclass(frozen=True)
class OriginRules:
    """Thresholds of one set of rules; None is not in force.

    Attributes
    ----------
    name : str
    rvc : float or None
        Regional value content, share of net cost.
    lvc : float or None
        Labour value content: share of cost made in plants above the wage floor.
    lvc_credit : float
        Credits of the labour rule that need no such plant (research, assembly), taken off the threshold.
    steel, alu : float or None
        Share of steel and of aluminium bought in the area.
    paper : float
        Paperwork, share of a complying shipment.

    Raises
    ------
    ShockError
        A threshold outside [0, 1).
    """

    name: str
    rvc: float | None = None
    lvc: float | None = None
    lvc_credit: float = 0.0
    steel: float | None = None
    alu: float | None = None
    paper: float = 0.0

    def __post_init__(self) -> None:
        for what in ("rvc", "lvc", "steel", "alu", "paper", "lvc_credit"):
            value = getattr(self, what)
            if value is not None and not 0 <= value < 1:
                raise ShockError(f"rules {self.name!r}: {what} is {value}; a share in [0, 1) is needed")

    def thresholds(self) -> dict[str, float]:
        """Thresholds by name of the rule, those in force only."""
        lvc = None if self.lvc is None else max(self.lvc - self.lvc_credit, 0.0)
        held = {"rvc": self.rvc, "lvc": lvc, "steel": self.steel, "alu": self.alu}
        return {name: value for name, value in held.items() if value is not None}


class RulesStudy:
    """One model with rules of origin, solved under many of them.

    Parameters
    ----------
    benchmark : Benchmark
        With the covered sector and its material.
    coverage : Coverage
    duties : mapping
        Member -> most-favoured-nation rate on the covered sector (fraction) that firms pay who do not comply;
        members left out keep the benchmark's applied rates as that duty.
    reference : mapping, optional
        Rates at which ``utilisation0`` is observed; default ``duties``.
    utilisation0 : float
        Share of shipments that use the preference when compliance costs nothing.
    closure : Closure, optional
    model : Model, optional
        A model with :class:`cge.mechanisms.origin.RulesOfOrigin` of this coverage on any composition, among other covered
        sectors too, in the place of one built here (on the core, with ``closure`` and ``sourcing``).

    Raises
    ------
    ShockError
        A share or a member is not lawful, or the model given does not state the rules of this coverage on this benchmark.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        coverage: Coverage,
        duties: Mapping[str, float] | None = None,
        reference: Mapping[str, float] | None = None,
        utilisation0: float = 0.97,
        closure: Closure | None = None,
        sourcing: str = "use",
        model: Model | None = None,
    ) -> None:
        if not 0 < utilisation0 <= 1:
            raise ShockError(f"utilisation0 is {utilisation0}; a share in (0, 1] is needed")
        for member in {**(duties or {}), **(reference or {})}:
            if member not in coverage.area:
                raise ShockError(f"a duty is given for {member!r}, which is no member ({', '.join(coverage.area)})")
        self.benchmark, self.coverage = benchmark, coverage
        self.duties = dict(duties or {})
        self.reference = dict(reference or self.duties)
        self.utilisation0 = utilisation0
        if model is None:
            model = Model(benchmark, closure, sourcing=sourcing, mechanisms=(RulesOfOrigin(coverage),))
        self.model, self.rules = model, _rules_in(model, benchmark, coverage)
        ships = self.model.free[self.name("pship")]
        names = benchmark.regions
        self.pairs = [(names[s], names[d]) for s, d in np.argwhere(ships)]
        self.rows = np.flatnonzero(self.model.free[self.name("pcomp")].any(0))
        self.makers = [names[r] for r in self.rows]
        self._known: dict[tuple[object, ...], tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, int]]] = {}

    def name(self, plain: str) -> str:
        """The name in the model of a symbol of the covered sector; that of any other symbol is its own."""
        own = plain in RulesOfOrigin.symbols or plain in RulesOfOrigin.rules
        return self.rules.name(plain, self.coverage.sector) if own else plain

    def benchmark_value(self, plain: str) -> np.ndarray:
        """Benchmark value of a symbol of the covered sector."""
        return self.model.benchmark_values[self.name(plain)]

    def firm(self, k: int, r: int) -> Firm:
        """A type of a member at benchmark prices."""
        names = ("smat", "bout", "bhigh", "blow", "smet", "bmout", "ishigh", "svadd", "coth", "cout", "esubp")
        v, steel = {n: self.benchmark_value(n) for n in names}, self.coverage.steel_share
        material = v["smat"][r] * np.array([v["bout"][k, r], v["bhigh"][k, r], v["blow"][k, r]])
        metals = v["smet"][r] * np.outer([steel, 1 - steel], [v["bmout"][r], 1 - v["bmout"][r]])
        own = bool(v["ishigh"][r])
        return Firm(v["svadd"][r], v["coth"][r], v["cout"][r], material, metals, own, float(v["esubp"][r]))

    def _rules(self, rules: OriginRules) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, int]]:
        """Thresholds by type, a first guess of the complying firms, and how many types cannot comply by member."""
        thresholds = rules.thresholds()
        key = tuple(sorted(thresholds.items()))
        if key in self._known:
            return self._known[key]
        v = self.benchmark_value
        asked = {p: v(p).copy() for p in PAIRS}
        guess = {n: v(n).copy() for p in PAIRS for n in (f"mu_{p}", f"gap_{p}")} | {"prem": v("prem").copy()}
        unused: dict[str, int] = {}
        for r in self.rows:
            for k in range(self.coverage.types):
                found = comply(self.firm(k, int(r)), thresholds)
                if found is None:
                    name = self.benchmark.regions[r]
                    unused[name] = unused.get(name, 0) + 1
                    asked["rvc"][k, r] = np.nan  # marks the type; see solve
                    continue
                for q, p in enumerate(PAIRS):
                    asked[p][k, r] = thresholds.get(p, -1.0)
                    guess[f"mu_{p}"][k, r], guess[f"gap_{p}"][k, r] = found[0][q], found[1].gaps[q]
                guess["prem"][k, r] = found[1].premium
        self._known[key] = asked, guess, unused
        return self._known[key]

    def exogenous(
        self,
        rules: OriginRules | None,
        duties: Mapping[str, float] | None = None,
        lapsed: Sequence[tuple[str, str]] = (),
    ) -> tuple[dict[str, xr.DataArray], dict[str, xr.DataArray], dict[str, int]]:
        """Instruments of a scenario at their final values, a guess (both labelled), and the types that cannot comply."""
        v = self.benchmark_value
        names = self.benchmark.regions
        applied = v("tms_0")[self.benchmark.commodities.index(self.coverage.sector)]
        out = {n: v(n).copy() for n in ("use0", "aref", "bref", "tmfn", "paper", *PAIRS)}
        guess: dict[str, np.ndarray] = {}
        unused: dict[str, int] = {}
        for member, rate in {**self.duties, **(duties or {})}.items():
            out["tmfn"][:, names.index(member)] = 1.0 + rate
        if rules is not None:
            asked, guess, unused = self._rules(rules)
            cannot = np.isnan(asked["rvc"])
            for p in PAIRS:
                out[p] = np.where(cannot, -1.0, asked[p])
            out["use0"][:] = self.utilisation0
            out["use0"][cannot] = 0.0
            out["paper"][:] = 1.0 + rules.paper
            # the margin at which utilisation0 is seen: free of duty against the reference duty
            out["aref"] = (1.0 + rules.paper) / applied
            out["bref"] = v("tmfn") / applied
            for member, rate in self.reference.items():
                column = names.index(member)
                out["bref"][:, column] = (1.0 + rate) / applied[:, column]
        for origin, destination in _pairs(lapsed, names):
            out["use0"][:, names.index(origin), names.index(destination)] = 0.0

        def labelled(arrays: Mapping[str, np.ndarray]) -> dict[str, xr.DataArray]:
            return {self.name(n): self.model.labelled(self.name(n), values) for n, values in arrays.items()}

        return labelled(out), labelled(guess), unused

    def solve(
        self,
        rules: OriginRules | None = None,
        *,
        duties: Mapping[str, float] | None = None,
        policy: Policy | None = None,
        lapsed: Sequence[tuple[str, str]] = (),
        start: Solution | None = None,
        beside: Mapping[RulesStudy, OriginRules] | None = None,
    ) -> RulesSolution:
        """Equilibrium under rules (None: preferences are automatic).

        Parameters
        ----------
        rules : OriginRules or None
        duties : mapping, optional
            Most-favoured-nation rates of this scenario, instead of the study's.
        policy : Policy, optional
            Other changes at the same time.
        lapsed : sequence of pairs
            (origin, destination) whose preference is suspended: the ordinary duty applies.
        start : Solution, optional
            A neighbour.
        beside : mapping of RulesStudy to OriginRules, optional
            Rules of other covered sectors of the same model, at the same time.

        Raises
        ------
        ShockError
            A study beside is of another model.
        """
        exogenous, guess, unused = self.exogenous(rules, duties, lapsed)
        for study, others in (beside or {}).items():
            if study.model is not self.model:
                raise ShockError(f"the rules on {study.coverage.sector!r} are of another model; give both studies one model")
            asked, near_it, _ = study.exogenous(others)
            exogenous, guess = {**exogenous, **asked}, {**guess, **near_it}
        given: dict[str, xr.DataArray | float] = dict(exogenous)
        neighbour = {n: start[n] for n in self.model.system.index} if start is not None else {}
        near: dict[str, xr.DataArray | float] = {**neighbour, **guess}
        solution = self.model.solve(policy, exogenous=given, guess=near)
        return RulesSolution(solution, rules, self, unused)

    def curve(
        self,
        thresholds: Sequence[float],
        rules: OriginRules,
        duties: Mapping[str, float] | None = None,
        report: Callable[[float], None] | None = None,
    ) -> pd.DataFrame:
        """Outcomes along content thresholds, each solved from its neighbour; index ``rvc``; ``report`` is told the share done.

        Columns: ``regional_content``, ``utilisation``, ``constrained_share``, ``cost_penalty``, and
        ``employment_<sector>_<member>`` in per cent of the area without rules.
        """
        free = self.solve(None, duties=duties).industry()
        rows, last = [], None
        for rvc in thresholds:
            at = OriginRules(f"{rules.name} {rvc:g}", rvc, rules.lvc, rules.lvc_credit, rules.steel, rules.alu, rules.paper)
            found = self.solve(at, duties=duties, start=last)
            last = found.solution
            industry = found.industry()
            row = {
                "rvc": rvc,
                "regional_content": found.regional_content(),
                "utilisation": float(found.utilisation().mean()),
                "constrained_share": found.constrained_share(),
                "cost_penalty": found.cost_penalty(),
                "complementarity_gap": found.complementarity_gap(),
            }
            for (sector, region), line in industry.iterrows():
                if region in self.coverage.area:
                    before = free.loc[(sector, region), "employment"]
                    row[f"employment_{sector}_{region}"] = 100 * (line["employment"] / before - 1)
            rows.append(row)
            if report is not None:
                report(len(rows) / len(thresholds))
        return pd.DataFrame(rows).set_index("rvc")


def _rules_in(model: Model, benchmark: Benchmark, coverage: Coverage) -> RulesOfOrigin:
    """The mechanism of a model that states the rules of a coverage."""
    if model.benchmark.name != benchmark.name or model.labels("r") != benchmark.regions:
        raise ShockError(f"the model is of benchmark {model.benchmark.name!r}, the study of {benchmark.name!r}")
    for mechanism in model.mechanisms:
        if isinstance(mechanism, RulesOfOrigin) and coverage in mechanism.coverages:
            return mechanism
    raise ShockError(
        f"the model states no rules of origin on {coverage.sector!r} with this coverage; build it with "
        "mechanisms=(RulesOfOrigin(coverage),)"
    )


def _pairs(lapsed: Sequence[tuple[str, str]], regions: list[str]) -> list[tuple[str, str]]:
    """Pairs of regions, checked: a text is neither a pair nor a list of them."""
    pairs: list[tuple[str, str]] = []
    for pair in [lapsed] if isinstance(lapsed, str) else lapsed:
        if isinstance(pair, str) or len(pair) != 2:
            raise ShockError(f"lapsed: {pair!r} is no pair (origin, destination), as ('MEX', 'USA')")
        for label in pair:
            if label not in regions:
                raise ShockError(f"lapsed: {label!r} is no region of the benchmark{nearest(str(label), regions)}")
        pairs.append((pair[0], pair[1]))
    return pairs
