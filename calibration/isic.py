"""ISIC Rev. 4 codes, as publishers spell them, on the detailed sectors of :mod:`calibration.classification`.

``A01_02``, ``D01T02``, ``C10-C12``, ``C10T12`` and ``01T02`` are the same kind of code: a letter that may be
missing and the first division it covers.
"""

from __future__ import annotations

import re

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


_SECTIONS = {
    **{"A": 1, "B": 6, "C": 10, "D": 35, "E": 36, "F": 41, "G": 45, "H": 49, "I": 55, "J": 61, "K": 64, "L": 68},
    **{"M": 69, "N": 77, "O": 84, "P": 85, "Q": 86, "R": 90, "S": 94, "T": 97, "U": 99},
}
"""First division of each section."""


def isic4_detail(code: str) -> str:
    """Detailed sector of an ISIC Rev. 4 code.

    Raises
    ------
    DataError
        The code holds no division.

    Examples
    --------
    >>> [isic4_detail(x) for x in ("A01_02", "D05T06", "C10-C12", "C29", "G45", "64T66", "O")]
    ['A01', 'B06', 'C10T12', 'C29', 'trd', 'bus', 'pub']
    """
    # oil and gas stand for energy extraction where coal is not apart
    special = {**dict.fromkeys(("B", "B05_06", "D05T06", "05T06"), "B06"), "C301": "C301", "C24B": "C24B"}
    if code in special:
        return special[code]
    found = re.match(r"^[A-Z]?(\d{2})", code)
    if found is None and code[:1] in _SECTIONS:
        division = _SECTIONS[code[0]]
    elif found is None:
        raise DataError(f"industry code {code!r} is not ISIC Rev. 4; map it with a table")
    else:
        division = int(found.group(1))
    return next(detail for limit, detail in _DIVISIONS if division < limit)
