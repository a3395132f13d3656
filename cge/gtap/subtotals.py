"""Sub-totals of a shock's parts under GTAP's names: the same real GDP, terms of trade, utility and EV as in the results.

Harrison, Horridge and Pearson, "Decomposing Simulation Results with Respect to Exogenous Shocks", Computational
Economics 15, 2000: along the path of all shocks together, each group's share of every step is what its shocks alone
would do from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from calibration.errors import nearest
from cge.errors import ModelError, ShockError, SolveError
from cge.gtap.indices import REGIONAL, WORLD, Divisia, rates
from cge.gtap.names import DERIVED, PERCENT, PRICES, QUANTITIES
from cge.gtap.results import GtapResult
from cge.gtap.welfare import SHIFTERS
from cge.model.path import LIMIT, PathPoint, directions_of, refuse
from cge.model.shock import Shock
from cge.solver.quadrature import GOAL, integrate

Array = np.ndarray

COMPOSED = ("vgdp", "qgdp", "tot", "u", "ev")
"""Names that are computed from the model's variables and the indices."""


def gtap_subtotals(
    result: GtapResult, groups: Mapping[str, Shock], names: str | Sequence[str] = "qgdp", goal: float = 10 * GOAL
) -> xr.Dataset:
    """Contributions of groups of shocks to results under GTAP's names, which they sum to.

    Parameters
    ----------
    result : GtapResult
        Of all groups together.
    groups : mapping of name to Shock
        They must not move the same elements.
    names : str or sequence of str
        Variables of :mod:`cge.gtap.names` that the model holds, its indices, and :data:`COMPOSED`.
    goal : float
        Estimated error, relative to one per cent (of income for ``ev``), at which the path is fine enough.

    Returns
    -------
    xarray.Dataset
        In the unit of :meth:`GtapResult.changes`, dims (group, ...), with the group ``total``.

    Raises
    ------
    ModelError
        A name that has no sub-totals.
    ShockError
        Two groups move one element, or together they are not the result's shock.
    SolveError
        A sum misses the change it is of by more than :data:`cge.model.path.LIMIT`, or is not known to it.
    """
    names = [names] if isinstance(names, str) else list(names)
    lawful = [*QUANTITIES, *PRICES, *REGIONAL, *WORLD, *COMPOSED]
    for name in names:
        if name not in lawful:
            raise ModelError(f"no sub-totals of {name!r}{nearest(name, lawful)}")
    directions, joint = directions_of(result.base, groups)
    _same_direction(result, joint)
    changes = result.changes(contributions=False)
    income = result.base.values_of("y_0")
    shapes = [changes[n].shape for n in names]
    one = [np.broadcast_to(income if n == "ev" else 100.0, s).ravel() for n, s in zip(names, shapes, strict=True)]
    scale = np.tile(np.concatenate(one), len(groups))

    def contributions(place: float) -> Array:
        points = [result.path.toward(directions[g], place) for g in groups]
        return np.concatenate([_slope(result, place, point, n).ravel() for point in points for n in names])

    found = integrate(contributions, scale, goal)
    labels = [f"{n} ({g})" for g in groups for n, s in zip(names, shapes, strict=True) for _ in range(int(np.prod(s)))]
    refuse("sub-totals", labels, found.error, scale, result.after)
    parts = found.value.reshape(len(groups), -1)
    out = xr.Dataset()
    cut = 0
    for name, shape in zip(names, shapes, strict=True):
        size = int(np.prod(shape))
        by_group = parts[:, cut : cut + size].reshape(len(groups), *shape)
        stacked = np.concatenate([by_group, by_group.sum(0, keepdims=True)])
        whole = changes[name]
        gap = abs(np.where(np.isnan(whole), 0.0, stacked[-1] - whole)) / (income if name == "ev" else 100.0)
        if not (gap <= LIMIT).all():
            raise SolveError(f"the sub-totals of {name} miss its change by {gap.max():.1e}", last=result.after)
        index = pd.Index([*groups, "total"], name="group")
        array = xr.concat([whole.copy(data=values) for values in stacked], dim=index).where(whole.notnull())
        out[name] = array.transpose("group", *whole.dims)
        out[name].attrs = {
            "long_name": f"contributions to {whole.attrs['long_name']}",
            "units": DERIVED.get(name, (PERCENT, ""))[0],
            "error": float(found.error.reshape(len(groups), -1)[:, cut : cut + size].max(initial=0.0)),
        }
        cut += size
    return out


def _same_direction(result: GtapResult, joint: Mapping[str, Array]) -> None:
    solved = result.path.direction
    for name in {*joint, *solved}:
        gap = joint.get(name, 0.0) - solved.get(name, 0.0)
        if (abs(np.asarray(gap)) > 1e-12).any():
            raise ShockError(f"the groups together do not move {name} as shock {result.after.name!r} does")


def _slope(result: GtapResult, place: float, point: PathPoint, name: str) -> Array:
    """Derivative of a result along one group's direction, in the unit of the results."""
    base = result.base.values_of
    logs, moving = result.divisia.until(place), _rates(result.divisia, point)
    scale = point.value("pfactwld") / base("pfactwld") / np.exp(logs["pfactwld"])  # restates in the numeraire
    scaling = point.log_slope("pfactwld") - moving["pfactwld"]
    if name in QUANTITIES:
        return _over(100 * point.slope(name), base(name))
    if name in PRICES or name == "vgdp":
        symbol = "gdp" if name == "vgdp" else name
        return _over(100 * scale * (point.slope(symbol) + point.value(symbol) * scaling), base(symbol))
    if name == "qgdp":
        quantity = point.value("gdp") / base("gdp") / np.exp(logs["pgdp"])
        return np.asarray(100 * quantity * (point.log_slope("gdp") - moving["pgdp"]))
    if name == "tot":
        return np.asarray(100 * np.exp(logs["psw"] - logs["pdw"]) * (moving["psw"] - moving["pdw"]))
    if name == "rorg":
        return np.asarray(100 * np.exp(logs["rorg"]) * moving["rorg"])
    if name in ("u", "ev"):
        return _welfare(result, point, logs["psave"], moving["psave"], name)
    return np.asarray(100 * np.exp(logs[name]) * scale * (moving[name] + scaling))


def _rates(divisia: Divisia, point: PathPoint) -> dict[str, Array]:
    return divisia.named(rates(point))


def _over(change: Array, before: Array) -> Array:
    return np.asarray(np.divide(change, before, out=np.zeros_like(change), where=before != 0))


def _welfare(result: GtapResult, point: PathPoint, log_psave: Array, psave: Array, name: str) -> Array:
    """Derivative of ``u``, or of ``ev`` (E_u, E_yev)."""
    weights = result.preferences(point.solution)
    logs = result.log_utilities(point.solution, log_psave)
    utility = result.log_utility(point.solution, log_psave)
    v, pop = point.value, point.log_slope("pop")
    moving = np.stack([v(f"dpar_{use}") * point.slope(shifter) for use, shifter in SHIFTERS.items()])
    growth = np.stack([point.log_slope("up"), point.log_slope("qgov") - pop, point.log_slope("saving") - psave - pop])
    growth = np.where(weights != 0, growth, 0.0)
    rising = (weights * growth + moving * logs).sum(0)
    if name == "u":
        return np.asarray(100 * np.exp(utility) * rising)
    people = v("pop") / result.base.values_of("pop")
    income, elasticity, reached = result.expenditure(utility, people, weights)
    reached = np.where(weights != 0, reached, 0.0)
    return np.asarray(income * (pop + elasticity * (rising - (reached * moving).sum(0))))
