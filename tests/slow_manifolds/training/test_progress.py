"""The progress line: what it says, and when it saves."""

import logging

import torch

from memdyn.files import DiskProblem
from memdyn.slow_manifolds.training import force
from memdyn.slow_manifolds.training.progress import Progress, duration


def state_after(trial, n_networks=3, n_trials=40):
    rmse = torch.full((n_networks, n_trials), torch.nan, dtype=torch.float64)
    rmse[:, :trial] = torch.tensor([[0.01], [0.04], [0.2]])
    empty = torch.zeros(0)
    status = torch.tensor([force.CONVERGED, force.TRAINING, force.TRAINING])
    counts = torch.zeros(n_networks, dtype=torch.int64)
    return force.TrainingState(trial, *[empty] * 5, status, counts, counts, rmse, empty, empty)


def test_one_line_says_where_training_stands(caplog):
    caplog.set_level(logging.INFO)
    saved = []
    progress = Progress("shard-a", 40, 0.05, saved.append, report_every=0, save_every=0)
    progress(state_after(10))
    line = caplog.messages[-1]
    for part in (
        "shard-a",
        "trial 10/40",
        "2 of 3 networks below RMSE 0.05",
        "1 converged",
        "left",
    ):
        assert part in line
    assert len(saved) == 1


def test_the_end_is_reported_but_not_saved(caplog):
    caplog.set_level(logging.INFO)
    saved = []
    progress = Progress("shard-a", 40, 0.05, saved.append, report_every=1e9, save_every=0)
    progress(state_after(40))
    assert "trial 40/40" in caplog.messages[-1]
    assert saved == []


def test_durations_are_readable():
    assert [duration(s) for s in (5, 119, 600, 9000)] == ["5 s", "119 s", "10 min", "2.5 h"]


def test_a_full_disk_does_not_end_training(caplog):
    tries = []

    def save(state):
        tries.append(state.trial)
        if len(tries) == 1:
            raise DiskProblem("partial cannot be written: free space")

    progress = Progress("shard-a", 40, 0.05, save, report_every=1e9, save_every=0)
    progress(state_after(10))
    progress(state_after(11))
    assert tries == [10, 11]
    assert "partial cannot be written: free space; training goes on" in caplog.text
