"""Which networks study 1 trains, and how they are put into shards.

A network is its place in the grid. A shard is a set of networks that share their random recurrent
matrix J, that is one (distribution, pg, seed), cut into parts of at most ``networks_per_shard``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import product
from typing import NamedTuple

from memdyn.config import ConfigError


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


def shard_of(name: str, shards: Mapping[str, Iterable[Network]], others: Iterable[str] = ()):
    """The shard that holds a network; None if it is one of ``others`` (networks from outside).

    Args:
        name: value of the configuration key ``network``.
        shards: shard name -> its networks.
        others: further names that are known.

    Raises:
        ConfigError: no network has this name; the nearest names are listed.
    """
    if name in (others := list(others)):
        return None
    where = {network.name: shard for shard, members in shards.items() for network in members}
    if name not in where:
        near = get_close_matches(name, [*where, *others], n=3, cutoff=0) or ["none at this scale"]
        raise ConfigError(
            f"config key 'network': no network is called '{name}' at this scale; the nearest names "
            f"are {', '.join(near)}."
        )
    return where[name]
