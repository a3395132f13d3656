"""The solver: both routes, hard shocks, and failures that say what happened."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp

from cge import Closure, ClosureError, InstrumentChange, Model, ModelError, Policy, ShockError, SolveError
from cge.solver.newton import PathOptions, Preconditioner
from policies import rcep, tariff_change


def shock(instrument: str, **change: object) -> Policy:
    return Policy(name=f"test {instrument}", instruments=(InstrumentChange(instrument=instrument, **change),))


POLICIES = [
    rcep(),
    rcep(tariffs=False, ntm_cut=0.05),
    tariff_change(times=0.0),
    tariff_change(times=2.0),
    tariff_change(sources=["CHN"], destinations=["USA"], points=60.0),
    shock("ao", where={"a": ("ele",), "r": ("CHN",)}, factor=1.1),
    shock("qe", where={"f": ("cap",), "r": ("IND",)}, factor=0.8),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.name)
def test_fast_start_and_ipopt_alone_agree(world_model, policy: Policy) -> None:
    fast = world_model.solve(policy)
    assert fast.info["status"] == "Optimal Solution Found"
    assert fast.info["iterations"] == 0  # Ipopt certifies without a step
    alone = world_model.solve(policy, method="ipopt")
    for name in world_model.system.unknown:
        if not world_model.symbols[name].signed:
            assert np.allclose(fast.arrays[name], alone.arrays[name], rtol=1e-8), name


def test_a_neighbouring_solution_as_guess_gives_the_same_answer(world_model) -> None:
    first = world_model.solve(tariff_change(points=5.0))
    fresh, warm = world_model.solve(rcep()), world_model.solve(rcep(), guess=first)
    assert np.allclose(fresh.arrays["qo"], warm.arrays["qo"], rtol=1e-9)


def test_whole_shock_at_once_or_not_at_all(world_model) -> None:
    modest = tariff_change(times=0.5)
    once = world_model.solve(modest, start="benchmark")
    assert len(once.log) == 1
    assert np.allclose(once.arrays["qo"], world_model.solve(modest).arrays["qo"], rtol=1e-9)
    with pytest.raises(SolveError, match="path of the shock ends at share 0"):
        world_model.solve(shock("fsav", where={"r": ("USA",)}, add=-1e8), start="benchmark")


def test_the_log_says_what_each_stage_did(world_model) -> None:
    solution = world_model.solve(tariff_change(times=0.0))
    assert solution.info["newton_steps"] > 0
    assert solution.info["gmres_iterations"] > 0
    assert solution.log[-1]["share"] == 1.0
    assert solution.log[-1]["solved"]


def test_one_factorisation_serves_many_policies(world_model) -> None:
    world_model.solve()
    solved = [world_model.solve(tariff_change(points=points)) for points in (1.0, 2.0, 3.0)]
    assert not any(s.info["factorisations"] for s in solved)


def test_a_path_without_equilibrium_ends_with_the_share_reached(small) -> None:
    model = Model(small, options=PathOptions(smallest_share=1e-2))
    # factor supply falls to almost nothing while committed transfers in the numeraire stay
    policy = shock("fsav", where={"r": ("R0",)}, add=-50.0 * float(small.sam.income()[0]))
    with pytest.raises(SolveError, match="path of the shock ends at share") as caught:
        model.solve(policy)
    assert 0 <= caught.value.share < 1
    assert caught.value.worst
    assert caught.value.last is not None
    again = model.solve()  # the model is unharmed
    assert again.max_residual < 1e-12


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (shock("tmss", factor=1.1), "unknown instrument 'tmss'; did you mean 'tms'"),
        (tariff_change(sources=["CHNA"], points=5), "'CHNA' is not in dim s of 'world-2011'; did you mean 'CHN'"),
        (shock("tms", rate_add=-3.0), "must be positive and finite"),
        (shock("qo", factor=1.1), "qo is endogenous"),
        (shock("tms", where={"i": ("svc",), "s": ("CHN",), "d": ("CHN",)}, rate_add=0.1), "touches no cell"),
        (shock("tms", where={"r": ("CHN",)}, rate_add=0.1), "has dims i s d, not 'r'"),
        (shock("qe", rate_add=0.1), "is an index, not a tax"),
        (shock("fsav", factor=1.1), "change it with 'add'"),
        (shock("tms", add=1.0), "'add' is for signed instruments"),
    ],
    ids=lambda v: v if isinstance(v, str) else v.name,
)
def test_every_shock_acts_or_is_refused(world_model, policy: Policy, message: str) -> None:
    with pytest.raises(ShockError, match=message):
        world_model.solve(policy)


def test_a_policy_of_members_outside_the_benchmark_is_refused(world_model) -> None:
    change = InstrumentChange(instrument="tms", where={"s": "@members"}, rate_to=0.0)
    with pytest.raises(ShockError, match="none of its members"):
        world_model.solve(Policy(name="pacific", members=("FJI", "TON"), instruments=(change,)))


def test_fixed_investment_closure_keeps_investment(world) -> None:
    model = Model(world, Closure.standard(investment="fixed"))
    after = model.solve(rcep())
    assert np.array_equal(after.arrays["qinv"], model.benchmark_values["qinv"])
    assert abs(after["dpsave"] - 1).max() > 1e-5
    assert after.checks()["ok"].all()


def test_fixed_real_wage_lets_employment_move(world) -> None:
    model = Model(world, Closure.standard(labour="fixed real wage"))
    after = model.solve(rcep())
    wages = after["rw"].sel(f=["skl", "unskl"])
    assert np.allclose(wages, 1.0, atol=1e-12)
    assert float(after["qe"].sel(f="unskl", r="KOR")) > 1.001
    assert float(after["qe"].sel(f="cap", r="KOR")) == 1.0


def test_specific_capital_damps_the_response_of_output(world, world_model) -> None:
    fixed = Model(world, Closure.standard(specific=("nat", "cap"))).solve(rcep())
    mobile = world_model.solve(rcep())
    spread = [float(abs(s["qo"] - 1).mean()) for s in (fixed, mobile)]
    assert spread[0] < spread[1]
    assert fixed.checks()["ok"].all()


def test_an_instrument_that_the_closure_frees_cannot_be_shocked(world) -> None:
    model = Model(world, Closure.standard(investment="fixed"))
    with pytest.raises(ShockError, match="dpsave of USA is endogenous under closure"):
        model.solve(shock("dpsave", add=0.01))


def test_element_wise_swap(world) -> None:
    model = Model(world, Closure().swap("qinv", "dpsave", r="USA"))
    after = model.solve(rcep())
    assert float(after["qinv"].sel(r="USA")) == 1.0
    assert float(after["dpsave"].sel(r="USA")) > 1 + 1e-5  # without it US investment falls with its income
    assert (after["dpsave"].drop_sel(r="USA") == 1.0).all()
    for member in ("CHN", "KOR"):  # what a member gains is invested in part (Japan's net saving of 2011 is negative)
        assert float(after["qinv"].sel(r=member)) > 1.001


@pytest.mark.parametrize(
    ("closure", "message"),
    [
        (Closure().swap("qinvv", "dpsave"), "unknown variable 'qinvv'; did you mean 'qinv'"),
        (Closure().swap("qinv", "dpsave", r="USAA"), "'USAA' is not in dim 'r'; did you mean 'USA'"),
        (Closure().swap("qinv", "dpsave", s="USA"), "qinv has dims"),
        (Closure().swap("qo", "dpsave"), "variables too many|equations too many"),
        (Closure().swap("qinv", "qo"), "endogenous already"),
    ],
    ids=["name", "label", "dim", "not square", "free already"],
)
def test_wrong_closures_say_what_is_wrong(world, closure: Closure, message: str) -> None:
    with pytest.raises(ClosureError, match=message):
        Model(world, closure)


def test_models_refuse_what_they_cannot_carry(world, small) -> None:
    from dataclasses import replace

    from calibration import Sam

    data = small.sam.data.copy(deep=True)
    data["vdpb"].loc[{"i": "g1", "r": "R2"}] *= 1.01
    with pytest.raises(ModelError, match=r"out of balance in .* cells, first .* at 'R2'"):
        Model(replace(small, sam=Sam(data)))
    poor = small.sam.data.copy(deep=True)
    drained = 2 * float(small.sam.income()[0])
    poor["vdep"].loc[{"r": "R0"}] += drained
    poor["save"].loc[{"r": "R0"}] -= drained
    with pytest.raises(ModelError, match="region R0 has no income"):
        Model(replace(small, sam=Sam(poor)))
    with pytest.raises(ModelError, match="unknown sourcing 'mixed'"):
        Model(world, sourcing="mixed")
    with pytest.raises(ModelError, match=r"specific factors \['land'\]"):
        Model(world, Closure(specific=("land",)))


@pytest.mark.parametrize(
    ("instrument", "dim", "region", "factor"), [("txs", "s", "CHN", 0.01), ("qe", "r", "TUR", 1e-6)], ids=["subsidy", "ruin"]
)
def test_a_shock_that_has_no_equilibrium_ends_where_equilibria_end(world_model, instrument, dim, region, factor) -> None:
    """Exports given away, or an economy without factors: the error says how far one comes, whose account runs out, and
    short of that there is an equilibrium."""
    with pytest.raises(SolveError, match=region) as caught:
        world_model.solve(shock(instrument, where={dim: (region,)}, factor=factor, subsidy=True))
    share = caught.value.share
    assert 0.05 < share < 0.95
    within = world_model.solve(shock(instrument, where={dim: (region,)}, factor=factor ** (0.9 * share), subsidy=True))
    assert within.checks()["ok"].all()
    assert float(within["u"].sel(r=region)) < 0.9


def two_regions(matrix: list[list[float]]) -> tuple[sp.csr_matrix, SimpleNamespace]:
    """A system of one equation and one unknown in each of two regions."""
    rows, columns = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    owners = np.array([0, 1])
    system = SimpleNamespace(
        owner_of_row=owners, owner_of_unknown=owners, row_index=rows, column_index=columns, rows=2, n=2, nnz=4
    )
    return sp.csr_matrix((np.ravel(matrix), (rows, columns)), shape=(2, 2)), system


@pytest.mark.parametrize("own", [0.0, 1e-16])
def test_regions_that_are_determined_only_together_are_factorised_together(own: float) -> None:
    matrix, system = two_regions([[own, 2.0], [4.0, own]])
    factors = Preconditioner(matrix, system)  # type: ignore[arg-type]
    assert np.allclose(factors.solve(np.array([2.0, 4.0])), [1.0, 1.0], rtol=1e-12)
    assert np.allclose(factors.solve_transposed(np.array([4.0, 2.0])), [1.0, 1.0], rtol=1e-12)


def test_a_system_that_nothing_determines_is_not_factorised() -> None:
    matrix, system = two_regions([[1e-16, 1e-16], [1.0, 1.0]])
    with pytest.raises(RuntimeError, match="singular"):
        Preconditioner(matrix, system)  # type: ignore[arg-type]
