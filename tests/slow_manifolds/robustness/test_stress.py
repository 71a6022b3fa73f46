"""Longer delays and noise: what is compared with what, and what counts as a failure."""

import numpy as np
import pytest
import torch

from memdyn.randomness import Stream, generator
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, freeze, run, run_trial
from memdyn.slow_manifolds.performance import case_starts, case_types, find_trial_ends
from memdyn.slow_manifolds.robustness import noise
from memdyn.slow_manifolds.robustness.delays import extend_delays
from memdyn.slow_manifolds.robustness.failures import count_failures
from memdyn.slow_manifolds.robustness.noise import add_noise

LIMITS = {"max_deviation": 0.1, "max_settled": 0.3}


@pytest.fixture(scope="module")
def network(trained):
    networks, fixed, state = trained
    return freeze(fixed, networks[1], state.readout[1].numpy(), 0.1)


@pytest.fixture(scope="module")
def trial_ends(network, trained, task):
    return find_trial_ends(network, task, trained[2].x[1], 1, 20)


def test_failures_are_split():
    reference = np.array([1.0, 1.0, 1.0, 1.0, 1.0])
    end = np.array([1.05, 1.2, 1.2, 0.5, np.nan])
    settled = np.array([9.0, 1.2, 1.31, 0.6, np.nan])
    counts = count_failures(reference, end, settled, LIMITS)
    assert counts["failed"] == pytest.approx(0.8)
    assert counts["asymptotic"] == pytest.approx(0.6)
    assert counts["fixed_time"] == pytest.approx(0.2)


def test_an_extended_delay_is_a_trial_with_a_longer_delay(network, task, trial_ends):
    """Against a plain run of one case after the other, step by step."""
    extra = [0, 30, 95]
    table = extend_delays(network, task, trial_ends, 1, extra[1:], LIMITS)
    drawn = task.draw(case_types(task), generator(1, Stream.DELAY_STIMULI))
    ends, held, rates = np.empty((3, 16)), np.empty((3, 16, 2)), np.empty((3, 16, 100))
    for row, added in enumerate(extra):
        for case, start in enumerate(case_starts(trial_ends)):
            inputs = torch.zeros(350 + added, 1, 2)
            inputs[:100, 0] = torch.as_tensor(drawn[case, 0])
            inputs[150 + added : 250 + added, 0] = torch.as_tensor(drawn[case, 1])
            x, outputs = run(network, start[None], 350 + added, inputs)
            ends[row, case] = outputs[-1, 0, 0]
            held[row, case], rates[row, case] = outputs[-1, 0, 1:], torch.tanh(x[0])
    assert table["extra_steps"].tolist() == extra[1:]
    deviation = np.abs(ends[1:] - ends[0])
    np.testing.assert_allclose(table["deviation"], deviation.mean(axis=1), rtol=1e-2, atol=1e-4)
    np.testing.assert_allclose(table["failed"], (deviation > 0.1).mean(axis=1), atol=1 / 16)
    assert table["failed"].max() > 0, "the case must show forgetting"
    memory = np.linalg.norm(held[1:] - held[0], axis=2).mean(axis=1)
    np.testing.assert_allclose(table["deviation_memory"], memory, rtol=1e-2, atol=1e-4)
    moved = np.sqrt(np.square(rates[1:] - rates[0]).mean(axis=2)).mean(axis=1)
    np.testing.assert_allclose(table["displacement"], moved, rtol=1e-2, atol=1e-4)


def test_many_delays_run_in_chunks_without_a_seam(network, task, trial_ends):
    many = extend_delays(network, task, trial_ends, 1, list(range(5, 300, 5)), LIMITS)
    few = extend_delays(network, task, trial_ends, 1, [150, 295], LIMITS)
    picked = many.set_index("extra_steps").loc[[150, 295]].reset_index()
    for name in ("deviation", "deviation_memory", "displacement"):
        np.testing.assert_allclose(picked[name], few[name], rtol=1e-2, atol=1e-4)


def test_noise(network, task, trial_ends):
    settings = {"kinds": ["uniform", "gaussian"], "levels": [0.5, 40], "n_repeats": 2, **LIMITS}
    table = add_noise(network, task, trial_ends, 1, settings)
    assert table["noise"].tolist() == ["uniform"] * 3 + ["gaussian"] * 3
    assert table["level"].tolist() == [0, 0.5, 40] * 2
    clean = table[table["level"] == 0]
    assert clean["deviation"].nunique() == 1, "both kinds start from the same clean trials"
    types = case_types(task, 2)
    drawn = task.draw(types, generator(1, Stream.NOISE_STIMULI))
    _, outputs = run_trial(network, task, case_starts(trial_ends, 2), drawn)
    deviation = np.abs(outputs[-1, :, 0].numpy() - task.target(types))
    assert clean["deviation"].iloc[0] == pytest.approx(deviation.mean(), rel=1e-5)
    strong = table[table["level"] == 40]
    assert (strong["deviation"] > clean["deviation"].iloc[0]).all()


def settings_of(kind, **more):
    given = {"kinds": [kind], "levels": [20.0], "state_levels": [0.2], "lesions": [0.5]}
    return {**given, "n_repeats": 1, **LIMITS, **more}


def test_noise_in_the_states_is_a_random_walk_that_the_leak_holds(task):
    """Without weights a unit is an Ornstein-Uhlenbeck process: SD s / sqrt(2 - leak) in the end."""
    n, leak, sigma = 500, 0.1, 0.3
    idle = FrozenNetwork(torch.zeros(n, n), torch.zeros(n, 3), torch.zeros(2, n), leak)
    drawn = task.draw(case_types(task), generator(1, Stream.NOISE_STIMULI))
    x, outputs = noise._run_with_state_noise(idle, task, torch.zeros(16, n), drawn, sigma, 1)
    assert x.std().item() == pytest.approx(sigma / np.sqrt(2 - leak), rel=0.03)
    assert abs(x.mean().item()) < 0.02
    assert outputs.shape == (task.n_steps, 16, 3)
    again, _ = noise._run_with_state_noise(idle, task, torch.zeros(16, n), drawn, 2 * sigma, 1)
    torch.testing.assert_close(again, 2 * x)  # the same draws, scaled
    none, _ = noise._run_with_state_noise(idle, task, torch.zeros(16, n), drawn, 0.0, 1)
    assert not none.any()


def test_state_noise_of_no_strength_and_a_lesion_of_no_unit_are_plain_trials(
    network, task, trial_ends
):
    starts = case_starts(trial_ends)
    drawn = task.draw(case_types(task), generator(1, Stream.NOISE_STIMULI))
    plain = run_trial(network, task, starts, drawn)
    quiet = noise._run_with_state_noise(network, task, starts, drawn, 0.0, 1)
    whole = noise._run_with_lesion(network, task, starts, drawn, 0.0)
    torch.testing.assert_close(quiet[0], plain[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(quiet[1], plain[1], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(whole[0], plain[0], atol=1e-4, rtol=1e-4)
    # A lesion of all units is a trial whose first stimulus is not shown; the second one is.
    hidden = drawn.copy()
    hidden[:, 0] = 0
    deaf = noise._run_with_lesion(network, task, starts, drawn, 1.0)
    unseen = run_trial(network, task, starts, hidden)
    torch.testing.assert_close(deaf[0], unseen[0], atol=1e-4, rtol=1e-4)
    assert network.input.abs().min() > 0, "the network itself is left as it is"


@pytest.mark.parametrize(("kind", "level"), [("state", 0.2), ("lesion", 0.5), ("gaussian", 20.0)])
def test_each_kind_has_its_own_levels(network, task, trial_ends, kind, level):
    table = add_noise(network, task, trial_ends, 1, settings_of(kind))
    assert table[["noise", "level"]].to_numpy().tolist() == [[kind, 0.0], [kind, level]]
    assert table["deviation"].iloc[1] > table["deviation"].iloc[0]


def test_noise_of_both_kinds_has_one_variance(network, task, trial_ends, monkeypatch):
    seen = []

    def spy(network, task, x, drawn):
        seen.append(drawn)
        return x, torch.zeros(1, len(x), 3)

    monkeypatch.setattr("memdyn.slow_manifolds.robustness.noise.run_trial", spy)
    settings = {"kinds": ["uniform", "gaussian"], "levels": [6.0], "n_repeats": 10, **LIMITS}
    add_noise(network, task, trial_ends, 1, settings)
    clean, uniform, _, gaussian = seen
    assert np.array_equal(clean[:, 1], uniform[:, 1]), "the second stimulus is left alone"
    for noisy, mean in ((uniform, 3.5), (gaussian, 0.0)):
        added = noisy[:, 0] - clean[:, 0]
        assert added.mean() == pytest.approx(mean, abs=0.05)
        assert added.std() == pytest.approx(6 / np.sqrt(12), rel=0.01)
    assert (uniform[:, 0] - clean[:, 0]).min() >= 0.5
