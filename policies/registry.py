"""The named policies of the library and how the command line makes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from calibration.benchmark import Benchmark
from calibration.errors import nearest
from cge.errors import ShockError
from policies.belt_and_road import belt_and_road
from policies.policy import Policy
from policies.rcep import rcep
from policies.tariff_change import tariff_change
from policies.us_china import us_china

POLICIES: dict[str, Callable[[], Policy]] = {
    "rcep": rcep,
    "us-china": us_china,
    "belt-and-road": belt_and_road,
    "free-trade": lambda: tariff_change(times=0.0, name="free-trade", title="Removal of every import duty"),
}
"""Policies that run without arguments; the library's functions take options."""


PHASED = {"rcep": rcep}
"""Policies that take a calendar year of their schedule."""


def find_policy(name: str | Path, year: int | None = None, benchmark: Benchmark | None = None) -> Policy:
    """A policy by name, or from a YAML file.

    Parameters
    ----------
    name : str
        Key of :data:`POLICIES`, or the path of a file that ends in ``.yaml``.
    year : int, optional
        Calendar year of a policy that is phased in (:data:`PHASED`).
    benchmark : Benchmark, optional
        With a year: whose duties are phased down; the default world otherwise.

    Raises
    ------
    ShockError
        No policy of that name and no such file, or a year for a policy that is not phased in.
    """
    if year is not None:
        if not isinstance(name, str) or name not in PHASED:
            raise ShockError(f"policy {str(name)!r} is not phased in by year, as {', '.join(PHASED)} is; leave the year out")
        return PHASED[name](year=year, benchmark=benchmark)
    if isinstance(name, Path):
        return Policy.from_yaml(name)
    if not isinstance(name, str):
        raise ShockError(f"a policy is found by its name or file, not by {type(name).__name__}")
    if name in POLICIES:
        return POLICIES[name]()
    if Path(name).suffix in (".yaml", ".yml"):
        return Policy.from_yaml(name)
    raise ShockError(f"no policy named {name!r}{nearest(name, POLICIES)} known: {', '.join(POLICIES)}, or a .yaml file")
