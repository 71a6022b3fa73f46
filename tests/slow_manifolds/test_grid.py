"""Shards: which networks, in which order, under which name."""

from memdyn.slow_manifolds.grid import Network, shards
from memdyn.timescales.grid import member_shards, members

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


STUDY = {
    "conditions": {
        "a": {"task": "parity", "curriculum": "single"},
        "b": {"task": "dms", "curriculum": "none", "N": [4, 9], "fixed_tau": 2},
        "c": {"task": "parity", "curriculum": "multi", "substeps": [7, 10], "seed": [5]},
    },
    "curriculum": {"start_N": 2},
    "run": ["b", "a", "c"],
    "seed": [0, 1],
    "networks_per_shard": 3,
}


def test_members_of_study_2_stand_in_the_order_of_run():
    assert [member.name for member in members(STUDY)] == [
        *("b_N4_s0", "b_N4_s1", "b_N9_s0", "b_N9_s1", "a_s0", "a_s1", "c_s5"),
    ]
    first, last = members(STUDY)[0], members(STUDY)[-1]
    assert (first.fixed_tau, first.start_N, first.repeat) == (2.0, 4, 1)
    assert (last.fixed_tau, last.start_N, last.repeat) == (0.0, 2, 10)


def test_shards_of_study_2_hold_each_network_once():
    parts = member_shards(STUDY)
    assert list(parts) == ["part0", "part1", "part2"]
    assert [member for part in parts.values() for member in part] == members(STUDY)
