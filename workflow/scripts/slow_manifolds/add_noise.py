"""Add noise to the first stimulus for each network of a shard that performs the task."""

import logging

from memdyn.device import set_up
from memdyn.files import read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.robustness.noise import add_noise
from memdyn.slow_manifolds.tables import performing, schema
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training.finished import ready_networks
from memdyn.tables import combine, with_network

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params, tables = snakemake.input, snakemake.params, []
task = load_task(inputs.stimuli, params.task, params.network["dt"])
able = performing(read_table(inputs.performance, schema("performance")))
for network, *ready in ready_networks(
    inputs.networks, inputs.cases, params.network, device, only=able
):
    frozen, trial_ends, _ = ready
    failures = add_noise(frozen, task, trial_ends, network.seed, params.settings)
    logging.info("%s: %d conditions", network.name, len(failures))
    tables.append(with_network(network, failures))
metadata = {"schema": schema("noise"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
