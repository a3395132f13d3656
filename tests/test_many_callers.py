"""One model, many callers: threads, processes, files."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cge import Closure, Model, ModelError, Solution
from cge.blocks import CORE
from cge.equations.declare import Block, definition
from cge.gtap import gtap_model
from cge.mechanisms.foreign_income import ForeignIncome
from cge.mechanisms.growth import Growth
from cge.mechanisms.investment_by_returns import InvestmentByReturns
from cge.mechanisms.loans import Loans
from cge.mechanisms.origin import Coverage, RulesOfOrigin
from policies import tariff_change
from tests.worlds import random_benchmark

DUTIES = [tariff_change(points=float(p)) for p in (2, 4, 6, 8, 10, 12, 14, 16)]


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
    model.solve(DUTIES[0], parameters={"esubm": 1.5 * first["esubm"]}, progress=False)
    model.solve(tariff_change(times=0.0), start=first, progress=False)
    assert same_bits(first, model.solve(DUTIES[3], progress=False))


def test_gradients_while_others_solve(model: Model) -> None:
    base = model.solve(DUTIES[0], progress=False)
    alone = base.gradient("y", "tms", r="R0")
    with ThreadPoolExecutor(2) as pool:
        solving = [pool.submit(model.solve, p, progress=False) for p in DUTIES]
        gradients = [base.gradient("y", "tms", r="R0") for _ in range(6)]
        assert all(np.allclose(g["tms"], alone["tms"], rtol=1e-9) for g in gradients)
        assert all(s.result().max_residual < 1e-9 for s in solving)


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
    from calibration.gtap import standard_gtap

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
