"""Where a trained network ends when left alone, from all starts that matter.

The runs are those of tests A and B of Ghazizadeh & Ching 2021 (their posthoc_tests.py), and more of
ours from states in the delay.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from memdyn.landscape.run_ends import end_kind
from memdyn.randomness import Stream, generator
from memdyn.slow_manifolds.mechanisms.long_runs import run_long
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching

# Outputs of so many trial lengths at the end decide whether an end is at rest, periodic or neither:
# twice the longest period that can be seen (cycles of 6 to 7 trial lengths occur at 1000 units).
TAIL = 20
# Trial lengths after which the authors note how fast the state still moves.
DEPTHS = (0, 1, 5, 10, 20, 30, 40, 50)


def starts(
    trial_ends: torch.Tensor, delay_states: torch.Tensor, seed: int, settings: Mapping
) -> tuple[pd.DataFrame, torch.Tensor]:
    """Starting states of the long runs.

    Args:
        trial_ends: (n_types, n_units), test A.
        delay_states: (n_cases, n_units) at the start of delay 1, the memory-level test.
        seed: of the network.
        settings: the ``attractors`` section of the configuration.

    Returns:
        A table with columns ``start`` (``trial end``, ``noisy``, ``delay``) and ``index`` within
        it, and the states (M, n_units). Test B's are noisy copies of the origin and the trial ends.
    """
    centres = torch.cat([torch.zeros_like(trial_ends[:1]), trial_ends])
    copies = centres.repeat_interleave(settings["noisy_copies"], dim=0)
    noise = generator(seed, Stream.NOISY_STARTS).standard_normal(copies.shape)
    noisy = copies + settings["noise_sd"] * torch.as_tensor(noise).to(copies)
    parts = {"trial end": trial_ends, "noisy": noisy, "delay": delay_states}
    table = pd.concat(
        pd.DataFrame({"start": name, "index": np.arange(len(x))}) for name, x in parts.items()
    )
    return table.reset_index(drop=True), torch.cat(list(parts.values()))


def find_ends(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    delay_states: torch.Tensor,
    seed: int,
    settings: Mapping,
    stop_early: bool = True,
) -> pd.DataFrame:
    """Run a network on from all starts and describe each end.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        trial_ends, delay_states, seed, settings: as for ``starts``.
        stop_early: stop once the network rests for good (see ``run_long``); changes no label.

    Returns:
        One row per run: ``start``, ``index``, ``kind``, ``period`` (steps), ``z_mean`` and
        ``z_variance`` (over the authors' window), ``z``, ``zd_#`` (final outputs), ``memory_#``
        (z_d after ``memory_length``), ``speed_#`` (norm of tau dx/dt after # trial lengths) and
        ``n_steps`` really run.
    """
    table, x = starts(trial_ends, delay_states, seed, settings)
    n_blocks, window = settings["run_length"], settings["window"] * task.n_steps
    marks = sorted({m for m in DEPTHS if m <= n_blocks} | {settings["memory_length"]})
    rest = min(settings["variance_a"], settings["variance_b"]) if stop_early else 0.0
    long = run_long(network, x, task.n_steps, n_blocks, min(TAIL, n_blocks), marks, rest)

    tail = long.tail.double().cpu().numpy()
    kinds = [
        end_kind(tail[:, i], settings["variance_a"], settings["periodic"]) for i in range(len(x))
    ]
    table["kind"], table["period"] = zip(*kinds, strict=True)
    table["z_mean"] = tail[-window:, :, 0].mean(axis=0)
    table["z_variance"] = tail[-window:, :, 0].var(axis=0)
    table["z"] = tail[-1, :, 0]
    remembered = long.marked[marks.index(settings["memory_length"])].double().cpu().numpy()
    for i in range(1, tail.shape[2]):
        table[f"zd_{i}"] = tail[-1, :, i]
        table[f"memory_{i}"] = remembered[:, i]
    for mark, speed in zip(marks, long.speed.double().cpu().numpy(), strict=True):
        table[f"speed_{mark}"] = speed
    table["n_steps"] = long.n_steps
    return table
