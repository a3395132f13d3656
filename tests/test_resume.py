"""A saved path is carried on only by the run that made it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import xarray as xr

from calibration import Benchmark
from cge import Closure, Model, ModelError
from cge.dynamics import Baseline, Dynamics, Flows, PathOfYears
from cge.equations.fingerprint import fingerprint
from policies import BeltAndRoadProgramme, rcep, tariff_change
from tests.worlds import elasticity_table, five_regions, growth_table

HALF = tariff_change(times=0.5, name="half")


@pytest.fixture(scope="module")
def world() -> Benchmark:
    return five_regions()


@pytest.fixture(scope="module")
def baseline(world) -> Baseline:
    return Baseline.between(2018, 2020, growth_table(world, gdp=0.03))


@pytest.fixture(scope="module")
def moving(world, baseline) -> Dynamics:
    return Dynamics(world, baseline)


@pytest.fixture(scope="module")
def saved(moving, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("path") / "path.nc"
    moving.run(HALF, until=2018).policy.save(path)
    return str(path)


def test_a_run_that_is_cut_short_ends_at_the_numbers_of_the_whole_run(moving, tmp_path) -> None:
    whole = moving.run(HALF).dataset()
    moving.run(HALF, until=2019, checkpoint=tmp_path / "path.nc")
    rest = moving.run(HALF, resume=PathOfYears.load(tmp_path / "path.nc")).dataset()
    for name in ("welfare_percent", "real_gdp_percent", "investment_percent"):
        assert abs(rest[name] - whole[name]).max() < 1e-6, name  # per cent
    assert abs(rest["foreign_assets_musd"] - whole["foreign_assets_musd"]).max() < 1e-2  # million USD of some 1e5 that move


def other_runs(world: Benchmark, baseline: Baseline) -> dict[str, Dynamics]:
    """One thing else in each, by the words that the refusal has for it."""
    sam = world.sam.data.copy(deep=True)
    sam["vkb"] = sam["vkb"] + 1.0
    table = elasticity_table(world.commodities, esubm=5.5, esubd=2.5, esubva=1.0, esubt=0.0, esubc=0.0)
    faster = baseline.growth.copy()
    faster.loc["PAK", "gdp"] += 1e-4
    fixed = Model(world, Closure.standard(investment="fixed"))
    short_run = Model(world, Closure.standard(specific=("nat", "unskl")))
    return {
        "the benchmark's flows": Dynamics(replace(world, sam=type(world.sam)(sam)), baseline),
        "the elasticities": Dynamics(world.with_elasticities(table), baseline),
        "the growth table": Dynamics(world, replace(baseline, growth=faster)),
        r"the first year \(2018 there, 2017 here\)": Dynamics(world, replace(baseline, years=(2017, 2018, 2019))),
        r"depreciation \(of the benchmark there, 0.06 here\)": Dynamics(world, replace(baseline, depreciation=0.06)),
        r"interest \(0.04 there, 0.03 here\)": Dynamics(world, replace(baseline, interest=0.03)),
        r"the investment rule \(saving there, returns here\)": Dynamics(world, baseline, "returns"),
        r"the capital rule \(mobile there, vintage here\)": Dynamics(world, baseline, capital="vintage"),
        r"sourcing \(use there, pooled here\)": Dynamics(Model(world, sourcing="pooled"), baseline),
        r"the closure \(none": Dynamics(fixed, baseline),
        r"the closure \(.*tied nat, unskl here\)": Dynamics(short_run, baseline),
    }


def test_a_path_made_of_anything_else_is_refused_by_name(world, baseline, saved) -> None:
    for words, other in other_runs(world, baseline).items():
        with pytest.raises(ModelError, match=words):
            other.run(HALF, resume=PathOfYears.load(saved))


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (tariff_change(times=0.25, name="half"), "the policy's content;"),
        (tariff_change(times=0.5, name="quarter"), r"the policy \(half there, quarter here\)"),
        (tariff_change(times=0.5, destinations=["PAK"], name="half"), "the policy's content;"),
        (None, r"the policy \(half there, no policy here\)"),
        (BeltAndRoadProgramme(start=2018), r"the policy \(half there, belt-and-road \(loans\) here\)"),
    ],
)
def test_a_path_under_another_policy_is_refused(moving, saved, policy, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        moving.run(policy, resume=PathOfYears.load(saved))


def test_other_works_of_one_programme_are_another_policy(moving) -> None:
    path = moving.run(BeltAndRoadProgramme(start=2018, cost=1e4, corridor_costs=False), until=2018).policy
    for changed in ({"cost": 2e4}, {"cost": 1e4, "elasticity": 0.07}, {"cost": 1e4, "parks": {"PAK": 1.0}}):
        with pytest.raises(ModelError, match="the policy's content"):
            moving.run(BeltAndRoadProgramme(start=2018, corridor_costs=False, **changed), resume=path)
    same = moving.run(BeltAndRoadProgramme(start=2018, cost=10_000, corridor_costs=False), resume=path, until=2018)
    assert same.policy.years == [2018]


class Silent:
    """A programme that does not say what it holds."""

    name = "silent"

    def flows(self, year: int, model, state) -> Flows:
        return Flows(policy=HALF)


class Speaking(Silent):
    def fingerprint(self) -> str:
        return "half of every duty"


@dataclass(frozen=True)
class Plain(Silent):
    share: float = 0.5


def test_a_programme_that_does_not_say_what_it_holds_is_not_resumed(moving) -> None:
    path = moving.run(Silent(), until=2018).policy
    with pytest.raises(ModelError, match=r"'silent' cannot be resumed: a Silent does not say.*fingerprint\(\)"):
        moving.run(Silent(), resume=path)
    for speaks in (Speaking(), Plain()):
        path = moving.run(speaks, until=2018).policy
        assert moving.run(speaks, resume=path, until=2018).policy.years == [2018]
    with pytest.raises(ModelError, match="the policy's content"):
        moving.run(Plain(0.4), resume=path)


def spoilt(data: xr.Dataset, how: str) -> xr.Dataset:
    if how == "without its record":
        del data.attrs["made_of"]
    elif how == "a result that is no number":
        data["u"][0, 0] = np.nan
    elif how == "a stock that is no number":
        data["state_assets"][0, 0] = np.inf
    elif how == "no capital":
        data["state_capital"][1, 0] = -1.0
    elif how == "a state missing":
        return data.isel(step=slice(0, 1))
    elif how == "a stock missing":
        return data.drop_vars("state_tied")
    elif how == "a record that is no mapping":
        data.attrs["made_of"] = "[1, 2]"
    elif how == "a damaged record":
        data.attrs["made_of"] = "{"
    return data


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("without its record", "does not say what it was made of"),
        ("a result that is no number", "u holds values that are not finite"),
        ("a stock that is no number", "state_assets holds values that are not finite"),
        ("no capital", "stock of capital is not positive"),
        ("a state missing", "do not follow one another"),
        ("a stock missing", "holds no states of a path"),
        ("a record that is no mapping", "is no mapping"),
        ("a damaged record", "cannot be read"),
    ],
)
def test_a_damaged_file_is_refused(saved, tmp_path, how: str, words: str) -> None:
    with xr.open_dataset(saved, engine="h5netcdf") as opened:
        data = opened.load()
    spoilt(data, how).to_netcdf(tmp_path / "spoilt.nc", engine="h5netcdf")
    with pytest.raises(ModelError, match=words):
        PathOfYears.load(tmp_path / "spoilt.nc")


def test_what_is_no_path_is_refused(moving, tmp_path) -> None:
    (tmp_path / "text.nc").write_text("not a netCDF file")
    with pytest.raises(ModelError, match=r"text\.nc is not a readable saved path of years"):
        PathOfYears.load(tmp_path / "text.nc")
    with pytest.raises(ModelError, match="not found"):
        PathOfYears.load(tmp_path / "absent.nc")
    with pytest.raises(ModelError, match=r"PathOfYears\.load reads one"):
        moving.run(HALF, resume=str(tmp_path / "text.nc"))  # type: ignore[arg-type]


def test_years_done_are_on_disk_when_a_run_is_broken_off(moving, tmp_path) -> None:
    class Impatient(Silent):
        def flows(self, year: int, model, state) -> Flows:
            if year == 2020:
                raise KeyboardInterrupt
            return Flows(policy=HALF)

    with pytest.raises(KeyboardInterrupt):
        moving.run(Impatient(), checkpoint=tmp_path / "path.nc")
    assert PathOfYears.load(tmp_path / "path.nc").years == [2018, 2019]


def test_the_command_refuses_another_policys_path(command, tmp_path) -> None:
    path = str(tmp_path / "a" / "path.nc")
    code, _, err = command("dynamics", "rcep", "--years", "2018:2018", "--out", str(tmp_path / "a"), "--quiet")
    assert (code, err) == (0, "")
    code, out, err = command("dynamics", "us-china", "--years", "2018:2019", "--resume", path, "--json")
    assert (code, out) == (2, "")
    assert "the policy (rcep there, us-china here)" in err
    code, out, err = command("dynamics", "rcep", "--years", "2018:2019", "--resume", path, "--investment", "returns")
    assert code == 2
    assert "the investment rule (saving there, returns here)" in err


def test_fingerprints_follow_content_and_nothing_else() -> None:
    array = xr.DataArray([[1.0, 2.0]], dims=("r", "i"), coords={"r": ["A"], "i": ["x", "y"]})
    assert fingerprint({"a": 1, "b": array}) == fingerprint({"b": array.copy(), "a": 1.0})
    turned, renamed = array.assign_coords(i=["y", "x"]), array.rename(r="s")
    different = [array, array + 1e-12, turned, renamed, array.values, None, "", 0, [], [0]]
    assert len({fingerprint(value) for value in different}) == len(different)
    assert fingerprint(["ab", "c"]) != fingerprint(["a", "bc"])
    assert fingerprint(rcep()) == fingerprint(rcep()) != fingerprint(rcep(ntm_cut=0.01))
    with pytest.raises(ModelError, match="does not say what it holds"):
        fingerprint(lambda: 1)
