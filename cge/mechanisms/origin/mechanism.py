"""The mechanism: rules of origin for one covered sector, or for several at once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from cge.equations.calibrated import Calibrated
from cge.equations.declare import Mechanism, Rule
from cge.errors import ModelError
from cge.mechanisms.origin.coverage import Coverage
from cge.mechanisms.origin.demand import ComplianceDemand
from cge.mechanisms.origin.firms import Firms
from cge.mechanisms.origin.industry import CoveredBlock, Industry
from cge.mechanisms.origin.regime import Regime
from cge.mechanisms.origin.rules import ContentRules
from cge.mechanisms.origin.welfare import real_income

if TYPE_CHECKING:
    from cge.model.path import PathPoint
    from cge.model.solution import Solution

SMOOTHING = (1e-2, 1e-3, 1e-4, 1e-6, 1e-10)
"""Smoothing of the complementarity where the sharp problem does not contract at once."""
PARTS: tuple[type[CoveredBlock], ...] = (Firms, ContentRules, Regime, ComplianceDemand)
SHARED = ("smooth",)
"""Symbols that all covered sectors have in common."""


TRADED = ("sold", "sold_moved", "bought", "bought_moved")
"""What :func:`cge.mechanisms.origin.welfare.real_income` tells of trade."""


class RulesOfOrigin(Firms, ContentRules, Regime, ComplianceDemand, Mechanism):
    """Firms of covered sectors comply with rules of origin or pay the ordinary duty.

    Parameters
    ----------
    *coverages : Coverage
        One for each covered sector. The symbols of the first have their plain names (``rvc``, ``mu_rvc``); those of each
        further one carry its sector (``rvc_tex``, ``mu_rvc_tex``; :meth:`name`).

    Raises
    ------
    ModelError
        No coverage, one sector twice, or sectors with different numbers of firm types.
    """

    softens: ClassVar[Mapping[str, tuple[float, ...]]] = {"smooth": SMOOTHING}
    together = "one RulesOfOrigin takes several covered sectors: RulesOfOrigin(cars, textiles)"

    def __init__(self, *coverages: Coverage) -> None:
        wrong = [x for x in coverages if not isinstance(x, Coverage)]
        if wrong or not coverages:
            raise ModelError(
                f"RulesOfOrigin takes a Coverage for each covered sector, not {wrong[0]!r}"
                if wrong
                else "RulesOfOrigin needs a Coverage"
            )
        sectors = [x.sector for x in coverages]
        if len(set(sectors)) < len(sectors):
            raise ModelError(f"rules of origin cover {', '.join(sectors)}: each sector once")
        if len({x.types for x in coverages}) > 1:
            numbers = ", ".join(f"{x.sector} {x.types}" for x in coverages)
            raise ModelError(f"covered sectors have one number of firm types, not {numbers}")
        self.coverages = coverages
        self.coverage = coverages[0]
        self.sector, self.material, self.metals = self.coverage.sector, self.coverage.material, self.coverage.metals
        self.sets = {"types": [f"t{k + 1}" for k in range(self.coverage.types)]}
        self.names: dict[str, str] = {}  # plain name -> the name it has in the model
        self.covered: tuple[RulesOfOrigin, ...] = (self,)
        if len(coverages) > 1:
            self._unite()

    def _unite(self) -> None:
        """Give each further sector symbols and rules under its own names."""
        self.covered = tuple(RulesOfOrigin(x) for x in self.coverages)
        own = RulesOfOrigin
        self.symbols, self.rules = {}, {}
        for k, part in enumerate(self.covered):
            suffix = "_" + re.sub(r"\W", "_", part.sector)
            part.names = {n: n + suffix for n in (*own.symbols, *own.rules) if n not in SHARED} if k else {}
            for plain, symbol in own.symbols.items():
                if k == 0 or plain not in SHARED:
                    name = part.names.get(plain, plain)
                    self.symbols[name] = replace(symbol, name=name, long_name=f"{symbol.long_name} ({part.sector})")
            for plain, rule in own.rules.items():
                name = part.names.get(plain, plain)
                self.rules[name] = _renamed(rule, part, name)

    def name(self, plain: str, sector: str) -> str:
        """The name in the model of a symbol of a covered sector.

        Raises
        ------
        ModelError
            The sector is not covered.
        """
        for part in self.covered:
            if part.sector == sector:
                return part.names.get(plain, plain)
        raise ModelError(f"rules of origin cover {', '.join(x.sector for x in self.coverages)}, not {sector!r}")

    def describe(self) -> str:
        """Name and coverages."""
        return f"RulesOfOrigin({', '.join(map(repr, self.coverages))})"

    def options(self) -> Mapping[str, Any]:
        """Its coverages, each as its fields."""
        return {
            "coverages": [{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(x).items()} for x in self.coverages]
        }

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """The rules of coverages given as mappings (or as Coverage)."""
        given = dict(options)
        listed = given.pop("coverages", ())
        if given:
            raise TypeError(f"RulesOfOrigin takes coverages, not {', '.join(given)}")
        return cls(*(x if isinstance(x, Coverage) else Coverage(**x) for x in listed))

    def __reduce__(self) -> tuple[Any, ...]:
        return RulesOfOrigin, self.coverages

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        """Values of every part, under their names."""
        values: dict[str, np.ndarray] = {}
        for part in self.covered:
            industry = Industry(part.coverage, data)
            for block in PARTS:
                given = block.calibrate_from(part, industry)
                values.update({part.names.get(n, n): np.asarray(v, dtype=float) for n, v in given.items()})
        return values

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        """Variables exist for members that make the sector from its material, and for pairs that trade it."""
        masks: dict[str, np.ndarray] = {}
        for part in self.covered:
            industry = Industry(part.coverage, data)
            by_type = np.repeat(industry.makes[None], part.coverage.types, axis=0)
            for plain, symbol in RulesOfOrigin.symbols.items():
                if symbol.kind == "variable":
                    mask = industry.ships if symbol.dims == ("s", "d") else by_type if "k" in symbol.dims else industry.makes
                    masks[part.names.get(plain, plain)] = mask
        return masks

    def entries(self, solution: Solution) -> Mapping[str, np.ndarray]:
        """The premium, from the cost of the sector to the landed value of its shipments, and duties as firms pay them."""
        v, model = solution.values_of, solution.model
        total: dict[str, np.ndarray] = {}
        for part in self.covered:
            premium, duty = (_mine(part, v, name) for name in ("vprem", "duty"))
            industry = Industry(part.coverage, model.data)
            i, a = industry.commodity, industry.activity
            premium, duty = premium * industry.ships, duty * industry.ships
            plain = v("vcif")[i] * v("pcif")[i] * v("qxs")[i] * (v("tms")[i] - 1.0) * industry.ships
            bilateral = {"vxsb": premium, "vfob": premium, "vcif": premium, "vmsb": premium + duty - plain}
            for header, value in bilateral.items():
                total.setdefault(header, np.zeros_like(model.data[header]))[i] += value
            for header in ("makb", "maks"):
                total.setdefault(header, np.zeros_like(model.data[header]))[i, a] += premium.sum(1)
        return total

    def sourced(self, solution: Solution) -> np.ndarray:
        """What compliance adds to the imports of the covered sectors, by origin; product, over benchmark shipments."""
        v, model = solution.values_of, solution.model
        shape = model.data["vmsb"].shape
        added = np.zeros((shape[0], len(model.sets["acts"]), *shape[1:]))
        for part in self.covered:
            added[:, model.sets["acts"].index(part.sector)] += _mine(part, v, "extra") / v("ams")
        return added

    def traded(self, point: PathPoint) -> Mapping[str, np.ndarray]:
        """The premium on complying shipments, which crosses borders with them."""
        return {part: values for part, values in self._moved(point).items() if part in TRADED}

    def real_income(self, point: PathPoint, world: float) -> Mapping[str, np.ndarray]:
        """Duties as firms pay them and what compliance costs (:mod:`cge.mechanisms.origin.welfare`)."""
        return {part: values for part, values in self._moved(point).items() if part not in TRADED}

    def _moved(self, point: PathPoint) -> dict[str, np.ndarray]:
        total: dict[str, np.ndarray] = {}
        for part in self.covered:
            industry = Industry(part.coverage, point.solution.model.data)
            for name, values in real_income(point, industry, lambda n, names=part.names: names.get(n, n)).items():  # type: ignore[misc]
                total[name] = total.get(name, 0.0) + values
        return total


def _mine(part: RulesOfOrigin, value: Callable[[str], np.ndarray], plain: str) -> np.ndarray:
    """The value of a part's symbol or definition; what does not exist is nothing."""
    return np.asarray(np.nan_to_num(value(part.names.get(plain, plain))))


class _Scope:
    """A model as the rules of one covered sector see it: their plain names are that sector's."""

    def __init__(self, model: Any, names: Mapping[str, str]) -> None:
        self._model, self._names = model, names

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, self._names.get(name, name))


def _renamed(rule: Rule, part: RulesOfOrigin, name: str) -> Rule:
    """The rule of a covered sector under its own name, stated in that sector's symbols."""
    bound = partial(rule.function, part) if next(iter(inspect.signature(rule.function).parameters)) == "self" else rule.function

    def stated(m: Any, *index: Any) -> Any:
        return bound(_Scope(m, part.names), *index)

    defines = part.names.get(rule.defines, rule.defines) if rule.defines else None
    complements = part.names.get(rule.complements, rule.complements)
    sentence = f"{rule.long_name} ({part.sector})"
    return replace(rule, name=name, function=stated, defines=defines, complements=complements, long_name=sentence)
