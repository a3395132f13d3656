"""Capital stocks and depreciation of the shipped worlds; the method is in :mod:`calibration.capital`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from calibration.capital import MOST_OF_EARNINGS, of_regions, read_capital, with_capital
from calibration.geography import ALIASES
from calibration.readers import gdp_of_rest
from calibration.sam import Sam


def add_capital(sam: Sam, data: Path, year: int) -> Sam:
    """The SAM of economies and the rest of the world with capital, depreciation and net saving."""
    regions = sam.regions
    apart = [ALIASES.get(r, r) for r in regions]
    members = {"ROW": gdp_of_rest(data / "national_accounts", apart, year)}
    table = read_capital(data / "pwt_10_01", year)
    new = with_capital(sam, of_regions(table, regions, pd.Series(sam.gdp(), index=regions), members))
    note = str(new.data.attrs.get("note", ""))
    new.data.attrs["note"] = note.replace("Saving is gross (no depreciation in the source)", "Saving is net of depreciation")
    new.data.attrs["capital"] = (
        f"Penn World Table 10.01, {year}: stocks at the beginning of the year at the year's prices in dollars (cn x pl_n x "
        "rnna[t-1]/rnna[t]), rates of depreciation (delta); "
        f"depreciation at most {MOST_OF_EARNINGS:g} of what capital is paid"
    )
    return new
