"""Value added split into factors with the cost shares of the public GTAP v7 sample.

Labour skilled and unskilled, capital, and natural resource (land in agriculture, the sample's
``other`` in extraction). The sample has 7 regions and 6 sectors, so an industry takes the shares of
its kind (crops and animals, extraction, food, manufactures, services) in its part of the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.errors import DataError
from calibration.readers.gtap_sample import read_gtap_sample

FACTORS = ["skl", "unskl", "cap", "nat"]
FACTOR_OF = {"skilled labor": "skl", "unskilled labor": "unskl", "capital": "cap", "land": "nat", "other": "nat"}
KINDS = {
    "agriculture": ["crops", "animals"],
    "extraction": ["extract"],
    "food": ["processed food"],
    "manufactures": ["manuf"],
    "services": ["svces"],
}


def sample_shares(path: str | Path | None = None) -> pd.DataFrame:
    """Factor cost shares of the sample: rows (area, kind), columns :data:`FACTORS`, each row sums to 1.

    Without a path, the shares shipped with the library (``calibration/datasets/factor_shares.csv``, made from it).
    """
    if path is None:
        shipped = resources.files("calibration") / "datasets" / "factor_shares.csv"
        with shipped.open(encoding="utf-8") as file:
            return pd.read_csv(file, comment="#", index_col=["r", "kind"])[FACTORS]
    sam, _ = read_gtap_sample(path)
    values = sam.data["evfp"].to_series().rename("value").reset_index()
    values["factor"] = values["f"].map(FACTOR_OF)
    kind_of = {a: kind for kind, activities in KINDS.items() for a in activities}
    values["kind"] = values["a"].map(kind_of)
    table = values.pivot_table(index=["r", "kind"], columns="factor", values="value", aggfunc="sum")[FACTORS]
    return table.div(table.sum(axis=1), axis=0)


def split_value_added(
    value_added: np.ndarray,
    regions: list[str],
    industries: list[str],
    shares: pd.DataFrame,
    area: Mapping[str, str],
    kind: Mapping[str, str],
) -> np.ndarray:
    """Factor payments; dims (f, a, r), summing over f to ``value_added`` with dims (a, r).

    Raises
    ------
    DataError
        A region or industry has no area or kind.
    """
    for labels, table, what in ((regions, area, "area"), (industries, kind, "kind")):
        missing = [x for x in labels if x not in table]
        if missing:
            raise DataError(f"no {what} of the GTAP sample is given for {', '.join(missing)}; add it to the mapping")
    cube = np.array([[shares.loc[(area[r], kind[a])].to_numpy() for r in regions] for a in industries])
    return np.asarray(np.moveaxis(cube, 2, 0) * value_added)


def match_labour_share(payments: np.ndarray, factors: list[str], share: np.ndarray) -> np.ndarray:
    """Scale labour against the other factors so that each region's labour share of value added is ``share``.

    One multiplier a region on both kinds of labour in every activity, then each activity back to its own
    value added; found by bisection on its logarithm.

    Parameters
    ----------
    payments : ndarray, dims (f, a, r)
    factors : list of str
        Labels along ``f``; labour is ``skl`` and ``unskl``.
    share : ndarray, dims (r,)
        Wanted labour shares; NaN leaves the region as it is.

    Returns
    -------
    ndarray, dims (f, a, r)
        Sums over f unchanged.
    """
    labour = np.array([f in ("skl", "unskl") for f in factors])
    total = payments.sum(0)
    wage, rest = payments[labour].sum(0), payments[~labour].sum(0)
    wanted = np.where(np.isfinite(share), share, wage.sum(0) / total.sum(0))
    if ((wanted <= 0.05) | (wanted >= 0.95)).any():
        raise DataError("a labour share lies outside (0.05, 0.95); check the national accounts")
    low, high = np.full(wanted.size, -8.0), np.full(wanted.size, 8.0)
    for _ in range(60):
        middle = (low + high) / 2
        weight = wage * np.exp(middle)
        got = (total * np.divide(weight, weight + rest, out=np.zeros_like(total), where=total > 0)).sum(0) / total.sum(0)
        low, high = np.where(got < wanted, middle, low), np.where(got < wanted, high, middle)
    scaled = payments * np.where(labour[:, None, None], np.exp((low + high) / 2), 1.0)
    sums = scaled.sum(0)
    return np.asarray(scaled * np.divide(total, sums, out=np.zeros_like(total), where=sums > 0))
