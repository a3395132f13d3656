"""The currency of a benchmark, and every label that names it.

Labels are written in the code once, in USD (``million USD``, ``EV, million USD``, ``bn USD``). A benchmark in another
currency prints them through :func:`in_currency`; nothing is converted on the way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from calibration.errors import DataError

DEFAULT = "USD"


def currency_of(attrs: Mapping[str, object]) -> str:
    """Currency code in the attributes of a SAM; USD where they do not say."""
    return str(attrs.get("currency", DEFAULT))


def currency_of_units(units: str, where: str) -> str:
    """Currency code of a table's units, as ``million EUR``.

    Raises
    ------
    DataError
        Units of another form: a table is in millions of one currency.
    """
    found = re.fullmatch(r"million ([A-Z]{3})", units)
    if found is None:
        raise DataError(f"{where}: units {units!r} are not 'million' and a currency of three letters, as 'million EUR'")
    return found.group(1)


def check_currency(code: str) -> str:
    """The code, where it is one.

    Raises
    ------
    DataError
        Not three capital letters (ISO 4217).
    """
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise DataError(f"currency {code!r} is not a code of three capital letters (ISO 4217), as USD or EUR")
    return code


def in_currency(text: str, currency: str) -> str:
    """A label that names USD, in the currency of the benchmark it describes.

    Examples
    --------
    >>> in_currency("EV, million USD", "EUR")
    'EV, million EUR'
    """
    return re.sub(r"\bUSD\b", currency, text)
