"""What a command writes, checked before it works: a place that can be written, and never one of the run's own inputs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path

from cge.equations.known_mechanisms import mechanisms
from cge.errors import ModelError
from cge.report.pdf import find_browser, no_browser

WRITES: dict[str, tuple[str, ...]] = {
    "run": (
        *("solution.nc", "regions.csv", "bilateral.csv", "output.csv", "welfare_range.csv", "summary.json", "policy.yaml"),
        *("*.png", "figures.json"),
        *("use_*.csv", "industry_*.csv", "types_*.csv", *(f"{name.lower()}.csv" for name in mechanisms())),
    ),
    "gvc": ("gvc_regions.csv", "gvc.nc", "gvc_*.png", "gvc_figures.json"),
    "shock": ("changes.nc", "changes.har", "updated.har", "regions.csv", "welfare_parts.csv"),
    "dynamics": ("dynamics.nc", "path.nc", "welfare.csv", "real_gdp.csv", "summary.json", "*.png", "figures.json"),
    "docs": ("*.html", "parameters.nc"),
}
"""Names, or patterns of names, of the files that a command writes into its folder ``--out``."""


def check_outputs(
    command: str,
    inputs: Mapping[str, str | Path | None],
    out: Path | None = None,
    report: Path | None = None,
    pdf: Path | None = None,
    also: tuple[str, ...] = (),
) -> None:
    """Refuse before a solve what would fail after it, or what would overwrite what the run reads.

    Parameters
    ----------
    command : str
        Key of :data:`WRITES`.
    inputs : mapping
        What each input is, and its path; names that are no files are passed over.
    out : path, optional
        Folder of the results.
    report, pdf : path, optional
        Files.
    also : tuple of str
        Further names that it writes.

    Raises
    ------
    ModelError
        A folder where a file is wanted or the other way, a place that cannot be written, one file for two outputs, no
        browser for ``--pdf``, or an input that would be overwritten.
    """
    if report is not None and report.is_dir():
        raise ModelError(f"--report {report} is a folder; name a file, as {report / 'report.html'}")
    if pdf is not None and pdf.is_dir():
        raise ModelError(f"--pdf {pdf} is a folder; name a file, as {pdf / 'report.pdf'}")
    if pdf is not None and find_browser() is None:
        raise no_browser()
    if report is not None and pdf is not None and _same(report, pdf):
        raise ModelError(f"--report and --pdf name the same file {report}; give each its own")
    if out is not None:
        if out.exists() and not out.is_dir():
            raise ModelError(f"--out {out} is a file; name a folder")
        check_place("--out", out)
    for option, file in (("--report", report), ("--pdf", pdf)):
        if file is not None:
            check_place(option, file.parent)
    outputs = [x for x in (report, pdf) if x is not None]
    refuse_overwriting(inputs, outputs)
    for what, given in inputs.items():
        path = Path(given) if given is not None else None
        if out is None or path is None or not path.is_file() or not _same(path.parent, out):
            continue
        if any(fnmatch(path.name, pattern) for pattern in (*WRITES[command], *also)):
            raise ModelError(f"--out {out} would overwrite {path}, the {what} of this run; name another folder")


def refuse_overwriting(inputs: Mapping[str, str | Path | None], outputs: Iterable[Path]) -> None:
    """Raise where a file to write is one that is read, by whatever name."""
    for output in outputs:
        for what, given in inputs.items():
            if given is not None and _same(Path(given), output):
                raise ModelError(f"{output} is the {what} of this run and would be overwritten; write to another file")


def shock_files(text: str) -> dict[str, str]:
    """The tables that a shock text names (``tms=@rates.csv``), as inputs."""
    return {f"table of the shock {name}": name for name in re.findall(r"@([^;\s]+)", text)}


def _same(one: Path, other: Path) -> bool:
    try:
        if one.exists() and other.exists():
            return os.path.samefile(one, other)
        return one.resolve() == other.resolve()
    except (OSError, ValueError):
        return False


def check_place(option: str, folder: Path) -> None:
    """Raise where a folder cannot be made or written in."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise ModelError(f"{option}: {place} is a file, not a folder; name another place")
    if not os.access(place, os.W_OK):
        raise ModelError(f"{option}: {place} may not be written (permission denied); name another place")
