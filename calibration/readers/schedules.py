"""Customs schedules by tariff line: most-favoured-nation rates of Japan, the EU, the United Kingdom, the USA, China, Australia.

Each reader gives the same table, one row a line: ``hs6``, ``rate`` (fraction of the customs value; missing where the duty
is specific), ``specific`` (the duty has a part by weight or piece, so that ``rate`` is missing or too low). Years and
traps of each source are in its docstring.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from calibration.errors import DataError

PREFERENCES = (
    "rcep_chn rcep_kor rcep_asean_aus_nzl cptpp eu gbr usa sgp mex mys chl tha idn brn asean phl "
    "che vnm ind per aus mng gsp ldc"
).split()
"""Preference columns of Japan's schedule."""
BARREL = 65.0
"""Price of a barrel of crude oil in 2018, USD (West Texas Intermediate), which turns cents a barrel into per cent."""


def _read(path: Path, wanted: tuple[str, ...], code: str) -> pd.DataFrame:
    if not path.is_file():
        raise DataError(f"tariff schedule {path} not found; the folder needs {path.name}")
    table = pd.read_csv(path, dtype={code: str})
    missing = [c for c in (code, *wanted) if c not in table]
    if missing:
        raise DataError(f"{path} lacks the column {missing[0]!r}; another edition of the schedule?")
    return table


def _lines(codes: pd.Series, per_cent: pd.Series, specific: pd.Series, path: Path) -> pd.DataFrame:
    rate = pd.to_numeric(per_cent, errors="coerce") / 100.0
    bad = (rate < 0) | (rate > 30)
    if bad.any():
        where = int(np.argmax(bad.to_numpy()))
        raise DataError(f"{path} line {where + 2}: a duty of {100 * rate.iloc[where]:g} % is outside 0 to 3000 %; repair it")
    return pd.DataFrame(
        {
            "hs6": codes.str.replace(".", "").str[:6].to_numpy(),
            "rate": rate.to_numpy(),
            "specific": specific.to_numpy(dtype=bool),
        }
    )


def read_japan_lines(folder: str | Path) -> pd.DataFrame:
    """Japan, 2026 (nine digits), with the preference columns of :data:`PREFERENCES` and ``rcep_*_steps``.

    A missing preference means that the most-favoured-nation rate applies or that the preference is specific. Rates of
    manufactures have hardly moved since 2018; preferences are those of 2026.
    """
    path = Path(folder) / "japan_hs9_2026.csv"
    steps = [f"{c}_steps" for c in PREFERENCES[:3]]
    raw = _read(path, ("mfn", "mfn_k", *PREFERENCES, *steps), "hs9")
    lines = _lines(raw["hs9"], raw["mfn"], raw["mfn_k"] != "ad valorem", path)
    return pd.concat([lines, raw[PREFERENCES] / 100.0, raw[steps]], axis=1)


def read_eu_lines(folder: str | Path) -> pd.DataFrame:
    """European Union, common external tariff of 2020 (eight digits); compound duties hold their ad valorem part alone."""
    return _eu_uk(folder, "cet")


def read_uk_lines(folder: str | Path) -> pd.DataFrame:
    """United Kingdom, global tariff of 1 January 2021 (eight digits); in 2018 the EU's tariff applied."""
    return _eu_uk(folder, "ukgt")


def _eu_uk(folder: str | Path, schedule: str) -> pd.DataFrame:
    path = Path(folder) / "eu_cet_uk_ukgt_cn8.csv"
    raw = _read(path, (f"{schedule}_ad_valorem", f"{schedule}_kind"), "commodity")
    return _lines(raw["commodity"], raw[f"{schedule}_ad_valorem"], raw[f"{schedule}_kind"] != "ad valorem", path)


def read_us_lines(folder: str | Path) -> pd.DataFrame:
    """United States, 2025 (eight digits; general rates, unchanged since 2018 but for pharmaceutical lists).

    Duties in cents a barrel are converted at :data:`BARREL`.
    """
    path = Path(folder) / "mfn_rates_2025.csv"
    raw = _read(path, ("mfn_rate", "rate_type", "rate_raw"), "hs8")
    known = raw["rate_type"].isin(["free", "ad_valorem", "specific", "compound", "other"])
    if not known.all():
        raise DataError(f"{path}: unknown rate type {raw.loc[~known, 'rate_type'].iloc[0]!r}")
    rate = (100.0 * raw["mfn_rate"]).where(raw["rate_type"] != "specific")
    cents = raw["rate_raw"].str.extract(r"^([\d.]+)¢/bbl$")[0].astype(float)
    rate = rate.fillna(cents / BARREL)
    return _lines(raw["hs8"], rate, raw["rate_type"].isin(["specific", "compound"]) & cents.isna(), path)


def read_china_lines(folder: str | Path) -> pd.DataFrame:
    """China, applied most-favoured-nation rates of 1 January 2018 (ten digits), before the cuts of that year.

    Bown, Jung, Zhang (PIIE, 12 June 2019), who cite the Market Access Map.
    """
    path, raw = _china_sheet(folder, "China Tariff Rates")
    first = [c for c in raw.columns if "MFN Tariff Rates" in str(c)]
    if len(first) != 1 or "hs10" not in raw:
        raise DataError(f"{path}: the sheet of rates lacks 'hs10' or its column of rates of 1 January 2018")
    return _lines(raw["hs10"].str.zfill(10), raw[first[0]], raw[first[0]].isna(), path)


def read_china_imports(folder: str | Path) -> pd.Series:
    """China's imports from the United States in 2017 by HS6, thousand USD: the trade weights of tariff lines."""
    _, raw = _china_sheet(folder, "Imports Value")
    value = pd.to_numeric(raw[raw.columns[2]], errors="coerce").fillna(0.0)
    return value.groupby(raw["hs08"].str.zfill(8).str[:6]).sum()


def _china_sheet(folder: str | Path, sheet: str) -> tuple[Path, pd.DataFrame]:
    path = Path(folder) / "bown-jung-zhang-2019-06-12.xlsx"
    if not path.is_file():
        raise DataError(f"tariff schedule {path} not found; the folder needs {path.name}")
    try:
        return path, pd.read_excel(path, sheet_name=sheet, dtype={"hs10": str, "hs08": str})
    except ValueError as error:
        raise DataError(f"{path} has no sheet {sheet!r}: {error}") from error


def read_australia_lines(folder: str | Path) -> pd.DataFrame:
    """Australia, general rates of 2026 with ITA lines of 1 July 2018 (eight digits); 72 of 97 chapters, the rest absent.

    Duties by litre on oil stand for the excise at home: no protection, zero here.
    """
    path = Path(folder) / "general_rates_partial.csv"
    raw = _read(path, ("general_ad_valorem", "kind"), "hs8")
    specific = raw["kind"].isin(["specific or other", "compound"])
    excise = specific & raw["hs8"].str.startswith("27")
    return _lines(
        raw["hs8"], raw["general_ad_valorem"].mask(excise & raw["general_ad_valorem"].isna(), 0.0), specific & ~excise, path
    )
