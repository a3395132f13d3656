"""Build ``rcep_schedule.csv``: how Japan and Australia take RCEP's cuts, by partner group and sector of the default world.

Run: ``python -m policies.data.rcep_schedule --data DATA``, where DATA holds ``tariff_japan``, ``tariff_australia``,
``eu_uk_mfn_tariff``, ``section_301`` and ``china_retaliation``. Each duty is the most-favoured-nation duty by line times the
weights of :mod:`calibration.mfn`, but that lines of a sector weigh alike in Japan (the trade in those weights is what the
United States sells to China: wet hides, cotton yarn; members sell Japan other goods of the sector). The columns say which share
of a sector's duty goes at once, in 11 or in 16 equal yearly steps, or stays. Japan: lines of 2026 with the
steps that the rates of 2025 and 2026 imply; lines whose steps are unclear take the
number that 2026 implies, at most 16. Australia: everything is free but the lines listed with a rate, whose later cuts are not
in the source (their printed rate stays: an upper bound). Rates by weight are excise-equivalents and left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from calibration.datasets.world_2018 import AGGREGATES
from calibration.mfn import read_schedules, to_codes
from calibration.readers.schedules import read_japan_lines
from calibration.script import arguments_of, parser_of, script

GROUPS = {"rcep_chn": "CHN", "rcep_kor": "KOR", "rcep_asean_aus_nzl": "ASEAN-AUS-NZL"}
CUTS_BY_2026 = 6
STEPS = (11, 16)
HEAD = (
    "# RCEP by line: share of a sector's duty that goes at once, in 11 or 16 equal steps, or stays; mfn: mean duty, fraction.\n"
    "# Japan (Japan Customs, 2026) by partner group, Australia (Australian Border Force, Schedule 14) alike for all\n"
)
_SECTOR = {good: sector for sector, (_, goods) in AGGREGATES.items() for good in goods}


def japan(data: Path) -> pd.DataFrame:
    """Rows (importer, partner, sector) of Japan."""
    lines = read_japan_lines(data / "tariff_japan")
    parts = []
    for column, partner in GROUPS.items():
        given, steps = lines[column], lines[f"{column}_steps"]
        ratio = (given / lines["rate"].where(lines["rate"] > 0)).clip(0.0, 1.0)
        implied = (CUTS_BY_2026 / (1.0 - ratio).where(ratio < 1.0)).round()
        number = steps.where(steps > 0, implied)
        kind = pd.Series("stays", index=lines.index)
        kind = kind.mask(given.notna() & (number > 11), "steps16").mask(given.notna() & number.between(7, 11), "steps11")
        kind = kind.mask(given.notna() & ((number < 7) | ratio.isna() & (given == 0)), "free")
        table = lines.assign(**{name: (kind == name).astype(float) for name in ("free", "steps11", "steps16", "stays")})
        columns = ("rate", "free", "steps11", "steps16", "stays")
        codes = to_codes(table, pd.Series(dtype=float), columns).table
        parts.append(_by_sector(codes, "JPN", partner))
    return pd.concat(parts, ignore_index=True)


def australia(data: Path) -> pd.DataFrame:
    """Rows of Australia, one partner group ``all``."""
    codes = read_schedules(data)["AUS"].table
    listed = pd.read_csv(data / "tariff_australia" / "fta_schedules_exclusions.csv", dtype=str)
    listed = listed[listed["schedule"] == "Schedule 14"]
    rate = pd.to_numeric(listed["dutyRate"].str.extract(r"^([\d.]+)%$")[0], errors="coerce") / 100.0
    kept = rate.groupby(listed["hsCode"].str.replace(".", "").str[:6]).max().dropna()
    stays = (codes["hs6"].map(kept).fillna(0.0) / codes["rate"].where(codes["rate"] > 0)).fillna(0.0).clip(upper=1.0)
    codes = codes.assign(free=1.0 - stays, steps11=0.0, steps16=0.0, stays=stays)
    return _by_sector(codes, "AUS", "all")


def _by_sector(codes: pd.DataFrame, importer: str, partner: str) -> pd.DataFrame:
    sector = codes["good"].map(_SECTOR)
    weight, due = codes["weight"].groupby(sector).sum(), codes["weight"] * codes["rate"]
    total = due.groupby(sector).sum()
    table = pd.DataFrame({"mfn": total / weight})
    for kind in ("free", "steps11", "steps16", "stays"):
        table[kind] = (due * codes[kind]).groupby(sector).sum() / total.where(total > 0)
    table = table[table["mfn"] > 0].rename_axis("sector").reset_index()
    order = {name: k for k, name in enumerate(AGGREGATES)}
    return table.sort_values("sector", key=lambda x: x.map(order), kind="stable").assign(importer=importer, partner=partner)


def build(data: Path) -> pd.DataFrame:
    """The table, shares rounded to three digits and summing to one."""
    table = pd.concat([japan(data), australia(data)], ignore_index=True)
    kinds = ["free", "steps11", "steps16", "stays"]
    gap = abs(table[kinds].sum(axis=1) - 1.0)
    assert float(np.max(gap)) < 1e-9, "shares of a sector's duty do not add up"
    table[kinds[:-1]] = table[kinds[:-1]].round(3)
    table["stays"] = (1.0 - table[kinds[:-1]].sum(axis=1)).clip(lower=0.0).round(3)
    return table[["importer", "partner", "sector", "mfn", *kinds]].round({"mfn": 5})


@script
def main() -> None:
    """Command line of the build."""
    parser = parser_of(__doc__)
    args = arguments_of(parser)
    Path(__file__).with_suffix(".csv").write_text(HEAD + build(args.data).to_csv(index=False), encoding="utf-8")


if __name__ == "__main__":
    main()
