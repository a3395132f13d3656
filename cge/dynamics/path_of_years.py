"""Years of one run: their results, the stocks at the start of each, and the file they are kept in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import DataError
from calibration.parse import load_netcdf, reading
from cge.errors import ModelError, SolveError
from cge.model.solution import Solution

Array = np.ndarray


class DynamicsError(SolveError, ModelError):
    """A year without a solution.

    Attributes
    ----------
    path : PathOfYears or None
        The years done.
    year : int
    """

    def __init__(self, message: str, path: PathOfYears | None = None, year: int = 0, worst: list[str] | None = None) -> None:
        super().__init__(message, worst=worst)
        self.path, self.year = path, year


@dataclass
class State:
    """Stocks at the start of a year; each dims (r,) or, ``tied``, (a, r). Capital 1 is the base year's.

    Attributes
    ----------
    capital : ndarray
    assets, debt, public, parks : ndarray
        Million USD in the numeraire.
    tied : ndarray
        Capital by activity over the region's, where it is tied.
    """

    capital: Array
    assets: Array
    debt: Array
    public: Array
    parks: Array
    tied: Array

    def copy(self) -> State:
        """The same numbers in arrays of their own."""
        return State(**{k: np.array(v) for k, v in vars(self).items()})


STOCKS = tuple(f.name for f in fields(State))
SAID = ("currency", "demand", "production")
"""What the results of each year tell of the model."""


@dataclass
class PathOfYears:
    """Years of one run.

    Attributes
    ----------
    name : str
    benchmark : str
    years : list of int
        Done.
    data : list of Dataset
        One a year.
    states : list of State
        At the start of each year done, and of the next.
    made_of : dict
        What went into the run -> its value or hash (:meth:`cge.dynamics.Dynamics.made_of`); empty text: no hash.
    kept : list of dict
        A baseline's values of the variables that policies hold, by year; not saved.
    last : Solution or None
    seconds : float
        Of all sessions.
    """

    name: str
    benchmark: str
    years: list[int] = field(default_factory=list)
    data: list[xr.Dataset] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    made_of: dict[str, str] = field(default_factory=dict)
    kept: list[dict[str, Array]] = field(default_factory=list)
    last: Solution | None = None
    seconds: float = 0.0

    def dataset(self) -> xr.Dataset:
        """All years along ``year``.

        Raises
        ------
        ModelError
            No year is done.
        """
        if not self.years:
            raise ModelError(f"path {self.name!r} has no year done")
        joined = xr.concat(self.data, dim=pd.Index(self.years, name="year"))
        said = {name: self.data[0].attrs[name] for name in SAID if name in self.data[0].attrs}
        joined.attrs = {"path": self.name, "benchmark": self.benchmark, "currency": "USD", **said}
        return joined

    @property
    def max_residual(self) -> float:
        """Largest residual of any year."""
        return max((float(d["max_residual"]) for d in self.data), default=0.0)

    @property
    def identity_gap(self) -> float:
        """Largest relative gap of the stock-flow identities of any year."""
        return max((float(d["identity_gap"]) for d in self.data), default=0.0)

    def save(self, path: str | Path) -> None:
        """Results and states as one netCDF file; :meth:`load` resumes from it.

        The file appears whole or not at all: an interruption while it is written leaves the one before.
        """
        data = self.dataset()
        for name in STOCKS:
            values = np.stack([getattr(s, name) for s in self.states])
            dims = ("step", "r") if values.ndim == 2 else ("step", "a", "r")
            data[f"state_{name}"] = (dims, values)
        data.attrs["made_of"] = json.dumps(self.made_of)
        data.attrs["seconds"] = self.seconds
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            data.to_netcdf(whole, engine="h5netcdf")
            whole.replace(path)
        finally:
            whole.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | Path) -> PathOfYears:
        """A saved path, to resume.

        Raises
        ------
        ModelError
            No such file, not a saved path, one without the record of what it was made of, or one with years missing,
            values that are not finite or stocks that do not fit.
        """
        data = _opened(path)
        lacking = [name for name in STOCKS if f"state_{name}" not in data]
        if lacking or not {"year", "step"} <= set(data.sizes) or not {"path", "benchmark"} <= set(data.attrs):
            raise ModelError(f"{path} holds no states of a path ({', '.join(lacking) or 'its years'}): not a saved path")
        if "made_of" not in data.attrs:
            raise ModelError(
                f"{path} does not say what it was made of (an earlier version wrote it), so that it may be another run's; "
                "run from the first year"
            )
        years = [int(y) for y in data["year"].values]
        if years != list(range(years[0], years[0] + len(years))) or data.sizes["step"] != len(years) + 1:
            raise ModelError(f"{path}: years {years} and {data.sizes['step']} states do not follow one another; run again")
        for name in data.data_vars:
            if not np.isfinite(np.asarray(data[name].values, dtype=float)).all():
                raise ModelError(f"{path}: {name} holds values that are not finite; the file is damaged, run again")
        states = [State(**{n: np.array(data[f"state_{n}"].values[k]) for n in STOCKS}) for k in range(data.sizes["step"])]
        if not all((s.capital > 0).all() and (s.tied > 0).all() for s in states):
            raise ModelError(f"{path}: a stock of capital is not positive; the file is damaged, run again")
        results = data.drop_vars([f"state_{n}" for n in STOCKS])
        loaded = cls(str(data.attrs["path"]), str(data.attrs["benchmark"]), years)
        loaded.data = [results.sel(year=y).drop_vars("year") for y in years]
        loaded.states = states
        loaded.made_of = _record_of(str(data.attrs["made_of"]), path)
        loaded.seconds = float(data.attrs.get("seconds", 0.0))
        return loaded


def _opened(path: str | Path) -> xr.Dataset:
    if not Path(path).is_file():
        raise ModelError(f"path file {path} not found")
    try:
        with reading(path, "saved path of years"):
            return load_netcdf(path, "saved path")
    except DataError as error:
        raise ModelError(f"{error}: no netCDF file or a damaged one, not a saved path") from error


def _record_of(text: str, path: str | Path) -> dict[str, str]:
    try:
        held = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelError(f"{path}: what it was made of cannot be read ({error}); the file is damaged, run again") from error
    if not isinstance(held, dict):
        raise ModelError(f"{path}: what it was made of is no mapping; the file is damaged, run again")
    return {str(k): str(v) for k, v in held.items()}


def differences(saved: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What differs between what two runs were made of, in words: hashes by name, choices with both values."""
    words = []
    for name in dict.fromkeys([*saved, *now]):
        before, after = saved.get(name, ""), now.get(name, "")
        if before != after:
            told = before and after and not (_is_hash(before) or _is_hash(after))
            words.append(f"{name} ({before} there, {after} here)" if told else name)
    return words


def _is_hash(text: str) -> bool:
    return text.startswith("#")


@dataclass(frozen=True)
class Difference:
    """A policy path beside its baseline.

    Attributes
    ----------
    policy, baseline : PathOfYears
    """

    policy: PathOfYears
    baseline: PathOfYears

    def dataset(self) -> xr.Dataset:
        """Per cent differences by region and year, and stocks that the policy adds, million USD."""
        a, b = self.policy.dataset(), self.baseline.dataset().sel(year=self.policy.years)
        ratio = {
            "welfare_percent": "u",
            "real_gdp_percent": "qgdp",
            "investment_percent": "qinv",
            "exports_percent": "qexp",
            "real_wage_percent": "realwage",
        }
        out = xr.Dataset({name: 100 * (a[v] / b[v] - 1) for name, v in ratio.items()})
        out["trade_percent"] = 100 * ((a["vexp"] + a["vimp"]) / (b["vexp"] + b["vimp"]) - 1)
        out["debt_musd"] = a["debt"]
        out["foreign_assets_musd"] = a["assets"] - b["assets"]
        out["real_income_musd"] = (a["u"] / b["u"] - 1) * b["income"]
        out.attrs = {**a.attrs, "beside": self.baseline.name}
        for name in (n for n in out.data_vars if str(n).endswith("_musd")):
            out[name].attrs["units"] = f"million {a.attrs['currency']}"
        return out

    def summary(self) -> dict[str, Any]:
        """What the command line prints as JSON."""
        data = self.dataset()

        def by_region(name: str) -> dict[str, list[float]]:
            return {str(r): [round(float(x), 6) for x in data[name].sel(r=r).values] for r in data["r"].values}

        income = self.baseline.dataset()["income"].sel(year=self.policy.years)
        world = data["real_income_musd"].sum("r") / income.sum("r")
        return {
            "policy": self.policy.name,
            "benchmark": self.policy.benchmark,
            "money_unit": f"million {data.attrs['currency']}",
            **{name: data.attrs[name] for name in ("demand", "production") if name in data.attrs},
            "years": self.policy.years,
            **{
                n: by_region(n)
                for n in ("welfare_percent", "real_gdp_percent", "investment_percent", "trade_percent", "debt_musd")
            },
            "world_welfare_percent": [round(100 * float(x), 6) for x in world.values],
            "max_residual": max(self.policy.max_residual, self.baseline.max_residual),
            "identity_gap": max(self.policy.identity_gap, self.baseline.identity_gap),
            "seconds": {"baseline": round(self.baseline.seconds, 2), "policy": round(self.policy.seconds, 2)},
        }


def listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
