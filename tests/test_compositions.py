"""Every composition that the library ships answers every question about a solution; a name it lacks comes with a reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from calibration import Benchmark, Sam, aggregate_benchmark, load_benchmark
from calibration.foreign_capital import COLUMNS, with_positions
from calibration.from_flows import one_final_demand
from calibration.gtap import standard_gtap
from calibration.sam import SCHEMA
from cge import InstrumentChange, Model, ModelError, Policy, Solution
from cge.blocks.deficits import TRADE_MODEL
from cge.gtap import gtap_model, result_of, solve_gtap
from cge.gvc import Icio
from cge.mechanisms.foreign_income import ForeignIncome
from cge.mechanisms.growth import Growth
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.mechanisms.loans import Loans
from cge.mechanisms.origin import Coverage, RulesOfOrigin
from cge.model.solution import Comparison
from cge.model.workspace import residual_at
from cge.results.updated_data import header_value, updated_benchmark, updated_sam
from tests.worlds import random_benchmark

Build = Callable[[Benchmark], Model]


def shock(instrument: str, **change: object) -> Policy:
    return Policy(name=f"test {instrument}", instruments=(InstrumentChange(instrument=instrument, **change),))


def small_world() -> Benchmark:
    return random_benchmark(3, 3, seed=21)


def vehicle_world() -> Benchmark:
    world = load_benchmark()
    keep = ("USA", "CAN", "MEX", "CHN")
    sectors = {c: c if c in ("mot", "met") else "rest" for c in world.commodities}
    return aggregate_benchmark(world, {r: r if r in keep else "ROW" for r in world.regions}, sectors)


def by_returns(benchmark: Benchmark) -> Model:
    stock = benchmark.sam.expenditure()["inv"] / 0.08
    return Model(benchmark, mechanisms=(Growth(), Loans(), InvestmentByReturns(stock, 0.05)))


def owning_world() -> Benchmark:
    plain = small_world()
    table = pd.DataFrame(0.0, index=plain.regions, columns=list(COLUMNS))
    table["debt_assets"], table["debt_liabilities"] = [8.0, 0.0, 0.0], [0.0, 5.0, 3.0]
    return with_positions(plain, table)


def rules(benchmark: Benchmark) -> Model:
    coverage = Coverage(area=("USA", "CAN", "MEX"), sector="mot", material="mot", metals="met", types=2)
    return Model(benchmark, mechanisms=(RulesOfOrigin(coverage),))


COMPOSITIONS: dict[str, tuple[Callable[[], Benchmark], Build]] = {
    "core, use": (small_world, lambda b: Model(b)),
    "core, agent": (small_world, lambda b: Model(b, sourcing="agent")),
    "core, pooled": (small_world, lambda b: Model(b, sourcing="pooled")),
    "foreign capital": (owning_world, lambda b: Model(b, mechanisms=(ForeignIncome(),))),
    "growth, saving": (small_world, lambda b: Model(b, mechanisms=(ForeignIncome(), Growth(), Loans()))),
    "growth, returns": (small_world, by_returns),
    "gtap": (lambda: standard_gtap(small_world()), lambda b: gtap_model(b)),
    "gtap, make matrix": (lambda: standard_gtap(small_world()), lambda b: gtap_model(b, make_matrix=True)),
    "rules of origin": (vehicle_world, rules),
    "trade": (
        lambda: one_final_demand(small_world()),
        lambda b: Model(b, sourcing="pooled", blocks=TRADE_MODEL),
    ),
}
SHOCKS = {
    "tariff": shock("tms", among=True, rate_add=0.05),
    "tax": shock("tpd", factor=1.02),
    "productivity": shock("ams", among=True, factor=1.02),
}


@pytest.fixture(scope="module", params=list(COMPOSITIONS))
def composition(request: pytest.FixtureRequest) -> tuple[str, Model, Solution, Solution]:
    benchmark, build = COMPOSITIONS[request.param]
    model = build(benchmark())
    return request.param, model, model.solve(), model.solve(SHOCKS["tariff"])


# -- every public method ---------------------------------------------------------------------------

ARGUMENTS: dict[str, tuple[object, ...]] = {
    "value": ("vfob",),
    "values_of": ("qo",),
    "gradient": ("gdp", "tms"),
    "percent": ("qo",),
}


def public(kind: type) -> list[str]:
    return [n for n, m in inspect.getmembers(kind) if not n.startswith("_") and (callable(m) or isinstance(m, property))]


@pytest.mark.parametrize("name", public(Solution))
def test_every_method_of_a_solution_answers(composition, name: str, tmp_path) -> None:
    _, model, base, after = composition
    if isinstance(inspect.getattr_static(Solution, name), classmethod):
        return
    arguments = ARGUMENTS.get(name, ())
    if name == "save":
        arguments = (tmp_path / "solution.nc",)
    if name == "compare":
        arguments = (base,)
    if name == "tangent":
        rate = model.benchmark_values["tms"]
        coords = {d: model.labels(d) for d in "isd"}
        arguments = ({"tms": xr.DataArray(0.01 * rate, dims=("i", "s", "d"), coords=coords)},)
    _answers(after, name, arguments, {"r": model.labels("r")[0]} if name == "gradient" else {})


@pytest.mark.parametrize("name", public(Comparison))
def test_every_method_of_a_comparison_answers(composition, name: str) -> None:
    _, model, base, after = composition
    arguments = (model.labels("r")[:2],) if name == "trade_among" else ARGUMENTS.get(name, ())
    _answers(after.compare(base), name, arguments, {})


def _answers(thing: object, name: str, arguments: tuple[object, ...], options: dict[str, str]) -> None:
    member = getattr(thing, name)
    answer = member(*arguments, **options) if callable(member) else member
    assert answer is not None or name == "save"


def test_every_equilibrium_passes_its_checks(composition) -> None:
    _, _, base, after = composition
    for solution in (base, after):
        checks = solution.checks()
        assert checks["ok"].all(), checks


def test_welfare_is_under_one_name_or_absent_with_where_to_find_it(composition) -> None:
    kind, model, base, after = composition
    table = after.compare(base).table()
    assert list(table.columns[:3]) == ["welfare_percent", "ev_musd", "real_gdp_percent"]
    assert np.isfinite(table.to_numpy()).all()
    if kind.startswith("gtap"):
        for name in ("u", "ev"):
            with pytest.raises(ModelError, match="path"):
                after[name]
        assert np.allclose(table["ev_musd"], result_of(after).ev(), rtol=1e-12)
        assert np.allclose(table["ev_musd"], solve_gtap(model, SHOCKS["tariff"]).ev(), rtol=1e-7)
    else:
        assert np.allclose(table["ev_musd"], after["ev"], rtol=1e-12)
        assert np.allclose(table["welfare_percent"], 100 * (after["u"] - 1), rtol=1e-9, atol=1e-10)
    assert set(table.attrs["absent"]) == set()


def test_the_benchmark_compared_with_itself_changes_nothing(composition) -> None:
    _, _, base, _ = composition
    table = base.compare(base).table()
    assert float(abs(table.drop(columns="ev_musd")).max().max()) < 1e-9  # per cent
    assert float(abs(table["ev_musd"]).max()) < 1e-9 * float(base["gdp"].sum())


def test_gtaps_result_of_a_branch_that_no_path_reaches_is_refused(composition) -> None:
    kind, model, base, _ = composition
    if not kind.startswith("gtap"):
        return
    loose = model.solve(SHOCKS["tariff"], method="ipopt", branch="any")
    for answer in (lambda: result_of(loose), lambda: loose.compare(base).table()):
        with pytest.raises(ModelError, match="not known to be connected to the benchmark"):
            answer()


def test_a_name_that_no_block_has_gets_the_nearest_one(composition) -> None:
    with pytest.raises(ModelError, match="did you mean 'qgdp'"):
        composition[3]["qgdpp"]


# -- derived tables --------------------------------------------------------------------------------


@pytest.mark.parametrize("change", SHOCKS)
def test_updated_data_balance_and_their_model_replicates_the_solution(composition, change: str) -> None:
    kind, model, _, _ = composition
    after = model.solve(SHOCKS[change])
    sam = updated_sam(after)
    assert sam.largest_gap() < 1e-9
    assert np.allclose(sam.gdp(), after["gdp"], rtol=1e-9)
    again = COMPOSITIONS[kind][1](updated_benchmark(after))
    assert residual_at(again, again.benchmark_values) < 1e-9
    square = sam.square()
    assert np.allclose(square.sum("row"), square.sum("column"), rtol=1e-8, atol=1e-8 * float(square.max()))


def test_foreign_saving_moves_the_updated_data_too(composition) -> None:
    kind, model, _, _ = composition
    if "fsav" not in model.symbols:
        return
    amount = 0.003 * model.benchmark.sam.gdp().min()
    given = model.benchmark_values["fsav"].copy()
    given[:2] += amount, -amount
    after = model.solve(exogenous={"fsav": xr.DataArray(given, dims="r", coords={"r": model.labels("r")})})
    sam = updated_sam(after)
    borrowed = sam.expenditure()["inv"] - sam["save"] - sam["vdep"]
    # the SAM has no account for income from abroad: it pays for imports as borrowing does
    paid = (after["finc"] * float(after["pfactwld"])).values if "finc" in model.symbols else np.zeros_like(given)
    assert np.allclose(borrowed[:2], (given + paid)[:2], rtol=1e-8)
    again = COMPOSITIONS[kind][1](updated_benchmark(after))
    assert residual_at(again, again.benchmark_values) < 1e-9


def test_inter_country_table_is_the_solution_row_by_row(composition) -> None:
    kind, model, base, after = composition
    table = after.icio()
    made = after["vob"] * after["pds"] * (after["qc"] if "qc" in model.symbols else after["qo"])
    assert np.allclose(table.output.sum("i"), made.sum("i"), rtol=1e-9)
    assert np.allclose(sum(table.components.values()), table.value_added, rtol=1e-8, atol=1e-9 * table.x.max())
    if kind == "core, agent":  # every use has its own origins, as the data have them
        assert np.allclose(base.icio().z, Icio.from_sam(model.benchmark.sam).z, rtol=1e-8, atol=1e-9 * table.x.max())
    assert np.isfinite(base.gvc().compare(after.gvc()).table().to_numpy(dtype=float)).any()


def test_make_matrix_gives_a_table_of_activities_that_adds_up() -> None:
    # each activity makes a tenth of the next commodity too
    plain = small_world().sam
    arrays = {h: plain[h].copy() for h in SCHEMA}
    for h in ("makb", "maks"):
        k = np.arange(3)
        own = plain["makb"][k, k].copy()
        arrays[h] = np.zeros((3, 3, 3))
        arrays[h][k, k] = 0.9 * own
        arrays[h][k, (k + 1) % 3] = 0.1 * own
    # value added takes up the difference, no output tax
    cost = (arrays["vdfp"] + arrays["vmfp"]).sum(0)
    scale = (arrays["maks"].sum(0) - cost) / arrays["evfp"].sum(0)
    for h in ("evfp", "evfb", "evos"):
        arrays[h] = arrays[h] * scale
    data = plain.data.assign({h: plain.data[h].copy(data=arrays[h]) for h in SCHEMA})
    draft = Sam(data)
    spent = draft.expenditure()
    data["save"] = data["save"].copy(data=draft.income() - spent["prv"] - spent["gov"])
    held = small_world()
    benchmark = standard_gtap(Benchmark(Sam(data), held.elasticities, "makes"))
    model = gtap_model(benchmark)
    for solution in (model.solve(), model.solve(SHOCKS["tariff"])):
        table = solution.icio()
        assert np.allclose(table.x.reshape(3, 3), updated_sam(solution)["makb"].sum(0).T, rtol=1e-9)
        assert np.allclose(sum(table.components.values()), table.value_added, rtol=1e-8)
        exports = solution.values_of("vxsb") * solution.values_of("qxs") * solution.values_of("pds")[:, :, None]
        pool = updated_sam(solution)["vst"].sum()
        assert table.exports.sum() < exports.sum() + pool  # margins bought at home are no exports
        assert solution.icio("base").x.min() > 0


# -- values ----------------------------------------------------------------------------------------


def test_values_of_headers_are_those_of_the_updated_data_and_quantities_at_benchmark_prices(composition) -> None:
    kind, model, base, after = composition
    sam = updated_sam(after)
    for header in ("vfob", "vmub", "evfb", "save"):
        assert np.array_equal(after.value(header), sam[header])
    for header in SCHEMA:
        if header == "save":
            with pytest.raises(ModelError, match="without a quantity"):
                after.value(header, prices="base")
            continue
        real = header_value(after, header, "base")
        assert real.dims == SCHEMA[header].dims
        if header == "vmub" and kind != "core, agent":
            continue  # uses that share a bundle of origins draw on them alike, unlike the data
        still = header_value(base, header, "base")
        assert np.allclose(still, model.benchmark.sam[header], rtol=1e-7, atol=1e-9 * float(sam.gdp().sum()))
    exports = after.value("vfob", prices="base")
    assert np.allclose(exports, after.compare(base).bilateral()["after"], rtol=1e-12)
    assert not np.allclose(after.value("vfob"), exports, rtol=1e-4)


def test_a_uniform_rise_of_prices_moves_current_values_and_not_those_at_benchmark_prices() -> None:
    model = Model(small_world())
    dearer = model.solve(shock("pfactwld", factor=1.1, among=False))
    base = model.solve()
    if "fsav" in model.symbols:  # a nominal amount is not homogeneous by itself
        raised = xr.DataArray(model.benchmark_values["fsav"], dims="r", coords={"r": model.labels("r")})
        dearer = model.solve(exogenous={"pfactwld": np.asarray(1.1), "fsav": raised})
    assert np.allclose(dearer.value("vfob"), 1.1 * base.value("vfob"), rtol=1e-8, atol=1e-9)
    assert np.allclose(dearer.value("vfob", prices="base"), base.value("vfob"), rtol=1e-8, atol=1e-9)


def test_constants_of_the_benchmark_are_named_and_their_change_is_refused(composition) -> None:
    _, _, base, after = composition
    assert "constant of the benchmark" in after["vfob"].attrs["long_name"]
    with pytest.raises(ModelError, match=r"constant of the benchmark.*after\.value\('vfob'\)"):
        after.compare(base).percent("vfob")
    with pytest.raises(ModelError, match="no header of the SAM; did you mean 'vfob'"):
        after.value("vfobb")
    with pytest.raises(ModelError, match="unknown prices 'real'"):
        after.value("vfob", prices="real")


# -- one region, one good ---------------------------------------------------------------------------


@pytest.mark.parametrize(("regions", "goods"), [(1, 1), (1, 3), (2, 1)])
@pytest.mark.parametrize("kind", [k for k in COMPOSITIONS if not k.startswith("rules")])
def test_the_smallest_worlds_answer_too(kind: str, regions: int, goods: int) -> None:
    plain = random_benchmark(regions, goods, seed=3)
    benchmark = standard_gtap(plain) if kind.startswith("gtap") else one_final_demand(plain) if kind == "trade" else plain
    model = COMPOSITIONS[kind][1](benchmark)
    base, after = model.solve(), model.solve(SHOCKS["tax"])
    table = after.compare(base).table()
    trade = ["exports_percent", "imports_percent", "terms_of_trade_percent"]
    assert table[trade].isna().all(axis=None) == (regions == 1)  # one region trades with nobody
    assert np.isfinite(table.drop(columns=trade).to_numpy()).all()
    assert updated_sam(after).largest_gap() < 1e-9
    assert after.homogeneity() < 1e-8
    # the gradient is the slope: a ten-thousandth of the power, up and down
    step = 1e-4
    slope = float((after.gradient("gdp", "tpd", r="R0")["tpd"].sel(r="R0") * after["tpd"].sel(r="R0")).sum())
    moved = [model.solve(shock("tpd", where={"r": ("R0",)}, factor=1 + x), start=after) for x in (step, -step)]
    numeric = float((moved[0]["gdp"] - moved[1]["gdp"]).sel(r="R0")) / (2 * step)
    assert slope == pytest.approx(numeric, rel=1e-5, abs=1e-6 * float(base["gdp"].sum()))
    summary = base.gvc().compare(after.gvc()).table()
    assert np.isfinite(summary.to_numpy(dtype=float)).any()


# -- investment ------------------------------------------------------------------------------------


def test_a_table_with_one_final_demand_names_the_model_that_fits() -> None:
    folded = one_final_demand(small_world())
    with pytest.raises(ModelError, match=r"nobody invests in benchmark.*TRADE_MODEL"):
        Model(folded)
    with pytest.raises(ModelError, match="nobody invests"):
        gtap_model(standard_gtap(folded))
    with pytest.raises(ModelError, match=r"R[012] invests in benchmark.*one_final_demand"):
        Model(small_world(), sourcing="pooled", blocks=TRADE_MODEL)


def test_folding_final_demand_keeps_gdp_trade_and_balance() -> None:
    plain, folded = small_world().sam, one_final_demand(small_world()).sam
    assert folded.check(1e-9).empty
    assert np.allclose(folded.gdp(), plain.gdp(), rtol=1e-12)
    assert np.allclose(folded["vmub"].sum(1), plain["vmub"].sum(1), rtol=1e-12)
    trade = plain["vfob"].sum((0, 2)) + plain["vst"].sum(0) - plain["vcif"].sum((0, 1))
    assert np.allclose(folded["save"], trade, rtol=1e-9, atol=1e-12 * plain.gdp().sum())


def test_a_region_that_saves_and_does_not_invest_is_named() -> None:
    world = small_world()
    data = world.sam.data.copy(deep=True)
    for origin in "dm":  # R1's investors become its households
        for price in "bp":
            moved = data[f"v{origin}i{price}"].sel(r="R1")
            data[f"v{origin}p{price}"].loc[{"r": "R1"}] += moved
            data[f"v{origin}i{price}"].loc[{"r": "R1"}] = 0.0
    data["vmub"].loc[{"u": "prv", "d": "R1"}] += data["vmub"].sel(u="inv", d="R1")
    data["vmub"].loc[{"u": "inv", "d": "R1"}] = 0.0
    draft = Sam(data)
    spent = draft.expenditure()
    data["save"] = data["save"].copy(data=draft.income() - spent["prv"] - spent["gov"])
    with pytest.raises(ModelError, match="nobody invests in R1 of benchmark"):
        Model(Benchmark(Sam(data), world.elasticities, "idle"))


# -- documents and reports -------------------------------------------------------------------------


def test_every_model_is_documented_and_shows_a_policy_or_says_why_not(composition, tmp_path) -> None:
    from cge.report.model_docs import document

    kind, model, _, _ = composition
    policy = SHOCKS["tariff"]
    shown = [] if kind.startswith(("growth", "rules")) else [policy]
    document(model, tmp_path, shown, title=kind)
    assert len(list(tmp_path.glob("*.html"))) == 3 + len(shown)
    if not shown:
        with pytest.raises(ModelError, match=r"dynamic model has paths|scenarios of rules of origin"):
            document(model, tmp_path, [policy], title=kind)
