"""Ask each snapshot of a shard for the N around the one that it had just solved."""

import logging

from memdyn.device import set_up
from memdyn.files import write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.tables import combine, with_network
from memdyn.timescales.robustness.memory import measure_memory
from memdyn.timescales.tables import schema
from memdyn.timescales.training.checkpoints import open_snapshots

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, tables = snakemake.params, []
snapshots = open_snapshots(snakemake.input[0])
for network in snapshots.networks:
    if network.condition not in params.settings["conditions"]:
        continue
    every, beyond = params.settings["every"], params.settings["beyond"]
    memory = measure_memory(snapshots, network, every, beyond, params.accuracy, device)
    logging.info("%s: %d snapshots", network.name, len(snapshots.solved(network)[::-1][::every]))
    tables.append(with_network(network, memory))
metadata = {"schema": schema("memory"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
