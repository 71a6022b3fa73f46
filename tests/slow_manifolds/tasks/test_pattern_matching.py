"""Sequential pattern matching: timing, targets, draws."""

import numpy as np
import pytest

from memdyn.files import FileProblem, save_arrays
from memdyn.slow_manifolds.tasks.pattern_matching import LATENTS_SCHEMA, load_task, trial_order


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
    with pytest.raises(FileProblem, match="does not exist"):
        load_task(tmp_path / "none.safetensors", settings["task"], 0.1)


def test_a_longer_training_begins_like_a_shorter_one():
    short, long = (trial_order(n, 4, np.random.default_rng(3)) for n in (37, 4000))
    assert (long[:37] == short).all()
    assert all(sorted(block) == [0, 1, 2, 3] for block in long.reshape(-1, 4).tolist())
    assert len({tuple(block) for block in long.reshape(-1, 4).tolist()}) == 24, "all orders occur"
