"""Readers of published tables, one file a source."""

from calibration.readers.accounts import gdp_of_rest, read_accounts, rest_of_world
from calibration.readers.adb import read_adb
from calibration.readers.caliendo_parro import CaliendoParro, read_caliendo_parro
from calibration.readers.eora import read_eora26
from calibration.readers.exiobase import read_exiobase3
from calibration.readers.figaro import read_figaro
from calibration.readers.gtap_sample import read_gtap_sample
from calibration.readers.oecd_cube import TradeCube, read_emissions, read_trade_cube
from calibration.readers.oecd_icio import read_oecd_icio
from calibration.readers.ssp import Pathway, read_ssp
from calibration.readers.wiod import read_wiod, read_wiod_2016

__all__ = [
    "CaliendoParro",
    "Pathway",
    "TradeCube",
    "gdp_of_rest",
    "read_accounts",
    "read_adb",
    "read_caliendo_parro",
    "read_emissions",
    "read_eora26",
    "read_exiobase3",
    "read_figaro",
    "read_gtap_sample",
    "read_oecd_icio",
    "read_ssp",
    "read_trade_cube",
    "read_wiod",
    "read_wiod_2016",
    "rest_of_world",
]
