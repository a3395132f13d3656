"""Global value chains: the inter-country table of data and solutions, and every standard indicator on it."""

from cge.gvc.compare import GvcComparison
from cge.gvc.icio import Icio
from cge.gvc.indicators import Indicators

__all__ = ["GvcComparison", "Icio", "Indicators"]
