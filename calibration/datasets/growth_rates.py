"""Build ``growth.csv``: yearly growth by region for the embedded benchmarks.

Run: ``python -m calibration.datasets.growth_rates --data DATA``, where DATA holds ``oecd_icio_gross`` (WDI GDP at constant
prices) and ``national_accounts``. No projections may be had offline, so the rates are past ones, carried on:
GDP at constant 2015 USD 2011-2019 (World Development Indicators, CC BY 4.0; Chinese Taipei: Penn World Table 10.01, real
GDP 2011-2018), population 2011-2018 (Penn World Table). Labour of both skills and natural resources grow with population.
Groups weigh members with GDP and population. Replace the table for a study of the future.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.benchmark import load_benchmark
from calibration.datasets.world_2018 import GROUPED

FIRST, LAST = 2011, 2019


def rates(data: Path) -> pd.DataFrame:
    """Levels by economy: GDP in the first and last year, population in 2011 and 2018; index ISO code."""
    wdi = pd.read_csv(data / "oecd_icio_gross" / "WDI_GDP_constant2015USD.csv")
    column = "CountryCode_ISO3" if "CountryCode_ISO3" in wdi else "CountryCode"
    gdp = wdi.pivot_table(index=column, columns="Year", values="GDP_constant2015USD")
    penn = pd.read_csv(data / "national_accounts" / "pwt_2011_2018.csv").pivot(index="isocode", columns="year")
    out = pd.DataFrame(
        {"gdp_0": gdp[FIRST], "gdp_1": gdp[LAST], "pop_0": penn["pop"][2011], "pop_1": penn["pop"][2018]}
    ).dropna(subset=["pop_0", "pop_1"])
    lacking = out["gdp_0"].isna() | out["gdp_1"].isna()
    real = penn["rgdpe"].loc[out.index]
    stretched = real[2011] * (real[2018] / real[2011]) ** ((LAST - FIRST) / 7)
    out.loc[lacking, "gdp_0"], out.loc[lacking, "gdp_1"] = real[2011][lacking] * 1e6, stretched[lacking] * 1e6
    return out.dropna()


def build(data: Path) -> pd.DataFrame:
    """Rows (benchmark, region) with rates a year."""
    levels = rates(data)
    rows = []
    world, old = load_benchmark("world"), load_benchmark("world-2011")
    old_europe = {r for r, g in GROUPED.items() if g == "EU"}
    for name, benchmark in (("world", world), ("world-2011", old)):
        single = set(benchmark.regions)
        for region in benchmark.regions:
            if region in levels.index:
                members = [region]
            elif name == "world" and region in set(GROUPED.values()):
                members = [r for r, g in GROUPED.items() if g == region and r in levels.index]
            elif region == "EU":
                members = sorted(old_europe & set(levels.index))
            else:
                inside = set(GROUPED) if name == "world" else old_europe
                members = [r for r in levels.index if r not in single and r not in inside]
            total = levels.loc[members].sum()
            gdp = (total["gdp_1"] / total["gdp_0"]) ** (1 / (LAST - FIRST)) - 1
            population = (total["pop_1"] / total["pop_0"]) ** (1 / 7) - 1
            rows.append(
                {
                    "benchmark": name,
                    "region": region,
                    "gdp": gdp,
                    **dict.fromkeys(("population", "skl", "unskl", "nat"), population),
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    """Command line of the build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with the raw tables")
    args = parser.parse_args()
    head = (
        "# Growth rates a year, past ones carried on: GDP 2011-2019 (World Bank, WDI, CC BY 4.0), population\n"
        "# 2011-2018 (Penn World Table 10.01, CC BY 4.0); labour and natural resources with population.\n"
        "# Made by calibration/datasets/growth_rates.py\n"
    )
    table = build(args.data)
    numbers = table.select_dtypes(float).columns
    table[numbers] = np.round(table[numbers], 5)
    (Path(__file__).parent / "growth.csv").write_text(head + table.to_csv(index=False), encoding="utf-8")


if __name__ == "__main__":
    main()
