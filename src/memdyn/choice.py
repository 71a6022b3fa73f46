"""One network, asked for by its name.

In a module of its own, which no script imports: its edits rerun nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from memdyn.config import ConfigError
from memdyn.grid import Network


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
