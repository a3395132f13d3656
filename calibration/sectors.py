"""Which sectors are manufactures and services, and which regions form a bloc, by the labels of known tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from calibration.errors import DataError, require_labels
from calibration.labels import as_labels

MANUFACTURES = {
    *(f"c{k}" for k in range(3, 17)),
    *"foo tex wpp pet chm pha rub nmm met fab mac ele elc trn mot otr omf manuf".split(),
    "processed food",
}
SERVICES = {*(f"c{k}" for k in range(19, 36)), *"trd bus svc pub svces".split()}

BLOCS: dict[str, tuple[str, ...]] = {
    "North America": ("USA", "CAN", "MEX"),
    "Europe": tuple(
        "AUT BEL BGR CYP CZE DEU DNK ESP EST FIN FRA GBR GRC HUN IRL ITA LTU LUX LVA MLT NLD POL PRT ROM SVK SVN SWE "
        "EU XEU CHE ROU NOR HRV".split()
    ),
    "East Asia": tuple("CHN HKG JPN KOR TWN IDN VNM THA MYS SGP PHL XSE AUS NZL".split()),
}
"""Blocs of the literature on regional value chains; East Asia with Oceania. Pass your own to replace them."""


def manufactures_of(sectors: Sequence[str]) -> list[str]:
    """Manufactures among the sectors of a known table (all sectors of an unknown one)."""
    return [s for s in sectors if s in MANUFACTURES] or list(sectors)


def services_of(sectors: Sequence[str]) -> list[str]:
    """Services among the sectors of a known table (none of an unknown one)."""
    return [s for s in sectors if s in SERVICES]


def blocs_of(regions: Sequence[str], blocs: Mapping[str, str | Sequence[str]]) -> dict[str, list[str]]:
    """Each bloc's members (a text is one) that the table has; regions of no bloc form ``Rest``.

    Raises
    ------
    DataError
        A member of a user's bloc is not in the table, or in two blocs.
    """
    blocs = {name: as_labels(members, f"bloc {name!r}") for name, members in blocs.items()} if blocs is not BLOCS else blocs
    if blocs is not BLOCS:
        for name, members in blocs.items():
            require_labels(members, regions, f"member of bloc {name!r}")
        listed = [r for members in blocs.values() for r in members]
        twice = sorted({r for r in listed if listed.count(r) > 1})
        if twice:
            raise DataError(f"{', '.join(twice)} is in two blocs; a region belongs to one")
    found = {name: [r for r in regions if r in members] for name, members in blocs.items()}
    found = {name: members for name, members in found.items() if members}
    rest = [r for r in regions if not any(r in members for members in found.values())]
    return {**found, **({"Rest": rest} if rest else {})}
