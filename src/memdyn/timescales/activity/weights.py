"""Weights of the networks of study 2, whose change with N figure 6 shows.

Source: Khajehabdollahi et al., ICLR 2024, figure 6a. Which numbers sum up the weights is our
choice.
"""

from __future__ import annotations

import numpy as np

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
