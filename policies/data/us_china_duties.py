"""Build ``us_china_duties.csv``: additional duties of the US-China tariff war by stage and sector.

Run: ``python -m policies.data.us_china_duties --data DATA``, where DATA holds ``section_301`` and ``china_retaliation``.

United States on China: Section 301 lists by HTS8 (Federal Register; compiled by the Budget Lab at Yale, MIT), mean
over all tariff lines of a sector, lines not listed at zero; not trade-weighted (imports by line are not in the
source: electronics are overstated, for phones and laptops were on list 4B, never applied). China on the United
States: retaliation to Sections 232 and 301 by tariff line, weighted with China's imports from the United States
in 2017 (Bown, Jung, Zhang, PIIE, 12 June 2019); its last date is 1 June 2019, which later stages keep. HS to
sectors: HS6 to GTAP sectors, GTAP sectors to the benchmark's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from calibration import DataError
from calibration.script import arguments_of, parser_of, script

SECTORS = {
    "agr": "PDR WHT GRO V_F OSD C_B PFB OCR CTL OAP RMK WOL FRS FSH",
    "ene": "COA OIL GAS",
    "min": "OXT",
    "foo": "CMT OMT VOL MIL PCR SGR OFD B_T",
    "tex": "TEX WAP LEA",
    "wpp": "LUM PPP",
    "pet": "P_C",
    "chm": "CHM",
    "pha": "BPH",
    "rub": "RPP",
    "nmm": "NMM",
    "met": "I_S NFM",
    "fab": "FMP",
    "elc": "ELE",
    "ele": "EEQ",
    "mac": "OME",
    "mot": "MVH",
    "otr": "OTN",
    "omf": "OMF",
}
"""Sectors of the 2018 benchmark -> GTAP sectors of the crosswalk."""

COARSE = {"min": ("ene", "min"), "chm": ("chm", "pha"), "met": ("met", "fab"), "ele": ("elc", "ele"), "trn": ("mot", "otr")}
"""Sectors of the 2011 benchmark that join several; the others have the same name in both."""

STAGES: dict[str, dict[str, float]] = {
    "2018-09": {"1": 25.0, "2": 25.0, "3": 10.0, "4A": 0.0},
    "2019-06": {"1": 25.0, "2": 25.0, "3": 25.0, "4A": 0.0},
    "2019-09": {"1": 25.0, "2": 25.0, "3": 25.0, "4A": 15.0},
    "2020-02": {"1": 25.0, "2": 25.0, "3": 25.0, "4A": 7.5},
}
"""Additional US duty by list and stage, per cent."""

RETALIATION = {"2018-09": 3, "2019-06": 5, "2019-09": 5, "2020-02": 5}
"""How many of the retaliation columns (232, 34 bn, 16 bn, 60 bn, suspension on cars, June 2019) are in force."""


def _sector_of_gtap() -> dict[str, str]:
    return {code: sector for sector, codes in SECTORS.items() for code in codes.split()}


def us_on_china(folder: Path) -> pd.DataFrame:
    """Mean additional duty by stage, with the sector of each tariff line; index HTS8."""
    lists = pd.read_csv(folder / "s301_product_lists.csv", dtype=str)
    lines = pd.read_csv(folder / "mfn_rates_2025.csv", dtype={"hs8": str})["hs8"]
    crosswalk = pd.read_csv(folder / "hs6_gtap_crosswalk.csv", dtype=str)
    gtap = dict(zip(crosswalk["hs6_code"], crosswalk["gtap_code"].str.upper(), strict=True))
    table = pd.DataFrame({"sector": [_sector_of_gtap().get(gtap.get(x[:6], "")) for x in lines]}, index=lines)
    table = table.dropna()
    covered = lists[lists["list"].isin(["1", "2", "3", "4A"])].drop_duplicates("hts8").set_index("hts8")["list"]
    for stage, rates in STAGES.items():
        table[stage] = covered.reindex(table.index).map(rates).fillna(0.0)
    return table


def china_on_us(path: Path, folder: Path) -> pd.DataFrame:
    """Additional duty by stage with sector and weight (thousand USD of 2017); index HS8."""
    rates = pd.read_excel(path, sheet_name="China Tariff Rates", dtype={"hs10": str})
    wanted = [c for c in rates.columns if "Retaliation" in c or "Suspension" in c or "Change of retaliation" in c]
    if len(wanted) != 6:
        raise DataError(f"{path}: expected six columns of retaliation, found {len(wanted)}: {wanted}")
    rates["hs8"] = rates["hs10"].str.zfill(10).str[:8]
    by_line = rates.groupby("hs8")[wanted].mean()
    imports = pd.read_excel(path, sheet_name="Imports Value", dtype={"hs08": str})
    imports["hs08"] = imports["hs08"].str.zfill(8)
    weight = imports.set_index("hs08")[imports.columns[2]].astype(float)
    crosswalk = pd.read_csv(folder / "hs6_gtap_crosswalk.csv", dtype=str)
    gtap = dict(zip(crosswalk["hs6_code"], crosswalk["gtap_code"].str.upper(), strict=True))
    table = pd.DataFrame({"sector": [_sector_of_gtap().get(gtap.get(x[:6], "")) for x in by_line.index]}, index=by_line.index)
    table["weight"] = weight.reindex(by_line.index).fillna(0.0)
    for stage, last in RETALIATION.items():
        table[stage] = by_line[wanted[: last + 1]].sum(axis=1)
    return table.dropna()


def build(data: Path) -> pd.DataFrame:
    """Rows (benchmark, sector, stage); columns ``us_on_china, china_on_us``, fractions; every good sector present."""
    us = us_on_china(data / "section_301")
    china = china_on_us(data / "china_retaliation" / "bown-jung-zhang-2019-06-12.xlsx", data / "section_301")
    fine = {s: (s,) for s in SECTORS}
    inside = {x for group in COARSE.values() for x in group}
    coarse = {**{s: (s,) for s in SECTORS if s not in inside}, **COARSE}
    rows = []
    for benchmark, groups in (("world", fine), ("world-2011", coarse)):
        for sector, members in groups.items():
            a, b = us[us["sector"].isin(members)], china[china["sector"].isin(members)]
            for stage in STAGES:
                weight = b["weight"] if b["weight"].sum() > 0 else pd.Series(1.0, index=b.index)
                rows.append(
                    {
                        "benchmark": benchmark,
                        "sector": sector,
                        "stage": stage,
                        "us_on_china": round(float(a[stage].mean()) / 100, 5),
                        "china_on_us": round(float(np.average(b[stage], weights=weight)) / 100, 5),
                    }
                )
    return pd.DataFrame(rows)


@script
def main() -> None:
    """Command line of the build."""
    parser = parser_of(__doc__)
    args = arguments_of(parser)
    out = Path(__file__).with_suffix(".csv")
    head = "# Additional duties of the US-China tariff war, fractions; sources: policies/data/us_china_duties.py\n"
    out.write_text(head + build(args.data).to_csv(index=False), encoding="utf-8")


if __name__ == "__main__":
    main()
