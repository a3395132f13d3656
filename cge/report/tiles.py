"""The world as a grid of tiles: each economy has a place near where it lies, so that no geometry need be fetched."""

from __future__ import annotations

from collections.abc import Iterable

TILES = {
    "CAN": (0, 0), "USA": (0, 1), "MEX": (0, 2), "BRA": (1, 4), "XLA": (0, 3),
    "IRL": (2, 0), "GBR": (3, 0), "DNK": (5, 0), "SWE": (6, 0), "FIN": (7, 0), "EST": (8, 0), "LVA": (9, 0), "LTU": (10, 0),
    "NLD": (4, 1), "BEL": (3, 1), "LUX": (2, 1), "DEU": (5, 1), "POL": (6, 1), "CZE": (7, 1), "SVK": (8, 1), "RUS": (10, 1),
    "PRT": (2, 3), "ESP": (3, 3), "FRA": (3, 2), "CHE": (4, 2), "AUT": (5, 2), "HUN": (7, 2), "SVN": (6, 2), "ROM": (8, 2),
    "ITA": (4, 3), "GRC": (7, 3), "BGR": (8, 3), "MLT": (5, 4), "CYP": (7, 4), "TUR": (9, 3), "EU": (5, 1), "EU27": (5, 1),
    "XEU": (6, 2), "KAZ": (10, 2), "EGY": (7, 5), "ZAF": (6, 6), "XAF": (6, 5), "SAU": (9, 4), "XME": (8, 4), "PAK": (10, 3),
    "IND": (10, 4), "BGD": (11, 4), "CHN": (12, 2), "KOR": (13, 2), "JPN": (14, 2), "HKG": (12, 3), "TWN": (13, 3),
    "VNM": (12, 4), "THA": (11, 5), "MYS": (12, 5), "SGP": (12, 6), "PHL": (14, 4), "IDN": (13, 6), "XSE": (13, 5),
    "AUS": (14, 7), "NZL": (15, 7), "ROW": (1, 6),
}  # fmt: skip
"""Column and row of each economy on the tile grid of the world."""


def places(regions: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Column and row of each region; what has no place of its own goes to a row below the grid."""
    out: dict[str, tuple[int, int]] = {}
    below = max(row for _, row in TILES.values()) + 1
    spare = 0
    for region in map(str, regions):
        if region in TILES and TILES[region] not in out.values():
            out[region] = TILES[region]
        else:
            out[region] = (spare, below)
            spare += 1
    return out
