"""Measure the weights of each network of a shard at every N that it solved."""

import logging

from memdyn.device import set_up
from memdyn.files import write_table
from memdyn.jobs.partial import forget
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.tables import combine, with_network
from memdyn.timescales.activity.weights import measure
from memdyn.timescales.tables import schema
from memdyn.timescales.training.checkpoints import open_snapshots

start_job(snakemake)
device = set_up(0, snakemake.threads)
tables = []
snapshots = open_snapshots(snakemake.input.networks)
for network in snapshots.networks:
    cell, solved = snapshots.cell(network), snapshots.solved(network)
    for N in solved:
        row = {"N": N, **measure(cell, snapshots.parameters(network, N))}
        tables.append(with_network(network, row))
    logging.info("%s: %d snapshots", network.name, len(solved))
forget(snakemake.input.networks)  # each of them was read
metadata = {"schema": schema("weights"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
