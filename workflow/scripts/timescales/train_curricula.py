"""Train one shard of study 2; go on where a killed job stopped."""

import logging
import shutil
import time
from itertools import groupby
from pathlib import Path

from memdyn.device import set_up
from memdyn.files import FileProblem, keep_trying
from memdyn.jobs.digest import training_key
from memdyn.jobs.logs import start_log
from memdyn.jobs.provenance import provenance
from memdyn.timescales.conditions import condition_of
from memdyn.timescales.grid import Network, units_of
from memdyn.timescales.networks.recurrent import draw
from memdyn.timescales.training import gradient
from memdyn.timescales.training.checkpoints import Unfinished, save_snapshots
from memdyn.timescales.training.progress import CurriculumProgress

start_log(snakemake.log[0])
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, began = snakemake.params, time.monotonic()
study = params.study
networks = [Network(*row) for row in params.networks]
key = training_key(params.networks, study, params.code, device.type)
unfinished = Unfinished(Path(snakemake.output[0]).with_suffix(".partial"), key)
groups = []
for _, same in groupby(networks, key=lambda network: network._replace(seed=0)):
    same = list(same)
    for first in range(0, len(same), study["side_by_side"]):
        group = same[first : first + study["side_by_side"]]
        condition, name = condition_of(group[0], study), group[0].name
        seeds = [network.seed for network in group]
        try:
            state = unfinished.load_group(name, device)
        except FileProblem as problem:
            logging.warning("%s; training of %s starts again", problem, name)
            state = None
        if state is None:
            n_heads = condition.curriculum.n_heads
            n_units = units_of(study, group[0].condition)
            drawn = draw(condition.cell, n_units, n_heads, seeds, condition.initial_tau)
            state = gradient.start(drawn, condition, device)
        elif state.active:
            logging.info("%s: resuming at epoch %d, update %d", name, state.epoch, state.update)
        progress = CurriculumProgress(group, unfinished)
        gradient.train(state, seeds, condition, progress.solved, progress)
        keep_trying(lambda progress=progress, state=state: progress.save(state))
        groups.append((group, condition.cell, condition.curriculum, state))

seconds = round(time.monotonic() - began, 1)
facts = {"provenance": provenance(device=device, key=key, seconds=seconds)}
keep_trying(lambda: save_snapshots(snakemake.output[0], unfinished, groups, facts))
shutil.rmtree(unfinished.folder)
