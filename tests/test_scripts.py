"""Scripts that build data end with one line where the raw tables are missing or bad."""

from __future__ import annotations

import importlib
import shutil

import pytest

from calibration import DataError
from calibration.readers import read_oecd_icio

SCRIPTS = (
    "calibration.datasets.growth_errors",
    "calibration.datasets.growth_rates",
    "calibration.datasets.world_2011",
    "calibration.datasets.world_2018",
    "calibration.datasets.world_chips",
    "calibration.datasets.world_demand",
    "calibration.datasets.world_with_energy",
    "calibration.datasets.tariffs_2018.crosswalk",
    "calibration.datasets.tariffs_2018.japan",
    "policies.data.rcep_schedule",
    "policies.data.us_china_duties",
)


def _stopped(name: str, arguments: list[str], monkeypatch, capsys) -> str:
    monkeypatch.setattr("sys.argv", [name, *arguments])
    with pytest.raises(SystemExit) as stop:
        importlib.import_module(name).main()
    assert stop.value.code == 2
    captured = capsys.readouterr()
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1, captured.err
    return lines[0]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_missing_folder_of_raw_tables_is_one_line(name: str, tmp_path, monkeypatch, capsys) -> None:
    line = _stopped(name, ["--data", str(tmp_path / "nowhere")], monkeypatch, capsys)
    assert "nowhere is not a folder" in line


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_missing_table_is_named_in_one_line(name: str, tmp_path, monkeypatch, capsys) -> None:
    line = _stopped(name, ["--data", str(tmp_path)], monkeypatch, capsys)
    assert str(tmp_path) in line
    assert "not found" in line or "not a folder" in line or "lacks" in line


def test_every_script_with_raw_tables_ends_so() -> None:
    from pathlib import Path

    root = Path(__file__).parents[1]
    found = {
        ".".join(path.relative_to(root).with_suffix("").parts)
        for folder in ("calibration/datasets", "policies/data")
        for path in (root / folder).rglob("*.py")
        if "__main__" in path.read_text()
    }
    assert found == set(SCRIPTS)


def test_a_missing_folder_of_the_output_is_told_before_the_work(tmp_path, monkeypatch, capsys) -> None:
    arguments = ["--data", str(tmp_path), "--out", str(tmp_path / "a" / "b")]
    line = _stopped("calibration.datasets.world_2018", arguments, monkeypatch, capsys)
    assert "does not exist; make it first" in line


def test_options_of_tariffs_that_do_not_apply_are_refused(tmp_path, monkeypatch, capsys) -> None:
    name = "calibration.datasets.world_2018"
    line = _stopped(name, ["--data", str(tmp_path), "--tariff-unit", "percent"], monkeypatch, capsys)
    assert "--tariff-unit belongs to --tariffs" in line
    arguments = ["--data", str(tmp_path), "--tariffs", "csv:x.csv", "--duties", "collected"]
    assert "--duties collected belongs to" in _stopped(name, arguments, monkeypatch, capsys)


@pytest.mark.shared
def test_a_trade_cube_given_as_an_input_output_table_is_told_what_it_is(shared, tmp_path) -> None:
    cube = shared / "oecd_icio_gross" / "ICIO2018.mat"
    with pytest.raises(DataError, match=r"is a MATLAB file, not a csv table; give the csv, or zip of csv.*world_2018 builds"):
        read_oecd_icio(cube, 2018)
    renamed = shutil.copy(cube, tmp_path / "ICIO2018.csv")
    with pytest.raises(DataError, match="is a MATLAB file, not a csv table"):
        read_oecd_icio(renamed, 2018)
