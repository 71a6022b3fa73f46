"""Drive networks of a shard of study 1 with their trials: tau_net of their units."""

import logging

from memdyn.bridge.forgetting import measure
from memdyn.bridge.tables import schema
from memdyn.device import set_up
from memdyn.files import read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds import tables as slow_manifolds
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training.finished import ready_networks
from memdyn.tables import combine, with_network

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params, tables = snakemake.input, snakemake.params, []
dt = params.network["dt"]
task = load_task(inputs.stimuli, params.task, dt)
tested = read_table(inputs.performance, slow_manifolds.schema("performance"))
able = slow_manifolds.performing(tested)
for network, frozen, trial_ends, _ in ready_networks(
    inputs.networks, inputs.cases, params.network, device, only=able
):
    row = measure(frozen, task, trial_ends, network.seed, dt, params.settings)
    logging.info("%s: mean tau_net %.3g tau", network.name, row["tau_net_corrected_mean"])
    tables.append(with_network(network, row))
metadata = {"schema": schema("activity"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
