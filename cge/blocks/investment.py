"""Investment and saving.

Investment goods are a fixed-proportion (Leontief) bundle. At the default closure regional saving is a
fixed share of income, foreign saving is fixed in the numeraire, and investment is what they finance;
fixing ``qinv`` and freeing ``dpsave`` makes saving follow investment instead.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cge.equations.calibrated import BALANCE_TOLERANCE, Calibrated, ratio
from cge.equations.ces import ces_price_of_two
from cge.equations.declare import Block, definition, equation, instrument, parameter, variable
from cge.errors import ModelError


class Investment(Block):
    """Demand for investment goods and the balance of saving and investment."""

    pinv = variable("r", "price of investment goods")
    qinv = variable("r", "gross investment")
    walraslack = variable(
        "", "excess saving of the world: zero by Walras' law", "share of benchmark investment", owner="world", signed=True
    )

    tid = instrument("i r", "power of the tax on investors' purchases of domestic goods")
    tim = instrument("i r", "power of the tax on investors' purchases of imports")
    dpsave = instrument("r", "shift of the saving share of income", "index, benchmark = 1", signed=True)
    fsav = instrument("r", "foreign saving in the numeraire", "million USD", signed=True)

    tid_0 = parameter("i r", "benchmark power of the tax on domestic goods", structural=False)
    tim_0 = parameter("i r", "benchmark power of the tax on imports", structural=False)
    vip = parameter("i r", "benchmark investment purchases at purchasers' prices", "million USD")
    sia = parameter("i r", "share of a commodity in investment")
    sid = parameter("i r", "domestic share of investment purchases")
    inv_0 = parameter("r", "benchmark gross investment", "million USD")
    save_0 = parameter("r", "benchmark net saving", "million USD", structural=False)
    vdep = parameter("r", "benchmark depreciation", "million USD", structural=False)
    ininv = parameter("u", "1 for the sourcing class of investment")

    @definition("r", "net regional saving", "million USD", open_sum=True)
    def saving(m, r):
        return m.save_0[r] * m.dpsave[r] * m.y[r]

    @definition("r", "depreciation of the capital in use", "million USD")
    def depr(m, r):
        return m.vdep[r] * (m.pinv[r] * m.kb[r])

    @definition("i r", "investors' price of the domestic good")
    def pid(m, i, r):
        return m.pds[i, r] * (m.tid[i, r] / m.tid_0[i, r])

    @definition("i r", "basic price of imports for investment")
    def pmi(m, i, r):
        return sum(m.ininv[u] * m.pms[i, u, r] for u in m.uses)

    @definition("i r", "investors' price of the imported good")
    def pim(m, i, r):
        return m.pmi[i, r] * (m.tim[i, r] / m.tim_0[i, r])

    @definition("i r", "investors' price of the composite")
    def pia(m, i, r):
        return ces_price_of_two(m.sid[i, r], m.pid[i, r], m.pim[i, r], m.esubd[i, r])

    @definition("i r", "investment demand for the domestic good")
    def qid(m, i, r):
        return m.qinv[r] * (m.pia[i, r] / m.pid[i, r]) ** m.esubd[i, r]

    @definition("i r", "investment demand for the imported good")
    def qim(m, i, r):
        return m.qinv[r] * (m.pia[i, r] / m.pim[i, r]) ** m.esubd[i, r]

    @equation("r", "price of investment goods", defines="pinv", source="Corong et al. 2017, E_pinv (Leontief)")
    def e_pinv(m, r):
        return m.pinv[r] == sum(m.sia[i, r] * m.pia[i, r] for i in m.comm)

    @definition("r", "finance of investment: saving, depreciation and foreign saving", "million USD", open_sum=True)
    def finance(m, r):
        return m.saving[r] + m.depr[r] + m.fsav[r] * m.pfactwld

    @definition("", "excess of the world's finance over its investment: zero by Walras' law", "million USD")
    def excess(m):
        return sum(m.finance[r] - m.inv_0[r] * (m.pinv[r] * m.qinv[r]) for r in m.reg)

    @equation("r", "investment equals saving, depreciation and foreign saving", defines="qinv", logs=False)
    def e_qinv(m, r):
        return m.inv_0[r] * m.pinv[r] * m.qinv[r] == m.finance[r] + m.inv_0[r] * m.walraslack

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        self.refuse_no_investment(data)
        domestic, imported = data["vdip"], data["vmip"]
        bought = domestic + imported
        powers = {"tid": data.power("vdip", "vdib"), "tim": data.power("vmip", "vmib")}
        return {
            **powers,
            **{f"{k}_0": v.copy() for k, v in powers.items()},
            "dpsave": np.ones(bought.shape[1]),
            "fsav": bought.sum(0) - data["save"] - data["vdep"],
            "vip": bought,
            "sia": ratio(bought, bought.sum(0)),
            "sid": ratio(domestic, bought, empty=1.0),
            "inv_0": bought.sum(0),
            "save_0": data["save"],
            "vdep": data["vdep"],
            "ininv": data.membership("inv"),
        }

    def refuse_no_investment(self, data: Calibrated) -> None:
        """Refuse a region that saves, borrows or wears capital and does not invest: nothing would balance its saving.

        Raises
        ------
        ModelError
            Names the regions and the model that fits.
        """
        invested = data.benchmark.sam.expenditure()["inv"]
        regions = data.sets["reg"]
        if not (invested > 0).any():
            raise ModelError(
                f"nobody invests in benchmark {data.benchmark.name!r}, so saving and foreign saving have no use; a table with "
                "one final demand fits the trade model, in which deficits are transfers: "
                'Model(benchmark, sourcing="pooled", blocks=cge.blocks.deficits.TRADE_MODEL)'
            )
        saves = abs(data["save"]) + data["vdep"] > BALANCE_TOLERANCE * invested.sum()
        idle = [r for r, i, s in zip(regions, invested, saves, strict=True) if s and i <= 0]
        if idle:
            raise ModelError(
                f"nobody invests in {', '.join(idle)} of benchmark {data.benchmark.name!r}, which saves or borrows: nothing "
                "balances its saving; aggregate it with a neighbour, or use the trade model "
                "(cge.blocks.deficits.TRADE_MODEL) on calibration.from_flows.one_final_demand(benchmark)"
            )

    def masks(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        invests = (data["vdip"] + data["vmip"]).sum(0) > 0
        return {"pinv": invests, "qinv": invests}
