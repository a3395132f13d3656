"""From a raw multi-regional input-output table to a balanced SAM, by stated and switchable rules.

1. ``inventories``: ``"investment"`` adds changes in inventories to fixed investment of the same origin
   (the SAM has one investment demand); ``"drop"`` leaves them out.
2. ``negatives``: a use cell that is still negative is set to zero (``"zero"``) or refused (``"error"``).
3. ``discrepancy``: where a row's uses miss its published output, ``"scale"`` multiplies the row's uses by
   one factor (output is kept, value added takes up the change of costs); ``"output"`` keeps the uses and
   takes their sum as output; ``"error"`` refuses. An industry without output has its uses set to zero.
   Each of these repairs has a limit (:mod:`calibration.limits`), past which the table is refused: it is then not
   rounding or inventories that is put right, but another unit or a truncated file.
4. Tariffs enter as a wedge between the cif value (the table's basic-price flow) and the price the buyer pays:
   duties on inputs come out of the user's value added, which holds taxes on products; duties on
   final goods are added to final expenditure and to income.
5. ``product_taxes``: ``"value added"`` leaves taxes less subsidies on products in value added (and out of final
   spending); ``"use"`` takes the source's row, less duties, as a tax at one rate on everything a user buys; an economy whose
   row is empty has none, which is listed.

Every change is listed in ``Sam.adjustments``. International transport margins, export taxes and taxes on
factors and output are absent from such tables: zero here, and said so in the attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from calibration.classification import KIND
from calibration.errors import DataError
from calibration.factors import FACTORS, split_value_added
from calibration.limits import DISCREPANCY, INVENTORIES, NEGATIVES, SMALL
from calibration.mrio import Mrio
from calibration.parse import doubled
from calibration.sam import Sam, make_dataset

AGENTS = ("prv", "gov", "inv")


def mrio_sam(
    table: Mrio,
    factor_shares: pd.DataFrame,
    tariffs: xr.DataArray | None = None,
    *,
    inventories: Literal["investment", "drop"] = "investment",
    negatives: Literal["zero", "error"] = "zero",
    discrepancy: Literal["scale", "output", "error"] = "scale",
    product_taxes: Literal["value added", "use"] = "value added",
    areas: Mapping[str, str] | None = None,
) -> Sam:
    """Build the SAM of a raw table.

    Parameters
    ----------
    table : Mrio
        The raw table.
    factor_shares : DataFrame
        Cost shares by (area, kind), from :func:`calibration.factors.sample_shares`.
    tariffs : DataArray, dims (i, s, d), optional
        Ad valorem rates as fractions; None means free trade.
    inventories, negatives, discrepancy, product_taxes : str
        The rules described above.
    areas : mapping, optional
        Region -> area of the GTAP sample for factor shares; default by ISO code (``Mrio.areas``).

    Raises
    ------
    DataError
        A rule set to ``"error"`` applies, a repair would go past its limit (:mod:`calibration.limits`), two regions share
        a label, an industry's value added is not positive, ``product_taxes="use"`` where
        the source has no such row, or an industry without a kind (``Mrio.details``).
    """
    missing = [x for x in table.industries if x not in table.details]
    if missing:
        raise DataError(f"{table.path}: no detailed sector is known for {', '.join(missing)}; it decides factor shares")
    regions = ["ROW" if x == "RoW" else x for x in table.regions]
    if (twice := doubled(regions)) is not None:
        raise DataError(f"{table.path}: two regions are named {twice!r}; give each its own label")
    goods = list(table.industries)
    r, n = len(regions), len(goods)
    log: list[dict[str, object]] = []
    _check_discrepancy(table)
    use = np.zeros((r, n, r, n + len(AGENTS)))
    use[..., :n] = table.inter
    for k, agent in enumerate(AGENTS):
        use[..., n + k] = table.of_agent(agent)
    stocks = table.of_agent("stocks")
    if inventories == "drop":
        spent = use.sum((0, 1, 3))
        INVENTORIES.check(
            abs(stocks).sum((0, 1)) / np.maximum(spent, 1e-300),
            lambda k: f"{table.path}: {regions[k[0]]}",
            "keep them (inventories='investment')",
        )
        log.append({"rule": "inventories dropped", "cell": "world", "before": float(stocks.sum()), "after": 0.0})
    else:
        use[..., n + AGENTS.index("inv")] += stocks
    users = [*goods, *AGENTS]
    for s, i, d, u in np.argwhere(use < 0):
        name = f"{regions[s]} {goods[i]} -> {regions[d]} {users[u]}"
        if negatives == "error":
            raise DataError(f"{table.path}: negative use {use[s, i, d, u]:g} at {name}; negatives='zero' sets it to zero")
        log.append({"rule": "negative use set to zero", "cell": name, "before": float(use[s, i, d, u]), "after": 0.0})
    NEGATIVES.check(
        -np.minimum(use, 0.0).sum((0, 1, 3)) / np.maximum(use.sum((0, 1, 3)), 1e-300),
        lambda k: f"{table.path}: purchases of {regions[k[0]]}",
        "is the sign of a block turned, or a column missing?",
    )
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
    tax = _product_tax(table, product_taxes, domestic + bought, (landed - imported).sum((0, 1)))  # rate, (d, user)
    if product_taxes == "use" and table.taxes is not None:
        untold = "taxes on products: none in the source, zero"
        silent = np.flatnonzero(~table.taxes.any(axis=1))
        log += [{"rule": untold, "cell": regions[k], "before": 0.0, "after": 0.0} for k in silent]
    value_added = output.T - ((domestic + bought)[..., :n].sum(0) * (1 + tax[:, :n])).T
    idle = value_added < -1e-9 * max(float(output.max()), 1.0)  # inputs of an industry without output
    bad = np.argwhere(((value_added <= 0) & (output.T > 0)) | idle)
    if len(bad):
        a, k = bad[0]
        raise DataError(
            f"{table.path}: value added of {regions[k]} {goods[a]} is {value_added[a, k]:g} of output {output[k, a]:g}; "
            "choose discrepancy='output' or repair the row"
        )
    kind = {i: KIND[table.details[i]] for i in goods}
    payments = split_value_added(value_added, regions, goods, factor_shares, areas or _renamed(table.areas()), kind)
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
    for price, power in (("b", np.ones_like(tax)), ("p", 1 + tax)):
        for origin, flow in (("d", domestic), ("m", bought)):
            paid = flow * power
            arrays[f"v{origin}f{price}"] = np.swapaxes(paid[..., :n], 1, 2)
            for k, letter in enumerate("pgi"):
                arrays[f"v{origin}{letter}{price}"] = paid[..., n + k]
    revenue = (landed - imported).sum((0, 1, 3)) + ((domestic + bought).sum(0) * tax).sum(1)
    spent = sum(arrays[f"v{o}{k}p"].sum(0) for o in "dm" for k in "pg")
    arrays["save"] = payments.sum((0, 1)) + revenue - spent
    attrs = {
        "title": f"World SAM {table.year or 'of a year not stated'}, {r} regions x {n} sectors",
        "year": table.year,
        "source": (
            (table.source or table.path)
            + "; tariffs: "
            + (str(tariffs.attrs.get("source", "given")) if tariffs is not None else "none")
        ),
        "licence": table.licence or "not stated",
        "currency": table.currency,
        "tariffs": "none: trade is free" if tariffs is None else str(tariffs.attrs.get("source", "given")),
        **({"conversion": table.conversion} if table.conversion else {}),
        "rules": f"inventories={inventories}, negatives={negatives}, discrepancy={discrepancy}, product_taxes={product_taxes}",
        "factor_split": "value added split with the factor cost shares of the public GTAP v7 sample (calibration/factors.py)",
        "note": (
            (
                "Value added is output less inputs: it holds taxes less subsidies on products (duties apart) and international "
                "transport margins. "
                if product_taxes == "value added"
                else "Taxes less subsidies on products are at one rate on all purchases of a user. "
            )
            + "Other taxes, and margins, are absent from the source: zero. "
            "Saving is gross (no depreciation in the source); population is not in the source and set to zero. "
            f"Values: {table.units}{', converted ' + table.conversion if table.conversion else ''}."
        ),
    }
    sets = {
        "i": goods,
        "a": goods,
        "f": FACTORS,
        "r": regions,
        "m": [next((x for x in ("c24", "H50") if x in goods), _margin_sector(table))],
    }
    fields = ["rule", "cell", "before", "after"]
    return Sam(make_dataset(arrays, sets, attrs), pd.DataFrame(log, columns=fields))


def _check_discrepancy(table: Mrio) -> None:
    """Raise where the uses of a row are far from its published output, as the source has both."""
    sold, output = table.inter.sum((2, 3)) + table.final.sum((2, 3)), table.output
    gap, larger = abs(sold - output), np.maximum(abs(sold), abs(output))
    counts = (larger > 0) & (gap > SMALL * float(abs(output).sum()))
    sizes = np.divide(gap, larger, out=np.zeros_like(gap), where=counts)

    def name(at: tuple[int, ...]) -> str:
        smaller = min(abs(float(sold[at])), abs(float(output[at])))
        apart = f", {float(larger[at]) / smaller:,.4g} times apart" if smaller > 0 else ""
        row = f"{table.regions[at[0]]} {table.industries[at[1]]}"
        return f"{table.path}: row {row}: uses sum to {sold[at]:,.6g}, output is {output[at]:,.6g}{apart}"

    both = (sold > 0) & (output > 0)
    factors = np.divide(output, sold, out=np.ones_like(sold), where=both)[both]
    if factors.size > 1 and abs(factors[0] - 1) > 1e-3 and np.ptp(factors) < 1e-5 * factors[0]:
        raise DataError(
            f"{table.path}: output is {factors[0]:.6g} times the sum of uses in every one of {factors.size} rows: output and "
            "uses are in different units or currencies; repair the table"
        )
    far = int((sizes > DISCREPANCY.most).sum())
    cause = f"{far} of {sizes.size} rows are; is output or the row in another unit, or a column missing? repair the table"
    DISCREPANCY.check(sizes, name, cause)


def _aligned(tariffs: xr.DataArray, goods: list[str], regions: list[str]) -> np.ndarray:
    try:
        aligned = tariffs.sel(i=goods, s=regions, d=regions).transpose("i", "s", "d")
    except KeyError as error:
        raise DataError(f"tariffs lack a label of the table: {error}") from error
    values = np.asarray(aligned.values, dtype=float)
    if not np.isfinite(values).all() or (values <= -1).any():
        raise DataError("tariffs must be finite fractions above -1")
    return values


def _product_tax(table: Mrio, rule: str, purchases: np.ndarray, duty: np.ndarray) -> np.ndarray:
    """Rate of taxes less subsidies on products by user, duties apart; dims (d, user) with agents last."""
    n = len(table.industries)
    rate = np.zeros((len(table.regions), n + len(AGENTS)))
    if rule == "value added":
        return rate
    if table.taxes is None:
        raise DataError(f"{table.path} has no row of taxes less subsidies on products; use product_taxes='value added'")
    paid = np.zeros_like(rate)
    paid[:, :n] = table.taxes[:, :n]
    for k, category in enumerate(table.finals):
        agent = "inv" if table.agents[category] == "stocks" else table.agents[category]
        paid[:, n + AGENTS.index(agent)] += table.taxes[:, n + k]
    base = purchases.sum(0)
    # an economy without any figure has no taxes here, not a subsidy that undoes its duties
    told = (table.taxes != 0).any(axis=1, keepdims=True)
    np.divide(paid - duty, base, out=rate, where=told & (base > 0))
    if (rate <= -0.95).any():
        d, u = np.argwhere(rate <= -0.95)[0]
        user = [*table.industries, *AGENTS][u]
        raise DataError(
            f"{table.path}: subsidies on purchases of {table.regions[d]} {user} reach {-rate[d, u]:.0%} of their value"
        )
    return rate


def _margin_sector(table: Mrio) -> str:
    """The industry that sells transport: the first whose detailed sector is trade and transport, else the last."""
    transport = [x for x in ("c24", "H50") if x in table.industries]
    return next(
        (i for i in table.industries if i in transport or (not transport and table.details[i] == "trd")), table.industries[-1]
    )


def _renamed(areas: Mapping[str, str]) -> dict[str, str]:
    return {"ROW" if r == "RoW" else r: area for r, area in areas.items()}
