"""Shards: which networks, in which order, under which name."""

from memdyn.grid import Network, shards

GRID = {
    "distribution": ["gauss", "uniform"],
    "g": [0.8, 1.2],
    "pg": [0.4],
    "fb": [10, 1],
    "seed": [0, 1],
    "networks_per_shard": 3,
}


def test_every_network_once():
    found = [network for shard in shards(GRID).values() for network in shard]
    assert len(found) == len(set(found)) == 2 * 2 * 2 * 2
    assert len({network.name for network in found}) == len(found)


def test_a_shard_shares_its_recurrent_matrix():
    for shard in shards(GRID).values():
        assert len({(n.distribution, n.pg, n.seed) for n in shard}) == 1
        assert len(shard) <= 3


def test_names():
    assert list(shards(GRID))[:3] == [
        "gauss_pg0.4_seed0_part0",
        "gauss_pg0.4_seed0_part1",
        "gauss_pg0.4_seed1_part0",
    ]
    assert Network("gauss", 0.4, 1.2, 10.0, 0).name == "gauss_pg0.4_g1.2_fb10_seed0"


def test_more_seeds_move_nothing():
    small, large = shards(GRID), shards({**GRID, "seed": [0, 1, 2]})
    assert all(large[name] == networks for name, networks in small.items())
