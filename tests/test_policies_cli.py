"""Policies as data, and the command line."""

from __future__ import annotations

import importlib.metadata as metadata
import json
import sys

import pandas as pd
import pytest
import xarray as xr

from cge import InstrumentChange, Policy, ShockError
from policies import rcep, tariff_change


def test_yaml_round_trip(tmp_path) -> None:
    policy = rcep(ntm_cut=0.02) + tariff_change(sources=["CHN"], destinations=["USA"], points=25)
    policy.to_yaml(tmp_path / "p.yaml")
    assert Policy.from_yaml(tmp_path / "p.yaml") == policy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\ninstrumentz: []\n", "unknown key 'instrumentz'; did you mean 'instruments'"),
        ("name: x\ninstruments:\n- {instrument: tms, rate_too: 1}\n", "'instruments.0.rate_too'; did you mean 'rate_to'"),
        ("name: x\ninstruments:\n- {instrument: tms}\n", "give exactly one of"),
        ("name: x\ninstruments:\n- {instrument: tms, rate_to: -1.5}\n", "makes the power of the tax negative"),
        ("name: x\ninstruments:\n- {instrument: tms, factor: .nan}\n", "must be finite"),
        ("name: [x\n", "is not YAML"),
        ("just text", "is a mapping"),
    ],
)
def test_bad_policy_files_name_the_fault(tmp_path, text: str, message: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ShockError, match=message):
        Policy.from_yaml(tmp_path / "p.yaml")


def test_a_policy_file_beyond_reason_is_refused_at_once(tmp_path) -> None:
    text = "name: x\nnotes:\n" + f"- {'lorem ipsum ' * 1000}\n" * 400 + "instruments:\n- {instrument: tms, factor: 1.1}\n"
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ShockError, match=r"p\.yaml: more than 4 MB; a file that people edit is smaller"):
        Policy.from_yaml(tmp_path / "p.yaml")


def test_members_of_summed_policies_stay_apart(world_model) -> None:
    rise = InstrumentChange(instrument="tms", where={"d": "@members"}, rate_add=0.1)
    a, b = (Policy(name=n, members=(n,), instruments=(rise,)) for n in ("CHN", "USA"))
    joint = (a + b).changes(world_model)["tms"].sel(i="ele", s="JPN")
    assert float(joint.sel(d="CHN")) > 1
    assert float(joint.sel(d="USA")) > 1
    assert float(joint.sel(d="KOR")) == 1


def test_half_a_policy_is_half_of_each_rate_change(world_model) -> None:
    full, half = (p.changes(world_model)["tms"] - 1 for p in (rcep(), 0.5 * rcep()))
    assert float(abs(half - full / 2).max()) < 1e-12
    assert float(abs(full).max()) > 0.01


def test_members_inside_an_aggregate_are_reported(world) -> None:
    remarks = " ".join(rcep().remarks(world))
    assert "VNM" in remarks
    assert "not shocked" in remarks


def test_run_prints_the_promised_json(command) -> None:
    code, out, _ = command("run", "rcep", "--json")
    held = json.loads(out)
    assert code == 0
    assert {"policy", "benchmark", "status", "iterations", "max_residual", "walras", "seconds", "peak_memory_mb"} <= set(held)
    assert set(held["seconds"]) == {"calibrate", "build", "solve"}
    wanted = {
        "welfare_percent", "ev_musd", "real_gdp_percent", "real_wage_percent",
        "exports_percent", "imports_percent", "terms_of_trade_percent",
    }  # fmt: skip
    assert wanted <= set(held["regions"]["USA"])
    assert held["regions"]["KOR"]["intra_trade_percent"] > 0
    assert "intra_trade_percent" not in held["regions"]["USA"]
    assert held["max_residual"] <= 1e-9
    assert held["walras"] <= 1e-8


def test_run_writes_the_results_folder(command, tmp_path) -> None:
    code, out, _ = command("run", "rcep", "--out", str(tmp_path / "r"))
    assert code == 0
    assert "Optimal Solution Found" in out
    names = {p.name for p in (tmp_path / "r").iterdir()}
    assert {"solution.nc", "regions.csv", "bilateral.csv", "welfare.png", "summary.json", "policy.yaml"} <= names
    with xr.open_dataset(tmp_path / "r" / "solution.nc", engine="h5netcdf") as data:
        assert data["qo"].dims == ("i", "r")
        assert data["pms"].attrs["long_name"]
        assert data.attrs["policy"] == "rcep"
        assert data.attrs["closure"] == "standard"
    table = pd.read_csv(tmp_path / "r" / "regions.csv", index_col=0)
    assert len(table) == 35


def test_policy_file_runs_and_bad_ones_exit_with_two(command, tmp_path) -> None:
    tariff_change(sources=["CHN"], destinations=["USA"], points=10).to_yaml(tmp_path / "p.yaml")
    code, out, _ = command("run", str(tmp_path / "p.yaml"), "--json")
    assert code == 0
    assert json.loads(out)["regions"]["CHN"]["welfare_percent"] < 0
    (tmp_path / "bad.yaml").write_text("name: x\nnope: 1\n")
    for words in (
        ("run", str(tmp_path / "bad.yaml")),
        ("run", "rceep"),
        ("run", "rcep", "--benchmark", "nowhere.nc"),
        ("run", "rcep", "--investment", "odd"),
        ("info", "wrld"),
    ):
        code, out, err = command(*words, *(["--out", str(tmp_path / "none")] if words[0] == "run" else []))
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        assert "Traceback" not in err
    assert not (tmp_path / "none").exists()


def test_list_info_and_check_speak_json(command) -> None:
    assert "rcep" in json.loads(command("list", "--json")[1])["policies"]
    held = json.loads(command("info", "--json")[1])
    assert held["year"] == 2018
    assert "bilateral trade" in held["observed"]
    assert "value added by sector" in held["estimated"]
    held = json.loads(command("info", "world-2011", "--json")[1])
    assert held["year"] == 2011
    assert held["adjustments"]["uses scaled to output"] > 1000
    checked = json.loads(command("check", "--json")[1])
    assert checked["ok"]
    assert len(checked["checks"]) > 12
    for words in (("list",), ("info",), ("check",)):
        code, out, _ = command(*words)
        assert code == 0
        assert out


def test_value_chains_are_shown_before_and_after(command, tmp_path) -> None:
    held = json.loads(command("gvc", "rcep", "--json")[1])
    korea = held["regions"]["KOR"]
    assert {"gvc_share", "foreign_content", "forward", "backward", "length", "regionalisation", "top_exposure"} == set(korea)
    assert korea["gvc_share"]["after"] - korea["gvc_share"]["before"] == pytest.approx(korea["gvc_share"]["change"])
    assert set(held["sectors"]) == {"forward", "backward", "length"}
    assert set(held["kww"]["after"]["USA"]) == {f"T{k}" for k in range(1, 10)}
    assert "East Asia" in held["blocs_musd"]["before"]
    code, out, _ = command("gvc", "rcep", "--out", str(tmp_path / "g"))
    assert code == 0
    assert "KOR" in out
    assert {"gvc_blocs.png", "gvc_kww.png", "gvc_tiles.png", "gvc_figures.json", "gvc.nc", "gvc_regions.csv"} == {
        p.name for p in (tmp_path / "g").iterdir()
    }


def test_version_is_printed(command) -> None:
    code, out, _ = command("--version")
    assert (code, out) == (0, f"open-cge {metadata.version('open-cge')}\n")


def test_systems_without_the_module_resource_run_too(monkeypatch) -> None:
    from cge.results.static_run import peak_memory_mb

    assert peak_memory_mb() > 50
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows: importing it fails
    assert peak_memory_mb() is None
