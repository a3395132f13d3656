"""One model, many callers: threads, processes, files."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from calibration.gtap import standard_gtap
from cge import Closure, InstrumentChange, Model, ModelError, Policy, Solution, SolveError
from cge.blocks import CORE
from cge.dynamics import Baseline, Dynamics
from cge.equations.declare import Block, definition
from cge.gtap import GtapShock, gtap_model, solve_gtap
from cge.mechanisms.foreign_income import ForeignIncome
from cge.mechanisms.growth import Growth
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.mechanisms.loans import Loans
from cge.mechanisms.origin import Coverage, RulesOfOrigin
from cge.model.branches import probe_equilibria
from cge.progress import Progress
from cge.solver.newton import PathOptions
from policies import tariff_change
from tests.worlds import growth_table, random_benchmark

DUTIES = [tariff_change(points=float(p)) for p in (2, 4, 6, 8, 10, 12, 14, 16)]
NO_FACTORS = Policy(name="no factors", instruments=(InstrumentChange(instrument="qe", factor=1e-7),))
"""Its path ends before the whole of it."""


def same_bits(a: Solution, b: Solution) -> bool:
    return all(np.array_equal(a.arrays[n], b.arrays[n]) for n in a.arrays)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(random_benchmark(4, 3, seed=1))


def test_threads_on_one_model_get_the_bits_of_one_thread(model: Model) -> None:
    alone = [model.solve(p, progress=False) for p in DUTIES]
    expected = [s["ev"].values for s in alone]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            together = list(pool.map(lambda p: model.solve(p, progress=False), DUTIES))
            values = list(pool.map(lambda s: s["ev"].values, together))
            assert all(same_bits(a, b) for a, b in zip(alone, together, strict=True))
            assert all(np.array_equal(a, b) for a, b in zip(expected, values, strict=True))


def test_a_solve_does_not_depend_on_what_was_solved_before(model: Model) -> None:
    first = model.solve(DUTIES[3], progress=False)
    model.solve(tariff_change(points=300.0), progress=False)
    with pytest.raises(SolveError):
        model.solve(NO_FACTORS, progress=False)
    model.solve(DUTIES[0], parameters={"esubm": 1.5 * first["esubm"]}, progress=False)
    model.solve(tariff_change(times=0.0), start=first, progress=False)
    assert same_bits(first, model.solve(DUTIES[3], progress=False))


def test_gradients_while_others_solve_have_the_bits_of_one_thread(model: Model) -> None:
    base = model.solve(DUTIES[0], progress=False)
    alone = base.gradient("y", "tms", r="R0")
    along = base.tangent({"tms": 0.01})
    with ThreadPoolExecutor(3) as pool:
        solving = [pool.submit(model.solve, p, progress=False) for p in DUTIES]
        gradients = [pool.submit(base.gradient, "y", "tms", r="R0") for _ in range(4)]
        tangents = [pool.submit(base.tangent, {"tms": 0.01}) for _ in range(4)]
        assert all(g.result().equals(alone) for g in gradients)
        assert all(t.result().equals(along) for t in tangents)
        assert all(s.result().max_residual < 1e-9 for s in solving)


def test_two_threads_are_inside_a_solve_at_once(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits on its way for the other: were one kept out until the other is done, both would wait in vain."""
    alone = [model.solve(p, progress=False) for p in DUTIES[:2]]
    both_inside = threading.Barrier(2, timeout=60)

    class Meeting(Progress):
        """A progress bar at whose end two solves meet."""

        def update(self, share: float) -> None:
            if share == 1.0:
                both_inside.wait()

    monkeypatch.setattr("cge.model.equilibrium.Progress", Meeting)
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(model.solve, DUTIES[:2]))
    assert all(same_bits(a, b) for a, b in zip(alone, together, strict=True))


def test_a_gradient_is_taken_while_a_solve_is_under_way(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    base = model.solve(DUTIES[0], progress=False)
    alone = base.gradient("y", "tms", r="R0")
    taken: list[xr.Dataset] = []

    class Asking(Progress):
        """A progress bar at whose end another thread takes a gradient."""

        def update(self, share: float) -> None:
            if share == 1.0:
                with ThreadPoolExecutor(1) as pool:
                    taken.append(pool.submit(base.gradient, "y", "tms", r="R0").result(timeout=60))

    monkeypatch.setattr("cge.model.equilibrium.Progress", Asking)
    solved = model.solve(DUTIES[3])
    monkeypatch.undo()
    assert all(g.equals(alone) for g in taken)
    assert len(taken) == 1
    assert same_bits(solved, model.solve(DUTIES[3], progress=False))


def test_ipopt_alone_in_threads_gives_the_bits_of_one(model: Model) -> None:
    alone = [model.solve(p, method="ipopt", progress=False) for p in DUTIES[:3]]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda p: model.solve(p, method="ipopt", progress=False), DUTIES[:3]))
    assert all(same_bits(a, b) for a, b in zip(alone, together, strict=True))


def test_gtap_results_in_threads_have_the_bits_of_one() -> None:
    model = gtap_model(standard_gtap(random_benchmark(2, 3, seed=2)))
    shocks = [GtapShock(f"tms[g0,*,*]=+{k}%; ao[g1,*]=+{k}%") for k in (2, 9)]

    def numbers(shock: GtapShock) -> list[np.ndarray]:
        result = solve_gtap(model, shock)
        changes = result.changes()
        return [result.ev(), *(changes[n].values for n in ("qo", "ppriv", "pgdp"))]

    alone = [numbers(shock) for shock in shocks]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(numbers, shocks))
    for one, other in zip(alone, together, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_paths_of_years_in_threads_have_the_bits_of_one() -> None:
    benchmark = random_benchmark(3, 3, seed=4)
    rates = growth_table(benchmark, gdp=0.03, population=0.01, lab=0.015, nat=0.0)
    policies = [tariff_change(points=p) for p in (3.0, 6.0)]

    def years(dynamics: Dynamics, duty: Policy) -> xr.Dataset:
        return dynamics.run(duty).dataset()

    baseline = Baseline.between(2018, 2020, rates)
    first = Dynamics(benchmark, baseline, investment="returns")
    alone = [years(first, duty) for duty in policies]
    second = Dynamics(benchmark, baseline, investment="returns")
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda duty: years(second, duty), policies))
    assert all(a.equals(b) for a, b in zip(alone, together, strict=True))


# -- a model does not change -------------------------------------------------------------------------------------------
WORKED_OUT_LATER = ("memo", "kept", "pyomo")
"""Attributes that grow by answers when they are asked for (:mod:`cge.solver.memo`); all else is what the model is."""


def digest(thing: Any, seen: dict[int, tuple[Any, str]] | None = None) -> str:
    """A hash of everything that an object holds, arrays by their bytes."""
    seen = {} if seen is None else seen  # with the object, so that its id is not given to another
    if id(thing) in seen:
        return seen[id(thing)][1]
    seen[id(thing)] = thing, "itself"
    if isinstance(thing, np.ndarray) and thing.dtype != object:
        parts = [thing.dtype.str, str(thing.shape), sha256(np.ascontiguousarray(thing).tobytes()).hexdigest()]
    elif isinstance(thing, (xr.Dataset, xr.DataArray)):
        parts = [digest(thing.to_dict(), seen)]
    elif isinstance(thing, Mapping):
        parts = [f"{digest(k, seen)}:{digest(v, seen)}" for k, v in thing.items()]
    elif isinstance(thing, (list, tuple)):
        parts = [digest(part, seen) for part in thing]
    elif isinstance(thing, (set, frozenset)):
        parts = sorted(digest(part, seen) for part in thing)
    elif callable(thing) or isinstance(thing, type):
        parts = [getattr(thing, "__qualname__", type(thing).__qualname__)]
    elif hasattr(thing, "__dict__") or hasattr(type(thing), "__slots__"):
        names = [*getattr(thing, "__dict__", {}), *getattr(type(thing), "__slots__", ())]
        held = {n: getattr(thing, n) for n in names if n not in WORKED_OUT_LATER and hasattr(thing, n)}
        parts = [type(thing).__qualname__, digest(held, seen)]
    else:
        parts = [repr(thing)]
    seen[id(thing)] = thing, sha256("|".join(parts).encode()).hexdigest()
    return seen[id(thing)][1]


def test_the_digest_of_a_model_sees_a_change_of_any_part() -> None:
    model = Model(random_benchmark(3, 2, seed=1))
    before = digest(model)
    assert digest(model) == before
    model.at_benchmark.values.set("tms", 1.01 * model.benchmark_values["tms"])
    assert digest(model) != before
    model.at_benchmark.values.set("tms", model.benchmark_values["tms"])
    model.at_benchmark.values.version["tms"] = 0
    model.at_benchmark.values._clock = 0
    assert digest(model) == before
    model.at_benchmark.kernels[3].folded.alias[0] += 1
    assert digest(model) != before


@pytest.mark.parametrize("name", ["core", "gtap", "rules of origin"])
def test_no_solve_changes_anything_of_its_model(name: str) -> None:
    model = compositions()[name]
    before = digest(model)
    base = model.solve(progress=False)
    after = model.solve(DUTIES[3], progress=False)
    soft = model.solve(DUTIES[0], parameters={"esubd": 1.5 * base["esubd"]}, progress=False)
    model.solve(DUTIES[5], start=soft, progress=False)
    model.solve(DUTIES[5], guess=after, progress=False)
    if name == "core":
        model.solve(DUTIES[2], method="ipopt", progress=False)
        probe_equilibria(model, DUTIES[1], starts=3)
    after.gradient("y", "tms", r="R0")
    after.tangent({"tms": 0.01})
    after.compare(base).table()
    assert after.checks()["ok"].all()
    assert digest(model) == before


def test_a_solve_that_fails_leaves_its_model_as_it_was(model: Model) -> None:
    first = model.solve(DUTIES[3], progress=False)
    before = digest(model)
    with pytest.raises(SolveError) as caught:
        model.solve(NO_FACTORS, progress=False)
    assert digest(model) == before
    assert caught.value.last is not None
    caught.value.last.gradient("y", "tms", r="R0")  # where the path ends there is a gradient still
    with pytest.raises(ModelError):
        model.solve(DUTIES[0], exogenous={"qo": 1.0})
    assert digest(model) == before
    assert same_bits(first, model.solve(DUTIES[3], progress=False))


def test_a_model_cannot_be_written_to(model: Model) -> None:
    with pytest.raises(ModelError, match="a model does not change once it is built: options cannot be set"):
        model.options = PathOptions()
    with pytest.raises(TypeError):
        model.benchmark_values["tms"] = np.ones(3)  # type: ignore[index]
    for array in (model.benchmark_values["tms"], model.free["qo"], model.benchmark_point, model.system.indptr):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    duties = model.solve(progress=False)["tms"]
    duties[:] = 1.5  # a copy of one's own
    assert not (model.benchmark_values["tms"] == 1.5).all()


# -- factors that led to a solution -------------------------------------------------------------------------------------
def test_what_begins_at_a_solution_does_not_depend_on_what_else_was_solved() -> None:
    """The solve refreshed its factors on the way: a pickled solution, and one whose factors are no longer kept, go on alike."""
    model = Model(random_benchmark(4, 3, seed=1), options=PathOptions(refresh_after=4))
    begun = model.solve(DUTIES[7], progress=False)
    assert begun.factors is not None
    sent = pickle.loads(pickle.dumps(begun))
    following = model.solve(DUTIES[2], start=begun, progress=False)
    slope = begun.gradient("y", "tms", r="R0")
    for duty in DUTIES[3:7]:
        model.solve(duty, progress=False)
    again = model.solve(DUTIES[2], start=begun, progress=False)
    assert again.info["factorisations"] > following.info["factorisations"]  # they were made again
    assert same_bits(following, again)
    assert begun.gradient("y", "tms", r="R0").equals(slope)
    assert same_bits(following, sent.model.solve(DUTIES[2], start=sent, progress=False))


def test_models_are_built_in_several_threads() -> None:
    errors: list[BaseException] = []
    built: list[Model] = []

    def build(seed: int) -> None:
        try:
            built.append(Model(random_benchmark(3, 3, seed=seed)))
            built[-1].solve(DUTIES[1], progress=False)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=build, args=(seed,)) for seed in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    assert len(built) == 6


def test_sums_and_sets_of_other_threads_are_their_own_while_a_rule_is_read(model: Model) -> None:
    found: list[object] = []
    built: list[Model] = []

    def others() -> None:
        found.append(sum(k for k in range(4)))
        found.append([*model.pyomo.reg])

    class Asking(Block):
        """A rule during which another thread sums and lists a set."""

        @definition("r", "world income, while another thread works")
        def asked(m, r):  # type: ignore[no-untyped-def]
            def term(s):  # type: ignore[no-untyped-def]
                thread = threading.Thread(target=others)
                thread.start()
                thread.join()
                return m.y[s]

            return sum(term(s) for s in m.reg) * m.y[r]

    built.append(Model(random_benchmark(3, 3, seed=1), blocks=(*CORE, Asking)))
    assert built[0].solve()["asked"].values == pytest.approx(3.0)
    assert found
    assert all(value in (6, ["R0", "R1", "R2", "R3"]) for value in found)


def compositions() -> dict[str, Model]:
    benchmark = random_benchmark(3, 3, seed=1)
    stock = benchmark.sam.expenditure()["inv"] / 0.08
    covered = Coverage(area=("R0", "R1"), sector="g0", material="g1", metals="g2", high_wage=(), types=2)
    return {
        "core": Model(benchmark, Closure.standard(investment="fixed"), sourcing="agent"),
        "gtap": gtap_model(standard_gtap(benchmark)),
        "growth": Model(benchmark, mechanisms=(ForeignIncome(), Growth(), Loans(), InvestmentByReturns(stock, 0.05))),
        "rules of origin": Model(benchmark, mechanisms=(RulesOfOrigin(covered),)),
    }


@pytest.mark.parametrize("name", ["core", "gtap", "growth", "rules of origin"])
def test_models_and_solutions_pickle(name: str) -> None:
    model = compositions()[name]
    solution = model.solve(DUTIES[2], progress=False)
    there, again = pickle.loads(pickle.dumps((solution, model.solve(progress=False))))
    assert same_bits(solution, there)
    assert there.model is again.model
    assert there.model.difference(model) == ""
    assert same_bits(solution, there.model.solve(DUTIES[2], progress=False))
    assert there.compare(again).remarks() == []
    assert np.array_equal(there.values_of("qxs"), solution.values_of("qxs"))


def test_another_process_gives_the_same_bits(model: Model, tmp_path: Path) -> None:
    here = model.solve(DUTIES[5], progress=False)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps((model, DUTIES[5])))
    program = (
        "import pickle, pathlib, sys; folder = pathlib.Path(sys.argv[1]); "
        "model, policy = pickle.loads((folder / 'model.pickle').read_bytes()); "
        "(folder / 'solution.pickle').write_bytes(pickle.dumps(model.solve(policy, progress=False)))"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert same_bits(here, pickle.loads((tmp_path / "solution.pickle").read_bytes()))


def test_a_block_made_inside_a_function_says_how_it_can_be_sent() -> None:
    class Extra(Block):
        """A quantity of its own."""

        @definition("r", "twice the income")
        def twice(m, r):  # type: ignore[no-untyped-def]
            return 2.0 * m.y[r]

    model = Model(random_benchmark(2, 2), blocks=(*CORE, Extra))
    with pytest.raises(ModelError, match="Extra, made inside a function, cannot be sent"):
        pickle.dumps(model)


@pytest.mark.parametrize("name", ["core", "gtap", "growth", "rules of origin"])
def test_a_saved_solution_is_read_back(name: str, tmp_path: Path) -> None:
    model = compositions()[name]
    base = model.solve(progress=False)
    solution = model.solve(DUTIES[2], exogenous={"pop": 1.0 * base["pop"]}, progress=False)
    solution.save(tmp_path / "s.nc")
    read = Solution.load(tmp_path / "s.nc", model)
    assert same_bits(solution, read)
    assert read.info["status"] == solution.info["status"]
    assert read.compare(base).remarks() == []
    assert read.log == solution.log


def test_saved_elasticities_come_back(model: Model, tmp_path: Path) -> None:
    base = model.solve(progress=False)
    soft = model.solve(DUTIES[0], parameters={"esubm": 0.5 * base["esubm"]}, progress=False)
    soft.save(tmp_path / "s.nc")
    assert np.array_equal(Solution.load(tmp_path / "s.nc", model).arrays["esubm"], soft.arrays["esubm"])


def test_a_file_that_is_not_this_models_solution_is_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "s.nc"
    with pytest.raises(ModelError, match=r"s\.nc not found"):
        Solution.load(path, model)
    path.write_text("words")
    with pytest.raises(ModelError, match="not a netCDF file"):
        Solution.load(path, model)
    model.solve(DUTIES[0], progress=False).save(path)
    closed = Model(model.benchmark, Closure.standard(investment="fixed"))
    with pytest.raises(ModelError, match="solved with another model: its closure is 'standard'"):
        Solution.load(path, closed)
    with pytest.raises(ModelError, match="its sourcing is"):
        Solution.load(path, Model(model.benchmark, sourcing="agent"))
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        data = opened.load()
    changed = data.copy(deep=True)
    changed["qo"][0, 0] *= 1.01
    changed.to_netcdf(tmp_path / "changed.nc", engine="h5netcdf")
    with pytest.raises(ModelError, match="does not solve this model"):
        Solution.load(tmp_path / "changed.nc", model)
    data.drop_vars("qo").to_netcdf(tmp_path / "lacks.nc", engine="h5netcdf")
    with pytest.raises(ModelError, match="lacks qo"):
        Solution.load(tmp_path / "lacks.nc", model)
    other = Model(random_benchmark(4, 3, seed=2))
    with pytest.raises(ModelError, match="benchmark is 'random-1', here 'random-2'"):
        Solution.load(path, other)
