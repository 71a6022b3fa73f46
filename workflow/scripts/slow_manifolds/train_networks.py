"""Train one shard of rate networks; go on where a killed job stopped."""

import logging
import time
from pathlib import Path

from memdyn.device import set_up
from memdyn.files import FileProblem, keep_trying
from memdyn.jobs.digest import training_key
from memdyn.jobs.logs import start_log
from memdyn.jobs.provenance import provenance
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training import checkpoints, force
from memdyn.slow_manifolds.training.progress import Progress

start_log(snakemake.log[0])
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, began = snakemake.params, time.monotonic()
networks = [Network(*row) for row in params.networks]
task = load_task(snakemake.input.stimuli, params.task, params.network["dt"])
fixed = checkpoints.draw_fixed(networks, params.network)

partial = Path(snakemake.output[0]).with_suffix(".partial.safetensors")
latents = [points.tolist() for points in task.latents]
key = training_key(
    networks, params.task, params.network, params.training, params.code, latents, device.type
)
try:
    state = checkpoints.load_partial(partial, key, device)
except FileProblem as problem:
    logging.warning("%s; training starts again", problem)
    state = None
if state is None:
    state = force.start(networks, fixed, params.training, device)
else:
    logging.info("resuming at trial %d", state.trial)

save = Progress(
    snakemake.wildcards.shard,
    params.training["n_trials"],
    params.training["stop_rmse"],
    lambda state: checkpoints.save_partial(partial, state, key),
)
force.train(state, networks, fixed, task, params.network, params.training, save)
seconds = time.monotonic() - began
facts = {"provenance": provenance(device=device, key=key, seconds=round(seconds, 1))}
kept = params.training["snapshots"]
keep_trying(
    lambda: checkpoints.save_trained(snakemake.output[0], state, networks, fixed, kept, facts)
)
partial.unlink(missing_ok=True)
