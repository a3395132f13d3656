"""EXIOBASE 3 and Eora26, read by the library ``pymrio`` (extra ``mrio``).

EXIOBASE 3 (Stadler et al., Journal of Industrial Ecology 22(3), 2018): 49 regions, million euro, CC BY-SA 4.0 from
version 3.8. Eora26 (Lenzen, Kanemoto, Moran, Geschke, 2012 and 2013): 189 countries x 26 sectors, thousand USD,
free for academic use. Neither may be shipped here; a benchmark built from one inherits its terms.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from calibration.errors import DataError
from calibration.geography import iso3
from calibration.mrio import Mrio

EORA_DETAILS = {
    "Agriculture": "A01",
    "Fishing": "A03",
    "Mining and Quarrying": "B06",
    "Food & Beverages": "C10T12",
    "Textiles and Wearing Apparel": "C13T15",
    "Wood and Paper": "C17_18",
    "Petroleum, Chemical and Non-Metallic Mineral Products": "C20",
    "Metal Products": "C24A",
    "Electrical and Machinery": "C28",
    "Transport Equipment": "C29",
    "Other Manufacturing": "C31T33",
    "Recycling": "C31T33",
    "Electricity, Gas and Water": "utl",
    "Construction": "cns",
    "Maintenance and Repair": "trd",
    "Wholesale Trade": "trd",
    "Retail Trade": "trd",
    "Hotels and Restraurants": "trd",
    "Hotels and Restaurants": "trd",
    "Transport": "trd",
    "Post and Telecommunications": "trd",
    "Finacial Intermediation and Business Activities": "bus",
    "Financial Intermediation and Business Activities": "bus",
    "Public Administration": "pub",
    "Education, Health and Other Services": "pub",
    "Private Households": "pub",
    "Others": "pub",
    "Re-export & Re-import": "trd",
}
_FINAL_WORDS = (
    ("household", "prv"),
    ("non-profit", "prv"),
    ("government", "gov"),
    ("fixed capital", "inv"),
    ("inventor", "stocks"),
    ("valuables", "stocks"),
    ("export", "prv"),
)
_WORDS: tuple[tuple[str, str], ...] = (
    # first match wins; names are those of EXIOBASE 3 industries and products
    (r"forestry|logging", "A02"),
    (r"fish", "A03"),
    (r"mining of (coal|lignite|peat)", "B05"),
    (r"crude petroleum|natural gas.*extraction|extraction.*(natural )?gas", "B06"),
    (r"mining of .*ores", "B07"),
    (r"quarrying|mining of", "B08"),
    (r"cultivation|farming|animal|wool|milk$|manure|crops|paddy|wheat|cereal|vegetables|oil seeds|fibers|cattle", "A01"),
    (r"processing of (meat|vegetable|dairy|rice|food|fish)|meat|sugar|beverage|food|tobacco|dairy|processed rice", "C10T12"),
    (r"textile|apparel|leather", "C13T15"),
    (r"wood", "C16"),
    (r"pulp|paper|publishing|printing", "C17_18"),
    (r"coke|refinery|nuclear fuel", "C19"),
    (r"rubber|plastic products", "C22"),
    (r"chemical|plastics|fertili|biogas|ethanol|diesel", "C20"),
    (r"glass|ceramic|brick|cement|mineral product", "C23"),
    (r"iron and steel|casting|ferro", "C24A"),
    (r"precious|aluminium|lead, zinc|copper|non-ferrous", "C24B"),
    (r"fabricated metal", "C25"),
    (r"office machinery|radio|medical, precision", "C26"),
    (r"electrical machinery", "C27"),
    (r"machinery and equipment n", "C28"),
    (r"motor vehicles, trailers", "C29"),
    (r"other transport equipment", "C302T309"),
    (r"furniture|recycl|re-process|secondary", "C31T33"),
    (r"electricity|steam|water supply|collection|waste|incinerat|landfill|sewage|composting|biogasification|gas;", "utl"),
    (r"construction|re-processing of .*construction", "cns"),
    (r"trade|retail|sale|hotel|transport|travel|post", "trd"),
    (r"financ|insurance|real estate|renting|computer|research|business", "bus"),
)


def _pymrio() -> Any:
    try:
        import pymrio
    except ImportError as error:
        raise DataError("reading EXIOBASE and Eora needs the extra 'mrio' (pip install 'open-cge[mrio]')") from error
    return pymrio


def _from_system(
    system: Any, path: Path, year: int, scale: float, source: str, licence: str, units: str, details: dict[str, str]
) -> Mrio:
    z, y = system.Z, system.Y
    regions = [str(x) for x in dict.fromkeys(z.index.get_level_values(0))]
    industries = [str(x) for x in dict.fromkeys(z.index.get_level_values(1))]
    categories = [str(x) for x in dict.fromkeys(y.columns.get_level_values(1))]
    r, n, k = len(regions), len(industries), len(categories)
    if z.shape != (r * n, r * n) or y.shape != (r * n, r * k):
        raise DataError(f"{path}: tables of {z.shape} and {y.shape} do not fit {r} regions x {n} sectors x {k} categories")
    agents: dict[str, str] = {}
    for category in categories:
        agent = next((a for word, a in _FINAL_WORDS if word in category.lower()), None)
        if agent is None:
            raise DataError(f"{path}: final-use category {category!r} is unknown; is this another edition?")
        agents[category] = agent
    inter = z.to_numpy(dtype=float).reshape(r, n, r, n) * scale
    final = y.to_numpy(dtype=float).reshape(r, n, r, k) * scale
    return Mrio(
        [iso3(c) for c in regions],
        industries,
        inter,
        final,
        inter.sum((2, 3)) + final.sum((2, 3)),
        year,
        str(path),
        finals=tuple(categories),
        agents=agents,
        details=details,
        source=source,
        licence=licence,
        units=units,
    )


def exiobase_detail(name: str) -> str:
    """Detailed sector of an EXIOBASE industry or product, by the words of its name; services where none fits."""
    return next((detail for words, detail in _WORDS if re.search(words, name.lower())), "pub")


def read_exiobase3(path: str | Path) -> Mrio:
    """Read an EXIOBASE 3 archive (``IOT_2018_ixi.zip``) or its folder.

    Parameters
    ----------
    path : path

    Raises
    ------
    DataError
        Missing or unreadable archive, or another edition.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"EXIOBASE archive {path} not found")
    try:
        system = _pymrio().parse_exiobase3(path)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{path} is not an EXIOBASE 3 archive that pymrio reads: {error}") from error
    year = re.findall(r"(?<!\d)(19[89]\d|20[0-4]\d)(?!\d)", path.stem)
    names = [str(x) for x in dict.fromkeys(system.Z.index.get_level_values(1))]
    return _from_system(
        system,
        path,
        int(year[-1]) if year else 0,
        1.0,
        f"EXIOBASE 3 ({path.name}; Stadler et al. 2018), basic prices; output is the sum of uses",
        "CC BY-SA 4.0 (EXIOBASE)",
        "million EUR",
        {x: exiobase_detail(x) for x in names},
    )


def read_eora26(path: str | Path, year: int | None = None) -> Mrio:
    """Read Eora26 at basic prices from its zip file or folder; the statistical discrepancies of ``ROW`` are left out.

    Parameters
    ----------
    path : path
    year : int, optional
        Which year, where the archive holds several.

    Raises
    ------
    DataError
        Missing or unreadable files, or another edition.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"Eora26 archive {path} not found")
    try:
        system = _pymrio().parse_eora26(path, year=year, price="bp")
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{path} is not an Eora26 archive that pymrio reads: {error}") from error
    found = re.findall(r"(?<!\d)(19[89]\d|20[0-4]\d)(?!\d)", path.stem)
    names = [str(x) for x in dict.fromkeys(system.Z.index.get_level_values(1))]
    return _from_system(
        system,
        path,
        year or (int(found[-1]) if found else 0),
        1e-3,
        f"Eora26 ({path.name}; Lenzen, Kanemoto, Moran, Geschke 2012, 2013), basic prices; output is the sum of uses",
        "Eora: free for academic use; commercial use needs a licence",
        "million USD",
        {x: EORA_DETAILS.get(x, exiobase_detail(x)) for x in names},
    )
