"""Which networks study 2 trains, and how they are put into shards.

A shard is a stretch of the list of networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple


class Network(NamedTuple):
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


def units_of(study: Mapping, condition: str) -> int:
    """Units of the networks of a condition; ``study`` is the section ``timescales``."""
    return study["conditions"][condition].get("n_units", study["network"]["n_units"])


def networks(study: Mapping) -> list[Network]:
    """Networks of study 2 in the order of ``run``; ``study`` is the section ``timescales``."""
    found = []
    for name in study["run"]:
        entry = study["conditions"][name]
        # A curriculum starts at one N; without one, each N of the list is a network of its own.
        starts = entry.get("N", [study["curriculum"]["start_N"]])
        found += [
            Network(
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


def shards(study: Mapping) -> dict[str, list[Network]]:
    """Shards of study 2: shard name -> its networks, in the order of :func:`networks`."""
    every, size = networks(study), study["networks_per_shard"]
    return {
        f"part{number}": every[first : first + size]
        for number, first in enumerate(range(0, len(every), size))
    }


def measured_shards(study: Mapping, section: str) -> list[str]:
    """Shards with a network that a section of measurements asks for, such as "ablation".

    Args:
        study: the section ``timescales``.
        section: of it; its ``conditions`` are those that it is measured for.
    """
    wanted = study[section]["conditions"]
    return [
        shard
        for shard, networks in shards(study).items()
        if any(network.condition in wanted for network in networks)
    ]
