"""A solution: labelled values of everything, its checks, and comparison with another solution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from calibration.cards import Carded
from calibration.currency import in_currency
from calibration.errors import require_labels, require_type
from calibration.labels import as_labels
from calibration.sam import SCHEMA
from cge.equations.absent import absent, reason
from cge.errors import ModelError
from cge.model import checks, saved, sensitivity
from cge.model.differences import Difference, exogenous_differences
from cge.model.door import aligned
from cge.solver.preconditioner import Factors
from cge.solver.rule_kernels import rule_kernel
from cge.solver.templates import Values
from cge.upward import provided

if TYPE_CHECKING:
    from cge.gvc.icio import Icio
    from cge.gvc.indicators import Indicators
    from cge.model import Model
    from cge.solver.ipopt import Verdict


@dataclass(repr=False)
class Solution(Carded):
    """An equilibrium.

    Attributes
    ----------
    model : Model
    name : str
        The policy solved.
    arrays : dict of ndarray
        Every symbol's values.
    log : list of dict
        The path: share of the shock, whether it solved, seconds.
    verdict : Verdict or None
        Ipopt's certificate; None for the last point of a path that failed.
    info : dict
        ``newton_steps, gmres_iterations, factorisations, iterations, status, max_residual, seconds``.
    policy_values : dict of ndarray
        What the policy set: instruments at their values after it.
    factors : Factors or None
        With which what begins at this solution goes on; None: with the benchmark's.

    A solution is pickled with the recipe of its model; :meth:`save` and :meth:`load` keep one in a file.
    """

    model: Model
    name: str
    arrays: dict[str, np.ndarray]
    log: list[dict[str, Any]]
    verdict: Verdict | None
    info: dict[str, Any]
    policy_values: dict[str, np.ndarray] = field(default_factory=dict)
    factors: Factors | None = None

    def _card(self) -> tuple[str, dict[str, object]]:
        told: dict[str, object] = {k: self.info[k] for k in ("status", "connection") if k in self.info}
        rows: dict[str, object] = {
            "policy": self.name,
            "benchmark": self.model.benchmark.name,
            "closure": self.model.closure.describe()["swaps"],
            **told,
        }
        if "max_residual" in self.info:
            rows["residual"] = f"{self.max_residual:.1e}"
        if self.model.mechanisms:
            rows["mechanisms"] = "; ".join(x.describe() for x in self.model.mechanisms)
        rows["names"] = f"{len(self.arrays)} symbols, {len(self.model.definitions)} definitions; solution['qo'] has labels"
        return "Solution", rows

    def _ipython_key_completions_(self) -> list[str]:
        return sorted({*self.model.symbols, *self.model.definitions})

    def __getitem__(self, name: str) -> xr.DataArray:
        """A variable, instrument, parameter or definition with labels and attributes."""
        model = self.model
        if name in model.symbols:
            symbol = model.symbols[name]
            text = symbol.long_name
            if symbol.kind == "parameter" and symbol.unit.startswith("million"):
                text = f"{text} (constant of the benchmark{f'; at the solution: value({name!r})' if name in SCHEMA else ''})"
            return self._labelled(name, symbol.dims, self.arrays[name], text, symbol.unit)
        if name in model.definitions:
            rule = model.definitions[name]
            return self._labelled(name, rule.dims, self.values_of(name), rule.long_name, rule.unit)
        raise absent(model, name)

    def values_of(self, name: str) -> np.ndarray:
        """The plain values of a definition or symbol."""
        model = self.model
        if name in model.symbols:
            return self.arrays[name]
        if name not in model.definitions:
            raise absent(model, name)
        if 0 in model.shape(name):  # over an empty set, as margins of a world without them
            return np.zeros(model.shape(name))
        kernel = rule_kernel(model, name, self.arrays, "everything")
        with np.errstate(all="ignore"):  # what does not exist (trade of one region alone) is 0 / 0
            return np.array(kernel.evaluate(Values(self.arrays), self.arrays))

    def value(self, name: str, prices: Literal["current", "base"] = "current") -> xr.DataArray:
        """A header of the SAM at this solution, million USD: at its own prices, or its quantities at benchmark prices.

        ``solution["vfob"]`` is the benchmark's constant whatever the policy; this is what exports are worth after it.
        See :func:`cge.results.updated_data.header_value`.
        """
        header: xr.DataArray = provided("value of a header")(self, name, prices)
        return header

    def _labelled(self, name: str, dims: tuple[str, ...], values: np.ndarray, text: str, unit: str) -> xr.DataArray:
        coords = {d: self.model.labels(d) for d in dims}
        attrs = {"long_name": text, "units": in_currency(unit, self.model.benchmark.currency)}
        return xr.DataArray(np.array(values), dims=dims, coords=coords, name=name, attrs=attrs)

    def to_dataset(self, names: str | Iterable[str] | None = None) -> xr.Dataset:
        """Variables, instruments and definitions (default: all) with the model's choices in the attributes."""
        if names is None:
            symbols = [n for n, s in self.model.symbols.items() if s.kind != "parameter"]
            names = [*symbols, *self.model.definitions]
        data = xr.Dataset({n: self[n] for n in as_labels(names, "names")})
        data.attrs = {**self.model.attrs(), "policy": self.name, **{k: str(v) for k, v in self.info.items() if k != "path"}}
        return data

    def save(self, path: str | Path) -> None:
        """Write everything to one compressed netCDF file, from which :meth:`load` reads the solution back."""
        require_type(path, (str, Path), "Solution.save", "the path of a file")
        saved.write(self, path)

    @classmethod
    def load(cls, path: str | Path, model: Model) -> Solution:
        """A saved solution of a model.

        Parameters
        ----------
        path : str or path
        model : Model
            The model that it was solved on, or one built from the same benchmark, closure, sourcing and blocks.

        Raises
        ------
        ModelError
            No such file; not a saved solution; labels, closure or sourcing are not the model's; or what the file holds does
            not solve the model's equations (another benchmark, or the file was changed).
        """
        require_type(path, (str, Path), "Solution.load", "the path of a file")
        content = saved.read(path, model)
        return cls(model, content.name, content.arrays, content.log, None, content.info, content.policy_values)

    # -- checks ------------------------------------------------------------------------------------
    @property
    def max_residual(self) -> float:
        """Largest residual over all equations, scaled by the equation's largest derivative."""
        return float(self.info["max_residual"])

    @property
    def walras(self) -> float:
        """Excess of the world's finance over its investment, of world GDP: zero by Walras' law.

        Computed from the accounts of all regions (definition ``excess``), not from the slack that the equations
        are given.

        Raises
        ------
        ModelError
            The composition does not define ``excess``.
        """
        missing = checks.absent(self.model)
        if checks.WALRAS in missing:
            raise ModelError(f"Walras' law cannot be checked: {missing[checks.WALRAS]}")
        return checks.gaps(self.model, self.values_of)[checks.WALRAS]

    def checks(self) -> pd.DataFrame:
        """Identities that hold at any equilibrium: columns ``check, value, limit, ok``; see :mod:`cge.model.checks`.

        :meth:`cge.Model.solve` has asked them all: a solution that fails one is not returned. Checks that a composition
        cannot answer are named in ``attrs["absent"]`` with the reason.
        """
        return checks.table(self)

    def homogeneity(self, factor: float = 1.1) -> float:
        """Solve again with the numeraire times ``factor``: the largest relative change of a quantity.

        Nominal values that a swap fixes are raised with it (:func:`cge.model.nominal.fixed_nominal`).
        """
        raised = {
            name: self.model.labelled(name, np.where(self.model.free[name], self.arrays[name], self.arrays[name] * factor))
            for name in ("pfactwld", *self.model.fixed_nominal())
        }
        again = self.model.solve(exogenous=raised, start=self)
        quantities = [n for n in ("qo", "qms", "qinv") if n in self.arrays]
        return max(float(abs(again.arrays[n] / self.arrays[n] - 1).max()) for n in quantities)

    def gradient(self, outcome: str, parameters: Sequence[str] | str, **where: str) -> xr.Dataset:
        """d outcome / d every element of exogenous symbols, by one transposed solve.

        ``solution.gradient("u", "tms", r="USA")`` is US welfare against every bilateral tariff of the
        world. See :func:`cge.model.sensitivity.gradient`.
        """
        names = [parameters] if isinstance(parameters, str) else list(parameters)
        return sensitivity.gradient(self, outcome, names, where)

    def tangent(self, direction: Mapping[str, xr.DataArray | float]) -> xr.Dataset:
        """Derivatives of all variables along a direction of exogenous arrays, aligned by label."""
        moved = sensitivity.tangent(self, {n: aligned(self.model, n, d) for n, d in direction.items()})
        return xr.Dataset({n: self[n].copy(data=values) for n, values in moved.items()})

    def icio(self, prices: Literal["current", "base"] = "current") -> Icio:
        """The inter-country input-output table of this solution, at its own or at benchmark prices.

        Raises
        ------
        ModelError
            The table does not add up: a block adds flows that it does not know (:func:`cge.gvc.assemble.of_solution`).
        """
        table: Icio = provided("inter-country table of a solution")(self, prices)
        return table

    def gvc(self) -> Indicators:
        """Value-chain indicators of this solution's table at current prices."""
        return self.icio().indicators()

    def compare(self, base: Solution) -> Comparison:
        """What changed from ``base`` to this solution."""
        if not isinstance(base, Solution):
            raise ModelError(f"a solution is compared with a Solution, not with {type(base).__name__}")
        return Comparison(base, self)


@dataclass(repr=False)
class Comparison(Carded):
    """Two solutions of one model side by side.

    Attributes
    ----------
    base, after : Solution

    Raises
    ------
    ModelError
        The models differ in labels, blocks or benchmark: what changed would be the data, not the economy.
    """

    base: Solution
    after: Solution

    def __post_init__(self) -> None:
        differs = self.base.model.difference(self.after.model)
        if differs and not differs.startswith("the closure"):
            raise ModelError(
                f"solutions {self.base.name!r} and {self.after.name!r} are of two models that differ in {differs}; compare "
                "each with a base solution of its own model"
            )

    def _card(self) -> tuple[str, dict[str, object]]:
        rows: dict[str, object] = {"base": self.base.name, "after": self.after.name}
        for region, row in self.table().iloc[:8, :1].iterrows():
            rows[str(region)] = f"{row.iloc[0]:+.3f} {row.index[0]}"
        return "Comparison", rows

    def exogenous(self) -> list[Difference]:
        """Every exogenous symbol and live parameter in which the two solutions differ, and whether a policy moved it."""
        return exogenous_differences(self.base, self.after)

    def remarks(self) -> list[str]:
        """In what the two solutions differ beside the policy, a line each; empty where in nothing."""
        beside = [d.text() for d in self.exogenous() if not d.of_policy]
        if self.base.model.closure.describe() != self.after.model.closure.describe():
            names = (self.base.model.closure.name, self.after.model.closure.name)
            beside.append(f"The closure differs: {names[0]!r} before, {names[1]!r} after.")
        return beside

    def percent(self, name: str) -> xr.DataArray:
        """Percentage change of a variable, instrument or definition.

        Raises
        ------
        ModelError
            The model has no such name, or it is a constant of the benchmark, which no policy changes.
        """
        symbol = self.base.model.symbols.get(name)
        if symbol is not None and symbol.kind == "parameter" and (symbol.structural or symbol.unit.startswith("million")):
            instead = f"; compare after.value({name!r}) with base.value({name!r})" if name in SCHEMA else ""
            raise ModelError(f"{name} is a constant of the benchmark, which no policy changes{instead}")
        before = self.base[name]
        change = 100.0 * (self.after[name] / before.where(before != 0) - 1.0)
        change.attrs = {"long_name": f"change of {before.attrs['long_name']}", "units": "per cent"}
        return change

    def bilateral(self) -> xr.Dataset:
        """Bilateral exports at benchmark fob prices before and after, and the change in per cent; dims (i, s, d)."""
        value = self.base["vfob"]
        before, after = value * self.base["qxs"], value * self.after["qxs"]
        return xr.Dataset({"before": before, "after": after, "percent": 100 * (after / before.where(before > 0) - 1)})

    def trade_among(self, members: str | Iterable[str]) -> float:
        """Percentage change of the volume of trade among different ``members``, benchmark fob prices."""
        flows = self.bilateral()[["before", "after"]].sum("i")
        chosen = list(dict.fromkeys(as_labels(members, "members")))
        require_labels(chosen, self.base.model.labels("r"), "region")
        inside = flows.sel(s=chosen, d=chosen)
        apart = xr.DataArray(~np.eye(len(chosen), dtype=bool), dims=("s", "d"), coords={"s": chosen, "d": chosen})
        totals = inside.where(apart).sum()
        return float(100 * (totals["after"] / totals["before"] - 1)) if float(totals["before"]) else float("nan")

    def _kinks(self) -> str:
        """Mechanisms whose complementarity moves between the two: along their path derivatives jump."""
        moved = []
        for mechanism in self.after.model.mechanisms:
            own = [n for n, s in mechanism.symbols.items() if mechanism.softens and s.kind == "instrument"]
            if any(not np.array_equal(self.after.arrays[n], self.base.model.benchmark_values[n]) for n in own):
                moved.append(type(mechanism).__name__)
        return ", ".join(moved)

    def table(self) -> pd.DataFrame:
        """One row a region: welfare, EV, real GDP, real wage, trade volumes, terms of trade (per cent; EV million USD).

        In the standard model of GTAP welfare and EV depend on the path of the shock, which is solved for here
        (:func:`cge.gtap.result_of`). A column that the model's blocks do not give is left out; ``attrs["absent"]`` says why.
        """
        model = self.after.model
        percent = {
            "welfare_percent": "u",
            "real_gdp_percent": "qgdp",
            "real_wage_percent": "realwage",
            "exports_percent": "qexp",
            "imports_percent": "qimp",
            "terms_of_trade_percent": "tot",
        }
        over = ""
        given = {label: n for label, n in percent.items() if n in model.symbols or n in model.definitions}
        frame = pd.DataFrame({label: self.percent(n).to_series() for label, n in given.items()}, index=model.labels("r"))
        if "u" in model.definitions:
            frame.insert(1, "ev_musd", self.after["ev"].to_series() - self.base["ev"].to_series())
        elif "bank" in model.symbols and not (over := self._kinks()):
            results = [provided("welfare along a path")(s) for s in (self.base, self.after)]
            frame.insert(0, "welfare_percent", 100 * (results[1].utility() / results[0].utility() - 1))
            frame.insert(1, "ev_musd", results[1].ev() - results[0].ev())
        lacking = [n for label, n in {**percent, "ev_musd": "ev"}.items() if label not in frame]
        told = "an integral along the shock's path, which is not followed over the kinks of {}"
        frame.attrs["absent"] = {n: told.format(over) if over else reason(model, n) or f"no block defines {n}" for n in lacking}
        frame.index.name = "region"
        frame.attrs["remarks"] = self.remarks()
        return frame
