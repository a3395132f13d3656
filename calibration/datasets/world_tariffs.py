"""Which tariffs the world of 2018 takes, what that adjusted, and how its duties compare with published revenue."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from calibration.errors import DataError
from calibration.preferences import Agreement
from calibration.readers.oecd_cube import TradeCube
from calibration.readers.tariff_data import read_tariff_data
from calibration.sam import Sam
from calibration.tariffs_2018 import Tariffs, tariffs_2018, with_other_rates

OTHER_TRADE_TAXES = ("KAZ", "RUS", "BLR", "ARG", "CIV", "AUS", "NZL", "PHL")
"""Economies whose taxes on international trade (WDI) hold more than duties: taxes on exports (the first five), excises on
imports (AUS, NZL), value-added tax at the border (PHL)."""


def chosen_tariffs(
    data: Path, cube: TradeCube, rates: str, agreed: tuple[Agreement, ...] | None = None
) -> tuple[Tariffs, list[dict[str, object]]]:
    """The tariffs, and a line of the adjustments for each level set or cell kept.

    Parameters
    ----------
    data : path
        Folder with the raw tables.
    cube : TradeCube
    rates : str
        ``kind:file`` of another data base (:data:`calibration.readers.tariff_data.KINDS`), or empty.
    agreed : tuple of Agreement, optional
        Other agreements than the table's (:func:`calibration.preferences.with_use`).

    Raises
    ------
    DataError
        No file after the kind, or a file that cannot be read.
    """
    kind, _, file = rates.partition(":")
    if rates and not file:
        raise DataError(f"--tariffs {rates!r}: give kind:file, such as teti:rates.csv")
    made = tariffs_2018(data, cube, agreed)
    log: list[dict[str, object]] = [
        {
            "rule": f"mean tariff set to the World Bank's, per cent ({row['source']}, {row['year']})",
            "cell": importer,
            "before": row["before"],
            "after": row["mean"],
        }
        for importer, row in made.record.iterrows()
    ]
    if not rates:
        return made, log
    given, missing = read_tariff_data(kind, file, cube.regions, year=cube.year)
    other, kept = with_other_rates(made, given)
    rule = f"tariffs that {kind} lacks: cells kept from the default"
    lines: list[dict[str, object]] = [
        {"rule": f"tariffs of {kind}: {line}", "cell": "", "before": 0.0, "after": 0.0} for line in missing
    ]
    return other, lines + [{"rule": rule, "cell": str(r), "before": 0.0, "after": float(n)} for r, n in kept["kept"].items()]


def duty_table(sam: Sam, gdp: pd.Series, record: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """By importer: the mean tariff and its target (per cent), and duty revenue beside taxes on international trade (WDI).

    Columns of :attr:`calibration.tariffs_2018.Tariffs.record`, then ``duties``, ``trade_taxes`` (per cent of GDP) and
    ``trade_taxes_year``. Members of the European Union pay their duties to the Union, so that the World Bank's figure is
    empty or nearly zero there; in some others it holds more than duties (:data:`OTHER_TRADE_TAXES`).
    """
    revenue = (sam["vmsb"] - sam["vcif"]).sum((0, 1)) / gdp.to_numpy()
    published = pd.read_csv(folder / "wdi_2018_nearest.csv").set_index("iso3").reindex(sam.regions)
    return record.assign(
        duties=100 * revenue,
        trade_taxes=published["tax_intl_trade_pct_gdp"],
        trade_taxes_year=published["tax_intl_trade_year"],
    )
