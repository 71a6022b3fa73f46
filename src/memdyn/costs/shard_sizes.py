"""Sizes of shards that the configuration leaves open (``networks_per_shard: auto``).

The largest shard whose training fits into ``memory_mb_per_job`` by the formulas of ``memory``, and
of study 1 then all shards of one J as equal as can be. The machine is not asked: one configuration
gives the same jobs everywhere. A network's bits do not depend on its shard.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from math import ceil

from memdyn.config import merge
from memdyn.costs import memory
from memdyn.costs.fits import refuse_absurd
from memdyn.settings import ConfigError
from memdyn.slow_manifolds.grid import products
from memdyn.timescales.grid import shards

AUTO = "auto"


def with_shard_sizes(config: Mapping) -> dict:
    """The configuration with a number for each ``auto``.

    Args:
        config: as from ``memdyn.config.resolve``.

    Raises:
        ConfigError: not even one network fits, or a job needs more than any machine has.
    """
    limit, sizes = config["memory_mb_per_job"], {}
    one, two = config["slow_manifolds"], config["timescales"]
    if one["grid"]["networks_per_shard"] == AUTO:
        together = max(len(part["g"]) * len(part["fb"]) for part in products(one["grid"]))
        size = _largest(lambda k: memory.train_networks(one, k), together, limit, "slow_manifolds")
        size = ceil(together / ceil(together / size))
        sizes["slow_manifolds"] = {"grid": {"networks_per_shard": size}}
    if two["networks_per_shard"] == AUTO:
        every = len(shards({**two, "networks_per_shard": 10**9})["part0"])

        def peak(k: int) -> int:
            parts = shards({**two, "networks_per_shard": k}).values()
            return max(memory.train_curricula(two, part) for part in parts)

        size = _largest(peak, every, limit, "timescales")
        sizes["timescales"] = {"networks_per_shard": size}
    merged = merge(config, sizes)
    refuse_absurd(merged)
    return merged


def _largest(peak: Callable[[int], int], most: int, limit: int, study: str) -> int:
    """The largest size up to ``most`` whose peak (bytes) can be requested within ``limit`` (MB)."""
    sizes = range(1, most + 1)
    # Bisection: a list of 100 000 networks would take a scan hours, while Snakemake parses.
    size = bisect_right(sizes, limit, key=lambda k: memory.request(peak(k) / memory.MB))
    if size:
        return size
    needed = memory.request(peak(1) / memory.MB)
    raise ConfigError(
        f"config key 'memory_mb_per_job': training one network of '{study}' needs {needed} MB, "
        f"but a job may take {limit}; raise it."
    )
