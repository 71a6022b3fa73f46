"""Which networks a study trains, and how they are put into shards.

A network is its place in the grid. In study 1 a shard is a set of networks that share their random
recurrent matrix J, that is one (distribution, pg, seed), cut into parts of at most
``networks_per_shard``; in study 2 it is a stretch of the list of networks.
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


class Member(NamedTuple):
    """One network of study 2: its condition in the configuration, what that means, and its seed.

    ``fixed_tau`` is 0 where time constants are trained; ``repeat`` is the number of steps per item;
    ``start_N`` the N that training starts with.
    """

    condition: str
    task: str
    curriculum: str
    cell: str
    fixed_tau: float
    repeat: int
    start_N: int
    seed: int

    @property
    def name(self) -> str:
        N = f"_N{self.start_N}" if self.curriculum == "none" else ""
        return f"{self.condition}{N}_s{self.seed}"


def members(study: Mapping) -> list[Member]:
    """Networks of study 2 in the order of ``run``; ``study`` is the section ``timescales``."""
    found = []
    for name in study["run"]:
        entry = study["conditions"][name]
        # A curriculum starts at one N; without one, each N of the list is a network of its own.
        starts = entry.get("N", [study["curriculum"]["start_N"]])
        found += [
            Member(
                condition=name,
                task=entry["task"],
                curriculum=entry["curriculum"],
                cell=entry.get("cell", "leaky"),
                fixed_tau=float(entry.get("fixed_tau", 0)),
                repeat=max(entry.get("substeps", [entry.get("repeat", 1)])),
                start_N=start,
                seed=seed,
            )
            for start, seed in product(starts, entry.get("seed", study["seed"]))
        ]
    return found


def member_shards(study: Mapping) -> dict[str, list[Member]]:
    """Shards of study 2: shard name -> its networks, in the order of :func:`members`."""
    networks, size = members(study), study["networks_per_shard"]
    return {
        f"part{number}": networks[first : first + size]
        for number, first in enumerate(range(0, len(networks), size))
    }
