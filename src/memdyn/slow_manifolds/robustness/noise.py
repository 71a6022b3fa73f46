"""Noise and lesions, as in the robustness tests of the authors' code, and noise in the states.

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
    """Failed fractions of all cases against the strength of what disturbs them.

    Every level meets the same stimuli and the same draws of noise, scaled. ``uniform`` is
    U(0.5, 0.5 + s) on both inputs of stimulus 1, which has a mean, as in the authors' code;
    ``gaussian`` is N(0, s^2 / 12), of the same variance and zero mean. ``state`` adds
    s sqrt(dt / tau) N(0, 1) to each unit at each step of the whole trial. ``lesion`` takes the
    input weights from a fraction of the units during stimulus 1 (the authors': 100 to 900 of 1000).
    The reference is the target.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        trial_ends: (n_types, n_units).
        seed: of the network.
        settings: the ``noise`` section of the configuration.

    Returns:
        One row per kind and level (level 0 = undisturbed first): ``noise``, ``level`` and the
        values of ``count_failures``.
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
        for level in (0, *levels(settings, kind)):
            if kind == "state" and level:
                x, outputs = _run_with_state_noise(network, task, starts, drawn, level, seed)
            elif kind == "lesion" and level:
                x, outputs = _run_with_lesion(network, task, starts, drawn, level)
            else:
                noisy = drawn.copy()
                if level:
                    noisy[:, 0] += offset + level * unit
                x, outputs = run_trial(network, task, starts, noisy)
            settled = run(network, x, task.n_steps)[1]
            end, later = (trace[-1, :, 0].double().cpu().numpy() for trace in (outputs, settled))
            counts = count_failures(target, end, later, settings)
            rows.append({"noise": kind, "level": float(level), **counts})
    return pd.DataFrame(rows)


def levels(settings: Mapping, kind: str) -> list[float]:
    """Levels of a kind: of noise on the input, of noise in the states, or fractions of units."""
    return settings[{"state": "state_levels", "lesion": "lesions"}.get(kind, "levels")]


def _inputs(
    network: FrozenNetwork, task: SequentialPatternMatching, drawn: np.ndarray
) -> torch.Tensor:
    """(n_steps, M, n_inputs) of whole trials."""
    shown = torch.as_tensor(drawn).to(network.input).transpose(0, 2)
    inputs = shown.new_zeros(task.n_steps, len(drawn), drawn.shape[-1])
    for i, epoch in enumerate(("stimulus 1", "stimulus 2")):
        inputs[task.epochs[epoch]] = shown[:, i]
    return inputs


def _run_with_state_noise(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    x: torch.Tensor,
    drawn: np.ndarray,
    sigma: float,
    seed: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    inputs, outputs = _inputs(network, task, drawn), []
    rng = generator(seed, Stream.STATE_NOISE)
    for step in range(task.n_steps):
        x, _ = run(network, x, 1, inputs[step : step + 1])
        noise = rng.standard_normal(x.shape, dtype=np.float32)
        x += sigma * network.leak**0.5 * torch.as_tensor(noise).to(x)
        outputs.append(torch.tanh(x) @ network.readout_t)
    return x, torch.stack(outputs)


def _run_with_lesion(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    x: torch.Tensor,
    drawn: np.ndarray,
    fraction: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The first so many units get no input during stimulus 1; afterwards all do again."""
    inputs, n_first = _inputs(network, task, drawn), task.epochs["stimulus 1"].stop
    left = network.input.clone()
    left[:, : round(fraction * left.shape[1])] = 0
    x, _ = run(network._replace(input=left), x, n_first, inputs[:n_first])
    return run(network, x, task.n_steps - n_first, inputs[n_first:])
