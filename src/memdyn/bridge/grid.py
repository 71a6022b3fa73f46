"""Which shards of both studies the bridge measures.

Nothing here imports torch: Snakemake reads this module every time it parses the workflow.
"""

from __future__ import annotations

from collections.abc import Mapping

from memdyn.slow_manifolds import grid as slow_manifolds
from memdyn.timescales import grid as timescales


def slowness_shards(config: Mapping) -> list[str]:
    """Shards of study 2 with a network that ``bridge.slowness`` asks for."""
    wanted = config["bridge"]["slowness"]["conditions"]
    return [
        shard
        for shard, networks in timescales.shards(config["timescales"]).items()
        if any(network.condition in wanted for network in networks)
    ]


def forgetting_shards(config: Mapping) -> list[str]:
    """Shards of study 1 that are fully trained on the configured stimuli."""
    return [
        shard
        for shard, networks in slow_manifolds.shards(config["slow_manifolds"]["grid"]).items()
        if not (networks[0].trials or networks[0].stimuli)
    ]
