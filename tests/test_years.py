"""Years and shares at the doors of the data layer: a text, a fraction or a truth value is refused in one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from calibration import DataError
from calibration.capital import read_capital
from calibration.datasets.world_energy import read_energy_accounts, read_energy_totals
from calibration.datasets.world_labour import read_unemployment
from calibration.foreign_capital import read_positions
from calibration.preferences import agreements, in_force, remaining, with_use
from calibration.readers import rest_of_world
from calibration.readers.tariff_data import KINDS, read_tariff_data
from calibration.taxes import read_taxes
from cge import ShockError
from policies.rcep_schedule import cuts, share_left


@pytest.mark.parametrize("year", ["2018", 2018.5, None, True])
def test_a_year_of_preferences_that_is_no_whole_number_is_refused_in_one_line(year: object, tmp_path: Path) -> None:
    agreement = agreements()[0]
    doors: dict[str, Callable[[], object]] = {
        "phase": lambda: agreement.phase(year),  # type: ignore[arg-type]
        "removed": lambda: agreement.removed("C29", year),  # type: ignore[arg-type]
        "in_force": lambda: in_force(year),  # type: ignore[arg-type]
        "remaining": lambda: remaining(["C29"], ["CHN", "JPN"], year),  # type: ignore[arg-type]
        "cuts": lambda: cuts("JPN", year),  # type: ignore[arg-type]
        "share_left": lambda: share_left("JPN", "CHN", "tex", year),  # type: ignore[arg-type]
        "capital": lambda: read_capital(tmp_path, year),  # type: ignore[arg-type]
        "positions": lambda: read_positions(tmp_path, year),  # type: ignore[arg-type]
        "taxes": lambda: read_taxes(tmp_path, ["CHN"], year),  # type: ignore[arg-type]
        "rest of the world": lambda: rest_of_world(tmp_path, ["CHN"], year),  # type: ignore[arg-type]
        "unemployment": lambda: read_unemployment(tmp_path, year),  # type: ignore[arg-type]
        "energy": lambda: read_energy_accounts(tmp_path, year),  # type: ignore[arg-type]
        "energy totals": lambda: read_energy_totals(tmp_path, ["CHN"], year),  # type: ignore[arg-type]
        "tariffs": lambda: read_tariff_data(next(iter(KINDS)), tmp_path, ["CHN"], year=year),  # type: ignore[arg-type]
    }
    for door, call in doors.items():
        with pytest.raises((DataError, ShockError), match=rf"is {re.escape(repr(year))}; write a whole number such as") as told:
            call()
        assert "\n" not in str(told.value), door


def test_a_year_given_by_numpy_is_a_year() -> None:
    assert in_force(np.int64(2018)) == in_force(2018)  # type: ignore[arg-type]


@pytest.mark.parametrize("share", ["0.5", 1.5, -0.1, float("nan"), True])
def test_a_share_of_preferences_is_a_number_between_none_and_all(share: object) -> None:
    for call in (
        lambda: with_use(share),  # type: ignore[arg-type]
        lambda: agreements()[0].removed("C29", 2018, share),  # type: ignore[arg-type]
    ):
        with pytest.raises(DataError, match="must be a share between 0 and 1"):
            call()
