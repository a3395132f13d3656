"""From a raw WIOD table to a balanced SAM, by stated and switchable rules.

1. ``inventories``: ``"investment"`` adds changes in inventories to fixed investment of the same origin
   (the SAM has one investment demand); ``"drop"`` leaves them out.
2. ``negatives``: a use cell that is still negative is set to zero (``"zero"``) or refused (``"error"``).
3. ``discrepancy``: where a row's uses miss its published output, ``"scale"`` multiplies the row's uses by
   one factor (output is kept, value added takes up the change of costs); ``"output"`` keeps the uses and
   takes their sum as output; ``"error"`` refuses. An industry without output has its uses set to zero.
4. Tariffs enter as a wedge between the cif value (WIOD's basic-price flow) and the price the buyer pays:
   duties on inputs come out of the user's value added, which in WIOD holds taxes on products; duties on
   final goods are added to final expenditure and to income.

Every change is listed in ``Sam.adjustments``. International transport margins, export taxes and other
commodity and factor taxes are absent from the source: zero here, and said so in the attributes.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import DataError
from calibration.factors import FACTORS, split_value_added
from calibration.readers.wiod import FINAL, Wiot
from calibration.sam import Sam, make_dataset

AGENTS = {"prv": ("c37", "c38"), "gov": ("c39",), "inv": ("c41", "c42")}


def wiod_sam(
    table: Wiot,
    factor_shares: pd.DataFrame,
    tariffs: xr.DataArray | None = None,
    *,
    inventories: Literal["investment", "drop"] = "investment",
    negatives: Literal["zero", "error"] = "zero",
    discrepancy: Literal["scale", "output", "error"] = "scale",
) -> Sam:
    """Build the SAM of a WIOD table.

    Parameters
    ----------
    table : Wiot
        The raw table.
    factor_shares : DataFrame
        Cost shares by (area, kind), from :func:`calibration.factors.sample_shares`.
    tariffs : DataArray, dims (i, s, d), optional
        Ad valorem rates as fractions; None means free trade.
    inventories, negatives, discrepancy : str
        The rules described above.

    Raises
    ------
    DataError
        A rule set to ``"error"`` applies, or an industry's value added is not positive.
    """
    regions = ["ROW" if x == "RoW" else x for x in table.regions]
    goods = list(table.industries)
    r, n = len(regions), len(goods)
    log: list[dict[str, object]] = []
    use = np.zeros((r, n, r, n + len(AGENTS)))
    use[..., :n] = table.inter
    for k, (agent, columns) in enumerate(AGENTS.items()):
        taken = tuple(c for c in columns if not (c == "c42" and inventories == "drop"))
        use[..., n + k] = table.final[..., [FINAL.index(c) for c in taken]].sum(-1)
        if agent == "inv" and inventories == "drop":
            dropped = table.final[..., FINAL.index("c42")]
            log.append({"rule": "inventories dropped", "cell": "world", "before": dropped.sum(), "after": 0.0})
    users = [*goods, *AGENTS]
    for s, i, d, u in np.argwhere(use < 0):
        name = f"{regions[s]} {goods[i]} -> {regions[d]} {users[u]}"
        if negatives == "error":
            raise DataError(f"{table.path}: negative use {use[s, i, d, u]:g} at {name}; negatives='zero' sets it to zero")
        log.append({"rule": "negative use set to zero", "cell": name, "before": float(use[s, i, d, u]), "after": 0.0})
    use = np.maximum(use, 0.0)
    sold, output = use.sum((2, 3)), table.output.astype(float)
    for s, i in np.argwhere(abs(sold - output) > 1e-9 * np.maximum(output, 1.0)):
        name = f"{regions[s]} {goods[i]}"
        if discrepancy == "error":
            raise DataError(f"{table.path}: uses of {name} sum to {sold[s, i]:g}, output is {output[s, i]:g}; choose a rule")
        if discrepancy == "output" or (output[s, i] > 0 and sold[s, i] <= 0):
            log.append({"rule": "output set to the sum of uses", "cell": name, "before": output[s, i], "after": sold[s, i]})
            output[s, i] = sold[s, i]
        else:
            log.append({"rule": "uses scaled to output", "cell": name, "before": sold[s, i], "after": output[s, i]})
            use[s, i] *= output[s, i] / sold[s, i]
    rate = np.zeros((n, r, r)) if tariffs is None else _aligned(tariffs, goods, table.regions)
    own = np.eye(r, dtype=bool)
    flows = np.moveaxis(use, 0, 1)  # (i, s, d, user)
    domestic = np.stack([flows[:, k, k] for k in range(r)], axis=1)  # (i, r, user)
    imported = np.where(own[None, :, :, None], 0.0, flows)
    landed = imported * (1 + rate[..., None])
    bought = landed.sum(1)  # (i, d, user), basic prices of the destination
    value_added = output.T - domestic[..., :n].sum(0).T - bought[..., :n].sum(0).T
    bad = np.argwhere((value_added <= 0) & (output.T > 0))
    if len(bad):
        a, k = bad[0]
        raise DataError(
            f"{table.path}: value added of {regions[k]} {goods[a]} is {value_added[a, k]:g} of output {output[k, a]:g}; "
            "choose discrepancy='output' or repair the row"
        )
    payments = split_value_added(value_added, regions, goods, factor_shares)
    diagonal = np.zeros((n, n, r))
    diagonal[np.arange(n), np.arange(n)] = output.T
    vxsb = imported.sum(-1)
    arrays: dict[str, np.ndarray] = {
        "vxsb": vxsb,
        "vfob": vxsb,
        "vcif": vxsb,
        "vmsb": landed.sum(-1),
        "evfb": payments,
        "evfp": payments,
        "evos": payments,
        "makb": diagonal,
        "maks": diagonal,
        "vmub": np.stack([landed[..., :n].sum(-1), *(landed[..., n + k] for k in range(len(AGENTS)))], axis=1),
    }
    for price in "bp":
        arrays[f"vdf{price}"] = np.swapaxes(domestic[..., :n], 1, 2)
        arrays[f"vmf{price}"] = np.swapaxes(bought[..., :n], 1, 2)
        for k, letter in enumerate("pgi"):
            arrays[f"vd{letter}{price}"] = domestic[..., n + k]
            arrays[f"vm{letter}{price}"] = bought[..., n + k]
    duty = (landed - imported).sum((0, 1, 3))
    spent = sum(arrays[f"v{o}{k}p"].sum(0) for o in "dm" for k in "pg")
    arrays["save"] = payments.sum((0, 1)) + duty - spent
    attrs = {
        "title": f"World SAM {table.year}, {r} regions x {n} sectors",
        "year": table.year,
        "source": (
            "World Input-Output Database, 2013 release (Timmer, Dietzenbacher, Los, Stehrer, de Vries, 2015); "
            "tariffs: " + (str(tariffs.attrs.get("source", "given")) if tariffs is not None else "none")
        ),
        "licence": "CC BY 4.0 (World Input-Output Database)",
        "rules": f"inventories={inventories}, negatives={negatives}, discrepancy={discrepancy}",
        "factor_split": "value added split with the factor cost shares of the public GTAP v7 sample (calibration/factors.py)",
        "note": (
            "Value added is output less inputs: it holds taxes less subsidies on products (duties apart) and international "
            "transport margins. Taxes other than import duties, and margins, are absent from the source: zero. "
            "Saving is gross (no depreciation in the source); population is not in the source and set to zero."
        ),
    }
    sets = {"i": goods, "a": goods, "f": FACTORS, "r": regions, "m": ["c24" if "c24" in goods else goods[-1]]}
    fields = ["rule", "cell", "before", "after"]
    return Sam(make_dataset(arrays, sets, attrs), pd.DataFrame(log, columns=fields))


def _aligned(tariffs: xr.DataArray, goods: list[str], regions: list[str]) -> np.ndarray:
    try:
        aligned = tariffs.sel(i=goods, s=regions, d=regions).transpose("i", "s", "d")
    except KeyError as error:
        raise DataError(f"tariffs lack a label of the table: {error}") from error
    values = np.asarray(aligned.values, dtype=float)
    if not np.isfinite(values).all() or (values <= -1).any():
        raise DataError("tariffs must be finite fractions above -1")
    return values
