"""Forgetting: the first delay made longer, as in the robustness tests of the authors' code.

Ghazizadeh & Ching 2021 (abstract): networks with direct fixed points keep what slow manifolds
forget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from memdyn.randomness import Stream, generator
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, run
from memdyn.slow_manifolds.performance import case_starts, case_types
from memdyn.slow_manifolds.robustness.failures import count_failures
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching

# States that one product advances together: enough to be efficient, little enough for memory.
CHUNK = 512


def extend_delays(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    seed: int,
    extra_steps: Sequence[int],
    settings: Mapping,
) -> pd.DataFrame:
    """Failed fractions of all cases against the time added at the end of delay 1.

    The reference is the same network's output in the nominal trial with the same stimuli.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        trial_ends: (n_types, n_units).
        seed: of the network.
        extra_steps: added delays (Euler steps), increasing.
        settings: the ``delays`` section of the configuration.

    Returns:
        One row per added delay: ``extra_steps``, the values of ``count_failures``, and, as means
        over cases of distances at the end of the response, ``deviation_memory`` of the outputs z_d
        and ``displacement`` of the rates (root mean square over units).
    """
    types = case_types(task)
    drawn = task.draw(types, generator(seed, Stream.DELAY_STIMULI))
    shown = torch.as_tensor(drawn).to(trial_ends).transpose(0, 2)  # step, stimulus, case, input
    n_before, n_after = task.epochs["delay 1"].stop, task.epochs["stimulus 2"].start

    inputs = trial_ends.new_zeros(n_before, len(types), shown.shape[3])
    inputs[: task.n_stimulus] = shown[:, 0]
    held, _ = run(network, case_starts(trial_ends), n_before, inputs)

    wanted, kept = {0, *extra_steps}, {0: held}

    def keep(step: int, x: torch.Tensor, r: torch.Tensor) -> None:
        if step + 1 in wanted:
            kept[step + 1] = x.clone()

    run(network, held, max(extra_steps), observe=keep)

    rest = trial_ends.new_zeros(task.n_steps - n_after, len(types), shown.shape[3])
    rest[: task.n_stimulus] = shown[:, 1]
    ends, settled, moved = [], [], []
    lengths, nominal = [0, *extra_steps], []
    per_chunk = max(1, CHUNK // len(types))
    for first in range(0, len(lengths), per_chunk):
        some = lengths[first : first + per_chunk]
        x = torch.cat([kept[length] for length in some])
        x, outputs = run(network, x, len(rest), rest.repeat(1, len(some), 1))
        ends.append(_output(outputs, len(some)))
        last = outputs[-1, :, 1:].double(), torch.tanh(x).double()
        last = [part.reshape(len(some), len(types), -1) for part in last]
        nominal = last if first == 0 else nominal
        away = [(part - own[:1]).square() for part, own in zip(last, nominal, strict=True)]
        moved.append(torch.stack([away[0].sum(2).sqrt().mean(1), away[1].mean(2).sqrt().mean(1)]))
        settled.append(_output(run(network, x, task.n_steps)[1], len(some)))
    end, settled_end = np.concatenate(ends), np.concatenate(settled)
    away = torch.cat(moved, dim=1).cpu().numpy()
    return pd.DataFrame(
        {
            "extra_steps": length,
            **count_failures(end[0], end[i], settled_end[i], settings),
            "deviation_memory": away[0, i],
            "displacement": away[1, i],
        }
        for i, length in enumerate(lengths)
        if i
    )


def _output(outputs: torch.Tensor, n_lengths: int) -> np.ndarray:
    """(n_lengths, n_cases) output z at the last step."""
    return outputs[-1, :, 0].double().cpu().numpy().reshape(n_lengths, -1)
