"""Train one shard of study 2; go on where a killed job stopped."""

import logging
import time
from itertools import groupby
from pathlib import Path

from memdyn.device import set_up
from memdyn.files import FileProblem, keep_trying
from memdyn.jobs.digest import training_key
from memdyn.jobs.partial import Partial
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.jobs.stopping import can_stop
from memdyn.timescales.conditions import condition_of
from memdyn.timescales.grid import Network, units_of
from memdyn.timescales.networks.recurrent import draw
from memdyn.timescales.training import checkpoints, gradient
from memdyn.timescales.training.progress import CurriculumProgress

start_job(snakemake)
can_stop()
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, began = snakemake.params, time.monotonic()
networks = [Network(*row) for row in params.networks]
key = training_key(params.networks, params.study, params.code, device.type)
partial = Partial(Path(snakemake.output[0]), key)
unfinished = checkpoints.Unfinished(partial.folder, key)


def train(group):
    condition, name = condition_of(group[0], params.study), group[0].name
    seeds = [network.seed for network in group]
    try:
        state = unfinished.load_group(name, device)
    except FileProblem as problem:
        logging.warning("%s; training of %s starts again", problem, name)
        state = None
    if state is None:
        n_units, n_heads = units_of(params.study, group[0].condition), condition.curriculum.n_heads
        drawn = draw(condition.cell, n_units, n_heads, seeds, condition.initial_tau)
        state = gradient.start(drawn, condition, device)
    elif state.active:
        logging.info("%s: resuming at epoch %d, update %d", name, state.epoch, state.update)
    progress = CurriculumProgress(group, unfinished)
    gradient.train(state, seeds, condition, progress.solved, progress)
    keep_trying(lambda: progress.save(state))
    return group, condition.cell, condition.curriculum, state


if not partial.is_delivered(checkpoints.key_of):
    groups, size = [], params.study["side_by_side"]
    for _, same in groupby(networks, key=lambda network: network._replace(seed=0)):
        same = list(same)
        groups += [train(same[first : first + size]) for first in range(0, len(same), size)]
    seconds = round(time.monotonic() - began, 1)
    facts = {"provenance": provenance(device=device, key=key, seconds=seconds)}
    partial.deliver(lambda path: checkpoints.save_snapshots(path, unfinished, groups, facts))
