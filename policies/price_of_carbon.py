"""A price of carbon on what production emits, in some regions or everywhere.

The price is paid by the activity that burns the fuel, its revenue goes to the regional household
(:mod:`cge.mechanisms.carbon`). Without an adjustment at the border production moves to where no price is paid: leakage.
"""

from __future__ import annotations

import math

from cge.catalogue import Question
from cge.errors import ShockError
from cge.policy.policy import InstrumentChange, Policy

__all__ = ["QUESTION", "carbon_price"]


def carbon_price(price: float = 50.0, regions: str | tuple[str, ...] = ()) -> Policy:
    """The policy.

    Parameters
    ----------
    price : float
        USD a tonne of CO2, in the numeraire.
    regions : str or tuple of str
        Regions that price carbon, parted by commas in a text; all where none is named.

    Raises
    ------
    ShockError
        A price that is no finite number, or zero.

    Examples
    --------
    >>> carbon_price(30, "EU").instruments[0].add
    30.0
    """
    if isinstance(price, bool) or not isinstance(price, (int, float)) or not math.isfinite(price) or price == 0:
        raise ShockError(f"carbon-price: price is {price!r}; a number of USD a tonne other than 0 is needed")
    named = tuple(r.strip() for r in regions.split(",") if r.strip()) if isinstance(regions, str) else tuple(regions)
    where: dict[str, str | tuple[str, ...]] = {"r": named} if named else {}
    change = InstrumentChange(instrument="ctax", where=where, add=float(price), note=f"{price:g} USD a tonne of CO2")
    return Policy(
        name="carbon-price",
        title=f"A price of carbon of {price:g} USD a tonne" + (f" in {', '.join(named)}" if named else ""),
        description="Production pays for the carbon that it emits; the regional household has the revenue.",
        sources=("Emissions by activity: OECD, carbon dioxide emissions embodied in trade (satellite of the benchmark)",),
        members=named,
        instruments=(change,),
        notes=(
            "Households' own emissions pay nothing; nothing is adjusted at the border.",
            "Inputs are in fixed proportions unless the data say otherwise: emissions fall with output, and leakage is high.",
        ),
        mechanisms=("Carbon",),
    )


QUESTION = Question.of("carbon-price", carbon_price, "A price of carbon on production")
