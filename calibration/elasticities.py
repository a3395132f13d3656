"""Behavioural parameters: one labelled table, each row with its source, replaceable by the user.

======= ============ ==============================================================
symbol  dims         meaning
======= ============ ==============================================================
esubm   (i, r)       substitution among import origins
esubd   (i, r)       substitution between the domestic good and the import composite
esubva  (a, r)       substitution among primary factors
esubt   (a, r)       substitution between value added and intermediates
esubc   (a, r)       substitution among intermediates
incelas (i, r)       income elasticity of private demand (Stone-Geary)
frisch  (r,)         Frisch parameter: minus total over supernumerary expenditure
======= ============ ==============================================================

With ``incelas`` 1 and ``frisch`` -1 private demand is Cobb-Douglas.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.classification import GROUP_OF_WIOD
from calibration.errors import DataError, nearest, require_labels
from calibration.parse import doubled
from calibration.readers.caliendo_parro import TRADABLE, CaliendoParro
from calibration.tariffs import WIOD_GOODS
from calibration.user_table import read_user_table

ESUBVA_OF_KIND = {
    "agriculture": 0.26,
    "extraction": 0.20,
    "food": 1.12,
    "manufactures": 1.26,
    "services": 1.26,
    "construction": 1.40,
    "trade": 1.68,
}
GTAP_SERVICES_ESUBD = 1.90
SYMBOLS = {
    "esubm": ("i", "r"),
    "esubd": ("i", "r"),
    "esubva": ("a", "r"),
    "esubt": ("a", "r"),
    "esubc": ("a", "r"),
    "incelas": ("i", "r"),
    "frisch": ("r",),
}
LONG_NAMES = {
    "esubm": "elasticity of substitution among import origins",
    "esubd": "elasticity of substitution between domestic and imported",
    "esubva": "elasticity of substitution among primary factors",
    "esubt": "elasticity of substitution between value added and intermediates",
    "esubc": "elasticity of substitution among intermediates",
    "incelas": "income elasticity of private demand",
    "frisch": "Frisch parameter of private demand",
}


def wiod_table(source: CaliendoParro, industries: list[str]) -> pd.DataFrame:
    """Elasticities by WIOD industry with their sources.

    Goods: trade elasticity theta of Caliendo and Parro (2015) as stored in their replication data
    (mean over the sectors that fall into one industry, weighted with world trade of 1993); the
    Armington elasticity among origins is theta + 1, and GTAP's rule of two halves it between domestic
    and imported. Services: GTAP, ``esubd`` 1.90 and twice that among origins (Hertel, Hummels, Ivanic,
    Keeney 2003). Value added: GTAP.

    Returns
    -------
    pandas.DataFrame
        Index industry; columns ``esubm esubd esubva esubt esubc source``.
    """
    require_labels(industries, GROUP_OF_WIOD, "WIOD industry")
    theta = dict(zip(TRADABLE, source.data["theta"].values, strict=True))
    world = dict(zip(TRADABLE, source.data["trade"].values.sum((1, 2)), strict=True))
    rows = {}
    for code in industries:
        if code in WIOD_GOODS:
            goods = WIOD_GOODS[code]
            mean = sum(theta[g] * world[g] for g in goods) / sum(world[g] for g in goods)
            esubm, esubd = mean + 1.0, (mean + 1.0) / 2.0
            origin = f"Caliendo and Parro 2015, theta {mean:.2f} ({', '.join(goods)}); esubm = theta + 1, esubd = esubm / 2"
        else:
            esubm, esubd = 2 * GTAP_SERVICES_ESUBD, GTAP_SERVICES_ESUBD
            origin = "GTAP services (Hertel et al. 2003); esubm = 2 esubd"
        kind = {"c1": "agriculture", "c2": "extraction", "c3": "food", "c18": "construction"}.get(code)
        kind = kind or (
            "manufactures" if code in WIOD_GOODS else "trade" if code in {f"c{k}" for k in range(19, 27)} else "services"
        )
        rows[code] = {
            "esubm": esubm,
            "esubd": esubd,
            "esubva": ESUBVA_OF_KIND[kind],
            "esubt": 0.0,
            "esubc": 0.0,
            "source": f"{origin}; value added: GTAP ({kind}); intermediates Leontief",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("i")


STUDIES = ("gtap", "caliendo-parro", "fontagne", "bagwell", "giri", "lashkaripour", "shapiro")
"""Published sources of trade elasticities to choose from (``calibration/datasets/trade_elasticities.csv``)."""


ONE_NEST = "/one"
"""Ending of a study's name that asks for one nest of all origins, home among them (``esubd = esubm``)."""


def study_and_nest(name: str) -> tuple[str, bool]:
    """A study and whether its elasticities are asked for in one nest.

    Examples
    --------
    >>> study_and_nest("fontagne/one")
    ('fontagne', True)
    """
    return name.removesuffix(ONE_NEST), name.endswith(ONE_NEST)


def study_table(study: str, sectors: list[str], kinds: Mapping[str, str]) -> pd.DataFrame:
    """Elasticities of one study for sectors of the OECD cube and services, with their sources.

    GTAP gives ``esubd`` and doubles it among origins. The other studies give a trade elasticity theta;
    ``esubm`` is theta + 1 and ``esubd`` half of it, GTAP's rule of two; their services are GTAP's.

    The studies estimate theta in models of one nest, where home goods compete with each origin alike; the rule of two
    halves what they found for home against abroad. ``"fontagne/one"`` keeps one nest, ``esubd = esubm``, for goods;
    services, which no study estimates, stay as they are.

    Parameters
    ----------
    study : str
        One of :data:`STUDIES`, with :data:`ONE_NEST` at its end for one nest.
    sectors : list of str
        Detailed sectors of :data:`calibration.classification.SECTORS`.
    kinds : mapping
        Sector -> kind of :data:`ESUBVA_OF_KIND`, for value added.

    Raises
    ------
    DataError
        Unknown study or sector.
    """
    asked = study
    study, one_nest = study_and_nest(asked)
    if study not in STUDIES:
        raise DataError(
            f"unknown elasticity source {asked!r}{nearest(study, STUDIES)}; known: {', '.join(STUDIES)}, each with "
            f"{ONE_NEST!r} for one nest, or a table"
        )
    path = resources.files("calibration") / "datasets" / "trade_elasticities.csv"
    with path.open(encoding="utf-8") as file:
        table = pd.read_csv(file, comment="#", index_col="sector")
    require_labels(sectors, table.index, "sector of the elasticity table")
    esubd = table.loc[sectors, "gtap_esubd"]
    source = pd.Series("GTAP (Hertel et al. 2003); esubm = 2 esubd", index=sectors)
    if study != "gtap":
        theta = table.loc[sectors, study]
        esubd = ((theta + 1.0) / 2.0).where(theta.notna(), esubd)
        named = theta.map(lambda x: f"{study}, theta {x:.2f}; esubm = theta + 1, esubd = esubm / 2")
        source = named.where(theta.notna(), source)
    esubm = 2.0 * esubd
    if one_nest:
        goods = table.loc[sectors, [x for x in STUDIES if x != "gtap"]].notna().any(axis=1)
        esubd = esubm.where(goods, esubd)
        told = source.str.replace("esubm = 2 esubd", "esubm twice its esubd").str.replace(", esubd = esubm / 2", "")
        source = source.where(~goods, told + "; one nest: esubd = esubm")
    return pd.DataFrame(
        {
            "esubm": esubm,
            "esubd": esubd,
            "esubva": [ESUBVA_OF_KIND[kinds[x]] for x in sectors],
            "esubt": 0.0,
            "esubc": 0.0,
            "source": [f"{source[x]}; value added: GTAP ({kinds[x]}); intermediates Leontief" for x in sectors],
        },
        index=pd.Index(sectors, name="i"),
    )


def to_dataset(table: pd.DataFrame, commodities: list[str], regions: list[str]) -> xr.Dataset:
    """The table over regions as a dataset with the dims of :data:`SYMBOLS`; demand Cobb-Douglas unless given.

    Parameters
    ----------
    table : DataFrame
        Index commodity (= activity); columns among ``esubm esubd esubva esubt esubc incelas``, a column
        ``source``, and optionally ``frisch`` (constant).

    Raises
    ------
    DataError
        A commodity or column is missing or unknown, or a value is not lawful.
    """
    rows = [str(x) for x in table.index]
    missing = [c for c in commodities if c not in rows]
    if missing:
        raise DataError(f"elasticity table lacks commodities {', '.join(missing)}; add a row for each")
    if (twice := doubled(rows)) is not None:
        raise DataError(f"elasticity table gives commodity {twice!r} twice; keep one row")
    require_labels(rows, commodities, "commodity of the elasticity table")
    if (twice := doubled(list(table.columns))) is not None:
        raise DataError(f"elasticity table gives the column {twice!r} twice; keep one")
    known = {*SYMBOLS, "source"}
    for column in table.columns:
        if column not in known:
            raise DataError(f"elasticity table has unknown column {column!r}{nearest(str(column), known)}")
    defaults = {"incelas": 1.0, "frisch": -1.0, "esubt": 0.0, "esubc": 0.0}
    out = xr.Dataset(coords={"i": commodities, "a": commodities, "r": regions})
    for symbol, dims in SYMBOLS.items():
        if symbol in table:
            column = pd.to_numeric(table.loc[commodities, symbol], errors="coerce").to_numpy(dtype=float)
            if not np.isfinite(column).all():
                where = commodities[int(np.argmax(~np.isfinite(column)))]
                raise DataError(f"elasticity {symbol} of {where} is {table.loc[where, symbol]!r}, no finite number")
            if len(dims) == 1 and not (column == column[0]).all():
                raise DataError(f"elasticity {symbol} has no commodity: give the same value in every row")
        elif symbol in defaults:
            column = np.full(len(commodities), defaults[symbol])
        else:
            raise DataError(f"elasticity table lacks column {symbol!r}; add it")
        full = np.repeat(column[:, None], len(regions), axis=1)
        out[symbol] = (dims, full if len(dims) == 2 else full[0], {"long_name": LONG_NAMES[symbol], "units": "1"})
    if "source" in table:
        out.attrs["elasticity_sources"] = "\n".join(f"{c}: {table.loc[c, 'source']}" for c in commodities)
    check_elasticities(out)
    return out


def check_elasticities(data: xr.Dataset) -> None:
    """Raise :class:`DataError` where an elasticity is not finite, negative, or a Frisch parameter is above -1."""
    for symbol, dims in SYMBOLS.items():
        if symbol not in data or tuple(data[symbol].dims) != dims:
            raise DataError(f"elasticity {symbol!r} is missing or has other dims than {dims}")
        values = data[symbol].values
        bad = ~np.isfinite(values) | ((values > -1) if symbol == "frisch" else (values < 0))
        if bad.any():
            where = tuple(np.argwhere(bad)[0])
            labels = " ".join(str(data[d].values[k]) for d, k in zip(dims, where, strict=True))
            lawful = "<= -1" if symbol == "frisch" else ">= 0"
            raise DataError(f"elasticity {symbol} of {labels} is {values[where]}: must be {lawful}")


def read_table(path: str | Path) -> pd.DataFrame:
    """A user's table from CSV: first column the commodity, then symbols of :data:`SYMBOLS` and ``source``.

    Raises
    ------
    DataError
        Missing or unreadable file, an unknown column, a commodity given twice, or a cell that is not a finite number; file
        and line are named.
    """
    table = read_user_table(path, "elasticity table")
    key, *columns = table.columns
    known = (*SYMBOLS, "source")
    for name in columns:
        if name not in known:
            raise DataError(f"{table.path}: unknown column {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    table.require_once((key,))
    held = {name: table.column(name) if name == "source" else table.numbers(name) for name in columns}
    return pd.DataFrame(held, index=pd.Index(table.column(key), name="i"))
