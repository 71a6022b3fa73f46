"""Train networks that have solved one N on larger N, without a curriculum."""

import logging

from memdyn.device import set_up
from memdyn.files import write_table
from memdyn.jobs.logs import start_log
from memdyn.jobs.provenance import provenance
from memdyn.tables import combine, with_network
from memdyn.timescales.conditions import condition_of
from memdyn.timescales.robustness.cases import cases
from memdyn.timescales.robustness.retraining import retrain
from memdyn.timescales.tables import schema
from memdyn.timescales.training.checkpoints import open_snapshots

start_log(snakemake.log[0])
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, tables = snakemake.params, []
snapshots = open_snapshots(snakemake.input[0])
for case in cases(snapshots, {**params.settings, "N": [params.settings["N_from"]]}, device):
    condition = condition_of(case.network, params.study)
    retrained = retrain(case, condition, params.settings, params.accuracy)
    found = dict(zip(retrained["N"], retrained["accuracy"].round(3), strict=True))
    logging.info("%s, from N = %d: %s", case.network.name, case.N, found)
    tables.append(with_network(case.network, retrained))
metadata = {"schema": schema("retraining"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
