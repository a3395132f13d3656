"""Split electronics into semiconductors and equipment: estimated, for policies that aim at chips.

No open table shows semiconductors for more than two economies, so this is a stated rule, not data. Chips are an input only:
final users buy equipment. Four steps.

1. **Who uses chips.** In China's table of 2018 (153 sectors) electronic components are 83 % of the electronics that
   electronics industries buy and 46 % of what others buy (:data:`COMPONENTS`). Chips are one share of components, the same
   everywhere, such that the world buys what the industry sold (WSTS: 468.8 billion USD in 2018). In the United States chips
   are 25 % of electronics bought as inputs (BEA, 402 industries, 2017), spread over users as in China; BEA's own buyers cannot
   be used, for 39 % of its chips go to wholesalers who have them made.
2. **Who sells them.** An exporter's intensity is its exports of integrated circuits (HS 8542, International Trade Centre, 2018,
   :data:`EXPORTS`) over its exports of electronics; the others share what is left of world exports. Hong Kong re-exports what
   others made and counts among the others; Singapore, of whose exports most are such, has Malaysia's intensity. Purchases of an
   economy are spread over its suppliers, itself too, by trade in inputs times intensity, within what each user buys of either.
3. **What they cost to make.** Makers of chips and of equipment have the inputs of the old sector, but for chips: those are a
   third of the inputs of makers of chips (:data:`OWN_USE`, BEA) and the rest goes into equipment.
4. Duties, taxes, elasticities and emissions by output are the old sector's.

Checks are in docs/data.md: trade of chips beside the published, imported shares of China and the United States beside their
tables.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from calibration.divisions import divided_satellites, with_division
from calibration.errors import DataError, require_labels
from calibration.sam import SCHEMA, USES, Sam, make_dataset

EQUIPMENT, CHIPS = "eqp", "chp"
COMPONENTS = (0.835, 0.455)
"""Components in electronics bought by electronics industries and by others: NBS of China, input-output table of 2018."""
US_SHARE = 0.253
"""Chips in electronics bought as inputs in the United States: BEA, detailed use tables of 2017."""
OWN_USE = 0.336
"""Chips in the inputs of makers of chips: BEA 334413, 2017."""
WORLD_SALES = 468_800.0
"""World sales of semiconductors in 2018, million USD: World Semiconductor Trade Statistics."""
WORLD_EXPORTS = 606.0 * 1.181
"""World exports of integrated circuits in 2018, billion USD: International Trade Centre; 1.181 USD for one euro."""
EXPORTS = {
    r: 1.181 * euro
    for r, euro in {
        "HKG": 111.7, "KOR": 93.0, "TWN": 81.2, "CHN": 71.7, "SGP": 70.2, "MYS": 38.8, "USA": 31.9, "JPN": 23.7, "VNM": 13.1,
    }.items()
}  # fmt: skip
"""Exports of integrated circuits in 2018, billion USD; same source."""
ENTREPOT = {"HKG": None, "SGP": "MYS"}
"""Economies whose published exports are mostly re-exports -> whose intensity stands in (None: the others')."""
MOST = 0.95
"""Largest share of any flow of electronics that may be chips."""


def split_chips(
    benchmark: Benchmark,
    sector: str = "elc",
    names: tuple[str, str] = (EQUIPMENT, CHIPS),
    world_sales: float = WORLD_SALES,
) -> Benchmark:
    """The benchmark with electronics split into equipment and semiconductors by the rule of this module.

    Parameters
    ----------
    benchmark : Benchmark
        One activity for each commodity.
    sector : str
        Electronics.
    names : pair of str
        Labels of equipment and of chips.
    world_sales : float
        What the world buys of chips, in the benchmark's unit; the default is 2018's in million USD.

    Raises
    ------
    DataError
        Unknown sector, a label in use, a make matrix that is not diagonal, a currency without its own ``world_sales``, or
        sales that electronics cannot hold.

    Returns
    -------
    Benchmark
        In balance; satellites by sector follow, the split is flagged as estimated (``status``, attribute ``chips``).
    """
    sam = benchmark.sam
    _check(benchmark, sector, names, world_sales)
    g, m = {h: sam[h] for h in SCHEMA}, sam.commodities.index(sector)
    use = _chips_used(g, m, sam.regions, world_sales)  # (a, r)
    flows = np.concatenate([g["vmub"][m, 0], g["vdfb"][m].sum(0)[None]])  # last row: made at home
    made = _spread(flows, _intensity(g["vxsb"][m].sum(1), sam.regions), use.sum(0), sam.regions)
    imported, at_home = _by_origin(made, use, g, m)
    shares = {
        "trade": ratio(imported, g["vmsb"][m]),
        "int": ratio(imported, g["vmub"][m, 0]),
        "home": ratio(use * at_home, g["vdfb"][m]),
        "abroad": ratio(use * (1 - at_home), g["vmfb"][m]),
    }
    rows = {h: _split_row(g[h], SCHEMA[h].dims, h, m, shares) for h in SCHEMA}
    output = (rows["vdfb"].sum(1) + sum(rows[f"vd{k}b"] for k in "pgi") + rows["vxsb"].sum(2))[[m, m + 1]]
    power = ratio(g["makb"][m, m], g["maks"][m, m], 1.0)
    other, own = _cost_shares(g, rows, m, output / power)
    arrays = {h: _split_column(rows[h], SCHEMA[h].dims, m, other, own) for h in SCHEMA}
    size = len(sam.commodities) + 1
    keep = np.array([k for k in range(size) if k not in (m, m + 1)])
    before = np.array([k for k in range(size - 1) if k != m])
    for h, held in (("makb", output), ("maks", output / power)):
        arrays[h] = np.zeros((size, size, len(sam.regions)))
        arrays[h][keep, keep] = g[h][before, before]
        arrays[h][m, m], arrays[h][m + 1, m + 1] = held
    return _assembled(benchmark, m, names, arrays, output)


def _check(benchmark: Benchmark, sector: str, names: tuple[str, str], world_sales: float) -> None:
    sam = benchmark.sam
    require_labels([sector], benchmark.commodities, "sector")
    for name in names:
        if name in benchmark.commodities:
            raise DataError(f"sector label {name!r} is in use; pass other names")
    if not np.isfinite(world_sales) or world_sales <= 0:
        raise DataError(f"world_sales is {world_sales}; it must be positive")
    if benchmark.currency != "USD" and world_sales == WORLD_SALES:
        raise DataError(f"benchmark {benchmark.name!r} is in {benchmark.currency}; pass world_sales in millions of it")
    if list(sam.data["a"].values) != list(sam.data["i"].values):
        raise DataError(f"benchmark {benchmark.name!r} has other activities than commodities; chips need one for each")
    made = sam["makb"]
    if (made.sum((0, 1)) - np.einsum("iir->r", made) > 1e-9 * made.sum((0, 1))).any():
        raise DataError(f"benchmark {benchmark.name!r} has activities that make several commodities; chips need one for each")
    if sector in sam.data["m"].values:
        raise DataError(f"sector {sector!r} is a margin service; it holds no chips")


def _chips_used(g: Mapping[str, np.ndarray], m: int, regions: list[str], world_sales: float) -> np.ndarray:
    """Chips bought by each activity, basic prices; dims (a, r)."""
    bought = g["vdfb"][m] + g["vmfb"][m]
    components = COMPONENTS[1] * bought
    components[m] = COMPONENTS[0] * bought[m]
    chips = np.zeros_like(bought)
    america = np.array([r == "USA" for r in regions])
    if america.any():
        chips[:, america] = US_SHARE * components[:, america] * ratio(bought.sum(0), components.sum(0))[america]
    share = (world_sales - chips.sum()) / components[:, ~america].sum()
    if not 0 < share * COMPONENTS[0] < MOST:
        raise DataError(
            f"world sales of chips of {world_sales:,.0f} do not fit into electronics bought as inputs ({bought.sum():,.0f}): "
            f"they would be {share:.2f} of components; pass world_sales of the benchmark's year and unit"
        )
    chips[:, ~america] = share * components[:, ~america]
    return np.asarray(chips)


def _intensity(exports: np.ndarray, regions: list[str]) -> np.ndarray:
    """Chips in an economy's exports of electronics; dims (r,)."""
    listed = [r for r in EXPORTS if r in regions and r not in ENTREPOT]
    rest = np.array([r not in EXPORTS or r in ENTREPOT for r in regions])
    left = WORLD_EXPORTS - sum(EXPORTS[r] for r in {*listed, *ENTREPOT})
    others = np.minimum(MOST, left * 1e3 / max(float(exports[rest].sum()), left * 1e3))
    found = dict.fromkeys(regions, float(others))
    for r in listed:
        found[r] = min(MOST, EXPORTS[r] * 1e3 / max(float(exports[regions.index(r)]), 1e-9))
    for r, like in ENTREPOT.items():
        if r in found and like in found:
            found[r] = found[str(like)]
    return np.array([found[r] for r in regions])


def _spread(flows: np.ndarray, intensity: np.ndarray, wanted: np.ndarray, regions: list[str]) -> np.ndarray:
    """Chips by supplier (sources, then home) of each economy, in proportion to flow times intensity, at most MOST of a flow."""
    own = np.arange(len(regions))
    weight = flows * np.concatenate([np.repeat(intensity[:, None], len(regions), axis=1), intensity[own][None]])
    room = MOST * flows
    spread = np.zeros_like(flows)
    for _ in range(len(flows) + 1):
        left = wanted - spread.sum(0)
        free = np.where(spread < room * (1 - 1e-12), weight, 0.0)
        spread = np.minimum(room, spread + free * ratio(left, free.sum(0)))
    short = wanted - spread.sum(0)
    if (short > 1e-9 * np.maximum(wanted, 1.0)).any():
        r = int(short.argmax())
        raise DataError(f"{regions[r]} would use more chips than {MOST:.0%} of its electronics bought as inputs")
    return spread


def _by_origin(made: np.ndarray, use: np.ndarray, g: Mapping[str, np.ndarray], m: int) -> tuple[np.ndarray, np.ndarray]:
    """Imported chips by source (s, d) and the share each user takes from home (a, r), within what it buys of either origin."""
    wanted = ratio(made[-1], made.sum(0))
    most = np.minimum(ratio(MOST * g["vdfb"][m], use, 1.0), 1.0)
    least = np.maximum(1.0 - ratio(MOST * g["vmfb"][m], use, 1.0), 0.0)
    at_home = np.clip(wanted, least, most)
    imports = (use * (1 - at_home)).sum(0)
    room = MOST * g["vmub"][m, USES.index("int")]
    abroad = np.minimum(made[:-1] * ratio(imports, made[:-1].sum(0)), room)
    # what a source cannot sell is spread over the others' room
    return abroad + (room - abroad) * ratio(imports - abroad.sum(0), (room - abroad).sum(0)), at_home


def _split_row(values: np.ndarray, dims: tuple[str, ...], name: str, m: int, shares: Mapping[str, np.ndarray]) -> np.ndarray:
    """The array with its row of electronics in two along the commodity dim, equipment and chips."""
    if "i" not in dims:
        return values.copy()
    axis = dims.index("i")
    moved = np.moveaxis(values, axis, 0)
    row = moved[m]
    if name == "vmub":
        chips = np.zeros_like(row)
        chips[USES.index("int")] = row[USES.index("int")] * shares["int"]
    elif dims[-2:] == ("s", "d"):
        chips = row * shares["trade"]
    elif name in ("vdfb", "vdfp", "vmfb", "vmfp"):
        chips = row * shares["home" if name.startswith("vd") else "abroad"]
    else:
        chips = np.zeros_like(row)
    return np.moveaxis(np.concatenate([moved[:m], (row - chips)[None], chips[None], moved[m + 1 :]]), 0, axis)


def _cost_shares(
    g: Mapping[str, np.ndarray], rows: Mapping[str, np.ndarray], m: int, revenue: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of equipment and chips in the old sector's costs other than chips, and in its chips; both dims (2, r)."""
    chips = (rows["vdfp"] + rows["vmfp"])[m + 1, m]
    inputs = (g["vdfp"] + g["vmfp"])[:, m].sum(0) - chips
    value_added = g["evfp"][:, m].sum(0)
    per_input = OWN_USE / (1 - OWN_USE)
    scale = ratio(revenue[1], (1 + per_input) * inputs + value_added)
    own = per_input * scale * inputs
    # makers of equipment buy no less than nothing, and have costs of their own
    own = np.minimum(own, chips)
    own = np.maximum(own, chips - 0.9 * revenue[0])
    other = ratio(revenue[1] - own, inputs + value_added)
    return np.stack([1 - other, other]), np.stack([1 - ratio(own, chips), ratio(own, chips)])


def _split_column(values: np.ndarray, dims: tuple[str, ...], m: int, other: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The array with its column of electronics divided between the two activities."""
    if "a" not in dims:
        return values
    axis = dims.index("a")
    moved = np.moveaxis(values, axis, 0)
    column = moved[m]
    two = [column * other[k] for k in (0, 1)]
    if dims[0] == "i":
        for k in (0, 1):
            two[k][m + 1] = column[m + 1] * own[k]
    return np.moveaxis(np.concatenate([moved[:m], two[0][None], two[1][None], moved[m + 1 :]]), 0, axis)


def _assembled(
    benchmark: Benchmark, m: int, names: tuple[str, str], arrays: Mapping[str, np.ndarray], output: np.ndarray
) -> Benchmark:
    """The benchmark of the arrays: labels, provenance, elasticities and satellites of the old sector for both halves."""
    sam, sector = benchmark.sam, benchmark.commodities[m]
    labels = [*sam.commodities[:m], *names, *sam.commodities[m + 1 :]]
    old = np.array([k if k <= m else k - 1 for k in range(len(labels))])
    attrs = {
        **with_division(sam.data.attrs, sector, names),
        "title": f"{sam.data.attrs.get('title', benchmark.name)}, {sector} split into {names[0]} and {names[1]}",
        "chips": (
            f"{sector} is split into {names[0]} (equipment) and {names[1]} (semiconductors) by a stated rule, estimated: users "
            "as in China's table of 2018 and BEA's of 2017, suppliers by exports of integrated circuits, world sales of WSTS "
            "(calibration/chips.py)"
        ),
    }
    if "sector_names" in attrs:
        told = [line for line in str(attrs["sector_names"]).split("; ") if not line.startswith(f"{sector} ")]
        attrs["sector_names"] = "; ".join([*told, f"{names[0]} electronic equipment", f"{names[1]} semiconductors"])
    sets = {"i": labels, "a": labels, "f": sam.factors, "r": sam.regions, "m": [str(x) for x in sam.data["m"].values]}
    data = Sam(make_dataset(arrays, sets, attrs), sam.adjustments)
    data.data.attrs["zero_headers"] = sam.data.attrs.get("zero_headers", "")
    if len(gaps := data.check()) and not len(sam.check()):
        first = gaps.iloc[0]
        raise DataError(f"{sector!r} of {benchmark.name!r} cannot be split: {first['identity']} is off at {first['cell']}")
    behaviour = benchmark.elasticities.isel({d: old for d in ("i", "a")}).assign_coords(i=labels, a=labels)
    if "elasticity_sources" in behaviour.attrs:
        lines = [line.split(": ", 1)[1] for line in str(behaviour.attrs["elasticity_sources"]).splitlines()]
        behaviour.attrs["elasticity_sources"] = "\n".join(f"{x}: {lines[k]}" for x, k in zip(labels, old, strict=True))
    satellites = divided_satellites(benchmark.satellites, m, labels, output)
    return Benchmark(data, behaviour, f"{benchmark.name}+{names[1]}", satellites)
