"""Split motor vehicles into assembly and parts by use.

A sector that holds both finished vehicles and their parts is split by what its buyers do with it: what goes
to final use is vehicles, what goes to intermediate use is parts (assemblers buy parts, repair shops buy
parts). Output of each follows; the inputs of the old sector go to the two by stated shares:

- parts used by the sector itself go to assembly with the share ``parts_to_assembly`` (0.85), less where
  assembly's other costs would fall below ``least_other`` (0.25) of its output;
- every other cost is divided in proportion to what is left of each output.

Trade, duties and sourcing by use stay what they were, so the split needs imports by use class (``vmub``).
"""

from __future__ import annotations

import numpy as np

from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from calibration.divisions import divided_satellites, with_division
from calibration.errors import DataError, require_labels
from calibration.sam import SCHEMA, USES, Sam, make_dataset

VEHICLES, PARTS = "veh", "prt"
PARTS_TO_ASSEMBLY = 0.85
LEAST_OTHER = 0.25


def split_vehicles(
    benchmark: Benchmark,
    sector: str = "mot",
    names: tuple[str, str] = (VEHICLES, PARTS),
    parts_to_assembly: float = PARTS_TO_ASSEMBLY,
    least_other: float = LEAST_OTHER,
) -> Benchmark:
    """The benchmark with ``sector`` split into vehicles and parts.

    Parameters
    ----------
    benchmark : Benchmark
        Its make matrix is diagonal and its purchases carry no tax on products (or the same in each use).
    sector : str
        The sector to split.
    names : pair of str
        Labels of vehicles and of parts.
    parts_to_assembly, least_other : float
        The stated shares of this module.

    Raises
    ------
    DataError
        Unknown sector, a label in use, or a share outside (0, 1).

    Returns
    -------
    Benchmark
        Every identity holds; elasticities of both halves are the old sector's.
    """
    require_labels([sector], benchmark.commodities, "sector")
    for name in names:
        if name in benchmark.commodities:
            raise DataError(f"sector label {name!r} is in use; pass other names")
    for what, share in (("parts_to_assembly", parts_to_assembly), ("least_other", least_other)):
        if not 0 < share < 1:
            raise DataError(f"{what} is {share}; it must be between 0 and 1")
    sam = benchmark.sam
    g = {h: sam[h] for h in SCHEMA}
    m = sam.commodities.index(sector)
    by_use = g["vmub"][m]  # (u, s, d)
    whole = by_use.sum(0)
    parts_share = ratio(by_use[USES.index("int")], whole)  # of each import flow, (s, d)
    keep = {h: _commodity_rows(g[h], header.dims, m, parts_share) for h, header in SCHEMA.items()}
    # parts are what activities buy, vehicles what final users buy
    for h in ("vdfb", "vdfp", "vmfb", "vmfp"):
        keep[h][m] = 0.0
        keep[h][m + 1] = g[h][m]
    for h in ("p", "g", "i"):
        for origin in "dm":
            for price in "bp":
                name = f"v{origin}{h}{price}"
                keep[name][m], keep[name][m + 1] = g[name][m], 0.0
    keep["vmub"][m] = by_use
    keep["vmub"][m, USES.index("int")] = 0.0
    keep["vmub"][m + 1] = 0.0
    keep["vmub"][m + 1, USES.index("int")] = by_use[USES.index("int")]
    sold = keep["vdfb"].sum(1) + keep["vdpb"] + keep["vdgb"] + keep["vdib"] + keep["vxsb"].sum(2)  # (i, r)
    output = sold[[m, m + 1]]  # (2, r)
    shares = _cost_shares(g, m, output, parts_to_assembly, least_other)  # (2, r) of other costs, (2, r) of own parts
    out = {}
    for h, header in SCHEMA.items():
        values = keep[h]
        if "a" in header.dims and h not in ("makb", "maks"):
            values = _activity_columns(values, header.dims, m, *shares)
        out[h] = values
    new = [*sam.commodities[:m], *names, *sam.commodities[m + 1 :]]
    size = len(new)
    for h in ("makb", "maks"):
        out[h] = np.zeros((size, size, len(sam.regions)))
    at = np.arange(size)
    old = np.array([k for k in range(size) if k not in (m, m + 1)])
    source = np.array([k for k in range(len(sam.commodities)) if k != m])
    out["makb"][old, old] = g["makb"][source, source]
    out["maks"][old, old] = g["maks"][source, source]
    power = ratio(g["makb"][m, m], g["maks"][m, m], 1.0)
    for k in (0, 1):
        out["makb"][m + k, m + k] = output[k]
        out["maks"][m + k, m + k] = output[k] / power
    assert at.size == size
    margins = [str(x) for x in sam.data["m"].values]
    attrs = {
        **with_division(sam.data.attrs, sector, names),
        "title": f"{sam.data.attrs.get('title', benchmark.name)}, {sector} split into {names[0]} and {names[1]}",
        "split": (
            f"{sector}: final use is {names[0]}, intermediate use is {names[1]}; {parts_to_assembly:g} of the sector's own "
            f"inputs go to {names[0]}, whose other costs are at least {least_other:g} of output (calibration/split_sector.py)"
        ),
    }
    sets = {"i": new, "a": new, "f": sam.factors, "r": sam.regions, "m": margins}
    data = Sam(make_dataset(out, sets, attrs), sam.adjustments)
    violated = data.check()
    if len(violated) and not len(sam.check()):
        first = violated.iloc[0]
        raise DataError(
            f"{sector!r} of {benchmark.name!r} cannot be split: {first['identity']} at {first['cell']} would be off by "
            f"{first['gap']:g}; its halves cannot both have {least_other:g} of other costs; pass another least_other"
        )
    pick = {d: np.array([k if k <= m else k - 1 for k in range(size)]) for d in ("i", "a")}
    old_table = benchmark.elasticities
    behaviour = old_table.isel({d: pick[d] for d in ("i", "a")}).assign_coords(i=new, a=new)
    if "elasticity_sources" in old_table.attrs:
        lines = str(old_table.attrs["elasticity_sources"]).splitlines()
        texts = [line.split(": ", 1)[1] for line in lines]
        behaviour.attrs["elasticity_sources"] = "\n".join(f"{new[k]}: {texts[pick['i'][k]]}" for k in range(size))
    satellites = divided_satellites(benchmark.satellites, m, new, output)
    return Benchmark(data, behaviour, f"{benchmark.name}+{names[0]}", satellites)


def _commodity_rows(values: np.ndarray, dims: tuple[str, ...], m: int, parts_share: np.ndarray) -> np.ndarray:
    """The array with row ``m`` of its commodity dim doubled: vehicles' and parts' share of each trade flow."""
    if "i" not in dims:
        return values.copy()
    axis = dims.index("i")
    moved = np.moveaxis(values, axis, 0)
    row = moved[m]
    if dims[-2:] == ("s", "d"):
        first, second = row * (1 - parts_share), row * parts_share
    else:
        first, second = row.copy(), row.copy()
    return np.moveaxis(np.concatenate([moved[:m], first[None], second[None], moved[m + 1 :]]), 0, axis)


def _cost_shares(
    g: dict[str, np.ndarray], m: int, output: np.ndarray, parts_to_assembly: float, least_other: float
) -> tuple[np.ndarray, np.ndarray]:
    """Share of each half in the old sector's other costs and in its own parts; both dims (2, r)."""
    own = g["vdfp"][m, m] + g["vmfp"][m, m]  # parts used by the old sector, (r,)
    power = ratio(g["makb"][m, m], g["maks"][m, m], 1.0)
    revenue = output / power
    room = (1 - least_other) * revenue
    to_assembly = np.minimum(parts_to_assembly * own, room[0])
    # parts makers too need other costs: what does not fit goes back to assembly
    to_assembly = np.maximum(to_assembly, own - room[1])
    parts = np.stack([to_assembly, own - to_assembly])
    other = np.maximum(revenue - parts, 0.0)
    return ratio(other, other.sum(0)), ratio(parts, own)


def _activity_columns(values: np.ndarray, dims: tuple[str, ...], m: int, other: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The array with column ``m`` of its activity dim divided between the halves (own parts by ``own``)."""
    axis = dims.index("a")
    moved = np.moveaxis(values, axis, 0)
    column = moved[m]  # (..., r)
    halves = [column * other[k] for k in (0, 1)]
    if dims[0] == "i":
        for k in (0, 1):
            halves[k][m + 1] = column[m + 1] * own[k]
    return np.moveaxis(np.concatenate([moved[:m], halves[0][None], halves[1][None], moved[m + 1 :]]), 0, axis)
