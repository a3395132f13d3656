"""The SAM: schema, identities, the square view."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration import DataError, Sam, load_benchmark
from tests.worlds import random_sam


def test_embedded_world_satisfies_every_identity(world) -> None:
    assert world.sam.check().empty
    assert len(world.regions) == 16
    assert len(world.commodities) == 18


def test_embedded_world_states_source_licence_and_absent_taxes(world) -> None:
    assert "CC BY 4.0" in world.attrs["licence"]
    assert "Caliendo" in world.attrs["source"]
    assert "vtwr" in str(world.attrs["zero_headers"]).split()
    assert "vdpp" not in str(world.attrs["zero_headers"]).split()
    assert len(str(world.attrs["elasticity_sources"]).splitlines()) == 18


def test_world_totals_are_those_of_the_published_table(world) -> None:
    # WIOD 2013 release, 2011: world value added near 69.5 tn USD; USA near 15 tn
    gdp = dict(zip(world.regions, world.sam.gdp(), strict=True))
    assert sum(gdp.values()) == pytest.approx(69.5e6, rel=0.01)
    assert gdp["USA"] == pytest.approx(15.0e6, rel=0.03)


def test_square_view_has_equal_row_and_column_sums(world) -> None:
    square = world.sam.square()
    gap = abs(square.sum("column").values - square.sum("row").values)
    assert gap.max() < 1e-9 * float(square.sum())
    trade = square.sel(row="CHN.dom.ele", column="USA.imp.ele")
    assert float(trade) == pytest.approx(float(world.sam.data["vxsb"].sel(i="ele", s="CHN", d="USA")))


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 4), st.integers(2, 4), st.integers(0, 10_000))
def test_random_sams_with_all_taxes_are_balanced_in_both_views(regions: int, goods: int, seed: int) -> None:
    sam = random_sam(regions, goods, seed)
    assert sam.check().empty
    square = sam.square()
    assert np.allclose(square.sum("column").values, square.sum("row").values, rtol=0, atol=1e-9 * float(square.max()))


def test_check_names_the_violated_cell(small) -> None:
    data = small.sam.data.copy(deep=True)
    data["vdpb"].loc[{"i": "g1", "r": "R2"}] += 5.0
    found = Sam(data).check()
    row = found[found["identity"] == "output of a commodity = its uses"]
    assert list(row["cell"]) == ["g1 R2"]
    assert row["gap"].item() == pytest.approx(-5.0)


@pytest.mark.parametrize(("value", "message"), [(np.nan, "not finite at i 'g1', r 'R2'"), (-1.0, "negative at i 'g1', r 'R2'")])
def test_bad_cells_are_refused_with_their_labels(small, value: float, message: str) -> None:
    data = small.sam.data.copy(deep=True)
    data["vdpb"].loc[{"i": "g1", "r": "R2"}] = value
    with pytest.raises(DataError, match=message):
        Sam(data)


def test_missing_header_and_wrong_dims_are_refused(small) -> None:
    with pytest.raises(DataError, match="lacks header 'vxsb'"):
        Sam(small.sam.data.drop_vars("vxsb"))
    turned = small.sam.data.copy()
    turned["vdpb"] = turned["vdpb"].transpose("r", "i")
    with pytest.raises(DataError, match="expected \\('i', 'r'\\)"):
        Sam(turned)


def test_benchmark_file_round_trip(small, tmp_path) -> None:
    small.save(tmp_path / "b.nc")
    again = load_benchmark(tmp_path / "b.nc")
    assert again.sam.data.equals(small.sam.data)
    assert again.elasticities.equals(small.elasticities)
    assert again.name == small.name


def test_unknown_benchmark_suggests_the_nearest(tmp_path) -> None:
    with pytest.raises(DataError, match="did you mean"):
        load_benchmark("wrold")
    (tmp_path / "x.nc").write_text("not netcdf")
    with pytest.raises(DataError, match="not a netCDF benchmark"):
        load_benchmark(tmp_path / "x.nc")
