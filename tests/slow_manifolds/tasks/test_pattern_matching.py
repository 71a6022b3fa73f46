"""Sequential pattern matching: timing, targets, draws."""

from dataclasses import replace

import numpy as np
import pytest

from memdyn.files import FileProblem, save_arrays
from memdyn.slow_manifolds.tasks.pattern_matching import (
    LATENTS_SCHEMA,
    hardly_shuffled,
    load_task,
    trial_order,
)


def test_timing_of_the_paper(task):
    assert task.n_steps == 350
    assert {name: (e.start, e.stop) for name, e in task.epochs.items()} == {
        "stimulus 1": (0, 100),
        "delay 1": (100, 150),
        "stimulus 2": (150, 250),
        "delay 2": (250, 300),
        "response": (300, 350),
    }


def test_targets_follow_the_sum(task):
    assert task.target(np.arange(4)).tolist() == [1.0, 0.5, 0.5, 1.5]
    assert [tuple(map(int, task.pair(t))) for t in range(4)] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_draws_come_from_the_class_shown(task):
    drawn = task.draw(np.array([1, 2]), np.random.default_rng(0))
    assert drawn.shape == (2, 2, 100, 2)
    for case, pair in enumerate([(0, 1), (1, 0)]):
        for stimulus, label in enumerate(pair):
            known = {tuple(point) for point in task.latents[label]}
            assert all(tuple(point) in known for point in drawn[case, stimulus])
    fresh = len({tuple(point) for point in drawn[0, 0]})
    assert fresh > 50, "each step draws anew"


def test_one_type_or_many(task):
    one = task.draw(2, np.random.default_rng(3))
    many = task.draw(np.array([2]), np.random.default_rng(3))
    np.testing.assert_array_equal(one, many[0])


def shuffle_of_python_38(x, number):
    """``random.shuffle(x, lambda: number)`` as Python 3.8 has it."""
    for i in reversed(range(1, len(x))):
        j = int(number * (i + 1))
        x[i], x[j] = x[j], x[i]


@pytest.mark.parametrize("number", [-0.05, -0.001, 0.0, 0.2, 0.4999])
@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_the_order_of_a_hardly_shuffled_list(n, number):
    expected = np.arange(n)
    shuffle_of_python_38(expected, number)
    order = hardly_shuffled(n, number)
    assert order.tolist() == expected.tolist()
    assert sorted(order.tolist()) == list(range(n))


def test_frozen_draws_are_those_of_the_authors_code(task):
    """Their lines (``SPM_task.py``, ``expand``), on the same number of the trial."""
    frozen = replace(task, frozen=True)
    for trial_type in range(4):
        drawn = frozen.draw(trial_type, np.random.default_rng(5), places=3)
        eps = np.random.default_rng(5).random() / 2
        for stimulus, label in enumerate(map(int, task.pair(trial_type))):
            indx = np.arange(len(task.latents[label]))
            shuffle_of_python_38(indx, eps - 0.05 * stimulus)
            np.random.seed(3)  # noqa: NPY002
            picked = np.random.choice(indx, 100)  # noqa: NPY002
            np.testing.assert_array_equal(drawn[stimulus], task.latents[label][picked])


def test_how_much_frozen_draws_share(task):
    """As measured on the authors' generator: 39 %, 47 % and 49 % of the images, step by step."""
    marks = tuple(np.arange(1000.0)[:, None] for _ in range(2))
    marked = replace(task, latents=marks, frozen=True)
    shared = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        drawn = marked.draw(np.zeros(60, int), rng, places=seed)[..., 0]
        others = ~np.eye(60, dtype=bool)
        same = (drawn[:, None] == drawn[None]).mean(axis=-1)[others].mean(axis=0)
        shared.append([*same, (drawn[:, 0] == drawn[:, 1]).mean()])
    np.testing.assert_allclose(np.mean(shared, axis=0), [0.39, 0.47, 0.49], atol=0.04)


def test_frozen_tests_have_places_of_their_own(task):
    frozen = replace(task, frozen=True)
    drawn = frozen.draw(np.zeros(2, int), np.random.default_rng(0))
    assert (drawn[0, 0] == drawn[1, 0]).all(axis=-1).mean() < 0.1
    np.testing.assert_array_equal(drawn, frozen.draw(np.zeros(2, int), np.random.default_rng(0)))
    one = frozen.draw(2, np.random.default_rng(3), places=1)
    np.testing.assert_array_equal(
        one, frozen.draw(np.array([2]), np.random.default_rng(3), places=1)[0]
    )


def test_trial_types_come_equally_often():
    order = trial_order(400, 4, np.random.default_rng(0))
    assert np.bincount(order).tolist() == [100] * 4
    assert order[:8].tolist() != sorted(order[:8].tolist())


def test_task_from_file(task, settings, tmp_path):
    path = tmp_path / "stimuli.safetensors"
    arrays = {f"latents_{i}": points for i, points in enumerate(task.latents)}
    save_arrays(path, arrays, {"schema": LATENTS_SCHEMA})
    loaded = load_task(path, settings["task"], 0.1)
    np.testing.assert_array_equal(loaded.class_means, task.class_means)
    assert not loaded.frozen
    save_arrays(path, arrays, {"schema": LATENTS_SCHEMA, "draws": "frozen"})
    assert load_task(path, settings["task"], 0.1).frozen
    with pytest.raises(FileProblem, match="does not exist"):
        load_task(tmp_path / "none.safetensors", settings["task"], 0.1)


def test_a_longer_training_begins_like_a_shorter_one():
    short, long = (trial_order(n, 4, np.random.default_rng(3)) for n in (37, 4000))
    assert (long[:37] == short).all()
    assert all(sorted(block) == [0, 1, 2, 3] for block in long.reshape(-1, 4).tolist())
    assert len({tuple(block) for block in long.reshape(-1, 4).tolist()}) == 24, "all orders occur"
