"""What lies between initial weights and mechanism: strength and direction of the trained loops.

The closed-loop matrix is A = g J + w_f w_o^T / fb + W_fd W_d^T / fb: what training adds is of low
rank, and acts by the overlaps of feedback and readout.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, eigs

from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.rate import FixedWeights, closed_loop


def measure_weights(
    fixed: FixedWeights, network: Network, readout: np.ndarray, before: float | None = None
) -> dict[str, float]:
    """Norms and overlaps of feedback and readout, and leading eigenvalues before and after.

    Args:
        fixed: the fixed weights of the shard.
        network: its place in the grid.
        readout: (n_outputs, n_units) rows w_o and W_d.
        before: ``rightmost(fixed.recurrent)``, the same for all networks of a shard.

    Returns:
        ``norm_output`` |w_o|, ``norm_memory`` (Frobenius, of W_d), ``gain_output`` w_f . w_o / fb,
        ``gain_memory`` trace(W_fd^T W_d) / fb over the memory outputs: the loops' gains around the
        origin; ``rightmost_before`` of g J and ``rightmost_after`` of A: largest real parts of
        eigenvalues (growth rate at the origin plus 1, in 1 / tau).
    """
    feedback, readout = fixed.feedback / network.fb, readout.astype(np.float64)
    gains = (feedback * readout).sum(axis=1)
    before = rightmost(fixed.recurrent) if before is None else before
    return {
        "norm_output": float(np.linalg.norm(readout[0])),
        "norm_memory": float(np.linalg.norm(readout[1:])),
        "gain_output": float(gains[0]),
        "gain_memory": float(gains[1:].mean()),
        "rightmost_before": network.g * before,
        "rightmost_after": rightmost(closed_loop(fixed, network.g, network.fb, readout)),
    }


def rightmost(matrix: np.ndarray) -> float:
    """Largest real part of the eigenvalues of a matrix (n, n); not a number if it is not finite."""
    if not np.isfinite(matrix).all():
        return float("nan")
    n = len(matrix)
    if n > 32:
        try:
            # From one start, so that it is the same every time.
            found = eigs(matrix, 4, which="LR", v0=np.ones(n), return_eigenvectors=False)
            return float(found.real.max())
        except ArpackNoConvergence:
            pass
    return float(np.linalg.eigvals(matrix).real.max())
