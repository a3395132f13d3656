"""A GTAP benchmark: the standard model's flows with all its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from calibration import limits
from calibration.benchmark import Benchmark, load_benchmark
from calibration.errors import DataError
from calibration.readers.gtap_sample import read_gtap_sample
from calibration.readers.har import read_gtap_folder
from calibration.rebalance import rebalance
from calibration.sam import Sam, cell

HEADERS = {
    "esubm": ("esbm", ("i", "r"), "substitution among import origins"),
    "esubd": ("esbd", ("i", "r"), "substitution between domestic and imported"),
    "esubva": ("esbv", ("a", "r"), "substitution among primary factors"),
    "esubt": ("esbt", ("a", "r"), "substitution between value added and intermediates"),
    "esubc": ("esbc", ("a", "r"), "substitution among intermediates"),
    "esubg": ("esbg", ("r",), "substitution among government purchases"),
    "esubi": ("esbi", ("r",), "substitution among investment purchases"),
    "esubs": ("esbs", ("m",), "substitution among suppliers of a margin service"),
    "subpar": ("subp", ("i", "r"), "CDE substitution parameter"),
    "incpar": ("incp", ("i", "r"), "CDE expansion parameter"),
    "etrae": ("etre", ("f", "r"), "transformation of a sluggish factor (negative)"),
    "etraq": ("etrq", ("a", "r"), "transformation among the commodities of an activity (negative)"),
    "esubq": ("esbq", ("i", "r"), "inverse of the substitution among the activities that make a commodity"),
    "rorflex": ("rflx", ("r",), "flexibility of the expected rate of return"),
    "dparsum": ("dpsm", ("r",), "sum of the distribution parameters of regional utility"),
}
"""Symbol -> (header in the parameter file, of ``dpsm`` in the data, dims, meaning)."""
ASSUMED = {
    "esubi": (0.0, "ESBI 0: investment goods in fixed proportions"),
    "esubs": (1.0, "ESBS 1: margin services of Cobb-Douglas supply"),
    "dparsum": (1.0, ""),
}
"""Values of the standard model where a GTAP folder has no such header, and how that is said."""
CONVENTIONS = {
    "esubg": (1.0, "government Cobb-Douglas"),
    "esubi": (0.0, "investment goods in fixed proportions"),
    "esubs": (1.0, "margin services of Cobb-Douglas supply"),
    "subpar": (0.5, "CDE substitution"),
    "incpar": (1.0, "CDE expansion, homothetic"),
    "etrae": (-1.0, "transformation of sluggish factors"),
    "etraq": (-5.0, "transformation among commodities"),
    "esubq": (0.0, "perfect substitutes from several activities"),
    "rorflex": (10.0, "flexibility of expected returns"),
    "dparsum": (1.0, ""),
}
"""What :func:`standard_gtap` sets where the data hold nothing: value, and what it means."""
TAXED = (
    *((f"v{o}{k}p", f"v{o}{k}b") for o in "dm" for k in "fpgi"),
    *(("evfp", "evfb"), ("evfb", "evos"), ("makb", "maks"), ("vfob", "vxsb"), ("vmsb", "vcif")),
)
"""Pairs of headers with and without a tax."""
POWER_LIMIT = 1e3
"""Largest power of a tax (or its inverse) that is believed: no duty of the world is near 100,000 per cent."""
SMALL_FLOW = 1e-3
"""Million USD; below it single precision may have lost one of two flows."""
DEFAULTS_ATTR = "defaults"
"""Attribute of the elasticities that lists what was set by convention."""

EXACT = 1e-9
"""Relative imbalance of data that are in balance already."""
SINGLE_PRECISION = limits.SINGLE_PRECISION.most
"""Largest relative imbalance (of the cell, or of a millionth of world GDP) that is put right without asking."""


def gtap_benchmark(
    sam: Sam, parameters: Mapping[str, np.ndarray], name: str = "gtap", *, balance: bool = True, kept: xr.Dataset | None = None
) -> Benchmark:
    """Flows and parameters of the GTAP standard model as a benchmark.

    Parameters
    ----------
    sam : Sam
        As read; balanced exactly unless ``balance=False``.
    parameters : mapping of header to array
        Lower-case headers of :data:`HEADERS`, ``eflg`` (factor by mobile, sluggish, fixed) and ``rdlt``; those of
        :data:`ASSUMED` and ``rdlt`` may be missing, and what stands in is said in the attribute ``defaults``.
    name : str
    balance : bool
    kept : xarray.Dataset, optional
        Headers the model does not use, carried as satellites.

    Raises
    ------
    DataError
        A header is missing, has another shape than the sets, or holds an unlawful value.
    """
    if balance:
        _balanced(sam, name)
    labels = {d: [str(x) for x in sam.data[d].values] for d in ("i", "a", "f", "r", "m")}
    assumed = []
    out = xr.Dataset(coords=labels)
    for symbol, (header, dims, text) in HEADERS.items():
        shape = tuple(len(labels[d]) for d in dims)
        if header not in parameters and symbol in ASSUMED:
            value, said = ASSUMED[symbol]
            values = np.full(shape, value)
            assumed += [said] if said else []
        else:
            values = _array(parameters, header, shape)
        out[symbol] = (dims, values, {"long_name": text, "units": "1"})
    flags = _array(parameters, "eflg", (len(labels["f"]), 3))
    if not np.array_equal(np.sort(flags, axis=1), np.tile([0.0, 0.0, 1.0], (len(flags), 1))):
        raise DataError("header 'eflg' must mark each factor as exactly one of mobile, sluggish, fixed, by a 1")
    out["mobility"] = (("f",), flags.argmax(1).astype(float), {"long_name": "0 mobile, 1 sluggish, 2 fixed", "units": "1"})
    if "rdlt" not in parameters:
        assumed.append("RORDELTA 1: expected returns move together")
    _check(out, sam)
    # the core model's private demand, where somebody runs it on these data
    out["incelas"] = (("i", "r"), np.ones((len(labels["i"]), len(labels["r"]))))
    out["frisch"] = (("r",), -np.ones(len(labels["r"])))
    out.attrs["rordelta"] = rordelta(np.asarray(parameters.get("rdlt", 1)).ravel()[0])
    out.attrs["elasticity_sources"] = "\n".join(f"{c}: GTAP parameter file" for c in labels["i"])
    if assumed:
        out.attrs[DEFAULTS_ATTR] = "; ".join(assumed)
    return Benchmark(rebalance(sam) if balance else sam, out, name, kept if kept is not None and kept.data_vars else None)


def rordelta(value: float | str) -> int:
    """RORDELTA as a number: 1 equalises changes of expected returns, 0 moves all regions' net investment in proportion.

    Raises
    ------
    DataError
        Neither 0 nor 1.
    """
    if str(value) not in ("0", "1", "0.0", "1.0"):
        raise DataError(f"RORDELTA is {value!r}; it must be 1 (expected returns move together) or 0 (fixed composition)")
    return int(float(value))


def standard_gtap(benchmark: Benchmark, *, depreciation: float = 0.04, growth: float = 0.03) -> Benchmark:
    """Any benchmark with the parameters that the standard model needs beside it.

    What the benchmark has stays, symbol by symbol. Where it has nothing, a stated convention stands in
    (:data:`CONVENTIONS`): CDE private demand homothetic with substitution 0.5, government and margins at one, natural
    resources (``nat``) sluggish with a transformation elasticity of -1, other factors mobile, ``rorflex`` 10 and
    ``rordelta`` 1 (GTAP's defaults). Where the table has no capital stock it is its depreciation over ``depreciation``; where
    it has neither, that of steady growth, investment over ``growth + depreciation``, and depreciation leaves gross saving.
    Each is listed in the attribute ``defaults``.

    Parameters
    ----------
    benchmark : Benchmark
    depreciation, growth : float
        Per year.
    """
    sam, held = benchmark.sam, benchmark.elasticities
    said: list[str] = []
    unknown = sam["vkb"] == 0
    if unknown.any():
        data = sam.data.copy()
        steady = sam.expenditure()["inv"] / (growth + depreciation)
        if sam["vdep"].any():  # the depreciation that the data hold stays
            stock = np.where(unknown, np.where(sam["vdep"] > 0, sam["vdep"] / depreciation, steady), sam["vkb"])
            said.append(f"capital stock: depreciation / {depreciation:g}")
        else:
            stock = np.where(unknown, steady, sam["vkb"])
            data["save"] = data["save"].copy(data=sam["save"] - depreciation * stock)
            data["vdep"] = data["vdep"].copy(data=depreciation * stock)
            said.append(f"capital stock: investment / {growth + depreciation:g}, depreciation {depreciation:g} of it")
        data["vkb"] = data["vkb"].copy(data=stock)
        sam = Sam(data, sam.adjustments)
    new = held.copy()
    for symbol, (value, meaning) in CONVENTIONS.items():
        if symbol in held:
            continue
        _, dims, text = HEADERS[symbol]
        labels = {d: sam.data[d].values for d in dims}
        shape = tuple(len(x) for x in labels.values())
        array = xr.DataArray(np.full(shape, value), dims=dims, coords=labels)
        new[symbol] = array.assign_attrs(long_name=text, units="1")
        said += [f"{symbol} {value:g} ({meaning})"] if meaning else []
    if "mobility" not in held:
        kind = xr.DataArray([float(x == "nat") for x in sam.factors], dims="f", coords={"f": sam.factors})
        new["mobility"] = kind.assign_attrs(long_name="0 mobile, 1 sluggish, 2 fixed", units="1")
        tied = "nat sluggish, other factors mobile" if "nat" in sam.factors else "all factors mobile"
        said.append(f"mobility ({tied})")
    if "rordelta" not in held.attrs:
        said.append("rordelta 1 (expected returns move together)")
    new.attrs["rordelta"] = rordelta(str(held.attrs.get("rordelta", 1)))
    if not said and "dparsum" in held:
        return benchmark
    _check(new, sam)
    new.attrs[DEFAULTS_ATTR] = "; ".join([*filter(None, [str(held.attrs.get(DEFAULTS_ATTR, ""))]), *said])
    balanced = sam if sam.check(EXACT).empty else rebalance(_balanced(sam, benchmark.name))
    name = benchmark.name if "subpar" in held else f"{benchmark.name}-gtap"
    return Benchmark(balanced, new, name, benchmark.satellites)


def _balanced(sam: Sam, name: str) -> Sam:
    """The SAM, if no more than single precision separates it from balance."""
    violated = sam.check(SINGLE_PRECISION)
    if len(violated):
        first = violated.iloc[0]
        raise DataError(
            f"the data base {name!r} is out of balance in {len(violated)} cells, more than single precision explains; first "
            f"{first['identity']!r} at {first['cell']!r}: {first['left']:.6g} against {first['right']:.6g}; repair the "
            "data, or balance them knowingly with calibration.rebalance.rebalance"
        )
    return sam


def _check(parameters: xr.Dataset, sam: Sam) -> None:
    """Refuse parameters of a sign, and taxes of a size, that the standard model has no meaning for; the cell is named."""
    consumed = sam.data["vdpp"] + sam.data["vmpp"] > 0
    mobility = parameters["mobility"]
    if mobility.dims != ("f",) or not np.isin(mobility.values, (0.0, 1.0, 2.0)).all():
        raise DataError("parameter 'mobility' must be 0 (mobile), 1 (sluggish) or 2 (fixed) for each factor")
    for symbol, (header, dims, _) in HEADERS.items():
        if symbol not in parameters:
            continue
        array = parameters[symbol]
        if tuple(array.dims) != dims:
            raise DataError(f"parameter {symbol!r} has dims {array.dims}, expected {dims}; transpose it")
        rule = "a negative elasticity; it must be zero or positive"
        bad = array.values < 0
        if symbol in ("etrae", "etraq"):
            rule, bad = "a positive elasticity; transformation elasticities are negative or zero", array.values > 0
        elif symbol in ("subpar", "incpar") and not bad.any():
            rule = "a zero for a commodity that is consumed; a CDE parameter is above zero"
            bad = (array.values == 0) & consumed.values
        if bad.any():
            raise DataError(f"header {header!r} holds {rule} ({cell(array, bad)})")
    for gross, net in TAXED:
        with_tax, without = sam.data[gross], sam.data[net]
        seen = np.maximum(with_tax.values, without.values) > SMALL_FLOW
        bad = seen & ((with_tax.values > POWER_LIMIT * without.values) | (without.values > POWER_LIMIT * with_tax.values))
        if bad.any():
            first = tuple(np.argwhere(bad)[0])
            raise DataError(
                f"headers {gross.upper()} and {net.upper()} are {with_tax.values[first]:.4g} and "
                f"{without.values[first]:.4g} at {cell(with_tax, bad)}: no tax lies between the two; one of them is wrong"
            )


def open_gtap(source: str | Path) -> Benchmark:
    """What the standard model runs on: GTAP's own files as read, any other benchmark with :func:`standard_gtap`.

    Parameters
    ----------
    source : str or path
        A folder (or the sample's file), the name of an embedded benchmark, or a benchmark file ``.nc``.
    """
    return standard_gtap(load_benchmark(source))


def is_gtap_source(source: str | Path) -> bool:
    """Whether a path is GTAP's: a folder, one of its HAR files, or the public sample's file."""
    path = Path(source)
    return path.is_dir() or (path.is_file() and path.suffix.lower() in (".har", ".prm", ".jld2"))


def load_gtap(folder: str | Path) -> Benchmark:
    """A GTAP benchmark from a folder: ``basedata.har`` with ``default.prm``, or the public sample ``example.jld2``.

    Parameters
    ----------
    folder : path
        The folder, or one of these files in it.

    Raises
    ------
    DataError
        Neither is there, or a file is not lawful.
    """
    folder = Path(folder)
    if folder.suffix.lower() == ".jld2" or (folder / "example.jld2").is_file():
        return gtap_benchmark(*read_gtap_sample(folder), name="gtap-sample")
    if folder.is_file():
        folder = folder.parent
    read = read_gtap_folder(folder)
    return gtap_benchmark(read.sam, read.parameters, folder.resolve().name, kept=read.kept)


def _array(parameters: Mapping[str, np.ndarray], header: str, shape: tuple[int, ...]) -> np.ndarray:
    if header not in parameters:
        raise DataError(f"the parameter file lacks header {header!r}; it is needed by the GTAP standard model")
    values = np.asarray(parameters[header], dtype=float)
    if values.shape != shape:
        raise DataError(f"header {header!r} has shape {values.shape}, the sets need {shape}")
    if not np.isfinite(values).all():
        raise DataError(f"header {header!r} holds a value that is not finite")
    return values
