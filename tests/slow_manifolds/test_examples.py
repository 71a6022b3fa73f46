"""Examples: the right networks are chosen, and the replay is the test that gave the label."""

import numpy as np
import pandas as pd
import pytest
import torch

from memdyn.slow_manifolds import examples
from memdyn.slow_manifolds.networks.frozen import freeze, run
from memdyn.slow_manifolds.performance import find_trial_ends


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame({"network": list("abcdef"), **columns})


def test_the_best_network_of_each_mechanism_that_performs_is_chosen():
    label = ["mixed", "direct", "mixed", "slow_manifold", "direct", "aperiodic"]
    networks = table(
        mechanism=["slow_manifold"] * 6,
        mechanism_memory=label,
        performs=[True, True, True, True, True, False],
        rmse=[0.2, 0.3, 0.1, 0.5, 0.3, 0.01],
    )
    votes = dict(zip("abcdef", label, strict=True))
    chosen = examples.choose_examples(networks, votes)
    assert chosen["network"].tolist() == ["b", "d", "c"]
    assert chosen["shown"].tolist() == ["direct", "slow_manifold", "mixed"]
    # Of a mechanism on which label and vote disagree, the next best on which they agree is shown.
    votes |= {"b": "slow_manifold", "c": "unresolved", "d": "unresolved"}
    chosen = examples.choose_examples(networks, votes)
    assert dict(zip(chosen["shown"], chosen["network"], strict=True)) == {
        "direct": "e",
        "mixed": "a",
    }
    del votes["a"]  # not taken apart
    assert examples.choose_examples(networks, votes)["network"].tolist() == ["e"]


def test_what_could_not_be_told_is_no_example():
    unresolved = ["unresolved"] * 6
    networks = table(mechanism_memory=unresolved, performs=[True] * 6, rmse=[0.1] * 6)
    votes = dict.fromkeys("abcdef", "unresolved")
    assert examples.choose_examples(networks, votes).empty


def test_nothing_is_chosen_where_none_performs():
    networks = table(mechanism_memory=["mixed"] * 6, performs=[False] * 6, rmse=[np.nan] * 6)
    assert examples.choose_examples(networks, dict.fromkeys("abcdef", "mixed")).empty


@pytest.fixture(scope="module")
def network(trained):
    networks, fixed, state = trained
    frozen = freeze(fixed, networks[1], state.readout[1].cpu().numpy(), 0.1)
    return frozen, torch.as_tensor(state.x[1], dtype=torch.float32), networks[1].seed


def test_the_replay_is_the_test_bit_for_bit(network, task):
    frozen, x, seed = network
    recorded, ends = examples.trace(frozen, task, x, seed, n_test_trials=8, run_length=3)
    assert torch.equal(ends, find_trial_ends(frozen, task, x, seed, 8))

    n_types, n_steps = task.n_types, task.n_steps
    assert recorded.outputs.shape == (n_types, n_steps, 3)
    assert recorded.rates.shape == (n_types, n_steps, examples.N_SHOWN)
    assert recorded.continued.shape == (n_types, 3 * n_steps, 3)
    assert recorded.end.shape == (n_types, 2 * n_steps, 3)
    np.testing.assert_array_equal(
        recorded.rates[:, -1], torch.tanh(ends)[:, recorded.units].numpy()
    )
    # The outputs that are kept go on from the trial ends, as do the components.
    _, outputs = run(frozen, ends, 3 * n_steps)
    np.testing.assert_array_equal(recorded.continued_outputs, outputs.transpose(0, 1).numpy())
    np.testing.assert_array_equal(recorded.end_outputs, recorded.continued_outputs[:, n_steps:])
    np.testing.assert_allclose(recorded.continued[:, n_steps:], recorded.end, atol=1e-6)
    step = np.linalg.norm(recorded.continued[:, 0] - recorded.components[:, -1], axis=1)
    assert (step < 0.5).all()


def test_components_are_centred_uncorrelated_and_ordered(network, task):
    frozen, x, seed = network
    recorded, _ = examples.trace(frozen, task, x, seed, n_test_trials=8, run_length=2)
    flat = recorded.components.reshape(-1, 3).astype(float)
    np.testing.assert_allclose(flat.mean(axis=0), 0, atol=1e-4)
    covariance = np.cov(flat.T)
    off = covariance - np.diag(np.diag(covariance))
    assert np.abs(off).max() < 1e-3 * covariance[0, 0]
    assert (np.diff(recorded.explained) <= 0).all()
    assert recorded.explained.sum() <= 1


def test_kinds_of_trial_ends_keep_their_order():
    ends = pd.DataFrame(
        {
            "network": ["b", "a", "a", "a"],
            "start": ["trial end", "trial end", "trial end", "noisy"],
            "index": [0, 1, 0, 0],
            "kind": ["periodic", "rest", "settling", "rest"],
        }
    )
    assert examples.trial_end_kinds(ends) == {"a": ["settling", "rest"], "b": ["periodic"]}
