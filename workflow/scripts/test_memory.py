"""Ask each snapshot of a shard for the N around the one that it had just solved."""

import logging

from memdyn.compute import set_up
from memdyn.files import write_table
from memdyn.logs import start_log
from memdyn.provenance import provenance
from memdyn.robustness.memory import measure_memory
from memdyn.snapshots import open_snapshots
from memdyn.tables import SCHEMAS2, combine, with_network

start_log(snakemake.log[0])
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, tables = snakemake.params, []
snapshots = open_snapshots(snakemake.input[0])
for member in snapshots.members:
    if member.condition not in params.settings["conditions"]:
        continue
    every, beyond = params.settings["every"], params.settings["beyond"]
    memory = measure_memory(snapshots, member, every, beyond, params.accuracy, device)
    logging.info("%s: %d snapshots", member.name, len(snapshots.solved(member)[::-1][::every]))
    tables.append(with_network(member, memory))
metadata = {"schema": SCHEMAS2["memory"], "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
