"""EXIOBASE 3 (Stadler et al., Journal of Industrial Ecology 22(3), 2018): 49 regions, million euro, CC BY-SA 4.0 from 3.8.

The archive (``IOT_2018_ixi.zip``) or its folder holds tab-separated text tables with two header rows and two label
columns (region, sector): ``Y`` (final use), and ``Z`` (use by industries) or ``A`` (input coefficients), with ``x``
(output) where the edition has it. Without ``Z`` it is ``A diag(x)``; without ``x``, output is the solution of
``x = A x + Y 1`` (Leontief). Tables of satellite accounts are not opened. Not shipped here; a benchmark built from it
inherits its terms.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from calibration.errors import DataError
from calibration.geography import iso3
from calibration.mrio import FINAL_WORDS, Mrio, Reader
from calibration.parse import check_archive, doubled, reading, year_of
from calibration.readers.exiobase_sectors import exiobase_details

_FINAL_WORDS = (*FINAL_WORDS, ("export", "prv"))
_UNITS = {"M.EUR": "million EUR", "MEUR": "million EUR", "M EUR": "million EUR", "M.USD": "million USD"}
_REGIONS = {"ROM": "ROU", "WWA": "WA", "WWE": "WE", "WWF": "WF", "WWL": "WL", "WWM": "WM"}
"""Regions that some editions spell in another way."""


@dataclass(frozen=True)
class _Files:
    """The tables of one system, in a folder or an archive."""

    path: Path
    members: dict[str, str]

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def table(self, name: str, header: list[int] | int = 0, index: list[int] | None = None) -> pd.DataFrame:
        member = self.members[name]
        with reading(self.path, "table of EXIOBASE", member):
            if self.path.is_dir():
                return pd.read_csv(self.path / member, sep="\t", header=header, index_col=index, low_memory=False)
            with zipfile.ZipFile(self.path) as archive, archive.open(member) as file:
                return pd.read_csv(file, sep="\t", header=header, index_col=index, low_memory=False)


def read_exiobase3(path: str | Path, year: int | None = None) -> Mrio:
    """Read an EXIOBASE 3 archive (``IOT_2018_ixi.zip``) or its folder.

    Parameters
    ----------
    path : path
    year : int, optional
        The year that the archive must be of.

    Raises
    ------
    DataError
        Missing or unreadable archive, another year or edition (a name that is not in its classification, physical
        units), or labels that differ between the tables.
    """
    path = Path(path)
    files = _open(path)
    units = _units(files)
    final = _ordered(files, _matrix(files, "Y"))
    how, use, output = _use(files, final)
    regions = [_REGIONS.get(x, x) for x in dict.fromkeys(r for r, _ in final.index)]
    industries = list(dict.fromkeys(i for _, i in final.index))
    categories = list(dict.fromkeys(k for _, k in final.columns))
    r, n, k = len(regions), len(industries), len(categories)
    agents: dict[str, str] = {}
    for category in categories:
        agent = next((a for word, a in _FINAL_WORDS if word in category.lower()), None)
        if agent is None:
            raise DataError(f"{path}: final-use category {category!r} is unknown; is this another edition?")
        agents[category] = agent
    with reading(path, "EXIOBASE 3 archive"):
        details = exiobase_details(industries)
    return Mrio(
        [iso3(c) for c in regions],
        industries,
        use.reshape(r, n, r, n),
        final.to_numpy(dtype=float).reshape(r, n, r, k),
        output.reshape(r, n),
        year_of(path.name, year, path),
        str(path),
        finals=tuple(categories),
        agents=agents,
        details=details,
        source=f"EXIOBASE 3 ({path.name}; Stadler et al. 2018), basic prices; {how}",
        licence="CC BY-SA 4.0 (EXIOBASE)",
        units=units,
    )


def _open(path: Path) -> _Files:
    if not path.exists():
        raise DataError(f"EXIOBASE archive {path} not found")
    if path.is_dir():
        names = [p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()]
    else:
        check_archive(path, "EXIOBASE archive")
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    finals = [PurePosixPath(x) for x in names if PurePosixPath(x).stem == "Y"]
    if not finals:
        raise DataError(f"{path} is not an EXIOBASE 3 archive: it holds no table Y.txt of final use")
    home = min(finals, key=lambda x: len(x.parts)).parent
    members: dict[str, str] = {}
    for name in names:
        one = PurePosixPath(name)
        if one.parent == home and one.stem in ("A", "Z", "Y", "x", "unit"):
            if one.suffix != ".txt":
                raise DataError(f"{path} stores {one.name}; only text tables are read (pymrio: save_all(table_format='txt'))")
            members[one.stem] = name
    if not {"A", "Z"} & set(members):
        raise DataError(f"{path} is not an EXIOBASE 3 archive: it holds neither Z.txt (use) nor A.txt (input coefficients)")
    return _Files(path, members)


def _units(files: _Files) -> str:
    """The unit of the flows; the published tables are in million euro."""
    if "unit" not in files:
        return "million EUR"
    column = files.table("unit").iloc[:, -1].astype(str).str.strip()
    kinds = list(dict.fromkeys(column))
    if len(kinds) != 1 or kinds[0] not in _UNITS:
        raise DataError(f"{files.path}: unit.txt gives {', '.join(kinds[:5])}; take the monetary tables, in M.EUR")
    return _UNITS[kinds[0]]


def _matrix(files: _Files, name: str) -> pd.DataFrame:
    """A table with its labels as pairs (region, sector or category), every cell a number."""
    table = files.table(name, header=[0, 1], index=[0, 1])
    where = f"{files.path}: {files.members[name]}"
    table.index = pd.MultiIndex.from_tuples([(str(a).strip(), str(b).strip()) for a, b in table.index])
    table.columns = pd.MultiIndex.from_tuples([(str(a).strip(), str(b).strip()) for a, b in table.columns])
    for what, labels in (("row", table.index), ("column", table.columns)):
        if (twice := doubled([" ".join(x) for x in labels])) is not None:
            raise DataError(f"{where} gives the {what} {twice!r} twice; keep one")
    numbers = table.apply(pd.to_numeric, errors="coerce")
    bad = ~np.isfinite(numbers.to_numpy(dtype=float))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        at = f"row {' '.join(table.index[row])}, column {' '.join(table.columns[column])}"
        raise DataError(f"{where}, {at} is not a number ({table.iat[row, column]!r}); repair that cell")
    return numbers


def _ordered(files: _Files, final: pd.DataFrame) -> pd.DataFrame:
    """Final use with every region's rows and columns together, whatever the order in the file."""
    regions, industries, categories = (
        list(dict.fromkeys(x))
        for x in (final.index.get_level_values(0), final.index.get_level_values(1), final.columns.get_level_values(1))
    )
    rows, columns = (pd.MultiIndex.from_product([regions, x]) for x in (industries, categories))
    for labels, wanted in ((final.index, rows), (final.columns, columns)):
        odd = [" ".join(x) for x in labels.symmetric_difference(wanted)[:3]]
        if odd:
            fit = f"{len(regions)} regions x {len(industries)} sectors x {len(categories)} categories"
            raise DataError(
                f"{files.path}: {files.members['Y']} of {final.shape} does not fit {fit}: {', '.join(odd)}; truncated?"
            )
    return final.loc[rows, columns]


def _like(files: _Files, labels: pd.MultiIndex, wanted: pd.MultiIndex, name: str) -> None:
    """Raise where a table lists other labels than final use."""
    odd = [" ".join(x) for x in labels.symmetric_difference(wanted)[:3]]
    if odd:
        pair = f"{files.members[name]} and of {files.members['Y']}"
        raise DataError(f"{files.path}: labels of {pair} differ in {', '.join(odd)}; take both from one edition")


def _use(files: _Files, final: pd.DataFrame) -> tuple[str, np.ndarray, np.ndarray]:
    """How it was found, use by industries, and output."""
    rows = final.index
    name = "Z" if "Z" in files else "A"
    table = _matrix(files, name)
    for labels in (table.index, table.columns):
        _like(files, labels, rows, name)
    values = table.loc[rows, rows].to_numpy(dtype=float)
    sold = final.to_numpy(dtype=float).sum(1)
    if name == "Z":
        return "output is the sum of uses", values, values.sum(1) + sold
    if "x" in files:
        frame = files.table("x", index=[0, 1])
        frame.index = pd.MultiIndex.from_tuples([(str(a).strip(), str(b).strip()) for a, b in frame.index])
        if (twice := doubled([" ".join(x) for x in frame.index])) is not None:
            raise DataError(f"{files.path}: {files.members['x']} gives the row {twice!r} twice; keep one")
        _like(files, frame.index, rows, "x")
        with reading(files.path, "column of output", files.members["x"]):
            output = frame.loc[rows].iloc[:, 0].to_numpy(dtype=float)
        return "use is A diag(x), of the tables A and x", values * output, output
    with reading(files.path, "table of input coefficients", files.members["A"]):
        output = np.linalg.solve(np.eye(len(rows)) - values, sold)
    if (output < -1e-6 * abs(output).max()).any():
        worst = " ".join(rows[int(np.argmin(output))])
        raise DataError(f"{files.path}: output x = (I - A)^-1 Y is negative at {worst}; A is not productive; repair it")
    output = np.maximum(output, 0.0)
    how = "use is A diag(x), output the Leontief solution x = A x + Y 1 (the edition has no table Z or x)"
    return how, values * output, output


READER = Reader("exiobase", read_exiobase3)
