"""Long runs: the early stop never changes what a run ends in."""

import numpy as np
import pytest
import torch

from memdyn.slow_manifolds.mechanisms.attractors import find_ends
from memdyn.slow_manifolds.mechanisms.labels import classify
from memdyn.slow_manifolds.mechanisms.long_runs import run_long, stable_fixed_points
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, freeze, run, run_trial
from memdyn.slow_manifolds.performance import case_types, find_trial_ends, measure, run_cases


def small(weights, leak=0.1):
    """A network given by its closed-loop matrix; its output is the rate of the first unit."""
    matrix = torch.tensor(weights, dtype=torch.float32)
    readout = torch.zeros(len(matrix), 1)
    readout[0] = 1.0
    return FrozenNetwork(matrix.T.contiguous(), readout, torch.zeros(2, len(matrix)), leak)


def test_euler_step_is_the_equation():
    network = small([[0.5, -1.0], [2.0, 0.3]])
    x = torch.tensor([[0.2, -0.4]])
    inputs = torch.full((1, 1, 2), 0.7)
    driven = network._replace(input=torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
    after, outputs = run(driven, x, 1, inputs)
    r = np.tanh([0.2, -0.4])
    expected = np.array([0.2, -0.4]) + 0.1 * (
        -np.array([0.2, -0.4]) + np.array([[0.5, -1.0], [2.0, 0.3]]) @ r + [0.7, 1.4]
    )
    np.testing.assert_allclose(after[0].numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(outputs[0, 0].numpy(), np.tanh(expected[:1]), rtol=1e-6)
    assert torch.equal(x, torch.tensor([[0.2, -0.4]])), "states are left as they are"


def test_a_bistable_unit_stops_early_at_its_attractors():
    network = small([[2.0]])
    x = torch.tensor([[0.3], [-0.3], [3.0]])
    long = run_long(network, x, 100, 50, 10, marks=(1, 50), rest_variance=1e-9)
    assert long.n_steps < 50 * 100
    root = 1.9150080481545375  # of x = 2 tanh x
    np.testing.assert_allclose(long.tail[-1, :, 0], np.tanh(root) * np.array([1, -1, 1]), rtol=1e-6)
    assert long.tail.shape == (1000, 3, 1)
    assert long.speed[1].max() == 0


def test_a_slow_passage_by_a_saddle_is_not_a_rest():
    """Near the unstable origin nothing moves for two blocks; then the state leaves it."""
    network = small([[1.05]])
    x = torch.tensor([[1e-12]])
    _, first = run(network, x, 200)
    assert first.double().var() < 1e-9
    assert stable_fixed_points(network, x) is None
    long = run_long(network, x, 200, 60, 5, rest_variance=1e-9)
    assert long.tail[-1, 0, 0] > 0.3


def test_an_oscillation_that_the_euler_step_makes_unstable_is_not_a_rest():
    """A flow can be stable (Re = -0.02) where its Euler step is not (|1 + 0.1 l| > 1)."""
    weights = [[0.98, -1.5], [1.5, 0.98]]
    assert stable_fixed_points(small(weights), torch.full((1, 2), 1e-9)) is None
    assert stable_fixed_points(small(weights, leak=0.001), torch.full((1, 2), 1e-9)) is not None


def test_wherever_runs_stop_early_they_would_have_ended():
    """Random networks that rest, cycle or wander: what an early stop foretells comes true."""
    rng, stopped = np.random.default_rng(0), 0
    for _ in range(14):
        weights = rng.uniform(1.2, 3) * rng.standard_normal((6, 6)) / np.sqrt(6)
        network = small(weights)
        x = torch.tensor(rng.standard_normal((12, 6)), dtype=torch.float32)
        early = run_long(network, x, 100, 30, 4, marks=(10, 30), rest_variance=1e-9)
        full = run_long(network, x, 100, 30, 4, marks=(10, 30))
        if early.n_steps < full.n_steps == 3000:
            stopped += 1
            assert full.tail.double().var(0).max() < 1e-6, "the full run must rest as well"
        else:
            assert torch.equal(early.tail, full.tail)
        np.testing.assert_allclose(early.tail, full.tail, atol=2e-4)
        np.testing.assert_allclose(early.marked, full.marked, atol=2e-4)
    assert 3 <= stopped <= 11, "both kinds must have been among them"


def test_the_early_stop_changes_no_label(trained, task, settings):
    networks, fixed, state = trained
    attractors = {**settings["attractors"], "run_length": 20, "noisy_copies": 2}
    stopped = 0
    for i, place in enumerate(networks):
        network = freeze(fixed, place, state.readout[i].numpy(), 0.1)
        ends = find_trial_ends(network, task, state.x[i], place.seed, 20)
        cases = run_cases(network, task, ends, place.seed, 0.8)
        tables = [
            find_ends(network, task, ends, cases.delay_states, place.seed, attractors, stop)
            for stop in (True, False)
        ]
        early, full = tables
        assert (full["n_steps"] == 7000).all()
        stopped += early["n_steps"].iloc[0] < 7000
        assert early["kind"].tolist() == full["kind"].tolist()
        same = ["z", "z_mean", "zd_1", "zd_2", "memory_1", "memory_2"]
        np.testing.assert_allclose(early[same], full[same], atol=1e-4)
        assert early["period"].equals(full["period"])
        labels = [classify(table, task, attractors) for table in tables]
        for found in labels:  # test B counts ends to the fourth decimal, where a stop leaves off
            found["authors_b"] = found["authors_b"].rstrip("0123456789")
        assert labels[0] == labels[1]
    assert stopped >= 1, "the rule must have been at work"


def test_trial_ends_and_cases(trained, task, settings):
    networks, fixed, state = trained
    network = freeze(fixed, networks[0], state.readout[0].numpy(), 0.1)
    ends = find_trial_ends(network, task, state.x[0], 1, 20)
    cases = run_cases(network, task, ends, 1, 0.8)
    assert cases.delay_states.shape == (16, 100)
    assert cases.outputs.shape == (350, 16, 3)
    assert ((cases.saturation_delay >= 0) & (cases.saturation_delay <= 1)).all()
    assert case_types(task).tolist() == [0, 1, 2, 3] * 4


def test_performance_counts_failures_as_the_authors_do(trained, task, settings):
    networks, fixed, state = trained
    network = freeze(fixed, networks[1], state.readout[1].numpy(), 0.1)
    ends = find_trial_ends(network, task, state.x[1], 1, 20)
    row = measure(network, task, ends, 1, {**settings["performance"], "n_repeats": 2})
    assert row["failed_0.005"] >= row["failed_0.01"] >= row["failed_0.05"] >= row["failed_0.1"]
    assert row["performs"] == (row["failed_0.1"] <= 0.05)
    assert 0 < row["rmse"] < 1

    silent = network._replace(readout_t=torch.zeros_like(network.readout_t))
    row = measure(silent, task, ends, 1, {**settings["performance"], "n_repeats": 1})
    # z = 0 throughout: e = |target| sqrt(50 / 160), RMSE = root mean square of the targets
    assert row["failed_0.1"] == 1.0
    assert row["rmse"] == pytest.approx(np.sqrt(np.mean(np.square([1.0, 0.5, 0.5, 1.5]))))
    assert row["memory_rmse"] == pytest.approx(np.sqrt(np.mean(np.square(task.class_means))))


def test_a_diverged_run_fails(trained, task, settings):
    networks, fixed, state = trained
    network = freeze(fixed, networks[0], np.full_like(state.readout[0].numpy(), np.nan), 0.1)
    row = measure(network, task, state.x[:1].repeat(4, 1), 1, settings["performance"])
    assert row["failed_0.1"] == 1.0 and not row["performs"]


def test_test_trials_are_run_one_after_the_other(trained, task):
    """The end states come from one unbroken run, as in training."""
    networks, fixed, state = trained
    network = freeze(fixed, networks[0], state.readout[0].numpy(), 0.1)
    from memdyn.randomness import Stream, generator
    from memdyn.slow_manifolds.tasks.pattern_matching import trial_order

    order = trial_order(4, 4, generator(1, Stream.TEST_ORDER))
    ends = find_trial_ends(network, task, state.x[0], 1, 4)
    x = state.x[:1]
    for trial, trial_type in enumerate(order):
        drawn = task.draw(trial_type, generator(1, Stream.TEST_STIMULI, trial))
        x, _ = run_trial(network, task, x, drawn[None])
        assert torch.equal(x[0], ends[trial_type])
