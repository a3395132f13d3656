"""How much memory a factorisation needs, and whether it is there.

SuperLU answers a refused allocation by asking for less, again and again, or leaves nothing to what comes after it; so
the need is estimated first. Fill-in differs little between regions, which have the same structure: where a rough bound
does not settle the matter, the largest region's block is factorised as a sample.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla

from cge.errors import SolveError

FACTOR_BYTES = 12
"""Bytes an entry of the factors: a value and an index."""

RESERVED_FILL, RESERVED_BYTES = 30, 20
"""Address space that SuperLU reserves at first: entries over those of the matrix, and bytes an entry (values, indices)."""

ROUGH_FILL = 25
"""Entries of the factors over those of the matrix that regional blocks stay below; larger ones are sampled."""

JACOBIAN_BYTES = 60
"""Bytes an entry of the Jacobian while it is scaled, split into blocks and multiplied."""

ADDRESS_BYTES = 110
"""The same in address space, which freed arrays do not give back at once."""


@dataclass(frozen=True)
class Room:
    """Memory that may still be taken, bytes; None where the system does not tell.

    Attributes
    ----------
    address : int or None
        Address space under ``RLIMIT_AS`` (``ulimit -v``).
    physical : int or None
        The least of the control group's limit and the machine's available memory.
    """

    address: int | None
    physical: int | None


def room() -> Room:
    """What the process may still take."""
    limits = [x for x in (_control_group(), _machine()) if x is not None]
    return Room(_address_space(), min(limits) if limits else None)


def _address_space() -> int | None:
    try:
        import resource
    except ImportError:  # not a POSIX system
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return None
    try:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
    return max(int(soft) - used, 0)


def _control_group() -> int | None:
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        try:
            allowed, taken = Path(limit).read_text().strip(), int(Path(used).read_text())
        except (OSError, ValueError):
            continue
        if allowed.isdigit() and int(allowed) < 2**60:  # version 1 writes "no limit" as a very large number
            return max(int(allowed) - taken, 0)
    return None


def _machine() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def require(blocks: sp.csc_matrix, owner: np.ndarray, jacobian_entries: int, unknowns: int, restart: int) -> None:
    """Raise unless the factors of the regional blocks, the Jacobian and the solver's vectors find room.

    Parameters
    ----------
    blocks : csc_matrix
        The block-diagonal matrix to factorise.
    owner : ndarray of int
        Region of each of its rows and columns.
    jacobian_entries, unknowns : int
        Of the whole system.
    restart : int
        Vectors that GMRES keeps.

    Raises
    ------
    SolveError
        One line: need, what is free, and the way out.
    """
    free = room()
    vectors = 8 * unknowns * (restart + 20)
    around = JACOBIAN_BYTES * jacobian_entries + vectors
    if free.address is not None:
        reserved = RESERVED_BYTES * RESERVED_FILL * int(blocks.nnz)
        need = ADDRESS_BYTES * jacobian_entries + vectors + reserved
        _refuse(need, free.address, "address space under its limit (ulimit -v)", unknowns)
    if free.physical is None or around + FACTOR_BYTES * ROUGH_FILL * int(blocks.nnz) <= free.physical:
        return
    need = around + FACTOR_BYTES * sampled_entries(blocks, owner)
    _refuse(need, free.physical, "memory free", unknowns)


def sampled_entries(blocks: sp.csc_matrix, owner: np.ndarray) -> int:
    """Entries of the factors, from those of the block with the most entries."""
    counts = np.bincount(owner, weights=np.diff(blocks.indptr), minlength=1)
    mine = np.flatnonzero(owner == int(np.argmax(counts)))
    block = blocks[mine][:, mine].tocsc()
    with guarded("factorising one region's block"):
        factors = sla.splu(block, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.1)
    return int(factors.nnz * blocks.nnz / max(block.nnz, 1))


def _refuse(need: int, free: int, what: str, unknowns: int) -> None:
    if need > free:
        raise SolveError(
            f"the factorisation of {unknowns:,} equations needs about {need / 2**30:.2f} GB and the process has "
            f"{free / 2**30:.2f} GB of {what}; aggregate regions or sectors, or give it more memory"
        )


@contextmanager
def guarded(doing: str) -> Iterator[None]:
    """Turn a refused allocation into one line that says what was being done."""
    try:
        yield
    except MemoryError as error:
        free = [x for x in (room().address, room().physical) if x is not None]
        left = f" ({min(free) / 2**30:.2f} GB are left)" if free else ""
        raise SolveError(f"memory ran out while {doing}{left}; aggregate regions or sectors, or give it more memory") from error
