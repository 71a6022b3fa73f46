"""The formulas of memory against measured peaks, and the shard sizes that follow from them."""

import pytest
from probes import SCHEMA, measured, settings

from memdyn.config import ConfigError, resolve
from memdyn.costs import memory
from memdyn.costs.shard_sizes import with_shard_sizes
from memdyn.dynamics import descent, return_map
from memdyn.slow_manifolds import grid as slow_manifolds
from memdyn.slow_manifolds.mechanisms import attractors
from memdyn.timescales import grid as timescales
from memdyn.timescales.activity import tau_net
from memdyn.timescales.robustness import accuracy

# A job must not take more than its formula says, nor much less: it would keep others waiting.
SPARE = 1.35


def test_copied_constants_are_those_of_the_code():
    assert memory.SEGMENT == tau_net.SEGMENT and memory.TOGETHER == tau_net.TOGETHER
    assert memory.ACTIVITY == accuracy.ACTIVITY and memory.JACOBIANS == descent._WORKSPACE_BYTES
    assert memory.TAIL == attractors.TAIL and memory.DENSE_UNITS == return_map.DENSE_UNITS


def train_networks(size):
    study, _ = settings(n_units=size["n_units"], n_trials=1)
    return memory.train_networks(study, size["n_networks"])


def find_cycles(size):
    return memory.find_cycles(settings(n_units=size["n_units"], window=size["window"])[0])


def train_curricula(size):
    _, study = settings(n_units=size["n_units"], batch_size=256, max_N=size["N"])
    network = next(one for one in timescales.networks(study) if one.condition == "parity_single")
    return memory.train_curricula(study, [network] * size["side_by_side"])


@pytest.mark.parametrize(
    ("formula", "sizes"),
    [
        (train_networks, [{"n_units": 300, "n_networks": 21}, {"n_units": 700, "n_networks": 30}]),
        (find_cycles, [{"n_units": 250, "window": 1000}, {"n_units": 400, "window": 6000}]),
        (
            train_curricula,
            [
                {"n_units": 100, "N": 10, "side_by_side": 1},
                {"n_units": 300, "N": 20, "side_by_side": 3},
            ],
        ),
    ],
)
def test_a_job_takes_what_its_formula_says(formula, sizes):
    for found in measured(formula.__name__, sizes):
        modelled = formula(found) / memory.MB
        assert found["memory"] <= modelled <= SPARE * found["memory"], found


def test_requests_have_a_margin_and_are_round():
    assert memory.request(1000) == memory.request(1000, "measure_weights") == 1300
    assert memory.request(1000, "train_networks") == 3800  # CUDA
    assert memory.request(1000) / 1000 >= memory.MARGIN


@pytest.fixture
def resolved(config):
    def lay(**changes):
        scale = {"slow_manifolds": {"grid": {"networks_per_shard": "auto"}}, **changes}
        scales = {**config["scales"], "mine": scale}
        return resolve({**config, "scale": "mine", "scales": scales}, SCHEMA)

    return lay


def test_shards_are_as_large_as_fits_and_of_one_size(resolved):
    roomy = with_shard_sizes(resolved())["slow_manifolds"]["grid"]
    assert roomy["networks_per_shard"] == 42
    tight = with_shard_sizes(resolved(memory_mb_per_job=1000))["slow_manifolds"]
    size = tight["grid"]["networks_per_shard"]
    assert {len(networks) for networks in slow_manifolds.shards(tight["grid"]).values()} == {size}
    assert memory.request(memory.train_networks(tight, size) / memory.MB) <= 1000
    assert memory.request(memory.train_networks(tight, 42) / memory.MB) > 1000


def test_shards_of_study_2_can_follow_memory_too(resolved):
    study = {"networks_per_shard": "auto", "max_N": 20, "run": ["parity_single"]}
    study["network"] = {"n_units": 2000}  # all that a shard has solved, not an update, takes most
    sizes = [
        with_shard_sizes(resolved(memory_mb_per_job=limit, timescales=study))["timescales"]
        for limit in (2_000, 20_000)
    ]
    assert 1 <= sizes[0]["networks_per_shard"] < sizes[1]["networks_per_shard"] == 4


def test_a_limit_that_no_network_fits_into_is_refused(resolved):
    with pytest.raises(ConfigError, match="'memory_mb_per_job': training one network of 'slow_m"):
        with_shard_sizes(resolved(memory_mb_per_job=100))


def test_numbers_are_left_alone(config):
    quick = resolve(config, SCHEMA)
    assert with_shard_sizes(quick) == quick
