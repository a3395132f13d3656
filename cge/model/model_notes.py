"""What a reader of results must know about how a model was put together."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from calibration.benchmark import Benchmark
from calibration.production_elasticities import told as told_production
from cge.model.nominal import nominal_remark

if TYPE_CHECKING:
    from cge.model import Model


def unused_parameters(benchmark: Benchmark, symbols: Collection[str]) -> list[str]:
    """GTAP's parameters that the data hold and a composition other than GTAP's does not use, as one remark."""
    given = benchmark.elasticities.data_vars
    if "subpar" not in given or "subpar" in symbols:
        return []
    gtap = ("subpar", "incpar", "esubg", "esubi", "esubq", "etraq", "etrae", "mobility", "rorflex")
    names = [n for n in gtap if n in given and n not in symbols]
    return [
        f"GTAP's parameters {', '.join(names)} of this benchmark are not used: this model has its own demand and factor "
        "mobility; cge shock (cge.gtap) solves GTAP's"
    ]


def unworn_capital(model: Model) -> list[str]:
    """A remark where capital adjusts and the data charge no wear."""
    adjusts = any(s.fixed == "rkinv" and s.free == "qe" for s in model.closure.swaps)
    if not adjusts or model.data["vdep"].any():
        return []
    return ["capital adjusts, and the benchmark holds no depreciation (vdep): capital that is added is charged no wear"]


def private_demand(model: Model) -> dict[str, str]:
    """The form of private demand and where it comes from."""
    told = str(model.benchmark.elasticities.attrs.get("demand", ""))
    if "committed" not in model.symbols:
        return {"demand": "CDE (subpar, incpar)"} if "subpar" in model.symbols else {}
    if model.benchmark_values["committed"].any():
        return {"demand": told or "Stone-Geary with the benchmark's incelas and frisch"}
    chosen = told.startswith("Cobb-Douglas")
    return {"demand": told if chosen else "Cobb-Douglas: the benchmark carries no income elasticities"}


def production(model: Model) -> dict[str, str]:
    """Substitution between value added and intermediates and where it comes from."""
    if "esubt" not in model.symbols:
        return {}
    elasticities = model.benchmark.elasticities
    return {"production": str(elasticities.attrs.get("production", "")) or told_production(elasticities)}


def attributes(model: Model) -> dict[str, str]:
    """The model's choices, for the attributes of results."""
    remarks = [*model.remarks, *nominal_remark(model)]
    data = model.data
    return {
        "benchmark": model.benchmark.name,
        "currency": model.benchmark.currency,
        "sourcing": f"{data.sourcing}: " + "; ".join(f"{k} = {'+'.join(v)}" for k, v in data.classes.items()),
        "specific_factors": ", ".join(model.specific) or "none",
        **private_demand(model),
        **production(model),
        "numeraire": "pfactwld, world factor price index",
        **model.closure.describe(),
        **({"mechanisms": "; ".join(x.describe() for x in model.mechanisms)} if model.mechanisms else {}),
        **({"remarks": "; ".join(remarks)} if remarks else {}),
    }
