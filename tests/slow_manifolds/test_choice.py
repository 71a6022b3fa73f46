"""A network by its name: found, or refused with the nearest names."""

import pytest

from memdyn.config import ConfigError
from memdyn.slow_manifolds.grid import Network, shard_of

SHARDS = {
    "part0": [Network("gauss", 0.4, 0.8, fb, 0) for fb in (40.0, 5.0)],
    "part1": [Network("gauss", 0.4, 1.2, fb, 0) for fb in (40.0, 5.0)],
}


def test_the_shard_of_a_network():
    assert shard_of("gauss_pg0.4_g1.2_fb5_seed0", SHARDS) == "part1"
    assert shard_of("mine", SHARDS, ["mine"]) is None


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ConfigError) as problem:
        shard_of("gauss_pg0.4_g1.2_fb50_seed0", SHARDS, ["mine"])
    message = str(problem.value)
    assert "nearest names are gauss_pg0.4_g1.2_fb5_seed0" in message and "\n" not in message
    with pytest.raises(ConfigError, match="none at this scale"):
        shard_of("anything", {})
