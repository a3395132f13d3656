"""Bilateral tariffs of data bases a user has access to: MAcMap-HS6, Teti's Global Tariff Database, WITS/TRAINS, or a csv.

None of these may be shipped; with one of them the world of 2018 is rebuilt in one command
(``python -m calibration.datasets.world_2018 --data DATA --tariffs teti:FILE``). Each file is a long table with an importer, an
exporter, a product and a rate; columns are known by the names these sources use (:data:`COLUMNS`), products are HS6 or
longer, ISIC Rev. 4 codes or the goods of :mod:`calibration.classification`. Teti's rates are also read from the cube file
``ICIO<year>.mat``.

HS6 lines of a good are averaged with the reference weights of :mod:`calibration.mfn`, without a trade of their own. A row of
the exporter ``WLD`` (or ``000``, ``MFN``) holds the rate of every exporter without a row. Economies the file lacks are told,
never filled here.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from calibration.classification import GOODS
from calibration.errors import DataError, nearest, require_year
from calibration.hs import line_weights, sectors_of
from calibration.isic import isic4_detail
from calibration.preferences import GROUPS
from calibration.tariff_table import HIGHEST, PLAUSIBLE, TYPICAL, Unit

KINDS = ("macmap", "teti", "wits", "csv")
COLUMNS: dict[str, tuple[str, ...]] = {
    "importer": ("importer", "iso_d", "d", "reporter", "reporter_iso_n", "reportercode", "iso2", "destination"),
    "exporter": ("exporter", "iso_o", "s", "partner", "partner_iso_n", "partnercode", "iso1", "origin"),
    "product": ("product", "hs6", "productcode", "product code", "sector", "i", "isic", "industry", "good"),
    "rate": ("rate", "ave", "adv", "tariff", "simpleaverage", "simple average", "applied", "ahs", "percent"),
}
"""Names of each column in the sources, in lower case; the first that a file has counts."""
UNITS: dict[str, Unit] = {"macmap": "fraction", "teti": "percent", "wits": "percent", "csv": "fraction"}
"""Unit a source publishes in; a file that does not look like it is refused and the user says which it is."""
WORLD = ("WLD", "000", "0", "MFN")
NUMERIC = dict(
    pair.split("-")
    for pair in (
        "024-AGO 784-ARE 032-ARG 036-AUS 040-AUT 056-BEL 050-BGD 100-BGR 112-BLR 076-BRA 096-BRN 124-CAN 756-CHE "
        "152-CHL 156-CHN 384-CIV 120-CMR 180-COD 170-COL 188-CRI 196-CYP 203-CZE 276-DEU 208-DNK 818-EGY 724-ESP "
        "233-EST 246-FIN 250-FRA 251-FRA 826-GBR 300-GRC 344-HKG 191-HRV 348-HUN 360-IDN 356-IND 699-IND 372-IRL "
        "352-ISL 376-ISR 380-ITA 381-ITA 400-JOR 392-JPN 398-KAZ 116-KHM 410-KOR 418-LAO 440-LTU 442-LUX 428-LVA "
        "504-MAR 484-MEX 470-MLT 104-MMR 458-MYS 566-NGA 528-NLD 578-NOR 579-NOR 554-NZL 586-PAK 604-PER 608-PHL "
        "616-POL 620-PRT 642-ROU 643-RUS 682-SAU 686-SEN 702-SGP 678-STP 703-SVK 705-SVN 752-SWE 764-THA 788-TUN "
        "792-TUR 158-TWN 490-TWN 804-UKR 840-USA 842-USA 704-VNM 710-ZAF 757-CHE 918-EUN"
    ).split()
)
"""ISO and United Nations numeric codes of the economies of the trade cube; 918 is the European Union."""


def in_fractions(rates: np.ndarray, unit: Unit, sure: bool, where: str) -> np.ndarray:
    """Rates as fractions; the unit must be plausible unless the user is sure of it.

    Parameters
    ----------
    rates : ndarray
        As in the file.
    unit : {"fraction", "percent"}
    sure : bool
        The user said the unit himself.
    where : str
        File, for errors.

    Raises
    ------
    DataError
        A rate is not finite, negative, or above 3000 %; or the table does not look like its unit.

    Examples
    --------
    >>> in_fractions(np.array([2.5, 0.0]), "percent", False, "file").tolist()
    [0.025, 0.0]
    """
    bad = ~np.isfinite(rates) | (rates < 0)
    if bad.any():
        raise DataError(f"{where}, row {int(np.argmax(bad)) + 1}: rate {rates[bad][0]} must be a number not below zero")
    positive = rates[rates > 0]
    if not sure and positive.size:
        middle, top = float(np.median(positive)), float(positive.max())
        if unit == "fraction" and (top > PLAUSIBLE or middle > TYPICAL):
            raise DataError(
                f"{where}: half the positive rates are above {middle:g}, the highest is {top:g}: per cent? say unit='percent' "
                "(--tariff-unit percent)"
            )
        if unit == "percent" and top <= TYPICAL:
            raise DataError(f"{where}: no rate is above {top:g}: fractions? say unit='fraction' (--tariff-unit fraction)")
    found = rates / 100.0 if unit == "percent" else rates
    if (found > HIGHEST).any():
        raise DataError(
            f"{where}, row {int(np.argmax(found)) + 1}: a rate of {100 * found.max():g} % is more than any duty; repair it"
        )
    return np.asarray(found)


def read_tariff_data(
    kind: str, path: str | Path, regions: list[str], *, year: int = 2018, unit: Unit | None = None
) -> tuple[xr.DataArray, list[str]]:
    """Rates by good, exporter, importer, and what the file does not tell.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    path : path
    regions : list of str
        ISO codes of the wanted economies.
    year : int
        Year taken where the file has a column ``year`` (or ``tariff year``).
    unit : {"fraction", "percent"}, optional
        Of the rates; default the source's (:data:`UNITS`).

    Returns
    -------
    DataArray, dims (i, s, d)
        Fractions; cells that the file does not tell are NaN (own sales: 0). The coordinate ``of_everyone`` is True in cells
        that only a rate of all exporters tells: preferences are not in it.
    list of str
        One line for each kind of cell that is missing.

    Raises
    ------
    DataError
        Unknown kind, missing file, year or column, an implausible unit, a cell given twice for one exporter, or no known
        economy.
    """
    if kind not in KINDS:
        raise DataError(f"unknown source of tariffs {kind!r}{nearest(kind, KINDS)}; known: {', '.join(KINDS)}")
    require_year(year, "the year of tariffs")
    path = Path(path)
    if not path.is_file():
        raise DataError(f"tariff file {path} not found; give the file as downloaded from {kind}")
    if path.suffix.lower() == ".mat":
        return _cube(path, regions, unit)
    table = _long(path, kind, year, unit)
    values = np.full((len(GOODS), len(regions), len(regions)), np.nan)
    of_everyone = np.zeros(values.shape, dtype=bool)
    place = {r: k for k, r in enumerate(regions)}
    good = {g: k for k, g in enumerate(GOODS)}
    means = _by_good(table, path)
    # the rate of every exporter first, then those of unions, then an economy's own
    known = means["exporter"].map(lambda x: 0 if x in WORLD else 1 if len(_expand(x)) > 1 else 2)
    unions = means["importer"].map(lambda x: -len(_expand(x)))
    for row in means.assign(unions=unions, known=known).sort_values(["unions", "known"], kind="stable").itertuples():
        for importer in (x for x in _expand(str(row.importer)) if x in place):
            everyone = row.exporter in WORLD
            exporters = [slice(None)] if everyone else [place[x] for x in _expand(str(row.exporter)) if x in place]
            for exporter in exporters:
                values[good[str(row.good)], exporter, place[importer]] = row.rate
                of_everyone[good[str(row.good)], exporter, place[importer]] = everyone
    if np.isnan(values).all():
        raise DataError(f"{path}: no importer of the file is an economy of the benchmark; are the codes ISO 3166 (USA, 840)?")
    rates, missing = _finish(values, regions, path, kind)
    unknown = sorted({str(x) for x in means["importer"] if not any(y in place for y in _expand(str(x)))})
    if unknown:
        shown = ", ".join(unknown[:12]) + (f" and {len(unknown) - 12} more" if len(unknown) > 12 else "")
        missing.append(f"rates of importers that the benchmark does not show apart are left out: {shown}")
    return rates.assign_coords(of_everyone=(rates.dims, of_everyone)), missing


def _finish(values: np.ndarray, regions: list[str], path: Path, kind: str) -> tuple[xr.DataArray, list[str]]:
    values[:, np.arange(len(regions)), np.arange(len(regions))] = 0.0
    missing = []
    absent = [r for k, r in enumerate(regions) if np.isnan(np.delete(values[:, :, k], k, axis=1)).all()]
    if absent:
        missing.append(f"no rates of {len(absent)} importers: {', '.join(absent)}")
    holes = np.isnan(values).sum() - sum(len(GOODS) * (len(regions) - 1) for _ in absent)
    if holes:
        missing.append(f"no rate in {int(holes)} cells of other importers")
    coords = {"i": list(GOODS), "s": regions, "d": regions}
    attrs = {"units": "fraction of cif value", "source": f"{kind}: {path.name}"}
    return xr.DataArray(values, dims=("i", "s", "d"), coords=coords, attrs=attrs), missing


def _cube(path: Path, regions: list[str], unit: Unit | None) -> tuple[xr.DataArray, list[str]]:
    """Teti's rates as laid beside a trade cube: importer major, fractions; services and the rest of the world are left out."""
    try:
        with h5py.File(path) as file:
            labels = {
                key: ["".join(map(chr, file[cell][()].ravel())) for cell in file["data"][name][()].ravel()]
                for key, name in (("r", "countries"), ("i", "sectors"))
            }
            raw = np.swapaxes(np.asarray(file["data/tjik_3D"][()], dtype=float), 1, 2)
    except (OSError, KeyError) as error:
        raise DataError(f"{path} holds no tariffs (HDF5 with data/tjik_3D, countries, sectors): {error}") from error
    goods = [labels["i"].index(g) for g in GOODS]
    rates = in_fractions(raw[goods].ravel(), unit or "fraction", unit is not None, str(path)).reshape(
        len(GOODS), *raw.shape[1:]
    )
    values = np.full((len(GOODS), len(regions), len(regions)), np.nan)
    known = [r for r in regions if r in labels["r"] and r != "ROW"]
    theirs, ours = [labels["r"].index(r) for r in known], [regions.index(r) for r in known]
    values[np.ix_(range(len(GOODS)), ours, ours)] = rates[np.ix_(range(len(GOODS)), theirs, theirs)]
    return _finish(values, regions, path, "teti")


def _long(path: Path, kind: str, year: int, unit: Unit | None) -> pd.DataFrame:
    """Columns ``importer, exporter, product`` (text) and ``rate`` (fraction)."""
    try:
        raw = pd.read_csv(path, dtype=str, sep=None, engine="python", keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error
    names = {str(c).strip().lower(): c for c in raw.columns}
    chosen = {}
    for wanted, known in COLUMNS.items():
        hit = [names[k] for k in known if k in names]
        if not hit:
            raise DataError(
                f"{path} has no column of the {wanted} ({', '.join(known)}); it has {', '.join(map(str, raw.columns))}"
            )
        chosen[wanted] = hit[0]
    for word in ("year", "tariff year"):
        if word in names:
            years = raw[names[word]].str.strip()
            if not (years == str(year)).any():
                raise DataError(f"{path} holds no year {year}; it has {', '.join(sorted(set(years)))}")
            raw = raw[years == str(year)]
    if "dutytype" in names:
        kinds = raw[names["dutytype"]].str.strip().str.upper()
        if not kinds.isin(["AHS", "MFN"]).any():
            raise DataError(f"{path}: duty types {', '.join(sorted(set(kinds)))} hold neither AHS (applied) nor MFN")
        raw = raw[kinds == ("AHS" if (kinds == "AHS").any() else "MFN")]
    table = pd.DataFrame({k: raw[c].str.strip() for k, c in chosen.items()}).reset_index(drop=True)
    numbers = pd.to_numeric(table["rate"], errors="coerce")
    if numbers.isna().any():
        row = int(np.argmax(numbers.isna().to_numpy()))
        raise DataError(f"{path}, row {row + 1}: rate {table['rate'].iloc[row]!r} is not a number; repair or remove the row")
    implied: Unit | None = "percent" if str(chosen["rate"]).strip().lower() == "percent" else None
    table["rate"] = in_fractions(
        numbers.to_numpy(), unit or implied or UNITS[kind], unit is not None or implied is not None, str(path)
    )
    for side in ("importer", "exporter"):
        table[side] = table[side].map(lambda x: x if x in WORLD else NUMERIC.get(x.zfill(3), x.upper()))
    return table


def _expand(code: str) -> tuple[str, ...]:
    """Economies of a code; the European Union is its 28 members of 2018."""
    return GROUPS["EU28"] if code in ("EUN", "EU", "EU28", "EUU") else (code,)


def _by_good(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Mean rate by importer, exporter and good."""
    products = table["product"]
    keys = ["importer", "exporter"]
    twice = table.duplicated([*keys, "product"])
    if twice.any():
        row = table[twice].iloc[0]
        raise DataError(f"{path}: {row['importer']} has two rates of {row['product']} from {row['exporter']}; keep one")
    digits = products.str.fullmatch(r"\d+")
    wrong = digits & ~products.str.len().isin((6, 8, 9, 10))
    if wrong.any() or (digits.any() and not digits.all()):
        code = str(products[wrong].iloc[0] if wrong.any() else products[~digits].iloc[0])
        raise DataError(
            f"{path}: product {code!r}: give HS codes of six or more digits (zeros in front kept) in every row, or ISIC "
            "codes with their letter (C29)"
        )
    if products.isin(GOODS).all():
        table = table.assign(good=products, weight=1.0)
    elif products.str.fullmatch(r"\d{6,10}").all():
        codes = pd.DataFrame({"hs6": products.str[:6].unique()})
        codes[["gtap", "good"]] = sectors_of(codes["hs6"])
        codes = codes.dropna(subset=["good"])
        codes["weight"] = line_weights(codes, pd.Series(dtype=float))
        table = table.assign(hs6=products.str[:6]).groupby([*keys, "hs6"], as_index=False)["rate"].mean().merge(codes, on="hs6")
    else:
        table = table.assign(good=[isic4_detail(x) for x in products], weight=1.0)
        table = table[table["good"].isin(GOODS)]
    weighted = table.assign(paid=table["rate"] * table["weight"]).groupby([*keys, "good"])[["paid", "weight"]].sum()
    return (weighted["paid"] / weighted["weight"]).rename("rate").reset_index()
