"""What a reader of a policy's results must know: absent members, changes left out, where changes meet and order matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calibration.benchmark import Benchmark
from cge.model.reach import reached_cells
from cge.model.shock import new_subsidies
from cge.policy.composition import Composed, CoreStart, Start
from cge.policy.instrument_change import InstrumentChange
from cge.policy.placement import Placement, as_model
from cge.policy.policy import Policy

if TYPE_CHECKING:
    from cge.model import Model

LARGE_RATE = 5.0
"""A rate above this (500 %) is told, for it may be per cent written as a fraction."""


def remarks(policy: Policy, start: Benchmark | Model) -> list[str]:
    """Sentences on what a policy does to a benchmark that its list of changes does not show.

    The policy's own notes; members that cannot be shocked by themselves; optional changes left out; named flows that do
    not exist; changes that leave every value where it was; cells that several changes act on; cells where the order of
    changes matters, with the value in either order; subsidies; rates that look like per cent.
    """
    benchmark = start if isinstance(start, Benchmark) else start.benchmark
    place: Start
    if isinstance(start, Benchmark):
        place = CoreStart(start, [c.instrument for c in policy.instruments])
        told = policy.model_copy(update={"instruments": tuple(c for c in policy.instruments if c.instrument in place.symbols)})
    else:
        place, told = start, policy
    placement = Placement(told.name, told.members, told.instruments, place)
    composed = placement.composed()
    return [
        *_members(policy, benchmark),
        *_left_out([change for change, step in placement.steps if step is None]),
        *_absent_flows(placement),
        *_inner_duties(placement),
        *_idle(told, composed),
        *(line for name, found in composed.items() for line in _meetings(place, name, found)),
        *_subsidies(place, composed),
        *_large_rates(policy),
    ]


def _left_out(changes: list[InstrumentChange]) -> list[str]:
    names = dict.fromkeys(c.note or c.instrument for c in changes)
    return [f"Left out, for this benchmark lacks a label or flow: {'; '.join(names)}."] if names else []


def _members(policy: Policy, benchmark: Benchmark) -> list[str]:
    absent = policy.absent(benchmark)
    if not absent:
        return list(policy.notes)
    grouped = {e for held in benchmark.groups.values() for e in held}
    share = {r: w for r, w in benchmark.participation(policy.members).items() if w < 1.0}
    inside = ", ".join(m for m in absent if m in grouped)
    outside = ", ".join(m for m in absent if m not in grouped)
    told = list(policy.notes)
    if inside and any(change.partial for change in policy.instruments):
        taken = ", ".join(f"{r} {100 * w:.0f} %" for r, w in share.items())
        told.append(f"Inside a grouped region, shocked by their share in its GDP ({taken}): {inside}.")
    elif inside:
        told.append(f"Inside an aggregate of this benchmark, so not shocked: {inside}.")
    if outside:
        why = "Not in this benchmark" if grouped else "Inside an aggregate of this benchmark or not in it"
        told.append(f"{why}, so not shocked: {outside}.")
    return told


def _absent_flows(placement: Placement) -> list[str]:
    """Named selections (such as one source and destination) in which the benchmark has no flow."""
    model = placement.model
    if model is None:
        return []
    missing: dict[str, list[str]] = {}
    asked: dict[str, int] = {}
    for change, step in placement.steps:
        if step is None or not change.where:
            continue
        name = change.instrument
        dims = model.symbols[name].dims
        box = step.box()
        named = step.weight() != 0
        unnamed = tuple(k for k, d in enumerate(dims) if d not in change.where)
        wanted = named.any(axis=unnamed)
        absent = wanted & ~(reached_cells(model, name)[box] & named).any(axis=unnamed)
        kept = [np.flatnonzero(step.weights[k]) for k in range(len(dims)) if k not in unnamed]
        letters = [d for d in dims if d in change.where]
        asked[name] = asked.get(name, 0) + int(wanted.sum())
        for index in np.argwhere(absent):
            words = [model.labels(d)[axis[k]] for d, axis, k in zip(letters, kept, index, strict=True)]
            missing.setdefault(name, []).append(" ".join(words))
    return [
        f"{len(cells):,} of {asked[name]:,} selections of {name} hold no flow in this benchmark, so nothing changes there "
        f"({_some(cells)})."
        for name, cells in missing.items()
    ]


def _inner_duties(placement: Placement) -> list[str]:
    """Duties on trade among the economies of one region, which a change "among" regions leaves in place."""
    model = placement.model
    wide = [
        c
        for c, step in placement.steps
        if step is not None and c.among and c.instrument == "tms" and not {"s", "d"} & set(c.where)
    ]
    if model is None or not wide or "tms_0" not in model.benchmark_values:
        return []
    duty = model.benchmark.sam.data["vmsb"] - model.benchmark.sam.data["vcif"]
    inner = {r: float(abs(duty.sel(s=r, d=r)).sum()) for r in model.benchmark.regions}
    regions = [r for r, paid in inner.items() if paid > 1e-9 * max(float(abs(duty).sum()), 1.0)]
    if not regions:
        return []
    total = sum(float(duty.sel(s=r, d=r).sum()) for r in regions)
    return [
        f"The change acts between regions: duties on trade inside a grouped region stay ({', '.join(regions)}: {total:,.6g} "
        f"million {model.benchmark.currency}, {100 * total / float(duty.sum()):.2g} % of all)."
    ]


def _some(cells: list[str], most: int = 3) -> str:
    return ", ".join(cells[:most]) + (", ..." if len(cells) > most else "")


def _idle(policy: Policy, composed: dict[str, Composed]) -> list[str]:
    numbers = sorted(k for found in composed.values() for k in found.idle)
    names = list(dict.fromkeys(policy.instruments[k].note or policy.instruments[k].instrument for k in numbers))
    return [f"{len(numbers)} changes leave every value as it was ({_some(names)})."] if numbers else []


def _meetings(place: Start, name: str, found: Composed) -> list[str]:
    model = as_model(place)
    flow = np.ones(found.base.shape, bool) if model is None else reached_cells(model, name)
    twice, ordered = (found.times > 1) & flow, found.ordered & flow
    if not twice.any():
        return []
    power = place.symbols[name].unit.startswith("power")
    cell, words = _example(place, name, twice, abs(found.value - found.base))
    told = [
        f"Several changes act on {int(twice.sum()):,} cells of {name}, each on what the one before reached ({words}: "
        f"{found.times[cell]} changes, from {_value(found.base[cell], power)} to {_value(found.value[cell], power)})."
    ]
    if ordered.any():
        cell, words = _example(place, name, ordered, abs(found.value - found.base))
        told.append(
            f"Their order matters in {int(ordered.sum()):,} cells of {name} ({words}: {_value(found.value[cell], power)} "
            f"as given, {_value(found.other_order(cell), power)} in another order)."
        )
    return told


def _example(place: Start, name: str, cells: np.ndarray, size: np.ndarray) -> tuple[tuple[int, ...], str]:
    """The cell that moves most among some, and its labels."""
    flat = int(np.argmax(np.where(cells, size, -1.0)))
    return tuple(int(k) for k in np.unravel_index(flat, cells.shape)), place.label(name, flat)


def _value(value: float, power: bool) -> str:
    return f"{100 * (value - 1):.4g} %" if power else f"{value:.6g}"


def _subsidies(place: Start, composed: dict[str, Composed]) -> list[str]:
    model = as_model(place)
    return [] if model is None else new_subsidies(model, {n: found.value for n, found in composed.items()})


def _large_rates(policy: Policy) -> list[str]:
    rates = [(c.instrument, c.rate_to if c.rate_to is not None else c.rate_add) for c in policy.instruments]
    large = dict.fromkeys(f"{name} {100 * rate:,.6g} %" for name, rate in rates if rate is not None and abs(rate) > LARGE_RATE)
    return [f"Rates are fractions, so these are as large as they look: {_some(list(large))}."] if large else []
