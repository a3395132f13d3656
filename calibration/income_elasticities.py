"""Income elasticities of private demand by kind of good and income level, and the linear expenditure system they calibrate.

The elasticities are those of the GTAP data base, v7 format: the constant-difference-of-elasticities (CDE) parameters
``SUBPAR`` and ``INCPAR`` of its public sample (7 parts of the world, 6 sectors, 2017), which GTAP calibrates to
estimates across countries (Hertel, McDougall, Narayanan and Aguiar, "Behavioral Parameters", GTAP Data Base
Documentation, chapter 14). With budget shares s, e = INCPAR and alpha = 1 - SUBPAR, the income elasticity is

    eta_i = (e_i (1 - alpha_i) + sum_k s_k e_k alpha_k) / sum_k s_k e_k + alpha_i - sum_k s_k alpha_k

(Hertel 1997; Corong et al. 2017, E_EY). Over the seven parts of the world it is close to a straight line in the log of
GDP per head, kind by kind (farm goods and services less elastic where people are richer); an economy takes the line's
value at its own income, held at the ends of the range that the sample covers, and its elasticities are scaled by one
factor so that Engel aggregation holds with its own budget shares. Incomes are in dollars of the benchmark's year, the
sample's in those of 2017; ten per cent of inflation between the two moves no elasticity by more than 0.015.

The Frisch parameter w (minus total over supernumerary spending) of a part of the world is the one with which own-price
elasticities of the linear expenditure system,

    e_ii = -1 + (1 - s_i eta_i) (1 + eta_i / w),

come nearest to CDE's (least squares with the budget shares as weights); it follows a line in logs, w = -38 x^-0.33 with
x GDP per head in dollars of 2017. Lluch, Powell and Williams ("Patterns in Household Demand and Saving", 1977) have
w = -36 x^-0.36 from other data, x income per head in dollars of 1970 (a constant recalled, not looked up).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from calibration.errors import DataError
from calibration.factors import KINDS
from calibration.readers.gtap_sample import read_gtap_sample

SHIPPED = "income_elasticities.csv"
SOURCE = (
    "Stone-Geary: income elasticities by kind of good and income per head, and Frisch parameters, from SUBPAR and INCPAR of "
    "the public GTAP v7 sample (calibration/income_elasticities.py); scaled to Engel aggregation"
)
"""What the attribute ``demand`` of a benchmark's elasticities says."""


@dataclass(frozen=True)
class Lines:
    """Elasticities as straight lines in the log of GDP per head, USD a head.

    Attributes
    ----------
    slope, level : Series
        By kind of good: elasticity = level + slope ln(per head).
    frisch_slope, frisch_level : float
        ln(-frisch) = frisch_level + frisch_slope ln(per head).
    poorest, richest : float
        Incomes per head between which the lines are used; beyond, their ends.
    misfit : Series
        Root mean square of what the lines miss, by kind; ``frisch`` in logs.
    """

    slope: pd.Series
    level: pd.Series
    frisch_slope: float
    frisch_level: float
    poorest: float
    richest: float
    misfit: pd.Series

    def elasticities(self, per_head: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
        """Income elasticities before Engel aggregation; dims (i, r)."""
        income = np.log(np.clip(per_head, self.poorest, self.richest))
        return np.asarray(self.level[list(kinds)].to_numpy()[:, None] + self.slope[list(kinds)].to_numpy()[:, None] * income)

    def frisch(self, per_head: np.ndarray) -> np.ndarray:
        """Frisch parameters; dims (r,)."""
        income = np.log(np.clip(per_head, self.poorest, self.richest))
        return np.asarray(-np.exp(self.frisch_level + self.frisch_slope * income))


def cde_income_elasticities(subpar: np.ndarray, incpar: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Income elasticities of CDE demand; all dims (i, r), budget shares summing to 1 over i."""
    alpha = 1.0 - subpar
    mean = (share * incpar).sum(0)
    return np.asarray((incpar * (1.0 - alpha) + (share * incpar * alpha).sum(0)) / mean + alpha - (share * alpha).sum(0))


def cde_own_price_elasticities(subpar: np.ndarray, incpar: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Uncompensated own-price elasticities of CDE demand; dims (i, r)."""
    alpha = 1.0 - subpar
    compensated = share * (2.0 * alpha - (share * alpha).sum(0)) - alpha
    return np.asarray(compensated - share * cde_income_elasticities(subpar, incpar, share))


def nearest_frisch(eta: np.ndarray, own_price: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The Frisch parameter whose own-price elasticities come nearest to ``own_price``; dims (r,).

    ``e_ii = -s_i eta_i + (1 - s_i eta_i) eta_i / w`` is linear in 1 / w, so least squares has a closed form. No commodity
    may have a negative committed part: -w is at least the largest income elasticity.
    """
    slope = eta * (1.0 - share * eta)
    free = (share * slope * (-share * eta - own_price)).sum(0) / (share * slope**2).sum(0)
    return np.asarray(-np.maximum(1.0 / np.clip(free, 1e-6, None), eta.max(0)))


def sample_elasticities(path: str | Path | None = None) -> pd.DataFrame:
    """Elasticities of the GTAP sample: rows (area, kind); columns ``income_elasticity share per_head frisch``.

    Parameters
    ----------
    path : path, optional
        Folder of the sample. None takes the table shipped with the library
        (``calibration/datasets/income_elasticities.csv``, made from it).

    Returns
    -------
    pandas.DataFrame
        ``share`` of private spending; ``per_head``, GDP in USD of 2017 a head, and ``frisch`` are an area's.
    """
    if path is None:
        shipped = resources.files("calibration") / "datasets" / SHIPPED
        with shipped.open(encoding="utf-8") as file:
            return pd.read_csv(file, comment="#", index_col=["r", "kind"])
    sam, parameters = read_gtap_sample(path)
    bought = sam["vdpp"] + sam["vmpp"]
    share = bought / bought.sum(0)
    cde = parameters["subp"], parameters["incp"], share
    eta = cde_income_elasticities(*cde)
    frisch = nearest_frisch(eta, cde_own_price_elasticities(*cde), share)
    rows = {}
    for r, area in enumerate(sam.regions):
        for kind, members in KINDS.items():
            inside = [sam.commodities.index(m) for m in members]
            spent = share[inside, r]
            rows[area, kind] = {
                "income_elasticity": float((spent * eta[inside, r]).sum() / spent.sum()),
                "share": float(spent.sum()),
                "per_head": float(sam.gdp()[r] / sam["pop"][r]),
                "frisch": float(frisch[r]),
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["r", "kind"])
    return table


def fitted_lines(table: pd.DataFrame | None = None) -> Lines:
    """Lines through the areas' elasticities, each area counting the same."""
    table = sample_elasticities() if table is None else table
    eta = table["income_elasticity"].unstack("kind")
    area = table.groupby(level="r")[["per_head", "frisch"]].first().loc[eta.index]
    income = np.log(area["per_head"].to_numpy())
    slope, level = np.polyfit(income, eta.to_numpy(), 1)
    frisch = np.log(-area["frisch"].to_numpy())
    frisch_slope, frisch_level = np.polyfit(income, frisch, 1)
    missed = pd.Series(np.sqrt(((eta - (level + np.outer(income, slope))) ** 2).mean()), index=eta.columns)
    missed["frisch"] = float(np.sqrt(((frisch - frisch_level - frisch_slope * income) ** 2).mean()))
    return Lines(
        pd.Series(slope, index=eta.columns),
        pd.Series(level, index=eta.columns),
        float(frisch_slope),
        float(frisch_level),
        float(area["per_head"].min()),
        float(area["per_head"].max()),
        missed,
    )


def with_income_elasticities(
    benchmark: Benchmark,
    per_head: Mapping[str, float] | pd.Series,
    kinds: Mapping[str, str],
    lines: Lines | None = None,
) -> Benchmark:
    """The benchmark with private demand of the linear expenditure system, calibrated to income elasticities.

    Parameters
    ----------
    benchmark : Benchmark
    per_head : mapping
        GDP per head by region, USD.
    kinds : mapping
        Kind of :data:`calibration.factors.KINDS` by commodity.
    lines : Lines, optional
        Default those of the shipped sample.

    Returns
    -------
    Benchmark
        ``incelas`` and ``frisch`` set; Engel aggregation holds exactly. The attribute ``demand`` says where they come from.

    Raises
    ------
    DataError
        A region has no income per head or one that is not positive, or a commodity no kind.
    """
    lines = fitted_lines() if lines is None else lines
    regions, goods = benchmark.regions, benchmark.commodities
    income = pd.Series(per_head, dtype=float).reindex(regions)
    if not (income > 0).all():
        region = str(income.index[int(np.argmax(~(income > 0).to_numpy()))])
        raise DataError(
            f"income elasticities: no GDP per head of {region} above 0 is given (it is {income[region]}); give USD a head"
        )
    odd = [i for i in goods if kinds.get(i) not in lines.level.index]
    if odd:
        known = ", ".join(map(str, lines.level.index))
        raise DataError(f"income elasticities: commodity {odd[0]!r} has kind {kinds.get(odd[0])!r}; known: {known}")
    eta = lines.elasticities(income.to_numpy(), [kinds[i] for i in goods])
    eta = engel(eta, _spending(benchmark))
    # the factor that makes Engel aggregation hold may lift the most elastic good above what the Frisch parameter allows
    frisch = np.minimum(lines.frisch(income.to_numpy()), -eta.max(0))
    held = benchmark.elasticities
    new = held.assign(incelas=held["incelas"].copy(data=eta), frisch=held["frisch"].copy(data=frisch))
    new.attrs["demand"] = SOURCE
    return replace(benchmark, elasticities=new)


def engel(eta: np.ndarray, spent: np.ndarray) -> np.ndarray:
    """Income elasticities scaled by one factor a region so that their mean with budget shares is 1; dims (i, r)."""
    mean = ratio((spent * eta).sum(0), spent.sum(0), empty=1.0)
    return np.asarray(eta / mean)


def grouped_demand(fine: Benchmark, regions: Mapping[str, str], sectors: Mapping[str, str], coarse: Benchmark) -> Benchmark:
    """``coarse`` with the linear expenditure system of ``fine``: purchases committed in a group are the sum of its members'.

    The share of spending that is supernumerary, -1 / w, is averaged with spending; an income elasticity with supernumerary
    spending on its commodity. So committed parts stay between 0 and 1, and Engel aggregation holds in the group as in its
    members.

    Parameters
    ----------
    fine, coarse : Benchmark
    regions, sectors : mapping
        Label of ``fine`` -> label of ``coarse``.
    """
    spent = _spending(fine)
    eta = engel(fine.elasticities["incelas"].values, spent)
    supernumerary = -1.0 / fine.elasticities["frisch"].values
    rows = np.array([[float(sectors[i] == new) for i in fine.commodities] for new in coarse.commodities])
    columns = np.array([[float(regions[r] == new) for r in fine.regions] for new in coarse.regions])
    total = rows @ spent @ columns.T
    marginal = rows @ (spent * eta * supernumerary) @ columns.T
    free = marginal.sum(0)
    share = ratio(free, total.sum(0), empty=1.0)
    held = coarse.elasticities
    new = held.assign(
        incelas=held["incelas"].copy(data=ratio(marginal, total * share, empty=1.0)),
        frisch=held["frisch"].copy(data=-1.0 / share),
    )
    if "demand" in fine.elasticities.attrs:
        new.attrs["demand"] = fine.elasticities.attrs["demand"]
    return replace(coarse, elasticities=new)


def _spending(benchmark: Benchmark) -> np.ndarray:
    return np.asarray(benchmark.sam["vdpp"] + benchmark.sam["vmpp"])
