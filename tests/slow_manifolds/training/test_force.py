"""Training against a plain float64 reference; the promises about bits, stopping, divergence."""

import dataclasses

import numpy as np
import pytest
import torch

import recorder
from memdyn import cuda_graphs
from memdyn.files import FileProblem
from memdyn.randomness import Stream, generator
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.mechanisms.attractors import find_ends
from memdyn.slow_manifolds.mechanisms.labels import classify
from memdyn.slow_manifolds.networks.frozen import freeze
from memdyn.slow_manifolds.networks.rate import fixed_weights
from memdyn.slow_manifolds.performance import find_trial_ends, measure, run_cases
from memdyn.slow_manifolds.tasks.pattern_matching import trial_order
from memdyn.slow_manifolds.training import checkpoints, force

N_UNITS, N_TRIALS = 80, 6


def plain_force(network, fixed, task, n_trials, everywhere=False, dt=0.1, alpha=1.0, every=2):
    """FORCE as section 4 says, one network, one update after the other, no batching (float64)."""
    n = len(fixed.initial_state)
    J = network.g * fixed.recurrent
    w_f, W_fd = fixed.feedback[0] / network.fb, fixed.feedback[1:].T / network.fb
    w_o, W_d = np.zeros((n, 1)), np.zeros((n, fixed.feedback.shape[0] - 1))
    P_w, P_d = np.eye(n) / alpha, np.eye(n) / alpha
    x = fixed.initial_state.copy()
    r, z, z_d = np.tanh(x), np.zeros(1), np.zeros(W_d.shape[1])
    order = trial_order(n_trials, task.n_types, generator(network.seed, Stream.TRIAL_ORDER))
    for trial, trial_type in enumerate(order):
        drawn = task.draw(trial_type, generator(network.seed, Stream.TRAINING_STIMULI, trial))
        first, second = divmod(trial_type, task.n_classes)
        for step in range(350):
            if step < 100:
                u = drawn[0, step]
            elif 150 <= step < 250:
                u = drawn[1, step - 150]
            else:
                u = np.zeros(2)
            x = x + dt * (-x + J @ r + w_f * z[0] + W_fd @ z_d + u @ fixed.input)
            r = np.tanh(x)
            z, z_d = w_o.T @ r, W_d.T @ r
            if step % every:
                continue
            in_delay, in_response = 100 <= step < 150 or 250 <= step < 300, step >= 300
            if in_delay or everywhere:
                k = P_d @ r / (1 + r @ P_d @ r)
                P_d -= np.outer(k, P_d @ r)
                mean = task.class_means[first if step < 150 else second]
                W_d -= np.outer(k, z_d - mean * in_delay)
            if in_response or everywhere:
                k = P_w @ r / (1 + r @ P_w @ r)
                P_w -= np.outer(k, P_w @ r)
                w_o -= np.outer(k, z - task.output_code[first + second] * in_response)
    return np.concatenate([w_o, W_d], axis=1).T, x


def shard(networks, task, settings, n_trials=N_TRIALS, n_units=N_UNITS, **changes):
    first = networks[0]
    fixed = fixed_weights(first.seed, first.distribution, first.pg, n_units, 50.0, 0.1)
    training = {**settings["training"], "n_trials": n_trials, **changes}
    state = force.start(networks, fixed, training)
    return force.train(state, networks, fixed, task, settings["network"], training), fixed


@pytest.mark.parametrize("windows", ["own", "everywhere"])
@pytest.mark.parametrize("distribution", ["gauss", "uniform"])
def test_float64_training_is_plain_force(task, settings, distribution, windows):
    networks = [Network(distribution, 0.4, g, fb, 3) for g, fb in [(0.8, 40), (1.1, 10), (1.5, 1)]]
    state, fixed = shard(networks, task, settings, precision="float64", windows=windows)
    for i, network in enumerate(networks):
        readout, x = plain_force(network, fixed, task, N_TRIALS, windows == "everywhere")
        # Folding P once per window changes only rounding: 1e-16 grown by six trials of dynamics.
        np.testing.assert_allclose(state.readout[i].numpy(), readout, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(state.x[i].numpy(), x, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("windows", ["own", "everywhere"])
def test_the_gpu_route_gives_the_same_networks(task, settings, monkeypatch, windows):
    """Its batched products, run here on the CPU."""
    networks = [Network("gauss", 0.4, g, 10, 3) for g in (0.8, 1.1)]
    plain, _ = shard(networks, task, settings, precision="float64", windows=windows)
    monkeypatch.setattr(force, "_batched", lambda p: True)
    batched, _ = shard(networks, task, settings, precision="float64", windows=windows)
    torch.testing.assert_close(batched.readout, plain.readout, rtol=1e-6, atol=1e-9)


def test_a_recorded_trial_has_the_same_bits(task, settings, monkeypatch):
    """A graph of a GPU, played on the CPU; it is recorded anew when a network has stopped."""
    networks = [Network("gauss", 0.4, g, fb, 3) for g, fb in [(0.8, 40), (1.2, 5), (1.2, 10)]]
    changes = {"stop_after": 2, "stop_rmse": 0.3}
    monkeypatch.setattr(force, "_batched", lambda p: True)
    plain, _ = shard(networks, task, settings, n_trials=12, **changes)
    recorded = []

    def record(work):
        recorded.append(work)
        return recorder.record(work)

    monkeypatch.setattr(cuda_graphs, "record", record)
    monkeypatch.setattr(force, "Replayed", lambda work, device: cuda_graphs.Replayed(work, "cuda"))
    replayed, _ = shard(networks, task, settings, n_trials=12, **changes)
    assert len(set(plain.n_trials.tolist())) > 1, "none stops before the others"
    assert 1 < len(recorded) <= 3
    for field in dataclasses.fields(plain):
        old, new = getattr(plain, field.name), getattr(replayed, field.name)
        if field.name != "trial":
            torch.testing.assert_close(new, old, rtol=0, atol=0, equal_nan=True)


def test_float32_weights_follow_float64_at_first(task, settings):
    networks = [Network("gauss", 0.4, g, fb, 3) for g, fb in [(0.8, 10), (1.1, 10)]]
    single, _ = shard(networks, task, settings, n_trials=2)
    double, _ = shard(networks, task, settings, n_trials=2, precision="float64")
    scale = double.readout.abs().amax()
    assert (single.readout - double.readout).abs().amax() < 2e-3 * scale


def test_same_bits_whatever_the_shard(task, settings):
    grid = [(g, fb) for g in (0.8, 1.2, 1.5) for fb in (40, 10, 1)] * 6
    networks = [Network("gauss", 0.4, g, fb, 5) for g, fb in grid]
    assert len(networks) > force.CPU_WIDTH, "one product holds them all"
    together, _ = shard(networks, task, settings, n_trials=3)
    alone, _ = shard(networks[4:5], task, settings, n_trials=3)
    shuffled = np.random.default_rng(0).permutation(len(networks))
    mixed, _ = shard([networks[i] for i in shuffled], task, settings, n_trials=3)
    assert torch.equal(together.readout[4], alone.readout[0])
    assert torch.equal(together.readout[shuffled], mixed.readout)
    assert torch.equal(together.x[shuffled], mixed.x)
    assert torch.equal(together.readout[:45], together.readout[9:])


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("n_units", [80, 81])
def test_same_bits_in_shards_of_1_7_14_and_42(precision, n_units, task, settings):
    """The first, last and middle one of a block, and of a block that is not full."""
    grid = [(g, fb) for g in (0.8, 0.9, 1.1, 1.2, 1.3, 1.4, 1.5) for fb in (40, 30, 20, 10, 5, 1)]
    networks = [Network("gauss", 0.4, g, fb, 5) for g, fb in grid]
    changes = {"n_trials": 2, "n_units": n_units, "precision": precision}
    together, _ = shard(networks, task, settings, **changes)
    for size, firsts in ((1, (0, 15, 16, 41)), (7, (0, 7, 21, 35)), (14, (14, 28))):
        for first in firsts:
            own = slice(first, first + size)
            found, _ = shard(networks[own], task, settings, **changes)
            for name in ("readout", "x", "outputs", "p_memory", "p_output"):
                whole = getattr(together, name)[own]
                assert torch.equal(getattr(found, name), whole), (name, size, first)


def test_another_seed_is_another_network(task, settings):
    one, _ = shard([Network("gauss", 0.4, 1.1, 10, 0)], task, settings, n_trials=1)
    other, _ = shard([Network("gauss", 0.4, 1.1, 10, 1)], task, settings, n_trials=1)
    assert not torch.allclose(one.readout, other.readout)


def test_training_lowers_the_error(trained):
    _, _, state = trained
    early, late = state.rmse[:, :10].mean(1), state.rmse[:, -20:].mean(1)
    assert (late < early).sum() >= 3  # at 100 units one may fail
    assert (state.status == force.TRAINED).all()
    assert (state.n_trials == 120).all()


def test_stopping_rule_ends_networks_one_by_one(task, settings):
    networks = [Network("gauss", 0.4, g, fb, 3) for g, fb in [(0.8, 40), (1.2, 5), (1.2, 10)]]
    free, _ = shard(networks, task, settings, n_trials=80)
    stopped, _ = shard(networks, task, settings, n_trials=80, stop_after=5, stop_rmse=0.15)
    ended = stopped.status == force.CONVERGED
    assert ended.any() and not ended.all(), "the case must show both"
    for i in range(len(networks)):
        n = int(stopped.n_trials[i])
        assert torch.equal(stopped.rmse[i, :n], free.rmse[i, :n]), (
            "those that go on are not disturbed"
        )
        assert stopped.rmse[i, n:].isnan().all()
        if ended[i]:
            assert (stopped.rmse[i, n - 5 : n] <= 0.15).all()
            assert n == 5 or stopped.rmse[i, n - 6] > 0.15


def test_divergence_is_a_status(task, settings):
    networks = [Network("gauss", 0.4, g, 10, 3) for g in (1.1, 1.2)]
    fixed = fixed_weights(3, "gauss", 0.4, N_UNITS, 50.0, 0.1)
    training = {**settings["training"], "n_trials": 3}
    state = force.start(networks, fixed, training)
    state.x[1, 0] = torch.nan
    force.train(state, networks, fixed, task, settings["network"], training)
    assert state.status.tolist() == [force.TRAINED, force.DIVERGED]
    assert int(state.n_trials[1]) == 1
    clean, _ = shard(networks[:1], task, settings, n_trials=3)
    assert torch.equal(state.readout[0], clean.readout[0])


def test_more_classes_and_codes(task, settings):
    third = np.random.default_rng(1).normal(3.0, 0.3, (50, 2))
    three = dataclasses.replace(
        task,
        latents=(*task.latents, third),
        output_code=np.array([1.0, 0.5, 1.5, 0.0, -0.5]),
    )
    network = Network("gauss", 0.4, 1.1, 5, 0)
    state, fixed = shard([network], three, settings, precision="float64")
    readout, _ = plain_force(network, fixed, three, N_TRIALS)
    np.testing.assert_allclose(state.readout[0].numpy(), readout, rtol=1e-6, atol=1e-9)


def test_float32_agrees_with_float64_in_label_and_error(trained, task, settings):
    """The sample: four networks of 100 units, 120 trials; chaos in between may differ, ends not."""
    networks, fixed, single = trained
    training = {**settings["training"], "n_trials": 120, "precision": "float64"}
    double = force.start(networks, fixed, training)
    force.train(double, networks, fixed, task, settings["network"], training)
    attractors = {**settings["attractors"], "run_length": 20, "noisy_copies": 2}
    found = []
    for state in (single, double):
        for i, place in enumerate(networks):
            network = freeze(fixed, place, state.readout[i].numpy(), 0.1)
            ends = find_trial_ends(network, task, state.x[i].float(), place.seed, 20)
            row = measure(network, task, ends, place.seed, settings["performance"])
            cases = run_cases(network, task, ends, place.seed, 0.8)
            long = find_ends(network, task, ends, cases.delay_states, place.seed, attractors)
            found.append((classify(long, task, attractors)["mechanism"], row["rmse"]))
    for (label, error), (other_label, other_error) in zip(found[:4], found[4:], strict=True):
        assert label == other_label
        assert error == pytest.approx(other_error, rel=0.02)


def test_a_snapshot_is_the_network_of_a_shorter_training(settings, task, tmp_path):
    networks = [Network("gauss", 0.4, g, 5.0, 1) for g in (0.8, 1.2)]
    fixed = fixed_weights(1, "gauss", 0.4, N_UNITS, 50.0, 0.1)

    def trained(n_trials, snapshots=()):
        training = {**settings["training"], "n_trials": n_trials, "snapshots": list(snapshots)}
        state = force.start(networks, fixed, training)
        return force.train(state, networks, fixed, task, settings["network"], training)

    long, short = trained(7, [3, 5]), trained(5)
    assert torch.equal(long.readout_at[1], short.readout) and torch.equal(long.x_at[1], short.x)
    assert not torch.equal(long.readout_at[0], short.readout)

    network = {"n_units": N_UNITS, "input_scale": 50.0, "initial_state_sd": 0.1}
    checkpoints.save_trained(tmp_path / "long.safetensors", long, networks, fixed, [3, 5], {})
    at = tmp_path / "long_trial5.safetensors"
    checkpoints.save_snapshot(at, tmp_path / "long.safetensors", 5, {})
    found = checkpoints.load_trained(at, network)
    np.testing.assert_array_equal(found.readout, short.readout)
    np.testing.assert_array_equal(found.rmse, short.rmse)
    assert found.n_trials.tolist() == [5, 5] and found.status.tolist() == [force.TRAINED] * 2
    assert [place.name for place in found.networks] == [n.name + "_trial5" for n in networks]
    with pytest.raises(FileProblem, match=r"no snapshot of trial 4, only of \[3, 5\]"):
        checkpoints.save_snapshot(at, tmp_path / "long.safetensors", 4, {})


def test_networks_that_stop_early_are_what_later_snapshots_hold(settings, task):
    networks = [Network("gauss", 0.4, g, 10.0, 3) for g in (0.8, 1.1)]
    changes = {"stop_after": 1, "stop_rmse": 1e9, "snapshots": [1, 4]}  # every trial is a good one
    state, _ = shard(networks, task, settings, **changes)
    assert state.trial == 1 and state.status.tolist() == [force.CONVERGED] * 2
    for kept in state.readout_at:
        assert torch.equal(kept, state.readout)
    assert torch.equal(state.x_at[1], state.x)
