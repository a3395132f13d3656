"""Which tariffs the world of 2018 takes, what that adjusted, and how its duties compare with published revenue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from calibration.errors import DataError
from calibration.preferences import GROUPS, Agreement
from calibration.readers.oecd_cube import TradeCube
from calibration.readers.tariff_data import read_tariff_data
from calibration.tariff_table import Unit
from calibration.tariffs_2018 import Tariffs, tariffs_2018, with_other_rates


def chosen_tariffs(
    data: Path, cube: TradeCube, rates: str, agreed: tuple[Agreement, ...] | None = None, unit: Unit | None = None
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
    unit : {"fraction", "percent"}, optional
        Of the rates in that data base; default its publisher's.

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
        return made, [*log, *_rest_lines(made)]
    given, missing = read_tariff_data(kind, file, cube.regions, year=cube.year, unit=unit)
    other, kept = with_other_rates(made, given)
    rule = f"tariffs that {kind} lacks: cells kept from the default"
    lines: list[dict[str, object]] = [
        {"rule": f"tariffs of {kind}: {line}", "cell": "", "before": 0.0, "after": 0.0} for line in missing
    ]
    mean = 100.0 * import_means(cube, other.applied)
    # of the record of the default only what is published stays; its own steps did not make these rates
    record = made.record.assign(source=kind, before=made.record["collected"], mean=mean, collected=mean, theta=float("nan"))
    lines += [{"rule": rule, "cell": str(r), "before": 0.0, "after": float(n)} for r, n in kept["kept"].items()]
    return replace(other, record=record), lines


def import_means(cube: TradeCube, rates: xr.DataArray) -> pd.Series:
    """Mean rate by importer over its imports of goods (members of the European Union: from outside it), fractions."""
    goods = [str(x) for x in rates["i"].values]
    flows = cube.flows.sel(i=goods).transpose("i", "s", "d").values.copy()
    flows[:, np.arange(len(cube.regions)), np.arange(len(cube.regions))] = 0.0
    inside = np.isin(cube.regions, GROUPS["EU28"])
    flows[:, inside[:, None] & inside[None, :]] = 0.0
    paid = (flows * rates.transpose("i", "s", "d").values).sum((0, 1))
    return pd.Series(ratio(paid, flows.sum((0, 1))), cube.regions)


def _rest_lines(made: Tariffs) -> list[dict[str, object]]:
    """Share of the duties between ROW and each partner that the agreements of ROW's members leave: estimated."""
    if made.left is None or "ROW" not in made.left["s"].values:
        return []
    partners = [str(r) for r in made.left["s"].values if r != "ROW"]
    lines: list[dict[str, object]] = []
    tail = "the rest of the world: share left by its members' agreements, mean over goods (estimated)"
    for side, rule in (("s", "faced by"), ("d", "levied by")):
        left = made.left.sel({side: "ROW"}).mean("i")
        cell = "ROW -> {}" if side == "s" else "{} -> ROW"
        lines += [
            {
                "rule": f"duties {rule} {tail}",
                "cell": cell.format(r),
                "before": 1.0,
                "after": float(left.sel({"d" if side == "s" else "s": r})),
            }
            for r in partners
        ]
    return lines


def duty_table(full: Benchmark, gdp: pd.Series, record: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """By importer: the mean tariff and its target (per cent), and duty revenue beside taxes on international trade (WDI).

    Columns of :attr:`calibration.tariffs_2018.Tariffs.record`, then ``duties``, ``duties_collected`` (as far as customs are
    estimated to collect them), ``trade_taxes`` (per cent of GDP) and ``trade_taxes_year``. Members of the European Union pay
    their duties to the Union, so that the World Bank's figure is empty or nearly zero there; in some others it holds more than
    duties (:data:`calibration.tariffs_2018.OTHER_TRADE_TAXES`).
    """
    sam, satellites = full.sam, full.satellites
    assert satellites is not None
    duties = (sam["vmsb"] - sam["vcif"]).sum(1)
    published = pd.read_csv(folder / "wdi_2018_nearest.csv").set_index("iso3").reindex(sam.regions)
    return record.assign(
        duties=100 * duties.sum(0) / gdp.to_numpy(),
        duties_collected=100 * (duties * satellites["duty_collected"].values).sum(0) / gdp.to_numpy(),
        trade_taxes=published["tax_intl_trade_pct_gdp"],
        trade_taxes_year=published["tax_intl_trade_year"],
    )


def tariff_satellites(tariffs: Tariffs, sectors: list[str], collected: bool) -> dict[str, tuple[object, ...]]:
    """``mfn``, ``tariff_status``, ``duty_collected`` of a benchmark, dims (i, r); ``collected``: its duties are so already."""
    mfn = tariffs.paid_without_preference() if collected else tariffs.mfn
    share = np.ones((len(sectors), mfn.sizes["d"])) if collected else tariffs.share_collected(sectors)
    return {
        "mfn": (
            ("i", "r"),
            mfn.reindex(i=sectors, fill_value=0.0).values,
            {
                "long_name": "most-favoured-nation tariff",
                "units": "fraction of cif value",
                "source": "calibration/tariffs_2018.py",
            },
        ),
        "tariff_status": (("i", "r"), tariffs.status.reindex(i=sectors, fill_value=0).values.astype(np.int8)),
        "duty_collected": (
            ("i", "r"),
            share,
            {
                "long_name": "share of the duties here that customs collect, estimated",
                "units": "1",
                "source": "calibration/tariffs_2018.py; World Bank, taxes on international trade",
            },
        ),
    }


def grouped_satellites(full: Benchmark, take: np.ndarray, columns: np.ndarray) -> dict[str, tuple[object, ...]]:
    """The same over groups: means weighted with imports and with duties, the least certain status.

    Parameters
    ----------
    full : Benchmark
    take, columns : ndarray
        Members of each group of goods (new, i) and of regions (new, r), 1 or 0.
    """
    held, imports = full.satellites, full.sam["vcif"].sum(1)
    assert held is not None
    duties = full.sam["vmsb"].sum(1) - imports

    def mean(name: str, weight: np.ndarray, otherwise: float) -> tuple[object, ...]:
        whole = take @ (held[name].values * weight) @ columns.T
        return ("i", "r"), ratio(whole, take @ weight @ columns.T, otherwise), held[name].attrs

    chosen = take[:, :, None, None] * columns[None, None, :, :] * held["tariff_status"].values[None, :, None, :]
    return {
        "mfn": mean("mfn", imports, 0.0),
        "tariff_status": (("i", "r"), chosen.max((1, 3)).astype(np.int8)),
        "duty_collected": mean("duty_collected", duties, 1.0),
    }
