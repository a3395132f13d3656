"""Gross bilateral trade cubes of the OECD Inter-Country Input-Output tables (81 economies, 28 sectors).

MATLAB files (HDF5, read with h5py) prepared from the extended OECD ICIO: sales of each sector from each
economy to each, own sales on the diagonal, intermediate and final use together, inventories inside,
negative sums set to zero. Cite "OECD, Inter-Country Input-Output Database".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import DataError, require_year
from calibration.parse import check_archive, check_claim, doubled, reading

SERVICES = "Services (aggregate)"


@dataclass(frozen=True)
class TradeCube:
    """Sales by sector, source and destination.

    Attributes
    ----------
    flows : DataArray, dims (i, s, d)
        Million USD at basic prices; the diagonal is own sales.
    year : int
    path : str
    """

    flows: xr.DataArray
    year: int
    path: str

    @property
    def regions(self) -> list[str]:
        """ISO codes, ``ROW`` last."""
        return [str(x) for x in self.flows["s"].values]

    @property
    def sectors(self) -> list[str]:
        """ISIC Rev. 4 sectors of goods, then the services aggregate."""
        return [str(x) for x in self.flows["i"].values]


def read_trade_cube(path: str | Path, year: int = 2018) -> TradeCube:
    """Read ``ICIO<year>.mat``.

    Parameters
    ----------
    path : path
        The file, or the folder that holds ``ICIO<year>.mat``.
    year : int
        Wanted year; must be the file's own.

    Raises
    ------
    DataError
        Missing file, another layout or year, or a cell that is negative or not finite.
    """
    require_year(year, "the year asked for")
    path = Path(path)
    if path.is_dir():
        path = path / f"ICIO{year}.mat"
    if not path.is_file():
        raise DataError(f"trade cube {path} not found; it is the MATLAB file ICIO<year>.mat of the OECD ICIO cubes")
    with reading(path, "OECD ICIO cube (HDF5 with data/Xjik_3D, countries, sectors, year)"), h5py.File(path, "r") as held:
        data = held["data"]
        check_claim(path, 8.0 * data["Xjik_3D"].size, "OECD ICIO cube")
        labels = {
            key: ["".join(map(chr, held[cell][()].ravel())) for cell in data[name][()].ravel()]
            for key, name in (("r", "countries"), ("i", "sectors"))
        }
        values = np.asarray(data["Xjik_3D"][()], dtype=float)
        found = int(np.asarray(data["year"][()]).ravel()[0])
    if found != year:
        raise DataError(f"{path} holds the year {found}, not {year}; pass year={found} or the other file")
    n, k = len(labels["r"]), len(labels["i"])
    for what, names in labels.items():
        if (twice := doubled(names)) is not None:
            raise DataError(f"{path} lists the {'economy' if what == 'r' else 'sector'} {twice!r} twice; keep one")
    if values.shape != (k, n, n):
        raise DataError(f"{path}: Xjik_3D has shape {values.shape[::-1]}, its labels ask for {(n, n, k)}; is it truncated?")
    # MATLAB stores [exporter, importer, sector] by columns: h5py shows [sector, importer, exporter]
    flows = xr.DataArray(
        np.swapaxes(values, 1, 2),
        dims=("i", "s", "d"),
        coords={"i": labels["i"], "s": labels["r"], "d": labels["r"]},
        attrs={"units": "million USD", "source": f"OECD, Inter-Country Input-Output Database, extended edition, {year}"},
    )
    bad = ~(flows.values >= 0) | ~np.isfinite(flows.values)
    if bad.any():
        i, s, d = np.argwhere(bad)[0]
        raise DataError(
            f"{path}: {labels['i'][i]} {labels['r'][s]} -> {labels['r'][d]} is {flows.values[i, s, d]}; must be finite and >= 0"
        )
    return TradeCube(flows, year, str(path))


def read_emissions(path: str | Path) -> xr.DataArray:
    """CO2 from production of the OECD (2021 edition): dims (r, industry), million tonnes; households are not in it.

    Parameters
    ----------
    path : path
        The workbook ``ICIO_Co2_2018.xlsx`` or its folder.

    Raises
    ------
    DataError
        Missing file or another layout.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "ICIO_Co2_2018.xlsx"
    if not path.is_file():
        raise DataError(f"emissions workbook {path} not found")
    check_archive(path, "workbook")
    with reading(path, "workbook of emissions"):
        return _emissions(pd.read_excel(path), path)


def _emissions(table: pd.DataFrame, path: Path) -> xr.DataArray:
    if list(table.columns[:2]) != ["Country", "Sector"] or table.shape[1] != 3:
        raise DataError(f"{path}: expected the columns Country, Sector and one year, found {list(table.columns)}")
    table["Country"] = table["Country"].ffill().str.split(":").str[0].str.strip()
    table["Sector"] = table["Sector"].str.split(":").str[0].str.strip()
    year = str(table.columns[2])
    wide = table.pivot(index="Country", columns="Sector", values=year)
    if wide.isna().to_numpy().any():
        country, sector = wide.isna().stack().idxmax()
        raise DataError(f"{path}: no value for {country} {sector}; the table is incomplete")
    order = list(dict.fromkeys(table["Country"]))
    wide = wide.loc[order, list(dict.fromkeys(table["Sector"]))]
    return xr.DataArray(
        wide.to_numpy(dtype=float),
        dims=("r", "industry"),
        coords={"r": order, "industry": list(wide.columns)},
        attrs={
            "units": "million tonnes CO2",
            "source": "OECD, CO2 emissions embodied in trade, production-based, 2021 edition",
        },
    )
