"""Dimension of activity (Khajehabdollahi et al., ICLR 2024, figure 6b)."""

from __future__ import annotations

import numpy as np

EXPLAINED = 0.9  # of the variance


def spectrum(covariance: np.ndarray) -> np.ndarray:
    """Variances along the principal components, largest first: (..., n) of covariances (..., n, n).

    Rounding below zero is taken for zero.
    """
    return np.clip(np.linalg.eigvalsh(covariance)[..., ::-1], 0, None)


def pca_dimension(variances: np.ndarray, explained: float = EXPLAINED) -> np.ndarray:
    """Fewest leading components that explain at least a fraction ``explained`` of the variance.

    The paper counts one fewer: the components that still stay at or below that fraction, by the
    index, from 0, of the first that crosses it.

    Args:
        variances: (..., n), largest first.
        explained: fraction of the variance.

    Returns:
        (...), float; NaN without variance.
    """
    total = variances.sum(axis=-1)
    reached = np.cumsum(variances, axis=-1) < explained * total[..., None]
    return np.where(total > 0, reached.sum(axis=-1) + 1.0, np.nan)


def participation_ratio(variances: np.ndarray) -> np.ndarray:
    """(sum of variances)^2 / sum of their squares: n if all are equal, 1 if one is left.

    Args:
        variances: (..., n).

    Returns:
        (...); NaN without variance.
    """
    total, squares = variances.sum(axis=-1), np.square(variances).sum(axis=-1)
    return np.where(total > 0, total**2 / np.where(total > 0, squares, 1), np.nan)


def measure(covariances: np.ndarray) -> dict[str, float]:
    """One row of the table ``dimension``: each trial for itself, then the mean over trials.

    Args:
        covariances: (trials, n, n) of the activity in each trial.
    """
    variances = spectrum(covariances)
    dimension = pca_dimension(variances).mean()
    return {
        "dimension": float(dimension),
        "dimension_paper": float(dimension - 1),
        "participation_ratio": float(participation_ratio(variances).mean()),
    }
