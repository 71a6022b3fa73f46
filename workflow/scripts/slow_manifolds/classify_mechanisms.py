"""Give each network of a shard its mechanism."""

import logging

from memdyn.files import read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.mechanisms.labels import classify
from memdyn.slow_manifolds.tables import schema
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.tables import combine, with_network

start_job(snakemake)
params = snakemake.params
task = load_task(snakemake.input.stimuli, params.task, params.dt)
ends = read_table(snakemake.input.ends, schema("ends"))
rows = []
for identity, its_ends in ends.groupby(list(Network._fields), sort=False):
    network = Network(*identity)
    labels = classify(its_ends, task, params.settings)
    logging.info("%s: %s (authors: %s)", network.name, labels["mechanism"], labels["authors_a"])
    rows.append(with_network(network, labels))
metadata = {"schema": schema("mechanisms"), "provenance": provenance()}
write_table(snakemake.output[0], combine(rows), metadata)
