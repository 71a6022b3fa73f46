"""What a network knows when it has just solved an N: that N, earlier ones, and later ones.

Source: specification of study 2, sections 7 and 8.8 (forgetting of earlier N, and answers to N that
it was never trained on).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch

from memdyn.timescales.grid import Network
from memdyn.timescales.robustness.accuracy import accuracy, draw_sequences
from memdyn.timescales.robustness.cases import on
from memdyn.timescales.training.checkpoints import Snapshots


def answering_head(
    snapshots: Snapshots, network: Network, solved: int, N: int, n_heads: int
) -> int | None:
    """Index of the head that is asked for any N, trained on it or not; None if there is none.

    A single head is asked for every N, and a multi-head network's untrained heads for later N; a
    head of a sliding window is asked for its own N only.

    Args:
        snapshots: of the shard.
        network: the network.
        solved: N of the snapshot.
        N: that is asked for.
        n_heads: heads of the network.
    """
    if network.curriculum in ("single", "none"):
        return 0
    if network.curriculum == "multi":
        index = N - network.start_N
        return index if 0 <= index < n_heads else None
    return snapshots.head(network, solved, N)


def measure_memory(
    snapshots: Snapshots,
    network: Network,
    every: int,
    beyond: int,
    settings: Mapping,
    device: torch.device | str = "cpu",
) -> pd.DataFrame:
    """Accuracy of each snapshot of a network on the N around the one that it had just solved.

    Args:
        snapshots: of the shard.
        network: the network.
        every: each so-many-th solved N is tested, counted back from the largest.
        beyond: so many N are asked for beyond the solved one.
        settings: the ``accuracy`` section.
        device: where to compute.

    Returns:
        One row per snapshot and N that there is a head for (see :func:`answering_head`):
        ``N_solved``, ``N``, ``accuracy`` (mean over sequences).
    """
    rows, cell = [], snapshots.cell(network)
    for solved in snapshots.solved(network)[::-1][::every][::-1]:
        params = on(device, snapshots.parameters(network, solved))
        n_heads, n_units = params["heads"].shape[1], params["heads"].shape[-1]
        asked = {
            N: answering_head(snapshots, network, solved, N, n_heads)
            for N in range(2, solved + beyond + 1)
        }
        heads = {N: head for N, head in asked.items() if head is not None}
        items, states = draw_sequences(cell, network.task, n_units, network.seed, settings)
        found = accuracy(cell, params, network.task, heads, items, states, settings["warm_up"])
        rows += zip([solved] * len(heads), heads, found[0].mean(axis=0), strict=True)
    return pd.DataFrame(rows, columns=["N_solved", "N", "accuracy"])
