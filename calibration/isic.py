"""ISIC Rev. 4 codes, as publishers spell them, on the detailed sectors of :mod:`calibration.classification`.

``A01_02``, ``D01T02``, ``C10-C12``, ``C10T12`` and ``01T02`` are the same kind of code: a division or a range of
divisions, each with the letter of its section (or the OECD's ``D`` for division, or none). A whole section (``G``)
and a range of sections (``R_S``) are codes too. The whole code must have this form and name divisions that ISIC
Rev. 4 has: product codes (``CPA_C10``), codes of Rev. 3 (``C15T16FOD``, ``34t35``) and totals are refused, not taken for
the sector that their first letters happen to name.
"""

from __future__ import annotations

import re

from calibration.classification import KIND, SECTORS
from calibration.errors import DataError

_DIVISIONS: tuple[tuple[int, str], ...] = (
    (2, "A01"),
    (3, "A02"),
    (4, "A03"),
    (6, "B05"),
    (7, "B06"),
    (8, "B07"),
    (9, "B08"),
    (10, "B09"),
    (13, "C10T12"),
    (16, "C13T15"),
    (17, "C16"),
    (19, "C17_18"),
    (20, "C19"),
    (21, "C20"),
    (22, "C21"),
    (23, "C22"),
    (24, "C23"),
    (25, "C24A"),
    (26, "C25"),
    (27, "C26"),
    (28, "C27"),
    (29, "C28"),
    (30, "C29"),
    (31, "C302T309"),
    (34, "C31T33"),
    (40, "utl"),
    (45, "cns"),
    (58, "trd"),
    (61, "bus"),
    (62, "trd"),
    (84, "bus"),
    (100, "pub"),
)
"""First division not covered, and the detailed sector of those below it."""


_SECTIONS: dict[str, tuple[int, int]] = {
    **{"A": (1, 3), "B": (5, 9), "C": (10, 33), "D": (35, 35), "E": (36, 39), "F": (41, 43), "G": (45, 47), "H": (49, 53)},
    **{"I": (55, 56), "J": (58, 63), "K": (64, 66), "L": (68, 68), "M": (69, 75), "N": (77, 82), "O": (84, 84)},
    **{"P": (85, 85), "Q": (86, 88), "R": (90, 93), "S": (94, 96), "T": (97, 98), "U": (99, 99)},
}
"""First and last division of each section (United Nations, ISIC Rev. 4, 2008)."""
_PART = r"(?:[A-U]?\d{2}\d{0,2}[AB]?|[A-U])"
_CODE = re.compile(rf"({_PART})(?:[-_T]{_PART})*?(?:[-_T]({_PART}))?")


def _divisions(code: str) -> tuple[int, int] | None:
    """First and last division of a code; None where it has not the form of one."""
    match = _CODE.fullmatch(code)
    if match is None:
        return None
    ends: list[tuple[int, int]] = []
    for part in match.groups():
        if part is None:
            continue
        if part in _SECTIONS:
            ends.append(_SECTIONS[part])
            continue
        letter, division = (part[0], int(part[1:3])) if part[0].isalpha() else ("", int(part[:2]))
        section = next((x for x, (first, last) in _SECTIONS.items() if first <= division <= last), None)
        if section is None or letter not in ("", "D", section):
            return None
        ends.append((division, division))
    first, last = ends[0][0], ends[-1][1]
    return (first, last) if first <= last else None


def isic4_detail(code: str) -> str:
    """Detailed sector of an ISIC Rev. 4 code: that of its first division, all others being of the same kind.

    Raises
    ------
    DataError
        The code has not the form of ISIC Rev. 4, or covers several kinds (``C``, all manufactures and food).

    Examples
    --------
    >>> [isic4_detail(x) for x in ("A01_02", "D05T06", "C10-C12", "C29", "G45", "64T66", "O", "R_S")]
    ['A01', 'B06', 'C10T12', 'C29', 'trd', 'bus', 'pub', 'pub']
    """
    if code in SECTORS and code[0].isupper():
        return code
    ends = _divisions(code)
    if ends is None:
        hint = "take the edition by ISIC Rev. 4 industries, or say its sector in Mrio.details"
        if code.startswith("CPA"):
            hint = "it is a product of the CPA: take the table of industries by industries"
        raise DataError(f"industry code {code!r} is not ISIC Rev. 4; {hint}")
    first, last = ends
    covered = dict.fromkeys(_of_division(k) for k in range(first, last + 1))
    kinds = dict.fromkeys(KIND[x] for x in covered)
    if len(kinds) > 1:
        raise DataError(
            f"industry code {code!r} covers {' and '.join(kinds)} (ISIC Rev. 4 divisions {first:02d} to {last:02d}); "
            "take an edition that tells them apart"
        )
    # oil and gas stand for mining where coal is not apart
    return "B06" if first == 5 and last > 5 else next(iter(covered))


def _of_division(division: int) -> str:
    return next(detail for limit, detail in _DIVISIONS if division < limit)
