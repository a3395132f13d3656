"""Build benchmarks from WIOD 2011: the embedded default and the full 41 x 35 table.

Run: ``python -m calibration.datasets.world_2011 --data DATA [--out FOLDER] [--full FILE]``, where DATA
holds ``wiod_2013``, ``caliendo_parro_2015``, ``national_accounts``, ``pwt_10_01`` and ``gtap_v7_sample``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from calibration.aggregate import aggregate
from calibration.benchmark import Benchmark
from calibration.classification import KIND
from calibration.datasets.world_capital import add_capital
from calibration.datasets.world_demand import demand
from calibration.elasticities import to_dataset, wiod_table
from calibration.factors import sample_shares
from calibration.from_mrio import mrio_sam
from calibration.income_elasticities import grouped_demand
from calibration.mrio import Mrio
from calibration.readers import read_caliendo_parro, read_wiod
from calibration.script import arguments_of, parser_of, script
from calibration.tariffs import EU27_2011, caliendo_parro_tariffs

REGIONS = ["USA", "CAN", "MEX", "CHN", "JPN", "KOR", "AUS", "IDN", "TWN", "IND", "EU", "GBR", "RUS", "TUR", "BRA", "ROW"]
SECTORS = {
    "agr": ["c1"],
    "min": ["c2"],
    "foo": ["c3"],
    "tex": ["c4", "c5"],
    "wpp": ["c6", "c7"],
    "pet": ["c8"],
    "chm": ["c9"],
    "rub": ["c10"],
    "nmm": ["c11"],
    "met": ["c12"],
    "mac": ["c13"],
    "ele": ["c14"],
    "trn": ["c15"],
    "omf": ["c16"],
    "utc": ["c17", "c18"],
    "trd": [f"c{k}" for k in range(19, 28)],
    "bus": ["c28", "c29", "c30"],
    "svc": [f"c{k}" for k in range(31, 36)],
}
SECTOR_NAMES = {
    "agr": "agriculture",
    "min": "mining",
    "foo": "food",
    "tex": "textiles and apparel",
    "wpp": "wood and paper",
    "pet": "petroleum",
    "chm": "chemicals",
    "rub": "rubber and plastics",
    "nmm": "minerals",
    "met": "metals",
    "mac": "machinery",
    "ele": "electrical and electronics",
    "trn": "transport equipment",
    "omf": "other manufactures",
    "utc": "utilities and construction",
    "trd": "trade and transport",
    "bus": "business services",
    "svc": "other services",
}


def full_benchmark(data: Path) -> Benchmark:
    """The 41 x 35 benchmark of 2011 from the raw tables under ``data``."""
    return of_table(read_wiod(data / "wiod_2013"), data)


def of_table(table: Mrio, data: Path) -> Benchmark:
    """The benchmark of a WIOD table; with the table's own taxes less subsidies on products where it holds that row.

    The RData file of the public repository lacks the row, so that the shipped world has duties alone; the official spreadsheet
    has it (:func:`calibration.readers.read_wiod`).
    """
    published = read_caliendo_parro(data / "caliendo_parro_2015")
    tariffs = caliendo_parro_tariffs(published, table.regions, table.industries)
    rule: Literal["use", "value added"] = "value added" if table.taxes is None else "use"
    sam = mrio_sam(table, sample_shares(data / "gtap_v7_sample"), tariffs, product_taxes=rule)
    sam = add_capital(sam, data, int(table.year))
    full = Benchmark(sam, to_dataset(wiod_table(published, table.industries), sam.commodities, sam.regions), "wiod-2011")
    return demand(full, data, {i: KIND[table.details[i]] for i in table.industries})


def world(full: Benchmark) -> Benchmark:
    """The default: 16 regions x 18 sectors; elasticities weighted with imports (factors: value added)."""
    region_map = {r: "EU" if r in EU27_2011 and r != "GBR" else r for r in full.regions}
    sector_map = {old: new for new, olds in SECTORS.items() for old in olds}
    sam = aggregate(full.sam, region_map, sector_map, order=(REGIONS, list(SECTORS)))
    weights = {
        "esubm": full.sam["vmsb"].sum((1, 2)),
        "esubd": full.sam["vmsb"].sum((1, 2)),
        "esubva": full.sam["evfb"].sum((0, 2)),
    }
    old = full.elasticities
    sources = dict(line.split(": ", 1) for line in str(old.attrs["elasticity_sources"]).splitlines())
    rows = {}
    for new, members in SECTORS.items():
        pick = [full.commodities.index(c) for c in members]
        row: dict[str, object] = {
            symbol: float(np.average(old[symbol].values[pick, 0], weights=weight[pick])) for symbol, weight in weights.items()
        }
        rows[new] = {**row, "esubt": 0.0, "esubc": 0.0, "source": " | ".join(sources[c] for c in members[:2])}
    table = pd.DataFrame.from_dict(rows, orient="index")
    sam.data.attrs["title"] = f"World SAM {sam.data.attrs['year']}, {len(REGIONS)} regions x {len(SECTORS)} sectors"
    sam.data.attrs["sector_names"] = "; ".join(f"{k} {v}" for k, v in SECTOR_NAMES.items())
    sam.data.attrs["built_by"] = "calibration/datasets/world_2011.py"
    grouped = Benchmark(sam, to_dataset(table, sam.commodities, sam.regions), "world-2011")
    return grouped_demand(full, region_map, sector_map, grouped)


@script
def main() -> None:
    """Command line of the build."""
    parser = parser_of(__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder of the embedded file")
    parser.add_argument("--full", type=Path, help="also write the 41 x 35 benchmark to this file")
    args = arguments_of(parser)
    full = full_benchmark(args.data)
    world(full).save(args.out / "world-2011.nc")
    if args.full:
        full.save(args.full)


if __name__ == "__main__":
    main()
