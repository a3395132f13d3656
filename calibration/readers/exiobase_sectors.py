"""What an EXIOBASE industry or product is: by its official name and code, not by words it happens to hold.

The published classification (163 industries, 200 products) gives each name a code that begins with the division of NACE
Rev. 1.1 (``i15.a``); waste treatment (division 90) stands with utilities, as in ISIC Rev. 4. Names of other editions
are read by the words of their division; a name that fits none is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

from calibration.errors import DataError
from calibration.user_table import read_user_table

OF_DIVISION: dict[int, str] = {
    **{1: "A01", 2: "A02", 5: "A03", 10: "B05", 11: "B06", 12: "B07", 13: "B07", 14: "B08"},
    **dict.fromkeys((15, 16), "C10T12"),
    **dict.fromkeys((17, 18, 19), "C13T15"),
    **{20: "C16", 21: "C17_18", 22: "C17_18", 23: "C19", 24: "C20", 25: "C22", 26: "C23", 27: "C24A", 28: "C25"},
    **{29: "C28", 30: "C26", 31: "C27", 32: "C26", 33: "C26", 34: "C29", 35: "C302T309", 36: "C31T33", 37: "C31T33"},
    **{40: "utl", 41: "utl", 45: "cns"},
    **dict.fromkeys((50, 51, 52, 55, 60, 61, 62, 63, 64), "trd"),
    **dict.fromkeys((65, 66, 67, 70, 71, 72, 73, 74), "bus"),
    **dict.fromkeys((75, 80, 85, 91, 92, 93, 95, 99), "pub"),
    90: "utl",
}
"""Division of NACE Rev. 1.1 -> detailed sector; non-ferrous metals (27.4) apart."""

_WORDS: tuple[tuple[str, str], ...] = (
    # names that are not of the published classification; the first that fits wins: what is treated before what it was
    (r"waste|incineration|biogasification|composting|landfill|sewage|refuse disposal", "utl"),
    (r"electricity|steam|hot water|water supply|distribution of (gas|water)|manufacture of gas", "utl"),
    (r"(retail|wholesale|commission) trade|retail sale|sale, maintenance", "trd"),
    (r"transport via|(land|water|air|pipeline|railway) transport|supporting and auxiliary transport", "trd"),
    (r"hotels?|restaurants?|post and telecommunications?|travel agenc(y|ies)", "trd"),
    (r"construction( work)?", "cns"),
    (r"financial intermediation|insurance|real estate|renting|computer and related|research and development", "bus"),
    (r"business (activities|services)", "bus"),
    (r"public administration|education|health and social work|membership organi[sz]ations?|recreational|cultural", "pub"),
    (r"other services?( activities)?|private households|extra-?territorial", "pub"),
    (r"forestry|logging", "A02"),
    (r"fishing|fish farms?", "A03"),
    (r"mining of (coal|lignite|peat)|hard coal", "B05"),
    (r"crude petroleum|extraction of natural gas", "B06"),
    (r"mining of .*ores?", "B07"),
    (r"quarrying|mining of (sand|clay|stone|chemical)", "B08"),
    (r"cultivation|farming|crops?|raw milk", "A01"),
    (r"processing of (meat|vegetable oils|dairy|food)|processed rice|sugar refining", "C10T12"),
    (r"beverages?|tobacco|food products?", "C10T12"),
    (r"textiles?|wearing apparel|leather", "C13T15"),
    (r"wood and (of )?products of wood|wood products?", "C16"),
    (r"pulp|paper|publishing|printing", "C17_18"),
    (r"coke( oven)?|petroleum refinery|nuclear fuel", "C19"),
    (r"rubber|plastic products?", "C22"),
    (r"chemicals?|plastics, basic|fertili[sz]ers?", "C20"),
    (r"glass|ceramics?|bricks?|cement|non-metallic mineral products?", "C23"),
    (r"precious metals?|aluminium|lead, zinc|copper|non-ferrous metals?", "C24B"),
    (r"basic iron and steel|iron and steel|casting of metals", "C24A"),
    (r"fabricated metal products?", "C25"),
    (r"office machinery|radio, television|medical, precision", "C26"),
    (r"electrical machinery", "C27"),
    (r"machinery and equipment n\.?e\.?c", "C28"),
    (r"motor vehicles", "C29"),
    (r"other transport equipment", "C302T309"),
    (r"furniture|recycling", "C31T33"),
)


def _plain(name: str) -> str:
    return re.sub(r"\s+", " ", name.strip().lower())


@cache
def _official() -> dict[str, str]:
    """Name -> code of the published classification."""
    with resources.as_file(resources.files("calibration") / "datasets" / "exiobase_sectors.csv") as path:
        table = read_user_table(path, "classification of EXIOBASE")
    return {_plain(name): code for name, code in table.rows}


def exiobase_detail(name: str) -> str:
    """Detailed sector of an EXIOBASE industry or product.

    Raises
    ------
    DataError
        The name is not in the published classification and its words name no division.

    Examples
    --------
    >>> [exiobase_detail(x) for x in ("Landfill of waste: Food", "Anthracite", "Processing vegetable oils and fats")]
    ['utl', 'B05', 'C10T12']
    """
    code = _official().get(_plain(name))
    if code is not None:
        if code[1:].startswith("27.4"):
            return "C24B"
        return OF_DIVISION[int(code[1:3])]
    for words, detail in _WORDS:
        if re.search(rf"\b(?:{words})(?![a-z])", _plain(name)):
            return detail
    raise DataError(f"EXIOBASE has no industry or product {name!r}; is this another edition?")


def exiobase_details(names: Iterable[str]) -> dict[str, str]:
    """Detailed sector of every name; all that are unknown are listed in one error."""
    details: dict[str, str] = {}
    unknown: list[str] = []
    for name in names:
        try:
            details[name] = exiobase_detail(name)
        except DataError:
            unknown.append(name)
    if unknown:
        shown = ", ".join(map(repr, unknown[:5])) + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else "")
        raise DataError(f"EXIOBASE has no industries or products named {shown}; is this another edition?")
    return details
