"""Rules of origin: firms of several types that comply with them, or pay the ordinary duty.

One covered sector ``V`` (say vehicles) made in the members of an area from a material ``P`` (parts), from
metals ``M`` and from other inputs. In each member the industry is discretised into types that differ in
the share of their material that comes from outside the area (quantiles of a Beta distribution around the
benchmark's share). A shipment to another member enters at the preferential duty if it complies, and at
the most-favoured-nation duty if it does not; idiosyncratic costs of complying make the choice a logit,
which is a CES over the two modes (Anderson, de Palma, Thisse 1992), so that the price a buyer faces is
the expected minimum.

Complying means least cost under linear constraints on the cost of a unit,

    sum_j a_j p_j x_j <= 0,

one for each rule: regional value content (``a`` is 1 for inputs from outside the area, less ``1 - rho`` for
every input: the net cost method), labour value content (``a`` is lambda for every input, less 1 for value
added and material of members that pay the wage floor), and purchases of steel and of aluminium in the
area. A multiplier acts as a feebate: input ``j`` costs the firm ``p_j (1 + sum_r mu_r a_rj)``. Where every
pair (multiplier, slack) is complementary the fees and rebates of a unit sum to zero, so the cost at
feebate prices is the true cost and nothing is lost. This is the same choice as a fee ``m`` on outside
material that stays within the firm, ``1 + m = (1 + mu rho) / (1 - mu (1 - rho))``.

Inputs outside the rules' reach are in fixed proportions. Types set weights, not products: the price of a
shipment is the mean over types. What compliance adds to or takes from the demand for each supplier is
added to the ordinary demand, so that without a binding rule the model is the ordinary one exactly.
Sources: Head, Mayer, Melitz, "The Laffer curve for rules of origin", Journal of International Economics
150, 2024; Ju and Krishna, Canadian Journal of Economics 38(1), 2005.

Paperwork is an iceberg cost: a share ``paper`` of each complying shipment is used up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from pyomo.environ import Expr_if, sqrt
from scipy.stats import beta

from calibration.labels import as_labels
from calibration.sam import USES
from cge.blocks import CORE, Accounts, Income, Production, Trade
from cge.calibrated import Calibrated, ratio
from cge.ces import ces_price
from cge.declare import Block, composition, definition, equation, instrument, parameter, variable
from cge.errors import ModelError

SMOOTHING_END = 1e-10
"""Parameter of the smoothed Fischer-Burmeister function at a solution."""

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
        from calibration.errors import nearest

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


@composition
def rules_blocks(coverage: Coverage) -> tuple[type[Block], ...]:
    """The blocks of the core model with rules of origin for one sector."""
    V, P, M = coverage.sector, coverage.material, coverage.metals

    class Rules(Block):
        """Types, compliance, choice of regime."""

        sets: ClassVar[dict[str, list[str]]] = {"types": [f"t{k + 1}" for k in range(coverage.types)]}

        # -- multipliers and slacks of the rules, by type --------
        mu_rvc = variable("k r", "multiplier of the regional value content", "1", signed=True)
        mu_lvc = variable("k r", "multiplier of the labour value content", "1", signed=True)
        mu_steel = variable("k r", "multiplier of the steel purchase rule", "1", signed=True)
        mu_alu = variable("k r", "multiplier of the aluminium purchase rule", "1", signed=True)
        gap_rvc = variable("k r", "regional content above its threshold", "share of cost", signed=True)
        gap_lvc = variable("k r", "labour content above its threshold", "share of cost", signed=True)
        gap_steel = variable("k r", "outside steel below its limit", "share of steel", signed=True)
        gap_alu = variable("k r", "outside aluminium below its limit", "share of aluminium", signed=True)
        # -- prices of supplier classes: outside, members above the wage floor, other members ------------
        pout = variable("r", "price of material from outside the area")
        phigh = variable("r", "price of material from members above the wage floor")
        plow = variable("r", "price of material from other members")
        pmout = variable("r", "price of metals from outside the area")
        pmin = variable("r", "price of metals from the area")
        # -- a unit of the covered sector: cost of its parts, benchmark cost = 1 ---------------------------
        cva = variable("r", "value added in a unit", "share of benchmark cost", signed=True)
        cmat = variable("r", "quantity of material in a unit")
        cmet = variable("r", "quantity of metals in a unit")
        coth = variable("r", "other inputs in a unit", "share of benchmark cost", signed=True)
        cout = variable("r", "other inputs from outside the area in a unit", "share of benchmark cost", signed=True)
        # -- complying firms ---------------------------------------------------------------------------
        pfree = variable("k r", "price of material to a type that is free to choose")
        pcomp = variable("k r", "price of material to a complying type, feebates included")
        prem = variable("k r", "cost of complying over free cost", "share of benchmark cost", signed=True)
        zcomp = variable("k r", "output that complies", "share of benchmark shipments within the area", signed=True)
        # -- shipments within the area -------------------------------------------------------------------
        dship = variable("s d", "demand for shipments of the covered sector")
        pship = variable("s d", "price of a shipment, mean over types and regimes")
        qship = variable("s d", "product used per shipment delivered")
        # -- what compliance adds to demand, shares of benchmark purchases -------------------------------------
        dout = variable("r", "material from outside the area", "share of benchmark purchases", signed=True)
        dhigh = variable("r", "material from members above the wage floor", "share of benchmark purchases", signed=True)
        dlow = variable("r", "material from other members", "share of benchmark purchases", signed=True)
        dmout = variable("r", "metals from outside the area", "share of benchmark purchases", signed=True)
        dmin = variable("r", "metals from the area", "share of benchmark purchases", signed=True)

        tmfn = instrument("s d", "power of the most-favoured-nation duty on the covered sector")
        rvc = instrument("k r", "regional value content required (rho)", "share of cost", signed=True)
        lvc = instrument("k r", "labour value content required", "share of cost", signed=True)
        steel = instrument("k r", "share of steel to be bought in the area", "share", signed=True)
        alu = instrument("k r", "share of aluminium to be bought in the area", "share", signed=True)
        paper = instrument("s d", "paperwork: share of a complying shipment used up, plus one")
        use0 = instrument(
            "k s d", "utilisation at the reference margin (1: no document is asked, 0: none is granted)", "share", signed=True
        )
        aref = instrument("s d", "reference price under the preference", "index")
        bref = instrument("s d", "reference price at the most-favoured-nation duty", "index")
        smooth = instrument(
            "", "smoothing of the complementarity (negative: relaxed products)", "1", owner="world", signed=True
        )

        kappa = parameter("", "scale of the choice of regime", structural=False)
        esubp = parameter("r", "substitution among suppliers of material and of metals", structural=False)
        incov = parameter("i s d", "1 for shipments of the covered sector within the area")
        wtype = parameter("k r", "weight of a type")
        bout = parameter("k r", "outside share of a type's material")
        bhigh = parameter("k r", "share of members above the wage floor in a type's material")
        blow = parameter("k r", "share of other members in a type's material")
        sout = parameter("s r", "share of an outsider in outside material")
        shigh = parameter("s r", "share of a member in material of members above the wage floor")
        slow = parameter("s r", "share of a member in material of other members")
        smout = parameter("s r", "share of an outsider in outside metals")
        smin = parameter("s r", "share of a member in metals of the area")
        bmout = parameter("r", "outside share of metals")
        smat = parameter("r", "share of material in benchmark cost")
        smet = parameter("r", "share of metals in benchmark cost")
        svadd = parameter("r", "share of value added in benchmark cost")
        scost = parameter("i r", "share of an input in benchmark cost, material and metals left out")
        soth = parameter("i s r", "share of an outsider in imports of other inputs")
        simp = parameter("i r", "imported share of other inputs")
        ishome = parameter("s r", "1 for a region's own suppliers")
        ishigh = parameter("r", "1 for members above the wage floor")
        stfree = parameter("", "share of steel in metals")
        vprod = parameter("s d", "benchmark shipments at basic prices", "million USD")
        sbas = parameter("s d", "cost of a shipment over its cif value")
        vship = parameter("r", "benchmark shipments within the area", "million USD")
        vpur = parameter("r", "benchmark purchases of material", "million USD")
        vmet = parameter("r", "benchmark purchases of metals", "million USD")
        tov = parameter("r", "benchmark power of the output tax on the covered sector", structural=False)

        # -- supplier prices -----------------------------------------------------------------------------
        @definition("s r", "price of material from a supplier to the covered sector")
        def psup(m, s, r):
            return supplier(m, P, s, r)

        @definition("s r", "price of metals from a supplier to the covered sector")
        def psupm(m, s, r):
            return supplier(m, M, s, r)

        @equation("r", "price of material from outside", defines="pout")
        def e_pout(m, r):
            return m.pout[r] == ces_price(m.reg, lambda s: m.sout[s, r], lambda s: m.psup[s, r], m.esubp[r])

        @equation("r", "price of material from members above the wage floor", defines="phigh")
        def e_phigh(m, r):
            return m.phigh[r] == ces_price(m.reg, lambda s: m.shigh[s, r], lambda s: m.psup[s, r], m.esubp[r])

        @equation("r", "price of material from other members", defines="plow")
        def e_plow(m, r):
            return m.plow[r] == ces_price(m.reg, lambda s: m.slow[s, r], lambda s: m.psup[s, r], m.esubp[r])

        @equation("r", "price of metals from outside", defines="pmout")
        def e_pmout(m, r):
            return m.pmout[r] == ces_price(m.reg, lambda s: m.smout[s, r], lambda s: m.psupm[s, r], m.esubp[r])

        @equation("r", "price of metals from the area", defines="pmin")
        def e_pmin(m, r):
            return m.pmin[r] == ces_price(m.reg, lambda s: m.smin[s, r], lambda s: m.psupm[s, r], m.esubp[r])

        # -- a unit of the covered sector -------------------------------------------------------------------
        @equation("r", "value added in a unit", defines="cva", logs=False)
        def e_cva(m, r):
            return m.cva[r] == m.svadd[r] * m.pva[V, r] * m.qva[V, r] / m.qo[V, r]

        @equation("r", "material in a unit", defines="cmat")
        def e_cmat(m, r):
            return m.cmat[r] * m.qo[V, r] == m.qfa[P, V, r]

        @equation("r", "metals in a unit", defines="cmet")
        def e_cmet(m, r):
            return m.cmet[r] * m.qo[V, r] == m.qfa[M, V, r]

        @equation("r", "other inputs in a unit", defines="coth", logs=False)
        def e_coth(m, r):
            bought = sum(m.scost[i, r] * m.pfa[i, V, r] * m.qfa[i, V, r] for i in m.comm)
            return m.coth[r] * m.qo[V, r] == bought

        @definition("i r", "share of outsiders in imports of an input")
        def fromout(m, i, r):
            power = m.esubm[i, r] - 1.0
            return sum(m.soth[i, s, r] * (m.pmf[i, r] * m.ams[i, s, r] / m.pmds[i, s, r]) ** power for s in m.reg)

        @equation("r", "other inputs from outside in a unit", defines="cout", logs=False)
        def e_cout(m, r):
            bought = sum(m.scost[i, r] * m.simp[i, r] * m.pfm[i, V, r] * m.qfm[i, V, r] * m.fromout[i, r] for i in m.comm)
            return m.cout[r] * m.qo[V, r] == bought

        # -- feebates: what an input costs a complying firm over its price --------------------------------------
        @definition("k r", "every input: rebate of the content rule, fee of the labour rule", "factor")
        def fall(m, k, r):
            return 1.0 - m.mu_rvc[k, r] * (1.0 - m.rvc[k, r]) + m.mu_lvc[k, r] * m.lvc[k, r]

        @definition("k r", "inputs from outside", "factor")
        def fout(m, k, r):
            return m.fall[k, r] + m.mu_rvc[k, r]

        @definition("k r", "material of members above the wage floor", "factor")
        def fhigh(m, k, r):
            return m.fall[k, r] - m.mu_lvc[k, r]

        @definition("k r", "value added", "factor")
        def fva(m, k, r):
            return m.fall[k, r] - m.mu_lvc[k, r] * m.ishigh[r]

        @definition("k r", "steel from outside", "factor")
        def fsout(m, k, r):
            return m.fout[k, r] + m.mu_steel[k, r] * m.steel[k, r]

        @definition("k r", "steel from the area", "factor")
        def fsin(m, k, r):
            return m.fall[k, r] - m.mu_steel[k, r] * (1.0 - m.steel[k, r])

        @definition("k r", "aluminium from outside", "factor")
        def faout(m, k, r):
            return m.fout[k, r] + m.mu_alu[k, r] * m.alu[k, r]

        @definition("k r", "aluminium from the area", "factor")
        def fain(m, k, r):
            return m.fall[k, r] - m.mu_alu[k, r] * (1.0 - m.alu[k, r])

        @equation("k r", "price of material to a free type", defines="pfree")
        def e_pfree(m, k, r):
            return m.pfree[k, r] == three(m, k, r, m.pout[r], m.phigh[r], m.plow[r])

        @equation("k r", "price of material to a complying type", defines="pcomp")
        def e_pcomp(m, k, r):
            return m.pcomp[k, r] == three(
                m, k, r, m.fout[k, r] * m.pout[r], m.fhigh[k, r] * m.phigh[r], m.fall[k, r] * m.plow[r]
            )

        @definition("k r", "material from outside in a unit of material, complying")
        def xout(m, k, r):
            return m.bout[k, r] * (m.pcomp[k, r] / (m.fout[k, r] * m.pout[r])) ** m.esubp[r]

        @definition("k r", "material from members above the wage floor, complying")
        def xhigh(m, k, r):
            return m.bhigh[k, r] * (m.pcomp[k, r] / (m.fhigh[k, r] * m.phigh[r])) ** m.esubp[r]

        @definition("k r", "material from other members, complying")
        def xlow(m, k, r):
            return m.blow[k, r] * (m.pcomp[k, r] / (m.fall[k, r] * m.plow[r])) ** m.esubp[r]

        @definition("r", "price of metals, free")
        def pmetfree(m, r):
            return pair(m, r, m.pmout[r], m.pmin[r])

        @definition("k r", "price of steel to a complying type")
        def psteel(m, k, r):
            return pair(m, r, m.fsout[k, r] * m.pmout[r], m.fsin[k, r] * m.pmin[r])

        @definition("k r", "price of aluminium to a complying type")
        def palu(m, k, r):
            return pair(m, r, m.faout[k, r] * m.pmout[r], m.fain[k, r] * m.pmin[r])

        @definition("k r", "value of outside metals in a unit of metals, complying")
        def vmetout(m, k, r):
            steel = (m.psteel[k, r] / (m.fsout[k, r] * m.pmout[r])) ** m.esubp[r]
            alu = (m.palu[k, r] / (m.faout[k, r] * m.pmout[r])) ** m.esubp[r]
            return m.bmout[r] * m.pmout[r] * (m.stfree * steel + (1.0 - m.stfree) * alu)

        @definition("k r", "value of metals of the area in a unit of metals, complying")
        def vmetin(m, k, r):
            steel = (m.psteel[k, r] / (m.fsin[k, r] * m.pmin[r])) ** m.esubp[r]
            alu = (m.palu[k, r] / (m.fain[k, r] * m.pmin[r])) ** m.esubp[r]
            return (1.0 - m.bmout[r]) * m.pmin[r] * (m.stfree * steel + (1.0 - m.stfree) * alu)

        @definition("k r", "value of material in a unit, complying")
        def vmat(m, k, r):
            return m.pout[r] * m.xout[k, r] + m.phigh[r] * m.xhigh[k, r] + m.plow[r] * m.xlow[k, r]

        @definition("k r", "cost of a complying unit at market prices", "share of benchmark cost")
        def ccomp(m, k, r):
            metals = m.smet[r] * m.cmet[r] * (m.vmetout[k, r] + m.vmetin[k, r])
            return m.cva[r] + m.coth[r] + m.smat[r] * m.cmat[r] * m.vmat[k, r] + metals

        @definition("k r", "inputs from outside in a complying unit", "share of benchmark cost")
        def vnm(m, k, r):
            metals = m.smet[r] * m.cmet[r] * m.vmetout[k, r]
            return m.cout[r] + m.smat[r] * m.cmat[r] * m.pout[r] * m.xout[k, r] + metals

        @definition("k r", "labour content above the wage floor in a complying unit", "share of benchmark cost")
        def vlabour(m, k, r):
            return m.ishigh[r] * m.cva[r] + m.smat[r] * m.cmat[r] * m.phigh[r] * m.xhigh[k, r]

        @definition("k r", "regional value content of a complying unit", "share of cost")
        def content(m, k, r):
            return 1.0 - m.vnm[k, r] / m.ccomp[k, r]

        @definition("k r", "regional value content of a free unit", "share of cost")
        def contentfree(m, k, r):
            material = m.smat[r] * m.cmat[r]
            metals = m.smet[r] * m.cmet[r]
            outside = m.bout[k, r] * m.pout[r] * (m.pfree[k, r] / m.pout[r]) ** m.esubp[r]
            metout = m.bmout[r] * m.pmout[r] * (m.pmetfree[r] / m.pmout[r]) ** m.esubp[r]
            cost = m.cva[r] + m.coth[r] + material * m.pfree[k, r] + metals * m.pmetfree[r]
            return 1.0 - (m.cout[r] + material * outside + metals * metout) / cost

        @equation("k r", "cost of complying", defines="prem", logs=False)
        def e_prem(m, k, r):
            free = m.smat[r] * m.cmat[r] * m.pfree[k, r] + m.smet[r] * m.cmet[r] * m.pmetfree[r]
            return m.prem[k, r] == m.ccomp[k, r] - m.cva[r] - m.coth[r] - free

        # -- rules: slack and multiplier complement each other ------------------------------------------------
        @equation("k r", "slack of the content rule", defines="gap_rvc", logs=False)
        def e_gap_rvc(m, k, r):
            return m.gap_rvc[k, r] == m.content[k, r] - m.rvc[k, r]

        @equation("k r", "slack of the labour rule", defines="gap_lvc", logs=False)
        def e_gap_lvc(m, k, r):
            return m.gap_lvc[k, r] == m.vlabour[k, r] / m.ccomp[k, r] - m.lvc[k, r]

        @equation("k r", "slack of the steel rule", defines="gap_steel", logs=False)
        def e_gap_steel(m, k, r):
            outside = metal_share(m, r, m.psteel[k, r], m.fsout[k, r], m.fsin[k, r])
            return m.gap_steel[k, r] == 1.0 - m.steel[k, r] - outside

        @equation("k r", "slack of the aluminium rule", defines="gap_alu", logs=False)
        def e_gap_alu(m, k, r):
            outside = metal_share(m, r, m.palu[k, r], m.faout[k, r], m.fain[k, r])
            return m.gap_alu[k, r] == 1.0 - m.alu[k, r] - outside

        @equation("k r", "content rule binds or its multiplier is zero", defines="mu_rvc", logs=False, complements="gap_rvc")
        def e_mu_rvc(m, k, r):
            return complementary(m, m.gap_rvc[k, r], m.mu_rvc[k, r])

        @equation("k r", "labour rule binds or its multiplier is zero", defines="mu_lvc", logs=False, complements="gap_lvc")
        def e_mu_lvc(m, k, r):
            return complementary(m, m.gap_lvc[k, r], m.mu_lvc[k, r])

        @equation("k r", "steel rule binds or its multiplier is zero", defines="mu_steel", logs=False, complements="gap_steel")
        def e_mu_steel(m, k, r):
            return complementary(m, m.gap_steel[k, r], m.mu_steel[k, r])

        @equation("k r", "aluminium rule binds or its multiplier is zero", defines="mu_alu", logs=False, complements="gap_alu")
        def e_mu_alu(m, k, r):
            return complementary(m, m.gap_alu[k, r], m.mu_alu[k, r])

        # -- choice of regime ---------------------------------------------------------------------------------
        @definition("k s d", "delivered price under the preference")
        def apref(m, k, s, d):
            return m.paper[s, d] * (m.pcif[V, s, d] + m.sbas[s, d] * m.prem[k, s]) * (m.tms[V, s, d] / m.tms_0[V, s, d])

        @definition("s d", "delivered price at the most-favoured-nation duty")
        def bmfn(m, s, d):
            return m.pcif[V, s, d] * (m.tmfn[s, d] / m.tms_0[V, s, d])

        @definition("k s d", "price of a shipment, expected minimum of the two regimes")
        def ptype(m, k, s, d):
            preferred = m.use0[k, s, d] * (m.apref[k, s, d] / m.aref[s, d]) ** (-m.kappa)
            ordinary = (1.0 - m.use0[k, s, d]) * (m.bmfn[s, d] / m.bref[s, d]) ** (-m.kappa)
            mean = m.use0[k, s, d] * m.aref[s, d] + (1.0 - m.use0[k, s, d]) * m.bref[s, d]
            return mean * (preferred + ordinary) ** (-1.0 / m.kappa)

        @definition("k s d", "utilisation: share of shipments (by value) under the preference", "share")
        def util(m, k, s, d):
            mean = m.use0[k, s, d] * m.aref[s, d] + (1.0 - m.use0[k, s, d]) * m.bref[s, d]
            return m.use0[k, s, d] * (m.ptype[k, s, d] / mean / (m.apref[k, s, d] / m.aref[s, d])) ** m.kappa

        @definition("k s d", "shipments under the preference")
        def qpref(m, k, s, d):
            return m.wtype[k, s] * m.util[k, s, d] * m.ptype[k, s, d] / m.apref[k, s, d]

        @definition("k s d", "shipments at the most-favoured-nation duty")
        def qmfn(m, k, s, d):
            return m.wtype[k, s] * (1.0 - m.util[k, s, d]) * m.ptype[k, s, d] / m.bmfn[s, d]

        @equation("s d", "demand for shipments", defines="dship")
        def e_dship(m, s, d):
            drawn = sum(m.sxu[V, u, s, d] * (m.qms[V, u, d] * m.pms[V, u, d] ** m.esubm[V, d]) for u in m.uses)
            return m.dship[s, d] == m.ams[V, s, d] ** (m.esubm[V, d] - 1.0) * m.pship[s, d] ** (-m.esubm[V, d]) * drawn

        @equation("s d", "price of a shipment", defines="pship")
        def e_pship(m, s, d):
            return m.pship[s, d] == sum(m.wtype[k, s] * m.ptype[k, s, d] for k in m.types)

        @equation("s d", "product used per shipment", defines="qship")
        def e_qship(m, s, d):
            return m.qship[s, d] == sum(m.paper[s, d] * m.qpref[k, s, d] + m.qmfn[k, s, d] for k in m.types)

        @equation("k r", "output that complies", defines="zcomp", logs=False)
        def e_zcomp(m, k, r):
            return m.zcomp[k, r] * m.vship[r] == sum(
                m.vprod[r, d] * m.dship[r, d] * m.paper[r, d] * m.qpref[k, r, d] for d in m.reg
            )

        # -- what compliance changes in the demand for inputs ------------------------------------------------------
        @equation("r", "change of material from outside", defines="dout", logs=False)
        def e_dout(m, r):
            return m.dout[r] * m.vpur[r] == sum(
                m.zcomp[k, r] * (m.xout[k, r] - m.bout[k, r] * (m.pfree[k, r] / m.pout[r]) ** m.esubp[r]) for k in m.types
            ) * (m.vship[r] * m.smat[r] * m.cmat[r] / m.tov[r])

        @equation("r", "change of material from members above the wage floor", defines="dhigh", logs=False)
        def e_dhigh(m, r):
            return m.dhigh[r] * m.vpur[r] == sum(
                m.zcomp[k, r] * (m.xhigh[k, r] - m.bhigh[k, r] * (m.pfree[k, r] / m.phigh[r]) ** m.esubp[r]) for k in m.types
            ) * (m.vship[r] * m.smat[r] * m.cmat[r] / m.tov[r])

        @equation("r", "change of material from other members", defines="dlow", logs=False)
        def e_dlow(m, r):
            return m.dlow[r] * m.vpur[r] == sum(
                m.zcomp[k, r] * (m.xlow[k, r] - m.blow[k, r] * (m.pfree[k, r] / m.plow[r]) ** m.esubp[r]) for k in m.types
            ) * (m.vship[r] * m.smat[r] * m.cmat[r] / m.tov[r])

        @equation("r", "change of metals from outside", defines="dmout", logs=False)
        def e_dmout(m, r):
            free = m.bmout[r] * (m.pmetfree[r] / m.pmout[r]) ** m.esubp[r]
            return m.dmout[r] * m.vmet[r] == sum(m.zcomp[k, r] * (m.vmetout[k, r] / m.pmout[r] - free) for k in m.types) * (
                m.vship[r] * m.smet[r] * m.cmet[r] / m.tov[r]
            )

        @equation("r", "change of metals from the area", defines="dmin", logs=False)
        def e_dmin(m, r):
            free = (1.0 - m.bmout[r]) * (m.pmetfree[r] / m.pmin[r]) ** m.esubp[r]
            return m.dmin[r] * m.vmet[r] == sum(m.zcomp[k, r] * (m.vmetin[k, r] / m.pmin[r] - free) for k in m.types) * (
                m.vship[r] * m.smet[r] * m.cmet[r] / m.tov[r]
            )

        @definition("s d", "premium on complying shipments", "million USD")
        def vprem(m, s, d):
            return (
                m.vprod[s, d] * m.dship[s, d] * m.paper[s, d] / m.tov[s] * sum(m.qpref[k, s, d] * m.prem[k, s] for k in m.types)
            )

        @definition("s d", "duty on shipments within the area", "million USD")
        def duty(m, s, d):
            pref = sum(m.qpref[k, s, d] * m.paper[s, d] * (m.pcif[V, s, d] + m.sbas[s, d] * m.prem[k, s]) for k in m.types)
            full = sum(m.qmfn[k, s, d] for k in m.types) * m.pcif[V, s, d]
            paid = (m.tms[V, s, d] - 1.0) * pref + (m.tmfn[s, d] - 1.0) * full
            return m.vcif[V, s, d] * m.incov[V, s, d] * m.dship[s, d] * paid

        def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
            return _calibrate(coverage, data)

        def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
            makes, ships = _exists(coverage, data)
            by_type = np.repeat(makes[None], coverage.types, axis=0)
            return {
                name: (ships if symbol.dims == ("s", "d") else by_type if "k" in symbol.dims else makes)
                for name, symbol in Rules.symbols.items()
                if symbol.kind == "variable"
            }

    class TradeWithRules(Trade):
        """Shipments of the covered sector at their own prices; suppliers of material serve compliance too."""

        vmsb = parameter("i s d", "benchmark imports, duty paid", "million USD")
        kout = parameter("i s d", "outside supplier of material: share over its benchmark sales")
        khigh = parameter("i s d", "supplier above the wage floor: share over its benchmark sales")
        klow = parameter("i s d", "other supplier of the area: share over its benchmark sales")
        kmout = parameter("i s d", "outside supplier of metals: share over its benchmark sales")
        kmin = parameter("i s d", "supplier of metals of the area: share over its benchmark sales")

        @definition("i s d", "price of imports by origin, duty paid")
        def pmds(m, i, s, d):
            plain = m.pcif[i, s, d] * (m.tms[i, s, d] / m.tms_0[i, s, d])
            return (1.0 - m.incov[i, s, d]) * plain + m.incov[i, s, d] * m.pship[s, d]

        @definition("i s d", "quantity shipped from s to d")
        def qxs(m, i, s, d):
            drawn = sum(m.sxu[i, u, s, d] * (m.qms[i, u, d] * m.pms[i, u, d] ** m.esubm[i, d]) for u in m.uses)
            plain = m.ams[i, s, d] ** (m.esubm[i, d] - 1.0) * m.pmds[i, s, d] ** (-m.esubm[i, d]) * drawn
            own = (1.0 - m.incov[i, s, d]) * plain + m.incov[i, s, d] * (m.dship[s, d] * m.qship[s, d])
            return own + m.extra[i, s, d] / m.ams[i, s, d]

        @definition("i s d", "effective units that compliance adds, over benchmark sales")
        def extra(m, i, s, d):
            paid = m.pmds[i, s, d] / m.ams[i, s, d] * (m.tfm[i, V, d] / m.tfm_0[i, V, d])
            return (
                m.kout[i, s, d] * (m.dout[d] * (m.pout[d] / paid) ** m.esubp[d])
                + m.khigh[i, s, d] * (m.dhigh[d] * (m.phigh[d] / paid) ** m.esubp[d])
                + m.klow[i, s, d] * (m.dlow[d] * (m.plow[d] / paid) ** m.esubp[d])
                + m.kmout[i, s, d] * (m.dmout[d] * (m.pmout[d] / paid) ** m.esubp[d])
                + m.kmin[i, s, d] * (m.dmin[d] * (m.pmin[d] / paid) ** m.esubp[d])
            )

        def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
            return {**super().calibrate(data), **_suppliers(coverage, data)}

    class ProductionWithRules(Production):
        """Domestic suppliers of material and metals serve compliance too."""

        kdhigh = parameter("i a r", "domestic supplier above the wage floor: share over benchmark sales")
        kdlow = parameter("i a r", "other domestic supplier: share over benchmark sales")
        kdmin = parameter("i a r", "domestic supplier of metals: share over benchmark sales")

        @definition("i a r", "intermediate demand for the domestic commodity, apart from compliance")
        def qfdplain(m, i, a, r):
            return m.qfa[i, a, r] * m.pfa[i, a, r] ** m.esubd[i, r] * m.pfd[i, a, r] ** (-m.esubd[i, r])

        @definition("i a r", "intermediate demand for the domestic commodity")
        def qfd(m, i, a, r):
            return (
                m.qfdplain[i, a, r]
                + m.kdhigh[i, a, r] * (m.dhigh[r] * (m.phigh[r] / m.pfd[i, a, r]) ** m.esubp[r])
                + m.kdlow[i, a, r] * (m.dlow[r] * (m.plow[r] / m.pfd[i, a, r]) ** m.esubp[r])
                + m.kdmin[i, a, r] * (m.dmin[r] * (m.pmin[r] / m.pfd[i, a, r]) ** m.esubp[r])
            )

        def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
            return {**super().calibrate(data), **_domestic(coverage, data)}

    class IncomeWithRules(Income):
        """Duties on shipments of the covered sector as firms choose to pay them."""

        @definition("r", "tariff revenue", "million USD")
        def rtm(m, r):
            plain = sum(
                m.vcif[i, s, r] * (1.0 - m.incov[i, s, r]) * (m.tms[i, s, r] - 1.0) * (m.pcif[i, s, r] * m.qxs[i, s, r])
                for i in m.comm
                for s in m.reg
            )
            return plain + sum(m.incov[V, s, r] * m.duty[s, r] for s in m.reg)

        @definition("r", "revenue of taxes on intermediates", "million USD")
        def rtf(m, r):
            plain = sum(
                m.vdfb[i, a, r] * (m.tfd[i, a, r] - 1.0) * (m.pds[i, r] * m.qfd[i, a, r])
                + m.vmfb[i, a, r] * (m.tfm[i, a, r] - 1.0) * (m.pmf[i, r] * m.qfm[i, a, r])
                for i in m.comm
                for a in m.acts
            )
            # on foreign material that compliance adds
            return plain + sum(
                m.vmsb[i, s, r] * (m.tfm[i, V, r] - 1.0) * (m.extra[i, s, r] * m.pmds[i, s, r] / m.ams[i, s, r])
                for i in m.comm
                for s in m.reg
            )

    class AccountsWithRules(Accounts):
        """The premium on complying shipments is part of exports and imports."""

        @definition("r", "exports with margin services, fob", "million USD")
        def vexp(m, r):
            goods = sum(m.vfob[i, r, d] * (m.pfob[i, r, d] * m.qxs[i, r, d]) for i in m.comm for d in m.reg)
            premium = sum(m.incov[V, r, d] * m.vprem[r, d] for d in m.reg)
            return goods + premium + sum(m.vst[k, r] * (m.pdm[k, r] * m.qst[k, r]) for k in m.marg)

        @definition("r", "imports, cif", "million USD")
        def vimp(m, r):
            goods = sum(m.vcif[i, s, r] * (m.pcif[i, s, r] * m.qxs[i, s, r]) for i in m.comm for s in m.reg)
            return goods + sum(m.incov[V, s, r] * m.vprem[s, r] for s in m.reg)

        @definition("r", "GDP from value added and taxes on products", "million USD")
        def gdpva(m, r):
            # the premium pays exactly for what compliance changes in inputs: neither is counted
            output = sum(m.vob[i, r] * (m.pds[i, r] * m.qc[i, r]) for i in m.comm)
            inputs = sum(
                m.vdfp[i, a, r] * (m.pfd[i, a, r] * m.qfdplain[i, a, r]) + m.vmfp[i, a, r] * (m.pfm[i, a, r] * m.qfm[i, a, r])
                for i in m.comm
                for a in m.acts
            )
            return output - inputs + m.rtf[r] + m.rtu[r] + m.rtx[r] + m.rtm[r]

    def supplier(m: Any, i: str, s: Any, r: Any) -> Any:
        """Price of commodity ``i`` from ``s`` to the covered sector of ``r``: at home the domestic price."""
        abroad = m.pmds[i, s, r] / m.ams[i, s, r] * (m.tfm[i, V, r] / m.tfm_0[i, V, r])
        return m.ishome[s, r] * m.pfd[i, V, r] + (1.0 - m.ishome[s, r]) * abroad

    def three(m: Any, k: Any, r: Any, outside: Any, high: Any, low: Any) -> Any:
        rho = 1.0 - m.esubp[r]
        return (m.bout[k, r] * outside**rho + m.bhigh[k, r] * high**rho + m.blow[k, r] * low**rho) ** (1.0 / rho)

    def pair(m: Any, r: Any, outside: Any, inside: Any) -> Any:
        rho = 1.0 - m.esubp[r]
        return (m.bmout[r] * outside**rho + (1.0 - m.bmout[r]) * inside**rho) ** (1.0 / rho)

    def metal_share(m: Any, r: Any, price: Any, fee: Any, rebate: Any) -> Any:
        """Outside share, at market prices, of a metal that costs ``price`` with feebates ``fee`` and ``rebate``."""
        outside = m.bmout[r] * m.pmout[r] * (price / (fee * m.pmout[r])) ** m.esubp[r]
        inside = (1.0 - m.bmout[r]) * m.pmin[r] * (price / (rebate * m.pmin[r])) ** m.esubp[r]
        return outside / (outside + inside)

    def complementary(m: Any, slack: Any, multiplier: Any) -> Any:
        """Smoothed Fischer-Burmeister (1992); where ``smooth`` is negative the product, relaxed by its size."""
        smoothed = slack + multiplier - sqrt(slack**2 + multiplier**2 + m.smooth**2)
        return Expr_if(m.smooth <= 0.0, slack * multiplier + m.smooth, smoothed) == 0.0

    swap: dict[type[Block], type[Block]] = {
        Trade: TradeWithRules,
        Production: ProductionWithRules,
        Income: IncomeWithRules,
        Accounts: AccountsWithRules,
    }
    return (*(swap.get(block, block) for block in CORE), Rules)


NO_RULE = -1.0
"""Threshold of a rule that is not in force: below anything, so its slack is positive and its multiplier zero."""


def _exists(coverage: Coverage, data: Calibrated) -> tuple[np.ndarray, np.ndarray]:
    """Members that make the covered sector from material, dims (r,); pairs that trade it, dims (s, d)."""
    coverage.check(data)
    sets = data.sets
    v, p = sets["comm"].index(coverage.sector), sets["comm"].index(coverage.material)
    member = np.array([r in coverage.area for r in sets["reg"]])
    makes = member & (data.output()[v] > 0) & ((data["vdfp"] + data["vmfp"])[p, v] > 0)
    ships = makes[:, None] & member[None, :] & (data["vxsb"][v] > 0)
    ships &= ~np.eye(len(member), dtype=bool)
    return makes, ships


def _classes(coverage: Coverage, data: Calibrated, commodity: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Purchases of a commodity by the covered sector by supplier, million USD landed, and the classes; dims (s, r)."""
    sets = data.sets
    i, v = sets["comm"].index(commodity), sets["comm"].index(coverage.sector)
    flows = data["vmub"][i, USES.index("int")]
    bought = ratio(flows, flows.sum(0)) * data["vmfp"][i, v]
    home = np.arange(len(sets["reg"]))
    bought[home, home] += data["vdfp"][i, v]
    size = len(sets["reg"])
    high = np.array([r in coverage.high_wage for r in sets["reg"]])[:, None]
    member = np.array([r in coverage.area for r in sets["reg"]])
    inside = np.eye(size, dtype=bool) | (
        np.broadcast_to(member[:, None], (size, size)) if coverage.cumulation == "full" else False
    )
    return bought, {"out": ~inside, "high": inside & high, "low": inside & ~high, "in": inside}


def _share(bought: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    inside = bought * chosen
    return ratio(inside, inside.sum(0), empty=1.0 / len(bought))


def _goods(data: Calibrated) -> np.ndarray:
    from cge.gvc.sectors import SERVICES

    services = {*SERVICES, "utl", "cns", "utc", "c17", "c18"}
    return np.array([x not in services for x in data.sets["comm"]])


def _calibrate(coverage: Coverage, data: Calibrated) -> dict[str, np.ndarray]:
    sets = data.sets
    regions, commodities = sets["reg"], sets["comm"]
    n, types = len(regions), coverage.types
    v, p, metal = (commodities.index(x) for x in (coverage.sector, coverage.material, coverage.metals))
    makes, ships = _exists(coverage, data)
    bought, classes = _classes(coverage, data, coverage.material)
    metals, _ = _classes(coverage, data, coverage.metals)
    inputs = data["vdfp"][:, v] + data["vmfp"][:, v]  # (i, r)
    cost = data["maks"].sum(0)[v]
    outside = ratio((bought * classes["out"]).sum(0), bought.sum(0))
    high_share = ratio((bought * classes["high"]).sum(0), (bought * classes["in"]).sum(0))
    bout = np.stack([type_shares(float(outside[r]) if makes[r] else 0.0, coverage.dispersion, types) for r in range(n)], axis=1)
    bmout = ratio((metals * classes["out"]).sum(0), metals.sum(0))
    others = inputs.copy()
    others[p] = 0.0
    if metal != p:
        others[metal] = 0.0
    flows = data["vmub"][:, USES.index("int")]  # (i, s, d)
    soth = ratio(flows, flows.sum(1, keepdims=True)) * classes["out"][None] * _goods(data)[:, None, None]
    scost = ratio(others, cost)
    simp = ratio(data["vmfp"][:, v], inputs)
    smat, smet = ratio(inputs[p], cost), ratio(inputs[metal] if metal != p else 0 * cost, cost)
    svadd = ratio(data["evfp"][:, v].sum(0), cost)
    coth = scost.sum(0)
    cout = (scost * simp * soth.sum(1)).sum(0)
    ishigh = np.array([float(r in coverage.high_wage and r in coverage.area) for r in regions])
    esubd = data.elasticity("esubd")[p]
    sigma = esubd if coverage.substitution is None else np.full(n, coverage.substitution)
    sigma = np.where(abs(sigma - 1) < 1e-3, 1.001, sigma)
    wtype = np.full((types, n), 1.0 / types)
    vprod = np.where(ships, data["vxsb"][v], 0.0)
    tov = ratio(data["makb"].sum(0)[v], data["maks"].sum(0)[v], empty=1.0)
    bhigh = (1 - bout) * high_share
    vnm = cout + smat * bout + smet * bmout
    labour = ishigh * svadd + smat * bhigh
    off = np.full((types, n), NO_RULE)
    incov = np.zeros((len(commodities), n, n))
    incov[v] = ships
    return {
        "bout": bout,
        "bhigh": bhigh,
        "blow": 1 - bout - bhigh,
        "sout": _share(bought, classes["out"]),
        "shigh": _share(bought, classes["high"]),
        "slow": _share(bought, classes["low"]),
        "smout": _share(metals, classes["out"]),
        "smin": _share(metals, classes["in"]),
        "bmout": bmout,
        "smat": smat,
        "smet": smet,
        "svadd": svadd,
        "scost": scost,
        "soth": soth,
        "simp": simp,
        "ishome": np.eye(n),
        "ishigh": ishigh,
        "stfree": np.array(coverage.steel_share),
        "vprod": vprod,
        "sbas": ratio(data["vxsb"][v], data["vcif"][v] * tov[:, None]),
        "tov": tov,
        "vship": np.where(vprod.sum(1) > 0, vprod.sum(1), 1.0),
        "vpur": np.where(inputs[p] > 0, inputs[p], 1.0),
        "vmet": np.where(inputs[metal] > 0, inputs[metal], 1.0),
        "incov": incov,
        "wtype": wtype,
        "esubp": sigma,
        "kappa": np.array(coverage.kappa),
        "tmfn": data.power("vmsb", "vcif")[v],
        "rvc": off,
        "lvc": off.copy(),
        "steel": off.copy(),
        "alu": off.copy(),
        "paper": np.ones((n, n)),
        "use0": np.ones((types, n, n)),
        "aref": np.ones((n, n)),
        "bref": np.ones((n, n)),
        "smooth": np.array(SMOOTHING_END),
        # benchmark values of signed variables
        "cva": svadd,
        "coth": coth,
        "cout": cout,
        "zcomp": wtype * (vprod.sum(1) > 0),
        "gap_rvc": 1 - vnm - NO_RULE,
        "gap_lvc": labour - NO_RULE,
        "gap_steel": np.broadcast_to(1 - NO_RULE - bmout, (types, n)),
        "gap_alu": np.broadcast_to(1 - NO_RULE - bmout, (types, n)),
    }


def _suppliers(coverage: Coverage, data: Calibrated) -> dict[str, np.ndarray]:
    """Share of each foreign supplier in its class over its benchmark sales; dims (i, s, d)."""
    makes, _ = _exists(coverage, data)
    shape = data["vmsb"].shape
    v = data.sets["comm"].index(coverage.sector)
    tax = data.power("vmfp", "vmfb")[:, v]
    out: dict[str, np.ndarray] = {name: np.zeros(shape) for name in ("kout", "khigh", "klow", "kmout", "kmin")}
    abroad = ~np.eye(shape[1], dtype=bool)
    for commodity, names in (
        (coverage.material, {"kout": "out", "khigh": "high", "klow": "low"}),
        (coverage.metals, {"kmout": "out", "kmin": "in"}),
    ):
        i = data.sets["comm"].index(commodity)
        bought, classes = _classes(coverage, data, commodity)
        for name, key in names.items():
            inside = bought * classes[key]
            share = ratio(inside, inside.sum(0)) * abroad * makes[None, :]
            out[name][i] = ratio(share * bought.sum(0), data["vmsb"][i] * tax[i])
    return {**out, "vmsb": data["vmsb"]}


def _domestic(coverage: Coverage, data: Calibrated) -> dict[str, np.ndarray]:
    """Share of the domestic supplier in its class over its benchmark sales to the covered sector; dims (i, a, r)."""
    makes, _ = _exists(coverage, data)
    out = {name: np.zeros(data["vdfp"].shape) for name in ("kdhigh", "kdlow", "kdmin")}
    v = data.sets["comm"].index(coverage.sector)
    home = np.arange(len(makes))
    for commodity, names in ((coverage.material, {"kdhigh": "high", "kdlow": "low"}), (coverage.metals, {"kdmin": "in"})):
        i = data.sets["comm"].index(commodity)
        bought, classes = _classes(coverage, data, commodity)
        for name, key in names.items():
            inside = bought * classes[key]
            share = ratio(inside, inside.sum(0))[home, home] * makes
            out[name][i, v] = ratio(share * bought.sum(0), data["vdfp"][i, v])
    return out
