"""Train networks that have solved one N on larger N, without a curriculum; killed jobs go on."""

import logging
from pathlib import Path

from memdyn.device import set_up
from memdyn.files import write_table
from memdyn.jobs.digest import training_key
from memdyn.jobs.partial import Partial
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.jobs.stopping import can_stop
from memdyn.tables import combine, key_of, with_network
from memdyn.timescales.conditions import condition_of
from memdyn.timescales.robustness.cases import cases
from memdyn.timescales.robustness.retraining import retrain
from memdyn.timescales.tables import schema
from memdyn.timescales.training.checkpoints import Unfinished, open_snapshots
from memdyn.timescales.training.progress import RetrainingProgress

start_job(snakemake)
can_stop()
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, kind = snakemake.params, schema("retraining")
snapshots, settings = open_snapshots(snakemake.input[0]), params.settings
asked = (settings, params.accuracy, params.study, params.code)
key = training_key(snapshots.key, *asked, device.type)
partial = Partial(Path(snakemake.output[0]), key)
unfinished = Unfinished(partial.folder, key)


def progress(name):
    return RetrainingProgress(name, unfinished)


def retrain_all():
    for case in cases(snapshots, {**settings, "N": [settings["N_from"]]}, device):
        condition = condition_of(case.network, params.study)
        retrained = retrain(case, condition, settings, params.accuracy, progress)
        found = dict(zip(retrained["N"], retrained["accuracy"].round(3), strict=True))
        logging.info("%s, from N = %d: %s", case.network.name, case.N, found)
        yield with_network(case.network, retrained)


if not partial.is_delivered(lambda path: key_of(path, kind)):
    table = combine(list(retrain_all()))
    metadata = {"schema": kind, "provenance": provenance(device=device, key=key)}
    partial.deliver(lambda path: write_table(path, table, metadata))
