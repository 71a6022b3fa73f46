"""Weights of the networks of study 2, and how they change with N.

Source: Khajehabdollahi et al., ICLR 2024, figure 6a. Which numbers sum up the weights is our
choice.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from memdyn.timescales.networks.recurrent import Cell, Parameters


def spectral_radius(matrix: np.ndarray) -> float:
    """Largest modulus of an eigenvalue; NaN if the matrix is not finite."""
    if not np.isfinite(matrix).all():
        return float("nan")
    return float(np.abs(np.linalg.eigvals(matrix.astype(np.float64))).max())


def measure(cell: Cell, params: Parameters) -> dict[str, float]:
    """One row of the table ``weights``.

    Of leaky networks recurrent weights are those between two units: what stands on the diagonal is
    no connection. A unit's bias is the sum of its two. For GRU and LSTM all gates count together;
    they have no one recurrent matrix, hence no spectral radius (NaN).

    Args:
        cell: kind of network.
        params: one network, with a network axis of one.
    """
    values = {name: value[0].double().cpu().numpy() for name, value in params.items()}
    matrix, into, bias = cell.model.weights(values)
    connected = np.ones(matrix.shape, dtype=bool)
    if not cell.model.self_connected:
        np.fill_diagonal(connected, False)
    between = matrix[connected]
    radius = spectral_radius(matrix * connected) if cell.model.matrices == 1 else float("nan")
    return {
        "weight_mean": float(between.mean()),
        "weight_sd": float(between.std()),
        "weight_abs_mean": float(np.abs(between).mean()),
        "spectral_radius": radius,
        "input_abs_mean": float(np.abs(into).mean()),
        "bias_mean": float(bias.mean()),
    }


def regress_on_N(table: pd.DataFrame, value: str, max_N: int = 30) -> pd.DataFrame:
    """Straight lines of a value against N, up to ``max_N`` as in the paper's figure 6.

    A line is fitted to each network by least squares; the interval is that of the mean slope over
    networks (Student's t), because the snapshots of one network are no independent samples.

    Args:
        table: rows with ``condition``, ``network``, ``N`` and the value.
        value: a column of the table.
        max_N: rows beyond are left out.

    Returns:
        One row per condition with at least one network that has two N: ``condition``, ``slope``,
        ``low``, ``high`` (95 %; NaN with one network), ``intercept`` (mean, at N = 0), ``n``
        networks, ``n_positive`` slopes above zero.
    """
    table = table[(table["N"] <= max_N) & table[value].notna()]
    rows = []
    for condition, own in table.groupby("condition", sort=False):
        networks = [one for _, one in own.groupby("network") if one["N"].min() < one["N"].max()]
        if not networks:
            continue
        lines = np.array([np.polyfit(one["N"], one[value], 1) for one in networks])
        slopes, n = lines[:, 0], len(lines)
        half = np.nan
        if n > 1:
            half = stats.t.ppf(0.975, n - 1) * slopes.std(ddof=1) / np.sqrt(n)
        rows.append(
            {
                "condition": condition,
                "slope": slopes.mean(),
                "low": slopes.mean() - half,
                "high": slopes.mean() + half,
                "intercept": lines[:, 1].mean(),
                "n": n,
                "n_positive": int((slopes > 0).sum()),
            }
        )
    columns = ["condition", "slope", "low", "high", "intercept", "n", "n_positive"]
    return pd.DataFrame(rows, columns=columns)
