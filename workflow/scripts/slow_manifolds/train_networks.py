"""Train one shard of rate networks; go on where a killed job stopped."""

import logging
import time
from pathlib import Path

from memdyn.device import set_up
from memdyn.files import FileProblem
from memdyn.jobs.digest import training_key
from memdyn.jobs.partial import Partial
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.jobs.stopping import can_stop
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training import checkpoints, force
from memdyn.slow_manifolds.training.progress import Progress

start_job(snakemake)
can_stop()
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, began = snakemake.params, time.monotonic()
networks = [Network(*row) for row in params.networks]
task = load_task(snakemake.input.stimuli, params.task, params.network["dt"])
fixed = checkpoints.draw_fixed(networks, params.network)
latents = [points.tolist() for points in task.latents]
settings = (params.task, params.network, params.training)
key = training_key(networks, *settings, params.code, latents, device.type)
partial = Partial(Path(snakemake.output[0]), key)


def train():
    path = partial.folder / "state.safetensors"
    try:
        state = checkpoints.load_partial(path, key, device)
    except FileProblem as problem:
        logging.warning("%s; training starts again", problem)
        state = None
    if state is None:
        state = force.start(networks, fixed, params.training, device)
    else:
        logging.info("resuming at trial %d", state.trial)
    shard, length = snakemake.wildcards.shard, params.training["n_trials"]
    save = Progress(
        *(shard, length, params.training["stop_rmse"]),
        lambda state: checkpoints.save_partial(path, state, key),
    )
    return force.train(state, networks, fixed, task, params.network, params.training, save)


if not partial.is_delivered(checkpoints.key_of):
    trained, kept = train(), params.training["snapshots"]
    seconds = round(time.monotonic() - began, 1)
    facts = {"provenance": provenance(device=device, key=key, seconds=seconds)}
    partial.deliver(
        lambda path: checkpoints.save_trained(path, trained, networks, fixed, kept, facts)
    )
