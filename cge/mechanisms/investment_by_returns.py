"""Investment that follows returns: foreign saving moves until expected rates of return are equal in all regions.

A region's expected rate falls as its capital grows, ``rore = rorc (ke / kb)^(-rorflex)``, and ``fsav`` moves until all are
equal (GTAP's RORDELTA = 1; Hertel 1997, Corong et al. 2017, section 3.5). What capital earns is the mean over activities,
weighted with payments: the one price of mobile capital, and the mean of the prices ``pes`` where old capital is tied to its
activity. Public works are investment but earn nothing, so that they neither lower the expected rate nor crowd private capital
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from calibration.labels import is_capital
from cge.equations.calibrated import Calibrated, ratio
from cge.equations.declare import Mechanism, definition, equation, instrument, parameter, replaces, variable
from cge.errors import ModelError

RORFLEX = 10.0
"""Flexibility of expected rates of return (GTAP's default RORFLEX)."""


class InvestmentByReturns(Mechanism):
    """Foreign saving moves until expected rates of return are equal.

    Parameters
    ----------
    stock : array_like, dims (r,), optional
        Capital at the start of the year, million USD; default ``vkb`` of the SAM.
    depreciation : float or array_like, dims (r,), optional
        Rate per year; default ``vdep`` over ``vkb`` of the SAM.
    rorflex : float
        How fast the expected rate falls as capital grows.

    Raises
    ------
    ModelError
        An option is no finite number of its range, the stock of a region is not there, or capital earns less than it wears.
    """

    needs: ClassVar[Mapping[str, str]] = {
        "fsav": "returns decide what a region invests beyond its own saving. GTAP's global bank does so already (rordelta)",
        "finance": "foreign saving finances investment, and in the trade model nobody invests; use the core blocks",
        "rkinv": "it needs what capital earns (the block Capital)",
    }
    shows: ClassVar[tuple[str, ...]] = ("rorg",)

    sfsav = variable("r", "foreign saving", "share of benchmark investment", signed=True)
    rorg = variable("", "expected rate of return of the world", owner="world")

    gross = parameter("r", "gross rate of return of the benchmark")
    worn = parameter("r", "rate of depreciation")
    world_0 = parameter("", "benchmark investment of the world", "million USD")
    newshare = parameter("r", "benchmark investment over capital")
    flex = parameter("", "flexibility of expected rates of return", structural=False)

    gpub = instrument("r", "public works, however paid, in the numeraire", "million USD", signed=True)

    def __init__(self, stock: ArrayLike | None = None, depreciation: ArrayLike | None = None, rorflex: float = RORFLEX) -> None:
        self.stock = _numbers(stock, "stock", above=0.0)
        self.depreciation = _numbers(depreciation, "depreciation", below=1.0)
        flexibility = _numbers(rorflex, "rorflex", above=0.0)
        if flexibility is None or flexibility.ndim:
            raise ModelError(f"rorflex is one number above 0, not {rorflex!r}")
        self.rorflex = float(flexibility)

    @replaces
    @definition("r", "foreign saving in the numeraire", "million USD")
    def fsav(m: Any, r: Any) -> Any:
        return m.inv_0[r] * m.sfsav[r]

    @definition("r", "net rate of return on capital")
    def rorc(m: Any, r: Any) -> Any:
        return (m.gross[r] * m.rkinv[r] - m.worn[r]) / (m.gross[r] - m.worn[r])

    @definition("r", "private investment")
    def qprivate(m: Any, r: Any) -> Any:
        return m.qinv[r] - m.gpub[r] * m.pfactwld / (m.inv_0[r] * m.pinv[r])

    @definition("r", "capital at the end of the year over its beginning")
    def kratio(m: Any, r: Any) -> Any:
        return (1.0 - m.worn[r] + m.newshare[r] * m.qprivate[r] / m.kb[r]) / (1.0 - m.worn[r] + m.newshare[r])

    @equation("r", "expected rates of return are equal", defines="sfsav", source="Corong et al. 2017, E_qinv")
    def e_fsav(m: Any, r: Any) -> Any:
        return m.rorc[r] * m.kratio[r] ** (-m.flex) == m.rorg

    @equation("", "foreign saving of the world is zero", defines="rorg", owner="world", logs=False)
    def e_rorg(m: Any) -> Any:
        return sum(m.fsav[r] / m.world_0 for r in m.reg) == 0.0

    def calibrate(self, data: Calibrated) -> Mapping[str, np.ndarray]:
        capital = np.array([is_capital(factor) for factor in data.sets["endw"]])
        stock = self._by_region(self.stock, data, "stock", data["vkb"])
        worn = self._by_region(self.depreciation, data, "depreciation", ratio(data["vdep"], data["vkb"]))
        gross = ratio(data["evfb"][capital].sum((0, 1)), stock)
        if (gross <= worn).any():
            poor = [r for r, earned, lost in zip(data.sets["reg"], gross, worn, strict=True) if earned <= lost]
            raise ModelError(f"capital of {', '.join(poor)} earns less than it wears; lower the depreciation")
        invested = (data["vdip"] + data["vmip"]).sum(0)
        return {
            "world_0": np.array(invested.sum()),
            "gross": gross,
            "worn": worn,
            "newshare": ratio(invested, stock),
            "flex": np.array(self.rorflex),
            "gpub": np.zeros_like(stock),
        }

    @staticmethod
    def _by_region(given: np.ndarray | None, data: Calibrated, what: str, of_sam: np.ndarray) -> np.ndarray:
        """An option, or what the SAM has of it; dims (r,)."""
        regions = data.sets["reg"]
        if given is None:
            lacking = [r for r, x in zip(regions, data["vkb"], strict=True) if not x > 0]
            if lacking:
                raise ModelError(
                    f"benchmark {data.benchmark.name!r} has no capital stock (vkb) of {', '.join(lacking)}; give "
                    f"InvestmentByReturns its {what}, by region in the order {', '.join(regions)}"
                )
            given = of_sam
        if given.ndim > 1 or given.size not in (1, len(regions)):
            raise ModelError(
                f"{what} of InvestmentByReturns has {given.size} numbers, and the benchmark {len(regions)} regions "
                f"({', '.join(regions)})"
            )
        return np.broadcast_to(given, (len(regions),)).copy()

    def adjust(self, data: Calibrated, values: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Foreign saving of the benchmark is what all mechanisms made of it."""
        return {"sfsav": ratio(values["fsav"], values["inv_0"])}


def _numbers(given: ArrayLike | None, what: str, above: float = -np.inf, below: float = np.inf) -> np.ndarray | None:
    """An option as an array of its own that nobody writes to; one number has no dims."""
    if given is None:
        return None
    try:
        values = np.array(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{what} of InvestmentByReturns is {given!r}; numbers are needed") from error
    if not (np.isfinite(values) & (values > above) & (values < below)).all() or (what == "depreciation" and (values < 0).any()):
        limits = "from 0 to below 1" if what == "depreciation" else "above 0"
        raise ModelError(f"{what} of InvestmentByReturns holds {values.ravel()[:6].tolist()}; numbers {limits} are needed")
    values.setflags(write=False)
    return values
