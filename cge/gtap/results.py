"""Results of the GTAP standard model in GTAP's terms: percentage changes under its names, and EV.

The model is solved with a Laspeyres numeraire; nominal results are then restated in the Divisia index
``pfactwld`` of the official model, which changes no quantity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from cge.errors import ModelError, SolveError
from cge.model import Model
from cge.path import PathPoint, integrate
from cge.shock import Shock, targets
from cge.solution import Solution

Array = np.ndarray

QUANTITIES = (
    "qo qfe qva qint qfa qfd qfm qpa qpd qpm qga qgd qgm qid qim qinv qgov qst qtm qe kb ke up uepriv uelas rorc rore pop"
).split()
PRICES = "pds pva pint pfa pfd pfm pfe peb pes pe ppa ppd ppm pga pgd pgm pia pid pim pinv pgov pfob pcif pmds pt y".split()
INDICES = ("ppriv", "psave", "pfactor", "pfactwld", "pcgdswld", "psw", "pdw", "pgdp")


@dataclass
class GtapResult:
    """A shock to the standard model.

    Attributes
    ----------
    base, after : Solution
    indices : dict of ndarray
        Logs of the Divisia indices, restated in the numeraire.
    scale : float
        Factor that restates nominal values in the numeraire.
    """

    base: Solution
    after: Solution
    indices: dict[str, Array]
    scale: float

    def changes(self) -> xr.Dataset:
        """Percentage changes under GTAP names, dims as in the model (``pop``-like exogenous ones included).

        Cells without a benchmark flow are NaN. ``ev`` is in million USD.
        """
        money = f"million {self.after.model.benchmark.currency}"
        out = xr.Dataset(attrs={"units": "per cent", **self.after.model.attrs(), "policy": self.after.name})
        for name in QUANTITIES:
            out[name] = self._percent(name)
        for name in PRICES:
            out[name] = self._percent(name, nominal=True)
        for name in ("pms", "qms"):  # one bundle of origins for all uses
            out[name] = self._percent(name, nominal=name == "pms").isel(u=0, drop=True).rename(d="r")
        out["qxs"] = self._percent("qxs")
        out["qia"] = self._percent("qinv").expand_dims(i=self.after.model.labels("i"))
        out["po"] = self._percent("ps", nominal=True)
        out["yp"], out["yg"] = self._percent("yp", nominal=True), self._percent("yg", nominal=True)
        out["vgdp"] = self._percent("gdp", nominal=True)
        ug = (1 + out["qgov"] / 100) / (1 + out["pop"] / 100) - 1
        out["ug"] = 100 * ug
        for name in INDICES:
            dims = ("r",) if self.indices[name].ndim else ()
            out[name] = (dims, 100 * np.expm1(self.indices[name]))
        out["qgdp"] = 100 * ((1 + out["vgdp"] / 100) / (1 + out["pgdp"] / 100) - 1)
        out["tot"] = 100 * ((1 + out["psw"] / 100) / (1 + out["pdw"] / 100) - 1)
        saved = xr.DataArray(self._saving_ratio() * self.scale, dims="r", coords={"r": self.after.model.labels("r")})
        out["qsave"] = 100 * (saved / (1 + out["psave"] / 100) - 1)
        bank = self._percent("bank")
        rate = float(self.after.arrays["rordelta"]) == 1.0
        out["rorg" if rate else "globalcgds"] = bank
        if "qca" in self.after.model.symbols:
            out["qc"], out["qca"] = self._percent("qc"), self._percent("qca")
            out["pca"] = self._percent("pca", nominal=True)
            out["ps"] = self._percent("psca", nominal=True)
        else:
            out["qc"] = out["qo"]  # each commodity has one activity
            out["qo"] = out["qc"].rename(i="a").assign_coords(a=self.after.model.labels("a"))
            out["qca"], out["pca"], out["ps"] = (self._by_maker(out[n]) for n in ("qc", "pds", "po"))
        out["qes"] = out["qfe"].copy()
        out["qds"] = self._domestic_sales()
        out["ptrans"] = self._freight_price()
        moved = self.after["tbal"] * self.scale - self.base["tbal"]
        out["del_tbal"] = moved.assign_attrs(units=money, long_name="change of the trade balance")
        out["del_tbalry"] = (self.after["tbalry"] - self.base["tbalry"]).assign_attrs(units="share of income")
        out["u"] = ("r", 100 * (self.utility() - 1))
        out["ev"] = xr.DataArray(self.ev(), dims="r", attrs={"units": money, "long_name": "equivalent variation"})
        return self._without_absent(out)

    def _percent(self, name: str, nominal: bool = False) -> xr.DataArray:
        before, after = self.base[name], self.after[name]
        change = 100 * (after * (self.scale if nominal else 1.0) / before - 1)
        change.attrs = {"long_name": f"change of {before.attrs['long_name']}", "units": "per cent"}
        return change

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

    def _without_absent(self, out: xr.Dataset) -> xr.Dataset:
        """NaN where the benchmark has no flow."""
        g = self.after.model.data
        flows = {
            "qxs": g["vxsb"], "pfob": g["vxsb"], "pcif": g["vxsb"], "pmds": g["vxsb"], "qfe": g["evos"], "pfe": g["evos"],
            "peb": g["evos"], "pes": g["evos"], "qfd": g["vdfb"], "pfd": g["vdfb"], "qfm": g["vmfb"], "pfm": g["vmfb"],
            "qfa": g["vdfb"] + g["vmfb"], "pfa": g["vdfb"] + g["vmfb"], "qst": g["vst"], "qpd": g["vdpb"], "qpm": g["vmpb"],
            "qgd": g["vdgb"], "qgm": g["vmgb"], "qid": g["vdib"], "qim": g["vmib"],
        }  # fmt: skip
        for name, flow in flows.items():
            out[name] = out[name].where(flow > 0)
        return out

    def _saving_ratio(self) -> Array:
        before, after = self.base.values_of("saving"), self.after.values_of("saving")
        return np.asarray(np.divide(after, before, out=np.ones_like(after), where=before != 0))

    def utility(self) -> Array:
        """Regional utility per head, up^a ug^b us^c with a + b + c = 1; benchmark 1."""
        v, b = self.after.values_of, self.base.values_of
        pop = v("pop") / b("pop")
        ug = v("qgov") / b("qgov") / pop
        us = self._saving_ratio() * self.scale / np.exp(self.indices["psave"]) / pop
        return np.asarray((v("up") / b("up")) ** v("dpar_p") * ug ** v("dpar_g") * us ** v("dpar_s"))

    def ev(self) -> Array:
        """Equivalent variation, million USD: expenditure at benchmark prices that gives the new utility, less income."""
        pop = self.after.values_of("pop") / self.base.values_of("pop")
        return np.asarray(self.expenditure(np.log(self.utility()), pop)[0] - self.base.values_of("y_0"))

    def expenditure(self, log_utility: Array, pop: Array) -> tuple[Array, Array]:
        """Expenditure at benchmark prices that gives a utility per head, and its elasticity to utility; dims (r,).

        Private expenditure per head x(up) solves the CDE function, the shares of income follow uelas and
        uepriv as in the model; Newton finds the up at which utility is reached.
        """
        v = self.base.values_of
        a, b, c = (v(k) for k in ("dpar_p", "dpar_g", "dpar_s"))
        private, public, saved = v("yp_0"), v("yg_0"), v("saving")
        weight, e, s = v("bcde"), v("incpar"), v("subpar")

        def private_cost(log_up: Array) -> tuple[Array, Array]:
            """Log private expenditure per head and uepriv at benchmark prices (Newton on the CDE function)."""
            x = np.zeros_like(log_up)
            for _ in range(50):
                z = weight * np.exp(s * (e * log_up - x))
                step = (z.sum(0) - 1) / (s * z).sum(0)
                x = x + step
                if abs(step).max() < 1e-14:
                    break
            z = weight * np.exp(s * (e * log_up - x))
            return x, (e * s * z).sum(0) / (s * z).sum(0)

        def reached(log_up: Array) -> tuple[Array, Array, Array]:
            """Log utility, total expenditure per head of benchmark population, and uelas."""
            x, uepriv = private_cost(log_up)
            uelas = 1 / (a / uepriv + b + c)
            total = private * np.exp(x) / (a * uelas / uepriv)
            with np.errstate(divide="ignore", invalid="ignore"):
                us = np.where(saved != 0, total * c * uelas / saved, 1.0)
            return a * log_up + b * np.log(total * b * uelas / public) + c * np.log(us), total, uelas

        log_up, h = np.zeros_like(log_utility), 1e-6
        for _ in range(60):
            gap = reached(log_up)[0] - log_utility
            slope = (reached(log_up + h)[0] - reached(log_up - h)[0]) / (2 * h)
            log_up = log_up - gap / slope
            if abs(gap).max() < 1e-13:
                break
        else:
            raise SolveError("the expenditure function behind EV did not converge")
        _, total, uelas = reached(log_up)
        return np.asarray(pop * total), np.asarray(uelas)

    def table(self) -> pd.DataFrame:
        """One row a region: EV, utility, real GDP, terms of trade, income, investment."""
        found = self.changes()
        return found[["ev", "u", "qgdp", "tot", "y", "qinv", "pgdp"]].to_dataframe()


def solve_gtap(model: Model, shock: Shock, nodes: int = 6) -> GtapResult:
    """Solve a shock to the standard model and integrate its indices along the path.

    Raises
    ------
    ModelError
        The model is not the standard model's composition.
    """
    if "bank" not in model.symbols:
        raise ModelError("this is not the GTAP standard model; build it with cge.gtap.gtap_model")
    base = model.solve()
    after = model.solve(shock)
    logs = integrate(base, shock, nodes, _indices)
    r = len(model.labels("r"))
    regional, world = logs[: 6 * r].reshape(6, r), logs[6 * r :]
    target = float(targets(model, shock).get("pfactwld", base.arrays["pfactwld"]) / base.arrays["pfactwld"])
    scale = target / float(np.exp(world[0]))
    names = ("ppriv", "psave", "pfactor", "psw", "pdw", "pgdp")
    indices = {n: regional[k] + np.log(scale) for k, n in enumerate(names)}
    indices |= {"pfactwld": np.asarray(world[0] + np.log(scale)), "pcgdswld": np.asarray(world[1] + np.log(scale))}
    return GtapResult(base, after, indices, scale)


def saving_price(p: PathPoint) -> tuple[Array, Array]:
    """Net investment by region, and the rate of change of the price of saving (E_psave)."""
    net = p.value("pinv") * (p.value("inv_0") * p.value("qinv") - p.value("vdep") * p.value("kb"))
    pinv = p.log_slope("pinv")
    return net, np.asarray(pinv + ((net - p.value("saving")) * pinv).sum() / net.sum())


def _indices(p: PathPoint) -> Array:
    """Rates of change of the indices, stacked: six by region, then pfactwld and pcgdswld."""
    v, d = p.value, p.log_slope

    def mean(values: Array, slopes: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
        with np.errstate(invalid="ignore"):
            return np.where(values != 0, values * slopes, 0.0).sum(axes), values.sum(axes)

    priv = mean(v("vpp") * v("ppa") * v("qpa"), d("ppa"), (0,))
    gov = mean(v("vgp") * v("pga") * v("qga"), d("pga"), (0,))
    inv = mean(v("vip") * v("pia") * v("qinv"), d("pia"), (0,))
    fob = v("vfob") * v("pfob") * v("qxs")
    goods = mean(fob, d("pfob"), (0, 2))
    margin = mean(v("vst") * v("pdm") * v("qst"), d("pdm"), (0,))
    cif = mean(v("vcif") * v("pcif") * v("qxs"), d("pcif"), (0, 1))
    factor = mean(v("wfe") * v("peb") * v("qfe"), d("peb"), (0, 1))
    net, psave = saving_price(p)
    pinv = d("pinv")
    exports = goods[1] + margin[1]
    gdp = priv[1] + gov[1] + inv[1] + exports - cif[1]
    pgdp = (priv[0] + gov[0] + inv[0] + goods[0] + margin[0] - cif[0]) / gdp
    world = [factor[0].sum() / factor[1].sum(), (net * pinv).sum() / net.sum()]
    regional = [
        priv[0] / priv[1],
        psave,
        factor[0] / factor[1],
        (goods[0] + margin[0]) / exports,
        cif[0] / cif[1],
        pgdp,
    ]
    return np.concatenate([*regional, world])
