"""Every named policy of the library runs and reports: terminal, JSON, files and page, with its checks met."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import xarray as xr

from calibration import Benchmark, aggregate_benchmark, load_benchmark
from cge import Model, ModelError, Scenario, ShockError, find_policy, solve
from cge.catalogue import questions
from cge.gtap import gtap_model
from policies import BeltAndRoadProgramme, tariff_change
from policies.automotive_rules import RULES
from tests.gtap_folders import small_gtap
from tests.worlds import random_benchmark

POLICIES = [name for name, asked in questions().items() if asked.policy is not None]

KEPT = ("USA", "CHN", "JPN", "MEX", "CAN", "EU")


@pytest.fixture(scope="module")
def small() -> Benchmark:
    """The world of 2018 with all sectors, which policies name, in seven regions."""
    world = load_benchmark()
    return aggregate_benchmark(world, {r: r if r in KEPT else "ROW" for r in world.regions})


@pytest.fixture(scope="module")
def file(small, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("world") / "seven.nc"
    small.save(path)
    return str(path)


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_named_policy_runs_and_reports(command, file, tmp_path, name: str) -> None:
    out, page = tmp_path / "r", tmp_path / "r.html"
    code, text, err = command("run", name, "--benchmark", file, "--out", str(out), "--report", str(page), "--json")
    assert (code, err) == (0, "")
    held = json.loads(text)
    assert held["policy"] == name
    assert held["title"]
    assert held["max_residual"] < 1e-9
    assert any(abs(row["welfare_percent"]) > 1e-3 for row in held["regions"].values())
    assert {"solution.nc", "regions.csv", "bilateral.csv", "welfare.png", "summary.json", "policy.yaml"} <= {
        p.name for p in out.iterdir()
    }
    with xr.open_dataset(out / "solution.nc", engine="h5netcdf") as data:
        assert data.attrs["policy"] == name
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert held["title"] in page.read_text(encoding="utf-8")
    code, text, err = command("run", name, "--benchmark", file)
    assert (code, err) == (0, "")
    assert held["title"] in " ".join(text.split())
    assert "Optimal Solution Found" in text


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_named_policy_says_where_its_figures_come_from_and_survives_its_file(name: str, tmp_path) -> None:
    policy = find_policy(name)
    assert policy.instruments or policy.origin
    of_everyone = name in ("free-trade", "carbon-price")
    assert name == "free-trade" or (policy.sources and policy.description and (policy.members or of_everyone))
    policy.to_yaml(tmp_path / "p.yaml")
    assert find_policy(str(tmp_path / "p.yaml")) == policy


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_named_policy_has_value_chains(command, file, name: str) -> None:
    code, text, err = command("gvc", name, "--benchmark", file, "--json")
    assert (code, err) == (0, "")
    assert set(json.loads(text)["regions"]) >= {"USA", "CHN"}


@pytest.mark.parametrize("assembly", ["fixed", "relocation"])
@pytest.mark.parametrize("rules", sorted(RULES))
def test_every_set_of_usmca_rules_solves_with_assembly_that_stays_or_moves(rules: str, assembly: str, usmca_studies) -> None:
    from policies.usmca_results import against_nafta

    found = against_nafta(rules, study=usmca_studies(assembly)).summary()
    assert found["complementarity_gap"] < 1e-8
    assert found["max_residual"] < 1e-9
    for by_pair in found["utilisation"].values():
        assert all(0 <= use <= 1 for use in by_pair.values())


def test_a_study_of_rules_names_the_currency_of_its_benchmark(monkeypatch, tmp_path: Path, usmca_studies) -> None:
    from cge.report import html
    from policies import usmca_report
    from policies.usmca_results import against_nafta

    found = against_nafta("content", study=usmca_studies("fixed"))
    monkeypatch.setattr(Benchmark, "currency", property(lambda self: "EUR"))
    page = usmca_report.write_html(found, tmp_path / "u.html", "cge run usmca", interactive=False).read_text()
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page)
    assert "EV, million EUR" in text
    # the hours of the labour rule are paid in dollars whatever the benchmark's money
    assert [line for line in re.findall(r".{20}USD.{20}", text) if "million" in line or "bn" in line] == []
    summary = found.summary()
    assert (summary["ev_unit"], summary["trade_unit"]) == ("million EUR", "million EUR at benchmark prices")
    assert found.after.trade().attrs["units"] == "million EUR"
    with pytest.raises(ModelError, match="'ev_musd' is an amount of money; give the benchmark's currency"):
        html.table(found.regions())


@pytest.fixture(scope="module")
def usmca_studies():
    from calibration.split_sector import split_vehicles
    from policies.usmca_results import usmca_study

    parts = split_vehicles(load_benchmark())
    kept, services = ("veh", "prt", "met"), ("utl", "cns", "trd", "bus", "pub")
    sectors = {i: i if i in kept else "srv" if i in services else "gds" for i in parts.commodities}
    regions = {r: r if r in ("USA", "CAN", "MEX", "CHN") else "ROW" for r in parts.regions}
    america = aggregate_benchmark(parts, regions, sectors)
    made: dict[str, object] = {}

    def study(assembly: str) -> object:
        if assembly not in made:
            made[assembly] = usmca_study(america, assembly=assembly)
        return made[assembly]

    return study


def test_free_trade_says_which_duties_it_leaves(small) -> None:
    data = small.sam.data
    inner = {r: float((data["vmsb"] - data["vcif"]).sel(s=r, d=r).sum()) for r in small.regions}
    assert inner["ROW"] > 0
    told = [line for line in find_policy("free-trade").remarks(Model(small)) if "between regions" in line]
    assert told == [
        f"The change acts between regions: duties on trade inside a grouped region stay (ROW: {inner['ROW']:,.6g} million USD, "
        f"{100 * inner['ROW'] / float((data['vmsb'] - data['vcif']).sum()):.2g} % of all)."
    ]
    assert not any("between regions" in line for line in find_policy("us-china").remarks(Model(small)))


def test_the_core_says_which_of_gtap_s_parameters_it_does_not_use() -> None:
    world = small_gtap(4)
    run = solve(Scenario(world).under(tariff_change(points=5)))
    assert any("GTAP's parameters subpar, incpar" in note for note in run.summary()["notes"])
    assert not gtap_model(world).remarks
    assert not Model(random_benchmark(2, 2, seed=1)).remarks


def test_works_need_a_sector_of_trade(small) -> None:
    sectors = {i: "srv" if i == "trd" else i for i in small.commodities}
    model = Model(aggregate_benchmark(small, None, sectors))
    programme = BeltAndRoadProgramme(start=2019, corridor_costs=False, finance="none")
    with pytest.raises(ShockError, match="no sector 'trd'"):
        programme.flows(2030, model, None)  # type: ignore[arg-type]
