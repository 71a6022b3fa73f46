"""Which networks study 1 trains, and how they are put into shards.

A network is its place in the grid. A shard is a set of networks that share their random recurrent
matrix J, that is one (distribution, pg, seed), cut into parts of at most ``networks_per_shard``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import product
from typing import NamedTuple

from memdyn.settings import ConfigError


class Network(NamedTuple):
    """One network of study 1: the distribution of its fixed weights, its gains, and its seed.

    ``trials`` is 0 at the end of the training that the configuration gives to all; else the trials
    after which it is looked at, be they a snapshot or the end of a shorter training: trials come in
    an order that does not depend on how many follow, so both are the same network. ``stimuli`` is
    empty for those that the configuration gives to all; else one of ``stimuli.variants``.
    """

    distribution: str
    pg: float
    g: float
    fb: float
    seed: int
    trials: int = 0
    stimuli: str = ""

    @property
    def name(self) -> str:
        place = f"{self.distribution}_pg{self.pg:g}_g{self.g:g}_fb{self.fb:g}_seed{self.seed}"
        return place + _suffix(self.stimuli, self.trials)


def products(grid: Mapping) -> list[dict]:
    """The products whose union is the grid: the grid itself, and ``also`` what each changes."""
    base = {key: value for key, value in grid.items() if key != "also"}
    return [base, *({**base, **more} for more in grid.get("also", ()))]


def shards(grid: Mapping) -> dict[str, list[Network]]:
    """Shards of the grid in order: shard name -> its networks.

    A network that several products name is trained once, in the first.

    Args:
        grid: the ``grid`` section of the configuration.
    """
    found: dict[str, list[Network]] = {}
    parts: Counter[str] = Counter()  # of each J, so that what comes later renames nothing
    seen: set[Network] = set()
    for one in products(grid):
        size, trials, stimuli = (
            one["networks_per_shard"],
            one.get("n_trials", 0),
            one.get("stimuli", ""),
        )
        for distribution, pg, seed in product(one["distribution"], one["pg"], one["seed"]):
            every = (
                Network(distribution, float(pg), float(g), float(fb), seed, trials, stimuli)
                for g, fb in product(one["g"], one["fb"])
            )
            networks = [network for network in every if network not in seen]
            seen.update(networks)
            shared = f"{distribution}_pg{pg:g}_seed{seed}" + _suffix(stimuli, trials)
            for first in range(0, len(networks), size):
                found[f"{shared}_part{parts[shared]}"] = networks[first : first + size]
                parts[shared] += 1
    return found


def _suffix(stimuli: str, trials: int) -> str:
    """What a name says of other stimuli, and of the trials of a shorter training."""
    return (f"_{stimuli}" if stimuli else "") + (f"_trial{trials}" if trials else "")


def snapshot_shards(
    trained: Mapping[str, list[Network]], trials: Iterable[int]
) -> dict[str, list[Network]]:
    """Shards of snapshots: ``<shard>_trial<trials>`` -> its networks after so many trials.

    Args:
        trained: of ``shards``; those that train for other than the configured trials have none.
        trials: after which snapshots are analysed.
    """
    return {
        f"{shard}_trial{trial}": [network._replace(trials=trial) for network in networks]
        for trial in trials
        for shard, networks in trained.items()
        if not networks[0].trials
    }


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
