"""The Regional Comprehensive Economic Partnership: tariff cuts among 15 Asia-Pacific economies.

RCEP (in force from 2022) joins Australia, New Zealand, China, Japan, Korea and the ten ASEAN members; it
is the first agreement between China and Japan and between Japan and Korea. The experiment removes
duties among the members that the benchmark shows apart, and optionally lowers non-tariff trade costs. With a year it cuts
them by what the agreement has phased in by then, exempt lines and unclaimed preferences left out
(:mod:`policies.rcep_schedule`; the world of 2018). What it cannot say: the tariffs of the 2011 benchmark are those of 2005,
before most of the earlier agreements among members (ASEAN's with each of the others, Australia-China, Korea-China).
"""

from __future__ import annotations

from typing import Literal

from calibration.benchmark import Benchmark, load_benchmark
from cge.catalogue import Question
from cge.errors import ShockError
from cge.policy.policy import MEMBERS, InstrumentChange, OriginClause, Policy
from policies.rcep_schedule import FIRST_YEAR, USE, check_year, rcep_changes

__all__ = ["QUESTION", "rcep"]

RCEP_MEMBERS = tuple(["AUS", "NZL", "CHN", "JPN", "KOR", "BRN", "KHM", "IDN", "LAO", "MYS", "MMR", "PHL", "SGP", "THA", "VNM"])


def rcep(
    tariffs: bool = True,
    tariff_cut: float = 1.0,
    ntm_cut: float = 0.0,
    *,
    year: int | None = None,
    use: float | None = None,
    benchmark: Benchmark | None = None,
    cumulation: Literal["full", "bilateral"] | None = None,
    rvc: float = 0.40,
    origin_sector: str = "mot",
) -> Policy:
    """The RCEP policy.

    Parameters
    ----------
    tariffs : bool
        Cut tariffs among members.
    tariff_cut : float
        Share of each duty that is removed (1 = all).
    ntm_cut : float
        Fall of the iceberg cost of trade among members, as a fraction of the value shipped.
    year : int, optional
        Cut duties to their level of this calendar year, from 2022: by line for Japan and Australia, by a declared rule for the
        other members. None: all duties fall at once.
    use : float, optional
        With a year: share of eligible trade that claims the preference; :data:`policies.rcep_schedule.USE` by default.
    benchmark : Benchmark, optional
        With a year: whose duties are phased down, ``load_benchmark()`` by default; solve the policy on this one.
    cumulation : {"full", "bilateral"}, optional
        Firms of ``origin_sector`` meet rules of origin to use the preference: inputs of all members count
        (RCEP's rule), or of the exporting member alone. None: preferences are automatic.
    rvc : float
        Regional value content asked, a share (RCEP: 0.40).
    origin_sector : str
        The sector whose compliance is modelled.

    Raises
    ------
    ShockError
        A cut that is no share (a cut of more than the whole duty would be a subsidy), rules of origin that are not lawful, a
        year before 2022 or with options that it excludes, or a benchmark without the sectors of the schedule.

    Examples
    --------
    >>> rcep().name
    'rcep'
    >>> len(rcep().members)
    15
    >>> rcep(year=2035).name
    'rcep-2035'
    """
    if year is not None:
        _require_schedule(year, tariffs, tariff_cut, cumulation)
    elif use is not None or benchmark is not None:
        raise ShockError(f"rcep: {'use' if use is not None else 'benchmark'} belongs to a year of the schedule; give year=2035")
    if not 0 <= tariff_cut <= 1:
        raise ShockError(f"rcep: tariff_cut is {tariff_cut}; a share in [0, 1] is needed")
    if isinstance(ntm_cut, bool) or not isinstance(ntm_cut, (int, float)) or not 0 <= ntm_cut < 1:
        raise ShockError(f"rcep: ntm_cut is {ntm_cut!r}; a share in [0, 1) is needed")
    if cumulation is not None and (cumulation not in ("full", "bilateral") or not 0 <= rvc < 1):
        raise ShockError(f"rcep: cumulation {cumulation!r} with rvc {rvc}; choose 'full' or 'bilateral', and a share in [0, 1)")
    where: dict[str, str | tuple[str, ...]] = {"s": MEMBERS, "d": MEMBERS}
    changes: list[InstrumentChange] = []
    if year is not None:
        changes.extend(rcep_changes(benchmark or load_benchmark(), RCEP_MEMBERS, year, USE if use is None else use))
    elif tariffs:
        changes.append(
            InstrumentChange(
                instrument="tms", where=where, among=True, rate_times=1.0 - tariff_cut, note=f"duties cut by {tariff_cut:.0%}"
            )
        )
    if ntm_cut:
        changes.append(
            InstrumentChange(
                instrument="ams",
                where=where,
                among=True,
                factor=1.0 + ntm_cut,
                note=f"non-tariff trade costs down {ntm_cut:.1%}",
            )
        )
    return Policy(
        name="rcep" if year is None else f"rcep-{year}",
        title="RCEP tariff cuts" if year is None else f"RCEP as phased in by {year}",
        description=(
            "Duties among the members of the Regional Comprehensive Economic Partnership "
            + ("are removed." if year is None else f"fall to what its schedules leave in {year}.")
        ),
        sources=(
            "Members and place in world GDP: ADB Briefs 164 (2020)",
            "Compare: Estrades, Maliszewska, Osorio-Rodarte, Seara e Pereira, World Bank WPS 9939 (2022): "
            "bloc real income +0.21 % in 2035 from tariffs alone",
            *(() if year is None else ("Schedules by line of Japan and Australia: policies/data/rcep_schedule.csv",)),
        ),
        members=RCEP_MEMBERS,
        instruments=tuple(changes),
        notes=(
            "Full removal at once; the agreement phases cuts in and exempts some lines."
            if year is None
            else "Schedules by line of Japan and Australia, the others by a declared rule; "
            f"{USE if use is None else use:.0%} of eligible trade claims the preference.",
        ),
        origin=() if cumulation is None else (OriginClause(sector=origin_sector, rvc=rvc, cumulation=cumulation),),
    )


def _require_schedule(year: int, tariffs: bool, tariff_cut: float, cumulation: str | None) -> None:
    """Raise where a year of the schedule is not lawful or meets an option that says something else about duties."""
    check_year(year)
    if year < FIRST_YEAR:
        raise ShockError(f"rcep: the agreement is in force from {FIRST_YEAR}; in {year} it cuts no duty, give a later year")
    options = {"tariffs=False": not tariffs, "tariff_cut": tariff_cut != 1.0, "cumulation": cumulation is not None}
    for name, given in options.items():
        if given:
            raise ShockError(f"rcep: {name} and year={year} exclude each other: the schedule sets the duties; leave one out")


QUESTION = Question.of("rcep", rcep, "RCEP tariff cuts", on_data=("year",))
