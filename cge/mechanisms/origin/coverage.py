"""Who and what rules of origin are about, which members and shipments they cover, and the firm types of an industry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from calibration.errors import nearest
from calibration.labels import as_labels
from cge.equations.calibrated import Calibrated
from cge.errors import ModelError

PAIRS = ("rvc", "lvc", "steel", "alu")
"""Names of the rules; their multipliers are ``mu_<name>``, their slacks ``gap_<name>``."""


@dataclass(frozen=True)
class Coverage:
    """Who and what rules of origin are about, and how the industry is described.

    Attributes
    ----------
    area : tuple of str
        Members whose inputs originate (cumulation area).
    sector, material : str
        The covered sector and its material; the same label where a sector uses its own product.
    metals : str
        The commodity of the steel and aluminium rules.
    steel_share : float
        Share of steel in purchases of metals (aluminium is the rest).
    high_wage : tuple of str
        Members whose plants meet the wage floor.
    types : int
        Firm types of each member.
    dispersion : float
        Standard deviation over types of the outside share of material.
    substitution : float or None
        Between suppliers of the material and of metals; None takes the benchmark's ``esubd`` of the material.
    kappa : float
        Scale of the logit: the standard deviation of the idiosyncratic cost is pi / (kappa sqrt 3).
    cumulation : {"full", "bilateral"}
        Inputs of every member originate, or those of the exporting member alone.
    """

    area: tuple[str, ...]
    sector: str = "veh"
    material: str = "prt"
    metals: str = "met"
    steel_share: float = 0.75
    high_wage: tuple[str, ...] = ("USA", "CAN")
    types: int = 8
    dispersion: float = 0.25
    substitution: float | None = None
    kappa: float = 100.0
    cumulation: str = "full"

    def __post_init__(self) -> None:
        for name in ("area", "high_wage"):
            object.__setattr__(self, name, as_labels(getattr(self, name), name))

    def check(self, data: Calibrated) -> None:
        """Raise :class:`ModelError` where a label is unknown or a number not lawful."""
        sets = data.sets
        for label in (*self.area, *self.high_wage):
            if label not in sets["reg"]:
                raise ModelError(
                    f"rules of origin: cumulation member {label!r} is not in the benchmark{nearest(label, sets['reg'])}"
                )
        for label in (self.sector, self.material, self.metals):
            if label not in sets["comm"]:
                raise ModelError(f"rules of origin: sector {label!r} is not in the benchmark{nearest(label, sets['comm'])}")
        if self.cumulation not in ("full", "bilateral"):
            raise ModelError(f"rules of origin: unknown cumulation {self.cumulation!r}; choose 'full' or 'bilateral'")
        if len(self.area) < 2:
            raise ModelError("rules of origin need an area of two members or more")
        if self.types < 1 or self.dispersion < 0 or self.kappa <= 0 or not 0 <= self.steel_share <= 1:
            raise ModelError("rules of origin: types >= 1, dispersion >= 0, kappa > 0 and steel_share in [0, 1] are needed")


def type_shares(mean: float, dispersion: float, types: int) -> np.ndarray:
    """Outside shares of the firm types: mid-quantiles of a Beta distribution, their mean exactly ``mean``.

    Parameters
    ----------
    mean : float
        In [0, 1); 0 gives zeros.
    dispersion : float
        Standard deviation, below ``sqrt(mean (1 - mean))``; a larger one is brought down to 0.95 of that.
    types : int
    """
    if mean <= 0 or types == 1 or dispersion < 1e-6:
        return np.full(types, max(mean, 0.0))
    spread = min(dispersion, 0.95 * np.sqrt(mean * (1 - mean)))
    size = mean * (1 - mean) / spread**2 - 1
    shares = beta.ppf((np.arange(types) + 0.5) / types, mean * size, (1 - mean) * size)
    # shift in log-odds until the mean is met, so that every share stays in (0, 1)
    odds = np.log(np.clip(shares, 1e-12, 1 - 1e-12) / (1 - np.clip(shares, 1e-12, 1 - 1e-12)))
    low, high = -50.0, 50.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + np.exp(-(odds + middle)))).mean() < mean else (low, middle)
    return np.asarray(1 / (1 + np.exp(-(odds + low))))


def compliance_penalty(sigma: float, inside: float, content: float) -> float:
    """Cost of a two-input CES firm that must spend ``content`` inside, over its free cost; ``inside`` its free share.

    ``C/C_U = [s^(1/sigma) k^((sigma-1)/sigma) + (1-s)^(1/sigma) (1-k)^((sigma-1)/sigma)]^(-sigma/(sigma-1))``.

    Examples
    --------
    >>> round(compliance_penalty(2.0, 0.625, 0.75), 5), round(compliance_penalty(1.0, 0.625, 0.75), 5)
    (1.01858, 1.03883)
    """
    s, k = inside, content
    if abs(sigma - 1) < 1e-9:
        return float((s / k) ** s * ((1 - s) / (1 - k)) ** (1 - s))
    e = (sigma - 1) / sigma
    return float((s ** (1 / sigma) * k**e + (1 - s) ** (1 / sigma) * (1 - k) ** e) ** (-1 / e))


def covered(coverage: Coverage, data: Calibrated) -> tuple[np.ndarray, np.ndarray]:
    """Members that make the covered sector from material, dims (r,); pairs that trade it, dims (s, d)."""
    coverage.check(data)
    sets = data.sets
    _require_own_product(coverage, data)
    v, p = sets["comm"].index(coverage.sector), sets["comm"].index(coverage.material)
    activity = sets["acts"].index(coverage.sector)
    member = np.array([r in coverage.area for r in sets["reg"]])
    makes = member & (data.output()[v] > 0) & ((data["vdfp"] + data["vmfp"])[p, activity] > 0)
    ships = makes[:, None] & member[None, :] & (data["vxsb"][v] > 0)
    ships &= ~np.eye(len(member), dtype=bool)
    return makes, ships


def _require_own_product(coverage: Coverage, data: Calibrated) -> None:
    """Firms of the covered sector are those that make its product, so the make matrix must not mix it with others."""
    sector, activities, makb = coverage.sector, data.sets["acts"], data["makb"]
    commodity = data.sets["comm"].index(sector)
    if sector in activities:
        activity = activities.index(sector)
        others = np.delete(makb[commodity], activity, axis=0).sum() + np.delete(makb[:, activity], commodity, axis=0).sum()
        if others == 0:
            return
    raise ModelError(
        f"rules of origin: {sector!r} must be made by the activity of its name alone, and that must make nothing else; "
        "the make matrix of this benchmark mixes it"
    )
