"""Estimate who uses what, where only gross trade and national totals are observed.

Observed for each economy: output and absorption of every good (a trade cube), gross domestic product,
final-use shares. Sought: intermediate and final use by sector, value added by sector, services by kind.
The method borrows technology and fits it to the totals:

1. Prior coefficients are a weighted mean of known national tables (donors): ``own`` on an economy's own
   earlier table where there is one, the rest on its peers with the kernel
   ``exp(-(d1/0.8)^2/2 - (d2/0.15)^2/2)``, three times as much within the same broad region; ``d1`` is the
   difference of log real GDP per head (relative to the USA of the year), ``d2`` half the sum of absolute
   differences of output shares.
2. A group's commodity is split among its detailed goods by user with stated affinities
   (:data:`calibration.classification.AFFINITY`) and the economy's absorption.
3. Services output and exports by kind follow the donors, balanced per exporter to the cube's services row.
4. National value added is gross domestic product less taxes on final use where these are known
   (:mod:`calibration.taxes`), else times the donors' ratio of the two; held between 0.25 and 0.80 of output.
5. Each economy's matrix (commodities and value added by activities and final uses) is balanced to
   absorption, value added and output exactly, and to the final-use shares within their stated error
   (cross-entropy with reliabilities, :func:`calibration.balance.cross_entropy`).

Validated by hiding each known table in turn (:func:`leave_one_out`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.arrays import ratio
from calibration.balance import cross_entropy, ras
from calibration.classification import AFFINITY, GROUP_OF, GROUP_OF_WIOD, GROUPS, SECTORS, SERVICES
from calibration.errors import DataError, require_labels
from calibration.geography import economy
from calibration.limits import DONOR_NEGATIVES, NATIONAL_BOUND
from calibration.mrio import Mrio

FINALS = ("prv", "gov", "inv")
FINAL_ERROR = 0.03
"""Relative standard error of a final-use share of the Penn World Table against an input-output table (measured 2011)."""
OWN_WEIGHT = 0.7
WIDTHS = (0.8, 0.15)
SAME_REGION = 3.0
LIMITS = (0.25, 0.80)
GOODS_GROUPS = [g for g in GROUPS if g not in SERVICES]


@dataclass(frozen=True)
class Donors:
    """National tables in the groups of :data:`calibration.classification.GROUPS`, million USD.

    Attributes
    ----------
    regions : list of str
    use : ndarray, dims (r, i, a)
        Intermediate use, domestic and imported together, basic prices.
    final : ndarray, dims (r, i, k)
        Final use, ``k`` of :data:`FINALS`; inventories in investment.
    output, absorption : ndarray, dims (r, i)
    export_share : ndarray, dims (r, i)
        Exports over output.
    year : int
    clipped : tuple of (int, float)
        Negative final cells set to zero: how many, and their sum over final use.
    """

    regions: list[str]
    use: np.ndarray
    final: np.ndarray
    output: np.ndarray
    export_share: np.ndarray
    year: int
    clipped: tuple[int, float]

    @property
    def absorption(self) -> np.ndarray:
        """Use at home of each commodity; dims (r, i)."""
        return np.asarray(self.use.sum(2) + self.final.sum(2))

    @property
    def coefficients(self) -> np.ndarray:
        """Input coefficients; dims (r, i, a)."""
        return ratio(self.use, self.output[:, None, :])

    @property
    def value_added(self) -> np.ndarray:
        """Output less inputs; dims (r, a)."""
        return np.asarray(self.output - self.use.sum(1))


@dataclass(frozen=True)
class Totals:
    """What is known of each economy; dims as in :class:`Donors`, any sector list.

    ``gdp`` is gross domestic product, million USD; ``final_shares`` has dims (r, k), at basic prices; ``value_added`` (r,),
    output less inputs, million USD, where accounts and taxes tell it (:mod:`calibration.taxes`), else the donors' ratio does.
    """

    regions: list[str]
    output: np.ndarray
    absorption: np.ndarray
    gdp: np.ndarray
    per_head: np.ndarray
    final_shares: np.ndarray
    value_added: np.ndarray | None = None


@dataclass(frozen=True)
class Tables:
    """Estimated national tables; dims ``use`` (r, i, a), ``final`` (r, i, k), ``value_added`` (r, a)."""

    regions: list[str]
    use: np.ndarray
    final: np.ndarray
    value_added: np.ndarray
    report: pd.DataFrame


def donors_from_wiod(table: Mrio) -> Donors:
    """The national tables of a WIOD year (the rest of the world is no donor)."""
    groups = list(GROUPS)
    require_labels(table.industries, GROUP_OF_WIOD, "WIOD industry")
    take = np.array([[float(GROUP_OF_WIOD[c] == g) for c in table.industries] for g in groups])  # (g, c)
    by_use = np.stack(
        [table.of_agent("prv").sum(0), table.of_agent("gov").sum(0), (table.of_agent("inv") + table.of_agent("stocks")).sum(0)],
        axis=-1,
    )  # (i, d, k) over sources
    clipped = (int((by_use < 0).sum()), float(-by_use[by_use < 0].sum() / by_use.sum()))
    DONOR_NEGATIVES.check(np.array([clipped[1]]), lambda _: table.path, "is the sign of a block of final use turned?")
    by_use = np.maximum(by_use, 0.0)
    use = np.einsum("gi,ida,ha->dgh", take, table.inter.sum(0), take)
    sold_abroad = table.inter.sum(3) + table.final.sum(3)  # (s, i, d)
    r = len(table.regions)
    exports = sold_abroad.sum(2) - sold_abroad[np.arange(r), :, np.arange(r)]
    keep = [k for k, name in enumerate(table.regions) if economy(name).region != "rest"]
    output = table.output @ take.T
    return Donors(
        ["ROU" if table.regions[k] == "ROM" else table.regions[k] for k in keep],
        use[keep],
        np.einsum("gi,idk->dgk", take, by_use)[keep],
        output[keep],
        ratio(exports @ take.T, output)[keep],
        table.year,
        clipped,
    )


def structure(output: np.ndarray, labels: list[str]) -> np.ndarray:
    """Output shares over goods groups and services together; dims (r, 16)."""
    require_labels(labels, [*GROUP_OF, *GROUPS, "services"], "sector")
    names = [*GOODS_GROUPS, "services"]
    group = [GROUP_OF.get(x, x) for x in labels]
    rows = np.array([[float((g if g not in SERVICES else "services") == n) for g in group] for n in names])
    total = output @ rows.T
    return np.asarray(total / total.sum(1, keepdims=True))


def donor_weights(
    donors: Donors,
    donor_per_head: np.ndarray,
    regions: list[str],
    per_head: np.ndarray,
    shares: np.ndarray,
    own: float = OWN_WEIGHT,
    hide_own: bool = False,
) -> np.ndarray:
    """Weight of each donor for each economy; dims (r, donor), rows sum to one.

    Parameters
    ----------
    donor_per_head, per_head : ndarray
        Real GDP per head relative to the USA of the same year, dims (donor,) and (r,).
    shares : ndarray, dims (r, 16)
        From :func:`structure`.
    own : float
        Weight of an economy's own table where it is a donor.
    hide_own : bool
        Leave the own table out (validation).
    """
    d1 = np.log(per_head)[:, None] - np.log(donor_per_head)[None, :]
    d2 = 0.5 * abs(shares[:, None, :] - structure(donors.output, list(GROUPS))[None, :, :]).sum(2)
    kernel = np.exp(-((d1 / WIDTHS[0]) ** 2) / 2 - ((d2 / WIDTHS[1]) ** 2) / 2)
    where = [economy(r).region for r in regions]
    near = np.array([[SAME_REGION if economy(x).region == w else 1.0 for x in donors.regions] for w in where])
    same = np.array([[r == x for x in donors.regions] for r in regions])
    # an economy far from every donor still needs one: the kernel is never below a ten-thousandth of its largest
    kernel = np.maximum(kernel, 1e-4 * kernel.max(axis=1, keepdims=True)) * near
    kernel = np.where(same, 0.0, kernel)
    weights = kernel / kernel.sum(1, keepdims=True)
    if not hide_own:
        has = same.any(1, keepdims=True)
        weights = np.where(has, (1 - own) * weights + own * same, weights)
    return np.asarray(weights)


def national_value_added(totals: Totals, donors: Donors, weights: np.ndarray, donor_gdp: np.ndarray) -> np.ndarray:
    """Output less inputs of each economy: gross domestic product times the donors' ratio of the two; dims (r,)."""
    return np.asarray((weights @ (donors.value_added.sum(1) / donor_gdp)) * totals.gdp)


def estimate(
    totals: Totals,
    sectors: list[str],
    donors: Donors,
    weights: np.ndarray,
    donor_gdp: np.ndarray,
    final_error: float = FINAL_ERROR,
) -> Tables:
    """National tables of every economy of ``totals`` by the method of this module.

    Parameters
    ----------
    totals : Totals
        Observed totals over ``sectors``.
    sectors : list of str
        Detailed sectors (:data:`calibration.classification.SECTORS`) or groups.
    donors : Donors
    weights : ndarray, dims (r, donor)
        From :func:`donor_weights`.
    donor_gdp : ndarray, dims (donor,)
        Gross domestic product of the donors in their own year, million USD.
    final_error : float
        Relative standard error of the final-use shares; 0 makes them exact.

    Raises
    ------
    DataError
        An economy's totals leave nothing for final use.
    """
    groups = list(GROUPS)
    group = np.array([groups.index(GROUP_OF.get(x, x)) for x in sectors])
    users = [*sectors, *FINALS]
    affinity = np.array([[AFFINITY.get(i, {}).get(u, 1.0) for u in users] for i in sectors])
    member = (group[:, None] == np.arange(len(groups))[None, :]).astype(float)  # (i, g)
    told = national_value_added(totals, donors, weights, donor_gdp) if totals.value_added is None else totals.value_added
    n, size = len(sectors), len(totals.regions)
    coefficients = np.einsum("rd,dgh->rgh", weights, donors.coefficients)[:, group][:, :, group]
    value_share = weights @ ratio(donors.value_added, donors.output)
    baskets = np.einsum("rd,dgk->rgk", weights, donors.final / donors.final.sum(1, keepdims=True))[:, group]
    use, final, value_added = np.zeros((size, n, n)), np.zeros((size, n, 3)), np.zeros((size, n))
    rows = []
    for r, name in enumerate(totals.regions):
        out, absorbed = totals.output[r], totals.absorption[r]
        national = float(told[r])
        held = float(np.clip(national, LIMITS[0] * out.sum(), LIMITS[1] * out.sum()))
        NATIONAL_BOUND.check(
            np.array([abs(held / national - 1)]),
            lambda _, name=name: name,  # type: ignore[misc]
            f"the accounts give {national:,.0f}, output is {out.sum():,.0f}: is the product in another unit or year?",
        )
        spent = absorbed.sum() + held - out.sum()
        if spent <= 0:
            raise DataError(f"{name}: absorption plus value added falls short of output by {-spent:g}; check its totals")
        # the group's use of each user falls on the group's goods by absorption and affinity
        pull = absorbed[:, None] * affinity
        share = ratio(pull, (member @ (member.T @ pull)), 0.0)
        prior = np.zeros((n + 1, n + 3))
        prior[:n, :n] = coefficients[r] * out * share[:, :n]
        prior[n, :n] = value_share[r, group] * out
        prior[:n, n:] = baskets[r] * share[:, n:] * totals.final_shares[r] * spent
        for k in np.flatnonzero((absorbed > 0) & (prior[:n].sum(1) == 0)):
            prior[k, n:] = absorbed[k] * totals.final_shares[r]  # a good no donor uses goes to final use
        targets = np.concatenate([out, totals.final_shares[r] * spent])
        errors = np.concatenate([np.zeros(n), np.full(3, final_error)])
        row_targets = np.append(absorbed, held)
        names = ([*sectors, "value added"], [*sectors, *FINALS])
        label = (
            [f"{name} {x}" for x in names[0]],
            [f"{name} {x}" for x in names[1]],
        )
        done = cross_entropy(prior, row_targets, targets, column_errors=errors, labels=label, tolerance=1e-11)
        use[r], final[r], value_added[r] = done.matrix[:n, :n], done.matrix[:n, n:], done.matrix[n, :n]
        rows.append(
            {
                "region": name,
                "value_added": held,
                "gdp": totals.gdp[r],
                "bounded": held != national,
                "sweeps": done.iterations,
                "moved_share": float(abs(done.matrix - prior).sum() / prior.sum() / 2),
                **{
                    f"{k}_share_off": float(done.matrix[:n, n + j].sum() / spent - totals.final_shares[r, j])
                    for j, k in enumerate(FINALS)
                },
            }
        )
    return Tables(totals.regions, use, final, value_added, pd.DataFrame(rows).set_index("region"))


def split_services(services: np.ndarray, weights: np.ndarray, donors: Donors, tolerance: float = 1e-11) -> np.ndarray:
    """Sales of services by kind; dims (kind, s, d), summing over kinds to ``services`` with dims (s, d)."""
    at = [list(GROUPS).index(x) for x in SERVICES]
    shares = weights @ (donors.output[:, at] / donors.output[:, at].sum(1, keepdims=True))  # (r, kind)
    abroad = weights @ donors.export_share[:, at]
    size = services.shape[0]
    out = np.zeros((len(at), size, size))
    for s in range(size):
        row = services[s]
        if row.sum() <= 0:
            continue
        output = shares[s] * row.sum()
        elsewhere = np.where(np.arange(size) == s, 0.0, row)
        prior = output[:, None] * abroad[s][:, None] * ratio(elsewhere, elsewhere.sum())[None, :]
        prior[:, s] = output * (1 - abroad[s])
        out[:, s] = ras(prior, output, row, tolerance=tolerance).matrix
    return out


def leave_one_out(
    donors: Donors, accounts: pd.DataFrame, own: float = 0.0, hide_own: bool = True, balance: bool = True
) -> pd.DataFrame:
    """Errors of the method where the truth is known: each donor's table estimated from its totals.

    Parameters
    ----------
    accounts : DataFrame
        Of the donors' year, from :func:`calibration.readers.read_accounts`.
    own, hide_own
        With ``hide_own`` (default) the economy's own table is hidden.
    balance : bool
        False reports the prior alone.

    Returns
    -------
    pandas.DataFrame
        Index economy; ``coefficients`` (sum of absolute errors over the sum of inputs), ``value_added_share``
        (mean absolute error weighted with output), ``final_structure`` (half the sum of absolute differences
        of the private basket), ``value_added`` (relative error of the national total).
    """
    table = accounts.loc[donors.regions]
    relative = (table["per_head"] / accounts.loc["USA", "per_head"]).to_numpy()
    weights = donor_weights(
        donors, relative, donors.regions, relative, structure(donors.output, list(GROUPS)), own=own, hide_own=hide_own
    )
    totals = Totals(
        donors.regions,
        donors.output,
        donors.absorption,
        table["gdp"].to_numpy(),
        relative,
        table[list(FINALS)].to_numpy(),
    )
    if balance:
        found = estimate(totals, list(GROUPS), donors, weights, table["gdp"].to_numpy())
        use, value_added, basket = found.use, found.value_added, found.final[..., 0]
    else:
        use = np.einsum("rd,dgh->rgh", weights, donors.coefficients) * donors.output[:, None, :]
        value_added = donors.output - use.sum(1)
        basket = np.einsum("rd,dgk->rgk", weights, donors.final / donors.final.sum(1, keepdims=True))[..., 0]
    true_basket = donors.final[..., 0] / donors.final[..., 0].sum(1, keepdims=True)
    share_gap = abs(ratio(value_added, donors.output) - ratio(donors.value_added, donors.output))
    return pd.DataFrame(
        {
            "coefficients": abs(use - donors.use).sum((1, 2)) / donors.use.sum((1, 2)),
            "value_added_share": (share_gap * donors.output).sum(1) / donors.output.sum(1),
            "final_structure": abs(basket / basket.sum(1, keepdims=True) - true_basket).sum(1) / 2,
            "value_added": value_added.sum(1) / donors.value_added.sum(1) - 1,
        },
        index=pd.Index(donors.regions, name="region"),
    )


def check_sectors(sectors: list[str]) -> None:
    """Raise where a cube's sectors are not the goods this module knows and one services aggregate."""
    goods = [x for x in SECTORS if x not in SERVICES]
    if list(sectors[:-1]) != goods:
        odd = next((a for a, b in zip(sectors, goods, strict=False) if a != b), sectors[-1])
        raise DataError(f"the cube's sectors differ from the 27 goods of calibration/classification.py at {odd!r}")
