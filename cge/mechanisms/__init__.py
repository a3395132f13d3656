"""Mechanisms that are put on a composition, one file each: each adds terms to open sums of the model."""
