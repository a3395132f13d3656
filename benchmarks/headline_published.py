"""Published results that stand beside the headline table, each with its source and the reason where ours is far from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

FACTOR = 2.0
"""Results further apart than this factor, or of other signs, need a reason."""
Measure = Literal["welfare, %", "real GDP, %", "members' welfare, %", "world EV, bn USD", "world EV, % of GDP"]
TIAN = "Tian and others (Nature Communications 2022), Table 1, tariffs"
BANK = "Estrades and others (World Bank WPS 9939, 2022), tariffs, 2035"
PETRI = "Petri and Plummer (PIIE WP 20-9, 2020), 2030"
CIURIAK = "Ciuriak, Dadkhah, Xiao (C.D. Howe Institute), as quoted by the Cato Institute"
USITC = "USITC 2019, as quoted by the Cato Institute"
ROADS = "de Soyres, Mulabdic, Ruta (2020), all transport projects"
FIRST_ORDER = (
    "Their table splits welfare into volume and terms of trade, the first-order form of Caliendo and Parro, which "
    "counts duties on new trade at the old rates as a gain (the replication page measures this for NAFTA)"
)
WHOLE_AGREEMENT = (
    "They simulate the whole agreement, not only the rules of cars; their model was not at hand, so that what else "
    "differs is not known"
)


@dataclass(frozen=True)
class Published:
    """A published figure. ``early`` compares with the war's first stage; ``reason`` says why ours is far from it."""

    policy: str
    study: str
    measure: Measure
    economy: str
    value: float
    reason: str = ""
    early: bool = False


PUBLISHED = (
    Published(
        "rcep",
        TIAN,
        "welfare, %",
        "CHN",
        0.4,
        f"{FIRST_ORDER}. All duties between China and members are 0.3 % of its income here",
    ),
    Published("rcep", TIAN, "welfare, %", "JPN", 0.3),
    Published(
        "rcep",
        TIAN,
        "welfare, %",
        "KOR",
        3.3,
        f"{FIRST_ORDER}. Their volume of trade with members is 4.5 %, three times all duties between Korea and members "
        "as a share of its income here",
    ),
    Published("rcep", TIAN, "welfare, %", "AUS", 0.2, "All duties between Australia and members are 0.2 % of its income here"),
    Published(
        "rcep",
        TIAN,
        "welfare, %",
        "NZL",
        0.5,
        f"{FIRST_ORDER}. In 2018 New Zealand had agreements with every member but Japan, so that what is left to cut are "
        "mostly Japan's duties on food; with capital that adjusts the figures meet",
    ),
    Published(
        "rcep",
        TIAN,
        "welfare, %",
        "IDN",
        0.8,
        f"{FIRST_ORDER}. All duties between Indonesia and members are 0.4 % of its income here",
    ),
    Published(
        "rcep",
        TIAN,
        "welfare, %",
        "MYS",
        1.3,
        f"{FIRST_ORDER}. Malaysia levies more on members than it faces, so that its terms of trade fall while capital is fixed",
    ),
    Published(
        "rcep",
        TIAN,
        "welfare, %",
        "PHL",
        0.5,
        f"{FIRST_ORDER}. The Philippines levies on members twice what it faces among them, so that others gain from its cuts",
    ),
    Published(
        "rcep",
        TIAN,
        "welfare, %",
        "SGP",
        3.8,
        "Theirs is a gain in terms of trade, more than half of it with outsiders; all duties that Singapore faces are "
        "0.4 % of its income here",
    ),
    Published(
        "rcep",
        TIAN,
        "welfare, %",
        "THA",
        1.8,
        f"{FIRST_ORDER}. All duties between Thailand and members are 1.6 % of its income here",
    ),
    Published(
        "rcep",
        TIAN,
        "welfare, %",
        "VNM",
        15.6,
        f"{FIRST_ORDER}. All duties between Viet Nam and members are 2.8 % of its income here; "
        "it levies more than it faces, so that its terms of trade fall while capital is fixed",
    ),
    Published(
        "rcep",
        BANK,
        "members' welfare, %",
        "",
        0.21,
        "Theirs is a path to 2035, on which capital follows income and the bloc is a larger part of the world; ours "
        "holds capital of 2018 (the steady state lies on the other side)",
    ),
    Published(
        "rcep",
        PETRI,
        "world EV, bn USD",
        "",
        186.0,
        "They simulate the agreement as a whole, in the larger economy of 2030; duties among members alone, in 2018, are ours",
    ),
    Published(
        "us-china",
        PETRI,
        "world EV, bn USD",
        "",
        -301.0,
        "Theirs is the loss of the year 2030 from a war that lasts, in a larger economy; ours is of 2018, its capital fixed",
    ),
    Published(
        "us-china",
        "Fajgelbaum and others (QJE 2020), tariffs of 2018",
        "welfare, %",
        "USA",
        -0.04,
        "They count every US tariff of 2018 and its retaliation, with US export and import prices from their own "
        "estimates, under which "
        "foreign prices do not fall; at the stage of September 2018 Chinese prices fall here",
        early=True,
    ),
    Published(
        "us-china",
        "Itakura (AEPR 2020), escalation",
        "real GDP, %",
        "CHN",
        -1.41,
        "His three scenarios move investment and productivity beside tariffs, on a dynamic path; ours moves tariffs "
        "with capital fixed",
    ),
    Published(
        "us-china",
        "Itakura (AEPR 2020), escalation",
        "real GDP, %",
        "USA",
        -1.35,
        "His three scenarios move investment and productivity beside tariffs, on a dynamic path; ours moves tariffs "
        "with capital fixed",
    ),
    Published(
        "belt-and-road",
        ROADS,
        "members' welfare, %",
        "",
        2.8,
        "Their costs fall by pair as geography says; ours by one average for all pairs of members and a few corridors, "
        "and members here "
        "include large economies that trade little over land",
    ),
    Published(
        "belt-and-road",
        "Maliszewska, van der Mensbrugghe (World Bank WPS 8814, 2019), 2030",
        "world EV, % of GDP",
        "",
        0.7,
    ),
    Published("usmca", CIURIAK, "real GDP, %", "CAN", -0.396, WHOLE_AGREEMENT),
    Published("usmca", CIURIAK, "real GDP, %", "MEX", -0.791, WHOLE_AGREEMENT),
    Published("usmca", CIURIAK, "real GDP, %", "USA", -0.097, WHOLE_AGREEMENT),
    Published(
        "usmca", USITC, "real GDP, %", "USA", 0.35, f"{WHOLE_AGREEMENT}. Of the rules of cars alone they too find a loss"
    ),
    Published(
        "free-trade",
        "MIRAGE, in IFPRI Food Policy Review 8",
        "world EV, % of GDP",
        "",
        0.33,
        "Theirs is full liberalisation after ten years, from older and higher tariffs (a survey there finds 0.2 to 3.1 "
        "%); duties by "
        "sector here are means, which hide the peaks that cost most, and capital is fixed",
    ),
)


def ours(row: Published, held: Mapping[str, Any], capital: str, world_gdp: float) -> float:
    """Our figure for a published one, from the stored results of the shipped world; ``world_gdp`` in bn USD."""
    if row.early and capital == "fixed":
        return float(held["us-china, September 2018"][row.economy])
    found = held["results"]["now"][capital][row.policy]
    by_measure = {
        "welfare, %": lambda: found["welfare"][row.economy],
        "real GDP, %": lambda: found["gdp"][row.economy],
        "members' welfare, %": lambda: found["members"],
        "world EV, bn USD": lambda: found["world"],
        "world EV, % of GDP": lambda: 100 * found["world"] / world_gdp,
    }
    return float(by_measure[row.measure]())


def far_apart(value: float, published: float) -> bool:
    """Whether two results differ by more than :data:`FACTOR` or in sign."""
    return value * published <= 0 or not 1 / FACTOR <= value / published <= FACTOR


def beside_published(held: Mapping[str, Any], world_gdp: float) -> pd.DataFrame:
    """Published and our figures; the reason stands where the static one is far from the published."""
    rows = []
    for row in PUBLISHED:
        static = ours(row, held, "fixed", world_gdp)
        steady = float("nan") if row.early else ours(row, held, "steady", world_gdp)
        rows.append(
            {
                "policy": row.policy,
                "economy": row.economy or ("world" if row.measure.startswith("world") else "members"),
                "measure": row.measure,
                "study": row.study,
                "published": row.value,
                "here, capital fixed": static,
                "here, steady state": steady,
                "published / here": row.value / static,
                "why the distance": row.reason if far_apart(static, row.value) else "",
            }
        )
    return pd.DataFrame(rows)
