"""Where a file meets its reader: whatever goes wrong inside is one line that names the file and the place.

:func:`reading` stands around every parse; :func:`check_archive` before anything is unpacked; :func:`year_of` tells
the year of a file by its name, once for all readers. No reader opens a pickle: such a file runs code.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import DataError, require_year

MOST_UNPACKED = 64 * 2**30
"""Largest size, unpacked, that an archive may claim; published ones (EXIOBASE with all its accounts) have about 10 GB."""
MOST_EXPANSION = 250.0
"""Largest ratio of claimed to stored size of an archive above 200 MB: text tables reach 50, bombs 1000."""


@contextmanager
def reading(path: str | Path, what: str, place: str = "", *, verdict: str = "is not a readable") -> Iterator[None]:
    """Turn an error inside a parse into a :class:`DataError` that names the file; the cause stays in ``__cause__``.

    Parameters
    ----------
    path : path
        The file that is read.
    what : str
        What it should be, as "WIOD table".
    place : str, optional
        Where in the file (a member of an archive, a header).
    verdict : str
        What is said of the file before ``what``.

    Raises
    ------
    DataError
        Whatever the body raises, but for errors of the process itself (interrupt, exit).
    """
    where = f"{path}: {place}" if place else str(path)
    try:
        yield
    except DataError as error:
        if str(path) in str(error):
            raise
        raise DataError(f"{path}: {error}") from error
    except FileNotFoundError as error:
        raise DataError(f"{where} not found; give the path of a {what}") from error
    except IsADirectoryError as error:
        raise DataError(f"{where} is a folder, not a {what}; name the file in it") from error
    except PermissionError as error:
        raise DataError(f"{where} may not be read (permission denied)") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is not UTF-8 text ({error}); save it again as UTF-8") from error
    except MemoryError as error:
        raise DataError(f"{where} does not fit into memory; read fewer years or run on a larger machine") from error
    except RecursionError as error:
        raise DataError(f"{where} {verdict} {what} (nested too deep)") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or "no reason given"
        kind = type(error).__name__
        raise DataError(f"{where} {verdict} {what} ({kind}: {reason}); is the file complete?") from error


def require_file(path: str | Path, what: str, remedy: str = "give its path") -> Path:
    """The path of an existing file.

    Raises
    ------
    DataError
        It is missing, a folder, or a device.
    """
    path = Path(path)
    with reading(path, what):
        if path.is_dir():
            raise DataError(f"{path} is a folder, not a {what}; name the file in it")
        if not path.is_file():
            raise DataError(f"{what} {path} not found; {remedy}")
    return path


def check_archive(path: str | Path, what: str) -> None:
    """Refuse a zip archive (xlsx is one) that is broken, claims too much, or names a member outside its folder.

    Raises
    ------
    DataError
        As said, with the member.
    """
    path = Path(path)
    with reading(path, what), zipfile.ZipFile(path) as archive:
        claimed = stored = 0
        for member in archive.infolist():
            name = PurePosixPath(member.filename.replace("\\", "/"))
            if name.is_absolute() or ".." in name.parts or re.match(r"^[A-Za-z]:", member.filename):
                raise DataError(f"{path} holds a member outside its folder, {member.filename!r}; it is not a {what}")
            claimed, stored = claimed + member.file_size, stored + max(member.compress_size, 1)
        if claimed > MOST_UNPACKED or (claimed > 200e6 and claimed / stored > MOST_EXPANSION):
            raise DataError(
                f"{path} claims {claimed / 1e9:.1f} GB unpacked from {stored / 1e6:.1f} MB stored; that is no {what}; "
                "download it again"
            )


def check_claim(path: str | Path, claimed: float, what: str) -> None:
    """Refuse a file whose header claims more than this machine's memory, before anything is allocated.

    Parameters
    ----------
    path : path
    claimed : float
        Bytes.
    what : str
        What the file should be.

    Raises
    ------
    DataError
        As said.
    """
    try:
        memory = float(os.sysconf("SC_PHYS_PAGES")) * float(os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # a system that does not tell
        memory = float(MOST_UNPACKED)
    if claimed > memory:
        raise DataError(
            f"{path} claims {claimed / 1e9:,.1f} GB, more than the {memory / 1e9:,.1f} GB of this machine; no {what}, or "
            "one for a larger machine"
        )


def load_netcdf(path: str | Path, what: str) -> xr.Dataset:
    """All of a netCDF file, inside :func:`reading`.

    Raises
    ------
    DataError
        It claims more than this machine's memory.
    OSError
        It is no HDF5 file.
    """
    # h5netcdf leaves a broken object behind where HDF5 cannot open all of a file, which prints a traceback when collected
    with h5py.File(path, "r") as file:
        file.visititems(lambda name, item: dict(item.attrs) and None)
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        check_claim(path, opened.nbytes, what)
        return opened.load()


def years_in(name: str) -> list[int]:
    """The four-digit years in a file's name, in order.

    Examples
    --------
    >>> years_in("matrix_eu-ic-io_ind-by-ind_24ed_2021.csv")
    [2021]
    """
    return [int(x) for x in re.findall(r"(?<!\d)(19[5-9]\d|20[0-4]\d)(?!\d)", Path(name).stem)]


def year_of(name: str, asked: int | None, path: str | Path, years: Sequence[int] | None = None) -> int:
    """The year of a table: the last in its name, or the one asked for where the name has none; 0 where nobody says.

    Parameters
    ----------
    name : str
        Name of the file or member.
    asked : int, optional
        The year that the user wants.
    path : path
        For the message.
    years : sequence of int, optional
        What the name tells, where it writes years in another way.

    Raises
    ------
    DataError
        The file is of another year than the one asked for, or that is no whole number.
    """
    if asked is not None:
        require_year(asked, "the year asked for")
    found = list(years_in(name) if years is None else years)
    if asked is not None and found and asked not in found:
        raise DataError(f"{path}: {Path(name).name} is of the year {found[-1]}, not {asked}; name the other file or year")
    return asked if asked is not None else (found[-1] if found else 0)


def doubled(labels: Sequence[object]) -> str | None:
    """The first label that comes twice, None where all differ."""
    seen: set[str] = set()
    for label in map(str, labels):
        if label in seen:
            return label
        seen.add(label)
    return None


def numbers_of(table: pd.DataFrame, columns: Sequence[str], path: str | Path, named_by: Sequence[str]) -> pd.DataFrame:
    """Columns of a table as numbers; a blank is not a number, and text is refused.

    Parameters
    ----------
    table : DataFrame
    columns : sequence of str
        Which the table has.
    path : path
        The file, for the error.
    named_by : sequence of str
        Columns that say which row it is, as iso3 and year.

    Raises
    ------
    DataError
        A cell that is neither a number nor blank, by file, column and row.
    """
    given = table[list(columns)]
    given = given.mask(given.astype(str).apply(lambda column: column.str.strip()) == "")
    figures = given.apply(pd.to_numeric, errors="coerce")
    odd = (figures.isna() & given.notna()).to_numpy()
    if odd.any():
        row, column = (int(k) for k in np.argwhere(odd)[0])
        which = " in ".join(str(table[name].iloc[row]) for name in named_by)
        raise DataError(f"{path}: {columns[column]} of {which} is {str(given.iat[row, column])!r}, not a number")
    return figures.astype(float)
