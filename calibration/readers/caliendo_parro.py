"""Data of Caliendo and Parro, "Estimates of the Trade and Welfare Effects of NAFTA", REStud 82(1), 2015."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from calibration.errors import DataError
from calibration.parse import reading

COUNTRIES = (
    "ARG AUS AUT BRA CAN CHL CHN DNK FIN FRA DEU GRC HUN IND IDN IRL ITA JPN KOR MEX NLD NZL NOR PRT ZAF ESP "
    "SWE TUR GBR USA ROW"
).split()
TRADABLE = (
    "Agriculture|Mining|Food|Textile|Wood|Paper|Petroleum|Chemicals|Plastic|Minerals|Basic metals|"
    "Metal products|Machinery n.e.c.|Office|Electrical|Communication|Medical|Auto|Other transport|Other"
).split("|")
SECTORS = [*TRADABLE, *(f"Service {k}" for k in range(1, 21))]


@dataclass(frozen=True)
class CaliendoParro:
    """The replication data: 31 countries, 40 sectors of which the first 20 are tradable, year 1993.

    Attributes
    ----------
    data : xarray.Dataset
        ``value_added_share (i, r)``; ``output (i, r)`` USD; ``input_share (r, i, j)``: share of
        input i in the materials of sector j; ``trade (i, d, s)`` imports of d from s, thousand USD;
        ``tariff1993, tariff2005 (i, d, s)`` per cent; ``theta (i)``: trade elasticity.
    """

    data: xr.Dataset


def read_caliendo_parro(folder: str | Path) -> CaliendoParro:
    """Read the folder of text files ``IO B GO T xbilat1993 tariffs1993 tariffs2005``.

    Parameters
    ----------
    folder : path

    Raises
    ------
    DataError
        A file is missing, has another shape, or holds a value that is not finite.
    """
    folder = Path(folder)
    n, k, j = len(COUNTRIES), len(TRADABLE), len(SECTORS)
    shapes = {
        "IO": (n * j, j),
        "B": (j, n),
        "GO": (j, n),
        "T": (k,),
        "xbilat1993": (k * n, n),
        "tariffs1993": (k * n, n),
        "tariffs2005": (k * n, n),
    }
    raw: dict[str, np.ndarray] = {}
    for name, shape in shapes.items():
        path = folder / f"{name}.txt"
        if not path.is_file():
            raise DataError(f"{path} not found; the Caliendo-Parro folder needs {', '.join(f'{x}.txt' for x in shapes)}")
        with reading(path, "table of numbers"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy warns of an empty file, whose shape is refused below
            values = np.loadtxt(path)
        if values.shape != shape:
            raise DataError(f"{path} has shape {values.shape}, expected {shape}; is it truncated?")
        if not np.isfinite(values).all():
            row = int(np.argwhere(~np.isfinite(values))[0][0])
            raise DataError(f"{path} line {row + 1} holds a value that is not finite; repair it")
        raw[name] = values
    cube = ("t", "d", "s")
    data = xr.Dataset(
        {
            "value_added_share": (("i", "r"), raw["B"]),
            "output": (("i", "r"), raw["GO"], {"units": "USD"}),
            "input_share": (("r", "i", "j"), raw["IO"].reshape(n, j, j)),
            "trade": (cube, raw["xbilat1993"].reshape(k, n, n), {"units": "thousand USD"}),
            "tariff1993": (cube, raw["tariffs1993"].reshape(k, n, n), {"units": "per cent"}),
            "tariff2005": (cube, raw["tariffs2005"].reshape(k, n, n), {"units": "per cent"}),
            "theta": (("t",), raw["T"], {"long_name": "trade elasticity"}),
        },
        coords={"t": TRADABLE, "i": SECTORS, "j": SECTORS, "r": COUNTRIES, "s": COUNTRIES, "d": COUNTRIES},
        attrs={"source": "Caliendo and Parro, REStud 82(1), 2015, replication data", "year": 1993},
    )
    return CaliendoParro(data)
