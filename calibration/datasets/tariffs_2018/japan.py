"""Build ``japan_margins.csv``: the share of Japan's duties that its preferences remove, by exporter and good.

Run: ``python -m calibration.datasets.tariffs_2018.japan --data DATA``, where DATA holds ``tariff_japan``. From the schedule of
2026 by line; agreements of 2019 and later (CPTPP, EU, United Kingdom, USA, RCEP) are left out. ``kind`` is that of the
agreement the row belongs to: ``free`` (economic partnership, with the lower of ASEAN's and the own agreement's rate) or
``oneway`` (``JAPAN_GSP`` and ``LDC``: all beneficiaries of generalised and least developed preferences). Lines of a sector
weigh alike: the trade in :mod:`calibration.mfn` is of the United States, which sells other goods (hides, cotton) than these
partners.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from calibration.classification import GOODS
from calibration.mfn import to_codes
from calibration.readers.schedules import PREFERENCES, read_japan_lines
from calibration.script import arguments_of, parser_of, script

PARTNERS = {
    **{code: ("asean", code.lower()) for code in "BRN IDN MYS PHL SGP THA VNM".split()},
    **dict.fromkeys(("KHM", "LAO", "MMR"), ("asean",)),
    **{code: (code.lower(),) for code in "MEX CHL CHE IND PER AUS".split()},
}
"""Exporter -> preference columns of its economic partnership."""
SCHEMES = {"JAPAN_GSP": ["gsp"], "LDC": ["ldc", "gsp"]}
"""Group of beneficiaries -> preference columns of its scheme."""


def margins(data: Path) -> pd.DataFrame:
    """Share of the duty removed in the end, index (exporter, kind), columns goods with a duty."""
    lines = read_japan_lines(data / "tariff_japan")
    for column in PREFERENCES:  # nothing printed: the most-favoured-nation rate; a rate beside a specific duty: that rate
        lines[column] = lines[column].fillna(lines["rate"])
    table = to_codes(lines, pd.Series(dtype=float), ("rate", *PREFERENCES)).table
    rows = {(exporter, "free"): _removed(table, list(columns)) for exporter, columns in PARTNERS.items()}
    for scheme, names in SCHEMES.items():
        rows[scheme, "oneway"] = _removed(table, names)
    found = pd.DataFrame(rows).T.rename_axis(["exporter", "kind"])
    return found[[g for g in GOODS if g in found]].dropna(axis=1, how="all").sort_index()


def _removed(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    paid = np.minimum(table[columns].min(axis=1).fillna(table["rate"]), table["rate"])
    due = (table["weight"] * table["rate"]).groupby(table["good"]).sum()
    saved = (table["weight"] * (table["rate"] - paid)).groupby(table["good"]).sum()
    return (saved / due.where(due > 0)).dropna()


@script
def main() -> None:
    """Command line of the build."""
    parser = parser_of(__doc__)
    args = arguments_of(parser)
    head = (
        "# Share of Japan's duty that a preference removes in the end, by exporter, kind of agreement, good; made by japan.py\n"
    )
    text = head + margins(args.data).to_csv(float_format="%.3f")
    Path(__file__).with_name("japan_margins.csv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
