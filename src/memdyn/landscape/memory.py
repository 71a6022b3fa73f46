"""Is memory held on a slow manifold? See :mod:`memdyn.dynamics.manifolds`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from torch import Tensor

from memdyn.dynamics.manifolds import slow_manifold
from memdyn.dynamics.systems import System


def measure_memory(
    system: System,
    late: Tensor,
    inputs: Tensor | None = None,
    *,
    delay: float,
    speed: float,
    settings: Mapping,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Is memory held on a slow manifold? See ``dynamics.manifolds``.

    Args:
        system: a map.
        late: (rows, n_units) states at the end of the delay.
        inputs: (n_inputs,) constant input, None for zero.
        delay: its duration (tau).
        speed: as of ``task_speed``.
        settings: the ``dynamics`` section of the configuration.

    Returns:
        A row per state with ``relative_speed``, ``n_slow``, ``dimension``, ``slowest`` (tau),
        ``drift``, ``noisy_drift``, ``persistence``, ``held``, ``reason``, and the eigenvalues of
        the step (rows, n_units; complex).

    Raises:
        ValueError: a delay that is not positive or shorter than a step.
    """
    states = late.double()
    held = slow_manifold(
        system,
        states,
        inputs,
        delay=delay,
        task_speed=speed,
        copies=settings["noisy_copies"],
        noise=0.01,
    )
    names = ("relative_speed", "n_slow", "dimension", "slowest", "drift", "noisy_drift")
    names += ("persistence", "held", "reason")
    return pd.DataFrame({name: getattr(held, name) for name in names}), held.eigenvalues
