"""A finished shard with all that the tests of its networks start from."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from memdyn.files import load_arrays
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, freeze
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching
from memdyn.slow_manifolds.training.checkpoints import Trained, load_trained

#: Kind and version of the file that holds trial-end and delay states.
CASES_SCHEMA = "slow_manifolds.cases/1"


class Ready(NamedTuple):
    """A trained network ready to be tested.

    Attributes:
        network: its place in the grid.
        frozen: the network itself.
        trial_ends: (n_types, n_units) states in which its trials end.
        delay_states: (n_cases, n_units) states at the start of delay 1.
    """

    network: Network
    frozen: FrozenNetwork
    trial_ends: torch.Tensor
    delay_states: torch.Tensor


def frozen_networks(
    shard: Trained, network: Mapping, device: torch.device | str
) -> Iterator[tuple[Network, FrozenNetwork]]:
    """Each network of a shard, frozen; ``network`` is that section of the configuration."""
    leak = network["dt"] / network["tau"]
    for place, readout in zip(shard.networks, shard.readout, strict=True):
        yield place, freeze(shard.fixed, place, readout, leak, device)


def ready_networks(
    networks: Path | str,
    cases: Path | str,
    network: Mapping,
    device: torch.device | str,
    only: Container[str] | None = None,
) -> Iterator[Ready]:
    """Each network of a checkpoint with its starting states.

    Args:
        networks: checkpoint of the shard.
        cases: its starting states, from the rule ``test_performance``.
        network: that section of the configuration.
        device: where to put them.
        only: names of the networks wanted; all if not given.

    Raises:
        FileProblem: a file is missing, truncated or foreign.
    """
    states, _ = load_arrays(cases, CASES_SCHEMA, names=("trial_ends", "delay_states"))
    shard = load_trained(networks, network)
    for i, (place, frozen) in enumerate(frozen_networks(shard, network, device)):
        if only is not None and place.name not in only:
            continue
        ends, delays = (
            torch.as_tensor(states[name][i], device=device)
            for name in ("trial_ends", "delay_states")
        )
        yield Ready(place, frozen, ends, delays)


def run_starts(
    task: SequentialPatternMatching, trial_ends: torch.Tensor, delay_states: torch.Tensor
) -> tuple[pd.DataFrame, torch.Tensor]:
    """Where the long runs that are taken apart start: memories, then trial ends.

    Args:
        task: sequential pattern matching.
        trial_ends: (n_types, n_units).
        delay_states: (n_cases, n_units) at the start of delay 1.

    Returns:
        A table with ``start`` (``delay``, ``trial end``), ``index`` and ``memory`` (class that a
        delay state has to remember; -1 for trial ends), and the states (rows, n_units).
    """
    cases, types = np.arange(len(delay_states)), np.arange(len(trial_ends))
    delay = {"start": "delay", "index": cases, "memory": task.pair(cases % task.n_types)[0]}
    end = {"start": "trial end", "index": types, "memory": np.full(len(types), -1)}
    table = pd.concat([pd.DataFrame(delay), pd.DataFrame(end)], ignore_index=True)
    return table, torch.cat([delay_states, trial_ends])
