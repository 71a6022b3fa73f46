"""Checkpoints: killed training ends with the same bits; wrong files are refused in a sentence."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from memdyn.files import FileProblem, load_arrays, save_arrays
from memdyn.jobs.digest import training_key
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.training import checkpoints, force

N_TRIALS = 40
NETWORK = {"n_units": 30, "input_scale": 50.0, "initial_state_sd": 0.1}


def run(folder, *death):
    """The status with which a training ends that may be killed so many seconds after a save."""
    script = Path(__file__).with_name("train_in_steps.py")
    command = [sys.executable, script, folder, str(N_TRIALS), *map(str, death)]
    return subprocess.run(command, timeout=300, check=False).returncode


def test_killed_training_ends_with_the_same_bits(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    assert run(whole) == 0

    chance, reached = random.Random(0), [0]
    for _ in range(3):  # somewhere inside a trial, or inside a save
        assert run(killed, chance.uniform(0, 0.1)) == -signal.SIGKILL
        reached.append(checkpoints_trial(killed))
    assert reached == sorted(set(reached)) and reached[-1] < N_TRIALS
    assert run(killed) == 0

    one, other = (load_file(f / "trained.safetensors") for f in (whole, killed))
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    assert not list((killed / "trained.partial").iterdir())  # nor anything half written


def checkpoints_trial(folder):
    path = folder / "trained.partial/state.safetensors"
    if not path.exists():
        return 0
    return load_arrays(path, checkpoints.PARTIAL_SCHEMA)[1]["trial"]


@pytest.fixture
def small(tmp_path, settings):
    networks = [Network("gauss", 0.5, 1.1, 10, 0)]
    fixed = checkpoints.draw_fixed(networks, NETWORK)
    state = force.start(networks, fixed, {**settings["training"], "n_trials": 3})
    path = tmp_path / "trained.safetensors"
    checkpoints.save_trained(path, state, networks, fixed, [], {"provenance": {"device": "cpu"}})
    return path, networks, fixed, state


def test_a_checkpoint_comes_back(small):
    path, networks, fixed, state = small
    trained = checkpoints.load_trained(path, NETWORK)
    assert trained.networks == networks
    assert trained.fixed.digest() == fixed.digest()
    assert torch.equal(torch.from_numpy(trained.readout), state.readout)
    assert trained.metadata["provenance"] == {"device": "cpu"}


def test_a_truncated_checkpoint_is_refused(small):
    path, *_ = small
    content = path.read_bytes()
    for length in (0, 5, 100, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(FileProblem, match=r"trained\.safetensors.*delete it") as problem:
            checkpoints.load_trained(path, NETWORK)
        assert "\n" not in str(problem.value)


def test_a_foreign_or_missing_checkpoint_is_refused(small, tmp_path):
    path, *_ = small
    save_arrays(path, {"readout": np.zeros(3)}, {"schema": "other/1"})
    with pytest.raises(FileProblem, match="other/1"):
        checkpoints.load_trained(path, NETWORK)
    with pytest.raises(FileProblem, match="does not exist"):
        checkpoints.load_trained(tmp_path / "none.safetensors", NETWORK)


def test_other_fixed_weights_are_refused(small):
    path, *_ = small
    with pytest.raises(FileProblem, match="fixed weights"):
        checkpoints.load_trained(path, {**NETWORK, "n_units": 31})


def test_unfinished_training_resumes_only_under_its_key(small, tmp_path):
    *_, state = small
    partial = tmp_path / "partial.safetensors"
    assert checkpoints.load_partial(partial, "a", "cpu") is None
    checkpoints.save_partial(partial, state, "a")
    assert checkpoints.load_partial(partial, "b", "cpu") is None
    again = checkpoints.load_partial(partial, "a", "cpu")
    assert torch.equal(again.p_memory, state.p_memory)
    partial.write_bytes(partial.read_bytes()[:-7])
    with pytest.raises(FileProblem):
        checkpoints.load_partial(partial, "a", "cpu")


def test_the_key_notices_every_part():
    base = training_key([1, 2], {"a": 1.0})
    assert base == training_key([1, 2], {"a": 1.0})
    assert base != training_key([1, 2], {"a": 1.0000001})
    assert base != training_key([2, 1], {"a": 1.0})
