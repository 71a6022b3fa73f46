"""Does tau_net foretell forgetting? Networks of study 1 in the hands of study 2's measure.

A network is driven by a stream of its trials, as in its life, and its units are recorded; the
autocorrelation of each gives its tau_net as in study 2. ``together`` puts beside it the delay at
which half of the network's trials fail. All times are in tau.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from memdyn.randomness import Stream, generator
from memdyn.settings import steps
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, run
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching, trial_order
from memdyn.timescales.activity import tau_net

# Index within streams whose first indices the tests of performance have used.
_OWN = 2**31


def draw_stream(
    task: SequentialPatternMatching, seed: int, n_streams: int, n_trials: int
) -> torch.Tensor:
    """Inputs (steps, n_streams, n_inputs) of trials that follow each other, types in random order.

    Args:
        task: sequential pattern matching.
        seed: of the network.
        n_streams: side by side.
        n_trials: of each.
    """
    order = generator(seed, Stream.TEST_ORDER, _OWN)
    types = np.stack([trial_order(n_trials, task.n_types, order) for _ in range(n_streams)], axis=1)
    drawn = task.draw(types.ravel(), generator(seed, Stream.TEST_STIMULI, _OWN))
    inputs = torch.zeros(n_trials, task.n_steps, n_streams, drawn.shape[3])
    drawn = torch.from_numpy(drawn).float().reshape(n_trials, n_streams, *drawn.shape[1:])
    for i, epoch in enumerate(("stimulus 1", "stimulus 2")):
        inputs[:, task.epochs[epoch]] = drawn[:, :, i].transpose(1, 2)
    return inputs.flatten(0, 1)


def record(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    seed: int,
    every: int,
    settings: Mapping,
) -> np.ndarray:
    """Rates (streams, samples, units) in streams of trials, one from the end of each type.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        trial_ends: (n_types, n_units).
        seed: of the network.
        every: Euler steps between samples.
        settings: ``trials`` of each stream, after ``burn_in`` of them; ``units``, how many of the
            network's: the first, since all are drawn alike.
    """
    n_trials = settings["burn_in"] + settings["trials"]
    inputs = draw_stream(task, seed, len(trial_ends), n_trials).to(trial_ends)
    first, kept = settings["burn_in"] * task.n_steps, []

    def observe(step: int, x: torch.Tensor, r: torch.Tensor) -> None:
        if step >= first and (step - first) % every == 0:
            kept.append(r[:, : settings["units"]].cpu().clone())

    run(network, trial_ends, len(inputs), inputs, observe)
    return torch.stack(kept, dim=1).numpy()


def measure(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    seed: int,
    dt: float,
    settings: Mapping,
) -> dict[str, float]:
    """A row of the table ``activity``: what ``tau_net.summarise`` says, times in tau.

    Args:
        network, task, trial_ends, seed: as of ``record``.
        dt: Euler step (tau).
        settings: the section ``bridge.forgetting``; tau_net counts in ``sample`` there, its step.
    """
    every = steps(settings["sample"], dt)
    recording = record(network, task, trial_ends, seed, every, settings)
    moments = tau_net.of_recording(recording, settings["lags"])
    paper = tau_net.estimate(moments.autocorrelation())
    corrected = tau_net.estimate_corrected(moments, settings["lags"])
    row = tau_net.summarise(np.full(recording.shape[2], np.nan), paper, corrected)
    times = {name: settings["sample"] * row[name] for name in row if name.startswith("tau_net")}
    return times | {name: row[name] for name in row if name.startswith("n_")}
