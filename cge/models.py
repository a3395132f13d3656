"""The models of the library by name, each assembled on a benchmark: what is documented, and what a policy runs on."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from calibration import Benchmark, load_benchmark
from calibration.errors import nearest
from calibration.from_flows import one_final_demand
from calibration.growth import read_growth
from calibration.gtap import open_gtap
from cge.blocks.deficits import TRADE_MODEL
from cge.catalogue import question
from cge.dynamics import Baseline, Dynamics
from cge.equations.closure import Closure
from cge.errors import ModelError
from cge.gtap import gtap_model
from cge.model import Model

MODELS = {
    "core": "Core model",
    "gtap": "GTAP standard model",
    "rules": "Core model with USMCA's rules of origin",
    "growth": "A year of the dynamic model",
    "trade": "Quantitative trade model",
}
"""Name -> what it is."""


def check_name(name: str) -> None:
    """Refuse what is no model.

    Raises
    ------
    ModelError
        Unknown name.
    """
    if name not in MODELS:
        raise ModelError(f"unknown model {name!r}{nearest(name, MODELS)}; choose one of {', '.join(MODELS)}")


def open_benchmark(name: str, source: str | Path, elasticities: str = "") -> Benchmark:
    """The benchmark that a model runs on: GTAP's needs more parameters than the others.

    Parameters
    ----------
    name : str
        Key of :data:`MODELS`.
    source : str or path
    elasticities : str
        A study that the benchmark carries, instead of its own; not for ``gtap``, which has its parameters in its files.
    """
    check_name(name)
    if name != "gtap":
        return load_benchmark(source, elasticities or None)
    if elasticities:
        raise ModelError("--elasticities does not apply to 'gtap', whose parameters come with its data")
    return open_gtap(source)


def build(
    name: str,
    benchmark: Benchmark,
    closure: Closure | None = None,
    sourcing: str = "use",
    growth: str | Path | None = None,
) -> Model:
    """Assemble a model.

    Parameters
    ----------
    name : str
        Key of :data:`MODELS`.
    benchmark : Benchmark
        ``gtap`` needs GTAP's parameters (:func:`open_benchmark`), ``rules`` a sector of motor vehicles, ``growth`` rates
        of growth for its regions; for ``trade`` government and investment are folded into consumption
        (:func:`calibration.from_flows.one_final_demand`).
    closure : Closure, optional
        Not for ``rules``, which ties the capital of assembly.
    sourcing : str
        Bundles of imports of ``core`` and ``growth``; ``gtap`` and ``trade`` pool them, ``rules`` has its own.
    growth : path, optional
        Rates of growth for ``growth`` (:func:`calibration.growth.read_growth`).

    Raises
    ------
    ModelError
        Unknown name, a choice that is not this model's, or the benchmark cannot carry the model.
    """
    check_name(name)
    if sourcing != "use" and name in ("gtap", "rules", "trade"):
        raise ModelError(f"sourcing belongs to the models core and growth; {name!r} has its own")
    if closure is not None and name == "rules":
        raise ModelError("a closure belongs to the models core, gtap, growth and trade; 'rules' ties the capital of assembly")
    if growth is not None and name != "growth":
        raise ModelError(f"rates of growth belong to the model growth, not to {name!r}")
    if name == "gtap":
        return gtap_model(benchmark, closure)
    if name == "rules":
        asked = question("usmca")
        assert asked.model is not None
        return cast(Model, asked.model(benchmark))
    if name == "trade":
        return Model(one_final_demand(benchmark), closure, sourcing="pooled", demand="cobb-douglas", blocks=TRADE_MODEL)
    if name == "growth":
        rates = read_growth(benchmark, growth)
        plain = Model(benchmark, closure, sourcing=sourcing)
        return Dynamics(plain, Baseline.between(0, 0, rates), "returns").policy_model
    return Model(benchmark, closure, sourcing=sourcing)
