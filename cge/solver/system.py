"""The square system of a model: unknowns, residuals and the sparse Jacobian of all equation families.

Unknowns are the free elements of the variables (a closure and the zero flows of the benchmark decide
which); every variable lives in one dense array, so that a kernel reads it without gathering. The
Jacobian has one fixed CSR pattern, found once: cells that are zero for every value of the unknowns and
of the instruments (shares that are zero) are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cge.equations.declare import SET_OF_DIM, Rule, Symbol
from cge.equations.squareness import WORLD, regional_blocks
from cge.solver.statements import compile_rule
from cge.solver.tape import Leaf, Tape
from cge.solver.templates import Kernel, Values

PROBE_SHIFT, PROBE_LEVEL = (0.01, 0.04), (0.97, 1.03)
"""What is added to instruments and elasticities, and where the unknowns stand, when the Jacobian's pattern is sought."""


@dataclass(frozen=True)
class Family:
    """One compiled equation family and its place in the system."""

    rule: Rule
    tape: Tape
    active: np.ndarray  # flat positions of the members that are equations
    offset: int

    @property
    def size(self) -> int:
        """How many members are equations."""
        return int(self.active.size)

    def seed(self, weights: np.ndarray) -> np.ndarray:
        """Weights of this family's rows as an array over its members (0 where not an equation)."""
        full = np.zeros(self.tape.size)
        full[self.active] = weights[self.offset : self.offset + self.size]
        return full.reshape(self.tape.shape)


@dataclass(frozen=True)
class Plan:
    """Where one leaf's block of derivatives goes in the CSR data array."""

    pick: np.ndarray | None  # flat positions in the broadcast block; None for all
    shape: tuple[int, ...]
    slot: np.ndarray


class System:
    """What the equations of a model are over its unknowns: compiled once, never changed.

    :class:`cge.solver.evaluator.Evaluator` evaluates it at values that move.

    Parameters
    ----------
    symbols, rules : mappings
        Declarations; ``rules`` holds the equations only.
    sets : mapping of pyomo set name to labels
    block : pyomo Block
        With the components the rules refer to.
    values : Values
        Benchmark values.
    free : mapping of symbol name to bool array
        Unknown elements.
    active : mapping of equation name to bool array
        Members that hold.
    names : sequence of str
        Every name a rule may use, for the nearest to one that does not exist.
    """

    def __init__(
        self,
        symbols: Mapping[str, Symbol],
        rules: Mapping[str, Rule],
        sets: Mapping[str, Sequence[str]],
        block: object,
        values: Values,
        free: Mapping[str, np.ndarray],
        active: Mapping[str, np.ndarray],
        names: Sequence[str] = (),
    ) -> None:
        self.symbols, self.sets = symbols, sets
        self.unknown = [n for n, mask in free.items() if mask.any()]
        self.index = {n: np.flatnonzero(free[n]) for n in self.unknown}
        self.offset: dict[str, int] = {}
        at = 0
        for n in self.unknown:
            self.offset[n] = at
            at += self.index[n].size
        self.n = at
        self.position = {n: np.full(values[n].shape, -1) for n in self.unknown}
        for n in self.unknown:
            self.position[n].ravel()[self.index[n]] = np.arange(self.index[n].size) + self.offset[n]
        self.unknown_throughout = frozenset(n for n in self.unknown if free[n].all())
        self.families: list[Family] = []
        shapes = {n: a.shape for n, a in values.arrays.items()}
        names = list(names) or [*symbols, *rules, *sets]
        row = 0
        for rule in rules.values():
            tape = compile_rule(rule, block, shapes, self.unknown, names)
            members = np.flatnonzero(active[rule.name])
            if not members.size:
                continue
            self.families.append(Family(rule, tape, members, row))
            row += members.size
        self.rows = row
        self.owner_of_unknown = self._owners([(symbols[n].dims, symbols[n].owner, self.index[n]) for n in self.unknown])
        self.owner_of_row = self._owners([(f.rule.dims, f.rule.owner, f.active) for f in self.families])
        self.in_logs = np.concatenate(
            [np.full(self.index[n].size, not symbols[n].signed) for n in self.unknown] or [np.zeros(0, bool)]
        )
        self._plan_jacobian(values)
        if any(symbols[n].kind == "instrument" for n in self.unknown):  # a swap freed it
            self.owner_of_row, self.owner_of_unknown = regional_blocks(self)

    def _owners(self, groups: Sequence[tuple[tuple[str, ...], str | None, np.ndarray]]) -> np.ndarray:
        out = []
        for dims, owner, flat in groups:
            if owner is None:
                out.append(np.full(flat.size, WORLD))
            else:
                shape = tuple(len(self.sets[SET_OF_DIM[d]]) for d in dims)
                out.append(np.unravel_index(flat, shape)[dims.index(owner)])
        return np.concatenate(out) if out else np.zeros(0, int)

    # -- unknowns ----------------------------------------------------------------------------------
    def pack(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """The vector of unknowns from full arrays."""
        return np.concatenate([arrays[n].ravel()[self.index[n]] for n in self.unknown])

    def unpack(self, x: np.ndarray, rest: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Full arrays of the variables with unknown elements, the others as in ``rest``."""
        arrays = {}
        for n in self.unknown:
            part = x[self.offset[n] : self.offset[n] + self.index[n].size]
            shape = rest[n].shape
            if part.size == rest[n].size:
                arrays[n] = part.reshape(shape)
            else:
                full = rest[n].astype(x.dtype, copy=True).ravel()
                full[self.index[n]] = part
                arrays[n] = full.reshape(shape)
        return arrays

    # -- the pattern of the Jacobian ---------------------------------------------------------------
    def _plan_jacobian(self, values: Values) -> None:
        """Find the fixed pattern by evaluating at a random point with random instruments and elasticities.

        The point is near the benchmark: far from it a large elasticity drives a share to 1 in floating point, and a
        derivative that is one less the share to exactly 0.
        """
        probe, arrays = self._probe(values)
        rows, columns = [], []
        planned: list[list[tuple[Leaf, Plan]]] = []
        for f in self.families:
            planned.append([])
            kernel = Kernel(f.tape)
            row_of = np.full(f.tape.size, -1)
            row_of[f.active] = np.arange(f.size) + f.offset
            row_of = row_of.reshape(f.tape.shape)
            with np.errstate(all="ignore"):
                blocks = kernel.adjoint(probe, arrays)
            for leaf, g in blocks:
                axes = [*range(f.tape.rank), *(a for a in leaf.free_axes if a >= f.tape.rank)]
                full = [1] * len(f.tape.sizes)
                for a in axes:
                    full[a] = f.tape.sizes[a]
                shape = tuple(full)
                block = np.broadcast_to(g, shape).ravel()
                own = row_of.reshape(*f.tape.shape, *([1] * (len(full) - f.tape.rank)))
                r = np.broadcast_to(own, shape).ravel()
                target = np.broadcast_to(kernel.leaf(leaf, self.position[leaf.name]), shape).ravel()
                keep = np.flatnonzero((block != 0) & (r >= 0) & (target >= 0))
                if not keep.size:
                    continue
                rows.append(r[keep])
                columns.append(target[keep])
                planned[-1].append((leaf, Plan(None if keep.size == block.size else keep, shape, np.zeros(0, int))))
        key = np.concatenate(rows) * self.n + np.concatenate(columns)
        unique, slots = np.unique(key, return_inverse=True)
        begin = 0
        for plans in planned:
            for k, (leaf, plan) in enumerate(plans):
                count = rows.pop(0).size
                plans[k] = (leaf, Plan(plan.pick, plan.shape, slots[begin : begin + count].astype(np.int32)))
                begin += count
        self.plans = tuple(tuple(plans) for plans in planned)
        """By family, where each leaf's block of derivatives goes."""
        self.row_index = (unique // self.n).astype(np.int32)
        self.column_index = (unique % self.n).astype(np.int32)
        self.nnz = unique.size
        self.indptr = np.searchsorted(self.row_index, np.arange(self.rows + 1)).astype(np.int32)

    def _probe(self, values: Values) -> tuple[Values, dict[str, np.ndarray]]:
        """Instruments and elasticities at random, and the unknowns' arrays."""
        rng = np.random.default_rng(20240229)
        probe = Values(values.arrays)
        for name, symbol in self.symbols.items():
            if (symbol.kind == "parameter" and symbol.structural) or name in self.index:
                continue
            array = values[name]
            probe.arrays[name] = np.abs(array) + rng.uniform(*PROBE_SHIFT, array.shape)
        arrays = self.unpack(rng.uniform(*PROBE_LEVEL, self.n), values.arrays)
        for name, positions in self.position.items():
            if self.symbols[name].kind == "instrument":  # a swap freed it in part: the rest moves with policies all the same
                kept = positions == -1
                arrays[name] = np.where(kept, np.abs(arrays[name]) + rng.uniform(*PROBE_SHIFT, kept.shape), arrays[name])
        return probe, arrays

    # -- names -------------------------------------------------------------------------------------
    def name_of_row(self, k: int) -> str:
        """An equation's name and cell, as ``e_pms[c15, int, CHN]``."""
        f = next(f for f in reversed(self.families) if f.offset <= k)
        return f"{f.rule.name}[{', '.join(self._labels(f.rule.dims, f.active[k - f.offset]))}]"

    def defines_fixed(self) -> np.ndarray:
        """True for rows that define an element which a swap made exogenous."""
        fixed = []
        for f in self.families:
            place = self.position.get(str(f.rule.defines))
            fixed.append(np.ones(f.size, bool) if place is None else place.ravel()[f.active] < 0)
        return np.concatenate(fixed)

    def name_of_unknown(self, k: int) -> str:
        """A variable's name and cell."""
        n = next(n for n in reversed(self.unknown) if self.offset[n] <= k)
        return f"{n}[{', '.join(self._labels(self.symbols[n].dims, self.index[n][k - self.offset[n]]))}]"

    def _labels(self, dims: tuple[str, ...], flat: int) -> list[str]:
        shape = tuple(len(self.sets[SET_OF_DIM[d]]) for d in dims)
        return [str(self.sets[SET_OF_DIM[d]][int(k)]) for d, k in zip(dims, np.unravel_index(flat, shape), strict=True)]
