"""Re-basing of tax rates: new rates, a data base as little changed as can be.

After Malcolm, "Adjusting Tax Rates in the GTAP Data Base", GTAP Technical Paper 12, 1998: the rates are
shocked in a model in which all substitution is Cobb-Douglas, so that value shares stay; the updated data
are the new data base, to which the ordinary parameters return.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.benchmark import Benchmark
from cge.gtap import gtap_model
from cge.model.shock import Shock
from cge.results.updated_data import updated_sam

NEAR_ZERO = 1e-3
"""CDE substitution parameter of the re-basing model: as it falls to zero, private demand becomes Cobb-Douglas."""


def altertax(benchmark: Benchmark, shock: Shock) -> Benchmark:
    """The benchmark with the shock's tax rates, its other value shares nearly kept."""
    neutral = benchmark.elasticities.copy(deep=True)
    for symbol in ("esubm", "esubd", "esubva", "esubg", "esubi", "esubs", "incpar", "esubc", "esubt"):
        neutral[symbol] = neutral[symbol].copy(data=np.ones(neutral[symbol].shape))
    neutral["subpar"] = neutral["subpar"].copy(data=np.full(neutral["subpar"].shape, NEAR_ZERO))
    neutral["etrae"] = neutral["etrae"].copy(
        data=np.where(neutral["mobility"].values[:, None] == 1, -1.0, neutral["etrae"].values)
    )
    neutral.attrs["rordelta"] = 0
    after = gtap_model(replace(benchmark, elasticities=neutral)).solve(shock)
    return replace(benchmark, sam=updated_sam(after), name=f"{benchmark.name} with {shock.name}")
