"""Results of the GTAP standard model in GTAP's terms: percentage changes under its names, and EV.

The model is solved with a Laspeyres numeraire; nominal results are then restated in the Divisia index
``pfactwld`` of the official model, which changes no quantity.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from calibration.currency import in_currency
from cge.errors import ModelError, SolveError
from cge.gtap import indices, welfare
from cge.gtap.absent import without_absent
from cge.gtap.indices import GOAL, Divisia
from cge.gtap.names import DERIVED, PERCENT, PRICES, QUANTITIES
from cge.model import Model
from cge.model.nominal import fixed_nominal
from cge.model.path import Path
from cge.model.sensitivity import polished
from cge.model.shock import Shock, require_change
from cge.model.solution import Solution
from cge.solver.quadrature import Integral

Array = np.ndarray

DRIFT = 1e-8
"""Difference of the two numeraires, relative, from which a nominal value that a swap fixes is said to move."""


@dataclass
class GtapResult:
    """A shock to the standard model.

    Attributes
    ----------
    base, after : Solution
    path : Path
        The way from one to the other, with the points solved on it.
    divisia : Divisia
        The price indices along it.
    """

    base: Solution
    after: Solution
    path: Path
    divisia: Divisia
    parts: Integral | None = field(default=None, repr=False)
    """The parts of EV along the path, once :func:`cge.gtap.welfare.decompose` has integrated them."""

    @property
    def scale(self) -> float:
        """Factor that restates nominal values of ``after`` in the numeraire."""
        target = self.after.arrays["pfactwld"] / self.base.arrays["pfactwld"]
        return float(target / np.exp(self.divisia.until(1.0)["pfactwld"]))

    def remarks(self) -> list[str]:
        """What a reader must know: nominal values that a swap fixes in the model's numeraire, where GTAP's moves from it."""
        drift = self.scale - 1.0
        fixed = fixed_nominal(self.after.model)
        if abs(drift) < DRIFT or not fixed:
            return []
        return [
            f"{', '.join(fixed)}: a swap fixes a nominal value, which the model holds in a numeraire of fixed weights; in the "
            f"index pfactwld, in which results are given, it moves by {100 * drift:+.2g} per cent besides"
        ]

    def refine(self, goal: float) -> None:
        """Take further points of the path until the indices' estimated errors (logs) are below ``goal``.

        Raises
        ------
        SolveError
            The path has no solution somewhere.
        """
        if self.divisia.integral.error.max() > goal:
            self.divisia = indices.along(self.path, self.after, goal)
            self.parts = None

    @property
    def indices(self) -> dict[str, Array]:
        """Logs of the Divisia indices, restated in the numeraire; ``rorg`` has no unit to restate."""
        logs = self.divisia.until(1.0)
        return {n: log + (np.log(self.scale) if n != "rorg" else 0.0) for n, log in logs.items()}

    @property
    def error(self) -> dict[str, float]:
        """Estimated errors of what depends on the path: largest of each index, percentage points; ``ev``, million USD."""
        points = {n: float(100 * abs(e).max()) for n, e in self.divisia.error.items()}
        spent, elasticity, _ = self._expenditure_at_end()
        ev = spent * elasticity * abs(self.preferences(self.after)[2]) * self.divisia.error["psave"]
        return points | {"ev": float(ev.max())}

    def changes(self, *, contributions: bool = True) -> xr.Dataset:
        """Percentage changes under GTAP names (:mod:`cge.gtap.names`), dims as in the model.

        Instruments that a swap made endogenous are among them. Cells without a benchmark flow are NaN. ``ev`` and the
        parts ``CNT...`` that add up to it are in million USD.

        Parameters
        ----------
        contributions : bool
            With the parts of EV. Where they cannot be stood behind the rest is given without them, and the
            attribute ``contributions`` says why.
        """
        parts, failed = self._parts() if contributions else (None, "")
        model = self.after.model
        out = xr.Dataset(attrs={"units": "per cent", **model.attrs(), "policy": self.after.name})
        if drifting := self.remarks():
            out.attrs["numeraires"] = "; ".join(drifting)
        for name in QUANTITIES:
            out[name] = self._percent(name)
        for name in PRICES:
            out[name] = self._percent(name, nominal=True)
        for name in ("pms", "qms"):  # one bundle of origins for all uses
            out[name] = self._percent(name, nominal=name == "pms").isel(u=0, drop=True).rename(d="r")
        out["qia"] = self._percent("qia")
        out["qes"] = out["qfe"].copy()
        out["qds"] = self._domestic_sales()
        out["ptrans"] = self._freight_price()
        self._make(out)
        self._accounts(out)
        self._household(out)
        for freed in {swap.free: model.symbols[swap.free] for swap in model.closure.swaps if swap.free not in out}.values():
            out[freed.name] = self._percent(freed.name)
            out[freed.name].attrs = {"long_name": freed.long_name}
        meanings = {**QUANTITIES, **PRICES, **indices.REGIONAL, **indices.WORLD}
        for variable in out.data_vars:
            said = meanings.get(str(variable), out[variable].attrs.get("long_name", ""))
            unit, meaning = DERIVED.get(str(variable), (PERCENT, said))
            out[variable].attrs = {"long_name": meaning, "units": in_currency(unit, model.benchmark.currency)}
        for known, largest in self.error.items():
            out[known].attrs["error"] = largest
        if parts is not None:
            regional = [n for n in parts.data_vars if str(n).startswith("CNT") and parts[n].dims == ("r",)]
            out = out.assign({n: parts[n] for n in regional})
        elif failed:
            out.attrs["contributions"] = failed
        return without_absent(out, model.data)

    def _parts(self) -> tuple[xr.Dataset | None, str]:
        """The parts of EV, or why they cannot be given."""
        try:
            return welfare.contributions(self), ""
        except SolveError as error:
            return None, str(error)

    def _make(self, out: xr.Dataset) -> None:
        """Outputs and supply prices, with a make matrix or without."""
        model = self.after.model
        out["po"] = self._percent("ps", nominal=True)
        if "qca" in model.symbols:
            for name in ("qo", "qc", "qca"):
                out[name] = self._percent(name)
            out["pca"] = self._percent("pca", nominal=True)
            out["ps"] = self._percent("psca", nominal=True)
        else:  # each commodity has one activity
            out["qc"] = self._percent("qc")
            out["qo"] = self._percent("qo").rename(i="a").assign_coords(a=model.labels("a"))
            out["qca"], out["pca"], out["ps"] = (self._by_maker(out[n]) for n in ("qc", "pds", "po"))

    def _accounts(self, out: xr.Dataset) -> None:
        """GDP, trade, investment and their indices."""
        for name, log in self.indices.items():
            out[name] = (("r",) if log.ndim else (), 100 * np.expm1(log))
        out["vgdp"] = self._percent("gdp", nominal=True)
        out["qgdp"] = _less(out["vgdp"], out["pgdp"])
        out["tot"] = _less(out["psw"], out["pdw"])
        out["qxwreg"] = _less(self._percent("vexp", nominal=True), out["psw"])
        out["qmwreg"] = _less(self._percent("vimp", nominal=True), out["pdw"])
        exports = [float(s["vexp"].sum()) for s in (self.base, self.after)]
        traded = exports[1] / exports[0] * self.scale if exports[0] else np.nan  # one region trades with nobody
        out["pxwwld"] = out["pxwwld"].where(exports[0] > 0)
        out["qxwwld"] = _less(xr.DataArray(100 * (traded - 1)), out["pxwwld"])
        if float(self.after.arrays["rordelta"]) == 1.0:
            out["rorg"] = self._percent("bank")
        net = [float((s["pinv"] * (s["inv_0"] * s["qinv"] - s["vdep"] * s["kb"])).sum()) for s in (self.base, self.after)]
        out["globalcgds"] = _less(xr.DataArray(100 * (net[1] / net[0] * self.scale - 1)), out["pcgdswld"])
        slack = float(self.after.arrays["walraslack"]) * float(self.after.arrays["inv_0"].sum())
        out["walraslack"] = xr.DataArray(-100 * slack / net[1])
        out["del_tbal"] = self.after["tbal"] * self.scale - self.base["tbal"]
        out["del_tbalry"] = self.after["tbalry"] - self.base["tbalry"]

    def _household(self, out: xr.Dataset) -> None:
        """Utility, saving, EV."""
        out["ug"] = _less(self._percent("qgov"), out["pop"])
        saved = xr.DataArray(self._saving_ratio(self.after) * self.scale, dims="r", coords={"r": self.after.model.labels("r")})
        out["qsave"] = _less(100 * (saved - 1), out["psave"])
        out["u"] = ("r", 100 * (self.utility() - 1))
        out["ev"] = ("r", self.ev())

    def _percent(self, name: str, nominal: bool = False) -> xr.DataArray:
        before, after = self.base[name], self.after[name]
        return 100 * (after * (self.scale if nominal else 1.0) / before.where(before != 0) - 1)

    def _by_maker(self, values: xr.DataArray) -> xr.DataArray:
        """Values by commodity (or activity) and region as (i, a, r), NaN where the activity does not make it."""
        model = self.after.model
        named = values.rename({d: "i" for d in values.dims if d == "a"}).assign_coords(i=model.labels("i"))
        one = np.eye(len(model.labels("i")), dtype=bool)
        spread = named.expand_dims(a=model.labels("a")).transpose("i", "a", "r")
        return spread.where(one[:, :, None])

    def _freight_price(self) -> xr.DataArray:
        """Price of transport on each route, all modes; dims (i, s, d)."""

        def total(s: Solution) -> xr.DataArray:
            return (s["smar"] * s["pt"] / s["atmfsd"]).sum("m")

        before = total(self.base)
        return 100 * (total(self.after) * self.scale / before.where(before > 0) - 1)

    def _domestic_sales(self) -> xr.DataArray:
        """Sales of the domestic commodity at home, all users; dims (i, r)."""

        def total(s: Solution) -> xr.DataArray:
            firms = (s["vdfb"] * s["qfd"]).sum("a")
            return firms + s["vdpb"] * s["qpd"] + s["vdgb"] * s["qgd"] + s["vdib"] * s["qid"]

        return 100 * (total(self.after) / total(self.base).where(lambda x: x > 0) - 1)

    # -- utility and EV ----------------------------------------------------------------------------
    def _saving_ratio(self, solution: Solution) -> Array:
        before, after = self.base.values_of("saving"), solution.values_of("saving")
        return np.asarray(np.divide(after, before, out=np.ones_like(after), where=before != 0))

    @staticmethod
    def preferences(solution: Solution) -> Array:
        """Distribution parameters of private, government and saving utility (``DPARPRIV DPARGOV DPARSAVE``); dims (3, r)."""
        v = solution.values_of
        return np.stack([v("dpar_p") * v("dppriv"), v("dpar_g") * v("dpgov"), v("dpar_s") * v("dpsave")])

    def log_utilities(self, solution: Solution, log_psave: Array) -> Array:
        """Logs of private, government and saving utility per head, benchmark 0 (``UTILPRIV UTILGOV UTILSAVE``); dims (3, r).

        Parameters
        ----------
        solution : Solution
            A point of the path.
        log_psave : array (r,)
            Log of the price of saving there, in the numeraire that the model is solved in.
        """
        v, b = solution.values_of, self.base.values_of
        pop = v("pop") / b("pop")
        logs = np.stack([np.log(v("up") / b("up")), np.log(v("qgov") / b("qgov") / pop), np.zeros_like(pop)])
        logs[2] = np.log(self._saving_ratio(solution) / pop) - log_psave
        return np.where(self.preferences(self.base) != 0, logs, 0.0)

    def log_utility(self, solution: Solution, log_psave: Array) -> Array:
        """Log of regional utility per head at a point of the path, benchmark 0; dims (r,).

        GTAP's ``u`` moves by DPAR log(UTIL) dp over the three uses plus (y - pop - p) / UTILELAS (E_u). Both are
        the differential of the sum of DPAR log(UTIL), with DPAR the current distribution parameters: that is u,
        exactly, with no need to integrate it.
        """
        return np.asarray((self.preferences(solution) * self.log_utilities(solution, log_psave)).sum(0))

    def utility(self) -> Array:
        """Regional utility per head, up^a ug^b us^c with current distribution parameters; benchmark 1."""
        return np.asarray(np.exp(self.log_utility(self.after, self.divisia.until(1.0)["psave"])))

    def _expenditure_at_end(self) -> tuple[Array, Array, Array]:
        pop = self.after.values_of("pop") / self.base.values_of("pop")
        return self.expenditure(np.log(self.utility()), pop, self.preferences(self.after))

    def ev(self) -> Array:
        """Equivalent variation, million USD: the income that gives the new utility at benchmark prices, less income.

        The household of the benchmark's prices has the population and the distribution parameters of the shock,
        as in GTAP's EV (McDougall 2001; E_yev).
        """
        ev = self._expenditure_at_end()[0] - self.base.values_of("y_0")
        if not np.isfinite(ev).all():
            regions = [r for r, good in zip(self.after.model.labels("r"), np.isfinite(ev), strict=True) if not good]
            raise SolveError(f"EV is not a number in {', '.join(regions)}: a utility there is not positive", last=self.after)
        return np.asarray(ev)

    def expenditure(self, log_utility: Array, pop: Array, preferences: Array | None = None) -> tuple[Array, Array, Array]:
        """Expenditure at benchmark prices that gives a utility per head; dims (r,).

        Private expenditure per head x(up) solves the CDE function, the shares of income follow uelas and
        uepriv as in the model; Newton finds the up at which utility is reached.

        Parameters
        ----------
        log_utility : array (r,)
        pop : array (r,)
            Population, benchmark 1.
        preferences : array (3, r), optional
            Distribution parameters of private, government and saving utility; default the benchmark's.

        Returns
        -------
        expenditure : array (r,)
            GTAP's ``INCOMEEV``, million USD.
        elasticity : array (r,)
            Of expenditure with respect to utility, ``UTILELASEV``.
        logs : array (3, r)
            Logs of the utilities reached: ``UTILPRIVEV``, ``UTILGOVEV``, ``UTILSAVEEV``.
        """
        v = self.base.values_of
        a, b, c = self.preferences(self.base) if preferences is None else preferences
        private, public, saved = v("yp_0"), v("yg_0"), v("saving")
        share, e, s = v("spa"), v("incpar"), v("subpar")

        def private_cost(log_up: Array) -> tuple[Array, Array]:
            """Log private expenditure per head and uepriv at benchmark prices (Newton on the CDE function).

            The function is sum_i w_i (z_i - 1) / s_i = 0 with z_i - 1 taken at once: at s = 1e-6 the sum of z
            itself is 1 but for its last digits, whatever the expenditure.
            """
            x = np.zeros_like(log_up)
            for _ in range(50):
                relative = s * (e * log_up - x)
                step = (share * np.expm1(relative) / s).sum(0) / (share * np.exp(relative)).sum(0)
                x = x + step
                if (abs(step) <= 1e-14 * np.maximum(1.0, abs(x))).all():
                    break
            else:
                raise SolveError("the private expenditure function behind EV did not converge")
            z = share * np.exp(s * (e * log_up - x))
            return x, (e * z).sum(0) / z.sum(0)

        def reached(log_up: Array) -> tuple[Array, Array, Array]:
            """Logs of the three utilities, total expenditure per head of benchmark population, and uelas."""
            x, uepriv = private_cost(log_up)
            uelas = 1 / (a / uepriv + b + c)
            total = private * np.exp(x) / (a * uelas / uepriv)
            with np.errstate(divide="ignore", invalid="ignore"):
                ug = np.where(public != 0, total * b * uelas / public, 1.0)
                us = np.where(saved != 0, total * c * uelas / saved, 1.0)
            return np.stack([log_up, np.log(ug), np.log(us)]), total, uelas

        def utility(log_up: Array) -> Array:
            return np.asarray((np.stack([a, b, c]) * reached(log_up)[0]).sum(0))

        log_up, h = np.zeros_like(log_utility), 1e-6
        for _ in range(60):
            gap = utility(log_up) - log_utility
            slope = (utility(log_up + h) - utility(log_up - h)) / (2 * h)
            log_up = log_up - gap / slope
            if abs(gap).max() < 1e-13:
                break
        else:
            raise SolveError("the expenditure function behind EV did not converge")
        logs, total, uelas = reached(log_up)
        return np.asarray(pop * total), np.asarray(uelas), logs

    def table(self) -> pd.DataFrame:
        """One row a region: EV, utility, real GDP, terms of trade, income, investment."""
        found = self.changes(contributions=False)
        return found[["ev", "u", "qgdp", "tot", "y", "qinv", "pgdp"]].to_dataframe()


def _less(value: xr.DataArray, price: xr.DataArray) -> xr.DataArray:
    """The percentage change that is left of one after another."""
    return 100 * ((1 + value / 100) / (1 + price / 100) - 1)


def solve_gtap(model: Model, shock: Shock, goal: float = GOAL) -> GtapResult:
    """Solve a shock to the standard model and integrate its indices along the path.

    Parameters
    ----------
    model : Model
        Of :func:`cge.gtap.gtap_model`.
    shock : Shock
    goal : float
        Estimated error of the indices (logs) at which the path is fine enough.

    Raises
    ------
    ModelError
        The model is not the standard model's composition.
    SolveError
        No equilibrium, or an index is not known to :data:`cge.model.path.LIMIT`; then ``last`` is the finished solution.
    """
    require_standard(model)
    require_change(model, shock)
    base = model.solve()
    after = polished(model.solve(shock))
    path = Path.along(base, shock, after)
    divisia = indices.along(path, after, goal)
    return GtapResult(base, after, path, divisia)


def require_standard(model: Model) -> None:
    """Raise :class:`ModelError` where a model is not the standard model's composition."""
    if "bank" not in model.symbols:
        raise ModelError("this is not the GTAP standard model; build it with cge.gtap.gtap_model")
