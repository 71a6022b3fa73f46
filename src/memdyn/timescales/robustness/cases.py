"""Which snapshots the tests of robustness take: a network when it had solved a wanted N."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch

from memdyn.timescales.grid import Network
from memdyn.timescales.networks.recurrent import Cell, Parameters
from memdyn.timescales.training.checkpoints import Snapshots


class Case(NamedTuple):
    """One network at one N.

    Attributes:
        network: its place in the grid.
        cell: of the network.
        params: the network (B = 1).
        N: memory length that it is asked for.
        head: index of the head that answers for it.
    """

    network: Network
    cell: Cell
    params: Parameters
    N: int
    head: int

    @property
    def n_units(self) -> int:
        return self.params["heads"].shape[-1]


def cases(
    snapshots: Snapshots, settings: Mapping, device: torch.device | str = "cpu"
) -> Iterator[Case]:
    """Each wanted network at each wanted N, from the first snapshot at which that N was solved.

    Args:
        snapshots: of a shard.
        settings: ``conditions`` (names of the wanted ones) and ``N`` (a list); what a network has
            not solved is left out with a line in the log.
        device: where to put the parameters.
    """
    for network in snapshots.networks:
        if network.condition not in settings["conditions"]:
            continue
        solved = snapshots.solved(network)
        for N in settings["N"]:
            heads = ((at, snapshots.head(network, at, N)) for at in solved)
            trained = [(at, head) for at, head in heads if head is not None]
            if not trained:
                logging.info("%s: has not solved N = %d, left out", network.name, N)
                continue
            at, head = trained[0]
            params = on(device, snapshots.parameters(network, at))
            yield Case(network, snapshots.cell(network), params, N, head)


def on(device: torch.device | str, params: Parameters) -> Parameters:
    """Parameters moved to a device."""
    return {name: value.to(device) for name, value in params.items()}
