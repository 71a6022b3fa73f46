"""Shards: which networks, in which order, under which name."""

from memdyn.slow_manifolds import grid as slow_manifolds
from memdyn.timescales import grid as timescales

GRID = {
    "distribution": ["gauss", "uniform"],
    "g": [0.8, 1.2],
    "pg": [0.4],
    "fb": [10, 1],
    "seed": [0, 1],
    "networks_per_shard": 3,
}


def test_every_network_once():
    found = [network for shard in slow_manifolds.shards(GRID).values() for network in shard]
    assert len(found) == len(set(found)) == 2 * 2 * 2 * 2
    assert len({network.name for network in found}) == len(found)


def test_a_shard_shares_its_recurrent_matrix():
    for shard in slow_manifolds.shards(GRID).values():
        assert len({(n.distribution, n.pg, n.seed) for n in shard}) == 1
        assert len(shard) <= 3


def test_names():
    assert list(slow_manifolds.shards(GRID))[:3] == [
        "gauss_pg0.4_seed0_part0",
        "gauss_pg0.4_seed0_part1",
        "gauss_pg0.4_seed1_part0",
    ]
    assert slow_manifolds.Network("gauss", 0.4, 1.2, 10.0, 0).name == "gauss_pg0.4_g1.2_fb10_seed0"


def test_more_seeds_move_nothing():
    small, large = slow_manifolds.shards(GRID), slow_manifolds.shards({**GRID, "seed": [0, 1, 2]})
    assert all(large[name] == networks for name, networks in small.items())


def test_further_products_add_what_is_new_and_rename_nothing():
    also = [{"fb": [1], "seed": [0, 7]}, {"pg": [0.9], "seed": [1], "n_trials": 1600}]
    small, large = slow_manifolds.shards(GRID), slow_manifolds.shards({**GRID, "also": also})
    assert list(large)[: len(small)] == list(small)
    assert all(large[name] == networks for name, networks in small.items())
    every = [network.name for networks in large.values() for network in networks]
    assert len(every) == len(set(every))
    new = [network for name in list(large)[len(small) :] for network in large[name]]
    assert {(n.pg, n.seed, n.trials) for n in new if n.trials} == {(0.9, 1, 1600)}
    assert {n.seed for n in new if not n.trials} <= {0, 7} and all(n.fb == 1 for n in new[:3])
    assert any(name.startswith("gauss_pg0.9_seed1_trial1600_part0") for name in large)
    assert len(slow_manifolds.shards({**GRID, "also": [{}]})) == len(small)


def test_other_stimuli_make_other_networks():
    large = slow_manifolds.shards(
        {**GRID, "also": [{"stimuli": "frozen", "seed": [0]}, {"fb": [1], "seed": [0]}]}
    )
    assert len(large) == len(slow_manifolds.shards(GRID)) + 4, "what fb 1 adds is there already"
    new = large["gauss_pg0.4_seed0_frozen_part0"]
    assert new[0].name == "gauss_pg0.4_g0.8_fb10_seed0_frozen"
    assert {network.stimuli for network in new} == {"frozen"}
    assert new[0]._replace(trials=400).name == "gauss_pg0.4_g0.8_fb10_seed0_frozen_trial400"


def test_snapshots_are_shards_of_their_own():
    trained = slow_manifolds.shards(
        {**GRID, "also": [{"pg": [0.9], "seed": [1], "n_trials": 1600}]}
    )
    found = slow_manifolds.snapshot_shards(trained, [400])
    assert "gauss_pg0.4_seed0_part0_trial400" in found
    assert not any("trial1600" in name for name in found), "those end at other trials"
    one = found["gauss_pg0.4_seed0_part0_trial400"][0]
    assert one.trials == 400 and one.name.endswith("_seed0_trial400")


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


def test_networks_of_study_2_stand_in_the_order_of_run():
    assert [network.name for network in timescales.networks(STUDY)] == [
        *("b_N4_s0", "b_N4_s1", "b_N9_s0", "b_N9_s1", "a_s0", "a_s1", "c_s5"),
    ]
    first, last = timescales.networks(STUDY)[0], timescales.networks(STUDY)[-1]
    assert (first.fixed_tau, first.start_N, first.repeat) == (2.0, 4, 1)
    assert (last.fixed_tau, last.start_N, last.repeat) == (0.0, 2, 10)


def test_shards_of_study_2_hold_each_network_once():
    parts = timescales.shards(STUDY)
    assert list(parts) == ["part0", "part1", "part2"]
    assert [network for part in parts.values() for network in part] == timescales.networks(STUDY)
