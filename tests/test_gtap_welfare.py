"""GTAP's welfare: the trade balance ratio, utility and EV with moving preferences, where EV comes from, and its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path as Path_
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import xarray as xr

import cge.gtap.welfare as welfare
import cge.model.path
from calibration import Benchmark
from calibration.build import build_benchmark
from calibration.gtap import standard_gtap
from cge import Closure, ModelError, ShockError, SolveError
from cge.gtap import GtapResult, GtapShock, contributions, decompose, gtap_model, gtap_subtotals, solve_gtap
from cge.gtap.indices import rates
from cge.gtap.names import DERIVED, PRICES, QUANTITIES, WELFARE
from cge.model import Model
from cge.model.path import Path, subtotals
from cge.solver.quadrature import integrate
from tests.test_data_build import figaro_csv
from tests.worlds import random_benchmark

MOBILITY = {"mobile": 0.0, "sluggish": 1.0, "fixed": 2.0}


@cache
def world(labour: str = "mobile", capital: str = "mobile") -> Benchmark:
    """Three regions with every tax, margins and non-homothetic demand."""
    plain = standard_gtap(random_benchmark(3, 3, seed=7))
    rng = np.random.default_rng(5)
    held = plain.elasticities.copy(deep=True)
    held["incpar"] = held["incpar"].copy(data=rng.uniform(0.4, 1.4, held["incpar"].shape))
    held["subpar"] = held["subpar"].copy(data=rng.uniform(0.1, 0.9, held["subpar"].shape))
    held["mobility"] = held["mobility"].copy(data=np.array([MOBILITY[labour], MOBILITY[capital]]))
    return replace(plain, elasticities=held)


@cache
def model() -> Model:
    return gtap_model(world())


@cache
def solved(text: str) -> GtapResult:
    return solve_gtap(model(), GtapShock(text))


@dataclass(frozen=True)
class Everywhere:
    """A small change of every exogenous cell of one instrument, another in each."""

    instrument: str
    size: float = 0.02

    @property
    def name(self) -> str:
        return f"{self.instrument} everywhere"

    def changes(self, model: Model) -> Mapping[str, xr.DataArray]:
        symbol, shape = model.symbols[self.instrument], model.shape(self.instrument)
        moved = self.size * np.random.default_rng(1).uniform(0.5, 1.5, shape)
        change = np.where(model.free[self.instrument], 0.0, moved) + (0.0 if symbol.signed else 1.0)
        coords = {d: model.labels(d) for d in symbol.dims}
        return {self.instrument: xr.DataArray(change, dims=symbol.dims, coords=coords)}


def gap(result: GtapResult) -> float:
    """How far the sum of the parts is from EV, in the measure that the decomposition promises to keep."""
    return float((abs(decompose(result).sum("part").values - result.ev()) / welfare.size(result)).max())


# -- the trade balance ratio --------------------------------------------------------------------------
def test_trade_balance_ratio_is_per_cent_of_world_income() -> None:
    result = solved("tm=+10%")
    changes, sam = result.changes(contributions=False), result.base.model.benchmark.sam
    balance = sam["vfob"].sum((0, 2)) + sam["vst"].sum(0) - sam["vcif"].sum((0, 1))
    before = sam.income()
    after = before * (1 + changes["y"].values / 100)
    wanted = 100 * ((balance + changes["del_tbal"].values) / after.sum() - balance / before.sum())
    assert np.allclose(changes["del_tbalry"], wanted, rtol=0, atol=1e-9)
    assert abs(changes["del_tbalry"].sum()) < 1e-9  # the world's trade balances
    assert float(changes["ywld"]) == pytest.approx(100 * (after.sum() / before.sum() - 1), abs=1e-9)


def test_fixed_trade_balance_ratio_keeps_its_share_of_world_income() -> None:
    fixed = ("R0", "R1")
    swapped = gtap_model(world(), Closure(specific=()).swap("tbalry", "dpsave", r=fixed))
    changes = solve_gtap(swapped, GtapShock("tms=+10%; pfactwld=+5%")).changes(contributions=False)
    assert abs(changes["del_tbalry"].sel(r=list(fixed))).max() < 1e-9
    assert abs(changes["del_tbal"].sel(r=list(fixed))).max() > 1e-3  # money follows world income


# -- utility and EV -----------------------------------------------------------------------------------
PREFERENCES = "dpsave[R0]=+30%; dpgov[R1]=-20%; dppriv=+10%; tm=+5%; pop[R2]=+3%"


def test_utility_is_the_integral_of_its_percentage_change_equation() -> None:
    # E_u: u = sum DPAR log(UTIL) dp + (y - pop - p) / UTILELAS, each step of it at current levels
    result = solved(PREFERENCES)
    uses = {"dpar_p": "dppriv", "dpar_g": "dpgov", "dpar_s": "dpsave"}

    def step(place: float) -> np.ndarray:
        point = result.path.point(place)
        logs = result.log_utilities(point.solution, result.divisia.until(place)["psave"])
        tastes = np.stack([point.value(w) * point.slope(dp) for w, dp in uses.items()])
        price = result.divisia.named(rates(point))["p"]
        return (tastes * logs).sum(0) + (point.log_slope("y") - point.log_slope("pop") - price) / point.value("uelas")

    assert np.allclose(np.log(result.utility()), integrate(step).value, rtol=0, atol=1e-10)


def test_ev_is_the_integral_of_its_percentage_change_equation() -> None:
    # E_yev: u = sum DPAR log(UTILEV) dp + (yev - pop) / UTILELASEV, by Runge and Kutta's steps from the benchmark
    result = solved(PREFERENCES)
    base, after = result.base.values_of, result.after.values_of
    v = {n: base(n) for n in ("incpar", "subpar", "spa", "y_0", "yp_0")}
    start, end = result.preferences(result.base), result.preferences(result.after)
    utility, people = np.log(result.utility()), np.log(after("pop"))

    def demand(log_up: np.ndarray, log_x: np.ndarray) -> np.ndarray:
        z = v["spa"] * np.exp(v["subpar"] * (v["incpar"] * log_up - log_x))
        return (v["incpar"] * z).sum(0) / z.sum(0)  # UELASPRIV at benchmark prices

    def step(share: float, state: np.ndarray) -> np.ndarray:
        log_up, log_x = state[0], state[1]
        weights, moving = start + share * (end - start), end - start
        uepriv = demand(log_up, log_x)
        uelas = 1 / (weights[0] / uepriv + weights[1] + weights[2])
        total = v["yp_0"] * np.exp(log_x) * uepriv / (weights[0] * uelas)
        bought = np.stack([total * weights[1] * uelas / base("yg_0"), total * weights[2] * uelas / base("saving")])
        logs = np.stack([log_up, *np.log(bought)])
        per_head = uelas * (utility - (logs * moving).sum(0))  # yev - pop
        # private expenditure's share of it: from yp = y dpar dp uelas / uepriv, uepriv moving with log_up
        h = 1e-6
        slope = (demand(log_up + h, log_x + uepriv * h) - demand(log_up - h, log_x - uepriv * h)) / (2 * h) / uepriv
        # d log_up = s; ypev = yev + d log(weights_p uelas / uepriv)
        own = weights[0] / uepriv * uelas
        tastes = moving[0] / weights[0] - uelas * (moving[0] / uepriv + moving[1] + moving[2])
        log_up_step = (per_head + tastes) / (uepriv + slope * (1 - own))
        return np.stack([log_up_step, uepriv * log_up_step])

    state, steps = np.zeros((2, 3)), 400
    for k in range(steps):
        t, dt = k / steps, 1 / steps
        k1 = step(t, state)
        k2 = step(t + dt / 2, state + dt / 2 * k1)
        k3 = step(t + dt / 2, state + dt / 2 * k2)
        k4 = step(t + dt, state + dt * k3)
        state = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    uepriv = demand(state[0], state[1])
    uelas = 1 / (end[0] / uepriv + end[1] + end[2])
    income = np.exp(people) * v["yp_0"] * np.exp(state[1]) * uepriv / (end[0] * uelas)
    assert np.allclose(result.ev(), income - v["y_0"], rtol=0, atol=1e-8 * v["y_0"].max())


def test_tastes_alone_change_neither_utility_nor_ev_where_nothing_else_has_changed() -> None:
    # at benchmark utilities log(UTIL) is 0: a first step of preferences moves u by what income and prices do alone
    result = solve_gtap(model(), GtapShock("dpsave=+0.01%; dpgov=+0.01%; dppriv=+0.01%"))
    assert abs(result.changes()["CNTdpar"]).max() < 1e-9 * result.base.values_of("y_0").max()
    assert abs(result.ev()).max() < 1e-9 * result.base.values_of("y_0").max()  # all in one proportion: no share moves


def test_more_saving_has_its_own_part_of_ev() -> None:
    result = solved(PREFERENCES)
    parts = contributions(result)
    assert (abs(parts["CNTdpar"]) > 1e-6 * result.base.values_of("y_0")).all()
    assert gap(result) < 1e-9


# -- the parts of EV ----------------------------------------------------------------------------------
INSTRUMENTS = (
    "to tfd tfm ao afe ava aint afa txs tms ams atmfsd tpd tpm tgd tgm tid tim tinc tfe qe qesf pop dppriv dpgov dpsave "
    "cgdslack pfactwld"
).split()
DISTORTED = "tms=+8%; to[g0,*]=+3%; tinc=+5%; dpsave[R0]=+10%; pop[R1]=+2%"


@pytest.mark.parametrize(
    ("labour", "capital"), [("mobile", "sluggish"), ("fixed", "mobile"), ("sluggish", "fixed"), ("mobile", "mobile")]
)
def test_every_instrument_is_attributed(labour: str, capital: str) -> None:
    # at a distorted equilibrium, so that no tax, taste or utility stands at its benchmark
    economy = gtap_model(world(labour, capital))
    assert sorted(INSTRUMENTS) == sorted(n for n, s in economy.symbols.items() if s.kind == "instrument")
    result = solve_gtap(economy, GtapShock(DISTORTED))
    for name in INSTRUMENTS:
        if name == "qesf" and "fixed" not in (labour, capital):
            continue
        path = Path(result.after, {name: 0.02 * np.random.default_rng(1).uniform(0.5, 1.5, economy.shape(name))})
        parts = welfare.real_income(path.point(0.0))  # raises where real income moves by what no part explains
        largest = max(float(abs(p).max()) for p in parts.values())
        assert largest > 1e-6 * result.base.values_of("y_0").max() or name == "pfactwld", name


@pytest.mark.parametrize(
    ("fixed", "free", "where"),
    [
        ("tbalry", "dpsave", {"r": ("R0", "R2")}),
        ("qinv", "cgdslack", {"r": ("R0", "R1")}),
        ("qinv", "dpsave", {"r": "R0"}),
        ("rw", "qe", {"f": "lab"}),
        ("qo", "to", {"i": "g1", "r": "R1"}),
    ],
)
def test_parts_add_up_under_every_closure(fixed: str, free: str, where: dict) -> None:
    swapped = gtap_model(world(), Closure(specific=()).swap(fixed, free, **where))
    shock = Everywhere("to") if free == "to" else GtapShock("tms=+10%; pop=+2%")
    assert gap(solve_gtap(swapped, shock)) < 1e-9


@cache
def euro_world() -> Model:
    """A tiny table in the layout of FIGARO: a small shock moves EV by a thousandth of income."""
    with TemporaryDirectory() as folder:
        path = Path_(folder) / "matrix_eu-ic-io_ind-by-ind_24ed_2022.csv"
        figaro_csv(path)
        return gtap_model(standard_gtap(build_benchmark("figaro", path).benchmark))


@pytest.mark.parametrize("text", ["tm=+10%", "tm=+1%", "tms[C29,AUT,GRC]=+10%", "to=+5%"])
def test_parts_meet_ev_to_rounding_on_the_first_points_of_the_path(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    # tangents and points are exact: what an iterative solver leaves in each would add up along the path
    monkeypatch.setattr(welfare, "GOALS", (1e-7,))
    assert gap(solve_gtap(euro_world(), GtapShock(text))) < 2e-12


def test_parts_add_up_with_a_make_matrix_fixed_factors_and_productivity_of_margins() -> None:
    economy = gtap_model(world("sluggish", "fixed"), make_matrix=True)
    for shock in (GtapShock("atmfsd=+10%; tms=+5%; to=+3%"), Everywhere("qesf", 0.05)):
        result = solve_gtap(economy, shock)
        assert gap(result) < 1e-9, shock
        assert abs(contributions(result)["EV"]).max() > 0


def test_uniform_price_rise_moves_no_part_of_ev() -> None:
    # regions lend and borrow at the benchmark: prices against the world's, not in money
    result = solved("pfactwld=+10%")
    balance = result.base["tbal"].values
    assert abs(balance).max() > 1e-2
    assert float(abs(decompose(result)).max()) < 1e-9 * result.base.values_of("y_0").max()


def test_terms_of_trade_and_saving_are_measured_against_the_world_price_of_trade() -> None:
    result = solved("tm=+10%")
    point = result.path.point(0.5)
    parts, world_price = welfare.real_income(point), result.divisia.named(rates(point))["pxwwld"]
    v, d = point.value, point.log_slope

    def gains(values: np.ndarray, prices: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.where(values != 0, values * (prices - world_price), 0.0).sum(axes)

    fob = v("vfob") * v("pfob") * v("qxs")
    freight = v("vtwr") * (v("qxs") / v("atmfsd")) * v("pt")[:, None, None, None]
    margins = v("vst") * v("pdm") * v("qst")
    sold = gains(fob, d("pfob"), (0, 2)) + gains(margins, d("pdm"), (0,))
    bought = gains(fob, d("pfob"), (0, 1)) + gains(freight, d("pt")[:, None, None, None], (0, 1, 2))
    assert np.allclose(parts["tot"], sold - bought, rtol=0, atol=1e-9)
    assert abs(parts["tot"].sum()) < 1e-9 * abs(parts["tot"]).max()  # what one gains another loses, freight included


def test_growth_of_people_and_factors_alike_is_population_and_nothing_else() -> None:
    result = solved("pop=+3%; qe=+3%")
    parts = contributions(result)
    income = result.base.values_of("y_0")
    assert np.allclose(parts["EV"], 0.03 * income, rtol=1e-9)
    assert np.allclose(parts["CNTpop"], parts["EV"], rtol=1e-9)
    for name in ("CNTalleff", "CNTendw", "CNTtech", "CNTtot", "CNTcgds", "CNTdpar"):
        assert abs(parts[name]).max() < 1e-9 * income.max(), name


def test_more_people_with_what_there_is_leave_expenditure_where_it_was() -> None:
    parts = contributions(solved("pop=+3%"))
    thinner = parts["CNTalleff"] + parts["CNTendw"]
    assert float(parts["CNTpop"].min()) > 0
    assert float(thinner.max()) < 0


def test_changes_hold_the_parts_under_gtap_names() -> None:
    changes = solved("tm=+10%").changes()
    assert set(WELFARE) <= set(changes.data_vars)
    assert np.allclose(sum(changes[n] for n in WELFARE), changes["ev"], rtol=0, atol=1e-9 * abs(changes["ev"]).max())


def test_every_result_has_a_meaning_and_a_unit() -> None:
    changes = solved("tm=+10%").changes()
    assert {*QUANTITIES, *PRICES, *DERIVED, *WELFARE} <= set(changes.data_vars)
    for name in changes.data_vars:
        assert changes[name].attrs["long_name"], name
        assert changes[name].attrs["units"], name


# -- values follow from one another ---------------------------------------------------------------------
def test_quantities_times_prices_are_values() -> None:
    changes = solved("tms=+10%; pfactwld=+4%").changes(contributions=False)

    def level(name: str) -> xr.DataArray:
        return 1 + changes[name] / 100

    income = solved("tms=+10%; pfactwld=+4%").base["y_0"]
    assert np.allclose(level("qgdp") * level("pgdp"), level("vgdp"), rtol=1e-12)
    assert float(level("ywld")) == pytest.approx(float((income * level("y")).sum() / income.sum()), rel=1e-12)
    assert abs(float(changes["pfactwld"]) - 4) < 1e-9
    assert np.allclose(level("tot") * level("pdw"), level("psw"), rtol=1e-12)
    assert abs(float(changes["walraslack"])) < 1e-6


# -- error, refusal ---------------------------------------------------------------------------------------
def test_a_prohibitive_duty_has_the_ev_of_a_finer_path() -> None:
    shock = GtapShock("tms[g0,R0,R1]=+1000%")
    result, coarse = solve_gtap(model(), shock), solve_gtap(model(), shock, goal=1e-5)
    scale = welfare.size(result).max()
    assert (abs(result.ev() - coarse.ev()) <= coarse.error["ev"] + result.error["ev"] + 1e-12 * scale).all()
    assert result.error["ev"] < 1e-8 * scale
    assert gap(result) < 1e-9


def test_an_index_that_is_not_known_is_refused_and_the_solution_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cge.model.path, "LIMIT", 1e-30)
    with pytest.raises(SolveError, match=r"price indices along the path.*above the limit of 1e-30") as stopped:
        solve_gtap(model(), GtapShock("tms=+10%"))
    assert stopped.value.last.checks()["ok"].all()


@pytest.mark.parametrize(
    ("limit", "message"),
    [("REAL_INCOME_LIMIT", "real income of R. moves by .* no part explains"), ("SUM_LIMIT", "the parts of EV miss it in R0")],
)
def test_a_failed_decomposition_says_so_and_leaves_the_results(
    monkeypatch: pytest.MonkeyPatch, limit: str, message: str
) -> None:
    result = solve_gtap(model(), GtapShock("tms=+7%"))
    monkeypatch.setattr(welfare, limit, -1.0)
    monkeypatch.setattr(welfare, "GOALS", (1e-7,))
    with pytest.raises(SolveError, match=message) as stopped:
        decompose(result)
    assert stopped.value.last is not None
    changes = result.changes()
    assert np.isfinite(changes["ev"]).all()
    assert "CNTtot" not in changes
    assert changes.attrs["contributions"] in str(stopped.value)


def test_a_missing_part_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    result = solve_gtap(model(), GtapShock("ao=+3%"))
    monkeypatch.setattr(welfare, "_technology", lambda point, freight: np.zeros(3))
    with pytest.raises(SolveError, match="that no part explains"):
        decompose(result)


def test_another_shock_than_that_solved_is_refused() -> None:
    with pytest.raises(ShockError, match=r"is of shock 'tm=\+10%', not of 'tm=\+5%'"):
        contributions(solved("tm=+10%"), GtapShock("tm=+5%"))


# -- sub-totals --------------------------------------------------------------------------------------------
GROUPS = {"duties": "tms=+10%", "farms": "ao[g0,*]=+3%", "saving": "dpsave[R0]=+5%", "money": "pfactwld=+7%"}


def test_subtotals_are_of_the_same_real_gdp_as_the_table() -> None:
    result = solved("; ".join(GROUPS.values()))
    groups = {g: GtapShock(text) for g, text in GROUPS.items()}
    names = ["qgdp", "pgdp", "tot", "u", "ev", "y", "qxs", "pds", "pxwwld"]
    found, changes = gtap_subtotals(result, groups, names), result.changes(contributions=False)
    for name in names:
        whole = found[name].sel(group="total")
        assert np.allclose(found[name].drop_sel(group="total").sum("group", skipna=False), whole, equal_nan=True, atol=1e-9)
        assert np.allclose(whole, changes[name], rtol=1e-7, atol=1e-7, equal_nan=True), name
    for name in ("qgdp", "tot", "u", "ev", "qxs"):
        assert abs(found[name].sel(group="money")).max() < 1e-6, name  # money is a veil
    assert result.table()["qgdp"].to_numpy() == pytest.approx(found["qgdp"].sel(group="total").values, abs=1e-7)


def test_subtotals_refuse_what_they_cannot_tell() -> None:
    result = solved("; ".join(GROUPS.values()))
    groups = {g: GtapShock(text) for g, text in GROUPS.items()}
    with pytest.raises(ModelError, match="no sub-totals of 'qgdpp'; did you mean 'qgdp'"):
        gtap_subtotals(result, groups, "qgdpp")
    del groups["farms"]
    with pytest.raises(ShockError, match="the groups together do not move ao"):
        gtap_subtotals(result, groups)
    with pytest.raises(ShockError, match="at least one group"):
        subtotals(result.base, {}, "y")


def test_subtotals_of_the_model_add_up_and_tell_their_error() -> None:
    base = model().solve()
    groups = {g: GtapShock(text) for g, text in GROUPS.items()}
    found = subtotals(base, groups, "qgdp")
    joint = model().solve(GtapShock("; ".join(GROUPS.values())))
    change = 100 * (joint["qgdp"] / base["qgdp"] - 1)
    assert abs(found["qgdp"].sel(group="total") - change).max() < 1e-7
    assert 0 <= found["qgdp"].attrs["error"] < 1e-4


# -- an instrument that is free in part ----------------------------------------------------------------------
def test_tangents_are_exact_where_a_swap_frees_an_instrument_in_part() -> None:
    untaxed = world()
    data = untaxed.sam.data.copy(deep=True)
    data["maks"] = data["makb"].copy()  # no output tax: its derivative is zero at the benchmark, and nowhere else
    data["evfp"].loc[{"f": "lab"}] += (untaxed.sam["makb"] - untaxed.sam["maks"]).sum(0)
    for header in ("evfb", "evos"):
        data[header].loc[{"f": "lab"}] += (untaxed.sam["makb"] - untaxed.sam["maks"]).sum(0)
    benchmark = replace(untaxed, sam=type(untaxed.sam)(data))
    economy = gtap_model(benchmark, Closure(specific=()).swap("qo", "to", i="g1", r="R1"))
    result = solve_gtap(economy, Everywhere("to"))
    path, place, h = result.path, 0.5, 1e-3
    share = path.share(place)
    for name in ("to", "pds", "y"):
        ahead, behind = (path.solution(share + k * h).values_of(name) for k in (1, -1))
        slope = path.point(place).slope(name) / path.speed(place)
        assert np.allclose(slope, (ahead - behind) / (2 * h), rtol=0, atol=1e-6), name


@pytest.mark.shared
def test_published_case_of_a_uniform_tariff_rise(shared) -> None:
    from calibration.gtap import load_gtap

    economy = gtap_model(load_gtap(shared.parent / "cases" / "mini_v7"))
    changes = solve_gtap(economy, GtapShock("tm=+10%")).changes()
    order = {"r": ["USA", "ROW", "CHN"]}
    assert changes["del_tbalry"].sel(order).values == pytest.approx([-0.19079871, -0.17089166, 0.36169037], abs=1e-7)
    assert changes["CNTtot"].sel(order).values == pytest.approx([37209.6, 15347.0, -53556.3], abs=0.06)
    assert changes["CNTcgds"].sel(order).values == pytest.approx([15935.7, -18006.0, 2025.7], abs=0.06)
