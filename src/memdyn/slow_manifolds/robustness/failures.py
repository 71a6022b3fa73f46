"""What counts as a failed trial under stress: the rule of the authors' robustness tests.

Ghazizadeh & Ching 2021, code in Lham71/Working-Memory-Modeling.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def count_failures(
    reference: np.ndarray, end: np.ndarray, settled: np.ndarray, settings: Mapping
) -> dict[str, float]:
    """Failed fractions over runs.

    Args:
        reference: z that the run should end with; broadcasts against the others.
        end: z at the last step of the response.
        settled: z one trial length later, without input.
        settings: ``max_deviation`` (a run fails beyond it) and ``max_settled`` (a failed run that
            is still farther off one trial length later went to another attractor).

    Returns:
        ``failed`` = ``asymptotic`` + ``fixed_time``, and ``deviation``, mean |reference - end|.
    """
    deviation = np.abs(reference - end)
    # Written so that a diverged run (NaN) fails.
    failed = ~(deviation <= settings["max_deviation"])
    away = failed & ~(np.abs(reference - settled) <= settings["max_settled"])
    return {
        "failed": float(failed.mean()),
        "asymptotic": float(away.mean()),
        "fixed_time": float((failed & ~away).mean()),
        "deviation": float(deviation.mean()),
    }
