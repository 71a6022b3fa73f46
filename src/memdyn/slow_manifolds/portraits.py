"""A network of study 1 in the principal components of its own trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from memdyn.landscape.portrait import ALONE, principal_axes
from memdyn.randomness import Stream, generator
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, run, run_trial, velocity
from memdyn.slow_manifolds.performance import case_starts, case_types
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching
from memdyn.slow_manifolds.training.finished import Ready


class Portrait(NamedTuple):
    """One network.

    Attributes:
        trials: (n_cases, n_steps, N_COMPONENTS) rates of one trial of each case, in the principal
            components of all of them.
        explained: (N_COMPONENTS,) fraction of the variance that each component holds.
        alone: (n_cases, ALONE n_delay, N_COMPONENTS) from the start of delay 1 on, no input.
        speed: (n_cases, ALONE n_delay) norm of tau dx/dt there, over the median norm of tau dx/dt
            during the stimuli.
        points: (points, N_COMPONENTS) fixed and slow points.
        orbits: (cycles, 64, N_COMPONENTS).
    """

    trials: np.ndarray
    explained: np.ndarray
    alone: np.ndarray
    speed: np.ndarray
    points: np.ndarray
    orbits: np.ndarray


def portray(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    delay_states: torch.Tensor,
    seed: int,
    points: np.ndarray,
    orbits: np.ndarray,
) -> Portrait:
    """Run all cases, and their memories alone.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        trial_ends: (n_types, n_units).
        delay_states: (n_cases, n_units) at the start of delay 1.
        seed: of the network; the stimuli are those of the nominal cases.
        points: (points, n_units) states; orbits: (cycles, 64, n_units) states.
    """
    starts = case_starts(trial_ends)
    states = starts.new_empty(task.n_steps, *starts.shape)

    def keep(step: int, x: torch.Tensor, r: torch.Tensor) -> None:
        states[step] = x

    drawn = task.draw(case_types(task), generator(seed, Stream.PERFORMANCE_STIMULI))
    run_trial(network, task, starts, drawn, keep)
    rates = torch.tanh(states).transpose(0, 1).double().cpu().numpy()
    mean, axes, explained = principal_axes(rates.reshape(-1, rates.shape[-1]))

    # What moves the network during a stimulus is its own drift and the input: both are in the
    # change per step.
    stimuli = np.r_[task.epochs["stimulus 1"], task.epochs["stimulus 2"]][1:]
    pace = float(((states[stimuli] - states[stimuli - 1]) / network.leak).norm(dim=2).median())
    n_steps = ALONE * task.n_delay
    alone = starts.new_empty(n_steps, len(starts), starts.shape[1])
    speed = starts.new_empty(n_steps, len(starts))

    def follow(step: int, x: torch.Tensor, r: torch.Tensor) -> None:
        alone[step], speed[step] = r, velocity(network, x).norm(dim=1) / pace

    run(network, delay_states, n_steps, observe=follow)

    def place(rates: np.ndarray) -> np.ndarray:
        return ((rates - mean) @ axes.T).astype(np.float32)

    return Portrait(
        trials=place(rates),
        explained=explained,
        alone=place(alone.transpose(0, 1).double().cpu().numpy()),
        speed=speed.T.contiguous().cpu().numpy(),
        points=place(np.tanh(points)),
        orbits=place(np.tanh(orbits.astype(np.float64))),
    )


def degree_sum(points: pd.DataFrame) -> int | None:
    """Sum of the degrees of a network's points: 1 if none is missing; None where undefined.

    Args:
        points: its rows of the table of points.
    """
    found = points["degree_sum"] if len(points) else pd.Series(dtype=float)
    return None if not len(found) or found.isna().any() else int(found.iloc[0])


def record(
    ready: Ready,
    task: SequentialPatternMatching,
    own: Mapping[str, np.ndarray],
    points: pd.DataFrame,
) -> dict[str, np.ndarray]:
    """All arrays that figures show of a network of study 1.

    Args:
        ready: the network with its starting states.
        task: sequential pattern matching.
        own: its arrays from the searches for points and cycles.
        points: its rows of the table of points.
    """
    network, frozen, ends, delays = ready
    drawn = portray(frozen, task, ends, delays, network.seed, own["states"], own["orbits"])
    spectra = {key: own[key] for key in own if key.startswith(("point_", "memory_"))}
    stable = points["stable"].to_numpy(dtype=bool) if len(points) else np.zeros(0, dtype=bool)
    return {**drawn._asdict(), **spectra, "stable": stable}
