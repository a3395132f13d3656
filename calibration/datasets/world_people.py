"""Accounts of the shipped worlds with the people of the United Nations, which the baselines grow by too.

The Penn table's population agrees with the UN's to 0.6 % but for Cyprus (the UN counts the whole island) and Jordan, and lacks
twenty economies of the rest of the world, which has 1,133 million people by it and 1,262 million by the UN.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from calibration.readers import read_accounts
from calibration.readers.population import population_of, read_population


def accounts_of(data: Path, regions: list[str], year: int) -> pd.DataFrame:
    """National accounts (:func:`calibration.readers.read_accounts`) with ``pop`` of the World Population Prospects."""
    accounts = read_accounts(data / "national_accounts", regions, year)
    return accounts.assign(pop=population_of(read_population(data / "un_wpp")[0], regions, year))
