"""The perturbation that halves the accuracy: what the claims judge and figure 8 shows."""

from __future__ import annotations

import numpy as np
import pandas as pd


def half_size(relative: pd.Series) -> float:
    """Size at which a curve (index: sizes) first falls below one half, interpolated in log size.

    The largest size if it never does (so at least that), the smallest if it starts there.
    """
    curve = relative[relative.index > 0].sort_index()
    sizes, values = curve.index.to_numpy(dtype=float), curve.to_numpy(dtype=float)
    under = np.flatnonzero(values < 0.5)
    if not len(sizes):
        return np.nan
    if not len(under) or under[0] == 0:
        return float(sizes[0] if len(under) else sizes[-1])
    i = under[0]
    part = (values[i - 1] - 0.5) / (values[i - 1] - values[i])
    return float(np.exp(np.log(sizes[i - 1]) + part * np.log(sizes[i] / sizes[i - 1])))
