"""A GTAP benchmark: the standard model's flows with all its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from calibration import limits
from calibration.benchmark import Benchmark, available, load_benchmark
from calibration.errors import DataError
from calibration.readers.gtap_sample import read_gtap_sample
from calibration.readers.har import read_gtap_har
from calibration.rebalance import rebalance
from calibration.sam import Sam

HEADERS = {
    "esubm": ("esbm", ("i", "r"), "substitution among import origins"),
    "esubd": ("esbd", ("i", "r"), "substitution between domestic and imported"),
    "esubva": ("esbv", ("a", "r"), "substitution among primary factors"),
    "esubt": ("esbt", ("a", "r"), "substitution between value added and intermediates"),
    "esubc": ("esbc", ("a", "r"), "substitution among intermediates"),
    "esubg": ("esbg", ("r",), "substitution among government purchases"),
    "esubs": ("esbs", ("m",), "substitution among suppliers of a margin service"),
    "subpar": ("subp", ("i", "r"), "CDE substitution parameter"),
    "incpar": ("incp", ("i", "r"), "CDE expansion parameter"),
    "etrae": ("etre", ("f", "r"), "transformation of a sluggish factor (negative)"),
    "etraq": ("etrq", ("a", "r"), "transformation among the commodities of an activity (negative)"),
    "esubq": ("esbq", ("i", "r"), "inverse of the substitution among the activities that make a commodity"),
    "rorflex": ("rflx", ("r",), "flexibility of the expected rate of return"),
}
"""Symbol -> (header in the parameter file, dims, meaning)."""

SINGLE_PRECISION = limits.SINGLE_PRECISION.most
"""Largest relative imbalance (of the cell, or of a millionth of world GDP) that is put right without asking."""


def gtap_benchmark(sam: Sam, parameters: Mapping[str, np.ndarray], name: str = "gtap", *, balance: bool = True) -> Benchmark:
    """Flows and parameters of the GTAP standard model as a benchmark.

    Parameters
    ----------
    sam : Sam
        As read; balanced exactly unless ``balance=False``.
    parameters : mapping of header to array
        Lower-case headers of :data:`HEADERS`, ``eflg`` (factor by mobile, sluggish, fixed) and ``rdlt``.

    Raises
    ------
    DataError
        A header is missing, has another shape than the sets, or holds an unlawful value.
    """
    violated = sam.check(SINGLE_PRECISION)
    if balance and len(violated):
        first = violated.iloc[0]
        raise DataError(
            f"the data base {name!r} is out of balance in {len(violated)} cells, more than single precision explains; first "
            f"{first['identity']!r} at {first['cell']!r}: {first['left']:.6g} against {first['right']:.6g}; repair the "
            "data, or balance them knowingly with calibration.rebalance.rebalance"
        )
    labels = {d: [str(x) for x in sam.data[d].values] for d in ("i", "a", "f", "r", "m")}
    out = xr.Dataset(coords=labels)
    for symbol, (header, dims, text) in HEADERS.items():
        out[symbol] = (dims, _array(parameters, header, tuple(len(labels[d]) for d in dims)), {"long_name": text, "units": "1"})
    for symbol in ("esubm", "esubd", "esubva", "esubt", "esubc", "esubg", "esubs", "subpar", "esubq"):
        if float(out[symbol].min()) < 0:
            raise DataError(f"header {HEADERS[symbol][0]!r} holds a negative elasticity; it must be zero or positive")
    for symbol in ("etrae", "etraq"):
        if float(out[symbol].max()) > 0:
            raise DataError(
                f"header {HEADERS[symbol][0]!r} holds a positive elasticity; transformation elasticities are negative or zero"
            )
    flags = _array(parameters, "eflg", (len(labels["f"]), 3))
    if not np.allclose(flags.sum(1), 1.0):
        raise DataError("header 'eflg' must mark each factor as exactly one of mobile, sluggish, fixed")
    out["mobility"] = (("f",), flags.argmax(1).astype(float), {"long_name": "0 mobile, 1 sluggish, 2 fixed", "units": "1"})
    # the core model's private demand, where somebody runs it on these data
    out["incelas"] = (("i", "r"), np.ones((len(labels["i"]), len(labels["r"]))))
    out["frisch"] = (("r",), -np.ones(len(labels["r"])))
    out.attrs["rordelta"] = int(np.asarray(parameters.get("rdlt", 1)).ravel()[0])
    out.attrs["elasticity_sources"] = "\n".join(f"{c}: GTAP parameter file" for c in labels["i"])
    return Benchmark(rebalance(sam) if balance else sam, out, name)


def standard_gtap(benchmark: Benchmark, *, depreciation: float = 0.04, growth: float = 0.03) -> Benchmark:
    """Any benchmark with the parameters that the standard model needs beside it, by stated conventions.

    Elasticities the benchmark has stay. Added: CDE private demand, homothetic with substitution 0.5 (``subpar`` 0.5,
    ``incpar`` 1), government and margins at one, natural resources (``nat``) sluggish with a transformation elasticity of
    -1, other factors mobile, ``rorflex`` 10 and ``rordelta`` 1 (GTAP's defaults). Where the table has no capital stock it
    is that of steady growth, investment over ``growth + depreciation``; depreciation leaves gross saving.

    Parameters
    ----------
    benchmark : Benchmark
    depreciation, growth : float
        Per year.
    """
    sam, held = benchmark.sam, benchmark.elasticities
    data = sam.data.copy()
    if not sam["vkb"].any():
        stock = sam.expenditure()["inv"] / (growth + depreciation)
        data["vkb"] = data["vkb"].copy(data=stock)
        data["save"] = data["save"].copy(data=sam["save"] + sam["vdep"] - depreciation * stock)
        data["vdep"] = data["vdep"].copy(data=depreciation * stock)
    i, f, r = len(sam.commodities), len(sam.factors), len(sam.regions)
    parameters = {
        **{HEADERS[k][0]: held[k].values for k in ("esubm", "esubd", "esubva", "esubt", "esubc")},
        "esbg": np.ones(r),
        "esbs": np.ones(len(data["m"])),
        "subp": 0.5 * np.ones((i, r)),
        "incp": np.ones((i, r)),
        "etre": -np.ones((f, r)),
        "etrq": -5.0 * np.ones((i, r)),
        "esbq": np.zeros((i, r)),
        "rflx": 10.0 * np.ones(r),
        "eflg": np.array([[0.0, 1.0, 0.0] if x == "nat" else [1.0, 0.0, 0.0] for x in sam.factors]),
        "rdlt": np.ones(1),
    }
    out = gtap_benchmark(Sam(data, sam.adjustments), parameters, f"{benchmark.name}-gtap")
    out.elasticities.attrs["elasticity_sources"] = held.attrs.get("elasticity_sources", "")
    return out


def open_gtap(source: str | Path) -> Benchmark:
    """What the standard model runs on: GTAP's own files as read, any other benchmark with :func:`standard_gtap`.

    Parameters
    ----------
    source : str or path
        A folder (or the sample's file), the name of an embedded benchmark, or a benchmark file ``.nc``.
    """
    if str(source) in available() or Path(source).suffix == ".nc":
        return standard_gtap(load_benchmark(source))
    return load_gtap(source)


def load_gtap(folder: str | Path) -> Benchmark:
    """A GTAP benchmark from a folder: ``basedata.har`` with ``default.prm``, or the public sample ``example.jld2``.

    Raises
    ------
    DataError
        Neither is there, or a file is not lawful.
    """
    folder = Path(folder)
    if folder.is_file() or (folder / "example.jld2").is_file():
        return gtap_benchmark(*read_gtap_sample(folder), name="gtap-sample")
    return gtap_benchmark(*read_gtap_har(folder), name=folder.name)


def _array(parameters: Mapping[str, np.ndarray], header: str, shape: tuple[int, ...]) -> np.ndarray:
    if header not in parameters:
        raise DataError(f"the parameter file lacks header {header!r}; it is needed by the GTAP standard model")
    values = np.asarray(parameters[header], dtype=float)
    if values.shape != shape:
        raise DataError(f"header {header!r} has shape {values.shape}, the sets need {shape}")
    if not np.isfinite(values).all():
        raise DataError(f"header {header!r} holds a value that is not finite")
    return values
