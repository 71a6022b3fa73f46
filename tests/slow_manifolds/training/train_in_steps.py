"""Trains a small shard, saves after every trial, goes on where it stood; kills itself if asked to.

python train_in_steps.py FOLDER N_TRIALS [SECONDS FROM ITS FIRST SAVE TO ITS DEATH]
"""

import os
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import torch
import yaml

from memdyn.config import resolve
from memdyn.jobs.partial import Partial, clear_half_written
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching
from memdyn.slow_manifolds.training import checkpoints, force
from memdyn.slow_manifolds.training.progress import Progress

torch.set_num_threads(1)
torch.set_flush_denormal(True)
folder, n_trials = Path(sys.argv[1]), int(sys.argv[2])
root = Path(__file__).parents[3]
config = {**yaml.safe_load((root / "config.yaml").read_text()), "scale": "paper"}
settings = resolve(config, root / "workflow/schemas/config.schema.yaml")["slow_manifolds"]
rng = np.random.default_rng(0)
task = SequentialPatternMatching.from_settings(
    settings["task"], 0.1, [rng.normal(2.0, 0.5, (50, 2)), rng.normal(-2.0, 0.5, (50, 2))]
)
networks = [Network("gauss", 0.4, g, fb, 2) for g, fb in [(0.8, 10), (1.2, 5), (1.5, 1)]]
network = {**settings["network"], "n_units": 60}
training = {**settings["training"], "n_trials": n_trials, "stop_after": 6, "stop_rmse": 0.2}
fixed = checkpoints.draw_fixed(networks, network)
output = folder / "trained.safetensors"
clear_half_written([output])
partial = Partial(output, "key").folder / "state.safetensors"
state = checkpoints.load_partial(partial, "key", "cpu") or force.start(networks, fixed, training)


# From within, by a thread: a test that killed it from outside would miss it on a busy machine.
death = None
if len(sys.argv) > 3:
    death = threading.Timer(float(sys.argv[3]), os.kill, [os.getpid(), signal.SIGKILL])


def save(state):
    checkpoints.save_partial(partial, state, "key")
    if death is not None and not death.is_alive():
        death.start()


force.train(
    state,
    networks,
    fixed,
    task,
    network,
    training,
    Progress("test", n_trials, 0.2, save, save_every=0),
)
checkpoints.save_trained(output, state, networks, fixed, [], {})
partial.unlink()
