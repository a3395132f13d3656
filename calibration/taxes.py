r"""Taxes on goods and services and the step from value added to gross domestic product at market prices.

A trade cube or input-output table is at basic prices. The World Bank publishes gross domestic product at market prices:

.. math:: \mathrm{GDP}_r = V_r + T^c_r + D_r,

V output less inputs (both at basic prices: it holds what producers bear of taxes), :math:`T^c` consumption taxes, D duties on
final goods. Where revenue is published, V is the remainder of this identity rather than a ratio borrowed from other economies.

**How much.** Revenue R is the World Bank's taxes on goods and services (WDI GC.TAX.GSRV.CN: value-added and sales taxes,
excises, fiscal monopolies). Consumers bear :math:`\varphi R` (:data:`FINAL_SHARE`), producers the rest: tax on the inputs of
exempt sectors and excises on what firms burn, a tax on output here. In federations (:data:`FEDERATIONS`) the figure is the
central government's alone, a lower bound; what the donors' tables hold above it is a tax on output too (*remainder*), for it is
not known which goods it falls on. :math:`T^c` is never above :data:`MOST_OF_CONSUMPTION` of private consumption.

**On what.** The rate of good i is :math:`\tau_{ir} = k_r \rho_i` with the stated relative rates :math:`\rho`
(:data:`RELATIVE`), the same on domestic and imported goods, on private consumption at basic prices (duty included);
:math:`k_r` raises :math:`T^c_r`. Exports, investment and government's purchases are free. The tax on output is one share of
value added in every activity, so that no activity's value added turns negative.

Prices: basic = supply + output tax (``makb - maks``); purchasers' = basic + consumption tax (``vdpp - vdpb``, ``vmpp - vmpb``).
All revenue goes to the regional household.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.arrays import ratio
from calibration.currency import currency_of
from calibration.errors import DataError, require_labels, require_year
from calibration.geography import ECONOMIES, economy
from calibration.parse import reading
from calibration.sam import SCHEMA, Sam

FINAL_SHARE = 0.7
"""Share of taxes on goods and services that private consumption bears, stated, between two measures: 0.74 (in WIOD's tables of
2011 GDP exceeds output less inputs by 7.3 % of it where the World Bank counts 9.8 % of such taxes; 37 economies) and 0.65 (in
GTAP's sample of 2017 the European Union's private consumption pays 6.5 % of GDP, of 10.1 %)."""
FEDERATIONS = ("AUS", "BRA", "CAN", "CHE", "IND", "USA")
"""Economies whose states levy taxes on goods and services that the World Bank's figure leaves out."""
NOT_LEVIED = ("BRN", "HKG")
"""No figure, and no general tax on consumption by law: zero, which leaves out excises on a few goods."""
RELATIVE: dict[str, float] = {
    "farm": 0.3,  # reduced rates, and food of an own farm
    "food": 0.8,  # food reduced; the sector holds beverages and tobacco with their excises
    "pharmaceuticals": 0.5,  # reduced rates
    "petroleum": 2.0,  # excises on fuel
    "goods": 1.0,
    "utilities": 0.5,  # reduced rates, and small suppliers
    "construction": 0.5,
    "trade": 0.3,  # passenger transport and post exempt, hotels reduced
    "business": 0.2,  # finance and rents exempt
    "public": 0.1,  # health and education exempt
}
"""Rate of a kind of good relative to the standard rate: stated, near GTAP's sample (EU: crops 0.26, food
0.87, services 0.15)."""
KIND_OF = {
    **dict.fromkeys(("A01", "A02", "A03"), "farm"),
    "C10T12": "food",
    "C19": "petroleum",
    "C21": "pharmaceuticals",
    "utl": "utilities",
    "cns": "construction",
    "trd": "trade",
    "bus": "business",
    "pub": "public",
}
"""Detailed sector -> key of :data:`RELATIVE`; the others are ``goods``."""
HIGHEST = 2.0
"""No rate on consumption above this is believed; fuel in northern Europe bears taxes of 1.7 times its price before them."""
MOST_OF_CONSUMPTION = 0.3
"""Consumers bear at most this share of what they buy at basic prices, a little above the highest measured; what revenue holds
beyond (Luxembourg: fuel and services sold to non-residents) is a tax on output."""
SAME_CURRENCY = 1.5
"""Revenue over GDP may differ by this factor from what revenue over value added implies; beyond, revenue and exchange rate are
in two currencies (Croatia: euro, and kuna for a dollar)."""
SERIES = {
    "goods": "tax_goods_services_pct_gdp",
    "income": "tax_income_profit_pct_gdp",
    "social": "social_contributions_pct_gdp",
}


def relative_rates(sectors: list[str], relative: Mapping[str, float] = RELATIVE) -> np.ndarray:
    """Relative rates by detailed sector; dims (i,).

    Parameters
    ----------
    sectors : list of str
        Of :data:`calibration.classification.SECTORS`.
    relative : mapping
        Rates by kind of good, other than :data:`RELATIVE` for sensitivity.

    Raises
    ------
    DataError
        A kind of good that is unknown, or one without a rate.

    Examples
    --------
    >>> relative_rates(["A01", "C29", "pub"]).tolist()
    [0.3, 1.0, 0.1]
    """
    require_labels(relative, RELATIVE, "kind of good")
    require_labels(RELATIVE, relative, "kind of good without a relative rate:")
    return np.array([relative[KIND_OF.get(s, "goods")] for s in sectors])


def read_taxes(folder: str | Path, regions: list[str], year: int = 2018) -> pd.DataFrame:
    """Tax revenue as a share of gross domestic product, from the World Bank's figures.

    Parameters
    ----------
    folder : path
        Holds ``wdi_2011_2020.csv``.
    regions : list of str
        ISO codes and ``ROW``.
    year : int
        The nearest year with a figure counts.

    Returns
    -------
    pandas.DataFrame
        Index region; ``goods, income, social`` (fractions of GDP; NaN for ``income`` and ``social`` where absent), ``year``
        of ``goods``, ``source``: ``own``; ``central`` (a federation's lower bound); ``own, from value added`` (revenue and
        exchange rate in two currencies, so that t = v / (1 + v) with the ratio v to value added); ``none levied``;
        ``neighbours`` (mean of the broad region); ``members`` (mean over economies outside the list, weighted with GDP).

    Raises
    ------
    DataError
        The file or a column is missing, or a region has neither a figure nor a neighbour with one.
    """
    require_year(year, "the year of tax revenue")
    path = Path(folder) / "wdi_2011_2020.csv"
    if not path.is_file():
        raise DataError(f"{path} not found; it holds tax revenue by economy and year (World Development Indicators)")
    with reading(path, "table of tax revenue"):
        raw = pd.read_csv(path)
    share_of_value_added = "tax_goods_services_pct_va"
    missing = [c for c in ("iso3", "year", "gdp_current_usd", share_of_value_added, *SERIES.values()) if c not in raw]
    if missing:
        raise DataError(f"{path} lacks the columns {', '.join(missing)}; give the extract of the World Development Indicators")
    raw["apart"] = (raw["year"] - year).abs()
    nearest = {
        name: raw.dropna(subset=[column]).sort_values(["apart", "year"]).drop_duplicates("iso3").set_index("iso3")
        for name, column in SERIES.items()
    }
    goods, years, mended = _in_one_currency(nearest["goods"], share_of_value_added)
    rows: dict[str, tuple[float, float, str]] = {}
    for region in regions:
        if region in goods.index:
            how = "central" if region in FEDERATIONS else "own, from value added" if region in mended.index else "own"
            rows[region] = (float(goods[region]), float(years[region]), how)
        elif region in NOT_LEVIED:
            rows[region] = (0.0, float(year), "none levied")
        elif region == "ROW":
            others = goods.index.difference([*regions, *ECONOMIES])
            rows[region] = (
                float(np.average(goods[others], weights=nearest["goods"].loc[others, "gdp_current_usd"])),
                float(year),
                "members",
            )
        else:
            near = [r for r in regions if r in goods.index and economy(r).region == economy(region).region]
            if not near:
                raise DataError(f"{path} has no taxes on goods and services of {region} and none of a neighbour; add a row")
            rows[region] = (float(goods[near].mean()), float(year), "neighbours")
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["goods", "year", "source"]).rename_axis("region")
    factor = mended.reindex(regions).fillna(1.0)
    for name in ("income", "social"):
        table[name] = nearest[name][SERIES[name]].reindex(regions) / 100.0 * factor
    return table[["goods", "income", "social", "year", "source"]]


def _in_one_currency(table: pd.DataFrame, of_value_added: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Shares of GDP, their years, and by mended economy the factor that brings its revenue into one currency with its GDP."""
    share, other = table[SERIES["goods"]] / 100.0, table[of_value_added] / 100.0
    # GDP is value added and taxes on products, so that the two ratios to revenue tell one another
    implied = other / (1.0 + other)
    apart = np.maximum(share / implied, implied / share).where(other.notna() & (implied > 0) & (share > 0), 1.0)
    factor = (implied / share)[apart > SAME_CURRENCY]
    return share.where(apart <= SAME_CURRENCY, implied), table["year"], factor


def with_product_taxes(sam: Sam, consumption: np.ndarray, output: np.ndarray, relative: np.ndarray) -> Sam:
    """The SAM with taxes on private consumption and on output added to those it has.

    Parameters
    ----------
    sam : Sam
    consumption : ndarray, dims (r,)
        Revenue of consumption taxes, million USD, on top of what private consumption costs.
    output : ndarray, dims (r,)
        Revenue of taxes on output, taken out of factor payments as one share of them in every activity.
    relative : ndarray, dims (i,)
        Relative rates, not negative.

    Returns
    -------
    Sam
        Gross domestic product is higher by ``consumption``; saving, trade, output and purchases at basic prices are the same.

    Raises
    ------
    DataError
        Revenue or a relative rate that is negative, no consumption to tax, a rate above :data:`HIGHEST`, or taxes on output
        that leave nothing to factors.
    """
    money = f"million {currency_of(sam.data.attrs)}"
    for what, values in (("consumption taxes", consumption), ("output taxes", output)):
        bad = ~np.isfinite(values) | (values < 0)
        if bad.any():
            k = int(np.argmax(bad))
            raise DataError(f"{what} of {sam.regions[k]} are {values[k]:g}; a finite figure from zero is needed, in {money}")
    if (relative < 0).any() or not np.isfinite(relative).all():
        raise DataError(f"relative rate of {sam.commodities[int(np.argmin(relative))]} is {relative.min():g}; give 0 or more")
    arrays = {str(h): sam[str(h)].copy() for h in SCHEMA}
    base = arrays["vdpb"] + arrays["vmpb"]
    taxed = (relative[:, None] * base).sum(0)
    if ((taxed <= 0) & (consumption > 0)).any():
        k = int(np.argmax((taxed <= 0) & (consumption > 0)))
        raise DataError(f"{sam.regions[k]} consumes no good with a rate above zero: {consumption[k]:g} cannot be raised")
    rate = relative[:, None] * ratio(consumption, taxed)[None, :]
    if (rate > HIGHEST).any():
        i, r = np.unravel_index(int(np.argmax(rate)), rate.shape)
        raise DataError(
            f"the consumption tax on {sam.commodities[i]} in {sam.regions[r]} would be {rate[i, r]:.0%}, above {HIGHEST:.0%}; "
            "check revenue, its currency and its year"
        )
    for origin in "dm":
        arrays[f"v{origin}pp"] = arrays[f"v{origin}pp"] + rate * arrays[f"v{origin}pb"]
    paid = arrays["evfp"].sum((0, 1))
    share = ratio(output, paid)
    if (share >= 1).any() or ((paid <= 0) & (output > 0)).any():
        k = int(np.argmax(share))
        raise DataError(f"taxes on output of {sam.regions[k]} ({output[k]:g}) leave nothing of its value added ({paid[k]:g})")
    on_output = arrays["evfp"].sum(0) * share  # (a, r)
    arrays["maks"] = arrays["maks"] - ratio(arrays["maks"], arrays["maks"].sum(0)) * on_output
    for header in ("evfp", "evfb", "evos"):
        arrays[header] = arrays[header] * (1.0 - share)
    return _rebuilt(sam, arrays)


def with_factor_taxes(sam: Sam, social: np.ndarray, income: np.ndarray, labour: list[str]) -> Sam:
    """The SAM with contributions on labour and a tax on the income of all factors, taken out of what factors earn.

    Parameters
    ----------
    sam : Sam
    social, income : ndarray, dims (r,)
        Revenue of social contributions and of taxes on income and profits, million USD.
    labour : list of str
        Factors that bear contributions.

    Returns
    -------
    Sam
        What users pay for factors (``evfp``) is the same; contributions lie between it and ``evfb``, income tax between
        ``evfb`` and ``evos``. Both are at one rate in a region.

    Raises
    ------
    DataError
        A label that is no factor, a figure that is negative or not finite, or revenue above what the factors earn.
    """
    require_labels(labour, sam.factors, "factor")
    arrays = {str(h): sam[str(h)].copy() for h in SCHEMA}
    bears = np.array([f in labour for f in sam.factors])
    bases = {"social contributions": (social, arrays["evfb"][bears].sum((0, 1)))}
    bases["taxes on income"] = (income, arrays["evos"].sum((0, 1)) - social)
    rates = {}
    for what, (revenue, base) in bases.items():
        bad = ~np.isfinite(revenue) | (revenue < 0) | ((revenue >= base) & (revenue > 0))
        if bad.any():
            k = int(np.argmax(bad))
            money = f"million {currency_of(sam.data.attrs)}"
            raise DataError(f"{what} of {sam.regions[k]} are {revenue[k]:g} {money}, of a base of {base[k]:g}; check them")
        rates[what] = ratio(revenue, base)
    contribution = np.where(bears[:, None], rates["social contributions"][None, :], 0.0)[:, None, :] * arrays["evfb"]
    arrays["evfb"] = arrays["evfb"] - contribution
    arrays["evos"] = (arrays["evos"] - contribution) * (1.0 - rates["taxes on income"])
    return _rebuilt(sam, arrays)


def _rebuilt(sam: Sam, arrays: Mapping[str, np.ndarray]) -> Sam:
    data = sam.data.copy()
    for header, values in arrays.items():
        data[header] = data[header].copy(data=values)
    zero = [h for h in str(data.attrs.get("zero_headers", "")).split() if not arrays[h].any()]
    data.attrs = {**sam.data.attrs, "zero_headers": " ".join(zero)}
    draft = Sam(data, sam.adjustments)
    spent = draft.expenditure()
    data["save"] = data["save"].copy(data=draft.income() - spent["prv"] - spent["gov"])
    return Sam(data, sam.adjustments)
