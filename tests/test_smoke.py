"""What a user does first, with every extra: run at the declared lower bounds of what the library needs (``make lowest``)."""

from __future__ import annotations

import importlib
import json
import pkgutil

import pandas as pd
import pytest
import xarray as xr

import calibration
import cge
import policies
from calibration.readers import read_wiod
from calibration.readers.sheet import read_frame
from cge import Model
from cge.cli import app
from policies import tariff_change
from tests.test_readers import official_sheet
from tests.worlds import random_benchmark

pytestmark = pytest.mark.smoke


@pytest.mark.parametrize("package", [calibration, cge, policies], ids=lambda p: p.__name__)
def test_every_module_is_imported(package) -> None:
    names = [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.") if "__main__" not in m.name]
    assert len(names) > 10
    for name in names:
        importlib.import_module(name)


@pytest.mark.parametrize("method", ["auto", "ipopt"])
def test_a_small_world_is_solved_saved_and_opened(tmp_path, method) -> None:
    model = Model(random_benchmark(3, 3, seed=7))
    after = model.solve(tariff_change(times=0.0), method=method)
    assert after.checks()["ok"].all()
    after.save(tmp_path / "solution.nc")
    with xr.open_dataset(tmp_path / "solution.nc", engine="h5netcdf") as opened:
        assert float(abs(opened["qo"] - after["qo"]).max()) < 1e-12
    assert float(after.icio().output.sum()) > 0


def test_the_first_command_writes_its_files(command, tmp_path) -> None:
    code, out, err = command(
        "run", "rcep", "--benchmark", "world-2011", "--out", str(tmp_path / "r"), "--report", str(tmp_path / "r.html"), "--json"
    )
    assert (code, err) == (0, "")
    assert json.loads(out)["status"] == "Optimal Solution Found"
    assert {"solution.nc", "regions.csv", "welfare.png", "policy.yaml"} <= {p.name for p in (tmp_path / "r").iterdir()}
    assert "<math" in (tmp_path / "r.html").read_text(encoding="utf-8") or (tmp_path / "r.html").stat().st_size > 1e5


def test_every_command_shows_its_help(command) -> None:
    from typer.main import get_command

    for name in get_command(app).commands:  # type: ignore[attr-defined]
        code, out, _ = command(name, "--help")
        assert code == 0, name
        assert "--help" in out, name


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_sheet_is_read(tmp_path, suffix) -> None:
    pytest.importorskip("openpyxl")
    sheet = pd.DataFrame([["", "a"], ["x", 1.5]])
    path = tmp_path / f"sheet{suffix}"
    sheet.to_csv(path, header=False, index=False) if suffix == ".csv" else sheet.to_excel(path, header=False, index=False)
    assert float(read_frame(path).iat[1, 1]) == 1.5
    assert read_wiod(official_sheet(tmp_path, suffix)).output.sum() > 0


def test_extras_import_and_do_their_part() -> None:
    for extra, use in (
        ("rdata", lambda m: m.parser.parse_file),
        ("pymrio", lambda m: m.load_test().Z if m.load_test().Z is not None else m.load_test().calc_all().Z),
        ("plotly", lambda m: importlib.import_module("plotly.graph_objects").Figure().to_html(full_html=False)),
        ("latex2mathml", lambda m: importlib.import_module("latex2mathml.converter").convert("a^2")),
    ):
        module = pytest.importorskip(extra)
        assert use(module) is not None, extra
