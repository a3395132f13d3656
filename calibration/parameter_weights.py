"""What the mean of a parameter over sectors and regions is weighted with, when data are aggregated.

As GTAP's own aggregation programs do (FlexAgg and GTAPAgg, program ``aggpar``): each elasticity with the value of what it
acts on, at the prices of who buys. Parameters that GTAP gives for the world as a whole (``esubd esubm esubva esubc``, one
value of a sector in every region) are weighted with world totals and stay one value for all; where a user's differ by
region, each region's own flows weight them.

============== ========================================================== ==============
parameter      weight                                                     headers
============== ========================================================== ==============
esubd          all purchases of the commodity, purchasers' prices (world) VDFP VMFP VDPP VMPP VDGP VMGP VDIP VMIP
esubm          imports by their users, purchasers' prices (world)         VMFP VMPP VMGP VMIP
esubva         primary factor cost (world)                                EVFP
esubc          intermediate inputs of the activity (world)                VDFP VMFP
esubt          cost of the activity                                       VDFP VMFP EVFP
subpar incpar  private consumption, purchasers' prices                    VDPP VMPP
esubg          government consumption                                     VDGP VMGP
esubi          investment purchases                                       VDIP VMIP
etraq          output of the activity, supply prices                      MAKS
esubq          supply of the commodity, basic prices                      MAKB
esubs          sales of the margin service                                VST
etrae          income of the factor after tax                             EVOS
rorflex        capital stock                                              VKB
dparsum        regional income                                            -
============== ========================================================== ==============

The programs pass on ``ETRE``, ``RFLX`` and ``DPSM`` (one value everywhere in GTAP's data); the weights of the last three
rows are this library's, and matter where a user's values differ. Where nothing carries weight the mean is a plain one.
The core model's ``incelas`` and ``frisch`` go with private consumption in such a way that committed purchases add up
(:func:`calibration.income_elasticities.grouped_demand`).
"""

from __future__ import annotations

import xarray as xr

from calibration.sam import Sam

WORLD = ("esubd", "esubm", "esubva", "esubc")
"""Weighted with world totals where they are one value over regions."""
SINGLE = 1e-6
"""Relative difference that single precision leaves between two equal numbers."""


def parameter_weights(sam: Sam) -> dict[str, xr.DataArray]:
    """Weights by symbol, million USD, dims as the parameter's."""
    g = sam.data
    imports = g["vmfp"].sum("a") + g["vmpp"] + g["vmgp"] + g["vmip"]
    domestic = g["vdfp"].sum("a") + g["vdpp"] + g["vdgp"] + g["vdip"]
    private = g["vdpp"] + g["vmpp"]
    inputs = (g["vdfp"] + g["vmfp"]).sum("i")
    income = xr.DataArray(sam.income(), dims="r", coords={"r": g["r"].values})
    return {
        "esubm": imports,
        "esubd": imports + domestic,
        "esubva": g["evfp"].sum("f"),
        "esubc": inputs,
        "esubt": inputs + g["evfp"].sum("f"),
        "subpar": private,
        "incpar": private,
        "esubg": (g["vdgp"] + g["vmgp"]).sum("i"),
        "esubi": (g["vdip"] + g["vmip"]).sum("i"),
        "etraq": g["maks"].sum("i"),
        "esubq": g["makb"].sum("a"),
        "esubs": g["vst"].sum("r"),
        "etrae": g["evos"].sum("a"),
        "rorflex": g["vkb"],
        "dparsum": income,
        "incelas": private,
        "frisch": private.sum("i"),
    }


def weights_of(values: xr.DataArray, symbol: str, weights: xr.DataArray, gtap: bool) -> xr.DataArray:
    """The weights of one parameter with its dims: world totals for one that is the same in all regions of GTAP's data."""
    if gtap and symbol in WORLD and bool((abs(values - values.isel(r=0)) <= SINGLE * abs(values)).all()):
        weights = weights.sum("r").expand_dims(r=values["r"].values)
    return weights.transpose(*values.dims)
