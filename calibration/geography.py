"""Economies by ISO 3166 code: name, broad region, and the area of the GTAP sample they resemble.

Used wherever a table of countries needs a donor, a factor split or a tariff of its neighbourhood.
"""

from __future__ import annotations

from dataclasses import dataclass

from calibration.errors import DataError, nearest


@dataclass(frozen=True)
class Economy:
    """One economy: its name, broad region (donor choice) and area of the GTAP sample (factor shares)."""

    name: str
    region: str
    area: str


_TABLE = """
AGO Angola|africa|sub-saharan africa
ARE United Arab Emirates|middle east|mena
ARG Argentina|latin america|americas
AUS Australia|oceania|oceania
AUT Austria|europe|eu
BEL Belgium|europe|eu
BGD Bangladesh|south asia|asis
BGR Bulgaria|europe|eu
BLR Belarus|former soviet|other europe
BRA Brazil|latin america|americas
BRN Brunei Darussalam|south-east asia|asis
CAN Canada|north america|americas
CHE Switzerland|europe|other europe
CHL Chile|latin america|americas
CHN China|east asia|asis
CIV Cote d'Ivoire|africa|sub-saharan africa
CMR Cameroon|africa|sub-saharan africa
COD Congo, Democratic Republic|africa|sub-saharan africa
COL Colombia|latin america|americas
CRI Costa Rica|latin america|americas
CYP Cyprus|europe|eu
CZE Czechia|europe|eu
DEU Germany|europe|eu
DNK Denmark|europe|eu
EGY Egypt|middle east|mena
ESP Spain|europe|eu
EST Estonia|europe|eu
FIN Finland|europe|eu
FRA France|europe|eu
GBR United Kingdom|europe|eu
GRC Greece|europe|eu
HKG Hong Kong, China|east asia|asis
HRV Croatia|europe|eu
HUN Hungary|europe|eu
IDN Indonesia|south-east asia|asis
IND India|south asia|asis
IRL Ireland|europe|eu
ISL Iceland|europe|other europe
ISR Israel|middle east|mena
ITA Italy|europe|eu
JOR Jordan|middle east|mena
JPN Japan|east asia|asis
KAZ Kazakhstan|former soviet|asis
KHM Cambodia|south-east asia|asis
KOR Korea|east asia|asis
LAO Lao PDR|south-east asia|asis
LTU Lithuania|europe|eu
LUX Luxembourg|europe|eu
LVA Latvia|europe|eu
MAR Morocco|middle east|mena
MEX Mexico|north america|americas
MLT Malta|europe|eu
MMR Myanmar|south-east asia|asis
MYS Malaysia|south-east asia|asis
NGA Nigeria|africa|sub-saharan africa
NLD Netherlands|europe|eu
NOR Norway|europe|other europe
NZL New Zealand|oceania|oceania
PAK Pakistan|south asia|asis
PER Peru|latin america|americas
PHL Philippines|south-east asia|asis
POL Poland|europe|eu
PRT Portugal|europe|eu
ROU Romania|europe|eu
ROM Romania|europe|eu
RUS Russian Federation|former soviet|other europe
SAU Saudi Arabia|middle east|mena
SEN Senegal|africa|sub-saharan africa
SGP Singapore|south-east asia|asis
STP Sao Tome and Principe|africa|sub-saharan africa
SVK Slovakia|europe|eu
SVN Slovenia|europe|eu
SWE Sweden|europe|eu
THA Thailand|south-east asia|asis
TUN Tunisia|middle east|mena
TUR Turkiye|middle east|other europe
TWN Chinese Taipei|east asia|asis
UKR Ukraine|former soviet|other europe
USA United States|north america|americas
VNM Viet Nam|south-east asia|asis
ZAF South Africa|africa|sub-saharan africa
ROW Rest of the world|rest|mena
"""
ECONOMIES: dict[str, Economy] = {line[:3]: Economy(*line[4:].split("|")) for line in _TABLE.strip().splitlines()}
"""Economies of the input-output tables this library reads, by ISO code (``ROM`` is WIOD's Romania)."""

EU27 = tuple(
    ("AUT BEL BGR HRV CYP CZE DNK EST FIN FRA DEU GRC HUN IRL ITA LVA LTU LUX MLT NLD POL PRT ROU SVK SVN ESP SWE").split()
)
"""Members of the European Union after 2020."""

ALIASES = {"RoW": "ROW", "ROM": "ROU", "WWW": "ROW", "WA": "ROW", "TAP": "TWN", "ROE": "ROW"}


def economy(code: str) -> Economy:
    """The economy of a code.

    Raises
    ------
    DataError
        Unknown code, with the nearest known one.

    Examples
    --------
    >>> economy("VNM").region
    'south-east asia'
    """
    found = ECONOMIES.get(code) or ECONOMIES.get(ALIASES.get(code, ""))
    if found is None:
        raise DataError(
            f"unknown economy code {code!r}{nearest(code, ECONOMIES)}; add it to calibration/geography.py or map it away"
        )
    return found


ISO2 = dict(
    pair.split("-")
    for pair in (
        "AR-ARG AT-AUT AU-AUS BE-BEL BG-BGR BR-BRA CA-CAN CH-CHE CN-CHN CY-CYP CZ-CZE DE-DEU DK-DNK EE-EST ES-ESP FI-FIN "
        "FR-FRA GB-GBR GR-GRC EL-GRC HR-HRV HU-HUN ID-IDN IE-IRL IN-IND IS-ISL IT-ITA JP-JPN KR-KOR LT-LTU LU-LUX LV-LVA "
        "MT-MLT MX-MEX NL-NLD NO-NOR PL-POL PT-PRT RO-ROU RU-RUS SA-SAU SE-SWE SI-SVN SK-SVK TR-TUR TW-TWN UK-GBR US-USA "
        "ZA-ZAF VN-VNM TH-THA SG-SGP AL-ALB ME-MNE MK-MKD RS-SRB NZ-NZL UA-UKR"
    ).split()
)
"""Two-letter codes of EXIOBASE and Eurostat (``EL`` is Greece, ``UK`` the United Kingdom)."""


def known(code: str) -> bool:
    """Whether :func:`economy` knows the code."""
    return code in ECONOMIES or ALIASES.get(code, "") in ECONOMIES


def iso3(code: str) -> str:
    """Three-letter code of a two-letter one; other codes (``WA``, ``FIGW1``, ``USA``) stay as they are."""
    return ISO2.get(code, code)
