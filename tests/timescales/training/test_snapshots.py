"""Checkpoints of study 2: stopped training ends with the same bits, snapshots come back."""

import numpy as np
import pytest
import torch

from memdyn.files import DiskProblem, FileProblem, load_arrays
from memdyn.timescales.conditions import Condition
from memdyn.timescales.grid import Network
from memdyn.timescales.networks.recurrent import Cell, draw
from memdyn.timescales.training import gradient
from memdyn.timescales.training.checkpoints import (
    SCHEMA,
    Unfinished,
    open_snapshots,
    save_snapshots,
)
from memdyn.timescales.training.curriculum import Curriculum
from memdyn.timescales.training.progress import CurriculumProgress

NETWORKS = [Network("parity_multi", "parity", "multi", "leaky", 0.0, 1, 2, seed) for seed in (0, 1)]
TRAINING = {
    **{"optimizer": "adam", "learning_rate": 0.01, "clip": 2.0, "rate": "task"},
    **{"batch_size": 32, "updates_per_epoch": 60, "test_batches": 5, "max_epochs": 4, "plateau": 0},
    **{"accuracy": 0.9, "shortest": [1, 2], "longest": [4, 1], "signed": False},
}
CONDITION = Condition("parity", Cell(), Curriculum("multi", 2, 4), (1,), (1.0, 2.0), TRAINING)


class Killed(Exception):
    pass


def train(folder, stops=()):
    """Train both networks to the end; ``stops`` are numbers of updates after which it is killed."""
    unfinished, stops = Unfinished(folder / "shard.partial", "key"), iter(stops)
    while True:
        state = unfinished.load_group("group", "cpu")
        if state is None:
            params = draw(CONDITION.cell, 20, CONDITION.curriculum.n_heads, [0, 1])
            state = gradient.start(params, CONDITION)
        progress, stop, done = CurriculumProgress(NETWORKS, unfinished), next(stops, None), 0

        def after_update(state, progress=progress, stop=stop):
            nonlocal done
            progress(state)
            done += 1
            if done % 25 == 0:
                unfinished.save_group("group", state)
            if done == stop:
                raise Killed

        try:
            gradient.train(state, [0, 1], CONDITION, progress.solved, after_update)
        except Killed:
            continue
        unfinished.save_group("group", state)
        group = (NETWORKS, CONDITION.cell, CONDITION.curriculum, state)
        save_snapshots(folder / "shard.safetensors", unfinished, [group], {"provenance": {}})
        return folder / "shard.safetensors"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return train(tmp_path_factory.mktemp("whole"))


def test_stopped_training_ends_with_the_same_bits(finished, tmp_path):
    other = train(tmp_path, stops=(13, 61, 77))
    (one, facts), (two, facts2) = load_arrays(finished, SCHEMA), load_arrays(other, SCHEMA)
    assert facts == facts2
    assert one.keys() == two.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name], err_msg=name)


@pytest.mark.parametrize("cell", [Cell(), Cell("gru")], ids=["leaky", "gru"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_clipped_updates_of_a_loaded_state_have_the_same_bits(cell, optimizer, tmp_path):
    """Clipping adds over all parameters, and a file lists them in another order than training."""
    settings = TRAINING | {"optimizer": optimizer, "clip": 0.05, "momentum": 0.5}
    condition = CONDITION._replace(cell=cell, training=settings)
    whole = gradient.start(draw(cell, 20, 3, [0, 1]), condition)
    unfinished, n_clipped = Unfinished(tmp_path, "key"), 0

    def update(state, i):
        rngs = [np.random.default_rng([i, b]) for b in range(2)]
        batch = gradient.draw_batch(rngs, [(2, 3), (2, 4)], condition, state.params, "cpu")
        gradient.update(state, batch, condition)

    def count(grads, longest):
        nonlocal n_clipped
        norms = sum(grad.flatten(1).square().sum(1) for grad in grads.values()).sqrt()
        n_clipped += int((norms > longest).sum())
        return clipped(grads, longest)

    clipped = gradient.clipped
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gradient, "clipped", count)
        update(whole, 0)
        unfinished.save_group("group", whole)
        resumed = unfinished.load_group("group", "cpu")
        assert list(resumed.moments) != list(whole.moments), "the case must show both orders"
        for i in range(1, 20):
            update(whole, i)
            update(resumed, i)
    assert n_clipped >= 2 * 39 * 0.9
    for name, value in whole.params.items():
        assert torch.equal(value, resumed.params[name]), name
    for name, own in whole.moments.items():
        for kind, value in own.items():
            assert torch.equal(value, resumed.moments[name][kind]), (name, kind)


def test_snapshots_come_back(finished):
    snapshots = open_snapshots(finished)
    assert snapshots.networks == NETWORKS
    network = NETWORKS[0]
    solved = snapshots.solved(network)
    assert solved and solved[0] == 2
    params = snapshots.parameters(network, solved[-1])
    assert params["recurrent"].shape == (1, 20, 20)
    assert params["heads"].shape == (1, 3, 2, 20)
    assert snapshots.cell(network) == Cell()
    assert snapshots.head(network, solved[-1], 2) == 0
    assert snapshots.head(network, solved[0], 3) is None


def test_a_snapshot_is_the_network_that_solved(finished):
    """It answers as well as its history says."""
    snapshots = open_snapshots(finished)
    for network in NETWORKS:
        epochs, heads = snapshots.histories(network)
        assert epochs["epoch"].tolist() == list(range(1, len(epochs) + 1))
        for row in epochs[epochs["advanced"]].itertuples():
            found = gradient.accuracies(
                snapshots.parameters(network, row.n_max),
                [(row.n_min, row.n_max)],
                [np.random.default_rng(0)],
                CONDITION._replace(training=TRAINING | {"test_batches": 40}),
            )
            assert found[0].mean() == pytest.approx(row.accuracy, abs=0.04)
            own = heads[heads["epoch"] == row.epoch]
            assert own["N"].tolist() == list(range(row.n_min, row.n_max + 1))
            assert own["accuracy"].mean() == pytest.approx(row.accuracy)


def test_an_N_that_was_not_solved(finished):
    with pytest.raises(KeyError, match="has not solved N = 77"):
        open_snapshots(finished).parameters(NETWORKS[0], 77)


def test_a_truncated_or_missing_file_is_refused(finished, tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(finished.read_bytes()[:-9])
    with pytest.raises(FileProblem, match=r"cut\.safetensors.*delete it"):
        open_snapshots(path)
    with pytest.raises(FileProblem, match="does not exist"):
        open_snapshots(tmp_path / "none.safetensors")


def test_what_was_saved_under_another_key_is_not_used(tmp_path):
    params = draw(CONDITION.cell, 8, 3, [0, 1])
    state = gradient.start(params, CONDITION)
    mine, other = Unfinished(tmp_path, "a"), Unfinished(tmp_path, "b")
    mine.save_group("group", state)
    mine.keep_solved(NETWORKS[0], (2, 2), {"tau": torch.ones(8)})
    assert other.load_group("group", "cpu") is None
    assert other.solved(NETWORKS[0]) == {}
    assert list(mine.solved(NETWORKS[0])) == [2]


def test_a_truncated_state_is_refused(tmp_path):
    unfinished = Unfinished(tmp_path, "a")
    unfinished.save_group("group", gradient.start(draw(CONDITION.cell, 8, 3, [0]), CONDITION))
    path = tmp_path / "group.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(FileProblem, match=r"group\.safetensors.*delete it"):
        unfinished.load_group("group", "cpu")


def test_a_full_disk_loses_no_solved_network(tmp_path, caplog, monkeypatch):
    unfinished, full = Unfinished(tmp_path, "a"), True
    own = Unfinished._save

    def save(self, *args):
        if full:
            raise DiskProblem("shard cannot be written: free space")
        own(self, *args)

    monkeypatch.setattr(Unfinished, "_save", save)
    progress = CurriculumProgress(NETWORKS, unfinished, save_every=0)
    state = gradient.start(draw(CONDITION.cell, 8, 3, [0, 1]), CONDITION)
    state.update = 1
    progress.solved(0, (2, 2), {"tau": torch.ones(8)})
    progress(state)
    assert unfinished.solved(NETWORKS[0]) == {} and "training goes on" in caplog.text
    full = False
    progress(state)
    assert unfinished.solved(NETWORKS[0])[2][1]["tau"].tolist() == [1.0] * 8
    assert unfinished.load_group(NETWORKS[0].name, "cpu").update == 1
