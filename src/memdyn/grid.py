"""Which networks a study trains, and how they are put into shards.

A network is its place in the grid; a shard is a set of networks that share their random recurrent
matrix J, that is one (distribution, pg, seed), cut into parts of at most ``networks_per_shard``.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple


class Network(NamedTuple):
    """One network of study 1: the distribution of its fixed weights, its gains, and its seed."""

    distribution: str
    pg: float
    g: float
    fb: float
    seed: int

    @property
    def name(self) -> str:
        return f"{self.distribution}_pg{self.pg:g}_g{self.g:g}_fb{self.fb:g}_seed{self.seed}"


def shards(grid: Mapping) -> dict[str, list[Network]]:
    """Shards of the grid in order: shard name -> its networks.

    Args:
        grid: the ``grid`` section of the configuration.
    """
    size, found = grid["networks_per_shard"], {}
    for distribution, pg, seed in product(grid["distribution"], grid["pg"], grid["seed"]):
        networks = [
            Network(distribution, float(pg), float(g), float(fb), seed)
            for g, fb in product(grid["g"], grid["fb"])
        ]
        for part, first in enumerate(range(0, len(networks), size)):
            name = f"{distribution}_pg{pg:g}_seed{seed}_part{part}"
            found[name] = networks[first : first + size]
    return found
