"""Embedded benchmarks (netCDF) and the scripts that build them."""
