"""A solution: labelled values of everything, its checks, and comparison with another solution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from calibration.currency import in_currency
from cge import sensitivity
from cge.declare import SET_OF_DIM
from cge.errors import ModelError
from cge.gvc.icio import Icio
from cge.gvc.indicators import Indicators
from cge.templates import Kernel

if TYPE_CHECKING:
    from cge.ipopt import Verdict
    from cge.model import Model


@dataclass
class Solution:
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
    """

    model: Model
    name: str
    arrays: dict[str, np.ndarray]
    log: list[dict[str, Any]]
    verdict: Verdict | None
    info: dict[str, Any]

    def __getitem__(self, name: str) -> xr.DataArray:
        """A variable, instrument, parameter or definition with labels and attributes."""
        model = self.model
        if name in model.symbols:
            symbol = model.symbols[name]
            return self._labelled(name, symbol.dims, self.arrays[name], symbol.long_name, symbol.unit)
        if name in model.definitions:
            rule = model.definitions[name]
            return self._labelled(name, rule.dims, self.values_of(name), rule.long_name, rule.unit)
        raise ModelError(f"solution holds no {name!r}")

    def values_of(self, name: str) -> np.ndarray:
        """The plain values of a definition or symbol."""
        model = self.model
        if name in model.symbols:
            return self.arrays[name]
        kernel = model._definition_kernels.get(name)
        if kernel is None:
            rule = model.definitions[name]
            index_sets = [getattr(model.pyomo, SET_OF_DIM[d]) for d in rule.dims]
            kernel = Kernel(rule.function, model.pyomo, index_sets, {n: a.shape for n, a in self.arrays.items()}, self.arrays)
            model._definition_kernels[name] = kernel
        return np.array(kernel.evaluate(model.values, self.arrays))

    def _labelled(self, name: str, dims: tuple[str, ...], values: np.ndarray, text: str, unit: str) -> xr.DataArray:
        coords = {d: self.model.labels(d) for d in dims}
        attrs = {"long_name": text, "units": in_currency(unit, self.model.benchmark.currency)}
        return xr.DataArray(values, dims=dims, coords=coords, name=name, attrs=attrs)

    def to_dataset(self, names: Iterable[str] | None = None) -> xr.Dataset:
        """Variables, instruments and definitions (default: all) with the model's choices in the attributes."""
        if names is None:
            symbols = [n for n, s in self.model.symbols.items() if s.kind != "parameter"]
            names = [*symbols, *self.model.definitions]
        data = xr.Dataset({n: self[n] for n in names})
        data.attrs = {**self.model.attrs(), "policy": self.name, **{k: str(v) for k, v in self.info.items() if k != "path"}}
        return data

    def save(self, path: str | Path) -> None:
        """Write everything to one compressed netCDF file."""
        data = self.to_dataset()
        encoding = {str(v): {"zlib": True, "complevel": 1} for v in data.data_vars if data[v].size > 1000}
        data.to_netcdf(path, engine="h5netcdf", encoding=encoding)

    # -- checks ------------------------------------------------------------------------------------
    @property
    def max_residual(self) -> float:
        """Largest residual over all equations, scaled by the equation's largest derivative."""
        return float(self.info["max_residual"])

    @property
    def walras(self) -> float:
        """Excess saving of the world over benchmark world GDP, which Walras' law makes zero."""
        slack = float(self.arrays["walraslack"]) * float(self.arrays["inv_0"].sum())
        return abs(slack) / float(self.arrays["gdp_0"].sum())

    def checks(self) -> pd.DataFrame:
        """Identities that hold at any equilibrium: columns ``check, value, limit, ok``."""
        world = float(self.values_of("gdp").sum())
        gdp = [self.values_of(k) for k in ("gdp", "gdpinc", "gdpva")]
        exists = [n for n, s in self.model.symbols.items() if s.kind == "variable" and not s.signed]
        rows = [
            ("largest residual", self.max_residual, 1e-9),
            ("Walras' law, of world GDP", self.walras, 1e-8),
            ("GDP expenditure = income", float(abs(gdp[0] - gdp[1]).max() / world), 1e-9),
            ("GDP expenditure = value added", float(abs(gdp[0] - gdp[2]).max() / world), 1e-9),
            ("world trade balances", float(abs(self.values_of("tbal").sum()) / world), 1e-9),
            ("smallest price or quantity, sign reversed", -min(float(self.arrays[n].min()) for n in exists), 0.0),
        ]
        frame = pd.DataFrame(rows, columns=["check", "value", "limit"])
        frame["ok"] = frame["value"] <= frame["limit"]
        return frame

    def homogeneity(self, factor: float = 1.1) -> float:
        """Solve again with the numeraire times ``factor``: the largest relative change of a quantity."""
        model = self.model
        raised = {n: self.arrays[n] for n, s in model.symbols.items() if s.kind == "instrument" and not model.free[n].any()}
        raised["pfactwld"] = self.arrays["pfactwld"] * factor
        live = model.changed_parameters(self.arrays)
        again = model.solve(exogenous=raised, start=self if not live else "fast", parameters=live or None)
        quantities = [n for n in ("qo", "qms", "qinv") if n in self.arrays]
        return max(float(abs(again.arrays[n] / self.arrays[n] - 1).max()) for n in quantities)

    def gradient(self, outcome: str, parameters: Sequence[str] | str, **where: str) -> xr.Dataset:
        """d outcome / d every element of exogenous symbols, by one transposed solve.

        ``solution.gradient("u", "tms", r="USA")`` is US welfare against every bilateral tariff of the
        world. See :func:`cge.sensitivity.gradient`.
        """
        names = [parameters] if isinstance(parameters, str) else list(parameters)
        return sensitivity.gradient(self, outcome, names, where)

    def tangent(self, direction: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Derivatives of all variables along a direction of exogenous arrays."""
        return sensitivity.tangent(self, direction)

    def icio(self, prices: Literal["current", "base"] = "current") -> Icio:
        """The inter-country input-output table of this solution, at its own or at benchmark prices.

        Raises
        ------
        ModelError
            Rules of origin changed what a sector buys from whom, beside its ordinary demand.
        """
        _refuse_rules(self, "its inter-country table")
        return Icio.from_solution(self, prices)

    def gvc(self) -> Indicators:
        """Value-chain indicators of this solution's table at current prices."""
        return self.icio().indicators()

    def compare(self, base: Solution) -> Comparison:
        """What changed from ``base`` to this solution."""
        return Comparison(base, self)


def _refuse_rules(solution: Solution, what: str) -> None:
    """Raise where compliance moves inputs between suppliers, which neither the table nor the SAM shows."""
    symbols = solution.model.symbols
    if "zcomp" in symbols and (solution.arrays["prem"] * solution.arrays["zcomp"] > 1e-12).any():
        raise ModelError(
            f"solution {solution.name!r} has firms that change suppliers to meet rules of origin; {what} cannot show "
            "that yet; take it from a solution without binding rules"
        )


@dataclass
class Comparison:
    """Two solutions of one model side by side."""

    base: Solution
    after: Solution

    def percent(self, name: str) -> xr.DataArray:
        """Percentage change of a variable or definition."""
        before = self.base[name]
        change = 100.0 * (self.after[name] / before.where(before != 0) - 1.0)
        change.attrs = {"long_name": f"change of {before.attrs['long_name']}", "units": "per cent"}
        return change

    def bilateral(self) -> xr.Dataset:
        """Bilateral exports at benchmark fob prices before and after, and the change in per cent; dims (i, s, d)."""
        value = self.base["vfob"]
        before, after = value * self.base["qxs"], value * self.after["qxs"]
        return xr.Dataset({"before": before, "after": after, "percent": 100 * (after / before.where(before > 0) - 1)})

    def trade_among(self, members: Iterable[str]) -> float:
        """Percentage change of the volume of trade among different ``members``, benchmark fob prices."""
        flows = self.bilateral()[["before", "after"]].sum("i")
        chosen = list(members)
        inside = flows.sel(s=chosen, d=chosen)
        apart = xr.DataArray(~np.eye(len(chosen), dtype=bool), dims=("s", "d"), coords={"s": chosen, "d": chosen})
        totals = inside.where(apart).sum()
        return float(100 * (totals["after"] / totals["before"] - 1)) if float(totals["before"]) else float("nan")

    def table(self) -> pd.DataFrame:
        """One row a region: welfare, EV, real GDP, real wage, trade volumes, terms of trade (per cent; EV million USD)."""
        percent = {
            "welfare_percent": "u",
            "real_gdp_percent": "qgdp",
            "real_wage_percent": "realwage",
            "exports_percent": "qexp",
            "imports_percent": "qimp",
            "terms_of_trade_percent": "tot",
        }
        columns = {label: self.percent(name).to_series() for label, name in percent.items()}
        frame = pd.DataFrame(columns)
        frame.insert(1, "ev_musd", self.after["ev"].to_series() - self.base["ev"].to_series())
        frame.index.name = "region"
        return frame
