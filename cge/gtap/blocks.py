"""The blocks in which the GTAP standard model differs from the core model.

Corong, Hertel, McDougall, Tsigas and van der Mensbrugghe, "The Standard GTAP Model, Version 7", Journal of
Global Economic Analysis 2(1), 2017, in levels. Production, trade, margins and markets are the core's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pyomo.environ import exp, log

from calibration.labels import is_capital
from cge.blocks.accounts import Accounts
from cge.blocks.government import Government
from cge.blocks.households import Households
from cge.blocks.income import Income
from cge.blocks.investment import Investment
from cge.blocks.margins import Margins
from cge.equations.calibrated import Calibrated, ratio
from cge.equations.ces import ces_price
from cge.equations.declare import Block, definition, equation, instrument, parameter, variable
from cge.errors import ModelError


class GtapFactors(Block):
    """Mobile, sluggish and fixed factors, with income taxes between the market and the owner.

    A mobile factor earns one after-tax price ``pe`` in all activities; a sluggish one moves along a CET
    frontier (``etrae`` < 0); a fixed one stays in its activity. Quantities are counted in after-tax value,
    as the model's revenue shares are (section 3.6).
    """

    pem = variable("f r", "price of a mobile factor, after tax")
    pen = variable("f r", "composite price of a factor that is not mobile, after tax")
    pesn = variable("f a r", "price of a factor that is not mobile, by activity, after tax")
    rw = variable("f r", "real price of a mobile factor (deflated by consumer prices)")

    qe = instrument("f r", "endowment of a factor", "index, benchmark = 1")
    qesf = instrument("f a r", "supply of a fixed factor to an activity", "index, benchmark = 1")
    tinc = instrument("f a r", "power of the income tax (basic over after-tax price)")
    tfe = instrument("f a r", "power of the tax on factor use")

    etrae = parameter("f r", "transformation among activities", structural=False)
    mob = parameter("f", "1 for mobile factors")
    slug = parameter("f", "1 for sluggish factors")
    fix = parameter("f", "1 for fixed factors")
    sev = parameter("f a r", "share of an activity in the after-tax earnings of a factor")
    tinc_0 = parameter("f a r", "benchmark power of the income tax", structural=False)
    tfe_0 = parameter("f a r", "benchmark power of the factor tax", structural=False)

    @definition("f r", "price of a factor, after tax")
    def pe(m, f, r):
        return m.mob[f] * m.pem[f, r] + (1.0 - m.mob[f]) * m.pen[f, r]

    @definition("f a r", "price of a factor in an activity, after tax")
    def pes(m, f, a, r):
        return m.mob[f] * m.pem[f, r] + (1.0 - m.mob[f]) * m.pesn[f, a, r]

    @definition("f a r", "basic price of a factor")
    def peb(m, f, a, r):
        return m.pes[f, a, r] * (m.tinc[f, a, r] / m.tinc_0[f, a, r])

    @definition("f a r", "price of a factor to the activity")
    def pfe(m, f, a, r):
        return m.peb[f, a, r] * (m.tfe[f, a, r] / m.tfe_0[f, a, r])

    @equation("f r", "market of a mobile factor", defines="pem", source="E_pe1")
    def e_pem(m, f, r):
        return m.qe[f, r] == sum(m.sev[f, a, r] * m.qfe[f, a, r] for a in m.acts)

    @equation("f r", "real price of a mobile factor", defines="rw")
    def e_rw(m, f, r):
        return m.rw[f, r] * m.ppriv[r] == m.pem[f, r]

    @equation("f r", "composite price of a factor that is not mobile", defines="pen", source="E_pe2")
    def e_pen(m, f, r):
        return m.pen[f, r] == ces_price(m.acts, lambda a: m.sev[f, a, r], lambda a: m.pesn[f, a, r], m.slug[f] * m.etrae[f, r])

    @equation("f a r", "market of a factor that is not mobile", defines="pesn", source="E_qes2, E_qes3")
    def e_pesn(m, f, a, r):
        moved = m.qe[f, r] * (m.pen[f, r] / m.pesn[f, a, r]) ** m.etrae[f, r]
        return m.qfe[f, a, r] == m.slug[f] * moved + m.fix[f] * m.qesf[f, a, r]

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        earned = data["evos"]
        kind = data.elasticity("mobility")
        powers = {"tinc": data.power("evfb", "evos"), "tfe": data.power("evfp", "evfb")}
        return {
            **powers,
            **{f"{k}_0": v.copy() for k, v in powers.items()},
            "qe": np.ones((earned.shape[0], earned.shape[2])),
            "qesf": np.ones_like(earned),
            "etrae": data.elasticity("etrae"),
            "mob": (kind == 0).astype(float),
            "slug": (kind == 1).astype(float),
            "fix": (kind == 2).astype(float),
            "sev": ratio(earned, earned.sum(1, keepdims=True), empty=1.0 / earned.shape[1]),
        }

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        earned = data["evos"] > 0
        mobile = data.elasticity("mobility") == 0
        return {
            "pem": earned.any(1) & mobile[:, None],
            "rw": earned.any(1) & mobile[:, None],
            "pen": earned.any(1) & ~mobile[:, None],
            "pesn": earned & ~mobile[:, None, None],
        }


class CdeHouseholds(Households):
    """Private demand from the constant-difference-of-elasticities expenditure function (Hanoch 1975).

    Implicitly sum_i B_i z_i = 1, z_i = up^(e_i s_i) (p_i / x)^(s_i), x expenditure per head; the budget share
    of i is s_i B_i z_i / sum s B z (Roy), and the elasticity of cost with respect to utility, ``uepriv``, is the
    mean of e_i with these shares (section 3.3; e = ``incpar``, s = ``subpar``).

    In calibrated shares B_i is w_i / s_i over its sum, w the benchmark's budget shares, and the function reads
    sum_i w_i (z_i - 1) / s_i = 0. So stated it holds its digits as s goes to zero, where it becomes
    sum_i w_i ln(up^e_i p_i / x) = 0, and the budget shares of the data hold at any s.
    """

    ysup = None
    e_ysup = None
    committed = None
    yp = None

    up = variable("r", "private utility per head")
    dcde = variable("r", "sum of budget shares and z")
    uepriv = variable("r", "elasticity of private cost with respect to utility")

    subpar = parameter("i r", "CDE substitution parameter", structural=False)
    incpar = parameter("i r", "CDE expansion parameter", structural=False)

    @definition("r", "private expenditure, index")
    def ypx(m, r):
        return m.yp[r] / m.yp_0[r]

    @definition("i r", "log of the price of a commodity over expenditure, at the utility reached")
    def lcde(m, i, r):
        return m.incpar[i, r] * log(m.up[r]) + log(m.ppa[i, r] * m.pop[r] / m.ypx[r])

    @definition("i r", "z of a commodity relative to its benchmark value")
    def zcde(m, i, r):
        return exp(m.subpar[i, r] * m.lcde[i, r])

    @definition("i r", "private demand for the composite")
    def qpa(m, i, r):
        return m.zcde[i, r] / m.dcde[r] * m.ypx[r] / m.ppa[i, r]

    @equation("r", "private utility: the CDE expenditure function", defines="up", logs=False, source="Hanoch 1975; E_up")
    def e_up(m, r):
        return sum(m.spa[i, r] * (exp(m.subpar[i, r] * m.lcde[i, r]) - 1.0) / m.subpar[i, r] for i in m.comm) == 0.0

    @equation("r", "sum that turns z into budget shares", defines="dcde")
    def e_dcde(m, r):
        return m.dcde[r] == sum(m.spa[i, r] * m.zcde[i, r] for i in m.comm)

    @equation("r", "elasticity of private cost: mean of e with the budget shares", defines="uepriv", source="E_uepriv")
    def e_uepriv(m, r):
        return m.uepriv[r] * m.dcde[r] == sum(m.spa[i, r] * m.zcde[i, r] * m.incpar[i, r] for i in m.comm)

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        held = dict(super().calibrate(data))
        held.pop("committed")
        bad = ~(data.elasticity("subpar") > 0) & (held["vpp"] > 0)
        if bad.any():
            i, r = np.argwhere(bad)[0]
            raise ModelError(
                f"subpar of {data.sets['comm'][i]} in {data.sets['reg'][r]} is {data.elasticity('subpar')[i, r]:g}; the CDE "
                "function needs it above 0 where households buy (GTAP's data keep it between 1e-6 and 0.999999)"
            )
        return {
            **held,
            # where nothing is bought its value enters nothing, but must not divide by zero
            "subpar": np.where(held["vpp"] > 0, data.elasticity("subpar"), 1.0),
            "incpar": data.elasticity("incpar"),
            "uepriv": (held["spa"] * data.elasticity("incpar")).sum(0),
        }


class RegionalHousehold(Block):
    """Income split over private consumption, government and saving by per-head utility up^a ug^b us^c.

    Private consumption is not homothetic, so its share moves with ``uepriv``: a uelas / uepriv, b uelas,
    c uelas with uelas = 1 / (a / uepriv + b + c) (McDougall 2001; section 3.3).
    """

    dppriv = instrument("r", "private distribution parameter", "index, benchmark = 1")
    dpgov = instrument("r", "government distribution parameter", "index, benchmark = 1")
    dpsave = instrument("r", "saving distribution parameter", "index, benchmark = 1")

    dpar_p = parameter("r", "weight of private utility", structural=False)
    dpar_g = parameter("r", "weight of government utility", structural=False)
    dpar_s = parameter("r", "weight of saving", structural=False)
    yp_0 = parameter("r", "benchmark private expenditure", "million USD")

    @definition("r", "elasticity of cost with respect to utility")
    def uelas(m, r):
        private = m.dpar_p[r] * m.dppriv[r] / m.uepriv[r]
        return 1.0 / (private + m.dpar_g[r] * m.dpgov[r] + m.dpar_s[r] * m.dpsave[r])

    @definition("r", "private expenditure", "million USD")
    def yp(m, r):
        return m.y_0[r] * m.y[r] * m.dpar_p[r] * m.dppriv[r] * m.uelas[r] / m.uepriv[r]

    @definition("r", "government expenditure", "million USD")
    def yg(m, r):
        return m.y_0[r] * m.y[r] * m.dpar_g[r] * m.dpgov[r] * m.uelas[r]

    @definition("r", "net regional saving", "million USD", open_sum=True)
    def saving(m, r):
        return m.y_0[r] * m.y[r] * m.dpar_s[r] * m.dpsave[r] * m.uelas[r]

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        spent, income = data.benchmark.sam.expenditure(), data.benchmark.sam.income()
        bought = data["vdpp"] + data["vmpp"]
        uepriv = (ratio(bought, bought.sum(0)) * data.elasticity("incpar")).sum(0)
        weights = [spent["prv"] / income * uepriv, spent["gov"] / income, data["save"] / income]
        # DPARSUM scales utility (and its elasticity of cost) and nothing else; it is 1 in GTAP's own data
        total = sum(weights) / data.elasticity("dparsum")
        one = np.ones_like(income)
        return {
            **{k: w / total for k, w in zip(("dpar_p", "dpar_g", "dpar_s"), weights, strict=True)},
            "dppriv": one,
            "dpgov": one,
            "dpsave": one,
            "yp_0": spent["prv"],
        }


class GtapGovernment(Government):
    """Government demand: CES over commodities (``esubg``)."""

    dpgov = None
    yg = None

    pgov = variable("r", "price of government consumption")

    esubg = parameter("r", "substitution among government purchases", structural=False)

    @definition("r", "government consumption")
    def qgov(m, r):
        return m.yg[r] / m.yg_0[r] / m.pgov[r]

    @definition("i r", "government demand for the composite")
    def qga(m, i, r):
        return m.qgov[r] * (m.pgov[r] / m.pga[i, r]) ** m.esubg[r]

    @equation("r", "price of government consumption", defines="pgov", source="E_pgov")
    def e_pgov(m, r):
        return m.pgov[r] == ces_price(m.comm, lambda i: m.sga[i, r], lambda i: m.pga[i, r], m.esubg[r])

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        held = dict(super().calibrate(data))
        held.pop("dpgov")
        held["sga"] = np.where(held["sga"].sum(0) > 0, held["sga"], 1.0 / len(held["sga"]))
        return {**held, "esubg": data.elasticity("esubg")}


class GtapMargins(Margins):
    """Margin services with the data's elasticity among suppliers."""

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        return {**super().calibrate(data), "esubs": data.elasticity("esubs")}


class GlobalBank(Investment):
    """Investment by region from a global bank (section 3.7).

    ``rordelta`` 1: expected rates of return change by one percentage everywhere, with rore = rorc
    (ke / kb)^(-rorflex) and rorc the net earnings of capital over its replacement value. ``rordelta`` 0: net
    investment of all regions moves in one proportion. ``bank`` is the world's rate of return or that
    proportion; it clears world saving against world net investment.
    """

    dpsave = None
    fsav = None
    saving = None
    finance = None

    bank = variable("", "world rate of return (rordelta 1) or world net investment (rordelta 0)", owner="world")

    esubi = parameter("r", "substitution among investment purchases", structural=False)

    @definition("i r", "investment demand for the composite")
    def qia(m, i, r):
        return m.qinv[r] * (m.pinv[r] / m.pia[i, r]) ** m.esubi[r]

    @definition("i r", "investment demand for the domestic good")
    def qid(m, i, r):
        return m.qia[i, r] * (m.pia[i, r] / m.pid[i, r]) ** m.esubd[i, r]

    @definition("i r", "investment demand for the imported good")
    def qim(m, i, r):
        return m.qia[i, r] * (m.pia[i, r] / m.pim[i, r]) ** m.esubd[i, r]

    @equation("r", "price of investment goods", defines="pinv", source="E_pinv (esubi 0: Leontief)")
    def e_pinv(m, r):
        return m.pinv[r] == ces_price(m.comm, lambda i: m.sia[i, r], lambda i: m.pia[i, r], m.esubi[r])

    cgdslack = instrument("r", "slack of the allocation of investment: free it to fix investment", "index, benchmark = 1")

    rordelta = parameter("", "investment allocation rule")
    rorflex = parameter("r", "flexibility of the expected rate of return", structural=False)
    vkb = parameter("r", "benchmark capital stock", "million USD")
    evos = parameter("f a r", "benchmark factor income after tax", "million USD")
    capital = parameter("f", "1 for capital")
    net_0 = parameter("r", "benchmark net earnings of capital", "million USD")

    @definition("r", "capital stock at the beginning of the year")
    def kb(m, r):
        return sum(m.capital[f] * m.qe[f, r] for f in m.endw)

    @definition("r", "depreciation of the stock in place", "million USD")
    def depr(m, r):
        return m.vdep[r] * (m.pinv[r] * m.kb[r])

    @definition("r", "capital stock at the end of the year")
    def ke(m, r):
        end = m.inv_0[r] * m.qinv[r] + (m.vkb[r] - m.vdep[r]) * m.kb[r]
        return end / (m.vkb[r] + m.inv_0[r] - m.vdep[r])

    @definition("r", "current net rate of return on capital")
    def rorc(m, r):
        earned = sum(m.capital[f] * m.evos[f, a, r] * (m.pes[f, a, r] * m.qfe[f, a, r]) for f in m.endw for a in m.acts)
        return (earned / (m.pinv[r] * m.kb[r]) - m.vdep[r]) / m.net_0[r]

    @definition("r", "expected net rate of return on capital")
    def rore(m, r):
        return m.rorc[r] * (m.ke[r] / m.kb[r]) ** (-m.rorflex[r])

    @equation("r", "allocation of investment", defines="qinv", logs=False, source="E_qinv")
    def e_qinv(m, r):
        net = m.inv_0[r] * m.qinv[r] - m.vdep[r] * m.kb[r]
        left = m.rordelta * m.rore[r] + (1.0 - m.rordelta) * (net / m.inv_0[r])
        scale = m.rordelta + (1.0 - m.rordelta) * ((m.inv_0[r] - m.vdep[r]) / m.inv_0[r])
        return left == m.bank * scale * m.cgdslack[r]

    @definition("r", "net investment", "million USD")
    def netinv(m, r):
        return m.pinv[r] * (m.inv_0[r] * m.qinv[r] - m.vdep[r] * m.kb[r])

    @definition("", "excess of world saving over world net investment: zero by Walras' law", "million USD")
    def excess(m):
        return sum(m.saving[r] - m.netinv[r] for r in m.reg)

    @equation("", "world net investment equals world saving", defines="bank", owner="world", logs=False, source="E_walras")
    def e_bank(m):
        world = sum(m.inv_0[r] for r in m.reg)
        return sum(m.netinv[r] for r in m.reg) / world == sum(m.saving[r] for r in m.reg) / world + m.walraslack

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        held = dict(super().calibrate(data))
        for name in ("dpsave", "fsav", "save_0"):
            held.pop(name)
        names = data.benchmark.sam.factors
        capital = np.array([float(is_capital(f)) for f in names])
        if not capital.any():
            raise ModelError(
                f"benchmark {data.benchmark.name!r} has no factor that is capital ({', '.join(names)}), whose returns the "
                "global bank equalises; name it 'capital' or 'cap'"
            )
        earned = (capital[:, None, None] * data["evos"]).sum((0, 1))
        return {
            **held,
            "rordelta": np.asarray(float(int(str(data.benchmark.elasticities.attrs.get("rordelta", 1))))),
            "cgdslack": np.ones(data["vkb"].shape),
            "esubi": data.elasticity("esubi"),
            "sia": np.where(held["sia"].sum(0) > 0, held["sia"], 1.0 / len(held["sia"])),
            "rorflex": data.elasticity("rorflex"),
            "vkb": data["vkb"],
            "evos": data["evos"],
            "capital": capital,
            "net_0": earned - data["vdep"],
        }

    save_0 = None


class GtapIncome(Income):
    """Income net of depreciation of the stock in place; the numeraire weighs basic factor prices."""

    @equation("", "numeraire: world factor price index", defines="walraslack", owner="world", source="pfactwld")
    def e_pfactwld(m):
        paid = sum(m.wfe[f, a, r] * m.peb[f, a, r] for f in m.endw for a in m.acts for r in m.reg)
        return m.pfactwld == paid


class GtapAccounts(Accounts):
    """National accounts; trade balances are measured in world income, as the standard model's ``del_tbalry`` is."""

    ywld = variable("", "world income", owner="world")
    tbalry = variable("r", "trade balance over world income", "per cent", signed=True)

    tbalry_0 = parameter("r", "benchmark trade balance over world income", "per cent", structural=False)

    @equation("", "world income", defines="ywld", owner="world", source="E_ywld")
    def e_ywld(m):
        return m.ywld * sum(m.y_0[r] for r in m.reg) == sum(m.y_0[r] * m.y[r] for r in m.reg)

    @equation("r", "trade balance over world income", defines="tbalry", logs=False, source="E_del_tbalry")
    def e_tbalry(m, r):
        return m.tbalry[r] == 100.0 * m.tbal[r] / (m.ywld * sum(m.y_0[s] for s in m.reg))

    without: ClassVar[dict[str, str]] = {
        "u": "its saving is valued at psave, an index that depends on the path of the shock; take cge.gtap.result_of(solution)"
        ".changes()['u'], or cge.gtap.solve_gtap(model, shock)",
        "ev": "equivalent variation depends on the path of the shock through psave; take cge.gtap.result_of(solution).ev(), or "
        "cge.gtap.solve_gtap(model, shock).ev()",
        "qsave": "real saving depends on the path of the shock through psave; take "
        "cge.gtap.result_of(solution).changes()['qsave']",
        "fsav": "foreign saving is what the global bank leaves: minus the trade balance tbal",
    }

    @definition("r", "average after-tax wage over consumer prices, benchmark wage bill as weights")
    def realwage(m, r):
        return sum(m.wlab[f, a, r] * m.pes[f, a, r] for f in m.endw for a in m.acts) / m.ppriv[r]

    def calibrate(self, data: Calibrated) -> Mapping[str, Any]:
        held = dict(super().calibrate(data))
        balance = 100.0 * (held["exp_0"] - held["imp_0"]) / data.benchmark.sam.income().sum()
        return {**held, "tbalry": balance, "tbalry_0": balance.copy()}
