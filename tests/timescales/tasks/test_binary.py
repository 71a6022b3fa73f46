"""Parity and delayed match-to-sample: labels against their definition, and how data are drawn."""

import numpy as np
import pytest

from memdyn.timescales.tasks.binary import labels, labels_in_time, sequences


def answer(task, items, N):
    """The definition, for one sequence that ends now."""
    if task == "parity":
        return sum(items[-N:]) % 2
    return int(items[-N] == items[-1])


@pytest.mark.parametrize("task", ["parity", "dms"])
def test_labels_are_those_of_the_definition(task):
    x, Ns = sequences(np.random.default_rng(0), task, 20, 15), [1, 2, 7, 15]
    found, in_time = labels(task, x, Ns), labels_in_time(task, x, Ns)
    for row, items in enumerate(x.astype(int).tolist()):
        for i, N in enumerate(Ns):
            assert found[row, i] == answer(task, items, N)
            for t in range(15):
                expected = answer(task, items[: t + 1], N) if t + 1 >= N else -1
                assert in_time[row, t, i] == expected


def test_parity_draws_a_rate_for_each_sequence():
    rates = sequences(np.random.default_rng(0), "parity", 2000, 400).mean(1)
    assert rates.std() == pytest.approx(np.sqrt(1 / 12), abs=0.02)  # U(0, 1)


def test_both_answers_of_dms_are_as_frequent():
    x = sequences(np.random.default_rng(0), "dms", 20_000, 12)
    assert labels("dms", x, [3, 9]).mean(0) == pytest.approx([0.5, 0.5], abs=0.015)


def test_a_rate_can_be_given():
    assert sequences(np.random.default_rng(0), "parity", 100, 500, rate=0.2).mean() == (
        pytest.approx(0.2, abs=0.01)
    )


def test_too_short_sequences_are_refused():
    with pytest.raises(ValueError, match="5 items are too short for N = 6"):
        labels("parity", np.zeros((1, 5), dtype=np.float32), [6])


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="'xor' is not one of parity, dms"):
        sequences(np.random.default_rng(0), "xor", 1, 5)
