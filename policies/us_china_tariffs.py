"""The US-China tariff war of 2018 to 2020: additional duties by stage, with or without retaliation.

From July 2018 the United States put duties of 7.5 to 25 % on most imports from China under Section 301 of the
Trade Act of 1974; China answered with duties of 5 to 25 % on most imports from the United States. The
experiment adds the mean additional duty of each sector (``policies/data/us_china_duties.csv``, made by the script
beside it) to the benchmark's rates. Bown (PIIE, 2019 and 2020) has trade-weighted averages: US duties on China
21.0 % in September 2019 and 19.3 % in February 2020, 3.1 % before.

What it cannot say: exclusions granted to single firms, rerouting through third countries, uncertainty.
"""

from __future__ import annotations

from importlib import resources

import pandas as pd

from calibration.errors import nearest
from cge.catalogue import Question
from cge.errors import ShockError
from cge.policy.policy import InstrumentChange, Policy

__all__ = ["QUESTION", "us_china"]


def duties() -> pd.DataFrame:
    """Additional duties; index ``(benchmark, stage, sector)``, columns ``us_on_china, china_on_us``, fractions."""
    with (resources.files("policies") / "data" / "us_china_duties.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#").set_index(["benchmark", "stage", "sector"]).sort_index()


def us_china(stage: str = "2020-02", retaliation: bool = True, sectors: str = "world") -> Policy:
    """The tariff war at one stage.

    Parameters
    ----------
    stage : str
        ``2018-09`` (lists 1 to 3), ``2019-06`` (list 3 at 25 %), ``2019-09`` (list 4A at 15 %), ``2020-02`` (at 7.5 %).
    retaliation : bool
        Add China's duties on the United States (those of June 2019 in later stages).
    sectors : str
        Embedded benchmark whose sectors the duties are given for: ``world`` or ``world-2011``.

    Raises
    ------
    ShockError
        Unknown stage or sectors.

    Examples
    --------
    >>> us_china("2018-09", retaliation=False).instruments[0].where["d"]
    'USA'
    """
    table = duties()
    for word, level, what in ((sectors, 0, "sector list"), (stage, 1, "stage")):
        known = list(dict.fromkeys(table.index.get_level_values(level)))
        if word not in known:
            raise ShockError(f"us-china: unknown {what} {word!r}{nearest(word, known)}; known: {', '.join(known)}")
    rates = table.loc[(sectors, stage)]
    changes = []
    for column, source, destination in (("us_on_china", "CHN", "USA"), ("china_on_us", "USA", "CHN")):
        if column == "china_on_us" and not retaliation:
            continue
        for sector, rate in rates[column].items():
            if rate:
                where: dict[str, str | tuple[str, ...]] = {"i": str(sector), "s": source, "d": destination}
                note = f"{destination} on {source}: {100 * rate:.1f} points"
                changes.append(InstrumentChange(instrument="tms", where=where, rate_add=float(rate), note=note))
    return Policy(
        name="us-china",
        title=f"US-China tariff war, {stage}" + ("" if retaliation else ", without retaliation"),
        description="Additional duties of the United States on China (Section 301) and of China on the United States.",
        sources=(
            "US lists: Federal Register notices, compiled by the Budget Lab at Yale (tariff-rate-tracker, MIT)",
            "China's retaliation: Bown, Jung, Zhang, PIIE Trade and Investment Policy Watch, 12 June 2019",
        ),
        members=("USA", "CHN"),
        instruments=tuple(changes),
        notes=(
            "US duties are means over tariff lines (electronics overstated), China's are weighted with its imports from the "
            "United States in 2017.",
        ),
    )


QUESTION = Question.of("us-china", us_china, "US-China tariff war")
