"""Noise on the first stimulus, as in the robustness tests of the authors' code.

Ghazizadeh & Ching 2021 (abstract): slow manifolds are considerably more robust to noise.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from memdyn.randomness import Stream, generator
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, run, run_trial
from memdyn.slow_manifolds.performance import case_starts, case_types
from memdyn.slow_manifolds.robustness.failures import count_failures
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching


def add_noise(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    seed: int,
    settings: Mapping,
) -> pd.DataFrame:
    """Failed fractions of all cases against the noise added to both channels in stimulus 1.

    Every level meets the same stimuli and the same draws of noise, scaled. ``uniform`` is
    U(0.5, 0.5 + s), which has a mean, as in the authors' code; ``gaussian`` is N(0, s^2 / 12), of
    the same variance and zero mean. The reference is the target.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        trial_ends: (n_types, n_units).
        seed: of the network.
        settings: the ``noise`` section of the configuration.

    Returns:
        One row per kind and level (level 0 = no noise first): ``noise``, ``level`` and the values
        of ``count_failures``.
    """
    n_repeats = settings["n_repeats"]
    types = case_types(task, n_repeats)
    starts, target = case_starts(trial_ends, n_repeats), task.target(types)
    drawn = task.draw(types, generator(seed, Stream.NOISE_STIMULI))
    rows = []
    for kind in settings["kinds"]:
        rng = generator(seed, Stream.INPUT_NOISE)
        shape = drawn[:, 0].shape
        unit = rng.random(shape) if kind == "uniform" else rng.standard_normal(shape) / np.sqrt(12)
        offset = 0.5 if kind == "uniform" else 0.0
        for level in (0, *settings["levels"]):
            noisy = drawn.copy()
            if level:
                noisy[:, 0] += offset + level * unit
            x, outputs = run_trial(network, task, starts, noisy)
            settled = run(network, x, task.n_steps)[1]
            end, later = (trace[-1, :, 0].double().cpu().numpy() for trace in (outputs, settled))
            counts = count_failures(target, end, later, settings)
            rows.append({"noise": kind, "level": float(level), **counts})
    return pd.DataFrame(rows)
