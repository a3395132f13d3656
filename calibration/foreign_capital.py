r"""What nations own abroad and owe, and what that pays: positions beside a benchmark.

Positions are national stocks by class (Lane and Milesi-Ferretti, IMF Economic Review 66, 2018; their data base, External
Wealth of Nations): direct investment, portfolio equity, and debt with official reserves. Derivatives are left out: they pay
no yield. The data have no income, so each class pays a *stated* return, the same on what is owned and on what is owed
(:data:`RETURNS`):

.. math:: \mathrm{FINC}_r = \sum_k \rho_k (A_{kr} - L_{kr}), \qquad \mathrm{GNP}_r = \mathrm{GDP}_r + \mathrm{FINC}_r .

The world owes itself nothing, but the records differ: recorded equity assets fall short of liabilities by 9 % at the end of
2017, because part of what is owned is hidden (Zucman, Quarterly Journal of Economics 128(3), 2013); the other classes are
within 3 %. What one side has recorded exists, so the side of a class that falls short is scaled up to the other; the factors
stand with the positions. Only net positions enter a model: capital that passes through a centre of finance stands on both
sides of its accounts and cancels, though the gross positions of Luxembourg, the Netherlands or Hong Kong are many times their
GDP.

One return by class does not show that some nations earn more on what they own than they pay on what they owe (the United
States: Gourinchas and Rey, 2007); pass other returns, or scale them, to see what that decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.benchmark import Benchmark
from calibration.errors import DataError, nearest, require_year
from calibration.parse import doubled, numbers_of, reading
from calibration.tariffs import EU27_2011

RETURNS: Mapping[str, float] = {"fdi": 0.06, "equity": 0.04, "debt": 0.02}
"""Real return a year by class, stated: a judgement, since the data have no income."""
SIDES = ("assets", "liabilities")
COLUMNS = tuple(f"{kind}_{side}" for kind in RETURNS for side in SIDES)
"""Columns of a table of positions, million USD."""
FILE = "ewn_2010_2021.csv"
REST = "ROW"
UNLISTED: Mapping[str, Mapping[str, Sequence[str]]] = {"world-2011": {"EU": sorted(set(EU27_2011) - {"GBR"})}}
"""Members of groups that a shipped benchmark does not list itself."""
LARGEST_FACTOR = 1.25
"""A side of a class is scaled up to the other by at most this; beyond, the table is in doubt."""
MOST_OF_GDP = 1.0
"""Income on positions of more than this share of GDP, either way, is refused: the unit or the mapping is wrong."""
GROSS_OVER_GDP = (0.02, 5000.0)
"""What an economy owns and owes together, over its GDP: outside, its row is in another unit. In the source of 2010 to 2021 it
is from 0.11 (South Sudan) and 0.37 (Bangladesh) to 400 (Luxembourg) and 2,500 (British Virgin Islands)."""
SAME_GDP = 5.0
"""GDP of a region in a table of positions and in a benchmark differ by at most this factor: years apart, not units."""
WORLD_GAP = 1e-6
"""Largest gap of the world's assets and liabilities of a class, over its liabilities."""


def read_positions(source: str | Path, year: int) -> pd.DataFrame:
    """Positions at the end of a year, from an extract of the External Wealth of Nations.

    Parameters
    ----------
    source : path
        CSV with the columns ``iso3, year, fdi_assets_musd, fdi_liabilities_musd, equity_..., debt_..., fx_reserves_musd``, or a
        folder that holds ``ewn_2010_2021.csv``.
    year : int

    Returns
    -------
    pandas.DataFrame
        Index iso3, columns :data:`COLUMNS`, million USD; official reserves are in ``debt_assets``. Not a number where the
        source has no figure. ``attrs["gdp"]``: GDP by economy where the file has ``gdp_musd``.

    Raises
    ------
    DataError
        No file, a column or the year missing, an economy given twice, a gross position below zero, or positions outside
        :data:`GROSS_OVER_GDP` of the file's GDP.
    """
    require_year(year, "the year of positions")
    path = Path(source) / FILE if Path(source).is_dir() else Path(source)
    with reading(path, "table of the External Wealth of Nations"):
        table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    names = {column: f"{column}_musd" for column in COLUMNS}
    lacking = [c for c in ("iso3", "year", *names.values(), "fx_reserves_musd") if c not in table]
    if lacking:
        raise DataError(f"{path} lacks the column {', '.join(lacking)}")
    of_year = table[table["year"] == year].set_index("iso3")
    if of_year.empty:
        raise DataError(f"{path} has no year {year}; it has {table['year'].min()} to {table['year'].max()}")
    if (again := doubled(list(of_year.index))) is not None:
        raise DataError(f"{path} has {again} twice in {year}; keep one row")
    told = of_year.reset_index()
    figures = numbers_of(told, [*names.values(), "fx_reserves_musd"], path, ["iso3", "year"]).set_axis(of_year.index)
    positions = figures.rename(columns={v: k for k, v in names.items()})
    # small territories report no reserves because they have none of their own
    positions["debt_assets"] += positions.pop("fx_reserves_musd").fillna(0.0)
    below = positions < 0
    if below.to_numpy().any():
        r, c = np.argwhere(below.to_numpy())[0]
        raise DataError(
            f"{path}: {COLUMNS[c]} of {positions.index[r]} in {year} are {positions.iat[r, c]:,.4g} million, below zero"
        )
    positions = positions[list(COLUMNS)]
    if "gdp_musd" in of_year:
        gdp = numbers_of(told, ["gdp_musd"], path, ["iso3", "year"]).set_axis(of_year.index)["gdp_musd"]
        _check_unit(positions.sum(axis=1), gdp, f"{path}, {year}")
        positions.attrs["gdp"] = {str(economy): float(value) for economy, value in gdp.dropna().items()}
    return positions


def _check_unit(gross: pd.Series, gdp: pd.Series, where: str) -> None:
    """Refuse positions that are no positions over GDP in one unit; what is zero, or has no GDP, says nothing."""
    share = (gross / gdp).where((gross > 0) & (gdp > 0))
    least, most = GROSS_OVER_GDP
    odd = share[(share < least) | (share > most)]
    if len(odd):
        name, value = str(odd.index[0]), float(odd.iloc[0])
        few, way = ("few", "multiply") if value < least else ("many", "divide")
        others = f" (and of {len(odd) - 1} more)" if len(odd) > 1 else ""
        raise DataError(
            f"{where}: foreign assets and liabilities of {name}{others} are {gross[name]:,.4g}, {value:.2g} times its GDP of "
            f"{gdp[name]:,.4g}: too {few} for million USD (between {least:g} and {most:g} times); {way} them by the unit "
            "they are in"
        )


def positions_by_region(
    positions: pd.DataFrame, benchmark: Benchmark, members: Mapping[str, Sequence[str]] | None = None
) -> pd.DataFrame:
    """Positions of a benchmark's regions, the world's assets equal to its liabilities by class.

    A group has the sum of its members; positions of members in each other stand on both sides and cancel in the net. ``ROW``
    has every economy that no other region has.

    Parameters
    ----------
    positions : DataFrame
        From :func:`read_positions`.
    benchmark : Benchmark
    members : mapping of region to economies, optional
        Of groups that the benchmark does not list (:attr:`calibration.Benchmark.groups`).

    Returns
    -------
    pandas.DataFrame
        Index region, columns :data:`COLUMNS`, million USD. ``attrs["factors"]``: by what the side of each class that fell
        short was scaled; ``attrs["without"]``: economies in a group or ``ROW`` that have no figure.

    Raises
    ------
    DataError
        A region that is neither an economy of the table nor a group with members, an economy without a figure that is a region
        of its own, GDP of the table and of the benchmark too far apart to be in one unit, or assets and liabilities of the
        world that lie too far apart.
    """
    inside = _members(positions, benchmark, members or {})
    _check_gdp(positions, benchmark, inside)
    lacking: list[str] = []
    rows = {}
    for region, economies in inside.items():
        held = positions.loc[economies]
        blank = held.index[held.isna().any(axis=1)]
        if len(blank) == len(held):
            raise DataError(f"no figure of positions for {region} ({', '.join(economies[:5])}); aggregate it with a neighbour")
        lacking += [str(economy) for economy in blank]
        rows[region] = held.sum()
    regional = pd.DataFrame.from_dict(rows, orient="index")[list(COLUMNS)]
    factors = {}
    for kind in RETURNS:
        owned, owed = (float(regional[f"{kind}_{side}"].sum()) for side in SIDES)
        if min(owned, owed) <= 0:
            raise DataError(f"the positions have no {kind} {SIDES[int(owned > 0)]} at all; what one owns another owes")
        short, factor = ("assets", owed / owned) if owned < owed else ("liabilities", owned / owed)
        if not factor <= LARGEST_FACTOR:
            raise DataError(
                f"{kind} assets of the world are {owned:,.4g} and liabilities {owed:,.4g} million USD: too far apart to be one "
                f"world (limit {LARGEST_FACTOR:g} times); does the table cover every economy, and one unit?"
            )
        regional[f"{kind}_{short}"] *= factor
        factors[f"{kind}_{short}"] = float(factor)
    regional.attrs = {"factors": factors, "without": sorted(lacking)}
    return regional


def _check_gdp(positions: pd.DataFrame, benchmark: Benchmark, inside: Mapping[str, Sequence[str]]) -> None:
    """Refuse a table whose GDP is in another unit than the benchmark's: its positions are too."""
    told: Mapping[str, float] = positions.attrs.get("gdp", {})
    if not told or benchmark.currency != "USD":
        return
    for region, gdp in zip(benchmark.regions, benchmark.sam.gdp(), strict=True):
        given = sum(told.get(economy, 0.0) for economy in inside[region])
        if given > 0 and not 1 / SAME_GDP < given / gdp < SAME_GDP:
            raise DataError(
                f"GDP of {region} is {given:,.4g} in the table of positions (gdp_musd) and {gdp:,.4g} million USD in benchmark "
                f"{benchmark.name!r}: not one unit (limit {SAME_GDP:g} times); bring the table to million USD"
            )


def _members(positions: pd.DataFrame, benchmark: Benchmark, given: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Economies of each region that stand in the table."""
    unknown = [r for r in given if r not in benchmark.regions]
    if unknown:
        raise DataError(f"members name {unknown[0]!r}, which is no region{nearest(unknown[0], benchmark.regions)}")
    listed = {**UNLISTED.get(benchmark.name, {}), **{r: list(held) for r, held in benchmark.groups.items()}, **given}
    inside: dict[str, list[str]] = {}
    for region in benchmark.regions:
        if region == REST:
            continue
        economies = [e for e in listed.get(region, [region]) if e in positions.index]
        if not economies:
            raise DataError(
                f"region {region} is neither an economy of the table of positions nor a group whose members are known; pass "
                f'members={{"{region}": [...]}} with ISO codes'
            )
        inside[region] = economies
    taken = [e for economies in inside.values() for e in economies]
    if (twice := doubled(taken)) is not None:
        raise DataError(f"economy {twice} is in two regions ({', '.join(r for r, e in inside.items() if twice in e)})")
    if REST in benchmark.regions:
        inside[REST] = [str(e) for e in positions.index if e not in set(taken)]
    return {r: inside[r] for r in benchmark.regions}


def with_positions(
    benchmark: Benchmark, positions: pd.DataFrame, returns: Mapping[str, float] = RETURNS, source: str = ""
) -> Benchmark:
    """The benchmark with what its regions own abroad and owe, and what that pays.

    The satellites ``foreign_assets`` and ``foreign_liabilities`` (position, r) and ``foreign_income`` (r) are million USD;
    the SAM, whose income is what a region makes, stays. :class:`cge.mechanisms.foreign_income.ForeignIncome`
    and :class:`cge.dynamics.Dynamics` pay the income; blocks without it do not.

    Parameters
    ----------
    benchmark : Benchmark
    positions : DataFrame
        From :func:`positions_by_region`, or a user's own with its columns.
    returns : mapping of class to rate
        Real, a year.
    source : str
        Where the positions are from, kept with them.

    Raises
    ------
    DataError
        A benchmark that is not in dollars; a region, column or class missing or unknown; a value that is not finite; a rate
        that is none; a class whose assets and liabilities differ over the world; or income beyond :data:`MOST_OF_GDP`.
    """
    if benchmark.currency != "USD":
        raise DataError(f"positions are in USD and benchmark {benchmark.name!r} in {benchmark.currency}; convert one of them")
    _check_table(benchmark, positions)
    _check_returns(returns)
    table = positions.loc[benchmark.regions, list(COLUMNS)].astype(float)
    _check_unit(table.sum(axis=1), pd.Series(benchmark.sam.gdp(), benchmark.regions), f"positions for {benchmark.name!r}")
    amounts = {side: np.stack([table[f"{kind}_{side}"].to_numpy() for kind in RETURNS]) for side in SIDES}
    gap = amounts["assets"].sum(1) - amounts["liabilities"].sum(1)
    for kind, difference, owed in zip(RETURNS, gap, amounts["liabilities"].sum(1), strict=True):
        if abs(difference) > WORLD_GAP * max(owed, 1.0):
            raise DataError(
                f"{kind} assets and liabilities of the world differ by {difference:,.4g} million USD; what one owns "
                "another owes (positions_by_region makes them equal)"
            )
    net = amounts["assets"] - amounts["liabilities"]
    income = np.array([returns[kind] for kind in RETURNS]) @ (net - net.mean(1, keepdims=True))  # to the last digit zero in sum
    share = income / benchmark.sam.gdp()
    worst = int(abs(share).argmax())
    if abs(share[worst]) > MOST_OF_GDP:
        raise DataError(
            f"income of {benchmark.regions[worst]} on its positions would be {100 * share[worst]:+.0f} % of its GDP; are the "
            "positions in million USD?"
        )
    stated = ", ".join(f"{kind} {returns[kind]:g}" for kind in RETURNS)
    attrs = {"units": "million USD", "source": source, "scaled": str(positions.attrs.get("factors", "no"))}
    beside = benchmark.satellites if benchmark.satellites is not None else xr.Dataset()
    named = {
        "foreign_assets": (("position", "r"), amounts["assets"], {**attrs, "long_name": "owned abroad, start of the year"}),
        "foreign_liabilities": (
            ("position", "r"),
            amounts["liabilities"],
            {**attrs, "long_name": "owed abroad, start of the year"},
        ),
        "foreign_income": (("r",), income, {**attrs, "long_name": "net income on foreign positions", "returns": stated}),
    }
    held = beside.assign_coords(position=list(RETURNS), r=benchmark.regions).assign(named)
    return replace(benchmark, satellites=held)


def _check_table(benchmark: Benchmark, positions: pd.DataFrame) -> None:
    if not isinstance(positions, pd.DataFrame):
        raise DataError(f"positions are a table (positions_by_region gives one), not a {type(positions).__name__}")
    lacking = [c for c in COLUMNS if c not in positions]
    if lacking:
        raise DataError(f"the positions lack the column {', '.join(lacking)}; their columns are {', '.join(COLUMNS)}")
    absent = [r for r in benchmark.regions if r not in positions.index]
    if absent:
        raise DataError(f"the positions lack {', '.join(absent)}; add a row for each region")
    foreign = [str(r) for r in positions.index if r not in benchmark.regions]
    if foreign:
        raise DataError(
            f"positions of {foreign[0]!r}, which is no region of the benchmark{nearest(foreign[0], benchmark.regions)}"
        )
    if (twice := doubled(list(positions.index))) is not None:
        raise DataError(f"the positions have {twice} twice; keep one row")
    values = positions[list(COLUMNS)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    odd = ~np.isfinite(values) | (values < 0)
    if odd.any():
        r, c = np.argwhere(odd)[0]
        raise DataError(
            f"{COLUMNS[c]} of {positions.index[r]} are {positions[COLUMNS[c]].iloc[r]}; an amount of at least 0 is needed"
        )


def _check_returns(returns: Mapping[str, float]) -> None:
    for kind in returns:
        if kind not in RETURNS:
            raise DataError(f"unknown class of positions {kind!r}{nearest(kind, RETURNS)}; known: {', '.join(RETURNS)}")
    for kind in RETURNS:
        if kind not in returns:
            raise DataError(f"no return on {kind}; give one for each of {', '.join(RETURNS)}")
        if not -0.5 < returns[kind] < 0.5:
            raise DataError(f"the return on {kind} is {returns[kind]}, not a rate a year; is it in per cent? divide it by 100")


def foreign_income(benchmark: Benchmark) -> np.ndarray:
    """Net income on foreign positions, million USD, zero where the benchmark has none; dims (r,)."""
    beside = benchmark.satellites
    if beside is None or "foreign_income" not in beside:
        return np.zeros(len(benchmark.regions))
    return np.asarray(beside["foreign_income"].values, dtype=float)


def net_positions(benchmark: Benchmark) -> np.ndarray | None:
    """Assets less liabilities over all classes, million USD; dims (r,). None where the benchmark has no positions."""
    beside = benchmark.satellites
    if beside is None or "foreign_assets" not in beside:
        return None
    net = (beside["foreign_assets"] - beside["foreign_liabilities"]).sum("position").values
    return np.asarray(net - net.mean(), dtype=float)


def national_product(benchmark: Benchmark) -> pd.DataFrame:
    """GDP, net income from abroad and GNP of the benchmark.

    Returns
    -------
    pandas.DataFrame
        Index region; ``gdp``, ``foreign_income``, ``gnp`` and ``net_position`` (million USD), ``percent`` (GNP over GDP less
        one).

    Raises
    ------
    DataError
        The benchmark has no positions.
    """
    net = net_positions(benchmark)
    if net is None:
        raise DataError(f"benchmark {benchmark.name!r} has no foreign positions; with_positions adds them")
    gdp, income = benchmark.sam.gdp(), foreign_income(benchmark)
    columns = {"gdp": gdp, "foreign_income": income, "gnp": gdp + income, "net_position": net, "percent": 100 * income / gdp}
    return pd.DataFrame(columns, index=pd.Index(benchmark.regions, name="region"))
