"""Retraining: from which network, on what, for how long."""

import numpy as np
import pytest
import torch
from delay_line import CELL, build, network

from memdyn.jobs import stopping
from memdyn.randomness import Stream, generator
from memdyn.timescales.conditions import Condition
from memdyn.timescales.networks.recurrent import Cell, draw
from memdyn.timescales.robustness.cases import Case
from memdyn.timescales.robustness.retraining import retrain, train_at, with_one_head
from memdyn.timescales.training import gradient
from memdyn.timescales.training.checkpoints import Unfinished
from memdyn.timescales.training.curriculum import Curriculum
from memdyn.timescales.training.progress import RetrainingProgress

ACCURACY = {"steps": 300, "warm_up": 20, "repeats": 2, "reference": "mean"}
TRAINING = {
    "optimizer": "sgd",
    "learning_rate": 0.05,
    "momentum": 0.1,
    "batch_size": 16,
    "updates_per_epoch": 4,
    "test_batches": 2,
    "max_epochs": 1000,
    "plateau": 0,
    "clip": 2.0,
    "rate": "task",
    "accuracy": 0.98,
    "shortest": [1, 2],
    "longest": [4, 1],
}


def condition(task="dms", cell=CELL, **changes):
    return Condition(
        task, cell, Curriculum("multi", 2, 9), (cell.repeat,), (1, 2), {**TRAINING, **changes}
    )


def test_without_learning_the_network_stays_what_it_is():
    """Only the head of N_from is kept, and it is asked for all N."""
    params, _ = build("dms", [2, 4])
    settings = {"to": [4, 5, 6], "epochs": 2, "at_once": 2}
    still = condition(learning_rate=0.0)
    table = retrain(Case(network(), CELL, params, 4, 1), still, settings, ACCURACY)
    assert table["N_from"].tolist() == [4, 4, 4]
    assert table["N"].tolist() == [4, 5, 6]
    assert table["epochs"].tolist() == [2, 2, 2]
    assert table["accuracy"][0] == table["relative"][0] == 1
    assert (table["accuracy"][1:] - 0.5).abs().max() < 0.1
    assert table["relative"][1:].abs().max() < 0.2


@pytest.mark.parametrize("cell", [Cell(), Cell("gru", signed=True)])
def test_training_is_a_plain_loop_over_fresh_minibatches(cell):
    one = with_one_head(draw(cell, 12, 3, [5]), 1)
    assert one["heads"].shape == (1, 1, 2, 12)
    optimizer = "sgd" if cell.model.has_tau else "adam"
    trained = train_at(one, condition("parity", cell, optimizer=optimizer), [4, 3], 5, 3)

    for copy, N in enumerate([4, 3]):
        own = condition("parity", cell, optimizer=optimizer)
        state = gradient.start({name: value.clone() for name, value in one.items()}, own)
        for epoch in range(3):
            for update in range(4):
                rng = generator(5, Stream.TS_RETRAINING, epoch, update)
                batch = gradient.draw_batch([rng], [(N, N)], own, state.params, "cpu")
                gradient.update(state, batch, own, 1)
        for name, value in state.params.items():
            torch.testing.assert_close(trained[name][copy], value[0])
            assert (value != one[name]).any() or name == "head_bias"


def test_company_changes_nothing_and_everything_starts_from_the_same_network():
    one = draw(Cell(), 12, 1, [5])
    before = {name: value.clone() for name, value in one.items()}
    together = train_at(one, condition(cell=Cell()), [2, 3, 5], 5, 2)
    alone = train_at(one, condition(cell=Cell()), [3], 5, 2)
    for name, value in alone.items():
        assert torch.equal(together[name][1], value[0])
        assert torch.equal(one[name], before[name])


def test_all_epochs_are_trained_also_of_a_solved_n(monkeypatch):
    params, _ = build("dms", [3])
    seen = []
    update = gradient.update
    monkeypatch.setattr(gradient, "update", lambda *a: seen.append(len(a[1].answers)) or update(*a))
    train_at(params, condition(max_epochs=1), [3, 4], 0, 3)
    assert seen == [2] * (3 * 4)


def test_learning_raises_accuracy():
    """A delay line whose readout has been turned round learns it back."""
    settings = {"to": [4], "epochs": 1, "at_once": 1}
    line, _ = build("dms", [4])
    line["heads"] *= 0.3
    line["head_bias"] *= -0.3
    case = Case(network(), CELL, line, 4, 0)
    weak = retrain(case, condition(learning_rate=0.0), settings, ACCURACY)["accuracy"][0]
    learns = condition(updates_per_epoch=60, learning_rate=0.2)
    assert retrain(case, learns, settings, ACCURACY)["accuracy"][0] > max(weak + 0.2, 0.9)


def test_a_reference_near_chance_gives_no_relative_accuracy():
    params, _ = build("dms", [4])
    params["heads"].zero_()
    settings = {"to": [4], "epochs": 1, "at_once": 1}
    still = condition(learning_rate=0.0)
    table = retrain(Case(network(), CELL, params, 4, 0), still, settings, ACCURACY)
    assert np.isnan(table["relative"][0])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_stopped_retraining_ends_with_the_same_bits(optimizer, tmp_path, monkeypatch):
    cell, few = Cell(), {"optimizer": optimizer, "clip": 0.05}
    one, whole = with_one_head(draw(cell, 12, 3, [5]), 1), condition("parity", cell, **few)
    asked = (one, whole, [3, 4, 5], 7, 3)
    expected = train_at(*asked)
    stops = iter([2, 5, 9, 11])
    for _ in range(5):
        progress = RetrainingProgress("copies", Unfinished(tmp_path, "key"))
        done, stop = 0, next(stops, 0)

        def asks(stop=stop):
            nonlocal done
            done += 1
            return "stop" if done == stop else None

        monkeypatch.setattr(stopping, "asked", asks)
        try:
            found = train_at(*asked, progress)
            break
        except stopping.Stopped as problem:
            assert "is saved at epoch" in str(problem)
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name
    again = train_at(*asked, RetrainingProgress("copies", Unfinished(tmp_path, "key")))
    assert all(torch.equal(value, again[name]) for name, value in expected.items())
