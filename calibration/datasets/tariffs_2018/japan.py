"""Build ``japan_margins.csv``: the share of Japan's duties that its preferences remove, by exporter and good.

Run: ``python -m calibration.datasets.tariffs_2018.japan --data DATA``, where DATA holds ``tariff_japan`` and
``china_retaliation``. From the schedule of 2026 by line, weighted as in :mod:`calibration.mfn`; agreements of 2019 and later
(CPTPP, EU, United Kingdom, USA, RCEP) are left out. ``kind`` is that of the agreement the row belongs to: ``free``
(economic partnership, with the
lower of ASEAN's and the own agreement's rate) or ``oneway`` (generalised and least developed preferences).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.classification import GOODS
from calibration.mfn import to_codes
from calibration.preferences import GROUPS, agreements
from calibration.readers.schedules import PREFERENCES, read_china_imports, read_japan_lines

PARTNERS = {
    **{code: ("asean", code.lower()) for code in "BRN IDN MYS PHL SGP THA VNM".split()},
    **dict.fromkeys(("KHM", "LAO", "MMR"), ("asean",)),
    **{code: (code.lower(),) for code in "MEX CHL CHE IND PER AUS".split()},
}
"""Exporter -> preference columns of its economic partnership."""


def margins(data: Path) -> pd.DataFrame:
    """Share of the duty removed in the end, index (exporter, kind), columns goods with a duty."""
    lines = read_japan_lines(data / "tariff_japan")
    for column in PREFERENCES:  # nothing printed: the most-favoured-nation rate; a rate beside a specific duty: that rate
        lines[column] = lines[column].fillna(lines["rate"])
    table = to_codes(lines, read_china_imports(data / "china_retaliation"), ("rate", *PREFERENCES)).table
    rows: dict[tuple[str, str], pd.Series] = {}
    for exporter, columns in PARTNERS.items():
        rows[exporter, "free"] = _removed(table, list(columns))
    schemes = next(x for x in agreements() if x.name == "Japan generalised preferences").b
    for exporter in dict.fromkeys((*GROUPS["LDC"], *schemes)):
        rows[exporter, "oneway"] = _removed(table, ["ldc", "gsp"] if exporter in GROUPS["LDC"] else ["gsp"])
    found = pd.DataFrame(rows).T.rename_axis(["exporter", "kind"])
    return found[[g for g in GOODS if g in found]].dropna(axis=1, how="all").sort_index()


def _removed(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    paid = np.minimum(table[columns].min(axis=1).fillna(table["rate"]), table["rate"])
    due = (table["weight"] * table["rate"]).groupby(table["good"]).sum()
    saved = (table["weight"] * (table["rate"] - paid)).groupby(table["good"]).sum()
    return (saved / due.where(due > 0)).dropna()


def main() -> None:
    """Command line of the build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with the raw tables")
    args = parser.parse_args()
    head = (
        "# Share of Japan's duty that a preference removes in the end, by exporter, kind of agreement, good; made by japan.py\n"
    )
    text = head + margins(args.data).to_csv(float_format="%.3f")
    Path(__file__).with_name("japan_margins.csv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
