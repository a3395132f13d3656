"""Small array helpers that every layer uses."""

from __future__ import annotations

import numpy as np


def ratio(top: np.ndarray, bottom: np.ndarray, empty: float = 0.0) -> np.ndarray:
    """``top / bottom``, and ``empty`` where the bottom is zero.

    Shares of an absent composite take ``empty = 1 / members``, so that its price index stays defined.
    """
    top, bottom = np.broadcast_arrays(np.asarray(top, float), np.asarray(bottom, float))
    return np.asarray(np.divide(top, bottom, out=np.full(top.shape, float(empty)), where=bottom != 0))
