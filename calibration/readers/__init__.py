"""Readers of published tables, one file a source."""

from calibration.readers.accounts import read_accounts
from calibration.readers.caliendo_parro import CaliendoParro, read_caliendo_parro
from calibration.readers.gtap_sample import read_gtap_sample
from calibration.readers.oecd_cube import TradeCube, read_emissions, read_trade_cube
from calibration.readers.wiod import Wiot, read_wiod

__all__ = [
    "CaliendoParro",
    "TradeCube",
    "Wiot",
    "read_accounts",
    "read_caliendo_parro",
    "read_emissions",
    "read_gtap_sample",
    "read_trade_cube",
    "read_wiod",
]
