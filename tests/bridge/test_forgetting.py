"""tau_net of a known process, half-forgetting and ranks of rows that are made up."""

import numpy as np
import pandas as pd
import pytest
import torch

from memdyn.bridge.forgetting import draw_stream, measure, record
from memdyn.bridge.together import half_forgetting, put_together, rank_correlation
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching

UNITS = 20


def leaky_units(leak):
    """Unconnected units, each with an input of its own."""
    zero = torch.zeros(UNITS, UNITS)
    return FrozenNetwork(zero, torch.zeros(UNITS, 1), torch.eye(UNITS), leak)


def noise_task(n_stimulus):
    """One class whose latents are small white noise, shown nearly all of the time."""
    latents = (1e-3 * np.random.default_rng(0).standard_normal((2000, UNITS)),)
    return SequentialPatternMatching(latents, np.array([1.0]), n_stimulus, 1, 1)


@pytest.mark.parametrize("leak", [0.05, 0.02])
def test_tau_net_of_leaky_units_is_their_time_constant(leak):
    settings = {"trials": 20, "burn_in": 1, "sample": 1.0, "lags": 31, "units": UNITS}
    start = torch.zeros(1, UNITS)
    found = measure(leaky_units(leak), noise_task(1000), start, 0, 0.1, settings)
    expected = -0.1 / np.log(1 - leak)
    assert found["tau_net_corrected_mean"] == pytest.approx(expected, rel=0.1)
    assert "tau_mean" not in found and found["n_fitted"] == UNITS


def test_the_stream_is_of_whole_trials_and_samples_are_apart(task):
    inputs = draw_stream(task, 3, 4, 5)
    assert inputs.shape == (5 * task.n_steps, 4, 2)
    trial = inputs.view(5, task.n_steps, 4, 2)
    shown = np.r_[task.epochs["stimulus 1"], task.epochs["stimulus 2"]]
    rest = np.setdiff1d(np.arange(task.n_steps), shown)
    assert (trial[:, shown] != 0).all() and (trial[:, rest] == 0).all()
    assert torch.equal(inputs, draw_stream(task, 3, 4, 5))
    assert not torch.equal(inputs, draw_stream(task, 4, 4, 5))

    network = FrozenNetwork(torch.zeros(6, 6), torch.zeros(6, 1), torch.ones(2, 6), 0.1)
    settings = {"trials": 2, "burn_in": 1, "units": 4}
    recorded = record(network, task, torch.zeros(4, 6), 0, 10, settings)
    assert recorded.shape == (4, 2 * task.n_steps // 10, 4)


def test_half_forgetting_lies_between_two_delays():
    failed = {"a": [0.2, 0.4, 0.8], "b": [0.0, 0.1, 0.2], "c": [1.0, 1.0, 1.0]}
    rows = [
        {"network": name, "extra": extra, "failed": value}
        for name, values in failed.items()
        for extra, value in zip((5, 10, 20), values, strict=True)
    ]
    found = half_forgetting(pd.DataFrame(rows).sample(frac=1, random_state=0)).set_index("network")
    assert found.loc["a", "half_delay"] == pytest.approx(12.5)
    assert found.loc["b"].tolist() == [20.0, False]
    assert found.loc["c", "half_delay"] == pytest.approx(2.5)


def test_tables_are_put_together_by_network():
    activity = pd.DataFrame({"network": ["a", "b"], "seed": 0, "tau_net_mean": [1.0, 2.0]})
    delays = pd.DataFrame({"network": ["a", "b"], "extra": 5.0, "failed": [1.0, 0.0]})
    labels = {"network": ["b", "a"], "mechanism": "mixed", "mechanism_memory": ["direct", "mixed"]}
    table = put_together(activity, delays, pd.DataFrame(labels)).set_index("network")
    assert table.loc["b", "mechanism_memory"] == "direct" and not table.loc["b", "forgets"]
    assert put_together(activity, pd.DataFrame(), pd.DataFrame()).empty


def test_ranks_are_compared_within_seeds():
    """Seed 1 rises and seed 2 falls; all delays of seed 3 are one, and seed 4 is too small."""
    up, down, flat = [1.0, 2.0, 3.0, 9.0], [9.0, 3.0, 2.0, 1.0], [5.0] * 4
    rows = [
        {"seed": seed, "value": i, "half_delay": delay, "mechanism_memory": "direct"}
        for seed, delays in ((1, up), (2, down), (3, flat), (4, up[:3]))
        for i, delay in enumerate(delays)
    ]
    table = pd.DataFrame(rows)
    assert rank_correlation(table, "value").to_dict() == pytest.approx({1: 1.0, 2: -1.0})
    assert rank_correlation(table, "value", "slow_manifold").empty
