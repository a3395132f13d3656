"""From published tables to a balanced, labelled benchmark."""

from calibration.aggregate import aggregate, read_mapping
from calibration.aggregate_benchmark import aggregate_benchmark
from calibration.balance import gras, ras
from calibration.benchmark import Benchmark, available, load_benchmark
from calibration.errors import DataError
from calibration.sam import Sam

__all__ = [
    "Benchmark",
    "DataError",
    "Sam",
    "aggregate",
    "aggregate_benchmark",
    "available",
    "gras",
    "load_benchmark",
    "ras",
    "read_mapping",
]
