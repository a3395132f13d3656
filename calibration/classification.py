"""Common classifications: WIOD's 35 industries and the OECD cube's goods on one list of groups.

A group is the finest sector both sources share; the cube splits some groups of goods further (``GOODS``)
and holds all services as one sector, which WIOD splits (``SERVICES``).
"""

from __future__ import annotations

GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "agr": (("c1",), ("A01", "A02", "A03")),
    "min": (("c2",), ("B05", "B06", "B07", "B08", "B09")),
    "foo": (("c3",), ("C10T12",)),
    "tex": (("c4", "c5"), ("C13T15",)),
    "woo": (("c6",), ("C16",)),
    "ppp": (("c7",), ("C17_18",)),
    "pet": (("c8",), ("C19",)),
    "chm": (("c9",), ("C20", "C21")),
    "rub": (("c10",), ("C22",)),
    "nmm": (("c11",), ("C23",)),
    "met": (("c12",), ("C24A", "C24B", "C25")),
    "mac": (("c13",), ("C28",)),
    "ele": (("c14",), ("C26", "C27")),
    "trn": (("c15",), ("C29", "C301", "C302T309")),
    "omf": (("c16",), ("C31T33",)),
    "utl": (("c17",), ("utl",)),
    "cns": (("c18",), ("cns",)),
    "trd": (tuple(f"c{k}" for k in range(19, 28)), ("trd",)),
    "bus": (("c28", "c29", "c30"), ("bus",)),
    "pub": (tuple(f"c{k}" for k in range(31, 36)), ("pub",)),
}
"""Group -> (WIOD 2013 industries, detailed sectors)."""

SERVICES = ("utl", "cns", "trd", "bus", "pub")
GOODS = tuple(sorted(sector for group, (_, detail) in GROUPS.items() if group not in SERVICES for sector in detail))
"""In the order of ISIC, which is the cube's."""
SECTORS = (*GOODS, *SERVICES)
GROUP_OF = {sector: group for group, (_, detail) in GROUPS.items() for sector in detail}
GROUP_OF_WIOD = {industry: group for group, (industries, _) in GROUPS.items() for industry in industries}

SECTOR_NAMES = {
    "A01": "crops and animals",
    "A02": "forestry",
    "A03": "fishing",
    "B05": "coal",
    "B06": "oil and gas",
    "B07": "metal ores",
    "B08": "other mining",
    "B09": "mining support",
    "C10T12": "food, beverages, tobacco",
    "C13T15": "textiles, apparel, leather",
    "C16": "wood",
    "C17_18": "paper and printing",
    "C19": "refined petroleum",
    "C20": "chemicals",
    "C21": "pharmaceuticals",
    "C22": "rubber and plastics",
    "C23": "mineral products",
    "C24A": "iron and steel",
    "C24B": "non-ferrous metals",
    "C25": "fabricated metal",
    "C26": "electronics",
    "C27": "electrical equipment",
    "C28": "machinery",
    "C29": "motor vehicles",
    "C301": "ships and boats",
    "C302T309": "other transport equipment",
    "C31T33": "other manufactures and repair",
    "utl": "utilities",
    "cns": "construction",
    "trd": "trade, hotels, transport, post",
    "bus": "finance, real estate, business",
    "pub": "public and other services",
}

AFFINITY: dict[str, dict[str, float]] = {
    "A01": {"C10T12": 2.0, "A01": 3.0},
    "A02": {"C16": 8.0, "C17_18": 5.0, "A02": 3.0},
    "A03": {"C10T12": 1.0, "trd": 1.5, "prv": 1.5, "A03": 3.0},
    "B05": {"utl": 3.0, "C24A": 4.0, "C23": 2.0, "C19": 0.3},
    "B06": {"C19": 6.0, "utl": 2.0, "C20": 2.0, "B06": 2.0},
    "B07": {"C24A": 8.0, "C24B": 8.0, "B07": 3.0},
    "B08": {"C23": 6.0, "cns": 5.0, "C20": 2.0},
    "B09": {"B05": 4.0, "B06": 6.0, "B07": 4.0, "B08": 2.0},
    "C20": {"C20": 3.0, "C22": 2.0, "C21": 1.5},
    "C21": {"pub": 6.0, "prv": 3.0, "C21": 3.0},
    "C24A": {"C25": 2.0, "C29": 2.0, "C28": 1.5, "cns": 1.5, "C24A": 3.0},
    "C24B": {"C26": 2.0, "C27": 3.0, "C24B": 3.0},
    "C25": {"cns": 2.0, "C28": 1.5, "C25": 1.5},
    "C26": {"C26": 4.0, "bus": 1.5, "pub": 1.5},
    "C27": {"C27": 3.0, "cns": 2.0, "C28": 1.5, "utl": 2.0},
    "C29": {"C29": 5.0, "trd": 2.0, "prv": 2.0},
    "C301": {"C301": 6.0, "trd": 0.7},
    "C302T309": {"C302T309": 6.0, "gov": 2.0, "trd": 0.7},
}
"""How much more of a detailed good a user takes than its group's mean user; 1 where not listed.

Stated, not estimated: crude oil goes to refining, ores to metals, car parts to cars. Only ratios within
a group matter, and the balancing to observed absorption follows.
"""

KIND = {
    **{s: "agriculture" for s in ("A01", "A02", "A03")},
    **{s: "extraction" for s in ("B05", "B06", "B07", "B08", "B09")},
    "C10T12": "food",
    **{s: "manufactures" for s in GOODS if s[0] == "C" and s != "C10T12"},
    **{s: "services" for s in SERVICES},
}
"""Kind of the GTAP sample whose factor shares a sector takes."""
