"""Readers of published tables, one file a source."""

from calibration.readers.caliendo_parro import CaliendoParro, read_caliendo_parro
from calibration.readers.gtap_sample import read_gtap_sample
from calibration.readers.wiod import Wiot, read_wiod

__all__ = ["CaliendoParro", "Wiot", "read_caliendo_parro", "read_gtap_sample", "read_wiod"]
