"""Build ``hs_goods.csv``: prefixes of the Harmonised System, their GTAP sector and detailed good.

Run: ``python -m calibration.datasets.tariffs_2018.crosswalk --data DATA``, where DATA holds ``section_301``. HS6 to GTAP
sectors comes from the Budget Lab at Yale; GTAP sectors to ISIC Rev. 4 as below. Changed: of chapter 29 only headings
2936-2939 and 2941 (vitamins, hormones, alkaloids, antibiotics) are pharmaceuticals, as in ISIC 21; ships (chapter
89) leave other transport equipment; ores (chapter 26) leave other mining; natural bitumen (2714) leaves crude oil.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from calibration.script import arguments_of, parser_of, script

GOODS = {
    "A01": "PDR WHT GRO V_F OSD C_B PFB OCR CTL OAP RMK WOL",
    "A02": "FRS",
    "A03": "FSH",
    "B05": "COA",
    "B06": "OIL GAS",
    "B08": "OXT",
    "C10T12": "CMT OMT VOL MIL PCR SGR OFD B_T",
    "C13T15": "TEX WAP LEA",
    "C16": "LUM",
    "C17_18": "PPP",
    "C19": "P_C",
    "C20": "CHM",
    "C21": "BPH",
    "C22": "RPP",
    "C23": "NMM",
    "C24A": "I_S",
    "C24B": "NFM",
    "C25": "FMP",
    "C26": "ELE",
    "C27": "EEQ",
    "C28": "OME",
    "C29": "MVH",
    "C302T309": "OTN",
    "C31T33": "OMF",
    "none": "ELY GDT",
}
"""Detailed good -> GTAP sectors; chapters 26 and 89 are split off in :func:`good_of`."""

PHARMACEUTICAL = ("30", "2936", "2937", "2938", "2939", "2941")
"""Headings of ISIC 21."""


def good_of(code: str, gtap: str) -> tuple[str, str]:
    """GTAP sector and good of an HS6 code."""
    if code.startswith(PHARMACEUTICAL):
        return "BPH", "C21"
    if gtap == "BPH":
        return "CHM", "C20"
    if code.startswith("2714"):
        return "OXT", "B08"
    if gtap == "OXT" and code.startswith("26"):
        return gtap, "B07"
    if gtap == "OTN" and code.startswith("89"):
        return gtap, "C301"
    return gtap, next(good for good, sectors in GOODS.items() if gtap in sectors.split())


def prefixes(pairs: dict[str, tuple[str, str]]) -> pd.DataFrame:
    """The shortest list of prefixes whose longest match gives every code its pair."""
    table = pd.DataFrame([(code, "|".join(pair)) for code, pair in pairs.items()], columns=["code", "pair"])
    rules: dict[str, str] = {}

    def current(code: str) -> str | None:
        return next((rules[code[:size]] for size in (6, 5, 4, 2) if code[:size] in rules), None)

    for size in (2, 4, 5, 6):
        for prefix, group in table.groupby(table["code"].str[:size]):
            most = group["pair"].mode().iloc[0]
            if (group["code"].map(current) != group["pair"]).any() and current(str(prefix).ljust(6, "0")) != most:
                rules[str(prefix)] = most
    rows = [(prefix, *pair.split("|")) for prefix, pair in sorted(rules.items())]
    return pd.DataFrame(rows, columns=["prefix", "gtap", "good"])


@script
def main() -> None:
    """Command line of the build."""
    parser = parser_of(__doc__)
    args = arguments_of(parser)
    raw = pd.read_csv(args.data / "section_301" / "hs6_gtap_crosswalk.csv", dtype=str)
    pairs = {code: good_of(code, gtap.upper()) for code, gtap in zip(raw["hs6_code"], raw["gtap_code"], strict=True)}
    head = "# Prefix of the Harmonised System -> GTAP sector, detailed good (longest prefix decides); made by crosswalk.py\n"
    text = head + prefixes(pairs).to_csv(index=False)
    Path(__file__).with_name("hs_goods.csv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
