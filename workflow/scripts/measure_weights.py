"""Measure the weights of each network of a shard at every N that it solved."""

import logging

from memdyn.compute import set_up
from memdyn.files import write_table
from memdyn.logs import start_log
from memdyn.provenance import provenance
from memdyn.snapshots import open_snapshots
from memdyn.tables import SCHEMAS2, combine, with_network
from memdyn.weights import measure

start_log(snakemake.log[0])
device = set_up(0, snakemake.threads)
tables = []
snapshots = open_snapshots(snakemake.input.networks)
for member in snapshots.members:
    cell, solved = snapshots.cell(member), snapshots.solved(member)
    for N in solved:
        row = {"N": N, **measure(cell, snapshots.parameters(member, N))}
        tables.append(with_network(member, row))
    logging.info("%s: %d snapshots", member.name, len(solved))
metadata = {"schema": SCHEMAS2["weights"], "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
