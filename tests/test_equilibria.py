"""One equilibrium, the benchmark's own: checks that can fail, paths that end, several equilibria, separate worlds."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from calibration import Benchmark, Sam
from calibration.elasticities import to_dataset
from calibration.gtap import standard_gtap
from calibration.sam import make_dataset
from cge import Closure, ClosureError, InstrumentChange, Model, ModelError, Policy, SolveError
from cge.blocks import CORE, Households
from cge.blocks.deficits import TRADE_MODEL
from cge.equations.connectivity import blocs
from cge.equations.declare import Block, definition, equation, parameter, variable
from cge.gtap import gtap_model
from cge.mechanisms.foreign_income import ForeignIncome
from cge.mechanisms.growth import Growth
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.mechanisms.loans import Loans
from cge.mechanisms.origin import Coverage, RulesOfOrigin
from cge.model.branches import determinant_sign, probe_equilibria
from cge.model.workspace import Workspace
from cge.solver.memory import Room, room
from policies import tariff_change
from tests.gtap_folders import small_gtap
from tests.test_replication import armington_world
from tests.worlds import elasticity_table, random_benchmark, random_gtap


def shock(instrument: str, **change: object) -> Policy:
    return Policy(name=f"test {instrument}", instruments=(InstrumentChange(instrument=instrument, **change),))


def compositions() -> dict[str, Model]:
    tiny = random_benchmark(3, 3, seed=7)
    coverage = Coverage(area=("R0", "R1"), sector="g0", material="g1", metals="g2", high_wage=("R0",), types=2)
    return {
        "core": Model(tiny),
        "rules of origin": Model(tiny, mechanisms=(RulesOfOrigin(coverage),)),
        "growth": Model(tiny, mechanisms=(ForeignIncome(), Growth(), Loans())),
        "growth by returns": Model(tiny, mechanisms=(Growth(), InvestmentByReturns(1e2, 0.01))),
        "gtap": gtap_model(random_gtap()),
        "gtap with a make matrix": gtap_model(random_gtap(), make_matrix=True),
        "trade model": Model(armington_world(0.5), sourcing="pooled", blocks=TRADE_MODEL),
    }


NAMES = ("core", "rules of origin", "growth", "growth by returns", "gtap", "gtap with a make matrix", "trade model")


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return compositions()


# -- checks ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_every_composition_answers_every_check_or_says_why_not(models, name: str) -> None:
    after = models[name].solve(shock("ams", factor=1.02, among=True))
    table = after.checks()
    assert table["ok"].all(), table
    answered, absent = set(table["check"]), table.attrs["absent"]
    assert answered.isdisjoint(absent)
    assert len(answered) + len(absent) >= 6
    assert "Walras' law, of world GDP" in answered
    assert all(reason for reason in absent.values())
    assert not absent
    assert after.homogeneity() < 1e-9


BROKEN = {
    "Walras' law, of world GDP": {"core": "pinv", "growth": "pinv", "gtap": "pinv", "trade model": "y"},
    "GDP expenditure = income": {"core": "qms", "gtap": "qms"},
    "GDP expenditure = value added": {"core": "qo", "gtap": "qo", "rules of origin": "qo"},
    "world trade balances": {"core": "pt", "gtap": "pt", "growth": "pt"},
}


@pytest.mark.parametrize(("check", "name"), [(c, n) for c, by_model in BROKEN.items() for n in by_model])
def test_every_check_can_fail(models, check: str, name: str) -> None:
    after = models[name].solve()
    symbol = BROKEN[check][name]
    spoiled = replace(after, arrays={**after.arrays, symbol: after.arrays[symbol] * 1.001})
    table = spoiled.checks().set_index("check")
    assert not table.loc[check, "ok"]
    assert after.checks().set_index("check").loc[check, "ok"]


def test_the_checks_of_residuals_and_signs_can_fail(models) -> None:
    after = models["core"].solve()
    negative = replace(after, arrays={**after.arrays, "qo": -after.arrays["qo"]})
    assert not negative.checks().set_index("check").loc["smallest price or quantity, sign reversed", "ok"]
    loose = replace(after, info={**after.info, "max_residual": 1e-6})
    assert not loose.checks().set_index("check").loc["largest residual", "ok"]


@pytest.mark.parametrize("name", ["core", "rules of origin", "growth", "trade model"])
def test_foreign_saving_without_a_lender_is_refused_by_name(models, name: str) -> None:
    model = models[name]
    borrower, lender = model.labels("r")[:2]
    alone = shock("fsav", where={"r": (borrower,)}, add=0.01)
    with pytest.raises(SolveError, match=r"Walras' law, of world GDP.* fails.*fsav sum to 0.01.*name the lender") as caught:
        model.solve(alone)
    assert caught.value.last.walras > 1e-6  # a real measure: foreign saving that nobody lends, of world GDP
    changes = [InstrumentChange(instrument="fsav", where={"r": (r,)}, add=x) for r, x in ((borrower, 0.01), (lender, -0.01))]
    assert model.solve(Policy(name="loan", instruments=tuple(changes))).walras < 1e-12


def test_walras_measures_what_nobody_lends(models) -> None:
    model = models["core"]
    with pytest.raises(SolveError) as caught:
        model.solve(shock("fsav", where={"r": ("R0",)}, add=0.01))
    last = caught.value.last
    assert last.walras == pytest.approx(0.01 / float(last["gdp"].sum()), rel=1e-8)


# -- what a block states -----------------------------------------------------------------------------------------------
class Stated(Block):
    """A block of a user's own."""

    extra = variable("r", "twice income")
    two = parameter("r", "two")

    @equation("r", "twice income", defines="extra")
    def e_extra(m, r):
        return m.extra[r] * m.two[r] == 2.0 * m.y[r]

    def calibrate(self, data):
        return {"two": np.full(len(data.sets["reg"]), 2.0)}


def _stating(rule, dims: str = "r") -> type[Block]:
    return type("Mine", (Stated,), {"e_extra": equation(dims, "mine", defines="extra")(rule)})


def test_an_equation_of_ones_own_that_holds_is_taken(small: Benchmark) -> None:
    solution = Model(small, blocks=(*CORE, Stated)).solve(tariff_change(points=5))
    assert np.allclose(solution["extra"], solution["y"], rtol=1e-12)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda m, r: 1.0, "states no equation: its rule returns the number 1"),
        (lambda m, r: None, "states no equation: its rule returns nothing"),
        (lambda m, r: m.extra[r] - m.y[r], "states no equation: its rule returns a quantity without =="),
        (lambda m, r: m.extra[r] <= m.y[r], "states no equation: its rule returns an inequality"),
        (lambda m, r: m.extra == m.y, "states no equation: its rule returns False .a comparison of things that are no"),
        (lambda m, r: m.extra[r] == m.yy[r], "uses 'yy', which no block declares; did you mean 'y'"),
        (lambda m, r: m.extra[r] == m.pms[r], "symbol pms takes indices of comm, uses, reg; 1 are given"),
        (lambda m, r: m.extra[r] == m.pds[r, r], "symbol pds is indexed by comm where the rule gives an index of reg"),
        (lambda m, r: m.extra[r] == 2.0 * m.y[r], r"e_extra\[R0\] of block Mine does not hold.*benchmark.*residual is 0.69"),
        (lambda m, r: m.extra[r] == 1.0001 * m.y[r], r"e_extra\[R0\] of block Mine does not hold.*residual is 0.0001"),
        (lambda m, r: m.extra[r] == (m.y[r] if r == "R0" else 1.0), "compares an index over reg with the label 'R0'"),
        (lambda m, r: m.extra[r] == (m.y[r] if r in {"R0"} else 1.0), "looks an index over reg up among labels"),
        (lambda m, r: m.extra[r] == m.y[r] * {"R0": 2.0}.get(r, 1.0), "looks an index over reg up among labels"),
        (lambda m, r: m.extra[r] == sum(m.y[s] for s in m.reg if s != r), "compares an index over reg with another index"),
        (
            lambda m, r: m.extra[r] == sum(m.pds[i, s] for i in m.comm for s in ("R0", "R1")),
            "runs over a set and over labels written out in one",
        ),
    ],
)
def test_a_rule_that_is_no_equation_or_does_not_hold_is_refused_at_build(small: Benchmark, rule, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Model(small, blocks=(*CORE, _stating(rule)))


@pytest.mark.parametrize(
    "rule",
    [
        lambda m, r: m.extra[r] * m.two[r] == m.y["R1"] * m.pds["g1", r] + m.pds["g0", "R2"],
        lambda m, r: m.extra[r] * m.two[r] == sum(m.pds["g0", s] * m.y[r] for s in ("R0", "R1")),
        lambda m, r: m.extra[r] * m.two[r] == sum((m.y[s] for s in m.reg), 1.0) / 2.0,
        lambda m, r: m.extra[r] * 6.0 == sum(sum(m.pds[i, s] for s in ("R0", "R1")) for i in m.comm),
    ],
)
def test_labels_written_out_in_a_rule_mean_those_labels(small: Benchmark, rule) -> None:
    model = Model(small, blocks=(*CORE, _stating(rule)))
    after = model.solve(tariff_change(points=20))
    y, pds = (dict(zip(model.labels("r"), np.moveaxis(after.arrays[n], -1, 0), strict=True)) for n in ("y", "pds"))
    wanted = [
        lambda r: (y["R1"] * pds[r][1] + pds["R2"][0]) / 2,
        lambda r: (pds["R0"][0] + pds["R1"][0]) * y[r] / 2,
        lambda r: (sum(y.values()) + 1) / 4,
        lambda r: (pds["R0"] + pds["R1"]).sum() / 6,
    ]
    found = [np.allclose(after.arrays["extra"], [form(r) for r in model.labels("r")], rtol=1e-12) for form in wanted]
    assert sum(found) == 1
    assert not np.allclose(after.arrays["extra"], 1.0, rtol=1e-6)


def test_a_definition_of_ones_own_is_read_at_build_though_nothing_uses_it(small: Benchmark) -> None:
    class Slip(Block):
        @definition("r", "a slip")
        def slip(m, r):
            return m.y[r] * m.gdpp[r]

    with pytest.raises(ModelError, match="'slip' of block Slip uses 'gdpp', which no block declares; did you mean 'gdp'"):
        Model(small, blocks=(*CORE, Slip))


# -- swaps -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("closure", "message"),
    [
        (Closure.standard(labour="fixed real wage", labour_factors=("lab",), specific=("lab",)), "rw does not exist there"),
        (Closure().swap("qinv", "dpsave").swap("qinv", "dpgov"), "qinv is exogenous already there"),
    ],
)
def test_a_swap_that_touches_nothing_is_refused(small: Benchmark, closure: Closure, message: str) -> None:
    with pytest.raises(ClosureError, match=rf"touches nothing: {message}"):
        Model(small, closure)


def test_a_swap_that_touches_a_part_says_which_it_leaves(small: Benchmark) -> None:
    closure = Closure(specific=("cap",)).swap("rw", "qe", f=("lab", "cap"))
    model = Model(small, closure)
    assert "leaves 3 of 6 elements as they are" in model.attrs()["remarks"]
    assert "cap R0, cap R1, cap R2" in model.remarks[0]
    assert "remarks" not in Model(small, Closure().swap("rw", "qe", f="lab")).attrs()


# -- separate worlds ---------------------------------------------------------------------------------------------------
def side_by_side(link: float, taxes: float = 0.0) -> Benchmark:
    """The same world of two regions twice, each consumer of A0 and B0 buying ``link`` of the other's first good."""
    one = random_benchmark(2, 3, seed=5, taxes=taxes)
    arrays = {}
    for name, values in one.sam.data.data_vars.items():
        regional = [k for k, d in enumerate(values.dims) if d in ("r", "s", "d")]
        both = np.zeros([2 * n if k in regional else n for k, n in enumerate(values.shape)])
        for copy in (0, 1):
            cells = tuple(slice(2 * copy, 2 * copy + 2) if k in regional else slice(None) for k in range(values.ndim))
            both[cells] = values.values
        arrays[str(name)] = both
    for s, d in ((0, 2), (2, 0)):
        for name in ("vxsb", "vfob", "vcif", "vmsb"):
            arrays[name][0, s, d] += link
        arrays["vmub"][0, 1, s, d] += link
        for name in ("vmpb", "vmpp"):
            arrays[name][0, d] += link
        for name in ("vdpb", "vdpp"):
            arrays[name][0, s] -= link
    goods = one.commodities
    sets = {"i": goods, "a": goods, "f": ["lab", "cap"], "r": ["A0", "A1", "B0", "B1"], "m": [goods[-1]]}
    sam = Sam(make_dataset(arrays, sets))
    table = elasticity_table(goods, np.random.default_rng(1))
    return Benchmark(sam, to_dataset(table, goods, sam.regions), "side by side")


@pytest.mark.parametrize("build", [Model, lambda b: gtap_model(standard_gtap(b))], ids=["core", "gtap"])
def test_separate_blocs_are_refused_by_name(build) -> None:
    message = "2 blocs without trade between them: A0, A1 apart from B0, B1.*aggregate them.*or solve each bloc alone"
    with pytest.raises(ModelError, match=message):
        build(side_by_side(0.0))


def test_a_bloc_has_no_price_level_exactly_where_it_does_not_trade(monkeypatch) -> None:
    monkeypatch.setattr("cge.model.model.check_connected", lambda data: None)
    smallest = {}
    for link in (0.0, 1e-4, 1e-2):
        model = Model(side_by_side(link))
        x, newton = model.benchmark_point, Workspace(model).newton
        newton.prepare(x)
        smallest[link] = float(np.linalg.svd(newton.matrix(x).toarray(), compute_uv=False)[-1])
        assert (len(blocs(model.data)) == 1) == (link > 0)
    assert smallest[0.0] < 1e-14
    assert smallest[1e-2] / smallest[1e-4] == pytest.approx(100, rel=0.1)  # the level is as firm as the link is thick


@pytest.mark.parametrize("link", [1e-6, 1e-3])
def test_a_thin_link_makes_one_world(link: float) -> None:
    after = Model(side_by_side(link)).solve(tariff_change(points=5.0))
    assert after.checks()["ok"].all()
    assert after.homogeneity() < 1e-6


def test_a_transport_pool_links_those_who_trade_nothing_else() -> None:
    assert len(blocs(Model(side_by_side(0.0, taxes=0.2)).data)) == 1


# -- several equilibria ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def folded() -> Model:
    """A world with a second equilibrium under the standard model, random taxes; its capital wears by convention."""
    drawn = random_benchmark(3, 2, seed=1)
    flows = drawn.sam.data.copy()
    flows["save"], flows["vdep"] = flows["save"] + flows["vdep"], 0.0 * flows["vdep"]
    return gtap_model(standard_gtap(replace(drawn, sam=Sam(flows))))


def test_a_solution_says_how_it_is_connected(models) -> None:
    model, policy = models["core"], tariff_change(points=10.0)
    along = model.solve(policy)
    assert along.info["connected"] is True
    assert "path of the shock" in along.info["connection"]
    alone = model.solve(policy, method="ipopt")
    assert alone.info["connected"] is True
    assert "arrives there" in alone.info["connection"]
    guessed = model.solve(policy, guess={"y": along["y"]})
    assert guessed.info["connected"] is True
    assert model.solve(policy, guess=alone).info["connected"] is True
    with pytest.raises(ModelError, match="unknown branch 'every'"):
        model.solve(policy, branch="every")


def test_another_branch_is_refused_unless_asked_for(folded: Model) -> None:
    policy = shock("txs", rate_add=0.4)
    with pytest.raises(SolveError, match=r"not connected to the benchmark.*branch='any'") as caught:
        folded.solve(policy, method="ipopt")
    assert caught.value.last.checks()["ok"].all()  # an equilibrium, but not the benchmark's own
    other = folded.solve(policy, method="ipopt", branch="any")
    assert other.info["connected"] is None
    with pytest.raises(SolveError, match="not connected to the benchmark"):
        folded.solve(policy, guess=other)


def test_where_investment_runs_out_the_path_says_so() -> None:
    poor = gtap_model(standard_gtap(random_benchmark(3, 2, seed=2, investment=0.0)))
    with pytest.raises(SolveError, match=r"ends at share 0\.\d+: qinv\[R0\] runs out.*What runs out: qinv\[R0\]") as caught:
        poor.solve(shock("tms", rate_add=0.5))
    assert 0.9 < caught.value.share < 1.0
    assert float(caught.value.last["qinv"].sel(r="R0")) < 0.01


def test_a_fold_is_named_with_its_share_and_the_next_solve_is_unharmed() -> None:
    model = Model(random_benchmark(3, 3, seed=3))
    message = r"ends at share 0\.\d+: a fold, where two equilibria meet.*What runs out: qinv\[R2\]"
    with pytest.raises(SolveError, match=message) as caught:
        model.solve(shock("tms", rate_add=0.5))
    assert 0.5 < caught.value.share < 0.9
    fresh = Model(random_benchmark(3, 3, seed=3)).solve(shock("ams", factor=0.9, among=True))
    assert np.array_equal(model.solve(shock("ams", factor=0.9, among=True)).arrays["qo"], fresh.arrays["qo"])


def test_a_probe_finds_the_benchmark_of_an_ordinary_world_from_random_starts(models) -> None:
    found = probe_equilibria(models["core"], starts=4, seed=1, spread=(0.2,))
    table = found.table()
    assert found.starts == 4
    assert table.loc[0, "connected"]
    assert table.loc[0, "index"] == 1
    assert table.loc[0, "hits"] >= 1
    assert np.allclose(table.loc[0, ["y R0", "y R1", "y R2"]].astype(float), 1.0)
    with pytest.raises(ModelError, match="starts of at least 1"):
        probe_equilibria(models["core"], starts=0)


def test_a_probe_reports_an_equilibrium_that_no_path_reaches(folded: Model) -> None:
    found = probe_equilibria(folded, shock("txs", rate_add=0.4), starts=4, seed=0, spread=(0.3,))
    assert found.solutions
    assert not any(s.info["connected"] for s in found.solutions)
    assert all(s.checks()["ok"].all() for s in found.solutions)


def test_the_determinant_sign_is_that_of_the_whole_matrix(models) -> None:
    x, newton = models["core"].benchmark_point, Workspace(models["core"]).newton
    newton.prepare(x)
    assert determinant_sign(newton, x) == int(np.linalg.slogdet(newton.matrix(x).toarray())[0])


# -- memory ------------------------------------------------------------------------------------------------------------
def test_a_factorisation_without_room_is_refused_in_one_line() -> None:
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from tests.worlds import random_benchmark\n"
        "from cge import Model, SolveError\n"
        "model = Model(random_benchmark(20, 20))\n"
        "import os\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * os.sysconf('SC_PAGE_SIZE')\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 20 * 2**20,) * 2)\n"
        "try:\n"
        "    model.solve()\n"
        "except SolveError as error:\n"
        "    print(error)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.strip().splitlines()
    assert len(lines) == 1
    assert "the factorisation of" in lines[0]
    assert "GB of address space under its limit" in lines[0]
    assert "Traceback" not in ended.stderr


def test_the_need_is_compared_with_what_is_free(models, monkeypatch) -> None:
    monkeypatch.setattr("cge.solver.memory.room", lambda: Room(None, 1000))
    model = compositions()["core"]
    with pytest.raises(SolveError, match=r"needs about .* GB and the process has 0.00 GB of memory free"):
        model.solve()
    monkeypatch.setattr("cge.solver.memory.room", lambda: Room(None, None))  # a system that does not tell
    assert model.solve().max_residual < 1e-12


def test_the_system_tells_what_is_free() -> None:
    free = room()
    assert free.physical is None or free.physical > 0


def test_stone_geary_without_its_supernumerary_income_is_no_model(small: Benchmark) -> None:
    class Poor(Households):
        ysup = None
        e_ysup = None

    with pytest.raises(ModelError, match="uses 'ysup', which no block declares"):
        Model(small, blocks=tuple(Poor if b is Households else b for b in CORE))


# -- leaps do not pass over the end of a path ----------------------------------------------------------------------------
@pytest.mark.parametrize("percent", [0.005, 0.05, 0.5])
def test_a_fold_is_met_at_one_tariff_whatever_the_size_of_the_shock(percent: float) -> None:
    """A leap over the fold lands on another equilibrium (incomes six times the benchmark's), certified and balanced."""
    model = Model(small_gtap(3))
    duty = shock("tms", where={"i": ("g0",), "s": ("R1",)}, factor=1 + percent / 100)
    with pytest.raises(SolveError, match="the path of the shock ends") as caught:
        model.solve(duty)
    assert percent * caught.value.share == pytest.approx(0.00155, rel=0.1)  # per cent, the duty at which the path ends


@pytest.mark.parametrize("factor", [0.999, 0.99, 0.7])
def test_the_gtap_path_too_ends_at_one_level_whatever_the_size_of_the_shock(factor: float) -> None:
    with pytest.raises(SolveError, match="the path of the shock ends") as caught:
        gtap_model(small_gtap(1)).solve(shock("ams", factor=factor, among=True))
    assert -np.log(factor) * caught.value.share == pytest.approx(3.005e-4, rel=0.03)


@pytest.mark.parametrize("seed", [2, 4, 6])
@pytest.mark.parametrize("change", [{"instrument": "tms", "rate_add": 0.5}, {"instrument": "txs", "rate_add": 0.5}])
def test_the_way_back_leads_to_the_benchmark(seed: int, change: dict[str, object]) -> None:
    model = Model(random_benchmark(3, 2, seed=seed))
    after = model.solve(Policy(name="there", instruments=(InstrumentChange(**change),)))
    levels = {n: model.labelled(n, model.benchmark_values[n]) for n in ("tms", "txs")}
    back = model.solve(start=after, exogenous=levels)
    assert np.allclose(back.values_of("y"), model.benchmark_values["y"], rtol=1e-8)
