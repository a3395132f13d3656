"""Private demand of the shipped worlds: income elasticities at each economy's income per head.

Run once for the table that the library ships: ``python -m calibration.datasets.world_demand --data DATA``, where DATA holds
``gtap_v7_sample``; it writes ``calibration/datasets/income_elasticities.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from calibration.benchmark import Benchmark
from calibration.datasets.world_people import accounts_of
from calibration.geography import ALIASES
from calibration.income_elasticities import SHIPPED, fitted_lines, sample_elasticities, with_income_elasticities
from calibration.script import arguments_of, parser_of, script

HEADING = """\
# Income elasticities of private demand by area and kind of good, with each kind's share of private spending, GDP per head
# (USD of 2017) and the Frisch parameter of the area; from SUBPAR and INCPAR of the public GTAP v7-format sample of the Julia
# package GlobalTradeAnalysisProjectModelV7 (MIT); made by calibration.datasets.world_demand. Income elasticities weighted
# with shares sum to 1.
"""


def demand(full: Benchmark, data: Path, kinds: Mapping[str, str]) -> Benchmark:
    """A world with income elasticities from the sample and the national accounts of its year under ``data``."""
    codes = {r: ALIASES.get(r, r) for r in full.regions}
    accounts = accounts_of(data, list(codes.values()), int(str(full.sam.data.attrs["year"])))
    income = accounts["gdp"] / accounts["pop"]
    lines = fitted_lines(sample_elasticities(data / "gtap_v7_sample"))
    return with_income_elasticities(full, {r: float(income[code]) for r, code in codes.items()}, kinds, lines)


@script
def main() -> None:
    """Command line of the shipped table."""
    parser = parser_of(__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder of the table")
    args = arguments_of(parser)
    table = sample_elasticities(args.data / "gtap_v7_sample")
    text = table.to_csv(float_format="%.6f", lineterminator="\n")
    (args.out / SHIPPED).write_text(HEADING + text, encoding="utf-8")


if __name__ == "__main__":
    main()
