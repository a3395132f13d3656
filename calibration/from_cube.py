"""A balanced SAM from a gross trade cube and estimated national tables.

Imports of a commodity have the same share and the same origins in every use (GTAP's convention, where
a source does not tell). Duties lie between the cube's basic-price flow and the price the buyer pays:
those on inputs come out of the user's value added, those on final goods add to final spending.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from calibration.arrays import ratio
from calibration.classification import KIND
from calibration.errors import DataError
from calibration.estimate import FINALS, Tables
from calibration.factors import FACTORS, match_labour_share, split_value_added
from calibration.geography import economy
from calibration.limits import CUBE_ROUNDING
from calibration.sam import Sam, make_dataset, split_by_use


def border(flows: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of absorption bought at home, and mean duty on the rest; both dims (i, d).

    Parameters
    ----------
    flows, rates : ndarray, dims (i, s, d)
        Sales with own ones on the diagonal, and duties as fractions.
    """
    own = np.arange(flows.shape[1])
    imports = flows.copy()
    imports[:, own, own] = 0.0
    return ratio(flows[:, own, own], flows.sum(1)), ratio((imports * rates).sum(1), imports.sum(1))


def cube_sam(
    flows: np.ndarray,
    sectors: list[str],
    tables: Tables,
    tariffs: xr.DataArray,
    factor_shares: pd.DataFrame,
    labour_share: np.ndarray,
    population: np.ndarray,
    attrs: Mapping[str, object],
) -> Sam:
    """Assemble the SAM.

    Parameters
    ----------
    flows : ndarray, dims (i, s, d)
        Sales at basic prices, own sales on the diagonal, million USD.
    sectors : list of str
        Labels of ``i`` (also of activities).
    tables : Tables
        National tables whose row sums are the cube's absorption.
    tariffs : DataArray, dims (i, s, d)
        Fractions of the flow.
    factor_shares : DataFrame
        From :func:`calibration.factors.sample_shares`.
    labour_share, population : ndarray, dims (r,)
        Labour share of value added (NaN: the sample's), millions of people.
    attrs : mapping
        Provenance.

    Raises
    ------
    DataError
        The tables do not add up to the cube, or duties exceed an activity's value added.
    """
    regions, n = tables.regions, len(sectors)
    size = len(regions)
    own = np.arange(size)
    absorption = flows.sum(1).T  # (r, i)
    gap = abs(tables.use.sum(2) + tables.final.sum(2) - absorption)
    CUBE_ROUNDING.check(
        gap / np.maximum(absorption, 1.0),
        lambda k: f"uses of {sectors[k[1]]} in {regions[k[0]]}",
        "the tables were not balanced to this cube",
    )
    # the balancing stops at 1e-11: the last digits go to the uses of each commodity, so that the SAM balances to rounding
    last = ratio(absorption, tables.use.sum(2) + tables.final.sum(2), 1.0)[..., None]
    use, final_use = tables.use * last, tables.final * last
    rate = tariffs.transpose("i", "s", "d").values
    imports = flows.copy()
    imports[:, own, own] = 0.0
    at_home, duty = border(flows, rate)
    domestic_use = np.moveaxis(use, 0, 2) * at_home[:, None, :]  # (i, a, r)
    bought = np.moveaxis(use, 0, 2) * ((1 - at_home) * (1 + duty))[:, None, :]
    final = np.moveaxis(final_use, 0, 2)  # (i, k, r)
    domestic_final = final * at_home[:, None, :]
    bought_final = final * ((1 - at_home) * (1 + duty))[:, None, :]
    output = flows.sum(2)  # (i, s)
    value_added = output - domestic_use.sum(0) - bought.sum(0)
    bad = np.argwhere(((value_added <= 0) & (output > 0)) | (value_added < -1e-9 * max(float(output.max()), 1.0)))
    if len(bad):
        a, r = bad[0]
        raise DataError(
            f"value added of {regions[r]} {sectors[a]} is {value_added[a, r]:g} of output {output[a, r]:g} after duties"
        )
    value_added = np.maximum(value_added, 0.0)  # the rounding of an activity without output
    area = {r: economy(r).area for r in regions}
    payments = split_value_added(value_added, regions, sectors, factor_shares, area, KIND)
    payments = match_labour_share(payments, FACTORS, labour_share)
    diagonal = np.zeros((n, n, size))
    diagonal[np.arange(n), np.arange(n)] = output
    arrays: dict[str, np.ndarray] = {
        "vxsb": imports,
        "vfob": imports,
        "vcif": imports,
        "vmsb": imports * (1 + rate),
        "evfb": payments,
        "evfp": payments,
        "evos": payments,
        "makb": diagonal,
        "maks": diagonal,
        "pop": population,
    }
    for price in "bp":
        arrays[f"vdf{price}"], arrays[f"vmf{price}"] = domestic_use, bought
        for k, agent in enumerate(FINALS):
            arrays[f"vd{agent[0]}{price}"], arrays[f"vm{agent[0]}{price}"] = domestic_final[:, k], bought_final[:, k]
    arrays["vmub"] = split_by_use(arrays)
    revenue = (imports * rate).sum((0, 1))
    spent = sum(arrays[f"v{o}{k}p"].sum(0) for o in "dm" for k in "pg")
    arrays["save"] = payments.sum((0, 1)) + revenue - spent
    sets = {"i": sectors, "a": sectors, "f": FACTORS, "r": regions, "m": ["trd"]}
    return Sam(make_dataset(arrays, sets, attrs))
