"""Does a trained network perform the task, and do its units saturate?

The error and the saturation ratio are those of the code of Ghazizadeh & Ching 2021; at which error
a network counts as performing is not in it (ASSUMPTION, see ``config.yaml``).

All tests start from the states in which trials end: k^2 trial types give k^2 natural starting
states, and each is followed by each trial type, k^4 cases (16 for two classes). Cases count the
starting states first: case = start * n_types + trial type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch

from memdyn.randomness import Stream, generator
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, run_trial, velocity
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching, trial_order

# The authors divide the summed squared error by their number of runs, not of time steps.
AUTHORS_DIVISOR = 160


class Cases(NamedTuple):
    """What the tests of one network start from and what is seen in its nominal trials.

    Attributes:
        trial_ends: (n_types, n_units) state at the end of each trial type.
        delay_states: (n_cases, n_units) state at the start of delay 1.
        outputs: (n_steps, n_cases, n_outputs) of one nominal trial of each case.
        saturation_delay, saturation_response: (n_cases,) fraction of units whose mean rate over
            delay 1 and over the response is beyond the threshold (tonic units).
        change_in_delay: (n_cases,) mean over units of |r(end) - r(start)| of delay 1 (phasic).
        speed_in_delay: (n_cases,) norm of tau dx/dt at the end of delay 1.
    """

    trial_ends: torch.Tensor
    delay_states: torch.Tensor
    outputs: torch.Tensor
    saturation_delay: np.ndarray
    saturation_response: np.ndarray
    change_in_delay: np.ndarray
    speed_in_delay: np.ndarray


def case_types(task: SequentialPatternMatching, n_repeats: int = 1) -> np.ndarray:
    """(n_repeats * n_cases,) trial type of each case, all cases of one repeat together."""
    return np.tile(np.arange(task.n_types), task.n_types * n_repeats)


def case_starts(trial_ends: torch.Tensor, n_repeats: int = 1) -> torch.Tensor:
    """(n_repeats * n_cases, n_units) starting state of each case, ordered as ``case_types``."""
    return trial_ends.repeat_interleave(len(trial_ends), dim=0).repeat(n_repeats, 1)


def find_trial_ends(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    x: torch.Tensor,
    seed: int,
    n_test_trials: int,
) -> torch.Tensor:
    """(n_types, n_units) end state of the last test trial of each type.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        x: (n_units,) state at the end of training; the test trials go on from there.
        seed: of the network.
        n_test_trials: trials, equally many of each type, in random order.
    """
    ends = x.new_empty(task.n_types, x.shape[0])
    order = trial_order(n_test_trials, task.n_types, generator(seed, Stream.TEST_ORDER))
    x = x[None]
    for trial, trial_type in enumerate(order):
        stream = generator(seed, Stream.TEST_STIMULI, trial)
        drawn = task.draw(order[trial : trial + 1], stream, places=seed)
        x, _ = run_trial(network, task, x, drawn)
        ends[trial_type] = x[0]
    return ends


def run_cases(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    seed: int,
    threshold: float,
) -> Cases:
    """Run each case once.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        trial_ends: (n_types, n_units).
        seed: of the network.
        threshold: a unit is saturated where its mean |r| over an epoch exceeds it.
    """
    epochs = task.epochs
    delay, response = epochs["delay 1"], epochs["response"]
    starts = case_starts(trial_ends)
    sums = {"delay 1": torch.zeros_like(starts), "response": torch.zeros_like(starts)}
    kept: dict[int, torch.Tensor] = {}

    def observe(step: int, x: torch.Tensor, r: torch.Tensor) -> None:
        for name, total in sums.items():
            if epochs[name].start <= step < epochs[name].stop:
                total += r
        if step in (delay.start - 1, delay.stop - 1):
            kept[step] = x.clone()

    drawn = task.draw(case_types(task), generator(seed, Stream.PERFORMANCE_STIMULI))
    _, outputs = run_trial(network, task, starts, drawn, observe)
    first, last = kept[delay.start - 1], kept[delay.stop - 1]
    speed = velocity(network, last).norm(dim=1)

    def saturated(name: str, length: int) -> np.ndarray:
        return (sums[name].abs() / length > threshold).double().mean(1).cpu().numpy()

    return Cases(
        trial_ends=trial_ends,
        delay_states=first,
        outputs=outputs,
        saturation_delay=saturated("delay 1", delay.stop - delay.start),
        saturation_response=saturated("response", response.stop - response.start),
        change_in_delay=(torch.tanh(last) - torch.tanh(first)).abs().mean(1).cpu().numpy(),
        speed_in_delay=speed.cpu().numpy(),
    )


def measure(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    seed: int,
    settings: Mapping,
) -> dict[str, float | bool]:
    """Performance over all cases and stimulus draws.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        trial_ends: (n_types, n_units).
        seed: of the network.
        settings: the ``performance`` section of the configuration.

    Returns:
        ``performs`` (the criterion), ``failed_E`` (fraction of runs with e > E, for ``max_error``
        and each value of ``sensitivity``), ``rmse`` of the output over the response (root of the
        mean square over runs), ``memory_rmse`` of z_d over both delays.
    """
    n_repeats, epochs = settings["n_repeats"], task.epochs
    types = case_types(task, n_repeats)
    drawn = task.draw(types, generator(seed, Stream.PERFORMANCE_STIMULI, 1))
    _, outputs = run_trial(network, task, case_starts(trial_ends, n_repeats), drawn)
    outputs = outputs.double().cpu().numpy()

    squared = (outputs[epochs["response"], :, 0] - task.target(types)) ** 2
    error = np.sqrt(squared.sum(axis=0) / AUTHORS_DIVISOR)
    memory = [
        outputs[epochs[f"delay {i + 1}"], :, 1:] - task.class_means[shown]
        for i, shown in enumerate(task.pair(types))
    ]
    limits = sorted({settings["max_error"], *settings["sensitivity"]})
    # A diverged run has no number for an error, and has failed.
    failed = {limit: float(np.mean(~(error <= limit))) for limit in limits}
    return {
        "performs": failed[settings["max_error"]] <= settings["max_failed"],
        "rmse": float(np.sqrt(squared.mean())),
        "memory_rmse": float(np.sqrt(np.mean(np.square(memory)))),
        **{f"failed_{limit:g}": fraction for limit, fraction in failed.items()},
    }
