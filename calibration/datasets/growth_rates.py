"""Build ``growth.csv`` and ``growth_past.csv``: yearly growth by region for the embedded benchmarks.

Run: ``python -m calibration.datasets.growth_rates --data DATA [--report]``, where DATA holds ``oecd_icio_gross`` (WDI, GDP
at constant 2015 USD, to 2024), ``pwt_10_01``, ``un_wpp``, ``national_accounts``; with ``--report`` also ``ssp``, to
print shares of world GDP beside SSP2's.

The default. GDP is observed to 2024 (or the last year that the table has, 2023 for Chinese Taipei) and follows the rule of
conditional convergence from there (:mod:`calibration.convergence`), estimated on the Penn table 10.01 over 2010-2019 (the
years at hand) for the economies of this library; human capital stays at its last value, the share of investment in GDP at its
mean of the sample. Population: WPP 2019 to the middle of 2024, growth of WPP 2024 (31 December) after. Labour of both skills
grows with people aged 15-64: their share in WPP 2019 times that population; natural resources with population. Economies that
lack a condition of the rule (human capital: Belarus and others) follow their group from 2024 on.

``past``: GDP at constant 2015 USD 2011-2019 (Chinese Taipei: Penn table, 2011-2018), population 2011-2018 (Penn table),
carried on; labour and natural resources with population.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from calibration.benchmark import Benchmark, load_benchmark
from calibration.convergence import PAST, Rule, estimate_rule, project
from calibration.geography import ECONOMIES
from calibration.growth import COLUMNS, gdp_shares, level, members, period_rates, read_growth
from calibration.parse import numbers_of, reading
from calibration.readers.population import read_population
from calibration.script import arguments_of, parser_of, script

FIRST, LAST = 2011, 2019
SAMPLE = (2010, 2015, 2019)
OBSERVED = 2024
HORIZON = 2050
MARKS = {"world": [2018, OBSERVED, 2030, 2035, 2040, 2045, HORIZON]}
MARKS["world-2011"] = [2011, *MARKS["world"]]
SHOWN = ("USA", "EU", "CHN", "IND", "JPN", "KOR", "IDN", "VNM", "BRA", "RUS", "XAF", "ROW")
HEADS = {
    "growth.csv": (
        "# Growth rates a year, each row for the years to 'until'. GDP: observed to 2024 (World Bank, WDI, CC BY 4.0), then\n"
        "# conditional convergence estimated on the Penn World Table 10.01 (CC BY 4.0). Population and labour (people aged\n"
        "# 15-64): United Nations, WPP 2019 and 2024 (CC BY 3.0 IGO). Made by calibration/datasets/growth_rates.py\n"
    ),
    "growth_past.csv": (
        "# Growth rates a year, past ones carried on: GDP 2011-2019 (World Bank, WDI, CC BY 4.0), population\n"
        "# 2011-2018 (Penn World Table 10.01, CC BY 4.0); labour and natural resources with population.\n"
        "# Made by calibration/datasets/growth_rates.py\n"
    ),
}


def constant_gdp(data: Path) -> pd.DataFrame:
    """GDP at constant 2015 USD, economies and years (World Development Indicators)."""
    path, column = data / "oecd_icio_gross" / "WDI_GDP_constant2015USD.csv", "GDP_constant2015USD"
    with reading(path, "table of GDP at constant prices (CountryCode_ISO3, Year, GDP_constant2015USD)"):
        wdi = pd.read_csv(path, keep_default_na=False)
        values = numbers_of(wdi, [column], path, ["CountryCode_ISO3", "Year"])[column]
    return wdi.assign(value=values).pivot_table(index="CountryCode_ISO3", columns="Year", values="value")


def per_person(data: Path, working: pd.DataFrame) -> pd.DataFrame:
    """Log output per person of working age by economy and year, from 1995 to the last Penn year.

    Levels and growth are the Penn table's from 2010 on. Before, output grows as in the World Bank's table, and people of
    working age as from 2010 to 2015, for the UN's table of them begins in 2010.
    """
    penn = penn_table(data)["rgdpna"]
    levels = np.log(penn / working.reindex(penn.index)[penn.columns]).dropna()
    output = np.log(constant_gdp(data)).reindex(levels.index)
    begin, until = int(penn.columns[0]), 5
    more_people = np.log(working[begin + until] / working[begin]).reindex(levels.index) / until
    before = {
        year: levels[begin] - (output[begin] - output[year]) + more_people * (begin - year)
        for year in range(SAMPLE[0] - PAST, begin)
    }
    return pd.DataFrame({**before, **{year: levels[year] for year in levels}})


def fundamentals(data: Path) -> pd.DataFrame:
    """The conditions of the rule: human capital of the last Penn year, the share of investment its mean."""
    penn = penn_table(data)
    return pd.DataFrame({"skills": np.log(penn["hc"][SAMPLE[-1]]), "investment": np.log(penn["csh_i"].mean(axis=1))})


def penn_table(data: Path) -> pd.DataFrame:
    """The extract of the Penn World Table, economies by variable and year."""
    path = data / "pwt_10_01" / "pwt_2010_2019.csv"
    with reading(path, "extract of the Penn World Table"):
        return pd.read_csv(path, keep_default_na=False, na_values=[""]).pivot(index="iso3", columns="year")


def convergence_rule(data: Path) -> tuple[Rule, pd.Series]:
    """The rule, estimated over the economies of this library, and what every economy grew beyond it.

    Human capital and investment are those of the first year, before the growth that they are to explain: investment over the
    sample's years follows growth too.
    """
    working = read_population(data / "un_wpp")[1]
    levels, penn, workers = per_person(data, working), penn_table(data), np.log(working)
    at_start = np.log(pd.DataFrame({"skills": penn["hc"][SAMPLE[0]], "investment": penn["csh_i"][SAMPLE[0]]}))
    chosen = [e for e in levels.index if e in ECONOMIES]
    rule = estimate_rule(levels.loc[chosen], at_start.loc[chosen], workers, SAMPLE)
    return rule, rule.excess(levels, at_start, workers)


def output_paths(data: Path) -> pd.DataFrame:
    """GDP at constant 2015 USD by economy and year, 2011 to 2050; NaN behind 2024 where the rule lacks a condition."""
    working = read_population(data / "un_wpp")[1]
    levels, conditions = per_person(data, working), fundamentals(data)
    known = constant_gdp(data)
    penn_last = int(levels.columns[-1])
    per_head = levels.copy()
    observed = np.log(known.div(working)).reindex(per_head.index)
    for year in range(penn_last + 1, OBSERVED + 1):
        per_head[year] = per_head[penn_last] + observed[year] - observed[penn_last]
    rule, excess = convergence_rule(data)
    ruled = np.exp(project(rule, per_head, conditions, np.log(working), excess, HORIZON)) * working
    years = list(range(FIRST, HORIZON + 1))
    ruled = ruled.dropna(how="all")[years]
    paths = ruled.copy()
    for economy in known.index.intersection(working.index):  # levels of the World Bank, growth of the rule behind them
        row = known.loc[economy].reindex(years)
        last = row.loc[:OBSERVED].last_valid_index()
        if economy in ruled.index and last is not None:
            ahead = ruled.loc[economy, last:HORIZON]
            row.loc[last:HORIZON] = row[last] * ahead / ahead[last]
        paths.loc[economy] = row.where(row.index <= (HORIZON if economy in ruled.index else OBSERVED))
    return paths.dropna(subset=[FIRST])


def default_rates(data: Path, benchmark: Benchmark) -> pd.DataFrame:
    """The default's rates of one benchmark; index (region, until)."""
    marks = MARKS[benchmark.name]
    gdp, (population, working) = output_paths(data), read_population(data / "un_wpp")
    gdp = gdp[gdp[[y for y in marks if y <= OBSERVED]].notna().all(axis=1) | gdp[HORIZON].notna()]
    grown = {}
    for region, inside in members(benchmark, list(gdp.index)).items():
        inside_gdp = gdp.loc[inside]
        whole = inside_gdp[inside_gdp[HORIZON].notna()]
        path = inside_gdp.sum()
        ahead = [y for y in path.index if y > OBSERVED]
        path[ahead] = path[OBSERVED] * whole[ahead].sum() / whole[OBSERVED].sum()
        grown[region] = path
    inside_of = members(benchmark, list(population.index))
    rates = {
        "gdp": period_rates(pd.DataFrame(grown).T, marks).stack(),
        "population": period_rates(pd.DataFrame({r: population.loc[i].sum() for r, i in inside_of.items()}).T, marks).stack(),
    }
    labour = period_rates(pd.DataFrame({r: working.loc[i].sum() for r, i in inside_of.items()}).T, marks).stack()
    return pd.DataFrame({**rates, "skl": labour, "unskl": labour, "nat": rates["population"]})[list(COLUMNS)]


def past_rates(data: Path, benchmark: Benchmark) -> pd.DataFrame:
    """What GDP and population grew by, a year; index region."""
    gdp = constant_gdp(data)
    penn = pd.read_csv(data / "national_accounts" / "pwt_2011_2018.csv").pivot(index="isocode", columns="year")
    levels = pd.DataFrame(
        {"gdp_0": gdp[FIRST], "gdp_1": gdp[LAST], "pop_0": penn["pop"][2011], "pop_1": penn["pop"][2018]}
    ).dropna(subset=["pop_0", "pop_1"])
    lacking = levels["gdp_0"].isna() | levels["gdp_1"].isna()
    real = penn["rgdpe"].loc[levels.index]
    stretched = real[2011] * (real[2018] / real[2011]) ** ((LAST - FIRST) / 7)
    levels.loc[lacking, "gdp_0"], levels.loc[lacking, "gdp_1"] = real[2011][lacking] * 1e6, stretched[lacking] * 1e6
    levels = levels.dropna()
    totals = pd.DataFrame({r: levels.loc[i].sum() for r, i in members(benchmark, list(levels.index)).items()}).T
    population = (totals["pop_1"] / totals["pop_0"]) ** (1 / 7) - 1
    rates = {"gdp": (totals["gdp_1"] / totals["gdp_0"]) ** (1 / (LAST - FIRST)) - 1}
    return pd.DataFrame({**rates, **dict.fromkeys(COLUMNS[1:], population)}).rename_axis("region")


def build(data: Path) -> dict[str, pd.DataFrame]:
    """The two files' rows by file name, columns benchmark, region[, until], rates."""
    benchmarks = [load_benchmark(name) for name in MARKS]
    makers = {"growth.csv": default_rates, "growth_past.csv": past_rates}
    return {
        name: pd.concat({b.name: make(data, b) for b in benchmarks}, names=["benchmark"]).reset_index()
        for name, make in makers.items()
    }


def shares_beside_ssp(data: Path, benchmark: Benchmark, year: int = 2035) -> pd.DataFrame:
    """Shares of world GDP, per cent at prices of the benchmark's year, under each baseline; index region.

    The last column has SSP2's growth behind the observed years, as the default has the rule's: the two projections alone.
    """
    first = int(str(benchmark.attrs["year"]))
    ssp = read_growth(benchmark, f"ssp2:{data / 'ssp' / 'ssp_v3_0_1_2020_2050.csv'}")
    past, default = read_growth(benchmark, "past"), read_growth(benchmark)
    gdp = pd.Series(benchmark.sam.gdp(), benchmark.regions)
    joined = gdp * level(default, "gdp", first, OBSERVED) * level(ssp, "gdp", OBSERVED, year)
    return pd.DataFrame(
        {
            str(first): gdp_shares(benchmark, past, first, first),
            f"{year} past": gdp_shares(benchmark, past, first, year),
            f"{year} default": gdp_shares(benchmark, default, first, year),
            f"{year} SSP2": gdp_shares(benchmark, ssp, first, year),
            f"{year} SSP2 from {OBSERVED}": 100 * joined / joined.sum(),
        }
    ).loc[benchmark.regions]


@script
def main() -> None:
    """Command line of the build."""
    parser = parser_of(__doc__)
    parser.add_argument("--report", action="store_true", help="print the rule, and shares of world GDP beside SSP2's")
    args = arguments_of(parser)
    for name, table in build(args.data).items():
        numbers = table.select_dtypes(float).columns
        table[numbers] = np.round(table[numbers], 5)
        (Path(__file__).parent / name).write_text(HEADS[name] + table.to_csv(index=False), encoding="utf-8")
    if args.report:
        print(convergence_rule(args.data)[0].describe())
        shares = shares_beside_ssp(args.data, load_benchmark("world"))
        print(shares.loc[[r for r in SHOWN if r in shares.index]].round(2).to_string())


if __name__ == "__main__":
    main()
