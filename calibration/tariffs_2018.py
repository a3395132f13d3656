r"""Tariffs of 2018 by importer, exporter and good: lines, law and agreements, with the World Bank's means met.

.. math:: t_{isd} = m_{id}(\theta_d) \, \rho_{isd}, \qquad
          \sum_{is} F_{isd} \, t_{isd} = T_d \sum_{is} F_{isd},

:math:`m` from :mod:`calibration.mfn`, :math:`\rho` (the share still paid) from :mod:`calibration.preferences`, F the imports
of goods of the benchmark, T the World Bank's weighted mean of all products (WDI TM.TAX.MRCH.WM.AR.ZS) of 2018 or the
nearest year; :math:`\theta_d` solves the second equation. The European Union (28 members in 2018) is one importer, its
weights are imports from outside. The World Bank counts every printed preference as used; here the mean with its stated use
meets it, so that the difference lies in the most-favoured-nation rates. Services are free; there is no duty on own sales.

**Duties that nobody pays.** The published mean counts over-quota rates of farm goods at the trade that enters within the quota,
and imports that exporters process free of duty. Where it would give more than :data:`MOST_OF_REVENUE` times what the customs
collect (WDI taxes on international trade, :data:`REVENUE_YEARS` around 2018, duties alone), the duties collected are that
multiple: :attr:`Tariffs.collected` is the share of the rates above, farm goods bearing most of the difference
(:meth:`calibration.mfn.Structure.with_quotas`). Both published figures cannot hold at once: the shipped benchmark has the
rates, with this share in its satellite ``duty_collected``; ``--duties collected`` builds it with what is collected. Revenue
never raises a rate: it may hold other taxes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.optimize import brentq

from calibration.arrays import ratio
from calibration.classification import GOODS
from calibration.errors import DataError
from calibration.geography import ECONOMIES, economy
from calibration.mfn import Structure, read_schedules, structures
from calibration.parse import reading
from calibration.preferences import GROUPS, Agreement, remaining
from calibration.readers.accounts import read_accounts
from calibration.readers.caliendo_parro import CaliendoParro, read_caliendo_parro
from calibration.readers.oecd_cube import TradeCube
from calibration.rest_of_world import member_trade

MOST_OF_REVENUE = 1.5
"""Duties of the rates over those collected, at most: stated. Among importers that are not more than twice above their revenue
the median is 1.2 and the upper quartile 1.35, for investors and inputs of exports are often exempt."""
REVENUE_YEARS = 1
"""Years around 2018 whose revenue counts."""
OTHER_TRADE_TAXES = ("KAZ", "RUS", "BLR", "ARG", "CIV", "AUS", "NZL", "PHL")
"""Economies whose taxes on international trade (WDI) hold more than duties: taxes on exports (the first five), excises on
imports (AUS, NZL), value-added tax at the border (PHL)."""
LEAST_REVENUE = 0.05
"""Per cent of GDP: a figure below is not the whole customs revenue (members of unions, federations of emirates)."""
LARGEST_MOVE = 1e6
"""Bound of theta; a mean that needs more cannot be met by the importer's lines."""


@dataclass(frozen=True)
class Tariffs:
    """Tariffs of 2018 and the record of their making.

    Attributes
    ----------
    applied : DataArray, dims (i, s, d)
        Fractions of the cif value, with agreements.
    mfn : DataArray, dims (i, d)
        Most-favoured-nation rates.
    status : DataArray, dims (i, d)
        Codes of :data:`calibration.mfn.STATUS`; 0 for services.
    record : DataFrame
        By importer: ``target`` and ``year`` of the World Bank's mean (per cent), ``source`` (own, union, neighbours, members),
        ``before`` and ``mean`` (per cent, with agreements), ``theta``;
        ``collected``, the mean that customs collect (per cent).
    left : DataArray, dims (i, s, d), optional
        Share of the most-favoured-nation duty still paid.
    collected : DataArray, dims (i, d), optional
        Share of the rates that customs collect; None: all.
    """

    applied: xr.DataArray
    mfn: xr.DataArray
    status: xr.DataArray
    record: pd.DataFrame
    left: xr.DataArray | None = None
    collected: xr.DataArray | None = None

    def paid(self) -> xr.DataArray:
        """Rates collected, dims (i, s, d): fractions of the cif value."""
        if self.collected is None:
            return self.applied
        return (self.applied * self.collected).transpose("i", "s", "d").assign_attrs(self.applied.attrs)

    def share_collected(self, sectors: list[str]) -> np.ndarray:
        """:attr:`collected` of these sectors, dims (i, d); 1 for services and where nothing is known."""
        whole = xr.ones_like(self.mfn) if self.collected is None else self.collected
        return np.asarray(whole.reindex(i=sectors, fill_value=1.0).transpose("i", "d").values)

    def paid_without_preference(self) -> xr.DataArray:
        """Most-favoured-nation rates collected, dims (i, d)."""
        return self.mfn if self.collected is None else (self.mfn * self.collected).transpose(*self.mfn.dims)


def read_targets(folder: Path, regions: list[str]) -> pd.DataFrame:
    """Weighted mean tariff by importer: columns ``target`` (fraction), ``year``, ``source``.

    ``own``: the World Bank's, nearest year to 2018; ``union``: a member of the EU without its own; ``neighbours``: mean of
    its broad region, for Chinese Taipei; ``members``: the rest of the world, mean over its members weighted with imports.

    Raises
    ------
    DataError
        A file or column is missing, or a region has no figure and no neighbour.
    """
    near, every = folder / "wdi_2018_nearest.csv", folder / "wdi_2011_2020.csv"
    for path in (near, every):
        if not path.is_file():
            raise DataError(f"{path} not found; the folder holds {near.name} and {every.name}")
    table = pd.read_csv(near).set_index("iso3")
    mean, year = table["tariff_wm_all"] / 100.0, table["tariff_wm_all_year"]
    rows = {}
    for region in regions:
        if region in mean.index and np.isfinite(mean[region]):
            rows[region] = (mean[region], int(year[region]), "own")
        elif region in GROUPS["EU28"]:
            rows[region] = (mean["DEU"], int(year["DEU"]), "union")
        elif region == "ROW":
            rows[region] = (_outside(pd.read_csv(every), regions), 2018, "members")
        else:
            part = [
                r for r in regions if r in mean.index and economy(r).region == economy(region).region and mean[r] == mean[r]
            ]
            if not part:
                raise DataError(f"{near} has no mean tariff of {region} and of none of its neighbours; add one")
            rows[region] = (float(mean[part].mean()), 2018, "neighbours")
    return pd.DataFrame.from_dict(rows, orient="index", columns=["target", "year", "source"])


def _outside(every: pd.DataFrame, regions: list[str]) -> float:
    """Mean over the economies outside the list, each in the year nearest to 2018, weighted with imports."""
    part = every.dropna(subset=["tariff_wm_all", "imports_const2015usd"])
    part = part[~part["iso3"].isin([*regions, *ECONOMIES])]
    nearest_year = part.assign(gap=(part["year"] - 2018).abs()).sort_values(["gap", "year", "iso3"]).drop_duplicates("iso3")
    return float(np.average(nearest_year["tariff_wm_all"], weights=nearest_year["imports_const2015usd"])) / 100.0


def most_by_revenue(folder: Path, gdp: pd.Series, imports: pd.Series) -> pd.Series:
    """Highest mean tariff that revenue allows, a fraction of imports; NaN where there is no figure of duties alone.

    Parameters
    ----------
    folder : path
        With ``wdi_2018_nearest.csv``.
    gdp, imports : Series
        By importer, million USD; imports of goods.

    Raises
    ------
    DataError
        The file cannot be read or lacks a column.
    """
    path = folder / "wdi_2018_nearest.csv"
    with reading(path, "table of the World Development Indicators"):
        table = pd.read_csv(path).set_index("iso3")
        revenue, year = table["tax_intl_trade_pct_gdp"], table["tax_intl_trade_year"]
    alone = (revenue > LEAST_REVENUE) & ~revenue.index.isin([*OTHER_TRADE_TAXES, *GROUPS["EU28"]])
    collected = revenue.where(alone & ((year - 2018).abs() <= REVENUE_YEARS)).reindex(imports.index) / 100.0
    return MOST_OF_REVENUE * collected * gdp.reindex(imports.index) / imports


def set_level(structure: Structure, paying: pd.Series, imports: float, target: float, where: str) -> tuple[pd.Series, float]:
    """Rates whose mean meets the target, and theta.

    Parameters
    ----------
    structure : Structure
    paying : Series
        By good: imports times the share of the duty still paid, summed over exporters.
    imports : float
        All imports of goods.
    target : float
        Wanted mean, a fraction.
    where : str
        Importer, for errors.

    Raises
    ------
    DataError
        No theta within bounds meets the target.
    """

    if not imports > 0 or not paying.sum() > 0:
        return structure.rates, 0.0  # no imports pay a duty: nothing to meet
    share = paying / paying.sum()

    def mean(theta: float) -> float:
        return float((structure.at(theta, share) * paying).sum() / imports)

    before, reach = mean(0.0), 1.0
    if before == target:
        return structure.at(0.0, share), 0.0
    direction = 1.0 if target > before else -1.0
    while direction * (target - mean(direction * reach)) > 0 and reach < LARGEST_MOVE:
        reach *= 4.0
    last = mean(direction * reach)
    if direction * (target - last) > 0:
        raise DataError(
            f"{where}: a mean tariff of {100 * target:.2f} % is out of reach of its structure ({100 * before:.2f} % before, "
            f"{100 * last:.2f} % at most moved); check its rates in legal_rates.csv or its schedule"
        )
    theta = float(brentq(lambda x: mean(x) - target, *sorted((0.0, direction * reach)), xtol=1e-12, rtol=1e-14))
    return structure.at(theta, share), theta


def tariffs_2018(
    data: Path, cube: TradeCube, agreed: tuple[Agreement, ...] | None = None, source: CaliendoParro | None = None
) -> Tariffs:
    """Tariffs of the economies and goods of the trade cube.

    Parameters
    ----------
    data : path
        Folder with the raw tables.
    cube : TradeCube
    agreed : tuple of Agreement, optional
        Instead of the table's, for sensitivity (:func:`calibration.preferences.with_use`).
    source : CaliendoParro, optional
        Read from ``data`` if not given.

    Raises
    ------
    DataError
        Missing files, or a mean that cannot be met.
    """
    regions, goods = cube.regions, list(GOODS)
    source = source or read_caliendo_parro(data / "caliendo_parro_2015")
    flows = cube.flows.sel(i=goods).values.copy()
    flows[:, np.arange(len(regions)), np.arange(len(regions))] = 0.0
    rest = member_trade(data / "national_accounts", regions, cube.year) if "ROW" in regions else None
    left = remaining(goods, regions, agreed=agreed, rest=rest)
    targets = read_targets(data / "wdi_2018", regions)
    gdp = read_accounts(data / "national_accounts", regions, cube.year)["gdp"]
    most = most_by_revenue(data / "wdi_2018", gdp, pd.Series(flows.sum((0, 1)), regions))
    units = {r: ("EU28" if r in GROUPS["EU28"] else r) for r in regions}
    names = list(dict.fromkeys(units.values()))
    built = structures(names, read_schedules(data), source, pd.Series(flows.sum((1, 2)), goods))
    mfn, status = np.zeros((len(goods), len(regions))), np.zeros((len(goods), len(regions)), dtype=np.int8)
    collected, rows = np.ones(mfn.shape), {}
    for name in names:
        columns = [k for k, r in enumerate(regions) if units[r] == name]
        outside = [k for k, r in enumerate(regions) if units[r] != name]
        part = flows[np.ix_(range(len(goods)), outside, columns)]
        paying = pd.Series((part * left[np.ix_(range(len(goods)), outside, columns)]).sum((1, 2)), goods)
        target, imports = targets.loc[regions[columns[0]]], float(part.sum())
        rates, theta = set_level(built[name], paying, imports, float(target["target"]), name)
        mfn[:, columns] = rates.to_numpy()[:, None]
        status[:, columns] = built[name].status.to_numpy()[:, None]
        lowered = rates
        if most[regions[columns[0]]] < float(target["target"]):
            quotas = replace(built[name], rates=rates).with_quotas()
            lowered, _ = set_level(quotas, paying, imports, float(most[regions[columns[0]]]), f"{name}, duties collected")
            collected[:, columns] = (lowered / rates.where(rates > 0)).fillna(1.0).to_numpy()[:, None]
        before, mean, final = (100 * float((x * paying).sum() / imports) for x in (built[name].rates, rates, lowered))
        for k in columns:
            published = 100 * float(target["target"]), target["year"], target["source"]
            rows[regions[k]] = (*published, before, mean, theta, final)
    applied = mfn[:, None, :] * left
    applied[:, np.arange(len(regions)), np.arange(len(regions))] = 0.0
    columns_of = ["target", "year", "source", "before", "mean", "theta", "collected"]
    record = pd.DataFrame.from_dict(rows, orient="index", columns=columns_of)
    return Tariffs(
        _labelled(applied, goods, regions),
        xr.DataArray(mfn, dims=("i", "d"), coords={"i": goods, "d": regions}, attrs={"units": "fraction of cif value"}),
        xr.DataArray(status, dims=("i", "d"), coords={"i": goods, "d": regions}),
        record.loc[regions].rename_axis("importer"),
        _labelled(left, goods, regions).assign_attrs(long_name="share of the most-favoured-nation duty still paid", units="1"),
        xr.DataArray(collected, dims=("i", "d"), coords={"i": goods, "d": regions}, attrs={"units": "share of the rate"}),
    )


SOURCE = (
    "customs schedules of the USA, EU, Japan, China, Australia by tariff line, elsewhere law, rates of 2005 (Caliendo and "
    "Parro, REStud 2015) and peers; agreements in force in 2018 (WTO RTA data base) with stated coverage, phase-in and use; "
    "weighted means of the World Bank (WDI) met; preferences of the rest of the world from its "
    "members' agreements and estimated trade; calibration/tariffs_2018.py"
)


def with_other_rates(made: Tariffs, rates: xr.DataArray) -> tuple[Tariffs, pd.DataFrame]:
    """Another data base's rates where it tells them, these where it does not, and how many cells that leaves by importer.

    A rate of all exporters holds for those without a preference: where this world has one in force it is lowered in the same
    proportion, and to zero inside the European Union.

    Parameters
    ----------
    made : Tariffs
    rates : DataArray, dims (i, s, d)
        From :func:`calibration.readers.tariff_data.read_tariff_data`; NaN where the file is silent.

    Returns
    -------
    Tariffs
        The World Bank's means are no longer imposed; ``mfn`` is the highest rate that an importer applies.
    DataFrame
        ``kept``: cells of an importer that the other data base lacks; importers without any are left out.
    """
    theirs = rates.transpose("i", "s", "d").sel(i=made.applied["i"], s=made.applied["s"], d=made.applied["d"])
    given = theirs.values
    if "of_everyone" in theirs.coords:
        preferred = np.clip(ratio(made.applied.values, made.mfn.transpose("i", "d").values[:, None, :], 1.0), 0.0, 1.0)
        union = np.array([str(r) in GROUPS["EU28"] for r in made.applied["s"].values])
        preferred[:, union[:, None] & union[None, :]] = 0.0
        given = np.where(theirs["of_everyone"].values, given * preferred, given)
    applied = made.applied.copy(data=np.where(np.isnan(given), made.applied.values, given))
    applied.attrs["source"] = f"{rates.attrs['source']}; cells it lacks: {SOURCE}"
    kept = np.isnan(given).sum((0, 1))
    table = pd.DataFrame({"kept": kept}, index=pd.Index([str(x) for x in applied["d"].values], name="importer"))
    mfn = applied.max("s").assign_attrs(made.mfn.attrs)
    return Tariffs(applied, mfn, xr.zeros_like(made.status), made.record), table[table["kept"] > 0]


def _labelled(values: np.ndarray, goods: list[str], regions: list[str]) -> xr.DataArray:
    attrs = {"long_name": "applied ad valorem tariff", "units": "fraction of cif value", "source": SOURCE}
    return xr.DataArray(values, dims=("i", "s", "d"), coords={"i": goods, "s": regions, "d": regions}, attrs=attrs)
